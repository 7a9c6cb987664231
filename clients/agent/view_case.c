/* Cases, participants and deadlines as views. */
#include "clients/agent/views.h"

#include <stdio.h>

void *jb_agent_view_array(struct jb_arena *arena, size_t count)
{
    return jb_arena_alloc(arena, count * sizeof(void *));
}

char *jb_agent_view_text(const struct jb_agent_views *v, struct jb_text text)
{
    return text.len > 0 ? jb_arena_strndup(v->arena, text.data, text.len) : NULL;
}

char *jb_agent_view_number(const struct jb_agent_views *v, int64_t case_no)
{
    char shown[JB_CASENO_TEXT];
    if (jb_caseno_check(case_no) != JB_OK)
        return NULL;
    jb_caseno_format(case_no, shown);
    return jb_agent_view_text(v, jb_text_of(shown));
}

char *jb_agent_view_node_name(const struct jb_agent_views *v, uint32_t node)
{
    return jb_agent_view_text(v, jb_text_of(jb_agent_node_name(v->agent, node)));
}

char *jb_agent_view_hex(const struct jb_agent_views *v, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = jb_arena_alloc(v->arena, 2 * len + 1);
    for (size_t i = 0; text != NULL && i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

/* Name of the policy row, for people. */
static char *key_text(const struct jb_agent_views *v, const char *key)
{
    const struct jb_policy *policy = jb_agent_book(v->agent)->policy;
    const struct jb_policy_row *row = policy != NULL ? jb_policy_row(policy, key) : NULL;
    return row != NULL ? jb_agent_view_text(v, row->name) : NULL;
}

Jb__DeadlineView *jb_agent_view_deadline(const struct jb_agent_views *v, const struct jb_case *c,
                                         const struct jb_deadline *d, int64_t stored_ms)
{
    Jb__DeadlineView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__deadline_view__init(w);
    JB_PUT(w, case_no, c->case_no);
    JB_PUT(w, deadline_id, d->id);
    JB_PUT(w, node, d->node);
    JB_PUT(w, trigger_ms, d->trigger_ms);
    JB_PUT(w, limit, d->limit);
    JB_PUT(w, unit, (uint32_t)d->unit);
    JB_PUT(w, due_ms, d->due_ms);
    JB_PUT(w, original_due_ms, d->first_due_ms);
    JB_PUT(w, extensions, d->extensions);
    JB_PUT(w, end, (uint32_t)d->end);
    JB_PUT(w, ended_at_ms, d->ended_ms);
    JB_PUT(w, missed_at_ms, d->missed_ms);
    JB_PUT(w, light, (Jb__Light)jb_deadline_light(d, v->now_ms));
    JB_PUT(w, provisional, d->provisional);
    JB_PUT(w, warned_step, d->warned);
    JB_PUT(w, stored_at_ms, stored_ms);
    JB_PUT(w, acknowledged_at_ms, d->acked_ms);
    JB_PUT(w, directive, d->directive);
    JB_PUT(w, docket, d->docket);
    JB_PUT(w, paused_from_ms, d->paused_from_ms);
    w->key = jb_agent_view_text(v, jb_text_of(d->key));
    w->key_text = key_text(v, d->key);
    w->node_name = jb_agent_view_node_name(v, d->node);
    w->article = jb_agent_view_text(v, d->article);
    w->policy_version = jb_agent_view_text(v, d->policy_version);
    w->calendar_version = jb_agent_view_text(v, d->calendar_version);
    w->acknowledged_by = jb_agent_view_text(v, d->acked_by);
    w->title = jb_agent_view_text(v, c->title);
    return w;
}

static bool put_participants(const struct jb_agent_views *v, const struct jb_case *c,
                             Jb__CaseView *w)
{
    w->participants = jb_agent_view_array(v->arena, c->participant_count);
    Jb__ParticipantView *all = jb_arena_alloc(v->arena, c->participant_count * sizeof *all);
    if (w->participants == NULL || all == NULL)
        return false;
    for (size_t i = 0; i < c->participant_count; i++) {
        Jb__ParticipantView *p = &all[i];
        jb__participant_view__init(p);
        JB_PUT(p, node, c->participants[i].node);
        JB_PUT(p, role, (uint32_t)c->participants[i].role);
        JB_PUT(p, signed_at_ms, c->participants[i].signed_ms);
        JB_PUT(p, answered_at_ms, c->participants[i].answered_ms);
        p->node_name = jb_agent_view_node_name(v, p->node);
        w->participants[i] = p;
    }
    w->n_participants = c->participant_count;
    return true;
}

static bool put_deadlines(const struct jb_agent_views *v, const struct jb_case *c, Jb__CaseView *w)
{
    const struct jb_deadline *next = NULL;
    w->deadlines = jb_agent_view_array(v->arena, c->deadline_count);
    if (w->deadlines == NULL)
        return false;
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];
        w->deadlines[i] = jb_agent_view_deadline(v, c, d, 0);
        if (w->deadlines[i] == NULL)
            return false;
        if (d->end == JB_END_OPEN && (next == NULL || d->due_ms < next->due_ms))
            next = d;
    }
    w->n_deadlines = c->deadline_count;
    if (next != NULL) {
        JB_PUT(w, next_due_ms, next->due_ms);
        w->next_key = jb_agent_view_text(v, jb_text_of(next->key));
    }
    return true;
}

static bool has_left(const struct jb_agent_views *v, const struct jb_case *c)
{
    uint32_t own = jb_replica_node(v->agent->ledger);
    return (jb_case_roles(c, own) & (1u << JB_ROLE_LEFT)) != 0;
}

Jb__CaseView *jb_agent_view_case(const struct jb_agent_views *v, const struct jb_case *c,
                                 uint32_t pending)
{
    Jb__CaseView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__case_view__init(w);
    JB_PUT(w, case_no, c->case_no);
    JB_PUT(w, stage, (uint32_t)c->stage);
    JB_PUT(w, matter, (uint32_t)c->matter);
    JB_PUT(w, channel, (uint32_t)c->channel);
    JB_PUT(w, flags, c->flags);
    JB_PUT(w, people, c->people);
    JB_PUT(w, registrar, c->registrar);
    JB_PUT(w, host, c->host);
    JB_PUT(w, custody, c->custody);
    JB_PUT(w, authority, (uint32_t)c->authority);
    JB_PUT(w, hops, c->hops);
    JB_PUT(w, objection_open, c->objection_open);
    JB_PUT(w, opinion, (uint32_t)c->opinion);
    JB_PUT(w, light, (Jb__Light)jb_case_light(c, v->now_ms));
    JB_PUT(w, registered_at_ms, c->registered_ms);
    JB_PUT(w, updated_at_ms, c->updated_ms);
    JB_PUT(w, last_seq, c->last_seq);
    JB_PUT(w, pending, pending);
    JB_PUT(w, left, has_left(v, c));
    w->number = jb_agent_view_number(v, c->case_no);
    w->title = jb_agent_view_text(v, c->title);
    w->class_code = jb_agent_view_text(v, c->class_code);
    w->place_code = jb_agent_view_text(v, c->place_code);
    w->registrar_name = jb_agent_view_node_name(v, c->registrar);
    w->host_name = jb_agent_view_node_name(v, c->host);
    bool fine = put_participants(v, c, w) && put_deadlines(v, c, w);
    return fine && jb_agent_view_levels(v, c, w) ? w : NULL;
}
