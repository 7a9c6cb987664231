/* The shared strings and the cells of a sheet. */
#include <stdlib.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"
#include "clients/gateway/adapters/xlsx.h"

static void no_memory(struct jb_ex_part *p)
{
    jb_ex_part_fail(p, JB_NOMEM, _("larger than the limit of memory"));
}

/* ---- shared strings: <si><t>..</t></si>, or <si><r><t>..</t></r>..</si> for mixed fonts ---- */

struct strings {
    struct jb_ex_text text;
    bool in_text;
    unsigned phonetic; /* inside of <rPh>: how to read it aloud, no part of the text */
};

static bool string_add(struct jb_ex_book *book, const char *s)
{
    if (book->string_count == book->string_room) {
        size_t room = book->string_room == 0 ? 256 : book->string_room * 2;
        const char **more = jb_arena_alloc(&book->table->arena, room * sizeof *more);
        if (more == NULL)
            return false;
        if (book->string_count > 0)
            memcpy(more, book->strings, book->string_count * sizeof *more);
        book->strings = more;
        book->string_room = room;
    }
    book->strings[book->string_count++] = s;
    return true;
}

static void strings_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct jb_ex_part *p = user;
    struct strings *s = p->state;
    const char *local = jb_ex_local(name);
    (void)attributes;
    s->phonetic += strcmp(local, "rPh") == 0;
    s->in_text = strcmp(local, "t") == 0 && s->phonetic == 0;
}

static void strings_end(void *user, const XML_Char *name)
{
    struct jb_ex_part *p = user;
    struct strings *s = p->state;
    const char *local = jb_ex_local(name);
    s->in_text = false;
    if (strcmp(local, "rPh") == 0 && s->phonetic > 0)
        s->phonetic--;
    if (strcmp(local, "si") != 0)
        return;
    const char *text = jb_ex_text_take(p->book, &s->text);
    if (text == NULL || !string_add(p->book, text))
        no_memory(p);
}

static void strings_text(void *user, const XML_Char *data, int len)
{
    struct jb_ex_part *p = user;
    struct strings *s = p->state;
    if (s->in_text && p->err == JB_OK && !jb_ex_text_add(p->book, &s->text, data, (size_t)len))
        no_memory(p);
}

enum jb_err jb_ex_strings_read(struct jb_ex_book *book)
{
    struct strings s = {.in_text = false};
    struct jb_ex_part p = {.state = &s, .start = strings_start, .end = strings_end};
    enum jb_err err = jb_ex_part_read(book, "xl/sharedStrings.xml", &p, strings_text);
    if (err == JB_NOT_FOUND) { /* there need not be any */
        book->fault->text[0] = '\0';
        return JB_OK;
    }
    return err;
}

/* ---- cells: <row r="2"><c r="B2" t="s"><v>17</v></c></row> ---- */

enum cell_type {
    CELL_NUMBER,
    CELL_SHARED, /* index of a shared string */
    CELL_TEXT,   /* in place, or what a formula gave */
    CELL_BOOL,
    CELL_ERROR
};

struct sheet {
    struct jb_ex_text text;
    bool in_row, in_value;
    unsigned phonetic;
    size_t row, column; /* of the present cell; rows from 1, columns from 0 */
    enum cell_type type;
    const char *cells[JB_EX_COLUMNS];
    size_t count; /* cells of this row, with gaps filled */
};

static enum cell_type type_of(const char *t)
{
    if (t == NULL || strcmp(t, "n") == 0 || strcmp(t, "d") == 0)
        return CELL_NUMBER;
    if (strcmp(t, "s") == 0)
        return CELL_SHARED;
    if (strcmp(t, "b") == 0)
        return CELL_BOOL;
    return strcmp(t, "e") == 0 ? CELL_ERROR : CELL_TEXT;
}

/* "AB12" -> 27. Beyond the limit: JB_EX_COLUMNS. */
static size_t column_of(const char *reference)
{
    size_t column = 0;
    for (; *reference >= 'A' && *reference <= 'Z'; reference++) {
        column = column * 26 + (size_t)(*reference - 'A') + 1;
        if (column > JB_EX_COLUMNS)
            return JB_EX_COLUMNS;
    }
    return column > 0 ? column - 1 : JB_EX_COLUMNS;
}

static void row_begin(struct jb_ex_part *p, struct sheet *s, const char *number)
{
    unsigned long row = number != NULL ? strtoul(number, NULL, 10) : s->row + 1;
    if (row <= s->row || row > 10UL * JB_EX_ROWS) {
        jb_ex_part_fail(p, JB_MALFORMED, _("rows out of order"));
        return;
    }
    s->row = row;
    s->count = 0;
    s->in_row = true;
}

