/* See secret.h. */
#include "clients/gateway/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum jb_err open_fault(const char *path, const char *key, struct jb_fault *fault)
{
    int number = errno;
    struct stat st;

    if (number != ENOENT)
        return jb_fault_set(fault, JB_DENIED, "secret file %s (%s) cannot be opened: %s", path, key,
                            jb_errno_said(number));
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        return jb_fault_set(fault, JB_NOT_FOUND,
                            "secret file %s (%s) is a link that leads to no file: mend the link",
                            path, key);
    return jb_fault_set(fault, JB_NOT_FOUND,
                        "secret file %s (%s): there is no such file. Put it back, or make a new "
                        "secret and give it to the other side as well",
                        path, key);
}

static enum jb_err check_file(int fd, const char *path, const char *key, struct jb_fault *fault)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return jb_fault_set(fault, JB_IO, "secret file %s (%s) cannot be read: %s", path, key,
                            jb_errno_said(errno));
    if (!S_ISREG(st.st_mode))
        return jb_fault_set(fault, JB_CONFIG,
                            "secret file %s (%s) is a folder or no regular file: name a file", path,
                            key);
    if ((st.st_mode & 077) != 0)
        return jb_fault_set(fault, JB_DENIED,
                            "secret file %s (%s): others can read it (mode %04o): chmod 600, and "
                            "make a new secret if somebody may have read it",
                            path, key, (unsigned)(st.st_mode & 07777));
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return jb_fault_set(fault, JB_DENIED,
                            "secret file %s (%s) belongs to user %u, this program runs as user %u: "
                            "run chown on it",
                            path, key, (unsigned)st.st_uid, (unsigned)geteuid());
    return JB_OK;
}

enum jb_err jb_gw_secret_read(const char *path, const char *key, char *text, size_t size,
                              struct jb_fault *fault)
{
    size_t len = 0;
    ssize_t n = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang the start */
    text[0] = '\0';
    if (fd < 0)
        return open_fault(path, key, fault);
    enum jb_err err = check_file(fd, path, key, fault);
    if (err == JB_OK && (n = read(fd, text, size)) < 0)
        err = jb_fault_set(fault, JB_IO, "secret file %s (%s) cannot be read: %s", path, key,
                           jb_errno_said(errno));
    (void)close(fd);
    while (len < (size_t)(n > 0 ? n : 0) && strchr("\r\n", text[len]) == NULL)
        len++; /* a NUL ends it too: strchr finds that */
    if (err == JB_OK && len == 0)
        err = jb_fault_set(fault, JB_CONFIG,
                           "secret file %s (%s) is empty: write the secret into it", path, key);
    if (err == JB_OK && len >= size)
        err = jb_fault_set(fault, JB_CONFIG,
                           "secret file %s (%s): a secret has at most %zu characters", path, key,
                           size - 1);
    if (err == JB_OK)
        text[len] = '\0';
    else
        sodium_memzero(text, size);
    return err;
}
