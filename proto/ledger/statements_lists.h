/* Private to the ledger: the part of statements.h that counts cases and keeps what lists are made
 * of. */
#ifndef JB_LEDGER_STATEMENTS_LISTS_H
#define JB_LEDGER_STATEMENTS_LISTS_H

#include "proto/ledger/tables.h"

/* Open cases that have their first such instant after ?1, until ?2. */
#define JB_SQL_TURNED(index, instant, more)                                                        \
    "SELECT count(DISTINCT d.case_no) FROM deadline d INDEXED BY " index                           \
    " CROSS JOIN case_file c ON c.case_no = d.case_no WHERE d.ended_how = 0 AND d." instant        \
    " > ?1 AND d." instant " <= ?2 AND c.stage " JB_SQL_STAGE_OPEN more " AND NOT EXISTS"          \
    " (SELECT 1 FROM deadline e WHERE e.case_no = d.case_no AND e.ended_how = 0"                   \
    " AND (e." instant " <= ?1 OR e.missed_ms <> 0))"
#define JB_LIST_STATEMENTS(X)                                                                      \
    X(TOTAL_CASES, R, "SELECT count(*) FROM case_file WHERE stage <> 15")                          \
    X(TOTAL_OPEN, R,                                                                               \
      "SELECT count(*) FROM case_file INDEXED BY case_open WHERE stage " JB_SQL_STAGE_OPEN)        \
    X(TOTAL_OBJECTIONS, A, "SELECT count(*) FROM case_file WHERE objection_open = 1")              \
    X(TOTAL_DISPUTES, A, "SELECT count(*) FROM case_file WHERE dispute_level <> 0")                \
    X(TOTAL_DIRECTIVES, R, "SELECT count(*) FROM directive WHERE status <> 3")                     \
    X(TOTAL_DOCKETS, R, "SELECT count(*) FROM docket WHERE closed_ms = 0")                         \
    X(TOTAL_UNDELIVERED, R,                                                                        \
      "SELECT count(*) FROM deadline WHERE key = 'deliver' AND ended_how = 0 AND missed_ms <> 0")  \
    X(TOTAL_PROVISIONAL, R,                                                                        \
      "SELECT count(*) FROM deadline INDEXED BY deadline_provisional"                              \
      " WHERE provisional = 1 AND ended_how = 0")                                                  \
    X(TOTAL_RED, R,                                                                                \
      "SELECT count(*) FROM (SELECT DISTINCT d.case_no FROM deadline d INDEXED BY deadline_due"    \
      " JOIN case_file c ON c.case_no = d.case_no WHERE d.ended_how = 0 AND "                      \
      "c.stage " JB_SQL_STAGE_OPEN " AND (d.due_ms <= ?1 OR d.missed_ms <> 0))")                   \
    X(TOTAL_WARNED, R, /* red or yellow */                                                         \
      "SELECT count(*) FROM (SELECT d.case_no FROM deadline d INDEXED BY deadline_due"             \
      " JOIN case_file c ON c.case_no = d.case_no WHERE d.ended_how = 0 AND "                      \
      "c.stage " JB_SQL_STAGE_OPEN ""                                                              \
      " AND (d.first_ms <= ?1 OR d.missed_ms <> 0)"                                                \
      " UNION SELECT case_no FROM case_file WHERE objection_open = 1 AND stage " JB_SQL_STAGE_OPEN \
      ")")                                                                                         \
    X(PACKED_CASES, B, "SELECT count(*) FROM case_file WHERE standing <> 2")                       \
    X(PACKED_OPEN, B, "SELECT count(*) FROM case_file WHERE standing = 1")                         \
    X(PACKED_DIRECTIVES, B,                                                                        \
      "SELECT coalesce(sum(directives), 0) FROM case_file INDEXED BY case_directives"              \
      " WHERE directives > 0")                                                                     \
    X(PACKED_DOCKETS, B,                                                                           \
      "SELECT coalesce(sum(dockets), 0) FROM case_file INDEXED BY case_dockets WHERE dockets > 0") \
    X(PACKED_UNDELIVERED, B,                                                                       \
      "SELECT coalesce(sum(undelivered), 0) FROM case_file INDEXED BY case_undelivered"            \
      " WHERE undelivered > 0")                                                                    \
    X(PACKED_PROVISIONAL, B,                                                                       \
      "SELECT coalesce(sum(provisional), 0) FROM case_file INDEXED BY case_provisional"            \
      " WHERE provisional > 0")                                                                    \
    X(PACKED_RED, B, "SELECT count(*) FROM case_file WHERE warned_ms <= ?1 AND red_ms <= ?1")      \
    X(PACKED_WARNED, B, /* red or yellow */                                                        \
      "SELECT (SELECT count(*) FROM case_file WHERE warned_ms <= ?1)"                              \
      " + (SELECT count(*) FROM case_file INDEXED BY case_objection WHERE objection_open = 1"      \
      " AND standing = 1 AND warned_ms > ?1)")                                                     \
    X(TURNED_RED, R, JB_SQL_TURNED("deadline_due", "due_ms", ""))                                  \
    X(TURNED_WARNED, R, JB_SQL_TURNED("deadline_first", "first_ms", " AND c.objection_open = 0"))  \
    X(GRAM_ADD, R, "INSERT OR IGNORE INTO case_gram VALUES (?, ?)")                                \
    X(GRAM_DROP, R, "DELETE FROM case_gram WHERE gram = ? AND case_no = ?")                        \
    X(GRAM_MARK, R, "SELECT case_no FROM case_gram WHERE gram = ?")                                \
    X(GRAM_COUNT, R,                                                                               \
      "SELECT count(*) FROM (SELECT 1 FROM case_gram WHERE gram BETWEEN ? AND ? LIMIT ?)")         \
    X(CASE_TITLE, R, "SELECT title FROM case_file WHERE case_no = ?")                              \
    X(CASE_TITLES, R,                                                                              \
      "SELECT case_no, title FROM case_file WHERE case_no < ? ORDER BY case_no DESC LIMIT ?")      \
    X(CASE_DOWN, R, /* the next one downwards */                                                   \
      "SELECT coalesce((SELECT case_no FROM case_file INDEXED BY case_text WHERE case_no <= ?"     \
      " ORDER BY case_no DESC LIMIT 1), 0)")                                                       \
    X(LIGHT_PUT, R,                                                                                \
      "INSERT INTO case_light VALUES (?, ?, ?, ?) ON CONFLICT (case_no) DO UPDATE SET"             \
      " light = excluded.light, host = excluded.host, call = excluded.call"                        \
      " WHERE (light, host, call) <> (excluded.light, excluded.host, excluded.call)")              \
    X(LIGHT_DROP, R, "DELETE FROM case_light WHERE case_no = ?")                                   \
    X(LIGHT_RED, R, "UPDATE case_light SET light = 3, call = 1 WHERE case_no = ? AND light < 3")   \
    X(LIGHT_WARNED, R, "UPDATE case_light SET light = 2 WHERE case_no = ? AND light < 2")          \
    X(LIGHT_DUE, R, /* what turns: after an instant and case, until another instant */             \
      "SELECT due_ms, case_no FROM deadline INDEXED BY deadline_due WHERE ended_how = 0"           \
      " AND (due_ms, case_no) > (?, ?) AND due_ms <= ? ORDER BY due_ms, case_no LIMIT ?")          \
    X(LIGHT_FIRST, R,                                                                              \
      "SELECT first_ms, case_no FROM deadline INDEXED BY deadline_first WHERE ended_how = 0"       \
      " AND (first_ms, case_no) > (?, ?) AND first_ms <= ? ORDER BY first_ms, case_no LIMIT ?")    \
    X(LIGHT_CASES, R, /* that ought to have one */                                                 \
      "SELECT case_no FROM case_file INDEXED BY case_open WHERE stage " JB_SQL_STAGE_OPEN          \
      " AND case_no < ? ORDER BY case_no DESC LIMIT ?")

#endif
