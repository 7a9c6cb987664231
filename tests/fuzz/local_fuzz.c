/* What a local client sends to the agent's socket. First byte even: the bytes of a connection, read
 * in pieces as they come (the byte says of what size); odd: requests, answered over a real replica.
 *
 * Of requests the first byte also says who asks (bits 1 and 2), who has which role (bits 3 to 5),
 * and whether there are several, each behind two bytes of length (bit 6). */
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/localio.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzdesk.h"
#include "tests/fuzz/fuzzline.h"

#define FRAME_LIMIT ((size_t)65536)
#define SEVERAL 64

/* ---- the bytes of a connection ---- */

/* Every frame that the bytes hold, as far as they are good. */
static void read_frames(int fd, struct jb_local_frame *frame, enum jb_err *err)
{
    for (;;) {
        *err = jb_local_frame_read(fd, FRAME_LIMIT, frame);
        if (*err != JB_OK)
            return;
        FUZZ_MUST(frame->complete && frame->len <= FRAME_LIMIT && frame->got == frame->len);
        jb_local_frame_reset(frame);
    }
}

static void connection(size_t piece, struct jb_bytes bytes)
{
    struct jb_local_frame frame = {0};
    enum jb_err err = JB_BUSY;
    int ends[2];

    FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    for (size_t at = 0; at < bytes.len && err == JB_BUSY; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        FUZZ_MUST(write(ends[1], bytes.data + at, len) == (ssize_t)len);
        read_frames(ends[0], &frame, &err);
    }
    FUZZ_MUST(close(ends[1]) == 0);
    if (err == JB_BUSY) {
        bool partial = jb_local_frame_partial(&frame);
        read_frames(ends[0], &frame, &err);
        FUZZ_MUST(err == (partial ? JB_MALFORMED : JB_CLOSED));
    }
    jb_local_frame_fini(&frame);
    FUZZ_MUST(close(ends[0]) == 0);
}

/* ---- requests ---- */

static const struct jb_local_identity people[] = {
    {.uid = 1001, .gid = 1001, .user = "clerk"},
    {.uid = 0, .gid = 0, .user = "root"},
    {.uid = 1002, .gid = 1002, .user = "gate"},
    {.uid = 1003, .gid = 1003, .user = "li"},
};

/* As [roles] may say it, in the order of the roles; first: nobody is named. */
static const char *const staff[][JB_STAFF_COUNT] = {
    {"", "", "", "", "", ""},
    {"clerk, gate/张三", "", "li", "", "root", "gate"},
    {"uid:1001", "clerk", "", "li", "", "gate"},
    {"", "li", "clerk", "", "", ""},
    {"", "", "", "clerk", "", ""},
    {"", "", "", "", "clerk", "li"},
    {"clerk", "clerk, li", "clerk", "", "", ""},
    {"clerk", "", "", "clerk", "", ""}, /* which exclude each other */
};

static void give_roles(struct desk *d, unsigned which)
{
    for (size_t i = 0; i < JB_STAFF_COUNT; i++)
        d->config.roles[i] = (char *)(uintptr_t)staff[which][i]; /* is only read */
}

/* The protocol's version, unless the request is about to name one itself. */
static void ask(struct jb_bytes request)
{
    static const uint8_t protocol[] = {0x10, 1};
    static uint8_t frame[FRAME_LIMIT + sizeof protocol];
    size_t len = request.len < FRAME_LIMIT ? request.len : FRAME_LIMIT;

    memcpy(frame, protocol, sizeof protocol);
    if (len > 0)
        memcpy(frame + sizeof protocol, request.data, len);
    bool own = len > 0 && request.data[0] == protocol[0];
    struct jb_bytes whole = {own ? frame + sizeof protocol : frame,
                             own ? len : len + sizeof protocol};
    uint8_t *exact = fuzz_exact(whole);
    whole.data = exact;
    fuzz_local_frame(whole);
    free(exact);
}

static void requests(uint8_t how, struct fuzz_in *in)
{
    struct desk *d = fuzz_desk();

    fuzz_before_undo = NULL;
    give_roles(d, how >> 3 & 7);
    fuzz_local_open(&people[how >> 1 & 3]);
    if ((how & SEVERAL) == 0)
        ask(fuzz_take(in, in->left));
    while (in->left > 0)
        ask(fuzz_part(in));
    jb_agent_group_take(&d->agent);
    fuzz_desk_turn(d);
    fuzz_local_close();
    fuzz_desk_turn(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);

    if (how % 2 == 1) {
        requests(how, &in);
        return 0;
    }
    struct jb_bytes rest = fuzz_take(&in, size);
    uint8_t *exact = fuzz_exact(rest);
    rest.data = exact;
    connection((size_t)how / 2 + 1, rest);
    free(exact);
    return 0;
}
