/* The tables of a ledger, version by version.
 *
 * The record (log, stream, lines, receipts, outbox) is only ever appended to; what is derived is
 * changed by applying entries alone and can be dropped and made anew. To change the schema: never
 * edit what a released version created; append a step to `steps`, and edit the definitions here so
 * that a new file comes out the same. A change of what is derived needs no SQL: `replay`. */
#include "proto/ledger/schema.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/ledger/schemalists.h"

#define COLUMN_INT(c) ", " #c " INTEGER NOT NULL"
#define COLUMN_TEXT(c) ", " #c " TEXT NOT NULL"

/* Never changed, and dropped only from the front: see audit.h. */
#define AUDIT_TABLES                                                                               \
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, user TEXT NOT NULL,"  \
    " request INTEGER NOT NULL, act_kind INTEGER NOT NULL, case_no INTEGER NOT NULL,"              \
    " node INTEGER NOT NULL, field INTEGER NOT NULL, outcome INTEGER NOT NULL,"                    \
    " head BLOB NOT NULL) STRICT;"                                                                 \
    "CREATE INDEX audit_case ON audit (case_no, number) WHERE case_no <> 0;"                       \
    "CREATE INDEX audit_user ON audit (user, number);"                                             \
    "CREATE TABLE audit_end (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL,"    \
    " head BLOB NOT NULL, floor INTEGER NOT NULL, floor_head BLOB NOT NULL,"                       \
    " suite INTEGER NOT NULL, signature BLOB NOT NULL) STRICT;"                                    \
    "CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit"                                            \
    " BEGIN SELECT RAISE (ABORT, 'the access log is append-only'); END;"                           \
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit"                                             \
    " WHEN OLD.number > coalesce((SELECT floor FROM audit_end), 0)"                                \
    " BEGIN SELECT RAISE (ABORT, 'the access log is append-only'); END;"

/* Who has said, signed, that a blob is on its disk. */
#define BLOB_RECEIPT_TABLE_3                                                                       \
    "CREATE TABLE blob_receipt (hash BLOB NOT NULL, node INTEGER NOT NULL,"                        \
    " suite INTEGER NOT NULL, at_ms INTEGER NOT NULL, signature BLOB NOT NULL,"                    \
    " PRIMARY KEY (hash, node)) STRICT, WITHOUT ROWID;"
/* Numbered since version 4, so that a backup copies what is new. */
#define BLOB_RECEIPT_TABLE                                                                         \
    "CREATE TABLE blob_receipt (number INTEGER PRIMARY KEY, hash BLOB NOT NULL,"                   \
    " node INTEGER NOT NULL, suite INTEGER NOT NULL, at_ms INTEGER NOT NULL,"                      \
    " signature BLOB NOT NULL, UNIQUE (hash, node)) STRICT;"
#define BLOB_RECEIPT_NUMBERED                                                                      \
    "ALTER TABLE blob_receipt RENAME TO blob_receipt_3;" BLOB_RECEIPT_TABLE                        \
    "INSERT INTO blob_receipt (hash, node, suite, at_ms, signature)"                               \
    " SELECT hash, node, suite, at_ms, signature FROM blob_receipt_3 ORDER BY at_ms, hash, node;"  \
    "DROP TABLE blob_receipt_3;"

/* What batches decided besides their entries and is not in its tables yet, packed: see tick.h. */
#define TICK_TABLE "CREATE TABLE tick (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"

/* The entries of each case. Derived: what is only appended is not written in the order of cases. */
#define CASE_ENTRY_TABLE                                                                           \
    "CREATE TABLE case_entry (case_no INTEGER NOT NULL, seq INTEGER NOT NULL,"                     \
    " PRIMARY KEY (case_no, seq)) STRICT, WITHOUT ROWID;"

