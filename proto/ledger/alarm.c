/* Alarms of the agent's own clock: from the replica alone, also while cut off.
 *
 * An alarm is raised once for each (case, deadline, step, due instant); steps that fell while
 * nobody was looking are coalesced into the highest one. Changes no case: the broker's clock does.
 */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

enum jb_err jb_alarm_add(struct jb_ledger *l, const struct jb_alarm *alarm)
{
    assert(l->writing);
    enum jb_err err = jb_sql_run(l, JB_SQL_ALARM_ADD,
                                 JB_ROW(jb_int(alarm->at_ms), jb_int(alarm->case_no),
                                        jb_int(alarm->deadline_id), jb_int(alarm->step),
                                        jb_int(alarm->due_ms), jb_text(jb_text_of(alarm->key))));
    if (err == JB_OK && sqlite3_changes(l->db) == 0)
        err = JB_EXISTS;
    return err;
}

static enum jb_err key_copy(struct jb_reader *r, char key[JB_KEY_MAX])
{
    struct jb_bytes bytes = jb_peek_blob(r);

    if (bytes.len >= JB_KEY_MAX)
        return JB_CORRUPT;
    if (bytes.len > 0)
        memcpy(key, bytes.data, bytes.len);
    return JB_OK;
}

/* Rows of (case_no, deadline_id, step, due_ms, key), with at_ms before them when `raised`. */
static enum jb_err alarms_read(struct jb_ledger *l, sqlite3_stmt *s, bool raised,
                               struct jb_alarm *alarms, size_t *count)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_alarm *a = &alarms[*count];
        if (raised)
            a->at_ms = jb_get_i64(&r);
        a->case_no = jb_get_i64(&r);
        a->deadline_id = jb_get_u32(&r);
        a->step = jb_get_u32(&r);
        a->due_ms = jb_get_i64(&r);
        err = key_copy(&r, a->key);
        if (err != JB_OK)
            break;
        ++*count;
    }
    jb_sql_done(s);
    return err;
}

#define ALARMS_MAX 10000 /* of one answer */

enum jb_err jb_alarm_list(struct jb_ledger *l, size_t max, struct jb_arena *arena,
                          struct jb_alarm **alarms, size_t *count)
{
    size_t found = 0;

    if (max > ALARMS_MAX)
        max = ALARMS_MAX;
    struct jb_alarm *list = jb_arena_alloc(arena, max * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    enum jb_err err =
        alarms_read(l, jb_sql_bind(l, JB_SQL_ALARM_LIST, JB_ROW(jb_u64(max))), true, list, &found);
    if (err == JB_OK) {
        *alarms = list;
        *count = found;
    }
    return err;
}

/* None is the end of time; min() over no rows is NULL, read as 0. */
static enum jb_err next_number(struct jb_ledger *l, enum jb_sql id, struct jb_row row,
                               int64_t *next_ms)
{
    int64_t found = 0;
    enum jb_err err = jb_sql_number(l, id, row, &found);

    *next_ms = found == 0 ? INT64_MAX : found;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* First instant after now_ms at which some open deadline has anything to say. */
static enum jb_err next_find(struct jb_ledger *l, const struct jb_alarm_look *k, int64_t *next_ms)
{
    int64_t step = INT64_MAX;

    if (k->case_no != 0)
        return next_number(l, JB_SQL_ALARM_NEXT_OF_CASE,
                           JB_ROW(jb_int(k->now_ms), jb_int(k->node), jb_int(k->case_no)), next_ms);
    enum jb_err err = next_number(l, JB_SQL_ALARM_NEXT_FIRST,
                                  JB_ROW(jb_int(k->now_ms), jb_int(k->node)), next_ms);
    if (err == JB_OK)
        err = next_number(l, JB_SQL_ALARM_NEXT_STEP, JB_ROW(jb_int(k->now_ms), jb_int(k->node)),
                          &step);
    if (step < *next_ms)
        *next_ms = step;
    return err;
}

static sqlite3_stmt *due_bind(struct jb_ledger *l, const struct jb_alarm_look *k, size_t max)
{
    if (k->case_no == 0)
        return jb_sql_bind(l, JB_SQL_ALARM_DUE,
                           JB_ROW(jb_int(k->now_ms), jb_int(k->node), jb_u64(max)));
    return jb_sql_bind(l, JB_SQL_ALARM_DUE_OF_CASE,
                       JB_ROW(jb_int(k->now_ms), jb_int(k->node), jb_u64(max), jb_int(k->case_no)));
}

enum jb_err jb_alarm_due(struct jb_ledger *l, const struct jb_alarm_look *look,
                         struct jb_arena *arena, struct jb_alarm **alarms, size_t *count,
                         int64_t *next_ms)
{
    size_t max = look->max < ALARMS_MAX ? look->max : ALARMS_MAX;
    size_t found = 0;

    struct jb_alarm *list = jb_arena_alloc(arena, max * sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    enum jb_err err = alarms_read(l, due_bind(l, look, max), false, list, &found);
    for (size_t i = 0; i < found; i++)
        list[i].at_ms = look->now_ms;
    if (err == JB_OK)
        err = next_find(l, look, next_ms);
    if (err == JB_OK) {
        *alarms = list;
        *count = found;
    }
    return err;
}
