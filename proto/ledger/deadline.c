/* Deadlines in the tables of a replica; finding by index what is due in those of a broker.
 *
 * Never computes an instant: due and warn steps come from the rules. */
#include <assert.h>

#include "proto/ledger/casebroker.h"
#include "proto/ledger/casepack.h"

_Static_assert(JB_WARN_MAX == 4, "a deadline has four columns for warn steps");

int64_t jb_deadline_first_ms(const struct jb_deadline *d)
{
    return d->warn_at_ms[0] != 0 && d->warn_at_ms[0] < d->due_ms ? d->warn_at_ms[0] : d->due_ms;
}

static void key_read(struct jb_reader *r, char key[JB_KEY_MAX])
{
    struct jb_bytes bytes = jb_peek_blob(r);

    if (bytes.len < JB_KEY_MAX)
        memcpy(key, bytes.len > 0 ? bytes.data : (const uint8_t *)"", bytes.len);
    else
        r->err = JB_CORRUPT;
}

struct jb_deadline jb_deadline_get(struct jb_reader *r, int64_t *case_no)
{
    struct jb_deadline d = {0};

    *case_no = jb_get_i64(r);
    d.id = jb_get_u32(r);
    d.node = jb_get_u32(r);
    d.due_ms = jb_get_i64(r);
    r->column += 2; /* next_ms and first_ms are there for the indexes */
    d.end = (enum jb_deadline_end)jb_get_int(r);
    d.missed_ms = jb_get_i64(r);
    d.ended_ms = jb_get_i64(r);
    d.trigger_ms = jb_get_i64(r);
    d.limit = jb_get_u32(r);
    d.unit = (enum jb_unit)jb_get_int(r);
    d.first_due_ms = jb_get_i64(r);
    for (size_t i = 0; i < JB_WARN_MAX; i++)
        d.warn_at_ms[i] = jb_get_i64(r);
    d.warned = jb_get_u32(r);
    d.extensions = jb_get_u32(r);
    d.provisional = jb_get_i64(r) != 0;
    d.designated_bound = jb_get_i64(r) != 0;
    d.acked_node = jb_get_u32(r);
    d.acked_ms = jb_get_i64(r);
    d.set_seq = jb_get_u64(r);
    d.directive = jb_get_u32(r);
    d.docket = jb_get_u32(r);
    d.paused_from_ms = jb_get_i64(r);
    d.paused_ms = jb_get_i64(r);
    d.paused_to_ms = jb_get_i64(r);
    d.extended_days = jb_get_u32(r);
    key_read(r, d.key);
    d.acked_by = jb_get_text(r);
    d.policy_version = jb_get_text(r);
    d.calendar_version = jb_get_text(r);
    d.article = jb_get_text(r);
    return d;
}

enum jb_err jb_deadlines_load(struct jb_ledger *l, struct jb_case *c, struct jb_arena *arena)
{
    enum jb_err err;
    struct jb_list list = {.bytes = sizeof(struct jb_deadline)};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_DEADLINES, JB_ROW(jb_int(c->case_no)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        int64_t case_no;
        struct jb_deadline *d = jb_list_push(&list, arena);
        if (d == NULL) {
            err = JB_NOMEM;
            break;
        }
        *d = jb_deadline_get(&r, &case_no);
        err = r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    c->deadlines = list.at;
    c->deadline_count = list.count;
    return err;
}

static enum jb_err deadline_write(struct jb_ledger *l, int64_t case_no, const struct jb_deadline *d)
{
    const int64_t *warn = d->warn_at_ms;

