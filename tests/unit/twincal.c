#include "tests/unit/twincal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MARKS_MAX 40

static uint64_t seed = UINT64_C(20220501);

uint64_t twin_chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

int32_t twin_between(int32_t low, int32_t high)
{
    return low + (int32_t)(twin_chance() % (uint64_t)(high - low + 1));
}

bool twin_one_in(int32_t n)
{
    return twin_between(1, n) == 1;
}

/* ---- calendars, twice ----------------------------------------------------------------------- */

static void day_text(int32_t day, char out[JB_DATE_TEXT])
{
    jb_date_format((struct jb_date){day}, out);
}

/* Plain text of a calendar; `only` chooses 'o' or 'w'. */
static size_t put_marks(char *text, size_t len, size_t size, const struct plain *p, char only)
{
    char day[JB_DATE_TEXT];

    len += (size_t)snprintf(text + len, size - len, only == 'o' ? "[off]\n" : "[work]\n");
    for (int32_t i = p->from; i <= p->to; i++) {
        if (p->marks[i] != only)
            continue;
        day_text(i, day);
        len += (size_t)snprintf(text + len, size - len, "%s = x\n", day);
    }
    return len;
}

static void parse_twin(struct jb_arena *arena, struct twin *t, const char *version)
{
    static char text[65536];
    struct jb_fault fault = {""};
    char from[JB_DATE_TEXT], to[JB_DATE_TEXT];
    size_t len;

    day_text(t->plain.from, from);
    day_text(t->plain.to, to);
    len = (size_t)snprintf(text, sizeof text,
                           "[calendar]\nversion = %s\ncovers_from = %s\ncovers_to = %s\n", version,
                           from, to);
    len = put_marks(text, len, sizeof text, &t->plain, 'o');
    len = put_marks(text, len, sizeof text, &t->plain, 'w');
    if (jb_calendar_parse((struct jb_text){text, len}, "random", arena, &t->calendar, &fault) !=
        JB_OK)
        fail_msg("%s", fault.text);
}

static void scatter(struct plain *p, int32_t from, int32_t to)
{
    for (int32_t i = twin_between(0, MARKS_MAX); i > 0; i--) {
        int32_t day = twin_between(from, to);

        for (int32_t k = twin_between(1, 8); k > 0 && day <= to; k--) /* holidays come in rows */
            p->marks[day++] = twin_one_in(4) ? 'w' : 'o';
    }
}

static void make_small(struct jb_arena *arena, struct twin *t)
{
    t[0].plain.from = twin_between(TWIN_FIRST_DAY, TWIN_LAST_DAY - 1000);
    t[0].plain.to = twin_between(t[0].plain.from + 100, TWIN_LAST_DAY);
    scatter(&t[0].plain, t[0].plain.from, t[0].plain.to);
    parse_twin(arena, &t[0], "small");
    t[1].plain = t[0].plain;
    t[1].plain.to += 365;
    scatter(&t[1].plain, t[0].plain.to + 1, t[1].plain.to);
    parse_twin(arena, &t[1], "newer");
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Where both speak of a day, the region's word counts; known is what both know. */
static void lay_over(struct plain *out, const struct plain *national, const struct plain *regional)
{
    *out = *national;
    for (int32_t i = 0; i < TWIN_DAYS_END; i++) {
        if (regional->marks[i] != 0)
            out->marks[i] = regional->marks[i];
    }
    out->from = -least(-national->from, -regional->from);
    out->to = least(national->to, regional->to);
}

static void make_overlay(struct jb_arena *arena, struct twin *t, const struct twin *national)
{
    static struct twin regional;

    for (int newer = 0; newer < 2; newer++) {
        if (newer == 0) {
            memset(&regional, 0, sizeof regional);
            regional.plain.from = national[0].plain.from - twin_between(0, 50);
            regional.plain.to = national[1].plain.to + twin_between(-500, 50);
            scatter(&regional.plain, regional.plain.from, national[0].plain.from + 99);
        } else {
            regional.plain.to = national[1].plain.to;
        }
        if (regional.plain.to < national[0].plain.from + 99)
            regional.plain.to = national[0].plain.from + 99;
        parse_twin(arena, &regional, "regional");
        lay_over(&t[newer].plain, &national[newer].plain, &regional.plain);
        assert_int_equal(jb_calendar_overlay(&national[newer].calendar, &regional.calendar, arena,
                                             &t[newer].calendar),
                         JB_OK);
    }
}

/* The shipped calendar, read line by line. */
static void read_plain(struct plain *p, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[512], mark = 0;
    struct jb_date date;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '[')
            mark = line[1] == 'c' ? 0 : line[1];
        if (mark != 0 && line[0] >= '0' && line[0] <= '9' &&
            jb_date_parse((struct jb_text){line, 10}, &date) == JB_OK)
            p->marks[date.days] = mark;
        if (strncmp(line, "covers_from = ", 14) == 0)
            p->from =
                jb_date_parse((struct jb_text){line + 14, 10}, &date) == JB_OK ? date.days : 0;
        if (strncmp(line, "covers_to = ", 12) == 0)
            p->to = jb_date_parse((struct jb_text){line + 12, 10}, &date) == JB_OK ? date.days : 0;
    }
    (void)fclose(file);
}

static struct jb_text read_file(const char *path)
{
    static char text[262144];
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    return (struct jb_text){text, len};
}

static void make_shipped(struct jb_arena *arena, struct twin *t)
{
    struct jb_fault fault = {""};

    read_plain(&t[0].plain, "deploy/calendar/cn.ini");
    assert_int_equal(t[0].plain.from, TWIN_FIRST_DAY);
    assert_int_equal(jb_calendar_parse(read_file("deploy/calendar/cn.ini"), "cn.ini", arena,
                                       &t[0].calendar, &fault),
                     JB_OK);
    t[1].plain = t[0].plain;
    t[1].plain.to += 365;
    scatter(&t[1].plain, t[0].plain.to + 1, t[1].plain.to);
    parse_twin(arena, &t[1], "2027");
}

struct twin *twins_make(struct jb_arena *arena)
{
    struct twin *twins = calloc(TWIN_COUNT, sizeof *twins);

    assert_non_null(twins);
    make_shipped(arena, twins);
    for (int i = 0; i < TWIN_SMALL; i++) {
        struct twin *small = &twins[2 + 4 * i];

        make_small(arena, small);
        make_overlay(arena, small + 2, small);
    }
    return twins;
}

void twins_free(struct twin *twins)
{
    free(twins);
}
