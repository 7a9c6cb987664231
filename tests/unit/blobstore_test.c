/* The blob store: only what has its hash counts, whatever happened to the files; and two ends of a
 * line through which a blob gets, also when pieces are bad or the store is full. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/ledger/blobline.h"
#include "proto/wire/sign.h"
#include "tests/unit/ledger_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CASE INT64_C(2026112300007000010)
#define SIZE (3 * JB_BLOB_CHUNK_PLAIN + 1000)
#define QUOTA ((int64_t)4 * 1024 * 1024)

static const uint8_t key[JB_KEY_BYTES] = {7};

static struct jb_blobs *open_store(struct lw *w, const char *name, int64_t quota)
{
    struct jb_blobs *s = NULL;
    char path[200];

    (void)snprintf(path, sizeof path, "%s", lw_path(w, name));
    (void)mkdir(path, 0700);
    assert_int_equal(jb_blobs_open(path, quota, JB_SUITE_ED25519, &s, &w->fault), JB_OK);
    return s;
}

static void remove_store(struct lw *w, const char *name)
{
    char folder[300];
    char path[700];

    (void)snprintf(folder, sizeof folder, "%s/blobs", lw_path(w, name));
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(lw_path(w, name)), 0);
}

static uint8_t contents(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

/* SIZE bytes, in pieces that fit no chunk. */
static void put(struct jb_blobs *s, uint8_t hash[JB_HASH_BYTES])
{
    struct jb_blob_spool *p = NULL;
    uint8_t piece[50000];

    assert_int_equal(jb_blob_spool_open(s, key, CASE, &p), JB_OK);
    for (size_t at = 0; at < SIZE;) {
        size_t n = SIZE - at < sizeof piece ? SIZE - at : sizeof piece;
        for (size_t i = 0; i < n; i++)
            piece[i] = contents(at + i);
        assert_int_equal(jb_blob_spool_add(p, (struct jb_bytes){piece, n}), JB_OK);
        at += n;
    }
    assert_int_equal(jb_blob_spool_finish(p, hash), JB_OK);
    jb_blob_spool_close(&p);
}

static void blob_path(struct lw *w, const char *store, const uint8_t hash[JB_HASH_BYTES],
                      const char *end, char path[300])
{
    char text[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, text);
    (void)snprintf(path, 300, "%s/blobs/%s.%s", lw_path(w, store), text, end);
}

