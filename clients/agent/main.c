/* jiaoban-agent: options, process set-up, the loop. */
#include "clients/agent/agent.h"
#include "clients/agent/papers.h"
#include "clients/agent/verify.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/lang.h"
#include "proto/base/log.h"
#include "proto/base/self.h"
#include "proto/base/usage.h"

#define OPTIONS_MAX 64
#define FILES_WANTED 1024
#define FOLLOW_AGAIN_MS (INT64_C(10) * 60 * 1000) /* after a failure: each try starts anew */

enum task {
    TASK_RUN,
    TASK_KEYGEN,
    TASK_PUBLIC_KEY,
    TASK_PRINT_CONFIG,
    TASK_CHECK_CONFIG,
    TASK_VERIFY,
    TASK_EVIDENCE,
    TASK_REBUILD,
    TASK_FOLLOW
};

struct invocation {
    enum task task;
    const char *key_file; /* of KEYGEN and PUBLIC_KEY; NULL: the configured one */
    uint8_t suite;        /* of KEYGEN */
    struct jb_agent_papers papers;
    const char *options[OPTIONS_MAX];
    struct jb_config_source source;
    int ready_fd;           /* -1: none */
    const char *test_clock; /* NULL: the machine's clocks */
};

enum {
    OPT_KEYGEN = 256,
    OPT_SUITE,
    OPT_PUBLIC,
    OPT_PRINT,
    OPT_CHECK,
    OPT_VERIFY,
    OPT_BROKER_KEY,
    OPT_EVIDENCE,
    OPT_OUTPUT,
    OPT_PERSONS,
    OPT_REBUILD,
    OPT_FOLLOW,
    OPT_READY,
    OPT_CLOCK
};

static const struct argp_option option_rows[] = {
    {"config", 'c', N_("FILE"), 0, N_("configuration file"), 0},
    {"option", 'o', N_("SECTION.KEY=VALUE"), 0, N_("set one value; wins over the file"), 0},
    {"keygen", OPT_KEYGEN, N_("FILE"), 0, N_("make a key file and print its public line"), 1},
    {"suite", OPT_SUITE, N_("NAME"), 0,
     N_("suite of the keys that are made: ed25519 (default) or sm2; it must be the broker's"), 1},
    {"public-key", OPT_PUBLIC, N_("FILE"), OPTION_ARG_OPTIONAL,
     N_("print the public line of a key file (the configured one)"), 1},
    {"print-config", OPT_PRINT, NULL, 0, N_("print a commented example of the configuration"), 1},
    {"check-config", OPT_CHECK, NULL, 0, N_("read the configuration and print what is in force"),
     1},
    {"verify", OPT_VERIFY, N_("FOLDER"), OPTION_ARG_OPTIONAL,
     N_("check the replica (that of FOLDER) without the broker, then end"), 1},
    {"broker-key", OPT_BROKER_KEY, N_("PUBLIC-LINE"), 0,
     N_("with --verify=FOLDER: the broker's public line (former ones after commas)"), 1},
    {"evidence", OPT_EVIDENCE, N_("CASE"), 0, N_("write evidence about a case to a file, then end"),
     1},
    {"output", OPT_OUTPUT, N_("FILE"), 0, N_("with --evidence: the new file"), 1},
    {"with-persons", OPT_PERSONS, NULL, 0,
     N_("with --evidence: include the key of the sealed persons"), 1},
    {"rebuild", OPT_REBUILD, NULL, 0, N_("rebuild the replica's tables from its stream, then end"),
     1},
    {"follow-new-history", OPT_FOLLOW, NULL, 0,
     N_("after the broker's record was restored without this replica: set it aside, carry over "
        "what "
        "is "
        "not settled, then end"),
     1},
    {"ready-fd", OPT_READY, N_("N"), 0,
     N_("write \"ready\\n\" to descriptor N once clients are served"), 2},
    {"test-clock", OPT_CLOCK, N_("FILE"), 0,
     N_("for tests only: add the milliseconds in FILE, \"PASSED [SET]\", to the machine's clocks"),
     2},
    {NULL, 0, NULL, 0, NULL, 0},
};

static const struct task_key {
    int key;
    enum task task;
} tasks[] = {
    {OPT_KEYGEN, TASK_KEYGEN},      {OPT_PUBLIC, TASK_PUBLIC_KEY}, {OPT_PRINT, TASK_PRINT_CONFIG},
    {OPT_CHECK, TASK_CHECK_CONFIG}, {OPT_VERIFY, TASK_VERIFY},     {OPT_REBUILD, TASK_REBUILD},
    {OPT_EVIDENCE, TASK_EVIDENCE},  {OPT_FOLLOW, TASK_FOLLOW},
};

static void parse_ready_fd(struct invocation *in, const char *arg)
{
    char *end = NULL;
    long fd = strtol(arg, &end, 10);
    if (end == arg || *end != '\0' || fd < 0 || fd > 1024)
        jb_usage_error("--ready-fd: \"%s\" is not a descriptor number", arg);
    in->ready_fd = (int)fd;
}

