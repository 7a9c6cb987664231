/* See behind.h. Applying writes what the ticks say and the cases as the rules left them; after a
 * crash, when the memory is gone, the entries are given to `apply` again. Both come to the same. */
#include "proto/ledger/behind.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/ledger/replay.h"
#include "proto/ledger/walfile.h"
#include "proto/wire/codec.h"

#define MARK ".applied" /* number of the last tick that the tables have */
/* And of the last entry; an older file has none. A program that does not know it would leave it
 * behind with every administrator's act: all that open schema 6 know it, and none of schema 6 is
 * opened by the others. */
#define REACH ".applied_seq"

/* ---- the tick in hand ---- */

enum jb_err jb_ledger_begin_tick(struct jb_ledger *l)
{
    assert(l->role == JB_LEDGER_BROKER);
    struct jb_tick *t = jb_tick_new();
    enum jb_err err = t != NULL ? jb_transaction_begin(l) : JB_NOMEM;
    if (err != JB_OK) {
        jb_tick_drop(&t);
        return err;
    }
    t->number = l->behind.number + 1;
    t->first_seq = l->heads.log_seq + 1;
    l->behind.fresh = t;
    return JB_OK;
}

static enum jb_err room_make(struct jb_backlog *b)
{
    if (b->count < b->capacity)
        return JB_OK;
    size_t more = b->capacity == 0 ? 64 : b->capacity * 2;
    struct jb_tick **grown = realloc(b->at, more * sizeof(struct jb_tick *));
    if (grown == NULL)
        return JB_NOMEM;
    b->at = grown;
    b->capacity = more;
    return JB_OK;
}

enum jb_err jb_behind_write(struct jb_ledger *l)
{
    struct jb_bytes row;
    struct jb_tick *t = l->behind.fresh;
    enum jb_err err = room_make(&l->behind); /* nothing may fail once it is committed */

    t->seq_count = l->heads.log_seq + 1 - t->first_seq;
    if (err == JB_OK)
        err = jb_lines_pack(l, t);
    if (err == JB_OK)
        err = jb_tick_pack(t, &t->arena, &row);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_TICK_ADD, JB_ROW(jb_u64(t->number), jb_blob(row)));
    return err;
}

static void supersede(struct jb_backlog *b, int64_t case_no)
{
    for (size_t i = b->count; i > 0; i--)
        for (size_t k = 0; k < b->at[i - 1]->case_count; k++)
            if (b->at[i - 1]->cases[k].case_no == case_no) {
                b->at[i - 1]->cases[k].superseded_by = b->fresh->number;
                return; /* those before it were told so already */
            }
}

void jb_behind_committed(struct jb_ledger *l)
{
    struct jb_backlog *b = &l->behind;

    for (size_t k = 0; k < b->fresh->case_count; k++)
        supersede(b, b->fresh->cases[k].case_no);
    b->number = b->fresh->number;
    b->entries += b->fresh->entry_count;
    b->at[b->count++] = b->fresh;
    b->fresh = NULL;
}

void jb_behind_dropped(struct jb_ledger *l)
{
    jb_tick_drop(&l->behind.fresh);
    l->behind.applying = 0;
}

void jb_behind_free(struct jb_ledger *l)
{
    jb_tick_drop(&l->behind.fresh);
    for (size_t i = 0; i < l->behind.count; i++)
        jb_tick_drop(&l->behind.at[i]);
    free(l->behind.at);
    l->behind = (struct jb_backlog){.at = NULL};
}

/* ---- applying ---- */

static enum jb_err item_write(struct jb_ledger *to, enum jb_sql how,
                              const struct jb_tick_item *item)
{
    struct jb_bytes body = item->entry_seq == 0 ? item->body : (struct jb_bytes){NULL, 0};

    return jb_sql_run(to, how,
                      JB_ROW(jb_int(item->node), jb_u64(item->number), jb_int(item->at_ms),
                             jb_u64(item->entry_seq), jb_u64(item->settles), jb_int(item->history),
                             jb_int(item->duty), jb_int(item->case_no),
                             jb_fixed(item->head, JB_HASH_BYTES), jb_optional(body)));
}

static enum jb_err rows_write(struct jb_ledger *to, enum jb_sql how, const struct jb_tick *t)
{
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < t->item_count && err == JB_OK; i++)
        err = item_write(to, how, &t->items[i]);
    for (size_t i = 0; i < t->receipt_count && err == JB_OK; i++)
        err = jb_receipt_write(to, JB_SQL_RECEIPT_ADD, &t->receipts[i]);
    for (size_t i = 0; i < t->up_receipt_count && err == JB_OK; i++)
        err = jb_receipt_write(to, JB_SQL_UP_RECEIPT_ADD, &t->up_receipts[i]);
    for (size_t i = 0; i < t->refused_count && err == JB_OK; i++)
        err = jb_refused_write(to, &t->refused[i].decided, t->refused[i].epoch);
    return err;
}

