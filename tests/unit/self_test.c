/* A daemon's memory is nobody's business. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "proto/base/self.h"

static void a_hidden_process_leaves_no_dump(void **state)
{
    struct rlimit core = {1, 1};
    (void)state;
    jb_self_hide();
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(core.rlim_max, 0);
}

static void it_knows_its_size(void **state)
{
    static char key[64];
    (void)state;
    jb_self_pin(key, sizeof key); /* whether or not the system allows it */
    memset(key, 1, sizeof key);
    assert_true(jb_self_rss_bytes() > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hidden_process_leaves_no_dump),
        cmocka_unit_test(it_knows_its_size),
    };
    return cmocka_run_group_tests_name("self", tests, NULL, NULL);
}
