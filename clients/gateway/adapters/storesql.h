/* Inside of the store: its statements, and what store.c and store_file.c share. */
#ifndef JB_EX_STORESQL_H
#define JB_EX_STORESQL_H

#include <sqlite3.h>

#include "clients/gateway/adapters/store.h"

#define JB_EX_STATEMENTS(X)                                                                        \
    X(TAKEN_GET, "SELECT state, token, made_ms, file, row, submission, case_number, query_code, "  \
                 "detail FROM taken WHERE system = ?1 AND number = ?2 AND step = ?3")              \
    X(TAKEN_PUT, "INSERT INTO taken (system, number, step, state, token, made_ms, file, row, "     \
                 "submission, case_number, query_code, detail, version, told, last) VALUES (?1, "  \
                 "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, '', 0) ON CONFLICT (system, "  \
                 "number, step) DO UPDATE SET state = ?4, token = ?5, made_ms = ?6, file = ?7, "   \
                 "row = ?8, submission = ?9, case_number = ?10, query_code = ?11, detail = ?12")   \
    X(TAKEN_DROP, "DELETE FROM taken WHERE system = ?1 AND number = ?2 AND step = ?3")             \
    X(TAKEN_NEXT, "SELECT number, step, case_number, told, submission, version FROM taken "        \
                  "WHERE system = ?1 AND state = ?2 AND number || char(9) || step > ?3 "           \
                  "ORDER BY number || char(9) || step LIMIT 1")                                    \
    X(TAKEN_OPEN, "SELECT number, step, case_number, told, submission, version FROM taken "        \
                  "WHERE system = ?1 AND last = ?3 AND state IN (2, 3) AND step = 'register' "     \
                  "AND number > ?2 ORDER BY number LIMIT 1")                                       \
    X(TOLD_PUT, "UPDATE taken SET version = ?4, told = ?5, last = ?6 "                             \
                "WHERE system = ?1 AND number = ?2 AND step = ?3")                                 \
    X(FILE_FIND, "SELECT id, state, verdict FROM file WHERE digest = ?1 AND state < 2")            \
    X(FILE_ADD, "INSERT INTO file (digest, name, state, verdict, begun_ms, ended_ms) "             \
                "VALUES (?1, ?2, 0, '', ?3, 0)")                                                   \
    X(FILE_DECIDE, "UPDATE file SET state = 1, verdict = ?2 WHERE id = ?1")                        \
    X(FILE_FINISH, "UPDATE file SET state = 2, ended_ms = ?2 WHERE id = ?1")                       \
    X(FILE_REOPEN, "UPDATE file SET state = 1 WHERE id = ?1 AND state = 2")                        \
    X(FILE_DECIDED,                                                                                \
      "SELECT id, name, verdict FROM file WHERE state = 1 AND id > ?1 ORDER BY id LIMIT 1")        \
    X(LINE_PUT, "INSERT OR REPLACE INTO line (file, row, outcome, number, case_number, "           \
                "column_name, detail, query_code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")        \
    X(LINE_LAST, "SELECT coalesce(max(row), 0) FROM line WHERE file = ?1")                         \
    X(LINE_NEXT, "SELECT row, outcome, number, case_number, column_name, detail, query_code "      \
                 "FROM line WHERE file = ?1 AND row > ?2 ORDER BY row LIMIT 1")                    \
    X(LINE_SETTLE, "UPDATE line SET outcome = ?3, case_number = ?4, detail = ?5 "                  \
                   "WHERE file = ?1 AND row = ?2")                                                 \
    X(CURSOR_GET, "SELECT value FROM cursor WHERE name = ?1")                                      \
    X(CURSOR_PUT, "INSERT OR REPLACE INTO cursor (name, value) VALUES (?1, ?2)")

enum jb_ex_statement {
#define X(name, sql) JB_EX_SQL_##name,
    JB_EX_STATEMENTS(X)
#undef X
    JB_EX_SQL_COUNT
};

struct jb_ex_store {
    sqlite3 *db;
    int lock_fd;
    char error[256];
    sqlite3_stmt *statements[JB_EX_SQL_COUNT];
};

/* Bind a parameter; borrowed until jb_ex_sql_done. */
static inline void jb_ex_sql_text(sqlite3_stmt *q, int at, const char *value)
{
    (void)sqlite3_bind_text(q, at, value, -1, SQLITE_STATIC);
}
static inline void jb_ex_sql_number(sqlite3_stmt *q, int at, int64_t value)
{
    (void)sqlite3_bind_int64(q, at, value);
}
void jb_ex_sql_done(sqlite3_stmt *q);
/* For a statement without rows. */
JB_MUST enum jb_err jb_ex_sql_run(struct jb_ex_store *s, sqlite3_stmt *q);
/* NOT_FOUND: no row; then the statement is done, otherwise the caller ends it. */
JB_MUST enum jb_err jb_ex_sql_first(struct jb_ex_store *s, sqlite3_stmt *q);
/* A column as text: copied, cut if need be (diagnoses only are longer); kept in an arena. */
void jb_ex_sql_column(sqlite3_stmt *q, int at, char *out, size_t size);
const char *jb_ex_sql_kept(sqlite3_stmt *q, int at, struct jb_arena *arena);

#endif
