/* The link between a handle and a libuv loop: a poll handle that follows the handle's descriptor.
 */
#include "clients/lib/jiaoban_uv.h"

#include <stdlib.h>

struct jiaoban_uv {
    struct jiaoban *j; /* NULL once detached */
    uv_loop_t *loop;
    uv_poll_t *poll; /* NULL while the handle is not connected; freed by its close callback */
    int fd;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

/* uv_close is asynchronous but stops watching the descriptor at once, so it may be closed next. */
static void poll_end(struct jiaoban_uv *link)
{
    if (link->poll != NULL) {
        link->poll->data = NULL;
        uv_close((uv_handle_t *)link->poll, on_closed);
    }
    link->poll = NULL;
    link->fd = -1;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct jiaoban_uv *link = poll->data;
    (void)status;
    (void)events;
    if (link != NULL && link->j != NULL)
        (void)jiaoban_process(link->j); /* failures reach the callbacks */
}

static int poll_begin(struct jiaoban_uv *link, int fd)
{
    uv_poll_t *poll = malloc(sizeof *poll);
    if (poll == NULL)
        return UV_ENOMEM;
    int rc = uv_poll_init(link->loop, poll, fd);
    if (rc != 0) {
        free(poll);
        return rc;
    }
    poll->data = link;
    link->poll = poll;
    link->fd = fd;
    return 0;
}

static int follow(struct jiaoban_uv *link, int fd, unsigned wants)
{
    int rc = 0;
    if (fd != link->fd)
        poll_end(link);
    if (fd < 0)
        return 0;
    if (link->poll == NULL)
        rc = poll_begin(link, fd);
    if (rc != 0)
        return rc;
    int events = UV_DISCONNECT | (wants & JIAOBAN_READ ? UV_READABLE : 0) |
                 (wants & JIAOBAN_WRITE ? UV_WRITABLE : 0);
    return uv_poll_start(link->poll, events, on_ready);
}

static void on_interest(struct jiaoban *j, int fd, unsigned wants, void *data)
{
    (void)j;
    (void)follow(data, fd, wants);
}

enum jiaoban_status jiaoban_uv_attach(uv_loop_t *loop, struct jiaoban *j, struct jiaoban_uv **out)
{
    struct jiaoban_uv *link = calloc(1, sizeof *link);
    if (link == NULL)
        return JIAOBAN_NOMEM;
    *link = (struct jiaoban_uv){.j = j, .loop = loop, .fd = -1};
    int rc = follow(link, jiaoban_fd(j), jiaoban_wants(j));
    if (rc != 0) {
        poll_end(link);
        free(link);
        return rc == UV_ENOMEM ? JIAOBAN_NOMEM : JIAOBAN_IO;
    }
    jiaoban_set_interest(j, on_interest, link);
    *out = link;
    return JIAOBAN_OK;
}

void jiaoban_uv_detach(struct jiaoban_uv *link)
{
    if (link == NULL)
        return;
    jiaoban_set_interest(link->j, NULL, NULL);
    poll_end(link);
    free(link);
}
