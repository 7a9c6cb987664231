/* Real records as stories. Nothing is dropped silently: what the source leaves open is decided
 * here, counted and named by its reason. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/replay/replay.h"

#define HOUR_MS INT64_C(3600000)
#define RECEIVED_HOUR 9 /* the Shangluo records know days only */
#define SENT_HOUR 10
#define ACK_HOUR 15
#define CO_ANSWER_HOUR 16
#define ANSWER_HOUR 17

static const char *const oddity_texts[] = {
#define X(name, text) text,
    ODDITIES(X)
#undef X
};

const char *oddity_text(enum oddity what)
{
    return oddity_texts[what];
}

const char *oddity_name(enum oddity what)
{
    static const char *const names[] = {
#define X(name, text) #name,
        ODDITIES(X)
#undef X
    };

    return names[what];
}

void odd(struct stories *s, enum oddity what, const char *id)
{
    size_t used = strlen(s->odd_ids[what]);

    s->odd[what]++;
    if (used + strlen(id) + 5 < sizeof s->odd_ids[what])
        snprintf(s->odd_ids[what] + used, sizeof s->odd_ids[what] - used, " %s", id);
    else if (used > 0 && s->odd_ids[what][used - 1] != '.')
        memcpy(s->odd_ids[what] + used, " ..", 4);
}

/* ---- agencies ---------------------------------------------------------------------------------
 */

const char *agency_name(const struct stories *s, uint32_t node)
{
    if (node == OFFICE)
        return s->office;
    if (node < FIRST_AGENCY || node - FIRST_AGENCY >= s->agency_count)
        return node == GOVERNMENT ? s->government : "?";
    return s->agencies[node - FIRST_AGENCY];
}

/* The agency's node, a new one when it was not there yet; 0: out of memory. */
static uint32_t agency(struct stories *s, const char *name, size_t len)
{
    for (size_t i = 0; i < s->agency_count; i++)
        if (strlen(s->agencies[i]) == len && memcmp(s->agencies[i], name, len) == 0)
            return FIRST_AGENCY + (uint32_t)i;
    char **more = realloc(s->agencies, (s->agency_count + 1) * sizeof *more);
    if (more == NULL)
        return 0;
    s->agencies = more;
    s->agencies[s->agency_count] = strndup(name, len);
    if (s->agencies[s->agency_count] == NULL)
        return 0;
    return FIRST_AGENCY + (uint32_t)s->agency_count++;
}

/* ---- fields -----------------------------------------------------------------------------------
 */

static const char *field(const struct csv *csv, size_t row, const char *name)
{
    const char *text = csv_get(csv, row, name);
    return text != NULL ? text : "";
}

/* An owned copy that a register takes: control characters are blanks, but line breaks in a body. */
static char *clean(struct stories *s, const char *text, bool body, const char *id)
{
    char *copy = strdup(text);
    bool changed = false;

    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        bool high = byte == 0xC2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] <= 0x9F;
        if (high)
            *c++ = ' ';
        if (!high && (byte >= 0x20 || (body && byte == '\n')) && byte != 0x7F)
            continue;
        changed = changed || (byte != '\r' && byte != '\n' && byte != '\t');
        *c = ' ';
    }
    if (changed)
        odd(s, ODD_CLEANED, id);
    return copy;
}

/* 0: not given. */
static int64_t day_ms(const char *text, int hour)
{
    struct jb_date date;

    if (text[0] == '\0' || jb_date_parse(jb_text_of(text), &date) != JB_OK)
        return 0;
    return jb_date_start_ms(date) + hour * HOUR_MS;
}

/* "2015-03-25T13:05:02.000", local time; 0: not given. */
static int64_t instant_ms(const char *text)
{
    char head[20];
    int64_t ms;
    size_t len = strlen(text);

    if (len < 19)
        return 0;
    memcpy(head, text, 19);
    head[19] = '\0';
    if (jb_instant_parse(jb_text_of(head), &ms) != JB_OK)
        return 0;
    return ms + strtol(head + 17, NULL, 10) * 1000 + (len >= 23 ? strtol(text + 20, NULL, 10) : 0);
}

/* A reply before its letter: a mistyped year, if one year later is right; else nothing. */
static int64_t plausible(struct stories *s, const struct story *t, int64_t at_ms)
{
    struct jb_date date = jb_date_of_instant(at_ms), later;
    struct jb_date received = jb_date_of_instant(t->received_ms);

    if (at_ms == 0 || jb_date_compare(date, received) >= 0)
        return at_ms;
    struct jb_ymd ymd = jb_date_split(date);
    ymd.year++;
    if (jb_date_make(ymd, &later) == JB_OK && later.days >= received.days &&
        later.days <= received.days + 366) {
        odd(s, ODD_YEAR_MISTYPED, t->id);
        return at_ms + (later.days - date.days) * JB_DAY_MS;
    }
    odd(s, ODD_BEFORE_RECEIPT, t->id);
    return 0;
}

