/* See seeds.h. Frames as the two ends send them one after the other; first with everything as it
 * has to be, then with gaps that the target mends. */
#include "proto/schema/local.pb-c.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzbroker.h"
#include "tests/fuzz/fuzzrestore.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/wire_gen.h"

enum { /* bits of the first byte of `frame`, beside who sends */
    GREETED = 4,
    MENDED = 8,
    SEVERAL = 16,
    RESTORED = 32,
    LATE = 64
};

/* OFFICE 0, HOUSING 1, LABOUR 2 */
static uint8_t first_byte(uint32_t node, int bits)
{
    return (uint8_t)((node - OFFICE) | (unsigned)bits);
}

/* ---- attachments ---- */

static struct jb_frame about(enum jb_frame_kind kind, const struct fuzz_blob *b)
{
    struct jb_frame f = {.kind = kind, .version = JB_PROTOCOL_BLOBS};

    memcpy(f.blob_hash, b->hash, sizeof f.blob_hash);
    return f;
}

static void add_offer(struct seed *s, const struct fuzz_blob *b)
{
    struct jb_frame f = about(JB_FRAME_BLOB_OFFER, b);

    f.manifest = b->manifest_bytes;
    seed_frame_part(s, &f);
}

static void add_chunk(struct seed *s, const struct fuzz_blob *b, uint32_t index, bool good)
{
    struct jb_frame f = about(JB_FRAME_BLOB_CHUNK, b);

    f.index = index;
    f.body = fuzz_blob_chunk(b, index);
    if (!good)
        f.body.len = f.body.len < 100 ? f.body.len : 100;
    seed_frame_part(s, &f);
}

static void add_want(struct seed *s, const struct fuzz_blob *b, uint32_t first, uint32_t count)
{
    struct jb_blob_range range = {first, count};
    struct jb_frame f = about(JB_FRAME_BLOB_WANT, b);

    f.window_chunks = 4;
    f.missing = &range;
    f.missing_count = count > 0 ? 1 : 0;
    seed_frame_part(s, &f);
}

static void add_have(struct seed *s, const struct fuzz_broker *f, uint32_t node,
                     const struct fuzz_blob *b)
{
    struct jb_frame have = about(JB_FRAME_BLOB_HAVE, b);

    have.suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_blob_sign(have.suite, f->sign_secret[node], node, have.blob_hash,
                           have.signature) == JB_OK);
    seed_frame_part(s, &have);
}

static void add_gone(struct seed *s, const struct fuzz_blob *b, enum jb_err err)
{
    struct jb_frame f = about(JB_FRAME_BLOB_GONE, b);

    f.error = (uint32_t)err;
    f.text = jb_text_of("it cannot be read now");
    seed_frame_part(s, &f);
}

static void blobs_as_they_are(const struct fuzz_broker *f, uint32_t node, const char *who)
{
    static struct seed s;
    const struct fuzz_blob *blobs = fuzz_blobs();
    char name[64];

    s.len = 0;
    seed_byte(&s, first_byte(node, GREETED | SEVERAL));
    add_want(&s, &blobs[0], 0, 0);
    add_want(&s, &blobs[0], 0, 1);
    add_have(&s, f, node, &blobs[0]);
    add_want(&s, &blobs[1], 0, 3);
    add_want(&s, &blobs[1], 1, 3); /* there is no such chunk */
    add_gone(&s, &blobs[1], JB_NOT_FOUND);
    (void)snprintf(name, sizeof name, "blob-send-%s", who);
    seed_save(&s, "frame", name);
    s.len = 0;
    seed_byte(&s, first_byte(node, GREETED | SEVERAL));
    add_offer(&s, &blobs[2]);
    add_chunk(&s, &blobs[2], 0, true);
    add_offer(&s, &blobs[3]);
    for (uint32_t i = 0; i < 3; i++)
        add_chunk(&s, &blobs[3], i, false);
    add_gone(&s, &blobs[3], JB_FULL);
    (void)snprintf(name, sizeof name, "blob-receive-%s", who);
    seed_save(&s, "frame", name);
}

