/* A tick of the agent in which something fails: each allocation of ours and of SQLite's, each write
 * and each sync in turn, while a delivery is applied and while a client submits. What was not kept
 * is neither acknowledged nor confirmed, and it goes on afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/agentdesk.h"
#include "tests/unit/faults.h"
#include "tests/unit/rounds.h"

static int setup(void **state)
{
    assert_int_equal(desk_setup(state), 0);
    struct desk *d = *state;
    d->config.data = d->w->dir;
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.retry), 0);
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.pulse), 0);
    assert_int_equal(jb_agent_degraded_start(&d->agent), JB_OK);
    assert_false(jb_agent_degraded(&d->agent));
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    jb_agent_degraded_stop(&d->agent);
    uv_close((uv_handle_t *)&d->agent.line.retry, NULL);
    uv_close((uv_handle_t *)&d->agent.line.pulse, NULL);
    return desk_teardown(state);
}

static void recover(struct desk *d)
{
    struct jb_agent *a = &d->agent;
    a->probe_timer.timer_cb(&a->probe_timer); /* its time has come */
    assert_false(jb_agent_degraded(a));
}

static bool cause_fits(enum fault kind, enum jb_err why)
{
    if (kind == FAULT_FULL)
        return why == JB_FULL;
    return why == (kind == FAULT_WRITE || kind == FAULT_SYNC ? JB_IO : JB_NOMEM);
}

/* The directory in memory is the one on disk. */
static void check_directory(struct desk *d)
{
    struct jb_directory disk;
    jb_directory_init(&disk);
    assert_int_equal(jb_ledger_directory_load(d->agent.ledger, &disk), JB_OK);
    assert_int_equal(d->agent.directory.count, disk.count);
    jb_directory_fini(&disk);
}

/* ---- deliveries ---- */

/* A case comes, another is left (which leads to a submission of the agent's own), a node joins. */
static void send_more(struct desk *d, int64_t round)
{
    int64_t no = desk_register(d, 2 * round, "漏水");
    struct jb_entry note = desk_entry(d, JB_ACT_NOTE, no);
    note.act.text = jb_text_of("x");
    desk_log(d, &note, NULL, 0);
    desk_left(d, no);
    struct jb_entry node = desk_entry(d, JB_ACT_ENROL_NODE, 0);
    char *code = jb_arena_alloc(&d->w->arena, 32);
    assert_non_null(code);
    (void)snprintf(code, 32, "n%lld", (long long)round);
    node.act.node = (uint32_t)(1000 + round);
    node.act.code = node.act.name = jb_text_of(code);
    node.act.level = JB_LEVEL_COUNTY;
    node.act.node_kind = JB_NODE_GOVERNMENT;
    desk_log(d, &node, NULL, 0);
}

static bool deliver_with(struct desk *d, enum fault kind, long n)
{
    static int64_t round;
    struct jb_agent *a = &d->agent;
    struct jb_line_point before = jb_replica_down(a->ledger);
    struct jb_line_point acked;
    uint8_t suite = 0;
    uint8_t signature[JB_SIGN_BYTES];
    uint64_t made = jb_outbox_made(a->ledger).number;
    send_more(d, ++round);
    struct jb_bytes frame = desk_frame(d);
    fault_arm(kind, n);
    jb_agent_gather(a, frame);
    jb_agent_apply(a);
    bool fired = fault_disarm();
    assert_false(a->stopping);
    if (jb_replica_down(a->ledger).number == before.number) {
        assert_true(jb_agent_degraded(a));
        assert_true(cause_fits(kind, a->strain.why));
        assert_string_equal(a->line.text, a->strain.text);
        assert_int_equal(jb_outbox_made(a->ledger).number, made);
        if (before.number > 0) {
            assert_int_equal(jb_replica_ack_last(a->ledger, &acked, &suite, signature), JB_OK);
            assert_int_equal(acked.number, before.number);
        }
        recover(d);
        desk_deliver(d);
    } else if (jb_agent_degraded(a)) { /* after the commit */
        recover(d);
    }
    assert_int_equal(jb_replica_ack_last(a->ledger, &acked, &suite, signature), JB_OK);
    assert_int_equal(acked.number, jb_replica_down(a->ledger).number);
    assert_int_equal(jb_outbox_made(a->ledger).number, made + 1); /* that the case was purged */
    assert_non_null(jb_agent_pendings_find(&a->pending, made + 1));
    check_directory(d);
    jb_arena_reset(&d->w->arena);
    return fired;
}

