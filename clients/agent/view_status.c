/* The agent's own state, alarms and directory rows as views. */
#include "clients/agent/former.h"
#include "clients/agent/views.h"

#include <stdio.h>

#include "proto/base/self.h"

static void put_line(const struct jb_agent_views *v, Jb__StatusView *s)
{
    struct jb_agent *a = v->agent;
    struct jb_line_point down = jb_replica_down(a->ledger);
    JB_PUT(s, line, (Jb__LineState)a->line.state);
    JB_PUT(s, down_number, down.number);
    JB_PUT(s, up_made, jb_outbox_made(a->ledger).number);
    JB_PUT(s, up_settled, jb_outbox_settled(a->ledger).number);
    JB_PUT(s, last_in_sync_ms, a->line.in_sync_ms);
    JB_PUT(s, skew_ms, a->line.skew_ms);
    if (a->line.differs.known) {
        JB_PUT(s, differs_at, a->line.differs.here.number);
        s->broker_head_hex = jb_agent_view_hex(v, a->line.differs.there.head, JB_HASH_BYTES);
        s->own_head_hex = jb_agent_view_hex(v, a->line.differs.here.head, JB_HASH_BYTES);
    }
    s->held = jb_agent_view_text(v, jb_text_of(a->line.held));
    s->line_text = jb_agent_view_text(v, jb_text_of(a->line.text));
    s->broker = jb_agent_view_text(v, jb_text_of(a->config->broker));
    s->down_head_hex = jb_agent_view_hex(v, down.head, sizeof down.head);
    s->epoch_hex = jb_agent_view_hex(v, jb_ledger_epoch(a->ledger), JB_EPOCH_BYTES);
}

static void put_totals(const struct jb_agent_views *v, Jb__StatusView *s)
{
    struct jb_totals totals = {0};
    if (jb_query_lights(v->agent->ledger, v->now_ms, &totals) != JB_OK)
        return; /* the line's state matters more than a count */
    JB_PUT(s, cases, totals.cases);
    JB_PUT(s, open_cases, totals.open_cases);
    JB_PUT(s, red, totals.red);
    JB_PUT(s, yellow, totals.yellow);
    JB_PUT(s, objections, totals.objections);
}

static void put_book(const struct jb_agent_views *v, Jb__StatusView *s)
{
    const struct jb_rulebook *book = jb_agent_book(v->agent);
    char day[JB_DATE_TEXT];
    if (book->policy != NULL)
        s->policy_version = jb_agent_view_text(v, book->policy->version);
    if (book->calendar == NULL)
        return;
    jb_date_format(book->calendar->covers_to, day);
    s->calendar_version = jb_agent_view_text(v, jb_text_of(book->calendar->version));
    s->calendar_until = jb_agent_view_text(v, jb_text_of(day));
}

/* Does it take anything in, and what holds it up? */
static void put_health(const struct jb_agent_views *v, Jb__StatusView *s)
{
    const struct jb_agent *a = v->agent;
    const char *trouble = jb_agent_degraded(a) ? a->strain.text : a->trouble.text;
    int64_t free_bytes = jb_disk_free_bytes(a->config->data);
    s->trouble = jb_agent_view_text(v, jb_text_of(trouble));
    s->has_files_open = s->has_files_max = true;
    jb_self_files(&s->files_open, &s->files_max);
    JB_PUT(s, accepting, !jb_agent_degraded(a) && !a->stopping);
    JB_PUT(s, reserve_bytes, atomic_load(&a->reserve.held) ? (uint64_t)a->reserve.size_bytes : 0);
    if (free_bytes >= 0)
        JB_PUT(s, disk_free_bytes, (uint64_t)free_bytes);
    if (!jb_agent_degraded(a))
        return;
    JB_PUT(s, degraded_since_ms, a->strain.since_ms);
    s->degraded = jb_agent_view_text(v, jb_text_of(jb_strain_word(a->strain.why)));
}

Jb__StatusView *jb_agent_view_status(const struct jb_agent_views *v)
{
    struct jb_agent *a = v->agent;
    Jb__StatusView *s = jb_arena_alloc(v->arena, sizeof *s);
    if (s == NULL)
        return NULL;
    jb__status_view__init(s);
    uint32_t node = jb_replica_node(a->ledger);
    JB_PUT(s, node, node);
    JB_PUT(s, now_ms, v->now_ms);
    JB_PUT(s, rss_bytes, jb_self_rss_bytes());
    JB_PUT(s, refused_recently, a->refused);
    JB_PUT(s, started_at_ms, a->started_ms);
    JB_PUT(s, clients, a->client_count);
    JB_PUT(s, nodes, a->directory.count);
    JB_PUT(s, lacking, jb_agent_former_lacking(a));
    s->code = jb_agent_view_text(v, jb_text_of(a->config->code));
    s->name = jb_agent_view_node_name(v, node);
    s->software = jb_agent_view_text(v, jb_text_of(JB_AGENT_SOFTWARE));
    put_health(v, s);
    put_line(v, s);
    put_totals(v, s);
    put_book(v, s);
    return s;
}

