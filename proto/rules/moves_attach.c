/* Attachments: the entry that names one. Its contents travel beside the sequences and are no matter
 * of the rules; that they are sealed under the case's own key is checked by the broker. */
#include "proto/rules/moves.h"

enum jb_refusal jb_check_attach(struct jb_move *m)
{
    const struct jb_act *act = m->act;

    if (jb_case_mark(m->c, JB_MARK_ERASED, 0, 0) != NULL)
        return JB_REFUSE_KEY_ERASED;
    if (act->name.len > 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "name: sealed, never in the open");
    if (act->sealed.len > JB_LIMIT_TEXT)
        return jb_detail_set(m->v->detail, JB_REFUSE_CONTENT_TOO_LARGE, "sealed: %zu bytes",
                             act->sealed.len);
    return JB_REFUSE_NONE;
}
