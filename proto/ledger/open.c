/* Opening a record's file.
 *
 * Decides when a file is refused: foreign, damaged, newer, of the other role, or not really
 * durable. Whether there is one at all, and how a new one begins: see begin.c. */
#include "proto/ledger/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/base/mutant.h"
#include "proto/ledger/backupchain.h"
#include "proto/ledger/begin.h"
#include "proto/ledger/behind.h"
#include "proto/ledger/casebroker.h"
#include "proto/ledger/schema.h"
#include "proto/ledger/walfile.h"

#define BUSY_MS 250 /* another process may hold the lock for a moment (backup); never longer */
#define SCRATCH_BYTES ((size_t)16 * 1024 * 1024)
#define CANCEL_STEPS 200 /* of a statement's program, between two looks at `cancel` */
#define WAL_KEEP_BYTES "67108864"

/* ---- process-wide: SQLite's own notes go to our log ---- */

static void log_note(void *ctx, int rc, const char *text)
{
    (void)ctx;
    int kept = errno; /* jb_db_fail looks at it */
    bool trivial = rc == SQLITE_NOTICE || rc == SQLITE_SCHEMA || (rc & 0xff) == SQLITE_NOTICE;
    jb_log(trivial ? JB_LOG_DEBUG : JB_LOG_WARNING, NULL, "ledger.sqlite", "code=%d text=\"%s\"",
           rc, text);
    errno = kept;
}

static void library_start(void)
{
    /* Has no effect when somebody else has used SQLite before; then only the notes are missing. */
    (void)sqlite3_config(SQLITE_CONFIG_LOG, log_note, NULL);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* a lock around every allocation */
    (void)sqlite3_initialize();
    (void)jb_walfile_register(); /* else no record opens for writing, and says so */
    (void)!sodium_init();
}

/* ---- open ---- */

static int wal_note(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct jb_ledger *l = ctx;

    (void)db;
    (void)name;
    l->wal_bytes = (int64_t)pages * 4096;
    return SQLITE_OK;
}

static enum jb_err pragmas_set(struct jb_ledger *l, const struct jb_ledger_options *o)
{
    char sql[512];
    bool broker = l->role == JB_LEDGER_BROKER;
    int64_t cache = o->cache_bytes != 0 ? o->cache_bytes : (int64_t)(broker ? 8 : 1) * 1024 * 1024;

    /* What was deleted (a key, a case that was left) must not be left in the file's free space. */
    snprintf(sql, sizeof sql,
             "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
             "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
             "PRAGMA journal_size_limit = " WAL_KEEP_BYTES "; PRAGMA wal_autocheckpoint = 0;"
             "PRAGMA cache_size = -%lld;",
             (long long)(cache / 1024));
    enum jb_err err = jb_db_exec(l, sql);
    (void)sqlite3_wal_hook(l->db, wal_note, l); /* after wal_autocheckpoint, which removes it */
    if (err != JB_OK || o->max_pages == 0)
        return err;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %llu", (unsigned long long)o->max_pages);
    return jb_db_exec(l, sql);
}

/* WAL and FULL are asked back: a file system that cannot do WAL answers with another mode. */
static enum jb_err durability_check(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    sqlite3_stmt *s = NULL;
    int64_t level = 0;
    bool wal = false;

    if (l->memory)
        return JB_OK;
    const char *ask = l->read_only ? "PRAGMA journal_mode" : "PRAGMA journal_mode = WAL";
    int rc = sqlite3_prepare_v2(l->db, ask, -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        wal = strcmp((const char *)sqlite3_column_text(s, 0), "wal") == 0;
    enum jb_err err = rc == SQLITE_ROW ? JB_OK : jb_db_fail(l, rc);
    sqlite3_finalize(s);
    if (err == JB_OK)
        err = jb_db_number(l, "PRAGMA synchronous", &level);
    if (err != JB_OK)
        return jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    if (JB_MUTANT == JB_MUTANT_LAZY_SYNC && !l->read_only)
        return jb_db_exec(l, "PRAGMA synchronous = NORMAL");
    if (!wal || level < 2)
        return jb_fault_set(fault, JB_IO, "%s: the file system does not give a durable WAL", path);
    return JB_OK;
}

/* Is it ours? Nothing may be in it only if it is *fresh; with something in it, it is not. */
static enum jb_err file_recognise(struct jb_ledger *l, const char *path, bool *fresh,
                                  struct jb_fault *fault)
{
    int64_t id = 0;
    int64_t tables = 0;
    enum jb_err err = jb_db_number(l, "PRAGMA application_id", &id);

    if (err == JB_OK)
        err = jb_db_number(l, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err == JB_CORRUPT)
        return jb_db_damaged(path, l->error, fault);
    if (err != JB_OK)
        return jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    if (id == 0 && tables == 0)
        return *fresh ? JB_OK : jb_begin_empty(path, fault);
    *fresh = false;
    if (id != JB_LEDGER_APPLICATION_ID)
        return jb_fault_set(fault, JB_CORRUPT, "%s: is a database, but not a jiaoban ledger", path);
    return JB_OK;
}

static enum jb_err identity_read(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    int64_t role = 0;
    sqlite3_stmt *s = NULL;
    enum jb_err err = jb_db_number(
        l, "SELECT instr(x'0102', value) FROM meta WHERE key = '.role' AND length(value) = 1",
        &role);

    if (err == JB_OK && role != (int64_t)l->role)
        return l->role == JB_LEDGER_BROKER
                   ? jb_fault_set(fault, JB_CORRUPT, "%s: is not a broker's record", path)
                   : jb_fault_set(fault, JB_CORRUPT, "%s: is not an agency's replica", path);
    int rc = sqlite3_prepare_v2(l->db, "SELECT value FROM meta WHERE key = '.epoch'", -1, &s, NULL);
    if (err == JB_OK && rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, l->epoch, sizeof l->epoch);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_CORRUPT;
    }
    sqlite3_finalize(s);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: role or epoch cannot be read", path);
    return JB_OK;
}

