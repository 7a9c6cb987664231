/* The table of casework: which act is in force, in which stages, for which parties, on which
 * custody, and what is checked and drawn from it.
 *
 * The order in which reasons for refusal are looked for is fixed, because it decides what a node
 * may learn: kind in force; broker's own; the case, which for an outsider does not exist; custody;
 * stage; party; the act's fields; its check. */
#include "proto/rules/caseno.h"
#include "proto/rules/moves.h"

/* Who a node is in this case: bits, several at once. */
enum {
    P_ANYONE = 1 << 0,
    P_PARTICIPANT = 1 << 1, /* in the audience */
    P_REGISTRAR = 1 << 2,
    P_HOST = 1 << 3,
    P_HANDLER = 1 << 4,        /* host that is no office: it decides the merits */
    P_FORWARDED_HOST = 1 << 5, /* handler that owes nobody a report */
    P_SENDER = 1 << 6,         /* whose hand-over is in force */
    P_ASSIGNER = 1 << 7,       /* office or conference that sent it on at some time */
    P_OFFICE = 1 << 8,         /* office or conference in the audience */
    P_LEFT = 1 << 10,
    P_BROKER = 1 << 11,
    P_CO_HANDLER = 1 << 12,
    P_REVIEWER = 1 << 13, /* of the round that runs, or was the last */
    P_ANY_HOST = P_HOST | P_HANDLER | P_FORWARDED_HOST,
};

#define S(stage) (1U << JB_STAGE_##stage)
#define S_ANY (~S(NONE))
#define S_WITH_HANDLER (S(SENT) | S(SIGNED) | S(ACCEPTED))
#define S_REVIEW_CHAIN (S(REVIEW) | S(REVIEWED) | S(RECHECK) | S(RECHECKED))
#define S_OPEN (S(REGISTERED) | S_WITH_HANDLER | S(DECLINED) | S(ANSWERED) | S_REVIEW_CHAIN)
/* something was decided that the petitioner has to be told */
#define S_TOLD (S(ACCEPTED) | S(DECLINED) | S(ANSWERED) | S(REVIEWED) | S(RECHECKED))

enum {
    NO_CASE = 1 << 0, /* not about a case */
    OPENS_CASE = 1 << 1,
    CUSTODY = 1 << 2,      /* the act must be based on the present custody */
    POLICY = 1 << 3,       /* cannot be decided without a policy */
    HOLDERS_ONLY = 1 << 4, /* other parties hear NOT_A_HOLDER */
    MAY_OPEN = 1 << 5,     /* opens a file of its own when the number is new */
};

struct row {
    enum jb_act_kind kind;
    unsigned stages;
    unsigned parties;
    unsigned flags;
    enum jb_refusal (*check)(struct jb_move *m); /* NULL: nothing more to check */
    void (*draw)(struct jb_move *m);             /* NULL: no effects */
};

