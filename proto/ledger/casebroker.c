/* See casebroker.h.
 *
 * Decides nothing about a case: what stands in the columns follows from what is packed. */
#include "proto/ledger/casebroker.h"

#include "proto/ledger/casepack.h"

/* ---- what the broker searches by ---- */

struct columns {
    enum jb_standing standing;
    int64_t next_ms, warned_ms, red_ms;
    uint32_t provisional, undelivered, directives, dockets;
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
static void add_deadline(struct columns *k, const struct jb_deadline *d)
{
    if (d->end != JB_END_OPEN)
        return;
    k->next_ms = earlier(k->next_ms, jb_deadline_next_ms(d));
    k->provisional += d->provisional;
    k->undelivered += d->missed_ms != 0 && strcmp(d->key, "deliver") == 0;
    if (k->standing != JB_STANDING_OPEN)
        return;
    k->red_ms = earlier(k->red_ms, d->missed_ms != 0 ? 0 : d->due_ms);
    k->warned_ms = earlier(k->warned_ms, d->missed_ms != 0 ? 0 : jb_deadline_first_ms(d));
}

static struct columns columns_of(const struct jb_case *c)
{
    struct columns k = {.standing = standing_of(c->stage),
                        .next_ms = INT64_MAX,
                        .warned_ms = INT64_MAX,
                        .red_ms = INT64_MAX};

    for (size_t i = 0; i < c->deadline_count; i++)
        add_deadline(&k, &c->deadlines[i]);
    for (size_t i = 0; i < c->directive_count; i++)
        k.directives += c->directives[i].status != JB_DIRECTIVE_ENDED;
    for (size_t i = 0; i < c->docket_count; i++)
        k.dockets += c->dockets[i].closed_ms == 0;
    return k;
}

/* ---- what a node owes ---- */

#define STATE(name) (1U << JB_TARGET_##name)
#define OWED_STATES (STATE(ISSUED) | STATE(SIGNED) | STATE(OBJECTED))
#define WAITING_STATES (OWED_STATES | STATE(ANSWERED)) /* its answer is not cleared yet */

static bool in_one_of(enum jb_target_state state, unsigned states)
{
    return state < JB_TARGET_STATE_END && (states >> state & 1U) != 0;
}

/* Open deadlines, open dockets, and directives in one of these states. */
static int64_t owed_by(const struct jb_case *c, uint32_t node, unsigned states)
{
    int64_t count = 0;

    for (size_t i = 0; i < c->deadline_count; i++)
        count += c->deadlines[i].node == node && c->deadlines[i].end == JB_END_OPEN;
    for (size_t i = 0; i < c->target_count; i++)
        count += c->targets[i].node == node && in_one_of(c->targets[i].state, states);
    for (size_t i = 0; i < c->docket_count; i++)
        count += c->dockets[i].node == node && c->dockets[i].closed_ms == 0;
    return count;
}

/* ---- load ---- */

enum jb_err jb_packed_case_load(struct jb_ledger *l, struct jb_case *c, struct jb_arena *arena)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_PACKED_LOAD, JB_ROW(jb_int(c->case_no)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        err = jb_case_unpack(jb_peek_blob(&r), arena, c);
        if (err == JB_CORRUPT)
            jb_db_note(l, JB_PACKED_WRONG);
    }
    jb_sql_done(s);
    return err;
}

/* ---- write ---- */

#define OWES 0 /* in place of a role: something waits for it, and it has no part in the case */

static bool has_any_role(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node)
            return true;
    return false;
}

/* Who opened a docket owes its next step, and may have no part in the case. */
static bool only_owes(const struct jb_case *c, uint32_t node)
{
    return !has_any_role(c, node) && owed_by(c, node, WAITING_STATES) > 0;
}

static bool has_role(const struct jb_case *c, uint32_t node, int role)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && (int)c->participants[i].role == role)
            return true;
    return role == OWES && only_owes(c, node);
}

