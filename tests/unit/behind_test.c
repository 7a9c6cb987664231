/* The record first, the tables behind it: whatever happens in between, they come to what the record
 * says, and nobody who asks in time notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/behind.h"
#include "proto/ledger/query.h"
#include "proto/wire/seal.h"
#include "tests/unit/brokerworld.h"

static int behind_setup(void **state)
{
    int rc = world_setup(state);
    struct world *w = *state;

    w->lets_wait = true;
    return rc;
}

/* A morning's work in four batches: registered, handed over, received, refused; nothing of it in
 * the tables. */
static int64_t work(struct world *w)
{
    int64_t no = register_case(w);

    run_tick(w);
    next_tick(w);
    assign(w, no, 1, HOUSING);
    (void)register_case(w);
    run_tick(w);
    next_tick(w);
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    assign(w, no, 1, LABOUR); /* of a custody that is over */
    run_tick(w);
    next_tick(w);
    assert_true(jb_ledger_behind(w->b.ledger) > 4);
    return no;
}

static const char *path_of(struct world *w, const char *name)
{
    static char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    return path;
}

/* The file as a crash of this moment leaves it. */
static void crash(struct world *w)
{
    static const char *const ends[] = {"", "-wal"};
    static char block[4 << 20];

    for (size_t i = 0; i < 2; i++) {
        char from[32];
        char to[32];
        (void)snprintf(from, sizeof from, "broker.db%s", ends[i]);
        (void)snprintf(to, sizeof to, "crash.db%s", ends[i]);
        FILE *in = fopen(path_of(w, from), "rbe");
        assert_non_null(in);
        size_t len = fread(block, 1, sizeof block, in);
        assert_true(len < sizeof block);
        assert_int_equal(fclose(in), 0);
        FILE *out = fopen(path_of(w, to), "wbe");
        assert_non_null(out);
        assert_int_equal(fwrite(block, 1, len, out), len);
        assert_int_equal(fclose(out), 0);
    }
}

static enum jb_err open_crashed(struct world *w, bool read_only, struct jb_ledger **l,
                                struct jb_fault *fault)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = read_only};

    fault->text[0] = '\0';
    return jb_ledger_open(path_of(w, "crash.db"), &options, l, fault);
}

static void forget_crashed(struct world *w)
{
    (void)unlink(path_of(w, "crash.db"));
    (void)unlink(path_of(w, "crash.db-wal"));
    (void)unlink(path_of(w, "crash.db-shm"));
}

/* Every row of a table, in order. */
static char *table_text(struct jb_ledger *l, const char *table)
{
    char sql[64];
    char *text = NULL;
    size_t size = 0;
    sqlite3_stmt *s = NULL;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", table);
    assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const uint8_t *blob = sqlite3_column_blob(s, i);
            for (int k = 0; k < sqlite3_column_bytes(s, i); k++)
                fprintf(out, "%02x", blob[k]);
            fprintf(out, "%c", i + 1 < sqlite3_column_count(s) ? '|' : '\n');
        }
    sqlite3_finalize(s);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_same(struct jb_ledger *a, struct jb_ledger *b)
{
    static const char *const tables[] = {"stream",  "line",       "receipt", "up_receipt",
                                         "refused", "case_entry", "stored",  "case_key"};
    uint8_t one[JB_HASH_BYTES];
    uint8_t other[JB_HASH_BYTES];

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char *x = table_text(a, tables[i]);
        char *y = table_text(b, tables[i]);
        assert_string_equal(x, y);
        free(x);
        free(y);
    }
    assert_int_equal(jb_ledger_digest(a, one), JB_OK);
    assert_int_equal(jb_ledger_digest(b, other), JB_OK);
    assert_memory_equal(one, other, sizeof one);
}

static int64_t count_of(struct jb_ledger *l, const char *sql)
{
    int64_t count = -1;

    assert_int_equal(jb_db_number(l, sql, &count), JB_OK);
    return count;
}

static void assert_good(struct jb_ledger *l)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];

    assert_int_equal(jb_ledger_check(l, NULL, &check, &fault), JB_OK);
    if (!check.chain_intact || !check.tables_equal)
        fail_msg("%s", fault.text);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(l, &fault), JB_OK);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
}

