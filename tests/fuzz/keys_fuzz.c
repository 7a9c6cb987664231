/* Keys as people and disks bring them: the public line that an administrator pastes (first byte
 * even) and the key file (odd). */
#include "proto/wire/keys.h"
#include "proto/wire/sign.h"
#include "tests/fuzz/fuzz.h"

static void line(struct jb_bytes bytes)
{
    struct jb_public_keys keys;
    struct jb_public_keys again;
    struct jb_fault fault = {""};
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    char *z = malloc(bytes.len + 1);

    FUZZ_MUST(z != NULL);
    if (bytes.len > 0)
        memcpy(z, bytes.data, bytes.len);
    z[bytes.len] = '\0';
    if (jb_keys_public_parse(z, &keys, &fault) == JB_OK) {
        jb_keys_public_text(&keys, text);
        FUZZ_MUST(jb_keys_public_parse(text, &again, &fault) == JB_OK);
        FUZZ_MUST(memcmp(&keys, &again, sizeof keys) == 0);
    } else {
        FUZZ_MUST(fault.text[0] != '\0');
    }
    free(z);
}

static void file(struct jb_bytes bytes)
{
    static const struct jb_node_keys none;
    struct jb_node_keys keys;
    struct jb_fault fault = {""};
    static const uint8_t epoch[JB_EPOCH_BYTES] = {1};
    static const uint8_t head[JB_HASH_BYTES] = {2};
    uint8_t signature[JB_SIGN_BYTES];

    if (jb_keys_load(fuzz_file(bytes), &keys, &fault) != JB_OK) {
        FUZZ_MUST(fault.text[0] != '\0');
        FUZZ_MUST(memcmp(&keys, &none, sizeof keys) == 0);
        return;
    }
    /* Keys that are taken work: the halves belong together. */
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_UP, 7, epoch, 1, head);
    FUZZ_MUST(jb_line_sign(keys.suite, keys.sign_secret, &claim, signature) == JB_OK);
    FUZZ_MUST(jb_line_verify(keys.suite, keys.sign_public, &claim, signature) == JB_OK);
    jb_keys_wipe(&keys);
    FUZZ_MUST(memcmp(&keys, &none, sizeof keys) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    bool is_file = fuzz_byte(&in) % 2 == 1;
    struct jb_bytes rest = fuzz_take(&in, size);

    FUZZ_MUST(jb_sign_init() == JB_OK);
    (is_file ? file : line)(rest);
    return 0;
}
