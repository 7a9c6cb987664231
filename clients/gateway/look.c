/* Questions: lists and single things of the agency, read from the agent's copy. */
#include "clients/gateway/handlers.h"

#include <stdio.h>

#include "clients/gateway/result.h"

#define LINE_BYTES 1024

static struct jiaoban_query query(void)
{
    return (struct jiaoban_query){.size = sizeof(struct jiaoban_query)};
}

/* Answer with the list, and the cursor of its last row where it goes on. */
static void show_page(struct jb_gw_request *r, struct jiaoban_result *result,
                      const struct jb_gw_cursor *last, size_t numbers)
{
    char next[JB_GW_CURSOR_TEXT];
    bool more = jiaoban_result_more(result) && jiaoban_result_count(result) > 0;
    if (more)
        jb_gw_cursor_text(last, numbers, next);
    jb_gw_reply_list(r, result, more ? next : NULL);
}

static bool failed(struct jb_gw_request *r, enum jiaoban_status status,
                   struct jiaoban_result *result)
{
    if (status == JIAOBAN_OK)
        return false;
    jb_gw_refuse_status(r, status);
    jiaoban_result_free(result);
    return true;
}

static size_t last_of(const struct jiaoban_result *result)
{
    size_t count = jiaoban_result_count(result);
    return count > 0 ? count - 1 : 0;
}

static bool limit_read(struct jb_gw_request *r, struct jiaoban_query *q)
{
    if (!jb_gw_param_u32(r, "limit", &q->limit))
        return false;
    if (jb_gw_param(&r->target, "limit") == NULL || (q->limit >= 1 && q->limit <= 1000))
        return true;
    jb_gw_refuse_field(r, "limit", "must be 1 to 1000");
    return false;
}

static bool case_read(struct jb_gw_request *r, struct jiaoban_query *q)
{
    return jb_gw_param_text(r, "case", LINE_BYTES, &q->case_number);
}

/* ---- cases ---- */

static void then_cases(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_case *c = jiaoban_result_case(result, last_of(result));
    show_page(r, result, &(struct jb_gw_cursor){.first = c != NULL ? c->case_no : 0}, 1);
}

void jb_gw_get_cases(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    bool good =
        jb_gw_param_word(r, "stage", jb_gw_stages, &q.stage) &&
        jb_gw_param_word(r, "matter", jb_gw_matters, &q.matter) &&
        jb_gw_param_word(r, "light", jb_gw_lights, &q.light) &&
        jb_gw_param_u32(r, "host", &q.node) && jb_gw_param_u32(r, "registrar", &q.registrar) &&
        jb_gw_param_text(r, "text", LINE_BYTES, &q.text) &&
        jb_gw_param_text(r, "class_code", LINE_BYTES, &q.class_code) &&
        jb_gw_param_text(r, "place_code", LINE_BYTES, &q.place_code) &&
        jb_gw_param_u32(r, "flags", &q.flags) && jb_gw_param_bool(r, "open", &q.open_only) &&
        jb_gw_param_bool(r, "mine", &q.mine) && jb_gw_param_bool(r, "objections", &q.objections) &&
        jb_gw_param_i64(r, "from_ms", &q.from_ms) && jb_gw_param_i64(r, "to_ms", &q.to_ms) &&
        limit_read(r, &q) && jb_gw_param_cursor(r, 1, false, &after);
    if (!good)
        return;
    q.after_case_no = after.first;
    jb_gw_ask(r, "cases", &q, JB_GW_ANSWER_MS, then_cases);
}

static void then_case(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    char etag[JB_GW_ETAG_TEXT];
    const struct jiaoban_case *c = jiaoban_result_case(result, 0);
    if (failed(r, status, result))
        return;
    if (c != NULL) {
        jb_gw_case_etag(c, etag);
        jb_gw_header(r, "ETag", etag);
    }
    jb_gw_reply_result(r, 200, result);
}

void jb_gw_get_case(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    q.case_number = r->numbers[0];
    if (!jb_gw_param_bool(r, "timeline", &q.timeline) ||
        !jb_gw_param_bool(r, "persons", &q.persons))
        return;
    if (q.persons && (r->caller.scopes & jb_gw_scope(JB_RIGHT_PERSONS)) == 0) {
        jb_gw_refuse(r, JB_GW_SCOPE, "the token has not the scope persons");
        return;
    }
    jb_gw_ask(r, "case", &q, JB_GW_ANSWER_MS, then_case);
}

void jb_gw_get_explain(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    q.case_number = r->numbers[0];
    if (jb_gw_param_u32(r, "deadline", &q.deadline_id))
        jb_gw_ask(r, "explain", &q, JB_GW_ANSWER_MS, jb_gw_then_show);
}

static void then_receipts(struct jb_gw_request *r, enum jiaoban_status status,
                          struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_entry_receipts *e = jiaoban_result_entry_receipts(result, last_of(result));
    show_page(r, result, &(struct jb_gw_cursor){.first = e != NULL ? (int64_t)e->number : 0}, 1);
}

