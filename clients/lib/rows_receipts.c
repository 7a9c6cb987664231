/* Who had what when -> public rows. */
#include "clients/lib/client.h"

static const struct jiaoban_receipt *receipt(struct jb_arena *a, const Jb__ReceiptView *v)
{
    struct jiaoban_receipt *r = jb_arena_alloc(a, sizeof *r);
    if (r != NULL)
        *r = (struct jiaoban_receipt){.node = v->node,
                                      .node_name = jb_client_text(v->node_name),
                                      .state = (enum jiaoban_proof)v->state,
                                      .at_ms = v->at_ms,
                                      .number = v->number,
                                      .epoch_hex = jb_client_text(v->epoch_hex),
                                      .head_hex = jb_client_text(v->head_hex),
                                      .signature_hex = jb_client_text(v->signature_hex),
                                      .suite = v->suite,
                                      .key_hex = jb_client_text(v->key_hex),
                                      .own = v->own};
    return r;
}

const struct jiaoban_entry_receipts *jb_client_entry_receipts(struct jb_arena *a,
                                                              const Jb__EntryReceiptsView *v)
{
    struct jiaoban_entry_receipts *e = jb_arena_alloc(a, sizeof *e);
    const struct jiaoban_receipt **all = jb_client_pointers(a, v->n_receipts);
    if (e == NULL || all == NULL)
        return NULL;
    for (size_t i = 0; i < v->n_receipts; i++)
        if ((all[i] = receipt(a, v->receipts[i])) == NULL)
            return NULL;
    *e = (struct jiaoban_entry_receipts){.seq = v->seq,
                                         .number = v->number,
                                         .at_ms = v->at_ms,
                                         .put_at_ms = v->put_at_ms,
                                         .node = v->node,
                                         .node_name = jb_client_text(v->node_name),
                                         .user = jb_client_text(v->user),
                                         .kind = jb_client_text(v->kind),
                                         .directive_no = v->directive_no,
                                         .sent = v->sent != NULL ? receipt(a, v->sent) : NULL,
                                         .receipts = all,
                                         .receipt_count = v->n_receipts};
    return v->sent == NULL || e->sent != NULL ? e : NULL;
}
