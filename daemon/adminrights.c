/* Who may do what at the admin socket, and telling it: `whoami` and `rights` for administrators. */
#include "daemon/admin.h"

#include <string.h>

#include "proto/base/log.h"
#include "proto/wire/codec.h"

/* ---- deciding ---- */

void jb_admin_act_of(struct jb_admin *a, const Jb__Request *r, enum jb_act_kind *kind,
                     uint32_t *node)
{
    struct jb_act act = {.kind = JB_ACT_NONE};
    struct jb_fault why;
    const ProtobufCBinaryData *data = NULL;
    if (r->body_case == JB__REQUEST__BODY_ADMIN)
        data = &r->admin->act;
    else if (r->body_case == JB__REQUEST__BODY_ENROL)
        data = &r->enrol->act;
    bool read = data != NULL && jb_act_decode((struct jb_bytes){data->data, data->len}, &a->arena,
                                              &act, &why) == JB_OK;
    *kind = read ? act.kind : JB_ACT_NONE;
    *node = read ? act.node : 0;
}

/* What a request takes, and what it is called in a refusal. Keys are the security administrator's,
 * also when they come with the enrolment. */
static struct jb_duty_need need_of(struct jb_admin *a, const Jb__Request *r,
                                   const struct jb_admin_row *row, const char **what)
{
    struct jb_duty_need need = {row->duties, 0};
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&jb__request__descriptor, (unsigned)row->body);
    *what = field != NULL ? field->name : "";
    if (row->body == JB__REQUEST__BODY_ADMIN) {
        enum jb_act_kind kind = JB_ACT_NONE;
        uint32_t node = 0;
        jb_admin_act_of(a, r, &kind, &node);
        if (kind != JB_ACT_NONE) {
            need = jb_duty_of_act(kind);
            *what = jb_act_kind_name(kind);
        }
    }
    if (row->body == JB__REQUEST__BODY_ENROL && r->enrol->public_keys != NULL &&
        r->enrol->public_keys[0] != '\0') {
        need.all = JB_DUTY_BIT(SECURITY);
        *what = "enrolling with keys (enrol without; replace-keys gives them)";
    }
    return need;
}

enum jb_err jb_admin_allowed(struct jb_admin *a, const struct jb_local_peer *peer,
                             const Jb__Request *r, const struct jb_admin_row *row,
                             struct jb_fault *fault)
{
    const struct jb_local_identity *id = jb_local_peer_identity(peer);
    const char *what = "";
    unsigned held = 0;
    struct jb_duty_need need = need_of(a, r, row, &what);
    if (row->duties == JB_DUTY_NOBODY)
        return JB_OK;
    enum jb_err err = jb_duty_held(a->b->config, id, &held, fault);
    if (err == JB_OK)
        err = jb_duty_check(a->b->config, held, need, what, fault);
    if (err != JB_OK)
        jb_log(JB_LOG_WARNING, id->user, "admin.denied", "request=\"%s\"", what);
    return err;
}

/* ---- telling ---- */

struct telling {
    struct jb_admin *a;
    unsigned held;
    Jb__RightsView view;
};

static char *word(const struct telling *t, const char *text)
{
    return jb_arena_strndup(&t->a->arena, text, strlen(text));
}

static void *list_of(const struct telling *t, size_t count)
{
    return jb_arena_alloc(&t->a->arena, count * sizeof(void *));
}

static bool put_role(struct telling *t, enum jb_admin_duty duty, Jb__RoleView *role)
{
    const struct jb_broker_config *c = t->a->b->config;
    jb__role_view__init(role);
    role->role = word(t, jb_duty_word(duty));
    role->people = word(t, jb_duty_given(c) ? c->admins[duty] : "the broker's own account, root");
    role->has_mine = 1;
    role->mine = (t->held & 1U << duty) != 0;
    t->view.roles[t->view.n_roles++] = role;
    return role->role != NULL && role->people != NULL;
}

/* Requests by their names in the schema; what comes in an `admin` request by the act. */
static bool put_what(struct telling *t, enum jb_admin_duty duty, Jb__RightView *right)
{
    static const enum jb_act_kind kinds[] = {JB_ACT_CHANGE_NODE, JB_ACT_REPLACE_KEYS,
                                             JB_ACT_RETIRE_NODE};
    const struct jb_admin_row *row = NULL;
    right->what = list_of(t, 64);
    for (size_t i = 0; right->what != NULL && (row = jb_admin_row(i)) != NULL; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(&jb__request__descriptor, (unsigned)row->body);
        if (row->body != JB__REQUEST__BODY_ADMIN && (row->duties & 1U << duty) != 0)
            right->what[right->n_what++] = word(t, field->name);
    }
    for (size_t i = 0; right->what != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if ((jb_duty_of_act(kinds[i]).any & 1U << duty) != 0)
            right->what[right->n_what++] = word(t, jb_act_kind_name(kinds[i]));
    return right->what != NULL;
}

static bool put_right(struct telling *t, enum jb_admin_duty duty, Jb__RightView *right)
{
    jb__right_view__init(right);
    right->right = word(t, jb_duty_word(duty));
    right->roles = list_of(t, 1);
    right->has_mine = 1;
    right->mine = (t->held & 1U << duty) != 0;
    if (right->right == NULL || right->roles == NULL)
        return false;
    right->roles[right->n_roles++] = right->right;
    t->view.rights[t->view.n_rights++] = right;
    return put_what(t, duty, right);
}

static bool put_all(struct telling *t)
{
    Jb__RoleView *roles = jb_arena_alloc(&t->a->arena, JB_DUTY_COUNT * sizeof *roles);
    Jb__RightView *rights = jb_arena_alloc(&t->a->arena, JB_DUTY_COUNT * sizeof *rights);
    bool good = roles != NULL && rights != NULL;
    t->view.roles = list_of(t, JB_DUTY_COUNT);
    t->view.rights = list_of(t, JB_DUTY_COUNT);
    good = good && t->view.roles != NULL && t->view.rights != NULL;
    for (unsigned i = 0; good && i < JB_DUTY_COUNT; i++)
        good = put_role(t, (enum jb_admin_duty)i, &roles[i]) &&
               put_right(t, (enum jb_admin_duty)i, &rights[i]);
    return good && !t->a->arena.overflowed;
}

void jb_admin_rights(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    const struct jb_local_identity *id = jb_local_peer_identity(peer);
    struct telling t = {.a = a, .view = JB__RIGHTS_VIEW__INIT};
    struct jb_fault fault = {""};
    Jb__Reply reply = JB__REPLY__INIT;
    if (jb_duty_held(a->b->config, id, &t.held, &fault) != JB_OK)
        jb_log(JB_LOG_WARNING, id->user, "admin.denied", "%s", fault.text);
    t.view.user = word(&t, id->user);
    t.view.has_given = t.view.has_single_admin = 1;
    t.view.given = jb_duty_given(a->b->config);
    t.view.single_admin = jb_duty_single(a->b->config);
    if (!put_all(&t)) {
        jb_admin_error(peer, r->id, JB_NOMEM, jb_err_text(JB_NOMEM));
        return;
    }
    reply.has_id = 1;
    reply.id = r->id;
    reply.body_case = JB__REPLY__BODY_RIGHTS;
    reply.rights = &t.view;
    jb_admin_reply(peer, &reply, &a->arena);
}