static bool stories_alloc(struct stories *s)
{
    s->count = s->cases.rows - 1;
    s->all = calloc(s->count + 1, sizeof *s->all);
    return s->all != NULL;
}

static bool texts_read(struct stories *s, struct story *t, size_t row)
{
    t->id = field(&s->cases, row, "case_id");
    t->title = clean(s, field(&s->cases, row, "title"), false, t->id);
    t->content = clean(s, field(&s->cases, row, "text"), true, t->id);
    t->reply = clean(s, field(&s->cases, row, "reply"), true, t->id);
    t->class_code = field(&s->cases, row, "category_pred");
    t->source_days = -1;
    return t->title != NULL && t->content != NULL && t->reply != NULL;
}

/* ---- Shangluo: days; received, forwarded, ack, answer ------------------------------------------
 */

struct letter { /* its rows of events.csv */
    struct story *story;
    size_t first, end;
    const char *targets, *actor; /* of the forward; of the first reply */
    size_t answers;              /* dated ones */
    int64_t ack_ms;
};

static void take_answer(struct stories *s, struct letter *k, size_t row)
{
    struct story *t = k->story;
    int64_t at_ms = plausible(s, t, day_ms(field(&s->more, row, "date"), ANSWER_HOUR));

    if (k->actor == NULL)
        k->actor = field(&s->more, row, "actor");
    if (at_ms == 0) {
        odd(s, ODD_NO_DATE, t->id);
        return;
    }
    /* Of several answers the earliest is the co-handler's, the last the host's. */
    if (k->answers++ > 0 && at_ms > t->answered_ms) {
        t->co_answered_ms = t->answered_ms - (ANSWER_HOUR - CO_ANSWER_HOUR) * HOUR_MS;
        t->answered_ms = at_ms;
    } else if (k->answers > 1) {
        t->co_answered_ms = at_ms - (ANSWER_HOUR - CO_ANSWER_HOUR) * HOUR_MS;
    } else {
        t->answered_ms = at_ms;
    }
}

static void take_ack(struct stories *s, struct letter *k, size_t row)
{
    int64_t at_ms = plausible(s, k->story, day_ms(field(&s->more, row, "date"), ACK_HOUR));

    if (at_ms == 0) {
        odd(s, ODD_NO_DATE, k->story->id);
        return;
    }
    if (k->actor == NULL)
        k->actor = field(&s->more, row, "actor");
    if (k->ack_ms == 0 || at_ms < k->ack_ms)
        k->ack_ms = at_ms;
}

static void events_read(struct stories *s, struct letter *k)
{
    for (size_t row = k->first; row < k->end; row++) {
        const char *event = field(&s->more, row, "event");

        if (strcmp(event, "forwarded") == 0) {
            k->targets = field(&s->more, row, "targets");
            k->story->sent_ms =
                plausible(s, k->story, day_ms(field(&s->more, row, "date"), SENT_HOUR));
        } else if (strcmp(event, "answer") == 0) {
            take_answer(s, k, row);
        } else if (strcmp(event, "ack") == 0) {
            take_ack(s, k, row);
        }
    }
}

/* Who has it: the one forwarded to; failing that whoever replied. */
static bool agencies_read(struct stories *s, struct letter *k, size_t row)
{
    struct story *t = k->story;
    const char *names = k->targets != NULL ? k->targets : k->actor;
    const char *bar;

    if (names == NULL)
        return true;
    if (names[0] == '\0')
        names = field(&s->cases, row, "agency");
    if (k->targets == NULL && strcmp(names, s->office) == 0)
        odd(s, ODD_BY_THE_OFFICE, t->id);
    bar = strchr(names, '|');
    t->host = agency(s, names, bar != NULL ? (size_t)(bar - names) : strlen(names));
    if (bar != NULL) {
        t->co = agency(s, bar + 1, strlen(bar + 1));
        odd(s, ODD_TWO_AGENCIES, t->id);
    }
    if (k->targets != NULL && k->actor != NULL && k->actor[0] != '\0' &&
        strcmp(k->actor, k->targets) != 0)
        odd(s, ODD_OTHER_NAME, t->id);
    return t->host != 0 && (bar == NULL || t->co != 0);
}

static void letter_settle(struct stories *s, struct letter *k, size_t row)
{
    struct story *t = k->story;
    const char *days = field(&s->cases, row, "delay_days");

    if (t->sent_ms == 0 && t->host != 0) {
        t->sent_ms = jb_date_start_ms(jb_date_of_instant(t->received_ms)) + SENT_HOUR * HOUR_MS;
        odd(s, ODD_SENT_ASSUMED, t->id);
    }
    if (t->host == 0)
        odd(s, ODD_NOT_SENT, t->id);
    if (k->ack_ms != 0 && t->answered_ms != 0 && k->ack_ms > t->answered_ms)
        odd(s, ODD_LATE_NOTE, t->id);
    else if (k->ack_ms != 0)
        t->accepted_ms = k->ack_ms;
    if (t->co != 0 && t->answered_ms != 0 && t->co_answered_ms == 0) {
        t->co_answered_ms = t->answered_ms - (ANSWER_HOUR - CO_ANSWER_HOUR) * HOUR_MS;
        odd(s, ODD_ONE_REPLY, t->id);
    }
    if (t->answered_ms != 0 && strstr(field(&s->cases, row, "reply_flags"), "out_of_scope")) {
        t->declined = t->accepted_ms == 0;
        odd(s, t->declined ? ODD_DECLINED : ODD_TOO_LATE_TO_DECLINE, t->id);
    }
    if (days[0] != '\0')
        t->source_days = strtol(days, NULL, 10);
}

