/* Applies one entry to its case, in three passes: check every effect against the case as it will be
 * by then, make room for all new rows, then change. So a misfit changes nothing. Decides nothing:
 * what an act leads to has been decided when its effects were drawn. */
#include "proto/rules/applying.h"
#include "proto/rules/civil.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- first pass: does it fit? --------------------------------------------------------------- */

static bool ended_earlier(const struct jb_applying *a, uint32_t id)
{
    for (size_t i = 0; i < a->at; i++) {
        const struct jb_effect *e = &a->entry->effects[i];

        if (e->kind == JB_EFFECT_DEADLINE_ENDED && e->deadline_id == id)
            return true;
    }
    return false;
}

static bool known(const struct jb_applying *a, uint32_t id)
{
    const struct jb_case *c = a->c;
    uint32_t stored = c->deadline_count > 0 ? c->deadlines[c->deadline_count - 1].id : 0;

    return jb_case_deadline(c, id) != NULL || (id > stored && id <= a->last_id);
}

bool jb_apply_running(const struct jb_applying *a, uint32_t id)
{
    const struct jb_deadline *d = jb_case_deadline(a->c, id);

    return known(a, id) && (d == NULL || d->end == JB_END_OPEN) && !ended_earlier(a, id);
}

static bool fits_stage(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->stage > JB_STAGE_NONE && e->stage < JB_STAGE_COUNT;
}

static bool fits_custody(struct jb_applying *a, const struct jb_effect *e)
{
    if (e->node == 0 || e->custody != a->custody + 1)
        return false;
    a->custody = e->custody;
    return true;
}

static bool fits_joined(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->node != 0 && e->role >= JB_ROLE_REGISTRAR && e->role < JB_ROLE_END;
}

static bool fits_fact(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->fact > 0 && e->fact < JB_FACT_COUNT;
}

/* A due instant of 0 could never be told from one that was not missed. */
bool jb_apply_is_due(int64_t ms)
{
    return ms > 0 && ms < JB_INSTANT_MAX_MS;
}

static bool fits_deadline_set(struct jb_applying *a, const struct jb_effect *e)
{
    if (!jb_apply_is_due(e->due_ms) || e->deadline_id != a->last_id + 1 || e->node == 0 ||
        e->key.len == 0 || e->key.len >= JB_KEY_MAX || e->warn_at_ms.count > JB_WARN_MAX)
        return false;
    a->last_id = e->deadline_id;
    return true;
}

static bool fits_deadline_ended(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id) && e->end > JB_END_OPEN &&
           e->end <= JB_END_SUPERSEDED;
}

static bool fits_deadline_moved(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id) && e->warn_at_ms.count <= JB_WARN_MAX &&
           jb_apply_is_due(e->due_ms) && (!e->extension || jb_apply_is_due(e->old_due_ms));
}

static bool fits_deadline_warned(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id) && e->step_no >= 1 && e->step_no <= JB_WARN_MAX;
}

static bool fits_deadline_missed(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id) && jb_apply_is_due(e->at_ms);
}

static bool fits_deadline_acknowledged(struct jb_applying *a, const struct jb_effect *e)
{
    return known(a, e->deadline_id);
}

static bool fits_objection(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->node != 0 && e->ruling <= JB_RULING_REFUSED;
}

static bool fits_opinion(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->opinion <= JB_OPINION_NOT_SUPPORTED && e->exit <= JB_EXIT_RESIDUE &&
           e->matter <= JB_MATTER_APPEAL;
}

/* ---- last pass: change ---------------------------------------------------------------------- */

struct jb_text jb_apply_keep(struct jb_applying *a, struct jb_text text)
{
    struct jb_text copy = {NULL, 0};

    if (text.len == 0)
        return copy;
    copy.data = jb_arena_strndup(a->arena, text.data, text.len);
    if (copy.data == NULL)
        a->nomem = true;
    else
        copy.len = text.len;
    return copy;
}

