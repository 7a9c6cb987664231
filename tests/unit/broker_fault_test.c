/* A tick of the broker in which something fails: each allocation of ours and of SQLite's, each
 * write and each sync in turn. Nothing half-done, nothing wrongly confirmed, and it goes on
 * afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/brokerloop.h"
#include "tests/unit/faults.h"
#include "tests/unit/rounds.h"

#define DIGEST_EVERY 16
#define ENTRIES 3 /* at least, of one batch: see gather */

/* A case is registered and handed over, an agency gets another name, a receipt comes. */
static void gather(struct world *w, unsigned round)
{
    char *name = jb_arena_alloc(&w->arena, 32);
    assert_non_null(name);
    (void)snprintf(name, 32, "labour %u", round);
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    struct jb_act act = {.kind = JB_ACT_CHANGE_NODE,
                         .node = LABOUR,
                         .name = jb_text_of(name),
                         .level = JB_LEVEL_COUNTY,
                         .node_kind = JB_NODE_DEPARTMENT,
                         .parent = GOV};
    admin(w, &act);
    jb_broker_peer(&w->b, OFFICE)->up_taken.number += 2; /* as intake does it */
    acknowledge(w, HOUSING);
}

struct before {
    uint64_t seq, stream, up;
    uint64_t made[16];
    uint8_t heads[16][JB_HASH_BYTES];
    uint8_t digest[JB_HASH_BYTES];
    struct jb_counters count;
    char name[64];
};

/* The digest goes over all tables: only when it is asked for. */
static struct before look(struct world *w, bool digest)
{
    struct before k = {.seq = 0};
    k.seq = jb_log_last_seq(w->b.ledger);
    k.stream = stream_end(w, HOUSING);
    k.up = jb_broker_peer(&w->b, OFFICE)->up_taken.number;
    memcpy(k.made, w->made, sizeof k.made);
    memcpy(k.heads, w->heads, sizeof k.heads);
    if (digest)
        assert_int_equal(jb_ledger_digest(w->b.ledger, k.digest), JB_OK);
    k.count = w->b.count;
    (void)snprintf(k.name, sizeof k.name, "%s", jb_directory_find(&w->b.directory, LABOUR)->name);
    return k;
}

/* Memory and disk are what they were, and the broker says so. */
static void check_nothing_happened(struct world *w, const struct before *k, bool digest)
{
    struct before now = look(w, digest);
    struct jb_line_state line;
    assert_int_equal(now.seq, k->seq);
    assert_int_equal(w->b.committed_seq, k->seq);
    assert_int_equal(now.stream, k->stream);
    assert_memory_equal(now.digest, k->digest, sizeof k->digest);
    assert_string_equal(now.name, k->name);
    assert_int_equal(jb_line_read(w->b.reader, OFFICE, &line), JB_OK);
    assert_int_equal(now.up, line.up.number);
    assert_int_equal(now.up, k->up);
    assert_int_equal(now.count.submissions, k->count.submissions);
    assert_int_equal(now.count.entries, k->count.entries);
    memcpy(w->made, k->made, sizeof w->made);
    memcpy(w->heads, k->heads, sizeof w->heads);
}

/* Once with the n-th operation failing. False: there were fewer than n. */
static bool round_with(struct world *w, enum fault kind, long n)
{
    static unsigned round;
    struct jb_broker *b = &w->b;
    looped_forget(b);
    bool digest = n % DIGEST_EVERY == 1;
    struct before k = look(w, digest);
    gather(w, ++round);
    fault_arm(kind, n);
    looped_tick(b);
    bool fired = fault_disarm();
    assert_false(b->stopping);
    if (jb_log_last_seq(b->ledger) == k.seq) {
        assert_true(jb_degraded(b));
        assert_int_equal(b->strain.why, kind == FAULT_FULL                          ? JB_FULL
                                        : kind == FAULT_WRITE || kind == FAULT_SYNC ? JB_IO
                                                                                    : JB_NOMEM);
        check_nothing_happened(w, &k, digest);
        looped_recover(&w->b);
        gather(w, ++round);
        looped_tick(b);
    } else if (jb_degraded(b)) { /* after the commit */
        looped_recover(&w->b);
    }
    assert_false(jb_degraded(b));
    assert_true(jb_log_last_seq(b->ledger) >= k.seq + ENTRIES);
    assert_int_equal(b->committed_seq, jb_log_last_seq(b->ledger));
    assert_int_equal(jb_broker_peer(b, OFFICE)->up_taken.number, k.up + 2);
    jb_arena_reset(&w->arena);
    return fired;
}

static void all_of(struct world *w, enum fault kind)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    long n = 1;
    while (round_with(w, kind, n))
        n = rounds_next(n, 1);
    print_message("# up to the %ldth %s\n", n - 1, fault_names[kind]);
    assert_true(n > 1);
    assert_int_equal(jb_ledger_check(w->b.ledger, NULL, &check, &fault), JB_OK);
    assert_true(check.chain_intact && check.tables_equal); /* nobody signed the receipts */
}

