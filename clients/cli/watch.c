/* Live view: every event as it is applied, verdicts, alarms, changes of the line. Connects again by
 * itself and goes on after the last number seen. */
#include "clients/cli/cli.h"

#include <signal.h>
#include <unistd.h>

#define TURN_MS 500
#define AGAIN_S 2

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    (void)number;
    ended = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void print_settled(struct cli *c, const struct jiaoban_settled *s)
{
    printf("  %s  %s%s%s\n", cli_time(c, s->at_ms),
           cli_format(c, _("submission %llu"), (unsigned long long)s->number), _(": "),
           s->accepted ? _("Done")
                       : cli_format(c, _("refused [%s] %s"), cli_safe(c, s->name),
                                    cli_refusal_text(s).text));
}

static void print_alarm(struct cli *c, const struct jiaoban_alarm *a)
{
    struct cli_alarm said = cli_alarm_asked(c, a);
    printf("  %s  ⏰ %s\n", cli_time(c, a->at_ms), said.text);
    printf("      %s%s\n", _("according to: "), said.rule);
    printf("      %s%s\n", _("what to do: "), said.next);
}

static void print_news(struct cli *c, const struct jiaoban_news *n)
{
    if (n->number[0] != '\0')
        printf("%s  %s\n", cli_safe(c, n->number), cli_short(c, cli_safe(c, n->title), 60));
    if (n->event != NULL)
        cli_event(c, n->event, NULL, cli_has(c, OPT_FULL));
    if (n->settled != NULL)
        print_settled(c, n->settled);
    if (n->alarm != NULL)
        print_alarm(c, n->alarm);
    if (n->state != NULL)
        printf("  %s%s%s\n", _("line"), _(": "), cli_word(c, cli_lines, (int)n->state->line));
    fflush(stdout);
}

static int print_result(struct cli *c, struct jiaoban_result *r, uint64_t *after)
{
    const struct jiaoban_news *n = jiaoban_result_news(r);
    int code = 0;
    if (n != NULL && n->event != NULL && n->event->number > *after)
        *after = n->event->number;
    if (n != NULL && n->state != NULL && *after == 0) /* so far is known; go on from here */
        *after = n->state->down_number;
    if (c->json)
        code = cli_json(c, r, 0);
    else if (n != NULL)
        print_news(c, n);
    fflush(stdout);
    jiaoban_result_free(r);
    cli_free_owned(c);
    return ferror(stdout) ? jiaoban_status_exit(JIAOBAN_IO) : code;
}

/* Names of agencies are asked for over the watching handle; a second one keeps the two apart. */
static int open_watch(struct cli *c, struct jiaoban **watcher)
{
    enum jiaoban_status status = jiaoban_open(jiaoban_path(c->j), watcher);
    if (status == JIAOBAN_OK)
        return 0;
    jiaoban_close(*watcher);
    *watcher = NULL;
    return cli_failed(c, status);
}

static int follow(struct cli *c, struct jiaoban *watcher, struct jiaoban_query *q, uint32_t max)
{
    uint32_t seen = 0;
    enum jiaoban_status status = jiaoban_watch(watcher, q);
    while (!ended && (max == 0 || seen < max)) {
        struct jiaoban_result *r = NULL;
        if (status == JIAOBAN_OK)
            status = jiaoban_watch_next(watcher, TURN_MS, &r);
        if (status == JIAOBAN_OK) {
            int code = print_result(c, r, &q->number);
            if (code != 0)
                return code;
            seen++;
        } else if (status == JIAOBAN_CLOSED || status == JIAOBAN_OFFLINE || status == JIAOBAN_IO) {
            if (!ended)
                sleep(AGAIN_S);
            status = jiaoban_watch(watcher, q);
        } else if (status == JIAOBAN_BUSY) {
            status = JIAOBAN_OK;
        } else {
            fprintf(stderr, "jiaoban: %s\n", cli_safe(c, jiaoban_error_text(watcher)));
            return jiaoban_status_exit(status);
        }
    }
    return 0;
}

int cli_run_watch(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban *watcher = NULL;
    uint32_t max = 0;

    q.alarms = cli_has(c, OPT_ALARMS);
    int code = cli_read_u64(c, OPT_NUMBER, &q.number);
    code = code != 0 ? code : cli_read_u32(c, OPT_COUNT_MAX, &max);
    code = code != 0 ? code : open_watch(c, &watcher);
    if (code != 0)
        return code;
    catch_signals();
    code = follow(c, watcher, &q, max);
    jiaoban_close(watcher);
    return code;
}