void jb_gw_get_receipts(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    q.case_number = r->numbers[0];
    if (!limit_read(r, &q) || !jb_gw_param_cursor(r, 1, false, &after))
        return;
    q.number = (uint64_t)after.first;
    jb_gw_ask(r, "receipts", &q, JB_GW_ANSWER_MS, then_receipts);
}

/* A file to be kept, not a page: its name is the case's number. */
static void then_evidence(struct jb_gw_request *r, enum jiaoban_status status,
                          struct jiaoban_result *result)
{
    char name[128];
    char shown[JIAOBAN_TEXT] = "";
    int64_t case_no = 0;
    if (failed(r, status, result))
        return;
    const struct jiaoban_evidence *e = jiaoban_result_evidence(result);
    if (e == NULL || jiaoban_case_number(r->numbers[0], &case_no, shown) != JIAOBAN_OK) {
        jb_gw_refuse(r, JB_GW_AGENT, "the agent's answer holds no evidence");
    } else {
        (void)snprintf(name, sizeof name, "attachment; filename=\"%s.evidence.jsonl\"", shown);
        jb_gw_header(r, "Content-Disposition", name);
        jb_gw_reply_bytes(r, 200, "application/x-ndjson", e->body, e->body_len);
    }
    jiaoban_result_free(result);
}

void jb_gw_get_evidence(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    q.case_number = r->numbers[0];
    if (!jb_gw_param_bool(r, "persons", &q.persons))
        return;
    if (q.persons && (r->caller.scopes & jb_gw_scope(JB_RIGHT_PERSONS)) == 0) {
        jb_gw_refuse(r, JB_GW_SCOPE, "the token has not the scope persons");
        return;
    }
    jb_gw_ask(r, "evidence", &q, JB_GW_LONG_MS, then_evidence);
}

void jb_gw_get_actions(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    q.case_number = r->numbers[0];
    jb_gw_ask(r, "actions", &q, JB_GW_ANSWER_MS, jb_gw_then_show);
}

/* ---- work ---- */

void jb_gw_get_today(struct jb_gw_request *r)
{
    jb_gw_ask(r, "today", NULL, JB_GW_ANSWER_MS, jb_gw_then_show);
}

static void then_deadlines(struct jb_gw_request *r, enum jiaoban_status status,
                           struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_deadline *d = jiaoban_result_deadline(result, last_of(result));
    struct jb_gw_cursor last = {.first = d != NULL ? d->due_ms : 0,
                                .second = d != NULL ? d->case_no : 0};
    show_page(r, result, &last, 2);
}

void jb_gw_get_deadlines(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    if (!case_read(r, &q) || !jb_gw_param_u32(r, "node", &q.node) ||
        !jb_gw_param_bool(r, "mine", &q.mine) || !jb_gw_param_bool(r, "open", &q.open_only) ||
        !jb_gw_param_bool(r, "missed", &q.missed_only) ||
        !jb_gw_param_i64(r, "due_before_ms", &q.due_before_ms) || !limit_read(r, &q) ||
        !jb_gw_param_cursor(r, 2, false, &after))
        return;
    q.after_due_ms = after.first;
    q.after_case_no = after.second;
    jb_gw_ask(r, "deadlines", &q, JB_GW_ANSWER_MS, then_deadlines);
}

static void then_directives(struct jb_gw_request *r, enum jiaoban_status status,
                            struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_directive *d = jiaoban_result_directive(result, last_of(result));
    struct jb_gw_cursor last = {.first = d != NULL ? d->case_no : 0,
                                .second = d != NULL ? (int64_t)d->directive_no : 0};
    show_page(r, result, &last, 2);
}

void jb_gw_get_directives(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    if (!case_read(r, &q) || !jb_gw_param_bool(r, "mine", &q.mine) ||
        !jb_gw_param_bool(r, "issued", &q.issued) || !jb_gw_param_bool(r, "open", &q.open_only) ||
        !jb_gw_param_word(r, "power", jb_gw_powers, &q.power) ||
        !jb_gw_param_word(r, "demand", jb_gw_demands, &q.demand) || !limit_read(r, &q) ||
        !jb_gw_param_cursor(r, 2, false, &after))
        return;
    q.after_case_no = after.first;
    q.after_directive_no = (uint64_t)after.second;
    jb_gw_ask(r, "directives", &q, JB_GW_ANSWER_MS, then_directives);
}

static void then_dockets(struct jb_gw_request *r, enum jiaoban_status status,
                         struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_docket *d = jiaoban_result_docket(result, last_of(result));
    struct jb_gw_cursor last = {.first = d != NULL ? d->case_no : 0,
                                .rest = d != NULL ? d->docket_no : ""};
    show_page(r, result, &last, 1);
}

void jb_gw_get_dockets(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    if (!case_read(r, &q) || !jb_gw_param_bool(r, "open", &q.open_only) || !limit_read(r, &q) ||
        !jb_gw_param_cursor(r, 1, true, &after))
        return;
    q.after_case_no = after.first;
    q.after_docket_no = after.rest;
    jb_gw_ask(r, "dockets", &q, JB_GW_ANSWER_MS, then_dockets);
}

