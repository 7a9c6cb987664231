/* Everything that a bad, slow or greedy local client can do. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/localworld.h"

#define BIG_BYTES ((size_t)3 * 1024 * 1024)

/* ---- limits -----------------------------------------------------------------------------------
 */

static void an_oversized_length_ends_the_connection(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    uint8_t header[JB_LOCAL_HEADER_BYTES];
    w->config.max_frame_bytes = 1000;
    localworld_serve(w);
    int other = localworld_dial(w);
    int fd = localworld_dial(w);
    jb_local_header(1001, header);
    assert_int_equal(send(fd, header, sizeof header, MSG_NOSIGNAL), sizeof header);
    assert_int_equal(localworld_receive(w, fd, &frame), JB_CLOSED);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_TOO_LARGE);
    localworld_assert_counts(w, 0, 1, 1);
    localworld_send(other, "unharmed");
    assert_int_equal(localworld_receive(w, other, &frame), JB_OK);
    localworld_assert_text(&frame, "unharmed");
    jb_local_frame_fini(&frame);
    close(fd);
    close(other);
}

/* Announcing much costs nothing: memory follows what arrives. */
static void an_announced_length_is_not_allocated(void **state)
{
    int pair[2];
    struct jb_local_frame frame = {0};
    uint8_t header[JB_LOCAL_HEADER_BYTES + 1] = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    jb_local_header(JB_LOCAL_REPLY_LIMIT, header);
    assert_int_equal(send(pair[0], header, sizeof header, MSG_NOSIGNAL), sizeof header);
    assert_int_equal(jb_local_frame_read(pair[1], JB_LOCAL_REPLY_LIMIT, &frame), JB_BUSY);
    assert_true(jb_local_frame_partial(&frame));
    assert_true(frame.capacity <= 4096);
    close(pair[0]);
    assert_int_equal(jb_local_frame_read(pair[1], JB_LOCAL_REPLY_LIMIT, &frame), JB_MALFORMED);
    close(pair[1]);
    jb_local_frame_fini(&frame);
}

static void a_partial_frame_is_cut_in_time(void **state)
{
    struct localworld *w = *state;
    w->config.partial_timeout_ms = 40;
    localworld_serve(w);
    int idle = localworld_dial(w);
    int fd = localworld_dial(w);
    assert_int_equal(send(fd, "\0\0\0\5he", 6, MSG_NOSIGNAL), 6);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_BUSY);
    assert_int_equal(w->frames, 0);
    localworld_assert_counts(w, 0, 1, 1); /* the one that sends nothing at all may stay */
    close(fd);
    close(idle);
}

static void an_incomplete_frame_at_the_end_is_named(void **state)
{
    struct localworld *w = *state;
    localworld_serve(w);
    int fd = localworld_dial(w);
    assert_int_equal(send(fd, "\0\0\0\5he", 6, MSG_NOSIGNAL), 6);
    close(fd);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_MALFORMED);
}

static void a_slow_reader_is_cut(void **state)
{
    struct localworld *w = *state;
    w->config.max_queue_bytes = (size_t)4 * 1024 * 1024;
    w->answer_bytes = (size_t)1024 * 1024;
    w->answers = 10;
    localworld_serve(w);
    int fd = localworld_dial(w);
    int other = localworld_dial(w);
    localworld_send(fd, "give me more than I read");
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_OVERFLOW);
    assert_int_equal(w->send_result, JB_CLOSED); /* those after the one that was too much */
    localworld_assert_counts(w, 0, 1, 1);
    close(fd);
    close(other);
}

