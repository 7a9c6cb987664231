/* See secret.h. */
#include "proto/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES 4096 /* that are looked at: no secret is half as long */

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

/* Who can change the link can change the secret. */
static enum jb_err check_link(const char *path, const char *key, struct jb_fault *fault)
{
    struct stat st;

    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode) || st.st_uid == geteuid() || st.st_uid == 0)
        return JB_OK; /* what else is wrong with it, opening tells */
    return jb_fault_set(fault, JB_DENIED,
                        "secret file %s (%s) is a link that belongs to user %u, this program runs "
                        "as user %u: name the file itself",
                        path, key, (unsigned)st.st_uid, (unsigned)geteuid());
}

/* Nothing but ends of lines behind the first line. */
static bool is_one_line(const char *text, size_t from, size_t len)
{
    while (from < len && (text[from] == '\r' || text[from] == '\n'))
        from++;
    return from == len;
}

static enum jb_err check_text(const char *whole, size_t len, size_t first, const char *path,
                              const char *key, size_t size, struct jb_fault *fault)
{
    if (first == 0)
        return jb_fault_set(fault, JB_CONFIG,
                            "secret file %s (%s) is empty: write the secret into it", path, key);
    if (first >= size)
        return jb_fault_set(fault, JB_CONFIG,
                            "secret file %s (%s): a secret has at most %zu characters", path, key,
                            size - 1);
    if (!is_one_line(whole, first, len))
        return jb_fault_set(fault, JB_CONFIG,
                            "secret file %s (%s) holds more than one line: leave the secret alone "
                            "in it",
                            path, key);
    return JB_OK;
}

enum jb_err jb_secret_read(const char *path, const char *key, char *text, size_t size,
                           struct jb_fault *fault)
{
    char whole[FILE_BYTES];
    size_t first = 0;
    ssize_t n = 0;

    text[0] = '\0';
    enum jb_err err = check_link(path, key, fault);
    if (err != JB_OK)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang the start */
    if (fd < 0)
        return open_fault(path, key, fault);
    err = check_file(fd, path, key, fault);
    if (err == JB_OK && (n = read(fd, whole, sizeof whole)) < 0)
        err = jb_fault_set(fault, JB_IO, "secret file %s (%s) cannot be read: %s", path, key,
                           jb_errno_said(errno));
    (void)close(fd);
    size_t len = n > 0 ? (size_t)n : 0;
    while (first < len && strchr("\r\n", whole[first]) == NULL)
        first++; /* a NUL ends it too: strchr finds that */
    if (err == JB_OK)
        err = check_text(whole, len, first, path, key, size, fault);
    if (err == JB_OK) {
        memcpy(text, whole, first);
        text[first] = '\0';
    }
    explicit_bzero(whole, sizeof whole);
    return err;
}
