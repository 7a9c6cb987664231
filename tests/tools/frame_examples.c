/* Prints the examples of proto/PROTOCOL.md: one frame of each kind and every computation behind it,
 * made by the code itself from fixed keys, epochs and instants. The document holds this output word
 * for word; a test compares the two. Prints Markdown, decides nothing. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rules/caseno.h"
#include "proto/wire/codec.h"
#include "proto/wire/frame.h"
#include "proto/wire/seal.h"
#include "proto/wire/sign.h"

#define NODE 7
#define NOW_MS INT64_C(1795392000000) /* 2026-11-23 00:00 UTC */
#define HEX_COLUMNS 32

/* Everything that the examples share. */
struct world {
    struct jb_arena arena;
    struct jb_node_keys node, broker;
    struct jb_line_point up, down; /* after one submission and three items */
    int64_t case_no;
    struct jb_bytes submission;
    struct jb_bytes items[3];
};

static void must(enum jb_err err, const char *what)
{
    if (err == JB_OK)
        return;
    (void)fprintf(stderr, "frame_examples: %s: %s\n", what, jb_err_text(err));
    exit(1);
}

/* ---- output ---- */

static void show(const char *title, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    printf("\n%s (%zu bytes):\n\n```\n", title, len);
    for (size_t i = 0; i < len; i++)
        printf("%02x%s", bytes[i], (i + 1) % HEX_COLUMNS == 0 && i + 1 < len ? "\n" : "");
    printf("\n```\n");
}

static void show_bytes(const char *title, struct jb_bytes bytes)
{
    show(title, bytes.data, bytes.len);
}

/* ---- what the examples are made from ---- */

static void fill(uint8_t *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static void keys_from(uint8_t first, struct jb_node_keys *keys)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    fill(seed, sizeof seed, first);
    keys->suite = JB_SUITE_ED25519;
    (void)crypto_sign_seed_keypair(keys->sign_public, keys->sign_secret, seed);
    fill(keys->line.secret_key, sizeof keys->line.secret_key, (uint8_t)(first + 0x20));
    (void)crypto_scalarmult_base(keys->line.public_key, keys->line.secret_key);
}

static struct jb_act sign_for(const struct world *w)
{
    return (struct jb_act){
        .kind = JB_ACT_SIGN_FOR, .case_no = w->case_no, .custody = 2, .text = jb_text_of("收到")};
}

static void make_submission(struct world *w)
{
    struct jb_act act = sign_for(w);
    struct jb_submission s = {.user = jb_text_of("zhang"), .made_at_ms = NOW_MS};
    must(jb_act_encode(&act, &w->arena, &s.act_bytes), "act");
    must(jb_submission_encode(&s, &w->arena, &w->submission), "submission");
    show_bytes("The act: `sign_for` on that case, based on custody 2, with a text", s.act_bytes);
    show_bytes("The submission: user `zhang`, made at 1795392000000, and that act", w->submission);
}

static void make_entry_item(struct world *w)
{
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_SIGNED},
        {.kind = JB_EFFECT_FACT_SET, .fact = JB_FACT_SIGNED, .at_ms = NOW_MS + 250}};
    struct jb_entry entry = {.seq = 41,
                             .at_ms = NOW_MS + 250,
                             .node = NODE,
                             .user = jb_text_of("zhang"),
                             .made_at_ms = NOW_MS,
                             .up_number = 1,
                             .act = sign_for(w),
                             .effects = effects,
                             .effect_count = 2};
    struct jb_item item = {.number = 1, .at_ms = NOW_MS + 250, .settles = 1, .kind = JB_ITEM_ENTRY};
    must(jb_entry_encode(&entry, &w->arena, &item.entry), "entry");
    must(jb_item_encode(&item, &w->arena, &w->items[0]), "item");
    show_bytes("Item 1, an entry that settles submission 1: the stage is now `signed`",
               w->items[0]);
}

static void make_other_items(struct world *w)
{
    struct jb_item refusal = {.number = 2,
                              .at_ms = NOW_MS + 500,
                              .settles = 2,
                              .kind = JB_ITEM_REFUSAL,
                              .refusal = {.code = 106,
                                          .name = jb_text_of("STALE_CUSTODY"),
                                          .detail = jb_text_of("held by node 9, custody 3"),
                                          .holder = 9,
                                          .custody = 3}};
    struct jb_item left = {.number = 3,
                           .at_ms = NOW_MS + 500,
                           .kind = JB_ITEM_LEFT,
                           .left_case_no = w->case_no,
                           .left_reason = jb_text_of("assign")};
    must(jb_item_encode(&refusal, &w->arena, &w->items[1]), "refusal");
    must(jb_item_encode(&left, &w->arena, &w->items[2]), "left");
    show_bytes("Item 2, a refusal that settles submission 2", w->items[1]);
    show_bytes("Item 3, the node leaves the case", w->items[2]);
}

