/* The parts of a replica's cases that most do not have: marks, directives with their receivers,
 * dockets.
 *
 * Which of them there are stands in case_file.parts, so that a case without costs no query. Decides
 * nothing about a case: what is written is what jb_case_apply made of it. */
#include "proto/ledger/db.h"

unsigned jb_case_parts(const struct jb_case *c)
{
    return (c->mark_count > 0 ? JB_PART_MARKS : 0U) |
           (c->directive_count > 0 ? JB_PART_DIRECTIVES : 0U) |
           (c->docket_count > 0 ? JB_PART_DOCKETS : 0U);
}

/* ---- one row ---- */

static struct jb_mark mark_get(struct jb_reader *r)
{
    struct jb_mark m = {0};

    r->column++; /* position */
    m.kind = (enum jb_mark_kind)jb_get_int(r);
    m.node = jb_get_u32(r);
    m.other_case_no = jb_get_i64(r);
    m.value = jb_get_u32(r);
    m.at_ms = jb_get_i64(r);
    m.text = jb_get_text(r);
    return m;
}

struct jb_directive jb_directive_get(struct jb_reader *r)
{
    struct jb_directive d = {.id = jb_get_u32(r)};

    d.power = jb_get_u32(r);
    d.demand = jb_get_u32(r);
    d.recommendation = jb_get_u32(r);
    d.issuer = jb_get_u32(r);
    d.authority = jb_get_u32(r);
    d.level = jb_get_u32(r);
    d.flags = jb_get_u32(r);
    d.people = jb_get_u32(r);
    d.status = (enum jb_directive_status)jb_get_int(r);
    d.due_ms = jb_get_i64(r);
    d.issued_ms = jb_get_i64(r);
    d.seq = jb_get_u64(r);
    d.official = jb_get_text(r);
    d.countersigned_by = jb_get_text(r);
    d.issued_by = jb_get_text(r);
    return d;
}

struct jb_target jb_target_get(struct jb_reader *r)
{
    struct jb_target t = {.directive = jb_get_u32(r)};

    t.node = jb_get_u32(r);
    t.state = (enum jb_target_state)jb_get_int(r);
    t.deadline_id = jb_get_u32(r);
    t.adopted = jb_get_u32(r);
    t.signed_ms = jb_get_i64(r);
    t.answered_ms = jb_get_i64(r);
    t.ended_ms = jb_get_i64(r);
    return t;
}

struct jb_docket jb_docket_get(struct jb_reader *r)
{
    struct jb_docket d = {.id = jb_get_u32(r)};

    d.step = jb_get_u32(r);
    d.node = jb_get_u32(r);
    d.opener = jb_get_u32(r);
    d.deadline_id = jb_get_u32(r);
    d.opened_ms = jb_get_i64(r);
    d.stepped_ms = jb_get_i64(r);
    d.closed_ms = jb_get_i64(r);
    d.docket_no = jb_get_text(r);
    return d;
}

/* ---- load ---- */

static void take_mark(struct jb_reader *r, void *out)
{
    *(struct jb_mark *)out = mark_get(r);
}

static void take_directive(struct jb_reader *r, void *out)
{
    *(struct jb_directive *)out = jb_directive_get(r);
}

static void take_target(struct jb_reader *r, void *out)
{
    *(struct jb_target *)out = jb_target_get(r);
}

static void take_docket(struct jb_reader *r, void *out)
{
    *(struct jb_docket *)out = jb_docket_get(r);
}

