/* A case as the rules see it, the effects that change it, and the one function that applies them.
 *
 * The broker decides on this struct and writes it to the tables; a replica applies the same effects
 * to the same struct. Nothing else changes a case. Pure: no I/O, no clock, no globals; memory comes
 * from the arena that is passed in. */
#ifndef JB_RULES_CASE_H
#define JB_RULES_CASE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/rules/act.h"

enum jb_stage {
    JB_STAGE_NONE = 0,   /* no such case yet */
    JB_STAGE_REGISTERED, /* with the office, not yet sent on */
    JB_STAGE_SENT,       /* forwarded, assigned or handed over; not signed for */
    JB_STAGE_SIGNED,
    JB_STAGE_ACCEPTED,
    JB_STAGE_DECLINED,
    JB_STAGE_ANSWERED,
    JB_STAGE_REFERRED, /* final: only a pointer stays */
    JB_STAGE_CLOSED,   /* final */
    JB_STAGE_MERGED,   /* final: goes on in another case */
    JB_STAGE_REVIEW,   /* review asked for, Art 35 */
    JB_STAGE_REVIEWED,
    JB_STAGE_RECHECK, /* recheck asked for, Art 36 */
    JB_STAGE_RECHECKED,
    JB_STAGE_TERMINATED, /* final: the same facts are closed for good */
    JB_STAGE_FILE,       /* no case: a file of its own for directives and dockets */
    JB_STAGE_COUNT
};
enum jb_role {
    JB_ROLE_REGISTRAR = 1,
    JB_ROLE_HOST,
    JB_ROLE_CO_HANDLER,
    JB_ROLE_ASSIGNER,
    JB_ROLE_INFORMED,
    JB_ROLE_LEFT,     /* in the audience no more */
    JB_ROLE_REVIEWER, /* reviews or rechecks */
    JB_ROLE_ARBITER,  /* settles a dispute over who handles */
    JB_ROLE_ORDERED,  /* receiver of a directive, or subject of a docket */
    JB_ROLE_END
};
enum jb_fact {
    JB_FACT_SIGNED = 1,
    JB_FACT_ACCEPTED,
    JB_FACT_DECLINED,
    JB_FACT_TOLD, /* petitioner told of acceptance or decline */
    JB_FACT_ANSWERED,
    JB_FACT_ANSWER_TOLD,
    JB_FACT_EXECUTED,
    JB_FACT_CLOSED,
    JB_FACT_REFERRED,
    JB_FACT_SENT, /* last hand-over */
    JB_FACT_REVIEW_ASKED,
    JB_FACT_REVIEWED,
    JB_FACT_REVIEW_TOLD,
    JB_FACT_RECHECK_ASKED,
    JB_FACT_RECHECKED,
    JB_FACT_RECHECK_TOLD,
    JB_FACT_TERMINATED,
    JB_FACT_COUNT
};
enum jb_deadline_end {
    JB_END_OPEN = 0,
    JB_END_MET,
    JB_END_MET_LATE,
    JB_END_CANCELLED,
    JB_END_SUPERSEDED
};
enum jb_unit {
    JB_UNIT_CALENDAR_DAYS = 1,
    JB_UNIT_WORKING_DAYS,
    JB_UNIT_HOURS,
    JB_UNIT_DESIGNATED, /* an instant named by the assigner */
    JB_UNIT_MINUTES
};
enum jb_mark_kind {
    JB_MARK_LINK = 1, /* another case; value JB_LINK_* */
    JB_MARK_ACCUSED,  /* an agency that the accusation is against */
    JB_MARK_RECUSED,  /* an agency, or a person of it (text), that keeps out, Art 28(3) */
    JB_MARK_ERASED,   /* its key is gone: what was sealed cannot be read again; text: who did it */
    JB_MARK_END
};
enum jb_directive_status {
    JB_DIRECTIVE_WAITING = 1, /* for its countersignature; not yet with its receivers */
    JB_DIRECTIVE_IN_FORCE,
    JB_DIRECTIVE_ENDED /* cleared, withdrawn or superseded at all its receivers */
};
/* The life of a directive at one receiver. Delivered is read from the receipts, overdue from the
 * deadline. */
