/* See recovery.h: a new epoch, and collecting. Putting back is in merge.c. */
#include "proto/ledger/recovery.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#include "proto/ledger/db.h"
#include "proto/wire/sign.h"

#define RECOVERING ".recovering" /* last entry, instant of the restore, instant of the backup */
#define NUMBER_BYTES 8
#define KEY_ID_BYTES 16 /* of what names a case's key, before everything that is sealed with it */

/* ---- a new epoch ---- */

static enum jb_err end_write(struct jb_ledger *l, uint32_t node, const struct jb_line_point *end,
                             int64_t now_ms)
{
    return jb_sql_run(l, JB_SQL_LINEAGE_ADD,
                      JB_ROW(jb_fixed(l->epoch, JB_EPOCH_BYTES), jb_int(node), jb_u64(end->number),
                             jb_fixed(end->head, JB_HASH_BYTES), jb_int(now_ms)));
}

static enum jb_err ends_write(struct jb_ledger *l, int64_t now_ms)
{
    struct jb_line_point log = {.number = l->heads.log_seq};

    memcpy(log.head, l->heads.log_head, sizeof log.head);
    enum jb_err err = end_write(l, 0, &log, now_ms);
    for (size_t i = 0; i < l->line_count && err == JB_OK; i++)
        err = end_write(l, l->lines[i]->now.node, &l->lines[i]->now.down, now_ms);
    return err;
}

static enum jb_err facts_write(struct jb_ledger *l, const uint64_t facts[3])
{
    uint8_t raw[3 * NUMBER_BYTES];

    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(facts[i / NUMBER_BYTES] >> (56 - 8 * (i % NUMBER_BYTES)));
    return jb_ledger_meta_set(l, RECOVERING, (struct jb_bytes){raw, sizeof raw});
}

enum jb_err jb_recovery_begin(struct jb_ledger *l, int64_t now_ms, int64_t backup_ms)
{
    const uint64_t facts[3] = {l->heads.log_seq, (uint64_t)now_ms, (uint64_t)backup_ms};
    const struct jb_bytes origin = {l->origin, JB_EPOCH_BYTES};
    uint8_t epoch[JB_EPOCH_BYTES];

    assert(l->writing);
    randombytes_buf(epoch, sizeof epoch);
    enum jb_err err = ends_write(l, now_ms);
    if (err == JB_OK)
        err = jb_db_exec(l, "DELETE FROM copy; DELETE FROM copy_line; DELETE FROM meta WHERE key ="
                            " '.backup'");
    if (err == JB_OK)
        err = jb_ledger_meta_set(l, ".origin", origin);
    if (err == JB_OK)
        err = jb_ledger_meta_set(l, ".epoch", (struct jb_bytes){epoch, sizeof epoch});
    if (err == JB_OK)
        err = facts_write(l, facts);
    if (err == JB_OK)
        memcpy(l->epoch, epoch, sizeof epoch);
    return err;
}

enum jb_err jb_recovery_state(struct jb_ledger *l, struct jb_recovery *out)
{
    struct jb_bytes raw;
    uint64_t facts[3] = {0};

    *out = (struct jb_recovery){0};
    jb_arena_reset(&l->scratch);
    enum jb_err err = jb_ledger_meta_get(l, RECOVERING, &l->scratch, &raw);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    if (raw.len != sizeof facts)
        return JB_CORRUPT;
    for (size_t i = 0; i < raw.len; i++)
        facts[i / NUMBER_BYTES] = facts[i / NUMBER_BYTES] << 8 | raw.data[i];
    *out = (struct jb_recovery){true, facts[0], (int64_t)facts[1], (int64_t)facts[2]};
    return JB_OK;
}

enum jb_err jb_recovery_former(struct jb_ledger *l, const uint8_t epoch[JB_EPOCH_BYTES],
                               uint32_t node, struct jb_line_point *end)
{
    enum jb_err err;
    struct jb_line_point p = {.number = 0};
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_LINEAGE_END, JB_ROW(jb_fixed(epoch, JB_EPOCH_BYTES), jb_int(node)));

    memcpy(p.epoch, epoch, JB_EPOCH_BYTES);
    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        p.number = jb_get_u64(&r);
        jb_get_fixed(&r, p.head, JB_HASH_BYTES);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    if (err == JB_OK)
        *end = p;
    return err;
}

/* ---- what has been collected from a node ---- */

