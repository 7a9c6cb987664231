/* The file of a listening Unix socket: made without a moment in which a wrong user could connect,
 * and removed only while it is ours. Knows nothing of clients. Used by local.c. */
#ifndef JB_WIRE_LOCALPATH_H
#define JB_WIRE_LOCALPATH_H

#include <sys/types.h>
#include <sys/un.h>

#include "proto/base/err.h"

struct jb_localpath {
    struct sockaddr_un address; /* its path is NUL-terminated */
    dev_t dev;                  /* with ino: the file that we made */
    ino_t ino;
};

/* Bind, set the mode and listen; *fd is non-blocking and owned by the caller. A socket file on
 * which nobody answers is replaced. Errors as jb_local_listen; nothing is left behind then. */
JB_MUST enum jb_err jb_localpath_open(struct jb_localpath *lp, const char *path, mode_t mode,
                                      int *fd, struct jb_fault *fault);

/* Remove the file if it is still the one that was made. */
void jb_localpath_remove(const struct jb_localpath *lp);

#endif
