/* The admin socket: who may connect is decided by the file's permissions, who may do what by the
 * duties of duty.h; who did what is recorded with every act. Dispatch only: the requests are
 * handled in adminview.c (reading) and adminwork.c.
 */
#include "daemon/admin.h"

#include <stdlib.h>

#include "proto/base/log.h"

#define REQUEST_ARENA_BYTES ((size_t)32 * 1024 * 1024)

void jb_admin_reply(struct jb_local_peer *peer, Jb__Reply *reply, struct jb_arena *arena)
{
    struct jb_bytes bytes;
    enum jb_err err = jb_message_encode(&reply->base, arena, &bytes);
    if (err == JB_OK)
        err = jb_local_send(peer, bytes);
    if (err != JB_OK) {
        jb_log(JB_LOG_WARNING, NULL, "admin.reply-lost", "error=%s", jb_err_name(err));
        jb_local_close(peer);
    }
}

void jb_admin_error(struct jb_local_peer *peer, uint64_t request, enum jb_err err, const char *text)
{
    struct jb_arena arena;
    Jb__ErrorView view = JB__ERROR_VIEW__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    jb_arena_init(&arena, 16384);
    view.has_error = 1;
    view.error = (uint32_t)err;
    view.name = jb_arena_strndup(&arena, jb_err_name(err), strlen(jb_err_name(err)));
    view.text = jb_arena_strndup(&arena, text, strlen(text));
    reply.has_id = 1;
    reply.id = request;
    reply.body_case = JB__REPLY__BODY_ERROR;
    reply.error = &view;
    jb_admin_reply(peer, &reply, &arena);
    jb_arena_fini(&arena);
}

void jb_admin_done(struct jb_local_peer *peer, uint64_t request, const char *text, uint64_t seq,
                   uint32_t node)
{
    struct jb_arena arena;
    Jb__Done done = JB__DONE__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    jb_arena_init(&arena, 16384);
    done.text = jb_arena_strndup(&arena, text, strlen(text));
    done.has_seq = 1;
    done.seq = seq;
    done.has_node = 1;
    done.node = node;
    reply.has_id = 1;
    reply.id = request;
    reply.body_case = JB__REPLY__BODY_DONE;
    reply.done = &done;
    jb_admin_reply(peer, &reply, &arena);
    jb_arena_fini(&arena);
}

/* ---- requests that are answered after a commit ---- */

struct jb_admin_waiter *jb_admin_wait(struct jb_admin *a, struct jb_local_peer *peer,
                                      uint64_t request)
{
    for (size_t i = 0; i < JB_ADMIN_WAITERS; i++) {
        struct jb_admin_waiter *w = &a->waiters[i];
        if (w->id != 0)
            continue;
        *w = (struct jb_admin_waiter){.id = ++a->next_waiter, .peer = peer, .request = request};
        return w;
    }
    jb_admin_error(peer, request, JB_BUSY, "too many administrators' requests are waiting");
    return NULL;
}

static void send_refusal(struct jb_local_peer *peer, uint64_t request,
                         const struct jb_refused *refusal)
{
    struct jb_arena arena;
    Jb__SettledView view = JB__SETTLED_VIEW__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    jb_arena_init(&arena, 65536);
    view.has_accepted = 1;
    view.has_code = 1;
    view.code = refusal->code;
    view.name = jb_arena_strndup(&arena, refusal->name.data, refusal->name.len);
    view.article = jb_arena_strndup(&arena, refusal->article.data, refusal->article.len);
    view.detail = jb_arena_strndup(&arena, refusal->detail.data, refusal->detail.len);
    reply.has_id = 1;
    reply.id = request;
    reply.body_case = JB__REPLY__BODY_SETTLED;
    reply.settled = &view;
    jb_admin_reply(peer, &reply, &arena);
    jb_arena_fini(&arena);
}

bool jb_admin_wait_over(struct jb_admin *a, uint64_t id, struct jb_admin_waiter *out)
{
    for (size_t i = 0; i < JB_ADMIN_WAITERS; i++) {
        if (a->waiters[i].id != id)
            continue;
        *out = a->waiters[i];
        a->waiters[i].id = 0;
        a->waiters[i].frame = NULL;
        if (out->peer == NULL)
            free(out->frame);
        return out->peer != NULL;
    }
    return false;
}

void jb_admin_settled(struct jb_broker *b, uint64_t waiter, const struct jb_op *op)
{
    struct jb_admin_waiter w;
    if (b->admin == NULL || !jb_admin_wait_over(b->admin, waiter, &w))
        return;
    if (op->kind == JB_OP_REFUSAL)
        send_refusal(w.peer, w.request, &op->refusal);
    else
        jb_admin_done(w.peer, w.request, jb_act_kind_name(op->entry->act.kind), op->entry->seq,
                      op->entry->act.node);
}

void jb_admin_lost(struct jb_broker *b, uint64_t waiter, enum jb_err err, const char *text)
{
    struct jb_admin_waiter w;
    if (b->admin == NULL || !jb_admin_wait_over(b->admin, waiter, &w))
        return;
    jb_admin_error(w.peer, w.request, err, text);
    free(w.frame);
}

/* ---- dispatch ---- */

