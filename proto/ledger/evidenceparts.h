/* Private to evidence: what its files share while a file is written. */
#ifndef JB_LEDGER_EVIDENCEPARTS_H
#define JB_LEDGER_EVIDENCEPARTS_H

#include "proto/ledger/db.h"
#include "proto/ledger/evidence.h"

/* A signature of the line over one head of a sequence. */
struct jb_evidence_seal {
    enum jb_line_role role;
    uint64_t number; /* UINT64_MAX: none */
    uint8_t suite;
    int64_t at_ms;
    uint8_t epoch[JB_EPOCH_BYTES];
    uint8_t signature[JB_SIGN_BYTES];
};

struct jb_evidence_told { /* an item of the stream that is told in full */
    uint64_t number;
    bool of_case;
    uint32_t about;                    /* gives this node keys; 0: none */
    uint64_t seq;                      /* of its entry; 0: it has none, or the body is gone */
    uint32_t node;                     /* whose act */
    int64_t case_no;                   /* of the act */
    uint64_t up_number;                /* as the entry says; 0: nobody submitted it */
    uint64_t settles;                  /* in this stream */
    uint8_t submission[JB_HASH_BYTES]; /* of the bytes that were submitted, made again */
    bool stated;                       /* its submitter's statement is in the file */
};

struct jb_evidence_writing {
    struct jb_ledger *l;
    const struct jb_evidence_order *order;
    struct jb_evidence_done *done;
    uint32_t node;
    FILE *out;
    uint8_t chain[JB_HASH_BYTES]; /* over the lines so far: what the exporter signs */
    uint64_t lines;
    size_t bytes;
    struct jb_evidence_told *told; /* ascending; owned */
    size_t count, capacity;
    struct jb_arena arena; /* for one item */
    struct {               /* the last stored signature that was looked for, of each side */
        uint64_t from;     /* 0: none yet */
        struct jb_evidence_seal seal;
    } found[2];
};

/* One line, with its end. JB_TOO_LARGE, JB_IO, JB_NOMEM. */
enum jb_err jb_evidence_put(struct jb_evidence_writing *x, const char *format, ...)
    __attribute__((format(printf, 2, 3))) JB_MUST;
/* Of the bytes that an agency submitted and that became this entry: they have one encoding. */
enum jb_err jb_evidence_submitted(struct jb_evidence_writing *x, const struct jb_entry *entry,
                                  uint8_t out[JB_HASH_BYTES]) JB_MUST;
/* In the arena; NULL: out of memory. */
const char *jb_evidence_hex(struct jb_evidence_writing *x, const uint8_t *data, size_t len);

/* What the submitters of told entries have signed: at the broker each one's stored statements, in a
 * replica its own, signed again. Those without one are counted. */
enum jb_err jb_evidence_submissions(struct jb_evidence_writing *x) JB_MUST;

#endif
