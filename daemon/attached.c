/* See attached.h. */
#include "daemon/attached.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/broker.h"
#include "proto/base/log.h"
#include "proto/ledger/blobrows.h"
#include "proto/rules/civil.h"
#include "proto/rules/moves.h"

static struct jb_attached_node *node_of(struct jb_attached *a, uint32_t node)
{
    if (node >= a->capacity) {
        size_t wanted = ((size_t)node / 256 + 1) * 256;
        struct jb_attached_node *bigger = reallocarray(a->at, wanted, sizeof *bigger);
        if (bigger == NULL)
            return NULL;
        memset(bigger + a->capacity, 0, (wanted - a->capacity) * sizeof *bigger);
        a->at = bigger;
        a->capacity = wanted;
    }
    return &a->at[node];
}

/* Of what this node has attached on the day of this instant. */
static uint64_t used_today(const struct jb_attached_node *n, int64_t at_ms)
{
    return n->day_ms == jb_date_start_ms(jb_date_of_instant(at_ms)) ? n->today : 0;
}

static enum jb_err count(struct jb_attached *a, uint32_t node, int64_t at_ms, uint64_t bytes)
{
    struct jb_attached_node *n = node_of(a, node);

    if (n == NULL)
        return JB_NOMEM;
    n->today = used_today(n, at_ms) + bytes;
    n->day_ms = jb_date_start_ms(jb_date_of_instant(at_ms));
    n->all += bytes;
    return JB_OK;
}

enum jb_err jb_attached_load(struct jb_broker *b)
{
    struct jb_arena arena;
    struct jb_blob_sum *sums = NULL;
    size_t n = 0;
    int64_t day_ms = jb_date_start_ms(jb_date_of_instant(jb_broker_now(b)));

    jb_attached_fini(&b->attached);
    jb_arena_init(&arena, (size_t)16 * 1024 * 1024);
    enum jb_err err = jb_blob_sums(b->ledger, day_ms, &arena, &sums, &n);
    for (size_t i = 0; i < n && err == JB_OK; i++) {
        struct jb_attached_node *at = node_of(&b->attached, sums[i].node);
        if (at == NULL)
            err = JB_NOMEM;
        else
            *at = (struct jb_attached_node){sums[i].all, sums[i].since, day_ms};
    }
    jb_arena_fini(&arena);
    return err;
}

/* What was erased gives its room back; that of the day it was attached stays used. */
static enum jb_err give_back(struct jb_broker *b, int64_t case_no)
{
    struct jb_arena arena;
    struct jb_blob_sum *sums = NULL;
    size_t n = 0;

    jb_arena_init(&arena, (size_t)1024 * 1024);
    enum jb_err err = jb_blob_sums_of_case(b->reader, case_no, &arena, &sums, &n);
    for (size_t i = 0; i < n && err == JB_OK; i++) {
        struct jb_attached_node *at = node_of(&b->attached, sums[i].node);
        if (at != NULL)
            at->all -= sums[i].all < at->all ? sums[i].all : at->all;
    }
    jb_arena_fini(&arena);
    return err;
}

void jb_attached_committed(struct jb_broker *b, const struct jb_entry *entry)
{
    enum jb_err err = JB_OK;

    if (entry->act.kind == JB_ACT_ATTACH)
        err = count(&b->attached, entry->node, entry->at_ms, entry->act.size_bytes);
    else if (entry->act.kind == JB_ACT_ERASE_KEY)
        err = give_back(b, entry->act.case_no);
    if (err != JB_OK)
        jb_log(JB_LOG_ERROR, NULL, "attached.uncounted",
               "node=%u error=%s text=\"counted again at the next start\"", entry->node,
               jb_err_name(err));
}

static bool over(uint64_t used, uint64_t more, int64_t limit)
{
    return limit > 0 && (used > (uint64_t)limit || more > (uint64_t)limit - used);
}

void jb_attached_judge(struct jb_broker *b, const struct jb_batch *t, const struct jb_entry *entry,
                       struct jb_verdict *v)
{
    const struct jb_node *node = jb_directory_find(&b->directory, entry->node);
    const struct jb_attached_node *n = node_of(&b->attached, entry->node);
    int64_t factor = node != NULL ? jb_quota_factor(b->config->quota_nodes, node->code) : 1;
    int64_t per_day = jb_quota_times(b->config->attached_per_day, factor);
    int64_t in_all = jb_quota_times(b->config->attached_in_all, factor);
    uint64_t more = entry->act.size_bytes;
    uint64_t batch = 0;

    for (size_t i = 0; i < t->op_count; i++)
        if (t->ops[i].kind == JB_OP_ENTRY && t->ops[i].entry->node == entry->node &&
            t->ops[i].entry->act.kind == JB_ACT_ATTACH)
            batch += t->ops[i].entry->act.size_bytes;
    uint64_t today = batch + (n != NULL ? used_today(n, t->now_ms) : 0);
    uint64_t all = batch + (n != NULL ? n->all : 0);
    if (over(today, more, per_day))
        v->refusal = jb_detail_set(v->detail, JB_REFUSE_ATTACHED_TOO_MUCH,
                                   "today %llu of %llu bytes are used, the file has %llu",
                                   (unsigned long long)today, (unsigned long long)per_day,
                                   (unsigned long long)more);
    else if (over(all, more, in_all))
        v->refusal = jb_detail_set(v->detail, JB_REFUSE_ATTACHED_TOO_MUCH,
                                   "in all %llu of %llu bytes are used, the file has %llu",
                                   (unsigned long long)all, (unsigned long long)in_all,
                                   (unsigned long long)more);
}

void jb_attached_fini(struct jb_attached *a)
{
    free(a->at);
    *a = (struct jb_attached){NULL, 0};
}
