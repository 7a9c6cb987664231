/* See idem.h. */
#include "clients/gateway/idem.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT_MS (INT64_C(24) * 3600 * 1000)
#define SAFE_MS (INT64_C(23) * 3600 * 1000) /* the agent forgets its tokens after 24 hours */
#define SEALED_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* ---- hashes ---- */

static void feed(crypto_generichash_state *state, const void *data, size_t len)
{
    uint8_t size[8];
    for (size_t i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)((uint64_t)len >> (8 * i));
    (void)crypto_generichash_update(state, size, sizeof size);
    (void)crypto_generichash_update(state, data, len);
}

/* Of caller and key, for one of two purposes. */
static void hash_of(const struct jb_gw_request *r, const char *key, const char *purpose,
                    uint8_t out[32])
{
    crypto_generichash_state state;
    const char *method = jb_gw_method_word(r->caller.method);
    (void)crypto_generichash_init(&state, (const uint8_t *)purpose, strlen(purpose), 32);
    feed(&state, method, strlen(method));
    feed(&state, r->caller.user, strlen(r->caller.user));
    feed(&state, key, strlen(key));
    (void)crypto_generichash_final(&state, out, 32);
}

/* What the request asks for. Of a body that is taken in pieces, its length and type. */
static void fingerprint_of(const struct jb_gw_request *r, uint8_t out[32])
{
    crypto_generichash_state state;
    const char *type = jb_gw_request_header(r, "Content-Type");
    (void)crypto_generichash_init(&state, NULL, 0, 32);
    feed(&state, r->raw_target, strlen(r->raw_target));
    feed(&state, type != NULL ? type : "", type != NULL ? strlen(type) : 0);
    feed(&state, &r->length, sizeof r->length);
    feed(&state, r->body != NULL ? r->body : "", r->body_len);
    (void)crypto_generichash_final(&state, out, 32);
}

/* ---- sealed answers ---- */

static enum jb_err seal(const struct jb_gw_idem *idem, const char *location, const char *body,
                        struct jb_arena *arena, struct jb_bytes *out)
{
    json_t *object =
        json_pack("{s:s, s:s}", "location", location != NULL ? location : "", "body", body);
    char *plain = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    size_t len = plain != NULL ? strlen(plain) : 0;
    size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    uint8_t *box = plain != NULL ? jb_arena_alloc(arena, size) : NULL;
    if (box != NULL) {
        randombytes_buf(box, crypto_secretbox_NONCEBYTES);
        (void)crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const uint8_t *)plain, len,
                                    box, idem->secret);
        *out = (struct jb_bytes){box, size};
    }
    if (plain != NULL)
        sodium_memzero(plain, len);
    free(plain);
    json_decref(object);
    return box != NULL ? JB_OK : JB_NOMEM;
}

/* Answer with what was sealed; false: it cannot be opened. */
static bool reply_sealed(struct jb_gw_request *r, const struct jb_gw_idem *idem, unsigned status,
                         struct jb_bytes box)
{
    size_t head = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    uint8_t *plain = box.len > head ? jb_arena_alloc(&r->arena, box.len) : NULL;
    if (plain == NULL || crypto_secretbox_open_easy(plain, box.data + crypto_secretbox_NONCEBYTES,
                                                    box.len - crypto_secretbox_NONCEBYTES, box.data,
                                                    idem->secret) != 0)
        return false;
    json_t *object = json_loadb((const char *)plain, box.len - head, 0, NULL);
    const char *location = json_string_value(json_object_get(object, "location"));
    const char *body = json_string_value(json_object_get(object, "body"));
    bool good = location != NULL && body != NULL;
    if (good) {
        jb_gw_header(r, "Idempotency-Replayed", "true");
        if (location[0] != '\0')
            jb_gw_header(r, "Location", location);
        jb_gw_reply_bytes(r, status, status < 400 ? "application/json" : "application/problem+json",
                          body, strlen(body));
        r->gw->counts.replayed++;
    }
    json_decref(object);
    return good;
}

