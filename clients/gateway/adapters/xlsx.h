/* Inside the reader of XLSX: parts of the archive are streamed through expat with limits.
 *
 * An XLSX file is a ZIP archive of XML parts. Nothing of it is written anywhere, parts are asked
 * for by names that this program makes, a document type (entities, "XML bombs") is refused, and all
 * that is unpacked is counted (ZIP bombs). */
#ifndef JB_EX_XLSX_H
#define JB_EX_XLSX_H

#include <expat.h>
#include <zip.h>

#include "clients/gateway/adapters/table.h"

#define JB_EX_XML_DEPTH 32

struct jb_ex_book {
    struct jb_ex_table *table;
    zip_t *zip;
    size_t unpacked, unpacked_max; /* bytes, of all parts together */
    const char **strings;          /* shared ones, in the table's arena */
    size_t string_count, string_room;
    struct jb_fault *fault;
};

/* One part being read; `user` of the handlers. */
struct jb_ex_part {
    struct jb_ex_book *book;
    XML_Parser parser;
    void *state; /* of who reads this part */
    unsigned depth;
    enum jb_err err;
    XML_StartElementHandler start;
    XML_EndElementHandler end;
};

/* Stop reading; the first error stays. */
void jb_ex_part_fail(struct jb_ex_part *p, enum jb_err err, const char *text);
/* Read a part from its beginning to its end. JB_NOT_FOUND: there is no such part; JB_MALFORMED,
 * JB_TOO_LARGE, JB_TOO_DEEP, JB_NOMEM: the book's fault names it. */
JB_MUST enum jb_err jb_ex_part_read(struct jb_ex_book *book, const char *name, struct jb_ex_part *p,
                                    XML_CharacterDataHandler text);
/* The value of an attribute, by its name without a prefix; NULL: none. */
const char *jb_ex_attribute(const XML_Char **attributes, const char *name);
/* The name of an element without its prefix. */
const char *jb_ex_local(const XML_Char *name);

/* A text that grows while its characters come, with a limit. */
struct jb_ex_text {
    char *data; /* in the arena */
    size_t len, room;
    bool too_long;
};
JB_MUST bool jb_ex_text_add(struct jb_ex_book *book, struct jb_ex_text *t, const char *s,
                            size_t len);
/* What was collected as a cell: _x000D_ and its like are read, flaws told; starts anew. NULL: no
 * memory. */
const char *jb_ex_text_take(struct jb_ex_book *book, struct jb_ex_text *t);

/* xlsx_sheet.c */
JB_MUST enum jb_err jb_ex_strings_read(struct jb_ex_book *book);
JB_MUST enum jb_err jb_ex_sheet_read(struct jb_ex_book *book, const char *part);

#endif
