/* See blobline.h. */
#include "proto/ledger/blobline.h"

#include "proto/base/clock.h"

#define STUCK_MS 60000
#define ARENA_BYTES ((size_t)2 * 1024 * 1024)

static void next(struct jb_blobline *l);

void jb_blobline_init(struct jb_blobline *l, struct jb_blobs *store,
                      const struct jb_blobline_hooks *hooks, void *ctx)
{
    *l = (struct jb_blobline){.store = store, .hooks = hooks, .ctx = ctx};
}

void jb_blobline_reset(struct jb_blobline *l)
{
    jb_blobline_init(l, l->store, l->hooks, l->ctx);
}

static void say(struct jb_blobline *l, struct jb_frame *f)
{
    (void)!l->hooks->send(l->ctx, f); /* what is lost is asked for again: jb_blobline_tick */
}

static struct jb_frame about(enum jb_frame_kind kind, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_frame f = {.kind = kind};

    memcpy(f.blob_hash, hash, sizeof f.blob_hash);
    return f;
}

static void say_gone(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES], enum jb_err err,
                     const char *text)
{
    struct jb_frame gone = about(JB_FRAME_BLOB_GONE, hash);

    gone.error = (uint32_t)err;
    gone.text = jb_text_of(text);
    say(l, &gone);
}

/* ---- sending ---- */

void jb_blobline_offer(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_arena arena;
    struct jb_frame offer = about(JB_FRAME_BLOB_OFFER, hash);

    if (!jb_blobs_complete(l->store, hash) || !l->hooks->allowed(l->ctx, hash, &offer.case_no))
        return;
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = jb_blobs_manifest(l->store, hash, &arena, &offer.manifest);
    if (err == JB_OK)
        say(l, &offer);
    else
        l->hooks->trouble(l->ctx, hash, err, "the manifest cannot be read");
    jb_arena_fini(&arena);
}

static void unqueue(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    unsigned kept = 0;

    for (unsigned i = 0; i < l->queued; i++)
        if (memcmp(l->queue[i].hash, hash, JB_HASH_BYTES) != 0)
            l->queue[kept++] = l->queue[i];
    l->queued = kept;
}

static enum jb_err enqueue(struct jb_blobline *l, const struct jb_frame *f, uint32_t total)
{
    for (size_t i = 0; i < f->missing_count; i++) {
        const struct jb_blob_range *r = &f->missing[i];
        if (r->count == 0 || r->first >= total || r->count > total - r->first)
            return JB_RANGE;
        for (uint32_t k = 0; k < r->count; k++) {
            if (l->queued == JB_BLOB_WINDOW)
                return JB_OVERFLOW;
            struct jb_blob_piece *piece = &l->queue[l->queued++];
            memcpy(piece->hash, f->blob_hash, JB_HASH_BYTES);
            piece->index = r->first + k;
        }
    }
    return JB_OK;
}

/* For whom it is not, a blob that exists and one that does not are the same. */
static enum jb_err take_want(struct jb_blobline *l, const struct jb_frame *f,
                             struct jb_fault *fault)
{
    struct jb_blob_state state;
    int64_t case_no = 0;

    if (f->missing_count == 0 && f->window_chunks == 0) {
        unqueue(l, f->blob_hash);
        return JB_OK;
    }
    if (!l->hooks->allowed(l->ctx, f->blob_hash, &case_no)) {
        say_gone(l, f->blob_hash, JB_NOT_FOUND, "not found");
        return JB_OK;
    }
    if (!jb_blobs_complete(l->store, f->blob_hash)) {
        say_gone(l, f->blob_hash, JB_BUSY, "not here yet");
        return JB_OK;
    }
    if (f->missing_count == 0) {
        jb_blobline_offer(l, f->blob_hash);
        return JB_OK;
    }
    (void)jb_blobs_state(l->store, f->blob_hash, &state);
    enum jb_err err = enqueue(l, f, state.total);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "blob_want: no such chunks, or more than %d at a time",
                            JB_BLOB_WINDOW);
    return JB_OK;
}

bool jb_blobline_pump(struct jb_blobline *l)
{
    struct jb_arena arena;
    int64_t case_no = 0;

    if (l->queued == 0)
        return false;
    struct jb_blob_piece piece = l->queue[0];
    memmove(&l->queue[0], &l->queue[1], (size_t)--l->queued * sizeof l->queue[0]);
    struct jb_frame chunk = about(JB_FRAME_BLOB_CHUNK, piece.hash);
    chunk.index = piece.index;
    jb_arena_init(&arena, ARENA_BYTES);
    bool allowed = l->hooks->allowed(l->ctx, piece.hash, &case_no);
    enum jb_err err = !allowed
                          ? JB_NOT_FOUND
                          : jb_blobs_read(l->store, piece.hash, piece.index, &arena, &chunk.body);
    enum jb_err sent = err == JB_OK ? l->hooks->send(l->ctx, &chunk) : JB_OK;
    jb_arena_fini(&arena);
    if (sent == JB_BUSY && l->queued < JB_BLOB_WINDOW) { /* its turn again, first of all */
        memmove(&l->queue[1], &l->queue[0], (size_t)l->queued++ * sizeof l->queue[0]);
        l->queue[0] = piece;
        return false;
    }
    if (err == JB_CORRUPT)
        l->hooks->trouble(l->ctx, piece.hash, err, "a piece on this disk is damaged");
    if (err != JB_OK) {
        unqueue(l, piece.hash);
        say_gone(l, piece.hash, err == JB_NOT_FOUND ? err : JB_BUSY, "it cannot be read now");
        return false;
    }
    return sent == JB_OK;
}

