/* What the gate reads of the transport (ZMTP 3, RFC 23 and 26): greeting, frame headers, never a
 * body, which is encrypted. Also the account of what a node has sent that has not come out of the
 * library as a whole message. Pure, without I/O: for tests and fuzzing. Internal to proto/wire. */
#ifndef JB_WIRE_GATEFRAMES_H
#define JB_WIRE_GATEFRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

#define JB_GREETING_BYTES 64
#define JB_CURVE_HELLO_BYTES 202 /* the frame with its two bytes of header */
#define JB_EARLY_BYTES (JB_GREETING_BYTES + JB_CURVE_HELLO_BYTES)
#define JB_INITIATE_MAX_BYTES 2048
/* A body travels in a box: name 8, nonce 8, authentication 16, flags 1. */
#define JB_CURVE_OVERHEAD_BYTES 33

/* What a CURVE server says first; the same for everybody. */
extern const uint8_t jb_gate_greeting[JB_GREETING_BYTES];

/* Do these first bytes begin a greeting and a HELLO of a CURVE client? Called again as bytes come;
 * false: no, whatever follows. */
bool jb_gate_early_fits(const uint8_t *bytes, size_t len);

/* The frames in a stream of bytes, one header after the other. All zero: at the first header. */
struct jb_frame_scan {
    uint64_t body_left; /* bytes of the present frame still to come */
    uint8_t head[9];
    uint8_t head_len;
};

/* Take bytes up to the end of a header or of the buffer; returns how many. *size: of the frame
 * whose header was completed, else -1; *flags its flags: MORE 1, LONG 2, COMMAND 4. */
size_t jb_frame_scan(struct jb_frame_scan *s, const uint8_t *bytes, size_t len, int64_t *size,
                     uint8_t *flags);

/* Sizes of frames that were passed on and of which the library has not said that they are part of a
 * whole message. A message that comes out accounts for its own frame and all before it, since the
 * order is kept. Control frames (pings) never come out: the next message accounts for them. */
#define JB_UNREAD_FRAMES 1024
struct jb_unread {
    uint32_t *sizes; /* ring; owned, grows with what is in it: most nodes never say much at once */
    unsigned capacity, first, count;
    size_t bytes;
};

/* false: no room for one more than JB_UNREAD_FRAMES, or no memory. */
JB_MUST bool jb_unread_add(struct jb_unread *u, uint32_t size);
/* A message with a body of so many bytes came out. */
void jb_unread_take(struct jb_unread *u, size_t body_len);
void jb_unread_fini(struct jb_unread *u);

#endif
