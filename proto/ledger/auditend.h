/* Private to the ledger: the end of the access log, as it stands in `audit_end`. */
#ifndef JB_LEDGER_AUDITEND_H
#define JB_LEDGER_AUDITEND_H

#include "proto/ledger/audit.h"

struct jb_audit_end {
    uint64_t number, floor; /* last row; last one that went from the front */
    uint8_t head[JB_HASH_BYTES], floor_head[JB_HASH_BYTES];
    uint8_t suite, signature[JB_SIGN_BYTES];
};

/* Is it this key's signature? Any thread. */
bool jb_audit_end_signed(const struct jb_audit_end *e, const uint8_t key[JB_KEY_BYTES]) JB_MUST;

#endif
