/* Shared by the files of the gate (gate.c: listening, limits, the clock; gatequeue.c: who waits;
 * gateconn.c: one connection) and asked by zap.c and zsock.c. Internal to proto/wire. */
#ifndef JB_WIRE_GATEINT_H
#define JB_WIRE_GATEINT_H

#include "proto/wire/gate.h"
#include "proto/wire/gateframes.h"

#define JB_GATE_CHUNK_BYTES (16 * 1024)
#define JB_GATE_ADDRESS_BYTES 64
#define JB_GATE_LOOPBACK 0x7f400000u /* 127.64.0.0: index 0, never used */
#define JB_GATE_SOURCES 4096         /* power of two */

enum jb_gate_phase {
    JB_GATE_EARLY,    /* its greeting and HELLO are awaited */
    JB_GATE_QUEUED,   /* it has said them, and waits until the library has time */
    JB_GATE_INITIATE, /* passed on to the library; its INITIATE is awaited */
    JB_GATE_JUDGED,   /* the key check is awaited; nothing is read */
    JB_GATE_OPEN,
    JB_GATE_ENDING, /* the client has ended; the library still reads what it said */
    JB_GATE_CLOSED, /* handles are being closed */
};

struct jb_gate_conn;

/* One direction: bytes that the other socket did not take at once. Nothing is read while busy. */
struct jb_gate_pipe {
    uv_write_t write;
    char *kept; /* owned while busy */
    bool busy;
};

struct jb_gate_conn {
    struct jb_gate *gate;
    struct jb_gate_conn *next, **link; /* in `list` */
    struct jb_gate_list *list;         /* of the gate; NULL: in none */
    uv_tcp_t client, backend;
    uv_connect_t connect;
    uv_shutdown_t end;
    struct jb_gate_pipe up, down; /* client -> library, library -> client */
    int handles;                  /* to be closed before it is freed */
    enum jb_gate_phase phase;
    bool connected, refused, reading_up, reading_down;
    bool owed;      /* the library owes it an answer of the handshake */
    bool blameless; /* that it failed is not held against its address */
    uint32_t index; /* its address on loopback */
    uint32_t node;  /* 0: not authenticated */
    uint32_t source;
    char address[JB_GATE_ADDRESS_BYTES];
    int64_t since_ms;  /* of the phase; queued: since it was accepted */
    int64_t heard_ms;  /* a whole message, or its admission */
    int64_t resume_ms; /* nothing is read before: quota. 0: none */
    uint8_t early[JB_EARLY_BYTES];
    size_t early_len;
    size_t
        swallow; /* bytes of the library's greeting still to come: the gate has said it already */
    struct jb_frame_scan scan;
    struct jb_unread unread; /* from the key check on */
    uint8_t routing_id[16];  /* of its first message */
    size_t routing_len;
};

struct jb_gate_list { /* by since_ms; the queue by when their HELLO was whole */
    struct jb_gate_conn *first, **last;
    int64_t count;
};

struct jb_gate {
    uv_loop_t *loop;
    uv_tcp_t server;
    uv_timer_t timer;
    int handles;
    struct jb_gate_options options;
    struct sockaddr_storage inner; /* where the library listens */
    char endpoint[512];
    struct jb_gate_list early, queue, underway, open; /* underway: INITIATE and JUDGED */
    int64_t owed;                                     /* answers of the library */
    bool letting_in;
    struct jb_gate_conn **slots; /* by index; owned */
    uint32_t slot_count, slot_next;
    uint32_t slot_seen; /* whose clock was looked at last */
    int64_t held_back;  /* connections from which nothing is read for a while: resume_ms */
    uint64_t secret;    /* so that nobody can choose addresses that share a source */
    uint16_t waiting[JB_GATE_SOURCES]; /* not authenticated, by source */
    uint16_t trying[JB_GATE_SOURCES];  /* of them under way */
    int open_of[JB_GATE_SOURCES];      /* open, by node; several share a place */
    struct jb_bucket failures[JB_GATE_SOURCES];
    int64_t now_ms;
    int accepts_left; /* in this slice of time */
    bool accept_waits;
    bool held;   /* the socket behind is not received from: nothing can come out */
    bool ending; /* no new ones */
    struct jb_gate_counts counts;
    char chunk[JB_GATE_CHUNK_BYTES];
};

/* ---- gate.c */
/* Listen at an endpoint for a library's socket at `inner` ("tcp://127.0.0.1:PORT"). Options are
 * copied. JB_LOCKED, JB_CONFIG, JB_NOMEM, JB_IO. */
JB_MUST enum jb_err jb_gate_open(uv_loop_t *loop, const char *endpoint, const char *inner,
                                 const struct jb_gate_options *options, struct jb_gate **out);
/* Listen no more; connections end when the library has ended them, a second later at most. Sets
 * *gate to NULL; the memory is freed in later loop turns. NULL is allowed. */
void jb_gate_close(struct jb_gate **gate);
/* The last handle of something is closed. */
void jb_gate_handle_closed(struct jb_gate *g);
int64_t jb_gate_now(void);

/* The key check asks: is this an address of a relayed connection? NULL: no. */
struct jb_gate_conn *jb_gate_find(struct jb_gate *g, const char *loopback);
/* Its key is that of this node. false: gone meanwhile, or no memory; refuse it. */
JB_MUST bool jb_gate_admit(struct jb_gate_conn *c, uint32_t node);
/* A whole message of `node` came out of the library. */
void jb_gate_heard(struct jb_gate *g, const char *loopback, uint32_t node,
                   struct jb_bytes routing_id, size_t body_len);
void jb_gate_cut_at(struct jb_gate *g, const char *loopback, enum jb_gate_cut why);
/* Every connection of a node, at once. */
void jb_gate_cut_node(struct jb_gate *g, uint32_t node, enum jb_gate_cut why);
void jb_gate_hold(struct jb_gate *g, bool held);

/* ---- gatequeue.c */
void jb_gate_list_init(struct jb_gate_list *list);
/* To the end of this list, out of the one that it is in. NULL: into none. */
void jb_gate_list_move(struct jb_gate_conn *c, struct jb_gate_list *list);
/* Connections that are not authenticated. */
int64_t jb_gate_pending(const struct jb_gate *g);
/* The library hears of those who are first in the queue, as far as it has time. */
void jb_gate_queue_go(struct jb_gate *g);
/* It owes an answer now, or no longer. */
void jb_gate_queue_owe(struct jb_gate_conn *c, bool owed);
/* If there are too many with this one, another gives way. */
void jb_gate_queue_make_room(struct jb_gate *g, const struct jb_gate_conn *newcomer);
/* Cut those who let us wait too long. */
void jb_gate_queue_look(struct jb_gate *g);

/* ---- gateconn.c */
/* Take over what is waiting at the server. */
void jb_gate_conn_accept(struct jb_gate *g);
/* Its turn in the queue has come. */
void jb_gate_conn_let_in(struct jb_gate_conn *c);
/* The key check does not know its key. */
void jb_gate_conn_refuse(struct jb_gate_conn *c);
void jb_gate_conn_cut(struct jb_gate_conn *c, enum jb_gate_cut why);
void jb_gate_conn_close(struct jb_gate_conn *c);
/* Read from the client if that is allowed now, else stop. */
void jb_gate_conn_update(struct jb_gate_conn *c);
/* Nothing is read for it before this instant; 0: at once. */
void jb_gate_conn_resume_at(struct jb_gate_conn *c, int64_t at_ms);

#endif
