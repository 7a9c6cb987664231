/* See xlsx.h: the archive, the list of sheets, texts. */
#include "clients/gateway/adapters/xlsx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"

#define ENTRIES_MAX 4096
#define CHUNK 65536
#define PART_BYTES 256 /* name of a part */

/* ---- streaming ---- */

void jb_ex_part_fail(struct jb_ex_part *p, enum jb_err err, const char *text)
{
    if (p->err == JB_OK) {
        p->err = jb_fault_set(p->book->fault, err, "%s", text);
        (void)XML_StopParser(p->parser, XML_FALSE);
    }
}

const char *jb_ex_local(const XML_Char *name)
{
    const char *colon = strrchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

const char *jb_ex_attribute(const XML_Char **attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(jb_ex_local(attributes[0]), name) == 0)
            return attributes[1];
    return NULL;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct jb_ex_part *p = user;
    if (++p->depth > JB_EX_XML_DEPTH)
        jb_ex_part_fail(p, JB_TOO_DEEP, _("XML nested too deep"));
    else if (p->err == JB_OK)
        p->start(p, name, attributes);
}

static void on_end(void *user, const XML_Char *name)
{
    struct jb_ex_part *p = user;
    p->depth--;
    if (p->err == JB_OK)
        p->end(p, name);
}

/* Entities are declared in a document type; no spreadsheet has one. */
static void on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    jb_ex_part_fail(user, JB_MALFORMED, _("XML with a document type is not read"));
}

static enum jb_err feed(struct jb_ex_part *p, zip_file_t *file, const char *name)
{
    struct jb_ex_book *book = p->book;
    for (;;) {
        void *buffer = XML_GetBuffer(p->parser, CHUNK);
        zip_int64_t got = buffer != NULL ? zip_fread(file, buffer, CHUNK) : -1;
        if (buffer == NULL)
            return jb_fault_set(book->fault, JB_NOMEM, "%s", jb_err_text(JB_NOMEM));
        if (got < 0)
            return jb_fault_set(book->fault, JB_MALFORMED, _("%s: damaged archive"), name);
        book->unpacked += (size_t)got;
        if (book->unpacked > book->unpacked_max)
            return jb_fault_set(book->fault, JB_TOO_LARGE,
                                _("unpacks to more than %zu bytes: not read any further"),
                                book->unpacked_max);
        enum XML_Status status = XML_ParseBuffer(p->parser, (int)got, got == 0);
        if (p->err != JB_OK)
            return p->err;
        if (status != XML_STATUS_OK)
            return jb_fault_set(book->fault, JB_MALFORMED, _("%s, line %lu: %s"), name,
                                (unsigned long)XML_GetCurrentLineNumber(p->parser),
                                XML_ErrorString(XML_GetErrorCode(p->parser)));
        if (got == 0)
            return JB_OK;
    }
}

enum jb_err jb_ex_part_read(struct jb_ex_book *book, const char *name, struct jb_ex_part *p,
                            XML_CharacterDataHandler text)
{
    zip_file_t *file = zip_fopen(book->zip, name, 0);
    if (file == NULL)
        return zip_name_locate(book->zip, name, 0) < 0
                   ? jb_fault_set(book->fault, JB_NOT_FOUND, _("%s: not in the file"), name)
                   : jb_fault_set(book->fault, JB_MALFORMED, _("%s: %s"), name,
                                  zip_strerror(book->zip));
    p->book = book;
    p->err = JB_OK;
    p->depth = 0;
    p->parser = XML_ParserCreate(NULL);
    enum jb_err err = p->parser == NULL ? JB_NOMEM : JB_OK;
    if (err == JB_OK) {
        XML_SetUserData(p->parser, p);
        XML_SetElementHandler(p->parser, on_start, on_end);
        XML_SetCharacterDataHandler(p->parser, text);
        XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
        err = feed(p, file, name);
        XML_ParserFree(p->parser);
        p->parser = NULL;
    }
    (void)zip_fclose(file);
    return err;
}

/* ---- texts ---- */

bool jb_ex_text_add(struct jb_ex_book *book, struct jb_ex_text *t, const char *s, size_t len)
{
    if (t->len + len > book->table->cell_bytes) {
        t->too_long = true;
        return true;
    }
    if (t->len + len + 1 > t->room) {
        size_t room = (t->len + len + 1) * 2;
        char *more = jb_arena_alloc(&book->table->arena, room);
        if (more == NULL)
            return false;
        if (t->len > 0)
            memcpy(more, t->data, t->len);
        t->data = more;
        t->room = room;
    }
    memcpy(t->data + t->len, s, len);
    t->len += len;
    return true;
}

