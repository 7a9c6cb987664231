/* See fakeagent.h. One thread, poll(2), blocking sends. */
#include "tests/unit/fakeagent.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/localio.h"

#define PEERS 8
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct fake_peer {
    int fd; /* -1: free */
    int number;
    struct jb_local_frame in;
    struct jb_arena arena;
};

struct fake_agent {
    char folder[64], path[96];
    int listener, wake[2], connections;
    pthread_t thread;
    fake_answer_fn answer;
    void *data;
    struct fake_peer peers[PEERS];
};

/* The test cannot go on. */
static void must(bool fine, const char *what)
{
    if (!fine) {
        perror(what);
        abort();
    }
}

void fake_hang_up(struct fake_peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    jb_local_frame_fini(&peer->in);
    jb_arena_fini(&peer->arena);
}

void fake_send_bytes(struct fake_peer *peer, const void *bytes, size_t len)
{
    if (peer->fd >= 0 && send(peer->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
        fake_hang_up(peer);
}

void fake_send(struct fake_peer *peer, Jb__Reply *reply)
{
    struct jb_bytes bytes = {NULL, 0};
    reply->has_id = true;
    must(jb_message_encode(&reply->base, &peer->arena, &bytes) == JB_OK, "encode");
    if (peer->fd >= 0 && jb_local_send_frame(peer->fd, bytes, 5000) != JB_OK)
        fake_hang_up(peer);
}

int fake_peer_number(const struct fake_peer *peer)
{
    return peer->number;
}

static void serve(struct fake_agent *fake, struct fake_peer *peer)
{
    ProtobufCMessage *message = NULL;
    struct jb_fault fault = {""};
    enum jb_err err = jb_local_frame_read(peer->fd, JB_LOCAL_REQUEST_LIMIT, &peer->in);
    if (err == JB_BUSY)
        return;
    struct jb_bytes bytes = {peer->in.data, peer->in.len};
    if (err != JB_OK || jb_message_decode(&jb__request__descriptor, bytes, &peer->arena, &message,
                                          &fault) != JB_OK) {
        fake_hang_up(peer);
        return;
    }
    fake->answer(peer, (const Jb__Request *)message, fake->data);
    if (peer->fd >= 0) {
        jb_local_frame_reset(&peer->in);
        jb_arena_reset(&peer->arena);
    }
}

static void take(struct fake_agent *fake)
{
    int fd = accept(fake->listener, NULL, NULL);
    for (int i = 0; i < PEERS; i++)
        if (fake->peers[i].fd < 0) {
            fake->peers[i] = (struct fake_peer){.fd = fd, .number = ++fake->connections};
            jb_arena_init(&fake->peers[i].arena, ARENA_BYTES);
            return;
        }
    close(fd);
}

static void *run(void *data)
{
    struct fake_agent *fake = data;
    for (;;) {
        struct pollfd p[PEERS + 2] = {{.fd = fake->wake[0], .events = POLLIN},
                                      {.fd = fake->listener, .events = POLLIN}};
        for (int i = 0; i < PEERS; i++)
            p[i + 2] = (struct pollfd){.fd = fake->peers[i].fd, .events = POLLIN};
        if (poll(p, PEERS + 2, -1) < 0)
            continue;
        if (p[0].revents != 0)
            return NULL;
        for (int i = 0; i < PEERS; i++)
            if (p[i + 2].revents != 0)
                serve(fake, &fake->peers[i]);
        if (p[1].revents != 0)
            take(fake);
    }
}

struct fake_agent *fake_agent_start(fake_answer_fn answer, void *data)
{
    struct fake_agent *fake = calloc(1, sizeof *fake);
    struct sockaddr_un address;
    struct jb_fault fault = {""};

    must(fake != NULL, "calloc");
    fake->answer = answer;
    fake->data = data;
    for (int i = 0; i < PEERS; i++)
        fake->peers[i].fd = -1;
    (void)snprintf(fake->folder, sizeof fake->folder, "/tmp/jbfake.XXXXXX");
    must(mkdtemp(fake->folder) != NULL, "mkdtemp");
    (void)snprintf(fake->path, sizeof fake->path, "%s/agent.sock", fake->folder);
    must(jb_local_address(fake->path, &address, &fault) == JB_OK, "address");
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(fake->listener, (const struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(fake->listener, 16) == 0, "listen");
    must(pipe(fake->wake) == 0, "pipe");
    must(pthread_create(&fake->thread, NULL, run, fake) == 0, "thread");
    return fake;
}

const char *fake_agent_path(const struct fake_agent *fake)
{
    return fake->path;
}

void fake_agent_stop(struct fake_agent *fake)
{
    must(write(fake->wake[1], "x", 1) == 1, "write");
    pthread_join(fake->thread, NULL);
    for (int i = 0; i < PEERS; i++)
        fake_hang_up(&fake->peers[i]);
    close(fake->listener);
    close(fake->wake[0]);
    close(fake->wake[1]);
    (void)unlink(fake->path);
    (void)rmdir(fake->folder);
    free(fake);
}
