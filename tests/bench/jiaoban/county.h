/* The agencies of a benchmark: enrolled by us, so that we have their keys, and remembered in a file
 * from one program to the next, so that a large record can be made once and used often. Ends the
 * program by load_die. One thread, but for county_members, which has some of its own. */
#ifndef JB_BENCH_COUNTY_H
#define JB_BENCH_COUNTY_H

#include "tests/bench/jiaoban/lightnode.h"

struct member {
    char code[40];
    uint32_t number;
    struct jb_node_keys keys;
    struct jb_line_point up, down; /* where it stands when it is opened */
    uint64_t cases;                /* numbers that it has issued */
    struct lightnode *node;        /* NULL: not opened */
};

/* `state`: the file, which need not exist; NULL: nothing is remembered. The broker is found by
 * `endpoint`, `admin` (its socket) and its public keys. */
void county_open(const char *endpoint, const char *admin, const char *broker_keys,
                 const char *state);

/* Known from before, or enrolled now. Valid for ever. kind: JB_NODE_* */
struct member *county_member(const char *code, int kind);

/* So many whose codes `name` gives, those that are not known yet enrolled many at once. */
void county_members(size_t count, void (*name)(size_t i, char code[40]), int kind);

/* All of them. */
size_t county_size(void);
struct member *county_at(size_t i);

/* Connect it, on a loop of its own when `loop` is NULL, and return at once. */
void county_connect(struct member *m, uv_loop_t *loop, lightnode_item_fn on_item, void *data);
/* Turn its own loop until it has all of its stream, then acknowledge. */
void county_wait(struct member *m);

/* The next number of a case that it registers; they ascend, whatever the day is. */
int64_t county_case(struct member *m);

/* Write the file, with where every member stands now. */
void county_save(void);

#endif
