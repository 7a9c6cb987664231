/* Questions: one row each, from the public struct to the request. Watching is a question whose
 * answers keep coming. */
#include "clients/lib/client.h"

#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/rules/caseno.h"

#define QUERY_FIRST_BYTES (offsetof(struct jiaoban_query, wait_ms) + sizeof(uint32_t))
#define NEWS_MAX 4096 /* events that wait for jiaoban_watch_next */
#define NAMES_SHOWN 4 /* of the agencies that an ambiguous name could mean */

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
    r->body_case = JB__REQUEST__BODY_CASES;
    r->cases = m;
}

static void fill_case(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    jb__get_case__init(&b->case_file);
    SET(&b->case_file, case_no, no);
    SET(&b->case_file, with_timeline, q->timeline);
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

static void fill_status(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)q;
    (void)no;
    jb__get_status__init(&b->status);
    r->body_case = JB__REQUEST__BODY_STATUS;
    r->status = &b->status;
}

static void fill_alarms(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b)
{
    (void)no;
    jb__get_alarms__init(&b->alarms);
    SET(&b->alarms, limit, q->limit);
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
#undef SET

static const struct question {
    const char *what;
    void (*fill)(const struct jiaoban_query *q, int64_t no, Jb__Request *r, union body *b);
    uint32_t timeout_ms;
    bool case_required, number_required;
} questions[] = {
    {"cases", fill_cases, JB_CLIENT_TIMEOUT_MS, false, false},
    {"case", fill_case, JB_CLIENT_TIMEOUT_MS, true, false},
    {"deadlines", fill_deadlines, JB_CLIENT_TIMEOUT_MS, false, false},
    {"nodes", fill_nodes, JB_CLIENT_TIMEOUT_MS, false, false},
    {"pending", fill_pending, JB_CLIENT_TIMEOUT_MS, false, false},
    {"settled", fill_settled, JB_CLIENT_TIMEOUT_MS, false, true},
    {"state", fill_status, JB_CLIENT_TIMEOUT_MS, false, false},
    {"alarms", fill_alarms, JB_CLIENT_TIMEOUT_MS, false, false},
    {"verify", fill_verify, JB_CLIENT_LONG_MS, false, false},
    {"watch", fill_watch, 0, false, false},
};

static const struct question *question_find(const char *what)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        if (strcmp(questions[i].what, what) == 0)
            return &questions[i];
    return NULL;
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
        status = jb_client_text_check(j, "text", ours.text, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "class_code", ours.class_code, JB_LIMIT_LINE);
    if (status != JIAOBAN_OK)
        return status;
    if (borrowed(ours.case_number) != NULL) {
        enum jb_err err = jb_caseno_parse(jb_text_of(ours.case_number), &case_no, &fault);
        if (err != JB_OK)
            return jb_client_fail(j, (enum jiaoban_status)err, "%s", fault.text);
    } else if (question->case_required) {
        return jb_client_fail(j, JIAOBAN_MISSING, "the case number is missing");
    }
    if (question->number_required && ours.number == 0)
        return jb_client_fail(j, JIAOBAN_MISSING, "the number of the submission is missing");
    question->fill(&ours, case_no, request, body);
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
    uint32_t wait_ms = question->number_required && q != NULL ? q->wait_ms : 0;
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
    struct jb_client_call call = {
        .fn = fn, .data = data, .many = request.body_case == JB__REQUEST__BODY_WATCH};
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
#undef QUESTION

/* ---- one agency ------------------------------------------------------------------------------ */

/* An exact code, number or name wins over a part of a name. */
static bool names_exactly(const struct jiaoban_node *n, const char *what)
{
    char *end = NULL;
    unsigned long number = strtoul(what, &end, 10);
    return strcmp(n->code, what) == 0 || strcmp(n->name, what) == 0 ||
           (end != what && *end == '\0' && number == n->node);
}

static enum jiaoban_status ambiguous(struct jiaoban *j, const struct jiaoban_result *r,
                                     const char *what)
{
    char names[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < jiaoban_result_count(r) && i < NAMES_SHOWN; i++) {
        const struct jiaoban_node *n = jiaoban_result_node(r, i);
        size_t len = strlen(n->name) + 2;
        if (used + len + 1 > sizeof names)
            break;
        memcpy(names + used, i > 0 ? ", " : "", i > 0 ? 2 : 0);
        used += i > 0 ? 2 : 0;
        memcpy(names + used, n->name, len - 1);
        used += len - 2;
    }
    return jb_client_fail(j, JIAOBAN_RANGE, "\"%s\" may be any of %zu agencies: %s%s", what,
                          jiaoban_result_count(r), names,
                          jiaoban_result_count(r) > NAMES_SHOWN ? " ..." : "");
}

enum jiaoban_status jiaoban_find_node(struct jiaoban *j, const char *what, uint32_t *node)
{
    struct jiaoban_query q = {.size = sizeof q, .text = what};
    struct jiaoban_result *r = NULL;

    if (borrowed(what) == NULL)
        return jb_client_fail(j, JIAOBAN_MISSING, "which agency?");
    enum jiaoban_status status = jiaoban_get_nodes(j, &q, &r);
    if (status != JIAOBAN_OK && status != JIAOBAN_NOT_FOUND)
        return status;
    const struct jiaoban_node *found =
        jiaoban_result_count(r) == 1 ? jiaoban_result_node(r, 0) : NULL;
    for (size_t i = 0; found == NULL && i < jiaoban_result_count(r); i++)
        if (jiaoban_result_node(r, i) != NULL && names_exactly(jiaoban_result_node(r, i), what))
            found = jiaoban_result_node(r, i);
    if (found != NULL)
        *node = found->node;
    else if (jiaoban_result_count(r) > 1)
        status = ambiguous(j, r, what);
    else
        status = jb_client_fail(j, JIAOBAN_NOT_FOUND, "no agency is called \"%s\"", what);
    jiaoban_result_free(r);
    return status;
}

/* ---- watching -------------------------------------------------------------------------------- */

static void keep_news(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct jb_client_news *news = NULL;
    (void)data;
    if (id != j->watch_id) {
        jiaoban_result_free(result);
        return;
    }
    if (status == JIAOBAN_OK && j->news_count >= NEWS_MAX)
        status = JIAOBAN_OVERFLOW;
    if (status == JIAOBAN_OK && (news = malloc(sizeof *news)) == NULL)
        status = JIAOBAN_NOMEM;
    if (status != JIAOBAN_OK) {
        jiaoban_result_free(result);
        jiaoban_cancel(j, id);
        j->watch_id = 0;
        j->watch_status = status;
        return;
    }
    *news = (struct jb_client_news){.result = result};
    *j->news_last = news;
    j->news_last = &news->next;
    j->news_count++;
}

enum jiaoban_status jiaoban_watch(struct jiaoban *j, const struct jiaoban_query *q)
{
    if (j->watch_id != 0)
        return jb_client_fail(j, JIAOBAN_EXISTS, "this handle is watching already");
    enum jiaoban_status status = jb_client_dial(j, JB_CLIENT_DIAL_MS);
    if (status == JIAOBAN_OK)
        status = jiaoban_request_async(j, "watch", q, keep_news, NULL, &j->watch_id);
    j->watch_status = status;
    return status;
}

enum jiaoban_status jiaoban_watch_next(struct jiaoban *j, int timeout_ms,
                                       struct jiaoban_result **out)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : jb_clock_mono_ms() + timeout_ms;

    *out = NULL;
    if (j->processing)
        return jb_client_fail(j, JIAOBAN_BUSY, "a blocking call inside a callback");
    while (j->news_first == NULL) {
        if (j->watch_id == 0)
            return j->watch_status != JIAOBAN_OK
                       ? j->watch_status
                       : jb_client_fail(j, JIAOBAN_MISSING, "jiaoban_watch was not called");
        enum jiaoban_status status = jb_client_turn(j, deadline_ms);
        if (status == JIAOBAN_BUSY && j->watch_id != 0)
            return jb_client_fail(j, JIAOBAN_BUSY, "nothing happened in time");
    }
    struct jb_client_news *news = j->news_first;
    j->news_first = news->next;
    if (j->news_first == NULL)
        j->news_last = &j->news_first;
    j->news_count--;
    *out = news->result;
    free(news);
    return JIAOBAN_OK;
}