enum jb_target_state {
    JB_TARGET_ISSUED = 1,
    JB_TARGET_SIGNED,
    JB_TARGET_ANSWERED,
    JB_TARGET_CLEARED,
    JB_TARGET_OBJECTED,
    JB_TARGET_WITHDRAWN,
    JB_TARGET_SUPERSEDED,
    JB_TARGET_STATE_END
};
enum jb_rating_state {
    JB_RATING_NONE = 0,
    JB_RATING_WAITING,
    JB_RATING_CAST, /* sealed until the window is over */
    JB_RATING_OPENED,
    JB_RATING_UNRATED /* the window is over, nothing was cast */
};

#define JB_WARN_MAX 4 /* warn-before steps of one deadline */
#define JB_KEY_MAX 24 /* bytes of a policy key with NUL */

struct jb_deadline {
    uint32_t id;          /* unique within the case: 1, 2, 3 ... */
    char key[JB_KEY_MAX]; /* policy row: "sort", "notify", "object", "rule", "handle", "assigned"
                             ... */
    uint32_t node;        /* who owes it */
    int64_t trigger_ms;
    uint32_t limit; /* in `unit` */
    enum jb_unit unit;
    int64_t due_ms;                  /* first instant that is too late */
    int64_t first_due_ms;            /* before any move */
    int64_t warn_at_ms[JB_WARN_MAX]; /* ascending; unused ones 0 */
    uint32_t warned;                 /* steps that have fallen so far */
    int64_t missed_ms;               /* 0: not missed */
    enum jb_deadline_end end;        /* OPEN while it runs */
    int64_t ended_ms;
    uint32_t extensions;
    uint64_t set_seq;           /* log number of the entry that set it */
    bool provisional;           /* past the last day that the calendar knows */
    bool designated_bound;      /* the designated day was earlier than the statutory one */
    uint32_t directive, docket; /* owed under this one of the case; 0: none */
    int64_t paused_from_ms;     /* the clock stands still since; 0: it runs */
    int64_t paused_ms;          /* all pauses that are over */
    int64_t paused_to_ms;       /* 24:00 of the last day not counted by them; 0: never paused */
    uint32_t extended_days;     /* by all extensions together */
    uint32_t acked_node;        /* node of the person who acknowledged; 0: nobody yet */
    int64_t acked_ms;
    struct jb_text acked_by;                                  /* arena */
    struct jb_text policy_version, calendar_version, article; /* arena */
    bool dirty; /* changed since it was loaded: the ledger writes it and clears this */
};

struct jb_participant {
    uint32_t node;
    enum jb_role role; /* one row for each (node, role); LEFT replaces all rows of a node */
    int64_t signed_ms, answered_ms; /* a co-handler's own receipt and answer; 0: not yet */
};

/* Something that holds of the case beside its stage: links, accused agencies, recusals. */
struct jb_mark {
    enum jb_mark_kind kind;
    uint32_t node;         /* ACCUSED, RECUSED, ERASED */
    int64_t other_case_no; /* LINK */
    uint32_t value;        /* LINK: JB_LINK_* */
    struct jb_text text;   /* RECUSED: the person, "" the whole agency; arena */
    int64_t at_ms;
};