static void remove_roles(struct jb_case *c, uint32_t node, enum jb_role role)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->participant_count; i++) {
        struct jb_participant p = c->participants[i];

        if (p.node != node || (role != 0 && p.role != role))
            c->participants[kept++] = p;
    }
    c->participant_count = kept;
    c->participants_dirty = true;
}

/* Room was made in the second pass. */
static void add_role(struct jb_case *c, uint32_t node, enum jb_role role)
{
    if (role == JB_ROLE_LEFT)
        remove_roles(c, node, 0);
    else
        remove_roles(c, node, JB_ROLE_LEFT);
    remove_roles(c, node, role);
    c->participants[c->participant_count++] = (struct jb_participant){.node = node, .role = role};
}

static void apply_stage(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->stage = (enum jb_stage)e->stage;
}

static void apply_custody(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_case *c = a->c;

    remove_roles(c, c->host, JB_ROLE_HOST);
    add_role(c, e->node, JB_ROLE_HOST);
    c->host = e->node;
    c->custody = e->custody;
    c->authority = (int)e->authority;
    c->sender = e->sender;
    c->hops = e->hops;
    c->sent_seq = e->sender != 0 ? a->entry->seq : 0;
}

static void apply_joined(struct jb_applying *a, const struct jb_effect *e)
{
    add_role(a->c, e->node, (enum jb_role)e->role);
    if (e->role ==
        JB_ROLE_REGISTRAR) /* there is one: an abolished one's successor takes its place */
        a->c->registrar = e->node;
}

static void apply_fact(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->facts_ms[e->fact] = e->at_ms;
}

struct jb_deadline *jb_apply_changed(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_case_deadline(a->c, e->deadline_id);

    d->dirty = true;
    return d;
}

/* Steps that lie behind us when they are set have fallen: nobody is warned of them any more. */
void jb_apply_warn_steps(struct jb_deadline *d, const struct jb_effect *e, int64_t now_ms)
{
    memset(d->warn_at_ms, 0, sizeof d->warn_at_ms);
    d->warned = 0;
    for (size_t i = 0; i < e->warn_at_ms.count; i++) {
        d->warn_at_ms[i] = e->warn_at_ms.at[i];
        if (d->warn_at_ms[i] <= now_ms)
            d->warned = (uint32_t)i + 1;
    }
}

static void apply_deadline_set(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = &a->c->deadlines[a->c->deadline_count++];

    *d = (struct jb_deadline){
        .id = e->deadline_id,
        .node = e->node,
        .trigger_ms = e->trigger_ms,
        .limit = e->limit,
        .unit = (enum jb_unit)e->unit,
        .due_ms = e->due_ms,
        .first_due_ms = e->due_ms,
        .set_seq = a->entry->seq,
        .provisional = e->provisional,
        .designated_bound = e->designated_bound,
        .directive = e->directive,
        .docket = e->docket,
        .policy_version = jb_apply_keep(a, e->policy_version),
        .calendar_version = jb_apply_keep(a, e->calendar_version),
        .article = jb_apply_keep(a, e->article),
        .dirty = true,
    };
    memcpy(d->key, e->key.data, e->key.len);
    jb_apply_warn_steps(d, e, a->entry->at_ms);
}

static void apply_deadline_ended(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_apply_changed(a, e);

    d->end = (enum jb_deadline_end)e->end;
    d->ended_ms = e->at_ms;
}

static void apply_deadline_moved(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_apply_changed(a, e);

    d->due_ms = e->due_ms;
    d->trigger_ms = e->trigger_ms;
    d->provisional = e->provisional;
    d->calendar_version = jb_apply_keep(a, e->calendar_version);
    if (e->extension) {
        d->extensions++;
        d->extended_days += (uint32_t)((e->due_ms - e->old_due_ms) / JB_DAY_MS);
    }
    /* Counted from a later receipt, it was not late after all; the log keeps the miss. */
    if (e->due_ms > a->entry->at_ms)
        d->missed_ms = 0;
    jb_apply_warn_steps(d, e, a->entry->at_ms);
}

