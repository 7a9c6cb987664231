/* See proofs.h. A claim is looked up by the number that it has to cover; that the entry stands
 * under the signed head is shown by the hashes in between. */
#include "proto/ledger/proofs.h"

#include "proto/ledger/check.h"
#include "proto/ledger/db.h"
#include "proto/rules/decide.h"
#include "proto/wire/codec.h"

#define CHAIN_MOST 4096 /* items between an entry and the signature over it */
#define NOTICE_BYTES ((size_t)16 * 1024 * 1024)
#define NOTICES_MOST 512 /* looked at for one receipt: those of one instant */

/* A stretch of the stream that was followed; the next entry mostly lies in the same. */
struct stretch {
    uint64_t from, to; /* to 0: none yet */
    bool holds;
};

struct proving {
    struct jb_ledger *l;
    const struct jb_had_question *q;
    struct jb_arena *arena;
    struct jb_arena scratch; /* the notice in hand */
    struct stretch sent, own, notice;
};

/* ---- the chain ---- */

/* Head before an item. */
static enum jb_err head_before(struct proving *x, uint64_t number, uint8_t head[JB_HASH_BYTES])
{
    if (number == 1) {
        jb_chain_start(x->l->suite, x->l->heads.node, x->l->origin, head);
        return JB_OK;
    }
    return jb_sql_head(x->l, jb_sql_bind(x->l, JB_SQL_ITEM_HEAD, JB_ROW(jb_u64(number - 1))), head);
}

static enum jb_err items_follow(struct proving *x, uint64_t from, uint64_t to, bool *holds)
{
    uint8_t head[JB_HASH_BYTES];
    uint64_t next = from;
    enum jb_err err = head_before(x, from, head);

    *holds = false;
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    sqlite3_stmt *s = jb_sql_bind(x->l, JB_SQL_HAD_CHAIN, JB_ROW(jb_u64(from), jb_u64(to)));
    while (jb_sql_next(x->l, s, &err)) {
        uint8_t hash[JB_HASH_BYTES];
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t number = jb_get_u64(&r);
        jb_get_fixed(&r, hash, sizeof hash);
        struct jb_bytes stored = jb_peek_blob(&r);
        jb_chain_next(x->l->suite, head, hash, head);
        if (r.err != JB_OK || number != next || stored.len != sizeof head ||
            memcmp(stored.data, head, sizeof head) != 0)
            break;
        next++;
    }
    jb_sql_done(s);
    *holds = next == to + 1;
    return err;
}

/* Do the hashes lead from item `from` to the head of item `to`? */
static enum jb_err chain_holds(struct proving *x, struct stretch *known, uint64_t from, uint64_t to,
                               bool *holds)
{
    enum jb_err err = JB_OK;

    if (!(known->holds && known->to == to && known->from <= from)) {
        err = items_follow(x, from, to, &known->holds);
        known->from = from;
        known->to = err == JB_OK ? to : 0;
    }
    *holds = err == JB_OK && known->holds;
    return err;
}

/* ---- signatures over the own stream ---- */

/* Where the stream stands at that number; it need not be there. */
static enum jb_err head_is(struct proving *x, const struct jb_line_point *point, bool *same)
{
    uint8_t head[JB_HASH_BYTES];
    enum jb_err err =
        jb_sql_head(x->l, jb_sql_bind(x->l, JB_SQL_ITEM_HEAD, JB_ROW(jb_u64(point->number))), head);

    *same = err == JB_OK && memcmp(head, point->head, sizeof head) == 0;
    return err == JB_NOT_FOUND || err == JB_CORRUPT ? JB_OK : err;
}

