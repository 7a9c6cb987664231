/* Inside the rules: the fields of an act, one by one, for the two files that check them. */
#ifndef JB_RULES_ACT_FIELD_H
#define JB_RULES_ACT_FIELD_H

#include "proto/rules/moves.h"

enum jb_field_type {
    TYPE_TEXT,
    TYPE_BYTES,
    TYPE_U32,
    TYPE_U64,
    TYPE_I64,
    TYPE_BOOL,
    TYPE_ENUM,
    TYPE_LIST32,
    TYPE_LIST64,
};

struct jb_act_field {
    const char *name;
    size_t offset; /* in struct jb_act */
    enum jb_field_type type;
};

#define F(f) FIELD_##f,
enum {
    JB_ACT_FIELDS(F, F, F, F, F, F, F, F, F) FIELD_COUNT
};
#undef F

extern const struct jb_act_field jb_act_fields[FIELD_COUNT]; /* [FIELD_x] */

/* Size of a field's value: length of texts and bytes, members of a list, the number itself. */
uint64_t jb_act_field_size(const struct jb_act *act, const struct jb_act_field *f);

/* act_required.c: are the fields there that this kind needs, and none that do not go together? */
enum jb_refusal jb_act_check_required(const struct jb_act *act, char detail[JB_DETAIL_BYTES]);

#endif
