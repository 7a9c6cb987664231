/* What an applied entry means to this agency beside its own deadlines: somebody whom it watches
 * over missed something, a directive came, a dispute is to be settled. Each is recorded once, in
 * the transaction that applies the entry. History of a case that we join is none. */
#include "clients/agent/agent.h"

#include <stdio.h>

#define ROLE_BIT(role) (1u << (role))
/* Numbers of deadlines in alarms of these kinds stand apart from those of the own clock. */
#define CASE_BYTES ((size_t)64 << 20) /* at most, of one loaded case */
#define APART (UINT32_C(1) << 30)

static const char *const words[] = {
    [JB_AGENT_ALARM_MISSED - JB_AGENT_ALARM_FIRST] = "missed",
    [JB_AGENT_ALARM_SILENT - JB_AGENT_ALARM_FIRST] = "silent",
    [JB_AGENT_ALARM_UNDELIVERED - JB_AGENT_ALARM_FIRST] = "undelivered",
    [JB_AGENT_ALARM_DIRECTIVE_MISSED - JB_AGENT_ALARM_FIRST] = "directive_missed",
    [JB_AGENT_ALARM_DIRECTIVE - JB_AGENT_ALARM_FIRST] = "directive",
    [JB_AGENT_ALARM_SUMMONS - JB_AGENT_ALARM_FIRST] = "summons",
    [JB_AGENT_ALARM_DISPUTE - JB_AGENT_ALARM_FIRST] = "dispute",
    [JB_AGENT_ALARM_REFUSED - JB_AGENT_ALARM_FIRST] = "refused",
    [JB_AGENT_ALARM_RETURNED - JB_AGENT_ALARM_FIRST] = "returned",
    [JB_AGENT_ALARM_LOST - JB_AGENT_ALARM_FIRST] = "lost",
};

const char *jb_agent_alarm_word(const struct jb_alarm *alarm)
{
    if (alarm->step >= JB_AGENT_ALARM_FIRST && alarm->step < JB_AGENT_ALARM_END)
        return words[alarm->step - JB_AGENT_ALARM_FIRST];
    return alarm->step == 0 ? "overdue" : "warn";
}

uint32_t jb_agent_alarm_number(const struct jb_alarm *alarm)
{
    return alarm->deadline_id & ~APART;
}

uint32_t jb_agent_alarm_deadline(const struct jb_alarm *alarm)
{
    if (alarm->step < JB_AGENT_ALARM_FIRST)
        return alarm->deadline_id;
    bool of_deadline = alarm->step == JB_AGENT_ALARM_MISSED ||
                       alarm->step == JB_AGENT_ALARM_SILENT ||
                       alarm->step == JB_AGENT_ALARM_DIRECTIVE_MISSED;
    return of_deadline ? alarm->deadline_id & ~APART : 0;
}

struct concern {
    struct jb_agent *a;
    struct jb_agent_news *n;
    const struct jb_entry *entry;
    struct jb_case c; /* after the entry */
    uint32_t own;
    int64_t now_ms;
    struct jb_arena *arena;
};

/* `id`: of deadline or directive. Once only: EXISTS is no news. */
static enum jb_err alarm_raise(struct concern *k, enum jb_agent_alarm_kind kind, uint32_t id,
                               const struct jb_deadline *d)
{
    struct jb_alarm alarm = {.at_ms = k->now_ms,
                             .case_no = k->c.case_no,
                             .deadline_id = APART | id,
                             .step = (uint32_t)kind,
                             .due_ms = d != NULL ? d->due_ms : k->entry->at_ms};
    if (d != NULL)
        memcpy(alarm.key, d->key, sizeof alarm.key);
    enum jb_err err = jb_alarm_add(k->a->ledger, &alarm);
    if (err == JB_EXISTS)
        return JB_OK;
    struct jb_alarm *more =
        err == JB_OK ? jb_arena_alloc(k->arena, (k->n->alarm_count + 1) * sizeof *more) : NULL;
    if (more == NULL)
        return err != JB_OK ? err : JB_NOMEM;
    if (k->n->alarm_count > 0)
        memcpy(more, k->n->alarms, k->n->alarm_count * sizeof *more);
    more[k->n->alarm_count++] = alarm;
    k->n->alarms = more;
    return JB_OK;
}

/* ---- somebody missed what he owes ---- */

static bool issued_here(const struct concern *k, uint32_t directive)
{
    const struct jb_directive *d = directive != 0 ? jb_case_directive(&k->c, directive) : NULL;
    return d != NULL && d->issuer == k->own;
}

/* The sender, the offices that assigned and registered it, who settles a dispute over it, and a
 * superior that was informed. */
static bool watches(const struct concern *k, const struct jb_deadline *d)
{
    uint32_t roles = jb_case_roles(&k->c, k->own);
    if (k->c.sender == k->own || k->c.registrar == k->own || k->c.arbiter == k->own)
        return true;
    if (roles & (ROLE_BIT(JB_ROLE_ASSIGNER) | ROLE_BIT(JB_ROLE_ARBITER)))
        return true;
    return (roles & ROLE_BIT(JB_ROLE_INFORMED)) != 0 &&
           jb_directory_below(&k->a->directory, d->node, k->own);
}

static bool is_silence(const struct jb_deadline *d)
{
    return strcmp(d->key, "sign") == 0 || strcmp(d->key, "silence") == 0;
}

