/* Listings of cases, and their lights. */
#include "proto/ledger/query.h"

#include "proto/base/quantity.h"
#include "proto/ledger/gram.h"
#include "proto/ledger/listing.h"
#include "proto/rules/caseno.h"

#define LIMIT_MAX 1000
#define TEXT_MAX 1024 /* of a text to search for */

/* ---- lights ---- */

enum jb_light jb_deadline_light(const struct jb_deadline *d, int64_t now_ms)
{
    if (d->end != JB_END_OPEN)
        return JB_LIGHT_DONE;
    if (d->missed_ms != 0 || d->due_ms <= now_ms)
        return JB_LIGHT_RED;
    for (size_t i = 0; i < JB_WARN_MAX; i++)
        if (d->warn_at_ms[i] != 0 && d->warn_at_ms[i] <= now_ms)
            return JB_LIGHT_YELLOW;
    return JB_LIGHT_GREEN;
}

enum jb_light jb_case_light(const struct jb_case *c, int64_t now_ms)
{
    bool warned = c->objection_open;

    if (jb_stage_is_final(c->stage))
        return JB_LIGHT_DONE;
    for (size_t i = 0; i < c->deadline_count; i++) {
        enum jb_light light = jb_deadline_light(&c->deadlines[i], now_ms);
        if (light == JB_LIGHT_RED)
            return JB_LIGHT_RED;
        warned = warned || light == JB_LIGHT_YELLOW;
    }
    return warned ? JB_LIGHT_YELLOW : JB_LIGHT_GREEN;
}

/* The same in SQL. */
_Static_assert(JB_STAGE_REFERRED == 7 && JB_STAGE_CLOSED == 8 && JB_STAGE_MERGED == 9 &&
                   JB_STAGE_TERMINATED == 14 && JB_STAGE_FILE == 15 && JB_STAGE_COUNT == 16,
               "SQL of lights and totals");

#define HAS_RED                                                                                    \
    "EXISTS (SELECT 1 FROM deadline d WHERE d.case_no = c.case_no AND d.ended_how = 0"             \
    " AND (d.missed_ms <> 0 OR d.due_ms <= ?))"
/* They are few among the cases: found from their deadlines. */
#define RED_BY_DATE                                                                                \
    "SELECT case_no FROM deadline INDEXED BY deadline_due WHERE ended_how = 0 AND due_ms <= ?"
#define RED_BY_WORD "SELECT case_no FROM deadline WHERE ended_how = 0 AND missed_ms <> 0"
#define IN_RED "c.case_no IN (" RED_BY_DATE " UNION " RED_BY_WORD ")"
#define IN_YELLOW                                                                                  \
    "c.case_no IN (SELECT case_no FROM deadline WHERE ended_how = 0 AND first_ms <= ?"             \
    " UNION SELECT case_no FROM case_file WHERE objection_open = 1"                                \
    " EXCEPT " RED_BY_DATE " EXCEPT " RED_BY_WORD ")"
#define HAS_WARNED                                                                                 \
    "(c.objection_open = 1 OR EXISTS (SELECT 1 FROM deadline d WHERE d.case_no = c.case_no"        \
    " AND d.ended_how = 0 AND d.first_ms <= ?))"
#define IS_OPEN "c.stage " JB_SQL_STAGE_OPEN

static void light_filter(struct jb_listing *q, enum jb_light light, int64_t now_ms)
{
    struct jb_bind now = jb_int(now_ms);

    switch (light) {
    case JB_LIGHT_RED:
        jb_listing_and(q, IS_OPEN " AND " IN_RED, JB_ROW(now));
        break;
    case JB_LIGHT_YELLOW:
        jb_listing_and(q, IS_OPEN " AND " IN_YELLOW, JB_ROW(now, now));
        break;
    case JB_LIGHT_GREEN:
        jb_listing_and(q, IS_OPEN " AND NOT " HAS_RED " AND NOT " HAS_WARNED, JB_ROW(now, now));
        break;
    case JB_LIGHT_DONE:
        jb_listing_and(q, "c.stage " JB_SQL_STAGE_OVER, JB_NO_ROW);
        break;
    }
}

/* ---- filters ---- */

/* "%text%" with the pattern's own characters escaped by a backslash. */
static enum jb_err pattern_make(struct jb_text text, struct jb_arena *arena, struct jb_text *out)
{
    char *p = jb_arena_alloc(arena, text.len * 2 + 2);
    size_t len = 0;

    if (p == NULL)
        return JB_NOMEM;
    p[len++] = '%';
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("%_\\", text.data[i]) != NULL && text.data[i] != '\0')
            p[len++] = '\\';
        p[len++] = text.data[i];
    }
    p[len++] = '%';
    *out = (struct jb_text){p, len};
    return JB_OK;
}

/* The digits of a piece of a case number as people write it ("00007-00042"); empty if the text is
 * not such a piece. */
