/* The local socket in its regular course, and the care for its file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/localworld.h"

#define BIG_BYTES ((size_t)3 * 1024 * 1024)

/* ---- the regular course -----------------------------------------------------------------------
 */

static void two_clients_are_served_apart(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame a = {0};
    struct jb_local_frame b = {0};
    localworld_serve(w);
    int one = localworld_dial(w);
    int two = localworld_dial(w);
    localworld_send(one, "first");
    localworld_send(two, "second");
    localworld_send(one, "");
    assert_int_equal(localworld_receive(w, one, &a), JB_OK);
    localworld_assert_text(&a, "first");
    assert_int_equal(localworld_receive(w, two, &b), JB_OK);
    localworld_assert_text(&b, "second");
    assert_int_equal(localworld_receive(w, one, &a), JB_OK);
    assert_int_equal(a.len, 0);
    localworld_assert_counts(w, 0, 0, 2);
    close(one);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_CLOSED);
    localworld_send(two, "still there");
    assert_int_equal(localworld_receive(w, two, &b), JB_OK);
    localworld_assert_text(&b, "still there");
    localworld_assert_counts(w, 0, 0, 1);
    close(two);
    jb_local_frame_fini(&a);
    jb_local_frame_fini(&b);
}

static void the_kernel_says_who_is_there(void **state)
{
    struct localworld *w = *state;
    struct jb_local_identity id;
    struct passwd entry;
    struct passwd *found = NULL;
    char names[8192];
    assert_int_equal(getpwuid_r(geteuid(), &entry, names, sizeof names, &found), 0);
    localworld_serve(w);
    int fd = localworld_dial(w);
    localworld_run_until(w, &w->opened, 1);
    assert_int_equal(w->identity.uid, geteuid());
    assert_int_equal(w->identity.gid, getegid());
    assert_int_equal(w->identity.pid, getpid());
    if (found != NULL)
        assert_string_equal(w->identity.user, found->pw_name);
    else
        assert_memory_equal(w->identity.user, "uid:", 4);
    assert_true(jb_local_identify(fd, &id));
    assert_int_equal(id.uid, geteuid());
    close(fd);
}

static void a_user_without_a_name_is_a_number(void **state)
{
    int pair[2];
    struct jb_local_identity id;
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can become somebody else */
    assert_int_equal(seteuid(54321), 0);
    int rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(rc, 0);
    assert_true(jb_local_identify(pair[0], &id));
    assert_int_equal(id.uid, 54321);
    assert_string_equal(id.user, "uid:54321");
    close(pair[0]);
    assert_false(jb_local_identify(pair[0], &id));
    close(pair[1]);
}

static void the_socket_has_its_mode(void **state)
{
    struct localworld *w = *state;
    struct stat st;
    mode_t before = umask(0077);
    localworld_serve(w);
    (void)umask(before);
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}

/* Large frames both ways: they pass in pieces, and their memory is given back. */
static void large_frames_pass_in_pieces(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    uint8_t header[JB_LOCAL_HEADER_BYTES];
    uint8_t *big = calloc(1, BIG_BYTES);
    size_t sent = 0;
    assert_non_null(big);
    for (size_t i = 0; i < BIG_BYTES; i++)
        big[i] = (uint8_t)(i * 7 + i / 251);
    localworld_serve(w);
    int fd = localworld_dial(w);
    jb_local_header(BIG_BYTES, header);
    assert_int_equal(send(fd, header, sizeof header, MSG_NOSIGNAL), sizeof header);
    while (sent < BIG_BYTES && !w->expired) {
        ssize_t n = send(fd, big + sent, BIG_BYTES - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    assert_int_equal(frame.len, BIG_BYTES);
    assert_memory_equal(frame.data, big, BIG_BYTES);
    jb_local_frame_reset(&frame);
    assert_int_equal(frame.capacity, 0);
    close(fd);
    free(big);
}

static void a_frame_may_come_byte_by_byte(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 2, 'h', 'i'};
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    localworld_serve(w);
    int fd = localworld_dial(w);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
        for (int turn = 0; turn < 3; turn++)
            (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        assert_int_equal(w->frames, (i >= 8) + (i >= 14));
    }
    assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    localworld_assert_text(&frame, "hello");
    assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    localworld_assert_text(&frame, "hi");
    jb_local_frame_fini(&frame);
    close(fd);
}

/* What a client sent before it died is still heard, even though it never read its answer. */
static void last_words_are_heard(void **state)
{
    struct localworld *w = *state;
    localworld_serve(w);
    int fd = localworld_dial(w);
    localworld_send(fd, "one");
    localworld_run_until(w, &w->frames,
                         1); /* its answer lies unread in the socket: closing resets */
    w->answers = 0;
    for (int i = 0; i < 100; i++)
        localworld_send(fd, "more");
    close(fd);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->frames, 101);
    assert_int_equal(w->why, JB_CLOSED);
}

