/* CSV, in UTF-8 for machines and new spreadsheets, in GB18030 for older ones. */
#include "clients/report/sheet.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096

struct csv {
    FILE *out;
    iconv_t convert; /* to GB18030; (iconv_t)-1: as it is */
    struct jb_unmapped *unmapped;
};

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
    if (w->unmapped->characters++ == 0)
        memcpy(w->unmapped->first, name, sizeof w->unmapped->first);
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

static void put_cell(struct csv *w, const struct jb_cell *cell)
{
    char number[32];

    if (cell->kind == JB_CELL_TEXT) {
        put_field(w, cell->text, true);
        return;
    }
    snprintf(number, sizeof number, cell->kind == JB_CELL_RATE ? "%.2f%%" : "%.0f",
             cell->kind == JB_CELL_RATE ? cell->number * 100.0 : cell->number);
    put_field(w, number, false);
}

static void put_sheet(struct csv *w, const struct jb_sheet *s)
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

bool jb_sheet_write_csv(const struct jb_sheet *s, FILE *out, bool gb18030,
                        struct jb_unmapped *unmapped)
{
    struct csv w = {.out = out, .convert = (iconv_t)-1, .unmapped = unmapped};

    *unmapped = (struct jb_unmapped){0, ""};
    if (gb18030) {
        w.convert = iconv_open("GB18030", "UTF-8");
        if (w.convert == (iconv_t)-1)
            return false;
    } else {
        (void)fputs("\xEF\xBB\xBF", out);
    }
    put_sheet(&w, s);
    if (gb18030)
        iconv_close(w.convert);
    return true;
}
