/* Every frame survives with every field filled; every broken one is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/schema/line.pb-c.h"
#include "proto/wire/frame.h"
#include "tests/unit/wire_gen.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct jb_arena arena;
static struct jb_fault fault;

static int setup(void **state)
{
    (void)state;
    jb_arena_init(&arena, 4 * 1024 * 1024);
    fault.text[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

static const uint8_t key[JB_KEY_BYTES] = {9, 8, 7};
static const struct jb_frame_item items[] = {
    {.body = {(const uint8_t *)"\0\1\2", 3}, .case_key = {key, sizeof key}},
    {.body = {(const uint8_t *)"x", 1}},
    {.body = {NULL, 0}},
};
static const struct jb_frame_item copies[] = {
    {.body = {(const uint8_t *)"\0\1\2", 3}, .case_key = {key, sizeof key}},
    {.hash = {key, sizeof key},
     .at_ms = -7,
     .settles = UINT64_MAX,
     .history = true,
     .entry_seq = 9,
     .case_no = INT64_MIN},
};

static struct jb_line_point point(uint8_t seed)
{
    struct jb_line_point p = {.number = UINT64_MAX - seed};

    memset(p.epoch, seed, sizeof p.epoch);
    memset(p.head, seed + 1, sizeof p.head);
    return p;
}

static const struct {
    enum jb_frame_kind kind;
    const ProtobufCMessageDescriptor *type;
} kinds[] = {
    {JB_FRAME_HELLO, &jb__hello__descriptor},   {JB_FRAME_WELCOME, &jb__welcome__descriptor},
    {JB_FRAME_SUBMIT, &jb__submit__descriptor}, {JB_FRAME_DELIVER, &jb__deliver__descriptor},
    {JB_FRAME_ACK, &jb__ack__descriptor},       {JB_FRAME_BEAT, &jb__beat__descriptor},
    {JB_FRAME_RESUME, &jb__resume__descriptor}, {JB_FRAME_REJECT, &jb__reject__descriptor},
    {JB_FRAME_BYE, &jb__bye__descriptor},       {JB_FRAME_COPY_WANT, &jb__copy_want__descriptor},
    {JB_FRAME_COPY, &jb__copy__descriptor},     {JB_FRAME_COPY_DONE, &jb__copy_done__descriptor},
};

/* Everything that the kind has is set, everything else zero. */
static struct jb_frame full_frame(enum jb_frame_kind kind)
{
    struct jb_frame f = {.kind = kind};
    bool greets = kind == JB_FRAME_HELLO || kind == JB_FRAME_WELCOME;
    bool copies_all = kind == JB_FRAME_COPY;
    bool carries = kind == JB_FRAME_SUBMIT || kind == JB_FRAME_DELIVER || copies_all;
    bool ends = kind == JB_FRAME_COPY_DONE;
    bool signs = carries || kind == JB_FRAME_ACK || kind == JB_FRAME_BEAT || ends;

