/* The first assignment authority: whom it reaches, and which hand-over goes before which. */
#include "proto/rules/moves.h"

#include <stdio.h>

#include "proto/base/utf8.h"

const char *jb_node_text(const struct jb_directory *d, uint32_t node, char out[JB_NODE_TEXT])
{
    const struct jb_node *n = jb_directory_find(d, node);

    if (n == NULL)
        snprintf(out, JB_NODE_TEXT, "node %u", (unsigned)node);
    else
        jb_text_escape(n->name, strlen(n->name), out, JB_NODE_TEXT);
    return out;
}

bool jb_node_is_office(const struct jb_node *n)
{
    return n != NULL && (n->kind == JB_NODE_OFFICE || n->kind == JB_NODE_JOINT_CONFERENCE);
}

enum jb_refusal jb_reach_target(struct jb_move *m, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);
    char name[JB_NODE_TEXT];

    if (n == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u", (unsigned)node);
    if (node == m->q->node)
        return JB_REFUSE_SAME_NODE;
    if (!jb_node_valid(n, m->q->now_ms))
        return jb_detail_set(m->v->detail, JB_REFUSE_NODE_NOT_VALID, "%s",
                             jb_node_text(m->book->directory, node, name));
    /* Nothing may be left with nobody. */
    if (n->valid_to_ms != 0 && n->successor == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NODE_NOT_VALID, "%s ends without a successor",
                             jb_node_text(m->book->directory, node, name));
    return JB_REFUSE_NONE;
}

bool jb_reaches(const struct jb_directory *d, const struct jb_node *sender, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(d, node);

    return n != NULL && n->level >= sender->level &&
           jb_directory_below(d, node, sender->parent != 0 ? sender->parent : sender->node);
}

/* Organs that are no handlers, and what to do instead. */
static const struct {
    int kind;
    const char *why;
} not_orderable[] = {
    {JB_NODE_DISCIPLINE, "discipline organs take no orders on the merits: refer instead"},
    {JB_NODE_POLITICAL_LEGAL, "political-legal organs take no orders on the merits: refer instead"},
    {JB_NODE_JOINT_CONFERENCE, "the joint conference handles no cases"},
    {JB_NODE_BROKER, "the broker handles no cases"},
};

enum jb_refusal jb_reach_order(struct jb_move *m, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);

    for (size_t i = 0; i < sizeof not_orderable / sizeof not_orderable[0]; i++) {
        if (n->kind == not_orderable[i].kind)
            return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY, "%s", not_orderable[i].why);
    }
    if (!jb_reaches(m->book->directory, m->self, node))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "the target is not below the sender's government");
    if (n->kind == JB_NODE_OFFICE && n->level == m->self->level)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "an office does not assign to an office of its own level");
    return JB_REFUSE_NONE;
}

/* Organs that take no orders about how a case is handled (P4.7), and the organ beside the sender
 * that is not its to command. */
static enum jb_refusal check_may_order(struct jb_move *m, const struct jb_node *n)
{
    bool beside = n->level == m->self->level && jb_node_is_office(n);

    if (m->policy->limits_of_authority &&
        (n->kind == JB_NODE_DISCIPLINE || n->kind == JB_NODE_POLITICAL_LEGAL))
        return jb_detail_set(m->v->detail, JB_REFUSE_BEYOND_POWERS,
                             "discipline and political-legal organs take no orders on the merits");
    if (beside && (m->self->kind != JB_NODE_JOINT_CONFERENCE || n->kind != JB_NODE_OFFICE))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "an office does not order an office or conference of its own level");
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_reach_directive(struct jb_move *m, uint32_t node, int power)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);
    bool orders = power != JB_POWER_CIRCULATE && power != JB_POWER_RECOMMEND;

    /* Improving policy is recommended to one's own government: no order, and not upward. */
    if (power == JB_POWER_RECOMMEND && node == m->self->parent && n->level == m->self->level)
        return JB_REFUSE_NONE;
    if (n->kind == JB_NODE_BROKER || !jb_reaches(m->book->directory, m->self, node))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "the receiver is not below the sender's government");
    return orders ? check_may_order(m, n) : JB_REFUSE_NONE;
}

/* ---- precedence ----------------------------------------------------------------------------- */

static int rank_of(const struct jb_policy *p, int authority)
{
    if (authority == JB_AUTHORITY_FIRST_ASSIGNMENT && !p->first_assignment_outranks)
        return JB_AUTHORITY_PEER;
    return authority;
}

/* <0: the sender is of a lower level than the present one, >0: of a higher one. */
static int compare_levels(const struct jb_move *m, const struct jb_node *present)
{
    if (present == NULL || !m->policy->level_outranks)
        return 0;
    return (present->level > m->self->level) - (present->level < m->self->level);
}

enum jb_refusal jb_reach_rank(struct jb_move *m, int authority)
{
    const struct jb_case *c = m->c;
    const struct jb_policy *p = m->policy;
    /* Whose hand-over is in force; a case that nobody has sent on is its holder's. */
    uint32_t by = c->sender != 0 ? c->sender : c->host;
    const struct jb_node *present = jb_directory_find(m->book->directory, by);
    int difference = compare_levels(m, present);
    char name[JB_NODE_TEXT];

    /* Its holder may always pass it on within its own reach: that sets nobody's order aside. */
    if (c->host == m->q->node)
        return JB_REFUSE_NONE;
    if (difference == 0)
        difference = rank_of(p, authority) - rank_of(p, c->authority);
    if (difference > 0)
        return JB_REFUSE_NONE;
    if (difference == 0 && (by == m->q->node || jb_reaches(m->book->directory, m->self, by)))
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_OUTRANKED, "in force: the hand-over by %s",
                         jb_node_text(m->book->directory, by, name));
}
