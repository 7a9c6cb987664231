/* Random cases of a broker that go on and on: counts, what is due, what is provisional and what a
 * node has to do with are what the cases themselves say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/rules/decide.h"
#include "tests/unit/casesame.h"
#include "tests/unit/rounds.h"

#define DAY INT64_C(86400000)
#define CASES 25
#define DEADLINES 12
#define ORDERS 4
#define NODES_FROM 10
#define NODES 8 /* the last two have a part in no case, but owe something */

/* ---- cases that could be ---- */

struct kept { /* and what the ledger has to say of them */
    struct lw *w;
    struct jb_ledger *l;
    struct jb_case cases[CASES];
};

static uint32_t some_node(struct lw *w, uint64_t of)
{
    return NODES_FROM + (uint32_t)lw_random(w, of);
}

static void deadline_add(struct lw *w, struct jb_case *c)
{
    static const char *const keys[] = {"deliver", "handle", "supervise"};
    struct jb_deadline d = {.id = (uint32_t)c->deadline_count + 1,
                            .node = some_node(w, NODES),
                            .due_ms = w->now_ms + (int64_t)lw_random(w, 30) * DAY / 2,
                            .provisional = lw_random(w, 4) == 0,
                            .dirty = true};
    size_t steps = lw_random(w, JB_WARN_MAX + 1);

    if (c->deadline_count == DEADLINES)
        return;
    (void)snprintf(d.key, sizeof d.key, "%s", keys[lw_random(w, 3)]);
    for (size_t i = 0; i < steps; i++)
        d.warn_at_ms[i] = d.due_ms - (int64_t)(2 * (steps - i)) * DAY;
    c->deadlines[c->deadline_count++] = d;
}

/* A directive with its receiver; when there are enough, or else another state of one of them. */
static void directive_change(struct lw *w, struct jb_case *c)
{
    size_t i = lw_random(w, ORDERS);

    if (i >= c->directive_count) {
        i = c->directive_count++;
        c->directives[i] = (struct jb_directive){.id = (uint32_t)i + 1};
        c->targets[c->target_count++] =
            (struct jb_target){.directive = (uint32_t)i + 1, .node = some_node(w, NODES)};
    }
    c->directives[i].status = (enum jb_directive_status)(1 + lw_random(w, JB_DIRECTIVE_ENDED));
    c->directives[i].dirty = true;
    c->targets[i].state = (enum jb_target_state)(1 + lw_random(w, JB_TARGET_STATE_END - 1));
    c->targets[i].dirty = true;
}

static void docket_change(struct lw *w, struct jb_case *c)
{
    size_t i = lw_random(w, ORDERS);

    if (i >= c->docket_count) {
        i = c->docket_count++;
        c->dockets[i] = (struct jb_docket){.id = (uint32_t)i + 1, .node = some_node(w, NODES)};
    }
    c->dockets[i].closed_ms = lw_random(w, 2) == 0 ? 0 : w->now_ms;
    c->dockets[i].dirty = true;
}

static bool has_role(const struct jb_case *c, uint32_t node, enum jb_role role)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && c->participants[i].role == role)
            return true;
    return false;
}

/* JB_ROLE_LEFT takes the place of all others. */
static void role_add(struct jb_case *c, uint32_t node, enum jb_role role)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];
        bool goes =
            p->node == node && (p->role == role || p->role == JB_ROLE_LEFT || role == JB_ROLE_LEFT);
        if (!goes)
            c->participants[kept++] = *p;
    }
    c->participants[kept++] = (struct jb_participant){.node = node, .role = role};
    c->participant_count = kept;
    c->participants_dirty = true;
}

static void host_set(struct jb_case *c, uint32_t node)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].role != JB_ROLE_HOST)
            c->participants[kept++] = c->participants[i];
    c->participant_count = kept;
    role_add(c, node, JB_ROLE_HOST);
    c->host = node;
}