/* Move a point over one item, showing each step. */
static void advance(struct jb_line_point *p, struct jb_bytes item, const char *line)
{
    uint8_t hash[JB_HASH_BYTES];
    char title[96];
    jb_hash(JB_SUITE_ED25519, item.data, item.len, hash);
    jb_chain_next(JB_SUITE_ED25519, p->head, hash, p->head);
    p->number++;
    (void)snprintf(title, sizeof title, "Hash of item %llu of the %s sequence",
                   (unsigned long long)p->number, line);
    show(title, hash, sizeof hash);
    (void)snprintf(title, sizeof title, "%s head(%llu)", line, (unsigned long long)p->number);
    show(title, p->head, sizeof p->head);
}

static void sign_point(const struct world *w, enum jb_line_role role, const struct jb_line_point *p,
                       uint8_t sig[JB_SIGN_BYTES])
{
    const struct jb_node_keys *keys = role == JB_LINE_DOWN_HEAD ? &w->broker : &w->node;
    struct jb_line_claim claim = {.role = role, .node = NODE, .number = p->number};
    memcpy(claim.epoch, p->epoch, sizeof claim.epoch);
    memcpy(claim.head, p->head, sizeof claim.head);
    must(jb_line_sign(JB_SUITE_ED25519, keys->sign_secret, &claim, sig), "signature");
}

static void show_claim(const struct world *w, enum jb_line_role role, const char *who,
                       const struct jb_line_point *p)
{
    uint8_t statement[JB_LINE_STATEMENT_BYTES];
    uint8_t sig[JB_SIGN_BYTES];
    char title[128];
    struct jb_line_claim claim = {.role = role, .node = NODE, .number = p->number};
    memcpy(claim.epoch, p->epoch, sizeof claim.epoch);
    memcpy(claim.head, p->head, sizeof claim.head);
    jb_line_statement(&claim, statement);
    sign_point(w, role, p, sig);
    (void)snprintf(title, sizeof title, "Line statement '%c'", (char)role);
    show(title, statement, sizeof statement);
    (void)snprintf(title, sizeof title, "Signature of '%c', by %s", (char)role, who);
    show(title, sig, sizeof sig);
}

/* ---- frames ---- */

static void show_frame(struct world *w, const struct jb_frame *f)
{
    struct jb_bytes bytes;
    char title[48];
    must(jb_frame_encode(f, &w->arena, &bytes), jb_frame_name(f->kind));
    (void)snprintf(title, sizeof title, "Frame `%s`", jb_frame_name(f->kind));
    show_bytes(title, bytes);
}

static struct jb_line_point start_of(const struct jb_line_point *p)
{
    struct jb_line_point start = {.number = 0};
    memcpy(start.epoch, p->epoch, sizeof start.epoch);
    jb_chain_start(JB_SUITE_ED25519, NODE, start.epoch, start.head);
    return start;
}

static void greeting_frames(struct world *w)
{
    struct jb_frame hello = {.kind = JB_FRAME_HELLO,
                             .protocol_min = 1,
                             .protocol_max = 1,
                             .code = jb_text_of("zjj"),
                             .software = jb_text_of("example 1.0"),
                             .up = w->up,
                             .down = start_of(&w->down),
                             .settled = start_of(&w->up),
                             .window_items = 256,
                             .window_bytes = 1048576,
                             .now_ms = NOW_MS};
    struct jb_frame welcome = {.kind = JB_FRAME_WELCOME,
                               .protocol = 1,
                               .node = NODE,
                               .up = start_of(&w->up),
                               .down = w->down,
                               .window_items = 512,
                               .window_bytes = 2097152,
                               .now_ms = NOW_MS + 3,
                               .max_frame_bytes = (uint32_t)JB_FRAME_LIMIT_BYTES,
                               .software = jb_text_of("example 1.0")};
    memcpy(hello.sign_key, w->node.sign_public, sizeof hello.sign_key);
    memcpy(welcome.sign_key, w->broker.sign_public, sizeof welcome.sign_key);
    show_frame(w, &hello);
    show_frame(w, &welcome);
}

