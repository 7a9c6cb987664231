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
    char folder[96];
    int64_t now_ms;
    uint64_t made[16];                /* submissions made by node */
    uint8_t heads[16][JB_HASH_BYTES]; /* their chain heads */
    uint32_t seq;                     /* case numbers issued */
    bool lets_wait; /* the tables do not follow by themselves: jb_ledger_catch_up */
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

/* Decide and commit what has gathered, and bring the tables up to date; then forget the batch. */
void run_tick(struct world *w);
void next_tick(struct world *w);

/* An administrator's act, or the file of a policy or calendar, for the next batch. */
void admin(struct world *w, const struct jb_act *act);
void install(struct world *w, bool is_policy, struct jb_text text);
/* A file of the project, every `from` in it replaced by `to` (NULL: as it is). */
struct jb_text file_with(struct world *w, const char *path, const char *from, const char *to);
uint32_t enrol(struct world *w, const char *code, int kind, uint32_t parent);
/* Look at the clock, or sweep, until nothing is left to do; in batches of `max`. How many entries
 * came of it. */
size_t run_clock(struct world *w, size_t max);
size_t run_sweep(struct world *w);
/* One entry of the log. */
struct jb_entry log_entry(struct world *w, uint64_t seq);
struct jb_case load_case(struct world *w, int64_t no);

/* Of the node's present key: what a connection of it would carry. */
uint64_t key_tag_of(const struct world *w, uint32_t node);
/* Submissions of one node, numbered and chained as its agent would. */
void submit_bytes(struct world *w, uint32_t node, struct jb_bytes raw);
void submit(struct world *w, uint32_t node, const struct jb_act *act);
int64_t new_case_no(struct world *w, uint32_t node);
int64_t register_case(struct world *w);
void assign(struct world *w, int64_t no, uint32_t custody, uint32_t to);
/* An entry of the broker's own with these effects, as if the rules had drawn them. */
void accept_effects(struct world *w, int64_t no, const struct jb_effect *effects, size_t count);
/* The node signs for everything in its stream. */
void acknowledge(struct world *w, uint32_t node);

void read_stream(struct world *w, uint32_t node, uint64_t from, struct seen *out);
uint64_t stream_end(struct world *w, uint32_t node);

#endif
