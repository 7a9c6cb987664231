/* The second and third level, Art 35-36: asking for a review or a recheck, the opinion, hearings.
 * A right that has lapsed changes nothing: the case stays as it was answered. */
#include "proto/rules/moves_life.h"

#define ORGANS_MAX 32 /* steps up the tree; a loop in it ends there */

/* The two levels differ in words only. */
struct level {
    int round;
    const char *article;
    const char *right, *clock; /* policy rows */
    enum jb_stage running, given;
    enum jb_fact asked_fact, given_fact, told_fact;
    enum jb_fact before_told; /* told of the opinion below: from there the right runs */
};

static const struct level review = {
    1,
    "Art 35",
    "ask-review",
    "review",
    JB_STAGE_REVIEW,
    JB_STAGE_REVIEWED,
    JB_FACT_REVIEW_ASKED,
    JB_FACT_REVIEWED,
    JB_FACT_REVIEW_TOLD,
    JB_FACT_ANSWER_TOLD,
};
static const struct level recheck = {
    2,
    "Art 36",
    "ask-recheck",
    "recheck",
    JB_STAGE_RECHECK,
    JB_STAGE_RECHECKED,
    JB_FACT_RECHECK_ASKED,
    JB_FACT_RECHECKED,
    JB_FACT_RECHECK_TOLD,
    JB_FACT_REVIEW_TOLD,
};

/* ---- the next higher organ ------------------------------------------------------------------ */

static bool is_organ(const struct jb_node *n, bool government)
{
    return n->kind == JB_NODE_GOVERNMENT ||
           (!government && (n->kind == JB_NODE_DEPARTMENT || n->kind == JB_NODE_ENTERPRISE));
}

/* The nearest organ above, passing over offices and conferences; 0: there is none. */
static uint32_t organ_above(const struct jb_directory *d, uint32_t node, bool government)
{
    const struct jb_node *n = jb_directory_find(d, node);

    for (int i = 0; n != NULL && i < ORGANS_MAX; i++) {
        n = n->parent != 0 ? jb_directory_find(d, n->parent) : NULL;
        if (n != NULL && is_organ(n, government))
            return n->node;
    }
    return 0;
}

/* Whose opinion is looked at: the handler's, or the first reviewer's. */
static uint32_t below(const struct jb_case *c, const struct level *l)
{
    return l->round == 1 ? c->host : c->reviewer;
}

static uint32_t organ_of(const struct jb_move *m, const struct level *l)
{
    if (m->act->node != 0)
        return m->act->node;
    return organ_above(m->book->directory, below(m->c, l), false);
}

static enum jb_refusal check_organ(struct jb_move *m, const struct level *l)
{
    const struct jb_directory *d = m->book->directory;
    struct jb_text whole_agency = {NULL, 0};
    uint32_t organ = organ_of(m, l), opinion_of = below(m->c, l);
    const struct jb_node *n = jb_directory_find(d, organ);
    char name[JB_NODE_TEXT];

    if (organ == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_REVIEWER, "%s: nobody stands above %s",
                             l->article, jb_node_text(d, opinion_of, name));
    if (n == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u", (unsigned)organ);
    if (organ != organ_above(d, opinion_of, false) && organ != organ_above(d, opinion_of, true))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_REVIEWER, "%s: it is for %s", l->article,
                             jb_node_text(d, organ_above(d, opinion_of, false), name));
    if (!jb_node_valid(n, m->q->now_ms))
        return jb_detail_set(m->v->detail, JB_REFUSE_NODE_NOT_VALID, "%s",
                             jb_node_text(d, organ, name));
    if (jb_case_recused(m->c, organ, whole_agency))
        return jb_detail_set(m->v->detail, JB_REFUSE_RECUSED, "%s", jb_node_text(d, organ, name));
    return JB_REFUSE_NONE;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The day on which the request came in counts, not the one on which it was entered. */
static enum jb_refusal check_in_time(struct jb_move *m, const struct level *l)
{
    const struct jb_case *c = m->c;
    int64_t told_ms = c->facts_ms[l->before_told], received_ms = m->act->received_at_ms;
    enum jb_refusal refusal = jb_check_done_at(m, "received_at_ms", received_ms);

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (told_ms == 0)
        return jb_not_told(m, l->before_told);
    if (received_ms < jb_date_start_ms(jb_date_of_instant(told_ms)))
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "received_at_ms lies before the day of delivery");
    for (size_t i = c->deadline_count; i > 0; i--) {
        const struct jb_deadline *d = &c->deadlines[i - 1];

        if (strcmp(d->key, l->right) != 0)
            continue;
        if (received_ms < d->due_ms)
            return JB_REFUSE_NONE;
        return jb_detail_set(m->v->detail, JB_REFUSE_REVIEW_LAPSED, "%s", l->article);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_request(struct jb_move *m, const struct level *l)
{
    enum jb_refusal refusal = check_in_time(m, l);

    return refusal != JB_REFUSE_NONE ? refusal : check_organ(m, l);
}

static void draw_request(struct jb_move *m, const struct level *l)
{
    int64_t received_ms = jb_at_most_now(m, m->act->received_at_ms);
    uint32_t organ = organ_of(m, l);

    jb_emit_stage(m, l->running);
    jb_emit_fact_cleared(m, JB_FACT_CLOSED);
    jb_emit_fact(m, l->asked_fact, received_ms);
    jb_emit_joined(m, organ, JB_ROLE_REVIEWER);
    jb_emit_review(m, l->round, organ, 0);
    jb_emit_met_then(m, l->right, received_ms);
    jb_emit_deadline_if_set(m, l->clock, organ, received_ms, 0);
}

enum jb_refusal jb_check_request_review(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->facts_ms[JB_FACT_RECHECKED] != 0)
        return JB_REFUSE_TERMINATED;
    if (c->facts_ms[JB_FACT_REVIEW_ASKED] != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE,
                             "reviewed once; a recheck may follow");
    if (c->facts_ms[JB_FACT_ANSWERED] == 0 || c->matter != JB_MATTER_APPEAL || jb_case_routed(c))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "only an opinion on a petition matter is reviewed");
    return check_request(m, &review);
}

