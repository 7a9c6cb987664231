/* Views of the protocol -> public rows, one function per type. Texts stay where the reply was
 * decoded; absent ones become "". Nothing is interpreted here. */
#include "clients/lib/client.h"

const char *jb_client_text(const char *text)
{
    return text != NULL ? text : "";
}

const struct jiaoban_settled *jb_client_settled(struct jb_arena *a, const Jb__SettledView *v)
{
    struct jiaoban_settled *s = jb_arena_alloc(a, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct jiaoban_settled){
        .number = v->number,
        .case_no = v->case_no,
        .case_number = jb_client_text(v->case_number),
        .accepted = v->accepted,
        .pending = v->pending,
        .seq = v->seq,
        .code = v->code,
        .name = jb_client_text(v->name),
        .article = jb_client_text(v->article),
        .detail = jb_client_text(v->detail),
        .holder = v->holder,
        .holder_name = jb_client_text(v->holder_name),
        .at_ms = v->at_ms,
        .kind = jb_client_text(v->kind),
        .query_code = jb_client_text(v->query_code),
    };
    return s;
}

const struct jiaoban_deadline *jb_client_deadline(struct jb_arena *a, const Jb__DeadlineView *v)
{
    struct jiaoban_deadline *d = jb_arena_alloc(a, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct jiaoban_deadline){
        .case_no = v->case_no,
        .title = jb_client_text(v->title),
        .deadline_id = v->deadline_id,
        .key = jb_client_text(v->key),
        .key_text = jb_client_text(v->key_text),
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .trigger_ms = v->trigger_ms,
        .limit = v->limit,
        .unit = (enum jiaoban_unit)v->unit,
        .due_ms = v->due_ms,
        .original_due_ms = v->original_due_ms,
        .extensions = v->extensions,
        .article = jb_client_text(v->article),
        .end = (enum jiaoban_end)v->end,
        .ended_at_ms = v->ended_at_ms,
        .missed_at_ms = v->missed_at_ms,
        .light = v->has_light ? (enum jiaoban_light)v->light : (enum jiaoban_light)0,
        .provisional = v->provisional,
        .policy_version = jb_client_text(v->policy_version),
        .calendar_version = jb_client_text(v->calendar_version),
        .stored_at_ms = v->stored_at_ms,
        .acknowledged_at_ms = v->acknowledged_at_ms,
        .acknowledged_by = jb_client_text(v->acknowledged_by),
        .directive = v->directive,
        .docket = v->docket,
        .paused_from_ms = v->paused_from_ms,
    };
    return d;
}

const struct jiaoban_node *jb_client_node(struct jb_arena *a, const Jb__NodeView *v)
{
    struct jiaoban_node *n = jb_arena_alloc(a, sizeof *n);
    if (n == NULL)
        return NULL;
    *n = (struct jiaoban_node){
        .node = v->node,
        .code = jb_client_text(v->code),
        .name = jb_client_text(v->name),
        .level = (int)v->level,
        .parent = v->parent,
        .kind = (int)v->node_kind,
        .region = jb_client_text(v->region),
        .has_agent = v->has_agent,
        .valid_from_ms = v->valid_from_ms,
        .valid_to_ms = v->valid_to_ms,
        .successor = v->successor,
        .line_key_hex = jb_client_text(v->line_key_hex),
        .connected = v->connected,
        .last_seen_ms = v->last_seen_ms,
        .acked_at_ms = v->acked_at_ms,
        .skew_ms = v->skew_ms,
        .stream_number = v->stream_number,
        .acked_number = v->acked_number,
        .up_number = v->up_number,
        .software = jb_client_text(v->software),
        .broker_head_hex = jb_client_text(v->broker_head_hex),
        .own_head_hex = jb_client_text(v->own_head_hex),
        .broker_number = v->broker_number,
        .own_number = v->own_number,
    };
    return n;
}

const struct jiaoban_pending *jb_client_pending(struct jb_arena *a, const Jb__PendingView *v)
{
    struct jiaoban_pending *p = jb_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct jiaoban_pending){
        .number = v->number,
        .case_no = v->case_no,
        .kind = jb_client_text(v->kind),
        .user = jb_client_text(v->user),
        .made_at_ms = v->made_at_ms,
        .state = jb_client_text(v->state),
        .accepted_at_ms = v->accepted_at_ms,
        .again = v->again,
        .by = jb_client_text(v->by),
        .reason = jb_client_text(v->reason),
        .ended_at_ms = v->ended_at_ms,
    };
    return p;
}

const struct jiaoban_alarm *jb_client_alarm(struct jb_arena *a, const Jb__AlarmView *v)
{
    struct jiaoban_alarm *m = jb_arena_alloc(a, sizeof *m);
    if (m == NULL)
        return NULL;
    *m = (struct jiaoban_alarm){
        .at_ms = v->at_ms,
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .kind = jb_client_text(v->kind),
        .text = jb_client_text(v->text),
        .deadline_id = v->deadline_id,
        .due_ms = v->due_ms,
        .directive_no = v->directive_no,
        .submission = v->submission,
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .id = v->id,
    };
    return m;
}