enum jb_err jb_behind_record(struct jb_ledger *to, const struct jb_tick *t)
{
    enum jb_err err = rows_write(to, JB_SQL_STREAM_PUT, t);

    for (size_t i = 0; i < t->line_count && err == JB_OK; i++)
        err = jb_line_save(to, &t->lines[i]);
    if (err == JB_OK)
        err = jb_number_write(to, MARK, t->number);
    return err == JB_OK ? jb_number_write(to, REACH, t->first_seq + t->seq_count - 1) : err;
}

/* What an entry means beside its case. In a tick only receipts can mean something. */
static enum jb_err entry_rest(struct jb_ledger *l, const struct jb_tick_entry *e)
{
    struct jb_fault why = {""};
    struct jb_entry entry;
    enum jb_err err = jb_case_entry_add(l, e->case_no, e->seq);

    if (err != JB_OK || e->kind != JB_ACT_STORED)
        return err;
    jb_arena_reset(&l->scratch);
    err = jb_entry_decode(e->bytes, &l->scratch, &entry, &why);
    return err == JB_OK ? jb_ledger_apply_rest(l, &entry) : err;
}

/* `last`: the tick with which the transaction ends; what that one or one before it holds once more
 * is written then. */
static enum jb_err derived_write(struct jb_ledger *l, const struct jb_tick *t, uint64_t last)
{
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < t->entry_count && err == JB_OK; i++)
        err = entry_rest(l, &t->entries[i]);
    for (size_t i = 0; i < t->case_count && err == JB_OK; i++)
        if (t->cases[i].superseded_by == 0 || t->cases[i].superseded_by > last)
            err = jb_case_write(l, t->cases[i].c);
    return err;
}

/* The entries of a tick that was read from its row. */
static enum jb_err derived_replay(struct jb_ledger *l, const struct jb_tick *t)
{
    struct jb_fault why = {""};
    struct jb_bytes body;
    struct jb_replay replay = {.to = l};
    enum jb_err err = JB_OK;

    jb_arena_init(&replay.arena, JB_REPLAY_ARENA_BYTES);
    for (uint64_t seq = t->first_seq; seq < t->first_seq + t->seq_count && err == JB_OK; seq++) {
        jb_arena_reset(&l->scratch);
        err = jb_log_read(l, seq, &l->scratch, &body);
        if (err == JB_OK)
            err = jb_replay_one(&replay, seq, body, &why);
        if (err == JB_NOT_FOUND)
            err = JB_CORRUPT;
        if (err != JB_OK && why.text[0] != '\0')
            jb_db_note(l, why.text);
    }
    jb_arena_fini(&replay.arena);
    return err;
}

/* Their pages hold nothing that is ever erased: they are not written once more to wipe them. */
static enum jb_err rows_drop(struct jb_ledger *l, uint64_t upto)
{
    enum jb_err err = jb_db_exec(l, "PRAGMA secure_delete = FAST");

    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_TICK_DROP, JB_ROW(jb_u64(upto)));
    enum jb_err back = jb_db_exec(l, "PRAGMA secure_delete = ON");
    if (err == JB_OK)
        err = back;
    return err == JB_OK ? jb_number_write(l, MARK, upto) : err;
}

/* The oldest `count` ticks. What a later one says of their cases and lines stays out: a crash
 * would find it twice. */
static enum jb_err apply_first(struct jb_ledger *l, size_t count)
{
    struct jb_backlog *b = &l->behind;
    enum jb_err err = JB_OK;

    assert(l->writing && b->fresh == NULL && count <= b->count);
    if (count == 0)
        return JB_OK;
    uint64_t last = b->at[count - 1]->number;
    b->applying = count;
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        err = rows_write(l, JB_SQL_STREAM_ADD, b->at[i]);
        if (err == JB_OK)
            err =
                b->at[i]->unpacked ? derived_replay(l, b->at[i]) : derived_write(l, b->at[i], last);
    }
    if (err == JB_OK)
        err = jb_lines_save_from(l, b->at, count);
    return err == JB_OK ? rows_drop(l, last) : err;
}

enum jb_err jb_behind_apply(struct jb_ledger *l)
{
    return apply_first(l, l->behind.count);
}

