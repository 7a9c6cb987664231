/* Attachments at the agent: see blob.h. Chunks are written on the loop, like everything else here,
 * one fdatasync each; a few at a time are under way, so the loop always gets its turn. */
#include "clients/agent/blob.h"

#include <stdlib.h>

#include "clients/agent/told.h"
#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"

#define PAGE 256
#define FRESH_MAX 64
#define FRESH_KEEP_MS 3600000
#define UPLOAD_IDLE_MS 600000
#define BLOCKED_MS 20
#define AGAIN_MS 5000 /* after the broker said that its disk does not answer */

struct jb_agent_blobs {
    struct jb_agent *agent;
    struct jb_blobs *store;
    struct jb_blobline line;
    struct jb_agent_upload uploads[JB_AGENT_UPLOADS];
    struct fresh {
        uint8_t hash[JB_HASH_BYTES]; /* all zero: none */
        int64_t at_mono_ms;
    } fresh[FRESH_MAX]; /* ring */
    size_t fresh_next;
    struct jb_told told; /* receipts */
    bool settled;        /* all that the replica names is here, and the broker has signed for it */
    bool completed;      /* something has come since it was last looked what is missing */
    uv_timer_t pump;
    uv_timer_t again;
};

struct jb_blobs *jb_agent_blob_store(struct jb_agent *a)
{
    return a->blobs->store;
}

struct jb_agent_upload *jb_agent_uploads(struct jb_agent *a)
{
    return a->blobs->uploads;
}

static void upload_drop(struct jb_agent_upload *u)
{
    jb_blob_spool_close(&u->spool);
    *u = (struct jb_agent_upload){0};
}

void jb_agent_uploads_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    for (size_t i = 0; a->blobs != NULL && i < JB_AGENT_UPLOADS; i++) {
        struct jb_agent_upload *u = &a->blobs->uploads[i];
        if (u->handle != 0 && u->client == client)
            upload_drop(u);
    }
}

void jb_agent_blob_fresh(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_agent_blobs *s = a->blobs;
    struct fresh *f = &s->fresh[s->fresh_next];

    memcpy(f->hash, hash, JB_HASH_BYTES);
    f->at_mono_ms = jb_clock_read(&a->mono);
    s->fresh_next = (s->fresh_next + 1) % FRESH_MAX;
}

/* ---- garbage ---- */

static bool is_fresh(const struct jb_agent_blobs *s, const uint8_t hash[JB_HASH_BYTES])
{
    for (size_t i = 0; i < FRESH_MAX; i++)
        if (memcmp(s->fresh[i].hash, hash, JB_HASH_BYTES) == 0)
            return true;
    return false;
}

/* It is attached now: from here on the case says how long it is kept. */
static void fresh_no_more(struct jb_agent_blobs *s, struct jb_bytes hash)
{
    for (size_t i = 0; i < FRESH_MAX && hash.len == JB_HASH_BYTES; i++)
        if (memcmp(s->fresh[i].hash, hash.data, JB_HASH_BYTES) == 0)
            s->fresh[i] = (struct fresh){.at_mono_ms = 0};
}

/* Named by a submission that waits for its verdict? */
static bool is_pending(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_arena arena;
    bool found = false;

    jb_arena_init(&arena, (size_t)8 * 1024 * 1024);
    for (size_t i = 0; i < a->pending.count && !found; i++) {
        struct jb_outbox_item *items = NULL;
        size_t count = 0;
        struct jb_submission s;
        struct jb_act act;
        struct jb_fault fault;
        if (jb_agent_pendings_at(&a->pending, i)->kind != JB_ACT_ATTACH)
            continue;
        jb_arena_reset(&arena);
        found = jb_outbox_read(a->ledger, jb_agent_pendings_at(&a->pending, i)->number, 1,
                               JB_FRAME_LIMIT_BYTES, &arena, &items, &count) == JB_OK &&
                count == 1 && jb_submission_decode(items[0].body, &arena, &s, &fault) == JB_OK &&
                jb_act_decode(s.act_bytes, &arena, &act, &fault) == JB_OK &&
                act.content_hash.len == JB_HASH_BYTES &&
                memcmp(act.content_hash.data, hash, JB_HASH_BYTES) == 0;
    }
    jb_arena_fini(&arena);
    return found;
}

