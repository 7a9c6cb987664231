/* Cases in the tables: load, save, drop. A broker's rows: see casebroker.c.
 *
 * Decides nothing about a case: what is written is what the rules' jb_case_apply made of it. */
#include <assert.h>

#include "proto/ledger/behind.h"
#include "proto/ledger/casebroker.h"
#include "proto/ledger/gram.h"
#include "proto/ledger/replica.h"

/* ---- load ---- */

static void rating_read(struct jb_reader *r, struct jb_rating *rating)
{
    rating->state = (enum jb_rating_state)jb_get_int(r);
    rating->satisfaction = jb_get_u32(r);
    rating->at_ms = jb_get_i64(r);
}

static void texts_read(struct jb_reader *r, struct jb_case *c)
{
    c->title = jb_get_text(r);
    c->class_code = jb_get_text(r);
    c->place_code = jb_get_text(r);
    c->lead_official = jb_get_text(r);
    c->query_hash = jb_get_text(r);
}

static void row_read(struct jb_reader *r, struct jb_case *c, unsigned *parts)
{
    c->case_no = jb_get_i64(r);
    c->stage = (enum jb_stage)jb_get_int(r);
    c->matter = jb_get_int(r);
    c->channel = jb_get_int(r);
    c->flags = jb_get_u32(r);
    c->people = jb_get_u32(r);
    c->registrar = jb_get_u32(r);
    c->host = jb_get_u32(r);
    c->custody = jb_get_u32(r);
    c->sender = jb_get_u32(r);
    c->authority = jb_get_int(r);
    c->hops = jb_get_u32(r);
    c->registered_ms = jb_get_i64(r);
    c->updated_ms = jb_get_i64(r);
    c->sent_seq = jb_get_u64(r);
    c->last_seq = jb_get_u64(r);
    c->opinion = jb_get_int(r);
    c->exit = jb_get_int(r);
    c->objection_open = jb_get_i64(r) != 0;
    c->objector = jb_get_u32(r);
    c->last_ruling = jb_get_int(r);
    for (size_t fact = 1; fact < JB_FACT_COUNT; fact++)
        c->facts_ms[fact] = jb_get_i64(r);
    c->simple = jb_get_i64(r) != 0;
    c->reviewer = jb_get_u32(r);
    c->rechecker = jb_get_u32(r);
    c->review_opinion = jb_get_int(r);
    c->recheck_opinion = jb_get_int(r);
    for (size_t i = 0; i < JB_RATED_PARTIES; i++)
        rating_read(r, &c->ratings[i]);
    c->dispute_level = jb_get_int(r);
    c->arbiter = jb_get_u32(r);
    *parts = jb_get_u32(r);
    texts_read(r, c);
}

static enum jb_err participants_load(struct jb_ledger *l, struct jb_case *c, struct jb_arena *arena)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof(struct jb_participant)};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_PARTICIPANTS, JB_ROW(jb_int(c->case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_participant *p = jb_list_push(&list, arena);
        if (p == NULL) {
            err = JB_NOMEM;
            break;
        }
        *p = (struct jb_participant){.node = jb_get_u32(&r)};
        p->role = (enum jb_role)jb_get_int(&r);
        p->signed_ms = jb_get_i64(&r);
        p->answered_ms = jb_get_i64(&r);
    }
    jb_sql_done(s);
    c->participants = list.at;
    c->participant_count = list.count;
    return err;
}

/* The rows of a replica. */
static enum jb_err rows_load(struct jb_ledger *l, struct jb_case *c, struct jb_arena *arena)
{
    enum jb_err err;
    unsigned parts = 0;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_CASE_LOAD, JB_ROW(jb_int(c->case_no)));
    bool found = jb_sql_next(l, s, &err);

    if (found) {
        struct jb_reader r = jb_reader_of(s, arena);
        row_read(&r, c, &parts);
        err = r.err;
    }
    jb_sql_done(s);
    if (err == JB_OK && found)
        err = participants_load(l, c, arena);
    if (err == JB_OK && found)
        err = jb_deadlines_load(l, c, arena);
    if (err == JB_OK && parts != 0)
        err = jb_case_parts_load(l, c, parts, arena);
    return err;
}

