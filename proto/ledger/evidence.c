/* See evidence.h. Segments: each begins with an item that is told in full and ends where signatures
 * of both sides cover the last of its told items; in between stand hashes. */
#include "proto/ledger/evidenceparts.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "proto/ledger/replica.h"
#include "proto/wire/codec.h"

#define TOLD_MAX 1000000
#define WAIT_STEP_NS 20000000
#define WAIT_STEPS 100 /* 2 s */

/* ---- lines ---- */

enum jb_err jb_evidence_put(struct jb_evidence_writing *x, const char *format, ...)
{
    va_list args;
    char *line = NULL;
    uint8_t hash[JB_HASH_BYTES];

    va_start(args, format);
    int len = vasprintf(&line, format, args);
    va_end(args);
    if (len < 0)
        return JB_NOMEM;
    jb_hash(x->l->suite, line, (size_t)len, hash);
    jb_chain_next(x->l->suite, x->chain, hash, x->chain);
    x->lines++;
    x->bytes += (size_t)len;
    if (x->order->max_bytes != 0 && x->bytes > x->order->max_bytes) {
        free(line);
        return JB_TOO_LARGE;
    }
    size_t written = fwrite(line, 1, (size_t)len, x->out);
    free(line);
    return written == (size_t)len ? JB_OK : JB_IO;
}

const char *jb_evidence_hex(struct jb_evidence_writing *x, const uint8_t *data, size_t len)
{
    char *text = jb_arena_alloc(&x->arena, 2 * len + 1);

    return text != NULL ? sodium_bin2hex(text, 2 * len + 1, data, len) : NULL;
}

/* ---- what to tell ---- */

enum jb_err jb_evidence_submitted(struct jb_evidence_writing *x, const struct jb_entry *entry,
                                  uint8_t out[JB_HASH_BYTES])
{
    struct jb_submission s = {entry->user, entry->made_at_ms, entry->act_bytes};
    struct jb_bytes bytes;
    enum jb_err err = jb_submission_encode(&s, &x->arena, &bytes);

    if (err == JB_OK)
        jb_hash(x->l->suite, bytes.data, bytes.len, out);
    return err;
}

/* What cannot be read, or has no body any more, is an item of the case. */
static enum jb_err describe(struct jb_evidence_writing *x, struct jb_bytes body,
                            struct jb_evidence_told *t)
{
    struct jb_item item;
    struct jb_entry entry;
    struct jb_fault why;

    t->of_case = true;
    if (body.len == 0 || jb_item_decode(body, &x->arena, &item, &why) != JB_OK)
        return JB_OK;
    t->settles = item.settles;
    if (item.kind != JB_ITEM_ENTRY || jb_entry_decode(item.entry, &x->arena, &entry, &why) != JB_OK)
        return JB_OK;
    t->seq = entry.seq;
    t->node = entry.node;
    t->case_no = entry.act.case_no;
    t->up_number = entry.up_number;
    t->of_case = entry.act.case_no == x->order->case_no;
    t->about = t->of_case ? 0 : entry.act.node;
    return entry.up_number != 0 ? jb_evidence_submitted(x, &entry, t->submission) : JB_OK;
}

struct row { /* one item of the stream; memory of the export's arena */
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];
    struct jb_bytes body; /* empty: erased */
};

