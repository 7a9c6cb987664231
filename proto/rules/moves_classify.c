/* Classification: kind of matter, content class, whom an accusation is against. A change to or from
 * accusation takes two persons (rule 8.5). What becomes an accusation goes back to its registrar,
 * and whoever may not know of it leaves. */
#include "proto/rules/confine.h"
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

static int matter_after(const struct jb_move *m)
{
    return m->act->matter != 0 ? m->act->matter : m->c->matter;
}

static bool becomes(const struct jb_move *m, int matter)
{
    return m->c->matter != matter && matter_after(m) == matter;
}

static bool leaves_accusation(const struct jb_move *m)
{
    return jb_confined(m->c) && matter_after(m) != JB_MATTER_ACCUSATION;
}

/* Whoever says what kind of matter it is says that it is one to handle. */
static bool clears_litigation(const struct jb_move *m)
{
    return m->c->flags & JB_FLAG_LITIGATION && m->act->matter != 0 &&
           m->act->matter != JB_MATTER_ACCUSATION;
}

static bool changes_accused(const struct jb_move *m)
{
    for (size_t i = 0; i < m->act->accused.count; i++) {
        if (jb_case_mark(m->c, JB_MARK_ACCUSED, m->act->accused.at[i], 0) == NULL)
            return true;
    }
    return false;
}

static bool changes_class(const struct jb_move *m)
{
    return m->act->class_code.len > 0 && !jb_text_equal(m->act->class_code, m->c->class_code);
}

enum jb_refusal jb_check_classify(struct jb_move *m)
{
    struct jb_text second = m->act->countersigned_by;
    enum jb_refusal refusal = jb_check_accused(m, matter_after(m));

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (matter_after(m) == m->c->matter && !changes_class(m) && !changes_accused(m) &&
        !clears_litigation(m))
        return JB_REFUSE_ALREADY_DONE;
    /* A handler does not release itself from a day limit. */
    if (m->c->matter == JB_MATTER_APPEAL && becomes(m, JB_MATTER_SUGGESTION) &&
        !jb_node_is_office(m->self))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "that an appeal is a suggestion is for an office to say");
    if ((becomes(m, JB_MATTER_ACCUSATION) || leaves_accusation(m)) &&
        (second.len == 0 || jb_user_is(second, m->q->user)))
        return JB_REFUSE_SECOND_PERSON_REQUIRED;
    return second.len > 0 && jb_case_recused(m->c, m->q->node, second) ? JB_REFUSE_RECUSED
                                                                       : JB_REFUSE_NONE;
}

/* ---- it becomes an accusation --------------------------------------------------------------- */

static bool is_petition_clock(const struct jb_move *m, const struct jb_deadline *d)
{
    return strcmp(d->key, "urgent") != 0 && !jb_deadline_stands_alone(m->c, d);
}

static bool is_leavers_clock(const struct jb_move *m, const struct jb_deadline *d)
{
    return !jb_confine_allows(m, d->node);
}

/* A directive ends with the last of its receivers. */
static bool has_receiver_left(const struct jb_move *m, uint32_t directive)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (t->directive == directive && jb_target_is_open(t) && jb_confine_allows(m, t->node))
            return true;
    }
    return false;
}

static void draw_directives_over(struct jb_move *m)
{
    struct jb_text nobody = {NULL, 0};

    for (size_t i = 0; i < m->c->target_count; i++) {
        struct jb_target t = m->c->targets[i];

        if (!jb_target_is_open(&t) || jb_confine_allows(m, t.node))
            continue;
        t.state = JB_TARGET_WITHDRAWN;
        t.deadline_id = 0;
        jb_emit_target(m, &t);
    }
    for (size_t i = 0; i < m->c->directive_count; i++) {
        const struct jb_directive *d = &m->c->directives[i];

        if (d->status != JB_DIRECTIVE_ENDED && !has_receiver_left(m, d->id))
            jb_emit_directive_status(m, d->id, JB_DIRECTIVE_ENDED, nobody);
    }
}

static void draw_dockets_over(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->docket_count; i++) {
        struct jb_docket d = m->c->dockets[i];

        if (d.closed_ms != 0 || jb_confine_allows(m, d.node))
            continue;
        d.closed_ms = m->q->now_ms;
        jb_emit_docket(m, &d);
    }
}

static bool seen_before(const struct jb_case *c, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (c->participants[i].node == c->participants[at].node)
            return true;
    }
    return false;
}

static void draw_leaving(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    for (size_t i = 0; i < c->participant_count; i++) {
        uint32_t node = c->participants[i].node;

        if (!seen_before(c, i) && jb_case_has(c, node) && !jb_confine_allows(m, node))
            jb_emit_joined(m, node, JB_ROLE_LEFT);
    }
}

/* Back to the registrar, who refers it: nothing of the petition procedure goes on. */
static void draw_recalled(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    if (c->host != c->registrar || c->sender != 0)
        jb_emit_custody(m, c->registrar, 0, 0);
    jb_draw_round_over(m);
    jb_draw_ended(m, is_petition_clock, JB_END_CANCELLED);
    jb_emit_deadline(m, "sort", c->registrar, m->q->now_ms, 0);
}

static void draw_accusation(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->stage != JB_STAGE_REGISTERED || c->host != c->registrar || c->dispute_level != 0)
        draw_recalled(m);
    draw_directives_over(m);
    draw_dockets_over(m);
    jb_draw_ended(m, is_leavers_clock, JB_END_CANCELLED);
    draw_leaving(m);
}

/* ---- it becomes something else -------------------------------------------------------------- */

/* Sixty days for what turns out to be an appeal, from the acceptance; none for what turns out not
 * to be one. */
static void draw_sixty_days(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->matter == JB_MATTER_APPEAL && becomes(m, JB_MATTER_SUGGESTION))
        jb_emit_end_all(m, "handle", JB_END_CANCELLED);
    if (becomes(m, JB_MATTER_APPEAL) && c->stage == JB_STAGE_ACCEPTED &&
        jb_case_open_deadline(c, "handle") == NULL) {
        jb_emit_opinion(m, 0, JB_EXIT_RESIDUE);
        jb_emit_deadline(m, "handle", c->host, c->facts_ms[JB_FACT_ACCEPTED], 0);
    }
}

static void draw_marks(struct jb_move *m)
{
    for (size_t i = 0; i < m->act->accused.count; i++) {
        struct jb_mark mark = {.kind = JB_MARK_ACCUSED, .node = m->act->accused.at[i]};

        if (jb_case_mark(m->c, JB_MARK_ACCUSED, mark.node, 0) == NULL)
            jb_emit_mark(m, &mark, true);
    }
    for (size_t i = 0; i < m->c->mark_count && leaves_accusation(m); i++) {
        if (m->c->marks[i].kind == JB_MARK_ACCUSED)
            jb_emit_mark(m, &m->c->marks[i], false);
    }
}

void jb_draw_classify(struct jb_move *m)
{
    if (matter_after(m) != m->c->matter)
        jb_emit_matter(m, m->act->matter);
    if (changes_class(m))
        jb_emit_class(m, m->act->class_code);
    if (clears_litigation(m))
        jb_emit_flags(m, m->c->flags & ~(uint32_t)JB_FLAG_LITIGATION);
    draw_marks(m);
    if (matter_after(m) == JB_MATTER_ACCUSATION)
        draw_accusation(m);
    else
        draw_sixty_days(m);
}
