/* Listings of directives and dockets, cases found by query code and by links, files of their own
 * kept out of the lists of cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_pair.h"

#define A 10
#define B 11

static struct jb_effect target(uint32_t directive, uint32_t node, int state)
{
    return (struct jb_effect){.kind = JB_EFFECT_TARGET_SET,
                              .directive = directive,
                              .node = node,
                              .target = state,
                              .at_ms = 5};
}

static struct jb_effect directive(uint32_t id, uint32_t power, int status)
{
    return (struct jb_effect){.kind = JB_EFFECT_DIRECTIVE_SET,
                              .directive = id,
                              .power = power,
                              .node = LW_OFFICE,
                              .status = status};
}

static void log_effects(struct lw *w, struct jb_ledger *l, enum jb_act_kind kind, int64_t case_no,
                        const struct jb_effect *effects, size_t count)
{
    struct jb_entry e = lw_entry(w, l, kind, case_no);

    lw_effects(&e, &w->arena, effects, count);
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = LP_NODE});
}

/* Case 0: two directives; case 1: one that is over, and a docket; case 2: a file of its own. The
 * replica is told everything: a broker lists nothing. */
static struct lp orders_open(struct lw *w)
{
    struct lp p = lp_open(w);
    struct jb_ledger *l = p.broker;

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 0; i < 2; i++) {
        struct jb_entry e = lw_register(w, l, lw_case_no(i), i == 0 ? "first" : "second");
        static const uint8_t hash[JB_HASH_BYTES] = {0xab, 0x01};
        if (i == 1)
            e.act.query_code_hash = (struct jb_bytes){hash, sizeof hash};
        (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = LP_NODE});
    }
    const struct jb_effect first[] = {
        directive(1, JB_POWER_SUPERVISE, JB_DIRECTIVE_IN_FORCE), target(1, B, JB_TARGET_ISSUED),
        target(1, A, JB_TARGET_SIGNED), directive(2, JB_POWER_CIRCULATE, JB_DIRECTIVE_WAITING),
        target(2, B, JB_TARGET_ISSUED)};
    const struct jb_effect second[] = {
        directive(1, JB_POWER_SUPERVISE, JB_DIRECTIVE_ENDED),
        target(1, A, JB_TARGET_CLEARED),
        {.kind = JB_EFFECT_DOCKET_SET,
         .docket = 1,
         .docket_no = jb_text_of("督1"),
         .step = JB_STEP_TALK,
         .node = A,
         .sender = LW_OFFICE,
         .deadline_id = 1,
         .open = true,
         .at_ms = 9},
        {.kind = JB_EFFECT_DOCKET_SET,
         .docket = 2,
         .docket_no = jb_text_of("督2"),
         .step = JB_STEP_URGE,
         .node = B,
         .sender = LW_OFFICE,
         .at_ms = 9},
        {.kind = JB_EFFECT_MARKED,
         .mark = JB_MARK_LINK,
         .other_case_no = lw_case_no(0),
         .value = JB_LINK_REPEAT,
         .open = true},
        {.kind = JB_EFFECT_DISPUTE_SET, .open = true, .node = B, .dispute_level = 1}};
    const struct jb_effect file[] = {
        {.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_FILE},
        {.kind = JB_EFFECT_CUSTODY_MOVED, .node = LW_OFFICE, .custody = 1},
        {.kind = JB_EFFECT_JOINED, .node = LW_OFFICE, .role = JB_ROLE_REGISTRAR},
        directive(1, JB_POWER_RECOMMEND, JB_DIRECTIVE_IN_FORCE),
        target(1, A, JB_TARGET_ISSUED)};
    log_effects(w, l, JB_ACT_ISSUE_DIRECTIVE, lw_case_no(0), first, 5);
    log_effects(w, l, JB_ACT_OPEN_DOCKET, lw_case_no(1), second, 6);
    log_effects(w, l, JB_ACT_ISSUE_DIRECTIVE, lw_case_no(2), file, 5);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_deliver(w, l, p.replica);
    return p;
}

