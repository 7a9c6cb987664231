/* Reads the record case by case, has each case appraised, and sums up. What a case contributes is
 * decided in proto/rules/appraisal.c. */
#include "proto/ledger/appraisal.h"

#include <stdlib.h>

#include "proto/ledger/listing.h"
#include "proto/wire/codec.h"

#define CASE_ARENA_BYTES ((size_t)256 * 1024 * 1024) /* all entries of one case */
#define SLOTS_FIRST 64
#define FIGURES_MAX (1 << 20)
#define KEYS_MAX 20000

struct reporting {
    struct jb_ledger *l;
    const struct jb_report_query *q;
    struct jb_report *out;
    struct jb_fault *fault;
    struct jb_arena *arena;   /* figures */
    struct jb_arena one_case; /* dropped after each */
    struct jb_figure **slots; /* open addressing; owned */
    size_t slot_count, used;
    uint64_t received; /* counts: all cases */
};

/* ---- figures by (indicator, node, key) ------------------------------------------------------- */

static uint64_t hash_of(const struct jb_figure *f)
{
    uint64_t h = UINT64_C(1469598103934665603) ^ ((uint64_t)f->node << 3 | (unsigned)f->indicator);

    h *= UINT64_C(1099511628211);
    for (size_t i = 0; i < f->key.len; i++)
        h = (h ^ (uint8_t)f->key.data[i]) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

static bool same_figure(const struct jb_figure *a, const struct jb_figure *b)
{
    return a->node == b->node && a->indicator == b->indicator && jb_text_equal(a->key, b->key);
}

static struct jb_figure **slot_of(struct reporting *p, const struct jb_figure *want)
{
    size_t at = hash_of(want) & (p->slot_count - 1);

    while (p->slots[at] != NULL && !same_figure(p->slots[at], want))
        at = (at + 1) & (p->slot_count - 1);
    return &p->slots[at];
}

static enum jb_err slots_grow(struct reporting *p)
{
    struct jb_figure **old = p->slots;
    size_t old_count = p->slot_count;

    p->slot_count = old_count == 0 ? SLOTS_FIRST : old_count * 2;
    p->slots = calloc(p->slot_count, sizeof(struct jb_figure *));
    if (p->slots == NULL) {
        p->slots = old;
        p->slot_count = old_count;
        return JB_NOMEM;
    }
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != NULL)
            *slot_of(p, old[i]) = old[i];
    }
    free(old);
    return JB_OK;
}

static enum jb_err too_many(struct reporting *p)
{
    if (p->q->counts != JB_COUNT_NONE)
        (void)jb_fault_set(p->fault, JB_TOO_LARGE, "more than %d different values to count by",
                           KEYS_MAX);
    else
        (void)jb_fault_set(p->fault, JB_TOO_LARGE, "more than %d figures: name an agency",
                           FIGURES_MAX);
    return JB_TOO_LARGE;
}

static enum jb_err figure_new(struct reporting *p, const struct jb_figure *want,
                              struct jb_figure *f)
{
    *f = *want;
    if (p->used >= (p->q->counts != JB_COUNT_NONE ? KEYS_MAX : FIGURES_MAX))
        return too_many(p);
    if (2 * p->used >= p->slot_count && slots_grow(p) != JB_OK)
        return JB_NOMEM;
    if (want->key.len > 0)
        f->key.data = jb_arena_strndup(p->arena, want->key.data, want->key.len);
    if (want->key.len > 0 && f->key.data == NULL)
        return JB_NOMEM;
    *slot_of(p, f) = f;
    p->used++;
    return JB_OK;
}

/* The figure, made when it is not there yet. NULL: *err says why. */
static struct jb_figure *figure_of(struct reporting *p, const struct jb_figure *want,
                                   enum jb_err *err)
{
    struct jb_figure **slot = p->slot_count > 0 ? slot_of(p, want) : NULL;
    struct jb_figure *f;

    *err = JB_OK;
    if (slot != NULL && *slot != NULL)
        return *slot;
    f = jb_arena_alloc(p->arena, sizeof *f);
    *err = f != NULL ? figure_new(p, want, f) : JB_NOMEM;
    return *err == JB_OK ? f : NULL;
}

/* ---- the cases behind a figure --------------------------------------------------------------- */

