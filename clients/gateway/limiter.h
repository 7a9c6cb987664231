/* How often something may be tried: one number for each key in a table of fixed size, so that
 * nobody can fill memory. A key that was pushed out begins anew. Keys are hashed with a secret of
 * the process. Loop thread only; times are of one monotonic clock. */
#ifndef JB_CLIENTS_GATEWAY_LIMITER_H
#define JB_CLIENTS_GATEWAY_LIMITER_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

struct jb_gw_limiter;

struct jb_gw_rate { /* `burst` at once, then one each `each_ms` */
    int64_t burst, each_ms;
};

JB_MUST enum jb_err jb_gw_limiter_new(struct jb_gw_limiter **out);
void jb_gw_limiter_free(struct jb_gw_limiter **l);

/* May it be tried now? *wait_ms: 0, and it is counted; else for how long not. `kind`: keys of one
 * kind do not meet those of another. */
void jb_gw_limit_try(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                     const struct jb_gw_rate *rate, int64_t now_ms, int64_t *wait_ms);
/* Count it once more, or once less. */
void jb_gw_limit_charge(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                        const struct jb_gw_rate *rate, int64_t now_ms);
void jb_gw_limit_refund(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                        const struct jb_gw_rate *rate, int64_t now_ms);

/* A note that ends by itself (or earlier, when it is pushed out). */
void jb_gw_limit_note(struct jb_gw_limiter *l, const char *kind, struct jb_text key, int64_t now_ms,
                      int64_t until_ms);
bool jb_gw_limit_noted(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                       int64_t now_ms);

#endif
