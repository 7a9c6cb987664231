/* The broker's log: entries by number, chained. Appends and reads; never looks inside an entry. */
#include "proto/ledger/brokerlog.h"

#include <assert.h>

#include "proto/ledger/behind.h"

uint64_t jb_log_last_seq(const struct jb_ledger *l)
{
    return l->heads.log_seq;
}

enum jb_err jb_log_last_at(struct jb_ledger *l, int64_t *at_ms)
{
    *at_ms = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_LOG_LAST_AT, JB_NO_ROW, at_ms);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

_Static_assert(JB_ACT_CLOCK_STEP == 94, "SQL of the last clock step");

enum jb_err jb_log_last_clock_step(struct jb_ledger *l, struct jb_arena *arena,
                                   struct jb_bytes *bytes)
{
    return jb_sql_blob(l, jb_sql_bind(l, JB_SQL_LOG_LAST_CLOCK, JB_NO_ROW), arena, bytes);
}

enum jb_err jb_case_entry_add(struct jb_ledger *l, int64_t case_no, uint64_t seq)
{
    if (case_no == 0)
        return JB_OK;
    return jb_sql_run(l, JB_SQL_CASE_ENTRY_ADD, JB_ROW(jb_int(case_no), jb_u64(seq)));
}

static enum jb_err entry_keep(struct jb_tick *t, const struct jb_entry *entry,
                              struct jb_bytes bytes)
{
    struct jb_tick_entry *to = jb_tick_more(t, &t->entries, &t->entry_count, sizeof *to);

    if (to == NULL)
        return JB_NOMEM;
    *to = (struct jb_tick_entry){
        .seq = entry->seq, .case_no = entry->act.case_no, .kind = (int)entry->act.kind};
    to->bytes = (struct jb_bytes){jb_arena_memdup(&t->arena, bytes.data, bytes.len), bytes.len};
    return to->bytes.data != NULL ? JB_OK : JB_NOMEM;
}

enum jb_err jb_log_append(struct jb_ledger *l, const struct jb_entry *entry, struct jb_bytes bytes)
{
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];

    assert(l->writing);
    if (entry->seq != l->heads.log_seq + 1)
        return entry->seq <= l->heads.log_seq ? JB_REPEAT : JB_GAP;
    jb_hash(l->suite, bytes.data, bytes.len, hash);
    jb_chain_next(l->suite, l->heads.log_head, hash, head);
    enum jb_err err =
        jb_sql_run(l, JB_SQL_ENTRY_ADD,
                   JB_ROW(jb_u64(entry->seq), jb_int(entry->at_ms), jb_int(entry->node),
                          jb_int(entry->act.case_no), jb_int(entry->act.kind),
                          jb_fixed(head, sizeof head), jb_blob(bytes)));
    if (err == JB_OK)
        err = l->behind.fresh != NULL ? entry_keep(l->behind.fresh, entry, bytes)
                                      : jb_case_entry_add(l, entry->act.case_no, entry->seq);
    if (err != JB_OK)
        return err;
    l->heads.log_seq = entry->seq;
    memcpy(l->heads.log_head, head, sizeof head);
    return JB_OK;
}

enum jb_err jb_log_read(struct jb_ledger *l, uint64_t seq, struct jb_arena *arena,
                        struct jb_bytes *bytes)
{
    return jb_sql_blob(l, jb_sql_bind(l, JB_SQL_ENTRY_BODY, JB_ROW(jb_u64(seq))), arena, bytes);
}

enum jb_err jb_log_each_row(struct jb_ledger *l, sqlite3_stmt *s, jb_log_each each, void *ctx)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t seq = jb_get_u64(&r);
        err = each(ctx, seq, jb_peek_blob(&r));
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

struct asked { /* who asked for the entries of a case */
    jb_log_each each;
    void *ctx;
};

static enum jb_err tell(void *ctx, const struct jb_tick_entry *e)
{
    const struct asked *a = ctx;

    return a->each(a->ctx, e->seq, e->bytes);
}

enum jb_err jb_log_each_of_case(struct jb_ledger *l, int64_t case_no, jb_log_each each, void *ctx)
{
    enum jb_err err = jb_log_each_row(
        l, jb_sql_bind(l, JB_SQL_ENTRY_OF_CASE, JB_ROW(jb_int(case_no), jb_int(INT64_MAX))), each,
        ctx);
    return err == JB_OK ? jb_behind_each(l, case_no, UINT64_MAX, tell, &(struct asked){each, ctx})
                        : err;
}
