/* Where records become acts: for one system account, each once.
 *
 * The account is that of an API token in the gateway's own file: revoking the token, disabling the
 * account or taking a scope away stops the adapter like any other caller. The agent checks the
 * account's roles and writes its name into the record. One thread; calls wait for the agent. */
#ifndef JB_EX_DESK_H
#define JB_EX_DESK_H

#include "clients/gateway/adapters/config.h"
#include "clients/gateway/adapters/map.h"
#include "clients/gateway/adapters/store.h"
#include "clients/gateway/account.h"
#include "clients/gateway/store.h"
#include "clients/gateway/token.h"
#include "proto/base/clock.h"

struct jb_ex_desk {
    const struct jb_ex_config *config;
    struct jb_ex_map map;
    struct jb_ex_store *store;
    struct jb_gw_store *gateway;
    struct jiaoban *j;
    struct jb_clock clock;
    char secret[JB_GW_TOKEN_TEXT];
    char account[JB_GW_NAME_BYTES + 1];
    uint64_t scopes;
    uint32_t wait_ms;    /* for a verdict: none while the agent is cut off from its broker */
    long kill_at, steps; /* tests: end at the n-th step that a crash could fall on; 0: never */
    size_t stuck_told;   /* rows of a table that can be neither read nor marked, as last told */
    const volatile bool *stop; /* somebody wants an end */
    char told_after[2]
                   [JB_EX_NUMBER_BYTES + 1]; /* where the last look for news ended, see facts.c */
};

/* Open what it needs. In any case fini. JB_CONFIG, JB_DENIED, JB_LOCKED ...; the fault says what.
 */
JB_MUST enum jb_err jb_ex_desk_open(struct jb_ex_desk *d, const struct jb_ex_config *c,
                                    struct jb_fault *fault);
void jb_ex_desk_fini(struct jb_ex_desk *d);
/* Before each look: is the token still good? JB_DENIED. */
JB_MUST enum jb_err jb_ex_desk_admit(struct jb_ex_desk *d, struct jb_fault *fault);
int64_t jb_ex_desk_now(const struct jb_ex_desk *d);
/* A crash could come here (see kill_at). */
void jb_ex_point(struct jb_ex_desk *d);

struct jb_ex_origin {
    int64_t file, row; /* 0: no file */
};
struct jb_ex_result {
    enum jb_ex_outcome outcome;
    struct jb_ex_taken taken;
    char column[JB_EX_HEADER_BYTES + 1]; /* BAD: theirs */
};
/* Take a record: register it and, where it says so, hand it on; each step once, whatever happened
 * before. JB_OK: `result` says what became of it, its detail why, in the program's language.
 * Others: nothing can be done now (the fault says why); what was begun is continued by the next
 * call. */
JB_MUST enum jb_err jb_ex_take(struct jb_ex_desk *d, const struct jb_ex_record *r,
                               const char *number, const struct jb_ex_origin *origin,
                               struct jb_ex_result *result, struct jb_fault *fault);
/* Ask what became of records in the outbox. */
JB_MUST enum jb_err jb_ex_settle(struct jb_ex_desk *d, struct jb_fault *fault);

/* recall.c: was this step made before, under a token that the agent has forgotten? Looks through
 * the cases of that time. NOT_FOUND: it was not. */
JB_MUST enum jb_err jb_ex_recall(struct jb_ex_desk *d, const struct jb_ex_key *key,
                                 struct jb_ex_taken *t, struct jb_fault *fault);
/* An answer of the agent as an error of this program: JB_OK, or what stops a look; the fault is
 * set. */
enum jb_err jb_ex_answered(struct jb_ex_desk *d, enum jiaoban_status status,
                           struct jb_fault *fault);

#endif
