/* Folds one case's entries into contributions. The header says what counts and who is charged. */
#include "proto/rules/appraisal.h"

#include "proto/rules/civil.h"
#include "proto/rules/confine.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum duty_kind {
    DUTY_SORT = 1,
    DUTY_NOTICE,
    DUTY_ANSWER
};

/* One deadline of the case that is about an indicator, and in which leg it was laid on whom. */
struct jb_duty {
    enum duty_kind kind;
    uint32_t deadline_id, node;
    uint32_t custody, round; /* those that it was laid under */
    bool released;           /* the hand-over was wrong: no contribution */
    bool brief;              /* of the short track */
    bool switched;           /* cancelled because the short track began */
    int64_t done_ms;         /* NOTICE: accepted, declined or answered; 0: not yet */
};

static const struct {
    const char *key;
    enum duty_kind kind;
    bool brief;
} keys[] = {
    {"sort", DUTY_SORT, false},           {"notify", DUTY_NOTICE, false},
    {"simple-accept", DUTY_NOTICE, true}, {"handle", DUTY_ANSWER, false},
    {"assigned", DUTY_ANSWER, false},     {"simple-answer", DUTY_ANSWER, true},
    {"co-answer", DUTY_ANSWER, false},
};

static const struct {
    const char *name, *article;
} indicators[JB_INDICATOR_END] = {
    [JB_INDICATOR_NONE] = {"unknown", ""},
    [JB_INDICATOR_OFFICE_ACCEPT] = {"office-accept", "22"},
    [JB_INDICATOR_HANDLER_ACCEPT] = {"handler-accept", "23"},
    [JB_INDICATOR_ON_TIME_ANSWER] = {"on-time-answer", "34"},
    [JB_INDICATOR_PARTICIPATION] = {"participation", ""},
    [JB_INDICATOR_SATISFACTION] = {"satisfaction", ""},
    [JB_INDICATOR_REPEAT] = {"repeat", ""},
};

const char *jb_indicator_name(enum jb_indicator i)
{
    return indicators[(unsigned)i < JB_INDICATOR_END ? i : JB_INDICATOR_NONE].name;
}

const char *jb_indicator_article(enum jb_indicator i)
{
    return indicators[(unsigned)i < JB_INDICATOR_END ? i : JB_INDICATOR_NONE].article;
}

enum jb_indicator jb_indicator_parse(struct jb_text name)
{
    for (unsigned i = 1; i < JB_INDICATOR_END; i++) {
        if (jb_text_equal(name, jb_text_of(indicators[i].name)))
            return (enum jb_indicator)i;
    }
    return JB_INDICATOR_NONE;
}

/* ---- watching the entries ------------------------------------------------------------------- */

void jb_appraisal_start(struct jb_appraisal *a, int64_t case_no, struct jb_arena *arena)
{
    *a = (struct jb_appraisal){.c = {.case_no = case_no}, .arena = arena};
}

static bool duty_push(struct jb_appraisal *a, const struct jb_duty *duty)
{
    if (a->duty_count == a->duty_capacity) {
        size_t more = a->duty_capacity == 0 ? 8 : a->duty_capacity * 2;
        struct jb_duty *grown = jb_arena_alloc(a->arena, more * sizeof *grown);

        if (grown == NULL)
            return false;
        if (a->duty_count > 0)
            memcpy(grown, a->duties, a->duty_count * sizeof *grown);
        a->duties = grown;
        a->duty_capacity = more;
    }
    a->duties[a->duty_count++] = *duty;
    return true;
}

/* Deadlines that the entry has just set. */
static bool new_duties(struct jb_appraisal *a)
{
    for (; a->marks_seen < a->c.deadline_count; a->marks_seen++) {
        const struct jb_deadline *d = &a->c.deadlines[a->marks_seen];

        for (size_t i = 0; i < COUNT(keys); i++) {
            struct jb_duty duty = {.kind = keys[i].kind,
                                   .deadline_id = d->id,
                                   .node = d->node,
                                   .custody = a->c.custody,
                                   .round = a->round,
                                   .brief = keys[i].brief};

            if (strcmp(d->key, keys[i].key) == 0 && !duty_push(a, &duty))
                return false;
        }
    }
    return true;
}

/* Was the host rightly rid of the case: its objection agreed to, or, while it was open or in
 * dispute, somebody else designated? `before`: the case before this entry. */
