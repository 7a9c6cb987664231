/* What libjiaoban speaks of: statuses, the vocabulary of casework, and the rows that results
 * consist of. Included by jiaoban.h, which see; not for including on its own. */
#ifndef JIAOBAN_TYPES_H
#define JIAOBAN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- errors --------------------------------------------------------------------------------- */

/* Numbers never change; those of newer peers may be outside this list. */
enum jiaoban_status {
    JIAOBAN_OK = 0,
    JIAOBAN_NOMEM = 1,
    JIAOBAN_IO = 2,
    JIAOBAN_FULL = 3,    /* disk or quota */
    JIAOBAN_CORRUPT = 4, /* stored data is damaged */
    JIAOBAN_TOO_LARGE = 5,
    JIAOBAN_TOO_DEEP = 6,
    JIAOBAN_MALFORMED = 7,
    JIAOBAN_BAD_UTF8 = 8,
    JIAOBAN_NUL_IN_TEXT = 9,
    JIAOBAN_UNKNOWN_KIND = 10,
    JIAOBAN_MISSING = 11, /* a required argument */
    JIAOBAN_RANGE = 12,
    JIAOBAN_VERSION = 13, /* no protocol version in common */
    JIAOBAN_NOT_FOUND = 14,
    JIAOBAN_EXISTS = 15,
    JIAOBAN_DENIED = 16,
    JIAOBAN_WRONG_NODE = 17,
    JIAOBAN_BAD_SIGNATURE = 18,
    JIAOBAN_GAP = 19,
    JIAOBAN_REPEAT = 20,
    JIAOBAN_OLD = 21,
    JIAOBAN_DIVERGED = 22,
    JIAOBAN_OFFLINE = 23, /* nobody listens there */
    JIAOBAN_BUSY = 24,    /* no answer in time; a submission may still be stored */
    JIAOBAN_CONFIG = 25,
    JIAOBAN_LOCKED = 26,
    JIAOBAN_CLOSED = 27,      /* the connection ended before the answer came */
    JIAOBAN_UNSUPPORTED = 28, /* by this version of the library or of the other end */
    JIAOBAN_REFUSED = 29,     /* by a rule of casework: see struct jiaoban_settled */
    JIAOBAN_OVERFLOW = 30
};

/* ---- vocabulary ----------------------------------------------------------------------------- */

enum jiaoban_matter {
    JIAOBAN_SUGGESTION = 1,
    JIAOBAN_ACCUSATION,
    JIAOBAN_APPEAL
};
enum jiaoban_channel {
    JIAOBAN_LETTER = 1,
    JIAOBAN_VISIT,
    JIAOBAN_ONLINE,
    JIAOBAN_PHONE
};
enum jiaoban_exit { /* Art 31; only RESIDUE takes the petition procedure */
    JIAOBAN_EXIT_LITIGATION = 1,
    JIAOBAN_EXIT_ARBITRATION,
    JIAOBAN_EXIT_PARTY_APPEAL,
    JIAOBAN_EXIT_ADMIN_REVIEW,
    JIAOBAN_EXIT_PROTECTIVE_DUTY,
    JIAOBAN_EXIT_RESIDUE
};
enum jiaoban_authority {
    JIAOBAN_BY_PEER = 1,
    JIAOBAN_BY_FORWARD,
    JIAOBAN_BY_ASSIGN,
    JIAOBAN_BY_FIRST_ASSIGNMENT,
    JIAOBAN_BY_JOINT_CONFERENCE
};
enum jiaoban_opinion {
    JIAOBAN_SUPPORTED = 1,
    JIAOBAN_EXPLAINED,
    JIAOBAN_NOT_SUPPORTED
};
enum jiaoban_ruling {
    JIAOBAN_AGREED = 1,
    JIAOBAN_NOT_AGREED
};
enum jiaoban_decline_kind {
    JIAOBAN_NOT_ACCEPTED = 1,
    JIAOBAN_NO_LONGER
};
enum jiaoban_stage {
    JIAOBAN_STAGE_REGISTERED = 1,
    JIAOBAN_STAGE_SENT,
    JIAOBAN_STAGE_SIGNED,
    JIAOBAN_STAGE_ACCEPTED,
    JIAOBAN_STAGE_DECLINED,
    JIAOBAN_STAGE_ANSWERED,
    JIAOBAN_STAGE_REFERRED, /* final */
    JIAOBAN_STAGE_CLOSED    /* final */
};
enum jiaoban_role {
    JIAOBAN_REGISTRAR = 1,
    JIAOBAN_HOST,
    JIAOBAN_CO_HANDLER,
    JIAOBAN_ASSIGNER,
    JIAOBAN_INFORMED,
    JIAOBAN_LEFT
};
enum jiaoban_light {
    JIAOBAN_GREEN = 1,
    JIAOBAN_YELLOW,
    JIAOBAN_RED,
    JIAOBAN_DONE
};
enum jiaoban_line {
    JIAOBAN_LINE_OFFLINE = 1,
    JIAOBAN_LINE_GREETING,
    JIAOBAN_LINE_CATCHING_UP,
    JIAOBAN_LINE_IN_SYNC,
    JIAOBAN_LINE_RESYNC,
    JIAOBAN_LINE_REJECTED
};
enum jiaoban_unit {
    JIAOBAN_CALENDAR_DAYS = 1,
    JIAOBAN_WORKING_DAYS,
    JIAOBAN_HOURS,
    JIAOBAN_DESIGNATED
};
enum jiaoban_end {
    JIAOBAN_RUNNING = 0,
    JIAOBAN_MET,
    JIAOBAN_MET_LATE,
    JIAOBAN_CANCELLED,
    JIAOBAN_SUPERSEDED
};
enum jiaoban_level {
    JIAOBAN_CENTRAL = 1,
    JIAOBAN_PROVINCE,
    JIAOBAN_CITY,
    JIAOBAN_COUNTY,
    JIAOBAN_TOWNSHIP,
    JIAOBAN_VILLAGE
};
enum jiaoban_node_kind {
    JIAOBAN_OFFICE = 1,
    JIAOBAN_CONFERENCE,
    JIAOBAN_GOVERNMENT,
    JIAOBAN_DEPARTMENT,
    JIAOBAN_DISCIPLINE,
    JIAOBAN_POLITICAL_LEGAL,
    JIAOBAN_ENTERPRISE,
    JIAOBAN_BROKER
};
enum { /* flags of a case, added up */
    JIAOBAN_FLAG_REPEAT = 1,
    JIAOBAN_FLAG_ANONYMOUS = 2,
    JIAOBAN_FLAG_JOINT_SIGNATURE = 4,
    JIAOBAN_FLAG_URGENT = 8,
    JIAOBAN_FLAG_CROSS_BOUNDARY = 16,
    JIAOBAN_FLAG_LITIGATION = 32,
    JIAOBAN_FLAG_OLD_CASE = 64,
    JIAOBAN_FLAG_PUBLIC = 128,
    JIAOBAN_FLAG_SECRET = 256,
    JIAOBAN_FLAG_UNREACHABLE = 512 /* name or address unclear: no notice owed */
};

