/* jiaoband: options, signals, start and end. Everything else is in the other files of this folder.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/backup.h"
#include "daemon/broker.h"
#include "daemon/duty.h"
#include "daemon/keyring.h"
#include "daemon/offline.h"
#include "proto/base/lang.h"
#include "proto/base/log.h"
#include "proto/base/self.h"
#include "proto/base/testclock.h"
#include "proto/base/usage.h"

#define OPTIONS_MAX 64

enum {
    OPT_KEYGEN = 256,
    OPT_SUITE,
    OPT_PUBLIC_KEY,
    OPT_PRINT_CONFIG,
    OPT_CHECK_CONFIG,
    OPT_VERIFY,
    OPT_EVIDENCE,
    OPT_NODE,
    OPT_OUTPUT,
    OPT_PERSONS,
    OPT_REBUILD,
    OPT_WITHOUT,
    OPT_REASON,
    OPT_READY_FD,
    OPT_TEST_CLOCK
};

enum task {
    TASK_SERVE,
    TASK_KEYGEN,
    TASK_PUBLIC_KEY,
    TASK_PRINT_CONFIG,
    TASK_CHECK_CONFIG,
    TASK_VERIFY,
    TASK_EVIDENCE,
    TASK_REBUILD,
    TASK_BACKUP,
    TASK_RESTORE,
    TASK_RECOVER,
    TASK_REKEY
};

/* What is written without dashes. */
static const struct verb {
    const char *name;
    enum task task;
    const char *argument; /* what follows it; NULL: nothing */
    bool optional;
} verbs[] = {
    {"backup", TASK_BACKUP, N_("DEST"), false},  {"restore", TASK_RESTORE, N_("SRC"), false},
    {"recover", TASK_RECOVER, NULL, false},      {"rebuild", TASK_REBUILD, NULL, false},
    {"verify", TASK_VERIFY, N_("BACKUP"), true}, {"rekey", TASK_REKEY, NULL, false},
};

struct command {
    enum task task;
    const char *config_path;
    const char *key_path;
    uint8_t suite;                  /* of KEYGEN */
    const struct verb *verb;        /* NULL: none was given */
    const char *path;               /* what follows the verb */
    struct jb_recover_wish recover; /* --without, --reason */
    struct jb_evidence_wish evidence;
    const char *options[OPTIONS_MAX]; /* -o section.key=value */
    size_t option_count;
    const char *test_clock; /* NULL: the machine's clocks */
    int ready_fd;           /* -1: none */
};

static const struct argp_option option_table[] = {
    {"config", 'c', N_("FILE"), 0, N_("configuration file"), 0},
    {"option", 'o', N_("SECTION.KEY=VALUE"), 0, N_("set one value; wins over the file"), 0},
    {"keygen", OPT_KEYGEN, N_("FILE"), 0, N_("make a key file and print its public line"), 0},
    {"suite", OPT_SUITE, N_("NAME"), 0,
     N_("suite of the keys that are made, and so of the network: ed25519 (default) or sm2"), 0},
    {"public-key", OPT_PUBLIC_KEY, N_("FILE"), 0, N_("print the public line of a key file"), 0},
    {"print-config", OPT_PRINT_CONFIG, NULL, 0,
     N_("print a commented example of the configuration"), 0},
    {"check-config", OPT_CHECK_CONFIG, NULL, 0,
     N_("read the configuration and print what is in force"), 0},
    {"verify", OPT_VERIFY, NULL, 0, N_("the same as the verb verify"), 0},
    {"rebuild", OPT_REBUILD, NULL, 0, N_("the same as the verb rebuild"), 0},
    {"without", OPT_WITHOUT, N_("CODE"), 0,
     N_("with recover: complete the record without what this agency may hold; may be repeated"), 0},
    {"reason", OPT_REASON, N_("TEXT"), 0, N_("with recover --without: why; it goes on record"), 0},
    {"evidence", OPT_EVIDENCE, N_("CASE"), 0,
     N_("write evidence of what one node was sent about a case, and end; the broker may be "
        "running"),
     0},
    {"node", OPT_NODE, N_("CODE"), 0, N_("with --evidence: the node, by its code"), 0},
    {"output", OPT_OUTPUT, N_("FILE"), 0, N_("with --evidence: the new file"), 0},
    {"with-persons", OPT_PERSONS, NULL, 0,
     N_("with --evidence: include the key of the sealed persons"), 0},
    {"test-clock", OPT_TEST_CLOCK, N_("FILE"), 0,
     N_("for tests only: add the milliseconds in FILE, \"PASSED [SET]\", to the machine's clocks"),
     0},
    {"ready-fd", OPT_READY_FD, N_("N"), 0,
     N_("write the bound endpoint to descriptor N when ready"), 0},
    {0},
};

