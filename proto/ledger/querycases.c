/* Which cases a list shows: where they are looked for, and what is asked of each.
 *
 * Every way reads its index in the order of the answer, newest first, and stops when the page is
 * full. Where one order does not give all of them (lights that turned just now; a text that is part
 * of a title or of a number), two are read and merged. */
#include "proto/ledger/querycases.h"

#include "proto/ledger/gram.h"
#include "proto/ledger/listing.h"

#define TEXT_MAX 1024 /* of a text to search for */
#define CALLING_MAX 1000

_Static_assert(JB_STAGE_REFERRED == 7 && JB_STAGE_CLOSED == 8 && JB_STAGE_MERGED == 9 &&
                   JB_STAGE_TERMINATED == 14 && JB_STAGE_FILE == 15 && JB_STAGE_COUNT == 16,
               "SQL of lights and totals");

/* ---- lights ---- */

#define HAS_RED                                                                                    \
    "EXISTS (SELECT 1 FROM deadline d WHERE d.case_no = c.case_no AND d.ended_how = 0"             \
    " AND (d.missed_ms <> 0 OR d.due_ms <= ?))"
#define HAS_WARNED                                                                                 \
    "(c.objection_open = 1 OR EXISTS (SELECT 1 FROM deadline d WHERE d.case_no = c.case_no"        \
    " AND d.ended_how = 0 AND d.first_ms <= ?))"
#define IS_OPEN "c.stage " JB_SQL_STAGE_OPEN
#define TURNED_RED                                                                                 \
    "(SELECT case_no FROM deadline INDEXED BY deadline_due WHERE ended_how = 0"                    \
    " AND due_ms > ? AND due_ms <= ?)"
#define TURNED_WARNED                                                                              \
    "(SELECT case_no FROM deadline INDEXED BY deadline_first WHERE ended_how = 0"                  \
    " AND first_ms > ? AND first_ms <= ?)"

#define HAD_LIGHT(number)                                                                          \
    "EXISTS (SELECT 1 FROM case_light x WHERE x.case_no = " number " AND x.light = ?)"

/* Where there are no lights to read: all of them, from their deadlines. */
#define ALL_RED                                                                                    \
    "(SELECT case_no FROM deadline INDEXED BY deadline_due WHERE ended_how = 0 AND due_ms <= ?"    \
    " UNION SELECT case_no FROM deadline INDEXED BY deadline_missed"                               \
    " WHERE missed_ms <> 0 AND ended_how = 0 AND due_ms > ?)"
#define ALL_WARNED                                                                                 \
    "(SELECT case_no FROM deadline INDEXED BY deadline_first WHERE ended_how = 0"                  \
    " AND first_ms <= ? UNION SELECT case_no FROM case_file WHERE objection_open = 1)"

/* Of each case that comes up anyhow. */
static void light_filter(struct jb_listing *q, enum jb_light light, int64_t now_ms)
{
    struct jb_bind now = jb_int(now_ms);

    switch (light) {
    case JB_LIGHT_RED:
        jb_listing_and(q, IS_OPEN " AND " HAS_RED, JB_ROW(now));
        break;
    case JB_LIGHT_YELLOW:
        jb_listing_and(q, IS_OPEN " AND NOT " HAS_RED " AND " HAS_WARNED, JB_ROW(now, now));
        break;
    case JB_LIGHT_GREEN:
        jb_listing_and(q, IS_OPEN " AND NOT " HAS_RED " AND NOT " HAS_WARNED, JB_ROW(now, now));
        break;
    case JB_LIGHT_DONE:
        jb_listing_and(q, "c.stage " JB_SQL_STAGE_OVER, JB_NO_ROW);
        break;
    }
}

/* ---- what is looked for ---- */