static enum jb_err digits_take(struct jb_text text, struct jb_arena *arena, struct jb_text *out)
{
    char *p = jb_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (p == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        char ch = text.data[i];
        if (ch >= '0' && ch <= '9')
            p[len++] = ch;
        else if (ch != '-' && ch != ' ')
            return JB_OK;
    }
    *out = (struct jb_text){p, len};
    return JB_OK;
}

/* A whole case number is that case. */
static bool number_take(struct jb_text digits, int64_t *case_no)
{
    int64_t number = 0;
    bool whole = digits.len >= 18 && jb_int_parse(digits, &number) == JB_OK &&
                 jb_caseno_check(number) == JB_OK;
    if (whole)
        *case_no = number;
    return whole;
}

/* What a text stands for, and from where it is looked for. */
struct wanted_text {
    struct jb_text pattern, digits; /* empty: no part of a number */
    int64_t case_no;                /* of a whole number; 0: it is none */
    enum {
        FROM_CASES,  /* by the other filters, or all of them newest first */
        FROM_TITLES, /* newest first, in an index that is a fifth of the cases */
        FROM_PAIR,   /* those with one pair of characters, newest first */
        FROM_PAIRS   /* those with one of several */
    } from;
    struct jb_gram_pick pick;
};

/* Of a text alone a replica reads the titles in their index, unless they are found by a pair. */
static bool is_by_text(const struct jb_ledger *l, const struct jb_case_filter *f)
{
    bool narrow = f->stage != 0 || f->host != 0 || f->open_only || f->objections || f->light != 0 ||
                  f->class_code.len > 0 || f->place_code.len > 0 || f->flags != 0 || f->party != 0;
    return l->role == JB_LEDGER_REPLICA && f->text.len > 0 && !narrow;
}

static enum jb_err text_read(struct jb_ledger *l, const struct jb_case_filter *f,
                             struct jb_arena *arena, struct wanted_text *t)
{
    *t = (struct wanted_text){.from = is_by_text(l, f) ? FROM_TITLES : FROM_CASES};
    if (f->text.len == 0)
        return JB_OK;
    if (f->text.len > TEXT_MAX)
        return JB_TOO_LARGE;
    enum jb_err err = digits_take(f->text, arena, &t->digits);
    if (err == JB_OK)
        err = pattern_make(f->text, arena, &t->pattern);
    if (err == JB_OK && !number_take(t->digits, &t->case_no) && t->digits.len == 0)
        err = jb_gram_pick(l, f->text, &t->pick);
    if (t->pick.found)
        t->from = t->pick.low == t->pick.high ? FROM_PAIR : FROM_PAIRS;
    return err;
}

static void text_filter(struct jb_listing *q, const struct wanted_text *t)
{
    bool titles = t->from == FROM_TITLES;
    if (t->pattern.len == 0)
        return;
    if (t->case_no != 0)
        jb_listing_and(q, titles ? "t.case_no = ?" : "c.case_no = ?", JB_ROW(jb_int(t->case_no)));
    else if (t->digits.len == 0)
        jb_listing_and(q, titles ? "t.title LIKE ? ESCAPE '\\'" : "c.title LIKE ? ESCAPE '\\'",
                       JB_ROW(jb_text(t->pattern)));
    else
        jb_listing_and(
            q,
            titles ? "(t.title LIKE ? ESCAPE '\\' OR instr(CAST(t.case_no AS TEXT), ?) > 0)"
                   : "(c.title LIKE ? ESCAPE '\\' OR instr(CAST(c.case_no AS TEXT), ?) > 0)",
            JB_ROW(jb_text(t->pattern), jb_text(t->digits)));
}

static void select_from(struct jb_listing *q, const struct wanted_text *t)
{
    static const char *const from[] = {
        [FROM_CASES] = "SELECT c.case_no FROM case_file c WHERE 1",
        [FROM_TITLES] = "SELECT c.case_no FROM case_file t INDEXED BY case_text"
                        " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
        [FROM_PAIR] = "SELECT c.case_no FROM case_gram t"
                      " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
        [FROM_PAIRS] = "SELECT DISTINCT c.case_no FROM case_gram t"
                       " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
    };

    jb_listing_start(q, from[t->from]);
    if (t->from == FROM_PAIR)
        jb_listing_and(q, "t.gram = ?", JB_ROW(jb_int(t->pick.low)));
    if (t->from == FROM_PAIRS)
        jb_listing_and(q, "t.gram BETWEEN ? AND ?",
                       JB_ROW(jb_int(t->pick.low), jb_int(t->pick.high)));
}

static void number_filter(struct jb_listing *q, const char *clause, int64_t value)
{
    if (value != 0)
        jb_listing_and(q, clause, JB_ROW(jb_int(value)));
}

static enum jb_err cases_select(struct jb_ledger *l, struct jb_listing *q,
                                const struct jb_case_filter *f, int64_t now_ms,
                                struct jb_arena *arena)
{
    struct wanted_text t;
    enum jb_err err = text_read(l, f, arena, &t);

