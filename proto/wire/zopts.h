/* The library's options, set before binding or connecting. Internal to proto/wire. */
#ifndef JB_WIRE_ZOPTS_H
#define JB_WIRE_ZOPTS_H

#include "proto/wire/zpump.h"

/* CURVE wraps a frame in 33 bytes more, and the limit of the library is on what is on the wire. */
#define JB_TRANSPORT_SLACK_BYTES 64

/* Of both kinds: limits, heartbeats, own key. */
JB_MUST enum jb_err jb_zopts_common(struct jb_zpump *pump, const struct jb_zsock_options *o,
                                    const struct jb_zsock_setup *setup);
/* CURVE server, fail closed. JB_UNSUPPORTED: the library cannot enforce the key check. */
JB_MUST enum jb_err jb_zopts_router(struct jb_zpump *pump);
JB_MUST enum jb_err jb_zopts_dealer(struct jb_zpump *pump, const struct jb_zsock_options *o,
                                    const struct jb_zsock_setup *setup);

#endif
