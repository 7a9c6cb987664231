/* See fuzzrestore.h. */
#include "tests/fuzz/fuzzrestore.h"

#include <ftw.h>
#include <sys/stat.h>

#include "proto/ledger/db.h"
#include "proto/ledger/recovery.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzline.h"
#include "tests/fuzz/sqlpool.h"

#define BACKUP "base.db"
#define TURNS_MAX 10000
#define COPY_BYTES ((size_t)256 * 1024)

static struct restored {
    struct jb_broker b;
    struct jb_broker_config config;
    uv_loop_t loop;
    char folder[128], path[160];
    uint8_t *image; /* of its record, owned */
    size_t size;
} all[FUZZ_RESTORES];
static char top[96];      /* "": not made yet */
static uint64_t kept[16]; /* items of the streams in the backup, by node */

/* ---- files ---- */

static void read_image(struct restored *r)
{
    FILE *in = fopen(r->path, "rbe");

    FUZZ_MUST(in != NULL && fseek(in, 0, SEEK_END) == 0);
    long size = ftell(in);
    FUZZ_MUST(size > 0 && fseek(in, 0, SEEK_SET) == 0);
    r->size = (size_t)size;
    r->image = malloc(r->size);
    FUZZ_MUST(r->image != NULL && fread(r->image, 1, r->size, in) == r->size && fclose(in) == 0);
}

