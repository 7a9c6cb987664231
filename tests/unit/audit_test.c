/* The access log: chained and signed; any change shows; the table itself refuses one; rotation from
 * the front; filters; its limit; many rows are one transaction; and the agent's own use of it. */
#include <stdio.h>
#include <stdlib.h>

#include "proto/ledger/db.h"
#include "tests/unit/agentdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct jb_ledger *log_of(struct desk *d)
{
    return d->agent.ledger;
}

/* `count` rows by `user` about a case, one transaction. */
static enum jb_err add(struct desk *d, const char *user, int64_t case_no, size_t count,
                       uint64_t max_rows)
{
    struct jb_audit_row *rows = calloc(count, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct jb_audit_row){.at_ms = d->w->now_ms,
                                        .user = jb_text_of(user),
                                        .request = JB__REQUEST__BODY_CASE_FILE,
                                        .case_no = case_no,
                                        .field = JB_AUDIT_PERSONS};
    assert_int_equal(jb_ledger_begin(log_of(d)), JB_OK);
    enum jb_err err = jb_audit_append(log_of(d), rows, count, max_rows, d->agent.keys.sign_secret);
    if (err == JB_OK)
        assert_int_equal(jb_ledger_commit(log_of(d)), JB_OK);
    else
        jb_ledger_rollback(log_of(d));
    free(rows);
    return err;
}

static struct jb_check check(struct desk *d, struct jb_fault *fault)
{
    struct jb_check_keys keys = {.broker_sign = d->agent.broker.sign,
                                 .own_sign = d->agent.keys.sign_public};
    struct jb_check out;

    assert_int_equal(jb_ledger_check(log_of(d), &keys, &out, fault), JB_OK);
    return out;
}

static void assert_changed(struct desk *d, const char *said)
{
    struct jb_fault fault = {""};
    struct jb_check c = check(d, &fault);

    assert_false(c.audit_intact);
    if (strstr(fault.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fault.text, said);
}

static size_t list(struct desk *d, struct jb_audit_filter f, struct jb_audit_row **rows, bool *more)
{
    size_t count = 0;

    jb_arena_reset(&d->arena);
    assert_int_equal(jb_audit_list(log_of(d), &f, &d->arena, rows, &count, more), JB_OK);
    return count;
}

static void rows_are_chained_and_signed(void **state)
{
    struct desk *d = *state;
    struct jb_fault fault = {""};

    assert_true(check(d, &fault).audit_intact); /* an empty one */
    assert_int_equal(add(d, "li", 7, 3, 0), JB_OK);
    assert_int_equal(add(d, "wang", 8, 1, 0), JB_OK);
    struct jb_check c = check(d, &fault);
    assert_true(c.audit_intact);
    assert_int_equal(c.audited, 4);
    assert_string_equal(fault.text, "");
}

static void the_table_refuses_changes(void **state)
{
    struct desk *d = *state;

    assert_int_equal(add(d, "li", 7, 3, 0), JB_OK);
    assert_int_not_equal(jb_db_exec(log_of(d), "UPDATE audit SET user = 'x'"), JB_OK);
    assert_int_not_equal(jb_db_exec(log_of(d), "DELETE FROM audit WHERE number = 3"), JB_OK);
}

/* Rows taken away at one end, and the end row made to fit. */
static const char cut_at_the_end[] =
    "UPDATE audit_end SET number = 2, head = (SELECT head FROM audit WHERE number = 2);"
    "DELETE FROM audit WHERE number = 3";
static const char cut_at_the_start[] =
    "UPDATE audit_end SET floor = 1, floor_head = (SELECT head FROM audit WHERE number = 1);"
    "DELETE FROM audit WHERE number = 1";

/* Whoever gets around that is found out, wherever he changes something. */
static void every_change_shows(void **state)
{
    static const char *const changes[] = {
        "UPDATE audit SET user = 'x' WHERE number = 2",
        "UPDATE audit SET at_ms = at_ms + 1 WHERE number = 1",
        "UPDATE audit SET case_no = 9 WHERE number = 3",
        "UPDATE audit SET request = 1 WHERE number = 2",
        "UPDATE audit SET act_kind = 1 WHERE number = 2",
        "UPDATE audit SET node = 1 WHERE number = 2",
        "UPDATE audit SET field = 0 WHERE number = 2",
        "UPDATE audit SET outcome = 16 WHERE number = 2",
        "UPDATE audit SET head = zeroblob(32) WHERE number = 2",
        "DELETE FROM audit WHERE number = 1",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit WHERE number = 3",
        "DELETE FROM audit",
        "UPDATE audit SET number = 5 WHERE number = 3",
        cut_at_the_end,
        cut_at_the_start,
        "UPDATE audit_end SET signature = zeroblob(64)",
        "DELETE FROM audit_end",
    };
    struct desk *d = *state;

    assert_int_equal(add(d, "li", 7, 3, 0), JB_OK);
    assert_int_equal(jb_db_exec(log_of(d), "DROP TRIGGER audit_fixed; DROP TRIGGER audit_kept"),
                     JB_OK);
    for (size_t i = 0; i < COUNT(changes); i++) {
        assert_int_equal(jb_db_exec(log_of(d), "SAVEPOINT change"), JB_OK);
        assert_int_equal(jb_db_exec(log_of(d), changes[i]), JB_OK);
        log_of(d)->writing = true; /* the check reads inside of this */
        assert_changed(d, "access log was changed");
        log_of(d)->writing = false;
        assert_int_equal(jb_db_exec(log_of(d), "ROLLBACK TO change; RELEASE change"), JB_OK);
    }
    struct jb_fault fault = {""};
    assert_true(check(d, &fault).audit_intact);
}

static void another_key_is_not_enough(void **state)
{
    struct desk *d = *state;
    struct jb_node_keys own = d->agent.keys;
    struct jb_fault why = {""};

    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &d->agent.keys, &why), JB_OK);
    assert_int_equal(add(d, "li", 7, 1, 0), JB_OK);
    d->agent.keys = own;
    assert_changed(d, "not signed by this node");
}

