/* See password.h. */
#include "clients/gateway/password.h"

#include <stdlib.h>
#include <string.h>

#define OPERATIONS crypto_pwhash_OPSLIMIT_INTERACTIVE
#define MEMORY crypto_pwhash_MEMLIMIT_INTERACTIVE

/* Of no password: so that a name that does not exist takes as long as one that does. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct work {
    uv_work_t work;
    jb_gw_hashed_fn fn;
    void *data;
    bool verify, good;
    char hash[crypto_pwhash_STRBYTES];
    size_t len;
    char password[]; /* wiped by the worker */
};

static size_t under_way; /* of the one loop of the process */

static void on_work(uv_work_t *work)
{
    struct work *w = work->data;
    if (w->verify)
        w->good = crypto_pwhash_str_verify(w->hash, w->password, w->len) == 0;
    else
        w->good = crypto_pwhash_str(w->hash, w->password, w->len, OPERATIONS, MEMORY) == 0;
    sodium_memzero(w->password, w->len);
}

static void on_done(uv_work_t *work, int status)
{
    struct work *w = work->data;
    under_way--;
    if (status != 0)
        w->good = false;
    w->fn(w->data, w->good, !w->verify && w->good ? w->hash : "");
    sodium_memzero(w->password, w->len);
    free(w);
}

static enum jb_err begin(uv_loop_t *loop, const char *password, const struct work *kind,
                         const char *hash)
{
    size_t len = strlen(password);
    if (under_way >= JB_GW_HASHES_AT_ONCE)
        return JB_BUSY;
    struct work *w = malloc(sizeof *w + len + 1);
    if (w == NULL)
        return JB_NOMEM;
    memcpy(w, kind, sizeof *w);
    w->len = len;
    memcpy(w->password, password, len + 1);
    memcpy(w->hash, hash, strlen(hash) + 1);
    w->work.data = w;
    if (uv_queue_work(loop, &w->work, on_work, on_done) != 0) {
        sodium_memzero(w->password, len);
        free(w);
        return JB_NOMEM;
    }
    under_way++;
    return JB_OK;
}

enum jb_err jb_gw_password_verify(uv_loop_t *loop, const char *password, const char *hash,
                                  jb_gw_hashed_fn fn, void *data)
{
    const struct work kind = {.fn = fn, .data = data, .verify = true};
    bool usable = hash != NULL && strlen(hash) < crypto_pwhash_STRBYTES;
    return begin(loop, password, &kind, usable ? hash : nobody);
}

enum jb_err jb_gw_password_make(uv_loop_t *loop, const char *password, jb_gw_hashed_fn fn,
                                void *data)
{
    const struct work kind = {.fn = fn, .data = data, .verify = false};
    return begin(loop, password, &kind, "");
}

bool jb_gw_password_make_now(const char *password, char hash[crypto_pwhash_STRBYTES])
{
    return crypto_pwhash_str(hash, password, strlen(password), OPERATIONS, MEMORY) == 0;
}
