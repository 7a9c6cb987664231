/* What the broker is asked before it lets anybody in: a ZAP request, frame by frame. The library
 * makes them, from what a stranger says in his handshake.
 *
 * First byte: how many frames (bits 0 to 3), and whether the first ones are those of a good request
 * (bit 4: empty delimiter and version; 5: domain; 6: mechanism; 7: a key that is known). Then each
 * other frame behind two bytes of length. */
#include <zmq.h>

#include "proto/wire/zap.h"
#include "proto/wire/zpump.h"
#include "tests/fuzz/fuzz.h"

#define ANSWER_FRAMES 16
#define NODE 7

enum { /* frames of a request, without the route that the library adds */
    EMPTY,
    VERSION,
    ID,
    DOMAIN,
    ADDRESS,
    IDENTITY,
    MECHANISM,
    KEY,
    FRAMES
};

static const uint8_t known_key[JB_KEY_BYTES] = "a line key that is in force ....";

static struct {
    uv_loop_t loop;
    struct jb_zctx *zctx;
    struct jb_zap *zap;
    void *asker; /* a socket as the library has one */
} w;

static uint32_t lookup(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address)
{
    (void)ctx;
    FUZZ_MUST(memchr(address, '\0', 64) != NULL);
    return memcmp(key, known_key, sizeof known_key) == 0 ? NODE : 0;
}

static void unmake(void)
{
    (void)zmq_close(w.asker);
    jb_zap_stop(&w.zap);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    jb_zctx_free(&w.zctx);
    (void)uv_loop_close(&w.loop);
}

static void make(void)
{
    int wait_ms = 0;

    FUZZ_MUST(uv_loop_init(&w.loop) == 0 && jb_zctx_new(&w.zctx) == JB_OK);
    FUZZ_MUST(jb_zap_start(w.zctx, &w.loop, lookup, NULL, &w.zap) == JB_OK);
    w.asker = zmq_socket(w.zctx->library, ZMQ_DEALER);
    FUZZ_MUST(w.asker != NULL &&
              zmq_setsockopt(w.asker, ZMQ_LINGER, &wait_ms, sizeof wait_ms) == 0);
    FUZZ_MUST(zmq_connect(w.asker, JB_ZAP_ENDPOINT) == 0);
    FUZZ_MUST(atexit(unmake) == 0);
}

static struct jb_bytes frame_of(int i, uint8_t how, struct fuzz_in *in)
{
    static const struct {
        int bit;
        const char *text;
    } good[FRAMES] = {[EMPTY] = {4, ""},
                      [VERSION] = {4, "1.0"},
                      [DOMAIN] = {5, JB_ZAP_DOMAIN},
                      [MECHANISM] = {6, "CURVE"}};

    if (i == KEY && (how & 1 << 7) != 0)
        return (struct jb_bytes){known_key, sizeof known_key};
    if (i < FRAMES && good[i].text != NULL && (how & 1 << good[i].bit) != 0)
        return (struct jb_bytes){(const uint8_t *)good[i].text, strlen(good[i].text)};
    return fuzz_part(in);
}

static void ask(uint8_t how, struct fuzz_in *in)
{
    int count = how & 15;

    for (int i = 0; i < count; i++) {
        struct jb_bytes frame = frame_of(i, how, in);
        FUZZ_MUST(zmq_send(w.asker, frame.data != NULL ? (const void *)frame.data : "", frame.len,
                           i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    }
}

/* How many frames came back; the status, and who it is, in the buffers. */
static int answer(char status[8], char user[64])
{
    int count = 0;
    int more = 1;

    status[0] = user[0] = '\0';
    while (more != 0) {
        zmq_msg_t m;
        FUZZ_MUST(zmq_msg_init(&m) == 0);
        if (zmq_msg_recv(&m, w.asker, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&m);
            return 0;
        }
        if (count == 3)
            (void)snprintf(status, 8, "%.*s", (int)zmq_msg_size(&m), (char *)zmq_msg_data(&m));
        if (count == 5)
            (void)snprintf(user, 64, "%.*s", (int)zmq_msg_size(&m), (char *)zmq_msg_data(&m));
        more = zmq_msg_more(&m);
        (void)zmq_msg_close(&m);
        count++;
    }
    return count;
}

static uint64_t seen(const struct jb_zap_counts *c)
{
    return c->accepted + c->denied + c->malformed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);
    struct jb_zap_counts before;
    struct jb_zap_counts now;
    char status[8];
    char user[64];

    if (w.zctx == NULL)
        make();
    if ((how & 15) == 0)
        return 0;
    jb_zap_counts(w.zap, &before);
    ask(how, &in);
    do {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
        jb_zap_counts(w.zap, &now);
    } while (seen(&now) == seen(&before));
    int frames = answer(status, user);
    bool accepted = now.accepted > before.accepted;
    FUZZ_MUST((frames == 0) == (now.malformed > before.malformed));
    FUZZ_MUST(frames == 0 || frames == 7);
    FUZZ_MUST(accepted == (strcmp(status, "200") == 0));
    FUZZ_MUST(accepted == (user[0] != '\0'));
    return 0;
}
