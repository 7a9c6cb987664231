/* See hooksend.h. */
#include "clients/gateway/hooksend.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/utf8.h"

#define ANSWER_BYTES ((curl_off_t)65536) /* of a receiver's answer, at most */
#define WAIT_SECONDS_MAX 86400

struct jb_gw_sender {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    const char *ca;
    int64_t timeout_ms;
};

struct watched { /* a socket of libcurl's; freed by its close callback */
    uv_poll_t poll;
    struct jb_gw_sender *sender;
    curl_socket_t fd;
};

/* ---- what is done ---- */

static void post_forget(struct jb_gw_post *post)
{
    curl_slist_free_all(post->headers);
    curl_easy_cleanup(post->easy);
    post->easy = post->headers = NULL;
}

static void tell(struct jb_gw_post *post, CURLcode code)
{
    long status = 0;
    curl_off_t wait_s = 0;
    (void)curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &wait_s);
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR && code != CURLE_FILESIZE_EXCEEDED)
        status = 0; /* an answer that was cut short says nothing */
    post_forget(post);
    if (wait_s < 0 || wait_s > WAIT_SECONDS_MAX)
        wait_s = WAIT_SECONDS_MAX;
    post->done(post->data, status, status == 0 ? curl_easy_strerror(code) : "",
               (int64_t)wait_s * 1000);
}

static void collect(struct jb_gw_sender *s)
{
    const CURLMsg *message;
    int left = 0;
    while ((message = curl_multi_info_read(s->multi, &left)) != NULL) {
        char *post = NULL;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &post);
        (void)curl_multi_remove_handle(s->multi, easy);
        tell((struct jb_gw_post *)(void *)post, code);
    }
}

/* ---- the loop ---- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct watched *w = poll->data;
    struct jb_gw_sender *s = w->sender;
    int running = 0;
    int what = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0) |
               (status < 0 ? CURL_CSELECT_ERR : 0);
    (void)curl_multi_socket_action(s->multi, w->fd, what, &running);
    collect(s);
}

static void on_timer(uv_timer_t *timer)
{
    struct jb_gw_sender *s = timer->data;
    int running = 0;
    (void)curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(s);
}

static int set_timer(CURLM *multi, long ms, void *data)
{
    struct jb_gw_sender *s = data;
    (void)multi;
    if (ms < 0)
        return uv_timer_stop(&s->timer);
    return uv_timer_start(&s->timer, on_timer, (uint64_t)(ms > 0 ? ms : 1), 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watched *watch_begin(struct jb_gw_sender *s, curl_socket_t fd)
{
    struct watched *w = calloc(1, sizeof *w);
    if (w == NULL || uv_poll_init_socket(s->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    *w = (struct watched){.poll = w->poll, .sender = s, .fd = fd};
    w->poll.data = w;
    (void)curl_multi_assign(s->multi, fd, w);
    return w;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
    struct jb_gw_sender *s = data;
    struct watched *w = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            (void)uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, on_closed);
            (void)curl_multi_assign(s->multi, fd, NULL);
        }
        return 0;
    }
    if (w == NULL)
        w = watch_begin(s, fd);
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return w != NULL && uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

/* ---- one post ---- */

/* The type is libcurl's. NOLINTNEXTLINE(readability-non-const-parameter) */
static size_t throw_away(char *data, size_t size, size_t count, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * count;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *more =
        n > 0 && (size_t)n < sizeof line ? curl_slist_append(*list, line) : NULL;
    if (more != NULL)
        *list = more;
    return more != NULL;
}

static struct curl_slist *headers_of(const struct jb_gw_post *post)
{
    struct curl_slist *list = NULL;
    char at[32];
    (void)snprintf(at, sizeof at, "%" PRId64, post->at_s);
    if (add_header(&list, "Content-Type", "application/cloudevents+json; charset=utf-8") &&
        add_header(&list, "webhook-id", post->id) && add_header(&list, "webhook-timestamp", at) &&
        add_header(&list, "webhook-signature", post->signature) && add_header(&list, "Expect", ""))
        return list;
    curl_slist_free_all(list);
    return NULL;
}

static bool options_set(const struct jb_gw_sender *s, struct jb_gw_post *post)
{
    CURL *easy = post->easy;
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_URL, post->url);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, ANSWER_BYTES);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_USERAGENT, "jiaoban-gateway/" JB_VERSION_TEXT);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(post->body));
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body);
    if (rc == CURLE_OK && s->ca[0] != '\0')
        rc = curl_easy_setopt(easy, CURLOPT_CAINFO, s->ca);
    if (rc == CURLE_OK && s->ca[0] != '\0') /* in place of the system's, not beside them */
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return rc == CURLE_OK && curl_easy_setopt(easy, CURLOPT_PRIVATE, post) == CURLE_OK;
}

enum jb_err jb_gw_post_begin(struct jb_gw_sender *sender, struct jb_gw_post *post)
{
    post->headers = headers_of(post);
    post->easy = post->headers != NULL ? curl_easy_init() : NULL;
    if (post->easy != NULL && options_set(sender, post) &&
        curl_multi_add_handle(sender->multi, post->easy) == CURLM_OK)
        return JB_OK;
    post_forget(post);
    return JB_NOMEM;
}

void jb_gw_post_cancel(struct jb_gw_sender *sender, struct jb_gw_post *post)
{
    if (post->easy == NULL)
        return;
    (void)curl_multi_remove_handle(sender->multi, post->easy);
    post_forget(post);
}

/* ---- life cycle ---- */

enum jb_err jb_gw_sender_open(uv_loop_t *loop, const char *ca, int64_t timeout_ms,
                              struct jb_gw_sender **out)
{
    struct jb_gw_sender *s = calloc(1, sizeof *s);
    if (s == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(s);
        return JB_NOMEM;
    }
    *s = (struct jb_gw_sender){.loop = loop, .ca = ca, .timeout_ms = timeout_ms};
    s->timer.data = s;
    s->multi = curl_multi_init();
    if (s->multi == NULL || uv_timer_init(loop, &s->timer) != 0) {
        (void)curl_multi_cleanup(s->multi);
        free(s);
        return JB_NOMEM;
    }
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
    (void)curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    (void)curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
    *out = s;
    return JB_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
    curl_global_cleanup();
}

void jb_gw_sender_close(struct jb_gw_sender **sender)
{
    struct jb_gw_sender *s = *sender;
    if (s == NULL)
        return;
    *sender = NULL;
    (void)curl_multi_cleanup(s->multi); /* closes what it kept open */
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
