/* A broker whose record was restored from a backup, as a whole (its real start, ticks and end) but
 * for network, admin socket and metrics. What is written stays written until the input ends. */
#ifndef JB_TESTS_FUZZRESTORE_H
#define JB_TESTS_FUZZRESTORE_H

#include "tests/fuzz/fuzzbroker.h"

enum fuzz_restore {
    FUZZ_RESTORE_ALL,    /* no agency has reported yet */
    FUZZ_RESTORE_OFFICE, /* the office's copy is all that is awaited */
    FUZZ_RESTORE_LATE,   /* the record was completed without the office */
    FUZZ_RESTORES
};

/* Keep the record as it is now: the backup. Once, while `f` is being made. */
void fuzz_restore_backup(struct fuzz_broker *f);
/* The broker, started. `f` has gone on since the backup: its streams are what nodes hold. */
struct jb_broker *fuzz_restored(struct fuzz_broker *f, enum fuzz_restore which);
/* Turns of its loop, until nothing is left to do now. */
void fuzz_restored_turn(struct jb_broker *b);
void fuzz_restored_end(struct jb_broker *b);

/* The first item of the node's stream that the backup lacks. */
uint64_t fuzz_restore_first(uint32_t node);
/* What the node would send of its stream from item `first` on: a frame `copy` without the broker's
 * signature over its head, in the arena; at most `max` items. */
struct jb_frame fuzz_restore_copy(struct fuzz_broker *f, uint32_t node, uint64_t first, size_t max,
                                  struct jb_arena *arena);
/* Where its last item stands. */
struct jb_line_point fuzz_restore_end_of(const struct jb_frame *copy);

#endif