/* clang-format off */
static const struct row rows[] = {
    /* the way of a case */
    {JB_ACT_REGISTER, S(NONE), P_ANYONE, OPENS_CASE | POLICY, jb_check_register, jb_draw_register},
    {JB_ACT_ASSIGN, S(REGISTERED) | S_WITH_HANDLER, P_OFFICE, CUSTODY | POLICY | HOLDERS_ONLY,
     jb_check_assign, jb_draw_assign},
    {JB_ACT_FORWARD, S(REGISTERED) | S_WITH_HANDLER, P_OFFICE, CUSTODY | POLICY | HOLDERS_ONLY,
     jb_check_forward, jb_draw_forward},
    {JB_ACT_HANDOVER, S(REGISTERED) | S_WITH_HANDLER, P_HANDLER, CUSTODY | POLICY,
     jb_check_handover, jb_draw_handover},
    {JB_ACT_DESIGNATE, S(REGISTERED) | S_WITH_HANDLER, P_PARTICIPANT, CUSTODY | POLICY,
     jb_check_designate, jb_draw_designate},
    {JB_ACT_REFER, S(REGISTERED) | S(SENT) | S(SIGNED), P_HOST, CUSTODY, jb_check_refer,
     jb_draw_refer},
    {JB_ACT_REPORT_UP, S_ANY, P_PARTICIPANT, 0, jb_check_report_up, jb_draw_report_up},
    {JB_ACT_SIGN_FOR, S_OPEN, P_HOST | P_CO_HANDLER, CUSTODY, jb_check_sign_for, jb_draw_sign_for},
    {JB_ACT_ACCEPT, S(SIGNED), P_HANDLER, CUSTODY | POLICY, jb_check_accept, jb_draw_accept},
    {JB_ACT_DECLINE, S(SIGNED), P_HANDLER, CUSTODY, jb_check_decline, jb_draw_decline},
    {JB_ACT_NOTIFY, S_TOLD, P_HANDLER | P_REVIEWER, CUSTODY, jb_check_notify, jb_draw_notify},
    {JB_ACT_RECORD_DELIVERY, S_TOLD | S(CLOSED) | S(TERMINATED),
     P_HANDLER | P_REVIEWER | P_REGISTRAR, 0, jb_check_record_delivery, jb_draw_record_delivery},
    {JB_ACT_OBJECT, S_WITH_HANDLER, P_HOST, CUSTODY | POLICY, jb_check_object, jb_draw_object},
    {JB_ACT_RULE_ON_OBJECTION, S_WITH_HANDLER, P_SENDER, CUSTODY | POLICY,
     jb_check_rule_on_objection, jb_draw_rule_on_objection},
    {JB_ACT_ESCALATE_DISPUTE, S(REGISTERED) | S_WITH_HANDLER, P_PARTICIPANT, CUSTODY | POLICY,
     jb_check_escalate_dispute, jb_draw_escalate_dispute},
    {JB_ACT_EXTEND, S_ANY, P_PARTICIPANT, CUSTODY | POLICY, jb_check_extend, jb_draw_extend},
    {JB_ACT_ANSWER, S_WITH_HANDLER, P_HANDLER | P_CO_HANDLER, CUSTODY | POLICY, jb_check_answer,
     jb_draw_answer},
    {JB_ACT_EXECUTE, S(ANSWERED) | S(CLOSED) | S(TERMINATED) | S_REVIEW_CHAIN, P_HANDLER, CUSTODY,
     jb_check_execute, jb_draw_execute},
    {JB_ACT_CLOSE, S(ACCEPTED) | S(ANSWERED) | S(DECLINED) | S(REVIEWED) | S(RECHECKED),
     P_REGISTRAR | P_ASSIGNER | P_FORWARDED_HOST, CUSTODY, jb_check_close, jb_draw_close},
    {JB_ACT_START_SIMPLE, S(REGISTERED) | S(SENT) | S(SIGNED), P_HANDLER, CUSTODY | POLICY,
     jb_check_start_simple, jb_draw_start_simple},
    {JB_ACT_TURN_ORDINARY, S(REGISTERED) | S_WITH_HANDLER, P_HANDLER | P_REGISTRAR | P_ASSIGNER,
     CUSTODY, jb_check_turn_ordinary, jb_draw_turn_ordinary},
    {JB_ACT_CLASSIFY, S_OPEN, P_OFFICE | P_HOST, CUSTODY, jb_check_classify, jb_draw_classify},
    {JB_ACT_RECUSE, S_ANY, P_PARTICIPANT, 0, jb_check_recuse, jb_draw_recuse},
    {JB_ACT_NOTE, S_ANY, P_PARTICIPANT, 0, NULL, NULL},
    {JB_ACT_ATTACH, S_ANY, P_REGISTRAR | P_HOST | P_CO_HANDLER | P_REVIEWER, 0, jb_check_attach,
     NULL},
    {JB_ACT_ERASE_KEY, S(REFERRED) | S(CLOSED) | S(MERGED) | S(TERMINATED) | S(FILE), P_REGISTRAR,
     0, jb_check_erase_key, jb_draw_erase_key},
    /* cases that belong together */
    {JB_ACT_LINK, S_ANY, P_OFFICE | P_HOST | P_BROKER, 0, jb_check_link, jb_draw_link},
    {JB_ACT_MERGE, S(REGISTERED) | S_WITH_HANDLER, P_OFFICE, CUSTODY | POLICY, jb_check_merge,
     jb_draw_merge},
    {JB_ACT_SPLIT, S(REGISTERED) | S_WITH_HANDLER, P_OFFICE | P_HOST, CUSTODY, jb_check_split,
     jb_draw_split},
    /* the second and third level */
    {JB_ACT_REQUEST_REVIEW, S(ANSWERED) | S(CLOSED), P_PARTICIPANT, POLICY,
     jb_check_request_review, jb_draw_request_review},
    {JB_ACT_GIVE_REVIEW, S(REVIEW), P_REVIEWER, 0, jb_check_give_review, jb_draw_give_review},
    {JB_ACT_REQUEST_RECHECK, S(REVIEWED) | S(CLOSED), P_PARTICIPANT, POLICY,
     jb_check_request_recheck, jb_draw_request_recheck},
    {JB_ACT_GIVE_RECHECK, S(RECHECK), P_REVIEWER, 0, jb_check_give_recheck, jb_draw_give_recheck},
    {JB_ACT_START_HEARING, S(RECHECK), P_REVIEWER, 0, jb_check_start_hearing,
     jb_draw_start_hearing},
    {JB_ACT_END_HEARING, S(RECHECK), P_REVIEWER, POLICY, jb_check_end_hearing,
     jb_draw_end_hearing},
    {JB_ACT_TERMINATE, S(RECHECKED), P_REVIEWER | P_REGISTRAR | P_ASSIGNER, 0, jb_check_terminate,
     jb_draw_terminate},
    {JB_ACT_REOPEN, S(CLOSED) | S(TERMINATED) | S(REFERRED), P_PARTICIPANT, POLICY,
     jb_check_reopen, jb_draw_reopen},
    /* directives, dockets, plans */
    {JB_ACT_ISSUE_DIRECTIVE, S(NONE) | S_ANY, P_ANYONE, MAY_OPEN | POLICY,
     jb_check_issue_directive, jb_draw_issue_directive},
    {JB_ACT_COUNTERSIGN_DIRECTIVE, S_ANY, P_OFFICE, POLICY, jb_check_countersign_directive,
     jb_draw_countersign_directive},
    {JB_ACT_SIGN_DIRECTIVE, S_ANY, P_PARTICIPANT, 0, jb_check_sign_directive,
     jb_draw_sign_directive},
    {JB_ACT_ANSWER_DIRECTIVE, S_ANY, P_PARTICIPANT, 0, jb_check_answer_directive,
     jb_draw_answer_directive},
    {JB_ACT_CLEAR_DIRECTIVE, S_ANY, P_OFFICE, 0, jb_check_clear_directive,
     jb_draw_clear_directive},
    {JB_ACT_OBJECT_DIRECTIVE, S_ANY, P_PARTICIPANT, POLICY, jb_check_object_directive,
     jb_draw_object_directive},
    {JB_ACT_WITHDRAW_DIRECTIVE, S_ANY, P_OFFICE, POLICY, jb_check_withdraw_directive,
     jb_draw_withdraw_directive},
    {JB_ACT_OPEN_DOCKET, S(NONE) | S_ANY, P_ANYONE, MAY_OPEN | POLICY, jb_check_open_docket,
     jb_draw_open_docket},
    {JB_ACT_STEP_DOCKET, S_ANY, P_OFFICE, POLICY, jb_check_step_docket, jb_draw_step_docket},
    {JB_ACT_CLOSE_DOCKET, S_ANY, P_OFFICE, 0, jb_check_close_docket, jb_draw_close_docket},
    {JB_ACT_URGE, S_ANY, P_PARTICIPANT, 0, jb_check_urge, NULL},
    {JB_ACT_SET_PLAN, S_OPEN | S(FILE), P_PARTICIPANT, POLICY, jb_check_set_plan, jb_draw_set_plan},
    {JB_ACT_FULFIL, S_ANY, P_PARTICIPANT, 0, jb_check_fulfil, jb_draw_fulfil},
    /* ratings */
    {JB_ACT_RATE, S_ANY, P_REGISTRAR, POLICY, jb_check_rate, jb_draw_rate},
    {JB_ACT_OPEN_RATING, S_ANY, P_BROKER, 0, jb_check_open_rating, jb_draw_open_rating},
    /* receipts and the clock */
    {JB_ACT_OPENED, S_ANY, P_PARTICIPANT, 0, NULL, NULL},
    {JB_ACT_ACKNOWLEDGE, S_ANY, P_PARTICIPANT, 0, jb_check_acknowledge, jb_draw_acknowledge},
    {JB_ACT_PURGED, S_ANY, P_LEFT, 0, NULL, NULL},
    {JB_ACT_RECEIVED, S_ANY, P_BROKER, POLICY, jb_check_received, jb_draw_received},
    {JB_ACT_WARN, S_ANY, P_BROKER, 0, jb_check_warn, jb_draw_warn},
    {JB_ACT_MISS, S_ANY, P_BROKER, POLICY, jb_check_miss, jb_draw_miss},
    {JB_ACT_UNDELIVERED, S_ANY, P_BROKER, 0, jb_check_undelivered, jb_draw_undelivered},
    {JB_ACT_RECOUNT, S_ANY, P_BROKER, POLICY, jb_check_recount, jb_draw_recount},
    {JB_ACT_SUCCEED, S_ANY, P_BROKER, POLICY, jb_check_succeed, jb_draw_succeed},
    {JB_ACT_STORED, 0, P_BROKER, NO_CASE, NULL, NULL},
    {JB_ACT_NEW_EPOCH, 0, P_BROKER, NO_CASE, NULL, NULL},
    {JB_ACT_CLOCK_STEP, 0, P_BROKER, NO_CASE, NULL, NULL},
    {JB_ACT_QUARANTINE, 0, P_BROKER, NO_CASE, NULL, NULL},
    {JB_ACT_LOST, 0, P_BROKER, NO_CASE, NULL, NULL},
};
/* clang-format on */

