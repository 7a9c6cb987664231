/* What the system wants of a daemon: readiness, watchdog, signals.
 *
 * Speaks the notification protocol of sd_notify(3) itself: the library behind it would bring six
 * others into a process that is to stay under 10 MB. */
#include "clients/agent/blob.h"

#include <link.h>
#include <signal.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/base/quantity.h"

#define IDLE_CHECK_MS 60000 /* without a watchdog: how often we tidy up */
#define INDEX_AT_ONCE 300   /* titles */
#define INDEX_MS 50         /* until the next ones */
#define LIGHTS_AT_ONCE 256  /* cases */
#define LIGHTS_MS 10000     /* between looks whether some have turned */
#define REST_MS 2000        /* without work: memory that makes it fast is given back */

/* One datagram to the socket that the service manager named; nothing when there is none. */
static void notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@'))
        return;
    size_t len = strlen(path);
    if (len >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') /* a name outside the file system */
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to, size) <
        0)
        jb_log(JB_LOG_DEBUG, NULL, "notify.unsent", NULL);
    (void)close(fd);
}

/* Half of the time after which the service manager would think us dead; 0: it does not watch. */
static uint64_t watchdog_ms(void)
{
    const char *us_text = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    int64_t us = 0;
    int64_t pid = getpid();
    if (us_text == NULL || jb_int_parse(jb_text_of(us_text), &us) != JB_OK || us <= 0)
        return 0;
    if (pid_text != NULL && (jb_int_parse(jb_text_of(pid_text), &pid) != JB_OK || pid != getpid()))
        return 0;
    return us / 2000 > 0 ? (uint64_t)us / 2000 : 1;
}

static void on_house(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    if (a->watchdog_ms > 0)
        notify("WATCHDOG=1");
    (void)malloc_trim(0); /* what a burst took goes back */
    jb_agent_blobs_tick(a);
    if (jb_agent_degraded(a))
        return; /* it would fail as well, once a minute, and say so */
    if (a->forget)
        a->forget = !jb_ledger_forget(a->ledger);
    if (jb_ledger_wal_bytes(a->ledger) > 0)
        jb_ledger_checkpoint(a->ledger, true);
}

/* What lists are made of, between other work: some titles of an older replica, then lights that
 * have turned. */
static void on_index(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    bool done = true;
    if (jb_agent_degraded(a)) {
        (void)uv_timer_start(timer, on_index, IDLE_CHECK_MS, 0);
        return;
    }
    enum jb_err err = jb_ledger_titles_index(a->ledger, INDEX_AT_ONCE, &done);
    if (err == JB_OK && done)
        err = jb_ledger_lights_turn(a->ledger, jb_agent_now(a), LIGHTS_AT_ONCE, &done);
    if (err != JB_OK) {
        jb_agent_fail(a, err, "the index of titles and lights");
        return;
    }
    if (!done)
        jb_agent_house_busy(a);
    (void)uv_timer_start(timer, on_index, done ? LIGHTS_MS : INDEX_MS, 0);
}

static void on_rest(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    uint64_t idle_ms = uv_now(a->loop) - a->busy_ms;
    if (idle_ms < REST_MS) { /* there was work since the timer was set */
        (void)uv_timer_start(timer, on_rest, REST_MS - idle_ms, 0);
        return;
    }
    jb_ledger_rest(a->ledger);
    (void)malloc_trim(0);
}

void jb_agent_house_busy(struct jb_agent *a)
{
    a->busy_ms = uv_now(a->loop);
    if (a->rest_timer.type != UV_UNKNOWN_HANDLE &&
        !uv_is_active((const uv_handle_t *)&a->rest_timer))
        (void)uv_timer_start(&a->rest_timer, on_rest, REST_MS, 0);
}

static void on_end(uv_signal_t *handle, int number)
{
    struct jb_agent *a = handle->data;
    jb_log(JB_LOG_NOTICE, NULL, "agent.stopping", "signal=%d", number);
    jb_agent_stop(a, 0);
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct jb_fault fault = {""};
    (void)number;
    (void)!jb_agent_reload(handle->data, &fault); /* it has said so in the log */
}

static enum jb_err catch_signal(struct jb_agent *a, uv_signal_t *handle, uv_signal_cb cb,
                                int number)
{
    handle->data = a;
    return uv_signal_init(a->loop, handle) == 0 && uv_signal_start(handle, cb, number) == 0 ? JB_OK
                                                                                            : JB_IO;
}

enum jb_err jb_agent_house_start(struct jb_agent *a)
{
    a->watchdog_ms = watchdog_ms();
    a->house_timer.data = a;
    a->rest_timer.data = a;
    a->index_timer.data = a;
    uint64_t every = a->watchdog_ms > 0 ? a->watchdog_ms : IDLE_CHECK_MS;
    enum jb_err err = uv_timer_init(a->loop, &a->house_timer) == 0 &&
                              uv_timer_start(&a->house_timer, on_house, every, every) == 0
                          ? JB_OK
                          : JB_IO;
    if (err == JB_OK && (uv_timer_init(a->loop, &a->rest_timer) != 0 ||
                         uv_timer_init(a->loop, &a->index_timer) != 0 ||
                         uv_timer_start(&a->index_timer, on_index, INDEX_MS, 0) != 0))
        err = JB_IO;
    if (err == JB_OK)
        err = catch_signal(a, &a->sigterm, on_end, SIGTERM);
    if (err == JB_OK)
        err = catch_signal(a, &a->sigint, on_end, SIGINT);
    if (err == JB_OK)
        err = catch_signal(a, &a->sighup, on_reload, SIGHUP);
    return err;
}

/* Code and constants of one library leave this process's memory; what is used again comes back from
 * the page cache. */
static int drop_pages(struct dl_phdr_info *info, size_t size, void *ctx)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)ctx;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0)
            continue;
        uintptr_t from = (info->dlpi_addr + part->p_vaddr) / page * page;
        uintptr_t to = info->dlpi_addr + part->p_vaddr + part->p_memsz;
        (void)madvise((void *)from, to - from, MADV_DONTNEED); /* clean: nothing can be lost */
    }
    return 0;
}

/* The libraries that libzmq brings are needed to start and hardly afterwards. */
void jb_agent_house_ready(struct jb_agent *a)
{
    (void)dl_iterate_phdr(drop_pages, NULL);
    jb_ledger_rest(a->ledger); /* checking the replica took more than serving it will */
    (void)malloc_trim(0);
    notify("READY=1");
}

void jb_agent_house_status(struct jb_agent *a, const char *status)
{
    (void)a;
    char text[600];
    (void)snprintf(text, sizeof text, "STATUS=%s", status);
    notify(text);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

void jb_agent_house_stop(struct jb_agent *a)
{
    if (!a->following)
        notify("STOPPING=1");
    close_handle((uv_handle_t *)&a->house_timer);
    close_handle((uv_handle_t *)&a->rest_timer);
    close_handle((uv_handle_t *)&a->index_timer);
    close_handle((uv_handle_t *)&a->sigterm);
    close_handle((uv_handle_t *)&a->sigint);
    close_handle((uv_handle_t *)&a->sighup);
    if (a->following)
        return; /* whoever ends us in between may: each step can be the last one */
    /* a second one while we are ending changes nothing */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
}
