/* The handle: where it connects, what it says when something fails. */
#include "clients/lib/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/utf8.h"

#define AGENT_SOCKET "/run/jiaoban/agent.sock"
#define ADMIN_SOCKET "/run/jiaoban/admin.sock"
#define SCRATCH_BYTES (4 * JB_LOCAL_REQUEST_LIMIT)

enum jiaoban_status jb_client_fail(struct jiaoban *j, enum jiaoban_status status,
                                   const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        (void)snprintf(j->error, sizeof j->error, "%s", jiaoban_status_text(status));
    else
        (void)jb_text_printable(text, (size_t)len, j->error, sizeof j->error);
    if (len >= 0)
        free(text);
    return status;
}

const char *jiaoban_error_text(const struct jiaoban *j)
{
    return j != NULL ? j->error : jiaoban_status_text(JIAOBAN_NOMEM);
}

const char *jiaoban_path(const struct jiaoban *j)
{
    return j->path;
}

static enum jiaoban_status dial_failed(struct jiaoban *j, enum jb_err err,
                                       const struct jb_fault *fault)
{
    const char *who = j->admin ? "broker" : "agent";
    const char *program = j->admin ? "jiaoband" : "jiaoban-agent";

    if (err == JB_OFFLINE)
        return jb_client_fail(j, JIAOBAN_OFFLINE, "no %s listens at %s; is %s running?", who,
                              j->path, program);
    if (err == JB_DENIED)
        return jb_client_fail(j, JIAOBAN_DENIED,
                              "no permission to use %s; is your account in the group of %s?",
                              j->path, program);
    return jb_client_fail(j, (enum jiaoban_status)err, "%s", fault->text);
}

/* The other end has closed an idle connection: no reason to fail the next request. */
static bool hung_up(const struct jiaoban *j)
{
    char byte = 0;
    return j->fd >= 0 && j->calls_open == 0 && recv(j->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

enum jiaoban_status jb_client_dial(struct jiaoban *j, int wait_ms)
{
    struct jb_fault fault = {""};
    if (hung_up(j))
        jb_client_hang_up(j, JIAOBAN_CLOSED);
    if (j->fd >= 0)
        return JIAOBAN_OK;
    enum jb_err err = jb_local_dial(j->path, wait_ms, &j->fd, &fault);
    if (err != JB_OK)
        return dial_failed(j, err, &fault);
    return JIAOBAN_OK;
}

static enum jiaoban_status open_at(const char *path, bool admin, struct jiaoban **out)
{
    struct jiaoban *j = calloc(1, sizeof *j);
    *out = NULL;
    if (j == NULL)
        return JIAOBAN_NOMEM;
    j->fd = -1;
    j->seen_fd = -1;
    j->admin = admin;
    j->news_last = &j->news_first;
    jb_arena_init(&j->scratch, SCRATCH_BYTES);
    j->path = strdup(path);
    if (j->path == NULL) {
        free(j);
        return JIAOBAN_NOMEM;
    }
    *out = j;
    return jb_client_dial(j, JB_CLIENT_DIAL_MS);
}

static const char *path_or(const char *path, const char *variable, const char *fallback)
{
    if (path != NULL)
        return path;
    path = getenv(variable);
    return path != NULL && path[0] != '\0' ? path : fallback;
}

enum jiaoban_status jiaoban_open(const char *path, struct jiaoban **out)
{
    return open_at(path_or(path, "JIAOBAN_SOCKET", AGENT_SOCKET), false, out);
}

enum jiaoban_status jiaoban_open_admin(const char *path, struct jiaoban **out)
{
    return open_at(path_or(path, "JIAOBAN_ADMIN", ADMIN_SOCKET), true, out);
}

void jiaoban_close(struct jiaoban *j)
{
    if (j == NULL)
        return;
    j->interest = NULL;
    if (j->fd >= 0)
        close(j->fd);
    while (j->news_first != NULL) {
        struct jb_client_news *news = j->news_first;
        j->news_first = news->next;
        jiaoban_result_free(news->result);
        free(news);
    }
    jb_local_frame_fini(&j->in);
    jb_arena_fini(&j->scratch);
    free(j->calls);
    free(j->out);
    free(j->path);
    free(j);
}

int jiaoban_fd(const struct jiaoban *j)
{
    return j->fd;
}

unsigned jiaoban_wants(const struct jiaoban *j)
{
    if (j->fd < 0)
        return 0;
    return JIAOBAN_READ | (j->out_sent < j->out_len ? JIAOBAN_WRITE : 0);
}

void jb_client_interest(struct jiaoban *j)
{
    unsigned wants = jiaoban_wants(j);
    if (j->interest == NULL || (j->seen_fd == j->fd && j->seen_wants == wants))
        return;
    j->seen_fd = j->fd;
    j->seen_wants = wants;
    j->interest(j, j->fd, wants, j->interest_data);
}

void jiaoban_set_interest(struct jiaoban *j, jiaoban_interest_fn fn, void *data)
{
    j->interest = fn;
    j->interest_data = data;
    j->seen_fd = -1;
    j->seen_wants = 0;
    jb_client_interest(j);
}

enum jiaoban_status jb_client_args(struct jiaoban *j, const void *args, void *ours, size_t our_size,
                                   size_t first_size)
{
    size_t theirs = 0;
    memset(ours, 0, our_size);
    if (args == NULL)
        return JIAOBAN_OK;
    memcpy(&theirs, args, sizeof theirs); /* every such struct begins with size_t size */
    if (theirs < first_size || theirs > 65536)
        return jb_client_fail(j, JIAOBAN_RANGE,
                              "the size field of the arguments is %zu; set it to sizeof", theirs);
    const unsigned char *bytes = args;
    for (size_t i = our_size; i < theirs; i++)
        if (bytes[i] != 0)
            return jb_client_fail(j, JIAOBAN_UNSUPPORTED,
                                  "the arguments have fields that libjiaoban %s does not know",
                                  jiaoban_version());
    memcpy(ours, args, theirs < our_size ? theirs : our_size);
    return JIAOBAN_OK;
}
