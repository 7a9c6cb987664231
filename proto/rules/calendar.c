#include "proto/rules/calendar.h"

#include <stdlib.h>

#include "proto/base/initext.h"

/* What a text fills while it is read. Days are sorted afterwards: the file may list them in any
 * order. */
struct parsing {
    struct jb_calendar *cal;
    struct jb_calendar_day *days; /* room for every line of the text */
    size_t count;
    struct jb_arena *arena;
    bool seen_from, seen_to;
};

static const struct jb_date no_date = {-1};

/* ---- counting ---------------------------------------------------------------------------- */

static bool is_weekday(struct jb_date date)
{
    return jb_date_weekday(date) <= 5;
}

/* Rows dated before `date`, or up to and including it. */
static size_t rows_before(const struct jb_calendar *cal, struct jb_date date, bool including)
{
    size_t low = 0;
    size_t high = cal->day_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = jb_date_compare(cal->days[middle].date, date);

        if (order < 0 || (order == 0 && including))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct jb_calendar_day *find_row(const struct jb_calendar *cal, struct jb_date date)
{
    size_t i = rows_before(cal, date, false);

    if (i == cal->day_count || jb_date_compare(cal->days[i].date, date) != 0)
        return NULL;
    return &cal->days[i];
}

/* Mondays to Fridays from 1970-01-01, a Thursday, to the date inclusive. Counted from the Monday
 * before, 1969-12-29: that adds the three days Monday to Wednesday. */
static int32_t weekdays_through(struct jb_date date)
{
    int32_t days = date.days + 4;
    int32_t rest = days % 7;

    return days / 7 * 5 + (rest < 5 ? rest : 5) - 3;
}

/* Working days from 1970-01-01 to the date inclusive. Never falls, and rises by at most one a day.
 */
static int32_t workdays_through(const struct jb_calendar *cal, struct jb_date date)
{
    size_t rows = rows_before(cal, date, true);

    return weekdays_through(date) + (rows > 0 ? cal->days[rows - 1].shift : 0);
}

enum jb_day_kind jb_calendar_day_kind(const struct jb_calendar *cal, struct jb_date date,
                                      const char **name)
{
    const struct jb_calendar_day *row = find_row(cal, date);

    if (name != NULL)
        *name = row != NULL ? row->name : "";
    return row != NULL ? row->kind : JB_DAY_ORDINARY;
}

bool jb_calendar_knows(const struct jb_calendar *cal, struct jb_date date)
{
    return jb_date_compare(date, cal->covers_from) >= 0 &&
           jb_date_compare(date, cal->covers_to) <= 0;
}

bool jb_calendar_is_workday(const struct jb_calendar *cal, struct jb_date date, bool *known)
{
    enum jb_day_kind kind = jb_calendar_day_kind(cal, date, NULL);

    if (known != NULL)
        *known = jb_calendar_knows(cal, date);
    return kind == JB_DAY_ORDINARY ? is_weekday(date) : kind == JB_DAY_WORK;
}

enum jb_err jb_calendar_add_workdays(const struct jb_calendar *cal, struct jb_date start, int32_t n,
                                     struct jb_date *out, bool *provisional)
{
    struct jb_date low = {start.days + 1};
    struct jb_date high = {JB_DATE_DAYS_MAX};
    int32_t target;

    if (n < 1 || n > JB_WORKDAYS_MAX)
        return JB_RANGE;
    target = workdays_through(cal, start) + n;
    if (workdays_through(cal, high) < target)
        return JB_RANGE;
    /* The first day through which `target` days were worked: it is itself worked. */
    while (low.days < high.days) {
        struct jb_date middle = {low.days + (high.days - low.days) / 2};

        if (workdays_through(cal, middle) < target)
            low.days = middle.days + 1;
        else
            high = middle;
    }
    *out = low;
    if (provisional != NULL)
        *provisional = !jb_calendar_knows(cal, (struct jb_date){start.days + 1}) ||
                       !jb_calendar_knows(cal, low);
    return JB_OK;
}

int32_t jb_calendar_count_workdays(const struct jb_calendar *cal, struct jb_date from,
                                   struct jb_date to)
{
    return workdays_through(cal, to) - workdays_through(cal, from);
}

/* ---- building ---------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct jb_calendar_day *x = a;
    const struct jb_calendar_day *y = b;

    return jb_date_compare(x->date, y->date);
}

/* A row that says what the weekday says anyway changes nothing. */
static int32_t shift_of(const struct jb_calendar_day *row)
{
    return (row->kind == JB_DAY_WORK) - (int32_t)is_weekday(row->date);
}

static void sum_shifts(struct jb_calendar_day *days, size_t count)
{
    int32_t shift = 0;

    for (size_t i = 0; i < count; i++) {
        shift += shift_of(&days[i]);
        days[i].shift = shift;
    }
}

static enum jb_err take_text(struct parsing *p, const struct jb_initext_row *row,
                             const char **field, struct jb_fault *fault)
{
    if (*field != NULL)
        return jb_fault_set(fault, JB_CONFIG, "%s stands here a second time", row->key);
    if (row->value[0] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "%s must not be empty", row->key);
    *field = jb_arena_strndup(p->arena, row->value, strlen(row->value));
    return *field != NULL ? JB_OK : JB_NOMEM;
}

static enum jb_err take_limit(const struct jb_initext_row *row, struct jb_date *field, bool *seen,
                              struct jb_fault *fault)
{
    if (*seen)
        return jb_fault_set(fault, JB_CONFIG, "%s stands here a second time", row->key);
    if (jb_date_parse(jb_text_of(row->value), field) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "%s: %s is not a date like 2026-12-31", row->key,
                            row->value);
    *seen = true;
    return JB_OK;
}

static enum jb_err take_head(struct parsing *p, const struct jb_initext_row *row,
                             struct jb_fault *fault)
{
    struct jb_calendar *cal = p->cal;

    if (strcmp(row->key, "version") == 0)
        return take_text(p, row, &cal->version, fault);
    if (strcmp(row->key, "region") == 0)
        return take_text(p, row, &cal->region, fault);
    if (strcmp(row->key, "source") == 0)
        return take_text(p, row, &cal->source, fault);
    if (strcmp(row->key, "covers_from") == 0)
        return take_limit(row, &cal->covers_from, &p->seen_from, fault);
    if (strcmp(row->key, "covers_to") == 0)
        return take_limit(row, &cal->covers_to, &p->seen_to, fault);
    return jb_fault_set(fault, JB_CONFIG, "unknown key %s in section [calendar]", row->key);
}

/* Neighbouring rows mostly have the same name: keep it once. */
static const char *keep_name(struct parsing *p, const char *name)
{
    const char *last = p->count > 0 ? p->days[p->count - 1].name : NULL;

    if (last != NULL && strcmp(last, name) == 0)
        return last;
    return jb_arena_strndup(p->arena, name, strlen(name));
}

static enum jb_err take_day(struct parsing *p, enum jb_day_kind kind,
                            const struct jb_initext_row *row, struct jb_fault *fault)
{
    struct jb_calendar_day day = {.date = no_date, .kind = kind};

    if (!p->seen_from || !p->seen_to)
        return jb_fault_set(fault, JB_CONFIG,
                            "section [calendar] with covers_from and covers_to comes first");
    if (jb_date_parse(jb_text_of(row->key), &day.date) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "%s is not a date like 2026-01-01", row->key);
    if (!jb_calendar_knows(p->cal, day.date))
        return jb_fault_set(fault, JB_CONFIG, "%s is not between covers_from and covers_to",
                            row->key);
    if (row->value[0] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "%s: the occasion is missing", row->key);
    day.name = keep_name(p, row->value);
    if (day.name == NULL)
        return JB_NOMEM;
    p->days[p->count++] = day;
    return JB_OK;
}

static enum jb_err take_row(void *ctx, const struct jb_initext_row *row, struct jb_fault *fault)
{
    struct parsing *p = ctx;
    bool off = strcmp(row->section, "off") == 0;
    bool work = strcmp(row->section, "work") == 0;
    bool head = strcmp(row->section, "calendar") == 0;

    if (!off && !work && !head)
        return jb_fault_set(fault, JB_CONFIG, "unknown section [%s]", row->section);
    if (row->key == NULL)
        return JB_OK;
    return head ? take_head(p, row, fault)
                : take_day(p, off ? JB_DAY_OFF : JB_DAY_WORK, row, fault);
}

static enum jb_err check_whole(struct parsing *p, const char *name, struct jb_fault *fault)
{
    const struct jb_calendar *cal = p->cal;
    char day[JB_DATE_TEXT];

    if (cal->version == NULL || !p->seen_from || !p->seen_to)
        return jb_fault_set(fault, JB_CONFIG,
                            "%s: [calendar] needs version, covers_from and covers_to", name);
    if (jb_date_compare(cal->covers_from, cal->covers_to) > 0)
        return jb_fault_set(fault, JB_CONFIG, "%s: covers_from is after covers_to", name);
    for (size_t i = 1; i < p->count; i++) {
        if (jb_date_compare(p->days[i - 1].date, p->days[i].date) != 0)
            continue;
        jb_date_format(p->days[i].date, day);
        return jb_fault_set(fault, JB_CONFIG, "%s: %s is listed twice", name, day);
    }
    return JB_OK;
}

static size_t count_lines(struct jb_text text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

enum jb_err jb_calendar_parse(struct jb_text text, const char *name, struct jb_arena *arena,
                              struct jb_calendar *out, struct jb_fault *fault)
{
    struct jb_calendar cal = {0};
    struct parsing p = {.cal = &cal, .arena = arena};
    enum jb_err err;

    if (text.len > JB_INITEXT_MAX_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: larger than 1 MiB", name);
    p.days = jb_arena_alloc(arena, count_lines(text) * sizeof p.days[0]);
    if (p.days == NULL)
        return jb_fault_set(fault, JB_NOMEM, "%s: %s", name, jb_err_said(JB_NOMEM));
    err = jb_initext_read(text, name, take_row, &p, fault);
    if (err != JB_OK)
        return err;
    qsort(p.days, p.count, sizeof p.days[0], compare_rows);
    err = check_whole(&p, name, fault);
    if (err != JB_OK)
        return err;
    sum_shifts(p.days, p.count);
    cal.days = p.days;
    cal.day_count = p.count;
    cal.region = cal.region != NULL ? cal.region : "CN";
    cal.source = cal.source != NULL ? cal.source : "";
    *out = cal;
    return JB_OK;
}

/* "national+regional" */
static const char *join_versions(struct jb_arena *arena, const char *first, const char *second)
{
    size_t first_len = strlen(first);
    size_t second_len = strlen(second);
    char *joined = jb_arena_alloc(arena, first_len + second_len + 2);

    if (joined == NULL)
        return NULL;
    memcpy(joined, first, first_len);
    joined[first_len] = '+';
    memcpy(joined + first_len + 1, second, second_len);
    return joined;
}

static struct jb_date later(struct jb_date a, struct jb_date b)
{
    return jb_date_compare(a, b) > 0 ? a : b;
}

/* Two sorted lists into one; of two rows of one day the one in `over` stays. */
static size_t merge(const struct jb_calendar *under, const struct jb_calendar *over,
                    struct jb_calendar_day *days)
{
    size_t count = 0;
    size_t u = 0;
    size_t o = 0;

    while (u < under->day_count || o < over->day_count) {
        int order = u == under->day_count ? 1
                    : o == over->day_count
                        ? -1
                        : jb_date_compare(under->days[u].date, over->days[o].date);

        days[count++] = order < 0 ? under->days[u] : over->days[o];
        if (order <= 0)
            u++;
        if (order >= 0)
            o++;
    }
    return count;
}

enum jb_err jb_calendar_overlay(const struct jb_calendar *national,
                                const struct jb_calendar *regional, struct jb_arena *arena,
                                struct jb_calendar *out)
{
    struct jb_calendar cal = *regional;
    struct jb_calendar_day *days;

    cal.covers_from = later(national->covers_from, regional->covers_from);
    cal.covers_to = jb_date_compare(national->covers_to, regional->covers_to) < 0
                        ? national->covers_to
                        : regional->covers_to;
    if (jb_date_compare(cal.covers_from, cal.covers_to) > 0)
        return JB_RANGE;
    cal.version = join_versions(arena, national->version, regional->version);
    days = jb_arena_alloc(arena, (national->day_count + regional->day_count) * sizeof days[0]);
    if (cal.version == NULL || days == NULL)
        return JB_NOMEM;
    cal.day_count = merge(national, regional, days);
    sum_shifts(days, cal.day_count);
    cal.days = days;
    *out = cal;
    return JB_OK;
}
