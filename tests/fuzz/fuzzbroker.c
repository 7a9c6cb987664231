/* See fuzzbroker.h. */
#include "tests/fuzz/fuzzbroker.h"

#include <ftw.h>
#include <sodium.h>

#include "daemon/blob.h"
#include "proto/wire/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzline.h"
#include "tests/fuzz/fuzzrestore.h"

#define FRAME_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define TURNS_MAX 1000
#define CHECK_ARENA_BYTES ((size_t)64 * 1024 * 1024)

static void tick_all_accepted(struct world *w)
{
    run_tick(w);
    for (size_t i = 0; i < w->b.fill->op_count; i++)
        FUZZ_MUST(w->b.fill->ops[i].kind == JB_OP_ENTRY);
    next_tick(w);
}

/* What HOUSING does with a case, one step after the other. */
static void step(struct world *w, int64_t no, size_t which)
{
    const struct jb_act steps[] = {
        {.kind = JB_ACT_SIGN_FOR},
        {.kind = JB_ACT_ACCEPT,
         .exit = JB_EXIT_RESIDUE,
         .notice_no = jb_text_of("告1"),
         .told_at_ms = w->now_ms,
         .how = jb_text_of("当面")},
        {.kind = JB_ACT_ANSWER,
         .opinion = JB_OPINION_EXPLAINED,
         .text = jb_text_of("已说明"),
         .opinion_no = jb_text_of("意1"),
         .report = jb_text_of("办结报告"),
         .told_at_ms = w->now_ms,
         .how = jb_text_of("当面")},
    };
    struct jb_act act = steps[which];
    act.case_no = no;
    act.custody = 2;
    submit(w, HOUSING, &act);
}

static void make_cases(struct fuzz_broker *f)
{
    struct world *w = f->w;

    for (size_t i = 0; i + 1 < FUZZ_CASES; i++) {
        f->cases[i] = register_case(w);
        if (i > 0)
            assign(w, f->cases[i], 1, HOUSING);
        for (size_t k = 1; k < i; k++)
            step(w, f->cases[i], k - 1);
    }
    struct jb_act accusation = {.kind = JB_ACT_REGISTER,
                                .case_no = new_case_no(w, OFFICE),
                                .matter = JB_MATTER_ACCUSATION,
                                .channel = JB_CHANNEL_LETTER,
                                .title = jb_text_of("检举"),
                                .content = jb_text_of("内容")};
    f->cases[FUZZ_CASES - 1] = accusation.case_no;
    submit(w, OFFICE, &accusation);
    tick_all_accepted(w);
}

/* The blobs, at the case that HOUSING has signed for. */
static void attach_blobs(struct fuzz_broker *f)
{
    struct world *w = f->w;

    for (size_t i = 0; i < FUZZ_BLOBS; i++) {
        const struct fuzz_blob *b = &fuzz_blobs()[i];
        struct jb_act act = {.kind = JB_ACT_ATTACH,
                             .case_no = f->cases[2],
                             .content_hash = {b->hash, sizeof b->hash},
                             .size_bytes = b->manifest.size_bytes,
                             .sealed = fuzz_blob_label()};
        submit(w, OFFICE, &act);
        w->b.fill->items[w->b.fill->item_count - 1].case_key =
            (struct jb_bytes){fuzz_blob_key, sizeof fuzz_blob_key};
    }
    tick_all_accepted(w);
}

/* Real keys in the place of the world's, the same in every run. */
static void give_keys(struct fuzz_broker *f)
{
    static uint8_t line[16][JB_KEY_BYTES];
    static uint8_t sign[16][JB_KEY_BYTES];
    struct jb_directory *d = &f->w->b.directory;

    for (size_t i = 0; i < d->count; i++) {
        uint32_t node = d->nodes[i].node;
        uint8_t seed[crypto_sign_SEEDBYTES];
        if (!d->nodes[i].has_agent)
            continue;
        memset(seed, (int)node, sizeof seed);
        memset(line[node], (int)(0x80 + node), JB_KEY_BYTES);
        FUZZ_MUST(crypto_sign_seed_keypair(sign[node], f->sign_secret[node], seed) == 0);
        struct jb_act act = {.kind = JB_ACT_REPLACE_KEYS,
                             .node = node,
                             .line_key = {line[node], JB_KEY_BYTES},
                             .sign_key = {sign[node], JB_KEY_BYTES}};
        admin(f->w, &act);
    }
    tick_all_accepted(f->w);
}

