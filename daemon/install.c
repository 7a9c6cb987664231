/* Policy and calendar files: checked, compared with what is installed, queued as entries. */
#include "daemon/broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/duty.h"
#include "daemon/install.h"
#include "proto/base/log.h"

#define N_(text) text

/* Whole file into the arena. */
static enum jb_err read_file(const char *path, struct jb_arena *arena, struct jb_text *text,
                             struct jb_fault *fault)
{
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return jb_fault_set(fault, JB_NOT_FOUND, "%s", jb_errno_said(errno));
    char *data = jb_arena_alloc(arena, JB_INSTALL_LIMIT_BYTES + 1);
    size_t len = data != NULL ? fread(data, 1, JB_INSTALL_LIMIT_BYTES + 1, in) : 0;
    bool failed = ferror(in) != 0;
    (void)fclose(in);
    if (data == NULL)
        return JB_NOMEM;
    if (failed)
        return jb_fault_set(fault, JB_IO, "it cannot be read");
    if (len > JB_INSTALL_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "larger than %zu bytes", JB_INSTALL_LIMIT_BYTES);
    *text = (struct jb_text){data, len};
    return JB_OK;
}

static enum jb_err policy_act(struct jb_text text, struct jb_arena *arena, struct jb_act *act,
                              struct jb_fault *fault)
{
    struct jb_policy *policy = NULL;
    enum jb_err err = jb_policy_parse(text, arena, &policy, fault);
    if (err != JB_OK)
        return err;
    *act = (struct jb_act){.kind = JB_ACT_INSTALL_POLICY,
                           .version = policy->version,
                           .region = policy->region,
                           .effective_from_ms = policy->effective_from_ms};
    return JB_OK;
}

static enum jb_err calendar_act(struct jb_text text, struct jb_arena *arena, struct jb_act *act,
                                struct jb_fault *fault)
{
    struct jb_calendar *calendar = jb_arena_alloc(arena, sizeof *calendar);
    enum jb_err err =
        calendar == NULL ? JB_NOMEM : jb_calendar_parse(text, "calendar", arena, calendar, fault);
    if (err != JB_OK)
        return err;
    *act = (struct jb_act){.kind = JB_ACT_INSTALL_CALENDAR,
                           .version = jb_text_of(calendar->version),
                           .region = jb_text_of(calendar->region)};
    return JB_OK;
}

enum jb_err jb_install_act(bool is_policy, struct jb_text text, struct jb_arena *arena,
                           struct jb_act *act, struct jb_fault *fault)
{
    enum jb_err err =
        is_policy ? policy_act(text, arena, act, fault) : calendar_act(text, arena, act, fault);
    act->body = (struct jb_bytes){(const uint8_t *)text.data, text.len};
    return err;
}

/* In force already: same version and same bytes. Same version with other bytes is a mistake to be
 * told. */
static enum jb_err compare_installed(struct jb_broker *b, bool is_policy, const struct jb_act *act,
                                     bool *same, struct jb_fault *fault)
{
    struct jb_arena scratch;
    struct jb_text installed = {NULL, 0};
    jb_arena_init(&scratch, (size_t)8 * 1024 * 1024);
    enum jb_err err =
        is_policy ? jb_ledger_policy_version(b->reader, act->version, &scratch, &installed)
                  : jb_ledger_calendar_version(b->reader, act->version, &scratch, &installed);
    *same = err == JB_OK && installed.len == act->body.len &&
            memcmp(installed.data, act->body.data, installed.len) == 0;
    if (err == JB_OK && !*same)
        err = jb_fault_set(
            fault, JB_EXISTS,
            is_policy ? N_("policy version \"%.*s\" is installed with other contents: give the "
                           "changed file a new version")
                      : N_("calendar version \"%.*s\" is installed with other contents: give the "
                           "changed file a new version"),
            (int)act->version.len, act->version.data);
    if (err == JB_NOT_FOUND)
        err = JB_OK;
    jb_arena_fini(&scratch);
    return err;
}

