/* Watching: a question whose answers keep coming, and are kept here until the caller takes them. */
#include "clients/lib/client.h"

#include <stdlib.h>

#include "proto/base/clock.h"

#define NEWS_MAX 4096 /* events that wait for jiaoban_watch_next */

static void keep_news(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct jb_client_news *news = NULL;
    (void)data;
    if (id != j->watch_id) {
        jiaoban_result_free(result);
        return;
    }
    if (status == JIAOBAN_OK && j->news_count >= NEWS_MAX)
        status = JIAOBAN_OVERFLOW;
    if (status == JIAOBAN_OK && (news = malloc(sizeof *news)) == NULL)
        status = JIAOBAN_NOMEM;
    if (status != JIAOBAN_OK) {
        jiaoban_result_free(result);
        jiaoban_cancel(j, id);
        j->watch_id = 0;
        j->watch_status = status;
        return;
    }
    *news = (struct jb_client_news){.result = result};
    *j->news_last = news;
    j->news_last = &news->next;
    j->news_count++;
}

enum jiaoban_status jiaoban_watch(struct jiaoban *j, const struct jiaoban_query *q)
{
    if (j->watch_id != 0)
        return jb_client_fail(j, JIAOBAN_EXISTS, "this handle is watching already");
    enum jiaoban_status status = jb_client_dial(j, JB_CLIENT_DIAL_MS);
    if (status == JIAOBAN_OK)
        status = jiaoban_request_async(j, "watch", q, keep_news, NULL, &j->watch_id);
    j->watch_status = status;
    return status;
}

enum jiaoban_status jiaoban_watch_next(struct jiaoban *j, int timeout_ms,
                                       struct jiaoban_result **out)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : jb_clock_mono_ms() + timeout_ms;

    *out = NULL;
    if (j->processing)
        return jb_client_fail(j, JIAOBAN_BUSY, "a blocking call inside a callback");
    while (j->news_first == NULL) {
        if (j->watch_id == 0)
            return j->watch_status != JIAOBAN_OK
                       ? j->watch_status
                       : jb_client_fail(j, JIAOBAN_MISSING, "jiaoban_watch was not called");
        enum jiaoban_status status = jb_client_turn(j, deadline_ms);
        if (status == JIAOBAN_BUSY && j->watch_id != 0)
            return jb_client_fail(j, JIAOBAN_BUSY, "nothing happened in time");
    }
    struct jb_client_news *news = j->news_first;
    j->news_first = news->next;
    if (j->news_first == NULL)
        j->news_last = &j->news_first;
    j->news_count--;
    *out = news->result;
    free(news);
    return JIAOBAN_OK;
}
