/* A case packed into one run of bytes: it comes back whole, and whatever the bytes are, nothing is
 * read beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/casepack.h"
#include "tests/unit/casesame.h"
#include "tests/unit/rounds.h"

/* In memory of just that size, so that a sanitizer sees what is read beside it. */
static struct jb_bytes pack(struct lw *w, const struct jb_case *c, unsigned parts, uint8_t **memory)
{
    struct jb_bytes packed;

    assert_int_equal(jb_case_pack(c, parts, &w->arena, &packed), JB_OK);
    *memory = malloc(packed.len);
    assert_non_null(*memory);
    memcpy(*memory, packed.data, packed.len);
    return (struct jb_bytes){*memory, packed.len};
}

static void comes_back(struct lw *w, const struct jb_case *c, unsigned parts)
{
    uint8_t *memory;
    struct jb_case back = {.case_no = c->case_no};
    unsigned found = ~parts;
    struct jb_bytes packed = pack(w, c, parts, &memory);

    assert_int_equal(jb_case_unpack(packed, &w->arena, &back, &found), JB_OK);
    free(memory); /* everything was copied */
    assert_int_equal(found, parts);
    cs_same(c, &back);
    assert_false(back.participants_dirty || back.marks_dirty);
    for (size_t i = 0; i < back.deadline_count; i++)
        assert_false(back.deadlines[i].dirty);
}

/* ---- what comes back ---- */

static void random_cases_come_back_as_they_were(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < rounds_of(3000, 1); i++) {
        struct jb_case c = cs_random(w, (int64_t)i);
        comes_back(w, &c, (unsigned)lw_random(w, 8));
        jb_arena_reset(&w->arena);
    }
}

static void a_case_with_nothing_in_it_comes_back(void **state)
{
    struct lw *w = *state;
    struct jb_case c = {.case_no = 7};
    struct jb_bytes packed;

    comes_back(w, &c, 0);
    comes_back(w, &c, UINT32_MAX);
    assert_int_equal(jb_case_pack(&c, 0, &w->arena, &packed), JB_OK);
    assert_true(packed.len < 20);
}

/* Of as many different texts as are remembered, and of more. */
static void more_texts_than_are_remembered_come_back(void **state)
{
    struct lw *w = *state;

    for (size_t different = 1; different < 3 * JB_PACK_TEXTS; different++) {
        struct jb_case c = {.case_no = 7, .deadline_count = 2 * different};
        c.deadlines = jb_arena_alloc(&w->arena, c.deadline_count * sizeof *c.deadlines);
        assert_non_null(c.deadlines);
        for (size_t i = 0; i < c.deadline_count; i++) {
            char *text = jb_arena_alloc(&w->arena, 16);
            assert_non_null(text);
            c.deadlines[i] = (struct jb_deadline){.id = (uint32_t)i + 1};
            c.deadlines[i].article.data = text;
            c.deadlines[i].article.len = (size_t)snprintf(text, 16, "article %zu", i % different);
        }
        c.title = c.deadlines[different - 1].article;
        c.query_hash = c.deadlines[0].article;
        comes_back(w, &c, 0);
        jb_arena_reset(&w->arena);
    }
}

/* Wherever the texts of one lie, and whatever is dirty. */
static void equal_cases_give_equal_bytes(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < rounds_of(500, 1); i++) {
        struct jb_case c = cs_random(w, 7);
        struct jb_case copy;
        struct jb_case back = {.case_no = 7};
        struct jb_bytes first, second, third;
        unsigned parts;

        assert_int_equal(jb_case_copy(&c, &w->arena, &copy), JB_OK);
        jb_case_clean(&copy);
        assert_int_equal(jb_case_pack(&c, 5, &w->arena, &first), JB_OK);
        assert_int_equal(jb_case_pack(&copy, 5, &w->arena, &second), JB_OK);
        assert_int_equal(jb_case_unpack(first, &w->arena, &back, &parts), JB_OK);
        assert_int_equal(jb_case_pack(&back, parts, &w->arena, &third), JB_OK);
        assert_true(first.len == second.len && first.len == third.len);
        assert_memory_equal(first.data, second.data, first.len);
        assert_memory_equal(first.data, third.data, first.len);
        jb_arena_reset(&w->arena);
    }
}

/* ---- no field is forgotten ---- */

#define T(text)                                                                                    \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

/* All by position: the compiler asks for a value of a field that is added, and the comparison of
 * all bytes finds it when it does not come back. */
