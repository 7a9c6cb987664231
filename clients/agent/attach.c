/* The act that attaches: its sealed label (the file's own name often names a person), and how
 * attachments are shown. */
#include "clients/agent/blob.h"
#include "clients/agent/requests.h"

#include "proto/base/utf8.h"
#include "proto/ledger/blobrows.h"

#define LABEL_BYTES ((size_t)8192)

/* ---- out ---- */

/* Once it is sealed, nobody else can look. */
static enum jb_err check_label(struct jb_agent_request *r, struct jb_text name, const char *note)
{
    struct jb_text text = jb_text_of(note);
    enum jb_err err = jb_text_check_line(name.data, name.len);
    if (err != JB_OK || name.len > JB_LIMIT_LINE)
        return jb_fault_set(&r->fault, err != JB_OK ? err : JB_TOO_LARGE,
                            "name: must be one line, at most %d bytes", JB_LIMIT_LINE);
    err = jb_text_check(text.data, text.len);
    return err == JB_OK ? JB_OK : jb_fault_set(&r->fault, err, "note: %s", jb_err_text(err));
}

static enum jb_err seal_label(struct jb_agent_request *r, struct jb_act *act, const char *note,
                              const uint8_t key[JB_KEY_BYTES])
{
    Jb__AttachLabel label = JB__ATTACH_LABEL__INIT;
    struct jb_bytes plain;
    char digits[24];

    label.name =
        jb_arena_strndup(r->arena, act->name.data != NULL ? act->name.data : "", act->name.len);
    label.note = note != NULL ? jb_arena_strndup(r->arena, note, strlen(note)) : NULL;
    enum jb_err err = check_label(r, act->name, note);
    if (err == JB_OK)
        err = jb_message_encode(&label.base, r->arena, &plain);
    if (err == JB_OK && plain.len > LABEL_BYTES)
        err = jb_fault_set(&r->fault, JB_TOO_LARGE, "name and note: over %zu bytes", LABEL_BYTES);
    if (err != JB_OK)
        return err;
    size_t len = JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES + plain.len;
    uint8_t *box = jb_arena_alloc(r->arena, len);
    if (box == NULL)
        return JB_NOMEM;
    jb_seal_key_id(key, box);
    jb_seal(key, plain, jb_agent_seal_place(act->case_no, digits), box + JB_SEAL_KEY_ID_BYTES);
    act->sealed = (struct jb_bytes){box, len};
    act->name = (struct jb_text){NULL, 0};
    return JB_OK;
}

/* Here, whole, and sealed under the key of this very case? */
static enum jb_err check_contents(struct jb_agent_request *r, struct jb_act *act,
                                  const uint8_t key[JB_KEY_BYTES])
{
    struct jb_blobs *store = jb_agent_blob_store(r->agent);
    uint8_t id[JB_SEAL_KEY_ID_BYTES];
    struct jb_blob_state state;
    struct jb_blob_manifest m;
    struct jb_bytes bytes;

    if (act->content_hash.len != JB_HASH_BYTES ||
        !jb_blobs_complete(store, act->content_hash.data) ||
        !jb_blobs_state(store, act->content_hash.data, &state))
        return jb_fault_set(&r->fault, JB_NOT_FOUND,
                            "attach: put the contents first; what was put and not attached is "
                            "kept for an hour");
    enum jb_err err = jb_blobs_manifest(store, act->content_hash.data, r->arena, &bytes);
    if (err == JB_OK)
        err = jb_blob_manifest_decode(bytes, r->agent->keys.suite, r->arena, &m, &r->fault);
    if (err != JB_OK)
        return err;
    jb_seal_key_id(key, id);
    if (memcmp(id, m.key_id, sizeof id) != 0)
        return jb_fault_set(&r->fault, JB_DENIED,
                            "attach: these contents are sealed under the key of another case");
    act->size_bytes = state.size_bytes - (uint64_t)state.total * JB_SEAL_EXTRA_BYTES;
    return JB_OK;
}

enum jb_err jb_agent_attach_complete(struct jb_agent_request *r, struct jb_act *act,
                                     const char *note, uint8_t key[JB_KEY_BYTES])
{
    if (act->sealed.len > 0)
        return jb_fault_set(&r->fault, JB_MALFORMED, "attach: the agent seals the label");
    enum jb_err err = jb_ledger_case_key_get(r->agent->ledger, act->case_no, key);
    if (err == JB_NOT_FOUND) {
        bool lacks = false;
        err = jb_agent_key_lacks(r, act->case_no, &lacks);
        return lacks ? jb_fault_set(&r->fault, JB_DENIED, "attach: no key of this case is here")
                     : err;
    }
    if (err == JB_OK)
        err = check_contents(r, act, key);
    return err == JB_OK ? seal_label(r, act, note, key) : err;
}

/* ---- as people see it ---- */

