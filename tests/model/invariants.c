/* See invariants.h. */
#include "tests/model/invariants.h"

#include "proto/ledger/query.h"
#include "proto/rules/confine.h"
#include "proto/rules/explain.h"

/* ---- one case -------------------------------------------------------------------------------- */

static void hold_one_host(const struct jb_case *c)
{
    size_t hosts = 0;

    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        hosts += p->role == JB_ROLE_HOST;
        if (p->role == JB_ROLE_HOST)
            assert_int_equal(p->node, c->host);
        if (p->role == JB_ROLE_LEFT)
            assert_int_equal(jb_case_roles(c, p->node), 1U << JB_ROLE_LEFT);
        for (size_t j = 0; j < i; j++)
            assert_false(c->participants[j].node == p->node && c->participants[j].role == p->role);
    }
    assert_int_equal(hosts, 1);
    assert_true(jb_case_has(c, c->registrar));
    if (c->dispute_level != 0) /* a counted dispute still has a duty-bearer, and a judge */
        assert_true(jb_case_has(c, c->arbiter));
}

/* Rule 2 and rule 8: as long as a case is open somebody owes the next thing. */
static void hold_no_lost_duty(const struct jb_case *c)
{
    bool owed = false;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->end != JB_END_OPEN)
            continue;
        if (!jb_case_has(c, d->node))
            fail_msg("deadline %u %s of node %u, which has left", (unsigned)d->id, d->key,
                     (unsigned)d->node);
        owed = true;
    }
    if (c->stage == JB_STAGE_REGISTERED || c->stage == JB_STAGE_SENT ||
        c->stage == JB_STAGE_REVIEW || c->stage == JB_STAGE_RECHECK) {
        if (!owed && !(c->flags & JB_FLAG_UNREACHABLE))
            fail_msg("stage %s and nobody owes anything", jb_stage_name(c->stage));
    }
}

static void hold_history(const struct jb_case *before, const struct jb_case *now)
{
    assert_true(now->custody >= before->custody);
    if (now->custody == before->custody)
        assert_int_equal(now->host, before->host);
    assert_true(now->deadline_count >= before->deadline_count);
    assert_true(now->directive_count >= before->directive_count);
    assert_true(now->docket_count >= before->docket_count);
    for (size_t i = 0; i < before->deadline_count; i++) {
        const struct jb_deadline *a = &before->deadlines[i], *b = &now->deadlines[i];

        assert_int_equal(a->id, b->id);
        assert_string_equal(a->key, b->key);
        assert_int_equal(a->first_due_ms, b->first_due_ms);
        if (a->end != JB_END_OPEN) /* what has ended never runs again */
            assert_int_equal(a->end, b->end);
    }
    if (before->stage == JB_STAGE_MERGED || before->stage == JB_STAGE_FILE)
        assert_int_equal(now->stage, before->stage);
    if (before->stage == JB_STAGE_TERMINATED)
        assert_true(now->stage == JB_STAGE_TERMINATED || now->stage == JB_STAGE_REGISTERED);
}

/* Rule 5: nobody but the registrar and discipline organs takes part in an accusation. */
static void hold_confined(const struct model *m, const struct jb_case *c)
{
    if (!jb_confined(c))
        return;
    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        if (p->role != JB_ROLE_LEFT && !jb_confine_may_know(c, &m->b.directory, p->node))
            fail_msg("node %u takes part in an accusation", (unsigned)p->node);
    }
}

static void hold_facts(const struct jb_case *c)
{
    if (c->stage == JB_STAGE_ACCEPTED)
        assert_true(c->facts_ms[JB_FACT_SIGNED] != 0 && c->facts_ms[JB_FACT_ACCEPTED] != 0);
    if (c->stage == JB_STAGE_REVIEWED)
        assert_true(c->facts_ms[JB_FACT_REVIEWED] != 0 && c->reviewer != 0);
    if (c->stage == JB_STAGE_TERMINATED)
        assert_true(c->facts_ms[JB_FACT_RECHECKED] != 0 && c->rechecker != 0);
    for (size_t i = 0; i < c->target_count; i++)
        assert_non_null(jb_case_directive(c, c->targets[i].directive));
}

void model_hold_case(struct model *m, const struct jb_case *before, const struct jb_case *now)
{
    hold_one_host(now);
    hold_no_lost_duty(now);
    hold_history(before, now);
    hold_confined(m, now);
    hold_facts(now);
}

/* ---- replicas -------------------------------------------------------------------------------- */

static void same_deadline(const struct jb_deadline *a, const struct jb_deadline *b)
{
    struct jb_deadline x = *a, y = *b;

    assert_true(jb_text_equal(x.acked_by, y.acked_by));
    assert_true(jb_text_equal(x.policy_version, y.policy_version));
    assert_true(jb_text_equal(x.calendar_version, y.calendar_version));
    assert_true(jb_text_equal(x.article, y.article));
    assert_string_equal(x.key, y.key);
    assert_int_equal(x.node, y.node);
    assert_int_equal(x.due_ms, y.due_ms);
    assert_int_equal(x.trigger_ms, y.trigger_ms);
    assert_int_equal(x.end, y.end);
    assert_int_equal(x.missed_ms, y.missed_ms);
    assert_int_equal(x.paused_ms, y.paused_ms);
    assert_int_equal(x.paused_from_ms, y.paused_from_ms);
    assert_int_equal(x.warned, y.warned);
    assert_int_equal(x.set_seq, y.set_seq);
}

