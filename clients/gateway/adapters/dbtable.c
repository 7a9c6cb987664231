/* The exchange table, both ways:
 *
 *     their INSERT or UPDATE, taken = 0  ->  act, once  ->  taken = 1, case number
 *     news of the case  ->  result columns, version, told = 0  ->  their UPDATE told = 1
 *
 * Exactly once: the way in by the store (take.c), so that an unmarked row that was taken is only
 * marked; the way out by the version, which only rises: a result whose commit was not heard of is
 * written again only if it is not there. */
#include "clients/gateway/adapters/dbtable.h"

#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/adapter.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/log.h"

#define SQL_BYTES 16384

/* ---- statements ---- */

static bool is_sqlite(char sign)
{
    return sign == '?';
}

char *jb_ex_sql_untaken(const struct jb_ex_config *c, char sign, const struct jb_ex_page *page,
                        struct jb_arena *arena)
{
    char sql[SQL_BYTES];
    const char *place = !page->places     ? ""
                        : is_sqlite(sign) ? ", rowid AS " JB_EX_PLACE
                                          : ", ctid AS " JB_EX_PLACE;
    (void)snprintf(sql, sizeof sql,
                   "SELECT *%s FROM %s WHERE (%s IS NULL OR %s = '' OR %s = '0') "
                   "AND %s IS NOT NULL ORDER BY %s LIMIT %d OFFSET %zu",
                   place, c->table, c->taken_column, c->taken_column, c->taken_column,
                   c->number_column, c->number_column, (int)c->batch, page->skip);
    return jb_arena_strndup(arena, sql, strlen(sql));
}

char *jb_ex_sql_mark(const struct jb_ex_config *c, char sign, bool by_place, struct jb_arena *arena)
{
    char sql[SQL_BYTES];
    const char *key = !by_place         ? c->number_column
                      : is_sqlite(sign) ? "rowid"
                                        : "ctid"; /* in both, a text is taken for what it says */
    (void)snprintf(sql, sizeof sql,
                   "UPDATE %s SET %s = %c1, %s = %c2, %s = %c3 WHERE %s = %c4 "
                   "AND (%s IS NULL OR %s = '' OR %s = '0')",
                   c->table, c->taken_column, sign, c->case_column, sign, c->error_column, sign,
                   key, sign, c->taken_column, c->taken_column, c->taken_column);
    return jb_arena_strndup(arena, sql, strlen(sql));
}

/* Parameters: 1 the number, 2 the version, then the facts. The version is a text of digits: a
 * longer one is greater. */
char *jb_ex_sql_tell(const struct jb_ex_config *c, char sign, const struct jb_ex_facts *facts,
                     struct jb_arena *arena)
{
    char sql[SQL_BYTES];
    int used = snprintf(sql, sizeof sql, "UPDATE %s SET %s = '0', %s = %c2", c->table,
                        c->told_column, c->version_column, sign);
    for (size_t i = 0; i < facts->count && used > 0 && (size_t)used < sizeof sql; i++)
        used += snprintf(sql + used, sizeof sql - (size_t)used, ", %s = %c%zu", facts->names[i],
                         sign, i + 3);
    if (used < 0 || (size_t)used >= sizeof sql)
        return NULL;
    used += snprintf(sql + used, sizeof sql - (size_t)used,
                     " WHERE %s = %c1 AND (%s IS NULL OR length(%s) < length(%c2) OR "
                     "(length(%s) = length(%c2) AND %s < %c2))",
                     c->number_column, sign, c->version_column, c->version_column, sign,
                     c->version_column, sign, c->version_column, sign);
    return (size_t)used < sizeof sql ? jb_arena_strndup(arena, sql, strlen(sql)) : NULL;
}

char *jb_ex_column_name(struct jb_arena *arena, const char *name)
{
    char *copy = jb_arena_strndup(arena, name, strlen(name));
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return copy;
}

/* ---- in ---- */

/* Of any spelling. NULL: there is no such column. */
static const char *value_of(const struct jb_ex_record *r, const char *column)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcasecmp(r->names[i], column) == 0)
            return r->values[i];
    return NULL;
}

struct exchanging {
    struct jb_ex_desk *desk;
    const struct jb_ex_driver *driver;
    struct jb_ex_database database;
    struct jb_ex_counts *counts;
    size_t stuck; /* rows of this look that can be neither read nor marked */
};

/* Its number cannot be read, so nothing is known of it; it is told so where it lies, and not looked
 * at again until somebody resets it. */
static enum jb_err row_refuse(struct exchanging *x, const struct jb_ex_record *record,
                              const char *number, struct jb_fault *fault)
{
    char error[JB_EX_DETAIL_BYTES];
    const char *place = value_of(record, JB_EX_PLACE);
    const char *why = number != NULL && jb_ex_flaw_of(number) != JB_EX_FLAW_NONE
                          ? jb_ex_flaw_text(jb_ex_flaw_of(number))
                          : _("no number");
    if (place == NULL || place[0] == '\0') {
        x->stuck++;
        return JB_OK;
    }
    (void)snprintf(error, sizeof error, "%s: %s", x->desk->config->number_column, why);
    const struct jb_ex_verdict v = {"", place, false, "", error};
    jb_log(JB_LOG_WARNING, "exchange", "row.refused", "place=\"%s\" why=\"%s\"", place, why);
    enum jb_err err = x->driver->mark(&x->database, &v, fault);
    jb_ex_count(x->counts, JB_EX_ROW_BAD);
    jb_ex_point(x->desk);
    return err;
}

