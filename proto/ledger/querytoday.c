/* What there is to do, as numbers: each found by an index, each cut, so that a day with much in it
 * costs no more than one with little. */
#include "proto/ledger/db.h"
#include "proto/ledger/listing.h"
#include "proto/ledger/query.h"
#include "proto/rules/civil.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000) /* in China, without summer time */

#define OPEN_OF(table)                                                                             \
    "EXISTS (SELECT 1 FROM case_file c WHERE c.case_no = " table                                   \
    ".case_no AND c.stage " JB_SQL_STAGE_OPEN ")"
#define RED                                                                                        \
    "SELECT case_no FROM deadline INDEXED BY deadline_due WHERE ended_how = 0 AND due_ms <= ?"     \
    " UNION SELECT case_no FROM deadline INDEXED BY deadline_missed"                               \
    " WHERE ended_how = 0 AND missed_ms <> 0 AND due_ms > ?"
#define TURNED(index, instant)                                                                     \
    "(SELECT case_no FROM deadline INDEXED BY " index " WHERE ended_how = 0"                       \
    " AND " instant " > ? AND " instant " <= ?)"
#define TURNED_RED TURNED("deadline_due", "due_ms")

/* Without lights that are kept. */
static const char red[] = "SELECT r.case_no FROM (" RED ") r WHERE " OPEN_OF("r");
static const char yellow[] =
    "SELECT y.case_no FROM (SELECT case_no FROM deadline WHERE ended_how = 0 AND first_ms <= ?"
    " UNION SELECT case_no FROM case_file WHERE objection_open = 1"
    " EXCEPT SELECT case_no FROM (" RED ")) y WHERE " OPEN_OF("y");
/* With them, and what turned since. */
static const char red_kept[] =
    "SELECT case_no FROM case_light WHERE light = 3 UNION ALL"
    " SELECT case_no FROM case_light WHERE light < 3 AND case_no IN " TURNED_RED;
static const char yellow_kept[] =
    "SELECT case_no FROM case_light WHERE light = 2 AND case_no NOT IN " TURNED_RED
    " UNION ALL SELECT case_no FROM case_light WHERE light = 1"
    " AND case_no IN " TURNED("deadline_first", "first_ms") " AND case_no NOT IN " TURNED_RED;
static const char objections[] = "SELECT o.case_no FROM case_file o WHERE o.objection_open = 1"
                                 " AND o.stage " JB_SQL_STAGE_OPEN;
static const char due_today[] =
    "SELECT case_no FROM deadline INDEXED BY deadline_node WHERE node = ? AND ended_how = 0"
    " AND missed_ms = 0 AND due_ms > ? AND due_ms <= ?";
static const char overdue[] =
    "SELECT case_no FROM deadline INDEXED BY deadline_node WHERE node = ? AND ended_how = 0"
    " AND due_ms <= ?";
/* The broker said that it was missed; the day that it has now is still to come. */
static const char overdue_by_word[] =
    "SELECT case_no FROM deadline INDEXED BY deadline_late WHERE node = ? AND ended_how = 0"
    " AND missed_ms <> 0 AND due_ms > ?";
static const char not_signed[] =
    "SELECT case_no FROM case_file INDEXED BY case_host_stage WHERE host = ? AND stage = ?";
static const char undelivered[] =
    "SELECT case_no FROM deadline INDEXED BY deadline_unserved WHERE key = 'deliver'"
    " AND ended_how = 0 AND missed_ms <> 0 AND node = ?";
static const char summons[] = "SELECT t.case_no FROM directive d INDEXED BY directive_summons "
                              "CROSS JOIN target t ON t.case_no = d.case_no"
                              " AND t.directive = d.id WHERE t.node = ? AND t.state IN (1, 2, 5)"
                              " AND d.status <> 3 AND d.demand = 5";

_Static_assert(JB_TARGET_ISSUED == 1 && JB_TARGET_SIGNED == 2 && JB_TARGET_OBJECTED == 5 &&
                   JB_DIRECTIVE_ENDED == 3 && JB_END_OPEN == 0 && JB_DEMAND_SUMMONS == 5 &&
                   JB_LIGHT_GREEN == 1 && JB_LIGHT_YELLOW == 2 && JB_LIGHT_RED == 3,
               "SQL of what is to be done");

struct counting {
    struct jb_ledger *l;
    const struct jb_today_question *q;
    struct jb_arena *arena;
    struct jb_list hidden; /* int64_t, ascending: cases that the reader keeps out of */
};

