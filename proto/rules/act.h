/* One act: a command on its way in, or the fact that it became.
 *
 * A flat record: each kind uses the subset of fields that its message in proto/schema/act.proto has
 * (same names), everything else is zero. Zero, false and empty mean "not given". The converter in
 * wire works from the field list below, so a new field is one row here and one line in the schema.
 * Pure data: texts and bytes are borrowed from the arena or buffer that the act was decoded from.
 */
#ifndef JB_RULES_ACT_H
#define JB_RULES_ACT_H

#include "proto/base/bytes.h"

/* name, number of the field in Act.body */
#define JB_ACT_KINDS(X)                                                                            \
    X(REGISTER, register, 10)                                                                      \
    X(ASSIGN, assign, 11)                                                                          \
    X(FORWARD, forward, 12)                                                                        \
    X(HANDOVER, handover, 13)                                                                      \
    X(REFER, refer, 14)                                                                            \
    X(SIGN_FOR, sign_for, 15)                                                                      \
    X(ACCEPT, accept, 16)                                                                          \
    X(DECLINE, decline, 17)                                                                        \
    X(NOTIFY, notify, 18)                                                                          \
    X(OBJECT, object, 19)                                                                          \
    X(RULE_ON_OBJECTION, rule_on_objection, 20)                                                    \
    X(ESCALATE_DISPUTE, escalate_dispute, 21)                                                      \
    X(DESIGNATE, designate, 22)                                                                    \
    X(EXTEND, extend, 23)                                                                          \
    X(NOTE, note, 24)                                                                              \
    X(ANSWER, answer, 25)                                                                          \
    X(EXECUTE, execute, 26)                                                                        \
    X(CLOSE, close, 27)                                                                            \
    X(CLASSIFY, classify, 28)                                                                      \
    X(START_SIMPLE, start_simple, 29)                                                              \
    X(TURN_ORDINARY, turn_ordinary, 30)                                                            \
    X(LINK, link, 31)                                                                              \
    X(MERGE, merge, 32)                                                                            \
    X(SPLIT, split, 33)                                                                            \
    X(REOPEN, reopen, 34)                                                                          \
    X(RECUSE, recuse, 35)                                                                          \
    X(RECORD_DELIVERY, record_delivery, 36)                                                        \
    X(REPORT_UP, report_up, 37)                                                                    \
    X(REQUEST_REVIEW, request_review, 40)                                                          \
    X(GIVE_REVIEW, give_review, 41)                                                                \
    X(REQUEST_RECHECK, request_recheck, 42)                                                        \
    X(GIVE_RECHECK, give_recheck, 43)                                                              \
    X(START_HEARING, start_hearing, 44)                                                            \
    X(END_HEARING, end_hearing, 45)                                                                \
    X(TERMINATE, terminate, 46)                                                                    \
    X(ISSUE_DIRECTIVE, issue_directive, 50)                                                        \
    X(COUNTERSIGN_DIRECTIVE, countersign_directive, 51)                                            \
    X(SIGN_DIRECTIVE, sign_directive, 52)                                                          \
    X(ANSWER_DIRECTIVE, answer_directive, 53)                                                      \
    X(CLEAR_DIRECTIVE, clear_directive, 54)                                                        \
    X(OBJECT_DIRECTIVE, object_directive, 55)                                                      \
    X(WITHDRAW_DIRECTIVE, withdraw_directive, 56)                                                  \
    X(DELEGATE, delegate, 57)                                                                      \
    X(END_DELEGATION, end_delegation, 58)                                                          \
    X(OPEN_DOCKET, open_docket, 60)                                                                \
    X(STEP_DOCKET, step_docket, 61)                                                                \
    X(CLOSE_DOCKET, close_docket, 62)                                                              \
    X(URGE, urge, 63)                                                                              \
    X(RATE, rate, 70)                                                                              \
    X(SET_PLAN, set_plan, 71)                                                                      \
    X(ATTACH, attach, 72)                                                                          \
    X(FULFIL, fulfil, 73)                                                                          \
    X(OPEN_RATING, open_rating, 74)                                                                \
    X(OPENED, opened, 80)                                                                          \
    X(ACKNOWLEDGE, acknowledge, 81)                                                                \
    X(STORED, stored, 82)                                                                          \
    X(RECEIVED, received, 83)                                                                      \
    X(WARN, warn, 90)                                                                              \
    X(MISS, miss, 91)                                                                              \
    X(UNDELIVERED, undelivered, 92)                                                                \
    X(UNSIGNED, unsigned_step, 93)                                                                 \
    X(CLOCK_STEP, clock_step, 94)                                                                  \
    X(RECOUNT, recount, 95)                                                                        \
    X(SUCCEED, succeed, 96)                                                                        \
    X(ENROL_NODE, enrol_node, 100)                                                                 \
    X(CHANGE_NODE, change_node, 101)                                                               \
    X(REPLACE_KEYS, replace_keys, 102)                                                             \
    X(RETIRE_NODE, retire_node, 103)                                                               \
    X(INSTALL_POLICY, install_policy, 104)                                                         \
    X(INSTALL_CALENDAR, install_calendar, 105)                                                     \
    X(NEW_EPOCH, new_epoch, 110)                                                                   \
    X(PURGED, purged, 111)                                                                         \
    X(QUARANTINE, quarantine, 112)                                                                 \
    X(REPLAY, replay, 113)                                                                         \
    X(ERASE_KEY, erase_key, 114)                                                                   \
    X(LOST, lost, 115)

