/* Issuing a directive of the six powers: who may, to whom, what it may not do, whose
 * countersignature it waits for, and what it sets aside. How its receivers go on with it stands in
 * moves_receiver.c; an assignment (power ASSIGN) is issued by the acts that hand a case over. */
#include "proto/rules/receivers.h"

#define FLAGS_OF_DIRECTIVES (JB_FLAG_URGENT | JB_FLAG_SECRET)

/* ---- issue: checks -------------------------------------------------------------------------- */

static int authority_of(const struct jb_move *m)
{
    if (m->act->authority != 0)
        return m->act->authority;
    return m->self->kind == JB_NODE_JOINT_CONFERENCE ? JB_AUTHORITY_JOINT_CONFERENCE
                                                     : JB_AUTHORITY_FIRST_ASSIGNMENT;
}

static enum jb_refusal check_issuer(struct jb_move *m)
{
    const struct jb_act *act = m->act;

    if (!jb_node_is_office(m->self) || !jb_node_valid(m->self, m->q->now_ms))
        return JB_REFUSE_NOT_A_HOLDER;
    if (act->power == JB_POWER_ASSIGN)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "power: a case is assigned by the acts assign and forward");
    if (authority_of(m) < JB_AUTHORITY_FIRST_ASSIGNMENT)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "authority of a directive: first_assignment or joint_conference");
    /* An office may carry out the conference's decision, but must name it. */
    if (authority_of(m) == JB_AUTHORITY_JOINT_CONFERENCE &&
        m->self->kind != JB_NODE_JOINT_CONFERENCE && act->basis.len == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "basis: the joint conference's decision must be named");
    if (act->level != 0 && act->level != m->self->level)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "level: a holder acts with the authority of its own level");
    return jb_check_leader(m, "official", act->official, act->power);
}

static enum jb_refusal check_circular(struct jb_move *m)
{
    const struct jb_act *act = m->act;
    const struct jb_case *other;

    if (act->other_case_no == 0)
        return JB_REFUSE_NONE;
    other = jb_move_other(m, act->other_case_no);
    if (other == NULL || !jb_case_has(other, m->q->node))
        return JB_REFUSE_OTHER_CASE_UNKNOWN;
    if (jb_case_recused(other, m->q->node, m->q->user))
        return JB_REFUSE_RECUSED;
    if (other->matter == JB_MATTER_ACCUSATION)
        return JB_REFUSE_ACCUSATION_CONFINED;
    if (other->flags & JB_FLAG_SECRET)
        return jb_detail_set(m->v->detail, JB_REFUSE_BEYOND_POWERS,
                             "other_case_no: a secret case is mentioned nowhere");
    return JB_REFUSE_NONE;
}

/* Where it stands: in a case, or in a file of its own. */
static enum jb_refusal check_place(struct jb_move *m)
{
    enum jb_stage stage = m->c->stage;
    bool own_file = stage == JB_STAGE_NONE || stage == JB_STAGE_FILE;