/* ---- rows: what results consist of; all pointers belong to the result ------------------------ */

/* Texts are never NULL ("" when absent). */
struct jiaoban_settled {     /* what became of a submission */
    uint64_t number;         /* of the submission in this agency's outbox */
    int64_t case_no;         /* also of a case just registered */
    const char *case_number; /* as shown to people */
    bool accepted;
    bool pending;        /* not decided yet: it is safe in the outbox and will be sent */
    uint64_t seq;        /* number in the log, when accepted */
    uint32_t code;       /* why it was refused; 0: was not */
    const char *name;    /* of the refusal: "STALE_CUSTODY" */
    const char *article; /* the rule behind it */
    const char *detail;  /* what and where */
    uint32_t holder;     /* who holds the case now, if that was the reason; 0: unknown */
    const char *holder_name;
    int64_t at_ms;
    const char *kind; /* of the act: "assign" */
};

struct jiaoban_participant {
    uint32_t node;
    const char *node_name;
    enum jiaoban_role role;
};

struct jiaoban_person { /* also an argument; fixed, will not grow */
    const char *name, *id_number, *phone, *address;
    bool main_visitor;
};

struct jiaoban_deadline {
    int64_t case_no;
    const char *title;    /* of the case */
    uint32_t deadline_id; /* within the case */
    const char *key;      /* policy row: "handle" */
    const char *key_text; /* its name in the policy, Chinese */
    uint32_t node;        /* who owes it */
    const char *node_name;
    int64_t trigger_ms; /* what started it */
    uint32_t limit;     /* in `unit` */
    enum jiaoban_unit unit;
    int64_t due_ms;          /* the first instant that is too late */
    int64_t original_due_ms; /* before any extension */
    uint32_t extensions;
    const char *article;
    enum jiaoban_end end;
    int64_t ended_at_ms, missed_at_ms;
    enum jiaoban_light light;
    bool provisional; /* past the last day that the calendar of working days knows */
    const char *policy_version, *calendar_version;
    int64_t stored_at_ms; /* the owner's agent signed for it (automatic receipt); 0: not yet */
    int64_t acknowledged_at_ms; /* a person did; 0: nobody */
    const char *acknowledged_by;
};

/* What an act says: the arguments of every submission, and the contents of a history line. Each
 * kind of act has some of the fields (named at its function below); a field given to a kind that
 * has no such field is refused with RANGE. In rows, texts are "" when absent. */