static bool objection_won(const struct jb_case *before, const struct jb_entry *entry,
                          const struct jb_case *now)
{
    bool objects = before->objection_open ||
                   (before->dispute_level != 0 && before->last_ruling == JB_RULING_REFUSED);

    if (before->objector == 0 || before->objector != before->host)
        return false;
    if (entry->act.kind == JB_ACT_RULE_ON_OBJECTION)
        return before->objection_open && entry->act.ruling == JB_RULING_AGREED;
    return objects && entry->act.kind == JB_ACT_DESIGNATE && now->host != before->host;
}

static void release(struct jb_appraisal *a, const struct jb_case *before)
{
    for (size_t i = 0; i < a->duty_count; i++) {
        struct jb_duty *duty = &a->duties[i];

        if (duty->node == before->objector && duty->custody == before->custody)
            duty->released = true;
    }
}

/* The instant from which the case counts as accepted (or declined, or answered) for a duty that
 * began at `trigger_ms`; 0: not yet. */
static int64_t accepted_since(const struct jb_case *c, int64_t trigger_ms)
{
    static const enum jb_fact facts[] = {JB_FACT_ACCEPTED, JB_FACT_DECLINED, JB_FACT_ANSWERED};
    int64_t first_ms = 0;

    for (size_t i = 0; i < COUNT(facts); i++) {
        int64_t at_ms = c->facts_ms[facts[i]];

        if (at_ms != 0 && at_ms >= trigger_ms && (first_ms == 0 || at_ms < first_ms))
            first_ms = at_ms;
    }
    return first_ms;
}

static void mark_notices(struct jb_appraisal *a, const struct jb_entry *entry)
{
    for (size_t i = 0; i < a->duty_count; i++) {
        struct jb_duty *duty = &a->duties[i];
        const struct jb_deadline *d = jb_case_deadline(&a->c, duty->deadline_id);

        if (duty->kind != DUTY_NOTICE || d == NULL)
            continue;
        if (d->end == JB_END_CANCELLED && d->ended_ms == entry->at_ms &&
            entry->act.kind == JB_ACT_START_SIMPLE)
            duty->switched = true;
        if (duty->done_ms == 0 && d->end != JB_END_SUPERSEDED)
            duty->done_ms = accepted_since(&a->c, d->trigger_ms);
    }
}

enum jb_err jb_appraisal_take(struct jb_appraisal *a, const struct jb_entry *entry)
{
    struct jb_case before = a->c;
    enum jb_err err;

    if (before.stage != JB_STAGE_NONE && entry->seq <= before.last_seq)
        return JB_OK; /* history that was given twice */
    err = jb_case_apply(&a->c, entry, a->arena);
    if (err != JB_OK)
        return err;
    if (entry->act.kind == JB_ACT_REOPEN && entry->effect_count > 0)
        a->round++;
    if (entry->act.kind == JB_ACT_ANSWER && entry->node == before.host)
        a->answerer = entry->node;
    if (objection_won(&before, entry, &a->c))
        release(a, &before);
    if (!new_duties(a))
        return JB_NOMEM;
    mark_notices(a, entry);
    return JB_OK;
}

/* ---- what it comes to ----------------------------------------------------------------------- */

struct ending {
    struct jb_appraisal *a;
    struct jb_contribution *out;
    size_t count, capacity;
};

static void contribute(struct ending *e, enum jb_indicator indicator, uint32_t node, bool counted,
                       int64_t due_ms)
{
    if (e->count < e->capacity)
        e->out[e->count++] = (struct jb_contribution){
            .indicator = indicator, .node = node, .counted = counted, .last_ms = due_ms - 1};
}

static bool was_met(const struct jb_deadline *d)
{
    return d->end == JB_END_MET || d->end == JB_END_MET_LATE;
}

/* It was taken away while it was not late yet. */
static bool fell_away(const struct jb_deadline *d, int64_t due_ms)
{
    return (d->end == JB_END_CANCELLED || d->end == JB_END_SUPERSEDED) && d->ended_ms < due_ms;
}

static bool same_leg(const struct jb_duty *x, const struct jb_duty *y)
{
    return x->kind == y->kind && x->node == y->node && x->custody == y->custody &&
           x->round == y->round;
}

/* A leg is looked at once, at its first duty. */
static bool first_of_leg(const struct jb_appraisal *a, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same_leg(&a->duties[i], &a->duties[at]))
            return false;
    }
    return true;
}

