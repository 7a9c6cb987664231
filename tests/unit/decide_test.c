/* Every stage against every kind of act. The expectations are written out by hand. */
#include "tests/unit/decide_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- every stage x every kind --------------------------------------------------------------- */

struct matrix_row {
    enum jb_act_kind kind;
    uint32_t node;     /* who does it */
    const char *cells; /* for each stage: the one that follows, or the refusal; see codes */
};

/* The columns. */
static const enum jb_stage stages[] = {
    JB_STAGE_NONE,      JB_STAGE_REGISTERED, JB_STAGE_SENT,     JB_STAGE_SIGNED,
    JB_STAGE_ACCEPTED,  JB_STAGE_DECLINED,   JB_STAGE_ANSWERED, JB_STAGE_REFERRED,
    JB_STAGE_CLOSED,    JB_STAGE_REVIEW,     JB_STAGE_REVIEWED, JB_STAGE_RECHECK,
    JB_STAGE_RECHECKED, JB_STAGE_TERMINATED,
};

/* clang-format off */
static const struct matrix_row matrix[] = {
    /* before registered sent signed accepted declined answered referred closed
       review reviewed recheck rechecked terminated */
    {JB_ACT_REGISTER, OFFICE,
     "reg   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP"},
    {JB_ACT_ASSIGN, OFFICE,
     "U     sent  sent  sent  sent  W     W     W     W     W     W     W     W     W"},
    {JB_ACT_FORWARD, OFFICE,
     "U     sent  RANK  RANK  RANK  W     W     W     W     W     W     W     W     W"},
    {JB_ACT_HANDOVER, HOUSING,
     "U     U     sent  sent  sent  W     W     U     W     W     W     W     W     W"},
    {JB_ACT_REFER, OFFICE,
     "U     ref   P     P     W     W     W     W     W     W     W     W     W     W"},
    {JB_ACT_SIGN_FOR, HOUSING,
     "U     U     sign  W     W     W     W     U     W     W     W     W     W     W"},
    {JB_ACT_SIGN_FOR, OFFICE,
     "U     W     P     P     P     P     P     W     W     P     P     P     P     W"},
    {JB_ACT_SIGN_FOR, LABOUR, /* the co-handler, for itself */
     "U     U     sent  sign  acc   decl  answ  U     W     rev   revd  rec   recd  W"},
    {JB_ACT_ACCEPT, HOUSING,
     "U     U     W     acc   W     W     W     U     W     W     W     W     W     W"},
    {JB_ACT_DECLINE, HOUSING,
     "U     U     W     decl  W     W     W     U     W     W     W     W     W     W"},
    {JB_ACT_NOTIFY, HOUSING,
     "U     U     W     W     D     decl  D     U     W     W     P     W     P     W"},
    {JB_ACT_RECORD_DELIVERY, OFFICE,
     "U     W     W     W     acc   decl  answ  W     clos  W     revd  W     recd  term"},
    {JB_ACT_OBJECT, HOUSING,
     "U     U     sent  sign  W     W     W     U     W     W     W     W     W     W"},
    {JB_ACT_RULE_ON_OBJECTION, OFFICE,
     "U     W     NOBJ  NOBJ  NOBJ  W     W     W     W     W     W     W     W     W"},
    {JB_ACT_DESIGNATE, OFFICE,
     "U     NHOLD NHOLD NHOLD NHOLD W     W     W     W     W     W     W     W     W"},
    {JB_ACT_EXTEND, HOUSING,
     "U     U     N     N     acc   N     N     U     N     N     N     N     N     N"},
    {JB_ACT_NOTE, OFFICE,
     "U     reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_ANSWER, HOUSING,
     "U     U     W     W     answ  W     W     U     W     W     W     W     W     W"},
    {JB_ACT_EXECUTE, HOUSING,
     "U     U     W     W     W     W     answ  U     D     rev   revd  rec   recd  term"},
    {JB_ACT_CLOSE, OFFICE,
     "U     W     W     W     W     NTOLD NEXEC W     W     W     NEXEC W     NEXEC W"},
    {JB_ACT_START_SIMPLE, HOUSING,
     "U     U     SIMPX SIMPX W     W     W     U     W     W     W     W     W     W"},
    {JB_ACT_TURN_ORDINARY, HOUSING,
     "U     U     NSIMP NSIMP NSIMP W     W     U     W     W     W     W     W     W"},
    {JB_ACT_REPORT_UP, OFFICE,
     "U     reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_REQUEST_REVIEW, OFFICE,
     "U     W     W     W     W     W     rev   W     rev   W     W     W     W     W"},
    {JB_ACT_GIVE_REVIEW, COUNTY,
     "U     U     U     U     U     U     U     U     U     revd  W     W     W     W"},
    {JB_ACT_REQUEST_RECHECK, OFFICE,
     "U     W     W     W     W     W     W     W     W     W     rec   W     W     W"},
    {JB_ACT_GIVE_RECHECK, CITY,
     "U     U     U     U     U     U     U     U     U     U     U     recd  W     W"},
    {JB_ACT_START_HEARING, CITY,
     "U     U     U     U     U     U     U     U     U     U     U     rec   W     W"},
    {JB_ACT_END_HEARING, CITY,
     "U     U     U     U     U     U     U     U     U     U     U     HEAR  W     W"},
    {JB_ACT_TERMINATE, OFFICE,
     "U     W     W     W     W     W     W     W     W     W     W     W     term  W"},
    {JB_ACT_REOPEN, OFFICE,
     "U     W     W     W     W     W     W     reg   reg   W     W     W     W     reg"},
    {JB_ACT_RATE, OFFICE, /* the case was registered without a code */
     "U     CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE  CODE"},
    {JB_ACT_OPEN_RATING, BROKER,
     "U     RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS RCLOS"},
    {JB_ACT_OPENED, OFFICE,
     "U     reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_ACKNOWLEDGE, OFFICE, /* deadline 1 is the office's sorting */
     "U     reg   N     N     N     N     N     N     N     N     N     N     N     N"},
    {JB_ACT_PURGED, OFFICE,
     "U     P     P     P     P     P     P     P     P     P     P     P     P     P"},
    {JB_ACT_RECEIVED, BROKER,
     "U     D     sent  D     D     D     D     D     D     D     D     D     D     D"},
    {JB_ACT_WARN, BROKER,
     "U     R     D     D     D     D     D     D     D     D     D     D     D     D"},
    {JB_ACT_MISS, BROKER,
     "U     R     D     D     D     D     D     D     D     D     D     D     D     D"},
    {JB_ACT_UNDELIVERED, BROKER, /* sent: its half limit is not over */
     "U     D     R     D     D     D     D     D     D     D     D     D     D     D"},
    {JB_ACT_STORED, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_NEW_EPOCH, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_CLOCK_STEP, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_QUARANTINE, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
    {JB_ACT_LOST, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos  rev   revd  rec   recd  term"},
};
/* clang-format on */

static bool in_matrix(enum jb_act_kind kind)
{
    for (size_t i = 0; i < COUNT(matrix); i++) {
        if (matrix[i].kind == kind)
            return true;
    }
    return false;
}

static void bring(struct world *w, enum jb_stage stage)
{
    if (stage == JB_STAGE_NONE)
        world_forget_case(w);
    else
        world_bring(w, stage);
}

static void every_stage_and_every_kind(void **state)
{
    struct world *w = *state;
    char where[80];

    for (size_t i = 0; i < COUNT(matrix); i++) {
        for (size_t s = 0; s < COUNT(stages); s++) {
            struct jb_act act = table_act(w, matrix[i].kind);

            bring(w, stages[s]);
            snprintf(where, sizeof where, "%s by %u when %s", jb_act_kind_name(act.kind),
                     (unsigned)matrix[i].node, jb_stage_name(stages[s]));
            (void)world_try(w, matrix[i].node, &act);
            table_expect(where, w, table_cell(matrix[i].cells, s));
        }
    }
}

/* No row: about the directory or the rules, of the line itself, or not in force. */
static const enum jb_act_kind without_row[] = {
    JB_ACT_DELEGATE,         JB_ACT_END_DELEGATION, JB_ACT_UNSIGNED,    JB_ACT_ENROL_NODE,
    JB_ACT_CHANGE_NODE,      JB_ACT_REPLACE_KEYS,   JB_ACT_RETIRE_NODE, JB_ACT_INSTALL_POLICY,
    JB_ACT_INSTALL_CALENDAR, JB_ACT_REPLAY,
};
/* In force, with tables of their own in decide_join_test.c, decide_dispute_test.c,
 * decide_directive_test.c, decide_docket_test.c and decide_clock_test.c. */
static const enum jb_act_kind elsewhere[] = {
    JB_ACT_ESCALATE_DISPUTE,
    JB_ACT_CLASSIFY,
    JB_ACT_LINK,
    JB_ACT_MERGE,
    JB_ACT_SPLIT,
    JB_ACT_RECUSE,
    JB_ACT_ISSUE_DIRECTIVE,
    JB_ACT_COUNTERSIGN_DIRECTIVE,
    JB_ACT_SIGN_DIRECTIVE,
    JB_ACT_ANSWER_DIRECTIVE,
    JB_ACT_CLEAR_DIRECTIVE,
    JB_ACT_OBJECT_DIRECTIVE,
    JB_ACT_WITHDRAW_DIRECTIVE,
    JB_ACT_OPEN_DOCKET,
    JB_ACT_STEP_DOCKET,
    JB_ACT_CLOSE_DOCKET,
    JB_ACT_URGE,
    JB_ACT_SET_PLAN,
    JB_ACT_FULFIL,
    JB_ACT_RECOUNT,
    JB_ACT_SUCCEED,
    JB_ACT_ERASE_KEY,
    JB_ACT_ATTACH,
};
static const enum jb_act_kind all_kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};

static bool in_list(const enum jb_act_kind *kinds, size_t count, enum jb_act_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] == kind)
            return true;
    }
    return false;
}

