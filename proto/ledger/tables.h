/* Private to the ledger: the columns of the wide derived tables, once.
 *
 * The table's definition, its statements and the order in which values are bound and read follow
 * from these lists. To add a column: one row here, one line each in the writer and the reader
 * (casefile.c, deadline.c, caseparts.c), a step in schema.c that has older files replayed. */
#ifndef JB_LEDGER_TABLES_H
#define JB_LEDGER_TABLES_H

/* clang-format off */
/* After case_no, the primary key. KINT, KTEXT: hardly ever change and stand in indexes, which are
 * left alone when only the other columns are written. */
#define JB_CASE_COLUMNS(INT, TEXT, KINT, KTEXT)                                                    \
    INT(stage) INT(matter) INT(channel) INT(flags) INT(people)                                     \
    KINT(registrar) INT(host) INT(custody) INT(sender) INT(authority) INT(hops)                    \
    KINT(registered_ms) INT(updated_ms) INT(sent_seq) INT(last_seq)                                \
    INT(opinion) INT(exit) INT(objection_open) INT(objector) INT(last_ruling)                      \
    INT(signed_ms) INT(accepted_ms) INT(declined_ms) INT(told_ms) INT(answered_ms)                 \
    INT(answer_told_ms) INT(executed_ms) INT(closed_ms) INT(referred_ms) INT(handed_ms)            \
    INT(review_asked_ms) INT(reviewed_ms) INT(review_told_ms) INT(recheck_asked_ms)                \
    INT(rechecked_ms) INT(recheck_told_ms) INT(terminated_ms)                                      \
    INT(simple) INT(reviewer) INT(rechecker) INT(review_opinion) INT(recheck_opinion)              \
    INT(office_rating) INT(office_satisfaction) INT(office_rated_ms)                               \
    INT(handler_rating) INT(handler_satisfaction) INT(handler_rated_ms)                            \
    INT(dispute_level) INT(arbiter) INT(parts)                                                     \
    KTEXT(title) KTEXT(class_code) KTEXT(place_code) TEXT(lead_official) KTEXT(query_hash)

/* After case_no and id, the primary key. first_ms: first warn step, or due; next_ms: see
 * jb_deadline_next_ms; ended_how: enum jb_deadline_end, 0 while it runs. */
#define JB_DEADLINE_COLUMNS(INT, TEXT)                                                             \
    INT(node) INT(due_ms) INT(next_ms) INT(first_ms) INT(ended_how) INT(missed_ms) INT(ended_ms)   \
    INT(trigger_ms) INT(period) INT(unit) INT(first_due_ms)                                        \
    INT(warn1_ms) INT(warn2_ms) INT(warn3_ms) INT(warn4_ms) INT(warned) INT(extensions)            \
    INT(provisional) INT(designated_bound) INT(acked_node) INT(acked_ms) INT(set_seq)              \
    INT(directive) INT(docket) INT(paused_from_ms) INT(paused_ms) INT(paused_to_ms)                \
    INT(extended_days)                                                                             \
    TEXT(key) TEXT(acked_by) TEXT(policy_version) TEXT(calendar_version) TEXT(article)

/* Rows of a case that most cases do not have. After case_no. */
#define JB_MARK_COLUMNS(INT, TEXT)                                                                 \
    INT(position) INT(kind) INT(node) INT(other_case_no) INT(value) INT(at_ms) TEXT(text)
#define JB_DIRECTIVE_COLUMNS(INT, TEXT)                                                            \
    INT(id) INT(power) INT(demand) INT(recommendation) INT(issuer) INT(authority) INT(level)       \
    INT(flags) INT(people) INT(status) INT(due_ms) INT(issued_ms) INT(seq)                         \
    TEXT(official) TEXT(countersigned_by) TEXT(issued_by)
#define JB_TARGET_COLUMNS(INT, TEXT)                                                               \
    INT(directive) INT(node) INT(state) INT(deadline_id) INT(adopted)                              \
    INT(signed_ms) INT(answered_ms) INT(ended_ms)
#define JB_DOCKET_COLUMNS(INT, TEXT)                                                               \
    INT(id) INT(step) INT(node) INT(opener) INT(deadline_id)                                       \
    INT(opened_ms) INT(stepped_ms) INT(closed_ms) TEXT(docket_no)
/* clang-format on */

/* case_file.parts: which of them there are, so that a case without costs no query. */
enum {
    JB_PART_MARKS = 1,
    JB_PART_DIRECTIVES = 2, /* and their receivers */
    JB_PART_DOCKETS = 4
};

/* Stages that are final, and files that are no case: jb_stage_is_final and JB_STAGE_FILE. */
#define JB_SQL_STAGE_OVER "IN (7, 8, 9, 14, 15)"
#define JB_SQL_STAGE_OPEN "NOT " JB_SQL_STAGE_OVER

/* Column names with a comma before each, as they stand in a SELECT. */
#define JB_COLUMN_NAME(c) ", " #c
#define JB_COLUMN_MARK(c) ", ?"
#define JB_COLUMN_TAKE(c) ", " #c " = excluded." #c
#define JB_COLUMN_LEAVE(c)
#define JB_CASE_NAMES                                                                              \
    "case_no" JB_CASE_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME, JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_DEADLINE_NAMES "case_no, id" JB_DEADLINE_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_DIRECTIVE_NAMES "case_no" JB_DIRECTIVE_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_TARGET_NAMES "case_no" JB_TARGET_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_DOCKET_NAMES "case_no" JB_DOCKET_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_MARK_NAMES "case_no" JB_MARK_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)

/* Entries that go to every node: jb_act_is_common. The index is used only where the same text
 * stands in a query. */
#define JB_SQL_KIND_COMMON "kind IN (57, 58, 100, 101, 102, 103, 104, 105)"
/* CLOCK_STEP: likewise. */
#define JB_SQL_KIND_CLOCK "kind = 94"

#endif
