/* Entries, submissions, stream items and persons survive the way to bytes and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/schema/entry.pb-c.h"
#include "proto/wire/codec.h"
#include "tests/unit/wire_gen.h"

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

struct kind {
    const char *name;
    unsigned number;
};

static const struct kind effect_kinds[] = {
#define X(name, field, number) {#field, number},
    JB_EFFECT_KINDS(X)
#undef X
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const ProtobufCMessageDescriptor *effect_type(unsigned number)
{
    return protobuf_c_message_descriptor_get_field(&jb__effect__descriptor, number)->descriptor;
}

static struct jb_entry entry_with_all_effects(struct jb_effect effects[COUNT(effect_kinds)])
{
    struct jb_entry entry = {.seq = UINT64_MAX,
                             .at_ms = INT64_MIN,
                             .node = 99999,
                             .user = {"张三", 6},
                             .made_at_ms = -1,
                             .up_number = 7,
                             .act = {.kind = JB_ACT_SIGN_FOR, .case_no = 5, .custody = 1}};

    for (size_t i = 0; i < COUNT(effect_kinds); i++) {
        effects[i] = (struct jb_effect){.kind = (enum jb_effect_kind)effect_kinds[i].number};
        gen_fill(&gen_effect, effect_type(effect_kinds[i].number), &effects[i]);
    }
    entry.effects = effects;
    entry.effect_count = COUNT(effect_kinds);
    return entry;
}

static void an_entry_survives_with_every_effect(void **state)
{
    struct jb_effect effects[COUNT(effect_kinds)];
    struct jb_entry entry = entry_with_all_effects(effects);
    struct jb_entry back;
    struct jb_bytes bytes;
    struct jb_bytes again;

    (void)state;
    assert_int_equal(jb_entry_encode(&entry, &arena, &bytes), JB_OK);
    assert_int_equal(jb_entry_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_true(back.seq == entry.seq && back.at_ms == entry.at_ms && back.node == entry.node);
    assert_true(back.made_at_ms == -1 && back.up_number == 7);
    assert_true(jb_text_equal(back.user, entry.user));
    assert_int_equal(back.act.kind, JB_ACT_SIGN_FOR);
    assert_int_equal(back.act.case_no, 5);
    assert_int_equal(back.effect_count, entry.effect_count);
    for (size_t i = 0; i < back.effect_count; i++) {
        assert_int_equal(back.effects[i].kind, effects[i].kind);
        gen_assert_equal(&gen_effect, &effects[i], &back.effects[i]);
    }
    /* With the act's own bytes the result is the same, whatever stands in the struct. */
    back.act = (struct jb_act){0};
    assert_int_equal(jb_entry_encode(&back, &arena, &again), JB_OK);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
}

