/* For the tests of wire: fills flat structs from the schema's own description, compares them,
 * writes raw protobuf. Has its own tables on purpose: it must not repeat a mistake of the code
 * under test. */
#ifndef TESTS_UNIT_WIRE_GEN_H
#define TESTS_UNIT_WIRE_GEN_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base/arena.h"
#include "proto/rules/case.h"

/* xorshift: the same sequence on every machine. The state is never 0. */
uint32_t gen_random(uint32_t *state);

struct gen_row {
    const char *name;
    char
        kind; /* t text, b bytes, u uint32, U uint64, I int64, B bool, e enum, l L lists, s items */
    size_t offset;
};
struct gen_table {
    const struct gen_row *rows;
    size_t count;
};
extern const struct gen_table gen_act, gen_effect;

/* Give every field that the message type has a value; fails the test if the struct has no such
 * member or one of another type. Texts and lists are in static storage. */
void gen_fill(const struct gen_table *table, const ProtobufCMessageDescriptor *type, void *into);
/* Every member equal, also those that the message does not have. */
void gen_assert_equal(const struct gen_table *table, const void *a, const void *b);

/* Raw protobuf. */
struct gen_raw {
    uint8_t data[4096];
    size_t len;
};
void gen_varint(struct gen_raw *raw, uint64_t value);
void gen_number(struct gen_raw *raw, uint32_t field, uint64_t value);
void gen_run(struct gen_raw *raw, uint32_t field, const void *data, size_t len);
void gen_nest(struct gen_raw *raw, uint32_t field, const struct gen_raw *inner);
struct jb_bytes gen_bytes(const struct gen_raw *raw);

#endif
