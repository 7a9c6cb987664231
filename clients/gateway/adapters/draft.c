/* One record as an act: values by their types, each with the column that it came from. */
#include <stdlib.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"
#include "clients/gateway/adapters/map.h"
#include "proto/base/utf8.h"
#include "proto/rules/act.h"

#define TITLE_CHARS 40 /* of the content, where there is no title */

struct reading {
    const struct jb_ex_map *map;
    const struct jb_ex_record *record;
    struct jb_arena *arena;
    struct jb_ex_draft *draft;
    struct jb_fault *fault;
};

static enum jb_err bad(struct reading *r, const char *column, enum jb_err err, const char *text)
{
    size_t len = jb_text_cut(column, strlen(column), sizeof r->draft->column - 1);
    memcpy(r->draft->column, column, len);
    r->draft->column[len] = '\0';
    return jb_fault_set(r->fault, err, "%s", text);
}

/* ---- texts ---- */

static bool blank(unsigned char c)
{
    return c <= ' ' || c == 0x7f;
}

/* U+0085, U+00A0, U+2028, U+2029, U+3000 and other C1 controls as bytes; 0: none of them. */
static size_t wide_blank(const char *s)
{
    if ((unsigned char)s[0] == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] <= 0xa0)
        return 2;
    if (strncmp(s, "\xe3\x80\x80", 3) == 0 || strncmp(s, "\xe2\x80\xa8", 3) == 0 ||
        strncmp(s, "\xe2\x80\xa9", 3) == 0)
        return 3;
    return 0;
}

static size_t blank_bytes(const char *s)
{
    return *s != '\0' && blank((unsigned char)*s) ? 1 : wide_blank(s);
}

/* A text of one line: blanks and line breaks in a row become one blank, those at the ends go. NULL:
 * no memory. */
static const char *one_line(struct jb_arena *arena, const char *s)
{
    char *out = jb_arena_alloc(arena, strlen(s) + 1);
    size_t len = 0;
    if (out == NULL)
        return NULL;
    while (*s != '\0') {
        size_t skip = blank_bytes(s);
        if (skip == 0) {
            out[len++] = *s++;
            continue;
        }
        while ((skip = blank_bytes(s)) > 0)
            s += skip;
        if (len > 0 && *s != '\0')
            out[len++] = ' ';
    }
    out[len] = '\0';
    return out;
}

/* ---- from a column ---- */

struct found {
    const char *column, *value;
};

/* The first column of the field that is there and not empty; else an empty one of them. */
static struct found look_up(const struct reading *r, enum jb_ex_field field)
{
    const struct jb_ex_names *names = &r->map->fields[field];
    struct found found = {"", ""};
    for (size_t i = 0; i < names->count; i++) {
        const char *value = jb_ex_record_get(r->record, names->at[i]);
        if (value == NULL)
            continue;
        found = (struct found){names->at[i], value};
        if (value[0] != '\0' || jb_ex_flaw_of(value) != JB_EX_FLAW_NONE)
            break;
    }
    return found;
}

/* *out: the text of a field, or its default. */
static enum jb_err text_of(struct reading *r, enum jb_ex_field field, struct found *out)
{
    bool body = jb_ex_field_type(field) == JB_EX_TYPE_BODY;
    size_t limit = body ? JB_LIMIT_TEXT : JB_LIMIT_LINE;
    *out = look_up(r, field);
    enum jb_ex_flaw flaw = jb_ex_flaw_of(out->value);
    if (flaw != JB_EX_FLAW_NONE)
        return bad(r, out->column, JB_MALFORMED, jb_ex_flaw_text(flaw));
    if (!body)
        out->value = one_line(r->arena, out->value);
    if (out->value == NULL)
        return bad(r, out->column, JB_NOMEM, _("larger than the limit of memory"));
    if (strlen(out->value) > limit)
        return bad(r, out->column, JB_TOO_LARGE,
                   body ? _("over 256 KiB of text") : _("over 1024 bytes in a field of one line"));
    if (out->value[0] != '\0')
        return JB_OK;
    out->value = r->map->defaults[field] != NULL ? r->map->defaults[field] : "";
    return JB_OK;
}

