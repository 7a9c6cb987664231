/* Which policy and which calendar count: by the region of whoever owes, by the day of the trigger,
 * and for a stored deadline by the version stored with it. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* One province, a city in it, a county in that; and a place elsewhere. */
#define PROVINCE "510000"
#define CITY_CODE "511000"
#define COUNTY_CODE "511002"
#define VILLAGE_CODE "511002101001"
#define ELSEWHERE "330282"

struct shelf {
    struct jb_policy policies[8];
    const struct jb_policy *list[8];
    struct jb_calendar calendars[4];
    struct jb_book_calendar regions[4];
    struct jb_node node;
    struct jb_directory directory;
    struct jb_rulebook book;
    char region[16];
};

struct version {
    const char *version, *region, *from;
    uint32_t sort; /* limit of its row "sort" */
};

static const struct version versions[] = {
    {"cn.1", "", "2022-05-01 00:00", 15},       {"cn.2", "", "2026-01-01 00:00", 14},
    {"sc.1", PROVINCE, "2024-01-01 00:00", 12}, {"city.1", CITY_CODE, "2025-07-01 00:00", 10},
    {"zj.1", "33", "2023-01-01 00:00", 5},
};

static const struct jb_calendar national = {.version = "n"};

static void add_row(struct jb_policy *p, uint32_t limit)
{
    p->rows[0] = (struct jb_policy_row){.key = "sort", .limit = limit};
    p->row_count = 1;
}

static void open_shelf(struct shelf *s)
{
    static const char *const regions[] = {"CN", PROVINCE, COUNTY_CODE};
    static const char *const names[] = {"n", "n+sc", "n+county"};

    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < COUNT(versions); i++) {
        s->policies[i].version = jb_text_of(versions[i].version);
        s->policies[i].region = jb_text_of(versions[i].region);
        s->policies[i].effective_from_ms = local(versions[i].from);
        add_row(&s->policies[i], versions[i].sort);
        s->list[i] = &s->policies[i];
    }
    for (size_t i = 0; i < COUNT(regions); i++) {
        s->calendars[i].version = names[i];
        s->regions[i] = (struct jb_book_calendar){regions[i], &s->calendars[i]};
    }
    s->node = (struct jb_node){.node = 7, .region = s->region};
    s->directory = (struct jb_directory){.nodes = &s->node, .count = 1};
    s->book = (struct jb_rulebook){
        .directory = &s->directory,
        .policy = &s->policies[0],
        .calendar = &national,
        .policies = s->list,
        .policy_count = COUNT(versions),
        .calendars = s->regions,
        .calendar_count = COUNT(regions),
    };
}

static void stand_in(struct shelf *s, const char *region)
{
    (void)snprintf(s->region, sizeof s->region, "%s", region);
}

struct expected {
    const char *region, *at, *version;
};

static const struct expected policies[] = {
    /* by the day of the trigger, its first instant included */
    {ELSEWHERE, "2022-12-31 23:59", "cn.1"},
    {"", "2022-05-01 00:00", "cn.1"},
    {"", "2025-12-31 23:59", "cn.1"},
    {"", "2026-01-01 00:00", "cn.2"},
    /* before the first one: whatever is in force now */
    {"", "2020-01-01 00:00", "cn.1"},
    /* the most specific region that is in force by then */
    {COUNTY_CODE, "2023-12-31 23:59", "cn.1"},
    {COUNTY_CODE, "2024-01-01 00:00", "sc.1"},
    {COUNTY_CODE, "2025-06-30 23:59", "sc.1"},
    {COUNTY_CODE, "2025-07-01 00:00", "city.1"},
    {COUNTY_CODE, "2026-06-01 00:00", "city.1"}, /* a newer one for everywhere changes nothing */
    {VILLAGE_CODE, "2026-06-01 00:00", "city.1"},
    {CITY_CODE, "2026-06-01 00:00", "city.1"},
    {"511100", "2026-06-01 00:00", "sc.1"}, /* the neighbouring city */
    {PROVINCE, "2026-06-01 00:00", "sc.1"},
    {"520000", "2026-06-01 00:00", "cn.2"},
    {ELSEWHERE, "2026-06-01 00:00", "zj.1"}, /* a code of two digits is a province too */
};

