/* CSV, in UTF-8 for machines and new spreadsheets, in GB18030 for older ones. */
#include "clients/cli/report.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096

struct csv {
    FILE *out;
    iconv_t convert;   /* to GB18030; (iconv_t)-1: as it is */
    size_t unmappable; /* characters without a code */
    char first[16];    /* the first of them */
};

int report_write_failed(const char *path, const char *why)
{
    fprintf(stderr, "jiaoban: %s: %s\n", path != NULL ? path : _("standard output"), why);
    return jiaoban_status_exit(JIAOBAN_IO);
}

/* ---- bytes out ------------------------------------------------------------------------------- */

/* The code point at the start of valid UTF-8, and its length. */
static unsigned long code_point(const char *text, size_t *len)
{
    const unsigned char *s = (const unsigned char *)text;
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};

    *len = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    unsigned long value = s[0] & lead_bits[*len];
    for (size_t i = 1; i < *len && s[i] != '\0'; i++)
        value = value << 6 | (s[i] & 0x3FU);
    return value;
}

/* Never lost silently: its number stands in its place. */
static void put_unmappable(struct csv *w, char **in, size_t *left)
{
    size_t len = 1;
    char name[16];

    snprintf(name, sizeof name, "U+%04lX", code_point(*in, &len));
    fprintf(w->out, "[%s]", name);
    if (w->unmappable++ == 0)
        memcpy(w->first, name, sizeof w->first);
    len = len < *left ? len : *left;
    *in += len;
    *left -= len;
}

static void put(struct csv *w, const char *text, size_t len)
{
    char buffer[CHUNK];
    char *in = (char *)(uintptr_t)text;

    if (w->convert == (iconv_t)-1) {
        fwrite(text, 1, len, w->out);
        return;
    }
    while (len > 0) {
        char *out = buffer;
        size_t room = sizeof buffer;
        size_t rc = iconv(w->convert, &in, &len, &out, &room);
        fwrite(buffer, 1, sizeof buffer - room, w->out);
        if (rc == (size_t)-1 && errno != E2BIG)
            put_unmappable(w, &in, &len);
    }
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* A spreadsheet would calculate it. */
static bool looks_like_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void put_field(struct csv *w, const char *text, bool guard)
{
    bool formula = guard && looks_like_formula(text);

    if (strpbrk(text, "\",\r\n") == NULL) {
        if (formula)
            put(w, "'", 1);
        put(w, text, strlen(text));
        return;
    }
    put(w, "\"", 1);
    if (formula)
        put(w, "'", 1);
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        put(w, text, (size_t)(quote - text));
        put(w, "\"\"", 2);
    }
    put(w, text, strlen(text));
    put(w, "\"", 1);
}

static void put_cell(struct csv *w, const struct report_cell *cell)
{
    char number[32];

    if (cell->kind == REPORT_TEXT) {
        put_field(w, cell->text, true);
        return;
    }
    snprintf(number, sizeof number, cell->kind == REPORT_RATE ? "%.2f%%" : "%.0f",
             cell->kind == REPORT_RATE ? cell->number * 100.0 : cell->number);
    put_field(w, number, false);
}

static void put_sheet(struct csv *w, const struct report_sheet *s)
{
    for (size_t i = 0; i < s->columns; i++) {
        put(w, ",", i > 0 ? 1 : 0);
        put_field(w, s->names[i], true);
    }
    put(w, "\r\n", 2);
    for (size_t i = 0, column = 0; i < s->used; i++) {
        put(w, ",", column > 0 ? 1 : 0);
        put_cell(w, &s->cells[i]);
        if (++column >= s->columns) {
            put(w, "\r\n", 2);
            column = 0;
        }
    }
}

static int finish(struct csv *w, const char *path)
{
    bool failed = fflush(w->out) != 0 || ferror(w->out) != 0;

    if (w->convert != (iconv_t)-1)
        iconv_close(w->convert);
    if (w->out != stdout && fclose(w->out) != 0)
        failed = true;
    if (failed)
        return report_write_failed(path, strerror(errno));
    if (w->unmappable > 0)
        fprintf(stderr,
                ngettext("jiaoban: %zu character has no code in GB18030 and was written as "
                         "[%s]; use --format csv to keep it\n",
                         "jiaoban: %zu characters have no code in GB18030 and were written as [%s] "
                         "and the like; use --format csv to keep them\n",
                         w->unmappable),
                w->unmappable, w->first);
    return 0;
}

int report_write_csv(struct cli *c, const struct report_sheet *s, const char *path, bool gb18030)
{
    struct csv w = {.out = stdout, .convert = (iconv_t)-1};

    (void)c;
    if (gb18030) {
        w.convert = iconv_open("GB18030", "UTF-8");
        if (w.convert == (iconv_t)-1)
            return report_write_failed(path, _("this system cannot write GB18030"));
    }
    if (path != NULL)
        w.out = fopen(path, "wbe");
    if (w.out == NULL) {
        if (gb18030)
            iconv_close(w.convert);
        return report_write_failed(path, strerror(errno));
    }
    if (!gb18030)
        fputs("\xEF\xBB\xBF", w.out);
    put_sheet(&w, s);
    return finish(&w, path);
}
