/* See loops.h. */
#include "tests/bench/jiaoban/loops.h"

#include <errno.h>
#include <sys/epoll.h>

#include "tests/bench/load/base.h"

#define LOOPS_MAX 10000
#define EVENTS 256
#define ROUND_NS UINT64_C(1000000000) /* between two looks at everybody's timers */

static uv_loop_t *loops[LOOPS_MAX];
static size_t loop_count;
static int poll_fd = -1;

static void watch(int descriptor, void *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    if (poll_fd < 0)
        poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poll_fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, descriptor, &event) != 0)
        load_die("no epoll");
}

uv_loop_t *loops_add(void)
{
    uv_loop_t *loop = load_zeroed(1, sizeof *loop);
    if (loop_count == LOOPS_MAX || uv_loop_init(loop) != 0)
        load_die("no loop");
    watch(uv_backend_fd(loop), loop);
    loops[loop_count++] = loop;
    return loop;
}

void loops_watch(int descriptor)
{
    watch(descriptor, NULL);
}

/* What was sent outside of a turn has to be followed up: no descriptor tells of it. */
static void turn_the_unfinished(void)
{
    for (size_t i = 0; i < loop_count; i++)
        while (uv_backend_timeout(loops[i]) == 0)
            (void)uv_run(loops[i], UV_RUN_NOWAIT);
}

void loops_turn(int wait_ms)
{
    static uint64_t round_ns;
    struct epoll_event events[EVENTS];
    turn_the_unfinished();
    int count = epoll_wait(poll_fd, events, EVENTS, wait_ms);
    if (count < 0 && errno != EINTR)
        load_die("waiting failed");
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr != NULL)
            (void)uv_run(events[i].data.ptr, UV_RUN_NOWAIT);
    if (load_now_ns() - round_ns < ROUND_NS)
        return;
    round_ns = load_now_ns();
    for (size_t i = 0; i < loop_count; i++)
        (void)uv_run(loops[i], UV_RUN_NOWAIT);
}
