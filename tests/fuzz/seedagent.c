/* See seeds.h: what the agent is sent, by the broker over its line and by local clients. */
#include "proto/schema/local.pb-c.h"
#include "tests/fuzz/agentline.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/wire_gen.h"

#define LINE 3 /* first byte of `stream`: frames of every kind */
#define CHECK 4

/* ---- the line ---- */

static void line_begin(struct seed *s, uint8_t how)
{
    s->len = 0;
    seed_byte(s, LINE | CHECK);
    seed_byte(s, how);
}

/* One of each kind, with gaps that the target mends, behind each kind of Welcome. */
static void one_of_each(void)
{
    static const uint8_t ways[] = {0,
                                   AGENT_LINE_WELCOMED,
                                   AGENT_LINE_WELCOMED | AGENT_LINE_MENDED,
                                   AGENT_LINE_MENDED,
                                   AGENT_LINE_WELCOMED | AGENT_LINE_RECOVERING | AGENT_LINE_MENDED,
                                   AGENT_LINE_WELCOMED | AGENT_LINE_LEFT_OUT | AGENT_LINE_MENDED};
    static struct seed s;
    struct jb_frame_item item = {.body = {(const uint8_t *)"body", 4}};
    char name[64];

    for (int kind = JB_FRAME_HELLO; kind <= JB_FRAME_COPY_DONE; kind++)
        for (size_t i = 0; i < sizeof ways; i++) {
            struct jb_frame f = {.kind = (enum jb_frame_kind)kind,
                                 .version = JB_PROTOCOL_MAX,
                                 .suite = JB_SUITE_ED25519,
                                 .items = &item,
                                 .item_count = 1,
                                 .first = 1,
                                 .error = JB_BUSY,
                                 .text = jb_text_of("later"),
                                 .window_chunks = 4};
            line_begin(&s, ways[i]);
            seed_frame_part(&s, &f);
            (void)snprintf(name, sizeof name, "line-%s-%zu", jb_frame_name(f.kind), i);
            seed_save(&s, "stream", name);
        }
}

/* The blobs come: each is offered, sent, had; and those that are here are wanted. */
static void blobs_come(void)
{
    static struct seed s;
    struct jb_frame f = {.version = JB_PROTOCOL_BLOBS, .window_chunks = 4};
    struct jb_blob_range range = {0, 1};

    line_begin(&s, AGENT_LINE_WELCOMED | AGENT_LINE_MENDED);
    for (uint8_t i = 0; i < FUZZ_BLOBS; i++) {
        f.blob_hash[0] = (uint8_t)(FUZZ_BLOBS + i);
        f.kind = JB_FRAME_BLOB_OFFER;
        seed_frame_part(&s, &f);
        f.kind = JB_FRAME_BLOB_CHUNK;
        for (f.index = 0; f.index < 3; f.index++)
            seed_frame_part(&s, &f);
        f.index = 0;
        f.kind = JB_FRAME_BLOB_WANT;
        f.missing = &range;
        f.missing_count = 1;
        seed_frame_part(&s, &f);
        f.missing_count = 0;
        seed_frame_part(&s, &f);
        f.kind = JB_FRAME_BLOB_HAVE;
        seed_frame_part(&s, &f);
    }
    seed_save(&s, "stream", "line-blobs");
}

/* A restored broker collects the whole stream, piece by piece. */
static void copies_are_wanted(struct desk *d)
{
    static struct seed s;
    struct jb_line_point own = jb_replica_down(d->agent.ledger);
    struct jb_frame f = {.kind = JB_FRAME_COPY_WANT, .version = JB_PROTOCOL_COPY};

    line_begin(&s, AGENT_LINE_WELCOMED | AGENT_LINE_RECOVERING | AGENT_LINE_MENDED);
    for (f.first = 1; f.first <= own.number + 1; f.first += 5)
        seed_frame_part(&s, &f);
    seed_save(&s, "stream", "line-copies");
    line_begin(&s, AGENT_LINE_WELCOMED | AGENT_LINE_RECOVERING);
    f.first = 3;
    memcpy(f.epoch, own.epoch, sizeof f.epoch);
    seed_frame_part(&s, &f); /* with another head than the one here */
    FUZZ_MUST(jb_replica_head(d->agent.ledger, 2, f.head) == JB_OK);
    seed_frame_part(&s, &f);
    seed_save(&s, "stream", "line-copies-as-they-are");
}

void seed_lines(struct desk *d)
{
    one_of_each();
    blobs_come();
    copies_are_wanted(d);
}

/* ---- requests ---- */

static void add_request(struct seed *s, uint32_t kind, const struct gen_raw *body)
{
    struct gen_raw whole = {.len = 0};

    gen_nest(&whole, kind, body);
    seed_part(s, (struct jb_bytes){whole.data, whole.len});
}

static void add_blob_requests(struct seed *s)
{
    for (size_t i = 0; i < FUZZ_BLOBS; i += 2) {
        struct gen_raw get = {.len = 0};
        gen_number(&get, 1, (uint64_t)lw_case_no(0));
        gen_run(&get, 2, fuzz_blobs()[i].hash, JB_HASH_BYTES);
        add_request(s, JB__REQUEST__BODY_GET_BLOB, &get);
    }
    struct gen_raw put = {.len = 0};
    gen_number(&put, 1, (uint64_t)lw_case_no(0));
    gen_run(&put, 4, "contents", 8);
    gen_number(&put, 5, 1);
    add_request(s, JB__REQUEST__BODY_PUT_BLOB, &put);
}

/* Everybody, with every list of [roles], asks what takes a right. */
void seed_rights(void)
{
    static const uint32_t plain[] = {
        JB__REQUEST__BODY_RIGHTS, JB__REQUEST__BODY_CASES,  JB__REQUEST__BODY_AUDIT,
        JB__REQUEST__BODY_VERIFY, JB__REQUEST__BODY_REPORT, JB__REQUEST__BODY_STATUS,
        JB__REQUEST__BODY_RELOAD, JB__REQUEST__BODY_WATCH,  JB__REQUEST__BODY_EVIDENCE};
    static struct seed s;
    char name[64];

    for (unsigned who = 0; who < 4; who++)
        for (unsigned roles = 0; roles < 8; roles++) {
            s.len = 0;
            seed_byte(&s, (uint8_t)(1 | who << 1 | roles << 3 | 64));
            for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
                struct gen_raw body = {.len = 0};
                if (plain[i] == JB__REQUEST__BODY_EVIDENCE)
                    gen_number(&body, 1, (uint64_t)lw_case_no(0));
                if (plain[i] == JB__REQUEST__BODY_REPORT) {
                    gen_number(&body, 1, (uint64_t)LW_START_MS);
                    gen_number(&body, 2, (uint64_t)LW_START_MS + 86400000);
                    gen_number(&body, 5, roles % 2);
                }
                add_request(&s, plain[i], &body);
            }
            add_blob_requests(&s);
            (void)snprintf(name, sizeof name, "rights-%u-%u", who, roles);
            seed_save(&s, "local", name);
        }
}
