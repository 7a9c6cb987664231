/* Every stage against every kind of act, every party against every kind, and the fence of custody.
 * The expectations are written out by hand. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A well-formed act of this kind, fit for the case that world_bring makes. */
static struct jb_act proper_act(const struct world *w, enum jb_act_kind kind)
{
    const struct jb_act *acts[] = {
        world_register_act(),
        ACT(ASSIGN, .node = LAND),
        ACT(FORWARD, .node = LAND),
        ACT(HANDOVER, .node = HOUSING_UNIT),
        ACT(REFER, .organ = T("县人民检察院")),
        ACT(SIGN_FOR, .text = T("收到")),
        ACT(ACCEPT, .exit = JB_EXIT_RESIDUE),
        ACT(DECLINE, .reason = T("已有生效判决")),
        ACT(NOTIFY, .told_at_ms = w->now_ms),
        ACT(OBJECT, .reason = T("不属于本机关职权")),
        ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED),
        ACT(DESIGNATE, .node = LAND),
        ACT(EXTEND, .days = 10, .reason = T("情况复杂"), .approved_by = T("李局长")),
        ACT(NOTE, .text = T("已约谈")),
        ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见"), .report = T("报告")),
        ACT(EXECUTE, .text = T("已落实")),
        ACT(CLOSE, .close_no = T("1")),
        ACT(OPENED, .log_seq = 1),
        ACT(ACKNOWLEDGE, .deadline_id = 1),
        ACT(PURGED, .number = 1),
        ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms),
        ACT(WARN, .deadline_id = 1, .step_no = 1),
        ACT(MISS, .deadline_id = 1),
        ACT(UNDELIVERED, .node = HOUSING),
        ACT(STORED, .node = HOUSING, .number = 1),
        ACT(NEW_EPOCH, .node = HOUSING),
        ACT(CLOCK_STEP, .before_ms = 1),
        ACT(QUARANTINE, .node = HOUSING),
    };

    for (size_t i = 0; i < COUNT(acts); i++) {
        if (acts[i]->kind == kind)
            return *acts[i];
    }
    return (struct jb_act){.kind = kind};
}

static void expect(const char *where, const struct world *w, const char *wanted)
{
    const char *got =
        w->v.refusal != JB_REFUSE_NONE ? jb_refusal_name(w->v.refusal) : jb_stage_name(w->c.stage);

    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s instead of %s (%s)", where, got, wanted, w->v.detail);
}

/* Short words of the tables below. */
static const struct {
    const char *word, *means;
} codes[] = {
    {"U", "UNKNOWN_CASE"},
    {"W", "WRONG_STAGE"},
    {"P", "WRONG_PARTY"},
    {"D", "ALREADY_DONE"},
    {"N", "NO_SUCH_DEADLINE"},
    {"R", "VALUE_OUT_OF_RANGE"},
    {"DUP", "DUPLICATE_CASE"},
    {"NOBJ", "NO_OBJECTION"},
    {"NHOLD", "NOT_A_HOLDER"},
    {"NTOLD", "NOT_TOLD"},
    {"NEXEC", "EXECUTION_OUTSTANDING"},
    {"RANK", "OUTRANKED"},
    {"LEFT", "NOT_IN_AUDIENCE"},
    {"STALE", "STALE_CUSTODY"},
    {"BRK", "BROKER_ONLY"},
    {"OTHER", "DEADLINE_OF_ANOTHER"},
    {"none", "none"},
    {"reg", "registered"},
    {"sent", "sent"},
    {"sign", "signed"},
    {"acc", "accepted"},
    {"decl", "declined"},
    {"answ", "answered"},
    {"ref", "referred"},
    {"clos", "closed"},
};

/* The meaning of the n-th word. */
static const char *cell(const char *cells, size_t n)
{
    char word[8] = "";

    for (; n > 0; n--) {
        cells += strcspn(cells, " ");
        cells += strspn(cells, " ");
    }
    assert_in_range(strcspn(cells, " "), 1, sizeof word - 1);
    memcpy(word, cells, strcspn(cells, " "));
    for (size_t i = 0; i < COUNT(codes); i++) {
        if (strcmp(codes[i].word, word) == 0)
            return codes[i].means;
    }
    fail_msg("no such word: %s", word);
    return NULL;
}

