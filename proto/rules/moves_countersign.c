/* The countersignature of a named leader: when a directive or an assignment needs one, who can give
 * it, and what follows when it is given later (P4.6). */
#include "proto/rules/receivers.h"

bool jb_directive_is_summons(uint32_t power, uint32_t demand)
{
    return power == JB_POWER_SUPERVISE && demand == JB_DEMAND_SUMMONS;
}

/* ---- countersignature, P4.6 ----------------------------------------------------------------- */

/* Visitors from which it is a mass matter at this level; 0: no such number is set. */
uint32_t jb_mass_threshold(const struct jb_policy *p, int level)
{
    if (level <= JB_LEVEL_PROVINCE)
        return p->mass_province;
    return level == JB_LEVEL_CITY ? p->mass_city : p->mass_county;
}

static bool is_mass(const struct jb_move *m, uint32_t people)
{
    uint32_t threshold = jb_mass_threshold(m->policy, m->self->level);

    return threshold != 0 && people >= threshold;
}

static bool skips_levels(const struct jb_move *m, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);

    return n != NULL && n->level > m->self->level + 1;
}

/* A named leader other than whoever acts. */
static bool is_leader(const struct jb_move *m, struct jb_text official, int power)
{
    return official.len > 0 && !jb_user_is(official, m->q->user) &&
           !jb_case_recused(m->c, m->q->node, official) &&
           jb_directory_delegated(m->book->directory, m->q->node, official, power, m->q->now_ms);
}

enum jb_refusal jb_check_countersign(struct jb_move *m, uint32_t node, uint32_t people)
{
    bool skips, mass;

    if (m->self == NULL)
        return JB_REFUSE_NONE;
    skips = m->policy->countersign_skip && skips_levels(m, node);
    mass = m->policy->countersign_mass && is_mass(m, people);
    if ((!skips && !mass) || is_leader(m, m->act->countersigned_by, JB_POWER_ASSIGN))
        return JB_REFUSE_NONE;
    if (skips)
        return jb_detail_set(m->v->detail, JB_REFUSE_COUNTERSIGN_REQUIRED, "it skips levels");
    return jb_detail_set(m->v->detail, JB_REFUSE_COUNTERSIGN_REQUIRED, "a mass matter: %u people",
                         (unsigned)people);
}

bool jb_needs_countersign(const struct jb_move *m, const struct jb_receivers *r)
{
    const struct jb_act *act = m->act;
    uint32_t people = act->people > m->c->people ? act->people : m->c->people;

    if (m->policy->countersign_mass &&
        (is_mass(m, people) ||
         jb_directive_is_summons((uint32_t)act->power, (uint32_t)act->demand)))
        return true;
    for (size_t i = 0; i < r->count && m->policy->countersign_skip; i++) {
        if (skips_levels(m, r->at[i]))
            return true;
    }
    return false;
}

/* `official` has to be one of the issuer's named leaders for this power. */
enum jb_refusal jb_check_leader(struct jb_move *m, const char *field, struct jb_text official,
                                int power)
{
    if (official.len == 0)
        return JB_REFUSE_NONE;
    if (jb_case_recused(m->c, m->q->node, official))
        return jb_detail_set(m->v->detail, JB_REFUSE_RECUSED, "%s", field);
    if (jb_directory_delegated(m->book->directory, m->q->node, official, power, m->q->now_ms))
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_NOT_DELEGATED, "%s", field);
}

enum jb_refusal jb_check_countersigner(struct jb_move *m, int power)
{
    struct jb_text official = m->act->countersigned_by;

    if (jb_user_is(official, m->q->user))
        return jb_detail_set(m->v->detail, JB_REFUSE_COUNTERSIGN_REQUIRED,
                             "countersigned_by: somebody else than the one who acts");
    return jb_check_leader(m, "countersigned_by", official, power);
}

/* ---- countersign ---------------------------------------------------------------------------- */

static enum jb_refusal check_waiting(struct jb_move *m, const struct jb_directive *d)
{
    if (d == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DIRECTIVE, "directive %llu",
                             (unsigned long long)m->act->directive_no);
    if (jb_stand_in(m, d->issuer) != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a directive is countersigned at the agency that issued it");
    if (d->status == JB_DIRECTIVE_IN_FORCE)
        return JB_REFUSE_ALREADY_DONE;
    if (m->c->stage == JB_STAGE_REFERRED || m->c->stage == JB_STAGE_MERGED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(m->c->stage));
    return d->status == JB_DIRECTIVE_ENDED ? JB_REFUSE_DIRECTIVE_OVER : JB_REFUSE_NONE;
}

/* Neither the one who records the signature nor the one who issued the directive. */
static enum jb_refusal check_second(struct jb_move *m, const struct jb_directive *d)
{
    if (!jb_user_is(m->act->countersigned_by, d->issued_by))
        return jb_check_countersigner(m, (int)d->power);
    return jb_detail_set(m->v->detail, JB_REFUSE_COUNTERSIGN_REQUIRED,
                         "countersigned_by: somebody else than the one who acts");
}

enum jb_refusal jb_check_countersign_directive(struct jb_move *m)
{
    const struct jb_directive *d = jb_case_directive(m->c, (uint32_t)m->act->directive_no);
    enum jb_refusal refusal = check_waiting(m, d);
    struct jb_receivers r;

    if (refusal == JB_REFUSE_NONE)
        refusal = check_second(m, d);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (d->due_ms != 0 && d->due_ms <= m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_DUE_IN_THE_PAST,
                             "withdraw the directive and issue it anew");
    jb_receivers_of_directive(m->c, d->id, &r);
    for (size_t i = 0; i < r.count && refusal == JB_REFUSE_NONE; i++)
        refusal = jb_reach_target(m, r.at[i]);
    return refusal;
}

void jb_draw_countersign_directive(struct jb_move *m)
{
    const struct jb_directive *d = jb_case_directive(m->c, (uint32_t)m->act->directive_no);
    struct jb_receivers r;

    jb_receivers_of_directive(m->c, d->id, &r);
    jb_emit_directive_status(m, d->id, JB_DIRECTIVE_IN_FORCE, m->act->countersigned_by);
    jb_draw_in_force(m, d, &r);
}
