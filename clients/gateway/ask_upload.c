/* Files on their way in: the pieces that people send, and what there is of them. The act "attach"
 * then names the contents of one that is complete. */
#include "clients/gateway/handlers.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/range.h"
#include "clients/gateway/upload.h"

#define FILE_BYTES ((uint64_t)50 * 1024 * 1024)

void jb_gw_reply_upload(struct jb_gw_request *r, const struct jb_gw_upload *u)
{
    char hash[sodium_base64_ENCODED_LEN(JB_GW_HASH_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    json_t *o = json_pack("{s:s, s:I, s:I, s:b}", "upload", u->name, "received_bytes",
                          (json_int_t)u->received, "total_bytes", (json_int_t)u->total, "complete",
                          u->complete);
    if (o != NULL && u->complete) {
        (void)sodium_bin2base64(hash, sizeof hash, u->hash, sizeof u->hash,
                                sodium_base64_VARIANT_ORIGINAL);
        (void)json_object_set_new(o, "content_hash", json_string(hash));
    }
    char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, 200, text);
    free(text);
    json_decref(o);
}

/* ---- which one ---- */

static bool name_good(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strspn(name, plain);
    return len > 0 && len < JB_GW_UPLOAD_NAME && name[len] == '\0';
}

/* false: it is answered. */
static bool key_read(struct jb_gw_request *r, struct jb_gw_upload_key *key)
{
    int64_t case_no = 0;
    *key = (struct jb_gw_upload_key){.user = r->caller.user, .name = r->numbers[1]};
    if (jiaoban_case_number(r->numbers[0], &case_no, key->number) != JIAOBAN_OK)
        jb_gw_refuse_field(r, "number", "is no case number");
    else if (!name_good(key->name))
        jb_gw_refuse_field(r, "upload", "must be 1 to 64 letters, digits, - and _");
    else
        return true;
    return false;
}

static struct jb_gw_upload *upload_named(struct jb_gw_request *r)
{
    struct jb_gw_upload_key key;
    if (!key_read(r, &key))
        return NULL;
    struct jb_gw_upload *u = jb_gw_upload_find(r->gw->uploads, &key);
    if (u == NULL)
        jb_gw_refuse(r, JB_GW_NOT_FOUND,
                     "there is no such upload: it is forgotten when nothing came for ten minutes");
    return u;
}

void jb_gw_get_upload(struct jb_gw_request *r)
{
    const struct jb_gw_upload *u = upload_named(r);
    if (u != NULL)
        jb_gw_reply_upload(r, u);
}

void jb_gw_delete_upload(struct jb_gw_request *r)
{
    struct jb_gw_upload *u = upload_named(r);
    if (u == NULL)
        return;
    jb_gw_upload_drop(u);
    jb_gw_reply_empty(r, 204);
}

/* ---- its pieces ---- */

static bool range_good(struct jb_gw_request *r, struct jb_gw_range *range)
{
    if (!jb_gw_content_range_read(jb_gw_request_header(r, "Content-Range"), r->length, range))
        jb_gw_refuse(r, JB_GW_BAD_REQUEST,
                     "Content-Range: must be `bytes A-B/TOTAL`, as long as Content-Length says");
    else if (range->total == 0)
        jb_gw_refuse(r, JB_GW_BAD_REQUEST, "the file is empty");
    else if (range->total > FILE_BYTES)
        jb_gw_refuse(r, JB_GW_TOO_LARGE, "an attachment has at most 50 MiB (52428800 bytes)");
    else
        return true;
    return false;
}

/* The one that goes on at this place; NULL: it is answered. */
static struct jb_gw_upload *upload_at(struct jb_gw_request *r, const struct jb_gw_range *range)
{
    char text[96];
    struct jb_gw_upload *u = upload_named(r);
    if (u == NULL)
        return NULL;
    if (u->total == range->total && u->received == range->begin && !u->complete)
        return u;
    (void)snprintf(text, sizeof text, "it goes on at byte %llu of %llu",
                   (unsigned long long)u->received, (unsigned long long)u->total);
    jb_gw_refuse(r, JB_GW_OFFSET, text);
    return NULL;
}

static struct jb_gw_upload *upload_begin(struct jb_gw_request *r, const struct jb_gw_range *range)
{
    struct jb_gw_upload_key key;
    struct jb_gw_upload *u = NULL;
    if (!key_read(r, &key))
        return NULL;
    enum jb_err err = jb_gw_upload_new(r->gw->uploads, &key, range->total, &u);
    if (err == JB_BUSY)
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_BUSY,
                                                       .detail = "finish or delete an upload first",
                                                       .retry_after_ms = 5000});
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the upload");
    return u;
}

void jb_gw_put_upload(struct jb_gw_request *r)
{
    struct jb_gw_range range;
    if (!range_good(r, &range))
        return;
    struct jb_gw_upload *u = range.begin == 0 ? upload_begin(r, &range) : upload_at(r, &range);
    if (u == NULL)
        return;
    enum jb_err err = jb_gw_upload_write(u, r);
    if (err == JB_BUSY)
        jb_gw_reply_problem(r,
                            &(struct jb_gw_problem){.kind = JB_GW_IN_PROGRESS,
                                                    .detail = "the piece before is not stored yet",
                                                    .retry_after_ms = 1000});
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the upload");
}
