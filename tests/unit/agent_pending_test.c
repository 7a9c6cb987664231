/* The outbox in short: against a plain list, over many random additions and settlements. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "clients/agent/pending.h"

#define STEPS 20000
#define CASES 7

static uint64_t random_state = 7;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

static int64_t case_of(uint64_t number)
{
    return (int64_t)(number * 31 % CASES);
}

static void add(struct jb_agent_pendings *p, uint64_t number)
{
    assert_int_equal(jb_agent_pendings_reserve(p, 1), JB_OK);
    jb_agent_pendings_add(p, (struct jb_agent_pending){.number = number,
                                                       .case_no = case_of(number),
                                                       .kind = JB_ACT_NOTE});
}

/* What must be there: everything after `settled` up to `made`. */
static void check(const struct jb_agent_pendings *p, uint64_t settled, uint64_t made)
{
    uint32_t of_case = 0;

    assert_int_equal(p->count, made - settled);
    assert_null(jb_agent_pendings_find(p, settled));
    assert_null(jb_agent_pendings_find(p, made + 1));
    assert_null(jb_agent_pendings_at(p, p->count));
    for (uint64_t n = settled + 1; n <= made; n++) {
        const struct jb_agent_pending *one = jb_agent_pendings_find(p, n);
        assert_non_null(one);
        assert_int_equal(one->number, n);
        assert_int_equal(one->case_no, case_of(n));
        assert_ptr_equal(one, jb_agent_pendings_at(p, (size_t)(n - settled - 1)));
        of_case += case_of(n) == 3;
    }
    assert_int_equal(jb_agent_pendings_of_case(p, 3), of_case);
}

static void like_a_list(void **state)
{
    struct jb_agent_pendings p = {0};
    uint64_t settled = 0;
    uint64_t made = 0;

    (void)state;
    check(&p, 0, 0);
    for (int i = 0; i < STEPS; i++) {
        if (made - settled < 100 && random_below(2) == 0)
            add(&p, ++made);
        else
            settled += random_below((uint32_t)(made - settled) + 1);
        jb_agent_pendings_settle(&p, settled);
        if (i % 50 == 0)
            check(&p, settled, made);
    }
    assert_true(p.capacity <= 256); /* what was settled gives its room back */
    jb_agent_pendings_fini(&p);
    assert_int_equal(p.count, 0);
}

static void settling_twice_changes_nothing(void **state)
{
    struct jb_agent_pendings p = {0};

    (void)state;
    for (uint64_t n = 5; n <= 9; n++) /* after a restart numbers do not begin at 1 */
        add(&p, n);
    jb_agent_pendings_settle(&p, 6);
    jb_agent_pendings_settle(&p, 6);
    jb_agent_pendings_settle(&p, 2);
    check(&p, 6, 9);
    jb_agent_pendings_settle(&p, 9);
    check(&p, 9, 9);
    jb_agent_pendings_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_a_list),
        cmocka_unit_test(settling_twice_changes_nothing),
    };

    return cmocka_run_group_tests_name("agent_pending", tests, NULL, NULL);
}
