/* One workload for every system that hands messages over: S senders, N receiving nodes.
 *
 * A sender has at most W hand-overs unconfirmed. A receiver commits what it took to an SQLite file
 * of its own (WAL, synchronous=FULL) before it acknowledges. The engine (load.c) drives the
 * threads, keeps the time and checks that no confirmation came before the broker's fsync; what
 * differs between systems is a struct load_system, one a program. */
#ifndef JB_BENCH_LOAD_H
#define JB_BENCH_LOAD_H

#include <stdbool.h>

#include "tests/bench/load/base.h"

#define LOAD_BODY_MAX 4096
#define LOAD_BATCH_MAX 256 /* messages that a receiver fetches at a time, if it can choose */

struct load_options {
    int nodes, senders, window;
    double seconds; /* of sending */
    double rate; /* of all senders together, hand-overs a second; 0: as fast as the window lets */
    long most;   /* hand-overs, then sending ends */
    int body_bytes;
    int port;
    const char *endpoint, *admin, *mode, *state, *variant; /* what a system needs of them */
    const char *folder;                                    /* of the receivers' files */
    const char *broker_syncs; /* file of the counter of the broker's syncs; NULL: none */
    const char *own_syncs;    /* the same of this process; NULL */
    bool may_outrun;          /* confirmations before a sync are counted and do not spoil the run */
    bool receivers_sync;      /* false: synchronous=OFF, to isolate the broker */
    long broker_pid;
    const char *label;
};

/* One received message. */
struct load_item {
    int64_t key;    /* of its row at the receiver: a repeat has the same one */
    size_t at, len; /* where its bytes are in the batch's memory */
    uint64_t tag;   /* of the system, for the acknowledgement */
    bool fresh;     /* set by the commit: it was not there before */
};

/* What a receiver commits and then acknowledges together. Grows. */
struct load_batch {
    struct load_item *items;
    size_t count, items_capacity;
    uint8_t *memory;
    size_t used, capacity;
};

static inline const uint8_t *load_body(const struct load_batch *batch, const struct load_item *item)
{
    return batch->memory + item->at;
}

struct load_system {
    const char *name;
    /* Once, before anything else: queues, tables, enrolment. NULL: nothing to do. */
    void (*prepare)(void);
    /* Both on the main thread, receivers first. Never NULL. */
    void *(*receiver_open)(int node);
    void *(*sender_open)(int sender);
    /* On the receiver's thread. Add what is there to the batch, waiting at most wait_ms for the
     * first. */
    void (*fetch)(void *receiver, struct load_batch *batch, int wait_ms);
    void (*acknowledge)(void *receiver, struct load_batch *batch);
    /* On the sender's thread. `send` may hold a message back until `poll`, which also waits at most
     * wait_us for confirmations and calls load_confirmed for each. */
    void (*send)(void *sender, long number, int node, const char *body, size_t len);
    void (*poll)(void *sender, long wait_us);
    /* At the end, when the threads are gone. NULL: nothing to do. */
    void (*finish)(void);
    /* The broker itself says when it has stored an acknowledgement (load_stored); else it counts
     * when `acknowledge` has returned. */
    bool tells_stored;
};

/* The system of this program. */
extern const struct load_system load_system;
extern struct load_options load;

/* The whole run; 0, or the program has ended by load_die. */
int load_run(void);

/* ---- for the systems ---- */

/* Every body begins with the number of its hand-over, in hexadecimal: "#jb" sender, number. */
#define LOAD_MARK "#jb"
#define LOAD_MARK_BYTES 17 /* "#jb" + 4 + 10 digits */
void load_mark_write(char *body, int sender, long number);
/* Chinese text of `len` bytes, with room for a mark at its start. */
void load_body_make(char *body, size_t len);
/* Look for the mark; false: this message is no hand-over. */
bool load_mark_find(const uint8_t *body, size_t len, int *sender, long *number);
/* Key of a row at the receiver. */
int64_t load_key(int sender, long number);

/* Copy a message into the batch; the item, to be completed, is valid until the next one. */
struct load_item *load_batch_add(struct load_batch *batch, const void *body, size_t len);

void load_confirmed(int sender, long number); /* once is enough, more do no harm */
void load_stored(int sender, long number);    /* only with tells_stored; likewise */
/* Full agents commit by themselves: the hand-over is on the receiver's disk. */
void load_durable(int sender, long number, uint64_t at_ns);

#endif