enum jb_act_kind {
    JB_ACT_NONE = 0,
#define X(name, field, number) JB_ACT_##name = (number),
    JB_ACT_KINDS(X)
#undef X
};

/* Name of a kind as in the schema ("sign_for"); "unknown" for a number that is not in the list.
 * Static storage, any thread. jb_act_kind_parse gives JB_ACT_NONE for an unknown name. */
const char *jb_act_kind_name(enum jb_act_kind kind);
enum jb_act_kind jb_act_kind_parse(const char *name);

/* C type of the field, name in struct and schema. TEXT struct jb_text; BYTES struct jb_bytes;
 * U32, U64, I64, BOOL; ENUM int; LIST32, LIST64: {pointer, count}. */
/* The formatter never comes to rest on this list. */
/* clang-format off */
#define JB_ACT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)                      \
    ENUM(matter) ENUM(channel) TEXT(title) TEXT(content) TEXT(class_code) TEXT(place_code)         \
    U32(flags) U32(people) TEXT(foreign_system) TEXT(foreign_number) I64(received_at_ms)           \
    BYTES(sealed) BYTES(query_code_hash) U32(node) LIST32(co_handlers) ENUM(authority)             \
    I64(due_ms) TEXT(basis) TEXT(text) TEXT(report_form) TEXT(countersigned_by) TEXT(reason)       \
    TEXT(organ) ENUM(exit) TEXT(notice_no) I64(told_at_ms) TEXT(how) ENUM(decline_kind)            \
    ENUM(ruling) U32(deadline_id) U32(days) TEXT(approved_by) ENUM(opinion) TEXT(opinion_no)       \
    TEXT(report) I64(done_at_ms) TEXT(close_no) I64(other_case_no) ENUM(link_kind)                 \
    LIST64(other_case_nos) ENUM(ground) TEXT(person) I64(from_ms) I64(until_ms) ENUM(power)        \
    LIST32(audience) U64(directive_no) BOOL(adopted) ENUM(recommendation) TEXT(official)           \
    I64(valid_from_ms) I64(valid_to_ms) TEXT(docket_no) ENUM(step) ENUM(rated_party)               \
    ENUM(satisfaction) TEXT(name) TEXT(media_type) U64(size_bytes) BYTES(content_hash)             \
    U64(log_seq) BYTES(epoch) U64(number) BYTES(head) BYTES(signature) I64(at_ms) U32(step_no)     \
    I64(fell_ms) I64(before_ms) I64(after_ms) TEXT(code) ENUM(level) U32(parent) ENUM(node_kind)   \
    TEXT(region) TEXT(credit_code) BYTES(line_key) BYTES(sign_key) U32(successor) TEXT(version)    \
    I64(effective_from_ms) BYTES(body) U64(quarantine_no) BYTES(key_id) LIST32(accused)            \
    ENUM(demand)
/* clang-format on */

struct jb_list32 {
    const uint32_t *at; /* borrowed */
    size_t count;
};
struct jb_list64 {
    const int64_t *at; /* borrowed */
    size_t count;
};
/* Stored.items: which duties of the acknowledging node the receipt covers. */
struct jb_stored_item {
    int64_t case_no;
    uint64_t log_seq;
};
struct jb_stored_items {
    const struct jb_stored_item *at; /* borrowed */
    size_t count;
};

struct jb_act {
    enum jb_act_kind kind;
    int64_t case_no;  /* 0: not about a case */
    uint32_t custody; /* custody number that the act is based on; 0: none */
#define F_TEXT(f) struct jb_text f;
#define F_BYTES(f) struct jb_bytes f;
#define F_U32(f) uint32_t f;
#define F_U64(f) uint64_t f;
#define F_I64(f) int64_t f;
#define F_BOOL(f) bool f;
#define F_ENUM(f) int f;
#define F_LIST32(f) struct jb_list32 f;
#define F_LIST64(f) struct jb_list64 f;
    JB_ACT_FIELDS(F_TEXT, F_BYTES, F_U32, F_U64, F_I64, F_BOOL, F_ENUM, F_LIST32, F_LIST64)
#undef F_TEXT
#undef F_BYTES
#undef F_U32
#undef F_U64
#undef F_I64
#undef F_BOOL
#undef F_ENUM
#undef F_LIST32
#undef F_LIST64
    struct jb_stored_items items; /* STORED only */
};

/* Values of the ENUM fields that the rules look at; the same numbers as in the schema (a test holds
 * the two against each other). */
