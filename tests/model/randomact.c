/* See randomact.h. */
#include "tests/model/randomact.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const enum jb_act_kind kinds[] = {
    JB_ACT_ASSIGN,
    JB_ACT_FORWARD,
    JB_ACT_HANDOVER,
    JB_ACT_REFER,
    JB_ACT_SIGN_FOR,
    JB_ACT_ACCEPT,
    JB_ACT_DECLINE,
    JB_ACT_NOTIFY,
    JB_ACT_OBJECT,
    JB_ACT_RULE_ON_OBJECTION,
    JB_ACT_ESCALATE_DISPUTE,
    JB_ACT_DESIGNATE,
    JB_ACT_EXTEND,
    JB_ACT_NOTE,
    JB_ACT_ANSWER,
    JB_ACT_EXECUTE,
    JB_ACT_CLOSE,
    JB_ACT_CLASSIFY,
    JB_ACT_START_SIMPLE,
    JB_ACT_TURN_ORDINARY,
    JB_ACT_LINK,
    JB_ACT_MERGE,
    JB_ACT_SPLIT,
    JB_ACT_REOPEN,
    JB_ACT_RECUSE,
    JB_ACT_RECORD_DELIVERY,
    JB_ACT_REPORT_UP,
    JB_ACT_REQUEST_REVIEW,
    JB_ACT_GIVE_REVIEW,
    JB_ACT_REQUEST_RECHECK,
    JB_ACT_GIVE_RECHECK,
    JB_ACT_START_HEARING,
    JB_ACT_END_HEARING,
    JB_ACT_TERMINATE,
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
    JB_ACT_ACKNOWLEDGE,
    JB_ACT_OPENED,
    JB_ACT_PURGED,
    JB_ACT_MISS,
    JB_ACT_SUCCEED,
};

#define NEXT 5
static const enum jb_act_kind likely[JB_STAGE_COUNT][NEXT] = {
    [JB_STAGE_REGISTERED] = {JB_ACT_FORWARD, JB_ACT_ASSIGN, JB_ACT_ASSIGN, JB_ACT_SIGN_FOR,
                             JB_ACT_DESIGNATE},
    [JB_STAGE_SENT] = {JB_ACT_SIGN_FOR, JB_ACT_SIGN_FOR, JB_ACT_OBJECT, JB_ACT_HANDOVER,
                       JB_ACT_RULE_ON_OBJECTION},
    [JB_STAGE_SIGNED] = {JB_ACT_ACCEPT, JB_ACT_ACCEPT, JB_ACT_ACCEPT, JB_ACT_START_SIMPLE,
                         JB_ACT_DECLINE},
    [JB_STAGE_ACCEPTED] = {JB_ACT_ANSWER, JB_ACT_ANSWER, JB_ACT_EXTEND, JB_ACT_NOTIFY,
                           JB_ACT_ISSUE_DIRECTIVE},
    [JB_STAGE_DECLINED] = {JB_ACT_NOTIFY, JB_ACT_CLOSE, JB_ACT_CLOSE, JB_ACT_NOTE, JB_ACT_URGE},
    [JB_STAGE_ANSWERED] = {JB_ACT_RECORD_DELIVERY, JB_ACT_EXECUTE, JB_ACT_CLOSE,
                           JB_ACT_REQUEST_REVIEW, JB_ACT_REQUEST_REVIEW},
    [JB_STAGE_REFERRED] = {JB_ACT_NOTE, JB_ACT_REOPEN, JB_ACT_NOTE, JB_ACT_OPENED, JB_ACT_LINK},
    [JB_STAGE_CLOSED] = {JB_ACT_REOPEN, JB_ACT_REQUEST_REVIEW, JB_ACT_OPEN_DOCKET,
                         JB_ACT_CLOSE_DOCKET, JB_ACT_EXECUTE},
    [JB_STAGE_MERGED] = {JB_ACT_NOTE, JB_ACT_NOTE, JB_ACT_LINK, JB_ACT_OPENED, JB_ACT_ASSIGN},
    [JB_STAGE_REVIEW] = {JB_ACT_GIVE_REVIEW, JB_ACT_GIVE_REVIEW, JB_ACT_NOTE, JB_ACT_URGE,
                         JB_ACT_EXECUTE},
    [JB_STAGE_REVIEWED] = {JB_ACT_NOTIFY, JB_ACT_REQUEST_RECHECK, JB_ACT_REQUEST_RECHECK,
                           JB_ACT_EXECUTE, JB_ACT_CLOSE},
    [JB_STAGE_RECHECK] = {JB_ACT_START_HEARING, JB_ACT_END_HEARING, JB_ACT_GIVE_RECHECK,
                          JB_ACT_GIVE_RECHECK, JB_ACT_NOTE},
    [JB_STAGE_RECHECKED] = {JB_ACT_NOTIFY, JB_ACT_TERMINATE, JB_ACT_TERMINATE, JB_ACT_EXECUTE,
                            JB_ACT_CLOSE},
    [JB_STAGE_TERMINATED] = {JB_ACT_REOPEN, JB_ACT_REQUEST_REVIEW, JB_ACT_NOTE, JB_ACT_CLOSE_DOCKET,
                             JB_ACT_OPENED},
    [JB_STAGE_FILE] = {JB_ACT_SIGN_DIRECTIVE, JB_ACT_ANSWER_DIRECTIVE, JB_ACT_CLEAR_DIRECTIVE,
                       JB_ACT_COUNTERSIGN_DIRECTIVE, JB_ACT_ISSUE_DIRECTIVE},
};

