/* Cases that belong together: links, merging a repeat into the earlier case, splitting. Nothing of
 * an accusation ever shows in another case, and no duty gets more time by being joined. */
#include "proto/rules/confine.h"
#include "proto/rules/moves_hand.h"

#define LINKS_MAX (JB_OTHERS_MAX - 1) /* with the one that an act names, all can be looked at */

/* ---- the other case ------------------------------------------------------------------------- */

/* Sets *out when it gives NONE. A case that the node takes no part in does not exist for it; the
 * broker knows them all. */
static enum jb_refusal find_other(struct jb_move *m, int64_t case_no, const struct jb_case **out)
{
    bool broker = m->q->node == JB_NODE_BROKER_NUMBER;
    const struct jb_case *other;

    if (case_no == m->c->case_no)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "a case with itself");
    other = jb_move_other(m, case_no);
    if (other == NULL || (!broker && !jb_case_has(other, m->q->node)))
        return JB_REFUSE_OTHER_CASE_UNKNOWN;
    if (jb_confined(m->c) || jb_confined(other))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "an accusation stands alone");
    if (m->c->stage == JB_STAGE_FILE || other->stage == JB_STAGE_FILE)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "a file is no case");
    *out = other;
    return JB_REFUSE_NONE;
}

static bool has_link(const struct jb_case *c, int64_t other_case_no, int kind)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        const struct jb_mark *mark = &c->marks[i];

        if (mark->kind == JB_MARK_LINK && mark->other_case_no == other_case_no &&
            mark->value == (uint32_t)kind)
            return true;
    }
    return false;
}

static size_t link_count(const struct jb_case *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->mark_count; i++)
        count += c->marks[i].kind == JB_MARK_LINK;
    return count;
}

static enum jb_refusal check_room(struct jb_move *m, size_t more)
{
    if (link_count(m->c) + more <= LINKS_MAX)
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "more than %d links",
                         (int)LINKS_MAX);
}

static void emit_link(struct jb_move *m, int64_t other_case_no, int kind)
{
    const struct jb_mark mark = {
        .kind = JB_MARK_LINK, .other_case_no = other_case_no, .value = (uint32_t)kind};

    jb_emit_mark(m, &mark, true);
}

static bool is_earlier(const struct jb_case *a, const struct jb_case *b)
{
    if (a->registered_ms != b->registered_ms)
        return a->registered_ms < b->registered_ms;
    return a->case_no < b->case_no;
}

/* ---- link ----------------------------------------------------------------------------------- */

static enum jb_refusal check_kind(struct jb_move *m)
{
    bool broker = m->q->node == JB_NODE_BROKER_NUMBER;
    int kind = m->act->link_kind;

    if (broker ? kind == JB_LINK_MERGED_FROM
               : kind >= JB_LINK_REPEAT && kind <= JB_LINK_CROSS_BOUNDARY)
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                         "link_kind: merge and split make their own links");
}

enum jb_refusal jb_check_link(struct jb_move *m)
{
    const struct jb_case *other = NULL;
    enum jb_refusal refusal = check_kind(m);

    if (refusal == JB_REFUSE_NONE)
        refusal = find_other(m, m->act->other_case_no, &other);
    if (other == NULL)
        return refusal;
    if (has_link(m->c, other->case_no, m->act->link_kind))
        return JB_REFUSE_ALREADY_DONE;
    if (m->act->link_kind == JB_LINK_REPEAT && !is_earlier(other, m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                             "the other case is the later one: link it there");
    /* The merge is done: its trace finds its place whatever else is linked. */
    return m->act->link_kind == JB_LINK_MERGED_FROM ? JB_REFUSE_NONE : check_room(m, 1);
}

void jb_draw_link(struct jb_move *m)
{
    emit_link(m, m->act->other_case_no, m->act->link_kind);
    if (m->act->link_kind == JB_LINK_REPEAT && !(m->c->flags & JB_FLAG_REPEAT))
        jb_emit_flags(m, m->c->flags | JB_FLAG_REPEAT);
}

/* ---- merge ---------------------------------------------------------------------------------- */

static bool is_past_sorting(const struct jb_case *c)
{
    return c->stage != JB_STAGE_REGISTERED;
}

static bool is_told(const struct jb_case *c)
{
    return c->facts_ms[JB_FACT_TOLD] != 0;
}

static bool is_answered(const struct jb_case *c)
{
    return c->facts_ms[JB_FACT_ANSWERED] != 0;
}

static bool is_never(const struct jb_case *c)
{
    (void)c;
    return false;
}

/* Duties towards the petitioner or a superior, and how one sees that the other case has done its
 * own already. The rest hangs on the hand-over and ends with it. */
static const struct {
    const char *key;
    bool (*is_done)(const struct jb_case *c);
} duties[] = {
    {"sort", is_past_sorting},  {"resort", is_past_sorting},    {"notify", is_told},
    {"handle", is_answered},    {"assigned", is_answered},      {"urgent", is_never},
    {"simple-accept", is_told}, {"simple-answer", is_answered},
};

static bool is_ended_as_met(const struct jb_case *c, const char *key)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (strcmp(d->key, key) == 0 && (d->end == JB_END_MET || d->end == JB_END_MET_LATE))
            return true;
    }
    return false;
}

