/* What jiaoband does without serving: keys, checking and rebuilding the record. */
#ifndef JB_DAEMON_OFFLINE_H
#define JB_DAEMON_OFFLINE_H

#include "daemon/config.h"
#include "proto/ledger/ledger.h"

/* Make a key file of suite `make` (0: read it) and print its public line on standard output. */
enum jb_err jb_offline_keys(const char *path, uint8_t make, struct jb_fault *fault) JB_MUST;
/* Check log, streams, receipts and tables; prints one line per finding. CORRUPT: something is
 * wrong. */
enum jb_err jb_offline_verify(const struct jb_broker_config *config,
                              struct jb_fault *fault) JB_MUST;
/* Evidence about a case out of one node's stream; beside a running broker or without it. */
struct jb_evidence_wish { /* as given on the command line; NULL: not given */
    const char *case_no;
    const char *node;   /* its code in the directory */
    const char *output; /* file that is made */
    bool with_persons;
};
enum jb_err jb_offline_evidence(const struct jb_broker_config *config,
                                const struct jb_evidence_wish *wish,
                                struct jb_fault *fault) JB_MUST;
/* Derived tables again from the log, in one transaction. Refuses while a broker runs (LOCKED). */
enum jb_err jb_offline_rebuild(const struct jb_broker_config *config,
                               struct jb_fault *fault) JB_MUST;

/* The record of a data folder, and the folder's lock, so that a running broker is never checked or
 * changed under its hands. The caller closes both. LOCKED, NOT_FOUND, and what jb_ledger_open says.
 */
enum jb_err jb_offline_open(const struct jb_broker_config *config, bool read_only, int *lock_fd,
                            struct jb_ledger **l, struct jb_fault *fault) JB_MUST;

#endif
