/* The broker's key files, held against its record: see proto/ledger/owner.h. */
#ifndef JB_DAEMON_KEYRING_H
#define JB_DAEMON_KEYRING_H

#include "daemon/config.h"
#include "proto/ledger/owner.h"

struct jb_keyring {
    struct jb_node_keys own;    /* broker.key */
    struct jb_node_keys former; /* broker.key_former; all zero: none */
    struct jb_owner_claim claim;
};

/* Read the key files. Errors as jb_keys_load; the fault names the file and says what to do. Wipe it
 * with jb_keyring_wipe whatever is returned. */
enum jb_err jb_keyring_load(struct jb_keyring *r, const struct jb_broker_config *config,
                            struct jb_fault *fault) JB_MUST;
void jb_keyring_wipe(struct jb_keyring *r);

/* Are these the keys of the record at `path`? `found` may be NULL. WRONG_NODE: no; the fault says
 * what to do, nothing was written. */
enum jb_err jb_keyring_fits(const struct jb_keyring *r, const struct jb_broker_config *config,
                            const char *path, struct jb_owner_found *found,
                            struct jb_fault *fault) JB_MUST;
/* Put them on the opened record where it names none, or where they follow those it names. */
enum jb_err jb_keyring_record(const struct jb_keyring *r, const struct jb_broker_config *config,
                              struct jb_ledger *l, int64_t now_ms, struct jb_fault *fault) JB_MUST;

/* jiaoband rekey: the file of the keys in force is lost, those configured take their place. */
enum jb_err jb_offline_rekey(const struct jb_broker_config *config, struct jb_fault *fault) JB_MUST;

#endif
