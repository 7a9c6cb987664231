/* Evidence, the submitters' part: what each agency has signed over its submissions. A statement
 * covers everything up to its number, so the hashes since the one before lead from that one's head
 * to its own; told are only those that became entries of the case. */
#include <stdlib.h>

#include "proto/ledger/evidenceparts.h"
#include "proto/ledger/replica.h"
#include "proto/wire/codec.h"

/* ---- lines ---- */

struct span { /* of one up sequence: `from` is before its first submission */
    uint32_t node;
    uint8_t epoch[JB_EPOCH_BYTES];
    uint64_t from, to;
    uint8_t head[JB_HASH_BYTES];  /* at `from` */
    struct jb_evidence_seal seal; /* over `to` */
    uint8_t end[JB_HASH_BYTES];   /* the head that it is over */
};

static enum jb_err begin_put(struct jb_evidence_writing *x, const struct span *s)
{
    jb_arena_reset(&x->arena);
    const char *epoch = jb_evidence_hex(x, s->epoch, sizeof s->epoch);
    const char *head = jb_evidence_hex(x, s->head, sizeof s->head);

    if (epoch == NULL || head == NULL)
        return JB_NOMEM;
    return jb_evidence_put(x, "{\"submitter\":%u,\"epoch\":\"%s\",\"from\":%llu,\"head\":\"%s\"}\n",
                           s->node, epoch, (unsigned long long)s->from, head);
}

static enum jb_err end_put(struct jb_evidence_writing *x, const struct span *s)
{
    const char *signature = jb_evidence_hex(x, s->seal.signature, sizeof s->seal.signature);

    if (signature == NULL)
        return JB_NOMEM;
    x->done->statements++;
    return jb_evidence_put(
        x,
        "{\"sign\":\"U\",\"submission\":%llu,\"suite\":%u,\"at_ms\":%lld,\"signature\":\"%s\"}\n",
        (unsigned long long)s->to, s->seal.suite, (long long)s->seal.at_ms, signature);
}

/* The told entry itself where there is one: who checks makes the submission of it again. */
static enum jb_err submission_put(struct jb_evidence_writing *x, uint64_t number, uint64_t seq,
                                  const uint8_t hash[JB_HASH_BYTES])
{
    bool told = false;

    for (size_t i = 0; i < x->count; i++)
        if (seq != 0 && x->told[i].seq == seq && x->told[i].of_case)
            told = x->told[i].stated = true;
    if (told)
        return jb_evidence_put(x, "{\"submission\":%llu,\"entry\":%llu}\n",
                               (unsigned long long)number, (unsigned long long)seq);
    const char *text = jb_evidence_hex(x, hash, JB_HASH_BYTES);
    return text == NULL ? JB_NOMEM
                        : jb_evidence_put(x, "{\"submission\":%llu,\"hash\":\"%s\"}\n",
                                          (unsigned long long)number, text);
}

/* ---- at the broker ---- */

struct verdict { /* on one submission of a node, in the order of its stream */
    uint64_t settles, seq;
    int64_t case_no;
};

struct submitter {
    struct jb_evidence_writing *x;
    uint32_t node;
    struct verdict *at; /* owned */
    size_t count, capacity;
};

static enum jb_err verdict_add(struct submitter *u, const struct verdict *v)
{
    if (u->count == u->capacity) {
        size_t wanted = u->capacity != 0 ? 2 * u->capacity : 256;
        struct verdict *more = reallocarray(u->at, wanted, sizeof *more);
        if (more == NULL)
            return JB_NOMEM;
        u->at = more;
        u->capacity = wanted;
    }
    u->at[u->count++] = *v;
    return JB_OK;
}