static void case_make(struct kept *k, size_t index)
{
    struct lw *w = k->w;
    struct jb_case *c = &k->cases[index];

    *c = (struct jb_case){.case_no = lw_case_no((int64_t)index),
                          .stage = index % 8 == 7 ? JB_STAGE_FILE : JB_STAGE_REGISTERED,
                          .registrar = LW_OFFICE,
                          .title = jb_text_of("供暖")};
    c->deadlines = jb_arena_alloc(&w->arena, DEADLINES * sizeof *c->deadlines);
    c->participants = jb_arena_alloc(&w->arena, 64 * sizeof *c->participants);
    c->directives = jb_arena_alloc(&w->arena, ORDERS * sizeof *c->directives);
    c->targets = jb_arena_alloc(&w->arena, ORDERS * sizeof *c->targets);
    c->dockets = jb_arena_alloc(&w->arena, ORDERS * sizeof *c->dockets);
    assert_true(c->deadlines != NULL && c->participants != NULL && c->directives != NULL &&
                c->targets != NULL && c->dockets != NULL);
    role_add(c, LW_OFFICE, JB_ROLE_REGISTRAR);
    host_set(c, some_node(w, NODES - 2));
    for (size_t i = lw_random(w, 4); i > 0; i--)
        deadline_add(w, c);
}

static void deadline_change(struct lw *w, struct jb_deadline *d)
{
    d->dirty = true;
    switch (lw_random(w, 6)) {
    case 0:
        d->end = JB_END_MET;
        break;
    case 1:
        d->missed_ms = d->due_ms;
        break;
    case 2:
        if (d->warned < JB_WARN_MAX && d->warn_at_ms[d->warned] != 0)
            d->warned++;
        break;
    case 3:
        d->provisional = !d->provisional;
        break;
    case 4:
        d->paused_from_ms = d->paused_from_ms == 0 ? w->now_ms : 0;
        break;
    default:
        d->due_ms += DAY;
        d->missed_ms = 0;
        break;
    }
}

static void case_change(struct lw *w, struct jb_case *c)
{
    switch (lw_random(w, 12)) {
    case 0:
        host_set(c, some_node(w, NODES - 2));
        break;
    case 1:
        role_add(c, some_node(w, NODES - 2), (enum jb_role)(1 + lw_random(w, JB_ROLE_END - 1)));
        break;
    case 2:
        if (c->stage != JB_STAGE_FILE)
            c->stage = (enum jb_stage)(1 + lw_random(w, JB_STAGE_FILE - 1));
        break;
    case 3:
        c->objection_open = c->stage != JB_STAGE_FILE && !c->objection_open;
        break;
    case 4:
        c->dispute_level = (int)lw_random(w, 3);
        break;
    case 5:
        deadline_add(w, c);
        break;
    case 6:
        directive_change(w, c);
        break;
    case 7:
        docket_change(w, c);
        break;
    default:
        if (c->deadline_count > 0)
            deadline_change(w, &c->deadlines[lw_random(w, c->deadline_count)]);
        break;
    }
}

/* ---- what they say ---- */

static bool is_open(const struct jb_case *c)
{
    return c->stage != JB_STAGE_FILE && !jb_stage_is_final(c->stage);
}

static void totals_agree(const struct kept *k, int64_t now_ms)
{
    struct jb_totals want = {0};
    struct jb_totals found;
    struct jb_totals lights = {0};

    for (size_t i = 0; i < CASES; i++) {
        const struct jb_case *c = &k->cases[i];
        enum jb_light light = jb_case_light(c, now_ms);
        want.cases += c->stage != JB_STAGE_FILE;
        want.open_cases += is_open(c);
        want.red += is_open(c) && light == JB_LIGHT_RED;
        want.yellow += is_open(c) && light == JB_LIGHT_YELLOW;
        want.objections += c->objection_open;
        want.disputes += c->dispute_level != 0;
        for (size_t d = 0; d < c->directive_count; d++)
            want.directives += c->directives[d].status != JB_DIRECTIVE_ENDED;
        for (size_t d = 0; d < c->docket_count; d++)
            want.dockets += c->dockets[d].closed_ms == 0;
        for (size_t d = 0; d < c->deadline_count; d++) {
            const struct jb_deadline *at = &c->deadlines[d];
            want.provisional += at->end == JB_END_OPEN && at->provisional;
            want.undelivered +=
                at->end == JB_END_OPEN && at->missed_ms != 0 && strcmp(at->key, "deliver") == 0;
        }
    }
    assert_int_equal(jb_query_totals(k->l, now_ms, &found), JB_OK);
    assert_memory_equal(&found, &want, sizeof want);
    assert_int_equal(jb_query_lights(k->l, now_ms, &lights), JB_OK);
    want.disputes = want.directives = want.dockets = want.provisional = want.undelivered = 0;
    assert_memory_equal(&lights, &want, sizeof want);
}

