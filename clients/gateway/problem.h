/* Problem details (RFC 9457): the one form of every error.
 *
 * A table says which HTTP status and type a technical error of libjiaoban has; the gateway's own
 * problems are rows of it as well. Texts are English; `type` and `code` are for programs. Any
 * thread. */
#ifndef JB_CLIENTS_GATEWAY_PROBLEM_H
#define JB_CLIENTS_GATEWAY_PROBLEM_H

#include "clients/lib/jiaoban.h"
#include "proto/base/arena.h"

/* The gateway's own: word of the type, HTTP status, title. */
#define JB_GW_PROBLEMS(X)                                                                          \
    X(BAD_REQUEST, "bad-request", 400, "The request is malformed")                                 \
    X(KEY_MISSING, "key-missing", 400, "An Idempotency-Key is needed")                             \
    X(SIGN_IN, "sign-in", 401, "Sign in first")                                                    \
    X(WRONG_PASSWORD, "wrong-password", 401, "Name or password is wrong")                          \
    X(FORBIDDEN, "forbidden", 403, "Not permitted")                                                \
    X(CSRF, "csrf", 403, "The CSRF token is missing or wrong")                                     \
    X(SCOPE, "scope", 403, "The token has not the scope for this")                                 \
    X(MUST_CHANGE, "must-change-password", 403, "The password has to be changed first")            \
    X(NOT_FOUND, "not-found", 404, "Not found")                                                    \
    X(METHOD, "method", 405, "This method does not apply here")                                    \
    X(TIMEOUT, "timeout", 408, "The request took too long to come")                                \
    X(TAKEN, "taken", 409, "This is taken already")                                                \
    X(IN_PROGRESS, "in-progress", 409, "The same request is under way")                            \
    X(OFFSET, "offset", 409, "The upload goes on at another place")                                \
    X(NOT_HERE_YET, "not-here-yet", 409, "Not all of it has come to this machine yet")             \
    X(KEY_UNFIT, "key-unfit", 409, "The key held here does not open this case")                    \
    X(OUTCOME_UNKNOWN, "outcome-unknown", 409, "What became of the first request is not known")    \
    X(LENGTH, "length", 411, "Content-Length is needed")                                           \
    X(CHANGED, "changed", 412, "It has changed since")                                             \
    X(TOO_LARGE, "too-large", 413, "Larger than is allowed")                                       \
    X(MEDIA, "media-type", 415, "The body is of the wrong type")                                   \
    X(RANGE, "range", 416, "There is no such range")                                               \
    X(REFUSED, "refused", 422, "Refused by a rule")                                                \
    X(KEY_REUSED, "key-reused", 422, "The key belongs to another request")                         \
    X(PRECONDITION, "precondition-required", 428, "If-Match or If-None-Match is needed")           \
    X(LOCKED, "locked", 429, "Too many wrong passwords")                                           \
    X(BUSY, "busy", 429, "Too much at once")                                                       \
    X(INTERNAL, "internal", 500, "The gateway failed")                                             \
    X(AGENT, "agent", 502, "The agent's answer is of no use")                                      \
    X(AWAY, "agent-away", 503, "The agent cannot be reached")                                      \
    X(OVERLOADED, "overloaded", 503, "Too busy at the moment")                                     \
    X(AGENT_SLOW, "agent-slow", 504, "The agent did not answer in time")                           \
    X(FULL, "full", 507, "The disk or a quota is full")

enum jb_gw_problem_kind {
#define X(name, word, status, title) JB_GW_##name,
    JB_GW_PROBLEMS(X)
#undef X
};

struct jb_gw_problem { /* texts are borrowed; NULL: none */
    enum jb_gw_problem_kind kind;
    const char *detail;
    const char *code;       /* name of a technical error or of a refusal */
    const char *field;      /* member or parameter */
    const char *refusal;    /* JSON of a SettledView */
    int64_t retry_after_ms; /* 0: not said */
};

unsigned jb_gw_problem_status(enum jb_gw_problem_kind kind);
/* What a status of libjiaoban is as a problem. */
enum jb_gw_problem_kind jb_gw_problem_of(enum jiaoban_status status);
/* The body as JSON in the arena; NULL: out of memory. */
const char *jb_gw_problem_json(const struct jb_gw_problem *p, struct jb_arena *arena);
/* A whole HTTP response with a problem, for who answers without the HTTP library. The type is
 * about:blank. Returns its bytes; `out` is NUL-terminated. */
size_t jb_gw_problem_raw(unsigned status, const char *detail, char *out, size_t size);
/* "Not Found"; "Error" for a status that is not in use here. Static. */
const char *jb_gw_status_text(unsigned status);

#endif
