#include "proto/base/initext.h"

#include <ini.h>
#include <pthread.h>

#include "proto/base/utf8.h"

#define N_(text) text

struct reading {
    const char *at, *end;   /* what has not been handed to inih yet */
    unsigned line;          /* number of the line handed over last */
    const char *name;       /* of the text, for messages */
    jb_initext_fn on_row;   /* the caller's */
    void *ctx;              /* the caller's */
    enum jb_err err;        /* the first error ends the reading */
    struct jb_fault *fault; /* complete as soon as err is set */
    char section[JB_INITEXT_NAME_BYTES + 1];
};

static const char malformed[] = N_("expected [section], key = value or # comment");
static pthread_once_t inih_once = PTHREAD_ONCE_INIT;

/* inih's own defaults split a line at 200 bytes, take an indented line for a continuation, cut
 * values at " ;", and go on after an error. */
static void set_inih_switches(void)
{
    ini_max_line = JB_INITEXT_LINE_BYTES + 3;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
}

/* Keep the first error, completed with name and line; `what`: English, or said already. */
static void fail(struct reading *r, enum jb_err err, const char *what)
{
    if (r->err != JB_OK)
        return;
    r->err = jb_fault_set(r->fault, err, "%s:%u: %s", r->name, r->line, jb_said(what));
}

static void emit(struct reading *r, const char *key, const char *value)
{
    struct jb_initext_row row = {r->section, key, value, r->line};
    struct jb_fault what = {{0}};
    enum jb_err err = r->on_row(r->ctx, &row, &what);

    if (err != JB_OK)
        fail(r, err, what.text[0] != '\0' ? what.text : jb_err_said(err));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct jb_text trimmed(struct jb_text text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* inih reports a section only with its first key, and cuts long names: sections are read here. */
static void open_section(struct reading *r, struct jb_text line)
{
    struct jb_text name;

    if (line.len < 2 || line.data[line.len - 1] != ']') {
        fail(r, JB_MALFORMED, "a section stands alone on its line: [name]");
        return;
    }
    name = trimmed((struct jb_text){line.data + 1, line.len - 2});
    if (name.len == 0 || name.len > JB_INITEXT_NAME_BYTES) {
        fail(r, JB_MALFORMED, "a section's name has 1 to 49 bytes");
        return;
    }
    memcpy(r->section, name.data, name.len);
    r->section[name.len] = '\0';
    emit(r, NULL, NULL);
}

/* What inih would cut silently, or misread: it also takes a colon for the end of a key. */
static void check_pair(struct reading *r, struct jb_text line)
{
    const char *equals = memchr(line.data, '=', line.len);
    struct jb_text key = {line.data, equals != NULL ? (size_t)(equals - line.data) : 0};

    if (key.len == 0)
        fail(r, JB_MALFORMED, malformed);
    else if (trimmed(key).len > JB_INITEXT_NAME_BYTES)
        fail(r, JB_MALFORMED, "a key has at most 49 bytes");
    else if (memchr(key.data, ':', key.len) != NULL)
        fail(r, JB_MALFORMED, "a key must not contain a colon");
}

/* Controls other than tab come from a wrong editor or a wrong file, never from intent. */
static bool has_control(struct jb_text line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static void check_line(struct reading *r, struct jb_text line)
{
    enum jb_err err = jb_text_check(line.data, line.len);

    if (line.len > JB_INITEXT_LINE_BYTES)
        fail(r, JB_TOO_LARGE, "the line is longer than 4000 bytes");
    else if (err != JB_OK)
        fail(r, err, jb_err_said(err));
    else if (has_control(line))
        fail(r, JB_MALFORMED, "the line contains a control character");
    else if (line.len > 0 && line.data[0] == '[')
        open_section(r, line);
    else if (line.len > 0 && line.data[0] != '#' && line.data[0] != ';')
        check_pair(r, line);
}

static struct jb_text next_line(struct reading *r)
{
    size_t left = (size_t)(r->end - r->at);
    const char *newline = memchr(r->at, '\n', left);
    struct jb_text line = {r->at, newline != NULL ? (size_t)(newline - r->at) : left};

    r->at = newline != NULL ? newline + 1 : r->end;
    r->line++;
    return trimmed(line);
}

/* inih's fgets: one checked line per call, without blanks at either end. */
static char *give_line(char *out, int room, void *stream)
{
    struct reading *r = stream;
    struct jb_text line;

    if (r->err != JB_OK || r->at == r->end)
        return NULL;
    line = next_line(r);
    check_line(r, line);
    if (r->err != JB_OK)
        return NULL;
    if (room < 2 || line.len > (size_t)room - 2) {
        fail(r, JB_TOO_LARGE, "the line is too long for the installed inih");
        return NULL;
    }
    if (line.len > 0)
        memcpy(out, line.data, line.len);
    out[line.len] = '\n';
    out[line.len + 1] = '\0';
    return out;
}

static int take_pair(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;

    (void)section; /* possibly cut: r->section is not */
    if (r->err == JB_OK)
        emit(r, key, value != NULL ? value : "");
    return r->err == JB_OK;
}

enum jb_err jb_initext_read(struct jb_text text, const char *name, jb_initext_fn on_row, void *ctx,
                            struct jb_fault *fault)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reading r = {.name = name, .on_row = on_row, .ctx = ctx, .fault = fault};

    if (text.len > JB_INITEXT_MAX_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: larger than 1 MiB", name);
    if (text.len == 0)
        return JB_OK;
    (void)pthread_once(&inih_once, set_inih_switches);
    r.at = text.data;
    r.end = text.data + text.len;
    if (text.len >= 3 && memcmp(text.data, bom, 3) == 0)
        r.at += 3;
    if (ini_parse_stream(give_line, &r, take_pair, &r) != 0)
        fail(&r, JB_MALFORMED, malformed);
    return r.err;
}
