/* Dates as other systems write them. See map.h. */
#include <stdlib.h>
#include <string.h>

#include "clients/gateway/adapters/map.h"
#include "proto/rules/civil.h"

#define SHEET_EPOCH_DAYS 25569 /* from 1899-12-30, the day 0 of spreadsheets, to 1970-01-01 */
#define ZONE_MS INT64_C(28800000)

/* Digits, at most `most` of them; false: none. */
static bool digits(const char **at, int most, int *out)
{
    const char *s = *at;
    int n = 0;
    *out = 0;
    while (n < most && s[n] >= '0' && s[n] <= '9')
        *out = *out * 10 + (s[n++] - '0');
    *at = s + n;
    return n > 0;
}

static bool skip(const char **at, const char *what)
{
    size_t len = strlen(what);
    bool there = strncmp(*at, what, len) == 0;
    *at += there ? len : 0;
    return there;
}

static bool read_date(const char **at, struct jb_ymd *d)
{
    if (!digits(at, 4, &d->year))
        return false;
    bool chinese = skip(at, "年");
    const char *separator = chinese                     ? "月"
                            : strncmp(*at, "/", 1) == 0 ? "/"
                            : strncmp(*at, ".", 1) == 0 ? "."
                                                        : "-";
    if (!chinese && !skip(at, separator))
        return false;
    if (!digits(at, 2, &d->month) || !skip(at, separator) || !digits(at, 2, &d->day))
        return false;
    return !chinese || skip(at, "日");
}

/* "9:05:00.000", "9时5分", "9点05分10秒". */
static bool read_time(const char **at, int64_t *ms)
{
    int hour = 0, minute = 0, second = 0, ignored = 0;
    if (!digits(at, 2, &hour))
        return false;
    bool chinese = skip(at, "时") || skip(at, "点");
    if (!chinese && !skip(at, ":"))
        return false;
    bool minutes = digits(at, 2, &minute);
    if (chinese ? (minutes && !skip(at, "分")) : !minutes)
        return false;
    if ((chinese && **at != '\0') || (!chinese && skip(at, ":"))) {
        if (!digits(at, 2, &second) || (chinese && !skip(at, "秒")))
            return false;
        if (!chinese && skip(at, "."))
            (void)digits(at, 9, &ignored);
    }
    *ms = ((hour * INT64_C(60) + minute) * 60 + second) * 1000;
    return hour <= 24 && minute < 60 && second < 60 && *ms <= JB_DAY_MS;
}

/* "Z", "+08:00", "+0800"; nothing: the local zone. */
static bool read_zone(const char **at, int64_t *zone_ms)
{
    int hour = 0, minute = 0;
    *zone_ms = ZONE_MS;
    if (skip(at, "Z")) {
        *zone_ms = 0;
        return true;
    }
    int sign = skip(at, "+") ? 1 : skip(at, "-") ? -1 : 0;
    if (sign == 0)
        return true;
    if (!digits(at, 2, &hour))
        return false;
    (void)skip(at, ":");
    if (!digits(at, 2, &minute) || hour > 14 || minute > 59)
        return false;
    *zone_ms = sign * (hour * INT64_C(3600000) + minute * INT64_C(60000));
    return true;
}

/* Days of a spreadsheet with a fraction; a time that is a few microseconds off is rounded. */
static enum jb_err read_serial(const char *text, bool end, int64_t *out)
{
    char *rest = NULL;
    double days = strtod(text, &rest);
    if (rest == text || *rest != '\0' || !(days >= SHEET_EPOCH_DAYS && days < 2958466))
        return JB_MALFORMED;
    int64_t seconds = (int64_t)((days - SHEET_EPOCH_DAYS) * 86400 + 0.5);
    bool whole = seconds % 86400 == 0;
    *out = seconds * 1000 - ZONE_MS + (end && whole ? JB_DAY_MS : 0);
    return JB_OK;
}

static bool is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len == 5 &&
           (text[len] == '\0' ||
            (text[len] == '.' && text[len + 1 + strspn(text + len + 1, "0123456789")] == '\0'));
}

enum jb_err jb_ex_when(const char *text, bool end, int64_t *out)
{
    const char *at = text;
    struct jb_ymd ymd = {0};
    struct jb_date date;
    int64_t time_ms = 0;
    int64_t zone_ms = ZONE_MS;
    if (is_number(text))
        return read_serial(text, end, out);
    if (!read_date(&at, &ymd))
        return JB_MALFORMED;
    if (jb_date_make(ymd, &date) != JB_OK)
        return JB_RANGE;
    bool timed = *at == 'T' || *at == ' ';
    at += timed;
    if (timed && (!read_time(&at, &time_ms) || !read_zone(&at, &zone_ms)))
        return JB_MALFORMED;
    if (*at != '\0')
        return JB_MALFORMED;
    *out = jb_date_start_ms(date) + time_ms + ZONE_MS - zone_ms;
    if (end && !timed)
        *out = jb_date_end_ms(date);
    return JB_OK;
}
