/* Hostile bytes: everything is refused by name, nothing costs more than its limit, and what passes
 * is within all limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/base/utf8.h"
#include "proto/schema/act.pb-c.h"
#include "proto/schema/local.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/pack.h"
#include "tests/unit/wire_gen.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NOTE JB_ACT_NOTE

static struct jb_arena arena;
static struct jb_fault fault;

static int setup(void **state)
{
    (void)state;
    jb_arena_init(&arena, 1024 * 1024);
    fault.text[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

/* ---- one bad act each --------------------------------------------------------------------------
 */

struct bad {
    const char *bytes;
    size_t len;
    enum jb_err err;
    const char *fault;
};

#define BAD(bytes, err, fault)                                                                     \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, err, fault                                                       \
    }
/* 0xc2 0x01: Note (24). 0x5a: Assign (11). */
static const struct bad bad_acts[] = {
    BAD("", JB_UNKNOWN_KIND, "body: of no kind that this version knows"),
    BAD("\x08\x05", JB_UNKNOWN_KIND, "body: of no kind that this version knows"),
    BAD("\xca\x3e\x00", JB_UNKNOWN_KIND, "body: of no kind that this version knows"),
    BAD("\x08", JB_MALFORMED, "case_no: number is truncated or too long"),
    BAD("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", JB_MALFORMED,
        "case_no: number is truncated or too long"),
    BAD("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", JB_MALFORMED,
        "case_no: number is truncated or too long"),
    BAD("\x0d\x01\x02\x03\x04", JB_MALFORMED, "case_no: wire type 5, expected 0"),
    BAD("\x10\x80\x80\x80\x80\x10", JB_MALFORMED, "custody: number does not fit into 32 bits"),
    BAD("\x10\x01\x10\x01", JB_MALFORMED, "custody: given more than once"),
    BAD("\xc2", JB_MALFORMED, "Act: ends in the middle of a field"),
    BAD("\xff\xff\xff\xff\xff\x01", JB_MALFORMED, "Act: ends in the middle of a field"),
    BAD("\xf8\xff\xff\xff\x1f\x01", JB_MALFORMED, "Act: not a field tag: 8589934584"),
    BAD("\x00\x01", JB_MALFORMED, "Act: not a field tag: 0"),
    BAD("\x0b", JB_MALFORMED, "Act: not a field tag: 11"),
    BAD("\x0c", JB_MALFORMED, "Act: not a field tag: 12"),
    BAD("\x0e", JB_MALFORMED, "Act: not a field tag: 14"),
    BAD("\xc2\x01", JB_MALFORMED, "note: longer than the message that holds it"),
    BAD("\xc2\x01\x01", JB_MALFORMED, "note: longer than the message that holds it"),
    BAD("\xc2\x01\xff\xff\xff\xff\x0f", JB_MALFORMED,
        "note: longer than the message that holds it"),
    BAD("\xc2\x01\x80\x80\x80\x80\x80\x00", JB_MALFORMED,
        "note: longer than the message that holds it"),
    BAD("\xc2\x01\x03\x0a\x02z", JB_MALFORMED, "note.text: longer than the message that holds it"),
    BAD("\xc2\x01\x05\x0a\x03\x61\x00z", JB_NUL_IN_TEXT,
        "note.text: text contains a NUL character at byte 1"),
    BAD("\xc2\x01\x03\x0a\x01\x00", JB_NUL_IN_TEXT,
        "note.text: text contains a NUL character at byte 0"),
    BAD("\xc2\x01\x07\x0a\x05\xe6\x9f\xa5\xc0\x80", JB_BAD_UTF8,
        "note.text: text is not valid UTF-8 at byte 3"),
    BAD("\xc2\x01\x05\x0a\x03\x61\xe6\x9f", JB_BAD_UTF8,
        "note.text: text is not valid UTF-8 at byte 1"),
    BAD("\xc2\x01\x05\x0a\x03\xed\xa0\x80", JB_BAD_UTF8,
        "note.text: text is not valid UTF-8 at byte 0"),
    BAD("\xc2\x01\x02\x08\x01", JB_MALFORMED, "note.text: wire type 0, expected 2"),
    BAD("\xc2\x01\x06\x0a\x01q\x0a\x01r", JB_MALFORMED, "note.text: given more than once"),
    BAD("\xc2\x01\x00\xc2\x01\x00", JB_MALFORMED, "note: given more than once"),
    BAD("\xc2\x01\x00\x5a\x00", JB_MALFORMED, "assign: given beside note, only one is allowed"),
    BAD("\x5a\x06\x10\x80\x80\x80\x80\x10", JB_MALFORMED,
        "assign.co_handlers[0]: number does not fit into 32 bits"),
    BAD("\x5a\x04\x12\x02\x01\xff", JB_MALFORMED,
        "assign.co_handlers[1]: number is truncated or too long"),
    BAD("\x5a\x03\x12\x02\x01", JB_MALFORMED,
        "assign.co_handlers: longer than the message that holds it"),
    BAD("\x5a\x06\x18\x80\x80\x80\x80\x08", JB_MALFORMED,
        "assign.authority: number does not fit into 32 bits"),
    BAD("\x92\x05\x06\x32\x04\x08\x01\x08\x02", JB_MALFORMED,
        "stored.items[0].case_no: given more than once"),
    BAD("\xc2\x01\x03\x7d\x01\x02", JB_MALFORMED, "note: unknown field 15 is truncated"),
    BAD("\xc2\x01\x02\x7a\x01", JB_MALFORMED, "note: unknown field 15 is truncated"),
    BAD("\xc2\x01\x01\x79", JB_MALFORMED, "note: unknown field 15 is truncated"),
    BAD("\xc2\x01\x02\x78\xff", JB_MALFORMED, "note: unknown field 15 is truncated"),
};
#undef BAD

