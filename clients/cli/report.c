/* `report`: the period, the figures as a table for people or as a sheet for a file. */
#include "clients/cli/cli.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "clients/report/figures.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000) /* UTC+8 */

enum report_format {
    FORMAT_TABLE = 1,
    FORMAT_CSV,
    FORMAT_CSV_GB18030,
    FORMAT_XLSX
};

static const struct jb_word formats[] = {{FORMAT_TABLE, "table", N_("table")},
                                         {FORMAT_CSV, "csv", N_("CSV")},
                                         {FORMAT_CSV_GB18030, "csv-gb18030", N_("CSV, GB18030")},
                                         {FORMAT_XLSX, "xlsx", N_("workbook")},
                                         {0, NULL, NULL}};

static const char *code_of(const struct jb_word *words, int value)
{
    for (; words->code != NULL; words++)
        if (words->value == value)
            return words->code;
    return NULL;
}

/* ---- the period ------------------------------------------------------------------------------ */

struct period {
    int64_t from_ms, to_ms; /* to_ms exclusive */
};

/* 00:00 in China of the first day of a month; months beyond December go on in the next year. */
static int64_t month_start_ms(int year, int month)
{
    struct tm day = {
        .tm_year = year - 1900 + (month - 1) / 12, .tm_mon = (month - 1) % 12, .tm_mday = 1};
    return (int64_t)timegm(&day) * 1000 - CHINA_MS;
}

static struct period months(int year, int month, int count)
{
    return (struct period){month_start_ms(year, month), month_start_ms(year, month + count)};
}

/* The number that so many digits make; -1: there are not so many. */
static int digits(const char *text, size_t count)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

/* "2026", "2026-11", "2026Q4", "2026-Q4". */
static bool period_parse(const char *text, struct period *out)
{
    int year = digits(text, 4);

    if (year < 1970)
        return false;
    text += 4;
    if (*text == '\0') {
        *out = months(year, 1, 12);
        return true;
    }
    if (*text == '-' && (text[1] == 'Q' || text[1] == 'q'))
        text++;
    bool quarter = *text == 'Q' || *text == 'q';
    size_t len = strlen(text + 1);
    int part = len == 1 || len == 2 ? digits(text + 1, len) : -1;

    if (part < 1 || part > (quarter ? 4 : 12) || (!quarter && *text != '-'))
        return false;
    *out = quarter ? months(year, 3 * part - 2, 3) : months(year, part, 1);
    return true;
}

static struct period this_month(const struct cli *c)
{
    time_t local = (time_t)((c->now_ms + CHINA_MS) / 1000);
    struct tm day = {0};

    gmtime_r(&local, &day);
    return months(day.tm_year + 1900, day.tm_mon + 1, 1);
}

/* The argument, or one of --month, --quarter and --year; a wish for more than one is a mistake. */
static int read_named_period(struct cli *c, struct period *out, bool *named)
{
    static const struct {
        enum cli_opt opt;
        char mark; /* that it must have after the year; 0: any */
    } opts[] = {{OPT_PERIOD, 0}, {OPT_MONTH, '-'}, {OPT_QUARTER, 'Q'}, {OPT_YEAR, '\0'}};

    *named = false;
    for (size_t i = 0; i < sizeof opts / sizeof opts[0]; i++) {
        const char *text = cli_opt(c, opts[i].opt);
        if (text == NULL)
            continue;
        if (*named)
            return cli_usage(c, _("one period, please"));
        *named = true;
        bool quarter = strpbrk(text, "Qq") != NULL;
        bool fits = period_parse(text, out) &&
                    (opts[i].opt != OPT_MONTH || (!quarter && strlen(text) > 4)) &&
                    (opts[i].opt != OPT_QUARTER || quarter) &&
                    (opts[i].opt != OPT_YEAR || strlen(text) == 4);
        if (!fits)
            return cli_malformed(c, _("\"%s\" is no period; write it as %s"),
                                 cli_short(c, cli_safe(c, text), 60), "2026 / 2026Q4 / 2026-11");
    }
    return 0;
}

static int read_period(struct cli *c, struct period *out)
{
    bool named = false;
    bool days = cli_has(c, OPT_DUE_FROM) || cli_has(c, OPT_DUE_UNTIL);
    int code = read_named_period(c, out, &named);

    if (code != 0 || named)
        return code != 0 ? code : days ? cli_usage(c, _("one period, please")) : 0;
    if (!days) {
        *out = this_month(c);
        return 0;
    }
    *out = (struct period){months(1970, 1, 1).from_ms + DAY_MS, c->now_ms};
    code = cli_read_instant(c, OPT_DUE_FROM, false, &out->from_ms);
    return code != 0 ? code : cli_read_instant(c, OPT_DUE_UNTIL, true, &out->to_ms);
}