static void old_rows_go_from_the_front(void **state)
{
    struct desk *d = *state;
    struct jb_audit_row *rows = NULL;
    struct jb_fault fault = {""};
    bool more = false;
    int64_t first_ms = d->w->now_ms;

    assert_int_equal(add(d, "li", 7, 5, 0), JB_OK);
    d->w->now_ms += 1000;
    assert_int_equal(add(d, "wang", 8, 2, 0), JB_OK);
    for (int piece = 0; piece < 3; piece++) {
        assert_int_equal(jb_ledger_begin(log_of(d)), JB_OK);
        assert_int_equal(jb_audit_trim(log_of(d), first_ms + 1, 2, d->agent.keys.sign_secret),
                         JB_OK);
        assert_int_equal(jb_ledger_commit(log_of(d)), JB_OK);
    }
    assert_int_equal(list(d, (struct jb_audit_filter){.max = 10}, &rows, &more), 2);
    assert_int_equal(rows[0].number, 6);
    assert_true(check(d, &fault).audit_intact);
    assert_int_equal(add(d, "li", 7, 1, 0), JB_OK);
    assert_int_equal(check(d, &fault).audited, 3);
    assert_true(check(d, &fault).audit_intact);
}

static void filters_and_pages(void **state)
{
    struct desk *d = *state;
    struct jb_audit_row *rows = NULL;
    bool more = false;
    int64_t before_ms = d->w->now_ms;

    assert_int_equal(add(d, "li", 7, 2, 0), JB_OK);
    d->w->now_ms += 1000;
    assert_int_equal(add(d, "li", 8, 2, 0), JB_OK);
    assert_int_equal(add(d, "wang", 7, 2, 0), JB_OK);
    assert_int_equal(list(d, (struct jb_audit_filter){.max = 10}, &rows, &more), 6);
    assert_false(more);
    assert_int_equal(list(d, (struct jb_audit_filter){.case_no = 7, .max = 10}, &rows, &more), 4);
    assert_int_equal(
        list(d, (struct jb_audit_filter){.user = jb_text_of("li"), .max = 10}, &rows, &more), 4);
    assert_int_equal(
        list(d, (struct jb_audit_filter){.case_no = 7, .user = jb_text_of("li"), .max = 10}, &rows,
             &more),
        2);
    assert_int_equal(
        list(d, (struct jb_audit_filter){.since_ms = before_ms + 1, .max = 10}, &rows, &more), 4);
    assert_int_equal(list(d, (struct jb_audit_filter){.after = 2, .max = 3}, &rows, &more), 3);
    assert_true(more);
    assert_int_equal(rows[0].number, 3);
    assert_int_equal(rows[0].request, JB__REQUEST__BODY_CASE_FILE);
    assert_int_equal(rows[0].field, JB_AUDIT_PERSONS);
    assert_int_equal(list(d, (struct jb_audit_filter){.after = 5, .max = 1}, &rows, &more), 1);
    assert_false(more);
}

