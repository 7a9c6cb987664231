/* Listings of more than one page against a stand-in that gives out two rows at a time: they come
 * whole, as a table and as one JSON document, or as many rows as were asked for. */
#include "tests/unit/cliworld.h"

#include <stdio.h>

#define ROWS 5
#define PAGE 2

static bool stuck; /* the stand-in answers the same page for ever */
static bool odd;   /* it answers one case where the second page of a listing is asked for */

/* The first and the last row of the page after `after`; true: there are more behind it. */
static bool page(uint64_t after, uint32_t limit, uint64_t *first, uint64_t *last)
{
    uint64_t most = limit != 0 && limit < PAGE ? limit : PAGE;
    *first = stuck ? 1 : after + 1;
    *last = *first + most - 1 < ROWS ? *first + most - 1 : ROWS;
    return *last < ROWS;
}

static void send_pending(struct fake_peer *peer, const Jb__Request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__PendingList list = JB__PENDING_LIST__INIT;
    Jb__PendingView views[PAGE] = {JB__PENDING_VIEW__INIT, JB__PENDING_VIEW__INIT};
    Jb__PendingView *items[PAGE];
    uint64_t number, last;
    bool more = page(r->pending->after, r->pending->limit, &number, &last);
    for (; number <= last; number++) {
        Jb__PendingView *v = items[list.n_items] = &views[list.n_items];
        list.n_items++;
        PUT(v, number, number);
        v->kind = cli_mutable("note");
        v->state = cli_mutable("lacking");
        v->reason = cli_mutable(r->pending->former ? "former" : "outbox");
    }
    if (more)
        PUT(&list, more, true);
    list.items = items;
    reply.body_case = JB__REPLY__BODY_PENDING;
    reply.pending = &list;
    cli_reply(peer, r->id, &reply);
}

static void send_receipts(struct fake_peer *peer, const Jb__Request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__ReceiptList list = JB__RECEIPT_LIST__INIT;
    Jb__EntryReceiptsView views[PAGE] = {JB__ENTRY_RECEIPTS_VIEW__INIT,
                                         JB__ENTRY_RECEIPTS_VIEW__INIT};
    Jb__EntryReceiptsView *entries[PAGE];
    Jb__ReceiptView sent = JB__RECEIPT_VIEW__INIT;
    uint64_t number, last;
    bool more = page(r->receipts->after_number, r->receipts->limit, &number, &last);
    PUT(&sent, state, JB__PROOF__PROOF_BROKEN);
    for (; number <= last; number++) {
        Jb__EntryReceiptsView *v = entries[list.n_entries] = &views[list.n_entries];
        list.n_entries++;
        PUT(v, number, number);
        PUT(v, seq, number);
        v->kind = cli_mutable("note");
        v->sent = number == ROWS ? &sent : NULL; /* seen by who reads to the end */
    }
    PUT(&list, more, more);
    list.entries = entries;
    reply.body_case = JB__REPLY__BODY_RECEIPTS;
    reply.receipts = &list;
    cli_reply(peer, r->id, &reply);
}

static void send_cases(struct fake_peer *peer, const Jb__Request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseList list = JB__CASE_LIST__INIT;
    Jb__CaseView views[PAGE] = {JB__CASE_VIEW__INIT, JB__CASE_VIEW__INIT};
    Jb__CaseView *cases[PAGE];
    uint64_t number, last;
    bool more = page((uint64_t)r->cases->after_case_no, r->cases->limit, &number, &last);
    for (; number <= last; number++) {
        Jb__CaseView *v = cases[list.n_cases] = &views[list.n_cases];
        list.n_cases++;
        PUT(v, case_no, (int64_t)number);
        v->number = cli_mutable(NUMBER);
    }
    PUT(&list, more, more);
    PUT(&list, total, ROWS);
    if (odd && r->cases->after_case_no != 0) {
        reply.body_case = JB__REPLY__BODY_CASE_FILE;
        reply.case_file = &views[0];
        cli_reply(peer, r->id, &reply);
        return;
    }
    list.cases = cases;
    reply.body_case = JB__REPLY__BODY_CASES;
    reply.cases = &list;
    cli_reply(peer, r->id, &reply);
}

