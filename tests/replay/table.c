/* Printing: the table of results, the clocks of the log, what is odd, and JSON for the test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/replay/replay.h"

#define NAME_WIDTH 40
#define KEYS_MAX 64

/* Columns of a terminal: a Chinese character takes two. */
static void print_name(const char *name)
{
    int width = 0;

    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++)
        width += *c < 0x80 ? 1 : *c >= 0xC0 ? 2 : 0;
    printf("%s%*s", name, width < NAME_WIDTH ? NAME_WIDTH - width : 1, "");
}

static void print_days(int days)
{
    if (days < 0)
        printf("%8s", "-");
    else
        printf("%8d", days);
}

static int by_parts(const void *x, const void *y)
{
    const struct agency_result *a = x, *b = y;

    if (a->parts != b->parts)
        return a->parts > b->parts ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static void print_agency(const struct agency_result *a, const char *name)
{
    print_name(name);
    printf("%7zu%9zu%7zu%12zu%10zu", a->parts, a->in_time, a->late, a->unanswered, a->declined);
    print_days(percentile(a, 50));
    print_days(percentile(a, 90));
    putchar('\n');
}

/* All agencies in one row: their parts and their days together. */
static void print_sum(const struct result *x)
{
    struct result sum = {.nodes = 1};
    struct agency_result all = {0};

    sum.agencies = &all;
    for (size_t i = FIRST_AGENCY; i < x->nodes; i++) {
        const struct agency_result *a = &x->agencies[i];
        int *more = realloc(all.days, (all.day_count + a->day_count + 1) * sizeof *more);

        if (more == NULL)
            break;
        all.days = more;
        if (a->day_count > 0)
            memcpy(all.days + all.day_count, a->days, a->day_count * sizeof *more);
        all.day_count += a->day_count;
        all.parts += a->parts;
        all.in_time += a->in_time;
        all.late += a->late;
        all.unanswered += a->unanswered;
        all.declined += a->declined;
    }
    result_sort(&sum);
    print_agency(&all, "all agencies");
    free(all.days);
}

static void print_figures(const struct result *x)
{
    printf("\nAppraisal of the log, all agencies:\n");
    for (int i = 1; i < JB_INDICATOR_END; i++) {
        const struct indicator_result *f = &x->indicators[0][i];

        printf("  %-16s", jb_indicator_name((enum jb_indicator)i));
        if (f->denominator == 0)
            printf("no data\n");
        else
            printf("%6.1f %%  (%llu of %llu)\n",
                   100.0 * (double)f->numerator / (double)f->denominator,
                   (unsigned long long)f->numerator, (unsigned long long)f->denominator);
    }
}

void table_print(const struct result *x, const struct stories *s)
{
    struct agency_result *rows = calloc(x->nodes, sizeof *rows);

    printf("%s: %zu cases in the source, %zu travelled: %zu answered in time, %zu late, "
           "%zu unanswered, %zu never sent on\n\n",
           s->name, s->count, x->total.cases, x->total.in_time, x->total.late, x->total.unanswered,
           x->total.not_sent);
    print_name("agency");
    printf("%7s%9s%7s%12s%10s%8s%8s\n", "cases", "in time", "late", "unanswered", "declined",
           "median", "90 %");
    if (rows != NULL) {
        memcpy(rows, x->agencies, x->nodes * sizeof *rows);
        qsort(rows, x->nodes, sizeof *rows, by_parts);
        for (size_t i = 0; i < x->nodes && rows[i].parts > 0; i++)
            print_agency(&rows[i], agency_name(s, rows[i].node));
        free(rows);
    }
    print_sum(x);
    printf(
        "\nDays from receipt to answer (or decline), nearest rank. A case of two agencies counts "
        "for both.\n");
    print_figures(x);
}

/* ---- clocks -----------------------------------------------------------------------------------
 */

struct clocks {
    char key[JB_KEY_MAX];
    size_t set, met, met_late, missed, cancelled, superseded, open;
};

static void count_clock(struct clocks *k, const struct jb_deadline *d)
{
    k->set++;
    k->missed += d->missed_ms != 0;
    k->met += d->end == JB_END_MET;
    k->met_late += d->end == JB_END_MET_LATE;
    k->cancelled += d->end == JB_END_CANCELLED;
    k->superseded += d->end == JB_END_SUPERSEDED;
    k->open += d->end == JB_END_OPEN;
}

static void count_case(struct clocks *all, size_t *count, const struct jb_case *c)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        size_t at = 0;

        while (at < *count && strcmp(all[at].key, c->deadlines[i].key) != 0)
            at++;
        if (at == KEYS_MAX)
            continue;
        if (at == *count) {
            memcpy(all[at].key, c->deadlines[i].key, sizeof all[at].key);
            (*count)++;
        }
        count_clock(&all[at], &c->deadlines[i]);
    }
}