/* Without the key the label stays closed. */
static enum jb_err put_label(const struct jb_agent_views *v, const struct jb_act *act,
                             const uint8_t *key, Jb__AttachmentView *w)
{
    struct jb_bytes box = act->sealed;
    struct jb_fault fault = {""};
    ProtobufCMessage *message = NULL;
    char digits[24];

    if (key == NULL || box.len < JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES)
        return JB_DENIED;
    box.data += JB_SEAL_KEY_ID_BYTES;
    box.len -= JB_SEAL_KEY_ID_BYTES;
    size_t len = box.len - JB_SEAL_EXTRA_BYTES;
    uint8_t *plain = jb_arena_alloc(v->arena, len);
    enum jb_err err = plain == NULL
                          ? JB_NOMEM
                          : jb_unseal(key, box, jb_agent_seal_place(act->case_no, digits), plain);
    if (err == JB_OK)
        err = jb_message_decode(&jb__attach_label__descriptor, (struct jb_bytes){plain, len},
                                v->arena, &message, &fault);
    if (err != JB_OK)
        return err;
    w->name = ((Jb__AttachLabel *)message)->name;
    w->note = ((Jb__AttachLabel *)message)->note;
    return JB_OK;
}

static Jb__AttachmentView *one(const struct jb_agent_views *v, const struct jb_entry *e,
                               const uint8_t *key, bool unfit, bool opened)
{
    Jb__AttachmentView *w = jb_arena_alloc(v->arena, sizeof *w);
    struct jb_blob_state state = {0};

    if (w == NULL || e->act.content_hash.len != JB_HASH_BYTES)
        return NULL;
    jb__attachment_view__init(w);
    /* with a key that does not fit it is this agency's to read: opening it says what is wrong */
    bool readable = unfit || (key != NULL && (!opened || put_label(v, &e->act, key, w) == JB_OK));
    (void)jb_blobs_state(jb_agent_blob_store(v->agent), e->act.content_hash.data, &state);
    w->has_blob_hash = true;
    w->blob_hash.data = jb_arena_memdup(v->arena, e->act.content_hash.data, JB_HASH_BYTES);
    w->blob_hash.len = w->blob_hash.data != NULL ? JB_HASH_BYTES : 0;
    JB_PUT(w, seq, e->seq);
    JB_PUT(w, at_ms, e->at_ms);
    JB_PUT(w, node, e->node);
    JB_PUT(w, size_bytes, e->act.size_bytes);
    JB_PUT(w, chunks_here, state.here);
    JB_PUT(w, chunks_total, state.total);
    JB_PUT(w, sealed_unreadable, !readable);
    w->node_name = jb_agent_view_node_name(v, e->node);
    w->user = jb_agent_view_text(v, e->user);
    w->media_type = jb_agent_view_text(v, e->act.media_type);
    return w;
}

enum jb_err jb_agent_view_attachments(const struct jb_agent_views *v,
                                      const struct jb_timeline_row *rows, size_t count, bool opened,
                                      Jb__CaseView *w)
{
    uint8_t key[JB_KEY_BYTES];
    bool has_key = jb_ledger_case_key_get(v->agent->ledger, w->case_no, key) == JB_OK;
    bool unfit = false;
    enum jb_err err = has_key ? JB_OK : jb_replica_key_unfit(v->agent->ledger, w->case_no, &unfit);

    if (err != JB_OK)
        return err;
    w->attachments = jb_agent_view_array(v->arena, count);
    if (w->attachments == NULL)
        err = JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        if (rows[i].entry.act.kind != JB_ACT_ATTACH)
            continue;
        Jb__AttachmentView *a = one(v, &rows[i].entry, has_key ? key : NULL, unfit, opened);
        if (a == NULL)
            err = JB_NOMEM;
        else
            w->attachments[w->n_attachments++] = a;
        if (a != NULL)
            JB_PUT(a, number, (uint32_t)w->n_attachments);
    }
    explicit_bzero(key, sizeof key);
    return err;
}

enum jb_err jb_agent_has_attachments(struct jb_agent *a, int64_t case_no, struct jb_arena *arena,
                                     bool *has)
{
    uint8_t(*hashes)[JB_HASH_BYTES] = NULL;
    size_t count = 0;
    enum jb_err err = jb_blobs_of_case(a->ledger, case_no, arena, &hashes, &count);

    *has = count > 0;
    return err;
}

enum jb_err jb_agent_attachment_find(struct jb_agent_request *r, int64_t case_no, uint32_t number,
                                     Jb__AttachmentView **out)
{
    const struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_timeline_row *rows = NULL;
    size_t count = 0;
    Jb__CaseView w = JB__CASE_VIEW__INIT;
    enum jb_err err = jb_query_timeline(r->agent->ledger, case_no, r->arena, &rows, &count);

    JB_PUT(&w, case_no, case_no);
    if (err == JB_OK)
        err = jb_agent_view_attachments(&v, rows, count, true, &w);
    if (err != JB_OK)
        return err;
    if (number == 0 || number > w.n_attachments)
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "the case has no such attachment");
    *out = w.attachments[number - 1];
    return JB_OK;
}
