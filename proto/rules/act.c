#include "proto/rules/act.h"

struct kind {
    enum jb_act_kind kind;
    const char *name;
};

static const struct kind kinds[] = {
#define X(name, field, number) {JB_ACT_##name, #field},
    JB_ACT_KINDS(X)
#undef X
};

const char *jb_act_kind_name(enum jb_act_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind)
            return kinds[i].name;
    }
    return "unknown";
}

enum jb_act_kind jb_act_kind_parse(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    }
    return JB_ACT_NONE;
}