static enum jb_err read_text(struct reading *r, enum jb_ex_field field, const char **out)
{
    struct found found;
    enum jb_err err = text_of(r, field, &found);
    if (err != JB_OK || found.value[0] == '\0')
        return err;
    const char *ours = jb_ex_map_ours(r->map, jb_ex_field_word(field), found.value);
    *out = ours != NULL ? ours : found.value;
    return JB_OK;
}

static enum jb_err read_word(struct reading *r, enum jb_ex_field field, int *out)
{
    struct found found;
    enum jb_err err = text_of(r, field, &found);
    if (err != JB_OK || found.value[0] == '\0')
        return err;
    const char *ours = jb_ex_map_ours(r->map, jb_ex_field_word(field), found.value);
    *out = jb_ex_word_parse(field, ours != NULL ? ours : found.value);
    return *out != 0 ? JB_OK
                     : bad(r, found.column, JB_RANGE,
                           _("a word that the mapping does not know: add it there"));
}

static enum jb_err read_count(struct reading *r, enum jb_ex_field field, uint32_t *out)
{
    struct found found;
    char *end = NULL;
    enum jb_err err = text_of(r, field, &found);
    if (err != JB_OK || found.value[0] == '\0')
        return err;
    unsigned long n = strtoul(found.value, &end, 10);
    if (found.value[0] < '0' || found.value[0] > '9' || *end != '\0' || n > 1000000)
        return bad(r, found.column, JB_RANGE, _("must be a number from 0 to 1000000"));
    *out = (uint32_t)n;
    return JB_OK;
}

static enum jb_err read_when(struct reading *r, enum jb_ex_field field, int64_t *out)
{
    struct found found;
    enum jb_err err = text_of(r, field, &found);
    if (err != JB_OK || found.value[0] == '\0')
        return err;
    err = jb_ex_when(found.value, jb_ex_field_type(field) == JB_EX_TYPE_END, out);
    return err == JB_OK ? JB_OK
                        : bad(r, found.column, err,
                              _("no date that can be read: write 2026-11-23 or 2026-11-23 09:05"));
}

/* ---- flags ---- */

static enum jb_err read_flag(struct reading *r, enum jb_ex_field field, uint32_t bit)
{
    static const char *const yes[] = {"1", "是", "有", "y", "Y", "yes", "true", "TRUE", NULL};
    static const char *const no[] = {"0", "否", "无", "n", "N", "no", "false", "FALSE", NULL};
    struct found found;
    enum jb_err err = text_of(r, field, &found);
    if (err != JB_OK || found.value[0] == '\0')
        return err;
    const char *ours = jb_ex_map_ours(r->map, "flag", found.value);
    const char *value = ours != NULL ? ours : found.value;
    for (size_t i = 0; yes[i] != NULL; i++)
        if (strcmp(yes[i], value) == 0) {
            r->draft->act.flags |= bit;
            return JB_OK;
        }
    for (size_t i = 0; no[i] != NULL; i++)
        if (strcmp(no[i], value) == 0)
            return JB_OK;
    return bad(r, found.column, JB_RANGE, _("must be yes or no: write 1 or 0"));
}

static enum jb_err read_flags(struct reading *r)
{
    static const struct {
        enum jb_ex_field field;
        uint32_t bit;
    } rows[] = {
        {JB_EX_REPEAT, JIAOBAN_FLAG_REPEAT},
        {JB_EX_ANONYMOUS, JIAOBAN_FLAG_ANONYMOUS},
        {JB_EX_JOINT, JIAOBAN_FLAG_JOINT_SIGNATURE},
        {JB_EX_URGENT, JIAOBAN_FLAG_URGENT},
        {JB_EX_CROSS_BOUNDARY, JIAOBAN_FLAG_CROSS_BOUNDARY},
        {JB_EX_LITIGATION, JIAOBAN_FLAG_LITIGATION},
        {JB_EX_OLD_CASE, JIAOBAN_FLAG_OLD_CASE},
        {JB_EX_PUBLIC, JIAOBAN_FLAG_PUBLIC},
        {JB_EX_SECRET, JIAOBAN_FLAG_SECRET},
        {JB_EX_UNREACHABLE, JIAOBAN_FLAG_UNREACHABLE},
    };
    enum jb_err err = JB_OK;
    for (size_t i = 0; err == JB_OK && i < sizeof rows / sizeof rows[0]; i++)
        err = read_flag(r, rows[i].field, rows[i].bit);
    return err;
}

/* ---- the whole ---- */

