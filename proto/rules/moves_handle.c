/* The handler's own acts: sign for, accept or decline, tell the petitioner, answer, execute; and
 * the close. Four facts stay apart: signed for is not accepted, accepted is not told, answered is
 * not executed. */
#include "proto/rules/caseno.h"
#include "proto/rules/moves.h"

#define SKEW_MS INT64_C(300000) /* a node's clock may be this far ahead of the broker's */

static bool is_unreachable(const struct jb_case *c)
{
    return (c->flags & JB_FLAG_UNREACHABLE) != 0;
}

/* An instant that a clerk gives for something done: not before the case came in, not in the future.
 * The number's own day counts as well: the case may have waited in an outbox. */
static enum jb_refusal check_done(struct jb_move *m, const char *field, int64_t at_ms)
{
    int64_t earliest_ms = jb_date_start_ms(jb_date_of_instant(m->c->registered_ms));
    int64_t number_ms = jb_date_start_ms(jb_caseno_date(m->c->case_no));

    if (number_ms < earliest_ms)
        earliest_ms = number_ms;
    if (at_ms > m->q->now_ms + SKEW_MS)
        return jb_detail_set(m->v->detail, JB_REFUSE_CLOCK_IMPLAUSIBLE, "%s lies in the future",
                             field);
    if (at_ms != 0 && at_ms < earliest_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "%s lies before the day of registration", field);
    return JB_REFUSE_NONE;
}

static int64_t at_most_now(const struct jb_move *m, int64_t at_ms)
{
    return at_ms < m->q->now_ms ? at_ms : m->q->now_ms;
}

/* ---- sign for ------------------------------------------------------------------------------- */

enum jb_refusal jb_check_sign_for(struct jb_move *m)
{
    if (m->c->stage == JB_STAGE_REGISTERED && jb_node_is_office(m->self))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "registered: an office assigns, forwards or refers it");
    return JB_REFUSE_NONE;
}

void jb_draw_sign_for(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_SIGNED);
    jb_emit_fact(m, JB_FACT_SIGNED, m->q->now_ms);
    jb_emit_met(m, "resort");
}

/* ---- accept, decline, notify ---------------------------------------------------------------- */

static void emit_told(struct jb_move *m, int64_t told_at_ms)
{
    if (told_at_ms == 0)
        return;
    jb_emit_fact(m, JB_FACT_TOLD, at_most_now(m, told_at_ms));
    jb_emit_met(m, "notify");
}

/* An answer in the petitioner's hands makes a notice that was never given pointless. */
static void emit_answer_told(struct jb_move *m, int64_t told_at_ms)
{
    if (told_at_ms == 0)
        return;
    jb_emit_fact(m, JB_FACT_ANSWER_TOLD, at_most_now(m, told_at_ms));
    jb_emit_end_all(m, "notify", JB_END_CANCELLED);
}