static void directives_filter_as_they_say(void **state)
{
    static const struct {
        struct jb_directive_filter f;
        const char *found; /* case index and number, in order */
    } rows[] = {
        {{.limit = 9}, "2/1 1/1 0/2 0/1 "},
        {{.limit = 9, .open_only = true}, "2/1 0/2 0/1 "},
        {{.limit = 9, .receiver = A}, "2/1 1/1 0/1 "},
        {{.limit = 9, .receiver = A, .open_only = true}, "2/1 0/1 "},
        {{.limit = 9, .receiver = B}, "0/2 0/1 "},
        {{.limit = 9, .issuer = LW_OFFICE, .power = JB_POWER_SUPERVISE}, "1/1 0/1 "},
        {{.limit = 9, .issuer = A}, ""},
        {{.limit = 9, .case_no = LW_CASE_BASE}, "0/2 0/1 "},
        {{.limit = 2}, "2/1 1/1 +"},
        {{.limit = 2, .after_case_no = LW_CASE_BASE + 10, .after_id = 1}, "0/2 0/1 "},
        {{.limit = 1, .after_case_no = LW_CASE_BASE, .after_id = 2}, "0/1 "},
    };
    struct lw *w = *state;
    struct lp p = orders_open(w);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_directive_row *list;
        size_t count;
        bool more;
        char text[128] = "";
        size_t len = 0;
        assert_int_equal(
            jb_query_directives(p.replica, &rows[i].f, &w->arena, &list, &count, &more), JB_OK);
        for (size_t k = 0; k < count; k++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%d/%u ",
                                    (int)(list[k].case_no - LW_CASE_BASE) / 10, list[k].d.id);
        if (more)
            (void)snprintf(text + len, sizeof text - len, "+");
        if (strcmp(text, rows[i].found) != 0)
            fail_msg("row %zu: %s, not %s", i, text, rows[i].found);
    }
    lp_close(&p);
}

static void receivers_come_with_what_they_owe_and_stored(void **state)
{
    struct lw *w = *state;
    struct lp p = orders_open(w);
    struct jb_directive_filter f = {.case_no = lw_case_no(0), .limit = 9};
    struct jb_directive_row *list;
    struct jb_stored_item item = {.case_no = lw_case_no(0)};
    size_t count;
    bool more;

    assert_int_equal(jb_query_directives(p.replica, &f, &w->arena, &list, &count, &more), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[1].target_count, 2);
    assert_int_equal(list[1].targets[0].t.node, A); /* by node */
    assert_int_equal(list[1].targets[0].t.state, JB_TARGET_SIGNED);
    assert_int_equal(list[1].targets[0].t.signed_ms, 5);
    assert_int_equal(list[1].targets[1].stored_ms, 0);
    assert_true(jb_text_equal(list[1].title, jb_text_of("first")));

    item.log_seq = list[1].d.seq;
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    struct jb_entry e = lw_entry(w, p.broker, JB_ACT_STORED, 0);
    e.act.node = B;
    e.act.items = (struct jb_stored_items){&item, 1};
    (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_query_directives(p.replica, &f, &w->arena, &list, &count, &more), JB_OK);
    assert_int_equal(list[1].targets[0].stored_ms, 0);
    assert_int_equal(list[1].targets[1].stored_ms, w->now_ms);
    lp_close(&p);
}

static void dockets_filter_as_they_say(void **state)
{
    static const struct {
        struct jb_docket_filter f;
        const char *found;
    } rows[] = {
        {{.limit = 9}, "2 1 "},
        {{.limit = 9, .open_only = true}, "1 "},
        {{.limit = 9, .node = B}, "2 "},
        {{.limit = 9, .opener = A}, ""},
        {{.limit = 1}, "2 +"},
        {{.limit = 9, .case_no = LW_CASE_BASE}, ""},
        {{.limit = 9, .after_case_no = LW_CASE_BASE + 10, .after_id = 2}, "1 "},
    };
    struct lw *w = *state;
    struct lp p = orders_open(w);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_docket_row *list;
        size_t count;
        bool more;
        char text[64] = "";
        size_t len = 0;
        assert_int_equal(jb_query_dockets(p.replica, &rows[i].f, &w->arena, &list, &count, &more),
                         JB_OK);
        for (size_t k = 0; k < count; k++) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%u ", list[k].d.id);
            assert_int_equal(list[k].due_ms != 0, list[k].d.id == 1);
        }
        if (more)
            (void)snprintf(text + len, sizeof text - len, "+");
        if (strcmp(text, rows[i].found) != 0)
            fail_msg("row %zu: %s, not %s", i, text, rows[i].found);
    }
    lp_close(&p);
}

