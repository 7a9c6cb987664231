/* Alarms of the agent's own clock: from the replica alone, also while cut off.
 *
 * An alarm is raised once for each (case, deadline, step, due instant); steps that fell while
 * nobody was looking are coalesced into the highest one. Changes no case: the broker's clock does.
 */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

/* The fact beside the table: the last number of those that went with their cases. */
#define LAST_GONE "alarm_last"

enum jb_err jb_alarm_last(struct jb_ledger *l, uint64_t *id)
{
    int64_t kept = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_ALARM_LAST, JB_NO_ROW, &kept);
    if (err == JB_OK)
        err = jb_number_read(l, LAST_GONE, id);
    if (err == JB_OK && (uint64_t)kept > *id)
        *id = (uint64_t)kept;
    return err;
}

enum jb_err jb_alarm_add(struct jb_ledger *l, struct jb_alarm *alarm)
{
    assert(l->writing);
    uint64_t last = 0;
    enum jb_err err = jb_alarm_last(l, &last);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_ALARM_ADD,
                         JB_ROW(jb_u64(last + 1), jb_int(alarm->at_ms), jb_int(alarm->case_no),
                                jb_int(alarm->deadline_id), jb_int(alarm->step),
                                jb_int(alarm->due_ms), jb_text(jb_text_of(alarm->key))));
    if (err == JB_OK && sqlite3_changes(l->db) == 0)
        err = JB_EXISTS;
    if (err == JB_OK)
        alarm->id = last + 1;
    return err;
}

enum jb_err jb_alarm_purge(struct jb_ledger *l, int64_t case_no)
{
    assert(l->writing);
    int64_t of_case = 0;
    uint64_t last = 0;
    enum jb_err err = jb_sql_number(l, JB_SQL_ALARM_OF, JB_ROW(jb_int(case_no)), &of_case);
    if (err == JB_OK && of_case > 0) {
        err = jb_alarm_last(l, &last);
        if (err == JB_OK && (uint64_t)of_case == last)
            err = jb_number_write(l, LAST_GONE, last);
    }
    return err == JB_OK ? jb_sql_run(l, JB_SQL_ALARM_PURGE, JB_ROW(jb_int(case_no))) : err;
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

/* The next five columns: case_no, deadline_id, step, due_ms, key. */
static enum jb_err alarm_get(struct jb_reader *r, struct jb_alarm *a)
{
    a->case_no = jb_get_i64(r);
    a->deadline_id = jb_get_u32(r);
    a->step = jb_get_u32(r);
    a->due_ms = jb_get_i64(r);
    return key_copy(r, a->key);
}

#define ALARMS_MAX 10000 /* of one answer */

/* The rows of a statement that gives an alarm's columns. */
static enum jb_err rows_get(struct jb_ledger *l, enum jb_sql id, struct jb_row row, size_t max,
                            struct jb_arena *arena, struct jb_alarm **alarms, size_t *count)
{
    enum jb_err err;
    size_t found = 0;
    struct jb_alarm *list = jb_arena_alloc(arena, (max + 1) * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    sqlite3_stmt *s = jb_sql_bind(l, id, row);
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        list[found].id = jb_get_u64(&r);
        list[found].at_ms = jb_get_i64(&r);
        err = alarm_get(&r, &list[found++]);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    if (err == JB_OK) {
        *alarms = list;
        *count = found;
    }
    return err;
}

enum jb_err jb_alarm_list(struct jb_ledger *l, size_t max, struct jb_arena *arena,
                          struct jb_alarm **alarms, size_t *count)
{
    if (max > ALARMS_MAX)
        max = ALARMS_MAX;
    return rows_get(l, JB_SQL_ALARM_LIST, JB_ROW(jb_u64(max)), max, arena, alarms, count);
}

enum jb_err jb_alarm_after(struct jb_ledger *l, uint64_t after, size_t max, struct jb_arena *arena,
                           struct jb_alarm **alarms, size_t *count)
{
    if (max > ALARMS_MAX)
        max = ALARMS_MAX;
    return rows_get(l, JB_SQL_ALARM_AFTER, JB_ROW(jb_u64(after), jb_u64(max)), max, arena, alarms,
                    count);
}

/* ---- what is new ---- */

_Static_assert(JB_ALARM_ORDERS == 5 && JB_SQL_ALARM_DUE_4 == JB_SQL_ALARM_DUE + 4 &&
                   JB_SQL_ALARM_NEXT_4 == JB_SQL_ALARM_NEXT + 4,
               "a statement for each order");

struct sweep {
    struct jb_ledger *l;
    const struct jb_alarm_look *look;
    size_t left;            /* so many may still be looked at */
    struct jb_alarm *found; /* room for them */
    size_t count;
};

/* One order, behind `place`, which goes along. */
static enum jb_err order_sweep(struct sweep *w, int order, struct jb_alarm_place *place)
{
    enum jb_err err;
    size_t rows = 0;
    sqlite3_stmt *s =
        jb_sql_bind(w->l, (enum jb_sql)(JB_SQL_ALARM_DUE + order),
                    JB_ROW(jb_int(w->look->now_ms), jb_int(w->look->node), jb_int(place->at_ms),
                           jb_int(place->case_no), jb_int(place->id), jb_u64(w->left)));

