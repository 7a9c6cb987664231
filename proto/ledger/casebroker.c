/* See casebroker.h.
 *
 * Decides nothing about a case: what stands in the columns follows from what is packed. */
#include "proto/ledger/casebroker.h"

#include "proto/ledger/casepack.h"

/* ---- what the broker searches by ---- */

struct columns {
    enum jb_standing standing;
    int64_t next_ms, warned_ms, red_ms;
    uint32_t provisional, undelivered;
};

static enum jb_standing standing_of(enum jb_stage stage)
{
    if (stage == JB_STAGE_FILE)
        return JB_STANDING_FILE;
    return jb_stage_is_final(stage) ? JB_STANDING_OVER : JB_STANDING_OPEN;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Lights are of open cases; clocks may go on after the end. */
static struct columns columns_of(const struct jb_case *c)
{
    struct columns k = {standing_of(c->stage), INT64_MAX, INT64_MAX, INT64_MAX, 0, 0};

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];
        if (d->end != JB_END_OPEN)
            continue;
        k.next_ms = earlier(k.next_ms, jb_deadline_next_ms(d));
        k.provisional += d->provisional;
        k.undelivered += d->missed_ms != 0 && strcmp(d->key, "deliver") == 0;
        if (k.standing != JB_STANDING_OPEN)
            continue;
        k.red_ms = earlier(k.red_ms, d->missed_ms != 0 ? 0 : d->due_ms);
        k.warned_ms = earlier(k.warned_ms, d->missed_ms != 0 ? 0 : jb_deadline_first_ms(d));
    }
    return k;
}

/* ---- load ---- */

enum jb_err jb_packed_case_load(struct jb_ledger *l, struct jb_case *c, unsigned *parts,
                                struct jb_arena *arena)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_PACKED_LOAD, JB_ROW(jb_int(c->case_no)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        err = jb_case_unpack(jb_peek_blob(&r), arena, c, parts);
        if (err == JB_CORRUPT)
            jb_db_note(l, "a packed case cannot be read");
    }
    jb_sql_done(s);
    return err;
}

/* ---- write ---- */

#define OWES 0 /* in place of a role: it owes an open deadline and has no part in the case */

static bool has_any_role(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node)
            return true;
    return false;
}

/* Who opened a docket owes its next step, and may have no part in the case. */
static bool only_owes(const struct jb_case *c, const struct jb_deadline *d)
{
    return d->end == JB_END_OPEN && !has_any_role(c, d->node);
}

static bool has_role(const struct jb_case *c, uint32_t node, int role)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && (int)c->participants[i].role == role)
            return true;
    for (size_t i = 0; i < c->deadline_count && role == OWES; i++)
        if (c->deadlines[i].node == node && only_owes(c, &c->deadlines[i]))
            return true;
    return false;
}

/* May the rows differ from what they were? */
static bool roles_changed(const struct jb_case *c)
{
    for (size_t i = 0; i < c->deadline_count && !c->participants_dirty; i++)
        if (c->deadlines[i].dirty && !has_any_role(c, c->deadlines[i].node))
            return true;
    return c->participants_dirty;
}

/* Most changes of participants are times, which are packed. */
static enum jb_err roles_drop(struct jb_ledger *l, const struct jb_case *c)
{
    struct role {
        uint32_t node;
        int role;
    };
    enum jb_err err;
    struct jb_list gone = {.bytes = sizeof(struct role)};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ROLES, JB_ROW(jb_int(c->case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint32_t node = jb_get_u32(&r);
        int role = jb_get_int(&r);
        if (has_role(c, node, role))
            continue;
        struct role *at = jb_list_push(&gone, &l->packing);
        if (at == NULL) {
            err = JB_NOMEM;
            break;
        }
        *at = (struct role){node, role};
    }
    jb_sql_done(s);
    const struct role *list = gone.at;
    for (size_t i = 0; i < gone.count && err == JB_OK; i++)
        err = jb_sql_run(l, JB_SQL_ROLE_DROP,
                         JB_ROW(jb_int(c->case_no), jb_int(list[i].node), jb_int(list[i].role)));
    return err;
}

static enum jb_err roles_write(struct jb_ledger *l, const struct jb_case *c)
{
    enum jb_err err = roles_drop(l, c);

