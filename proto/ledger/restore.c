/* A new record from a backup: see jb_backup_restore. What was read is believed only when the whole
 * record has been checked from its bytes; the new file gets its name as the last thing. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/ledger/backup.h"
#include "proto/ledger/backupblobs.h"
#include "proto/ledger/backupchain.h"
#include "proto/ledger/begin.h"
#include "proto/ledger/query.h"
#include "proto/ledger/recovery.h"

struct restoring {
    const char *source, *path;
    char part[4096];
    const uint8_t *broker_sign;
    int64_t now_ms;
    bool marked; /* it is a backup, not a copy of a broker's own file */
    struct jb_backup_report *out;
    struct jb_fault *fault;
};

/* Every page is read; what the file's own log still holds is in the copy. */
static enum jb_err copy_make(struct restoring *r)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    struct stat st;

    if (stat(r->source, &st) == 0 && st.st_size == 0)
        return jb_fault_set(r->fault, JB_CORRUPT, "%s: is empty, so no backup: use another one",
                            r->source);
    jb_begin_drop(r->part);
    jb_ledger_library();
    int rc = sqlite3_open_v2(r->source, &db, SQLITE_OPEN_READONLY, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "VACUUM INTO ?", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, r->part, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum jb_err err = JB_OK;
    if (rc != SQLITE_DONE) {
        rc &= 0xff;
        err = rc == SQLITE_FULL                                       ? JB_FULL
              : rc == SQLITE_NOMEM                                    ? JB_NOMEM
              : rc == SQLITE_CANTOPEN && access(r->source, R_OK) != 0 ? JB_NOT_FOUND
              : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB           ? JB_CORRUPT
                                                                      : JB_IO;
        (void)jb_fault_set(r->fault, err, "%s: %s", r->source,
                           jb_db_words(db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc)));
    }
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
        return jb_fault_set(r->fault, err, "%s: the mark of the backup cannot be read", r->source);
    err = jb_backup_chains(l, 0, &found, r->fault);
    if (err != JB_OK)
        return err;
    if (r->marked &&
        (found.entries != r->out->seq || memcmp(found.head, r->out->head, sizeof found.head) != 0))
        return jb_fault_set(r->fault, JB_CORRUPT, "%s: holds %llu entries, its mark says %llu",
                            r->source, (unsigned long long)found.entries,
                            (unsigned long long)r->out->seq);
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
    return r->fault->text[0] != '\0'
               ? JB_CORRUPT
               : jb_fault_set(r->fault, JB_CORRUPT, "%s: the record is damaged", r->source);
}

static enum jb_err record_make(struct restoring *r)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .check = true};
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(r->part, &options, &l, r->fault); /* migrates an older one */

    if (err == JB_OK)
        err = chains_check(r, l);
    if (err == JB_OK)
        err = jb_ledger_rebuild(l, r->fault);
    if (err == JB_OK)
        err = everything_check(r, l);
    if (err == JB_OK)
        err = jb_backup_blobs_restore(l, r->source, r->marked, r->path, &r->out->blobs, r->fault);
    if (err == JB_OK)
        err = jb_ledger_begin(l);
    if (err == JB_OK)
        err = jb_recovery_begin(l, r->now_ms, r->out->at_ms);
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    if (err != JB_OK && r->fault->text[0] == '\0')
        (void)jb_fault_set(r->fault, err, "%s: %s", r->part,
                           l != NULL ? jb_ledger_error(l) : jb_err_said(err));
    jb_ledger_close(&l);
    return err;
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
    err = copy_make(&r);
    if (err == JB_OK)
        err = record_make(&r);
    if (err == JB_OK)
        err = jb_begin_publish(r.part, path, fault);
    if (err != JB_OK)
        jb_begin_drop(r.part);
    return err;
}
