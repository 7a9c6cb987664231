/* What all programs of the benchmark need. */
#ifndef JB_BENCH_BASE_H
#define JB_BENCH_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Say why on standard error, after the program's name, and end it with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void load_die(const char *format, ...);
uint64_t load_now_ns(void);                         /* monotonic */
void *load_zeroed(size_t count, size_t each_bytes); /* never NULL */
void load_sleep_us(long us);

#endif
