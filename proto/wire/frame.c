/* See frame.h. One list of slots describes struct jb_frame; each kind of frame is its message. */
#include "proto/wire/frame.h"

#include <pthread.h>

#include "proto/rules/act.h"
#include "proto/schema/blob.pb-c.h"
#include "proto/schema/line.pb-c.h"
#include "proto/wire/slots.h"

struct kind {
    const char *name;
    const ProtobufCMessageDescriptor *type;
};

static const struct kind kinds[] = {
    [JB_FRAME_HELLO] = {"hello", &jb__hello__descriptor},
    [JB_FRAME_WELCOME] = {"welcome", &jb__welcome__descriptor},
    [JB_FRAME_SUBMIT] = {"submit", &jb__submit__descriptor},
    [JB_FRAME_DELIVER] = {"deliver", &jb__deliver__descriptor},
    [JB_FRAME_ACK] = {"ack", &jb__ack__descriptor},
    [JB_FRAME_BEAT] = {"beat", &jb__beat__descriptor},
    [JB_FRAME_RESUME] = {"resume", &jb__resume__descriptor},
    [JB_FRAME_REJECT] = {"reject", &jb__reject__descriptor},
    [JB_FRAME_BYE] = {"bye", &jb__bye__descriptor},
    [JB_FRAME_BLOB_OFFER] = {"blob_offer", &jb__blob_offer__descriptor},
    [JB_FRAME_BLOB_WANT] = {"blob_want", &jb__blob_want__descriptor},
    [JB_FRAME_BLOB_CHUNK] = {"blob_chunk", &jb__blob_chunk__descriptor},
    [JB_FRAME_BLOB_HAVE] = {"blob_have", &jb__blob_have__descriptor},
    [JB_FRAME_BLOB_GONE] = {"blob_gone", &jb__blob_gone__descriptor},
    [JB_FRAME_COPY_WANT] = {"copy_want", &jb__copy_want__descriptor},
    [JB_FRAME_COPY] = {"copy", &jb__copy__descriptor},
    [JB_FRAME_COPY_DONE] = {"copy_done", &jb__copy_done__descriptor},
};

static const struct jb_bounds bounds = {JB_LIMIT_LINE, JB_ITEM_LIMIT_BYTES, JB_FRAME_ITEMS_MAX};

static struct jb_plan plans[COUNT(kinds)]; /* by kind */
static struct jb_plan point_plan, range_plan;
/* the same struct, three messages */
static struct jb_plan submit_item_plan, deliver_item_plan, copy_item_plan;

#define FLAT struct jb_line_point
static const struct jb_slot point_slots[] = {FIXED(epoch) U64(number) FIXED(head)};
#undef FLAT

#define FLAT struct jb_blob_range
static const struct jb_slot range_slots[] = {U32(first) U32(count)};
#undef FLAT

#define FLAT struct jb_frame_item
static const struct jb_slot item_slots[] = {BYTES(body) BYTES(case_key) BYTES(hash) I64(at_ms) U64(
    settles) BOOL(history) U64(entry_seq) I64(case_no)};
#undef FLAT

#define FLAT struct jb_frame
static const struct jb_slot frame_slots[] = {
    U32(protocol_min) U32(protocol_max) U32(protocol) TEXT(code) TEXT(software) U32(node)
        PART(up, &point_plan) PART(down, &point_plan) PART(settled, &point_plan) U32(window_items)
            U32(window_bytes) I64(now_ms) FIXED(sign_key) U32(max_frame_bytes) FIXED(epoch)
                U64(first) U64(number) FIXED(head) U8(suite) FIXED(signature)
                    PARTS(items, items, item_count, &submit_item_plan)
                        PARTS(items, items, item_count, &deliver_item_plan)
                            PARTS(items, items, item_count, &copy_item_plan) BOOL(recovering)
                                PART(former, &point_plan) U32(error) TEXT(text) BOOL(closing)
                                    U32(frame_kind) I64(case_no) FIXED(blob_hash) BYTES(manifest)
                                        PARTS(missing, missing, missing_count, &range_plan)
                                            U32(window_chunks) U32(index) BYTES(body)};
#undef FLAT

static void build_plans(void)
{
    jb_plan_build(&point_plan, &jb__line_point__descriptor, point_slots, COUNT(point_slots));
    jb_plan_build(&range_plan, &jb__blob_range__descriptor, range_slots, COUNT(range_slots));
    jb_plan_build(&submit_item_plan, &jb__submit_item__descriptor, item_slots, COUNT(item_slots));
    jb_plan_build(&deliver_item_plan, &jb__deliver_item__descriptor, item_slots, COUNT(item_slots));
    jb_plan_build(&copy_item_plan, &jb__copy_item__descriptor, item_slots, COUNT(item_slots));
    for (size_t i = JB_FRAME_HELLO; i < COUNT(kinds); i++)
        if (kinds[i].type != NULL)
            jb_plan_build(&plans[i], kinds[i].type, frame_slots, COUNT(frame_slots));
}

