/* Questions: one row each, from the public struct to the request. */
#include "clients/lib/client.h"

#include "proto/rules/caseno.h"

#define QUERY_FIRST_BYTES (offsetof(struct jiaoban_query, wait_ms) + sizeof(uint32_t))

/* Every body that a question can have. */
union body {
    Jb__GetCases cases;
    Jb__GetCase case_file;
    Jb__GetDeadlines deadlines;
    Jb__GetNodes nodes;
    Jb__GetPending pending;
    Jb__GetSettled settled;
    Jb__GetStatus status;
    Jb__GetAlarms alarms;
    Jb__DoVerify verify;
    Jb__DoWatch watch;
    Jb__GetNews news;
    Jb__GetDirectives directives;
    Jb__GetDockets dockets;
    Jb__GetProposals proposals;
    Jb__GetDelegations delegations;
    Jb__GetExplain explain;
    Jb__GetRules rules;
    Jb__GetRights rights;
    Jb__GetAudit audit;
    Jb__GetPublic public_query;
    Jb__GetReport report;
    Jb__GetEvidence evidence;
    Jb__GetActions actions;
    Jb__GetToday today;
    Jb__GetReceipts receipts;
};

/* Set a field of a request when it is given. */
#define SET(message, field, value)                                                                 \
    do {                                                                                           \
        (message)->has_##field = (value) != 0;                                                     \
        (message)->field = (value);                                                                \
    } while (0)

static char *borrowed(const char *text)
{
    return text != NULL && text[0] != '\0' ? (char *)(uintptr_t)text : NULL;
}

/* Those without fields. */
#define FILL_EMPTY(name, NAME)                                                                     \
    static void fill_##name(const struct jiaoban_query *q, int64_t no, Jb__Request *r,             \
                            union body *b)                                                         \
    {                                                                                              \
        (void)q;                                                                                   \
        (void)no;                                                                                  \
        jb__get_##name##__init(&b->name);                                                          \
        r->body_case = JB__REQUEST__BODY_##NAME;                                                   \
        r->name = &b->name;                                                                        \
    }
FILL_EMPTY(status, STATUS)
FILL_EMPTY(delegations, DELEGATIONS)
FILL_EMPTY(rules, RULES)
FILL_EMPTY(rights, RIGHTS)
FILL_EMPTY(today, TODAY)
#undef FILL_EMPTY

static void fill_cases(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    Jb__GetCases *m = &b->cases;
    (void)no;
    jb__get_cases__init(m);
    SET(m, stage, (uint32_t)q->stage);
    SET(m, host, q->node);
    SET(m, registrar, q->registrar);
    SET(m, matter, (uint32_t)q->matter);
    SET(m, open_only, q->open_only);
    SET(m, mine, q->mine);
    SET(m, objections, q->objections);
    SET(m, registered_from_ms, q->from_ms);
    SET(m, registered_to_ms, q->to_ms);
    SET(m, after_case_no, q->after_case_no);
    SET(m, limit, q->limit);
    m->has_light = q->light != 0;
    m->light = (Jb__Light)q->light;
    m->text = borrowed(q->text);
    m->class_code = borrowed(q->class_code);
    m->place_code = borrowed(q->place_code);
    SET(m, flags, q->flags);
    r->body_case = JB__REQUEST__BODY_CASES;
    r->cases = m;
}

static void fill_case(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_case__init(&b->case_file);
    SET(&b->case_file, case_no, no);
    SET(&b->case_file, with_timeline, q->timeline);
    SET(&b->case_file, with_persons, q->persons);
    b->case_file.on_behalf_of = borrowed(q->on_behalf_of);
    r->body_case = JB__REQUEST__BODY_CASE_FILE;
    r->case_file = &b->case_file;
}

static void fill_deadlines(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    Jb__GetDeadlines *m = &b->deadlines;
    jb__get_deadlines__init(m);
    SET(m, case_no, no);
    SET(m, mine, q->mine);
    SET(m, open_only, q->open_only);
    SET(m, missed_only, q->missed_only);
    SET(m, due_before_ms, q->due_before_ms);
    SET(m, limit, q->limit);
    SET(m, node, q->node);
    SET(m, after_due_ms, q->after_due_ms);
    SET(m, after_case_no, q->after_case_no);
    r->body_case = JB__REQUEST__BODY_DEADLINES;
    r->deadlines = m;
}

