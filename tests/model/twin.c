/* See twin.h.
 *
 * The petition in the second world makes as many entries as the accusation in the first, at the
 * same instants: numbers of the log tell that the broker was busy, and nobody could hide that. The
 * worlds' random numbers (epochs) are made the same, so that even the chains can be compared. */
#include "tests/model/twin.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/model/randomact.h"

#define STEPS 160
#define PUBLIC_CASES 8

/* ---- the same random numbers in both worlds -------------------------------------------------- */

static uint64_t made;

static const char *fixed_name(void)
{
    return "fixed";
}

static uint32_t fixed_number(void)
{
    made = made * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(made >> 32);
}

static void fixed_bytes(void *const at, const size_t count)
{
    unsigned char *bytes = at;

    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)fixed_number();
}

static struct randombytes_implementation fixed = {
    .implementation_name = fixed_name,
    .random = fixed_number,
    .buf = fixed_bytes,
};

/* ---- a replica's file as text ---------------------------------------------------------------- */

static void dump_rows(sqlite3 *db, const char *table, FILE *out)
{
    char sql[256];
    sqlite3_stmt *s = NULL;

    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        (void)fprintf(out, "%s", table);
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const unsigned char *bytes = sqlite3_column_blob(s, i);
            int len = sqlite3_column_bytes(s, i);

            (void)fprintf(out, " %d:", sqlite3_column_type(s, i));
            for (int k = 0; k < len; k++)
                (void)fprintf(out, "%02x", bytes[k]);
        }
        (void)fprintf(out, "\n");
    }
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
}

/* Every row of every table; freed by the caller. */
static char *dump_of(const char *folder, uint32_t node)
{
    char path[256];
    char *text = NULL;
    size_t len = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *tables = NULL;
    FILE *out = open_memstream(&text, &len);

    (void)snprintf(path, sizeof path, "%s/%u.db", folder, (unsigned)node);
    assert_non_null(out);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name FROM sqlite_master WHERE type = 'table'"
                                        " ORDER BY name",
                                        -1, &tables, NULL),
                     SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        (void)fprintf(out, "table %s\n", (const char *)sqlite3_column_text(tables, 0));
        dump_rows(db, (const char *)sqlite3_column_text(tables, 0), out);
    }
    assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* ---- one world ------------------------------------------------------------------------------- */

struct cast {
    uint32_t office, discipline, accused, below;
};

static uint32_t by_code(const struct model *m, const char *code)
{
    const struct jb_node *n = jb_directory_by_code(&m->b.directory, jb_text_of(code));

    assert_non_null(n);
    return n->node;
}

static void must(enum jb_refusal got, enum jb_refusal wanted)
{
    if (got != wanted)
        fail_msg("got %s, wanted %s", jb_refusal_name(got), jb_refusal_name(wanted));
}

/* What happens about the one case; the accused guesses its number and tries what it can. */
static void secret_step(struct model *m, const struct cast *who, bool accusation, int64_t *no,
                        int step)
{
    uint32_t against[] = {who->accused};
    struct jb_act act = {.case_no = *no, .custody = 1};

    switch (step) {
    case 20:
        *no = model_new_number(m, who->office);
        act = (struct jb_act){.kind = JB_ACT_REGISTER,
                              .case_no = *no,
                              .matter = accusation ? JB_MATTER_ACCUSATION : JB_MATTER_APPEAL,
                              .channel = JB_CHANNEL_LETTER,
                              .title = jb_text_of("来信"),
                              .people = 1};
        if (accusation)
            act.accused = (struct jb_list32){against, 1};
        must(model_submit(m, who->office, "clerk", &act), JB_REFUSE_NONE);
        break;
    case 40:
        act.kind = JB_ACT_NOTE;
        act.text = jb_text_of("核实");
        must(model_submit(m, who->office, "clerk", &act), JB_REFUSE_NONE);
        break;
    case 60:
        act.kind = JB_ACT_SIGN_FOR;
        must(model_submit(m, who->accused, "clerk", &act), JB_REFUSE_UNKNOWN_CASE);
        must(model_submit(m, who->below, "clerk", &act), JB_REFUSE_UNKNOWN_CASE);
        act.kind = JB_ACT_ISSUE_DIRECTIVE;
        act.power = JB_POWER_SUPERVISE;
        act.demand = JB_DEMAND_EXPLANATION;
        act.text = jb_text_of("说明");
        act.basis = jb_text_of("依据");
        act.audience = (struct jb_list32){&who->below, 1};
        must(model_submit(m, who->accused, "clerk", &act), JB_REFUSE_UNKNOWN_CASE);
        break;
    case 80:
        /* in the other world the office makes as many mistakes of another kind */
        act.kind = JB_ACT_ASSIGN;
        act.node = accusation ? who->accused : who->office;
        must(model_submit(m, who->office, "clerk", &act),
             accusation ? JB_REFUSE_ACCUSATION_CONFINED : JB_REFUSE_SAME_NODE);
        act.kind = JB_ACT_FORWARD;
        act.node = accusation ? who->below : who->office;
        must(model_submit(m, who->office, "clerk", &act),
             accusation ? JB_REFUSE_ACCUSATION_CONFINED : JB_REFUSE_SAME_NODE);
        break;
    case 100:
        act.kind = JB_ACT_REFER;
        act.organ = jb_text_of("纪检监察机关");
        act.node = who->discipline;
        must(model_submit(m, who->office, "clerk", &act), JB_REFUSE_NONE);
        break;
    default:
        break;
    }
}

