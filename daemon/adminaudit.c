/* The audit log: what administrators ask for is on the disk before it is done, and so is what they
 * were refused. What their acts came to stands in the record itself. */
#include "daemon/admin.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/log.h"

#define ROWS_DEFAULT 100
#define ROWS_LIMIT 1000
/* Refusals that are written down in one minute: nobody fills the disk with them. */
#define REFUSED_MAX 60
#define REFUSED_SPAN_MS 60000

/* ---- recording ---- */

static bool too_many_refused(struct jb_admin *a, int64_t now_ms)
{
    if (now_ms - a->refused_since_ms >= REFUSED_SPAN_MS || now_ms < a->refused_since_ms) {
        a->refused_since_ms = now_ms;
        a->refused = 0;
    }
    return ++a->refused > REFUSED_MAX;
}

static struct jb_audit_order *order_of(struct jb_admin *a, const struct jb_local_peer *peer,
                                       const Jb__Request *r, enum jb_err denied)
{
    struct jb_broker *b = a->b;
    struct jb_batch *t = b->fill;
    const char *user = jb_local_peer_identity(peer)->user;
    struct jb_audit_order *o = jb_arena_alloc(&t->arena, sizeof *o);
    char *name = jb_arena_strndup(&t->arena, user, strlen(user));
    enum jb_act_kind kind = JB_ACT_NONE;
    uint32_t node = 0;
    if (o == NULL || name == NULL)
        return NULL;
    jb_admin_act_of(a, r, &kind, &node);
    int64_t now_ms = jb_broker_now(b);
    *o = (struct jb_audit_order){.row = {.at_ms = now_ms,
                                         .user = jb_text_of(name),
                                         .request = (uint32_t)r->body_case,
                                         .act_kind = (uint32_t)kind,
                                         .node = node,
                                         .outcome = (uint32_t)denied},
                                 .secret = b->keys.sign_secret};
    if (b->config->audit_keep_ms > 0)
        o->before_ms = now_ms - b->config->audit_keep_ms;
    return o;
}

void jb_admin_record(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r,
                     struct jb_bytes frame, enum jb_err denied, const struct jb_fault *why)
{
    if (denied != JB_OK && too_many_refused(a, jb_broker_now(a->b))) {
        jb_admin_error(peer, r->id, JB_BUSY, "too many refused requests: try again in a minute");
        return;
    }
    struct jb_admin_waiter *w = jb_admin_wait(a, peer, r->id);
    if (w == NULL)
        return;
    struct jb_audit_order *o = order_of(a, peer, r, denied);
    w->frame = o != NULL ? malloc(frame.len + 1) : NULL;
    struct jb_intake_item *item = w->frame != NULL ? jb_batch_item(a->b->fill) : NULL;
    if (item == NULL) {
        free(w->frame);
        w->frame = NULL;
        w->id = 0;
        jb_admin_error(peer, r->id, JB_NOMEM, "the broker is out of memory");
        return;
    }
    memcpy(w->frame, frame.data, frame.len);
    w->frame_len = frame.len;
    w->denied = denied;
    w->why = *why;
    item->source = JB_FROM_AUDIT;
    item->audit = o;
    item->waiter = w->id;
}

void jb_admin_record_single(struct jb_broker *b)
{
    struct jb_audit_order *o = NULL;
    struct jb_intake_item *item = NULL;
    if (!jb_duty_single(b->config))
        return;
    o = jb_arena_alloc(&b->fill->arena, sizeof *o);
    item = o != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return; /* the log of the process has it */
    *o = (struct jb_audit_order){.row = {.at_ms = jb_broker_now(b),
                                         .user = jb_text_of("jiaoband"),
                                         .field = JB_AUDIT_SINGLE_ADMIN},
                                 .secret = b->keys.sign_secret};
    item->source = JB_FROM_AUDIT;
    item->audit = o;
}

