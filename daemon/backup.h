/* jiaoband backup, restore, recover: what an administrator does with copies of the record. Each
 * prints to standard output what was done; the fault says why it was not. */
#ifndef JB_DAEMON_BACKUP_H
#define JB_DAEMON_BACKUP_H

#include "daemon/config.h"

/* Bring the backup `dest` up to date while the broker works, or not. */
enum jb_err jb_offline_backup(const struct jb_broker_config *config, const char *dest,
                              struct jb_fault *fault) JB_MUST;
/* Read a backup again from its first byte to its last. */
enum jb_err jb_offline_backup_check(const char *path, struct jb_fault *fault) JB_MUST;
/* A new data folder from a backup. LOCKED: a broker runs there; EXISTS: there is a record. */
enum jb_err jb_offline_restore(const struct jb_broker_config *config, const char *source,
                               struct jb_fault *fault) JB_MUST;

struct jb_recover_wish {
    const char *without[64]; /* codes of agencies for which nobody waits any longer */
    size_t without_count;
    const char *reason; /* NULL: none */
};
/* While the broker is stopped: who has reported what the backup lacks, or go on without some of
 * them. NOT_FOUND: no such agency, or nothing is being recovered. */
enum jb_err jb_offline_recover(const struct jb_broker_config *config,
                               const struct jb_recover_wish *wish, struct jb_fault *fault) JB_MUST;

#endif
