/* See seeds.h. */
#include <errno.h>
#include <sys/stat.h>

#include "tests/fuzz/seeds.h"

#define FRAME_ARENA_BYTES ((size_t)4 * 1024 * 1024)

static const char *top;

void seed_into(const char *folder)
{
    top = folder;
}

const char *seed_folder(void)
{
    return top;
}

void seed_put(struct seed *s, const void *data, size_t len)
{
    FUZZ_MUST(s->len + len <= sizeof s->data);
    if (len > 0)
        memcpy(s->data + s->len, data, len);
    s->len += len;
}

void seed_byte(struct seed *s, uint8_t byte)
{
    seed_put(s, &byte, 1);
}

void seed_part(struct seed *s, struct jb_bytes part)
{
    seed_byte(s, (uint8_t)(part.len >> 8));
    seed_byte(s, (uint8_t)part.len);
    seed_put(s, part.data, part.len);
}

void seed_save(const struct seed *s, const char *target, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", top, target);
    FUZZ_MUST(mkdir(path, 0755) == 0 || errno == EEXIST);
    (void)snprintf(path, sizeof path, "%s/%s/%s", top, target, name);
    FILE *out = fopen(path, "wbe");
    FUZZ_MUST(out != NULL && fwrite(s->data, 1, s->len, out) == s->len && fclose(out) == 0);
}

void seed_file(const char *target, const char *name, uint8_t first, const char *path)
{
    static struct seed s;
    FILE *from = fopen(path, "rbe");

    FUZZ_MUST(from != NULL);
    s.len = 0;
    seed_byte(&s, first);
    s.len += fread(s.data + s.len, 1, sizeof s.data - s.len, from);
    FUZZ_MUST(fclose(from) == 0);
    seed_save(&s, target, name);
}

void seed_frame(uint8_t how, const struct jb_frame *frame, const char *name)
{
    static struct seed s;
    struct jb_arena arena;
    struct jb_bytes bytes;

    jb_arena_init(&arena, FRAME_ARENA_BYTES);
    FUZZ_MUST(jb_frame_encode(frame, &arena, &bytes) == JB_OK);
    s.len = 0;
    seed_byte(&s, how);
    seed_put(&s, bytes.data, bytes.len);
    seed_save(&s, "frame", name);
    jb_arena_fini(&arena);
}

void seed_frame_part(struct seed *s, const struct jb_frame *frame)
{
    struct jb_arena arena;
    struct jb_bytes bytes;

    jb_arena_init(&arena, FRAME_ARENA_BYTES);
    FUZZ_MUST(jb_frame_encode(frame, &arena, &bytes) == JB_OK);
    seed_part(s, bytes);
    jb_arena_fini(&arena);
}
