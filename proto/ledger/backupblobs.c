/* See backupblobs.h. */
#include "proto/ledger/backupblobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/ledger/blobcopy.h"
#include "proto/ledger/blobrows.h"

/* ---- folders ---- */

/* Of a backup: PATH.blobs; of a broker: the folder blobs beside its file. */
static enum jb_err folder_of(const char *path, bool backup, char folder[JB_BLOBFILE_PATH],
                             struct jb_fault *fault)
{
    const char *slash = strrchr(path, '/');
    int before = slash != NULL ? (int)(slash - path) + 1 : 0;
    int len = backup ? snprintf(folder, JB_BLOBFILE_PATH, "%s.blobs", path)
                     : snprintf(folder, JB_BLOBFILE_PATH, "%.*sblobs", before, path);

    if (len < 0 || len > JB_BLOBFILE_PATH - 2 * JB_BLOB_HASH_TEXT)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: the path is too long", path);
    return JB_OK;
}

static enum jb_err folder_make(const char *folder, struct jb_fault *fault)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return jb_fault_set(fault, jb_blobfile_error(errno), "%s: %s", folder,
                            jb_errno_said(errno));
    return JB_OK;
}

static enum jb_err fail(struct jb_fault *fault, enum jb_err err, const char *folder,
                        const uint8_t hash[JB_HASH_BYTES])
{
    char text[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, text);
    return jb_fault_set(fault, err, "%s/%s.blob: %s", folder, text, jb_err_said(err));
}

static void damaged(struct jb_blobs_report *out, const uint8_t hash[JB_HASH_BYTES])
{
    if (out->damaged++ == 0)
        memcpy(out->first_damaged, hash, JB_HASH_BYTES);
}

/* ---- a run ---- */

struct bringing {
    struct jb_ledger *from, *to;
    char source[JB_BLOBFILE_PATH], dest[JB_BLOBFILE_PATH];
    struct jb_blob_names there; /* at the source */
    struct jb_blobs_report *out;
    struct jb_fault *fault;
};

/* Does the record still name it, in a case whose key was not erased? */
static enum jb_err wanted(struct bringing *b, const uint8_t hash[JB_HASH_BYTES], bool *yes)
{
    int64_t case_no = 0;
    enum jb_err err = jb_blob_case(b->from, hash, 0, &case_no);

    *yes = err == JB_OK;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err bring_one(struct bringing *b, const uint8_t hash[JB_HASH_BYTES])
{
    uint64_t bytes = 0;
    bool yes = false;
    struct jb_blob_copying how = {
        .from = b->dest, .suite = jb_ledger_suite(b->from), .breath = b->to->breath};
    enum jb_err err = wanted(b, hash, &yes);

    if (err != JB_OK || !yes)
        return err;
    err = jb_blob_copy(&how, hash, &bytes);
    how.from = b->source;
    how.to = b->dest;
    if (err == JB_OK) /* by a run that did not come to its end */
        bytes = 0;
    else
        err = jb_blob_copy(&how, hash, &bytes);
    if (err == JB_NOT_FOUND) /* erased or fetched anew meanwhile */
        return JB_OK;
    if (err == JB_CORRUPT) {
        damaged(b->out, hash);
        return JB_OK;
    }
    if (err != JB_OK)
        return fail(b->fault, err, b->dest, hash);
    b->out->copied++;
    b->out->bytes += bytes;
    return jb_sql_run(b->to, JB_SQL_BACKUP_BLOB_ADD, JB_ROW(jb_fixed(hash, JB_HASH_BYTES)));
}

/* One that the backup has and the source's folder has not: the broker may be about to fetch it
 * again, so only what the record says counts. */
static enum jb_err leave_one(struct bringing *b, const uint8_t hash[JB_HASH_BYTES])
{
    bool yes = false;
    enum jb_err err = wanted(b, hash, &yes);

    return err != JB_OK || yes
               ? err
               : jb_sql_run(b->to, JB_SQL_BACKUP_BLOB_DROP, JB_ROW(jb_fixed(hash, JB_HASH_BYTES)));
}

/* Hashes that the backup says it holds, ascending. */
static enum jb_err rows_read(struct jb_ledger *l, struct jb_blob_names *out)
{
    enum jb_err err;
    int64_t count = 0;
    sqlite3_stmt *s;

