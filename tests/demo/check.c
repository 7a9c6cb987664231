#include "tests/demo/check.h"

#include <string.h>

enum {
    LOOK_AGAIN_MS = 40000
};

/* Chinese and English names of the stages, and their words in the plans. */
static const struct {
    const char *word, *chinese;
} stages[] = {
    [JIAOBAN_STAGE_REGISTERED] = {"registered", "已登记"},
    [JIAOBAN_STAGE_SENT] = {"sent", "待签收"},
    [JIAOBAN_STAGE_SIGNED] = {"signed", "已签收"},
    [JIAOBAN_STAGE_ACCEPTED] = {"accepted", "已受理"},
    [JIAOBAN_STAGE_DECLINED] = {"declined", "不予受理"},
    [JIAOBAN_STAGE_ANSWERED] = {"answered", "已答复"},
    [JIAOBAN_STAGE_REFERRED] = {"referred", "已移送"},
    [JIAOBAN_STAGE_CLOSED] = {"closed", "已办结"},
    [JIAOBAN_STAGE_REVIEWED] = {"reviewed", "已复查"},
};
enum {
    STAGE_COUNT = sizeof stages / sizeof stages[0]
};

static const char *const lights[] = {
    [JIAOBAN_GREEN] = "green",
    [JIAOBAN_YELLOW] = "yellow",
    [JIAOBAN_RED] = "red",
    [JIAOBAN_DONE] = "done",
};
enum {
    LIGHT_COUNT = sizeof lights / sizeof lights[0]
};

/* What one look found. */
struct look {
    bool tell; /* say what is wrong */
    bool good;
    size_t at_stage[STAGE_COUNT], at_light[LIGHT_COUNT];
    size_t deadlines, receipts, acknowledged, alarms;
};

static const char *stage_word(const struct jiaoban_case *c)
{
    size_t i = (size_t)c->stage;
    return i < STAGE_COUNT && stages[i].word != NULL ? stages[i].word : "?";
}

static const char *light_word(const struct jiaoban_case *c)
{
    size_t i = (size_t)c->light;
    return i < LIGHT_COUNT && lights[i] != NULL ? lights[i] : "?";
}

static void look_at_deadlines(struct look *look, const struct story *s,
                              const struct jiaoban_case *c)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jiaoban_deadline *d = c->deadlines[i];
        look->acknowledged += d->acknowledged_at_ms != 0 ? 1 : 0;
        look->receipts += d->stored_at_ms != 0 ? 1 : 0;
        look->deadlines++;
        /* That its hand-over arrives is a sender's own duty: nobody waits for its receipt. */
        if (d->stored_at_ms != 0 || d->end != JIAOBAN_RUNNING || strcmp(d->key, "deliver") == 0)
            continue;
        look->good = false;
        if (look->tell)
            fprintf(stderr, "letter %s, case %s: no receipt of %s for the deadline \"%s\"\n",
                    s->letter, s->number, d->node_name, d->key);
    }
}

/* The holder is as planned, unless two raced for the case or it is out of everybody's hands. */
static bool holder_fits(const struct story *s, const struct jiaoban_case *c, struct cast *cast)
{
    const struct player *p = cast_find(cast, s->holder);
    return strstr(s->plan, "race:") != NULL || strcmp(s->light, "done") == 0 ||
           (p != NULL && c->host == p->node);
}

static void look_at_case(struct look *look, const struct story *s, struct cast *cast)
{
    struct jiaoban *office = cast_find(cast, CAST_OFFICE)->handle;
    struct jiaoban_query q = {.size = sizeof q, .case_number = s->number};
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_get_case(office, &q, &r);
    const struct jiaoban_case *c = jiaoban_result_case(r, 0);
    if (status != JIAOBAN_OK || c == NULL) {
        look->good = false;
        if (look->tell)
            fprintf(stderr, "letter %s: %s\n", s->letter, jiaoban_error_text(office));
        return;
    }
    bool fits = strcmp(stage_word(c), s->stage) == 0 && strcmp(light_word(c), s->light) == 0 &&
                holder_fits(s, c, cast) && c->pending == 0;
    look->good = look->good && fits;
    if (!fits && look->tell)
        fprintf(stderr, "letter %s, case %s: %s and %s at %s, not %s and %s at %s\n", s->letter,
                s->number, stage_word(c), light_word(c), c->host_name, s->stage, s->light,
                s->holder);
    if ((size_t)c->stage < STAGE_COUNT)
        look->at_stage[c->stage]++;
    if ((size_t)c->light < LIGHT_COUNT)
        look->at_light[c->light]++;
    look_at_deadlines(look, s, c);
    jiaoban_result_free(r);
}

static void look_at_agent(struct look *look, struct player *p)
{
    struct jiaoban_result *r = NULL;
    size_t waiting = 0;
    if (jiaoban_get_pending(p->handle, NULL, &r) == JIAOBAN_OK)
        waiting = jiaoban_result_count(r);
    else
        look->good = false;
    jiaoban_result_free(r);
    r = NULL;
    if (waiting != 0) {
        look->good = false;
        if (look->tell)
            fprintf(stderr, "%s: %zu submissions are not settled\n", p->code, waiting);
    }
    if (jiaoban_get_alarms(p->handle, NULL, &r) == JIAOBAN_OK)
        look->alarms += jiaoban_result_count(r);
    jiaoban_result_free(r);
}

static struct look look_around(const struct book *book, struct cast *cast, bool tell)
{
    struct look look = {.tell = tell, .good = true};
    for (size_t i = 0; i < book->count; i++)
        look_at_case(&look, &book->stories[i], cast);
    for (size_t i = 0; i < CAST_COUNT; i++)
        look_at_agent(&look, &cast->players[i]);
    if (look.at_light[JIAOBAN_RED] != 0 && look.alarms == 0) {
        look.good = false;
        if (tell)
            fputs("a day was missed and no agent raised an alarm\n", stderr);
    }
    return look;
}

static void report(const struct book *book, const struct look *look, bool english)
{
    printf(english ? "  %zu cases:" : "  共 %zu 件:", book->count);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        if (look->at_stage[i] != 0)
            printf(" %s %zu", english ? stages[i].word : stages[i].chinese, look->at_stage[i]);
    printf(english ? "\n  lights: green %zu, yellow %zu, red %zu, done %zu\n"
                   : "\n  亮灯: 绿 %zu,黄 %zu,红 %zu,结 %zu\n",
           look->at_light[JIAOBAN_GREEN], look->at_light[JIAOBAN_YELLOW],
           look->at_light[JIAOBAN_RED], look->at_light[JIAOBAN_DONE]);
    printf(english ? "  %zu deadlines, %zu with a signed receipt, %zu acknowledged by a person; "
                     "%zu alarms\n"
                   : "  %zu 个期限,%zu 个有签名回执,%zu 个经人确认;告警 %zu 次\n",
           look->deadlines, look->receipts, look->acknowledged, look->alarms);
}

bool check_everything(struct book *book, struct cast *cast, bool english)
{
    int64_t until_ms = cast_now_ms() + LOOK_AGAIN_MS;
    struct look look = look_around(book, cast, false);
    while (!look.good && cast_now_ms() < until_ms) {
        cast_breathe();
        look = look_around(book, cast, false);
    }
    if (!look.good)
        look = look_around(book, cast, true);
    report(book, &look, english);
    return look.good;
}
