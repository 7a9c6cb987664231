/* Attachments that the broker lacks: their hashes, each once, in order. As many as there are: 32
 * bytes each. Only memory; one thread. */
#ifndef JB_DAEMON_LACKING_H
#define JB_DAEMON_LACKING_H

#include <stddef.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"

struct jb_lacking {               /* all zero: none */
    uint8_t (*at)[JB_HASH_BYTES]; /* ascending; owned */
    size_t count, capacity;
};

/* NOMEM: as it was. One that is there stays there once. */
enum jb_err jb_lacking_add(struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES]) JB_MUST;
void jb_lacking_drop(struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES]);
/* The first one after `hash`; NULL: there is none. Until the next change. */
const uint8_t *jb_lacking_after(const struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES]);
void jb_lacking_fini(struct jb_lacking *l);

#endif
