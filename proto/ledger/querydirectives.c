/* Listings of directives with their receivers, and of dockets; cases found by what belongs to them.
 */
#include "proto/ledger/db.h"
#include "proto/ledger/listing.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replica.h"

#define LIMIT_MAX 1000
#define JB_TITLE_OF(table) " (SELECT c.title FROM case_file c WHERE c.case_no = " table ".case_no)"

/* ---- receivers ---- */

static enum jb_err target_fill(struct jb_ledger *l, const struct jb_directive_row *row,
                               struct jb_target_row *t)
{
    enum jb_err err = jb_sql_number(
        l, JB_SQL_STORED_AT_NODE,
        JB_ROW(jb_int(row->case_no), jb_u64(row->d.seq), jb_int(t->t.node)), &t->stored_ms);

    /* The broker does not tell a node about the node's own receipts: the node has them itself. */
    if (err == JB_NOT_FOUND && l->role == JB_LEDGER_REPLICA && t->t.node == l->heads.node)
        err = jb_replica_stored_at(l, row->d.seq, &t->stored_ms);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* case_no, id, the receiver, its deadline. */
static enum jb_err targets_read(struct jb_ledger *l, struct jb_directive_row *row,
                                struct jb_arena *arena)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof(struct jb_target_row)};
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_TARGETS_OF, JB_ROW(jb_int(row->case_no), jb_int(row->d.id)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_target_row *t = jb_list_push(&list, arena);
        if (t == NULL) {
            err = JB_NOMEM;
            break;
        }
        *t = (struct jb_target_row){.t = jb_target_get(&r)};
        t->due_ms = jb_get_i64(&r);
        t->missed_ms = jb_get_i64(&r);
    }
    jb_sql_done(s);
    row->targets = list.at;
    row->target_count = list.count;
    for (size_t i = 0; i < row->target_count && err == JB_OK; i++)
        err = target_fill(l, row, &row->targets[i]);
    return err;
}

/* ---- directives ---- */

static void directives_select(struct jb_listing *q, const struct jb_directive_filter *f)
{
    jb_listing_start(q, "SELECT " JB_DIRECTIVE_NAMES
                        "," JB_TITLE_OF("directive") " FROM directive WHERE 1");
    if (f->case_no != 0)
        jb_listing_and(q, "case_no = ?", JB_ROW(jb_int(f->case_no)));
    if (f->issuer != 0)
        jb_listing_and(q, "issuer = ?", JB_ROW(jb_int(f->issuer)));
    if (f->power != 0)
        jb_listing_and(q, "power = ?", JB_ROW(jb_int(f->power)));
    if (f->demand != 0)
        jb_listing_and(q, "demand = ?", JB_ROW(jb_int(f->demand)));
    if (f->open_only)
        jb_listing_and(q, "status <> 3", JB_NO_ROW);
    if (f->receiver != 0 && f->open_only)
        jb_listing_and(q,
                       "(case_no, id) IN (SELECT case_no, directive FROM target WHERE node = ?"
                       " AND state IN (1, 2, 3, 5))",
                       JB_ROW(jb_int(f->receiver)));
    else if (f->receiver != 0)
        jb_listing_and(q, "(case_no, id) IN (SELECT case_no, directive FROM target WHERE node = ?)",
                       JB_ROW(jb_int(f->receiver)));
    if (f->after_case_no != 0)
        jb_listing_and(q, "(case_no, id) < (?, ?)",
                       JB_ROW(jb_int(f->after_case_no), jb_int(f->after_id)));
    jb_listing_end(q, " ORDER BY case_no DESC, id DESC LIMIT ?", JB_ROW(jb_u64(f->limit + 1)));
}

_Static_assert(JB_TARGET_ISSUED == 1 && JB_TARGET_SIGNED == 2 && JB_TARGET_ANSWERED == 3 &&
                   JB_TARGET_OBJECTED == 5 && JB_DIRECTIVE_ENDED == 3,
               "SQL of directives that are open");

/* At most `limit` rows; *more: there was another one. */
static enum jb_err directives_read(struct jb_ledger *l, sqlite3_stmt *s, size_t limit,
                                   struct jb_arena *arena, struct jb_directive_row *rows,
                                   size_t *count, bool *more)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        if (*count == limit) {
            *more = true;
            break;
        }
        struct jb_directive_row *row = &rows[(*count)++];
        *row = (struct jb_directive_row){.case_no = jb_get_i64(&r)};
        row->d = jb_directive_get(&r);
        row->title = jb_get_text(&r);
        if (r.err != JB_OK)
            return r.err;
    }
    return err;
}

