/* A stand-in for the agent's (or broker's) local endpoint: a thread that listens on a Unix socket
 * in a private folder and hands every request to the test's function. For tests of clients only. */
#ifndef JB_TESTS_FAKEAGENT_H
#define JB_TESTS_FAKEAGENT_H

#include "proto/wire/message.h"

struct fake_agent;
struct fake_peer; /* one connection */

/* Called on the server's thread for each request that could be decoded. */
typedef void (*fake_answer_fn)(struct fake_peer *peer, const Jb__Request *request, void *data);

/* Listen; aborts the test program when that is impossible. */
struct fake_agent *fake_agent_start(fake_answer_fn answer, void *data);
const char *fake_agent_path(const struct fake_agent *fake);
/* Close all connections, end the thread, remove the folder. */
void fake_agent_stop(struct fake_agent *fake);

/* From inside the function only. The id of the reply is the caller's to set. */
void fake_send(struct fake_peer *peer, Jb__Reply *reply);
void fake_send_bytes(struct fake_peer *peer, const void *bytes, size_t len); /* no header added */
void fake_hang_up(struct fake_peer *peer);
int fake_peer_number(const struct fake_peer *peer); /* 1, 2, 3 ... in order of connection */

#endif