static void fill_nodes(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_nodes__init(&b->nodes);
    b->nodes.find = borrowed(q->text);
    r->body_case = JB__REQUEST__BODY_NODES;
    r->nodes = &b->nodes;
}

static void fill_pending(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_pending__init(&b->pending);
    SET(&b->pending, limit, q->limit);
    SET(&b->pending, former, q->former);
    SET(&b->pending, all, q->all);
    SET(&b->pending, after, q->number);
    r->body_case = JB__REQUEST__BODY_PENDING;
    r->pending = &b->pending;
}

static void fill_settled(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_settled__init(&b->settled);
    SET(&b->settled, number, q->number);
    SET(&b->settled, wait_ms, q->wait_ms);
    r->body_case = JB__REQUEST__BODY_SETTLED;
    r->settled = &b->settled;
}

static void fill_alarms(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_alarms__init(&b->alarms);
    SET(&b->alarms, limit, q->limit);
    SET(&b->alarms, all, q->all);
    SET(&b->alarms, after, q->number);
    r->body_case = JB__REQUEST__BODY_ALARMS;
    r->alarms = &b->alarms;
}

static void fill_verify(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__do_verify__init(&b->verify);
    SET(&b->verify, ask_broker, q->ask_broker);
    r->body_case = JB__REQUEST__BODY_VERIFY;
    r->verify = &b->verify;
}

static void fill_watch(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__do_watch__init(&b->watch);
    SET(&b->watch, after_number, q->number);
    SET(&b->watch, alarms, q->alarms);
    r->body_case = JB__REQUEST__BODY_WATCH;
    r->watch = &b->watch;
}

static void fill_news(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_news__init(&b->news);
    SET(&b->news, after_number, q->number);
    SET(&b->news, limit, q->limit);
    SET(&b->news, alarms, q->alarms);
    r->body_case = JB__REQUEST__BODY_NEWS;
    r->news = &b->news;
}

static void fill_feed(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    fill_news(q, no, r, b);
    SET(&b->news, follow, true);
}

static void fill_directives(const struct jiaoban_query *q, int64_t no, Jb__Request *r,
                            union body *b)
{
    Jb__GetDirectives *m = &b->directives;
    jb__get_directives__init(m);
    SET(m, case_no, no);
    SET(m, mine, q->mine);
    SET(m, issued, q->issued);
    SET(m, open_only, q->open_only);
    SET(m, power, (uint32_t)q->power);
    SET(m, demand, (uint32_t)q->demand);
    SET(m, limit, q->limit);
    SET(m, after_case_no, q->after_case_no);
    SET(m, after_no, q->after_directive_no);
    r->body_case = JB__REQUEST__BODY_DIRECTIVES;
    r->directives = m;
}

static void fill_dockets(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    Jb__GetDockets *m = &b->dockets;
    jb__get_dockets__init(m);
    SET(m, case_no, no);
    SET(m, open_only, q->open_only);
    SET(m, limit, q->limit);
    SET(m, after_case_no, q->after_case_no);
    m->after_no = borrowed(q->after_docket_no);
    r->body_case = JB__REQUEST__BODY_DOCKETS;
    r->dockets = m;
}

static void fill_proposals(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_proposals__init(&b->proposals);
    SET(&b->proposals, case_no, no);
    SET(&b->proposals, limit, q->limit);
    SET(&b->proposals, after_case_no, q->after_case_no);
    r->body_case = JB__REQUEST__BODY_PROPOSALS;
    r->proposals = &b->proposals;
}

static void fill_explain(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_explain__init(&b->explain);
    SET(&b->explain, case_no, no);
    SET(&b->explain, deadline_id, q->deadline_id);
    r->body_case = JB__REQUEST__BODY_EXPLAIN;
    r->explain = &b->explain;
}

static void fill_receipts(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_receipts__init(&b->receipts);
    SET(&b->receipts, case_no, no);
    SET(&b->receipts, after_number, q->number);
    SET(&b->receipts, limit, q->limit);
    r->body_case = JB__REQUEST__BODY_RECEIPTS;
    r->receipts = &b->receipts;
}

static void fill_audit(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_audit__init(&b->audit);
    SET(&b->audit, case_no, no);
    SET(&b->audit, since_ms, q->from_ms);
    SET(&b->audit, after_number, q->number);
    SET(&b->audit, limit, q->limit);
    b->audit.user = borrowed(q->text);
    r->body_case = JB__REQUEST__BODY_AUDIT;
    r->audit = &b->audit;
}