/* "_x000D_": so a character is written that XML cannot hold. false: it is none of these. */
static bool escaped(const char *s, size_t len, char *out)
{
    char hex[5] = "";
    char *end = NULL;
    if (len < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
        return false;
    memcpy(hex, s + 2, 4);
    unsigned long code = strtoul(hex, &end, 16);
    if (end != hex + 4 || code >= 0x80)
        return false;
    *out = (char)code;
    return true;
}

const char *jb_ex_text_take(struct jb_ex_book *book, struct jb_ex_text *t)
{
    struct jb_ex_text was = *t;
    size_t len = 0;
    *t = (struct jb_ex_text){.data = NULL};
    if (was.too_long)
        return jb_ex_flawed(JB_EX_FLAW_LONG);
    for (size_t i = 0; i < was.len; i++) {
        bool code = escaped(was.data + i, was.len - i, &was.data[len]);
        if (!code)
            was.data[len] = was.data[i];
        if (was.data[len++] == '\0')
            return jb_ex_flawed(JB_EX_FLAW_NUL);
        i += code ? 6 : 0;
    }
    return len > 0 ? jb_arena_strndup(&book->table->arena, was.data, len) : "";
}

/* ---- which part holds the sheet ---- */

struct finding {
    const char *wanted; /* name of the sheet; NULL: the first */
    char id[64];        /* of its relationship */
    char part[PART_BYTES];
    bool found;
};

static void no_end(void *user, const XML_Char *name)
{
    (void)user;
    (void)name;
}

static void on_workbook(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct jb_ex_part *p = user;
    struct finding *f = p->state;
    if (f->found || strcmp(jb_ex_local(name), "sheet") != 0)
        return;
    const char *sheet = jb_ex_attribute(attributes, "name");
    const char *id = jb_ex_attribute(attributes, "id");
    if (sheet == NULL || id == NULL || (f->wanted != NULL && strcmp(sheet, f->wanted) != 0))
        return;
    f->found = strlen(id) < sizeof f->id;
    (void)snprintf(f->id, sizeof f->id, "%s", f->found ? id : "");
}

/* A target stands relative to xl/; nothing may climb out of it. */
static void on_relationship(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct jb_ex_part *p = user;
    struct finding *f = p->state;
    const char *id = jb_ex_attribute(attributes, "Id");
    const char *target = jb_ex_attribute(attributes, "Target");
    if (strcmp(jb_ex_local(name), "Relationship") != 0 || id == NULL || target == NULL ||
        strcmp(id, f->id) != 0)
        return;
    bool absolute = strncmp(target, "/xl/", 4) == 0;
    target += absolute ? 4 : 0;
    if (target[0] == '/' || strstr(target, "..") != NULL || strlen(target) + 4 > sizeof f->part) {
        jb_ex_part_fail(p, JB_MALFORMED, _("the sheet lies outside of the workbook"));
        return;
    }
    (void)snprintf(f->part, sizeof f->part, "xl/%s", target);
}

static enum jb_err find_sheet(struct jb_ex_book *book, const char *wanted, struct finding *f)
{
    struct jb_ex_part p = {.state = f, .start = on_workbook, .end = no_end};
    *f = (struct finding){.wanted = wanted};
    enum jb_err err = jb_ex_part_read(book, "xl/workbook.xml", &p, NULL);
    if (err == JB_OK && !f->found)
        err = wanted != NULL
                  ? jb_fault_set(book->fault, JB_NOT_FOUND, _("there is no sheet \"%s\""), wanted)
                  : jb_fault_set(book->fault, JB_MALFORMED, _("there is no sheet"));
    p.start = on_relationship;
    if (err == JB_OK)
        err = jb_ex_part_read(book, "xl/_rels/workbook.xml.rels", &p, NULL);
    if (err == JB_OK && f->part[0] == '\0')
        err = jb_fault_set(book->fault, JB_MALFORMED, _("there is no sheet"));
    return err;
}

/* ---- the file ---- */

static enum jb_err open_zip(struct jb_ex_book *book, struct jb_bytes file)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(file.data, file.len, 0, &error);
    book->zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (book->zip == NULL && source != NULL)
        zip_source_free(source);
    enum jb_err err = JB_OK;
    if (book->zip == NULL)
        err = jb_fault_set(book->fault, JB_MALFORMED, _("not an XLSX file, or cut off: %s"),
                           zip_error_strerror(&error));
    else if (zip_get_num_entries(book->zip, 0) > ENTRIES_MAX)
        err =
            jb_fault_set(book->fault, JB_OVERFLOW, _("over %d parts in the archive"), ENTRIES_MAX);
    zip_error_fini(&error);
    return err;
}

enum jb_err jb_ex_xlsx_read(struct jb_ex_table *t, struct jb_bytes file,
                            const struct jb_ex_xlsx *options, struct jb_fault *fault)
{
    struct jb_ex_book book = {.table = t, .unpacked_max = options->unpacked_bytes, .fault = fault};
    struct finding f;
    enum jb_err err = open_zip(&book, file);
    if (err == JB_OK)
        err = find_sheet(&book, options->sheet, &f);
    if (err == JB_OK)
        err = jb_ex_strings_read(&book);
    if (err == JB_OK)
        err = jb_ex_sheet_read(&book, f.part);
    if (book.zip != NULL)
        zip_discard(book.zip);
    if (err == JB_OK && t->headers == NULL)
        err = jb_fault_set(fault, JB_MALFORMED, _("the first row must hold the headers"));
    return err;
}
