/* What an agent keeps of submissions that were accepted in a history which the record did not:
 * which go into the new replica, which the new record has, and what people see of them page by
 * page. */
#include "tests/unit/formerdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- what is carried over ---- */

static void what_was_accepted_goes_into_the_new_replica(void **state)
{
    struct desk *d = *state;
    uint8_t key[JB_KEY_BYTES] = {7};
    uint8_t got[JB_KEY_BYTES] = {0};
    int64_t case_no = fd_former_history(d);
    assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
    assert_int_equal(jb_ledger_case_key_put(d->agent.ledger, case_no, key), JB_OK);
    assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
    fd_lose(d, 0, "b2.db", "n2.db");
    const Jb__PendingList *list = fd_page(d, 0, 10, false);
    assert_int_equal(list->n_items, 2); /* not the refused one, not others', not the purge */
    assert_false(list->more);
    assert_string_equal(list->items[0]->kind, "register");
    assert_string_equal(list->items[1]->kind, "note");
    assert_string_equal(list->items[1]->user, "li");
    assert_int_equal(list->items[1]->case_no, case_no);
    assert_true(list->items[1]->accepted_at_ms > list->items[1]->made_at_ms);
    assert_int_equal(jb_ledger_case_key_get(d->agent.ledger, case_no, got), JB_OK);
    assert_memory_equal(got, key, sizeof key);
}

static void what_the_record_kept_is_not_carried(void **state)
{
    struct desk *d = *state;
    (void)fd_former_history(d);
    uint64_t all = jb_replica_down(d->agent.ledger).number;
    fd_lose(d, 2, "b2.db", "n2.db"); /* the two registrations */
    const Jb__PendingList *list = fd_page(d, 0, 10, false);
    assert_int_equal(list->n_items, 1);
    assert_string_equal(list->items[0]->kind, "note");
    fd_lose(d, all, "b3.db", "n3.db"); /* listed earlier: that goes on */
    assert_int_equal(fd_page(d, 0, 10, false)->n_items, 1);
}

static void where_nothing_was_accepted_there_is_no_list(void **state)
{
    struct desk *d = *state;
    fd_lose(d, 0, "b2.db", "n2.db");
    assert_null(d->agent.former);
    jb_agent_former_synced(&d->agent);
    assert_int_equal(fd_page(d, 0, 10, true)->n_items, 0);
    assert_int_equal(jb_agent_former_lacking(&d->agent), 0);
    assert_int_equal(fd_resubmit(d, 1), JB_NOT_FOUND);
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_NOT_FOUND);
    assert_non_null(strstr(d->r.fault.text, "jiaoban pending"));
}

/* What had become of them in a history that is gone as well counts no more, but for what a person
 * struck off; and none is listed twice, in whatever history it was accepted. */
static void lost_a_second_time_each_is_listed_once(void **state)
{
    struct desk *d = *state;
    int64_t case_no = fd_lost(d);
    jb_agent_former_synced(&d->agent);
    assert_int_equal(fd_dismiss(d, 2, "已当面催过"), JB_OK);
    assert_int_equal(fd_resubmit(d, 1), JB_OK);
    fd_settle(d, 1);
    fd_submit_note(d, case_no, "再催");
    fd_settle(d, 2);
    STATES(d, "held", "dismissed");
    fd_lose(d, 0, "b3.db", "n3.db");
    STATES(d, "comparing", "dismissed", "comparing");
    const Jb__PendingView *first = fd_page(d, 0, 1, true)->items[0];
    assert_int_equal(first->again, 0);
    jb_agent_former_synced(&d->agent);
    assert_int_equal(jb_agent_former_lacking(&d->agent), 2);
}

/* ---- until it is known whether the record has them ---- */

static void before_they_were_compared_nothing_can_be_done(void **state)
{
    struct desk *d = *state;
    (void)fd_lost(d);
    STATES(d, "comparing", "comparing");
    assert_int_equal(jb_agent_former_lacking(&d->agent), 0);
    assert_int_equal(fd_resubmit(d, 1), JB_BUSY);
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_BUSY);
    assert_non_null(strstr(d->r.fault.text, "in sync"));
    d->agent.strain.why = JB_FULL;
    jb_agent_former_synced(&d->agent); /* cannot be put down */
    d->agent.strain.why = JB_OK;
    STATES(d, "comparing", "comparing");
    jb_agent_former_synced(&d->agent);
    STATES(d, "lacking", "lacking");
    assert_int_equal(jb_agent_former_lacking(&d->agent), 2);
}

/* By its bytes, and as an entry of this node. */
static void what_the_new_record_has_is_held(void **state)
{
    struct desk *d = *state;
    int64_t case_no = fd_former_history(d);
    fd_submit_note(d, case_no, "第二次");
    struct jb_bytes body = fd_outbox_body(d, 5);
    fd_settle(d, 5);
    fd_lose(d, 0, "b2.db", "n2.db");
    fd_log_body(d, body, 20, 0); /* another's */
    desk_deliver(d);
    STATES(d, "comparing", "comparing", "comparing");
    fd_log_body(d, body, DESK_NODE, 0);
    desk_deliver(d);
    STATES(d, "comparing", "comparing", "held");
    jb_agent_former_synced(&d->agent);
    assert_int_equal(fd_page(d, 0, 10, false)->n_items, 2);
    assert_int_equal(fd_resubmit(d, 3), JB_EXISTS);
    assert_int_equal(fd_dismiss(d, 3, "x"), JB_EXISTS);
}

