#include "tests/unit/casesame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- one with all that there is ---- */

static struct jb_deadline full_deadline(uint32_t id)
{
    struct jb_deadline d = {.id = id,
                            .key = "handle",
                            .node = 12,
                            .trigger_ms = 1000,
                            .limit = 60,
                            .unit = JB_UNIT_CALENDAR_DAYS,
                            .due_ms = 9000,
                            .first_due_ms = 8000,
                            .warn_at_ms = {5000, 6000, 7000, 8500},
                            .warned = 2,
                            .missed_ms = 77,
                            .end = JB_END_MET_LATE,
                            .ended_ms = 9500,
                            .extensions = 1,
                            .set_seq = 4,
                            .provisional = true,
                            .designated_bound = true,
                            .acked_node = 12,
                            .acked_ms = 5500,
                            .directive = 21,
                            .docket = 22,
                            .paused_from_ms = 23,
                            .paused_ms = 24,
                            .paused_to_ms = 25,
                            .extended_days = 26,
                            .acked_by = jb_text_of("李强"),
                            .policy_version = jb_text_of("2022-05-01.1"),
                            .calendar_version = jb_text_of("2026.1"),
                            .article = jb_text_of("《信访工作条例》第三十四条"),
                            .dirty = true};

    return d;
}

static void fill_parts(struct jb_case *c)
{
    static struct jb_mark marks[2];
    static struct jb_directive directives[2];
    static struct jb_target targets[2];
    static struct jb_docket dockets[1];

    marks[0] = (struct jb_mark){JB_MARK_RECUSED, 41, 42, 43, jb_text_of("赵敏"), 44};
    marks[1] = (struct jb_mark){JB_MARK_LINK, 0, 45, 46, {NULL, 0}, 47};
    directives[0] = (struct jb_directive){.id = 1,
                                          .power = 51,
                                          .demand = 52,
                                          .recommendation = 53,
                                          .issuer = 54,
                                          .authority = 55,
                                          .level = 56,
                                          .flags = 57,
                                          .people = 58,
                                          .status = JB_DIRECTIVE_IN_FORCE,
                                          .due_ms = 59,
                                          .issued_ms = 60,
                                          .seq = 61,
                                          .official = jb_text_of("书记"),
                                          .countersigned_by = jb_text_of("县长"),
                                          .issued_by = jb_text_of("王芳"),
                                          .dirty = true};
    directives[1] = (struct jb_directive){.id = 2, .status = JB_DIRECTIVE_WAITING, .dirty = true};
    targets[0] = (struct jb_target){1, 71, JB_TARGET_ANSWERED, 72, 73, 74, 75, 76, true};
    targets[1] = (struct jb_target){2, 77, JB_TARGET_ISSUED, 0, 0, 0, 0, 0, true};
    dockets[0] = (struct jb_docket){1, jb_text_of("督7"), 81, 82, 83, 84, 85, 86, 87, true};
    c->marks = marks;
    c->mark_count = 2;
    c->marks_dirty = true;
    c->directives = directives;
    c->directive_count = 2;
    c->targets = targets;
    c->target_count = 2;
    c->dockets = dockets;
    c->docket_count = 1;
}

