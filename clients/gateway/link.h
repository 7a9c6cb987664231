/* The line to the agent: one asynchronous connection of libjiaoban, connected again when it is
 * lost. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_LINK_H
#define JB_CLIENTS_GATEWAY_LINK_H

#include "clients/gateway/request.h"
#include "clients/lib/jiaoban_serve.h"

struct jb_gw_agency { /* of the agent; node 0: not known yet */
    uint32_t node;
    char code[40];
    char *name, *epoch;        /* owned by the link */
    uint32_t level, node_kind; /* of the directory; 0: not known yet */
};

/* JB_NOMEM. That the agent is not there is no error. */
JB_MUST enum jb_err jb_gw_link_open(struct jb_gw *gw, struct jb_gw_link **out);
/* Requests that wait get no answer any more. Memory is freed in later turns of the loop. */
void jb_gw_link_close(struct jb_gw_link **link);

const struct jb_gw_agency *jb_gw_link_agency(const struct jb_gw_link *link);
/* Did the agent answer the last time it was asked? */
bool jb_gw_link_here(const struct jb_gw_link *link);
/* The handle, for requests that have functions of their own. */
struct jiaoban *jb_gw_link_handle(struct jb_gw_link *link);
/* What the last failed call said. */
const char *jb_gw_link_error(const struct jb_gw_link *link);

/* What to do with the answer; `result` belongs to the callee (NULL unless OK or REFUSED). */
typedef void (*jb_gw_answer_fn)(struct jb_gw_request *r, enum jiaoban_status status,
                                struct jiaoban_result *result);
/* Ask for the caller; `q` NULL: nothing but that. The request waits, at most `ms`; what fails at
 * once is answered with a problem. */
void jb_gw_ask(struct jb_gw_request *r, const char *what, const struct jiaoban_query *q, int64_t ms,
               jb_gw_answer_fn then);
/* The same for a submission. The caller's name is put into the options. */
void jb_gw_submit(struct jb_gw_request *r, const struct jiaoban_json_act *act,
                  const struct jiaoban_options *options, jb_gw_answer_fn then);
/* The same for what was accepted before a restore and the record lacks: it is submitted again, or
 * with a reason struck off. */
void jb_gw_settle_former(struct jb_gw_request *r, uint64_t number, const char *reason,
                         const struct jiaoban_options *options, jb_gw_answer_fn then);
/* The same for a piece of an attachment; may be called while the answer leaves. Not OK:
 * nothing was asked, and the request is as it was. */
JB_MUST enum jiaoban_status jb_gw_get_part(struct jb_gw_request *r,
                                           const struct jiaoban_get_args *args, int64_t ms,
                                           jb_gw_answer_fn then);
/* The request goes: its answer is of no interest any more. */
void jb_gw_ask_cancel(struct jb_gw_request *r);
/* Answer with the problem that the agent's status is. */
void jb_gw_refuse_status(struct jb_gw_request *r, enum jiaoban_status status);

#endif