/* A client that sends but does not read is not read either, and is not cut for it. */
static void requests_wait_while_replies_do(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    w->config.max_queue_bytes = (size_t)4 * 1024 * 1024;
    w->config.partial_timeout_ms = 20;
    w->answer_bytes = (size_t)1024 * 1024;
    localworld_serve(w);
    int fd = localworld_dial(w);
    for (int i = 0; i < 20; i++)
        localworld_send(fd, "next");
    localworld_run_until(w, &w->frames, 3);
    for (int i = 0; i < 50; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_true(w->frames <= 5);
    assert_int_equal(w->closed, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    assert_int_equal(w->frames, 20);
    jb_local_frame_fini(&frame);
    close(fd);
}

static void too_many_clients_are_closed_at_once(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    w->config.max_connections = 2;
    localworld_serve(w);
    int one = localworld_dial(w);
    int two = localworld_dial(w);
    int three = localworld_dial(w);
    localworld_run_until(w, &w->opened, 2);
    assert_int_equal(localworld_receive(w, three, &frame), JB_CLOSED);
    localworld_assert_counts(w, 1, 0, 2);
    close(three);
    close(one);
    localworld_run_until(w, &w->closed, 1);
    int four = localworld_dial(w);
    localworld_send(four, "room again");
    assert_int_equal(localworld_receive(w, four, &frame), JB_OK);
    jb_local_frame_fini(&frame);
    close(two);
    close(four);
}

static void one_account_leaves_room_for_others(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    int fds[7];

    w->config.max_connections = 8;
    localworld_serve(w);
    for (size_t i = 0; i < 7; i++)
        fds[i] = localworld_dial(w);
    localworld_run_until(w, &w->opened, 6);
    assert_int_equal(localworld_receive(w, fds[6], &frame), JB_CLOSED);
    localworld_assert_counts(w, 1, 0, 6);
    for (size_t i = 0; i < 7; i++)
        close(fds[i]);
}

static void a_reply_over_the_limit_is_refused(void **state)
{
    struct localworld *w = *state;
    w->answer_bytes = JB_LOCAL_REPLY_LIMIT + 1;
    localworld_serve(w);
    int fd = localworld_dial(w);
    localworld_send(fd, "too much");
    localworld_run_until(w, &w->frames, 1);
    assert_int_equal(w->send_result, JB_TOO_LARGE);
    assert_int_equal(w->closed, 0);
    close(fd);
}

static void hooks_may_close(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    w->closes = true;
    localworld_serve(w);
    int fd = localworld_dial(w);
    localworld_send(fd, "one");
    localworld_send(fd, "two");
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->frames, 1);
    assert_int_equal(w->why, JB_OK);
    close(fd);

    w->stops = true;
    fd = localworld_dial(w);
    localworld_send(fd, "three");
    localworld_run_until(w, &w->closed, 2);
    assert_null(w->server);
    close(fd);
    jb_local_frame_fini(&frame);
}

/* ---- the blocking side ------------------------------------------------------------------------
 */

static void blocking_calls_end_in_time(void **state)
{
    int pair[2];
    struct jb_local_frame frame = {0};
    uint8_t *big = calloc(1, BIG_BYTES);
    struct jb_bytes body = {big, BIG_BYTES};
    (void)state;
    assert_non_null(big);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(jb_local_recv_frame(pair[0], 5, 100, &frame), JB_BUSY);
    assert_int_equal(jb_local_send_frame(pair[0], body, 5), JB_BUSY); /* nobody reads */
    close(pair[1]);
    body.len = 10;
    assert_int_equal(jb_local_send_frame(pair[0], body, 5), JB_CLOSED); /* and no SIGPIPE */
    close(pair[0]);
    jb_local_frame_fini(&frame);
    free(big);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, localworld_set_up, localworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(an_oversized_length_ends_the_connection),
        T(an_announced_length_is_not_allocated),
        T(a_partial_frame_is_cut_in_time),
        T(an_incomplete_frame_at_the_end_is_named),
        T(a_slow_reader_is_cut),
        T(requests_wait_while_replies_do),
        T(too_many_clients_are_closed_at_once),
        T(one_account_leaves_room_for_others),
        T(a_reply_over_the_limit_is_refused),
        T(hooks_may_close),
        T(blocking_calls_end_in_time),
    };
#undef T
    return cmocka_run_group_tests_name("local_limits", tests, NULL, NULL);
}