enum jb_err jb_recovery_line(struct jb_ledger *l, uint32_t node, struct jb_recovery_line *out)
{
    enum jb_err err;
    struct jb_recovery_line line = {.node = node};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_COPY_LINE, JB_ROW(jb_int(node)));
    bool found = jb_sql_next(l, s, &err);

    if (found) {
        struct jb_reader r = jb_reader_of(s, NULL);
        line.done = jb_get_i64(&r) != 0;
        line.have.number = jb_get_u64(&r);
        jb_get_fixed(&r, line.have.head, JB_HASH_BYTES);
        struct jb_bytes reason = jb_peek_blob(&r);
        snprintf(line.reason, sizeof line.reason, "%.*s", (int)reason.len,
                 reason.len > 0 ? (const char *)reason.data : "");
        err = r.err;
    }
    jb_sql_done(s);
    if (err == JB_OK && !found)
        err = jb_stream_end(l, node, &line.have.number, line.have.head);
    if (err == JB_OK)
        *out = line;
    return err;
}

struct line_row {
    uint32_t node;
    bool done;
    const struct jb_line_point *have;
    const struct jb_line_point *up; /* NULL: not known */
    struct jb_text reason;
};

static enum jb_err line_write(struct jb_ledger *l, const struct line_row *row)
{
    static const struct jb_line_point none;
    const struct jb_line_point *up = row->up != NULL ? row->up : &none;

    return jb_sql_run(l, JB_SQL_COPY_LINE_SET,
                      JB_ROW(jb_int(row->node), jb_int(row->done), jb_u64(row->have->number),
                             jb_fixed(row->have->head, JB_HASH_BYTES),
                             jb_fixed(up->epoch, JB_EPOCH_BYTES), jb_u64(up->number),
                             jb_fixed(up->head, JB_HASH_BYTES), jb_text(row->reason)));
}

enum jb_err jb_recovery_done(struct jb_ledger *l, uint32_t node,
                             const struct jb_line_point *settled)
{
    struct jb_recovery_line line;

    assert(l->writing);
    enum jb_err err = jb_recovery_line(l, node, &line);
    struct line_row row = {node, true, &line.have, settled, jb_text_of("")};
    return err == JB_OK ? line_write(l, &row) : err;
}

enum jb_err jb_recovery_leave_out(struct jb_ledger *l, uint32_t node, struct jb_text reason)
{
    struct jb_recovery_line line;

    assert(l->writing);
    enum jb_err err = jb_recovery_line(l, node, &line);
    struct line_row row = {node, true, &line.have, NULL, reason};
    return err == JB_OK ? line_write(l, &row) : err;
}

/* ---- taking a piece ---- */

struct taking {
    struct jb_ledger *l;
    const struct jb_recovery_piece *p;
    struct jb_arena *arena;
    struct jb_fault *fault;
    struct jb_line_point at; /* last item taken */
};

/* The hash of an item: of its bytes, or, when the node had to erase those, the one that it kept. */
static enum jb_err item_hash(struct taking *t, const struct jb_frame_item *item,
                             uint8_t hash[JB_HASH_BYTES])
{
    if (item->body.len > 0) {
        jb_hash(t->l->suite, item->body.data, item->body.len, hash);
        return JB_OK;
    }
    if (item->hash.len != JB_HASH_BYTES)
        return jb_fault_set(t->fault, JB_MALFORMED, "item %llu: neither its bytes nor its hash",
                            (unsigned long long)t->at.number + 1);
    memcpy(hash, item->hash.data, JB_HASH_BYTES);
    return JB_OK;
}

static enum jb_err chain_check(struct taking *t, const uint8_t broker_sign[JB_KEY_BYTES])
{
    const struct jb_recovery_piece *p = t->p;
    uint8_t head[JB_HASH_BYTES];
    uint8_t hash[JB_HASH_BYTES];
    uint64_t last = p->first + p->count - 1;

    memcpy(head, t->at.head, sizeof head);
    for (size_t i = 0; i < p->count; i++) {
        enum jb_err err = item_hash(t, &p->items[i], hash);
        if (err != JB_OK)
            return err;
        jb_chain_next(t->l->suite, head, hash, head);
    }
    if (memcmp(head, p->head, sizeof head) != 0)
        return jb_fault_set(t->fault, JB_DIVERGED,
                            "items %llu to %llu do not go on from what the backup holds",
                            (unsigned long long)p->first, (unsigned long long)last);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, p->node, p->epoch, last, p->head);
    if (jb_line_verify(p->suite, broker_sign, &claim, p->signature) != JB_OK)
        return jb_fault_set(t->fault, JB_BAD_SIGNATURE,
                            "items up to %llu: not signed by this broker",
                            (unsigned long long)last);
    return JB_OK;
}

/* The key of a sealed case came beside its registration or an attachment: it is the right one, or
 * it is dropped. */