/* ---- every stage x every kind --------------------------------------------------------------- */

struct matrix_row {
    enum jb_act_kind kind;
    uint32_t node;     /* who does it */
    const char *cells; /* for each stage: the one that follows, or the refusal; see codes */
};

/* clang-format off */
static const struct matrix_row matrix[] = {
    /* before registered sent signed accepted declined answered referred closed */
    {JB_ACT_REGISTER, OFFICE,
     "reg   DUP   DUP   DUP   DUP   DUP   DUP   DUP   DUP"},
    {JB_ACT_ASSIGN, OFFICE,
     "U     sent  sent  sent  sent  W     W     W     W"},
    {JB_ACT_FORWARD, OFFICE,
     "U     sent  RANK  RANK  RANK  W     W     W     W"},
    {JB_ACT_HANDOVER, HOUSING,
     "U     U     sent  sent  sent  W     W     U     W"},
    {JB_ACT_REFER, OFFICE,
     "U     ref   W     W     W     W     W     W     W"},
    {JB_ACT_SIGN_FOR, HOUSING,
     "U     U     sign  W     W     W     W     U     W"},
    {JB_ACT_SIGN_FOR, OFFICE,
     "U     W     P     W     W     W     W     W     W"},
    {JB_ACT_ACCEPT, HOUSING,
     "U     U     W     acc   W     W     W     U     W"},
    {JB_ACT_DECLINE, HOUSING,
     "U     U     W     decl  W     W     W     U     W"},
    {JB_ACT_NOTIFY, HOUSING,
     "U     U     W     W     D     decl  D     U     W"},
    {JB_ACT_OBJECT, HOUSING,
     "U     U     sent  sign  W     W     W     U     W"},
    {JB_ACT_RULE_ON_OBJECTION, OFFICE,
     "U     W     NOBJ  NOBJ  NOBJ  W     W     W     W"},
    {JB_ACT_DESIGNATE, OFFICE,
     "U     NHOLD NHOLD NHOLD NHOLD W     W     W     W"},
    {JB_ACT_EXTEND, HOUSING,
     "U     U     N     N     acc   W     W     U     W"},
    {JB_ACT_NOTE, OFFICE,
     "U     reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_ANSWER, HOUSING,
     "U     U     W     W     answ  W     W     U     W"},
    {JB_ACT_EXECUTE, HOUSING,
     "U     U     W     W     W     W     answ  U     W"},
    {JB_ACT_CLOSE, OFFICE,
     "U     W     W     W     W     NTOLD NEXEC W     W"},
    {JB_ACT_OPENED, OFFICE,
     "U     reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_ACKNOWLEDGE, OFFICE,
     "U     reg   N     N     N     N     N     N     N"}, /* deadline 1 is the office's sorting */
    {JB_ACT_PURGED, OFFICE,
     "U     P     P     P     P     P     P     P     P"},
    {JB_ACT_RECEIVED, BROKER,
     "U     D     D     D     D     D     D     D     D"},
    {JB_ACT_WARN, BROKER,
     "U     R     D     D     D     D     D     D     D"},
    {JB_ACT_MISS, BROKER,
     "U     R     D     D     D     D     D     D     D"},
    {JB_ACT_UNDELIVERED, BROKER,
     "U     reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_STORED, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_NEW_EPOCH, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_CLOCK_STEP, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos"},
    {JB_ACT_QUARANTINE, BROKER,
     "none  reg   sent  sign  acc   decl  answ  ref   clos"},
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
        for (int stage = JB_STAGE_NONE; stage < JB_STAGE_COUNT; stage++) {
            struct jb_act act = proper_act(w, matrix[i].kind);

            bring(w, (enum jb_stage)stage);
            snprintf(where, sizeof where, "%s by %u when %s", jb_act_kind_name(act.kind),
                     (unsigned)matrix[i].node, jb_stage_name((enum jb_stage)stage));
            (void)world_try(w, matrix[i].node, &act);
            expect(where, w, cell(matrix[i].cells, (size_t)stage));
        }
    }
}

