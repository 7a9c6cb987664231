/* See audit.h. The end of the chain stands in `audit_end`, with what went from the front. */
#include "proto/ledger/auditend.h"

#include <assert.h>

#include "proto/ledger/check.h"
#include "proto/ledger/db.h"

#define ROWS_MAX 10000
#define USER_MAX 4096

/* ---- bytes that are hashed and signed ---- */

static uint8_t *put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

/* Numbers big endian: number 8, at_ms 8, request 4, act_kind 4, case_no 8, node 4, field 4,
 * outcome 4; then the user's name. */
#define FIXED_BYTES 44

static enum jb_err row_hash(struct jb_ledger *l, const struct jb_audit_row *r,
                            uint8_t out[JB_HASH_BYTES])
{
    uint8_t bytes[FIXED_BYTES + USER_MAX];
    uint8_t *at = put(bytes, r->number, 8);

    if (r->user.len > USER_MAX)
        return JB_TOO_LARGE;
    at = put(at, (uint64_t)r->at_ms, 8);
    at = put(at, r->request, 4);
    at = put(at, r->act_kind, 4);
    at = put(at, (uint64_t)r->case_no, 8);
    at = put(at, r->node, 4);
    at = put(at, r->field, 4);
    at = put(at, r->outcome, 4);
    if (r->user.len > 0)
        memcpy(at, r->user.data, r->user.len);
    jb_hash(l->suite, bytes, FIXED_BYTES + r->user.len, out);
    return JB_OK;
}

/* number 8, head 32, floor 8, floor head 32. Without the file's epoch, which a restored copy gets
 * anew: the first head of all was made from it. */
#define STATEMENT_BYTES (2 * (8 + JB_HASH_BYTES))

static void statement(const struct jb_audit_end *e, uint8_t out[STATEMENT_BYTES])
{
    uint8_t *at = put(out, e->number, 8);
    memcpy(at, e->head, JB_HASH_BYTES);
    at = put(at + JB_HASH_BYTES, e->floor, 8);
    memcpy(at, e->floor_head, JB_HASH_BYTES);
}

/* ---- the end ---- */

/* Of a log without a row: its start. */
static void end_start(const struct jb_ledger *l, struct jb_audit_end *e)
{
    static const char label[] = "jiaoban-audit-v1";
    uint8_t bytes[sizeof label - 1 + JB_EPOCH_BYTES];

    memset(e, 0, sizeof *e);
    memcpy(bytes, label, sizeof label - 1);
    memcpy(bytes + sizeof label - 1, l->epoch, JB_EPOCH_BYTES);
    jb_hash(l->suite, bytes, sizeof bytes, e->head);
    memcpy(e->floor_head, e->head, JB_HASH_BYTES);
}

static enum jb_err end_load(struct jb_ledger *l, struct jb_audit_end *e)
{
    enum jb_err err;

    end_start(l, e);
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_AUDIT_END, JB_NO_ROW);
    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        e->number = jb_get_u64(&r);
        jb_get_fixed(&r, e->head, JB_HASH_BYTES);
        e->floor = jb_get_u64(&r);
        jb_get_fixed(&r, e->floor_head, JB_HASH_BYTES);
        e->suite = (uint8_t)jb_get_u32(&r);
        jb_get_fixed(&r, e->signature, JB_SIGN_BYTES);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err end_save(struct jb_ledger *l, struct jb_audit_end *e, const uint8_t *secret)
{
    uint8_t bytes[STATEMENT_BYTES];

    statement(e, bytes);
    e->suite = l->suite;
    enum jb_err err = jb_sign(e->suite, secret, JB_SIGN_PURPOSE_AUDIT,
                              (struct jb_bytes){bytes, sizeof bytes}, e->signature);
    if (err != JB_OK)
        return err;
    return jb_sql_run(l, JB_SQL_AUDIT_END_SET,
                      JB_ROW(jb_u64(e->number), jb_fixed(e->head, JB_HASH_BYTES), jb_u64(e->floor),
                             jb_fixed(e->floor_head, JB_HASH_BYTES), jb_int(e->suite),
                             jb_fixed(e->signature, JB_SIGN_BYTES)));
}

/* ---- writing ---- */

static enum jb_err row_add(struct jb_ledger *l, struct jb_audit_end *e, struct jb_audit_row *r)
{
    uint8_t hash[JB_HASH_BYTES];