static void finish_sends_everything_first(void **state)
{
    struct localworld *w = *state;
    struct jb_local_frame frame = {0};
    w->answer_bytes = (size_t)1024 * 1024;
    w->answers = 5;
    w->finishes = true;
    localworld_serve(w);
    int fd = localworld_dial(w);
    localworld_send(fd, "all of it");
    localworld_send(fd, "too late");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
        assert_int_equal(frame.len, w->answer_bytes);
    }
    assert_int_equal(localworld_receive(w, fd, &frame), JB_CLOSED);
    localworld_run_until(w, &w->closed, 1);
    assert_int_equal(w->why, JB_OK);
    assert_int_equal(w->frames, 1);
    jb_local_frame_fini(&frame);
    close(fd);
}

/* ---- the socket file --------------------------------------------------------------------------
 */

static void a_stale_socket_is_replaced(void **state)
{
    struct localworld *w = *state;
    struct sockaddr_un address;
    struct jb_fault fault;
    struct jb_local_frame frame = {0};
    assert_int_equal(jb_local_address(w->path, &address, &fault), JB_OK);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* as after a crash: the file stays */
    assert_int_equal(jb_local_dial(w->path, 1000, &fd, &fault), JB_OFFLINE);
    localworld_serve(w);
    fd = localworld_dial(w);
    localworld_send(fd, "new life");
    assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    jb_local_frame_fini(&frame);
    close(fd);
}

static void a_socket_in_use_is_left_alone(void **state)
{
    struct localworld *w = *state;
    struct jb_local_server *second = NULL;
    struct jb_fault fault;
    struct jb_local_frame frame = {0};
    localworld_serve(w);
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &second, &fault), JB_LOCKED);
    assert_null(second);
    assert_non_null(strstr(fault.text, w->path));
    int fd = localworld_dial(w);
    localworld_send(fd, "still mine");
    assert_int_equal(localworld_receive(w, fd, &frame), JB_OK);
    jb_local_frame_fini(&frame);
    close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct localworld *w = *state;
    struct jb_local_server *server = NULL;
    struct jb_fault fault;
    int fd = open(w->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &server, &fault), JB_EXISTS);
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(unlink(w->path), 0);
}

/* A server that stops after another took its name must not remove the other's file. */
static void only_our_own_file_is_removed(void **state)
{
    struct localworld *w = *state;
    struct jb_local_server *second = NULL;
    struct jb_fault fault;
    struct stat st;
    localworld_serve(w);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &second, &fault), JB_OK);
    jb_local_stop(&w->server);
    assert_int_equal(stat(w->path, &st), 0);
    jb_local_stop(&second);
    assert_int_equal(stat(w->path, &st), -1);
}

static void a_bad_path_is_named(void **state)
{
    struct localworld *w = *state;
    struct jb_local_server *server = NULL;
    struct jb_fault fault;
    char path[200];
    int fd = -1;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[108] = '\0'; /* one more than fits */
    w->config.path = path;
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &server, &fault), JB_CONFIG);
    assert_non_null(strstr(fault.text, "108 bytes"));
    assert_int_equal(jb_local_dial(path, 0, &fd, &fault), JB_CONFIG);
    assert_int_equal(jb_local_dial("", 0, &fd, &fault), JB_CONFIG);
    assert_int_equal(jb_local_dial("/nonexistent/a.sock", 0, &fd, &fault), JB_OFFLINE);
    w->config.path = "/nonexistent/a.sock";
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &server, &fault),
                     JB_NOT_FOUND);
    assert_int_equal(fd, -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, localworld_set_up, localworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(two_clients_are_served_apart),
        T(the_kernel_says_who_is_there),
        T(a_user_without_a_name_is_a_number),
        T(the_socket_has_its_mode),
        T(large_frames_pass_in_pieces),
        T(a_frame_may_come_byte_by_byte),
        T(last_words_are_heard),
        T(finish_sends_everything_first),
        T(a_stale_socket_is_replaced),
        T(a_socket_in_use_is_left_alone),
        T(what_is_no_socket_is_left_alone),
        T(only_our_own_file_is_removed),
        T(a_bad_path_is_named),
    };
#undef T
    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
