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
