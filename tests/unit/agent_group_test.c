/* Submissions that wait in one turn: one sync for all of them, each with its own verdict, and when
 * something fails nobody is told that his is kept unless it is. Through a real local socket. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/agentdesk.h"
#include "tests/unit/faults.h"
#include "tests/unit/rounds.h"

#define COUNT 6

struct office {
    struct desk *d;
    int fd; /* the client's end */
    struct jb_local_frame frame;
    struct jb_arena arena; /* of the last reply */
    int64_t case_no;
};

static int setup(void **state)
{
    struct office *o = calloc(1, sizeof *o);
    void *part = NULL;
    struct jb_fault fault = {""};
    assert_non_null(o);
    assert_int_equal(desk_setup(&part), 0);
    struct desk *d = o->d = part;
    struct jb_agent *a = &d->agent;
    d->config.data = d->w->dir;
    d->config.socket = strdup(lw_path(d->w, "a.sock"));
    d->config.socket_mode = 600;
    assert_int_equal(uv_timer_init(&d->loop, &a->line.retry), 0);
    assert_int_equal(uv_timer_init(&d->loop, &a->line.pulse), 0);
    assert_int_equal(jb_agent_degraded_start(a), JB_OK);
    assert_int_equal(jb_agent_local_start(a, &fault), JB_OK);
    o->case_no = desk_register(d, 1, "漏水");
    desk_deliver(d);
    assert_int_equal(jb_local_dial(d->config.socket, 1000, &o->fd, &fault), JB_OK);
    jb_arena_init(&o->arena, (size_t)1 << 20);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct office *o = *state;
    struct jb_agent *a = &o->d->agent;
    void *part = o->d;
    char *path = o->d->config.socket;
    (void)close(o->fd);
    a->stopping = true;
    jb_agent_degraded_stop(a);
    jb_agent_group_drop(a);
    jb_agent_wait_stop(a);
    jb_agent_local_stop(a);
    uv_close((uv_handle_t *)&a->line.retry, NULL);
    uv_close((uv_handle_t *)&a->line.pulse, NULL);
    jb_local_frame_fini(&o->frame);
    jb_arena_fini(&o->arena);
    free(o);
    int rc = desk_teardown(&part);
    free(path);
    return rc;
}

/* ---- the client ---- */

static void send_request(struct office *o, const Jb__Request *request)
{
    struct jb_bytes bytes;
    jb_arena_reset(&o->arena);
    assert_int_equal(jb_message_encode(&request->base, &o->arena, &bytes), JB_OK);
    assert_int_equal(jb_local_send_frame(o->fd, bytes, 1000), JB_OK);
}

static void send_act(struct office *o, uint64_t id, const struct jb_act *act, const char *token)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit s = JB__DO_SUBMIT__INIT;
    char text[64];
    struct jb_bytes bytes;
    assert_int_equal(jb_act_encode(act, &o->d->w->arena, &bytes), JB_OK);
    JB_PUT(&request, protocol, 1);
    JB_PUT(&request, id, id);
    s.has_act = true;
    s.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    (void)snprintf(text, sizeof text, "%s", token);
    s.token = text;
    request.body_case = JB__REQUEST__BODY_SUBMIT;
    request.submit = &s;
    send_request(o, &request);
}

static void send_note(struct office *o, uint64_t id, int64_t case_no, const char *token)
{
    struct jb_act act = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of("x")};
    send_act(o, id, &act, token);
}

/* Until the agent has so many submissions before it. */
static void gather(struct office *o, size_t count)
{
    for (int i = 0; i < 1000 && o->d->agent.group.count < count; i++) {
        (void)uv_run(&o->d->loop, UV_RUN_NOWAIT);
        (void)usleep(o->d->agent.group.count < count ? 100 : 0);
    }
    assert_int_equal(o->d->agent.group.count, count);
}

static const Jb__Reply *receive(struct office *o)
{
    struct jb_fault fault = {""};
    ProtobufCMessage *message = NULL;
    jb_arena_reset(&o->arena);
    assert_int_equal(jb_local_recv_frame(o->fd, 1000, JB_LOCAL_REPLY_LIMIT, &o->frame), JB_OK);
    struct jb_bytes bytes = {o->frame.data, o->frame.len};
    assert_int_equal(jb_message_decode(&jb__reply__descriptor, bytes, &o->arena, &message, &fault),
                     JB_OK);
    return (const Jb__Reply *)message;
}

