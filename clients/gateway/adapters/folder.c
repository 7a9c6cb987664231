/* The drop folder. A file goes through it like this; each arrow can be repeated after a crash:
 *
 *     inbox/NAME -> rows decided (store) -> done/ID-NAME.report.csv -> done/ID-NAME -> finished
 *
 * Only regular files with one name are read, through descriptors of their folder, never through a
 * link, and only when nobody has changed them for a while. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/gateway/adapters/adapter.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define NAME_BYTES 200 /* of a file; with number and suffix it must fit into 255 */
#define FILES_MAX 1000 /* of one look */

struct folder {
    struct jb_ex_desk *desk;
    int inbox, done, refused;
    struct jb_ex_counts *counts;
    struct jb_fault *fault;
};

static enum jb_err failed(struct folder *f, const char *what)
{
    enum jb_err err = errno == EACCES || errno == EPERM ? JB_DENIED
                      : errno == ENOSPC                 ? JB_FULL
                                                        : JB_IO;
    return jb_fault_set(f->fault, err, "%s: %s", what, strerror(errno));
}

/* ---- folders ---- */

static enum jb_err subfolder(struct folder *f, const char *name, int *out)
{
    if (mkdirat(f->inbox, name, 0750) != 0 && errno != EEXIST)
        return failed(f, name);
    *out = openat(f->inbox, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out >= 0 ? JB_OK : failed(f, name);
}

static enum jb_err folders_open(struct folder *f)
{
    const char *path = f->desk->config->folder;
    f->inbox = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->inbox < 0)
        return failed(f, path);
    enum jb_err err = subfolder(f, "done", &f->done);
    return err == JB_OK ? subfolder(f, "refused", &f->refused) : err;
}

