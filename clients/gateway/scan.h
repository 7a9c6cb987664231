/* The head of an HTTP request, judged before the HTTP library sees it: complete, within limits,
 * unambiguous. Stricter than HTTP: what two readers could understand differently is refused (bare
 * line feeds, folded lines, doubled Content-Length or Host, Transfer-Encoding). Pure; any thread.
 */
#ifndef JB_CLIENTS_GATEWAY_SCAN_H
#define JB_CLIENTS_GATEWAY_SCAN_H

#include "proto/base/bytes.h"

#define JB_GW_HEAD_BYTES 16384  /* request line and headers */
#define JB_GW_TARGET_BYTES 8192 /* path and query */
#define JB_GW_HEADERS 64

struct jb_gw_verdict {
    unsigned status;    /* HTTP status of the refusal; 0: none */
    const char *detail; /* static */
    bool complete;      /* the head is all there; false without a refusal: more has to come */
};

/* Judge what has come so far (at most JB_GW_HEAD_BYTES need be given). `hosts`: list of names that
 * Host may have, as in the configuration. */
struct jb_gw_verdict jb_gw_scan(const char *data, size_t len, const char *hosts);

#endif
