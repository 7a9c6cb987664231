/* Who may do what at an agency: roles from the configuration, by account and by person; refusals
 * that say whom to ask; countersignatures; every request has a row. A real socket, since only the
 * kernel says who is there: this test's own account gets one role after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/agentdesk.h"
#include "tests/unit/localworld.h"

struct rights {
    struct desk *d;
    struct localworld *local;
    int fd;
    struct jb_local_peer *peer;
    char own[300]; /* this account's login name */
};

static struct jb_local_peer *opened;

static void on_open(void *ctx, struct jb_local_peer *peer)
{
    struct localworld *w = ctx;
    w->opened++;
    opened = peer;
    jb_local_peer_set_data(peer, w);
}

static int setup(void **state)
{
    struct rights *t = calloc(1, sizeof *t);
    void *part = NULL;

    assert_non_null(t);
    assert_int_equal(desk_setup(&part), 0);
    t->d = part;
    assert_int_equal(localworld_set_up(&part), 0);
    t->local = part;
    t->local->hooks.on_open = on_open;
    localworld_serve(t->local);
    t->fd = localworld_dial(t->local);
    localworld_run_until(t->local, &t->local->opened, 1);
    t->d->client.peer = opened;
    (void)snprintf(t->own, sizeof t->own, "%s", jb_local_peer_identity(opened)->user);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct rights *t = *state;
    void *part = t->d;

    assert_int_equal(desk_teardown(&part), 0);
    close(t->fd);
    part = t->local;
    assert_int_equal(localworld_tear_down(&part), 0);
    free(t);
    return 0;
}

/* ---- asking ---- */

/* The roles that this account has when it asks for `person` ("": for itself). */
static enum jb_err find(struct rights *t, const char *person)
{
    static char user[600];

    (void)snprintf(user, sizeof user, person[0] != '\0' ? "%s/%s" : "%s%s", t->own, person);
    jb_arena_reset(&t->d->arena);
    t->d->r = (struct jb_agent_request){.agent = &t->d->agent,
                                        .client = &t->d->client,
                                        .arena = &t->d->arena,
                                        .now_ms = t->d->w->now_ms,
                                        .user = jb_text_of(user)};
    return jb_agent_roles_find(&t->d->r, person);
}

static unsigned roles(struct rights *t, const char *person)
{
    assert_int_equal(find(t, person), JB_OK);
    return t->d->r.roles;
}

static void give(struct rights *t, enum jb_staff role, char *people)
{
    t->d->config.roles[role] = people;
}

/* ---- tests ---- */

static void with_no_role_given_the_own_account_may_everything(void **state)
{
    struct rights *t = *state;

    assert_false(jb_agent_roles_given(&t->d->config));
    assert_int_equal(roles(t, ""), JB_STAFF_ALL);
    assert_int_equal(roles(t, "王五"), JB_STAFF_ALL);
}

static void each_list_gives_its_role(void **state)
{
    struct rights *t = *state;
    static char other[] = "somebody-else", none[] = "";
    char number[32];

    (void)snprintf(number, sizeof number, "x, uid:%u", (unsigned)getuid());
    for (unsigned role = 0; role < JB_STAFF_COUNT; role++) {
        give(t, (enum jb_staff)role, t->own);
        assert_int_equal(roles(t, ""), 1U << role);
        give(t, (enum jb_staff)role, number);
        assert_int_equal(roles(t, ""), 1U << role);
        give(t, (enum jb_staff)role, other);
        assert_int_equal(roles(t, ""), JB_STAFF_NONE);
        give(t, (enum jb_staff)role, none);
    }
}

static void roles_that_exclude_each_other_are_none(void **state)
{
    struct rights *t = *state;

    give(t, JB_STAFF_CLERK, t->own);
    give(t, JB_STAFF_LEADER, t->own);
    assert_int_equal(roles(t, ""), JB_STAFF_BIT(CLERK) | JB_STAFF_BIT(LEADER));
    give(t, JB_STAFF_AUDITOR, t->own);
    assert_int_equal(find(t, ""), JB_DENIED);
    assert_int_equal(t->d->r.roles, JB_STAFF_NONE);
    assert_non_null(strstr(t->d->r.fault.text, "auditor and clerk"));
}