static enum jb_err missed(struct concern *k, const struct jb_effect *e)
{
    const struct jb_deadline *d = jb_case_deadline(&k->c, e->deadline_id);
    const struct jb_policy_row *row = d != NULL ? jb_book_row_of(jb_agent_book(k->a), d) : NULL;
    if (d == NULL || d->node == k->own || (row != NULL && row->right))
        return JB_OK;
    if (is_silence(d))
        return watches(k, d) ? alarm_raise(k, JB_AGENT_ALARM_SILENT, d->id, d) : JB_OK;
    if (issued_here(k, d->directive))
        return alarm_raise(k, JB_AGENT_ALARM_DIRECTIVE_MISSED, d->id, d);
    return watches(k, d) ? alarm_raise(k, JB_AGENT_ALARM_MISSED, d->id, d) : JB_OK;
}

/* ---- something came to us ---- */

/* A hand-over's own directive is the case itself, which everybody sees coming. */
static enum jb_err received(struct concern *k, const struct jb_effect *e)
{
    const struct jb_directive *d = jb_case_directive(&k->c, e->directive);
    const struct jb_target *t = d != NULL ? jb_case_target(&k->c, e->directive, e->node) : NULL;
    bool ours = e->node == k->own && e->target == JB_TARGET_ISSUED && d != NULL &&
                d->status != JB_DIRECTIVE_WAITING;
    if (!ours || t == NULL || d->issuer == k->own || d->power == JB_POWER_ASSIGN)
        return JB_OK;
    const struct jb_deadline *due =
        t->deadline_id != 0 ? jb_case_deadline(&k->c, t->deadline_id) : NULL;
    return alarm_raise(
        k, d->demand == JB_DEMAND_SUMMONS ? JB_AGENT_ALARM_SUMMONS : JB_AGENT_ALARM_DIRECTIVE,
        d->id, due);
}

static enum jb_err disputed(struct concern *k, const struct jb_effect *e)
{
    return e->open && e->node == k->own
               ? alarm_raise(k, JB_AGENT_ALARM_DISPUTE, e->dispute_level, NULL)
               : JB_OK;
}

static enum jb_err effect_taken(struct concern *k, const struct jb_effect *e)
{
    switch (e->kind) {
    case JB_EFFECT_DEADLINE_MISSED:
        return missed(k, e);
    case JB_EFFECT_TARGET_SET:
        return received(k, e);
    case JB_EFFECT_DISPUTE_SET:
        return disputed(k, e);
    default:
        return JB_OK;
    }
}

/* ---- the replica itself ---- */

enum jb_err jb_agent_alarm_lost(struct jb_agent *a, int64_t now_ms)
{
    struct jb_alarm alarm = {
        .at_ms = now_ms, .deadline_id = APART, .step = JB_AGENT_ALARM_LOST, .due_ms = now_ms};
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    err = jb_alarm_add(a->ledger, &alarm);
    if (err == JB_OK)
        return jb_ledger_commit(a->ledger);
    jb_ledger_rollback(a->ledger);
    return err == JB_EXISTS ? JB_OK : err;
}

static bool is_of_interest(const struct jb_entry *e)
{
    if (e->act.kind == JB_ACT_UNDELIVERED)
        return true;
    for (size_t i = 0; i < e->effect_count; i++)
        if (e->effects[i].kind == JB_EFFECT_DEADLINE_MISSED ||
            e->effects[i].kind == JB_EFFECT_TARGET_SET ||
            e->effects[i].kind == JB_EFFECT_DISPUTE_SET)
            return true;
    return false;
}

/* Whoever asked is gone when it has waited for the line: nobody else would tell. */
static enum jb_err refused(struct concern *k)
{
    const struct jb_agent_pending *was = &k->n->settled;
    k->c.case_no = was->case_no;
    if (was->number == 0 || was->number >= APART || jb_agent_waited_for(k->a, was->number))
        return JB_OK;
    return alarm_raise(k, JB_AGENT_ALARM_REFUSED, (uint32_t)was->number, NULL);
}

/* The agency is the alarm's number, how much it brought its key. */
static enum jb_err returned(struct concern *k)
{
    struct jb_deadline d = {.due_ms = k->entry->at_ms};
    (void)snprintf(d.key, sizeof d.key, "%llu", (unsigned long long)k->entry->act.number);
    return alarm_raise(k, JB_AGENT_ALARM_RETURNED, k->entry->act.node, &d);
}

enum jb_err jb_agent_concern(struct jb_agent *a, struct jb_agent_news *n, int64_t now_ms,
                             struct jb_arena *arena)
{
    struct concern k = {.a = a,
                        .n = n,
                        .entry = &n->applied.entry,
                        .own = jb_replica_node(a->ledger),
                        .now_ms = now_ms,
                        .arena = arena};
    if (n->applied.item.kind == JB_ITEM_REFUSAL)
        return refused(&k);
    if (n->applied.item.kind == JB_ITEM_ENTRY && k.entry->act.kind == JB_ACT_QUARANTINE)
        return returned(&k);
    if (n->applied.item.kind != JB_ITEM_ENTRY || n->applied.item.history ||
        n->applied.case_no == 0 || !is_of_interest(k.entry))
        return JB_OK;
    /* Of its own: the arena holds a whole delivery, and a long case comes once for each item. */
    struct jb_arena scratch;
    jb_arena_init(&scratch, CASE_BYTES);
    enum jb_err err = jb_ledger_case_load(a->ledger, n->applied.case_no, &scratch, &k.c);
    if (err == JB_OK && k.entry->act.kind == JB_ACT_UNDELIVERED && k.c.sender == k.own)
        err = alarm_raise(&k, JB_AGENT_ALARM_UNDELIVERED, k.c.custody, NULL);
    for (size_t i = 0; i < k.entry->effect_count && err == JB_OK; i++)
        err = effect_taken(&k, &k.entry->effects[i]);
    jb_arena_fini(&scratch);
    return err;
}
