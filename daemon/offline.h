/* What jiaoband does without serving: keys, checking and rebuilding the record. */
#ifndef JB_DAEMON_OFFLINE_H
#define JB_DAEMON_OFFLINE_H

#include "daemon/config.h"

/* Make a key file of suite `make` (0: read it) and print its public line on standard output. */
enum jb_err jb_offline_keys(const char *path, uint8_t make, struct jb_fault *fault) JB_MUST;
/* Check log, streams, receipts and tables; prints one line per finding. CORRUPT: something is
 * wrong. */
enum jb_err jb_offline_verify(const struct jb_broker_config *config,
                              struct jb_fault *fault) JB_MUST;
/* Derived tables again from the log, in one transaction. Refuses while a broker runs (LOCKED). */
enum jb_err jb_offline_rebuild(const struct jb_broker_config *config,
                               struct jb_fault *fault) JB_MUST;

#endif