static void collect(struct jb_agent *a)
{
    struct jb_agent_blobs *s = a->blobs;

    for (size_t i = jb_blobs_count(s->store); i > 0; i--) {
        uint8_t hash[JB_HASH_BYTES];
        int64_t case_no = 0;
        memcpy(hash, jb_blobs_at(s->store, i - 1), sizeof hash);
        if (jb_blob_case(a->ledger, hash, 0, &case_no) == JB_NOT_FOUND && !is_fresh(s, hash) &&
            !is_pending(a, hash))
            jb_blobs_drop(s->store, hash);
    }
}

/* Uploads that stand still keep others out; what was put and never attached takes room. */
static void expire(struct jb_agent *a)
{
    struct jb_agent_blobs *s = a->blobs;
    static const uint8_t none[JB_HASH_BYTES];
    int64_t now = jb_clock_read(&a->mono);
    bool expired = false;

    for (size_t i = 0; i < JB_AGENT_UPLOADS; i++)
        if (s->uploads[i].handle != 0 && now - s->uploads[i].moved_mono_ms >= UPLOAD_IDLE_MS)
            upload_drop(&s->uploads[i]);
    for (size_t i = 0; i < FRESH_MAX; i++)
        if (memcmp(s->fresh[i].hash, none, sizeof none) != 0 &&
            now - s->fresh[i].at_mono_ms >= FRESH_KEEP_MS) {
            s->fresh[i] = (struct fresh){.at_mono_ms = 0};
            expired = true;
        }
    if (expired)
        collect(a);
}

/* ---- the line ---- */

static enum jb_err send_frame(void *ctx, struct jb_frame *f)
{
    struct jb_agent *a = ctx;

    if (!a->line.welcomed || a->line.protocol < JB_PROTOCOL_BLOBS)
        return JB_CLOSED;
    return jb_agent_line_send(a, f);
}

static bool allowed(void *ctx, const uint8_t hash[JB_HASH_BYTES], int64_t *case_no)
{
    struct jb_agent *a = ctx;

    return jb_blob_case(a->ledger, hash, jb_replica_node(a->ledger), case_no) == JB_OK;
}

static bool fits(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint64_t plain_bytes)
{
    struct jb_agent *a = ctx;

    return jb_blob_size_fits(a->ledger, hash, plain_bytes) == JB_OK;
}

static void write_chunk(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint32_t chunk_bytes,
                        uint32_t index, struct jb_bytes body)
{
    struct jb_agent *a = ctx;
    enum jb_err err = jb_blobs_write(a->blobs->store, hash, chunk_bytes, index, body);

    jb_blobline_stored(&a->blobs->line, hash, index, err);
}

static enum jb_err sign(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES],
                        struct jb_frame *have)
{
    have->suite = a->keys.suite;
    return jb_blob_sign(have->suite, a->keys.sign_secret, jb_replica_node(a->ledger), hash,
                        have->signature);
}

static enum jb_err complete(void *ctx, const uint8_t hash[JB_HASH_BYTES], struct jb_frame *have)
{
    struct jb_agent *a = ctx;
    struct jb_agent_blobs *s = a->blobs;
    char name[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, name);
    jb_log(JB_LOG_INFO, a->config->code, "blob.complete", "blob=%.16s", name);
    s->completed = true;
    jb_told_sent(&s->told, hash, jb_clock_read(&a->mono));
    return sign(a, hash, have);
}

/* The broker's receipt. */
static enum jb_err received(void *ctx, const struct jb_frame *have)
{
    struct jb_agent *a = ctx;
    struct jb_blob_receipt r = {
        .node = JB_NODE_BROKER_NUMBER, .suite = have->suite, .at_ms = jb_agent_now(a)};
    enum jb_err err =
        have->suite != a->keys.suite
            ? JB_UNSUPPORTED
            : jb_blob_verify(have->suite, a->broker.sign, r.node, have->blob_hash, have->signature);

    if (err != JB_OK)
        return err;
    memcpy(r.hash, have->blob_hash, sizeof r.hash);
    memcpy(r.signature, have->signature, sizeof r.signature);
    err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    err = jb_blob_receipt_put(a->ledger, &r);
    if (err == JB_OK)
        return jb_ledger_commit(a->ledger);
    jb_ledger_rollback(a->ledger);
    return err;
}

