/* Private to the ledger: structs as a short run of bytes, and back.
 *
 * Numbers are varints. The number fields of a struct stand in a table: a mask says which of them
 * are not zero, and only these follow. A text is 0 when empty, or the place of the same text before
 * it, or one more than there are so far, and then its bytes. Whoever reads has bytes from a file:
 * every number and length is checked, and what does not fit sets `wrong`; what is read from then on
 * is zero. */
#ifndef JB_LEDGER_PACKING_H
#define JB_LEDGER_PACKING_H

#include "proto/base/bytes.h"

#define JB_VARINT_BYTES 10 /* of the longest */
#define JB_PACK_TEXTS 32   /* so many different texts are found again */

/* LEB128: 7 bits in a byte, the lowest first. Returns where the next byte goes. */
uint8_t *jb_varint_put(uint8_t *at, uint64_t value);
/* Moves on behind it. False: it is cut off, or too large for 64 bits. */
bool jb_varint_take(const uint8_t **at, size_t *left, uint64_t *value);

enum jb_pack_kind {
    JB_PACK_I64, /* also uint64_t */
    JB_PACK_U32,
    JB_PACK_INT, /* also enums; never negative */
    JB_PACK_BOOL
};
struct jb_pack_field {
    size_t offset; /* in its struct */
    enum jb_pack_kind kind;
};
/* What a struct has: at most 64 fields, and at the offsets in `texts` a struct jb_text each. */
struct jb_pack_shape {
    const struct jb_pack_field *fields;
    size_t field_count;
    const size_t *texts;
    size_t text_count;
};

struct jb_pack_writing {
    uint8_t *at; /* room enough: see jb_pack_bound */
    size_t text_count;
    struct jb_text texts[JB_PACK_TEXTS];
};
/* No struct of this shape takes more bytes. */
size_t jb_pack_bound(const void *of, const struct jb_pack_shape *shape);
void jb_pack_number(struct jb_pack_writing *w, uint64_t value);
void jb_pack_text(struct jb_pack_writing *w, struct jb_text text);
void jb_pack_struct(struct jb_pack_writing *w, const void *of, const struct jb_pack_shape *shape);

struct jb_pack_reading {
    const uint8_t *at;
    size_t left;
    bool wrong;
    size_t text_count;
    struct jb_text texts[JB_PACK_TEXTS];
};
struct jb_pack_reading jb_pack_reading_of(struct jb_bytes packed);
uint64_t jb_unpack_number(struct jb_pack_reading *r);
/* A number of things of which each takes a byte at least. */
size_t jb_unpack_count(struct jb_pack_reading *r);
/* Lies in the bytes that are read. */
struct jb_text jb_unpack_text(struct jb_pack_reading *r);
/* Sets what is not zero: *of is all zero before. */
void jb_unpack_struct(struct jb_pack_reading *r, void *of, const struct jb_pack_shape *shape);

#endif
