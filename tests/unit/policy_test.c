/* The shipped policy against the rules it cites, and everything that a policy text can get wrong.
 */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct known {
    const char *key;
    uint32_t limit;
    enum jb_unit unit;
    uint32_t extension_days;
    bool proposal, right;
    const char *article; /* part of it */
};

/* Written out by hand: a changed number in the file must fail here. */
static const struct known known[] = {
    {"sort", 15, JB_UNIT_CALENDAR_DAYS, 0, false, false, "第二十二条"},
    {"notify", 15, JB_UNIT_CALENDAR_DAYS, 0, false, false, "第二十三条"},
    {"object", 5, JB_UNIT_WORKING_DAYS, 0, false, true, "第二十三条第三款"},
    {"rule", 3, JB_UNIT_WORKING_DAYS, 0, true, false, "第二十三条第三款"},
    {"resort", 3, JB_UNIT_WORKING_DAYS, 0, true, false, "第二十三条第三款"},
    {"handle", 60, JB_UNIT_CALENDAR_DAYS, 30, false, false, "第三十四条"},
    {"assigned", 60, JB_UNIT_CALENDAR_DAYS, 30, false, false, "第二十二条第三项"},
    {"sign", 3, JB_UNIT_WORKING_DAYS, 0, true, false, "第二十三条"},
    {"silence", 5, JB_UNIT_WORKING_DAYS, 0, true, false, "第二十三条"},
    {"deliver", 0, JB_UNIT_CALENDAR_DAYS, 0, true, false, "第二十二条"},
    {"co-answer", 30, JB_UNIT_CALENDAR_DAYS, 0, true, false, "第二十二条"},
    {"settle", 5, JB_UNIT_WORKING_DAYS, 0, true, false, "第五项"},
    {"execute", 60, JB_UNIT_CALENDAR_DAYS, 0, true, false, "第三十二条"},
    {"ask-review", 30, JB_UNIT_CALENDAR_DAYS, 0, false, true, "第三十五条"},
    {"review", 30, JB_UNIT_CALENDAR_DAYS, 0, false, false, "第三十五条"},
    {"ask-recheck", 30, JB_UNIT_CALENDAR_DAYS, 0, false, true, "第三十六条"},
    {"recheck", 30, JB_UNIT_CALENDAR_DAYS, 0, false, false, "第三十六条"},
    {"simple-accept", 3, JB_UNIT_WORKING_DAYS, 0, false, false, "简易办理办法"},
    {"simple-answer", 10, JB_UNIT_WORKING_DAYS, 0, false, false, "简易办理办法"},
    {"investigate", 30, JB_UNIT_CALENDAR_DAYS, 30, true, false, "立案查办权"},
    {"coordinate", 10, JB_UNIT_WORKING_DAYS, 10, true, false, "协调处理权"},
    {"supervise", 15, JB_UNIT_CALENDAR_DAYS, 15, true, false, "第三十九条"},
    {"circulate", 3, JB_UNIT_WORKING_DAYS, 0, true, false, "通报情况权"},
    {"summon", 30, JB_UNIT_MINUTES, 0, true, false, "接访"},
    {"docket", 30, JB_UNIT_CALENDAR_DAYS, 30, true, false, "第三十九条"},
    {"plan", 0, JB_UNIT_CALENDAR_DAYS, 0, true, false, "工作方案"},
    {"recommend", 30, JB_UNIT_CALENDAR_DAYS, 0, true, false, "第四十条"},
    {"urgent", 4, JB_UNIT_HOURS, 0, true, false, "第二十五条"},
    {"rate", 0, JB_UNIT_CALENDAR_DAYS, 0, true, true, "国信发〔2022〕11号"},
};