static void sequence_frames(struct world *w)
{
    struct jb_frame_item out = {.body = w->submission};
    struct jb_frame_item in[] = {
        {.body = w->items[0]}, {.body = w->items[1]}, {.body = w->items[2]}};
    struct jb_frame submit = {.kind = JB_FRAME_SUBMIT,
                              .first = 1,
                              .items = &out,
                              .item_count = 1,
                              .suite = JB_SUITE_ED25519};
    struct jb_frame deliver = {.kind = JB_FRAME_DELIVER,
                               .first = 1,
                               .items = in,
                               .item_count = 3,
                               .suite = JB_SUITE_ED25519};
    struct jb_frame ack = {.kind = JB_FRAME_ACK,
                           .number = w->down.number,
                           .suite = JB_SUITE_ED25519,
                           .window_items = 256,
                           .window_bytes = 1048576};
    memcpy(submit.epoch, w->up.epoch, sizeof submit.epoch);
    memcpy(submit.head, w->up.head, sizeof submit.head);
    memcpy(deliver.epoch, w->down.epoch, sizeof deliver.epoch);
    memcpy(deliver.head, w->down.head, sizeof deliver.head);
    memcpy(ack.epoch, w->down.epoch, sizeof ack.epoch);
    memcpy(ack.head, w->down.head, sizeof ack.head);
    sign_point(w, JB_LINE_UP, &w->up, submit.signature);
    sign_point(w, JB_LINE_DOWN_HEAD, &w->down, deliver.signature);
    sign_point(w, JB_LINE_DOWN_ACK, &w->down, ack.signature);
    show_frame(w, &submit);
    show_frame(w, &deliver);
    show_frame(w, &ack);
}

static void other_frames(struct world *w)
{
    struct jb_frame beat = {.kind = JB_FRAME_BEAT,
                            .now_ms = NOW_MS + 20000,
                            .up = w->up,
                            .down = w->down,
                            .suite = JB_SUITE_ED25519};
    struct jb_frame resume = {.kind = JB_FRAME_RESUME,
                              .up = w->up,
                              .error = JB_GAP,
                              .text = jb_text_of("a submission was skipped")};
    struct jb_frame reject = {.kind = JB_FRAME_REJECT,
                              .error = JB_WRONG_NODE,
                              .text = jb_text_of("this key belongs to \"zjj\""),
                              .closing = true,
                              .frame_kind = JB_FRAME_HELLO};
    struct jb_frame bye = {.kind = JB_FRAME_BYE, .text = jb_text_of("stopping")};
    sign_point(w, JB_LINE_DOWN_HEAD, &w->down, beat.signature);
    show_frame(w, &beat);
    show_frame(w, &resume);
    show_frame(w, &reject);
    show_frame(w, &bye);
}

/* ---- the rest ---- */

static void show_keys(const struct world *w)
{
    struct jb_public_keys node;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    show("The node's line key, public half", w->node.line.public_key, JB_KEY_BYTES);
    show("The node's signing key, public half", w->node.sign_public, JB_KEY_BYTES);
    show("The broker's signing key, public half", w->broker.sign_public, JB_KEY_BYTES);
    jb_keys_public(&w->node, &node);
    jb_keys_public_text(&node, text);
    printf("\nThe node's public line, by which it is enrolled:\n\n```\n%s\n```\n", text);
}

/* Sealing takes a random nonce: an example with a fixed one is made here by hand. */
static void show_seal(struct world *w)
{
    uint8_t key[JB_KEY_BYTES];
    uint8_t box[JB_SEAL_KEY_ID_BYTES + JB_SEAL_NONCE_BYTES + 256];
    uint8_t *nonce = box + JB_SEAL_KEY_ID_BYTES;
    struct jb_person person = {.name = jb_text_of("张三"), .main_visitor = true};
    struct jb_persons persons = {&person, 1};
    struct jb_bytes plain;
    unsigned long long sealed_len;
    char aad[24];
    int aad_len = snprintf(aad, sizeof aad, "%019lld", (long long)w->case_no);
    must(jb_persons_encode(&persons, &w->arena, &plain), "persons");
    fill(key, sizeof key, 0x60);
    jb_seal_key_id(key, box);
    fill(nonce, JB_SEAL_NONCE_BYTES, 0xc0);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + JB_SEAL_NONCE_BYTES, &sealed_len,
                                                     plain.data, plain.len, (const uint8_t *)aad,
                                                     (unsigned long long)aad_len, NULL, nonce, key);
    show("Key of the case", key, sizeof key);
    show_bytes("Petitioners in plain: one person, the main visitor", plain);
    show("Register.sealed: key id, nonce c0 c1 ... d7, ciphertext with tag", box,
         JB_SEAL_KEY_ID_BYTES + JB_SEAL_NONCE_BYTES + (size_t)sealed_len);
}