/* ---- the row ---- */

struct row {
    uint8_t fingerprint[32];
    char token[JB_GW_IDEM_TOKEN];
    int64_t at_ms;
    unsigned status;        /* 0: no answer yet */
    struct jb_bytes sealed; /* arena */
};

static enum jb_err row_get(struct jb_gw_request *r, const struct jb_gw_idem *idem, struct row *row)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_gw_sql_bind(r->gw->store, JB_GW_SQL_IDEM_GET,
                                     JB_GW_VALUES(jb_gw_blob(idem->hash, sizeof idem->hash)));
    memset(row, 0, sizeof *row);
    if (jb_gw_sql_next(r->gw->store, s, &err)) {
        const void *print = sqlite3_column_blob(s, 0);
        const char *token = (const char *)sqlite3_column_text(s, 1);
        size_t len = (size_t)sqlite3_column_bytes(s, 4);
        if (print != NULL && sqlite3_column_bytes(s, 0) == 32)
            memcpy(row->fingerprint, print, 32);
        (void)snprintf(row->token, sizeof row->token, "%s", token != NULL ? token : "");
        row->at_ms = sqlite3_column_int64(s, 2);
        row->status = (unsigned)sqlite3_column_int(s, 3);
        const uint8_t *copy =
            len > 0 ? jb_arena_memdup(&r->arena, sqlite3_column_blob(s, 4), len) : NULL;
        row->sealed = (struct jb_bytes){copy, copy != NULL ? len : 0};
        err = len > 0 && copy == NULL ? JB_NOMEM : JB_OK;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_gw_sql_done(s);
    return err;
}

static enum jb_err row_add(struct jb_gw_request *r, const struct jb_gw_idem *idem,
                           const uint8_t fingerprint[32])
{
    return jb_gw_sql_run(r->gw->store, JB_GW_SQL_IDEM_ADD,
                         JB_GW_VALUES(jb_gw_blob(idem->hash, sizeof idem->hash),
                                      jb_gw_blob(fingerprint, 32), jb_gw_text(idem->token),
                                      jb_gw_int(jb_gw_now(r->gw))),
                         NULL);
}

/* ---- the key ---- */

static const char *key_read(struct jb_gw_request *r)
{
    const char *key = jb_gw_request_header(r, "Idempotency-Key");
    size_t len = key != NULL ? strlen(key) : 0;
    bool quoted = len >= 2 && key[0] == '"' && key[len - 1] == '"';
    if (quoted) { /* the form of the draft standard */
        char *inside = jb_arena_strndup(&r->arena, key + 1, len - 2);
        key = inside;
        len = inside != NULL ? len - 2 : 0;
    }
    if (key == NULL || len == 0) {
        jb_gw_refuse(r, JB_GW_KEY_MISSING,
                     "send the header Idempotency-Key, for example a UUID, and the same one when "
                     "the request is repeated");
        return NULL;
    }
    for (size_t i = 0; i < len; i++)
        if (len > JB_GW_KEY_BYTES || key[i] <= ' ' || key[i] > '~') {
            jb_gw_refuse(r, JB_GW_BAD_REQUEST, "Idempotency-Key: 1 to 64 visible ASCII characters");
            return NULL;
        }
    return key;
}

static bool is_under_way(const struct jb_gw *gw, const struct jb_gw_idem *idem)
{
    for (const struct jb_gw_idem *i = gw->keys->under_way; i != NULL; i = i->next)
        if (memcmp(i->hash, idem->hash, sizeof i->hash) == 0)
            return true;
    return false;
}

static void enter(struct jb_gw *gw, struct jb_gw_idem *idem)
{
    idem->next = gw->keys->under_way;
    gw->keys->under_way = idem;
}