/* What is looked for, and from where. */
struct wanted {
    struct jb_ledger *l;
    const struct jb_case_filter *f;
    int64_t now_ms;
    struct jb_text pattern, digits; /* empty: no part of a number */
    int64_t case_no;                /* of a whole number; 0: it is none */
    enum from {
        FROM_CASES,  /* by the other filters, or all of them newest first */
        FROM_TITLES, /* newest first, in an index that is a fifth of the cases */
        FROM_PAIR,   /* those with one pair of characters, newest first */
        FROM_PAIRS,  /* those with one of several */
        FROM_LIGHTS, /* those that had the light a while ago */
        FROM_TURNED  /* those that have it since */
    } from;
    bool lit;   /* by lights that are kept: what turned since is looked for as well */
    bool apart; /* the text may be part of a number, and these are looked for apart */
    struct jb_gram_pick pick;
};

/* Of a text alone a replica reads the titles in their index, unless they are found by a pair. */
static bool is_by_text(const struct jb_ledger *l, const struct jb_case_filter *f)
{
    bool narrow = f->stage != 0 || f->host != 0 || f->open_only || f->objections || f->light != 0 ||
                  f->class_code.len > 0 || f->place_code.len > 0 || f->flags != 0 || f->party != 0;
    return l->role == JB_LEDGER_REPLICA && f->text.len > 0 && !narrow;
}

static bool is_by_light(const struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms)
{
    bool lit =
        f->light == JB_LIGHT_GREEN || f->light == JB_LIGHT_YELLOW || f->light == JB_LIGHT_RED;
    return lit && jb_lights_usable(l, now_ms);
}

static enum jb_err wanted_read(struct wanted *w, struct jb_arena *arena)
{
    struct jb_text text = w->f->text;

    w->from = is_by_text(w->l, w->f) ? FROM_TITLES : FROM_CASES;
    w->lit = is_by_light(w->l, w->f, w->now_ms);
    if (w->lit && w->f->registered_from_ms == 0) /* a few days are sooner looked through */
        w->from = FROM_LIGHTS;
    if (text.len == 0)
        return JB_OK;
    if (text.len > TEXT_MAX)
        return JB_TOO_LARGE;
    enum jb_err err = jb_cases_digits(text, arena, &w->digits);
    if (err == JB_OK)
        err = jb_cases_pattern(text, arena, &w->pattern);
    if (err != JB_OK || jb_cases_whole_number(w->digits, &w->case_no))
        return err;
    w->apart = w->digits.len > 0 && w->l->role == JB_LEDGER_REPLICA;
    if (w->apart || w->digits.len == 0)
        err = jb_gram_pick(w->l, text, &w->pick);
    if (w->apart && w->lit) { /* two ways are enough */
        w->from = FROM_CASES;
        w->lit = false;
    }
    if (w->pick.found)
        w->from = w->pick.low == w->pick.high ? FROM_PAIR : FROM_PAIRS;
    return err;
}

static void text_filter(struct jb_listing *q, const struct wanted *w)
{
    bool titles = w->from == FROM_TITLES;
    if (w->pattern.len == 0)
        return;
    if (w->case_no != 0)
        jb_listing_and(q, titles ? "t.case_no = ?" : "c.case_no = ?", JB_ROW(jb_int(w->case_no)));
    else if (w->digits.len == 0 || w->apart)
        jb_listing_and(q, titles ? "t.title LIKE ? ESCAPE '\\'" : "c.title LIKE ? ESCAPE '\\'",
                       JB_ROW(jb_text(w->pattern)));
    else
        jb_listing_and(q, "(c.title LIKE ? ESCAPE '\\' OR instr(CAST(c.case_no AS TEXT), ?) > 0)",
                       JB_ROW(jb_text(w->pattern), jb_text(w->digits)));
}

/* ---- where they are looked for ---- */

static void from_pairs(struct jb_listing *q, const struct wanted *w)
{
    if (w->from == FROM_PAIRS) {
        jb_listing_and(q, "t.gram BETWEEN ? AND ?",
                       JB_ROW(jb_int(w->pick.low), jb_int(w->pick.high)));
        return;
    }
    jb_listing_and(q, "t.gram = ?", JB_ROW(jb_int(w->pick.low)));
    for (size_t i = 0; i < w->pick.also_count; i++)
        jb_listing_and(q,
                       "EXISTS (SELECT 1 FROM case_gram g WHERE g.gram = ?"
                       " AND g.case_no = t.case_no)",
                       JB_ROW(jb_int(w->pick.also[i])));
}