static int by_instant(const void *x, const void *y)
{
    const struct jb_due *a = x;
    const struct jb_due *b = y;

    if (a->fell_ms != b->fell_ms)
        return a->fell_ms < b->fell_ms ? -1 : 1;
    return (a->case_no > b->case_no) - (a->case_no < b->case_no);
}

/* What the rules' clock names of each case first; and of the others, when they will say something.
 */
static size_t due_of(const struct kept *k, int64_t now_ms, struct jb_due *due, int64_t *next_ms)
{
    size_t count = 0;

    *next_ms = INT64_MAX;
    for (size_t i = 0; i < CASES; i++) {
        const struct jb_case *c = &k->cases[i];
        struct jb_act act;
        if (jb_clock_acts(c, now_ms, &act, 1) > 0) {
            due[count++] = (struct jb_due){c->case_no, act.fell_ms};
            continue;
        }
        for (size_t d = 0; d < c->deadline_count; d++) {
            int64_t at_ms = jb_deadline_next_ms(&c->deadlines[d]);
            *next_ms = at_ms < *next_ms ? at_ms : *next_ms;
        }
    }
    qsort(due, count, sizeof *due, by_instant);
    return count;
}

static void due_agrees(const struct kept *k, int64_t now_ms)
{
    static const size_t most[] = {1, 4, CASES};
    struct jb_due want[CASES];
    struct jb_due found[CASES];
    int64_t want_next, next;
    size_t want_count = due_of(k, now_ms, want, &want_next);
    size_t count;

    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        assert_int_equal(jb_ledger_due(k->l, now_ms, found, most[i], &count, &next), JB_OK);
        assert_int_equal(count, want_count < most[i] ? want_count : most[i]);
        for (size_t n = 0; n < count; n++)
            assert_true(found[n].case_no == want[n].case_no && found[n].fell_ms == want[n].fell_ms);
        assert_int_equal(next, want_next);
    }
}

static void provisional_agrees(const struct kept *k)
{
    static const size_t most[] = {1, 3, 1000};
    struct jb_deadline_id found[1000];

    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        struct jb_deadline_id after = {0, 0};
        size_t at = 0, count = 0;
        for (size_t n = 0; n < CASES; n++)
            for (size_t d = 0; d < k->cases[n].deadline_count; d++) {
                const struct jb_deadline *want = &k->cases[n].deadlines[d];
                if (want->end != JB_END_OPEN || !want->provisional)
                    continue;
                if (at == count) {
                    at = 0;
                    assert_int_equal(jb_ledger_provisional(k->l, after, found, most[i], &count),
                                     JB_OK);
                    assert_true(count > 0 && count <= most[i]);
                }
                assert_int_equal(found[at].case_no, k->cases[n].case_no);
                assert_int_equal(found[at].id, want->id);
                after = found[at++];
            }
        assert_int_equal(at, count);
        assert_int_equal(jb_ledger_provisional(k->l, after, found, most[i], &count), JB_OK);
        assert_int_equal(count, 0);
    }
}

static uint64_t owed(const struct jb_case *c, uint32_t node)
{
    uint64_t count = 0;

    for (size_t d = 0; d < c->deadline_count; d++)
        count += c->deadlines[d].node == node && c->deadlines[d].end == JB_END_OPEN;
    for (size_t d = 0; d < c->docket_count; d++)
        count += c->dockets[d].node == node && c->dockets[d].closed_ms == 0;
    for (size_t t = 0; t < c->target_count; t++)
        count += c->targets[t].node == node && (c->targets[t].state == JB_TARGET_ISSUED ||
                                                c->targets[t].state == JB_TARGET_SIGNED ||
                                                c->targets[t].state == JB_TARGET_OBJECTED);
    return count;
}

/* Owed, or answered and not cleared yet. */
static bool waits(const struct jb_case *c, uint32_t node)
{
    bool answered = false;

    for (size_t t = 0; t < c->target_count; t++)
        answered =
            answered || (c->targets[t].node == node && c->targets[t].state == JB_TARGET_ANSWERED);
    return answered || owed(c, node) > 0;
}