static void end_sorts(struct ending *e)
{
    for (size_t i = 0; i < e->a->duty_count; i++) {
        const struct jb_duty *duty = &e->a->duties[i];
        const struct jb_deadline *d = jb_case_deadline(&e->a->c, duty->deadline_id);

        if (duty->kind == DUTY_SORT && !duty->released && !fell_away(d, d->due_ms))
            contribute(e, JB_INDICATOR_OFFICE_ACCEPT, duty->node, d->end == JB_END_MET, d->due_ms);
    }
}

/* The clock that the registration started with the office; NULL: it came to a handler. */
static const struct jb_deadline *first_sort(const struct jb_case *c)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (strcmp(c->deadlines[i].key, "sort") == 0 && c->deadlines[i].node == c->registrar)
            return &c->deadlines[i];
    }
    return NULL;
}

/* The office's days and the handler's, counted from registration, but not before the handler's own
 * are over. */
static int64_t notice_due(const struct jb_case *c, const struct jb_deadline *d)
{
    const struct jb_deadline *sort = first_sort(c);
    int64_t due_ms = d->due_ms;

    if (sort != NULL && d->unit == JB_UNIT_CALENDAR_DAYS && d->node != c->registrar &&
        sort->due_ms + d->limit * JB_DAY_MS > due_ms)
        due_ms = sort->due_ms + d->limit * JB_DAY_MS;
    return due_ms;
}

/* One notice for a leg: the ordinary clocks say when it is due, every clock of it when it is done.
 */
static void end_notice(struct ending *e, size_t first)
{
    const struct jb_appraisal *a = e->a;
    const struct jb_duty *last = NULL;
    int64_t done_ms = 0, due_ms;
    const struct jb_deadline *d;

    for (size_t i = first; i < a->duty_count; i++) {
        const struct jb_duty *duty = &a->duties[i];

        if (!same_leg(duty, &a->duties[first]))
            continue;
        if (!duty->brief)
            last = duty;
        if (duty->done_ms != 0 && (done_ms == 0 || duty->done_ms < done_ms))
            done_ms = duty->done_ms;
    }
    if (last == NULL || last->released)
        return;
    d = jb_case_deadline(&a->c, last->deadline_id);
    due_ms = notice_due(&a->c, d);
    if (done_ms == 0 && !last->switched && fell_away(d, due_ms))
        return;
    contribute(e, JB_INDICATOR_HANDLER_ACCEPT, last->node, done_ms != 0 && done_ms < due_ms,
               due_ms);
}

/* One answer for a leg. */
static void end_answer(struct ending *e, size_t first)
{
    const struct jb_appraisal *a = e->a;
    int64_t due_ms = 0;
    bool in_time = true;

    for (size_t i = first; i < a->duty_count; i++) {
        const struct jb_duty *duty = &a->duties[i];
        const struct jb_deadline *d = jb_case_deadline(&a->c, duty->deadline_id);

        if (!same_leg(duty, &a->duties[first]) || duty->released || fell_away(d, d->due_ms) ||
            (duty->brief && !was_met(d) && d->end != JB_END_OPEN))
            continue;
        in_time = in_time && d->end == JB_END_MET;
        if (due_ms == 0 || d->due_ms < due_ms)
            due_ms = d->due_ms;
    }
    if (due_ms != 0)
        contribute(e, JB_INDICATOR_ON_TIME_ANSWER, a->duties[first].node, in_time, due_ms);
}

static void end_legs(struct ending *e, enum duty_kind kind, void (*end)(struct ending *, size_t))
{
    for (size_t i = 0; i < e->a->duty_count; i++) {
        if (e->a->duties[i].kind == kind && first_of_leg(e->a, i))
            end(e, i);
    }
}

static int64_t rating_due(const struct jb_case *c, const struct jb_rating *r)
{
    for (size_t i = c->deadline_count; i > 0; i--) {
        if (strcmp(c->deadlines[i - 1].key, "rate") == 0)
            return c->deadlines[i - 1].due_ms;
    }
    return r->at_ms + 1;
}

