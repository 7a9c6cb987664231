/* A broker without sockets, for tests: four agencies, a policy, a clock that stands still. */
#ifndef JB_TEST_BROKERWORLD_H
#define JB_TEST_BROKERWORLD_H

#include "daemon/broker.h"

enum {
    GOV = 2,
    OFFICE = 3,
    HOUSING = 4,
    LABOUR = 5
};

#define DAY_MS INT64_C(86400000)

struct world {
    struct jb_broker b;
    struct jb_broker_config config;
    char folder[64];
    int64_t now_ms;
    uint64_t made[8];                /* submissions made by node */
    uint8_t heads[8][JB_HASH_BYTES]; /* their chain heads */
    uint32_t seq;                    /* case numbers issued */
    struct jb_arena arena;
};

struct seen {
    struct jb_item items[64];
    struct jb_entry entries[64];
    size_t count;
};

/* cmocka fixtures: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* Decide and commit what has gathered; then forget the batch. */
void run_tick(struct world *w);
void next_tick(struct world *w);

/* Submissions of one node, numbered and chained as its agent would. */
void submit_bytes(struct world *w, uint32_t node, struct jb_bytes raw);
void submit(struct world *w, uint32_t node, const struct jb_act *act);
int64_t new_case_no(struct world *w, uint32_t node);
int64_t register_case(struct world *w);
void assign(struct world *w, int64_t no, uint32_t custody, uint32_t to);
/* The node signs for everything in its stream. */
void acknowledge(struct world *w, uint32_t node);

void read_stream(struct world *w, uint32_t node, uint64_t from, struct seen *out);
uint64_t stream_end(struct world *w, uint32_t node);

#endif
