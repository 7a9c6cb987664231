/* For the tests of the ledger: files in a private folder, entries made from a seed, and a small
 * broker that logs and streams them. Deterministic: the same seed gives the same entries. */
#ifndef JB_TESTS_LEDGER_WORLD_H
#define JB_TESTS_LEDGER_WORLD_H

#include "proto/ledger/brokerlog.h"
#include "proto/ledger/db.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replica.h"

#define LW_START_MS INT64_C(1763856000000) /* 2025-11-23 00:00 UTC */
#define LW_OFFICE 7
#define LW_CASE_BASE INT64_C(2026112300007000010)

struct lw {
    char dir[128];
    char path[224]; /* of the last lw_path */
    struct jb_arena arena;
    uint64_t random;
    int64_t now_ms;
    int64_t cases;  /* registered so far: LW_CASE_BASE + 10 * (0 .. cases - 1) */
    uint32_t nodes; /* enrolled so far: 10 .. 10 + nodes - 1 */
    struct jb_fault fault;
};

/* cmocka fixtures: *state is a struct lw *. */
int lw_setup(void **state);
int lw_teardown(void **state);

const char *lw_path(struct lw *w, const char *name);
struct jb_ledger *lw_open(struct lw *w, const char *name, enum jb_ledger_role role);
/* Also asserts that no statement was left in the middle. */
void lw_close(struct jb_ledger **l);
void lw_copy_file(struct lw *w, const char *from, const char *to);
/* The file and what SQLite puts beside it. */
void lw_remove(struct lw *w, const char *name);
/* Write over the file from `offset` on; -1: instead of what is in it. */
void lw_damage(struct lw *w, const char *name, long offset, struct jb_bytes bytes);
bool lw_file_contains(struct lw *w, const char *name, const char *text);
/* Run SQL in a connection of its own, bypassing the ledger. */
void lw_sql(struct lw *w, const char *name, const char *sql);

uint64_t lw_random(struct lw *w, uint64_t bound);
int64_t lw_case_no(int64_t index);

/* The next entry of a random history of `l` (a broker's ledger): registrations, hand-overs,
 * warnings, directory, policies, receipts. In the arena. */
struct jb_entry lw_random_entry(struct lw *w, struct jb_ledger *l);
/* A plain act of the office about a case, with these effects. seq is the next one of `l`. */
struct jb_entry lw_entry(struct lw *w, struct jb_ledger *l, enum jb_act_kind kind, int64_t case_no);
/* A REGISTER with its usual effects and a "sort" deadline due in 15 days, warned 3 and 1 days
 * before. */
struct jb_entry lw_register(struct lw *w, struct jb_ledger *l, int64_t case_no, const char *title);
void lw_effects(struct jb_entry *entry, struct jb_arena *arena, const struct jb_effect *effects,
                size_t count);

/* Encode, append to the log and apply. Inside a transaction. */
struct jb_bytes lw_log(struct lw *w, struct jb_ledger *l, struct jb_entry *entry);
/* The same and into the stream of one node; returns the number in it. */
uint64_t lw_log_to(struct lw *w, struct jb_ledger *l, struct jb_entry *entry,
                   struct jb_stream_add to);
/* A history of `count` random entries in transactions of ten. */
void lw_history(struct lw *w, struct jb_ledger *l, size_t count);

/* Move everything that the node's stream holds to the replica, in one transaction. */
void lw_deliver(struct lw *w, struct jb_ledger *broker, struct jb_ledger *replica);
/* A greeted replica of `node` of that broker. */
struct jb_ledger *lw_replica(struct lw *w, const char *name, struct jb_ledger *broker,
                             uint32_t node);

/* All derived tables as text; free() it. */
char *lw_dump(struct jb_ledger *l);
/* The plan of a fixed statement as text, lines joined by ';'; free() it. */
char *lw_plan(struct jb_ledger *l, enum jb_sql id);

#endif