#define SYSTEM JB_DUTY_BIT(SYSTEM)
#define SECURITY JB_DUTY_BIT(SECURITY)
#define AUDIT JB_DUTY_BIT(AUDIT)

/* Every request that is served here, with the duties of which one is enough. Those in an `admin`
 * request are told apart by the act, see duty.c. */
static const struct jb_admin_row requests[] = {
    {JB__REQUEST__BODY_STATUS, jb_admin_status, JB_DUTY_ALL, false, false},
    {JB__REQUEST__BODY_NODES, jb_admin_nodes, JB_DUTY_ALL, false, false},
    {JB__REQUEST__BODY_RIGHTS, jb_admin_rights, JB_DUTY_NOBODY, false, false},
    {JB__REQUEST__BODY_ENROL, jb_admin_enrol, SYSTEM, true, true},
    {JB__REQUEST__BODY_ADMIN, jb_admin_change, SYSTEM | SECURITY, true, true},
    {JB__REQUEST__BODY_INSTALL, jb_admin_install, SYSTEM, true, true},
    {JB__REQUEST__BODY_RELOAD, jb_admin_reload, SYSTEM, false, true},
    {JB__REQUEST__BODY_CONFIRM_CLOCK, jb_admin_confirm_clock, SYSTEM, true, true},
    {JB__REQUEST__BODY_VERIFY, jb_admin_verify, SYSTEM | AUDIT, false, true},
    {JB__REQUEST__BODY_AUDIT, jb_admin_audit, AUDIT, false, true},
    {JB__REQUEST__BODY_REPORT, jb_admin_report, SYSTEM | AUDIT, false, true},
};
#undef SYSTEM
#undef SECURITY
#undef AUDIT

const struct jb_admin_row *jb_admin_row(size_t i)
{
    return i < sizeof requests / sizeof requests[0] ? &requests[i] : NULL;
}

const struct jb_admin_row *jb_admin_row_of(Jb__Request__BodyCase body)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (requests[i].body == body)
            return &requests[i];
    return NULL;
}

static void on_frame(void *ctx, struct jb_local_peer *peer, struct jb_bytes frame)
{
    struct jb_admin *a = ctx;
    struct jb_fault fault = {""};
    ProtobufCMessage *message = NULL;
    jb_arena_reset(&a->arena);
    enum jb_err err =
        jb_message_decode(&jb__request__descriptor, frame, &a->arena, &message, &fault);
    if (err != JB_OK) {
        jb_admin_error(peer, 0, err, fault.text);
        return;
    }
    const Jb__Request *r = (const Jb__Request *)message;
    const struct jb_admin_row *row = jb_admin_row_of(r->body_case);
    if (row == NULL) {
        jb_admin_error(peer, r->id, JB_UNSUPPORTED,
                       "the broker's admin socket does not serve this request; ask an agent");
        return;
    }
    err = jb_admin_allowed(a, peer, r, row, &fault);
    if ((row->writes || row->recorded || err != JB_OK) && jb_degraded(a->b))
        jb_admin_error(peer, r->id, a->b->strain.why, a->b->strain.text);
    else if (row->recorded || err != JB_OK)
        jb_admin_record(a, peer, r, frame, err, &fault);
    else if (!jb_follow_now(a->b) && jb_follow_stuck(a->b) && row->handle == jb_admin_nodes)
        jb_admin_error(peer, r->id, JB_BUSY,
                       "the disk does not answer just now, and what is shown would be older than "
                       "what was confirmed: ask again in a moment");
    else
        row->handle(a, peer, r); /* what is shown holds all that was confirmed; or it says so */
}

static void on_close(void *ctx, struct jb_local_peer *peer, enum jb_err why)
{
    struct jb_admin *a = ctx;
    (void)why;
    for (size_t i = 0; i < JB_ADMIN_WAITERS; i++)
        if (a->waiters[i].peer == peer)
            a->waiters[i].peer = NULL;
}

static mode_t octal_of(int64_t digits)
{
    return (mode_t)(digits / 100 % 10 * 64 + digits / 10 % 10 * 8 + digits % 10);
}

enum jb_err jb_admin_start(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_admin *a = calloc(1, sizeof *a);
    if (a == NULL)
        return JB_NOMEM;
    a->b = b;
    jb_arena_init(&a->arena, REQUEST_ARENA_BYTES);
    struct jb_local_config config = {.path = b->config->admin,
                                     .mode = octal_of(b->config->admin_mode)};
    struct jb_local_hooks hooks = {.on_frame = on_frame, .on_close = on_close, .ctx = a};
    enum jb_err err = jb_local_listen(b->loop, &config, &hooks, &a->server, fault);
    if (err != JB_OK) {
        jb_arena_fini(&a->arena);
        free(a);
        return err;
    }
    b->admin = a;
    return JB_OK;
}

void jb_admin_stop(struct jb_broker *b)
{
    if (b->admin == NULL)
        return;
    atomic_store(&b->admin->stopping, true);
    jb_local_stop(&b->admin->server);
}

void jb_admin_fini(struct jb_broker *b)
{
    if (b->admin == NULL)
        return;
    for (size_t i = 0; i < JB_ADMIN_WAITERS; i++)
        free(b->admin->waiters[i].frame);
    jb_arena_fini(&b->admin->arena);
    free(b->admin);
    b->admin = NULL;
}
