/* Mosquitto by MQTT 3.1.1, QoS 1 or 2 (--mode "1", "2"), spoken here: its own client library
 * acknowledges a message before the program has seen it, and a receiver must have committed
 * first. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load/load.h"

enum packet { /* type and flags, the first byte */
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30,
    PUBACK = 0x40,
    PUBREC = 0x50,
    PUBREL = 0x62,
    PUBCOMP = 0x70,
    SUBSCRIBE = 0x82,
    SUBACK = 0x90
};

struct buffer {
    uint8_t *data;
    size_t first, used, capacity; /* first: of what is not taken yet */
};

struct client {
    int fd, index, qos;
    struct buffer in, out;
    long numbers[65536]; /* of hand-overs, by packet id */
    uint16_t next_id;
};

/* ---- packets ---- */

static uint8_t *room(struct buffer *b, size_t len)
{
    if (b->data != NULL && b->first > 0) {
        memmove(b->data, b->data + b->first, b->used - b->first);
        b->used -= b->first;
        b->first = 0;
    }
    if (b->used + len > b->capacity) {
        b->capacity = (b->used + len) * 2;
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL)
            load_die("out of memory");
    }
    return b->data + b->used;
}

static void put(struct client *c, const void *data, size_t len)
{
    memcpy(room(&c->out, len), data, len);
    c->out.used += len;
}

static void put_number(struct client *c, size_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(c, bytes, sizeof bytes);
}

static void put_text(struct client *c, const char *text)
{
    put_number(c, strlen(text));
    put(c, text, strlen(text));
}

/* Type, and the length of what follows, seven bits a byte, the lowest first. */
static void put_header(struct client *c, uint8_t type, size_t len)
{
    uint8_t bytes[5] = {type};
    size_t used = 1;
    do {
        bytes[used++] = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
        len >>= 7;
    } while (len > 0);
    put(c, bytes, used);
}

static void put_short(struct client *c, uint8_t type, uint16_t id)
{
    put_header(c, type, 2);
    put_number(c, id);
}

static void flush(struct client *c)
{
    while (c->out.first < c->out.used) {
        ssize_t n = send(c->fd, c->out.data + c->out.first, c->out.used - c->out.first, 0);
        if (n < 0 && errno != EINTR)
            load_die("send: %s", strerror(errno));
        c->out.first += n > 0 ? (size_t)n : 0;
    }
    c->out.first = c->out.used = 0;
}

/* False: nothing came in time. */
static bool fill(struct client *c, long wait_us)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    struct timespec t = {wait_us / 1000000, wait_us % 1000000 * 1000};
    if (ppoll(&p, 1, &t, NULL) <= 0)
        return false;
    ssize_t n = recv(c->fd, room(&c->in, 65536), 65536, 0);
    if (n <= 0)
        load_die("the server has closed the connection of client %d", c->index);
    c->in.used += (size_t)n;
    return true;
}

/* The next whole packet that was received; NULL: none. */
static const uint8_t *packet(struct client *c, uint8_t *type, size_t *len)
{
    const uint8_t *p = c->in.data + c->in.first;
    size_t there = c->in.used - c->in.first;
    size_t at = 1;
    size_t shift = 0;
    *len = 0;
    do {
        if (at >= there)
            return NULL;
        *len |= (size_t)(p[at] & 0x7f) << shift;
        shift += 7;
    } while ((p[at++] & 0x80) != 0);
    if (there - at < *len)
        return NULL;
    *type = p[0];
    c->in.first += at + *len;
    return p + at;
}

static void expect(struct client *c, uint8_t wanted)
{
    uint8_t type = 0;
    size_t len = 0;
    flush(c);
    for (int i = 0; i < 100; i++) {
        if (packet(c, &type, &len) != NULL && type == wanted)
            return;
        (void)fill(c, 100000);
    }
    load_die("client %d: no answer of type %02x", c->index, wanted);
}