/* Without a title the beginning of the content is one: registration asks for no form. */
static enum jb_err make_title(struct reading *r)
{
    struct jiaoban_act *act = &r->draft->act;
    size_t len = 0;
    if (act->title != NULL)
        return JB_OK;
    const char *line = act->content != NULL ? one_line(r->arena, act->content) : "";
    if (line == NULL)
        return JB_NOMEM;
    for (size_t chars = 0; chars < TITLE_CHARS && line[len] != '\0'; chars++)
        for (len++; ((unsigned char)line[len] & 0xc0) == 0x80;)
            len++;
    if (len == 0)
        return bad(r, look_up(r, JB_EX_TITLE).column, JB_MISSING,
                   _("neither a title nor a content"));
    act->title = jb_arena_strndup(r->arena, line, len);
    return act->title != NULL ? JB_OK : JB_NOMEM;
}

static enum jb_err read_number(struct reading *r)
{
    if (r->map->number_by_row)
        return JB_OK;
    enum jb_err err = read_text(r, JB_EX_NUMBER, &r->draft->number);
    const char *column = look_up(r, JB_EX_NUMBER).column;
    if (err == JB_OK && r->draft->number[0] == '\0')
        return bad(r, column, JB_MISSING, _("the number is missing"));
    if (err == JB_OK && strlen(r->draft->number) > JB_EX_NUMBER_BYTES)
        return bad(r, column, JB_TOO_LARGE, _("a number of more than 64 bytes"));
    return err;
}

static enum jb_err read_person(struct reading *r)
{
    struct jiaoban_person *p = &r->draft->person;
    *p = (struct jiaoban_person){"", "", "", "", true};
    enum jb_err err = read_text(r, JB_EX_PERSON_NAME, &p->name);
    if (err == JB_OK)
        err = read_text(r, JB_EX_PERSON_ID, &p->id_number);
    if (err == JB_OK)
        err = read_text(r, JB_EX_PERSON_PHONE, &p->phone);
    if (err == JB_OK)
        err = read_text(r, JB_EX_PERSON_ADDRESS, &p->address);
    bool any = p->name[0] != '\0' || p->id_number[0] != '\0' || p->phone[0] != '\0' ||
               p->address[0] != '\0';
    r->draft->act.persons = any ? p : NULL;
    r->draft->act.person_count = any;
    return err;
}

static enum jb_err read_matter(struct reading *r)
{
    struct jiaoban_act *act = &r->draft->act;
    enum jb_err err = read_text(r, JB_EX_TITLE, &act->title);
    if (err == JB_OK)
        err = read_text(r, JB_EX_CONTENT, &act->content);
    if (err == JB_OK)
        err = read_text(r, JB_EX_CLASS_CODE, &act->class_code);
    if (err == JB_OK)
        err = read_text(r, JB_EX_PLACE_CODE, &act->place_code);
    if (err == JB_OK)
        err = read_word(r, JB_EX_CHANNEL, &act->channel);
    if (err == JB_OK)
        err = read_word(r, JB_EX_MATTER, &act->matter);
    if (err == JB_OK)
        err = read_count(r, JB_EX_PEOPLE, &act->people);
    if (err == JB_OK)
        err = read_when(r, JB_EX_RECEIVED_AT, &act->received_at_ms);
    return err == JB_OK ? make_title(r) : err;
}

enum jb_err jb_ex_draft_read(const struct jb_ex_map *map, const struct jb_ex_record *record,
                             struct jb_arena *arena, struct jb_ex_draft *draft,
                             struct jb_fault *fault)
{
    struct reading r = {map, record, arena, draft, fault};
    *draft = (struct jb_ex_draft){.number = "", .send_to = "", .send_text = ""};
    draft->act.size = sizeof draft->act;
    enum jb_err err = read_number(&r);
    if (err == JB_OK)
        err = read_matter(&r);
    if (err == JB_OK)
        err = read_person(&r);
    if (err == JB_OK)
        err = read_flags(&r);
    if (err == JB_OK)
        err = read_text(&r, JB_EX_SEND_TO, &draft->send_to);
    if (err == JB_OK)
        err = read_text(&r, JB_EX_SEND_TEXT, &draft->send_text);
    if (err == JB_OK)
        err = read_when(&r, JB_EX_DUE, &draft->due_ms);
    return err;
}
