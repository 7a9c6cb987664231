/* See casepack.h.
 *
 * One byte of version, the deadlines, the other lists, the case's own fields. Policy, calendar and
 * article repeat in every deadline and are written once. To add a field: a row here, another
 * version, and a step in schema.c that has brokers' records replayed. */
#include "proto/ledger/casepack.h"

#define VERSION 1

#define FIELD(of, type, name)                                                                      \
    {                                                                                              \
        offsetof(struct of, name), JB_PACK_##type                                                  \
    }
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct jb_pack_field case_fields[] = {
    FIELD(jb_case, INT, stage),
    FIELD(jb_case, INT, matter),
    FIELD(jb_case, INT, channel),
    FIELD(jb_case, U32, flags),
    FIELD(jb_case, U32, people),
    FIELD(jb_case, U32, registrar),
    FIELD(jb_case, U32, host),
    FIELD(jb_case, U32, custody),
    FIELD(jb_case, U32, sender),
    FIELD(jb_case, INT, authority),
    FIELD(jb_case, U32, hops),
    FIELD(jb_case, I64, registered_ms),
    FIELD(jb_case, I64, updated_ms),
    FIELD(jb_case, I64, sent_seq),
    FIELD(jb_case, I64, last_seq),
    FIELD(jb_case, INT, opinion),
    FIELD(jb_case, INT, exit),
    FIELD(jb_case, BOOL, simple),
    FIELD(jb_case, U32, reviewer),
    FIELD(jb_case, U32, rechecker),
    FIELD(jb_case, INT, review_opinion),
    FIELD(jb_case, INT, recheck_opinion),
    FIELD(jb_case, INT, dispute_level),
    FIELD(jb_case, U32, arbiter),
    FIELD(jb_case, BOOL, objection_open),
    FIELD(jb_case, U32, objector),
    FIELD(jb_case, INT, last_ruling),
    FIELD(jb_case, I64, facts_ms[JB_FACT_SIGNED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_ACCEPTED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_DECLINED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_TOLD]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_ANSWERED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_ANSWER_TOLD]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_EXECUTED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_CLOSED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_REFERRED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_SENT]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_REVIEW_ASKED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_REVIEWED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_REVIEW_TOLD]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_RECHECK_ASKED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_RECHECKED]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_RECHECK_TOLD]),
    FIELD(jb_case, I64, facts_ms[JB_FACT_TERMINATED]),
    FIELD(jb_case, INT, ratings[0].state),
    FIELD(jb_case, U32, ratings[0].satisfaction),
    FIELD(jb_case, I64, ratings[0].at_ms),
    FIELD(jb_case, INT, ratings[1].state),
    FIELD(jb_case, U32, ratings[1].satisfaction),
    FIELD(jb_case, I64, ratings[1].at_ms),
};
static const size_t case_texts[] = {
    offsetof(struct jb_case, title), offsetof(struct jb_case, class_code),
    offsetof(struct jb_case, place_code), offsetof(struct jb_case, lead_official),
    offsetof(struct jb_case, query_hash)};
static const struct jb_pack_shape case_shape = {case_fields, COUNT(case_fields), case_texts,
                                                COUNT(case_texts)};

_Static_assert(JB_FACT_COUNT == 18 && JB_RATED_PARTIES == 2, "each has its row in case_fields");

