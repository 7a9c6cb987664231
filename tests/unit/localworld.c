/* The guard timer only ever ends a test as failed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/localworld.h"

#define GUARD_MS 30000

static void on_open(void *ctx, struct jb_local_peer *peer)
{
    struct localworld *w = ctx;
    w->opened++;
    w->identity = *jb_local_peer_identity(peer);
    assert_null(jb_local_peer_data(peer));
    jb_local_peer_set_data(peer, w);
}

static void answer(struct localworld *w, struct jb_local_peer *peer, struct jb_bytes frame)
{
    uint8_t *data = NULL;
    struct jb_bytes reply = frame;
    if (w->answer_bytes > 0) {
        data = calloc(1, w->answer_bytes);
        assert_non_null(data);
        reply = (struct jb_bytes){data, w->answer_bytes};
    }
    for (int i = 0; i < w->answers; i++)
        w->send_result = jb_local_send(peer, reply);
    free(data);
}

static void on_frame(void *ctx, struct jb_local_peer *peer, struct jb_bytes frame)
{
    struct localworld *w = ctx;
    assert_ptr_equal(jb_local_peer_data(peer), w);
    w->frames++;
    w->bytes += frame.len;
    if (w->closes)
        jb_local_close(peer);
    else
        answer(w, peer, frame);
    if (w->finishes)
        jb_local_finish(peer);
    if (w->stops)
        jb_local_stop(&w->server);
}

static void on_close(void *ctx, struct jb_local_peer *peer, enum jb_err why)
{
    struct localworld *w = ctx;
    assert_ptr_equal(jb_local_peer_data(peer), w);
    w->closed++;
    w->why = why;
}

static void on_guard(uv_timer_t *timer)
{
    ((struct localworld *)timer->data)->expired = true;
}

int localworld_set_up(void **state)
{
    struct localworld *w = calloc(1, sizeof *w);
    assert_non_null(w);
    snprintf(w->folder, sizeof w->folder, "/tmp/jiaoban-local-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/agent.sock", w->folder);
    w->config = (struct jb_local_config){.path = w->path, .mode = 0660};
    w->hooks = (struct jb_local_hooks){on_open, on_frame, on_close, w};
    w->answers = 1;
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(uv_timer_init(&w->loop, &w->guard), 0);
    w->guard.data = w;
    uv_unref((uv_handle_t *)&w->guard);
    assert_int_equal(uv_timer_start(&w->guard, on_guard, GUARD_MS, 0), 0);
    *state = w;
    return 0;
}

int localworld_tear_down(void **state)
{
    struct localworld *w = *state;
    jb_local_stop(&w->server);
    while (uv_loop_alive(&w->loop) && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&w->guard, NULL);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    assert_int_equal(w->opened, w->closed);
    assert_int_equal(access(w->path, F_OK), -1); /* the socket file is gone */
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

void localworld_serve(struct localworld *w)
{
    struct jb_fault fault;
    assert_int_equal(jb_local_listen(&w->loop, &w->config, &w->hooks, &w->server, &fault), JB_OK);
}

int localworld_dial(struct localworld *w)
{
    int fd = -1;
    struct jb_fault fault;
    assert_int_equal(jb_local_dial(w->path, 1000, &fd, &fault), JB_OK);
    return fd;
}

void localworld_run_until(struct localworld *w, const uint64_t *counter, uint64_t value)
{
    while (*counter < value && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
}

void localworld_send(int fd, const char *text)
{
    struct jb_bytes body = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(jb_local_send_frame(fd, body, 1000), JB_OK);
}

enum jb_err localworld_receive(struct localworld *w, int fd, struct jb_local_frame *frame)
{
    enum jb_err err = JB_BUSY;
    while (err == JB_BUSY && !w->expired) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        err = jb_local_recv_frame(fd, 1, JB_LOCAL_REPLY_LIMIT, frame);
    }
    assert_false(w->expired);
    return err;
}

void localworld_assert_text(const struct jb_local_frame *frame, const char *text)
{
    assert_true(frame->complete);
    assert_int_equal(frame->len, strlen(text));
    assert_memory_equal(frame->data, text, strlen(text));
}

void localworld_assert_counts(const struct localworld *w, uint64_t refused, uint64_t cut, int open)
{
    struct jb_local_counts counts;
    jb_local_counts(w->server, &counts);
    assert_int_equal(counts.refused, refused);
    assert_int_equal(counts.cut, cut);
    assert_int_equal(counts.open, open);
}