static void each_bad_act_has_its_own_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_acts); i++) {
        const struct bad *bad = &bad_acts[i];
        struct jb_act act = {.kind = JB_ACT_LINK, .days = 12345};
        uint8_t *copy = malloc(bad->len > 0 ? bad->len : 1); /* so that ASan sees any overrun */
        enum jb_err err;

        assert_non_null(copy);
        memcpy(copy, bad->bytes, bad->len);
        err = jb_act_decode((struct jb_bytes){copy, bad->len}, &arena, &act, &fault);
        free(copy);
        assert_string_equal(fault.text, bad->fault);
        assert_int_equal(err, bad->err);
        assert_int_equal(act.kind, JB_ACT_LINK); /* untouched */
        assert_int_equal(act.days, 12345);
    }
}

static void unknown_fields_are_ignored(void **state)
{
    struct gen_raw note = {.len = 0};
    struct gen_raw raw = {.len = 0};
    struct jb_act act;

    (void)state;
    gen_number(&note, 900, UINT64_MAX);
    gen_run(&note, 1, "x", 1);
    gen_run(&note, 15, "\0\xff", 2); /* not a text as far as we know */
    gen_varint(&note, 16 << 3 | 5);
    note.len += 4;
    gen_varint(&note, 16 << 3 | 1);
    note.len += 8;
    gen_nest(&raw, NOTE, &note);
    gen_number(&raw, 200, 7);
    assert_int_equal(jb_act_decode(gen_bytes(&raw), &arena, &act, &fault), JB_OK);
    assert_int_equal(act.kind, JB_ACT_NOTE);
    assert_true(jb_text_equal(act.text, jb_text_of("x")));
}

static void an_absent_enum_is_not_its_first_value(void **state)
{
    struct gen_raw raw = {.len = 0};
    struct jb_act act;

    (void)state;
    gen_run(&raw, JB_ACT_REGISTER, "", 0);
    assert_int_equal(jb_act_decode(gen_bytes(&raw), &arena, &act, &fault), JB_OK);
    assert_int_equal(act.matter, 0);
    assert_int_equal(act.channel, 0);
}

static void negative_enums_survive_and_packed_lists_too(void **state)
{
    struct gen_raw assign = {.len = 0};
    struct gen_raw raw = {.len = 0};
    struct jb_act act;

    (void)state;
    gen_number(&assign, 2, 4);
    gen_run(&assign, 2, "\x05\x86\x01", 3); /* both forms in one list */
    gen_number(&assign, 3, (uint64_t)(int64_t)-3);
    gen_nest(&raw, JB_ACT_ASSIGN, &assign);
    assert_int_equal(jb_act_decode(gen_bytes(&raw), &arena, &act, &fault), JB_OK);
    assert_int_equal(act.authority, -3);
    assert_int_equal(act.co_handlers.count, 3);
    assert_int_equal(act.co_handlers.at[0], 4);
    assert_int_equal(act.co_handlers.at[1], 5);
    assert_int_equal(act.co_handlers.at[2], 134);
}

