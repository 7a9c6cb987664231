/* See agentdesk.h. */
#include "tests/unit/agentdesk.h"

#include <stdlib.h>

#include "proto/base/log.h"

int desk_setup(void **state)
{
    static char none[] = "";
    struct desk *d = calloc(1, sizeof *d);
    struct jb_fault fault = {""};
    void *part = NULL;

    assert_non_null(d);
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(lw_setup(&part), 0);
    d->w = part;
    assert_int_equal(uv_loop_init(&d->loop), 0);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &d->broker_keys, &(struct jb_fault){""}),
                     JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &d->agent.keys, &(struct jb_fault){""}),
                     JB_OK);
    jb_keys_public(&d->broker_keys, &d->agent.broker);
    d->broker = lw_open(d->w, "b.db", JB_LEDGER_BROKER);
    d->agent.loop = &d->loop;
    d->agent.config = &d->config;
    d->agent.ledger = lw_replica(d->w, "r.db", d->broker, DESK_NODE);
    d->agent.clock = jb_clock_fixed(&d->w->now_ms);
    d->agent.mono = jb_clock_fixed(&d->w->now_ms);
    d->agent.lock_fd = -1;
    d->config.code = strdup("xfj");
    d->config.alarm_check_ms = 60000;
    d->config.hook_timeout_ms = 20000;
    for (size_t i = 0; i < JB_STAFF_COUNT; i++)
        d->config.roles[i] = none;
    jb_log_set_level(JB_LOG_ERROR);
    jb_arena_init(&d->arena, JB_AGENT_REQUEST_BYTES);
    jb_agent_gather_drop(&d->agent);
    assert_int_equal(jb_agent_book_start(&d->agent, &fault), JB_OK);
    assert_int_equal(jb_agent_hook_start(&d->agent), JB_OK);
    assert_int_equal(jb_agent_alarm_start(&d->agent), JB_OK);
    *state = d;
    return 0;
}

int desk_teardown(void **state)
{
    struct desk *d = *state;
    void *part = d->w;

    d->agent.stopping = true;
    jb_agent_alarm_stop(&d->agent);
    jb_agent_hook_stop(&d->agent);
    assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&d->loop), 0);
    jb_agent_book_fini(&d->agent);
    jb_agent_pendings_fini(&d->agent.pending);
    jb_arena_fini(&d->agent.gather.arena);
    jb_arena_fini(&d->arena);
    lw_close(&d->agent.ledger);
    lw_close(&d->broker);
    free(d->config.code);
    assert_int_equal(lw_teardown(&part), 0);
    free(d);
    return 0;
}

/* ---- the broker ---- */

static void log_to(struct desk *d, struct jb_entry *entry, const struct jb_effect *effects,
                   size_t count, bool history)
{
    if (count > 0)
        lw_effects(entry, &d->w->arena, effects, count);
    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    entry->seq = jb_log_last_seq(d->broker) + 1;
    (void)lw_log_to(d->w, d->broker, entry,
                    (struct jb_stream_add){.node = DESK_NODE, .history = history});
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
}

void desk_log(struct desk *d, struct jb_entry *entry, const struct jb_effect *effects, size_t count)
{
    log_to(d, entry, effects, count, false);
}

void desk_log_history(struct desk *d, struct jb_entry *entry, const struct jb_effect *effects,
                      size_t count)
{
    log_to(d, entry, effects, count, true);
}

struct jb_entry desk_entry(struct desk *d, enum jb_act_kind kind, int64_t case_no)
{
    return lw_entry(d->w, d->broker, kind, case_no);
}

int64_t desk_register(struct desk *d, int64_t index, const char *title)
{
    struct jb_entry e = lw_register(d->w, d->broker, lw_case_no(index), title);

    desk_log(d, &e, NULL, 0);
    return e.act.case_no;
}

