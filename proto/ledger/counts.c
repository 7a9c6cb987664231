/* See counts.h. A yellow case is one that is warned and not red. */
#include "proto/ledger/counts.h"

#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replay.h"

#define KEY ".counts"
#define NUMBERS 7 /* stored: six counts and the item after which they hold; then its head */
#define MOST (INT64_C(1) << 40)
#define STORED_BYTES (NUMBERS * 8 + JB_HASH_BYTES)

static bool keeps(const struct jb_ledger *l)
{
    return l->role == JB_LEDGER_REPLICA && !l->read_only;
}

/* ---- with the cases ---- */

static void lights_of(const struct jb_case *c, struct jb_counts *k)
{
    k->warned = c->objection_open;
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];
        if (d->end != JB_END_OPEN)
            continue;
        k->red |= d->missed_ms != 0 || d->due_ms <= k->at_ms;
        k->warned |= d->missed_ms != 0 || jb_deadline_first_ms(d) <= k->at_ms;
    }
}

struct jb_counts jb_counts_of(const struct jb_ledger *l, const struct jb_case *c)
{
    struct jb_counts k = {.at_ms = l->heads.counts.at_ms};

    if (!l->heads.counts.known || c->stage == JB_STAGE_NONE)
        return k;
    k.cases = c->stage != JB_STAGE_FILE;
    k.open = k.cases && !jb_stage_is_final(c->stage);
    k.objections = c->objection_open;
    if (k.open)
        lights_of(c, &k);
    return k;
}

/* `sign`: 1 or -1. */
static void add(struct jb_counts *to, const struct jb_counts *k, int sign)
{
    to->cases += sign * k->cases;
    to->open += sign * k->open;
    to->objections += sign * k->objections;
    to->red += sign * k->red;
    to->warned += sign * k->warned;
}

void jb_counts_change(struct jb_ledger *l, const struct jb_counts *before,
                      const struct jb_case *now)
{
    struct jb_counts after = jb_counts_of(l, now);

    assert(l->writing);
    add(&l->heads.counts, before, -1);
    add(&l->heads.counts, &after, 1);
}

enum jb_err jb_counts_drop(struct jb_ledger *l, int64_t case_no)
{
    struct jb_case c = {.stage = JB_STAGE_NONE};
    struct jb_arena arena;

    if (!l->heads.counts.known)
        return JB_OK;
    jb_arena_init(&arena, JB_REPLAY_ARENA_BYTES);
    enum jb_err err = jb_ledger_case_load(l, case_no, &arena, &c);
    if (err == JB_OK) {
        struct jb_counts k = jb_counts_of(l, &c);
        add(&l->heads.counts, &k, -1);
    }
    jb_arena_fini(&arena);
    return err;
}

void jb_counts_reset(struct jb_ledger *l)
{
    l->heads.counts = (struct jb_counts){.known = keeps(l), .at_ms = l->heads.counts.at_ms};
}

/* ---- in the file ---- */

/* What may have been counted: red ones are warned, warned ones open, open ones cases. */
static bool may_be(const int64_t at[NUMBERS])
{
    return at[4] >= 0 && at[4] <= at[5] && at[5] <= at[2] && at[2] <= at[1] && at[1] <= MOST &&
           at[3] >= 0 && at[3] <= MOST;
}

/* Counts that do not stand after the last item were left by software that does not keep them. */
enum jb_err jb_counts_load(struct jb_ledger *l)
{
    const struct jb_line_point *down = &l->heads.down;
    uint8_t raw[STORED_BYTES];
    int64_t at[NUMBERS] = {0};
    bool found = false;

    if (!keeps(l))
        return JB_OK;
    enum jb_err err = jb_fact_read(l, KEY, raw, sizeof raw, &found);
    if (err != JB_OK)
        return err;
    if (!found) {
        if (down->number == 0)
            jb_counts_reset(l);
        return JB_OK;
    }
    jb_numbers_unpack(raw, NUMBERS, at);
    if (may_be(at) && (uint64_t)at[6] == down->number &&
        memcmp(raw + sizeof raw - JB_HASH_BYTES, down->head, JB_HASH_BYTES) == 0)
        l->heads.counts = (struct jb_counts){.known = true,
                                             .at_ms = at[0],
                                             .cases = at[1],
                                             .open = at[2],
                                             .objections = at[3],
                                             .red = at[4],
                                             .warned = at[5]};
    return JB_OK;
}

