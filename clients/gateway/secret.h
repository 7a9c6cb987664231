/* Files that hold one secret: the proxy's, a webhook receiver's. */
#ifndef JB_GW_SECRET_H
#define JB_GW_SECRET_H

#include <stddef.h>

#include "proto/base/err.h"

/* The first line of the file into `text` of `size` bytes; empty on failure. NOT_FOUND, DENIED (not
 * readable by us, or readable by others, or somebody else's), CONFIG (a folder or other thing,
 * empty, longer than `size` - 1), IO. The fault names the file, the key of the configuration that
 * leads to it, and what to do. */
JB_MUST enum jb_err jb_gw_secret_read(const char *path, const char *key, char *text, size_t size,
                                      struct jb_fault *fault);

#endif
