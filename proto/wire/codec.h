/* Between bytes and structs: acts, entries, submissions, stream items.
 *
 * Decoding bounds everything (size, depth, counts, UTF-8, NUL, memory by the arena) and names what
 * was wrong and where ("assign.text: text contains a NUL character at byte 3"). One converter walks
 * the protobuf descriptors and pairs fields of schema and struct by name (JB_ACT_FIELDS,
 * JB_EFFECT_FIELDS); there is no code per kind. Encoding is deterministic (fields in number order,
 * zero values left out), so that equal structs give equal bytes and equal hashes. Any thread, one
 * arena per thread. */
#ifndef JB_WIRE_CODEC_H
#define JB_WIRE_CODEC_H

#include "proto/rules/case.h"
#include "proto/wire/chain.h"

/* Act <-> bytes. Decoded texts and lists live in the arena (they may also point into `bytes`).
 * TOO_LARGE, MALFORMED, BAD_UTF8, NUL_IN_TEXT, OVERFLOW (a list over JB_LIMIT_LIST, too many
 * unknown fields), UNKNOWN_KIND (no body, or one that this version does not know), NOMEM (over the
 * arena's limit). The same hold for every decoder below. */
enum jb_err jb_act_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_act *act,
                          struct jb_fault *fault) JB_MUST;
/* Into arena memory. NOMEM; RANGE: a kind that is not in the schema; NUL_IN_TEXT: a text that would
 * be cut off there. The same for every encoder below. */
enum jb_err jb_act_encode(const struct jb_act *act, struct jb_arena *arena,
                          struct jb_bytes *bytes) JB_MUST;

struct jb_submission {
    struct jb_text user;       /* who acted at the node; one line, at most 256 bytes */
    int64_t made_at_ms;        /* by the node's clock */
    struct jb_bytes act_bytes; /* Act; decode with jb_act_decode: one bad act spoils only itself */
};
enum jb_err jb_submission_decode(struct jb_bytes bytes, struct jb_arena *arena,
                                 struct jb_submission *out, struct jb_fault *fault) JB_MUST;
enum jb_err jb_submission_encode(const struct jb_submission *s, struct jb_arena *arena,
                                 struct jb_bytes *bytes) JB_MUST;

/* Entry <-> bytes. Encoding takes entry->act_bytes as they are when set, else encodes entry->act.
 * OVERFLOW: over JB_EFFECTS_MAX effects. */
enum jb_err jb_entry_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_entry *entry,
                            struct jb_fault *fault) JB_MUST;
enum jb_err jb_entry_encode(const struct jb_entry *entry, struct jb_arena *arena,
                            struct jb_bytes *bytes) JB_MUST;

struct jb_refused {
    uint32_t code; /* enum jb_refusal, or enum jb_err below 100 */
    struct jb_text name, article, detail;
    uint32_t holder, custody; /* present holder, when custody was stale */
};
enum jb_item_kind {
    JB_ITEM_ENTRY = 10,
    JB_ITEM_REFUSAL = 11,
    JB_ITEM_LEFT = 12
};
struct jb_item { /* one item of a node's stream */
    uint64_t number;
    int64_t at_ms;
    uint64_t settles; /* number of the node's submission that this settles; 0: none */
    bool history;     /* back-fill for a node that has just joined the case */
    enum jb_item_kind kind;
    struct jb_bytes entry;     /* ENTRY: encoded Entry */
    struct jb_refused refusal; /* REFUSAL */
    int64_t left_case_no;      /* LEFT */
    struct jb_text left_reason;
};
enum jb_err jb_item_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_item *item,
                           struct jb_fault *fault) JB_MUST;
enum jb_err jb_item_encode(const struct jb_item *item, struct jb_arena *arena,
                           struct jb_bytes *bytes) JB_MUST;

/* Plaintext of a sealed register: persons. */
struct jb_person {
    struct jb_text name, id_number, phone, address;
    bool main_visitor;
};
struct jb_persons {
    struct jb_person *at; /* arena */
    size_t count;
};
enum jb_err jb_persons_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_persons *out,
                              struct jb_fault *fault) JB_MUST;
enum jb_err jb_persons_encode(const struct jb_persons *p, struct jb_arena *arena,
                              struct jb_bytes *bytes) JB_MUST;

#endif
