/* Private to the ledger: one SQLite connection, its prepared statements, and the memory beside the
 * tables (numbers and heads) that a rollback sets back.
 *
 * No cursor stays open when a function of this folder returns: jb_sql_done after every
 * jb_sql_bind. One thread at a time. */
#ifndef JB_LEDGER_DB_H
#define JB_LEDGER_DB_H

#include <sqlite3.h>

#include "proto/ledger/held.h"
#include "proto/ledger/breath.h"
#include "proto/ledger/brokerlog.h"
#include "proto/ledger/counts.h"
#include "proto/ledger/lights.h"
#include "proto/ledger/ledger.h"
#include "proto/ledger/statements.h"
#include "proto/ledger/tick.h"

#define JB_CASE_BYTES ((size_t)128 * 1024 * 1024) /* one case with all that hangs on it */

struct jb_heads {     /* where the sequences stand; small, copied whole at begin and rollback */
    uint64_t log_seq; /* broker: last entry */
    uint8_t log_head[JB_HASH_BYTES]; /* broker: chain head after it */
    uint32_t node;                   /* replica: own number, 0: not known yet */
    bool issued;                     /* replica: a case number of this file */
    uint64_t settles_after;          /* replica: stream items up to this one settle nothing here */
    struct jb_line_point down;       /* replica: last item taken */
    struct jb_line_point made;       /* replica: last submission made */
    struct jb_line_point settled;    /* replica: last submission whose verdict is here */
    struct jb_counts counts;         /* replica: of its cases */
    struct jb_lights lights;         /* replica: of its open cases */
};

struct jb_line {
    struct jb_line_state now;       /* as the running transaction sees it */
    struct jb_line_state committed; /* as it is on disk; valid when touched */
    bool touched;                   /* changed in this transaction: written by the commit */
    uint64_t pass;                  /* of jb_lines_save_from: its row was written in this one */
    struct jb_line *next_touched;
};

struct jb_backlog {      /* what is on disk as ticks and not yet in the tables: behind.h */
    struct jb_tick **at; /* oldest first; owned */
    size_t count, capacity;
    struct jb_tick *fresh; /* is being made; NULL: what is written goes to the tables at once */
    size_t applying;       /* so many of them, from the oldest on, has the running transaction put
                            * into the tables */
    uint64_t number;       /* of the last tick */
    uint64_t entries;      /* of all that wait */
    uint64_t pass;         /* how often lines were written from ticks */
    uint64_t reach;        /* last entry that the tables have, by the file; 0: it does not say */
};

struct jb_ledger {
    sqlite3 *db;
    enum jb_ledger_role role;
    bool read_only;
    bool memory;                        /* ":memory:": no WAL, nothing durable */
    void (*on_progress)(uint64_t done); /* NULL: nobody waits */
    const atomic_bool *cancel;          /* NULL: never; borrowed */
    struct jb_breath *breath;           /* of a long copy; NULL: never rests; borrowed */
    bool writing;                       /* between begin and commit or rollback */
    uint8_t suite;                      /* whose hash the chains of this file are made with */
    uint8_t epoch[JB_EPOCH_BYTES];
    /* with which its chains begin: the first epoch of the broker's record, which goes on through
     * every later one; a replica: of the record that it follows */
    uint8_t origin[JB_EPOCH_BYTES];
    struct jb_heads heads, committed;
    struct jb_line *
        *lines; /* ascending node; owned, each allocated on its own: pointers stay valid */
    size_t line_count, line_capacity;
    struct jb_line *touched; /* list of touched lines */
    struct jb_backlog behind;
    struct jb_arena scratch; /* for one call at a time */
    struct jb_arena packing; /* broker: the case that is being written */
    struct jb_arena cases;   /* replica: the case to which an item is being applied, and those: */
    struct jb_held held;
    int64_t wal_bytes;
    char error[256]; /* last SQLite error */
    sqlite3_stmt *statements[JB_SQL_COUNT];
    int64_t grams_left; /* replica: see gram.h */
    struct jb_lights_place turning[JB_LIGHTS_KINDS];
    bool lights_moved; /* without a row: goes into the file with the next commit */
};