static void cases_are_found_by_code_and_link(void **state)
{
    struct lw *w = *state;
    struct lp p = orders_open(w);
    struct jb_ledger *const ends[] = {p.broker, p.replica};

    for (size_t end = 0; end < 2; end++) {
        struct jb_ledger *l = ends[end];
        uint8_t hash[JB_HASH_BYTES] = {0xab, 0x01};
        int64_t no = 0;
        int64_t linked[4];
        size_t count;

        assert_int_equal(jb_query_by_code(l, hash, &no), JB_OK);
        assert_int_equal(no, lw_case_no(1));
        hash[31] = 1;
        assert_int_equal(jb_query_by_code(l, hash, &no), JB_NOT_FOUND);
        for (int64_t i = 0; i < 2; i++) { /* from either side */
            assert_int_equal(jb_query_linked(l, lw_case_no(i), linked, 4, &count), JB_OK);
            assert_int_equal(count, 1);
            assert_int_equal(linked[0], lw_case_no(1 - i));
        }
        assert_int_equal(jb_query_linked(l, lw_case_no(2), linked, 4, &count), JB_OK);
        assert_int_equal(count, 0);
    }
    lp_close(&p);
}

static void a_file_of_its_own_is_no_case(void **state)
{
    struct lw *w = *state;
    struct lp p = orders_open(w);
    struct jb_case_filter f = {.limit = 9};
    struct jb_case *cases;
    struct jb_totals totals;
    struct jb_entry opening;
    size_t count;
    bool more;

    assert_int_equal(jb_query_cases(p.replica, &f, w->now_ms, &w->arena, &cases, &count, &more),
                     JB_OK);
    assert_int_equal(count, 2);
    f.party = LW_OFFICE;
    f.open_only = true;
    assert_int_equal(jb_query_cases(p.replica, &f, w->now_ms, &w->arena, &cases, &count, &more),
                     JB_OK);
    assert_int_equal(count, 2);
    f = (struct jb_case_filter){.limit = 9, .stage = JB_STAGE_FILE};
    assert_int_equal(jb_query_cases(p.replica, &f, w->now_ms, &w->arena, &cases, &count, &more),
                     JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(cases[0].case_no, lw_case_no(2));
    for (size_t end = 0; end < 2; end++) {
        struct jb_ledger *l = end == 0 ? p.broker : p.replica;
        assert_int_equal(jb_query_totals(l, w->now_ms, &totals), JB_OK);
        assert_int_equal(totals.cases, 2);
        assert_int_equal(totals.open_cases, 2);
        assert_int_equal(totals.directives, 3);
        assert_int_equal(totals.dockets, 1);
        assert_int_equal(totals.disputes, 1);
        assert_int_equal(jb_query_register(l, lw_case_no(2), &w->arena, &opening), JB_OK);
        assert_int_equal(opening.act.kind, JB_ACT_ISSUE_DIRECTIVE);
        assert_int_equal(jb_query_register(l, lw_case_no(0), &w->arena, &opening), JB_OK);
        assert_int_equal(opening.act.kind, JB_ACT_REGISTER);
    }
    lp_close(&p);
}

static void what_a_node_has_to_do_with_is_found(void **state)
{
    struct lw *w = *state;
    struct lp p = orders_open(w);
    int64_t found[8];
    size_t count;
    uint64_t duties = 0;

    assert_int_equal(jb_ledger_node_cases(p.broker, A, 0, found, 8, &count), JB_OK);
    assert_int_equal(count, 3); /* two receivers' parts, a docket */
    assert_int_equal(jb_ledger_node_cases(p.broker, A, lw_case_no(0), found, 8, &count), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(jb_ledger_node_cases(p.broker, A, 0, found, 1, &count), JB_OK);
    assert_int_equal(found[0], lw_case_no(0));
    assert_int_equal(jb_ledger_node_duties(p.broker, LW_OFFICE, &duties), JB_OK);
    assert_int_equal(duties, 4); /* two cases, two clocks; the file is no case */
    assert_int_equal(jb_ledger_node_duties(p.broker, 99, &duties), JB_OK);
    assert_int_equal(duties, 0);
    lp_close(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(directives_filter_as_they_say), T(receivers_come_with_what_they_owe_and_stored),
        T(dockets_filter_as_they_say),    T(cases_are_found_by_code_and_link),
        T(a_file_of_its_own_is_no_case),  T(what_a_node_has_to_do_with_is_found),
    };
#undef T

    return cmocka_run_group_tests_name("query_orders", tests, NULL, NULL);
}
