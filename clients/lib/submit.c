/* Submissions: one request, one verdict. The functions named after acts add nothing but the name.
 */
#include "clients/lib/client.h"

#include "proto/rules/act.h"

/* Versions of the library may add fields: this much was there in the first. */
#define ACT_FIRST_BYTES (offsetof(struct jiaoban_act, person_count) + sizeof(size_t))
#define TOKEN_BYTES 64
#define OPTIONS_FIRST_BYTES (offsetof(struct jiaoban_options, timeout_ms) + sizeof(uint32_t))

enum jiaoban_status jb_client_options(struct jiaoban *j, const struct jiaoban_options *options,
                                      struct jiaoban_options *ours)
{
    enum jiaoban_status status =
        jb_client_args(j, options, ours, sizeof *ours, OPTIONS_FIRST_BYTES);
    if (status != JIAOBAN_OK)
        return status;
    if (options == NULL)
        ours->wait_ms = JIAOBAN_WAIT_MS;
    if (ours->timeout_ms == 0)
        ours->timeout_ms = JB_CLIENT_TIMEOUT_MS;
    status = jb_client_text_check(j, "on_behalf_of", ours->on_behalf_of, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "token", ours->token, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK && ours->token != NULL && strlen(ours->token) > TOKEN_BYTES)
        status = jb_client_fail(j, JIAOBAN_TOO_LARGE, "token has %zu bytes, %d are allowed",
                                strlen(ours->token), TOKEN_BYTES);
    return status;
}

/* Fill in the request; what it points to is the caller's. */
static void submission(const struct jb_client_act *act, const struct jiaoban_options *options,
                       Jb__DoSubmit *body)
{
    body->has_act = true;
    body->act = (ProtobufCBinaryData){act->act.len, (uint8_t *)(uintptr_t)act->act.data};
    body->has_petitioners = act->persons.len > 0;
    body->petitioners =
        (ProtobufCBinaryData){act->persons.len, (uint8_t *)(uintptr_t)act->persons.data};
    body->has_wait_ms = true;
    body->wait_ms = options->wait_ms;
    body->on_behalf_of = (char *)(uintptr_t)options->on_behalf_of;
    body->token = (char *)(uintptr_t)options->token;
    body->query_code = (char *)(uintptr_t)act->query_code;
    body->note = (char *)(uintptr_t)act->note;
}

/* To be made, or only judged. */
static void request_of(const struct jiaoban_options *options, Jb__DoSubmit *body,
                       Jb__Request *request)
{
    if (options->dry_run) {
        request->body_case = JB__REQUEST__BODY_TRIAL;
        request->trial = body;
    } else {
        request->body_case = JB__REQUEST__BODY_SUBMIT;
        request->submit = body;
    }
}

