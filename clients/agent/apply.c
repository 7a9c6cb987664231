/* Deliveries to replica: gather, apply in one transaction, acknowledge what is on the disk.
 *
 * Everything that waits in one loop turn shares a transaction. A frame is believed only when the
 * chain over its items gives the head that the broker signed; this is checked before the commit,
 * and a frame that fails undoes itself and everything behind it. The head of the last frame stands
 * for all before it, so that one signature is verified and kept. Repeats are known by their number.
 */
#include "clients/agent/former.h"

#include <sodium.h>

#include "proto/base/log.h"
#include "proto/base/mutant.h"

#define GATHER_BYTES ((size_t)2 * 1024 * 1024) /* applied at once when so much has gathered */
#define GATHER_ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define APPLY_ARENA_BYTES ((size_t)128 * 1024 * 1024)
#define RESYNC_MS 60000
/* Of items that wait for a signed head: what is asked for after a restore goes out in pieces that
 * end at one, so none may be far from the next. */
#define UNPROVEN_ITEMS 256
#define UNPROVEN_BYTES ((size_t)256 * 1024)
#define AGENT_USER "jiaoban-agent" /* who acts when no person does */

struct jb_agent_delivery {
    struct jb_agent_delivery *next;
    struct jb_frame frame;
};

/* ---- gather ---- */

void jb_agent_gather_drop(struct jb_agent *a)
{
    struct jb_agent_gather *g = &a->gather;
    jb_arena_fini(&g->arena);
    jb_arena_init(&g->arena, GATHER_ARENA_BYTES);
    g->first = NULL;
    g->last = &g->first;
    g->count = 0;
    g->bytes = 0;
}

void jb_agent_gather(struct jb_agent *a, struct jb_bytes frame)
{
    struct jb_agent_gather *g = &a->gather;
    struct jb_fault fault = {""};
    struct jb_bytes copy = {jb_arena_memdup(&g->arena, frame.data, frame.len), frame.len};
    struct jb_agent_delivery *d = jb_arena_alloc(&g->arena, sizeof *d);
    enum jb_err err = copy.data == NULL || d == NULL ? JB_NOMEM : JB_OK;
    if (err == JB_OK)
        err = jb_frame_decode(copy, &g->arena, &d->frame, &fault);
    if (err == JB_NOMEM && g->arena.used_bytes < GATHER_ARENA_BYTES / 2) {
        jb_agent_fail(a, err, "taking a delivery"); /* ours, not the frame's fault */
        return;
    }
    if (err != JB_OK) {
        jb_log(JB_LOG_ERROR, a->config->code, "deliver.unreadable", "error=%s detail=\"%s\"",
               jb_err_name(err), fault.text);
        jb_agent_apply(a);
        jb_agent_line_break(a, JB_AGENT_RESYNC, RESYNC_MS, "a delivery could not be read");
        return;
    }
    *g->last = d;
    g->last = &d->next;
    g->count++;
    g->bytes += frame.len;
    if (g->bytes >= GATHER_BYTES)
        jb_agent_apply(a);
}

/* ---- apply ---- */

struct applying {
    struct jb_agent *agent;
    struct jb_arena arena;
    struct jb_agent_news *news, **last;
    size_t items;
    int64_t now_ms;
    size_t made;   /* submissions that it led to */
    bool repeated; /* something came again: its acknowledgement may have been lost */
    bool each;     /* verify every frame: one of several is bad, and it is not known which */
    const struct jb_frame *unproven; /* its head is right and its signature not verified yet */
    size_t unproven_items, unproven_bytes; /* since the last one that was */
    struct jb_line_point end;              /* what is acknowledged: */
    uint8_t end_signature[JB_SIGN_BYTES];  /* our own, over it */
    enum jb_err err;                       /* of FAILED */
    struct jb_fault fault;
};

/* What became of one frame. */
enum outcome {
    TAKEN,
    GAP,     /* skips a number: ask to resume */
    REFUSED, /* not what the broker may send: nothing of it is kept */
    FAILED,  /* our own disk or memory */
};

static bool own_fault(enum jb_err err)
{
    return err == JB_NOMEM || err == JB_IO || err == JB_FULL || err == JB_LOCKED || err == JB_BUSY;
}

/* The case was left and is gone from this disk: say so, signed with the up line, together with the
 * purge itself. */
