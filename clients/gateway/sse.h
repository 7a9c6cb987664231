/* Server-sent events: readers of what happens. Each reads the feed at its own pace and is asked for
 * more only when it has taken what it was given; one that falls behind what is kept in memory goes
 * on in pages from the agent. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_SSE_H
#define JB_CLIENTS_GATEWAY_SSE_H

#include "clients/gateway/gateway.h"

JB_MUST enum jb_err jb_gw_streams_open(struct jb_gw *gw, struct jb_gw_streams **out);
/* After the HTTP library has ended all connections. */
void jb_gw_streams_close(struct jb_gw_streams **streams);
size_t jb_gw_streams_count(const struct jb_gw_streams *streams);

#endif
