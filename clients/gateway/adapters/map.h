/* A mapping file: what the other system calls things, and what they are here. Pure but for
 * jb_ex_map_open. One file for both directions.
 *
 *     [map]
 *     system = 市长信箱              the name under which that system's numbers are kept
 *     number = 信件编号 | 编号       columns that may hold its number; @row: the file's digest and
 *                                   the row, where there are no numbers
 *     [fields]
 *     title = 标题 | 主题            our field = their columns, the first one that is there
 *     [defaults]
 *     channel = online              where the column is missing or empty
 *     [channel]
 *     letter = 来信 | 信件           our word = their words; * is every other one
 *     [result]
 *     ANSWER = answer               their name = our fact, for what is told to the other system
 *     [status]
 *     closed = 审核认定办结          our word = the one that they are told */
#ifndef JB_EX_MAP_H
#define JB_EX_MAP_H

#include "clients/gateway/adapters/table.h"
#include "clients/lib/jiaoban.h"

#define JB_EX_NUMBER_BYTES 64 /* of a foreign number; domain of the exchange */
#define JB_EX_SYSTEM_BYTES 64
#define JB_EX_NAMES 8    /* columns of one field */
#define JB_EX_RESULTS 64 /* facts told */

/* Our fields of what comes in: name, how its value is read. */
#define JB_EX_FIELDS(X)                                                                            \
    X(NUMBER, "number", LINE)                                                                      \
    X(TITLE, "title", LINE)                                                                        \
    X(CONTENT, "content", BODY)                                                                    \
    X(CLASS_CODE, "class_code", LINE)                                                              \
    X(PLACE_CODE, "place_code", LINE)                                                              \
    X(CHANNEL, "channel", WORD)                                                                    \
    X(MATTER, "matter", WORD)                                                                      \
    X(PEOPLE, "people", COUNT)                                                                     \
    X(RECEIVED_AT, "received_at", INSTANT)                                                         \
    X(PERSON_NAME, "person_name", LINE)                                                            \
    X(PERSON_ID, "person_id", LINE)                                                                \
    X(PERSON_PHONE, "person_phone", LINE)                                                          \
    X(PERSON_ADDRESS, "person_address", LINE)                                                      \
    X(REPEAT, "repeat", FLAG)                                                                      \
    X(ANONYMOUS, "anonymous", FLAG)                                                                \
    X(JOINT, "joint", FLAG)                                                                        \
    X(URGENT, "urgent", FLAG)                                                                      \
    X(CROSS_BOUNDARY, "cross_boundary", FLAG)                                                      \
    X(LITIGATION, "litigation", FLAG)                                                              \
    X(OLD_CASE, "old_case", FLAG)                                                                  \
    X(PUBLIC, "public", FLAG)                                                                      \
    X(SECRET, "secret", FLAG)                                                                      \
    X(UNREACHABLE, "unreachable", FLAG)                                                            \
    X(SEND_TO, "send_to", LINE)                                                                    \
    X(SEND_TEXT, "send_text", BODY)                                                                \
    X(DUE, "due", END)

enum jb_ex_field {
#define X(name, word, type) JB_EX_##name,
    JB_EX_FIELDS(X)
#undef X
    JB_EX_FIELD_COUNT
};
enum jb_ex_type {
    JB_EX_TYPE_LINE,
    JB_EX_TYPE_BODY,
    JB_EX_TYPE_WORD,
    JB_EX_TYPE_COUNT,
    JB_EX_TYPE_INSTANT,
    JB_EX_TYPE_END, /* an instant; a bare date is its end */
    JB_EX_TYPE_FLAG
};
const char *jb_ex_field_word(enum jb_ex_field field);
enum jb_ex_type jb_ex_field_type(enum jb_ex_field field);
/* JB_EX_FIELD_COUNT: none of that name. */
enum jb_ex_field jb_ex_field_parse(const char *word);
/* The number of our word of CHANNEL or MATTER; 0: there is none. */
int jb_ex_word_parse(enum jb_ex_field field, const char *word);

struct jb_ex_names {
    const char *at[JB_EX_NAMES];
    size_t count;
};
struct jb_ex_translation { /* a line of a section of words */
    const char *section, *ours, *theirs;
    struct jb_ex_translation *next;
};
struct jb_ex_map {
    const char *system;
    bool number_by_row;
    bool assign; /* hand on by 交办, not by 转送 */
    struct jb_ex_names fields[JB_EX_FIELD_COUNT];
    const char *defaults[JB_EX_FIELD_COUNT]; /* NULL: none */
    struct jb_ex_translation *words, *last;
    const char *result_theirs[JB_EX_RESULTS], *result_ours[JB_EX_RESULTS];
    size_t result_count;
    struct jb_arena arena;
};

/* Read a mapping; `name` stands in messages. JB_CONFIG and others: the fault names line and key. In
 * any case fini. */
JB_MUST enum jb_err jb_ex_map_read(struct jb_ex_map *map, struct jb_text text, const char *name,
                                   struct jb_fault *fault);
JB_MUST enum jb_err jb_ex_map_open(struct jb_ex_map *map, const char *path, struct jb_fault *fault);
void jb_ex_map_fini(struct jb_ex_map *map);

/* Our word for one of theirs, in a section; NULL: not translated. */
const char *jb_ex_map_ours(const struct jb_ex_map *map, const char *section, const char *theirs);
/* Their word (the first) for one of ours; ours, if the map says nothing. */
const char *jb_ex_map_theirs(const struct jb_ex_map *map, const char *section, const char *ours);

/* Does a table fit: is there a column for the number, and for title or content? JB_MALFORMED: the
 * fault names what is missing. */
JB_MUST enum jb_err jb_ex_map_fits(const struct jb_ex_map *map, const struct jb_ex_table *t,
                                   struct jb_fault *fault);

/* ---- one record as an act ----------------------------------------------------------------------
 */

struct jb_ex_draft { /* texts are the record's or in the arena */
    struct jiaoban_act act;
    struct jiaoban_person person;
    const char *number;  /* "" with number_by_row */
    const char *send_to; /* code or name of an agency; "" none */
    const char *send_text;
    int64_t due_ms;
    char column[JB_EX_HEADER_BYTES + 1]; /* theirs, of what is wrong */
};
/* Read a record by the map. JB_MALFORMED, JB_RANGE, JB_MISSING, JB_TOO_LARGE: draft->column and the
 * fault say what is wrong, in the program's language. `arena`: of this record. */
JB_MUST enum jb_err jb_ex_draft_read(const struct jb_ex_map *map, const struct jb_ex_record *r,
                                     struct jb_arena *arena, struct jb_ex_draft *draft,
                                     struct jb_fault *fault);

/* when.c: "2026-11-23", "2026/11/3 9:05:00", "2026年11月3日 9时5分", "2026-11-23T09:05:00.000",
 * with or without a zone; "45983.378": the day number of a spreadsheet. A bare date is its first
 * instant, or, with `end`, the first one after it. Local time of China without a zone.
 * JB_MALFORMED, JB_RANGE.
 */
JB_MUST enum jb_err jb_ex_when(const char *text, bool end, int64_t *out);

#endif