static void only_a_gateway_names_others_and_they_have_their_own_roles(void **state)
{
    struct rights *t = *state;
    static char clerks[] = "王五", none[] = "";
    char leaders[600];

    (void)snprintf(leaders, sizeof leaders, "%s/赵六", t->own);
    give(t, JB_STAFF_CLERK, clerks);
    give(t, JB_STAFF_LEADER, leaders);
    give(t, JB_STAFF_SUPERVISOR, t->own);
    assert_int_equal(find(t, "王五"), JB_DENIED);
    assert_non_null(strstr(t->d->r.fault.text, "gateway"));
    give(t, JB_STAFF_SUPERVISOR, none);
    give(t, JB_STAFF_GATEWAY, t->own);
    assert_int_equal(roles(t, ""), JB_STAFF_BIT(GATEWAY));
    assert_int_equal(roles(t, "王五"), JB_STAFF_BIT(CLERK));
    assert_int_equal(roles(t, "赵六"), JB_STAFF_BIT(LEADER));
    assert_int_equal(roles(t, "孙七"), JB_STAFF_NONE);
}

static void a_refusal_says_which_role_and_who_has_it(void **state)
{
    struct rights *t = *state;
    static char clerks[] = "@jiaoban, li";
    char wanted[600];

    give(t, JB_STAFF_CLERK, clerks);
    give(t, JB_STAFF_AUDITOR, t->own);
    (void)roles(t, "");
    assert_int_equal(jb_agent_rights_need(&t->d->r, JB_RIGHT_REGISTER, "register"), JB_DENIED);
    (void)snprintf(wanted, sizeof wanted,
                   "register needs the role clerk or supervisor, %s has: auditor. Here clerk: "
                   "@jiaoban, li; supervisor: nobody",
                   t->own);
    assert_string_equal(t->d->r.fault.text, wanted);
    assert_int_equal(jb_agent_rights_need(&t->d->r, JB_RIGHT_SYSTEM, "stored"), JB_DENIED);
    assert_int_equal(jb_agent_rights_need(&t->d->r, JB_RIGHT_AUDIT, "audit"), JB_OK);
    t->d->r.roles = JB_STAFF_NONE;
    assert_int_equal(jb_agent_rights_need(&t->d->r, JB_RIGHT_ANYONE, "rights"), JB_OK);
    assert_int_equal(jb_agent_rights_need(&t->d->r, JB_RIGHT_ASK, "status"), JB_DENIED);
}

/* Each right lets exactly its roles through. */
static void every_right_is_for_its_roles_alone(void **state)
{
    struct rights *t = *state;

    for (unsigned right = JB_RIGHT_ANYONE + 1; right < JB_RIGHT_COUNT; right++)
        for (unsigned role = 0; role < JB_STAFF_COUNT; role++) {
            (void)roles(t, "");
            t->d->r.roles = 1U << role;
            bool may = (jb_right_roles((enum jb_right)right) & 1U << role) != 0;
            assert_int_equal(jb_agent_rights_need(&t->d->r, (enum jb_right)right, "it"),
                             may ? JB_OK : JB_DENIED);
        }
}

static void an_act_takes_its_right(void **state)
{
    struct rights *t = *state;
    struct jb_act act = {.kind = JB_ACT_NOTE, .case_no = desk_register(t->d, 1, "路灯")};
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit s = JB__DO_SUBMIT__INIT;
    struct jb_bytes bytes;

    desk_deliver(t->d);
    act.text = jb_text_of("记");
    assert_int_equal(jb_act_encode(&act, &t->d->w->arena, &bytes), JB_OK);
    s.has_act = true;
    s.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    request.body_case = JB__REQUEST__BODY_SUBMIT;
    request.submit = &s;
    jb__reply__init(&t->d->reply);
    (void)roles(t, "");
    t->d->r.request = &request;
    t->d->r.roles = JB_STAFF_BIT(AUDITOR);
    assert_int_equal(jb_agent_do_submit(&t->d->r, &t->d->reply), JB_DENIED);
    assert_int_equal(jb_outbox_made(t->d->agent.ledger).number, 0);
    t->d->r.roles = JB_STAFF_BIT(CLERK);
    assert_int_equal(jb_agent_do_submit(&t->d->r, &t->d->reply), JB_OK);
    assert_int_equal(jb_outbox_made(t->d->agent.ledger).number, 1);
}