static struct cast play(const char *folder, bool accusation)
{
    struct model *m;
    struct cast who;
    int64_t no = 0;

    made = 1;
    m = model_open_in(7, folder);
    who = (struct cast){by_code(m, "east-office"), by_code(m, "east-discipline"),
                        by_code(m, "east-town2"), by_code(m, "east-station")};
    for (size_t place = 0; place < MODEL_CASES; place++) {
        struct model_act a = model_random_register(m);

        a.act.matter = JB_MATTER_APPEAL;
        a.act.accused.count = 0;
        must(model_submit(m, a.node, a.user, &a.act), JB_REFUSE_NONE);
        m->cases[place] = a.act.case_no;
    }
    for (int step = 0; step < STEPS; step++) {
        struct jb_case c;
        struct model_act a;

        jb_arena_reset(&m->step);
        secret_step(m, &who, accusation, &no, step);
        m->now_ms += (int64_t)model_below(m, 7200) * 1000;
        model_acknowledge(m, 2 + model_below(m, m->last_node - 1));
        model_tick(m);
        c = model_case(m, m->b.ledger, m->cases[model_below(m, PUBLIC_CASES)]);
        a = model_random_act(m, &c);
        (void)model_submit(m, a.node, a.user, &a.act);
        model_tick(m);
        model_deliver(m);
    }
    model_close(m);
    return who;
}

/* ---- the comparison -------------------------------------------------------------------------- */

static void remove_folder(const char *folder)
{
    char path[256];

    for (uint32_t node = 2; node < MODEL_NODES_MAX; node++) {
        static const char *const ends[] = {"", "-wal", "-shm"};

        for (size_t i = 0; i < 3; i++) {
            (void)snprintf(path, sizeof path, "%s/%u.db%s", folder, (unsigned)node, ends[i]);
            (void)unlink(path);
        }
    }
    assert_int_equal(rmdir(folder), 0);
}

void model_accused_sees_nothing(void **state)
{
    const char *place = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    char with[128], without[128];
    struct cast who;

    (void)snprintf(with, sizeof with, "%s/jb-with.XXXXXX", place);
    (void)snprintf(without, sizeof without, "%s/jb-without.XXXXXX", place);

    (void)state;
    assert_int_equal(randombytes_set_implementation(&fixed), 0);
    assert_true(sodium_init() >= 0);
    assert_non_null(mkdtemp(with));
    assert_non_null(mkdtemp(without));
    (void)play(without, false);
    who = play(with, true);
    for (uint32_t node = 2; node <= JB_NODE_BROKER_NUMBER + 50; node++) {
        char *a = dump_of(with, node), *b = dump_of(without, node);
        bool same = strcmp(a, b) == 0;
        bool knows = node == who.office || node == who.discipline;
        size_t at = 0;

        while (a[at] != '\0' && a[at] == b[at])
            at++;

        if (same == knows)
            print_error("  with    ...%.300s\n  without ...%.300s\n", a + (at > 60 ? at - 60 : 0),
                        b + (at > 60 ? at - 60 : 0));
        free(a);
        free(b);
        /* that those who know do differ shows that the comparison sees something */
        if (same == knows)
            fail_msg("node %u: %s", (unsigned)node, same ? "the same" : "not the same");
    }
    remove_folder(with);
    remove_folder(without);
}