static void the_shipped_policy(void **state)
{
    struct world *w = *state;
    const struct jb_policy *p = w->policy;

    assert_int_equal(p->row_count, COUNT(known));
    for (size_t i = 0; i < COUNT(known); i++) {
        const struct jb_policy_row *row = jb_policy_row(p, known[i].key);
        char article[200] = "";

        assert_non_null(row);
        memcpy(article, row->article.data, row->article.len);
        assert_int_equal(row->limit, known[i].limit);
        assert_int_equal(row->unit, known[i].unit);
        assert_int_equal(row->extension_days, known[i].extension_days);
        assert_int_equal(row->proposal, known[i].proposal);
        assert_int_equal(row->right, known[i].right);
        assert_non_null(strstr(article, known[i].article));
        assert_true(row->name.len > 0);
    }
    assert_null(jb_policy_row(p, "nothing"));
    assert_true(jb_text_equal(p->version, T("2022-05-01.2")));
    assert_int_equal(p->effective_from_ms, local("2022-05-01 00:00"));
    assert_true(p->first_assignment_outranks && p->level_outranks && p->never_lengthen);
    assert_true(p->no_return_after_designation && p->object_before_acceptance_only);
    assert_int_equal(p->hops_max, 5);
    assert_int_equal(jb_policy_row(p, "handle")->warn_days[0], 15);
    assert_int_equal(jb_policy_row(p, "handle")->warn_days[3], 1);
    assert_int_equal(jb_policy_row(p, "sort")->warn_days[3], 0);
    assert_int_equal(jb_policy_row(p, "sign")->warn_days[0], 2);
    assert_int_equal(jb_policy_row(p, "sign")->warn_days[1], 1);
    assert_int_equal(p->region.len, 0);
}

/* ---- settings ------------------------------------------------------------------------------- */

struct setting {
    const char *section, *key, *article, *value; /* value: as shipped */
};

/* Domain rules, section 4: each of the seven precedence rules is a switch; section 5: thresholds.
 */
static const struct setting settings[] = {
    {"switch", "first_assignment_outranks", "P4.1", "yes"},
    {"switch", "level_outranks", "P4.2", "yes"},
    {"switch", "receive_first", "P4.3", "yes"},
    {"switch", "no_return_after_designation", "P4.3", "yes"},
    {"switch", "object_before_acceptance_only", "23(3)", "yes"},
    {"switch", "never_lengthen", "P4.4", "yes"},
    {"switch", "dispute_to_superior", "P4.5", "yes"},
    {"switch", "hops_max", "P4.5", "5"},
    {"switch", "countersign_skip", "P4.6", "yes"},
    {"switch", "countersign_mass", "P4.6", "yes"},
    {"switch", "sub_assign_within_tree", "P4.6", "yes"},
    {"switch", "limits_of_authority", "P4.7", "yes"},
    {"switch", "host_collects", "22", "yes"},
    {"switch", "conference_leads_cross", "31", "yes"},
    {"switch", "deliver_percent", "P8.8", "50"},
    {"switch", "simple_flags_excluded", "simple", "repeat"},
    {"mass-visit", "county", "P5", "50"},
    {"mass-visit", "city", "P5", "30"},
    {"mass-visit", "province", "P5", "10"},
    {"silence", "last", "P", "dispute"},
};

static void every_setting_can_be_shown(void **state)
{
    struct world *w = *state;
    struct jb_policy_setting setting;
    char value[JB_SETTING_VALUE];
    size_t count = 0;

    for (; jb_policy_setting_at(w->policy, count, &setting, value); count++) {
        assert_in_range(count, 0, COUNT(settings) - 1);
        assert_string_equal(setting.section, settings[count].section);
        assert_string_equal(setting.key, settings[count].key);
        assert_string_equal(setting.article, settings[count].article);
        assert_string_equal(value, settings[count].value);
        assert_true(strlen(setting.text) > 10 && strchr(setting.text, '\n') == NULL);
    }
    assert_int_equal(count, COUNT(settings));
}

