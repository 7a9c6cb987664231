/* One request from its head to the end of its answer. A handler answers with exactly one of the
 * jb_gw_reply functions, at once or later. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_REQUEST_H
#define JB_CLIENTS_GATEWAY_REQUEST_H

#include <microhttpd.h>

#include "clients/gateway/gateway.h"
#include "clients/gateway/problem.h"
#include "clients/gateway/target.h"
#include "clients/gateway/token.h"
#include "proto/base/arena.h"

#define JB_GW_ADDRESS_TEXT 64
#define JB_GW_HEADERS_OUT 16

struct jb_gw_route;
struct jb_gw_request;
typedef void (*jb_gw_handler)(struct jb_gw_request *r);

struct jb_gw_caller { /* who asks; texts in the request's arena */
    enum jb_gw_method method;
    const char *user;         /* "" nobody */
    const char *display_name; /* "" none */
    uint64_t scopes;          /* of a token; all bits otherwise */
    int64_t expires_ms;       /* of the session or token; 0: not known */
    bool must_change;         /* the password, first of all */
    uint8_t session[JB_GW_SESSION_HASH];
    const char *token; /* its name; NULL: none */
    const char *csrf;  /* the right CSRF token; NULL: none is needed */
    char address[JB_GW_ADDRESS_TEXT];
};

struct jb_gw_header {
    const char *name, *value;
};

enum jb_gw_phase {
    JB_GW_NEW,      /* the head is known */
    JB_GW_BODY,     /* the body comes */
    JB_GW_DRAINING, /* it comes, and is thrown away: the answer stands already */
    JB_GW_HANDLING, /* the handler is at work, or waits for somebody */
    JB_GW_SENDING   /* the answer leaves */
};

struct jb_gw_request {
    struct jb_gw *gw;
    struct MHD_Connection *connection;
    struct jb_gw_request *next, **link; /* all that are open */
    const struct jb_gw_route *route;    /* NULL: there is none for it */
    const char *raw_target;             /* arena */
    struct jb_gw_target target;
    const char *numbers[4]; /* what stands for {...} in the route's path, in order */
    struct jb_gw_caller caller;
    enum jb_gw_phase phase;
    struct jb_arena arena;
    char *body; /* malloc; body_len bytes */
    size_t body_len, body_room;
    uint64_t length; /* by Content-Length */
    struct MHD_Response *response;
    unsigned status;
    struct jb_gw_header headers[JB_GW_HEADERS_OUT];
    size_t header_count;
    bool window; /* it came to the public window */
    bool suspended;
    bool endless; /* a stream of events: no time limit */
    uint64_t ask; /* at the agent or the broker; 0: none */
    struct jiaoban *asked;
    int64_t began_ms; /* monotonic */
    int64_t until_ms; /* monotonic; cut or given up then */
    void *state;      /* of the handler */
    /* Forget what the handler holds: called once before the request is freed. NULL: nothing. */
    void (*drop)(struct jb_gw_request *r);
    /* A piece of the body, for routes that take it in pieces. May suspend the request. */
    void (*on_piece)(struct jb_gw_request *r, const char *data, size_t len);
};

/* ---- http.c: waiting ---- */

/* Let others go on until jb_gw_resume or an answer. `ms`: at most so long. */
void jb_gw_suspend(struct jb_gw_request *r, int64_t ms);
void jb_gw_resume(struct jb_gw_request *r);
/* Its socket; -1: unknown. Only for looking. */
int jb_gw_request_fd(const struct jb_gw_request *r);

/* ---- reply.c: answers ---- */

/* Add a header to the answer. Value: copied into the arena. */
void jb_gw_header(struct jb_gw_request *r, const char *name, const char *value);
/* JSON, copied. NULL: out of memory, which is answered as a problem. */
void jb_gw_reply_json(struct jb_gw_request *r, unsigned status, const char *json);
/* Any body, copied. */
void jb_gw_reply_bytes(struct jb_gw_request *r, unsigned status, const char *type, const void *data,
                       size_t len);
/* Without a body. */
void jb_gw_reply_empty(struct jb_gw_request *r, unsigned status);
/* A response that was made elsewhere; taken over. */
void jb_gw_reply_response(struct jb_gw_request *r, unsigned status, struct MHD_Response *response);
void jb_gw_reply_problem(struct jb_gw_request *r, const struct jb_gw_problem *p);
/* The usual ones. `detail` is copied. */
void jb_gw_refuse(struct jb_gw_request *r, enum jb_gw_problem_kind kind, const char *detail);
void jb_gw_refuse_field(struct jb_gw_request *r, const char *field, const char *detail);
/* A technical error of the gateway's own: its file, its memory. */
void jb_gw_refuse_error(struct jb_gw_request *r, enum jb_err err, const char *what);

/* ---- reading the request ---- */

/* A request header; NULL: not given. */
const char *jb_gw_request_header(const struct jb_gw_request *r, const char *name);
/* Seconds of "Prefer: wait=N", at most 30; `preset` when nothing is said. */
int64_t jb_gw_prefer_wait_ms(const struct jb_gw_request *r, int64_t preset_ms);

#endif
