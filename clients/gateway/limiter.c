/* See limiter.h. Each key has the instant at which all that it has tried is paid for; it may try
 * while that lies no more than `burst` steps ahead. */
#include "clients/gateway/limiter.h"

#include <sodium.h>
#include <stdlib.h>

#define SETS 2048
#define WAYS 4

struct cell {
    uint64_t key;    /* 0: free */
    int64_t paid_ms; /* in the past: as if it were free */
};

struct jb_gw_limiter {
    uint8_t secret[crypto_generichash_KEYBYTES];
    struct cell cells[SETS][WAYS];
};

enum jb_err jb_gw_limiter_new(struct jb_gw_limiter **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return JB_NOMEM;
    randombytes_buf((*out)->secret, sizeof(*out)->secret);
    return JB_OK;
}

void jb_gw_limiter_free(struct jb_gw_limiter **l)
{
    free(*l);
    *l = NULL;
}

static uint64_t hash(const struct jb_gw_limiter *l, const char *kind, struct jb_text key)
{
    uint8_t whole[crypto_generichash_BYTES];
    uint64_t out = 0;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, l->secret, sizeof l->secret, sizeof whole);
    (void)crypto_generichash_update(&state, (const uint8_t *)kind, strlen(kind) + 1);
    (void)crypto_generichash_update(&state, (const uint8_t *)key.data, key.len);
    (void)crypto_generichash_final(&state, whole, sizeof whole);
    memcpy(&out, whole, sizeof out);
    return out != 0 ? out : 1;
}

static struct cell *find(struct jb_gw_limiter *l, uint64_t wanted)
{
    struct cell *set = l->cells[wanted % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].key == wanted)
            return &set[i];
    return NULL;
}

/* Its cell; in a full set the one that is paid for first makes room. */
static struct cell *cell_of(struct jb_gw_limiter *l, const char *kind, struct jb_text key)
{
    uint64_t wanted = hash(l, kind, key);
    struct cell *set = l->cells[wanted % SETS];
    struct cell *c = find(l, wanted);
    if (c != NULL)
        return c;
    c = &set[0];
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].paid_ms < c->paid_ms)
            c = &set[i];
    *c = (struct cell){.key = wanted};
    return c;
}

static void add(struct cell *c, int64_t each_ms, int64_t now_ms)
{
    c->paid_ms = (c->paid_ms > now_ms ? c->paid_ms : now_ms) + each_ms;
}

void jb_gw_limit_try(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                     const struct jb_gw_rate *rate, int64_t now_ms, int64_t *wait_ms)
{
    struct cell *c = cell_of(l, kind, key);
    int64_t ahead_ms = c->paid_ms - now_ms - (rate->burst - 1) * rate->each_ms;
    *wait_ms = ahead_ms > 0 ? ahead_ms : 0;
    if (*wait_ms == 0)
        add(c, rate->each_ms, now_ms);
}

void jb_gw_limit_charge(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                        const struct jb_gw_rate *rate, int64_t now_ms)
{
    struct cell *c = cell_of(l, kind, key);
    if (c->paid_ms - now_ms < rate->burst * rate->each_ms) /* never locked for longer than that */
        add(c, rate->each_ms, now_ms);
}

void jb_gw_limit_refund(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                        const struct jb_gw_rate *rate, int64_t now_ms)
{
    struct cell *c = cell_of(l, kind, key);
    c->paid_ms -= c->paid_ms > now_ms ? rate->each_ms : 0;
}

void jb_gw_limit_note(struct jb_gw_limiter *l, const char *kind, struct jb_text key, int64_t now_ms,
                      int64_t until_ms)
{
    struct cell *c = cell_of(l, kind, key);
    if (until_ms > now_ms)
        c->paid_ms = until_ms;
}

bool jb_gw_limit_noted(struct jb_gw_limiter *l, const char *kind, struct jb_text key,
                       int64_t now_ms)
{
    const struct cell *c = find(l, hash(l, kind, key));
    return c != NULL && c->paid_ms > now_ms;
}