static const char *const users[] = {"clerk", "second", "third"};
static const char *const dockets[] = {"D-1", "D-2", "D-3"};

static uint32_t any_node(struct model *m)
{
    return 2 + model_below(m, m->last_node - 1);
}

static uint32_t participant(struct model *m, const struct jb_case *c)
{
    if (c->participant_count == 0)
        return any_node(m);
    return c->participants[model_below(m, (uint32_t)c->participant_count)].node;
}

static uint32_t target(struct model *m, const struct jb_case *c)
{
    if (c->target_count == 0)
        return participant(m, c);
    return c->targets[model_below(m, (uint32_t)c->target_count)].node;
}

/* Somebody who stands near the present holder, so that orders reach. */
static uint32_t neighbour(struct model *m, const struct jb_case *c)
{
    const struct jb_node *host = jb_directory_find(&m->b.directory, c->host);
    uint32_t pick = any_node(m);

    for (int i = 0; i < 12 && host != NULL; i++) {
        const struct jb_node *n = jb_directory_find(&m->b.directory, pick);

        if (pick != c->host && (n->parent == host->parent || n->parent == host->node))
            return pick;
        pick = any_node(m);
    }
    return pick;
}

static uint32_t arbiter_or_any_conference(struct model *m, const struct jb_case *c)
{
    return c->arbiter != 0 ? c->arbiter
                           : model_node(m, JB_NODE_JOINT_CONFERENCE, model_below(m, 5));
}

/* Who does it, half of the time the right one. */
static uint32_t sender(struct model *m, const struct jb_case *c, enum jb_act_kind kind)
{
    uint32_t dice = model_below(m, 16);

    if (dice == 0)
        return any_node(m);
    if (dice <= 2)
        return participant(m, c);
    switch (kind) {
    case JB_ACT_DESIGNATE:
        return arbiter_or_any_conference(m, c);
    case JB_ACT_RULE_ON_OBJECTION:
        return c->sender != 0 ? c->sender : c->registrar;
    case JB_ACT_CLOSE:
    case JB_ACT_MERGE:
    case JB_ACT_REOPEN:
    case JB_ACT_REQUEST_REVIEW:
    case JB_ACT_REQUEST_RECHECK:
    case JB_ACT_WITHDRAW_DIRECTIVE:
    case JB_ACT_CLEAR_DIRECTIVE:
    case JB_ACT_COUNTERSIGN_DIRECTIVE:
    case JB_ACT_ISSUE_DIRECTIVE:
    case JB_ACT_OPEN_DOCKET:
    case JB_ACT_STEP_DOCKET:
    case JB_ACT_CLOSE_DOCKET:
    case JB_ACT_CLASSIFY:
    case JB_ACT_LINK:
    case JB_ACT_SPLIT:
        return dice < 8 && c->sender != 0 ? c->sender : c->registrar;
    case JB_ACT_GIVE_REVIEW:
        return c->reviewer != 0 ? c->reviewer : participant(m, c);
    case JB_ACT_GIVE_RECHECK:
    case JB_ACT_START_HEARING:
    case JB_ACT_END_HEARING:
    case JB_ACT_TERMINATE:
        return c->rechecker != 0 ? c->rechecker : participant(m, c);
    case JB_ACT_NOTIFY:
    case JB_ACT_RECORD_DELIVERY:
        if (c->rechecker != 0 || c->reviewer != 0)
            return c->rechecker != 0 ? c->rechecker : c->reviewer;
        return c->host;
    case JB_ACT_SIGN_DIRECTIVE:
    case JB_ACT_ANSWER_DIRECTIVE:
    case JB_ACT_OBJECT_DIRECTIVE:
        return target(m, c);
    case JB_ACT_ASSIGN:
    case JB_ACT_FORWARD:
    case JB_ACT_REFER:
        return c->host;
    case JB_ACT_ANSWER:
    case JB_ACT_SIGN_FOR:
        return dice < 6 ? participant(m, c) : c->host;
    default:
        return dice < 9 ? c->host : participant(m, c);
    }
}

