/* Load and decide: turns the items of a batch, in their order, into operations for the commit.
 *
 * One bad submission spoils only itself: whatever cannot be read or is refused becomes a refusal
 * that settles just this number. An error returned from here is our own (no memory, a damaged
 * ledger) and stops the process before anything of the batch is confirmed. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/wire/codec.h"

/* ---- refusals ---- */

static struct jb_text text_copy(struct jb_arena *arena, const char *z)
{
    size_t len = strlen(z);
    return (struct jb_text){jb_arena_strndup(arena, z, len), len};
}

static enum jb_err refuse(struct jb_broker *b, struct jb_batch *t,
                          const struct jb_intake_item *item, const struct jb_refused *refusal)
{
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_REFUSAL;
    op->item = item;
    op->refusal = *refusal;
    if (t->arena.overflowed)
        return JB_NOMEM;
    b->count.refusals++;
    return item->source == JB_FROM_LINE ? jb_batch_touch(t, item->node) : JB_OK;
}

/* A submission that could not be read: a technical error number, with what and where. */
static enum jb_err refuse_unread(struct jb_broker *b, struct jb_batch *t,
                                 const struct jb_intake_item *item, enum jb_err err,
                                 const char *detail)
{
    b->count.malformed++;
    struct jb_refused r = {.code = (uint32_t)err,
                           .name = jb_text_of(jb_err_name(err)),
                           .detail = text_copy(&t->arena, detail)};
    return refuse(b, t, item, &r);
}

/* `c`: the case when the submitter may know of it; a stale submission is told who holds it now. */
static enum jb_err refuse_by_rule(struct jb_broker *b, struct jb_batch *t,
                                  const struct jb_intake_item *item, const struct jb_case *c)
{
    const struct jb_verdict *v = &b->verdict;
    struct jb_refused r = {.code = (uint32_t)v->refusal,
                           .name = jb_text_of(jb_refusal_name(v->refusal)),
                           .article = jb_text_of(jb_refusal_article(v->refusal)),
                           .detail = text_copy(&t->arena, v->detail)};
    if (v->refusal == JB_REFUSE_STALE_CUSTODY && c != NULL) {
        r.holder = c->host;
        r.custody = c->custody;
    }
    return refuse(b, t, item, &r);
}

/* ---- acceptance ---- */

enum jb_err jb_decide_accept(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a)
{
    a->entry->seq = t->next_seq;
    a->entry->at_ms = t->now_ms;
    struct jb_audience *audience = NULL;
    size_t audience_count = 0;
    enum jb_err err = jb_audience_find(b, t, a, &audience, &audience_count);
    struct jb_bytes bytes = {NULL, 0};
    if (err == JB_OK)
        err = jb_entry_encode(a->entry, &t->arena, &bytes);
    if (err != JB_OK)
        return err;
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_ENTRY;
    op->item = a->item;
    op->entry = a->entry;
    op->bytes = bytes;
    op->audience = audience;
    op->audience_count = audience_count;
    t->next_seq++;
    b->count.entries++;
    return JB_OK;
}

/* ---- one act ---- */

struct deciding { /* one act */
    struct jb_broker *b;
    struct jb_batch *t;
    const struct jb_intake_item *item; /* NULL: it follows from another act */
    struct jb_entry *entry;
    struct jb_case *c; /* NULL: not about a case */
};

#define FOLLOWING_MAX 16 /* acts that one submission may draw behind it */

/* The other cases that the decision looks at, as this batch sees them. */
static enum jb_err load_others(struct deciding *d, const struct jb_case **others, size_t *count)
{
    int64_t numbers[JB_OTHERS_MAX];
    size_t wanted = jb_act_other_cases(&d->entry->act, d->c, numbers);
    enum jb_err err = JB_OK;
    *count = 0;
    for (size_t i = 0; i < wanted && err == JB_OK; i++) {
        struct jb_case *other = jb_batch_case(d->b, d->t, numbers[i], &err);
        if (other != NULL && other->stage != JB_STAGE_NONE)
            others[(*count)++] = other;
    }
    return err;
}

