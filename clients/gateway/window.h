/* The public window's care: who may ask how often, and that nobody learns from the time of an
 * answer what was wrong with his question. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_WINDOW_H
#define JB_CLIENTS_GATEWAY_WINDOW_H

#include "clients/gateway/request.h"
#include "clients/lib/jiaoban_serve.h"

#define JB_GW_ASKED_BYTES 64

struct jb_gw_asked {                 /* who asks about what, as far as it is counted */
    char address[JB_GW_ASKED_BYTES]; /* of IPv6 the first half */
    char code[JIAOBAN_CODE_KEY];     /* "" none */
};

JB_MUST enum jb_err jb_gw_window_open(struct jb_gw *gw, struct jb_gw_window **out);
/* Memory is freed in a later turn of the loop. */
void jb_gw_window_close(struct jb_gw_window **window);

/* May this be asked now? It is counted. false: answered with a problem. */
JB_MUST bool jb_gw_window_admit(struct jb_gw_request *r, const char *query_code,
                                struct jb_gw_asked *asked);
/* Name and code were those of a case. */
void jb_gw_window_right(struct jb_gw_request *r, const struct jb_gw_asked *asked);
/* They were not: the one answer to all that is wrong, at an instant that says nothing. */
void jb_gw_window_wrong(struct jb_gw_request *r, const struct jb_gw_asked *asked);

#endif
