/* The broker's end of every node's line: where it stands, what was signed, what was refused.
 *
 * States are kept in memory and written once per transaction, by the commit. */
#include <assert.h>
#include <stdlib.h>

#include "proto/base/mutant.h"
#include "proto/ledger/db.h"

/* ---- the table in memory ---- */

/* Where `node` is, or would have to be put. */
static size_t position_of(const struct jb_ledger *l, uint32_t node)
{
    size_t low = 0;
    size_t high = l->line_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->lines[middle]->now.node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool room_make(struct jb_ledger *l)
{
    if (l->line_count < l->line_capacity)
        return true;
    size_t more = l->line_capacity == 0 ? 64 : l->line_capacity * 2;
    struct jb_line **grown = realloc(l->lines, more * sizeof(struct jb_line *));
    if (grown == NULL)
        return false;
    l->lines = grown;
    l->line_capacity = more;
    return true;
}

static struct jb_line *line_of(struct jb_ledger *l, uint32_t node)
{
    size_t at = position_of(l, node);

    if (at < l->line_count && l->lines[at]->now.node == node)
        return l->lines[at];
    struct jb_line *line = room_make(l) ? calloc(1, sizeof *line) : NULL;
    if (line == NULL)
        return NULL;
    line->now.node = node;
    memcpy(line->now.down.epoch, l->epoch, JB_EPOCH_BYTES);
    jb_chain_start(l->suite, node, l->origin, line->now.down.head);
    line->now.acked = line->now.down;
    memmove(&l->lines[at + 1], &l->lines[at], (l->line_count - at) * sizeof(struct jb_line *));
    l->lines[at] = line;
    l->line_count++;
    return line;
}

struct jb_line_state *jb_line_touch(struct jb_ledger *l, uint32_t node)
{
    assert(l->writing);
    struct jb_line *line = line_of(l, node);
    if (line == NULL)
        return NULL;
    if (!line->touched) {
        line->touched = true;
        line->committed = line->now;
        line->next_touched = l->touched;
        l->touched = line;
    }
    return &line->now;
}

void jb_line_row(struct jb_reader *r, struct jb_line_state *state)
{
    state->node = jb_get_u32(r);
    jb_get_fixed(r, state->up.epoch, JB_EPOCH_BYTES);
    state->up.number = jb_get_u64(r);
    jb_get_fixed(r, state->up.head, JB_HASH_BYTES);
    state->down.number = jb_get_u64(r);
    jb_get_fixed(r, state->down.head, JB_HASH_BYTES);
    state->acked.number = jb_get_u64(r);
    jb_get_fixed(r, state->acked.head, JB_HASH_BYTES);
    state->acked_at_ms = jb_get_i64(r);
}

static enum jb_err state_read(struct jb_ledger *l, sqlite3_stmt *s)
{
    struct jb_reader r = jb_reader_of(s, NULL);
    struct jb_line *line = line_of(l, (uint32_t)sqlite3_column_int64(s, 0));

    if (line == NULL)
        return JB_NOMEM;
    jb_line_row(&r, &line->now);
    return r.err;
}

enum jb_err jb_lines_load(struct jb_ledger *l)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_LINES, JB_NO_ROW);

    while (jb_sql_next(l, s, &err)) {
        err = state_read(l, s);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

const struct jb_line_state *jb_line_get(struct jb_ledger *l, uint32_t node)
{
    struct jb_line *line = line_of(l, node);

    /* Another connection writes: what is in memory here may be old. */
    if (line == NULL || (l->read_only && jb_line_read(l, node, &line->now) != JB_OK))
        return NULL;
    return &line->now;
}

enum jb_err jb_line_save(struct jb_ledger *l, const struct jb_line_state *s)
{
    return jb_sql_run(l, JB_SQL_LINE_SAVE,
                      JB_ROW(jb_int(s->node), jb_fixed(s->up.epoch, JB_EPOCH_BYTES),
                             jb_u64(s->up.number), jb_fixed(s->up.head, JB_HASH_BYTES),
                             jb_u64(s->down.number), jb_fixed(s->down.head, JB_HASH_BYTES),
                             jb_u64(s->acked.number), jb_fixed(s->acked.head, JB_HASH_BYTES),
                             jb_int(s->acked_at_ms)));
}

enum jb_err jb_lines_flush(struct jb_ledger *l)
{
    enum jb_err err = JB_OK;

    for (const struct jb_line *line = l->touched; line != NULL && err == JB_OK;
         line = line->next_touched)
        err = jb_line_save(l, &line->now);
    return err;
}

enum jb_err jb_lines_pack(struct jb_ledger *l, struct jb_tick *t)
{
    for (struct jb_line *line = l->touched; line != NULL; line = line->next_touched) {
        struct jb_line_state *to = jb_tick_more(t, &t->lines, &t->line_count, sizeof *to);
        if (to == NULL)
            return JB_NOMEM;
        *to = line->now;
    }
    return JB_OK;
}

enum jb_err jb_line_is_behind(struct jb_ledger *l, const struct jb_line_state *state)
{
    struct jb_line *line = line_of(l, state->node);

    if (line == NULL)
        return JB_NOMEM;
    struct jb_line_state was = line->now;
    line->now = *state;
    memcpy(line->now.down.epoch, was.down.epoch, JB_EPOCH_BYTES);
    memcpy(line->now.acked.epoch, was.acked.epoch, JB_EPOCH_BYTES);
    return JB_OK;
}

/* From the last one backwards: each line once. */
enum jb_err jb_lines_save_from(struct jb_ledger *l, struct jb_tick *const *ticks, size_t count)
{
    enum jb_err err = JB_OK;
    uint64_t pass = ++l->behind.pass;

    for (size_t i = count; i > 0 && err == JB_OK; i--)
        for (size_t k = 0; k < ticks[i - 1]->line_count && err == JB_OK; k++) {
            const struct jb_line_state *state = &ticks[i - 1]->lines[k];
            struct jb_line *line = line_of(l, state->node);
            if (line == NULL)
                return JB_NOMEM;
            if (line->pass != pass)
                err = jb_line_save(l, state);
            line->pass = pass;
        }
    return err;
}

static void touched_clear(struct jb_ledger *l, bool restore)
{
    while (l->touched != NULL) {
        struct jb_line *line = l->touched;
        if (restore)
            line->now = line->committed;
        line->touched = false;
        l->touched = line->next_touched;
    }
}

void jb_lines_keep(struct jb_ledger *l)
{
    touched_clear(l, false);
}

void jb_lines_restore(struct jb_ledger *l)
{
    touched_clear(l, true);
}

void jb_lines_free(struct jb_ledger *l)
{
    for (size_t i = 0; i < l->line_count; i++)
        free(l->lines[i]);
    free(l->lines);
}

/* ---- the up sequence ---- */

enum jb_err jb_refused_write(struct jb_ledger *l, const struct jb_line_decided *d,
                             const uint8_t epoch[JB_EPOCH_BYTES])
{
    return jb_sql_run(l, JB_SQL_REFUSED_ADD,
                      JB_ROW(jb_int(d->node), jb_fixed(epoch, JB_EPOCH_BYTES), jb_u64(d->number),
                             jb_int(d->at_ms), jb_int(d->refusal), jb_fixed(d->head, JB_HASH_BYTES),
                             jb_blob(d->raw)));
}

static enum jb_err refused_keep(struct jb_ledger *l, const struct jb_line_decided *d,
                                const uint8_t epoch[JB_EPOCH_BYTES])
{
    struct jb_tick *t = l->behind.fresh;

    if (t == NULL)
        return jb_refused_write(l, d, epoch);
    struct jb_tick_refused *to = jb_tick_more(t, &t->refused, &t->refused_count, sizeof *to);
    const uint8_t *raw = to != NULL ? jb_arena_memdup(&t->arena, d->raw.data, d->raw.len) : NULL;
    if (raw == NULL)
        return JB_NOMEM;
    to->decided = *d;
    to->decided.raw.data = d->raw.len > 0 ? raw : NULL;
    memcpy(to->epoch, epoch, JB_EPOCH_BYTES);
    return JB_OK;
}

enum jb_err jb_line_up_decided(struct jb_ledger *l, const struct jb_line_decided *d)
{
    enum jb_err err = JB_OK;
    struct jb_line_state *s = jb_line_touch(l, d->node);

    if (s == NULL)
        return JB_NOMEM;
    if (d->number != s->up.number + 1 && JB_MUTANT != JB_MUTANT_FORGET_DEDUPE)
        return d->number <= s->up.number ? JB_REPEAT : JB_GAP;
    if (d->refusal != 0)
        err = refused_keep(l, d, s->up.epoch);
    if (err != JB_OK)
        return err;
    s->up.number = d->number;
    memcpy(s->up.head, d->head, JB_HASH_BYTES);
    return JB_OK;
}

enum jb_err jb_receipt_write(struct jb_ledger *l, enum jb_sql id, const struct jb_receipt *r)
{
    return jb_sql_run(l, id,
                      JB_ROW(jb_int(r->node), jb_fixed(r->point.epoch, JB_EPOCH_BYTES),
                             jb_u64(r->point.number), jb_int(r->suite), jb_int(r->at_ms),
                             jb_fixed(r->point.head, JB_HASH_BYTES),
                             jb_fixed(r->signature, JB_SIGN_BYTES)));
}

static enum jb_err receipt_keep(struct jb_tick *t, struct jb_receipt **list, size_t *count,
                                const struct jb_receipt *r)
{
    struct jb_receipt *to = jb_tick_more(t, list, count, sizeof *to);

    if (to == NULL)
        return JB_NOMEM;
    *to = *r;
    return JB_OK;
}

enum jb_err jb_line_up_signed(struct jb_ledger *l, const struct jb_receipt *r)
{
    struct jb_tick *t = l->behind.fresh;

    assert(l->writing);
    if (t != NULL)
        return receipt_keep(t, &t->up_receipts, &t->up_receipt_count, r);
    return jb_receipt_write(l, JB_SQL_UP_RECEIPT_ADD, r);
}

enum jb_err jb_line_up_epoch(struct jb_ledger *l, uint32_t node,
                             const uint8_t epoch[JB_EPOCH_BYTES])
{
    struct jb_line_state *s = jb_line_touch(l, node);

    if (s == NULL)
        return JB_NOMEM;
    memcpy(s->up.epoch, epoch, JB_EPOCH_BYTES);
    s->up.number = 0;
    jb_chain_start(l->suite, node, epoch, s->up.head);
    return JB_OK;
}

enum jb_err jb_line_up_epoch_seen(struct jb_ledger *l, uint32_t node,
                                  const uint8_t epoch[JB_EPOCH_BYTES], bool *seen)
{
    int64_t found = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_UP_EPOCH_SEEN,
                                    JB_ROW(jb_int(node), jb_fixed(epoch, JB_EPOCH_BYTES)), &found);

    if (err == JB_OK || err == JB_NOT_FOUND) {
        *seen = err == JB_OK;
        err = JB_OK;
    }
    return err;
}

/* ---- the down sequence ---- */

enum jb_err jb_line_down_acked(struct jb_ledger *l, const struct jb_receipt *r)
{
    struct jb_line_state *s = jb_line_touch(l, r->node);

    if (s == NULL)
        return JB_NOMEM;
    struct jb_tick *t = l->behind.fresh;
    enum jb_err err = t != NULL ? receipt_keep(t, &t->receipts, &t->receipt_count, r)
                                : jb_receipt_write(l, JB_SQL_RECEIPT_ADD, r);
    if (err != JB_OK || r->point.number < s->acked.number)
        return err;
    s->acked = r->point;
    s->acked_at_ms = r->at_ms;
    return JB_OK;
}

enum jb_err jb_line_receipt_count(struct jb_ledger *l, uint32_t node, uint64_t *count)
{
    int64_t found = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_RECEIPT_COUNT, JB_ROW(jb_int(node)), &found);

    if (err == JB_OK)
        *count = (uint64_t)found;
    return err;
}