static void copy_file(struct world *w, const char *name)
{
    static char data[1 << 20];
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    FILE *in = fopen(path, "re");
    (void)snprintf(path, sizeof path, "%s/copy-%s", w->folder, name);
    FILE *out = fopen(path, "we");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t got = 1; got > 0;) {
        got = fread(data, 1, sizeof data, in);
        assert_int_equal(fwrite(data, 1, got, out), got);
    }
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static void our_memory(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_OUR_MEMORY);
}

static void sqlites_memory(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_SQLITE_MEMORY);
}

static void writes(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_WRITE);
}

static void full_disk(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_FULL);
}

static void syncs(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_SYNC);
}

/* With a reserve the batch that found the disk full is decided and written once more. */
static void a_reserve_saves_the_batch(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    bool fired = true;
    assert_int_equal(jb_reserve_init(&b->reserve, w->folder, 65536), JB_OK);
    for (long n = 1; fired; n++) {
        assert_int_equal(jb_reserve_fill(&b->reserve), JB_OK);
        looped_forget(b);
        struct before k = look(w, false);
        gather(w, (unsigned)n);
        fault_arm(FAULT_FULL, n);
        looped_tick(b);
        fired = fault_disarm();
        assert_true(jb_log_last_seq(b->ledger) >= k.seq + ENTRIES);
        assert_int_equal(b->count.submissions, k.count.submissions + 2);
        assert_int_equal(b->count.commits, k.count.commits + 1);
        assert_int_equal(jb_broker_peer(b, OFFICE)->up_taken.number, k.up + 2);
        assert_int_equal(jb_degraded(b), fired);
        assert_int_equal(atomic_load(&b->reserve.held), !fired);
        if (fired)
            looped_recover(&w->b);
        assert_true(atomic_load(&b->reserve.held));
    }
    assert_int_equal(unlink(b->reserve.path), 0);
    jb_reserve_fini(&b->reserve);
}

/* What a killed process had written but not synced is there for the next one, out of the cache: it
 * may be told of only when it is synced. */
static void what_a_crash_left_is_synced_before_it_is_told(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};
    struct jb_ledger *l = NULL;
    struct jb_fault fault = {""};
    char path[160];
    struct before k = look(w, true);
    gather(w, 1);
    fault_arm(FAULT_SYNC, 1);
    looped_tick(&w->b);
    assert_true(fault_disarm());
    check_nothing_happened(w, &k, true); /* nor does this process see any of it */
    (void)snprintf(path, sizeof path, "%s/copy-broker.db", w->folder);
    copy_file(w, "broker.db"); /* as a killed one leaves it */
    copy_file(w, "broker.db-wal");
    fault_arm(FAULT_SYNC, 1);
    assert_int_equal(jb_ledger_open(path, &options, &l, &fault), JB_IO);
    assert_true(fault_disarm());
    copy_file(w, "broker.db"); /* closing it has moved what was in the WAL */
    copy_file(w, "broker.db-wal");
    long syncs_before = faults_database_syncs();
    assert_int_equal(jb_ledger_open(path, &options, &l, &fault), JB_OK);
    assert_true(jb_log_last_seq(l) > k.seq); /* it has come back */
    assert_true(faults_database_syncs() > syncs_before);
    jb_ledger_close(&l);
    (void)unlink(path); /* its WAL went when it was closed */
    looped_recover(&w->b);
}

/* A step of the clock that did not get onto the disk is noticed once more, and then recorded once.
 */
static void a_lost_step_of_the_clock_is_noticed_again(void **state)
{
    static int64_t mono_ms = 1;
    static const struct jb_clock_witness nobody = {.user = {"clock", 5}};
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    b->keeper = (struct jb_keeper){.wall = jb_clock_fixed(&w->now_ms),
                                   .mono = jb_clock_fixed(&mono_ms),
                                   .step_max_ms = 600000};
    jb_keeper_start(&b->keeper, w->now_ms, 30 * DAY_MS);
    w->now_ms += DAY_MS; /* while no time went by */
    (void)jb_broker_now(b);
    assert_int_equal(b->keeper.doubt, JB_DOUBT_FORWARD);
    assert_true(jb_clockwork_record(b, &nobody));
    assert_int_equal(b->keeper.step_count, 0);
    uint64_t seq = jb_log_last_seq(b->ledger);
    fault_arm(FAULT_WRITE, 1);
    looped_tick(b);
    assert_true(fault_disarm());
    assert_int_equal(b->keeper.doubt, JB_DOUBT_FORWARD);
    assert_int_equal(b->keeper.step_count, 1);
    looped_recover(b);
    assert_int_equal(jb_log_last_seq(b->ledger), seq);
    b->keeper.step_count = 1; /* looped_recover dropped what was queued on the way out */
    b->keeper.steps[0].text = "again";
    assert_true(jb_clockwork_record(b, &nobody));
    looped_tick(b);
    assert_int_equal(jb_log_last_seq(b->ledger), seq + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, looped_setup, looped_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(our_memory),
        CASE(sqlites_memory),
        CASE(writes),
        CASE(full_disk),
        CASE(syncs),
        CASE(a_lost_step_of_the_clock_is_noticed_again),
        CASE(a_reserve_saves_the_batch),
        CASE(what_a_crash_left_is_synced_before_it_is_told),
    };
    faults_install();
    return cmocka_run_group_tests_name("broker_fault", tests, NULL, NULL);
}
