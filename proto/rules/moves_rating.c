/* Ratings by the petitioner: one of the office, one of the handler. Each waits, is cast sealed, and
 * is opened by the broker when the window is over, or counts as unrated. Nobody learns of a rating
 * before both are out. */
#include "proto/rules/moves_life.h"

static const struct jb_rating *rating_of(const struct jb_move *m, int party)
{
    return &m->c->ratings[party - 1];
}

/* ---- rate ----------------------------------------------------------------------------------- */

static bool same_code(struct jb_text hex, struct jb_bytes hash)
{
    static const char digits[] = "0123456789abcdef";

    if (hash.len == 0 || hex.len != 2 * hash.len)
        return false;
    for (size_t i = 0; i < hash.len; i++) {
        if (hex.data[2 * i] != digits[hash.data[i] >> 4] ||
            hex.data[2 * i + 1] != digits[hash.data[i] & 15])
            return false;
    }
    return true;
}

static bool has_window(const struct jb_policy *p)
{
    const struct jb_policy_row *row = jb_policy_row(p, "rate");

    return row != NULL && row->limit != 0;
}

enum jb_refusal jb_check_rate(struct jb_move *m)
{
    const struct jb_deadline *window = jb_case_open_deadline(m->c, "rate");

    if (m->act->satisfaction != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "satisfaction: sealed, never in the open");
    if (!same_code(m->c->query_hash, m->act->query_code_hash))
        return JB_REFUSE_QUERY_CODE_WRONG;
    if (window == NULL && !has_window(m->policy))
        return JB_REFUSE_RATING_NOT_SET_UP;
    switch (rating_of(m, m->act->rated_party)->state) {
    case JB_RATING_NONE:
        return jb_detail_set(m->v->detail, JB_REFUSE_RATING_CLOSED,
                             "ratings begin when the answer has been delivered");
    case JB_RATING_CAST:
        return JB_REFUSE_ALREADY_DONE;
    case JB_RATING_WAITING:
        break;
    case JB_RATING_OPENED:
    case JB_RATING_UNRATED:
        return JB_REFUSE_RATING_CLOSED;
    }
    if (window == NULL || m->q->now_ms >= window->due_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_RATING_CLOSED, "the window is over");
    return JB_REFUSE_NONE;
}

void jb_draw_rate(struct jb_move *m)
{
    jb_emit_rating(m, m->act->rated_party, JB_RATING_CAST, 0);
}

/* ---- open ----------------------------------------------------------------------------------- */

static bool is_out(enum jb_rating_state state)
{
    return state == JB_RATING_OPENED || state == JB_RATING_UNRATED;
}

enum jb_refusal jb_check_open_rating(struct jb_move *m)
{
    const struct jb_rating *r = rating_of(m, m->act->rated_party);
    const struct jb_deadline *window = jb_case_open_deadline(m->c, "rate");

    if (is_out(r->state))
        return JB_REFUSE_ALREADY_DONE;
    if (r->state == JB_RATING_NONE || window == NULL)
        return JB_REFUSE_RATING_CLOSED;
    if (m->q->now_ms < window->due_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "the window is not over");
    if (r->state == JB_RATING_WAITING && m->act->satisfaction != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "satisfaction: nothing was cast");
    return JB_REFUSE_NONE;
}

/* A box that does not open says nothing: it is as if nothing had been cast. */
void jb_draw_open_rating(struct jb_move *m)
{
    int party = m->act->rated_party;
    int other = party == JB_RATED_OFFICE ? JB_RATED_HANDLER : JB_RATED_OFFICE;
    bool rated = m->act->satisfaction != 0;
    enum jb_rating_state before = rating_of(m, other)->state;

    jb_emit_rating(m, party, rated ? JB_RATING_OPENED : JB_RATING_UNRATED, m->act->satisfaction);
    if (is_out(before))
        jb_emit_end_all(m, "rate",
                        rated || before == JB_RATING_OPENED ? JB_END_MET : JB_END_CANCELLED);
}
