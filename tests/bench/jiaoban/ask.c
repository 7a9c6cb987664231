/* What the console asks an agent for, on a large replica.
 *
 *   ask SOCKET TIMES
 *
 * One line of JSON a question: how many rows came, milliseconds at the 50th and 95th percentile and
 * the longest, of TIMES askings that differ as those of people do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/jiaoban.h"
#include "clients/lib/jiaoban_serve.h"
#include "tests/bench/load/base.h"
#include "tests/bench/load/figures.h"

#define PAGE 50
#define FIRST_NUMBER INT64_C(2020010100000000000) /* see county.c */
#define DAY_MS INT64_C(86400000)

typedef enum jiaoban_status (*ask_fn)(struct jiaoban *j, const struct jiaoban_query *q,
                                      struct jiaoban_result **out);

/* What the questions are varied with, found out first. */
struct facts {
    int64_t newest, oldest, now_ms; /* case numbers; when the newest was registered */
    uint32_t hosts[64];
    size_t host_count;
};

struct question {
    const char *name;
    ask_fn ask;
    void (*vary)(struct jiaoban_query *q, const struct facts *f, unsigned i);
};

/* ---- the questions ---- */

static void plain(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)q;
    (void)f;
    (void)i;
}

static void page_inside(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    q->after_case_no = f->oldest + (f->newest - f->oldest) / 97 * (int64_t)(i % 97 + 1);
}

static void open_ones(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    plain(q, f, i);
    q->open_only = true;
}

static void by_stage(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)f;
    q->stage = (int)(i % 8) + 1;
}

static void by_host(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    q->node = f->hosts[i % f->host_count];
}

static void green(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    plain(q, f, i);
    q->light = 1;
    q->open_only = true;
}

static void yellow(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    green(q, f, i);
    q->light = 2;
}

static void red(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    green(q, f, i);
    q->light = 3;
}

static void red_of_host(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    red(q, f, i);
    q->node = f->hosts[i % f->host_count];
}

static void by_place(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static const char *const places[] = {"370101", "370117", "370142", "110105"};
    (void)f;
    q->place_code = places[i % 4];
}

static void by_class(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)f;
    q->class_code = i % 2 == 0 ? "城乡建设" : "劳动和社会保障";
}

static void by_day(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    q->from_ms = f->now_ms - DAY_MS * (int64_t)(i % 30 + 1);
    q->to_ms = q->from_ms + DAY_MS;
}

static void by_words(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static const char *const words[] = {"供暖", "塌陷", "噪声"};
    (void)f;
    q->text = words[i % 3];
}

static void by_no_word(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)f;
    (void)i;
    q->text = "没有这样的事项";
}

/* Each pair of characters is frequent where titles are made of such words, the whole is not. */
static void by_phrase(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static const char *const phrases[] = {"供暖塌陷噪声", "物业渗水外墙", "反映", "问题"};
    (void)f;
    q->text = phrases[i % 4];
}

static void by_red_words(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    red(q, f, i);
    by_words(q, f, i);
}

/* A few digits from within a number: of one that there is, and of none. */
static void by_piece(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static char digits[JIAOBAN_TEXT];
    char shown[40];
    (void)snprintf(shown, sizeof shown, "%lld",
                   (long long)(i % 2 == 0 ? f->newest : INT64_C(8876543219876543210)));
    (void)snprintf(digits, sizeof digits, "%.*s", (int)(3 + i / 2 % 6), shown + 8 + i / 2 % 4);
    q->text = digits;
}

static void by_number(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static char digits[JIAOBAN_TEXT];
    char shown[40];
    (void)i;
    (void)snprintf(shown, sizeof shown, "%lld", (long long)f->newest);
    (void)snprintf(digits, sizeof digits, "%.17s", shown);
    q->text = digits;
}

static void by_host_and_stage(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    by_host(q, f, i);
    by_stage(q, f, i / 7);
}

static void mine(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)f;
    (void)i;
    q->mine = true;
    q->open_only = true;
}

static void mine_all(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    plain(q, f, i);
    q->mine = true;
}

static void mine_missed(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    mine_all(q, f, i);
    q->missed_only = true;
}

static void all_of_host(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    by_host(q, f, i);
}

static void issued(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    plain(q, f, i);
    q->issued = true;
    q->open_only = true;
}

static void missed(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    (void)f;
    (void)i;
    q->missed_only = true;
}