static const struct row *row_of(enum jb_act_kind kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == kind)
            return &rows[i];
    }
    return NULL;
}

/* ---- parties -------------------------------------------------------------------------------- */

static unsigned parties_of_host(const struct jb_move *m, bool office)
{
    if (m->c->host != m->q->node)
        return 0;
    if (office)
        return P_HOST;
    return P_HOST | P_HANDLER | (m->c->authority <= JB_AUTHORITY_FORWARD ? P_FORWARDED_HOST : 0U);
}

static unsigned parties_of(const struct jb_move *m)
{
    const struct jb_case *c = m->c;
    uint32_t node = m->q->node;
    uint32_t roles = jb_case_roles(c, node);
    bool office = jb_node_is_office(m->self);
    unsigned parties = P_ANYONE;

    if (node == JB_NODE_BROKER_NUMBER)
        parties |= P_BROKER;
    if (roles & JB_ROLE_BIT(JB_ROLE_LEFT))
        parties |= P_LEFT;
    if ((roles & ~JB_ROLE_BIT(JB_ROLE_LEFT)) == 0)
        return parties;
    parties |= P_PARTICIPANT | parties_of_host(m, office);
    if (roles & JB_ROLE_BIT(JB_ROLE_REGISTRAR))
        parties |= P_REGISTRAR;
    if (office)
        parties |= P_OFFICE;
    if (office && (roles & JB_ROLE_BIT(JB_ROLE_ASSIGNER)))
        parties |= P_ASSIGNER;
    if (c->sender == node)
        parties |= P_SENDER;
    if (roles & JB_ROLE_BIT(JB_ROLE_CO_HANDLER))
        parties |= P_CO_HANDLER;
    if (node == (c->rechecker != 0 ? c->rechecker : c->reviewer))
        parties |= P_REVIEWER;
    return parties;
}

