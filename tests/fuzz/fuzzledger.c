/* See fuzzledger.h. */
#include "tests/fuzz/fuzzledger.h"

#include <sodium.h>
#include <unistd.h>

#include "proto/ledger/schema.h"
#include "tests/fuzz/ledgercells.h"
#include "tests/fuzz/sqlpool.h"
#include "tests/unit/ledger_world.h"

#define CHANGES_MAX 16
#define HISTORY 8 /* entries in a file of today */
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define FRESH "fresh.db" /* a name under which nothing is kept */

static struct base {
    const char *name;
    const char *dump; /* NULL: made by this program */
    enum jb_ledger_role role;
    uint8_t *image; /* owned */
    uint8_t *work;  /* the same with changes; owned */
    size_t size;
    struct ledger_cells cells;
    uint8_t record[JB_HASH_BYTES]; /* digest of its bodies */
    uint64_t items, erased;        /* as a check counts them */
} bases[] = {
    {.name = "b.db", .role = JB_LEDGER_BROKER},
    {.name = "r.db", .role = JB_LEDGER_REPLICA},
    {.name = "o.db", .dump = "tests/data/ledger-v1/broker.sql", .role = JB_LEDGER_BROKER},
    {.name = "p.db", .dump = "tests/data/ledger-v1/zjj.sql", .role = JB_LEDGER_REPLICA},
};

#define BASES (sizeof bases / sizeof bases[0])

static struct lw *world;

/* ---- the files as they should be ---- */

static char *text_of(const char *path)
{
    FILE *in = fopen(path, "rbe");
    size_t room = (size_t)1 << 20;
    char *text = calloc(1, room);

    FUZZ_MUST(in != NULL && text != NULL);
    FUZZ_MUST(fread(text, 1, room - 1, in) > 0);
    FUZZ_MUST(fclose(in) == 0);
    return text;
}

static void make_old(struct lw *w, const struct base *b)
{
    char *text = text_of(b->dump);
    char pragmas[128];

    lw_sql(w, b->name, text);
    (void)snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = 1",
                   JB_LEDGER_APPLICATION_ID);
    lw_sql(w, b->name, pragmas);
    free(text);
}

static void make_new(struct lw *w)
{
    struct jb_ledger *broker = lw_open(w, bases[0].name, JB_LEDGER_BROKER);
    struct jb_ledger *replica = lw_replica(w, bases[1].name, broker, LW_OFFICE);

    FUZZ_MUST(jb_ledger_begin(broker) == JB_OK);
    for (int i = 0; i < HISTORY; i++) {
        struct jb_entry e = lw_random_entry(w, broker);
        (void)lw_log_to(w, broker, &e, (struct jb_stream_add){.node = LW_OFFICE});
    }
    FUZZ_MUST(jb_ledger_commit(broker) == JB_OK);
    lw_deliver(w, broker, replica);
    lw_close(&replica);
    lw_close(&broker);
}

static void record_of(struct jb_ledger *l, uint8_t digest[JB_HASH_BYTES])
{
    bool broker = l->role == JB_LEDGER_BROKER;
    sqlite3_stmt *s = NULL;
    crypto_generichash_state hash;
    const char *sql = broker ? "SELECT body FROM entry ORDER BY seq"
                             : "SELECT body FROM item WHERE body IS NOT NULL ORDER BY number";

    FUZZ_MUST(crypto_generichash_init(&hash, NULL, 0, JB_HASH_BYTES) == 0);
    FUZZ_MUST(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL) == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const uint8_t *body = sqlite3_column_blob(s, 0);
        if (body != NULL)
            crypto_generichash_update(&hash, body, (unsigned long long)sqlite3_column_bytes(s, 0));
    }
    sqlite3_finalize(s);
    FUZZ_MUST(crypto_generichash_final(&hash, digest, JB_HASH_BYTES) == 0);
}

