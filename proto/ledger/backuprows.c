/* See backuprows.h. Decides what is new by numbers alone: what is in the backup is never read
 * again, and of a sequence only its last number is looked up. */
#include "proto/ledger/backuprows.h"

#include <stdio.h>

#include "proto/ledger/behind.h"

/* Small: whoever commits to the same disk meanwhile waits for a piece's sync. */
#define PIECE_ROWS 512
#define PIECE_BYTES ((int64_t)256 * 1024) /* of values, but one row is taken in any case */
#define WAL_BYTES ((int64_t)512 * 1024)   /* moved into the file when it has grown so far */

const struct jb_backup_table jb_backup_tables[] = {
    {"entry", JB_BACKUP_GROWS, 0, "seq"},
    {"stream", JB_BACKUP_GROWS, 1, "number"},
    {"receipt", JB_BACKUP_GROWS, 2, "number"},
    {"up_receipt", JB_BACKUP_GROWS, 2, "number"},
    {"refused", JB_BACKUP_GROWS, 2, "number"},
    {"quarantine", JB_BACKUP_GROWS, 0, "no"},
    {"audit", JB_BACKUP_GROWS, 0, "number"},
    {"audit_end", JB_BACKUP_WHOLE, 0, NULL},
    {"case_key", JB_BACKUP_ERASABLE, 0, "case_no"},
    {"meta", JB_BACKUP_WHOLE, 0, NULL},
    {"blob_receipt", JB_BACKUP_GROWS, 0, "number"},
    {"line", JB_BACKUP_WHOLE, 0, NULL},
    {"lineage", JB_BACKUP_WHOLE, 0, NULL},
    {"copy", JB_BACKUP_WHOLE, 0, NULL},
    {"copy_line", JB_BACKUP_WHOLE, 0, NULL},
    {"redo", JB_BACKUP_WHOLE, 0, NULL},
    {"backup_blob", JB_BACKUP_OWN, 0, NULL},
    {"tick", JB_BACKUP_OWN, 0, NULL},
    {NULL, JB_BACKUP_WHOLE, 0, NULL},
};

/* One sequence within a table. */
struct sequence {
    int64_t node;
    uint8_t epoch[JB_EPOCH_BYTES];
    int64_t last; /* of it that is in the backup */
};

static const char *const where[] = {"", "node = ?1 AND ", "node = ?1 AND epoch = ?2 AND "};

static enum jb_err prepare(struct jb_ledger *l, const char *sql, sqlite3_stmt **s)
{
    int rc = sqlite3_prepare_v2(l->db, sql, -1, s, NULL);

    return rc == SQLITE_OK ? JB_OK : jb_db_fail(l, rc);
}

static void bind_prefix(sqlite3_stmt *s, int prefix, const struct sequence *q)
{
    if (prefix > 0)
        (void)sqlite3_bind_int64(s, 1, q->node);
    if (prefix > 1)
        (void)sqlite3_bind_blob(s, 2, q->epoch, JB_EPOCH_BYTES, SQLITE_STATIC);
}

static enum jb_err last_number(struct jb_backup_copying *c, const struct jb_backup_table *t,
                               struct sequence *q)
{
    char sql[160];
    sqlite3_stmt *s = NULL;
    enum jb_err err;

    snprintf(sql, sizeof sql, "SELECT max(%s) FROM %s WHERE %s1", t->key, t->name,
             where[t->prefix]);
    err = prepare(c->to, sql, &s);
    if (err != JB_OK)
        return err;
    bind_prefix(s, t->prefix, q);
    q->last = jb_sql_next(c->to, s, &err) ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return err;
}

/* One row as it is. *bytes grows by the size of its values. */
static enum jb_err row_copy(struct jb_backup_copying *c, sqlite3_stmt *from, sqlite3_stmt *to,
                            int64_t *bytes)
{
    enum jb_err err;

    for (int i = 0; i < sqlite3_column_count(from); i++) {
        int rc = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        if (rc != SQLITE_OK)
            return jb_db_fail(c->to, rc);
        *bytes +=
            sqlite3_column_type(from, i) == SQLITE_INTEGER ? 8 : sqlite3_column_bytes(from, i);
    }
    while (jb_sql_next(c->to, to, &err)) {
    }
    (void)sqlite3_reset(to);
    c->rows++;
    return err;
}

/* Rows that `from` gives, until the piece is full or there are no more. */
static enum jb_err rows_copy(struct jb_backup_copying *c, const char *table, sqlite3_stmt *from,
                             bool *more)
{
    char sql[256];
    sqlite3_stmt *to = NULL;
    enum jb_err err;
    int64_t bytes = 0;
    size_t rows = 0;

    int len = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", table);
    for (int i = 1; i < sqlite3_column_count(from); i++)
        len += snprintf(sql + len, sizeof sql - (size_t)len, ", ?");
    snprintf(sql + len, sizeof sql - (size_t)len, ")");
    err = prepare(c->to, sql, &to);
    *more = false;
    while (err == JB_OK && jb_sql_next(c->from, from, &err)) {
        err = row_copy(c, from, to, &bytes);
        *more = ++rows == PIECE_ROWS || bytes >= PIECE_BYTES;
        if (*more)
            break;
    }
    sqlite3_finalize(to);
    return err;
}

