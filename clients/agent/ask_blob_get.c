/* GetBlob: the contents of attachments, in plain to local programs, in pieces. Reading them is
 * recorded like reading petitioners' data; what was read is not. */
#include "clients/agent/blob.h"
#include "clients/agent/requests.h"

#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"
#include "proto/wire/chain.h"

#define PIECE_MAX ((size_t)1024 * 1024)

/* As it will be once the outbox is settled: one may attach to what was registered just now. */
enum jb_err jb_agent_blob_case(struct jb_agent_request *r, int64_t case_no,
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

    if (err == JB_NOT_FOUND) {
        bool lacks = false;
        err = jb_agent_key_lacks(r, asked->case_no, &lacks);
        return lacks ? jb_fault_set(&r->fault, JB_DENIED,
                                    "this agency may not read what is sealed in this case: it "
                                    "holds no key")
                     : err;
    }
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

/* By its number in place of its hash: with what the file is called. */
static enum jb_err find_number(struct jb_agent_request *r, Jb__GetBlob *asked, Jb__BlobPart *part)
{
    Jb__AttachmentView *found = NULL;
    enum jb_err err = jb_agent_attachment_find(r, asked->case_no, asked->attachment, &found);

    if (err != JB_OK)
        return err;
    asked->blob_hash = found->blob_hash;
    part->has_blob_hash = true;
    part->blob_hash = found->blob_hash;
    part->name = found->name;
    return JB_OK;
}

/* Once for each attachment that a person reads on a connection: when he begins, and when he goes on
 * with one that is not among the last ones. A gateway's connection is that of many people. */
static enum jb_err note_reading(struct jb_agent_request *r, const Jb__GetBlob *asked)
{
    struct jb_agent_client *c = r->client;
    uint8_t mark[JB_HASH_BYTES];
    size_t len = r->user.len + JB_HASH_BYTES;
    uint8_t *both = jb_arena_alloc(r->arena, len);

    if (both == NULL)
        return JB_NOMEM;
    memcpy(both, asked->blob_hash.data, JB_HASH_BYTES);
    memcpy(both + JB_HASH_BYTES, r->user.data, r->user.len);
    jb_digest(both, len, mark);
    bool known = false;
    for (size_t i = 0; i < JB_AGENT_READINGS; i++)
        known = known || memcmp(c->readings[i], mark, sizeof mark) == 0;
    if (known && asked->offset > 0)
        return JB_OK;
    if (!known) {
        memcpy(c->readings[c->reading_next], mark, sizeof mark);
        c->reading_next = (c->reading_next + 1) % JB_AGENT_READINGS;
    }
    return jb_agent_access_note(r, asked->case_no, JB_AUDIT_ATTACHMENT);
}

enum jb_err jb_agent_get_blob(struct jb_agent_request *r, Jb__Reply *reply)
{
    Jb__GetBlob asked = *r->request->get_blob;
    Jb__BlobPart *part = jb_arena_alloc(r->arena, sizeof *part);
    struct jb_agent_overlay o = {0};
    enum jb_err err = part == NULL ? JB_NOMEM : jb_agent_blob_case(r, asked.case_no, &o);

    if (err != JB_OK)
        return err;
    jb__blob_part__init(part);
    err = asked.attachment != 0 ? find_number(r, &asked, part) : belongs(r, &asked);
    if (err == JB_OK)
        err = note_reading(r, &asked);
    if (err == JB_OK)
        err = get_piece(r, &asked, part);
    reply->body_case = JB__REPLY__BODY_BLOB_PART;
    reply->blob_part = part;
    return err;
}