/* Check and encode the caller's act; the outcome lives in j->scratch, or is the caller's. */
static enum jiaoban_status act_read(struct jiaoban *j, const char *kind,
                                    const struct jiaoban_act *act, struct jb_client_act *out)
{
    struct jiaoban_act ours;

    if (act == NULL)
        return jb_client_fail(j, JIAOBAN_MISSING, "the act is missing");
    enum jiaoban_status status = jb_client_args(j, act, &ours, sizeof ours, ACT_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = jb_client_act_encode(j, kind, &ours, &out->act, &out->persons);
    if (status != JIAOBAN_OK)
        jb_arena_reset(&j->scratch);
    out->query_code = ours.query_code;
    return status;
}

/* It was sent, and the answer did not come: doing it again might do it twice. */
static enum jiaoban_status unsure(struct jiaoban *j, enum jiaoban_status status)
{
    if (status != JIAOBAN_CLOSED && status != JIAOBAN_BUSY && status != JIAOBAN_IO)
        return status;
    return jb_client_fail(j, status,
                          "%s; it may be in the outbox all the same: look there and in the case "
                          "before doing it again",
                          j->error);
}

enum jiaoban_status jiaoban_submit(struct jiaoban *j, const char *kind,
                                   const struct jiaoban_act *act,
                                   const struct jiaoban_options *options,
                                   struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit body = JB__DO_SUBMIT__INIT;
    struct jb_client_act encoded = {.query_code = NULL};
    struct jiaoban_options ours;

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = jb_client_options(j, options, &ours);
    if (status == JIAOBAN_OK)
        status = act_read(j, kind, act, &encoded);
    if (status != JIAOBAN_OK)
        return status;
    submission(&encoded, &ours, &body);
    request_of(&ours, &body, &request);
    uint32_t timeout_ms =
        ours.timeout_ms > UINT32_MAX - ours.wait_ms ? UINT32_MAX : ours.timeout_ms + ours.wait_ms;
    uint64_t last_id = j->last_id;
    status = jb_client_call(j, &request, timeout_ms, out);
    return j->last_id != last_id && !ours.dry_run ? unsure(j, status) : status;
}

/* The body has to live as long as the request. */
static enum jiaoban_status resubmit_read(struct jiaoban *j, uint64_t number,
                                         const struct jiaoban_options *options,
                                         struct jiaoban_options *ours, Jb__Request *request,
                                         Jb__DoResubmit *body)
{
    enum jiaoban_status status = jb_client_options(j, options, ours);
    if (status != JIAOBAN_OK)
        return status;
    body->has_number = body->has_wait_ms = true;
    body->number = number;
    body->wait_ms = ours->wait_ms;
    request->on_behalf_of = (char *)(uintptr_t)ours->on_behalf_of;
    request->body_case = JB__REQUEST__BODY_RESUBMIT;
    request->resubmit = body;
    return JIAOBAN_OK;
}

static enum jiaoban_status dismiss_read(struct jiaoban *j, uint64_t number, const char *reason,
                                        const struct jiaoban_options *options, Jb__Request *request,
                                        Jb__DoDismiss *body)
{
    struct jiaoban_options ours;
    enum jiaoban_status status = jb_client_options(j, options, &ours);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "reason", reason, JB_LIMIT_LINE);
    if (status != JIAOBAN_OK)
        return status;
    body->has_number = true;
    body->number = number;
    body->reason = (char *)(uintptr_t)reason;
    request->on_behalf_of = (char *)(uintptr_t)ours.on_behalf_of;
    request->body_case = JB__REQUEST__BODY_DISMISS;
    request->dismiss = body;
    return JIAOBAN_OK;
}

enum jiaoban_status jiaoban_resubmit(struct jiaoban *j, uint64_t number,
                                     const struct jiaoban_options *options,
                                     struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoResubmit body = JB__DO_RESUBMIT__INIT;
    struct jiaoban_options ours;

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = resubmit_read(j, number, options, &ours, &request, &body);
    if (status != JIAOBAN_OK)
        return status;
    uint32_t timeout_ms =
        ours.timeout_ms > UINT32_MAX - ours.wait_ms ? UINT32_MAX : ours.timeout_ms + ours.wait_ms;
    return jb_client_call(j, &request, timeout_ms, out);
}

enum jiaoban_status jiaoban_resubmit_async(struct jiaoban *j, uint64_t number,
                                           const struct jiaoban_options *options,
                                           jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoResubmit body = JB__DO_RESUBMIT__INIT;
    struct jiaoban_options ours;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = resubmit_read(j, number, options, &ours, &request, &body);
    return status == JIAOBAN_OK ? jb_client_begin(j, &request, &call, id) : status;
}

enum jiaoban_status jiaoban_dismiss(struct jiaoban *j, uint64_t number, const char *reason,
                                    struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoDismiss body = JB__DO_DISMISS__INIT;

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = dismiss_read(j, number, reason, NULL, &request, &body);
    return status == JIAOBAN_OK ? jb_client_call(j, &request, JB_CLIENT_TIMEOUT_MS, out) : status;
}

enum jiaoban_status jiaoban_dismiss_async(struct jiaoban *j, uint64_t number, const char *reason,
                                          const struct jiaoban_options *options,
                                          jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoDismiss body = JB__DO_DISMISS__INIT;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = dismiss_read(j, number, reason, options, &request, &body);
    return status == JIAOBAN_OK ? jb_client_begin(j, &request, &call, id) : status;
}

