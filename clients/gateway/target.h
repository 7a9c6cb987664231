/* The target of a request: path and query, decoded and checked once.
 *
 * A path is a list of segments, none empty, none "." or ".."; a query is a list of names with
 * values, none twice. Everything is UTF-8 without control characters. Pure; any thread. */
#ifndef JB_CLIENTS_GATEWAY_TARGET_H
#define JB_CLIENTS_GATEWAY_TARGET_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

#define JB_GW_SEGMENTS 16
#define JB_GW_PARAMS 32

struct jb_gw_param {
    const char *name, *value;
    bool used; /* somebody has asked for it */
};

struct jb_gw_target { /* texts in the arena */
    const char *segments[JB_GW_SEGMENTS];
    size_t segment_count;
    bool folder; /* the path ends in a slash (or is one) */
    struct jb_gw_param params[JB_GW_PARAMS];
    size_t param_count;
};

/* Read "/v1/cases?text=%E8%B7%AF". MALFORMED, BAD_UTF8, OVERFLOW, NOMEM; the fault says what. */
JB_MUST enum jb_err jb_gw_target_read(const char *raw, struct jb_arena *arena,
                                      struct jb_gw_target *out, struct jb_fault *fault);
/* The value of a parameter; NULL: not given. */
const char *jb_gw_param(struct jb_gw_target *t, const char *name);
/* The first parameter that nobody has asked for; NULL: none. */
const char *jb_gw_param_unused(const struct jb_gw_target *t);

#endif