/* A row of proof or ack; *found false: there is none. */
static enum jb_err seal_read(struct proving *x, enum jb_sql id, uint64_t number,
                             struct jb_proof_row *p, bool *found)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, id, JB_ROW(jb_u64(number)));

    *found = jb_sql_next(x->l, s, &err);
    if (*found) {
        struct jb_reader r = jb_reader_of(s, NULL);
        p->point.number = jb_get_u64(&r);
        jb_get_fixed(&r, p->point.epoch, JB_EPOCH_BYTES);
        p->suite = (uint8_t)jb_get_int(&r);
        p->at_ms = jb_get_i64(&r);
        jb_get_fixed(&r, p->point.head, JB_HASH_BYTES);
        jb_get_fixed(&r, p->signature, sizeof p->signature);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

/* Does the signature verify with a key that may have made it? */
static enum jb_err verify(struct proving *x, const struct jb_check_signature *by,
                          struct jb_proof_row *p, bool *good)
{
    struct jb_check_signature sig = *by;

    sig.suite = p->suite;
    memcpy(sig.bytes, p->signature, sizeof sig.bytes);
    enum jb_err err = p->suite == x->l->suite ? jb_check_verify(&sig, &p->key) : JB_BAD_SIGNATURE;
    *good = err == JB_OK;
    return err == JB_NOMEM ? err : JB_OK;
}

/* Is the item with this number, whose body has this hash, covered by a signature that holds? */
static enum jb_err covered(struct proving *x, enum jb_line_role role, uint64_t number,
                           struct stretch *known, struct jb_proof_row *p)
{
    const struct jb_check_keys *k = x->q->keys;
    bool broker = role == JB_LINE_DOWN_HEAD;
    bool found = false, same = false, good = false, holds = false;
    uint32_t own = x->l->heads.node;

    *p = (struct jb_proof_row){.node = broker ? JB_NODE_BROKER_NUMBER : own,
                               .state = JB_PROOF_WAITING};
    enum jb_err err = seal_read(x, broker ? JB_SQL_HAD_PROOF : JB_SQL_HAD_ACK, number, p, &found);
    if (err != JB_OK || !found)
        return err;
    if (p->point.number - number >= CHAIN_MOST) {
        p->state = JB_PROOF_UNPROVEN;
        return JB_OK;
    }
    struct jb_check_signature by = {
        .claim = jb_line_claim_of(role, own, p->point.epoch, p->point.number, p->point.head),
        .key = broker ? k->broker_sign : k->own_sign,
        .node = broker ? NULL : jb_directory_find(x->q->directory, own),
        .also = broker ? k->broker_also : NULL,
        .also_count = broker ? k->broker_also_count : 0};
    err = head_is(x, &p->point, &same);
    if (err == JB_OK)
        err = verify(x, &by, p, &good);
    if (err == JB_OK && same && good)
        err = chain_holds(x, known, number, p->point.number, &holds);
    p->state = holds ? JB_PROOF_PROVEN : JB_PROOF_BROKEN;
    return err;
}

/* ---- what others signed ---- */

struct notice { /* a STORED entry of the own stream */
    uint64_t number;
    bool whole; /* its body has the hash that stands in the chain */
    struct jb_act act;
};

/* The first item put into the stream at this instant or later; they come in its order. */
static enum jb_err first_at(struct proving *x, uint64_t after, int64_t at_ms, uint64_t *first)
{
    uint64_t low = after + 1;
    uint64_t high = x->l->heads.down.number + 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t there = 0;
        enum jb_err err = jb_sql_number(x->l, JB_SQL_HAD_AT, JB_ROW(jb_u64(middle)), &there);
        if (err != JB_OK)
            return err;
        if (there < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    return JB_OK;
}

static bool names(const struct jb_act *act, uint32_t node, int64_t case_no, uint64_t seq)
{
    for (size_t i = 0; i < act->items.count && act->node == node; i++)
        if (act->items.at[i].case_no == case_no && act->items.at[i].log_seq == seq)
            return true;
    return false;
}

/* A row of HAD_NOTICES that may be it. */
static bool notice_read(struct proving *x, struct jb_reader *r, struct notice *n)
{
    struct jb_item item;
    struct jb_entry entry;
    struct jb_fault why;
    uint8_t hash[JB_HASH_BYTES];
    uint8_t is[JB_HASH_BYTES];

    jb_arena_reset(&x->scratch);
    jb_get_fixed(r, hash, sizeof hash);
    struct jb_bytes body = jb_get_blob(r);
    if (r->err != JB_OK || jb_item_decode(body, &x->scratch, &item, &why) != JB_OK ||
        item.kind != JB_ITEM_ENTRY ||
        jb_entry_decode(item.entry, &x->scratch, &entry, &why) != JB_OK)
        return false;
    jb_hash(x->l->suite, body.data, body.len, is);
    n->whole = memcmp(is, hash, sizeof is) == 0;
    n->act = entry.act;
    return true;
}

/* *found false: the notice is not here (any more, or not as it came). */
static enum jb_err notice_find(struct proving *x, const struct jb_had_row *row,
                               const struct jb_proof_row *p, struct notice *n, bool *found)
{
    uint64_t first = 0;

    *found = false;
    enum jb_err err = first_at(x, row->number, p->at_ms, &first);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    sqlite3_stmt *s =
        jb_sql_bind(x->l, JB_SQL_HAD_NOTICES, JB_ROW(jb_u64(first), jb_int(NOTICES_MOST)));
    while (!*found && jb_sql_next(x->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, &x->scratch);
        n->number = jb_get_u64(&r);
        if (jb_get_i64(&r) != p->at_ms)
            break;
        *found = jb_get_int(&r) == JB_ACT_STORED && notice_read(x, &r, n) &&
                 names(&n->act, p->node, x->q->case_no, row->entry.seq);
    }
    jb_sql_done(s);
    return err;
}

/* The tables say that this node signed for it: with what? */
static enum jb_err signed_elsewhere(struct proving *x, const struct jb_had_row *row,
                                    struct jb_proof_row *p)
{
    struct notice n = {0};
    struct jb_proof_row sent = {0};
    bool found = false, good = false;
    enum jb_err err = notice_find(x, row, p, &n, &found);

    p->state = JB_PROOF_UNPROVEN;
    if (err != JB_OK || !found)
        return err;
    p->state = JB_PROOF_BROKEN;
    if (n.act.epoch.len != JB_EPOCH_BYTES || n.act.head.len != JB_HASH_BYTES ||
        n.act.signature.len != JB_SIGN_BYTES)
        return JB_OK;
    p->point.number = n.act.number;
    p->suite = x->l->suite; /* of all keys of a record */
    memcpy(p->point.epoch, n.act.epoch.data, JB_EPOCH_BYTES);
    memcpy(p->point.head, n.act.head.data, JB_HASH_BYTES);
    memcpy(p->signature, n.act.signature.data, JB_SIGN_BYTES);
    struct jb_check_signature by = {.claim =
                                        jb_line_claim_of(JB_LINE_DOWN_ACK, p->node, p->point.epoch,
                                                         p->point.number, p->point.head),
                                    .node = jb_directory_find(x->q->directory, p->node)};
    err = verify(x, &by, p, &good);
    if (err == JB_OK && good && n.whole)
        err = covered(x, JB_LINE_DOWN_HEAD, n.number, &x->notice, &sent);
    if (err == JB_OK && good && n.whole && sent.state != JB_PROOF_BROKEN)
        p->state = sent.state == JB_PROOF_PROVEN ? JB_PROOF_PROVEN : JB_PROOF_UNPROVEN;
    return err;
}

/* ---- one entry ---- */

static struct jb_proof_row *row_of(struct jb_list *list, struct jb_arena *arena, uint32_t node)
{
    struct jb_proof_row *all = list->at;

    for (size_t i = 0; i < list->count; i++)
        if (all[i].node == node)
            return &all[i];
    struct jb_proof_row *p = jb_list_push(list, arena);
    if (p != NULL)
        *p = (struct jb_proof_row){.node = node};
    return p;
}

/* Those that the tables know of. */
static enum jb_err told_add(struct proving *x, const struct jb_had_row *row, struct jb_list *list)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, JB_SQL_STORED_OF_ENTRY,
                                  JB_ROW(jb_int(x->q->case_no), jb_u64(row->entry.seq)));

    while (jb_sql_next(x->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_proof_row *p = row_of(list, x->arena, jb_get_u32(&r));
        if (p == NULL) {
            err = JB_NOMEM;
            break;
        }
        p->at_ms = jb_get_i64(&r);
    }
    jb_sql_done(s);
    return err;
}

/* And those on which it lays a duty. */
static enum jb_err duties_add(struct proving *x, const struct jb_had_row *row, struct jb_list *list)
{
    for (size_t i = 0; i < row->entry.effect_count; i++) {
        uint32_t node = row->entry.effects[i].node;
        if (node != 0 && jb_entry_is_duty(&row->entry, node) &&
            row_of(list, x->arena, node) == NULL)
            return JB_NOMEM;
    }
    return JB_OK;
}

static enum jb_err had_fill(struct proving *x, struct jb_had_row *row, bool whole)
{
    struct jb_list list = {.bytes = sizeof(struct jb_proof_row)};
    uint32_t own = x->l->heads.node;
    bool told = jb_case_receipt_told(x->q->c, own, row->entry.seq);
    enum jb_err err = row_of(&list, x->arena, own) != NULL ? JB_OK : JB_NOMEM;

    if (err == JB_OK)
        err = told_add(x, row, &list);
    if (err == JB_OK)
        err = duties_add(x, row, &list);
    row->had = list.at;
    row->had_count = list.count;
    if (err == JB_OK)
        err = covered(x, JB_LINE_DOWN_HEAD, row->number, &x->sent, &row->sent);
    if (!whole && row->sent.state == JB_PROOF_PROVEN)
        row->sent.state = JB_PROOF_BROKEN;
    for (size_t i = 0; i < row->had_count && err == JB_OK; i++) {
        struct jb_proof_row *p = &row->had[i];
        if (p->node == own)
            err = covered(x, JB_LINE_DOWN_ACK, row->number, &x->own, p);
        else if (p->at_ms != 0)
            err = signed_elsewhere(x, row, p);
        else
            p->state = told ? JB_PROOF_WAITING : JB_PROOF_UNTOLD;
        if (!whole && p->state == JB_PROOF_PROVEN) /* this is not what was signed for */
            p->state = JB_PROOF_BROKEN;
    }
    return err;
}

/* ---- the entries ---- */

struct told { /* while the rows are read */
    struct jb_had_row row;
    bool whole;
};

static enum jb_err entry_read(struct proving *x, sqlite3_stmt *s, struct told *t)
{
    struct jb_item item;
    struct jb_fault why;
    uint8_t hash[JB_HASH_BYTES];
    uint8_t is[JB_HASH_BYTES];
    struct jb_reader r = jb_reader_of(s, x->arena);

    *t = (struct told){.row.number = jb_get_u64(&r)};
    jb_get_fixed(&r, hash, sizeof hash);
    struct jb_bytes body = jb_get_blob(&r);
    if (r.err != JB_OK)
        return r.err;
    jb_hash(x->l->suite, body.data, body.len, is);
    t->whole = memcmp(is, hash, sizeof is) == 0;
    enum jb_err err = jb_item_decode(body, x->arena, &item, &why);
    t->row.put_ms = err == JB_OK ? item.at_ms : 0;
    return err == JB_OK ? jb_entry_decode(item.entry, x->arena, &t->row.entry, &why) : err;
}

static enum jb_err entries_read(struct proving *x, struct jb_list *list, bool *more)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, JB_SQL_HAD_ITEMS,
                                  JB_ROW(jb_int(x->q->case_no),
                                         jb_u64(x->q->after > INT64_MAX ? INT64_MAX : x->q->after),
                                         jb_u64(x->q->limit + 1)));

    *more = false;
    while (!*more && jb_sql_next(x->l, s, &err)) {
        *more = list->count == x->q->limit;
        struct told *t = *more ? NULL : jb_list_push(list, x->arena);
        if (t == NULL && !*more)
            err = JB_NOMEM;
        else if (t != NULL)
            err = entry_read(x, s, t);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_query_had(struct jb_ledger *l, const struct jb_had_question *q,
                         struct jb_arena *arena, struct jb_had_row **rows, size_t *count,
                         bool *more)
{
    struct proving x = {.l = l, .q = q, .arena = arena};
    struct jb_list list = {.bytes = sizeof(struct told)};
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    if (err != JB_OK)
        return err;
    jb_arena_init(&x.scratch, NOTICE_BYTES);
    err = entries_read(&x, &list, more);
    const struct told *told = list.at;
    *count = list.count;
    *rows = jb_arena_alloc(arena, (list.count + 1) * sizeof **rows);
    if (err == JB_OK && *rows == NULL)
        err = JB_NOMEM;
    for (size_t i = 0; i < list.count && err == JB_OK; i++) {
        (*rows)[i] = told[i].row;
        err = had_fill(&x, &(*rows)[i], told[i].whole);
    }
    jb_arena_fini(&x.scratch);
    jb_sql_snapshot_end(l, mine);
    return err;
}