    r->number = e->number + 1;
    enum jb_err err = row_hash(l, r, hash);
    if (err != JB_OK)
        return err;
    jb_chain_next(l->suite, e->head, hash, e->head);
    e->number++;
    return jb_sql_run(l, JB_SQL_AUDIT_ADD,
                      JB_ROW(jb_u64(r->number), jb_int(r->at_ms), jb_text(r->user),
                             jb_int(r->request), jb_int(r->act_kind), jb_int(r->case_no),
                             jb_int(r->node), jb_int(r->field), jb_int(r->outcome),
                             jb_fixed(e->head, JB_HASH_BYTES)));
}

enum jb_err jb_audit_append(struct jb_ledger *l, struct jb_audit_row *rows, size_t count,
                            uint64_t max_rows, const uint8_t secret[JB_SIGN_SECRET_BYTES])
{
    struct jb_audit_end e;

    assert(l->writing);
    enum jb_err err = end_load(l, &e);
    if (err == JB_OK && max_rows != 0 && e.number - e.floor + count > max_rows)
        err = JB_FULL;
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = row_add(l, &e, &rows[i]);
    return err == JB_OK ? end_save(l, &e, secret) : err;
}

enum jb_err jb_audit_note(const char *path, enum jb_ledger_role role, struct jb_audit_row *row,
                          const struct jb_node_keys *keys, struct jb_fault *fault)
{
    struct jb_ledger_options options = {.role = role, .suite = keys->suite};
    struct jb_ledger *l = NULL;

    fault->text[0] = '\0';
    enum jb_err err = jb_ledger_open(path, &options, &l, fault);
    if (err != JB_OK)
        return err;
    err = jb_ledger_begin(l);
    if (err == JB_OK) {
        err = jb_audit_append(l, row, 1, 0, keys->sign_secret);
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
    }
    if (err != JB_OK)
        err = jb_fault_set(fault, err == JB_BUSY ? JB_LOCKED : err, "%s: %s", path, l->error);
    jb_ledger_close(&l);
    return err;
}

/* The last row of the front that is old enough, in a piece of at most `max`. The instants need not
 * rise: the piece ends before the first row that is kept. */
static enum jb_err find_floor(struct jb_ledger *l, int64_t before_ms, size_t max,
                              struct jb_audit_end *e)
{
    enum jb_err err;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_AUDIT_FRONT, JB_ROW(jb_u64(e->floor), jb_u64((uint64_t)max)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t number = jb_get_u64(&r);
        if (jb_get_i64(&r) >= before_ms)
            break;
        e->floor = number;
        jb_get_fixed(&r, e->floor_head, JB_HASH_BYTES);
        if ((err = r.err) != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_audit_trim(struct jb_ledger *l, int64_t before_ms, size_t max,
                          const uint8_t secret[JB_SIGN_SECRET_BYTES])
{
    struct jb_audit_end e;

    assert(l->writing);
    enum jb_err err = end_load(l, &e);
    uint64_t was = e.floor;
    if (err == JB_OK)
        err = find_floor(l, before_ms, max, &e);
    if (err != JB_OK || e.floor == was)
        return err;
    err = end_save(l, &e, secret); /* first: the table gives up no row above the floor */
    return err == JB_OK ? jb_sql_run(l, JB_SQL_AUDIT_DROP, JB_ROW(jb_u64(e.floor))) : err;
}

/* ---- reading ---- */

static void row_get(struct jb_reader *r, struct jb_audit_row *row)
{
    row->number = jb_get_u64(r);
    row->at_ms = jb_get_i64(r);
    row->user = jb_get_text(r);
    row->request = jb_get_u32(r);
    row->act_kind = jb_get_u32(r);
    row->case_no = jb_get_i64(r);
    row->node = jb_get_u32(r);
    row->field = jb_get_u32(r);
    row->outcome = jb_get_u32(r);
}

enum jb_err jb_audit_list(struct jb_ledger *l, const struct jb_audit_filter *f,
                          struct jb_arena *arena, struct jb_audit_row **rows, size_t *count,
                          bool *more)
{
    size_t max = f->max < ROWS_MAX ? f->max : ROWS_MAX;
    enum jb_sql id = f->case_no != 0   ? JB_SQL_AUDIT_OF_CASE
                     : f->user.len > 0 ? JB_SQL_AUDIT_OF_USER
                                       : JB_SQL_AUDIT_LIST;
    struct jb_text user = f->user.data != NULL ? f->user : jb_text_of("");
    struct jb_list list = {.bytes = sizeof **rows};
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, id,
                                  JB_ROW(jb_u64(f->after), jb_int(f->since_ms), jb_text(user),
                                         jb_int(f->case_no), jb_u64((uint64_t)max + 1)));

    *more = false;
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        *more = list.count == max;
        struct jb_audit_row *row = *more ? NULL : jb_list_push(&list, arena);
        if (row == NULL) {
            err = *more ? JB_OK : JB_NOMEM;
            break;
        }
        row_get(&r, row);
        if ((err = r.err) != JB_OK)
            break;
    }
    jb_sql_done(s);
    *rows = list.at;
    *count = list.count;
    return err;
}

/* ---- checking ---- */

static enum jb_err rows_check(struct jb_checking *k, struct jb_audit_end *e, struct jb_arena *arena)
{
    uint8_t head[JB_HASH_BYTES], hash[JB_HASH_BYTES], stored[JB_HASH_BYTES];
    uint64_t number = e->floor;
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(k->l, JB_SQL_AUDIT_ALL, JB_NO_ROW);

