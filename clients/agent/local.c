/* The local endpoint: who asks, which handler, one reply. Decides nothing about the subject of a
 * request. Requests for the broker's administrators are refused here in words. */
#include "clients/agent/blob.h"
#include "clients/agent/requests.h"
#include "clients/agent/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define LOCAL_PROTOCOL 1

struct jb_agent_views jb_agent_request_views(const struct jb_agent_request *r)
{
    return (struct jb_agent_views){.agent = r->agent, .arena = r->arena, .now_ms = r->now_ms};
}

struct jb_agent_overlay_maker jb_agent_overlay_maker(struct jb_agent *a)
{
    return (struct jb_agent_overlay_maker){.ledger = a->ledger,
                                           .book = jb_agent_book(a),
                                           .verdict = &a->verdict,
                                           .node = jb_replica_node(a->ledger)};
}

size_t jb_agent_rows_wanted(bool given, uint32_t limit)
{
    if (!given || limit == 0)
        return JB_AGENT_ROWS_DEFAULT;
    return limit < JB_AGENT_ROWS_MAX ? limit : JB_AGENT_ROWS_MAX;
}

/* ---- replies ---- */

static enum jb_err send_reply(const struct jb_agent_client *client, const Jb__Reply *reply,
                              struct jb_arena *arena)
{
    struct jb_bytes bytes;
    enum jb_err err = arena->overflowed ? JB_NOMEM : JB_OK;
    if (err == JB_OK)
        err = jb_message_encode(&reply->base, arena, &bytes);
    return err == JB_OK ? jb_local_send(client->peer, bytes) : err;
}

void jb_agent_reply_error(struct jb_agent_client *client, uint64_t id, enum jb_err err,
                          const char *text)
{
    struct jb_arena arena;
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__ErrorView view = JB__ERROR_VIEW__INIT;
    jb_arena_init(&arena, 65536);
    view.has_error = true;
    view.error = (uint32_t)err;
    view.name = jb_arena_strndup(&arena, jb_err_name(err), strlen(jb_err_name(err)));
    view.text = jb_arena_strndup(&arena, text, strlen(text));
    reply.has_id = true;
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_ERROR;
    reply.error = &view;
    if (send_reply(client, &reply, &arena) != JB_OK)
        jb_local_close(client->peer); /* better than a reply that never comes */
    jb_arena_fini(&arena);
}

void jb_agent_reply(struct jb_agent_client *client, const Jb__Reply *reply, struct jb_arena *arena)
{
    enum jb_err err = send_reply(client, reply, arena);
    if (err == JB_TOO_LARGE || err == JB_NOMEM)
        jb_agent_reply_error(client, reply->id, err, "the answer is too large: ask for fewer rows");
}

/* ---- dispatch ---- */

static enum jb_err refuse_admin(struct jb_agent_request *r, Jb__Reply *reply)
{
    (void)reply;
    return jb_fault_set(&r->fault, JB_UNSUPPORTED,
                        "this is the agent, not the broker's admin socket");
}

static enum jb_err do_reload(struct jb_agent_request *r, Jb__Reply *reply)
{
    Jb__Done *done = jb_arena_alloc(r->arena, sizeof *done);
    struct jb_agent_views v = jb_agent_request_views(r);
    enum jb_err err = done == NULL ? JB_NOMEM : jb_agent_reload(r->agent, &r->fault);
    if (err != JB_OK)
        return err;
    jb__done__init(done);
    done->text = jb_agent_view_text(&v, jb_text_of("configuration read again"));
    reply->body_case = JB__REPLY__BODY_DONE;
    reply->done = done;
    return JB_OK;
}

/* The replica knows entries by case and by its own numbering, not by the broker's log. */
static enum jb_err refuse_entry(struct jb_agent_request *r, Jb__Reply *reply)
{
    (void)reply;
    return jb_fault_set(&r->fault, JB_UNSUPPORTED,
                        "an agent shows entries as the history of their case");
}

/* Every kind of request, each with the right that it takes. A submission and a trial of one take
 * the right of the act besides; what the agent does not answer at all is refused in words
 * to everybody. */