/* NULL: a kind that this version does not know. */
static const struct jb_plan *plan_of(unsigned kind)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, build_plans);
    return kind < COUNT(kinds) && kinds[kind].type != NULL ? &plans[kind] : NULL;
}

const char *jb_frame_name(enum jb_frame_kind kind)
{
    unsigned i = (unsigned)kind;

    return i < COUNT(kinds) && kinds[i].name != NULL ? kinds[i].name : "unknown";
}

static enum jb_err check_header(struct jb_bytes bytes, struct jb_frame *frame,
                                struct jb_fault *fault)
{
    if (bytes.len > JB_FRAME_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "frame: %zu bytes, allowed %zu", bytes.len,
                            JB_FRAME_LIMIT_BYTES);
    if (bytes.len < JB_FRAME_HEADER_BYTES)
        return jb_fault_set(fault, JB_MALFORMED, "frame: %zu bytes, no header", bytes.len);
    if (bytes.data[0] != 'J' || bytes.data[1] != 'B')
        return jb_fault_set(fault, JB_MALFORMED, "frame: does not begin with JB");
    frame->kind = (enum jb_frame_kind)bytes.data[3];
    frame->version = bytes.data[2];
    /* A greeting is read whatever its version is, or it could not be answered. */
    if (frame->kind != JB_FRAME_HELLO &&
        (bytes.data[2] < JB_PROTOCOL_MIN || bytes.data[2] > JB_PROTOCOL_MAX))
        return jb_fault_set(fault, JB_VERSION, "frame: protocol version %d, known are %d to %d",
                            bytes.data[2], JB_PROTOCOL_MIN, JB_PROTOCOL_MAX);
    return JB_OK;
}

static enum jb_err check_items(const struct jb_frame *frame, struct jb_fault *fault)
{
    if (frame->kind != JB_FRAME_SUBMIT && frame->kind != JB_FRAME_DELIVER &&
        frame->kind != JB_FRAME_COPY)
        return JB_OK;
    if (frame->item_count == 0)
        return jb_fault_set(fault, JB_MALFORMED, "%s: no items", jb_frame_name(frame->kind));
    for (size_t i = 0; i < frame->item_count; i++) {
        size_t len = frame->items[i].case_key.len;

        if (len != 0 && len != JB_KEY_BYTES)
            return jb_fault_set(fault, JB_MALFORMED, "items[%zu].case_key: %zu bytes, must be %d",
                                i, len, JB_KEY_BYTES);
    }
    return JB_OK;
}

enum jb_err jb_frame_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_frame *frame,
                            struct jb_fault *fault)
{
    const struct jb_plan *plan;
    ProtobufCMessage *message;
    struct jb_frame f = {0};
    enum jb_err err = check_header(bytes, &f, fault);

    frame->kind = f.kind;
    if (err != JB_OK)
        return err;
    plan = plan_of((unsigned)f.kind);
    if (f.kind >= JB_FRAME_BLOB_OFFER && f.kind <= JB_FRAME_BLOB_GONE &&
        f.version < JB_PROTOCOL_BLOBS)
        plan = NULL;
    if (plan == NULL)
        return jb_fault_set(fault, JB_UNKNOWN_KIND, "frame: unknown kind %d", (int)f.kind);
    bytes.data += JB_FRAME_HEADER_BYTES;
    bytes.len -= JB_FRAME_HEADER_BYTES;
    err = jb_unpack(plan->type, &bounds, bytes, arena, &message, fault);
    if (err == JB_OK)
        err = jb_plan_read(plan, message, &f, arena, fault);
    if (err == JB_OK)
        err = check_items(&f, fault);
    if (err == JB_OK)
        *frame = f;
    return err;
}

enum jb_err jb_frame_encode(const struct jb_frame *frame, struct jb_arena *arena,
                            struct jb_bytes *bytes)
{
    const uint8_t version = frame->version != 0 ? frame->version : JB_PROTOCOL_MIN;
    const uint8_t header[JB_FRAME_HEADER_BYTES] = {'J', 'B', version, (uint8_t)frame->kind};
    const struct jb_plan *plan = plan_of((unsigned)frame->kind);
    ProtobufCMessage *message;
    enum jb_err err;

    if (plan == NULL)
        return JB_UNKNOWN_KIND;
    if (frame->item_count > JB_FRAME_ITEMS_MAX)
        return JB_OVERFLOW;
    err = jb_plan_write(plan, frame, arena, &message);
    if (err != JB_OK)
        return err;
    /* The name spares whoever reads the frame by other means than ours the table of numbers. */
    if (frame->kind == JB_FRAME_REJECT && frame->error != 0)
        ((Jb__Reject *)message)->name = (char *)jb_err_name((enum jb_err)frame->error);
    return jb_pack(message, (struct jb_bytes){header, sizeof header}, JB_FRAME_LIMIT_BYTES, arena,
                   bytes);
}