    if (greets) {
        memset(f.sign_key, 5, sizeof f.sign_key);
        f.software = jb_text_of("jiaoban 0.1");
    }
    if (greets || kind == JB_FRAME_BEAT)
        f.now_ms = -1;
    if (greets || kind == JB_FRAME_ACK) {
        f.window_items = 500;
        f.window_bytes = UINT32_MAX;
    }
    if (greets || kind == JB_FRAME_BEAT || kind == JB_FRAME_REJECT || ends)
        f.down = point(20);
    if (greets || kind == JB_FRAME_BEAT || kind == JB_FRAME_REJECT || kind == JB_FRAME_RESUME)
        f.up = point(10);
    if (kind == JB_FRAME_HELLO) {
        f.protocol_min = 1;
        f.protocol_max = 3;
        f.code = jb_text_of("zjj.shangzhou");
    }
    if (kind == JB_FRAME_HELLO || ends)
        f.settled = point(30);
    if (kind == JB_FRAME_WELCOME) {
        f.protocol = 1;
        f.node = 12;
        f.max_frame_bytes = 1 << 20;
        f.recovering = true;
        f.former = point(40);
    }
    if (carries) {
        f.items = copies_all ? copies : items;
        f.item_count = copies_all ? COUNT(copies) : COUNT(items);
    }
    if (carries || kind == JB_FRAME_COPY_WANT)
        f.first = 17;
    if (carries || kind == JB_FRAME_ACK || kind == JB_FRAME_COPY_WANT) {
        memset(f.epoch, 1, sizeof f.epoch);
        memset(f.head, 2, sizeof f.head);
    }
    if (kind == JB_FRAME_ACK)
        f.number = 1ULL << 63;
    if (kind == JB_FRAME_HELLO || kind == JB_FRAME_WELCOME)
        f.suite = 2;
    if (signs) {
        f.suite = 255;
        f.signature[63] = 1;
    }
    if (kind == JB_FRAME_RESUME || kind == JB_FRAME_REJECT || kind == JB_FRAME_BYE || ends)
        f.text = jb_text_of("号码有缺口");
    if (kind == JB_FRAME_RESUME || kind == JB_FRAME_REJECT || ends)
        f.error = JB_GAP;
    if (kind == JB_FRAME_REJECT) {
        f.closing = true;
        f.frame_kind = JB_FRAME_SUBMIT;
    }
    return f;
}

static void assert_points_equal(const struct jb_line_point *a, const struct jb_line_point *b)
{
    assert_true(a->number == b->number);
    assert_memory_equal(a->epoch, b->epoch, sizeof a->epoch);
    assert_memory_equal(a->head, b->head, sizeof a->head);
}

static void assert_items_equal(const struct jb_frame *a, const struct jb_frame *b)
{
    assert_int_equal(a->item_count, b->item_count);
    for (size_t i = 0; i < a->item_count; i++) {
        const struct jb_frame_item *x = &a->items[i];
        const struct jb_frame_item *y = &b->items[i];

        assert_int_equal(x->body.len, y->body.len);
        assert_int_equal(x->case_key.len, y->case_key.len);
        if (x->body.len > 0)
            assert_memory_equal(x->body.data, y->body.data, x->body.len);
        if (x->case_key.len > 0)
            assert_memory_equal(x->case_key.data, y->case_key.data, x->case_key.len);
        assert_int_equal(x->hash.len, y->hash.len);
        if (x->hash.len > 0)
            assert_memory_equal(x->hash.data, y->hash.data, x->hash.len);
        assert_true(x->at_ms == y->at_ms && x->settles == y->settles);
        assert_true(x->history == y->history && x->entry_seq == y->entry_seq);
        assert_true(x->case_no == y->case_no);
    }
}

static void assert_frames_equal(const struct jb_frame *a, const struct jb_frame *b)
{
    assert_true(a->kind == b->kind && a->protocol_min == b->protocol_min);
    assert_true(a->protocol_max == b->protocol_max && a->protocol == b->protocol);
    assert_true(jb_text_equal(a->code, b->code) && jb_text_equal(a->software, b->software));
    assert_true(a->node == b->node && a->now_ms == b->now_ms);
    assert_points_equal(&a->up, &b->up);
    assert_points_equal(&a->down, &b->down);
    assert_points_equal(&a->settled, &b->settled);
    assert_true(a->window_items == b->window_items && a->window_bytes == b->window_bytes);
    assert_memory_equal(a->sign_key, b->sign_key, sizeof a->sign_key);
    assert_int_equal(a->max_frame_bytes, b->max_frame_bytes);
    assert_memory_equal(a->epoch, b->epoch, sizeof a->epoch);
    assert_true(a->first == b->first && a->number == b->number);
    assert_items_equal(a, b);
    assert_memory_equal(a->head, b->head, sizeof a->head);
    assert_int_equal(a->suite, b->suite);
    assert_memory_equal(a->signature, b->signature, sizeof a->signature);
    assert_true(a->error == b->error && jb_text_equal(a->text, b->text));
    assert_true(a->closing == b->closing && a->frame_kind == b->frame_kind);
    assert_true(a->recovering == b->recovering);
    assert_points_equal(&a->former, &b->former);
}