static const struct jb_agent_request_row requests[] = {
    [JB__REQUEST__BODY_SUBMIT] = {jb_agent_do_submit, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_CASES] = {jb_agent_get_cases, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_CASE_FILE] = {jb_agent_get_case, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_DEADLINES] = {jb_agent_get_deadlines, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_NODES] = {jb_agent_get_nodes, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_PENDING] = {jb_agent_get_pending, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_SETTLED] = {jb_agent_get_settled, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_STATUS] = {jb_agent_get_status, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_VERIFY] = {jb_agent_do_verify, JB_RIGHT_VERIFY},
    [JB__REQUEST__BODY_EVIDENCE] = {jb_agent_get_evidence, JB_RIGHT_EVIDENCE},
    [JB__REQUEST__BODY_WATCH] = {jb_agent_do_watch, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_NEWS] = {jb_agent_get_news, JB_RIGHT_FEED},
    [JB__REQUEST__BODY_ALARMS] = {jb_agent_get_alarms, JB_RIGHT_ALARMS},
    [JB__REQUEST__BODY_ENTRY] = {refuse_entry, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_DIRECTIVES] = {jb_agent_get_directives, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_DOCKETS] = {jb_agent_get_dockets, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_PROPOSALS] = {jb_agent_get_proposals, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_DELEGATIONS] = {jb_agent_get_delegations, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_EXPLAIN] = {jb_agent_get_explain, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_RECEIPTS] = {jb_agent_get_receipts, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_RULES] = {jb_agent_get_rules, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_PUBLIC_QUERY] = {jb_agent_get_public, JB_RIGHT_QUERY},
    [JB__REQUEST__BODY_REPORT] = {jb_agent_get_report, JB_RIGHT_APPRAISE},
    [JB__REQUEST__BODY_PUT_BLOB] = {jb_agent_put_blob, JB_RIGHT_ATTACH},
    [JB__REQUEST__BODY_GET_BLOB] = {jb_agent_get_blob, JB_RIGHT_PERSONS},
    [JB__REQUEST__BODY_ENROL] = {refuse_admin, JB_RIGHT_ANYONE},
    [JB__REQUEST__BODY_ADMIN] = {refuse_admin, JB_RIGHT_ANYONE},
    [JB__REQUEST__BODY_INSTALL] = {refuse_admin, JB_RIGHT_ANYONE},
    [JB__REQUEST__BODY_RELOAD] = {do_reload, JB_RIGHT_RELOAD},
    [JB__REQUEST__BODY_CONFIRM_CLOCK] = {refuse_admin, JB_RIGHT_ANYONE},
    [JB__REQUEST__BODY_RIGHTS] = {jb_agent_get_rights, JB_RIGHT_ANYONE},
    [JB__REQUEST__BODY_AUDIT] = {jb_agent_get_audit, JB_RIGHT_AUDIT_CASE},
    [JB__REQUEST__BODY_TRIAL] = {jb_agent_do_trial, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_ACTIONS] = {jb_agent_get_actions, JB_RIGHT_LOOK},
    [JB__REQUEST__BODY_RESUBMIT] = {jb_agent_do_resubmit, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_DISMISS] = {jb_agent_do_dismiss, JB_RIGHT_ASK},
    [JB__REQUEST__BODY_TODAY] = {jb_agent_get_today, JB_RIGHT_LOOK},
};

struct jb_agent_request_row jb_agent_request_row(size_t body)
{
    static const struct jb_agent_request_row none = {NULL, JB_RIGHT_NONE};
    return body < sizeof requests / sizeof requests[0] ? requests[body] : none;
}

/* Name of the request, as in the schema. */
static const char *request_name(const Jb__Request *request)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &jb__request__descriptor, (unsigned)request->body_case);
    return field != NULL ? field->name : "this request";
}

enum jb_err jb_agent_request_check(struct jb_agent_request *r)
{
    struct jb_agent_request_row row = jb_agent_request_row((size_t)r->request->body_case);
    if (!r->request->has_protocol || r->request->protocol != LOCAL_PROTOCOL)
        return jb_fault_set(&r->fault, JB_VERSION, "this agent speaks local protocol %d",
                            LOCAL_PROTOCOL);
    if (row.handle == NULL)
        return jb_fault_set(&r->fault, JB_UNKNOWN_KIND, "request: no body that is known here");
    enum jb_err err = jb_agent_reader_name(r);
    if (err == JB_OK)
        err = jb_agent_rights_need(r, row.right, request_name(r->request));
    if (err == JB_DENIED)
        jb_log(JB_LOG_WARNING, r->agent->config->code, "request.denied", "user=%s request=%s",
               r->user.data, request_name(r->request));
    return err;
}

