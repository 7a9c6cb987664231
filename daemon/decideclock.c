/* One look of the deadline clock: everything that fell due, across all cases in the order of its
 * instants, each once, with the instant at which it fell.
 *
 * An act may set a clock that is overdue at once (a case that turns ordinary): so after each act
 * its case is asked again, and the earliest of all cases goes next. */
#include "daemon/broker.h"

#include "proto/base/log.h"

#define ACTS_OF_A_CASE_MAX 256 /* in one batch; an act that changes nothing would come for ever */
#define REFUSED_MAX 8          /* of one case, before all that it has to say waits */

struct said { /* which of the things that the clock says */
    enum jb_act_kind kind;
    uint32_t deadline_id;
    int party;
    int64_t fell_ms;
};

struct due { /* a case in which something fell */
    struct jb_case *c;
    struct jb_act act; /* its earliest that was not refused; valid while `open` */
    bool open;
    bool waits; /* it fell after the horizon */
    unsigned acts;
    struct said refused[REFUSED_MAX]; /* they would be refused again: at a later look */
    unsigned refused_count;
};

static bool was_refused(const struct due *d, const struct jb_act *act)
{
    for (unsigned i = 0; i < d->refused_count; i++) {
        const struct said *r = &d->refused[i];
        if (r->kind == act->kind && r->deadline_id == act->deadline_id &&
            r->party == act->rated_party && r->fell_ms == act->fell_ms)
            return true;
    }
    return false;
}

static void put_aside(struct due *d)
{
    d->refused[d->refused_count++] =
        (struct said){d->act.kind, d->act.deadline_id, d->act.rated_party, d->act.fell_ms};
}

static void ask(struct due *d, int64_t now_ms, int64_t horizon_ms)
{
    struct jb_act acts[REFUSED_MAX + 1];
    size_t count = 0;
    d->open = false;
    d->waits = false;
    if (d->acts < ACTS_OF_A_CASE_MAX && d->refused_count < REFUSED_MAX)
        count = jb_clock_acts(d->c, now_ms, acts, d->refused_count + 1);
    for (size_t i = 0; i < count && !d->open; i++) {
        if (was_refused(d, &acts[i]))
            continue;
        d->act = acts[i];
        d->act.case_no = d->c->case_no;
        /* one that holds up others says all that it has to say now */
        d->open = horizon_ms == 0 || d->act.fell_ms <= horizon_ms || d->refused_count > 0;
        d->waits = !d->open;
        break;
    }
}

/* The first of all; equal instants in the order of case numbers. NULL: nothing is left. */
static struct due *first(struct due *list, size_t count)
{
    struct due *best = NULL;
    for (size_t i = 0; i < count; i++) {
        struct due *d = &list[i];
        if (!d->open)
            continue;
        if (best == NULL || d->act.fell_ms < best->act.fell_ms ||
            (d->act.fell_ms == best->act.fell_ms && d->c->case_no < best->c->case_no))
            best = d;
    }
    return best;
}

/* Nobody sealed more than the rating: what the broker adds when the window is over. Where none was
 * cast in this window, one of an earlier round may still stand in the log. */
static enum jb_err fill_rating(struct jb_broker *b, const struct jb_batch *t, struct due *d)
{
    struct jb_act *act = &d->act;
    if (d->c->ratings[act->rated_party - 1].state != JB_RATING_CAST)
        return JB_OK;
    return jb_rating_last(b, t, act->case_no, act->rated_party, &act->satisfaction);
}

/* The hand-over did arrive, its receipt is on record: then that is what is to be said. */
static enum jb_err received_instead(struct jb_broker *b, struct jb_batch *t, struct due *d,
                                    bool *done)
{
    int64_t at_ms = 0;
    enum jb_err err = jb_ledger_catch_up(b->ledger);
    if (err != JB_OK)
        return err;
    err = jb_ledger_stored_at(b->ledger, d->c->case_no, d->c->sent_seq, d->c->host, &at_ms);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    struct jb_act act = {.kind = JB_ACT_RECEIVED,
                         .case_no = d->c->case_no,
                         .node = d->c->host,
                         .at_ms = at_ms,
                         .log_seq = d->c->sent_seq};
    return jb_decide_own(b, t, NULL, &act, jb_text_of("clock"), done);
}

static void count_act(struct jb_broker *b, enum jb_act_kind kind)
{
    if (kind == JB_ACT_WARN)
        b->count.warned++;
    else if (kind == JB_ACT_MISS)
        b->count.missed++;
    else if (kind == JB_ACT_UNDELIVERED)
        b->count.undelivered++;
    else if (kind == JB_ACT_OPEN_RATING)
        b->count.ratings_opened++;
}

static enum jb_err decide_due(struct jb_broker *b, struct jb_batch *t, struct due *d)
{
    bool done = false;
    enum jb_err err = JB_OK;
    if (d->act.kind == JB_ACT_UNDELIVERED)
        err = received_instead(b, t, d, &done);
    if (err != JB_OK || done)
        return err;
    if (d->act.kind == JB_ACT_OPEN_RATING)
        err = fill_rating(b, t, d);
    if (err == JB_OK)
        err = jb_decide_own(b, t, NULL, &d->act, jb_text_of("clock"), &done);
    if (err != JB_OK)
        return err;
    if (done)
        count_act(b, d->act.kind);
    else
        put_aside(d);
    return JB_OK;
}

/* It would come again with every look: it was refused something, or the tables say that something
 * fell and the rules say nothing, though nothing was decided since. */
static bool is_stuck(const struct jb_broker *b, const struct due *d)
{
    return d->refused_count > 0 || (d->acts == 0 && !d->waits && d->c->last_seq < b->due.first_seq);
}

enum jb_err jb_decide_clock(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *items, size_t count)
{
    struct due *list = jb_arena_alloc(&t->arena, count * sizeof *list);
    enum jb_err err = JB_OK;
    int64_t horizon_ms = 0;
    if (list == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (items[i].horizon_ms != 0)
            horizon_ms = items[i].horizon_ms;
    for (size_t i = 0; i < count; i++) {
        list[i].c = jb_batch_case(b, t, items[i].case_no, &err);
        if (list[i].c == NULL)
            return err;
        ask(&list[i], t->now_ms, horizon_ms);
    }
    for (struct due *d = first(list, count); d != NULL; d = first(list, count)) {
        d->acts++;
        err = decide_due(b, t, d);
        if (err != JB_OK)
            return err;
        ask(d, t->now_ms, horizon_ms);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_stuck(b, &list[i]))
            jb_clockwork_put_off(b, list[i].c->case_no, t->now_ms);
        else if (list[i].waits)
            jb_due_again(&b->due, list[i].c->case_no, list[i].act.fell_ms);
    }
    return JB_OK;
}
