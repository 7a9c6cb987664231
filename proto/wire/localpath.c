/* Making and removing the file of a local socket. Whoever answers on it keeps it. */
#include "proto/wire/localpath.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/wire/localio.h"

#define BACKLOG 64

/* Whether anybody answers on the socket file. JB_OK: nobody, it is left over. */
static enum jb_err probe(const char *path, struct jb_fault *fault)
{
    int fd = -1;
    enum jb_err err = jb_local_dial(path, 0, &fd, fault);
    if (err == JB_OFFLINE)
        return JB_OK;
    if (err == JB_OK)
        close(fd);
    if (err == JB_OK || err == JB_BUSY)
        return jb_fault_set(fault, JB_LOCKED, "%s is in use by another process", path);
    return err;
}

/* Make the name free, if that harms nobody. */
static enum jb_err claim_path(const char *path, struct jb_fault *fault)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        if (errno == ENOENT)
            return JB_OK;
        return jb_fault_set(fault, errno == EACCES ? JB_DENIED : JB_NOT_FOUND,
                            "cannot examine %s: %s", path, jb_errno_said(errno));
    }
    if (!S_ISSOCK(st.st_mode))
        return jb_fault_set(fault, JB_EXISTS, "%s exists and is not a socket", path);
    enum jb_err err = probe(path, fault);
    if (err == JB_OK && unlink(path) != 0)
        err = jb_fault_set(fault, JB_DENIED, "cannot remove the old socket %s: %s", path,
                           jb_errno_said(errno));
    return err;
}

static enum jb_err bind_fault(const char *path, struct jb_fault *fault)
{
    enum jb_err err = JB_IO;
    if (errno == EACCES || errno == EPERM || errno == EROFS)
        err = JB_DENIED;
    else if (errno == ENOENT || errno == ENOTDIR)
        err = JB_NOT_FOUND;
    else if (errno == EADDRINUSE)
        err = JB_LOCKED;
    return jb_fault_set(fault, err, "cannot create the socket %s: %s", path, jb_errno_said(errno));
}

/* Nobody can connect between bind and listen, so the mode is right from the start, without the
 * process-wide umask. */
static enum jb_err publish(struct jb_localpath *lp, mode_t mode, int fd, struct jb_fault *fault)
{
    const char *path = lp->address.sun_path;
    struct stat st;

    if (bind(fd, (const struct sockaddr *)&lp->address, sizeof lp->address) != 0)
        return bind_fault(path, fault);
    if (chmod(path, mode) != 0 || lstat(path, &st) != 0 || listen(fd, BACKLOG) != 0) {
        enum jb_err err = bind_fault(path, fault);
        (void)unlink(path);
        return err;
    }
    lp->dev = st.st_dev;
    lp->ino = st.st_ino;
    return JB_OK;
}

enum jb_err jb_localpath_open(struct jb_localpath *lp, const char *path, mode_t mode, int *fd,
                              struct jb_fault *fault)
{
    enum jb_err err = jb_local_address(path, &lp->address, fault);
    if (err == JB_OK)
        err = claim_path(path, fault);
    if (err != JB_OK)
        return err;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return jb_fault_set(fault, JB_IO, "cannot make a socket: %s", jb_errno_said(errno));
    err = publish(lp, mode, s, fault);
    if (err != JB_OK)
        close(s);
    else
        *fd = s;
    return err;
}

void jb_localpath_remove(const struct jb_localpath *lp)
{
    struct stat st;
    const char *path = lp->address.sun_path;
    if (lstat(path, &st) == 0 && st.st_dev == lp->dev && st.st_ino == lp->ino)
        (void)unlink(path);
}
