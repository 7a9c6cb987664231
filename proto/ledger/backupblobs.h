/* Private to the ledger: the attachments of a backup. They lie in the folder DEST.blobs beside the
 * backup DEST, sealed as the broker has them, one file each; the table backup_blob of the backup
 * says which it holds. A file comes before its row counts and goes after its row is gone, so that
 * what the rows say is there, whenever a run is interrupted. */
#ifndef JB_LEDGER_BACKUPBLOBS_H
#define JB_LEDGER_BACKUPBLOBS_H

#include "proto/ledger/backup.h"
#include "proto/ledger/db.h"

/* Inside the run's transaction of the backup `to`: copy what is new, note it. Of what the source's
 * record no longer names, only the rows go. A damaged one at the source is counted and left out. */
enum jb_err jb_backup_blobs_bring(struct jb_ledger *from, const char *source, struct jb_ledger *to,
                                  const char *dest, struct jb_blobs_report *out,
                                  struct jb_fault *fault) JB_MUST;
/* After the commit: remove the files that have no row. */
enum jb_err jb_backup_blobs_sweep(struct jb_ledger *to, const char *dest,
                                  struct jb_blobs_report *out, struct jb_fault *fault) JB_MUST;
/* Every one that the backup `path` says it holds, read as a whole. CORRUPT: the fault names the
 * first that is missing or damaged. */
enum jb_err jb_backup_blobs_check(struct jb_ledger *l, const char *path,
                                  struct jb_blobs_report *out, struct jb_fault *fault) JB_MUST;
/* From the backup `source` into the blobs folder beside the new record `path`. `l`: the new record,
 * a copy of the backup, not in a transaction; its rows go. Missing and damaged ones are counted:
 * the broker gets them again from the agents that have them. `marked`: it is a backup; else a copy
 * of a broker's own file, with its blobs beside it. */
enum jb_err jb_backup_blobs_restore(struct jb_ledger *l, const char *source, bool marked,
                                    const char *path, struct jb_blobs_report *out,
                                    struct jb_fault *fault) JB_MUST;

#endif