/* An order under the first assignment authority, or a hand-over by an office. */
struct jb_directive {
    uint32_t id; /* within the case: 1, 2, 3 ... */
    uint32_t power, demand, recommendation;
    uint32_t issuer;
    uint32_t authority, level, flags, people;
    enum jb_directive_status status;
    int64_t due_ms;    /* designated; 0: the policy's limit */
    int64_t issued_ms; /* when it was decided */
    uint64_t seq;      /* log number of the entry that issued it, or put it in force */
    struct jb_text official, countersigned_by; /* arena */
    struct jb_text issued_by;                  /* the person at the issuer; arena */
    bool dirty;
};
struct jb_target { /* one receiver of a directive */
    uint32_t directive, node;
    enum jb_target_state state;
    uint32_t deadline_id; /* 0: none */
    uint32_t adopted;     /* recommendation: 1 adopted, 2 not */
    int64_t signed_ms, answered_ms, ended_ms;
    bool dirty;
};
struct jb_docket { /* supervision of how a case is handled; outlives the case */
    uint32_t id;
    struct jb_text docket_no; /* its own number; arena */
    uint32_t step;            /* JB_STEP_*: the rung reached */
    uint32_t node;            /* whom it concerns */
    uint32_t opener;
    uint32_t deadline_id;                     /* its period; 0: none */
    int64_t opened_ms, stepped_ms, closed_ms; /* closed 0: open */
    bool dirty;
};
struct jb_rating {
    enum jb_rating_state state;
    uint32_t satisfaction; /* JB_SATISFIED ...; 0 unless OPENED */
    int64_t at_ms;         /* cast, or window over */
};

struct jb_case {
    int64_t case_no;
    enum jb_stage stage;
    int matter, channel;
    uint32_t flags, people;
    struct jb_text title, class_code, place_code; /* arena */
    uint32_t registrar;                           /* registering office */
    uint32_t host;    /* the one who holds it now, the office before it is sent on */
    uint32_t custody; /* rises with each hand-over; 1 after registration */
    uint32_t sender;  /* who sent it to the host; 0 before */
    int authority;    /* JB_AUTHORITY_* of the present hand-over; 0 before */
    uint32_t hops;    /* hand-overs so far */
    int64_t registered_ms, updated_ms;
    uint64_t sent_seq; /* log number of the present hand-over's entry */
    int opinion, exit;
    bool simple;                              /* on the short track */
    struct jb_text lead_official, query_hash; /* arena; query_hash: hex, "" if none */
    uint32_t reviewer, rechecker;             /* organs of the second and third level; 0: none */
    int review_opinion, recheck_opinion;
    struct jb_rating ratings[JB_RATED_PARTIES]; /* [JB_RATED_OFFICE - 1], [JB_RATED_HANDLER - 1] */
    int dispute_level; /* 0: none open; 1: with the common superior, 2: with the joint conference */
    uint32_t arbiter;  /* who has to settle it */
    bool objection_open;
    uint32_t objector;                   /* node of the last objection */
    int last_ruling;                     /* JB_RULING_*; 0: none */
    int64_t facts_ms[JB_FACT_COUNT];     /* 0: has not happened */
    struct jb_participant *participants; /* arena, grows by copy */
    size_t participant_count;
    bool participants_dirty; /* changed since loaded: the ledger writes them all and clears this */
    struct jb_deadline *deadlines; /* arena, grows by copy; ascending id */
    size_t deadline_count;
    struct jb_mark *marks; /* arena, grows by copy */
    size_t mark_count;
    bool marks_dirty;
    struct jb_directive *directives; /* arena, grows by copy; ascending id */
    size_t directive_count;
    struct jb_target *targets;
    size_t target_count;
    struct jb_docket *dockets;
    size_t docket_count;
    uint64_t last_seq; /* log number of the last entry applied */
};

