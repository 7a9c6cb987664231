/* What the broker looks for by itself: provisional dates that a newer calendar moves, and cases
 * that a retired agency leaves to its successor.
 *
 * Begun at every start, after whatever may give it something to do, and each day; looks through an
 * index in bounded pieces. Where it stands is kept in memory only: after a crash it begins again,
 * and what was done already is refused by the rules and leaves no trace. */
#include "daemon/broker.h"

#include "proto/base/log.h"

#define PIECE 128 /* looked at in one batch */

void jb_sweep_recount(struct jb_broker *b)
{
    b->sweep.recount = true;
    b->sweep.recount_after = (struct jb_deadline_id){0, 0};
}

void jb_sweep_succeed(struct jb_broker *b)
{
    b->sweep.succeed = true;
    b->sweep.succeed_node = 0;
    b->sweep.succeed_after = 0;
}

bool jb_sweep_running(const struct jb_broker *b)
{
    return b->sweep.recount || b->sweep.succeed;
}

static bool queue(struct jb_broker *b, const struct jb_act *act)
{
    struct jb_act *copy = jb_arena_memdup(&b->fill->arena, act, sizeof *act);
    struct jb_intake_item *item = copy != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return false;
    item->source = JB_FROM_SWEEP;
    item->node = JB_NODE_BROKER_NUMBER;
    item->act = copy;
    item->user = jb_text_of("sweep");
    return true;
}

static void blind(struct jb_broker *b, enum jb_err err)
{
    jb_log(JB_LOG_ERROR, NULL, "sweep.blind", "error=%s detail=\"%s\"", jb_err_name(err),
           jb_ledger_error(b->reader));
}

/* The calendar is named by the decision: what it is counted with is that of the agency that owes
 * it. */
static size_t queue_recounts(struct jb_broker *b)
{
    struct jb_deadline_id found[PIECE];
    size_t count = 0;
    size_t queued = 0;
    enum jb_err err =
        jb_ledger_provisional(b->reader, b->sweep.recount_after, found, PIECE, &count);
    if (err != JB_OK)
        blind(b, err);
    for (; queued < count; queued++) {
        struct jb_act act = {.kind = JB_ACT_RECOUNT,
                             .case_no = found[queued].case_no,
                             .deadline_id = found[queued].id};
        if (b->book.calendar != NULL)
            act.version = jb_text_of(b->book.calendar->version);
        if (!queue(b, &act))
            return queued; /* from here on at the next look */
        b->sweep.recount_after = found[queued];
    }
    b->sweep.recount = err == JB_OK && count == PIECE;
    return queued;
}

/* The next agency that is no longer in force and has a successor; NULL: none. */
static const struct jb_node *next_retired(const struct jb_broker *b, uint32_t after, int64_t now_ms)
{
    for (size_t i = 0; i < b->directory.count; i++) {
        const struct jb_node *n = &b->directory.nodes[i];
        if (n->node > after && n->successor != 0 && n->valid_to_ms != 0 && n->valid_to_ms <= now_ms)
            return n;
    }
    return NULL;
}

static size_t queue_cases_of(struct jb_broker *b, const struct jb_node *n)
{
    int64_t cases[PIECE];
    size_t count = 0;
    size_t queued = 0;
    enum jb_err err =
        jb_ledger_node_cases(b->reader, n->node, b->sweep.succeed_after, cases, PIECE, &count);
    if (err != JB_OK)
        blind(b, err);
    for (; queued < count; queued++) {
        struct jb_act act = {.kind = JB_ACT_SUCCEED,
                             .case_no = cases[queued],
                             .node = n->node,
                             .successor = n->successor};
        if (!queue(b, &act))
            return queued;
        b->sweep.succeed_after = cases[queued];
    }
    if (err != JB_OK || count < PIECE) { /* on to the next agency */
        b->sweep.succeed_node = n->node + 1;
        b->sweep.succeed_after = 0;
    }
    return queued;
}

/* An agency that ended without a successor and still answers for something, which came to it after
 * its end was set: only an administrator can name who goes on. */
static void tell_orphans(const struct jb_broker *b, int64_t now_ms)
{
    for (size_t i = 0; i < b->directory.count; i++) {
        const struct jb_node *n = &b->directory.nodes[i];
        uint64_t duties = 0;
        if (n->successor != 0 || n->valid_to_ms == 0 || n->valid_to_ms > now_ms ||
            jb_ledger_node_duties(b->reader, n->node, &duties) != JB_OK || duties == 0)
            continue;
        jb_log(JB_LOG_ERROR, n->code, "node.ended-with-duties",
               "node=%u duties=%llu text=\"retire it again, with a successor\"", n->node,
               (unsigned long long)duties);
    }
}

static size_t queue_successions(struct jb_broker *b, int64_t now_ms)
{
    size_t queued = 0;
    while (queued == 0) {
        uint32_t from = b->sweep.succeed_node;
        const struct jb_node *n = next_retired(b, from > 0 ? from - 1 : 0, now_ms);
        if (n == NULL) {
            b->sweep.succeed = false;
            b->sweep.looked_ms = now_ms;
            tell_orphans(b, now_ms);
            break;
        }
        if (n->node != from) {
            b->sweep.succeed_node = n->node;
            b->sweep.succeed_after = 0;
        }
        queued = queue_cases_of(b, n);
    }
    return queued;
}

/* Has an agency's last instant gone by since the last look? */
static bool retired_since(const struct jb_broker *b, int64_t now_ms)
{
    for (size_t i = 0; i < b->directory.count; i++) {
        const struct jb_node *n = &b->directory.nodes[i];
        if (n->valid_to_ms > b->sweep.looked_ms && n->valid_to_ms <= now_ms)
            return true;
    }
    return false;
}

bool jb_sweep_wanted(const struct jb_broker *b, int64_t now_ms)
{
    return jb_sweep_running(b) || retired_since(b, now_ms);
}

size_t jb_sweep_queue(struct jb_broker *b, int64_t now_ms)
{
    size_t queued = 0;
    if (!b->sweep.succeed && retired_since(b, now_ms))
        jb_sweep_succeed(b);
    if (b->sweep.recount)
        queued += queue_recounts(b);
    if (b->sweep.succeed)
        queued += queue_successions(b, now_ms);
    return queued;
}