static void end_ratings(struct ending *e, enum jb_indicator indicator)
{
    const struct jb_case *c = &e->a->c;
    uint32_t handler = e->a->answerer != 0 ? e->a->answerer : c->host;

    for (int party = JB_RATED_OFFICE; party <= JB_RATED_PARTIES; party++) {
        const struct jb_rating *r = &c->ratings[party - 1];
        uint32_t node = party == JB_RATED_OFFICE ? c->registrar : handler;
        bool rated = r->state == JB_RATING_OPENED;
        bool satisfied = r->satisfaction != 0 && r->satisfaction <= JB_BASICALLY_SATISFIED;

        if (indicator == JB_INDICATOR_PARTICIPATION && (rated || r->state == JB_RATING_UNRATED))
            contribute(e, indicator, node, rated, rating_due(c, r));
        if (indicator == JB_INDICATOR_SATISFACTION && rated)
            contribute(e, indicator, node, satisfied, rating_due(c, r));
    }
}

static bool is_link(const struct jb_case *c, uint32_t kind)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].kind == JB_MARK_LINK && c->marks[i].value == kind)
            return true;
    }
    return false;
}

static void end_repeat(struct ending *e)
{
    const struct jb_appraisal *a = e->a;
    const struct jb_case *c = &a->c;
    bool repeat = (c->flags & JB_FLAG_REPEAT) != 0 || is_link(c, JB_LINK_REPEAT);
    int64_t due_ms = c->registered_ms + 1;

    if (c->stage == JB_STAGE_MERGED)
        return;
    if (a->duty_count > 0)
        due_ms = jb_case_deadline(c, a->duties[0].deadline_id)->due_ms;
    contribute(e, JB_INDICATOR_REPEAT, c->registrar, repeat, due_ms);
    if (c->host == c->registrar || e->count == e->capacity)
        return;
    contribute(e, JB_INDICATOR_REPEAT, c->host, repeat, due_ms);
    e->out[e->count - 1].again = true;
}

/* Accusations reach nobody, not even as a number (rule 8.5). */
static bool is_left_out(const struct jb_case *c)
{
    return c->stage == JB_STAGE_NONE || c->stage == JB_STAGE_FILE || jb_confined(c);
}

enum jb_err jb_appraisal_end(struct jb_appraisal *a, struct jb_contribution **out, size_t *count)
{
    struct ending e = {.a = a, .capacity = a->duty_count + 2 * JB_RATED_PARTIES + 2};

    *count = 0;
    e.out = jb_arena_alloc(a->arena, e.capacity * sizeof *e.out);
    if (e.out == NULL)
        return JB_NOMEM;
    *out = e.out;
    if (is_left_out(&a->c))
        return JB_OK;
    end_sorts(&e);
    end_legs(&e, DUTY_NOTICE, end_notice);
    end_legs(&e, DUTY_ANSWER, end_answer);
    end_ratings(&e, JB_INDICATOR_PARTICIPATION);
    end_ratings(&e, JB_INDICATOR_SATISFACTION);
    end_repeat(&e);
    *count = e.count;
    return JB_OK;
}

/* ---- counts --------------------------------------------------------------------------------- */

#define PLACE_DIGITS 6

bool jb_appraisal_counts(const struct jb_case *c)
{
    return !is_left_out(c) && !is_link(c, JB_LINK_SPLIT_OF);
}

enum jb_count jb_count_parse(struct jb_text name)
{
    static const char *const names[JB_COUNT_END] = {"", "matter", "class", "place", "channel"};

    for (unsigned i = 1; i < JB_COUNT_END; i++) {
        if (jb_text_equal(name, jb_text_of(names[i])))
            return (enum jb_count)i;
    }
    return JB_COUNT_NONE;
}

static struct jb_text name_of(const char *const *names, size_t count, int value)
{
    return jb_text_of(value > 0 && (size_t)value < count ? names[value] : "");
}

struct jb_text jb_count_key(enum jb_count by, const struct jb_case *c)
{
    static const char *const matters[] = {"", "suggestion", "accusation", "appeal"};
    static const char *const channels[] = {"", "letter", "visit", "online", "phone"};
    struct jb_text place = c->place_code;

    switch (by) {
    case JB_COUNT_MATTER:
        return name_of(matters, COUNT(matters), c->matter);
    case JB_COUNT_CHANNEL:
        return name_of(channels, COUNT(channels), c->channel);
    case JB_COUNT_PLACE:
        if (place.len > PLACE_DIGITS)
            place.len = PLACE_DIGITS;
        return place;
    case JB_COUNT_CLASS:
        return c->class_code;
    case JB_COUNT_NONE:
    case JB_COUNT_END:
        break;
    }
    return jb_text_of("");
}