/* The target fills in which blob it is, its manifest, its chunks. */
static void blobs_to_mend(void)
{
    static struct seed s;
    struct jb_frame f = {.kind = JB_FRAME_BLOB_OFFER, .version = JB_PROTOCOL_BLOBS};

    s.len = 0;
    seed_byte(&s, first_byte(OFFICE, GREETED | MENDED | SEVERAL));
    for (uint8_t i = 0; i < FUZZ_BLOBS; i++) {
        f.blob_hash[0] = (uint8_t)(FUZZ_BLOBS + i);
        f.kind = JB_FRAME_BLOB_OFFER;
        seed_frame_part(&s, &f);
        f.kind = JB_FRAME_BLOB_CHUNK;
        for (f.index = 0; f.index < 3; f.index++)
            seed_frame_part(&s, &f);
        f.index = 0;
        f.kind = JB_FRAME_BLOB_HAVE;
        seed_frame_part(&s, &f);
    }
    seed_save(&s, "frame", "blob-mended");
}

void seed_blobs(const struct fuzz_broker *f)
{
    blobs_as_they_are(f, OFFICE, "office");
    blobs_as_they_are(f, HOUSING, "housing");
    blobs_as_they_are(f, LABOUR, "labour");
    blobs_to_mend();
}

/* ---- after a restore ---- */

static void add_copies(struct seed *s, struct fuzz_broker *f, uint32_t node, size_t max)
{
    struct jb_arena arena;
    uint64_t first = fuzz_restore_first(node);
    uint64_t end = 0;
    uint8_t head[JB_HASH_BYTES];

    jb_arena_init(&arena, (size_t)16 * 1024 * 1024);
    FUZZ_MUST(jb_stream_end(f->w->b.reader, node, &end, head) == JB_OK);
    while (first <= end) {
        struct jb_frame copy = fuzz_restore_copy(f, node, first, max, &arena);
        struct jb_line_point last = fuzz_restore_end_of(&copy);
        fuzz_broker_sign(f, node, &last, copy.signature);
        seed_frame_part(s, &copy);
        first = last.number + 1;
    }
    jb_arena_fini(&arena);
}

static void add_done(struct seed *s, struct fuzz_broker *f, uint32_t node, enum jb_err err)
{
    struct jb_frame done = {.kind = JB_FRAME_COPY_DONE,
                            .version = JB_PROTOCOL_COPY,
                            .suite = JB_SUITE_ED25519,
                            .error = (uint32_t)err,
                            .settled = {.epoch = {7}, .number = 1}};
    struct jb_line_claim claim = jb_line_claim_of(JB_LINE_UP, node, done.settled.epoch,
                                                  done.settled.number, done.settled.head);

    FUZZ_MUST(jb_line_sign(done.suite, f->sign_secret[node], &claim, done.signature) == JB_OK);
    seed_frame_part(s, &done);
}

static void restore_seed(struct fuzz_broker *f, uint32_t node, int bits, size_t max,
                         const char *name)
{
    static struct seed s;

    s.len = 0;
    seed_byte(&s, first_byte(node, bits | GREETED | SEVERAL | RESTORED));
    add_copies(&s, f, node, max);
    add_done(&s, f, node, JB_OK);
    seed_save(&s, "frame", name);
}

