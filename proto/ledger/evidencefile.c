/* Evidence into a file of its own: see jb_evidence_file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "proto/ledger/evidence.h"

static enum jb_err file_fail(const char *path, struct jb_fault *fault)
{
    int number = errno;
    enum jb_err err = number == EEXIST                       ? JB_EXISTS
                      : number == ENOENT                     ? JB_NOT_FOUND
                      : number == EACCES || number == EROFS  ? JB_DENIED
                      : number == ENOSPC || number == EDQUOT ? JB_FULL
                                                             : JB_IO;

    return jb_fault_set(fault, err, "%s: %s", path, jb_errno_said(number));
}

enum jb_err jb_evidence_file(struct jb_ledger *l, const struct jb_evidence_order *order,
                             const char *path, struct jb_evidence_done *done,
                             struct jb_fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return file_fail(path, fault);
    FILE *out = fdopen(fd, "w");
    if (out == NULL) {
        (void)close(fd);
        (void)unlink(path);
        return jb_fault_set(fault, JB_NOMEM, "%s: out of memory", path);
    }
    enum jb_err err = jb_evidence_write(l, order, out, done, fault);
    if (err == JB_OK && fsync(fd) != 0)
        err = file_fail(path, fault);
    if (fclose(out) != 0 && err == JB_OK)
        err = file_fail(path, fault);
    if (err != JB_OK)
        (void)unlink(path);
    return err;
}
