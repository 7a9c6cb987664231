/* A node's replica: taking the stream item by item, and keeping what was signed about it.
 *
 * Decides whether an item is the next one and whether it settles a submission. Verifies no
 * signature: the caller compares the head that comes out with the one that the broker signed. */
#include "proto/ledger/replica.h"

#include <assert.h>
#include <stdio.h>

#include "proto/ledger/db.h"
#include "proto/rules/caseno.h"
#include "proto/wire/seal.h"

static const uint8_t no_epoch[JB_EPOCH_BYTES];

/* ---- identity ---- */

enum jb_err jb_replica_node_set(struct jb_ledger *l, uint32_t node)
{
    assert(l->writing);
    if (l->heads.node != 0)
        return l->heads.node == node ? JB_OK : JB_WRONG_NODE;
    if (node == 0 || node > JB_NODE_MAX)
        return JB_RANGE;
    enum jb_err err = jb_number_write(l, ".node", node);
    if (err != JB_OK)
        return err;
    l->heads.node = node;
    jb_replica_heads_start(l);
    return JB_OK;
}

uint32_t jb_replica_node(const struct jb_ledger *l)
{
    return l->heads.node;
}

struct jb_line_point jb_replica_down(const struct jb_ledger *l)
{
    return l->heads.down;
}

enum jb_err jb_replica_down_epoch(struct jb_ledger *l, const uint8_t epoch[JB_EPOCH_BYTES])
{
    struct jb_line_point *down = &l->heads.down;

    assert(l->writing);
    if (memcmp(down->epoch, no_epoch, JB_EPOCH_BYTES) != 0)
        return memcmp(down->epoch, epoch, JB_EPOCH_BYTES) == 0 ? JB_OK : JB_DIVERGED;
    if (l->heads.node == 0)
        return JB_NOT_FOUND;
    enum jb_err err =
        jb_ledger_meta_set(l, ".down_epoch", (struct jb_bytes){epoch, JB_EPOCH_BYTES});
    if (err != JB_OK)
        return err;
    memcpy(down->epoch, epoch, JB_EPOCH_BYTES);
    memcpy(l->origin, epoch, JB_EPOCH_BYTES);
    jb_chain_start(l->suite, l->heads.node, epoch, down->head);
    return JB_OK;
}

enum jb_err jb_replica_down_follow(struct jb_ledger *l, const uint8_t epoch[JB_EPOCH_BYTES])
{
    assert(l->writing);
    enum jb_err err =
        jb_ledger_meta_set(l, ".down_origin", (struct jb_bytes){l->origin, JB_EPOCH_BYTES});
    if (err == JB_OK)
        err = jb_ledger_meta_set(l, ".down_epoch", (struct jb_bytes){epoch, JB_EPOCH_BYTES});
    if (err == JB_OK)
        memcpy(l->heads.down.epoch, epoch, JB_EPOCH_BYTES);
    return err;
}

enum jb_err jb_replica_settles_after(struct jb_ledger *l, uint64_t number)
{
    assert(l->writing);
    enum jb_err err = jb_number_write(l, ".settles_after", number);
    if (err == JB_OK)
        l->heads.settles_after = number;
    return err;
}

/* ---- taking an item ---- */

struct taking {
    struct jb_ledger *l;
    const struct jb_frame_item *frame;
    struct jb_arena *arena;
    struct jb_applied *applied;
    uint64_t settles; /* own submission that it settles; 0: none of this file's */
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];
};

static enum jb_err number_check(const struct jb_ledger *l, uint64_t number, struct jb_fault *fault)
{
    uint64_t next = l->heads.down.number + 1;

    if (memcmp(l->heads.down.epoch, no_epoch, JB_EPOCH_BYTES) == 0)
        return jb_fault_set(fault, JB_NOT_FOUND, "item before the first greeting");
    if (number < next)
        return jb_fault_set(fault, JB_REPEAT, "item %llu was taken before",
                            (unsigned long long)number);
    if (number > next)
        return jb_fault_set(fault, JB_GAP, "item %llu where %llu is next",
                            (unsigned long long)number, (unsigned long long)next);
    return JB_OK;
}

