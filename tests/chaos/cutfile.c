#include "tests/chaos/cutfile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING_CUT INT64_MAX

static struct jb_cut_file *files;

struct jb_cut_file *jb_cut_open(const char *path, sqlite3_file *real)
{
    struct jb_cut_file *f = files;

    while (f != NULL && strcmp(f->path, path) != 0)
        f = f->next;
    if (f == NULL) {
        f = calloc(1, sizeof *f);
        if (f == NULL)
            return NULL;
        f->valid = NOTHING_CUT;
        f->path = strdup(path);
        if (f->path == NULL || real->pMethods->xFileSize(real, &f->size) != SQLITE_OK) {
            free(f->path);
            free(f);
            return NULL;
        }
        f->next = files;
        files = f;
    }
    f->users++;
    return f;
}

static void drop_blocks(struct jb_cut_file *f)
{
    for (size_t i = 0; i < JB_CUT_BUCKETS; i++)
        while (f->buckets[i] != NULL) {
            struct jb_cut_block *b = f->buckets[i];
            f->buckets[i] = b->next;
            free(b);
        }
}

void jb_cut_close(struct jb_cut_file *f)
{
    struct jb_cut_file **at = &files;

    if (--f->users > 0)
        return;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    drop_blocks(f);
    free(f->path);
    free(f);
}

static struct jb_cut_block **place(struct jb_cut_file *f, sqlite3_int64 number)
{
    struct jb_cut_block **at = &f->buckets[number % JB_CUT_BUCKETS];

    while (*at != NULL && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

/* ---- what the disk holds, without what was cut off ---- */

static int read_disk(const struct jb_cut_file *f, sqlite3_file *real, unsigned char *out, int len,
                     sqlite3_int64 at)
{
    sqlite3_int64 left = f->valid - at;
    int good = left <= 0 ? 0 : left < len ? (int)left : len;

    memset(out + good, 0, (size_t)(len - good));
    if (good == 0)
        return SQLITE_OK;
    int rc = real->pMethods->xRead(real, out, good, at);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc; /* the rest is zeros */
}

/* ---- block by block ---- */

struct piece { /* of a range, inside one block */
    sqlite3_int64 block;
    int from;
    int len;
};

static struct piece piece_at(sqlite3_int64 at, int len)
{
    struct piece p = {.block = at / JB_CUT_BLOCK, .from = (int)(at % JB_CUT_BLOCK)};

    p.len = JB_CUT_BLOCK - p.from < len ? JB_CUT_BLOCK - p.from : len;
    return p;
}

int jb_cut_read(struct jb_cut_file *f, sqlite3_file *real, void *out, int len, sqlite3_int64 at)
{
    unsigned char *to = out;
    bool is_short = at + len > f->size;

    for (int done = 0; done < len;) {
        struct piece p = piece_at(at + done, len - done);
        const struct jb_cut_block *b = *place(f, p.block);
        if (b != NULL) {
            memcpy(to + done, b->data + p.from, (size_t)p.len);
        } else {
            int rc = read_disk(f, real, to + done, p.len, at + done);
            if (rc != SQLITE_OK)
                return rc;
        }
        done += p.len;
    }
    return is_short ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static struct jb_cut_block *block_to_write(struct jb_cut_file *f, sqlite3_file *real,
                                           sqlite3_int64 number)
{
    struct jb_cut_block **at = place(f, number);

    if (*at != NULL)
        return *at;
    struct jb_cut_block *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    if (read_disk(f, real, b->data, JB_CUT_BLOCK, number * JB_CUT_BLOCK) != SQLITE_OK) {
        free(b);
        return NULL;
    }
    b->number = number;
    *at = b;
    return b;
}

int jb_cut_write(struct jb_cut_file *f, sqlite3_file *real, const void *data, int len,
                 sqlite3_int64 at)
{
    const unsigned char *from = data;

    for (int done = 0; done < len;) {
        struct piece p = piece_at(at + done, len - done);
        struct jb_cut_block *b = block_to_write(f, real, p.block);
        if (b == NULL)
            return SQLITE_IOERR_NOMEM;
        memcpy(b->data + p.from, from + done, (size_t)p.len);
        b->lost = false;
        done += p.len;
    }
    if (at + len > f->size)
        f->size = at + len;
    return SQLITE_OK;
}

void jb_cut_truncate(struct jb_cut_file *f, sqlite3_int64 size)
{
    for (size_t i = 0; i < JB_CUT_BUCKETS; i++)
        for (struct jb_cut_block **at = &f->buckets[i]; *at != NULL;) {
            struct jb_cut_block *b = *at;
            sqlite3_int64 start = b->number * JB_CUT_BLOCK;
            if (start >= size) {
                *at = b->next;
                free(b);
                continue;
            }
            if (start + JB_CUT_BLOCK > size)
                memset(b->data + (size - start), 0, (size_t)(start + JB_CUT_BLOCK - size));
            at = &b->next;
        }
    if (size < f->valid)
        f->valid = size;
    f->size = size;
}

static int flush_block(const struct jb_cut_file *f, sqlite3_file *real,
                       const struct jb_cut_block *b)
{
    sqlite3_int64 start = b->number * JB_CUT_BLOCK;
    sqlite3_int64 len = f->size - start < JB_CUT_BLOCK ? f->size - start : JB_CUT_BLOCK;

    return real->pMethods->xWrite(real, b->data, (int)len, start);
}

int jb_cut_flush(struct jb_cut_file *f, sqlite3_file *real, int most)
{
    sqlite3_int64 disk = 0;
    int rc = real->pMethods->xFileSize(real, &disk);

    if (rc == SQLITE_OK && f->valid < disk)
        rc = real->pMethods->xTruncate(real, f->valid);
    for (size_t i = 0; rc == SQLITE_OK && i < JB_CUT_BUCKETS; i++)
        for (struct jb_cut_block *b = f->buckets[i]; rc == SQLITE_OK && b != NULL; b = b->next) {
            if (most == 0)
                return SQLITE_OK;
            if (b->lost)
                continue;
            rc = flush_block(f, real, b);
            most -= most > 0;
        }
    if (rc != SQLITE_OK || most >= 0)
        return rc;
    f->valid = NOTHING_CUT;
    for (size_t i = 0; i < JB_CUT_BUCKETS; i++)
        for (struct jb_cut_block **at = &f->buckets[i]; *at != NULL;) {
            struct jb_cut_block *b = *at;
            if (b->lost) {
                at = &b->next;
                continue;
            }
            *at = b->next;
            free(b);
        }
    return SQLITE_OK;
}

void jb_cut_give_up(struct jb_cut_file *f)
{
    for (size_t i = 0; i < JB_CUT_BUCKETS; i++)
        for (struct jb_cut_block *b = f->buckets[i]; b != NULL; b = b->next)
            b->lost = true;
}
