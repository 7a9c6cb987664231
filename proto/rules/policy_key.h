/* Inside the policy reader: the keys that a policy file may have. */
#ifndef JB_RULES_POLICY_KEY_H
#define JB_RULES_POLICY_KEY_H

#include "proto/rules/policy.h"

enum jb_policy_section {
    JB_POLICY_SECTION_NONE,
    JB_POLICY_SECTION_POLICY,
    JB_POLICY_SECTION_SWITCH,
    JB_POLICY_SECTION_MASS,
    JB_POLICY_SECTION_SILENCE,
    JB_POLICY_SECTION_ROW, /* [deadline KEY] */
    JB_POLICY_SECTION_COUNT
};

/* Where values go: texts are copied into `arena`, faults say what is wrong with a value. */
struct jb_policy_sink {
    struct jb_arena *arena;
    struct jb_fault *fault;
};

struct jb_policy_key {
    enum jb_policy_section section;
    const char *name;
    bool required;
    size_t offset; /* of the field in jb_policy, or in jb_policy_row */
    enum jb_err (*read)(const struct jb_policy_sink *sink, const char *value, void *field);
    void (*show)(const void *field, char value[JB_SETTING_VALUE]); /* NULL: no setting */
    const char *otherwise;                                         /* value when it is not given */
    const char *article, *text;                                    /* of a setting */
};

/* Key number i, NULL past the last; at most 64. */
const struct jb_policy_key *jb_policy_key_at(size_t i);
/* "switch"; NULL for NONE and ROW, which have no fixed name. */
const char *jb_policy_section_name(enum jb_policy_section section);

#endif
