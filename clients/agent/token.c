/* Tokens of submissions: the last 24 hours, beside the record, in small buckets so that one more
 * costs little. A token is kept as a hash with its user: it is nobody else's business. */
#include "clients/agent/agent.h"

#include <stdio.h>

#include "proto/base/mutant.h"
#include "proto/wire/chain.h"

#define BUCKETS 256
#define KEPT_MS (INT64_C(24) * 3600 * 1000)
#define BUCKET_MAX 4096 /* tokens in one bucket: a million a day */

struct row {
    uint8_t hash[JB_HASH_BYTES]; /* of user and token */
    int64_t at_ms;
    uint64_t number;
};

struct bucket {
    char key[16];
    uint8_t hash[JB_HASH_BYTES]; /* looked for */
    struct row *rows;            /* of the last 24 hours; arena */
    size_t count;
};

static enum jb_err hash_of(struct jb_text user, struct jb_text token, struct jb_arena *arena,
                           uint8_t out[JB_HASH_BYTES])
{
    size_t len = user.len + 1 + token.len;
    char *both = jb_arena_alloc(arena, len);
    if (both == NULL)
        return JB_NOMEM;
    memcpy(both, user.data, user.len);
    both[user.len] = '\n'; /* in no user's name */
    memcpy(both + user.len + 1, token.data, token.len);
    jb_digest((const uint8_t *)both, len, out);
    return JB_OK;
}

static enum jb_err bucket_load(struct jb_agent *a, struct bucket *b, int64_t now_ms,
                               struct jb_arena *arena)
{
    struct jb_bytes value = {NULL, 0};
    (void)snprintf(b->key, sizeof b->key, "token.%02x", b->hash[0] % BUCKETS);
    enum jb_err err = jb_ledger_meta_get(a->ledger, b->key, arena, &value);
    if (err == JB_NOT_FOUND)
        err = JB_OK;
    if (err == JB_OK && value.len % sizeof(struct row) != 0)
        err = JB_CORRUPT;
    if (err != JB_OK)
        return err;
    size_t stored = value.len / sizeof(struct row);
    b->rows = jb_arena_alloc(arena, (stored + 1) * sizeof *b->rows);
    if (b->rows == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < stored; i++) {
        struct row *row = &b->rows[b->count];
        memcpy(row, value.data + i * sizeof *row, sizeof *row);
        b->count += row->at_ms > now_ms - KEPT_MS;
    }
    return JB_OK;
}

enum jb_err jb_agent_tokens_carry(struct jb_ledger *from, struct jb_ledger *to, uint64_t settled)
{
    struct jb_arena arena;
    enum jb_err err = JB_OK;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    for (unsigned i = 0; i < BUCKETS && err == JB_OK; i++) {
        char key[16];
        struct jb_bytes value = {NULL, 0};
        size_t kept = 0;
        (void)snprintf(key, sizeof key, "token.%02x", i);
        jb_arena_reset(&arena);
        err = jb_ledger_meta_get(from, key, &arena, &value);
        if (err == JB_NOT_FOUND) {
            err = JB_OK;
            continue;
        }
        struct row *rows = err == JB_OK ? jb_arena_alloc(&arena, value.len + 1) : NULL;
        if (rows == NULL) {
            err = err == JB_OK ? JB_NOMEM : err;
            break;
        }
        for (size_t k = 0; k < value.len / sizeof *rows; k++) {
            memcpy(&rows[kept], value.data + k * sizeof *rows, sizeof *rows);
            if (rows[kept].number <= settled)
                continue;
            rows[kept++].number -= settled;
        }
        if (kept > 0)
            err = jb_ledger_meta_set(to, key,
                                     (struct jb_bytes){(const uint8_t *)rows, kept * sizeof *rows});
    }
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_agent_token_find(struct jb_agent *a, struct jb_text user, struct jb_text token,
                                int64_t now_ms, uint64_t *number)
{
    struct bucket b = {.count = 0};
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    enum jb_err err = hash_of(user, token, &arena, b.hash);
    if (err == JB_OK)
        err = bucket_load(a, &b, now_ms, &arena);
    if (err == JB_OK)
        err = JB_NOT_FOUND;
    if (JB_MUTANT == JB_MUTANT_FORGET_TOKEN)
        b.count = 0;
    for (size_t i = 0; err == JB_NOT_FOUND && i < b.count; i++) {
        if (memcmp(b.rows[i].hash, b.hash, sizeof b.hash) != 0)
            continue;
        *number = b.rows[i].number;
        err = JB_OK;
    }
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_agent_token_add(struct jb_agent *a, struct jb_text user, struct jb_text token,
                               int64_t now_ms, uint64_t number)
{
    struct bucket b = {.count = 0};
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    enum jb_err err = hash_of(user, token, &arena, b.hash);
    if (err == JB_OK)
        err = bucket_load(a, &b, now_ms, &arena);
    if (err == JB_OK && b.count >= BUCKET_MAX)
        err = JB_FULL;
    if (err == JB_OK) {
        struct row *row = &b.rows[b.count++];
        memset(row, 0, sizeof *row);
        memcpy(row->hash, b.hash, sizeof row->hash);
        row->at_ms = now_ms;
        row->number = number;
        struct jb_bytes value = {(const uint8_t *)b.rows, b.count * sizeof *b.rows};
        err = jb_ledger_meta_set(a->ledger, b.key, value);
    }
    jb_arena_fini(&arena);
    return err;
}
