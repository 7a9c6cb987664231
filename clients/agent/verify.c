/* `verify`: does the replica's chain hold, do the signatures verify, do the tables follow from the
 * stream, does the broker have the same end? Runs in a worker thread on a connection of its own, so
 * that nobody waits; one at a time. */
#include "clients/agent/verify.h"
#include "clients/agent/requests.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define BROKER_MS 10000 /* how long the broker is asked */
#define ASK_AGAIN_MS 500
#define ROUNDS (BROKER_MS / ASK_AGAIN_MS)

struct jb_agent_verify {
    uv_work_t work;
    uv_timer_t timer;
    struct jb_agent *agent;
    struct jb_agent_client *client; /* NULL: has gone */
    uint64_t request_id;
    /* the worker's own while it runs */
    const char *path;
    struct jb_check check;
    enum jb_err err;
    struct jb_fault fault;
    /* the broker */
    bool ask, answered, equal;
    int rounds;
    bool working;
    struct jb_line_point broker; /* as it answered */
};

enum jb_err jb_agent_verify_file(const char *path, const struct jb_check_keys *keys,
                                 struct jb_check *check, struct jb_fault *fault)
{
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_REPLICA, .read_only = true, .suite = keys->suite};
    enum jb_err err = jb_ledger_open(path, &options, &l, fault);
    if (err == JB_OK)
        err = jb_ledger_check(l, keys, check, fault);
    jb_ledger_close(&l);
    return err;
}

static enum jb_err check_ledger(struct jb_agent *a, const char *path, struct jb_check *check,
                                struct jb_fault *fault)
{
    /* on the worker: what never changes, not the key of the present connection */
    struct jb_check_keys keys = {.suite = a->pins.at[0].suite,
                                 .broker_sign = a->pins.signs[0],
                                 .own_sign = a->keys.sign_public,
                                 .broker_also = a->pins.signs[1],
                                 .broker_also_count = a->pins.count - 1};
    return jb_agent_verify_file(path, &keys, check, fault);
}

static bool good(const struct jb_check *c)
{
    return c->chain_intact && c->signatures_good && c->tables_equal && c->audit_intact;
}

/* ---- the answer ---- */

static void describe(const struct jb_agent_verify *k, char *text, size_t size)
{
    const char *broker = !k->ask        ? ""
                         : !k->answered ? "; the broker did not answer"
                         : k->equal     ? "; replica = broker"
                                        : "; THE BROKER HOLDS SOMETHING ELSE";
    if (k->fault.text[0] != '\0')
        (void)snprintf(text, size, "%s%s", k->fault.text, broker);
    else
        (void)snprintf(text, size,
                       "chain intact, %llu items, %llu receipts; signed by the broker to item "
                       "%llu%s",
                       (unsigned long long)k->check.items, (unsigned long long)k->check.receipts,
                       (unsigned long long)k->check.signed_to, broker);
}

static Jb__VerifyView *view_of(const struct jb_agent_verify *k, const struct jb_agent_views *v)
{
    Jb__VerifyView *w = jb_arena_alloc(v->arena, sizeof *w);
    char text[sizeof k->fault.text + 128];
    if (w == NULL)
        return NULL;
    jb__verify_view__init(w);
    describe(k, text, sizeof text);
    w->has_ok = w->has_chain_intact = w->has_signatures_good = w->has_tables_equal = true;
    w->has_items = w->has_receipts = w->has_erased = w->has_broker_asked = true;
    w->ok = k->err == JB_OK && good(&k->check) && (!k->answered || k->equal);
    w->chain_intact = k->check.chain_intact;
    w->signatures_good = k->check.signatures_good;
    w->tables_equal = k->check.tables_equal;
    w->items = k->check.items;
    w->receipts = k->check.receipts;
    w->erased = k->check.erased;
    JB_PUT(w, audited, k->check.audited);
    w->has_audit_intact = true; /* said in any case */
    w->audit_intact = k->check.audit_intact;
    w->broker_asked = k->ask && k->answered;
    w->has_equals_broker = w->broker_asked;
    w->equals_broker = k->equal;
    JB_PUT(w, number, jb_replica_down(v->agent->ledger).number);
    w->head_hex = jb_agent_view_hex(v, k->check.head, sizeof k->check.head);
    w->digest_hex = jb_agent_view_hex(v, k->check.digest, sizeof k->check.digest);
    w->text = jb_agent_view_text(v, jb_text_of(text));
    return w;
}

static void answer(struct jb_agent_verify *k)
{
    struct jb_arena arena;
    struct jb_agent_views v = {
        .agent = k->agent, .arena = &arena, .now_ms = jb_agent_now(k->agent)};
    Jb__Reply reply = JB__REPLY__INIT;
    if (k->client == NULL)
        return;
    jb_arena_init(&arena, 65536);
    reply.has_id = true;
    reply.id = k->request_id;
    reply.body_case = JB__REPLY__BODY_VERIFY;
    reply.verify = view_of(k, &v);
    if (k->err == JB_NOMEM || k->err == JB_IO || k->err == JB_LOCKED || reply.verify == NULL)
        jb_agent_reply_error(k->client, k->request_id, k->err != JB_OK ? k->err : JB_NOMEM,
                             k->fault.text[0] != '\0' ? k->fault.text : jb_err_text(k->err));
    else
        jb_agent_reply(k->client, &reply, &arena);
    jb_arena_fini(&arena);
}