/* Verdicts come in the order of the submissions. Those from before this file was made belong to an
 * earlier one and settle nothing here. */
static enum jb_err settles_check(struct taking *t, struct jb_fault *fault)
{
    const struct jb_heads *h = &t->l->heads;
    uint64_t settles = t->applied->item.settles;

    if (settles == 0 || t->applied->item.number <= h->settles_after) {
        t->applied->item.settles = 0; /* nor is anybody told so */
        return JB_OK;
    }
    if (settles != h->settled.number + 1 || settles > h->made.number)
        return jb_fault_set(
            fault, JB_DIVERGED, "item %llu settles submission %llu; settled %llu, made %llu",
            (unsigned long long)t->applied->item.number, (unsigned long long)settles,
            (unsigned long long)h->settled.number, (unsigned long long)h->made.number);
    t->settles = settles;
    return JB_OK;
}

static enum jb_err item_open(struct taking *t, struct jb_fault *fault)
{
    struct jb_applied *a = t->applied;
    enum jb_err err = jb_item_decode(t->frame->body, t->arena, &a->item, fault);

    if (err == JB_OK)
        err = number_check(t->l, a->item.number, fault);
    if (err == JB_OK)
        err = settles_check(t, fault);
    if (err != JB_OK)
        return err;
    a->case_no = a->item.left_case_no;
    if (a->item.kind != JB_ITEM_ENTRY)
        return JB_OK;
    err = jb_entry_decode(a->item.entry, t->arena, &a->entry, fault);
    a->case_no = a->entry.act.case_no;
    return err;
}

static enum jb_err item_store(struct taking *t)
{
    const struct jb_applied *a = t->applied;
    const struct jb_item *item = &a->item;
    const struct jb_bytes *body = &t->frame->body;

    jb_hash(t->l->suite, body->data, body->len, t->hash);
    jb_chain_next(t->l->suite, t->l->heads.down.head, t->hash, t->head);
    return jb_sql_run(t->l, JB_SQL_ITEM_ADD,
                      JB_ROW(jb_u64(item->number), jb_int(item->at_ms), jb_u64(t->settles),
                             jb_int(item->history), jb_int(item->kind), jb_u64(a->entry.seq),
                             jb_int(a->case_no), jb_int(a->entry.act.kind),
                             jb_fixed(t->hash, sizeof t->hash), jb_fixed(t->head, sizeof t->head),
                             jb_blob(*body)));
}

/* Chain and signatures do not cover the key beside an item, so that it can be erased. What was
 * sealed names its key: by that the right one is known. An entry that seals nothing (the case got
 * its key with its first attachment) tells nothing: then a key that is here already stays. */
static enum jb_err key_fits(const struct taking *t, const uint8_t key[JB_KEY_BYTES], bool *fits)
{
    const struct jb_act *act = &t->applied->entry.act;
    uint8_t here[JB_KEY_BYTES];
    uint8_t id[JB_SEAL_KEY_ID_BYTES];

    if ((act->kind == JB_ACT_REGISTER || act->kind == JB_ACT_ATTACH) && act->sealed.len > 0) {
        jb_seal_key_id(key, id);
        *fits = act->sealed.len >= sizeof id && memcmp(id, act->sealed.data, sizeof id) == 0;
        return JB_OK;
    }
    enum jb_err err = jb_ledger_case_key_get(t->l, t->applied->case_no, here);
    *fits = err == JB_NOT_FOUND || (err == JB_OK && memcmp(here, key, sizeof here) == 0);
    explicit_bzero(here, sizeof here);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* ---- keys that do not fit ---- */

static void unfit_name(int64_t case_no, char name[48])
{
    (void)snprintf(name, 48, "key.unfit.%lld", (long long)case_no);
}

enum jb_err jb_replica_key_unfit(struct jb_ledger *l, int64_t case_no, bool *unfit)
{
    struct jb_arena arena;
    struct jb_bytes mark = {NULL, 0};
    char name[48];

