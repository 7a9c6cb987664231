/* Fifty agencies, one broker and a replica at each, in one process and in memory, without sockets:
 * the broker's own decide and commit, the streams as they would be delivered, the replica's own
 * take. For walks of many steps with every invariant checked after each. */
#ifndef JB_TEST_MODELWORLD_H
#define JB_TEST_MODELWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/broker.h"
#include "proto/ledger/replica.h"

#define MODEL_NODES_MAX 64
#define MODEL_CASES 24 /* walked at the same time */

struct model {
    struct jb_broker b;
    struct jb_broker_config config;
    struct jb_node_keys keys;
    int64_t now_ms;
    struct jb_arena step; /* reset by each step */
    struct jb_arena keep; /* lives as long as the world */
    uint32_t last_node;   /* agencies are 2 .. last_node */
    struct jb_ledger *replicas[MODEL_NODES_MAX];
    uint64_t made[MODEL_NODES_MAX];
    uint8_t heads[MODEL_NODES_MAX][JB_HASH_BYTES];
    uint64_t acked[MODEL_NODES_MAX];
    uint32_t issued; /* case numbers of this day */
    int64_t cases[MODEL_CASES];
    uint64_t random; /* state of the generator */
    size_t at;       /* step in hand */
};

/* The same numbers on every run of the same seed. */
uint32_t model_below(struct model *m, uint32_t limit);

struct model *model_open(uint64_t seed);
/* The same with the replicas in files NODE.db of a folder. */
struct model *model_open_in(uint64_t seed, const char *folder);
void model_close(struct model *m);

/* One submission, decided and committed alone; its refusal, NONE when it was accepted. `user` acts
 * for the node. */
enum jb_refusal model_submit(struct model *m, uint32_t node, const char *user,
                             const struct jb_act *act);
/* Let the broker's clock say what it has to say, until it has nothing more. */
void model_tick(struct model *m);
/* The node signs for everything that it has taken. */
void model_acknowledge(struct model *m, uint32_t node);
/* Give every replica what its stream has grown by. */
void model_deliver(struct model *m);
int64_t model_new_number(struct model *m, uint32_t node);
/* The case as a ledger has it, in the step's arena. */
struct jb_case model_case(struct model *m, struct jb_ledger *l, int64_t case_no);
/* Of every agency of this kind the i-th (modulo how many there are). */
uint32_t model_node(struct model *m, int kind, uint32_t i);

#endif
