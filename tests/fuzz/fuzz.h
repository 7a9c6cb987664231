/* A fuzz target: one file, one function, one kind of untrusted bytes.
 *
 * `make fuzz` links it with libFuzzer, clang's sanitizers and nothing else; `make test` links the
 * same object, built by gcc, with replay.c, which gives it every file of its corpus. A target keeps
 * no state from one input to the next: the same bytes do the same whatever came before them. */
#ifndef JB_TESTS_FUZZ_H
#define JB_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"

/* Called for each input. Returns 0; what must not be ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding that is no crash by itself: say so and abort. */
#define FUZZ_MUST(condition) ((condition) ? (void)0 : fuzz_finding(__FILE__, __LINE__, #condition))

_Noreturn static inline void fuzz_finding(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: must hold: %s\n", file, line, condition);
    abort();
}

/* The input, taken from the front. When nothing is left: zero, or empty. */
struct fuzz_in {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_in *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static inline uint32_t fuzz_number(struct fuzz_in *in, int bytes)
{
    uint32_t number = 0;

    for (int i = 0; i < bytes; i++)
        number = number << 8 | fuzz_byte(in);
    return number;
}

static inline struct jb_bytes fuzz_take(struct fuzz_in *in, size_t len)
{
    struct jb_bytes part = {in->at, len < in->left ? len : in->left};

    in->at += part.len;
    in->left -= part.len;
    return part;
}

/* Bytes behind their length in two bytes. */
static inline struct jb_bytes fuzz_part(struct fuzz_in *in)
{
    return fuzz_take(in, fuzz_number(in, 2));
}

/* In memory of just this size, so that a reader who goes one byte too far is caught. free() it. */
static inline uint8_t *fuzz_exact(struct jb_bytes bytes)
{
    uint8_t *copy = calloc(1, bytes.len > 0 ? bytes.len : 1);

    FUZZ_MUST(copy != NULL);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return copy;
}

/* The bytes as a file that lives in memory: its path, good until the next call. Mode 0600. */
const char *fuzz_file(struct jb_bytes bytes);

/* The world outside of a target (outside.c). Log lines are formatted and dropped, frames for the
 * network are counted and dropped. */
extern size_t fuzz_sent; /* frames */
/* What the project takes for random is the same from here on: at the start of an input with 0, for
 * what is made once with another number, so that it gets other epochs. */
void fuzz_random_again(uint64_t salt);
/* From now on a commit writes everything and takes it back: the next input finds the ledger as this
 * one did. */
extern bool fuzz_undo;
/* Called, if not NULL, when all is written and before it is taken back. */
struct jb_ledger;
extern void (*fuzz_before_undo)(struct jb_ledger *l);

#endif
