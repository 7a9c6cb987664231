/* PutBlob and GetBlob: the contents of attachments, in plain to and from local programs, in pieces.
 *
 * The key of a case that has none yet is made here, with its first attachment; the broker gets it
 * with the act. Reading contents is recorded like reading petitioners' data; what was read is not.
 */
#include "clients/agent/blob.h"
#include "clients/agent/requests.h"

#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"

#define PIECE_MAX ((size_t)1024 * 1024)

/* ---- the case and its key ---- */

/* As it will be once the outbox is settled: one may attach to what was registered just now. */
static enum jb_err load_case(struct jb_agent_request *r, int64_t case_no,
                             struct jb_agent_overlay *o)
{
    struct jb_agent *a = r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, r->arena, o);

    if (err != JB_OK)
        return err;
    if (o->c.stage == JB_STAGE_NONE || jb_agent_reader_barred(a, r->user, &o->c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    if (jb_case_mark(&o->c, JB_MARK_ERASED, 0, 0) != NULL)
        return jb_fault_set(&r->fault, JB_DENIED,
                            "what was sealed in this case has been erased: see jiaoban show");
    return JB_OK;
}

static bool reads(const struct jb_agent_overlay *o, uint32_t node)
{
    uint32_t roles = jb_case_roles(&o->c, node);

    return (roles & (1u << JB_ROLE_REGISTRAR | 1u << JB_ROLE_HOST | 1u << JB_ROLE_CO_HANDLER |
                     1u << JB_ROLE_REVIEWER)) != 0 &&
           (roles & 1u << JB_ROLE_LEFT) == 0;
}

/* Was the registration sealed? Then the case has a key, and we were not given it. */
static enum jb_err has_sealed(struct jb_agent_request *r, const struct jb_agent_overlay *o,
                              bool *sealed)
{
    struct jb_entry entry;
    if (o->registered != NULL) {
        *sealed = o->registered->sealed.len > 0;
        return JB_OK;
    }
    enum jb_err err = jb_query_register(r->agent->ledger, o->c.case_no, r->arena, &entry);
    *sealed = err == JB_OK && entry.act.sealed.len > 0;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err make_key(struct jb_agent_request *r, int64_t case_no, uint8_t key[JB_KEY_BYTES])
{
    struct jb_agent *a = r->agent;
    enum jb_err err = jb_ledger_begin(a->ledger);

    if (err != JB_OK)
        return err;
    jb_seal_key_new(key);
    err = jb_ledger_case_key_put(a->ledger, case_no, key);
    if (err == JB_OK)
        return jb_ledger_commit(a->ledger);
    jb_ledger_rollback(a->ledger);
    return err;
}

static enum jb_err key_for_writing(struct jb_agent_request *r, int64_t case_no,
                                   uint8_t key[JB_KEY_BYTES])
{
    struct jb_agent_overlay o = {0};
    bool sealed = false;
    enum jb_err err = load_case(r, case_no, &o);

    if (err != JB_OK)
        return err;
    if (!reads(&o, jb_replica_node(r->agent->ledger)))
        return jb_fault_set(&r->fault, JB_DENIED,
                            "only the registrar, the host, co-handlers and the reviewing organ "
                            "attach to a case");
    err = jb_ledger_case_key_get(r->agent->ledger, case_no, key);
    if (err != JB_NOT_FOUND)
        return err;
    err = has_sealed(r, &o, &sealed);
    if (err == JB_OK && sealed)
        return jb_fault_set(&r->fault, JB_DENIED,
                            "the key of this case is not here yet: try again when in sync");
    return err == JB_OK ? make_key(r, case_no, key) : err;
}

/* ---- put ---- */

static enum jb_err upload_begin(struct jb_agent_request *r, int64_t case_no,
                                struct jb_agent_upload **out)
{
    static uint64_t last_handle;
    struct jb_agent_upload *all = jb_agent_uploads(r->agent);
    struct jb_agent_upload *u = NULL;
    uint8_t key[JB_KEY_BYTES];

    for (size_t i = 0; i < JB_AGENT_UPLOADS && u == NULL; i++)
        u = all[i].handle == 0 ? &all[i] : NULL;
    if (u == NULL)
        return jb_fault_set(&r->fault, JB_BUSY, "%d uploads are under way: try again later",
                            JB_AGENT_UPLOADS);
    enum jb_err err = key_for_writing(r, case_no, key);
    if (err == JB_OK)
        err = jb_blob_spool_open(jb_agent_blob_store(r->agent), key, case_no, &u->spool);
    explicit_bzero(key, sizeof key);
    if (err != JB_OK)
        return err;
    u->handle = ++last_handle;
    u->client = r->client;
    u->case_no = case_no;
    *out = u;
    return JB_OK;
}

static enum jb_err upload_find(struct jb_agent_request *r, const Jb__PutBlob *asked,
                               struct jb_agent_upload **out)
{
    struct jb_agent_upload *all = jb_agent_uploads(r->agent);

    if (asked->handle == 0)
        return upload_begin(r, asked->case_no, out);
    for (size_t i = 0; i < JB_AGENT_UPLOADS; i++)
        if (all[i].handle == asked->handle && all[i].client == r->client) {
            *out = &all[i];
            return JB_OK;
        }
    return jb_fault_set(&r->fault, JB_NOT_FOUND, "no upload with this handle: begin anew");
}

static enum jb_err upload_fault(struct jb_agent_request *r, enum jb_err err)
{
    if (err == JB_FULL)
        return jb_fault_set(&r->fault, err,
                            "no room for attachments on this machine (agent.blob_bytes, or the "
                            "disk is full)");
    if (err == JB_TOO_LARGE)
        return jb_fault_set(&r->fault, err, "an attachment has at most 50 MiB");
    if (err == JB_MISSING)
        return jb_fault_set(&r->fault, err, "the file is empty");
    return err;
}

enum jb_err jb_agent_put_blob(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__PutBlob *asked = r->request->put_blob;
    Jb__BlobPart *part = jb_arena_alloc(r->arena, sizeof *part);
    struct jb_agent_upload *u = NULL;
    enum jb_err err = part == NULL ? JB_NOMEM : upload_find(r, asked, &u);

    if (err != JB_OK)
        return err;
    jb__blob_part__init(part);
    reply->body_case = JB__REPLY__BODY_BLOB_PART;
    reply->blob_part = part;
    uint64_t held = jb_blob_spool_bytes(u->spool);
    if (asked->body.len > PIECE_MAX || (asked->body.len > 0 && asked->offset != held))
        return jb_fault_set(&r->fault, JB_RANGE, "pieces have at most 1 MiB and go on at %llu",
                            (unsigned long long)held);
    r->beside = true;
    u->moved_mono_ms = jb_clock_read(&r->agent->mono);
    err = jb_blob_spool_add(u->spool, (struct jb_bytes){asked->body.data, asked->body.len});
    JB_PUT(part, handle, u->handle);
    JB_PUT(part, offset, jb_blob_spool_bytes(u->spool));
    JB_PUT(part, size_bytes, jb_blob_spool_bytes(u->spool));
    if (err == JB_OK && asked->last) {
        part->has_blob_hash = true;
        part->blob_hash.len = JB_HASH_BYTES;
        part->blob_hash.data = jb_arena_alloc(r->arena, JB_HASH_BYTES);
        err = part->blob_hash.data == NULL ? JB_NOMEM
                                           : jb_blob_spool_finish(u->spool, part->blob_hash.data);
        if (err == JB_OK)
            jb_agent_blob_fresh(r->agent, part->blob_hash.data);
    }
    if (err != JB_OK || asked->last) {
        jb_blob_spool_close(&u->spool);
        *u = (struct jb_agent_upload){0};
    }
    return upload_fault(r, err);
}

/* ---- get ---- */

static enum jb_err belongs(struct jb_agent_request *r, const Jb__GetBlob *asked)
{
    uint8_t(*hashes)[JB_HASH_BYTES] = NULL;
    size_t count = 0;

    if (asked->blob_hash.len != JB_HASH_BYTES)
        return jb_fault_set(&r->fault, JB_MALFORMED, "blob_hash: must have 32 bytes");
    enum jb_err err = jb_blobs_of_case(r->agent->ledger, asked->case_no, r->arena, &hashes, &count);
    for (size_t i = 0; i < count && err == JB_OK; i++)
        if (memcmp(hashes[i], asked->blob_hash.data, JB_HASH_BYTES) == 0)
            return JB_OK;
    return err != JB_OK ? err
                        : jb_fault_set(&r->fault, JB_NOT_FOUND, "the case has no such attachment");
}

/* From the chunk in which `offset` lies, what follows it. */
static enum jb_err read_piece(struct jb_agent_request *r, const Jb__GetBlob *asked,
                              const struct jb_blob_state *state, const uint8_t *key,
                              Jb__BlobPart *part)
{
    uint32_t plain_chunk = state->chunk_bytes - JB_SEAL_EXTRA_BYTES;
    uint32_t index = (uint32_t)(asked->offset / plain_chunk);
    size_t skip = (size_t)(asked->offset % plain_chunk);
    struct jb_bytes sealed;
    enum jb_err err = jb_blobs_read(jb_agent_blob_store(r->agent), asked->blob_hash.data, index,
                                    r->arena, &sealed);
    r->beside = err != JB_OK;

    if (err == JB_CORRUPT) {
        jb_agent_blob_fetch(r->agent, asked->blob_hash.data);
        return jb_fault_set(
            &r->fault, err,
            "piece %u was damaged on this disk and is fetched again: try again in a moment",
            index + 1);
    }
    if (err != JB_OK)
        return err;
    uint8_t *plain = jb_arena_alloc(r->arena, sealed.len);
    err = plain == NULL ? JB_NOMEM : jb_blob_chunk_open(key, asked->case_no, index, sealed, plain);
    if (err == JB_BAD_SIGNATURE || err == JB_MALFORMED)
        return jb_fault_set(&r->fault, JB_BAD_SIGNATURE,
                            "the key of the case does not open this attachment: it was sealed "
                            "under another key");
    if (err != JB_OK)
        return err;
    size_t len = sealed.len - JB_SEAL_EXTRA_BYTES;
    size_t limit =
        asked->limit_bytes != 0 && asked->limit_bytes < PIECE_MAX ? asked->limit_bytes : PIECE_MAX;
    skip = skip < len ? skip : len;
    part->has_body = true;
    part->body.data = plain + skip;
    part->body.len = len - skip < limit ? len - skip : limit;
    return JB_OK;
}

static enum jb_err get_piece(struct jb_agent_request *r, const Jb__GetBlob *asked,
                             Jb__BlobPart *part)
{
    struct jb_agent *a = r->agent;
    struct jb_blob_state state = {0};
    uint8_t key[JB_KEY_BYTES];
    bool here = jb_blobs_state(jb_agent_blob_store(a), asked->blob_hash.data, &state);
    enum jb_err err = jb_ledger_case_key_get(a->ledger, asked->case_no, key);

    if (err == JB_NOT_FOUND)
        return jb_fault_set(&r->fault, JB_DENIED,
                            "this agency may not read what is sealed in this case: it holds no "
                            "key");
    if (err != JB_OK)
        return err;
    JB_PUT(part, chunks_here, state.here);
    JB_PUT(part, chunks_total, state.total);
    if (!here || state.here < state.total) {
        explicit_bzero(key, sizeof key);
        jb_agent_blob_fetch(a, asked->blob_hash.data);
        return here ? jb_fault_set(&r->fault, JB_BUSY, "still on its way: %u of %u pieces are here",
                                   state.here, state.total)
                    : jb_fault_set(&r->fault, JB_BUSY, "still on its way: nothing of it is here");
    }
    JB_PUT(part, offset, asked->offset);
    JB_PUT(part, size_bytes, state.size_bytes - (uint64_t)state.total * JB_SEAL_EXTRA_BYTES);
    if (asked->offset < part->size_bytes)
        err = read_piece(r, asked, &state, key, part);
    explicit_bzero(key, sizeof key);
    return err;
}

enum jb_err jb_agent_get_blob(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetBlob *asked = r->request->get_blob;
    Jb__BlobPart *part = jb_arena_alloc(r->arena, sizeof *part);
    struct jb_agent_overlay o = {0};
    enum jb_err err = part == NULL ? JB_NOMEM : load_case(r, asked->case_no, &o);

    if (err == JB_OK)
        err = belongs(r, asked);
    if (err != JB_OK)
        return err;
    jb__blob_part__init(part);
    /* once for each attachment that a connection reads, wherever it begins */
    if (memcmp(r->client->read_hash, asked->blob_hash.data, JB_HASH_BYTES) != 0)
        err = jb_agent_access_note(r, asked->case_no, JB_AUDIT_ATTACHMENT);
    if (err == JB_OK)
        err = get_piece(r, asked, part);
    if (err == JB_OK)
        memcpy(r->client->read_hash, asked->blob_hash.data, JB_HASH_BYTES);
    reply->body_case = JB__REPLY__BODY_BLOB_PART;
    reply->blob_part = part;
    return err;
}