/* name, number, fields by kind (see struct jb_effect) */
#define JB_EFFECT_KINDS(X)                                                                         \
    X(STAGE_MOVED, stage_moved, 1)                                                                 \
    X(CUSTODY_MOVED, custody_moved, 2)                                                             \
    X(JOINED, joined, 3)                                                                           \
    X(FACT_SET, fact_set, 4)                                                                       \
    X(DEADLINE_SET, deadline_set, 5)                                                               \
    X(DEADLINE_ENDED, deadline_ended, 6)                                                           \
    X(DEADLINE_MOVED, deadline_moved, 7)                                                           \
    X(DEADLINE_WARNED, deadline_warned, 8)                                                         \
    X(DEADLINE_MISSED, deadline_missed, 9)                                                         \
    X(DEADLINE_ACKNOWLEDGED, deadline_acknowledged, 10)                                            \
    X(OBJECTION_SET, objection_set, 11)                                                            \
    X(OPINION_SET, opinion_set, 12)                                                                \
    X(PARTICIPANT_FACT_SET, participant_fact_set, 13)                                              \
    X(FLAGS_SET, flags_set, 14)                                                                    \
    X(CLASS_SET, class_set, 15)                                                                    \
    X(MARKED, marked, 16)                                                                          \
    X(DIRECTIVE_SET, directive_set, 17)                                                            \
    X(DIRECTIVE_MOVED, directive_moved, 18)                                                        \
    X(TARGET_SET, target_set, 19)                                                                  \
    X(DOCKET_SET, docket_set, 20)                                                                  \
    X(RATING_SET, rating_set, 21)                                                                  \
    X(LEAD_SET, lead_set, 22)                                                                      \
    X(DISPUTE_SET, dispute_set, 23)                                                                \
    X(TRACK_SET, track_set, 24)                                                                    \
    X(CLOCK_PAUSED, clock_paused, 25)                                                              \
    X(CLOCK_RESUMED, clock_resumed, 26)                                                            \
    X(REVIEW_SET, review_set, 27)

enum jb_effect_kind {
#define X(name, field, number) JB_EFFECT_##name = (number),
    JB_EFFECT_KINDS(X)
#undef X
};

/* Flat like struct jb_act: each kind uses the fields that its message in entry.proto has. */
/* The formatter never comes to rest on this list. */
/* clang-format off */
#define JB_EFFECT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)                   \
    ENUM(stage) U32(node) U32(custody) U32(authority) U32(sender) U32(hops) ENUM(role)             \
    ENUM(fact) I64(at_ms) U32(deadline_id) TEXT(key) I64(trigger_ms) U32(limit) ENUM(unit)         \
    I64(due_ms) TEXT(policy_version) TEXT(calendar_version) BOOL(provisional) LIST64(warn_at_ms)   \
    TEXT(article) BOOL(designated_bound) ENUM(end) I64(old_due_ms) TEXT(reason) BOOL(extension)    \
    U32(step_no) TEXT(user) BOOL(open) U32(ruling) U32(opinion) U32(exit) U32(matter)              \
    U32(flags) TEXT(class_code) ENUM(mark) I64(other_case_no) U32(value) TEXT(text)                \
    U32(directive) U32(power) U32(demand) U32(recommendation) U32(level) U32(people)               \
    TEXT(official) TEXT(countersigned_by) ENUM(status) ENUM(target) U32(adopted) U32(docket)       \
    TEXT(docket_no) U32(step) U32(party) ENUM(rating) U32(satisfaction) U32(dispute_level)         \
    BOOL(simple) I64(paused_ms) U32(round) BOOL(cleared)
/* clang-format on */

struct jb_effect {
    enum jb_effect_kind kind;
#define F_TEXT(f) struct jb_text f;
#define F_BYTES(f) struct jb_bytes f;
#define F_U32(f) uint32_t f;
#define F_U64(f) uint64_t f;
#define F_I64(f) int64_t f;
#define F_BOOL(f) bool f;
#define F_ENUM(f) int f;
#define F_LIST32(f) struct jb_list32 f;
#define F_LIST64(f) struct jb_list64 f;
    JB_EFFECT_FIELDS(F_TEXT, F_BYTES, F_U32, F_U64, F_I64, F_BOOL, F_ENUM, F_LIST32, F_LIST64)
#undef F_TEXT
#undef F_BYTES
#undef F_U32
#undef F_U64
#undef F_I64
#undef F_BOOL
#undef F_ENUM
#undef F_LIST32
#undef F_LIST64
};

#define JB_EFFECTS_MAX 512 /* of one entry; an act that leads to more is refused */

struct jb_effects {
    struct jb_effect at[JB_EFFECTS_MAX];
    size_t count;
};