struct jb_case cs_full(void)
{
    static struct jb_participant parts[] = {
        {.node = 7, .role = JB_ROLE_REGISTRAR},
        {.node = 7, .role = JB_ROLE_ASSIGNER},
        {.node = 12, .role = JB_ROLE_HOST},
        {.node = 13, .role = JB_ROLE_CO_HANDLER, .signed_ms = 61, .answered_ms = 62},
        {.node = 14, .role = JB_ROLE_LEFT}};
    static struct jb_deadline deadlines[3];
    struct jb_case c = {.case_no = lw_case_no(3),
                        .stage = JB_STAGE_SIGNED,
                        .matter = 3,
                        .channel = 2,
                        .flags = 513,
                        .people = 40,
                        .title = jb_text_of("反映供暖不达标"),
                        .class_code = jb_text_of("城乡建设"),
                        .place_code = jb_text_of("611002"),
                        .registrar = 7,
                        .host = 12,
                        .custody = 5,
                        .sender = 8,
                        .authority = 4,
                        .hops = 6,
                        .registered_ms = 100,
                        .updated_ms = 200,
                        .sent_seq = 300,
                        .opinion = 1,
                        .exit = 9,
                        .objection_open = true,
                        .objector = 15,
                        .last_ruling = 10,
                        .participants = parts,
                        .participant_count = 5,
                        .participants_dirty = true,
                        .deadlines = deadlines,
                        .deadline_count = 3,
                        .simple = true,
                        .lead_official = jb_text_of("副县长"),
                        .query_hash = jb_text_of("00ff"),
                        .reviewer = 31,
                        .rechecker = 32,
                        .review_opinion = 33,
                        .recheck_opinion = 34,
                        .ratings = {{JB_RATING_OPENED, 3, 35}, {JB_RATING_CAST, 0, 36}},
                        .dispute_level = 2,
                        .arbiter = 37,
                        .last_seq = 400};

    fill_parts(&c);
    deadlines[0] = full_deadline(1);
    deadlines[1] = full_deadline(2);
    deadlines[2] = (struct jb_deadline){.id = 3, .dirty = true};
    for (int i = 1; i < JB_FACT_COUNT; i++)
        c.facts_ms[i] = 1000 + i;
    return c;
}

/* ---- random ones ---- */

/* None, often; the ends of the range; a few; any size. `most`: all ones. */
static uint64_t any(struct lw *w, uint64_t most)
{
    uint64_t bits = lw_random(w, UINT64_C(1) << 32) << 32 | lw_random(w, UINT64_C(1) << 32);

    switch (lw_random(w, 8)) {
    case 0:
        return most;
    case 1:
        return most >> 1;
    case 2:
        return (most >> 1) + 1;
    case 3:
        return lw_random(w, 256) & most;
    case 4:
    case 5:
        return (bits & most) >> lw_random(w, 64) % 31;
    default:
        return 0;
    }
}

static uint32_t any_u32(struct lw *w)
{
    return (uint32_t)any(w, UINT32_MAX);
}

static int any_int(struct lw *w)
{
    return (int)any(w, INT32_MAX);
}

static int64_t any_i64(struct lw *w)
{
    return (int64_t)any(w, UINT64_MAX);
}

static bool any_bool(struct lw *w)
{
    return lw_random(w, 2) != 0;
}

/* None, one that others have, or one of its own. */
static struct jb_text any_text(struct lw *w)
{
    static const char *const common[] = {"2022-05-01.1", "2026.1", "《信访工作条例》第三十四条"};
    uint64_t dice = lw_random(w, 6);
    size_t len = 1 + lw_random(w, dice == 4 ? 300 : 9);

    if (dice < 3)
        return jb_text_of(common[dice]);
    if (dice == 3)
        return (struct jb_text){NULL, 0};
    char *text = jb_arena_alloc(&w->arena, len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)lw_random(w, 256);
    return (struct jb_text){text, len};
}

static struct jb_deadline any_deadline(struct lw *w)
{
    struct jb_deadline d = {.id = any_u32(w), .dirty = true};
    size_t key_len = lw_random(w, JB_KEY_MAX);

    for (size_t i = 0; i < key_len; i++)
        d.key[i] = (char)(1 + lw_random(w, 255));
    d.node = any_u32(w);
    d.trigger_ms = any_i64(w);
    d.limit = any_u32(w);
    d.unit = (enum jb_unit)any_int(w);
    d.due_ms = any_i64(w);
    d.first_due_ms = any_i64(w);
    for (size_t i = 0; i < JB_WARN_MAX; i++)
        d.warn_at_ms[i] = any_i64(w);
    d.warned = any_u32(w);
    d.missed_ms = any_i64(w);
    d.end = (enum jb_deadline_end)any_int(w);
    d.ended_ms = any_i64(w);
    d.extensions = any_u32(w);
    d.set_seq = any(w, UINT64_MAX);
    d.provisional = any_bool(w);
    d.designated_bound = any_bool(w);
    d.directive = any_u32(w);
    d.docket = any_u32(w);
    d.paused_from_ms = any_i64(w);
    d.paused_ms = any_i64(w);
    d.paused_to_ms = any_i64(w);
    d.extended_days = any_u32(w);
    d.acked_node = any_u32(w);
    d.acked_ms = any_i64(w);
    d.acked_by = any_text(w);
    d.policy_version = any_text(w);
    d.calendar_version = any_text(w);
    d.article = any_text(w);
    return d;
}