static void it_has_a_limit(void **state)
{
    struct desk *d = *state;

    assert_int_equal(add(d, "li", 7, 3, 4), JB_OK);
    assert_int_equal(add(d, "li", 7, 2, 4), JB_FULL);
    assert_int_equal(add(d, "li", 7, 1, 4), JB_OK);
    assert_int_equal(add(d, "li", 7, 1, 4), JB_FULL);
}

/* ---- as the agent uses it ---- */

static struct jb_agent_request request_of(struct desk *d)
{
    jb_arena_reset(&d->arena);
    return (struct jb_agent_request){.agent = &d->agent,
                                     .client = &d->client,
                                     .arena = &d->arena,
                                     .now_ms = d->w->now_ms,
                                     .roles = JB_STAFF_ALL,
                                     .user = jb_text_of("li")};
}

static int commits; /* of the ledger's connection */

static int on_commit(void *ctx)
{
    (void)ctx;
    commits++;
    return 0;
}

static void two_hundred_cases_are_one_commit(void **state)
{
    struct desk *d = *state;
    struct jb_audit_row *rows = NULL;
    bool more = false;
    struct jb_agent_request r = request_of(d);

    for (int64_t i = 1; i <= 200; i++)
        assert_int_equal(jb_agent_access_note(&r, i, JB_AUDIT_PERSONS), JB_OK);
    commits = 0;
    (void)sqlite3_commit_hook(log_of(d)->db, on_commit, NULL);
    assert_int_equal(jb_agent_access_write(&r), JB_OK);
    (void)sqlite3_commit_hook(log_of(d)->db, NULL, NULL);
    assert_int_equal(commits, 1);
    assert_int_equal(list(d, (struct jb_audit_filter){.max = 1000}, &rows, &more), 200);
    assert_int_equal(rows[199].case_no, 200);
}

static void what_cannot_be_logged_is_refused(void **state)
{
    struct desk *d = *state;
    struct jb_agent_request r = request_of(d);

    d->config.access_rows = 1;
    assert_int_equal(jb_agent_access_note(&r, 1, JB_AUDIT_PERSONS), JB_OK);
    assert_int_equal(jb_agent_access_write(&r), JB_OK);
    assert_int_equal(jb_agent_access_write(&r), JB_FULL);
    assert_non_null(strstr(r.fault.text, "nothing was opened"));
    d->config.access_keep_ms = 1000; /* time passes, the old one may go */
    d->w->now_ms += 2000;
    r = request_of(d);
    assert_int_equal(jb_agent_access_note(&r, 2, JB_AUDIT_PERSONS), JB_OK);
    assert_int_equal(jb_agent_access_write(&r), JB_OK);
}

static void nothing_noted_writes_nothing(void **state)
{
    struct desk *d = *state;
    struct jb_agent_request r = request_of(d);

    commits = 0;
    (void)sqlite3_commit_hook(log_of(d)->db, on_commit, NULL);
    assert_int_equal(jb_agent_access_write(&r), JB_OK);
    (void)sqlite3_commit_hook(log_of(d)->db, NULL, NULL);
    assert_int_equal(commits, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        CASE(rows_are_chained_and_signed),
        CASE(the_table_refuses_changes),
        CASE(every_change_shows),
        CASE(another_key_is_not_enough),
        CASE(old_rows_go_from_the_front),
        CASE(filters_and_pages),
        CASE(it_has_a_limit),
        CASE(two_hundred_cases_are_one_commit),
        CASE(what_cannot_be_logged_is_refused),
        CASE(nothing_noted_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