/* There is a row: is it for this request, and what does it say? */
static bool go_on_with(struct jb_gw_request *r, struct jb_gw_idem *idem, const struct row *row,
                       const uint8_t fingerprint[32])
{
    if (sodium_memcmp(row->fingerprint, fingerprint, 32) != 0)
        jb_gw_refuse(r, JB_GW_KEY_REUSED, "this Idempotency-Key came with another request before");
    else if (row->status != 0 && !reply_sealed(r, idem, row->status, row->sealed))
        jb_gw_refuse(r, JB_GW_INTERNAL, "the stored answer cannot be read");
    else if (row->status == 0 && is_under_way(r->gw, idem))
        jb_gw_refuse(r, JB_GW_IN_PROGRESS, "the first request with this key has no answer yet");
    else if (row->status == 0 && jb_gw_now(r->gw) - row->at_ms > SAFE_MS)
        jb_gw_refuse(r, JB_GW_OUTCOME_UNKNOWN,
                     "too long ago to ask again: look at the case and at /v1/pending");
    else if (row->status == 0) {
        memcpy(idem->token, row->token, sizeof idem->token);
        return true;
    }
    return false;
}

bool jb_gw_idem_begin(struct jb_gw_request *r, struct jb_gw_idem **out)
{
    uint8_t fingerprint[32];
    struct row row;
    struct jb_gw_idem *idem = jb_arena_alloc(&r->arena, sizeof *idem);
    const char *key = key_read(r);
    if (key == NULL)
        return false;
    if (idem == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the key");
        return false;
    }
    hash_of(r, key, "jiaoban gateway key", idem->hash);
    hash_of(r, key, "jiaoban gateway answer", idem->secret);
    fingerprint_of(r, fingerprint);
    enum jb_err err = row_get(r, idem, &row);
    if (err == JB_OK && !go_on_with(r, idem, &row, fingerprint))
        return false;
    if (err == JB_NOT_FOUND) {
        jb_gw_secret_new(idem->token);
        idem->fresh = true;
        err = row_add(r, idem, fingerprint);
    }
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "stored answers");
        return false;
    }
    enter(r->gw, idem);
    *out = idem;
    return true;
}

enum jb_err jb_gw_idem_store(struct jb_gw_request *r, struct jb_gw_idem *idem, unsigned status,
                             const char *location, const char *body)
{
    struct jb_bytes box = {NULL, 0};
    enum jb_err err = strlen(body) > SEALED_BYTES_MAX ? JB_TOO_LARGE
                                                      : seal(idem, location, body, &r->arena, &box);
    if (err != JB_OK)
        return err;
    return jb_gw_sql_run(r->gw->store, JB_GW_SQL_IDEM_SET,
                         JB_GW_VALUES(jb_gw_blob(idem->hash, sizeof idem->hash), jb_gw_int(status),
                                      jb_gw_blob(box.data, box.len)),
                         NULL);
}

void jb_gw_idem_forget(struct jb_gw_request *r, struct jb_gw_idem *idem)
{
    /* a row that stays is a key that cannot be used for another request: no harm */
    if (jb_gw_sql_run(r->gw->store, JB_GW_SQL_IDEM_DROP,
                      JB_GW_VALUES(jb_gw_blob(idem->hash, sizeof idem->hash)), NULL) != JB_OK)
        return;
}

void jb_gw_idem_end(struct jb_gw_request *r, struct jb_gw_idem *idem)
{
    struct jb_gw_idem **link = &r->gw->keys->under_way;
    while (*link != NULL && *link != idem)
        link = &(*link)->next;
    if (*link != NULL)
        *link = idem->next;
    sodium_memzero(idem->secret, sizeof idem->secret);
}

enum jb_err jb_gw_idem_sweep(struct jb_gw_store *store, int64_t now_ms)
{
    return jb_gw_sql_run(store, JB_GW_SQL_IDEM_SWEEP, JB_GW_VALUES(jb_gw_int(now_ms - KEPT_MS)),
                         NULL);
}
