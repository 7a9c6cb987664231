/* Cases looked for by a piece of their title or number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"
#include "tests/unit/rounds.h"

struct page {
    struct jb_case *cases;
    size_t count;
    bool more;
};

static struct page cases_of(struct lw *w, struct jb_ledger *l, struct jb_case_filter f,
                            int64_t now_ms)
{
    struct page p = {NULL, 0, false};

    if (f.limit == 0)
        f.limit = 1000;
    assert_int_equal(jb_query_cases(l, &f, now_ms, &w->arena, &p.cases, &p.count, &p.more), JB_OK);
    return p;
}

static void texts_are_found_by_part_and_patterns_mean_themselves(void **state)
{
    static const char *const titles[] = {"反映供暖不达标", "100%没有退款", "A_B 小区", "AXB 小区",
                                         "back\\slash"};
    static const struct {
        const char *text;
        size_t count;
        int64_t index; /* of the newest one found */
    } rows[] = {
        {"供暖", 1, 0},
        {"%", 1, 1},
        {"0%没", 1, 1},
        {"_", 1, 2},
        {"A_B", 1, 2},
        {"小区", 2, 3},
        {"\\", 1, 4},
        {"没有这个", 0, 0},
        {"'", 0, 0},
        {"2026112300007", 5, 4},
        {"20261123-00007-00000-3", 1, 2},
        {"00007-00000-5", 1, 4},
    };
    struct lw *w = *state;
    struct jb_ledger *broker = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(broker), JB_OK);
    for (int64_t i = 0; i < 5; i++) {
        struct jb_entry e = lw_register(w, broker, INT64_C(2026112300007000001) + i, titles[i]);
        (void)lw_log_to(w, broker, &e, (struct jb_stream_add){.node = LW_OFFICE});
    }
    assert_int_equal(jb_ledger_commit(broker), JB_OK);
    struct jb_ledger *l = lw_replica(w, "r.db", broker, LW_OFFICE);
    lw_deliver(w, broker, l);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page p =
            cases_of(w, l, (struct jb_case_filter){.text = jb_text_of(rows[i].text)}, w->now_ms);
        if (p.count != rows[i].count)
            fail_msg("'%s': %zu cases", rows[i].text, p.count);
        if (p.count > 0)
            assert_int_equal(p.cases[0].case_no, INT64_C(2026112300007000001) + rows[i].index);
    }
    char *endless = jb_arena_alloc(&w->arena, 2000);
    struct jb_case_filter f = {.limit = 1, .text = {memset(endless, 'x', 2000), 2000}};
    struct page p;
    assert_int_equal(jb_query_cases(l, &f, 0, &w->arena, &p.cases, &p.count, &p.more),
                     JB_TOO_LARGE);
    lw_close(&l);
    lw_close(&broker);
}

/* A whole case number is that case, however it is written; its check digit must be right. */
static void a_whole_number_is_one_case(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *broker = lw_open(w, "a.db", JB_LEDGER_BROKER);
    int64_t case_no = 0;
    char text[JB_CASENO_TEXT];
    char bare[32];

    assert_int_equal(jb_caseno_make(jb_date_of_instant(LW_START_MS), LW_OFFICE, 42, &case_no),
                     JB_OK);
    assert_int_equal(jb_ledger_begin(broker), JB_OK);
    struct jb_entry e = lw_register(w, broker, case_no, "供暖");
    (void)lw_log_to(w, broker, &e, (struct jb_stream_add){.node = LW_OFFICE});
    e = lw_register(w, broker, lw_case_no(3), "噪声");
    (void)lw_log_to(w, broker, &e, (struct jb_stream_add){.node = LW_OFFICE});
    assert_int_equal(jb_ledger_commit(broker), JB_OK);
    struct jb_ledger *l = lw_replica(w, "r.db", broker, LW_OFFICE);
    lw_deliver(w, broker, l);
    jb_caseno_format(case_no, text);
    (void)snprintf(bare, sizeof bare, "%lld", (long long)case_no);
    const char *const texts[] = {text, bare};
    for (size_t i = 0; i < 2; i++) {
        struct page p =
            cases_of(w, l, (struct jb_case_filter){.text = jb_text_of(texts[i])}, w->now_ms);
        assert_int_equal(p.count, 1);
        assert_int_equal(p.cases[0].case_no, case_no);
    }
    lw_close(&l);
    lw_close(&broker);
}

/* ---- the index of a replica ---- */

#define MANY 160

static const char *const signs[] = {"供", "暖", "水", "A", "a", "b", "7", "号", "😀"};

static char *random_text(struct lw *w, size_t signs_max)
{
    size_t count = 1 + lw_random(w, signs_max);
    char *text = jb_arena_alloc(&w->arena, count * 4 + 1);

    assert_non_null(text);
    char *end = text;
    while (count-- > 0) {
        const char *sign = signs[lw_random(w, sizeof signs / sizeof signs[0])];
        size_t bytes = strlen(sign);
        memcpy(end, sign, bytes);
        end += bytes;
    }
    *end = '\0';
    return text;
}

static char titles_of_many[MANY][64];