/* What the broker loses when it is restored: some cases go on, and there are new ones. */
static void go_on(struct fuzz_broker *f)
{
    struct world *w = f->w;
    int64_t no = register_case(w);

    assign(w, no, 1, HOUSING);
    step(w, f->cases[1], 0);
    step(w, f->cases[2], 1);
    tick_all_accepted(w);
}

static uv_loop_t loop;

static void make_keys(struct jb_node_keys *keys)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {0x41};

    keys->suite = JB_SUITE_ED25519;
    memset(keys->line.secret_key, 0x60, JB_KEY_BYTES); /* as such a key has to be: clamped */
    FUZZ_MUST(crypto_scalarmult_base(keys->line.public_key, keys->line.secret_key) == 0);
    FUZZ_MUST(crypto_sign_seed_keypair(keys->sign_public, keys->sign_secret, seed) == 0);
}

static void make_config(struct world *w)
{
    w->config.data = w->folder;
    w->config.blob_bytes = INT64_C(64) * 1024 * 1024;
    w->config.protocol_max = JB_PROTOCOL_MAX;
    w->config.window_items = 64;
    w->config.window_bytes = 1 << 20;
    w->config.batch_items = 1 << 20;
    w->config.batch_bytes = 1 << 30;
}

static void make(struct fuzz_broker *f)
{
    void *state = NULL;

    FUZZ_MUST(jb_sign_init() == JB_OK);
    FUZZ_MUST(world_setup(&state) == 0);
    f->w = state;
    struct jb_broker *b = &f->w->b;
    make_config(f->w);
    make_keys(&b->keys);
    give_keys(f);
    make_cases(f);
    attach_blobs(f);
    fuzz_restore_backup(f);
    go_on(f);
    fuzz_blobs_put(f->w->folder);
    jb_arena_init(&b->frame_arena, FRAME_ARENA_BYTES);
    b->router = fuzz_socket();
    FUZZ_MUST(uv_loop_init(&loop) == 0);
    b->loop = &loop;
    FUZZ_MUST(jb_deliver_start(b) == JB_OK);
    uv_ref((uv_handle_t *)&b->behind.idle); /* there is nothing else for which it would turn */
    fuzz_undo = true;
}

static void blobs_end(struct jb_broker *b)
{
    jb_blob_stop(b);
    while (fuzz_work_run() || uv_run(&loop, UV_RUN_NOWAIT) != 0)
        ;
    jb_blob_fini(b);
}

static void blobs_again(struct fuzz_broker *f)
{
    struct jb_fault fault = {""};

    if (f->w->b.blobs != NULL)
        blobs_end(&f->w->b);
    fuzz_blobs_restore(f->w->folder);
    FUZZ_MUST(jb_blob_start(&f->w->b, &fault) == JB_OK);
}

static void forget_peers(struct jb_broker *b)
{
    for (size_t i = 0; i < b->peer_capacity; i++) {
        if (b->peers[i] != NULL)
            free(b->peers[i]->software);
        free(b->peers[i]);
        b->peers[i] = NULL;
    }
}

