/* Commit: writes one decided batch in one transaction, on the worker thread.
 *
 * The only writer of the ledger. Decides nothing: every number that it does not find in the batch
 * (log heads, stream numbers, chain heads) is kept by the ledger. Either all of the batch is on
 * disk when it returns JB_OK, or nothing. */
#include "daemon/broker.h"
#include "daemon/recover.h"

#include "proto/base/mutant.h"
#include "proto/ledger/blobrows.h"
#include "proto/ledger/recovery.h"
#include "proto/wire/codec.h"

static uint64_t settled_by(const struct jb_op *op, uint32_t node)
{
    const struct jb_intake_item *item = op->item;
    bool own = item != NULL && item->source == JB_FROM_LINE && item->node == node;
    return own ? item->number : 0;
}

/* Without a reason: which act it was would tell the accused that the case has become an accusation,
 * and a reason that is left out only then would tell it as well. */
static enum jb_err write_left(struct jb_ledger *l, const struct jb_op *op, uint32_t node)
{
    struct jb_item left = {.at_ms = op->at_ms,
                           .settles = settled_by(op, node),
                           .kind = JB_ITEM_LEFT,
                           .left_case_no = op->entry->act.case_no};
    struct jb_stream_add add = {.node = node,
                                .at_ms = op->at_ms,
                                .settles = left.settles,
                                .case_no = left.left_case_no,
                                .other = &left};
    if (JB_MUTANT == JB_MUTANT_TWO_HOSTS)
        return JB_OK;
    return jb_stream_append(l, &add, NULL);
}

static enum jb_err write_join(struct jb_ledger *l, const struct jb_op *op, uint32_t node)
{
    const struct jb_entry *e = op->entry;
    if (e->act.kind == JB_ACT_ENROL_NODE)
        return jb_stream_backfill_common(l, node, e->seq, op->at_ms);
    return jb_stream_backfill(l, node, e->act.case_no, e->seq, op->at_ms);
}

static enum jb_err write_stream(struct jb_ledger *l, const struct jb_op *op,
                                const struct jb_audience *to)
{
    if (to->leaves)
        return write_left(l, op, to->node);
    enum jb_err err = to->joins ? write_join(l, op, to->node) : JB_OK;
    if (err == JB_OK && to->reads)
        err = jb_stream_backfill_register(l, to->node, op->entry->act.case_no, op->at_ms);
    if (err != JB_OK)
        return err;
    struct jb_stream_add add = {.node = to->node,
                                .at_ms = op->at_ms,
                                .settles = settled_by(op, to->node),
                                .duty = to->duty,
                                .case_no = op->entry->act.case_no,
                                .entry_seq = op->entry->seq,
                                .act_kind = (int)op->entry->act.kind,
                                .entry = op->bytes};
    return jb_stream_append(l, &add, NULL);
}

/* The submission is decided: its number and head, and, when it was refused, the bytes as they came.
 */
static enum jb_err write_decided(struct jb_ledger *l, const struct jb_op *op, uint32_t refusal)
{
    const struct jb_intake_item *item = op->item;
    if (item == NULL || item->source != JB_FROM_LINE)
        return JB_OK;
    struct jb_line_decided d = {
        .node = item->node, .number = item->number, .at_ms = op->at_ms, .refusal = refusal};
    memcpy(d.head, item->head, sizeof d.head);
    if (refusal != 0)
        d.raw = item->raw;
    enum jb_err err = jb_line_up_decided(l, &d);
    if (err == JB_OK && item->signature != NULL)
        err = jb_line_up_signed(l, item->signature);
    return err;
}

static enum jb_err write_entry(struct jb_ledger *l, const struct jb_op *op)
{
    const struct jb_intake_item *item = op->item;
    enum jb_err err = jb_log_append(l, op->entry, op->bytes);
    if (err == JB_OK)
        err = jb_ledger_apply_rest(l, op->entry);
    if (err == JB_OK && item != NULL && item->case_key.len == JB_KEY_BYTES &&
        (op->entry->act.kind == JB_ACT_REGISTER || op->entry->act.kind == JB_ACT_ATTACH))
        err = jb_ledger_case_key_put(l, op->entry->act.case_no, item->case_key.data);
    for (size_t i = 0; i < op->audience_count && err == JB_OK; i++)
        err = write_stream(l, op, &op->audience[i]);
    return err == JB_OK ? write_decided(l, op, 0) : err;
}

static enum jb_err write_refusal(struct jb_ledger *l, const struct jb_op *op)
{
    if (op->item->source != JB_FROM_LINE)
        return JB_OK; /* an administrator is answered directly */
    struct jb_item refusal = {.at_ms = op->at_ms,
                              .settles = op->item->number,
                              .kind = JB_ITEM_REFUSAL,
                              .refusal = op->refusal};
    struct jb_stream_add add = {
        .node = op->item->node, .at_ms = op->at_ms, .settles = refusal.settles, .other = &refusal};
    enum jb_err err = jb_stream_append(l, &add, NULL);
    return err == JB_OK ? write_decided(l, op, op->refusal.code) : err;
}

