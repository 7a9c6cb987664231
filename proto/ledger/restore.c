/* A new record from a backup: see jb_backup_restore. What was read is believed only when the whole
 * record has been checked from its bytes; the new file gets its name as the last thing. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/ledger/backup.h"
#include "proto/ledger/backupblobs.h"
#include "proto/ledger/backupchain.h"
#include "proto/ledger/begin.h"
#include "proto/ledger/query.h"
#include "proto/ledger/recovery.h"
#include "proto/ledger/schema.h"

struct restoring {
    const char *source, *path;
    char part[4096];
    const uint8_t *broker_sign;
    int64_t now_ms;
    bool marked; /* it is a backup, not a copy of a broker's own file */
    struct jb_backup_report *out;
    struct jb_fault *fault;
};

/* The file that the user knows of: the backup, or where the new record finds no room. */
static enum jb_err blame(struct restoring *r, enum jb_err err, const char *what)
{
    return jb_fault_set(r->fault, err, "%s: %s", err == JB_FULL ? r->path : r->source, what);
}

/* The copy that is worked on; and that of before its migration, which holds keys of cases. */
static void part_drop(const struct restoring *r)
{
    jb_begin_drop(r->part);
    jb_schema_copies_drop(r->part, jb_schema_known().count + 1);
}

/* What SQLite says in words may name the copy, or put down to it what is wrong with the source. */
static enum jb_err copy_failed(struct restoring *r, int rc, bool opened)
{
    bool source = !opened || access(r->source, R_OK) != 0;
    enum jb_err err = rc == SQLITE_FULL                             ? JB_FULL
                      : rc == SQLITE_NOMEM                          ? JB_NOMEM
                      : rc == SQLITE_CANTOPEN && source             ? JB_NOT_FOUND
                      : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? JB_CORRUPT
                                                                    : JB_IO;

    return jb_fault_set(r->fault, err, "%s: %s",
                        rc == SQLITE_FULL || (rc == SQLITE_CANTOPEN && !source) ? r->path
                                                                                : r->source,
                        jb_db_words(sqlite3_errstr(rc)));
}

/* Every page is read; what the file's own log still holds is in the copy. */
static enum jb_err copy_make(struct restoring *r)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    part_drop(r);
    jb_ledger_library();
    int rc = sqlite3_open_v2(r->source, &db, SQLITE_OPEN_READONLY, NULL);
    bool opened = rc == SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "VACUUM INTO ?", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, r->part, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : copy_failed(r, rc & 0xff, opened);
    sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return err;
}

/* A backup: whole up to its mark. A copy of a broker's own file has none. */
static enum jb_err chains_check(struct restoring *r, struct jb_ledger *l)
{
    struct jb_chain_report found = {0};
    enum jb_err err = jb_backup_mark(l, r->out);

    r->marked = err == JB_OK;
    if (err != JB_OK && err != JB_NOT_FOUND)
        return jb_fault_set(r->fault, err, "the mark of the backup cannot be read");
    err = jb_backup_chains(l, 0, &found, r->fault);
    if (err != JB_OK)
        return err;
    if (r->marked &&
        (found.entries != r->out->seq || memcmp(found.head, r->out->head, sizeof found.head) != 0))
        return jb_fault_set(r->fault, JB_CORRUPT, "it holds %llu entries, its mark says %llu",
                            (unsigned long long)found.entries, (unsigned long long)r->out->seq);
    r->out->seq = found.entries;
    r->out->entries = found.entries;
    r->out->items = found.items;
    memcpy(r->out->head, found.head, sizeof found.head);
    return JB_OK;
}

static enum jb_err everything_check(struct restoring *r, struct jb_ledger *l)
{
    struct jb_check check = {0};
    struct jb_check_keys keys = {.broker_sign = r->broker_sign};
    enum jb_err err = jb_ledger_check(l, &keys, &check, r->fault);

    if (err != JB_OK)
        return err;
    if (check.chain_intact && check.signatures_good && check.tables_equal)
        return JB_OK;
    return r->fault->text[0] != '\0' ? JB_CORRUPT
                                     : jb_fault_set(r->fault, JB_CORRUPT, "the record is damaged");
}

static enum jb_err record_check(struct restoring *r, struct jb_ledger *l)
{
    struct jb_fault why;
    enum jb_err err = chains_check(r, l);

    if (err == JB_OK)
        err = jb_ledger_rebuild(l, r->fault);
    if (err == JB_OK)
        err = everything_check(r, l);
    why = *r->fault;
    return err == JB_OK || why.text[0] == '\0' ? err : blame(r, err, why.text);
}

static enum jb_err record_make(struct restoring *r)
{
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .check = true, .called = r->source};
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(r->part, &options, &l, r->fault); /* migrates an older one */

    if (err == JB_OK)
        err = record_check(r, l);
    if (err == JB_OK)
        err = jb_backup_blobs_restore(l, r->source, r->marked, r->path, &r->out->blobs, r->fault);
    if (err == JB_OK)
        err = jb_ledger_begin(l);
    if (err == JB_OK)
        err = jb_recovery_begin(l, r->now_ms, r->out->at_ms);
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    if (err != JB_OK && r->fault->text[0] == '\0')
        (void)blame(r, err, l != NULL ? jb_ledger_error(l) : jb_err_said(err));
    jb_ledger_close(&l);
    return err;
}

static enum jb_err use_another(struct jb_fault *fault)
{
    struct jb_fault why = *fault;

    return jb_fault_set(fault, JB_CORRUPT, "%s. Nothing was restored: use another backup",
                        why.text);
}

enum jb_err jb_backup_restore(const char *source, const char *path,
                              const uint8_t broker_sign[JB_KEY_BYTES], int64_t now_ms,
                              struct jb_backup_report *out, struct jb_fault *fault)
{
    struct restoring r = {.source = source,
                          .path = path,
                          .broker_sign = broker_sign,
                          .now_ms = now_ms,
                          .out = out,
                          .fault = fault};

    *out = (struct jb_backup_report){0};
    fault->text[0] = '\0';
    int len = snprintf(r.part, sizeof r.part, "%s.restore", path);
    if (len < 0 || (size_t)len >= sizeof r.part)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: the path is too long", path);
    if (access(path, F_OK) == 0)
        return jb_fault_set(fault, JB_EXISTS,
                            "%s: there is a record already; move it away first, do not delete it",
                            path);
    enum jb_err err = jb_begin_alone(path, fault);
    if (err != JB_OK)
        return err;
    err = jb_backup_look(source, fault);
    if (err == JB_OK)
        err = copy_make(&r);
    if (err == JB_OK)
        err = record_make(&r);
    if (err == JB_OK)
        err = jb_begin_publish(r.part, path, fault);
    part_drop(&r);
    return err == JB_CORRUPT ? use_another(fault) : err;
}
