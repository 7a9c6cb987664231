/* Rights and the access log -> public rows. */
#include "clients/lib/client.h"

/* The words as they are; NULL entries as "". */
static const char *const *words(struct jb_arena *a, char *const *from, size_t count)
{
    const char **to = jb_client_pointers(a, count);
    for (size_t i = 0; to != NULL && i < count; i++)
        to[i] = jb_client_text(from[i]);
    return to;
}

const struct jiaoban_right *jb_client_right(struct jb_arena *a, const Jb__RightView *v)
{
    struct jiaoban_right *r = jb_arena_alloc(a, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct jiaoban_right){.right = jb_client_text(v->right),
                                .roles = words(a, v->roles, v->n_roles),
                                .what = words(a, v->what, v->n_what),
                                .role_count = v->n_roles,
                                .what_count = v->n_what,
                                .mine = v->mine};
    return r->roles != NULL && r->what != NULL ? r : NULL;
}

static const struct jiaoban_staff *role_row(struct jb_arena *a, const Jb__RoleView *v)
{
    struct jiaoban_staff *r = jb_arena_alloc(a, sizeof *r);
    if (r != NULL)
        *r = (struct jiaoban_staff){
            .role = jb_client_text(v->role), .people = jb_client_text(v->people), .mine = v->mine};
    return r;
}

const struct jiaoban_rights *jb_client_rights(struct jb_arena *a, const Jb__RightsView *v)
{
    struct jiaoban_rights *r = jb_arena_alloc(a, sizeof *r);
    const struct jiaoban_staff **roles = jb_client_pointers(a, v->n_roles);
    if (r == NULL || roles == NULL)
        return NULL;
    for (size_t i = 0; i < v->n_roles; i++)
        if ((roles[i] = role_row(a, v->roles[i])) == NULL)
            return NULL;
    *r = (struct jiaoban_rights){.user = jb_client_text(v->user),
                                 .roles = roles,
                                 .role_count = v->n_roles,
                                 .given = v->given,
                                 .single_admin = v->single_admin};
    return r;
}

const struct jiaoban_audit *jb_client_audit(struct jb_arena *a, const Jb__AuditRow *v)
{
    struct jiaoban_audit *r = jb_arena_alloc(a, sizeof *r);
    if (r != NULL)
        *r = (struct jiaoban_audit){.number = v->number,
                                    .at_ms = v->at_ms,
                                    .user = jb_client_text(v->user),
                                    .request = jb_client_text(v->request),
                                    .act = jb_client_text(v->act),
                                    .case_no = v->case_no,
                                    .case_number = jb_client_text(v->case_number),
                                    .field = jb_client_text(v->field),
                                    .outcome = (int)v->outcome,
                                    .outcome_name = jb_client_text(v->outcome_name),
                                    .node = v->node};
    return r;
}
