/* Private to the ledger: creating the file's tables (schema.c) and migrating them (migrate.c). */
#ifndef JB_LEDGER_SCHEMA_H
#define JB_LEDGER_SCHEMA_H

#include "proto/ledger/db.h"

#define JB_LEDGER_APPLICATION_ID 0x4a424c47 /* "JBLG" */

/* One migration: from version `index + 1` to the next. */
struct jb_schema_step {
    const char *all;     /* SQL for both roles; NULL: none */
    const char *broker;  /* for the broker only; NULL: none */
    const char *replica; /* for a replica only; NULL: none */
    bool replay;         /* derived tables are dropped, made anew and filled from the record ... */
    bool replay_broker;  /* ... of a broker only */
    bool derived;        /* what it changes is derived: not needed where that is made anew */
};
struct jb_schema_steps {
    const struct jb_schema_step *at;
    size_t count; /* the newest version is count + 1 */
};
/* What this program knows. */
struct jb_schema_steps jb_schema_known(void);

/* A new file: all tables of the role, role and random epoch, in one transaction. */
enum jb_err jb_schema_create(struct jb_ledger *l) JB_MUST;
/* Bring an older file up to the newest version, all steps in one transaction. Makes a copy with
 * the ending .vN first. `path` is for the fault. VERSION: the file is newer. Whatever fails, and
 * whenever the process is killed, the file is as it was. */
enum jb_err jb_schema_migrate(struct jb_ledger *l, const char *path, struct jb_schema_steps known,
                              struct jb_fault *fault) JB_MUST;
/* Remove the copies `path.v1` to `path.v(version - 1)`, also unfinished ones, as far as there are
 * any. */
void jb_schema_copies_drop(const char *path, size_t version);
/* Inside a transaction. */
enum jb_err jb_schema_version_set(struct jb_ledger *l, size_t version) JB_MUST;
/* Drop and create the derived tables. Inside a transaction. */
enum jb_err jb_schema_derived_reset(struct jb_ledger *l) JB_MUST;

/* The derived tables with what makes a unique order of their rows; ends with a NULL name. */
struct jb_schema_table {
    const char *name;
    const char *order;
    int role; /* enum jb_ledger_role; 0: both */
};
extern const struct jb_schema_table jb_schema_derived[];

#endif