/* ---- receiving ---- */

static bool in_hand(const struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    return l->busy && memcmp(l->wanted[0], hash, JB_HASH_BYTES) == 0;
}

bool jb_blobline_fetch(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    if (jb_blobs_complete(l->store, hash))
        return true;
    for (unsigned i = 0; i < l->wanted_count; i++)
        if (memcmp(l->wanted[i], hash, JB_HASH_BYTES) == 0)
            return true;
    if (l->wanted_count == JB_BLOB_WANTED)
        return false;
    memcpy(l->wanted[l->wanted_count++], hash, JB_HASH_BYTES);
    if (!l->busy)
        next(l);
    return true;
}

/* Done with this one, whatever came of it. */
static void put_down(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    bool was = in_hand(l, hash);

    for (unsigned i = 0; i < l->wanted_count; i++) {
        if (memcmp(l->wanted[i], hash, JB_HASH_BYTES) != 0)
            continue;
        memmove(l->wanted[i], l->wanted[i + 1], (size_t)(l->wanted_count - i - 1) * JB_HASH_BYTES);
        l->wanted_count--;
        break;
    }
    if (!was)
        return;
    l->busy = false;
    l->receiving = false;
    l->asked_count = 0;
    next(l);
}

/* Ask for the offer of the first one that waits. */
static void next(struct jb_blobline *l)
{
    if (l->busy || l->wanted_count == 0)
        return;
    struct jb_frame want = about(JB_FRAME_BLOB_WANT, l->wanted[0]);
    want.window_chunks = JB_BLOB_WINDOW;
    l->busy = true;
    l->receiving = false;
    l->bad = 0;
    l->asked_count = 0;
    l->moved_mono_ms = jb_clock_mono_ms();
    say(l, &want);
}

static bool is_asked(const struct jb_blobline *l, uint32_t index)
{
    for (unsigned i = 0; i < l->asked_count; i++)
        if (l->asked[i] == index)
            return true;
    return false;
}

static void unask(struct jb_blobline *l, uint32_t index)
{
    for (unsigned i = 0; i < l->asked_count; i++)
        if (l->asked[i] == index) {
            l->asked[i] = l->asked[--l->asked_count];
            return;
        }
}

/* Keep as many under way as the window allows, in the order of the contents. */
static void ask_on(struct jb_blobline *l)
{
    struct jb_blob_range ranges[JB_BLOB_WINDOW];
    struct jb_frame want = about(JB_FRAME_BLOB_WANT, l->wanted[0]);
    uint32_t from = 0;

    want.missing = ranges;
    want.window_chunks = JB_BLOB_WINDOW;
    while (l->asked_count < JB_BLOB_WINDOW) {
        uint32_t index = jb_blobs_missing(l->store, want.blob_hash, from);
        if (index == UINT32_MAX)
            break;
        from = index + 1;
        if (is_asked(l, index))
            continue;
        l->asked[l->asked_count++] = index;
        ranges[want.missing_count++] = (struct jb_blob_range){index, 1};
    }
    if (want.missing_count > 0)
        say(l, &want);
}

static void finish(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_frame have = about(JB_FRAME_BLOB_HAVE, hash);
    uint8_t done[JB_HASH_BYTES];

    memcpy(done, hash, sizeof done);
    if (l->hooks->complete(l->ctx, done, &have) == JB_OK)
        say(l, &have);
    put_down(l, done);
}

/* Quotas go by what the entry says: contents of another size are not taken. */
static enum jb_err begin(struct jb_blobline *l, const struct jb_frame *f, struct jb_fault *fault)
{
    struct jb_arena arena;
    struct jb_blob_manifest m;

    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err =
        jb_blob_manifest_decode(f->manifest, jb_blobs_suite(l->store), &arena, &m, fault);
    if (err == JB_OK && !l->hooks->fits(l->ctx, f->blob_hash, jb_blob_plain_bytes(&m)))
        err = jb_fault_set(fault, JB_RANGE, "the contents have another size than the entry says");
    jb_arena_fini(&arena);
    return err == JB_OK ? jb_blobs_begin(l->store, f->blob_hash, f->manifest, fault) : err;
}

static enum jb_err take_offer(struct jb_blobline *l, const struct jb_frame *f,
                              struct jb_fault *fault)
{
    int64_t case_no = 0;