    for (; jb_sql_next(w->l, s, &err); rows++) {
        struct jb_alarm *a = &w->found[w->count];
        struct jb_reader r = jb_reader_of(s, NULL);
        err = alarm_get(&r, a);
        if (err != JB_OK)
            break;
        *place = (struct jb_alarm_place){jb_get_i64(&r), a->case_no, a->deadline_id};
        a->at_ms = w->look->now_ms;
        w->count += jb_get_i64(&r) != 0;
    }
    jb_sql_done(s);
    if (err == JB_OK && rows < w->left)
        *place = (struct jb_alarm_place){w->look->now_ms, INT64_MAX, UINT32_MAX};
    w->left -= rows;
    return err;
}

void jb_alarm_seen_limit(struct jb_alarm_seen *seen, int64_t now_ms)
{
    for (size_t i = 0; i < JB_ALARM_ORDERS; i++)
        if (seen->at[i].at_ms > now_ms)
            seen->at[i] = (struct jb_alarm_place){now_ms, INT64_MAX, UINT32_MAX};
}

enum jb_err jb_alarm_due(struct jb_ledger *l, const struct jb_alarm_look *look,
                         struct jb_alarm_seen *seen, struct jb_arena *arena,
                         struct jb_alarm **alarms, size_t *count, bool *more)
{
    struct sweep w = {.l = l, .look = look, .left = look->max};
    struct jb_alarm_seen place = *seen;
    int orders = look->due_only ? 1 : JB_ALARM_ORDERS;
    enum jb_err err = JB_OK;

    w.found = jb_arena_alloc(arena, (look->max + 1) * sizeof *w.found);
    if (w.found == NULL)
        return JB_NOMEM;
    jb_alarm_seen_limit(&place, look->now_ms);
    for (int i = 0; i < orders && w.left > 0 && err == JB_OK; i++)
        err = order_sweep(&w, i, &place.at[i]);
    if (err != JB_OK)
        return err;
    *seen = place;
    *alarms = w.found;
    *count = w.count;
    *more = w.left == 0;
    return JB_OK;
}

enum jb_err jb_alarm_of_case(struct jb_ledger *l, const struct jb_alarm_look *look, int64_t case_no,
                             struct jb_arena *arena, struct jb_alarm **alarms, size_t *count)
{
    enum jb_err err;
    size_t found = 0;
    struct jb_list list = {.bytes = sizeof(struct jb_alarm)};
    sqlite3_stmt *s = jb_sql_bind(
        l, JB_SQL_ALARM_OF_CASE, JB_ROW(jb_int(look->now_ms), jb_int(look->node), jb_int(case_no)));

    for (; jb_sql_next(l, s, &err); found++) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_alarm *a = jb_list_push(&list, arena);
        if (a == NULL) {
            err = JB_NOMEM;
            break;
        }
        *a = (struct jb_alarm){.at_ms = look->now_ms};
        err = alarm_get(&r, a);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    if (err == JB_OK) {
        *alarms = list.at;
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

    if (err == JB_NOT_FOUND || (err == JB_OK && found == 0))
        return JB_OK;
    if (err == JB_OK && found < *next_ms)
        *next_ms = found;
    return err;
}

enum jb_err jb_alarm_next(struct jb_ledger *l, const struct jb_alarm_look *look, int64_t case_no,
                          int64_t *next_ms)
{
    int orders = look->due_only ? 1 : JB_ALARM_ORDERS;
    int64_t next = INT64_MAX;
    enum jb_err err = JB_OK;

    if (case_no != 0)
        err = next_number(l, JB_SQL_ALARM_NEXT_OF_CASE,
                          JB_ROW(jb_int(look->now_ms), jb_int(case_no), jb_int(look->due_only)),
                          &next);
    for (int i = 0; i < orders && case_no == 0 && err == JB_OK; i++)
        err = next_number(l, (enum jb_sql)(JB_SQL_ALARM_NEXT + i), JB_ROW(jb_int(look->now_ms)),
                          &next);
    *next_ms = next;
    return err;
}
