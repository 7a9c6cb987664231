#include "proto/rules/refusal.h"

#include <stddef.h>

struct row {
    enum jb_refusal refusal;
    const char *name, *article, *text;
};

static const struct row rows[] = {
#define X(name, number, article, text) {JB_REFUSE_##name, #name, article, text},
    JB_REFUSALS(X)
#undef X
};

static const struct row unknown = {JB_REFUSE_NONE, "UNKNOWN", "", "refused for an unknown reason"};

static const struct row *find(enum jb_refusal r)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].refusal == r)
            return &rows[i];
    }
    return &unknown;
}

const char *jb_refusal_name(enum jb_refusal r)
{
    return find(r)->name;
}

const char *jb_refusal_article(enum jb_refusal r)
{
    return find(r)->article;
}

const char *jb_refusal_text(enum jb_refusal r)
{
    return find(r)->text;
}
