/* What a node's signed acknowledgement means for cases: the duties that it covers are now provably
 * on the node's disk. Their senders are told (STORED), and where receipt fell on a later day than
 * sending the clocks that start at receipt are counted again (RECEIVED, domain.md rule 8.4). */
#include "daemon/broker.h"

#include <stdlib.h>

#include "proto/base/log.h"

/* What one acknowledgement tells whom; grows in the batch's memory. */
struct told {
    uint32_t node;              /* registrar or assigner */
    struct jb_stored_item item; /* the duty that arrived */
};

struct news {
    struct told *at;
    size_t count, capacity;
};

static enum jb_err tell_part(struct jb_broker *b, struct jb_batch *t, const struct jb_receipt *r,
                             uint32_t sender, struct jb_stored_items items)
{
    struct jb_entry *entry = jb_batch_own_entry(t, jb_text_of("line"));
    if (entry == NULL)
        return JB_NOMEM;
    entry->act = (struct jb_act){
        .kind = JB_ACT_STORED,
        .node = r->node,
        .epoch = {r->point.epoch, JB_EPOCH_BYTES},
        .number = r->point.number,
        .head = {r->point.head, JB_HASH_BYTES},
        .signature = {r->signature, JB_SIGN_BYTES},
        .items = items,
    };
    struct jb_accepted a = {.entry = entry, .only = sender};
    return jb_decide_accept(b, t, &a);
}

/* By sender, then in the order of the log. */
static int compare_told(const void *left, const void *right)
{
    const struct told *a = left;
    const struct told *b = right;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->item.log_seq > b->item.log_seq) - (a->item.log_seq < b->item.log_seq);
}

/* Each sender's in one entry, or in as many as the limit on lists asks for. */
static enum jb_err tell_senders(struct jb_broker *b, struct jb_batch *t, const struct jb_receipt *r,
                                struct news *news)
{
    if (news->count == 0)
        return JB_OK;
    struct jb_stored_item *items = jb_arena_alloc(&t->arena, news->count * sizeof *items);
    if (items == NULL)
        return JB_NOMEM;
    qsort(news->at, news->count, sizeof *news->at, compare_told);
    enum jb_err err = JB_OK;
    for (size_t from = 0, upto = 0; from < news->count && err == JB_OK; from = upto) {
        uint32_t node = news->at[from].node;
        while (upto < news->count && news->at[upto].node == node && upto - from < JB_LIMIT_LIST) {
            items[upto] = news->at[upto].item;
            upto++;
        }
        err = tell_part(b, t, r, node, (struct jb_stored_items){items + from, upto - from});
    }
    return err;
}

/* Did receipt come on a later local day than the hand-over, or after the sender's alarm? */
static bool receipt_counts(const struct jb_case *c, int64_t now_ms)
{
    const struct jb_deadline *deliver = jb_case_open_deadline(c, "deliver");
    if (deliver != NULL && (deliver->missed_ms != 0 || deliver->due_ms <= now_ms))
        return true;
    return jb_date_compare(jb_date_of_instant(c->facts_ms[JB_FACT_SENT]),
                           jb_date_of_instant(now_ms)) < 0;
}

/* The clocks that start at receipt, and the sender's duty to deliver, which ends with it. Whether
 * there is anything to say is the rules' to decide. */
static enum jb_err count_from_receipt(struct jb_broker *b, struct jb_batch *t,
                                      const struct jb_receipt *r, struct jb_case *c,
                                      const struct jb_stored_item *duty)
{
    if (c->host != r->node || c->sent_seq != duty->log_seq || !receipt_counts(c, t->now_ms))
        return JB_OK;
    static const struct jb_intake_item quiet = {.source = JB_FROM_SWEEP};
    struct jb_act act = {.kind = JB_ACT_RECEIVED,
                         .case_no = c->case_no,
                         .node = r->node,
                         .at_ms = t->now_ms,
                         .log_seq = duty->log_seq};
    return jb_decide_own(b, t, &quiet, &act, jb_text_of("line"), NULL);
}

static enum jb_err add_news(struct jb_batch *t, struct news *news, uint32_t node,
                            const struct jb_stored_item *duty)
{
    if (news->count == news->capacity) {
        size_t capacity = news->capacity == 0 ? 16 : news->capacity * 2;
        struct told *grown = jb_arena_alloc(&t->arena, capacity * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        if (news->count > 0)
            memcpy(grown, news->at, news->count * sizeof *grown);
        news->at = grown;
        news->capacity = capacity;
    }
    news->at[news->count++] = (struct told){node, *duty};
    return JB_OK;
}

/* Registrar, assigners, sender, and whoever issued the directive learn that the duty arrived; the
 * acknowledging node itself knows. */
static enum jb_err collect_one(struct jb_batch *t, const struct jb_receipt *r,
                               const struct jb_case *c, const struct jb_stored_item *duty,
                               struct news *news)
{
    size_t first = news->count;
    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];
        bool told = p->node == r->node || !jb_case_receipt_told(c, p->node, duty->log_seq);
        for (size_t k = first; k < news->count && !told; k++)
            told = news->at[k].node == p->node;
        if (told)
            continue;
        enum jb_err err = add_news(t, news, p->node, duty);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

static enum jb_err collect(struct jb_broker *b, struct jb_batch *t, const struct jb_receipt *r,
                           const struct jb_stored_items *duties, struct news *news)
{
    for (size_t i = 0; i < duties->count; i++) {
        enum jb_err err = JB_OK;
        int64_t told_ms = 0;
        struct jb_case *c = jb_batch_case(b, t, duties->at[i].case_no, &err);
        if (c == NULL)
            return err;
        if (jb_record_restored(b)) { /* then it may have been told before: the tables know */
            err = jb_ledger_stored_at(b->ledger, c->case_no, duties->at[i].log_seq, r->node,
                                      &told_ms);
            if (err == JB_OK)
                continue;
            if (err != JB_NOT_FOUND)
                return err;
        }
        err = collect_one(t, r, c, &duties->at[i], news);
        if (err == JB_OK)
            err = count_from_receipt(b, t, r, c, &duties->at[i]);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

enum jb_err jb_decide_receipt(struct jb_broker *b, struct jb_batch *t,
                              const struct jb_intake_item *item)
{
    const struct jb_receipt *r = item->signature;
    struct jb_line_state line;
    enum jb_err err = jb_tail_line(b, r->node, &line);
    if (err != JB_OK || r->point.number <= line.acked.number)
        return err; /* a repeat: the stored receipt stays */
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_RECEIPT;
    op->item = item;
    b->count.acks++;
    struct jb_stored_items duties = {NULL, 0};
    struct news news = {NULL, 0, 0};
    err = jb_tail_duties(b, r->node, line.acked.number, r->point.number, &t->arena, &duties);
    if (err == JB_OK)
        err = collect(b, t, r, &duties, &news);
    return err == JB_OK ? tell_senders(b, t, r, &news) : err;
}