static void every_frame_survives_with_every_field(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct jb_frame frame = full_frame(kinds[k].kind);
        struct jb_frame back;
        struct jb_bytes bytes;

        assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
        assert_memory_equal(bytes.data, "JB\1", 3);
        assert_int_equal(bytes.data[3], kinds[k].kind);
        assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_OK);
        assert_frames_equal(&frame, &back);
    }
}

/* `full_frame` would not notice a field of the schema that the struct has not. */
static void full_frames_use_every_field_of_the_schema(void **state)
{

    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        const ProtobufCMessageDescriptor *type = kinds[k].type;
        struct jb_frame frame = full_frame(kinds[k].kind);
        struct jb_bytes bytes;
        unsigned given = 0;
        ProtobufCMessage *message;

        assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
        message = protobuf_c_message_unpack(type, NULL, bytes.len - 4, bytes.data + 4);
        assert_non_null(message);
        for (unsigned i = 0; i < type->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &type->fields[i];
            const uint8_t *at = (const uint8_t *)message;

            if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
                given += *(void *const *)(at + field->offset) != NULL;
            else
                given += *(const protobuf_c_boolean *)(at + field->quantifier_offset) != 0;
        }
        assert_int_equal(given, type->n_fields);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

static void a_reject_names_its_error(void **state)
{
    struct jb_frame frame = full_frame(JB_FRAME_REJECT);
    struct jb_bytes bytes;
    Jb__Reject *reject;

    (void)state;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
    reject = jb__reject__unpack(NULL, bytes.len - 4, bytes.data + 4);
    assert_non_null(reject);
    assert_string_equal(reject->name, "GAP");
    jb__reject__free_unpacked(reject, NULL);
}

struct bad {
    const char *bytes;
    size_t len;
    enum jb_err err;
    int kind; /* of the frame afterwards */
    const char *fault;
};

#define BAD(bytes, err, kind, fault)                                                               \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, err, kind, fault                                                 \
    }
static const struct bad bad_frames[] = {
    BAD("", JB_MALFORMED, 0, "frame: 0 bytes, no header"),
    BAD("JB\1", JB_MALFORMED, 0, "frame: 3 bytes, no header"),
    BAD("XB\1\5", JB_MALFORMED, 0, "frame: does not begin with JB"),
    BAD("JX\1\5", JB_MALFORMED, 0, "frame: does not begin with JB"),
    BAD("GET / HTTP/1.1\r\n", JB_MALFORMED, 0, "frame: does not begin with JB"),
    BAD("JB\0\5", JB_VERSION, 5, "frame: protocol version 0, known are 1 to 2"),
    BAD("JB\3\2", JB_VERSION, 2, "frame: protocol version 3, known are 1 to 2"),
    BAD("JB\1\0", JB_UNKNOWN_KIND, 0, "frame: unknown kind 0"),
    BAD("JB\1\12", JB_UNKNOWN_KIND, 10, "frame: unknown kind 10"),
    BAD("JB\1\377", JB_UNKNOWN_KIND, 255, "frame: unknown kind 255"),
    BAD("JB\1\3", JB_MALFORMED, 3, "submit: no items"),
    BAD("JB\1\4\x10\x01", JB_MALFORMED, 4, "deliver: no items"),
    BAD("JB\1\3\x1a\x05\x0a\x00\x12\x01k", JB_MALFORMED, 3,
        "items[0].case_key: 1 bytes, must be 32"),
    BAD("JB\1\3\x1a\x00\x1a\x03\x0a\x02z", JB_MALFORMED, 3,
        "items[1].body: longer than the message that holds it"),
    BAD("JB\1\5\x0a\x01z", JB_MALFORMED, 5, "epoch: 1 bytes, must be 16"),
    BAD("JB\1\5\x20\x80\x02", JB_MALFORMED, 5, "suite: 256 is over 255"),
    BAD("JB\1\7\x0a\x03\x1a\x01z", JB_MALFORMED, 7, "head: 1 bytes, must be 32"),
    BAD("JB\1\11\x0a\x01\x00", JB_NUL_IN_TEXT, 9, "text: text contains a NUL character at byte 0"),
    BAD("JB\1\11\x0a\x01\xff", JB_BAD_UTF8, 9, "text: text is not valid UTF-8 at byte 0"),
};
#undef BAD