/* ---- errors ---- */

/* Remember SQLite's message and translate its code. rc must not be OK, ROW or DONE. */
enum jb_err jb_db_fail(struct jb_ledger *l, int rc) JB_MUST;
/* SQLite's own words for an error, in the language of faults if they are in the catalogue (else as
 * they are). Lives as long as `words`, or for ever. */
const char *jb_db_words(const char *words);
/* CORRUPT: the file is no record, or a broken one, and what to do about it. */
enum jb_err jb_db_damaged(const char *path, const char *how, struct jb_fault *fault) JB_MUST;
/* Another reason, as text for jb_ledger_error. */
void jb_db_note(struct jb_ledger *l, const char *text);
/* Run SQL text without result rows (schema, pragmas). */
enum jb_err jb_db_exec(struct jb_ledger *l, const char *sql) JB_MUST;
/* The integer that a pragma or a SELECT gives in its first row; 0 when there is none. */
enum jb_err jb_db_number(struct jb_ledger *l, const char *sql, int64_t *out) JB_MUST;

/* ---- binding ---- */

struct jb_bind { /* one value; data must live until jb_sql_done */
    enum {
        JB_BIND_INT,
        JB_BIND_TEXT,
        JB_BIND_BLOB,
        JB_BIND_NULL
    } type;
    int64_t number;
    const void *data;
    size_t len;
};
struct jb_row {
    const struct jb_bind *at;
    size_t count;
};

static inline struct jb_bind jb_int(int64_t v)
{
    return (struct jb_bind){JB_BIND_INT, v, NULL, 0};
}
static inline struct jb_bind jb_u64(uint64_t v)
{
    return (struct jb_bind){JB_BIND_INT, (int64_t)v, NULL, 0};
}
static inline struct jb_bind jb_text(struct jb_text v)
{
    return (struct jb_bind){JB_BIND_TEXT, 0, v.data, v.len};
}
static inline struct jb_bind jb_blob(struct jb_bytes v)
{
    return (struct jb_bind){JB_BIND_BLOB, 0, v.data, v.len};
}
static inline struct jb_bind jb_fixed(const uint8_t *data, size_t len)
{
    return (struct jb_bind){JB_BIND_BLOB, 0, data, len};
}
/* NULL when empty. */
static inline struct jb_bind jb_optional(struct jb_bytes v)
{
    return (struct jb_bind){v.len == 0 ? JB_BIND_NULL : JB_BIND_BLOB, 0, v.data, v.len};
}
#define JB_ROW(...)                                                                                \
    ((struct jb_row){(const struct jb_bind[]){__VA_ARGS__},                                        \
                     sizeof((const struct jb_bind[]){__VA_ARGS__}) / sizeof(struct jb_bind)})
#define JB_NO_ROW ((struct jb_row){NULL, 0})

/* ---- statements ---- */

/* Bind all parameters of a fixed statement. Then step with jb_sql_next; end with jb_sql_done. */
sqlite3_stmt *jb_sql_bind(struct jb_ledger *l, enum jb_sql id, struct jb_row row);
void jb_sql_bind_to(sqlite3_stmt *s, struct jb_row row);
/* True: a row is there. False: *err is OK at the end, else what went wrong. */
bool jb_sql_next(struct jb_ledger *l, sqlite3_stmt *s, enum jb_err *err) JB_MUST;
void jb_sql_done(sqlite3_stmt *s);
/* Bind, run to the end, done: for statements without rows. */
enum jb_err jb_sql_run(struct jb_ledger *l, enum jb_sql id, struct jb_row row) JB_MUST;
/* The first column of the first row as a number; NOT_FOUND when there is no row. */
enum jb_err jb_sql_number(struct jb_ledger *l, enum jb_sql id, struct jb_row row,
                          int64_t *out) JB_MUST;

/* The first column of the first row of a bound statement, which is then done: a blob into the
 * arena, or a chain head. NOT_FOUND when there is no row; the result is set only on success. */
enum jb_err jb_sql_blob(struct jb_ledger *l, sqlite3_stmt *s, struct jb_arena *arena,
                        struct jb_bytes *out) JB_MUST;