static void a_crash_before_the_tables_follow_loses_nothing(void **state)
{
    struct world *w = *state;
    struct jb_ledger *l = NULL;
    struct jb_fault fault;

    (void)work(w);
    assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM tick"), 4);
    assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM case_file"), 0);
    crash(w);
    assert_int_equal(open_crashed(w, false, &l, &fault), JB_OK);
    assert_int_equal(jb_ledger_behind(l), 0);
    assert_int_equal(count_of(l, "SELECT count(*) FROM tick"), 0);
    assert_int_equal(count_of(l, "SELECT count(*) FROM case_file"), 2);
    assert_int_equal(count_of(l, "SELECT count(*) FROM refused"), 1);
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    assert_int_equal(jb_ledger_behind(w->b.ledger), 0);
    assert_same(w->b.ledger, l);
    for (uint32_t node = OFFICE; node <= LABOUR; node++)
        assert_memory_equal(jb_line_get(l, node), jb_line_get(w->b.ledger, node),
                            sizeof(struct jb_line_state));
    assert_good(l);
    jb_ledger_close(&l);
    forget_crashed(w);
}

static void a_crash_while_they_follow_loses_nothing(void **state)
{
    struct world *w = *state;
    struct jb_ledger *l = NULL;
    struct jb_fault fault;

    (void)work(w);
    assert_int_equal(jb_ledger_begin(w->b.ledger), JB_OK); /* all is applied, nothing committed */
    assert_int_equal(count_of(w->b.ledger, "SELECT count(*) FROM tick"), 0);
    crash(w);
    jb_ledger_rollback(w->b.ledger);
    assert_true(jb_ledger_behind(w->b.ledger) > 4);
    assert_int_equal(open_crashed(w, false, &l, &fault), JB_OK);
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    assert_same(w->b.ledger, l);
    assert_good(l);
    jb_ledger_close(&l);
    forget_crashed(w);
}

/* Slice by slice: after each of them the tables are as after the last batch that it took, and a
 * crash between two of them finds the rest. */
static void a_crash_between_two_slices_loses_nothing(void **state)
{
    struct world *w = *state;
    struct jb_ledger *l = NULL;
    struct jb_fault fault;
    int64_t no = work(w);

    for (int64_t left = 3; left >= 0; left--) {
        struct jb_check check;
        struct jb_line_state row = {.node = OFFICE};
        size_t before = jb_ledger_behind(w->b.ledger);
        assert_int_equal(jb_ledger_catch_up_some(w->b.ledger, 1), JB_OK);
        assert_true(jb_ledger_behind(w->b.ledger) < before);
        assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM tick"), left);
        assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM case_file"), left < 3 ? 2 : 1);
        assert_int_equal(jb_line_read(w->b.reader, OFFICE, &row), JB_OK);
        assert_int_equal(row.down.number,
                         count_of(w->b.reader, "SELECT max(number) FROM stream WHERE node = 3"));
        fault.text[0] = '\0';
        assert_int_equal(jb_ledger_check(w->b.reader, NULL, &check, &fault), JB_OK);
        assert_string_equal(fault.text, "");
        assert_int_equal(load_case(w, no).host, HOUSING); /* as decided last, not as in a slice */
        crash(w);
        assert_int_equal(open_crashed(w, false, &l, &fault), JB_OK);
        for (uint32_t node = OFFICE; node <= LABOUR; node++)
            assert_memory_equal(jb_line_get(l, node), jb_line_get(w->b.ledger, node),
                                sizeof(struct jb_line_state));
        assert_good(l);
        if (left == 0)
            assert_same(w->b.ledger, l);
        jb_ledger_close(&l);
        forget_crashed(w);
    }
    assert_int_equal(jb_ledger_behind(w->b.ledger), 0);
    assert_good(w->b.ledger);
}

/* By another connection while this one has its own open; what is written later is on top of it. */
static void the_log_is_moved_while_others_write(void **state)
{
    struct world *w = *state;
    int64_t no = work(w);

    assert_true(jb_wal_move(path_of(w, "broker.db")));
    assert_true(jb_ledger_wal_bytes(w->b.ledger) > 0); /* its end is the writer's to move */
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    jb_ledger_checkpoint(w->b.ledger, false);
    assert_int_equal(jb_ledger_wal_bytes(w->b.ledger), 0);
    assign(w, no, 2, LABOUR);
    run_tick(w);
    next_tick(w);
    assert_true(jb_wal_move(path_of(w, "broker.db")));
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    assert_int_equal(load_case(w, no).host, LABOUR);
    assert_good(w->b.ledger);
    assert_false(jb_wal_move(path_of(w, "nothing.db")));
}

