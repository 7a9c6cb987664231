/* Attachments at the broker: see blob.h.
 *
 * Reading a chunk is a look into the page cache, on the loop; writing one is a job of the thread
 * pool, one at a time, so that its fsync holds up neither the loop nor the ledger's commits.
 * Decides nothing about who may read: the ledger's rows say it. */
#include "daemon/blobservice.h"

#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"

#define BLOCKED_MS 20

struct jb_blob_job { /* one chunk on its way to the disk */
    struct jb_blob_job *next;
    struct jb_blob_service *service;
    uint32_t node; /* from whom */
    uint8_t hash[JB_HASH_BYTES];
    uint32_t chunk_bytes, index;
    enum jb_err err;
    size_t len;
    uint8_t body[];
};

/* ---- links ---- */

static enum jb_err send_frame(void *ctx, struct jb_frame *f)
{
    struct jb_blob_link *k = ctx;
    struct jb_broker *b = k->service->broker;
    struct jb_peer *p = jb_broker_peer(b, k->node);
    struct jb_arena arena;
    struct jb_bytes bytes;

    if (p == NULL || !p->greeted || p->protocol < JB_PROTOCOL_BLOBS || b->router == NULL)
        return JB_CLOSED;
    f->version = p->protocol;
    jb_arena_init(&arena, 2 * JB_FRAME_LIMIT_BYTES);
    enum jb_err err = jb_frame_encode(f, &arena, &bytes);
    if (err == JB_OK)
        err = jb_zsock_send(b->router, (struct jb_bytes){p->routing_id, p->routing_len}, bytes.data,
                            bytes.len);
    jb_arena_fini(&arena);
    return err;
}

static bool allowed(void *ctx, const uint8_t hash[JB_HASH_BYTES], int64_t *case_no)
{
    struct jb_blob_link *k = ctx;

    return jb_blob_case(k->service->broker->reader, hash, k->node, case_no) == JB_OK;
}

static bool fits(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint64_t plain_bytes)
{
    struct jb_blob_link *k = ctx;

    return jb_blob_size_fits(k->service->broker->reader, hash, plain_bytes) == JB_OK;
}

static void trouble(void *ctx, const uint8_t hash[JB_HASH_BYTES], enum jb_err err, const char *text)
{
    struct jb_blob_link *k = ctx;
    char name[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, name);
    jb_log(JB_LOG_WARNING, NULL, "blob.trouble", "node=%u blob=%.16s error=%s detail=\"%s\"",
           k->node, name, jb_err_name(err), text);
    if (err == JB_CORRUPT && !jb_blobs_complete(k->service->store, hash)) {
        jb_blob_lack(k->service, hash);
        jb_blob_ask_again(k->service, NULL); /* any of them may have it */
    }
}

struct jb_blob_link *jb_blob_link_of(struct jb_blob_service *s, uint32_t node)
{
    return node < s->link_capacity ? s->links[node] : NULL;
}

/* A pump's turn as soon as everything else of this loop turn is done. */
static void wake_pump(struct jb_blob_service *s, uint64_t after_ms);

static void offer_to_readers(struct jb_blob_service *s, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_arena arena;
    struct jb_list32 nodes = {NULL, 0};

    jb_arena_init(&arena, (size_t)1024 * 1024);
    if (jb_blob_readers(s->broker->reader, hash, &arena, &nodes) != JB_OK)
        nodes.count = 0;
    for (size_t i = 0; i < nodes.count; i++) {
        struct jb_blob_link *k = jb_blob_link_of(s, nodes.at[i]);
        int64_t at_ms = 0;
        if (k != NULL && jb_blob_receipt_at(s->broker->reader, hash, k->node, &at_ms) != JB_OK)
            jb_blobline_offer(&k->line, hash);
    }
    jb_arena_fini(&arena);
}

static enum jb_err complete(void *ctx, const uint8_t hash[JB_HASH_BYTES], struct jb_frame *have)
{
    struct jb_blob_link *k = ctx;
    struct jb_broker *b = k->service->broker;
    char name[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, name);
    jb_log(JB_LOG_INFO, NULL, "blob.complete", "blob=%.16s node=%u", name, k->node);
    jb_lacking_drop(&k->service->lacking, hash);
    offer_to_readers(k->service, hash);
    have->suite = b->keys.suite;
    return jb_blob_sign(have->suite, b->keys.sign_secret, JB_NODE_BROKER_NUMBER, hash,
                        have->signature);
}

/* A node's receipt: with the next commit. Nobody is told that it was kept: when it was lost with a
 * batch, or dropped while the broker is degraded, the nodes say it again after their next greeting,
 * with others that are on record long since. */