    jb_arena_init(&arena, 4096);
    unfit_name(case_no, name);
    enum jb_err err = jb_ledger_meta_get(l, name, &arena, &mark);
    *unfit = err == JB_OK && mark.len == 1 && mark.data[0] == 1;
    jb_arena_fini(&arena);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* That one came, or that a right one has come since: without it nobody could tell who may not read
 * from who was sent the wrong key. */
static enum jb_err unfit_mark(struct jb_ledger *l, int64_t case_no, bool unfit)
{
    uint8_t mark = unfit;
    bool before = false;
    char name[48];
    enum jb_err err = jb_replica_key_unfit(l, case_no, &before);

    if (err != JB_OK || before == unfit)
        return err;
    unfit_name(case_no, name);
    return jb_ledger_meta_set(l, name, (struct jb_bytes){&mark, 1});
}

/* A key that does not fit is no reason to stop the stream: only what it was to open stays closed.
 */
static enum jb_err key_keep(struct taking *t, struct jb_fault *fault)
{
    const struct jb_bytes *key = &t->frame->case_key;
    int64_t case_no = t->applied->case_no;
    bool fits = false;

    if (key->len == 0)
        return JB_OK;
    if (key->len != JB_KEY_BYTES || t->applied->item.kind != JB_ITEM_ENTRY || case_no == 0)
        return jb_fault_set(fault, JB_MALFORMED, "item %llu: misplaced case key",
                            (unsigned long long)t->applied->item.number);
    enum jb_err err = key_fits(t, key->data, &fits);
    if (err != JB_OK)
        return err;
    t->applied->key_unfit = !fits;
    err = unfit_mark(t->l, case_no, !fits);
    return err == JB_OK && fits ? jb_ledger_case_key_put(t->l, case_no, key->data) : err;
}

/* A number of this node came back with the stream: an earlier file may have issued it. */
static enum jb_err case_seq_seen(struct jb_ledger *l, int64_t case_no)
{
    return jb_sql_run(l, JB_SQL_COUNTER_SEEN,
                      JB_ROW(jb_int(jb_caseno_date(case_no).days), jb_int(jb_caseno_seq(case_no))));
}

/* The broker has begun to count this file's submissions. */
static bool begins_own_epoch(const struct taking *t)
{
    const struct jb_act *act = &t->applied->entry.act;

    return act->kind == JB_ACT_NEW_EPOCH && act->node == t->l->heads.node &&
           act->epoch.len == JB_EPOCH_BYTES &&
           memcmp(act->epoch.data, t->l->epoch, JB_EPOCH_BYTES) == 0;
}

static enum jb_err item_apply(struct taking *t, struct jb_fault *fault)
{
    const struct jb_applied *a = t->applied;
    enum jb_err err = JB_OK;

    if (a->item.kind == JB_ITEM_ENTRY) {
        /* Not in the caller's memory: many items in a row may be about one long case. */
        if (!t->l->held.on)
            jb_arena_reset(&t->l->cases);
        err = jb_ledger_apply(t->l, &a->entry, &t->l->cases);
        if (!t->l->held.on)
            jb_arena_reset(&t->l->cases);
        else if (err == JB_OK)
            err = jb_held_look(t->l);
        if (err == JB_OK && begins_own_epoch(t))
            err = jb_replica_settles_after(t->l, a->item.number);
        if (err == JB_OK && jb_act_may_open(a->entry.act.kind) &&
            jb_caseno_node(a->case_no) == t->l->heads.node)
            err = case_seq_seen(t->l, a->case_no);
    } else if (a->item.kind == JB_ITEM_LEFT) {
        struct jb_left left = {a->case_no, a->item.at_ms, a->item.number, a->item.left_reason};
        err = jb_ledger_case_purge(t->l, a->case_no);
        if (err == JB_OK)
            err = unfit_mark(t->l, a->case_no, false);
        if (err == JB_OK)
            err = jb_left_apply(t->l, &left);
    }
    if (err != JB_OK)
        return jb_fault_set(fault, err, "item %llu (%s of case %lld): %s",
                            (unsigned long long)a->item.number, jb_act_kind_name(a->entry.act.kind),
                            (long long)a->case_no, jb_err_text(err));
    return JB_OK;
}

static enum jb_err outbox_settle(struct taking *t)
{
    struct jb_heads *h = &t->l->heads;