static enum jb_err piece_copy(struct jb_backup_copying *c, const struct jb_backup_table *t,
                              struct sequence *q, bool *more)
{
    char sql[192];
    sqlite3_stmt *s = NULL;
    enum jb_err err = last_number(c, t, q);

    snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE %s%s > ?3 ORDER BY %s", t->name,
             where[t->prefix], t->key, t->key);
    if (err == JB_OK)
        err = prepare(c->from, sql, &s);
    if (err != JB_OK)
        return err;
    bind_prefix(s, t->prefix, q);
    (void)sqlite3_bind_int64(s, 3, q->last);
    err = rows_copy(c, t->name, s, more);
    sqlite3_finalize(s);
    return err;
}

static enum jb_err keep_piece(struct jb_backup_copying *c)
{
    if (!c->staged)
        return JB_OK;
    enum jb_err err = jb_ledger_commit(c->to);
    if (err == JB_OK && jb_ledger_wal_bytes(c->to) > WAL_BYTES) {
        jb_breathe(c->to->breath);
        jb_ledger_checkpoint(c->to, false);
    }
    if (err == JB_OK)
        err = jb_ledger_begin(c->to);
    return err;
}

static enum jb_err sequence_copy(struct jb_backup_copying *c, const struct jb_backup_table *t,
                                 struct sequence *q)
{
    bool more = false;
    enum jb_err err;

    do {
        err = piece_copy(c, t, q, &more);
        if (err == JB_OK && more)
            err = keep_piece(c);
        if (more)
            jb_breathe(c->to->breath);
    } while (err == JB_OK && more);
    return err;
}

/* Another epoch of the same node, or the next node: a look at the index each. Both at once, as a
 * comparison of pairs, would read every row of the node. */
static const char *const next_rows[] = {
    "SELECT node, epoch FROM %s WHERE node = ?1 AND epoch > ?2 ORDER BY epoch LIMIT 1",
    "SELECT node, epoch FROM %s WHERE node > ?1 ORDER BY node, epoch LIMIT 1",
    "SELECT node FROM %s WHERE node > ?1 ORDER BY node LIMIT 1",
};

static enum jb_err look(struct jb_backup_copying *c, const char *format,
                        const struct jb_backup_table *t, struct sequence *q, bool *found)
{
    char sql[256];
    sqlite3_stmt *s = NULL;

    snprintf(sql, sizeof sql, format, t->name);
    enum jb_err err = prepare(c->from, sql, &s);
    if (err != JB_OK)
        return err;
    bind_prefix(s, sqlite3_bind_parameter_count(s), q);
    *found = jb_sql_next(c->from, s, &err);
    if (*found) {
        struct jb_reader r = jb_reader_of(s, NULL);
        q->node = jb_get_i64(&r);
        if (t->prefix == 2)
            jb_get_fixed(&r, q->epoch, JB_EPOCH_BYTES);
        err = r.err;
    }
    sqlite3_finalize(s);
    return err;
}

/* The next value of the sequences' name after *q. */
static enum jb_err next_sequence(struct jb_backup_copying *c, const struct jb_backup_table *t,
                                 struct sequence *q, bool *found)
{
    *found = false;
    if (t->prefix == 1)
        return look(c, next_rows[2], t, q, found);
    enum jb_err err = look(c, next_rows[0], t, q, found);
    return err == JB_OK && !*found ? look(c, next_rows[1], t, q, found) : err;
}

static enum jb_err table_copy(struct jb_backup_copying *c, const struct jb_backup_table *t)
{
    struct sequence q = {.node = -1};
    bool found = true;
    enum jb_err err;

    if (t->prefix == 0)
        return sequence_copy(c, t, &q);
    do {
        err = next_sequence(c, t, &q, &found);
        if (err == JB_OK && found)
            err = sequence_copy(c, t, &q);
    } while (err == JB_OK && found);
    return err;
}

static enum jb_err whole_copy(struct jb_backup_copying *c, const struct jb_backup_table *t)
{
    char sql[128];
    sqlite3_stmt *s = NULL;
    bool more = true;

    snprintf(sql, sizeof sql, "DELETE FROM %s", t->name);
    enum jb_err err = jb_db_exec(c->to, sql);
    snprintf(sql, sizeof sql, "SELECT * FROM %s", t->name);
    if (err == JB_OK)
        err = prepare(c->from, sql, &s);
    while (err == JB_OK && more)
        err = rows_copy(c, t->name, s, &more); /* goes on in the same statement */
    sqlite3_finalize(s);
    return err;
}

