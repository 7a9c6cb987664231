/* See site.h. */
#include "clients/gateway/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define OWN_NAME_BYTES 100 /* of a file in its folder */

struct jb_gw_site {
    struct jb_gw_file files[JB_GW_SITE_FILES]; /* by name */
    size_t count;
    size_t bytes; /* of all */
};

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
};

/* ---- names ---- */

static bool ends_in(const char *name, size_t len, const char *ending)
{
    size_t n = strlen(ending);
    return len > n && memcmp(name + len - n, ending, n) == 0;
}

/* Of a file or of its compressed form; NULL: none that is served. */
static const char *type_of(const char *name)
{
    size_t len = strlen(name);
    if (ends_in(name, len, ".gz"))
        len -= 3;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (ends_in(name, len, types[i].ending))
            return types[i].type;
    return NULL;
}

static bool name_plain(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '.' && strspn(name, plain) == strlen(name) && strlen(name) <= OWN_NAME_BYTES;
}

/* ---- reading ---- */

static enum jb_err failed(const char *name, struct jb_fault *fault)
{
    int code = errno;
    enum jb_err err = code == EACCES || code == EPERM ? JB_DENIED
                      : code == ENOMEM                ? JB_NOMEM
                                                      : JB_IO;
    return jb_fault_set(fault, err, "[gateway] console: %s: %s", name, strerror(code));
}

static void tag_make(struct jb_gw_file *f)
{
    uint8_t hash[crypto_generichash_BYTES];
    char hex[2 * sizeof hash + 1];
    (void)crypto_generichash(hash, sizeof hash, f->data, f->bytes, NULL, 0);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)snprintf(f->tag, sizeof f->tag, "\"%.20s\"", hex);
}

static enum jb_err contents_read(int fd, struct jb_gw_file *f, struct jb_fault *fault)
{
    size_t got = 0;
    f->data = malloc(f->bytes + 1);
    if (f->data == NULL)
        return JB_NOMEM;
    while (got < f->bytes) {
        ssize_t n = read(fd, f->data + got, f->bytes - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(f->name, fault);
        if (n == 0)
            return jb_fault_set(fault, JB_IO, "[gateway] console: %s: it became shorter", f->name);
        got += (size_t)n;
    }
    tag_make(f);
    return JB_OK;
}

static enum jb_err room_for_one(const struct jb_gw_site *site, size_t bytes, struct jb_fault *fault)
{
    if (site->count < JB_GW_SITE_FILES && bytes <= JB_GW_SITE_BYTES - site->bytes)
        return JB_OK;
    return jb_fault_set(fault, JB_TOO_LARGE,
                        "[gateway] console: more than %d files or %d bytes: is it the folder of "
                        "the built console?",
                        JB_GW_SITE_FILES, JB_GW_SITE_BYTES);
}

static enum jb_err file_take(struct jb_gw_site *site, int folder, const char *in, const char *name,
                             struct jb_fault *fault)
{
    struct stat st;
    const char *type = type_of(name);
    if (type == NULL || !name_plain(name))
        return JB_OK;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? JB_OK : failed(name, fault);
    enum jb_err err = fstat(fd, &st) == 0 ? JB_OK : failed(name, fault);
    bool regular = err == JB_OK && S_ISREG(st.st_mode);
    if (regular)
        err = room_for_one(site, (size_t)st.st_size, fault);
    if (err == JB_OK && regular) {
        struct jb_gw_file *f = &site->files[site->count++];
        *f = (struct jb_gw_file){.type = type, .bytes = (size_t)st.st_size};
        (void)snprintf(f->name, sizeof f->name, "%s%.*s", in, OWN_NAME_BYTES, name);
        site->bytes += f->bytes;
        err = contents_read(fd, f, fault);
    }
    (void)close(fd);
    return err;
}

/* All files of one folder. Takes the descriptor. */
static enum jb_err folder_take(struct jb_gw_site *site, int fd, const char *in,
                               struct jb_fault *fault)
{
    DIR *dir = fdopendir(fd);
    enum jb_err err = JB_OK;
    if (dir == NULL) {
        err = failed("its folder", fault);
        (void)close(fd);
        return err;
    }
    while (err == JB_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            err = errno == 0 ? JB_OK : failed("its folder", fault);
            break;
        }
        err = file_take(site, fd, in, entry->d_name, fault);
    }
    (void)closedir(dir);
    return err;
}

static enum jb_err read_all(struct jb_gw_site *site, const char *folder, struct jb_fault *fault)
{
    int top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) {
        jb_log(JB_LOG_WARNING, "gateway", "console.missing", "folder=\"%s\"", folder);
        return errno == ENOENT ? JB_OK : failed(folder, fault);
    }
    int assets = openat(top, "assets", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    enum jb_err err = folder_take(site, top, "", fault);
    if (assets < 0)
        return err;
    if (err == JB_OK)
        return folder_take(site, assets, "assets/", fault);
    (void)close(assets);
    return err;
}

/* ---- life cycle ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct jb_gw_file *)a)->name, ((const struct jb_gw_file *)b)->name);
}

enum jb_err jb_gw_site_open(const char *folder, struct jb_gw_site **out, struct jb_fault *fault)
{
    struct jb_gw_site *site = calloc(1, sizeof *site);
    *out = NULL;
    if (site == NULL)
        return JB_NOMEM;
    enum jb_err err = folder[0] != '\0' ? read_all(site, folder, fault) : JB_OK;
    if (err != JB_OK) {
        jb_gw_site_close(&site);
        return err;
    }
    if (site->count > 0)
        qsort(site->files, site->count, sizeof site->files[0], by_name);
    *out = site;
    return JB_OK;
}

void jb_gw_site_close(struct jb_gw_site **site)
{
    struct jb_gw_site *s = *site;
    if (s == NULL)
        return;
    *site = NULL;
    for (size_t i = 0; i < s->count; i++)
        free(s->files[i].data);
    free(s);
}

size_t jb_gw_site_count(const struct jb_gw_site *site)
{
    return site->count;
}

const struct jb_gw_file *jb_gw_site_find(const struct jb_gw_site *site, const char *folder,
                                         const char *name, bool gzip)
{
    struct jb_gw_file key = {.bytes = 0};
    int n = snprintf(key.name, sizeof key.name, "%s%s%s%s", folder, folder[0] != '\0' ? "/" : "",
                     name, gzip ? ".gz" : "");
    if (n < 0 || (size_t)n >= sizeof key.name || site->count == 0)
        return NULL;
    return bsearch(&key, site->files, site->count, sizeof site->files[0], by_name);
}

/* ---- negotiation ---- */

/* "q=0", "q=0.000": not at all. */
static bool is_refused(const char *params, size_t len)
{
    const char *q = memmem(params, len, "q=", 2);
    size_t zeros = q != NULL ? strspn(q + 2, "0.") : 0;
    return zeros > 0 && (q[2 + zeros] < '1' || q[2 + zeros] > '9');
}

bool jb_gw_takes_gzip(const char *accept)
{
    while (accept != NULL && *accept != '\0') {
        accept += strspn(accept, " \t,");
        size_t len = strcspn(accept, ",");
        size_t name = strcspn(accept, "; \t,");
        if (name == 4 && strncasecmp(accept, "gzip", 4) == 0)
            return !is_refused(accept + name, len - name);
        accept += len;
    }
    return false;
}