static bool owes(const struct jb_case *c, uint32_t node)
{
    if (c->host == node && !jb_stage_is_final(c->stage) && c->stage != JB_STAGE_FILE)
        return true;
    for (size_t i = 0; i < c->deadline_count; i++)
        if (c->deadlines[i].node == node && c->deadlines[i].end == JB_END_OPEN)
            return true;
    for (size_t i = 0; i < c->target_count; i++)
        if (c->targets[i].node == node &&
            (c->targets[i].state == JB_TARGET_ISSUED || c->targets[i].state == JB_TARGET_SIGNED ||
             c->targets[i].state == JB_TARGET_OBJECTED))
            return true;
    for (size_t i = 0; i < c->docket_count; i++)
        if (c->dockets[i].node == node && c->dockets[i].closed_ms == 0)
            return true;
    return false;
}

/* What an agency that is to retire still answers for: on disk, and by what this batch decided. */
static enum jb_err count_duties(struct deciding *d, struct jb_question *q)
{
    if (d->entry->act.kind != JB_ACT_RETIRE_NODE)
        return JB_OK;
    jb_follow_wait(d->b);
    enum jb_err err = jb_ledger_catch_up(d->b->ledger);
    if (err == JB_OK)
        err = jb_ledger_node_duties(d->b->ledger, d->entry->act.node, &q->open_duties);
    for (size_t i = 0; i < d->t->case_capacity && err == JB_OK; i++) {
        const struct jb_case *c = d->t->cases[i];
        if (c != NULL && c->last_seq >= d->t->first_seq && owes(c, d->entry->act.node))
            q->open_duties++;
    }
    return err;
}

/* The rules know neither keys nor what an installation can store. */
static enum jb_err judge_contents(struct deciding *d)
{
    bool fits = false;
    enum jb_err err = jb_blob_key_fits(d->b, d->t, d->item, &d->entry->act, &fits);
    if (err == JB_OK && !fits)
        d->b->verdict.refusal = JB_REFUSE_KEY_DIFFERS;
    else if (err == JB_OK)
        jb_attached_judge(d->b, d->t, d->entry, &d->b->verdict);
    return err;
}

/* The verdict on the act, in b->verdict. */
static enum jb_err judge(struct deciding *d)
{
    static const struct jb_case none;
    const struct jb_case *others[JB_OTHERS_MAX];
    struct jb_broker *b = d->b;
    struct jb_act *act = &d->entry->act;
    struct jb_question q = {.act = act,
                            .node = d->entry->node,
                            .user = d->entry->user,
                            .now_ms = d->t->now_ms,
                            .administrator = d->item != NULL && d->item->source == JB_FROM_ADMIN,
                            .others = others};
    enum jb_err err = JB_OK;
    if (jb_act_is_common(act->kind)) {
        err = count_duties(d, &q);
        if (err == JB_OK)
            jb_decide_directory(&b->directory, &q, &b->verdict);
        return err;
    }
    if (act->case_no != 0) {
        d->c = jb_batch_case(b, d->t, act->case_no, &err);
        if (err == JB_OK)
            err = load_others(d, others, &q.other_count);
        if (err != JB_OK)
            return err;
    }
    jb_decide(&b->book, d->c != NULL ? d->c : &none, &q, &b->verdict);
    if (b->verdict.refusal == JB_REFUSE_NONE && act->kind == JB_ACT_RATE &&
        !jb_rating_is_good(b, act)) {
        b->verdict.refusal = JB_REFUSE_VALUE_OUT_OF_RANGE;
        (void)snprintf(b->verdict.detail, sizeof b->verdict.detail,
                       "sealed: no rating of this case and party, sealed to the broker");
    }
    if (b->verdict.refusal == JB_REFUSE_NONE && act->kind == JB_ACT_ATTACH)
        err = judge_contents(d);
    return err;
}