static enum jb_err key_keep(struct taking *t, const struct jb_frame_item *item,
                            const struct jb_entry *entry)
{
    uint8_t id[JB_HASH_BYTES];

    bool seals = entry->act.kind == JB_ACT_REGISTER || entry->act.kind == JB_ACT_ATTACH;

    if (item->case_key.len != JB_KEY_BYTES || !seals || entry->act.sealed.len < KEY_ID_BYTES)
        return JB_OK;
    jb_digest(item->case_key.data, JB_KEY_BYTES, id);
    if (memcmp(id, entry->act.sealed.data, KEY_ID_BYTES) != 0)
        return JB_OK;
    return jb_sql_run(t->l, JB_SQL_CASE_KEY_ADD,
                      JB_ROW(jb_int(entry->act.case_no), jb_blob(item->case_key)));
}

/* What the bytes say counts; of erased ones what the node remembers, checked when it is used. */
static enum jb_err item_read(struct taking *t, const struct jb_frame_item *in, struct jb_item *item,
                             struct jb_entry *entry)
{
    *entry = (struct jb_entry){0};
    if (in->body.len == 0) {
        *item = (struct jb_item){.number = t->at.number + 1,
                                 .at_ms = in->at_ms,
                                 .settles = in->settles,
                                 .history = in->history,
                                 .left_case_no = in->case_no};
        entry->seq = in->entry_seq;
        return JB_OK;
    }
    enum jb_err err = jb_item_decode(in->body, t->arena, item, t->fault);
    if (err == JB_OK && item->number != t->at.number + 1)
        err = jb_fault_set(t->fault, JB_MALFORMED, "item %llu says that it is %llu",
                           (unsigned long long)t->at.number + 1, (unsigned long long)item->number);
    if (err == JB_OK && item->kind == JB_ITEM_ENTRY) {
        err = jb_entry_decode(item->entry, t->arena, entry, t->fault);
        item->left_case_no = entry->act.case_no;
    }
    return err;
}

static enum jb_err item_take(struct taking *t, const struct jb_frame_item *in)
{
    struct jb_item item;
    struct jb_entry entry;
    uint8_t hash[JB_HASH_BYTES];
    enum jb_err err = item_read(t, in, &item, &entry);

    if (err == JB_OK)
        err = item_hash(t, in, hash);
    if (err == JB_OK)
        err = key_keep(t, in, &entry);
    if (err != JB_OK)
        return err;
    t->at.number++;
    jb_chain_next(t->l->suite, t->at.head, hash, t->at.head);
    return jb_sql_run(t->l, JB_SQL_COPY_ADD,
                      JB_ROW(jb_int(t->p->node), jb_u64(t->at.number), jb_int(item.at_ms),
                             jb_u64(item.settles), jb_int(item.history), jb_u64(entry.seq),
                             jb_int(item.left_case_no), jb_fixed(hash, sizeof hash),
                             jb_fixed(t->at.head, JB_HASH_BYTES), jb_optional(in->body)));
}

/* The epoch must be one that ended where this backup ends: else the items belong elsewhere. */
static enum jb_err place_check(struct taking *t)
{
    const struct jb_recovery_piece *p = t->p;
    struct jb_recovery_line line;
    struct jb_line_point end;
    uint64_t number = 0;
    uint8_t head[JB_HASH_BYTES];
    enum jb_err err = jb_recovery_former(t->l, p->epoch, p->node, &end);

    if (err == JB_NOT_FOUND) { /* a node of which the backup knows nothing */
        err = jb_recovery_former(t->l, p->epoch, 0, &end);
        end.number = 0;
    }
    if (err == JB_OK)
        err = jb_stream_end(t->l, p->node, &number, head);
    if (err == JB_OK && end.number != number)
        err = JB_NOT_FOUND;
    if (err == JB_NOT_FOUND)
        return jb_fault_set(t->fault, JB_DIVERGED, "items of an epoch that did not end here");
    if (err == JB_OK)
        err = jb_recovery_line(t->l, p->node, &line);
    if (err != JB_OK)
        return err;
    t->at = line.have;
    if (p->first != line.have.number + 1)
        return jb_fault_set(t->fault, p->first <= line.have.number ? JB_REPEAT : JB_GAP,
                            "items from %llu where %llu is next", (unsigned long long)p->first,
                            (unsigned long long)line.have.number + 1);
    return JB_OK;
}

enum jb_err jb_recovery_take(struct jb_ledger *l, const struct jb_recovery_piece *p,
                             const uint8_t broker_sign[JB_KEY_BYTES], struct jb_arena *arena,
                             struct jb_fault *fault)
{
    struct taking t = {.l = l, .p = p, .arena = arena, .fault = fault};

