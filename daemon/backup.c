/* See backup.h. */
#include "daemon/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/keyring.h"
#include "daemon/offline.h"
#include "daemon/outcome.h"
#include "proto/base/clock.h"
#include "proto/ledger/backup.h"
#include "proto/ledger/recovery.h"
#include "proto/wire/blob.h"
#include "proto/wire/keys.h"

/* A broker may be at work: a backup works half of the time, and lets everybody else go first. */
#define REST_PERCENT 100
#define NICE 10

#define DAY_BYTES 64
#define HEAD_BYTES 17 /* the first half, as it is told */

/* Static text, or in `out`. */
static const char *day_text(int64_t at_ms, char out[DAY_BYTES])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;

    if (at_ms == 0 || localtime_r(&seconds, &tm) == NULL ||
        strftime(out, DAY_BYTES, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return jb_said("an unknown time");
    return out;
}

static const char *head_text(const uint8_t head[JB_HASH_BYTES], char out[HEAD_BYTES])
{
    return sodium_bin2hex(out, HEAD_BYTES, head, HEAD_BYTES / 2);
}

/* What an administrator has to know of attachments; in what was damaged the first is named. */
static enum jb_err attachments_tell(const struct jb_blobs_report *b, const char *where,
                                    struct jb_fault *fault)
{
    char name[JB_BLOB_HASH_TEXT];

    if (b->damaged == 0)
        return JB_OK;
    jb_blob_hash_text(b->first_damaged, name);
    return jb_fault_set(fault, JB_CORRUPT,
                        "%s: %" PRIu64 " attachments damaged or missing, left out, first %s; "
                        "everything else is backed up; the broker fetches a damaged one again from "
                        "the agents when somebody asks for it",
                        where, b->damaged, name);
}

static enum jb_err record_path(const struct jb_broker_config *config, char *path, size_t size,
                               struct jb_fault *fault)
{
    int len = snprintf(path, size, "%s/broker.db", config->data);

    if (len < 0 || (size_t)len >= size)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    return JB_OK;
}

static enum jb_err backup_make(const struct jb_broker_config *config, const char *dest,
                               struct jb_fault *fault)
{
    char path[4000];
    char head[HEAD_BYTES];
    struct jb_backup_report r = {0};
    struct jb_clock clock = jb_clock_wall();
    struct jb_backup_order order = {path, dest, jb_clock_read(&clock), REST_PERCENT};
    enum jb_err err = record_path(config, path, sizeof path, fault);

    (void)setpriority(PRIO_PROCESS, 0, NICE); /* the unit may have done so, and forbid it */
    if (err == JB_OK)
        err = jb_backup_run(&order, &r, fault);
    if (err != JB_OK)
        return err;
    printf(r.first
               ? jb_said("%s: first backup, whole up to entry %" PRIu64 " (head %s...)\n")
               : jb_said("%s: incremental backup, whole up to entry %" PRIu64 " (head %s...)\n"),
           dest, r.seq, head_text(r.head, head));
    printf(jb_said("%" PRIu64 " rows copied; checked again from the disk: %" PRIu64
                   " entries, %" PRIu64 " items; %" PRIu64 " erased keys removed; %" PRIu64
                   " bytes\n"),
           r.rows, r.entries, r.items, r.keys_erased, r.bytes);
    printf(jb_said("%s.blobs: %" PRIu64 " attachments, %" PRIu64 " of them new (%" PRIu64
                   " bytes, checked); %" PRIu64 " removed that are erased or that no case names\n"),
           dest, r.blobs.held, r.blobs.copied, r.blobs.bytes, r.blobs.removed);
    printf(jb_said("Not in it, keep them elsewhere: the key file %s (without it no agency "
                   "recognises the restored broker) and the configuration.\n"),
           config->key);
    (void)fflush(stdout);
    return attachments_tell(&r.blobs, config->data, fault);
}

enum jb_err jb_offline_backup(const struct jb_broker_config *config, const char *dest,
                              struct jb_fault *fault)
{
    struct jb_clock clock = jb_clock_wall();
    struct jb_outcome_run run;

    jb_outcome_begin(&run, config->data, jb_clock_read(&clock));
    enum jb_err err = backup_make(config, dest, fault);
    const char *why = fault->text[0] != '\0' ? fault->text : jb_err_text(err);
    jb_outcome_end(&run, jb_clock_read(&clock), err != JB_OK ? why : NULL);
    return err;
}

enum jb_err jb_offline_backup_check(const char *path, struct jb_fault *fault)
{
    char head[HEAD_BYTES];
    char day[DAY_BYTES];
    struct jb_backup_report r = {0};
    enum jb_err err = jb_backup_check(path, &r, fault);

    if (err != JB_OK)
        return err;
    printf(jb_said("%s: good; whole up to entry %" PRIu64 " (head %s...), made %s; %" PRIu64
                   " entries, %" PRIu64 " items, chains intact; %" PRIu64 " attachments (%" PRIu64
                   " bytes) good\n"),
           path, r.seq, head_text(r.head, head), day_text(r.at_ms, day), r.entries, r.items,
           r.blobs.held, r.blobs.bytes);
    return JB_OK;
}

/* ---- restore ---- */

static enum jb_err folder_lock(const struct jb_broker_config *config, int *fd,
                               struct jb_fault *fault)
{
    char path[4096];

    if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
        return jb_fault_set(fault, JB_IO, "%s: %s", config->data, jb_errno_said(errno));
    int len = snprintf(path, sizeof path, "%s/lock", config->data);
    if (len < 0 || (size_t)len >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return jb_fault_set(fault, JB_IO, "%s: %s", path, jb_errno_said(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        return jb_fault_set(fault, JB_LOCKED,
                            "%s: a broker runs here; stop it, and see whether its record is really "
                            "lost",
                            path);
    return JB_OK;
}

static void tell_restored(const char *path, const char *source, const struct jb_backup_report *r)
{
    char head[HEAD_BYTES];
    char day[DAY_BYTES];

    printf(jb_said("%s: restored from %s, made %s\n"), path, source, day_text(r->at_ms, day));
    printf(jb_said("%" PRIu64 " entries (head %s...), %" PRIu64
                   " items, chains and signatures good; the record begins a new epoch\n"),
           r->seq, head_text(r->head, head), r->items);
    puts(jb_said("Start the broker: it collects from the agents what came after the backup, and "
                 "takes nothing new before every agency with an agent has reported (jiaoband "
                 "recover shows who has not)."));
    printf(jb_said("%" PRIu64 " attachments (%" PRIu64 " bytes) brought back"), r->blobs.copied,
           r->blobs.bytes);
    if (r->blobs.damaged > 0)
        printf(jb_said("; %" PRIu64
                       " damaged or missing in the backup: the broker asks the agents for them"),
               r->blobs.damaged);
    puts("");
}

enum jb_err jb_offline_restore(const struct jb_broker_config *config, const char *source,
                               struct jb_fault *fault)
{
    char path[4000];
    int lock_fd = -1;
    struct jb_keyring ring = {.claim = {.has_former = false}};
    struct jb_owner_found found = {.named = false};
    struct jb_backup_report r = {0};
    struct jb_clock clock = jb_clock_wall();

    enum jb_err err = record_path(config, path, sizeof path, fault);
    if (err == JB_OK)
        err = jb_keyring_load(&ring, config, fault);
    jb_keyring_wipe(&ring); /* the public halves do */
    if (err == JB_OK)
        err = jb_keyring_fits(&ring, config, source, &found, fault);
    if (err == JB_OK)
        err = folder_lock(config, &lock_fd, fault);
    if (err == JB_OK)
        err = jb_backup_restore(source, path, found.named ? found.record.sign : ring.claim.own.sign,
                                jb_clock_read(&clock), &r, fault);
    if (lock_fd >= 0)
        (void)close(lock_fd);
    if (err != JB_OK)
        return err;
    tell_restored(path, source, &r);
    return JB_OK;
}

/* ---- recover ---- */

static enum jb_err leave_out(struct jb_ledger *l, const struct jb_directory *d,
                             const struct jb_recover_wish *wish, struct jb_fault *fault)
{
    enum jb_err err = jb_ledger_begin(l);

    for (size_t i = 0; i < wish->without_count && err == JB_OK; i++) {
        const struct jb_node *n = jb_directory_by_code(d, jb_text_of(wish->without[i]));
        err = n == NULL ? jb_fault_set(fault, JB_NOT_FOUND, "no agency has the code \"%s\"",
                                       wish->without[i])
                        : jb_recovery_leave_out(l, n->node, jb_text_of(wish->reason));
    }
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    else
        jb_ledger_rollback(l);
    return err;
}

static enum jb_err print_node(struct jb_ledger *l, const struct jb_node *n, size_t *awaited)
{
    struct jb_recovery_line line;
    enum jb_err err = jb_recovery_line(l, n->node, &line);

    if (err != JB_OK)
        return err;
    *awaited += !line.done;
    if (line.reason[0] != '\0')
        printf(jb_said("node %u %s: left out: %s; items up to %" PRIu64 "\n"), n->node, n->code,
               line.reason, line.have.number);
    else
        printf(line.done ? jb_said("node %u %s: has reported; items up to %" PRIu64 "\n")
                         : jb_said("node %u %s: awaited; items up to %" PRIu64 "\n"),
               n->node, n->code, line.have.number);
    return JB_OK;
}

/* Who came back after all, with more than the record was completed with. */
static enum jb_err print_returned(struct jb_ledger *l, const struct jb_directory *d, size_t *count)
{
    struct jb_arena arena;
    struct jb_recovery_returned *list = NULL;
    char day[DAY_BYTES];

    jb_arena_init(&arena, (size_t)1024 * 1024);
    enum jb_err err = jb_recovery_returned(l, &arena, &list, count);
    for (size_t i = 0; i < *count && err == JB_OK; i++) {
        const struct jb_node *n = jb_directory_find(d, list[i].node);
        printf(jb_said("node %u %s: returned after the record was completed, %s; its %" PRIu64
                       " items from %" PRIu64 " on are kept as evidence (%" PRIu64
                       " pieces in quarantine), %" PRIu64
                       " of them confirmations of its own submissions\n"),
               list[i].node, n != NULL ? n->code : "?", day_text(list[i].at_ms, day), list[i].items,
               list[i].first, list[i].pieces, list[i].confirmed);
    }
    jb_arena_fini(&arena);
    return err;
}

static enum jb_err print_state(struct jb_ledger *l, const struct jb_directory *d,
                               const struct jb_recovery *state)
{
    size_t awaited = 0;
    enum jb_err err = JB_OK;
    char day[DAY_BYTES];

    printf(jb_said("restored %s from a backup that ended with entry %" PRIu64 "\n"),
           day_text(state->restored_ms, day), state->seq);
    for (size_t i = 0; i < d->count && err == JB_OK; i++)
        if (d->nodes[i].has_agent)
            err = print_node(l, &d->nodes[i], &awaited);
    if (awaited > 0)
        printf(jb_said("%zu awaited: start the broker and wait for them, or name those that will "
                       "not come: jiaoband recover --without CODE --reason TEXT\n"),
               awaited);
    else
        puts(jb_said("nobody is awaited any more: the next start completes the record"));
    return err;
}

enum jb_err jb_offline_recover(const struct jb_broker_config *config,
                               const struct jb_recover_wish *wish, struct jb_fault *fault)
{
    struct jb_ledger *l = NULL;
    struct jb_directory d;
    struct jb_recovery state = {0};
    size_t returned = 0;
    int lock_fd = -1;

    if (wish->without_count > 0 && (wish->reason == NULL || wish->reason[0] == '\0'))
        return jb_fault_set(fault, JB_CONFIG, "--without needs --reason TEXT: it goes on record");
    enum jb_err err = jb_offline_open(config, false, &lock_fd, &l, fault);
    if (err != JB_OK)
        return err;
    jb_directory_init(&d);
    err = jb_recovery_state(l, &state);
    if (err == JB_OK)
        err = jb_ledger_directory_load(l, &d);
    if (err == JB_OK)
        err = print_returned(l, &d, &returned);
    if (err == JB_OK && !state.active && (returned == 0 || wish->without_count > 0))
        err = jb_fault_set(fault, JB_NOT_FOUND, "%s: nothing is being recovered", config->data);
    if (err == JB_OK && wish->without_count > 0)
        err = leave_out(l, &d, wish, fault);
    if (err == JB_OK && state.active)
        err = print_state(l, &d, &state);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", jb_ledger_error(l));
    jb_directory_fini(&d);
    jb_ledger_close(&l);
    (void)close(lock_fd);
    return err;
}