/* As after every batch, and as a transaction that writes the tables at once. */
static void the_tables_come_out_the_same_however_they_follow(void **state)
{
    struct world *w = *state;
    struct jb_act act = {.kind = JB_ACT_ENROL_NODE,
                         .code = jb_text_of("late"),
                         .name = jb_text_of("late"),
                         .level = JB_LEVEL_COUNTY,
                         .node_kind = JB_NODE_GOVERNMENT};

    int64_t no = work(w);
    admin(w, &act); /* changes the directory: everything goes to the tables with it */
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_behind(w->b.ledger), 0);
    assert_int_equal(count_of(w->b.ledger, "SELECT count(*) FROM case_file"), 2);
    w->lets_wait = false;
    assert_int_equal(load_case(w, no).host, HOUSING);
    assert_good(w->b.ledger);
}

static void who_asks_in_time_sees_what_was_confirmed(void **state)
{
    struct world *w = *state;
    struct jb_frame_item *items = NULL;
    struct jb_stored_items duties;
    size_t count = 0;
    uint8_t head[JB_HASH_BYTES];
    uint8_t again[JB_HASH_BYTES];
    struct jb_line_state line;
    struct jb_stream_read want = {
        .node = HOUSING, .from = 1, .max_items = 64, .max_bytes = 1 << 20};
    int64_t no = work(w);

    assert_int_equal(load_case(w, no).host, HOUSING); /* decided with, although no table has it */
    assert_int_equal(jb_tail_line(&w->b, HOUSING, &line), JB_OK);
    assert_int_equal(line.acked.number, line.down.number);
    want.from = line.down.number - 1;
    assert_int_equal(jb_tail_read(&w->b, &want, &w->arena, &items, &count, head), JB_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(head, line.down.head, sizeof head);
    assert_int_equal(jb_tail_duties(&w->b, HOUSING, 0, line.down.number, &w->arena, &duties),
                     JB_OK);
    assert_int_equal(duties.count, 1);
    struct jb_bytes was = items[0].body;
    was.data = jb_arena_memdup(&w->arena, was.data, was.len);
    /* the same from the tables */
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    jb_tail_clear(&w->b.tail);
    assert_int_equal(jb_tail_read(&w->b, &want, &w->arena, &items, &count, again), JB_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(head, again, sizeof head);
    assert_int_equal(items[0].body.len, was.len);
    assert_memory_equal(items[0].body.data, was.data, was.len);
    struct jb_line_state table;
    assert_int_equal(jb_tail_line(&w->b, HOUSING, &table), JB_OK);
    assert_memory_equal(&line, &table, sizeof line);
}

static void the_check_of_a_running_broker_finds_all_well(void **state)
{
    struct world *w = *state;
    struct jb_check check;
    struct jb_fault fault = {""};

    (void)work(w);
    assert_int_equal(jb_ledger_check(w->b.reader, NULL, &check, &fault), JB_OK);
    assert_string_equal(fault.text, "");
    assert_true(check.chain_intact && check.tables_equal && check.signatures_good);
}

static void a_full_disk_puts_it_off(void **state)
{
    struct world *w = *state;
    char sql[64];

    (void)work(w);
    for (size_t i = 0; i < 60; i++)
        (void)register_case(w);
    run_tick(w);
    next_tick(w);
    size_t behind = jb_ledger_behind(w->b.ledger);
    (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld",
                   (long long)count_of(w->b.ledger, "PRAGMA page_count"));
    assert_int_equal(jb_db_exec(w->b.ledger, sql), JB_OK);
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_FULL);
    assert_int_equal(jb_ledger_behind(w->b.ledger), behind); /* all of it waits on */
    assert_int_equal(jb_ledger_begin(w->b.ledger), JB_FULL);
    assert_int_equal(jb_ledger_probe(w->b.ledger), JB_FULL); /* the broker stays degraded */
    assert_int_equal(jb_ledger_behind(w->b.ledger), behind);
    assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM tick"), 5);
    assert_int_equal(jb_db_exec(w->b.ledger, "PRAGMA max_page_count = 1000000"), JB_OK);
    assert_int_equal(jb_ledger_probe(w->b.ledger), JB_OK);
    assert_int_equal(jb_ledger_behind(w->b.ledger), 0);
    assert_good(w->b.ledger);
}

static void what_is_damaged_is_named(void **state)
{
    static const struct {
        const char *sql;
        const char *says;
    } rows[] = {
        {"UPDATE tick SET body = zeroblob(length(body)) WHERE number = 2", "tick 2"},
        {"UPDATE tick SET body = x'' WHERE number = 1", "cut off"},
        {"UPDATE tick SET body = substr(body, 1, length(body) - 1) WHERE number = 3", "checksum"},
        {"UPDATE tick SET body = (SELECT body FROM tick WHERE number = 1) WHERE number = 2",
         "tick 2: it says that it is 1"},
        {"DELETE FROM tick WHERE number = 2", "tick 3 follows tick 1"},
        {"DELETE FROM tick WHERE number = 1", "tick 2 follows tick 0"},
        {"DELETE FROM tick WHERE number > 2", "have no tick"},
        {"DELETE FROM tick", "neither in the tables nor in table tick"},
        {"DELETE FROM tick; UPDATE meta SET value = zeroblob(8) WHERE key = '.applied'",
         "neither in the tables nor in table tick"},
    };
    struct world *w = *state;
    struct jb_fault fault;

    (void)work(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sqlite3 *db = NULL;
        struct jb_ledger *l = NULL;
        crash(w);
        assert_int_equal(sqlite3_open(path_of(w, "crash.db"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_int_equal(open_crashed(w, false, &l, &fault), JB_CORRUPT);
        if (strstr(fault.text, rows[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", fault.text, rows[i].says);
        forget_crashed(w);
    }
}

/* A registration whose persons are sealed under `key`, which comes beside it. */
static struct jb_bytes register_sealed(struct world *w, int64_t no,
                                       const uint8_t key[static JB_KEY_BYTES])
{
    static const char persons[] = "sealed persons of a case";
    const size_t len = JB_SEAL_KEY_ID_BYTES + sizeof persons + JB_SEAL_EXTRA_BYTES;
    uint8_t *sealed = jb_arena_alloc(&w->arena, len);
    struct jb_act act = {.kind = JB_ACT_REGISTER,
                         .case_no = no,
                         .matter = JB_MATTER_APPEAL,
                         .channel = JB_CHANNEL_LETTER,
                         .title = jb_text_of("欠薪"),
                         .sealed = {sealed, len}};

    assert_non_null(sealed);
    jb_seal_key_id(key, sealed);
    jb_seal(key, (struct jb_bytes){(const uint8_t *)persons, sizeof persons},
            (struct jb_bytes){NULL, 0}, sealed + JB_SEAL_KEY_ID_BYTES);
    submit(w, OFFICE, &act);
    w->b.fill->items[w->b.fill->item_count - 1].case_key = (struct jb_bytes){key, JB_KEY_BYTES};
    return act.sealed;
}

static int64_t rows_with(struct jb_ledger *l, struct jb_bytes bytes)
{
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_prepare_v2(l->db, "SELECT count(*) FROM tick WHERE instr(body, ?) > 0",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob(s, 1, bytes.data, (int)bytes.len, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return count;
}

/* An erasure looks for keys in their own table: a batch that waits must not have them as well, not
 * even that of a submission that was refused and is kept as it came. */
static void a_packed_batch_holds_no_key_of_a_case(void **state)
{
    struct world *w = *state;
    uint8_t good[JB_KEY_BYTES];
    uint8_t refused[JB_KEY_BYTES];

    jb_seal_key_new(good);
    jb_seal_key_new(refused);
    int64_t no = new_case_no(w, OFFICE);
    (void)register_sealed(w, no, good);
    run_tick(w);
    next_tick(w);
    struct jb_bytes kept = register_sealed(w, no, refused); /* a number that is taken */
    run_tick(w);
    next_tick(w);
    assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM tick"), 2);
    assert_int_equal(rows_with(w->b.reader, kept), 1);
    assert_int_equal(rows_with(w->b.reader, (struct jb_bytes){good, sizeof good}), 0);
    assert_int_equal(rows_with(w->b.reader, (struct jb_bytes){refused, sizeof refused}), 0);
    uint8_t here[JB_KEY_BYTES];
    assert_int_equal(jb_ledger_case_key_get(w->b.reader, no, here), JB_OK);
    assert_memory_equal(here, good, sizeof here);
    assert_int_equal(count_of(w->b.reader, "SELECT count(*) FROM case_key"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, behind_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_crash_before_the_tables_follow_loses_nothing),
        T(a_crash_while_they_follow_loses_nothing),
        T(a_crash_between_two_slices_loses_nothing),
        T(the_log_is_moved_while_others_write),
        T(the_tables_come_out_the_same_however_they_follow),
        T(who_asks_in_time_sees_what_was_confirmed),
        T(the_check_of_a_running_broker_finds_all_well),
        T(a_full_disk_puts_it_off),
        T(what_is_damaged_is_named),
        T(a_packed_batch_holds_no_key_of_a_case),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
