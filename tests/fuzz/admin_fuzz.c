/* What administrators send to the broker's socket: read, allowed or refused, put on record, done.
 *
 * First byte: who asks (bits 0 and 1), who has which duty (bits 2 and 3), whether there are several
 * requests, each behind two bytes of length (bit 4), whether the record is still being completed
 * after a restore (bit 5). */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzbroker.h"
#include "tests/fuzz/fuzzline.h"
#include "tests/fuzz/fuzzrestore.h"

#define SEVERAL 16
#define RECOVERING 32

static const struct jb_local_identity people[] = {
    {.uid = 0, .gid = 0, .user = "root"},
    {.uid = 1001, .gid = 100, .user = "li"},
    {.uid = 1002, .gid = 101, .user = "gate"},
    {.uid = 1003, .gid = 100, .user = "王"},
};

/* As [admins] may say it: system, security, audit. First: nobody is named. */
static const char *const lists[][JB_DUTY_COUNT] = {
    {"", "", ""},
    {"root", "li", "王"},
    {"@gate", "root, 王", "uid:9"},
    {"li, gate", "li", "li"},
};

static void ask(struct jb_broker *b, struct jb_bytes request)
{
    uint8_t *exact = fuzz_exact(request);

    if (b->admin != NULL)
        fuzz_local_frame((struct jb_bytes){exact, request.len});
    free(exact);
    fuzz_restored_turn(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);
    char *kept[JB_DUTY_COUNT];

    fuzz_admin_socket = true;
    struct jb_broker *b = fuzz_restored(fuzz_broker(), (how & RECOVERING) != 0 ? FUZZ_RESTORE_ALL
                                                                               : FUZZ_RESTORE_LATE);
    for (size_t i = 0; i < JB_DUTY_COUNT; i++) {
        kept[i] = b->config->admins[i];
        b->config->admins[i] = strdup(lists[how >> 2 & 3][i]);
        FUZZ_MUST(b->config->admins[i] != NULL);
    }
    fuzz_restored_turn(b);
    fuzz_local_open(&people[how & 3]);
    if ((how & SEVERAL) == 0)
        ask(b, fuzz_take(&in, size));
    while (in.left > 0)
        ask(b, fuzz_part(&in));
    FUZZ_MUST(!b->stopping);
    fuzz_local_close();
    for (size_t i = 0; i < JB_DUTY_COUNT; i++) { /* others, after a reload */
        free(b->config->admins[i]);
        b->config->admins[i] = kept[i];
    }
    fuzz_restored_end(b);
    return 0;
}
