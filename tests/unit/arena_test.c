/* The arena: alignment, zeroed memory, the limit, and what reset keeps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/arena.h"

static void gives_aligned_zeroed_memory(void **state)
{
    struct jb_arena a;

    (void)state;
    jb_arena_init(&a, 1 << 20);
    for (size_t size = 0; size < 300; size += 7) {
        uint8_t *p = jb_arena_alloc(&a, size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        if (size > 0)
            memset(p, 0xff, size);
    }
    assert_false(a.overflowed);
    jb_arena_fini(&a);
    assert_null(a.blocks);
}

/* Objects of many sizes, larger than any block among them, never overlap. */
static void objects_do_not_overlap(void **state)
{
    static const size_t sizes[] = {1, 16, 4000, 5000, 17, 300000, 3, 100000, 64};
    struct jb_arena a;
    uint8_t *objects[sizeof sizes / sizeof sizes[0]];

    (void)state;
    jb_arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        objects[i] = jb_arena_alloc(&a, sizes[i]);
        assert_non_null(objects[i]);
        memset(objects[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(objects[i][k], i + 1);
    }
    jb_arena_fini(&a);
}

static void refuses_over_the_limit(void **state)
{
    struct jb_arena a;

    (void)state;
    jb_arena_init(&a, 1024);
    assert_null(jb_arena_alloc(&a, 1025));
    assert_true(a.overflowed);
    assert_int_equal(a.used_bytes, 0);
    assert_non_null(jb_arena_alloc(&a, 1024));
    assert_null(jb_arena_alloc(&a, 1));
    assert_null(jb_arena_alloc(&a, 0));
    assert_null(jb_arena_strndup(&a, "x", 1));
    jb_arena_reset(&a);
    assert_false(a.overflowed);
    assert_int_equal(a.used_bytes, 0);
    assert_int_equal(a.limit_bytes, 1024);
    for (int i = 0; i < 64; i++)
        assert_non_null(jb_arena_alloc(&a, 9));
    assert_null(jb_arena_alloc(&a, 1));
    jb_arena_fini(&a);
}

static void refuses_sizes_that_would_wrap(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 31,
                                   SIZE_MAX / 2 + 1};
    struct jb_arena a;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        jb_arena_init(&a, SIZE_MAX);
        assert_non_null(jb_arena_alloc(&a, 1));
        assert_null(jb_arena_alloc(&a, sizes[i]));
        assert_true(a.overflowed);
        assert_int_equal(a.used_bytes, 16);
        jb_arena_fini(&a);
    }
    jb_arena_init(&a, SIZE_MAX);
    assert_null(jb_arena_strndup(&a, "x", SIZE_MAX));
    assert_true(a.overflowed);
    jb_arena_fini(&a);
}

static void reset_reuses_one_ordinary_block(void **state)
{
    struct jb_arena a;
    uint8_t *first;

    (void)state;
    jb_arena_init(&a, 64 << 20);
    jb_arena_reset(&a); /* an empty one too */
    first = jb_arena_alloc(&a, 100);
    memset(first, 0xaa, 100);
    assert_non_null(jb_arena_alloc(&a, 8 << 20)); /* its block is not worth keeping */
    jb_arena_reset(&a);
    assert_ptr_equal(jb_arena_alloc(&a, 100), first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(first[i], 0);
    jb_arena_fini(&a);
    jb_arena_init(&a, 16);
    assert_non_null(jb_arena_alloc(&a, 3));
    jb_arena_fini(&a);
}

static void copies(void **state)
{
    struct jb_arena a;
    static const uint8_t raw[] = {0, 1, 2, 0, 255};

    (void)state;
    jb_arena_init(&a, 4096);
    assert_string_equal(jb_arena_strndup(&a, "信访事项", 6), "信访");
    assert_string_equal(jb_arena_strndup(&a, NULL, 0), "");
    assert_memory_equal(jb_arena_memdup(&a, raw, sizeof raw), raw, sizeof raw);
    assert_non_null(jb_arena_memdup(&a, NULL, 0));
    assert_null(jb_arena_memdup(&a, raw, 8192));
    jb_arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_zeroed_memory),
        cmocka_unit_test(objects_do_not_overlap),
        cmocka_unit_test(refuses_over_the_limit),
        cmocka_unit_test(refuses_sizes_that_would_wrap),
        cmocka_unit_test(reset_reuses_one_ordinary_block),
        cmocka_unit_test(copies),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
