/* The memory beside the tables: where the sequences of this file stand.
 *
 * Read once when the file is opened; after that kept by the files that append. */
#include "proto/ledger/db.h"
#include "proto/ledger/gram.h"
#include "proto/ledger/replica.h"

/* The chain head that a sequence has before its first item. */
static void point_start(const struct jb_ledger *l, struct jb_line_point *p, uint32_t node,
                        const uint8_t epoch[JB_EPOCH_BYTES])
{
    memcpy(p->epoch, epoch, JB_EPOCH_BYTES);
    p->number = 0;
    jb_chain_start(l->suite, node, epoch, p->head);
}

/* First row of (number, head), if there is one. */
static enum jb_err point_last(struct jb_ledger *l, enum jb_sql id, uint64_t *number,
                              uint8_t head[JB_HASH_BYTES])
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, id, JB_NO_ROW);

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        *number = jb_get_u64(&r);
        jb_get_fixed(&r, head, JB_HASH_BYTES);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_fact_read(struct jb_ledger *l, const char *key, uint8_t *out, size_t len,
                         bool *found)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_META_GET, JB_ROW(jb_text(jb_text_of(key))));

    *found = jb_sql_next(l, s, &err);
    if (*found) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, out, len);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

void jb_numbers_pack(const int64_t *numbers, size_t count, uint8_t *raw)
{
    for (size_t i = 0; i < count * 8; i++)
        raw[i] = (uint8_t)((uint64_t)numbers[i / 8] >> (56 - 8 * (i % 8)));
}

void jb_numbers_unpack(const uint8_t *raw, size_t count, int64_t *numbers)
{
    for (size_t i = 0; i < count * 8; i++)
        numbers[i / 8] = (int64_t)((uint64_t)numbers[i / 8] << 8 | raw[i]);
}

enum jb_err jb_number_read(struct jb_ledger *l, const char *key, uint64_t *out)
{
    uint8_t raw[8];
    int64_t number = 0;
    bool found = false;
    enum jb_err err = jb_fact_read(l, key, raw, sizeof raw, &found);

    if (found && err == JB_OK)
        jb_numbers_unpack(raw, 1, &number);
    *out = (uint64_t)number;
    return err;
}

enum jb_err jb_number_write(struct jb_ledger *l, const char *key, uint64_t value)
{
    const int64_t number = (int64_t)value;
    uint8_t raw[8];

    jb_numbers_pack(&number, 1, raw);
    return jb_ledger_meta_set(l, key, (struct jb_bytes){raw, sizeof raw});
}

static enum jb_err settled_load(struct jb_ledger *l, struct jb_heads *h)
{
    int64_t settled = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_ITEM_LAST_SETTLES, JB_NO_ROW, &settled);

    h->settled = h->made;
    h->settled.number = 0;
    jb_chain_start(l->suite, h->node, l->epoch, h->settled.head);
    if (err != JB_OK || settled == 0)
        return err;
    h->settled.number = (uint64_t)settled;
    return jb_outbox_head(l, h->settled.number, h->settled.head);
}

void jb_replica_heads_start(struct jb_ledger *l)
{
    struct jb_heads *h = &l->heads;
    uint8_t zero[JB_EPOCH_BYTES] = {0};

    point_start(l, &h->made, h->node, l->epoch);
    point_start(l, &h->settled, h->node, l->epoch);
    if (memcmp(h->down.epoch, zero, sizeof zero) != 0)
        jb_chain_start(l->suite, h->node, l->origin, h->down.head);
}

/* The epoch with which the record began; where it never went over into another one, that one. */
static enum jb_err origin_load(struct jb_ledger *l, const char *key,
                               const uint8_t epoch[JB_EPOCH_BYTES])
{
    bool found = false;
    enum jb_err err = jb_fact_read(l, key, l->origin, JB_EPOCH_BYTES, &found);

    if (err == JB_OK && !found)
        memcpy(l->origin, epoch, JB_EPOCH_BYTES);
    return err;
}

static enum jb_err numbers_load(struct jb_ledger *l)
{
    enum jb_err err = jb_counts_load(l);
    return err == JB_OK ? jb_lights_load(l) : err;
}

enum jb_err jb_numbers_store(struct jb_ledger *l)
{
    enum jb_err err = jb_counts_store(l);
    return err == JB_OK ? jb_lights_store(l) : err;
}

static enum jb_err replica_load(struct jb_ledger *l)
{
    struct jb_heads *h = &l->heads;
    uint64_t node = 0;
    uint64_t issued = 0;
    bool greeted = false;
    enum jb_err err = jb_gram_load(l);

    if (err == JB_OK)
        err = jb_number_read(l, ".node", &node);
    if (err == JB_OK)
        err = jb_number_read(l, ".issued", &issued);
    h->issued = issued != 0;
    if (err == JB_OK)
        err = jb_number_read(l, ".settles_after", &h->settles_after);
    if (err == JB_OK)
        err = jb_fact_read(l, ".down_epoch", h->down.epoch, JB_EPOCH_BYTES, &greeted);
    if (err == JB_OK)
        err = origin_load(l, ".down_origin", h->down.epoch);
    if (err == JB_OK && node == 0)
        return numbers_load(l);
    if (err != JB_OK)
        return err;
    h->node = (uint32_t)node;
    jb_replica_heads_start(l);
    if (greeted)
        err = point_last(l, JB_SQL_ITEM_LAST, &h->down.number, h->down.head);
    if (err == JB_OK)
        err = point_last(l, JB_SQL_OUTBOX_LAST, &h->made.number, h->made.head);
    if (err == JB_OK)
        err = settled_load(l, h);
    return err == JB_OK ? numbers_load(l) : err;
}

static enum jb_err broker_load(struct jb_ledger *l)
{
    enum jb_err err = origin_load(l, ".origin", l->epoch);

    if (err != JB_OK)
        return err;
    /* Node 0 is nobody: the log's chain is never that of a line. */
    jb_chain_start(l->suite, 0, l->origin, l->heads.log_head);
    err = point_last(l, JB_SQL_ENTRY_LAST, &l->heads.log_seq, l->heads.log_head);
    if (err == JB_OK)
        err = jb_lines_load(l);
    return err;
}

enum jb_err jb_state_load(struct jb_ledger *l)
{
    return l->role == JB_LEDGER_BROKER ? broker_load(l) : replica_load(l);
}
