#include "proto/rules/case.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

uint32_t jb_case_roles(const struct jb_case *c, uint32_t node)
{
    uint32_t roles = 0;

    if (node == 0)
        return 0;
    for (size_t i = 0; i < c->participant_count; i++) {
        if (c->participants[i].node == node)
            roles |= 1U << c->participants[i].role;
    }
    if (c->host == node)
        roles |= 1U << JB_ROLE_HOST;
    return roles;
}

bool jb_case_has(const struct jb_case *c, uint32_t node)
{
    return (jb_case_roles(c, node) & ~(1U << JB_ROLE_LEFT)) != 0;
}

struct jb_deadline *jb_case_deadline(const struct jb_case *c, uint32_t id)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (c->deadlines[i].id == id)
            return &c->deadlines[i];
    }
    return NULL;
}

struct jb_deadline *jb_case_open_deadline(const struct jb_case *c, const char *key)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        struct jb_deadline *d = &c->deadlines[i];

        if (d->end == JB_END_OPEN && strcmp(d->key, key) == 0)
            return d;
    }
    return NULL;
}

int64_t jb_deadline_next_ms(const struct jb_deadline *d)
{
    if (d->end != JB_END_OPEN || d->missed_ms != 0)
        return INT64_MAX;
    if (d->warned < JB_WARN_MAX && d->warn_at_ms[d->warned] != 0 &&
        d->warn_at_ms[d->warned] < d->due_ms)
        return d->warn_at_ms[d->warned];
    return d->due_ms;
}

const char *jb_stage_name(enum jb_stage stage)
{
    static const char *const names[JB_STAGE_COUNT] = {
        [JB_STAGE_NONE] = "none",         [JB_STAGE_REGISTERED] = "registered",
        [JB_STAGE_SENT] = "sent",         [JB_STAGE_SIGNED] = "signed",
        [JB_STAGE_ACCEPTED] = "accepted", [JB_STAGE_DECLINED] = "declined",
        [JB_STAGE_ANSWERED] = "answered", [JB_STAGE_REFERRED] = "referred",
        [JB_STAGE_CLOSED] = "closed",
    };

    return (unsigned)stage < COUNT(names) ? names[stage] : "unknown";
}

const char *jb_role_name(enum jb_role role)
{
    static const char *const names[] = {
        [JB_ROLE_REGISTRAR] = "registrar",   [JB_ROLE_HOST] = "host",
        [JB_ROLE_CO_HANDLER] = "co_handler", [JB_ROLE_ASSIGNER] = "assigner",
        [JB_ROLE_INFORMED] = "informed",     [JB_ROLE_LEFT] = "left",
    };

    return (unsigned)role < COUNT(names) && names[role] != NULL ? names[role] : "unknown";
}

const char *jb_effect_name(enum jb_effect_kind k)
{
    static const char *const names[] = {
#define X(name, field, number) [number] = #field,
        JB_EFFECT_KINDS(X)
#undef X
    };

    return (unsigned)k < COUNT(names) && names[k] != NULL ? names[k] : "unknown";
}
