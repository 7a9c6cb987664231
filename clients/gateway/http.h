/* HTTP in the libuv loop: libmicrohttpd runs when its epoll descriptor has something, or its clock
 * says so. One request at a time on a connection, one connection for each request. Loop thread
 * only. */
#ifndef JB_CLIENTS_GATEWAY_HTTP_H
#define JB_CLIENTS_GATEWAY_HTTP_H

#include "clients/gateway/request.h"

struct jb_gw_http_state { /* now, for metrics */
    size_t connections, requests, waiting;
    uint64_t refused, late, full; /* at the gate, since the start */
};

/* Listen as the configuration says. JB_CONFIG, JB_LOCKED, JB_DENIED, JB_NOMEM, JB_IO. */
JB_MUST enum jb_err jb_gw_http_open(struct jb_gw *gw, struct jb_gw_http **out,
                                    struct jb_fault *fault);
/* No new requests; those that wait are answered with a problem, all connections end. Memory is
 * freed in later turns of the loop. */
void jb_gw_http_close(struct jb_gw_http **http);
/* The addresses, with a blank between, those of the window with "window=" before them: for who
 * waits for the start. */
void jb_gw_http_addresses(const struct jb_gw_http *http, char *out, size_t size);
void jb_gw_http_state(const struct jb_gw_http *http, struct jb_gw_http_state *out);
/* Have the library look at what has changed, soon. */
void jb_gw_http_kick(struct jb_gw_http *http);

/* receive.c: what the library has of a request now; *size is 0 at its end. Takes all of it. */
enum MHD_Result jb_gw_receive(struct jb_gw_request *r, const char *method, const char *data,
                              size_t *size);

/* dispatch.c: decide from the head what becomes of the request. Leaves it in the phase BODY, or
 * with an answer. */
void jb_gw_dispatch_begin(struct jb_gw_request *r, const char *method);
/* All of it is here: the handler's turn. */
void jb_gw_dispatch_end(struct jb_gw_request *r);

/* caller.c: who asks. false: it was refused. */
JB_MUST bool jb_gw_identify(struct jb_gw_request *r);
/* Is the caller still who he was: the session or token in force, the account in use? For answers
 * that take long. Marks nothing as used. */
bool jb_gw_caller_still(const struct jb_gw_request *r);

#endif