static enum jb_err replica_row(struct jb_evidence_writing *x, uint64_t number, struct row *row)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, JB_SQL_ITEM_PAGE, JB_ROW(jb_u64(number - 1), jb_int(1)));

    if (jb_sql_next(x->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, &x->arena);
        bool here = jb_get_u64(&r) == number;
        jb_get_fixed(&r, row->hash, sizeof row->hash);
        jb_get_fixed(&r, row->head, sizeof row->head);
        row->body = jb_get_blob(&r);
        err = here ? r.err : JB_CORRUPT;
    } else if (err == JB_OK) {
        err = JB_CORRUPT;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err row_read(struct jb_evidence_writing *x, uint64_t number, struct row *row)
{
    size_t count = 0;
    struct jb_frame_item *items = NULL;
    struct jb_stream_read want = {
        .node = x->node, .from = number, .max_items = 1, .max_bytes = JB_FRAME_LIMIT_BYTES};

    jb_arena_reset(&x->arena);
    if (x->l->role == JB_LEDGER_REPLICA)
        return replica_row(x, number, row);
    enum jb_err err = jb_stream_read(x->l, &want, &x->arena, &items, &count, row->head);
    if (err == JB_OK && count != 1)
        err = JB_CORRUPT;
    if (err != JB_OK)
        return err;
    row->body = items[0].body;
    jb_hash(x->l->suite, row->body.data, row->body.len, row->hash);
    return JB_OK;
}

/* Head before item `number`. */
static enum jb_err head_before(struct jb_evidence_writing *x, uint64_t number,
                               uint8_t head[JB_HASH_BYTES])
{
    struct row row;

    if (number > 1) {
        enum jb_err err = row_read(x, number - 1, &row);
        memcpy(head, row.head, JB_HASH_BYTES);
        return err;
    }
    jb_chain_start(x->l->suite, x->node, x->l->origin, head);
    return JB_OK;
}

static enum jb_err told_add(struct jb_evidence_writing *x, uint64_t number)
{
    if (x->count == TOLD_MAX)
        return JB_OVERFLOW;
    if (x->count == x->capacity) {
        size_t wanted = x->capacity != 0 ? 2 * x->capacity : 64;
        struct jb_evidence_told *more = reallocarray(x->told, wanted, sizeof *more);
        if (more == NULL)
            return JB_NOMEM;
        x->told = more;
        x->capacity = wanted;
    }
    x->told[x->count++] = (struct jb_evidence_told){.number = number};
    return JB_OK;
}

/* Are this node's keys needed: to check its receipts, or what it submitted? */
static bool matters(const struct jb_evidence_writing *x, uint32_t node)
{
    if (node == x->node)
        return true;
    for (size_t i = 0; i < x->count && x->l->role == JB_LEDGER_BROKER; i++)
        if (x->told[i].of_case && x->told[i].up_number != 0 && x->told[i].node == node)
            return true;
    return false;
}

/* Those of the case stay, and those that give a node the keys that are needed. */
static void told_keep(struct jb_evidence_writing *x)
{
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++)
        if (!x->told[i].of_case && !matters(x, x->told[i].about))
            x->told[i].number = 0;
    for (size_t i = 0; i < x->count; i++)
        if (x->told[i].number != 0)
            x->told[kept++] = x->told[i];
    x->count = kept;
}

/* Candidates by index, then those that really matter. */
static enum jb_err told_find(struct jb_evidence_writing *x)
{
    bool broker = x->l->role == JB_LEDGER_BROKER;
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, broker ? JB_SQL_EVIDENCE_STREAM : JB_SQL_EVIDENCE_ITEMS,
                                  JB_ROW(jb_int(x->order->case_no), jb_int(x->node)));

    while (jb_sql_next(x->l, s, &err))
        if ((err = told_add(x, (uint64_t)sqlite3_column_int64(s, 0))) != JB_OK)
            break;
    jb_sql_done(s);
    for (size_t i = 0; i < x->count && err == JB_OK; i++) {
        struct row row;
        err = row_read(x, x->told[i].number, &row);
        if (err == JB_OK)
            err = describe(x, row.body, &x->told[i]);
    }
    told_keep(x);
    return err;
}

/* ---- signatures ---- */