    if (err != JB_OK)
        return err;
    select_from(q, &t);
    number_filter(q, "c.stage = ?", f->stage);
    if (f->stage != JB_STAGE_FILE)
        jb_listing_and(q, "c.stage <> 15", JB_NO_ROW);
    number_filter(q, "c.host = ?", f->host);
    number_filter(q, "c.registrar = ?", f->registrar);
    if (f->party != 0) /* the host has that role in any case */
        jb_listing_and(q,
                       "(c.host = ? OR c.case_no IN (SELECT case_no FROM participant"
                       " WHERE node = ? AND role <> 6))",
                       JB_ROW(jb_int(f->party), jb_int(f->party)));
    number_filter(q, "c.matter = ?", f->matter);
    number_filter(q, "c.registered_ms >= ?", f->registered_from_ms);
    number_filter(q, "c.registered_ms < ?", f->registered_to_ms);
    if (f->registered_from_ms != 0 && f->registered_to_ms != 0) /* not all that are newer */
        jb_listing_and(q,
                       "c.case_no <= (SELECT max(case_no) FROM case_file"
                       " WHERE registered_ms >= ? AND registered_ms < ?)",
                       JB_ROW(jb_int(f->registered_from_ms), jb_int(f->registered_to_ms)));
    number_filter(q, t.from == FROM_CASES ? "c.case_no < ?" : "t.case_no < ?", f->after_case_no);
    if (f->open_only)
        jb_listing_and(q, IS_OPEN, JB_NO_ROW);
    if (f->objections)
        jb_listing_and(q, "c.objection_open = 1", JB_NO_ROW);
    if (f->class_code.len > 0)
        jb_listing_and(q, "c.class_code = ?", JB_ROW(jb_text(f->class_code)));
    if (f->place_code.len > 0)
        jb_listing_and(q, "c.place_code = ?", JB_ROW(jb_text(f->place_code)));
    if (f->flags != 0)
        jb_listing_and(q, "c.flags & ? = ?", JB_ROW(jb_int(f->flags), jb_int(f->flags)));
    if (f->light != 0)
        light_filter(q, f->light, now_ms);
    text_filter(q, &t);
    jb_listing_end(q,
                   t.from == FROM_TITLES || t.from == FROM_PAIR
                       ? " ORDER BY t.case_no DESC LIMIT ?"
                       : " ORDER BY c.case_no DESC LIMIT ?",
                   JB_ROW(jb_u64(f->limit + 1)));
    return JB_OK;
}

static enum jb_err numbers_read(struct jb_ledger *l, const struct jb_listing *q,
                                struct jb_case *cases, size_t *count)
{
    sqlite3_stmt *s = NULL;
    enum jb_err err = jb_listing_open(l, q, &s);

    if (err != JB_OK)
        return err;
    while (jb_sql_next(l, s, &err))
        cases[(*count)++].case_no = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return err;
}

enum jb_err jb_query_cases(struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms,
                           struct jb_arena *arena, struct jb_case **cases, size_t *count,
                           bool *more)
{
    struct jb_listing q;
    size_t found = 0;
    bool mine;

    if (f->limit < 1 || f->limit > LIMIT_MAX)
        return JB_RANGE;
    struct jb_case *list = jb_arena_alloc(arena, (f->limit + 1) * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    enum jb_err err = cases_select(l, &q, f, now_ms, arena);
    if (err == JB_OK)
        err = jb_sql_snapshot(l, &mine);
    if (err != JB_OK)
        return err;
    err = numbers_read(l, &q, list, &found);
    size_t shown = found < f->limit ? found : f->limit;
    for (size_t i = 0; i < shown && err == JB_OK; i++)
        err = jb_ledger_case_load(l, list[i].case_no, arena, &list[i]);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *cases = list;
    *count = shown;
    *more = found > f->limit;
    return JB_OK;
}

enum jb_err jb_query_totals(struct jb_ledger *l, int64_t now_ms, struct jb_totals *out)
{
    struct jb_totals t = {0};
    const struct {
        enum jb_sql id;
        uint64_t *count;
    } rows[] = {
        {JB_SQL_TOTAL_DISPUTES, &t.disputes},       {JB_SQL_TOTAL_DIRECTIVES, &t.directives},
        {JB_SQL_TOTAL_DOCKETS, &t.dockets},         {JB_SQL_TOTAL_UNDELIVERED, &t.undelivered},
        {JB_SQL_TOTAL_PROVISIONAL, &t.provisional},
    };
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    if (err != JB_OK)
        return err;
    err = jb_query_lights(l, now_ms, &t);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && err == JB_OK; i++) {
        int64_t number = 0;
        err = jb_sql_number(l, rows[i].id, JB_NO_ROW, &number);
        *rows[i].count = (uint64_t)number;
    }
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *out = t;
    return JB_OK;
}