static bool has_part(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && c->participants[i].role != JB_ROLE_LEFT)
            return true;
    return false;
}

static void node_agrees(const struct kept *k, uint32_t node)
{
    int64_t found[CASES];
    int64_t after = 0;
    size_t count = 0;
    size_t at = 0;
    uint64_t duties = 0;
    uint64_t told = 0;

    for (size_t i = 0; i < CASES; i++) {
        const struct jb_case *c = &k->cases[i];
        duties += owed(c, node) + (is_open(c) && c->host == node);
        if (!waits(c, node) && !(is_open(c) && has_part(c, node)))
            continue;
        if (at == count) {
            at = 0;
            assert_int_equal(jb_ledger_node_cases(k->l, node, after, found, 4, &count), JB_OK);
            assert_true(count > 0);
        }
        assert_int_equal(found[at], c->case_no);
        after = found[at++];
    }
    assert_int_equal(at, count);
    assert_int_equal(jb_ledger_node_cases(k->l, node, after, found, 4, &count), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(jb_ledger_node_duties(k->l, node, &told), JB_OK);
    assert_int_equal(told, duties);
}

/* Exactly the roles of the case, and 0 for whom it waits without. */
static void roles_agree(const struct kept *k, const struct jb_case *c)
{
    sqlite3_stmt *s = NULL;
    size_t found = 0;
    size_t owing = 0;

    for (uint32_t node = NODES_FROM; node < NODES_FROM + NODES; node++)
        owing += waits(c, node) && !has_part(c, node) && !has_role(c, node, JB_ROLE_LEFT);
    assert_int_equal(sqlite3_prepare_v2(k->l->db,
                                        "SELECT node, role FROM participant WHERE case_no = ?", -1,
                                        &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(s, 1, c->case_no), SQLITE_OK);
    for (; sqlite3_step(s) == SQLITE_ROW; found++) {
        uint32_t node = (uint32_t)sqlite3_column_int64(s, 0);
        int role = sqlite3_column_int(s, 1);
        if (role == 0)
            assert_true(waits(c, node) && !has_part(c, node));
        else
            assert_true(has_role(c, node, (enum jb_role)role));
    }
    sqlite3_finalize(s);
    assert_int_equal(found, c->participant_count + owing);
}

static void all_agrees(struct kept *k)
{
    struct jb_arena arena;

    jb_arena_init(&arena, (size_t)1 << 24);
    for (size_t i = 0; i < CASES; i++) {
        struct jb_case *c = &k->cases[i];
        struct jb_case loaded;
        assert_int_equal(jb_ledger_case_load(k->l, c->case_no, &arena, &loaded), JB_OK);
        cs_sort(c);
        cs_same(c, &loaded);
        roles_agree(k, c);
    }
    jb_arena_fini(&arena);
    for (int64_t days = -9; days < 20; days += 4) {
        totals_agree(k, k->w->now_ms + days * DAY);
        due_agrees(k, k->w->now_ms + days * DAY);
    }
    provisional_agrees(k);
    for (uint32_t node = NODES_FROM; node < NODES_FROM + NODES; node++)
        node_agrees(k, node);
}

static void what_is_searched_is_what_the_cases_say(void **state)
{
    struct lw *w = *state;
    static struct kept k;

    k.w = w;
    k.l = lw_open(w, "b.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_begin(k.l), JB_OK);
    for (size_t i = 0; i < CASES; i++) {
        case_make(&k, i);
        assert_int_equal(jb_ledger_case_save(k.l, &k.cases[i]), JB_OK);
    }
    all_agrees(&k);
    for (size_t round = 0; round < rounds_of(150, 2); round++) {
        for (size_t i = 0; i < 6; i++) {
            struct jb_case *c = &k.cases[lw_random(w, CASES)];
            for (size_t changes = 1 + lw_random(w, 3); changes > 0; changes--)
                case_change(w, c);
            assert_int_equal(jb_ledger_case_save(k.l, c), JB_OK);
        }
        all_agrees(&k);
        w->now_ms += DAY / 4;
    }
    assert_int_equal(jb_ledger_commit(k.l), JB_OK);
    lw_close(&k.l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_searched_is_what_the_cases_say, lw_setup,
                                        lw_teardown),
    };

    return cmocka_run_group_tests_name("casebroker_walk", tests, NULL, NULL);
}