static void deliveries(struct desk *d, enum fault kind)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    long n = 1;
    while (deliver_with(d, kind, n))
        n = rounds_next(n, 1);
    print_message("# up to the %ldth %s\n", n - 1, fault_names[kind]);
    assert_true(n > 1);
    assert_int_equal(jb_ledger_check(d->agent.ledger, NULL, &check, &fault), JB_OK);
    assert_true(check.chain_intact && check.tables_equal);
}

static void deliveries_and_our_memory(void **state)
{
    deliveries(*state, FAULT_OUR_MEMORY);
}

static void deliveries_and_sqlites_memory(void **state)
{
    deliveries(*state, FAULT_SQLITE_MEMORY);
}

static void deliveries_and_writes(void **state)
{
    deliveries(*state, FAULT_WRITE);
}

static void deliveries_and_a_full_disk(void **state)
{
    deliveries(*state, FAULT_FULL);
}

static void deliveries_and_syncs(void **state)
{
    deliveries(*state, FAULT_SYNC);
}

/* What has arrived is stored and acknowledged with the room that was kept for it. */
static void a_reserve_saves_the_delivery(void **state)
{
    struct desk *d = *state;
    struct jb_agent *a = &d->agent;
    assert_int_equal(jb_reserve_init(&a->reserve, d->w->dir, 65536), JB_OK);
    assert_int_equal(jb_reserve_fill(&a->reserve), JB_OK);
    send_more(d, 1);
    struct jb_bytes frame = desk_frame(d);
    fault_arm(FAULT_FULL, 1);
    jb_agent_gather(a, frame);
    jb_agent_apply(a);
    assert_true(fault_disarm());
    assert_int_equal(jb_replica_down(a->ledger).number, 4);
    assert_int_equal(a->strain.why, JB_FULL);
    assert_false(atomic_load(&a->reserve.held));
    recover(d);
    assert_true(atomic_load(&a->reserve.held));
    assert_int_equal(unlink(a->reserve.path), 0);
    jb_reserve_fini(&a->reserve);
}

/* ---- submissions ---- */

static bool submit_with(struct desk *d, int64_t case_no, enum fault kind, long n)
{
    struct jb_agent *a = &d->agent;
    struct jb_act act = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of("x")};
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit s = JB__DO_SUBMIT__INIT;
    struct jb_bytes bytes;
    char token[32];
    static unsigned round;
    uint64_t made = jb_outbox_made(a->ledger).number;
    (void)snprintf(token, sizeof token, "token %u", ++round);
    assert_int_equal(jb_act_encode(&act, &d->w->arena, &bytes), JB_OK);
    s.has_act = true;
    s.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    s.token = token;
    request.body_case = JB__REQUEST__BODY_SUBMIT;
    request.submit = &s;
    fault_arm(kind, n);
    enum jb_err err = desk_ask(d, "li", &request, jb_agent_do_submit);
    bool fired = fault_disarm();
    assert_false(a->stopping);
    uint64_t now = jb_outbox_made(a->ledger).number;
    assert_int_equal(now, made + (now > made)); /* never two */
    if (err == JB_OK) {
        assert_int_equal(now, made + 1);
    } else if (jb_agent_degraded(a)) {
        assert_non_null(strstr(d->r.fault.text, err == JB_IO ? "not confirmed" : "NOT kept"));
        recover(d);
    }
    /* asked again with its token it is there once, whatever became of the first time */
    assert_int_equal(desk_ask(d, "li", &request, jb_agent_do_submit), JB_OK);
    assert_int_equal(jb_outbox_made(a->ledger).number, made + 1);
    assert_non_null(jb_agent_pendings_find(&a->pending, made + 1));
    return fired;
}

