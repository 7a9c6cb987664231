/* The broker's checks: the log's chain, the receipts of all nodes, and one node's line in detail.
 */
#include <stdlib.h>

#include "proto/ledger/behind.h"
#include "proto/ledger/check.h"
#include "proto/wire/codec.h"

/* ---- receipts ---- */

struct receipts {               /* what is checked about one node */
    const struct jb_node *node; /* NULL: not in the directory */
    enum jb_line_role role;
    const char *what;
};

/* A row of receipt or up_receipt. */
static enum jb_err receipt_check(struct jb_checking *k, sqlite3_stmt *s,
                                 const struct receipts *about)
{
    struct jb_check_signature sig = {.what = about->what, .claim = {.role = about->role}};
    struct jb_reader r = jb_reader_of(s, NULL);
    uint8_t head[JB_HASH_BYTES];

    sig.claim.node = jb_get_u32(&r);
    jb_get_fixed(&r, sig.claim.epoch, JB_EPOCH_BYTES);
    sig.claim.number = jb_get_u64(&r);
    sig.suite = (uint8_t)jb_get_int(&r);
    int64_t at_ms = jb_get_i64(&r);
    jb_get_fixed(&r, sig.claim.head, JB_HASH_BYTES);
    jb_get_fixed(&r, sig.bytes, JB_SIGN_BYTES);
    if (r.err != JB_OK)
        return r.err;
    sig.node = about->node;
    bool good = jb_check_signed(k, &sig);
    if (about->role != JB_LINE_DOWN_ACK)
        return JB_OK;
    enum jb_err err = jb_stream_head(k->l, sig.claim.node, sig.claim.number, head);
    if (err != JB_OK && err != JB_NOT_FOUND)
        return err;
    bool same = err == JB_OK && memcmp(head, sig.claim.head, sizeof head) == 0;
    /* of before a restore: what it covers may not have come back, and stands elsewhere now */
    bool now = memcmp(sig.claim.epoch, k->l->epoch, JB_EPOCH_BYTES) == 0;
    if (!same && now)
        jb_check_complain(k, &k->out->signatures_good,
                          "%s of node %u at %llu: not the head of its stream", about->what,
                          sig.claim.node, (unsigned long long)sig.claim.number);
    if (same && good && sig.claim.number > k->out->received_to) {
        k->out->received_to = sig.claim.number;
        k->out->received_ms = at_ms;
    }
    return JB_OK;
}