static uint64_t made(const struct office *o)
{
    return jb_outbox_made(o->d->agent.ledger).number;
}

/* ---- groups ---- */

static void several_share_one_sync(void **state)
{
    struct office *o = *state;
    for (uint64_t id = 1; id <= COUNT; id++)
        send_note(o, id, o->case_no, "");
    gather(o, COUNT);
    fault_arm(FAULT_SYNC, 2);
    jb_agent_group_take(&o->d->agent);
    assert_false(fault_disarm());
    assert_int_equal(made(o), COUNT);
    for (uint64_t id = 1; id <= COUNT; id++) {
        const Jb__Reply *reply = receive(o);
        assert_int_equal(reply->id, id);
        assert_int_equal(reply->body_case, JB__REPLY__BODY_SETTLED);
        assert_true(reply->settled->pending);
        assert_int_equal(reply->settled->number, id);
        assert_non_null(jb_agent_pendings_find(&o->d->agent.pending, id));
    }
}

/* Each is decided with those before it in view. */
static void case_numbers_differ(void **state)
{
    struct office *o = *state;
    static const struct jb_act act = {.kind = JB_ACT_REGISTER,
                                      .matter = JB_MATTER_APPEAL,
                                      .channel = JB_CHANNEL_LETTER,
                                      .title = {"反映供暖问题", 18}};
    char numbers[COUNT][JB_CASENO_TEXT];
    for (uint64_t id = 0; id < COUNT; id++)
        send_act(o, id + 1, &act, "");
    gather(o, COUNT);
    jb_agent_group_take(&o->d->agent);
    for (size_t i = 0; i < COUNT; i++) {
        const Jb__Reply *reply = receive(o);
        assert_int_equal(reply->body_case, JB__REPLY__BODY_SETTLED);
        (void)snprintf(numbers[i], sizeof numbers[i], "%s", reply->settled->case_number);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(numbers[i], numbers[k]);
    }
}

static void a_wrong_one_does_not_spoil_the_others(void **state)
{
    struct office *o = *state;
    struct jb_act rate = {.kind = JB_ACT_RATE, .case_no = o->case_no}; /* without a code */
    struct jb_act untitled = {.kind = JB_ACT_REGISTER, .matter = JB_MATTER_APPEAL};
    send_note(o, 1, o->case_no, "");
    send_act(o, 2, &rate, "");
    send_act(o, 3, &untitled, "");
    send_note(o, 4, o->case_no, "");
    gather(o, 4);
    jb_agent_group_take(&o->d->agent);
    assert_int_equal(made(o), 2);
    assert_int_equal(receive(o)->settled->number, 1);
    const Jb__Reply *wrong = receive(o);
    assert_int_equal(wrong->body_case, JB__REPLY__BODY_ERROR);
    assert_int_equal(wrong->error->error, JB_MISSING);
    const Jb__Reply *refused = receive(o);
    assert_int_equal(refused->body_case, JB__REPLY__BODY_SETTLED);
    assert_false(refused->settled->accepted || refused->settled->pending);
    assert_int_equal(receive(o)->settled->number, 2);
}

static void a_repeat_in_the_same_group_is_one(void **state)
{
    struct office *o = *state;
    send_note(o, 1, o->case_no, "once");
    send_note(o, 2, o->case_no, "once");
    gather(o, 2);
    jb_agent_group_take(&o->d->agent);
    assert_int_equal(made(o), 1);
    assert_int_equal(receive(o)->settled->number, 1);
    assert_int_equal(receive(o)->settled->number, 1);
}