static void every_kind_is_accounted_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_kinds); i++) {
        int places = in_matrix(all_kinds[i]) +
                     in_list(without_row, COUNT(without_row), all_kinds[i]) +
                     in_list(elsewhere, COUNT(elsewhere), all_kinds[i]);

        if (places != 1)
            fail_msg("%s is in %d lists", jb_act_kind_name(all_kinds[i]), places);
    }
}

static void kinds_without_a_row_are_not_in_force(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(without_row); i++) {
        const struct jb_act act = {.kind = without_row[i], .reason = T("x")};

        for (size_t s = 0; s < COUNT(stages); s++) {
            bring(w, stages[s]);
            world_refused(w, OFFICE, &act, JB_REFUSE_NOT_IN_FORCE);
            assert_string_equal(w->v.detail, jb_act_kind_name(act.kind));
        }
    }
    world_refused(w, OFFICE, &(struct jb_act){.kind = (enum jb_act_kind)9999},
                  JB_REFUSE_NOT_IN_FORCE);
}

static void an_outsider_cannot_tell_whether_a_case_exists(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(matrix); i++) {
        struct jb_act act = table_act(w, matrix[i].kind);
        struct jb_verdict absent;

        world_forget_case(w);
        act.custody = 7;
        (void)world_ask(w, OTHER_DEPT, &act);
        absent.refusal = w->v.refusal;
        memcpy(absent.detail, w->v.detail, sizeof absent.detail);
        world_bring(w, JB_STAGE_SENT);
        (void)world_ask(w, OTHER_DEPT, &act);
        assert_int_equal(w->v.refusal, absent.refusal);
        assert_string_equal(w->v.detail, absent.detail);
    }
}

/* It does not wait for its co-handlers: decide_cohandler_test.c has those. */
static int impatient_host(void **state)
{
    int failed = world_open(state);

    if (failed == 0)
        ((struct world *)*state)->policy->host_collects = false;
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_and_every_kind),
        cmocka_unit_test(every_kind_is_accounted_for),
        cmocka_unit_test(kinds_without_a_row_are_not_in_force),
        cmocka_unit_test(an_outsider_cannot_tell_whether_a_case_exists),
    };
    return cmocka_run_group_tests_name("decide", tests, impatient_host, world_close);
}
