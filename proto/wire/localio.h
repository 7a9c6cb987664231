/* Length-prefixed frames over a stream socket: 4 bytes length, big endian, then that many bytes.
 *
 * The part of the local endpoint that both ends share, and the blocking client side. Knows no event
 * loop and no message; never raises SIGPIPE. A connection belongs to one thread at a time. */
#ifndef JB_WIRE_LOCALIO_H
#define JB_WIRE_LOCALIO_H

#include <sys/types.h>
#include <sys/un.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_LOCAL_HEADER_BYTES 4
#define JB_LOCAL_REQUEST_LIMIT ((size_t)4 * 1024 * 1024) /* bytes of a request frame */
#define JB_LOCAL_REPLY_LIMIT ((size_t)16 * 1024 * 1024)  /* bytes of a reply frame */

/* One frame being received. All zero is the valid start. Memory grows with what has arrived, not
 * with what the peer announced; owned, free with jb_local_frame_fini. */
struct jb_local_frame {
    uint8_t header[JB_LOCAL_HEADER_BYTES]; /* the length as it arrives */
    size_t header_got;                     /* bytes of it */
    uint8_t *data;                         /* the frame; owned */
    size_t len;                            /* bytes announced, once the header is complete */
    size_t got;                            /* bytes of it that have arrived */
    size_t capacity;                       /* allocated */
    bool complete;                         /* data[0..len) is a whole frame */
};

/* Ready for the next frame; keeps a small buffer, returns a large one to the system. */
void jb_local_frame_reset(struct jb_local_frame *frame);
void jb_local_frame_fini(struct jb_local_frame *frame);
/* Some but not all of a frame has arrived. */
bool jb_local_frame_partial(const struct jb_local_frame *frame);

/* Read what is there without blocking. JB_OK: a whole frame is in `frame` (the one before must have
 * been reset). JB_BUSY: not yet whole, call again when readable. JB_CLOSED: the other end closed
 * between frames; JB_MALFORMED: within one. JB_TOO_LARGE: announces more than limit_bytes;
 * JB_NOMEM; JB_IO. After anything but OK and BUSY the connection is of no use. */
JB_MUST enum jb_err jb_local_frame_read(int fd, size_t limit_bytes, struct jb_local_frame *frame);

/* Write as much of head and body as goes without blocking, in one call. JB_OK: *sent bytes have
 * left; JB_BUSY: none; JB_CLOSED: the other end is gone; JB_IO. */
JB_MUST enum jb_err jb_local_write(int fd, struct jb_bytes head, struct jb_bytes body,
                                   size_t *sent);

/* The length prefix of a frame. */
void jb_local_header(size_t len, uint8_t out[JB_LOCAL_HEADER_BYTES]);

/* Who is at the other end, as the kernel recorded it when the client connected. */
struct jb_local_identity {
    uid_t uid;
    gid_t gid;
    pid_t pid;      /* may have ended or been reused: for the log only */
    char user[256]; /* login name, or "uid:1001" when the system knows no name; NUL-terminated */
};

/* Ask the kernel who connected to (or listens at) the other end of a Unix socket. Looks the name
 * up, which may read files. false: not a Unix socket. */
bool jb_local_identify(int fd, struct jb_local_identity *id);

/* The socket address of a path. JB_CONFIG: empty, or longer than the system allows (107 bytes). */
JB_MUST enum jb_err jb_local_address(const char *path, struct sockaddr_un *out,
                                     struct jb_fault *fault);

/* Connect, blocking at most timeout_ms (while the listener's queue is full). *fd is owned by the
 * caller: close(2). JB_OFFLINE: nobody listens there; JB_DENIED: no permission; JB_BUSY: timeout;
 * JB_CONFIG: path; JB_IO. The fault names the path. */
JB_MUST enum jb_err jb_local_dial(const char *path, int timeout_ms, int *fd,
                                  struct jb_fault *fault);

/* Send one frame, blocking at most timeout_ms. JB_BUSY: timeout, the connection must be closed
 * since part of the frame may be out; JB_CLOSED: the other end is gone; JB_TOO_LARGE: over 4 GiB;
 * JB_IO. */
JB_MUST enum jb_err jb_local_send_frame(int fd, struct jb_bytes body, int timeout_ms);

/* Receive one frame, blocking at most timeout_ms (negative: for ever). Resets a complete frame
 * first. JB_BUSY: timeout; what has arrived stays in `frame`, call again. Else as
 * jb_local_frame_read. */
JB_MUST enum jb_err jb_local_recv_frame(int fd, int timeout_ms, size_t limit_bytes,
                                        struct jb_local_frame *frame);

#endif