const struct jiaoban_state *jb_client_state(struct jb_arena *a, const Jb__StatusView *v)
{
    struct jiaoban_state *s = jb_arena_alloc(a, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct jiaoban_state){
        .node = v->node,
        .code = jb_client_text(v->code),
        .name = jb_client_text(v->name),
        .line = v->has_line ? (enum jiaoban_line)v->line : (enum jiaoban_line)0,
        .line_text = jb_client_text(v->line_text),
        .broker = jb_client_text(v->broker),
        .down_head_hex = jb_client_text(v->down_head_hex),
        .software = jb_client_text(v->software),
        .epoch_hex = jb_client_text(v->epoch_hex),
        .down_number = v->down_number,
        .up_made = v->up_made,
        .up_settled = v->up_settled,
        .last_in_sync_ms = v->last_in_sync_ms,
        .skew_ms = v->skew_ms,
        .now_ms = v->now_ms,
        .started_at_ms = v->started_at_ms,
        .cases = v->cases,
        .open_cases = v->open_cases,
        .red = v->red,
        .yellow = v->yellow,
        .objections = v->objections,
        .refused_recently = v->refused_recently,
        .rss_bytes = v->rss_bytes,
        .clients = v->clients,
        .log_seq = v->log_seq,
        .nodes = v->nodes,
        .nodes_connected = v->nodes_connected,
        .policy_version = jb_client_text(v->policy_version),
        .calendar_version = jb_client_text(v->calendar_version),
        .calendar_until = jb_client_text(v->calendar_until),
        .trouble = jb_client_text(v->trouble),
        .single_admin = v->single_admin,
        .accepting = !v->has_accepting || v->accepting, /* an older one says nothing of it */
        .degraded = jb_client_text(v->degraded),
        .degraded_since_ms = v->degraded_since_ms,
        .disk_free_bytes = v->disk_free_bytes,
        .reserve_bytes = v->reserve_bytes,
        .files_open = v->files_open,
        .files_max = v->files_max,
        .backup_at_ms = v->backup_at_ms,
        .backup_failed = jb_client_text(v->backup_failed),
        .kept_nodes = v->kept_nodes,
        .kept_items = v->kept_items,
        .broker_head_hex = jb_client_text(v->broker_head_hex),
        .own_head_hex = jb_client_text(v->own_head_hex),
        .differs_at = v->differs_at,
        .lacking = v->lacking,
        .held = jb_client_text(v->held),
    };
    return s;
}

const struct jiaoban_check *jb_client_check(struct jb_arena *a, const Jb__VerifyView *v)
{
    struct jiaoban_check *c = jb_arena_alloc(a, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct jiaoban_check){
        .ok = v->ok,
        .items = v->items,
        .receipts = v->receipts,
        .number = v->number,
        .erased = v->erased,
        .nodes = v->nodes,
        .chain_intact = v->chain_intact,
        .signatures_good = v->signatures_good,
        .tables_equal = v->tables_equal,
        .broker_asked = v->broker_asked,
        .equals_broker = v->equals_broker,
        .head_hex = jb_client_text(v->head_hex),
        .digest_hex = jb_client_text(v->digest_hex),
        .text = jb_client_text(v->text),
        .audited = v->audited,
        .audit_intact = !v->has_audit_intact || v->audit_intact, /* an older agent keeps none */
    };
    return c;
}

const struct jiaoban_news *jb_client_news_row(struct jb_arena *a, const Jb__WatchEvent *v)
{
    struct jiaoban_news *n = jb_arena_alloc(a, sizeof *n);
    if (n == NULL)
        return NULL;
    *n = (struct jiaoban_news){
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .title = jb_client_text(v->title),
        .event = v->item != NULL ? jb_client_event(a, v->item) : NULL,
        .settled = v->settled != NULL ? jb_client_settled(a, v->settled) : NULL,
        .alarm = v->alarm != NULL ? jb_client_alarm(a, v->alarm) : NULL,
        .state = v->status != NULL ? jb_client_state(a, v->status) : NULL,
        .stream_number = v->stream_number,
    };
    return a->overflowed ? NULL : n;
}

const struct jiaoban_done *jb_client_done(struct jb_arena *a, const Jb__Done *v)
{
    struct jiaoban_done *d = jb_arena_alloc(a, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct jiaoban_done){.text = jb_client_text(v->text), .seq = v->seq, .node = v->node};
    return d;
}

const struct jiaoban_evidence *jb_client_evidence(struct jb_arena *a, const Jb__EvidenceView *v)
{
    struct jiaoban_evidence *e = jb_arena_alloc(a, sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct jiaoban_evidence){
        .body = v->body.data,
        .body_len = v->body.len,
        .items = v->items,
        .erased = v->erased,
        .heads = v->heads,
        .receipts = v->receipts,
        .with_key = v->with_key,
        .statements = v->statements,
        .unstated = v->unstated,
    };
    return e;
}