static void the_policy_of_a_region_on_a_day(void **state)
{
    struct shelf s;

    (void)state;
    open_shelf(&s);
    for (size_t i = 0; i < COUNT(policies); i++) {
        const struct jb_policy *p;

        stand_in(&s, policies[i].region);
        p = jb_book_policy_at(&s.book, 7, local(policies[i].at));
        assert_non_null(p);
        if (!jb_text_equal(p->version, jb_text_of(policies[i].version)))
            fail_msg("%s at %s: %.*s", policies[i].region, policies[i].at, (int)p->version.len,
                     p->version.data);
    }
    /* an agency that nobody knows stands everywhere and nowhere */
    assert_true(jb_text_equal(jb_book_policy_at(&s.book, 99, local("2026-06-01 00:00"))->version,
                              T("cn.2")));
    s.book.policy_count = 0;
    assert_ptr_equal(jb_book_policy_at(&s.book, 7, 0), &s.policies[0]);
    s.book.policy = NULL;
    assert_null(jb_book_policy_at(&s.book, 7, 0));
}

static void a_later_installation_replaces_the_earlier_one(void **state)
{
    struct shelf s;

    (void)state;
    open_shelf(&s);
    s.policies[5] = s.policies[1];
    s.policies[5].rows[0].limit = 13;
    s.list[5] = &s.policies[5];
    s.book.policy_count = 6;
    assert_ptr_equal(jb_book_policy_at(&s.book, 7, local("2026-06-01 00:00")), &s.policies[5]);
    assert_ptr_equal(jb_book_policy_version(&s.book, T("cn.2")), &s.policies[5]);
}

static void a_stored_deadline_keeps_its_version(void **state)
{
    struct shelf s;
    struct jb_deadline d = {.key = "sort", .node = 7, .policy_version = T("sc.1")};

    (void)state;
    open_shelf(&s);
    stand_in(&s, COUNTY_CODE);
    assert_int_equal(jb_book_row_of(&s.book, &d)->limit, 12);
    d.policy_version = T("gone");
    assert_int_equal(jb_book_row_of(&s.book, &d)->limit, 15); /* the one in force */
    assert_null(jb_book_policy_version(&s.book, T("gone")));
    d.policy_version = T("sc.1");
    memcpy(d.key, "handle", sizeof "handle");
    assert_null(jb_book_row_of(&s.book, &d));
    s.book.policy_count = 0;
    assert_ptr_equal(jb_book_policy_version(&s.book, T("cn.1")), &s.policies[0]);
    s.book.policy = NULL;
    assert_null(jb_book_row_of(&s.book, &d));
}

static const struct expected calendars[] = {
    {COUNTY_CODE, "", "n+county"},
    {VILLAGE_CODE, "", "n+county"},
    {CITY_CODE, "", "n+sc"},
    {"511003", "", "n+sc"},
    {PROVINCE, "", "n+sc"},
    {ELSEWHERE, "", "n"},
    {"", "", "n"},
};

static void the_calendar_of_a_region(void **state)
{
    struct shelf s;

    (void)state;
    open_shelf(&s);
    for (size_t i = 0; i < COUNT(calendars); i++) {
        stand_in(&s, calendars[i].region);
        assert_string_equal(jb_book_calendar_of(&s.book, 7)->version, calendars[i].version);
    }
    s.book.calendar_count = 0;
    assert_ptr_equal(jb_book_calendar_of(&s.book, 7), &national);
    s.book.calendar = NULL;
    assert_null(jb_book_calendar_of(&s.book, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_of_a_region_on_a_day),
        cmocka_unit_test(a_later_installation_replaces_the_earlier_one),
        cmocka_unit_test(a_stored_deadline_keeps_its_version),
        cmocka_unit_test(the_calendar_of_a_region),
    };

    return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
