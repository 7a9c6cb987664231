/* Attachments: the key that they are sealed under. See jb_blob_key_fits. */
#include "daemon/blob.h"
#include "proto/wire/seal.h"

/* The key that this case has or that the batch gives it; false: none. */
static bool key_in_batch(const struct jb_batch *t, int64_t case_no, const uint8_t **key)
{
    for (size_t i = 0; i < t->op_count; i++) {
        const struct jb_op *op = &t->ops[i];
        if (op->kind == JB_OP_ENTRY && op->item != NULL && op->item->case_key.len == JB_KEY_BYTES &&
            op->entry->act.case_no == case_no &&
            (op->entry->act.kind == JB_ACT_REGISTER || op->entry->act.kind == JB_ACT_ATTACH)) {
            *key = op->item->case_key.data;
            return true;
        }
    }
    return false;
}

enum jb_err jb_blob_key_fits(struct jb_broker *b, const struct jb_batch *t,
                             const struct jb_intake_item *item, const struct jb_act *act,
                             bool *fits)
{
    uint8_t stored[JB_KEY_BYTES];
    uint8_t id[JB_SEAL_KEY_ID_BYTES];
    const uint8_t *key = NULL;
    enum jb_err err = jb_ledger_case_key_get(b->reader, act->case_no, stored);

    *fits = false;
    if (err == JB_OK)
        key = stored;
    else if (err != JB_NOT_FOUND)
        return err;
    else if (!key_in_batch(t, act->case_no, &key) && item != NULL &&
             item->case_key.len == JB_KEY_BYTES)
        key = item->case_key.data;
    if (key != NULL && act->sealed.len > JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES) {
        jb_seal_key_id(key, id);
        *fits = memcmp(id, act->sealed.data, sizeof id) == 0;
    }
    explicit_bzero(stored, sizeof stored);
    return JB_OK;
}
