/* The line to the broker's admin socket, where one is configured: questions of administrators about
 * the lines of all agencies. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_BROKER_H
#define JB_CLIENTS_GATEWAY_BROKER_H

#include "clients/gateway/link.h"

/* *out stays NULL when none is configured. That the broker is not there is no error. JB_NOMEM. */
JB_MUST enum jb_err jb_gw_broker_open(struct jb_gw *gw, struct jb_gw_broker **out);
void jb_gw_broker_close(struct jb_gw_broker **broker);

/* As jb_gw_ask; without a broker it is answered with 404. */
void jb_gw_broker_ask(struct jb_gw_request *r, const char *what);
void jb_gw_broker_install(struct jb_gw_request *r, const struct jiaoban_install_args *args);

#endif
