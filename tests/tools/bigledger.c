/* A broker's record of any size, for benches: appends entries to a ledger, each to the stream of
 * one of a few nodes, with the key of every case, receipts of both directions and receipts for
 * attachments. Only the record: what is derived from it is not made; no signature verifies. The
 * same arguments give the same entries; they are a second apart. usage: bigledger FILE COUNT [MS:
 * the instant before the first entry] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ledger/blobrows.h"
#include "proto/ledger/brokerlog.h"
#include "proto/wire/codec.h"
#include "proto/wire/sign.h"

#define BATCH 20000 /* entries in a transaction */
#define ACTS 10     /* of a case, its registration included */
#define NODES 50    /* that have a stream */
#define FRAME 20    /* entries for which a node signs once */
#define BLOB 40     /* entries for which one attachment was received somewhere */
#define FIRST_NODE 10
#define CASE_BASE INT64_C(2026112300007000010)
#define START_MS INT64_C(1763856000000) /* 2025-11-23 00:00 UTC */

static int64_t start_ms = START_MS;

static void must(enum jb_err err, const char *what)
{
    if (err == JB_OK)
        return;
    (void)fprintf(stderr, "bigledger: %s: %s\n", what, jb_err_text(err));
    exit(jb_err_exit(err));
}

static struct jb_entry entry_make(uint64_t seq)
{
    int64_t index = (int64_t)((seq - 1) / ACTS);
    bool first = (seq - 1) % ACTS == 0;
    struct jb_entry e = {
        .seq = seq,
        .at_ms = start_ms + (int64_t)seq * 1000,
        .node = FIRST_NODE + (uint32_t)(index % NODES),
        .user = jb_text_of("王芳"),
        .made_at_ms = start_ms + (int64_t)seq * 1000 - 10,
        .act = {.kind = first ? JB_ACT_REGISTER : JB_ACT_NOTE, .case_no = CASE_BASE + index * 10}};

    if (first) {
        e.act.matter = JB_MATTER_APPEAL;
        e.act.channel = JB_CHANNEL_LETTER;
        e.act.title = jb_text_of("小区供暖温度不达标");
        e.act.content = jb_text_of("小区供暖温度不达标,多次反映未解决。");
    } else {
        e.act.text = jb_text_of("已与供热公司联系,答复三日内检修。");
    }
    return e;
}

/* What stands in a record beside its entries: as large as the real ones. */
static void receipts_add(struct jb_ledger *l, const struct jb_entry *e)
{
    struct jb_receipt r = {.node = e->node, .suite = 1, .at_ms = e->at_ms};
    struct jb_blob_receipt b = {.node = e->node, .suite = 1, .at_ms = e->at_ms};

    memcpy(r.point.head, &e->seq, sizeof e->seq);
    r.point.number = e->seq;
    memcpy(b.hash, &e->seq, sizeof e->seq);
    if (e->seq % FRAME == 0) {
        must(jb_line_up_signed(l, &r), "receipt");
        must(jb_line_down_acked(l, &r), "receipt");
    }
    if (e->seq % BLOB == 0)
        must(jb_blob_receipt_put(l, &b), "receipt of an attachment");
}

static void entry_add(struct jb_ledger *l, uint64_t seq, struct jb_arena *arena)
{
    struct jb_entry e = entry_make(seq);
    struct jb_bytes bytes;
    uint8_t key[JB_KEY_BYTES] = {0};

    must(jb_entry_encode(&e, arena, &bytes), "encoding");
    must(jb_log_append(l, &e, bytes), "log");
    struct jb_stream_add add = {.node = e.node,
                                .at_ms = e.at_ms,
                                .case_no = e.act.case_no,
                                .entry_seq = seq,
                                .entry = bytes};
    must(jb_stream_append(l, &add, NULL), "stream");
    receipts_add(l, &e);
    if (e.act.kind != JB_ACT_REGISTER)
        return;
    memcpy(key, &seq, sizeof seq);
    must(jb_ledger_case_key_put(l, e.act.case_no, key), "key");
}

static void grow(struct jb_ledger *l, uint64_t count)
{
    struct jb_arena arena;
    uint64_t seq = jb_log_last_seq(l);

    jb_arena_init(&arena, (size_t)16 * 1024 * 1024);
    for (uint64_t end = seq + count; seq < end;) {
        must(jb_ledger_begin(l), "begin");
        for (int i = 0; i < BATCH && seq < end; i++) {
            jb_arena_reset(&arena);
            entry_add(l, ++seq, &arena);
        }
        must(jb_ledger_commit(l), "commit");
        jb_ledger_checkpoint(l, false);
    }
    jb_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .make = JB_LEDGER_ANEW};
    struct jb_ledger *l = NULL;
    struct jb_fault fault = {""};
    char *end = NULL;

    errno = 0;
    unsigned long long count = argc == 3 || argc == 4 ? strtoull(argv[2], &end, 10) : 0;
    if (count > 0 && *end == '\0' && argc == 4)
        start_ms = strtoll(argv[3], &end, 10);
    if (count == 0 || errno != 0 || *end != '\0') {
        (void)fprintf(stderr, "usage: bigledger FILE COUNT [MS]\n");
        return 2;
    }
    must(jb_sign_init(), "crypto");
    enum jb_err err = jb_ledger_open(argv[1], &options, &l, &fault);
    must(err, err == JB_OK ? "" : fault.text);
    grow(l, count);
    printf("%llu\n", (unsigned long long)jb_log_last_seq(l));
    jb_ledger_close(&l);
    return 0;
}
