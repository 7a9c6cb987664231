/* Erasing what is sealed: by the registrar, twice confirmed, once, when nothing runs any more. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ERASE ACT(ERASE_KEY, .reason = T("保存期满"), .countersigned_by = T("李强"))

/* What still runs when a case is closed comes to its end with time. */
static void let_all_clocks_end(struct world *w)
{
    for (size_t i = 0; i < w->c.deadline_count; i++)
        if (w->c.deadlines[i].end == JB_END_OPEN)
            w->c.deadlines[i].end = JB_END_CANCELLED;
}

static void only_a_case_that_is_over(void **state)
{
    struct world *w = *state;
    static const struct {
        enum jb_stage stage;
        enum jb_refusal wanted;
    } rows[] = {
        {JB_STAGE_REGISTERED, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_SENT, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_ACCEPTED, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_ANSWERED, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_CLOSED, JB_REFUSE_NONE},
        {JB_STAGE_REVIEW, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_RECHECKED, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_TERMINATED, JB_REFUSE_NONE},
        {JB_STAGE_REFERRED, JB_REFUSE_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        world_bring(w, rows[i].stage);
        let_all_clocks_end(w);
        if (world_ask(w, OFFICE, ERASE) != rows[i].wanted)
            fail_msg("when %s: %s", jb_stage_name(rows[i].stage), jb_refusal_name(w->v.refusal));
    }
}

static void not_while_somebody_may_still_need_it(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_CLOSED);
    assert_true(world_runs(w, "ask-review"));
    world_refused(w, OFFICE, ERASE, JB_REFUSE_WRONG_STAGE);
    assert_non_null(strstr(w->v.detail, "still runs"));
}

static void only_its_registrar_and_two_persons(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_CLOSED);
    let_all_clocks_end(w);
    world_refused(w, HOUSING, ERASE, JB_REFUSE_WRONG_PARTY);
    world_refused(w, LAND, ERASE, JB_REFUSE_UNKNOWN_CASE);
    world_refused(w, OFFICE, ACT(ERASE_KEY, .reason = T("x")), JB_REFUSE_SECOND_PERSON_REQUIRED);
    world_refused(w, OFFICE, ACT(ERASE_KEY, .reason = T("x"), .countersigned_by = T("王芳")),
                  JB_REFUSE_SECOND_PERSON_REQUIRED);
    world_refused(w, OFFICE, ACT(ERASE_KEY, .countersigned_by = T("李强")),
                  JB_REFUSE_REASON_REQUIRED);
    world_do(w, OFFICE, ACT(RECUSE, .person = T("李强"), .reason = T("近亲属")));
    world_refused(w, OFFICE, ERASE, JB_REFUSE_RECUSED);
}

static void it_is_on_record_and_done_once(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_CLOSED);
    let_all_clocks_end(w);
    world_do(w, OFFICE, ERASE);
    const struct jb_mark *mark = jb_case_mark(&w->c, JB_MARK_ERASED, OFFICE, 0);
    assert_non_null(mark);
    assert_int_equal(mark->at_ms, w->now_ms);
    assert_true(jb_text_equal(mark->text, T("王芳")));
    world_refused(w, OFFICE, ERASE, JB_REFUSE_ALREADY_DONE);
}

static void attachments_are_the_readers_and_end_with_the_key(void **state)
{
    struct world *w = *state;
    static const uint8_t hash[32] = {1};
    static const uint8_t box[80] = {2};
    const struct jb_act attach = {.kind = JB_ACT_ATTACH,
                                  .content_hash = {hash, sizeof hash},
                                  .size_bytes = 9,
                                  .sealed = {box, sizeof box}};
    struct jb_act named = attach;

    world_bring(w, JB_STAGE_SIGNED);
    assert_int_equal(world_ask(w, OFFICE, &attach), JB_REFUSE_NONE);
    assert_int_equal(world_ask(w, HOUSING, &attach), JB_REFUSE_NONE);
    assert_int_equal(world_ask(w, LABOUR, &attach), JB_REFUSE_NONE);
    world_refused(w, LAND, &attach, JB_REFUSE_UNKNOWN_CASE);
    world_join(w, LAND, JB_ROLE_INFORMED);
    world_refused(w, LAND, &attach, JB_REFUSE_WRONG_PARTY);
    named.name = T("赵小明.jpg");
    world_refused(w, OFFICE, &named, JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_bring(w, JB_STAGE_CLOSED);
    let_all_clocks_end(w);
    world_do(w, OFFICE, ERASE);
    world_refused(w, OFFICE, &attach, JB_REFUSE_KEY_ERASED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_case_that_is_over),
        cmocka_unit_test(not_while_somebody_may_still_need_it),
        cmocka_unit_test(only_its_registrar_and_two_persons),
        cmocka_unit_test(it_is_on_record_and_done_once),
        cmocka_unit_test(attachments_are_the_readers_and_end_with_the_key),
    };
    return cmocka_run_group_tests_name("decide_erase", tests, world_open, world_close);
}
