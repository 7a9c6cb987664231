/* Writing first inputs: see seed.c. */
#ifndef JB_TESTS_SEEDS_H
#define JB_TESTS_SEEDS_H

#include "proto/wire/frame.h"
#include "tests/fuzz/fuzz.h"

#define SEED_BYTES_MAX 65536

struct seed { /* one input being written */
    uint8_t data[SEED_BYTES_MAX];
    size_t len;
};

void seed_into(const char *folder); /* once, first of all; borrowed */
const char *seed_folder(void);
void seed_put(struct seed *s, const void *data, size_t len);
void seed_byte(struct seed *s, uint8_t byte);
void seed_part(struct seed *s, struct jb_bytes part); /* behind its length */
void seed_save(const struct seed *s, const char *target, const char *name);
/* A file of the project behind a first byte. */
void seed_file(const char *target, const char *name, uint8_t first, const char *path);
/* For `frame`: one frame behind a first byte; a frame as one of several. */
void seed_frame(uint8_t how, const struct jb_frame *frame, const char *name);
void seed_frame_part(struct seed *s, const struct jb_frame *frame);

/* seedline.c: attachments and copies, in the order of an exchange, for `frame`; for `admin` */
struct fuzz_broker;
void seed_blobs(const struct fuzz_broker *f);
void seed_restores(struct fuzz_broker *f);
void seed_admins(struct fuzz_broker *f);

/* seedtick.c: packed rows, for `tick` */
void seed_ticks(void);

/* seedagent.c: for `stream` and `local` */
struct desk;
void seed_lines(struct desk *d);
void seed_rights(void);

#endif
