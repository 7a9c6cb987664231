/* The hook program: started for each alarm without a shell, a few at a time, killed when it takes
 * too long. Nothing waits for it, and its failure is only logged. */
#include "clients/agent/agent.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define HOOKS_AT_ONCE 4
#define HOOKS_QUEUED 10000

struct hook_run {
    uv_process_t process;
    uv_timer_t timer;
    struct jb_agent *agent;
    bool busy, killed;
    unsigned open_handles;
};

struct hook_wait {
    struct hook_wait *next;
    struct jb_alarm alarm;
};

struct jb_agent_hooks {
    struct hook_run runs[HOOKS_AT_ONCE];
    struct hook_wait *first, **last;
    size_t waiting;
    bool stopping;
};

static void start_next(struct jb_agent *a);

static void release(struct jb_agent_hooks *h)
{
    if (!h->stopping)
        return;
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        if (h->runs[i].busy)
            return;
    while (h->first != NULL) {
        struct hook_wait *w = h->first;
        h->first = w->next;
        free(w);
    }
    free(h);
}

static void on_closed(uv_handle_t *handle)
{
    struct hook_run *run = handle->data;
    struct jb_agent *a = run->agent;
    if (--run->open_handles > 0)
        return;
    run->busy = false;
    struct jb_agent_hooks *h = a->hooks;
    if (h->stopping)
        release(h);
    else
        start_next(a);
}

static void close_run(struct hook_run *run)
{
    uv_close((uv_handle_t *)&run->process, on_closed);
    uv_close((uv_handle_t *)&run->timer, on_closed);
}

static void on_exit_of_hook(uv_process_t *process, int64_t status, int signal_number)
{
    struct hook_run *run = process->data;
    if (run->killed)
        jb_log(JB_LOG_WARNING, run->agent->config->code, "hook.killed", "reason=\"took too long\"");
    else if (status != 0 || signal_number != 0)
        jb_log(JB_LOG_WARNING, run->agent->config->code, "hook.failed", "status=%lld signal=%d",
               (long long)status, signal_number);
    if (!uv_is_closing((uv_handle_t *)process))
        close_run(run);
}

static void on_timeout(uv_timer_t *timer)
{
    struct hook_run *run = timer->data;
    run->killed = true;
    /* The program's whole group, with whatever it started. */
    if (kill(-run->process.pid, SIGKILL) != 0)
        (void)uv_process_kill(&run->process, SIGKILL);
}

static int spawn(struct jb_agent *a, struct hook_run *run, const struct jb_alarm *alarm)
{
    char number[JB_CASENO_TEXT] = "";
    char id[16];
    char due[JB_INSTANT_TEXT];
    char kind[24];
    char key[JB_KEY_MAX];
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char lang[] = "LANG=C.UTF-8";
    char *env[] = {path, lang, NULL};
    if (jb_caseno_check(alarm->case_no) == JB_OK)
        jb_caseno_format(alarm->case_no, number);
    (void)snprintf(id, sizeof id, "%u", jb_agent_alarm_deadline(alarm));
    (void)snprintf(kind, sizeof kind, "%s", jb_agent_alarm_word(alarm));
    (void)snprintf(key, sizeof key, "%s", alarm->key);
    jb_instant_format_due(alarm->due_ms, due);
    char *args[] = {a->config->hook, kind, number, id, key, due, NULL};
    uv_stdio_container_t streams[3] = {{.flags = UV_IGNORE},
                                       {.flags = UV_INHERIT_FD, .data.fd = 2},
                                       {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {.exit_cb = on_exit_of_hook,
                                    .file = a->config->hook,
                                    .args = args,
                                    .env = env,
                                    .flags = UV_PROCESS_DETACHED, /* a group of its own */
                                    .stdio = streams,
                                    .stdio_count = 3};
    return uv_spawn(a->loop, &run->process, &options);
}

static void start_one(struct jb_agent *a, struct hook_run *run, const struct jb_alarm *alarm)
{
    *run = (struct hook_run){.agent = a, .busy = true, .open_handles = 2};
    run->process.data = run;
    run->timer.data = run;
    (void)uv_timer_init(a->loop, &run->timer); /* cannot fail */
    int rc = spawn(a, run, alarm);
    if (rc == 0) {
        (void)uv_timer_start(&run->timer, on_timeout, (uint64_t)a->config->hook_timeout_ms, 0);
        return;
    }
    jb_log(JB_LOG_ERROR, a->config->code, "hook.failed", "reason=\"%s\"", uv_strerror(rc));
    close_run(run); /* a process handle must be closed after a failed start, too */
}

static void start_next(struct jb_agent *a)
{
    struct jb_agent_hooks *h = a->hooks;
    for (size_t i = 0; i < HOOKS_AT_ONCE && h->first != NULL; i++) {
        if (h->runs[i].busy)
            continue;
        struct hook_wait *w = h->first;
        h->first = w->next;
        if (h->first == NULL)
            h->last = &h->first;
        h->waiting--;
        start_one(a, &h->runs[i], &w->alarm);
        free(w);
    }
}

void jb_agent_hook_run(struct jb_agent *a, const struct jb_alarm *alarm)
{
    struct jb_agent_hooks *h = a->hooks;
    if (a->config->hook == NULL || a->config->hook[0] == '\0' || a->stopping)
        return;
    struct hook_wait *w = h->waiting < HOOKS_QUEUED ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) {
        jb_log(JB_LOG_ERROR, a->config->code, "hook.skipped", "waiting=%zu", h->waiting);
        return;
    }
    w->alarm = *alarm;
    *h->last = w;
    h->last = &w->next;
    h->waiting++;
    start_next(a);
}

enum jb_err jb_agent_hook_start(struct jb_agent *a)
{
    a->hooks = calloc(1, sizeof *a->hooks);
    if (a->hooks == NULL)
        return JB_NOMEM;
    a->hooks->last = &a->hooks->first;
    return JB_OK;
}

/* Running hooks are ended: nothing of ours stays behind. */
void jb_agent_hook_stop(struct jb_agent *a)
{
    struct jb_agent_hooks *h = a->hooks;
    if (h == NULL)
        return;
    h->stopping = true;
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++) {
        struct hook_run *run = &h->runs[i];
        if (!run->busy || uv_is_closing((uv_handle_t *)&run->process))
            continue;
        if (kill(-run->process.pid, SIGKILL) != 0)
            (void)uv_process_kill(&run->process, SIGKILL);
        close_run(run);
    }
    release(h);
}
