/* See ledger_old.h. */
#include "tests/unit/ledger_old.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"

const struct lo_dump lo_dumps[] = {
    {"tests/data/ledger-v1/broker.sql", 1, JB_LEDGER_BROKER, 4, 0, 0, 0, 4},
    {"tests/data/ledger-v1/xfj.sql", 1, JB_LEDGER_REPLICA, 4, 0, 0, 0, 4},
    {"tests/data/ledger-v1/zjj.sql", 1, JB_LEDGER_REPLICA, 2, 0, 1, 0, 4},
    {"tests/data/ledger-v2/broker.sql", 2, JB_LEDGER_BROKER, 5, 0, 0, 6, 4},
    {"tests/data/ledger-v2/xfj.sql", 2, JB_LEDGER_REPLICA, 5, 0, 0, 6, 4},
    {"tests/data/ledger-v2/zjj.sql", 2, JB_LEDGER_REPLICA, 2, 0, 1, 3, 4},
    {"tests/data/ledger-v3/broker.sql", 3, JB_LEDGER_BROKER, 5, 0, 0, 6, 4},
    {"tests/data/ledger-v3/xfj.sql", 3, JB_LEDGER_REPLICA, 5, 0, 0, 6, 4},
    {"tests/data/ledger-v3/zjj.sql", 3, JB_LEDGER_REPLICA, 2, 0, 1, 3, 4},
    {"tests/data/ledger-v4/broker.sql", 4, JB_LEDGER_BROKER, 3, 0, 0, 4, 4},
    {"tests/data/ledger-v4/xfj.sql", 4, JB_LEDGER_REPLICA, 3, 0, 0, 4, 4},
    {"tests/data/ledger-v4/zjj.sql", 4, JB_LEDGER_REPLICA, 2, 0, 1, 3, 4},
    {"tests/data/ledger-v5/broker.sql", 5, JB_LEDGER_BROKER, 3, 0, 0, 4, 4},
    {"tests/data/ledger-v5/xfj.sql", 5, JB_LEDGER_REPLICA, 3, 0, 0, 4, 4},
    {"tests/data/ledger-v5/zjj.sql", 5, JB_LEDGER_REPLICA, 2, 0, 1, 3, 4},
    {"tests/data/ledger-v6/broker.sql", 6, JB_LEDGER_BROKER, 3, 0, 0, 3, 4},
    {"tests/data/ledger-v6/xfj.sql", 6, JB_LEDGER_REPLICA, 3, 0, 0, 3, 4},
    {"tests/data/ledger-v6/zjj.sql", 6, JB_LEDGER_REPLICA, 2, 0, 1, 2, 4},
    {"tests/data/ledger-v7/broker.sql", 7, JB_LEDGER_BROKER, 8, 1, 0, 8, 5},
    {"tests/data/ledger-v7/xfj.sql", 7, JB_LEDGER_REPLICA, 8, 1, 0, 8, 5},
    {"tests/data/ledger-v7/zjj.sql", 7, JB_LEDGER_REPLICA, 4, 1, 1, 5, 5},
    {.path = NULL},
};

static char *file_text(const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t size = 1 << 20;
    char *text = malloc(size);

    assert_non_null(in);
    assert_non_null(text);
    size_t len = fread(text, 1, size - 1, in);
    assert_true(len > 1000 && len < size - 1);
    assert_int_equal(fclose(in), 0);
    text[len] = '\0';
    return text;
}

void lo_make(struct lw *w, const char *name, const char *dump, int version)
{
    char *text = file_text(dump);
    char pragmas[128];

    lw_remove(w, name);
    lw_sql(w, name, text);
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             JB_LEDGER_APPLICATION_ID, version);
    lw_sql(w, name, pragmas);
    free(text);
}

int64_t lo_version(struct lw *w, const char *name)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_open(lw_path(w, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return version;
}

int lo_newest(void)
{
    return (int)jb_schema_known().count + 1;
}

int64_t lo_number(struct jb_ledger *l, const char *sql)
{
    int64_t value = -1;

    assert_int_equal(jb_db_number(l, sql, &value), JB_OK);
    return value;
}

void lo_copies_remove(struct lw *w, const char *name)
{
    for (int version = 1; version < lo_newest(); version++) {
        char copy[64];
        snprintf(copy, sizeof copy, "%s.v%d", name, version);
        lw_remove(w, copy);
        snprintf(copy, sizeof copy, "%s.v%d.part", name, version);
        lw_remove(w, copy);
    }
}

int64_t lo_sum(struct lw *w, struct jb_ledger *l, int64_t (*of)(const struct jb_case *c))
{
    sqlite3_stmt *s = NULL;
    int64_t sum = 0;

    assert_int_equal(sqlite3_prepare_v2(l->db, "SELECT case_no FROM case_file", -1, &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct jb_case c;
        assert_int_equal(jb_ledger_case_load(l, sqlite3_column_int64(s, 0), &w->arena, &c), JB_OK);
        sum += of(&c);
    }
    sqlite3_finalize(s);
    return sum;
}

static int64_t deadlines_of(const struct jb_case *c)
{
    return (int64_t)c->deadline_count;
}

static int64_t directives_of(const struct jb_case *c)
{
    return (int64_t)c->directive_count;
}

void lo_check(struct lw *w, struct jb_ledger *l, const struct lo_dump *d)
{
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_check check;
    struct jb_totals totals;

    assert_int_equal(lo_number(l, "PRAGMA user_version"), lo_newest());
    assert_int_equal(lo_number(l, "SELECT count(*) FROM case_file"), d->cases);
    assert_int_equal(lo_number(l, "SELECT count(*) FROM left_case"), d->left);
    assert_true(lo_sum(w, l, deadlines_of) > 0);
    assert_int_equal(lo_number(l, "SELECT count(*) FROM node"), d->nodes);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    if (jb_ledger_check(l, NULL, &check, &w->fault) != JB_OK || !check.chain_intact ||
        !check.tables_equal || !check.signatures_good)
        fail_msg("%s: %s", d->path, w->fault.text);
    assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(jb_query_totals(l, w->now_ms, &totals), JB_OK);
    assert_int_equal(totals.cases, d->cases - d->files);
    assert_int_equal(lo_sum(w, l, directives_of), d->directives);
}