enum jb_err jb_ledger_case_load(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                                struct jb_case *c)
{
    struct jb_case loaded = {.case_no = case_no};
    const struct jb_case *newer = jb_behind_case(l, case_no);

    if (newer == NULL)
        newer = jb_held_case(l, case_no);
    if (newer != NULL)
        return jb_case_copy(newer, arena, c);
    enum jb_err err = l->role == JB_LEDGER_BROKER ? jb_packed_case_load(l, &loaded, arena)
                                                  : rows_load(l, &loaded, arena);
    if (err == JB_OK)
        *c = loaded;
    return err;
}

/* ---- save ---- */

static enum jb_err row_write(struct jb_ledger *l, const struct jb_case *c)
{
    const int64_t *f = c->facts_ms;
    const struct jb_rating *office = &c->ratings[JB_RATED_OFFICE - 1];
    const struct jb_rating *handler = &c->ratings[JB_RATED_HANDLER - 1];

    enum jb_err err = jb_sql_run(
        l, JB_SQL_CASE_SAVE,
        JB_ROW(jb_int(c->case_no), jb_int(c->stage), jb_int(c->matter), jb_int(c->channel),
               jb_int(c->flags), jb_int(c->people), jb_int(c->registrar), jb_int(c->host),
               jb_int(c->custody), jb_int(c->sender), jb_int(c->authority), jb_int(c->hops),
               jb_int(c->registered_ms), jb_int(c->updated_ms), jb_u64(c->sent_seq),
               jb_u64(c->last_seq), jb_int(c->opinion), jb_int(c->exit), jb_int(c->objection_open),
               jb_int(c->objector), jb_int(c->last_ruling), jb_int(f[JB_FACT_SIGNED]),
               jb_int(f[JB_FACT_ACCEPTED]), jb_int(f[JB_FACT_DECLINED]), jb_int(f[JB_FACT_TOLD]),
               jb_int(f[JB_FACT_ANSWERED]), jb_int(f[JB_FACT_ANSWER_TOLD]),
               jb_int(f[JB_FACT_EXECUTED]), jb_int(f[JB_FACT_CLOSED]), jb_int(f[JB_FACT_REFERRED]),
               jb_int(f[JB_FACT_SENT]), jb_int(f[JB_FACT_REVIEW_ASKED]),
               jb_int(f[JB_FACT_REVIEWED]), jb_int(f[JB_FACT_REVIEW_TOLD]),
               jb_int(f[JB_FACT_RECHECK_ASKED]), jb_int(f[JB_FACT_RECHECKED]),
               jb_int(f[JB_FACT_RECHECK_TOLD]), jb_int(f[JB_FACT_TERMINATED]), jb_int(c->simple),
               jb_int(c->reviewer), jb_int(c->rechecker), jb_int(c->review_opinion),
               jb_int(c->recheck_opinion), jb_int(office->state), jb_int(office->satisfaction),
               jb_int(office->at_ms), jb_int(handler->state), jb_int(handler->satisfaction),
               jb_int(handler->at_ms), jb_int(c->dispute_level), jb_int(c->arbiter),
               jb_int(jb_case_parts(c)), jb_text(c->title), jb_text(c->class_code),
               jb_text(c->place_code), jb_text(c->lead_official), jb_text(c->query_hash)));
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_CASE_KEPT_SAVE,
                         JB_ROW(jb_int(c->case_no), jb_int(c->registrar), jb_int(c->registered_ms),
                                jb_text(c->title), jb_text(c->class_code), jb_text(c->query_hash),
                                jb_text(c->place_code)));
    return err;
}

/* A case has a handful of them: all are written anew. */
static enum jb_err participants_write(struct jb_ledger *l, const struct jb_case *c)
{
    enum jb_err err = jb_sql_run(l, JB_SQL_PARTICIPANTS_DROP, JB_ROW(jb_int(c->case_no)));

