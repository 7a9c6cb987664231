/* See hookstore.h. */
#include "clients/gateway/hookstore.h"

#include <stdio.h>

static void text_into(sqlite3_stmt *s, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

enum jb_err jb_gw_hook_cursor_get(struct jb_gw_store *store, const char *target,
                                  struct jb_gw_cursor_row *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_HOOK_GET, JB_GW_VALUES(jb_gw_text(target)));
    *out = (struct jb_gw_cursor_row){.number = 0};
    if (jb_gw_sql_next(store, s, &err)) {
        text_into(s, 0, out->epoch, sizeof out->epoch);
        out->number = (uint64_t)sqlite3_column_int64(s, 1);
        out->alarm = sqlite3_column_int64(s, 2);
    }
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_hook_cursor_set(struct jb_gw_store *store, const char *target,
                                  const struct jb_gw_cursor_row *row)
{
    return jb_gw_sql_run(store, JB_GW_SQL_HOOK_SET,
                         JB_GW_VALUES(jb_gw_text(target), jb_gw_text(row->epoch),
                                      jb_gw_int((int64_t)row->number), jb_gw_int(row->alarm)),
                         NULL);
}

enum jb_err jb_gw_delivery_add(struct jb_gw_store *store, const char *target,
                               const struct jb_gw_delivery *d)
{
    return jb_gw_sql_run(store, JB_GW_SQL_DELIVERY_ADD,
                         JB_GW_VALUES(jb_gw_text(target), jb_gw_text(d->event_id),
                                      jb_gw_int((int64_t)d->number), jb_gw_int(d->made_ms),
                                      jb_gw_int((int64_t)d->alarm)),
                         NULL);
}

static void row_read(sqlite3_stmt *s, struct jb_gw_delivery *out)
{
    *out = (struct jb_gw_delivery){.id = sqlite3_column_int64(s, 0),
                                   .number = (uint64_t)sqlite3_column_int64(s, 2),
                                   .made_ms = sqlite3_column_int64(s, 3),
                                   .next_ms = sqlite3_column_int64(s, 4),
                                   .attempts = sqlite3_column_int64(s, 5),
                                   .dead = sqlite3_column_int(s, 6) != 0,
                                   .status = sqlite3_column_int64(s, 7),
                                   .alarm = (uint64_t)sqlite3_column_int64(s, 9)};
    text_into(s, 1, out->event_id, sizeof out->event_id);
    text_into(s, 8, out->error, sizeof out->error);
}

enum jb_err jb_gw_delivery_next(struct jb_gw_store *store, const char *target,
                                struct jb_gw_delivery *out)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_gw_sql_bind(store, JB_GW_SQL_DELIVERY_NEXT, JB_GW_VALUES(jb_gw_text(target)));
    if (jb_gw_sql_next(store, s, &err))
        row_read(s, out);
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_delivery_set(struct jb_gw_store *store, const struct jb_gw_delivery *d)
{
    return jb_gw_sql_run(store, JB_GW_SQL_DELIVERY_SET,
                         JB_GW_VALUES(jb_gw_int(d->id), jb_gw_int(d->next_ms),
                                      jb_gw_int(d->attempts), jb_gw_int(d->dead),
                                      jb_gw_int(d->status), jb_gw_text(d->error)),
                         NULL);
}

enum jb_err jb_gw_delivery_drop(struct jb_gw_store *store, int64_t id)
{
    return jb_gw_sql_run(store, JB_GW_SQL_DELIVERY_DROP, JB_GW_VALUES(jb_gw_int(id)), NULL);
}

enum jb_err jb_gw_delivery_list(struct jb_gw_store *store, const char *target, bool dead,
                                int64_t after, struct jb_gw_delivery *out, size_t *count)
{
    size_t room = *count;
    enum jb_err err = JB_OK;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_DELIVERY_LIST,
                                     JB_GW_VALUES(jb_gw_text(target), jb_gw_int(dead),
                                                  jb_gw_int(after), jb_gw_int((int64_t)room)));
    *count = 0;
    while (*count < room && jb_gw_sql_next(store, s, &err))
        row_read(s, &out[(*count)++]);
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_delivery_replay(struct jb_gw_store *store, const char *target, int64_t id,
                                  int64_t now_ms, int *count)
{
    return jb_gw_sql_run(store, JB_GW_SQL_DELIVERY_REPLAY,
                         JB_GW_VALUES(jb_gw_text(target), jb_gw_int(id), jb_gw_int(now_ms)), count);
}

enum jb_err jb_gw_delivery_count(struct jb_gw_store *store, const char *target, int64_t *waiting,
                                 int64_t *dead)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_gw_sql_bind(store, JB_GW_SQL_DELIVERY_COUNT, JB_GW_VALUES(jb_gw_text(target)));
    *waiting = *dead = 0;
    if (jb_gw_sql_next(store, s, &err)) {
        *waiting = sqlite3_column_int64(s, 0);
        *dead = sqlite3_column_int64(s, 1);
    }
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_hook_sweep(struct jb_gw_store *store, const char *targets)
{
    enum jb_err err =
        jb_gw_sql_run(store, JB_GW_SQL_DELIVERY_SWEEP, JB_GW_VALUES(jb_gw_text(targets)), NULL);
    if (err == JB_OK)
        err = jb_gw_sql_run(store, JB_GW_SQL_HOOK_SWEEP, JB_GW_VALUES(jb_gw_text(targets)), NULL);
    return err;
}