static void a_countersignature_is_another_leaders(void **state)
{
    static const struct jb_text nobody = {"", 0};
    struct rights *t = *state;
    struct jb_act act = {.kind = JB_ACT_COUNTERSIGN_DIRECTIVE,
                         .countersigned_by = jb_text_of("王局长")};
    struct jb_act noted = {.kind = JB_ACT_CLASSIFY, .countersigned_by = jb_text_of("周八")};
    char leaders[600];

    (void)roles(t, "");
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, t->d->r.user), JB_OK);
    (void)snprintf(leaders, sizeof leaders, "%s, 王局长", t->own);
    give(t, JB_STAFF_LEADER, leaders);
    (void)roles(t, "");
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, nobody), JB_OK);
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, t->d->r.user), JB_DENIED);
    act.countersigned_by = jb_text_of("周八");
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, nobody), JB_DENIED);
    assert_non_null(strstr(t->d->r.fault.text, "周八"));
    act.kind = JB_ACT_ASSIGN;
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, nobody), JB_DENIED);
    act.countersigned_by = nobody;
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &act, nobody), JB_OK);
    assert_int_equal(jb_agent_rights_countersign(&t->d->r, &noted, nobody), JB_OK);
}

static void every_request_has_one_row(void **state)
{
    const ProtobufCMessageDescriptor *request = &jb__request__descriptor;

    (void)state;
    for (unsigned i = 0; i < request->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &request->fields[i];
        struct jb_agent_request_row row = jb_agent_request_row(field->id);
        bool body = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (body && (row.handle == NULL || row.right == JB_RIGHT_NONE))
            fail_msg("request \"%s\" has no row", field->name);
        if (!body)
            assert_null(row.handle);
    }
    assert_null(jb_agent_request_row(1000).handle);
}

/* The answer to `rights` is the table itself. */
static void the_table_is_told(void **state)
{
    struct rights *t = *state;
    size_t what = 0;

    give(t, JB_STAFF_SUPERVISOR, t->own);
    (void)roles(t, "");
    jb__reply__init(&t->d->reply);
    assert_int_equal(jb_agent_get_rights(&t->d->r, &t->d->reply), JB_OK);
    const Jb__RightsView *v = t->d->reply.rights;
    assert_string_equal(v->user, t->own);
    assert_true(v->given);
    assert_int_equal(v->n_roles, JB_STAFF_COUNT);
    assert_int_equal(v->n_rights, JB_RIGHT_COUNT - 1);
    for (size_t i = 0; i < v->n_rights; i++) {
        unsigned of = jb_right_roles((enum jb_right)(i + 1));
        assert_string_equal(v->rights[i]->right, jb_right_word((enum jb_right)(i + 1)));
        assert_int_equal(v->rights[i]->mine,
                         i + 1 == JB_RIGHT_ANYONE || (of & JB_STAFF_BIT(SUPERVISOR)) != 0);
        what += v->rights[i]->n_what;
    }
    assert_true(what > 80); /* kinds of acts and of requests */
    assert_string_equal(v->roles[JB_STAFF_SUPERVISOR]->people, t->own);
    assert_true(v->roles[JB_STAFF_SUPERVISOR]->mine);
    assert_false(v->roles[JB_STAFF_CLERK]->mine);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(with_no_role_given_the_own_account_may_everything),
        CASE(each_list_gives_its_role),
        CASE(roles_that_exclude_each_other_are_none),
        CASE(only_a_gateway_names_others_and_they_have_their_own_roles),
        CASE(a_refusal_says_which_role_and_who_has_it),
        CASE(every_right_is_for_its_roles_alone),
        CASE(an_act_takes_its_right),
        CASE(a_countersignature_is_another_leaders),
        CASE(every_request_has_one_row),
        CASE(the_table_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
