/* A node that speaks the whole line (CURVE, greeting, both chains, signed receipts) and keeps
 * nothing: many of them fit into one process. What to do with the items of its stream, and when to
 * acknowledge them, is the caller's business. It neither applies entries nor verifies the broker's
 * signatures; the head of every frame it does check, since it signs for it.
 *
 * A node has a libuv loop, its own or one that it shares with others; it belongs to the thread that
 * turns that loop. Whatever goes wrong ends the program by load_die. */
#ifndef JB_BENCH_LIGHTNODE_H
#define JB_BENCH_LIGHTNODE_H

#include "proto/rules/act.h"
#include "proto/wire/frame.h"
#include "proto/wire/keys.h"
#include "proto/wire/zsock.h"

struct lightnode;

/* One item of the stream, in order, repeats left out. `body` is borrowed. */
typedef void (*lightnode_item_fn)(void *data, uint64_t number, struct jb_bytes body);

struct lightnode_setup {
    const char *endpoint;
    struct jb_public_keys broker;
    const struct jb_node_keys *keys; /* borrowed for the life of the node */
    char code[40];
    uint32_t number;                     /* in the directory */
    struct jb_line_point up, down;       /* where it stands; number 0: only up.epoch is given */
    uint32_t window_items, window_bytes; /* credit */
    lightnode_item_fn on_item;
    void *data;
};

/* Many nodes can share a context, which has one I/O thread; `loop` NULL: one of its own. */
struct lightnode *lightnode_open(const struct lightnode_setup *setup, struct jb_zctx *zctx,
                                 uv_loop_t *loop);

/* Welcomed on the present connection. */
bool lightnode_ready(const struct lightnode *n);
/* The stream's end when the node was last welcomed, and what has come. */
uint64_t lightnode_target(const struct lightnode *n);
uint64_t lightnode_received(const struct lightnode *n);
/* Deliver frames since the last acknowledgement; the broker sends only so many. */
unsigned lightnode_unacked_frames(const struct lightnode *n);
/* Where it stands now, for another life. */
void lightnode_points(const struct lightnode *n, struct jb_line_point *up,
                      struct jb_line_point *down);

/* Turn the node's own loop: what is there is taken; waits at most wait_us for something to be. */
void lightnode_turn(struct lightnode *n, long wait_us);
/* The same with a loop that several share. */
void lightnode_turn_loop(uv_loop_t *loop, long wait_us);

/* Sign for everything up to the last item received; nothing is sent when that was done before. */
void lightnode_acknowledge(struct lightnode *n);

/* Put one act into the next frame; *made: its number. The frame leaves with lightnode_flush, or
 * when it is full. */
void lightnode_submit(struct lightnode *n, const struct jb_act *act, uint64_t *made);
void lightnode_flush(struct lightnode *n);

/* For those who share a loop: close the connection and make it anew, as after a broken network. */
void lightnode_reconnect(struct lightnode *n);

#endif
