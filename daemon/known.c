/* A submission that was decided before a restore, whose verdict never reached its node: another
 * node held the entry. It is answered with that entry and not decided a second time. */
#include "daemon/broker.h"

#include <stdio.h>

#include "proto/ledger/recovery.h"
#include "proto/wire/codec.h"

static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_submission(const struct jb_entry *a, const struct jb_entry *b)
{
    return a->node == b->node && a->made_at_ms == b->made_at_ms &&
           same_bytes(a->user.data, a->user.len, b->user.data, b->user.len) &&
           same_bytes(a->act_bytes.data, a->act_bytes.len, b->act_bytes.data, b->act_bytes.len);
}

/* The entry is in its stream already: a file of its own that it had left brings the submission
 * again. */
static enum jb_err refuse_again(struct jb_broker *b, struct jb_batch *t,
                                const struct jb_intake_item *item, uint64_t seq)
{
    char detail[JB_DETAIL_BYTES];
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    int len = snprintf(detail, sizeof detail, "in force since before the restore: entry %llu",
                       (unsigned long long)seq);
    char *kept = jb_arena_strndup(&t->arena, detail, (size_t)len);
    if (kept == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_REFUSAL;
    op->item = item;
    op->refusal =
        (struct jb_refused){.code = JB_REFUSE_ALREADY_DONE,
                            .name = jb_text_of(jb_refusal_name(JB_REFUSE_ALREADY_DONE)),
                            .article = jb_text_of(jb_refusal_article(JB_REFUSE_ALREADY_DONE)),
                            .detail = jb_text_of(kept)};
    b->count.refusals++;
    return jb_batch_touch(t, item->node);
}

/* Its own entry, or the word that it has left the case by it. */
static enum jb_err answer(struct jb_broker *b, struct jb_batch *t,
                          const struct jb_intake_item *item, const struct jb_entry *entry,
                          struct jb_bytes bytes)
{
    enum jb_err err = JB_OK;
    struct jb_audience *to = jb_arena_alloc(&t->arena, sizeof *to);
    struct jb_op *op = to != NULL ? jb_batch_op(t) : NULL;
    if (op == NULL)
        return JB_NOMEM;
    to->node = item->node;
    if (entry->act.case_no != 0) {
        const struct jb_case *c = jb_batch_case(b, t, entry->act.case_no, &err);
        if (c == NULL)
            return err;
        to->leaves = !jb_case_has(c, item->node);
    }
    op->kind = JB_OP_KNOWN;
    op->item = item;
    op->entry = entry;
    op->bytes = bytes;
    op->audience = to;
    op->audience_count = 1;
    return jb_batch_touch(t, item->node);
}

bool jb_record_restored(const struct jb_broker *b)
{
    return memcmp(jb_ledger_origin(b->ledger), jb_ledger_epoch(b->ledger), JB_EPOCH_BYTES) != 0;
}

enum jb_err jb_decide_known(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *item, const struct jb_entry *submitted,
                            bool *known)
{
    struct jb_fault fault;
    struct jb_bytes bytes = {NULL, 0};
    struct jb_entry *entry = NULL;
    uint64_t seq = 0;
    bool sent = false;
    enum jb_err err = JB_OK;
    *known = false;
    if (!jb_record_restored(b))
        return JB_OK;
    while (!*known) {
        err = jb_recovery_known(b->ledger, item->node, submitted->act.case_no, &seq);
        if (err != JB_OK)
            return err == JB_NOT_FOUND ? JB_OK : err;
        entry = entry != NULL ? entry : jb_arena_alloc(&t->arena, sizeof *entry);
        if (entry == NULL)
            return JB_NOMEM;
        err = jb_log_read(b->ledger, seq, &t->arena, &bytes);
        if (err == JB_OK)
            err = jb_entry_decode(bytes, &t->arena, entry, &fault);
        if (err != JB_OK)
            return err;
        *known = same_submission(entry, submitted);
    }
    err = jb_recovery_known_sent(b->ledger, item->node, seq, &sent);
    if (err != JB_OK)
        return err;
    return sent ? refuse_again(b, t, item, seq) : answer(b, t, item, entry, bytes);
}
