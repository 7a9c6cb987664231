/* This node's own clock: warn steps and due instants from the replica, whether or not the broker is
 * there. Each is raised once, recorded first and told then. Changes no case: that is the broker's.
 *
 * A look goes on where the last one ended, a page at a time; a case that a delivery is about is
 * looked at by itself. What is not raised because the outbox holds its end is looked at again when
 * that is settled: the verdict is a delivery about the case. */
#include "clients/agent/overlay.h"
#include "clients/agent/requests.h"

#include "proto/base/log.h"

#define ALARMS_AT_ONCE 512 /* deadlines looked at in one turn of the loop */
#define STEP_MS 2000       /* a wall clock that went off by more was set */
#define BACKLOG_MS 1000    /* for as many alarms as one look can take: people and hooks follow */
#define ALARM_ARENA_BYTES ((size_t)32 * 1024 * 1024)

static void on_alarm(uv_timer_t *timer);

int64_t jb_agent_alarm_wait(int64_t now_ms, int64_t next_ms, int64_t check_ms)
{
    if (next_ms == INT64_MAX)
        return -1;
    if (next_ms <= now_ms)
        return BACKLOG_MS < check_ms ? BACKLOG_MS : check_ms;
    return next_ms - now_ms < check_ms ? next_ms - now_ms : check_ms;
}

static void arm(struct jb_agent *a, int64_t wait_ms)
{
    if (wait_ms < 0)
        (void)uv_timer_stop(&a->alarm_timer);
    else
        (void)uv_timer_start(&a->alarm_timer, on_alarm, (uint64_t)wait_ms, 0);
}

/* libuv's timers know nothing of the wall clock: compare the two. */
static void look_for_step(struct jb_agent *a, int64_t now_ms)
{
    int64_t mono = jb_clock_read(&a->mono);
    int64_t off = (now_ms - a->last_wall_ms) - (mono - a->last_mono_ms);
    if (a->last_mono_ms != 0 && (off > STEP_MS || off < -STEP_MS))
        jb_log(JB_LOG_NOTICE, a->config->code, "clock.step", "by_ms=%lld", (long long)off);
    a->last_wall_ms = now_ms;
    a->last_mono_ms = mono;
}

/* Hours that cannot be read were refused at the start, or are told with the reload: always. */
static bool people_are_there(struct jb_agent *a, int64_t now_ms)
{
    struct jb_agent_hours hours;
    const struct jb_calendar *cal =
        jb_book_calendar_of(jb_agent_book(a), jb_replica_node(a->ledger));
    return jb_agent_hours_parse(a->config->office_hours, &hours) != JB_OK ||
           jb_agent_hours_open(&hours, cal, now_ms);
}

struct looking {
    struct jb_agent *a;
    struct jb_arena arena;
    struct jb_arena scratch; /* of one case */
    int64_t case_no;         /* 0: all cases */
    int64_t now_ms;
    bool people; /* are at their desks: reminders reach them */
    bool office; /* sees to it that others keep their deadlines */
    bool more;   /* there are others behind */
    struct jb_alarm_seen seen;
    struct jb_alarm *due; /* arena */
    size_t count;
    size_t raised; /* of them */
    int64_t next_ms;
    bool *told; /* arena: record and tell, else record only */
    bool
        *kept; /* arena: not now: the outbox holds what will end the deadline, or nobody is there */
};

static bool is_office(const struct jb_agent *a)
{
    const struct jb_node *own = jb_directory_find(&a->directory, jb_replica_node(a->ledger));
    return own != NULL && (own->kind == JB_NODE_OFFICE || own->kind == JB_NODE_JOINT_CONFERENCE);
}

/* A right lapses, and whether a hand-over has arrived only the broker knows. */
static bool is_duty(struct jb_agent *a, const struct jb_deadline *d)
{
    const struct jb_policy_row *row = jb_book_row_of(jb_agent_book(a), d);
    return (row == NULL || !row->right) && strcmp(d->key, "deliver") != 0;
}

/* Others' deadlines are told to the office that registered the case; once the broker has said that
 * one was missed, what came of that says it (concern.c), and this would say it twice. */
static bool is_ours(struct jb_agent *a, const struct jb_case *c, const struct jb_deadline *d,
                    const struct jb_alarm *alarm)
{
    uint32_t node = jb_replica_node(a->ledger);
    bool watched = c->registrar == node && alarm->step == 0 && d->missed_ms == 0;
    return (d->node == node || watched) && is_duty(a, d);
}

enum jb_err jb_agent_alarm_shown(struct jb_agent *a, const struct jb_alarm *alarm, bool *shown)
{
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    struct jb_arena arena;
    *shown = true;
    if (alarm->step >= JB_AGENT_ALARM_FIRST)
        return JB_OK;
    jb_arena_init(&arena, ALARM_ARENA_BYTES);
    enum jb_err err = jb_agent_overlay_load(&m, alarm->case_no, false, &arena, &o);
    const struct jb_deadline *d = err == JB_OK ? jb_case_deadline(&o.c, alarm->deadline_id) : NULL;
    *shown = d == NULL || is_ours(a, &o.c, d, alarm);
    jb_arena_fini(&arena);
    return err;
}

