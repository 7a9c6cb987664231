/* The table of routes: method, path, who answers, the right that it takes, what it may be asked
 * with. The dispatcher decides from the row alone: authentication, CSRF, scopes, body, parameters,
 * key. */
#ifndef JB_CLIENTS_GATEWAY_ROUTE_H
#define JB_CLIENTS_GATEWAY_ROUTE_H

#include <stdio.h>

#include "clients/gateway/request.h"

enum jb_gw_verb {
    JB_GW_GET = 1, /* and HEAD */
    JB_GW_POST = 2,
    JB_GW_PUT = 4,
    JB_GW_DELETE = 8
};

enum jb_gw_route_flag {
    JB_GW_OPEN = 1,   /* nobody need be signed in */
    JB_GW_JSON = 2,   /* has a body, JSON */
    JB_GW_PIECES = 4, /* has a body of any type, taken in pieces */
    JB_GW_KEY = 8,    /* takes an Idempotency-Key */
    JB_GW_LOCAL =
        16, /* the gateway's own affair: it asks the agent for the caller's rights first */
    JB_GW_BY_ACT = 32,   /* the right is that of the act */
    JB_GW_SELF = 64,     /* also for who must change his password */
    JB_GW_BOTH = 128,    /* inside and at the public window */
    JB_GW_WINDOW = 256,  /* at the public window only */
    JB_GW_STREAM = 1024, /* stays open: does not keep a session alive */
    JB_GW_FILE = 512     /* a file of the console: who asks is not looked at, nor with what */
};

struct jb_gw_route {
    enum jb_gw_verb verb;
    const char *path; /* "/v1/cases/{number}" */
    jb_gw_handler handle;
    enum jb_right right;
    unsigned flags;
    const char *params; /* names of query parameters, with blanks; "" none */
    const char *schema; /* of the answer, as named in the contract; "" none */
};

/* The route of a method and a target; NULL: *allowed has the methods that there are for the path
 * (0: there is no such path). Fills r->numbers. */
const struct jb_gw_route *jb_gw_route_find(struct jb_gw_request *r, const char *method,
                                           unsigned *allowed);
/* "GET, HEAD, POST" */
void jb_gw_route_allow(unsigned verbs, char *out, size_t size);
/* Is this one of the route's query parameters? */
bool jb_gw_route_takes(const struct jb_gw_route *route, const char *name);
/* The whole table, one line a row, for the test that holds it against the contract. */
void jb_gw_route_print(FILE *out);

#endif