static void keep_image(struct lw *w, struct base *b)
{
    FILE *in = fopen(lw_path(w, b->name), "rbe");

    FUZZ_MUST(in != NULL && fseek(in, 0, SEEK_END) == 0);
    long size = ftell(in);
    FUZZ_MUST(size > 0 && fseek(in, 0, SEEK_SET) == 0);
    b->size = (size_t)size;
    b->image = malloc(b->size);
    b->work = malloc(b->size);
    FUZZ_MUST(b->image != NULL && b->work != NULL && fread(b->image, 1, b->size, in) == b->size);
    FUZZ_MUST(fclose(in) == 0);
}

/* What a check says of it before anything was changed. */
static void keep_record(struct lw *w, struct base *b)
{
    struct jb_ledger_options options = {.role = b->role};
    struct jb_fault fault = {""};
    struct jb_ledger *l = NULL;
    struct jb_check check;

    FUZZ_MUST(jb_ledger_open(lw_path(w, b->name), &options, &l, &fault) == JB_OK);
    record_of(l, b->record);
    FUZZ_MUST(jb_ledger_check(l, NULL, &check, &fault) == JB_OK && fault.text[0] == '\0');
    b->items = check.items;
    b->erased = check.erased;
    jb_ledger_close(&l);
}

static void unmake(void)
{
    void *state = world;

    fuzz_pool_fini();
    for (size_t i = 0; i < BASES; i++) {
        free(bases[i].image);
        free(bases[i].work);
        ledger_cells_fini(&bases[i].cells);
    }
    (void)lw_teardown(&state);
}

static void remove_all(struct lw *w, const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".v1", ".v1.part", ".v2", ".v2.part"};
    char path[256];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s%s", w->dir, name, ends[i]);
        (void)unlink(path);
    }
}

static void make(void)
{
    void *state = NULL;

    FUZZ_MUST(sodium_init() >= 0 && lw_setup(&state) == 0);
    world = state;
    FUZZ_MUST(atexit(unmake) == 0);
    make_new(world);
    for (size_t i = 0; i < BASES; i++) {
        struct base *b = &bases[i];
        if (b->dump != NULL)
            make_old(world, b);
        keep_image(world, b);
        ledger_cells_read(&b->cells, lw_path(world, b->name), (struct jb_bytes){b->image, b->size});
        keep_record(world, b);
        remove_all(world, b->name);
    }
    for (size_t i = 0; i < BASES; i++)
        if (bases[i].dump == NULL)
            fuzz_pool_keep(lw_path(world, bases[i].name));
}

/* ---- changes ---- */

static void change_bytes(uint8_t *image, const struct ledger_cells *cells, bool spare_schema,
                         struct fuzz_in *in)
{
    size_t size = cells->pages * LEDGER_PAGE;

    for (int i = 0; i < CHANGES_MAX && in->left > 0; i++) {
        size_t offset = fuzz_number(in, 3) % size;
        if (spare_schema)
            offset = ledger_cells_spare_schema(cells, offset);
        struct jb_bytes part = fuzz_take(in, fuzz_byte(in));
        for (size_t k = 0; k < part.len && offset + k < size; k++)
            if (!spare_schema || !cells->schema[(offset + k) / LEDGER_PAGE])
                image[offset + k] = part.data[k];
    }
}

static void change_cells(uint8_t *image, const struct ledger_cells *cells, struct fuzz_in *in)
{
    for (int i = 0; i < CHANGES_MAX && in->left > 0; i++) {
        const struct ledger_cell *cell = &cells->at[fuzz_number(in, 2) % cells->count];
        size_t offset = fuzz_number(in, 2) % cell->len;
        struct jb_bytes part = fuzz_take(in, fuzz_byte(in));
        for (size_t k = 0; k < part.len && offset + k < cell->len; k++)
            image[cell->offset + offset + k] = part.data[k];
    }
}

/* The n-th of what the statement lists, in a buffer; "" if there is none at all. */
static void nth_name(sqlite3 *db, const char *sql, int n, char out[64])
{
    sqlite3_stmt *s = NULL;
    int count = 0;

    out[0] = '\0';
    for (int round = 0; round < 2; round++) { /* counting first */
        if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
            return;
        for (int i = 0; sqlite3_step(s) == SQLITE_ROW; i++) {
            count += round == 0;
            if (round == 1 && i == n % count)
                (void)snprintf(out, 64, "%s", (const char *)sqlite3_column_text(s, 0));
        }
        sqlite3_finalize(s);
        if (count == 0)
            return;
    }
}