static bool same(const struct jb_counts *a, const struct jb_counts *b)
{
    return a->known == b->known && a->at_ms == b->at_ms && a->cases == b->cases &&
           a->open == b->open && a->objections == b->objections && a->red == b->red &&
           a->warned == b->warned;
}

enum jb_err jb_counts_store(struct jb_ledger *l)
{
    const struct jb_counts k = l->heads.counts;
    uint64_t item = l->heads.down.number;
    const int64_t at[NUMBERS] = {k.at_ms, k.cases,  k.open,       k.objections,
                                 k.red,   k.warned, (int64_t)item};
    uint8_t raw[STORED_BYTES];

    if (!k.known || (same(&k, &l->committed.counts) && item == l->committed.down.number))
        return JB_OK;
    jb_numbers_pack(at, NUMBERS, raw);
    memcpy(raw + sizeof raw - JB_HASH_BYTES, l->heads.down.head, JB_HASH_BYTES);
    return jb_ledger_meta_set(l, KEY, (struct jb_bytes){raw, sizeof raw});
}

/* ---- when somebody asks ---- */

static enum jb_err count(struct jb_ledger *l, int64_t now_ms, struct jb_counts *k)
{
    bool packed = l->role == JB_LEDGER_BROKER;
    const struct {
        enum jb_sql id;
        bool at_now;
        int64_t *count;
    } rows[] = {
        {packed ? JB_SQL_PACKED_CASES : JB_SQL_TOTAL_CASES, false, &k->cases},
        {packed ? JB_SQL_PACKED_OPEN : JB_SQL_TOTAL_OPEN, false, &k->open},
        {JB_SQL_TOTAL_OBJECTIONS, false, &k->objections},
        {packed ? JB_SQL_PACKED_RED : JB_SQL_TOTAL_RED, true, &k->red},
        {packed ? JB_SQL_PACKED_WARNED : JB_SQL_TOTAL_WARNED, true, &k->warned},
    };
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    *k = (struct jb_counts){.known = keeps(l), .at_ms = now_ms};
    if (err != JB_OK)
        return err;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && err == JB_OK; i++)
        err = jb_sql_number(l, rows[i].id, rows[i].at_now ? JB_ROW(jb_int(now_ms)) : JB_NO_ROW,
                            rows[i].count);
    jb_sql_snapshot_end(l, mine);
    return err;
}

/* The lights at another instant: the cases that turn in between. A clock that was set back takes
 * them back. */
static enum jb_err turn(struct jb_ledger *l, int64_t now_ms, struct jb_counts *k)
{
    int sign = now_ms < k->at_ms ? -1 : 1;
    struct jb_bind from = jb_int(sign > 0 ? k->at_ms : now_ms);
    struct jb_bind to = jb_int(sign > 0 ? now_ms : k->at_ms);
    int64_t red = 0;
    int64_t warned = 0;

    if (now_ms == k->at_ms)
        return JB_OK;
    enum jb_err err = jb_sql_number(l, JB_SQL_TURNED_RED, JB_ROW(from, to), &red);
    if (err == JB_OK)
        err = jb_sql_number(l, JB_SQL_TURNED_WARNED, JB_ROW(from, to), &warned);
    if (err != JB_OK)
        return err;
    k->at_ms = now_ms;
    k->red += sign * red;
    k->warned += sign * warned;
    return JB_OK;
}

enum jb_err jb_query_lights(struct jb_ledger *l, int64_t now_ms, struct jb_totals *out)
{
    struct jb_counts k = l->heads.counts;
    enum jb_err err = k.known ? turn(l, now_ms, &k) : count(l, now_ms, &k);

    if (err != JB_OK)
        return err;
    if (k.known)
        l->heads.counts = k;
    out->cases = (uint64_t)k.cases;
    out->open_cases = (uint64_t)k.open;
    out->objections = (uint64_t)k.objections;
    out->red = (uint64_t)k.red;
    out->yellow = (uint64_t)(k.warned - k.red);
    return JB_OK;
}