static struct client *client_open(const char *kind, int index)
{
    struct client *c = load_zeroed(1, sizeof *c);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const uint8_t version[] = {4, 0, 0, 0}; /* level, persistent session, no keep-alive */
    char name[32];
    int one = 1;
    c->index = index;
    c->qos = load.mode[0] == '2' ? 2 : 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        load_die("connect: %s", strerror(errno));
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)snprintf(name, sizeof name, "%s%d", kind, index);
    put_header(c, CONNECT, 6 + sizeof version + 2 + strlen(name));
    put_text(c, "MQTT");
    put(c, version, sizeof version);
    put_text(c, name);
    expect(c, CONNACK);
    return c;
}

/* ---- receivers ---- */

static void *receiver_open(int node)
{
    struct client *c = client_open("node", node);
    const uint8_t qos = (uint8_t)c->qos;
    char topic[32];
    (void)snprintf(topic, sizeof topic, "node/%d", node);
    put_header(c, SUBSCRIBE, 2 + 2 + strlen(topic) + 1);
    put_number(c, 1);
    put_text(c, topic);
    put(c, &qos, 1);
    expect(c, SUBACK);
    return c;
}

static void take(struct load_batch *batch, const uint8_t *p, size_t len)
{
    size_t topic = (size_t)p[0] << 8 | p[1];
    const uint8_t *id = p + 2 + topic;
    int sender = 0;
    long number = 0;
    struct load_item *item = load_batch_add(batch, id + 2, len - topic - 4);
    if (!load_mark_find(load_body(batch, item), item->len, &sender, &number))
        load_die("a message without mark");
    item->key = load_key(sender, number);
    item->tag = (uint64_t)id[0] << 8 | id[1];
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct client *c = receiver;
    uint8_t type = 0;
    size_t len = 0;
    for (;;) {
        const uint8_t *p = NULL;
        while (batch->count < LOAD_BATCH_MAX && (p = packet(c, &type, &len)) != NULL)
            if ((type & 0xf0) == PUBLISH)
                take(batch, p, len);
            else if (type == PUBREL) /* of QoS 2: the end of an earlier message */
                put_short(c, PUBCOMP, (uint16_t)(p[0] << 8 | p[1]));
        flush(c);
        if (batch->count == LOAD_BATCH_MAX || !fill(c, batch->count > 0 ? 0 : wait_ms * 1000L))
            return;
    }
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    struct client *c = receiver;
    for (size_t i = 0; i < batch->count; i++)
        put_short(c, c->qos == 2 ? PUBREC : PUBACK, (uint16_t)batch->items[i].tag);
    flush(c);
}

/* ---- senders ---- */

static void *sender_open(int sender)
{
    return client_open("sender", sender);
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct client *c = sender;
    char topic[32];
    (void)snprintf(topic, sizeof topic, "node/%d", node);
    if (++c->next_id == 0)
        c->next_id = 1;
    c->numbers[c->next_id] = number;
    put_header(c, (uint8_t)(PUBLISH | c->qos << 1), 2 + strlen(topic) + 2 + len);
    put_text(c, topic);
    put_number(c, c->next_id);
    put(c, body, len);
}

static void poll_confirms(void *sender, long wait_us)
{
    struct client *c = sender;
    uint8_t type = 0;
    size_t len = 0;
    for (bool settled = false; !settled;) {
        const uint8_t *p = NULL;
        flush(c);
        while ((p = packet(c, &type, &len)) != NULL) {
            uint16_t id = (uint16_t)(p[0] << 8 | p[1]);
            if (type == PUBREC)
                put_short(c, PUBREL, id);
            else if (type == PUBACK || type == PUBCOMP)
                load_confirmed(c->index, c->numbers[id]);
            settled = true;
        }
        flush(c);
        if (!settled && !fill(c, wait_us < 0 ? 0 : wait_us))
            return;
    }
}

const struct load_system load_system = {.name = "mqtt",
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_confirms};
