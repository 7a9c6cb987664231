/* Applying entries to the derived tables: nothing else writes them.
 *
 * Decides which part of an entry changes which table. What happens to a case is decided by the
 * effects that the entry carries and by jb_case_apply. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/gram.h"

/* The receipts that a STORED entry reports. */
static enum jb_err stored_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    enum jb_err err = JB_OK;
    const struct jb_act *act = &entry->act;

    for (size_t i = 0; i < act->items.count && err == JB_OK; i++)
        err = jb_sql_run(l, JB_SQL_STORED_ADD,
                         JB_ROW(jb_int(act->items.at[i].case_no), jb_u64(act->items.at[i].log_seq),
                                jb_int(act->node), jb_int(entry->at_ms)));
    return err;
}

static enum jb_err policy_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    const struct jb_act *act = &entry->act;

    return jb_sql_run(l, JB_SQL_POLICY_ADD,
                      JB_ROW(jb_u64(entry->seq), jb_int(act->effective_from_ms),
                             jb_text(act->version), jb_text(act->region), jb_blob(act->body)));
}

static enum jb_err calendar_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    const struct jb_act *act = &entry->act;

    return jb_sql_run(l, JB_SQL_CALENDAR_ADD,
                      JB_ROW(jb_u64(entry->seq), jb_text(act->region), jb_text(act->version),
                             jb_blob(act->body)));
}

/* Wherever this entry is applied (at first, in a rebuild, in a restored older copy) the key goes.
 */
static enum jb_err erase_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    enum jb_err err = jb_sql_run(l, JB_SQL_CASE_KEY_DROP, JB_ROW(jb_int(entry->act.case_no)));

    if (err == JB_OK && l->role == JB_LEDGER_REPLICA)
        err = jb_sql_run(l, JB_SQL_OUTBOX_KEY_DROP, JB_ROW(jb_int(entry->act.case_no)));
    return err;
}

static enum jb_err attach_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    const struct jb_act *act = &entry->act;

    if (act->content_hash.len != JB_HASH_BYTES)
        return JB_CORRUPT; /* no broker accepts such an act */
    return jb_sql_run(l, JB_SQL_ATTACHMENT_ADD,
                      JB_ROW(jb_int(act->case_no), jb_u64(entry->seq), jb_int(entry->node),
                             jb_int(entry->at_ms), jb_blob(act->content_hash),
                             jb_u64(act->size_bytes)));
}

static const struct {
    enum jb_act_kind kind;
    enum jb_err (*apply)(struct jb_ledger *l, const struct jb_entry *entry);
} others[] = {
    {JB_ACT_STORED, stored_apply},
    {JB_ACT_ATTACH, attach_apply},
    {JB_ACT_ERASE_KEY, erase_apply},
    {JB_ACT_ENROL_NODE, jb_directory_entry_apply},
    {JB_ACT_CHANGE_NODE, jb_directory_entry_apply},
    {JB_ACT_REPLACE_KEYS, jb_directory_entry_apply},
    {JB_ACT_RETIRE_NODE, jb_directory_entry_apply},
    {JB_ACT_DELEGATE, jb_delegation_entry_apply},
    {JB_ACT_END_DELEGATION, jb_delegation_entry_apply},
    {JB_ACT_INSTALL_POLICY, policy_apply},
    {JB_ACT_INSTALL_CALENDAR, calendar_apply},
};

bool jb_ledger_may_wait(enum jb_act_kind kind)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].kind == kind)
            return kind == JB_ACT_STORED;
    return true;
}

enum jb_err jb_ledger_apply_rest(struct jb_ledger *l, const struct jb_entry *entry)
{
    assert(l->writing);
    if (l->behind.fresh != NULL) { /* when the tick is applied */
        assert(jb_ledger_may_wait(entry->act.kind));
        return JB_OK;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].kind == entry->act.kind)
            return others[i].apply(l, entry);
    return JB_OK;
}

/* The title, which few entries set, in the index of a replica. */
static enum jb_err title_apply(struct jb_ledger *l, const struct jb_case *c, struct jb_text before)
{
    if (jb_text_equal(c->title, before))
        return JB_OK;
    enum jb_err err = jb_gram_drop(l, c->case_no, before);
    return err == JB_OK ? jb_gram_put(l, c->case_no, c->title) : err;
}

static enum jb_err case_apply(struct jb_ledger *l, const struct jb_entry *entry,
                              struct jb_arena *arena)
{
    struct jb_case loaded;
    struct jb_case *c = jb_held_case(l, entry->act.case_no);
    enum jb_err err =
        c == NULL ? jb_ledger_case_load(l, entry->act.case_no, arena, &loaded) : JB_OK;

    if (err != JB_OK)
        return err;
    if (c == NULL)
        c = &loaded;
    if (c->stage != JB_STAGE_NONE && entry->seq <= c->last_seq)
        return JB_OK; /* history that was given twice */
    bool opens = c->stage == JB_STAGE_NONE;
    if (opens && (!jb_act_may_open(entry->act.kind) || entry->effect_count == 0))
        /* A note about a case that is not held here; but consequences need their case. */
        return entry->effect_count == 0 ? JB_OK : JB_CORRUPT;
    struct jb_text title = c->title;
    struct jb_counts before = jb_counts_of(l, c);
    err = jb_case_apply(c, entry, arena);
    if (err == JB_OK)
        err = jb_ledger_case_save(l, c);
    if (err != JB_OK)
        return err;
    jb_counts_change(l, &before, c);
    err = title_apply(l, c, title);
    if (err == JB_OK && opens)
        err = jb_sql_run(l, JB_SQL_LEFT_DROP, JB_ROW(jb_int(c->case_no)));
    return err;
}

enum jb_err jb_ledger_apply(struct jb_ledger *l, const struct jb_entry *entry,
                            struct jb_arena *arena)
{
    assert(l->writing);
    enum jb_err err = JB_OK;
    if (entry->act.case_no != 0)
        err = case_apply(l, entry, arena);
    if (err == JB_OK)
        err = jb_ledger_apply_rest(l, entry);
    return err;
}