static enum jb_err verdicts_load(struct submitter *u)
{
    struct jb_ledger *l = u->x->l;
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_UP_VERDICTS, JB_ROW(jb_int(u->node)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct verdict v = {0};
        (void)jb_get_u64(&r); /* number in the stream: only for the order */
        v.settles = jb_get_u64(&r);
        v.seq = jb_get_u64(&r);
        v.case_no = jb_get_i64(&r);
        err = verdict_add(u, &v);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* By its entry; who left the case by this very act has a verdict without one. NULL: none. */
static const struct verdict *verdict_find(const struct submitter *u,
                                          const struct jb_evidence_told *t)
{
    for (size_t i = 0; i < u->count; i++)
        if (u->at[i].seq == t->seq)
            return &u->at[i];
    for (size_t i = 0; i < u->count; i++)
        if (u->at[i].seq == 0 && u->at[i].settles == t->up_number && u->at[i].case_no == t->case_no)
            return &u->at[i];
    return NULL;
}

static enum jb_err hash_of_entry(struct submitter *u, struct jb_bytes body, uint64_t *seq,
                                 uint64_t *up_number, uint8_t out[JB_HASH_BYTES])
{
    struct jb_entry entry;
    struct jb_fault why;
    enum jb_err err = jb_entry_decode(body, &u->x->arena, &entry, &why);

    if (err != JB_OK)
        return JB_CORRUPT;
    *seq = entry.seq;
    *up_number = entry.up_number;
    return jb_evidence_submitted(u->x, &entry, out);
}

/* The entry by which the node left the case. */
static enum jb_err hash_of_left(struct submitter *u, const struct verdict *v, uint64_t *seq,
                                uint8_t out[JB_HASH_BYTES])
{
    struct jb_ledger *l = u->x->l;
    enum jb_err err;
    bool found = false;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_UP_OF_CASE, JB_ROW(jb_int(v->case_no), jb_int(u->node)));

    while (!found && jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint64_t up_number = 0;
        err = hash_of_entry(u, jb_peek_blob(&r), seq, &up_number, out);
        if (err != JB_OK)
            break;
        found = up_number == v->settles;
    }
    jb_sql_done(s);
    return found || err != JB_OK ? err : JB_NOT_FOUND;
}

/* Of the submission that got this verdict; *seq: of its entry, 0: it was refused. */
static enum jb_err hash_of(struct submitter *u, const struct span *span, const struct verdict *v,
                           uint64_t *seq, uint8_t out[JB_HASH_BYTES])
{
    struct jb_ledger *l = u->x->l;
    struct jb_bytes raw;
    uint64_t up_number = 0;

    *seq = v->seq;
    jb_arena_reset(&u->x->arena);
    if (v->seq != 0) {
        enum jb_err err = jb_sql_blob(l, jb_sql_bind(l, JB_SQL_ENTRY_BODY, JB_ROW(jb_u64(v->seq))),
                                      &u->x->arena, &raw);
        return err == JB_OK ? hash_of_entry(u, raw, seq, &up_number, out) : err;
    }
    enum jb_err err =
        jb_sql_blob(l,
                    jb_sql_bind(l, JB_SQL_UP_REFUSED,
                                JB_ROW(jb_int(u->node), jb_fixed(span->epoch, JB_EPOCH_BYTES),
                                       jb_u64(v->settles))),
                    &u->x->arena, &raw);
    if (err == JB_NOT_FOUND)
        return hash_of_left(u, v, seq, out);
    if (err == JB_OK)
        jb_hash(l->suite, raw.data, raw.len, out);
    return err;
}

static enum jb_err seal_read(struct submitter *u, enum jb_sql id, const struct span *span,
                             uint64_t number, struct jb_evidence_seal *seal,
                             uint8_t head[JB_HASH_BYTES])
{
    struct jb_ledger *l = u->x->l;
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(
        l, id, JB_ROW(jb_int(u->node), jb_fixed(span->epoch, JB_EPOCH_BYTES), jb_u64(number)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        *seal = (struct jb_evidence_seal){.role = JB_LINE_UP, .number = jb_get_u64(&r)};
        seal->suite = (uint8_t)jb_get_int(&r);
        seal->at_ms = jb_get_i64(&r);
        jb_get_fixed(&r, head, JB_HASH_BYTES);
        jb_get_fixed(&r, seal->signature, sizeof seal->signature);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}

/* The statements around submission `number` of this epoch. NOT_FOUND: none covers it. */
static enum jb_err span_find(struct submitter *u, uint64_t number, struct span *span)
{
    struct jb_evidence_seal before;
    enum jb_err err = seal_read(u, JB_SQL_UP_SIGNED_AFTER, span, number, &span->seal, span->end);

    if (err != JB_OK)
        return err;
    span->to = span->seal.number;
    err = seal_read(u, JB_SQL_UP_SIGNED_BEFORE, span, number, &before, span->head);
    span->from = err == JB_OK ? before.number : 0;
    if (err != JB_NOT_FOUND)
        return err;
    jb_chain_start(u->x->l->suite, u->node, span->epoch, span->head);
    return JB_OK;
}

/* The verdict on submission `number` of the same epoch; NULL: it is not there. */
static const struct verdict *neighbour(const struct submitter *u, const struct verdict *known,
                                       uint64_t number)
{
    uint64_t back = known->settles - number; /* wraps for those behind: the sum comes out right */
    size_t i = (size_t)(known - u->at) - (size_t)back;

    return i < u->count && u->at[i].settles == number ? &u->at[i] : NULL;
}

/* Do the submissions lead from one signed head to the other? Then it is the right epoch. */
static enum jb_err span_check(struct submitter *u, const struct verdict *known,
                              const struct span *span, bool *leads)
{
    uint8_t head[JB_HASH_BYTES];
    enum jb_err err = JB_OK;

    memcpy(head, span->head, sizeof head);
    *leads = false;
    for (uint64_t n = span->from + 1; n <= span->to && err == JB_OK; n++) {
        const struct verdict *v = neighbour(u, known, n);
        uint8_t hash[JB_HASH_BYTES];
        uint64_t seq = 0;
        if (v == NULL)
            return JB_OK;
        err = hash_of(u, span, v, &seq, hash);
        if (err == JB_NOT_FOUND)
            return JB_OK;
        if (err == JB_OK)
            jb_chain_next(u->x->l->suite, head, hash, head);
    }
    *leads = err == JB_OK && memcmp(head, span->end, sizeof head) == 0;
    return err;
}

static enum jb_err span_put(struct submitter *u, const struct verdict *known,
                            const struct span *span)
{
    enum jb_err err = begin_put(u->x, span);

    for (uint64_t n = span->from + 1; n <= span->to && err == JB_OK; n++) {
        uint8_t hash[JB_HASH_BYTES];
        uint64_t seq = 0;
        err = hash_of(u, span, neighbour(u, known, n), &seq, hash);
        if (err == JB_OK)
            err = submission_put(u->x, n, seq, hash);
    }
    return err == JB_OK ? end_put(u->x, span) : err;
}

/* Its number says nothing of its epoch: the one whose chain it is part of. */
static enum jb_err entry_state(struct submitter *u, const struct verdict *known)
{
    struct jb_ledger *l = u->x->l;
    struct span span = {.node = u->node};
    bool leads = false;
    enum jb_err err = JB_OK;

    while (err == JB_OK && !leads) {
        sqlite3_stmt *s =
            jb_sql_bind(l, JB_SQL_UP_NEXT_EPOCH,
                        JB_ROW(jb_int(u->node), jb_fixed(span.epoch, sizeof span.epoch)));
        bool more = jb_sql_next(l, s, &err);
        if (more) {
            struct jb_reader r = jb_reader_of(s, NULL);
            jb_get_fixed(&r, span.epoch, sizeof span.epoch);
            err = r.err;
        }
        jb_sql_done(s);
        if (!more || err != JB_OK)
            return err;
        err = span_find(u, known->settles, &span);
        if (err == JB_OK)
            err = span_check(u, known, &span, &leads);
        if (err == JB_NOT_FOUND)
            err = JB_OK;
    }
    return err == JB_OK ? span_put(u, known, &span) : err;
}

static enum jb_err submitter_put(struct jb_evidence_writing *x, uint32_t node)
{
    struct submitter u = {.x = x, .node = node};
    enum jb_err err = verdicts_load(&u);

    for (size_t i = 0; i < x->count && err == JB_OK; i++) {
        const struct jb_evidence_told *t = &x->told[i];
        bool open = t->of_case && t->node == node && t->up_number != 0 && !t->stated;
        const struct verdict *known = open ? verdict_find(&u, t) : NULL;
        if (known != NULL)
            err = entry_state(&u, known);
    }
    free(u.at);
    return err;
}

/* ---- in a replica: its own, signed again by the node ---- */

static enum jb_err own_put(struct jb_evidence_writing *x, const struct jb_evidence_told *t)
{
    struct jb_ledger *l = x->l;
    uint8_t hash[JB_HASH_BYTES];
    struct span span = {.node = x->node, .from = t->settles - 1, .to = t->settles};
    enum jb_err err = JB_OK;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_OUTBOX_PAGE, JB_ROW(jb_u64(span.from), jb_int(1)));
    bool here = jb_sql_next(l, s, &err);

    if (here) {
        struct jb_reader r = jb_reader_of(s, NULL);
        here = jb_get_u64(&r) == span.to;
        jb_get_fixed(&r, hash, sizeof hash);
        jb_get_fixed(&r, span.end, sizeof span.end);
        err = r.err;
    }
    jb_sql_done(s);
    if (err != JB_OK || !here || memcmp(hash, t->submission, sizeof hash) != 0)
        return err; /* of an earlier file of this node: it cannot say so any more */
    memcpy(span.epoch, l->epoch, sizeof span.epoch);
    span.seal =
        (struct jb_evidence_seal){.role = JB_LINE_UP, .suite = l->suite, .at_ms = x->order->now_ms};
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_UP, x->node, span.epoch, span.to, span.end);
    err = jb_outbox_head(l, span.from, span.head);
    if (err == JB_OK)
        err = jb_line_sign(l->suite, x->order->by->sign_secret, &claim, span.seal.signature);
    if (err == JB_OK)
        err = begin_put(x, &span);
    if (err == JB_OK)
        err = submission_put(x, span.to, t->seq, hash);
    return err == JB_OK ? end_put(x, &span) : err;
}

/* ---- both ---- */

enum jb_err jb_evidence_submissions(struct jb_evidence_writing *x)
{
    bool broker = x->l->role == JB_LEDGER_BROKER;
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < x->count && err == JB_OK; i++) {
        const struct jb_evidence_told *t = &x->told[i];
        bool open = t->of_case && t->up_number != 0 && !t->stated;
        bool first = true;
        for (size_t k = 0; k < i && broker; k++) /* this submitter had its turn */
            first = first && !(x->told[k].of_case && x->told[k].up_number != 0 &&
                               x->told[k].node == t->node);
        if (open && broker && first)
            err = submitter_put(x, t->node);
        else if (open && !broker && t->node == x->node && t->settles != 0 &&
                 t->number > x->l->heads.settles_after)
            err = own_put(x, t);
    }
    for (size_t i = 0; i < x->count && err == JB_OK; i++)
        x->done->unstated += x->told[i].of_case && x->told[i].up_number != 0 && !x->told[i].stated;
    return err;
}
