/* See login.h. */
#include "clients/gateway/login.h"

#include "proto/base/log.h"
#include "proto/base/utf8.h"

const char *jb_gw_outcome_word(enum jb_gw_outcome outcome)
{
    switch (outcome) {
#define X(name, number, word)                                                                      \
    case JB_GW_LOGIN_##name:                                                                       \
        return #word;
        JB_GW_OUTCOMES(X)
#undef X
    }
    return "";
}

static void tell(const struct jb_gw_login *l)
{
    char user[160], address[128];
    bool good = l->outcome == JB_GW_LOGIN_SIGNED_IN || l->outcome == JB_GW_LOGIN_SIGNED_OUT ||
                l->outcome == JB_GW_LOGIN_PASSWORD_CHANGED;
    (void)jb_text_escape(l->user, strlen(l->user), user, sizeof user);
    (void)jb_text_escape(l->address, strlen(l->address), address, sizeof address);
    jb_log(good ? JB_LOG_NOTICE : JB_LOG_WARNING, "gateway", good ? "login" : "login.denied",
           "user=\"%s\" address=%s method=%s outcome=%s", user, address,
           jb_gw_method_word(l->method), jb_gw_outcome_word(l->outcome));
}

enum jb_err jb_gw_login_add(struct jb_gw_store *store, const struct jb_gw_login *l)
{
    tell(l);
    return jb_gw_sql_run(store, JB_GW_SQL_LOGIN_ADD,
                         JB_GW_VALUES(jb_gw_int(l->at_ms), jb_gw_text(l->user),
                                      jb_gw_text(l->address), jb_gw_int(l->method),
                                      jb_gw_int(l->outcome)),
                         NULL);
}

enum jb_err jb_gw_login_trim(struct jb_gw_store *store, int64_t rows)
{
    return jb_gw_sql_run(store, JB_GW_SQL_LOGIN_TRIM, JB_GW_VALUES(jb_gw_int(rows)), NULL);
}

enum jb_err jb_gw_login_list(struct jb_gw_store *store, int64_t before, struct jb_arena *arena,
                             struct jb_gw_login *out, size_t *count)
{
    enum jb_err err = JB_OK;
    size_t max = *count;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_LOGIN_LIST,
                                     JB_GW_VALUES(jb_gw_int(before), jb_gw_int((int64_t)max)));
    *count = 0;
    while (err == JB_OK && *count < max && jb_gw_sql_next(store, s, &err)) {
        struct jb_gw_login *l = &out[(*count)++];
        *l = (struct jb_gw_login){.number = sqlite3_column_int64(s, 0),
                                  .at_ms = sqlite3_column_int64(s, 1),
                                  .user = jb_gw_sql_text(s, 2, arena),
                                  .address = jb_gw_sql_text(s, 3, arena),
                                  .method = (enum jb_gw_method)sqlite3_column_int(s, 4),
                                  .outcome = (enum jb_gw_outcome)sqlite3_column_int(s, 5)};
        if (l->user == NULL || l->address == NULL)
            err = JB_NOMEM;
    }
    jb_gw_sql_done(s);
    return err;
}
