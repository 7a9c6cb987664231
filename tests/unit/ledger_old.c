/* See ledger_old.h. */
#include "tests/unit/ledger_old.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"

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
