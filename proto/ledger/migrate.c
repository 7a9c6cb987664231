/* Bringing a file of an earlier schema version up to the newest: its steps are in schema.c.
 * Whatever stops it, the file is as it was. */
#include <stdio.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/ledger/replay.h"
#include "proto/ledger/schema.h"

#define COPY_STEPS 1000000 /* of the copy's program, between two signs of life */

/* Whoever waits is told that it goes on: the copy of a large record takes minutes on a slow disk.
 */
static int alive(void *ctx)
{
    const struct jb_ledger *l = ctx;

    l->on_progress(0);
    return 0;
}

/* A copy of the file as it is, WAL included, under its final name only when it is complete. */
static enum jb_err copy_make(struct jb_ledger *l, size_t version)
{
    const char *path = sqlite3_db_filename(l->db, "main");
    char name[4096];
    char part[4096];
    sqlite3_stmt *s = NULL;

    int len = snprintf(name, sizeof name, "%s.v%zu", path, version);
    if (len < 0 || (size_t)len + sizeof ".part" > sizeof part)
        return JB_TOO_LARGE;
    snprintf(part, sizeof part, "%.*s.part", len, name);
    (void)unlink(part);
    int rc = sqlite3_prepare_v2(l->db, "VACUUM INTO ?", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, part, -1, SQLITE_STATIC);
    bool tells = l->on_progress != NULL && l->cancel == NULL; /* else that is asked meanwhile */
    if (tells)
        sqlite3_progress_handler(l->db, COPY_STEPS, alive, l);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (tells)
        sqlite3_progress_handler(l->db, 0, NULL, NULL);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : jb_db_fail(l, rc);
    sqlite3_finalize(s);
    if (err == JB_OK && rename(part, name) != 0)
        err = JB_IO;
    return err;
}

void jb_schema_copies_drop(const char *path, size_t version)
{
    static const char *const endings[] = {"", ".part"};
    char name[4096];

    for (size_t i = 2; i < 2 * version; i++) {
        int len = snprintf(name, sizeof name, "%s.v%zu%s", path, i / 2, endings[i % 2]);
        if (len > 0 && (size_t)len < sizeof name)
            (void)unlink(name);
    }
}

/* A replica's copies hold what the replica itself must forget when a case is left or a key erased:
 * they go once the migrated file has opened again. The broker's go when what was erased is
 * forgotten (jb_ledger_forget). */
static void copies_drop(const struct jb_ledger *l, size_t version)
{
    if (l->role == JB_LEDGER_REPLICA && !l->read_only && !l->memory)
        jb_schema_copies_drop(sqlite3_db_filename(l->db, "main"), version);
}

static enum jb_err step_run(struct jb_ledger *l, const struct jb_schema_step *step)
{
    const char *own = l->role == JB_LEDGER_BROKER ? step->broker : step->replica;
    enum jb_err err = JB_OK;

    if (step->all != NULL)
        err = jb_db_exec(l, step->all);
    if (err == JB_OK && own != NULL)
        err = jb_db_exec(l, own);
    return err;
}

/* What is derived gets the newest definitions, whatever version it had, and is made from the
 * record again. */
static enum jb_err derived_remake(struct jb_ledger *l, const char *path, struct jb_fault *fault)
{
    enum jb_err err = jb_schema_derived_reset(l);

    if (err != JB_OK)
        return err;
    err = jb_statements_prepare(l, path, fault);
    if (err != JB_OK)
        return err;
    l->writing = true;
    err = jb_replay_record(l, fault);
    l->writing = false;
    return err;
}

/* From `version` to the newest in one transaction: killed in the middle it is the old one. */
static enum jb_err todorun(struct jb_ledger *l, const char *path, struct jb_schema_steps todo,
                           size_t *version, struct jb_fault *fault)
{
    bool replay = false;
    enum jb_err err = jb_db_exec(l, "BEGIN IMMEDIATE");

    if (err != JB_OK)
        return err;
    for (; *version <= todo.count && err == JB_OK; ++*version) {
        const struct jb_schema_step *step = &todo.at[*version - 1];
        replay = replay || step->replay || (step->replay_broker && l->role == JB_LEDGER_BROKER);
        if (!replay || !step->derived)
            err = step_run(l, step);
        if (err != JB_OK)
            break;
    }
    if (err == JB_OK && replay)
        err = derived_remake(l, path, fault);
    if (err == JB_OK)
        err = jb_schema_version_set(l, todo.count + 1);
    if (err == JB_OK)
        err = jb_db_exec(l, "COMMIT");
    if (err != JB_OK && sqlite3_get_autocommit(l->db) == 0) {
        char error[sizeof l->error];
        memcpy(error, l->error, sizeof error); /* the reason is worth more than what follows */
        (void)!jb_db_exec(l, "ROLLBACK");
        memcpy(l->error, error, sizeof error);
    }
    return err;
}

enum jb_err jb_schema_migrate(struct jb_ledger *l, const char *path, struct jb_schema_steps known,
                              struct jb_fault *fault)
{
    int64_t found = 0;
    enum jb_err err = jb_db_number(l, "PRAGMA user_version", &found);

    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", path, l->error);
    if (found < 1)
        return jb_fault_set(fault, JB_CORRUPT, "%s: has no schema version", path);
    if ((uint64_t)found > known.count + 1)
        return jb_fault_set(fault, JB_VERSION,
                            "%s: schema version %lld is newer than the %zu known here: use the "
                            "newer program that wrote it",
                            path, (long long)found, known.count + 1);
    size_t version = (size_t)found;
    if (version == known.count + 1) {
        copies_drop(l, version);
        return JB_OK;
    }
    if (l->read_only)
        return jb_fault_set(fault, JB_VERSION, "%s: schema version %zu has to be migrated first",
                            path, version);
    jb_log(JB_LOG_NOTICE, NULL, "ledger.migrate", "%s from=%zu to=%zu", path, version,
           known.count + 1);
    err = l->memory ? JB_OK : copy_make(l, version);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: copy before migration: %s", path, l->error);
    struct jb_fault why = {""};
    err = todorun(l, path, known, &version, &why);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: migration to version %zu: %s", path, version + 1,
                            why.text[0] != '\0' ? why.text : l->error);
    jb_log(JB_LOG_NOTICE, NULL, "ledger.migrated", "%s version=%zu", path, version);
    return JB_OK;
}
