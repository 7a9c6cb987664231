/* How a test gives orders to a process that runs with the power-cut shim, and sees what it did: one
 * file, mapped by both, of 64-bit numbers in the machine's order. The driver (tests/chaos/lib) has
 * the same list. Orders are taken and counters raised atomically. */
#ifndef JB_CHAOS_CONTROL_H
#define JB_CHAOS_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#define JB_CHAOS_ENV "JB_CHAOS_CONTROL" /* path of the file; absent: no orders */

typedef _Atomic(int64_t) jb_chaos_number;

struct jb_chaos_control {
    /* orders */
    jb_chaos_number skip_sync;  /* not 0: xSync says OK and makes nothing durable */
    jb_chaos_number fail_syncs; /* so many syncs fail; what they should have written is forgotten */
    jb_chaos_number fail_writes; /* so many writes fail */
    jb_chaos_number full;        /* not 0: the disk is full when `room` is used up */
    jb_chaos_number room;        /* bytes that can still be written */
    jb_chaos_number die_in;      /* at the so manieth sync from now the power goes; 0: never */
    jb_chaos_number die_how;     /* 0 before it, 1 in the middle of it, 2 after it */
    jb_chaos_number leak_every;  /* every so manieth write reaches the disk unsynced; 0: none */
    /* counters */
    jb_chaos_number syncs, writes;
    jb_chaos_number failed_syncs, failed_writes, full_writes, skipped_syncs;
};

#endif