/* ---- the steps ------------------------------------------------------------------------------ */

/* Own numbers only, so that nobody can probe for others' cases by registering. */
static enum jb_refusal check_new_number(struct jb_move *m)
{
    int64_t no = m->act->case_no;

    if (jb_caseno_check(no) != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_BAD_CASE_NUMBER,
                             "no such number: date, count or check digit is wrong");
    if (jb_caseno_node(no) != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_BAD_CASE_NUMBER,
                             "the number belongs to node %u, not %u", (unsigned)jb_caseno_node(no),
                             (unsigned)m->q->node);
    return m->c->stage != JB_STAGE_NONE ? JB_REFUSE_DUPLICATE_CASE : JB_REFUSE_NONE;
}

static enum jb_refusal stale_custody(struct jb_move *m)
{
    char name[JB_NODE_TEXT];

    return jb_detail_set(m->v->detail, JB_REFUSE_STALE_CUSTODY,
                         "held by %s, custody %u; the act is based on %u",
                         jb_node_text(m->book->directory, m->c->host, name),
                         (unsigned)m->c->custody, (unsigned)m->act->custody);
}

/* For an outsider a case that exists and one that does not are the same. */
static enum jb_refusal check_audience(struct jb_move *m, const struct row *row, unsigned parties)
{
    if (m->c->stage == JB_STAGE_NONE)
        return JB_REFUSE_UNKNOWN_CASE;
    if (row->parties & parties & P_BROKER || parties & P_PARTICIPANT)
        return JB_REFUSE_NONE;
    if (!(parties & P_LEFT))
        return JB_REFUSE_UNKNOWN_CASE;
    if (row->parties & P_LEFT)
        return JB_REFUSE_NONE;
    /* Whoever had to leave an accusation is an outsider as any other. */
    if (!jb_confine_allows(m, m->q->node))
        return JB_REFUSE_UNKNOWN_CASE;
    return row->parties & P_ANY_HOST ? stale_custody(m) : JB_REFUSE_NOT_IN_AUDIENCE;
}

