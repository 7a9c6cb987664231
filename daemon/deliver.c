/* Deliver: stream items to nodes, never more than their credit; so a slow or absent node costs
 * disk, not memory. What was sent on a connection that died is sent again after the next greeting.
 *
 * Who is up to date gets what is new at once. Who has to catch up stands in a queue: one frame for
 * each in turn, a few frames in one turn of the loop, so that a hundred who return together hold up
 * nobody who was here. */
#include "daemon/broker.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define FRAME_ITEMS 256
#define FRAME_BYTES ((size_t)256 * 1024)
#define FRAMES_PER_TURN 2 /* to those who catch up: about a millisecond each when full */

void jb_peer_drop(struct jb_broker *b, struct jb_peer *p, const char *why)
{
    (void)b;
    if (!p->greeted)
        return;
    p->greeted = false;
    p->inflight_count = 0;
    p->inflight_bytes = 0;
    char node[16];
    (void)snprintf(node, sizeof node, "%u", p->node);
    jb_log(JB_LOG_INFO, node, "node.away", "reason=\"%s\" sent=%llu acked=%llu", why,
           (unsigned long long)p->sent, (unsigned long long)p->acked);
}

void jb_deliver_acked(struct jb_peer *p, uint64_t number)
{
    if (number > p->acked)
        p->acked = number;
    while (p->inflight_count > 0 && p->inflight[p->inflight_first].last <= number) {
        p->inflight_bytes -= p->inflight[p->inflight_first].bytes;
        p->inflight_first = (p->inflight_first + 1) % JB_INFLIGHT_FRAMES;
        p->inflight_count--;
    }
}

static void remember_sent(struct jb_peer *p, uint64_t last, size_t bytes)
{
    unsigned slot = (p->inflight_first + p->inflight_count) % JB_INFLIGHT_FRAMES;
    p->inflight[slot] = (struct jb_inflight){last, bytes};
    p->inflight_count++;
    p->inflight_bytes += bytes;
    p->sent = last;
}

/* How much may go out now; max_items 0: nothing. */
static struct jb_stream_read credit(const struct jb_peer *p)
{
    struct jb_stream_read want = {.node = p->node, .from = p->sent + 1};
    uint64_t under_way = p->sent - p->acked;
    if (under_way >= p->window_items || p->inflight_bytes >= p->window_bytes ||
        p->inflight_count == JB_INFLIGHT_FRAMES)
        return want;
    uint64_t items = p->window_items - under_way;
    size_t bytes = p->window_bytes - p->inflight_bytes;
    want.max_items = items < FRAME_ITEMS ? (size_t)items : FRAME_ITEMS;
    want.max_bytes = bytes < FRAME_BYTES ? bytes : FRAME_BYTES;
    return want;
}

static enum jb_err sign_frame(struct jb_broker *b, const struct jb_peer *p, struct jb_frame *f)
{
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_DOWN_HEAD, p->node, f->epoch,
                                                  f->first + f->item_count - 1, f->head);
    f->suite = b->keys.suite;
    return jb_line_sign(f->suite, b->keys.sign_secret, &claim, f->signature);
}

/* One Deliver frame. JB_NOT_FOUND: nothing more to send now. */
static enum jb_err deliver_once(struct jb_broker *b, struct jb_peer *p)
{
    struct jb_stream_read want = credit(p);
    if (want.max_items == 0)
        return JB_NOT_FOUND;
    struct jb_arena arena;
    jb_arena_init(&arena, 8 * JB_FRAME_LIMIT_BYTES);
    struct jb_frame f = {.kind = JB_FRAME_DELIVER, .version = p->protocol, .first = want.from};
    struct jb_frame_item *items = NULL;
    struct jb_bytes bytes = {NULL, 0};
    enum jb_err err = jb_tail_read(b, &want, &arena, &items, &f.item_count, f.head);
    if (err == JB_OK && f.item_count == 0)
        err = JB_NOT_FOUND;
    f.items = items;
    memcpy(f.epoch, jb_ledger_epoch(b->reader), sizeof f.epoch);
    if (err == JB_OK)
        err = sign_frame(b, p, &f);
    if (err == JB_OK)
        err = jb_frame_encode(&f, &arena, &bytes);
    if (err == JB_OK)
        err = jb_zsock_send(b->router, (struct jb_bytes){p->routing_id, p->routing_len}, bytes.data,
                            bytes.len);
    if (err == JB_OK) {
        size_t total = 0;
        for (size_t i = 0; i < f.item_count; i++)
            total += items[i].body.len;
        remember_sent(p, f.first + f.item_count - 1, total);
        b->count.delivered += f.item_count;
    }
    jb_arena_fini(&arena);
    return err;
}

/* ---- whose turn it is ---- */

/* One frame; whether more is there that may go out now. */
static bool deliver_frame(struct jb_broker *b, struct jb_peer *p)
{
    if (!p->greeted || p->late || b->router == NULL || b->recovering)
        return false;
    enum jb_err err = deliver_once(b, p);
    if (err == JB_OK)
        return true;
    /* without credit it is behind as before; with credit and nothing to send it has caught up */
    p->behind = p->behind && (err != JB_NOT_FOUND || credit(p).max_items == 0);
    p->drained = !p->behind && credit(p).max_items > 0;
    if (err == JB_CLOSED)
        jb_peer_drop(b, p, "connection closed");
    else if (err != JB_NOT_FOUND && err != JB_BUSY)
        jb_log(JB_LOG_ERROR, NULL, "deliver.failed", "node=%u error=%s detail=\"%s\"", p->node,
               jb_err_name(err), jb_ledger_error(b->reader));
    return false;
}

static void on_idle(uv_idle_t *idle)
{
    struct jb_broker *b = idle->data;
    for (int i = 0; i < FRAMES_PER_TURN && b->behind.first != NULL; i++) {
        struct jb_peer *p = b->behind.first;
        b->behind.first = p->behind_next;
        p->waits = false;
        if (deliver_frame(b, p))
            jb_deliver_later(b, p);
    }
    if (b->behind.first == NULL)
        (void)uv_idle_stop(idle);
}

void jb_deliver_later(struct jb_broker *b, struct jb_peer *p)
{
    p->behind = true;
    if (p->waits)
        return;
    p->waits = true;
    p->behind_next = NULL;
    if (b->behind.first == NULL)
        b->behind.first = p;
    else
        b->behind.last->behind_next = p;
    b->behind.last = p;
    (void)uv_idle_start(&b->behind.idle, on_idle);
}

void jb_deliver(struct jb_broker *b, struct jb_peer *p)
{
    if (p->behind || deliver_frame(b, p))
        jb_deliver_later(b, p);
}

enum jb_err jb_deliver_start(struct jb_broker *b)
{
    b->behind.idle.data = b;
    if (uv_idle_init(b->loop, &b->behind.idle) != 0)
        return JB_NOMEM;
    uv_unref((uv_handle_t *)&b->behind.idle);
    return JB_OK;
}