static void parse_papers(struct jb_agent_papers *papers, int key, const char *arg)
{
    if (key == OPT_VERIFY)
        papers->folder = arg;
    else if (key == OPT_BROKER_KEY)
        papers->broker_key = arg;
    else if (key == OPT_EVIDENCE)
        papers->case_no = arg;
    else if (key == OPT_OUTPUT)
        papers->output = arg;
    else
        papers->with_persons = true;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct invocation *in = state->input;
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (tasks[i].key == key)
            in->task = tasks[i].task;
    bool names_key_file =
        key == OPT_KEYGEN || key == OPT_PUBLIC ||
        (key == ARGP_KEY_ARG && in->task == TASK_PUBLIC_KEY && in->key_file == NULL);
    if (names_key_file) {
        in->key_file = arg;
    } else if (key == OPT_SUITE) {
        in->suite = jb_suite_parse(arg);
        if (in->suite == 0)
            jb_usage_error("--suite: must be ed25519 or sm2, not \"%s\"", arg);
    } else if (key >= OPT_VERIFY && key <= OPT_PERSONS) {
        parse_papers(&in->papers, key, arg);
    } else if (key == OPT_READY) {
        parse_ready_fd(in, arg);
    } else if (key == OPT_CLOCK) {
        in->test_clock = arg;
    } else if (key == 'c') {
        in->source.path = arg;
    } else if (key == 'o') {
        if (in->source.option_count == OPTIONS_MAX)
            jb_usage_error("more than %d times -o", OPTIONS_MAX);
        in->options[in->source.option_count++] = arg;
    } else if (key == ARGP_KEY_ARG) {
        jb_usage_error("unexpected argument \"%s\"", arg);
    } else if (key < OPT_KEYGEN || key > OPT_CLOCK) {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct jb_usage usage = {
    .options = option_rows,
    .parser = parse_option,
    .what =
        N_("An agency's node of jiaoban: keeps the replica, submits, acknowledges, serves local\n"
           "clients."),
    .notes = N_("Exit status: 0 done; 2 usage or configuration; 4 to 9 as of jiaoban(1)."),
    .version = JB_AGENT_SOFTWARE,
};

static int complain(enum jb_err err, const struct jb_fault *fault)
{
    (void)fprintf(stderr, "jiaoban-agent: %s\n",
                  fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    return jb_err_exit(err);
}

/* ---- tasks without a loop ---- */

static void print_public(const struct jb_node_keys *keys)
{
    struct jb_public_keys public_keys;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    jb_keys_public(keys, &public_keys);
    jb_keys_public_text(&public_keys, text);
    (void)puts(text);
}

static int keygen(uint8_t suite, const char *path)
{
    struct jb_node_keys keys;
    struct jb_fault fault = {""};
    enum jb_err err = jb_keys_generate(suite, &keys, &fault);
    if (err == JB_OK)
        err = jb_keys_save(&keys, path, &fault);
    if (err == JB_OK)
        print_public(&keys);
    jb_keys_wipe(&keys);
    return err == JB_OK ? 0 : complain(err, &fault);
}

static int public_key(const char *path)
{
    struct jb_node_keys keys;
    struct jb_fault fault = {""};
    enum jb_err err = jb_keys_load(path, &keys, &fault);
    if (err == JB_OK)
        print_public(&keys);
    jb_keys_wipe(&keys);
    return err == JB_OK ? 0 : complain(err, &fault);
}

static int check_config(const struct jb_agent_config *config)
{
    struct jb_public_keys broker;
    struct jb_fault fault = {""};
    enum jb_err err = jb_agent_config_check(config, &broker, &fault);
    if (err == JB_OK)
        err = jb_config_print(&jb_agent_config_table, config, stdout);
    return err == JB_OK ? 0 : complain(err, &fault);
}

static int with_store(struct jb_agent *a, bool read_only, int (*task)(struct jb_agent *))
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_agent_store_open(a, read_only, &fault);
    int status = err == JB_OK ? task(a) : complain(err, &fault);
    jb_agent_store_close(a);
    return status;
}

static int rebuild(struct jb_agent *a)
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_ledger_rebuild(a->ledger, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    (void)puts(jb_said("the tables were rebuilt from the stream"));
    return 0;
}

/* ---- the daemon ---- */

/* Files enough for clients and broker; a dump of memory would hold keys. */
static void set_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    jb_self_hide();
    /* One heap for the few threads, and no large cushions: most of the time nothing happens. */
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)setenv("UV_THREADPOOL_SIZE", "1", 1);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a limit on the size of files is a full disk: see degraded.c */
    (void)umask(0077);     /* the socket gets its own mode */
}

static void say_ready(struct jb_agent *a, int ready_fd)
{
    static const char text[] = "ready\n";
    jb_agent_house_ready(a);
    if (ready_fd < 0)
        return;
    if (write(ready_fd, text, sizeof text - 1) < 0)
        jb_log(JB_LOG_WARNING, a->config->code, "ready.unsaid", NULL);
    (void)close(ready_fd);
}