static void one_case(struct jiaoban_query *q, const struct facts *f, unsigned i)
{
    static char number[JIAOBAN_TEXT];
    (void)i;
    (void)snprintf(number, sizeof number, "%lld", (long long)f->newest);
    q->case_number = number;
    q->timeline = true;
}

static const struct question questions[] = {
    {"newest", jiaoban_get_cases, plain},
    {"page", jiaoban_get_cases, page_inside},
    {"open", jiaoban_get_cases, open_ones},
    {"mine", jiaoban_get_cases, mine},
    {"stage", jiaoban_get_cases, by_stage},
    {"host", jiaoban_get_cases, by_host},
    {"host-stage", jiaoban_get_cases, by_host_and_stage},
    {"green", jiaoban_get_cases, green},
    {"yellow", jiaoban_get_cases, yellow},
    {"red", jiaoban_get_cases, red},
    {"red-host", jiaoban_get_cases, red_of_host},
    {"place", jiaoban_get_cases, by_place},
    {"class", jiaoban_get_cases, by_class},
    {"day", jiaoban_get_cases, by_day},
    {"words", jiaoban_get_cases, by_words},
    {"no-such-word", jiaoban_get_cases, by_no_word},
    {"phrase", jiaoban_get_cases, by_phrase},
    {"red-words", jiaoban_get_cases, by_red_words},
    {"number", jiaoban_get_cases, by_number},
    {"piece", jiaoban_get_cases, by_piece},
    {"deadlines-open", jiaoban_get_deadlines, open_ones},
    {"deadlines-mine", jiaoban_get_deadlines, mine},
    {"deadlines-mine-all", jiaoban_get_deadlines, mine_all},
    {"deadlines-mine-missed", jiaoban_get_deadlines, mine_missed},
    {"deadlines-host", jiaoban_get_deadlines, all_of_host},
    {"deadlines-missed", jiaoban_get_deadlines, missed},
    {"directives-mine", jiaoban_get_directives, mine},
    {"directives-issued", jiaoban_get_directives, issued},
    {"dockets", jiaoban_get_dockets, open_ones},
    {"proposals", jiaoban_get_proposals, plain},
    {"today", jiaoban_get_today, plain},
    {"case", jiaoban_get_case, one_case},
};

/* ---- asking ---- */

static void ask(struct jiaoban *j, const struct question *what, const struct facts *f,
                unsigned times)
{
    struct series took = {0};
    size_t rows = 0;
    for (unsigned i = 0; i < times; i++) {
        struct jiaoban_query q = {.size = sizeof q, .limit = PAGE};
        struct jiaoban_result *r = NULL;
        what->vary(&q, f, i);
        uint64_t began = load_now_ns();
        if (what->ask(j, &q, &r) != JIAOBAN_OK)
            load_die("%s: %s", what->name, jiaoban_error_text(j));
        series_add(&took, load_now_ns() - began);
        rows = jiaoban_result_count(r) > rows ? jiaoban_result_count(r) : rows;
        jiaoban_result_free(r);
    }
    series_sort(&took);
    printf("{\"question\":\"%s\",\"rows\":%zu,\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"max_ms\":%.2f}\n",
           what->name, rows, series_ms(&took, .5), series_ms(&took, .95), series_ms(&took, 1));
    (void)fflush(stdout);
}

static void find_facts(struct jiaoban *j, struct facts *f)
{
    struct jiaoban_query q = {.size = sizeof q, .limit = PAGE};
    struct jiaoban_result *r = NULL;
    if (jiaoban_get_cases(j, &q, &r) != JIAOBAN_OK || jiaoban_result_count(r) == 0)
        load_die("no cases: %s", jiaoban_error_text(j));
    f->newest = jiaoban_result_case(r, 0)->case_no;
    f->now_ms = jiaoban_result_case(r, 0)->registered_at_ms;
    f->oldest = FIRST_NUMBER;
    for (size_t i = 0; i < jiaoban_result_count(r) && f->host_count < 64; i++)
        f->hosts[f->host_count++] = jiaoban_result_case(r, i)->host;
    jiaoban_result_free(r);
}

int main(int argc, char **argv)
{
    struct jiaoban *j = NULL;
    struct facts f = {0};
    if (argc != 3) {
        (void)fprintf(stderr, "usage: ask SOCKET TIMES\n");
        return 2;
    }
    if (jiaoban_open(argv[1], &j) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(j));
    find_facts(j, &f);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        ask(j, &questions[i], &f, (unsigned)strtoul(argv[2], NULL, 10));
    jiaoban_close(j);
    return 0;
}
