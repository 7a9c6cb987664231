/* Lists by light of a replica that keeps the lights, and pieces of numbers, are what a plain look
 * at every case gives: through random histories, turns in slices, clocks that are set back,
 * restarts, rebuilds, rollbacks, older files, cases that are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/querycases.h"
#include "proto/rules/proposal.h"
#include "tests/unit/ledger_world.h"
#include "tests/unit/rounds.h"

#define NODE 12
#define DAY INT64_C(86400000)
#define PAGE 7
#define MOST 1000

struct pair { /* a broker and its replica */
    struct lw *w;
    struct jb_ledger *broker, *replica;
    size_t seen[JB_LIGHT_DONE + 1], usable, turned, calling;
};

static struct pair pair_open(struct lw *w)
{
    struct pair k = {.w = w, .broker = lw_open(w, "b.db", JB_LEDGER_BROKER)};
    k.replica = lw_replica(w, "r.db", k.broker, NODE);
    return k;
}

static void pair_close(struct pair *k)
{
    lw_close(&k->replica);
    lw_close(&k->broker);
}

static void goes_on(struct pair *k, size_t entries)
{
    struct lw *w = k->w;

    jb_arena_reset(&w->arena);
    assert_int_equal(jb_ledger_begin(k->broker), JB_OK);
    for (size_t i = 0; i < entries; i++) {
        struct jb_entry entry = lw_random_entry(w, k->broker);
        (void)lw_log_to(w, k->broker, &entry, (struct jb_stream_add){.node = NODE});
        w->now_ms += (int64_t)lw_random(w, DAY / 8);
    }
    assert_int_equal(jb_ledger_commit(k->broker), JB_OK);
    lw_deliver(w, k->broker, k->replica);
}

static void leaves(struct pair *k, int64_t case_no, bool back)
{
    struct jb_item left = {
        .kind = JB_ITEM_LEFT, .left_reason = {"recused", 7}, .left_case_no = case_no};
    struct jb_stream_add to = {
        .node = NODE, .at_ms = k->w->now_ms, .case_no = case_no, .other = &left};

    assert_int_equal(jb_ledger_begin(k->broker), JB_OK);
    assert_int_equal(jb_stream_append(k->broker, &to, NULL), JB_OK);
    if (back)
        assert_int_equal(jb_stream_backfill(k->broker, NODE, case_no,
                                            jb_log_last_seq(k->broker) + 1, k->w->now_ms),
                         JB_OK);
    assert_int_equal(jb_ledger_commit(k->broker), JB_OK);
    lw_deliver(k->w, k->broker, k->replica);
}

static void again(struct pair *k)
{
    lw_close(&k->replica);
    k->replica = lw_open(k->w, "r.db", JB_LEDGER_REPLICA);
}

/* All pages of a list, one behind the other. */
static size_t pages_of(struct pair *k, struct jb_case_filter f, int64_t now_ms, int64_t *numbers)
{
    size_t count = 0;
    bool more = true;

    f.limit = PAGE;
    while (more) {
        struct jb_case *cases = NULL;
        size_t found = 0;
        assert_int_equal(
            jb_query_cases(k->replica, &f, now_ms, &k->w->arena, &cases, &found, &more), JB_OK);
        for (size_t i = 0; i < found; i++)
            numbers[count++] = f.after_case_no = cases[i].case_no;
        assert_true(found == PAGE || !more);
    }
    return count;
}

static bool fits(const struct jb_case *c, const struct jb_case_filter *f, int64_t now_ms)
{
    char number[32];

    snprintf(number, sizeof number, "%lld", (long long)c->case_no);
    bool part = f->text.len == 0 ||
                memmem(c->title.data, c->title.len, f->text.data, f->text.len) ||
                strstr(number, f->text.data) != NULL;
    return part && (f->light == 0 || jb_case_light(c, now_ms) == f->light) &&
           (f->host == 0 || c->host == f->host) && (f->stage == 0 || c->stage == f->stage) &&
           c->registered_ms >= f->registered_from_ms &&
           (f->place_code.len == 0 || jb_text_equal(c->place_code, f->place_code));
}

static void list_is(struct pair *k, const struct jb_case *all, size_t all_count,
                    const struct jb_case_filter *f, int64_t now_ms)
{
    static int64_t numbers[MOST];
    size_t count = pages_of(k, *f, now_ms, numbers);
    size_t at = 0;

    for (size_t i = 0; i < all_count; i++) {
        if (!fits(&all[i], f, now_ms))
            continue;
        assert_true(at < count);
        assert_int_equal(numbers[at], all[i].case_no);
        at++;
    }
    assert_int_equal(at, count);
}