static enum jb_err receipts_check(struct jb_checking *k, uint32_t node, enum jb_sql id,
                                  const struct receipts *about)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(k->l, id, JB_ROW(jb_int(node)));

    while (jb_sql_next(k->l, s, &err)) {
        err = receipt_check(k, s, about);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err node_receipts_check(struct jb_checking *k, const struct jb_directory *d,
                                       uint32_t node)
{
    const struct jb_node *n = jb_directory_find(d, node);
    struct receipts down = {n, JB_LINE_DOWN_ACK, jb_said("receipt")};
    struct receipts up = {n, JB_LINE_UP, jb_said("signature of submissions")};
    enum jb_err err = receipts_check(k, node, JB_SQL_RECEIPTS, &down);

    if (err == JB_OK)
        err = receipts_check(k, node, JB_SQL_UP_RECEIPTS, &up);
    return err;
}

static enum jb_err all_receipts_check(struct jb_checking *k)
{
    struct jb_directory d;
    enum jb_err err;

    jb_directory_init(&d);
    err = jb_ledger_directory_load(k->l, &d);
    for (size_t i = 0; i < k->l->line_count && err == JB_OK; i++)
        err = node_receipts_check(k, &d, k->l->lines[i]->now.node);
    jb_directory_fini(&d);
    return err;
}

/* ---- the log ---- */

/* A tick that cannot be read is a finding. */
static enum jb_err tables_reach(struct jb_checking *k, uint64_t *upto)
{
    struct jb_fault why = {""};
    enum jb_err err = jb_behind_upto(k->l, upto, &why);

    if (err != JB_CORRUPT)
        return err;
    jb_check_complain(k, &k->out->tables_equal, "%s", why.text);
    return JB_OK;
}

static enum jb_err log_check(struct jb_checking *k)
{
    enum jb_err err;
    uint8_t hash[JB_HASH_BYTES];
    uint64_t upto = 0;

    err = tables_reach(k, &upto);
    if (err != JB_OK)
        return err;
    sqlite3_stmt *s = jb_sql_bind(k->l, JB_SQL_ENTRY_PAGE, JB_ROW(jb_int(0), jb_int(-1)));
    jb_chain_start(k->l->suite, 0, k->l->origin, k->head);
    while (jb_sql_next(k->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t seq = jb_get_u64(&r);
        struct jb_bytes head = jb_peek_blob(&r);
        struct jb_bytes body = jb_peek_blob(&r);
        jb_hash(k->l->suite, body.data, body.len, hash);
        jb_check_chain(k, jb_said("entry"), seq, hash, head);
        if (seq <= upto)
            jb_check_replay(k, seq, body);
        k->out->items++;
    }
    jb_sql_done(s);
    memcpy(k->out->head, k->head, JB_HASH_BYTES);
    return err;
}

enum jb_err jb_check_broker(struct jb_checking *k)
{
    enum jb_err err = log_check(k);

    if (err == JB_OK)
        err = all_receipts_check(k);
    return err;
}

/* ---- one line ---- */

struct line_check {
    struct jb_checking *k;
    uint32_t node;
    uint8_t *seen; /* one bit for each entry of the log */
    struct jb_arena arena;
};

/* One page of the stream: builds the bytes again and follows the chain. *last: number reached. */
static enum jb_err page_check(struct line_check *c, uint64_t *last, size_t *count)
{
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];
    uint8_t end[JB_HASH_BYTES];
    struct jb_frame_item *items;
    struct jb_item item;
    struct jb_stream_read want = {
        .node = c->node, .from = *last + 1, .max_items = 64, .max_bytes = JB_FRAME_LIMIT_BYTES};

    jb_arena_reset(&c->arena);
    enum jb_err err = jb_stream_read(c->k->l, &want, &c->arena, &items, count, end);
    for (size_t i = 0; i < *count && err == JB_OK; i++) {
        struct jb_fault why;
        struct jb_entry entry = {0};
        err = jb_stream_head(c->k->l, c->node, *last + 1, head);
        if (err != JB_OK)
            break;
        jb_hash(c->k->l->suite, items[i].body.data, items[i].body.len, hash);
        jb_check_chain(c->k, jb_said("item"), ++*last, hash, (struct jb_bytes){head, sizeof head});
        c->k->out->items++;
        if (jb_item_decode(items[i].body, &c->arena, &item, &why) != JB_OK ||
            (item.kind == JB_ITEM_ENTRY &&
             jb_entry_decode(item.entry, &c->arena, &entry, &why) != JB_OK))
            jb_check_complain(c->k, &c->k->out->chain_intact, "item %llu: %s",
                              (unsigned long long)*last, why.text);
        else if (entry.seq != 0 && entry.seq <= c->k->l->heads.log_seq)
            c->seen[entry.seq / 8] |= (uint8_t)(1U << (entry.seq % 8));
    }
    return err;
}

static enum jb_err stream_check(struct line_check *c)
{
    uint64_t last = 0;
    size_t count = 0;
    enum jb_err err;

    jb_chain_start(c->k->l->suite, c->node, c->k->l->origin, c->k->head);
    do {
        count = 0;
        err = page_check(c, &last, &count);
    } while (err == JB_OK && count > 0);
    memcpy(c->k->out->head, c->k->head, JB_HASH_BYTES);
    return err;
}

static enum jb_err audience_check(struct line_check *c)
{
    enum jb_err err;
    struct jb_checking *k = c->k;
    sqlite3_stmt *s = jb_sql_bind(k->l, JB_SQL_STREAM_MISSING, JB_ROW(jb_int(c->node)));

    while (jb_sql_next(k->l, s, &err)) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(s, 0);
        if (seq > k->l->heads.log_seq || (c->seen[seq / 8] & (1U << (seq % 8))) != 0)
            continue;
        jb_check_complain(k, &k->out->tables_equal,
                          "entry %llu is missing in the stream of node %u", (unsigned long long)seq,
                          c->node);
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err line_receipts_check(struct line_check *c)
{
    struct jb_directory d;

    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(c->k->l, &d);
    if (err == JB_OK)
        err = node_receipts_check(c->k, &d, c->node);
    jb_directory_fini(&d);
    return err;
}

enum jb_err jb_ledger_check_line(struct jb_ledger *l, uint32_t node, struct jb_check *out,
                                 struct jb_fault *fault)
{
    static const struct jb_check_keys no_keys;
    struct jb_checking k = {.l = l, .keys = &no_keys, .out = out, .fault = fault};
    struct line_check c = {.k = &k, .node = node};
    bool mine = false;

    fault->text[0] = '\0';
    *out = (struct jb_check){.chain_intact = true, .signatures_good = true, .tables_equal = true};
    c.seen = calloc(1, l->heads.log_seq / 8 + 1);
    if (c.seen == NULL)
        return jb_fault_set(fault, JB_NOMEM, "out of memory");
    jb_arena_init(&c.arena, JB_REPLAY_ARENA_BYTES);
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err == JB_OK)
        err = stream_check(&c);
    if (err == JB_OK)
        err = audience_check(&c);
    if (err == JB_OK)
        err = line_receipts_check(&c);
    jb_sql_snapshot_end(l, mine);
    jb_arena_fini(&c.arena);
    free(c.seen);
    if (err != JB_OK)
        (void)jb_fault_set(fault, err, "check of node %u: %s", node,
                           l->error[0] != '\0' ? l->error : jb_err_said(err));
    return err;
}
