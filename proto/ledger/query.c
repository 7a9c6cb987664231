/* Listings of cases, and their lights. */
#include "proto/ledger/query.h"

#include "proto/ledger/querycases.h"

#define LIMIT_MAX 1000

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

enum jb_err jb_query_cases(struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms,
                           struct jb_arena *arena, struct jb_case **cases, size_t *count,
                           bool *more)
{
    int64_t numbers[LIMIT_MAX + 1];
    size_t found = 0;
    bool mine;

    if (f->limit < 1 || f->limit > LIMIT_MAX)
        return JB_RANGE;
    struct jb_case *list = jb_arena_alloc(arena, f->limit * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err != JB_OK)
        return err;
    err = jb_cases_numbers(l, f, now_ms, arena, numbers, &found);
    size_t shown = found < f->limit ? found : f->limit;
    for (size_t i = 0; i < shown && err == JB_OK; i++)
        err = jb_ledger_case_load(l, numbers[i], arena, &list[i]);
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
    bool packed = l->role == JB_LEDGER_BROKER;
    const struct {
        enum jb_sql id;
        uint64_t *count;
    } rows[] = {
        {JB_SQL_TOTAL_DISPUTES, &t.disputes},
        {packed ? JB_SQL_PACKED_DIRECTIVES : JB_SQL_TOTAL_DIRECTIVES, &t.directives},
        {packed ? JB_SQL_PACKED_DOCKETS : JB_SQL_TOTAL_DOCKETS, &t.dockets},
        {packed ? JB_SQL_PACKED_UNDELIVERED : JB_SQL_TOTAL_UNDELIVERED, &t.undelivered},
        {packed ? JB_SQL_PACKED_PROVISIONAL : JB_SQL_TOTAL_PROVISIONAL, &t.provisional},
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