static const enum jb_act_kind all_kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};

static void kinds_without_a_row_are_not_in_force(void **state)
{
    struct world *w = *state;
    size_t unused = 0;

    for (size_t i = 0; i < COUNT(all_kinds); i++) {
        const struct jb_act act = {.kind = all_kinds[i], .reason = T("x")};

        if (in_matrix(act.kind))
            continue;
        unused++;
        for (int stage = JB_STAGE_NONE; stage < JB_STAGE_COUNT; stage++) {
            bring(w, (enum jb_stage)stage);
            world_refused(w, OFFICE, &act, JB_REFUSE_NOT_IN_FORCE);
            assert_string_equal(w->v.detail, jb_act_kind_name(act.kind));
        }
    }
    assert_int_equal(unused, 42);
    world_refused(w, OFFICE, &(struct jb_act){.kind = (enum jb_act_kind)9999},
                  JB_REFUSE_NOT_IN_FORCE);
}

/* ---- every party ---------------------------------------------------------------------------- */

enum {
    PARTIES = 7
};
static const uint32_t party_nodes[PARTIES] = {OFFICE,      HOUSING,    LABOUR, LAND,
                                              CITY_OFFICE, OTHER_DEPT, BROKER};

struct party_row {
    enum jb_act_kind kind;
    enum jb_stage stage;
    const char *cells; /* for each party */
};

