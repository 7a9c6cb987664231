/* One node as the broker sees it in memory: how far it is, its connection, its credit. Kept from
 * the start on for every node of the directory; of the loop thread. */
#ifndef JB_DAEMON_PEER_H
#define JB_DAEMON_PEER_H

#include "daemon/quota.h"
#include "proto/ledger/brokerlog.h"
#include "proto/wire/frame.h"

#define JB_INFLIGHT_FRAMES 64

struct jb_inflight { /* one Deliver frame that is not acknowledged yet */
    uint64_t last;   /* number of its last item */
    size_t bytes;    /* of its item bodies */
};

struct jb_peer {
    uint32_t node;
    struct jb_line_point up_taken;   /* last submission taken into a batch (>= the one on disk) */
    struct jb_line_point up_decided; /* last one that was decided (<= up_taken) */
    bool stale;                      /* what was taken got lost: both are read from disk again */
    struct jb_quota quota;
    /* the connection */
    bool greeted;     /* a Hello was accepted on this routing id */
    uint8_t protocol; /* version agreed on there */
    bool drained;     /* nothing of its stream waits to be sent: an attachment's turn */
    uint8_t routing_id[16];
    size_t routing_len;
    int64_t last_seen_ms;      /* for showing; 0: not since the start */
    int64_t last_seen_mono_ms; /* for its silence */
    int64_t skew_ms;           /* node's clock minus ours at the last Hello or Beat */
    struct jb_receipt end;     /* with what its last beat was answered; suite 0: none yet */
    char *software;            /* owned; NULL: not greeted since the start */
    struct jb_differs differs; /* at its last greeting */
    /* credit: never more than this unacknowledged */
    uint32_t window_items, window_bytes;
    uint64_t sent;  /* last stream number sent on this connection */
    uint64_t acked; /* last one acknowledged or known to be on the node's disk */
    struct jb_inflight inflight[JB_INFLIGHT_FRAMES]; /* ring */
    unsigned inflight_first, inflight_count;
    size_t inflight_bytes;
    size_t last_ack;                 /* its last acknowledgement in the batch being decided */
    uint8_t follows[JB_EPOCH_BYTES]; /* while recovering: the epoch that its replica follows */
    bool late; /* greeted, but with more than the record that was completed without it: late.c */
    struct jb_line_point former; /* late: where the epoch ended that its replica follows */
    bool wants_delivery;         /* in the list of nodes to look at after the commit */
    bool behind;                 /* catches up: its frames come in turn with those of others */
    bool waits;                  /* in the queue for that */
    struct jb_peer *behind_next;
};

#endif
