/* Is there a record, and how a new one begins.
 *
 * To SQLite a file that is missing or empty is a new database. To us it may be a whole county's
 * record that a disk has lost: a new one begins only where nothing of a former one is left. Looks
 * at names and sizes only: to open an empty file would make SQLite delete the log beside it. */
#include "proto/ledger/begin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/ledger/blobfile.h"

#define PATH_BYTES 4096
#define BEGUN ".begin" /* after the file's name: a beginning that did not come to its end */

/* Beside a record's file, whatever that is called: made once there is a record, and kept. */
static const char *const companions[] = {"blobs", "reserve"};
/* What SQLite puts beside a file. */
static const char *const endings[] = {"-wal", "-shm", "-journal"};

/* ---- looking ---- */

/* The folder of `path`, with its slash or "."; and the name in it. */
static const char *split(const char *path, char folder[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(folder, PATH_BYTES, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
                   slash != NULL ? path : ".");
    return slash != NULL ? slash + 1 : path;
}

static bool belongs(const char *found, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        if (strcmp(found, companions[i]) == 0)
            return true;
    if (strncmp(found, name, len) != 0 || (found[len] != '-' && found[len] != '.'))
        return false;
    return strncmp(found + len, BEGUN, sizeof BEGUN - 1) != 0;
}

/* What is left of a record whose file is gone: the first name, as they sort. OK: `out` has it, or
 * is empty. As long as it is not known what lies there, nothing begins. */
static enum jb_err left_over(const char *path, char *out, size_t size, struct jb_fault *fault)
{
    char folder[PATH_BYTES];
    const char *name = split(path, folder);
    struct dirent **found = NULL;
    int count = scandir(folder, &found, NULL, alphasort);

    out[0] = '\0';
    if (count < 0)
        return errno == ENOENT ? JB_OK
                               : jb_fault_set(fault, jb_blobfile_error(errno), "%s: %s", folder,
                                              jb_errno_said(errno));
    for (int i = 0; i < count; i++) {
        if (out[0] == '\0' && belongs(found[i]->d_name, name))
            (void)snprintf(out, size, "%s", found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return JB_OK;
}

enum jb_err jb_begin_empty(const char *path, struct jb_fault *fault)
{
    return jb_fault_set(fault, JB_CORRUPT,
                        "%s: is empty; what was in it is gone. Check the disk. A broker's record "
                        "comes back with jiaoband restore, an agency's replica from the broker. "
                        "For a new record move the whole folder aside, and keep it",
                        path);
}

static enum jb_err missing(const char *path, struct jb_fault *fault)
{
    char rest[NAME_MAX + 1];
    struct stat st;

    if (lstat(path, &st) == 0)
        return jb_fault_set(fault, JB_CORRUPT,
                            "%s: is a link, and the file that it leads to is missing. Check that "
                            "its disk is there, or put the link right",
                            path);
    enum jb_err err = left_over(path, rest, sizeof rest, fault);
    if (err != JB_OK)
        return err;
    if (rest[0] == '\0')
        return jb_fault_set(fault, JB_NOT_FOUND,
                            "%s: there is no record; see whether this is the right folder", path);
    return jb_fault_set(fault, JB_CORRUPT,
                        "%s: is missing, although %s beside it shows that there was one. Check the "
                        "disk. Move the whole folder aside, and keep it; a broker's record then "
                        "comes back with jiaoband restore, an agency's replica from the broker, "
                        "and where there never was one a new record begins",
                        path, rest);
}

enum jb_err jb_ledger_look(const char *path, struct jb_fault *fault)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT ? missing(path, fault) : JB_OK; /* opening it will say why */
    return S_ISREG(st.st_mode) && st.st_size == 0 ? jb_begin_empty(path, fault) : JB_OK;
}

/* ---- names and folders ---- */

static enum jb_err companions_drop(const char *path, bool *dropped)
{
    char name[PATH_BYTES + 16];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (unlink(name) == 0)
            *dropped = true;
        else if (errno != ENOENT)
            return jb_blobfile_error(errno);
    }
    return JB_OK;
}

enum jb_err jb_begin_alone(const char *path, struct jb_fault *fault)
{
    char name[PATH_BYTES + 16];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (access(name, F_OK) == 0)
            return jb_fault_set(fault, JB_EXISTS,
                                "%s: is of a record that was here, and would be read into the "
                                "restored one. Move the whole folder aside, and keep it",
                                name);
    }
    return JB_OK;
}

