/* Erasing what is sealed: the key of a case goes, and with it the petitioners' data and the
 * contents of attachments, everywhere. What was done in the case stays on record.
 *
 * It cannot be taken back, so two persons of the registering agency stand behind it, the case is
 * over, and no clock runs that anybody may still need the data for. */
#include "proto/rules/moves.h"

static const struct jb_deadline *running_clock(const struct jb_case *c)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (c->deadlines[i].end == JB_END_OPEN)
            return &c->deadlines[i];
    }
    return NULL;
}

enum jb_refusal jb_check_erase_key(struct jb_move *m)
{
    struct jb_text second = m->act->countersigned_by;
    const struct jb_deadline *d = running_clock(m->c);

    if (jb_case_mark(m->c, JB_MARK_ERASED, 0, 0) != NULL)
        return JB_REFUSE_ALREADY_DONE;
    if (second.len == 0 || jb_user_is(second, m->q->user))
        return JB_REFUSE_SECOND_PERSON_REQUIRED;
    if (jb_case_recused(m->c, m->q->node, second))
        return JB_REFUSE_RECUSED;
    if (d != NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "deadline %u (%s) still runs: nothing is erased before it has ended",
                             (unsigned)d->id, d->key);
    return JB_REFUSE_NONE;
}

void jb_draw_erase_key(struct jb_move *m)
{
    const struct jb_mark mark = {
        .kind = JB_MARK_ERASED, .node = m->q->node, .text = m->q->user, .at_ms = m->q->now_ms};

    jb_emit_mark(m, &mark, true);
}