static void fill_public(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_public__init(&b->public_query);
    b->public_query.name = borrowed(q->name);
    b->public_query.query_code = borrowed(q->query_code);
    r->body_case = JB__REQUEST__BODY_PUBLIC_QUERY;
    r->public_query = &b->public_query;
}

static void fill_report(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    Jb__GetReport *m = &b->report;
    (void)no;
    jb__get_report__init(m);
    SET(m, from_ms, q->from_ms);
    SET(m, to_ms, q->to_ms);
    SET(m, node, q->node);
    SET(m, cases, q->cases);
    m->indicator = borrowed(q->indicator);
    m->counts = borrowed(q->counts);
    r->body_case = JB__REQUEST__BODY_REPORT;
    r->report = m;
}

static void fill_actions(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)q;
    jb__get_actions__init(&b->actions);
    SET(&b->actions, case_no, no);
    r->body_case = JB__REQUEST__BODY_ACTIONS;
    r->actions = &b->actions;
}

static void fill_evidence(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_evidence__init(&b->evidence);
    SET(&b->evidence, case_no, no);
    SET(&b->evidence, with_persons, q->persons);
    r->body_case = JB__REQUEST__BODY_EVIDENCE;
    r->evidence = &b->evidence;
}
#undef SET

enum need { /* what a question cannot do without */
    NEED_NOTHING,
    NEED_CASE,
    NEED_NUMBER,
    NEED_NAME_AND_CODE,
    NEED_PERIOD
};

static const struct question {
    const char *what;
    void (*fill)(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b);
    uint32_t timeout_ms; /* 0: answers until the connection ends */
    enum need need;
} questions[] = {
    {"cases", fill_cases, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"case", fill_case, JB_CLIENT_TIMEOUT_MS, NEED_CASE},
    {"deadlines", fill_deadlines, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"nodes", fill_nodes, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"pending", fill_pending, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"settled", fill_settled, JB_CLIENT_TIMEOUT_MS, NEED_NUMBER},
    {"state", fill_status, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"alarms", fill_alarms, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"verify", fill_verify, JB_CLIENT_LONG_MS, NEED_NOTHING},
    {"watch", fill_watch, 0, NEED_NOTHING},
    {"news", fill_news, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"feed", fill_feed, 0, NEED_NOTHING},
    {"directives", fill_directives, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"dockets", fill_dockets, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"proposals", fill_proposals, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"delegations", fill_delegations, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"explain", fill_explain, JB_CLIENT_TIMEOUT_MS, NEED_CASE},
    {"receipts", fill_receipts, JB_CLIENT_TIMEOUT_MS, NEED_CASE},
    {"rules", fill_rules, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"rights", fill_rights, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"audit", fill_audit, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
    {"public", fill_public, JB_CLIENT_TIMEOUT_MS, NEED_NAME_AND_CODE},
    {"report", fill_report, JB_CLIENT_LONG_MS, NEED_PERIOD},
    {"evidence", fill_evidence, JB_CLIENT_LONG_MS, NEED_CASE},
    {"actions", fill_actions, JB_CLIENT_TIMEOUT_MS, NEED_CASE},
    {"today", fill_today, JB_CLIENT_TIMEOUT_MS, NEED_NOTHING},
};

static const struct question *question_find(const char *what)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        if (strcmp(questions[i].what, what) == 0)
            return &questions[i];
    return NULL;
}

static enum jiaoban_status texts_check(struct jiaoban *j, const struct jiaoban_query *q)
{
    const struct {
        const char *what, *text;
    } texts[] = {{"text", q->text},
                 {"class_code", q->class_code},
                 {"place_code", q->place_code},
                 {"on_behalf_of", q->on_behalf_of},
                 {"after_docket_no", q->after_docket_no},
                 {"name", q->name},
                 {"query_code", q->query_code},
                 {"indicator", q->indicator},
                 {"counts", q->counts}};
    enum jiaoban_status status = JIAOBAN_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == JIAOBAN_OK; i++)
        status = jb_client_text_check(j, texts[i].what, texts[i].text, JB_LIMIT_LINE);
    return status;
}