/* Would this duty get more time, or nobody to owe it? */
static bool gets_more_time(const struct jb_deadline *d, const struct jb_case *other, size_t duty)
{
    const struct jb_deadline *there = jb_case_open_deadline(other, duties[duty].key);

    if (there != NULL)
        return there->due_ms > d->due_ms;
    return !duties[duty].is_done(other) && !is_ended_as_met(other, duties[duty].key);
}

static enum jb_refusal check_duty(struct jb_move *m, const struct jb_deadline *d,
                                  const struct jb_case *other)
{
    if (d->docket != 0 || (d->directive != 0 && strcmp(d->key, "assigned") != 0))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                             "a directive or docket runs here: clear it first");
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        if (strcmp(d->key, duties[i].key) == 0 && gets_more_time(d, other, i))
            return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                                 "%s is due later there than here: answer this case on its own",
                                 d->key);
    }
    return JB_REFUSE_NONE;
}

static bool goes_on(const struct jb_case *c)
{
    return c->stage != JB_STAGE_NONE && c->stage != JB_STAGE_FILE && !jb_stage_is_final(c->stage);
}

enum jb_refusal jb_check_merge(struct jb_move *m)
{
    const struct jb_case *other = NULL;
    enum jb_refusal refusal = find_other(m, m->act->other_case_no, &other);

    if (other == NULL)
        return refusal;
    if (!goes_on(other))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "the other case is %s",
                             jb_stage_name(other->stage));
    if (!is_earlier(other, m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                             "the later case is merged into the earlier one");
    refusal = jb_reach_rank(m, JB_AUTHORITY_FIRST_ASSIGNMENT);
    for (size_t i = 0; i < m->c->deadline_count && refusal == JB_REFUSE_NONE; i++) {
        if (m->c->deadlines[i].end == JB_END_OPEN)
            refusal = check_duty(m, &m->c->deadlines[i], other);
    }
    return refusal;
}

/* But for the window of ratings that are being cast. */
static bool is_over(const struct jb_move *m, const struct jb_deadline *d)
{
    (void)m;
    return strcmp(d->key, "rate") != 0;
}

static void draw_orders_over(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (jb_target_is_open(t) && jb_is_order(jb_case_directive(m->c, t->directive)))
            jb_draw_order_over(m, t, JB_TARGET_SUPERSEDED);
    }
}

void jb_draw_merge(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    const struct jb_case *other = jb_move_other(m, m->act->other_case_no);

    jb_emit_stage(m, JB_STAGE_MERGED);
    emit_link(m, other->case_no, JB_LINK_MERGED_INTO);
    /* Who goes on with it has to be able to read it; it owes no answer of its own here. */
    jb_emit_joined(m, other->host, JB_ROLE_CO_HANDLER);
    if (c->objection_open)
        jb_emit_objection(m, c->objector, false, 0);
    jb_draw_dispute_ends(m, JB_END_SUPERSEDED);
    draw_orders_over(m);
    jb_draw_ended(m, is_over, JB_END_SUPERSEDED);
    m->v->follow[m->v->follow_count++] = (struct jb_act){
        .kind = JB_ACT_LINK,
        .case_no = other->case_no,
        .other_case_no = c->case_no,
        .link_kind = JB_LINK_MERGED_FROM,
        .reason = m->act->reason,
    };
}

/* ---- split ---------------------------------------------------------------------------------- */

static enum jb_refusal check_part(struct jb_move *m, int64_t case_no)
{
    const struct jb_case *part = NULL;
    enum jb_refusal refusal = find_other(m, case_no, &part);

    if (part == NULL)
        return refusal;
    if (!has_link(part, m->c->case_no, JB_LINK_SPLIT_OF))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                             "case %lld was not registered as a part of this one",
                             (long long)case_no);
    return has_link(m->c, case_no, JB_LINK_SPLIT_INTO) ? JB_REFUSE_ALREADY_DONE : JB_REFUSE_NONE;
}

enum jb_refusal jb_check_split(struct jb_move *m)
{
    enum jb_refusal refusal = check_room(m, m->act->other_case_nos.count);

    for (size_t i = 0; i < m->act->other_case_nos.count && refusal == JB_REFUSE_NONE; i++)
        refusal = check_part(m, m->act->other_case_nos.at[i]);
    return refusal;
}

void jb_draw_split(struct jb_move *m)
{
    for (size_t i = 0; i < m->act->other_case_nos.count; i++)
        emit_link(m, m->act->other_case_nos.at[i], JB_LINK_SPLIT_INTO);
}
