/* Private to the schema: what a replica has beside the tables that every ledger has, so that lists
 * and searches among a million cases read no more than they show. */
#ifndef JB_LEDGER_SCHEMALISTS_H
#define JB_LEDGER_SCHEMALISTS_H

/* What people look for among very many cases at an agency. A text is sought in case_text, which is
 * read in the order of the answer and is a fifth of the table. */
#define REPLICA_LISTS                                                                              \
    "CREATE INDEX case_registrar ON case_file (registrar);"                                        \
    "CREATE INDEX case_class ON case_file (class_code);"                                           \
    "CREATE INDEX case_registered ON case_file (registered_ms);"                                   \
    "CREATE INDEX case_text ON case_file (case_no, title);"                                        \
    "CREATE INDEX deadline_all ON deadline (due_ms, case_no, id);"                                 \
    "CREATE INDEX deadline_missed ON deadline (due_ms, case_no, id, ended_how)"                    \
    " WHERE missed_ms <> 0;"

/* Since version 7: the lists of one agency, and what there is to do today. */
#define REPLICA_WIDE                                                                               \
    "CREATE INDEX case_host_stage ON case_file (host, stage);"                                     \
    "CREATE INDEX case_place ON case_file (place_code) WHERE place_code <> '';"                    \
    "CREATE INDEX deadline_of ON deadline (node, due_ms, case_no, id);"                            \
    "CREATE INDEX deadline_late ON deadline (node, due_ms, case_no, id, ended_how)"                \
    " WHERE missed_ms <> 0;"                                                                       \
    "CREATE INDEX deadline_unserved ON deadline (node, case_no)"                                   \
    " WHERE key = 'deliver' AND ended_how = 0 AND missed_ms <> 0;"                                 \
    "CREATE INDEX directive_summons ON directive (case_no, id) WHERE demand = 5 AND status <> 3;"

/* The light of every open case: see lights.h. No part of the digest: it follows from the cases and
 * the time. */
#define LIGHT_TABLE                                                                                \
    "CREATE TABLE case_light (case_no INTEGER PRIMARY KEY, light INTEGER NOT NULL,"                \
    " host INTEGER NOT NULL, call INTEGER NOT NULL) STRICT;"                                       \
    "CREATE INDEX case_light_all ON case_light (light);"                                           \
    "CREATE INDEX case_light_host ON case_light (host, light);"                                    \
    "CREATE INDEX case_light_call ON case_light (case_no) WHERE call <> 0;"

/* Alarms are found by the instants at which a deadline has something to say. */
#define REPLICA_STEPS                                                                              \
    "CREATE INDEX deadline_warn2 ON deadline (warn2_ms) WHERE ended_how = 0 AND warn2_ms <> 0;"    \
    "CREATE INDEX deadline_warn3 ON deadline (warn3_ms) WHERE ended_how = 0 AND warn3_ms <> 0;"    \
    "CREATE INDEX deadline_warn4 ON deadline (warn4_ms) WHERE ended_how = 0 AND warn4_ms <> 0;"

/* The pairs of characters in titles: see gram.h. No part of the digest: it follows from the titles.
 */
#define GRAM_TABLE                                                                                 \
    "CREATE TABLE case_gram (gram INTEGER NOT NULL, case_no INTEGER NOT NULL,"                     \
    " PRIMARY KEY (gram, case_no)) STRICT, WITHOUT ROWID;"

/* What is derived from derived tables goes with them. */
#define REPLICA_ALSO_DROP "DROP TABLE IF EXISTS case_gram; DROP TABLE IF EXISTS case_light;"

#endif
