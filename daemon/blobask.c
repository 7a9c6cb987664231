/* Attachments that the broker lacks, and from whom it asks for them. A line is asked for as many as
 * it remembers, and for more when those have come; in one turn of the loop only a few are looked
 * up, however many there are. */
#include "daemon/blobservice.h"
#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"

#define PAGE 256       /* hashes read at a time */
#define LOOKED_AT 2048 /* of what is lacking, in one turn */

void jb_blob_lack(struct jb_blob_service *s, const uint8_t hash[JB_HASH_BYTES])
{
    if (jb_lacking_add(&s->lacking, hash) != JB_OK)
        jb_log(JB_LOG_ERROR, NULL, "blob.forgotten",
               "text=\"no memory to remember what is missing: found again at the next start\"");
}

static void ask_from_the_beginning(struct jb_blob_link *k)
{
    memset(k->asked, 0, sizeof k->asked);
    k->asked_all = false;
}

void jb_blob_ask_again(struct jb_blob_service *s, struct jb_blob_link *from)
{
    for (size_t i = 0; i < s->link_capacity; i++)
        if (s->links[i] != NULL && (from == NULL || from == s->links[i]))
            ask_from_the_beginning(s->links[i]);
}

enum jb_err jb_blob_lacking_find(struct jb_blob_service *s)
{
    uint8_t page[PAGE][JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES] = {0};
    size_t count = PAGE;
    enum jb_err err = JB_OK;

    jb_lacking_fini(&s->lacking);
    while (err == JB_OK && count == PAGE) {
        err = jb_blob_hashes(s->broker->reader, after, page, PAGE, &count);
        for (size_t i = 0; i < count && err == JB_OK; i++)
            if (!jb_blobs_complete(s->store, page[i]))
                err = jb_lacking_add(&s->lacking, page[i]);
        if (count > 0)
            memcpy(after, page[count - 1], sizeof after);
    }
    return err;
}

void jb_blob_drop_unless_needed(struct jb_blob_service *s, const uint8_t hash[JB_HASH_BYTES])
{
    int64_t case_no = 0;
    uint8_t copy[JB_HASH_BYTES];

    memcpy(copy, hash, sizeof copy);
    if (jb_blob_case(s->broker->reader, copy, 0, &case_no) != JB_NOT_FOUND)
        return;
    jb_blobs_drop(s->store, copy);
    jb_lacking_drop(&s->lacking, copy);
}

void jb_blob_collect(struct jb_blob_service *s)
{
    for (size_t i = jb_blobs_count(s->store); i > 0; i--)
        jb_blob_drop_unless_needed(s, jb_blobs_at(s->store, i - 1));
}

/* As much as its line remembers, at most *looks of them looked up. */
static void ask(struct jb_blob_service *s, struct jb_blob_link *k, size_t *looks)
{
    const uint8_t *next = NULL;

    for (; *looks > 0 && (next = jb_lacking_after(&s->lacking, k->asked)) != NULL; --*looks) {
        uint8_t hash[JB_HASH_BYTES];
        int64_t case_no = 0;
        memcpy(hash, next, sizeof hash);
        bool may = jb_blob_case(s->broker->reader, hash, k->node, &case_no) == JB_OK;
        if (may && !jb_blobline_fetch(&k->line, hash))
            return;
        memcpy(k->asked, hash, sizeof hash);
    }
    k->asked_all = *looks > 0;
}

void jb_blob_ask_anew(struct jb_blob_service *s, struct jb_blob_link *k)
{
    size_t looks = LOOKED_AT;

    ask_from_the_beginning(k);
    ask(s, k, &looks);
}

static bool connected(const struct jb_blob_service *s, const struct jb_blob_link *k)
{
    const struct jb_peer *p = jb_broker_peer(s->broker, k->node);

    return p != NULL && p->greeted && p->protocol >= JB_PROTOCOL_BLOBS;
}

void jb_blob_ask_idle(struct jb_blob_service *s)
{
    size_t looks = LOOKED_AT;
    size_t first = s->ask_first;

    for (size_t n = 0; n < s->link_capacity && s->lacking.count > 0 && looks > 0; n++) {
        size_t i = (first + n) % s->link_capacity;
        struct jb_blob_link *k = s->links[i];
        if (k == NULL || k->asked_all || k->line.busy || !connected(s, k))
            continue;
        ask(s, k, &looks);
        s->ask_first = i; /* the next one when this took all looks, or the same again */
    }
    if (looks > 0)
        s->ask_first = 0;
}