enum jb_err jb_sql_head(struct jb_ledger *l, sqlite3_stmt *s, uint8_t head[JB_HASH_BYTES]) JB_MUST;

/* Hold one view of the tables over several statements; a no-op inside a transaction (*mine false).
 */
enum jb_err jb_sql_snapshot(struct jb_ledger *l, bool *mine) JB_MUST;
void jb_sql_snapshot_end(struct jb_ledger *l, bool mine);

/* An array of one type that grows in an arena while rows are read. */
struct jb_list {
    void *at;
    size_t count, capacity, bytes; /* bytes: of one */
};
/* Room for one more at the end, whose contents are undefined; NULL: out of memory. */
void *jb_list_push(struct jb_list *list, struct jb_arena *arena);

/* ---- reading a row, column by column ---- */

struct jb_reader {
    sqlite3_stmt *s;
    int column;             /* next one */
    struct jb_arena *arena; /* for texts and blobs */
    enum jb_err err;        /* first error; the getters give zero values from then on */
};

static inline struct jb_reader jb_reader_of(sqlite3_stmt *s, struct jb_arena *arena)
{
    return (struct jb_reader){s, 0, arena, JB_OK};
}
int64_t jb_get_i64(struct jb_reader *r);
uint64_t jb_get_u64(struct jb_reader *r);
uint32_t jb_get_u32(struct jb_reader *r);
int jb_get_int(struct jb_reader *r);
/* Copies into the arena. NOMEM. */
struct jb_text jb_get_text(struct jb_reader *r);
struct jb_bytes jb_get_blob(struct jb_reader *r);
/* Without a copy: valid until the next step. */
struct jb_bytes jb_peek_blob(struct jb_reader *r);
/* A blob of exactly `len` bytes; CORRUPT. */
void jb_get_fixed(struct jb_reader *r, uint8_t *out, size_t len);

/* ---- parts of open, commit and rollback (ledger.c, state.c, line.c) ---- */

/* Prepare the fixed statements that are not prepared yet. The fault names `path`. */
enum jb_err jb_statements_prepare(struct jb_ledger *l, const char *path,
                                  struct jb_fault *fault) JB_MUST;

/* Move all of the WAL into the file, synced (wal.c). BUSY: a reader holds a part of it up. */
enum jb_err jb_wal_settle(struct jb_ledger *l) JB_MUST;

/* BEGIN, and nothing else. Errors as jb_ledger_begin. */
enum jb_err jb_transaction_begin(struct jb_ledger *l) JB_MUST;

/* What a replica keeps beside its tables, into the file: part of a commit. */
enum jb_err jb_numbers_store(struct jb_ledger *l) JB_MUST;
/* Fill heads and lines from the tables. */
enum jb_err jb_state_load(struct jb_ledger *l) JB_MUST;
enum jb_err jb_lines_load(struct jb_ledger *l) JB_MUST;
/* Write the touched lines; then either of the other two. */
enum jb_err jb_lines_flush(struct jb_ledger *l) JB_MUST;
void jb_lines_keep(struct jb_ledger *l);
/* The touched lines into a tick. */
enum jb_err jb_lines_pack(struct jb_ledger *l, struct jb_tick *t) JB_MUST;
/* This is how a line stands; its row says less. */
enum jb_err jb_line_is_behind(struct jb_ledger *l, const struct jb_line_state *state) JB_MUST;
/* Write the rows of all lines in these ticks, as they are after the last of them. */
enum jb_err jb_lines_save_from(struct jb_ledger *l, struct jb_tick *const *ticks,
                               size_t count) JB_MUST;
/* Rows of line, receipt or up_receipt, refused. */
enum jb_err jb_line_save(struct jb_ledger *l, const struct jb_line_state *state) JB_MUST;
enum jb_err jb_receipt_write(struct jb_ledger *l, enum jb_sql id,
                             const struct jb_receipt *r) JB_MUST;
enum jb_err jb_refused_write(struct jb_ledger *l, const struct jb_line_decided *d,
                             const uint8_t epoch[JB_EPOCH_BYTES]) JB_MUST;
