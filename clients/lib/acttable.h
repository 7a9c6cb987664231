/* Inside libjiaoban: which fields a kind of act has, and where they are. */
#ifndef JB_CLIENTS_LIB_ACTTABLE_H
#define JB_CLIENTS_LIB_ACTTABLE_H

#include <stddef.h>

#include "proto/rules/act.h"

/* One-line texts, bodies, numbers. Same names in struct jiaoban_act and struct jb_act. */
/* The formatter never comes to rest on this list. */
/* clang-format off */
#define FIELDS(LINE, BODY, U32, U64, I64, INT, BOOL)                                               \
    LINE(title) LINE(class_code) LINE(place_code) LINE(foreign_system) LINE(foreign_number)        \
    LINE(report_form) LINE(how) LINE(organ) LINE(notice_no) LINE(opinion_no) LINE(close_no)        \
    LINE(approved_by) LINE(countersigned_by) LINE(docket_no) LINE(official) LINE(person)           \
    LINE(version)                                                                                  \
    BODY(content) BODY(text) BODY(reason) BODY(basis) BODY(report)                                 \
    U32(node) U32(flags) U32(people) U32(deadline_id) U32(days) U32(step_no) U32(successor)        \
    U64(log_seq) U64(directive_no)                                                                 \
    I64(due_ms) I64(received_at_ms) I64(told_at_ms) I64(done_at_ms) I64(valid_from_ms)             \
    I64(valid_to_ms) I64(from_ms) I64(until_ms) I64(fell_ms)                                       \
    INT(authority) INT(matter) INT(channel) INT(exit) INT(opinion) INT(ruling) INT(decline_kind)   \
    INT(power) INT(demand) INT(recommendation) INT(step) INT(link_kind) INT(ground)                \
    INT(rated_party) INT(satisfaction) INT(level) BOOL(adopted)
/* Lists of agencies: name, name of the count. */
#define LISTS(X)                                                                                   \
    X(co_handlers, co_handler_count) X(audience, audience_count) X(accused, accused_count)
/* clang-format on */

enum field_no {
    F_none,
    F_other_case_number, /* these four are converted on their own */
    F_other_case_numbers,
    F_persons,
    F_query_code,
#define F(name) F_##name,
    FIELDS(F, F, F, F, F, F, F)
#undef F
#define F(name, count) F_##name,
    LISTS(F)
#undef F
        F_COUNT
};
enum field_type {
    T_LINE,
    T_BODY,
    T_U32,
    T_U64,
    T_I64,
    T_INT,
    T_BOOL,
    T_LIST32,
    T_OTHER /* not copied by the table */
};

struct jb_client_field {
    const char *name;
    enum field_type type;
    size_t ours, theirs; /* offsets in struct jiaoban_act, struct jb_act */
    size_t count;        /* offset of a list's length in struct jiaoban_act */
};
extern const struct jb_client_field jb_client_fields[F_COUNT];

enum case_number { /* what an act of a kind says about its case */
    CASE_NAMED,
    CASE_NEW,  /* the agent issues the number */
    CASE_FILE, /* an existing one, or a file of its own with a title */
    CASE_NONE
};

#define REQUIRED_MAX 4
#define OPTIONAL_MAX 20

struct jb_client_kind {
    enum jb_act_kind kind;
    enum case_number number;
    unsigned char required[REQUIRED_MAX], optional[OPTIONAL_MAX]; /* field numbers, F_none last */
};
/* NULL: no act that a client can submit. */
const struct jb_client_kind *jb_client_kind_find(enum jb_act_kind kind);

#endif
