/* See overlay.h. */
#include "clients/agent/overlay.h"

/* The entry that the broker would make of the accepted act. Its log number is not known: the case
 * keeps the number of its last real entry. */
static enum jb_err apply_accepted(const struct jb_agent_overlay_maker *m,
                                  struct jb_agent_overlay *o,
                                  const struct jb_agent_overlay_act *what, struct jb_arena *arena)
{
    struct jb_entry entry = {.seq = o->c.last_seq,
                             .at_ms = what->now_ms,
                             .node = m->node,
                             .user = what->user,
                             .made_at_ms = what->now_ms,
                             .act = *what->act,
                             .effects = m->verdict->effects.at,
                             .effect_count = m->verdict->effects.count};
    enum jb_err err = jb_case_apply(&o->c, &entry, arena);
    if (err == JB_CORRUPT) { /* effects that do not fit are no reason to show nothing */
        o->unlikely++;
        return JB_OK;
    }
    return err;
}

enum jb_err jb_agent_overlay_act(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                                 const struct jb_agent_overlay_act *what, struct jb_arena *arena)
{
    struct jb_question q = {
        .act = what->act, .node = m->node, .user = what->user, .now_ms = what->now_ms};
    jb_decide(m->book, &o->c, &q, m->verdict);
    if (m->verdict->refusal != JB_REFUSE_NONE) {
        o->unlikely++;
        return JB_OK;
    }
    return apply_accepted(m, o, what, arena);
}

static enum jb_err add_waiting(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                               const struct jb_outbox_item *item, struct jb_arena *arena)
{
    struct jb_submission s;
    struct jb_fault fault = {""};
    struct jb_act *act = jb_arena_alloc(arena, sizeof *act);
    if (act == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_submission_decode(item->body, arena, &s, &fault);
    if (err == JB_OK)
        err = jb_act_decode(s.act_bytes, arena, act, &fault);
    if (err != JB_OK)
        return err;
    if (act->kind == JB_ACT_REGISTER && o->c.stage == JB_STAGE_NONE)
        o->registered = act;
    struct jb_agent_overlay_act what = {.act = act, .user = s.user, .now_ms = s.made_at_ms};
    return jb_agent_overlay_act(m, o, &what, arena);
}

enum jb_err jb_agent_overlay_load(const struct jb_agent_overlay_maker *m, int64_t case_no,
                                  bool has_pending, struct jb_arena *arena,
                                  struct jb_agent_overlay *out)
{
    size_t count = 0;
    memset(out, 0, sizeof *out);
    enum jb_err err = jb_ledger_case_load(m->ledger, case_no, arena, &out->c);
    out->stored = err == JB_OK && out->c.stage != JB_STAGE_NONE;
    if (err != JB_OK || !has_pending)
        return err;
    err = jb_outbox_of_case(m->ledger, case_no, arena, &out->items, &count);
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = add_waiting(m, out, &out->items[i], arena);
    out->pending = (uint32_t)count;
    return err;
}
