/* The broker's own acts on a deadline that runs: received, warn, miss and what a miss leads to,
 * undelivered, counted again. */
#include "proto/rules/moves.h"

static const struct jb_deadline *act_deadline(const struct jb_move *m)
{
    return jb_case_deadline(m->c, m->act->deadline_id);
}

static enum jb_refusal no_such_deadline(struct jb_move *m)
{
    return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DEADLINE, "deadline %u",
                         (unsigned)m->act->deadline_id);
}

/* The policy that a stored deadline was counted by. */
static const struct jb_policy *policy_of(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_policy *p = jb_book_policy_version(m->book, d->policy_version);

    return p != NULL ? p : jb_book_policy_at(m->book, d->node, d->trigger_ms);
}

/* ---- received: the five working days count from receipt ------------------------------------- */

/* Clocks that the host's receipt starts. One that was handed over with its old trigger does not. */
static const char *const from_receipt[] = {"sort", "notify", "object", "sign", "silence"};
#define FROM_RECEIPT (sizeof from_receipt / sizeof from_receipt[0])

/* The clock that the present hand-over started, running or lapsed unused before the case arrived.
 */
static const struct jb_deadline *started_by_sending(const struct jb_move *m, const char *key)
{
    for (size_t i = m->c->deadline_count; i > 0; i--) {
        const struct jb_deadline *d = &m->c->deadlines[i - 1];

        if (strcmp(d->key, key) == 0 && d->node == m->act->node &&
            d->trigger_ms == m->c->facts_ms[JB_FACT_SENT])
            return d;
    }
    return NULL;
}

static bool lapsed_unused(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_policy_row *row = jb_book_row_of(m->book, d);

    return row != NULL && row->right && d->end == JB_END_CANCELLED && d->ended_ms >= d->due_ms &&
           (m->c->stage == JB_STAGE_SENT || m->c->stage == JB_STAGE_SIGNED);
}

/* What the deadline becomes when it counts from receipt; false: it stays. */
static bool count_from_receipt(const struct jb_move *m, const char *key,
                               const struct jb_deadline **old, struct jb_deadline *now)
{
    const struct jb_deadline *d = started_by_sending(m, key);
    const struct jb_policy *p;

    if (d == NULL || (d->end != JB_END_OPEN && !lapsed_unused(m, d)) ||
        jb_case_open_deadline(m->c, key) != (d->end == JB_END_OPEN ? d : NULL))
        return false;
    p = policy_of(m, d);
    if (p == NULL || jb_deadline_compute(p, jb_book_calendar_of(m->book, d->node), key,
                                         m->act->at_ms, 0, now) != JB_OK)
        return false;
    if (d->extended_days > 0) {
        now->due_ms += d->extended_days * JB_DAY_MS;
        jb_deadline_warn_steps(jb_policy_row(p, key), now->trigger_ms, now->due_ms,
                               now->warn_at_ms);
    }
    *old = d;
    return now->due_ms > d->due_ms;
}

/* The sender's duty to get the present hand-over delivered. */
static const struct jb_deadline *delivery(const struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "deliver");

    return d != NULL && d->set_seq == m->c->sent_seq ? d : NULL;
}

static bool has_gone_on(const struct jb_move *m)
{
    return m->c->host != m->act->node ||
           (m->act->log_seq != 0 && m->act->log_seq != m->c->sent_seq);
}

enum jb_refusal jb_check_received(struct jb_move *m)
{
    const struct jb_deadline *old;
    struct jb_deadline now;

    if (m->act->at_ms > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "at_ms lies in the future");
    if (has_gone_on(m))
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE, "the case has gone on since");
    if (delivery(m) != NULL)
        return JB_REFUSE_NONE;
    for (size_t i = 0; i < FROM_RECEIPT; i++) {
        if (count_from_receipt(m, from_receipt[i], &old, &now))
            return JB_REFUSE_NONE;
    }
    return JB_REFUSE_ALREADY_DONE;
}

void jb_draw_received(struct jb_move *m)
{
    const struct jb_deadline *old, *delivered = delivery(m);
    struct jb_deadline now;

    if (delivered != NULL)
        jb_emit_met_at(m, delivered, m->act->at_ms);
    for (size_t i = 0; i < FROM_RECEIPT; i++) {
        struct jb_under under = {.trigger_ms = m->act->at_ms};

        if (!count_from_receipt(m, from_receipt[i], &old, &now))
            continue;
        under.directive = old->directive;
        if (old->end == JB_END_OPEN)
            jb_emit_deadline_moved(m, old, &now, jb_text_of("receipt"), false);
        else
            (void)jb_emit_deadline_under(m, from_receipt[i], m->act->node, &under);
    }
}

/* ---- warn ----------------------------------------------------------------------------------- */

enum jb_refusal jb_check_warn(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    uint32_t step = m->act->step_no;

    if (d == NULL)
        return no_such_deadline(m);
    if (d->end != JB_END_OPEN || d->missed_ms != 0 || step <= d->warned)
        return JB_REFUSE_ALREADY_DONE;
    if (d->warn_at_ms[step - 1] == 0 || d->warn_at_ms[step - 1] > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "step %u has not fallen",
                             (unsigned)step);
    return JB_REFUSE_NONE;
}

void jb_draw_warn(struct jb_move *m)
{
    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_WARNED, m->act->deadline_id);
}

/* ---- miss ----------------------------------------------------------------------------------- */