static void answer(struct fake_peer *peer, const Jb__Request *r, void *data)
{
    if (r->body_case == JB__REQUEST__BODY_PENDING)
        send_pending(peer, r);
    else if (r->body_case == JB__REQUEST__BODY_RECEIPTS)
        send_receipts(peer, r);
    else if (r->body_case == JB__REQUEST__BODY_CASES)
        send_cases(peer, r);
    else
        world_answer(peer, r, data);
}

static int set_up(void **state)
{
    stuck = odd = false;
    return cli_world_set_up(state, answer);
}

static unsigned times(const char *part)
{
    unsigned n = 0;
    for (const char *at = cli_output; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

/* Rows 1 to `rows`, each once, in order, in one document. */
static void is_one_document(const char *list, unsigned rows)
{
    const char *at = cli_output;
    assert_int_equal(times(list), 1);
    assert_int_equal(times("\"number\""), rows);
    for (unsigned i = 1; i <= rows; i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "\"number\": \"%u\"", i);
        at = strstr(at, row);
        assert_non_null(at);
    }
}

static void test_pending(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "pending", "--all", "--json"), 0);
    is_one_document("\"items\"", ROWS);
    assert_int_equal(times("\"former\""), ROWS);
    assert_int_equal(times("\"more\": true"), 0);
    assert_int_equal(RUN(w, "pending", "--json"), 0);
    is_one_document("\"items\"", ROWS);
    assert_int_equal(times("\"outbox\""), ROWS);
    assert_int_equal(RUN(w, "pending", "--all"), 0);
    assert_int_equal(times("former"), ROWS);
    assert_null(strstr(cli_output, "还有更多"));
}

static void test_receipts(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "receipts", NUMBER, "--json"), 9); /* the last one does not hold */
    is_one_document("\"entries\"", ROWS);
    assert_int_equal(RUN(w, "receipts", NUMBER, "--lang=en"), 9);
    assert_int_equal(times("  broker  "), 1);
    cli_says(cli_output, "ATTENTION: 1");
    assert_int_equal(RUN(w, "receipts", NUMBER, "--json", "--number", "3"), 9);
    assert_int_equal(times("\"number\""), ROWS - 3);
}

/* --limit is kept to the row, over as many pages as it takes. */
static void test_limit(void **state)
{
    static const struct {
        const char *limit;
        unsigned rows;
    } rows[] = {{"1", 1}, {"2", 2}, {"3", 3}, {"4", 4}, {"5", 5}, {"5000", ROWS}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned more = rows[i].rows < ROWS ? 1 : 0;
        assert_int_equal(RUN(w, "pending", "--all", "--json", "--limit", rows[i].limit), 0);
        is_one_document("\"items\"", rows[i].rows);
        assert_int_equal(times("\"more\": true"), more);
        assert_int_equal(RUN(w, "list", "--json", "--limit", rows[i].limit), 0);
        assert_int_equal(times(NUMBER), rows[i].rows);
        assert_int_equal(times("\"more\": true"), more);
        assert_int_equal(times("\"total\": \"5\""), 1);
        assert_int_equal(RUN(w, "list", "--limit", rows[i].limit), 0);
        assert_int_equal(times(NUMBER), rows[i].rows);
        assert_int_equal(times("还有更多"), more);
    }
}

static void test_stuck(void **state)
{
    struct world *w = *state;
    stuck = true;
    assert_int_equal(RUN(w, "pending", "--all", "--json"), 0);
    assert_int_equal(times("\"number\""), 2 * PAGE);
    cli_says(cli_output, "\"more\": true");
}

static void test_odd(void **state)
{
    struct world *w = *state;
    odd = true;
    assert_int_equal(RUN(w, "list", "--json"), 0);
    assert_int_equal(times(NUMBER), PAGE);
    cli_says(cli_output, "\"more\": true");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_pending), TEST(test_receipts), TEST(test_limit),
                                       TEST(test_stuck), TEST(test_odd)};
    return cmocka_run_group_tests(tests, cli_world_catalogues, NULL);
}