static void trouble(void *ctx, const uint8_t hash[JB_HASH_BYTES], enum jb_err err, const char *text)
{
    struct jb_agent *a = ctx;
    char name[JB_BLOB_HASH_TEXT];

    a->blobs->settled = false;
    jb_blob_hash_text(hash, name);
    jb_log(JB_LOG_WARNING, a->config->code, "blob.trouble", "blob=%.16s error=%s detail=\"%s\"",
           name, jb_err_name(err), text);
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

static bool line_up(const struct jb_agent *a)
{
    return a->line.welcomed && a->line.protocol >= JB_PROTOCOL_BLOBS;
}

void jb_agent_blob_fetch(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES])
{
    int64_t case_no = 0;

    a->blobs->settled = false;
    if (line_up(a) && allowed(a, hash, &case_no))
        (void)jb_blobline_fetch(&a->blobs->line, hash);
}

/* One that is here: the broker is told, until it has signed for it. */
static bool offer(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES])
{
    int64_t at_ms = 0;

    if (jb_blob_receipt_at(a->ledger, hash, JB_NODE_BROKER_NUMBER, &at_ms) != JB_NOT_FOUND)
        return true;
    jb_blobline_offer(&a->blobs->line, hash);
    return false;
}

/* Everything that the replica names: what is missing is fetched, a line's memory full at a time;
 * the rest when those have come. What is here is offered. Nothing is looked at again once all is
 * where it belongs. */
static void look(struct jb_agent *a, bool offers)
{
    uint8_t page[PAGE][JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES] = {0};
    size_t count = PAGE;
    enum jb_err err = JB_OK;
    bool settled = true;

    a->blobs->completed = false;
    while (err == JB_OK && count == PAGE) {
        err = jb_blob_hashes(a->ledger, after, page, PAGE, &count);
        for (size_t i = 0; i < count && err == JB_OK; i++) {
            bool here = jb_blobs_complete(a->blobs->store, page[i]);
            int64_t case_no = 0;
            if (here)
                settled = (!offers || offer(a, page[i])) && settled;
            else if (allowed(a, page[i], &case_no)) {
                (void)jb_blobline_fetch(&a->blobs->line, page[i]);
                settled = false;
            }
        }
        if (count > 0)
            memcpy(after, page[count - 1], sizeof after);
    }
    a->blobs->settled = offers && settled && err == JB_OK;
}

/* A receipt once more. */
static enum jb_err say_have(void *ctx, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_agent *a = ctx;
    struct jb_frame have = {.kind = JB_FRAME_BLOB_HAVE};

    if (!jb_blobs_complete(a->blobs->store, hash))
        return JB_NOT_FOUND;
    memcpy(have.blob_hash, hash, sizeof have.blob_hash);
    enum jb_err err = sign(a, hash, &have);
    return err == JB_OK ? send_frame(a, &have) : err;
}

static void on_again(uv_timer_t *timer);

static void again_later(struct jb_agent *a)
{
    if (!uv_is_active((uv_handle_t *)&a->blobs->again))
        (void)uv_timer_start(&a->blobs->again, on_again, AGAIN_MS, 0);
}

static void say_again(struct jb_agent *a)
{
    if (jb_told_again(&a->blobs->told, jb_clock_read(&a->mono), say_have, a))
        again_later(a);
}

static void on_again(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;

    if (!line_up(a))
        return; /* a greeting comes, with all of it */
    say_again(a);
    jb_blobline_ask_again(&a->blobs->line, AGAIN_MS / 2);
    if (!a->blobs->line.busy && !a->blobs->settled)
        look(a, true);
}

void jb_agent_blob_put_off(struct jb_agent *a)
{
    if (a->blobs == NULL || a->stopping)
        return;
    jb_told_doubt(&a->blobs->told);
    again_later(a);
}

void jb_agent_blobs_welcomed(struct jb_agent *a)
{
    if (a->blobs == NULL)
        return;
    jb_blobline_reset(&a->blobs->line);
    if (!line_up(a))
        return;
    jb_told_doubt(&a->blobs->told); /* the line broke under them, or the broker's disk was full */
    say_again(a);
    look(a, true);
}

static void wake_pump(struct jb_agent *a, uint64_t after_ms);

