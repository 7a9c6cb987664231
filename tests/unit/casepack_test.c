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
static struct jb_bytes pack(struct lw *w, const struct jb_case *c, uint8_t **memory)
{
    struct jb_bytes packed;

    assert_int_equal(jb_case_pack(c, &w->arena, &packed), JB_OK);
    *memory = malloc(packed.len);
    assert_non_null(*memory);
    memcpy(*memory, packed.data, packed.len);
    return (struct jb_bytes){*memory, packed.len};
}

static void comes_back(struct lw *w, struct jb_case *c)
{
    uint8_t *memory;
    struct jb_case back = {.case_no = c->case_no};
    struct jb_bytes packed = pack(w, c, &memory);

    assert_int_equal(jb_case_unpack(packed, &w->arena, &back), JB_OK);
    free(memory); /* everything was copied */
    cs_sort(c);
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
        comes_back(w, &c);
        jb_arena_reset(&w->arena);
    }
}

static void a_case_with_nothing_in_it_comes_back(void **state)
{
    struct lw *w = *state;
    struct jb_case c = {.case_no = 7};
    struct jb_bytes packed;

    comes_back(w, &c);
    assert_int_equal(jb_case_pack(&c, &w->arena, &packed), JB_OK);
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
        comes_back(w, &c);
        jb_arena_reset(&w->arena);
    }
}

static void turn_round(void *list, size_t count, size_t bytes)
{
    char *at = list;
    char one[sizeof(struct jb_target) + sizeof(struct jb_participant)];

    assert_true(bytes <= sizeof one);
    for (size_t i = 0; i < count / 2; i++) {
        char *other = at + (count - 1 - i) * bytes;
        memcpy(one, at + i * bytes, bytes);
        memcpy(at + i * bytes, other, bytes);
        memcpy(other, one, bytes);
    }
}

/* Wherever the texts of one lie, whatever is dirty, in whatever order the nodes stand. */
static void equal_cases_give_equal_bytes(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < rounds_of(500, 1); i++) {
        struct jb_case c = cs_random(w, 7);
        struct jb_case copy;
        struct jb_case back = {.case_no = 7};
        struct jb_bytes first, second, third;

        assert_int_equal(jb_case_copy(&c, &w->arena, &copy), JB_OK);
        jb_case_clean(&copy);
        turn_round(copy.participants, copy.participant_count, sizeof *copy.participants);
        turn_round(copy.targets, copy.target_count, sizeof *copy.targets);
        assert_int_equal(jb_case_pack(&c, &w->arena, &first), JB_OK);
        assert_int_equal(jb_case_pack(&copy, &w->arena, &second), JB_OK);
        assert_int_equal(jb_case_unpack(first, &w->arena, &back), JB_OK);
        assert_int_equal(jb_case_pack(&back, &w->arena, &third), JB_OK);
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
/* clang-format off */
static struct jb_deadline whole_deadline = {
    1, "handle", 2, 3, 4, JB_UNIT_HOURS, 5, 6, {7, 8, 9, 10}, 11, 12, JB_END_SUPERSEDED, 13, 14,
    15, true, true, 16, 17, 18, 19, 20, 21, 22, 23,
    T("李强"), T("2022-05-01.1"), T("2026.1"), T("《信访工作条例》第三十四条"), false};
static struct jb_participant whole_participant = {1, JB_ROLE_REVIEWER, 2, 3};
static struct jb_mark whole_mark = {JB_MARK_RECUSED, 1, 2, 3, T("赵敏"), 4};
static struct jb_directive whole_directive = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, JB_DIRECTIVE_ENDED, 10, 11, 12,
    T("书记"), T("县长"), T("王芳"), false};
static struct jb_target whole_target = {1, 2, JB_TARGET_OBJECTED, 3, 4, 5, 6, 7, false};
static struct jb_docket whole_docket = {1, T("督7"), 2, 3, 4, 5, 6, 7, 8, false};
static struct jb_case whole_case = {
    1, JB_STAGE_SIGNED, 2, 3, 4, 5, T("反映供暖不达标"), T("城乡建设"), T("611002"),
    6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, true, T("副县长"), T("00ff"), 17, 18, 19, 20,
    {{JB_RATING_OPENED, 21, 22}, {JB_RATING_CAST, 23, 24}}, 25, 26, true, 27, 28,
    {0, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45},
    &whole_participant, 1, false, &whole_deadline, 1, &whole_mark, 1, false,
    &whole_directive, 1, &whole_target, 1, &whole_docket, 1, 46};
/* clang-format on */
_Static_assert(JB_FACT_COUNT == 18, "a fact that is added gets a value above");