/* ---- the question ---------------------------------------------------------------------------- */

static int read_query(struct cli *c, struct jiaoban_query *q, int *format)
{
    struct period period = {0, 0};
    int indicator = 0, count = 0;

    int code = read_period(c, &period);
    code = code != 0 ? code : cli_read_word(c, OPT_INDICATOR, jb_indicators, &indicator);
    code = code != 0 ? code : cli_read_word(c, OPT_COUNTS, jb_counts, &count);
    code = code != 0 ? code : cli_read_word(c, OPT_FORMAT, formats, format);
    code = code != 0 ? code : cli_read_node(c, OPT_OF_AGENCY, &q->node);
    if (code != 0)
        return code;
    if (period.to_ms <= period.from_ms || period.from_ms >= c->now_ms)
        return cli_malformed(c, _("the period is empty, or has not begun yet"));
    if (*format == FORMAT_XLSX && cli_opt(c, OPT_OUTPUT) == NULL)
        return cli_usage(c, _("a workbook needs --output FILE"));
    q->from_ms = period.from_ms;
    q->to_ms = period.to_ms;
    q->indicator = code_of(jb_indicators, indicator);
    q->counts = code_of(jb_counts, count);
    q->cases = cli_has(c, OPT_CASES);
    return 0;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* "92.3% (12/13)" */
static const char *rate(struct cli *c, const struct jiaoban_figure *f)
{
    if (f->no_data)
        return _("no data");
    return cli_format(c, "%.1f%% (%llu/%llu)",
                      100.0 * (double)f->numerator / (double)f->denominator,
                      (unsigned long long)f->numerator, (unsigned long long)f->denominator);
}

static void say_period(struct cli *c, const struct jiaoban_result *r)
{
    const struct jiaoban_report *head = jiaoban_result_report(r);

    if (head == NULL)
        return;
    printf(_("%s to %s"), cli_day(c, head->from_ms, false), cli_day(c, head->to_ms, true));
    printf(_(", record up to number %llu\n"), (unsigned long long)head->log_seq);
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* One line for each agency, one column for each indicator: rows come by agency and indicator. */
static int show_matrix(struct cli *c, const struct jiaoban_result *r)
{
    const char *names[JB_INDICATORS + 1] = {_("*AGENCY")};
    uint32_t node = 0;

    for (size_t i = 0; i < JB_INDICATORS; i++)
        names[i + 1] = cli_format(c, ">%s", _(jb_indicators[i].text));
    struct cli_grid *g = cli_grid_new(c, names, JB_INDICATORS + 1);
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_figure *f = jiaoban_result_figure(r, i);
        if (i == 0 || f->node != node) {
            cli_grid_row(g);
            cli_grid_cell(g, jb_figure_agency(&c->tongue, f), NULL);
        }
        node = f->node;
        cli_grid_cell(g, rate(c, f), NULL);
    }
    return cli_grid_end(g, _("No figures."));
}

static int show_list(struct cli *c, const struct jiaoban_query *q, const struct jiaoban_result *r)
{
    const char *const names[] = {_("INDICATOR"), _("*AGENCY"), _(">RATE"), _("RULE")};
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);

    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_figure *f = jiaoban_result_figure(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, jb_figure_name(&c->tongue, q, f), NULL);
        cli_grid_cell(g, jb_figure_agency(&c->tongue, f), NULL);
        cli_grid_cell(g, rate(c, f), NULL);
        cli_grid_cell(g, cli_article(c, f->article), NULL);
    }
    return cli_grid_end(g, _("No figures."));
}

static int show_counts(struct cli *c, const struct jiaoban_query *q, const struct jiaoban_result *r)
{
    const char *const names[] = {_("*VALUE"), _(">CASES"), _(">SHARE"), _(">PEOPLE")};
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);

    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_figure *f = jiaoban_result_figure(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, jb_figure_value(&c->tongue, q, f), NULL);
        cli_grid_cell(g, cli_format(c, "%llu", (unsigned long long)f->numerator), NULL);
        cli_grid_cell(
            g, cli_format(c, "%.1f%%", 100.0 * (double)f->numerator / (double)f->denominator),
            NULL);
        cli_grid_cell(g, cli_format(c, "%llu", (unsigned long long)f->people), NULL);
    }
    return cli_grid_end(g, _("No cases."));
}