static const char *shown(const struct jb_policy *p, const char *key, char value[JB_SETTING_VALUE])
{
    struct jb_policy_setting setting;

    for (size_t i = 0; jb_policy_setting_at(p, i, &setting, value); i++) {
        if (strcmp(setting.key, key) == 0)
            return value;
    }
    fail_msg("no setting %s", key);
    return NULL;
}

/* ---- faults --------------------------------------------------------------------------------- */

#define POLICY "[policy]\nversion = 1\neffective_from = 2022-05-01\n"
#define SWITCHES                                                                                   \
    "[switch]\nfirst_assignment_outranks = yes\nlevel_outranks = yes\n"                            \
    "no_return_after_designation = yes\nnever_lengthen = yes\n"                                    \
    "object_before_acceptance_only = no\nhops_max = 7\n"
#define ROW(key, limit)                                                                            \
    "[deadline " key "]\nname = x\nlimit = " limit "\nunit = working\narticle = a\n"
#define ROWS                                                                                       \
    ROW("sort", "1")                                                                               \
    ROW("notify", "1") ROW("object", "1") ROW("rule", "1") ROW("resort", "1") ROW("handle", "1")

struct fault_row {
    const char *text;
    const char *says; /* part of the message; NULL: the text is good */
};

static const struct fault_row faults[] = {
    {POLICY SWITCHES ROWS ROW("assigned", "1"), NULL},
    {ROW("assigned", "1") ROWS SWITCHES POLICY, NULL}, /* in any order */
    {POLICY SWITCHES ROWS, "\"assigned\" is missing"},
    {POLICY SWITCHES ROWS ROW("assigned", "0"), "\"assigned\" is missing its limit"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") ROW("sort", "2"), "\"sort\" is there twice"},
    {POLICY SWITCHES ROWS ROW("Assigned", "1"), "is no key of a deadline"},
    {POLICY SWITCHES ROWS ROW("a-key-of-twenty-four-byt", "1"), "is no key of a deadline"},
    {POLICY SWITCHES ROWS ROW("assigned", "-1"), "\"-1\" is not a number"},
    {POLICY SWITCHES ROWS ROW("assigned", "1x"), "\"1x\" is not a number"},
    {POLICY SWITCHES ROWS ROW("assigned", "99999999999"), "is not a number from 0 to 3650"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "limit = 2\n", "\"limit\" is given twice"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "color = 2\n", "unknown key \"color\""},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "unit2 = hours\n", "unknown key"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days = 3,5\n", "descending"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days = 9,7,5,3,1\n", "at most 4"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days = 5,\n", "descending"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days = 1,0\n", "descending"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days =\n", "descending"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "warn_days = 5 , 3\n", NULL},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "right = maybe\n", "neither yes nor no"},
    {POLICY SWITCHES ROWS "[deadline assigned]\nname = x\nlimit = 1\narticle = a\n",
     "lacks \"unit\""},
    {POLICY SWITCHES ROWS "[deadline assigned]\nname =\n", "empty"},
    {POLICY SWITCHES ROWS "[deadline assigned]\nunit = weeks\n",
     "not calendar, working, hours or minutes"},
    {POLICY POLICY SWITCHES ROWS ROW("assigned", "1"), "[policy] is there twice"},
    {POLICY ROWS ROW("assigned", "1"), "section [switch] is missing"},
    {SWITCHES ROWS ROW("assigned", "1"), "section [policy] is missing"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "[deadline x]\nname = x\nlimit = 1\nunit = hours\n"
                                               "warn_days = 1\narticle = a\n",
     "[deadline x]: warn_days need a limit in days"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") "[deadline x]\nname = x\nlimit = 1\n"
                                               "warn_days = 1\nunit = minutes\narticle = a\n"
                                               "[deadline y]\n",
     "[deadline x]: warn_days need a limit in days"},
    {POLICY SWITCHES ROWS ROW("assigned", "1") ROW("recheck", "30"),
     "[deadline recheck]: hearings are taken out of calendar days"},
    {POLICY "region = 511000\n" SWITCHES ROWS ROW("assigned", "1"), NULL},
    {POLICY "region = 5\n", "no division code"},
    {POLICY "region = 5110000000000\n", "no division code"},
    {POLICY "region = sichuan\n", "no division code"},
    {SWITCHES "deliver_percent = 101\n", "is not a number from 0 to 100"},
    {SWITCHES "hops_max = 8\n", "\"hops_max\" is given twice"},
    {SWITCHES "receive_first = maybe\n", "neither yes nor no"},
    {SWITCHES "simple_flags_excluded = repeat,\n", "not a list of flags"},
    {SWITCHES "simple_flags_excluded = repeat old\n", "not a list of flags"},
    {SWITCHES "simple_flags_excluded = none,old\n", "not a list of flags"},
    {SWITCHES "simple_flags_excluded =\n", "not a list of flags"},
    {"[mass-visit]\ncounty = 0\n", "is not a number from 1 to 100000"},
    {"[mass-visit]\ntown = 5\n", "unknown key \"town\" in [mass-visit]"},
    {"[silence]\nlast = shout\n", "neither nothing nor dispute"},
    {"[silence]\nlast = nothing\n[silence]\n", "[silence] is there twice"},
    {"version = 1\n", "unknown key"},
    {"[other]\n", "unknown section [other]"},
    {"[deadline ]\n", "unknown section"},
    {"[policy]\nversion = 1\neffective_from = 2022-02-30\n", "is not a date"},
    {"[policy]\nversion = 1\n[switch]\n", "lacks \"effective_from\""},
    {"", "section [policy] is missing"},
};