/* One entry of the log, decoded. Borrowed from the arena it was decoded into. */
struct jb_entry {
    uint64_t seq;        /* of the broker's log */
    int64_t at_ms;       /* when the broker decided */
    uint32_t node;       /* whose act */
    struct jb_text user; /* who acted there */
    int64_t made_at_ms;  /* by the node's clock */
    uint64_t up_number;  /* 0: the broker's own */
    struct jb_act act;
    struct jb_bytes act_bytes; /* exactly as submitted */
    const struct jb_effect *effects;
    size_t effect_count;
};

/* Apply one entry to its case: the register's own fields when it is a REGISTER, then each effect.
 * The case's arrays are re-allocated from `arena` when they grow. JB_NOMEM: the case is unusable,
 * load it again. Sets the dirty marks of what it changed. JB_CORRUPT: the effects do not fit the
 * case (an unknown deadline id, a second registration): nothing was changed. */
enum jb_err jb_case_apply(struct jb_case *c, const struct jb_entry *entry,
                          struct jb_arena *arena) JB_MUST;

/* A copy in `arena` that shares no memory with `from`; marks of what is dirty are copied as well.
 * NOMEM: over the arena's limit. */
enum jb_err jb_case_copy(const struct jb_case *from, struct jb_arena *arena,
                         struct jb_case *to) JB_MUST;

/* Roles held by `node`: bits 1 << JB_ROLE_*; JB_ROLE_HOST is set for c->host in any case. */
uint32_t jb_case_roles(const struct jb_case *c, uint32_t node);
/* Is `node` told when the duty that log entry `seq` lays on another is on that one's disk?
 * Registrar, assigners, the host's sender, and whoever issued the directive are. */
bool jb_case_receipt_told(const struct jb_case *c, uint32_t node, uint64_t seq);
/* Is the node in the audience (any role but LEFT)? */
bool jb_case_has(const struct jb_case *c, uint32_t node);
struct jb_deadline *jb_case_deadline(const struct jb_case *c, uint32_t id);
/* The open deadline with this key, NULL if none. */
struct jb_deadline *jb_case_open_deadline(const struct jb_case *c, const char *key);
/* Next instant at which an open deadline has something to say (a warn step or its due instant),
 * INT64_MAX if never again. */
int64_t jb_deadline_next_ms(const struct jb_deadline *d);

/* Has the case come to its end? (A FILE is none: it has no case.) */
bool jb_stage_is_final(enum jb_stage stage);
/* Does this kind of act open a file (a registration, or a directive or docket of its own)? It does
 * so when the case that it names is not there yet. */
bool jb_act_may_open(enum jb_act_kind kind);
const struct jb_directive *jb_case_directive(const struct jb_case *c, uint32_t id); /* NULL: none */
const struct jb_target *jb_case_target(const struct jb_case *c, uint32_t directive, uint32_t node);
/* The directive with power ASSIGN under which the present host holds the case; NULL: none. */
const struct jb_directive *jb_case_order(const struct jb_case *c);
const struct jb_docket *jb_case_docket(const struct jb_case *c, struct jb_text docket_no);
/* NULL: none. `node` and `other_case_no` 0: any. */
const struct jb_mark *jb_case_mark(const struct jb_case *c, enum jb_mark_kind kind, uint32_t node,
                                   int64_t other_case_no);
/* Must this person of this agency keep out of the case (he, or his whole agency, is recused)?
 * Art 28(3). */
bool jb_case_recused(const struct jb_case *c, uint32_t node, struct jb_text user);
/* Is `user` (an account, or "account/person" when a system account acts for somebody) whom `name`
 * names: the account, the person or both? An empty name names nobody. */
bool jb_user_is(struct jb_text name, struct jb_text user);
const char *jb_target_state_name(enum jb_target_state state); /* "signed" */

const char *jb_stage_name(enum jb_stage stage);    /* "registered" */
const char *jb_role_name(enum jb_role role);       /* "host" */
const char *jb_effect_name(enum jb_effect_kind k); /* "custody_moved" */

#endif
