/* Attachments: a file to the agent piece by piece, then the act that attaches it; and back into a
 * file. */
#include "clients/lib/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/rules/act.h"
#include "proto/rules/caseno.h"
#include "proto/wire/blob.h"
#include "proto/wire/codec.h"

#define PIECE_BYTES ((size_t)512 * 1024)
#define ATTACH_FIRST_BYTES (offsetof(struct jiaoban_attach_args, progress_data) + sizeof(void *))
#define FETCH_FIRST_BYTES (offsetof(struct jiaoban_fetch_args, progress_data) + sizeof(void *))

static enum jiaoban_status os_failed(struct jiaoban *j, const char *path)
{
    int code = errno;
    enum jiaoban_status status = JIAOBAN_IO;
    if (code == ENOENT)
        status = JIAOBAN_NOT_FOUND;
    else if (code == EACCES || code == EPERM)
        status = JIAOBAN_DENIED;
    else if (code == EEXIST)
        status = JIAOBAN_EXISTS;
    else if (code == ENOSPC || code == EDQUOT)
        status = JIAOBAN_FULL;
    return jb_client_fail(j, status, "%s: %s", path, strerror(code));
}

enum jiaoban_status jb_client_case_read(struct jiaoban *j, const char *text, int64_t *case_no)
{
    struct jb_fault fault = {""};
    if (text == NULL || text[0] == '\0')
        return jb_client_fail(j, JIAOBAN_MISSING, "the case number is missing");
    enum jb_err err = jb_caseno_parse(jb_text_of(text), case_no, &fault);
    return err == JB_OK ? JIAOBAN_OK
                        : jb_client_fail(j, (enum jiaoban_status)err, "%s", fault.text);
}

/* One request and the part that answers it. *out is the caller's, also after an error. */
static enum jiaoban_status part_call(struct jiaoban *j, Jb__Request *request,
                                     struct jiaoban_result **out, const Jb__BlobPart **part)
{
    static const Jb__BlobPart none = JB__BLOB_PART__INIT;
    enum jiaoban_status status = jb_client_call(j, request, JB_CLIENT_TIMEOUT_MS, out);
    *part = &none;
    if (status != JIAOBAN_OK)
        return status;
    if (*out == NULL || (*out)->reply->body_case != JB__REPLY__BODY_BLOB_PART)
        return jb_client_fail(j, JIAOBAN_MALFORMED, "the answer is of another kind");
    *part = (*out)->reply->blob_part;
    return JIAOBAN_OK;
}

/* ---- attach ---- */

struct putting {
    struct jiaoban *j;
    const struct jiaoban_attach_args *args;
    int fd;
    int64_t case_no;
    uint64_t handle, done, total;
    uint8_t piece[PIECE_BYTES];
    uint8_t hash[JB_HASH_BYTES];
};

static enum jiaoban_status file_open(struct putting *p)
{
    struct stat st;
    if (p->args->path == NULL || p->args->path[0] == '\0')
        return jb_client_fail(p->j, JIAOBAN_MISSING, "which file?");
    p->fd = open(p->args->path, O_RDONLY | O_CLOEXEC);
    if (p->fd < 0 || fstat(p->fd, &st) != 0)
        return os_failed(p->j, p->args->path);
    if (!S_ISREG(st.st_mode))
        return jb_client_fail(p->j, JIAOBAN_MALFORMED, "%s: not a plain file", p->args->path);
    p->total = (uint64_t)st.st_size;
    if (p->total == 0)
        return jb_client_fail(p->j, JIAOBAN_MISSING, "%s: the file is empty", p->args->path);
    if (p->total > JB_BLOB_PLAIN_MAX_BYTES)
        return jb_client_fail(p->j, JIAOBAN_TOO_LARGE,
                              "%s: %llu bytes; an attachment has at most 52428800 (50 MiB)",
                              p->args->path, (unsigned long long)p->total);
    return JIAOBAN_OK;
}