static enum jb_err submit_purged(struct applying *p, struct jb_agent_news *n)
{
    struct jb_agent *a = p->agent;
    struct jb_act act = {
        .kind = JB_ACT_PURGED, .case_no = n->applied.case_no, .number = n->applied.item.number};
    struct jb_submission s = {.user = jb_text_of(AGENT_USER), .made_at_ms = p->now_ms};
    struct jb_outbox_item item = {
        .made_at_ms = p->now_ms, .kind = act.kind, .case_no = act.case_no, .user = s.user};
    enum jb_err err = jb_act_encode(&act, &p->arena, &s.act_bytes);
    if (err == JB_OK)
        err = jb_submission_encode(&s, &p->arena, &item.body);
    if (err == JB_OK)
        err = jb_outbox_add(a->ledger, &item);
    p->made += err == JB_OK;
    if (err == JB_OK)
        n->made = (struct jb_agent_pending){
            .number = item.number, .case_no = item.case_no, .kind = item.kind};
    return err;
}

static enum jb_err take_item(struct applying *p, const struct jb_frame_item *item)
{
    struct jb_agent *a = p->agent;
    struct jb_agent_news *n = jb_arena_alloc(&p->arena, sizeof *n);
    if (n == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_replica_take(a->ledger, item, &p->arena, &n->applied, &p->fault);
    if (err != JB_OK)
        return err;
    if (n->applied.key_unfit)
        jb_log(JB_LOG_ERROR, a->config->code, "key.unfit",
               "case=%lld item=%llu text=\"the broker sent a key of this case that does not fit "
               "what is sealed in it: not kept, what is sealed stays closed; the table case_key in "
               "the broker's record was changed\"",
               (long long)n->applied.case_no, (unsigned long long)n->applied.item.number);
    const struct jb_agent_pending *pending =
        jb_agent_pendings_find(&a->pending, n->applied.item.settles);
    if (pending != NULL)
        n->settled = *pending;
    err = jb_agent_concern(a, n, p->now_ms, &p->arena);
    if (err == JB_OK && n->applied.item.kind == JB_ITEM_ENTRY)
        err = jb_agent_former_seen(a, &n->applied.entry);
    if (err == JB_OK && n->applied.item.kind == JB_ITEM_LEFT)
        err = submit_purged(p, n);
    if (err != JB_OK)
        return err;
    *p->last = n;
    p->last = &n->next;
    p->items++;
    return JB_OK;
}

/* Verify the head of the last frame that was taken: the chain makes it cover those before it. */
static enum jb_err prove(struct applying *p)
{
    struct jb_agent *a = p->agent;
    const struct jb_frame *f = p->unproven;
    struct jb_line_point own = jb_replica_down(a->ledger);
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_DOWN_HEAD, jb_replica_node(a->ledger),
                                                  own.epoch, own.number, own.head);
    if (f == NULL)
        return JB_OK;
    p->unproven = NULL;
    p->unproven_items = 0;
    p->unproven_bytes = 0;
    enum jb_err err = f->suite == a->broker.suite
                          ? jb_line_verify(f->suite, a->broker.sign, &claim, f->signature)
                          : JB_UNSUPPORTED;
    if (err != JB_OK)
        return jb_fault_set(&p->fault, err, "item %llu: the broker's signature does not verify",
                            (unsigned long long)own.number);
    return jb_replica_proof_add(a->ledger, &own, f->suite, f->signature, p->now_ms);
}

static enum jb_err check_head(struct applying *p, const struct jb_frame *f)
{
    struct jb_line_point own = jb_replica_down(p->agent->ledger);
    if (memcmp(own.head, f->head, JB_HASH_BYTES) != 0) {
        char ours[2 * JB_HASH_BYTES + 1];
        char theirs[2 * JB_HASH_BYTES + 1];
        (void)sodium_bin2hex(ours, sizeof ours, own.head, sizeof own.head);
        (void)sodium_bin2hex(theirs, sizeof theirs, f->head, sizeof f->head);
        return jb_fault_set(&p->fault, JB_DIVERGED,
                            "item %llu: the chain leads to the head %s, the broker sent %s",
                            (unsigned long long)own.number, ours, theirs);
    }
    p->unproven = f;
    p->unproven_items += f->item_count;
    for (size_t i = 0; i < f->item_count; i++)
        p->unproven_bytes += f->items[i].body.len;
    bool far = p->unproven_items >= UNPROVEN_ITEMS || p->unproven_bytes >= UNPROVEN_BYTES;
    return p->each || far ? prove(p) : JB_OK;
}

/* What a failure means for the frames. */
static enum outcome failed(struct applying *p, enum jb_err err)
{
    if (p->fault.text[0] == '\0')
        (void)jb_fault_set(&p->fault, err, "%s", jb_err_text(err));
    p->err = err;
    return own_fault(err) ? FAILED : REFUSED;
}