/* UPDATE table SET column = value of the row-th row: the value in the type that the column has. */
static void change_value(sqlite3 *db, struct fuzz_in *in)
{
    char table[64];
    char column[64];
    char sql[768];
    sqlite3_stmt *s = NULL;

    nth_name(db,
             "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
             " ORDER BY name",
             fuzz_byte(in), table);
    int row = fuzz_byte(in);
    (void)snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s')", table);
    nth_name(db, sql, fuzz_byte(in), column);
    struct jb_bytes value = fuzz_part(in);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE \"%s\" SET \"%s\" = CASE typeof(\"%s\") WHEN 'integer' THEN ?1 WHEN"
                   " 'text' THEN CAST(?2 AS TEXT) ELSE ?2 END WHERE \"%s\" = (SELECT \"%s\" FROM"
                   " \"%s\" LIMIT 1 OFFSET ?3)",
                   table, column, column, column, column, table);
    if (table[0] == '\0' || sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return;
    uint64_t number = 0;
    for (size_t i = 0; i < value.len && i < 8; i++)
        number = number << 8 | value.data[i];
    sqlite3_bind_int64(s, 1, (int64_t)number);
    sqlite3_bind_blob(s, 2, value.len > 0 ? (const void *)value.data : "", (int)value.len,
                      SQLITE_STATIC);
    sqlite3_bind_int(s, 3, row % 16);
    (void)sqlite3_step(s);
    sqlite3_finalize(s);
}

static void change_values(const char *path, struct fuzz_in *in)
{
    sqlite3 *db = NULL;

    FUZZ_MUST(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    (void)sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
    for (int i = 0; i < CHANGES_MAX && in->left > 0; i++)
        change_value(db, in);
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    FUZZ_MUST(sqlite3_close(db) == SQLITE_OK);
}

static void write_file(const char *path, struct jb_bytes image)
{
    FILE *out = fopen(path, "wbe");

    FUZZ_MUST(out != NULL && fwrite(image.data, 1, image.len, out) == image.len);
    FUZZ_MUST(fclose(out) == 0);
}

/* ---- use ---- */

static void list(struct jb_ledger *l, struct jb_arena *arena)
{
    struct jb_case_filter cases = {.limit = 50};
    struct jb_deadline_filter deadlines = {.limit = 50};
    struct jb_case *found = NULL;
    struct jb_deadline_row *rows = NULL;
    struct jb_directory directory;
    struct jb_totals totals;
    size_t count = 0;
    bool more = false;

    jb_directory_init(&directory);
    (void)!jb_ledger_directory_load(l, &directory);
    jb_directory_fini(&directory);
    (void)!jb_query_totals(l, LW_START_MS, &totals);
    (void)!jb_query_deadlines(l, &deadlines, arena, &rows, &count, &more);
    if (jb_query_cases(l, &cases, LW_START_MS, arena, &found, &count, &more) != JB_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        struct jb_case c;
        (void)!jb_ledger_case_load(l, found[i].case_no, arena, &c);
    }
}

/* One more entry, or one more submission: written whole or not at all. */
static void write_more(struct lw *w, struct jb_ledger *l)
{
    struct jb_entry e = {.seq = l->heads.log_seq + 1, .at_ms = LW_START_MS, .node = LW_OFFICE};
    struct jb_outbox_item item = {.made_at_ms = LW_START_MS, .kind = JB_ACT_NOTE};
    struct jb_bytes bytes;

    e.act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = LW_CASE_BASE, .text = jb_text_of("x")};
    item.body = (struct jb_bytes){(const uint8_t *)"body", 4};
    item.user = jb_text_of("clerk");
    if (jb_ledger_begin(l) != JB_OK)
        return;
    enum jb_err err = JB_OK;
    if (l->role == JB_LEDGER_REPLICA)
        err = jb_outbox_add(l, &item);
    else if ((err = jb_entry_encode(&e, &w->arena, &bytes)) == JB_OK)
        err = jb_log_append(l, &e, bytes);
    if (err == JB_OK)
        (void)!jb_ledger_commit(l);
    else
        jb_ledger_rollback(l);
}