/* It has stopped to begin a new replica. On an error it goes on with the old one, and the broker
 * will tell it again. */
static void exchange(struct jb_agent *a)
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_agent_follow_end(a, &fault);
    if (err == JB_OK)
        return;
    a->follow_mono_ms = jb_clock_mono_ms() + FOLLOW_AGAIN_MS;
    jb_log(JB_LOG_ERROR, a->config->code, "follow.failed", "error=%s detail=\"%s\"",
           jb_err_name(err), fault.text);
}

/* As it was before it started. */
static void renew(struct jb_agent *a)
{
    struct jb_agent fresh = {.config = a->config,
                             .source = a->source,
                             .clock = a->clock,
                             .mono = a->mono,
                             .testclock = a->testclock,
                             .follow_mono_ms = a->follow_mono_ms,
                             .lock_fd = -1};
    *a = fresh;
}

/* One life, from the replica's file to the end of the loop. */
static int serve(struct jb_agent *a, int ready_fd)
{
    struct jb_fault fault = {""};
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return complain(JB_IO, &fault);
    a->loop = &loop;
    enum jb_err err = jb_agent_start(a, &fault);
    if (err == JB_OK) {
        jb_lang_end();
        jb_log(JB_LOG_NOTICE, a->config->code, "agent.started", "version=%s node=%u items=%llu",
               JB_VERSION_TEXT, jb_replica_node(a->ledger),
               (unsigned long long)jb_replica_down(a->ledger).number);
        say_ready(a, ready_fd);
    } else {
        a->exit_status = complain(err, &fault);
        jb_agent_stop(a, a->exit_status);
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    bool checking = jb_agent_verify_running(a);
    if (a->following)
        exchange(a);
    if (!checking) { /* else its thread still reads the replica: leave all to the system */
        jb_agent_fini(a);
        (void)uv_loop_close(&loop);
    }
    jb_log(JB_LOG_NOTICE, a->config->code, "agent.stopped", "status=%d", a->exit_status);
    if (checking)
        _exit(a->exit_status);
    return a->exit_status;
}

static int run(struct jb_agent *a, int ready_fd)
{
    enum jb_log_level level = JB_LOG_INFO;
    if (jb_log_level_parse(a->config->log_level, &level))
        jb_log_set_level(level);
    set_limits();
    int status = serve(a, ready_fd);
    while (a->following && status == 0) {
        renew(a);
        status = serve(a, -1);
    }
    return status;
}

static enum jb_err set_clocks(struct jb_agent *a, const char *file, struct jb_fault *fault)
{
    a->clock = jb_clock_wall();
    a->mono = jb_clock_mono();
    if (file == NULL)
        return JB_OK;
    enum jb_err err = jb_testclock_open(&a->testclock, file, fault);
    if (err != JB_OK)
        return err;
    a->clock = jb_testclock_wall(&a->testclock);
    a->mono = jb_testclock_mono(&a->testclock);
    jb_log(JB_LOG_WARNING, a->config->code, "clock.simulated", "file=%s", file);
    return JB_OK;
}

static int perform(struct invocation *in, struct jb_agent *a)
{
    switch (in->task) {
    case TASK_PUBLIC_KEY:
        return public_key(a->config->key);
    case TASK_CHECK_CONFIG:
        return check_config(a->config);
    case TASK_VERIFY:
        return with_store(a, true, jb_agent_verify_offline);
    case TASK_EVIDENCE:
        return jb_agent_evidence(a, &in->papers);
    case TASK_REBUILD:
        return with_store(a, false, rebuild);
    case TASK_FOLLOW:
        return with_store(a, false, jb_agent_follow);
    default:
        return run(a, in->ready_fd);
    }
}

int main(int argc, char **argv)
{
    static struct jb_agent agent;
    static struct jb_agent_config config;
    struct invocation in = {.ready_fd = -1, .suite = JB_SUITE_ED25519};
    struct jb_fault fault = {""};
    in.source.options = in.options;
    jb_usage_parse(&usage, argc, argv, &in);
    enum jb_err err = jb_sign_init();
    if (err != JB_OK)
        return complain(err, &fault);
    if (in.task == TASK_KEYGEN)
        return keygen(in.suite, in.key_file);
    if (in.task == TASK_PUBLIC_KEY && in.key_file != NULL)
        return public_key(in.key_file);
    if (in.task == TASK_VERIFY && in.papers.folder != NULL)
        return jb_agent_verify_folder(&in.papers);
    if (in.task == TASK_PRINT_CONFIG)
        return jb_config_print_example(&jb_agent_config_table, stdout) == JB_OK ? 0 : 8;
    err = jb_config_read(&jb_agent_config_table, &in.source, &config, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    agent.config = &config;
    agent.source = in.source;
    err = set_clocks(&agent, in.test_clock, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    agent.lock_fd = -1;
    int status = perform(&in, &agent);
    jb_config_free(&jb_agent_config_table, &config);
    return status;
}