static enum jiaoban_status piece_read(struct putting *p, size_t *len)
{
    *len = 0;
    while (*len < sizeof p->piece) {
        ssize_t n = read(p->fd, p->piece + *len, sizeof p->piece - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_failed(p->j, p->args->path);
        if (n == 0)
            break;
        *len += (size_t)n;
    }
    return JIAOBAN_OK;
}

static enum jiaoban_status piece_put(struct putting *p, size_t len, bool last)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__PutBlob put = JB__PUT_BLOB__INIT;
    struct jiaoban_result *r = NULL;
    const Jb__BlobPart *part;

    put.has_case_no = put.has_handle = put.has_offset = put.has_body = put.has_last = true;
    put.case_no = p->case_no;
    put.handle = p->handle;
    put.offset = p->done;
    put.body = (ProtobufCBinaryData){.len = len, .data = p->piece};
    put.last = last;
    request.body_case = JB__REQUEST__BODY_PUT_BLOB;
    request.put_blob = &put;
    enum jiaoban_status status = part_call(p->j, &request, &r, &part);
    if (status == JIAOBAN_OK && last &&
        (part->blob_hash.data == NULL || part->blob_hash.len != JB_HASH_BYTES))
        status = jb_client_fail(p->j, JIAOBAN_MALFORMED, "the answer names no blob");
    if (status == JIAOBAN_OK) {
        p->handle = part->handle;
        p->done += len;
        if (last && part->blob_hash.data != NULL)
            memcpy(p->hash, part->blob_hash.data, sizeof p->hash);
        if (p->args->progress != NULL)
            p->args->progress(p->args->progress_data, p->done, p->total);
    }
    jiaoban_result_free(r);
    return status;
}

static enum jiaoban_status put_all(struct putting *p)
{
    enum jiaoban_status status = JIAOBAN_OK;
    bool last = false;
    while (status == JIAOBAN_OK && !last) {
        size_t len = 0;
        status = piece_read(p, &len);
        last = len < sizeof p->piece || p->done + len >= p->total;
        if (status == JIAOBAN_OK)
            status = piece_put(p, len, last);
    }
    return status;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum jiaoban_status act_submit(struct putting *p, const struct jiaoban_options *options,
                                      struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoSubmit body = JB__DO_SUBMIT__INIT;
    const char *name = p->args->name != NULL ? p->args->name : last_part(p->args->path);
    struct jb_act act = {.kind = JB_ACT_ATTACH,
                         .case_no = p->case_no,
                         .name = jb_text_of(name),
                         .media_type = jb_text_of(p->args->media_type),
                         .size_bytes = p->done,
                         .content_hash = {p->hash, sizeof p->hash}};
    uint32_t wait_ms = options != NULL ? options->wait_ms : JIAOBAN_WAIT_MS;
    struct jb_bytes bytes;
    enum jb_err err = jb_act_encode(&act, &p->j->scratch, &bytes);

    if (err != JB_OK) {
        jb_arena_reset(&p->j->scratch);
        return jb_client_fail(p->j, (enum jiaoban_status)err, "cannot encode the act");
    }
    body.has_act = true;
    body.act = (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.data};
    body.has_wait_ms = true;
    body.wait_ms = wait_ms;
    body.note = (char *)(uintptr_t)p->args->note;
    body.on_behalf_of = options != NULL ? (char *)(uintptr_t)options->on_behalf_of : NULL;
    request.body_case = JB__REQUEST__BODY_SUBMIT;
    request.submit = &body;
    return jb_client_call(p->j, &request, wait_ms + JB_CLIENT_TIMEOUT_MS, out);
}

enum jiaoban_status jiaoban_attach(struct jiaoban *j, const struct jiaoban_attach_args *args,
                                   const struct jiaoban_options *options,
                                   struct jiaoban_result **out)
{
    struct jiaoban_attach_args ours;
    struct jiaoban_options opts = {.wait_ms = JIAOBAN_WAIT_MS};

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, ATTACH_FIRST_BYTES);
    if (status == JIAOBAN_OK && options != NULL)
        status = jb_client_args(j, options, &opts, sizeof opts, sizeof opts.size);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "name", ours.name, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "note", ours.note, 4096);
    struct putting *p = status == JIAOBAN_OK ? calloc(1, sizeof *p) : NULL;
    if (p == NULL)
        return status != JIAOBAN_OK ? status : jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    p->j = j;
    p->args = &ours;
    p->fd = -1;
    status = jb_client_case_read(j, ours.case_number, &p->case_no);
    if (status == JIAOBAN_OK)
        status = file_open(p);
    if (status == JIAOBAN_OK)
        status = put_all(p);
    if (status == JIAOBAN_OK)
        status = act_submit(p, &opts, out);
    if (p->fd >= 0)
        (void)close(p->fd);
    explicit_bzero(p->piece, sizeof p->piece);
    free(p);
    return status;
}