/* ---- amplification -----------------------------------------------------------------------------
 */

static uint8_t *repeat(const char *unit, size_t unit_len, size_t total)
{
    uint8_t *bytes = malloc(total);

    assert_non_null(bytes);
    for (size_t i = 0; i + unit_len <= total; i += unit_len)
        memcpy(bytes + i, unit, unit_len);
    return bytes;
}

/* One mebibyte of two-byte fields would cost protobuf-c fifty times as much. */
static void a_flood_of_small_fields_costs_nothing(void **state)
{
    const size_t total = 1024 * 1024;
    static const struct {
        const char *unit;
        enum jb_err err;
    } floods[] = {
        {"\x38\x01", JB_OVERFLOW}, /* unknown number */
        {"\x3a\x00", JB_OVERFLOW}, /* unknown run */
    };
    struct jb_act act;

    (void)state;
    for (size_t i = 0; i < COUNT(floods); i++) {
        uint8_t *bytes = repeat(floods[i].unit, 2, total);
        struct jb_bytes flood = {bytes, total};

        assert_int_equal(jb_act_decode(flood, &arena, &act, &fault), floods[i].err);
        free(bytes);
        assert_string_equal(fault.text, "Act: more than 64 unknown fields");
        assert_int_equal(arena.used_bytes, 0);
    }
}

static enum jb_err decode_list(const char *unit, size_t times, uint32_t kind)
{
    size_t len = 2 * times;
    uint8_t *bytes = repeat(unit, 2, len);
    struct gen_raw head = {.len = 0};
    uint8_t *whole;
    struct jb_act act;
    enum jb_err err;

    gen_varint(&head, (uint64_t)kind << 3 | 2);
    gen_varint(&head, len);
    whole = malloc(head.len + len);
    assert_non_null(whole);
    memcpy(whole, head.data, head.len);
    memcpy(whole + head.len, bytes, len);
    err = jb_act_decode((struct jb_bytes){whole, head.len + len}, &arena, &act, &fault);
    free(bytes);
    free(whole);
    return err;
}

static void lists_end_at_their_limit(void **state)
{
    (void)state;
    assert_int_equal(decode_list("\x10\x01", JB_LIMIT_LIST, JB_ACT_ASSIGN), JB_OK);
    assert_int_equal(decode_list("\x10\x01", JB_LIMIT_LIST + 1, JB_ACT_ASSIGN), JB_OVERFLOW);
    assert_string_equal(fault.text, "assign.co_handlers[256]: more than 256 items");
    assert_int_equal(decode_list("\x32\x00", JB_LIMIT_LIST, JB_ACT_STORED), JB_OK);
    jb_arena_reset(&arena);
    assert_int_equal(decode_list("\x32\x00", 500000, JB_ACT_STORED), JB_OVERFLOW);
    assert_string_equal(fault.text, "stored.items[256]: more than 256 items");
    assert_int_equal(arena.used_bytes, 0);
}

static void a_list_of_lists_stays_within_the_arena(void **state)
{
    static uint8_t bytes[2 * 65536];
    struct jb_arena small;
    ProtobufCMessage *out;
    static const struct jb_bounds wide = {SIZE_MAX, SIZE_MAX, 65536};
    enum jb_err err;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i += 2)
        bytes[i] = 0x0a; /* CaseList.cases, empty: 2 bytes here, hundreds in memory */
    jb_arena_init(&small, 1024 * 1024);
    err = jb_unpack(&jb__case_list__descriptor, &wide, (struct jb_bytes){bytes, sizeof bytes},
                    &small, &out, &fault);
    assert_int_equal(err, JB_NOMEM);
    assert_true(small.used_bytes <= small.limit_bytes);
    jb_arena_fini(&small);
}