static enum jb_refusal check_row(struct jb_move *m, const struct row *row, unsigned parties)
{
    if (row->flags & CUSTODY && m->act->custody != m->c->custody)
        return stale_custody(m);
    if (!(row->stages & 1U << m->c->stage))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(m->c->stage));
    if (!(row->parties & parties))
        return row->flags & HOLDERS_ONLY ? JB_REFUSE_NOT_A_HOLDER : JB_REFUSE_WRONG_PARTY;
    if (row->flags & POLICY && (m->policy == NULL || m->calendar == NULL))
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING, "no %s is in force",
                             m->policy == NULL ? "policy" : "calendar");
    return JB_REFUSE_NONE;
}

/* A number of another node's is that of a case which does not exist for this one. */
static bool opens_file(const struct jb_move *m, const struct row *row)
{
    return row->flags & MAY_OPEN && m->c->stage == JB_STAGE_NONE &&
           jb_caseno_node(m->act->case_no) == m->q->node;
}

static enum jb_refusal check_case(struct jb_move *m, const struct row *row)
{
    unsigned parties = parties_of(m);
    enum jb_refusal refusal;

    if (row->flags & NO_CASE)
        return JB_REFUSE_NONE;
    if (row->flags & OPENS_CASE || opens_file(m, row))
        refusal = check_new_number(m);
    else
        refusal = check_audience(m, row, parties);
    /* Recusal goes before any power, Art 28(3). */
    if (refusal == JB_REFUSE_NONE && jb_case_recused(m->c, m->q->node, m->q->user))
        refusal = JB_REFUSE_RECUSED;
    return refusal != JB_REFUSE_NONE ? refusal : check_row(m, row, parties);
}

