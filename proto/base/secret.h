/* Files that hold one secret: the proxy's, a webhook receiver's, the API token of an exchange. */
#ifndef JB_BASE_SECRET_H
#define JB_BASE_SECRET_H

#include <stddef.h>

#include "proto/base/err.h"

/* The only line of the file into `text` of `size` bytes, at most 4096; empty on failure. NOT_FOUND,
 * DENIED (not readable by us, or readable by others, or somebody else's, or reached by somebody
 * else's link), CONFIG (a folder or other thing, empty, longer than `size` - 1, more than one
 * line), IO. Any thread. The fault names the file, the key of the configuration that leads to it,
 * and what to do. */
JB_MUST enum jb_err jb_secret_read(const char *path, const char *key, char *text, size_t size,
                                   struct jb_fault *fault);

#endif
