/* The gate: what listens for nodes, in front of the library.
 *
 * libzmq cannot limit connections, spends a session and threads' work on whoever connects, and
 * stores the parts of a message that never ends without telling anybody. So a small TCP relay
 * stands before it. It admits, limits and cuts; it holds no key and reads no body:
 *
 *   greeting   64 + 202 bytes that only a CURVE client sends; the library hears of nobody else. A
 *              connection costs one descriptor and 3 KB until then, whatever it sends.
 *   waiting    at most pending_max in all and pending_per_address from one address: the oldest
 *              gives way to the newest, so a flood cannot keep a node out that needs milliseconds.
 *              The library is given as many handshakes at a time as it has time for; when a whole
 *              county comes at once the others queue, and what they wait for us is not held against
 *              them. Failed handshakes of one address are limited: they are what costs time.
 *   open       the library's key check (zap.c) has said whose connection it is. What was passed on
 *              and has not come out as a whole message is at most unread_bytes: then nothing more
 * is read, and when nothing comes out for stall_ms the connection is cut and named.
 *
 * The library listens on loopback. Each relayed connection comes there from an address of its own
 * (127.64.0.0 and up), by which the key check and every message name their connection. Loop thread
 * only. */
#ifndef JB_WIRE_GATE_H
#define JB_WIRE_GATE_H

#include <uv.h>

#include "proto/base/bucket.h"
#include "proto/base/bytes.h"
#include "proto/base/err.h"

struct jb_gate;

/* Why a connection ended that the gate ended. */
#define JB_GATE_CUTS(X)                                                                            \
    X(GREETING, greeting, "what came first was no greeting of a CURVE client")                     \
    X(CROWDED, crowded, "too many connections that are not authenticated")                         \
    X(FAILING, failing, "too many failed handshakes from this address")                            \
    X(LATE, late, "the handshake took too long")                                                   \
    X(TRANSPORT, transport, "a frame that no node sends: too large, or of another protocol")       \
    X(PARTS, parts,                                                                                \
      "a message of more than one part, or with a routing id of the sender's choice")              \
    X(UNFINISHED, unfinished, "a message without end")                                             \
    X(SILENT, silent, "no message for too long")                                                   \
    X(SURPLUS, surplus, "too many connections of one node")                                        \
    X(REVOKED, revoked, "its key is no longer in force")                                           \
    X(FULL, full, "no descriptors or memory left")

enum jb_gate_cut {
#define X(id, name, text) JB_CUT_##id,
    JB_GATE_CUTS(X)
#undef X
    JB_GATE_CUT_COUNT
};

/* "greeting"; a text for people. */
const char *jb_gate_cut_name(enum jb_gate_cut cut);
const char *jb_gate_cut_text(enum jb_gate_cut cut);

struct jb_gate_hooks { /* any may be NULL; none may close the socket */
    /* The gate has cut a connection. node 0: it was not authenticated. */
    void (*on_cut)(void *ctx, uint32_t node, const char *address, enum jb_gate_cut why);
    /* An authenticated connection has ended, for whatever reason. routing_id: empty if it never
     * said anything. */
    void (*on_gone)(void *ctx, uint32_t node, struct jb_bytes routing_id);
    /* A node has sent so much: milliseconds until more is read from it, 0: at once. */
    int64_t (*on_read)(void *ctx, uint32_t node, size_t bytes, unsigned frames);
    void *ctx; /* borrowed */
};

struct jb_gate_options {
    int64_t pending_max;         /* connections that are not authenticated */
    int64_t pending_per_address; /* of them; IPv6: of a /64 */
    int64_t per_node;            /* connections of one node; the oldest gives way */
    int64_t connections_max;     /* in all */
    int64_t answers_max;         /* that the library may owe at a time to those who shake hands */
    struct jb_rate failures;     /* failed handshakes of one address */
    int64_t handshake_ms;        /* for each step of the handshake; not for the queue */
    int64_t stall_ms;            /* see above */
    int64_t silent_ms;           /* without a whole message */
    int64_t end_ms;              /* after the end: until what was said last has arrived */
    size_t unread_bytes;
    size_t frame_max; /* of one frame, as encrypted */
    struct jb_gate_hooks hooks;
};

/* 1024 and 64 waiting, 4 of one node, 8192 in all, 64 answers at a time; 300 failures a minute, 60
 * at once; 5 s for a step of the handshake, 5 s for a message under way, 120 s of silence, 4 MiB
 * unread. */
void jb_gate_options_default(struct jb_gate_options *options);

struct jb_gate_counts {
    uint64_t accepted;               /* TCP connections */
    uint64_t cut[JB_GATE_CUT_COUNT]; /* by reason */
    uint64_t pending, open;          /* connections now */
    uint64_t unread_bytes;           /* passed on, not yet come out as messages; now */
};

#endif
