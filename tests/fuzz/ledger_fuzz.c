/* A ledger file that somebody or something has changed, opened by broker or agent.
 *
 * First byte: which file (broker's, replica's, and both as earlier versions left them), and whether
 * bytes of the file change (bit 2 clear) or values in its tables (set). Then changes:
 *   bytes: three bytes of offset, one of length, the bytes
 *   values: table, row, column (one byte each), two bytes of length, the value
 * It must open and work, or be refused with a reason; and a check that finds nothing wrong must
 * have seen the record as it was. */
#include <sodium.h>
#include <unistd.h>

#include "proto/ledger/schema.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ledger_world.h"

#define CHANGES_MAX 16
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define VALUES 4

static struct base {
    const char *name;
    const char *dump; /* NULL: made by this program */
    enum jb_ledger_role role;
    uint8_t *image; /* owned */
    size_t size;
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
    for (int i = 0; i < 12; i++) {
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
    FUZZ_MUST(b->image != NULL && fread(b->image, 1, b->size, in) == b->size);
    FUZZ_MUST(fclose(in) == 0);
}

static void unmake(void)
{
    void *state = world;

    for (size_t i = 0; i < BASES; i++)
        free(bases[i].image);
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
    struct jb_fault fault = {""};

    FUZZ_MUST(sodium_init() >= 0 && lw_setup(&state) == 0);
    world = state;
    FUZZ_MUST(atexit(unmake) == 0);
    make_new(world);
    for (size_t i = 0; i < BASES; i++) {
        if (bases[i].dump != NULL)
            make_old(world, &bases[i]);
        keep_image(world, &bases[i]);
        struct jb_ledger_options options = {.role = bases[i].role};
        struct jb_ledger *l = NULL;
        FUZZ_MUST(jb_ledger_open(lw_path(world, bases[i].name), &options, &l, &fault) == JB_OK);
        record_of(l, bases[i].record);
        struct jb_check check;
        FUZZ_MUST(jb_ledger_check(l, NULL, &check, &fault) == JB_OK && fault.text[0] == '\0');
        bases[i].items = check.items;
        bases[i].erased = check.erased;
        jb_ledger_close(&l);
        remove_all(world, bases[i].name);
    }
}

/* ---- changes ---- */

static void change_bytes(uint8_t *image, size_t size, struct fuzz_in *in)
{
    for (int i = 0; i < CHANGES_MAX && in->left > 0; i++) {
        size_t offset = fuzz_number(in, 3) % size;
        struct jb_bytes part = fuzz_take(in, fuzz_byte(in));
        for (size_t k = 0; k < part.len; k++)
            image[(offset + k) % size] = part.data[k];
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
            if (round == 0)
                count++;
            else if (i == n % count)
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
                   " \"%s\" LIMIT 1 OFFSET %d)",
                   table, column, column, column, column, table, row % 16);
    if (table[0] == '\0' || sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return;
    uint64_t number = 0;
    for (size_t i = 0; i < value.len && i < 8; i++)
        number = number << 8 | value.data[i];
    sqlite3_bind_int64(s, 1, (int64_t)number);
    sqlite3_bind_blob(s, 2, value.len > 0 ? (const void *)value.data : "", (int)value.len,
                      SQLITE_STATIC);
    (void)sqlite3_step(s);
    sqlite3_finalize(s);
}

static void write_file(struct lw *w, const struct base *b, const uint8_t *image)
{
    FILE *out = fopen(lw_path(w, b->name), "wbe");

    FUZZ_MUST(out != NULL && fwrite(image, 1, b->size, out) == b->size && fclose(out) == 0);
}

static void change_values(struct lw *w, const struct base *b, struct fuzz_in *in)
{
    sqlite3 *db = NULL;

    FUZZ_MUST(sqlite3_open(lw_path(w, b->name), &db) == SQLITE_OK);
    (void)sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
    for (int i = 0; i < CHANGES_MAX && in->left > 0; i++)
        change_value(db, in);
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    FUZZ_MUST(sqlite3_close(db) == SQLITE_OK);
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

static void use(struct lw *w, const struct base *b, struct jb_ledger *l)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    struct jb_arena arena;

    jb_arena_init(&arena, ARENA_BYTES);
    list(l, &arena);
    if (jb_ledger_check(l, NULL, &check, &fault) == JB_OK && fault.text[0] == '\0')
        check_record(b, l, &check);
    fault.text[0] = '\0';
    if (jb_ledger_rebuild(l, &fault) != JB_OK)
        FUZZ_MUST(fault.text[0] != '\0');
    list(l, &arena);
    write_more(w, l);
    jb_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct jb_ledger *l = NULL;
    struct jb_fault fault = {""};

    if (world == NULL)
        make();
    jb_arena_reset(&world->arena);
    uint8_t how = fuzz_byte(&in);
    struct base *b = &bases[how % BASES];
    bool values = (how & VALUES) != 0;
    uint8_t *image = fuzz_exact((struct jb_bytes){b->image, b->size});
    if (!values)
        change_bytes(image, b->size, &in);
    remove_all(world, b->name);
    write_file(world, b, image);
    free(image);
    if (values)
        change_values(world, b, &in);
    struct jb_ledger_options options = {.role = b->role, .check = true};
    if (jb_ledger_open(lw_path(world, b->name), &options, &l, &fault) == JB_OK) {
        use(world, b, l);
        jb_ledger_close(&l);
    } else {
        FUZZ_MUST(fault.text[0] != '\0');
    }
    remove_all(world, b->name);
    return 0;
}
