/* Registration: enter and number, Art 22 and 43. Never refused for what the matter is; refused only
 * for what cannot be recorded. */
#include "proto/rules/confine.h"
#include "proto/rules/moves_hand.h"

/* ---- a part of another case ----------------------------------------------------------------- */

/* For whom the other case is nothing to know of, it does not exist. */
static enum jb_refusal check_part_of(struct jb_move *m)
{
    const struct jb_case *whole;

    if (m->act->other_case_no == 0)
        return JB_REFUSE_NONE;
    whole = jb_move_other(m, m->act->other_case_no);
    if (whole == NULL || !jb_case_has(whole, m->q->node))
        return JB_REFUSE_OTHER_CASE_UNKNOWN;
    if (whole->host != m->q->node && whole->registrar != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a case is split by its host or by its registrar");
    if (m->act->matter == JB_MATTER_ACCUSATION || jb_confined(whole))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE,
                             "an accusation is registered on its own");
    if (jb_stage_is_final(whole->stage) || whole->stage == JB_STAGE_FILE)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_LINKABLE, "the other case is %s",
                             jb_stage_name(whole->stage));
    return JB_REFUSE_NONE;
}

/* Splitting a matter gives nobody more time: its clocks count from where the whole one's did. */
static int64_t trigger_ms(const struct jb_move *m)
{
    const struct jb_case *whole = NULL;
    int64_t first_ms;

    if (m->act->other_case_no != 0)
        whole = jb_move_other(m, m->act->other_case_no);
    if (whole == NULL)
        return m->q->now_ms;
    first_ms = whole->registered_ms;
    if (whole->deadline_count > 0 && whole->deadlines[0].trigger_ms < first_ms)
        first_ms = whole->deadlines[0].trigger_ms;
    return first_ms < m->q->now_ms ? first_ms : m->q->now_ms;
}

/* ---- whom it is against --------------------------------------------------------------------- */

enum jb_refusal jb_check_register(struct jb_move *m)
{
    enum jb_refusal refusal;

    if (m->self == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u", (unsigned)m->q->node);
    if (m->act->received_at_ms > m->q->now_ms + JB_DAY_MS)
        return jb_detail_set(m->v->detail, JB_REFUSE_CLOCK_IMPLAUSIBLE,
                             "received_at_ms lies in the future");
    refusal = jb_check_accused(m, m->act->matter);
    return refusal != JB_REFUSE_NONE ? refusal : check_part_of(m);
}

static void draw_marks(struct jb_move *m)
{
    for (size_t i = 0; i < m->act->accused.count; i++) {
        struct jb_mark accused = {.kind = JB_MARK_ACCUSED, .node = m->act->accused.at[i]};

        jb_emit_mark(m, &accused, true);
    }
    if (m->act->other_case_no != 0) {
        struct jb_mark part = {.kind = JB_MARK_LINK,
                               .other_case_no = m->act->other_case_no,
                               .value = JB_LINK_SPLIT_OF};

        jb_emit_mark(m, &part, true);
    }
}

void jb_draw_register(struct jb_move *m)
{
    uint32_t node = m->q->node;

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    jb_emit_custody(m, node, 0, 0);
    jb_emit_joined(m, node, JB_ROLE_REGISTRAR);
    draw_marks(m);
    /* An office owes the sorting; a handler that was approached directly owes the notice. */
    if (jb_node_is_office(m->self))
        jb_emit_deadline(m, "sort", node, trigger_ms(m), 0);
    else if (!(m->act->flags & JB_FLAG_UNREACHABLE))
        jb_emit_deadline(m, "notify", node, trigger_ms(m), 0);
    if (m->act->flags & JB_FLAG_URGENT)
        jb_emit_deadline_if_set(m, "urgent", node, m->q->now_ms, 0);
}
