/* Records pushed by another system in its own JSON: kept as a file in the drop folder of a
 * jiaoban-exchange, whose mapping says what its members mean. Answered when the file is on the
 * disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "clients/gateway/body.h"
#include "clients/gateway/gateway.h"
#include "clients/gateway/handlers.h"
#include "proto/base/log.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define NAME_BYTES 32
#define FILE_BYTES 64
#define LATER_MS 60000

/* A name of one folder, nothing that leads elsewhere. -1: answered. */
static int inbox_open(struct jb_gw_request *r)
{
    const char *name = r->numbers[0];
    const char *inboxes = r->gw->config->inboxes;
    size_t len = strlen(name);
    bool good = inboxes[0] != '\0' && len <= NAME_BYTES && strspn(name, NAME_CHARS) == len;
    int above = good ? open(inboxes, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int dir =
        above >= 0 ? openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    int error = errno;
    if (above >= 0)
        (void)close(above);
    if (dir < 0 && good && error != ENOENT)
        jb_gw_refuse_error(r, error == EACCES ? JB_DENIED : JB_IO, "[gateway] inboxes");
    else if (dir < 0)
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is no inbox of this name");
    return dir;
}

/* As many files lie there as may: the exchange does not keep up, or does not run. */
static bool is_full(const struct jb_gw_request *r, int dir)
{
    int64_t left = r->gw->config->inbox_files;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (list == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return true;
    }
    while (left > 0 && (entry = readdir(list)) != NULL)
        left -= strncmp(entry->d_name, "push-", 5) == 0;
    (void)closedir(list);
    return left <= 0;
}

static bool write_whole(int fd, const char *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, data + done, len - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

/* Under a hidden name until it is whole. */
static enum jb_err keep(const struct jb_gw_request *r, int dir)
{
    char name[FILE_BYTES], part[FILE_BYTES + 8], random[17];
    uint8_t bytes[8];
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2hex(random, sizeof random, bytes, sizeof bytes);
    (void)snprintf(name, sizeof name, "push-%" PRId64 "-%s.json", jb_gw_now(r->gw), random);
    (void)snprintf(part, sizeof part, ".%s", name);
    int fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool good = fd >= 0 && write_whole(fd, r->body, r->body_len) &&
                renameat2(dir, part, dir, name, RENAME_NOREPLACE) == 0 && fsync(dir) == 0;
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    if (fd >= 0 && !good)
        (void)unlinkat(dir, part, 0);
    if (good)
        return JB_OK;
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? JB_FULL : JB_IO;
}

void jb_gw_post_inbox(struct jb_gw_request *r)
{
    json_t *body = jb_gw_body(r);
    if (body == NULL)
        return;
    json_decref(body);
    int dir = inbox_open(r);
    if (dir < 0)
        return;
    if (is_full(r, dir)) {
        (void)close(dir);
        jb_log(JB_LOG_WARNING, "gateway", "inbox.full", "inbox=%s", r->numbers[0]);
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_FULL,
                                                       .detail = "the inbox is full: its records "
                                                                 "are not taken: send this later",
                                                       .retry_after_ms = LATER_MS});
        return;
    }
    enum jb_err err = keep(r, dir);
    (void)close(dir);
    if (err != JB_OK) {
        jb_log(JB_LOG_WARNING, "gateway", "inbox.not_kept", "error=%s", jb_err_name(err));
        jb_gw_refuse_error(r, err, "the inbox");
        return;
    }
    jb_gw_reply_empty(r, 202);
}
