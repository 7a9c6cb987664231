/* libjiaoban: lost connections, broken and late replies, many requests at once, watching, libuv. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/clientworld.h"

#include "clients/lib/jiaoban_uv.h"

/* ---- connections ----------------------------------------------------------------------------- */

static void test_nobody_listens(void **state)
{
    struct jiaoban *j = NULL;
    (void)state;
    assert_int_equal(jiaoban_open("/nonexistent/agent.sock", &j), JIAOBAN_OFFLINE);
    assert_non_null(j);
    assert_non_null(strstr(jiaoban_error_text(j), "/nonexistent/agent.sock"));
    assert_non_null(strstr(jiaoban_error_text(j), "jiaoban-agent"));
    assert_int_equal(jiaoban_fd(j), -1);
    assert_int_equal(jiaoban_get_state(j, NULL, NULL), JIAOBAN_OFFLINE);
    jiaoban_close(j);
    assert_int_equal(jiaoban_open_admin("/nonexistent/admin.sock", &j), JIAOBAN_OFFLINE);
    assert_non_null(strstr(jiaoban_error_text(j), "jiaoband"));
    jiaoban_close(j);
    jiaoban_close(NULL);
}

static void test_lost_connection(void **state)
{
    struct world *w = *state;
    const struct {
        enum world_mode mode;
        enum jiaoban_status status;
    } rows[] = {{HANG_UP, JIAOBAN_CLOSED},
                {GARBAGE, JIAOBAN_MALFORMED},
                {HUGE_FRAME, JIAOBAN_TOO_LARGE},
                {ERROR_ID_0, JIAOBAN_VERSION}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w->mode = rows[i].mode;
        assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), rows[i].status);
        assert_int_equal(jiaoban_fd(w->j), -1);
        w->mode = NORMAL;
        assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), JIAOBAN_OK);
        assert_int_equal(w->connections, i + 2);
    }
}

/* Whoever does it again does it twice, perhaps: that is said. A question can be asked again. */
static void test_lost_submission(void **state)
{
    struct world *w = *state;
    struct jiaoban_act act = {.size = sizeof act, .title = "漏水"};

    w->mode = HANG_UP;
    assert_int_equal(jiaoban_register(w->j, &act, NULL, NULL), JIAOBAN_CLOSED);
    assert_non_null(strstr(jiaoban_error_text(w->j), "outbox"));
    assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), JIAOBAN_CLOSED);
    assert_null(strstr(jiaoban_error_text(w->j), "outbox"));
    act.title = NULL; /* was not sent */
    assert_int_equal(jiaoban_register(w->j, &act, NULL, NULL), JIAOBAN_MISSING);
    assert_null(strstr(jiaoban_error_text(w->j), "outbox"));
}

static void test_idle_connection_closed(void **state)
{
    struct world *w = *state;
    struct jiaoban_act act = {.size = sizeof act, .case_number = w->number, .text = "x"};
    assert_int_equal(jiaoban_note(w->j, &act, NULL, NULL), JIAOBAN_OK);
    fake_agent_stop(w->fake);
    assert_int_equal(jiaoban_note(w->j, &act, NULL, NULL), JIAOBAN_OFFLINE);
    w->fake = fake_agent_start(world_answer, w); /* another folder: still nobody at the old path */
    assert_int_equal(jiaoban_note(w->j, &act, NULL, NULL), JIAOBAN_OFFLINE);
}

static void test_late_answer(void **state)
{
    struct world *w = *state;
    struct jiaoban_act act = {.size = sizeof act, .case_number = w->number, .text = "x"};
    struct jiaoban_options options = {.size = sizeof options, .timeout_ms = 20};
    w->mode = LATE; /* the first request is answered together with the second */
    assert_int_equal(jiaoban_note(w->j, &act, &options, NULL), JIAOBAN_BUSY);
    options.timeout_ms = 0;
    assert_int_equal(jiaoban_note(w->j, &act, &options, NULL), JIAOBAN_OK);
    w->mode = NORMAL;
    assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), JIAOBAN_OK);
    assert_int_equal(w->connections, 1);
}

