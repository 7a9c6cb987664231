/* Contents of attachments piece by piece, without blocking: for programs that pass them on as they
 * come. */
#include "clients/lib/client.h"

#define PIECE_MAX ((size_t)1024 * 1024)
#define PUT_FIRST_BYTES (offsetof(struct jiaoban_put_args, on_behalf_of) + sizeof(char *))
#define GET_FIRST_BYTES (offsetof(struct jiaoban_get_args, on_behalf_of) + sizeof(char *))

const struct jiaoban_part *jb_client_part(struct jb_arena *a, const Jb__BlobPart *v)
{
    struct jiaoban_part *p = jb_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct jiaoban_part){.handle = v->handle,
                               .offset = v->offset,
                               .size_bytes = v->size_bytes,
                               .body = v->body.data,
                               .bytes = v->body.len,
                               .hash = jb_client_hash_text(a, v->blob_hash),
                               .name = jb_client_text(v->name)};
    return p->hash != NULL ? p : NULL;
}

enum jiaoban_status jiaoban_put_async(struct jiaoban *j, const struct jiaoban_put_args *args,
                                      jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__PutBlob put = JB__PUT_BLOB__INIT;
    struct jiaoban_put_args ours;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, PUT_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "on_behalf_of", ours.on_behalf_of, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = jb_client_case_read(j, ours.case_number, &put.case_no);
    if (status == JIAOBAN_OK && ours.bytes > PIECE_MAX)
        status = jb_client_fail(j, JIAOBAN_TOO_LARGE, "a piece has at most %zu bytes", PIECE_MAX);
    if (status != JIAOBAN_OK)
        return status;
    put.has_case_no = put.has_handle = put.has_offset = put.has_body = true;
    put.has_last = put.has_drop = true;
    put.handle = ours.handle;
    put.offset = ours.offset;
    put.body = (ProtobufCBinaryData){.len = ours.bytes, .data = (uint8_t *)(uintptr_t)ours.body};
    put.last = ours.last;
    put.drop = ours.drop;
    request.on_behalf_of = (char *)(uintptr_t)ours.on_behalf_of;
    request.body_case = JB__REQUEST__BODY_PUT_BLOB;
    request.put_blob = &put;
    return jb_client_begin(j, &request, &call, id);
}

enum jiaoban_status jiaoban_get_async(struct jiaoban *j, const struct jiaoban_get_args *args,
                                      jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetBlob get = JB__GET_BLOB__INIT;
    struct jiaoban_get_args ours;
    struct jb_client_call call = {.fn = fn, .data = data};
    uint8_t hash[JB_HASH_BYTES];

    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, GET_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "on_behalf_of", ours.on_behalf_of, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = jb_client_case_read(j, ours.case_number, &get.case_no);
    if (status == JIAOBAN_OK && ours.number == 0)
        status = jb_client_hash_read(j, ours.hash, hash);
    if (status != JIAOBAN_OK)
        return status;
    get.has_case_no = get.has_offset = true;
    get.offset = ours.offset;
    get.has_attachment = ours.number != 0;
    get.attachment = ours.number;
    get.has_blob_hash = ours.number == 0;
    if (get.has_blob_hash)
        get.blob_hash = (ProtobufCBinaryData){.len = sizeof hash, .data = hash};
    request.on_behalf_of = (char *)(uintptr_t)ours.on_behalf_of;
    request.body_case = JB__REQUEST__BODY_GET_BLOB;
    request.get_blob = &get;
    return jb_client_begin(j, &request, &call, id);
}