void seed_restores(struct fuzz_broker *f)
{
    static struct seed s;
    struct jb_frame hello = {.kind = JB_FRAME_HELLO, .protocol_max = 1, .down.number = 2};

    restore_seed(f, OFFICE, 0, 100, "restore-office");
    restore_seed(f, OFFICE, 0, 1, "restore-office-by-one");
    restore_seed(f, HOUSING, 0, 100, "restore-housing");
    restore_seed(f, LABOUR, 0, 100, "restore-labour");
    restore_seed(f, OFFICE, LATE, 100, "late-office");
    restore_seed(f, OFFICE, LATE, 1, "late-office-by-one");
    restore_seed(f, HOUSING, LATE, 100, "late-housing");
    restore_seed(f, OFFICE, MENDED, 2, "restore-mended");
    restore_seed(f, OFFICE, MENDED | LATE, 2, "late-mended");
    s.len = 0;
    seed_byte(&s, first_byte(OFFICE, GREETED | SEVERAL | RESTORED));
    add_done(&s, f, OFFICE, JB_DIVERGED);
    seed_save(&s, "frame", "restore-diverged");
    seed_frame(first_byte(OFFICE, MENDED | RESTORED), &hello, "restore-old-node");
    hello.protocol_max = 0;
    seed_frame(first_byte(OFFICE, MENDED | RESTORED | LATE), &hello, "late-hello");
}

/* ---- administrators ---- */

static void add_request(struct seed *s, uint32_t kind, const struct gen_raw *body)
{
    struct gen_raw whole = {.len = 0};

    gen_nest(&whole, kind, body);
    seed_part(s, (struct jb_bytes){whole.data, whole.len});
}

static void add_act(struct seed *s, struct fuzz_broker *f, const struct jb_act *act)
{
    struct gen_raw body = {.len = 0};
    struct jb_bytes bytes;

    FUZZ_MUST(jb_act_encode(act, &f->w->arena, &bytes) == JB_OK);
    gen_run(&body, 1, bytes.data, bytes.len);
    add_request(s,
                act->kind == JB_ACT_ENROL_NODE ? JB__REQUEST__BODY_ENROL : JB__REQUEST__BODY_ADMIN,
                &body);
}

static void add_plain(struct seed *s)
{
    static const uint32_t kinds[] = {
        JB__REQUEST__BODY_STATUS,        JB__REQUEST__BODY_NODES,  JB__REQUEST__BODY_RIGHTS,
        JB__REQUEST__BODY_CONFIRM_CLOCK, JB__REQUEST__BODY_VERIFY, JB__REQUEST__BODY_AUDIT,
        JB__REQUEST__BODY_RELOAD,        JB__REQUEST__BODY_REPORT, JB__REQUEST__BODY_CASES};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct gen_raw body = {.len = 0};
        if (kinds[i] == JB__REQUEST__BODY_REPORT) {
            gen_number(&body, 1, UINT64_C(1795399200000) - 86400000);
            gen_number(&body, 2, UINT64_C(1795399200000));
        }
        add_request(s, kinds[i], &body);
    }
}

/* Everybody, with every list of [admins], asks for everything. */
void seed_admins(struct fuzz_broker *f)
{
    static struct seed s;
    static const uint8_t key[JB_KEY_BYTES] = {0x77};
    const struct jb_act acts[] = {
        {.kind = JB_ACT_ENROL_NODE,
         .code = jb_text_of("water"),
         .name = jb_text_of("水务局"),
         .level = JB_LEVEL_COUNTY,
         .node_kind = JB_NODE_DEPARTMENT,
         .parent = GOV},
        {.kind = JB_ACT_REPLACE_KEYS,
         .node = LABOUR,
         .line_key = {key, sizeof key},
         .sign_key = {key, sizeof key}},
        {.kind = JB_ACT_RETIRE_NODE, .node = LABOUR},
    };
    char name[64];

    for (unsigned who = 0; who < 4; who++)
        for (unsigned lists = 0; lists < 4; lists++) {
            s.len = 0;
            seed_byte(&s, (uint8_t)(who | lists << 2 | 16 | (who == lists ? 32 : 0)));
            add_plain(&s);
            for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                add_act(&s, f, &acts[i]);
            (void)snprintf(name, sizeof name, "admin-%u-%u", who, lists);
            seed_save(&s, "admin", name);
        }
}
