/* See former.h. Rows are messages FormerItem in the replica's small facts, numbered 1, 2, 3 ...;
 * one fact more holds how many there are and whether they were compared. */
#include "clients/agent/former.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/wire/chain.h"

#define HEAD "former" /* count, 8 bytes; compared, 1 byte */
#define COUNT_BYTES 8
#define PAGE 256
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* ---- rows on the disk ---- */

static void key_of(uint64_t number, char key[32])
{
    (void)snprintf(key, 32, HEAD ".%08" PRIu64, number);
}

static enum jb_err head_get(struct jb_ledger *l, struct jb_arena *arena, uint64_t *count,
                            bool *compared)
{
    struct jb_bytes raw = {NULL, 0};
    *count = 0;
    *compared = false;
    enum jb_err err = jb_ledger_meta_get(l, HEAD, arena, &raw);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    if (raw.len != COUNT_BYTES + 1)
        return JB_CORRUPT;
    for (size_t i = 0; i < COUNT_BYTES; i++)
        *count = *count << 8 | raw.data[i];
    *compared = raw.data[COUNT_BYTES] != 0;
    return JB_OK;
}

static enum jb_err head_put(struct jb_ledger *l, uint64_t count, bool compared)
{
    uint8_t raw[COUNT_BYTES + 1];
    for (size_t i = 0; i < COUNT_BYTES; i++)
        raw[i] = (uint8_t)(count >> (56 - 8 * i));
    raw[COUNT_BYTES] = compared;
    return jb_ledger_meta_set(l, HEAD, (struct jb_bytes){raw, sizeof raw});
}

enum jb_err jb_agent_former_get(struct jb_ledger *l, uint64_t number, struct jb_arena *arena,
                                Jb__FormerItem **out)
{
    char key[32];
    struct jb_bytes raw = {NULL, 0};
    struct jb_fault fault;
    ProtobufCMessage *message = NULL;
    key_of(number, key);
    enum jb_err err = jb_ledger_meta_get(l, key, arena, &raw);
    if (err != JB_OK)
        return err;
    if (jb_message_decode(&jb__former_item__descriptor, raw, arena, &message, &fault) != JB_OK)
        return arena->overflowed ? JB_NOMEM : JB_CORRUPT;
    *out = (Jb__FormerItem *)message;
    return JB_OK;
}

enum jb_err jb_agent_former_put(struct jb_ledger *l, uint64_t number, const Jb__FormerItem *item,
                                struct jb_arena *arena)
{
    char key[32];
    struct jb_bytes raw;
    key_of(number, key);
    enum jb_err err = jb_message_encode(&item->base, arena, &raw);
    return err == JB_OK ? jb_ledger_meta_set(l, key, raw) : err;
}

/* ---- into a new replica ---- */

struct carrying {
    struct jb_ledger *from, *to;
    struct jb_arena arena;
    uint64_t count;
    uint8_t (*listed)[JB_HASH_BYTES]; /* of the rows from an earlier time that are not struck off */
    size_t listed_count;
};

