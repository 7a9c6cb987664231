/* The body of a request as JSON: bounded, read, its members by type. */
#ifndef JB_CLIENTS_GATEWAY_BODY_H
#define JB_CLIENTS_GATEWAY_BODY_H

#include <jansson.h>

#include "clients/gateway/request.h"

/* The object that the body is; json_decref it. NULL: it is none, and the request is answered. */
json_t *jb_gw_body(struct jb_gw_request *r);

/* Members. `out` is left as it is when the member is not there (or null); false: it is of the wrong
 * type or too long, or not there although `required`, and the request is answered. Texts are copied
 * into the request's arena. */
JB_MUST bool jb_gw_member_text(struct jb_gw_request *r, const json_t *object, const char *name,
                               size_t max, bool required, const char **out);
JB_MUST bool jb_gw_member_bool(struct jb_gw_request *r, const json_t *object, const char *name,
                               bool *out);
JB_MUST bool jb_gw_member_i64(struct jb_gw_request *r, const json_t *object, const char *name,
                              int64_t *out);
/* No other members than these (with blanks between). */
JB_MUST bool jb_gw_members_known(struct jb_gw_request *r, const json_t *object, const char *names);

#endif
