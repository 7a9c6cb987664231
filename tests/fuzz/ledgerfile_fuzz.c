/* A ledger file that somebody or something has changed anywhere, also one of an earlier version,
 * opened as a daemon does that starts: nothing is known of it.
 *
 * First byte as for `ledger`; bit 6: the file is of an earlier version; bit 7: opened again in the
 * way of that target: with the same outcome. Then the changes. */
#include "tests/fuzz/fuzzledger.h"

enum {
    OLD = 64,
    TWICE = 128
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fuzz_outcome fresh;
    struct fuzz_outcome swift;
    uint8_t how = fuzz_byte(&in);
    struct fuzz_ledger_plan plan = fuzz_ledger_plan(how);

    plan.old = (how & OLD) != 0;
    FUZZ_MUST(fuzz_ledger(&plan, in, &fresh));
    plan.swift = true;
    if ((how & TWICE) == 0 || plan.old || !fuzz_ledger(&plan, in, &swift))
        return 0;
    FUZZ_MUST(swift.opened == fresh.opened && swift.checked == fresh.checked);
    FUZZ_MUST(swift.check.chain_intact == fresh.check.chain_intact &&
              swift.check.tables_equal == fresh.check.tables_equal &&
              swift.check.items == fresh.check.items);
    return 0;
}
