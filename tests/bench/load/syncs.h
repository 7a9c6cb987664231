/* How often a process and its children synced a regular file, counted by the preloaded
 * synccount.so in a page that the observer maps. `started` rises before the call, `completed`
 * after it returned without error. Two syncs may be under way at a time, and the later one may end
 * first: `latest` is the number, by `started`, of the last one to begin among those that are
 * complete. */
#ifndef JB_BENCH_SYNCS_H
#define JB_BENCH_SYNCS_H

#include <stdatomic.h>
#include <stdint.h>

#define SYNCS_ENV "JB_BENCH_SYNCS" /* path of the file; at least sizeof(struct syncs) */

struct syncs {
    _Atomic uint64_t started, completed, latest;
};

/* Map the file, which must exist and be large enough; NULL: it cannot be. */
struct syncs *syncs_map(const char *path);

#endif
