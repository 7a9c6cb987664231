/* Disputes over who handles a case (precedence rule 5): the sender, then the common superior, then
 * the joint conference. However long it takes, the host keeps the case and its duties: no case is
 * ever ownerless. The arbiter settles it by designating. */
#include "proto/rules/moves_hand.h"

/* ---- who settles ---------------------------------------------------------------------------- */

static bool is_conference(const struct jb_node *n)
{
    return n != NULL && n->kind == JB_NODE_JOINT_CONFERENCE;
}

/* Not a party to the dispute, in force, not recused, and one who may know of the case. */
static bool may_settle(const struct jb_move *m, uint32_t node, uint32_t but)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);
    struct jb_text nobody = {NULL, 0};

    return n != NULL && node != but && node != m->c->host && node != m->c->sender &&
           jb_node_valid(n, m->q->now_ms) && !jb_case_recused(m->c, node, nobody) &&
           jb_confine_allows(m, node);
}

/* Does the conference stand above both sides? */
static bool covers(const struct jb_move *m, const struct jb_node *conference)
{
    const struct jb_directory *d = m->book->directory;

    return m->c->sender == 0 || jb_directory_below(d, m->c->sender, conference->parent);
}

/* The lowest one above the host; one that is above its sender as well goes before it. */
static uint32_t find_conference(const struct jb_move *m, uint32_t but)
{
    const struct jb_directory *d = m->book->directory;
    const struct jb_node *best = NULL;

    for (size_t i = 0; i < d->count; i++) {
        const struct jb_node *n = &d->nodes[i];

        if (!is_conference(n) || n->parent == 0 || !jb_directory_below(d, m->c->host, n->parent) ||
            !may_settle(m, n->node, but))
            continue;
        if (best == NULL || (covers(m, n) && !covers(m, best)) ||
            (covers(m, n) == covers(m, best) && n->level > best->level))
            best = n;
    }
    return best != NULL ? best->node : 0;
}

static uint32_t find_superior(const struct jb_move *m, uint32_t but)
{
    uint32_t other = m->c->sender != 0 ? m->c->sender : m->c->registrar;
    uint32_t superior = jb_directory_common_superior(m->book->directory, m->c->host, other);

    return may_settle(m, superior, but) ? superior : 0;
}

/* The rules of where the host stands: the broker's own acts come from nowhere. */
static bool superior_first(const struct jb_move *m)
{
    const struct jb_policy *p = jb_book_policy_at(m->book, m->c->host, m->q->now_ms);

    if (p == NULL)
        p = m->policy;
    if (p == NULL || !p->dispute_to_superior)
        return false;
    return !(m->c->flags & JB_FLAG_CROSS_BOUNDARY && p->conference_leads_cross);
}

bool jb_find_arbiter(const struct jb_move *m, int level, uint32_t but, struct jb_arbiter *out)
{
    struct jb_arbiter found = {0, 1};

    if (level < 1 && superior_first(m))
        found.node = find_superior(m, but);
    if (found.node == 0 && level < 2)
        found = (struct jb_arbiter){find_conference(m, but), 2};
    if (found.node == 0)
        return false;
    *out = found;
    return true;
}

/* ---- what follows --------------------------------------------------------------------------- */

static bool is_settling(const struct jb_move *m, const struct jb_deadline *d)
{
    (void)m;
    return strcmp(d->key, "settle") == 0;
}

void jb_draw_to_arbiter(struct jb_move *m, const struct jb_arbiter *arbiter)
{
    jb_draw_ended(m, is_settling, JB_END_SUPERSEDED);
    jb_emit_dispute(m, arbiter->level, arbiter->node);
    jb_emit_joined(m, arbiter->node, JB_ROLE_ARBITER);
    jb_emit_deadline_if_set(m, "settle", arbiter->node, m->q->now_ms, 0);
}

void jb_draw_dispute_ends(struct jb_move *m, enum jb_deadline_end end)
{
    if (m->c->dispute_level == 0)
        return;
    jb_emit_dispute(m, 0, 0);
    jb_draw_ended(m, is_settling, end);
}

bool jb_draw_dispute(struct jb_move *m)
{
    struct jb_arbiter arbiter;

    if (!jb_find_arbiter(m, m->c->dispute_level, 0, &arbiter))
        return false;
    jb_draw_to_arbiter(m, &arbiter);
    return true;
}

/* ---- escalate ------------------------------------------------------------------------------- */

static bool is_arbiter(const struct jb_move *m)
{
    return m->c->dispute_level != 0 && m->c->arbiter == m->q->node;
}

