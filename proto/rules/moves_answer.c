/* Answer, execute, close. Answered is not executed, closed is not over for the petitioner: his
 * rights and what stands beside the case run on. The host collects: it answers after its
 * co-handlers, or after their time. */
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

bool jb_case_supported(const struct jb_case *c)
{
    return (c->facts_ms[JB_FACT_ANSWERED] != 0 && c->opinion == JB_OPINION_SUPPORTED) ||
           c->review_opinion == JB_OPINION_SUPPORTED || c->recheck_opinion == JB_OPINION_SUPPORTED;
}

/* ---- answer --------------------------------------------------------------------------------- */

static enum jb_refusal check_co_answer(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->participant_count; i++) {
        const struct jb_participant *p = &m->c->participants[i];

        if (p->node == m->q->node && p->role == JB_ROLE_CO_HANDLER && p->answered_ms != 0)
            return JB_REFUSE_ALREADY_DONE;
    }
    if (m->act->opinion != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "opinion: the host alone gives one");
    if (m->act->told_at_ms != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "told_at_ms: the host tells the petitioner");
    return JB_REFUSE_NONE;
}

/* Does this co-handler still have time for an answer that it owes? */
static bool awaited(const struct jb_move *m, const struct jb_participant *p)
{
    if (p->role != JB_ROLE_CO_HANDLER || p->answered_ms != 0 || p->node == m->c->host)
        return false;
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->node == p->node && d->end == JB_END_OPEN && d->missed_ms == 0 &&
            m->q->now_ms < d->due_ms && strcmp(d->key, "co-answer") == 0)
            return true;
    }
    return false;
}

static enum jb_refusal check_collected(struct jb_move *m)
{
    char name[JB_NODE_TEXT];

    for (size_t i = 0; m->policy->host_collects && i < m->c->participant_count; i++) {
        if (awaited(m, &m->c->participants[i]))
            return jb_detail_set(
                m->v->detail, JB_REFUSE_CO_ANSWERS_OUTSTANDING, "of %s",
                jb_node_text(m->book->directory, m->c->participants[i].node, name));
    }
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_check_answer(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    enum jb_refusal refusal;

    if (c->stage == JB_STAGE_ACCEPTED && jb_case_exit_taken(c))
        return JB_REFUSE_EXIT_TAKEN;
    if (c->host != m->q->node)
        return check_co_answer(m);
    if (c->stage != JB_STAGE_ACCEPTED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(c->stage));
    if (c->matter == JB_MATTER_APPEAL && m->act->opinion == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "opinion: an appeal is answered with an opinion");
    if (jb_case_open_deadline(c, "assigned") != NULL && m->act->report.len == 0)
        return JB_REFUSE_REPORT_REQUIRED;
    refusal = jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
    return refusal != JB_REFUSE_NONE ? refusal : check_collected(m);
}

static void draw_co_answer(struct jb_move *m)
{
    uint32_t node = m->q->node;

    jb_emit_participant_fact(m, node, JB_FACT_ANSWERED, m->q->now_ms);
    jb_emit_met_by(m, "co-answer", node);
    jb_draw_receiver(m, node, JB_TARGET_ANSWERED);
}

/* Who answers has taken the case on: nothing is left to rule on, and nobody to wait for. */
static void draw_nothing_open(struct jb_move *m)
{
    jb_emit_end_all(m, "object", JB_END_CANCELLED);
    jb_emit_end_all(m, "co-answer", JB_END_CANCELLED);
    if (m->c->objection_open) {
        jb_emit_objection(m, m->c->objector, false, 0);
        jb_emit_end_all(m, "rule", JB_END_CANCELLED);
        jb_draw_resumed(m);
    }
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
}

void jb_draw_answer(struct jb_move *m)
{
    static const char *const meets[] = {"handle", "assigned", "simple-answer"};

    if (m->c->host != m->q->node) {
        draw_co_answer(m);
        return;
    }
    jb_emit_stage(m, JB_STAGE_ANSWERED);
    jb_emit_fact(m, JB_FACT_ANSWERED, m->q->now_ms);
    if (m->act->opinion != 0)
        jb_emit_opinion(m, m->act->opinion, 0);
    for (size_t i = 0; i < sizeof meets / sizeof meets[0]; i++)
        jb_emit_met(m, meets[i]);
    jb_draw_orders_answered(m);
    draw_nothing_open(m);
    if (m->act->opinion == JB_OPINION_SUPPORTED)
        jb_emit_deadline_if_set(m, "execute", m->q->node, m->q->now_ms, 0);
    jb_draw_told(m, JB_FACT_ANSWER_TOLD, m->act->told_at_ms);
}

/* ---- execute -------------------------------------------------------------------------------- */

enum jb_refusal jb_check_execute(struct jb_move *m)
{
    if (!jb_case_supported(m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "only a supported claim is carried out");
    if (m->c->facts_ms[JB_FACT_EXECUTED] != 0)
        return JB_REFUSE_ALREADY_DONE;
    return jb_check_done_at(m, "done_at_ms", m->act->done_at_ms);
}

void jb_draw_execute(struct jb_move *m)
{
    int64_t given_ms = m->act->done_at_ms != 0 ? m->act->done_at_ms : m->q->now_ms;
    int64_t done_ms = jb_at_most_now(m, given_ms);

    jb_emit_fact(m, JB_FACT_EXECUTED, done_ms);
    jb_emit_met_then(m, "execute", done_ms);
}

/* ---- close ---------------------------------------------------------------------------------- */

/* The number of the log entry from which the present round counts: the registrar's last sorting. */
static uint64_t round_start(const struct jb_case *c)
{
    for (size_t i = c->deadline_count; i > 0; i--) {
        const struct jb_deadline *d = &c->deadlines[i - 1];

        if (d->node == c->registrar && strcmp(d->key, "sort") == 0)
            return d->set_seq;
    }
    return 0;
}

/* A report that was given still waits for whoever ordered it to look at it: he closes. */
bool jb_case_report_owed(const struct jb_case *c)
{
    uint64_t start = round_start(c);

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->set_seq >= start && strcmp(d->key, "assigned") == 0 &&
            (d->end == JB_END_OPEN || d->end == JB_END_MET || d->end == JB_END_MET_LATE))
            return true;
    }
    return false;
}

