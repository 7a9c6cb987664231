/* What libjiaoban speaks of: the rows that results consist of. Included by jiaoban.h, which see;
 * not for including on its own. */
#ifndef JIAOBAN_TYPES_H
#define JIAOBAN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jiaoban_words.h"

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
    const char *kind;       /* of the act: "assign" */
    const char *query_code; /* of a case just registered, for the petitioner: "7K3M-X2QP-9DHT". Told
                               in this answer only; nobody can find it out afterwards */
};

struct jiaoban_participant {
    uint32_t node;
    const char *node_name;
    enum jiaoban_role role;
    int64_t signed_at_ms, answered_at_ms; /* a co-handler's own receipt and answer; 0: not yet */
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
    uint32_t directive, docket; /* owed under this one of the case; 0: none */
    int64_t paused_from_ms;     /* stands still since; 0: it runs */
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
    /* orders, levels, joining, ratings: */
    const uint32_t *audience, *accused; /* agencies: receivers; those an accusation is against */
    size_t audience_count, accused_count;
    const char *other_case_number;         /* any spelling */
    const char *const *other_case_numbers; /* of a split: the new cases */
    size_t other_case_count;
    uint64_t directive_no;                                  /* within the case */
    const char *docket_no, *official, *person, *query_code; /* query_code: ratings only; its hash
                                                               is what leaves this machine */
    int power, demand, recommendation, step, link_kind, ground; /* their enums */
    int rated_party, satisfaction, level;                       /* level: enum jiaoban_level */
    int64_t valid_from_ms, valid_to_ms, from_ms, until_ms;
    bool adopted; /* the recommendation */
    /* in rows only, of the broker's own acts: */
    uint32_t step_no, successor;
    int64_t fell_ms; /* when the step or the due instant was */
    const char *version;
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

struct jiaoban_link {
    int64_t case_no; /* the other case */
    const char *number;
    enum jiaoban_link_kind kind;
};

struct jiaoban_rating {
    enum jiaoban_rated_party party;
    enum jiaoban_rating_state state;
    int satisfaction; /* 0 unless OPENED */
    int64_t at_ms;
};

struct jiaoban_target { /* a directive at one of its receivers */
    uint32_t node;
    const char *node_name;
    enum jiaoban_target_state state;
    int64_t stored_at_ms; /* delivered: the receiver's agent signed for it; 0: not yet */
    int64_t signed_at_ms, answered_at_ms, ended_at_ms;
    int adopted;          /* a recommendation: 1 adopted, 2 not; 0: not said */
    uint32_t deadline_id; /* 0: none */
    int64_t due_ms, missed_at_ms;
    enum jiaoban_light light;
};

struct jiaoban_directive {
    int64_t case_no;
    const char *number, *title; /* of the case or file it stands in */
    uint64_t directive_no;      /* within that */
    int power, demand, recommendation;
    uint32_t issuer;
    const char *issuer_name;
    int authority, level;
    uint32_t flags, people;
    enum jiaoban_directive_status status;
    int64_t issued_at_ms, due_ms; /* due 0: the policy's limit */
    const char *official, *countersigned_by;
    const struct jiaoban_target *const *targets;
    size_t target_count;
    enum jiaoban_light light;
};

struct jiaoban_docket { /* supervision of how a case is handled; outlives the case */
    int64_t case_no;
    const char *number, *title;
    const char *docket_no;
    enum jiaoban_step step; /* the rung reached */
    uint32_t node;          /* whom it concerns */
    const char *node_name;
    uint32_t opener;
    const char *opener_name;
    int64_t opened_at_ms, stepped_at_ms, closed_at_ms; /* closed 0: open */
    int64_t due_ms;                                    /* 0: no period */
    enum jiaoban_light light;
};

struct jiaoban_attachment {
    uint32_t number;         /* in the case: 1, 2, 3 ... */
    const char *hash;        /* 64 hexadecimal digits: names its contents */
    const char *name, *note; /* "" for who may not read what is sealed */
    const char *media_type;
    uint64_t size_bytes;
    int64_t at_ms;
    uint32_t node; /* who attached it */
    const char *node_name, *user;
    uint32_t chunks_here, chunks_total; /* on this machine; total 0: nothing is known of it yet */
    bool sealed_unreadable;
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
    const struct jiaoban_person *const *petitioners; /* only when asked for: query's persons */
    const struct jiaoban_event *const *timeline;
    size_t participant_count, deadline_count, petitioner_count, timeline_count;
    const char *content;
    bool sealed_unreadable; /* there are petitioners' data that this agency may not read */
    /* directives, dockets: only from jiaoban_get_case */
    int exit;                  /* enum jiaoban_exit; 0: not said */
    bool simple;               /* on the short track */
    const char *lead_official; /* 包案领导 */
    int dispute_level; /* 1: with the common superior, 2: with the joint conference; 0: none */
    uint32_t arbiter, reviewer, rechecker; /* 0: none */
    const char *arbiter_name, *reviewer_name, *rechecker_name;
    int review_opinion, recheck_opinion;
    const struct jiaoban_link *const *links;
    const struct jiaoban_rating *const *ratings;
    const struct jiaoban_directive *const *directives;
    const struct jiaoban_docket *const *dockets;
    const uint32_t *accused;    /* agencies that the accusation is against */
    const char *const *recused; /* persons, or names of whole agencies, that keep out */
    size_t link_count, rating_count, directive_count, docket_count, accused_count, recused_count;
    /* what was sealed has been erased everywhere: by whom (agency, person) and why; 0: it was not
     */
    int64_t erased_at_ms;
    const char *erased_by, *erased_reason;               /* "" when it was not, the reason only from
                                                            jiaoban_get_case */
    bool sealed;                                         /* there are petitioners' data */
    const struct jiaoban_attachment *const *attachments; /* only from jiaoban_get_case */
    size_t attachment_count;
    uint64_t last_seq; /* number in the log of the last entry about it */
};

struct jiaoban_staff {  /* of people at an agency; at the broker: a duty of administration */
    const char *role;   /* "clerk", "supervisor", "leader", "auditor", "administrator", "gateway";
                           "system", "security", "audit" */
    const char *people; /* who holds it, as configured or in words */
    bool mine;
};
struct jiaoban_right { /* one row of the table of rights */
    const char *right;
    const char *const *roles; /* that have it */
    const char *const *what;  /* kinds of acts and requests that take it */
    size_t role_count, what_count;
    bool mine;
};
struct jiaoban_rights { /* what the rows of jiaoban_get_rights belong to */
    const char *user;   /* who asks */
    const struct jiaoban_staff *const *roles;
    size_t role_count;
    bool given;        /* roles are given in the configuration */
    bool single_admin; /* broker: one account may hold all duties */
};
struct jiaoban_audit { /* who opened what; at the broker: who asked for what */
    uint64_t number;
    int64_t at_ms;
    const char *user, *request; /* request: as in the protocol, "case_file" ... */
    const char *act;            /* kind of the act in it; "" */
    int64_t case_no;            /* 0: none */
    const char *case_number;    /* as shown to people; "" */
    const char *field;          /* "persons", "name", "attachment", "single_admin",
                                 * "keys_changed", "keys_lost"; "" */
    int outcome;                /* 0, or the error by which it was refused */
    const char *outcome_name;
    uint32_t node; /* that an administrator's act is about */
};

struct jiaoban_proposal { /* next step of the supervision ladder; a person takes it, or does not */
    int64_t case_no;
    const char *number, *title;
    uint32_t node; /* whom it would concern */
    const char *node_name;
    enum jiaoban_step step;
    const char *reason; /* "overdue", "not_fed_back", "not_executed", "not_satisfied", "repeat",
                           "silent" */
    const char *key;    /* the deadline missed, and since when */
    int64_t since_ms;
    const char *docket_no; /* the docket that would be stepped; "": a new one */
    const char *article;
};

struct jiaoban_delegation { /* a leader through whom an agency exercises a power */
    uint32_t node;
    const char *node_name;
    const char *official;
    int power;                          /* 0: all */
    int64_t valid_from_ms, valid_to_ms; /* valid_to 0: open */
    bool in_force;
};

struct jiaoban_explain_day {
    int64_t day_ms;   /* its first instant */
    uint32_t count;   /* so many are counted up to here */
    const char *kind; /* "start", "counted", "work" (a weekend day, counted), "weekend", "off",
                         "paused", "extension", "clock" (hours and minutes) */
    const char *name; /* the occasion: 春节 */
    bool known;       /* the calendar knows the notices for it */
};
struct jiaoban_explain_move { /* what happened to the deadline */
    int64_t at_ms;
    uint64_t seq;     /* in the log */
    const char *kind; /* "set", "extended", "received", "paused", "resumed", "recounted",
                         "passed_on", "missed", "ended", "moved" */
    int64_t old_due_ms, due_ms;
    const char *text;
    uint32_t node;
    const char *node_name;
};
struct jiaoban_explain { /* how one deadline was counted, from what is stored alone */
    const struct jiaoban_deadline *deadline;
    bool agrees; /* counted again here, the same date came out */
    const struct jiaoban_explain_day *const *days;
    const struct jiaoban_explain_move *const *moves;
    size_t day_count, move_count;
    const char *policy_name, *calendar_until, *text;
};

struct jiaoban_rule {    /* one row of the running policy */
    const char *section; /* "deadline", "switch" ... as in the file; "power", "precedence",
                            "ladder", "indicator" */
    const char *key, *name, *value;
    const char *unit; /* "d", "wd", "h", "min"; "" */
    uint32_t extension_days;
    const uint32_t *warn_days;
    size_t warn_count;
    const char *article;
    bool proposal; /* set by this system, not by law */
    bool right;    /* a right that lapses, not a duty */
};
struct jiaoban_rulebook { /* what the rows of jiaoban_get_rules belong to */
    const char *version, *source, *calendar_version;
    int64_t effective_from_ms;
};

struct jiaoban_public_fact { /* one line that a petitioner may see */
    int64_t day_ms;
    const char *what;     /* "registered", "sent", "transferred", "accepted", "declined", "told",
                             "answered", "answer_told", "extended", "review_asked", "reviewed",
                             "recheck_asked", "rechecked", "terminated", "closed" */
    const char *document; /* number of the notice or opinion; "" */
};
struct jiaoban_public {
    const char *number;
    const struct jiaoban_public_fact *const *facts; /* oldest first */
    size_t fact_count;
};

struct jiaoban_figure { /* one indicator of the appraisal, or one count */
    const char *indicator;
    uint32_t node; /* 0: all */
    const char *node_name;
    uint64_t numerator, denominator;
    bool no_data; /* nothing fell due: neither 0 nor 100 % */
    uint64_t people;
    const char *key; /* of counts: the value counted */
    /* the cases behind it, when asked for; three lists of equal length: */
    const int64_t *case_nos;
    const char *const *numbers;
    const bool *counted; /* it is in the numerator */
    size_t case_count;
    const char *article;
    bool more; /* there are other cases behind it */
};
struct jiaoban_report {     /* what the rows of jiaoban_get_report belong to */
    int64_t from_ms, to_ms; /* to_ms exclusive */
    uint64_t log_seq;       /* the log's or stream's end from which it was computed */
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
    /* only from the broker; the heads, at their numbers, when its last greeting had another: */
    bool connected;
    int64_t last_seen_ms, acked_at_ms, skew_ms;
    uint64_t stream_number, acked_number, up_number, broker_number, own_number;
    const char *software, *broker_head_hex, *own_head_hex;
};

struct jiaoban_pending {
    uint64_t number;
    int64_t case_no;
    const char *kind, *user;
    int64_t made_at_ms;
    /* of what was accepted before a restore: "comparing", "lacking", "again", "refused", "held",
     * "dismissed"; "" of the outbox */
    const char *state;
    int64_t accepted_at_ms;
    uint64_t again;          /* number of the submission that repeats it; 0 none */
    const char *by, *reason; /* who submitted it again or struck it off, and why */
    int64_t ended_at_ms;
};

struct jiaoban_alarm {
    int64_t at_ms, case_no;
    /* kind: "warn", "overdue" of own deadlines and of those that this agency watches;
     * "missed" another agency missed what it owes (this agency sent, registered or supervises it),
     * "silent" nobody there has signed for a hand-over, "undelivered" it has not even arrived,
     * "directive_missed" a directive of this agency was not followed in time;
     * "directive" one was received, "summons" likewise: come at once, "dispute" one is to be
     * settled here; "refused" a submission that had waited in the outbox was refused; "returned"
     * the record was restored without `node`, which holds more than the record; "lost" the replica
     * of this agency (`node`) was gone, and what had not been handed over with it */
    const char *number, *kind, *text;
    uint32_t deadline_id;
    int64_t due_ms;
    uint64_t directive_no;   /* of "directive" and "summons", within the case */
    uint64_t submission, id; /* of "refused"; ascending, never used twice in a copy */
    uint32_t node;           /* of "returned" and "lost" */
    const char *node_name;   /* "" none */
};

struct jiaoban_state { /* of the agent, or of the broker */
    uint32_t node;
    const char *code, *name;
    enum jiaoban_line line;
    const char *line_text, *broker, *down_head_hex, *software, *epoch_hex;
    const char *broker_head_hex, *own_head_hex; /* both at differs_at, where they differ; else "" */
    uint64_t down_number, up_made, up_settled, differs_at;
    int64_t last_in_sync_ms, skew_ms, now_ms, started_at_ms, backup_at_ms;
    uint64_t cases, open_cases, red, yellow, objections, refused_recently;
    uint64_t rss_bytes, clients, log_seq, nodes, nodes_connected;
    const char *policy_version, *calendar_version, *calendar_until, *trouble, *backup_failed;
    bool single_admin;    /* broker: one account may hold all duties of administration */
    bool accepting;       /* takes submissions */
    const char *degraded; /* why not: "disk_full", "io_error", "no_memory", "locked"; "" else */
    int64_t degraded_since_ms; /* 0: it takes them */
    uint64_t disk_free_bytes, reserve_bytes;
    uint64_t files_open, files_max;  /* descriptors of the process; 0: not told */
    const char *held;                /* why the broker takes no submissions now; "" it does */
    uint64_t kept_nodes, kept_items; /* broker: agencies whose copies are kept as evidence, items */
    uint64_t lacking; /* accepted here before a restore, and the record does not have it */
};

struct jiaoban_check { /* what a verification found */
    bool ok;
    uint64_t items, receipts, number, erased, nodes;
    bool chain_intact, signatures_good, tables_equal;
    bool broker_asked, equals_broker;
    const char *head_hex, *digest_hex, *text;
    uint64_t audited;  /* rows of the access log (broker: audit log) */
    bool audit_intact; /* nothing of it was changed */
};

struct jiaoban_evidence { /* a file, and what is in it */
    const uint8_t *body;
    size_t body_len;
    uint64_t items, erased;   /* of the case: told in full; of which only the hash is left */
    uint64_t heads, receipts; /* signatures of the broker; of this agency */
    bool with_key;            /* with the key of the persons */
    uint64_t statements;      /* by which submitters signed what they submitted */
    uint64_t unstated;        /* acts without one: the broker's evidence has them */
};

struct jiaoban_news { /* one event of a watch: those that are not NULL */
    int64_t case_no;
    const char *number, *title;
    const struct jiaoban_event *event;
    const struct jiaoban_settled *settled;
    const struct jiaoban_alarm *alarm;
    const struct jiaoban_state *state;
    uint64_t stream_number; /* of the stream's item that it tells: watch again after it; 0: none */
};

struct jiaoban_done { /* answer of an administrator's command */
    const char *text;
    uint64_t seq;
    uint32_t node;
};

#endif