static enum outcome take_frame(struct applying *p, const struct jb_frame *f)
{
    struct jb_agent *a = p->agent;
    struct jb_line_point own = jb_replica_down(a->ledger);
    if (jb_replica_node(a->ledger) == 0 || memcmp(own.epoch, f->epoch, JB_EPOCH_BYTES) != 0 ||
        f->first == 0 || f->first > UINT64_MAX - f->item_count) {
        (void)jb_fault_set(&p->fault, JB_OLD, "a delivery of another epoch, or without a number");
        return REFUSED;
    }
    if (f->first > own.number + 1)
        return GAP;
    uint64_t old = own.number + 1 - f->first; /* so many are here already */
    if (old > 0)
        p->repeated = true;
    if (old >= f->item_count)
        return TAKEN;
    enum jb_err err = JB_OK;
    for (size_t i = (size_t)old; i < f->item_count && err == JB_OK; i++)
        err = take_item(p, &f->items[i]);
    if (err == JB_OK)
        err = check_head(p, f);
    return err == JB_OK ? TAKEN : failed(p, err);
}

/* What we sign: everything up to this point of our stream is on the disk. */
static enum jb_err sign_point(const struct jb_agent *a, const struct jb_line_point *point,
                              uint8_t signature[JB_SIGN_BYTES])
{
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_DOWN_ACK, jb_replica_node(a->ledger),
                                                  point->epoch, point->number, point->head);
    return jb_line_sign(a->keys.suite, a->keys.sign_secret, &claim, signature);
}

/* Our signature over everything that this transaction puts on the disk. */
static enum jb_err sign_ack(struct applying *p)
{
    struct jb_agent *a = p->agent;
    p->end = jb_replica_down(a->ledger);
    enum jb_err err = sign_point(a, &p->end, p->end_signature);
    if (err == JB_OK)
        err = jb_replica_ack_add(a->ledger, &p->end, a->keys.suite, p->end_signature, p->now_ms);
    return err;
}

static void applying_reset(struct applying *p)
{
    jb_arena_reset(&p->arena);
    p->news = NULL;
    p->last = &p->news;
    p->items = 0;
    p->made = 0;
    p->unproven = NULL;
    p->unproven_items = 0;
    p->unproven_bytes = 0;
    jb_agent_former_seen_end(p->agent, false);
}

/* What this transaction put into the outbox; there is room for it. */
static void remember_made(struct applying *p)
{
    for (const struct jb_agent_news *n = p->news; n != NULL; n = n->next) {
        if (n->made.number == 0)
            continue;
        jb_agent_pendings_add(&p->agent->pending, n->made);
        p->agent->pump_wanted = true;
    }
}

/* Nothing may fail after the commit: memory would be behind the disk. */
static enum jb_err finish_transaction(struct applying *p)
{
    enum jb_err err = sign_ack(p);
    if (err == JB_OK)
        err = jb_agent_pendings_reserve(&p->agent->pending, p->made);
    if (err != JB_OK) {
        jb_ledger_rollback(p->agent->ledger);
        return err;
    }
    if (JB_MUTANT == JB_MUTANT_ACK_EARLY) {
        jb_agent_acknowledge(p->agent);
        uv_sleep(20); /* a commit takes too little to be killed in it by chance */
    }
    err = jb_ledger_commit(p->agent->ledger);
    if (err != JB_OK)
        return err;
    remember_made(p);
    jb_agent_former_seen_end(p->agent, true);
    return JB_OK;
}

/* The first `limit` frames, as far as they can be taken, and the proof of where that ends. */
static enum outcome take_frames(struct applying *p, const struct jb_agent_delivery *first,
                                size_t limit, size_t *done)
{
    enum outcome outcome = TAKEN;
    for (const struct jb_agent_delivery *d = first; d != NULL && *done < limit; d = d->next) {
        outcome = take_frame(p, &d->frame);
        if (outcome != TAKEN)
            break;
        (*done)++;
    }
    enum jb_err err = outcome == TAKEN || outcome == GAP ? prove(p) : JB_OK;
    return err == JB_OK ? outcome : failed(p, err);
}

/* Apply the first `limit` frames in one transaction. *done: how many could be taken; if they are
 * not TAKEN and it is not because of a GAP, nothing was kept. */
static enum outcome apply_frames(struct applying *p, const struct jb_agent_delivery *first,
                                 size_t limit, size_t *done)
{
    struct jb_ledger *l = p->agent->ledger;
    applying_reset(p);
    p->fault.text[0] = '\0';
    *done = 0;
    p->err = jb_ledger_begin(l);
    if (p->err != JB_OK)
        return FAILED;
    jb_replica_hold(l);
    enum outcome outcome = take_frames(p, first, limit, done);
    if ((outcome != TAKEN && outcome != GAP) || p->items == 0) {
        jb_ledger_rollback(l);
        applying_reset(p);
        return outcome;
    }
    p->err = finish_transaction(p);
    if (p->err == JB_OK)
        return outcome;
    applying_reset(p);
    return FAILED;
}

