/* Administrators' requests that change something: they become submissions of the broker's own node
 * and go through the same decide and commit as everything else. And the check of the whole record.
 */
#include "daemon/admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/install.h"
#include "proto/base/utf8.h"
#include "proto/wire/codec.h"

/* "admin:zhang" in the batch's memory. */
static struct jb_text user_of(struct jb_batch *t, const struct jb_local_peer *peer)
{
    const char *name = jb_local_peer_identity(peer)->user;
    size_t size = strlen(name) + sizeof "admin:";
    char *text = jb_arena_alloc(&t->arena, size);
    if (text == NULL)
        return (struct jb_text){NULL, 0};
    (void)snprintf(text, size, "admin:%s", name);
    return jb_text_of(text);
}

/* Keys of the request's "jbk1:" or "jbk2:" line into the act. */
static enum jb_err put_keys(struct jb_broker *b, const char *line, struct jb_act *act,
                            struct jb_fault *fault)
{
    struct jb_batch *t = b->fill;
    if (line == NULL || line[0] == '\0')
        return JB_OK;
    struct jb_public_keys *keys = jb_arena_alloc(&t->arena, sizeof *keys);
    if (keys == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_keys_public_parse(line, keys, fault);
    if (err != JB_OK)
        return err;
    if (keys->suite != b->keys.suite)
        return jb_fault_set(fault, JB_UNSUPPORTED,
                            "these keys are of suite %s, this network is of suite %s: make the "
                            "node's keys with jiaoban-agent --keygen FILE --suite %s",
                            jb_suite_name(keys->suite), jb_suite_name(b->keys.suite),
                            jb_suite_name(b->keys.suite));
    act->line_key = (struct jb_bytes){keys->line, JB_KEY_BYTES};
    act->sign_key = (struct jb_bytes){keys->sign, JB_KEY_BYTES};
    return JB_OK;
}

static bool allowed(const enum jb_act_kind *kinds, size_t count, enum jb_act_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

struct order { /* an act that an administrator asks for */
    struct jb_bytes act;
    const char *keys;
    const enum jb_act_kind *kinds;
    size_t kind_count;
};

static void queue_order(struct jb_admin *a, struct jb_local_peer *peer, uint64_t request,
                        const struct order *o)
{
    struct jb_batch *t = a->b->fill;
    struct jb_fault fault = {""};
    struct jb_act *act = jb_arena_alloc(&t->arena, sizeof *act);
    uint8_t *copy = jb_arena_memdup(&t->arena, o->act.data, o->act.len);
    if (act == NULL || copy == NULL) {
        jb_admin_error(peer, request, JB_NOMEM, "the broker is out of memory");
        return;
    }
    enum jb_err err = jb_act_decode((struct jb_bytes){copy, o->act.len}, &t->arena, act, &fault);
    if (err == JB_OK && !allowed(o->kinds, o->kind_count, act->kind))
        err = jb_fault_set(&fault, JB_DENIED, "an administrator does not make a \"%s\" here",
                           jb_act_kind_name(act->kind));
    if (err == JB_OK)
        err = put_keys(a->b, o->keys, act, &fault);
    if (err != JB_OK) {
        jb_admin_error(peer, request, err, fault.text[0] != '\0' ? fault.text : jb_err_text(err));
        return;
    }
    struct jb_admin_waiter *w = jb_admin_wait(a, peer, request);
    struct jb_intake_item *item = w != NULL ? jb_batch_item(t) : NULL;
    if (item == NULL) {
        if (w != NULL)
            w->id = 0;
        return;
    }
    item->source = JB_FROM_ADMIN;
    item->act = act;
    item->user = user_of(t, peer);
    item->waiter = w->id;
}

void jb_admin_enrol(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    static const enum jb_act_kind kinds[] = {JB_ACT_ENROL_NODE};
    struct order o = {{r->enrol->act.data, r->enrol->act.len}, r->enrol->public_keys, kinds, 1};
    queue_order(a, peer, r->id, &o);
}

void jb_admin_change(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    static const enum jb_act_kind kinds[] = {JB_ACT_CHANGE_NODE, JB_ACT_REPLACE_KEYS,
                                             JB_ACT_RETIRE_NODE};
    struct order o = {{r->admin->act.data, r->admin->act.len}, r->admin->public_keys, kinds, 3};
    queue_order(a, peer, r->id, &o);
}

void jb_admin_install(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    const char *kind = r->install->kind != NULL ? r->install->kind : "";
    bool is_policy = strcmp(kind, "policy") == 0;
    if (!is_policy && strcmp(kind, "calendar") != 0) {
        jb_admin_error(peer, r->id, JB_RANGE, "kind must be \"policy\" or \"calendar\"");
        return;
    }
    if (r->install->body.len > JB_INSTALL_LIMIT_BYTES) {
        jb_admin_error(peer, r->id, JB_TOO_LARGE, "the file is larger than 512 KiB");
        return;
    }
    struct jb_fault fault = {""};
    struct jb_admin_waiter *w = jb_admin_wait(a, peer, r->id);
    if (w == NULL)
        return;
    struct jb_install in = {.text = {(const char *)r->install->body.data, r->install->body.len},
                            .user = user_of(a->b->fill, peer),
                            .waiter = w->id,
                            .dry_run = r->install->dry_run != 0};
    bool queued = false;
    enum jb_err err = jb_install_queue(a->b, is_policy, &in, &queued, &fault);
    if (err == JB_OK && in.dry_run && !is_policy)
        err = jb_admin_forecast(a, w, in.text, &queued, &fault);
    if (err == JB_OK && queued)
        return;
    w->id = 0;
    if (err != JB_OK)
        jb_admin_error(peer, r->id, err, fault.text[0] != '\0' ? fault.text : jb_err_text(err));
    else
        jb_admin_done(peer, r->id, in.dry_run ? "the file is good" : "installed already", 0, 0);
}

void jb_admin_confirm_clock(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    struct jb_broker *b = a->b;
    if (b->keeper.doubt == JB_DOUBT_NONE) {
        jb_admin_done(peer, r->id, "the wall clock is not in doubt", 0, 0);
        return;
    }
    struct jb_clock_witness by = {.user = user_of(b->fill, peer)};
    const char *reason = r->confirm_clock->reason != NULL ? r->confirm_clock->reason : "";
    by.reason.len = strlen(reason);
    by.reason.data = jb_arena_strndup(&b->fill->arena, reason, by.reason.len);
    if (by.reason.len > JB_LIMIT_LINE || by.reason.data == NULL ||
        jb_text_check_line(reason, by.reason.len) != JB_OK) {
        jb_admin_error(peer, r->id, JB_RANGE, "reason: one line of at most 1024 bytes");
        return;
    }
    struct jb_admin_waiter *w = jb_admin_wait(a, peer, r->id);
    if (w == NULL)
        return;
    by.waiter = w->id;
    const struct jb_keeper before = b->keeper;
    by.before = &before;
    bool was_in_doubt = jb_keeper_confirm(&b->keeper);
    if (was_in_doubt && jb_clockwork_record(b, &by))
        return;
    w->id = 0;
    jb_admin_done(peer, r->id,
                  was_in_doubt ? "confirmed" : "the wall clock has come back by itself", 0, 0);
}

void jb_admin_reload(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_broker_reload(a->b, &fault);
    if (err != JB_OK)
        jb_admin_error(peer, r->id, err, fault.text);
    else
        jb_admin_done(peer, r->id, "configuration read again", 0, 0);
}

/* ---- check of the whole record, on the worker pool with a connection of its own ---- */

struct check_job {
    uv_work_t work;
    struct jb_admin *a;
    uint64_t waiter;
    char path[4096];
    uint8_t sign_public[JB_KEY_BYTES];
    struct jb_check check;
    uint64_t lines; /* nodes whose stream was checked */
    enum jb_err err;
    struct jb_fault fault;
};

static enum jb_err check_lines(struct check_job *job, struct jb_ledger *l)
{
    struct jb_directory directory;
    jb_directory_init(&directory);
    enum jb_err err = jb_ledger_directory_load(l, &directory);
    for (size_t i = 0; i < directory.count && err == JB_OK; i++) {
        struct jb_check line = {0};
        struct jb_fault fault = {""};
        if (directory.nodes[i].node == JB_NODE_BROKER_NUMBER)
            continue;
        err = jb_ledger_check_line(l, directory.nodes[i].node, &line, &fault);
        if (job->fault.text[0] == '\0') /* the first finding is the one to tell */
            job->fault = fault;
        job->check.chain_intact = job->check.chain_intact && line.chain_intact;
        job->check.signatures_good = job->check.signatures_good && line.signatures_good;
        job->check.tables_equal = job->check.tables_equal && line.tables_equal;
        job->lines++;
    }
    jb_directory_fini(&directory);
    return err;
}

static void run_check(uv_work_t *work)
{
    struct check_job *job = work->data;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .read_only = true, .cancel = &job->a->stopping};
    struct jb_check_keys keys = {.broker_sign = job->sign_public};
    job->err = jb_ledger_open(job->path, &options, &l, &job->fault);
    if (job->err == JB_OK)
        job->err = jb_ledger_check(l, &keys, &job->check, &job->fault);
    if (job->err == JB_OK)
        job->err = check_lines(job, l);
    jb_ledger_close(&l);
}

static void hex(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", data[i]);
}

static void send_check(struct jb_local_peer *peer, uint64_t request, struct check_job *job)
{
    struct jb_arena arena;
    char head[2 * JB_HASH_BYTES + 1];
    char digest[2 * JB_HASH_BYTES + 1];
    Jb__VerifyView v = JB__VERIFY_VIEW__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    jb_arena_init(&arena, 65536);
    hex(job->check.head, JB_HASH_BYTES, head);
    hex(job->check.digest, JB_HASH_BYTES, digest);
    v.has_ok = v.has_items = v.has_receipts = v.has_chain_intact = 1;
    v.has_signatures_good = v.has_tables_equal = v.has_nodes = 1;
    v.items = job->check.items;
    v.receipts = job->check.receipts;
    v.chain_intact = job->check.chain_intact;
    v.signatures_good = job->check.signatures_good;
    v.tables_equal = job->check.tables_equal;
    v.has_audited = v.has_audit_intact = 1;
    v.audited = job->check.audited;
    v.audit_intact = job->check.audit_intact;
    v.ok = v.chain_intact && v.signatures_good && v.tables_equal && v.audit_intact;
    v.nodes = job->lines;
    v.head_hex = head;
    v.digest_hex = digest;
    v.text = job->fault.text;
    reply.has_id = 1;
    reply.id = request;
    reply.body_case = JB__REPLY__BODY_VERIFY;
    reply.verify = &v;
    jb_admin_reply(peer, &reply, &arena);
    jb_arena_fini(&arena);
}

static void on_checked(uv_work_t *work, int status)
{
    struct check_job *job = work->data;
    struct jb_admin *a = job->a;
    (void)status;
    a->checking = false;
    struct jb_admin_waiter w;
    bool waits = jb_admin_wait_over(a, job->waiter, &w);
    if (waits && job->err != JB_OK && job->err != JB_CORRUPT)
        jb_admin_error(w.peer, w.request, job->err, job->fault.text);
    else if (waits)
        send_check(w.peer, w.request, job);
    free(job);
}

void jb_admin_verify(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    if (a->checking) {
        jb_admin_error(peer, r->id, JB_BUSY, "a check is running already");
        return;
    }
    struct check_job *job = calloc(1, sizeof *job);
    struct jb_admin_waiter *w = job != NULL ? jb_admin_wait(a, peer, r->id) : NULL;
    if (w == NULL) {
        free(job);
        return;
    }
    job->work.data = job;
    job->a = a;
    job->waiter = w->id;
    memcpy(job->sign_public, a->b->keys.sign_public, JB_KEY_BYTES);
    (void)snprintf(job->path, sizeof job->path, "%s/broker.db", a->b->config->data);
    if (uv_queue_work(a->b->loop, &job->work, run_check, on_checked) != 0) {
        w->id = 0;
        free(job);
        jb_admin_error(peer, r->id, JB_NOMEM, "the check could not be started");
        return;
    }
    a->checking = true;
}
