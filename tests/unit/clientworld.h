/* A small world for the tests of libjiaoban: a stand-in for the agent that answers every request,
 * or misbehaves as told, and a handle connected to it. */
#ifndef JB_TESTS_CLIENTWORLD_H
#define JB_TESTS_CLIENTWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/lib/jiaoban.h"
#include "proto/rules/caseno.h"
#include "tests/unit/fakeagent.h"

#define MANY 500

/* What the stand-in has seen and how it is to behave. Written by the test before it makes a
 * request, read by the server's thread after that; and the other way round. */
struct world {
    struct fake_agent *fake;
    struct jiaoban *j;
    char number[JB_CASENO_TEXT]; /* a valid case number */
    int64_t case_no;
    enum world_mode {
        NORMAL,
        REFUSE,
        PENDING,
        SILENT,
        HANG_UP,
        GARBAGE,
        HUGE_FRAME,
        ERROR_ID_0,
        ERROR_REFUSED,
        LATE
    } mode;
    enum jb_act_kind kind; /* of the last submission */
    uint32_t act_node, wait_ms;
    size_t persons, co_handlers;
    char act_text[64], behalf[64];
    char token[80], query_code[32]; /* of the last submission or question */
    int64_t act_case_no, act_other_case_no;
    size_t act_audience, act_accused, act_others;
    uint64_t act_directive_no;
    uint64_t held[MANY]; /* ids of requests that wait for the last one */
    size_t held_count, hold;
    int requests, connections;
    Jb__Request__BodyCase body;
    bool dry_run, ask_broker;
};

/* cmocka fixture: *state is the struct world. */
int world_set_up(void **state);
int world_tear_down(void **state);
/* The function of the stand-in; `data` is the struct world. */
void world_answer(struct fake_peer *peer, const Jb__Request *request, void *data);
/* clientorders.c: one row of each kind; false: the request is none of these. */
bool world_answer_orders(struct fake_peer *peer, const Jb__Request *r);

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
