/* See backup.h. A run is one transaction of the backup, so that whatever happens the last whole
 * state stays; only the first one, of which nothing counts before its end, is kept piece by piece.
 */
#include "proto/ledger/backup.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/ledger/backupblobs.h"
#include "proto/ledger/backuprows.h"
#include "proto/ledger/replay.h"
#include "proto/ledger/backupchain.h"
#include "proto/ledger/begin.h"

#define MARK ".backup"
#define MARK_BYTES (16 + JB_HASH_BYTES)

struct run {
    const char *source, *dest;
    char part[4096]; /* where a first run writes */
    struct jb_breath breath;
    struct jb_backup_copying c;
    struct jb_backup_report *out;
    struct jb_fault *fault;
};

/* ---- the mark ---- */

static void number_put(uint8_t *raw, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        raw[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t number_take(const uint8_t *raw)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++)
        value = value << 8 | raw[i];
    return value;
}

enum jb_err jb_backup_mark(struct jb_ledger *l, struct jb_backup_report *out)
{
    struct jb_bytes raw;

    jb_arena_reset(&l->scratch);
    enum jb_err err = jb_ledger_meta_get(l, MARK, &l->scratch, &raw);
    if (err != JB_OK)
        return err;
    if (raw.len != MARK_BYTES)
        return JB_CORRUPT;
    out->seq = number_take(raw.data);
    out->at_ms = (int64_t)number_take(raw.data + 8);
    memcpy(out->head, raw.data + 16, JB_HASH_BYTES);
    return JB_OK;
}

static enum jb_err mark_set(struct run *r)
{
    uint8_t raw[MARK_BYTES];

    number_put(raw, r->out->seq);
    number_put(raw + 8, (uint64_t)r->out->at_ms);
    memcpy(raw + 16, r->out->head, JB_HASH_BYTES);
    return jb_ledger_meta_set(r->c.to, MARK, (struct jb_bytes){raw, sizeof raw});
}

/* ---- opening ---- */

static enum jb_err open_dest(struct run *r, const char *path)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER,
                                        .suite = jb_ledger_suite(r->c.from),
                                        .make = r->out->first ? JB_LEDGER_ANEW : JB_LEDGER_KEEP};

    enum jb_err err = jb_ledger_open(path, &options, &r->c.to, r->fault);
    if (err != JB_OK)
        return err;
    r->c.to->breath = &r->breath;
    if (jb_db_exec(r->c.to, "PRAGMA secure_delete = ON") != JB_OK) /* an erased key goes for good */
        return jb_fault_set(r->fault, JB_IO, "%s: %s", path, r->c.to->error);
    err = jb_ledger_begin(r->c.to);
    if (err == JB_BUSY)
        return jb_fault_set(r->fault, JB_LOCKED, "%s: another backup is being written to it", path);
    return err == JB_OK ? JB_OK : jb_fault_set(r->fault, err, "%s: %s", path, r->c.to->error);
}

/* The backup's last entry must be one of the source's: else it is of another record. */
static enum jb_err same_history(struct run *r)
{
    uint8_t head[JB_HASH_BYTES];
    struct jb_heads *have = &r->c.to->heads;
    enum jb_err err = JB_OK;

    if (have->log_seq == 0)
        return JB_OK;
    err = jb_sql_head(
        r->c.from, jb_sql_bind(r->c.from, JB_SQL_ENTRY_HEAD, JB_ROW(jb_u64(have->log_seq))), head);
    if (err != JB_OK && err != JB_NOT_FOUND)
        return err;
    if (err == JB_OK && memcmp(head, have->log_head, sizeof head) == 0 &&
        memcmp(r->c.to->origin, r->c.from->origin, JB_EPOCH_BYTES) == 0)
        return JB_OK;
    return jb_fault_set(r->fault, JB_DIVERGED,
                        "%s: holds %llu entries of another history than %s; back up to another "
                        "file, and keep this one",
                        r->dest, (unsigned long long)have->log_seq, r->source);
}

/* The new file has made an identity of its own, as every ledger does. */
static enum jb_err take_identity(struct run *r)
{
    memcpy(r->c.to->epoch, r->c.from->epoch, JB_EPOCH_BYTES);
    memcpy(r->c.to->origin, r->c.from->origin, JB_EPOCH_BYTES);
    enum jb_err err =
        jb_ledger_meta_set(r->c.to, ".epoch", (struct jb_bytes){r->c.from->epoch, JB_EPOCH_BYTES});
    if (err == JB_OK)
        err = jb_ledger_meta_set(r->c.to, ".origin",
                                 (struct jb_bytes){r->c.from->origin, JB_EPOCH_BYTES});
    return err;
}

/* An existing backup is gone on with if it is one; a part of one likewise. */
static enum jb_err open_both(struct run *r)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};
    enum jb_err err = jb_ledger_open(r->source, &options, &r->c.from, r->fault);

    if (err != JB_OK)
        return err;
    int len = snprintf(r->part, sizeof r->part, "%s.part", r->dest);
    if (len < 0 || (size_t)len >= sizeof r->part)
        return jb_fault_set(r->fault, JB_TOO_LARGE, "%s: the path is too long", r->dest);
    r->out->first = access(r->dest, F_OK) != 0;
    r->c.staged = r->out->first;
    err = open_dest(r, r->out->first ? r->part : r->dest);
    if (err == JB_OK && !r->out->first) {
        err = jb_backup_mark(r->c.to, r->out);
        if (err != JB_OK)
            return jb_fault_set(r->fault, JB_CORRUPT, "%s: is a ledger, but not a backup of one",
                                r->dest);
    }
    if (err == JB_OK && r->c.to->heads.log_seq == 0)
        err = take_identity(r);
    return err == JB_OK ? same_history(r) : err;
}