static void any_fields(struct lw *w, struct jb_case *c)
{
    c->stage = (enum jb_stage)any_int(w);
    c->matter = any_int(w);
    c->channel = any_int(w);
    c->flags = any_u32(w);
    c->people = any_u32(w);
    c->title = any_text(w);
    c->class_code = any_text(w);
    c->place_code = any_text(w);
    c->registrar = any_u32(w);
    c->host = any_u32(w);
    c->custody = any_u32(w);
    c->sender = any_u32(w);
    c->authority = any_int(w);
    c->hops = any_u32(w);
    c->registered_ms = any_i64(w);
    c->updated_ms = any_i64(w);
    c->sent_seq = any(w, UINT64_MAX);
    c->opinion = any_int(w);
    c->exit = any_int(w);
    c->simple = any_bool(w);
    c->lead_official = any_text(w);
    c->query_hash = any_text(w);
    c->reviewer = any_u32(w);
    c->rechecker = any_u32(w);
    c->review_opinion = any_int(w);
    c->recheck_opinion = any_int(w);
    for (size_t i = 0; i < JB_RATED_PARTIES; i++)
        c->ratings[i] =
            (struct jb_rating){(enum jb_rating_state)any_int(w), any_u32(w), any_i64(w)};
    c->dispute_level = any_int(w);
    c->arbiter = any_u32(w);
    c->objection_open = any_bool(w);
    c->objector = any_u32(w);
    c->last_ruling = any_int(w);
    for (size_t i = 1; i < JB_FACT_COUNT; i++)
        c->facts_ms[i] = any_i64(w);
    c->last_seq = any(w, UINT64_MAX);
}

static void any_orders(struct lw *w, struct jb_case *c)
{
    for (size_t i = 0; i < c->mark_count; i++)
        c->marks[i] = (struct jb_mark){(enum jb_mark_kind)any_int(w),
                                       any_u32(w),
                                       any_i64(w),
                                       any_u32(w),
                                       any_text(w),
                                       any_i64(w)};
    for (size_t i = 0; i < c->directive_count; i++)
        c->directives[i] = (struct jb_directive){.id = any_u32(w),
                                                 .power = any_u32(w),
                                                 .demand = any_u32(w),
                                                 .recommendation = any_u32(w),
                                                 .issuer = any_u32(w),
                                                 .authority = any_u32(w),
                                                 .level = any_u32(w),
                                                 .flags = any_u32(w),
                                                 .people = any_u32(w),
                                                 .status = (enum jb_directive_status)any_int(w),
                                                 .due_ms = any_i64(w),
                                                 .issued_ms = any_i64(w),
                                                 .seq = any(w, UINT64_MAX),
                                                 .official = any_text(w),
                                                 .countersigned_by = any_text(w),
                                                 .issued_by = any_text(w),
                                                 .dirty = true};
    for (size_t i = 0; i < c->docket_count; i++)
        c->dockets[i] = (struct jb_docket){.id = any_u32(w),
                                           .docket_no = any_text(w),
                                           .step = any_u32(w),
                                           .node = any_u32(w),
                                           .opener = any_u32(w),
                                           .deadline_id = any_u32(w),
                                           .opened_ms = any_i64(w),
                                           .stepped_ms = any_i64(w),
                                           .closed_ms = any_i64(w),
                                           .dirty = true};
}

#define FEW 6