static const struct jb_pack_field deadline_fields[] = {
    FIELD(jb_deadline, U32, id),
    FIELD(jb_deadline, U32, node),
    FIELD(jb_deadline, I64, trigger_ms),
    FIELD(jb_deadline, U32, limit),
    FIELD(jb_deadline, INT, unit),
    FIELD(jb_deadline, I64, due_ms),
    FIELD(jb_deadline, I64, first_due_ms),
    FIELD(jb_deadline, I64, warn_at_ms[0]),
    FIELD(jb_deadline, I64, warn_at_ms[1]),
    FIELD(jb_deadline, I64, warn_at_ms[2]),
    FIELD(jb_deadline, I64, warn_at_ms[3]),
    FIELD(jb_deadline, U32, warned),
    FIELD(jb_deadline, I64, missed_ms),
    FIELD(jb_deadline, INT, end),
    FIELD(jb_deadline, I64, ended_ms),
    FIELD(jb_deadline, U32, extensions),
    FIELD(jb_deadline, I64, set_seq),
    FIELD(jb_deadline, BOOL, provisional),
    FIELD(jb_deadline, BOOL, designated_bound),
    FIELD(jb_deadline, U32, directive),
    FIELD(jb_deadline, U32, docket),
    FIELD(jb_deadline, I64, paused_from_ms),
    FIELD(jb_deadline, I64, paused_ms),
    FIELD(jb_deadline, I64, paused_to_ms),
    FIELD(jb_deadline, U32, extended_days),
    FIELD(jb_deadline, U32, acked_node),
    FIELD(jb_deadline, I64, acked_ms),
};
static const size_t deadline_texts[] = {
    offsetof(struct jb_deadline, policy_version), offsetof(struct jb_deadline, calendar_version),
    offsetof(struct jb_deadline, article), offsetof(struct jb_deadline, acked_by)};
static const struct jb_pack_shape deadline_shape = {deadline_fields, COUNT(deadline_fields),
                                                    deadline_texts, COUNT(deadline_texts)};

_Static_assert(JB_WARN_MAX == 4, "each has its row in deadline_fields");

static const struct jb_pack_field participant_fields[] = {
    FIELD(jb_participant, U32, node),
    FIELD(jb_participant, INT, role),
    FIELD(jb_participant, I64, signed_ms),
    FIELD(jb_participant, I64, answered_ms),
};
static const struct jb_pack_shape participant_shape = {participant_fields,
                                                       COUNT(participant_fields), NULL, 0};

static const struct jb_pack_field mark_fields[] = {
    FIELD(jb_mark, INT, kind),  FIELD(jb_mark, U32, node),  FIELD(jb_mark, I64, other_case_no),
    FIELD(jb_mark, U32, value), FIELD(jb_mark, I64, at_ms),
};
static const size_t mark_texts[] = {offsetof(struct jb_mark, text)};
static const struct jb_pack_shape mark_shape = {mark_fields, COUNT(mark_fields), mark_texts,
                                                COUNT(mark_texts)};

static const struct jb_pack_field directive_fields[] = {
    FIELD(jb_directive, U32, id),     FIELD(jb_directive, U32, power),
    FIELD(jb_directive, U32, demand), FIELD(jb_directive, U32, recommendation),
    FIELD(jb_directive, U32, issuer), FIELD(jb_directive, U32, authority),
    FIELD(jb_directive, U32, level),  FIELD(jb_directive, U32, flags),
    FIELD(jb_directive, U32, people), FIELD(jb_directive, INT, status),
    FIELD(jb_directive, I64, due_ms), FIELD(jb_directive, I64, issued_ms),
    FIELD(jb_directive, I64, seq),
};
static const size_t directive_texts[] = {offsetof(struct jb_directive, official),
                                         offsetof(struct jb_directive, countersigned_by),
                                         offsetof(struct jb_directive, issued_by)};
static const struct jb_pack_shape directive_shape = {directive_fields, COUNT(directive_fields),
                                                     directive_texts, COUNT(directive_texts)};

static const struct jb_pack_field target_fields[] = {
    FIELD(jb_target, U32, directive),   FIELD(jb_target, U32, node),
    FIELD(jb_target, INT, state),       FIELD(jb_target, U32, deadline_id),
    FIELD(jb_target, U32, adopted),     FIELD(jb_target, I64, signed_ms),
    FIELD(jb_target, I64, answered_ms), FIELD(jb_target, I64, ended_ms),
};
static const struct jb_pack_shape target_shape = {target_fields, COUNT(target_fields), NULL, 0};

