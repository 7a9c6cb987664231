/* A local server and its clients in one loop, with counting hooks: fixture of the local tests. */
#ifndef JB_TESTS_UNIT_LOCALWORLD_H
#define JB_TESTS_UNIT_LOCALWORLD_H

#include "proto/wire/local.h"

struct localworld {
    uv_loop_t loop;
    uv_timer_t guard;
    bool expired;
    char folder[64];
    char path[96];
    struct jb_local_config config;
    struct jb_local_hooks hooks;
    struct jb_local_server *server;
    uint64_t opened, frames, closed;
    uint64_t bytes;          /* of all frames */
    enum jb_err why;         /* of the last close */
    size_t answer_bytes;     /* answers each frame with so many bytes; 0: with itself */
    int answers;             /* how many times */
    bool finishes;           /* after the answers */
    bool closes;             /* closes the peer in the hook instead of answering */
    bool stops;              /* stops the server in the hook */
    enum jb_err send_result; /* of the last answer */
    struct jb_local_identity identity;
};

/* cmocka fixtures. */
int localworld_set_up(void **state);
int localworld_tear_down(void **state);
/* Listen with the config and hooks of the world. */
void localworld_serve(struct localworld *w);
/* A client; close(2) it. */
int localworld_dial(struct localworld *w);
/* Run the loop until the counter has reached the value; the guard fails the test. */
void localworld_run_until(struct localworld *w, const uint64_t *counter, uint64_t value);
void localworld_send(int fd, const char *text);
/* Turn the loop until the client has a frame or its connection has ended. */
enum jb_err localworld_receive(struct localworld *w, int fd, struct jb_local_frame *frame);
void localworld_assert_text(const struct jb_local_frame *frame, const char *text);
void localworld_assert_counts(const struct localworld *w, uint64_t refused, uint64_t cut, int open);

#endif