/* The last entry that the tables have when this transaction is over. */
static uint64_t reach(const struct jb_ledger *l)
{
    const struct jb_backlog *b = &l->behind;

    return b->applying < b->count ? b->at[b->applying]->first_seq - 1 : l->heads.log_seq;
}

enum jb_err jb_behind_mark(struct jb_ledger *l)
{
    if (l->role != JB_LEDGER_BROKER || reach(l) == l->behind.reach)
        return JB_OK;
    return jb_number_write(l, REACH, reach(l));
}

void jb_behind_marked(struct jb_ledger *l)
{
    l->behind.reach = reach(l);
}

void jb_behind_applied(struct jb_ledger *l)
{
    struct jb_backlog *b = &l->behind;

    for (size_t i = 0; i < b->applying; i++) {
        b->entries -= b->at[i]->entry_count;
        atomic_store(&b->at[i]->applied, true);
        jb_tick_drop(&b->at[i]);
    }
    if (b->applying > 0) {
        b->count -= b->applying;
        memmove(b->at, b->at + b->applying, b->count * sizeof(struct jb_tick *));
    }
    b->applying = 0;
}

/* ---- when nobody waits for it ---- */

/* How many ticks hold so many entries: whole ones, and at least one. */
static size_t ticks_of(const struct jb_backlog *b, size_t most)
{
    size_t count = 0;
    size_t found = 0;

    while (count < b->count && (count == 0 || found + b->at[count]->entry_count < most))
        found += b->at[count++]->entry_count + 1;
    return count;
}

enum jb_err jb_ledger_catch_up_some(struct jb_ledger *l, size_t most)
{
    if (l->behind.count == 0)
        return JB_OK;
    enum jb_err err = jb_transaction_begin(l);
    if (err == JB_OK) {
        jb_walfile_lazy(l->db, true);
        err = apply_first(l, ticks_of(&l->behind, most));
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
        jb_walfile_lazy(l->db, false);
    }
    return err;
}

enum jb_err jb_ledger_catch_up(struct jb_ledger *l)
{
    return jb_ledger_catch_up_some(l, SIZE_MAX);
}

size_t jb_ledger_behind(const struct jb_ledger *l)
{
    return l->behind.entries + l->behind.count;
}

struct jb_tick *jb_ledger_tick_in_hand(const struct jb_ledger *l)
{
    return l->behind.fresh;
}

/* ---- reading through what waits ---- */

static const struct jb_case *case_in(const struct jb_tick *t, int64_t case_no)
{
    for (size_t k = 0; k < t->case_count; k++)
        if (t->cases[k].case_no == case_no)
            return t->cases[k].c;
    return NULL;
}

const struct jb_case *jb_behind_case(const struct jb_ledger *l, int64_t case_no)
{
    const struct jb_backlog *b = &l->behind;
    const struct jb_case *found = b->fresh != NULL ? case_in(b->fresh, case_no) : NULL;

    for (size_t i = b->applying > 0 ? 0 : b->count; i > 0 && found == NULL; i--)
        found = case_in(b->at[i - 1], case_no);
    return found;
}

enum jb_err jb_behind_case_put(struct jb_ledger *l, const struct jb_case *c)
{
    struct jb_tick *t = l->behind.fresh;
    struct jb_tick_case *at = NULL;

    for (size_t k = 0; k < t->case_count && at == NULL; k++)
        if (t->cases[k].case_no == c->case_no)
            at = &t->cases[k];
    if (at == NULL)
        at = jb_tick_more(t, &t->cases, &t->case_count, sizeof *at);
    if (at == NULL)
        return JB_NOMEM;
    at->case_no = c->case_no;
    at->c = jb_arena_alloc(&t->arena, sizeof *at->c);
    return at->c != NULL ? jb_case_copy(c, &t->arena, at->c) : JB_NOMEM;
}

static enum jb_err each_in(const struct jb_tick *t, int64_t case_no, uint64_t before,
                           jb_entry_each each, void *ctx)
{
    enum jb_err err = JB_OK;

    for (size_t k = 0; k < t->entry_count && err == JB_OK; k++)
        if (t->entries[k].case_no == case_no && t->entries[k].seq < before)
            err = each(ctx, &t->entries[k]);
    return err;
}

enum jb_err jb_behind_each(struct jb_ledger *l, int64_t case_no, uint64_t before,
                           jb_entry_each each, void *ctx)
{
    const struct jb_backlog *b = &l->behind;
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < b->count && err == JB_OK && b->applying == 0; i++)
        err = each_in(b->at[i], case_no, before, each, ctx);
    if (err == JB_OK && b->fresh != NULL)
        err = each_in(b->fresh, case_no, before, each, ctx);
    return err;
}