static void from_lights(struct jb_listing *q, const struct wanted *w)
{
    jb_listing_and(q, "t.light = ?", JB_ROW(jb_int(w->f->light)));
    if (w->f->host != 0)
        jb_listing_and(q, "t.host = ?", JB_ROW(jb_int(w->f->host)));
}

static void from_turned(struct jb_listing *q, const struct wanted *w)
{
    struct jb_bind from = jb_int(w->l->heads.lights.from_ms), now = jb_int(w->now_ms);

    if (w->f->light == JB_LIGHT_RED)
        jb_listing_and(q, IS_OPEN " AND c.case_no IN " TURNED_RED, JB_ROW(from, now));
    else
        jb_listing_and(q,
                       IS_OPEN " AND c.case_no IN " TURNED_WARNED
                               " AND c.case_no NOT IN " TURNED_RED
                               " AND 1 = (SELECT light FROM case_light x"
                               " WHERE x.case_no = c.case_no)",
                       JB_ROW(from, now, from, now));
}

static void select_from(struct jb_listing *q, const struct wanted *w)
{
    static const struct {
        const char *select;
        void (*clauses)(struct jb_listing *q, const struct wanted *w);
    } from[] = {
        [FROM_CASES] = {"SELECT c.case_no FROM case_file c WHERE 1", NULL},
        [FROM_TITLES] = {"SELECT c.case_no FROM case_file t INDEXED BY case_text"
                         " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
                         NULL},
        [FROM_PAIR] = {"SELECT c.case_no FROM case_gram t"
                       " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
                       from_pairs},
        [FROM_PAIRS] = {"SELECT DISTINCT c.case_no FROM case_gram t"
                        " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
                        from_pairs},
        [FROM_LIGHTS] = {"SELECT c.case_no FROM case_light t"
                         " CROSS JOIN case_file c ON c.case_no = t.case_no WHERE 1",
                         from_lights},
        [FROM_TURNED] = {"SELECT c.case_no FROM case_file c WHERE 1", from_turned},
    };

    jb_listing_start(q, from[w->from].select);
    if (from[w->from].clauses != NULL)
        from[w->from].clauses(q, w);
}

static void number_filter(struct jb_listing *q, const char *clause, int64_t value)
{
    if (value != 0)
        jb_listing_and(q, clause, JB_ROW(jb_int(value)));
}

/* Had it a while ago, and has it still. */
static void kept_filter(struct jb_listing *q, const struct wanted *w)
{
    struct jb_bind from = jb_int(w->l->heads.lights.from_ms), now = jb_int(w->now_ms);

    if (w->from != FROM_LIGHTS)
        jb_listing_and(q, w->from == FROM_CASES ? HAD_LIGHT("c.case_no") : HAD_LIGHT("t.case_no"),
                       JB_ROW(jb_int(w->f->light)));
    if (w->f->light == JB_LIGHT_YELLOW)
        jb_listing_and(q, "c.case_no NOT IN " TURNED_RED, JB_ROW(from, now));
    if (w->f->light == JB_LIGHT_GREEN)
        jb_listing_and(q, "c.case_no NOT IN " TURNED_WARNED, JB_ROW(from, now));
}

static void lights_filter(struct jb_listing *q, const struct wanted *w)
{
    struct jb_bind now = jb_int(w->now_ms);
    bool all = w->l->role == JB_LEDGER_REPLICA && w->from == FROM_CASES && !w->apart &&
               w->f->registered_from_ms == 0;

    if (w->lit)
        kept_filter(q, w);
    else if (all && w->f->light == JB_LIGHT_RED)
        jb_listing_and(q, IS_OPEN " AND c.case_no IN " ALL_RED, JB_ROW(now, now));
    else if (all && w->f->light == JB_LIGHT_YELLOW)
        jb_listing_and(q, IS_OPEN " AND c.case_no IN " ALL_WARNED " AND c.case_no NOT IN " ALL_RED,
                       JB_ROW(now, now, now));
    else
        light_filter(q, w->f->light, w->now_ms);
}