static void damage(const char *path, long at)
{
    int fd = open(path, O_RDWR);
    uint8_t byte = 0;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

static void what_was_put_comes_out(void **state)
{
    struct lw *w = *state;
    struct jb_blobs *s = open_store(w, "a", QUOTA);
    uint8_t hash[JB_HASH_BYTES];
    uint8_t *plain = malloc(JB_BLOB_CHUNK_BYTES);
    struct jb_blob_state st;
    struct jb_bytes body;

    put(s, hash);
    jb_blobs_close(&s);
    s = open_store(w, "a", QUOTA);
    assert_true(jb_blobs_state(s, hash, &st));
    assert_int_equal(st.total, 4);
    assert_int_equal(st.here, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(jb_blobs_read(s, hash, i, &w->arena, &body), JB_OK);
        assert_int_equal(jb_blob_chunk_open(key, CASE, i, body, plain), JB_OK);
        for (size_t k = 0; k < body.len - JB_SEAL_EXTRA_BYTES; k += 997)
            assert_int_equal(plain[k], contents((size_t)i * JB_BLOB_CHUNK_PLAIN + k));
        assert_int_equal(jb_blob_chunk_open(key, CASE + 10, i, body, plain), JB_BAD_SIGNATURE);
        assert_int_equal(jb_blob_chunk_open(key, CASE, i + 1, body, plain), JB_BAD_SIGNATURE);
    }
    free(plain);
    jb_blobs_drop(s, hash);
    assert_int_equal(jb_blobs_used(s), 0);
    jb_blobs_close(&s);
    remove_store(w, "a");
}

static void a_changed_piece_is_missing_from_then_on(void **state)
{
    struct lw *w = *state;
    struct jb_blobs *s = open_store(w, "b", QUOTA);
    uint8_t hash[JB_HASH_BYTES];
    char path[300];
    struct jb_bytes body;
    struct jb_blob_state st;

    put(s, hash);
    blob_path(w, "b", hash, "blob", path);
    damage(path, 32768 + 2 * JB_BLOB_CHUNK_BYTES + 9);
    assert_int_equal(jb_blobs_read(s, hash, 2, &w->arena, &body), JB_CORRUPT);
    assert_false(jb_blobs_complete(s, hash));
    assert_int_equal(jb_blobs_missing(s, hash, 0), 2);
    jb_blobs_close(&s);
    s = open_store(w, "b", QUOTA); /* found again by the hashes alone */
    assert_true(jb_blobs_state(s, hash, &st));
    assert_int_equal(st.here, 3);
    assert_int_equal(jb_blobs_missing(s, hash, 0), 2);
    jb_blobs_close(&s);
    blob_path(w, "b", hash, "part", path);
    damage(path, 20); /* the head: nothing can be proven of it any more */
    s = open_store(w, "b", QUOTA);
    assert_int_equal(jb_blobs_count(s), 0);
    jb_blobs_close(&s);
    remove_store(w, "b");
}

static void the_quota_is_kept_and_room_comes_back(void **state)
{
    struct lw *w = *state;
    struct jb_blobs *s = open_store(w, "c", 300000);
    struct jb_blob_spool *p = NULL;
    static uint8_t much[400000];

    assert_int_equal(jb_blob_spool_open(s, key, CASE, &p), JB_OK);
    assert_int_equal(jb_blob_spool_add(p, (struct jb_bytes){much, sizeof much}), JB_FULL);
    jb_blob_spool_close(&p);
    assert_int_equal(jb_blobs_used(s), 0);
    assert_int_equal(jb_blob_spool_open(s, key, CASE, &p), JB_OK);
    assert_int_equal(jb_blob_spool_add(p, (struct jb_bytes){much, 200000}), JB_OK);
    jb_blob_spool_close(&p);
    jb_blobs_close(&s);
    remove_store(w, "c");
}

/* ---- two ends of a line ---- */

struct end {
    struct jb_blobline line;
    struct end *other;
    int64_t case_no; /* 0: the other end may not have it */
    unsigned spoil;  /* so many chunks are damaged on their way to this end */
    bool deaf;       /* what comes is lost */
    unsigned haves, gones, troubles;
};

static enum jb_err send_to_other(void *ctx, struct jb_frame *f)
{
    struct end *e = ctx;
    struct jb_arena arena;
    struct jb_bytes bytes;
    struct jb_frame got;
    struct jb_fault fault = {""};

    f->version = JB_PROTOCOL_BLOBS;
    jb_arena_init(&arena, 4 * JB_FRAME_LIMIT_BYTES);
    assert_int_equal(jb_frame_encode(f, &arena, &bytes), JB_OK);
    assert_int_equal(jb_frame_decode(bytes, &arena, &got, &fault), JB_OK);
    if (got.kind == JB_FRAME_BLOB_CHUNK && e->other->spoil > 0) {
        e->other->spoil--;
        ((uint8_t *)(uintptr_t)got.body.data)[5] ^= 1;
    }
    e->other->gones += got.kind == JB_FRAME_BLOB_GONE;
    if (!e->other->deaf)
        assert_int_equal(jb_blobline_take(&e->other->line, &got, &fault), JB_OK);
    jb_arena_fini(&arena);
    return JB_OK;
}

static bool any_size(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint64_t plain_bytes)
{
    (void)ctx;
    (void)hash;
    return plain_bytes > 0;
}

static bool may(void *ctx, const uint8_t hash[JB_HASH_BYTES], int64_t *case_no)
{
    struct end *e = ctx;

    (void)hash;
    *case_no = e->case_no;
    return e->case_no != 0;
}

static void write_now(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint32_t chunk_bytes,
                      uint32_t index, struct jb_bytes body)
{
    struct end *e = ctx;

    jb_blobline_stored(&e->line, hash, index,
                       jb_blobs_write(e->line.store, hash, chunk_bytes, index, body));
}

static enum jb_err say_have(void *ctx, const uint8_t hash[JB_HASH_BYTES], struct jb_frame *have)
{
    (void)ctx;
    (void)hash;
    have->suite = JB_SUITE_ED25519;
    return JB_OK;
}

static enum jb_err count_have(void *ctx, const struct jb_frame *have)
{
    struct end *e = ctx;

    (void)have;
    e->haves++;
    return JB_OK;
}

static void count_trouble(void *ctx, const uint8_t hash[JB_HASH_BYTES], enum jb_err err,
                          const char *text)
{
    struct end *e = ctx;

    (void)hash;
    (void)err;
    (void)text;
    e->troubles++;
}

static const struct jb_blobline_hooks hooks = {send_to_other, may,        any_size,     write_now,
                                               say_have,      count_have, count_trouble};

static void pump(struct end *from)
{
    for (int i = 0; i < 100 && from->line.queued > 0; i++)
        (void)jb_blobline_pump(&from->line);
}

static void link_ends(struct lw *w, struct end *a, struct end *b, int64_t quota)
{
    *a = (struct end){.other = b, .case_no = CASE};
    *b = (struct end){.other = a, .case_no = CASE};
    jb_blobline_init(&a->line, open_store(w, "x", QUOTA), &hooks, a);
    jb_blobline_init(&b->line, open_store(w, "y", quota), &hooks, b);
}

static void unlink_ends(struct lw *w, struct end *a, struct end *b)
{
    jb_blobs_close(&a->line.store);
    jb_blobs_close(&b->line.store);
    remove_store(w, "x");
    remove_store(w, "y");
}

static void a_blob_gets_through_in_spite_of_bad_pieces(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    uint8_t hash[JB_HASH_BYTES];

    link_ends(w, &a, &b, QUOTA);
    put(a.line.store, hash);
    b.spoil = JB_BLOB_BAD_MAX - 1;
    assert_true(jb_blobline_fetch(&b.line, hash));
    pump(&a);
    assert_true(jb_blobs_complete(b.line.store, hash));
    assert_int_equal(a.haves, 1);
    assert_int_equal(b.troubles, JB_BLOB_BAD_MAX - 1);
    assert_false(b.line.busy);
    unlink_ends(w, &a, &b);
}

static void too_many_bad_pieces_end_it_and_a_new_line_goes_on(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    uint8_t hash[JB_HASH_BYTES];

    link_ends(w, &a, &b, QUOTA);
    put(a.line.store, hash);
    b.spoil = JB_BLOB_BAD_MAX;
    assert_true(jb_blobline_fetch(&b.line, hash));
    pump(&a);
    assert_false(jb_blobs_complete(b.line.store, hash));
    assert_int_equal(a.gones, 1);
    jb_blobline_reset(&a.line);
    jb_blobline_reset(&b.line);
    assert_true(jb_blobline_fetch(&b.line, hash));
    pump(&a);
    assert_true(jb_blobs_complete(b.line.store, hash));
    unlink_ends(w, &a, &b);
}

static void who_may_not_have_it_hears_what_who_asks_for_nothing_hears(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    uint8_t hash[JB_HASH_BYTES];
    uint8_t other[JB_HASH_BYTES] = {1};

    link_ends(w, &a, &b, QUOTA);
    put(a.line.store, hash);
    a.case_no = 0;
    assert_true(jb_blobline_fetch(&b.line, hash));
    assert_true(jb_blobline_fetch(&b.line, other));
    assert_int_equal(b.gones, 2);
    assert_int_equal(jb_blobs_count(b.line.store), 0);
    unlink_ends(w, &a, &b);
}

static void a_full_store_says_so(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    uint8_t hash[JB_HASH_BYTES];

    link_ends(w, &a, &b, 200000);
    put(a.line.store, hash);
    assert_true(jb_blobline_fetch(&b.line, hash));
    pump(&a);
    assert_int_equal(a.gones, 1);
    assert_int_equal(b.troubles, 1);
    assert_int_equal(jb_blobs_used(b.line.store), 0);
    unlink_ends(w, &a, &b);
}

/* Both ends may want the same blob of each other: "not here yet" answers one wish and takes the
 * other back as little as it fulfils it. */
static void not_here_yet_takes_nothing_back_that_was_asked_for(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    struct jb_fault fault = {""};
    struct jb_frame gone = {.kind = JB_FRAME_BLOB_GONE, .error = JB_BUSY};

    link_ends(w, &a, &b, QUOTA);
    put(a.line.store, gone.blob_hash);
    assert_true(jb_blobline_fetch(&b.line, gone.blob_hash));
    assert_true(a.line.queued > 0);
    unsigned asked = a.line.queued;
    assert_int_equal(jb_blobline_take(&a.line, &gone, &fault), JB_OK);
    assert_int_equal(a.line.queued, asked);
    gone.error = JB_FULL; /* b takes no more of it */
    assert_int_equal(jb_blobline_take(&a.line, &gone, &fault), JB_OK);
    assert_int_equal(a.line.queued, 0);
    unlink_ends(w, &a, &b);
}

static void deafen(struct end *e, bool deaf)
{
    e->deaf = deaf;
}

/* The other end's disk hung just then. */
static void what_was_not_taken_is_asked_for_again(void **state)
{
    struct lw *w = *state;
    struct end a, b;
    uint8_t hash[JB_HASH_BYTES];

    link_ends(w, &a, &b, QUOTA);
    put(a.line.store, hash);
    deafen(&a, true);
    assert_true(jb_blobline_fetch(&b.line, hash));
    deafen(&a, false);
    jb_blobline_ask_again(&b.line, 600000); /* not so long ago */
    assert_int_equal(a.line.queued, 0);
    jb_blobline_ask_again(&b.line, 0);
    assert_true(a.line.queued > 0);
    pump(&a);
    assert_true(jb_blobs_complete(b.line.store, hash));
    assert_int_equal(a.haves, 1);
    jb_blobline_ask_again(&b.line, 0); /* there is nothing to ask for */
    assert_int_equal(a.line.queued, 0);
    unlink_ends(w, &a, &b);
}

static int setup(void **state)
{
    return jb_sign_init() == JB_OK ? lw_setup(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_comes_out, setup, lw_teardown),
        cmocka_unit_test_setup_teardown(a_changed_piece_is_missing_from_then_on, setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(the_quota_is_kept_and_room_comes_back, setup, lw_teardown),
        cmocka_unit_test_setup_teardown(a_blob_gets_through_in_spite_of_bad_pieces, setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(too_many_bad_pieces_end_it_and_a_new_line_goes_on, setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(who_may_not_have_it_hears_what_who_asks_for_nothing_hears,
                                        setup, lw_teardown),
        cmocka_unit_test_setup_teardown(a_full_store_says_so, setup, lw_teardown),
        cmocka_unit_test_setup_teardown(not_here_yet_takes_nothing_back_that_was_asked_for, setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(what_was_not_taken_is_asked_for_again, setup, lw_teardown),
    };
    return cmocka_run_group_tests_name("blobstore", tests, NULL, NULL);
}