/* Nobody comes into an audience but through here: whom an accusation is kept from, and agencies
 * that are recused, stay outside. */
static void check_joining(struct jb_move *m)
{
    const struct jb_effects *effects = &m->v->effects;
    struct jb_text whole = {NULL, 0};

    for (size_t i = 0; i < effects->count; i++) {
        const struct jb_effect *e = &effects->at[i];
        bool comes = e->kind == JB_EFFECT_CUSTODY_MOVED ||
                     (e->kind == JB_EFFECT_JOINED && e->role != JB_ROLE_LEFT);

        if (comes && !jb_confine_allows(m, e->node))
            jb_move_refuse(m, JB_REFUSE_ACCUSATION_CONFINED);
        else if (comes && jb_case_recused(m->c, e->node, whole))
            jb_move_refuse(m, JB_REFUSE_RECUSED);
    }
}

static enum jb_refusal draw(struct jb_move *m, const struct row *row)
{
    if (row->draw == NULL)
        return JB_REFUSE_NONE;
    row->draw(m);
    check_joining(m);
    if (m->late_refusal != JB_REFUSE_NONE)
        return m->late_refusal;
    if (m->deadline_err != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING,
                             "a deadline cannot be computed: %s", jb_err_text(m->deadline_err));
    if (m->too_many)
        return jb_detail_set(m->v->detail, JB_REFUSE_TOO_MANY_CO_HANDLERS,
                             "more than %d changes in one act", JB_EFFECTS_MAX);
    return JB_REFUSE_NONE;
}

static enum jb_refusal decide(struct jb_move *m, const struct row *row)
{
    enum jb_refusal refusal;

    if (row == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_IN_FORCE, "%s",
                             jb_act_kind_name(m->act->kind));
    if (row->parties == P_BROKER && m->q->node != JB_NODE_BROKER_NUMBER)
        return JB_REFUSE_BROKER_ONLY;
    refusal = check_case(m, row);
    if (refusal == JB_REFUSE_NONE)
        refusal = jb_act_check(m->act, m->v->detail);
    if (refusal == JB_REFUSE_NONE && row->check != NULL)
        refusal = row->check(m);
    return refusal != JB_REFUSE_NONE ? refusal : draw(m, row);
}

static struct jb_move move_of(const struct jb_rulebook *book, const struct jb_case *c,
                              const struct jb_question *q, struct jb_verdict *verdict)
{
    return (struct jb_move){
        .book = book,
        .c = c,
        .act = q->act,
        .q = q,
        .self = jb_directory_find(book->directory, q->node),
        .v = verdict,
        .last_deadline_id = c->deadline_count > 0 ? c->deadlines[c->deadline_count - 1].id : 0,
        .last_directive_id = c->directive_count > 0 ? c->directives[c->directive_count - 1].id : 0,
        .last_docket_id = c->docket_count > 0 ? c->dockets[c->docket_count - 1].id : 0,
        .policy = jb_book_policy_at(book, q->node, q->now_ms),
        .calendar = jb_book_calendar_of(book, q->node),
    };
}

static void verdict_begin(struct jb_verdict *verdict)
{
    verdict->detail[0] = '\0';
    verdict->effects.count = 0;
    verdict->warn_lists = 0;
    verdict->follow_count = 0;
}

void jb_decide(const struct jb_rulebook *book, const struct jb_case *c, const struct jb_question *q,
               struct jb_verdict *verdict)
{
    struct jb_move m = move_of(book, c, q, verdict);