/* Each of them once: the last digit keeps them apart. */
static void any_nodes(struct lw *w, struct jb_case *c)
{
    for (uint32_t i = 0; i < c->participant_count; i++)
        c->participants[i] = (struct jb_participant){
            any_u32(w), (enum jb_role)((uint32_t)any_int(w) & ~7U) | i, any_i64(w), any_i64(w)};
    for (uint32_t i = 0; i < c->target_count; i++)
        c->targets[i] = (struct jb_target){.directive = any_u32(w),
                                           .node = (any_u32(w) & ~7U) | i,
                                           .state = (enum jb_target_state)any_int(w),
                                           .deadline_id = any_u32(w),
                                           .adopted = any_u32(w),
                                           .signed_ms = any_i64(w),
                                           .answered_ms = any_i64(w),
                                           .ended_ms = any_i64(w),
                                           .dirty = true};
}

static void *room_for(struct lw *w, size_t count, size_t bytes)
{
    void *at = jb_arena_alloc(&w->arena, count * bytes);

    assert_non_null(at);
    return at;
}

struct jb_case cs_random(struct lw *w, int64_t case_no)
{
    struct jb_case c = {.case_no = case_no, .participants_dirty = true, .marks_dirty = true};

    any_fields(w, &c);
    c.participants = room_for(w, c.participant_count = lw_random(w, FEW), sizeof *c.participants);
    c.deadline_count = lw_random(w, 8) == 0 ? lw_random(w, 60) : lw_random(w, 9);
    c.deadlines = room_for(w, c.deadline_count, sizeof *c.deadlines);
    for (size_t i = 0; i < c.deadline_count; i++)
        c.deadlines[i] = any_deadline(w);
    c.targets = room_for(w, c.target_count = lw_random(w, FEW), sizeof *c.targets);
    any_nodes(w, &c);
    c.marks = room_for(w, c.mark_count = lw_random(w, FEW) / 2, sizeof *c.marks);
    c.directives = room_for(w, c.directive_count = lw_random(w, FEW) / 2, sizeof *c.directives);
    c.dockets = room_for(w, c.docket_count = lw_random(w, FEW) / 2, sizeof *c.dockets);
    any_orders(w, &c);
    return c;
}

/* ---- are two the same? ---- */