static struct fuzz_broker the_broker;

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void unmake(void)
{
    void *state = the_broker.w;
    char blobs[192];

    (void)snprintf(blobs, sizeof blobs, "%s/blobs", the_broker.w->folder);

    forget_peers(&the_broker.w->b);
    blobs_end(&the_broker.w->b);
    (void)nftw(blobs, remove_one, 4, FTW_DEPTH | FTW_PHYS);
    uv_close((uv_handle_t *)&the_broker.w->b.behind.idle, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    jb_arena_fini(&the_broker.w->b.frame_arena);
    (void)world_teardown(&state);
}

struct fuzz_broker *fuzz_broker(void)
{
    struct fuzz_broker *f = &the_broker;
    static int64_t start_ms;

    if (f->w == NULL) {
        make(f);
        start_ms = f->w->now_ms;
        FUZZ_MUST(atexit(unmake) == 0);
    }
    struct jb_broker *b = &f->w->b;
    fuzz_random_again(0);
    f->w->now_ms = start_ms;
    b->behind.first = NULL;
    (void)uv_idle_stop(&b->behind.idle);
    forget_peers(b);
    memset(b->put_off, 0, sizeof b->put_off);
    jb_due_clear(&b->due);
    jb_batch_reset(b->fill);
    jb_arena_reset(&f->w->arena);
    jb_arena_reset(&b->frame_arena);
    blobs_again(f);
    return f;
}

void fuzz_broker_turn(struct fuzz_broker *f)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool worked = fuzz_work_run();
        bool waits = f->w->b.behind.first != NULL || uv_backend_timeout(&loop) == 0;
        if (!worked && (!waits || uv_run(&loop, UV_RUN_NOWAIT) == 0))
            break;
    }
    FUZZ_MUST(f->w->b.behind.first == NULL); /* it ends when credit or items do */
}

void fuzz_broker_sign(const struct fuzz_broker *f, uint32_t node, const struct jb_line_point *point,
                      uint8_t signature[JB_SIGN_BYTES])
{
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, node, point->epoch, point->number, point->head);

    FUZZ_MUST(jb_line_sign(JB_SUITE_ED25519, f->w->b.keys.sign_secret, &claim, signature) == JB_OK);
}

/* ---- what must hold ---- */

static void check_verdicts(const struct jb_batch *t)
{
    for (size_t i = 0; i < t->item_count; i++) {
        size_t verdicts = 0;
        for (size_t k = 0; k < t->op_count; k++)
            verdicts += t->ops[k].item == &t->items[i] &&
                        (t->ops[k].kind == JB_OP_ENTRY || t->ops[k].kind == JB_OP_REFUSAL);
        FUZZ_MUST(t->items[i].source != JB_FROM_LINE || verdicts == 1);
    }
}

/* A replica decodes it, applies its effects and may show it. */
static void check_entry(const struct jb_op *op, struct jb_arena *arena)
{
    struct jb_entry entry;
    struct jb_fault fault = {""};
    struct jb_text json;

    FUZZ_MUST(op->bytes.len < JB_ITEM_LIMIT_BYTES);
    FUZZ_MUST(jb_entry_decode(op->bytes, arena, &entry, &fault) == JB_OK);
    FUZZ_MUST(entry.seq == op->entry->seq && entry.effect_count == op->entry->effect_count);
    FUZZ_MUST(jb_act_json(&entry.act, 0, arena, &json) == JB_OK);
}

/* The directory follows what was accepted, and that is taken back. */
static void restore_directory(struct fuzz_broker *f, bool changed)
{
    struct jb_directory *d = &f->w->b.directory;

    if (!changed)
        return;
    jb_directory_fini(d);
    jb_directory_init(d);
    FUZZ_MUST(jb_ledger_directory_load(f->w->b.ledger, d) == JB_OK);
}

void fuzz_broker_decide(struct fuzz_broker *f)
{
    struct jb_broker *b = &f->w->b;
    struct jb_batch *t = b->fill;
    struct jb_arena arena;
    bool changed = false;

    FUZZ_MUST(jb_decide_batch(b, t) == JB_OK);
    check_verdicts(t);
    jb_arena_init(&arena, CHECK_ARENA_BYTES);
    for (size_t i = 0; i < t->op_count; i++) {
        if (t->ops[i].kind != JB_OP_ENTRY)
            continue;
        jb_arena_reset(&arena);
        check_entry(&t->ops[i], &arena);
        changed = changed || jb_act_is_common(t->ops[i].entry->act.kind);
    }
    jb_arena_fini(&arena);
    jb_commit_batch(b->ledger, t);
    if (t->result != JB_OK)
        fprintf(stderr, "%s\n", t->fault.text);
    FUZZ_MUST(t->result == JB_OK);
    restore_directory(f, changed);
}
