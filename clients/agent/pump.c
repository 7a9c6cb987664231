/* Outbox to broker: as much as the broker's credit allows, in order, signed frame by frame.
 *
 * Remembers only how far it has sent; what is settled comes back with the stream, and after a
 * reconnect everything that the broker has not taken is sent again. Never deletes anything. */
#include "clients/agent/agent.h"

#include "proto/base/log.h"

#define FRAME_ITEMS 256
#define FRAME_BYTES ((size_t)512 * 1024)
#define PUMP_ARENA_BYTES (8 * JB_FRAME_LIMIT_BYTES)

void jb_agent_pump_rewind(struct jb_agent *a, uint64_t number)
{
    a->line.sent = number;
    a->line.inflight_count = 0;
    a->line.inflight_bytes = 0;
}

void jb_agent_pump_settled(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;
    uint64_t settled = jb_outbox_settled(a->ledger).number;
    while (line->inflight_count > 0 && line->inflight[line->inflight_first].last <= settled) {
        line->inflight_bytes -= line->inflight[line->inflight_first].bytes;
        line->inflight_first = (line->inflight_first + 1) % JB_AGENT_INFLIGHT_FRAMES;
        line->inflight_count--;
    }
    if (line->sent < settled)
        line->sent = settled;
    a->pump_wanted = true;
}

static void remember_sent(struct jb_agent_line *line, uint64_t last, size_t bytes)
{
    unsigned slot = (line->inflight_first + line->inflight_count) % JB_AGENT_INFLIGHT_FRAMES;
    line->inflight[slot] = (struct jb_agent_inflight){last, bytes};
    line->inflight_count++;
    line->inflight_bytes += bytes;
    line->sent = last;
}

struct credit {
    size_t items, bytes; /* items 0: nothing may be sent now */
};

static struct credit credit_left(const struct jb_agent *a)
{
    const struct jb_agent_line *line = &a->line;
    uint64_t settled = jb_outbox_settled(a->ledger).number;
    uint64_t out = line->sent > settled ? line->sent - settled : 0;
    struct credit c = {0, 0};
    if (!line->welcomed || line->inflight_count == JB_AGENT_INFLIGHT_FRAMES ||
        out >= line->window_items || line->inflight_bytes >= line->window_bytes)
        return c;
    c.items =
        line->window_items - out < FRAME_ITEMS ? (size_t)(line->window_items - out) : FRAME_ITEMS;
    c.bytes = line->window_bytes - line->inflight_bytes;
    if (c.bytes > FRAME_BYTES)
        c.bytes = FRAME_BYTES;
    return c;
}

static enum jb_err sign_frame(const struct jb_agent *a, struct jb_frame *f)
{
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_UP, jb_replica_node(a->ledger), f->epoch,
                                                  f->first + f->item_count - 1, f->head);
    f->suite = a->keys.suite;
    return jb_line_sign(f->suite, a->keys.sign_secret, &claim, f->signature);
}

/* One Submit frame. JB_NOT_FOUND: nothing more to send now. */
static enum jb_err pump_once(struct jb_agent *a, struct jb_arena *arena)
{
    struct credit credit = credit_left(a);
    struct jb_outbox_item *items = NULL;
    struct jb_frame f = {.kind = JB_FRAME_SUBMIT, .first = a->line.sent + 1};
    size_t bytes = 0;
    if (credit.items == 0 || f.first > jb_outbox_made(a->ledger).number)
        return JB_NOT_FOUND;
    enum jb_err err = jb_outbox_read(a->ledger, f.first, credit.items, credit.bytes, arena, &items,
                                     &f.item_count);
    if (err != JB_OK)
        return err;
    if (f.item_count == 0 || items[0].number != f.first)
        return JB_CORRUPT;
    struct jb_frame_item *out = jb_arena_alloc(arena, f.item_count * sizeof *out);
    if (out == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < f.item_count; i++) {
        out[i] = (struct jb_frame_item){.body = items[i].body, .case_key = items[i].case_key};
        bytes += items[i].body.len;
    }
    f.items = out;
    memcpy(f.epoch, jb_ledger_epoch(a->ledger), sizeof f.epoch);
    memcpy(f.head, items[f.item_count - 1].head, sizeof f.head);
    err = sign_frame(a, &f);
    if (err == JB_OK)
        err = jb_agent_line_send(a, &f);
    if (err == JB_OK)
        remember_sent(&a->line, f.first + f.item_count - 1, bytes);
    return err;
}

void jb_agent_pump(struct jb_agent *a)
{
    struct jb_arena arena;
    jb_arena_init(&arena, PUMP_ARENA_BYTES);
    enum jb_err err = JB_OK;
    while (err == JB_OK) {
        jb_arena_reset(&arena);
        err = pump_once(a, &arena);
    }
    jb_arena_fini(&arena);
    if (err == JB_NOT_FOUND || err == JB_BUSY || err == JB_CLOSED)
        return; /* goes on with the next verdict, Beat or greeting */
    if (err == JB_NOMEM || err == JB_TOO_LARGE) {
        jb_log(JB_LOG_ERROR, a->config->code, "submit.unsent", "error=%s", jb_err_name(err));
        return;
    }
    jb_agent_fail(a, err, "reading the outbox");
}
