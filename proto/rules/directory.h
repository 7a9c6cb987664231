/* The directory of agencies as the rules see it: who stands above whom, who may assign to whom.
 * Filled from ENROL_NODE, CHANGE_NODE, REPLACE_KEYS and RETIRE_NODE entries by jb_directory_apply;
 * nothing else changes it. One thread at a time. */
#ifndef JB_RULES_DIRECTORY_H
#define JB_RULES_DIRECTORY_H

#include "proto/rules/case.h"

#define JB_NODE_BROKER_NUMBER 1 /* the broker's own node */
#define JB_NODE_MAX 99999       /* five digits in a case number */

/* Keys that a node once had: they stay its own, and what it signed with them still verifies. */
struct jb_former_keys {
    uint8_t line[JB_KEY_BYTES];
    uint8_t sign[JB_KEY_BYTES];
};

struct jb_node {
    uint32_t node;
    char *code;                         /* owned */
    char *name;                         /* owned */
    char *region;                       /* owned, "" if none */
    char *credit_code;                  /* owned, "" if none */
    int level, kind;                    /* JB_LEVEL_*, JB_NODE_* */
    uint32_t parent;                    /* 0: a root */
    uint32_t successor;                 /* 0: none */
    int64_t valid_from_ms, valid_to_ms; /* valid_to 0: open */
    bool has_agent;
    uint8_t line_key[JB_KEY_BYTES], sign_key[JB_KEY_BYTES]; /* when has_agent */
    struct jb_former_keys *former;                          /* replaced ones, oldest first; owned */
    size_t former_count;
};

/* A named leader through whom an agency exercises one of its powers. */
struct jb_delegation {
    uint32_t node;
    char *official;                     /* owned */
    int power;                          /* JB_POWER_*; 0: all */
    int64_t valid_from_ms, valid_to_ms; /* valid_to 0: open */
    uint64_t seq;                       /* log number of the entry that gave it */
};

struct jb_directory {
    struct jb_node *nodes; /* ascending node number; owned */
    size_t count, capacity;
    struct jb_delegation *delegations; /* in the order given; owned */
    size_t delegation_count, delegation_capacity;
};

void jb_directory_init(struct jb_directory *d);
void jb_directory_fini(struct jb_directory *d);
/* Is this kind about the directory, delegations or rules (not about a case)? Such entries go to
 * every node. */
bool jb_act_is_common(enum jb_act_kind kind);
/* Apply a directory or delegation entry (other kinds are ignored). JB_NOMEM: unchanged. JB_CORRUPT:
 * a change of an unknown node, unchanged. */
enum jb_err jb_directory_apply(struct jb_directory *d, const struct jb_entry *entry) JB_MUST;

const struct jb_node *jb_directory_find(const struct jb_directory *d, uint32_t node);
const struct jb_node *jb_directory_by_code(const struct jb_directory *d, struct jb_text code);
/* By code, by number, or by exact or unique partial name; NULL when none or several (then *many).
 */
const struct jb_node *jb_directory_lookup(const struct jb_directory *d, struct jb_text what,
                                          bool *many);
/* The node that a key belongs to, 0 if none. Whether it is in force on this day is another question
 * (jb_node_valid): an end that is known beforehand shuts nobody out before it. Linear. */
uint32_t jb_directory_by_line_key(const struct jb_directory *d, const uint8_t key[JB_KEY_BYTES]);
bool jb_node_valid(const struct jb_node *n, int64_t now_ms);
/* Is `node` below `ancestor` (any number of steps)? Stops after 32 steps: a loop gives false. */
bool jb_directory_below(const struct jb_directory *d, uint32_t node, uint32_t ancestor);
/* Does `official` hold a delegation of `node` for this power on this day? */
bool jb_directory_delegated(const struct jb_directory *d, uint32_t node, struct jb_text official,
                            int power, int64_t now_ms);
/* Nearest node that is above both; 0 if none. */
uint32_t jb_directory_common_superior(const struct jb_directory *d, uint32_t a, uint32_t b);

#endif