    if (!l->hooks->allowed(l->ctx, f->blob_hash, &case_no)) {
        say_gone(l, f->blob_hash, JB_NOT_FOUND, "not found");
        put_down(l, f->blob_hash);
        return JB_OK;
    }
    if (jb_blobs_complete(l->store, f->blob_hash)) {
        finish(l, f->blob_hash);
        return JB_OK;
    }
    if (!in_hand(l, f->blob_hash)) {
        (void)jb_blobline_fetch(l, f->blob_hash); /* its turn comes */
        return JB_OK;
    }
    if (l->receiving)
        return JB_OK;
    enum jb_err err = begin(l, f, fault);
    if (err == JB_OK) {
        l->receiving = true;
        l->moved_mono_ms = jb_clock_mono_ms();
        ask_on(l);
        return JB_OK;
    }
    l->hooks->trouble(l->ctx, f->blob_hash, err, fault->text);
    say_gone(l, f->blob_hash, err, fault->text);
    put_down(l, f->blob_hash);
    return JB_OK;
}

/* Not what the manifest says: asked for again, a few times. */
static void bad_chunk(struct jb_blobline *l, const struct jb_frame *f)
{
    l->hooks->trouble(l->ctx, f->blob_hash, JB_CORRUPT, "a piece came that does not have its hash");
    if (++l->bad >= JB_BLOB_BAD_MAX) {
        say_gone(l, f->blob_hash, JB_CORRUPT, "pieces do not have their hashes");
        put_down(l, f->blob_hash);
    } else {
        ask_on(l);
    }
}

static enum jb_err take_chunk(struct jb_blobline *l, const struct jb_frame *f,
                              struct jb_fault *fault)
{
    struct jb_blob_state state;

    (void)fault;
    if (!in_hand(l, f->blob_hash) || !l->receiving || !is_asked(l, f->index))
        return JB_OK; /* late, or twice */
    enum jb_err err = jb_blobs_check(l->store, f->blob_hash, f->index, f->body);
    l->moved_mono_ms = jb_clock_mono_ms();
    if (err == JB_CORRUPT || err == JB_RANGE) {
        unask(l, f->index);
        bad_chunk(l, f);
        return JB_OK;
    }
    if (err != JB_OK || !jb_blobs_state(l->store, f->blob_hash, &state)) {
        put_down(l, f->blob_hash); /* dropped meanwhile */
        return JB_OK;
    }
    l->writing++;
    l->hooks->write(l->ctx, f->blob_hash, state.chunk_bytes, f->index, f->body);
    return JB_OK;
}

void jb_blobline_stored(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                        enum jb_err err)
{
    bool complete = false;

    if (l->writing > 0)
        l->writing--;
    if (err == JB_OK)
        err = jb_blobs_wrote(l->store, hash, index, &complete);
    if (!in_hand(l, hash))
        return;
    unask(l, index);
    if (err != JB_OK) {
        l->hooks->trouble(l->ctx, hash, err, "a piece could not be stored");
        say_gone(l, hash, err, "it cannot be stored");
        put_down(l, hash);
    } else if (complete) {
        finish(l, hash);
    } else if (l->asked_count <= JB_BLOB_WINDOW / 2) {
        ask_on(l);
    }
}

static enum jb_err take_have(struct jb_blobline *l, const struct jb_frame *f,
                             struct jb_fault *fault)
{
    int64_t case_no = 0;
    unqueue(l, f->blob_hash);
    if (!l->hooks->allowed(l->ctx, f->blob_hash, &case_no))
        return JB_OK;
    enum jb_err err = l->hooks->received(l->ctx, f);
    return err == JB_OK ? JB_OK : jb_fault_set(fault, err, "blob_have: %s", jb_err_text(err));
}

static enum jb_err take_gone(struct jb_blobline *l, const struct jb_frame *f,
                             struct jb_fault *fault)
{
    (void)fault;
    if (f->error != JB_BUSY) /* it is not here yet: what it wants of it from us is another matter */
        unqueue(l, f->blob_hash);
    put_down(l, f->blob_hash);
    return JB_OK;
}

enum jb_err jb_blobline_take(struct jb_blobline *l, const struct jb_frame *f,
                             struct jb_fault *fault)
{
    static enum jb_err (*const takers[])(struct jb_blobline *, const struct jb_frame *,
                                         struct jb_fault *) = {
        take_offer, take_want, take_chunk, take_have, take_gone,
    };
    unsigned i = (unsigned)f->kind - JB_FRAME_BLOB_OFFER;

    if (i >= sizeof takers / sizeof takers[0])
        return jb_fault_set(fault, JB_UNKNOWN_KIND, "not a frame about attachments");
    return takers[i](l, f, fault);
}

void jb_blobline_ask_again(struct jb_blobline *l, int64_t still_ms)
{
    if (!l->busy || l->writing > 0 || jb_clock_mono_ms() - l->moved_mono_ms < still_ms)
        return;
    l->busy = false;
    next(l);
}

void jb_blobline_tick(struct jb_blobline *l)
{
    jb_blobline_ask_again(l, STUCK_MS);
}