static void texts_and_blobs_end_at_their_limit(void **state)
{
    char *text = malloc(JB_LIMIT_TEXT + 1);
    struct jb_act act = {.kind = JB_ACT_NOTE, .text = {text, JB_LIMIT_TEXT}};
    struct jb_arena large;
    struct jb_bytes bytes;
    struct jb_act back;

    (void)state;
    assert_non_null(text);
    memset(text, 'w', JB_LIMIT_TEXT + 1);
    jb_arena_init(&large, 8 * 1024 * 1024);
    assert_int_equal(jb_act_encode(&act, &large, &bytes), JB_OK);
    assert_int_equal(jb_act_decode(bytes, &large, &back, &fault), JB_OK);
    assert_int_equal(back.text.len, JB_LIMIT_TEXT);
    act.text.len++;
    assert_int_equal(jb_act_encode(&act, &large, &bytes), JB_OK);
    assert_int_equal(jb_act_decode(bytes, &large, &back, &fault), JB_TOO_LARGE);
    assert_string_equal(fault.text, "note.text: text of 262145 bytes, allowed 262144");
    bytes.len = 3 * 1024 * 1024; /* not looked at */
    assert_int_equal(jb_act_decode(bytes, &large, &back, &fault), JB_TOO_LARGE);
    jb_arena_fini(&large);
    free(text);
}

/* ---- random damage -----------------------------------------------------------------------------
 */

static struct jb_bytes filled_act(uint32_t number, struct jb_act *act)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&jb__act__descriptor, number);
    struct jb_bytes bytes;

    *act = (struct jb_act){.kind = (enum jb_act_kind)number, .case_no = 77, .custody = 3};
    gen_fill(&gen_act, field->descriptor, act);
    assert_int_equal(jb_act_encode(act, &arena, &bytes), JB_OK);
    return bytes;
}

static const uint32_t act_numbers[] = {
#define X(name, field, number) number,
    JB_ACT_KINDS(X)
#undef X
};

/* In a block of exactly this size, so that ASan sees any overrun. */
static enum jb_err decode_exactly(struct jb_bytes bytes, struct jb_act *act)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    enum jb_err err;

    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    err = jb_act_decode((struct jb_bytes){copy, bytes.len}, &arena, act, &fault);
    free(copy); /* also proves that the act does not point into it */
    return err;
}

static void no_truncated_act_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(act_numbers); i++) {
        struct jb_act act;
        struct jb_bytes bytes = filled_act(act_numbers[i], &act);

        for (size_t len = 0; len < bytes.len; len++) {
            enum jb_err err = decode_exactly((struct jb_bytes){bytes.data, len}, &act);

            assert_true(err == JB_MALFORMED || err == JB_UNKNOWN_KIND);
        }
        jb_arena_reset(&arena);
    }
}

static void check_texts(const struct jb_act *act)
{
    for (size_t r = 0; r < gen_act.count; r++) {
        const struct jb_text *text =
            (const struct jb_text *)((const uint8_t *)act + gen_act.rows[r].offset);

        if (gen_act.rows[r].kind != 't')
            continue;
        assert_true(text->len <= JB_LIMIT_TEXT);
        assert_int_equal(jb_text_check(text->data, text->len), JB_OK);
    }
}

static void damaged_acts_are_refused_or_sound(void **state)
{
    uint32_t seed = 20261123;
    size_t passed = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct jb_act act;
        struct jb_act again;
        struct jb_bytes bytes =
            filled_act(act_numbers[gen_random(&seed) % COUNT(act_numbers)], &act);
        uint8_t *damaged = jb_arena_memdup(&arena, bytes.data, bytes.len);
        uint32_t flips = 1 + gen_random(&seed) % 4;

        assert_non_null(damaged);
        while (flips-- > 0)
            damaged[gen_random(&seed) % bytes.len] ^= (uint8_t)(1U << gen_random(&seed) % 8);
        if (decode_exactly((struct jb_bytes){damaged, bytes.len}, &act) == JB_OK) {
            passed++;
            check_texts(&act);
            assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_OK);
            assert_int_equal(jb_act_decode(bytes, &arena, &again, &fault), JB_OK);
            gen_assert_equal(&gen_act, &act, &again);
        } else {
            assert_true(fault.text[0] != '\0');
        }
        jb_arena_reset(&arena);
    }
    assert_true(passed > 1000 && passed < 19000); /* both ways were tried */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_bad_act_has_its_own_answer),
        T(unknown_fields_are_ignored),
        T(an_absent_enum_is_not_its_first_value),
        T(negative_enums_survive_and_packed_lists_too),
        T(a_flood_of_small_fields_costs_nothing),
        T(lists_end_at_their_limit),
        T(a_list_of_lists_stays_within_the_arena),
        T(texts_and_blobs_end_at_their_limit),
        T(no_truncated_act_passes),
        T(damaged_acts_are_refused_or_sound),
    };
    return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