/* All about which there may be proposals, and each of them newest first. */
static void calling_is_enough(struct pair *k, const struct jb_case *all, size_t all_count,
                              int64_t now_ms)
{
    int64_t numbers[MOST];
    size_t count = 0;
    size_t at = 0;

    assert_int_equal(jb_query_calling(k->replica, 0, now_ms, MOST, numbers, &count), JB_OK);
    for (size_t i = 0; i < all_count; i++) {
        bool open = !jb_stage_is_final(all[i].stage) && all[i].stage != JB_STAGE_FILE;
        bool calls =
            jb_case_light(&all[i], now_ms) == JB_LIGHT_RED || jb_proposals_may_come(&all[i]);
        bool listed = at < count && numbers[at] == all[i].case_no;
        assert_true(listed || !open || !calls);
        assert_true(open || !listed);
        at += listed;
        k->calling += calls && open;
    }
    assert_int_equal(at, count);
}

static void compare(struct pair *k, int64_t now_ms)
{
    static const char *const texts[] = {NULL, "1", "20", "20261", "0001", "00010000"};
    struct jb_case_filter f = {.limit = MOST};
    struct jb_case *all = NULL;
    size_t count = 0;
    bool more = false;

    jb_arena_reset(&k->w->arena);
    assert_int_equal(jb_query_cases(k->replica, &f, now_ms, &k->w->arena, &all, &count, &more),
                     JB_OK);
    assert_false(more);
    k->usable += jb_lights_usable(k->replica, now_ms);
    for (size_t i = 0; i < count; i++)
        k->seen[jb_case_light(&all[i], now_ms)]++;
    for (int light = 0; light <= JB_LIGHT_DONE; light++) {
        struct jb_case_filter lit = {.light = (enum jb_light)light};
        list_is(k, all, count, &lit, now_ms);
        lit.host = 13;
        list_is(k, all, count, &lit, now_ms);
        lit.stage = JB_STAGE_SENT;
        list_is(k, all, count, &lit, now_ms);
        lit = (struct jb_case_filter){.light = (enum jb_light)light,
                                      .registered_from_ms = k->w->now_ms - DAY};
        list_is(k, all, count, &lit, now_ms);
        for (size_t i = 1; i < sizeof texts / sizeof texts[0]; i++) {
            lit = (struct jb_case_filter){.light = (enum jb_light)light,
                                          .text = jb_text_of(texts[i])};
            list_is(k, all, count, &lit, now_ms);
        }
    }
    calling_is_enough(k, all, count, now_ms);
}

/* Some slices, perhaps not all of them. */
static void turns(struct pair *k, int64_t now_ms, size_t slices, size_t max)
{
    bool done = false;

    for (size_t i = 0; i < slices && !done; i++) {
        assert_int_equal(jb_ledger_lights_turn(k->replica, now_ms, max, &done), JB_OK);
        k->turned += !done;
    }
}

static void a_walk_lists_what_a_plain_look_gives(void **state)
{
    struct pair k = pair_open(*state);

    for (size_t turn = 0; turn < rounds_of(90, 30); turn++) {
        int64_t at_ms = k.w->now_ms + (int64_t)lw_random(k.w, (uint64_t)(30 * DAY)) - 5 * DAY;
        goes_on(&k, 1 + lw_random(k.w, 6));
        if (turn % 7 == 3)
            leaves(&k, lw_case_no((int64_t)lw_random(k.w, (uint64_t)k.w->cases)), true);
        if (turn % 11 == 5)
            again(&k);
        if (turn % 37 == 20)
            assert_int_equal(jb_ledger_rebuild(k.replica, &k.w->fault), JB_OK);
        if (turn % 5 == 1) /* to and fro: then they are made anew */
            turns(&k, at_ms, lw_random(k.w, 6), 1 + lw_random(k.w, 9));
        if (turn % 5 == 4)
            turns(&k, at_ms, 1000, 512);
        if (turn % 2 == 0)
            compare(&k, turn % 4 == 0 ? at_ms
                                      : k.replica->heads.lights.to_ms +
                                            (int64_t)lw_random(k.w, (uint64_t)(6 * DAY)));
    }
    for (int light = JB_LIGHT_GREEN; light <= JB_LIGHT_DONE; light++)
        assert_true(k.seen[light] > rounds_of(20, 1)); /* else the test would show nothing */
    assert_true(k.usable > rounds_of(15, 1) && k.turned > rounds_of(20, 1) &&
                k.calling > rounds_of(50, 1));
    pair_close(&k);
}

