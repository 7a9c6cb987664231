/* Files, transactions and derived tables: what is refused, what survives, what goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"

/* ---- opening ---- */

static enum jb_err try_open(struct lw *w, const char *name, struct jb_ledger_options options)
{
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(lw_path(w, name), &options, &l, &w->fault);

    if (err == JB_OK)
        lw_close(&l);
    else
        assert_null(l);
    return err;
}

static void a_new_file_is_durable_and_keeps_its_epoch(void **state)
{
    struct lw *w = *state;
    uint8_t epoch[JB_EPOCH_BYTES];
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger *other = lw_open(w, "b.db", JB_LEDGER_BROKER);

    memcpy(epoch, jb_ledger_epoch(l), sizeof epoch);
    assert_memory_not_equal(epoch, jb_ledger_epoch(other), sizeof epoch);
    assert_int_equal(jb_db_number(l, "PRAGMA synchronous", &value), JB_OK);
    assert_int_equal(value, 2);
    assert_int_equal(jb_db_number(l, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &value),
                     JB_OK);
    assert_int_equal(value, 1);
    assert_int_equal(jb_db_number(l, "PRAGMA wal_autocheckpoint", &value), JB_OK);
    assert_int_equal(value, 0);
    assert_int_equal(jb_db_number(l, "PRAGMA secure_delete", &value), JB_OK);
    assert_int_equal(value, 2);
    lw_close(&other);
    lw_close(&l);
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    assert_memory_equal(epoch, jb_ledger_epoch(l), sizeof epoch);
    lw_close(&l);
    l = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    assert_int_equal(jb_db_number(l, "PRAGMA secure_delete", &value), JB_OK);
    assert_int_equal(value, 1);
    lw_close(&l);
}

struct refusal {
    const char *sql;     /* makes the file; NULL: a broker's ledger */
    const char *command; /* shell, with %s for the file; NULL: none */
    enum jb_ledger_role role;
    bool read_only, check;
    enum jb_err err;
    const char *says;
};

static void files_that_do_not_fit_are_refused_with_a_reason(void **state)
{
    static const struct refusal rows[] = {
        {"CREATE TABLE t (a)", NULL, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "not a jiaoban"},
        {"PRAGMA application_id = 7; CREATE TABLE t (a)", NULL, JB_LEDGER_BROKER, false, false,
         JB_CORRUPT, "not a jiaoban"},
        {NULL, NULL, JB_LEDGER_REPLICA, false, false, JB_CORRUPT, "not the ledger of a node"},
        {NULL, "echo this is no database, just a text of some length > '%s'", JB_LEDGER_BROKER,
         false, false, JB_CORRUPT, "not a database"},
        {"PRAGMA user_version = 99", NULL, JB_LEDGER_BROKER, false, false, JB_VERSION, "99"},
        {"PRAGMA user_version = 0", NULL, JB_LEDGER_BROKER, false, false, JB_CORRUPT,
         "no schema version"},
        {"DELETE FROM meta", NULL, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "not the ledger"},
        {"UPDATE meta SET value = x'00' WHERE key = '.epoch'", NULL, JB_LEDGER_BROKER, false, false,
         JB_CORRUPT, "epoch"},
        {"DROP TABLE deadline", NULL, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "no such table"},
        {NULL, "dd if=/dev/zero of='%s' bs=512 seek=20 count=200 conv=notrunc 2>/dev/null",
         JB_LEDGER_BROKER, false, true, JB_CORRUPT, "t.db"},
        {"", "rm -f '%s' && touch '%s'", JB_LEDGER_BROKER, true, false, JB_CORRUPT, "empty"},
        {"", "rm -f '%s'", JB_LEDGER_BROKER, true, false, JB_IO, "unable to open"},
    };
    struct lw *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct refusal *r = &rows[i];
        char command[512];
        snprintf(command, sizeof command, "rm -f '%s'*", lw_path(w, "t.db"));
        assert_int_equal(system(command), 0);
        if (r->sql == NULL || strncmp(r->sql, "CREATE", 6) != 0) {
            struct jb_ledger *l = lw_open(w, "t.db", JB_LEDGER_BROKER);
            if (strncmp(r->sql != NULL ? r->sql : "", "PRAGMA app", 10) != 0)
                lw_history(w, l, 30);
            lw_close(&l);
        }
        if (r->sql != NULL)
            lw_sql(w, "t.db", r->sql);
        if (r->command != NULL) {
            snprintf(command, sizeof command, r->command, lw_path(w, "t.db"), w->path);
            assert_int_equal(system(command), 0);
        }
        enum jb_err err = try_open(w, "t.db",
                                   (struct jb_ledger_options){.role = r->role,
                                                              .read_only = r->read_only,
                                                              .check = r->check});
        if (err != r->err || strstr(w->fault.text, r->says) == NULL)
            fail_msg("row %zu: %s, %s", i, jb_err_name(err), w->fault.text);
        w->cases = 0;
        w->nodes = 0;
    }
}

