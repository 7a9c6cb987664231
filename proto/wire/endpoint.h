/* Network endpoints as an administrator writes them: "tcp://HOST:PORT". Checked here because the
 * library takes port 99999 for 34463 and an empty host for a name. Pure. */
#ifndef JB_WIRE_ENDPOINT_H
#define JB_WIRE_ENDPOINT_H

#include <stdbool.h>

#include "proto/base/err.h"

#define JB_ENDPOINT_MAX_BYTES 512 /* with the final NUL */

/* HOST: name, IPv4 address, IPv6 address in brackets or, for binding, '*' (all addresses). PORT: 1
 * to 65535 or, for binding, '*' (any free one). JB_CONFIG: the fault quotes it and says what is
 * wrong. Whether the host exists is not looked up. */
JB_MUST enum jb_err jb_endpoint_check(const char *endpoint, bool binding, struct jb_fault *fault);

#endif