void desk_left(struct desk *d, int64_t case_no)
{
    struct jb_item left = {
        .kind = JB_ITEM_LEFT, .left_case_no = case_no, .left_reason = jb_text_of("handed over")};
    struct jb_stream_add to = {
        .node = DESK_NODE, .at_ms = d->w->now_ms, .case_no = case_no, .other = &left};

    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    assert_int_equal(jb_stream_append(d->broker, &to, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
}

struct jb_bytes desk_frame(struct desk *d)
{
    struct jb_line_point down = jb_replica_down(d->agent.ledger);
    struct jb_frame_item *items = NULL;
    struct jb_frame f = {.kind = JB_FRAME_DELIVER, .first = down.number + 1};
    struct jb_stream_read want = {
        .node = DESK_NODE, .from = f.first, .max_items = 200, .max_bytes = SIZE_MAX};
    struct jb_bytes bytes;

    assert_int_equal(jb_stream_read(d->broker, &want, &d->w->arena, &items, &f.item_count, f.head),
                     JB_OK);
    f.items = items;
    memcpy(f.epoch, jb_ledger_epoch(d->broker), sizeof f.epoch);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, DESK_NODE, f.epoch, down.number + f.item_count, f.head);
    f.suite = JB_SUITE_ED25519;
    assert_int_equal(jb_line_sign(f.suite, d->broker_keys.sign_secret, &claim, f.signature), JB_OK);
    assert_int_equal(jb_frame_encode(&f, &d->w->arena, &bytes), JB_OK);
    return bytes;
}

void desk_deliver(struct desk *d)
{
    jb_agent_gather(&d->agent, desk_frame(d));
    jb_agent_apply(&d->agent);
    assert_false(d->agent.stopping);
    uint8_t head[JB_HASH_BYTES];
    uint64_t end = 0;
    assert_int_equal(jb_stream_end(d->broker, DESK_NODE, &end, head), JB_OK);
    assert_int_equal(jb_replica_down(d->agent.ledger).number, end);
}

/* ---- questions ---- */

enum jb_err desk_ask(struct desk *d, const char *user, const Jb__Request *request,
                     jb_agent_handler handler)
{
    jb_arena_reset(&d->arena);
    d->r = (struct jb_agent_request){.agent = &d->agent,
                                     .client = &d->client,
                                     .request = request,
                                     .arena = &d->arena,
                                     .now_ms = d->w->now_ms,
                                     .roles = JB_STAFF_ALL,
                                     .user = jb_text_of(user)};
    jb__reply__init(&d->reply);
    return handler(&d->r, &d->reply);
}

enum jb_err desk_get_case(struct desk *d, const char *user, int64_t case_no)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetCase q = JB__GET_CASE__INIT;

    JB_PUT(&q, case_no, case_no);
    JB_PUT(&q, with_timeline, true);
    request.body_case = JB__REQUEST__BODY_CASE_FILE;
    request.case_file = &q;
    return desk_ask(d, user, &request, jb_agent_get_case);
}

enum jb_err desk_submit(struct desk *d, const char *user, const struct jb_act *act,
                        const Jb__DoSubmit *more)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit s = JB__DO_SUBMIT__INIT;
    struct jb_bytes bytes;

    if (more != NULL)
        s = *more;
    assert_int_equal(jb_act_encode(act, &d->w->arena, &bytes), JB_OK);
    s.has_act = true;
    s.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    request.body_case = JB__REQUEST__BODY_SUBMIT;
    request.submit = &s;
    return desk_ask(d, user, &request, jb_agent_do_submit);
}

struct jb_act desk_outbox_act(struct desk *d)
{
    struct jb_outbox_item *items = NULL;
    struct jb_submission s;
    struct jb_act act;
    struct jb_fault fault = {""};
    size_t count = 0;

    assert_int_equal(
        jb_outbox_read(d->agent.ledger, 1, 100, SIZE_MAX, &d->w->arena, &items, &count), JB_OK);
    assert_true(count > 0);
    assert_int_equal(jb_submission_decode(items[count - 1].body, &d->w->arena, &s, &fault), JB_OK);
    assert_int_equal(jb_act_decode(s.act_bytes, &d->w->arena, &act, &fault), JB_OK);
    return act;
}
