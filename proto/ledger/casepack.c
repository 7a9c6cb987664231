/* See casepack.h.
 *
 * One byte of version, the deadlines, the participants, the case's own fields. Fields that are
 * numbers stand in tables: a mask says which of them are not zero, and only these follow, as
 * varints. A text is 0 when empty, or the place of the same text before it, or one more than there
 * are so far, and then its bytes: policy, calendar and article repeat in every deadline. */
#include "proto/ledger/casepack.h"

#define VERSION 1
#define NUMBER_BYTES 10 /* of the longest varint */

enum kind {
    I64, /* also uint64_t */
    U32,
    INT, /* also enums; never negative */
    BOOL
};
struct field {
    size_t offset;
    enum kind kind;
};
#define FIELD(of, kind, name)                                                                      \
    {                                                                                              \
        offsetof(struct of, name), kind                                                            \
    }
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

_Static_assert(sizeof(enum jb_stage) == 4 && sizeof(enum jb_unit) == 4 && sizeof(int) == 4,
               "an enum is packed as 32 bits");

static const struct field case_fields[] = {
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
};
static const struct field rating_fields[] = {
    FIELD(jb_rating, INT, state),
    FIELD(jb_rating, U32, satisfaction),
    FIELD(jb_rating, I64, at_ms),
};
static const struct field participant_fields[] = {
    FIELD(jb_participant, U32, node),
    FIELD(jb_participant, INT, role),
    FIELD(jb_participant, I64, signed_ms),
    FIELD(jb_participant, I64, answered_ms),
};
static const struct field deadline_fields[] = {
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
_Static_assert(JB_WARN_MAX == 4, "a deadline has four warn steps");

/* The texts of a case and of a deadline, in their order. */
static const size_t case_texts[] = {
    offsetof(struct jb_case, title), offsetof(struct jb_case, class_code),
    offsetof(struct jb_case, place_code), offsetof(struct jb_case, lead_official),
    offsetof(struct jb_case, query_hash)};
static const size_t deadline_texts[] = {
    offsetof(struct jb_deadline, policy_version), offsetof(struct jb_deadline, calendar_version),
    offsetof(struct jb_deadline, article), offsetof(struct jb_deadline, acked_by)};

/* ---- writing ---- */

struct writing {
    uint8_t *at;
    size_t text_count;
    struct jb_text texts[JB_PACK_TEXTS];
};

static void put(struct writing *w, uint64_t value)
{
    while (value >= 0x80) {
        *w->at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *w->at++ = (uint8_t)value;
}

static uint64_t field_get(const void *of, const struct field *f)
{
    const char *at = (const char *)of + f->offset;
    uint64_t wide = 0;
    uint32_t word = 0;
    bool yes = false;

    switch (f->kind) {
    case I64:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case U32:
    case INT:
        memcpy(&word, at, sizeof word);
        return word;
    case BOOL:
        memcpy(&yes, at, sizeof yes);
        return yes;
    }
    return 0;
}

static void put_fields(struct writing *w, const void *of, const struct field *fields, size_t count)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < count; i++)
        mask |= field_get(of, &fields[i]) != 0 ? UINT64_C(1) << i : 0;
    put(w, mask);
    for (size_t i = 0; i < count; i++)
        if ((mask >> i & 1) != 0)
            put(w, field_get(of, &fields[i]));
}

static void put_text(struct writing *w, struct jb_text text)
{
    if (text.len == 0) {
        put(w, 0);
        return;
    }
    for (size_t i = 0; i < w->text_count; i++) {
        if (jb_text_equal(w->texts[i], text)) {
            put(w, i + 1);
            return;
        }
    }
    put(w, w->text_count + 1);
    put(w, text.len);
    memcpy(w->at, text.data, text.len);
    w->at += text.len;
    if (w->text_count < JB_PACK_TEXTS)
        w->texts[w->text_count++] = text;
}

static struct jb_text text_get(const void *of, size_t offset)
{
    struct jb_text text;

    memcpy(&text, (const char *)of + offset, sizeof text);
    return text;
}

static void put_texts(struct writing *w, const void *of, const size_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_text(w, text_get(of, offsets[i]));
}

