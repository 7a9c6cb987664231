/* Replaying the record: rebuilding the derived tables, and one digest over them.
 *
 * Decides nothing new: the same `apply` that wrote the tables in the first place runs again. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#include "proto/ledger/behind.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replay.h"
#include "proto/ledger/schema.h"
#include "proto/wire/codec.h"

#define TELL_EVERY 8192 /* entries: a fraction of a second */

/* ---- replay ---- */

static enum jb_err entry_replay(struct jb_replay *p, struct jb_bytes body, uint64_t seq,
                                struct jb_fault *fault)
{
    struct jb_entry entry;
    enum jb_err err = jb_entry_decode(body, &p->arena, &entry, fault);

    if (err != JB_OK)
        return err;
    if (seq != 0 && entry.seq != seq)
        return jb_fault_set(fault, JB_CORRUPT, "says it is %llu", (unsigned long long)entry.seq);
    err = jb_ledger_apply(p->to, &entry, &p->arena);
    if (err == JB_OK && p->to->role == JB_LEDGER_BROKER)
        err = jb_case_entry_add(p->to, entry.act.case_no, entry.seq);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s of case %lld cannot be applied: %s",
                            jb_act_kind_name(entry.act.kind), (long long)entry.act.case_no,
                            jb_err_said(err));
    return JB_OK;
}

static enum jb_err item_replay(struct jb_replay *p, struct jb_bytes body, uint64_t number,
                               struct jb_fault *fault)
{
    struct jb_item item;
    enum jb_err err = jb_item_decode(body, &p->arena, &item, fault);

    if (err != JB_OK)
        return err;
    if (item.number != number)
        return jb_fault_set(fault, JB_CORRUPT, "says it is %llu", (unsigned long long)item.number);
    if (item.kind == JB_ITEM_ENTRY)
        return entry_replay(p, item.entry, 0, fault);
    if (item.kind != JB_ITEM_LEFT)
        return JB_OK;
    struct jb_left left = {item.left_case_no, item.at_ms, number, item.left_reason};
    return jb_left_apply(p->to, &left);
}

enum jb_err jb_replay_one(struct jb_replay *p, uint64_t number, struct jb_bytes body,
                          struct jb_fault *fault)
{
    struct jb_fault why = {""};
    enum jb_err err = JB_OK;

    jb_arena_reset(&p->arena);
    if (p->to->role == JB_LEDGER_BROKER)
        err = entry_replay(p, body, number, &why);
    else if (body.len > 0)
        err = item_replay(p, body, number, &why);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s %llu: %s",
                            p->to->role == JB_LEDGER_BROKER ? jb_said("entry") : jb_said("item"),
                            (unsigned long long)number, why.text);
    return JB_OK;
}

enum jb_err jb_replay_shadow(enum jb_ledger_role role, struct jb_ledger **out,
                             struct jb_fault *fault)
{
    struct jb_ledger_options options = {.role = role};
    enum jb_err err = jb_ledger_open(":memory:", &options, out, fault);

    if (err == JB_OK && (err = jb_ledger_begin(*out)) != JB_OK) {
        (void)jb_fault_set(fault, err, "%s", jb_ledger_error(*out));
        jb_ledger_close(out);
    }
    return err;
}

/* The record is only read while the tables beside it are written. */
enum jb_err jb_replay_record(struct jb_ledger *l, struct jb_fault *fault)
{
    bool broker = l->role == JB_LEDGER_BROKER;
    struct jb_replay replay = {.to = l};
    uint64_t done = 0;
    uint64_t upto = UINT64_MAX;
    enum jb_err err = broker ? jb_behind_upto(l, &upto, fault) : JB_OK;
    if (err != JB_OK)
        return err;
    sqlite3_stmt *s = jb_sql_bind(l, broker ? JB_SQL_ENTRY_PAGE : JB_SQL_ITEM_PAGE,
                                  JB_ROW(jb_int(0), jb_int(-1)));

    jb_arena_init(&replay.arena, JB_REPLAY_ARENA_BYTES);
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t number = jb_get_u64(&r);
        if (number > upto)
            break;
        r.column = broker ? 2 : 3; /* body */
        err = jb_replay_one(&replay, number, jb_peek_blob(&r), fault);
        if (err != JB_OK)
            break;
        if (l->on_progress != NULL && ++done % TELL_EVERY == 0)
            l->on_progress(done);
    }
    jb_sql_done(s);
    jb_arena_fini(&replay.arena);
    return err;
}

enum jb_err jb_ledger_rebuild(struct jb_ledger *l, struct jb_fault *fault)
{
    enum jb_err err = jb_ledger_begin(l);

    fault->text[0] = '\0';
    if (err == JB_OK) {
        err = jb_schema_derived_reset(l);
        if (err == JB_OK)
            err = jb_replay_record(l, fault);
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
    }
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "rebuild: %s", l->error);
    return err;
}

/* ---- digest ---- */

/* Big endian, so that the digest is the same everywhere. */
static void number_add(crypto_generichash_state *h, uint64_t value)
{
    uint8_t raw[8];

    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(value >> (56 - 8 * i));
    (void)crypto_generichash_update(h, raw, sizeof raw);
}

/* Type, then the number or length and bytes: no two different rows give the same input. */
static void value_add(crypto_generichash_state *h, sqlite3_stmt *s, int column)
{
    uint8_t type = (uint8_t)sqlite3_column_type(s, column);

    (void)crypto_generichash_update(h, &type, 1);
    if (type == SQLITE_INTEGER) {
        number_add(h, (uint64_t)sqlite3_column_int64(s, column));
    } else if (type != SQLITE_NULL) {
        const void *data = sqlite3_column_blob(s, column);
        size_t len = (size_t)sqlite3_column_bytes(s, column);
        number_add(h, len);
        if (len > 0)
            (void)crypto_generichash_update(h, data, len);
    }
}

static enum jb_err table_add(struct jb_ledger *l, const struct jb_schema_table *table,
                             crypto_generichash_state *h)
{
    char sql[128];
    uint64_t rows = 0;
    sqlite3_stmt *s = NULL;
    enum jb_err err = JB_OK;

    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", table->name, table->order);
    int rc = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);
    if (rc != SQLITE_OK)
        return jb_db_fail(l, rc);
    (void)crypto_generichash_update(h, (const uint8_t *)table->name, strlen(table->name) + 1);
    while (jb_sql_next(l, s, &err)) {
        for (int column = 0; column < sqlite3_column_count(s); column++)
            value_add(h, s, column);
        rows++;
    }
    number_add(h, rows);
    sqlite3_finalize(s);
    return err;
}

enum jb_err jb_ledger_digest(struct jb_ledger *l, uint8_t out[JB_HASH_BYTES])
{
    crypto_generichash_state h;
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    (void)crypto_generichash_init(&h, NULL, 0, JB_HASH_BYTES);
    for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL && err == JB_OK; t++)
        if (t->role == 0 || t->role == (int)l->role)
            err = table_add(l, t, &h);
    jb_sql_snapshot_end(l, mine);
    if (err == JB_OK)
        (void)crypto_generichash_final(&h, out, JB_HASH_BYTES);
    return err;
}
