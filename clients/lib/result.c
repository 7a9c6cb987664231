/* Results: one decoded reply, its rows, its JSON. Decides what a reply means to the caller. */
#include "clients/lib/client.h"

#include <stdlib.h>

/* A decoded reply and its rows take a multiple of its bytes; more than this is an attack. */
#define ARENA_FACTOR 24
#define ARENA_LEAST ((size_t)256 * 1024)
#define JSON_LIMIT ((size_t)512 * 1024 * 1024)

/* ---- rows ------------------------------------------------------------------------------------ */

typedef const void *(*row_fn)(struct jb_arena *a, const void *view);

/* Adapters, so that a table can hold them: a function is never called by another type. */
#define ADAPTER(name, View, convert)                                                               \
    static const void *name(struct jb_arena *a, const void *view)                                  \
    {                                                                                              \
        const View *v = view;                                                                      \
        return convert(a, v);                                                                      \
    }
ADAPTER(settled_row, Jb__SettledView, jb_client_settled)
ADAPTER(case_row, Jb__CaseView, jb_client_case)
ADAPTER(deadline_row, Jb__DeadlineView, jb_client_deadline)
ADAPTER(node_row, Jb__NodeView, jb_client_node)
ADAPTER(pending_row, Jb__PendingView, jb_client_pending)
ADAPTER(alarm_row, Jb__AlarmView, jb_client_alarm)
ADAPTER(state_row, Jb__StatusView, jb_client_state)
ADAPTER(check_row, Jb__VerifyView, jb_client_check)
ADAPTER(evidence_row, Jb__EvidenceView, jb_client_evidence)
ADAPTER(news_row, Jb__WatchEvent, jb_client_news_row)
ADAPTER(feed_row, Jb__NewsView, jb_client_feed)
ADAPTER(done_row, Jb__Done, jb_client_done)
ADAPTER(directive_row, Jb__DirectiveView, jb_client_directive)
ADAPTER(docket_row, Jb__DocketView, jb_client_docket)
ADAPTER(proposal_row, Jb__ProposalView, jb_client_proposal)
ADAPTER(delegation_row, Jb__DelegationView, jb_client_delegation)
ADAPTER(explain_row, Jb__ExplainView, jb_client_explain)
ADAPTER(had_row, Jb__EntryReceiptsView, jb_client_entry_receipts)
ADAPTER(rule_row, Jb__RuleView, jb_client_rule)
ADAPTER(right_row, Jb__RightView, jb_client_right)
ADAPTER(audit_row, Jb__AuditRow, jb_client_audit)
ADAPTER(public_row, Jb__PublicView, jb_client_public)
ADAPTER(trial_row, Jb__TrialView, jb_client_trial)
ADAPTER(action_row, Jb__ActionView, jb_client_action)
ADAPTER(today_row, Jb__TodayView, jb_client_today)
ADAPTER(part_row, Jb__BlobPart, jb_client_part)
ADAPTER(figure_row, Jb__FigureView, jb_client_figure)
#undef ADAPTER

/* What a reply holds: the message that JSON shows, and the views that become rows. */
struct contents {
    const ProtobufCMessage *body;
    enum jb_client_rows type;
    row_fn make;
    const void *one;   /* a single view */
    void *const *many; /* or count of them */
    size_t count;
    bool more;
};

#define ONE(field, type, make)                                                                     \
    (struct contents)                                                                              \
    {                                                                                              \
        &(field)->base, type, make, field, NULL, 1, false                                          \
    }
#define MANY(list, items, type, make, more)                                                        \
    (struct contents)                                                                              \
    {                                                                                              \
        &(list)->base, type, make, NULL, (void *const *)(list)->items, (list)->n_##items, more     \
    }