void jb_begin_drop(const char *part)
{
    bool dropped = false;

    (void)unlink(part);
    (void)!companions_drop(part, &dropped);
}

enum jb_err jb_begin_publish(const char *part, const char *path, struct jb_fault *fault)
{
    char folder[PATH_BYTES];

    (void)split(path, folder);
    enum jb_err err = rename(part, path) == 0 ? jb_blobfile_sync_folder(folder) : JB_IO;
    return err == JB_OK ? err : jb_fault_set(fault, JB_IO, "%s: %s", path, jb_errno_said(errno));
}

/* ---- beginning ---- */

/* Everything in the file and nothing beside it: only then does it keep all when it is renamed. */
static enum jb_err settle(struct jb_ledger **l, const char *part, struct jb_fault *fault)
{
    char wal[PATH_BYTES + 16];
    int rc = sqlite3_wal_checkpoint_v2((*l)->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    enum jb_err err = rc == SQLITE_OK ? JB_OK : jb_db_fail(*l, rc);

    if (err != JB_OK)
        (void)jb_fault_set(fault, err, "%s: %s", part, (*l)->error);
    jb_ledger_close(l);
    (void)snprintf(wal, sizeof wal, "%s-wal", part);
    if (err == JB_OK && access(wal, F_OK) == 0)
        err = jb_fault_set(fault, JB_IO, "%s: still there after it was closed", wal);
    return err;
}

/* The log of a file that is gone would be read as that of the one that takes its name. */
static enum jb_err make_room(const char *path, struct jb_fault *fault)
{
    char folder[PATH_BYTES];
    bool dropped = false;
    enum jb_err err = companions_drop(path, &dropped);

    (void)split(path, folder);
    if (err == JB_OK && dropped)
        err = jb_blobfile_sync_folder(folder);
    return err == JB_OK ? err : jb_fault_set(fault, err, "%s: %s", folder, jb_errno_said(errno));
}

static enum jb_err make(const char *path, const struct jb_ledger_options *options,
                        struct jb_fault *fault)
{
    struct jb_ledger *l = NULL;
    char part[PATH_BYTES];
    int len = snprintf(part, sizeof part, "%s" BEGUN, path);

    if (len < 0 || (size_t)len >= sizeof part)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: the path is too long", path);
    jb_begin_drop(part);
    enum jb_err err = jb_ledger_file_open(part, options, true, &l, fault);
    if (err == JB_OK)
        err = settle(&l, part, fault);
    if (err == JB_OK)
        err = make_room(path, fault);
    if (err == JB_OK)
        err = jb_begin_publish(part, path, fault);
    if (err != JB_OK)
        jb_begin_drop(part);
    return err;
}

/* One at a time in a folder: whoever comes second finds the file of the first. Where a folder
 * cannot be locked, the data folder's own lock must do. */
static int lock_folder(const char *path)
{
    char folder[PATH_BYTES];

    (void)split(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)flock(fd, LOCK_EX);
    return fd;
}

static bool may_begin(const struct jb_ledger_options *options, enum jb_err found)
{
    if (options->read_only || options->make == JB_LEDGER_KEEP)
        return false;
    return found == JB_NOT_FOUND || (found == JB_CORRUPT && options->make == JB_LEDGER_ANEW);
}

enum jb_err jb_begin(const char *path, const struct jb_ledger_options *options,
                     struct jb_fault *fault)
{
    struct jb_fault why = {""};
    enum jb_err err = jb_ledger_look(path, &why);

    if (may_begin(options, err)) {
        int fd = lock_folder(path);
        err = jb_ledger_look(path, &why);
        if (may_begin(options, err))
            err = make(path, options, &why);
        if (fd >= 0)
            (void)close(fd);
    }
    if (err != JB_OK)
        *fault = why;
    return err;
}