enum jb_refusal jb_check_close(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    enum jb_fact told = jb_fact_to_tell(c);

    if (c->stage == JB_STAGE_ACCEPTED && !jb_case_routed(c))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(c->stage));
    if (!jb_node_is_office(m->self) && jb_case_report_owed(c))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a superior gets the closing report and closes");
    if (!(c->flags & JB_FLAG_UNREACHABLE) && c->facts_ms[told] == 0)
        return jb_not_told(m, told);
    if (jb_case_supported(c) && c->facts_ms[JB_FACT_EXECUTED] == 0)
        return JB_REFUSE_EXECUTION_OUTSTANDING;
    return JB_REFUSE_NONE;
}

bool jb_deadline_stands_alone(const struct jb_case *c, const struct jb_deadline *d)
{
    const struct jb_directive *directive = jb_case_directive(c, d->directive);

    return d->docket != 0 || (directive != NULL && directive->power != JB_POWER_ASSIGN);
}

/* Clocks of the petitioner's rights, and of what was promised to him. */
static bool outlives(const struct jb_deadline *d)
{
    static const char *const keys[] = {"ask-review", "ask-recheck", "rate", "execute"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(d->key, keys[i]) == 0)
            return true;
    }
    return false;
}

static void draw_order_cleared(struct jb_move *m, const struct jb_directive *d)
{
    struct jb_text nobody = {NULL, 0};

    for (size_t i = 0; i < m->c->target_count; i++) {
        struct jb_target t = m->c->targets[i];

        if (t.directive != d->id || t.state == JB_TARGET_CLEARED ||
            t.state == JB_TARGET_WITHDRAWN || t.state == JB_TARGET_SUPERSEDED)
            continue;
        t.state = JB_TARGET_CLEARED;
        jb_emit_target(m, &t);
    }
    jb_emit_directive_status(m, d->id, JB_DIRECTIVE_ENDED, nobody);
}

static bool ends_with_case(const struct jb_move *m, const struct jb_deadline *d)
{
    return !outlives(d) && !jb_deadline_stands_alone(m->c, d);
}

void jb_draw_case_over(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->objection_open)
        jb_emit_objection(m, c->objector, false, 0);
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
    jb_draw_ended(m, ends_with_case, JB_END_CANCELLED);
    for (size_t i = 0; i < c->directive_count; i++) {
        const struct jb_directive *d = &c->directives[i];

        if (d->power == JB_POWER_ASSIGN && d->status == JB_DIRECTIVE_IN_FORCE)
            draw_order_cleared(m, d);
    }
}

void jb_draw_close(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_CLOSED);
    jb_emit_fact(m, JB_FACT_CLOSED, m->q->now_ms);
    jb_draw_case_over(m);
}