/* A single answer; false: it is none. */
static bool contents_single(const Jb__Reply *r, struct contents *c)
{
    switch (r->body_case) {
    case JB__REPLY__BODY_SETTLED:
        *c = ONE(r->settled, JB_ROWS_SETTLED, settled_row);
        return true;
    case JB__REPLY__BODY_CASE_FILE:
        *c = ONE(r->case_file, JB_ROWS_CASE, case_row);
        return true;
    case JB__REPLY__BODY_STATUS:
        *c = ONE(r->status, JB_ROWS_STATE, state_row);
        return true;
    case JB__REPLY__BODY_VERIFY:
        *c = ONE(r->verify, JB_ROWS_CHECK, check_row);
        return true;
    case JB__REPLY__BODY_EVIDENCE:
        *c = ONE(r->evidence, JB_ROWS_EVIDENCE, evidence_row);
        return true;
    case JB__REPLY__BODY_EVENT:
        *c = ONE(r->event, JB_ROWS_NEWS, news_row);
        return true;
    case JB__REPLY__BODY_DONE:
        *c = ONE(r->done, JB_ROWS_DONE, done_row);
        return true;
    case JB__REPLY__BODY_PUBLIC_VIEW:
        *c = ONE(r->public_view, JB_ROWS_PUBLIC, public_row);
        return true;
    case JB__REPLY__BODY_TRIAL:
        *c = ONE(r->trial, JB_ROWS_TRIAL, trial_row);
        return true;
    case JB__REPLY__BODY_BLOB_PART:
        *c = ONE(r->blob_part, JB_ROWS_PART, part_row);
        return true;
    case JB__REPLY__BODY_TODAY:
        *c = ONE(r->today, JB_ROWS_TODAY, today_row);
        return true;
    default:
        return false;
    }
}

static struct contents contents_of(const Jb__Reply *r)
{
    struct contents single;
    if (contents_single(r, &single))
        return single;
    switch (r->body_case) {
    case JB__REPLY__BODY_CASES:
        return MANY(r->cases, cases, JB_ROWS_CASE, case_row, r->cases->more);
    case JB__REPLY__BODY_DEADLINES:
        return MANY(r->deadlines, deadlines, JB_ROWS_DEADLINE, deadline_row, r->deadlines->more);
    case JB__REPLY__BODY_NODES:
        return MANY(r->nodes, nodes, JB_ROWS_NODE, node_row, false);
    case JB__REPLY__BODY_PENDING:
        return MANY(r->pending, items, JB_ROWS_PENDING, pending_row, r->pending->more);
    case JB__REPLY__BODY_ALARMS:
        return MANY(r->alarms, alarms, JB_ROWS_ALARM, alarm_row, r->alarms->more);
    case JB__REPLY__BODY_DIRECTIVES:
        return MANY(r->directives, directives, JB_ROWS_DIRECTIVE, directive_row,
                    r->directives->more);
    case JB__REPLY__BODY_DOCKETS:
        return MANY(r->dockets, dockets, JB_ROWS_DOCKET, docket_row, r->dockets->more);
    case JB__REPLY__BODY_PROPOSALS:
        return MANY(r->proposals, proposals, JB_ROWS_PROPOSAL, proposal_row, r->proposals->more);
    case JB__REPLY__BODY_DELEGATIONS:
        return MANY(r->delegations, delegations, JB_ROWS_DELEGATION, delegation_row, false);
    case JB__REPLY__BODY_EXPLAIN:
        return MANY(r->explain, deadlines, JB_ROWS_EXPLAIN, explain_row, false);
    case JB__REPLY__BODY_RECEIPTS:
        return MANY(r->receipts, entries, JB_ROWS_RECEIPTS, had_row, r->receipts->more);
    case JB__REPLY__BODY_RULES:
        return MANY(r->rules, rules, JB_ROWS_RULE, rule_row, false);
    case JB__REPLY__BODY_RIGHTS:
        return MANY(r->rights, rights, JB_ROWS_RIGHT, right_row, false);
    case JB__REPLY__BODY_AUDIT:
        return MANY(r->audit, rows, JB_ROWS_AUDIT, audit_row, r->audit->more);
    case JB__REPLY__BODY_REPORT:
        return MANY(r->report, figures, JB_ROWS_FIGURE, figure_row, false);
    case JB__REPLY__BODY_ACTIONS:
        return MANY(r->actions, actions, JB_ROWS_ACTION, action_row, false);
    case JB__REPLY__BODY_NEWS:
        return MANY(r->news, news, JB_ROWS_FEED, feed_row, r->news->more);
    case JB__REPLY__BODY_ERROR:
        return (struct contents){.body = &r->error->base};
    default:
        return (struct contents){.body = &r->base};
    }
}
#undef ONE
#undef MANY

