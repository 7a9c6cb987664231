/* Many libuv loops in one thread, each turned only when something of it has happened: on a loop
 * that many nodes share every one of them is asked at every turn, which with thousands of them is
 * all that the machine does. Ends the program by load_die. */
#ifndef JB_BENCH_LOOPS_H
#define JB_BENCH_LOOPS_H

#include <uv.h>

/* A new loop, which stays for ever. */
uv_loop_t *loops_add(void);
/* Whatever comes in here ends the wait of loops_turn. Not closed. */
void loops_watch(int descriptor);
/* Wait until something happens, so long at most, and turn the loops that it concerns. Timers are
 * late by a second at most. */
void loops_turn(int wait_ms);

#endif
