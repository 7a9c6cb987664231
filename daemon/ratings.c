/* Ratings are sealed to the broker's line key, so that nobody who is rated can read them before the
 * window is over. The broker opens one twice: when it is cast, to refuse nonsense, and when the
 * window is over. In between its value is nowhere but in the sealed box. */
#include "daemon/broker.h"

#include "proto/base/log.h"
#include "proto/wire/seal.h"

/* With the key in force or, when the broker's keys were changed meanwhile, with the former one. */
static enum jb_err open_rating(const struct jb_broker *b, int64_t case_no, int party,
                               struct jb_bytes sealed, int *satisfaction)
{
    static const struct jb_node_keys none;
    enum jb_err err = jb_rating_open(&b->keys, case_no, party, sealed, satisfaction);
    if (err == JB_OK || memcmp(&b->former, &none, sizeof none) == 0)
        return err;
    return jb_rating_open(&b->former, case_no, party, sealed, satisfaction);
}

bool jb_rating_is_good(const struct jb_broker *b, const struct jb_act *act)
{
    int satisfaction = 0;
    return act->satisfaction == 0 &&
           open_rating(b, act->case_no, act->rated_party, act->sealed, &satisfaction) == JB_OK;
}

struct looking { /* for the last rating of one party */
    const struct jb_broker *b;
    int64_t case_no;
    int party;
    int *satisfaction;
    struct jb_arena arena;
};

static void take(struct looking *k, const struct jb_act *act)
{
    int satisfaction = 0;
    if (act->kind != JB_ACT_RATE || act->case_no != k->case_no || act->rated_party != k->party)
        return;
    enum jb_err err = open_rating(k->b, k->case_no, k->party, act->sealed, &satisfaction);
    *k->satisfaction = err == JB_OK ? satisfaction : 0;
    if (err != JB_OK)
        jb_log(JB_LOG_ERROR, NULL, "rating.unreadable", "case=%lld party=%d error=%s",
               (long long)k->case_no, k->party, jb_err_name(err));
}

static enum jb_err take_logged(void *ctx, uint64_t seq, struct jb_bytes bytes)
{
    struct looking *k = ctx;
    struct jb_entry entry;
    struct jb_fault fault;
    (void)seq;
    jb_arena_reset(&k->arena);
    enum jb_err err = jb_entry_decode(bytes, &k->arena, &entry, &fault);
    if (err == JB_OK)
        take(k, &entry.act);
    return err;
}

enum jb_err jb_rating_last(struct jb_broker *b, const struct jb_batch *t, int64_t case_no,
                           int party, int *satisfaction)
{
    struct looking k = {.b = b, .case_no = case_no, .party = party, .satisfaction = satisfaction};
    *satisfaction = 0;
    jb_arena_init(&k.arena, (size_t)16 * 1024 * 1024);
    jb_follow_wait(b); /* what waits for the tables is in the writing ledger's memory */
    enum jb_err err = jb_log_each_of_case(b->ledger, case_no, take_logged, &k);
    for (size_t i = 0; i < t->op_count && err == JB_OK; i++)
        if (t->ops[i].kind == JB_OP_ENTRY)
            take(&k, &t->ops[i].entry->act);
    jb_arena_fini(&k.arena);
    return err;
}
