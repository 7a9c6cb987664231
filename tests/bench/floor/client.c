/* The bare broker's clients: a DEALER each. --mode "curve" encrypts, "signed" proves as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/bench/floor/floor.h"
#include "tests/bench/load/load.h"

struct client {
    void *dealer;
    int index;
    unsigned char heard[FLOOR_CHAIN_BYTES], head[FLOOR_CHAIN_BYTES]; /* of this chain; as proven */
};

static bool proving;
static struct floor_signer signer;

static void *context;

static struct client *client_open(char letter, int index)
{
    struct client *c = load_zeroed(1, sizeof *c);
    const int none = 0;
    char name[16];
    char answer[8];
    if (context == NULL) {
        context = zmq_ctx_new();
        (void)zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 8192);
    }
    c->dealer = zmq_socket(context, ZMQ_DEALER);
    if (c->dealer == NULL)
        load_die("no socket");
    c->index = index;
    int len = snprintf(name, sizeof name, "%c%d", letter, index);
    (void)zmq_setsockopt(c->dealer, ZMQ_ROUTING_ID, name, (size_t)len);
    (void)zmq_setsockopt(c->dealer, ZMQ_SNDHWM, &none, sizeof none);
    (void)zmq_setsockopt(c->dealer, ZMQ_RCVHWM, &none, sizeof none);
    proving = strcmp(load.mode, "signed") == 0;
    signer = floor_signer_make();
    if ((proving || strcmp(load.mode, "curve") == 0) &&
        (zmq_setsockopt(c->dealer, ZMQ_CURVE_SERVERKEY, FLOOR_SERVER_PUBLIC, 40) != 0 ||
         zmq_setsockopt(c->dealer, ZMQ_CURVE_PUBLICKEY, FLOOR_CLIENT_PUBLIC, 40) != 0 ||
         zmq_setsockopt(c->dealer, ZMQ_CURVE_SECRETKEY, FLOOR_CLIENT_SECRET, 40) != 0))
        load_die("no CURVE");
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", load.port);
    if (zmq_connect(c->dealer, endpoint) != 0 || zmq_send(c->dealer, "H", 1, 0) < 0 ||
        zmq_recv(c->dealer, answer, sizeof answer, 0) < 0)
        load_die("no answer to hello");
    return c;
}

/* The next message, waiting for it; 0: none. */
static size_t receive(struct client *c, zmq_msg_t *m, long wait_ms)
{
    zmq_pollitem_t item = {.socket = c->dealer, .events = ZMQ_POLLIN};
    if (wait_ms > 0 && zmq_poll(&item, 1, wait_ms) <= 0)
        return 0;
    (void)zmq_msg_init(m);
    int len = zmq_msg_recv(m, c->dealer, ZMQ_DONTWAIT);
    if (len <= 0) {
        (void)zmq_msg_close(m);
        return 0;
    }
    return (size_t)len;
}

static void *receiver_open(int node)
{
    return client_open('n', node);
}

static void check_proof(struct client *c, const char *proof, size_t len)
{
    if (len != FLOOR_SIGNED_BYTES || memcmp(proof, c->heard, sizeof c->heard) != 0 ||
        floor_verify(&signer, (const unsigned char *)proof) != 0)
        load_die("the broker's proof is wrong");
    memcpy(c->head, proof, sizeof c->head);
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct client *c = receiver;
    zmq_msg_t m;
    size_t len = 0;
    while (batch->count < LOAD_BATCH_MAX &&
           (len = receive(c, &m, batch->count > 0 ? 0 : wait_ms)) > 0) {
        const char *p = zmq_msg_data(&m);
        if (p[0] == 'D' && len > FLOOR_HEAD) {
            struct load_item *item = load_batch_add(batch, p + FLOOR_HEAD, len - FLOOR_HEAD);
            memcpy(&item->tag, p + 1, 8);
            item->key = (int64_t)item->tag;
            if (proving)
                floor_chain(c->heard, p + FLOOR_HEAD, len - FLOOR_HEAD);
        } else if (p[0] == 'G') {
            check_proof(c, p + 1, len - 1);
        }
        (void)zmq_msg_close(&m);
    }
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    struct client *c = receiver;
    char frame[1 + 8 * LOAD_BATCH_MAX + FLOOR_SIGNED_BYTES] = {'A'};
    size_t len = 1 + 8 * batch->count;
    for (size_t i = 0; i < batch->count; i++)
        memcpy(frame + 1 + 8 * i, &batch->items[i].tag, 8);
    if (proving) {
        floor_sign(&signer, c->head, (unsigned char *)frame + len);
        len += FLOOR_SIGNED_BYTES;
    }
    if (zmq_send(c->dealer, frame, len, 0) < 0)
        load_die("send");
}

static void *sender_open(int sender)
{
    return client_open('s', sender);
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct client *c = sender;
    zmq_msg_t m;
    int64_t key = load_key(c->index, number);
    if (zmq_msg_init_size(&m, FLOOR_HEAD + len) != 0)
        load_die("out of memory");
    char *p = zmq_msg_data(&m);
    p[0] = 'S';
    memcpy(p + 1, &key, 8);
    memcpy(p + 9, &node, 4);
    memcpy(p + FLOOR_HEAD, body, len);
    if (zmq_msg_send(&m, c->dealer, 0) < 0)
        load_die("send");
}

static void poll_confirms(void *sender, long wait_us)
{
    struct client *c = sender;
    zmq_msg_t m;
    size_t len = receive(c, &m, wait_us <= 0 ? 0 : (wait_us + 999) / 1000);
    for (; len > 0; len = receive(c, &m, 0)) {
        const char *p = zmq_msg_data(&m);
        for (size_t at = 1; p[0] == 'C' && at + 8 <= len; at += 8) {
            int64_t key = 0;
            memcpy(&key, p + at, sizeof key);
            load_confirmed(c->index, (long)(key & 0xffffffffff));
        }
        (void)zmq_msg_close(&m);
    }
}

const struct load_system load_system = {.name = "floor",
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_confirms};