    if (t->settles == 0)
        return JB_OK;
    enum jb_err err = jb_outbox_head(t->l, t->settles, h->settled.head);
    if (err != JB_OK)
        return err;
    h->settled.number = t->settles;
    return jb_sql_run(t->l, JB_SQL_OUTBOX_SETTLE, JB_ROW(jb_u64(t->settles)));
}

enum jb_err jb_replica_take(struct jb_ledger *l, const struct jb_frame_item *item,
                            struct jb_arena *arena, struct jb_applied *applied,
                            struct jb_fault *fault)
{
    struct taking t = {.l = l, .frame = item, .arena = arena, .applied = applied};

    assert(l->writing);
    *applied = (struct jb_applied){0};
    fault->text[0] = '\0';
    enum jb_err err = item_open(&t, fault);
    if (err == JB_OK)
        err = item_store(&t);
    if (err == JB_OK)
        err = key_keep(&t, fault);
    if (err == JB_OK)
        err = outbox_settle(&t);
    if (err == JB_OK)
        err = item_apply(&t, fault);
    if (err == JB_OK) {
        l->heads.down.number = applied->item.number;
        memcpy(l->heads.down.head, t.head, sizeof t.head);
    } else if (fault->text[0] == '\0') {
        (void)jb_fault_set(fault, err, "item %llu: %s", (unsigned long long)applied->item.number,
                           l->error);
    }
    return err;
}

/* ---- reading items again ---- */

#define ITEMS_BYTES ((size_t)2 * 1024 * 1024) /* of bodies; one item is read in any case */

/* A row of ITEM_PAGE: number, hash, head, body. */
static enum jb_err item_again(sqlite3_stmt *s, struct jb_arena *arena, struct jb_applied *a,
                              size_t *bytes)
{
    struct jb_fault fault;
    struct jb_reader r = jb_reader_of(s, arena);
    uint64_t number = jb_get_u64(&r);

    r.column += 2;
    struct jb_bytes body = jb_get_blob(&r);
    *a = (struct jb_applied){.item.number = number};
    if (r.err != JB_OK || body.len == 0)
        return r.err;
    *bytes += body.len;
    enum jb_err err = jb_item_decode(body, arena, &a->item, &fault);
    a->case_no = a->item.left_case_no;
    if (err != JB_OK || a->item.kind != JB_ITEM_ENTRY)
        return err;
    err = jb_entry_decode(a->item.entry, arena, &a->entry, &fault);
    a->case_no = a->entry.act.case_no;
    return err;
}

enum jb_err jb_replica_items(struct jb_ledger *l, uint64_t after, size_t max,
                             struct jb_arena *arena, struct jb_applied **items, size_t *count)
{
    enum jb_err err;
    size_t found = 0;
    size_t bytes = 0;
    struct jb_applied *list = jb_arena_alloc(arena, max * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    if (after > INT64_MAX)
        after = INT64_MAX;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ITEM_PAGE, JB_ROW(jb_u64(after), jb_u64(max)));
    while (jb_sql_next(l, s, &err)) {
        err = item_again(s, arena, &list[found], &bytes);
        if (err != JB_OK)
            break;
        found++;
        if (bytes >= ITEMS_BYTES)
            break;
    }
    jb_sql_done(s);
    if (err != JB_OK)
        return err;
    *items = list;
    *count = found;
    return JB_OK;
}

/* ---- evidence ---- */

static enum jb_err evidence_add(struct jb_ledger *l, enum jb_sql id,
                                const struct jb_line_point *point, struct jb_row rest)
{
    const struct jb_bind row[] = {jb_u64(point->number),
                                  jb_fixed(point->epoch, JB_EPOCH_BYTES),
                                  rest.at[0],
                                  rest.at[1],
                                  jb_fixed(point->head, JB_HASH_BYTES),
                                  rest.at[2]};

    assert(l->writing);
    return jb_sql_run(l, id, (struct jb_row){row, sizeof row / sizeof row[0]});
}

enum jb_err jb_replica_proof_add(struct jb_ledger *l, const struct jb_line_point *point,
                                 uint8_t suite, const uint8_t signature[JB_SIGN_BYTES],
                                 int64_t at_ms)
{
    return evidence_add(l, JB_SQL_PROOF_ADD, point,
                        JB_ROW(jb_int(suite), jb_int(at_ms), jb_fixed(signature, JB_SIGN_BYTES)));
}

enum jb_err jb_replica_ack_add(struct jb_ledger *l, const struct jb_line_point *point,
                               uint8_t suite, const uint8_t signature[JB_SIGN_BYTES], int64_t at_ms)
{
    return evidence_add(l, JB_SQL_ACK_ADD, point,
                        JB_ROW(jb_int(suite), jb_int(at_ms), jb_fixed(signature, JB_SIGN_BYTES)));
}

enum jb_err jb_replica_ack_last(struct jb_ledger *l, struct jb_line_point *point, uint8_t *suite,
                                uint8_t signature[JB_SIGN_BYTES])
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ACK_LAST, JB_NO_ROW);

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        point->number = jb_get_u64(&r);
        jb_get_fixed(&r, point->epoch, JB_EPOCH_BYTES);
        *suite = (uint8_t)jb_get_int(&r);
        r.column++; /* at_ms */
        jb_get_fixed(&r, point->head, JB_HASH_BYTES);
        jb_get_fixed(&r, signature, JB_SIGN_BYTES);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_replica_stored_at(struct jb_ledger *l, uint64_t entry_seq, int64_t *at_ms)
{
    return jb_sql_number(l, JB_SQL_STORED_AT, JB_ROW(jb_u64(entry_seq)), at_ms);
}

/* ---- case numbers ---- */

/* Before the first number of this file: an earlier file may have issued some this very day that
 * never reached the broker. */
static void first_number(const struct jb_ledger *l, int64_t second, int64_t *last)
{
    if (l->heads.issued)
        return;
    second = second < 0 ? 0 : second > 86399 ? 86399 : second;
    *last = *last > second ? *last : second;
}

enum jb_err jb_replica_case_seq(struct jb_ledger *l, struct jb_date date, int64_t now_ms,
                                uint32_t *seq)
{
    int64_t last = 0;

    enum jb_err err = jb_sql_number(l, JB_SQL_COUNTER_GET, JB_ROW(jb_int(date.days)), &last);
    if (err != JB_OK && err != JB_NOT_FOUND)
        return err;
    first_number(l, (now_ms - jb_date_start_ms(date)) / 1000, &last);
    if (last >= JB_CASENO_SEQ_MAX)
        return JB_RANGE;
    *seq = (uint32_t)(last + 1);
    return JB_OK;
}

enum jb_err jb_replica_case_seq_issue(struct jb_ledger *l, struct jb_date date, uint32_t seq)
{
    assert(l->writing);
    enum jb_err err = jb_sql_run(l, JB_SQL_COUNTER_SET, JB_ROW(jb_int(date.days), jb_int(seq)));
    if (err == JB_OK && !l->heads.issued)
        err = jb_number_write(l, ".issued", 1);
    if (err == JB_OK)
        l->heads.issued = true;
    return err;
}