/* What is asked of each, but for its text. */
static void other_filters(struct jb_listing *q, const struct wanted *w)
{
    const struct jb_case_filter *f = w->f;

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
    if (f->open_only)
        jb_listing_and(q, IS_OPEN, JB_NO_ROW);
    if (f->objections)
        jb_listing_and(q, "c.objection_open = 1", JB_NO_ROW);
    if (f->class_code.len > 0)
        jb_listing_and(q, "c.class_code = ?", JB_ROW(jb_text(f->class_code)));
    if (f->place_code.len > 0)
        jb_listing_and(q, "c.place_code = ? AND c.place_code <> ''",
                       JB_ROW(jb_text(f->place_code)));
    if (f->flags != 0)
        jb_listing_and(q, "c.flags & ? = ?", JB_ROW(jb_int(f->flags), jb_int(f->flags)));
    if (f->light != 0 && w->from != FROM_TURNED)
        lights_filter(q, w);
}

/* ---- reading ---- */

static enum jb_err numbers_read(struct jb_ledger *l, const struct jb_listing *q, int64_t *numbers,
                                size_t *count)
{
    sqlite3_stmt *s = NULL;
    enum jb_err err = jb_listing_open(l, q, &s);

    if (err != JB_OK)
        return err;
    while (jb_sql_next(l, s, &err))
        numbers[(*count)++] = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return err;
}

/* Newest first, at most `limit` + 1. */
static enum jb_err one_way(const struct wanted *w, int64_t *numbers, size_t *count)
{
    bool outer = w->from == FROM_CASES || w->from == FROM_TURNED || w->from == FROM_PAIRS;
    struct jb_listing q;

    select_from(&q, w);
    other_filters(&q, w);
    text_filter(&q, w);
    number_filter(&q, outer ? "c.case_no < ?" : "t.case_no < ?", w->f->after_case_no);
    jb_listing_end(&q,
                   outer ? " ORDER BY c.case_no DESC LIMIT ?" : " ORDER BY t.case_no DESC LIMIT ?",
                   JB_ROW(jb_u64(w->f->limit + 1)));
    return numbers_read(w->l, &q, numbers, count);
}

/* Does the case fit the other filters? `s` asks for one. */
static enum jb_err fits(const struct wanted *w, sqlite3_stmt *s, int64_t case_no, bool *yes)
{
    enum jb_err err;

    (void)sqlite3_reset(s);
    (void)sqlite3_bind_int64(s, sqlite3_bind_parameter_count(s), case_no);
    *yes = jb_sql_next(w->l, s, &err);
    return err;
}

/* Those whose number holds the digits: the next number that could, the next case from there. */
static enum jb_err by_number(const struct wanted *w, int64_t *numbers, size_t *count)
{
    int64_t below = w->f->after_case_no != 0 ? w->f->after_case_no : INT64_MAX;
    struct wanted each = *w;
    struct jb_listing q;
    sqlite3_stmt *s = NULL;

    each.from = FROM_CASES;
    select_from(&q, &each);
    other_filters(&q, &each);
    jb_listing_end(&q, " AND c.case_no = ?", JB_ROW(jb_int(0)));
    enum jb_err err = jb_listing_open(w->l, &q, &s);
    while (err == JB_OK && *count <= w->f->limit) {
        int64_t next = jb_cases_number_below(below, w->digits);
        int64_t found = 0;
        bool yes = false;
        if (next < 0)
            break;
        err = jb_sql_number(w->l, JB_SQL_CASE_DOWN, JB_ROW(jb_int(next)), &found);
        if (err != JB_OK || found == 0)
            break;
        below = found == next ? found : found + 1; /* it may hold them elsewhere */
        if (found != next)
            continue;
        err = fits(w, s, found, &yes);
        if (err == JB_OK && yes)
            numbers[(*count)++] = found;
    }
    sqlite3_finalize(s);
    return err;
}