/* Cases come in ascending order, the contributions of one case together. */
static enum jb_err case_note(struct reporting *p, struct jb_figure *f, const struct jb_case *c,
                             bool counted)
{
    size_t n = f->case_count;

    if (p->q->cases == 0 || (p->q->reader != 0 && jb_case_recused(c, p->q->reader, p->q->user)))
        return JB_OK;
    if (n >= p->q->cases || n >= JB_REPORT_CASES_MAX) {
        f->more = true;
        return JB_OK;
    }
    if ((n & (n - 1)) == 0) { /* room for 1, 2, 4, 8 ... */
        int64_t *case_nos = jb_arena_alloc(p->arena, (n == 0 ? 1 : 2 * n) * sizeof *case_nos);
        bool *marks = jb_arena_alloc(p->arena, (n == 0 ? 1 : 2 * n) * sizeof *marks);

        if (case_nos == NULL || marks == NULL)
            return JB_NOMEM;
        if (n > 0) {
            memcpy(case_nos, f->case_nos, n * sizeof *case_nos);
            memcpy(marks, f->counted, n * sizeof *marks);
        }
        f->case_nos = case_nos;
        f->counted = marks;
    }
    f->case_nos[n] = c->case_no;
    f->counted[n] = counted;
    f->case_count++;
    return JB_OK;
}

/* ---- one case -------------------------------------------------------------------------------- */

static bool in_period(const struct jb_report_query *q, int64_t at_ms)
{
    return at_ms >= q->from_ms && at_ms < q->to_ms;
}

static enum jb_err add_to(struct reporting *p, const struct jb_contribution *k, uint32_t node,
                          const struct jb_case *c)
{
    struct jb_figure want = {.indicator = k->indicator, .node = node};
    enum jb_err err;
    struct jb_figure *f = figure_of(p, &want, &err);

    if (f == NULL)
        return err;
    f->denominator++;
    f->numerator += k->counted;
    return case_note(p, f, c, k->counted);
}

static enum jb_err contributions_add(struct reporting *p, struct jb_appraisal *a)
{
    struct jb_contribution *all = NULL;
    size_t count = 0;
    const struct jb_report_query *q = p->q;
    enum jb_err err = jb_appraisal_end(a, &all, &count);

    for (size_t i = 0; i < count && err == JB_OK; i++) {
        const struct jb_contribution *k = &all[i];

        if (!in_period(q, k->last_ms) ||
            (q->indicator != JB_INDICATOR_NONE && q->indicator != k->indicator) ||
            (q->node != 0 && q->node != k->node))
            continue;
        err = add_to(p, k, k->node, &a->c);
        if (err == JB_OK && q->node == 0 && !k->again)
            err = add_to(p, k, 0, &a->c);
    }
    return err;
}

static enum jb_err count_add(struct reporting *p, const struct jb_case *c)
{
    const struct jb_report_query *q = p->q;
    struct jb_figure want = {.node = q->node, .key = jb_count_key(q->counts, c)};
    struct jb_figure *f;
    enum jb_err err;

    if (!jb_appraisal_counts(c) || !in_period(q, c->registered_ms) ||
        (q->node != 0 && c->registrar != q->node && c->host != q->node))
        return JB_OK;
    f = figure_of(p, &want, &err);
    if (f == NULL)
        return err;
    f->numerator++;
    f->people += c->people > 0 ? c->people : 1;
    p->received++;
    return case_note(p, f, c, true);
}

static enum jb_err case_add(struct reporting *p, struct jb_appraisal *a)
{
    if (a->c.stage == JB_STAGE_NONE)
        return JB_OK;
    p->out->cases += a->c.stage != JB_STAGE_FILE;
    return p->q->counts != JB_COUNT_NONE ? count_add(p, &a->c) : contributions_add(p, a);
}

/* ---- reading the record ---------------------------------------------------------------------- */

static const char entries_sql[] =
    "SELECT c.case_no, e.body FROM case_entry c JOIN entry e ON e.seq = c.seq"
    " ORDER BY c.case_no, c.seq";
static const char items_sql[] =
    "SELECT case_no, body FROM item WHERE case_no <> 0 AND kind = 10 AND body IS NOT NULL"
    " ORDER BY case_no, number";

/* A row of the broker is an entry, one of a replica an item around it. */
static enum jb_err entry_take(struct reporting *p, struct jb_appraisal *a, struct jb_bytes body)
{
    struct jb_fault why = {""};
    struct jb_item item;
    struct jb_entry entry;
    enum jb_err err = JB_OK;

    if (p->l->role == JB_LEDGER_REPLICA) {
        err = jb_item_decode(body, &p->one_case, &item, &why);
        body = item.entry;
    }
    if (err == JB_OK)
        err = jb_entry_decode(body, &p->one_case, &entry, &why);
    if (err == JB_OK)
        err = jb_appraisal_take(a, &entry);
    if (err != JB_OK)
        return jb_fault_set(p->fault, err, "case %lld: %s", (long long)a->c.case_no,
                            why.text[0] != '\0' ? why.text : jb_err_text(err));
    return JB_OK;
}

static enum jb_err row_take(struct reporting *p, struct jb_appraisal *a, sqlite3_stmt *s)
{
    enum jb_err err = JB_OK;
    struct jb_reader r = jb_reader_of(s, &p->one_case);
    int64_t case_no = jb_get_i64(&r);