static void each_bad_frame_has_its_own_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_frames); i++) {
        const struct bad *bad = &bad_frames[i];
        struct jb_frame frame = {.node = 4711};
        uint8_t *copy = malloc(bad->len > 0 ? bad->len : 1); /* so that ASan sees any overrun */
        enum jb_err err;

        assert_non_null(copy);
        memcpy(copy, bad->bytes, bad->len);
        err = jb_frame_decode((struct jb_bytes){copy, bad->len}, &arena, &frame, &fault);
        free(copy);
        assert_string_equal(fault.text, bad->fault);
        assert_int_equal(err, bad->err);
        assert_int_equal(frame.kind, bad->kind);
        assert_int_equal(frame.node, 4711); /* untouched */
    }
}

/* One byte less and one more than each hash, key, epoch and signature should have. */
static void runs_of_a_wrong_length_are_refused(void **state)
{
    static const struct {
        uint8_t kind;
        uint32_t field;
        size_t right;
    } runs[] = {
        {JB_FRAME_HELLO, 10, 32},  {JB_FRAME_WELCOME, 8, 32}, {JB_FRAME_SUBMIT, 1, 16},
        {JB_FRAME_SUBMIT, 4, 32},  {JB_FRAME_SUBMIT, 6, 64},  {JB_FRAME_DELIVER, 1, 16},
        {JB_FRAME_DELIVER, 4, 32}, {JB_FRAME_DELIVER, 6, 64}, {JB_FRAME_ACK, 1, 16},
        {JB_FRAME_ACK, 3, 32},     {JB_FRAME_ACK, 5, 64},     {JB_FRAME_BEAT, 4, 64},
    };
    static const uint8_t ones[65] = {1, 1, 1};

    (void)state;
    for (size_t i = 0; i < COUNT(runs); i++) {
        for (size_t len = runs[i].right - 1; len <= runs[i].right + 1; len++) {
            struct gen_raw raw = {{'J', 'B', 1, runs[i].kind}, 4};
            struct jb_frame frame;
            enum jb_err want = len == runs[i].right ? JB_OK : JB_MALFORMED;

            if (runs[i].kind == JB_FRAME_SUBMIT || runs[i].kind == JB_FRAME_DELIVER)
                gen_run(&raw, 3, "", 0);
            gen_run(&raw, runs[i].field, ones, len);
            assert_int_equal(jb_frame_decode(gen_bytes(&raw), &arena, &frame, &fault), want);
        }
    }
}

static void a_greeting_of_any_version_is_read(void **state)
{
    (void)state;
    for (int version = 0; version < 256; version += 51) {
        struct gen_raw raw = {{'J', 'B', (uint8_t)version, JB_FRAME_HELLO}, 4};
        struct jb_frame frame;

        gen_number(&raw, 1, 7);
        gen_number(&raw, 2, 9);
        gen_run(&raw, 77, "new", 3);
        assert_int_equal(jb_frame_decode(gen_bytes(&raw), &arena, &frame, &fault), JB_OK);
        assert_int_equal(frame.protocol_min, 7);
        assert_int_equal(frame.protocol_max, 9);
    }
}

static void items_are_counted_both_ways(void **state)
{
    static struct jb_frame_item many[JB_FRAME_ITEMS_MAX + 1];
    static uint8_t raw[JB_FRAME_LIMIT_BYTES];
    struct jb_frame frame = {.kind = JB_FRAME_SUBMIT, .items = many};
    struct jb_frame back;
    struct jb_bytes bytes;

    (void)state;
    frame.item_count = JB_FRAME_ITEMS_MAX;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
    assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_int_equal(back.item_count, JB_FRAME_ITEMS_MAX);
    frame.item_count++;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OVERFLOW);
    /* A full frame of empty items: refused before anything is allocated. */
    jb_arena_reset(&arena);
    memcpy(raw, "JB\1\3", 4);
    for (size_t i = 4; i < sizeof raw; i += 2)
        raw[i] = 0x1a;
    bytes = (struct jb_bytes){raw, sizeof raw};
    assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_OVERFLOW);
    assert_string_equal(fault.text, "items[1024]: more than 1024 items");
    assert_int_equal(arena.used_bytes, 0);
}