enum jiaoban_status jb_client_submit_begin(struct jiaoban *j, const struct jb_client_act *act,
                                           const struct jiaoban_options *options,
                                           const struct jb_client_call *call, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit body = JB__DO_SUBMIT__INIT;

    submission(act, options, &body);
    request_of(options, &body, &request);
    return jb_client_begin(j, &request, call, id);
}

enum jiaoban_status jiaoban_submit_async(struct jiaoban *j, const char *kind,
                                         const struct jiaoban_act *act,
                                         const struct jiaoban_options *options,
                                         jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    struct jb_client_act encoded = {.query_code = NULL};
    struct jiaoban_options ours;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = jb_client_options(j, options, &ours);
    if (status == JIAOBAN_OK)
        status = act_read(j, kind, act, &encoded);
    return status == JIAOBAN_OK ? jb_client_submit_begin(j, &encoded, &ours, &call, id) : status;
}

#define VERB(name, kind)                                                                           \
    enum jiaoban_status name(JIAOBAN_SUBMISSION)                                                   \
    {                                                                                              \
        return jiaoban_submit(j, kind, act, options, out);                                         \
    }
VERB(jiaoban_register, "register")
VERB(jiaoban_assign, "assign")
VERB(jiaoban_forward, "forward")
VERB(jiaoban_handover, "handover")
VERB(jiaoban_refer, "refer")
VERB(jiaoban_sign_for, "sign_for")
VERB(jiaoban_accept, "accept")
VERB(jiaoban_decline, "decline")
VERB(jiaoban_notify, "notify")
VERB(jiaoban_object, "object")
VERB(jiaoban_rule, "rule_on_objection")
VERB(jiaoban_escalate_dispute, "escalate_dispute")
VERB(jiaoban_designate, "designate")
VERB(jiaoban_extend, "extend")
VERB(jiaoban_note, "note")
VERB(jiaoban_answer, "answer")
VERB(jiaoban_execute, "execute")
VERB(jiaoban_close_case, "close")
VERB(jiaoban_acknowledge, "acknowledge")
VERB(jiaoban_opened, "opened")
VERB(jiaoban_classify, "classify")
VERB(jiaoban_start_simple, "start_simple")
VERB(jiaoban_turn_ordinary, "turn_ordinary")
VERB(jiaoban_link, "link")
VERB(jiaoban_merge, "merge")
VERB(jiaoban_split, "split")
VERB(jiaoban_reopen, "reopen")
VERB(jiaoban_recuse, "recuse")
VERB(jiaoban_erase, "erase_key")
VERB(jiaoban_record_delivery, "record_delivery")
VERB(jiaoban_report_up, "report_up")
VERB(jiaoban_request_review, "request_review")
VERB(jiaoban_give_review, "give_review")
VERB(jiaoban_request_recheck, "request_recheck")
VERB(jiaoban_give_recheck, "give_recheck")
VERB(jiaoban_start_hearing, "start_hearing")
VERB(jiaoban_end_hearing, "end_hearing")
VERB(jiaoban_terminate, "terminate")
VERB(jiaoban_issue_directive, "issue_directive")
VERB(jiaoban_countersign_directive, "countersign_directive")
VERB(jiaoban_sign_directive, "sign_directive")
VERB(jiaoban_answer_directive, "answer_directive")
VERB(jiaoban_clear_directive, "clear_directive")
VERB(jiaoban_object_directive, "object_directive")
VERB(jiaoban_withdraw_directive, "withdraw_directive")
VERB(jiaoban_delegate, "delegate")
VERB(jiaoban_end_delegation, "end_delegation")
VERB(jiaoban_open_docket, "open_docket")
VERB(jiaoban_step_docket, "step_docket")
VERB(jiaoban_close_docket, "close_docket")
VERB(jiaoban_urge, "urge")
VERB(jiaoban_rate, "rate")
VERB(jiaoban_set_plan, "set_plan")
VERB(jiaoban_fulfil, "fulfil")
#undef VERB
