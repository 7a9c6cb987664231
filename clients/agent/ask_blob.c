/* PutBlob: the contents of attachments, in plain from local programs, in pieces.
 *
 * The key of a case that has none yet is made here, with its first attachment; the broker gets it
 * with the act. */
#include "clients/agent/blob.h"
#include "clients/agent/requests.h"

#include <sodium.h>

#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"

#define PIECE_MAX ((size_t)1024 * 1024)

/* ---- the case and its key ---- */

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
    enum jb_err err = jb_agent_blob_case(r, case_no, &o);

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

/* By chance: who remembers one from before this agent began meets no other upload with it. */
static uint64_t handle_new(void)
{
    uint64_t handle = 0;
    while (handle == 0)
        randombytes_buf(&handle, sizeof handle);
    return handle;
}

static enum jb_err upload_begin(struct jb_agent_request *r, int64_t case_no,
                                struct jb_agent_upload **out)
{
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
    u->handle = handle_new();
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
        if (all[i].handle == asked->handle && all[i].client == r->client &&
            all[i].case_no == asked->case_no) {
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

static void upload_end(struct jb_agent_upload *u)
{
    jb_blob_spool_close(&u->spool);
    *u = (struct jb_agent_upload){0};
}

enum jb_err jb_agent_put_blob(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__PutBlob *asked = r->request->put_blob;
    Jb__BlobPart *part = jb_arena_alloc(r->arena, sizeof *part);
    struct jb_agent_upload *u = NULL;

    if (part == NULL)
        return JB_NOMEM;
    jb__blob_part__init(part);
    reply->body_case = JB__REPLY__BODY_BLOB_PART;
    reply->blob_part = part;
    if (asked->drop) {
        if (asked->handle != 0 && upload_find(r, asked, &u) == JB_OK)
            upload_end(u);
        return JB_OK;
    }
    enum jb_err err = upload_find(r, asked, &u);
    if (err != JB_OK)
        return err;
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
    if (err != JB_OK || asked->last)
        upload_end(u);
    return upload_fault(r, err);
}
