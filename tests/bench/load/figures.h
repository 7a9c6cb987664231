/* Series of durations, and what a tree of processes and the disk have used. */
#ifndef JB_BENCH_FIGURES_H
#define JB_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

struct series {
    uint64_t *at; /* nanoseconds */
    size_t count, capacity;
};
void series_add(struct series *s, uint64_t ns);
void series_join(struct series *into, const struct series *from);
void series_sort(struct series *s);
double series_ms(const struct series *s, double share); /* sorted; -1: empty */

/* Of a process and everything below it. */
struct usage {
    double cpu_s;
    uint64_t written_bytes; /* /proc/PID/io: pages dirtied, too high on some file systems */
    uint64_t resident_kib;  /* shared pages once: PSS */
    int processes;
};
struct usage usage_of_tree(long root);

struct disk { /* of the device that holds `path` */
    uint64_t written_bytes, flushes;
};
struct disk disk_of(const char *path);

#endif