    for (size_t i = 0; i < c->participant_count && err == JB_OK; i++) {
        const struct jb_participant *p = &c->participants[i];
        err = jb_sql_run(l, JB_SQL_ROLE_ADD,
                         JB_ROW(jb_int(c->case_no), jb_int(p->node), jb_int(p->role)));
    }
    for (size_t i = 0; i < c->deadline_count && err == JB_OK; i++)
        if (only_owes(c, &c->deadlines[i]))
            err =
                jb_sql_run(l, JB_SQL_ROLE_ADD,
                           JB_ROW(jb_int(c->case_no), jb_int(c->deadlines[i].node), jb_int(OWES)));
    return err;
}

enum jb_err jb_packed_case_write(struct jb_ledger *l, const struct jb_case *c)
{
    struct jb_bytes packed;
    struct columns k = columns_of(c);

    jb_arena_reset(&l->packing);
    enum jb_err err = jb_case_pack(c, jb_case_parts(c), &l->packing, &packed);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_PACKED_SAVE,
                         JB_ROW(jb_int(c->case_no), jb_int(k.standing), jb_int(c->registrar),
                                jb_int(c->host), jb_int(c->objection_open),
                                jb_int(c->dispute_level), jb_int(k.provisional),
                                jb_int(k.undelivered), jb_int(k.next_ms), jb_int(k.warned_ms),
                                jb_int(k.red_ms), jb_text(c->query_hash), jb_blob(packed)));
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_PACKED_KEPT_SAVE,
                         JB_ROW(jb_int(c->case_no), jb_int(k.standing), jb_int(c->registrar),
                                jb_int(c->objection_open), jb_int(c->dispute_level),
                                jb_int(k.provisional), jb_int(k.undelivered),
                                jb_text(c->query_hash)));
    return err == JB_OK && roles_changed(c) ? roles_write(l, c) : err;
}

/* ---- what statements ask of a packed case ---- */

/* Of an open deadline that has something to say at `now_ms`: the last step that fell. */
static int64_t fell_ms(const struct jb_deadline *d, int64_t now_ms)
{
    if (d->due_ms <= now_ms)
        return d->due_ms;
    for (size_t i = JB_WARN_MAX; i > 1; i--)
        if (d->warn_at_ms[i - 1] > 0 && d->warn_at_ms[i - 1] <= now_ms)
            return d->warn_at_ms[i - 1];
    return d->warn_at_ms[0];
}

static int64_t earliest_fell(struct jb_pack_reading *r, int64_t now_ms)
{
    struct jb_deadline d;
    int64_t first_ms = INT64_MAX;

    while (jb_case_pack_deadline(r, &d))
        if (d.end == JB_END_OPEN && jb_deadline_next_ms(&d) <= now_ms)
            first_ms = earlier(first_ms, fell_ms(&d, now_ms));
    return first_ms;
}

static int64_t owed_by(struct jb_pack_reading *r, int64_t node)
{
    struct jb_deadline d;
    int64_t count = 0;

    while (jb_case_pack_deadline(r, &d))
        count += d.end == JB_END_OPEN && d.node == node;
    return count;
}

static void answer(sqlite3_context *ctx, sqlite3_value **values,
                   int64_t (*of)(struct jb_pack_reading *r, int64_t argument))
{
    struct jb_pack_reading r;
    const void *packed = sqlite3_value_blob(values[0]);
    size_t len = packed != NULL ? (size_t)sqlite3_value_bytes(values[0]) : 0;

    jb_case_pack_open(&r, (struct jb_bytes){packed, len});
    int64_t found = of(&r, sqlite3_value_int64(values[1]));
    if (r.wrong)
        sqlite3_result_error_code(ctx, SQLITE_CORRUPT);
    else
        sqlite3_result_int64(ctx, found);
}

static void fell_answer(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    (void)count;
    answer(ctx, values, earliest_fell);
}

static void owed_answer(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    (void)count;
    answer(ctx, values, owed_by);
}

enum jb_err jb_case_functions_add(struct jb_ledger *l)
{
    static const struct {
        const char *name;
        void (*call)(sqlite3_context *ctx, int count, sqlite3_value **values);
    } functions[] = {
        {"jb_fell", fell_answer}, /* (packed, now_ms) */
        {"jb_owed", owed_answer}, /* (packed, node): so many open deadlines */
    };
    int rc = SQLITE_OK;

    for (size_t i = 0; i < sizeof functions / sizeof functions[0] && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function(l->db, functions[i].name, 2,
                                     SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                     functions[i].call, NULL, NULL);
    return rc == SQLITE_OK ? JB_OK : jb_db_fail(l, rc);
}
