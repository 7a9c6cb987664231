/* See upload.h. */
#include "clients/gateway/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "clients/gateway/link.h"

#define IDLE_MS 600000  /* as the agent has it */
#define KEPT_MS 3600000 /* likewise */
#define PIECE_MS 30000  /* for the agent to take a piece */

struct jb_gw_uploads {
    struct jb_gw *gw;
    struct jb_gw_upload *first;
};

enum jb_err jb_gw_uploads_open(struct jb_gw *gw, struct jb_gw_uploads **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return JB_NOMEM;
    (*out)->gw = gw;
    return JB_OK;
}

/* ---- ends ---- */

static void writer_leave(struct jb_gw_upload *u)
{
    if (u->writer != NULL)
        u->writer->state = NULL;
    u->writer = NULL;
    if (u->piece != NULL)
        explicit_bzero(u->piece, JB_GW_UPLOAD_PIECE);
    free(u->piece);
    u->piece = NULL;
    u->piece_len = 0;
    u->at_end = false;
}

static void upload_free(struct jb_gw_upload *u)
{
    writer_leave(u);
    free(u->user);
    free(u);
}

/* Our part of it is done: nobody waits for the answer. */
static void on_forgotten(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                         struct jiaoban_result *result, void *data)
{
    (void)j;
    (void)id;
    (void)status;
    (void)data;
    jiaoban_result_free(result);
}

static void forget_there(const struct jb_gw_upload *u)
{
    const struct jb_gw *gw = u->all->gw;
    const struct jiaoban_put_args args = {.size = sizeof args,
                                          .case_number = u->number,
                                          .handle = u->handle,
                                          .drop = true,
                                          .on_behalf_of = u->user};
    if (u->handle == 0 || u->complete || gw->link == NULL)
        return;
    /* when it cannot be told, the agent's own clock ends it */
    (void)jiaoban_put_async(jb_gw_link_handle(gw->link), &args, on_forgotten, NULL, NULL);
}

void jb_gw_upload_drop(struct jb_gw_upload *u)
{
    struct jb_gw_upload **link = &u->all->first;
    while (*link != u)
        link = &(*link)->next;
    *link = u->next;
    u->gone = true;
    if (u->writer != NULL) {
        struct jb_gw_request *writer = u->writer;
        writer_leave(u);
        jb_gw_refuse(writer, JB_GW_IN_PROGRESS, "this upload was begun anew, or given up");
    }
    if (u->ask != 0)
        return;
    forget_there(u);
    upload_free(u);
}

void jb_gw_uploads_sweep(struct jb_gw_uploads *all)
{
    int64_t now_ms = jb_clock_mono_ms();
    for (struct jb_gw_upload *u = all->first, *next; u != NULL; u = next) {
        next = u->next;
        if (u->writer == NULL && u->ask == 0 &&
            now_ms - u->moved_ms >= (u->complete ? KEPT_MS : IDLE_MS))
            jb_gw_upload_drop(u);
    }
}

/* The agent's line is closed already, or will be: nothing is told there. */
void jb_gw_uploads_close(struct jb_gw_uploads **all)
{
    struct jb_gw_uploads *a = *all;
    if (a == NULL)
        return;
    *all = NULL;
    for (struct jb_gw_upload *u = a->first, *next; u != NULL; u = next) {
        next = u->next;
        writer_leave(u);
        if (u->ask != 0)
            jiaoban_cancel(jb_gw_link_handle(a->gw->link), u->ask);
        upload_free(u);
    }
    free(a);
}

/* ---- one of them ---- */

struct jb_gw_upload *jb_gw_upload_find(const struct jb_gw_uploads *all,
                                       const struct jb_gw_upload_key *key)
{
    for (struct jb_gw_upload *u = all->first; u != NULL; u = u->next)
        if (strcmp(u->user, key->user) == 0 && strcmp(u->name, key->name) == 0 &&
            strcmp(u->number, key->number) == 0)
            return u;
    return NULL;
}

static bool has_room(const struct jb_gw_uploads *all, const char *user)
{
    size_t count = 0, open = 0;
    for (const struct jb_gw_upload *u = all->first; u != NULL; u = u->next) {
        count++;
        open += !u->complete && strcmp(u->user, user) == 0;
    }
    return count < JB_GW_UPLOADS_MAX && open < JB_GW_UPLOADS_OF_ONE;
}

/* One who completes many files and attaches none keeps nobody else out. */
static void make_room(struct jb_gw_uploads *all, const char *user)
{
    struct jb_gw_upload *oldest = NULL;
    size_t kept = 0;
    for (struct jb_gw_upload *u = all->first; u != NULL; u = u->next) {
        if (!u->complete || u->writer != NULL || strcmp(u->user, user) != 0)
            continue;
        kept++;
        if (oldest == NULL || u->moved_ms <= oldest->moved_ms)
            oldest = u;
    }
    if (oldest != NULL && kept >= JB_GW_UPLOADS_KEPT)
        jb_gw_upload_drop(oldest);
}

