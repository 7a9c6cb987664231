/* The confinement of accusations: who may be in their audience. Looks at the case as it will be
 * after the effects that an act has drawn so far. Never says why somebody may not know. */
#include "proto/rules/confine.h"

#include "proto/rules/moves.h"

/* A case and what is about to change in it. */
struct view {
    const struct jb_case *c;
    const struct jb_effects *effects; /* NULL: none */
    const struct jb_directory *directory;
    uint32_t registrar;
};

static bool within(const struct view *v, uint32_t node, uint32_t accused)
{
    return node == accused || jb_directory_below(v->directory, node, accused);
}

static const struct jb_effect *effect_at(const struct view *v, size_t i)
{
    return v->effects != NULL && i < v->effects->count ? &v->effects->at[i] : NULL;
}

static bool is_accused(const struct view *v, uint32_t node)
{
    const struct jb_effect *e;

    for (size_t i = 0; i < v->c->mark_count; i++) {
        const struct jb_mark *mark = &v->c->marks[i];

        if (mark->kind == JB_MARK_ACCUSED && within(v, node, mark->node))
            return true;
    }
    for (size_t i = 0; (e = effect_at(v, i)) != NULL; i++) {
        if (e->kind == JB_EFFECT_MARKED && e->mark == JB_MARK_ACCUSED && e->open &&
            within(v, node, e->node))
            return true;
    }
    return false;
}

static bool may_know(const struct view *v, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(v->directory, node);

    if (node == v->registrar)
        return true;
    return n != NULL && n->kind == JB_NODE_DISCIPLINE && !is_accused(v, node);
}

bool jb_confined(const struct jb_case *c)
{
    return c->matter == JB_MATTER_ACCUSATION;
}

bool jb_confine_may_know(const struct jb_case *c, const struct jb_directory *d, uint32_t node)
{
    const struct view v = {.c = c, .directory = d, .registrar = c->registrar};

    return !jb_confined(c) || may_know(&v, node);
}

bool jb_confine_accused(const struct jb_case *c, const struct jb_directory *d, uint32_t node)
{
    const struct view v = {.c = c, .directory = d};

    return is_accused(&v, node);
}

/* ---- the gate ------------------------------------------------------------------------------- */

static int matter_after(const struct jb_move *m)
{
    int matter = m->c->matter;

    if (m->c->stage == JB_STAGE_NONE && m->act->kind == JB_ACT_REGISTER)
        matter = m->act->matter;
    for (size_t i = 0; i < m->v->effects.count; i++) {
        const struct jb_effect *e = &m->v->effects.at[i];

        if (e->kind == JB_EFFECT_OPINION_SET && e->matter != 0)
            matter = (int)e->matter;
    }
    return matter;
}

static uint32_t registrar_after(const struct jb_move *m)
{
    uint32_t registrar = m->c->stage == JB_STAGE_NONE ? m->q->node : m->c->registrar;

    for (size_t i = 0; i < m->v->effects.count; i++) {
        const struct jb_effect *e = &m->v->effects.at[i];

        if (e->kind == JB_EFFECT_JOINED && e->role == JB_ROLE_REGISTRAR)
            registrar = e->node;
    }
    return registrar;
}

/* What an act says of another case, its own audience reads. Of a case that the acting node takes no
 * part in it cannot say anything. */
static bool may_know_named(const struct jb_move *m, int64_t case_no, uint32_t node)
{
    const struct jb_case *other = case_no != 0 ? jb_move_other(m, case_no) : NULL;

    return other == NULL || !jb_case_has(other, m->q->node) ||
           jb_confine_may_know(other, m->book->directory, node);
}

bool jb_confine_allows(const struct jb_move *m, uint32_t node)
{
    const struct view v = {
        .c = m->c,
        .effects = &m->v->effects,
        .directory = m->book->directory,
        .registrar = registrar_after(m),
    };

    if (matter_after(m) == JB_MATTER_ACCUSATION && !may_know(&v, node))
        return false;
    if (!may_know_named(m, m->act->other_case_no, node))
        return false;
    for (size_t i = 0; i < m->act->other_case_nos.count; i++) {
        if (!may_know_named(m, m->act->other_case_nos.at[i], node))
            return false;
    }
    return true;
}

/* An agency that is not known cannot be kept out; naming one without saying that it is an
 * accusation would leave the accused where the case may go. */
enum jb_refusal jb_check_accused(struct jb_move *m, int matter)
{
    const struct jb_list32 accused = m->act->accused;

    if (accused.count > 0 && matter != JB_MATTER_ACCUSATION)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "accused: only of an accusation");
    for (size_t i = 0; i < accused.count; i++) {
        if (jb_directory_find(m->book->directory, accused.at[i]) == NULL)
            return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                                 "accused: no agency %u in the directory", (unsigned)accused.at[i]);
    }
    return JB_REFUSE_NONE;
}
