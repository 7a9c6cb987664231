/* CSV as RFC 4180 has it, and as spreadsheets of agencies write it: UTF-8 with or without a byte
 * order mark, or GB18030; commas or tabs; LF, CR LF or CR. A quote that does not end makes the
 * whole file bad: nobody can tell what is in which row then. Everything else is the affair of its
 * row. */
#include <iconv.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"
#include "clients/gateway/adapters/table.h"
#include "proto/base/utf8.h"

#define UNSURE ((size_t)-1)

struct reader {
    struct jb_ex_table *table;
    const char *in, *end;
    char separator;
    iconv_t convert; /* (iconv_t)-1: the cells are UTF-8 */
    size_t line;
    const char *cells[JB_EX_COLUMNS + 1];
    size_t count;
    struct jb_fault *fault;
};

/* ---- the encoding ---- */

static size_t header_bytes(struct jb_text text)
{
    const char *end = memchr(text.data, '\n', text.len);
    return end != NULL ? (size_t)(end - text.data) : text.len;
}

static bool all_ascii(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0x80)
            return false;
    return true;
}

/* Chinese headers decide; where there are none, the whole. */
static bool is_utf8(struct jb_text text)
{
    size_t header = header_bytes(text);
    size_t looked = all_ascii(text.data, header) ? text.len : header;
    return jb_text_check(text.data, looked) != JB_BAD_UTF8;
}

static bool skip_mark(struct jb_text *text)
{
    if (text->len < 3 || memcmp(text->data, "\xef\xbb\xbf", 3) != 0)
        return false;
    text->data += 3;
    text->len -= 3;
    return true;
}

static enum jb_err choose(struct reader *r, struct jb_text *text, const struct jb_ex_csv *options)
{
    bool marked = skip_mark(text);
    bool utf8 = strcmp(options->encoding, "utf-8") == 0;
    if (!utf8 && strcmp(options->encoding, "gb18030") != 0)
        utf8 = marked || is_utf8(*text);
    if (utf8)
        return JB_OK;
    r->convert = iconv_open("UTF-8", "GB18030");
    if (r->convert == (iconv_t)-1)
        return jb_fault_set(r->fault, JB_UNSUPPORTED, _("this machine cannot convert GB18030"));
    return JB_OK;
}

static char separator_of(struct jb_text text)
{
    size_t header = header_bytes(text);
    bool tabs = memchr(text.data, '\t', header) != NULL;
    return tabs && memchr(text.data, ',', header) == NULL ? '\t' : ',';
}

/* ---- a cell ---- */

/* Bytes of a cell, from `at`; doubled quotes become one. */
struct raw {
    const char *at;
    size_t len;
    bool quoted;
};

static size_t unquote(char *out, const struct raw *raw)
{
    size_t len = 0;
    for (size_t i = 0; i < raw->len; i++) {
        out[len++] = raw->at[i];
        if (raw->quoted && raw->at[i] == '"')
            i++;
    }
    return len;
}

static const char *converted(struct reader *r, char *bytes, size_t len)
{
    size_t room = len * 2 + 1; /* two bytes become three at most, four become four */
    char *out = jb_arena_alloc(&r->table->arena, room);
    char *in = bytes, *to = out;
    size_t left = len, free_bytes = room - 1;
    if (out == NULL)
        return NULL;
    (void)iconv(r->convert, NULL, NULL, NULL, NULL);
    if (iconv(r->convert, &in, &left, &to, &free_bytes) == UNSURE || left != 0)
        return jb_ex_flawed(JB_EX_FLAW_ENCODING);
    *to = '\0';
    return out;
}

/* NULL: no memory. */
static const char *cell_of(struct reader *r, const struct raw *raw)
{
    char *text = jb_arena_alloc(&r->table->arena, raw->len + 1);
    if (text == NULL)
        return NULL;
    size_t len = unquote(text, raw);
    text[len] = '\0';
    if (len > r->table->cell_bytes)
        return jb_ex_flawed(JB_EX_FLAW_LONG);
    if (memchr(text, '\0', len) != NULL)
        return jb_ex_flawed(JB_EX_FLAW_NUL);
    if (r->convert != (iconv_t)-1 && !all_ascii(text, len))
        return converted(r, text, len);
    return jb_text_check(text, len) == JB_OK ? text : jb_ex_flawed(JB_EX_FLAW_ENCODING);
}