/* Who has, or had, something to do: of each deadline, receiver and docket. */
static size_t duty_count(const struct jb_case *c)
{
    return c->deadline_count + c->target_count + c->docket_count;
}

static uint32_t duty_node(const struct jb_case *c, size_t i, bool *dirty)
{
    if (i < c->deadline_count) {
        *dirty = c->deadlines[i].dirty;
        return c->deadlines[i].node;
    }
    i -= c->deadline_count;
    if (i < c->target_count) {
        *dirty = c->targets[i].dirty;
        return c->targets[i].node;
    }
    i -= c->target_count;
    *dirty = c->dockets[i].dirty;
    return c->dockets[i].node;
}

/* Do the rows differ from what they were? Most changes of participants are times, which are packed.
 * What is no longer owed is dirty for the last time. */
static bool roles_changed(const struct jb_case *c)
{
    for (size_t i = 0; i < duty_count(c) && !c->participants_dirty; i++) {
        bool dirty;
        uint32_t node = duty_node(c, i, &dirty);
        if (dirty && !has_any_role(c, node))
            return true;
    }
    return c->participants_dirty;
}

struct roles { /* that have a row */
    struct role {
        uint32_t node;
        int role;
    } * at;
    size_t count;
};

static enum jb_err roles_load(struct jb_ledger *l, const struct jb_case *c, struct roles *roles)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof(struct role)};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ROLES, JB_ROW(jb_int(c->case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct role *at = jb_list_push(&list, &l->packing);
        if (at == NULL) {
            err = JB_NOMEM;
            break;
        }
        at->node = jb_get_u32(&r);
        at->role = jb_get_int(&r);
    }
    jb_sql_done(s);
    *roles = (struct roles){list.at, list.count};
    return err;
}

/* Into its row, if it has none. */
static enum jb_err role_put(struct jb_ledger *l, int64_t case_no, const struct roles *roles,
                            struct role role)
{
    for (size_t i = 0; i < roles->count; i++)
        if (roles->at[i].node == role.node && roles->at[i].role == role.role)
            return JB_OK;
    return jb_sql_run(l, JB_SQL_ROLE_ADD,
                      JB_ROW(jb_int(case_no), jb_int(role.node), jb_int(role.role)));
}

static enum jb_err roles_write(struct jb_ledger *l, const struct jb_case *c)
{
    struct roles roles;
    enum jb_err err = roles_load(l, c, &roles);

    for (size_t i = 0; err == JB_OK && i < roles.count; i++)
        if (!has_role(c, roles.at[i].node, roles.at[i].role))
            err = jb_sql_run(
                l, JB_SQL_ROLE_DROP,
                JB_ROW(jb_int(c->case_no), jb_int(roles.at[i].node), jb_int(roles.at[i].role)));
    for (size_t i = 0; err == JB_OK && i < c->participant_count; i++)
        err = role_put(l, c->case_no, &roles,
                       (struct role){c->participants[i].node, (int)c->participants[i].role});
    for (size_t i = 0; err == JB_OK && i < duty_count(c); i++) {
        bool dirty;
        uint32_t node = duty_node(c, i, &dirty);
        if (only_owes(c, node))
            err = role_put(l, c->case_no, &roles, (struct role){node, OWES});
    }
    return err;
}

