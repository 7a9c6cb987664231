/* See listener.h. */
#include "clients/gateway/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128
#define WORD_BYTES 160

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
    struct sockaddr_storage room;
};

/* ---- reading addresses ---- */

static bool port_read(const char *text, in_port_t *port)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long number = strtoul(text, &end, 10);
    *port = htons((uint16_t)number);
    return *end == '\0' && number <= 65535;
}

/* "127.0.0.1:8480", "[::1]:8480" */
static bool tcp_read(const char *word, union address *a, socklen_t *len)
{
    char host[64];
    const char *colon = strrchr(word, ':');
    in_port_t port;
    if (colon == NULL || !port_read(colon + 1, &port) || (size_t)(colon - word) >= sizeof host)
        return false;
    size_t bytes = (size_t)(colon - word);
    bool six = bytes > 2 && word[0] == '[' && word[bytes - 1] == ']';
    (void)snprintf(host, sizeof host, "%.*s", (int)(six ? bytes - 2 : bytes), word + six);
    memset(a, 0, sizeof *a);
    if (six) {
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = port;
        *len = sizeof a->v6;
        return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
    }
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = port;
    *len = sizeof a->v4;
    return inet_pton(AF_INET, host, &a->v4.sin_addr) == 1;
}

static bool unix_read(const char *path, union address *a, socklen_t *len)
{
    size_t bytes = strlen(path);
    memset(a, 0, sizeof *a);
    a->local.sun_family = AF_UNIX;
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes + 1);
    if (path[0] != '/' || bytes >= sizeof a->local.sun_path)
        return false;
    memcpy(a->local.sun_path, path, bytes);
    return true;
}

static bool address_read(const char *word, union address *a, socklen_t *len)
{
    if (strncmp(word, "unix:", 5) == 0)
        return unix_read(word + 5, a, len);
    return tcp_read(word, a, len);
}

static bool is_loopback(const union address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    return a->any.sa_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

struct jb_gw_listen jb_gw_listen_inside(const struct jb_gw_config *c)
{
    return (struct jb_gw_listen){"[http] listen", c->listen, c->beyond_loopback, c->socket_mode};
}

struct jb_gw_listen jb_gw_listen_window(const struct jb_gw_config *c)
{
    return (struct jb_gw_listen){"[window] listen", c->window_listen, c->window_beyond_loopback,
                                 c->socket_mode};
}

enum jb_err jb_gw_listen_check(const struct jb_gw_listen *l, struct jb_fault *fault)
{
    char word[WORD_BYTES];
    const char *at = l->list;
    size_t count = 0;
    while (jb_gw_list_next(&at, word, sizeof word)) {
        union address a;
        socklen_t len;
        if (!address_read(word, &a, &len))
            return jb_fault_set(fault, JB_CONFIG,
                                "%s: %s: must be like 127.0.0.1:8480, [::1]:8480 or "
                                "unix:/run/jiaoban-gateway/http.sock",
                                l->key, word);
        if (!is_loopback(&a) && !l->beyond_loopback)
            return jb_fault_set(fault, JB_CONFIG,
                                "%s: %s is not a loopback address: put a reverse proxy with TLS "
                                "before it, or say beyond_loopback = yes",
                                l->key, word);
        if (++count > JB_GW_LISTENERS)
            return jb_fault_set(fault, JB_CONFIG, "%s: more than %d", l->key, JB_GW_LISTENERS);
    }
    for (int64_t scale = 100; scale > 0; scale /= 10)
        if (l->socket_mode / scale % 10 > 7)
            return jb_fault_set(fault, JB_CONFIG, "[http] socket_mode = %d: not octal digits",
                                (int)l->socket_mode);
    return JB_OK;
}

/* ---- opening ---- */

static enum jb_err failed(const char *word, struct jb_fault *fault)
{
    int code = errno;
    enum jb_err err = code == EADDRINUSE                  ? JB_LOCKED
                      : code == EACCES || code == EPERM   ? JB_DENIED
                      : code == ENOENT || code == ENOTDIR ? JB_NOT_FOUND
                      : code == ENOMEM || code == ENOBUFS ? JB_NOMEM
                                                          : JB_IO;
    return jb_fault_set(fault, err, "%s: %s", word, strerror(code));
}

/* A socket's file on which nobody answers is of no use to anybody. */
static void remove_stale(const union address *a, socklen_t len)
{
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &a->any, len) != 0 && errno == ECONNREFUSED &&
        lstat(a->local.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(a->local.sun_path);
    (void)close(fd);
}

static mode_t mode_of(int64_t digits)
{
    return (mode_t)((digits / 100 % 10) << 6 | (digits / 10 % 10) << 3 | digits % 10);
}

static int bind_unix(int fd, const union address *a, socklen_t len, mode_t mode)
{
    remove_stale(a, len);
    mode_t before = umask(0777); /* nobody connects before it has its mode */
    int rc = bind(fd, &a->any, len);
    (void)umask(before);
    return rc == 0 ? chmod(a->local.sun_path, mode) : rc;
}

static void name_of(struct jb_gw_listener *l, const char *word)
{
    union address a = {.room = {0}};
    socklen_t len = sizeof a;
    char host[INET6_ADDRSTRLEN] = "";
    (void)snprintf(l->text, sizeof l->text, "%s", word);
    if (getsockname(l->fd, &a.any, &len) != 0)
        return;
    if (a.any.sa_family == AF_INET && inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host))
        (void)snprintf(l->text, sizeof l->text, "%s:%u", host, ntohs(a.v4.sin_port));
    if (a.any.sa_family == AF_INET6 && inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host))
        (void)snprintf(l->text, sizeof l->text, "[%s]:%u", host, ntohs(a.v6.sin6_port));
}

static enum jb_err open_one(const struct jb_gw_listen *of, const char *word,
                            struct jb_gw_listener *l, struct jb_fault *fault)
{
    union address a = {.room = {0}};
    socklen_t len = 0;
    int yes = 1;
    int rc;
    *l = (struct jb_gw_listener){.fd = -1};
    if (!address_read(word, &a, &len))
        return jb_fault_set(fault, JB_CONFIG, "%s: %s", of->key, word);
    l->fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return failed(word, fault);
    if (a.any.sa_family == AF_UNIX) {
        rc = bind_unix(l->fd, &a, len, mode_of(of->socket_mode));
        if (rc == 0)
            (void)snprintf(l->path, sizeof l->path, "%s", a.local.sun_path);
    } else {
        (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (a.any.sa_family == AF_INET6)
            (void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        rc = bind(l->fd, &a.any, len);
    }
    if (rc != 0 || listen(l->fd, BACKLOG) != 0) {
        enum jb_err err = failed(word, fault);
        jb_gw_listen_close(l);
        return err;
    }
    name_of(l, word);
    return JB_OK;
}

enum jb_err jb_gw_listen(const struct jb_gw_listen *l, struct jb_gw_listener *out, size_t *count,
                         struct jb_fault *fault)
{
    char word[WORD_BYTES];
    const char *at = l->list;
    enum jb_err err = JB_OK;
    *count = 0;
    while (err == JB_OK && *count < JB_GW_LISTENERS && jb_gw_list_next(&at, word, sizeof word)) {
        err = open_one(l, word, &out[*count], fault);
        *count += err == JB_OK;
    }
    for (size_t i = 0; err != JB_OK && i < *count; i++)
        jb_gw_listen_close(&out[i]);
    return err;
}

void jb_gw_listen_close(struct jb_gw_listener *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->path[0] != '\0')
        (void)unlink(l->path);
    *l = (struct jb_gw_listener){.fd = -1};
}