static struct jb_deadline whole_deadline = {
    1,
    "handle",
    2,
    3,
    4,
    JB_UNIT_HOURS,
    5,
    6,
    {7, 8, 9, 10},
    11,
    12,
    JB_END_SUPERSEDED,
    13,
    14,
    15,
    true,
    true,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    T("李强"),
    T("2022-05-01.1"),
    T("2026.1"),
    T("《信访工作条例》第三十四条"),
    false, /* dirty */
};
static struct jb_participant whole_participant = {1, JB_ROLE_REVIEWER, 2, 3};
static struct jb_case whole_case = {
    1,
    JB_STAGE_SIGNED,
    2,
    3,
    4,
    5,
    T("反映供暖不达标"),
    T("城乡建设"),
    T("611002"),
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    true,
    T("副县长"),
    T("00ff"),
    17,
    18,
    19,
    20,
    {{JB_RATING_OPENED, 21, 22}, {JB_RATING_CAST, 23, 24}},
    25,
    26,
    true,
    27,
    28,
    {0, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45},
    &whole_participant,
    1,
    false, /* dirty */
    &whole_deadline,
    1,
    /* what has tables of its own */
    NULL,
    0,
    false,
    NULL,
    0,
    NULL,
    0,
    NULL,
    0,
    46,
};
_Static_assert(JB_FACT_COUNT == 18, "a fact that is added gets a value above");

static void take_text(struct jb_text *back, struct jb_text text)
{
    assert_true(jb_text_equal(*back, text));
    back->data = text.data;
}

static void every_byte_of_every_field_comes_back(void **state)
{
    struct lw *w = *state;
    struct jb_bytes packed;
    unsigned parts;
    struct jb_case *back = jb_arena_alloc(&w->arena, sizeof *back);

    assert_non_null(back);
    back->case_no = 1;
    assert_int_equal(jb_case_pack(&whole_case, 3, &w->arena, &packed), JB_OK);
    assert_int_equal(jb_case_unpack(packed, &w->arena, back, &parts), JB_OK);
    assert_int_equal(parts, 3);
    assert_true(back->deadline_count == 1 && back->participant_count == 1);
    struct jb_deadline *d = back->deadlines;
    take_text(&d->acked_by, whole_deadline.acked_by);
    take_text(&d->policy_version, whole_deadline.policy_version);
    take_text(&d->calendar_version, whole_deadline.calendar_version);
    take_text(&d->article, whole_deadline.article);
    assert_memory_equal(d, &whole_deadline, sizeof whole_deadline);
    assert_memory_equal(back->participants, &whole_participant, sizeof whole_participant);
    take_text(&back->title, whole_case.title);
    take_text(&back->class_code, whole_case.class_code);
    take_text(&back->place_code, whole_case.place_code);
    take_text(&back->lead_official, whole_case.lead_official);
    take_text(&back->query_hash, whole_case.query_hash);
    back->deadlines = &whole_deadline;
    back->participants = &whole_participant;
    assert_memory_equal(back, &whole_case, sizeof whole_case);
}

/* ---- bytes that are not those of a case ---- */

/* OK or CORRUPT, and of a case that cannot be read nothing. The deadlines alone say the same of
 * what comes before them. */
static enum jb_err unpack(struct lw *w, const uint8_t *data, size_t len)
{
    struct jb_case c = {.case_no = 7, .hops = 99};
    unsigned parts = 42;
    struct jb_pack_reading r;
    struct jb_deadline d;
    size_t seen = 0;
    uint8_t *memory = malloc(len > 0 ? len : 1);

    assert_non_null(memory);
    memcpy(memory, data, len);
    jb_case_pack_open(&r, (struct jb_bytes){memory, len});
    while (jb_case_pack_deadline(&r, &d))
        seen++;
    enum jb_err err = jb_case_unpack((struct jb_bytes){memory, len}, &w->arena, &c, &parts);
    free(memory);
    if (err == JB_OK) {
        assert_false(r.wrong);
        assert_int_equal(seen, c.deadline_count);
        assert_int_equal(c.case_no, 7);
    } else {
        assert_int_equal(err, JB_CORRUPT);
        assert_true(parts == 42 && c.hops == 99 && c.deadline_count == 0);
    }
    return err;
}

