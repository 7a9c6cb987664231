/* Acts of several nodes about the cases of a small world, one after the other, as one batch.
 *
 * First two bytes: how many hours have gone by. Then steps: one byte for who acts, two of length,
 * and the encoded act. Every fourth kind of step is the broker's clock, looking at a case. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzbroker.h"

#define STEPS_MAX 24

static void look(struct fuzz_broker *f, uint8_t which)
{
    struct jb_intake_item *item = jb_batch_item(f->w->b.fill);

    FUZZ_MUST(item != NULL);
    item->source = JB_FROM_CLOCK;
    item->case_no = f->cases[which % FUZZ_CASES];
}

static void act(struct fuzz_broker *f, uint32_t node, struct jb_bytes bytes)
{
    struct jb_submission s = {
        .user = jb_text_of("clerk"), .made_at_ms = f->w->now_ms, .act_bytes = bytes};
    struct jb_bytes raw;

    if (jb_submission_encode(&s, &f->w->arena, &raw) == JB_OK)
        submit_bytes(f->w, node, raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t nodes[] = {OFFICE, HOUSING, LABOUR};
    struct fuzz_broker *f = fuzz_broker();
    struct fuzz_in in = {data, size};
    uint64_t made[16];

    memcpy(made, f->w->made, sizeof made);
    f->w->now_ms += (int64_t)fuzz_number(&in, 2) * 3600000;
    for (int i = 0; i < STEPS_MAX && in.left > 0; i++) {
        uint8_t who = fuzz_byte(&in);
        struct jb_bytes bytes = fuzz_part(&in);
        if (who % 4 == 3)
            look(f, bytes.len > 0 ? bytes.data[0] : 0);
        else
            act(f, nodes[who % 4], bytes);
    }
    fuzz_broker_decide(f);
    memcpy(f->w->made, made, sizeof made);
    return 0;
}
