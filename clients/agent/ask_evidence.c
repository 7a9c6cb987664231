/* `evidence`: the file about one case, written from the replica in a worker thread on a connection
 * of its own, so that nobody waits for it. One at a time. */
#include "clients/agent/requests.h"

#include <malloc.h>
#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/ledger/evidence.h"
#include "proto/wire/localio.h"

#define ENVELOPE_BYTES 1024 /* of the reply, beside the file */

struct jb_agent_evidence_job {
    uv_work_t work;
    struct jb_agent *agent;
    struct jb_agent_client *client; /* NULL: has gone */
    uint64_t request_id;
    /* the worker's own while it runs */
    const char *path;
    struct jb_evidence_order order;
    struct jb_evidence_done done;
    char *text; /* owned */
    size_t len;
    atomic_bool stop;
    enum jb_err err;
    struct jb_fault fault;
};

static void on_work(uv_work_t *work)
{
    struct jb_agent_evidence_job *k = work->data;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_REPLICA, .read_only = true, .cancel = &k->stop};
    FILE *out = open_memstream(&k->text, &k->len);
    k->err = out != NULL ? jb_ledger_open(k->path, &options, &l, &k->fault) : JB_NOMEM;
    if (k->err == JB_OK)
        k->err = jb_evidence_write(l, &k->order, out, &k->done, &k->fault);
    jb_ledger_close(&l);
    if (out != NULL && fclose(out) != 0 && k->err == JB_OK)
        k->err = JB_NOMEM;
}

static void answer(const struct jb_agent_evidence_job *k)
{
    struct jb_arena arena;
    Jb__EvidenceView view = JB__EVIDENCE_VIEW__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    view.has_body = view.has_items = view.has_erased = view.has_heads = true;
    view.has_receipts = view.has_with_key = view.has_statements = view.has_unstated = true;
    view.body = (ProtobufCBinaryData){k->len, (uint8_t *)k->text};
    view.items = k->done.items;
    view.erased = k->done.erased;
    view.heads = k->done.heads;
    view.receipts = k->done.receipts;
    view.with_key = k->done.with_key;
    view.statements = k->done.statements;
    view.unstated = k->done.unstated;
    reply.has_id = true;
    reply.id = k->request_id;
    reply.body_case = JB__REPLY__BODY_EVIDENCE;
    reply.evidence = &view;
    jb_arena_init(&arena, 2 * JB_LOCAL_REPLY_LIMIT);
    jb_agent_reply(k->client, &reply, &arena);
    jb_arena_fini(&arena);
}

static void on_worked(uv_work_t *work, int status)
{
    struct jb_agent_evidence_job *k = work->data;
    struct jb_agent *a = k->agent;
    if (status != 0)
        k->err = JB_CLOSED;
    if (k->err == JB_TOO_LARGE)
        (void)jb_fault_set(
            &k->fault, JB_TOO_LARGE,
            "too large for this way: use jiaoban-agent --evidence CASE on the agent's machine");
    if (!a->stopping && k->client != NULL && k->err == JB_OK)
        answer(k);
    else if (!a->stopping && k->client != NULL)
        jb_agent_reply_error(k->client, k->request_id, k->err,
                             k->fault.text[0] != '\0' ? k->fault.text : jb_err_text(k->err));
    a->evidence = NULL;
    if (k->text != NULL)
        explicit_bzero(k->text, k->len); /* it may hold the key of the persons */
    free(k->text);
    free(k);
    (void)malloc_trim(0);
}

/* Known here, and to be seen by who asks? With the persons it takes the right to read them. Either
 * way it goes on record. */
static enum jb_err check_wish(struct jb_agent_request *r, const Jb__GetEvidence *wish)
{
    struct jb_case c;
    enum jb_err err = jb_ledger_case_load(r->agent->ledger, wish->case_no, r->arena, &c);
    if (err != JB_OK)
        return err;
    if (c.stage == JB_STAGE_NONE || jb_agent_reader_barred(r->agent, r->user, &c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    if (wish->with_persons)
        err = jb_agent_rights_need(r, JB_RIGHT_PERSONS, "with_persons");
    if (err == JB_OK) /* on record before anything leaves */
        err = jb_agent_access_note(r, wish->case_no,
                                   wish->with_persons ? JB_AUDIT_PERSONS : JB_AUDIT_EVIDENCE);
    if (err == JB_OK)
        err = jb_agent_access_write(r);
    r->note_count = 0; /* written here: the worker must not begin when it cannot be */
    if (err == JB_OK && wish->with_persons)
        jb_log(JB_LOG_NOTICE, r->agent->config->code, "evidence.persons", "case=%lld user=%s",
               (long long)wish->case_no, r->user.data);
    return err;
}

enum jb_err jb_agent_get_evidence(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    const Jb__GetEvidence *wish = r->request->evidence;
    (void)reply;
    if (a->evidence != NULL)
        return jb_fault_set(&r->fault, JB_BUSY, "other evidence is being written; try again");
    enum jb_err err = check_wish(r, wish);
    if (err == JB_OK)
        err = jb_agent_key_proven(a, &r->fault);
    if (err != JB_OK)
        return err;
    struct jb_agent_evidence_job *k = calloc(1, sizeof *k);
    if (k == NULL)
        return JB_NOMEM;
    k->work.data = k;
    k->agent = a;
    k->client = r->client;
    k->request_id = r->request->id;
    k->path = a->ledger_path;
    k->order = (struct jb_evidence_order){.case_no = wish->case_no,
                                          .with_key = wish->with_persons,
                                          .max_bytes = JB_LOCAL_REPLY_LIMIT - ENVELOPE_BYTES,
                                          .now_ms = r->now_ms,
                                          .by = &a->keys,
                                          .broker_sign = a->pins.signs[0]};
    if (uv_queue_work(a->loop, &k->work, on_work, on_worked) != 0) {
        free(k);
        return JB_IO;
    }
    a->evidence = k;
    r->later = true;
    return JB_OK;
}

void jb_agent_evidence_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    if (a->evidence == NULL || (client != NULL && a->evidence->client != client))
        return;
    a->evidence->client = NULL;
    atomic_store(&a->evidence->stop, true); /* nobody waits for it any more */
}