    memcpy(head, e->floor_head, sizeof head);
    while (jb_sql_next(k->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_audit_row row;
        jb_arena_reset(arena);
        row_get(&r, &row);
        jb_get_fixed(&r, stored, sizeof stored);
        err = r.err == JB_OK ? row_hash(k->l, &row, hash) : r.err;
        if (err != JB_OK)
            break;
        jb_chain_next(k->l->suite, head, hash, head);
        if (row.number != number + 1 || memcmp(head, stored, sizeof head) != 0)
            jb_check_complain(k, &k->out->audit_intact,
                              "the access log was changed: row %llu does not fit what is before it",
                              (unsigned long long)row.number);
        memcpy(head, stored, sizeof head); /* one break, one finding */
        number = row.number;
        k->out->audited++;
    }
    jb_sql_done(s);
    if (err == JB_OK && (number != e->number || memcmp(head, e->head, sizeof head) != 0))
        jb_check_complain(k, &k->out->audit_intact,
                          "the access log was changed: it ends with row %llu, not with %llu",
                          (unsigned long long)number, (unsigned long long)e->number);
    return err;
}

bool jb_audit_end_signed(const struct jb_audit_end *e, const uint8_t key[JB_KEY_BYTES])
{
    uint8_t bytes[STATEMENT_BYTES];

    statement(e, bytes);
    return jb_sign_verify(e->suite, key, JB_SIGN_PURPOSE_AUDIT,
                          (struct jb_bytes){bytes, sizeof bytes}, e->signature) == JB_OK;
}

/* With the present key, or one that this node had before. */
static enum jb_err signature_check(struct jb_checking *k, const struct jb_audit_end *e)
{
    bool broker = k->l->role == JB_LEDGER_BROKER;
    const uint8_t *key = broker ? k->keys->broker_sign : k->keys->own_sign;
    struct jb_directory d;

    if (e->number == 0 || key == NULL || jb_audit_end_signed(e, key))
        return JB_OK;
    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(k->l, &d);
    const struct jb_node *n = broker ? NULL : jb_directory_find(&d, k->l->heads.node);
    bool good = n != NULL && n->has_agent && jb_audit_end_signed(e, n->sign_key);
    for (size_t i = 0; n != NULL && i < n->former_count && !good; i++)
        good = jb_audit_end_signed(e, n->former[i].sign);
    jb_directory_fini(&d);
    if (err == JB_OK && !good)
        jb_check_complain(k, &k->out->audit_intact,
                          "the access log was changed: its end is not signed by this node");
    return err;
}

enum jb_err jb_check_audit(struct jb_checking *k)
{
    struct jb_arena arena;
    struct jb_audit_end e;
    enum jb_err err = end_load(k->l, &e);

    if (err != JB_OK)
        return err;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    err = rows_check(k, &e, &arena);
    jb_arena_fini(&arena);
    return err == JB_OK ? signature_check(k, &e) : err;
}