    *out = (struct jb_blob_names){NULL, 0, 0};
    err = jb_sql_number(l, JB_SQL_BACKUP_BLOB_COUNT, JB_NO_ROW, &count);
    if (err != JB_OK || count == 0)
        return err;
    out->at = calloc((size_t)count, JB_HASH_BYTES);
    if (out->at == NULL)
        return JB_NOMEM;
    out->capacity = (size_t)count;
    s = jb_sql_bind(l, JB_SQL_BACKUP_BLOBS, JB_NO_ROW);
    while (out->count < out->capacity && jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, out->at[out->count++], JB_HASH_BYTES);
        err = r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* A file that somebody removed from the backup is brought again, if the source still has it. */
static enum jb_err rows_with_files(struct bringing *b, struct jb_blob_names *rows)
{
    struct jb_blob_names files = {NULL, 0, 0};
    size_t kept = 0;
    enum jb_err err = jb_blob_names_read(b->dest, &files, b->fault);

    for (size_t i = 0; i < rows->count && err == JB_OK; i++)
        if (jb_blob_names_has(&files, rows->at[i]) || !jb_blob_names_has(&b->there, rows->at[i]))
            memmove(rows->at[kept++], rows->at[i], JB_HASH_BYTES);
    rows->count = kept;
    jb_blob_names_free(&files);
    return err;
}

/* Both lists are in order: what only the source has is brought, what only the backup has is looked
 * up in the record. */
static enum jb_err differences(struct bringing *b, const struct jb_blob_names *here)
{
    size_t i = 0;
    size_t k = 0;
    enum jb_err err = JB_OK;

    while (err == JB_OK && (i < b->there.count || k < here->count)) {
        int order = i == b->there.count ? 1
                    : k == here->count  ? -1
                                        : memcmp(b->there.at[i], here->at[k], JB_HASH_BYTES);
        if (order < 0)
            err = bring_one(b, b->there.at[i]);
        else if (order > 0)
            err = leave_one(b, here->at[k]);
        i += order <= 0;
        k += order >= 0;
    }
    return err;
}

enum jb_err jb_backup_blobs_bring(struct jb_ledger *from, const char *source, struct jb_ledger *to,
                                  const char *dest, struct jb_blobs_report *out,
                                  struct jb_fault *fault)
{
    struct bringing b = {.from = from, .to = to, .out = out, .fault = fault};
    struct jb_blob_names here = {NULL, 0, 0};

    *out = (struct jb_blobs_report){0};
    enum jb_err err = folder_of(source, false, b.source, fault);
    if (err == JB_OK)
        err = folder_of(dest, true, b.dest, fault);
    if (err == JB_OK)
        err = jb_blob_names_read(b.source, &b.there, fault);
    if (err == JB_OK)
        err = rows_read(to, &here);
    if (err == JB_OK) /* the transaction on `to` keeps a second run out */
        err = jb_blob_copies_clear(b.dest);
    if (err == JB_OK)
        err = rows_with_files(&b, &here);
    if (err == JB_OK && b.there.count > 0)
        err = folder_make(b.dest, fault);
    if (err == JB_OK)
        err = differences(&b, &here);
    if (err == JB_OK && out->copied > 0)
        err = jb_blobfile_sync_folder(b.dest);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s: %s", b.dest,
                           to->error[0] != '\0' ? to->error : jb_err_said(err));
    jb_blob_names_free(&here);
    jb_blob_names_free(&b.there);
    return err;
}

enum jb_err jb_backup_blobs_sweep(struct jb_ledger *to, const char *dest,
                                  struct jb_blobs_report *out, struct jb_fault *fault)
{
    char folder[JB_BLOBFILE_PATH];
    struct jb_blob_names files = {NULL, 0, 0};
    struct jb_blob_names rows = {NULL, 0, 0};
    enum jb_err err = folder_of(dest, true, folder, fault);

