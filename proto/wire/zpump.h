/* A libzmq socket as a source of events in a libuv loop. Internal to proto/wire: the only header
 * that includes <zmq.h>.
 *
 * The socket's descriptor tells of the library's command mailbox, not of messages: it may be
 * signalled for nothing, and a send may swallow the signal of a message that has arrived. Therefore
 * messages are received in one place only (uv_check, after polling), uv_prepare looks again before
 * the loop sleeps, and uv_idle means "do not sleep". Loop thread only. */
#ifndef JB_WIRE_ZPUMP_H
#define JB_WIRE_ZPUMP_H

#include <uv.h>
#include <zmq.h>

#include "proto/base/err.h"
#include "proto/wire/zsock.h"

#define JB_ZAP_DOMAIN "jiaoban"
#define JB_ZAP_ENDPOINT "inproc://zeromq.zap.01"

struct jb_zctx {
    void *library;        /* libzmq's context; owned */
    int open_sockets;     /* not yet zmq_close'd */
    unsigned links;       /* how many link monitors were ever made: names their endpoints */
    bool zap_running;     /* a ROUTER may be bound */
    struct jb_gate *gate; /* before the ROUTER; NULL: it listens itself. Owned by that socket */
};

struct jb_zpump {
    struct jb_zctx *zctx;
    void *socket; /* libzmq's; owned */
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    int open_handles; /* of these four, not yet closed */
    bool paused;      /* nothing is received, the loop may sleep */
    bool closing;
    void (*drain)(struct jb_zpump *pump);  /* receive, at most a budget; readable now */
    void (*closed)(struct jb_zpump *pump); /* the socket is closed: free what holds the pump */
};

/* The error for an errno of libzmq. */
enum jb_err jb_zpump_err(int number);

/* Make a socket of a libzmq type. JB_NOMEM, JB_IO (too many sockets or descriptors). */
JB_MUST enum jb_err jb_zpump_open(struct jb_zpump *pump, struct jb_zctx *zctx, int type);
/* Set an int option. */
JB_MUST enum jb_err jb_zpump_set(struct jb_zpump *pump, int option, int value);
/* Undo jb_zpump_open before jb_zpump_start, at once. */
void jb_zpump_abandon(struct jb_zpump *pump);
/* Begin to receive; `drain` and `closed` are set before. After a failure: jb_zpump_abandon. */
JB_MUST enum jb_err jb_zpump_start(struct jb_zpump *pump, uv_loop_t *loop);
/* After jb_zpump_start: no drain any more; `closed` is called from a later loop turn. Idempotent.
 */
void jb_zpump_close(struct jb_zpump *pump);

/* Look for messages once more before sleeping: after every send, and after unpausing. */
void jb_zpump_wake(struct jb_zpump *pump);

/* Whether to go on receiving (neither paused nor closing). */
bool jb_zpump_receiving(const struct jb_zpump *pump);

/* Receive one message of any number of frames without blocking. Keeps the first `max` in `frames`
 * and closes the others, so that no frame is ever left to be taken for the next message. Returns
 * the number of frames the message had, 0: nothing there. Release after use. */
int jb_zpump_receive(struct jb_zpump *pump, zmq_msg_t *frames, int max);
void jb_zpump_release(zmq_msg_t *frames, int received, int max);

#endif
