/* A ledger file in which something has changed what stands in its tables and on their pages, opened
 * by broker or agent. Swift: see sqlpool.h; the whole file, its schema included, is for ledgerfile.
 *
 * First byte: bit 0: whose file; bits 1 and 2: what the changes are (fuzzledger.h); bits 3 and 4:
 * the tables are rebuilt; bit 5: SQLite looks at all pages first. Then the changes. */
#include "tests/fuzz/fuzzledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fuzz_outcome out;
    struct fuzz_ledger_plan plan = fuzz_ledger_plan(fuzz_byte(&in));

    plan.swift = true;
    plan.spare_schema = true;
    FUZZ_MUST(fuzz_ledger(&plan, in, &out));
    return 0;
}
