/* The tables follow the record: when they do (follow.c). Loop thread. */
#ifndef JB_DAEMON_FOLLOW_H
#define JB_DAEMON_FOLLOW_H

#include <stdbool.h>

#include <uv.h>

#include "proto/base/err.h"

struct jb_broker;

#define JB_WAL_BYTES                                                                               \
    (INT64_C(16) * 1024 * 1024) /* moved into the file when it has grown so far                    \
                                 */

struct jb_follow {
    uv_timer_t timer;
    bool due;         /* the tables have waited long enough, or somebody waits for them */
    bool all;         /* in one go */
    bool full;        /* they follow with the room of the reserve */
    bool under_way;   /* the worker is at a slice: `committing` are the tables */
    bool let_through; /* a slice is over: it is the batches' turn */
    bool moved;       /* the WAL is in the file but for what was written meanwhile ... */
    bool settle;      /* ... and this slice moves that */
    bool moving;      /* by `move`, on a thread of its own */
    int64_t move_at;  /* bytes of the WAL at which that begins */
    uv_work_t move;
    size_t left;     /* of this round; 0: there is none */
    size_t behind;   /* so much waited when the slice began */
    enum jb_err err; /* how the slice went */
    struct jb_fault fault;
};

/* Begin the next slice if enough waits or it has waited long; true: begun. */
bool jb_follow_begin(struct jb_broker *b);
/* Somebody waits for tables that are up to date: all of it, now or as soon as the worker is free.
 * True: begun. */
bool jb_follow_all(struct jb_broker *b);
/* Something waits now: not for long. */
void jb_follow_later(struct jb_broker *b);
/* Before a look into the writing ledger while a batch is decided: waits until no slice is under
 * way. For rare acts. */
void jb_follow_wait(struct jb_broker *b);
/* Waits for the worker and brings the tables up to date on the loop: for rare questions. It waits
 * until the worker has been at one piece of work for so long: a disk that hangs holds the loop up
 * once, and not again with every question. False: they are as they were; the disk hangs
 * (jb_follow_stuck) or is full. */
#define JB_FOLLOW_PATIENCE_MS 2000
bool jb_follow_now(struct jb_broker *b);
/* Has the worker been at one piece of work for longer than anybody waits? */
bool jb_follow_stuck(struct jb_broker *b);
enum jb_err jb_follow_start(struct jb_broker *b) JB_MUST;

#endif