static void too_many_effects_or_unknown_ones_are_refused(void **state)
{
    static struct jb_effect effects[JB_EFFECTS_MAX + 1];
    struct jb_entry entry = {.act = {.kind = JB_ACT_OPENED}, .effects = effects};
    struct gen_raw one = {.len = 0};
    struct gen_raw raw = {.len = 0};
    struct gen_raw act = {.len = 0};
    struct jb_entry back;
    struct jb_bytes bytes;

    (void)state;
    for (size_t i = 0; i < COUNT(effects); i++)
        effects[i].kind = JB_EFFECT_JOINED;
    entry.effect_count = JB_EFFECTS_MAX;
    assert_int_equal(jb_entry_encode(&entry, &arena, &bytes), JB_OK);
    assert_int_equal(jb_entry_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_int_equal(back.effect_count, JB_EFFECTS_MAX);
    entry.effect_count = JB_EFFECTS_MAX + 1;
    assert_int_equal(jb_entry_encode(&entry, &arena, &bytes), JB_OVERFLOW);
    entry.effect_count = 1;
    effects[0].kind = (enum jb_effect_kind)40;
    assert_int_equal(jb_entry_encode(&entry, &arena, &bytes), JB_RANGE);

    gen_run(&act, JB_ACT_OPENED, "", 0);
    gen_nest(&raw, 7, &act);
    gen_run(&one, JB_EFFECT_JOINED, "", 0);
    for (int i = 0; i <= JB_EFFECTS_MAX; i++)
        gen_nest(&raw, 8, &one);
    assert_int_equal(jb_entry_decode(gen_bytes(&raw), &arena, &back, &fault), JB_OVERFLOW);
    raw.len = 0;
    gen_nest(&raw, 7, &act);
    gen_run(&raw, 8, "", 0);
    assert_int_equal(jb_entry_decode(gen_bytes(&raw), &arena, &back, &fault), JB_UNKNOWN_KIND);
}

static void a_fault_in_an_entrys_act_names_both(void **state)
{
    struct gen_raw note = {.len = 0};
    struct gen_raw act = {.len = 0};
    struct gen_raw raw = {.len = 0};
    struct jb_entry back;

    (void)state;
    gen_run(&note, 1, "ab\0c", 4);
    gen_nest(&act, JB_ACT_NOTE, &note);
    gen_nest(&raw, 7, &act);
    assert_int_equal(jb_entry_decode(gen_bytes(&raw), &arena, &back, &fault), JB_NUL_IN_TEXT);
    assert_string_equal(fault.text, "act: note.text: text contains a NUL character at byte 2");
}

static void a_submission_holds_a_bad_act_without_harm(void **state)
{
    struct jb_submission s = {{"李四", 6}, 12, {(const uint8_t *)"\xff\xff", 2}};
    struct jb_submission back;
    struct jb_bytes bytes;
    struct jb_act act;

    (void)state;
    assert_int_equal(jb_submission_encode(&s, &arena, &bytes), JB_OK);
    assert_int_equal(jb_submission_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_true(jb_text_equal(back.user, s.user));
    assert_int_equal(back.made_at_ms, 12);
    assert_int_equal(back.act_bytes.len, 2);
    assert_memory_equal(back.act_bytes.data, s.act_bytes.data, 2);
    assert_int_equal(jb_act_decode(back.act_bytes, &arena, &act, &fault), JB_MALFORMED);
}

static void a_user_is_one_short_line(void **state)
{
    struct jb_submission s = {.made_at_ms = 1};
    struct jb_submission back;
    struct jb_bytes bytes;
    char name[257];

    (void)state;
    memset(name, 'a', sizeof name);
    s.user = (struct jb_text){name, 256};
    assert_int_equal(jb_submission_encode(&s, &arena, &bytes), JB_OK);
    assert_int_equal(jb_submission_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_int_equal(back.user.len, 256);
    s.user.len = 257;
    assert_int_equal(jb_submission_encode(&s, &arena, &bytes), JB_OK);
    assert_int_equal(jb_submission_decode(bytes, &arena, &back, &fault), JB_TOO_LARGE);
    s.user = jb_text_of("a\nb");
    assert_int_equal(jb_submission_encode(&s, &arena, &bytes), JB_OK);
    assert_int_equal(jb_submission_decode(bytes, &arena, &back, &fault), JB_MALFORMED);
    assert_string_equal(fault.text, "user: not a text of one line");
}

static void items_of_each_kind_survive(void **state)
{
    const struct jb_item items[] = {
        {.number = 1,
         .at_ms = 2,
         .settles = 3,
         .history = true,
         .kind = JB_ITEM_ENTRY,
         .entry = {(const uint8_t *)"\0x", 2}},
        {.number = UINT64_MAX, .kind = JB_ITEM_ENTRY},
        {.number = 9,
         .settles = 4,
         .kind = JB_ITEM_REFUSAL,
         .refusal = {106, {"STALE", 5}, {"23(3)", 5}, {"详情", 6}, 12, 34}},
        {.kind = JB_ITEM_LEFT, .left_case_no = -5, .left_reason = {"转出", 6}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(items); i++) {
        const struct jb_item *it = &items[i];
        struct jb_bytes bytes;
        struct jb_item back;

        assert_int_equal(jb_item_encode(it, &arena, &bytes), JB_OK);
        assert_int_equal(jb_item_decode(bytes, &arena, &back, &fault), JB_OK);
        assert_true(back.number == it->number && back.at_ms == it->at_ms);
        assert_true(back.settles == it->settles && back.history == it->history);
        assert_int_equal(back.kind, it->kind);
        assert_int_equal(back.entry.len, it->entry.len);
        if (it->entry.len > 0)
            assert_memory_equal(back.entry.data, it->entry.data, it->entry.len);
        assert_int_equal(back.refusal.code, it->refusal.code);
        assert_true(jb_text_equal(back.refusal.name, it->refusal.name));
        assert_true(jb_text_equal(back.refusal.article, it->refusal.article));
        assert_true(jb_text_equal(back.refusal.detail, it->refusal.detail));
        assert_true(back.refusal.holder == it->refusal.holder);
        assert_true(back.refusal.custody == it->refusal.custody);
        assert_int_equal(back.left_case_no, it->left_case_no);
        assert_true(jb_text_equal(back.left_reason, it->left_reason));
    }
}

static void items_of_no_kind_are_refused(void **state)
{
    struct jb_item item = {.number = 1};
    struct gen_raw raw = {.len = 0};
    struct jb_bytes bytes;

    (void)state;
    assert_int_equal(jb_item_encode(&item, &arena, &bytes), JB_RANGE);
    gen_number(&raw, 1, 1);
    gen_run(&raw, 29, "new", 3); /* a kind of a later version */
    assert_int_equal(jb_item_decode(gen_bytes(&raw), &arena, &item, &fault), JB_UNKNOWN_KIND);
}

static void persons_survive(void **state)
{
    struct jb_person people[] = {{{"王五", 6}, {"6101", 4}, {"138", 3}, {"商州区", 9}, true},
                                 {.name = {"赵六", 6}}};
    struct jb_persons persons = {people, 2};
    struct jb_persons back;
    struct jb_bytes bytes;
    char long_name[1025];

    (void)state;
    assert_int_equal(jb_persons_encode(&persons, &arena, &bytes), JB_OK);
    assert_int_equal(jb_persons_decode(bytes, &arena, &back, &fault), JB_OK);
    assert_int_equal(back.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(jb_text_equal(back.at[i].name, people[i].name));
        assert_true(jb_text_equal(back.at[i].id_number, people[i].id_number));
        assert_true(jb_text_equal(back.at[i].phone, people[i].phone));
        assert_true(jb_text_equal(back.at[i].address, people[i].address));
        assert_int_equal(back.at[i].main_visitor, people[i].main_visitor);
    }
    memset(long_name, 'n', sizeof long_name);
    people[1].name = (struct jb_text){long_name, sizeof long_name};
    assert_int_equal(jb_persons_encode(&persons, &arena, &bytes), JB_OK);
    assert_int_equal(jb_persons_decode(bytes, &arena, &back, &fault), JB_TOO_LARGE);
    assert_string_equal(fault.text, "persons[1].name: text of 1025 bytes, allowed 1024");
    assert_int_equal(jb_persons_decode((struct jb_bytes){0}, &arena, &back, &fault), JB_OK);
    assert_int_equal(back.count, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_entry_survives_with_every_effect),
        T(too_many_effects_or_unknown_ones_are_refused),
        T(a_fault_in_an_entrys_act_names_both),
        T(a_submission_holds_a_bad_act_without_harm),
        T(a_user_is_one_short_line),
        T(items_of_each_kind_survive),
        T(items_of_no_kind_are_refused),
        T(persons_survive),
    };
    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
