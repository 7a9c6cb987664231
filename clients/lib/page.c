/* Several pages of one listing as one result: rows are counted through, JSON shows one list. */
#include "clients/lib/client.h"

bool jiaoban_result_append(struct jiaoban_result *r, struct jiaoban_result *page)
{
    /* one case and a listing of cases have rows of one type, but not one kind of body */
    if (r == NULL || page == NULL || page->next != NULL || r->type != page->type ||
        r->body->descriptor != page->body->descriptor)
        return false;
    struct jiaoban_result *last = r;
    while (last->next != NULL)
        last = last->next;
    last->next = page;
    r->count += page->count;
    r->more = page->more;
    return true;
}

const void *jb_client_row(const struct jiaoban_result *r, enum jb_client_rows type, size_t i)
{
    if (r == NULL || r->type != type || i >= r->count)
        return NULL;
    while (i >= r->own_count) {
        i -= r->own_count;
        r = r->next;
    }
    return r->rows[i];
}

/* The member of a listing that has its rows: there is one. NULL: it is no listing. */
static const ProtobufCFieldDescriptor *list_of(const ProtobufCMessage *body)
{
    for (unsigned i = 0; i < body->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &body->descriptor->fields[i];
        if (f->label == PROTOBUF_C_LABEL_REPEATED && f->type == PROTOBUF_C_TYPE_MESSAGE)
            return f;
    }
    return NULL;
}

static size_t rows_of(const ProtobufCMessage *body, const ProtobufCFieldDescriptor *list,
                      const void ***rows)
{
    size_t count = 0;
    memcpy(&count, (const char *)body + list->quantifier_offset, sizeof count);
    memcpy(rows, (const char *)body + list->offset, sizeof *rows);
    return count;
}

/* All but the rows is of the last page: it tells whether there is more. */
const ProtobufCMessage *jb_client_whole(struct jiaoban_result *r)
{
    const ProtobufCFieldDescriptor *list = list_of(r->body);
    const struct jiaoban_result *last = r;
    size_t count = 0;
    if (r->next == NULL || list == NULL)
        return r->body;
    const void **all = jb_arena_alloc(&r->json_arena, (r->count + 1) * sizeof *all);
    for (const struct jiaoban_result *page = r; page != NULL; page = page->next) {
        const void **rows = NULL;
        size_t n = rows_of(page->body, list, &rows);
        if (all != NULL && n > 0)
            memcpy(&all[count], rows, n * sizeof *all);
        count += n;
        last = page;
    }
    char *whole =
        jb_arena_memdup(&r->json_arena, last->body, last->body->descriptor->sizeof_message);
    if (all == NULL || whole == NULL)
        return NULL;
    memcpy(whole + list->offset, &all, sizeof all);
    memcpy(whole + list->quantifier_offset, &count, sizeof count);
    return (const ProtobufCMessage *)(const void *)whole;
}
