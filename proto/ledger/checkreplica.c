/* A replica's checks: the stream's chain, the outbox's chain, the broker's proofs and the own
 * acknowledgements. */
#include "proto/ledger/check.h"
#include "proto/ledger/replica.h"

/* Follow rows of (number, hash, head, body). A body that is still there must have its hash; one
 * that was purged is counted. */
static enum jb_err sequence_check(struct jb_checking *k, enum jb_sql id, const char *what,
                                  bool stream)
{
    enum jb_err err;
    uint8_t hash[JB_HASH_BYTES];
    uint8_t stored[JB_HASH_BYTES];
    sqlite3_stmt *s = jb_sql_bind(k->l, id, JB_ROW(jb_int(0), jb_int(-1)));

    k->number = 0;
    while (jb_sql_next(k->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t number = jb_get_u64(&r);
        jb_get_fixed(&r, stored, sizeof stored);
        struct jb_bytes head = jb_peek_blob(&r);
        struct jb_bytes body = jb_peek_blob(&r);
        if (r.err != JB_OK) {
            err = r.err;
            break;
        }
        jb_check_chain(k, what, number, stored, head);
        jb_hash(k->l->suite, body.data, body.len, hash);
        if (body.len > 0 && memcmp(hash, stored, sizeof hash) != 0)
            jb_check_complain(k, &k->out->chain_intact, "%s %llu: body was changed", what,
                              (unsigned long long)number);
        k->out->erased += body.len == 0;
        if (stream) {
            k->out->items++;
            jb_check_replay(k, number, body);
        }
    }
    jb_sql_done(s);
    return err;
}

struct evidence {
    const char *what;
    enum jb_line_role role;
    const uint8_t *key;         /* NULL: signatures are not checked */
    const struct jb_node *node; /* whose former keys count as well; NULL: none */
    const uint8_t *also;        /* further keys that count, one behind the other */
    size_t also_count;
};

/* A row of proof or ack. */
static enum jb_err evidence_check(struct jb_checking *k, sqlite3_stmt *s,
                                  const struct evidence *about)
{
    enum jb_err err;
    struct jb_check_signature sig = {.what = about->what,
                                     .key = about->key,
                                     .node = about->node,
                                     .also = about->also,
                                     .also_count = about->also_count,
                                     .claim = {.role = about->role, .node = k->l->heads.node}};
    struct jb_reader r = jb_reader_of(s, NULL);

    sig.claim.number = jb_get_u64(&r);
    jb_get_fixed(&r, sig.claim.epoch, JB_EPOCH_BYTES);
    sig.suite = (uint8_t)jb_get_int(&r);
    r.column++; /* at_ms */
    jb_get_fixed(&r, sig.claim.head, JB_HASH_BYTES);
    jb_get_fixed(&r, sig.bytes, JB_SIGN_BYTES);
    if (r.err != JB_OK)
        return r.err;
    bool good = about->key != NULL && jb_check_signed(k, &sig);
    if (sig.claim.number == 0)
        return JB_OK; /* the start of the stream: no item */
    sqlite3_stmt *item = jb_sql_bind(k->l, JB_SQL_ITEM_HEAD, JB_ROW(jb_u64(sig.claim.number)));
    bool found = jb_sql_next(k->l, item, &err);
    struct jb_reader stored = jb_reader_of(item, NULL);
    struct jb_bytes head = found ? jb_peek_blob(&stored) : (struct jb_bytes){NULL, 0};
    if (err == JB_OK &&
        (head.len != JB_HASH_BYTES || memcmp(head.data, sig.claim.head, JB_HASH_BYTES) != 0))
        jb_check_complain(k, &k->out->signatures_good, "%s at %llu: not the head of the stream",
                          about->what, (unsigned long long)sig.claim.number);
    else if (good && about->role == JB_LINE_DOWN_HEAD) {
        k->out->broker_signatures++;
        k->out->signed_to = sig.claim.number; /* they come in order */
    }
    jb_sql_done(item);
    return err;
}

static enum jb_err all_evidence_check(struct jb_checking *k, enum jb_sql id,
                                      const struct evidence *about)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(k->l, id, JB_NO_ROW);

    while (jb_sql_next(k->l, s, &err)) {
        err = evidence_check(k, s, about);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* What this node signed before its keys were replaced was signed with the former ones. */
static enum jb_err acks_check(struct jb_checking *k)
{
    struct evidence acks = {
        .what = jb_said("own acknowledgement"), .role = JB_LINE_DOWN_ACK, .key = k->keys->own_sign};
    struct jb_directory d;

    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(k->l, &d);
    acks.node = jb_directory_find(&d, k->l->heads.node);
    if (err == JB_OK)
        err = all_evidence_check(k, JB_SQL_ACKS, &acks);
    jb_directory_fini(&d);
    return err;
}

enum jb_err jb_check_replica(struct jb_checking *k)
{
    const struct jb_heads *h = &k->l->heads;
    struct evidence proofs = {.what = jb_said("head signed by the broker"),
                              .role = JB_LINE_DOWN_HEAD,
                              .key = k->keys->broker_sign,
                              .also = k->keys->broker_also,
                              .also_count = k->keys->broker_also_count};

    jb_chain_start(k->l->suite, h->node, k->l->origin, k->head);
    enum jb_err err = sequence_check(k, JB_SQL_ITEM_PAGE, jb_said("item"), true);
    memcpy(k->out->head, k->head, JB_HASH_BYTES);
    jb_chain_start(k->l->suite, h->node, k->l->epoch, k->head);
    if (err == JB_OK)
        err = sequence_check(k, JB_SQL_OUTBOX_PAGE, "submission", false);
    if (err == JB_OK)
        err = all_evidence_check(k, JB_SQL_PROOFS, &proofs);
    if (err == JB_OK)
        err = acks_check(k);
    return err;
}