static void text_same(struct jb_text a, struct jb_text b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

#define NUMBER(field) assert_int_equal((uint64_t)a->field, (uint64_t)b->field)
#define TEXT(field) text_same(a->field, b->field)

static void participants_same(const struct jb_participant *a, const struct jb_participant *b)
{
    NUMBER(node), NUMBER(role), NUMBER(signed_ms), NUMBER(answered_ms);
}

static void deadlines_same(const struct jb_deadline *a, const struct jb_deadline *b)
{
    NUMBER(id), NUMBER(node), NUMBER(trigger_ms), NUMBER(limit), NUMBER(unit), NUMBER(due_ms);
    NUMBER(first_due_ms), NUMBER(warned), NUMBER(missed_ms), NUMBER(end), NUMBER(ended_ms);
    NUMBER(extensions), NUMBER(set_seq), NUMBER(provisional), NUMBER(designated_bound);
    NUMBER(directive), NUMBER(docket), NUMBER(paused_from_ms), NUMBER(paused_ms);
    NUMBER(paused_to_ms), NUMBER(extended_days), NUMBER(acked_node), NUMBER(acked_ms);
    assert_memory_equal(a->key, b->key, sizeof a->key);
    assert_memory_equal(a->warn_at_ms, b->warn_at_ms, sizeof a->warn_at_ms);
    TEXT(acked_by), TEXT(policy_version), TEXT(calendar_version), TEXT(article);
}

static void marks_same(const struct jb_mark *a, const struct jb_mark *b)
{
    NUMBER(kind), NUMBER(node), NUMBER(other_case_no), NUMBER(value), NUMBER(at_ms), TEXT(text);
}

static void directives_same(const struct jb_directive *a, const struct jb_directive *b)
{
    NUMBER(id), NUMBER(power), NUMBER(demand), NUMBER(recommendation), NUMBER(issuer);
    NUMBER(authority), NUMBER(level), NUMBER(flags), NUMBER(people), NUMBER(status);
    NUMBER(due_ms), NUMBER(issued_ms), NUMBER(seq);
    TEXT(official), TEXT(countersigned_by), TEXT(issued_by);
}

static void targets_same(const struct jb_target *a, const struct jb_target *b)
{
    NUMBER(directive), NUMBER(node), NUMBER(state), NUMBER(deadline_id), NUMBER(adopted);
    NUMBER(signed_ms), NUMBER(answered_ms), NUMBER(ended_ms);
}

static void dockets_same(const struct jb_docket *a, const struct jb_docket *b)
{
    NUMBER(id), NUMBER(step), NUMBER(node), NUMBER(opener), NUMBER(deadline_id);
    NUMBER(opened_ms), NUMBER(stepped_ms), NUMBER(closed_ms), TEXT(docket_no);
}

static void fields_same(const struct jb_case *a, const struct jb_case *b)
{
    NUMBER(case_no), NUMBER(stage), NUMBER(matter), NUMBER(channel), NUMBER(flags);
    NUMBER(people), NUMBER(registrar), NUMBER(host), NUMBER(custody), NUMBER(sender);
    NUMBER(authority), NUMBER(hops), NUMBER(registered_ms), NUMBER(updated_ms);
    NUMBER(sent_seq), NUMBER(last_seq), NUMBER(opinion), NUMBER(exit), NUMBER(simple);
    NUMBER(reviewer), NUMBER(rechecker), NUMBER(review_opinion), NUMBER(recheck_opinion);
    NUMBER(dispute_level), NUMBER(arbiter), NUMBER(objection_open), NUMBER(objector);
    NUMBER(last_ruling);
    TEXT(title), TEXT(class_code), TEXT(place_code), TEXT(lead_official), TEXT(query_hash);
    assert_memory_equal(a->facts_ms, b->facts_ms, sizeof a->facts_ms);
    for (size_t i = 0; i < JB_RATED_PARTIES; i++)
        NUMBER(ratings[i].state), NUMBER(ratings[i].satisfaction), NUMBER(ratings[i].at_ms);
}

void cs_same(const struct jb_case *a, const struct jb_case *b)
{
    fields_same(a, b);
    NUMBER(participant_count), NUMBER(deadline_count), NUMBER(mark_count);
    NUMBER(directive_count), NUMBER(target_count), NUMBER(docket_count);
    for (size_t i = 0; i < a->participant_count; i++)
        participants_same(&a->participants[i], &b->participants[i]);
    for (size_t i = 0; i < a->deadline_count; i++)
        deadlines_same(&a->deadlines[i], &b->deadlines[i]);
    for (size_t i = 0; i < a->mark_count; i++)
        marks_same(&a->marks[i], &b->marks[i]);
    for (size_t i = 0; i < a->directive_count; i++)
        directives_same(&a->directives[i], &b->directives[i]);
    for (size_t i = 0; i < a->target_count; i++)
        targets_same(&a->targets[i], &b->targets[i]);
    for (size_t i = 0; i < a->docket_count; i++)
        dockets_same(&a->dockets[i], &b->dockets[i]);
}

static int by_node_and_role(const void *x, const void *y)
{
    const struct jb_participant *a = x;
    const struct jb_participant *b = y;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->role > b->role) - (a->role < b->role);
}

static int by_directive_and_node(const void *x, const void *y)
{
    const struct jb_target *a = x;
    const struct jb_target *b = y;

    if (a->directive != b->directive)
        return a->directive < b->directive ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

void cs_sort(struct jb_case *c)
{
    if (c->participant_count > 0)
        qsort(c->participants, c->participant_count, sizeof *c->participants, by_node_and_role);
    if (c->target_count > 0)
        qsort(c->targets, c->target_count, sizeof *c->targets, by_directive_and_node);
}
