#include "tests/unit/decide_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct jb_act table_act(const struct world *w, enum jb_act_kind kind)
{
    static const uint8_t hash[JB_HASH_BYTES] = {1};
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
        ACT(EXTEND, .days = 10, .reason = T("情况复杂"), .approved_by = T("李局长"),
            .told_at_ms = w->now_ms),
        ACT(NOTE, .text = T("已约谈")),
        ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见"), .report = T("报告")),
        ACT(EXECUTE, .text = T("已落实")),
        ACT(CLOSE, .close_no = T("1")),
        ACT(START_SIMPLE, .reason = T("事实清楚")),
        ACT(TURN_ORDINARY, .reason = T("情况复杂")),
        ACT(RECORD_DELIVERY, .how = T("邮寄"), .told_at_ms = w->now_ms),
        ACT(REPORT_UP, .text = T("急报")),
        ACT(REQUEST_REVIEW, .received_at_ms = w->now_ms),
        ACT(GIVE_REVIEW, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")),
        ACT(REQUEST_RECHECK, .received_at_ms = w->now_ms),
        ACT(GIVE_RECHECK, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")),
        ACT(START_HEARING, .from_ms = w->now_ms),
        ACT(END_HEARING, .until_ms = w->now_ms),
        ACT(TERMINATE, .text = T("三级终结")),
        ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新的证据")),
        ACT(RATE, .rated_party = JB_RATED_OFFICE, .sealed = {hash, sizeof hash},
            .query_code_hash = {hash, sizeof hash}),
        ACT(OPEN_RATING, .rated_party = JB_RATED_OFFICE),
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
        ACT(LOST, .log_seq = 7),
    };

    for (size_t i = 0; i < COUNT(acts); i++) {
        if (acts[i]->kind == kind)
            return *acts[i];
    }
    return (struct jb_act){.kind = kind};
}

void table_expect(const char *where, const struct world *w, const char *wanted)
{
    const char *got =
        w->v.refusal != JB_REFUSE_NONE ? jb_refusal_name(w->v.refusal) : jb_stage_name(w->c.stage);

    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s instead of %s (%s)", where, got, wanted, w->v.detail);
}

/* Short words of the tables. */
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
    {"SIMPX", "SIMPLE_EXCLUDED"},
    {"NSIMP", "NOT_SIMPLE"},
    {"HEAR", "HEARING_STATE"},
    {"CODE", "QUERY_CODE_WRONG"},
    {"RCLOS", "RATING_CLOSED"},
    {"none", "none"},
    {"reg", "registered"},
    {"sent", "sent"},
    {"sign", "signed"},
    {"acc", "accepted"},
    {"decl", "declined"},
    {"answ", "answered"},
    {"ref", "referred"},
    {"clos", "closed"},
    {"rev", "review"},
    {"revd", "reviewed"},
    {"rec", "recheck"},
    {"recd", "rechecked"},
    {"term", "terminated"},
};

const char *table_cell(const char *cells, size_t n)
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
