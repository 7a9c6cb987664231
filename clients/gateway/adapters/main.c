/* jiaoban-exchange: options, process set-up, one look after the other. */
#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "clients/gateway/adapters/adapter.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/lang.h"
#include "proto/base/log.h"
#include "proto/base/self.h"
#include "proto/base/testclock.h"
#include "proto/base/usage.h"

#define SOFTWARE "jiaoban-exchange " JB_VERSION_TEXT
#define OPTIONS_MAX 64

enum task {
    TASK_RUN,
    TASK_ONCE,
    TASK_PRINT_CONFIG,
    TASK_CHECK_CONFIG
};

struct invocation {
    enum task task;
    const char *options[OPTIONS_MAX];
    struct jb_config_source source;
    const char *test_clock; /* NULL: the machine's clock */
    long kill_at;
    int ready_fd; /* -1: none */
};

enum {
    OPT_PRINT = 256,
    OPT_CHECK,
    OPT_ONCE,
    OPT_READY,
    OPT_CLOCK,
    OPT_KILL
};

static const struct argp_option option_rows[] = {
    {"config", 'c', N_("FILE"), 0, N_("configuration file"), 0},
    {"option", 'o', N_("SECTION.KEY=VALUE"), 0, N_("set one value; wins over the file"), 0},
    {"once", OPT_ONCE, NULL, 0, N_("look once, print what was done, and end"), 0},
    {"print-config", OPT_PRINT, NULL, 0, N_("print a commented example of the configuration"), 1},
    {"check-config", OPT_CHECK, NULL, 0,
     N_("read the configuration and the mapping, and print what is in force"), 1},
    {"ready-fd", OPT_READY, N_("N"), 0, N_("write a line to descriptor N once it works"), 2},
    {"test-clock", OPT_CLOCK, N_("FILE"), 0,
     N_("for tests only: add the milliseconds in FILE, \"PASSED [SET]\", to the machine's clocks"),
     2},
    {"test-kill", OPT_KILL, N_("N"), 0, N_("for tests only: die at the N-th step of the work"), 2},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct invocation *in = state->input;
    switch (key) {
    case 'c':
        in->source.path = arg;
        return 0;
    case 'o':
        if (in->source.option_count == OPTIONS_MAX)
            jb_usage_error("more than %d times -o", OPTIONS_MAX);
        in->options[in->source.option_count++] = arg;
        return 0;
    case OPT_ONCE:
        in->task = TASK_ONCE;
        return 0;
    case OPT_PRINT:
        in->task = TASK_PRINT_CONFIG;
        return 0;
    case OPT_CHECK:
        in->task = TASK_CHECK_CONFIG;
        return 0;
    case OPT_READY:
        in->ready_fd = (int)strtol(arg, NULL, 10);
        return 0;
    case OPT_CLOCK:
        in->test_clock = arg;
        return 0;
    case OPT_KILL:
        in->kill_at = strtol(arg, NULL, 10);
        return 0;
    case ARGP_KEY_ARG:
        jb_usage_error("unexpected argument \"%s\"", arg);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct jb_usage usage = {
    .options = option_rows,
    .parser = parse_option,
    .what = N_("Records of one other system become cases, and what becomes of them is told to it: "
               "files in\n"
               "a folder, a database table, or an interface over HTTP."),
    .notes = N_("Exit status: 0 done; 2 usage or configuration; 4 to 9 as of jiaoban(1)."),
    .version = SOFTWARE,
};

static int complain(enum jb_err err, const struct jb_fault *fault)
{
    (void)fprintf(stderr, "jiaoban-exchange: %s\n",
                  fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    return jb_err_exit(err);
}

/* ---- the work ---- */

static volatile bool stop_wanted; /* set between records, never by a handler */

static enum jb_err look(struct jb_ex_desk *d, struct jb_ex_counts *counts, struct jb_fault *fault)
{
    *counts = (struct jb_ex_counts){.rows = 0};
    enum jb_err err = jb_ex_desk_admit(d, fault);
    if (err == JB_OK)
        err = jb_ex_settle(d, fault);
    if (err != JB_OK)
        return err;
    if (strcmp(d->config->kind, "table") == 0)
        return jb_ex_dbtable_look(d, counts, fault);
    if (strcmp(d->config->kind, "http") == 0)
        return jb_ex_web_look(d, counts, fault);
    return jb_ex_folder_look(d, counts, fault);
}

static void counts_print(const struct jb_ex_counts *c)
{
    (void)printf("files %llu, rows %llu: taken %llu, known %llu, queued %llu, refused %llu, "
                 "unreadable %llu; told %llu\n",
                 (unsigned long long)c->files, (unsigned long long)c->rows,
                 (unsigned long long)c->taken, (unsigned long long)c->known,
                 (unsigned long long)c->queued, (unsigned long long)c->refused,
                 (unsigned long long)c->bad, (unsigned long long)c->told);
}

static void counts_log(const struct jb_ex_counts *c)
{
    if (c->rows + c->told > 0)
        jb_log(JB_LOG_INFO, "exchange", "exchange.looked",
               "rows=%llu taken=%llu known=%llu queued=%llu refused=%llu unreadable=%llu told=%llu",
               (unsigned long long)c->rows, (unsigned long long)c->taken,
               (unsigned long long)c->known, (unsigned long long)c->queued,
               (unsigned long long)c->refused, (unsigned long long)c->bad,
               (unsigned long long)c->told);
}

static void trouble_log(enum jb_err err, const struct jb_fault *fault)
{
    char text[JB_FAULT_BYTES];
    (void)snprintf(text, sizeof text, "%s",
                   fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '"' ? '\'' : *at;
    jb_log(JB_LOG_WARNING, "exchange", "exchange.stuck", "error=%s text=\"%s\"", jb_err_name(err),
           text);
}

/* Errors that do not get better by looking again. */
static bool fatal(enum jb_err err)
{
    return err == JB_CORRUPT || err == JB_VERSION;
}

static int work(struct jb_ex_desk *d, int signals, int ready_fd)
{
    struct pollfd end = {.fd = signals, .events = POLLIN};
    enum jb_err err = JB_OK;
    (void)sd_notify(0, "READY=1");
    if (ready_fd >= 0 && (write(ready_fd, "ready\n", 6) < 0 || close(ready_fd) != 0))
        jb_log(JB_LOG_WARNING, "exchange", "ready.unsaid", NULL);
    jb_log(JB_LOG_NOTICE, "exchange", "exchange.started", "version=%s kind=%s", JB_VERSION_TEXT,
           d->config->kind);
    while (!stop_wanted && !fatal(err)) {
        struct jb_ex_counts counts;
        struct jb_fault fault = {""};
        err = look(d, &counts, &fault);
        counts_log(&counts);
        if (err != JB_OK)
            trouble_log(err, &fault);
        stop_wanted = poll(&end, 1, (int)d->config->every_ms) > 0;
    }
    jb_log(JB_LOG_NOTICE, "exchange", "exchange.stopped", NULL);
    return fatal(err) ? jb_err_exit(err) : 0;
}

static int once(struct jb_ex_desk *d)
{
    struct jb_ex_counts counts;
    struct jb_fault fault = {""};
    enum jb_err err = look(d, &counts, &fault);
    counts_print(&counts);
    return err == JB_OK ? 0 : complain(err, &fault);
}

static int run(struct jb_ex_desk *d, const struct jb_ex_config *c, const struct invocation *in)
{
    struct jb_fault fault = {""};
    enum jb_log_level level = JB_LOG_INFO;
    sigset_t set;
    bool loop = in->task == TASK_RUN;
    if (jb_log_level_parse(c->log_level, &level))
        jb_log_set_level(level);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk */
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    int signals = -1;
    if (loop && (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
                 (signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0))
        return complain(JB_IO, &fault);
    jb_lang_end(); /* from here on as the configuration has it */
    jb_ex_lang(c->language);
    jb_lang_begin();
    enum jb_err err = jb_ex_desk_open(d, c, &fault);
    jb_lang_end();
    if (err == JB_OK)
        err = jb_ex_facts_check(&d->map, &fault);
    int status = 0;
    if (err != JB_OK)
        status = complain(err, &fault);
    else
        status = loop ? work(d, signals, in->ready_fd) : once(d);
    if (signals >= 0)
        (void)close(signals);
    return status;
}

static enum jb_err set_clock(struct jb_ex_desk *d, struct jb_testclock *clock, const char *file,
                             struct jb_fault *fault)
{
    d->clock = jb_clock_wall();
    if (file == NULL)
        return JB_OK;
    enum jb_err err = jb_testclock_open(clock, file, fault);
    if (err == JB_OK)
        d->clock = jb_testclock_wall(clock);
    return err;
}

/* The mapping belongs to the configuration. */
static int check(const struct jb_ex_config *c)
{
    static struct jb_ex_map map;
    struct jb_fault fault = {""};
    enum jb_err err = jb_ex_map_open(&map, c->map, &fault);
    if (err == JB_OK)
        err = jb_ex_facts_check(&map, &fault);
    jb_ex_map_fini(&map);
    if (err != JB_OK)
        return complain(err, &fault);
    return jb_config_print(&jb_ex_config_table, c, stdout) == JB_OK ? 0 : 8;
}

int main(int argc, char **argv)
{
    static struct jb_ex_desk desk;
    static struct jb_ex_config config;
    static struct jb_testclock clock;
    struct invocation in = {.task = TASK_RUN, .ready_fd = -1};
    struct jb_fault fault = {""};
    in.source.options = in.options;
    jb_usage_parse(&usage, argc, argv, &in);
    (void)umask(umask(0077) | 0027); /* reports may be for a group, nothing is for all */
    jb_self_hide();
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return complain(JB_IO, &fault);
    if (in.task == TASK_PRINT_CONFIG)
        return jb_config_print_example(&jb_ex_config_table, stdout) == JB_OK ? 0 : 8;
    enum jb_err err = jb_config_read(&jb_ex_config_table, &in.source, &config, &fault);
    if (err == JB_OK)
        err = jb_ex_config_check(&config, &fault);
    desk.kill_at = in.kill_at;
    desk.stop = &stop_wanted;
    if (err == JB_OK)
        err = set_clock(&desk, &clock, in.test_clock, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    int status = in.task == TASK_CHECK_CONFIG ? check(&config) : run(&desk, &config, &in);
    jb_ex_desk_fini(&desk);
    jb_config_free(&jb_ex_config_table, &config);
    curl_global_cleanup();
    return status;
}
