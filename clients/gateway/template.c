/* See template.h. */
#include "clients/gateway/template.h"

#include <sodium.h>

bool jb_gw_template_kind_good(const char *kind)
{
    size_t len = strlen(kind);
    return len >= 1 && len <= JB_GW_TEMPLATE_KIND && kind[0] != '-' &&
           strspn(kind, "abcdefghijklmnopqrstuvwxyz-") == len;
}

/* One that was dropped and made anew is another: so versions are not counted. */
static int64_t version_new(void)
{
    uint64_t number;
    randombytes_buf(&number, sizeof number);
    return (int64_t)(number >> 2) + 1;
}

static bool row_read(sqlite3_stmt *s, struct jb_arena *arena, struct jb_gw_template *out)
{
    out->kind = jb_gw_sql_text(s, 0, arena);
    out->title = jb_gw_sql_text(s, 1, arena);
    out->body = jb_gw_sql_text(s, 2, arena);
    out->changed_ms = sqlite3_column_int64(s, 3);
    out->changed_by = jb_gw_sql_text(s, 4, arena);
    out->version = sqlite3_column_int64(s, 5);
    return out->kind != NULL && out->title != NULL && out->body != NULL && out->changed_by != NULL;
}

enum jb_err jb_gw_template_get(struct jb_gw_store *store, const char *kind, struct jb_arena *arena,
                               struct jb_gw_template *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_TEMPLATE_GET, JB_GW_VALUES(jb_gw_text(kind)));
    if (jb_gw_sql_next(store, s, &err))
        err = row_read(s, arena, out) ? JB_OK : JB_NOMEM;
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_template_list(struct jb_gw_store *store, struct jb_arena *arena,
                                struct jb_gw_template *out, size_t *count)
{
    size_t room = *count;
    enum jb_err err = JB_OK;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_TEMPLATE_LIST,
                                     JB_GW_VALUES(jb_gw_text(""), jb_gw_int((int64_t)room)));
    *count = 0;
    while (*count < room && jb_gw_sql_next(store, s, &err))
        if (!row_read(s, arena, &out[(*count)++])) {
            err = JB_NOMEM;
            break;
        }
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_template_add(struct jb_gw_store *store, const struct jb_gw_template *t)
{
    return jb_gw_sql_run(store, JB_GW_SQL_TEMPLATE_ADD,
                         JB_GW_VALUES(jb_gw_text(t->kind), jb_gw_text(t->title),
                                      jb_gw_text(t->body), jb_gw_int(t->changed_ms),
                                      jb_gw_text(t->changed_by), jb_gw_int(version_new())),
                         NULL);
}

enum jb_err jb_gw_template_set(struct jb_gw_store *store, const struct jb_gw_template *t,
                               int64_t seen)
{
    int changed = 0;
    enum jb_err err =
        jb_gw_sql_run(store, JB_GW_SQL_TEMPLATE_SET,
                      JB_GW_VALUES(jb_gw_text(t->kind), jb_gw_text(t->title), jb_gw_text(t->body),
                                   jb_gw_int(t->changed_ms), jb_gw_text(t->changed_by),
                                   jb_gw_int(version_new()), jb_gw_int(seen)),
                      &changed);
    return err == JB_OK && changed == 0 ? JB_OLD : err;
}

enum jb_err jb_gw_template_drop(struct jb_gw_store *store, const char *kind, int64_t seen)
{
    int changed = 0;
    enum jb_err err = jb_gw_sql_run(store, JB_GW_SQL_TEMPLATE_DROP,
                                    JB_GW_VALUES(jb_gw_text(kind), jb_gw_int(seen)), &changed);
    return err == JB_OK && changed == 0 ? JB_OLD : err;
}