enum jb_refusal jb_check_accept(struct jb_move *m)
{
    if (m->c->objection_open && m->book->policy->object_before_acceptance_only)
        return JB_REFUSE_OBJECTION_OPEN;
    if (m->act->exit != 0 && m->c->matter != JB_MATTER_APPEAL)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "exit: only an appeal has one");
    return check_done(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_accept(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    bool appeal = c->matter == JB_MATTER_APPEAL;
    int exit = appeal && m->act->exit == 0 ? JB_EXIT_RESIDUE : m->act->exit;

    jb_emit_stage(m, JB_STAGE_ACCEPTED);
    jb_emit_fact(m, JB_FACT_ACCEPTED, m->q->now_ms);
    if (appeal)
        jb_emit_opinion(m, 0, exit);
    emit_told(m, m->act->told_at_ms);
    if (m->book->policy->object_before_acceptance_only)
        jb_emit_end_all(m, "object", JB_END_CANCELLED);
    /* A case that was handed over after its acceptance has its clock already. */
    if (exit == JB_EXIT_RESIDUE && jb_case_open_deadline(c, "handle") == NULL)
        jb_emit_deadline(m, "handle", m->q->node, m->q->now_ms, 0);
}

enum jb_refusal jb_check_decline(struct jb_move *m)
{
    if (m->c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    return check_done(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_decline(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_DECLINED);
    jb_emit_fact(m, JB_FACT_DECLINED, m->q->now_ms);
    /* What a former holder told was an acceptance. */
    if (m->act->told_at_ms == 0)
        jb_emit_fact_cleared(m, JB_FACT_TOLD);
    emit_told(m, m->act->told_at_ms);
    jb_emit_met(m, "assigned");
    jb_emit_end_all(m, "object", JB_END_CANCELLED);
    jb_emit_end_all(m, "handle", JB_END_CANCELLED);
}

static enum jb_fact fact_to_tell(const struct jb_case *c)
{
    return c->stage == JB_STAGE_ANSWERED ? JB_FACT_ANSWER_TOLD : JB_FACT_TOLD;
}

enum jb_refusal jb_check_notify(struct jb_move *m)
{
    if (m->c->facts_ms[fact_to_tell(m->c)] != 0)
        return JB_REFUSE_ALREADY_DONE;
    return check_done(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_notify(struct jb_move *m)
{
    if (fact_to_tell(m->c) == JB_FACT_ANSWER_TOLD)
        emit_answer_told(m, m->act->told_at_ms);
    else
        emit_told(m, m->act->told_at_ms);
}

/* ---- answer, execute, close ----------------------------------------------------------------- */

enum jb_refusal jb_check_answer(struct jb_move *m)
{
    if (m->c->matter == JB_MATTER_APPEAL && m->act->opinion == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "opinion: an appeal is answered with an opinion");
    if (jb_case_open_deadline(m->c, "assigned") != NULL && m->act->report.len == 0)
        return JB_REFUSE_REPORT_REQUIRED;
    return check_done(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_answer(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_ANSWERED);
    jb_emit_fact(m, JB_FACT_ANSWERED, m->q->now_ms);
    if (m->act->opinion != 0)
        jb_emit_opinion(m, m->act->opinion, 0);
    jb_emit_met(m, "handle");
    jb_emit_met(m, "assigned");
    emit_answer_told(m, m->act->told_at_ms);
    jb_emit_end_all(m, "object", JB_END_CANCELLED);
    /* Who answers has taken the case on: nothing is left to rule on. */
    if (m->c->objection_open) {
        jb_emit_objection(m, m->c->objector, false, 0);
        jb_emit_end_all(m, "rule", JB_END_CANCELLED);
    }
}

enum jb_refusal jb_check_execute(struct jb_move *m)
{
    if (m->c->opinion != JB_OPINION_SUPPORTED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "only a supported claim is carried out");
    if (m->c->facts_ms[JB_FACT_EXECUTED] != 0)
        return JB_REFUSE_ALREADY_DONE;
    return check_done(m, "done_at_ms", m->act->done_at_ms);
}

void jb_draw_execute(struct jb_move *m)
{
    int64_t done_ms = m->act->done_at_ms != 0 ? m->act->done_at_ms : m->q->now_ms;

    jb_emit_fact(m, JB_FACT_EXECUTED, at_most_now(m, done_ms));
}

enum jb_refusal jb_check_close(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (!is_unreachable(c) && c->facts_ms[fact_to_tell(c)] == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_TOLD, "of the %s",
                             c->stage == JB_STAGE_ANSWERED ? "answer" : "decline");
    if (c->stage == JB_STAGE_ANSWERED && c->opinion == JB_OPINION_SUPPORTED &&
        c->facts_ms[JB_FACT_EXECUTED] == 0)
        return JB_REFUSE_EXECUTION_OUTSTANDING;
    return JB_REFUSE_NONE;
}

void jb_draw_close(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    jb_emit_stage(m, JB_STAGE_CLOSED);
    jb_emit_fact(m, JB_FACT_CLOSED, m->q->now_ms);
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (c->deadlines[i].end == JB_END_OPEN)
            jb_emit_end(m, &c->deadlines[i], JB_END_CANCELLED);
    }
}