static void a_packed_case_that_is_cut_or_goes_on_is_refused(void **state)
{
    struct lw *w = *state;
    struct jb_case c = cs_full();
    struct jb_bytes packed;

    assert_int_equal(jb_case_pack(&c, 0, &w->arena, &packed), JB_OK);
    uint8_t *longer = calloc(1, packed.len + 1);
    assert_non_null(longer);
    memcpy(longer, packed.data, packed.len);
    for (size_t len = 0; len < packed.len; len++)
        assert_int_equal(unpack(w, longer, len), JB_CORRUPT);
    assert_int_equal(unpack(w, longer, packed.len), JB_OK);
    assert_int_equal(unpack(w, longer, packed.len + 1), JB_CORRUPT);
    free(longer);
    assert_int_equal(jb_case_unpack((struct jb_bytes){NULL, 0}, &w->arena, &c, &(unsigned){0}),
                     JB_CORRUPT);
}

/* Of long ones some of them. */
static void every_changed_bit_gives_a_case_or_none(void **state)
{
    struct lw *w = *state;
    size_t refused = 0;
    size_t read = 0;

    for (size_t round = 0; round < rounds_of(20, 1); round++) {
        struct jb_case c = round == 0 ? cs_full() : cs_random(w, 7);
        struct jb_arena own;
        struct jb_bytes packed;
        jb_arena_init(&own, (size_t)1 << 20);
        assert_int_equal(jb_case_pack(&c, 0, &own, &packed), JB_OK);
        uint8_t *bytes = jb_arena_memdup(&own, packed.data, packed.len);
        assert_non_null(bytes);
        for (size_t bit = 0; bit < packed.len * 8; bit += 1 + packed.len / 1000) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (unpack(w, bytes, packed.len) == JB_OK)
                read++;
            else
                refused++;
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            jb_arena_reset(&w->arena);
        }
        jb_arena_fini(&own);
    }
    assert_true(refused > 100 && read > 100);
}