/* A submitter hears why; of the broker's own acts nobody waits for a verdict. */
static enum jb_err refused(struct deciding *d, const struct jb_case *c)
{
    const struct jb_verdict *v = &d->b->verdict;
    if (d->item != NULL && (d->item->source == JB_FROM_LINE || d->item->source == JB_FROM_ADMIN))
        return refuse_by_rule(d->b, d->t, d->item, c);
    bool idle = d->item != NULL && d->item->source == JB_FROM_SWEEP;
    jb_log(idle ? JB_LOG_DEBUG : JB_LOG_NOTICE, NULL, "own-act.refused",
           "kind=%s case=%lld refusal=%s detail=\"%s\"", jb_act_kind_name(d->entry->act.kind),
           (long long)d->entry->act.case_no, jb_refusal_name(v->refusal), v->detail);
    return JB_OK;
}

/* The broker's own acts on other cases that follow from an accepted one, to be decided right after
 * it; what follows from those comes behind them. */
struct following {
    struct jb_act *acts; /* arena; room for FOLLOWING_MAX */
    size_t count;
};

/* The verdict is the scratch of all decisions: what is still needed of it is copied. */
static enum jb_err take_following(struct deciding *d, struct following *f)
{
    const struct jb_verdict *v = &d->b->verdict;
    if (v->follow_count == 0)
        return JB_OK;
    if (f->acts == NULL)
        f->acts = jb_arena_alloc(&d->t->arena, FOLLOWING_MAX * sizeof *f->acts);
    if (f->acts == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < v->follow_count; i++) {
        if (f->count < FOLLOWING_MAX)
            f->acts[f->count++] = v->follow[i];
        else
            jb_log(JB_LOG_ERROR, NULL, "follow.too-many", "kind=%s case=%lld",
                   jb_act_kind_name(v->follow[i].kind), (long long)v->follow[i].case_no);
    }
    return JB_OK;
}

static enum jb_err decide_one(struct deciding *d, bool *accepted, struct following *f)
{
    struct jb_verdict *v = &d->b->verdict;
    struct jb_entry *entry = d->entry;
    v->refusal = jb_act_check(&entry->act, v->detail);
    v->effects.count = 0;
    v->follow_count = 0;
    if (v->refusal != JB_REFUSE_NONE)
        return refused(d, NULL);
    enum jb_err err = judge(d);
    if (err != JB_OK)
        return err;
    if (v->refusal != JB_REFUSE_NONE)
        return refused(d, d->c);
    struct jb_effect *effects =
        jb_arena_memdup(&d->t->arena, v->effects.at, v->effects.count * sizeof *effects);
    if (effects == NULL)
        return JB_NOMEM;
    entry->effects = effects;
    entry->effect_count = v->effects.count;
    struct jb_accepted a = {.item = d->item, .entry = entry, .c = d->c};
    if (d->c == NULL && !jb_act_is_common(entry->act.kind)) {
        a.only = entry->node == JB_NODE_BROKER_NUMBER ? entry->act.node : entry->node;
        a.nobody = a.only == 0; /* the broker's own remark, for the log alone */
    }
    err = jb_decide_accept(d->b, d->t, &a);
    if (err == JB_OK && accepted != NULL)
        *accepted = true;
    return err == JB_OK ? take_following(d, f) : err;
}

enum jb_err jb_decide_entry(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *item, struct jb_entry *entry,
                            bool *accepted)
{
    struct deciding d = {.b = b, .t = t, .item = item, .entry = entry};
    struct following f = {NULL, 0};
    if (accepted != NULL)
        *accepted = false;
    enum jb_err err = decide_one(&d, accepted, &f);
    for (size_t i = 0; i < f.count && err == JB_OK; i++) {
        struct deciding next = {.b = b, .t = t};
        next.entry = jb_batch_own_entry(t, jb_text_of("rules"));
        if (next.entry == NULL)
            return JB_NOMEM;
        next.entry->act = f.acts[i];
        err = decide_one(&next, NULL, &f);
    }
    return err;
}

/* Only one byte string per submission is allowed, so that the signed chain can be checked again
 * from the log. */
static enum jb_err canonical(struct jb_batch *t, const struct jb_submission *s, struct jb_bytes raw)
{
    struct jb_bytes again;
    enum jb_err err = jb_submission_encode(s, &t->arena, &again);
    if (err != JB_OK)
        return err;
    bool same = again.len == raw.len && memcmp(again.data, raw.data, raw.len) == 0;
    return same ? JB_OK : JB_MALFORMED;
}

