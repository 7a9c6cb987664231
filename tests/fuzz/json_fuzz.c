/* What is shown as JSON: a reply, a request or an act, decoded as from the local socket and
 * printed, and raw bytes through the writer of texts and through the reader. The first byte
 * chooses. What comes out must be JSON to a reader that shares no code with the writer, and be read
 * back as the same; what is read must be the same once more when it is printed and read again. */
#include "proto/schema/act.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/json.h"
#include "proto/wire/jsonin.h"
#include "proto/wire/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jsoncheck.h"

#define ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define READING 4 /* one byte: the corpus is older than the reader */

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

/* Printed, read and printed again it is the same; but for what only a writer has: an act inside of
 * a view, numbers that are no word, texts that are not one. */
static void read_back(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *m,
                      struct jb_arena *arena)
{
    struct jb_text once;
    struct jb_text twice;
    struct jb_fault fault = {""};
    ProtobufCMessage *back = NULL;

    if (jb_message_json(m, 0, arena, &once) != JB_OK ||
        jb_message_read_json(type, once, arena, &back, &fault) != JB_OK)
        return;
    if (jb_message_json(back, 0, arena, &twice) == JB_OK)
        FUZZ_MUST(jb_text_equal(once, twice));
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
    read_back(type, m, arena);
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

static void reading(struct jb_bytes bytes, struct jb_arena *arena)
{
    static const ProtobufCMessageDescriptor *const types[] = {&jb__request__descriptor,
                                                              &jb__case_list__descriptor};
    struct jb_text json = {(const char *)bytes.data, bytes.len};
    struct jb_fault fault = {""};
    struct jb_act_given given;
    ProtobufCMessage *m = NULL;
    struct jb_act a;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (jb_message_read_json(types[i], json, arena, &m, &fault) == JB_OK)
            read_back(types[i], m, arena);
    if (jb_act_read_json(json, NULL, 0, arena, &given, &fault) == JB_OK)
        FUZZ_MUST(jb_act_decode(given.act, arena, &a, &fault) == JB_OK || fault.text[0] != '\0' ||
                  arena->overflowed);
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
    if (kind == READING)
        reading(rest, &arena);
    else if (kind % 4 == 0)
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