static enum jb_err received(void *ctx, const struct jb_frame *have)
{
    struct jb_blob_link *k = ctx;
    struct jb_broker *b = k->service->broker;
    int64_t at_ms = 0;
    if (jb_blob_receipt_at(b->reader, have->blob_hash, k->node, &at_ms) == JB_OK)
        return JB_OK;
    const struct jb_node *n = jb_directory_find(&b->directory, k->node);
    struct jb_receipt r = {.node = k->node, .suite = have->suite, .at_ms = jb_broker_now(b)};
    enum jb_err err =
        n == NULL || have->suite != b->keys.suite
            ? JB_DENIED
            : jb_blob_verify(have->suite, n->sign_key, k->node, have->blob_hash, have->signature);

    if (err != JB_OK)
        return err;
    memcpy(r.point.head, have->blob_hash, sizeof r.point.head);
    memcpy(r.signature, have->signature, sizeof r.signature);
    const struct jb_receipt *kept = jb_arena_memdup(&b->fill->arena, &r, sizeof r);
    struct jb_intake_item *item = kept != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return JB_NOMEM;
    item->source = JB_FROM_BLOB;
    item->node = k->node;
    item->signature = kept;
    jb_tick_kick(b);
    return JB_OK;
}

/* ---- writing, in the thread pool ---- */

static void write_next(struct jb_blob_service *s);

static void on_write(uv_work_t *work)
{
    struct jb_blob_service *s = work->data;
    struct jb_blob_job *j = s->first;

    j->err = jb_blobs_write(s->store, j->hash, j->chunk_bytes, j->index,
                            (struct jb_bytes){j->body, j->len});
}

static void on_written(uv_work_t *work, int status)
{
    struct jb_blob_service *s = work->data;
    struct jb_blob_job *j = s->first;
    struct jb_blob_link *k = jb_blob_link_of(s, j->node);

    (void)status;
    s->writing = false;
    s->first = j->next;
    if (s->first == NULL)
        s->last = &s->first;
    if (k != NULL)
        jb_blobline_stored(&k->line, j->hash, j->index, j->err);
    free(j);
    if (!s->broker->stopping)
        write_next(s);
}

static void write_next(struct jb_blob_service *s)
{
    if (s->writing || s->first == NULL)
        return;
    s->work.data = s;
    s->writing = uv_queue_work(s->broker->loop, &s->work, on_write, on_written) == 0;
}

static void write_chunk(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint32_t chunk_bytes,
                        uint32_t index, struct jb_bytes body)
{
    struct jb_blob_link *k = ctx;
    struct jb_blob_service *s = k->service;
    struct jb_blob_job *j = malloc(sizeof *j + body.len);

    if (j == NULL) {
        jb_blobline_stored(&k->line, hash, index, JB_NOMEM);
        return;
    }
    *j = (struct jb_blob_job){
        .service = s, .node = k->node, .chunk_bytes = chunk_bytes, .index = index, .len = body.len};
    memcpy(j->hash, hash, sizeof j->hash);
    memcpy(j->body, body.data, body.len);
    *s->last = j;
    s->last = &j->next;
    write_next(s);
}

static const struct jb_blobline_hooks hooks = {
    .send = send_frame,
    .allowed = allowed,
    .fits = fits,
    .write = write_chunk,
    .complete = complete,
    .received = received,
    .trouble = trouble,
};

static struct jb_blob_link *link_make(struct jb_blob_service *s, uint32_t node)
{
    if (node >= s->link_capacity) {
        size_t wanted = ((size_t)node / 256 + 1) * 256;
        struct jb_blob_link **links = reallocarray(s->links, wanted, sizeof(struct jb_blob_link *));
        if (links == NULL)
            return NULL;
        memset(links + s->link_capacity, 0,
               (wanted - s->link_capacity) * sizeof(struct jb_blob_link *));
        s->links = links;
        s->link_capacity = wanted;
    }
    if (s->links[node] == NULL) {
        struct jb_blob_link *k = calloc(1, sizeof *k);
        if (k == NULL)
            return NULL;
        *k = (struct jb_blob_link){.service = s, .node = node};
        jb_blobline_init(&k->line, s->store, &hooks, k);
        s->links[node] = k;
    }
    return s->links[node];
}

/* ---- sending, when there is nothing else to send ---- */

static void on_pump(uv_timer_t *timer)
{
    struct jb_blob_service *s = timer->data;
    bool left = false;
    bool sent = false;

    for (size_t i = 0; i < s->link_capacity; i++) {
        struct jb_blob_link *k = s->links[i];
        if (k == NULL || k->line.queued == 0)
            continue;
        const struct jb_peer *p = jb_broker_peer(s->broker, k->node);
        if (p != NULL && p->drained)
            sent = jb_blobline_pump(&k->line) || sent;
        left = left || k->line.queued > 0;
    }
    if (left)
        wake_pump(s, sent ? 0 : BLOCKED_MS);
}

static void wake_pump(struct jb_blob_service *s, uint64_t after_ms)
{
    if (!s->broker->stopping)
        (void)uv_timer_start(&s->pump, on_pump, after_ms, 0);
}