/* Nothing of it is kept: it was not seen, either. */
static void a_delivery_that_is_refused_holds_nothing(void **state)
{
    struct desk *d = *state;
    int64_t case_no = fd_former_history(d);
    fd_submit_note(d, case_no, "第二次");
    struct jb_bytes body = fd_outbox_body(d, 5);
    fd_settle(d, 5);
    fd_lose(d, 0, "b2.db", "n2.db");
    fd_log_body(d, body, DESK_NODE, 0);
    struct jb_bytes frame = desk_frame(d);
    struct jb_node_keys right = d->broker_keys;
    memcpy(d->broker_keys.sign_secret, d->agent.keys.sign_secret, sizeof right.sign_secret);
    struct jb_bytes forged = desk_frame(d);
    d->broker_keys = right;
    jb_agent_gather(&d->agent, forged);
    jb_agent_apply(&d->agent);
    assert_string_equal(fd_state_of(d, 3), "comparing");
    jb_agent_gather(&d->agent, frame);
    jb_agent_apply(&d->agent);
    STATES(d, "comparing", "comparing", "held");
}

/* ---- long lists ---- */

/* Page after page, each of at most `limit`: all of them, each once, in their order. */
static size_t pages(struct desk *d, uint32_t limit, size_t most, size_t count)
{
    uint64_t last = 0;
    size_t n = 0;
    bool more = true;
    for (; more; n++) {
        const Jb__PendingList *list = fd_page(d, last, limit, false);
        assert_true(list->n_items > 0 && list->n_items <= most);
        for (size_t i = 0; i < list->n_items; i++)
            assert_int_equal(list->items[i]->number, ++last);
        more = list->more;
        assert_int_equal(more, last < count);
    }
    assert_int_equal(last, count);
    return n;
}

static void a_long_list_comes_in_pages(void **state)
{
    struct desk *d = *state;
    fd_fill(d, JB_AGENT_ROWS_MAX + 5, 4, 0);
    assert_int_equal(pages(d, 0, JB_AGENT_ROWS_DEFAULT, JB_AGENT_ROWS_MAX + 5), 11);
    assert_int_equal(pages(d, 67, 67, JB_AGENT_ROWS_MAX + 5), 15); /* the last page is full */
    assert_int_equal(pages(d, UINT32_MAX, JB_AGENT_ROWS_MAX, JB_AGENT_ROWS_MAX + 5), 2);
    assert_int_equal(fd_page(d, UINT64_MAX, 10, false)->n_items, 0);
    assert_int_equal(jb_agent_former_lacking(&d->agent), JB_AGENT_ROWS_MAX + 5);
}

static void a_page_ends_where_it_would_take_too_much(void **state)
{
    struct desk *d = *state;
    fd_fill(d, 80, JB_LIMIT_TEXT, 0);
    size_t n = pages(d, 1000, 79, 80);
    assert_true(n > 1);
}

/* Who keeps out of a case finds nothing of it here, and can do nothing about it. */
static void who_is_recused_finds_nothing(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映王五家的违建");
    struct jb_effect recused = {.kind = JB_EFFECT_MARKED,
                                .mark = JB_MARK_RECUSED,
                                .node = DESK_NODE,
                                .text = jb_text_of("wang"),
                                .open = true};
    struct jb_entry e = desk_entry(d, JB_ACT_NOTE, case_no);
    e.node = 20;
    desk_log(d, &e, &recused, 1);
    desk_deliver(d);
    fd_fill(d, 3, 4, case_no);
    assert_int_equal(fd_page(d, 0, 10, false)->n_items, 3);
    assert_int_equal(fd_ask_page(d, "wang", 0, 2, false), JB_OK);
    assert_int_equal(d->reply.pending->n_items, 0);
    assert_false(d->reply.pending->more);
    assert_int_equal(fd_resubmit(d, 1), JB_NOT_FOUND);
    assert_int_equal(fd_dismiss(d, 1, "x"), JB_NOT_FOUND);
}

/* ---- what fails ---- */

static void damaged_rows_stop_the_start(void **state)
{
    struct desk *d = *state;
    static const struct {
        const char *key;
        struct jb_bytes value;
    } rows[] = {
        {"former.00000002", {(const uint8_t *)"\xff", 1}},
        {"former", {(const uint8_t *)"\0\0\0\0\0\0\0\7\1", 9}}, /* more than there are */
        {"former", {(const uint8_t *)"\1", 1}},
    };
    (void)fd_lost(d);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
        assert_int_equal(jb_ledger_meta_set(d->agent.ledger, rows[i].key, rows[i].value), JB_OK);
        assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
        assert_int_equal(jb_agent_former_load(&d->agent), JB_CORRUPT);
        assert_null(d->agent.former);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fd_setup, fd_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_accepted_goes_into_the_new_replica),
        CASE(what_the_record_kept_is_not_carried),
        CASE(where_nothing_was_accepted_there_is_no_list),
        CASE(lost_a_second_time_each_is_listed_once),
        CASE(before_they_were_compared_nothing_can_be_done),
        CASE(what_the_new_record_has_is_held),
        CASE(a_delivery_that_is_refused_holds_nothing),
        CASE(a_long_list_comes_in_pages),
        CASE(a_page_ends_where_it_would_take_too_much),
        CASE(who_is_recused_finds_nothing),
        CASE(damaged_rows_stop_the_start),
    };
    return cmocka_run_group_tests_name("agent_former", tests, NULL, NULL);
}
