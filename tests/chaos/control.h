/* How a test gives orders to a process that runs with the power-cut shim, and sees what it did: one
 * file, mapped by both, of 64-bit numbers in the machine's order. The driver (tests/chaos/lib) has
 * the same list. Orders are taken and counters raised atomically. */
#ifndef JB_CHAOS_CONTROL_H
#define JB_CHAOS_CONTROL_H

#include <stdint.h>

#define JB_CHAOS_ENV "JB_CHAOS_CONTROL" /* path of the file; absent: no orders */

struct jb_chaos_control {
    /* orders */
    int64_t skip_sync;   /* not 0: xSync says OK and makes nothing durable */
    int64_t fail_syncs;  /* so many syncs fail; what they should have written is forgotten */
    int64_t fail_writes; /* so many writes fail */
    int64_t full;        /* not 0: the disk is full when `room` is used up */
    int64_t room;        /* bytes that can still be written */
    int64_t die_in;      /* at the so manieth sync from now the power goes; 0: never */
    int64_t die_how;     /* 0 before it, 1 in the middle of it, 2 after it */
    int64_t
        leak_every; /* every so manieth write gets to the disk although nobody synced; 0: none */
    /* counters */
    int64_t syncs, writes;
    int64_t failed_syncs, failed_writes, full_writes, skipped_syncs;
};

#endif
