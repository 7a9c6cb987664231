/* See lights.h. */
#include "proto/ledger/lights.h"

#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replay.h"
#include "proto/rules/proposal.h"

#define KEY ".lights"
#define NUMBERS 3
#define TURN_MAX 512 /* of one kind at once */

static bool keeps(const struct jb_ledger *l)
{
    return l->role == JB_LEDGER_REPLICA && !l->read_only && !l->memory;
}

bool jb_lights_usable(const struct jb_ledger *l, int64_t now_ms)
{
    return keeps(l) && l->heads.lights.left == 0 && now_ms >= l->heads.lights.to_ms;
}

/* ---- with the cases ---- */

enum jb_err jb_lights_drop(struct jb_ledger *l, int64_t case_no)
{
    assert(l->writing);
    return keeps(l) ? jb_sql_run(l, JB_SQL_LIGHT_DROP, JB_ROW(jb_int(case_no))) : JB_OK;
}

enum jb_err jb_lights_put(struct jb_ledger *l, const struct jb_case *c)
{
    assert(l->writing);
    if (!keeps(l))
        return JB_OK;
    if (c->stage == JB_STAGE_NONE || jb_stage_is_final(c->stage))
        return jb_lights_drop(l, c->case_no);
    /* what a turn that is under way has passed by must not be left behind */
    enum jb_light light = jb_case_light(c, l->heads.lights.to_ms);
    bool call = light == JB_LIGHT_RED || jb_proposals_may_come(c);
    return jb_sql_run(l, JB_SQL_LIGHT_PUT,
                      JB_ROW(jb_int(c->case_no), jb_int(light), jb_int(c->host), jb_int(call)));
}

void jb_lights_reset(struct jb_ledger *l)
{
    l->heads.lights.from_ms = l->heads.lights.to_ms;
    l->heads.lights.left = 0;
    memset(l->turning, 0, sizeof l->turning);
}

/* ---- in the file ---- */

enum jb_err jb_lights_load(struct jb_ledger *l)
{
    uint8_t raw[NUMBERS * 8];
    int64_t at[NUMBERS] = {0};
    bool found = false;

    if (!keeps(l))
        return JB_OK;
    enum jb_err err = jb_fact_read(l, KEY, raw, sizeof raw, &found);
    if (err != JB_OK)
        return err;
    if (found)
        jb_numbers_unpack(raw, NUMBERS, at);
    l->heads.lights = (struct jb_lights){at[0], at[1], at[2]};
    if (!found && l->heads.down.number != 0) /* of software that keeps no lights */
        l->heads.lights.left = INT64_MAX;
    return JB_OK;
}

enum jb_err jb_lights_store(struct jb_ledger *l)
{
    const struct jb_lights *k = &l->heads.lights;
    const struct jb_lights *old = &l->committed.lights;
    const int64_t at[NUMBERS] = {k->from_ms, k->to_ms, k->left};
    uint8_t raw[NUMBERS * 8];
    bool first = l->committed.down.number == 0 && l->heads.down.number != 0;

    if (!keeps(l) || (!first && !l->lights_moved && k->from_ms == old->from_ms &&
                      k->to_ms == old->to_ms && k->left == old->left))
        return JB_OK;
    l->lights_moved = false;
    jb_numbers_pack(at, NUMBERS, raw);
    return jb_ledger_meta_set(l, KEY, (struct jb_bytes){raw, sizeof raw});
}

/* ---- rows for cases that have none ---- */

static enum jb_err lacking_read(struct jb_ledger *l, size_t max, int64_t *numbers, size_t *count)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_LIGHT_CASES, JB_ROW(jb_int(l->heads.lights.left), jb_u64(max)));

    *count = 0;
    while (jb_sql_next(l, s, &err))
        numbers[(*count)++] = sqlite3_column_int64(s, 0);
    jb_sql_done(s);
    return err;
}

static enum jb_err lacking_put(struct jb_ledger *l, const int64_t *numbers, size_t count)
{
    struct jb_arena arena;
    enum jb_err err = JB_OK;

    jb_arena_init(&arena, JB_REPLAY_ARENA_BYTES);
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        struct jb_case c;
        jb_arena_reset(&arena);
        err = jb_ledger_case_load(l, numbers[i], &arena, &c);
        if (err == JB_OK)
            err = jb_lights_put(l, &c);
    }
    jb_arena_fini(&arena);
    return err;
}

/* Some more, newest first. */
static enum jb_err fill(struct jb_ledger *l, int64_t now_ms, size_t max)
{
    struct jb_lights *k = &l->heads.lights;
    int64_t numbers[TURN_MAX] = {0};
    size_t count = 0;