static enum jb_err row_take(struct exchanging *x, const struct jb_ex_table *t,
                            const struct jb_ex_row *row, struct jb_fault *fault)
{
    const struct jb_ex_record record = {t->headers, row->cells, row->count};
    const struct jb_ex_origin origin = {0, 0};
    const char *number = value_of(&record, x->desk->config->number_column);
    char error[JB_EX_DETAIL_BYTES + JB_EX_HEADER_BYTES + 8] = "";
    struct jb_ex_result result;
    if (number == NULL || number[0] == '\0')
        return row_refuse(x, &record, number, fault);
    enum jb_err err = jb_ex_take(x->desk, &record, NULL, &origin, &result, fault);
    if (err != JB_OK)
        return err;
    if (result.taken.detail[0] != '\0')
        (void)snprintf(error, sizeof error, "%s%s%s", result.column,
                       result.column[0] != '\0' ? ": " : "", result.taken.detail);
    bool taken = result.outcome != JB_EX_ROW_REFUSED && result.outcome != JB_EX_ROW_BAD;
    const struct jb_ex_verdict v = {number, NULL, taken, result.taken.case_number, error};
    err = x->driver->mark(&x->database, &v, fault);
    jb_ex_count(x->counts, result.outcome);
    jb_ex_point(x->desk);
    return err;
}

/* One batch; *count: its rows. */
static enum jb_err batch_take(struct exchanging *x, struct jb_ex_page *page, size_t *count,
                              struct jb_fault *fault)
{
    const struct jb_ex_config *c = x->desk->config;
    struct jb_ex_table t;
    jb_ex_table_init(&t, (size_t)c->cell_bytes, (size_t)c->unpacked_bytes);
    enum jb_err err = x->driver->untaken(&x->database, page, &t, fault);
    if (err == JB_CONFIG && page->places) { /* a view, or a table that keeps no places */
        page->places = false;
        *fault = (struct jb_fault){""};
        err = x->driver->untaken(&x->database, page, &t, fault);
    }
    if (err == JB_OK && t.row_count > 0)
        err = jb_ex_map_fits(&x->desk->map, &t, fault);
    for (size_t i = 0; err == JB_OK && i < t.row_count && !*x->desk->stop; i++)
        err = row_take(x, &t, &t.rows[i], fault);
    *count = t.row_count;
    jb_ex_table_fini(&t);
    return err;
}

/* Rows that can be neither read nor marked stay in front: behind a batch that has some, the next
 * one is looked at too, so that no number of them keeps others out. */
static enum jb_err rows_take(struct exchanging *x, struct jb_fault *fault)
{
    struct jb_ex_page page = {.places = true};
    size_t count = 0;
    enum jb_err err;
    do {
        size_t before = x->stuck;
        page.skip = x->stuck;
        err = batch_take(x, &page, &count, fault);
        if (x->stuck == before)
            break;
    } while (err == JB_OK && count == (size_t)x->desk->config->batch && !*x->desk->stop);
    if (err == JB_OK && x->stuck != x->desk->stuck_told) {
        jb_log(JB_LOG_WARNING, "exchange", "rows.unmarkable", "count=%zu", x->stuck);
        x->desk->stuck_told = x->stuck;
    }
    return err;
}

/* ---- out ---- */

static enum jb_err tell(void *ctx, const char *number, const struct jb_ex_facts *facts,
                        struct jb_fault *fault)
{
    struct exchanging *x = ctx;
    return x->driver->tell(&x->database, number, facts, fault);
}

/* Names of columns come from the mapping: they go into SQL. */
static enum jb_err names_check(const struct jb_ex_map *map, struct jb_fault *fault)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    for (size_t i = 0; i < map->result_count; i++) {
        const char *name = map->result_theirs[i];
        if (name[0] == '\0' || (name[0] >= '0' && name[0] <= '9') ||
            name[strspn(name, good)] != '\0' || strlen(name) > 63)
            return jb_fault_set(fault, JB_CONFIG, "[result] %s: not the name of a column", name);
    }
    return JB_OK;
}

enum jb_err jb_ex_dbtable_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                               struct jb_fault *fault)
{
    bool sqlite = strcmp(d->config->driver, "sqlite") == 0;
    struct exchanging x = {.desk = d,
                           .driver = sqlite ? &jb_ex_sqlite : &jb_ex_postgresql,
                           .database = {.config = d->config},
                           .counts = counts};
    struct jb_ex_teller teller = {tell, &x, 0};
    enum jb_err err = names_check(&d->map, fault);
    if (err == JB_OK)
        err = x.driver->open(&x.database, fault);
    if (err == JB_OK)
        err = rows_take(&x, fault);
    if (err == JB_OK)
        err = jb_ex_facts_tell(d, &teller, fault);
    counts->told += teller.told;
    x.driver->close(&x.database);
    return err;
}