/* The first stored one at or after `number` whose head is that of the stream. */
static enum jb_err seal_stored(struct jb_evidence_writing *x, enum jb_sql id, uint64_t number,
                               struct jb_evidence_seal *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(x->l, id, JB_ROW(jb_u64(number), jb_int(x->node)));

    out->number = UINT64_MAX;
    if (jb_sql_next(x->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        out->number = jb_get_u64(&r);
        jb_get_fixed(&r, out->epoch, sizeof out->epoch);
        out->suite = (uint8_t)jb_get_int(&r);
        out->at_ms = jb_get_i64(&r);
        jb_get_fixed(&r, out->signature, sizeof out->signature);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

/* The broker keeps no copies of its own signatures: it signs the very head again. */
static enum jb_err seal_made(struct jb_evidence_writing *x, uint64_t number,
                             struct jb_evidence_seal *out)
{
    struct jb_line_claim claim = {.role = JB_LINE_DOWN_HEAD, .node = x->node, .number = number};

    *out = (struct jb_evidence_seal){.role = JB_LINE_DOWN_HEAD,
                                     .number = number,
                                     .suite = x->l->suite,
                                     .at_ms = x->order->now_ms};
    memcpy(claim.epoch, x->l->epoch, sizeof claim.epoch);
    memcpy(out->epoch, x->l->epoch, sizeof out->epoch);
    enum jb_err err = jb_stream_head(x->l, x->node, number, claim.head);
    return err != JB_OK
               ? err
               : jb_line_sign(out->suite, x->order->by->sign_secret, &claim, out->signature);
}

static enum jb_err seal_next(struct jb_evidence_writing *x, enum jb_line_role role, uint64_t number,
                             struct jb_evidence_seal *out)
{
    bool broker = x->l->role == JB_LEDGER_BROKER;
    size_t side = role == JB_LINE_DOWN_ACK;
    enum jb_sql id =
        !side ? JB_SQL_EVIDENCE_PROOF : (broker ? JB_SQL_EVIDENCE_RECEIPT : JB_SQL_EVIDENCE_ACK);
    enum jb_err err = JB_OK;

    if (broker && !side)
        return seal_made(x, number, out);
    bool known = x->found[side].from != 0 && x->found[side].from <= number &&
                 number <= x->found[side].seal.number;
    if (!known)
        err = seal_stored(x, id, number, &x->found[side].seal);
    x->found[side].from = err == JB_OK ? (known ? x->found[side].from : number) : 0;
    x->found[side].seal.role = role;
    *out = x->found[side].seal;
    return err;
}

static enum jb_err seal_put(struct jb_evidence_writing *x, const struct jb_evidence_seal *s)
{
    const char *epoch = jb_evidence_hex(x, s->epoch, sizeof s->epoch);
    const char *signature = jb_evidence_hex(x, s->signature, sizeof s->signature);

    if (epoch == NULL || signature == NULL)
        return JB_NOMEM;
    x->done->heads += s->role == JB_LINE_DOWN_HEAD;
    x->done->receipts += s->role == JB_LINE_DOWN_ACK;
    return jb_evidence_put(
        x,
        "{\"sign\":\"%c\",\"item\":%llu,\"epoch\":\"%s\",\"suite\":%u,\"at_ms\":%lld,"
        "\"signature\":\"%s\"}\n",
        (char)s->role, (unsigned long long)s->number, epoch, s->suite, (long long)s->at_ms,
        signature);
}

/* ---- segments ---- */

/* The number up to which hashes are needed so that both signatures cover `number`. */
static enum jb_err cover(struct jb_evidence_writing *x, uint64_t number, uint64_t *end)
{
    static const enum jb_line_role roles[] = {JB_LINE_DOWN_HEAD, JB_LINE_DOWN_ACK};
    enum jb_err err = JB_OK;

    if (*end < number)
        *end = number;
    for (size_t i = 0; i < 2 && err == JB_OK; i++) {
        struct jb_evidence_seal s;
        err = seal_next(x, roles[i], number, &s);
        if (err == JB_OK && s.number != UINT64_MAX && s.number > *end)
            *end = s.number;
    }
    return err;
}

static enum jb_err item_put(struct jb_evidence_writing *x, uint64_t number, bool tell)
{
    struct row row;
    enum jb_err err = row_read(x, number, &row);

    if (err != JB_OK)
        return err;
    bool body = tell && row.body.len > 0;
    const char *text = body ? jb_evidence_hex(x, row.body.data, row.body.len)
                            : jb_evidence_hex(x, row.hash, sizeof row.hash);
    if (text == NULL)
        return JB_NOMEM;
    x->done->items += body;
    x->done->erased += tell && !body;
    return jb_evidence_put(x, "{\"item\":%llu,\"%s\":\"%s\"%s}\n", (unsigned long long)number,
                           body ? "body" : "hash", text, tell && !body ? ",\"erased\":true" : "");
}

/* Signatures over exactly this number. */
static enum jb_err seals_put(struct jb_evidence_writing *x, uint64_t number, bool tell)
{
    static const enum jb_line_role roles[] = {JB_LINE_DOWN_HEAD, JB_LINE_DOWN_ACK};
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < 2 && err == JB_OK; i++) {
        struct jb_evidence_seal s;
        bool fresh = x->l->role == JB_LEDGER_BROKER && roles[i] == JB_LINE_DOWN_HEAD;
        if (fresh && !tell)
            continue;
        err = seal_next(x, roles[i], number, &s);
        if (err == JB_OK && s.number == number)
            err = seal_put(x, &s);
    }
    return err;
}

/* From told[*i] on; *i: the first that is not in it. */
static enum jb_err segment_put(struct jb_evidence_writing *x, size_t *i)
{
    uint8_t before[JB_HASH_BYTES];
    uint64_t first = x->told[*i].number;
    size_t next = *i;
    uint64_t end = first;
    enum jb_err err = head_before(x, first, before);

    for (size_t k = *i; k < x->count && x->told[k].number <= end + 1 && err == JB_OK; k++)
        err = cover(x, x->told[k].number, &end);
    const char *text = jb_evidence_hex(x, before, sizeof before);
    if (err == JB_OK && text == NULL)
        err = JB_NOMEM;
    if (err == JB_OK)
        err = jb_evidence_put(x, "{\"segment\":%llu,\"before\":\"%s\"}\n",
                              (unsigned long long)first, text);
    for (uint64_t number = first; number <= end && err == JB_OK; number++) {
        bool tell = next < x->count && x->told[next].number == number;
        next += tell;
        err = item_put(x, number, tell);
        if (err == JB_OK)
            err = seals_put(x, number, tell);
    }
    *i = next;
    return err;
}

/* ---- the whole ---- */

static enum jb_err header_put(struct jb_evidence_writing *x)
{
    const struct jb_evidence_order *o = x->order;
    const char *broker = jb_evidence_hex(x, o->broker_sign, JB_KEY_BYTES);
    const char *by = jb_evidence_hex(x, o->by->sign_public, JB_KEY_BYTES);

    if (broker == NULL || by == NULL)
        return JB_NOMEM;
    return jb_evidence_put(x,
                           "{\"jiaoban_evidence\":2,\"suite\":%u,\"exporter\":\"%s\",\"node\":%u,"
                           "\"case\":\"%lld\",\"exported_ms\":%lld,\"broker_key\":\"%s\","
                           "\"exporter_key\":\"%s\"}\n",
                           x->l->suite, x->l->role == JB_LEDGER_BROKER ? "broker" : "node", x->node,
                           (long long)o->case_no, (long long)o->now_ms, broker, by);
}

static enum jb_err key_put(struct jb_evidence_writing *x)
{
    uint8_t key[JB_KEY_BYTES];
    enum jb_err err = jb_ledger_case_key_get(x->l, x->order->case_no, key);

    if (err == JB_NOT_FOUND)
        return JB_OK;
    const char *text = err == JB_OK ? jb_evidence_hex(x, key, sizeof key) : NULL;
    sodium_memzero(key, sizeof key);
    if (err == JB_OK && text == NULL)
        err = JB_NOMEM;
    if (err == JB_OK)
        err = jb_evidence_put(x, "{\"case_key\":\"%s\"}\n", text);
    x->done->with_key = err == JB_OK;
    return err;
}

/* The exporter's word that this is what it wrote, to the last byte. */
static enum jb_err end_put(struct jb_evidence_writing *x)
{
    uint8_t signature[JB_SIGN_BYTES];
    struct jb_bytes chain = {x->chain, sizeof x->chain};
    enum jb_err err =
        jb_sign(x->l->suite, x->order->by->sign_secret, JB_SIGN_PURPOSE_EVIDENCE, chain, signature);

    if (err != JB_OK)
        return err;
    const char *text = jb_evidence_hex(x, signature, sizeof signature);
    return text == NULL ? JB_NOMEM
                        : jb_evidence_put(x, "{\"lines\":%llu,\"signature\":\"%s\"}\n",
                                          (unsigned long long)x->lines, text);
}

static enum jb_err everything_put(struct jb_evidence_writing *x)
{
    enum jb_err err = told_find(x);

    if (err == JB_OK)
        err = header_put(x);
    for (size_t i = 0; i < x->count && err == JB_OK;)
        err = segment_put(x, &i);
    if (err == JB_OK)
        err = jb_evidence_submissions(x);
    if (err == JB_OK && x->order->with_key)
        err = key_put(x);
    if (err == JB_OK)
        err = end_put(x);
    if (err == JB_OK && (fflush(x->out) != 0 || ferror(x->out) != 0))
        err = JB_IO;
    return err;
}

/* A broker at work confirms first and writes its tables a moment later: what was confirmed before
 * the export began is to be in it. Of one that died the tables stay as they are until it starts. */
static enum jb_err tables_wait(struct jb_ledger *l)
{
    const struct timespec pause = {.tv_nsec = WAIT_STEP_NS};
    int64_t last = 0;
    int64_t first = 0;
    enum jb_err err = jb_db_number(l, "SELECT coalesce(max(number), 0) FROM tick", &last);

    for (int i = 0; i < WAIT_STEPS && err == JB_OK && last > 0; i++) {
        err = jb_db_number(l, "SELECT coalesce(min(number), 0) FROM tick", &first);
        if (first == 0 || first > last)
            break;
        (void)nanosleep(&pause, NULL);
    }
    return err;
}

enum jb_err jb_evidence_write(struct jb_ledger *l, const struct jb_evidence_order *order, FILE *out,
                              struct jb_evidence_done *done, struct jb_fault *fault)
{
    struct jb_evidence_writing x = {.l = l, .order = order, .done = done, .out = out};
    bool mine = false;
    int64_t of_case = 0;

    *done = (struct jb_evidence_done){0};
    fault->text[0] = '\0';
    x.node = l->role == JB_LEDGER_BROKER ? order->node : l->heads.node;
    jb_arena_init(&x.arena, 8 * JB_FRAME_LIMIT_BYTES);
    enum jb_err err = l->role == JB_LEDGER_BROKER ? tables_wait(l) : JB_OK;
    if (err == JB_OK)
        err = jb_sql_snapshot(l, &mine);
    if (err == JB_OK)
        err = jb_sql_number(l,
                            l->role == JB_LEDGER_BROKER ? JB_SQL_EVIDENCE_STREAM_COUNT
                                                        : JB_SQL_EVIDENCE_ITEM_COUNT,
                            JB_ROW(jb_int(order->case_no), jb_int(x.node)), &of_case);
    if (err == JB_OK && of_case == 0)
        err = jb_fault_set(fault, JB_NOT_FOUND, "no item of case %lld is in the stream of node %u",
                           (long long)order->case_no, x.node);
    if (err == JB_OK)
        err = everything_put(&x);
    jb_sql_snapshot_end(l, mine);
    jb_arena_fini(&x.arena);
    free(x.told);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "evidence: %s",
                           err == JB_IO ? jb_said("cannot be written") : jb_err_said(err));
    return err;
}