static void take_text(struct jb_text *back, struct jb_text text)
{
    assert_true(jb_text_equal(*back, text));
    back->data = text.data;
}

#define SAME(list, whole)                                                                          \
    assert_int_equal(back->list##_count, 1);                                                       \
    assert_memory_equal(back->list##s, &(whole), sizeof(whole));                                   \
    back->list##s = &(whole)

static void every_byte_of_every_field_comes_back(void **state)
{
    struct lw *w = *state;
    struct jb_bytes packed;
    struct jb_case *back = jb_arena_alloc(&w->arena, sizeof *back);

    assert_non_null(back);
    back->case_no = 1;
    assert_int_equal(jb_case_pack(&whole_case, &w->arena, &packed), JB_OK);
    assert_int_equal(jb_case_unpack(packed, &w->arena, back), JB_OK);
    take_text(&back->deadlines->acked_by, whole_deadline.acked_by);
    take_text(&back->deadlines->policy_version, whole_deadline.policy_version);
    take_text(&back->deadlines->calendar_version, whole_deadline.calendar_version);
    take_text(&back->deadlines->article, whole_deadline.article);
    take_text(&back->marks->text, whole_mark.text);
    take_text(&back->directives->official, whole_directive.official);
    take_text(&back->directives->countersigned_by, whole_directive.countersigned_by);
    take_text(&back->directives->issued_by, whole_directive.issued_by);
    take_text(&back->dockets->docket_no, whole_docket.docket_no);
    take_text(&back->title, whole_case.title);
    take_text(&back->class_code, whole_case.class_code);
    take_text(&back->place_code, whole_case.place_code);
    take_text(&back->lead_official, whole_case.lead_official);
    take_text(&back->query_hash, whole_case.query_hash);
    SAME(deadline, whole_deadline);
    SAME(participant, whole_participant);
    SAME(mark, whole_mark);
    SAME(directive, whole_directive);
    SAME(target, whole_target);
    SAME(docket, whole_docket);
    assert_memory_equal(back, &whole_case, sizeof whole_case);
}

/* ---- bytes that are not those of a case ---- */

/* OK or CORRUPT, and of a case that cannot be read nothing. The deadlines alone say the same of
 * what comes before them. */
static enum jb_err unpack(struct lw *w, const uint8_t *data, size_t len)
{
    struct jb_case c = {.case_no = 7, .hops = 99};
    struct jb_deadline d;
    size_t seen = 0;
    uint8_t *memory = malloc(len > 0 ? len : 1);

    assert_non_null(memory);
    memcpy(memory, data, len);
    struct jb_case_reading r = jb_case_reading_of((struct jb_bytes){memory, len});
    while (jb_case_next_deadline(&r, &d))
        seen++;
    enum jb_err err = jb_case_unpack((struct jb_bytes){memory, len}, &w->arena, &c);
    free(memory);
    if (err == JB_OK) {
        assert_false(r.from.wrong);
        assert_int_equal(seen, c.deadline_count);
        assert_int_equal(c.case_no, 7);
    } else {
        assert_int_equal(err, JB_CORRUPT);
        assert_true(c.hops == 99 && c.deadline_count == 0);
    }
    return err;
}

static void a_packed_case_that_is_cut_or_goes_on_is_refused(void **state)
{
    struct lw *w = *state;
    struct jb_case c = cs_full();
    struct jb_bytes packed;

    assert_int_equal(jb_case_pack(&c, &w->arena, &packed), JB_OK);
    uint8_t *longer = calloc(1, packed.len + 1);
    assert_non_null(longer);
    memcpy(longer, packed.data, packed.len);
    for (size_t len = 0; len < packed.len; len++)
        assert_int_equal(unpack(w, longer, len), JB_CORRUPT);
    assert_int_equal(unpack(w, longer, packed.len), JB_OK);
    assert_int_equal(unpack(w, longer, packed.len + 1), JB_CORRUPT);
    free(longer);
    assert_int_equal(jb_case_unpack((struct jb_bytes){NULL, 0}, &w->arena, &c), JB_CORRUPT);
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
        assert_int_equal(jb_case_pack(&c, &own, &packed), JB_OK);
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
#define CASE                                                                                       \
    "\x01\0\0\0\0\0\0" /* no deadline, nothing in the other lists; its own fields follow           \
                        */
#define TEXTS CASE "\0"
#define DEADLINE "\x01\x01"        /* its key follows */
#define FIELDS DEADLINE "\0"       /* its fields */
#define PARTICIPANT "\x01\0\x01"   /* its fields */
#define MARK "\x01\0\0\x01"        /* its fields */
#define DIRECTIVE "\x01\0\0\0\x01" /* its fields */
#define TARGET "\x01\0\0\0\0\x01"
#define DOCKET "\x01\0\0\0\0\0\x01"

static const struct handmade {
    const char *name;
    const char *bytes;
    size_t len, zeros;
    enum jb_err err;
} handmade[] = {
    {"nothing in it", B(CASE), 6, JB_OK},
    {"version 0", B("\0\0\0\0\0\0\0"), 6, JB_CORRUPT},
    {"version 2", B("\x02\0\0\0\0\0\0"), 6, JB_CORRUPT},
    {"a byte too few", B(CASE), 5, JB_CORRUPT},
    {"a byte too many", B(CASE), 7, JB_CORRUPT},
    {"more deadlines than bytes", B("\x01\x7f"), 11, JB_CORRUPT},
    {"more deadlines than memory", B("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 11,
     JB_CORRUPT},
    {"the largest number", B(CASE "\x80\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 5, JB_OK},
    {"a number of 65 bits", B(CASE "\x80\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 5,
     JB_CORRUPT},
    {"a number of eleven bytes", B("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0"), 11,
     JB_CORRUPT},
    {"more participants than bytes", B("\x01\0\x7f"), 10, JB_CORRUPT},
    {"more receivers than bytes", B("\x01\0\0\0\0\x7f"), 10, JB_CORRUPT},
    {"a deadline", B(FIELDS "\0"), 15, JB_OK},
    {"a deadline's last field", B(FIELDS "\x80\x80\x80\x20\x05"), 15, JB_OK},
    {"a deadline's field that is not known", B(FIELDS "\x80\x80\x80\x40"), 15, JB_CORRUPT},
    {"a key that just fits",
     B(DEADLINE "\x01\x17"
                "abcdefghijklmnopqrstuvw"),
     16, JB_OK},
    {"a key too long",
     B(DEADLINE "\x01\x18"
                "abcdefghijklmnopqrstuvwx"),
     16, JB_CORRUPT},
    {"a participant", B(PARTICIPANT "\x08\x05"), 10, JB_OK},
    {"a participant's field that is not known", B(PARTICIPANT "\x10"), 10, JB_CORRUPT},
    {"a mark", B(MARK "\x10\x05"), 10, JB_OK},
    {"a mark's field that is not known", B(MARK "\x20"), 10, JB_CORRUPT},
    {"a directive", B(DIRECTIVE "\x80\x20\x05"), 11, JB_OK},
    {"a directive's field that is not known", B(DIRECTIVE "\x80\x40"), 11, JB_CORRUPT},
    {"a receiver", B(TARGET "\x80\x01\x05"), 7, JB_OK},
    {"a receiver's field that is not known", B(TARGET "\x80\x02"), 7, JB_CORRUPT},
    {"a docket", B(DOCKET "\x80\x01\x05"), 7, JB_OK},
    {"a docket's field that is not known", B(DOCKET "\x80\x02"), 7, JB_CORRUPT},
    {"the largest stage", B(CASE "\x01\xff\xff\xff\xff\x07"), 5, JB_OK},
    {"a stage too large", B(CASE "\x01\x80\x80\x80\x80\x08"), 5, JB_CORRUPT},
    {"the largest flags", B(CASE "\x08\xff\xff\xff\xff\x0f"), 5, JB_OK},
    {"flags too large", B(CASE "\x08\x80\x80\x80\x80\x10"), 5, JB_CORRUPT},
    {"yes", B(CASE "\x80\x80\x08\x01"), 5, JB_OK},
    {"more than yes", B(CASE "\x80\x80\x08\x02"), 5, JB_CORRUPT},
    {"the last field", B(CASE "\x80\x80\x80\x80\x80\x80\x80\x01\x05"), 5, JB_OK},
    {"a field that is not known", B(CASE "\x80\x80\x80\x80\x80\x80\x80\x02"), 5, JB_CORRUPT},
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

    assert_int_equal(jb_case_pack(&c, &w->arena, &packed), JB_OK);
    for (size_t limit = 0; refused == limit / 16; limit += 16) {
        struct jb_case back = {.case_no = 7};
        struct jb_arena small;
        jb_arena_init(&small, limit);
        enum jb_err err = jb_case_unpack(packed, &small, &back);
        assert_true(err == JB_OK || err == JB_NOMEM);
        refused += err == JB_NOMEM;
        jb_arena_fini(&small);
    }
    assert_true(refused > 10);
    struct jb_arena none;
    jb_arena_init(&none, 8);
    assert_int_equal(jb_case_pack(&c, &none, &packed), JB_NOMEM);
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