/* Recusals are few; which of them is this person's is not for SQL to say. */
static enum jb_err hidden_read(struct counting *k)
{
    struct jb_listing listing;
    sqlite3_stmt *s = NULL;

    k->hidden.bytes = sizeof(int64_t);
    jb_listing_start(&listing, "SELECT case_no, text FROM mark WHERE 1");
    jb_listing_and(&listing, "kind = ? AND node = ?",
                   JB_ROW(jb_int(JB_MARK_RECUSED), jb_int(k->q->node)));
    jb_listing_end(&listing, " ORDER BY case_no", JB_NO_ROW);
    enum jb_err err = jb_listing_open(k->l, &listing, &s);
    if (err != JB_OK)
        return err;
    while (jb_sql_next(k->l, s, &err)) {
        struct jb_text person = {(const char *)sqlite3_column_text(s, 1),
                                 (size_t)sqlite3_column_bytes(s, 1)};
        if (person.len > 0 && !jb_user_is(person, k->q->user))
            continue;
        int64_t *case_no = jb_list_push(&k->hidden, k->arena);
        if (case_no == NULL) {
            err = JB_NOMEM;
            break;
        }
        *case_no = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return err;
}

static bool is_hidden(const struct counting *k, int64_t case_no)
{
    const int64_t *at = k->hidden.at;
    size_t low = 0;
    size_t high = k->hidden.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at[middle] < case_no)
            low = middle + 1;
        else
            high = middle;
    }
    return low < k->hidden.count && at[low] == case_no;
}

/* What is found is added to *out. */
static enum jb_err count(const struct counting *k, const char *sql, struct jb_row row,
                         uint32_t *out)
{
    struct jb_listing listing;
    sqlite3_stmt *s = NULL;

    jb_listing_start(&listing, sql);
    jb_listing_end(&listing, "", row);
    enum jb_err err = jb_listing_open(k->l, &listing, &s);
    if (err != JB_OK)
        return err;
    while (*out < JB_TODAY_MOST && jb_sql_next(k->l, s, &err))
        *out += !is_hidden(k, sqlite3_column_int64(s, 0));
    sqlite3_finalize(s);
    return err;
}

static enum jb_err count_lights(const struct counting *k, struct jb_today *out)
{
    struct jb_bind now = jb_int(k->q->now_ms), from = jb_int(k->l->heads.lights.from_ms);
    bool kept = jb_lights_usable(k->l, k->q->now_ms);
    enum jb_err err = kept ? count(k, red_kept, JB_ROW(from, now), &out->red)
                           : count(k, red, JB_ROW(now, now), &out->red);

    if (err != JB_OK)
        return err;
    return kept ? count(k, yellow_kept, JB_ROW(from, now, from, now, from, now), &out->yellow)
                : count(k, yellow, JB_ROW(now, now, now), &out->yellow);
}

static enum jb_err count_all(const struct counting *k, struct jb_today *out)
{
    struct jb_bind now = jb_int(k->q->now_ms), node = jb_int(k->q->node);
    struct jb_bind tonight = jb_int(jb_date_start_ms(jb_date_of_instant(k->q->now_ms)) + DAY_MS);
    const struct {
        const char *sql;
        struct jb_row row;
        uint32_t *out;
    } counts[] = {
        {objections, JB_NO_ROW, &out->objections},
        {due_today, JB_ROW(node, now, tonight), &out->due_today},
        {overdue, JB_ROW(node, now), &out->overdue},
        {overdue_by_word, JB_ROW(node, now), &out->overdue},
        {not_signed, JB_ROW(node, jb_int(JB_STAGE_SENT)), &out->unsigned_cases},
        {undelivered, JB_ROW(node), &out->undelivered},
        {summons, JB_ROW(node), &out->summons},
    };
    enum jb_err err = count_lights(k, out);

    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && err == JB_OK; i++)
        err = count(k, counts[i].sql, counts[i].row, counts[i].out);
    return err;
}

enum jb_err jb_query_today(struct jb_ledger *l, const struct jb_today_question *q,
                           struct jb_arena *arena, struct jb_today *out)
{
    struct counting k = {.l = l, .q = q, .arena = arena};
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    *out = (struct jb_today){0};
    if (err != JB_OK)
        return err;
    err = hidden_read(&k);
    if (err == JB_OK)
        err = count_all(&k, out);
    jb_sql_snapshot_end(l, mine);
    return err;
}