    if (case_no != a->c.case_no) {
        err = case_add(p, a);
        jb_arena_reset(&p->one_case);
        jb_appraisal_start(a, case_no, &p->one_case);
    }
    struct jb_bytes body = jb_get_blob(&r);
    if (err == JB_OK)
        err = r.err;
    return err == JB_OK ? entry_take(p, a, body) : err;
}

static enum jb_err record_read(struct reporting *p)
{
    struct jb_listing listing;
    struct jb_appraisal a;
    sqlite3_stmt *s = NULL;
    enum jb_err err;

    jb_appraisal_start(&a, 0, &p->one_case);
    jb_listing_start(&listing, p->l->role == JB_LEDGER_BROKER ? entries_sql : items_sql);
    err = jb_listing_open(p->l, &listing, &s);
    if (err != JB_OK)
        return err;
    while (jb_sql_next(p->l, s, &err)) {
        err = row_take(p, &a, s);
        if (err != JB_OK)
            break;
    }
    (void)sqlite3_finalize(s);
    return err == JB_OK ? case_add(p, &a) : err;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static int by_node(const void *x, const void *y)
{
    const struct jb_figure *a = x, *b = y;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (int)a->indicator - (int)b->indicator;
}

/* Most cases first. */
static int by_cases(const void *x, const void *y)
{
    const struct jb_figure *a = x, *b = y;
    size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
    int order;

    if (a->numerator != b->numerator)
        return a->numerator > b->numerator ? -1 : 1;
    order = len > 0 ? memcmp(a->key.data, b->key.data, len) : 0;
    return order != 0 ? order : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

/* No data is an answer as well. */
static enum jb_err fill_up(struct reporting *p, uint32_t node)
{
    enum jb_err err = JB_OK;

    for (unsigned i = 1; i < JB_INDICATOR_END && err == JB_OK; i++) {
        struct jb_figure want = {.indicator = (enum jb_indicator)i, .node = node};

        if (p->q->indicator == JB_INDICATOR_NONE || p->q->indicator == want.indicator)
            (void)figure_of(p, &want, &err);
    }
    return err;
}

static enum jb_err figures_complete(struct reporting *p)
{
    size_t slots = p->slot_count;
    struct jb_figure **at = p->slots;
    enum jb_err err;

    if (p->q->counts != JB_COUNT_NONE)
        return JB_OK;
    /* A copy: filling up moves the slots. */
    uint32_t *nodes = malloc((slots + 1) * sizeof *nodes);
    if (nodes == NULL)
        return JB_NOMEM;
    size_t count = 0;
    nodes[count++] = p->q->node;
    for (size_t i = 0; i < slots; i++) {
        if (at[i] != NULL)
            nodes[count++] = at[i]->node;
    }
    err = JB_OK;
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = fill_up(p, nodes[i]);
    free(nodes);
    return err;
}

static enum jb_err figures_sort(struct reporting *p)
{
    bool counts = p->q->counts != JB_COUNT_NONE;

    p->out->figures = jb_arena_alloc(p->arena, (p->used + 1) * sizeof *p->out->figures);
    if (p->out->figures == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < p->slot_count; i++) {
        if (p->slots[i] != NULL)
            p->out->figures[p->out->count++] = *p->slots[i];
    }
    for (size_t i = 0; counts && i < p->out->count; i++)
        p->out->figures[i].denominator = p->received;
    qsort(p->out->figures, p->out->count, sizeof *p->out->figures, counts ? by_cases : by_node);
    return JB_OK;
}

static enum jb_err last_seq(struct reporting *p)
{
    int64_t seq = 0;
    bool broker = p->l->role == JB_LEDGER_BROKER;
    enum jb_err err = jb_db_number(
        p->l, broker ? "SELECT max(seq) FROM entry" : "SELECT max(number) FROM item", &seq);

    p->out->seq = (uint64_t)seq;
    return err;
}

enum jb_err jb_report_make(struct jb_ledger *l, const struct jb_report_query *q,
                           struct jb_arena *arena, struct jb_report *out, struct jb_fault *fault)
{
    struct reporting p = {.l = l, .q = q, .out = out, .fault = fault, .arena = arena};
    bool mine = false;
    enum jb_err err;

    *out = (struct jb_report){0};
    fault->text[0] = '\0';
    if (q->to_ms <= q->from_ms)
        return jb_fault_set(fault, JB_RANGE, "the period is empty, or has not begun yet");
    jb_arena_init(&p.one_case, CASE_ARENA_BYTES);
    err = jb_sql_snapshot(l, &mine);
    if (err == JB_OK)
        err = last_seq(&p);
    if (err == JB_OK)
        err = record_read(&p);
    jb_sql_snapshot_end(l, mine);
    if (err == JB_OK)
        err = figures_complete(&p);
    if (err == JB_OK)
        err = figures_sort(&p);
    jb_arena_fini(&p.one_case);
    free(p.slots);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "report: %s",
                           l->error[0] != '\0' ? l->error : jb_err_text(err));
    return err;
}
