/* See token.h. */
#include "clients/gateway/token.h"

#include <sodium.h>
#include <stdio.h>

#define PREFIX "jbt_"
#define USED_MS 60000 /* `used` is written no more often */

_Static_assert(JB_RIGHT_COUNT <= 64, "scopes are bits of one number");

/* ---- scopes ---- */

enum jb_right jb_gw_scope_parse(const char *word)
{
    for (enum jb_right right = JB_RIGHT_ANYONE; right < JB_RIGHT_COUNT; right++)
        if (right != JB_RIGHT_SYSTEM && right != JB_RIGHT_ACT_FOR && right != JB_RIGHT_FEED &&
            strcmp(jb_right_word(right), word) == 0)
            return right;
    return JB_RIGHT_NONE;
}

enum jb_err jb_gw_scopes_read(const char *list, uint64_t *out, struct jb_fault *fault)
{
    char word[64];
    *out = 0;
    while (jb_gw_list_next(&list, word, sizeof word)) {
        enum jb_right right = jb_gw_scope_parse(word);
        if (right == JB_RIGHT_NONE)
            return jb_fault_set(fault, JB_RANGE, "scopes: %s is no right", word);
        *out |= jb_gw_scope(right);
    }
    return *out != 0 ? JB_OK : jb_fault_set(fault, JB_RANGE, "scopes: at least one is needed");
}

void jb_gw_scopes_text(uint64_t scopes, char out[JB_GW_SCOPES_TEXT])
{
    size_t used = 0;
    out[0] = '\0';
    for (enum jb_right right = JB_RIGHT_ANYONE; right < JB_RIGHT_COUNT; right++) {
        if ((scopes & jb_gw_scope(right)) == 0)
            continue;
        int n = snprintf(out + used, JB_GW_SCOPES_TEXT - used, "%s%s", used > 0 ? "," : "",
                         jb_right_word(right));
        used += n > 0 ? (size_t)n : 0;
    }
}

/* ---- rows ---- */

static enum jb_err row_read(sqlite3_stmt *s, struct jb_arena *arena, struct jb_gw_token *out)
{
    struct jb_fault fault = {""};
    const char *scopes = jb_gw_sql_text(s, 2, arena);
    *out = (struct jb_gw_token){.name = jb_gw_sql_text(s, 0, arena),
                                .account = jb_gw_sql_text(s, 1, arena),
                                .created_ms = sqlite3_column_int64(s, 3),
                                .expires_ms = sqlite3_column_int64(s, 4),
                                .used_ms = sqlite3_column_int64(s, 5)};
    if (out->name == NULL || out->account == NULL || scopes == NULL)
        return JB_NOMEM;
    /* a word that this version does not know gives nothing */
    enum jb_err err = jb_gw_scopes_read(scopes, &out->scopes, &fault);
    return err == JB_RANGE ? JB_OK : err;
}

enum jb_err jb_gw_token_new(struct jb_gw_store *store, const struct jb_gw_token *t, int64_t now_ms,
                            char secret[JB_GW_TOKEN_TEXT])
{
    char random[JB_GW_SECRET_TEXT], scopes[JB_GW_SCOPES_TEXT];
    uint8_t hash[JB_GW_SESSION_HASH];
    jb_gw_secret_new(random);
    (void)snprintf(secret, JB_GW_TOKEN_TEXT, "%s%s", PREFIX, random);
    jb_gw_secret_hash(secret, hash);
    jb_gw_scopes_text(t->scopes, scopes);
    sodium_memzero(random, sizeof random);
    return jb_gw_sql_run(store, JB_GW_SQL_TOKEN_ADD,
                         JB_GW_VALUES(jb_gw_text(t->name), jb_gw_blob(hash, sizeof hash),
                                      jb_gw_text(t->account), jb_gw_text(scopes), jb_gw_int(now_ms),
                                      jb_gw_int(t->expires_ms)),
                         NULL);
}

enum jb_err jb_gw_token_find(struct jb_gw_store *store, const char *secret, int64_t now_ms,
                             struct jb_arena *arena, struct jb_gw_token *out)
{
    uint8_t hash[JB_GW_SESSION_HASH];
    enum jb_err err;
    jb_gw_secret_hash(secret, hash);
    sqlite3_stmt *s =
        jb_gw_sql_bind(store, JB_GW_SQL_TOKEN_GET, JB_GW_VALUES(jb_gw_blob(hash, sizeof hash)));
    if (jb_gw_sql_next(store, s, &err))
        err = row_read(s, arena, out);
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_gw_sql_done(s);
    if (err != JB_OK)
        return err;
    if (out->expires_ms != 0 && now_ms >= out->expires_ms)
        return JB_OLD;
    if (now_ms - out->used_ms < USED_MS)
        return JB_OK;
    return jb_gw_sql_run(store, JB_GW_SQL_TOKEN_USED,
                         JB_GW_VALUES(jb_gw_text(out->name), jb_gw_int(now_ms)), NULL);
}

bool jb_gw_token_exists(struct jb_gw_store *store, const char *name)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_TOKEN_EXISTS, JB_GW_VALUES(jb_gw_text(name)));
    bool there = jb_gw_sql_next(store, s, &err);
    jb_gw_sql_done(s);
    return there;
}

enum jb_err jb_gw_token_list(struct jb_gw_store *store, const char *after, struct jb_arena *arena,
                             struct jb_gw_token *out, size_t *count)
{
    enum jb_err err = JB_OK;
    size_t max = *count;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_TOKEN_LIST,
                                     JB_GW_VALUES(jb_gw_text(after), jb_gw_int((int64_t)max)));
    *count = 0;
    while (err == JB_OK && *count < max && jb_gw_sql_next(store, s, &err))
        err = row_read(s, arena, &out[(*count)++]);
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_token_drop(struct jb_gw_store *store, const char *name)
{
    int changed = 0;
    enum jb_err err =
        jb_gw_sql_run(store, JB_GW_SQL_TOKEN_DROP, JB_GW_VALUES(jb_gw_text(name)), &changed);
    return err == JB_OK && changed == 0 ? JB_NOT_FOUND : err;
}
