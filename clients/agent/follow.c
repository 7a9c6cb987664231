/* A replica that was left out when the broker's record was restored: it cannot follow the new
 * history, which branched off before its end.
 *
 * As soon as the broker has said that it keeps what is here, the agent begins a new one by itself;
 * by hand it goes likewise. The old one is set aside under a name that says which epoch it follows,
 * and never deleted; a new replica takes its place and fetches the new history from item 1. What
 * was submitted and not settled is carried over and submitted again; what the broker decided before
 * the restore all the same, it recognises. What had been accepted is listed: whether the new
 * history has it, people must see. */
#include "clients/agent/former.h"
#include "clients/agent/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/log.h"

#define LEFT_OUT "left_out" /* epoch, and number of its last item in the record */
#define NUMBER_BYTES 8
#define PAGE 256

enum jb_err jb_agent_left_out_set(struct jb_ledger *l, const struct jb_line_point *former)
{
    uint8_t raw[JB_EPOCH_BYTES + NUMBER_BYTES];
    memcpy(raw, former->epoch, JB_EPOCH_BYTES);
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        raw[JB_EPOCH_BYTES + i] = (uint8_t)(former->number >> (56 - 8 * i));
    return jb_ledger_meta_set(l, LEFT_OUT, (struct jb_bytes){raw, sizeof raw});
}

/* NOT_FOUND: the broker has not said that this replica was left out. */
static enum jb_err left_out_get(struct jb_ledger *l, uint64_t *number)
{
    struct jb_arena arena;
    struct jb_bytes raw = {NULL, 0};
    struct jb_line_point own = jb_replica_down(l);
    jb_arena_init(&arena, 4096);
    enum jb_err err = jb_ledger_meta_get(l, LEFT_OUT, &arena, &raw);
    if (err == JB_OK && raw.len != JB_EPOCH_BYTES + NUMBER_BYTES)
        err = JB_CORRUPT;
    if (err == JB_OK && memcmp(raw.data, own.epoch, JB_EPOCH_BYTES) != 0)
        err = JB_NOT_FOUND; /* of an earlier time */
    *number = 0;
    for (size_t i = 0; i < NUMBER_BYTES && err == JB_OK; i++)
        *number = *number << 8 | raw.data[JB_EPOCH_BYTES + i];
    jb_arena_fini(&arena);
    return err;
}

struct following {
    struct jb_agent *agent;
    uint64_t after; /* the new history branches off behind this item */
    char aside[4096], part[4096];
    struct jb_fault fault;
};

static enum jb_err name_files(struct following *f)
{
    char epoch[2 * 8 + 1];
    struct jb_line_point down = jb_replica_down(f->agent->ledger);
    (void)sodium_bin2hex(epoch, sizeof epoch, down.epoch, 8);
    int a = snprintf(f->aside, sizeof f->aside, "%s.epoch-%s", f->agent->ledger_path, epoch);
    int p = snprintf(f->part, sizeof f->part, "%s.new", f->agent->ledger_path);
    if (a < 0 || (size_t)a >= sizeof f->aside || p < 0 || (size_t)p >= sizeof f->part)
        return jb_fault_set(&f->fault, JB_CONFIG, "agent.data: path is too long");
    return JB_OK;
}

/* What an earlier attempt left that did not come to its end. */
static void part_remove(const char *part)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[4200];
        (void)snprintf(name, sizeof name, "%s%s", part, endings[i]);
        (void)unlink(name);
    }
}

static enum jb_err fill(struct following *f, struct jb_ledger *to)
{
    struct jb_agent *a = f->agent;
    enum jb_err err = jb_ledger_begin(to);
    if (err != JB_OK)
        return err;
    err = jb_replica_carry(a->ledger, to);
    if (err == JB_OK)
        err = jb_agent_tokens_carry(a->ledger, to, jb_outbox_settled(a->ledger).number);
    if (err == JB_OK)
        err = jb_agent_former_carry(a->ledger, to, f->after);
    if (err == JB_OK)
        return jb_ledger_commit(to);
    jb_ledger_rollback(to);
    return err;
}

static enum jb_err make_new(struct following *f)
{
    struct jb_ledger *to = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_REPLICA, .suite = f->agent->keys.suite, .make = JB_LEDGER_ANEW};
    part_remove(f->part);
    enum jb_err err = jb_ledger_open(f->part, &options, &to, &f->fault);
    if (err == JB_OK)
        err = fill(f, to);
    if (err != JB_OK && f->fault.text[0] == '\0')
        (void)jb_fault_set(&f->fault, err, "%s: %s", f->part,
                           to != NULL ? jb_ledger_error(to) : jb_err_said(err));
    jb_ledger_close(&to);
    return err;
}

/* ---- what was accepted ---- */

static void print_accepted(const struct jb_applied *item)
{
    printf(jb_said("  accepted earlier: submission %llu, %s, case %lld, entry %llu of the former "
                   "history\n"),
           (unsigned long long)item->item.settles, jb_act_kind_name(item->entry.act.kind),
           (long long)item->case_no, (unsigned long long)item->entry.seq);
}