enum jb_err jb_install_queue(struct jb_broker *b, bool is_policy, const struct jb_install *in,
                             bool *queued, struct jb_fault *fault)
{
    struct jb_arena *arena = &b->fill->arena;
    *queued = false;
    struct jb_act *act = jb_arena_alloc(arena, sizeof *act);
    char *copy = jb_arena_strndup(arena, in->text.data, in->text.len);
    if (act == NULL || copy == NULL)
        return JB_NOMEM;
    struct jb_text text = {copy, in->text.len};
    bool same = false;
    enum jb_err err = jb_install_act(is_policy, text, arena, act, fault);
    if (err == JB_OK)
        err = compare_installed(b, is_policy, act, &same, fault);
    if (err != JB_OK || same || in->dry_run)
        return err;
    struct jb_intake_item *item = jb_batch_item(b->fill);
    if (item == NULL)
        return JB_NOMEM;
    item->source = JB_FROM_ADMIN;
    item->act = act;
    item->user = in->user;
    item->waiter = in->waiter;
    *queued = true;
    return JB_OK;
}

/* A file that the configuration names: which one, what is wrong with it, what to do. */
static enum jb_err refuse_file(enum jb_err err, bool is_policy, const char *path,
                               struct jb_fault *fault)
{
    struct jb_fault why = *fault;
    const char *what = why.text[0] != '\0' ? why.text : jb_err_said(err);
    return jb_fault_set(fault, err,
                        is_policy ? N_("%s: %s. Mend the file, or name another one in "
                                       "broker.policy")
                                  : N_("%s: %s. Mend the file, or name another one in "
                                       "broker.calendar"),
                        path, what);
}

static enum jb_err install_file(struct jb_broker *b, bool is_policy, const char *path,
                                struct jb_fault *fault)
{
    if (path == NULL || path[0] == '\0')
        return JB_OK;
    struct jb_arena arena;
    struct jb_install in = {.user = jb_text_of("configuration")};
    bool queued = false;
    jb_arena_init(&arena, JB_INSTALL_LIMIT_BYTES * 4);
    enum jb_err err = read_file(path, &arena, &in.text, fault);
    if (err == JB_OK)
        err = jb_install_queue(b, is_policy, &in, &queued, fault);
    if (err == JB_OK && queued)
        jb_log(JB_LOG_NOTICE, path, is_policy ? "policy.install" : "calendar.install", NULL);
    jb_arena_fini(&arena);
    return err == JB_OK ? JB_OK : refuse_file(err, is_policy, path, fault);
}

enum jb_err jb_broker_install_files(struct jb_broker *b, struct jb_fault *fault)
{
    enum jb_err err = install_file(b, true, b->config->policy, fault);
    return err == JB_OK ? install_file(b, false, b->config->calendar, fault) : err;
}

static void on_change(void *ctx, const struct jb_config_row *row, bool applied)
{
    (void)ctx;
    jb_log(JB_LOG_NOTICE, row->key, applied ? "config.changed" : "config.needs-restart", NULL);
}

/* Nothing of a file that is wrong anywhere comes into force. */
static enum jb_err check_source(const struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_broker_config wanted = {0};
    enum jb_err err = jb_config_read(&jb_broker_config_table, &b->source, &wanted, fault);
    if (err != JB_OK)
        return err;
    err = jb_duty_config_check(&wanted, fault);
    if (err == JB_OK)
        err = jb_quota_check(wanted.quota_nodes, fault);
    jb_config_free(&jb_broker_config_table, &wanted);
    return err;
}

enum jb_err jb_broker_reload(struct jb_broker *b, struct jb_fault *fault)
{
    enum jb_log_level level;
    enum jb_err err = check_source(b, fault);
    if (err == JB_OK)
        err = jb_config_reload(&jb_broker_config_table, &b->source, b->config, on_change, b, fault);
    if (err != JB_OK)
        return err;
    if (jb_log_level_parse(b->config->log_level, &level))
        jb_log_set_level(level);
    jb_duty_tell(b->config);
    jb_admin_record_single(b);
    return jb_broker_install_files(b, fault);
}
