/* See store.h: files, the lines of their reports, cursors. */
#include "clients/gateway/adapters/storesql.h"

/* ---- files ---- */

enum jb_err jb_ex_file_begin(struct jb_ex_store *s, const uint8_t digest[JB_EX_DIGEST],
                             const char *name, int64_t now_ms, struct jb_ex_file *out)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_FILE_FIND];
    *out = (struct jb_ex_file){.id = 0};
    (void)sqlite3_bind_blob(q, 1, digest, JB_EX_DIGEST, SQLITE_STATIC);
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err == JB_OK) {
        out->id = sqlite3_column_int64(q, 0);
        out->decided = sqlite3_column_int(q, 1) == 1;
        jb_ex_sql_column(q, 2, out->verdict, sizeof out->verdict);
        jb_ex_sql_done(q);
    }
    if (err != JB_NOT_FOUND)
        return err;
    q = s->statements[JB_EX_SQL_FILE_ADD];
    (void)sqlite3_bind_blob(q, 1, digest, JB_EX_DIGEST, SQLITE_STATIC);
    jb_ex_sql_text(q, 2, name);
    jb_ex_sql_number(q, 3, now_ms);
    err = jb_ex_sql_run(s, q);
    out->id = sqlite3_last_insert_rowid(s->db);
    return err;
}

enum jb_err jb_ex_file_decide(struct jb_ex_store *s, const struct jb_ex_file *f)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_FILE_DECIDE];
    jb_ex_sql_number(q, 1, f->id);
    jb_ex_sql_text(q, 2, f->verdict);
    return jb_ex_sql_run(s, q);
}

enum jb_err jb_ex_file_finish(struct jb_ex_store *s, int64_t id, int64_t now_ms)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_FILE_FINISH];
    jb_ex_sql_number(q, 1, id);
    jb_ex_sql_number(q, 2, now_ms);
    return jb_ex_sql_run(s, q);
}

enum jb_err jb_ex_file_decided(struct jb_ex_store *s, int64_t after, struct jb_ex_file *out,
                               char *name, size_t size)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_FILE_DECIDED];
    jb_ex_sql_number(q, 1, after);
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err != JB_OK)
        return err;
    *out = (struct jb_ex_file){.id = sqlite3_column_int64(q, 0), .decided = true};
    jb_ex_sql_column(q, 1, name, size);
    jb_ex_sql_column(q, 2, out->verdict, sizeof out->verdict);
    jb_ex_sql_done(q);
    return JB_OK;
}

enum jb_err jb_ex_line_put(struct jb_ex_store *s, int64_t file, const struct jb_ex_line *line)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_LINE_PUT];
    jb_ex_sql_number(q, 1, file);
    jb_ex_sql_number(q, 2, line->row);
    jb_ex_sql_number(q, 3, line->outcome);
    jb_ex_sql_text(q, 4, line->number);
    jb_ex_sql_text(q, 5, line->case_number);
    jb_ex_sql_text(q, 6, line->column);
    jb_ex_sql_text(q, 7, line->detail);
    jb_ex_sql_text(q, 8, line->query_code);
    return jb_ex_sql_run(s, q);
}

enum jb_err jb_ex_line_last(struct jb_ex_store *s, int64_t file, int64_t *row)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_LINE_LAST];
    jb_ex_sql_number(q, 1, file);
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err != JB_OK)
        return err;
    *row = sqlite3_column_int64(q, 0);
    jb_ex_sql_done(q);
    return JB_OK;
}

enum jb_err jb_ex_line_next(struct jb_ex_store *s, int64_t file, int64_t after,
                            struct jb_arena *arena, struct jb_ex_line *out)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_LINE_NEXT];
    jb_ex_sql_number(q, 1, file);
    jb_ex_sql_number(q, 2, after);
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err != JB_OK)
        return err;
    *out = (struct jb_ex_line){.row = sqlite3_column_int64(q, 0),
                               .outcome = (enum jb_ex_outcome)sqlite3_column_int(q, 1),
                               .number = jb_ex_sql_kept(q, 2, arena),
                               .case_number = jb_ex_sql_kept(q, 3, arena),
                               .column = jb_ex_sql_kept(q, 4, arena),
                               .detail = jb_ex_sql_kept(q, 5, arena),
                               .query_code = jb_ex_sql_kept(q, 6, arena)};
    jb_ex_sql_done(q);
    return arena->overflowed ? JB_NOMEM : JB_OK;
}

enum jb_err jb_ex_line_settle(struct jb_ex_store *s, const struct jb_ex_taken *t)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_LINE_SETTLE];
    jb_ex_sql_number(q, 1, t->file);
    jb_ex_sql_number(q, 2, t->row);
    jb_ex_sql_number(q, 3, t->state == JB_EX_DONE ? JB_EX_ROW_TAKEN : JB_EX_ROW_REFUSED);
    jb_ex_sql_text(q, 4, t->case_number);
    jb_ex_sql_text(q, 5, t->detail);
    enum jb_err err = jb_ex_sql_run(s, q);
    q = s->statements[JB_EX_SQL_FILE_REOPEN];
    jb_ex_sql_number(q, 1, t->file);
    return err == JB_OK ? jb_ex_sql_run(s, q) : err;
}

/* ---- cursors ---- */

enum jb_err jb_ex_cursor_get(struct jb_ex_store *s, const char *name, struct jb_arena *arena,
                             const char **value)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_CURSOR_GET];
    jb_ex_sql_text(q, 1, name);
    *value = "";
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err == JB_NOT_FOUND)
        return JB_OK;
    if (err != JB_OK)
        return err;
    *value = jb_ex_sql_kept(q, 0, arena);
    jb_ex_sql_done(q);
    return *value != NULL ? JB_OK : JB_NOMEM;
}

enum jb_err jb_ex_cursor_put(struct jb_ex_store *s, const char *name, const char *value)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_CURSOR_PUT];
    jb_ex_sql_text(q, 1, name);
    jb_ex_sql_text(q, 2, value);
    return jb_ex_sql_run(s, q);
}