enum jb_err jb_query_directives(struct jb_ledger *l, const struct jb_directive_filter *f,
                                struct jb_arena *arena, struct jb_directive_row **rows,
                                size_t *count, bool *more)
{
    struct jb_listing q;
    sqlite3_stmt *s = NULL;
    size_t found = 0;
    bool mine;
    bool another = false;

    if (f->limit < 1 || f->limit > LIMIT_MAX)
        return JB_RANGE;
    struct jb_directive_row *list = jb_arena_alloc(arena, f->limit * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    directives_select(&q, f);
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err != JB_OK)
        return err;
    err = jb_listing_open(l, &q, &s);
    if (err == JB_OK)
        err = directives_read(l, s, f->limit, arena, list, &found, &another);
    sqlite3_finalize(s);
    for (size_t i = 0; i < found && err == JB_OK; i++)
        err = targets_read(l, &list[i], arena);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *rows = list;
    *count = found;
    *more = another;
    return JB_OK;
}

/* ---- dockets ---- */

static void dockets_select(struct jb_listing *q, const struct jb_docket_filter *f)
{
    jb_listing_start(
        q, "SELECT " JB_DOCKET_NAMES "," JB_TITLE_OF(
               "docket") ","
                         " (SELECT d.due_ms FROM deadline d WHERE d.case_no = docket.case_no"
                         " AND d.id = docket.deadline_id),"
                         " (SELECT d.missed_ms FROM deadline d WHERE d.case_no = docket.case_no"
                         " AND d.id = docket.deadline_id) FROM docket WHERE 1");
    if (f->case_no != 0)
        jb_listing_and(q, "case_no = ?", JB_ROW(jb_int(f->case_no)));
    if (f->node != 0)
        jb_listing_and(q, "node = ?", JB_ROW(jb_int(f->node)));
    if (f->opener != 0)
        jb_listing_and(q, "opener = ?", JB_ROW(jb_int(f->opener)));
    if (f->open_only)
        jb_listing_and(q, "closed_ms = 0", JB_NO_ROW);
    if (f->after_case_no != 0)
        jb_listing_and(q, "(case_no, id) < (?, ?)",
                       JB_ROW(jb_int(f->after_case_no), jb_int(f->after_id)));
    jb_listing_end(q, " ORDER BY case_no DESC, id DESC LIMIT ?", JB_ROW(jb_u64(f->limit + 1)));
}

static enum jb_err dockets_read(struct jb_ledger *l, sqlite3_stmt *s, size_t limit,
                                struct jb_arena *arena, struct jb_docket_row *rows, size_t *count,
                                bool *more)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        if (*count == limit) {
            *more = true;
            break;
        }
        struct jb_docket_row *row = &rows[(*count)++];
        *row = (struct jb_docket_row){.case_no = jb_get_i64(&r)};
        row->d = jb_docket_get(&r);
        row->title = jb_get_text(&r);
        row->due_ms = jb_get_i64(&r);
        row->missed_ms = jb_get_i64(&r);
        if (r.err != JB_OK)
            return r.err;
    }
    return err;
}

enum jb_err jb_query_dockets(struct jb_ledger *l, const struct jb_docket_filter *f,
                             struct jb_arena *arena, struct jb_docket_row **rows, size_t *count,
                             bool *more)
{
    struct jb_listing q;
    sqlite3_stmt *s = NULL;
    size_t found = 0;
    bool another = false;

    if (f->limit < 1 || f->limit > LIMIT_MAX)
        return JB_RANGE;
    struct jb_docket_row *list = jb_arena_alloc(arena, f->limit * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    dockets_select(&q, f);
    enum jb_err err = jb_listing_open(l, &q, &s);
    if (err == JB_OK)
        err = dockets_read(l, s, f->limit, arena, list, &found, &another);
    sqlite3_finalize(s);
    if (err != JB_OK)
        return err;
    *rows = list;
    *count = found;
    *more = another;
    return JB_OK;
}

/* ---- cases found by what belongs to them ---- */

enum jb_err jb_query_by_code(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                             int64_t *case_no)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * JB_HASH_BYTES];

    for (size_t i = 0; i < JB_HASH_BYTES; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
    return jb_sql_number(l, JB_SQL_CASE_BY_QUERY,
                         JB_ROW(jb_text((struct jb_text){hex, sizeof hex})), case_no);
}

enum jb_err jb_query_linked(struct jb_ledger *l, int64_t case_no, int64_t *out, size_t max,
                            size_t *count)
{
    enum jb_err err;
    size_t found = 0;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_CASES_LINKED, JB_ROW(jb_int(case_no), jb_u64(max)));

    while (jb_sql_next(l, s, &err))
        out[found++] = sqlite3_column_int64(s, 0);
    jb_sql_done(s);
    if (err == JB_OK)
        *count = found;
    return err;
}