static void apply_deadline_warned(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_apply_changed(a, e);

    if (e->step_no > d->warned)
        d->warned = e->step_no;
}

static void apply_deadline_missed(struct jb_applying *a, const struct jb_effect *e)
{
    jb_apply_changed(a, e)->missed_ms = e->at_ms;
}

static void apply_deadline_acknowledged(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_apply_changed(a, e);

    d->acked_node = e->node;
    d->acked_ms = e->at_ms;
    d->acked_by = jb_apply_keep(a, e->user);
}

static void apply_objection(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->objection_open = e->open;
    a->c->objector = e->node;
    a->c->last_ruling = (int)e->ruling;
}

static void apply_opinion(struct jb_applying *a, const struct jb_effect *e)
{
    if (e->cleared) {
        a->c->opinion = 0;
        a->c->exit = 0;
    }
    if (e->opinion != 0)
        a->c->opinion = (int)e->opinion;
    if (e->exit != 0)
        a->c->exit = (int)e->exit;
    if (e->matter != 0)
        a->c->matter = (int)e->matter;
}

static const struct jb_apply_row rows[] = {
    [JB_EFFECT_STAGE_MOVED] = {fits_stage, apply_stage},
    [JB_EFFECT_CUSTODY_MOVED] = {fits_custody, apply_custody},
    [JB_EFFECT_JOINED] = {fits_joined, apply_joined},
    [JB_EFFECT_FACT_SET] = {fits_fact, apply_fact},
    [JB_EFFECT_DEADLINE_SET] = {fits_deadline_set, apply_deadline_set},
    [JB_EFFECT_DEADLINE_ENDED] = {fits_deadline_ended, apply_deadline_ended},
    [JB_EFFECT_DEADLINE_MOVED] = {fits_deadline_moved, apply_deadline_moved},
    [JB_EFFECT_DEADLINE_WARNED] = {fits_deadline_warned, apply_deadline_warned},
    [JB_EFFECT_DEADLINE_MISSED] = {fits_deadline_missed, apply_deadline_missed},
    [JB_EFFECT_DEADLINE_ACKNOWLEDGED] = {fits_deadline_acknowledged, apply_deadline_acknowledged},
    [JB_EFFECT_OBJECTION_SET] = {fits_objection, apply_objection},
    [JB_EFFECT_OPINION_SET] = {fits_opinion, apply_opinion},
};

/* ---- the three passes ----------------------------------------------------------------------- */

static struct jb_apply_row row_of(enum jb_effect_kind kind)
{
    if ((unsigned)kind < COUNT(rows) && rows[kind].fits != NULL)
        return rows[kind];
    return jb_apply_order_row(kind);
}

static bool opens(const struct jb_applying *a)
{
    return a->c->stage == JB_STAGE_NONE && jb_act_may_open(a->entry->act.kind);
}

/* What opens a case says at which stage it begins. */
static bool fits_opening(const struct jb_applying *a)
{
    for (size_t i = 0; i < a->entry->effect_count; i++)
        if (a->entry->effects[i].kind == JB_EFFECT_STAGE_MOVED)
            return opens(a);
    return a->entry->effect_count == 0;
}

static bool fits_case(const struct jb_applying *a)
{
    const struct jb_case *c = a->c;
    const struct jb_act *act = &a->entry->act;

    if (c->stage == JB_STAGE_NONE)
        return fits_opening(a);
    if (act->kind == JB_ACT_REGISTER)
        return false;
    return act->case_no == c->case_no;
}

static bool fits(struct jb_applying *a)
{
    if (!fits_case(a))
        return false;
    for (a->at = 0; a->at < a->entry->effect_count; a->at++) {
        const struct jb_effect *e = &a->entry->effects[a->at];
        struct jb_apply_row row = row_of(e->kind);

        if (row.fits == NULL || !row.fits(a, e))
            return false;
    }
    return true;
}