static enum jb_err rows_load(struct jb_ledger *l, int64_t case_no, enum jb_sql id,
                             void (*take)(struct jb_reader *r, void *out), struct jb_list *list,
                             struct jb_arena *arena)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, id, JB_ROW(jb_int(case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        void *row = jb_list_push(list, arena);
        if (row == NULL) {
            err = JB_NOMEM;
            break;
        }
        r.column = 1; /* after case_no */
        take(&r, row);
        err = r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err directives_load(struct jb_ledger *l, struct jb_case *c, struct jb_arena *arena)
{
    struct jb_list directives = {.bytes = sizeof(struct jb_directive)};
    struct jb_list targets = {.bytes = sizeof(struct jb_target)};
    enum jb_err err =
        rows_load(l, c->case_no, JB_SQL_DIRECTIVES, take_directive, &directives, arena);

    if (err == JB_OK)
        err = rows_load(l, c->case_no, JB_SQL_TARGETS, take_target, &targets, arena);
    c->directives = directives.at;
    c->directive_count = directives.count;
    c->targets = targets.at;
    c->target_count = targets.count;
    return err;
}

enum jb_err jb_case_parts_load(struct jb_ledger *l, struct jb_case *c, unsigned parts,
                               struct jb_arena *arena)
{
    enum jb_err err = JB_OK;

    if (parts & JB_PART_MARKS) {
        struct jb_list marks = {.bytes = sizeof(struct jb_mark)};
        err = rows_load(l, c->case_no, JB_SQL_MARKS, take_mark, &marks, arena);
        c->marks = marks.at;
        c->mark_count = marks.count;
    }
    if (err == JB_OK && parts & JB_PART_DIRECTIVES)
        err = directives_load(l, c, arena);
    if (err == JB_OK && parts & JB_PART_DOCKETS) {
        struct jb_list dockets = {.bytes = sizeof(struct jb_docket)};
        err = rows_load(l, c->case_no, JB_SQL_DOCKETS, take_docket, &dockets, arena);
        c->dockets = dockets.at;
        c->docket_count = dockets.count;
    }
    return err;
}

/* ---- save ---- */

/* They have no number of their own: all are written anew. */
enum jb_err jb_case_marks_save(struct jb_ledger *l, const struct jb_case *c)
{
    if (!c->marks_dirty)
        return JB_OK;
    enum jb_err err = jb_sql_run(l, JB_SQL_MARKS_DROP, JB_ROW(jb_int(c->case_no)));

    for (size_t i = 0; i < c->mark_count && err == JB_OK; i++) {
        const struct jb_mark *m = &c->marks[i];
        err = jb_sql_run(l, JB_SQL_MARK_ADD,
                         JB_ROW(jb_int(c->case_no), jb_u64(i), jb_int(m->kind), jb_int(m->node),
                                jb_int(m->other_case_no), jb_int(m->value), jb_int(m->at_ms),
                                jb_text(m->text)));
    }
    return err;
}

static enum jb_err directive_write(struct jb_ledger *l, int64_t case_no,
                                   const struct jb_directive *d)
{
    return jb_sql_run(l, JB_SQL_DIRECTIVE_SAVE,
                      JB_ROW(jb_int(case_no), jb_int(d->id), jb_int(d->power), jb_int(d->demand),
                             jb_int(d->recommendation), jb_int(d->issuer), jb_int(d->authority),
                             jb_int(d->level), jb_int(d->flags), jb_int(d->people),
                             jb_int(d->status), jb_int(d->due_ms), jb_int(d->issued_ms),
                             jb_u64(d->seq), jb_text(d->official), jb_text(d->countersigned_by),
                             jb_text(d->issued_by)));
}

static enum jb_err target_write(struct jb_ledger *l, int64_t case_no, const struct jb_target *t)
{
    return jb_sql_run(l, JB_SQL_TARGET_SAVE,
                      JB_ROW(jb_int(case_no), jb_int(t->directive), jb_int(t->node),
                             jb_int(t->state), jb_int(t->deadline_id), jb_int(t->adopted),
                             jb_int(t->signed_ms), jb_int(t->answered_ms), jb_int(t->ended_ms)));
}

static enum jb_err docket_write(struct jb_ledger *l, int64_t case_no, const struct jb_docket *d)
{
    return jb_sql_run(l, JB_SQL_DOCKET_SAVE,
                      JB_ROW(jb_int(case_no), jb_int(d->id), jb_int(d->step), jb_int(d->node),
                             jb_int(d->opener), jb_int(d->deadline_id), jb_int(d->opened_ms),
                             jb_int(d->stepped_ms), jb_int(d->closed_ms), jb_text(d->docket_no)));
}

enum jb_err jb_case_parts_save(struct jb_ledger *l, const struct jb_case *c)
{
    enum jb_err err = jb_case_marks_save(l, c);

    for (size_t i = 0; i < c->directive_count && err == JB_OK; i++)
        if (c->directives[i].dirty)
            err = directive_write(l, c->case_no, &c->directives[i]);
    for (size_t i = 0; i < c->target_count && err == JB_OK; i++)
        if (c->targets[i].dirty)
            err = target_write(l, c->case_no, &c->targets[i]);
    for (size_t i = 0; i < c->docket_count && err == JB_OK; i++)
        if (c->dockets[i].dirty)
            err = docket_write(l, c->case_no, &c->dockets[i]);
    return err;
}