/* ---- the copy ---- */

/* The rest in one view of the source, and where its log stands in that view. */
static enum jb_err settle(struct run *r)
{
    struct jb_ledger *from = r->c.from;
    bool mine = false;
    enum jb_err err = jb_sql_snapshot(from, &mine);

    if (err == JB_OK)
        err = jb_backup_settle(&r->c);
    if (err == JB_OK)
        err = jb_backup_ticks(&r->c, r->fault);
    if (err == JB_OK)
        err = jb_state_load(from);
    r->out->seq = from->heads.log_seq;
    memcpy(r->out->head, from->heads.log_head, JB_HASH_BYTES);
    jb_sql_snapshot_end(from, mine);
    return err;
}

static enum jb_err copy_all(struct run *r, int64_t now_ms)
{
    struct jb_chain_report found = {0};
    uint64_t before = r->out->first ? 0 : r->out->seq;

    r->c.keys_after = before;
    enum jb_err err = jb_backup_catch_up(&r->c);
    if (err == JB_OK)
        err = settle(r);
    if (err != JB_OK && r->fault->text[0] != '\0')
        return err;
    if (err != JB_OK)
        return jb_fault_set(r->fault, err, "%s: %s", r->dest,
                            r->c.to->error[0] != '\0' ? r->c.to->error : r->c.from->error);
    err = jb_backup_chains(r->c.to, before, &found, r->fault);
    if (err == JB_OK && memcmp(found.head, r->out->head, sizeof found.head) != 0)
        err = jb_fault_set(r->fault, JB_CORRUPT,
                           "%s: the chain of what was copied does not lead to the head of %s",
                           r->dest, r->source);
    r->out->entries = found.entries;
    r->out->items = found.items;
    r->out->rows = r->c.rows;
    r->out->keys_erased = r->c.keys_erased;
    r->out->at_ms = now_ms;
    return err == JB_OK ? mark_set(r) : err;
}

static uint64_t file_bytes(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

enum jb_err jb_backup_run(const struct jb_backup_order *order, struct jb_backup_report *out,
                          struct jb_fault *fault)
{
    const char *source = order->source;
    const char *dest = order->dest;
    struct run r = {.source = source,
                    .dest = dest,
                    .breath = {.rest_percent = order->rest_percent},
                    .out = out,
                    .fault = fault};

    *out = (struct jb_backup_report){0};
    fault->text[0] = '\0';
    enum jb_err err = open_both(&r);
    if (err == JB_OK)
        err = copy_all(&r, order->now_ms);
    if (err == JB_OK)
        err = jb_backup_blobs_bring(r.c.from, source, r.c.to, dest, &out->blobs, fault);
    if (err == JB_OK && (err = jb_ledger_commit(r.c.to)) != JB_OK)
        (void)jb_fault_set(fault, err, "%s: %s", dest, r.c.to->error);
    if (err == JB_OK)
        jb_ledger_checkpoint(r.c.to, true);
    if (err == JB_OK && out->first)
        err = jb_ledger_pages_check(r.c.to, r.part, fault);
    if (err == JB_OK)
        err = jb_backup_blobs_sweep(r.c.to, dest, &out->blobs, fault);
    if (r.c.to != NULL)
        jb_ledger_rollback(r.c.to);
    jb_ledger_close(&r.c.to);
    jb_ledger_close(&r.c.from);
    if (err == JB_OK && out->first)
        err = jb_begin_publish(r.part, dest, fault);
    out->bytes = file_bytes(dest);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s: %s", dest, jb_err_said(err));
    return err;
}

/* Looked at before it is opened: to open an empty file would delete the log beside it. */
enum jb_err jb_backup_look(const char *path, struct jb_fault *fault)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    struct stat st;

    if (stat(path, &st) != 0)
        return JB_OK;
    if (!S_ISREG(st.st_mode))
        return jb_fault_set(fault, JB_CORRUPT, "%s: is not a file, so it is no backup", path);
    bool nothing = st.st_size == 0;
    jb_ledger_library();
    if (!nothing && sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_schema", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        nothing = sqlite3_column_int64(s, 0) == 0;
    sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return nothing
               ? jb_fault_set(fault, JB_CORRUPT, "%s: nothing is in it, so it is no backup", path)
               : JB_OK;
}

enum jb_err jb_backup_check(const char *path, struct jb_backup_report *out, struct jb_fault *fault)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true, .check = true};
    struct jb_ledger *l = NULL;
    struct jb_chain_report found = {0};

    *out = (struct jb_backup_report){0};
    fault->text[0] = '\0';
    enum jb_err err = jb_backup_look(path, fault);
    if (err == JB_OK)
        err = jb_ledger_open(path, &options, &l, fault);
    if (err != JB_OK)
        return err;
    err = jb_backup_mark(l, out);
    if (err != JB_OK)
        err = jb_fault_set(fault, err, "%s: is a ledger, but not a backup of one", path);
    if (err == JB_OK)
        err = jb_backup_chains(l, 0, &found, fault);
    if (err == JB_OK &&
        (found.entries != out->seq || memcmp(found.head, out->head, sizeof found.head) != 0))
        err = jb_fault_set(fault, JB_CORRUPT, "%s: holds %llu entries, its mark says %llu", path,
                           (unsigned long long)found.entries, (unsigned long long)out->seq);
    if (err == JB_OK)
        err = jb_backup_blobs_check(l, path, &out->blobs, fault);
    out->entries = found.entries;
    out->items = found.items;
    out->bytes = file_bytes(path);
    jb_ledger_close(&l);
    return err;
}