/* Whose deadline is it, and does it still run once the outbox is settled? Other agencies' deadlines
 * are told to the office that registered the case, and only when they are overdue. */
static enum jb_err judge(struct looking *k, size_t i)
{
    struct jb_agent *a = k->a;
    const struct jb_alarm *alarm = &k->due[i];
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    bool waits = jb_agent_pendings_of_case(&a->pending, alarm->case_no) > 0;
    jb_arena_reset(&k->scratch);
    enum jb_err err = jb_agent_overlay_load(&m, alarm->case_no, waits, &k->scratch, &o);
    if (err != JB_OK)
        return err;
    const struct jb_deadline *d = jb_case_deadline(&o.c, alarm->deadline_id);
    if (d == NULL)
        return JB_OK;
    k->kept[i] = d->end != JB_END_OPEN || d->due_ms != alarm->due_ms || d->paused_from_ms != 0 ||
                 (alarm->step != 0 && !k->people);
    k->told[i] = is_ours(a, &o.c, d, alarm);
    return JB_OK;
}

static enum jb_err find(struct looking *k)
{
    struct jb_agent *a = k->a;
    const struct jb_alarm_look look = {.node = k->office ? 0 : jb_replica_node(a->ledger),
                                       .now_ms = k->now_ms,
                                       .due_only = !k->people,
                                       .max = ALARMS_AT_ONCE};
    enum jb_err err = JB_OK;
    if (k->case_no != 0)
        err = jb_alarm_of_case(a->ledger, &look, k->case_no, &k->arena, &k->due, &k->count);
    else
        err = jb_alarm_due(a->ledger, &look, &k->seen, &k->arena, &k->due, &k->count, &k->more);
    return err == JB_OK ? jb_alarm_next(a->ledger, &look, k->case_no, &k->next_ms) : err;
}

static enum jb_err judge_all(struct looking *k)
{
    enum jb_err err = JB_OK;
    k->told = jb_arena_alloc(&k->arena, (k->count + 1) * sizeof *k->told);
    k->kept = jb_arena_alloc(&k->arena, (k->count + 1) * sizeof *k->kept);
    if (k->told == NULL || k->kept == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < k->count && err == JB_OK; i++) {
        err = judge(k, i);
        k->raised += err == JB_OK && !k->kept[i];
    }
    return err;
}

static enum jb_err record(struct looking *k)
{
    struct jb_ledger *l = k->a->ledger;
    enum jb_err err = jb_ledger_begin(l);
    if (err != JB_OK)
        return err;
    for (size_t i = 0; i < k->count && err == JB_OK; i++) {
        if (k->kept[i])
            continue;
        k->due[i].at_ms = k->now_ms;
        err = jb_alarm_add(l, &k->due[i]);
        if (err == JB_EXISTS) {
            k->told[i] = false;
            err = JB_OK;
        }
    }
    if (err == JB_OK)
        return jb_ledger_commit(l);
    jb_ledger_rollback(l);
    return err;
}

static const char *log_name(const struct jb_alarm *alarm)
{
    if (alarm->step >= JB_AGENT_ALARM_FIRST)
        return "alarm.raised";
    return alarm->step == 0 ? "deadline.overdue" : "deadline.near";
}

void jb_agent_alarm_tell(struct jb_agent *a, const struct jb_alarm *alarm)
{
    char number[JB_CASENO_TEXT] = "?";
    char due[JB_INSTANT_TEXT];
    if (jb_caseno_check(alarm->case_no) == JB_OK)
        jb_caseno_format(alarm->case_no, number);
    jb_instant_format_due(alarm->due_ms, due);
    jb_log(JB_LOG_NOTICE, number, log_name(alarm), "kind=%s deadline=%u key=%s step=%u due=\"%s\"",
           jb_agent_alarm_word(alarm), jb_agent_alarm_deadline(alarm), alarm->key,
           alarm->step < JB_AGENT_ALARM_FIRST ? alarm->step : 0, due);
    jb_agent_hook_run(a, alarm);
    jb_agent_watch_alarm(a, alarm);
}

/* Set the timer for a->alarm_next_ms; 0: after `wait_ms`. The clock itself is looked at in any case
 * when it is time for that. */
static void arm_next(struct jb_agent *a, int64_t now_ms, int64_t wait_ms)
{
    int64_t check = a->config->alarm_check_ms;
    if (a->testclock.path != NULL)
        check = JB_TESTCLOCK_LOOK_MS;
    if (a->alarm_next_ms == 0)
        arm(a, wait_ms < check ? wait_ms : check);
    else
        arm(a, jb_agent_alarm_wait(now_ms, a->alarm_next_ms, check));
}

/* The timer for what comes next. While nobody is at a desk it is looked every time whether somebody
 * has come. */
static void look_again(struct looking *k)
{
    struct jb_agent *a = k->a;
    int64_t until_ms = k->next_ms == INT64_MAX ? INT64_MAX : k->next_ms - k->now_ms;
    a->alarm_next_ms = k->more || !k->people ? 0 : k->next_ms;
    if (k->more) /* at once, unless there was much to tell */
        until_ms = (int64_t)k->raised * BACKLOG_MS / ALARMS_AT_ONCE;
    arm_next(a, k->now_ms, until_ms);
}