static void same_case(const struct jb_case *a, const struct jb_case *b)
{
    assert_int_equal(a->stage, b->stage);
    assert_int_equal(a->host, b->host);
    assert_int_equal(a->custody, b->custody);
    assert_int_equal(a->matter, b->matter);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->last_seq, b->last_seq);
    assert_int_equal(a->dispute_level, b->dispute_level);
    assert_memory_equal(a->facts_ms, b->facts_ms, sizeof a->facts_ms);
    assert_memory_equal(a->ratings, b->ratings, sizeof a->ratings);
    assert_int_equal(a->participant_count, b->participant_count);
    assert_int_equal(a->deadline_count, b->deadline_count);
    assert_int_equal(a->mark_count, b->mark_count);
    assert_int_equal(a->directive_count, b->directive_count);
    assert_int_equal(a->target_count, b->target_count);
    assert_int_equal(a->docket_count, b->docket_count);
    for (size_t i = 0; i < a->participant_count; i++)
        assert_memory_equal(&a->participants[i], &b->participants[i], sizeof a->participants[i]);
    for (size_t i = 0; i < a->deadline_count; i++)
        same_deadline(&a->deadlines[i], &b->deadlines[i]);
    for (size_t i = 0; i < a->target_count; i++)
        assert_int_equal(a->targets[i].state, b->targets[i].state);
}

void model_hold_replicas(struct model *m, const struct jb_case *now)
{
    for (uint32_t node = 2; node <= m->last_node; node++) {
        struct jb_case seen = model_case(m, m->replicas[node], now->case_no);

        if (jb_case_has(now, node))
            same_case(now, &seen);
        else if (seen.stage != JB_STAGE_NONE)
            fail_msg("node %u sees case %lld in which it takes no part", (unsigned)node,
                     (long long)now->case_no);
    }
}

/* ---- dates ----------------------------------------------------------------------------------- */

struct story { /* all entries of one case */
    struct model *m;
    struct jb_entry *entries;
    size_t count, capacity;
};

static enum jb_err collect(void *ctx, uint64_t seq, struct jb_bytes bytes)
{
    struct story *s = ctx;
    struct jb_fault fault = {""};

    (void)seq;
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
        struct jb_entry *grown = jb_arena_alloc(&s->m->step, capacity * sizeof *grown);

        if (grown == NULL)
            return JB_NOMEM;
        if (s->count > 0)
            memcpy(grown, s->entries, s->count * sizeof *grown);
        s->entries = grown;
        s->capacity = capacity;
    }
    bytes.data = jb_arena_memdup(&s->m->step, bytes.data, bytes.len);
    return jb_entry_decode(bytes, &s->m->step, &s->entries[s->count++], &fault);
}

static void print_move(void *ctx, const struct jb_explain_move *move)
{
    (void)ctx;
    print_error("  move %d, entry %llu, at %lld: due %lld, was %lld\n", (int)move->kind,
                (unsigned long long)move->seq, (long long)move->at_ms, (long long)move->due_ms,
                (long long)move->old_due_ms);
}

static void print_moves(const struct jb_explain_question *q)
{
    struct jb_explain_question again = *q;
    struct jb_explanation x;

    again.move = print_move;
    (void)!jb_explain(&again, &x);
    for (size_t i = 0; i < q->entry_count; i++)
        print_error("  entry %llu: %s\n", (unsigned long long)q->entries[i].seq,
                    jb_act_kind_name(q->entries[i].act.kind));
}

/* The same code that shows a clerk how his deadline was counted. */
void model_hold_dates(struct model *m, const struct jb_case *now)
{
    struct story story = {.m = m};

    assert_int_equal(jb_log_each_of_case(m->b.ledger, now->case_no, collect, &story), JB_OK);
    for (size_t i = 0; i < now->deadline_count; i++) {
        const struct jb_deadline *d = &now->deadlines[i];
        struct jb_explain_question q = {
            .d = d,
            .row = jb_book_row_of(&m->b.book, d),
            .calendar = jb_book_calendar_of(&m->b.book, d->node),
            .entries = story.entries,
            .entry_count = story.count,
        };
        struct jb_explanation x;

        assert_non_null(q.row);
        assert_true(jb_text_equal(q.row->article, d->article));
        assert_int_equal(jb_explain(&q, &x), JB_OK);
        if (x.agrees && x.complete)
            continue;
        print_moves(&q);
        fail_msg("step %zu: case %lld, deadline %u %s: due %lld, counted again %lld (trigger "
                 "%lld, %u of unit %d)",
                 m->at, (long long)now->case_no, (unsigned)d->id, d->key, (long long)d->due_ms,
                 (long long)x.counted_due_ms, (long long)d->trigger_ms, (unsigned)d->limit,
                 (int)d->unit);
    }
}

/* ---- ledgers --------------------------------------------------------------------------------- */

static void hold_ledger(struct jb_ledger *l, const char *who, uint32_t node)
{
    struct jb_check check;
    struct jb_check_keys keys = {.broker_sign = NULL, .own_sign = NULL};
    struct jb_fault fault = {""};

    assert_int_equal(jb_ledger_check(l, &keys, &check, &fault), JB_OK);
    if (!check.chain_intact || !check.tables_equal)
        fail_msg("%s %u: %s", who, (unsigned)node, fault.text);
}

void model_hold_ledgers(struct model *m)
{
    hold_ledger(m->b.ledger, "broker", JB_NODE_BROKER_NUMBER);
    for (uint32_t node = 2; node <= m->last_node; node++)
        hold_ledger(m->replicas[node], "replica", node);
}