static const char common_tables[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE case_key (case_no INTEGER PRIMARY KEY, key BLOB NOT NULL"
    " CHECK (length(key) = 32)) STRICT;" AUDIT_TABLES BLOB_RECEIPT_TABLE;

static const char broker_tables[] =
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, node INTEGER NOT NULL,"
    " case_no INTEGER NOT NULL, kind INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL)"
    " STRICT;"
    "CREATE INDEX entry_common ON entry (seq) WHERE " JB_SQL_KIND_COMMON ";"
    "CREATE INDEX entry_clock ON entry (seq) WHERE " JB_SQL_KIND_CLOCK ";"
    /* body: NULL for entries, whose bytes stand in `entry` */
    "CREATE TABLE stream (node INTEGER NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " entry_seq INTEGER NOT NULL, settles INTEGER NOT NULL, history INTEGER NOT NULL,"
    " duty INTEGER NOT NULL, case_no INTEGER NOT NULL, head BLOB NOT NULL, body BLOB,"
    " PRIMARY KEY (node, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE line (node INTEGER PRIMARY KEY, up_epoch BLOB NOT NULL,"
    " up_number INTEGER NOT NULL, up_head BLOB NOT NULL, down_number INTEGER NOT NULL,"
    " down_head BLOB NOT NULL, acked_number INTEGER NOT NULL, acked_head BLOB NOT NULL,"
    " acked_at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE receipt (node INTEGER NOT NULL, epoch BLOB NOT NULL, number INTEGER NOT NULL,"
    " suite INTEGER NOT NULL, at_ms INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL,"
    " PRIMARY KEY (node, epoch, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE up_receipt (node INTEGER NOT NULL, epoch BLOB NOT NULL, number INTEGER NOT NULL,"
    " suite INTEGER NOT NULL, at_ms INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL,"
    " PRIMARY KEY (node, epoch, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE refused (node INTEGER NOT NULL, epoch BLOB NOT NULL, number INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, refusal INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (node, epoch, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE quarantine (no INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
    " node INTEGER NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL)"
    " STRICT;" TICK_TABLE;

/* clang-format off */
#define RECOVERY_TABLES \
    /* A record that was restored: where each former epoch ended, for the log (node 0) \
     * and for every node's stream. */ \
    "CREATE TABLE lineage (epoch BLOB NOT NULL, node INTEGER NOT NULL, number INTEGER NOT NULL," \
    " head BLOB NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (epoch, node))" \
    " STRICT, WITHOUT ROWID;" \
    /* While it is being completed: what the nodes hold of what the backup lacks. */ \
    "CREATE TABLE copy (node INTEGER NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL," \
    " settles INTEGER NOT NULL, history INTEGER NOT NULL, entry_seq INTEGER NOT NULL," \
    " case_no INTEGER NOT NULL, hash BLOB NOT NULL, head BLOB NOT NULL, body BLOB," \
    " PRIMARY KEY (node, number)) STRICT, WITHOUT ROWID;" \
    "CREATE INDEX copy_entry ON copy (entry_seq, node) WHERE entry_seq <> 0;" \
    /* In a backup: the attachments that it holds, in files beside it. Empty in a broker's. */     \
    "CREATE TABLE backup_blob (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"                      \
    "CREATE TABLE copy_line (node INTEGER PRIMARY KEY, done INTEGER NOT NULL," \
    " number INTEGER NOT NULL, head BLOB NOT NULL, up_epoch BLOB NOT NULL," \
    " up_number INTEGER NOT NULL, up_head BLOB NOT NULL, reason TEXT NOT NULL) STRICT;" \
    /* Submissions that are in the log already and whose verdict never reached their node. */ \
    "CREATE TABLE redo (node INTEGER NOT NULL, number INTEGER NOT NULL," \
    " entry_seq INTEGER NOT NULL, PRIMARY KEY (node, number)) STRICT, WITHOUT ROWID;"
/* clang-format on */

static const char recovery_tables[] = RECOVERY_TABLES;

static const char replica_tables[] =
    /* body: NULL when the case was left; the hash keeps the chain verifiable */
    "CREATE TABLE item (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
    " settles INTEGER NOT NULL, history INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " entry_seq INTEGER NOT NULL, case_no INTEGER NOT NULL, act_kind INTEGER NOT NULL,"
    " hash BLOB NOT NULL, head BLOB NOT NULL, body BLOB) STRICT;"
    "CREATE INDEX item_case ON item (case_no, number) WHERE case_no <> 0;"
    "CREATE UNIQUE INDEX item_settles ON item (settles) WHERE settles <> 0;"
    "CREATE INDEX item_entry ON item (entry_seq) WHERE entry_seq <> 0;"
    "CREATE TABLE outbox (number INTEGER PRIMARY KEY, made_at_ms INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, case_no INTEGER NOT NULL, user TEXT NOT NULL, hash BLOB NOT NULL,"
    " head BLOB NOT NULL, case_key BLOB, body BLOB) STRICT;"
    "CREATE INDEX outbox_case ON outbox (case_no, number) WHERE case_no <> 0;"
    "CREATE TABLE proof (number INTEGER PRIMARY KEY, epoch BLOB NOT NULL, suite INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
    "CREATE TABLE ack (number INTEGER PRIMARY KEY, epoch BLOB NOT NULL, suite INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
    "CREATE TABLE case_counter (day INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
    "CREATE TABLE alarm (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, case_no INTEGER NOT NULL,"
    " deadline_id INTEGER NOT NULL, step INTEGER NOT NULL, due_ms INTEGER NOT NULL,"
    " key TEXT NOT NULL, UNIQUE (case_no, deadline_id, due_ms, step)) STRICT;";

/* The columns of an index that stand last are there so that the index alone answers. */
/* clang-format off */
static const char replica_case_tables[] =
    "CREATE TABLE case_file (case_no INTEGER PRIMARY KEY"
    JB_CASE_COLUMNS(COLUMN_INT, COLUMN_TEXT, COLUMN_INT, COLUMN_TEXT) ") STRICT;"
    "CREATE INDEX case_host ON case_file (host);"
    "CREATE INDEX case_stage ON case_file (stage);"
    "CREATE INDEX case_objection ON case_file (objection_open, stage) WHERE objection_open = 1;"
    "CREATE INDEX case_open ON case_file (case_no) WHERE stage " JB_SQL_STAGE_OPEN ";"
    "CREATE INDEX case_dispute ON case_file (dispute_level) WHERE dispute_level <> 0;"
    "CREATE INDEX case_query ON case_file (query_hash) WHERE query_hash <> '';"
    "CREATE TABLE participant (case_no INTEGER NOT NULL, node INTEGER NOT NULL,"
    " role INTEGER NOT NULL, signed_ms INTEGER NOT NULL, answered_ms INTEGER NOT NULL,"
    " PRIMARY KEY (case_no, node, role)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX participant_node ON participant (node, case_no);"
    "CREATE TABLE deadline (case_no INTEGER NOT NULL, id INTEGER NOT NULL"
    JB_DEADLINE_COLUMNS(COLUMN_INT, COLUMN_TEXT)
    ", PRIMARY KEY (case_no, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX deadline_due ON deadline (due_ms, case_no, id, first_ms, missed_ms, ended_how)"
    " WHERE ended_how = 0;"
    "CREATE INDEX deadline_node ON deadline (node, due_ms, case_no) WHERE ended_how = 0;"
    "CREATE INDEX deadline_provisional ON deadline (case_no, id)"
    " WHERE provisional = 1 AND ended_how = 0;"
    "CREATE INDEX deadline_undelivered ON deadline (case_no)"
    " WHERE key = 'deliver' AND ended_how = 0 AND missed_ms <> 0;";
/* See casebroker.h. The clock goes by case_next. */
static const char broker_case_tables[] =
    "CREATE TABLE case_file (case_no INTEGER PRIMARY KEY, standing INTEGER NOT NULL,"
    " registrar INTEGER NOT NULL, host INTEGER NOT NULL, objection_open INTEGER NOT NULL,"
    " dispute_level INTEGER NOT NULL, provisional INTEGER NOT NULL,"
    " undelivered INTEGER NOT NULL, directives INTEGER NOT NULL, dockets INTEGER NOT NULL,"
    " next_ms INTEGER NOT NULL, warned_ms INTEGER NOT NULL,"
    " red_ms INTEGER NOT NULL, query_hash TEXT NOT NULL, packed BLOB NOT NULL) STRICT;"
    "CREATE INDEX case_next ON case_file (next_ms);"
    "CREATE INDEX case_warned ON case_file (warned_ms, red_ms);"
    "CREATE INDEX case_standing ON case_file (standing);"
    "CREATE INDEX case_objection ON case_file (objection_open, standing, warned_ms)"
    " WHERE objection_open = 1;"
    "CREATE INDEX case_dispute ON case_file (dispute_level) WHERE dispute_level <> 0;"
    "CREATE INDEX case_provisional ON case_file (case_no, provisional) WHERE provisional > 0;"
    "CREATE INDEX case_undelivered ON case_file (undelivered) WHERE undelivered > 0;"
    "CREATE INDEX case_directives ON case_file (directives) WHERE directives > 0;"
    "CREATE INDEX case_dockets ON case_file (dockets) WHERE dockets > 0;"
    "CREATE INDEX case_query ON case_file (query_hash) WHERE query_hash <> '';"
    "CREATE TABLE participant (case_no INTEGER NOT NULL, node INTEGER NOT NULL,"
    " role INTEGER NOT NULL, PRIMARY KEY (case_no, node, role)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX participant_node ON participant (node, case_no);";
static const char part_tables[] =
    "CREATE TABLE mark (case_no INTEGER NOT NULL" JB_MARK_COLUMNS(COLUMN_INT, COLUMN_TEXT)
    ", PRIMARY KEY (case_no, position)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX mark_link ON mark (other_case_no, case_no) WHERE other_case_no <> 0;"
    "CREATE TABLE attachment (case_no INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " node INTEGER NOT NULL, at_ms INTEGER NOT NULL, hash BLOB NOT NULL,"
    " size_bytes INTEGER NOT NULL, PRIMARY KEY (case_no, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX attachment_hash ON attachment (hash, case_no);";
static const char replica_order_tables[] =
    "CREATE TABLE directive (case_no INTEGER NOT NULL"
    JB_DIRECTIVE_COLUMNS(COLUMN_INT, COLUMN_TEXT)
    ", PRIMARY KEY (case_no, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX directive_issuer ON directive (issuer, case_no, id);"
    "CREATE INDEX directive_open ON directive (case_no, id) WHERE status <> 3;"
    "CREATE TABLE target (case_no INTEGER NOT NULL" JB_TARGET_COLUMNS(COLUMN_INT, COLUMN_TEXT)
    ", PRIMARY KEY (case_no, directive, node)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX target_node ON target (node, case_no, directive);"
    "CREATE TABLE docket (case_no INTEGER NOT NULL" JB_DOCKET_COLUMNS(COLUMN_INT, COLUMN_TEXT)
    ", PRIMARY KEY (case_no, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX docket_open ON docket (case_no, id) WHERE closed_ms = 0;";
static const char house_tables[] =
    "CREATE TABLE stored (case_no INTEGER NOT NULL, log_seq INTEGER NOT NULL,"
    " node INTEGER NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (case_no, log_seq, node))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE node (node INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL,"
    " region TEXT NOT NULL, credit_code TEXT NOT NULL, level INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, parent INTEGER NOT NULL, successor INTEGER NOT NULL,"
    " valid_from_ms INTEGER NOT NULL, valid_to_ms INTEGER NOT NULL, has_agent INTEGER NOT NULL,"
    " line_key BLOB NOT NULL, sign_key BLOB NOT NULL, former_keys BLOB) STRICT;"
    "CREATE TABLE delegation (seq INTEGER PRIMARY KEY, node INTEGER NOT NULL,"
    " official TEXT NOT NULL, power INTEGER NOT NULL, valid_from_ms INTEGER NOT NULL,"
    " valid_to_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX delegation_node ON delegation (node, seq);"
    "CREATE TABLE policy (seq INTEGER PRIMARY KEY, effective_from_ms INTEGER NOT NULL,"
    " version TEXT NOT NULL, region TEXT NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE INDEX policy_effective ON policy (effective_from_ms, seq);"
    "CREATE TABLE calendar (seq INTEGER PRIMARY KEY, region TEXT NOT NULL, version TEXT NOT NULL,"
    " body BLOB NOT NULL) STRICT;"
    "CREATE INDEX calendar_region ON calendar (region, seq);"
    "CREATE TABLE left_case (case_no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
    " number INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;";
/* clang-format on */

static const char replica_derived[] = GRAM_TABLE
    "CREATE INDEX deadline_first ON deadline (first_ms) WHERE ended_how = 0;" REPLICA_STEPS
        REPLICA_LISTS REPLICA_WIDE LIGHT_TABLE;

static const char broker_derived[] = CASE_ENTRY_TABLE;

const struct jb_schema_table jb_schema_derived[] = {
    {"case_file", "case_no", 0},
    {"participant", "case_no, node, role", 0},
    {"deadline", "case_no, id", JB_LEDGER_REPLICA},
    {"mark", "case_no, position", 0},
    {"directive", "case_no, id", JB_LEDGER_REPLICA},
    {"target", "case_no, directive, node", JB_LEDGER_REPLICA},
    {"docket", "case_no, id", JB_LEDGER_REPLICA},
    {"attachment", "case_no, seq", 0},
    {"stored", "case_no, log_seq, node", 0},
    {"node", "node", 0},
    {"delegation", "seq", 0},
    {"policy", "seq", 0},
    {"calendar", "seq", 0},
    {"left_case", "case_no", 0},
    {"case_entry", "case_no, seq", JB_LEDGER_BROKER},
    {NULL, NULL, 0},
};

static const struct jb_schema_step steps[] = {
    /* 2: directives, dockets, reviews, ratings: all of it derived; delegations are common */
    {.broker = "DROP INDEX entry_common;"
               "CREATE INDEX entry_common ON entry (seq) WHERE " JB_SQL_KIND_COMMON ";"
               "CREATE INDEX entry_clock ON entry (seq) WHERE " JB_SQL_KIND_CLOCK ";",
     .replay = true},
    /* 3: who opened what; a record that goes on after a restore; attachments (derived), receipts
     * for their contents */
    {.all = AUDIT_TABLES BLOB_RECEIPT_TABLE_3, .broker = RECOVERY_TABLES, .replay = true},
    /* 4: the record is written first, the tables follow; receipts for attachments are numbered */
    {.all = BLOB_RECEIPT_NUMBERED,
     .broker = TICK_TABLE "DROP INDEX entry_case;" CASE_ENTRY_TABLE
                          "INSERT INTO case_entry SELECT case_no, seq FROM entry"
                          " WHERE case_no <> 0 ORDER BY case_no, seq;",
     .replica = "DROP INDEX deadline_next;" REPLICA_LISTS},
    /* 5: a look for alarms reads what came due since the last one */
    {.replica = REPLICA_STEPS},
    /* 6: a piece of a title is found by its pairs of characters; filled by and by */
    {.replica = GRAM_TABLE "INSERT INTO case_gram SELECT -1, 9223372036854775807"
                           " WHERE EXISTS (SELECT 1 FROM case_file);"},
    /* 7: lists of a replica with a million cases; the lights of cases, filled by and by */
    {.replica = REPLICA_WIDE LIGHT_TABLE, .derived = true},
    /* 8: a broker packs its cases */
    {.replay_broker = true},
};

struct jb_schema_steps jb_schema_known(void)
{
    return (struct jb_schema_steps){steps, sizeof steps / sizeof steps[0]};
}

enum jb_err jb_schema_version_set(struct jb_ledger *l, size_t version)
{
    char sql[64];

    snprintf(sql, sizeof sql, "PRAGMA user_version = %zu", version);
    return jb_db_exec(l, sql);
}

static enum jb_err derived_create(struct jb_ledger *l)
{
    bool broker = l->role == JB_LEDGER_BROKER;
    const char *const tables[] = {broker ? broker_case_tables : replica_case_tables,
                                  broker ? "" : replica_order_tables, part_tables, house_tables,
                                  broker ? broker_derived : replica_derived};
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && err == JB_OK; i++)
        err = jb_db_exec(l, tables[i]);
    return err;
}

static enum jb_err derived_drop(struct jb_ledger *l)
{
    enum jb_err err = JB_OK;
    char sql[64];

    for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL && err == JB_OK;
         t++) {
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", t->name);
        err = jb_db_exec(l, sql);
    }
    return err == JB_OK ? jb_db_exec(l, REPLICA_ALSO_DROP) : err;
}