static enum jb_err decide_submission(struct jb_broker *b, struct jb_batch *t,
                                     const struct jb_intake_item *item)
{
    struct jb_fault fault = {""};
    struct jb_submission s;
    b->count.submissions++;
    enum jb_err err = JB_OK;
    if (item->raw.len > JB_SUBMISSION_LIMIT_BYTES)
        err = jb_fault_set(&fault, JB_TOO_LARGE, "submission: %zu bytes, at most %zu are allowed",
                           item->raw.len, JB_SUBMISSION_LIMIT_BYTES);
    if (err == JB_OK)
        err = jb_submission_decode(item->raw, &t->arena, &s, &fault);
    if (err == JB_OK) {
        err = canonical(t, &s, item->raw);
        if (err != JB_OK)
            (void)jb_fault_set(&fault, err, "submission: fields are not in number order");
    }
    struct jb_entry *entry = jb_arena_alloc(&t->arena, sizeof *entry);
    if (entry == NULL)
        return JB_NOMEM;
    if (err == JB_OK)
        err = jb_act_decode(s.act_bytes, &t->arena, &entry->act, &fault);
    if (err != JB_OK)
        return t->arena.overflowed ? JB_NOMEM : refuse_unread(b, t, item, err, fault.text);
    entry->node = item->node;
    entry->user = s.user;
    entry->made_at_ms = s.made_at_ms;
    entry->up_number = item->number;
    entry->act_bytes = s.act_bytes;
    bool known = false;
    err = jb_decide_known(b, t, item, entry, &known);
    return err != JB_OK || known ? err : jb_decide_entry(b, t, item, entry, NULL);
}

/* ---- the other sources ---- */

static uint32_t next_node_number(const struct jb_directory *d)
{
    uint32_t last = d->count > 0 ? d->nodes[d->count - 1].node : 0;
    return last < JB_NODE_BROKER_NUMBER ? JB_NODE_BROKER_NUMBER + 1 : last + 1;
}

enum jb_err jb_decide_own(struct jb_broker *b, struct jb_batch *t,
                          const struct jb_intake_item *item, const struct jb_act *act,
                          struct jb_text user, bool *accepted)
{
    struct jb_entry *entry = jb_batch_own_entry(t, user);
    if (entry == NULL)
        return JB_NOMEM;
    entry->act = *act;
    if (act->kind == JB_ACT_ENROL_NODE && act->node == 0)
        entry->act.node = next_node_number(&b->directory);
    return jb_decide_entry(b, t, item, entry, accepted);
}

/* Found by a sweep: an entry if there is something to do, else nothing. */
static enum jb_err decide_sweep(struct jb_broker *b, struct jb_batch *t,
                                const struct jb_intake_item *item)
{
    bool accepted = false;
    enum jb_err err = jb_decide_own(b, t, item, item->act, item->user, &accepted);
    if (accepted && item->act->kind == JB_ACT_RECOUNT)
        b->count.recounted++;
    if (accepted && item->act->kind == JB_ACT_SUCCEED)
        b->count.succeeded++;
    return err;
}

/* A node's file was re-created: its submissions count from 1 again, and that is on record. */
static enum jb_err decide_epoch(struct jb_broker *b, struct jb_batch *t,
                                const struct jb_intake_item *item)
{
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_EPOCH;
    op->item = item;
    struct jb_entry *entry = jb_batch_own_entry(t, jb_text_of("line"));
    if (entry == NULL)
        return JB_NOMEM;
    entry->act = (struct jb_act){
        .kind = JB_ACT_NEW_EPOCH, .node = item->node, .epoch = {item->epoch, JB_EPOCH_BYTES}};
    struct jb_accepted a = {.entry = entry, .only = item->node};
    return jb_decide_accept(b, t, &a);
}

static enum jb_err decide_plain(struct jb_batch *t, const struct jb_intake_item *item,
                                enum jb_op_kind kind)
{
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = kind;
    op->item = item;
    return JB_OK;
}