static void another_writer_locks_the_file(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(try_open(w, "a.db", options), JB_LOCKED);
    options.read_only = true;
    assert_int_equal(try_open(w, "a.db", options), JB_OK);
    jb_ledger_rollback(l);
    options.read_only = false;
    assert_int_equal(try_open(w, "a.db", options), JB_OK);
    lw_close(&l);
}

static void a_read_only_ledger_sees_commits_and_cannot_write(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_ledger *reader = NULL;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};

    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &reader, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "供暖");
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_case_load(reader, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_ledger_case_load(reader, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(jb_ledger_begin(reader), JB_DENIED);
    lw_close(&reader);
    lw_close(&l);
}

/* ---- migrations ---- */

static const struct jb_schema_step steps_good[] = {
    {"CREATE TABLE extra (a INTEGER) STRICT", "INSERT INTO extra VALUES (1)",
     "INSERT INTO extra VALUES (2)"},
    {"ALTER TABLE extra ADD COLUMN b TEXT", NULL, NULL},
};
static const struct jb_schema_step steps_bad[] = {
    {"CREATE TABLE extra (a INTEGER) STRICT", NULL, NULL},
    {"CREATE TABLE more (a INTEGER) STRICT", "INSERT INTO nowhere VALUES (1)", NULL},
};

static int64_t version_of(struct jb_ledger *l)
{
    int64_t version = 0;

    assert_int_equal(jb_db_number(l, "PRAGMA user_version", &version), JB_OK);
    return version;
}

static void older_files_are_migrated_step_by_step(void **state)
{
    struct lw *w = *state;
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_REPLICA);
    char path[160];

    snprintf(path, sizeof path, "%s", lw_path(w, "a.db"));
    assert_int_equal(
        jb_schema_migrate(l, path, (struct jb_schema_steps){steps_good, 2}, &w->fault), JB_OK);
    assert_int_equal(version_of(l), 3);
    assert_int_equal(jb_db_number(l, "SELECT a FROM extra WHERE b IS NULL", &value), JB_OK);
    assert_int_equal(value, 2);
    lw_close(&l);
    /* what was there before stands beside it, and is complete */
    lw_copy_file(w, "a.db.v1", "old.db");
    l = lw_open(w, "old.db", JB_LEDGER_REPLICA);
    assert_int_equal(version_of(l), 1);
    assert_int_equal(
        jb_db_number(l, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", &value), JB_OK);
    assert_int_equal(value, 0);
    lw_close(&l);
    /* and this program, which knows only version 1, refuses the new one */
    assert_int_equal(try_open(w, "a.db", (struct jb_ledger_options){.role = JB_LEDGER_REPLICA}),
                     JB_VERSION);
}

static void a_failed_migration_stops_after_the_last_good_step(void **state)
{
    struct lw *w = *state;
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    char path[160];

    snprintf(path, sizeof path, "%s", lw_path(w, "a.db"));
    assert_int_equal(
        jb_schema_migrate(l, path, (struct jb_schema_steps){steps_bad, 2}, &w->fault), JB_CORRUPT);
    assert_non_null(strstr(w->fault.text, "version 3"));
    assert_int_equal(version_of(l), 2);
    assert_int_equal(
        jb_db_number(l, "SELECT count(*) FROM sqlite_schema WHERE name IN ('extra', 'more')",
                     &value),
        JB_OK);
    assert_int_equal(value, 1);
    lw_close(&l);
}

/* ---- cases ---- */

static struct jb_deadline full_deadline(uint32_t id)
{
    struct jb_deadline d = {.id = id,
                            .key = "handle",
                            .node = 12,
                            .trigger_ms = 1000,
                            .limit = 60,
                            .unit = JB_UNIT_CALENDAR_DAYS,
                            .due_ms = 9000,
                            .first_due_ms = 8000,
                            .warn_at_ms = {5000, 6000, 7000, 8500},
                            .warned = 2,
                            .missed_ms = 77,
                            .end = JB_END_MET_LATE,
                            .ended_ms = 9500,
                            .extensions = 1,
                            .set_seq = 4,
                            .provisional = true,
                            .designated_bound = true,
                            .acked_node = 12,
                            .acked_ms = 5500,
                            .acked_by = jb_text_of("李强"),
                            .policy_version = jb_text_of("2022-05-01.1"),
                            .calendar_version = jb_text_of("2026.1"),
                            .article = jb_text_of("《信访工作条例》第三十四条"),
                            .dirty = true};

    return d;
}

static void text_same(struct jb_text a, struct jb_text b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

static void deadlines_same(const struct jb_deadline *a, const struct jb_deadline *b)
{
    struct jb_deadline x = *a;
    struct jb_deadline y = *b;
    struct jb_text none = {NULL, 0};

    text_same(x.acked_by, y.acked_by);
    text_same(x.policy_version, y.policy_version);
    text_same(x.calendar_version, y.calendar_version);
    text_same(x.article, y.article);
    x.acked_by = x.policy_version = x.calendar_version = x.article = none;
    y.acked_by = y.policy_version = y.calendar_version = y.article = none;
    x.dirty = y.dirty = false;
    assert_int_equal(x.id, y.id);
    assert_string_equal(x.key, y.key);
    assert_memory_equal(x.warn_at_ms, y.warn_at_ms, sizeof x.warn_at_ms);
    int64_t xs[] = {x.node,   x.trigger_ms, x.limit,       x.unit,        x.due_ms,
                    x.warned, x.missed_ms,  x.end,         x.ended_ms,    x.first_due_ms,
                    x.acked_node, x.acked_ms, x.extensions, x.provisional, x.designated_bound,
                    (int64_t)x.set_seq};
    int64_t ys[] = {y.node,   y.trigger_ms, y.limit,       y.unit,        y.due_ms,
                    y.warned, y.missed_ms,  y.end,         y.ended_ms,    y.first_due_ms,
                    y.acked_node, y.acked_ms, y.extensions, y.provisional, y.designated_bound,
                    (int64_t)y.set_seq};
    assert_memory_equal(xs, ys, sizeof xs);
}

static void a_case_comes_back_field_by_field(void **state)
{
    struct lw *w = *state;
    struct jb_participant parts[] = {{7, JB_ROLE_REGISTRAR}, {7, JB_ROLE_ASSIGNER},
                                     {12, JB_ROLE_HOST},     {13, JB_ROLE_CO_HANDLER},
                                     {14, JB_ROLE_LEFT}};
    struct jb_deadline deadlines[] = {full_deadline(1), full_deadline(2), {.id = 3, .dirty = true}};
    /* every number different, so that a swapped column shows */
    struct jb_case c = {.case_no = lw_case_no(3),
                        .stage = JB_STAGE_SIGNED,
                        .matter = 3,
                        .channel = 2,
                        .flags = 513,
                        .people = 40,
                        .title = jb_text_of("反映供暖不达标"),
                        .class_code = jb_text_of("城乡建设"),
                        .place_code = jb_text_of("611002"),
                        .registrar = 7,
                        .host = 12,
                        .custody = 5,
                        .sender = 8,
                        .authority = 4,
                        .hops = 6,
                        .registered_ms = 100,
                        .updated_ms = 200,
                        .sent_seq = 300,
                        .opinion = 1,
                        .exit = 9,
                        .objection_open = true,
                        .objector = 15,
                        .last_ruling = 10,
                        .participants = parts,
                        .participant_count = 5,
                        .participants_dirty = true,
                        .deadlines = deadlines,
                        .deadline_count = 3,
                        .last_seq = 400};
    struct jb_case back;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    for (int i = 1; i < JB_FACT_COUNT; i++)
        c.facts_ms[i] = 1000 + i;
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_false(c.participants_dirty || deadlines[0].dirty);
    assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    text_same(back.title, c.title);
    text_same(back.class_code, c.class_code);
    text_same(back.place_code, c.place_code);
    assert_memory_equal(back.facts_ms, c.facts_ms, sizeof c.facts_ms);
    int64_t xs[] = {c.case_no,        c.stage,      c.matter,            c.channel,    c.flags,
                    c.people,         c.registrar,  c.host,              c.custody,    c.sender,
                    c.authority,      c.hops,       c.registered_ms,     c.updated_ms, (int64_t)c.sent_seq,
                    (int64_t)c.last_seq, c.opinion, c.exit,              c.objection_open,
                    c.objector,       c.last_ruling};
    int64_t ys[] = {back.case_no,        back.stage,      back.matter,        back.channel,
                    back.flags,          back.people,     back.registrar,     back.host,
                    back.custody,        back.sender,     back.authority,     back.hops,
                    back.registered_ms,  back.updated_ms, (int64_t)back.sent_seq,
                    (int64_t)back.last_seq, back.opinion, back.exit,          back.objection_open,
                    back.objector,       back.last_ruling};
    assert_memory_equal(xs, ys, sizeof xs);
    assert_int_equal(back.participant_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(jb_case_roles(&back, parts[i].node), jb_case_roles(&c, parts[i].node));
    assert_int_equal(back.deadline_count, 3);
    for (size_t i = 0; i < 3; i++)
        deadlines_same(&back.deadlines[i], &deadlines[i]);
    assert_false(back.participants_dirty || back.deadlines[0].dirty);
    lw_close(&l);
}

static void a_case_that_is_not_there_has_no_stage(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_case_load(l, 42, &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(c.case_no, 42);
    lw_close(&l);
}

/* Exhaustion at any point of a load is an error, never a case with a part missing. */
static void a_full_arena_is_an_error_at_every_point(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_case c;
    size_t refused = 0;

    lw_history(w, l, 60);
    for (size_t limit = 0;; limit += 16) {
        struct jb_arena small;
        jb_arena_init(&small, limit);
        enum jb_err err = jb_ledger_case_load(l, lw_case_no(0), &small, &c);
        jb_arena_fini(&small);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
        refused++;
    }
    assert_true(refused > 10);
    lw_close(&l);
}

/* ---- the other derived tables ---- */

static void directory_policies_and_calendars_come_back(void **state)
{
    struct lw *w = *state;
    struct jb_directory d;
    struct jb_directory replayed;
    struct jb_text text;
    static const char *const bodies[] = {"first", "second", "third", "later"};
    static const int64_t from[] = {100, 200, 200, 900};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    jb_directory_init(&d);
    jb_directory_init(&replayed);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (size_t i = 0; i < 200; i++) {
        struct jb_entry e = lw_random_entry(w, l);
        if (e.act.kind == JB_ACT_INSTALL_POLICY || e.act.kind == JB_ACT_INSTALL_CALENDAR)
            continue;
        (void)lw_log(w, l, &e);
        assert_int_equal(jb_directory_apply(&replayed, &e), JB_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        struct jb_entry e = lw_entry(w, l, JB_ACT_INSTALL_POLICY, 0);
        e.act.effective_from_ms = from[i];
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
        e = lw_entry(w, l, JB_ACT_INSTALL_CALENDAR, 0);
        e.act.region = jb_text_of(i % 2 ? "CN" : "CN-61");
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    assert_int_equal(jb_ledger_directory_load(l, &d), JB_OK);
    assert_int_equal(d.count, replayed.count);
    assert_true(d.count > 3);
    for (size_t i = 0; i < d.count; i++) {
        assert_int_equal(d.nodes[i].node, replayed.nodes[i].node);
        assert_string_equal(d.nodes[i].code, replayed.nodes[i].code);
        assert_string_equal(d.nodes[i].name, replayed.nodes[i].name);
        assert_memory_equal(d.nodes[i].sign_key, replayed.nodes[i].sign_key, JB_KEY_BYTES);
        assert_int_equal(d.nodes[i].has_old_key, replayed.nodes[i].has_old_key);
        assert_memory_equal(d.nodes[i].old_sign_key, replayed.nodes[i].old_sign_key, JB_KEY_BYTES);
    }
    static const struct {
        int64_t at_ms;
        const char *body; /* NULL: none in force */
    } times[] = {{99, NULL}, {100, "first"}, {199, "first"}, {200, "third"}, {899, "third"},
                 {900, "later"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        enum jb_err err = jb_ledger_policy_at(l, times[i].at_ms, &w->arena, &text);
        assert_int_equal(err, times[i].body != NULL ? JB_OK : JB_NOT_FOUND);
        if (times[i].body != NULL)
            text_same(text, jb_text_of(times[i].body));
    }
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("later"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN-61"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("third"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("XX"), &w->arena, &text), JB_NOT_FOUND);
    jb_directory_fini(&d);
    jb_directory_fini(&replayed);
    lw_close(&l);
}

static void due_cases_come_in_order_and_once(void **state)
{
    struct lw *w = *state;
    int64_t found[8];
    size_t count = 9;
    int64_t next = 0;
    const int64_t day = INT64_C(86400000);
    int64_t due[3];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_due_cases(l, INT64_MAX - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, INT64_MAX);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 2; i >= 0; i--) { /* the highest number is due first */
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log(w, l, &e);
        due[i] = w->now_ms + 15 * day;
        w->now_ms += day;
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_ledger_due_cases(l, due[2] - 3 * day - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, due[2] - 3 * day);
    assert_int_equal(jb_ledger_due_cases(l, due[1] - 3 * day, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0], lw_case_no(2));
    assert_int_equal(found[1], lw_case_no(1));
    assert_int_equal(next, due[0] - 3 * day);
    assert_int_equal(jb_ledger_due_cases(l, due[0], found, 2, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    lw_close(&l);
}

static void the_clock_and_the_listings_use_their_indexes(void **state)
{
    static const struct {
        enum jb_ledger_role role;
        enum jb_sql id;
        const char *index;
    } rows[] = {
        {JB_LEDGER_BROKER, JB_SQL_DUE_CASES, "USING COVERING INDEX deadline_next (next_ms<?)"},
        {JB_LEDGER_BROKER, JB_SQL_DUE_NEXT, "USING COVERING INDEX deadline_next (next_ms>?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_OF_CASE, "INDEX entry_case (case_no=? AND seq<?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_COMMON, "INDEX entry_common"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_READ, "SEARCH s USING PRIMARY KEY (node=? AND number>?)"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_DUTIES, "PRIMARY KEY (node=? AND number>? AND number<?)"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_CASES, "COVERING INDEX"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_OPEN, "COVERING INDEX case_stage (stage<?)"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_OBJECTIONS, "COVERING INDEX case_objection"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_RED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_WARNED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_OF_CASE, "INDEX item_case (case_no=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_SETTLES, "INDEX item_settles (settles=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_STORED_AT, "COVERING INDEX item_entry (entry_seq=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE, "INDEX deadline_first (first_ms<?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_FIRST, "INDEX deadline_first (first_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_OUTBOX_OF_CASE, "INDEX outbox_case (case_no=? AND number>?)"},
    };
    struct lw *w = *state;
    struct jb_ledger *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_ledger *replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *plan = lw_plan(rows[i].role == JB_LEDGER_BROKER ? broker : replica, rows[i].id);
        if (strstr(plan, rows[i].index) == NULL)
            fail_msg("row %zu: %s", i, plan);
        free(plan);
    }
    lw_close(&broker);
    lw_close(&replica);
}

/* ---- facts beside the record ---- */

static void facts_and_keys_go_back_with_a_rollback(void **state)
{
    struct lw *w = *state;
    struct jb_bytes value;
    uint8_t key[JB_KEY_BYTES] = {1, 2, 3};
    uint8_t back[JB_KEY_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_meta_get(l, "pin", &w->arena, &value), JB_NOT_FOUND);
    assert_int_equal(jb_ledger_case_key_get(l, 5, back), JB_NOT_FOUND);
    for (int keep = 0; keep < 2; keep++) {
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(
            jb_ledger_meta_set(l, "pin", (struct jb_bytes){(const uint8_t *)"abc", 3}), JB_OK);
        assert_int_equal(jb_ledger_meta_set(l, "empty", (struct jb_bytes){NULL, 0}), JB_OK);
        assert_int_equal(jb_ledger_case_key_put(l, 5, key), JB_OK);
        if (keep)
            assert_int_equal(jb_ledger_commit(l), JB_OK);
        else
            jb_ledger_rollback(l);
        assert_int_equal(jb_ledger_meta_get(l, "pin", &w->arena, &value),
                         keep ? JB_OK : JB_NOT_FOUND);
        assert_int_equal(jb_ledger_case_key_get(l, 5, back), keep ? JB_OK : JB_NOT_FOUND);
    }
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "abc", 3);
    assert_memory_equal(back, key, sizeof key);
    assert_int_equal(jb_ledger_meta_get(l, "empty", &w->arena, &value), JB_OK);
    assert_int_equal(value.len, 0);
    lw_close(&l);
}

/* ---- the disk ---- */

static void a_full_disk_leaves_nothing_half_done(void **state)
{
    struct lw *w = *state;
    uint8_t digest[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_check check;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .max_pages = 120};
    uint64_t seq = 0;
    struct jb_line_state line = {0};
    enum jb_err err = JB_OK;

    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &l, &w->fault), JB_OK);
    for (size_t batch = 0; batch < 200 && err == JB_OK; batch++) {
        seq = jb_log_last_seq(l);
        line = *jb_line_get(l, 12);
        digest[0] = 0;
        assert_int_equal(jb_ledger_digest(l, digest), JB_OK);
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        for (size_t i = 0; i < 20 && err == JB_OK; i++) {
            struct jb_bytes bytes;
            struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
            assert_int_equal(jb_entry_encode(&e, &w->arena, &bytes), JB_OK);
            err = jb_log_append(l, &e, bytes);
            if (err == JB_OK)
                err = jb_ledger_apply(l, &e, &w->arena);
            struct jb_stream_add to = {
                .node = 12, .at_ms = e.at_ms, .entry_seq = e.seq, .entry = bytes};
            if (err == JB_OK)
                err = jb_stream_append(l, &to, NULL);
        }
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
    }
    assert_int_equal(err, JB_FULL);
    assert_true(seq > 0);
    assert_int_equal(jb_log_last_seq(l), seq);
    assert_memory_equal(jb_line_get(l, 12), &line, sizeof line);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(digest, after, sizeof digest);
    /* there is room again: it goes on with the next number */
    (void)sqlite3_exec(l->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_log_last_seq(l), seq + 1);
    assert_int_equal(jb_ledger_check(l, NULL, &check, &w->fault), JB_OK);
    assert_string_equal(w->fault.text, "");
    lw_close(&l);
}

/* A commit that fails sets the memory back by itself. */
static void a_commit_that_fails_takes_the_memory_back(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 20);
    uint64_t seq = jb_log_last_seq(l);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
    /* as SQLite does by itself after some errors */
    assert_int_equal(sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_log_last_seq(l), seq);
    assert_int_equal(jb_line_get(l, 12)->down.number, 0);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    jb_ledger_rollback(l);
    lw_close(&l);
}

/* The files as a killed process leaves them, at many moments. */
static void killed_at_any_moment_it_opens_at_the_last_commit(void **state)
{
    struct lw *w = *state;
    struct jb_check check;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    for (size_t i = 0; i < 12; i++) {
        lw_history(w, l, 17);
        uint64_t committed = jb_log_last_seq(l);
        if (i == 5)
            jb_ledger_checkpoint(l, false);
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        for (size_t k = 0; k < i; k++) {
            struct jb_entry e = lw_random_entry(w, l);
            (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
        }
        assert_int_equal(sqlite3_db_cacheflush(l->db), SQLITE_OK); /* spilled, not committed */
        lw_copy_file(w, "a.db", "k.db");
        lw_copy_file(w, "a.db-wal", "k.db-wal");
        struct jb_ledger *killed = lw_open(w, "k.db", JB_LEDGER_BROKER);
        assert_int_equal(jb_log_last_seq(killed), committed);
        assert_int_equal(jb_ledger_check(killed, NULL, &check, &w->fault), JB_OK);
        assert_string_equal(w->fault.text, "");
        assert_int_equal(check.items, committed);
        lw_close(&killed);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
    }
    lw_close(&l);
}

static void the_wal_is_measured_and_shrinks(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 100);
    assert_true(jb_ledger_wal_bytes(l) > 4096 * 10);
    jb_ledger_checkpoint(l, false);
    assert_int_equal(jb_ledger_wal_bytes(l), 0);
    lw_history(w, l, 5);
    assert_true(jb_ledger_wal_bytes(l) > 0);
    assert_true(jb_ledger_wal_bytes(l) < 4096 * 100); /* it began again at its start */
    jb_ledger_checkpoint(l, true);
    assert_int_equal(jb_ledger_wal_bytes(l), 0);
    FILE *wal = fopen(lw_path(w, "a.db-wal"), "rb");
    assert_non_null(wal);
    assert_int_equal(fgetc(wal), EOF);
    fclose(wal);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_new_file_is_durable_and_keeps_its_epoch),
        T(files_that_do_not_fit_are_refused_with_a_reason),
        T(another_writer_locks_the_file),
        T(a_read_only_ledger_sees_commits_and_cannot_write),
        T(older_files_are_migrated_step_by_step),
        T(a_failed_migration_stops_after_the_last_good_step),
        T(a_case_comes_back_field_by_field),
        T(a_case_that_is_not_there_has_no_stage),
        T(a_full_arena_is_an_error_at_every_point),
        T(directory_policies_and_calendars_come_back),
        T(due_cases_come_in_order_and_once),
        T(the_clock_and_the_listings_use_their_indexes),
        T(facts_and_keys_go_back_with_a_rollback),
        T(a_full_disk_leaves_nothing_half_done),
        T(a_commit_that_fails_takes_the_memory_back),
        T(killed_at_any_moment_it_opens_at_the_last_commit),
        T(the_wal_is_measured_and_shrinks),
    };
#undef T

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
