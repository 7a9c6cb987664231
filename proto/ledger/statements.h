/* Private to the ledger: every fixed statement, prepared once when a ledger is opened.
 *
 * name, roles (B broker, R replica, A both), SQL. Listings with a free choice of filters are built
 * in listing.c; the schema itself is in schema.c. */
#ifndef JB_LEDGER_STATEMENTS_H
#define JB_LEDGER_STATEMENTS_H

#include "proto/ledger/statements_lists.h"

/* Of a deadline at ?1: the highest step reached; 0: due. */
#define JB_SQL_ALARM_STEP                                                                          \
    "CASE WHEN due_ms <= ?1 THEN 0 WHEN warn4_ms BETWEEN 1 AND ?1 THEN 4"                          \
    " WHEN warn3_ms BETWEEN 1 AND ?1 THEN 3 WHEN warn2_ms BETWEEN 1 AND ?1 THEN 2 ELSE 1 END"
/* Neither it nor a higher one was raised. */
#define JB_SQL_ALARM_NEW                                                                           \
    "NOT EXISTS (SELECT 1 FROM alarm a WHERE a.case_no = d.case_no AND a.deadline_id = d.id"       \
    " AND a.due_ms = d.due_ms AND (a.step = 0 OR (d.step <> 0 AND a.step >= d.step)))"
/* In the order of one instant, those of node ?2 behind (?3, ?4, ?5); whether it is to be raised
 * (each stands in several orders: it is in that of its step), and where it stands. */
#define JB_SQL_ALARM_DUE(index, instant, number)                                                   \
    "SELECT case_no, id, step, due_ms, key, at_ms,"                                                \
    " CASE WHEN step <> " number " OR (?2 <> 0 AND node <> ?2) THEN 0 ELSE " JB_SQL_ALARM_NEW      \
    " END FROM (SELECT case_no, id, due_ms, key, node, " instant " AS at_ms,"                      \
    " " JB_SQL_ALARM_STEP " AS step FROM deadline INDEXED BY " index                               \
    " WHERE ended_how = 0 AND " instant " <> 0 AND " instant " <= ?1"                              \
    " AND (" instant ", case_no, id) > (?3, ?4, ?5)"                                               \
    " ORDER BY " instant ", case_no, id LIMIT ?6) d"
#define JB_SQL_ALARM_NEXT(index, instant)                                                          \
    "SELECT " instant " FROM deadline INDEXED BY " index " WHERE ended_how = 0"                    \
    " AND " instant " <> 0 AND " instant " > ?1 ORDER BY " instant " LIMIT 1"

#define JB_AUDIT_NAMES "number, at_ms, user, request, act_kind, case_no, node, field, outcome"