    for (size_t i = 0; i < c->participant_count && err == JB_OK; i++) {
        const struct jb_participant *p = &c->participants[i];
        err = jb_sql_run(l, JB_SQL_PARTICIPANT_ADD,
                         JB_ROW(jb_int(c->case_no), jb_int(p->node), jb_int(p->role),
                                jb_int(p->signed_ms), jb_int(p->answered_ms)));
    }
    return err;
}

static enum jb_err rows_write(struct jb_ledger *l, const struct jb_case *c)
{
    enum jb_err err = row_write(l, c);

    if (err == JB_OK && c->participants_dirty)
        err = participants_write(l, c);
    if (err == JB_OK)
        err = jb_deadlines_save(l, c);
    if (err == JB_OK)
        err = jb_case_parts_save(l, c);
    return err == JB_OK ? jb_lights_put(l, c) : err;
}

enum jb_err jb_case_write(struct jb_ledger *l, const struct jb_case *c)
{
    return l->role == JB_LEDGER_BROKER ? jb_packed_case_write(l, c) : rows_write(l, c);
}

void jb_case_clean(struct jb_case *c)
{
    c->participants_dirty = false;
    c->marks_dirty = false;
    for (size_t i = 0; i < c->deadline_count; i++)
        c->deadlines[i].dirty = false;
    for (size_t i = 0; i < c->directive_count; i++)
        c->directives[i].dirty = false;
    for (size_t i = 0; i < c->target_count; i++)
        c->targets[i].dirty = false;
    for (size_t i = 0; i < c->docket_count; i++)
        c->dockets[i].dirty = false;
}

enum jb_err jb_ledger_case_save(struct jb_ledger *l, struct jb_case *c)
{
    assert(l->writing && c->stage != JB_STAGE_NONE);
    if (l->behind.fresh != NULL) /* dirty until the tables have it */
        return jb_behind_case_put(l, c);
    if (l->held.on)
        return jb_held_put(l, c);
    enum jb_err err = jb_case_write(l, c);
    if (err == JB_OK)
        jb_case_clean(c);
    return err;
}

/* ---- drop ---- */

enum jb_err jb_case_rows_drop(struct jb_ledger *l, int64_t case_no)
{
    static const enum jb_sql drops[] = {
        JB_SQL_CASE_DROP,    JB_SQL_PARTICIPANTS_DROP, JB_SQL_DEADLINES_DROP,
        JB_SQL_STORED_DROP,  JB_SQL_MARKS_DROP,        JB_SQL_DIRECTIVES_DROP,
        JB_SQL_TARGETS_DROP, JB_SQL_DOCKETS_DROP,      JB_SQL_ATTACHMENTS_DROP};
    enum jb_err err = jb_counts_drop(l, case_no);

    assert(l->role == JB_LEDGER_REPLICA);
    if (err == JB_OK)
        err = jb_gram_drop_case(l, case_no);
    if (err == JB_OK)
        err = jb_lights_drop(l, case_no);
    jb_held_remove(l, case_no);
    for (size_t i = 0; i < sizeof drops / sizeof drops[0] && err == JB_OK; i++)
        err = jb_sql_run(l, drops[i], JB_ROW(jb_int(case_no)));
    return err;
}

enum jb_err jb_left_apply(struct jb_ledger *l, const struct jb_left *left)
{
    enum jb_err err = jb_case_rows_drop(l, left->case_no);

    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_LEFT_ADD,
                         JB_ROW(jb_int(left->case_no), jb_int(left->at_ms), jb_u64(left->number),
                                jb_text(left->reason)));
    return err;
}

enum jb_err jb_ledger_case_purge(struct jb_ledger *l, int64_t case_no)
{
    assert(l->writing && l->role == JB_LEDGER_REPLICA);
    enum jb_err err = jb_case_rows_drop(l, case_no);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_ITEM_PURGE, JB_ROW(jb_int(case_no)));
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_OUTBOX_PURGE,
                         JB_ROW(jb_int(case_no), jb_u64(l->heads.settled.number)));
    if (err == JB_OK)
        err = jb_alarm_purge(l, case_no);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_CASE_KEY_DROP, JB_ROW(jb_int(case_no)));
    return err;
}