/* ---- without blocking ------------------------------------------------------------------------ */

struct tally {
    int ok, closed, other, calls[MANY + 1];
    uv_loop_t *loop;
    struct jiaoban_uv *link;
    enum jiaoban_status nested;
};

static void count(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                  struct jiaoban_result *result, void *data)
{
    struct tally *t = data;
    if (id <= MANY)
        t->calls[id]++;
    t->ok += status == JIAOBAN_OK;
    t->closed += status == JIAOBAN_CLOSED;
    t->other += status != JIAOBAN_OK && status != JIAOBAN_CLOSED;
    t->nested = jiaoban_get_state(j, NULL, NULL); /* must be refused, not hang */
    jiaoban_result_free(result);
}

static void submit_many(struct world *w, struct tally *t, uint64_t *last)
{
    struct jiaoban_act act = {.size = sizeof act, .case_number = w->number, .text = "x"};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(jiaoban_submit_async(w->j, "note", &act, NULL, count, t, last),
                         JIAOBAN_OK);
}

static void test_many_in_flight(void **state)
{
    struct world *w = *state;
    struct tally t = {.ok = 0};
    uint64_t last = 0;
    w->hold = MANY;
    submit_many(w, &t, &last);
    assert_int_equal(last, MANY);
    assert_int_equal(jiaoban_wants(w->j), JIAOBAN_READ | JIAOBAN_WRITE);
    jiaoban_cancel(w->j, 7);
    jiaoban_cancel(w->j, 7);
    while (t.ok < MANY - 1)
        assert_int_equal(jiaoban_process(w->j), JIAOBAN_OK);
    for (uint64_t id = 1; id <= MANY; id++)
        assert_int_equal(t.calls[id], id == 7 ? 0 : 1);
    assert_int_equal(t.nested, JIAOBAN_BUSY);
    assert_int_equal(jiaoban_wants(w->j), JIAOBAN_READ);
}

static void test_in_flight_when_lost(void **state)
{
    struct world *w = *state;
    struct tally t = {.ok = 0};
    uint64_t last = 0;
    w->mode = HANG_UP;
    submit_many(w, &t, &last);
    enum jiaoban_status status = JIAOBAN_OK;
    while (status == JIAOBAN_OK)
        status = jiaoban_process(w->j);
    assert_int_equal(t.ok, 0);
    assert_int_equal(t.closed + t.other, MANY);
    assert_int_equal(jiaoban_fd(w->j), -1);
    assert_int_equal(jiaoban_process(w->j), JIAOBAN_CLOSED);
}

static void test_too_many_in_flight(void **state)
{
    struct world *w = *state;
    struct tally t = {.ok = 0};
    enum jiaoban_status status = JIAOBAN_OK;
    int made = 0;
    w->mode = SILENT;
    while (made < 10000 && status == JIAOBAN_OK) {
        status = jiaoban_request_async(w->j, "state", NULL, count, &t, NULL);
        made += status == JIAOBAN_OK;
    }
    assert_int_equal(status, JIAOBAN_BUSY);
    assert_in_range(made, 4000, 4096);
    assert_int_equal(jiaoban_request_async(w->j, "weather", NULL, count, &t, NULL),
                     JIAOBAN_UNSUPPORTED);
}

