/* The gatekeeper: what the broker's gate may let through, and who hears of what it cut. Knows
 * addresses, nodes and amounts; nothing of cases. */
#include "daemon/broker.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "proto/base/log.h"

#define DESCRIPTORS_OF_OURS 128
#define DESCRIPTORS_EACH 3 /* the node's, and both ends on loopback */
#define CONNECTIONS_MAX 100000
#define STRANGERS_MS 60000

static const struct jb_node *node_of(const struct jb_broker *b, uint32_t node)
{
    return jb_directory_find(&b->directory, node);
}

static const char *code_of(const struct jb_broker *b, uint32_t node)
{
    const struct jb_node *n = node_of(b, node);
    return n != NULL ? n->code : "?";
}

/* ---- what the gate tells ---- */

/* Strangers come in floods: one line a minute, with the last of them, must not fill the disk. */
static void cut_stranger(struct jb_broker *b, const char *address, enum jb_gate_cut why)
{
    int64_t now_ms = jb_clock_mono_ms();
    b->strangers.cut++;
    if (b->strangers.told_ms != 0 && now_ms - b->strangers.told_ms < STRANGERS_MS)
        return;
    b->strangers.told_ms = now_ms;
    jb_log(JB_LOG_NOTICE, address, "strangers.cut", "connections=%llu last=%s text=\"%s\"",
           (unsigned long long)b->strangers.cut, jb_gate_cut_name(why), jb_gate_cut_text(why));
}

static void on_cut(void *ctx, uint32_t node, const char *address, enum jb_gate_cut why)
{
    struct jb_broker *b = ctx;
    if (node == 0) {
        cut_stranger(b, address, why);
        return;
    }
    jb_log(JB_LOG_WARNING, code_of(b, node), "line.cut", "node=%u address=%s reason=%s text=\"%s\"",
           node, address, jb_gate_cut_name(why), jb_gate_cut_text(why));
}

static void on_gone(void *ctx, uint32_t node, struct jb_bytes routing_id)
{
    struct jb_broker *b = ctx;
    struct jb_peer *p = node < b->peer_capacity ? b->peers[node] : NULL;
    if (p != NULL && routing_id.len > 0 && p->routing_len == routing_id.len &&
        memcmp(p->routing_id, routing_id.data, routing_id.len) == 0)
        jb_peer_drop(b, p, "connection closed");
}

/* ---- quotas ---- */

static void tell(struct jb_broker *b, struct jb_peer *p, enum jb_quota_change change)
{
    const char *code = code_of(b, p->node);
    const char *quota = jb_quota_name(p->quota.worst);
    if (change == JB_QUOTA_EXCEEDED) {
        b->count.quota_exceeded++;
        jb_log(JB_LOG_WARNING, code, "quota.exceeded",
               "node=%u quota=%s text=\"it sends more than its quota; the rest is read later\"",
               p->node, quota);
    } else if (change == JB_QUOTA_KEPT) {
        jb_log(JB_LOG_NOTICE, code, "quota.kept", "node=%u quota=%s", p->node, quota);
    } else if (change == JB_QUOTA_TURNED_AWAY) {
        b->count.quota_turned_away++;
        jb_log(JB_LOG_ERROR, code, "quota.turned-away", "node=%u quota=%s seconds=%lld", p->node,
               quota, (long long)(b->config->quota_penalty_ms / 1000));
        jb_zsock_cut_node(b->router, p->node);
    }
}

static int64_t on_read(void *ctx, uint32_t node, size_t bytes, unsigned frames)
{
    struct jb_broker *b = ctx;
    struct jb_peer *p = jb_broker_peer(b, node);
    const struct jb_node *n = node_of(b, node);
    struct jb_quota_limits limits;
    enum jb_quota_change change = JB_QUOTA_SAME;
    if (p == NULL || n == NULL)
        return 0;
    int64_t now_ms = jb_clock_mono_ms();
    jb_quota_limits(b->config, n->code, &limits);
    jb_quota_take(&p->quota, &limits, now_ms, JB_QUOTA_BYTES, (int64_t)bytes);
    jb_quota_take(&p->quota, &limits, now_ms, JB_QUOTA_FRAMES, frames);
    int64_t wait_ms = jb_quota_wait(&p->quota, &limits, now_ms, &change);
    tell(b, p, change);
    return wait_ms;
}

void jb_gatekeeper_submissions(struct jb_broker *b, struct jb_peer *p, size_t count)
{
    const struct jb_node *n = node_of(b, p->node);
    struct jb_quota_limits limits;
    if (n == NULL)
        return;
    jb_quota_limits(b->config, n->code, &limits);
    jb_quota_take(&p->quota, &limits, jb_clock_mono_ms(), JB_QUOTA_SUBMISSIONS, (int64_t)count);
}

bool jb_gatekeeper_turns_away(const struct jb_peer *p)
{
    return jb_quota_turned_away(&p->quota, jb_clock_mono_ms());
}

/* Now, within the quota again or not: what it was told of is still true. */
size_t jb_gatekeeper_trouble(const struct jb_broker *b, char *text, size_t size)
{
    size_t count = 0;
    uint32_t first = 0;
    for (size_t i = 0; i < b->peer_capacity; i++)
        if (b->peers[i] != NULL &&
            (b->peers[i]->quota.over_since_ms != 0 || jb_gatekeeper_turns_away(b->peers[i])) &&
            count++ == 0)
            first = (uint32_t)i;
    if (size > 0)
        text[0] = '\0';
    if (count > 0)
        (void)snprintf(text, size, "%zu %s more than allowed, first of them %s (%s)", count,
                       count == 1 ? "node sends" : "nodes send", code_of(b, first),
                       jb_quota_name(b->peers[first]->quota.worst));
    return count;
}

/* ---- the limits of the gate ---- */

static int64_t connections_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return CONNECTIONS_MAX;
    int64_t all = limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
    int64_t left = (all - DESCRIPTORS_OF_OURS) / DESCRIPTORS_EACH;
    return left < 1 ? 1 : left > CONNECTIONS_MAX ? CONNECTIONS_MAX : left;
}

void jb_gatekeeper_options(struct jb_broker *b, struct jb_gate_options *out)
{
    jb_gate_options_default(out);
    int64_t most = connections_allowed();
    out->connections_max = most;
    out->pending_max = b->config->pending_max < most / 2 ? b->config->pending_max : most / 2;
    out->pending_per_address = b->config->pending_per_address;
    out->failures = (struct jb_rate){b->config->login_failures, b->config->login_failures / 5 + 1};
    out->silent_ms = 2 * b->config->session_timeout_ms;
    out->hooks = (struct jb_gate_hooks){on_cut, on_gone, on_read, b};
}