/* clang-format off */
static const struct party_row parties[] = {
    /* office host co-handler former-host other-office outsider broker */
    {JB_ACT_ASSIGN,            JB_STAGE_SENT,
     "sent  NHOLD NHOLD LEFT  U     U     U"},
    {JB_ACT_FORWARD,           JB_STAGE_SENT,
     "RANK  NHOLD NHOLD LEFT  U     U     U"},
    {JB_ACT_HANDOVER,          JB_STAGE_SIGNED,
     "P     sent  P     STALE U     U     U"},
    {JB_ACT_DESIGNATE,         JB_STAGE_SENT,
     "NHOLD NHOLD NHOLD LEFT  U     U     U"},
    {JB_ACT_SIGN_FOR,          JB_STAGE_SENT,
     "P     sign  P     STALE U     U     U"},
    {JB_ACT_ACCEPT,            JB_STAGE_SIGNED,
     "P     acc   P     STALE U     U     U"},
    {JB_ACT_DECLINE,           JB_STAGE_SIGNED,
     "P     decl  P     STALE U     U     U"},
    {JB_ACT_NOTIFY,            JB_STAGE_DECLINED,
     "P     decl  P     STALE U     U     U"},
    {JB_ACT_OBJECT,            JB_STAGE_SENT,
     "P     sent  P     STALE U     U     U"},
    {JB_ACT_RULE_ON_OBJECTION, JB_STAGE_SENT,
     "NOBJ  P     P     LEFT  U     U     U"},
    {JB_ACT_EXTEND,            JB_STAGE_ACCEPTED,
     "OTHER acc   P     STALE U     U     U"},
    {JB_ACT_ANSWER,            JB_STAGE_ACCEPTED,
     "P     answ  P     STALE U     U     U"},
    {JB_ACT_EXECUTE,           JB_STAGE_ANSWERED,
     "P     answ  P     STALE U     U     U"},
    {JB_ACT_CLOSE,             JB_STAGE_ANSWERED,
     "NEXEC P     P     STALE U     U     U"},
    {JB_ACT_NOTE,              JB_STAGE_SENT,
     "sent  sent  sent  LEFT  U     U     U"},
    {JB_ACT_OPENED,            JB_STAGE_SENT,
     "sent  sent  sent  LEFT  U     U     U"},
    {JB_ACT_ACKNOWLEDGE,       JB_STAGE_SENT,
     "N     N     N     LEFT  U     U     U"},
    {JB_ACT_PURGED,            JB_STAGE_SENT,
     "P     P     P     sent  U     U     U"},
    {JB_ACT_UNDELIVERED,       JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
    {JB_ACT_RECEIVED,          JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   D"},
    {JB_ACT_WARN,              JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   D"},
    {JB_ACT_MISS,              JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   D"},
    {JB_ACT_STORED,            JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
    {JB_ACT_NEW_EPOCH,         JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
    {JB_ACT_CLOCK_STEP,        JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
    {JB_ACT_QUARANTINE,        JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
};
/* clang-format on */

/* As world_bring, but LAND had the case before and has left it. */
static void bring_past_land(struct world *w, enum jb_stage stage)
{
    static const uint32_t helper[] = {LABOUR};

    world_forget_case(w);
    world_do(w, OFFICE, world_register_act());
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helper, 1}));
    if (stage == JB_STAGE_SENT)
        return;
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    if (stage == JB_STAGE_DECLINED)
        world_do(w, HOUSING, ACT(DECLINE, .reason = T("理由")));
    if (stage == JB_STAGE_SIGNED || stage == JB_STAGE_DECLINED)
        return;
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    if (stage == JB_STAGE_ANSWERED)
        world_do(w, HOUSING,
                 ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见"),
                     .report = T("报告"), .told_at_ms = w->now_ms));
    assert_int_equal(w->c.stage, stage);
}

static void every_party(void **state)
{
    struct world *w = *state;
    char where[80];

    for (size_t i = 0; i < COUNT(parties); i++) {
        for (size_t p = 0; p < PARTIES; p++) {
            struct jb_act act = proper_act(w, parties[i].kind);

            bring_past_land(w, parties[i].stage);
            snprintf(where, sizeof where, "%s by %u", jb_act_kind_name(act.kind),
                     (unsigned)party_nodes[p]);
            (void)world_try(w, party_nodes[p], &act);
            expect(where, w, cell(parties[i].cells, p));
        }
    }
}

static void an_outsider_cannot_tell_whether_a_case_exists(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(matrix); i++) {
        struct jb_act act = proper_act(w, matrix[i].kind);
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

/* ---- custody -------------------------------------------------------------------------------- */

static void an_act_on_old_custody_is_refused_with_the_present_holder(void **state)
{
    struct world *w = *state;
    size_t fenced = 0;

    for (size_t i = 0; i < COUNT(parties); i++) {
        struct jb_act act = proper_act(w, parties[i].kind);
        bool accepted = parties[i].kind == JB_ACT_NOTE || parties[i].kind == JB_ACT_OPENED;
        bool free_of_it = parties[i].kind >= JB_ACT_OPENED || accepted;

        if (free_of_it)
            continue;
        bring_past_land(w, parties[i].stage);
        act.custody = 1;
        world_refused(w, OFFICE, &act, JB_REFUSE_STALE_CUSTODY);
        assert_non_null(strstr(w->v.detail, "县住房和城乡建设局"));
        assert_non_null(strstr(w->v.detail, "custody 3"));
        act.custody = NO_CUSTODY;
        world_refused(w, HOUSING, &act, JB_REFUSE_STALE_CUSTODY);
        act.custody = 4;
        world_refused(w, HOUSING, &act, JB_REFUSE_STALE_CUSTODY);
        fenced++;
    }
    assert_int_equal(fenced, 14);
}

static void a_long_name_in_a_detail_is_cut_between_characters(void **state)
{
    struct world *w = *state;
    struct jb_node *n = world_node(w, HOUSING);
    char *name = n->name;
    char long_name[1000];

    world_bring(w, JB_STAGE_SENT);
    for (size_t i = 0; i + 3 < sizeof long_name; i += 3)
        memcpy(long_name + i, "局", 4);
    n->name = long_name;
    world_refused(w, LABOUR, ACT(SIGN_FOR, .custody = 1), JB_REFUSE_STALE_CUSTODY);
    n->name = name;
    assert_true(strlen(w->v.detail) < sizeof w->v.detail);
    assert_non_null(strstr(w->v.detail, "局..."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_and_every_kind),
        cmocka_unit_test(kinds_without_a_row_are_not_in_force),
        cmocka_unit_test(every_party),
        cmocka_unit_test(an_outsider_cannot_tell_whether_a_case_exists),
        cmocka_unit_test(an_act_on_old_custody_is_refused_with_the_present_holder),
        cmocka_unit_test(a_long_name_in_a_detail_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("decide", tests, world_open, world_close);
}
