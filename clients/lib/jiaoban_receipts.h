/* libjiaoban: who had what when. Included by jiaoban.h, where the rules for all rows stand. */
#ifndef JIAOBAN_RECEIPTS_H
#define JIAOBAN_RECEIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jiaoban_proof {      /* what the agent found when it checked a receipt again */
    JIAOBAN_PROVEN = 1,   /* the signature verifies, and the chain leads from the entry to it */
    JIAOBAN_BROKEN,       /* there is one; it does not verify, or the chain to it does not hold */
    JIAOBAN_UNPROVEN,     /* on record, without a signature that can be checked here */
    JIAOBAN_NOT_RECEIVED, /* none has come yet */
    JIAOBAN_UNTOLD        /* this agency is not told of it */
};
struct jiaoban_receipt { /* one signature, checked again when it was asked for */
    uint32_t node;
    const char *node_name;
    enum jiaoban_proof state;
    int64_t at_ms;   /* own: when signed; others: when the broker had it; 0: none has come */
    uint64_t number; /* of the signer's stream, up to which it covers everything */
    const char *epoch_hex, *head_hex, *signature_hex; /* what was signed, see PROTOCOL.md */
    uint32_t suite;
    const char *key_hex; /* the public key with which it verifies; "": none that is known here */
    bool own;            /* of the agency that is asked */
};
struct jiaoban_entry_receipts { /* who had one entry of a case when */
    uint64_t seq, number;       /* number: in the agency's own stream */
    int64_t at_ms;              /* when the broker decided on it */
    int64_t put_at_ms;          /* when it put it into that stream: later for who joined later */
    uint32_t node;              /* who did it */
    const char *node_name, *user, *kind;
    uint64_t directive_no;              /* that it is about; 0: none */
    const struct jiaoban_receipt *sent; /* the broker's; NULL: nothing is known of it */
    const struct jiaoban_receipt *const *receipts;
    size_t receipt_count;
};

#endif
