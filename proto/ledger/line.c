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

enum jb_err jb_lines_flush(struct jb_ledger *l)
{
    enum jb_err err = JB_OK;

    for (const struct jb_line *line = l->touched; line != NULL && err == JB_OK;
         line = line->next_touched) {
        const struct jb_line_state *s = &line->now;
        err = jb_sql_run(l, JB_SQL_LINE_SAVE,
                         JB_ROW(jb_int(s->node), jb_fixed(s->up.epoch, JB_EPOCH_BYTES),
                                jb_u64(s->up.number), jb_fixed(s->up.head, JB_HASH_BYTES),
                                jb_u64(s->down.number), jb_fixed(s->down.head, JB_HASH_BYTES),
                                jb_u64(s->acked.number), jb_fixed(s->acked.head, JB_HASH_BYTES),
                                jb_int(s->acked_at_ms)));
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

enum jb_err jb_line_up_decided(struct jb_ledger *l, const struct jb_line_decided *d)
{
    enum jb_err err = JB_OK;
    struct jb_line_state *s = jb_line_touch(l, d->node);

    if (s == NULL)
        return JB_NOMEM;
    if (d->number != s->up.number + 1 && JB_MUTANT != JB_MUTANT_FORGET_DEDUPE)
        return d->number <= s->up.number ? JB_REPEAT : JB_GAP;
    if (d->refusal != 0)
        err = jb_sql_run(l, JB_SQL_REFUSED_ADD,
                         JB_ROW(jb_int(d->node), jb_fixed(s->up.epoch, JB_EPOCH_BYTES),
                                jb_u64(d->number), jb_int(d->at_ms), jb_int(d->refusal),
                                jb_fixed(d->head, JB_HASH_BYTES), jb_blob(d->raw)));
    if (err != JB_OK)
        return err;
    s->up.number = d->number;
    memcpy(s->up.head, d->head, JB_HASH_BYTES);
    return JB_OK;
}

static enum jb_err receipt_write(struct jb_ledger *l, enum jb_sql id, const struct jb_receipt *r)
{
    return jb_sql_run(l, id,
                      JB_ROW(jb_int(r->node), jb_fixed(r->point.epoch, JB_EPOCH_BYTES),
                             jb_u64(r->point.number), jb_int(r->suite), jb_int(r->at_ms),
                             jb_fixed(r->point.head, JB_HASH_BYTES),
                             jb_fixed(r->signature, JB_SIGN_BYTES)));
}

enum jb_err jb_line_up_signed(struct jb_ledger *l, const struct jb_receipt *r)
{
    assert(l->writing);
    return receipt_write(l, JB_SQL_UP_RECEIPT_ADD, r);
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
    enum jb_err err = receipt_write(l, JB_SQL_RECEIPT_ADD, r);
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
