/* What the gate reads of a stranger's bytes before the library sees them. The first byte says in
 * pieces of what size the rest arrives: the outcome must not depend on it. */
#include "proto/wire/gateframes.h"
#include "tests/fuzz/fuzz.h"

struct seen {
    size_t frames;
    uint64_t sum; /* of sizes and flags, in order */
};

static void scan(struct jb_bytes bytes, size_t piece, struct seen *seen)
{
    struct jb_frame_scan s = {0};
    size_t at = 0;

    while (at < bytes.len) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        int64_t size = -1;
        uint8_t flags = 0;
        size_t taken = jb_frame_scan(&s, bytes.data + at, len, &size, &flags);
        FUZZ_MUST(taken > 0 && taken <= len);
        at += taken;
        if (size < 0)
            continue;
        seen->frames++;
        seen->sum = seen->sum * 31 + (uint64_t)size + flags;
    }
}

/* However much it is told, the account stays within its ring and never below zero. */
static void account(struct jb_bytes bytes)
{
    struct jb_unread u = {.count = 0};

    for (size_t i = 0; i + 2 < bytes.len; i += 3) {
        uint32_t size = (uint32_t)bytes.data[i + 1] << 8 | bytes.data[i + 2];
        if (bytes.data[i] % 4 == 0)
            jb_unread_take(&u, size);
        else if (!jb_unread_add(&u, size))
            FUZZ_MUST(u.count == JB_UNREAD_FRAMES);
        size_t sum = 0;
        for (unsigned k = 0; k < u.count; k++)
            sum += u.sizes[(u.first + k) % u.capacity];
        FUZZ_MUST(u.count <= JB_UNREAD_FRAMES && sum == u.bytes);
    }
    jb_unread_fini(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    size_t piece = (size_t)fuzz_byte(&in) + 1;
    struct jb_bytes rest = fuzz_take(&in, size);
    uint8_t *exact = fuzz_exact(rest);
    struct seen whole = {0, 0};
    struct seen pieces = {0, 0};
    bool fits = jb_gate_early_fits(exact, rest.len < JB_EARLY_BYTES ? rest.len : JB_EARLY_BYTES);

    rest.data = exact;
    for (size_t len = 0; len < rest.len && len < JB_EARLY_BYTES && fits; len++)
        FUZZ_MUST(jb_gate_early_fits(exact, len)); /* never refused early what is good in the end */
    scan(rest, SIZE_MAX, &whole);
    scan(rest, piece, &pieces);
    FUZZ_MUST(whole.frames == pieces.frames && whole.sum == pieces.sum);
    account(rest);
    free(exact);
    return 0;
}
