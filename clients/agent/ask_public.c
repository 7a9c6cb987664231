/* A petitioner's own question: a name and the query code that was given at registration.
 *
 * Answers with days and documents only: registered, each hop, the transfer to the competent organ,
 * notices and opinions. No name of an agency or a person, no text, no deadline, no rating. Whatever
 * does not fit gives one and the same answer, and wrong codes are slowed down. */
#include "clients/agent/requests.h"

#include <stdlib.h>

#include "proto/base/log.h"

#define WRONG_MS 60000

/* ---- against guessing ---- */

/* So many wrong codes within the last minute, by the wall clock in either direction. */
static bool too_many_wrong(const struct jb_agent *a, int64_t now_ms)
{
    for (size_t i = 0; i < JB_AGENT_WRONG_MAX; i++) {
        int64_t at_ms = a->wrong_codes_ms[i];
        if (at_ms == 0 || llabs(now_ms - at_ms) >= WRONG_MS)
            return false;
    }
    return true;
}

/* A gateway serves many petitioners: it slows down who guesses, by address and code. Here one who
 * guesses there would shut out everybody. */
static bool slows_itself(const struct jb_agent_request *r)
{
    return jb_agent_roles_given(r->agent->config) && r->roles == JB_STAFF_BIT(GATEWAY);
}

static void note_wrong(struct jb_agent *a, int64_t now_ms)
{
    a->wrong_codes_ms[a->wrong_next] = now_ms;
    a->wrong_next = (a->wrong_next + 1) % JB_AGENT_WRONG_MAX;
}

/* ---- is it the petitioner? ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct jb_text trimmed(struct jb_text t)
{
    while (t.len > 0 && is_blank(t.data[0])) {
        t.data++;
        t.len--;
    }
    while (t.len > 0 && is_blank(t.data[t.len - 1]))
        t.len--;
    return t;
}

static bool names_one(const struct jb_persons *persons, struct jb_text name)
{
    for (size_t i = 0; i < persons->count; i++)
        if (jb_text_equal(trimmed(persons->at[i].name), name))
            return true;
    return false;
}

/* The case of that code, if the name is one of its petitioners'. NOT_FOUND for everything else. */
static enum jb_err find_case(struct jb_agent_request *r, int64_t *case_no)
{
    const Jb__GetPublic *q = r->request->public_query;
    struct jb_text name = trimmed(jb_text_of(q->name));
    struct jb_persons persons = {NULL, 0};
    struct jb_entry registered;
    uint8_t hash[JB_HASH_BYTES];
    enum jb_err err = jb_query_code_hash(jb_text_of(q->query_code), hash);
    if (err == JB_OK)
        err = jb_query_by_code(r->agent->ledger, hash, case_no);
    if (err == JB_OK)
        err = jb_query_register(r->agent->ledger, *case_no, r->arena, &registered);
    if (err == JB_OK)
        err = jb_agent_unseal_persons(r, *case_no, registered.act.sealed, &persons);
    if (err == JB_OK)
        err = jb_agent_access_note(r, *case_no, JB_AUDIT_NAME);
    if (err == JB_NOMEM || err == JB_IO)
        return err;
    return err == JB_OK && name.len > 0 && names_one(&persons, name) ? JB_OK : JB_NOT_FOUND;
}

/* ---- what may be said ---- */

/* Acts that are notices or opinions to the petitioner, or his own steps: word, the fact that it
 * made of the whole case (a co-handler's part makes none), and where the document's number stands.
 */
static const struct said {
    enum jb_act_kind kind;
    const char *what;
    int fact;        /* JB_FACT_*; 0: whatever it made */
    size_t document; /* offset of a text in struct jb_act; 0: none */
    bool told_only;  /* only when the petitioner was told of it */
} said_rows[] = {
    {JB_ACT_REGISTER, "registered", 0, 0, false},
    {JB_ACT_REFER, "transferred", 0, 0, false},
    {JB_ACT_ACCEPT, "accepted", JB_FACT_ACCEPTED, offsetof(struct jb_act, notice_no), false},
    {JB_ACT_DECLINE, "declined", JB_FACT_DECLINED, offsetof(struct jb_act, notice_no), false},
    {JB_ACT_NOTIFY, "told", 0, offsetof(struct jb_act, notice_no), true},
    {JB_ACT_RECORD_DELIVERY, "delivered", 0, offsetof(struct jb_act, notice_no), true},
    {JB_ACT_EXTEND, "extended", 0, 0, true},
    {JB_ACT_ANSWER, "answered", JB_FACT_ANSWERED, offsetof(struct jb_act, opinion_no), false},
    {JB_ACT_REQUEST_REVIEW, "review_asked", 0, 0, false},
    {JB_ACT_GIVE_REVIEW, "reviewed", JB_FACT_REVIEWED, offsetof(struct jb_act, opinion_no), false},
    {JB_ACT_REQUEST_RECHECK, "recheck_asked", 0, 0, false},
    {JB_ACT_GIVE_RECHECK, "rechecked", JB_FACT_RECHECKED, offsetof(struct jb_act, opinion_no),
     false},
};