static void send_ack(struct jb_agent *a, const struct jb_line_point *point, uint8_t suite,
                     const uint8_t signature[JB_SIGN_BYTES])
{
    struct jb_frame ack = {.kind = JB_FRAME_ACK,
                           .number = point->number,
                           .suite = suite,
                           .window_items = (uint32_t)a->config->window_items,
                           .window_bytes = (uint32_t)a->config->window_bytes};
    memcpy(ack.epoch, point->epoch, sizeof ack.epoch);
    memcpy(ack.head, point->head, sizeof ack.head);
    memcpy(ack.signature, signature, sizeof ack.signature);
    enum jb_err err = jb_agent_line_send(a, &ack);
    if (err != JB_OK) /* sent again after the next greeting */
        jb_log(JB_LOG_DEBUG, a->config->code, "ack.unsent", "error=%s", jb_err_name(err));
}

void jb_agent_acknowledge(struct jb_agent *a)
{
    struct jb_line_point point;
    uint8_t suite = 0;
    uint8_t signature[JB_SIGN_BYTES];
    enum jb_err err = jb_replica_ack_last(a->ledger, &point, &suite, signature);
    if (err == JB_NOT_FOUND)
        return;
    if (err != JB_OK) {
        jb_agent_fail(a, err, "reading the last acknowledgement");
        return;
    }
    /* The record may go on in a new epoch since: what was received is the same. */
    memcpy(point.epoch, jb_replica_down(a->ledger).epoch, sizeof point.epoch);
    /* Signed again: the stored one may be by a key that has been replaced since. */
    err = sign_point(a, &point, signature);
    if (err == JB_OK)
        send_ack(a, &point, suite, signature);
    else
        jb_log(JB_LOG_DEBUG, a->config->code, "ack.unsent", "error=%s", jb_err_name(err));
}

static void finish(struct applying *p, enum outcome outcome)
{
    struct jb_agent *a = p->agent;
    if (a->stopping)
        return;
    if (outcome == FAILED) {
        jb_agent_fail(a, p->err, "applying a delivery");
        return;
    }
    if (p->items > 0)
        send_ack(a, &p->end, a->keys.suite, p->end_signature);
    else if (p->repeated)
        jb_agent_acknowledge(a);
    if (p->items > 0)
        jb_agent_news_spread(a, p->news);
    if (outcome == TAKEN) {
        jb_agent_line_advance(a);
    } else if (outcome == GAP) {
        jb_log(JB_LOG_WARNING, a->config->code, "deliver.gap", "have=%llu",
               (unsigned long long)jb_replica_down(a->ledger).number);
        if (a->line.welcomed) /* else a greeting is under way already */
            jb_agent_line_greet(a);
    } else {
        jb_log(JB_LOG_ERROR, a->config->code, "deliver.refused", "detail=\"%s\"", p->fault.text);
        jb_agent_line_break(a, JB_AGENT_RESYNC, RESYNC_MS, p->fault.text);
    }
}

/* All of them; of a bad one and those behind it nothing. */
static enum outcome apply_good(struct applying *p, const struct jb_agent_gather *taken)
{
    size_t done = 0;
    p->each = false;
    enum outcome outcome = apply_frames(p, taken->first, taken->count, &done);
    if (outcome != REFUSED || taken->count == 1)
        return outcome;
    p->each = true;
    outcome = apply_frames(p, taken->first, taken->count, &done);
    if (outcome == REFUSED && done > 0) { /* the frames before the bad one stand on their own */
        size_t good = done;
        struct jb_fault why = p->fault;
        outcome = apply_frames(p, taken->first, good, &done);
        outcome = outcome == TAKEN ? REFUSED : outcome;
        p->fault = why;
    }
    return outcome;
}

void jb_agent_apply(struct jb_agent *a)
{
    struct jb_agent_gather taken = a->gather;
    struct applying p = {.agent = a, .now_ms = jb_agent_now(a)};
    if (taken.count == 0)
        return;
    jb_agent_house_busy(a);
    a->gather.arena = (struct jb_arena){0};
    jb_agent_gather_drop(a);
    jb_arena_init(&p.arena, APPLY_ARENA_BYTES);
    enum outcome outcome = apply_good(&p, &taken);
    /* What is here already is taken to its end with the room that was kept for it. */
    bool full = outcome == FAILED && p.err == JB_FULL && jb_reserve_free(&a->reserve);
    if (full)
        outcome = apply_good(&p, &taken);
    finish(&p, outcome);
    if (full && outcome != FAILED && !a->stopping)
        jb_agent_fail(a, JB_FULL, "applying a delivery");
    jb_arena_fini(&p.arena);
    jb_arena_fini(&taken.arena);
}
