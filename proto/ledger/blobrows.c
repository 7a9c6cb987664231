/* See blobrows.h. */
#include "proto/ledger/blobrows.h"

#include <assert.h>

#include "proto/ledger/db.h"

enum jb_err jb_blob_case(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES], uint32_t node,
                         int64_t *case_no)
{
    return jb_sql_number(l, JB_SQL_BLOB_CASE, JB_ROW(jb_fixed(hash, JB_HASH_BYTES), jb_int(node)),
                         case_no);
}

enum jb_err jb_blob_hashes(struct jb_ledger *l, const uint8_t after[JB_HASH_BYTES],
                           uint8_t (*out)[JB_HASH_BYTES], size_t max, size_t *count)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_BLOB_HASHES, JB_ROW(jb_fixed(after, JB_HASH_BYTES), jb_u64(max)));

    *count = 0;
    while (*count < max && jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, out[*count], JB_HASH_BYTES);
        err = r.err;
        if (err != JB_OK)
            break;
        ++*count;
    }
    jb_sql_done(s);
    return *count == max ? JB_OK : err;
}

enum jb_err jb_blobs_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                             uint8_t (**out)[JB_HASH_BYTES], size_t *count)
{
    enum jb_err err;
    struct jb_list list = {.bytes = JB_HASH_BYTES};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_BLOBS_OF_CASE, JB_ROW(jb_int(case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint8_t *hash = jb_list_push(&list, arena);
        if (hash != NULL)
            jb_get_fixed(&r, hash, JB_HASH_BYTES);
        err = hash == NULL ? JB_NOMEM : r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    *out = list.at;
    *count = list.count;
    return err;
}

enum jb_err jb_blob_readers(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                            struct jb_arena *arena, struct jb_list32 *out)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof(uint32_t)};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_BLOB_READERS, JB_ROW(jb_fixed(hash, JB_HASH_BYTES)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint32_t *node = jb_list_push(&list, arena);
        if (node == NULL) {
            err = JB_NOMEM;
            break;
        }
        *node = jb_get_u32(&r);
    }
    jb_sql_done(s);
    *out = (struct jb_list32){list.at, list.count};
    return err;
}

enum jb_err jb_blob_size_fits(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                              uint64_t size_bytes)
{
    int64_t one = 0;

    return jb_sql_number(l, JB_SQL_BLOB_SIZE,
                         JB_ROW(jb_fixed(hash, JB_HASH_BYTES), jb_u64(size_bytes)), &one);
}

static enum jb_err sums_read(struct jb_ledger *l, sqlite3_stmt *s, struct jb_arena *arena,
                             struct jb_blob_sum **out, size_t *count)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof **out};

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_blob_sum *sum = jb_list_push(&list, arena);
        if (sum == NULL) {
            err = JB_NOMEM;
            break;
        }
        sum->node = jb_get_u32(&r);
        sum->all = jb_get_u64(&r);
        sum->since = jb_get_u64(&r);
    }
    jb_sql_done(s);
    *out = list.at;
    *count = list.count;
    return err;
}

enum jb_err jb_blob_sums(struct jb_ledger *l, int64_t since_ms, struct jb_arena *arena,
                         struct jb_blob_sum **out, size_t *count)
{
    return sums_read(l, jb_sql_bind(l, JB_SQL_BLOB_SUMS, JB_ROW(jb_int(since_ms))), arena, out,
                     count);
}

enum jb_err jb_blob_sums_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                                 struct jb_blob_sum **out, size_t *count)
{
    return sums_read(l, jb_sql_bind(l, JB_SQL_BLOB_SUMS_OF_CASE, JB_ROW(jb_int(case_no))), arena,
                     out, count);
}

enum jb_err jb_blob_receipt_put(struct jb_ledger *l, const struct jb_blob_receipt *r)
{
    assert(l->writing);
    return jb_sql_run(l, JB_SQL_BLOB_RECEIPT_ADD,
                      JB_ROW(jb_fixed(r->hash, JB_HASH_BYTES), jb_int(r->node), jb_int(r->suite),
                             jb_int(r->at_ms), jb_fixed(r->signature, JB_SIGN_BYTES)));
}

enum jb_err jb_blob_receipt_at(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                               uint32_t node, int64_t *at_ms)
{
    return jb_sql_number(l, JB_SQL_BLOB_RECEIPT_AT,
                         JB_ROW(jb_fixed(hash, JB_HASH_BYTES), jb_int(node)), at_ms);
}
