/* Frames over a file descriptor, and the blocking client side. Every send carries MSG_NOSIGNAL;
 * every wait has an end. Decides nothing about who may connect. */
#include "proto/wire/localio.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/base/clock.h"

#define FIRST_BYTES ((size_t)4096)     /* allocated for a frame before anything of it is there */
#define KEPT_BYTES ((size_t)64 * 1024) /* an idle connection keeps no more */
#define RETRY_MS 10                    /* between attempts while the listener's queue is full */

/* ---- frames -----------------------------------------------------------------------------------
 */

void jb_local_frame_reset(struct jb_local_frame *frame)
{
    if (frame->capacity > KEPT_BYTES) {
        jb_local_frame_fini(frame);
        return;
    }
    frame->header_got = 0;
    frame->len = 0;
    frame->got = 0;
    frame->complete = false;
}

void jb_local_frame_fini(struct jb_local_frame *frame)
{
    free(frame->data);
    memset(frame, 0, sizeof *frame);
}

bool jb_local_frame_partial(const struct jb_local_frame *frame)
{
    return frame->header_got > 0 && !frame->complete;
}

/* Room for more of the frame: doubles, up to its announced length. */
static enum jb_err frame_grow(struct jb_local_frame *frame)
{
    if (frame->got < frame->capacity || frame->got == frame->len)
        return JB_OK;
    size_t want = frame->capacity == 0 ? FIRST_BYTES : 2 * frame->capacity;
    if (want > frame->len && frame->len > FIRST_BYTES)
        want = frame->len;
    uint8_t *data = realloc(frame->data, want);
    if (data == NULL)
        return JB_NOMEM;
    frame->data = data;
    frame->capacity = want;
    return JB_OK;
}

/* One recv(2). JB_OK: *got is at least 1. JB_CLOSED: end of the stream. */
static enum jb_err receive_some(int fd, uint8_t *out, size_t max, size_t *got)
{
    for (;;) {
        ssize_t n = recv(fd, out, max, MSG_DONTWAIT);
        if (n > 0) {
            *got = (size_t)n;
            return JB_OK;
        }
        if (n == 0 || errno == ECONNRESET)
            return JB_CLOSED;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return JB_BUSY;
        if (errno != EINTR)
            return JB_IO;
    }
}

static enum jb_err read_header(int fd, size_t limit_bytes, struct jb_local_frame *frame)
{
    while (frame->header_got < JB_LOCAL_HEADER_BYTES) {
        size_t n = 0;
        enum jb_err err = receive_some(fd, frame->header + frame->header_got,
                                       JB_LOCAL_HEADER_BYTES - frame->header_got, &n);
        if (err != JB_OK)
            return err;
        frame->header_got += n;
    }
    size_t len = 0;
    for (int i = 0; i < JB_LOCAL_HEADER_BYTES; i++)
        len = len << 8 | frame->header[i];
    frame->len = len;
    return len > limit_bytes ? JB_TOO_LARGE : JB_OK;
}

static enum jb_err read_body(int fd, struct jb_local_frame *frame)
{
    while (frame->got < frame->len) {
        size_t n = 0;
        enum jb_err err = frame_grow(frame);
        if (err != JB_OK)
            return err;
        size_t room = frame->capacity - frame->got;
        size_t missing = frame->len - frame->got;
        err = receive_some(fd, frame->data + frame->got, room < missing ? room : missing, &n);
        if (err != JB_OK)
            return err;
        frame->got += n;
    }
    frame->complete = true;
    return JB_OK;
}

enum jb_err jb_local_frame_read(int fd, size_t limit_bytes, struct jb_local_frame *frame)
{
    enum jb_err err = JB_OK;
    if (frame->complete)
        return JB_OK;
    if (frame->header_got < JB_LOCAL_HEADER_BYTES)
        err = read_header(fd, limit_bytes, frame);
    if (err == JB_OK)
        err = read_body(fd, frame);
    if (err == JB_CLOSED && jb_local_frame_partial(frame))
        err = JB_MALFORMED;
    return err;
}

void jb_local_header(size_t len, uint8_t out[JB_LOCAL_HEADER_BYTES])
{
    for (int i = JB_LOCAL_HEADER_BYTES - 1; i >= 0; i--) {
        out[i] = (uint8_t)(len & 0xFF);
        len >>= 8;
    }
}

enum jb_err jb_local_write(int fd, struct jb_bytes head, struct jb_bytes body, size_t *sent)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)head.data, .iov_len = head.len},
        {.iov_base = (void *)(uintptr_t)body.data, .iov_len = body.len},
    };
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

    for (;;) {
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            *sent = (size_t)n;
            return JB_OK;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return JB_BUSY;
        if (errno == EPIPE || errno == ECONNRESET)
            return JB_CLOSED;
        if (errno != EINTR)
            return JB_IO;
    }
}

/* ---- who is there -----------------------------------------------------------------------------
 */