static bool ends_row(char c)
{
    return c == '\n' || c == '\r';
}

/* From behind the opening quote to behind the closing one; false: there is none. What stands
 * between that one and the next separator belongs to the text, as spreadsheets have it. */
static bool scan_quoted(struct reader *r, struct raw *raw)
{
    raw->quoted = true;
    raw->at = ++r->in;
    for (; r->in < r->end; r->in++) {
        r->line += *r->in == '\n';
        if (*r->in != '"')
            continue;
        if (r->in + 1 == r->end || r->in[1] != '"') {
            raw->len = (size_t)(r->in++ - raw->at);
            return true;
        }
        r->in++;
    }
    return false;
}

static enum jb_err read_cell(struct reader *r)
{
    struct raw raw = {r->in, 0, false};
    size_t begun = r->line;
    if (r->in < r->end && *r->in == '"') {
        if (!scan_quoted(r, &raw))
            return jb_fault_set(r->fault, JB_MALFORMED, _("line %zu: a quoted cell does not end"),
                                begun);
        if (r->in < r->end && *r->in != r->separator && !ends_row(*r->in))
            return jb_fault_set(r->fault, JB_MALFORMED,
                                _("line %zu: something stands behind a quoted cell"), r->line);
    } else {
        while (r->in < r->end && *r->in != r->separator && !ends_row(*r->in))
            r->in++;
        raw.len = (size_t)(r->in - raw.at);
    }
    if (r->count > JB_EX_COLUMNS)
        return JB_OK; /* the row is refused as a whole, see jb_ex_table_add */
    const char *cell = cell_of(r, &raw);
    if (cell == NULL)
        return jb_fault_set(r->fault, JB_NOMEM, _("larger than the limit of memory"));
    r->cells[r->count++] = cell;
    return JB_OK;
}

static void skip_line_end(struct reader *r)
{
    if (r->in < r->end && *r->in == '\r')
        r->in++;
    if (r->in < r->end && *r->in == '\n')
        r->in++;
    r->line++;
}

static bool empty_row(const struct reader *r)
{
    return r->count == 1 && r->cells[0][0] == '\0' && jb_ex_flaw_of(r->cells[0]) == JB_EX_FLAW_NONE;
}

static enum jb_err read_row(struct reader *r)
{
    size_t line = r->line;
    enum jb_err err = JB_OK;
    r->count = 0;
    for (bool more = true; more && err == JB_OK;) {
        err = read_cell(r);
        more = r->in < r->end && *r->in == r->separator;
        r->in += more;
    }
    if (err != JB_OK)
        return err;
    skip_line_end(r);
    return empty_row(r) ? JB_OK : jb_ex_table_add(r->table, line, r->cells, r->count, r->fault);
}

enum jb_err jb_ex_csv_read(struct jb_ex_table *t, struct jb_text text,
                           const struct jb_ex_csv *options, struct jb_fault *fault)
{
    struct reader r = {.table = t, .convert = (iconv_t)-1, .line = 1, .fault = fault};
    if (text.len == 0)
        return jb_fault_set(fault, JB_MALFORMED, _("the file is empty"));
    enum jb_err err = choose(&r, &text, options);
    r.in = text.data;
    r.end = text.data + text.len;
    r.separator = options->separator != 0 ? options->separator : separator_of(text);
    while (err == JB_OK && r.in < r.end)
        err = read_row(&r);
    if (r.convert != (iconv_t)-1)
        (void)iconv_close(r.convert);
    if (err == JB_OK && t->headers == NULL)
        err = jb_fault_set(fault, JB_MALFORMED, _("the first row must hold the headers"));
    return err;
}
