/* Directives in files of their own: summons of mass visits, circulars. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TO(...)                                                                                    \
    .audience = {(const uint32_t[]){__VA_ARGS__},                                                  \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)}
#define ISSUE(...) ACT(ISSUE_DIRECTIVE, __VA_ARGS__)
#define DEMAND(d) .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_##d

static const struct jb_target *target(struct world *w, uint32_t directive, uint32_t node)
{
    const struct jb_target *t = jb_case_target(&w->c, directive, node);

    if (t == NULL)
        fail_msg("directive %u has no receiver %u", (unsigned)directive, (unsigned)node);
    return t;
}

/* A file of its own of `node`, not there yet. */
static int64_t new_file(struct world *w, uint32_t node)
{
    int64_t no;

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, 7, &no), JB_OK);
    return no;
}

/* ---- mass visits ---------------------------------------------------------------------------- */

static void heads_are_summoned_from_fifty_thirty_ten_people_on(void **state)
{
    struct world *w = *state;
    const struct {
        int level;
        uint32_t people;
        enum jb_refusal wanted;
    } rows[] = {
        {JB_LEVEL_COUNTY, 49, JB_REFUSE_BELOW_THRESHOLD},   {JB_LEVEL_COUNTY, 50, JB_REFUSE_NONE},
        {JB_LEVEL_TOWNSHIP, 49, JB_REFUSE_BELOW_THRESHOLD}, {JB_LEVEL_TOWNSHIP, 50, JB_REFUSE_NONE},
        {JB_LEVEL_CITY, 29, JB_REFUSE_BELOW_THRESHOLD},     {JB_LEVEL_CITY, 30, JB_REFUSE_NONE},
        {JB_LEVEL_PROVINCE, 9, JB_REFUSE_BELOW_THRESHOLD},  {JB_LEVEL_PROVINCE, 10, JB_REFUSE_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t no = new_file(w, OFFICE);

        world_node(w, OFFICE)->level = rows[i].level;
        if (world_ask(w, OFFICE,
                      ISSUE(DEMAND(SUMMONS), .case_no = no, .title = T("集体来访"), .node = TOWN,
                            .people = rows[i].people)) != rows[i].wanted)
            fail_msg("level %d, %u people: %s: %s", rows[i].level, (unsigned)rows[i].people,
                     jb_refusal_name(w->v.refusal), w->v.detail);
    }
    world_node(w, OFFICE)->level = JB_LEVEL_COUNTY;
}

static void a_summons_is_acknowledged_within_minutes(void **state)
{
    struct world *w = *state;
    int64_t no = new_file(w, OFFICE), start_ms = w->now_ms;
    struct jb_act summons =
        *ISSUE(DEMAND(SUMMONS), .case_no = no, .title = T("集体来访"), .node = TOWN, TO(HOUSING),
               .people = 62, .countersigned_by = T("李县长"));
    const struct jb_deadline *d;

    world_do(w, OFFICE, &summons);
    assert_int_equal(w->c.stage, JB_STAGE_FILE);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(w->c.directives[0].flags, JB_FLAG_URGENT);
    assert_int_equal(w->c.directives[0].people, 62);
    d = jb_case_deadline(&w->c, target(w, 1, TOWN)->deadline_id);
    assert_string_equal(d->key, "summon");
    assert_int_equal(d->due_ms, w->now_ms + INT64_C(30) * 60000);
    w->now_ms += INT64_C(12) * 60000;
    world_do(w, TOWN, ACT(SIGN_DIRECTIVE, .case_no = no, .directive_no = 1));
    assert_int_equal(jb_case_deadline(&w->c, target(w, 1, TOWN)->deadline_id)->end, JB_END_MET);
    assert_int_equal(target(w, 1, TOWN)->state, JB_TARGET_SIGNED);
    w->now_ms += INT64_C(20) * 60000;
    world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .case_no = no, .directive_no = 1));
    assert_int_equal(jb_case_deadline(&w->c, target(w, 1, HOUSING)->deadline_id)->end,
                     JB_END_MET_LATE);
    /* Only heads of governments and departments come. */
    summons.node = HOUSING_UNIT;
    world_refused(w, OFFICE, &summons, JB_REFUSE_NO_AUTHORITY);
    w->now_ms = start_ms;
}