    return jb_sql_run(
        l, JB_SQL_DEADLINE_SAVE,
        JB_ROW(jb_int(case_no), jb_int(d->id), jb_int(d->node), jb_int(d->due_ms),
               jb_int(jb_deadline_next_ms(d)), jb_int(jb_deadline_first_ms(d)), jb_int(d->end),
               jb_int(d->missed_ms), jb_int(d->ended_ms), jb_int(d->trigger_ms), jb_int(d->limit),
               jb_int(d->unit), jb_int(d->first_due_ms), jb_int(warn[0]), jb_int(warn[1]),
               jb_int(warn[2]), jb_int(warn[3]), jb_int(d->warned), jb_int(d->extensions),
               jb_int(d->provisional), jb_int(d->designated_bound), jb_int(d->acked_node),
               jb_int(d->acked_ms), jb_u64(d->set_seq), jb_int(d->directive), jb_int(d->docket),
               jb_int(d->paused_from_ms), jb_int(d->paused_ms), jb_int(d->paused_to_ms),
               jb_int(d->extended_days), jb_text(jb_text_of(d->key)), jb_text(d->acked_by),
               jb_text(d->policy_version), jb_text(d->calendar_version), jb_text(d->article)));
}

enum jb_err jb_deadlines_save(struct jb_ledger *l, const struct jb_case *c)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (!c->deadlines[i].dirty)
            continue;
        enum jb_err err = deadline_write(l, c->case_no, &c->deadlines[i]);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

enum jb_err jb_ledger_due(struct jb_ledger *l, int64_t now_ms, struct jb_due *due, size_t max,
                          size_t *count, int64_t *next_ms)
{
    enum jb_err err;
    size_t found = 0;
    int64_t next = INT64_MAX;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_DUE, JB_ROW(jb_int(now_ms), jb_u64(max)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        due[found].case_no = jb_get_i64(&r);
        due[found++].fell_ms = jb_get_i64(&r);
    }
    jb_sql_done(s);
    if (err == JB_OK)
        err = jb_sql_number(l, JB_SQL_DUE_NEXT, JB_ROW(jb_int(now_ms)), &next);
    if (err == JB_NOT_FOUND)
        err = JB_OK;
    if (err == JB_OK) {
        *count = found;
        *next_ms = next;
    }
    return err;
}

/* ---- what a sweep looks at ---- */

/* Those of one case behind `after`. */
static enum jb_err provisional_of(struct jb_bytes packed, int64_t case_no, uint32_t after,
                                  struct jb_deadline_id *out, size_t max, size_t *found)
{
    struct jb_case_reading r = jb_case_reading_of(packed);
    struct jb_deadline d;

    while (*found < max && jb_case_next_deadline(&r, &d))
        if (d.provisional && d.end == JB_END_OPEN && d.id > after)
            out[(*found)++] = (struct jb_deadline_id){.case_no = case_no, .id = d.id};
    return r.from.wrong ? JB_CORRUPT : JB_OK;
}

enum jb_err jb_ledger_provisional(struct jb_ledger *l, struct jb_deadline_id after,
                                  struct jb_deadline_id *out, size_t max, size_t *count)
{
    enum jb_err err = JB_OK;
    size_t found = 0;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_PROVISIONAL, JB_ROW(jb_int(after.case_no), jb_u64(max + 1)));

    while (found < max && jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        int64_t case_no = jb_get_i64(&r);
        err = provisional_of(jb_peek_blob(&r), case_no, case_no == after.case_no ? after.id : 0,
                             out, max, &found);
        if (err != JB_OK) {
            jb_db_note(l, JB_PACKED_WRONG);
            break;
        }
    }
    jb_sql_done(s);
    if (err == JB_OK)
        *count = found;
    return err;
}

enum jb_err jb_ledger_node_cases(struct jb_ledger *l, uint32_t node, int64_t after, int64_t *out,
                                 size_t max, size_t *count)
{
    enum jb_err err;
    size_t found = 0;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_NODE_CASES, JB_ROW(jb_int(node), jb_int(after), jb_u64(max)));

    while (jb_sql_next(l, s, &err))
        out[found++] = sqlite3_column_int64(s, 0);
    jb_sql_done(s);
    if (err == JB_OK)
        *count = found;
    return err;
}

enum jb_err jb_ledger_node_duties(struct jb_ledger *l, uint32_t node, uint64_t *count)
{
    int64_t found = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_NODE_DUTIES, JB_ROW(jb_int(node)), &found);

    if (err == JB_OK)
        *count = (uint64_t)found;
    return err;
}

enum jb_err jb_ledger_stored_at(struct jb_ledger *l, int64_t case_no, uint64_t log_seq,
                                uint32_t node, int64_t *at_ms)
{
    return jb_sql_number(l, JB_SQL_STORED_AT_NODE,
                         JB_ROW(jb_int(case_no), jb_u64(log_seq), jb_int(node)), at_ms);
}