static bool letter_read(struct stories *s, size_t row, size_t *event)
{
    struct story *t = &s->all[row - 1];
    struct letter k = {.story = t, .first = *event, .end = *event};

    if (!texts_read(s, t, row))
        return false;
    t->matter = JB_MATTER_APPEAL;
    while (k.end < s->more.rows && strcmp(field(&s->more, k.end, "case_id"), t->id) == 0)
        k.end++;
    *event = k.end;
    t->received_ms = day_ms(field(&s->cases, row, "received_on"), RECEIVED_HOUR);
    t->travels = t->received_ms != 0;
    if (!t->travels) {
        odd(s, ODD_NO_RECEIPT, t->id);
        return true;
    }
    events_read(s, &k);
    if (!agencies_read(s, &k, row))
        return false;
    letter_settle(s, &k, row);
    return true;
}

static bool path_read(struct csv *csv, const char *dir, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return csv_read(csv, path);
}

bool stories_shangluo(struct stories *s, const char *dir)
{
    size_t event = 1;

    *s = (struct stories){.name = "Shangluo", .government = "商洛市人民政府", .office = "市信息办"};
    if (!path_read(&s->cases, dir, "cases.csv") || !path_read(&s->more, dir, "events.csv") ||
        !stories_alloc(s))
        return false;
    for (size_t row = 1; row < s->cases.rows; row++)
        if (!letter_read(s, row, &event))
            return false;
    if (event == s->more.rows)
        return true;
    fprintf(stderr, "%s/events.csv: record %zu belongs to no case, or to one before\n", dir, event);
    return false;
}

/* ---- Sichuan: instants; created, assigned, handled, replied, done ------------------------------
 */

static bool complaint_read(struct stories *s, size_t row)
{
    struct story *t = &s->all[row - 1];
    const char *name = field(&s->cases, row, "assigned_org");
    int64_t due_ms = instant_ms(field(&s->cases, row, "deadline"));
    bool suggests = strcmp(field(&s->cases, row, "kind"), "建议") == 0;

    if (!texts_read(s, t, row))
        return false;
    t->matter = suggests ? JB_MATTER_SUGGESTION : JB_MATTER_APPEAL;
    t->received_ms = instant_ms(field(&s->cases, row, "created_at"));
    t->travels = t->received_ms != 0;
    if (!t->travels) {
        odd(s, ODD_NO_RECEIPT, t->id);
        return true;
    }
    t->sent_ms = plausible(s, t, instant_ms(field(&s->cases, row, "assign_at")));
    t->accepted_ms = plausible(s, t, instant_ms(field(&s->cases, row, "handle_at")));
    t->answered_ms = plausible(s, t, instant_ms(field(&s->cases, row, "reply_at")));
    t->closed_ms = plausible(s, t, instant_ms(field(&s->cases, row, "done_at")));
    t->due_ms = due_ms != 0 ? jb_date_end_ms(jb_date_of_instant(due_ms)) : 0;
    t->host = agency(s, name, strlen(name));
    if (t->sent_ms == 0)
        odd(s, ODD_NOT_SENT, t->id);
    if (t->answered_ms == 0 && strcmp(field(&s->cases, row, "handle_status"), "HANDLED") == 0)
        odd(s, ODD_NEVER_REPLIED, t->id);
    if (strcmp(field(&s->cases, row, "chosen_org"), name) != 0)
        odd(s, ODD_OTHER_CHOSEN, t->id);
    return t->host != 0;
}

bool stories_sichuan(struct stories *s, const char *dir)
{
    *s = (struct stories){.name = "Sichuan", .government = "四川省人民政府", .office = "问政四川"};
    if (!path_read(&s->cases, dir, "cases.csv") || !path_read(&s->more, dir, "organizations.csv") ||
        !stories_alloc(s))
        return false;
    for (size_t row = 1; row < s->cases.rows; row++)
        if (!complaint_read(s, row))
            return false;
    return true;
}

void stories_free(struct stories *s)
{
    for (size_t i = 0; i < s->count && s->all != NULL; i++) {
        free(s->all[i].title);
        free(s->all[i].content);
        free(s->all[i].reply);
    }
    for (size_t i = 0; i < s->agency_count; i++)
        free(s->agencies[i]);
    free(s->agencies);
    free(s->all);
    csv_free(&s->cases);
    csv_free(&s->more);
}
