/* Repeats: the answer to a request with an Idempotency-Key is kept for 24 hours, and given again to
 * the same caller with the same key. Before the act goes to the agent, a row with a token is on the
 * disk; the agent makes an act with a known token no second time. So a repeat after a crash at any
 * point either gets the stored answer, or asks the agent with the same token and gets its verdict.
 *
 * Stored answers can hold a petitioner's query code: they are sealed under a key that follows from
 * the caller and the Idempotency-Key, of which the file has only a hash. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_IDEM_H
#define JB_CLIENTS_GATEWAY_IDEM_H

#include "clients/gateway/request.h"

#define JB_GW_KEY_BYTES 64 /* of an Idempotency-Key, at most */
#define JB_GW_IDEM_TOKEN 44

struct jb_gw_idem { /* of one request; in its arena */
    uint8_t hash[32], secret[32];
    char token[JB_GW_IDEM_TOKEN]; /* for the agent */
    bool fresh;                   /* nothing was known of the key before */
    struct jb_gw_idem *next;      /* under way */
};

struct jb_gw_keys {
    struct jb_gw_idem *under_way;
};

/* Look the request's key up. true: go on, with the token in *out. false: it is answered, with what
 * was stored or with a problem. `extra`: what belongs to the request beside method, target and
 * body. */
JB_MUST bool jb_gw_idem_begin(struct jb_gw_request *r, struct jb_gw_idem **out);
/* Keep this answer; JB_OK: it is on the disk. */
JB_MUST enum jb_err jb_gw_idem_store(struct jb_gw_request *r, struct jb_gw_idem *idem,
                                     unsigned status, const char *location, const char *body);
/* Nothing was done, and the request was wrong: the key may be used again. */
void jb_gw_idem_forget(struct jb_gw_request *r, struct jb_gw_idem *idem);
/* The request goes, whatever came of it. */
void jb_gw_idem_end(struct jb_gw_request *r, struct jb_gw_idem *idem);
JB_MUST enum jb_err jb_gw_idem_sweep(struct jb_gw_store *store, int64_t now_ms);

#endif