static const struct jb_pack_field docket_fields[] = {
    FIELD(jb_docket, U32, id),          FIELD(jb_docket, U32, step),
    FIELD(jb_docket, U32, node),        FIELD(jb_docket, U32, opener),
    FIELD(jb_docket, U32, deadline_id), FIELD(jb_docket, I64, opened_ms),
    FIELD(jb_docket, I64, stepped_ms),  FIELD(jb_docket, I64, closed_ms),
};
static const size_t docket_texts[] = {offsetof(struct jb_docket, docket_no)};
static const struct jb_pack_shape docket_shape = {docket_fields, COUNT(docket_fields), docket_texts,
                                                  COUNT(docket_texts)};

/* The lists of a case, but the deadlines; `before`: the order in which they stand. */
typedef bool is_before(const void *a, const void *b);

static bool participant_before(const void *a, const void *b)
{
    const struct jb_participant *x = a;
    const struct jb_participant *y = b;

    return x->node < y->node || (x->node == y->node && x->role < y->role);
}

static bool target_before(const void *a, const void *b)
{
    const struct jb_target *x = a;
    const struct jb_target *y = b;

    return x->directive < y->directive || (x->directive == y->directive && x->node < y->node);
}

static const struct list {
    size_t at, count; /* offsets of pointer and number */
    size_t bytes;     /* of one */
    const struct jb_pack_shape *shape;
    is_before *before; /* NULL: as they stand */
} lists[] = {
#define LIST(name, type, before)                                                                   \
    {                                                                                              \
        offsetof(struct jb_case, name##s), offsetof(struct jb_case, name##_count),                 \
            sizeof(struct type), &name##_shape, before                                             \
    }
    LIST(participant, jb_participant, participant_before),
    LIST(mark, jb_mark, NULL),
    LIST(directive, jb_directive, NULL),
    LIST(target, jb_target, target_before),
    LIST(docket, jb_docket, NULL),
#undef LIST
};

static const char *list_at(const struct jb_case *c, const struct list *list)
{
    const char *at;

    memcpy(&at, (const char *)c + list->at, sizeof at);
    return at;
}

static size_t list_count(const struct jb_case *c, const struct list *list)
{
    size_t count;

    memcpy(&count, (const char *)c + list->count, sizeof count);
    return count;
}

/* ---- pack ---- */

static size_t bound(const struct jb_case *c)
{
    size_t bytes = 1 + JB_VARINT_BYTES + jb_pack_bound(c, &case_shape);

    for (size_t i = 0; i < c->deadline_count; i++)
        bytes +=
            jb_pack_bound(&c->deadlines[i], &deadline_shape) + 2 * JB_VARINT_BYTES + JB_KEY_MAX;
    for (size_t k = 0; k < COUNT(lists); k++) {
        bytes += JB_VARINT_BYTES;
        for (size_t i = 0; i < list_count(c, &lists[k]); i++)
            bytes += jb_pack_bound(list_at(c, &lists[k]) + i * lists[k].bytes, lists[k].shape);
    }
    return bytes;
}

/* They are few, and mostly in order. NULL: out of memory. */
static const void **sorted(const struct jb_case *c, const struct list *list, struct jb_arena *arena)
{
    size_t count = list_count(c, list);
    const void **order = jb_arena_alloc(arena, count * sizeof *order);

    for (size_t i = 0; order != NULL && i < count; i++) {
        const void *one = list_at(c, list) + i * list->bytes;
        size_t k = i;
        for (; list->before != NULL && k > 0 && list->before(one, order[k - 1]); k--)
            order[k] = order[k - 1];
        order[k] = one;
    }
    return order;
}

static enum jb_err pack_list(struct jb_pack_writing *w, const struct jb_case *c,
                             const struct list *list, struct jb_arena *arena)
{
    const void **order = sorted(c, list, arena);

    if (order == NULL)
        return JB_NOMEM;
    jb_pack_number(w, list_count(c, list));
    for (size_t i = 0; i < list_count(c, list); i++)
        jb_pack_struct(w, order[i], list->shape);
    return JB_OK;
}

enum jb_err jb_case_pack(const struct jb_case *c, struct jb_arena *arena, struct jb_bytes *out)
{
    uint8_t *start = jb_arena_alloc(arena, bound(c));
    struct jb_pack_writing w = {.at = start};
    enum jb_err err = start != NULL ? JB_OK : JB_NOMEM;

    if (err != JB_OK)
        return err;
    *w.at++ = VERSION;
    jb_pack_number(&w, c->deadline_count);
    for (size_t i = 0; i < c->deadline_count; i++) {
        jb_pack_text(&w, jb_text_of(c->deadlines[i].key));
        jb_pack_struct(&w, &c->deadlines[i], &deadline_shape);
    }
    for (size_t i = 0; i < COUNT(lists) && err == JB_OK; i++)
        err = pack_list(&w, c, &lists[i], arena);
    jb_pack_struct(&w, c, &case_shape);
    if (err == JB_OK)
        *out = (struct jb_bytes){start, (size_t)(w.at - start)};
    return err;
}

/* ---- deadlines ---- */

struct jb_case_reading jb_case_reading_of(struct jb_bytes packed)
{
    struct jb_case_reading r = {.from = jb_pack_reading_of(packed)};

    r.from.wrong = packed.len == 0 || packed.data[0] != VERSION;
    if (r.from.wrong)
        return r;
    r.from.at++;
    r.from.left--;
    r.deadlines_left = jb_unpack_count(&r.from);
    return r;
}

bool jb_case_next_deadline(struct jb_case_reading *r, struct jb_deadline *d)
{
    if (r->deadlines_left == 0 || r->from.wrong)
        return false;
    *d = (struct jb_deadline){0};
    struct jb_text key = jb_unpack_text(&r->from);
    jb_unpack_struct(&r->from, d, &deadline_shape);
    r->from.wrong = r->from.wrong || key.len >= sizeof d->key;
    if (r->from.wrong)
        return false;
    if (key.len > 0)
        memcpy(d->key, key.data, key.len);
    r->deadlines_left--;
    return true;
}

/* ---- unpack ---- */

static enum jb_err unpack_deadlines(struct jb_case_reading *r, struct jb_arena *arena,
                                    struct jb_case *c)
{
    size_t count = r->deadlines_left;
    struct jb_deadline *list = jb_arena_alloc(arena, count * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!jb_case_next_deadline(r, &list[i]))
            return JB_CORRUPT;
    c->deadlines = count > 0 ? list : NULL;
    c->deadline_count = count;
    return JB_OK;
}

static enum jb_err unpack_list(struct jb_pack_reading *r, const struct list *list,
                               struct jb_arena *arena, struct jb_case *c)
{
    size_t count = jb_unpack_count(r);
    char *at = count > 0 ? jb_arena_alloc(arena, count * list->bytes) : NULL;

    if (count > 0 && at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        jb_unpack_struct(r, at + i * list->bytes, list->shape);
    memcpy((char *)c + list->at, &at, sizeof at);
    memcpy((char *)c + list->count, &count, sizeof count);
    return JB_OK;
}

enum jb_err jb_case_unpack(struct jb_bytes packed, struct jb_arena *arena, struct jb_case *c)
{
    struct jb_case read = {.case_no = c->case_no};
    /* the texts stay where they are: in one copy of all */
    const uint8_t *copy = jb_arena_memdup(arena, packed.data, packed.len);

    if (copy == NULL)
        return JB_NOMEM;
    struct jb_case_reading r = jb_case_reading_of((struct jb_bytes){copy, packed.len});
    enum jb_err err = r.from.wrong ? JB_CORRUPT : unpack_deadlines(&r, arena, &read);
    for (size_t i = 0; i < COUNT(lists) && err == JB_OK; i++)
        err = unpack_list(&r.from, &lists[i], arena, &read);
    if (err != JB_OK)
        return err;
    jb_unpack_struct(&r.from, &read, &case_shape);
    if (r.from.wrong || r.from.left > 0)
        return JB_CORRUPT;
    *c = read;
    return JB_OK;
}
