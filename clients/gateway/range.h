/* Ranges of bytes: of an answer (Range), and of a body that is a part (Content-Range). Any thread.
 */
#ifndef JB_CLIENTS_GATEWAY_RANGE_H
#define JB_CLIENTS_GATEWAY_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct jb_gw_range {
    uint64_t begin, end, total; /* bytes begin up to, not with, end */
    bool given;                 /* else it is all of it */
};

/* The header Range (NULL: not given) of something with `total` bytes. One range alone is answered;
 * what is not understood, or asks for several, counts as not given. false: it lies behind the end.
 */
bool jb_gw_range_read(const char *header, uint64_t total, struct jb_gw_range *out);
/* The header Content-Range (NULL: all of it) of a body with `length` bytes; begin, end and total
 * are all there. false: malformed, or not what the length says. */
bool jb_gw_content_range_read(const char *header, uint64_t length, struct jb_gw_range *out);

#endif
