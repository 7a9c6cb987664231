/* Every party against every kind of act, and the fence of custody. The expectations are written
 * out by hand. */
#include "tests/unit/decide_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

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
     "P     sign  sent  STALE U     U     U"},
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
     "OTHER acc   OTHER LEFT  U     U     U"},
    {JB_ACT_ANSWER,            JB_STAGE_ACCEPTED,
     "P     answ  R     STALE U     U     U"}, /* a co-handler gives no opinion */
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
     "BRK   BRK   BRK   BRK   BRK   BRK   R"},
    {JB_ACT_RECEIVED,          JB_STAGE_SENT,
     "BRK   BRK   BRK   BRK   BRK   BRK   sent"},
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
    {JB_ACT_LOST,              JB_STAGE_SENT,
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
            struct jb_act act = table_act(w, parties[i].kind);

            bring_past_land(w, parties[i].stage);
            snprintf(where, sizeof where, "%s by %u", jb_act_kind_name(act.kind),
                     (unsigned)party_nodes[p]);
            (void)world_try(w, party_nodes[p], &act);
            table_expect(where, w, table_cell(parties[i].cells, p));
        }
    }
}

/* ---- custody -------------------------------------------------------------------------------- */

static void an_act_on_old_custody_is_refused_with_the_present_holder(void **state)
{
    struct world *w = *state;
    size_t fenced = 0;

    for (size_t i = 0; i < COUNT(parties); i++) {
        struct jb_act act = table_act(w, parties[i].kind);
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
        cmocka_unit_test(every_party),
        cmocka_unit_test(an_act_on_old_custody_is_refused_with_the_present_holder),
        cmocka_unit_test(a_long_name_in_a_detail_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("decide_party", tests, impatient_host, world_close);
}
