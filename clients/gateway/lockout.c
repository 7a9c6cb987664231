/* See lockout.h. */
#include "clients/gateway/lockout.h"

#include <stdio.h>

#define KEY_BYTES 256
#define ROWS_MAX 20000
#define EVERYBODY 4 /* times as many for the name alone */
#define FORGET_MS (INT64_C(24) * 3600 * 1000)

struct count {
    char key[KEY_BYTES];
    int64_t count, until_ms;
};

static enum jb_err load(struct jb_gw_store *store, struct count *c)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_gw_sql_bind(store, JB_GW_SQL_FAILURE_GET, JB_GW_VALUES(jb_gw_text(c->key)));
    if (jb_gw_sql_next(store, s, &err)) {
        c->count = sqlite3_column_int64(s, 0);
        c->until_ms = sqlite3_column_int64(s, 1);
    }
    jb_gw_sql_done(s);
    return err;
}

/* For how long after `count` in a row, when `after` are free. */
static int64_t pause_ms(const struct jb_gw_config *c, int64_t count, int64_t after)
{
    int64_t ms = c->lock_first_ms;
    if (count < after)
        return 0;
    for (int64_t i = after; i < count && ms < c->lock_longest_ms; i++)
        ms *= 2;
    return ms < c->lock_longest_ms ? ms : c->lock_longest_ms;
}

static enum jb_err add(struct jb_gw_store *store, const struct jb_gw_config *c, struct count *n,
                       int64_t after, int64_t now_ms)
{
    n->count++;
    int64_t pause = pause_ms(c, n->count, after);
    n->until_ms = pause > 0 ? now_ms + pause : 0;
    return jb_gw_sql_run(store, JB_GW_SQL_FAILURE_SET,
                         JB_GW_VALUES(jb_gw_text(n->key), jb_gw_int(n->count),
                                      jb_gw_int(n->until_ms), jb_gw_int(now_ms)),
                         NULL);
}

static void keys(const char *name, const char *address, struct count *here, struct count *all)
{
    *here = (struct count){.count = 0};
    *all = (struct count){.count = 0};
    (void)snprintf(here->key, sizeof here->key, "at %s %s", address, name);
    (void)snprintf(all->key, sizeof all->key, "all %s", name);
}

static int64_t left_ms(const struct count *n, const struct jb_gw_config *c, int64_t now_ms)
{
    int64_t left = n->until_ms - now_ms;
    return left > c->lock_longest_ms ? c->lock_longest_ms : left; /* the clock was set back */
}

enum jb_err jb_gw_lock_try(struct jb_gw_store *store, const struct jb_gw_config *c,
                           const char *name, const char *address, int64_t now_ms, int64_t *wait_ms)
{
    struct count here, all;
    keys(name, address, &here, &all);
    *wait_ms = 0;
    enum jb_err err = load(store, &here);
    if (err == JB_OK)
        err = load(store, &all);
    if (err != JB_OK)
        return err;
    int64_t one = left_ms(&here, c, now_ms);
    int64_t other = left_ms(&all, c, now_ms);
    *wait_ms = one > other ? one : other;
    if (*wait_ms > 0)
        return JB_OK;
    *wait_ms = 0;
    err = jb_gw_store_begin(store);
    if (err != JB_OK)
        return err;
    err = add(store, c, &here, c->lock_after, now_ms);
    if (err == JB_OK)
        err = add(store, c, &all, EVERYBODY * c->lock_after, now_ms);
    if (err == JB_OK)
        return jb_gw_store_commit(store);
    jb_gw_store_rollback(store);
    return err;
}

enum jb_err jb_gw_lock_clear(struct jb_gw_store *store, const char *name, const char *address)
{
    struct count here, all;
    keys(name, address, &here, &all);
    enum jb_err err =
        jb_gw_sql_run(store, JB_GW_SQL_FAILURE_DROP, JB_GW_VALUES(jb_gw_text(here.key)), NULL);
    if (err == JB_OK)
        err = jb_gw_sql_run(store, JB_GW_SQL_FAILURE_DROP, JB_GW_VALUES(jb_gw_text(all.key)), NULL);
    return err;
}

enum jb_err jb_gw_lock_until(struct jb_gw_store *store, const char *name, int64_t now_ms,
                             int64_t *until_ms)
{
    struct count here, all;
    keys(name, "", &here, &all);
    enum jb_err err = load(store, &all);
    *until_ms = err == JB_OK && all.until_ms > now_ms ? all.until_ms : 0;
    return err;
}

enum jb_err jb_gw_lock_sweep(struct jb_gw_store *store, const struct jb_gw_config *c,
                             int64_t now_ms)
{
    int64_t keep = c->lock_longest_ms > FORGET_MS ? c->lock_longest_ms : FORGET_MS;
    return jb_gw_sql_run(store, JB_GW_SQL_FAILURE_SWEEP,
                         JB_GW_VALUES(jb_gw_int(now_ms - keep), jb_gw_int(ROWS_MAX)), NULL);
}
