/* What a run came to: one line of JSON, and whether its figures may be used. */
#ifndef JB_BENCH_OUTCOME_H
#define JB_BENCH_OUTCOME_H

#include "tests/bench/load/figures.h"

struct spent { /* since somewhen; two of them make a difference */
    struct usage broker;
    struct disk disk;
    double own_cpu_s;
    uint64_t broker_syncs, own_syncs, commits; /* commits: of the receivers */
};
/* Of the broker, the disk and this process; the counters are left at 0. */
struct spent spent_now(void);

struct outcome {
    struct spent before, after;
    long sent, confirmed, durable, stored, repeats;
    long outran;          /* confirmations without a sync of the broker since they were sent */
    double send_s, all_s; /* of sending; until the last acknowledgement was stored */
    struct series confirm_ns, durable_ns; /* sorted by outcome_print */
};

void outcome_print(struct outcome *o);
/* Ends the program when something was lost or confirmed before it was durable. */
void outcome_judge(const struct outcome *o);

#endif