void jb_admin_recorded(struct jb_broker *b, uint64_t waiter)
{
    struct jb_admin *a = b->admin;
    struct jb_admin_waiter w;
    struct jb_fault fault = {""};
    ProtobufCMessage *message = NULL;
    if (a == NULL || !jb_admin_wait_over(a, waiter, &w))
        return;
    jb_arena_reset(&a->arena);
    enum jb_err err = w.denied;
    if (err == JB_OK) /* decoded once already: only memory can fail */
        err = jb_message_decode(&jb__request__descriptor, (struct jb_bytes){w.frame, w.frame_len},
                                &a->arena, &message, &fault);
    const Jb__Request *r = (const Jb__Request *)message;
    const struct jb_admin_row *row = err == JB_OK ? jb_admin_row_of(r->body_case) : NULL;
    if (row != NULL)
        row->handle(a, w.peer, r);
    else
        jb_admin_error(w.peer, w.request, err, w.denied != JB_OK ? w.why.text : fault.text);
    free(w.frame);
}

/* ---- reading ---- */

/* What a broker writes down without being asked; NULL: a request. */
static const char *field_name(uint32_t field)
{
    switch (field) {
    case JB_AUDIT_SINGLE_ADMIN:
        return "single_admin";
    case JB_AUDIT_KEYS_CHANGED:
        return "keys_changed";
    case JB_AUDIT_KEYS_LOST:
        return "keys_lost";
    default:
        return NULL;
    }
}

static Jb__AuditRow *row_view(struct jb_arena *arena, const struct jb_audit_row *row)
{
    const ProtobufCFieldDescriptor *request =
        protobuf_c_message_descriptor_get_field(&jb__request__descriptor, row->request);
    const char *name = request != NULL ? request->name : "";
    const char *act = jb_act_kind_name((enum jb_act_kind)row->act_kind);
    const char *outcome = jb_err_name((enum jb_err)row->outcome);
    const char *field = field_name(row->field);
    Jb__AuditRow *w = jb_arena_alloc(arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__audit_row__init(w);
    w->has_number = w->has_at_ms = w->has_outcome = w->has_node = 1;
    w->number = row->number;
    w->at_ms = row->at_ms;
    w->outcome = row->outcome;
    w->node = row->node;
    w->user = jb_arena_strndup(arena, row->user.data, row->user.len);
    w->request = jb_arena_strndup(arena, name, strlen(name));
    if (field != NULL)
        w->field = jb_arena_strndup(arena, field, strlen(field));
    if (row->act_kind != 0)
        w->act = jb_arena_strndup(arena, act, strlen(act));
    if (row->outcome != 0)
        w->outcome_name = jb_arena_strndup(arena, outcome, strlen(outcome));
    return w;
}

static enum jb_err fill(struct jb_admin *a, const Jb__GetAudit *q, Jb__AuditList *list)
{
    struct jb_audit_filter filter = {.user = jb_text_of(q->user != NULL ? q->user : ""),
                                     .since_ms = q->since_ms,
                                     .after = q->after_number,
                                     .max = q->limit == 0           ? ROWS_DEFAULT
                                            : q->limit < ROWS_LIMIT ? q->limit
                                                                    : ROWS_LIMIT};
    struct jb_audit_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    enum jb_err err = jb_audit_list(a->b->reader, &filter, &a->arena, &rows, &count, &more);
    if (err != JB_OK)
        return err;
    list->rows = jb_arena_alloc(&a->arena, (count + 1) * sizeof(Jb__AuditRow *));
    list->has_more = 1;
    list->more = more;
    for (size_t i = 0; list->rows != NULL && i < count; i++)
        list->rows[list->n_rows++] = row_view(&a->arena, &rows[i]);
    return a->arena.overflowed ? JB_NOMEM : JB_OK;
}

void jb_admin_audit(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    Jb__AuditList list = JB__AUDIT_LIST__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    enum jb_err err = fill(a, r->audit, &list);
    if (err != JB_OK) {
        jb_admin_error(peer, r->id, err, jb_err_text(err));
        return;
    }
    reply.has_id = 1;
    reply.id = r->id;
    reply.body_case = JB__REPLY__BODY_AUDIT;
    reply.audit = &list;
    jb_admin_reply(peer, &reply, &a->arena);
}
