/* A submission in the making: shared by who completes it, judges it, stores it. Private to
 * complete.c, submit.c and trial.c. */
#ifndef JB_CLIENTS_AGENT_SUBMITTING_H
#define JB_CLIENTS_AGENT_SUBMITTING_H

#include "clients/agent/requests.h"
#include "proto/wire/seal.h"

struct jb_agent_submitting {
    struct jb_agent_request *r;
    const Jb__DoSubmit *asked;
    struct jb_text token; /* "" none */
    struct jb_act act;
    uint8_t case_key[JB_KEY_BYTES];
    bool sealed;
    bool opens; /* a case or a file of its own, whose number is issued here: */
    struct jb_date today;
    uint32_t case_seq;
    uint8_t query_hash[JB_HASH_BYTES];
    char query_code[JB_QUERY_CODE_TEXT]; /* of a registration; "" none */
    struct jb_agent_overlay overlay;
    struct jb_agent_others others;
    struct jb_outbox_item item;
    uint64_t first;          /* the submission that this one repeats; 0: none */
    enum jb_refusal refusal; /* by the rules here */
    char detail[JB_DETAIL_BYTES];
    bool decided; /* by the rules here; the verdict with its effects is the agent's */
};

/* complete.c: what the agent fills in (number, custody, seal, codes), and the state that the act is
 * judged on. Writes nothing. */
enum jb_err jb_agent_submit_complete(struct jb_agent_submitting *s) JB_MUST;

/* The state alone: of an act that is complete already. */
enum jb_err jb_agent_submit_overlay(struct jb_agent_submitting *s) JB_MUST;

/* submit.c: a second person's signature; then the rules, as far as this node can judge. Leaves
 * s->refusal. DENIED. */
enum jb_err jb_agent_submit_judge(struct jb_agent_submitting *s) JB_MUST;

#endif