static enum jb_err decide_item(struct jb_broker *b, struct jb_batch *t,
                               const struct jb_intake_item *item)
{
    switch (item->source) {
    case JB_FROM_LINE:
        return decide_submission(b, t, item);
    case JB_FROM_EPOCH:
        return decide_epoch(b, t, item);
    case JB_FROM_ACK:
        return jb_decide_receipt(b, t, item);
    case JB_FROM_CLOCK:
        break; /* several at once: see jb_decide_batch */
    case JB_FROM_SWEEP:
        return decide_sweep(b, t, item);
    case JB_FROM_BLOB:
        return decide_plain(t, item, JB_OP_BLOB_RECEIPT);
    case JB_FROM_LATE:
        return jb_decide_late(b, t, item);
    case JB_FROM_ADMIN:
        return jb_decide_own(b, t, item, item->act, item->user, NULL);
    case JB_FROM_AUDIT:
        return decide_plain(t, item, JB_OP_AUDIT);
    }
    return JB_OK;
}

/* The key of a connection was replaced, or its node retired, before this item was decided: whoever
 * held it has no say any more. Nothing is lost: what is not settled stays in the node's outbox and
 * comes again with the key that is in force. */
static bool overtaken(struct jb_broker *b, struct jb_batch *t, const struct jb_intake_item *item)
{
    if (item->source != JB_FROM_LINE && item->source != JB_FROM_EPOCH &&
        item->source != JB_FROM_ACK)
        return false;
    const struct jb_node *n = jb_directory_find(&b->directory, item->node);
    struct jb_peer *p = item->node < b->peer_capacity ? b->peers[item->node] : NULL;
    if (n != NULL && jb_node_valid(n, t->now_ms) && jb_keys_tag(n->line_key) == item->key_tag)
        return false;
    b->count.overtaken++;
    if (item->source != JB_FROM_ACK && p != NULL)
        p->up_taken = p->up_decided;
    return true;
}

static void remember_decided(struct jb_broker *b, const struct jb_intake_item *item)
{
    struct jb_peer *p = item->node < b->peer_capacity ? b->peers[item->node] : NULL;
    if (p == NULL || (item->source != JB_FROM_LINE && item->source != JB_FROM_EPOCH))
        return;
    struct jb_line_point *point = &p->up_decided;
    point->number = item->number; /* 0 in a new epoch */
    if (item->source == JB_FROM_LINE) {
        memcpy(point->head, item->head, sizeof point->head);
        return;
    }
    memcpy(point->epoch, item->epoch, sizeof point->epoch);
    jb_chain_start(b->keys.suite, item->node, point->epoch, point->head);
}

/* Items from `first` on that the clock queued in a row: they are one look. */
static size_t clock_run(const struct jb_batch *t, size_t first)
{
    size_t end = first;
    while (end < t->item_count && t->items[end].source == JB_FROM_CLOCK)
        end++;
    return end - first;
}

enum jb_err jb_decide_batch(struct jb_broker *b, struct jb_batch *t)
{
    t->now_ms = jb_broker_now(b);
    t->first_seq = jb_log_last_seq(b->ledger) + 1;
    t->next_seq = t->first_seq;
    for (size_t i = 0; i < t->item_count;
         i++) /* acknowledgements are cumulative: the last one counts */
        if (t->items[i].source == JB_FROM_ACK)
            b->peers[t->items[i].node]->last_ack = i;
    for (size_t i = 0, taken = 1; i < t->item_count; i += taken) {
        const struct jb_intake_item *item = &t->items[i];
        size_t run = clock_run(t, i);
        taken = run > 0 ? run : 1;
        if (item->source == JB_FROM_ACK && b->peers[item->node]->last_ack != i)
            continue;
        if (overtaken(b, t, item))
            continue;
        enum jb_err err = run > 0 ? jb_decide_clock(b, t, item, run) : decide_item(b, t, item);
        if (err != JB_OK)
            return jb_fault_set(&t->fault, err, "deciding item %zu of %zu (source %d, node %u): %s",
                                i + 1, t->item_count, (int)item->source, item->node,
                                jb_err_text(err));
        remember_decided(b, item);
    }
    return JB_OK;
}
