/* The header that makes an answer a file to be kept: Content-Disposition, with a name that others
 * chose. Any thread. */
#ifndef JB_CLIENTS_GATEWAY_DISPOSITION_H
#define JB_CLIENTS_GATEWAY_DISPOSITION_H

#include "proto/base/arena.h"

/* `attachment; filename="..."; filename*=UTF-8''...` (RFC 6266) in the arena. Of the name, which is
 * UTF-8, the last part of a path: no folders, no control characters, nothing that turns the
 * direction of writing and so hides an ending. What is left of it is nothing: `otherwise`, which is
 * plain ASCII. NULL: out of memory. */
const char *jb_gw_disposition(const char *name, const char *otherwise, struct jb_arena *arena);

#endif