    if (stage == JB_STAGE_NONE && m->act->title.len == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "title: a file of its own needs one");
    if (stage == JB_STAGE_REFERRED || stage == JB_STAGE_MERGED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(stage));
    if (own_file)
        return check_circular(m);
    if (m->act->power == JB_POWER_CIRCULATE)
        return JB_REFUSE_OWN_FILE_NEEDED;
    if (m->act->other_case_no != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "other_case_no: only in a file of its own");
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_summons(struct jb_move *m, const struct jb_receivers *r)
{
    uint32_t threshold = jb_mass_threshold(m->policy, m->self->level);

    if (!jb_directive_is_summons((uint32_t)m->act->power, (uint32_t)m->act->demand))
        return JB_REFUSE_NONE;
    if (m->act->people < threshold)
        return jb_detail_set(m->v->detail, JB_REFUSE_BELOW_THRESHOLD, "%u people, from %u on",
                             (unsigned)m->act->people, (unsigned)threshold);
    for (size_t i = 0; i < r->count; i++) {
        const struct jb_node *n = jb_directory_find(m->book->directory, r->at[i]);

        if (n->kind != JB_NODE_GOVERNMENT && n->kind != JB_NODE_DEPARTMENT)
            return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                                 "node %u: the heads of governments and departments are summoned",
                                 (unsigned)n->node);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_receivers(struct jb_move *m, const struct jb_receivers *r)
{
    enum jb_refusal refusal = JB_REFUSE_NONE;

    for (size_t i = 0; i < r->count && refusal == JB_REFUSE_NONE; i++) {
        refusal = jb_reach_target(m, r->at[i]);
        if (refusal == JB_REFUSE_NONE)
            refusal = jb_reach_directive(m, r->at[i], m->act->power);
        if (refusal == JB_REFUSE_NONE && !jb_confine_allows(m, r->at[i]))
            refusal = JB_REFUSE_ACCUSATION_CONFINED;
    }
    if (refusal == JB_REFUSE_NONE && m->act->power == JB_POWER_COORDINATE && m->act->node != 0)
        refusal = jb_reach_order(m, m->act->node);
    return refusal;
}

/* What the authority cannot do, P4.7. That it moves no clock of the petitioner's and no opinion
 * follows from what a directive consists of. */
static enum jb_refusal check_limits(struct jb_move *m, const struct jb_receivers *r)
{
    const struct jb_act *act = m->act;
    bool answered = m->c->facts_ms[JB_FACT_ANSWERED] != 0;
    struct jb_text whole_agency = {NULL, 0};

    if (!m->policy->limits_of_authority)
        return JB_REFUSE_NONE;
    if (answered && act->power == JB_POWER_COORDINATE && act->node != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_BEYOND_POWERS,
                             "the opinion is given: only review and recheck change it");
    if (answered && m->c->opinion > JB_OPINION_SUPPORTED && act->power == JB_POWER_SUPERVISE &&
        act->demand == JB_DEMAND_CORRECTION)
        return jb_detail_set(m->v->detail, JB_REFUSE_BEYOND_POWERS,
                             "an opinion is corrected by review and recheck only");
    for (size_t i = 0; i < r->count; i++) {
        if (jb_case_recused(m->c, r->at[i], whole_agency))
            return jb_detail_set(m->v->detail, JB_REFUSE_BEYOND_POWERS,
                                 "node %u is recused from the case", (unsigned)r->at[i]);
    }
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_check_issue_directive(struct jb_move *m)
{
    const struct jb_act *act = m->act;
    enum jb_refusal refusal = check_issuer(m);
    struct jb_receivers r;

    jb_receivers_of_act(act, &r);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_place(m);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_receivers(m, &r);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_summons(m, &r);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_limits(m, &r);
    if (refusal == JB_REFUSE_NONE)
        refusal = jb_check_countersigner(m, act->power);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (act->flags & ~(uint32_t)FLAGS_OF_DIRECTIVES)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "flags of a directive: urgent, secret");
    if (act->due_ms != 0 && act->due_ms <= m->q->now_ms)
        return JB_REFUSE_DUE_IN_THE_PAST;
    return JB_REFUSE_NONE;
}

/* ---- issue: what follows -------------------------------------------------------------------- */

void jb_draw_file(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_FILE);
    jb_emit_custody(m, m->q->node, 0, 0);
    jb_emit_joined(m, m->q->node, JB_ROLE_REGISTRAR);
}

/* Its receivers are on record, but hear nothing of it yet. */
static void draw_waiting(struct jb_move *m, const struct jb_directive *d,
                         const struct jb_receivers *r)
{
    struct jb_target t = {.directive = d->id, .state = JB_TARGET_ISSUED};

    for (size_t i = 0; i < r->count; i++) {
        t.node = r->at[i];
        jb_emit_target(m, &t);
    }
}

static struct jb_directive directive_of_act(const struct jb_move *m, bool waiting)
{
    const struct jb_act *act = m->act;
    bool urgent = jb_directive_is_summons((uint32_t)act->power, (uint32_t)act->demand);

    return (struct jb_directive){
        .power = (uint32_t)act->power,
        .demand = (uint32_t)act->demand,
        .recommendation = (uint32_t)act->recommendation,
        .issuer = m->q->node,
        .authority = (uint32_t)authority_of(m),
        .level = (uint32_t)m->self->level,
        .flags = act->flags | (urgent ? JB_FLAG_URGENT : 0U),
        .people = act->people,
        .status = waiting ? JB_DIRECTIVE_WAITING : JB_DIRECTIVE_IN_FORCE,
        .due_ms = act->due_ms,
        .official = act->official,
        .countersigned_by = act->countersigned_by,
    };
}

void jb_draw_issue_directive(struct jb_move *m)
{
    const struct jb_mark about = {
        .kind = JB_MARK_LINK, .other_case_no = m->act->other_case_no, .value = JB_LINK_RELATED};
    struct jb_directive d;
    struct jb_receivers r;
    bool waiting;

    jb_receivers_of_act(m->act, &r);
    waiting = jb_needs_countersign(m, &r) && m->act->countersigned_by.len == 0;
    d = directive_of_act(m, waiting);
    if (m->c->stage == JB_STAGE_NONE)
        jb_draw_file(m);
    if (about.other_case_no != 0)
        jb_emit_mark(m, &about, true);
    d.id = jb_emit_directive(m, &d);
    if (waiting)
        draw_waiting(m, &d, &r);
    else
        jb_draw_in_force(m, &d, &r);
}
