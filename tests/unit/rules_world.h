/* A small world for the tests of the rules: a directory of sixteen agencies, the shipped policy and
 * calendar, a clock that the test moves, and one case. Run from the top of the source tree. */
#ifndef TESTS_UNIT_RULES_WORLD_H
#define TESTS_UNIT_RULES_WORLD_H

#include "proto/rules/decide.h"

/* The agencies: number = place in the tree.
 *
 *     CITY ── CITY_OFFICE, CITY_DEPT
 *      ├─ COUNTY ── OFFICE, CONFERENCE, HOUSING ── HOUSING_UNIT
 *      │     ├───── LABOUR, LAND, DISCIPLINE, COURT, RETIRED
 *      │     └───── TOWN ── TOWN_STATION
 *      └─ OTHER_COUNTY ── OTHER_DEPT
 */
enum {
    BROKER = 1,
    CITY,
    CITY_OFFICE,
    CITY_DEPT,
    COUNTY,
    OFFICE,
    CONFERENCE,
    HOUSING,
    HOUSING_UNIT,
    LABOUR,
    LAND,
    DISCIPLINE,
    COURT,
    RETIRED,
    TOWN,
    TOWN_STATION,
    OTHER_COUNTY,
    OTHER_DEPT,
    NODES_END
};

#define T(z) ((struct jb_text){(z), sizeof(z) - 1})
/* At least one field must be given; .custody 0 stands for "the present one". */
#define ACT(k, ...) (&(struct jb_act){.kind = JB_ACT_##k, __VA_ARGS__})
#define NO_CUSTODY UINT32_MAX

struct world {
    struct jb_arena arena;
    struct jb_directory directory;
    struct jb_policy *policy;
    struct jb_calendar calendar;
    struct jb_rulebook book;
    struct jb_case c;
    struct jb_verdict v; /* of the last question */
    int64_t now_ms;      /* starts on Monday 2026-03-02 10:00 in Shanghai */
    uint64_t seq;
    int64_t case_no;        /* OFFICE's first number of that day */
    struct jb_text user;    /* who acts; none: 王芳 */
    struct jb_case kept[4]; /* other cases, known to every decision */
    size_t kept_count;
};

/* cmocka's set-up and tear-down: *state becomes a struct world. */
int world_open(void **state);
int world_close(void **state);
/* The directory's entry of one of the nodes above. */
struct jb_node *world_node(struct world *w, uint32_t node);

int64_t local(const char *text); /* "2026-03-02 10:00"; fails the test if it is no instant */

/* Ask without changing anything; the verdict is in w->v. case_no 0 stands for w->case_no. */
enum jb_refusal world_ask(struct world *w, uint32_t node, const struct jb_act *act);
/* Ask and, when accepted, apply: JB_CORRUPT or a failed copy fails the test. */
enum jb_refusal world_try(struct world *w, uint32_t node, const struct jb_act *act);
/* The same, and fail the test when it is refused. */
void world_do(struct world *w, uint32_t node, const struct jb_act *act);
/* Fail unless it is refused for this reason. */
void world_refused(struct world *w, uint32_t node, const struct jb_act *act, enum jb_refusal why);
/* Was this reason given by world_ask and its callers since the program started? */
bool world_has_seen(enum jb_refusal why);

/* Forget the case and bring a new one to a stage on the usual way: OFFICE registers, assigns to
 * HOUSING with LABOUR as co-handler, HOUSING handles; COUNTY reviews, CITY rechecks. Any stage but
 * NONE, MERGED and FILE. */
void world_bring(struct world *w, enum jb_stage stage);
void world_forget_case(struct world *w);
/* An appeal that OFFICE registers. */
const struct jb_act *world_register_act(void);

/* The open deadline; fails the test if there is none. */
const struct jb_deadline *world_deadline(struct world *w, const char *key);
/* The last one with this key that there ever was; fails the test if there never was one. */
const struct jb_deadline *world_last_deadline(struct world *w, const char *key);
/* Does a deadline with this key run? */
bool world_runs(struct world *w, const char *key);
/* A limit of the policy, changed until the test changes it back; returns the former one. */
uint32_t world_set_limit(struct world *w, const char *key, uint32_t limit);
/* Let the clock speak until now_ms, as the broker does. */
void world_tick(struct world *w);

/* `official` is a named leader of the agency for this power (0: all) from now on. */
void world_delegate(struct world *w, uint32_t node, const char *official, int power);
/* The agency comes into the audience of the case, whatever brought it there. */
void world_join(struct world *w, uint32_t node, enum jb_role role);

/* Put the case aside, known to what follows, and start without one; its place among w->kept. */
size_t world_put_aside(struct world *w);
/* Exchange the case for the one at this place. */
void world_take_up(struct world *w, size_t at);
/* `node` registers a case of this matter, its n-th of the day; it becomes the case in hand. */
void world_register(struct world *w, uint32_t node, uint32_t n, int matter);

#endif