/* As look_again, but what was to come stays: only sooner. */
static void look_sooner(struct looking *k)
{
    struct jb_agent *a = k->a;
    bool active = uv_is_active((uv_handle_t *)&a->alarm_timer) != 0;
    for (size_t i = 0; i < k->count; i++)
        if (k->kept[i] && k->due[i].step != 0 && !k->people) /* when they come */
            for (size_t order = 1; order < JB_ALARM_ORDERS; order++)
                a->alarm_seen.at[order] = (struct jb_alarm_place){0};
    if (a->alarm_next_ms != 0 && k->next_ms < a->alarm_next_ms)
        a->alarm_next_ms = k->next_ms;
    if (active && (k->next_ms == INT64_MAX ||
                   uv_timer_get_due_in(&a->alarm_timer) <= (uint64_t)(k->next_ms - k->now_ms)))
        return;
    if (a->alarm_next_ms == 0)
        arm_next(a, k->now_ms, k->next_ms == INT64_MAX ? INT64_MAX : k->next_ms - k->now_ms);
    else
        arm_next(a, k->now_ms, INT64_MAX);
}

static enum jb_err look(struct looking *k)
{
    enum jb_err err = find(k);
    if (err == JB_OK)
        err = judge_all(k);
    if (err == JB_OK && k->raised > 0)
        err = record(k);
    if (err != JB_OK)
        return err;
    k->a->alarm_seen = k->seen;
    for (size_t i = 0; i < k->count; i++)
        if (!k->kept[i] && k->told[i])
            jb_agent_alarm_tell(k->a, &k->due[i]);
    if (k->case_no == 0)
        look_again(k);
    else
        look_sooner(k);
    return JB_OK;
}

static void start_over(struct jb_agent *a, int64_t wait_ms)
{
    a->alarm_next_ms = 0;
    a->alarm_later = false;
    a->alarm_seen = (struct jb_alarm_seen){0};
    arm(a, wait_ms);
}

static void look_at(struct jb_agent *a, int64_t case_no, int64_t now_ms)
{
    jb_alarm_seen_limit(&a->alarm_seen, now_ms);
    struct looking k = {.a = a,
                        .case_no = case_no,
                        .now_ms = now_ms,
                        .office = is_office(a),
                        .people = people_are_there(a, now_ms),
                        .seen = a->alarm_seen,
                        .next_ms = INT64_MAX};
    jb_agent_house_busy(a);
    jb_arena_init(&k.arena, ALARM_ARENA_BYTES);
    jb_arena_init(&k.scratch, ALARM_ARENA_BYTES);
    enum jb_err err = look(&k);
    jb_arena_fini(&k.scratch);
    jb_arena_fini(&k.arena);
    if (err != JB_OK && err != JB_NOMEM) {
        jb_agent_fail(a, err, "the alarms");
    } else if (err != JB_OK) { /* perhaps only one very large case */
        jb_log(JB_LOG_ERROR, a->config->code, "alarm.failed", "error=%s detail=\"%s\"",
               jb_err_name(err), jb_ledger_error(a->ledger));
        start_over(a, a->config->alarm_check_ms);
    }
}

/* The clock is looked at more often than the deadlines: they only when one may have fallen. */
static void on_alarm(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    int64_t now_ms = jb_agent_now(a);
    look_for_step(a, now_ms);
    if (jb_replica_node(a->ledger) == 0 || jb_agent_degraded(a))
        return; /* looked at when it is over */
    if (a->alarm_later)
        start_over(a, 0);
    if (now_ms < a->alarm_next_ms)
        arm_next(a, now_ms, INT64_MAX);
    else
        look_at(a, 0, now_ms);
}

void jb_agent_alarm_case(struct jb_agent *a, int64_t case_no)
{
    if (case_no != 0 && !a->stopping && !jb_agent_degraded(a) && jb_replica_node(a->ledger) != 0)
        look_at(a, case_no, jb_agent_now(a));
}

void jb_agent_alarm_kick(struct jb_agent *a)
{
    if (!a->stopping)
        start_over(a, 0);
}

void jb_agent_alarm_later(struct jb_agent *a)
{
    uv_handle_t *timer = (uv_handle_t *)&a->alarm_timer;
    if (a->stopping)
        return;
    a->alarm_later = true;
    a->alarm_next_ms = 0;
    if (!uv_is_active(timer) ||
        uv_timer_get_due_in(&a->alarm_timer) > (uint64_t)a->config->alarm_check_ms)
        arm(a, a->config->alarm_check_ms);
}

enum jb_err jb_agent_alarm_start(struct jb_agent *a)
{
    a->alarm_timer.data = a;
    if (uv_timer_init(a->loop, &a->alarm_timer) != 0)
        return JB_IO;
    start_over(a, 0);
    return JB_OK;
}

void jb_agent_alarm_stop(struct jb_agent *a)
{
    uv_handle_t *handle = (uv_handle_t *)&a->alarm_timer;
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}
