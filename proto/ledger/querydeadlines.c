/* Listing of deadlines, with the receipt for the entry that set each. */
#include "proto/ledger/db.h"
#include "proto/ledger/listing.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replica.h"

#define LIMIT_MAX 1000

/* Each list is read in its order; which index has that is not left to be guessed. A broker, which
 * shows no lists, has but some of them. */
static const char *index_of(const struct jb_ledger *l, const struct jb_deadline_filter *f)
{
    static const char *const of_all[] = {"INDEXED BY deadline_all", "INDEXED BY deadline_due",
                                         "INDEXED BY deadline_missed",
                                         "INDEXED BY deadline_missed"};
    static const char *const of_node[] = {"INDEXED BY deadline_of", "INDEXED BY deadline_node",
                                          "INDEXED BY deadline_late", "INDEXED BY deadline_late"};
    unsigned which = (f->missed_only ? 2U : 0U) | (f->open_only ? 1U : 0U);

    if (l->role != JB_LEDGER_REPLICA || f->case_no != 0)
        return "";
    return f->node != 0 ? of_node[which] : of_all[which];
}

static void deadlines_select(const struct jb_ledger *l, struct jb_listing *q,
                             const struct jb_deadline_filter *f)
{
    jb_listing_start(q, "SELECT " JB_DEADLINE_NAMES ","
                        " (SELECT c.title FROM case_file c WHERE c.case_no = deadline.case_no),"
                        " (SELECT s.at_ms FROM stored s WHERE s.case_no = deadline.case_no"
                        " AND s.log_seq = deadline.set_seq AND s.node = deadline.node)"
                        " FROM deadline ");
    jb_listing_end(q, index_of(l, f), JB_NO_ROW);
    jb_listing_end(q, " WHERE 1", JB_NO_ROW);
    if (f->case_no != 0)
        jb_listing_and(q, "case_no = ?", JB_ROW(jb_int(f->case_no)));
    if (f->node != 0)
        jb_listing_and(q, "node = ?", JB_ROW(jb_int(f->node)));
    if (f->open_only)
        jb_listing_and(q, "ended_how = 0", JB_NO_ROW);
    if (f->missed_only)
        jb_listing_and(q, "missed_ms <> 0", JB_NO_ROW);
    if (f->due_before_ms != 0)
        jb_listing_and(q, "due_ms < ?", JB_ROW(jb_int(f->due_before_ms)));
    if (f->after_case_no != 0)
        jb_listing_and(
            q, "(due_ms, case_no, id) > (?, ?, ?)",
            JB_ROW(jb_int(f->after_due_ms), jb_int(f->after_case_no), jb_int(f->after_id)));
    jb_listing_end(q, " ORDER BY due_ms, case_no, id LIMIT ?", JB_ROW(jb_u64(f->limit + 1)));
}

/* At most `limit` rows; *more: there was another one. */
static enum jb_err rows_read(struct jb_ledger *l, sqlite3_stmt *s, size_t limit,
                             struct jb_arena *arena, struct jb_deadline_row *rows, size_t *count,
                             bool *more)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err)) {
        if (*count == limit) {
            *more = true;
            break;
        }
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_deadline_row *row = &rows[*count];
        row->d = jb_deadline_get(&r, &row->case_no);
        row->title = jb_get_text(&r);
        row->stored_ms = jb_get_i64(&r);
        row->set_seq = row->d.set_seq;
        if (r.err != JB_OK)
            return r.err;
        ++*count;
    }
    return err;
}

/* The broker does not tell a node about the node's own receipts: the node has them itself. */
static enum jb_err own_receipts_fill(struct jb_ledger *l, struct jb_deadline_row *rows,
                                     size_t count)
{
    if (l->role != JB_LEDGER_REPLICA)
        return JB_OK;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].stored_ms != 0 || rows[i].d.node != l->heads.node)
            continue;
        enum jb_err err = jb_replica_stored_at(l, rows[i].set_seq, &rows[i].stored_ms);
        if (err != JB_OK && err != JB_NOT_FOUND)
            return err;
    }
    return JB_OK;
}

enum jb_err jb_query_deadlines(struct jb_ledger *l, const struct jb_deadline_filter *f,
                               struct jb_arena *arena, struct jb_deadline_row **rows, size_t *count,
                               bool *more)
{
    struct jb_listing q;
    sqlite3_stmt *s = NULL;
    size_t found = 0;
    bool mine;
    bool another = false;

    if (f->limit < 1 || f->limit > LIMIT_MAX)
        return JB_RANGE;
    struct jb_deadline_row *list = jb_arena_alloc(arena, f->limit * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    deadlines_select(l, &q, f);
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err != JB_OK)
        return err;
    err = jb_listing_open(l, &q, &s);
    if (err == JB_OK)
        err = rows_read(l, s, f->limit, arena, list, &found, &another);
    sqlite3_finalize(s);
    if (err == JB_OK)
        err = own_receipts_fill(l, list, found);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *rows = list;
    *count = found;
    *more = another;
    return JB_OK;
}