void jb_agent_request_answer(struct jb_agent_request *r, enum jb_err err, const Jb__Reply *reply)
{
    enum jb_err written = jb_agent_access_write(r); /* also what was read for a refusal */
    if (written != JB_OK)
        err = written;
    if (r->later && err == JB_OK)
        return;
    if (err == JB_OK)
        jb_agent_reply(r->client, reply, r->arena);
    else
        jb_agent_reply_error(r->client, r->request->id, err,
                             r->fault.text[0] != '\0' ? r->fault.text : jb_err_text(err));
    if (r->beside) /* the replica itself is sound */
        return;
    if (err == JB_IO) /* perhaps only this one */
        err = jb_agent_try_disk(r->agent, "answering a local request");
    if (err == JB_CORRUPT)
        jb_agent_fail(r->agent, err, "answering a local request");
}

static void answer(struct jb_agent_request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.has_id = true;
    reply.id = r->request->id;
    jb_agent_handler handler = jb_agent_request_row((size_t)r->request->body_case).handle;
    enum jb_err err = jb_agent_request_check(r);
    if (err == JB_OK && handler != NULL) /* without one the check has failed */
        err = handler(r, &reply);
    jb_agent_request_answer(r, err, &reply);
}

static void on_frame(void *ctx, struct jb_local_peer *peer, struct jb_bytes frame)
{
    struct jb_agent *a = ctx;
    struct jb_agent_client *client = jb_local_peer_data(peer);
    struct jb_arena arena;
    ProtobufCMessage *message = NULL;
    if (client == NULL || a->stopping)
        return;
    jb_agent_house_busy(a);
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_request r = {
        .agent = a, .client = client, .arena = &arena, .now_ms = jb_agent_now(a)};
    enum jb_err err =
        jb_message_decode(&jb__request__descriptor, frame, &arena, &message, &r.fault);
    if (err == JB_OK) {
        r.request = (const Jb__Request *)message;
        if (r.request->body_case == JB__REQUEST__BODY_SUBMIT && jb_agent_group_add(&r, frame.len))
            return;             /* which has the arena now */
        jb_agent_group_take(a); /* whoever asks sees what was submitted before */
        if (!a->stopping)
            answer(&r);
    } else {
        jb_agent_reply_error(client, 0, err,
                             r.fault.text[0] != '\0' ? r.fault.text : jb_err_text(err));
    }
    jb_arena_fini(&arena);
}

/* ---- clients ---- */

static void on_open(void *ctx, struct jb_local_peer *peer)
{
    struct jb_agent *a = ctx;
    struct jb_agent_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        jb_local_close(peer);
        return;
    }
    client->peer = peer;
    client->next = a->clients;
    if (a->clients != NULL)
        a->clients->prev = client;
    a->clients = client;
    a->client_count++;
    jb_local_peer_set_data(peer, client);
}

static void on_close(void *ctx, struct jb_local_peer *peer, enum jb_err why)
{
    struct jb_agent *a = ctx;
    struct jb_agent_client *client = jb_local_peer_data(peer);
    if (client == NULL)
        return;
    jb_agent_group_take(a); /* which may be his */
    if (why != JB_OK && why != JB_CLOSED)
        jb_log(JB_LOG_WARNING, jb_local_peer_identity(peer)->user, "client.cut", "reason=%s",
               jb_err_name(why));
    jb_agent_wait_forget(a, client);
    jb_agent_verify_forget(a, client);
    jb_agent_report_forget(a, client);
    jb_agent_proposals_forget(a, client);
    jb_agent_evidence_forget(a, client);
    jb_agent_uploads_forget(a, client);
    if (client->prev != NULL)
        client->prev->next = client->next;
    else
        a->clients = client->next;
    if (client->next != NULL)
        client->next->prev = client->prev;
    a->client_count--;
    jb_local_peer_set_data(peer, NULL);
    free(client);
}

enum jb_err jb_agent_local_start(struct jb_agent *a, struct jb_fault *fault)
{
    struct jb_local_config config = {.path = a->config->socket};
    struct jb_local_hooks hooks = {
        .on_open = on_open, .on_frame = on_frame, .on_close = on_close, .ctx = a};
    if (!jb_agent_config_mode(a->config->socket_mode, &config.mode))
        return JB_CONFIG;
    a->wait_timer.data = a;
    if (uv_timer_init(a->loop, &a->wait_timer) != 0 || jb_agent_watch_start(a) != JB_OK)
        return JB_IO;
    return jb_local_listen(a->loop, &config, &hooks, &a->server, fault);
}

void jb_agent_local_stop(struct jb_agent *a)
{
    jb_agent_watch_stop(a);
    jb_local_stop(&a->server);
}
