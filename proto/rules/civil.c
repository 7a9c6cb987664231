#include "proto/rules/civil.h"

#include <stdio.h>

#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define MINUTE_MS INT64_C(60000)
#define ERA_DAYS 146097  /* 400 Gregorian years */
#define ERA_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March: then the leap day is the last of its year, and the months before it
 * repeat 31 30 31 30 31, which (153 * m + 2) / 5 adds up. */
static int32_t days_of(struct jb_ymd d)
{
    int year = d.month <= 2 ? d.year - 1 : d.year;
    int era = year / 400;
    int year_of_era = year - era * 400;
    int month = d.month <= 2 ? d.month + 9 : d.month - 3;
    int day_of_year = (153 * month + 2) / 5 + d.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * ERA_DAYS + day_of_era - ERA_SHIFT;
}

enum jb_err jb_date_make(struct jb_ymd ymd, struct jb_date *out)
{
    if (ymd.year < YEAR_MIN || ymd.year > YEAR_MAX || ymd.month < 1 || ymd.month > 12 ||
        ymd.day < 1 || ymd.day > days_in_month(ymd.year, ymd.month))
        return JB_RANGE;
    out->days = days_of(ymd);
    return JB_OK;
}

struct jb_ymd jb_date_split(struct jb_date date)
{
    int32_t shifted = date.days + ERA_SHIFT;
    int era = shifted / ERA_DAYS;
    int day_of_era = shifted - era * ERA_DAYS;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153;
    struct jb_ymd d = {.year = era * 400 + year_of_era,
                       .month = month < 10 ? month + 3 : month - 9,
                       .day = day_of_year - (153 * month + 2) / 5 + 1};

    if (d.month <= 2)
        d.year++;
    return d;
}

enum jb_err jb_date_add(struct jb_date date, int64_t days, struct jb_date *out)
{
    int64_t sum;

    if (__builtin_add_overflow(date.days, days, &sum) || sum < 0 || sum > JB_DATE_DAYS_MAX)
        return JB_RANGE;
    out->days = (int32_t)sum;
    return JB_OK;
}

/* 1970-01-01 was a Thursday. */
int jb_date_weekday(struct jb_date date)
{
    return (date.days + 3) % 7 + 1;
}

bool jb_instant_valid(int64_t instant_ms)
{
    return instant_ms >= JB_INSTANT_MIN_MS && instant_ms <= JB_INSTANT_MAX_MS;
}

static int64_t clamp_instant(int64_t instant_ms)
{
    if (instant_ms < JB_INSTANT_MIN_MS)
        return JB_INSTANT_MIN_MS;
    return instant_ms < JB_INSTANT_MAX_MS ? instant_ms : JB_INSTANT_MAX_MS - 1;
}

struct jb_date jb_date_of_instant(int64_t instant_ms)
{
    int64_t local_ms = clamp_instant(instant_ms) - JB_INSTANT_MIN_MS;

    return (struct jb_date){(int32_t)(local_ms / JB_DAY_MS)};
}

int64_t jb_date_start_ms(struct jb_date date)
{
    return JB_INSTANT_MIN_MS + date.days * JB_DAY_MS;
}

int64_t jb_date_end_ms(struct jb_date date)
{
    return jb_date_start_ms(date) + JB_DAY_MS;
}

void jb_date_format(struct jb_date date, char out[JB_DATE_TEXT])
{
    struct jb_ymd d = jb_date_split(date);

    (void)snprintf(out, JB_DATE_TEXT, "%04d-%02d-%02d", d.year, d.month, d.day);
}

void jb_date_format_zh(struct jb_date date, char out[JB_DATE_TEXT])
{
    struct jb_ymd d = jb_date_split(date);

    (void)snprintf(out, JB_DATE_TEXT, "%d年%d月%d日", d.year, d.month, d.day);
}

/* Take `min` to `max` digits off the front. */
static bool take_number(struct jb_text *text, size_t min, size_t max, int *out)
{
    int value = 0;
    size_t at = 0;

    for (; at < max && at < text->len && text->data[at] >= '0' && text->data[at] <= '9'; at++)
        value = value * 10 + (text->data[at] - '0');
    if (at < min)
        return false;
    text->data += at;
    text->len -= at;
    *out = value;
    return true;
}

static bool take_word(struct jb_text *text, const char *word)
{
    size_t len = strlen(word);

    if (text->len < len || memcmp(text->data, word, len) != 0)
        return false;
    text->data += len;
    text->len -= len;
    return true;
}

/* Take a date in either form off the front. */
static enum jb_err take_date(struct jb_text *text, struct jb_date *out)
{
    struct jb_ymd d;
    bool complete;

    if (!take_number(text, 4, 4, &d.year))
        return JB_MALFORMED;
    if (take_word(text, "-"))
        complete = take_number(text, 2, 2, &d.month) && take_word(text, "-") &&
                   take_number(text, 2, 2, &d.day);
    else
        complete = take_word(text, "年") && take_number(text, 1, 2, &d.month) &&
                   take_word(text, "月") && take_number(text, 1, 2, &d.day) &&
                   take_word(text, "日");
    return complete ? jb_date_make(d, out) : JB_MALFORMED;
}

enum jb_err jb_date_parse(struct jb_text text, struct jb_date *out)
{
    struct jb_date date;
    enum jb_err err = take_date(&text, &date);

    if (err != JB_OK)
        return err;
    if (text.len != 0)
        return JB_MALFORMED;
    *out = date;
    return JB_OK;
}

static void format_minute(struct jb_date date, int minute, char *out)
{
    char day[JB_DATE_TEXT];

    jb_date_format(date, day);
    (void)snprintf(out, JB_INSTANT_TEXT, "%.10s %02d:%02d", day, minute / 60 % 100, minute % 60);
}

void jb_instant_format(int64_t instant_ms, char out[JB_INSTANT_TEXT])
{
    struct jb_date date = jb_date_of_instant(instant_ms);
    int64_t into_day_ms = clamp_instant(instant_ms) - jb_date_start_ms(date);

    format_minute(date, (int)(into_day_ms / MINUTE_MS), out);
}

void jb_instant_format_due(int64_t instant_ms, char out[JB_INSTANT_TEXT])
{
    bool midnight = jb_instant_valid(instant_ms) && instant_ms != JB_INSTANT_MIN_MS &&
                    (instant_ms - JB_INSTANT_MIN_MS) % JB_DAY_MS == 0;

    if (midnight)
        format_minute(jb_date_of_instant(instant_ms - 1), 24 * 60, out);
    else
        jb_instant_format(instant_ms, out);
}

enum jb_err jb_instant_parse(struct jb_text text, int64_t *out_ms)
{
    struct jb_date date;
    int hour = 0;
    int minute = 0;
    int second = 0;
    enum jb_err err = take_date(&text, &date);

    if (err != JB_OK)
        return err;
    if (!take_word(&text, " ") && !take_word(&text, "T"))
        return JB_MALFORMED;
    if (!take_number(&text, 2, 2, &hour) || !take_word(&text, ":") ||
        !take_number(&text, 2, 2, &minute))
        return JB_MALFORMED;
    if (take_word(&text, ":") && !take_number(&text, 2, 2, &second))
        return JB_MALFORMED;
    if (text.len != 0)
        return JB_MALFORMED;
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && minute + second > 0))
        return JB_RANGE;
    *out_ms = jb_date_start_ms(date) + (hour * 60 + minute) * MINUTE_MS + second * INT64_C(1000);
    return JB_OK;
}