static enum jb_err packed_save(struct jb_ledger *l, const struct jb_case *c, struct jb_bytes packed)
{
    struct columns k = columns_of(c);
    enum jb_err err = jb_sql_run(
        l, JB_SQL_PACKED_SAVE,
        JB_ROW(jb_int(c->case_no), jb_int(k.standing), jb_int(c->registrar), jb_int(c->host),
               jb_int(c->objection_open), jb_int(c->dispute_level), jb_int(k.provisional),
               jb_int(k.undelivered), jb_int(k.directives), jb_int(k.dockets), jb_int(k.next_ms),
               jb_int(k.warned_ms), jb_int(k.red_ms), jb_text(c->query_hash), jb_blob(packed)));

    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_PACKED_KEPT_SAVE,
                         JB_ROW(jb_int(c->case_no), jb_int(k.standing), jb_int(c->registrar),
                                jb_int(c->objection_open), jb_int(c->dispute_level),
                                jb_int(k.provisional), jb_int(k.undelivered), jb_int(k.directives),
                                jb_int(k.dockets), jb_text(c->query_hash)));
    return err;
}

enum jb_err jb_packed_case_write(struct jb_ledger *l, const struct jb_case *c)
{
    struct jb_bytes packed;

    jb_arena_reset(&l->packing);
    enum jb_err err = jb_case_pack(c, &l->packing, &packed);
    if (err == JB_OK)
        err = packed_save(l, c, packed);
    if (err == JB_OK && roles_changed(c))
        err = roles_write(l, c);
    return err == JB_OK ? jb_case_marks_save(l, c) : err;
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

static struct jb_bytes packed_of(sqlite3_value *value)
{
    const void *at = sqlite3_value_blob(value);

    return (struct jb_bytes){at, at != NULL ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void answer_wrong(sqlite3_context *ctx)
{
    sqlite3_result_error(ctx, JB_PACKED_WRONG, -1);
    sqlite3_result_error_code(ctx, SQLITE_CORRUPT); /* leaves the words */
}

/* jb_fell (packed, now_ms): the earliest of what fell last of each deadline. */
static void fell_answer(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    struct jb_case_reading r = jb_case_reading_of(packed_of(values[0]));
    int64_t now_ms = sqlite3_value_int64(values[1]);
    int64_t first_ms = INT64_MAX;
    struct jb_deadline d;

    (void)count;
    while (jb_case_next_deadline(&r, &d))
        if (d.end == JB_END_OPEN && jb_deadline_next_ms(&d) <= now_ms)
            first_ms = earlier(first_ms, fell_ms(&d, now_ms));
    if (r.from.wrong)
        answer_wrong(ctx);
    else
        sqlite3_result_int64(ctx, first_ms);
}

static void owed_in(sqlite3_context *ctx, sqlite3_value **values, unsigned states)
{
    struct jb_case c = {.case_no = 0};
    struct jb_arena arena;

    jb_arena_init(&arena, JB_CASE_BYTES);
    enum jb_err err = jb_case_unpack(packed_of(values[0]), &arena, &c);
    if (err == JB_OK)
        sqlite3_result_int64(ctx, owed_by(&c, (uint32_t)sqlite3_value_int64(values[1]), states));
    else if (err == JB_NOMEM)
        sqlite3_result_error_nomem(ctx);
    else
        answer_wrong(ctx);
    jb_arena_fini(&arena);
}

/* jb_owed (packed, node): how much the node owes in the case. */
static void owed_answer(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    (void)count;
    owed_in(ctx, values, OWED_STATES);
}

/* jb_waits (packed, node): for how much the case waits for the node. */
static void waits_answer(sqlite3_context *ctx, int count, sqlite3_value **values)
{
    (void)count;
    owed_in(ctx, values, WAITING_STATES);
}

enum jb_err jb_case_functions_add(struct jb_ledger *l)
{
    static const struct {
        const char *name;
        void (*call)(sqlite3_context *ctx, int count, sqlite3_value **values);
    } functions[] = {
        {"jb_fell", fell_answer}, {"jb_owed", owed_answer}, {"jb_waits", waits_answer}};
    int rc = SQLITE_OK;

    for (size_t i = 0; i < sizeof functions / sizeof functions[0] && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function(l->db, functions[i].name, 2,
                                     SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                     functions[i].call, NULL, NULL);
    return rc == SQLITE_OK ? JB_OK : jb_db_fail(l, rc);
}
