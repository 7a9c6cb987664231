/* Rows of what happens, for programs that tell others. */
#include "clients/lib/client.h"

const struct jiaoban_feed *jb_client_feed(struct jb_arena *a, const Jb__NewsView *v)
{
    struct jiaoban_feed *f = jb_arena_alloc(a, sizeof *f);
    if (f == NULL || v->event == NULL)
        return NULL;
    *f = (struct jiaoban_feed){.news = jb_client_news_row(a, v->event),
                               .hidden_from = (const char *const *)v->hidden_from,
                               .hidden_count = v->n_hidden_from,
                               .hidden_from_all = v->hidden_from_all};
    return f->news != NULL ? f : NULL;
}

const struct jiaoban_feed *jiaoban_result_feed(const struct jiaoban_result *r, size_t i)
{
    return r != NULL && r->type == JB_ROWS_FEED && i < r->count ? r->rows[i] : NULL;
}

uint64_t jiaoban_result_feed_number(const struct jiaoban_result *r)
{
    return r != NULL && r->type == JB_ROWS_FEED ? r->reply->news->number : 0;
}

uint64_t jiaoban_result_feed_alarm(const struct jiaoban_result *r)
{
    return r != NULL && r->type == JB_ROWS_FEED ? r->reply->news->alarm : 0;
}

const char *jiaoban_result_feed_json(struct jiaoban_result *r, size_t i)
{
    struct jb_text json = {NULL, 0};
    if (jiaoban_result_feed(r, i) == NULL)
        return NULL;
    jb_arena_reset(&r->json_arena);
    if (jb_message_json(&r->reply->news->news[i]->event->base, 0, &r->json_arena, &json) != JB_OK)
        return NULL;
    return json.data;
}
