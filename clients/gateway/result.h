/* From an answer of the agent to an answer over HTTP. */
#ifndef JB_CLIENTS_GATEWAY_RESULT_H
#define JB_CLIENTS_GATEWAY_RESULT_H

#include "clients/gateway/link.h"
#include "clients/gateway/params.h"

/* A listing as JSON, with `next` when there is a cursor (NULL: none). Frees the result. */
void jb_gw_reply_list(struct jb_gw_request *r, struct jiaoban_result *result, const char *next);
/* The whole as JSON with 200. Frees the result. */
void jb_gw_reply_result(struct jb_gw_request *r, unsigned status, struct jiaoban_result *result);
/* The simplest of all: OK is answered with the JSON, everything else with its problem. */
void jb_gw_then_show(struct jb_gw_request *r, enum jiaoban_status status,
                     struct jiaoban_result *result);
/* The ETag of a case: changes with every entry about it and with what waits in the outbox. */
#define JB_GW_ETAG_TEXT 80
void jb_gw_case_etag(const struct jiaoban_case *c, char out[JB_GW_ETAG_TEXT]);

#define JB_GW_ANSWER_MS 30000 /* for a question */
#define JB_GW_LONG_MS 600000  /* for a verification, a report, evidence */

#endif
