/* jiaoban-gateway: options, process set-up, the loop. */
#include "clients/gateway/gateway.h"

#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/gateway/http.h"
#include "clients/gateway/route.h"
#include "clients/report/tongue.h"
#include "proto/base/lang.h"
#include "proto/base/log.h"
#include "proto/base/self.h"
#include "proto/base/usage.h"

#define OPTIONS_MAX 64

enum task {
    TASK_RUN,
    TASK_PRINT_CONFIG,
    TASK_CHECK_CONFIG,
    TASK_PRINT_ROUTES,
    TASK_ADMIN
};

struct invocation {
    enum task task;
    struct jb_gw_command command;
    const char *options[OPTIONS_MAX];
    struct jb_config_source source;
    int ready_fd;           /* -1: none */
    const char *test_clock; /* NULL: the machine's clock */
};

enum {
    OPT_PRINT = 256,
    OPT_CHECK,
    OPT_ROUTES,
    OPT_DISPLAY,
    OPT_ACCOUNT,
    OPT_SCOPES,
    OPT_DAYS,
    OPT_READY,
    OPT_CLOCK,
    OPT_ADMIN /* the first of the commands */
};

static const struct argp_option option_rows[] = {
    {"config", 'c', N_("FILE"), 0, N_("configuration file"), 0},
    {"option", 'o', N_("SECTION.KEY=VALUE"), 0, N_("set one value; wins over the file"), 0},
    {"print-config", OPT_PRINT, NULL, 0, N_("print a commented example of the configuration"), 1},
    {"check-config", OPT_CHECK, NULL, 0, N_("read the configuration and print what is in force"),
     1},
    {"print-routes", OPT_ROUTES, NULL, 0, N_("print the table of routes"), 1},
    {"add-account", OPT_ADMIN, N_("NAME"), 0,
     N_("make an account for a person; the password is one line of standard input"), 2},
    {"add-system", OPT_ADMIN + 1, N_("NAME"), 0,
     N_("make an account without a password, known by tokens or by the proxy only"), 2},
    {"set-password", OPT_ADMIN + 2, N_("NAME"), 0,
     N_("another password: one line of standard input"), 2},
    {"disable-account", OPT_ADMIN + 3, N_("NAME"), 0, N_("nobody signs in with it any more"), 2},
    {"enable-account", OPT_ADMIN + 4, N_("NAME"), 0, N_("it can be signed in with again"), 2},
    {"remove-account", OPT_ADMIN + 5, N_("NAME"), 0, N_("remove it with its sessions and tokens"),
     2},
    {"list-accounts", OPT_ADMIN + 6, NULL, 0, N_("print all accounts"), 2},
    {"display-name", OPT_DISPLAY, N_("TEXT"), 0,
     N_("with --add-account, --add-system: the name shown"), 2},
    {"add-token", OPT_ADMIN + 7, N_("NAME"), 0, N_("make an API token and print it, this once"), 3},
    {"remove-token", OPT_ADMIN + 8, N_("NAME"), 0, N_("what uses it is refused from now on"), 3},
    {"list-tokens", OPT_ADMIN + 9, NULL, 0, N_("print all tokens, without their secrets"), 3},
    {"account", OPT_ACCOUNT, N_("NAME"), 0, N_("with --add-token: for whom it speaks"), 3},
    {"scopes", OPT_SCOPES, N_("LIST"), 0, N_("with --add-token: rights, with commas between"), 3},
    {"days", OPT_DAYS, N_("N"), 0, N_("with --add-token: it ends after so many days"), 3},
    {"ready-fd", OPT_READY, N_("N"), 0,
     N_("write the addresses to descriptor N once they are served"), 4},
    {"test-clock", OPT_CLOCK, N_("FILE"), 0,
     N_("for tests only: add the milliseconds in FILE, \"PASSED [SET]\", to the machine's clocks"),
     4},
    {NULL, 0, NULL, 0, NULL, 0},
};

static const char *const commands[] = {
    "add-account",    "add-system",    "set-password", "disable-account", "enable-account",
    "remove-account", "list-accounts", "add-token",    "remove-token",    "list-tokens",
};
#define COMMANDS ((int)(sizeof commands / sizeof commands[0]))

static void parse_ready_fd(struct invocation *in, const char *arg)
{
    char *end = NULL;
    long fd = strtol(arg, &end, 10);
    if (end == arg || *end != '\0' || fd < 0 || fd > 1024)
        jb_usage_error("--ready-fd: \"%s\" is not a descriptor number", arg);
    in->ready_fd = (int)fd;
}