/* ---- circulars ------------------------------------------------------------------------------ */

static void a_circular_has_a_file_of_its_own_and_read_receipts(void **state)
{
    struct world *w = *state;
    struct jb_act circular = *ISSUE(.power = JB_POWER_CIRCULATE, .title = T("一季度通报"),
                                    .text = T("通报如下"), TO(HOUSING, LAND, DISCIPLINE));
    int64_t no;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_refused(w, OFFICE, &circular, JB_REFUSE_OWN_FILE_NEEDED);
    no = new_file(w, OFFICE);
    circular.case_no = no;
    circular.title = T("");
    world_refused(w, OFFICE, &circular, JB_REFUSE_FIELD_REQUIRED);
    circular.title = T("一季度通报");
    world_refused(w, CONFERENCE, &circular, JB_REFUSE_UNKNOWN_CASE); /* not its number */
    world_do(w, OFFICE, &circular);
    assert_int_equal(w->c.stage, JB_STAGE_FILE);
    assert_int_equal(w->c.registrar, OFFICE);
    world_do(w, LAND, ACT(SIGN_DIRECTIVE, .case_no = no, .directive_no = 1));
    assert_int_equal(target(w, 1, LAND)->state, JB_TARGET_ANSWERED);
    assert_int_not_equal(target(w, 1, LAND)->signed_ms, 0);
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_ISSUED);
    assert_int_equal(jb_case_deadline(&w->c, target(w, 1, LAND)->deadline_id)->end, JB_END_MET);
    world_refused(w, LAND, ACT(ANSWER_DIRECTIVE, .case_no = no, .directive_no = 1, .text = T("x")),
                  JB_REFUSE_ALREADY_DONE);
}

static enum jb_refusal circulate_about(struct world *w, const struct jb_case *other, bool given)
{
    int64_t no = new_file(w, OFFICE);
    const struct jb_act *act = ISSUE(.power = JB_POWER_CIRCULATE, .case_no = no, .title = T("通报"),
                                     .text = T("x"), TO(LAND), .other_case_no = other->case_no);
    struct jb_question q = {
        .act = act, .node = OFFICE, .user = T("王芳"), .now_ms = w->now_ms, .others = &other};

    q.other_count = given ? 1 : 0;
    jb_decide(&w->book, &w->c, &q, &w->v);
    return w->v.refusal;
}

static void a_circular_mentions_no_case_that_must_stay_unknown(void **state)
{
    struct world *w = *state;
    struct jb_participant parties[] = {{.node = OFFICE, .role = JB_ROLE_REGISTRAR}};
    struct jb_case other = {.stage = JB_STAGE_ACCEPTED,
                            .matter = JB_MATTER_APPEAL,
                            .participants = parties,
                            .participant_count = 1};

    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), OFFICE, 3, &other.case_no),
                     JB_OK);
    assert_int_equal(circulate_about(w, &other, true), JB_REFUSE_NONE);
    assert_int_equal(circulate_about(w, &other, false), JB_REFUSE_OTHER_CASE_UNKNOWN);
    other.flags = JB_FLAG_SECRET;
    assert_int_equal(circulate_about(w, &other, true), JB_REFUSE_BEYOND_POWERS);
    other.flags = 0;
    other.matter = JB_MATTER_ACCUSATION;
    assert_int_equal(circulate_about(w, &other, true), JB_REFUSE_ACCUSATION_CONFINED);
    other.matter = JB_MATTER_APPEAL;
    other.participants[0].node = LAND; /* not known to the issuer */
    assert_int_equal(circulate_about(w, &other, true), JB_REFUSE_OTHER_CASE_UNKNOWN);
    world_forget_case(w);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static int open_world(void **state)
{
    struct world *w;

    if (world_open(state) != 0)
        return -1;
    w = *state;
    world_delegate(w, OFFICE, "李县长", 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_summoned_from_fifty_thirty_ten_people_on),
        cmocka_unit_test(a_summons_is_acknowledged_within_minutes),
        cmocka_unit_test(a_circular_has_a_file_of_its_own_and_read_receipts),
        cmocka_unit_test(a_circular_mentions_no_case_that_must_stay_unknown),
    };

    return cmocka_run_group_tests_name("decide_file", tests, open_world, world_close);
}