bool jb_apply_grow(struct jb_arena *arena, void **array, size_t count, size_t more,
                   size_t row_bytes)
{
    void *room;

    if (more == 0)
        return true;
    room = jb_arena_alloc(arena, (count + more) * row_bytes);
    if (room == NULL)
        return false;
    if (count > 0)
        memcpy(room, *array, count * row_bytes);
    *array = room;
    return true;
}

static bool make_room(struct jb_applying *a)
{
    struct jb_case *c = a->c;
    void *participants = c->participants, *deadlines = c->deadlines;
    size_t more_participants = 0, more_deadlines = 0;

    for (size_t i = 0; i < a->entry->effect_count; i++) {
        enum jb_effect_kind kind = a->entry->effects[i].kind;

        more_participants += kind == JB_EFFECT_JOINED || kind == JB_EFFECT_CUSTODY_MOVED;
        more_deadlines += kind == JB_EFFECT_DEADLINE_SET;
    }
    if (!jb_apply_grow(a->arena, &participants, c->participant_count, more_participants,
                       sizeof c->participants[0]) ||
        !jb_apply_grow(a->arena, &deadlines, c->deadline_count, more_deadlines,
                       sizeof c->deadlines[0]) ||
        !jb_apply_order_room(a))
        return false;
    c->participants = participants;
    c->deadlines = deadlines;
    return true;
}

static struct jb_text hex_of(struct jb_applying *a, struct jb_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    struct jb_text none = {NULL, 0};
    char *hex;

    if (bytes.len == 0)
        return none;
    hex = jb_arena_alloc(a->arena, 2 * bytes.len);
    if (hex == NULL) {
        a->nomem = true;
        return none;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        hex[2 * i] = digits[bytes.data[i] >> 4];
        hex[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    return (struct jb_text){hex, 2 * bytes.len};
}

/* A registration, or the directive or docket that opens a file of its own. */
static void apply_opening(struct jb_applying *a)
{
    struct jb_case *c = a->c;
    const struct jb_act *act = &a->entry->act;

    c->case_no = act->case_no;
    c->flags = act->flags;
    c->people = act->people;
    c->title = jb_apply_keep(a, act->title);
    c->registrar = a->entry->node;
    c->registered_ms = a->entry->at_ms;
    if (act->kind != JB_ACT_REGISTER)
        return;
    /* Registration is never refused (Art 43): a matter that nobody has classified yet gets the
     * strictest clocks, those of an appeal. */
    c->matter = act->matter != 0 ? act->matter : JB_MATTER_APPEAL;
    c->channel = act->channel;
    c->class_code = jb_apply_keep(a, act->class_code);
    c->place_code = jb_apply_keep(a, act->place_code);
    c->query_hash = hex_of(a, act->query_code_hash);
}

enum jb_err jb_case_apply(struct jb_case *c, const struct jb_entry *entry, struct jb_arena *arena)
{
    struct jb_applying a = {
        .c = c,
        .entry = entry,
        .arena = arena,
        .last_id = c->deadline_count > 0 ? c->deadlines[c->deadline_count - 1].id : 0,
        .custody = c->custody,
        .directive = c->directive_count > 0 ? c->directives[c->directive_count - 1].id : 0,
        .docket = c->docket_count > 0 ? c->dockets[c->docket_count - 1].id : 0,
    };

    if (!fits(&a))
        return JB_CORRUPT;
    if (c->stage == JB_STAGE_NONE && (!opens(&a) || entry->effect_count == 0))
        return JB_OK;
    if (!make_room(&a))
        return JB_NOMEM;
    if (c->stage == JB_STAGE_NONE)
        apply_opening(&a);
    for (size_t i = 0; i < entry->effect_count; i++)
        row_of(entry->effects[i].kind).apply(&a, &entry->effects[i]);
    c->updated_ms = entry->at_ms;
    c->last_seq = entry->seq;
    return a.nomem ? JB_NOMEM : JB_OK;
}