/* Cases that are left have no row behind; a rollback brings back what was there. */
static void rows_go_with_their_cases(void **state)
{
    struct pair k = pair_open(*state);
    int64_t rows = 0;

    goes_on(&k, 80);
    turns(&k, k.w->now_ms + 3 * DAY, 1000, 512);
    assert_int_equal(jb_ledger_begin(k.replica), JB_OK);
    for (int64_t i = 0; i < k.w->cases; i++)
        assert_int_equal(jb_ledger_case_purge(k.replica, lw_case_no(i)), JB_OK);
    jb_ledger_rollback(k.replica);
    compare(&k, k.w->now_ms + 3 * DAY);
    for (int64_t i = 0; i < k.w->cases; i++)
        leaves(&k, lw_case_no(i), false);
    assert_int_equal(jb_db_number(k.replica, "SELECT count(*) FROM case_light", &rows), JB_OK);
    assert_int_equal(rows, 0);
    pair_close(&k);
}

/* A file of software that kept none is filled by and by, and lists are right all the while. */
static void an_older_file_is_filled_in_slices(void **state)
{
    struct pair k = pair_open(*state);
    bool done = false;
    size_t slices = 0;

    goes_on(&k, 400);
    lw_close(&k.replica);
    lw_sql(k.w, "r.db", "DELETE FROM meta WHERE key = '.lights'; DELETE FROM case_light;");
    k.replica = lw_open(k.w, "r.db", JB_LEDGER_REPLICA);
    int64_t now_ms = k.w->now_ms + 12 * DAY;
    assert_false(jb_lights_usable(k.replica, now_ms));
    for (; !done; slices++) {
        compare(&k, now_ms);
        if (slices % 3 == 1)
            goes_on(&k, 2);
        if (slices % 4 == 2)
            again(&k);
        assert_int_equal(jb_ledger_lights_turn(k.replica, now_ms, 2, &done), JB_OK);
    }
    assert_true(slices > 5);
    assert_true(jb_lights_usable(k.replica, now_ms));
    compare(&k, now_ms);
    pair_close(&k);
}

/* Nothing has turned: nothing is written. */
static void a_look_in_vain_writes_nothing(void **state)
{
    struct pair k = pair_open(*state);
    bool done = false;

    goes_on(&k, 40);
    turns(&k, k.w->now_ms, 1000, 512);
    struct jb_lights before = k.replica->heads.lights;
    int64_t changes = sqlite3_total_changes64(k.replica->db);
    assert_int_equal(jb_ledger_lights_turn(k.replica, k.w->now_ms, 512, &done), JB_OK);
    assert_true(done);
    assert_int_equal(sqlite3_total_changes64(k.replica->db), changes);
    assert_memory_equal(&before, &k.replica->heads.lights, sizeof before);
    assert_int_equal(jb_ledger_lights_turn(k.replica, k.w->now_ms + 1, 512, &done), JB_OK);
    assert_int_equal(sqlite3_total_changes64(k.replica->db), changes);
    goes_on(&k, 1); /* what comes writes it too */
    again(&k);
    assert_int_equal(k.replica->heads.lights.to_ms, before.to_ms + 1);
    pair_close(&k);
}

/* ---- pieces of numbers ---- */

static int64_t plainly_below(int64_t below, const char *piece)
{
    char text[32];

    for (int64_t n = below - 1; n > 0; n--) {
        snprintf(text, sizeof text, "%lld", (long long)n);
        if (strstr(text, piece) != NULL)
            return n;
    }
    return -1;
}

static void the_next_number_with_a_piece_is_computed(void **state)
{
    static const char *const pieces[] = {"0", "7", "9", "00", "01", "10", "99", "77", "123", "090"};

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (int64_t below = 0; below < (int64_t)rounds_of(3000, 1); below++)
            assert_int_equal(jb_cases_number_below(below, jb_text_of(pieces[i])),
                             plainly_below(below, pieces[i]));
    assert_int_equal(jb_cases_number_below(INT64_MAX, jb_text_of("9223372036854775807")), -1);
    assert_int_equal(jb_cases_number_below(INT64_MAX, jb_text_of("9223372036854775806")),
                     INT64_MAX - 1);
    assert_int_equal(jb_cases_number_below(INT64_MAX, jb_text_of("99999999999999999999")), -1);
    assert_int_equal(jb_cases_number_below(INT64_C(2026112300007000429), jb_text_of("0000700042")),
                     INT64_C(2026112300007000428));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_walk_lists_what_a_plain_look_gives, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(rows_go_with_their_cases, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(an_older_file_is_filled_in_slices, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(a_look_in_vain_writes_nothing, lw_setup, lw_teardown),
        cmocka_unit_test(the_next_number_with_a_piece_is_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