    if (k->left == INT64_MAX)
        k->from_ms = k->to_ms = now_ms;
    enum jb_err err = lacking_read(l, max, numbers, &count);
    if (err == JB_OK)
        err = lacking_put(l, numbers, count);
    if (err == JB_OK)
        k->left = count == max ? numbers[count - 1] : 0;
    return err;
}

/* ---- with the time ---- */

static const struct {
    enum jb_sql next, turn;
} kinds[JB_LIGHTS_KINDS] = {
    {JB_SQL_LIGHT_FIRST, JB_SQL_LIGHT_WARNED},
    {JB_SQL_LIGHT_DUE, JB_SQL_LIGHT_RED},
};

static enum jb_err turning_read(struct jb_ledger *l, size_t kind, int64_t until_ms, size_t max,
                                struct jb_lights_place *rows, size_t *count)
{
    struct jb_lights_place after = l->turning[kind];
    enum jb_err err;

    if (after.case_no == 0)
        after = (struct jb_lights_place){l->heads.lights.from_ms, INT64_MAX};
    sqlite3_stmt *s =
        jb_sql_bind(l, kinds[kind].next,
                    JB_ROW(jb_int(after.ms), jb_int(after.case_no), jb_int(until_ms), jb_u64(max)));
    *count = 0;
    while (jb_sql_next(l, s, &err))
        rows[(*count)++] =
            (struct jb_lights_place){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
    jb_sql_done(s);
    return err;
}

/* *done: what was to turn until to_ms has turned. */
static enum jb_err turn(struct jb_ledger *l, size_t max, bool *done)
{
    struct jb_lights *k = &l->heads.lights;
    struct jb_lights_place rows[TURN_MAX];
    enum jb_err err = JB_OK;

    *done = true;
    for (size_t kind = 0; kind < JB_LIGHTS_KINDS && err == JB_OK; kind++) {
        size_t count = 0;
        err = turning_read(l, kind, k->to_ms, max, rows, &count);
        for (size_t i = 0; i < count && err == JB_OK; i++)
            err = jb_sql_run(l, kinds[kind].turn, JB_ROW(jb_int(rows[i].case_no)));
        if (err == JB_OK && count > 0)
            l->turning[kind] = rows[count - 1];
        *done = *done && count < max;
    }
    if (err == JB_OK && *done)
        k->from_ms = k->to_ms;
    return err;
}

static enum jb_err any_turns(struct jb_ledger *l, int64_t now_ms, bool *any)
{
    enum jb_err err = JB_OK;

    *any = false;
    for (size_t kind = 0; kind < JB_LIGHTS_KINDS && err == JB_OK && !*any; kind++) {
        struct jb_lights_place row;
        size_t count = 0;
        err = turning_read(l, kind, now_ms, 1, &row, &count);
        *any = count > 0;
    }
    return err;
}

/* One slice in a transaction of its own. */
static enum jb_err slice(struct jb_ledger *l, int64_t now_ms, size_t max, bool *turned)
{
    enum jb_err err = jb_ledger_begin(l);
    struct jb_lights *k = &l->heads.lights;

    if (err != JB_OK)
        return err;
    if (k->left != 0) {
        err = fill(l, now_ms, max);
    } else {
        if (k->to_ms == k->from_ms)
            k->to_ms = now_ms;
        err = turn(l, max, turned);
    }
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    else
        jb_ledger_rollback(l);
    if (err != JB_OK || *turned)
        memset(l->turning, 0, sizeof l->turning);
    return err;
}

enum jb_err jb_ledger_lights_turn(struct jb_ledger *l, int64_t now_ms, size_t max, bool *done)
{
    struct jb_lights *k = &l->heads.lights;
    bool turned = false;
    bool any = true;
    enum jb_err err = JB_OK;

    *done = true;
    if (!keeps(l))
        return JB_OK;
    if (now_ms < k->to_ms) { /* the clock was set back: they are made anew */
        memset(l->turning, 0, sizeof l->turning);
        k->left = l->committed.lights.left = INT64_MAX;
    }
    if (k->left == 0 && k->to_ms == k->from_ms)
        err = any_turns(l, now_ms, &any);
    if (err == JB_OK && !any) {
        k->from_ms = k->to_ms = now_ms;
        l->lights_moved = true;
    }
    if (err != JB_OK || !any)
        return err;
    *done = false;
    return slice(l, now_ms, max < TURN_MAX ? max : TURN_MAX, &turned);
}
