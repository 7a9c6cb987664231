/* Policies and calendars as the record holds them: all versions, all regions, what is in force, and
 * what is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/brokerworld.h"

static struct jb_text policy(struct world *w, const char *version, const char *from,
                             const char *region)
{
    struct jb_text text =
        file_with(w, "deploy/policy/cn-2022.ini", "effective_from = 2022-05-01\n", "@\n");
    char *out = jb_arena_alloc(&w->arena, text.len + 256);
    const char *version_at = strstr(text.data, "version = ");
    const char *line_end = strchr(version_at, '\n');
    const char *at = strstr(line_end, "@\n");
    assert_non_null(out);
    int n = snprintf(out, text.len + 256, "%.*sversion = %s%.*seffective_from = %s\n%s%s%s%s",
                     (int)(version_at - text.data), text.data, version, (int)(at - line_end),
                     line_end, from, region != NULL ? "region = " : "",
                     region != NULL ? region : "", region != NULL ? "\n" : "", at + 2);
    assert_true(n > 0);
    return (struct jb_text){out, (size_t)n};
}

static void all_versions_are_there_and_the_day_chooses(void **state)
{
    struct world *w = *state;
    struct jb_fault fault = {""};
    install(w, true, policy(w, "next", "2027-01-01", NULL));
    install(w, true, policy(w, "county", "2022-06-01", "511002"));
    assert_int_equal(w->b.book.policy_count, 3);
    assert_false(jb_text_equal(w->b.book.policy->version, jb_text_of("next")));
    assert_false(jb_text_equal(w->b.book.policy->version, jb_text_of("county")));
    assert_false(jb_ledger_book_stale(&w->b.shelf, w->now_ms));
    w->now_ms += 60 * DAY_MS; /* a new year has begun */
    assert_true(jb_ledger_book_stale(&w->b.shelf, w->now_ms));
    assert_int_equal(jb_broker_book_load(&w->b, &fault), JB_OK);
    assert_true(jb_text_equal(w->b.book.policy->version, jb_text_of("next")));
    struct jb_entry e = log_entry(w, jb_log_last_seq(w->b.ledger));
    assert_true(jb_text_equal(e.act.region, jb_text_of("511002")));
}

static void a_regions_days_lie_over_the_national_ones(void **state)
{
    static const char local[] = "[calendar]\nversion = local-1\nregion = 511000\n"
                                "covers_from = 2026-01-01\ncovers_to = 2026-12-31\n"
                                "[off]\n2026-11-25 = 地方节日\n";
    struct world *w = *state;
    install(w, false, jb_text_of(local));
    assert_int_equal(w->b.book.calendar_count, 1);
    const struct jb_calendar *laid = w->b.book.calendars[0].calendar;
    struct jb_date day = jb_date_of_instant(w->now_ms + 2 * DAY_MS);
    assert_false(jb_calendar_is_workday(laid, day, NULL));
    assert_true(jb_calendar_is_workday(w->b.book.calendar, day, NULL));
    assert_non_null(strstr(laid->version, "+local-1"));
    /* a new national one goes under it, also in a dry run */
    struct jb_calendar more = *w->b.book.calendar;
    struct jb_rulebook would;
    struct jb_fault fault = {""};
    more.version = "newer";
    assert_int_equal(jb_ledger_book_with_calendar(&w->b.shelf, &more, &w->arena, &would, &fault),
                     JB_OK);
    assert_string_equal(would.calendar->version, "newer");
    assert_string_equal(would.calendars[0].calendar->version, "newer+local-1");
    assert_string_not_equal(w->b.book.calendar->version, "newer");
}

static void what_is_damaged_is_named_and_left_out(void **state)
{
    struct world *w = *state;
    struct jb_fault fault = {""};
    struct jb_ledger *l = w->b.ledger;
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = {.seq = jb_log_last_seq(l) + 1,
                         .at_ms = w->now_ms,
                         .node = JB_NODE_BROKER_NUMBER,
                         .act = {.kind = JB_ACT_INSTALL_POLICY,
                                 .version = jb_text_of("broken"),
                                 .body = {(const uint8_t *)"[nonsense", 9}}};
    assert_int_equal(jb_ledger_apply_rest(l, &e), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    struct jb_ledger_book k;
    jb_ledger_book_init(&k);
    assert_int_equal(jb_ledger_book_load(&k, w->b.reader, &w->b.directory, w->now_ms, &fault),
                     JB_OK);
    assert_non_null(strstr(fault.text, "broken"));
    assert_int_equal(k.book.policy_count, 1);
    assert_non_null(k.book.policy);
    assert_non_null(k.book.calendar);
    jb_ledger_book_fini(&k);
}

static void an_empty_record_gives_an_empty_book(void **state)
{
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {.role = JB_LEDGER_REPLICA};
    struct jb_directory d;
    struct jb_ledger_book k;
    struct jb_fault fault = {"x"};
    (void)state;
    jb_directory_init(&d);
    assert_int_equal(jb_ledger_open(":memory:", &options, &l, &fault), JB_OK);
    jb_ledger_book_init(&k);
    assert_true(jb_ledger_book_stale(&k, 0));
    assert_int_equal(jb_ledger_book_load(&k, l, &d, 0, &fault), JB_OK);
    assert_string_equal(fault.text, "");
    assert_null(k.book.policy);
    assert_null(k.book.calendar);
    assert_ptr_equal(k.book.directory, &d);
    jb_ledger_book_fini(&k);
    jb_ledger_close(&l);
    jb_directory_fini(&d);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(all_versions_are_there_and_the_day_chooses),
        T(a_regions_days_lie_over_the_national_ones),
        T(what_is_damaged_is_named_and_left_out),
        cmocka_unit_test(an_empty_record_gives_an_empty_book),
    };
#undef T
    return cmocka_run_group_tests_name("shelf", tests, NULL, NULL);
}
