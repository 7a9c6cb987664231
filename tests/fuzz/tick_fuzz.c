/* The packed row of a batch, as a damaged disk may give it back.
 *
 * First byte: 0 the row as it stands; 1 the rest with a checksum behind it that fits, so that what
 * is inside is looked at. Whatever can be read packs to one row and reads the same again. */
#include "proto/ledger/tick.h"
#include "tests/fuzz/fuzz.h"

static void again(const struct jb_tick *t)
{
    struct jb_fault fault = {""};
    struct jb_bytes row;
    struct jb_bytes same;
    struct jb_arena arena;
    struct jb_tick *copy = jb_tick_new();

    jb_arena_init(&arena, (size_t)64 << 20);
    FUZZ_MUST(copy != NULL);
    FUZZ_MUST(jb_tick_pack(t, &arena, &row) == JB_OK);
    FUZZ_MUST(jb_tick_unpack(row, copy, &fault) == JB_OK);
    FUZZ_MUST(jb_tick_pack(copy, &arena, &same) == JB_OK);
    FUZZ_MUST(row.len == same.len && memcmp(row.data, same.data, row.len) == 0);
    jb_tick_drop(&copy);
    jb_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct jb_fault fault = {""};
    bool sum = fuzz_byte(&in) == 1;
    size_t len = in.left + (sum ? JB_HASH_BYTES : 0);
    uint8_t *row = calloc(1, len > 0 ? len : 1);
    struct jb_tick *t = jb_tick_new();

    FUZZ_MUST(row != NULL && t != NULL);
    if (in.left > 0)
        memcpy(row, in.at, in.left);
    if (sum)
        jb_digest(row, in.left, row + in.left);
    enum jb_err err = jb_tick_unpack((struct jb_bytes){row, len}, t, &fault);
    FUZZ_MUST(err == JB_OK || (fault.text[0] != '\0' && (err == JB_CORRUPT || err == JB_NOMEM)));
    if (err == JB_OK)
        again(t);
    jb_tick_drop(&t);
    free(row);
    return 0;
}
