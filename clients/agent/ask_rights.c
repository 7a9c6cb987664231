/* Who asks, which roles he holds, and the whole table of rights: for `whoami` and `rights`. */
#include "clients/agent/requests.h"

struct telling {
    struct jb_agent_request *r;
    struct jb_agent_views v;
    Jb__RightsView *view;
};

static char *word(const struct telling *t, const char *text)
{
    return jb_agent_view_text(&t->v, jb_text_of(text));
}

/* ---- roles ---- */

/* Who holds a role when the configuration names nobody. */
static const char *unnamed(enum jb_staff role)
{
    return role == JB_STAFF_CLERK || role == JB_STAFF_SUPERVISOR ? "whoever may open the socket"
                                                                 : "the agent's own account, root";
}

static enum jb_err put_roles(struct telling *t)
{
    const struct jb_agent_config *c = t->r->agent->config;
    bool given = jb_agent_roles_given(c);
    Jb__RoleView *all = jb_arena_alloc(t->r->arena, JB_STAFF_COUNT * sizeof *all);
    t->view->roles = jb_agent_view_array(t->r->arena, JB_STAFF_COUNT);
    if (all == NULL || t->view->roles == NULL)
        return JB_NOMEM;
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++) {
        enum jb_staff role = (enum jb_staff)i;
        jb__role_view__init(&all[i]);
        all[i].role = word(t, jb_staff_word(role));
        all[i].people = word(t, given ? c->roles[i] : unnamed(role));
        all[i].has_mine = true;
        all[i].mine = (t->r->roles & 1U << i) != 0;
        t->view->roles[t->view->n_roles++] = &all[i];
    }
    return JB_OK;
}

/* ---- rights ---- */

static enum jb_err put_words(struct telling *t, unsigned roles, Jb__RightView *right)
{
    right->roles = jb_agent_view_array(t->r->arena, JB_STAFF_COUNT);
    if (right->roles == NULL)
        return JB_NOMEM;
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        if ((roles & 1U << i) != 0)
            right->roles[right->n_roles++] = word(t, jb_staff_word((enum jb_staff)i));
    return JB_OK;
}

static const enum jb_act_kind kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* Acts by their names, requests by theirs in the schema. */
static enum jb_err put_what(struct telling *t, enum jb_right right, Jb__RightView *view)
{
    const ProtobufCMessageDescriptor *request = &jb__request__descriptor;
    view->what = jb_agent_view_array(t->r->arena, KINDS + request->n_fields);
    if (view->what == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < KINDS; i++)
        if (jb_right_of_act(kinds[i]) == right)
            view->what[view->n_what++] = word(t, jb_act_kind_name(kinds[i]));
    for (unsigned i = 0; i < request->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &request->fields[i];
        struct jb_agent_request_row row = jb_agent_request_row(field->id);
        if (row.handle != NULL && row.right == right)
            view->what[view->n_what++] = word(t, field->name);
    }
    return JB_OK;
}

static enum jb_err put_right(struct telling *t, enum jb_right right, Jb__RightView *view)
{
    unsigned roles = jb_right_roles(right);
    jb__right_view__init(view);
    view->right = word(t, jb_right_word(right));
    view->has_mine = true;
    view->mine = right == JB_RIGHT_ANYONE || (t->r->roles & roles) != 0;
    enum jb_err err = put_words(t, roles, view);
    if (err == JB_OK)
        err = put_what(t, right, view);
    t->view->rights[t->view->n_rights++] = view;
    return err;
}

static enum jb_err put_rights(struct telling *t)
{
    Jb__RightView *all = jb_arena_alloc(t->r->arena, JB_RIGHT_COUNT * sizeof *all);
    t->view->rights = jb_agent_view_array(t->r->arena, JB_RIGHT_COUNT);
    if (all == NULL || t->view->rights == NULL)
        return JB_NOMEM;
    enum jb_err err = JB_OK;
    for (unsigned i = JB_RIGHT_NONE + 1; i < JB_RIGHT_COUNT && err == JB_OK; i++)
        err = put_right(t, (enum jb_right)i, &all[i]);
    return err;
}

enum jb_err jb_agent_get_rights(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct telling t = {.r = r, .v = jb_agent_request_views(r)};
    t.view = jb_arena_alloc(r->arena, sizeof *t.view);
    if (t.view == NULL)
        return JB_NOMEM;
    jb__rights_view__init(t.view);
    t.view->user = jb_agent_view_text(&t.v, r->user);
    t.view->has_given = true;
    t.view->given = jb_agent_roles_given(r->agent->config);
    reply->body_case = JB__REPLY__BODY_RIGHTS;
    reply->rights = t.view;
    enum jb_err err = put_roles(&t);
    return err == JB_OK ? put_rights(&t) : err;
}
