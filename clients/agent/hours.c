/* Office hours: reminders to people wait for them, deadlines do not. */
#include "clients/agent/agent.h"

/* "08:30" in minutes; -1: not a time of day. */
static int minutes_of(const char *text)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return -1;
    int hour = (text[0] - '0') * 10 + (text[1] - '0');
    int minute = (text[3] - '0') * 10 + (text[4] - '0');
    return hour <= 24 && minute <= 59 ? hour * 60 + minute : -1;
}

enum jb_err jb_agent_hours_parse(const char *text, struct jb_agent_hours *out)
{
    *out = (struct jb_agent_hours){0, 0};
    if (text == NULL || text[0] == '\0')
        return JB_OK;
    if (strlen(text) != strlen("08:30-18:00") || text[5] != '-')
        return JB_MALFORMED;
    int from = minutes_of(text);
    int to = minutes_of(text + 6);
    if (from < 0 || to <= from || to > 24 * 60)
        return JB_MALFORMED;
    *out = (struct jb_agent_hours){from, to};
    return JB_OK;
}

bool jb_agent_hours_open(const struct jb_agent_hours *h, const struct jb_calendar *cal,
                         int64_t now_ms)
{
    struct jb_date today = jb_date_of_instant(now_ms);
    int64_t minute = (now_ms - jb_date_start_ms(today)) / 60000;
    if (h->to_minute == 0)
        return true;
    if (cal != NULL && !jb_calendar_is_workday(cal, today, NULL))
        return false;
    return minute >= h->from_minute && minute < h->to_minute;
}
