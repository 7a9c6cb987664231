/* See session.h. */
#include "clients/gateway/session.h"

#include <sodium.h>

#define SESSIONS_OF_ONE 50
#define SEEN_PARTS 16 /* `seen` is written when so much of the idle time is over */

const char *jb_gw_method_word(enum jb_gw_method method)
{
    static const char *const words[] = {"", "password", "token", "proxy"};
    return (size_t)method < sizeof words / sizeof words[0] ? words[method] : "";
}

/* ---- secrets ---- */

static void text_of(const uint8_t bytes[JB_GW_SECRET_BYTES], char out[JB_GW_SECRET_TEXT])
{
    (void)sodium_bin2base64(out, JB_GW_SECRET_TEXT, bytes, JB_GW_SECRET_BYTES,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void jb_gw_secret_new(char out[JB_GW_SECRET_TEXT])
{
    uint8_t bytes[JB_GW_SECRET_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    text_of(bytes, out);
    sodium_memzero(bytes, sizeof bytes);
}

void jb_gw_secret_hash(const char *secret, uint8_t out[JB_GW_SESSION_HASH])
{
    static const uint8_t purpose[] = "jiaoban gateway secret";
    (void)crypto_generichash(out, JB_GW_SESSION_HASH, (const uint8_t *)secret, strlen(secret),
                             purpose, sizeof purpose - 1);
}

void jb_gw_csrf_of(const char *secret, const char *about, char out[JB_GW_SECRET_TEXT])
{
    uint8_t key[JB_GW_SESSION_HASH], hash[JB_GW_SECRET_BYTES];
    static const uint8_t purpose[] = "jiaoban gateway csrf";
    (void)crypto_generichash(key, sizeof key, (const uint8_t *)secret, strlen(secret), purpose,
                             sizeof purpose - 1);
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)about, strlen(about), key,
                             sizeof key);
    text_of(hash, out);
    sodium_memzero(key, sizeof key);
}

bool jb_gw_csrf_good(const char *given, const char *right)
{
    size_t len = strlen(right);
    return given != NULL && strlen(given) == len && sodium_memcmp(given, right, len) == 0;
}

/* ---- rows ---- */

enum jb_err jb_gw_session_new(struct jb_gw_store *store, const char *user, int64_t now_ms,
                              char secret[JB_GW_SECRET_TEXT])
{
    uint8_t hash[JB_GW_SESSION_HASH];
    jb_gw_secret_new(secret);
    jb_gw_secret_hash(secret, hash);
    enum jb_err err = jb_gw_sql_run(store, JB_GW_SQL_SESSION_ADD,
                                    JB_GW_VALUES(jb_gw_blob(hash, sizeof hash), jb_gw_text(user),
                                                 jb_gw_int(JB_GW_BY_PASSWORD), jb_gw_int(now_ms)),
                                    NULL);
    if (err == JB_OK)
        err = jb_gw_sql_run(store, JB_GW_SQL_SESSION_LIMIT,
                            JB_GW_VALUES(jb_gw_text(user), jb_gw_int(SESSIONS_OF_ONE)), NULL);
    return err;
}

static bool is_over(const struct jb_gw_session *s, const struct jb_gw_config *c, int64_t now_ms)
{
    return now_ms - s->seen_ms >= c->session_idle_ms || now_ms >= s->expires_ms ||
           now_ms < s->created_ms - c->session_idle_ms; /* the clock was set back: sign in again */
}

static enum jb_err row_read(struct jb_gw_store *store, const struct jb_gw_config *c,
                            struct jb_arena *arena, struct jb_gw_session *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(store, JB_GW_SQL_SESSION_GET,
                                     JB_GW_VALUES(jb_gw_blob(out->hash, sizeof out->hash)));
    if (jb_gw_sql_next(store, s, &err)) {
        out->user = jb_gw_sql_text(s, 0, arena);
        out->method = (enum jb_gw_method)sqlite3_column_int(s, 1);
        out->created_ms = sqlite3_column_int64(s, 2);
        out->seen_ms = sqlite3_column_int64(s, 3);
        out->expires_ms = out->created_ms + c->session_longest_ms;
        err = out->user != NULL ? JB_OK : JB_NOMEM;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_session_find(struct jb_gw_store *store, const struct jb_gw_config *c,
                               const char *secret, int64_t now_ms, struct jb_arena *arena,
                               struct jb_gw_session *out)
{
    jb_gw_secret_hash(secret, out->hash);
    enum jb_err err = row_read(store, c, arena, out);
    if (err != JB_OK)
        return err;
    if (is_over(out, c, now_ms)) {
        err = jb_gw_session_end(store, out->hash);
        return err == JB_OK ? JB_NOT_FOUND : err;
    }
    return JB_OK;
}

enum jb_err jb_gw_session_used(struct jb_gw_store *store, const struct jb_gw_config *c,
                               const struct jb_gw_session *s, int64_t now_ms)
{
    if (now_ms - s->seen_ms < c->session_idle_ms / SEEN_PARTS)
        return JB_OK;
    return jb_gw_sql_run(store, JB_GW_SQL_SESSION_SEEN,
                         JB_GW_VALUES(jb_gw_blob(s->hash, sizeof s->hash), jb_gw_int(now_ms)),
                         NULL);
}

bool jb_gw_session_exists(struct jb_gw_store *store, const struct jb_gw_config *c,
                          const uint8_t hash[JB_GW_SESSION_HASH], int64_t now_ms)
{
    struct jb_gw_session s;
    struct jb_arena arena;
    jb_arena_init(&arena, 4096);
    memcpy(s.hash, hash, sizeof s.hash);
    bool good = row_read(store, c, &arena, &s) == JB_OK && !is_over(&s, c, now_ms);
    jb_arena_fini(&arena);
    return good;
}

enum jb_err jb_gw_session_end(struct jb_gw_store *store, const uint8_t hash[JB_GW_SESSION_HASH])
{
    return jb_gw_sql_run(store, JB_GW_SQL_SESSION_DROP,
                         JB_GW_VALUES(jb_gw_blob(hash, JB_GW_SESSION_HASH)), NULL);
}

enum jb_err jb_gw_session_sweep(struct jb_gw_store *store, const struct jb_gw_config *c,
                                int64_t now_ms)
{
    return jb_gw_sql_run(store, JB_GW_SQL_SESSION_SWEEP,
                         JB_GW_VALUES(jb_gw_int(now_ms - c->session_idle_ms),
                                      jb_gw_int(now_ms - c->session_longest_ms)),
                         NULL);
}