enum {
    JB_MATTER_SUGGESTION = 1,
    JB_MATTER_ACCUSATION,
    JB_MATTER_APPEAL
};
enum {
    JB_CHANNEL_LETTER = 1,
    JB_CHANNEL_VISIT,
    JB_CHANNEL_ONLINE,
    JB_CHANNEL_PHONE
};
enum {
    JB_EXIT_LITIGATION = 1,
    JB_EXIT_ARBITRATION,
    JB_EXIT_PARTY_APPEAL,
    JB_EXIT_ADMIN_REVIEW,
    JB_EXIT_PROTECTIVE_DUTY,
    JB_EXIT_RESIDUE
};
enum {
    JB_AUTHORITY_PEER = 1,
    JB_AUTHORITY_FORWARD,
    JB_AUTHORITY_ASSIGN,
    JB_AUTHORITY_FIRST_ASSIGNMENT,
    JB_AUTHORITY_JOINT_CONFERENCE
};
enum {
    JB_OPINION_SUPPORTED = 1,
    JB_OPINION_EXPLAINED,
    JB_OPINION_NOT_SUPPORTED
};
enum {
    JB_RULING_AGREED = 1,
    JB_RULING_REFUSED
};
enum {
    JB_LEVEL_CENTRAL = 1,
    JB_LEVEL_PROVINCE,
    JB_LEVEL_CITY,
    JB_LEVEL_COUNTY,
    JB_LEVEL_TOWNSHIP,
    JB_LEVEL_VILLAGE
};
enum {
    JB_NODE_OFFICE = 1,
    JB_NODE_JOINT_CONFERENCE,
    JB_NODE_GOVERNMENT,
    JB_NODE_DEPARTMENT,
    JB_NODE_DISCIPLINE,
    JB_NODE_POLITICAL_LEGAL,
    JB_NODE_ENTERPRISE,
    JB_NODE_BROKER
};
enum {
    JB_FLAG_REPEAT = 1,
    JB_FLAG_ANONYMOUS = 2,
    JB_FLAG_JOINT_SIGNATURE = 4,
    JB_FLAG_URGENT = 8,
    JB_FLAG_CROSS_BOUNDARY = 16,
    JB_FLAG_LITIGATION = 32,
    JB_FLAG_OLD_CASE = 64,
    JB_FLAG_PUBLIC = 128,
    JB_FLAG_SECRET = 256,
    JB_FLAG_UNREACHABLE = 512, /* name or address unclear: no notice owed (Art 23) */
};

enum { /* the six powers of the first assignment authority, domain rules section 4 */
    JB_POWER_ASSIGN = 1,
    JB_POWER_INVESTIGATE,
    JB_POWER_COORDINATE,
    JB_POWER_SUPERVISE,
    JB_POWER_CIRCULATE,
    JB_POWER_RECOMMEND
};
enum { /* what a directive of the power SUPERVISE demands */
    JB_DEMAND_EXPLANATION = 1,
    JB_DEMAND_PROGRESS,
    JB_DEMAND_ON_SITE,
    JB_DEMAND_CORRECTION,
    JB_DEMAND_SUMMONS /* mass visit: come and receive the visitors */
};
enum { /* Art 40 */
    JB_RECOMMEND_WORK = 1,
    JB_RECOMMEND_POLICY,
    JB_RECOMMEND_ACCOUNT
};
enum { /* the supervision ladder, Art 39-40, in order */
    JB_STEP_URGE = 1,
    JB_STEP_SUPERVISE,
    JB_STEP_TALK,
    JB_STEP_CIRCULAR,
    JB_STEP_LISTED,
    JB_STEP_RECTIFY,
    JB_STEP_HOLD_TO_ACCOUNT
};
enum {
    JB_LINK_REPEAT = 1, /* the same matter again: this case is the later one */
    JB_LINK_RELATED,
    JB_LINK_REVIEW_OF,
    JB_LINK_CROSS_BOUNDARY,
    JB_LINK_MERGED_INTO, /* this case goes on in the other one */
    JB_LINK_MERGED_FROM,
    JB_LINK_SPLIT_OF, /* this case was a part of the other one */
    JB_LINK_SPLIT_INTO
};
enum {
    JB_GROUND_NEW_FACTS = 1,
    JB_GROUND_ORDERED
};
enum {
    JB_RATED_OFFICE = 1,
    JB_RATED_HANDLER,
    JB_RATED_PARTIES = JB_RATED_HANDLER
};
enum {
    JB_SATISFIED = 1,
    JB_BASICALLY_SATISFIED,
    JB_NOT_SATISFIED
};

/* Limits of untrusted text, in bytes. Longer is refused (TOO_LARGE), never cut. */
enum {
    JB_LIMIT_LINE = 1024,        /* one-line texts: names, numbers, titles */
    JB_LIMIT_TEXT = 256 * 1024,  /* bodies: content, answers, reports */
    JB_LIMIT_LIST = 256,         /* members of a list */
    JB_LIMIT_BLOB = 1024 * 1024, /* policy and calendar files, sealed boxes */
};

#endif