struct jiaoban_act {
    size_t size;             /* sizeof (struct jiaoban_act) in arguments */
    const char *case_number; /* any spelling; in a registration NULL: the agent issues one */
    uint32_t custody;        /* that the act is based on; 0: the one that the agent knows */
    uint32_t node;           /* receiver */
    const uint32_t *co_handlers;
    size_t co_handler_count;
    int authority;                                            /* enum jiaoban_authority */
    int matter, channel, exit, opinion, ruling, decline_kind; /* their enums */
    uint32_t flags, people;                                   /* flags: JIAOBAN_FLAG_*, added up */
    uint32_t deadline_id, days;
    uint64_t log_seq;
    int64_t due_ms; /* the first instant that is too late; 0: the policy's limit */
    int64_t received_at_ms, told_at_ms, done_at_ms;        /* told: the petitioner was */
    const char *title, *content, *class_code, *place_code; /* place: GB/T 2260 */
    const char *foreign_system, *foreign_number;
    const char *text, *reason, *basis, *report, *report_form, *how, *organ;
    const char *notice_no, *opinion_no, *close_no;
    const char *approved_by, *countersigned_by;
    const struct jiaoban_person *persons; /* registrations only; sealed by the agent */
    size_t person_count;
};

struct jiaoban_event {  /* one line of a case's history */
    uint64_t seq;       /* in the log; 0 while pending */
    uint64_t number;    /* in this agency's stream */
    int64_t at_ms;      /* when it was decided */
    int64_t made_at_ms; /* when it was done, by that agency's clock */
    uint32_t node;
    const char *node_name;
    const char *user;
    const char *kind;                              /* "assign", "sign_for" ... */
    bool pending;                                  /* waits in the outbox */
    bool stored_by_all;                            /* every agency concerned has signed for it */
    const char *const *effects, *const *stored_by; /* stored_by: names of agencies */
    size_t effect_count, stored_by_count;
    const struct jiaoban_act *act; /* NULL: of a kind that this version does not know */
};

struct jiaoban_case {
    int64_t case_no;
    const char *number; /* as shown to people */
    const char *title;
    enum jiaoban_stage stage;
    int matter, channel; /* 0: not said */
    uint32_t flags, people;
    const char *class_code, *place_code;
    uint32_t registrar, host;
    const char *registrar_name, *host_name;
    uint32_t custody; /* number of the present custody; rises with each hand-over */
    int authority;    /* of the present hand-over; 0 before the first */
    uint32_t hops;
    bool objection_open;
    int opinion;
    enum jiaoban_light light;
    int64_t next_due_ms; /* 0: no deadline runs */
    const char *next_key;
    int64_t registered_at_ms, updated_at_ms;
    uint32_t pending; /* submissions about it that wait in the outbox */
    bool left;        /* this agency takes part no more */
    const struct jiaoban_participant *const *participants;
    const struct jiaoban_deadline *const *deadlines;
    /* only from jiaoban_get_case: */
    const struct jiaoban_person *const *petitioners;
    const struct jiaoban_event *const *timeline;
    size_t participant_count, deadline_count, petitioner_count, timeline_count;
    const char *content;
    bool sealed_unreadable; /* there are petitioners' data that this agency may not read */
};

struct jiaoban_node {
    uint32_t node;
    const char *code, *name;
    int level;
    uint32_t parent;
    int kind;
    const char *region;
    bool has_agent;
    int64_t valid_from_ms, valid_to_ms; /* valid_to 0: open */
    uint32_t successor;
    const char *line_key_hex;
    /* only from the broker: */
    bool connected;
    int64_t last_seen_ms, acked_at_ms, skew_ms;
    uint64_t stream_number, acked_number, up_number;
    const char *software;
};

struct jiaoban_pending {
    uint64_t number;
    int64_t case_no;
    const char *kind, *user;
    int64_t made_at_ms;
};

struct jiaoban_alarm {
    int64_t at_ms, case_no;
    const char *number, *kind, *text;
    uint32_t deadline_id;
    int64_t due_ms;
};

struct jiaoban_state { /* of the agent, or of the broker */
    uint32_t node;
    const char *code, *name;
    enum jiaoban_line line;
    const char *line_text, *broker, *down_head_hex, *software, *epoch_hex;
    uint64_t down_number, up_made, up_settled;
    int64_t last_in_sync_ms, skew_ms, now_ms, started_at_ms;
    uint64_t cases, open_cases, red, yellow, objections, refused_recently;
    uint64_t rss_bytes, clients, log_seq, nodes, nodes_connected;
    const char *policy_version, *calendar_version, *calendar_until, *trouble;
};

struct jiaoban_check { /* what a verification found */
    bool ok;
    uint64_t items, receipts, number, erased, nodes;
    bool chain_intact, signatures_good, tables_equal;
    bool broker_asked, equals_broker;
    const char *head_hex, *digest_hex, *text;
};

struct jiaoban_news { /* one event of a watch: those that are not NULL */
    int64_t case_no;
    const char *number, *title;
    const struct jiaoban_event *event;
    const struct jiaoban_settled *settled;
    const struct jiaoban_alarm *alarm;
    const struct jiaoban_state *state;
};

struct jiaoban_done { /* answer of an administrator's command */
    const char *text;
    uint64_t seq;
    uint32_t node;
};

#endif