static struct jb_ledger *many_titles(struct lw *w, struct jb_ledger **replica)
{
    struct jb_ledger *broker = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(broker), JB_OK);
    for (int64_t i = 0; i < MANY; i++) {
        char *title = titles_of_many[i];
        (void)snprintf(title, sizeof titles_of_many[i], "%s", random_text(w, 12));
        struct jb_entry e = lw_register(w, broker, lw_case_no(i), title);
        (void)lw_log_to(w, broker, &e, (struct jb_stream_add){.node = LW_OFFICE});
    }
    assert_int_equal(jb_ledger_commit(broker), JB_OK);
    *replica = lw_replica(w, "r.db", broker, LW_OFFICE);
    lw_deliver(w, broker, *replica);
    return broker;
}

/* Reading every title, and every number for digits: large and small letters are the same. */
static bool has_text(int64_t index, const char *text)
{
    char number[32];

    (void)snprintf(number, sizeof number, "%lld", (long long)lw_case_no(index));
    return strcasestr(titles_of_many[index], text) != NULL || strstr(number, text) != NULL;
}

/* The newest one below `below` that has it; -1: none. */
static int64_t next_with(int64_t below, const char *text)
{
    int64_t index = below - 1;

    while (index >= 0 && !has_text(index, text))
        index--;
    return index;
}

/* The replica must find what reading all titles finds, in the same order, page by page. */
static void compare(struct lw *w, struct jb_ledger *replica)
{
    for (size_t i = 0; i < rounds_of(100, 1); i++) {
        jb_arena_reset(&w->arena);
        const char *text = random_text(w, 4);
        struct jb_case_filter f = {.text = jb_text_of(text), .limit = 7};
        struct page got = {.more = true};
        int64_t want = next_with(MANY, text);
        f.open_only = i % 5 == 0; /* all are */
        while (got.more) {
            got = cases_of(w, replica, f, w->now_ms);
            for (size_t k = 0; k < got.count; k++, want = next_with(want, text))
                if (want < 0 || got.cases[k].case_no != lw_case_no(want))
                    fail_msg("'%s': %lld, not %lld", text, (long long)got.cases[k].case_no,
                             (long long)lw_case_no(want));
            assert_true(got.count == f.limit || !got.more);
            if (got.count > 0)
                f.after_case_no = got.cases[got.count - 1].case_no;
        }
        assert_int_equal(want, -1);
    }
}

static int64_t rows_of(struct jb_ledger *l, const char *sql)
{
    int64_t count = -1;

    assert_int_equal(jb_db_number(l, sql, &count), JB_OK);
    return count;
}

static void pairs_find_what_reading_all_titles_finds(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *replica = NULL;
    struct jb_ledger *broker = many_titles(w, &replica);

    assert_true(rows_of(replica, "SELECT count(*) FROM case_gram") > MANY);
    compare(w, replica);
    /* made anew it is the same */
    int64_t rows = rows_of(replica, "SELECT count(*) FROM case_gram");
    assert_int_equal(jb_ledger_rebuild(replica, &w->fault), JB_OK);
    assert_int_equal(rows_of(replica, "SELECT count(*) FROM case_gram"), rows);
    compare(w, replica);
    lw_close(&replica);
    lw_close(&broker);
}

/* A file from before there was an index, also when it is closed in the middle. */
static void an_older_replica_gets_its_index_by_and_by(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *replica = NULL;
    struct jb_ledger *broker = many_titles(w, &replica);
    int64_t rows = rows_of(replica, "SELECT count(*) FROM case_gram");
    bool done = false;
    int steps = 0;

    lw_close(&replica);
    lw_sql(w, "r.db",
           "DELETE FROM case_gram; INSERT INTO case_gram VALUES (-1, 9223372036854775807)");
    replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    for (; !done; steps++) {
        compare(w, replica);
        assert_int_equal(jb_ledger_titles_index(replica, MANY / 3, &done), JB_OK);
        if (steps == 1) {
            lw_close(&replica);
            replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);
        }
    }
    assert_int_equal(steps, 4);
    assert_int_equal(rows_of(replica, "SELECT count(*) FROM case_gram"), rows);
    compare(w, replica);
    lw_close(&replica);
    lw_close(&broker);
}

static void a_case_that_was_left_leaves_no_pair(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *replica = NULL;
    struct jb_ledger *broker = many_titles(w, &replica);
    const char *left = "SELECT count(*) FROM case_gram WHERE case_no = (SELECT min(case_no) + 50"
                       " FROM case_file)";

    assert_true(rows_of(replica, left) > 0);
    assert_int_equal(jb_ledger_begin(replica), JB_OK);
    assert_int_equal(jb_ledger_case_purge(replica, lw_case_no(5)), JB_OK);
    assert_int_equal(jb_ledger_commit(replica), JB_OK);
    assert_int_equal(rows_of(replica, left), 0);
    lw_close(&replica);
    lw_close(&broker);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(texts_are_found_by_part_and_patterns_mean_themselves),
        T(a_whole_number_is_one_case),
        T(pairs_find_what_reading_all_titles_finds),
        T(an_older_replica_gets_its_index_by_and_by),
        T(a_case_that_was_left_leaves_no_pair),
    };
#undef T

    return cmocka_run_group_tests_name("query_text", tests, NULL, NULL);
}