/* ---- rows ---- */

static enum jb_err row_take(sqlite3_stmt *s, struct jb_tick *t, struct jb_fault *fault)
{
    struct jb_fault why = {""};
    struct jb_reader r = jb_reader_of(s, NULL);
    uint64_t number = jb_get_u64(&r);
    enum jb_err err = jb_tick_unpack(jb_peek_blob(&r), t, &why);

    if (err == JB_OK && t->number != number)
        err = jb_fault_set(&why, JB_CORRUPT, "it says that it is %llu",
                           (unsigned long long)t->number);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "tick %llu: %s", (unsigned long long)number, why.text);
    return JB_OK;
}

enum jb_err jb_behind_rows(struct jb_ledger *l, jb_tick_each each, void *ctx,
                           struct jb_fault *fault)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_TICKS, JB_NO_ROW);

    while (jb_sql_next(l, s, &err)) {
        struct jb_tick *t = jb_tick_new();
        err = t != NULL ? row_take(s, t, fault) : JB_NOMEM;
        if (err == JB_OK)
            err = each(ctx, t);
        jb_tick_drop(&t);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err first_waiting(void *ctx, struct jb_tick *t)
{
    uint64_t *upto = ctx;

    if (t->first_seq != 0 && t->first_seq - 1 < *upto)
        *upto = t->first_seq - 1;
    return JB_OK;
}

enum jb_err jb_behind_upto(struct jb_ledger *l, uint64_t *upto, struct jb_fault *fault)
{
    *upto = UINT64_MAX;
    return jb_behind_rows(l, first_waiting, upto, fault);
}

struct recovering {
    struct jb_ledger *l;
    struct jb_fault *fault;
    uint64_t next_seq; /* 0: not known yet */
};

static enum jb_err recover_one(void *ctx, struct jb_tick *t)
{
    struct recovering *r = ctx;
    struct jb_ledger *l = r->l;
    enum jb_err err = room_make(&l->behind);

    if (err != JB_OK)
        return err;
    if (t->number != l->behind.number + 1)
        return jb_fault_set(r->fault, JB_CORRUPT, "tick %llu follows tick %llu",
                            (unsigned long long)t->number, (unsigned long long)l->behind.number);
    if ((r->next_seq != 0 && t->first_seq != r->next_seq) || t->first_seq == 0 ||
        t->first_seq > l->heads.log_seq + 1 || t->seq_count > l->heads.log_seq + 1 - t->first_seq)
        return jb_fault_set(r->fault, JB_CORRUPT, "tick %llu: its entries are not in the log",
                            (unsigned long long)t->number);
    for (size_t i = 0; i < t->line_count && err == JB_OK; i++)
        err = jb_line_is_behind(l, &t->lines[i]);
    if (err != JB_OK)
        return err;
    jb_tick_hold(t);
    l->behind.at[l->behind.count++] = t;
    l->behind.number = t->number;
    r->next_seq = t->first_seq + t->seq_count;
    return JB_OK;
}

/* Do the ticks begin where the tables end? Without any tick the tables have all of the log. */
static enum jb_err reach_check(const struct jb_ledger *l, struct jb_fault *fault)
{
    const struct jb_backlog *b = &l->behind;
    uint64_t next = b->count > 0 ? b->at[0]->first_seq : l->heads.log_seq + 1;

    if (b->reach == 0 || next <= b->reach + 1)
        return JB_OK;
    return jb_fault_set(fault, JB_CORRUPT,
                        "entries %llu to %llu were confirmed, but what came of them is neither in "
                        "the tables nor in table tick: somebody has removed rows there; restore a "
                        "backup",
                        (unsigned long long)b->reach + 1, (unsigned long long)next - 1);
}

enum jb_err jb_behind_recover(struct jb_ledger *l, struct jb_fault *fault)
{
    struct recovering r = {.l = l, .fault = fault};
    enum jb_err err = jb_number_read(l, MARK, &l->behind.number);

    if (err == JB_OK)
        err = jb_number_read(l, REACH, &l->behind.reach);
    if (err == JB_OK)
        err = jb_behind_rows(l, recover_one, &r, fault);
    if (err == JB_OK)
        err = reach_check(l, fault);
    if (err == JB_OK && r.next_seq != 0 && r.next_seq != l->heads.log_seq + 1)
        err = jb_fault_set(fault, JB_CORRUPT, "entries from %llu on have no tick",
                           (unsigned long long)r.next_seq);
    if (err == JB_OK && l->behind.count > 0) {
        err = jb_ledger_begin(l);
        if (err == JB_OK)
            err = jb_ledger_commit(l);
    }
    return err;
}
