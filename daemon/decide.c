/* Load and decide: turns the items of a batch, in their order, into operations for the commit.
 *
 * One bad submission spoils only itself: whatever cannot be read or is refused becomes a refusal
 * that settles just this number. An error returned from here is our own (no memory, a damaged
 * ledger) and stops the process before anything of the batch is confirmed. */
#include "daemon/broker.h"

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

static bool listed(const struct jb_audience *a, size_t count, uint32_t node)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].node == node)
            return true;
    return false;
}

struct audience {
    struct jb_audience *at;
    size_t count;
};

static enum jb_err audience_add(struct jb_batch *t, struct audience *to, struct jb_audience one)
{
    if (listed(to->at, to->count, one.node))
        return JB_OK;
    to->at[to->count++] = one;
    return jb_batch_touch(t, one.node);
}

/* Everybody in the case after the act; those who were not there before join with the history, those
 * who are no longer there get a LEFT item. */
static enum jb_err case_audience(struct jb_batch *t, const struct jb_accepted *a,
                                 const struct jb_participant *before, size_t before_count,
                                 struct audience *out)
{
    const struct jb_case *c = a->c;
    out->at =
        jb_arena_alloc(&t->arena, (c->participant_count + before_count + 1) * sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];
        if (p->role == JB_ROLE_LEFT)
            continue;
        struct jb_audience one = {
            .node = p->node, .joins = true, .duty = jb_entry_is_duty(a->entry, p->node)};
        for (size_t k = 0; k < before_count; k++)
            if (before[k].node == p->node && before[k].role != JB_ROLE_LEFT)
                one.joins = false;
        one.joins = one.joins && a->entry->act.kind != JB_ACT_REGISTER;
        enum jb_err err = audience_add(t, out, one);
        if (err != JB_OK)
            return err;
    }
    for (size_t k = 0; k < before_count; k++) {
        if (before[k].role == JB_ROLE_LEFT || jb_case_has(c, before[k].node))
            continue;
        enum jb_err err =
            audience_add(t, out, (struct jb_audience){.node = before[k].node, .leaves = true});
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

/* Directory, policy, calendar: every node. */
static enum jb_err common_audience(struct jb_broker *b, struct jb_batch *t,
                                   const struct jb_entry *entry, struct audience *out)
{
    out->at = jb_arena_alloc(&t->arena, (b->directory.count + 1) * sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < b->directory.count; i++) {
        uint32_t node = b->directory.nodes[i].node;
        if (node == JB_NODE_BROKER_NUMBER)
            continue;
        struct jb_audience one = {.node = node};
        one.joins = entry->act.kind == JB_ACT_ENROL_NODE && entry->act.node == node;
        enum jb_err err = audience_add(t, out, one);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

static enum jb_err single_audience(struct jb_batch *t, uint32_t node, struct audience *out)
{
    out->at = jb_arena_alloc(&t->arena, sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    return audience_add(t, out, (struct jb_audience){.node = node});
}

static enum jb_err find_audience(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a,
                                 struct audience *out)
{
    if (a->c != NULL && a->only == 0) {
        const struct jb_participant *before = a->c->participants;
        size_t count = a->c->participant_count;
        struct jb_participant *copy = jb_arena_memdup(&t->arena, before, count * sizeof *before);
        if (copy == NULL)
            return JB_NOMEM;
        enum jb_err err = jb_case_apply(a->c, a->entry, &t->arena);
        if (err == JB_OK)
            err = case_audience(t, a, copy, count, out);
        /* the submitter's verdict travels in its own stream, whatever its part in the case is */
        if (err == JB_OK && a->item != NULL && a->item->source == JB_FROM_LINE)
            err = audience_add(t, out, (struct jb_audience){.node = a->item->node});
        return err;
    }
    if (a->c != NULL) {
        enum jb_err err = jb_case_apply(a->c, a->entry, &t->arena);
        if (err != JB_OK)
            return err;
    }
    if (a->nobody)
        return JB_OK;
    if (a->only != 0)
        return single_audience(t, a->only, out);
    enum jb_err err = jb_directory_apply(&b->directory, a->entry);
    return err == JB_OK ? common_audience(b, t, a->entry, out) : err;
}

enum jb_err jb_decide_accept(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a)
{
    a->entry->seq = t->next_seq;
    a->entry->at_ms = t->now_ms;
    struct audience audience = {NULL, 0};
    enum jb_err err = find_audience(b, t, a, &audience);
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
    op->audience = audience.at;
    op->audience_count = audience.count;
    t->next_seq++;
    b->count.entries++;
    return JB_OK;
}

/* ---- one act ---- */

static bool is_directory_kind(enum jb_act_kind kind)
{
    return kind >= JB_ACT_ENROL_NODE && kind <= JB_ACT_INSTALL_CALENDAR;
}

/* Decide one decoded act. `user` is who acted. */
static enum jb_err decide_act(struct jb_broker *b, struct jb_batch *t,
                              const struct jb_intake_item *item, struct jb_entry *entry)
{
    const struct jb_act *act = &entry->act;
    struct jb_question q = {.act = act,
                            .node = entry->node,
                            .user = entry->user,
                            .now_ms = t->now_ms,
                            .administrator = item->source == JB_FROM_ADMIN};
    struct jb_case *c = NULL;
    b->verdict.refusal = jb_act_check(act, b->verdict.detail);
    b->verdict.effects.count = 0;
    if (b->verdict.refusal != JB_REFUSE_NONE)
        return refuse_by_rule(b, t, item, NULL);
    if (is_directory_kind(act->kind)) {
        jb_decide_directory(&b->directory, &q, &b->verdict);
    } else {
        enum jb_err err = JB_OK;
        static const struct jb_case none;
        if (act->case_no != 0)
            c = jb_batch_case(t, b->ledger, act->case_no, &err);
        if (err != JB_OK)
            return err;
        jb_decide(&b->book, c != NULL ? c : &none, &q, &b->verdict);
    }
    if (b->verdict.refusal != JB_REFUSE_NONE)
        return refuse_by_rule(b, t, item, c);
    struct jb_effect *effects = jb_arena_memdup(
        &t->arena, b->verdict.effects.at, b->verdict.effects.count * sizeof(struct jb_effect));
    if (effects == NULL)
        return JB_NOMEM;
    entry->effects = effects;
    entry->effect_count = b->verdict.effects.count;
    struct jb_accepted a = {.item = item, .entry = entry, .c = c};
    if (c == NULL && !is_directory_kind(act->kind)) {
        a.only = entry->node == JB_NODE_BROKER_NUMBER ? act->node : entry->node;
        a.nobody = a.only == 0; /* the broker's own remark, for the log alone */
    }
    return jb_decide_accept(b, t, &a);
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
    return decide_act(b, t, item, entry);
}

/* ---- the other sources ---- */

static uint32_t next_node_number(const struct jb_directory *d)
{
    uint32_t last = d->count > 0 ? d->nodes[d->count - 1].node : 0;
    return last < JB_NODE_BROKER_NUMBER ? JB_NODE_BROKER_NUMBER + 1 : last + 1;
}

static enum jb_err decide_own(struct jb_broker *b, struct jb_batch *t,
                              const struct jb_intake_item *item, const struct jb_act *act,
                              struct jb_text user)
{
    struct jb_entry *entry = jb_batch_own_entry(t, user);
    if (entry == NULL)
        return JB_NOMEM;
    entry->act = *act;
    if (act->kind == JB_ACT_ENROL_NODE && act->node == 0)
        entry->act.node = next_node_number(&b->directory);
    return decide_act(b, t, item, entry);
}

static enum jb_err decide_clock(struct jb_broker *b, struct jb_batch *t,
                                const struct jb_intake_item *item)
{
    enum jb_err err = JB_OK;
    struct jb_case *c = jb_batch_case(t, b->ledger, item->case_no, &err);
    if (c == NULL)
        return err;
    struct jb_act acts[32];
    size_t count = jb_clock_acts(c, t->now_ms, acts, sizeof acts / sizeof acts[0]);
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        acts[i].case_no = item->case_no;
        err = decide_own(b, t, item, &acts[i], jb_text_of("clock"));
        if (acts[i].kind == JB_ACT_WARN)
            b->count.warned++;
        else if (acts[i].kind == JB_ACT_MISS)
            b->count.missed++;
    }
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
        return decide_clock(b, t, item);
    case JB_FROM_ADMIN:
        return decide_own(b, t, item, item->act, item->user);
    }
    return JB_OK;
}

enum jb_err jb_decide_batch(struct jb_broker *b, struct jb_batch *t)
{
    t->now_ms = jb_broker_now(b);
    t->next_seq = jb_log_last_seq(b->ledger) + 1;
    for (size_t i = 0; i < t->item_count;
         i++) /* acknowledgements are cumulative: the last one counts */
        if (t->items[i].source == JB_FROM_ACK)
            b->peers[t->items[i].node]->last_ack = i;
    for (size_t i = 0; i < t->item_count; i++) {
        if (t->items[i].source == JB_FROM_ACK && b->peers[t->items[i].node]->last_ack != i)
            continue;
        enum jb_err err = decide_item(b, t, &t->items[i]);
        if (err != JB_OK)
            return jb_fault_set(&t->fault, err, "deciding item %zu of %zu (source %d, node %u): %s",
                                i + 1, t->item_count, (int)t->items[i].source, t->items[i].node,
                                jb_err_text(err));
    }
    return JB_OK;
}