#define JB_STATEMENTS(X)                                                                           \
    X(BEGIN, A, "BEGIN IMMEDIATE")                                                                 \
    X(SNAPSHOT, A, "BEGIN")                                                                        \
    X(COMMIT, A, "COMMIT")                                                                         \
    X(ROLLBACK, A, "ROLLBACK")                                                                     \
    X(META_GET, A, "SELECT value FROM meta WHERE key = ?")                                         \
    X(META_SET, A,                                                                                 \
      "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")     \
    X(CASE_KEY_PUT, A,                                                                             \
      "INSERT INTO case_key VALUES (?, ?) ON CONFLICT (case_no) DO UPDATE SET key = excluded.key") \
    X(CASE_KEY_GET, A, "SELECT key FROM case_key WHERE case_no = ?")                               \
    X(AUDIT_END, A, "SELECT number, head, floor, floor_head, suite, signature FROM audit_end")     \
    X(AUDIT_END_SET, A, "INSERT OR REPLACE INTO audit_end VALUES (1, ?, ?, ?, ?, ?, ?)")           \
    X(AUDIT_ADD, A, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                     \
    X(AUDIT_FRONT, A,                                                                              \
      "SELECT number, at_ms, head FROM audit WHERE number > ? ORDER BY number LIMIT ?")            \
    X(AUDIT_DROP, A, "DELETE FROM audit WHERE number <= ?")                                        \
    X(AUDIT_ALL, A, "SELECT " JB_AUDIT_NAMES ", head FROM audit ORDER BY number")                  \
    X(AUDIT_LIST, A,                                                                               \
      "SELECT " JB_AUDIT_NAMES " FROM audit WHERE number > ?1 AND at_ms >= ?2"                     \
      " AND (?3 = '' OR user = ?3) AND (?4 = 0 OR case_no = ?4) ORDER BY number LIMIT ?5")         \
    X(AUDIT_OF_CASE, A,                                                                            \
      "SELECT " JB_AUDIT_NAMES " FROM audit WHERE case_no = ?4 AND case_no <> 0 AND number > ?1"   \
      " AND at_ms >= ?2 AND (?3 = '' OR user = ?3) ORDER BY number LIMIT ?5")                      \
    X(AUDIT_OF_USER, A,                                                                            \
      "SELECT " JB_AUDIT_NAMES " FROM audit WHERE user = ?3 AND number > ?1 AND at_ms >= ?2"       \
      " AND (?4 = 0 OR case_no = ?4) ORDER BY number LIMIT ?5")                                    \
    X(CASE_KEY_DROP, A, "DELETE FROM case_key WHERE case_no = ?")                                  \
    X(ERASED_KEYS_DROP, A, /* of kind JB_MARK_ERASED */                                            \
      "DELETE FROM case_key WHERE case_no IN (SELECT case_no FROM mark WHERE kind = 4)")           \
    X(ATTACHMENT_ADD, A, "INSERT OR IGNORE INTO attachment VALUES (?, ?, ?, ?, ?, ?)")             \
    X(ATTACHMENTS_DROP, R, "DELETE FROM attachment WHERE case_no = ?")                             \
    X(BLOB_HASHES, A, /* that are to be had; page by hash */                                       \
      "SELECT DISTINCT hash FROM attachment a WHERE hash > ? AND NOT EXISTS"                       \
      " (SELECT 1 FROM mark m WHERE m.case_no = a.case_no AND m.kind = 4) ORDER BY hash LIMIT ?")  \
    X(BLOB_CASE, A, /* a case with this blob and a key, ?2 or anybody may read it */               \
      "SELECT a.case_no FROM attachment a JOIN case_file c ON c.case_no = a.case_no"               \
      " WHERE a.hash = ?1 AND NOT EXISTS"                                                          \
      " (SELECT 1 FROM mark m WHERE m.case_no = a.case_no AND m.kind = 4)"                         \
      " AND (?2 = 0 OR c.host = ?2 OR c.registrar = ?2 OR EXISTS (SELECT 1 FROM participant p"     \
      " WHERE p.case_no = a.case_no AND p.node = ?2 AND p.role IN (1,2,3,7)))"                     \
      " AND (?2 = 0 OR NOT EXISTS (SELECT 1 FROM participant p"                                    \
      " WHERE p.case_no = a.case_no AND p.node = ?2 AND p.role = 6)) LIMIT 1")                     \
    X(BLOB_READERS, A, /* nodes that may read one of its cases */                                  \
      "SELECT DISTINCT p.node FROM attachment a JOIN participant p ON p.case_no = a.case_no"       \
      " WHERE a.hash = ?1 AND p.role IN (1,2,3,7) AND NOT EXISTS"                                  \
      " (SELECT 1 FROM mark m WHERE m.case_no = a.case_no AND m.kind = 4) ORDER BY 1")             \
    X(BLOBS_OF_CASE, A, "SELECT DISTINCT hash FROM attachment WHERE case_no = ?")                  \
    X(BLOB_SIZE, A, "SELECT 1 FROM attachment WHERE hash = ? AND size_bytes = ? LIMIT 1")          \
    X(BLOB_SUMS, B, /* by node: in all, and since an instant */                                    \
      "SELECT node, sum(size_bytes), sum(CASE WHEN at_ms >= ?1 THEN size_bytes ELSE 0 END)"        \
      " FROM attachment a WHERE NOT EXISTS"                                                        \
      " (SELECT 1 FROM mark m WHERE m.case_no = a.case_no AND m.kind = 4) GROUP BY node")          \
    X(BLOB_SUMS_OF_CASE, B,                                                                        \
      "SELECT node, sum(size_bytes), 0 FROM attachment WHERE case_no = ?1 GROUP BY node")          \
    X(BLOB_RECEIPT_ADD, A, /* the first one stands */                                              \
      "INSERT OR IGNORE INTO blob_receipt (hash, node, suite, at_ms, signature)"                   \
      " VALUES (?, ?, ?, ?, ?)")                                                                   \
    X(BLOB_RECEIPT_AT, A, "SELECT at_ms FROM blob_receipt WHERE hash = ? AND node = ?")            \
    X(ERASED_CASES, A,                                                                             \
      "SELECT DISTINCT case_no FROM mark WHERE kind = 4 AND case_no > ? ORDER BY case_no LIMIT ?") \
    /* derived tables */                                                                           \
    X(CASE_LOAD, R, "SELECT " JB_CASE_NAMES " FROM case_file WHERE case_no = ?")                   \
    X(CASE_SAVE, R,                                                                                \
      "INSERT INTO case_file VALUES (?" JB_CASE_COLUMNS(                                           \
          JB_COLUMN_MARK, JB_COLUMN_MARK, JB_COLUMN_MARK,                                          \
          JB_COLUMN_MARK) ")"                                                                      \
                          " ON CONFLICT (case_no) DO UPDATE SET stage = "                          \
                          "excluded.stage" JB_CASE_COLUMNS(JB_COLUMN_TAKE, JB_COLUMN_TAKE,         \
                                                           JB_COLUMN_LEAVE, JB_COLUMN_LEAVE))      \
    X(CASE_KEPT_SAVE, R,                                                                           \
      "UPDATE case_file SET registrar = ?2, registered_ms = ?3, title = ?4, class_code = ?5,"      \
      " query_hash = ?6, place_code = ?7 WHERE case_no = ?1 AND (registrar, registered_ms, title," \
      " class_code, query_hash, place_code) <> (?2, ?3, ?4, ?5, ?6, ?7)")                          \
    X(CASE_DROP, R, "DELETE FROM case_file WHERE case_no = ?")                                     \
    X(PACKED_LOAD, B, "SELECT packed FROM case_file WHERE case_no = ?")                            \
    X(PACKED_SAVE, B, /* what no index stands on but those of instants */                          \
      "INSERT INTO case_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"                 \
      " ON CONFLICT (case_no) DO UPDATE SET host = excluded.host, next_ms = excluded.next_ms,"     \
      " warned_ms = excluded.warned_ms, red_ms = excluded.red_ms, packed = excluded.packed")       \
    X(PACKED_KEPT_SAVE, B, /* what hardly ever changes */                                          \
      "UPDATE case_file SET standing = ?2, registrar = ?3, objection_open = ?4,"                   \
      " dispute_level = ?5, provisional = ?6, undelivered = ?7, directives = ?8, dockets = ?9,"    \
      " query_hash = ?10 WHERE case_no = ?1 AND (standing, registrar, objection_open,"             \
      " dispute_level, provisional, undelivered, directives, dockets, query_hash)"                 \
      " <> (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                                                 \
    X(ROLES, B, "SELECT node, role FROM participant WHERE case_no = ?")                            \
    X(ROLE_ADD, B, "INSERT OR IGNORE INTO participant VALUES (?, ?, ?)")                           \
    X(ROLE_DROP, B, "DELETE FROM participant WHERE case_no = ? AND node = ? AND role = ?")         \
    X(PARTICIPANTS, R,                                                                             \
      "SELECT node, role, signed_ms, answered_ms FROM participant WHERE case_no = ?"               \
      " ORDER BY node, role")                                                                      \
    X(PARTICIPANT_ADD, R, "INSERT OR IGNORE INTO participant VALUES (?, ?, ?, ?, ?)")              \
    X(PARTICIPANTS_DROP, R, "DELETE FROM participant WHERE case_no = ?")                           \
    X(DEADLINES, R, "SELECT " JB_DEADLINE_NAMES " FROM deadline WHERE case_no = ? ORDER BY id")    \
    X(DEADLINE_SAVE, R,                                                                            \
      "INSERT INTO deadline VALUES (?, ?" JB_DEADLINE_COLUMNS(                                     \
          JB_COLUMN_MARK, JB_COLUMN_MARK) ")"                                                      \
                                          " ON CONFLICT (case_no, id) DO UPDATE SET node = "       \
                                          "excluded.node" JB_DEADLINE_COLUMNS(JB_COLUMN_TAKE,      \
                                                                              JB_COLUMN_TAKE))     \
    X(DEADLINES_DROP, R, "DELETE FROM deadline WHERE case_no = ?")                                 \
    X(MARKS, R, "SELECT " JB_MARK_NAMES " FROM mark WHERE case_no = ? ORDER BY position")          \
    X(MARK_ADD, A,                                                                                 \
      "INSERT INTO mark VALUES (?" JB_MARK_COLUMNS(JB_COLUMN_MARK, JB_COLUMN_MARK) ")")            \
    X(MARKS_DROP, A, "DELETE FROM mark WHERE case_no = ?")                                         \
    X(DIRECTIVES, R, "SELECT " JB_DIRECTIVE_NAMES " FROM directive WHERE case_no = ? ORDER BY id") \
    X(DIRECTIVE_SAVE, R,                                                                           \
      "INSERT OR REPLACE INTO directive VALUES (?" JB_DIRECTIVE_COLUMNS(JB_COLUMN_MARK,            \
                                                                        JB_COLUMN_MARK) ")")       \
    X(DIRECTIVES_DROP, R, "DELETE FROM directive WHERE case_no = ?")                               \
    X(TARGETS, R,                                                                                  \
      "SELECT " JB_TARGET_NAMES " FROM target WHERE case_no = ? ORDER BY directive, node")         \
    X(TARGETS_OF, R, /* of one directive, with what it owes */                                     \
      "SELECT directive, node, state, deadline_id, adopted, signed_ms, answered_ms, ended_ms,"     \
      " (SELECT d.due_ms FROM deadline d WHERE d.case_no = target.case_no"                         \
      " AND d.id = target.deadline_id),"                                                           \
      " (SELECT d.missed_ms FROM deadline d WHERE d.case_no = target.case_no"                      \
      " AND d.id = target.deadline_id)"                                                            \
      " FROM target WHERE case_no = ? AND directive = ? ORDER BY node")                            \
    X(TARGET_SAVE, R,                                                                              \
      "INSERT OR REPLACE INTO target VALUES (?" JB_TARGET_COLUMNS(JB_COLUMN_MARK,                  \
                                                                  JB_COLUMN_MARK) ")")             \
    X(TARGETS_DROP, R, "DELETE FROM target WHERE case_no = ?")                                     \
    X(DOCKETS, R, "SELECT " JB_DOCKET_NAMES " FROM docket WHERE case_no = ? ORDER BY id")          \
    X(DOCKET_SAVE, R,                                                                              \
      "INSERT OR REPLACE INTO docket VALUES (?" JB_DOCKET_COLUMNS(JB_COLUMN_MARK,                  \
                                                                  JB_COLUMN_MARK) ")")             \
    X(DOCKETS_DROP, R, "DELETE FROM docket WHERE case_no = ?")                                     \
    X(CASE_BY_QUERY, A,                                                                            \
      "SELECT case_no FROM case_file WHERE query_hash = ? AND query_hash <> ''"                    \
      " ORDER BY case_no LIMIT 1")                                                                 \
    X(CASES_LINKED, A, /* from either side */                                                      \
      "SELECT other_case_no FROM mark WHERE case_no = ?1 AND kind = 1 UNION"                       \
      " SELECT case_no FROM mark WHERE other_case_no = ?1 AND other_case_no <> 0 AND kind = 1"     \
      " ORDER BY 1 LIMIT ?2")                                                                      \
    X(PROVISIONAL, B, /* with open deadlines whose date the calendar did not know for sure */      \
      "SELECT case_no, packed FROM case_file INDEXED BY case_provisional WHERE provisional > 0"    \
      " AND case_no >= ? ORDER BY case_no LIMIT ?")                                                \
    X(NODE_CASES, B, /* open ones in which it has a part, and all that wait for it */              \
      "SELECT DISTINCT p.case_no FROM participant p CROSS JOIN case_file c"                        \
      " ON c.case_no = p.case_no WHERE p.node = ?1 AND p.case_no > ?2"                             \
      " AND ((p.role NOT IN (0, 6) AND c.standing = 1) OR jb_waits (c.packed, ?1) > 0)"            \
      " ORDER BY p.case_no LIMIT ?3")                                                              \
    X(NODE_DUTIES, B, /* cases that it holds, deadlines, directives and dockets that it owes */    \
      "SELECT coalesce(sum((c.host = ?1 AND c.standing = 1) + jb_owed (c.packed, ?1)), 0)"         \
      " FROM (SELECT DISTINCT case_no FROM participant WHERE node = ?1) p"                         \
      " CROSS JOIN case_file c ON c.case_no = p.case_no")                                          \
    X(STORED_AT_NODE, A,                                                                           \
      "SELECT at_ms FROM stored WHERE case_no = ? AND log_seq = ? AND node = ?")                   \
    X(DUE, B, /* the earliest of what fell last of each deadline, as the rules' clock says it */   \
      "SELECT case_no, jb_fell (packed, ?1) AS fell_ms FROM case_file INDEXED BY case_next"        \
      " WHERE next_ms <= ?1 ORDER BY fell_ms, case_no LIMIT ?2")                                   \
    X(DUE_NEXT, B, "SELECT next_ms FROM case_file WHERE next_ms > ? ORDER BY next_ms LIMIT 1")     \
    X(STORED_ADD, A, "INSERT OR IGNORE INTO stored VALUES (?, ?, ?, ?)")                           \
    X(STORED_OF_ENTRY, A,                                                                          \
      "SELECT node, at_ms FROM stored WHERE case_no = ? AND log_seq = ? ORDER BY node")            \
    X(STORED_DROP, R, "DELETE FROM stored WHERE case_no = ?")                                      \
    X(NODES, A, "SELECT * FROM node WHERE node BETWEEN ? AND ? ORDER BY node")                     \
    X(NODE_SAVE, A,                                                                                \
      "INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")          \
    X(DELEGATIONS, A,                                                                              \
      "SELECT seq, node, official, power, valid_from_ms, valid_to_ms FROM delegation"              \
      " WHERE node BETWEEN ? AND ? ORDER BY seq")                                                  \
    X(DELEGATION_SAVE, A, "INSERT OR REPLACE INTO delegation VALUES (?, ?, ?, ?, ?, ?)")           \
    X(POLICY_ADD, A, "INSERT OR REPLACE INTO policy VALUES (?, ?, ?, ?, ?)")                       \
    X(POLICIES, A, /* the last one of each version and region */                                   \
      "SELECT body, version FROM policy WHERE seq IN"                                              \
      " (SELECT max(seq) FROM policy GROUP BY version, region) ORDER BY seq")                      \
    X(CALENDARS, A, /* the last one of each region */                                              \
      "SELECT body, version, region FROM calendar WHERE seq IN"                                    \
      " (SELECT max(seq) FROM calendar GROUP BY region) ORDER BY seq")                             \
    X(POLICY_AT, A,                                                                                \
      "SELECT body FROM policy WHERE effective_from_ms <= ? AND region IN ('', 'CN')"              \
      " ORDER BY effective_from_ms DESC, seq DESC LIMIT 1")                                        \
    X(POLICY_VERSION, A, "SELECT body FROM policy WHERE version = ? ORDER BY seq DESC LIMIT 1")    \
    X(CALENDAR_VERSION, A,                                                                         \
      "SELECT body FROM calendar WHERE version = ? ORDER BY seq DESC LIMIT 1")                     \
    X(CALENDAR_ADD, A, "INSERT OR REPLACE INTO calendar VALUES (?, ?, ?, ?)")                      \
    X(CALENDAR_LAST, A, "SELECT body FROM calendar WHERE region = ? ORDER BY seq DESC LIMIT 1")    \
    X(LEFT_ADD, A, "INSERT OR REPLACE INTO left_case VALUES (?, ?, ?, ?)")                         \
    X(LEFT_DROP, A, "DELETE FROM left_case WHERE case_no = ?")                                     \
    JB_LIST_STATEMENTS(X)                                                                          \
    /* the broker's log */                                                                         \
    X(ENTRY_ADD, B, "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)")                              \
    X(ENTRY_LAST, B, "SELECT seq, head FROM entry ORDER BY seq DESC LIMIT 1")                      \
    X(ENTRY_HEAD, B, "SELECT head FROM entry WHERE seq = ?")                                       \
    X(ENTRY_BODY, B, "SELECT body FROM entry WHERE seq = ?")                                       \
    X(ENTRY_PAGE, B, "SELECT seq, head, body FROM entry WHERE seq > ? ORDER BY seq LIMIT ?")       \
    X(TICK_ADD, B, "INSERT INTO tick VALUES (?, ?)")                                               \
    X(TICK_DROP, B, "DELETE FROM tick WHERE number <= ?")                                          \
    X(TICKS, B, "SELECT number, body FROM tick ORDER BY number")                                   \
    X(CASE_ENTRY_ADD, B, "INSERT INTO case_entry VALUES (?, ?)")                                   \
    X(ENTRY_OF_CASE, B,                                                                            \
      "SELECT e.seq, e.body, e.kind FROM case_entry c JOIN entry e ON e.seq = c.seq"               \
      " WHERE c.case_no = ? AND c.seq < ? ORDER BY c.seq")                                         \
    X(ENTRY_COMMON, B,                                                                             \
      "SELECT seq, body, kind FROM entry WHERE " JB_SQL_KIND_COMMON " AND seq < ? ORDER BY seq")   \
    X(REGISTER_ENTRY, B, /* or what opened a file of its own */                                    \
      "SELECT e.body FROM case_entry c JOIN entry e ON e.seq = c.seq"                              \
      " WHERE c.case_no = ? AND e.kind IN (10, 50, 60) ORDER BY c.seq LIMIT 1")                    \
    X(REGISTER_ROW, B,                                                                             \
      "SELECT e.seq, e.body, e.kind FROM case_entry c JOIN entry e ON e.seq = c.seq"               \
      " WHERE c.case_no = ? AND e.kind IN (10, 50, 60) ORDER BY c.seq LIMIT 1")                    \
    X(STREAM_ADD, B, "INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                   \
    X(STREAM_PUT, B, /* a backup may have it from the run before */                                \
      "INSERT OR IGNORE INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                        \
    X(STREAM_READ, B,                                                                              \
      "SELECT s.number, s.at_ms, s.settles, s.history, s.entry_seq, s.case_no, s.head, s.body,"    \
      " e.kind, e.body FROM stream s LEFT JOIN entry e ON e.seq = s.entry_seq"                     \
      " WHERE s.node = ? AND s.number >= ? ORDER BY s.number LIMIT ?")                             \
    X(STREAM_HEAD, B, "SELECT head FROM stream WHERE node = ? AND number = ?")                     \
    X(STREAM_DUTIES, B,                                                                            \
      "SELECT case_no, entry_seq FROM stream"                                                      \
      " WHERE node = ? AND number > ? AND number <= ? AND duty = 1 ORDER BY number")               \
    X(STREAM_KEY, B, /* the key of a sealed case, if this node may read it now */                  \
      "SELECT k.key FROM case_key k JOIN case_file c ON c.case_no = k.case_no"                     \
      " WHERE k.case_no = ?1 AND (c.host = ?2 OR c.registrar = ?2 OR EXISTS"                       \
      " (SELECT 1 FROM participant p WHERE p.case_no = ?1 AND p.node = ?2 AND p.role IN "          \
      "(1,2,3,7)))"                                                                                \
      " AND NOT EXISTS (SELECT 1 FROM participant p"                                               \
      " WHERE p.case_no = ?1 AND p.node = ?2 AND p.role = 6)")                                     \
    X(LOG_LAST_AT, B, "SELECT at_ms FROM entry ORDER BY seq DESC LIMIT 1")                         \
    X(LOG_LAST_CLOCK, B,                                                                           \
      "SELECT body FROM entry WHERE " JB_SQL_KIND_CLOCK " ORDER BY seq DESC LIMIT 1")              \
    X(STREAM_MISSING, B, /* entries that a node's stream must hold */                              \
      "SELECT e.seq FROM (SELECT DISTINCT case_no FROM participant"                                \
      " WHERE node = ? AND role NOT IN (0, 6)) p"                                                  \
      " JOIN case_entry c ON c.case_no = p.case_no JOIN entry e ON e.seq = c.seq"                  \
      " WHERE e.kind NOT IN (80, 82)")                                                             \
    X(LINES, B, "SELECT * FROM line ORDER BY node")                                                \
    X(LINE_OF_NODE, B, "SELECT * FROM line WHERE node = ?")                                        \
    X(LINE_SAVE, B, "INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")              \
    X(RECEIPT_ADD, B, "INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?)")                \
    X(RECEIPT_COUNT, B, "SELECT count(*) FROM receipt WHERE node = ?")                             \
    X(RECEIPTS, B, "SELECT * FROM receipt WHERE node = ? ORDER BY epoch, number")                  \
    X(UP_RECEIPT_ADD, B, "INSERT OR IGNORE INTO up_receipt VALUES (?, ?, ?, ?, ?, ?, ?)")          \
    X(UP_RECEIPTS, B, "SELECT * FROM up_receipt WHERE node = ? ORDER BY epoch, number")            \
    X(UP_EPOCH_SEEN, B, "SELECT 1 FROM up_receipt WHERE node = ? AND epoch = ? LIMIT 1")           \
    X(REFUSED_ADD, B, "INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?, ?, ?, ?)")                \
    X(EVIDENCE_STREAM, B, /* of the case, and what may give the node its keys */                   \
      "SELECT s.number FROM stream s LEFT JOIN entry e ON e.seq = s.entry_seq"                     \
      " WHERE s.node = ?2 AND (s.case_no = ?1 OR e.kind IN (100, 102)) ORDER BY s.number")         \
    X(EVIDENCE_STREAM_COUNT, B, "SELECT count(*) FROM stream WHERE node = ?2 AND case_no = ?1")    \
    X(EVIDENCE_RECEIPT, B, /* over a head that the stream has */                                   \
      "SELECT r.number, r.epoch, r.suite, r.at_ms, r.signature FROM receipt r"                     \
      " JOIN stream s ON s.node = r.node AND s.number = r.number AND s.head = r.head"              \
      " WHERE r.node = ?2 AND r.number >= ?1 ORDER BY r.number LIMIT 1")                           \
    X(UP_NEXT_EPOCH, B,                                                                            \
      "SELECT epoch FROM up_receipt WHERE node = ?1 AND epoch > ?2 ORDER BY epoch LIMIT 1")        \
    X(UP_SIGNED_AFTER, B, /* the first statement that covers a submission */                       \
      "SELECT number, suite, at_ms, head, signature FROM up_receipt WHERE node = ?1"               \
      " AND epoch = ?2 AND number >= ?3 ORDER BY number LIMIT 1")                                  \
    X(UP_SIGNED_BEFORE, B, /* and the last one that does not */                                    \
      "SELECT number, suite, at_ms, head, signature FROM up_receipt WHERE node = ?1"               \
      " AND epoch = ?2 AND number < ?3 ORDER BY number DESC LIMIT 1")                              \
    X(UP_VERDICTS, B, /* in the order of the stream */                                             \
      "SELECT number, settles, entry_seq, case_no FROM stream"                                     \
      " WHERE node = ? AND settles <> 0 ORDER BY number")                                          \
    X(UP_REFUSED, B, "SELECT body FROM refused WHERE node = ? AND epoch = ? AND number = ?")       \
    X(UP_OF_CASE, B, /* entries of a node about a case: one of them it left by */                  \
      "SELECT e.body FROM case_entry c JOIN entry e ON e.seq = c.seq"                              \
      " WHERE c.case_no = ? AND e.node = ? ORDER BY c.seq")                                        \
    /* a record that was restored */                                                               \
    X(LINEAGE_ADD, B, "INSERT INTO lineage VALUES (?, ?, ?, ?, ?)")                                \
    X(LINEAGE_END, B, "SELECT number, head FROM lineage WHERE epoch = ? AND node = ?")             \
    X(LINEAGE_MOVE, B, /* the epochs that ended where the backup ends */                           \
      "UPDATE lineage SET number = ?3, head = ?4 WHERE node = ?1 AND number = ?2")                 \
    X(LINEAGE_JOIN, B, /* a node of which the backup knew nothing */                               \
      "INSERT OR IGNORE INTO lineage SELECT epoch, ?1, ?2, ?3, at_ms FROM lineage"                 \
      " WHERE node = 0 AND number = ?4")                                                           \
    X(CASE_KEY_ADD, B, "INSERT OR IGNORE INTO case_key VALUES (?, ?)")                             \
    X(COPY_ADD, B, "INSERT INTO copy VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                       \
    X(COPY_LINE, B, "SELECT done, number, head, reason FROM copy_line WHERE node = ?")             \
    X(COPY_LINE_SET, B, "INSERT OR REPLACE INTO copy_line VALUES (?, ?, ?, ?, ?, ?, ?, ?)")        \
    X(COPY_UPS, B, "SELECT node, up_epoch, up_number, up_head FROM copy_line ORDER BY node")       \
    X(COPY_ENTRIES, B, /* any node's will do: they were compared with what the broker signed */    \
      "SELECT entry_seq, body FROM copy WHERE entry_seq <> 0 AND body IS NOT NULL"                 \
      " GROUP BY entry_seq ORDER BY entry_seq")                                                    \
    X(COPY_LAST, B, "SELECT max(entry_seq) FROM copy WHERE entry_seq <> 0 AND body IS NOT NULL")   \
    X(COPY_OF_ENTRY, B,                                                                            \
      "SELECT node, number, body FROM copy WHERE entry_seq = ? AND entry_seq <> 0"                 \
      " AND body IS NOT NULL ORDER BY node, number")                                               \
    X(COPY_HOLDS, B,                                                                               \
      "SELECT 1 FROM copy WHERE entry_seq = ? AND entry_seq <> 0 AND node = ? LIMIT 1")            \
    X(COPY_LEFT, B,                                                                                \
      "SELECT 1 FROM copy WHERE node = ? AND case_no = ? AND at_ms = ? AND entry_seq = 0 LIMIT 1") \
    X(COPY_ALL, B,                                                                                 \
      "SELECT node, number, at_ms, settles, history, entry_seq, case_no, hash, head, body FROM "   \
      "copy"                                                                                       \
      " ORDER BY node, number")                                                                    \
    X(REDO_ADD, B, "INSERT OR REPLACE INTO redo VALUES (?, ?, ?)")                                 \
    X(BACKUP_BLOBS, B, "SELECT hash FROM backup_blob ORDER BY hash")                               \
    X(BACKUP_BLOB_COUNT, B, "SELECT count(*) FROM backup_blob")                                    \
    X(BACKUP_BLOB_ADD, B, "INSERT OR IGNORE INTO backup_blob VALUES (?)")                          \
    X(BACKUP_BLOB_DROP, B, "DELETE FROM backup_blob WHERE hash = ?")                               \
    X(BACKUP_BLOBS_DROP, B, "DELETE FROM backup_blob")                                             \
    X(REDO_NEXT, B,                                                                                \
      "SELECT r.entry_seq FROM redo r JOIN entry e ON e.seq = r.entry_seq"                         \
      " WHERE r.node = ? AND e.case_no = ? AND r.entry_seq > ? ORDER BY r.entry_seq LIMIT 1")      \
    X(REDO_DROP, B, "DELETE FROM redo WHERE node = ? AND entry_seq = ?")                           \
    X(STREAM_HOLDS, B, "SELECT 1 FROM stream WHERE node = ? AND entry_seq = ? LIMIT 1")            \
    X(COPY_LATE, B, "SELECT done, number, head FROM copy_line WHERE node = ? AND up_epoch = ?")    \
    X(COPY_REASONS, B, "SELECT node, reason FROM copy_line WHERE reason <> '' ORDER BY node")      \
    X(QUARANTINE_OF, B,                                                                            \
      "SELECT node, number, at_ms, body FROM quarantine WHERE reason = ? ORDER BY node, no")       \
    X(QUARANTINE_ADD, B,                                                                           \
      "INSERT INTO quarantine (at_ms, node, number, reason, body) VALUES (?, ?, ?, ?, ?)")         \
    /* a node's replica */                                                                         \
    X(ITEM_ADD, R, "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                    \
    X(ITEM_LAST, R, "SELECT number, head FROM item ORDER BY number DESC LIMIT 1")                  \
    X(ITEM_HEAD, R, "SELECT head FROM item WHERE number = ?")                                      \
    X(ITEM_PAGE, R,                                                                                \
      "SELECT number, hash, head, body FROM item WHERE number > ?"                                 \
      " ORDER BY number LIMIT ?")                                                                  \
    X(ITEM_OF_CASE, R, /* an entry that came twice stands where it came first */                   \
      "SELECT min(number), body FROM item WHERE case_no = ? AND case_no <> 0 AND kind = 10"        \
      " AND body IS NOT NULL GROUP BY entry_seq ORDER BY 1")                                       \
    X(ITEM_SETTLES, R,                                                                             \
      "SELECT number, at_ms, kind, case_no, body FROM item WHERE settles = ? AND settles <> 0")    \
    X(ITEM_LAST_SETTLES, R, "SELECT max(settles) FROM item WHERE settles <> 0")                    \
    X(ITEM_PURGE, R, /* STORED entries stay: they may name other cases and hold no text */         \
      "UPDATE item SET body = NULL"                                                                \
      " WHERE case_no = ? AND case_no <> 0 AND kind = 10 AND act_kind <> 82")                      \
    X(REGISTER_ITEM, R,                                                                            \
      "SELECT body FROM item WHERE case_no = ? AND case_no <> 0 AND kind = 10"                     \
      " AND act_kind IN (10, 50, 60) AND body IS NOT NULL ORDER BY number LIMIT 1")                \
    X(OUTBOX_ADD, R, "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                      \
    X(OUTBOX_LAST, R, "SELECT number, head FROM outbox ORDER BY number DESC LIMIT 1")              \
    X(OUTBOX_HEAD, R, "SELECT head FROM outbox WHERE number = ?")                                  \
    X(OUTBOX_READ, R,                                                                              \
      "SELECT number, made_at_ms, kind, case_no, user, head, case_key, body FROM outbox"           \
      " WHERE number >= ? ORDER BY number LIMIT ?")                                                \
    X(OUTBOX_OF_CASE, R,                                                                           \
      "SELECT number, made_at_ms, kind, case_no, user, head, case_key, body FROM outbox"           \
      " WHERE number > ? AND case_no = ? AND case_no <> 0 ORDER BY number")                        \
    X(OUTBOX_SETTLE, R,                                                                            \
      "UPDATE outbox SET case_key = NULL, body = CASE WHEN EXISTS (SELECT 1 FROM left_case l"      \
      " WHERE l.case_no = outbox.case_no) THEN NULL ELSE body END WHERE number = ?")               \
    X(OUTBOX_KEY_DROP, R,                                                                          \
      "UPDATE outbox SET case_key = NULL WHERE case_no = ? AND case_key IS NOT NULL")              \
    X(OUTBOX_PURGE, R,                                                                             \
      "UPDATE outbox SET body = NULL, case_key = NULL WHERE case_no = ? AND number <= ?")          \
    X(OUTBOX_PAGE, R,                                                                              \
      "SELECT number, hash, head, body FROM outbox WHERE number > ?"                               \
      " ORDER BY number LIMIT ?")                                                                  \
    X(ITEM_COPIES, R,                                                                              \
      "SELECT i.number, i.body, (SELECT k.key FROM case_key k WHERE k.case_no = i.case_no"         \
      " AND i.act_kind IN (10,72) AND i.body IS NOT NULL), i.hash, i.at_ms, i.settles, i.history," \
      " i.entry_seq, i.case_no, p.suite, p.epoch, p.head, p.signature FROM item i"                 \
      " LEFT JOIN proof p ON p.number = i.number WHERE i.number >= ? ORDER BY i.number LIMIT ?")   \
    X(PROOF_ADD, R, "INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?)")                      \
    X(PROOFS, R, "SELECT * FROM proof ORDER BY number")                                            \
    X(ACK_ADD, R, "INSERT OR IGNORE INTO ack VALUES (?, ?, ?, ?, ?, ?)")                           \
    X(ACK_LAST, R, "SELECT * FROM ack ORDER BY number DESC LIMIT 1")                               \
    X(ACKS, R, "SELECT * FROM ack ORDER BY number")                                                \
    X(EVIDENCE_ITEMS, R, /* as EVIDENCE_STREAM */                                                  \
      "SELECT number FROM item WHERE ?2 IS NOT NULL"                                               \
      " AND (case_no = ?1 OR act_kind IN (100, 102)) ORDER BY number")                             \
    X(EVIDENCE_ITEM_COUNT, R, "SELECT count(*) FROM item WHERE ?2 IS NOT NULL AND case_no = ?1")   \
    X(EVIDENCE_PROOF, R, /* over a head that the stream has */                                     \
      "SELECT p.number, p.epoch, p.suite, p.at_ms, p.signature FROM proof p"                       \
      " JOIN item i ON i.number = p.number AND i.head = p.head"                                    \
      " WHERE ?2 IS NOT NULL AND p.number >= ?1 ORDER BY p.number LIMIT 1")                        \
    X(EVIDENCE_ACK, R,                                                                             \
      "SELECT p.number, p.epoch, p.suite, p.at_ms, p.signature FROM ack p"                         \
      " JOIN item i ON i.number = p.number AND i.head = p.head"                                    \
      " WHERE ?2 IS NOT NULL AND p.number >= ?1 ORDER BY p.number LIMIT 1")                        \
    X(STORED_AT, R,                                                                                \
      "SELECT at_ms FROM ack WHERE number >="                                                      \
      " (SELECT min(number) FROM item WHERE entry_seq = ? AND entry_seq <> 0)"                     \
      " ORDER BY number LIMIT 1")                                                                  \
    X(HAD_ITEMS, R, /* entries of a case as they came first, after a number of the stream */       \
      "SELECT i.number, i.hash, i.body FROM item i WHERE i.case_no = ?1 AND i.case_no <> 0"        \
      " AND i.number > ?2 AND i.kind = 10 AND i.body IS NOT NULL AND NOT EXISTS"                   \
      " (SELECT 1 FROM item j WHERE j.entry_seq = i.entry_seq AND j.entry_seq <> 0"                \
      " AND j.number < i.number) ORDER BY i.number LIMIT ?3")                                      \
    X(HAD_PROOF, R,                                                                                \
      "SELECT number, epoch, suite, at_ms, head, signature FROM proof WHERE number >= ?"           \
      " ORDER BY number LIMIT 1")                                                                  \
    X(HAD_ACK, R,                                                                                  \
      "SELECT number, epoch, suite, at_ms, head, signature FROM ack WHERE number >= ?"             \
      " ORDER BY number LIMIT 1")                                                                  \
    X(HAD_AT, R, "SELECT at_ms FROM item WHERE number = ?")                                        \
    X(HAD_NOTICES, R, /* what came from a number on */                                             \
      "SELECT number, at_ms, act_kind, hash, body FROM item WHERE number >= ? ORDER BY number"     \
      " LIMIT ?")                                                                                  \
    X(HAD_CHAIN, R,                                                                                \
      "SELECT number, hash, head FROM item WHERE number >= ? AND number <= ?"                      \
      " ORDER BY number")                                                                          \
    X(COUNTER_GET, R, "SELECT last FROM case_counter WHERE day = ?")                               \
    X(COUNTER_ALL, R, "SELECT day, last FROM case_counter ORDER BY day")                           \
    X(COUNTER_SEEN, R,                                                                             \
      "INSERT INTO case_counter VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET last = "             \
      "max(last, excluded.last)")                                                                  \
    X(COUNTER_SET, R,                                                                              \
      "INSERT INTO case_counter VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET last = "             \
      "excluded.last")                                                                             \
    X(ALARM_ADD, R,                                                                                \
      "INSERT OR IGNORE INTO alarm (id, at_ms, case_no, deadline_id, step, due_ms, key)"           \
      " VALUES (?, ?, ?, ?, ?, ?, ?)")                                                             \
    X(ALARM_LAST, R, "SELECT max(id) FROM alarm")                                                  \
    X(ALARM_LIST, R,                                                                               \
      "SELECT id, at_ms, case_no, deadline_id, step, due_ms, key FROM alarm"                       \
      " ORDER BY id DESC LIMIT ?")                                                                 \
    X(ALARM_AFTER, R,                                                                              \
      "SELECT id, at_ms, case_no, deadline_id, step, due_ms, key FROM alarm"                       \
      " WHERE id > ? ORDER BY id LIMIT ?")                                                         \
    X(ALARM_OF, R, "SELECT max(id) FROM alarm WHERE case_no = ?")                                  \
    X(ALARM_PURGE, R, "DELETE FROM alarm WHERE case_no = ?")                                       \
    X(ALARM_DUE, R, /* then the steps, in their order */                                           \
      JB_SQL_ALARM_DUE("deadline_due", "due_ms", "0"))                                             \
    X(ALARM_DUE_1, R, JB_SQL_ALARM_DUE("deadline_first", "first_ms", "1"))                         \
    X(ALARM_DUE_2, R, JB_SQL_ALARM_DUE("deadline_warn2", "warn2_ms", "2"))                         \
    X(ALARM_DUE_3, R, JB_SQL_ALARM_DUE("deadline_warn3", "warn3_ms", "3"))                         \
    X(ALARM_DUE_4, R, JB_SQL_ALARM_DUE("deadline_warn4", "warn4_ms", "4"))                         \
    X(ALARM_OF_CASE, R,                                                                            \
      "SELECT case_no, id, step, due_ms, key FROM (SELECT *, " JB_SQL_ALARM_STEP                   \
      " AS step FROM deadline WHERE case_no = ?3 AND ended_how = 0 AND first_ms <= ?1"             \
      " AND (?2 = 0 OR node = ?2)) d WHERE " JB_SQL_ALARM_NEW " ORDER BY d.first_ms, d.id")        \
    X(ALARM_NEXT, R, /* then the steps */ JB_SQL_ALARM_NEXT("deadline_due", "due_ms"))             \
    X(ALARM_NEXT_1, R, JB_SQL_ALARM_NEXT("deadline_first", "first_ms"))                            \
    X(ALARM_NEXT_2, R, JB_SQL_ALARM_NEXT("deadline_warn2", "warn2_ms"))                            \
    X(ALARM_NEXT_3, R, JB_SQL_ALARM_NEXT("deadline_warn3", "warn3_ms"))                            \
    X(ALARM_NEXT_4, R, JB_SQL_ALARM_NEXT("deadline_warn4", "warn4_ms"))                            \
    X(ALARM_NEXT_OF_CASE, R,                                                                       \
      "SELECT min(CASE WHEN ?3 <> 0 THEN due_ms WHEN first_ms > ?1 THEN first_ms"                  \
      " WHEN warn2_ms > ?1 THEN warn2_ms WHEN warn3_ms > ?1 THEN warn3_ms"                         \
      " WHEN warn4_ms > ?1 THEN warn4_ms ELSE due_ms END)"                                         \
      " FROM deadline WHERE case_no = ?2 AND ended_how = 0 AND due_ms > ?1")

enum jb_sql {
#define X(name, roles, text) JB_SQL_##name,
    JB_STATEMENTS(X)
#undef X
    JB_SQL_COUNT
};

#endif
