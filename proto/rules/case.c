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

/* Was the duty laid on its receivers by a directive of this agency? */
static bool issued(const struct jb_case *c, uint32_t node, uint64_t seq)
{
    for (size_t i = 0; i < c->directive_count; i++)
        if (c->directives[i].issuer == node && c->directives[i].seq == seq)
            return true;
    return false;
}

bool jb_case_receipt_told(const struct jb_case *c, uint32_t node, uint64_t seq)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];
        if (p->node == node && p->role != JB_ROLE_LEFT &&
            (p->role == JB_ROLE_REGISTRAR || p->role == JB_ROLE_ASSIGNER || node == c->sender ||
             issued(c, node, seq)))
            return true;
    }
    return false;
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
    if (d->end != JB_END_OPEN || d->missed_ms != 0 || d->paused_from_ms != 0)
        return INT64_MAX;
    if (d->warned < JB_WARN_MAX && d->warn_at_ms[d->warned] != 0 &&
        d->warn_at_ms[d->warned] < d->due_ms)
        return d->warn_at_ms[d->warned];
    return d->due_ms;
}

const char *jb_stage_name(enum jb_stage stage)
{
    static const char *const names[JB_STAGE_COUNT] = {
        [JB_STAGE_NONE] = "none",
        [JB_STAGE_REGISTERED] = "registered",
        [JB_STAGE_SENT] = "sent",
        [JB_STAGE_SIGNED] = "signed",
        [JB_STAGE_ACCEPTED] = "accepted",
        [JB_STAGE_DECLINED] = "declined",
        [JB_STAGE_ANSWERED] = "answered",
        [JB_STAGE_REFERRED] = "referred",
        [JB_STAGE_CLOSED] = "closed",
        [JB_STAGE_MERGED] = "merged",
        [JB_STAGE_REVIEW] = "review",
        [JB_STAGE_REVIEWED] = "reviewed",
        [JB_STAGE_RECHECK] = "recheck",
        [JB_STAGE_RECHECKED] = "rechecked",
        [JB_STAGE_TERMINATED] = "terminated",
        [JB_STAGE_FILE] = "file",
    };

    return (unsigned)stage < COUNT(names) && names[stage] != NULL ? names[stage] : "unknown";
}

bool jb_stage_is_final(enum jb_stage stage)
{
    return stage == JB_STAGE_REFERRED || stage == JB_STAGE_CLOSED || stage == JB_STAGE_MERGED ||
           stage == JB_STAGE_TERMINATED;
}

bool jb_act_may_open(enum jb_act_kind kind)
{
    return kind == JB_ACT_REGISTER || kind == JB_ACT_ISSUE_DIRECTIVE || kind == JB_ACT_OPEN_DOCKET;
}

const struct jb_directive *jb_case_directive(const struct jb_case *c, uint32_t id)
{
    for (size_t i = 0; i < c->directive_count; i++) {
        if (c->directives[i].id == id)
            return &c->directives[i];
    }
    return NULL;
}

const struct jb_target *jb_case_target(const struct jb_case *c, uint32_t directive, uint32_t node)
{
    for (size_t i = 0; i < c->target_count; i++) {
        if (c->targets[i].directive == directive && c->targets[i].node == node)
            return &c->targets[i];
    }
    return NULL;
}

const struct jb_directive *jb_case_order(const struct jb_case *c)
{
    for (size_t i = c->directive_count; i > 0; i--) {
        const struct jb_directive *d = &c->directives[i - 1];

        if (d->power == JB_POWER_ASSIGN && d->status == JB_DIRECTIVE_IN_FORCE &&
            jb_case_target(c, d->id, c->host) != NULL)
            return d;
    }
    return NULL;
}

const struct jb_docket *jb_case_docket(const struct jb_case *c, struct jb_text docket_no)
{
    for (size_t i = 0; i < c->docket_count; i++) {
        if (jb_text_equal(c->dockets[i].docket_no, docket_no))
            return &c->dockets[i];
    }
    return NULL;
}

const struct jb_mark *jb_case_mark(const struct jb_case *c, enum jb_mark_kind kind, uint32_t node,
                                   int64_t other_case_no)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        const struct jb_mark *mark = &c->marks[i];

        if (mark->kind == kind && (node == 0 || mark->node == node) &&
            (other_case_no == 0 || mark->other_case_no == other_case_no))
            return mark;
    }
    return NULL;
}

bool jb_user_is(struct jb_text name, struct jb_text user)
{
    const char *slash = user.len > 0 ? memchr(user.data, '/', user.len) : NULL;

    if (name.len == 0)
        return false;
    if (jb_text_equal(name, user))
        return true;
    if (slash == NULL)
        return false;
    size_t account = (size_t)(slash - user.data);
    return jb_text_equal(name, (struct jb_text){user.data, account}) ||
           jb_text_equal(name, (struct jb_text){slash + 1, user.len - account - 1});
}

bool jb_case_recused(const struct jb_case *c, uint32_t node, struct jb_text user)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        const struct jb_mark *mark = &c->marks[i];

        if (mark->kind == JB_MARK_RECUSED && mark->node == node &&
            (mark->text.len == 0 || jb_user_is(mark->text, user)))
            return true;
    }
    return false;
}

const char *jb_target_state_name(enum jb_target_state state)
{
    static const char *const names[JB_TARGET_STATE_END] = {
        [JB_TARGET_ISSUED] = "issued",         [JB_TARGET_SIGNED] = "signed",
        [JB_TARGET_ANSWERED] = "answered",     [JB_TARGET_CLEARED] = "cleared",
        [JB_TARGET_OBJECTED] = "objected",     [JB_TARGET_WITHDRAWN] = "withdrawn",
        [JB_TARGET_SUPERSEDED] = "superseded",
    };

    return (unsigned)state < COUNT(names) && names[state] != NULL ? names[state] : "unknown";
}

const char *jb_role_name(enum jb_role role)
{
    static const char *const names[] = {
        [JB_ROLE_REGISTRAR] = "registrar",   [JB_ROLE_HOST] = "host",
        [JB_ROLE_CO_HANDLER] = "co_handler", [JB_ROLE_ASSIGNER] = "assigner",
        [JB_ROLE_INFORMED] = "informed",     [JB_ROLE_LEFT] = "left",
        [JB_ROLE_REVIEWER] = "reviewer",     [JB_ROLE_ARBITER] = "arbiter",
        [JB_ROLE_ORDERED] = "ordered",
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
