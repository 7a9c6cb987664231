/* Stories as acts. What the source has no date for is done at the latest instant at which it must
 * have been done: an agency signs for a case and accepts it when it first says anything, unless the
 * source says when. The receipt of a hand-over is stored at once, as by an agent that is on line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/rules/caseno.h"
#include "tests/replay/replay.h"

enum step {
    STEP_REGISTER,
    STEP_SEND,
    STEP_ACCEPT,
    STEP_CO_ANSWER,
    STEP_ANSWER,
    STEP_CLOSE,
    STEP_COUNT
};

struct event {
    int64_t at_ms;
    enum step step;
    size_t story;
};

struct playing {
    struct record *r;
    struct stories *s;
    struct jb_date day; /* of the last registration */
    uint32_t in_day;
};

static bool act(struct playing *p, struct story *t, uint32_t node, struct jb_act *what)
{
    enum jb_refusal why = JB_REFUSE_NONE;

    what->case_no = t->case_no;
    if (!record_act(p->r, node, what, &why))
        return false;
    if (why != JB_REFUSE_NONE && what->kind != JB_ACT_RECEIVED)
        odd(p->s, ODD_REFUSED, t->id);
    return true;
}
#define DO(k, node, ...) act(p, t, node, &(struct jb_act){.kind = JB_ACT_##k, __VA_ARGS__})

/* ---- steps ------------------------------------------------------------------------------------
 */

static bool play_register(struct playing *p, struct story *t)
{
    struct jb_date day = jb_date_of_instant(t->received_ms);

    p->in_day = jb_date_compare(day, p->day) == 0 ? p->in_day + 1 : 1;
    p->day = day;
    if (jb_caseno_make(day, OFFICE, p->in_day, &t->case_no) != JB_OK)
        return false;
    return DO(REGISTER, OFFICE, .matter = t->matter, .channel = JB_CHANNEL_ONLINE, .people = 1,
              .title = jb_text_of(t->title), .content = jb_text_of(t->content),
              .class_code = jb_text_of(t->class_code), .received_at_ms = t->received_ms,
              .foreign_system = jb_text_of(p->s->name), .foreign_number = jb_text_of(t->id));
}

/* Both boxes ask for an answer by the agency, so each forward travels as an ordinary assignment. */
static bool play_send(struct playing *p, struct story *t)
{
    struct jb_list32 co = {&t->co, t->co != 0 ? 1 : 0};
    uint32_t holders[] = {t->host, t->co};

    if (!DO(ASSIGN, OFFICE, .node = t->host, .co_handlers = co, .due_ms = t->due_ms,
            .authority = JB_AUTHORITY_ASSIGN))
        return false;
    for (size_t i = 0; i < 1 + co.count; i++)
        if (!DO(RECEIVED, JB_NODE_BROKER_NUMBER, .node = holders[i], .at_ms = p->r->now_ms))
            return false;
    return true;
}

static bool play_sign(struct playing *p, struct story *t)
{
    struct jb_case c;

    if (!record_case(p->r, t->case_no, &c))
        return false;
    return c.stage != JB_STAGE_SENT || DO(SIGN_FOR, t->host, .text = jb_text_of(""));
}

static bool play_accept(struct playing *p, struct story *t)
{
    struct jb_case c;

    if (!play_sign(p, t) || !record_case(p->r, t->case_no, &c))
        return false;
    return c.stage != JB_STAGE_SIGNED || DO(ACCEPT, t->host, .told_at_ms = p->r->now_ms);
}

/* The host alone gives the opinion; a suggestion has none. */
static bool answer_by(struct playing *p, struct story *t, uint32_t node)
{
    bool opines = node == t->host && t->matter == JB_MATTER_APPEAL;

    return DO(ANSWER, node, .opinion = opines ? JB_OPINION_EXPLAINED : 0,
              .text = jb_text_of(t->reply[0] != '\0' ? t->reply : "见原回复"),
              .report = jb_text_of("办结报告见答复"),
              .told_at_ms = node == t->host ? p->r->now_ms : 0);
}

static bool play_co_answer(struct playing *p, struct story *t)
{
    return DO(SIGN_FOR, t->co, .text = jb_text_of("")) && answer_by(p, t, t->co);
}

static bool play_answer(struct playing *p, struct story *t)
{
    if (t->declined)
        return play_sign(p, t) && DO(DECLINE, t->host, .reason = jb_text_of("不属于本机关职权范围"),
                                     .decline_kind = 1, .told_at_ms = p->r->now_ms);
    return play_accept(p, t) && answer_by(p, t, t->host);
}

static bool play_close(struct playing *p, struct story *t)
{
    return DO(CLOSE, OFFICE, .close_no = jb_text_of(t->id));
}

static bool (*const steps[STEP_COUNT])(struct playing *, struct story *) = {
    [STEP_REGISTER] = play_register,   [STEP_SEND] = play_send,     [STEP_ACCEPT] = play_accept,
    [STEP_CO_ANSWER] = play_co_answer, [STEP_ANSWER] = play_answer, [STEP_CLOSE] = play_close,
};

/* ---- in the order of their instants -----------------------------------------------------------
 */

static int by_instant(const void *x, const void *y)
{
    const struct event *a = x, *b = y;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->step != b->step)
        return (int)a->step - (int)b->step;
    return (a->story > b->story) - (a->story < b->story);
}

static size_t list_events(const struct stories *s, struct event *events)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct story *t = &s->all[i];
        const int64_t at_ms[STEP_COUNT] = {
            [STEP_REGISTER] = t->received_ms, [STEP_SEND] = t->sent_ms,
            [STEP_ACCEPT] = t->accepted_ms,   [STEP_CO_ANSWER] = t->co_answered_ms,
            [STEP_ANSWER] = t->answered_ms,   [STEP_CLOSE] = t->closed_ms,
        };

        for (int step = 0; t->travels && step < STEP_COUNT; step++)
            if (at_ms[step] != 0)
                events[count++] = (struct event){at_ms[step], (enum step)step, i};
    }
    qsort(events, count, sizeof *events, by_instant);
    return count;
}

int64_t play_begins(const struct stories *s)
{
    int64_t first_ms = INT64_MAX;

    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].travels && s->all[i].received_ms < first_ms)
            first_ms = s->all[i].received_ms;
    return jb_date_start_ms(jb_date_of_instant(first_ms)) - JB_DAY_MS;
}

bool play(struct record *r, struct stories *s, int64_t *end_ms)
{
    struct playing p = {.r = r, .s = s};
    struct event *events = calloc(s->count * STEP_COUNT + 1, sizeof *events);
    size_t count = events != NULL ? list_events(s, events) : 0;
    bool good = events != NULL;

    for (size_t i = 0; good && i < count; i++)
        good =
            record_until(r, events[i].at_ms) && steps[events[i].step](&p, &s->all[events[i].story]);
    if (good) {
        *end_ms = jb_date_end_ms(jb_date_of_instant(r->now_ms)) + AFTERWARDS_DAYS * JB_DAY_MS;
        good = record_until(r, *end_ms) && (r->in_batch == 0 || record_commit(r));
    }
    free(events);
    return good;
}