    verdict_begin(verdict);
    verdict->refusal = decide(&m, row_of(q->act->kind));
    if (verdict->refusal != JB_REFUSE_NONE) {
        verdict->effects.count = 0;
        verdict->follow_count = 0;
    }
}

/* Reasons of the checks that tell of the case as it stands, whatever the act says. */
static bool is_of_state(enum jb_refusal refusal)
{
    static const enum jb_refusal of_state[] = {
        JB_REFUSE_OBJECTION_OPEN,
        JB_REFUSE_NO_OBJECTION,
        JB_REFUSE_OBJECTION_TOO_LATE,
        JB_REFUSE_NO_RETURN,
        JB_REFUSE_EXECUTION_OUTSTANDING,
        JB_REFUSE_CO_ANSWERS_OUTSTANDING,
        JB_REFUSE_NO_DISPUTE,
        JB_REFUSE_SIMPLE_EXCLUDED,
        JB_REFUSE_NOT_SIMPLE,
        JB_REFUSE_TERMINATED,
        JB_REFUSE_EXIT_TAKEN,
        JB_REFUSE_KEY_ERASED,
        JB_REFUSE_NOT_A_HOLDER,
        JB_REFUSE_RATING_NOT_SET_UP,
    };

    for (size_t i = 0; i < sizeof of_state / sizeof of_state[0]; i++) {
        if (of_state[i] == refusal)
            return true;
    }
    return false;
}

static enum jb_refusal decide_kind(struct jb_move *m, const struct row *row)
{
    enum jb_refusal refusal;

    if (row == NULL)
        return JB_REFUSE_NOT_IN_FORCE;
    if (row->parties == P_BROKER && m->q->node != JB_NODE_BROKER_NUMBER)
        return JB_REFUSE_BROKER_ONLY;
    refusal = check_case(m, row);
    if (refusal != JB_REFUSE_NONE || row->check == NULL)
        return refusal;
    refusal = row->check(m);
    if (is_of_state(refusal))
        return refusal;
    m->v->detail[0] = '\0';
    return JB_REFUSE_NONE;
}

void jb_decide_kind(const struct jb_rulebook *book, const struct jb_case *c,
                    const struct jb_question *q, struct jb_verdict *verdict)
{
    struct jb_move m = move_of(book, c, q, verdict);

    verdict_begin(verdict);
    verdict->refusal = decide_kind(&m, row_of(q->act->kind));
}

const struct jb_case *jb_move_other(const struct jb_move *m, int64_t case_no)
{
    for (size_t i = 0; i < m->q->other_count; i++) {
        const struct jb_case *other = m->q->others[i];

        if (other->case_no == case_no && other->stage != JB_STAGE_NONE)
            return other;
    }
    return NULL;
}

void jb_move_refuse(struct jb_move *m, enum jb_refusal why)
{
    if (m->late_refusal == JB_REFUSE_NONE)
        m->late_refusal = why;
}

static size_t add_other(int64_t out[JB_OTHERS_MAX], size_t count, int64_t own, int64_t case_no)
{
    if (case_no == 0 || case_no == own || count == JB_OTHERS_MAX)
        return count;
    for (size_t i = 0; i < count; i++) {
        if (out[i] == case_no)
            return count;
    }
    out[count] = case_no;
    return count + 1;
}

size_t jb_act_other_cases(const struct jb_act *act, const struct jb_case *c,
                          int64_t out[JB_OTHERS_MAX])
{
    size_t count = add_other(out, 0, act->case_no, act->other_case_no);

    for (size_t i = 0; i < act->other_case_nos.count; i++)
        count = add_other(out, count, act->case_no, act->other_case_nos.at[i]);
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].kind == JB_MARK_LINK)
            count = add_other(out, count, act->case_no, c->marks[i].other_case_no);
    }
    return count;
}
