/* What people do about submissions that the restored record lacks: submit one again, strike one
 * off. Neither a failure nor a start in between loses one, doubles one, or leaves one half done. */
#include "tests/unit/faults.h"
#include "tests/unit/formerdesk.h"

/* ---- submitted again ---- */

static void submitted_again_it_is_open_until_it_is_settled(void **state)
{
    struct desk *d = *state;
    int64_t case_no = fd_lost(d);
    jb_agent_former_synced(&d->agent);
    assert_int_equal(fd_resubmit(d, 1), JB_OK);
    assert_true(d->reply.settled->pending);
    assert_int_equal(d->reply.settled->case_no, case_no);
    STATES(d, "again", "lacking");
    assert_int_equal(fd_resubmit(d, 1), JB_EXISTS);
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_EXISTS);
    fd_turn_down(d, 1);
    STATES(d, "refused", "lacking");
    assert_int_equal(jb_agent_former_lacking(&d->agent), 2);
    const Jb__PendingView *row = fd_page(d, 0, 1, false)->items[0];
    assert_int_equal(row->again, 1);
    assert_string_equal(row->by, "wang");
    assert_int_equal(row->ended_at_ms, d->w->now_ms);
    assert_string_equal(row->user, "li"); /* whose submission it is, as it was made */
    assert_int_equal(fd_resubmit(d, 1), JB_OK);
    STATES(d, "again", "lacking");
    fd_settle(d, 2);
    STATES(d, "held", "lacking");
    assert_int_equal(jb_agent_former_lacking(&d->agent), 1);
    assert_int_equal(fd_made(d), 2);
}

static void what_the_rules_here_refuse_stays(void **state)
{
    struct desk *d = *state;
    (void)fd_lost(d);
    struct jb_entry node = desk_entry(d, JB_ACT_ENROL_NODE, 0); /* from now on they can judge */
    node.act.node = DESK_NODE;
    node.act.code = node.act.name = jb_text_of("xfj");
    node.act.level = JB_LEVEL_COUNTY;
    node.act.node_kind = JB_NODE_OFFICE;
    desk_log(d, &node, NULL, 0);
    desk_deliver(d);
    jb_agent_former_synced(&d->agent);
    assert_int_equal(fd_resubmit(d, 2), JB_OK); /* a note, of a case that is not there */
    assert_int_equal(d->reply.settled->code, JB_REFUSE_UNKNOWN_CASE);
    STATES(d, "lacking", "lacking");
    assert_int_equal(fd_made(d), 0);
}

static enum jb_err resubmit_without_a_role(struct jb_agent_request *r, Jb__Reply *reply)
{
    r->roles = 0;
    return jb_agent_do_resubmit(r, reply);
}

static enum jb_err dismiss_without_a_role(struct jb_agent_request *r, Jb__Reply *reply)
{
    r->roles = 0;
    return jb_agent_do_dismiss(r, reply);
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
    struct desk *d = *state;
    char large[JB_LIMIT_LINE + 2];
    (void)fd_lost(d);
    jb_agent_former_synced(&d->agent);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(fd_resubmit(d, 0), JB_NOT_FOUND);
    assert_int_equal(fd_resubmit(d, 3), JB_NOT_FOUND);
    assert_int_equal(fd_dismiss(d, UINT64_MAX, "x"), JB_NOT_FOUND);
    assert_int_equal(fd_dismiss(d, 1, NULL), JB_MISSING);
    assert_int_equal(fd_dismiss(d, 1, ""), JB_MISSING);
    assert_int_equal(fd_dismiss(d, 1, "一\n二"), JB_MALFORMED);
    assert_int_equal(fd_dismiss(d, 1, large), JB_MALFORMED);
    assert_int_equal(fd_dismiss_by(d, 1, "x", dismiss_without_a_role), JB_DENIED);
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoResubmit q = JB__DO_RESUBMIT__INIT;
    JB_PUT(&q, number, 1);
    request.resubmit = &q;
    assert_int_equal(desk_ask(d, "wang", &request, resubmit_without_a_role), JB_DENIED);
    d->agent.strain.why = JB_FULL;
    assert_int_equal(fd_resubmit(d, 1), JB_FULL);
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_FULL);
    d->agent.strain.why = JB_OK;
    STATES(d, "lacking", "lacking");
    assert_int_equal(fd_made(d), 0);
    assert_int_equal(fd_dismiss(d, 1, "不再需要"), JB_OK);
    const Jb__PendingView *row = fd_page(d, 0, 1, true)->items[0];
    assert_string_equal(row->reason, "不再需要");
    assert_string_equal(row->by, "wang");
    STATES(d, "dismissed", "lacking");
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_EXISTS);
    assert_int_equal(fd_resubmit(d, 1), JB_EXISTS);
}

/* ---- what fails ---- */

/* Memory says what the disk does. */
static void check_rows(struct desk *d)
{
    struct jb_agent_former *f = d->agent.former;
    assert_non_null(f);
    for (size_t i = 0; i < f->count; i++) {
        Jb__FormerItem *item = NULL;
        assert_int_equal(jb_agent_former_get(d->agent.ledger, i + 1, &d->w->arena, &item), JB_OK);
        assert_int_equal(f->rows[i].state, item->state);
        assert_int_equal(f->rows[i].again, item->again);
    }
}

static bool resubmitted_with(struct desk *d, enum fault kind, long n)
{
    uint64_t before = fd_made(d);
    fault_arm(kind, n);
    enum jb_err err = fd_resubmit(d, 1);
    bool fired = fault_disarm();
    check_rows(d);
    bool again = strcmp(fd_state_of(d, 1), "again") == 0;
    assert_int_equal(fd_made(d), before + again); /* the row with its submission, or neither */
    if (err == JB_OK)
        assert_true(again);
    fd_recover(d);
    if (again)
        fd_turn_down(d, fd_made(d)); /* open again for the next time */
    return fired;
}

static bool dismissed_with(struct desk *d, enum fault kind, long n)
{
    uint64_t number = (uint64_t)n;
    fault_arm(kind, n);
    enum jb_err err = fd_dismiss(d, number, "不再需要");
    bool fired = fault_disarm();
    check_rows(d);
    bool done = strcmp(fd_state_of(d, number), "dismissed") == 0;
    if (err == JB_OK)
        assert_true(done);
    fd_recover(d);
    assert_int_equal(fd_dismiss(d, number, "x"), done ? JB_EXISTS : JB_OK);
    return fired;
}

static void neither_is_half_done(void **state)
{
    struct desk *d = *state;
    (void)fd_lost(d);
    jb_agent_former_synced(&d->agent);
    for (enum fault kind = 0; kind < FAULT_COUNT; kind++) {
        long n = 1;
        while (resubmitted_with(d, kind, n))
            n++;
        print_message("# submitted again, %ld times %s\n", n - 1, fault_names[kind]);
        assert_true(n > 1);
    }
    for (enum fault kind = FAULT_SQLITE_MEMORY; kind < FAULT_COUNT; kind++) { /* none of ours */
        long n = 1;
        fd_fill(d, 400, 4, 0);
        while (dismissed_with(d, kind, n))
            n++;
        print_message("# struck off, %ld times %s\n", n - 1, fault_names[kind]);
        assert_true(n > 1);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fd_setup, fd_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(submitted_again_it_is_open_until_it_is_settled),
        CASE(what_the_rules_here_refuse_stays),
        CASE(what_cannot_be_asked_for_is_refused),
        CASE(neither_is_half_done),
    };
    faults_install();
    return cmocka_run_group_tests_name("agent_former_acts", tests, NULL, NULL);
}