/* A sealed box draws its key pair by chance; this one is made by hand from a fixed one. */
static void show_rating(const struct world *w)
{
    static const uint8_t satisfied[] = {2, 1}; /* the handler: satisfied */
    uint8_t plain[JB_RATING_PLAIN_BYTES] = "jbr1";
    uint8_t secret[JB_KEY_BYTES];
    uint8_t box[JB_RATING_SEALED_BYTES];
    uint8_t nonce[crypto_box_NONCEBYTES];
    crypto_generichash_state hash;
    int opened = 0;
    for (size_t i = 0; i < 8; i++)
        plain[4 + i] = (uint8_t)((uint64_t)w->case_no >> (56 - 8 * i));
    memcpy(plain + 12, satisfied, sizeof satisfied);
    fill(secret, sizeof secret, 0x40);
    if (crypto_scalarmult_base(box, secret) != 0)
        must(JB_RANGE, "rating");
    (void)crypto_generichash_init(&hash, NULL, 0, sizeof nonce);
    (void)crypto_generichash_update(&hash, box, JB_KEY_BYTES);
    (void)crypto_generichash_update(&hash, w->broker.line.public_key, JB_KEY_BYTES);
    (void)crypto_generichash_final(&hash, nonce, sizeof nonce);
    if (crypto_box_easy(box + JB_KEY_BYTES, plain, sizeof plain, nonce, w->broker.line.public_key,
                        secret) != 0)
        must(JB_RANGE, "rating");
    must(jb_rating_open(&w->broker, w->case_no, satisfied[0], (struct jb_bytes){box, sizeof box},
                        &opened),
         "opening the rating");
    show("Rating in plain: of the handler, satisfied", plain, sizeof plain);
    show("Rate.sealed: made with the secret 40 41 ... 5f", box, sizeof box);
}

static void show_query_code(void)
{
    uint8_t hash[JB_HASH_BYTES];
    must(jb_query_code_hash(jb_text_of("7K3M-X2QP-9DHT"), hash), "query code");
    show("Hash of the query code `7K3M-X2QP-9DHT`", hash, sizeof hash);
}

int main(void)
{
    static struct world w;
    struct jb_ymd day = {.year = 2026, .month = 11, .day = 23};
    struct jb_date date;
    char number[JB_CASENO_TEXT];
    must(jb_sign_init(), "sodium");
    jb_arena_init(&w.arena, (size_t)16 * 1024 * 1024);
    keys_from(0x01, &w.node);
    keys_from(0x81, &w.broker);
    fill(w.up.epoch, sizeof w.up.epoch, 0x10);
    fill(w.down.epoch, sizeof w.down.epoch, 0xa0);
    w.up = start_of(&w.up);
    w.down = start_of(&w.down);
    must(jb_date_make(day, &date), "date");
    must(jb_caseno_make(date, NODE, 42, &w.case_no), "case number");
    jb_caseno_format(w.case_no, number);
    printf("Node %d; case %s, that is %lld.\n", NODE, number, (long long)w.case_no);
    show_keys(&w);
    show("up head(0), epoch 10 11 ... 1f", w.up.head, JB_HASH_BYTES);
    show("down head(0), epoch a0 a1 ... af", w.down.head, JB_HASH_BYTES);
    make_submission(&w);
    advance(&w.up, w.submission, "up");
    show_claim(&w, JB_LINE_UP, "the node", &w.up);
    make_entry_item(&w);
    make_other_items(&w);
    for (size_t i = 0; i < 3; i++)
        advance(&w.down, w.items[i], "down");
    show_claim(&w, JB_LINE_DOWN_HEAD, "the broker", &w.down);
    show_claim(&w, JB_LINE_DOWN_ACK, "the node", &w.down);
    greeting_frames(&w);
    sequence_frames(&w);
    other_frames(&w);
    show_seal(&w);
    show_query_code();
    show_rating(&w);
    jb_arena_fini(&w.arena);
    return 0;
}