/* The suite of the file's chains; those of before suite 2 do not say it. `wanted`: 0: any. */
static enum jb_err suite_read(struct jb_ledger *l, uint8_t wanted, const char *path,
                              struct jb_fault *fault)
{
    struct jb_fault why = {""};
    int64_t suite = 0;
    enum jb_err err =
        jb_db_number(l,
                     "SELECT CASE value WHEN x'01' THEN 1 WHEN x'02' THEN 2 ELSE 255 END FROM meta"
                     " WHERE key = '.suite'",
                     &suite);

    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", path, l->error);
    l->suite = suite != 0 ? (uint8_t)suite : JB_SUITE_ED25519;
    if (wanted != 0 && wanted != l->suite)
        return jb_fault_set(fault, JB_UNSUPPORTED,
                            "%s: this record is of suite %s, the keys are of suite %s: use the "
                            "keys that it was made with, or another data folder",
                            path, jb_suite_name(l->suite), jb_suite_name(wanted));
    err = jb_suite_start(l->suite, &why);
    return err == JB_OK ? err : jb_fault_set(fault, err, "%s: %s", path, why.text);
}

enum jb_err jb_ledger_pages_check(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    sqlite3_stmt *s = NULL;
    enum jb_err err = JB_OK;
    int rc = sqlite3_prepare_v2(l->db, "PRAGMA quick_check(1)", -1, &s, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    const char *answer = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (answer == NULL)
        err = jb_fault_set(fault, jb_db_fail(l, rc), "%s: %s", path, l->error);
    else if (strcmp(answer, "ok") != 0)
        err = jb_db_damaged(path, answer, fault);
    sqlite3_finalize(s);
    return err;
}

static const struct {
    unsigned roles; /* bit 1 << role */
    const char *sql;
} statement_rows[] = {
#define B (1U << JB_LEDGER_BROKER)
#define R (1U << JB_LEDGER_REPLICA)
#define A (B | R)
#define X(name, roles, text) {roles, text},
    JB_STATEMENTS(X)
#undef X
#undef A
#undef R
#undef B
};

enum jb_err jb_statements_prepare(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    for (size_t i = 0; i < JB_SQL_COUNT; i++) {
        if ((statement_rows[i].roles & (1U << l->role)) == 0 || l->statements[i] != NULL)
            continue;
        int rc = sqlite3_prepare_v3(l->db, statement_rows[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    &l->statements[i], NULL);
        if (rc != SQLITE_OK)
            return jb_fault_set(fault, jb_db_fail(l, rc), "%s: %s", path, l->error);
    }
    return JB_OK;
}

/* Not 0: the statement ends. */
static int cancelled(void *ctx)
{
    const struct jb_ledger *l = ctx;

    return atomic_load(l->cancel);
}

static enum jb_err connect(struct jb_ledger *l, const char *path, const char *called, bool fresh,
                           struct jb_fault *fault)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    flags |= l->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= fresh ? SQLITE_OPEN_CREATE : 0;
    bool gathers = !l->read_only && JB_MUTANT != JB_MUTANT_LAZY_SYNC;
    int rc = sqlite3_open_v2(path, &l->db, flags, gathers ? JB_WAL_VFS : NULL);
    if (l->db == NULL)
        return jb_fault_set(fault, JB_NOMEM, "%s: out of memory", called);
    if (rc != SQLITE_OK)
        return jb_fault_set(fault, jb_db_fail(l, rc), "%s: %s", called, l->error);
    (void)sqlite3_busy_timeout(l->db, BUSY_MS);
    if (l->cancel != NULL)
        sqlite3_progress_handler(l->db, CANCEL_STEPS, cancelled, l);
    (void)sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(l->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    enum jb_err err = l->role == JB_LEDGER_BROKER ? jb_case_functions_add(l) : JB_OK;
    return err == JB_OK ? err : jb_fault_set(fault, err, "%s: %s", called, l->error);
}

/* Is it ours, durable, of this version? A fresh one is made so. From here on `path` is what faults
 * call the file. */
static enum jb_err prepare(struct jb_ledger *l, const char *path,
                           const struct jb_ledger_options *options, bool fresh,
                           struct jb_fault *fault)
{
    enum jb_err err = file_recognise(l, path, &fresh, fault);

    if (err == JB_OK && (err = pragmas_set(l, options)) != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", path, l->error);
    if (err == JB_OK)
        err = durability_check(l, path, fault);
    l->suite = options->suite != 0 ? options->suite : JB_SUITE_ED25519; /* of a new file */
    if (err == JB_OK && fresh)
        err = jb_suite_start(l->suite, fault);
    if (err == JB_OK && fresh && (err = jb_schema_create(l)) != JB_OK)
        return jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    if (err == JB_OK)
        err = suite_read(l, options->suite, path, fault);
    if (err == JB_OK)
        err = jb_schema_migrate(l, path, jb_schema_known(), fault);
    if (err == JB_OK)
        err = identity_read(l, path, fault);
    return err;
}

/* Fail at once, not at the first commit, when another process is writing. */
static enum jb_err writable_check(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    if (l->read_only)
        return JB_OK;
    enum jb_err err = jb_ledger_begin(l);
    if (err == JB_OK)
        jb_ledger_rollback(l);
    else
        err = jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    return err;
}

/* What was confirmed and is not in the tables yet. */
static enum jb_err waiting_apply(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    struct jb_fault why = {""};
    enum jb_err err = jb_behind_recover(l, &why);

    if (err == JB_OK)
        return JB_OK;
    return jb_fault_set(fault, err, "%s: %s", path, why.text[0] != '\0' ? why.text : l->error);
}

/* Everything else, to work with it. */
static enum jb_err make_ready(struct jb_ledger *l, const char *path,
                              const struct jb_ledger_options *options, struct jb_fault *fault)
{
    enum jb_err err = options->check ? jb_ledger_pages_check(l, path, fault) : JB_OK;

    if (err == JB_OK)
        err = jb_statements_prepare(l, path, fault);
    if (err == JB_OK && (err = jb_state_load(l)) != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", path, l->error);
    if (err == JB_OK)
        err = writable_check(l, path, fault);
    if (err == JB_OK && l->role == JB_LEDGER_BROKER && !l->read_only)
        err = waiting_apply(l, path, fault);
    if (err == JB_OK && (err = jb_wal_settle(l)) != JB_OK)
        err = jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    return err;
}

void jb_ledger_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, library_start);
}

static bool in_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

enum jb_err jb_ledger_file_open(const char *path, const struct jb_ledger_options *options,
                                bool fresh, struct jb_ledger **out, struct jb_fault *fault)
{
    struct jb_ledger *l = calloc(1, sizeof *l);
    const char *called = options->called != NULL ? options->called : path;

    if (l == NULL)
        return jb_fault_set(fault, JB_NOMEM, "%s: out of memory", called);
    jb_ledger_library();
    l->role = options->role;
    l->read_only = options->read_only;
    l->cancel = options->cancel;
    l->on_progress = options->on_progress;
    l->memory = in_memory(path);
    jb_arena_init(&l->scratch, SCRATCH_BYTES);
    jb_arena_init(&l->packing, JB_CASE_BYTES);
    jb_arena_init(&l->cases, JB_CASE_BYTES);
    enum jb_err err = connect(l, path, called, fresh, fault);
    if (err == JB_OK)
        err = prepare(l, called, options, fresh, fault);
    if (err == JB_OK && (!fresh || l->memory))
        err = make_ready(l, called, options, fault);
    if (err == JB_OK)
        *out = l;
    else
        jb_ledger_close(&l);
    return err;
}

enum jb_err jb_ledger_open(const char *path, const struct jb_ledger_options *options,
                           struct jb_ledger **out, struct jb_fault *fault)
{
    enum jb_err err = in_memory(path) ? JB_OK : jb_begin(path, options, fault);

    return err == JB_OK ? jb_ledger_file_open(path, options, in_memory(path), out, fault) : err;
}