static enum jb_err row_add(struct carrying *c, const Jb__FormerItem *item)
{
    uint8_t key[JB_KEY_BYTES];
    enum jb_err err = jb_agent_former_put(c->to, ++c->count, item, &c->arena);
    if (err != JB_OK || item->case_no == 0)
        return err;
    err = jb_ledger_case_key_get(c->from, item->case_no, key);
    if (err == JB_OK)
        err = jb_ledger_case_key_put(c->to, item->case_no, key);
    explicit_bzero(key, sizeof key);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* From an earlier time, if nothing has become of it that the new history is sure to have. */
static enum jb_err carry_listed(struct carrying *c)
{
    uint64_t listed = 0;
    bool compared = false;
    enum jb_err err = head_get(c->from, &c->arena, &listed, &compared);
    if (err == JB_OK && listed > 0 && (c->listed = calloc(listed, sizeof *c->listed)) == NULL)
        err = JB_NOMEM;
    for (uint64_t i = 1; i <= listed && err == JB_OK; i++) {
        Jb__FormerItem *item = NULL;
        jb_arena_reset(&c->arena);
        err = jb_agent_former_get(c->from, i, &c->arena, &item);
        if (err != JB_OK)
            break;
        if (item->state != JB_AGENT_FORMER_DISMISSED) {
            item->state = JB_AGENT_FORMER_LACKING; /* until the stream says otherwise */
            item->has_again = false;
            jb_digest(item->body.data, item->body.len, c->listed[c->listed_count++]);
        }
        err = row_add(c, item);
    }
    return err;
}

/* It was accepted again in the history that is gone now. */
static bool is_listed(const struct carrying *c, struct jb_bytes body)
{
    uint8_t hash[JB_HASH_BYTES];
    jb_digest(body.data, body.len, hash);
    for (size_t i = 0; i < c->listed_count; i++)
        if (memcmp(c->listed[i], hash, sizeof hash) == 0)
            return true;
    return false;
}

static enum jb_err carry_accepted(struct carrying *c, const struct jb_applied *applied)
{
    const struct jb_entry *e = &applied->entry;
    struct jb_submission s = {
        .user = e->user, .made_at_ms = e->made_at_ms, .act_bytes = e->act_bytes};
    Jb__FormerItem item = JB__FORMER_ITEM__INIT;
    struct jb_bytes body;
    bool ours = applied->item.kind == JB_ITEM_ENTRY && applied->item.settles != 0 &&
                e->act.kind != JB_ACT_PURGED; /* the new history says itself what is left */
    if (!ours)
        return JB_OK;
    enum jb_err err = jb_submission_encode(&s, &c->arena, &body);
    if (err != JB_OK || is_listed(c, body))
        return err;
    item.has_body = item.has_case_no = item.has_kind = item.has_state = true;
    item.has_accepted_at_ms = item.has_log_seq = true;
    item.body = (ProtobufCBinaryData){body.len, (uint8_t *)(uintptr_t)body.data};
    item.case_no = applied->case_no;
    item.kind = (uint32_t)e->act.kind;
    item.accepted_at_ms = e->at_ms;
    item.log_seq = e->seq;
    item.state = JB_AGENT_FORMER_LACKING;
    return row_add(c, &item);
}

static enum jb_err carry_stream(struct carrying *c, uint64_t after)
{
    enum jb_err err = JB_OK;
    size_t count = 1;
    while (err == JB_OK && count > 0) {
        struct jb_applied *items = NULL;
        jb_arena_reset(&c->arena);
        err = jb_replica_items(c->from, after, PAGE, &c->arena, &items, &count);
        for (size_t i = 0; err == JB_OK && i < count; i++) {
            after = items[i].item.number;
            err = carry_accepted(c, &items[i]);
        }
    }
    return err;
}

enum jb_err jb_agent_former_carry(struct jb_ledger *from, struct jb_ledger *to, uint64_t after)
{
    struct carrying c = {.from = from, .to = to};
    jb_arena_init(&c.arena, ARENA_BYTES);
    enum jb_err err = carry_listed(&c);
    if (err == JB_OK)
        err = carry_stream(&c, after);
    if (err == JB_OK && c.count > 0)
        err = head_put(to, c.count, false);
    free(c.listed);
    jb_arena_fini(&c.arena);
    return err;
}

/* ---- in memory ---- */

void jb_agent_former_fini(struct jb_agent *a)
{
    if (a->former != NULL)
        free(a->former->rows);
    free(a->former);
    a->former = NULL;
}

static enum jb_err rows_read(struct jb_ledger *l, struct jb_agent_former *f, struct jb_arena *arena)
{
    enum jb_err err = JB_OK;
    for (size_t i = 0; i < f->count && err == JB_OK; i++) {
        Jb__FormerItem *item = NULL;
        jb_arena_reset(arena);
        err = jb_agent_former_get(l, i + 1, arena, &item);
        if (err != JB_OK)
            return err == JB_NOT_FOUND ? JB_CORRUPT : err;
        jb_digest(item->body.data, item->body.len, f->rows[i].hash);
        f->rows[i].state = (enum jb_agent_former_state)item->state;
        f->rows[i].again = item->again;
    }
    return err;
}

enum jb_err jb_agent_former_load(struct jb_agent *a)
{
    struct jb_arena arena;
    uint64_t count = 0;
    bool compared = false;
    jb_agent_former_fini(a);
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = head_get(a->ledger, &arena, &count, &compared);
    if (err == JB_OK && count > 0) {
        a->former = calloc(1, sizeof *a->former);
        if (a->former != NULL)
            a->former->rows = calloc(count, sizeof *a->former->rows);
        err = a->former == NULL || a->former->rows == NULL ? JB_NOMEM : JB_OK;
    }
    if (err == JB_OK && count > 0) {
        a->former->count = count;
        a->former->compared = compared;
        err = rows_read(a->ledger, a->former, &arena);
    }
    jb_arena_fini(&arena);
    if (err != JB_OK)
        jb_agent_former_fini(a);
    return err;
}

void jb_agent_former_keep(struct jb_agent *a, uint64_t number, const Jb__FormerItem *item)
{
    struct jb_agent_former_row *row = &a->former->rows[number - 1];
    row->state = (enum jb_agent_former_state)item->state;
    row->again = item->again;
}

bool jb_agent_former_open(const struct jb_agent *a, uint64_t number)
{
    const struct jb_agent_former *f = a->former;
    if (f == NULL || number == 0 || number > f->count)
        return false;
    const struct jb_agent_former_row *row = &f->rows[number - 1];
    bool refused = row->state == JB_AGENT_FORMER_AGAIN &&
                   row->again <= jb_outbox_settled(a->ledger).number; /* else the record has it */
    return row->state == JB_AGENT_FORMER_LACKING || refused;
}

uint64_t jb_agent_former_lacking(const struct jb_agent *a)
{
    uint64_t found = 0;
    for (size_t i = 0; a->former != NULL && a->former->compared && i < a->former->count; i++)
        found += jb_agent_former_open(a, i + 1);
    return found;
}

/* ---- what the stream says ---- */

static enum jb_err held(struct jb_agent *a, uint64_t number, struct jb_arena *arena)
{
    Jb__FormerItem *item = NULL;
    enum jb_err err = jb_agent_former_get(a->ledger, number, arena, &item);
    if (err != JB_OK || item->state == JB_AGENT_FORMER_HELD)
        return err;
    item->state = JB_AGENT_FORMER_HELD;
    err = jb_agent_former_put(a->ledger, number, item, arena);
    if (err == JB_OK)
        a->former->seen = a->former->rows[number - 1].seen = true;
    return err;
}

enum jb_err jb_agent_former_seen(struct jb_agent *a, const struct jb_entry *entry)
{
    struct jb_submission s = {
        .user = entry->user, .made_at_ms = entry->made_at_ms, .act_bytes = entry->act_bytes};
    struct jb_arena arena;
    struct jb_bytes body;
    uint8_t hash[JB_HASH_BYTES];
    if (a->former == NULL || entry->node != jb_replica_node(a->ledger))
        return JB_OK;
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = jb_submission_encode(&s, &arena, &body);
    if (err == JB_OK)
        jb_digest(body.data, body.len, hash);
    for (size_t i = 0; i < a->former->count && err == JB_OK; i++)
        if (memcmp(a->former->rows[i].hash, hash, sizeof hash) == 0)
            err = held(a, i + 1, &arena);
    jb_arena_fini(&arena);
    return err;
}

void jb_agent_former_seen_end(struct jb_agent *a, bool kept)
{
    struct jb_agent_former *f = a->former;
    if (f == NULL || !f->seen)
        return;
    for (size_t i = 0; i < f->count; i++) {
        if (f->rows[i].seen && kept) {
            f->rows[i].state = JB_AGENT_FORMER_HELD;
            jb_log(JB_LOG_NOTICE, a->config->code, "former.held", "number=%zu", i + 1);
        }
        f->rows[i].seen = false;
    }
    f->seen = false;
}

void jb_agent_former_synced(struct jb_agent *a)
{
    if (a->former == NULL || a->former->compared || jb_agent_degraded(a))
        return;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err == JB_OK) {
        err = head_put(a->ledger, a->former->count, true);
        if (err == JB_OK)
            err = jb_ledger_commit(a->ledger);
        else
            jb_ledger_rollback(a->ledger);
    }
    if (err != JB_OK)
        return; /* with the next time */
    a->former->compared = true;
    jb_log(JB_LOG_WARNING, a->config->code, "former.compared",
           "accepted=%zu lacking=%" PRIu64 " see=\"jiaoban pending\"", a->former->count,
           jb_agent_former_lacking(a));
}