/* What stands above the rows of some tables. */
static bool head_make(struct jiaoban_result *r)
{
    if (r->type == JB_ROWS_RULE)
        r->head = jb_client_rulebook(&r->arena, r->reply->rules);
    else if (r->type == JB_ROWS_RIGHT)
        r->head = jb_client_rights(&r->arena, r->reply->rights);
    else if (r->type == JB_ROWS_FIGURE)
        r->head = jb_client_report(&r->arena, r->reply->report);
    else
        return true;
    return r->head != NULL;
}

static bool rows_make(struct jiaoban_result *r)
{
    struct contents c = contents_of(r->reply);
    r->body = c.body;
    r->type = c.type;
    r->more = c.more;
    r->rows = jb_arena_alloc(&r->arena, (c.count + 1) * sizeof *r->rows);
    if (r->rows == NULL)
        return false;
    for (; r->count < c.count; r->count++) {
        r->rows[r->count] = c.make(&r->arena, c.many != NULL ? c.many[r->count] : c.one);
        if (r->rows[r->count] == NULL)
            return false;
    }
    r->own_count = r->count;
    return head_make(r);
}

/* ---- one result ------------------------------------------------------------------------------ */

struct jiaoban_result *jb_client_result_new(struct jiaoban *j, struct jb_bytes frame,
                                            enum jiaoban_status *status)
{
    struct jb_fault fault = {""};
    ProtobufCMessage *message = NULL;
    struct jiaoban_result *r = calloc(1, sizeof *r);

    if (r == NULL) {
        *status = jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
        return NULL;
    }
    jb_arena_init(&r->arena, ARENA_FACTOR * frame.len + ARENA_LEAST);
    jb_arena_init(&r->json_arena, JSON_LIMIT);
    enum jb_err err = jb_message_decode(&jb__reply__descriptor, frame, &r->arena, &message, &fault);
    if (err != JB_OK) {
        *status = jb_client_fail(j, (enum jiaoban_status)err, "cannot read the reply of %s: %s",
                                 j->path, fault.text);
        jiaoban_result_free(r);
        return NULL;
    }
    r->reply = (const Jb__Reply *)message;
    if (!rows_make(r)) {
        *status = jb_client_fail(j, JIAOBAN_NOMEM, "out of memory for the reply of %s", j->path);
        jiaoban_result_free(r);
        return NULL;
    }
    return r;
}

static enum jiaoban_status settled_status(struct jiaoban *j, const struct jiaoban_settled *s)
{
    if (s->accepted || s->pending)
        return JIAOBAN_OK;
    bool holder = s->holder != 0;
    return jb_client_fail(j, JIAOBAN_REFUSED, "refused by %s%s%s%s: %s%s%s", s->name,
                          s->article[0] != '\0' ? " (article " : "", s->article,
                          s->article[0] != '\0' ? ")" : "", s->detail,
                          holder ? "; present holder: " : "", holder ? s->holder_name : "");
}

enum jiaoban_status jb_client_result_status(struct jiaoban *j, const struct jiaoban_result *r)
{
    if (r->type == JB_ROWS_SETTLED)
        return settled_status(j, jiaoban_result_settled(r));
    if (r->reply->body_case == JB__REPLY__BODY_ERROR) {
        const Jb__ErrorView *e = r->reply->error;
        enum jiaoban_status status = (enum jiaoban_status)e->error;
        if (status == JIAOBAN_OK)
            status = JIAOBAN_MALFORMED;
        const char *text = jb_client_text(e->text);
        return jb_client_fail(j, status, "%s",
                              text[0] != '\0' ? text : jiaoban_status_text(status));
    }
    if (r->type == JB_ROWS_NONE)
        return jb_client_fail(j, JIAOBAN_UNSUPPORTED,
                              "the reply of %s is of a kind that libjiaoban %s does not know",
                              j->path, jiaoban_version());
    return JIAOBAN_OK;
}