static enum jb_err write_known(struct jb_ledger *l, const struct jb_op *op)
{
    enum jb_err err = write_stream(l, op, &op->audience[0]);
    if (err == JB_OK)
        err = write_decided(l, op, 0);
    return err == JB_OK ? jb_recovery_known_drop(l, op->item->node, op->entry->seq) : err;
}

static enum jb_err write_audit(struct jb_ledger *l, const struct jb_audit_order *o)
{
    struct jb_audit_row row = o->row;
    enum jb_err err = JB_OK;
    if (o->before_ms > 0)
        err = jb_audit_trim(l, o->before_ms, JB_AUDIT_TRIM_ROWS, o->secret);
    return err == JB_OK ? jb_audit_append(l, &row, 1, 0, o->secret) : err;
}

static enum jb_err write_blob_receipt(struct jb_ledger *l, const struct jb_receipt *r)
{
    struct jb_blob_receipt row = {.node = r->node, .suite = r->suite, .at_ms = r->at_ms};

    memcpy(row.hash, r->point.head, sizeof row.hash);
    memcpy(row.signature, r->signature, sizeof row.signature);
    return jb_blob_receipt_put(l, &row);
}

static enum jb_err write_op(struct jb_ledger *l, const struct jb_op *op)
{
    switch (op->kind) {
    case JB_OP_ENTRY:
        return write_entry(l, op);
    case JB_OP_REFUSAL:
        return write_refusal(l, op);
    case JB_OP_EPOCH:
        return jb_line_up_epoch(l, op->item->node, op->item->epoch);
    case JB_OP_AUDIT:
        return write_audit(l, op->item->audit);
    case JB_OP_RECEIPT:
        return jb_line_down_acked(l, op->item->signature);
    case JB_OP_KNOWN:
        return write_known(l, op);
    case JB_OP_BLOB_RECEIPT:
        return write_blob_receipt(l, op->item->signature);
    case JB_OP_LATE:
        return jb_late_write(l, op->item);
    }
    return JB_CORRUPT; /* an operation that nobody made */
}

static enum jb_err write_cases(struct jb_ledger *l, struct jb_batch *t)
{
    enum jb_err err = JB_OK;
    for (size_t i = 0; i < t->case_capacity && err == JB_OK; i++)
        if (t->cases[i] != NULL && t->cases[i]->stage != JB_STAGE_NONE &&
            t->cases[i]->last_seq >= t->first_seq) /* others were only looked at */
            err = jb_ledger_case_save(l, t->cases[i]);
    return err;
}

/* Can all of it follow later? What changes more than cases, streams and lines is rare, and goes to
 * the tables at once. */
static bool may_wait(const struct jb_batch *t)
{
    for (size_t i = 0; i < t->op_count; i++) {
        const struct jb_op *op = &t->ops[i];
        if (op->kind == JB_OP_REFUSAL || op->kind == JB_OP_RECEIPT)
            continue;
        if (op->kind != JB_OP_ENTRY || !jb_ledger_may_wait(op->entry->act.kind))
            return false;
        for (size_t k = 0; k < op->audience_count; k++)
            if (op->audience[k].reads)
                return false;
    }
    return true;
}

static enum jb_err write_all(struct jb_ledger *l, struct jb_batch *t, bool waits)
{
    enum jb_err err = JB_OK;
    for (size_t i = 0; i < t->op_count && err == JB_OK; i++)
        err = write_op(l, &t->ops[i]);
    if (err == JB_OK)
        err = write_cases(l, t);
    if (err == JB_OK && waits) {
        t->block = jb_tail_block_new(jb_ledger_tick_in_hand(l));
        err = t->block != NULL ? JB_OK : JB_NOMEM;
    }
    return err;
}

void jb_commit_batch(struct jb_ledger *l, struct jb_batch *t)
{
    const char *phase = "begin";
    bool waits = may_wait(t);
    enum jb_err err = waits ? jb_ledger_begin_tick(l) : jb_ledger_begin(l);
    if (err == JB_OK) {
        phase = "write";
        err = write_all(l, t, waits);
        if (err == JB_OK) {
            phase = "commit";
            err = jb_ledger_commit(l);
        } else {
            jb_ledger_rollback(l);
        }
    }
    t->result = err;
    if (err != JB_OK)
        jb_tail_block_free(&t->block);
    if (err == JB_OK && jb_ledger_wal_bytes(l) > JB_WAL_TRIM_BYTES)
        jb_ledger_checkpoint(l, false);
    if (err != JB_OK)
        (void)jb_fault_set(&t->fault, err, "ledger, %s: %s (%s)", phase, jb_err_text(err),
                           jb_ledger_error(l));
}
