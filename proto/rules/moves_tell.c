/* Telling the petitioner, a fact of its own (Art 23, 34-36): the notice of acceptance or decline,
 * the answer, the opinions of review and recheck; and the record of how, when and by whom a paper
 * was delivered. Accepted is not told: what follows from telling follows from here only. */
#include "proto/rules/caseno.h"
#include "proto/rules/moves_life.h"

#define SKEW_MS INT64_C(300000) /* a node's clock may be this far ahead of the broker's */

/* The number's own day counts as well: the case may have waited in an outbox. */
enum jb_refusal jb_check_done_at(struct jb_move *m, const char *field, int64_t at_ms)
{
    int64_t earliest_ms = jb_date_start_ms(jb_date_of_instant(m->c->registered_ms));
    int64_t number_ms = jb_date_start_ms(jb_caseno_date(m->c->case_no));

    if (number_ms < earliest_ms)
        earliest_ms = number_ms;
    if (at_ms > m->q->now_ms + SKEW_MS)
        return jb_detail_set(m->v->detail, JB_REFUSE_CLOCK_IMPLAUSIBLE, "%s lies in the future",
                             field);
    if (at_ms != 0 && at_ms < earliest_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "%s lies before the day of registration", field);
    return JB_REFUSE_NONE;
}

int64_t jb_at_most_now(const struct jb_move *m, int64_t at_ms)
{
    return at_ms < m->q->now_ms ? at_ms : m->q->now_ms;
}

/* The highest level that has spoken is what the petitioner waits for. */
enum jb_fact jb_fact_to_tell(const struct jb_case *c)
{
    static const struct {
        enum jb_fact given, told;
    } levels[] = {
        {JB_FACT_RECHECKED, JB_FACT_RECHECK_TOLD},
        {JB_FACT_REVIEWED, JB_FACT_REVIEW_TOLD},
        {JB_FACT_ANSWERED, JB_FACT_ANSWER_TOLD},
    };

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (c->facts_ms[levels[i].given] != 0)
            return levels[i].told;
    }
    return JB_FACT_TOLD;
}

enum jb_refusal jb_not_told(struct jb_move *m, enum jb_fact fact)
{
    const char *what = m->c->facts_ms[JB_FACT_DECLINED] != 0 ? "Art 23: of the decline"
                                                             : "Art 23: of the acceptance";

    if (fact == JB_FACT_TOLD && jb_case_routed(m->c))
        what = "Art 31: of the statutory route that the matter takes";
    else if (fact == JB_FACT_ANSWER_TOLD)
        what = "Art 34: of the answer";
    else if (fact == JB_FACT_REVIEW_TOLD)
        what = "Art 35: of the review's opinion";
    else if (fact == JB_FACT_RECHECK_TOLD)
        what = "Art 36: of the recheck's opinion";
    return jb_detail_set(m->v->detail, JB_REFUSE_NOT_TOLD, "%s", what);
}

/* ---- what follows --------------------------------------------------------------------------- */

/* A review is of the opinion on a petition matter: suggestions, accusations and the other routes of
 * Art 31 have their own ways. */
static void draw_review_right(struct jb_move *m, int64_t told_ms)
{
    if (m->c->matter == JB_MATTER_APPEAL && !jb_case_routed(m->c))
        jb_emit_deadline_if_set(m, "ask-review", m->c->host, told_ms, 0);
}

/* Both ratings wait, if the policy sets a window and none is open from an earlier round. */
static void draw_rating_window(struct jb_move *m, int64_t told_ms)
{
    uint32_t before = m->last_deadline_id;

    if (jb_case_open_deadline(m->c, "rate") != NULL)
        return;
    jb_emit_deadline_if_set(m, "rate", m->c->registrar, told_ms, 0);
    if (m->last_deadline_id == before)
        return;
    jb_emit_rating(m, JB_RATED_OFFICE, JB_RATING_WAITING, 0);
    jb_emit_rating(m, JB_RATED_HANDLER, JB_RATING_WAITING, 0);
}

void jb_draw_told(struct jb_move *m, enum jb_fact fact, int64_t told_at_ms)
{
    int64_t told_ms = jb_at_most_now(m, told_at_ms);

    if (told_at_ms == 0)
        return;
    jb_emit_fact(m, fact, told_ms);
    if (fact == JB_FACT_TOLD) {
        jb_emit_met_then(m, "notify", told_ms);
    } else if (fact == JB_FACT_ANSWER_TOLD) {
        /* An answer in the petitioner's hands makes a notice that was never given pointless. */
        jb_emit_end_all(m, "notify", JB_END_CANCELLED);
        draw_review_right(m, told_ms);
        draw_rating_window(m, told_ms);
    } else if (fact == JB_FACT_REVIEW_TOLD) {
        jb_emit_deadline_if_set(m, "ask-recheck", m->c->reviewer, told_ms, 0);
    }
}

/* ---- notify, record delivery ---------------------------------------------------------------- */

/* Who gave an opinion tells of it: the handler of its answer, the organ above of its review. */
static uint32_t teller(const struct jb_case *c, enum jb_fact fact)
{
    if (fact == JB_FACT_RECHECK_TOLD)
        return c->rechecker;
    return fact == JB_FACT_REVIEW_TOLD ? c->reviewer : c->host;
}

enum jb_refusal jb_check_notify(struct jb_move *m)
{
    enum jb_fact fact = jb_fact_to_tell(m->c);
    char name[JB_NODE_TEXT];

    if (teller(m->c, fact) != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY, "%s tells the petitioner",
                             jb_node_text(m->book->directory, teller(m->c, fact), name));
    if (m->c->facts_ms[fact] != 0)
        return JB_REFUSE_ALREADY_DONE;
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_notify(struct jb_move *m)
{
    jb_draw_told(m, jb_fact_to_tell(m->c), m->act->told_at_ms);
}

/* May be repeated: a second copy, a second petitioner. The first one counts. */
enum jb_refusal jb_check_record_delivery(struct jb_move *m)
{
    const int64_t *facts_ms = m->c->facts_ms;

    if (facts_ms[JB_FACT_ACCEPTED] == 0 && facts_ms[JB_FACT_DECLINED] == 0 &&
        facts_ms[JB_FACT_ANSWERED] == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "nothing was decided yet");
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

void jb_draw_record_delivery(struct jb_move *m)
{
    enum jb_fact fact = jb_fact_to_tell(m->c);

    if (m->c->facts_ms[fact] == 0)
        jb_draw_told(m, fact, m->act->told_at_ms);
}
