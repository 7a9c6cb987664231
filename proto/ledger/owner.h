/* Whose record this is: the public keys of the broker that writes it.
 *
 * Every agency has pinned these keys, and with them the broker signs: heads, and the end of the
 * access log. A broker that was started with another valid key would sign over what is there with a
 * key that nobody believes. So the record names its keys (fact ".owner": 65 bytes each, suite,
 * line key, signing key; those in force first, then the former ones), and a start with others is
 * refused before anything is written. A record of before this fact is known by the signature under
 * its access log. Threading and transactions as in ledger.h. */
#ifndef JB_LEDGER_OWNER_H
#define JB_LEDGER_OWNER_H

#include "proto/ledger/ledger.h"
#include "proto/wire/sign.h"

enum jb_owner {
    JB_OWNER_UNKNOWN,   /* there is no record, or it does not say */
    JB_OWNER_SAME,      /* the keys in force */
    JB_OWNER_SUCCESSOR, /* other keys, and the former ones given are those in force */
    JB_OWNER_FORMER,    /* keys that the record had before others were put in force */
    JB_OWNER_FOREIGN    /* keys that it never had */
};

struct jb_owner_claim {
    struct jb_public_keys own;
    bool has_former;
    struct jb_public_keys former; /* of the configured former key file */
};

struct jb_owner_found {
    enum jb_owner owner;
    bool former_foreign;          /* the former keys given are none that the record had */
    bool named;                   /* the record names its keys: */
    struct jb_public_keys record; /* those in force */
};

/* Look at the file at `path`, which nobody writes; nothing of it is changed. A file that is not
 * there or cannot be read is UNKNOWN: whoever opens it says why. */
void jb_owner_look(const char *path, const struct jb_owner_claim *claim,
                   struct jb_owner_found *out);

/* Put the keys on record where they are not: UNKNOWN and SUCCESSOR, and with `lost` (a person has
 * said that the file of the keys in force is lost) any others too. A change of keys goes to the
 * access log, whose end is signed with the new key. Makes its own transaction. WRONG_NODE: FORMER
 * or FOREIGN without `lost`, nothing is changed; else as begin and commit. */
enum jb_err jb_owner_take(struct jb_ledger *l, const struct jb_owner_claim *claim,
                          const struct jb_node_keys *keys, bool lost, int64_t now_ms,
                          struct jb_owner_found *out) JB_MUST;

#endif