struct telling {
    struct jb_agent_views v;
    Jb__PublicView *view;
    size_t capacity;
};

static enum jb_err say(struct telling *t, const char *what, int64_t at_ms, struct jb_text document)
{
    Jb__PublicRowView *w = jb_arena_alloc(t->v.arena, sizeof *w);
    if (w == NULL)
        return JB_NOMEM;
    jb__public_row_view__init(w);
    JB_PUT(w, day_ms, jb_date_start_ms(jb_date_of_instant(at_ms)));
    w->what = jb_agent_view_text(&t->v, jb_text_of(what));
    w->document = jb_agent_view_text(&t->v, document);
    t->view->rows[t->view->n_rows++] = w;
    return JB_OK;
}

static bool has_effect(const struct jb_entry *e, enum jb_effect_kind kind, int fact)
{
    for (size_t i = 0; i < e->effect_count; i++)
        if (e->effects[i].kind == kind && (fact == 0 || e->effects[i].fact == fact))
            return true;
    return false;
}

/* By the act that made it; any other entry that moved the case is a hop, and one by which the
 * present handler confirmed it says that it arrived. A co-handler's part is not public. */
static enum jb_err say_entry(struct telling *t, const struct jb_entry *e)
{
    static const struct jb_text none = {"", 0};
    for (size_t i = 0; i < sizeof said_rows / sizeof said_rows[0]; i++) {
        const struct said *said = &said_rows[i];
        struct jb_text document = none;
        if (said->kind != e->act.kind)
            continue;
        if ((said->fact != 0 && !has_effect(e, JB_EFFECT_FACT_SET, said->fact)) ||
            (said->told_only && e->act.told_at_ms == 0))
            return JB_OK;
        if (said->document != 0)
            memcpy(&document, (const char *)&e->act + said->document, sizeof document);
        return say(t, said->what, e->act.told_at_ms != 0 ? e->act.told_at_ms : e->at_ms, document);
    }
    if (has_effect(e, JB_EFFECT_CUSTODY_MOVED, 0))
        return say(t, "sent", e->at_ms, none);
    if (has_effect(e, JB_EFFECT_FACT_SET, JB_FACT_SIGNED))
        return say(t, "signed", e->at_ms, none);
    return JB_OK;
}

/* Stable: what fell on one day stays in the order of the log. */
static void sort_rows(Jb__PublicView *view)
{
    for (size_t i = 1; i < view->n_rows; i++) {
        Jb__PublicRowView *row = view->rows[i];
        size_t k = i;
        for (; k > 0 && view->rows[k - 1]->day_ms > row->day_ms; k--)
            view->rows[k] = view->rows[k - 1];
        view->rows[k] = row;
    }
}

static enum jb_err tell(struct jb_agent_request *r, int64_t case_no, Jb__PublicView *view)
{
    struct telling t = {.v = jb_agent_request_views(r), .view = view};
    struct jb_timeline_row *rows = NULL;
    size_t count = 0;
    enum jb_err err = jb_query_timeline(r->agent->ledger, case_no, r->arena, &rows, &count);
    view->number = jb_agent_view_number(&t.v, case_no);
    view->rows = jb_agent_view_array(r->arena, count);
    if (err == JB_OK && view->rows == NULL)
        err = JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = say_entry(&t, &rows[i].entry);
    if (err == JB_OK)
        sort_rows(view);
    return err;
}

enum jb_err jb_agent_get_public(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    int64_t case_no = 0;
    if (!slows_itself(r) && too_many_wrong(a, r->now_ms))
        return jb_fault_set(&r->fault, JB_BUSY, "too many wrong questions: try again in a minute");
    Jb__PublicView *view = jb_arena_alloc(r->arena, sizeof *view);
    if (view == NULL)
        return JB_NOMEM;
    jb__public_view__init(view);
    enum jb_err err = find_case(r, &case_no);
    if (err == JB_NOT_FOUND) {
        if (!slows_itself(r))
            note_wrong(a, r->now_ms);
        jb_log(JB_LOG_WARNING, a->config->code, "public.wrong", "user=%s", r->user.data);
        return jb_fault_set(&r->fault, err, "name and query code do not fit");
    }
    if (err == JB_OK)
        err = tell(r, case_no, view);
    if (err == JB_OK)
        jb_log(JB_LOG_NOTICE, view->number, "public.asked", "user=%s", r->user.data);
    reply->body_case = JB__REPLY__BODY_PUBLIC_VIEW;
    reply->public_view = view;
    return err;
}
