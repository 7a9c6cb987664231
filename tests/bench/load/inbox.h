/* What a receiver keeps: one SQLite file, WAL, synchronous=FULL. */
#ifndef JB_BENCH_INBOX_H
#define JB_BENCH_INBOX_H

#include "tests/bench/load/load.h"

struct inbox;

struct inbox *inbox_open(int node);
/* One transaction; on disk when it returns (unless load.receivers_sync is off). Marks what is
 * fresh.
 */
void inbox_commit(struct inbox *box, struct load_batch *batch);

#endif
