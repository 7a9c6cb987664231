/* Evidence about one case: a file that a third party can check without this program.
 *
 * Written from a replica (the node's own copy) or from the broker's record (one node's stream). It
 * carries the items of the case and of the node's enrolment as they stand in the stream, the hashes
 * of what stands between them and the next signed heads, and those signatures: so it proves what
 * the broker sent and what the node acknowledged, and reveals nothing of other cases. From the
 * broker's record it carries besides what the submitters signed over their submissions, from a
 * replica what the node itself has: so it proves who submitted which act. PROTOCOL.md has the
 * format, deploy/evidence a program that checks it. */
#ifndef JB_LEDGER_EVIDENCE_H
#define JB_LEDGER_EVIDENCE_H

#include <stdio.h>

#include "proto/ledger/ledger.h"
#include "proto/wire/sign.h"

struct jb_evidence_order {
    int64_t case_no;
    uint32_t node;                 /* broker: whose stream; replica: 0, its own */
    bool with_key;                 /* with the key of what is sealed in the case, if it is here */
    size_t max_bytes;              /* of the file; 0: any. More: JB_TOO_LARGE */
    int64_t now_ms;                /* for the header */
    const struct jb_node_keys *by; /* the exporter's: it signs the file; broker: and heads */
    const uint8_t *broker_sign;    /* the broker's public signing key, 32 bytes */
};

struct jb_evidence_done {
    uint64_t items;      /* of the case, with their bytes */
    uint64_t erased;     /* of the case, of which only the hash is there */
    uint64_t heads;      /* signed by the broker */
    uint64_t receipts;   /* signed by the node */
    uint64_t statements; /* of submitters: by their signatures they submitted this */
    uint64_t unstated;   /* acts of agencies for which there is none in the file */
    bool with_key;       /* the key is in the file: whoever has it can read the persons */
};

/* Write it to `out`, line by line; the caller closes and removes what is half done. JB_NOT_FOUND:
 * no item of the case is in this stream; JB_IO: writing failed; else as the ledger. The fault says
 * what. Works on a read-only ledger. */
enum jb_err jb_evidence_write(struct jb_ledger *l, const struct jb_evidence_order *order, FILE *out,
                              struct jb_evidence_done *done, struct jb_fault *fault) JB_MUST;

/* The same into a new file of mode 0600, which is on the disk when this returns JB_OK and gone when
 * it does not. JB_EXISTS: never overwrites; JB_DENIED, JB_NOT_FOUND (folder), JB_FULL, JB_IO. */
enum jb_err jb_evidence_file(struct jb_ledger *l, const struct jb_evidence_order *order,
                             const char *path, struct jb_evidence_done *done,
                             struct jb_fault *fault) JB_MUST;

#endif
