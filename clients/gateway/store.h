/* The gateway's own file (SQLite): accounts, sessions, API tokens, log-ins, answers kept for
 * repeats.
 *
 * Opens, migrates, locks, and runs the statements of sql.h. What a write function has answered with
 * OK is on the disk. No cursor stays open when a function of the gateway returns. Loop thread only.
 *
 * To add a table: a step at the end of `migrations` in store.c (never change one that was
 * released), statements in sql.h, a file named after the table. */
#ifndef JB_CLIENTS_GATEWAY_STORE_H
#define JB_CLIENTS_GATEWAY_STORE_H

#include <sqlite3.h>

#include "clients/gateway/sql.h"
#include "proto/base/arena.h"
#include "proto/base/err.h"

struct jb_gw_store;

/* Open FOLDER/gateway.db, making it if need be. `lock`: hold the lock of the folder, for the
 * gateway itself; commands of administration run beside it. JB_LOCKED: another gateway has it;
 * JB_VERSION: made by a newer one; JB_CORRUPT, JB_DENIED, JB_IO, JB_NOMEM. */
JB_MUST enum jb_err jb_gw_store_open(const char *folder, bool lock, struct jb_gw_store **out,
                                     struct jb_fault *fault);
void jb_gw_store_close(struct jb_gw_store **store);

/* What a failed call said, for logs. */
const char *jb_gw_store_error(const struct jb_gw_store *store);

struct jb_gw_value { /* one parameter; data must live until the statement is done */
    enum {
        JB_GW_INT,
        JB_GW_TEXT,
        JB_GW_BLOB
    } type;
    int64_t number;
    const void *data; /* NULL: SQL's NULL */
    size_t len;
};
static inline struct jb_gw_value jb_gw_int(int64_t v)
{
    return (struct jb_gw_value){JB_GW_INT, v, NULL, 0};
}
static inline struct jb_gw_value jb_gw_text(const char *v)
{
    return (struct jb_gw_value){JB_GW_TEXT, 0, v, v != NULL ? strlen(v) : 0};
}
static inline struct jb_gw_value jb_gw_blob(const void *v, size_t len)
{
    return (struct jb_gw_value){JB_GW_BLOB, 0, v, len};
}
struct jb_gw_values {
    const struct jb_gw_value *at;
    size_t count;
};
#define JB_GW_VALUES(...)                                                                          \
    ((struct jb_gw_values){(const struct jb_gw_value[]){__VA_ARGS__},                              \
                           sizeof((const struct jb_gw_value[]){__VA_ARGS__}) /                     \
                               sizeof(struct jb_gw_value)})

/* Bind all parameters; then step with next, read columns with SQLite's functions, end with done. */
sqlite3_stmt *jb_gw_sql_bind(struct jb_gw_store *store, enum jb_gw_sql id,
                             struct jb_gw_values values);
/* true: a row is there. false: *err is OK at the end, else what went wrong. */
JB_MUST bool jb_gw_sql_next(struct jb_gw_store *store, sqlite3_stmt *s, enum jb_err *err);
void jb_gw_sql_done(sqlite3_stmt *s);
/* A column as text in the arena; NULL: none, or out of memory. */
const char *jb_gw_sql_text(sqlite3_stmt *s, int column, struct jb_arena *arena);

/* Bind, run to the end, done: for statements without rows. *changed (NULL: not wanted): rows that
 * it changed. JB_EXISTS: a key that is there already. */
JB_MUST enum jb_err jb_gw_sql_run(struct jb_gw_store *store, enum jb_gw_sql id,
                                  struct jb_gw_values values, int *changed);

/* Several statements that come into force together. */
JB_MUST enum jb_err jb_gw_store_begin(struct jb_gw_store *store);
JB_MUST enum jb_err jb_gw_store_commit(struct jb_gw_store *store);
void jb_gw_store_rollback(struct jb_gw_store *store);

#endif