    if (err == JB_OK)
        err = jb_blob_names_read(folder, &files, fault);
    if (err == JB_OK)
        err = rows_read(to, &rows);
    for (size_t i = 0; i < files.count && err == JB_OK; i++) {
        if (jb_blob_names_has(&rows, files.at[i]))
            continue;
        err = jb_blob_remove(folder, files.at[i]);
        if (err != JB_OK)
            (void)fail(fault, err, folder, files.at[i]);
        out->removed++;
    }
    if (err == JB_OK && out->removed > 0)
        err = jb_blobfile_sync_folder(folder);
    out->held = rows.count;
    jb_blob_names_free(&files);
    jb_blob_names_free(&rows);
    return err;
}

/* ---- reading it again ---- */

enum jb_err jb_backup_blobs_check(struct jb_ledger *l, const char *path,
                                  struct jb_blobs_report *out, struct jb_fault *fault)
{
    char folder[JB_BLOBFILE_PATH];
    struct jb_blob_names rows = {NULL, 0, 0};
    struct jb_blob_copying how = {.from = folder, .suite = jb_ledger_suite(l)};
    enum jb_err err = folder_of(path, true, folder, fault);

    *out = (struct jb_blobs_report){0};
    if (err == JB_OK)
        err = rows_read(l, &rows);
    for (size_t i = 0; i < rows.count && err == JB_OK; i++) {
        uint64_t bytes = 0;
        err = jb_blob_copy(&how, rows.at[i], &bytes);
        if (err == JB_NOT_FOUND || err == JB_CORRUPT) {
            char name[JB_BLOB_HASH_TEXT];
            jb_blob_hash_text(rows.at[i], name);
            err = jb_fault_set(fault, JB_CORRUPT,
                               "%s/%s.blob: %s; back up again when it is removed", folder, name,
                               err == JB_NOT_FOUND ? "is missing" : "does not have its hash");
        } else if (err != JB_OK) {
            (void)fail(fault, err, folder, rows.at[i]);
        }
        out->held++;
        out->bytes += bytes;
    }
    jb_blob_names_free(&rows);
    return err;
}

/* ---- restoring ---- */

static enum jb_err rows_drop(struct jb_ledger *l)
{
    enum jb_err err = jb_ledger_begin(l);

    if (err != JB_OK)
        return err;
    err = jb_sql_run(l, JB_SQL_BACKUP_BLOBS_DROP, JB_NO_ROW);
    if (err == JB_OK)
        return jb_ledger_commit(l);
    jb_ledger_rollback(l);
    return err;
}

static enum jb_err restore_all(const struct jb_blob_names *names, const struct jb_blob_copying *how,
                               struct jb_blobs_report *out, struct jb_fault *fault)
{
    enum jb_err err = names->count > 0 ? folder_make(how->to, fault) : JB_OK;

    for (size_t i = 0; i < names->count && err == JB_OK; i++) {
        uint64_t bytes = 0;
        err = jb_blob_copy(how, names->at[i], &bytes);
        if (err == JB_NOT_FOUND || err == JB_CORRUPT) {
            damaged(out, names->at[i]);
            err = JB_OK;
            continue;
        }
        if (err != JB_OK)
            return fail(fault, err, how->to, names->at[i]);
        out->copied++;
        out->bytes += bytes;
    }
    return err == JB_OK && out->copied > 0 ? jb_blobfile_sync_folder(how->to) : err;
}

enum jb_err jb_backup_blobs_restore(struct jb_ledger *l, const char *source, bool marked,
                                    const char *path, struct jb_blobs_report *out,
                                    struct jb_fault *fault)
{
    char from[JB_BLOBFILE_PATH];
    char to[JB_BLOBFILE_PATH];
    struct jb_blob_names names = {NULL, 0, 0};
    struct jb_blob_copying how = {.from = from, .to = to, .suite = jb_ledger_suite(l)};
    enum jb_err err = folder_of(source, marked, from, fault);

    *out = (struct jb_blobs_report){0};
    if (err == JB_OK)
        err = folder_of(path, false, to, fault);
    if (err == JB_OK)
        err = marked ? rows_read(l, &names) : jb_blob_names_read(from, &names, fault);
    if (err == JB_OK)
        err = restore_all(&names, &how, out, fault);
    if (err == JB_OK)
        err = rows_drop(l);
    jb_blob_names_free(&names);
    return err;
}