/* Whoever asks sees what was submitted before him, and it is on the disk by then. */
static void a_question_comes_after_them(void **state)
{
    struct office *o = *state;
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetSettled q = JB__GET_SETTLED__INIT;
    send_note(o, 1, o->case_no, "");
    send_note(o, 2, o->case_no, "");
    gather(o, 2);
    JB_PUT(&request, protocol, 1);
    JB_PUT(&request, id, 3);
    JB_PUT(&q, number, 2);
    request.body_case = JB__REQUEST__BODY_SETTLED;
    request.settled = &q;
    send_request(o, &request);
    for (int i = 0; i < 1000 && made(o) == 0; i++)
        (void)uv_run(&o->d->loop, UV_RUN_NOWAIT);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(receive(o)->id, id);
    assert_int_equal(made(o), 2);
}

/* What a client sent before it went away is kept. */
static void a_client_that_leaves_has_submitted(void **state)
{
    struct office *o = *state;
    struct jb_fault fault = {""};
    send_note(o, 1, o->case_no, "");
    send_note(o, 2, o->case_no, "");
    gather(o, 2);
    (void)close(o->fd);
    for (int i = 0; i < 1000 && made(o) == 0; i++)
        (void)uv_run(&o->d->loop, UV_RUN_NOWAIT);
    assert_int_equal(made(o), 2);
    assert_int_equal(jb_local_dial(o->d->config.socket, 1000, &o->fd, &fault), JB_OK);
}

/* ---- groups in which something fails ---- */

static void send_round(struct office *o, unsigned round)
{
    for (uint64_t id = 1; id <= COUNT; id++) {
        char token[32];
        (void)snprintf(token, sizeof token, "round %u, %u", round, (unsigned)id);
        send_note(o, id, o->case_no, token);
    }
    gather(o, COUNT);
}

/* Every confirmed one is in the outbox; repeated with their tokens all are there once. */
static bool group_with(struct office *o, enum fault kind, long n)
{
    static unsigned round;
    struct jb_agent *a = &o->d->agent;
    uint64_t before = made(o);
    uint64_t confirmed = 0;
    send_round(o, ++round);
    fault_arm(kind, n);
    jb_agent_group_take(a);
    bool fired = fault_disarm();
    assert_false(a->stopping);
    assert_int_equal(a->pending.count, made(o));
    for (size_t i = 0; i < COUNT; i++) {
        const Jb__Reply *reply = receive(o);
        confirmed += reply->body_case == JB__REPLY__BODY_SETTLED;
        if (reply->body_case == JB__REPLY__BODY_SETTLED)
            assert_in_range(reply->settled->number, before + 1, made(o));
    }
    assert_true(confirmed <= made(o) - before);
    if (jb_agent_degraded(a))
        a->probe_timer.timer_cb(&a->probe_timer); /* its time has come */
    assert_false(jb_agent_degraded(a));
    send_round(o, round);
    jb_agent_group_take(a);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(receive(o)->body_case, JB__REPLY__BODY_SETTLED);
    assert_int_equal(made(o), before + COUNT);
    return fired;
}

static void groups(struct office *o, enum fault kind)
{
    long n = 1;
    long times = 0;
    while (group_with(o, kind, n)) {
        n = rounds_next(n, kind == FAULT_SQLITE_MEMORY || kind == FAULT_OUR_MEMORY ? 3 : 1);
        times++;
    }
    print_message("# %ld times %s\n", times, fault_names[kind]);
    assert_true(times > 0);
}

static void groups_and_sqlites_memory(void **state)
{
    groups(*state, FAULT_SQLITE_MEMORY);
}

static void groups_and_writes(void **state)
{
    groups(*state, FAULT_WRITE);
}

static void groups_and_a_full_disk(void **state)
{
    groups(*state, FAULT_FULL);
}

static void groups_and_syncs(void **state)
{
    groups(*state, FAULT_SYNC);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(several_share_one_sync),
        CASE(case_numbers_differ),
        CASE(a_wrong_one_does_not_spoil_the_others),
        CASE(a_repeat_in_the_same_group_is_one),
        CASE(a_question_comes_after_them),
        CASE(a_client_that_leaves_has_submitted),
        CASE(groups_and_sqlites_memory),
        CASE(groups_and_writes),
        CASE(groups_and_a_full_disk),
        CASE(groups_and_syncs),
    };
    faults_install();
    return cmocka_run_group_tests_name("agent_group", tests, NULL, NULL);
}