/* ---- from the rest of the broker ---- */

void jb_blob_greeted(struct jb_broker *b, struct jb_peer *p)
{
    struct jb_blob_service *s = b->blobs;
    struct jb_blob_link *k =
        s != NULL && p->protocol >= JB_PROTOCOL_BLOBS ? link_make(s, p->node) : NULL;

    if (k == NULL)
        return;
    jb_blobline_reset(&k->line);
    jb_blob_ask_anew(s, k);
}

void jb_blob_frame(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                   const struct jb_frame *f)
{
    struct jb_blob_service *s = b->blobs;
    struct jb_blob_link *k =
        s != NULL && p->protocol >= JB_PROTOCOL_BLOBS ? jb_blob_link_of(s, p->node) : NULL;
    struct jb_fault fault = {""};
    enum jb_err err = k == NULL ? JB_UNKNOWN_KIND : JB_OK;
    /* who may have it is in the tables */
    if (f->kind != JB_FRAME_BLOB_CHUNK && !jb_follow_now(b) && jb_follow_stuck(b) && err == JB_OK)
        err = jb_fault_set(&fault, JB_BUSY, "the disk does not answer just now: ask again later");
    if (err == JB_OK)
        err = jb_blobline_take(&k->line, f, &fault);

    if (err != JB_OK) {
        jb_reject(b, msg, f, err, false, fault.text[0] != '\0' ? fault.text : jb_err_text(err));
        return;
    }
    if (k->line.queued > 0)
        wake_pump(s, 0);
}

void jb_blob_committed(struct jb_broker *b, const struct jb_entry *entry)
{
    struct jb_blob_service *s = b->blobs;
    const struct jb_act *act = &entry->act;
    struct jb_arena arena;
    uint8_t(*hashes)[JB_HASH_BYTES] = NULL;
    size_t count = 0;

    if (s == NULL)
        return;
    jb_attached_committed(b, entry);
    if (act->kind == JB_ACT_ATTACH && !jb_blobs_complete(s->store, act->content_hash.data)) {
        struct jb_blob_link *k = jb_blob_link_of(s, entry->node);
        jb_blob_lack(s, act->content_hash.data);
        if (k != NULL && !jb_blobline_fetch(&k->line, act->content_hash.data))
            jb_blob_ask_again(s, k); /* its memory is full */
    }
    if (act->kind != JB_ACT_ERASE_KEY)
        return;
    jb_arena_init(&arena, (size_t)8 * 1024 * 1024);
    if (jb_blobs_of_case(b->reader, act->case_no, &arena, &hashes, &count) == JB_OK)
        for (size_t i = 0; i < count; i++)
            jb_blob_drop_unless_needed(s, hashes[i]);
    jb_arena_fini(&arena);
}

void jb_blob_tick(struct jb_broker *b)
{
    struct jb_blob_service *s = b->blobs;

    for (size_t i = 0; s != NULL && i < s->link_capacity; i++)
        if (s->links[i] != NULL)
            jb_blobline_tick(&s->links[i]->line);
    if (s != NULL)
        jb_blob_ask_idle(s);
}

enum jb_err jb_blob_read_again(struct jb_broker *b)
{
    struct jb_blob_service *s = b->blobs;

    if (s == NULL)
        return JB_OK;
    jb_blob_collect(s);
    enum jb_err err = jb_attached_load(b);
    return err == JB_OK ? jb_blob_lacking_find(s) : err;
}

enum jb_err jb_blob_start(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_blob_service *s = calloc(1, sizeof *s);

    if (s == NULL)
        return JB_NOMEM;
    b->blobs = s;
    s->broker = b;
    s->last = &s->first;
    s->pump.data = s;
    if (uv_timer_init(b->loop, &s->pump) != 0)
        return JB_NOMEM;
    enum jb_err err =
        jb_blobs_open(b->config->data, b->config->blob_bytes, b->keys.suite, &s->store, fault);
    if (err != JB_OK)
        return err;
    return b->recovering ? JB_OK : jb_blob_read_again(b);
}

void jb_blob_stop(struct jb_broker *b)
{
    struct jb_blob_service *s = b->blobs;

    if (s != NULL && s->pump.type != UV_UNKNOWN_HANDLE && !uv_is_closing((uv_handle_t *)&s->pump))
        uv_close((uv_handle_t *)&s->pump, NULL);
}

void jb_blob_fini(struct jb_broker *b)
{
    struct jb_blob_service *s = b->blobs;

    jb_attached_fini(&b->attached);
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->link_capacity; i++)
        free(s->links[i]);
    free(s->links);
    jb_lacking_fini(&s->lacking);
    for (struct jb_blob_job *j = s->first; j != NULL;) {
        struct jb_blob_job *after = j->next;
        free(j);
        j = after;
    }
    jb_blobs_close(&s->store);
    free(s);
    b->blobs = NULL;
}