/* A repeat is none that was reached. */
static const char *yes_text(const struct jiaoban_figure *f)
{
    return strcmp(f->indicator, "repeat") == 0 ? _("  repeated") : _("  yes");
}

static const char *no_text(const struct jiaoban_figure *f)
{
    return strcmp(f->indicator, "repeat") == 0 ? _("  not repeated") : _("  no");
}

static void print_cases(struct cli *c, const struct jiaoban_query *q,
                        const struct jiaoban_result *r)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_figure *f = jiaoban_result_figure(r, i);
        if (f->case_count == 0)
            continue;
        printf("\n%s%s%s\n", jb_figure_name(&c->tongue, q, f), _(", "),
               jb_figure_agency(&c->tongue, f));
        for (size_t k = 0; k < f->case_count; k++)
            printf("  %s%s\n", cli_safe(c, f->numbers[k]),
                   q->counts != NULL ? ""
                   : f->counted[k]   ? yes_text(f)
                                     : no_text(f));
        if (f->more)
            printf("  %s\n", _("and others"));
    }
}

static int show_table(struct cli *c, const struct jiaoban_query *q, const struct jiaoban_result *r)
{
    say_period(c, r);
    int code = q->counts != NULL                   ? show_counts(c, q, r)
               : q->indicator == NULL && !q->cases ? show_matrix(c, r)
                                                   : show_list(c, q, r);
    if (code == 0 && q->cases)
        print_cases(c, q, r);
    return code;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void say_unmapped(const struct jb_unmapped *lost)
{
    if (lost->characters > 0)
        fprintf(stderr,
                ngettext("jiaoban: %zu character has no code in GB18030 and was written as "
                         "[%s]; use --format csv to keep it\n",
                         "jiaoban: %zu characters have no code in GB18030 and were written as [%s] "
                         "and the like; use --format csv to keep them\n",
                         lost->characters),
                lost->characters, lost->first);
}

/* To `path`; NULL: to standard output. */
static int write_csv(const struct jb_sheet *s, const char *path, bool gb18030)
{
    struct jb_unmapped lost;
    FILE *out = path != NULL ? fopen(path, "wbe") : stdout;

    if (out == NULL)
        return cli_write_failed(path, strerror(errno));
    bool able = jb_sheet_write_csv(s, out, gb18030, &lost);
    bool failed = fflush(out) != 0 || ferror(out) != 0;
    int error = errno;
    if (out != stdout && fclose(out) != 0) {
        failed = true;
        error = errno;
    }
    if (!able || failed)
        return cli_write_failed(path,
                                able ? strerror(error) : _("this system cannot write GB18030"));
    say_unmapped(&lost);
    return 0;
}

static int write_xlsx(const struct jb_sheet *s, const char *path)
{
    const char *why = jb_sheet_write_xlsx(s, path);
    return why == NULL ? 0 : cli_write_failed(path, why);
}

static int write_sheet(struct cli *c, const struct jiaoban_query *q, const struct jiaoban_result *r,
                       int format)
{
    const char *path = cli_opt(c, OPT_OUTPUT);
    struct jb_sheet s = jb_report_sheet(&c->tongue, q, r);
    int code = s.failed                ? cli_write_failed(path, _("out of memory"))
               : format == FORMAT_XLSX ? write_xlsx(&s, path)
                                       : write_csv(&s, path, format == FORMAT_CSV_GB18030);
    jb_sheet_free(&s);
    return code;
}

int cli_run_report(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    int format = cli_has(c, OPT_OUTPUT) ? FORMAT_CSV : FORMAT_TABLE;

    int code = read_query(c, &q, &format);
    if (code != 0)
        return code;
    if (format == FORMAT_TABLE && cli_has(c, OPT_OUTPUT))
        return cli_usage(c, _("a table goes to the terminal; with --output choose csv, "
                              "csv-gb18030 or xlsx"));
    enum jiaoban_status status = jiaoban_get_report(c->j, &q, &r);
    if (status != JIAOBAN_OK)
        return cli_failed(c, status);
    if (c->json)
        code = cli_json(c, r, 2);
    else if (format == FORMAT_TABLE)
        code = show_table(c, &q, r);
    else
        code = write_sheet(c, &q, r, format);
    if (code == 0 && !c->json && cli_has(c, OPT_OUTPUT))
        printf(_("written to %s\n"), cli_safe(c, cli_opt(c, OPT_OUTPUT)));
    jiaoban_result_free(r);
    return code;
}