static void parse_command(struct invocation *in, int which, const char *arg)
{
    if (in->command.what != NULL)
        jb_usage_error("one command at a time");
    in->task = TASK_ADMIN;
    in->command.what = commands[which];
    in->command.name = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct invocation *in = state->input;
    if (key >= OPT_ADMIN && key < OPT_ADMIN + COMMANDS) {
        parse_command(in, key - OPT_ADMIN, arg);
        return 0;
    }
    switch (key) {
    case 'c':
        in->source.path = arg;
        return 0;
    case 'o':
        if (in->source.option_count == OPTIONS_MAX)
            jb_usage_error("more than %d times -o", OPTIONS_MAX);
        in->options[in->source.option_count++] = arg;
        return 0;
    case OPT_PRINT:
        in->task = TASK_PRINT_CONFIG;
        return 0;
    case OPT_CHECK:
        in->task = TASK_CHECK_CONFIG;
        return 0;
    case OPT_ROUTES:
        in->task = TASK_PRINT_ROUTES;
        return 0;
    case OPT_DISPLAY:
        in->command.display_name = arg;
        return 0;
    case OPT_ACCOUNT:
        in->command.account = arg;
        return 0;
    case OPT_SCOPES:
        in->command.scopes = arg;
        return 0;
    case OPT_DAYS:
        in->command.days = arg;
        return 0;
    case OPT_READY:
        parse_ready_fd(in, arg);
        return 0;
    case OPT_CLOCK:
        in->test_clock = arg;
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
    .what = N_("The casework of one agency over HTTP and JSON, beside its jiaoban-agent."),
    .notes = N_("Exit status: 0 done; 2 usage or configuration; 4 to 9 as of jiaoban(1)."),
    .version = JB_GW_SOFTWARE,
};

static int complain(enum jb_err err, const struct jb_fault *fault)
{
    (void)fprintf(stderr, "jiaoban-gateway: %s\n",
                  fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    return jb_err_exit(err);
}

/* ---- the daemon ---- */

/* Descriptors for the connections and some more; a dump of memory would hold sessions. */
static void set_limits(const struct jb_gw_config *c)
{
    struct rlimit files;
    rlim_t wanted = (rlim_t)(c->connections + c->window_connections) * 2 + 128;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)setenv("UV_THREADPOOL_SIZE", "2", 1); /* passwords: 64 MiB each */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk */
}

static void say_ready(const struct jb_gw *gw, int ready_fd)
{
    char text[2048];
    jb_gw_http_addresses(gw->http, text, sizeof text - 1);
    jb_log(JB_LOG_NOTICE, "gateway", "gateway.started", "version=%s listen=\"%s\"", JB_VERSION_TEXT,
           text);
    jb_gw_house_ready(gw);
    if (ready_fd < 0)
        return;
    size_t len = strlen(text);
    text[len++] = '\n';
    if (write(ready_fd, text, len) < 0)
        jb_log(JB_LOG_WARNING, "gateway", "ready.unsaid", NULL);
    (void)close(ready_fd);
}

static int run(struct jb_gw *gw, int ready_fd)
{
    struct jb_fault fault = {""};
    enum jb_log_level level = JB_LOG_INFO;
    char folder[PATH_MAX];
    uv_loop_t loop;
    if (jb_log_level_parse(gw->config->log_level, &level))
        jb_log_set_level(level);
    set_limits(gw->config);
    if (uv_loop_init(&loop) != 0)
        return complain(JB_IO, &fault);
    gw->loop = &loop;
    jb_tongue_open(jb_lang_folder(folder, sizeof folder));
    enum jb_err err = jb_gw_start(gw, &fault);
    if (err == JB_OK) {
        jb_lang_end();
        say_ready(gw, ready_fd);
    } else {
        jb_gw_stop(gw, complain(err, &fault));
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    jb_gw_fini(gw);
    (void)uv_loop_close(&loop);
    gw->loop = NULL;
    jb_tongue_close();
    jb_log(JB_LOG_NOTICE, "gateway", "gateway.stopped", "status=%d", gw->exit_status);
    return gw->exit_status;
}

static enum jb_err set_clock(struct jb_gw *gw, const char *file, struct jb_fault *fault)
{
    gw->clock = jb_clock_wall();
    if (file == NULL)
        return JB_OK;
    enum jb_err err = jb_testclock_open(&gw->testclock, file, fault);
    if (err == JB_OK)
        gw->clock = jb_testclock_wall(&gw->testclock);
    return err;
}

int main(int argc, char **argv)
{
    static struct jb_gw gw;
    static struct jb_gw_config config;
    struct invocation in = {.ready_fd = -1};
    struct jb_fault fault = {""};
    in.source.options = in.options;
    jb_usage_parse(&usage, argc, argv, &in);
    (void)umask(0077);
    jb_self_hide();
    if (sodium_init() < 0)
        return complain(JB_IO, &fault);
    if (in.task == TASK_PRINT_CONFIG)
        return jb_config_print_example(&jb_gw_config_table, stdout) == JB_OK ? 0 : 8;
    if (in.task == TASK_PRINT_ROUTES) {
        jb_gw_route_print(stdout);
        return 0;
    }
    enum jb_err err = jb_config_read(&jb_gw_config_table, &in.source, &config, &fault);
    if (err == JB_OK)
        err = jb_gw_config_check(&config, &fault);
    if (err == JB_OK)
        err = set_clock(&gw, in.test_clock, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    gw.config = &config;
    gw.source = in.source;
    int status = 0;
    if (in.task == TASK_CHECK_CONFIG)
        status = jb_config_print(&jb_gw_config_table, &config, stdout) == JB_OK ? 0 : 8;
    else if (in.task == TASK_ADMIN)
        status = jb_gw_admin(&config, &in.command);
    else
        status = run(&gw, in.ready_fd);
    jb_config_free(&jb_gw_config_table, &config);
    return status;
}