static void cell_begin(struct jb_ex_part *p, struct sheet *s, const XML_Char **attributes)
{
    const char *reference = jb_ex_attribute(attributes, "r");
    s->column = reference != NULL ? column_of(reference) : s->count;
    s->type = type_of(jb_ex_attribute(attributes, "t"));
    s->text = (struct jb_ex_text){.data = NULL};
    if (s->column >= JB_EX_COLUMNS || s->column < s->count)
        jb_ex_part_fail(p, JB_OVERFLOW, _("too many columns, or columns out of order"));
}

static void sheet_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct jb_ex_part *p = user;
    struct sheet *s = p->state;
    const char *local = jb_ex_local(name);
    if (strcmp(local, "row") == 0)
        row_begin(p, s, jb_ex_attribute(attributes, "r"));
    else if (strcmp(local, "c") == 0 && s->in_row)
        cell_begin(p, s, attributes);
    else if (strcmp(local, "rPh") == 0)
        s->phonetic++;
    else if (strcmp(local, "v") == 0 || strcmp(local, "t") == 0)
        s->in_value = s->in_row && s->phonetic == 0;
}

/* A number that is written with an exponent has lost digits: 6.1010119900101E+17. */
static const char *number_cell(const char *text)
{
    bool rounded = strpbrk(text, "eE") != NULL;
    return rounded ? jb_ex_flawed(JB_EX_FLAW_ROUNDED) : text;
}

static const char *shared_cell(struct jb_ex_part *p, const char *text)
{
    char *end = NULL;
    unsigned long index = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || index >= p->book->string_count) {
        jb_ex_part_fail(p, JB_MALFORMED, _("a cell names a text that is not there"));
        return "";
    }
    return p->book->strings[index];
}

static const char *cell_text(struct jb_ex_part *p, struct sheet *s)
{
    const char *text = jb_ex_text_take(p->book, &s->text);
    if (text == NULL || text[0] == '\0')
        return text;
    switch (s->type) {
    case CELL_SHARED:
        return shared_cell(p, text);
    case CELL_NUMBER:
        return number_cell(text);
    case CELL_ERROR:
        return jb_ex_flawed(JB_EX_FLAW_ERROR);
    case CELL_BOOL:
    case CELL_TEXT:
        break;
    }
    return text;
}

static void cell_end(struct jb_ex_part *p, struct sheet *s)
{
    const char *text = cell_text(p, s);
    if (text == NULL) {
        no_memory(p);
        return;
    }
    while (s->count < s->column)
        s->cells[s->count++] = "";
    s->cells[s->count++] = text;
}

static void row_end(struct jb_ex_part *p, struct sheet *s)
{
    struct jb_ex_table *t = p->book->table;
    bool any = false;
    s->in_row = false;
    for (size_t i = 0; i < s->count; i++)
        any = any || s->cells[i][0] != '\0' || jb_ex_flaw_of(s->cells[i]) != JB_EX_FLAW_NONE;
    if (!any)
        return;
    while (s->count < t->columns)
        s->cells[s->count++] = "";
    enum jb_err err = jb_ex_table_add(t, s->row, s->cells, s->count, p->book->fault);
    if (err != JB_OK && p->err == JB_OK) {
        p->err = err;
        (void)XML_StopParser(p->parser, XML_FALSE);
    }
}

static void sheet_end(void *user, const XML_Char *name)
{
    struct jb_ex_part *p = user;
    struct sheet *s = p->state;
    const char *local = jb_ex_local(name);
    s->in_value = false;
    if (strcmp(local, "rPh") == 0 && s->phonetic > 0)
        s->phonetic--;
    else if (strcmp(local, "c") == 0 && s->in_row)
        cell_end(p, s);
    else if (strcmp(local, "row") == 0 && s->in_row)
        row_end(p, s);
}

static void sheet_text(void *user, const XML_Char *data, int len)
{
    struct jb_ex_part *p = user;
    struct sheet *s = p->state;
    if (s->in_value && p->err == JB_OK && !jb_ex_text_add(p->book, &s->text, data, (size_t)len))
        no_memory(p);
}

enum jb_err jb_ex_sheet_read(struct jb_ex_book *book, const char *part)
{
    struct sheet s = {.in_row = false};
    struct jb_ex_part p = {.state = &s, .start = sheet_start, .end = sheet_end};
    return jb_ex_part_read(book, part, &p, sheet_text);
}
