/* What administrators may look at: the state of the broker and of every line. No cases: their place
 * is the agencies' replicas. */
#include "daemon/admin.h"
#include "daemon/outcome.h"
#include "daemon/recover.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "proto/base/self.h"

#define SET(view, field, value)                                                                    \
    do {                                                                                           \
        (view)->has_##field = 1;                                                                   \
        (view)->field = (value);                                                                   \
    } while (0)

static char *text_z(struct jb_arena *arena, const char *z)
{
    return jb_arena_strndup(arena, z, strlen(z));
}

static uint64_t connected(const struct jb_broker *b)
{
    uint64_t n = 0;
    for (size_t i = 0; i < b->peer_capacity; i++)
        if (b->peers[i] != NULL && b->peers[i]->greeted)
            n++;
    return n;
}

/* What an administrator has to look after. */
static void put_trouble(struct jb_broker *b, Jb__StatusView *v, struct jb_arena *arena)
{
    char text[160];
    if (b->trouble.text[0] != '\0')
        v->trouble = text_z(arena, b->trouble.text);
    else if (jb_degraded(b))
        v->trouble = text_z(arena, b->strain.text);
    else if (jb_follow_stuck(b))
        v->trouble = text_z(arena, "the disk does not answer: what is shown is of before");
    else if (b->recovering)
        v->trouble = text_z(arena, jb_recover_trouble(b));
    else if (jb_house_trouble(b)[0] == '\0' && jb_gatekeeper_trouble(b, text, sizeof text) != 0)
        v->trouble = text_z(arena, text);
    else
        v->trouble = text_z(arena, jb_house_trouble(b));
}

static void put_backup(const struct jb_broker *b, Jb__StatusView *v, struct jb_arena *arena)
{
    struct jb_outcome last;
    jb_outcome_read(b->config->data, &last);
    if (last.at_ms != 0)
        SET(v, backup_at_ms, last.at_ms);
    if (last.failed[0] != '\0')
        v->backup_failed = text_z(arena, last.failed);
}

/* Does it take anything in, and what holds it up? */
static void fill_health(struct jb_broker *b, Jb__StatusView *v, struct jb_arena *arena)
{
    put_trouble(b, v, arena);
    put_backup(b, v, arena);
    SET(v, single_admin, jb_duty_single(b->config));
    v->has_files_open = v->has_files_max = 1;
    jb_self_files(&v->files_open, &v->files_max);
    SET(v, kept_nodes, b->kept_nodes);
    SET(v, kept_items, b->kept_items);
    SET(v, accepting, !jb_degraded(b) && !b->stopping && !b->recovering);
    SET(v, reserve_bytes, atomic_load(&b->reserve.held) ? (uint64_t)b->reserve.size_bytes : 0);
    int64_t free_bytes = jb_disk_free_bytes(b->config->data);
    if (free_bytes >= 0)
        SET(v, disk_free_bytes, (uint64_t)free_bytes);
    if (!jb_degraded(b))
        return;
    SET(v, degraded_since_ms, b->strain.since_ms);
    v->degraded = text_z(arena, jb_strain_word(b->strain.why));
}

void jb_admin_status(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    struct jb_broker *b = a->b;
    struct jb_totals totals = {0};
    char until[JB_DATE_TEXT] = "";
    Jb__StatusView v = JB__STATUS_VIEW__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    enum jb_err err = jb_query_totals(b->reader, jb_broker_now(b), &totals);
    if (err != JB_OK && !jb_degraded(b)) { /* else why matters more than a count */
        jb_admin_error(peer, r->id, err, jb_ledger_error(b->reader));
        return;
    }
    SET(&v, node, JB_NODE_BROKER_NUMBER);
    v.code = text_z(&a->arena, "broker");
    v.broker = text_z(&a->arena, b->router != NULL ? jb_zsock_endpoint(b->router) : "");
    v.software = text_z(&a->arena, "jiaoband " JB_VERSION_TEXT);
    SET(&v, cases, totals.cases);
    SET(&v, open_cases, totals.open_cases);
    SET(&v, red, totals.red);
    SET(&v, yellow, totals.yellow);
    SET(&v, objections, totals.objections);
    SET(&v, now_ms, jb_broker_now(b));
    SET(&v, started_at_ms, b->started_ms);
    SET(&v, rss_bytes, jb_self_rss_bytes());
    SET(&v, log_seq, b->committed_seq);
    SET(&v, nodes, b->directory.count);
    SET(&v, nodes_connected, connected(b));
    if (b->book.policy != NULL)
        v.policy_version =
            jb_arena_strndup(&a->arena, b->book.policy->version.data, b->book.policy->version.len);
    if (b->book.calendar != NULL) {
        jb_date_format(b->book.calendar->covers_to, until);
        v.calendar_version = text_z(&a->arena, b->book.calendar->version);
        v.calendar_until = until;
    }
    fill_health(b, &v, &a->arena);
    reply.has_id = 1;
    reply.id = r->id;
    reply.body_case = JB__REPLY__BODY_STATUS;
    reply.status = &v;
    jb_admin_reply(peer, &reply, &a->arena);
}