/* ---- fetch ---- */

static int digit(char ch)
{
    const char *digits = "0123456789abcdef";
    const char *at = ch != '\0' ? strchr(digits, ch) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

enum jiaoban_status jb_client_hash_read(struct jiaoban *j, const char *text,
                                        uint8_t hash[JB_HASH_BYTES])
{
    bool good = text != NULL && strlen(text) == 2 * JB_HASH_BYTES;
    for (size_t i = 0; i < JB_HASH_BYTES && good; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        hash[i] = (uint8_t)(high * 16 + low);
    }
    return good ? JIAOBAN_OK
                : jb_client_fail(j, JIAOBAN_MALFORMED, "hash: must be 64 hexadecimal digits");
}

struct getting {
    struct jiaoban *j;
    const struct jiaoban_fetch_args *args;
    int64_t case_no;
    uint8_t hash[JB_HASH_BYTES];
    uint64_t done;
};

static enum jiaoban_status piece_get(struct getting *g, int fd, uint64_t *total)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetBlob get = JB__GET_BLOB__INIT;
    struct jiaoban_result *r = NULL;
    const Jb__BlobPart *part;

    get.has_case_no = get.has_blob_hash = get.has_offset = true;
    get.case_no = g->case_no;
    get.blob_hash = (ProtobufCBinaryData){.len = sizeof g->hash, .data = g->hash};
    get.offset = g->done;
    request.body_case = JB__REQUEST__BODY_GET_BLOB;
    request.get_blob = &get;
    enum jiaoban_status status = part_call(g->j, &request, &r, &part);
    if (status == JIAOBAN_OK) {
        *total = part->size_bytes;
        if (part->body.len == 0 && g->done < *total)
            status = jb_client_fail(g->j, JIAOBAN_MALFORMED, "the answer is empty");
        for (size_t at = 0; at < part->body.len && status == JIAOBAN_OK;) {
            ssize_t n = write(fd, part->body.data + at, part->body.len - at);
            if (n > 0)
                at += (size_t)n;
            else if (n < 0 && errno != EINTR)
                status = os_failed(g->j, g->args->path);
        }
        g->done += part->body.len;
    }
    if (status == JIAOBAN_OK && g->args->progress != NULL)
        g->args->progress(g->args->progress_data, g->done, *total);
    jiaoban_result_free(r);
    return status;
}

/* Under its name only when it is whole; never over another file. */
static enum jiaoban_status get_all(struct getting *g)
{
    uint64_t total = 1;
    enum jiaoban_status status = JIAOBAN_OK;
    if (g->args->path == NULL || g->args->path[0] == '\0')
        return jb_client_fail(g->j, JIAOBAN_MISSING, "into which file?");
    int fd = open(g->args->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return os_failed(g->j, g->args->path);
    while (status == JIAOBAN_OK && g->done < total)
        status = piece_get(g, fd, &total);
    if (status == JIAOBAN_OK && fsync(fd) != 0)
        status = os_failed(g->j, g->args->path);
    (void)close(fd);
    if (status != JIAOBAN_OK)
        (void)unlink(g->args->path);
    return status;
}

enum jiaoban_status jiaoban_fetch(struct jiaoban *j, const struct jiaoban_fetch_args *args)
{
    struct jiaoban_fetch_args ours;
    struct getting g = {.j = j, .args = &ours};
    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, FETCH_FIRST_BYTES);

    if (status == JIAOBAN_OK)
        status = jb_client_case_read(j, ours.case_number, &g.case_no);
    if (status == JIAOBAN_OK)
        status = jb_client_hash_read(j, ours.hash, g.hash);
    return status == JIAOBAN_OK ? get_all(&g) : status;
}
