/* What a local client sends to the agent's socket. First byte even: the bytes of a connection, read
 * in pieces as they come (the byte says of what size); odd: one request, answered by its handler
 * over a real replica. */
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/localio.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzdesk.h"

#define FRAME_LIMIT ((size_t)65536)

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

static void request(struct jb_bytes bytes)
{
    struct desk *d = fuzz_desk();
    struct jb_arena arena;
    ProtobufCMessage *message = NULL;
    struct jb_fault fault = {""};

    fuzz_before_undo = NULL;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    if (jb_message_decode(&jb__request__descriptor, bytes, &arena, &message, &fault) == JB_OK)
        fuzz_desk_ask(d, (const Jb__Request *)message);
    jb_arena_fini(&arena);
    jb_agent_wait_forget(&d->agent, &d->client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);
    struct jb_bytes rest = fuzz_take(&in, size);
    uint8_t *exact = fuzz_exact(rest);

    rest.data = exact;
    if (how % 2 == 0)
        connection((size_t)how / 2 + 1, rest);
    else
        request(rest);
    free(exact);
    return 0;
}