/* A broker's tables hold nothing that is ever erased. Wiped, a dropped table would stand in memory
 * until the statement ends: of some million entries more than the service may take. */
enum jb_err jb_schema_derived_reset(struct jb_ledger *l)
{
    bool wipe = l->role != JB_LEDGER_BROKER;
    enum jb_err err = wipe ? JB_OK : jb_db_exec(l, "PRAGMA secure_delete = FAST");

    if (err == JB_OK)
        err = derived_drop(l);
    enum jb_err back = wipe ? JB_OK : jb_db_exec(l, "PRAGMA secure_delete = ON");
    if (err == JB_OK)
        err = back;
    if (err != JB_OK)
        return err;
    l->grams_left = 0;
    jb_counts_reset(l);
    jb_lights_reset(l);
    return derived_create(l);
}

static enum jb_err identity_write(struct jb_ledger *l)
{
    char sql[192];
    char epoch[2 * JB_EPOCH_BYTES + 1];

    randombytes_buf(l->epoch, sizeof l->epoch);
    sodium_bin2hex(epoch, sizeof epoch, l->epoch, sizeof l->epoch);
    snprintf(sql, sizeof sql,
             "INSERT INTO meta VALUES ('.epoch', x'%s'), ('.role', x'%02x'), ('.suite', x'%02x');"
             "PRAGMA application_id = %d",
             epoch, (unsigned)l->role, (unsigned)l->suite, JB_LEDGER_APPLICATION_ID);
    return jb_db_exec(l, sql);
}

enum jb_err jb_schema_create(struct jb_ledger *l)
{
    const char *own = l->role == JB_LEDGER_BROKER ? broker_tables : replica_tables;
    enum jb_err err = jb_db_exec(l, "BEGIN IMMEDIATE");

    if (err != JB_OK)
        return err;
    err = jb_db_exec(l, common_tables);
    if (err == JB_OK)
        err = jb_db_exec(l, own);
    if (err == JB_OK && l->role == JB_LEDGER_BROKER)
        err = jb_db_exec(l, recovery_tables);
    if (err == JB_OK)
        err = derived_create(l);
    if (err == JB_OK)
        err = identity_write(l);
    if (err == JB_OK)
        err = jb_schema_version_set(l, jb_schema_known().count + 1);
    if (err == JB_OK)
        err = jb_db_exec(l, "COMMIT");
    if (err != JB_OK && sqlite3_get_autocommit(l->db) == 0)
        (void)!jb_db_exec(l, "ROLLBACK");
    return err;
}