static struct jb_text maybe(struct model *m, const char *text)
{
    return jb_text_of(model_below(m, 20) == 0 ? "" : text);
}

static struct jb_list32 some_nodes(struct model *m, const struct jb_case *c, uint32_t most)
{
    uint32_t count = model_below(m, most + 1);
    uint32_t *at = jb_arena_alloc(&m->step, (count + 1) * sizeof *at);

    assert_non_null(at);
    for (uint32_t i = 0; i < count; i++)
        at[i] = model_below(m, 3) == 0 ? any_node(m) : neighbour(m, c);
    return (struct jb_list32){at, count};
}

/* Sometimes an instant from the days around now; sometimes none. */
static int64_t around(struct model *m, int64_t days_before, uint32_t days)
{
    if (model_below(m, 3) == 0)
        return 0;
    return m->now_ms - days_before * JB_DAY_MS + (int64_t)model_below(m, days * 24) * 3600000;
}

static void vary(struct model *m, const struct jb_case *c, struct jb_act *act)
{
    act->text = maybe(m, "内容");
    act->title = maybe(m, "专卷");
    act->reason = maybe(m, "理由");
    act->report = maybe(m, "报告");
    act->basis = maybe(m, "依据");
    act->approved_by = maybe(m, "局长");
    act->how = maybe(m, "直接送达");
    act->person = jb_text_of(model_below(m, 4) == 0 ? "" : "third");
    act->notice_no = jb_text_of("告〔2026〕1号");
    act->opinion_no = jb_text_of("意〔2026〕1号");
    act->official = jb_text_of(model_below(m, 3) == 0 ? "leader" : "");
    act->countersigned_by = jb_text_of(model_below(m, 3) == 0 ? "" : "leader");
    act->docket_no = jb_text_of(dockets[model_below(m, 3)]);
    act->days = model_below(m, 40);
    act->people = model_below(m, 5) == 0 ? model_below(m, 80) : 1;
    act->deadline_id = model_below(m, 3) == 0 ? model_below(m, 12) : 0;
    act->directive_no = 1 + model_below(m, (uint32_t)c->directive_count +
                                               (model_below(m, 8) == 0 || c->directive_count == 0));
    act->told_at_ms = model_below(m, 2) == 0 ? 0 : m->now_ms - model_below(m, 3600) * 1000;
    act->done_at_ms = act->told_at_ms;
    act->received_at_ms = m->now_ms - model_below(m, 86400) * 1000;
    act->from_ms = around(m, 3, 3);
    act->until_ms = around(m, 1, 3);
    act->due_ms = model_below(m, 4) == 0 ? around(m, 0, 80) : 0;
    act->log_seq = model_below(m, 2) == 0 ? c->sent_seq : 1;
    act->matter = model_below(m, 6) == 0 ? (int)model_below(m, 4) : JB_MATTER_APPEAL;
    act->ruling = (int)model_below(m, 3);
    act->opinion = model_below(m, 8) == 0 ? 0 : 1 + (int)model_below(m, 3);
    act->exit = model_below(m, 4) == 0 ? (int)model_below(m, 7) : 0;
    act->authority = model_below(m, 3) == 0 ? (int)model_below(m, 6) : 0;
    act->decline_kind = (int)model_below(m, 3);
    act->link_kind = (int)model_below(m, 5);
    act->ground = (int)model_below(m, 3);
    act->power = (int)model_below(m, 7);
    act->demand = model_below(m, 6) == 0 ? 0 : 1 + (int)model_below(m, 5);
    act->recommendation = model_below(m, 6) == 0 ? 0 : 1 + (int)model_below(m, 3);
    act->step = 1 + (int)model_below(m, 7);
    act->adopted = model_below(m, 2) == 0;
    act->level = (int)model_below(m, 7);
}