enum jb_err jb_gw_upload_new(struct jb_gw_uploads *all, const struct jb_gw_upload_key *key,
                             uint64_t total, struct jb_gw_upload **out)
{
    struct jb_gw_upload *old = jb_gw_upload_find(all, key);
    if (old != NULL)
        jb_gw_upload_drop(old);
    make_room(all, key->user);
    if (!has_room(all, key->user))
        return JB_BUSY;
    struct jb_gw_upload *u = calloc(1, sizeof *u);
    char *user = strdup(key->user);
    if (u == NULL || user == NULL) {
        free(u);
        free(user);
        return JB_NOMEM;
    }
    u->all = all;
    u->user = user;
    u->total = total;
    u->moved_ms = jb_clock_mono_ms();
    (void)snprintf(u->name, sizeof u->name, "%s", key->name);
    (void)snprintf(u->number, sizeof u->number, "%s", key->number);
    u->next = all->first;
    all->first = u;
    *out = u;
    return JB_OK;
}

/* ---- pieces ---- */

static bool hash_take(struct jb_gw_upload *u, const char *text)
{
    size_t len = 0;
    return strlen(text) == 2 * JB_GW_HASH_BYTES &&
           sodium_hex2bin(u->hash, sizeof u->hash, text, 2 * JB_GW_HASH_BYTES, NULL, &len, NULL) ==
               0 &&
           len == sizeof u->hash;
}

/* The agent's answer to a piece: the writer may send the next. */
static void taken(struct jb_gw_upload *u, const struct jiaoban_part *part)
{
    struct jb_gw_request *writer = u->writer;
    u->handle = part->handle;
    u->received = part->offset;
    u->complete = u->received == u->total && hash_take(u, part->hash);
    if (writer == NULL)
        return;
    if (u->at_end)
        writer->on_piece(writer, NULL, 0);
    else
        jb_gw_resume(writer);
}

static void failed(struct jb_gw_upload *u, enum jiaoban_status status)
{
    struct jb_gw_request *writer = u->writer;
    writer_leave(u);
    if (writer != NULL)
        jb_gw_refuse_status(writer, status);
    jb_gw_upload_drop(u);
}

static void on_put(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                   struct jiaoban_result *result, void *data)
{
    struct jb_gw_upload *u = data;
    const struct jiaoban_part *part = jiaoban_result_part(result);
    (void)j;
    (void)id;
    u->ask = 0;
    u->moved_ms = jb_clock_mono_ms();
    if (u->gone) {
        if (part != NULL)
            u->handle = part->handle;
        forget_there(u);
        upload_free(u);
    } else if (status != JIAOBAN_OK || part == NULL) {
        failed(u, status != JIAOBAN_OK ? status : JIAOBAN_VERSION);
    } else {
        taken(u, part);
    }
    jiaoban_result_free(result);
}

/* The request waits until the agent has it. false: that failed, and the upload may be gone. */
static bool flush(struct jb_gw_upload *u)
{
    struct jb_gw_request *writer = u->writer;
    struct jiaoban *j = jb_gw_link_handle(u->all->gw->link);
    const struct jiaoban_put_args args = {.size = sizeof args,
                                          .case_number = u->number,
                                          .handle = u->handle,
                                          .offset = u->received,
                                          .body = u->piece,
                                          .bytes = u->piece_len,
                                          .last = u->received + u->piece_len == u->total,
                                          .on_behalf_of = u->user};
    enum jiaoban_status status = jiaoban_put_async(j, &args, on_put, u, &u->ask);
    u->piece_len = 0; /* a copy is on its way */
    if (status != JIAOBAN_OK) {
        failed(u, status);
        return false;
    }
    if (writer != NULL)
        jb_gw_suspend(writer, PIECE_MS);
    return true;
}

static void reply_standing(struct jb_gw_upload *u)
{
    struct jb_gw_request *writer = u->writer;
    writer_leave(u);
    jb_gw_reply_upload(writer, u);
}

/* A piece of the body, or its end (NULL). */
static void on_piece(struct jb_gw_request *r, const char *data, size_t len)
{
    struct jb_gw_upload *u = r->state;
    if (u == NULL) /* it has its answer */
        return;
    u->moved_ms = jb_clock_mono_ms();
    if (data == NULL) {
        u->at_end = true;
        if (u->piece_len > 0)
            (void)flush(u);
        else if (u->ask == 0)
            reply_standing(u);
        return;
    }
    for (size_t at = 0; at < len && r->state != NULL;) {
        size_t room = JB_GW_UPLOAD_PIECE - u->piece_len;
        size_t n = len - at < room ? len - at : room;
        memcpy(u->piece + u->piece_len, data + at, n);
        u->piece_len += n;
        at += n;
        if (u->piece_len == JB_GW_UPLOAD_PIECE && !flush(u))
            return; /* it has its answer, and the upload may be gone */
    }
}

static void on_drop(struct jb_gw_request *r)
{
    if (r->state != NULL)
        writer_leave(r->state);
}

enum jb_err jb_gw_upload_write(struct jb_gw_upload *u, struct jb_gw_request *r)
{
    struct jb_gw_request *before = u->writer;
    if (before != NULL) { /* its line may be dead, and nobody has noticed */
        writer_leave(u);
        jb_gw_refuse(before, JB_GW_IN_PROGRESS, "another request goes on with this upload");
    }
    if (u->ask != 0)
        return JB_BUSY;
    u->piece = malloc(JB_GW_UPLOAD_PIECE);
    if (u->piece == NULL)
        return JB_NOMEM;
    u->writer = r;
    r->state = u;
    r->drop = on_drop;
    r->on_piece = on_piece;
    return JB_OK;
}
