/* Frames of the line between the broker and a node: see proto/schema/line.proto and PROTOCOL.md.
 *
 * Layout: 'J' 'B', protocol version (1 byte), kind (1 byte), protobuf message of that kind.
 * Decoding is bounded and says what was wrong; it never decides what to do about it. */
#ifndef JB_WIRE_FRAME_H
#define JB_WIRE_FRAME_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/wire/chain.h"

#define JB_PROTOCOL_MIN 1
/* A node that has sent nothing for so long says that it is there. All that it costs a broker to
 * have very many idle nodes: what the library could do of the kind looks through all its timers
 * each time. */
#define JB_BEAT_MS 120000
#define JB_PROTOCOL_MAX 2   /* 2: attachments, erasure of keys, recovery after a restore */
#define JB_PROTOCOL_COPY 2  /* from which on copies can be asked for */
#define JB_PROTOCOL_BLOBS 2 /* from which on there are attachments */
#define JB_FRAME_HEADER_BYTES 4
#define JB_FRAME_LIMIT_BYTES ((size_t)1024 * 1024) /* of one frame */
#define JB_FRAME_ITEMS_MAX 1024                    /* items in one Submit or Deliver */
#define JB_ITEM_LIMIT_BYTES ((size_t)768 * 1024)   /* of one item: it must fit into a frame */

/* Of one submission: with the effects of its entry and the stream item's own fields it still fits.
 */
#define JB_SUBMISSION_LIMIT_BYTES (JB_ITEM_LIMIT_BYTES - (size_t)64 * 1024)

enum jb_frame_kind {
    JB_FRAME_HELLO = 1,
    JB_FRAME_WELCOME,
    JB_FRAME_SUBMIT,
    JB_FRAME_DELIVER,
    JB_FRAME_ACK,
    JB_FRAME_BEAT,
    JB_FRAME_RESUME,
    JB_FRAME_REJECT,
    JB_FRAME_BYE,
    JB_FRAME_BLOB_OFFER, /* 10 to 14: attachments, from version 2 on */
    JB_FRAME_BLOB_WANT,
    JB_FRAME_BLOB_CHUNK,
    JB_FRAME_BLOB_HAVE,
    JB_FRAME_BLOB_GONE,
    JB_FRAME_COPY_WANT = 15, /* the broker lacks what comes after this point of the node's stream */
    JB_FRAME_COPY,           /* a piece of the node's copy of it */
    JB_FRAME_COPY_DONE,      /* the node has no more */
};

struct jb_blob_range { /* chunks first .. first + count - 1 */
    uint32_t first, count;
};

struct jb_line_point { /* where one sequence stands */
    uint8_t epoch[JB_EPOCH_BYTES];
    uint64_t number; /* 0: nothing yet */
    uint8_t head[JB_HASH_BYTES];
};

struct jb_differs { /* two ends hold different histories: a head of each */
    bool known;
    struct jb_line_point here, there;
};

struct jb_frame_item {
    struct jb_bytes body;     /* Submission or StreamItem, encoded */
    struct jb_bytes case_key; /* 32 bytes or empty */
    /* COPY: of an item whose bytes had to be erased */
    struct jb_bytes hash; /* 32 bytes or empty */
    int64_t at_ms;
    uint64_t settles;
    bool history;
    uint64_t entry_seq;
    int64_t case_no;
};

/* One struct for all frames; each kind uses the fields that its message has. */
struct jb_frame {
    enum jb_frame_kind kind;
    uint8_t version; /* of the header; encoding: the one agreed on, 0: JB_PROTOCOL_MIN */
    uint32_t protocol_min, protocol_max; /* HELLO */
    uint32_t protocol;                   /* WELCOME */
    struct jb_text code;                 /* HELLO */
    struct jb_text software;             /* HELLO, WELCOME */
    uint32_t node;                       /* WELCOME */
    struct jb_line_point up, down;       /* HELLO, WELCOME, BEAT, RESUME (up), REJECT */
    struct jb_line_point settled;        /* HELLO */
    uint32_t window_items, window_bytes; /* HELLO, WELCOME, ACK */
    int64_t now_ms;                      /* HELLO, WELCOME, BEAT */
    uint8_t sign_key[JB_KEY_BYTES];      /* HELLO, WELCOME */
    uint32_t max_frame_bytes;            /* WELCOME */
    uint8_t epoch[JB_EPOCH_BYTES];       /* SUBMIT, DELIVER, ACK */
    uint64_t first;                      /* SUBMIT, DELIVER, COPY_WANT, COPY: of the first item */
    uint64_t number;                     /* ACK */
    const struct jb_frame_item *items;   /* SUBMIT, DELIVER; arena */
    size_t item_count;
    uint8_t head[JB_HASH_BYTES];      /* SUBMIT, DELIVER: after the last item; ACK */
    uint8_t suite;                    /* SUBMIT, DELIVER, ACK, BEAT; HELLO, WELCOME: 0 means 1 */
    uint8_t signature[JB_SIGN_BYTES]; /* SUBMIT, DELIVER, ACK, BEAT */
    uint32_t error;                   /* RESUME, REJECT: enum jb_err */
    struct jb_text text;              /* RESUME, REJECT, BYE */
    bool closing;                     /* REJECT */
    bool recovering; /* WELCOME: the broker's record is being completed after a restore */
    struct jb_line_point former;         /* WELCOME: where the epoch ended that the node follows */
    uint32_t frame_kind;                 /* REJECT: the kind of the frame that was refused */
    int64_t case_no;                     /* BLOB_OFFER */
    uint8_t blob_hash[JB_HASH_BYTES];    /* BLOB_* */
    struct jb_bytes manifest;            /* BLOB_OFFER: encoded BlobManifest */
    const struct jb_blob_range *missing; /* BLOB_WANT; arena */
    size_t missing_count;
    uint32_t window_chunks; /* BLOB_WANT */
    uint32_t index;         /* BLOB_CHUNK */
    struct jb_bytes body;   /* BLOB_CHUNK: sealed */
};

/* Decode. Item bodies and texts point into `bytes` or the arena: valid while both live.
 * TOO_LARGE, MALFORMED (magic, protobuf, wrong length of a hash or key, no items), VERSION (version
 * byte not in JB_PROTOCOL_MIN..MAX; a HELLO is accepted with any version byte so that it can be
 * answered), UNKNOWN_KIND, BAD_UTF8, NUL_IN_TEXT, OVERFLOW (too many items), NOMEM. frame->kind is
 * set whenever the header could be read. */
enum jb_err jb_frame_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_frame *frame,
                            struct jb_fault *fault) JB_MUST;
/* Encode into arena memory, header included. TOO_LARGE: over JB_FRAME_LIMIT_BYTES; OVERFLOW: too
 * many items; UNKNOWN_KIND; NUL_IN_TEXT; NOMEM. Does not check what decoding would refuse
 * otherwise. */
enum jb_err jb_frame_encode(const struct jb_frame *frame, struct jb_arena *arena,
                            struct jb_bytes *bytes) JB_MUST;
const char *jb_frame_name(enum jb_frame_kind kind); /* "hello"; "unknown" */

#endif