void clocks_print(struct record *r, const struct stories *s)
{
    struct clocks all[KEYS_MAX] = {{{0}, 0, 0, 0, 0, 0, 0, 0}};
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        struct jb_case c;

        if (s->all[i].travels && record_case(r, s->all[i].case_no, &c))
            count_case(all, &count, &c);
    }
    printf("\nClocks of the log:  %8s%8s%8s%8s%11s%12s%8s\n", "set", "met", "late", "missed",
           "cancelled", "superseded", "open");
    for (size_t i = 0; i < count; i++)
        printf("  %-18s%8zu%8zu%8zu%8zu%11zu%12zu%8zu\n", all[i].key, all[i].set, all[i].met,
               all[i].met_late, all[i].missed, all[i].cancelled, all[i].superseded, all[i].open);
}

/* ---- what is odd ------------------------------------------------------------------------------
 */

void odd_print(const struct stories *s, const struct record *r)
{
    printf("\nWhere it differs from the source:\n");
    for (int i = 0; i < ODDITY_COUNT; i++)
        if (s->odd[i] > 0)
            printf("  %5zu  %s\n        %s\n", s->odd[i], oddity_text((enum oddity)i),
                   s->odd_ids[i]);
    for (size_t i = 0; i < r->refusal_count; i++)
        printf("  %5zu  refused: %s, %s: %s\n", r->refusals[i].count,
               jb_act_kind_name(r->refusals[i].kind), jb_refusal_name(r->refusals[i].why),
               r->refusals[i].detail);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void json_agency(FILE *out, const struct result *x, uint32_t node, const char *name)
{
    const struct agency_result *a = &x->agencies[node];

    fputs("    {\"name\": ", out);
    json_text(out, name);
    fprintf(out,
            ", \"cases\": %zu, \"in_time\": %zu, \"late\": %zu, \"unanswered\": %zu, "
            "\"declined\": %zu, \"median\": %d, \"p90\": %d",
            a->parts, a->in_time, a->late, a->unanswered, a->declined, percentile(a, 50),
            percentile(a, 90));
    for (int i = 1; i < JB_INDICATOR_END; i++)
        fprintf(out, ", \"%s\": [%llu, %llu]", jb_indicator_name((enum jb_indicator)i),
                (unsigned long long)x->indicators[node][i].numerator,
                (unsigned long long)x->indicators[node][i].denominator);
    fputs("}", out);
}

bool json_write(const char *path, const struct result *x, const struct stories *s)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        perror(path);
        return false;
    }
    fprintf(out,
            "{\n  \"name\": \"%s\", \"source\": %zu, \"cases\": %zu, \"in_time\": %zu, "
            "\"late\": %zu, \"unanswered\": %zu, \"not_sent\": %zu,\n  \"odd\": {",
            s->name, s->count, x->total.cases, x->total.in_time, x->total.late, x->total.unanswered,
            x->total.not_sent);
    for (int i = 0; i < ODDITY_COUNT; i++)
        fprintf(out, "%s\"%s\": %zu", i > 0 ? ", " : "", oddity_name((enum oddity)i), s->odd[i]);
    fputs("},\n  \"agencies\": [\n", out);
    json_agency(out, x, 0, "");
    for (uint32_t node = OFFICE; node < x->nodes; node++) {
        fputs(",\n", out);
        json_agency(out, x, node, node == OFFICE ? "(office)" : agency_name(s, node));
    }
    fputs("\n  ]\n}\n", out);
    return fclose(out) == 0;
}