void jb_lines_restore(struct jb_ledger *l);
void jb_lines_free(struct jb_ledger *l);

/* The state of a line that is about to change: written by the commit, set back by a rollback. NULL:
 * out of memory. Inside a transaction. */
struct jb_line_state *jb_line_touch(struct jb_ledger *l, uint32_t node);
/* Heads of both chains before their first item, from heads.node and the epochs. */
void jb_replica_heads_start(struct jb_ledger *l);
/* A fact of `meta` that has this length; *found false: it is not there. */
enum jb_err jb_fact_read(struct jb_ledger *l, const char *key, uint8_t *out, size_t len,
                         bool *found) JB_MUST;
/* Numbers as facts keep them: 8 bytes each, the highest first. */
void jb_numbers_pack(const int64_t *numbers, size_t count, uint8_t *raw);
void jb_numbers_unpack(const uint8_t *raw, size_t count, int64_t *numbers);
/* A number in `meta`; reading: 0 when it is not there. */
enum jb_err jb_number_read(struct jb_ledger *l, const char *key, uint64_t *out) JB_MUST;
enum jb_err jb_number_write(struct jb_ledger *l, const char *key, uint64_t value) JB_MUST;
/* Give each row of (seq, body) to `each`; done with the statement. */
enum jb_err jb_log_each_row(struct jb_ledger *l, sqlite3_stmt *s, jb_log_each each,
                            void *ctx) JB_MUST;

/* ---- parts of applying and purging ---- */

/* The entry belongs to this case (0: to none): its place in case_entry. */
enum jb_err jb_case_entry_add(struct jb_ledger *l, int64_t case_no, uint64_t seq) JB_MUST;

enum jb_err jb_deadlines_load(struct jb_ledger *l, struct jb_case *c,
                              struct jb_arena *arena) JB_MUST;
/* The first instant at which it has anything to say, whatever was said already. */
int64_t jb_deadline_first_ms(const struct jb_deadline *d);
/* Write what is dirty; the marks stay: jb_case_clean takes them away. */
enum jb_err jb_deadlines_save(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* All rows of a case that are dirty; at a replica its light too. */
enum jb_err jb_case_write(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* The case as it is after the tick that is being made. */
enum jb_err jb_behind_case_put(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* Read one deadline from a row that begins with JB_DEADLINE_NAMES. */
struct jb_deadline jb_deadline_get(struct jb_reader *r, int64_t *case_no);
/* caseparts.c: marks, directives with their receivers, dockets. Which parts the case has; load them
 * as far as `parts` says; write what is dirty. */
unsigned jb_case_parts(const struct jb_case *c);
enum jb_err jb_case_parts_load(struct jb_ledger *l, struct jb_case *c, unsigned parts,
                               struct jb_arena *arena) JB_MUST;
enum jb_err jb_case_parts_save(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* The marks alone, if they are dirty. */
enum jb_err jb_case_marks_save(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* Read one from a row that holds its columns after case_no. */
struct jb_directive jb_directive_get(struct jb_reader *r);
struct jb_target jb_target_get(struct jb_reader *r);
struct jb_docket jb_docket_get(struct jb_reader *r);
enum jb_err jb_directory_entry_apply(struct jb_ledger *l, const struct jb_entry *entry) JB_MUST;
enum jb_err jb_delegation_entry_apply(struct jb_ledger *l, const struct jb_entry *entry) JB_MUST;
/* Drop the derived rows of a case. */
enum jb_err jb_case_rows_drop(struct jb_ledger *l, int64_t case_no) JB_MUST;
/* A LEFT item: derived rows go, the note that the case was left comes. */
struct jb_left {
    int64_t case_no;
    int64_t at_ms;
    uint64_t number; /* of the item */
    struct jb_text reason;
};
enum jb_err jb_left_apply(struct jb_ledger *l, const struct jb_left *left) JB_MUST;

/* line.c: the columns of one row of `line`, in their order; the epochs of `down` and `acked` are
 * the ledger's own and left alone. */
void jb_line_row(struct jb_reader *r, struct jb_line_state *state);

#endif
