/* RabbitMQ: one queue a node through the default exchange. Publishers use confirms; a receiver
 * consumes with a prefetch of one batch and acknowledges a batch with one frame. --mode: "quorum",
 * or "classic" for durable classic queues with persistent messages. */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "tests/bench/load/load.h"

#define CHANNEL 1
#define FRAME_BYTES 131072

struct client {
    amqp_connection_state_t connection;
    int index;
    long *numbers; /* of hand-overs, by delivery tag - 1; tags count from 1 on each channel */
    uint64_t published, confirmed; /* all up to here; those beyond are marked in load_confirmed */
};

static void must(const struct client *c, const char *what)
{
    amqp_rpc_reply_t r = amqp_get_rpc_reply(c->connection);
    if (r.reply_type != AMQP_RESPONSE_NORMAL)
        load_die("%s: reply type %d, %s", what, (int)r.reply_type,
                 r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                     ? amqp_error_string2(r.library_error)
                     : "refused by the server");
}

static struct client *client_open(int index)
{
    struct client *c = load_zeroed(1, sizeof *c);
    c->index = index;
    c->connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(c->connection);
    if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", load.port) != 0)
        load_die("cannot connect");
    amqp_rpc_reply_t r =
        amqp_login(c->connection, "/", 0, FRAME_BYTES, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (r.reply_type != AMQP_RESPONSE_NORMAL)
        load_die("cannot log in");
    (void)amqp_channel_open(c->connection, CHANNEL);
    must(c, "channel");
    return c;
}

static amqp_bytes_t queue_name(char *text, size_t size, int node)
{
    (void)snprintf(text, size, "node.%d", node);
    return amqp_cstring_bytes(text);
}

static void prepare(void)
{
    struct client *c = client_open(0);
    amqp_field_value_t quorum = {.kind = AMQP_FIELD_KIND_UTF8};
    quorum.value.bytes = amqp_cstring_bytes("quorum");
    amqp_table_entry_t kind = {amqp_cstring_bytes("x-queue-type"), quorum};
    amqp_table_t arguments = {strcmp(load.mode, "quorum") == 0 ? 1 : 0, &kind};
    char name[32];
    for (int i = 0; i < load.nodes; i++) {
        (void)amqp_queue_declare(c->connection, CHANNEL, queue_name(name, sizeof name, i), 0, 1, 0,
                                 0, arguments);
        must(c, "queue");
    }
    (void)amqp_connection_close(c->connection, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(c->connection);
    free(c);
}

/* ---- receivers ---- */

static void *receiver_open(int node)
{
    struct client *c = client_open(node);
    char name[32];
    (void)amqp_basic_qos(c->connection, CHANNEL, 0, LOAD_BATCH_MAX, 0);
    must(c, "prefetch");
    (void)amqp_basic_consume(c->connection, CHANNEL, queue_name(name, sizeof name, node),
                             amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    must(c, "consume");
    return c;
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct client *c = receiver;
    amqp_maybe_release_buffers(c->connection);
    while (batch->count < LOAD_BATCH_MAX) {
        amqp_envelope_t envelope;
        struct timeval wait = {0, batch->count == 0 ? wait_ms * 1000L : 0};
        int sender = 0;
        long number = 0;
        amqp_rpc_reply_t r = amqp_consume_message(c->connection, &envelope, &wait, 0);
        if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
            r.library_error == AMQP_STATUS_TIMEOUT)
            return;
        if (r.reply_type != AMQP_RESPONSE_NORMAL)
            load_die("receiver %d: connection lost", c->index);
        struct load_item *item =
            load_batch_add(batch, envelope.message.body.bytes, envelope.message.body.len);
        if (!load_mark_find(load_body(batch, item), item->len, &sender, &number))
            load_die("a message without mark");
        item->key = load_key(sender, number);
        item->tag = envelope.delivery_tag;
        amqp_destroy_envelope(&envelope);
    }
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    struct client *c = receiver;
    if (amqp_basic_ack(c->connection, CHANNEL, batch->items[batch->count - 1].tag, 1) != 0)
        load_die("ack");
}

/* ---- senders ---- */

static void *sender_open(int sender)
{
    struct client *c = client_open(sender);
    c->numbers = load_zeroed((size_t)(load.most / load.senders), sizeof *c->numbers);
    (void)amqp_confirm_select(c->connection, CHANNEL);
    must(c, "confirms");
    return c;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct client *c = sender;
    char name[32];
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                          .delivery_mode = 2};
    int err = amqp_basic_publish(c->connection, CHANNEL, amqp_empty_bytes,
                                 queue_name(name, sizeof name, node), 0, 0, &properties,
                                 (amqp_bytes_t){len, (void *)(uintptr_t)body});
    if (err != AMQP_STATUS_OK)
        load_die("publish: %s", amqp_error_string2(err));
    c->numbers[c->published++] = number;
}

static void confirm(struct client *c, uint64_t tag, bool multiple)
{
    if (!multiple) {
        load_confirmed(c->index, c->numbers[tag - 1]);
        return;
    }
    for (; c->confirmed < tag; c->confirmed++)
        load_confirmed(c->index, c->numbers[c->confirmed]);
}

static void poll_confirms(void *sender, long wait_us)
{
    struct client *c = sender;
    bool some = false;
    for (;;) {
        amqp_frame_t frame;
        struct timeval wait = {0, some ? 0 : (wait_us < 0 ? 0 : wait_us)};
        int err = amqp_simple_wait_frame_noblock(c->connection, &frame, &wait);
        if (err == AMQP_STATUS_TIMEOUT)
            return;
        if (err != AMQP_STATUS_OK)
            load_die("confirm: %s", amqp_error_string2(err));
        if (frame.frame_type != AMQP_FRAME_METHOD)
            continue;
        if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            load_die("method %08x instead of a confirm", frame.payload.method.id);
        const amqp_basic_ack_t *ack = frame.payload.method.decoded;
        confirm(c, ack->delivery_tag, ack->multiple != 0);
        some = true;
        amqp_maybe_release_buffers(c->connection);
    }
}

const struct load_system load_system = {.name = "rabbitmq",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_confirms};