static void name_user(struct jb_local_identity *id)
{
    char buf[8192];
    struct passwd entry;
    struct passwd *found = NULL;

    int rc = getpwuid_r(id->uid, &entry, buf, sizeof buf, &found);
    if (rc == 0 && found != NULL && found->pw_name[0] != '\0' &&
        strlen(found->pw_name) < sizeof id->user)
        memcpy(id->user, found->pw_name, strlen(found->pw_name) + 1);
    else
        snprintf(id->user, sizeof id->user, "uid:%lu", (unsigned long)id->uid);
}

bool jb_local_identify(int fd, struct jb_local_identity *id)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred)
        return false;
    id->uid = cred.uid;
    id->gid = cred.gid;
    id->pid = cred.pid;
    name_user(id);
    return true;
}

/* ---- the blocking side ------------------------------------------------------------------------
 */

/* When a wait that may last timeout_ms ends; INT64_MAX: never. */
static int64_t deadline_of(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : jb_clock_mono_ms() + timeout_ms;
}

/* JB_OK: something happened on fd; JB_BUSY: the deadline came first. */
static enum jb_err wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int wait_ms = -1;
        if (deadline_ms != INT64_MAX) {
            int64_t left_ms = deadline_ms - jb_clock_mono_ms();
            wait_ms = left_ms > 0 ? (int)left_ms : 0;
        }
        int rc = poll(&p, 1, wait_ms);
        if (rc > 0)
            return JB_OK;
        if (rc == 0)
            return JB_BUSY;
        if (errno != EINTR)
            return JB_IO;
    }
}

enum jb_err jb_local_address(const char *path, struct sockaddr_un *out, struct jb_fault *fault)
{
    size_t len = strlen(path);
    if (len == 0)
        return jb_fault_set(fault, JB_CONFIG, "the path of a local socket is empty");
    if (len >= sizeof out->sun_path)
        return jb_fault_set(fault, JB_CONFIG,
                            "path of a local socket is %zu bytes long, the system allows %zu: %s",
                            len, sizeof out->sun_path - 1, path);
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    memcpy(out->sun_path, path, len);
    return JB_OK;
}

static enum jb_err dial_fault(struct jb_fault *fault, const char *path, int number)
{
    if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR || number == EPROTOTYPE)
        return jb_fault_set(fault, JB_OFFLINE, "nobody listens on %s (%s)", path,
                            jb_errno_said(number));
    if (number == EACCES || number == EPERM)
        return jb_fault_set(fault, JB_DENIED, "no permission for %s", path);
    return jb_fault_set(fault, JB_IO, "cannot connect to %s: %s", path, jb_errno_said(number));
}

enum jb_err jb_local_dial(const char *path, int timeout_ms, int *fd, struct jb_fault *fault)
{
    struct sockaddr_un address;
    int64_t deadline_ms = deadline_of(timeout_ms);
    enum jb_err err = jb_local_address(path, &address, fault);
    if (err != JB_OK)
        return err;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return jb_fault_set(fault, JB_IO, "cannot make a socket: %s", jb_errno_said(errno));
    while (connect(s, (const struct sockaddr *)&address, sizeof address) != 0) {
        int number = errno;
        bool queue_full = number == EAGAIN || number == EINTR;
        if (queue_full && jb_clock_mono_ms() < deadline_ms) {
            (void)poll(NULL, 0, RETRY_MS);
            continue;
        }
        close(s);
        if (queue_full)
            return jb_fault_set(fault, JB_BUSY, "%s does not accept connections in time", path);
        return dial_fault(fault, path, number);
    }
    *fd = s;
    return JB_OK;
}

/* Drop from the front of `part` what was sent of it. */
static void advance(struct jb_bytes *part, size_t *sent)
{
    size_t n = *sent < part->len ? *sent : part->len;
    if (n == 0)
        return;
    part->data += n;
    part->len -= n;
    *sent -= n;
}

enum jb_err jb_local_send_frame(int fd, struct jb_bytes body, int timeout_ms)
{
    uint8_t prefix[JB_LOCAL_HEADER_BYTES];
    struct jb_bytes head = {prefix, sizeof prefix};
    int64_t deadline_ms = deadline_of(timeout_ms);

    if (body.len > UINT32_MAX)
        return JB_TOO_LARGE;
    jb_local_header(body.len, prefix);
    while (head.len + body.len > 0) {
        size_t sent = 0;
        enum jb_err err = jb_local_write(fd, head, body, &sent);
        if (err == JB_BUSY)
            err = wait_for(fd, POLLOUT, deadline_ms);
        if (err != JB_OK)
            return err;
        advance(&head, &sent);
        advance(&body, &sent);
    }
    return JB_OK;
}

enum jb_err jb_local_recv_frame(int fd, int timeout_ms, size_t limit_bytes,
                                struct jb_local_frame *frame)
{
    int64_t deadline_ms = deadline_of(timeout_ms);
    if (frame->complete)
        jb_local_frame_reset(frame);
    for (;;) {
        enum jb_err err = jb_local_frame_read(fd, limit_bytes, frame);
        if (err != JB_BUSY)
            return err;
        err = wait_for(fd, POLLIN, deadline_ms);
        if (err != JB_OK)
            return err;
    }
}