static void folders_close(const struct folder *f)
{
    const int fds[] = {f->inbox, f->done, f->refused};
    for (size_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

/* ---- putting away ---- */

struct put_away {
    const char *name;    /* in the inbox */
    int64_t number;      /* of the file, or the time */
    int64_t file;        /* in the store; 0: it is not there */
    const char *verdict; /* "" it was read */
};

/* The report first: a file without one would be a riddle. */
static enum jb_err put_away(struct folder *f, const struct put_away *p)
{
    char target[NAME_BYTES + 64], report[NAME_BYTES + 96];
    int dir = p->verdict[0] != '\0' ? f->refused : f->done;
    (void)snprintf(target, sizeof target, "%06" PRId64 "-%s", p->number, p->name);
    (void)snprintf(report, sizeof report, "%s.report.csv", target);
    enum jb_err err = jb_ex_report_write(f->desk, dir, report, p->file, p->verdict, f->fault);
    if (err != JB_OK)
        return err;
    if (renameat2(f->inbox, p->name, dir, target, RENAME_NOREPLACE) != 0)
        return failed(f, p->name);
    jb_ex_point(f->desk);
    if (fsync(dir) != 0 || fsync(f->inbox) != 0)
        return failed(f, p->name);
    if (p->file == 0)
        return JB_OK;
    err = jb_ex_file_finish(f->desk->store, p->file, jb_ex_desk_now(f->desk));
    jb_ex_point(f->desk);
    return err;
}

/* Files that have been moved but not finished: after a crash, or because rows of theirs that had
 * waited for the line have been decided since. Their reports are written anew. */
static enum jb_err finish_moved(struct folder *f)
{
    struct jb_ex_store *store = f->desk->store;
    struct jb_ex_file file = {.id = 0};
    char name[NAME_BYTES + 1], target[NAME_BYTES + 64], report[NAME_BYTES + 96];
    struct stat st;
    enum jb_err err;
    while ((err = jb_ex_file_decided(store, file.id, &file, name, sizeof name)) == JB_OK) {
        int dir = file.verdict[0] != '\0' ? f->refused : f->done;
        (void)snprintf(target, sizeof target, "%06" PRId64 "-%s", file.id, name);
        (void)snprintf(report, sizeof report, "%s.report.csv", target);
        if (fstatat(dir, target, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        err = jb_ex_report_write(f->desk, dir, report, file.id, file.verdict, f->fault);
        if (err == JB_OK)
            err = jb_ex_file_finish(store, file.id, jb_ex_desk_now(f->desk));
        if (err != JB_OK)
            return err;
    }
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* ---- one file ---- */

/* What kind of thing it must not be; NULL: a file that can be read. */
static const char *unfit(const struct stat *st, const struct jb_ex_config *c)
{
    if (S_ISLNK(st->st_mode))
        return N_("a symbolic link: only files themselves are read");
    if (!S_ISREG(st->st_mode))
        return N_("not a regular file");
    if (st->st_nlink != 1)
        return N_("a file with several names (hard links) is not read");
    if (st->st_size > c->file_bytes)
        return N_("larger than the limit of a file");
    return NULL;
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ino == b->st_ino &&
           a->st_dev == b->st_dev;
}

static bool settled(const struct folder *f, const struct stat *st)
{
    int64_t changed_ms = st->st_mtim.tv_sec * INT64_C(1000) + st->st_mtim.tv_nsec / 1000000;
    return jb_clock_now_ms() - changed_ms >= f->desk->config->settle_ms;
}

/* The whole file, if it stays the same while it is read. *data NULL: it does not, or is gone. */
static enum jb_err read_whole(struct folder *f, const char *name, const struct stat *seen,
                              struct jb_bytes *out)
{
    struct stat before, after;
    size_t size = (size_t)seen->st_size, len = 0;
    *out = (struct jb_bytes){NULL, 0};
    int fd = openat(f->inbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? JB_OK : failed(f, name);
    uint8_t *data = malloc(size + 1);
    bool good = data != NULL && fstat(fd, &before) == 0 && same(seen, &before);
    while (good && len <= size) {
        ssize_t n = read(fd, data + len, size + 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    good = good && len == size && fstat(fd, &after) == 0 && same(&before, &after);
    (void)close(fd);
    if (data == NULL)
        return JB_NOMEM;
    if (good)
        *out = (struct jb_bytes){data, len};
    else
        free(data);
    return JB_OK;
}

static enum jb_err take_one(struct folder *f, const char *name, const struct stat *st)
{
    struct jb_ex_file file;
    struct jb_bytes bytes;
    const struct jb_ex_input in = {f->inbox, name};
    enum jb_err err = read_whole(f, name, st, &bytes);
    if (err != JB_OK || bytes.data == NULL)
        return err;
    err = jb_ex_file_take(f->desk, &in, bytes, &file, f->counts, f->fault);
    free((void *)(uintptr_t)bytes.data);
    if (err != JB_OK)
        return err;
    f->counts->files++;
    jb_log(file.verdict[0] != '\0' ? JB_LOG_WARNING : JB_LOG_NOTICE, "exchange", "file.decided",
           "file=%" PRId64 " refused=%d", file.id, file.verdict[0] != '\0');
    const struct put_away p = {name, file.id, file.id, file.verdict};
    return put_away(f, &p);
}

static enum jb_err look_at(struct folder *f, const char *name)
{
    struct stat st;
    if (fstatat(f->inbox, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? JB_OK : failed(f, name);
    if (S_ISDIR(st.st_mode))
        return JB_OK;
    const char *why = unfit(&st, f->desk->config);
    if (S_ISREG(st.st_mode) && !settled(f, &st))
        return JB_OK;
    if (why == NULL)
        return take_one(f, name, &st);
    const struct put_away p = {name, jb_ex_desk_now(f->desk), 0, _(why)};
    jb_log(JB_LOG_WARNING, "exchange", "file.unfit", "why=\"%s\"", why);
    return put_away(f, &p);
}

/* ---- the whole folder ---- */

/* Hidden files, temporary names, other suffixes are left alone. */
static int wanted(const struct dirent *e)
{
    static const char *const suffixes[] = {".csv", ".xlsx", ".json"};
    size_t len = strlen(e->d_name);
    if (e->d_name[0] == '.' || e->d_name[0] == '~' || len > NAME_BYTES ||
        jb_text_check_line(e->d_name, len) != JB_OK)
        return 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t tail = strlen(suffixes[i]);
        if (len > tail && strcasecmp(e->d_name + len - tail, suffixes[i]) == 0)
            return 1;
    }
    return 0;
}

enum jb_err jb_ex_folder_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                              struct jb_fault *fault)
{
    struct folder f = {d, -1, -1, -1, counts, fault};
    struct dirent **names = NULL;
    int count = 0;
    enum jb_err err = folders_open(&f);
    if (err == JB_OK)
        err = finish_moved(&f);
    if (err == JB_OK && (count = scandirat(f.inbox, ".", &names, wanted, alphasort)) < 0)
        err = failed(&f, d->config->folder);
    for (int i = 0; i < count; i++) {
        if (err == JB_OK && i < FILES_MAX && !*d->stop)
            err = look_at(&f, names[i]->d_name);
        free(names[i]);
    }
    free((void *)names);
    folders_close(&f);
    return err;
}