/* ---- keys of cases ---- */

/* Keys that were erased by the entries that were copied since the last time: no other key ever goes
 * from a record. So what a run costs does not depend on how many keys there are. */
static enum jb_err keys_drop(struct jb_backup_copying *c)
{
    sqlite3_stmt *s = NULL;
    enum jb_err err =
        prepare(c->to,
                "DELETE FROM case_key WHERE case_no IN"
                " (SELECT case_no FROM entry WHERE seq > ? AND kind = 114)" /* ERASE_KEY */,
                &s);

    if (err != JB_OK)
        return err;
    (void)sqlite3_bind_int64(s, 1, (int64_t)c->keys_after);
    while (jb_sql_next(c->to, s, &err)) {
    }
    sqlite3_finalize(s);
    c->keys_erased += (uint64_t)sqlite3_changes64(c->to->db);
    return err;
}

/* The number of a case begins with its day and its registering node, so new ones may stand anywhere
 * among the old: those of the entries that were copied since the last time. A key comes with the
 * registration or with the first attachment. */
static enum jb_err keys_add(struct jb_backup_copying *c)
{
    sqlite3_stmt *cases = NULL;
    sqlite3_stmt *key = NULL;
    sqlite3_stmt *add = NULL;
    enum jb_err err = prepare(c->to,
                              "SELECT DISTINCT case_no FROM entry WHERE seq > ? AND kind IN"
                              " (10, 72)", /* REGISTER, ATTACH */
                              &cases);

    if (err == JB_OK)
        err = prepare(c->from, "SELECT case_no, key FROM case_key WHERE case_no = ?", &key);
    if (err == JB_OK)
        err = prepare(c->to, "INSERT OR REPLACE INTO case_key VALUES (?, ?)", &add);
    if (err == JB_OK)
        (void)sqlite3_bind_int64(cases, 1, (int64_t)c->keys_after);
    while (err == JB_OK && jb_sql_next(c->to, cases, &err)) {
        int64_t bytes = 0;
        (void)sqlite3_bind_int64(key, 1, sqlite3_column_int64(cases, 0));
        if (jb_sql_next(c->from, key, &err))
            err = row_copy(c, key, add, &bytes);
        (void)sqlite3_reset(key);
        jb_breathe(c->to->breath);
    }
    sqlite3_finalize(cases);
    sqlite3_finalize(key);
    sqlite3_finalize(add);
    return err;
}

/* ---- all of it ---- */

static enum jb_err grow(struct jb_backup_copying *c)
{
    enum jb_err err = JB_OK;

    for (const struct jb_backup_table *t = jb_backup_tables; t->name != NULL && err == JB_OK; t++)
        if (t->kind == JB_BACKUP_GROWS)
            err = table_copy(c, t);
    return err;
}

/* One that is erased meanwhile is brought here all the same; the entry that erased it comes later,
 * and with it the key goes. */
static enum jb_err keys_catch_up(struct jb_backup_copying *c)
{
    int64_t last = 0;
    enum jb_err err = keys_drop(c);

    if (err == JB_OK)
        err = keys_add(c);
    if (err == JB_OK)
        err = jb_db_number(c->to, "SELECT max(seq) FROM entry", &last);
    if (err == JB_OK)
        c->keys_after = (uint64_t)last;
    return err;
}

enum jb_err jb_backup_catch_up(struct jb_backup_copying *c)
{
    enum jb_err err = grow(c);

    if (err == JB_OK)
        err = keys_catch_up(c);
    return err == JB_OK ? keep_piece(c) : err;
}

enum jb_err jb_backup_settle(struct jb_backup_copying *c)
{
    struct jb_breath *breath = c->to->breath;

    c->to->breath = NULL;
    enum jb_err err = grow(c);
    if (err == JB_OK)
        err = keys_drop(c);
    if (err == JB_OK)
        err = keys_add(c);
    for (const struct jb_backup_table *t = jb_backup_tables; t->name != NULL && err == JB_OK; t++)
        if (t->kind == JB_BACKUP_WHOLE)
            err = whole_copy(c, t);
    if (err == JB_OK) /* what the access log no longer keeps goes from the backup as well */
        err = jb_db_exec(c->to, "DELETE FROM audit WHERE number <= (SELECT floor FROM audit_end)");
    c->to->breath = breath;
    return err;
}

static enum jb_err tick_copy(void *ctx, struct jb_tick *t)
{
    struct jb_backup_copying *c = ctx;

    c->rows += t->item_count + t->receipt_count + t->up_receipt_count + t->refused_count;
    return jb_behind_record(c->to, t);
}

enum jb_err jb_backup_ticks(struct jb_backup_copying *c, struct jb_fault *fault)
{
    return jb_behind_rows(c->from, tick_copy, c, fault);
}