static enum jiaoban_status needs_check(struct jiaoban *j, enum need need,
                                       const struct jiaoban_query *q)
{
    if (need == NEED_CASE && borrowed(q->case_number) == NULL)
        return jb_client_fail(j, JIAOBAN_MISSING, "the case number is missing");
    if (need == NEED_NUMBER && q->number == 0)
        return jb_client_fail(j, JIAOBAN_MISSING, "the number of the submission is missing");
    if (need == NEED_NAME_AND_CODE &&
        (borrowed(q->name) == NULL || borrowed(q->query_code) == NULL))
        return jb_client_fail(j, JIAOBAN_MISSING, "name and query code are needed");
    if (need == NEED_PERIOD && (q->from_ms == 0 || q->to_ms <= q->from_ms))
        return jb_client_fail(j, JIAOBAN_MISSING,
                              "the period is missing, or ends before it begins");
    return JIAOBAN_OK;
}

/* Check the caller's struct and fill in the request; texts stay the caller's. */
static enum jiaoban_status question_read(struct jiaoban *j, const struct question *question,
                                         const struct jiaoban_query *q, Jb__Request *request,
                                         union body *body)
{
    struct jiaoban_query ours;
    struct jb_fault fault = {""};
    int64_t case_no = 0;
    enum jiaoban_status status = jb_client_args(j, q, &ours, sizeof ours, QUERY_FIRST_BYTES);

    if (status == JIAOBAN_OK)
        status = texts_check(j, &ours);
    if (status == JIAOBAN_OK)
        status = needs_check(j, question->need, &ours);
    if (status != JIAOBAN_OK)
        return status;
    if (borrowed(ours.case_number) != NULL) {
        enum jb_err err = jb_caseno_parse(jb_text_of(ours.case_number), &case_no, &fault);
        if (err != JB_OK)
            return jb_client_fail(j, (enum jiaoban_status)err, "%s", fault.text);
    }
    question->fill(&ours, case_no, request, body);
    request->on_behalf_of = borrowed(ours.on_behalf_of);
    return JIAOBAN_OK;
}

static enum jiaoban_status ask(struct jiaoban *j, const char *what, const struct jiaoban_query *q,
                               struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    union body body;
    const struct question *question = question_find(what);

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = question_read(j, question, q, &request, &body);
    if (status != JIAOBAN_OK)
        return status;
    uint32_t wait_ms = question->need == NEED_NUMBER && q != NULL ? q->wait_ms : 0;
    if (wait_ms > UINT32_MAX - question->timeout_ms)
        wait_ms = UINT32_MAX - question->timeout_ms;
    return jb_client_call(j, &request, question->timeout_ms + wait_ms, out);
}

enum jiaoban_status jiaoban_request_async(struct jiaoban *j, const char *what,
                                          const struct jiaoban_query *q, jiaoban_answer_fn fn,
                                          void *data, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    union body body;
    const struct question *question = question_find(what);

    if (question == NULL)
        return jb_client_fail(j, JIAOBAN_UNSUPPORTED, "libjiaoban %s knows no question \"%s\"",
                              jiaoban_version(), what);
    enum jiaoban_status status = question_read(j, question, q, &request, &body);
    if (status != JIAOBAN_OK)
        return status;
    struct jb_client_call call = {.fn = fn, .data = data, .many = question->timeout_ms == 0};
    return jb_client_begin(j, &request, &call, id);
}

#define QUESTION(name, what)                                                                       \
    enum jiaoban_status name(JIAOBAN_QUESTION)                                                     \
    {                                                                                              \
        return ask(j, what, q, out);                                                               \
    }
QUESTION(jiaoban_get_cases, "cases")
QUESTION(jiaoban_get_case, "case")
QUESTION(jiaoban_get_deadlines, "deadlines")
QUESTION(jiaoban_get_nodes, "nodes")
QUESTION(jiaoban_get_pending, "pending")
QUESTION(jiaoban_get_settled, "settled")
QUESTION(jiaoban_get_state, "state")
QUESTION(jiaoban_get_alarms, "alarms")
QUESTION(jiaoban_verify, "verify")
QUESTION(jiaoban_get_directives, "directives")
QUESTION(jiaoban_get_dockets, "dockets")
QUESTION(jiaoban_get_proposals, "proposals")
QUESTION(jiaoban_get_delegations, "delegations")
QUESTION(jiaoban_get_explain, "explain")
QUESTION(jiaoban_get_receipts, "receipts")
QUESTION(jiaoban_get_rules, "rules")
QUESTION(jiaoban_get_rights, "rights")
QUESTION(jiaoban_get_audit, "audit")
QUESTION(jiaoban_get_public, "public")
QUESTION(jiaoban_get_report, "report")
QUESTION(jiaoban_get_evidence, "evidence")
QUESTION(jiaoban_get_actions, "actions")
QUESTION(jiaoban_get_today, "today")
#undef QUESTION