static void inform(struct jb_move *m, uint32_t node)
{
    struct jb_text whole = {NULL, 0};

    if (node != 0 && !jb_case_has(m->c, node) && jb_confine_allows(m, node) &&
        !jb_case_recused(m->c, node, whole))
        jb_emit_joined(m, node, JB_ROLE_INFORMED);
}

/* T2 of silence: the host's superior and the registrar are told that nobody has signed. */
static void tell_superior(struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_node *host = jb_directory_find(m->book->directory, d->node);

    if (host != NULL)
        inform(m, host->parent);
    inform(m, m->c->registrar);
}

/* T3: whoever stands above both settles who handles; nobody there: the silence is only recorded. */
static void open_dispute(struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_policy *p = policy_of(m, d);

    if (p != NULL && p->silence == JB_SILENCE_DISPUTE && m->c->dispute_level == 0)
        (void)jb_draw_dispute(m);
}

/* Its superior has had his time: the joint conference settles, if there is one. */
static void pass_dispute_on(struct jb_move *m, const struct jb_deadline *d)
{
    if (m->c->dispute_level == 1 && m->c->arbiter == d->node)
        (void)jb_draw_dispute(m);
}

static void end_short_track(struct jb_move *m, const struct jb_deadline *d)
{
    (void)d;
    jb_draw_simple_over(m);
}

/* What follows when a duty with this key is missed, beside the mark. */
static const struct consequence {
    const char *key;
    void (*draw)(struct jb_move *m, const struct jb_deadline *d);
} consequences[] = {
    {"sign", tell_superior},
    {"silence", open_dispute},
    {"settle", pass_dispute_on},
    {"simple-accept", end_short_track},
    {"simple-answer", end_short_track},
};

enum jb_refusal jb_check_miss(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);

    if (d == NULL)
        return no_such_deadline(m);
    if (d->end != JB_END_OPEN || d->missed_ms != 0)
        return JB_REFUSE_ALREADY_DONE;
    if (d->due_ms > m->q->now_ms || d->paused_from_ms != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "%s",
                             d->paused_from_ms != 0 ? "the clock stands still" : "not due yet");
    return JB_REFUSE_NONE;
}

void jb_draw_miss(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    const struct jb_policy_row *row = jb_book_row_of(m->book, d);

    /* A right that was not used lapses; nobody is late. */
    if (row != NULL && row->right) {
        jb_emit_end(m, d, JB_END_CANCELLED);
        return;
    }
    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_MISSED, d->id);
    for (size_t i = 0; i < sizeof consequences / sizeof consequences[0]; i++) {
        if (strcmp(consequences[i].key, d->key) == 0)
            consequences[i].draw(m, d);
    }
}

/* ---- undelivered: it remains the sender's duty ---------------------------------------------- */

enum jb_refusal jb_check_undelivered(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "deliver");

    if (d == NULL || d->missed_ms != 0 || m->act->node != m->c->host)
        return JB_REFUSE_ALREADY_DONE;
    if (d->due_ms > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "not due yet");
    return JB_REFUSE_NONE;
}

void jb_draw_undelivered(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "deliver");

    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_MISSED, d->id);
}

/* ---- recount: the notice for the year has come ---------------------------------------------- */

/* A region's calendar is "national+regional": either part names it as well. */
static bool has_version(const struct jb_calendar *cal, struct jb_text version)
{
    const char *plus = strchr(cal->version, '+');
    struct jb_text national = {cal->version, plus != NULL ? (size_t)(plus - cal->version) : 0};

    return version.len == 0 || jb_text_equal(jb_text_of(cal->version), version) ||
           (plus != NULL &&
            (jb_text_equal(national, version) || jb_text_equal(jb_text_of(plus + 1), version)));
}

/* With the extensions of those that it was passed on from. */
static uint32_t extended_days(const struct jb_case *c, const struct jb_deadline *d)
{
    uint32_t days = d->extended_days;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *other = &c->deadlines[i];

        if (other != d && other->end == JB_END_SUPERSEDED && other->trigger_ms == d->trigger_ms &&
            other->directive == d->directive && strcmp(other->key, d->key) == 0)
            days += other->extended_days;
    }
    return days;
}

static enum jb_err recounted(const struct jb_move *m, const struct jb_deadline *d,
                             struct jb_deadline *now)
{
    struct jb_deadline whole = *d;

    whole.extended_days = extended_days(m->c, d);
    return jb_deadline_recounted(jb_book_row_of(m->book, d), jb_book_calendar_of(m->book, d->node),
                                 &whole, now);
}

enum jb_refusal jb_check_recount(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    const struct jb_calendar *cal;
    struct jb_deadline now;
    enum jb_err err;

    if (d == NULL)
        return no_such_deadline(m);
    if (d->end != JB_END_OPEN || !d->provisional)
        return JB_REFUSE_ALREADY_DONE;
    cal = jb_book_calendar_of(m->book, d->node);
    if (cal == NULL || !has_version(cal, m->act->version))
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "version: the calendar in force there is %s",
                             cal != NULL ? cal->version : "none");
    err = recounted(m, d, &now);
    if (err != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "deadline %u cannot be counted again: %s", (unsigned)d->id,
                             jb_err_text(err));
    return now.due_ms == d->due_ms && now.provisional ? JB_REFUSE_ALREADY_DONE : JB_REFUSE_NONE;
}

void jb_draw_recount(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    struct jb_deadline now;

    if (recounted(m, d, &now) == JB_OK)
        jb_emit_deadline_moved(m, d, &now, now.calendar_version, false);
}