static void test_watch(void **state)
{
    struct world *w = *state;
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_watch_next(w->j, 0, &r), JIAOBAN_MISSING);
    assert_int_equal(jiaoban_watch(w->j, NULL), JIAOBAN_OK);
    assert_int_equal(jiaoban_watch(w->j, NULL), JIAOBAN_EXISTS);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(jiaoban_watch_next(w->j, 5000, &r), JIAOBAN_OK);
        assert_int_equal(jiaoban_result_news(r)->event->number, i);
        jiaoban_result_free(r);
    }
    assert_int_equal(jiaoban_watch_next(w->j, 0, &r), JIAOBAN_BUSY);
    assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), JIAOBAN_OK);
    w->mode = HANG_UP;
    assert_int_equal(jiaoban_get_state(w->j, NULL, NULL), JIAOBAN_CLOSED);
    assert_int_equal(jiaoban_watch_next(w->j, 5000, &r), JIAOBAN_CLOSED);
    assert_null(r);
}

static void uv_done(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                    struct jiaoban_result *result, void *data)
{
    struct tally *t = data;
    struct jiaoban_query q = {.size = sizeof q};
    (void)id;
    jiaoban_result_free(result);
    t->ok += status == JIAOBAN_OK;
    t->closed += status == JIAOBAN_CLOSED;
    if (t->ok + t->closed < 5) /* also after the connection was lost: it connects again */
        assert_int_equal(jiaoban_request_async(j, "state", &q, uv_done, t, NULL), JIAOBAN_OK);
    else {
        jiaoban_uv_detach(t->link);
        t->link = NULL;
    }
}

static void test_uv(void **state)
{
    struct world *w = *state;
    uv_loop_t loop;
    struct tally t = {.loop = &loop};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(jiaoban_uv_attach(&loop, w->j, &t.link), JIAOBAN_OK);
    assert_int_equal(jiaoban_request_async(w->j, "nodes", NULL, uv_done, &t, NULL), JIAOBAN_OK);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(t.ok, 5);
    t = (struct tally){.loop = &loop};
    w->mode = HANG_UP;
    assert_int_equal(jiaoban_uv_attach(&loop, w->j, &t.link), JIAOBAN_OK);
    assert_int_equal(jiaoban_request_async(w->j, "nodes", NULL, uv_done, &t, NULL), JIAOBAN_OK);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(t.closed, 5);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void test_texts(void **state)
{
    struct world *w = *state;
    char text[JIAOBAN_TEXT];
    int64_t at = 0;
    int64_t no = 0;
    assert_int_equal(jiaoban_case_number(w->number, &no, text), JIAOBAN_OK);
    assert_true(no == w->case_no);
    assert_string_equal(text, w->number);
    assert_int_equal(jiaoban_case_number("nonsense", &no, text), JIAOBAN_MALFORMED);
    assert_int_equal(jiaoban_instant("2026-11-30", true, &at), JIAOBAN_OK);
    assert_true(at == 1796054400000);
    jiaoban_instant_text(at, true, text);
    assert_string_equal(text, "2026-11-30 24:00");
    assert_int_equal(jiaoban_instant("2026年11月30日", false, &at), JIAOBAN_OK);
    assert_true(at == 1796054400000 - 86400000);
    assert_int_equal(jiaoban_instant("2026-11-30 14:05", false, &at), JIAOBAN_OK);
    jiaoban_instant_text(at, false, text);
    assert_string_equal(text, "2026-11-30 14:05");
    assert_int_equal(jiaoban_instant("2026-02-30", false, &at), JIAOBAN_RANGE);
    assert_int_equal(jiaoban_instant("tomorrow", false, &at), JIAOBAN_MALFORMED);
    assert_string_equal(jiaoban_status_name(JIAOBAN_NOT_FOUND), "NOT_FOUND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_listens),
        WORLD_TEST(test_lost_connection),
        WORLD_TEST(test_lost_submission),
        WORLD_TEST(test_idle_connection_closed),
        WORLD_TEST(test_late_answer),
        WORLD_TEST(test_many_in_flight),
        WORLD_TEST(test_in_flight_when_lost),
        WORLD_TEST(test_too_many_in_flight),
        WORLD_TEST(test_watch),
        WORLD_TEST(test_uv),
        WORLD_TEST(test_texts),
    };
    return cmocka_run_group_tests_name("client_line", tests, NULL, NULL);
}
