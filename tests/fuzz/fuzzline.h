/* The connections of a broker or an agent that have no network: see outsideline.c, outsidelocal.c.
 */
#ifndef JB_TESTS_FUZZLINE_H
#define JB_TESTS_FUZZLINE_H

#include "proto/wire/local.h"
#include "proto/wire/zsock.h"

/* What stands for a socket that is open. */
struct jb_zsock *fuzz_socket(void);
/* Where the agent that connected last wants to hear of it. */
const struct jb_zsock_hooks *fuzz_dealer_hooks(void);
/* Do what was handed to the thread pool, and what follows from it. Was there anything? */
bool fuzz_work_run(void);

/* The one client of whoever listens, an agent or a broker: it comes, asks, goes. */
void fuzz_local_open(const struct jb_local_identity *identity);
void fuzz_local_frame(struct jb_bytes frame);
void fuzz_local_close(void);
/* A broker that starts has its admin socket. */
extern bool fuzz_admin_socket;

#endif
