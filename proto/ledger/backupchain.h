/* Private to the ledger: following the chains of a record from its bytes alone. */
#ifndef JB_LEDGER_BACKUPCHAIN_H
#define JB_LEDGER_BACKUPCHAIN_H

#include "proto/ledger/db.h"

struct jb_chain_report {
    uint64_t entries, items; /* hashed */
    uint8_t head[JB_HASH_BYTES];
};

/* Hash the entries after number `after` and the stream items that carry them or came with them, and
 * compare with the heads that are stored. CORRUPT: the fault says where. The derived tables are not
 * used. */
enum jb_err jb_backup_chains(struct jb_ledger *l, uint64_t after, struct jb_chain_report *out,
                             struct jb_fault *fault) JB_MUST;

/* PRAGMA quick_check. CORRUPT; `path` is for the fault. */
enum jb_err jb_ledger_pages_check(struct jb_ledger *l, const char *path,
                                  struct jb_fault *fault) JB_MUST;

#endif
