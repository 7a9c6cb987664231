#include "tests/unit/wire_gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

uint32_t gen_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#define ROW(letter, f) {#f, letter, offsetof(FLAT, f)},
#define TEXT(f) ROW('t', f)
#define BYTES(f) ROW('b', f)
#define U32(f) ROW('u', f)
#define U64(f) ROW('U', f)
#define I64(f) ROW('I', f)
#define BOOL(f) ROW('B', f)
#define ENUM(f) ROW('e', f)
#define LIST32(f) ROW('l', f)
#define LIST64(f) ROW('L', f)

#define FLAT struct jb_act
static const struct gen_row act_rows[] = {
    JB_ACT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64) ROW('s', items)};
#undef FLAT
#define FLAT struct jb_effect
static const struct gen_row effect_rows[] = {
    JB_EFFECT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)};
#undef FLAT

const struct gen_table gen_act = {act_rows, sizeof act_rows / sizeof act_rows[0]};
const struct gen_table gen_effect = {effect_rows, sizeof effect_rows / sizeof effect_rows[0]};

static const char *const texts[] = {"反映小区供水管道破裂", "a",
                                    "房屋征收补偿 (第二次)\n\t附件三份", "\xf0\xa0\xae\xb7野家",
                                    "x\x7f"};
static const uint8_t blob[64] = {0, 1, 2, 0xff, 0x80, 0};
static const uint32_t list32[] = {7, 0, UINT32_MAX};
static const int64_t list64[] = {INT64_MIN, 0, 1, INT64_MAX};
static const struct jb_stored_item items[] = {{1, 2}, {INT64_MAX, UINT64_MAX}, {0, 5}, {6, 0}};

static char letter_of(const ProtobufCFieldDescriptor *field)
{
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return 't';
    case PROTOBUF_C_TYPE_BYTES:
        return 'b';
    case PROTOBUF_C_TYPE_UINT32:
        return listed ? 'l' : 'u';
    case PROTOBUF_C_TYPE_UINT64:
        return 'U';
    case PROTOBUF_C_TYPE_INT64:
        return listed ? 'L' : 'I';
    case PROTOBUF_C_TYPE_BOOL:
        return 'B';
    case PROTOBUF_C_TYPE_ENUM:
        return 'e';
    case PROTOBUF_C_TYPE_MESSAGE:
        return 's';
    default:
        return '?';
    }
}

static void fill_one(const struct gen_row *row, unsigned n, void *into)
{
    void *at = (uint8_t *)into + row->offset;

    switch (row->kind) {
    case 't':
        *(struct jb_text *)at = jb_text_of(texts[n % 5]);
        break;
    case 'b':
        *(struct jb_bytes *)at = (struct jb_bytes){blob, 1 + n % 64};
        break;
    case 'u':
        *(uint32_t *)at = UINT32_MAX - n;
        break;
    case 'U':
        *(uint64_t *)at = UINT64_MAX - n;
        break;
    case 'I':
        *(int64_t *)at = n % 2 != 0 ? INT64_MIN + n : INT64_MAX - n;
        break;
    case 'B':
        *(bool *)at = true;
        break;
    case 'e':
        *(int *)at = n % 2 != 0 ? INT32_MIN : (int)n + 1;
        break;
    case 'l':
        *(struct jb_list32 *)at = (struct jb_list32){list32, 3};
        break;
    case 'L':
        *(struct jb_list64 *)at = (struct jb_list64){list64, 4};
        break;
    default:
        *(struct jb_stored_items *)at = (struct jb_stored_items){items, 4};
        break;
    }
}

void gen_fill(const struct gen_table *table, const ProtobufCMessageDescriptor *type, void *into)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const struct gen_row *row = NULL;

        for (size_t r = 0; r < table->count; r++) {
            if (strcmp(table->rows[r].name, field->name) == 0)
                row = &table->rows[r];
        }
        if (row == NULL)
            fail_msg("%s.%s has no member in the struct", type->short_name, field->name);
        else if (row->kind != letter_of(field))
            fail_msg("%s.%s is of another type in the struct", type->short_name, field->name);
        else
            fill_one(row, i, into);
    }
}

static void assert_runs_equal(const char *name, struct jb_bytes a, struct jb_bytes b)
{
    if (a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0))
        fail_msg("%s differs", name);
}

static size_t width_of(char kind)
{
    if (kind == 'B')
        return sizeof(bool);
    return kind == 'U' || kind == 'I' ? 8 : 4;
}

/* Size of one element of a text, a run of bytes or a list; 0 for a number. */
static size_t element_of(char kind)
{
    static const struct {
        char kind;
        size_t bytes;
    } sizes[] = {{'t', 1}, {'b', 1}, {'l', 4}, {'L', 8}, {'s', sizeof(struct jb_stored_item)}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i].kind == kind)
            return sizes[i].bytes;
    }
    return 0;
}

void gen_assert_equal(const struct gen_table *table, const void *a, const void *b)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct gen_row *row = &table->rows[i];
        const uint8_t *at_a = (const uint8_t *)a + row->offset;
        const uint8_t *at_b = (const uint8_t *)b + row->offset;
        size_t element = element_of(row->kind);
        struct jb_bytes run_a = {at_a, width_of(row->kind)};
        struct jb_bytes run_b = {at_b, width_of(row->kind)};

        if (element != 0) { /* all of them are a pointer and a count */
            run_a = *(const struct jb_bytes *)at_a;
            run_b = *(const struct jb_bytes *)at_b;
            run_a.len *= element;
            run_b.len *= element;
        }
        assert_runs_equal(row->name, run_a, run_b);
    }
}

void gen_varint(struct gen_raw *raw, uint64_t value)
{
    while (value >= 0x80) {
        assert_true(raw->len < sizeof raw->data);
        raw->data[raw->len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    assert_true(raw->len < sizeof raw->data);
    raw->data[raw->len++] = (uint8_t)value;
}

void gen_number(struct gen_raw *raw, uint32_t field, uint64_t value)
{
    gen_varint(raw, (uint64_t)field << 3);
    gen_varint(raw, value);
}

void gen_run(struct gen_raw *raw, uint32_t field, const void *data, size_t len)
{
    gen_varint(raw, (uint64_t)field << 3 | 2);
    gen_varint(raw, len);
    assert_true(len <= sizeof raw->data - raw->len);
    if (len > 0)
        memcpy(raw->data + raw->len, data, len);
    raw->len += len;
}

void gen_nest(struct gen_raw *raw, uint32_t field, const struct gen_raw *inner)
{
    gen_run(raw, field, inner->data, inner->len);
}

struct jb_bytes gen_bytes(const struct gen_raw *raw)
{
    return (struct jb_bytes){raw->data, raw->len};
}