static void then_proposals(struct jb_gw_request *r, enum jiaoban_status status,
                           struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_proposal *p = jiaoban_result_proposal(result, last_of(result));
    show_page(r, result, &(struct jb_gw_cursor){.first = p != NULL ? p->case_no : 0}, 1);
}

void jb_gw_get_proposals(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    if (!case_read(r, &q) || !limit_read(r, &q) || !jb_gw_param_cursor(r, 1, false, &after))
        return;
    q.after_case_no = after.first;
    jb_gw_ask(r, "proposals", &q, JB_GW_ANSWER_MS, then_proposals);
}

void jb_gw_get_delegations(struct jb_gw_request *r)
{
    jb_gw_ask(r, "delegations", NULL, JB_GW_ANSWER_MS, jb_gw_then_show);
}

/* Newest first, or oldest first after an id. */
void jb_gw_get_alarms(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    int64_t after = 0;
    if (!limit_read(r, &q) || !jb_gw_param_i64(r, "after", &after))
        return;
    q.all = jb_gw_param(&r->target, "after") != NULL;
    q.number = (uint64_t)after;
    jb_gw_ask(r, "alarms", &q, JB_GW_ANSWER_MS, jb_gw_then_show);
}

static void then_pending(struct jb_gw_request *r, enum jiaoban_status status,
                         struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_pending *p = jiaoban_result_pending(result, last_of(result));
    show_page(r, result, &(struct jb_gw_cursor){.first = p != NULL ? (int64_t)p->number : 0}, 1);
}

static void ask_pending(struct jb_gw_request *r, struct jiaoban_query *q)
{
    struct jb_gw_cursor after;
    if (!limit_read(r, q) || !jb_gw_param_cursor(r, 1, false, &after))
        return;
    q->number = (uint64_t)after.first;
    jb_gw_ask(r, "pending", q, JB_GW_ANSWER_MS, then_pending);
}

void jb_gw_get_pending(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    ask_pending(r, &q);
}

void jb_gw_get_former(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    q.former = true;
    if (jb_gw_param_bool(r, "all", &q.all))
        ask_pending(r, &q);
}

/* Refused is an answer here, not an error. */
static void then_submission(struct jb_gw_request *r, enum jiaoban_status status,
                            struct jiaoban_result *result)
{
    jb_gw_then_show(r, status == JIAOBAN_REFUSED ? JIAOBAN_OK : status, result);
}

void jb_gw_get_submission(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    int64_t wait_ms = jb_gw_prefer_wait_ms(r, 0);
    if (!jb_gw_u64_read(r->numbers[0], &q.number) || q.number == 0) {
        jb_gw_refuse_field(r, "submission", "must be a number");
        return;
    }
    q.wait_ms = (uint32_t)wait_ms;
    jb_gw_ask(r, "settled", &q, JB_GW_ANSWER_MS + wait_ms, then_submission);
}

/* ---- the agency ---- */

void jb_gw_get_state(struct jb_gw_request *r)
{
    jb_gw_ask(r, "state", NULL, JB_GW_ANSWER_MS, jb_gw_then_show);
}

void jb_gw_get_nodes(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    if (jb_gw_param_text(r, "find", LINE_BYTES, &q.text))
        jb_gw_ask(r, "nodes", &q, JB_GW_ANSWER_MS, jb_gw_then_show);
}

void jb_gw_get_rulebook(struct jb_gw_request *r)
{
    jb_gw_ask(r, "rules", NULL, JB_GW_ANSWER_MS, jb_gw_then_show);
}

void jb_gw_get_rights(struct jb_gw_request *r)
{
    jb_gw_ask(r, "rights", NULL, JB_GW_ANSWER_MS, jb_gw_then_show);
}

void jb_gw_post_verification(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    if (jb_gw_param_bool(r, "ask_broker", &q.ask_broker))
        jb_gw_ask(r, "verify", &q, JB_GW_LONG_MS, jb_gw_then_show);
}

static void then_audit(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    if (failed(r, status, result))
        return;
    const struct jiaoban_audit *row = jiaoban_result_audit(result, last_of(result));
    struct jb_gw_cursor last = {.first = row != NULL ? (int64_t)row->number : 0};
    show_page(r, result, &last, 1);
}

/* Of one case, or all. */
void jb_gw_get_audit(struct jb_gw_request *r)
{
    struct jiaoban_query q = query();
    struct jb_gw_cursor after;
    q.case_number = r->numbers[0];
    if (!jb_gw_param_text(r, "user", LINE_BYTES, &q.text) ||
        !jb_gw_param_i64(r, "from_ms", &q.from_ms) || !limit_read(r, &q) ||
        !jb_gw_param_cursor(r, 1, false, &after))
        return;
    q.number = (uint64_t)after.first;
    jb_gw_ask(r, "audit", &q, JB_GW_ANSWER_MS, then_audit);
}