/* The check has found nothing: then a replica's record is what it was, whole. (A broker's log holds
 * entries that no node was sent; its chain shows that nothing is missing between them.) */
static void check_record(const struct base *b, struct jb_ledger *l, const struct jb_check *check)
{
    uint8_t record[JB_HASH_BYTES];

    if (b->role != JB_LEDGER_REPLICA || check->erased > b->erased || check->items < b->items)
        return; /* older, or a case less: a shorter history can be true as well */
    record_of(l, record);
    FUZZ_MUST(memcmp(record, b->record, sizeof record) == 0);
}

static void use(const struct base *b, struct jb_ledger *l, struct fuzz_outcome *out)
{
    struct jb_fault fault = {""};
    struct jb_arena arena;

    jb_arena_init(&arena, ARENA_BYTES);
    list(l, &arena);
    jb_arena_fini(&arena);
    out->checked = jb_ledger_check(l, NULL, &out->check, &fault);
    if (out->checked == JB_OK && fault.text[0] == '\0')
        check_record(b, l, &out->check);
}

static void rebuild_and_list(struct jb_ledger *l)
{
    struct jb_fault fault = {""};
    struct jb_arena arena;

    if (jb_ledger_rebuild(l, &fault) != JB_OK)
        FUZZ_MUST(fault.text[0] != '\0');
    jb_arena_init(&arena, ARENA_BYTES);
    list(l, &arena);
    jb_arena_fini(&arena);
}

static void open_and_use(const struct base *b, const char *path,
                         const struct fuzz_ledger_plan *plan, struct fuzz_outcome *out)
{
    struct jb_ledger_options options = {.role = b->role, .check = plan->pages};
    struct jb_fault fault = {""};
    struct jb_ledger *l = NULL;

    *out = (struct fuzz_outcome){.checked = JB_OK};
    out->opened = jb_ledger_open(path, &options, &l, &fault);
    if (getenv("DBG"))
        fprintf(stderr, "%s: %s\n", path, fault.text);
    if (out->opened == JB_OK) {
        use(b, l, out);
        if (plan->rebuild)
            rebuild_and_list(l);
        write_more(world, l);
        jb_ledger_close(&l);
    } else {
        FUZZ_MUST(fault.text[0] != '\0');
    }
}

struct fuzz_ledger_plan fuzz_ledger_plan(uint8_t how)
{
    static const enum fuzz_change changes[] = {FUZZ_BYTES, FUZZ_CELLS, FUZZ_VALUES, FUZZ_VALUES};

    return (struct fuzz_ledger_plan){
        .replica = (how & 1) != 0,
        .change = changes[how >> 1 & 3],
        .rebuild = (how & 24) == 24, /* seldom: it costs as much as all the rest */
        .pages = (how & 32) != 0,
    };
}

bool fuzz_ledger(const struct fuzz_ledger_plan *plan, struct fuzz_in in, struct fuzz_outcome *out)
{
    char path[256];

    if (world == NULL)
        make();
    const struct base *b = &bases[(plan->replica ? 1 : 0) + (plan->old ? 2 : 0)];
    struct jb_bytes bytes = {b->work, b->size};
    memcpy(b->work, b->image, b->size);
    if (plan->change == FUZZ_BYTES)
        change_bytes(b->work, &b->cells, plan->spare_schema, &in);
    else if (plan->change == FUZZ_CELLS)
        change_cells(b->work, &b->cells, &in);
    if (plan->swift && ledger_cells_schema_changed(&b->cells, b->image, b->work))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", world->dir, plan->swift ? b->name : FRESH);
    if (plan->swift)
        fuzz_pool_file(path, bytes);
    else
        write_file(path, bytes);
    jb_arena_reset(&world->arena);
    if (plan->change == FUZZ_VALUES)
        change_values(path, &in);
    open_and_use(b, path, plan, out);
    if (!plan->swift)
        remove_all(world, FRESH);
    return true;
}
