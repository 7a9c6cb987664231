/* Private to the ledger: the columns of the two wide derived tables, once.
 *
 * The table's definition, its statements and the order in which values are bound and read follow
 * from these lists. To add a column: one row here, one line each in the writer and the reader
 * (casefile.c, deadline.c), a migration step in schema.c that adds it to older files. */
#ifndef JB_LEDGER_TABLES_H
#define JB_LEDGER_TABLES_H

/* clang-format off */
/* After case_no, the primary key. */
#define JB_CASE_COLUMNS(INT, TEXT)                                                                 \
    INT(stage) INT(matter) INT(channel) INT(flags) INT(people)                                     \
    INT(registrar) INT(host) INT(custody) INT(sender) INT(authority) INT(hops)                     \
    INT(registered_ms) INT(updated_ms) INT(sent_seq) INT(last_seq)                                 \
    INT(opinion) INT(exit) INT(objection_open) INT(objector) INT(last_ruling)                      \
    INT(signed_ms) INT(accepted_ms) INT(declined_ms) INT(told_ms) INT(answered_ms)                 \
    INT(answer_told_ms) INT(executed_ms) INT(closed_ms) INT(referred_ms) INT(handed_ms)            \
    TEXT(title) TEXT(class_code) TEXT(place_code)

/* After case_no and id, the primary key. first_ms: first warn step, or due; next_ms: see
 * jb_deadline_next_ms; ended_how: enum jb_deadline_end, 0 while it runs. */
#define JB_DEADLINE_COLUMNS(INT, TEXT)                                                             \
    INT(node) INT(due_ms) INT(next_ms) INT(first_ms) INT(ended_how) INT(missed_ms) INT(ended_ms)   \
    INT(trigger_ms) INT(period) INT(unit) INT(first_due_ms)                                        \
    INT(warn1_ms) INT(warn2_ms) INT(warn3_ms) INT(warn4_ms) INT(warned) INT(extensions)            \
    INT(provisional) INT(designated_bound) INT(acked_node) INT(acked_ms) INT(set_seq)              \
    TEXT(key) TEXT(acked_by) TEXT(policy_version) TEXT(calendar_version) TEXT(article)
/* clang-format on */

/* Column names with a comma before each, as they stand in a SELECT. */
#define JB_COLUMN_NAME(c) ", " #c
#define JB_COLUMN_MARK(c) ", ?"
#define JB_COLUMN_TAKE(c) ", " #c " = excluded." #c
#define JB_CASE_NAMES "case_no" JB_CASE_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)
#define JB_DEADLINE_NAMES "case_no, id" JB_DEADLINE_COLUMNS(JB_COLUMN_NAME, JB_COLUMN_NAME)

#endif