/* Receivers that the issuer reaches, most of the time. */
static void address(struct model *m, struct model_act *out)
{
    const struct jb_node *self = jb_directory_find(&m->b.directory, out->node);
    uint32_t *at = jb_arena_alloc(&m->step, 2 * sizeof *at);
    uint32_t count = 1 + model_below(m, 2);

    assert_non_null(at);
    for (uint32_t i = 0; i < count; i++) {
        at[i] = any_node(m);
        for (int tries = 0; tries < 40; tries++) {
            const struct jb_node *n = jb_directory_find(&m->b.directory, at[i]);

            if (self != NULL && at[i] != out->node && (i == 0 || at[0] != at[1]) &&
                n->kind != JB_NODE_DISCIPLINE && n->kind != JB_NODE_POLITICAL_LEGAL &&
                (n->parent == self->parent || n->parent == out->node))
                break;
            at[i] = any_node(m);
        }
    }
    out->act.audience = (struct jb_list32){at, count};
    out->act.node = 0;
    out->act.co_handlers.count = 0;
    out->act.authority = 0;
    out->act.level = 0;
    if (model_below(m, 4) != 0)
        out->act.power = 2 + (int)model_below(m, 5);
}

/* Which of the varied fields an act has is for the encoder to say: it writes those of its kind. */
struct model_act model_random_act(struct model *m, const struct jb_case *c)
{
    struct model_act out = {.user = users[model_below(m, 8) == 0 ? model_below(m, 3) : 0]};
    struct jb_act *act = &out.act;
    bool usual = model_below(m, 3) != 0;

    vary(m, c, act);
    act->kind =
        usual ? likely[c->stage][model_below(m, NEXT)] : kinds[model_below(m, COUNT(kinds))];
    act->case_no = c->case_no;
    act->custody = model_below(m, 25) == 0 ? model_below(m, 9) : c->custody;
    act->node = model_below(m, 5) == 0 ? any_node(m) : neighbour(m, c);
    act->co_handlers = some_nodes(m, c, model_below(m, 3) == 0 ? 2 : 0);
    act->audience = some_nodes(m, c, 3);
    act->accused = model_below(m, 3) == 0 ? some_nodes(m, c, 1) : (struct jb_list32){NULL, 0};
    act->other_case_no = m->cases[model_below(m, MODEL_CASES)];
    if (act->kind == JB_ACT_REQUEST_REVIEW || act->kind == JB_ACT_REQUEST_RECHECK ||
        act->kind == JB_ACT_ESCALATE_DISPUTE || act->kind == JB_ACT_REPORT_UP)
        act->node = 0; /* whoever is the right one */
    if (act->kind == JB_ACT_ISSUE_DIRECTIVE || act->kind == JB_ACT_OPEN_DOCKET)
        act->other_case_no = 0;
    out.node = sender(m, c, act->kind);
    if ((act->kind == JB_ACT_ISSUE_DIRECTIVE || act->kind == JB_ACT_OPEN_DOCKET) &&
        model_below(m, 3) == 0) {
        act->case_no = model_new_number(m, out.node);
        act->custody = 0;
    }
    if (act->kind == JB_ACT_ISSUE_DIRECTIVE)
        address(m, &out);
    return out;
}

struct model_act model_random_register(struct model *m)
{
    static const uint8_t code_hash[JB_HASH_BYTES] = {1};
    static const int registrars[] = {JB_NODE_OFFICE, JB_NODE_OFFICE, JB_NODE_OFFICE,
                                     JB_NODE_DEPARTMENT};
    struct model_act out = {.user = "clerk"};
    uint32_t flag = model_below(m, 24);

    out.node = model_node(m, registrars[model_below(m, 4)], model_below(m, 16));
    out.act = (struct jb_act){
        .kind = JB_ACT_REGISTER,
        .case_no = model_new_number(m, out.node),
        .matter = model_below(m, 3) == 0 ? (int)model_below(m, 4) : JB_MATTER_APPEAL,
        .channel = 1 + (int)model_below(m, 4),
        .title = jb_text_of("屋面漏水"),
        .content = jb_text_of("请求维修"),
        .flags = flag < 9 ? 1U << flag : 0, /* all but UNREACHABLE, one at a time, or none */
        .people = 1 + model_below(m, 9),
        .query_code_hash = {code_hash, sizeof code_hash},
    };
    if (model_below(m, 8) == 0)
        out.act.flags |= JB_FLAG_UNREACHABLE;
    if (out.act.matter == JB_MATTER_ACCUSATION) {
        uint32_t *accused = jb_arena_alloc(&m->step, sizeof *accused);

        assert_non_null(accused);
        *accused = any_node(m);
        out.act.accused = (struct jb_list32){accused, model_below(m, 4) != 0};
    }
    return out;
}
