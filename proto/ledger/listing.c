/* Putting a SELECT together from constant clauses. */
#include "proto/ledger/listing.h"

#include <assert.h>

static void append(struct jb_listing *q, const char *text, struct jb_row row)
{
    size_t len = strlen(text);

    assert(q->len + len < sizeof q->sql); /* constants: the longest listing fits */
    assert(q->bind_count + row.count <= JB_LISTING_BINDS_MAX);
    memcpy(q->sql + q->len, text, len + 1);
    q->len += len;
    for (size_t i = 0; i < row.count; i++)
        q->binds[q->bind_count++] = row.at[i];
}

void jb_listing_start(struct jb_listing *q, const char *base)
{
    q->len = 0;
    q->bind_count = 0;
    append(q, base, JB_NO_ROW);
}

void jb_listing_and(struct jb_listing *q, const char *clause, struct jb_row row)
{
    append(q, " AND ", JB_NO_ROW);
    append(q, clause, row);
}

void jb_listing_end(struct jb_listing *q, const char *tail, struct jb_row row)
{
    append(q, tail, row);
}

enum jb_err jb_listing_open(struct jb_ledger *l, const struct jb_listing *q, sqlite3_stmt **out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(l->db, q->sql, (int)q->len + 1, &s, NULL);

    if (rc != SQLITE_OK)
        return jb_db_fail(l, rc);
    assert((size_t)sqlite3_bind_parameter_count(s) == q->bind_count);
    jb_sql_bind_to(s, (struct jb_row){q->binds, q->bind_count});
    *out = s;
    return JB_OK;
}
