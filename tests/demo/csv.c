#include "tests/demo/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 16 * 1024 * 1024
};

/* Where the reader stands. Fields are unquoted in place: `out` never overtakes `in`. */
struct reader {
    struct csv *csv;
    const char *path;
    char *in, *end, *out;
    size_t count, capacity; /* fields */
    size_t line;
};

static bool complain(const struct reader *r, const char *what)
{
    fprintf(stderr, "%s:%zu: %s\n", r->path, r->line, what);
    return false;
}

static bool load(struct csv *csv, const char *path, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    csv->text = malloc(FILE_MAX + 1);
    *size = csv->text != NULL ? fread(csv->text, 1, FILE_MAX + 1, f) : 0;
    bool good = csv->text != NULL && !ferror(f) && *size <= FILE_MAX;
    fclose(f);
    if (!good) {
        fprintf(stderr, "%s: cannot be read or is larger than %d bytes\n", path, FILE_MAX);
        return false;
    }
    char *fitting = realloc(csv->text, *size + 1);
    if (fitting != NULL)
        csv->text = fitting;
    csv->text[*size] = '\0';
    return true;
}

static bool add_field(struct reader *r, const char *field)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity == 0 ? 256 : r->capacity * 2;
        void *more = realloc(r->csv->fields, capacity * sizeof *r->csv->fields);
        if (more == NULL)
            return complain(r, "out of memory");
        r->csv->fields = more;
        r->capacity = capacity;
    }
    r->csv->fields[r->count++] = field;
    return true;
}

/* From behind the opening quote to behind the closing one. */
static bool read_quoted(struct reader *r)
{
    for (; r->in < r->end; r->in++) {
        if (*r->in == '\n')
            r->line++;
        if (*r->in != '"') {
            *r->out++ = *r->in;
        } else if (r->in + 1 < r->end && r->in[1] == '"') {
            *r->out++ = '"';
            r->in++;
        } else {
            r->in++;
            return true;
        }
    }
    return complain(r, "a quoted field does not end");
}

static bool read_plain(struct reader *r)
{
    while (r->in < r->end && *r->in != ',' && *r->in != '\n' && *r->in != '\r') {
        if (*r->in == '"')
            return complain(r, "a quote inside a field without quotes");
        *r->out++ = *r->in++;
    }
    return true;
}

/* One field and what follows it: sets *last when the record ends there. */
static bool read_field(struct reader *r, bool *last)
{
    char *start = r->out;
    bool quoted = r->in < r->end && *r->in == '"';
    if (quoted)
        r->in++;
    if (!(quoted ? read_quoted(r) : read_plain(r)))
        return false;
    *last = true;
    if (r->in < r->end && *r->in == ',') {
        *last = false;
        r->in++;
    } else {
        if (r->in < r->end && *r->in == '\r')
            r->in++;
        if (r->in < r->end && *r->in != '\n')
            return complain(r, "something stands between the end of a field and the comma");
        if (r->in < r->end)
            r->in++;
    }
    /* What has been read is at least one byte longer than the field, except at the very end,
     * where the buffer has one byte to spare. */
    *r->out++ = '\0';
    return add_field(r, start);
}

static bool read_record(struct reader *r)
{
    size_t first = r->count;
    for (bool last = false; !last;)
        if (!read_field(r, &last))
            return false;
    if (r->csv->columns == 0)
        r->csv->columns = r->count;
    if (r->count - first != r->csv->columns)
        return complain(r, "this record has more or fewer fields than the header");
    r->csv->rows++;
    r->line++;
    return true;
}

bool csv_parse(struct csv *csv, char *text, size_t size, const char *name)
{
    *csv = (struct csv){.text = text};
    struct reader r = {.csv = csv, .path = name, .in = text, .out = text, .line = 1};
    bool good = true;
    r.end = text + size;
    while (good && r.in < r.end)
        good = read_record(&r);
    if (good && csv->rows == 0)
        good = complain(&r, "there is no header");
    if (!good)
        csv_free(csv);
    return good;
}

bool csv_read(struct csv *csv, const char *path)
{
    size_t size = 0;
    *csv = (struct csv){0};
    if (load(csv, path, &size))
        return csv_parse(csv, csv->text, size, path);
    csv_free(csv);
    return false;
}

void csv_free(struct csv *csv)
{
    free(csv->fields);
    free(csv->text);
    *csv = (struct csv){0};
}

size_t csv_column(const struct csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->fields[i], name) == 0)
            return i;
    return (size_t)-1;
}

const char *csv_get(const struct csv *csv, size_t row, const char *name)
{
    size_t column = csv_column(csv, name);
    if (column == (size_t)-1 || row >= csv->rows)
        return NULL;
    return csv->fields[row * csv->columns + column];
}
