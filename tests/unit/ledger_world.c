#include "tests/unit/ledger_world.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"

/* ---- files ---- */

int lw_setup(void **state)
{
    struct lw *w = calloc(1, sizeof *w);

    assert_non_null(w);
    const char *folder = getenv("TMPDIR");
    int len =
        snprintf(w->dir, sizeof w->dir, "%s/jb-ledger-XXXXXX", folder != NULL ? folder : "/tmp");
    assert_true(len > 0 && (size_t)len < sizeof w->dir);
    assert_non_null(mkdtemp(w->dir));
    jb_arena_init(&w->arena, (size_t)256 * 1024 * 1024);
    w->random = 20261123;
    w->now_ms = LW_START_MS;
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

int lw_teardown(void **state)
{
    struct lw *w = *state;
    int rc = nftw(w->dir, remove_one, 4, FTW_DEPTH | FTW_PHYS);

    jb_arena_fini(&w->arena);
    free(w);
    return rc;
}

const char *lw_path(struct lw *w, const char *name)
{
    snprintf(w->path, sizeof w->path, "%s/%s", w->dir, name);
    return w->path;
}

struct jb_ledger *lw_open(struct lw *w, const char *name, enum jb_ledger_role role)
{
    struct jb_ledger_options options = {.role = role, .make = JB_LEDGER_ANEW};
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(lw_path(w, name), &options, &l, &w->fault);

    if (err != JB_OK)
        fail_msg("%s", w->fault.text);
    return l;
}

void lw_close(struct jb_ledger **l)
{
    for (sqlite3_stmt *s = sqlite3_next_stmt((*l)->db, NULL); s != NULL;
         s = sqlite3_next_stmt((*l)->db, s))
        if (sqlite3_stmt_busy(s))
            fail_msg("left open: %s", sqlite3_sql(s));
    jb_ledger_close(l);
    assert_null(*l);
}

void lw_copy_file(struct lw *w, const char *from, const char *to)
{
    char block[65536];
    size_t len;
    FILE *in = fopen(lw_path(w, from), "rb");
    FILE *out = fopen(lw_path(w, to), "wb");

    assert_true(in != NULL && out != NULL);
    while ((len = fread(block, 1, sizeof block, in)) > 0)
        assert_int_equal(fwrite(block, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    fclose(in);
}

void lw_remove(struct lw *w, const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char file[64];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(file, sizeof file, "%s%s", name, ends[i]);
        (void)unlink(lw_path(w, file));
    }
}

void lw_damage(struct lw *w, const char *name, long offset, struct jb_bytes bytes)
{
    FILE *f = fopen(lw_path(w, name), offset < 0 ? "wb" : "rb+");

    assert_non_null(f);
    assert_int_equal(fseek(f, offset < 0 ? 0 : offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

bool lw_file_contains(struct lw *w, const char *name, const char *text)
{
    FILE *f = fopen(lw_path(w, name), "rb");
    long size;

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    assert_true(size > 0);
    char *all = malloc((size_t)size);
    assert_non_null(all);
    rewind(f);
    assert_int_equal(fread(all, 1, (size_t)size, f), size);
    fclose(f);
    bool found = memmem(all, (size_t)size, text, strlen(text)) != NULL;
    free(all);
    return found;
}

void lw_sql(struct lw *w, const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    char *error = NULL;

    assert_int_equal(sqlite3_open(lw_path(w, name), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- broker ---- */

struct jb_bytes lw_log(struct lw *w, struct jb_ledger *l, struct jb_entry *entry)
{
    struct jb_bytes bytes;

    assert_int_equal(jb_entry_encode(entry, &w->arena, &bytes), JB_OK);
    assert_int_equal(jb_log_append(l, entry, bytes), JB_OK);
    assert_int_equal(jb_ledger_apply(l, entry, &w->arena), JB_OK);
    return bytes;
}

uint64_t lw_log_to(struct lw *w, struct jb_ledger *l, struct jb_entry *entry,
                   struct jb_stream_add to)
{
    uint64_t number = 0;

    to.entry = lw_log(w, l, entry);
    to.entry_seq = entry->seq;
    to.case_no = entry->act.case_no;
    to.at_ms = entry->at_ms;
    assert_int_equal(jb_stream_append(l, &to, &number), JB_OK);
    return number;
}

void lw_history(struct lw *w, struct jb_ledger *l, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i % 10 == 0)
            assert_int_equal(jb_ledger_begin(l), JB_OK);
        struct jb_entry entry = lw_random_entry(w, l);
        (void)lw_log(w, l, &entry);
        if (i % 10 == 9 || i + 1 == count)
            assert_int_equal(jb_ledger_commit(l), JB_OK);
    }
}

/* ---- replica ---- */

struct jb_ledger *lw_replica(struct lw *w, const char *name, struct jb_ledger *broker,
                             uint32_t node)
{
    struct jb_ledger *l = lw_open(w, name, JB_LEDGER_REPLICA);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_replica_node_set(l, node), JB_OK);
    assert_int_equal(jb_replica_down_epoch(l, jb_ledger_epoch(broker)), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    return l;
}

void lw_deliver(struct lw *w, struct jb_ledger *broker, struct jb_ledger *replica)
{
    struct jb_frame_item *items;
    size_t count;
    uint8_t head[JB_HASH_BYTES];
    struct jb_applied applied;
    struct jb_stream_read want = {.node = jb_replica_node(replica),
                                  .from = jb_replica_down(replica).number + 1,
                                  .max_items = 1000,
                                  .max_bytes = SIZE_MAX};

    assert_int_equal(jb_stream_read(broker, &want, &w->arena, &items, &count, head), JB_OK);
    assert_int_equal(jb_ledger_begin(replica), JB_OK);
    jb_replica_hold(replica); /* as an agent does */
    for (size_t i = 0; i < count; i++)
        if (jb_replica_take(replica, &items[i], &w->arena, &applied, &w->fault) != JB_OK)
            fail_msg("%s", w->fault.text);
    assert_int_equal(jb_ledger_commit(replica), JB_OK);
    assert_memory_equal(jb_replica_down(replica).head, head, sizeof head);
}

/* ---- looking inside ---- */

static void dump_row(FILE *out, sqlite3_stmt *s)
{
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        if (sqlite3_column_type(s, i) == SQLITE_BLOB) {
            const uint8_t *data = sqlite3_column_blob(s, i);
            for (int k = 0; k < sqlite3_column_bytes(s, i); k++)
                fprintf(out, "%02x", data[k]);
            fprintf(out, "|");
        } else {
            const unsigned char *text = sqlite3_column_text(s, i);
            fprintf(out, "%s|", text != NULL ? (const char *)text : "NULL");
        }
    }
    fprintf(out, "\n");
}

char *lw_dump(struct jb_ledger *l)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL; t++) {
        char sql[128];
        sqlite3_stmt *s = NULL;
        if (t->role != 0 && t->role != (int)l->role)
            continue;
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", t->name, t->order);
        assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
        fprintf(out, "== %s\n", t->name);
        while (sqlite3_step(s) == SQLITE_ROW)
            dump_row(out, s);
        sqlite3_finalize(s);
    }
    fclose(out);
    return text;
}

char *lw_plan(struct jb_ledger *l, enum jb_sql id)
{
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(l->statements[id]));
    char *text = NULL;
    size_t size;
    sqlite3_stmt *s = NULL;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        fprintf(out, "%s;", (const char *)sqlite3_column_text(s, 3));
    sqlite3_finalize(s);
    sqlite3_free(sql);
    fclose(out);
    return text;
}
