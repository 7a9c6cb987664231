/* The short track for simple initial matters, and the report of a major or urgent matter upward.
 * On the short track the ordinary clocks run on beside the short ones: it can only be faster. */
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

static const char *const short_clocks[] = {"simple-accept", "simple-answer"};

/* ---- what keeps a matter off the short track ------------------------------------------------ */

static bool has_co_handler(const struct jb_case *c)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        if (c->participants[i].role == JB_ROLE_CO_HANDLER && c->participants[i].node != c->host)
            return true;
    }
    return false;
}

static bool is_repeat(const struct jb_case *c)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].kind == JB_MARK_LINK && c->marks[i].value == JB_LINK_REPEAT)
            return true;
    }
    return false;
}

/* The first flag of the case that the policy excludes; NULL: none. */
static const char *excluded_flag(const struct jb_move *m)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {JB_FLAG_REPEAT, "repeat"},
        {JB_FLAG_ANONYMOUS, "anonymous"},
        {JB_FLAG_JOINT_SIGNATURE, "joint signature"},
        {JB_FLAG_URGENT, "major or urgent"},
        {JB_FLAG_CROSS_BOUNDARY, "cross-boundary"},
        {JB_FLAG_LITIGATION, "litigation-related"},
        {JB_FLAG_OLD_CASE, "old case"},
        {JB_FLAG_PUBLIC, "publicity"},
        {JB_FLAG_SECRET, "secret"},
        {JB_FLAG_UNREACHABLE, "name or address unclear"},
    };
    uint32_t flags = m->c->flags | (is_repeat(m->c) ? (uint32_t)JB_FLAG_REPEAT : 0);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flags & m->policy->simple_flags_excluded & names[i].flag)
            return names[i].name;
    }
    return NULL;
}

static const char *why_excluded(const struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->authority >= JB_AUTHORITY_ASSIGN || jb_case_report_owed(c))
        return "assigned by a superior";
    if (c->matter == JB_MATTER_ACCUSATION)
        return "accusation";
    if (c->facts_ms[JB_FACT_ACCEPTED] != 0 && jb_case_routed(c))
        return "another statutory route, Art 31(1)-(5)";
    if (has_co_handler(c))
        return "several handlers";
    return excluded_flag(m);
}

/* When the handler got the matter: as its notice counts; otherwise the hand-over, and of a direct
 * matter the registration. */
static int64_t receipt_ms(const struct jb_case *c)
{
    const struct jb_deadline *notify = jb_case_open_deadline(c, "notify");
    int64_t at_ms = c->facts_ms[JB_FACT_SENT];

    if (at_ms == 0)
        at_ms = c->registered_ms;
    if (notify != NULL && notify->node == c->host)
        at_ms = notify->trigger_ms;
    return at_ms;
}

static bool too_late(const struct jb_move *m)
{
    struct jb_deadline d;

    return jb_deadline_compute(m->policy, m->calendar, short_clocks[0], receipt_ms(m->c), 0, &d) ==
               JB_OK &&
           m->q->now_ms >= d.due_ms;
}

/* ---- start, turn ordinary ------------------------------------------------------------------- */

enum jb_refusal jb_check_start_simple(struct jb_move *m)
{
    const char *why = why_excluded(m);

    if (m->c->simple)
        return JB_REFUSE_ALREADY_DONE;
    if (why == NULL && too_late(m))
        why = "the days for a simple acceptance are over";
    if (why != NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_SIMPLE_EXCLUDED, "%s", why);
    return JB_REFUSE_NONE;
}

void jb_draw_start_simple(struct jb_move *m)
{
    jb_emit_track(m, true);
    for (size_t i = 0; i < sizeof short_clocks / sizeof short_clocks[0]; i++)
        jb_emit_deadline_if_set(m, short_clocks[i], m->q->node, receipt_ms(m->c), 0);
}

enum jb_refusal jb_check_turn_ordinary(struct jb_move *m)
{
    return m->c->simple ? JB_REFUSE_NONE : JB_REFUSE_NOT_SIMPLE;
}

void jb_draw_turn_ordinary(struct jb_move *m)
{
    jb_draw_simple_over(m);
}

static bool said_so(const struct jb_move *m)
{
    for (size_t i = 0; i < m->v->effects.count; i++) {
        if (m->v->effects.at[i].kind == JB_EFFECT_TRACK_SET)
            return true;
    }
    return false;
}

static bool is_short(const struct jb_deadline *d)
{
    return strcmp(d->key, short_clocks[0]) == 0 || strcmp(d->key, short_clocks[1]) == 0;
}

void jb_draw_simple_over(struct jb_move *m)
{
    if (!m->c->simple || said_so(m))
        return;
    jb_emit_track(m, false);
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && is_short(d) && !jb_move_ended(m, d))
            jb_emit_end(m, d, JB_END_CANCELLED);
    }
}

/* ---- report up, Art 25 ---------------------------------------------------------------------- */

/* The petition office of a government; 0: it has none but the asking one. */
static uint32_t office_of(const struct jb_move *m, uint32_t government)
{
    const struct jb_directory *d = m->book->directory;

    for (size_t i = 0; i < d->count; i++) {
        const struct jb_node *n = &d->nodes[i];

        if (n->kind == JB_NODE_OFFICE && n->parent == government && n->node != m->q->node &&
            jb_node_valid(n, m->q->now_ms))
            return n->node;
    }
    return 0;
}

/* Up the tree the first office that is another one; without any the government above. */
static uint32_t default_superior(const struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    const struct jb_node *n = m->self;
    uint32_t government = 0, office = 0;

    for (int i = 0; i < JB_LEVEL_VILLAGE && n != NULL && office == 0; i++) {
        n = n->parent != 0 ? jb_directory_find(d, n->parent) : NULL;
        if (n == NULL)
            break;
        office = office_of(m, n->node);
        if (government == 0 && n->kind == JB_NODE_GOVERNMENT)
            government = n->node;
    }
    return office != 0 ? office : government;
}

static uint32_t receiver(const struct jb_move *m)
{
    return m->act->node != 0 ? m->act->node : default_superior(m);
}

static bool is_superior(const struct jb_move *m, const struct jb_node *n)
{
    const struct jb_directory *d = m->book->directory;

    if (n->kind == JB_NODE_GOVERNMENT)
        return jb_directory_below(d, m->q->node, n->node);
    return jb_node_is_office(n) && n->parent != 0 && jb_directory_below(d, m->q->node, n->parent);
}

enum jb_refusal jb_check_report_up(struct jb_move *m)
{
    uint32_t node = receiver(m);
    enum jb_refusal refusal;
    char name[JB_NODE_TEXT];

    if (node == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "node: nobody stands above in the directory");
    refusal = jb_reach_target(m, node);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (!is_superior(m, jb_directory_find(m->book->directory, node)))
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "node: %s is no superior office or government",
                             jb_node_text(m->book->directory, node, name));
    return JB_REFUSE_NONE;
}

/* Only the one who owes the report has made it by this. */
void jb_draw_report_up(struct jb_move *m)
{
    uint32_t node = receiver(m);

    if (!jb_case_has(m->c, node))
        jb_emit_joined(m, node, JB_ROLE_INFORMED);
    jb_emit_met_by(m, "urgent", m->q->node);
}