static void write_image(const struct restored *r, const struct restored *from)
{
    FILE *out = fopen(r->path, "wbe");

    FUZZ_MUST(out != NULL && fwrite(from->image, 1, from->size, out) == from->size);
    FUZZ_MUST(fclose(out) == 0);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void unmake(void)
{
    fuzz_pool_fini();
    for (size_t i = 0; i < FUZZ_RESTORES && all[i].image != NULL; i++) {
        jb_config_free(&jb_broker_config_table, &all[i].config);
        (void)uv_loop_close(&all[i].loop);
        free(all[i].image);
    }
    (void)nftw(top, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

/* ---- the records ---- */

void fuzz_restore_backup(struct fuzz_broker *f)
{
    char sql[256];
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(top, sizeof top, "%s/jb-restore.XXXXXX", tmp != NULL ? tmp : "/tmp");
    FUZZ_MUST(mkdtemp(top) != NULL && atexit(unmake) == 0);
    (void)snprintf(sql, sizeof sql, "VACUUM INTO '%s/" BACKUP "'", top);
    FUZZ_MUST(jb_db_exec(f->w->b.ledger, sql) == JB_OK);
    for (uint32_t node = OFFICE; node <= LABOUR; node++) {
        uint8_t head[JB_HASH_BYTES];
        FUZZ_MUST(jb_stream_end(f->w->b.reader, node, &kept[node], head) == JB_OK);
    }
}

uint64_t fuzz_restore_first(uint32_t node)
{
    return kept[node] + 1;
}

struct jb_frame fuzz_restore_copy(struct fuzz_broker *f, uint32_t node, uint64_t first, size_t max,
                                  struct jb_arena *arena)
{
    struct jb_frame copy = {.kind = JB_FRAME_COPY,
                            .version = JB_PROTOCOL_COPY,
                            .first = first,
                            .suite = JB_SUITE_ED25519};
    struct jb_stream_read want = {
        .node = node, .from = first, .max_items = max, .max_bytes = COPY_BYTES};
    struct jb_frame_item *items = NULL;

    FUZZ_MUST(jb_stream_read(f->w->b.reader, &want, arena, &items, &copy.item_count, copy.head) ==
              JB_OK);
    copy.items = items;
    memcpy(copy.epoch, jb_ledger_epoch(f->w->b.reader), sizeof copy.epoch);
    return copy;
}

struct jb_line_point fuzz_restore_end_of(const struct jb_frame *copy)
{
    struct jb_line_point end = {.number = copy->first + copy->item_count - 1};

    memcpy(end.epoch, copy->epoch, sizeof end.epoch);
    memcpy(end.head, copy->head, sizeof end.head);
    return end;
}

static struct jb_ledger *open_record(const struct restored *r)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};
    struct jb_fault fault = {""};
    struct jb_ledger *l = NULL;

    if (jb_ledger_open(r->path, &options, &l, &fault) != JB_OK)
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(l != NULL);
    return l;
}

/* One that holds nothing beyond the backup, or was asked already. */
static void report(struct jb_ledger *l, uint32_t node)
{
    static const struct jb_line_point none;

    FUZZ_MUST(jb_ledger_begin(l) == JB_OK && jb_recovery_done(l, node, &none) == JB_OK);
    FUZZ_MUST(jb_ledger_commit(l) == JB_OK);
}

static void take_all(struct fuzz_broker *f, struct jb_ledger *l, uint32_t node)
{
    struct jb_arena arena;
    struct jb_fault fault = {""};
    struct jb_recovery_line line;

    jb_arena_init(&arena, (size_t)16 * 1024 * 1024);
    FUZZ_MUST(jb_recovery_line(l, node, &line) == JB_OK);
    struct jb_frame copy = fuzz_restore_copy(f, node, line.have.number + 1, 100, &arena);
    struct jb_recovery_piece piece = {.node = node,
                                      .first = copy.first,
                                      .items = copy.items,
                                      .count = copy.item_count,
                                      .suite = copy.suite};
    struct jb_line_point end = fuzz_restore_end_of(&copy);
    memcpy(piece.epoch, end.epoch, sizeof piece.epoch);
    memcpy(piece.head, end.head, sizeof piece.head);
    fuzz_broker_sign(f, node, &end, piece.signature);
    FUZZ_MUST(jb_ledger_begin(l) == JB_OK);
    enum jb_err err = jb_recovery_take(l, &piece, f->w->b.keys.sign_public, &arena, &fault);
    if (err != JB_OK)
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(err == JB_OK && jb_ledger_commit(l) == JB_OK);
    jb_arena_fini(&arena);
}

static void complete_without_office(struct fuzz_broker *f, struct jb_ledger *l)
{
    struct jb_recovery_report r;
    struct jb_fault fault = {""};

    take_all(f, l, HOUSING);
    report(l, HOUSING);
    report(l, LABOUR);
    FUZZ_MUST(jb_ledger_begin(l) == JB_OK);
    FUZZ_MUST(jb_recovery_leave_out(l, OFFICE, jb_text_of("its disk broke")) == JB_OK);
    FUZZ_MUST(jb_ledger_commit(l) == JB_OK);
    enum jb_err err = jb_recovery_complete(l, f->w->now_ms, &r, &fault);
    if (err != JB_OK)
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(err == JB_OK);
}

static void begin_recovery(struct fuzz_broker *f, struct jb_ledger *l)
{
    FUZZ_MUST(jb_ledger_begin(l) == JB_OK);
    FUZZ_MUST(jb_recovery_begin(l, f->w->now_ms, f->w->now_ms) == JB_OK);
    FUZZ_MUST(jb_ledger_commit(l) == JB_OK);
}

static void report_others(struct fuzz_broker *f, struct jb_ledger *l)
{
    (void)f;
    report(l, HOUSING);
    report(l, LABOUR);
}

/* The backup's file, or the first record, and what has been done with it since. */
static void make_record(struct fuzz_broker *f, enum fuzz_restore which)
{
    static void (*const steps[FUZZ_RESTORES])(struct fuzz_broker *, struct jb_ledger *) = {
        begin_recovery, report_others, complete_without_office};
    struct restored *r = &all[which];
    char backup[160];

    (void)snprintf(backup, sizeof backup, "%s/" BACKUP, top);
    if (rename(backup, r->path) != 0) /* only the first one finds it */
        write_image(r, &all[FUZZ_RESTORE_ALL]);
    struct jb_ledger *l = open_record(r);
    steps[which](f, l);
    jb_ledger_close(&l);
    read_image(r);
    FUZZ_MUST(remove(r->path) == 0);
    fuzz_pool_keep(r->path);
}

static void make_config(struct fuzz_broker *f, struct restored *r)
{
    char path[192];
    struct jb_fault fault = {""};
    struct jb_config_source source = {.path = path};

    (void)snprintf(path, sizeof path, "%s/key", r->folder);
    FUZZ_MUST(jb_keys_save(&f->w->b.keys, path, &fault) == JB_OK);
    (void)snprintf(path, sizeof path, "%s/conf", r->folder);
    FILE *out = fopen(path, "we");
    FUZZ_MUST(out != NULL);
    fprintf(out, "[broker]\ndata = %s\nkey = %s/key\nreserve = 0\n", r->folder, r->folder);
    FUZZ_MUST(fclose(out) == 0);
    enum jb_err err = jb_config_read(&jb_broker_config_table, &source, &r->config, &fault);
    if (err != JB_OK)
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(err == JB_OK);
}

static void make(struct fuzz_broker *f)
{
    bool undo = fuzz_undo;

    fuzz_undo = false;
    fuzz_random_again(1);
    for (int i = 0; i < FUZZ_RESTORES; i++) {
        struct restored *r = &all[i];
        (void)snprintf(r->folder, sizeof r->folder, "%s/%d", top, i);
        (void)snprintf(r->path, sizeof r->path, "%s/%d/broker.db", top, i);
        FUZZ_MUST(mkdir(r->folder, 0700) == 0 && uv_loop_init(&r->loop) == 0);
        make_config(f, r);
        make_record(f, (enum fuzz_restore)i);
        fuzz_blobs_put(r->folder);
    }
    fuzz_random_again(0);
    fuzz_undo = undo;
}

/* ---- the broker ---- */

struct jb_broker *fuzz_restored(struct fuzz_broker *f, enum fuzz_restore which)
{
    struct restored *r = &all[which];
    struct jb_fault fault = {""};

    FUZZ_MUST(top[0] != '\0');
    if (r->image == NULL)
        make(f);
    fuzz_undo = false;
    fuzz_pool_file(r->path, (struct jb_bytes){r->image, r->size});
    fuzz_blobs_restore(r->folder);
    r->b = (struct jb_broker){
        .loop = &r->loop, .config = &r->config, .clock = jb_clock_fixed(&f->w->now_ms)};
    enum jb_err err = jb_broker_start(&r->b, &fault);
    if (err != JB_OK)
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(err == JB_OK && r->b.recovering == (which != FUZZ_RESTORE_LATE));
    return &r->b;
}

void fuzz_restored_turn(struct jb_broker *b)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool worked = fuzz_work_run();
        bool alive = uv_run(b->loop, UV_RUN_NOWAIT) != 0;
        bool due = alive && uv_backend_timeout(b->loop) == 0;
        if (!worked && !due && !b->committing && b->behind.first == NULL)
            return;
    }
    FUZZ_MUST(false); /* it ends when credit or items do */
}

void fuzz_restored_end(struct jb_broker *b)
{
    uv_loop_t *loop = b->loop;

    jb_broker_stop(b, EXIT_SUCCESS);
    do
        (void)fuzz_work_run();
    while (uv_run(loop, UV_RUN_NOWAIT) != 0);
    jb_broker_fini(b);
    fuzz_undo = true;
}