static void put_facts(struct writing *w, const int64_t *facts_ms)
{
    uint64_t mask = 0;

    for (size_t i = 1; i < JB_FACT_COUNT; i++)
        mask |= facts_ms[i] != 0 ? UINT64_C(1) << i : 0;
    put(w, mask);
    for (size_t i = 1; i < JB_FACT_COUNT; i++)
        if (facts_ms[i] != 0)
            put(w, (uint64_t)facts_ms[i]);
}

/* No case is longer. */
static size_t bound(const struct jb_case *c)
{
    size_t numbers =
        8 + COUNT(case_fields) + JB_FACT_COUNT + COUNT(case_texts) * 2 +
        JB_RATED_PARTIES * (1 + COUNT(rating_fields)) +
        c->participant_count * (1 + COUNT(participant_fields)) +
        c->deadline_count * (1 + COUNT(deadline_fields) + 2 * (1 + COUNT(deadline_texts)));
    size_t texts = c->deadline_count * JB_KEY_MAX;

    for (size_t i = 0; i < COUNT(case_texts); i++)
        texts += text_get(c, case_texts[i]).len;
    for (size_t d = 0; d < c->deadline_count; d++)
        for (size_t i = 0; i < COUNT(deadline_texts); i++)
            texts += text_get(&c->deadlines[d], deadline_texts[i]).len;
    return numbers * NUMBER_BYTES + texts;
}

enum jb_err jb_case_pack(const struct jb_case *c, unsigned parts, struct jb_arena *arena,
                         struct jb_bytes *out)
{
    uint8_t *start = jb_arena_alloc(arena, bound(c));
    struct writing w = {.at = start};

    if (start == NULL)
        return JB_NOMEM;
    *w.at++ = VERSION;
    put(&w, c->deadline_count);
    for (size_t i = 0; i < c->deadline_count; i++) {
        put_fields(&w, &c->deadlines[i], deadline_fields, COUNT(deadline_fields));
        put_text(&w, jb_text_of(c->deadlines[i].key));
        put_texts(&w, &c->deadlines[i], deadline_texts, COUNT(deadline_texts));
    }
    put(&w, c->participant_count);
    for (size_t i = 0; i < c->participant_count; i++)
        put_fields(&w, &c->participants[i], participant_fields, COUNT(participant_fields));
    put_fields(&w, c, case_fields, COUNT(case_fields));
    put_facts(&w, c->facts_ms);
    for (size_t i = 0; i < JB_RATED_PARTIES; i++)
        put_fields(&w, &c->ratings[i], rating_fields, COUNT(rating_fields));
    put(&w, parts);
    put_texts(&w, c, case_texts, COUNT(case_texts));
    *out = (struct jb_bytes){start, (size_t)(w.at - start)};
    return JB_OK;
}

/* ---- reading ---- */

static uint64_t take(struct jb_pack_reading *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && r->left > 0 && !r->wrong; shift += 7) {
        uint8_t byte = *r->at++;
        r->left--;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->wrong = true;
    return 0;
}

/* A number of things of which each takes a byte at least. */
static size_t take_count(struct jb_pack_reading *r)
{
    uint64_t count = take(r);

    if (count > r->left) {
        r->wrong = true;
        return 0;
    }
    return (size_t)count;
}

static bool fits(enum kind kind, uint64_t value)
{
    static const uint64_t most[] = {
        [I64] = UINT64_MAX, [U32] = UINT32_MAX, [INT] = INT32_MAX, [BOOL] = 1};

    return value <= most[kind];
}

static void field_set(void *of, const struct field *f, uint64_t value)
{
    char *at = (char *)of + f->offset;
    uint32_t word = (uint32_t)value;
    bool yes = value != 0;

    switch (f->kind) {
    case I64:
        memcpy(at, &value, sizeof value);
        break;
    case U32:
    case INT:
        memcpy(at, &word, sizeof word);
        break;
    case BOOL:
        memcpy(at, &yes, sizeof yes);
        break;
    }
}

static void take_fields(struct jb_pack_reading *r, void *of, const struct field *fields,
                        size_t count)
{
    uint64_t mask = take(r);

    r->wrong = r->wrong || mask >> count != 0;
    for (size_t i = 0; i < count && !r->wrong; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        uint64_t value = take(r);
        if (fits(fields[i].kind, value))
            field_set(of, &fields[i], value);
        else
            r->wrong = true;
    }
}

static struct jb_text take_text(struct jb_pack_reading *r)
{
    struct jb_text text = {NULL, 0};
    uint64_t place = take(r);

