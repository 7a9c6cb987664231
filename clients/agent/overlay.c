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

/* Decide one more act, with these other cases in view, and apply it. */
static enum jb_err act_on(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                          const struct jb_agent_overlay_act *what,
                          const struct jb_agent_others *others, struct jb_arena *arena)
{
    struct jb_question q = {.act = what->act,
                            .node = m->node,
                            .user = what->user,
                            .now_ms = what->now_ms,
                            .others = others->at,
                            .other_count = others->count};
    jb_decide(m->book, &o->c, &q, m->verdict);
    if (m->verdict->refusal != JB_REFUSE_NONE) {
        o->unlikely += !jb_agent_others_excuse(others, m->verdict->refusal);
        return JB_OK;
    }
    return apply_accepted(m, o, what, arena);
}

static enum jb_err decode_waiting(const struct jb_outbox_item *item, struct jb_arena *arena,
                                  struct jb_agent_overlay_act *what)
{
    struct jb_submission s;
    struct jb_fault fault = {""};
    struct jb_act *act = jb_arena_alloc(arena, sizeof *act);
    if (act == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_submission_decode(item->body, arena, &s, &fault);
    if (err == JB_OK)
        err = jb_act_decode(s.act_bytes, arena, act, &fault);
    if (err == JB_OK)
        *what = (struct jb_agent_overlay_act){.act = act, .user = s.user, .now_ms = s.made_at_ms};
    return err;
}

/* ---- other cases ---- */

/* One other case: stored, or as what waits makes it; `asking` is the only other that this may look
 * at, so that looking ends. */
static enum jb_err other_load(const struct jb_agent_overlay_maker *m, int64_t case_no,
                              const struct jb_case *asking, struct jb_arena *arena,
                              struct jb_agent_overlay *o)
{
    struct jb_outbox_item *items = NULL;
    size_t count = 0;
    const struct jb_case *at[] = {asking};
    const struct jb_agent_others others = {at, asking->stage != JB_STAGE_NONE, true};
    memset(o, 0, sizeof *o);
    enum jb_err err = jb_ledger_case_load(m->ledger, case_no, arena, &o->c);
    if (err != JB_OK || o->c.stage != JB_STAGE_NONE)
        return err;
    err = jb_outbox_of_case(m->ledger, case_no, arena, &items, &count);
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        struct jb_agent_overlay_act what;
        err = decode_waiting(&items[i], arena, &what);
        if (err == JB_OK)
            err = act_on(m, o, &what, &others, arena);
    }
    return err;
}

enum jb_err jb_agent_others_load(const struct jb_agent_overlay_maker *m, const struct jb_act *act,
                                 const struct jb_case *c, struct jb_arena *arena,
                                 struct jb_agent_others *out)
{
    int64_t numbers[JB_OTHERS_MAX];
    size_t count = jb_act_other_cases(act, c, numbers);
    *out = (struct jb_agent_others){.at = NULL};
    if (count == 0)
        return JB_OK;
    out->at = jb_arena_alloc(arena, count * sizeof(void *));
    struct jb_agent_overlay *all = jb_arena_alloc(arena, count * sizeof *all);
    if (out->at == NULL || all == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        enum jb_err err = other_load(m, numbers[i], c, arena, &all[i]);
        if (err != JB_OK)
            return err;
        if (all[i].c.stage == JB_STAGE_NONE)
            out->missing = true;
        else
            out->at[out->count++] = &all[i].c;
    }
    return JB_OK;
}

bool jb_agent_others_excuse(const struct jb_agent_others *others, enum jb_refusal refusal)
{
    return others->missing &&
           (refusal == JB_REFUSE_OTHER_CASE_UNKNOWN || refusal == JB_REFUSE_NOT_LINKABLE);
}

/* ---- one case ---- */

enum jb_err jb_agent_overlay_act(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                                 const struct jb_agent_overlay_act *what, struct jb_arena *arena)
{
    struct jb_agent_others others;
    enum jb_err err = jb_agent_others_load(m, what->act, &o->c, arena, &others);
    return err == JB_OK ? act_on(m, o, what, &others, arena) : err;
}

static enum jb_err add_waiting(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                               const struct jb_outbox_item *item, struct jb_arena *arena)
{
    struct jb_agent_overlay_act what;
    enum jb_err err = decode_waiting(item, arena, &what);
    if (err != JB_OK)
        return err;
    if (jb_act_may_open(what.act->kind) && o->c.stage == JB_STAGE_NONE)
        o->registered = what.act;
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
