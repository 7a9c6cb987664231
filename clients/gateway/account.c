/* See account.h. */
#include "clients/gateway/account.h"

#include "clients/gateway/session.h"
#include "proto/base/utf8.h"

/* ---- checks ---- */

enum jb_err jb_gw_name_check(const char *name, struct jb_fault *fault)
{
    size_t len = strlen(name);
    if (len == 0 || len > JB_GW_NAME_BYTES)
        return jb_fault_set(fault, JB_RANGE, "a name has 1 to %d bytes", JB_GW_NAME_BYTES);
    enum jb_err err = jb_text_check_line(name, len);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "the name is not one line of text");
    if (name[strcspn(name, ",/")] != '\0' || name[0] == ' ' || name[len - 1] == ' ')
        return jb_fault_set(fault, JB_RANGE, "a name has no comma or slash, no blank at its ends");
    if (name[0] == '@' || strncmp(name, "uid:", 4) == 0)
        return jb_fault_set(fault, JB_RANGE, "a name does not begin with @ or uid:");
    return JB_OK;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

enum jb_err jb_gw_password_check(const char *password, const char *name, struct jb_fault *fault)
{
    size_t len = strlen(password);
    if (len > JB_GW_PASSWORD_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "a password has at most %d bytes",
                            JB_GW_PASSWORD_BYTES);
    if (jb_text_check(password, len) != JB_OK)
        return jb_fault_set(fault, JB_BAD_UTF8, "the password is not UTF-8");
    if (characters(password) < JB_GW_PASSWORD_CHARS)
        return jb_fault_set(fault, JB_RANGE, "a password has at least %d characters",
                            JB_GW_PASSWORD_CHARS);
    if (strcmp(password, name) == 0)
        return jb_fault_set(fault, JB_RANGE, "the password is the name");
    return JB_OK;
}

/* ---- rows ---- */

/* false: out of memory. */
static bool row_read(sqlite3_stmt *s, struct jb_arena *arena, struct jb_gw_account *out)
{
    bool has_hash = sqlite3_column_type(s, 2) != SQLITE_NULL;
    *out = (struct jb_gw_account){.name = jb_gw_sql_text(s, 0, arena),
                                  .display_name = jb_gw_sql_text(s, 1, arena),
                                  .hash = jb_gw_sql_text(s, 2, arena),
                                  .disabled = sqlite3_column_int(s, 3) != 0,
                                  .must_change = sqlite3_column_int(s, 4) != 0,
                                  .created_ms = sqlite3_column_int64(s, 5),
                                  .changed_ms = sqlite3_column_int64(s, 6),
                                  .login_ms = sqlite3_column_int64(s, 7),
                                  .version = sqlite3_column_int64(s, 8)};
    return out->name != NULL && out->display_name != NULL && (out->hash != NULL || !has_hash);
}

enum jb_err jb_gw_account_get(struct jb_gw_store *store, const char *name, struct jb_arena *arena,
                              struct jb_gw_account *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_ACCOUNT_GET, JB_GW_VALUES(jb_gw_text(name)));
    if (jb_gw_sql_next(store, s, &err))
        err = row_read(s, arena, out) ? JB_OK : JB_NOMEM;
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_account_list(struct jb_gw_store *store, const char *after, struct jb_arena *arena,
                               struct jb_gw_account *out, size_t *count)
{
    enum jb_err err = JB_OK;
    size_t max = *count;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_ACCOUNT_LIST,
                                     JB_GW_VALUES(jb_gw_text(after), jb_gw_int((int64_t)max)));
    *count = 0;
    while (err == JB_OK && *count < max && jb_gw_sql_next(store, s, &err))
        err = row_read(s, arena, &out[(*count)++]) ? JB_OK : JB_NOMEM;
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_account_add(struct jb_gw_store *store, const struct jb_gw_account *a,
                              int64_t now_ms)
{
    return jb_gw_sql_run(store, JB_GW_SQL_ACCOUNT_ADD,
                         JB_GW_VALUES(jb_gw_text(a->name), jb_gw_text(a->display_name),
                                      jb_gw_text(a->hash), jb_gw_int(a->disabled),
                                      jb_gw_int(a->must_change), jb_gw_int(now_ms)),
                         NULL);
}

static enum jb_err set(struct jb_gw_store *store, const struct jb_gw_account *a, bool end_sessions,
                       const uint8_t *keep, int64_t now_ms)
{
    static const uint8_t none[JB_GW_SESSION_HASH] = {0};
    int changed = 0;
    enum jb_err err = jb_gw_sql_run(store, JB_GW_SQL_ACCOUNT_SET,
                                    JB_GW_VALUES(jb_gw_text(a->name), jb_gw_text(a->display_name),
                                                 jb_gw_text(a->hash), jb_gw_int(a->disabled),
                                                 jb_gw_int(a->must_change), jb_gw_int(now_ms),
                                                 jb_gw_int(a->version)),
                                    &changed);
    if (err == JB_OK && changed == 0)
        return JB_OLD;
    if (err != JB_OK || !end_sessions)
        return err;
    return jb_gw_sql_run(
        store, JB_GW_SQL_SESSION_DROP_USER,
        JB_GW_VALUES(jb_gw_text(a->name), jb_gw_blob(keep != NULL ? keep : none, sizeof none)),
        NULL);
}

static enum jb_err drop(struct jb_gw_store *store, const char *name, int64_t version)
{
    static const uint8_t none[JB_GW_SESSION_HASH] = {0};
    int changed = 0;
    enum jb_err err = jb_gw_sql_run(store, JB_GW_SQL_ACCOUNT_DROP,
                                    JB_GW_VALUES(jb_gw_text(name), jb_gw_int(version)), &changed);
    if (err == JB_OK && changed == 0)
        return JB_OLD;
    if (err == JB_OK)
        err = jb_gw_sql_run(store, JB_GW_SQL_SESSION_DROP_USER,
                            JB_GW_VALUES(jb_gw_text(name), jb_gw_blob(none, sizeof none)), NULL);
    if (err == JB_OK)
        err = jb_gw_sql_run(store, JB_GW_SQL_TOKEN_DROP_ACCOUNT, JB_GW_VALUES(jb_gw_text(name)),
                            NULL);
    return err;
}

/* End a transaction with what came out of it. */
static enum jb_err finish(struct jb_gw_store *store, enum jb_err err)
{
    if (err == JB_OK)
        return jb_gw_store_commit(store);
    jb_gw_store_rollback(store);
    return err;
}

enum jb_err jb_gw_account_set(struct jb_gw_store *store, const struct jb_gw_account *a,
                              bool end_sessions, const uint8_t *keep, int64_t now_ms)
{
    enum jb_err err = jb_gw_store_begin(store);
    if (err != JB_OK)
        return err;
    return finish(store, set(store, a, end_sessions, keep, now_ms));
}

enum jb_err jb_gw_account_drop(struct jb_gw_store *store, const char *name, int64_t version)
{
    enum jb_err err = jb_gw_store_begin(store);
    return err == JB_OK ? finish(store, drop(store, name, version)) : err;
}