static bool was_refused(const struct jb_case *c)
{
    return !c->objection_open && c->objector == c->host && c->last_ruling == JB_RULING_REFUSED;
}

/* Who is not told in time whether he is right need not wait for it. */
static bool ruling_overdue(const struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "rule");

    return m->c->objection_open && d != NULL && (d->missed_ms != 0 || m->q->now_ms >= d->due_ms);
}

static bool leads_cross(const struct jb_move *m)
{
    return m->c->flags & JB_FLAG_CROSS_BOUNDARY && m->policy->conference_leads_cross;
}

/* A dispute begins with a refused objection, or with a sender who does not want to rule on it. */
static enum jb_refusal check_begins(struct jb_move *m)
{
    bool office = jb_node_is_office(m->self);

    if (m->c->authority == JB_AUTHORITY_JOINT_CONFERENCE && m->policy->no_return_after_designation)
        return JB_REFUSE_NO_RETURN;
    if ((office || m->c->sender == 0) && leads_cross(m))
        return JB_REFUSE_NONE;
    if (m->c->sender == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_DISPUTE, "nobody has sent the case on");
    if (m->q->node == m->c->host && !was_refused(m->c) && !ruling_overdue(m))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_DISPUTE,
                             "object first: no objection of yours was refused");
    return JB_REFUSE_NONE;
}

/* The superior has his time; after it, or when he says so himself, the conference settles. */
static enum jb_refusal check_goes_on(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "settle");
    char name[JB_NODE_TEXT];

    if (m->c->dispute_level >= 2 ||
        (!is_arbiter(m) && d != NULL && d->missed_ms == 0 && m->q->now_ms < d->due_ms))
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE, "it is before %s",
                             jb_node_text(m->book->directory, m->c->arbiter, name));
    return JB_REFUSE_NONE;
}

/* The arbiter that the act names, if the rules allow it. */
static bool named_arbiter(const struct jb_move *m, struct jb_arbiter *out)
{
    const struct jb_directory *d = m->book->directory;
    const struct jb_node *n = jb_directory_find(d, m->act->node);
    bool conference = is_conference(n);

    if (n == NULL || !may_settle(m, n->node, 0))
        return false;
    *out = (struct jb_arbiter){n->node, conference ? 2 : 1};
    if (conference)
        return n->parent != 0 && jb_directory_below(d, m->c->host, n->parent);
    return m->c->dispute_level == 0 && superior_first(m) &&
           jb_directory_below(d, m->c->host, n->node) &&
           (m->c->sender == 0 || jb_directory_below(d, m->c->sender, n->node));
}

static bool choose_arbiter(const struct jb_move *m, struct jb_arbiter *out)
{
    return m->act->node != 0 ? named_arbiter(m, out)
                             : jb_find_arbiter(m, m->c->dispute_level, 0, out);
}

static bool is_party(const struct jb_move *m)
{
    bool assigner = jb_case_roles(m->c, m->q->node) & JB_ROLE_BIT(JB_ROLE_ASSIGNER) &&
                    jb_node_is_office(m->self);

    return m->q->node == m->c->host || m->q->node == m->c->sender || assigner || is_arbiter(m);
}

enum jb_refusal jb_check_escalate_dispute(struct jb_move *m)
{
    struct jb_arbiter arbiter;
    enum jb_refusal refusal;
    char name[JB_NODE_TEXT];

    if (!is_party(m))
        return JB_REFUSE_WRONG_PARTY;
    refusal = m->c->dispute_level == 0 ? check_begins(m) : check_goes_on(m);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (choose_arbiter(m, &arbiter))
        return JB_REFUSE_NONE;
    if (m->act->node != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "%s is no common superior and no joint conference above the host",
                             jb_node_text(m->book->directory, m->act->node, name));
    return jb_detail_set(m->v->detail, JB_REFUSE_NO_DISPUTE,
                         "no common superior and no joint conference that could settle it");
}

void jb_draw_escalate_dispute(struct jb_move *m)
{
    struct jb_arbiter arbiter;

    if (!choose_arbiter(m, &arbiter))
        return;
    jb_draw_to_arbiter(m, &arbiter);
    /* The sender leaves to the arbiter what he has not ruled on. */
    if (m->c->objection_open) {
        jb_emit_objection(m, m->c->objector, false, 0);
        jb_emit_end_all(m, "rule", JB_END_SUPERSEDED);
        jb_draw_resumed(m);
    }
}