static void parse_word(struct command *c, const char *word)
{
    if (c->verb != NULL && c->verb->argument != NULL && c->path == NULL) {
        c->path = word;
        return;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && c->verb == NULL; i++)
        if (strcmp(verbs[i].name, word) == 0) {
            c->verb = &verbs[i];
            c->task = verbs[i].task;
            return;
        }
    jb_usage_error("unexpected argument \"%s\"", word);
}

static void parse_end(const struct command *c)
{
    const struct verb *v = c->verb;
    if (v != NULL && v->argument != NULL && !v->optional && c->path == NULL)
        jb_usage_error("%s: %s is missing", v->name, jb_said(v->argument));
    if (c->recover.without_count > 0 && c->task != TASK_RECOVER)
        jb_usage_error("--without belongs to recover");
}

static void parse_without(struct command *c, const char *code)
{
    struct jb_recover_wish *w = &c->recover;
    if (w->without_count == sizeof w->without / sizeof w->without[0])
        jb_usage_error("--without: too many; run recover again for the rest");
    w->without[w->without_count++] = code;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct command *c = state->input;
    switch (key) {
    case 'c':
        c->config_path = arg;
        return 0;
    case 'o':
        if (c->option_count == OPTIONS_MAX)
            jb_usage_error("more than %d times -o", OPTIONS_MAX);
        c->options[c->option_count++] = arg;
        return 0;
    case OPT_KEYGEN:
    case OPT_PUBLIC_KEY:
        c->task = key == OPT_KEYGEN ? TASK_KEYGEN : TASK_PUBLIC_KEY;
        c->key_path = arg;
        return 0;
    case OPT_SUITE:
        c->suite = jb_suite_parse(arg);
        if (c->suite == 0)
            jb_usage_error("--suite: must be ed25519 or sm2, not \"%s\"", arg);
        return 0;
    case OPT_PRINT_CONFIG:
        c->task = TASK_PRINT_CONFIG;
        return 0;
    case OPT_CHECK_CONFIG:
        c->task = TASK_CHECK_CONFIG;
        return 0;
    case OPT_VERIFY:
        c->task = TASK_VERIFY;
        return 0;
    case OPT_EVIDENCE:
        c->task = TASK_EVIDENCE;
        c->evidence.case_no = arg;
        return 0;
    case OPT_NODE:
        c->evidence.node = arg;
        return 0;
    case OPT_OUTPUT:
        c->evidence.output = arg;
        return 0;
    case OPT_PERSONS:
        c->evidence.with_persons = true;
        return 0;
    case OPT_REBUILD:
        c->task = TASK_REBUILD;
        return 0;
    case OPT_TEST_CLOCK:
        c->test_clock = arg;
        return 0;
    case OPT_READY_FD: {
        char *end = NULL;
        long fd = strtol(arg, &end, 10);
        if (end == arg || *end != '\0' || fd < 0 || fd > 1023)
            jb_usage_error("--ready-fd: \"%s\" is not a descriptor number", arg);
        c->ready_fd = (int)fd;
        return 0;
    }
    case OPT_WITHOUT:
        parse_without(c, arg);
        return 0;
    case OPT_REASON:
        c->recover.reason = arg;
        return 0;
    case ARGP_KEY_ARG:
        parse_word(c, arg);
        return 0;
    case ARGP_KEY_END:
        parse_end(c);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct jb_usage usage = {
    .options = option_table,
    .parser = parse,
    .args = N_("[VERB [PATH]]"),
    .what =
        N_("The broker of jiaoban: routes petition cases between agencies and keeps the record.\n"
           "Without a verb it serves. Verbs:\n"
           "  backup DEST      while it serves, or not; what is new since the last one\n"
           "  restore SRC      into an empty data folder\n"
           "  recover          after a restore: who has not reported yet\n"
           "  rebuild          the derived tables, from the log\n"
           "  verify [BACKUP]  the record while the broker is stopped, or a backup\n"
           "  rekey            the key file is lost: the configured key becomes the record's"),
    .notes = N_("SIGTERM ends it, SIGHUP reads the configuration again.\n"
                "Exit codes: 0 ok, 2 usage or configuration, 4 not found, 6 not permitted,\n"
                "8 disk, memory or lock, 9 damaged data."),
    .version = "jiaoband " JB_VERSION_TEXT,
};

static int fail(enum jb_err err, const struct jb_fault *fault)
{
    (void)fprintf(stderr, "jiaoband: %s\n",
                  fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    return jb_err_exit(err);
}

/* As many descriptors as the system allows us: each node is one. No dumps of memory, which would
 * hold keys. */
static void set_limits(void)
{
    struct rlimit limit;
    jb_self_hide();
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    jb_log(JB_LOG_INFO, NULL, "limits", "descriptors=%llu", (unsigned long long)limit.rlim_cur);
}

/* ---- serving ---- */

struct signals {
    uv_signal_t term, interrupt, hup;
};

static struct signals signals;

static void close_signals(void)
{
    uv_handle_t *all[] = {(uv_handle_t *)&signals.term, (uv_handle_t *)&signals.interrupt,
                          (uv_handle_t *)&signals.hup};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!uv_is_closing(all[i]))
            uv_close(all[i], NULL);
    /* a second one while we are ending changes nothing */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
}

static void on_stop(uv_signal_t *handle, int number)
{
    struct jb_broker *b = handle->data;
    jb_log(JB_LOG_NOTICE, NULL, "stopping", "signal=%d", number);
    jb_broker_stop(b, EXIT_SUCCESS);
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct jb_broker *b = handle->data;
    struct jb_fault fault = {""};
    (void)number;
    enum jb_err err = jb_broker_reload(b, &fault);
    jb_log(err == JB_OK ? JB_LOG_NOTICE : JB_LOG_ERROR, NULL, "reloaded", "result=%s detail=\"%s\"",
           jb_err_name(err), fault.text);
}

static void watch_signals(uv_loop_t *loop, struct jb_broker *b)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a limit on the size of files is a full disk: see degraded.c */
    (void)uv_signal_init(loop, &signals.term);
    (void)uv_signal_init(loop, &signals.interrupt);
    (void)uv_signal_init(loop, &signals.hup);
    signals.term.data = signals.interrupt.data = signals.hup.data = b;
    (void)uv_signal_start(&signals.term, on_stop, SIGTERM);
    (void)uv_signal_start(&signals.interrupt, on_stop, SIGINT);
    (void)uv_signal_start(&signals.hup, on_reload, SIGHUP);
    /* they must not keep a stopped broker's loop alive */
    uv_unref((uv_handle_t *)&signals.term);
    uv_unref((uv_handle_t *)&signals.interrupt);
    uv_unref((uv_handle_t *)&signals.hup);
}

static void tell_ready(const struct jb_broker *b, int fd)
{
    if (fd < 0)
        return;
    char line[300];
    int n = snprintf(line, sizeof line, "%s\n", jb_zsock_endpoint(b->router));
    if (n > 0 && write(fd, line, (size_t)n) != n)
        jb_log(JB_LOG_WARNING, NULL, "ready-fd", "error=\"%s\"", strerror(errno));
    (void)close(fd);
}

/* The machine's clocks, or those of a test. */
static enum jb_err set_clocks(struct jb_broker *b, const char *test_clock, struct jb_fault *fault)
{
    static struct jb_testclock test;
    b->clock = jb_clock_wall();
    b->mono = jb_clock_mono();
    if (test_clock == NULL)
        return JB_OK;
    enum jb_err err = jb_testclock_open(&test, test_clock, fault);
    if (err != JB_OK)
        return err;
    jb_log(JB_LOG_WARNING, test_clock, "test-clock", NULL);
    b->clock = jb_testclock_wall(&test);
    b->mono = jb_testclock_mono(&test);
    b->look_ms = JB_TESTCLOCK_LOOK_MS;
    return JB_OK;
}

static int serve(const struct command *c, struct jb_broker_config *config)
{
    static struct jb_broker broker; /* large: two batches' worth of scratch */
    struct jb_broker *b = &broker;
    struct jb_fault fault = {""};
    uv_loop_t loop;
    enum jb_log_level level;
    if (jb_log_level_parse(config->log_level, &level))
        jb_log_set_level(level);
    if (uv_loop_init(&loop) != 0)
        return fail(JB_NOMEM, &fault);
    set_limits();
    b->loop = &loop;
    b->config = config;
    b->source = (struct jb_config_source){c->config_path, c->options, c->option_count};
    b->lock_fd = -1;
    watch_signals(&loop, b);
    enum jb_err err = set_clocks(b, c->test_clock, &fault);
    if (err == JB_OK)
        err = jb_broker_start(b, &fault);
    if (err == JB_OK) {
        jb_lang_end();
        jb_house_ready(b);
        tell_ready(b, c->ready_fd);
    } else {
        (void)fail(err, &fault);
        jb_broker_stop(b, jb_err_exit(err));
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    close_signals();
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    jb_broker_fini(b);
    if (uv_loop_close(&loop) != 0)
        jb_log(JB_LOG_WARNING, NULL, "loop.busy", NULL);
    jb_log(JB_LOG_NOTICE, NULL, "stopped", "status=%d", b->exit_status);
    return b->exit_status;
}

/* Everything that needs the configuration and is done without serving. */
static enum jb_err run_offline(const struct command *c, const struct jb_broker_config *config,
                               struct jb_fault *fault)
{
    enum jb_err err = JB_OK;
    switch (c->task) {
    case TASK_CHECK_CONFIG:
        err = jb_duty_config_check(config, fault);
        return err == JB_OK ? jb_config_print(&jb_broker_config_table, config, stdout) : err;
    case TASK_VERIFY:
        return c->path != NULL ? jb_offline_backup_check(c->path, fault)
                               : jb_offline_verify(config, fault);
    case TASK_EVIDENCE:
        return jb_offline_evidence(config, &c->evidence, fault);
    case TASK_REBUILD:
        return jb_offline_rebuild(config, fault);
    case TASK_BACKUP:
        return jb_offline_backup(config, c->path, fault);
    case TASK_RESTORE:
        return jb_offline_restore(config, c->path, fault);
    case TASK_RECOVER:
        return jb_offline_recover(config, &c->recover, fault);
    case TASK_REKEY:
        return jb_offline_rekey(config, fault);
    case TASK_SERVE:
    case TASK_KEYGEN:
    case TASK_PUBLIC_KEY:
    case TASK_PRINT_CONFIG:
        break;
    }
    return JB_OK;
}

int main(int argc, char **argv)
{
    struct command c = {.ready_fd = -1, .suite = JB_SUITE_ED25519};
    struct jb_broker_config config = {0};
    struct jb_fault fault = {""};
    jb_usage_parse(&usage, argc, argv, &c);
    jb_log_init(JB_LOG_AUTO);
    /* Files for us alone, whatever is done: a backup holds the keys of cases as the record does.
     * The admin socket gets its own mode. */
    (void)umask(0077);
    enum jb_err err = jb_sign_init();
    if (err != JB_OK)
        return fail(err, &fault);
    if (c.task == TASK_KEYGEN || c.task == TASK_PUBLIC_KEY) {
        err = jb_offline_keys(c.key_path, c.task == TASK_KEYGEN ? c.suite : 0, &fault);
        return err == JB_OK ? EXIT_SUCCESS : fail(err, &fault);
    }
    if (c.task == TASK_PRINT_CONFIG)
        return jb_config_print_example(&jb_broker_config_table, stdout) == JB_OK ? 0 : 8;
    struct jb_config_source source = {c.config_path, c.options, c.option_count};
    err = jb_config_read(&jb_broker_config_table, &source, &config, &fault);
    if (err != JB_OK)
        return fail(err, &fault);
    int status = EXIT_SUCCESS;
    if (c.task != TASK_SERVE)
        err = run_offline(&c, &config, &fault);
    else
        status = serve(&c, &config);
    jb_config_free(&jb_broker_config_table, &config);
    return err == JB_OK ? status : fail(err, &fault);
}