void jiaoban_result_free(struct jiaoban_result *r)
{
    while (r != NULL) {
        struct jiaoban_result *next = r->next;
        jb_arena_fini(&r->arena);
        jb_arena_fini(&r->json_arena);
        free(r);
        r = next;
    }
}

/* ---- access ---------------------------------------------------------------------------------- */

size_t jiaoban_result_count(const struct jiaoban_result *r)
{
    return r != NULL ? r->count : 0;
}

bool jiaoban_result_more(const struct jiaoban_result *r)
{
    return r != NULL && r->more;
}

const struct jiaoban_settled *jiaoban_result_settled(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_SETTLED, 0);
}

const struct jiaoban_case *jiaoban_result_case(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_CASE, i);
}

const struct jiaoban_deadline *jiaoban_result_deadline(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_DEADLINE, i);
}

const struct jiaoban_node *jiaoban_result_node(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_NODE, i);
}

const struct jiaoban_pending *jiaoban_result_pending(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_PENDING, i);
}

const struct jiaoban_alarm *jiaoban_result_alarm(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_ALARM, i);
}

const struct jiaoban_state *jiaoban_result_state(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_STATE, 0);
}

const struct jiaoban_check *jiaoban_result_check(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_CHECK, 0);
}

const struct jiaoban_evidence *jiaoban_result_evidence(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_EVIDENCE, 0);
}

const struct jiaoban_news *jiaoban_result_news(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_NEWS, 0);
}

const struct jiaoban_done *jiaoban_result_done(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_DONE, 0);
}

const struct jiaoban_directive *jiaoban_result_directive(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_DIRECTIVE, i);
}

const struct jiaoban_docket *jiaoban_result_docket(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_DOCKET, i);
}

const struct jiaoban_proposal *jiaoban_result_proposal(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_PROPOSAL, i);
}

const struct jiaoban_delegation *jiaoban_result_delegation(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_DELEGATION, i);
}

const struct jiaoban_entry_receipts *jiaoban_result_entry_receipts(const struct jiaoban_result *r,
                                                                   size_t i)
{
    return jb_client_row(r, JB_ROWS_RECEIPTS, i);
}

const struct jiaoban_explain *jiaoban_result_explain(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_EXPLAIN, i);
}

const struct jiaoban_rule *jiaoban_result_rule(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_RULE, i);
}

const struct jiaoban_right *jiaoban_result_right(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_RIGHT, i);
}

const struct jiaoban_rights *jiaoban_result_rights(const struct jiaoban_result *r)
{
    return r != NULL && r->type == JB_ROWS_RIGHT ? r->head : NULL;
}

const struct jiaoban_audit *jiaoban_result_audit(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_AUDIT, i);
}

const struct jiaoban_figure *jiaoban_result_figure(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_FIGURE, i);
}

const struct jiaoban_public *jiaoban_result_public(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_PUBLIC, 0);
}

const struct jiaoban_trial *jiaoban_result_trial(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_TRIAL, 0);
}

const struct jiaoban_action *jiaoban_result_action(const struct jiaoban_result *r, size_t i)
{
    return jb_client_row(r, JB_ROWS_ACTION, i);
}

const struct jiaoban_part *jiaoban_result_part(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_PART, 0);
}

const struct jiaoban_today *jiaoban_result_today(const struct jiaoban_result *r)
{
    return jb_client_row(r, JB_ROWS_TODAY, 0);
}

const struct jiaoban_rulebook *jiaoban_result_rulebook(const struct jiaoban_result *r)
{
    return r != NULL && r->type == JB_ROWS_RULE ? r->head : NULL;
}

const struct jiaoban_report *jiaoban_result_report(const struct jiaoban_result *r)
{
    return r != NULL && r->type == JB_ROWS_FIGURE ? r->head : NULL;
}

const char *jiaoban_result_json(struct jiaoban_result *r, int indent)
{
    struct jb_text json = {NULL, 0};
    if (r == NULL)
        return NULL;
    jb_arena_reset(&r->json_arena);
    const ProtobufCMessage *whole = jb_client_whole(r);
    if (whole == NULL || jb_message_json(whole, indent, &r->json_arena, &json) != JB_OK)
        return NULL;
    return json.data;
}