static void alarm_text(const struct jb_alarm *alarm, const char *due, char *out, size_t size)
{
    uint32_t id = jb_agent_alarm_deadline(alarm);
    switch (alarm->step) {
    case 0:
        (void)snprintf(out, size, "deadline %u (%s) was due %s and is not met", id, alarm->key,
                       due);
        break;
    case JB_AGENT_ALARM_MISSED:
        (void)snprintf(out, size, "another agency missed deadline %u (%s), due %s", id, alarm->key,
                       due);
        break;
    case JB_AGENT_ALARM_SILENT:
        (void)snprintf(out, size, "nobody there has signed for it, deadline %u (%s), due %s", id,
                       alarm->key, due);
        break;
    case JB_AGENT_ALARM_UNDELIVERED:
        (void)snprintf(out, size, "the hand-over has not arrived yet");
        break;
    case JB_AGENT_ALARM_DIRECTIVE_MISSED:
        (void)snprintf(out, size, "a directive was not followed, deadline %u (%s), due %s", id,
                       alarm->key, due);
        break;
    case JB_AGENT_ALARM_DIRECTIVE:
        (void)snprintf(out, size, "a directive was received");
        break;
    case JB_AGENT_ALARM_SUMMONS:
        (void)snprintf(out, size, "summons: come and receive the visitors by %s", due);
        break;
    case JB_AGENT_ALARM_DISPUTE:
        (void)snprintf(out, size, "a dispute over who handles is to be settled here");
        break;
    case JB_AGENT_ALARM_REFUSED:
        (void)snprintf(out, size, "submission %u from the outbox was refused",
                       jb_agent_alarm_number(alarm));
        break;
    case JB_AGENT_ALARM_RETURNED:
        (void)snprintf(out, size,
                       "the record was restored without it, and it holds %s items beyond that",
                       alarm->key);
        break;
    case JB_AGENT_ALARM_LOST:
        (void)snprintf(out, size,
                       "the replica was empty or missing and is fetched anew; what had not been "
                       "handed over is lost");
        break;
    default:
        (void)snprintf(out, size, "deadline %u (%s) is due %s", id, alarm->key, due);
        break;
    }
}

Jb__AlarmView *jb_agent_view_alarm(const struct jb_agent_views *v, const struct jb_alarm *alarm)
{
    Jb__AlarmView *w = jb_arena_alloc(v->arena, sizeof *w);
    char due[JB_INSTANT_TEXT];
    char text[160];
    if (w == NULL)
        return NULL;
    jb__alarm_view__init(w);
    jb_instant_format_due(alarm->due_ms, due);
    alarm_text(alarm, due, text, sizeof text);
    JB_PUT(w, id, alarm->id);
    JB_PUT(w, at_ms, alarm->at_ms);
    JB_PUT(w, case_no, alarm->case_no);
    JB_PUT(w, deadline_id, jb_agent_alarm_deadline(alarm));
    JB_PUT(w, due_ms, alarm->due_ms);
    if (alarm->step == JB_AGENT_ALARM_DIRECTIVE || alarm->step == JB_AGENT_ALARM_SUMMONS)
        JB_PUT(w, directive_no, jb_agent_alarm_number(alarm));
    if (alarm->step == JB_AGENT_ALARM_REFUSED)
        JB_PUT(w, submission, jb_agent_alarm_number(alarm));
    if (alarm->step == JB_AGENT_ALARM_RETURNED) {
        JB_PUT(w, node, jb_agent_alarm_number(alarm));
        w->node_name = jb_agent_view_node_name(v, jb_agent_alarm_number(alarm));
    }
    if (alarm->step == JB_AGENT_ALARM_LOST) {
        JB_PUT(w, node, jb_replica_node(v->agent->ledger));
        w->node_name = jb_agent_view_node_name(v, w->node);
    }
    w->number = jb_agent_view_number(v, alarm->case_no);
    w->kind = jb_agent_view_text(v, jb_text_of(jb_agent_alarm_word(alarm)));
    w->text = jb_agent_view_text(v, jb_text_of(text));
    return w;
}

Jb__NodeView *jb_agent_view_node(const struct jb_agent_views *v, const struct jb_node *n)
{
    Jb__NodeView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__node_view__init(w);
    JB_PUT(w, node, n->node);
    JB_PUT(w, level, (uint32_t)n->level);
    JB_PUT(w, parent, n->parent);
    JB_PUT(w, node_kind, (uint32_t)n->kind);
    JB_PUT(w, has_agent, n->has_agent);
    JB_PUT(w, valid_from_ms, n->valid_from_ms);
    JB_PUT(w, valid_to_ms, n->valid_to_ms);
    JB_PUT(w, successor, n->successor);
    w->code = jb_agent_view_text(v, jb_text_of(n->code));
    w->name = jb_agent_view_text(v, jb_text_of(n->name));
    w->region = jb_agent_view_text(v, jb_text_of(n->region));
    if (n->has_agent)
        w->line_key_hex = jb_agent_view_hex(v, n->line_key, sizeof n->line_key);
    return w;
}