static void on_freed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Both are done, the check and the broker: answer. */
static void finish(struct jb_agent_verify *k)
{
    struct jb_agent *a = k->agent;
    if (k->working || (k->ask && !k->answered && k->rounds < ROUNDS && a->line.welcomed))
        return;
    if (!a->stopping)
        answer(k);
    a->verify = NULL;
    (void)malloc_trim(0); /* the replay took much more than this process usually has */
    uv_close((uv_handle_t *)&k->timer, on_freed);
}

/* ---- the check ---- */

static void on_work(uv_work_t *work)
{
    struct jb_agent_verify *k = work->data;
    k->err = check_ledger(k->agent, k->path, &k->check, &k->fault);
}

static void on_worked(uv_work_t *work, int status)
{
    struct jb_agent_verify *k = work->data;
    k->working = false;
    if (status != 0)
        k->err = JB_CLOSED;
    jb_log(k->err == JB_OK && good(&k->check) ? JB_LOG_INFO : JB_LOG_ERROR, k->agent->config->code,
           "replica.verified", "ok=%d items=%llu detail=\"%s\"", k->err == JB_OK && good(&k->check),
           (unsigned long long)k->check.items, k->fault.text);
    finish(k);
}

/* ---- the broker ---- */

static void on_ask(uv_timer_t *timer)
{
    struct jb_agent_verify *k = timer->data;
    k->rounds++;
    if (k->answered || k->rounds >= ROUNDS || !k->agent->line.welcomed) {
        (void)uv_timer_stop(timer);
        finish(k);
        return;
    }
    jb_agent_line_beat(k->agent);
}

/* Compared when both are at the same item; while the stream moves, ask again. */
void jb_agent_verify_beat(struct jb_agent *a, const struct jb_line_point *down)
{
    struct jb_agent_verify *k = a->verify;
    struct jb_line_point own = jb_replica_down(a->ledger);
    if (k == NULL || !k->ask || k->answered || down->number != own.number)
        return;
    k->answered = true;
    k->broker = *down;
    k->equal = memcmp(down->epoch, own.epoch, sizeof own.epoch) == 0 &&
               memcmp(down->head, own.head, sizeof own.head) == 0;
    finish(k);
}

enum jb_err jb_agent_verify_start(struct jb_agent_request *r, bool ask_broker)
{
    struct jb_agent *a = r->agent;
    if (a->verify != NULL)
        return jb_fault_set(&r->fault, JB_BUSY, "a check is under way already");
    struct jb_agent_verify *k = calloc(1, sizeof *k);
    if (k == NULL)
        return JB_NOMEM;
    k->agent = a;
    k->client = r->client;
    k->request_id = r->request->id;
    k->path = a->ledger_path;
    k->ask = ask_broker;
    k->work.data = k;
    k->timer.data = k;
    (void)uv_timer_init(a->loop, &k->timer); /* cannot fail */
    k->working = uv_queue_work(a->loop, &k->work, on_work, on_worked) == 0;
    if (!k->working) {
        uv_close((uv_handle_t *)&k->timer, on_freed);
        return JB_IO;
    }
    a->verify = k;
    if (ask_broker) {
        (void)uv_timer_start(&k->timer, on_ask, ASK_AGAIN_MS, ASK_AGAIN_MS);
        jb_agent_line_beat(a);
    }
    return JB_OK;
}

void jb_agent_verify_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    if (a->verify != NULL && a->verify->client == client)
        a->verify->client = NULL;
}

bool jb_agent_verify_running(const struct jb_agent *a)
{
    return a->pages != NULL || (a->verify != NULL && a->verify->working);
}

void jb_agent_verify_stop(struct jb_agent *a)
{
    struct jb_agent_verify *k = a->verify;
    if (k == NULL)
        return;
    (void)uv_timer_stop(&k->timer);
    k->client = NULL;
    k->rounds = ROUNDS;
    finish(k);
}

int jb_agent_verify_tell(enum jb_err err, const struct jb_check *c, const struct jb_fault *fault)
{
    bool ok = err == JB_OK && good(c);
    unsigned long long items = c->items;
    unsigned long long covered = c->signed_to;
    (void)printf(jb_said("%s: %llu items, %llu receipts, %llu erased; chain %s, signatures %s, "
                         "tables %s, access log %s\n"),
                 ok ? jb_said("good") : jb_said("NOT GOOD"), items, (unsigned long long)c->receipts,
                 (unsigned long long)c->erased,
                 c->chain_intact ? jb_said("intact") : jb_said("BROKEN"),
                 c->signatures_good ? jb_said("good") : jb_said("BAD"),
                 c->tables_equal ? jb_said("equal") : jb_said("DIFFERENT"),
                 c->audit_intact ? jb_said("intact") : jb_said("CHANGED"));
    if (fault->text[0] != '\0')
        (void)printf("%s\n", fault->text);
    if (!ok)
        return jb_err_exit(err != JB_OK ? err : JB_CORRUPT);
    (void)printf(jb_said("proven: items 1 to %llu are what the broker sent, without gap: %llu of "
                         "its signatures verify\n"),
                 covered, (unsigned long long)c->broker_signatures);
    if (covered < items)
        (void)printf(jb_said("not proven: items %llu to %llu, no signature of the broker covers "
                             "them\n"),
                     covered + 1, items);
    return 0;
}

int jb_agent_verify_offline(struct jb_agent *a)
{
    struct jb_check check = {0};
    struct jb_fault fault = {""};
    enum jb_err err = check_ledger(a, a->ledger_path, &check, &fault);
    return jb_agent_verify_tell(err, &check, &fault);
}