void jb_agent_blob_frame(struct jb_agent *a, const struct jb_frame *f)
{
    struct jb_fault fault = {""};
    enum jb_err err;

    if (a->blobs == NULL || !a->line.welcomed)
        return;
    err = jb_blobline_take(&a->blobs->line, f, &fault);
    if (err != JB_OK) {
        trouble(a, f->blob_hash, err, fault.text);
        return;
    }
    if (a->blobs->line.queued > 0)
        wake_pump(a, 0);
    if (a->blobs->completed && !a->blobs->line.busy && !a->blobs->settled)
        look(a, false); /* the line remembers again */
}

void jb_agent_blobs_news(struct jb_agent *a, const struct jb_agent_news *news)
{
    bool purge = false;
    bool more = false;

    if (a->blobs == NULL)
        return;
    for (const struct jb_agent_news *n = news; n != NULL; n = n->next) {
        const struct jb_entry *e = &n->applied.entry;
        bool entry = n->applied.item.kind == JB_ITEM_ENTRY;
        purge = purge || n->applied.item.kind == JB_ITEM_LEFT ||
                (entry && e->act.kind == JB_ACT_ERASE_KEY) ||
                (n->applied.item.kind == JB_ITEM_REFUSAL && n->settled.kind == JB_ACT_ATTACH);
        if (entry && e->act.kind == JB_ACT_ATTACH)
            fresh_no_more(a->blobs, e->act.content_hash);
        /* a registration that comes as history brings the right to read */
        more = more || (entry && (e->act.kind == JB_ACT_ATTACH ||
                                  (n->applied.item.history && jb_act_may_open(e->act.kind))));
    }
    if (purge)
        collect(a);
    a->blobs->settled = a->blobs->settled && !more;
    if (more && line_up(a))
        look(a, true);
}

static void on_pump(uv_timer_t *timer)
{
    jb_agent_blobs_pump(timer->data);
}

static void wake_pump(struct jb_agent *a, uint64_t after_ms)
{
    if (!a->stopping)
        (void)uv_timer_start(&a->blobs->pump, on_pump, after_ms, 0);
}

void jb_agent_blobs_pump(struct jb_agent *a)
{
    struct jb_blobline *l = &a->blobs->line;
    bool idle = !a->pump_wanted && a->line.sent >= jb_outbox_made(a->ledger).number;
    bool sent = idle && jb_blobline_pump(l);

    if (l->queued > 0)
        wake_pump(a, sent ? 0 : BLOCKED_MS);
}

void jb_agent_blobs_tick(struct jb_agent *a)
{
    if (a->blobs == NULL)
        return;
    expire(a);
    jb_told_tick(&a->blobs->told, jb_clock_read(&a->mono), line_up(a) && a->line.held[0] == '\0');
    jb_blobline_tick(&a->blobs->line);
    if (line_up(a) && !a->blobs->line.busy && !a->blobs->settled)
        look(a, true);
}

enum jb_err jb_agent_blobs_start(struct jb_agent *a, struct jb_fault *fault)
{
    struct jb_agent_blobs *s = calloc(1, sizeof *s);

    if (s == NULL)
        return JB_NOMEM;
    a->blobs = s;
    s->agent = a;
    s->pump.data = a;
    s->again.data = a;
    if (uv_timer_init(a->loop, &s->pump) != 0 || uv_timer_init(a->loop, &s->again) != 0)
        return JB_IO;
    enum jb_err err =
        jb_blobs_open(a->config->data, a->config->blob_bytes, a->keys.suite, &s->store, fault);
    if (err != JB_OK)
        return err;
    jb_blobline_init(&s->line, s->store, &hooks, a);
    collect(a);
    return JB_OK;
}

static void timer_close(uv_timer_t *timer)
{
    if (timer->type != UV_UNKNOWN_HANDLE && !uv_is_closing((uv_handle_t *)timer))
        uv_close((uv_handle_t *)timer, NULL);
}

void jb_agent_blobs_stop(struct jb_agent *a)
{
    if (a->blobs == NULL)
        return;
    timer_close(&a->blobs->pump);
    timer_close(&a->blobs->again);
}

void jb_agent_blobs_fini(struct jb_agent *a)
{
    struct jb_agent_blobs *s = a->blobs;

    if (s == NULL)
        return;
    for (size_t i = 0; i < JB_AGENT_UPLOADS; i++)
        jb_blob_spool_close(&s->uploads[i].spool);
    jb_blobs_close(&s->store);
    free(s);
    a->blobs = NULL;
}