static void random_bytes_give_no_harm(void **state)
{
    struct lw *w = *state;
    uint8_t bytes[64];

    for (size_t round = 0; round < rounds_of(50000, 1); round++) {
        size_t len = 1 + lw_random(w, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(lw_random(w, 2) ? lw_random(w, 4) : lw_random(w, 256));
        bytes[0] = 1;
        (void)unpack(w, bytes, len);
        jb_arena_reset(&w->arena);
    }
}

/* Written by hand: some bytes, and so many zeros after them as make them whole. */
#define B(bytes) bytes, sizeof bytes - 1
#define CASE "\x01\0\0" /* no deadline, no participant; its own fields follow */
#define FACTS CASE "\0"
#define RATINGS FACTS "\0"
#define PARTS RATINGS "\0\0"
#define TEXTS PARTS "\0"
#define DEADLINE "\x01\x01"
#define PARTICIPANT "\x01\0\x01"

static const struct handmade {
    const char *name;
    const char *bytes;
    size_t len, zeros;
    enum jb_err err;
} handmade[] = {
    {"nothing in it", B(CASE), 10, JB_OK},
    {"version 0", B("\0\0\0"), 10, JB_CORRUPT},
    {"version 2", B("\x02\0\0"), 10, JB_CORRUPT},
    {"a byte too few", B(CASE), 9, JB_CORRUPT},
    {"a byte too many", B(CASE), 11, JB_CORRUPT},
    {"more deadlines than bytes", B("\x01\x7f"), 11, JB_CORRUPT},
    {"more deadlines than memory", B("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 11,
     JB_CORRUPT},
    {"a number of 65 bits", B("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 11, JB_CORRUPT},
    {"a number of eleven bytes", B("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0"), 11,
     JB_CORRUPT},
    {"more participants than bytes", B("\x01\0\x7f"), 10, JB_CORRUPT},
    {"a deadline", B(DEADLINE "\0"), 16, JB_OK},
    {"a deadline's last field", B(DEADLINE "\x80\x80\x80\x20\x05"), 16, JB_OK},
    {"a deadline's field that is not known", B(DEADLINE "\x80\x80\x80\x40"), 16, JB_CORRUPT},
    {"a key that just fits",
     B(DEADLINE "\0\x01\x17"
                "abcdefghijklmnopqrstuvw"),
     15, JB_OK},
    {"a key too long",
     B(DEADLINE "\0\x01\x18"
                "abcdefghijklmnopqrstuvwx"),
     15, JB_CORRUPT},
    {"a participant", B(PARTICIPANT "\x08\x05"), 10, JB_OK},
    {"a participant's field that is not known", B(PARTICIPANT "\x10"), 10, JB_CORRUPT},
    {"the largest stage", B(CASE "\x01\xff\xff\xff\xff\x07"), 9, JB_OK},
    {"a stage too large", B(CASE "\x01\x80\x80\x80\x80\x08"), 9, JB_CORRUPT},
    {"the largest flags", B(CASE "\x08\xff\xff\xff\xff\x0f"), 9, JB_OK},
    {"flags too large", B(CASE "\x08\x80\x80\x80\x80\x10"), 9, JB_CORRUPT},
    {"yes", B(CASE "\x80\x80\x08\x01"), 9, JB_OK},
    {"more than yes", B(CASE "\x80\x80\x08\x02"), 9, JB_CORRUPT},
    {"the last field", B(CASE "\x80\x80\x80\x20\x05"), 9, JB_OK},
    {"a field that is not known", B(CASE "\x80\x80\x80\x40"), 9, JB_CORRUPT},
    {"the last fact", B(FACTS "\x80\x80\x08\x05"), 8, JB_OK},
    {"a fact that is not known", B(FACTS "\x80\x80\x10"), 8, JB_CORRUPT},
    {"a fact before the first", B(FACTS "\x01"), 8, JB_CORRUPT},
    {"a rating's field", B(RATINGS "\x04\x05"), 7, JB_OK},
    {"a rating's field that is not known", B(RATINGS "\x08"), 7, JB_CORRUPT},
    {"all parts", B(PARTS "\xff\xff\xff\xff\x0f"), 5, JB_OK},
    {"too many parts", B(PARTS "\x80\x80\x80\x80\x10"), 5, JB_CORRUPT},
    {"a text and the same",
     B(TEXTS "\x01\x02"
             "ab\x01"),
     3, JB_OK},
    {"a text that was not there before", B(TEXTS "\x02"), 4, JB_CORRUPT},
    {"a text that was not there before, with bytes",
     B(TEXTS "\x02\x02"
             "ab"),
     4, JB_CORRUPT},
    {"an empty text among the texts", B(TEXTS "\x01\0"), 4, JB_CORRUPT},
    {"a text longer than the rest", B(TEXTS "\x01\x05"), 4, JB_CORRUPT},
    {"a text longer than memory", B(TEXTS "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 4,
     JB_CORRUPT},
};

static void what_does_not_fit_is_corrupt(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < sizeof handmade / sizeof handmade[0]; i++) {
        const struct handmade *h = &handmade[i];
        uint8_t bytes[64] = {0};
        assert_true(h->len + h->zeros <= sizeof bytes);
        memcpy(bytes, h->bytes, h->len);
        enum jb_err err = unpack(w, bytes, h->len + h->zeros);
        if (err != h->err)
            fail_msg("%s: %s", h->name, jb_err_name(err));
    }
}

/* ---- memory ---- */

static void a_full_arena_is_an_error_at_every_point(void **state)
{
    struct lw *w = *state;
    struct jb_case c = cs_full();
    struct jb_bytes packed;
    size_t refused = 0;

    assert_int_equal(jb_case_pack(&c, 0, &w->arena, &packed), JB_OK);
    for (size_t limit = 0; refused == limit / 16; limit += 16) {
        struct jb_case back = {.case_no = 7};
        struct jb_arena small;
        unsigned parts;
        jb_arena_init(&small, limit);
        enum jb_err err = jb_case_unpack(packed, &small, &back, &parts);
        assert_true(err == JB_OK || err == JB_NOMEM);
        refused += err == JB_NOMEM;
        jb_arena_fini(&small);
    }
    assert_true(refused > 10);
    struct jb_arena none;
    jb_arena_init(&none, 8);
    assert_int_equal(jb_case_pack(&c, 0, &none, &packed), JB_NOMEM);
    jb_arena_fini(&none);
}

int main(void)
{
#define U(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        U(random_cases_come_back_as_they_were),
        U(a_case_with_nothing_in_it_comes_back),
        U(more_texts_than_are_remembered_come_back),
        U(equal_cases_give_equal_bytes),
        U(every_byte_of_every_field_comes_back),
        U(a_packed_case_that_is_cut_or_goes_on_is_refused),
        U(every_changed_bit_gives_a_case_or_none),
        U(random_bytes_give_no_harm),
        U(what_does_not_fit_is_corrupt),
        U(a_full_arena_is_an_error_at_every_point),
    };
#undef U

    return cmocka_run_group_tests_name("casepack", tests, NULL, NULL);
}