static char *hex(struct jb_arena *arena, const uint8_t head[JB_HASH_BYTES])
{
    char *text = jb_arena_alloc(arena, 2 * JB_HASH_BYTES + 1);
    return text != NULL ? sodium_bin2hex(text, 2 * JB_HASH_BYTES + 1, head, JB_HASH_BYTES) : NULL;
}

static void fill_differs(const struct jb_differs *d, Jb__NodeView *v, struct jb_arena *arena)
{
    if (!d->known)
        return;
    SET(v, broker_number, d->here.number);
    SET(v, own_number, d->there.number);
    v->broker_head_hex = hex(arena, d->here.head);
    v->own_head_hex = hex(arena, d->there.head);
}

static void fill_line(struct jb_broker *b, const struct jb_node *n, Jb__NodeView *v,
                      struct jb_arena *arena)
{
    uint8_t head[JB_HASH_BYTES];
    uint64_t end = 0;
    const struct jb_peer *p = n->node < b->peer_capacity ? b->peers[n->node] : NULL;
    if (jb_stream_end(b->reader, n->node, &end, head) == JB_OK)
        SET(v, stream_number, end);
    struct jb_line_state line;
    if (jb_line_read(b->reader, n->node, &line) == JB_OK) {
        SET(v, acked_number, line.acked.number);
        SET(v, acked_at_ms, line.acked_at_ms);
        SET(v, up_number, line.up.number);
    }
    SET(v, connected, p != NULL && p->greeted);
    if (p != NULL) {
        SET(v, last_seen_ms, p->last_seen_ms);
        SET(v, skew_ms, p->skew_ms);
        v->software = p->software != NULL ? text_z(arena, p->software) : NULL;
        fill_differs(&p->differs, v, arena);
    }
}

static Jb__NodeView *node_view(struct jb_broker *b, const struct jb_node *n, struct jb_arena *arena)
{
    Jb__NodeView *v = jb_arena_alloc(arena, sizeof *v);
    char *key = jb_arena_alloc(arena, 2 * JB_KEY_BYTES + 1);
    if (v == NULL || key == NULL)
        return NULL;
    jb__node_view__init(v);
    SET(v, node, n->node);
    v->code = text_z(arena, n->code);
    v->name = text_z(arena, n->name);
    v->region = text_z(arena, n->region);
    SET(v, level, (uint32_t)n->level);
    SET(v, parent, n->parent);
    SET(v, node_kind, (uint32_t)n->kind);
    SET(v, has_agent, n->has_agent);
    SET(v, valid_from_ms, n->valid_from_ms);
    SET(v, valid_to_ms, n->valid_to_ms);
    SET(v, successor, n->successor);
    for (size_t i = 0; n->has_agent && i < JB_KEY_BYTES; i++)
        (void)snprintf(key + 2 * i, 3, "%02x", n->line_key[i]);
    v->line_key_hex = key;
    fill_line(b, n, v, arena);
    return v;
}

static bool wanted(const struct jb_node *n, const char *find)
{
    if (n->node == JB_NODE_BROKER_NUMBER)
        return false;
    return find == NULL || find[0] == '\0' || strcmp(n->code, find) == 0 ||
           strstr(n->name, find) != NULL;
}

void jb_admin_nodes(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    const struct jb_directory *d = &a->b->directory;
    Jb__NodeList list = JB__NODE_LIST__INIT;
    Jb__Reply reply = JB__REPLY__INIT;
    list.nodes = jb_arena_alloc(&a->arena, (d->count + 1) * sizeof(Jb__NodeView *));
    for (size_t i = 0; list.nodes != NULL && i < d->count; i++) {
        if (!wanted(&d->nodes[i], r->nodes->find))
            continue;
        Jb__NodeView *v = node_view(a->b, &d->nodes[i], &a->arena);
        if (v != NULL)
            list.nodes[list.n_nodes++] = v;
    }
    if (a->arena.overflowed) {
        jb_admin_error(peer, r->id, JB_NOMEM, "the list is too long; search by name");
        return;
    }
    reply.has_id = 1;
    reply.id = r->id;
    reply.body_case = JB__REPLY__BODY_NODES;
    reply.nodes = &list;
    jb_admin_reply(peer, &reply, &a->arena);
}
