/* The session's cookie: HttpOnly, SameSite=Strict, and Secure with the prefix __Host- where people
 * come by https. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_COOKIE_H
#define JB_CLIENTS_GATEWAY_COOKIE_H

#include "clients/gateway/request.h"

/* The secret in the request's cookie, in its arena; NULL: none that could be one. */
const char *jb_gw_cookie(struct jb_gw_request *r);
/* Set it with the answer; NULL: end it. */
void jb_gw_cookie_set(struct jb_gw_request *r, const char *secret);

#endif