/* Both are newest first; what stands in both once. */
static void merge(const int64_t *a, size_t a_count, const int64_t *b, size_t b_count, size_t most,
                  int64_t *out, size_t *count)
{
    size_t i = 0;
    size_t k = 0;

    *count = 0;
    while (*count < most && (i < a_count || k < b_count)) {
        bool first = k == b_count || (i < a_count && a[i] >= b[k]);
        int64_t number = first ? a[i] : b[k];
        i += i < a_count && a[i] == number;
        k += k < b_count && b[k] == number;
        out[(*count)++] = number;
    }
}

enum jb_err jb_cases_numbers(struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms,
                             struct jb_arena *arena, int64_t *numbers, size_t *count)
{
    struct wanted w = {.l = l, .f = f, .now_ms = now_ms};
    size_t most = f->limit + 1;
    int64_t *ways = jb_arena_alloc(arena, 2 * most * sizeof *ways);
    size_t a = 0;
    size_t b = 0;

    if (ways == NULL)
        return JB_NOMEM;
    enum jb_err err = wanted_read(&w, arena);
    if (err == JB_OK)
        err = one_way(&w, ways, &a);
    if (err == JB_OK && w.apart) {
        err = by_number(&w, ways + most, &b);
    } else if (err == JB_OK && w.lit && f->light != JB_LIGHT_GREEN) {
        w.from = FROM_TURNED;
        err = one_way(&w, ways + most, &b);
    }
    merge(ways, a, ways + most, b, most, numbers, count);
    return err;
}

/* ---- what calls for supervision ---- */

/* With lights that are kept: those that call, and those that have turned red since. */
static void calling_select(const struct jb_ledger *l, int64_t below, int64_t now_ms, size_t max,
                           struct jb_listing ways[2], size_t *count)
{
    struct jb_bind from = jb_int(l->heads.lights.from_ms), now = jb_int(now_ms);
    bool kept = jb_lights_usable(l, now_ms);

    *count = kept ? 2 : 1;
    jb_listing_start(&ways[0], kept ? "SELECT case_no FROM case_light WHERE call <> 0"
                                    : "SELECT case_no FROM case_file WHERE "
                                      "stage " JB_SQL_STAGE_OPEN);
    jb_listing_start(&ways[1], "SELECT case_no FROM case_light WHERE 1");
    jb_listing_and(&ways[1], "case_no IN " TURNED_RED, JB_ROW(from, now));
    for (size_t i = 0; i < *count; i++) {
        jb_listing_and(&ways[i], "case_no < ?", JB_ROW(jb_int(below)));
        jb_listing_end(&ways[i], " ORDER BY case_no DESC LIMIT ?", JB_ROW(jb_u64(max)));
    }
}

enum jb_err jb_query_calling(struct jb_ledger *l, int64_t after_case_no, int64_t now_ms, size_t max,
                             int64_t *numbers, size_t *count)
{
    int64_t below = after_case_no != 0 ? after_case_no : INT64_MAX;
    struct jb_listing q[2];
    int64_t found[2][CALLING_MAX];
    size_t counts[2] = {0, 0};
    size_t ways = 0;
    bool mine;

    *count = 0;
    if (max < 1 || max > CALLING_MAX)
        return JB_RANGE;
    calling_select(l, below, now_ms, max, q, &ways);
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err != JB_OK)
        return err;
    for (size_t i = 0; i < ways && err == JB_OK; i++)
        err = numbers_read(l, &q[i], found[i], &counts[i]);
    jb_sql_snapshot_end(l, mine);
    if (err == JB_OK)
        merge(found[0], counts[0], found[1], counts[1], max, numbers, count);
    return err;
}