void jb_draw_request_review(struct jb_move *m)
{
    draw_request(m, &review);
}

enum jb_refusal jb_check_request_recheck(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->facts_ms[JB_FACT_RECHECK_ASKED] != 0)
        return JB_REFUSE_TERMINATED;
    if (c->facts_ms[JB_FACT_REVIEWED] == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "a recheck is of a review, and there was none");
    return check_request(m, &recheck);
}

void jb_draw_request_recheck(struct jb_move *m)
{
    draw_request(m, &recheck);
}

/* ---- the opinion ---------------------------------------------------------------------------- */

/* What the organ above grants is new to the handler, even if it had carried out its own answer. */
static void draw_supported(struct jb_move *m)
{
    if (m->act->opinion != JB_OPINION_SUPPORTED)
        return;
    jb_emit_fact_cleared(m, JB_FACT_EXECUTED);
    if (jb_case_open_deadline(m->c, "execute") == NULL)
        jb_emit_deadline_if_set(m, "execute", m->c->host, m->q->now_ms, 0);
}

static void draw_given(struct jb_move *m, const struct level *l)
{
    jb_emit_stage(m, l->given);
    jb_emit_fact(m, l->given_fact, m->q->now_ms);
    jb_emit_review(m, l->round, m->q->node, m->act->opinion);
    jb_emit_met(m, l->clock);
    draw_supported(m);
    jb_draw_told(m, l->told_fact, m->act->told_at_ms);
}

enum jb_refusal jb_check_give_review(struct jb_move *m)
{
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_give_review(struct jb_move *m)
{
    draw_given(m, &review);
}

static bool hearing_open(const struct jb_case *c)
{
    const struct jb_deadline *d = jb_case_open_deadline(c, recheck.clock);

    return d != NULL && d->paused_from_ms != 0;
}

enum jb_refusal jb_check_give_recheck(struct jb_move *m)
{
    if (hearing_open(m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE, "the hearing has not ended");
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_give_recheck(struct jb_move *m)
{
    draw_given(m, &recheck);
}

/* ---- hearings: the only clock that pauses ---------------------------------------------------- */

enum jb_refusal jb_check_start_hearing(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, recheck.clock);
    int64_t from_ms = jb_at_most_now(m, m->act->from_ms);

    if (d == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE, "no recheck clock runs");
    if (hearing_open(m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE, "a hearing is open already");
    if (from_ms >= d->due_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE,
                             "the recheck was due before: nothing is left to pause");
    if (from_ms < jb_date_start_ms(jb_date_of_instant(d->trigger_ms)))
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "from_ms lies before the request");
    /* Pauses follow one another: days that ran on between two of them have been counted. */
    if (d->paused_to_ms != 0 && jb_date_end_ms(jb_date_of_instant(from_ms)) < d->paused_to_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE,
                             "from_ms lies before the end of the hearing before");
    return jb_check_done_at(m, "from_ms", m->act->from_ms);
}

void jb_draw_start_hearing(struct jb_move *m)
{
    jb_emit_pause(m, jb_case_open_deadline(m->c, recheck.clock),
                  jb_at_most_now(m, m->act->from_ms));
}

/* An end that is given as a day is no earlier than the hearing's start on that day. */
static int64_t hearing_end_ms(const struct jb_move *m, const struct jb_deadline *d)
{
    int64_t until_ms = jb_at_most_now(m, m->act->until_ms);
    struct jb_date until = jb_date_of_instant(until_ms);

    if (until_ms < d->paused_from_ms &&
        jb_date_compare(until, jb_date_of_instant(d->paused_from_ms)) == 0)
        return d->paused_from_ms;
    return until_ms;
}

static enum jb_err resumed(const struct jb_move *m, const struct jb_deadline *d,
                           struct jb_deadline *now)
{
    return jb_deadline_resumed(jb_book_row_of(m->book, d), jb_book_calendar_of(m->book, d->node), d,
                               hearing_end_ms(m, d), now);
}

enum jb_refusal jb_check_end_hearing(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, recheck.clock);
    struct jb_deadline now;
    enum jb_refusal refusal;
    enum jb_err err;

    if (d == NULL || d->paused_from_ms == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_HEARING_STATE, "no hearing is open");
    refusal = jb_check_done_at(m, "until_ms", m->act->until_ms);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (hearing_end_ms(m, d) < d->paused_from_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "until_ms lies before the start of the hearing");
    err = resumed(m, d, &now);
    if (err != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING,
                             "the recheck clock cannot be resumed: %s", jb_err_text(err));
    return JB_REFUSE_NONE;
}

void jb_draw_end_hearing(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, recheck.clock);
    struct jb_deadline now;
    enum jb_err err = resumed(m, d, &now);

    if (err == JB_OK)
        jb_emit_resume(m, &now, hearing_end_ms(m, d));
    else
        m->deadline_err = err;
}