static void submissions(struct desk *d, enum fault kind)
{
    int64_t no = desk_register(d, 1, "漏水");
    long n = 1;
    desk_deliver(d);
    while (submit_with(d, no, kind, n))
        n = rounds_next(n, 1);
    print_message("# up to the %ldth %s\n", n - 1, fault_names[kind]);
    assert_true(n > 1);
}

static void submissions_and_our_memory(void **state)
{
    submissions(*state, FAULT_OUR_MEMORY);
}

static void submissions_and_sqlites_memory(void **state)
{
    submissions(*state, FAULT_SQLITE_MEMORY);
}

static void submissions_and_writes(void **state)
{
    submissions(*state, FAULT_WRITE);
}

static void submissions_and_a_full_disk(void **state)
{
    submissions(*state, FAULT_FULL);
}

static void submissions_and_syncs(void **state)
{
    submissions(*state, FAULT_SYNC);
}

/* ---- questions ---- */

static bool asked_with(struct desk *d, int64_t case_no, enum fault kind, long n)
{
    static const Jb__GetStatus status_question = JB__GET_STATUS__INIT;
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetStatus q = status_question;
    bool fired = false;
    request.body_case = JB__REQUEST__BODY_STATUS;
    request.status = &q;
    for (int what = 0; what < 2; what++) {
        fault_arm(kind, n);
        enum jb_err err = what == 0 ? desk_ask(d, "li", &request, jb_agent_get_status)
                                    : desk_get_case(d, "li", case_no);
        bool failed = fault_disarm();
        assert_true(err == JB_OK || err == JB_NOMEM);
        assert_true(err == JB_OK || failed);
        if (what == 1 && err == JB_OK) { /* nothing is left out without a word */
            assert_int_equal(d->reply.case_file->n_timeline, 1);
            assert_string_equal(d->reply.case_file->title, "漏水");
        }
        fired = fired || failed;
    }
    assert_false(d->agent.stopping || jb_agent_degraded(&d->agent));
    assert_int_equal(desk_get_case(d, "li", case_no), JB_OK);
    return fired;
}

static void questions(struct desk *d, enum fault kind)
{
    int64_t no = desk_register(d, 1, "漏水");
    long n = 1;
    long times = 0;
    desk_deliver(d);
    for (; asked_with(d, no, kind, n); times++)
        n = rounds_next(n, kind == FAULT_SQLITE_MEMORY ? 3 : 1); /* hundreds, and all of a kind */
    print_message("# %ld times %s\n", times, fault_names[kind]);
    assert_true(times > 0);
}

static void questions_and_our_memory(void **state)
{
    questions(*state, FAULT_OUR_MEMORY);
}

static void questions_and_sqlites_memory(void **state)
{
    questions(*state, FAULT_SQLITE_MEMORY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(deliveries_and_our_memory),    CASE(deliveries_and_sqlites_memory),
        CASE(deliveries_and_writes),        CASE(deliveries_and_a_full_disk),
        CASE(deliveries_and_syncs),         CASE(a_reserve_saves_the_delivery),
        CASE(submissions_and_our_memory),   CASE(submissions_and_sqlites_memory),
        CASE(submissions_and_writes),       CASE(submissions_and_a_full_disk),
        CASE(submissions_and_syncs),        CASE(questions_and_our_memory),
        CASE(questions_and_sqlites_memory),
    };
    faults_install();
    return cmocka_run_group_tests_name("agent_fault", tests, NULL, NULL);
}