    assert(l->writing);
    fault->text[0] = '\0';
    if (p->count == 0 || p->first == 0 || p->first > UINT64_MAX - p->count)
        return jb_fault_set(fault, JB_MALFORMED, "a copy without items");
    enum jb_err err = place_check(&t);
    if (err == JB_OK)
        err = chain_check(&t, broker_sign);
    for (size_t i = 0; i < p->count && err == JB_OK; i++)
        err = item_take(&t, &p->items[i]);
    struct line_row row = {p->node, false, &t.at, NULL, jb_text_of("")};
    if (err == JB_OK)
        err = line_write(l, &row);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", l->error);
    return err;
}

/* ---- what became of it ---- */

enum jb_err jb_recovery_each(struct jb_ledger *l, jb_log_each each, void *ctx)
{
    enum jb_err err;
    struct jb_arena arena;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_COPY_ENTRIES, JB_NO_ROW);

    jb_arena_init(&arena, 8 * JB_FRAME_LIMIT_BYTES);
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_fault fault;
        struct jb_item item;
        uint64_t seq = jb_get_u64(&r);
        jb_arena_reset(&arena);
        err = jb_item_decode(jb_peek_blob(&r), &arena, &item, &fault);
        if (err == JB_OK)
            err = each(ctx, seq, item.entry);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    jb_arena_fini(&arena);
    return err;
}

/* ---- coming back late ---- */

enum jb_err jb_recovery_late(struct jb_ledger *l, uint32_t node, const struct jb_line_point *former,
                             struct jb_recovery_line *out)
{
    enum jb_err err;
    struct jb_recovery_line line = {.node = node, .have = *former};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_COPY_LATE,
                                  JB_ROW(jb_int(node), jb_fixed(former->epoch, JB_EPOCH_BYTES)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        line.done = jb_get_i64(&r) != 0;
        line.have.number = jb_get_u64(&r);
        jb_get_fixed(&r, line.have.head, JB_HASH_BYTES);
        err = r.err;
    }
    jb_sql_done(s);
    if (err == JB_OK)
        *out = line;
    return err;
}

static enum jb_err late_write(struct jb_ledger *l, uint32_t node, bool done,
                              const struct jb_line_point *have, const struct jb_line_point *former)
{
    /* the epoch that it is about stands where the submissions' epoch stands otherwise */
    struct line_row row = {node, done, have, former, jb_text_of(JB_RECOVERY_LATE)};

    return line_write(l, &row);
}

enum jb_err jb_recovery_late_check(struct jb_ledger *l, const struct jb_recovery_piece *p,
                                   const struct jb_line_point *former,
                                   const uint8_t broker_sign[JB_KEY_BYTES], struct jb_fault *fault)
{
    struct jb_recovery_line line;
    struct taking t = {.l = l, .p = p, .fault = fault};

    if (p->count == 0 || p->first == 0 || p->first > UINT64_MAX - p->count)
        return jb_fault_set(fault, JB_MALFORMED, "a copy without items");
    if (memcmp(p->epoch, former->epoch, JB_EPOCH_BYTES) != 0)
        return jb_fault_set(fault, JB_DIVERGED, "items of another epoch than the one greeted with");
    enum jb_err err = jb_recovery_late(l, p->node, former, &line);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s", l->error);
    if (p->first != line.have.number + 1)
        return jb_fault_set(fault, p->first <= line.have.number ? JB_REPEAT : JB_GAP,
                            "items from %llu where %llu is next", (unsigned long long)p->first,
                            (unsigned long long)line.have.number + 1);
    t.at = line.have;
    return chain_check(&t, broker_sign);
}

enum jb_err jb_recovery_late_keep(struct jb_ledger *l, const struct jb_recovery_piece *p,
                                  const struct jb_line_point *former, struct jb_bytes frame,
                                  int64_t now_ms)
{
    struct jb_recovery_line line;

    assert(l->writing);
    enum jb_err err = jb_recovery_late(l, p->node, former, &line);
    if (err != JB_OK || p->first != line.have.number + 1)
        return err;
    err = jb_sql_run(l, JB_SQL_QUARANTINE_ADD,
                     JB_ROW(jb_int(now_ms), jb_int(p->node), jb_u64(p->first),
                            jb_text(jb_text_of(JB_RECOVERY_LATE)), jb_blob(frame)));
    line.have.number = p->first + p->count - 1;
    memcpy(line.have.head, p->head, sizeof line.have.head);
    return err == JB_OK ? late_write(l, p->node, false, &line.have, former) : err;
}

enum jb_err jb_recovery_late_done(struct jb_ledger *l, uint32_t node,
                                  const struct jb_line_point *former)
{
    struct jb_recovery_line line;

    assert(l->writing);
    enum jb_err err = jb_recovery_late(l, node, former, &line);
    return err == JB_OK ? late_write(l, node, true, &line.have, former) : err;
}