static void faults_name_what_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct jb_arena arena;
        struct jb_policy *p = NULL;
        struct jb_fault fault = {{0}};
        enum jb_err err;

        jb_arena_init(&arena, (size_t)1024 * 1024);
        err = jb_policy_parse(jb_text_of(faults[i].text), &arena, &p, &fault);
        if (faults[i].says == NULL) {
            if (err != JB_OK)
                fail_msg("row %zu: %s", i, fault.text);
        } else {
            if (err != JB_CONFIG || strstr(fault.text, faults[i].says) == NULL)
                fail_msg("row %zu: \"%s\"", i, fault.text);
            assert_null(p);
        }
        jb_arena_fini(&arena);
    }
}

static struct jb_policy *parsed(struct jb_arena *arena, const char *text)
{
    struct jb_policy *p = NULL;
    struct jb_fault fault = {{0}};

    if (jb_policy_parse(jb_text_of(text), arena, &p, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    return p;
}

/* A file from before the settings were there: what the domain rules imply. */
static void an_older_file_still_parses(void **state)
{
    struct jb_arena arena;
    struct jb_policy *p;

    (void)state;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    p = parsed(&arena, POLICY SWITCHES ROWS ROW("assigned", "1"));
    assert_true(p->receive_first && p->dispute_to_superior && p->countersign_skip);
    assert_true(p->countersign_mass && p->sub_assign_within_tree && p->limits_of_authority);
    assert_true(p->host_collects && p->conference_leads_cross);
    assert_int_equal(p->deliver_percent, 50);
    assert_int_equal(p->mass_county, 50);
    assert_int_equal(p->mass_city, 30);
    assert_int_equal(p->mass_province, 10);
    assert_int_equal(p->silence, JB_SILENCE_DISPUTE);
    assert_int_equal(p->simple_flags_excluded, JB_FLAG_REPEAT);
    assert_null(jb_policy_row(p, "sign"));
    jb_arena_fini(&arena);
}

static void every_setting_can_be_changed(void **state)
{
    struct jb_arena arena;
    struct jb_policy *p;
    char value[JB_SETTING_VALUE];

    (void)state;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    p = parsed(&arena, POLICY
               "region = 330000\n" SWITCHES
               "receive_first = no\ndispute_to_superior = no\ncountersign_skip = no\n"
               "countersign_mass = no\nsub_assign_within_tree = no\n"
               "limits_of_authority = no\nhost_collects = no\nconference_leads_cross = no\n"
               "deliver_percent = 75\nsimple_flags_excluded = old , repeat,cross-boundary\n"
               "[mass-visit]\ncounty = 40\nprovince = 5\n[silence]\nlast = nothing\n" ROWS ROW(
                   "assigned", "1"));
    assert_true(jb_text_equal(p->region, T("330000")));
    assert_false(p->receive_first || p->dispute_to_superior || p->countersign_skip);
    assert_false(p->countersign_mass || p->sub_assign_within_tree || p->limits_of_authority);
    assert_false(p->host_collects || p->conference_leads_cross);
    assert_string_equal(shown(p, "deliver_percent", value), "75");
    assert_string_equal(shown(p, "hops_max", value), "7");
    assert_string_equal(shown(p, "object_before_acceptance_only", value), "no");
    assert_string_equal(shown(p, "simple_flags_excluded", value), "repeat,cross-boundary,old");
    assert_string_equal(shown(p, "county", value), "40");
    assert_string_equal(shown(p, "city", value), "30");
    assert_string_equal(shown(p, "province", value), "5");
    assert_string_equal(shown(p, "last", value), "nothing");
    p->simple_flags_excluded = 0;
    assert_string_equal(shown(p, "simple_flags_excluded", value), "none");
    p->simple_flags_excluded = UINT32_MAX;
    assert_string_equal(shown(p, "simple_flags_excluded", value),
                        "repeat,anonymous,joint,urgent,litigation,cross-boundary,old,public,"
                        "secret,unreachable");
    jb_arena_fini(&arena);
}

static void a_fault_has_its_line(void **state)
{
    struct jb_arena arena;
    struct jb_policy *p = NULL;
    struct jb_fault fault = {{0}};

    (void)state;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    assert_int_equal(jb_policy_parse(T("[policy]\nversion = 1\nversion = 2\n"), &arena, &p, &fault),
                     JB_CONFIG);
    assert_non_null(strstr(fault.text, "policy:3:"));
    jb_arena_fini(&arena);
}

static void too_many_rows(void **state)
{
    static char text[16384];
    struct jb_arena arena;
    struct jb_policy *p = NULL;
    struct jb_fault fault = {{0}};
    size_t len = 0;

    (void)state;
    for (int i = 0; i <= JB_POLICY_ROWS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "[deadline %c%c]\nname = x\nlimit = 1\nunit = hours\narticle = a\n",
                                'a' + i / 26, 'a' + i % 26);
    jb_arena_init(&arena, (size_t)1024 * 1024);
    assert_int_equal(jb_policy_parse((struct jb_text){text, len}, &arena, &p, &fault), JB_CONFIG);
    assert_non_null(strstr(fault.text, "more than 64"));
    jb_arena_fini(&arena);
}

static void a_full_arena_is_reported(void **state)
{
    struct jb_arena arena;
    struct jb_policy *p = NULL;
    struct jb_fault fault = {{0}};
    size_t limit = 0;

    (void)state;
    for (;; limit += 1024) {
        enum jb_err err;

        jb_arena_init(&arena, limit);
        err = jb_policy_parse(T(POLICY SWITCHES ROWS ROW("assigned", "1")), &arena, &p, &fault);
        jb_arena_fini(&arena);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
    }
    assert_true(limit > sizeof(struct jb_policy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_shipped_policy, world_open, world_close),
        cmocka_unit_test_setup_teardown(every_setting_can_be_shown, world_open, world_close),
        cmocka_unit_test(an_older_file_still_parses),
        cmocka_unit_test(every_setting_can_be_changed),
        cmocka_unit_test(faults_name_what_and_where),
        cmocka_unit_test(a_fault_has_its_line),
        cmocka_unit_test(too_many_rows),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
