/* What is shown as JSON: a reply, a request or an act, decoded as from the local socket and printed
 * (nothing in the project reads JSON), and raw bytes through the writer of texts. The first byte
 * chooses. What comes out must be JSON to a reader that shares no code with the writer. */
#include "proto/schema/act.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/json.h"
#include "proto/wire/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jsoncheck.h"

#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

static void shown(const ProtobufCMessage *m, struct jb_arena *arena)
{
    struct jb_text flat;
    struct jb_text tall;
    enum jb_err err = jb_message_json(m, 0, arena, &flat);

    if (err == JB_OK)
        err = jb_message_json(m, 2, arena, &tall);
    if (err != JB_OK) {
        FUZZ_MUST(err == JB_NOMEM);
        return;
    }
    FUZZ_MUST(json_valid(flat.data, flat.len) && memchr(flat.data, '\n', flat.len) == NULL);
    FUZZ_MUST(json_valid(tall.data, tall.len) && json_same(flat, tall));
}

static void message(const ProtobufCMessageDescriptor *type, struct jb_bytes bytes,
                    struct jb_arena *arena)
{
    ProtobufCMessage *m = NULL;
    struct jb_bytes packed;
    struct jb_fault fault = {""};

    if (jb_message_decode(type, bytes, arena, &m, &fault) != JB_OK)
        return;
    shown(m, arena);
    FUZZ_MUST(jb_message_encode(m, arena, &packed) == JB_OK || arena->overflowed);
}

static void act(struct jb_bytes bytes, struct jb_arena *arena)
{
    struct jb_act a;
    struct jb_text json;
    struct jb_fault fault = {""};

    if (jb_act_decode(bytes, arena, &a, &fault) == JB_OK &&
        jb_act_json(&a, 0, arena, &json) == JB_OK)
        FUZZ_MUST(json_valid(json.data, json.len));
}

static void text(struct jb_bytes bytes, struct jb_arena *arena)
{
    struct jb_json j;
    struct jb_text out;

    jb_json_start(&j, arena, 1);
    jb_json_open(&j, '[');
    jb_json_next(&j);
    jb_json_text(&j, (struct jb_text){(const char *)bytes.data, bytes.len});
    jb_json_next(&j);
    jb_json_base64(&j, bytes);
    jb_json_close(&j, ']');
    if (jb_json_finish(&j, &out) == JB_OK)
        FUZZ_MUST(json_valid(out.data, out.len) && out.data[out.len] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t kind = fuzz_byte(&in);
    struct jb_bytes rest = fuzz_take(&in, size);
    uint8_t *exact = fuzz_exact(rest);
    struct jb_arena arena;

    rest.data = exact;
    jb_arena_init(&arena, ARENA_BYTES);
    if (kind % 4 == 0)
        message(&jb__reply__descriptor, rest, &arena);
    else if (kind % 4 == 1)
        message(&jb__request__descriptor, rest, &arena);
    else if (kind % 4 == 2)
        act(rest, &arena);
    else
        text(rest, &arena);
    jb_arena_fini(&arena);
    free(exact);
    return 0;
}