static void sizes_end_at_their_limits(void **state)
{
    uint8_t *body = calloc(1, JB_FRAME_LIMIT_BYTES + 1);
    struct jb_frame_item two[2] = {{.body = {body, JB_ITEM_LIMIT_BYTES}}};
    struct jb_frame frame = {.kind = JB_FRAME_DELIVER, .items = two, .item_count = 1};
    struct jb_frame back;
    struct jb_bytes bytes;

    (void)state;
    assert_non_null(body);
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
    assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_OK);
    two[0].body.len++;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
    assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_TOO_LARGE);
    assert_string_equal(fault.text, "items[0].body: 786433 bytes, allowed 786432");
    two[0].body.len = two[1].body.len = JB_FRAME_LIMIT_BYTES / 2;
    two[1].body.data = body;
    frame.item_count = 2;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_TOO_LARGE);
    memcpy(body, "JB\1\3", 4);
    bytes = (struct jb_bytes){body, JB_FRAME_LIMIT_BYTES + 1};
    assert_int_equal(jb_frame_decode(bytes, &arena, &back, &fault), JB_TOO_LARGE);
    free(body);
}

static void memory_is_bounded_at_every_step(void **state)
{
    struct jb_frame frame = full_frame(JB_FRAME_DELIVER);
    struct jb_frame back;
    struct jb_bytes bytes;

    (void)state;
    assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
    for (size_t limit = 0;; limit += 16) {
        struct jb_arena small;
        enum jb_err err;

        jb_arena_init(&small, limit);
        err = jb_frame_decode(bytes, &small, &back, &fault);
        jb_arena_fini(&small);
        assert_true(limit < 16384);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
    }
}

static void damaged_frames_are_refused_or_sound(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct jb_frame frame = full_frame((enum jb_frame_kind)(1 + gen_random(&seed) % 9));
        struct jb_frame back;
        struct jb_bytes bytes;
        uint8_t *copy;
        size_t len;

        assert_int_equal(jb_frame_encode(&frame, &arena, &bytes), JB_OK);
        len = round % 2 == 0 ? bytes.len : gen_random(&seed) % (bytes.len + 1);
        copy = malloc(len > 0 ? len : 1); /* so that ASan sees any overrun */
        assert_non_null(copy);
        memcpy(copy, bytes.data, len);
        if (len > 0)
            copy[gen_random(&seed) % len] ^= (uint8_t)(1U << gen_random(&seed) % 8);
        if (jb_frame_decode((struct jb_bytes){copy, len}, &arena, &back, &fault) == JB_OK)
            assert_int_equal(jb_frame_encode(&back, &arena, &bytes), JB_OK);
        free(copy);
        jb_arena_reset(&arena);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(jb_frame_name(JB_FRAME_HELLO), "hello");
    assert_string_equal(jb_frame_name(JB_FRAME_BYE), "bye");
    assert_string_equal(jb_frame_name((enum jb_frame_kind)0), "unknown");
    assert_string_equal(jb_frame_name((enum jb_frame_kind)18), "unknown");
    assert_string_equal(jb_frame_name((enum jb_frame_kind)UINT32_MAX), "unknown");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_frame_survives_with_every_field),
        T(full_frames_use_every_field_of_the_schema),
        T(a_reject_names_its_error),
        T(each_bad_frame_has_its_own_answer),
        T(runs_of_a_wrong_length_are_refused),
        T(a_greeting_of_any_version_is_read),
        T(items_are_counted_both_ways),
        T(sizes_end_at_their_limits),
        T(memory_is_bounded_at_every_step),
        T(damaged_frames_are_refused_or_sound),
        T(kinds_have_names),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