/* Of what the new history may lack. */
static enum jb_err print_all_accepted(struct following *f)
{
    struct jb_agent *a = f->agent;
    struct jb_arena arena;
    enum jb_err err = JB_OK;
    uint64_t after = f->after;
    size_t count = 1;
    jb_arena_init(&arena, (size_t)64 * 1024 * 1024);
    while (err == JB_OK && count > 0) {
        struct jb_applied *items = NULL;
        jb_arena_reset(&arena);
        err = jb_replica_items(a->ledger, after, PAGE, &arena, &items, &count);
        for (size_t i = 0; err == JB_OK && i < count; i++) {
            after = items[i].item.number;
            if (items[i].item.settles != 0 && items[i].item.kind == JB_ITEM_ENTRY)
                print_accepted(&items[i]);
        }
    }
    jb_arena_fini(&arena);
    return err;
}

/* ---- the files ---- */

static enum jb_err sync_folder(struct following *f)
{
    const char *folder = f->agent->config->data;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        enum jb_err err = jb_fault_set(&f->fault, JB_IO, "%s: %s", folder, jb_errno_said(errno));
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    (void)close(fd);
    return JB_OK;
}

/* An earlier attempt may have come as far as the second name. */
static bool same_file(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

/* There is a replica under its name at every moment: the old one or the new one. */
static enum jb_err exchange(struct following *f)
{
    const char *path = f->agent->ledger_path;
    const char *const closed[] = {path, f->part};
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        char wal[4200];
        (void)snprintf(wal, sizeof wal, "%s-wal", closed[i]);
        if (access(wal, F_OK) == 0)
            return jb_fault_set(&f->fault, JB_IO, "%s: still there after it was closed", wal);
    }
    if (link(path, f->aside) != 0 && !(errno == EEXIST && same_file(path, f->aside)))
        return jb_fault_set(&f->fault, errno == EEXIST ? JB_EXISTS : JB_IO, "%s: %s", f->aside,
                            jb_errno_said(errno));
    enum jb_err err = sync_folder(f);
    if (err == JB_OK && rename(f->part, path) != 0)
        err = jb_fault_set(&f->fault, JB_IO, "%s: %s", path, jb_errno_said(errno));
    return err == JB_OK ? sync_folder(f) : err;
}

/* Everything but the exchange. The old replica is only read. */
static enum jb_err prepare(struct following *f)
{
    struct jb_agent *a = f->agent;
    enum jb_err err = left_out_get(a->ledger, &f->after);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(&f->fault, err,
                            "the broker has not said that its record was restored without this "
                            "replica: nothing was changed");
    if (err == JB_OK)
        err = name_files(f);
    return err == JB_OK ? make_new(f) : err;
}

static uint64_t waiting(const struct jb_agent *a)
{
    return jb_outbox_made(a->ledger).number - jb_outbox_settled(a->ledger).number;
}

/* ---- by itself ---- */

void jb_agent_follow_begin(struct jb_agent *a)
{
    struct following f = {.agent = a};
    if (a->stopping || jb_agent_degraded(a) || jb_agent_verify_running(a) ||
        jb_clock_mono_ms() < a->follow_mono_ms)
        return;
    jb_agent_group_take(a); /* what clients were just told is safe goes over, too */
    enum jb_err err = prepare(&f);
    if (err != JB_OK) {
        jb_log(JB_LOG_ERROR, a->config->code, "follow.failed", "error=%s detail=\"%s\"",
               jb_err_name(err), f.fault.text);
        return;
    }
    jb_log(JB_LOG_WARNING, a->config->code, "follow.begins",
           "record_goes_on_after=%llu items=%llu carried=%llu", (unsigned long long)f.after,
           (unsigned long long)jb_replica_down(a->ledger).number, (unsigned long long)waiting(a));
    a->following = true;
    jb_agent_stop(a, 0);
}

enum jb_err jb_agent_follow_end(struct jb_agent *a, struct jb_fault *fault)
{
    struct following f = {.agent = a};
    enum jb_err err = name_files(&f);
    jb_ledger_close(&a->ledger);
    if (err == JB_OK)
        err = exchange(&f);
    if (err == JB_OK)
        jb_log(JB_LOG_WARNING, a->config->code, "follow.done", "former=\"%s\"", f.aside);
    *fault = f.fault;
    return err;
}

/* ---- by hand ---- */

static enum jb_err follow(struct following *f)
{
    struct jb_agent *a = f->agent;
    uint64_t carried = waiting(a);
    enum jb_err err = prepare(f);
    if (err != JB_OK)
        return err;
    printf(jb_said("the record goes on after item %llu of %llu\n"), (unsigned long long)f->after,
           (unsigned long long)jb_replica_down(a->ledger).number);
    err = print_all_accepted(f);
    if (err != JB_OK)
        return jb_fault_set(&f->fault, err, "%s: %s", a->ledger_path, jb_ledger_error(a->ledger));
    jb_ledger_close(&a->ledger);
    err = exchange(f);
    if (err == JB_OK)
        printf(jb_said("%s: the former replica, kept\n"
                       "%llu submissions were not settled and are submitted again\n"
                       "Start the agent. Once it is in sync, look whether the cases named above "
                       "have what was accepted; if not, submit it again.\n"),
               f->aside, (unsigned long long)carried);
    return err;
}

int jb_agent_follow(struct jb_agent *a)
{
    struct following f = {.agent = a};
    enum jb_err err = follow(&f);
    if (err == JB_OK)
        return 0;
    (void)fprintf(stderr, "jiaoban-agent: %s\n",
                  f.fault.text[0] != '\0' ? f.fault.text : jb_err_said(err));
    return jb_err_exit(err);
}