    if (r->wrong || place == 0)
        return text;
    if (place <= r->text_count)
        return r->texts[place - 1];
    uint64_t len = take(r);
    if (place != r->text_count + 1 || len == 0 || len > r->left)
        r->wrong = true;
    if (r->wrong)
        return text;
    text = (struct jb_text){(const char *)r->at, (size_t)len};
    r->at += len;
    r->left -= (size_t)len;
    if (r->text_count < JB_PACK_TEXTS)
        r->texts[r->text_count++] = text;
    return text;
}

static void take_texts(struct jb_pack_reading *r, void *of, const size_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct jb_text text = take_text(r);
        memcpy((char *)of + offsets[i], &text, sizeof text);
    }
}

static void take_facts(struct jb_pack_reading *r, int64_t *facts_ms)
{
    uint64_t mask = take(r);

    r->wrong = r->wrong || mask >> JB_FACT_COUNT != 0 || (mask & 1) != 0;
    for (size_t i = 1; i < JB_FACT_COUNT; i++)
        if ((mask >> i & 1) != 0)
            facts_ms[i] = (int64_t)take(r);
}

void jb_case_pack_open(struct jb_pack_reading *r, struct jb_bytes packed)
{
    *r = (struct jb_pack_reading){.at = packed.data, .left = packed.len};
    r->wrong = packed.len == 0 || packed.data[0] != VERSION;
    if (r->wrong)
        return;
    r->at++;
    r->left--;
    r->deadlines_left = take_count(r);
}

bool jb_case_pack_deadline(struct jb_pack_reading *r, struct jb_deadline *d)
{
    if (r->deadlines_left == 0 || r->wrong)
        return false;
    *d = (struct jb_deadline){0};
    take_fields(r, d, deadline_fields, COUNT(deadline_fields));
    struct jb_text key = take_text(r);
    take_texts(r, d, deadline_texts, COUNT(deadline_texts));
    r->wrong = r->wrong || key.len >= sizeof d->key;
    if (r->wrong)
        return false;
    if (key.len > 0)
        memcpy(d->key, key.data, key.len);
    r->deadlines_left--;
    return true;
}

/* ---- a whole case ---- */

static enum jb_err take_deadlines(struct jb_pack_reading *r, struct jb_arena *arena,
                                  struct jb_case *c)
{
    size_t count = r->deadlines_left;
    struct jb_deadline *list = jb_arena_alloc(arena, count * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!jb_case_pack_deadline(r, &list[i]))
            return JB_CORRUPT;
    c->deadlines = count > 0 ? list : NULL;
    c->deadline_count = count;
    return JB_OK;
}

static enum jb_err take_participants(struct jb_pack_reading *r, struct jb_arena *arena,
                                     struct jb_case *c)
{
    size_t count = take_count(r);
    struct jb_participant *list = jb_arena_alloc(arena, count * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        take_fields(r, &list[i], participant_fields, COUNT(participant_fields));
    c->participants = count > 0 ? list : NULL;
    c->participant_count = count;
    return JB_OK;
}

enum jb_err jb_case_unpack(struct jb_bytes packed, struct jb_arena *arena, struct jb_case *c,
                           unsigned *parts)
{
    struct jb_case read = {.case_no = c->case_no};
    /* the texts stay where they are: in one copy of all */
    const uint8_t *copy = jb_arena_memdup(arena, packed.data, packed.len);
    struct jb_pack_reading r;

    if (copy == NULL)
        return JB_NOMEM;
    jb_case_pack_open(&r, (struct jb_bytes){copy, packed.len});
    enum jb_err err = take_deadlines(&r, arena, &read);
    if (err == JB_OK)
        err = take_participants(&r, arena, &read);
    if (err != JB_OK)
        return err;
    take_fields(&r, &read, case_fields, COUNT(case_fields));
    take_facts(&r, read.facts_ms);
    for (size_t i = 0; i < JB_RATED_PARTIES; i++)
        take_fields(&r, &read.ratings[i], rating_fields, COUNT(rating_fields));
    uint64_t found = take(&r);
    take_texts(&r, &read, case_texts, COUNT(case_texts));
    if (r.wrong || r.left > 0 || found > UINT32_MAX)
        return JB_CORRUPT;
    *parts = (unsigned)found;
    *c = read;
    return JB_OK;
}
