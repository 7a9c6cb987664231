/* See book.h. What is installed was checked when it was installed; still nothing is trusted here:
 * one damaged text must not leave the whole book shut. */
#include "proto/ledger/book.h"

#include "proto/ledger/db.h"

#define BOOK_BYTES ((size_t)256 * 1024 * 1024)
#define NATIONAL "CN"

void jb_ledger_book_init(struct jb_ledger_book *k)
{
    *k = (struct jb_ledger_book){.day = INT64_MIN};
    jb_arena_init(&k->arena, BOOK_BYTES);
}

void jb_ledger_book_fini(struct jb_ledger_book *k)
{
    jb_arena_fini(&k->arena);
    k->book = (struct jb_rulebook){0};
}

bool jb_ledger_book_stale(const struct jb_ledger_book *k, int64_t now_ms)
{
    return jb_date_of_instant(now_ms).days != k->day;
}

struct reading {
    struct jb_ledger *l;
    struct jb_arena *arena;
    struct jb_fault *fault;
    void *items; /* pointers to what was parsed; arena */
    size_t count, capacity;
};

/* Only what concerns the machine ends the reading; a text that is wrong is named and left out. */
static enum jb_err leave_out(struct reading *g, const char *what, struct jb_text version,
                             enum jb_err err, const struct jb_fault *why)
{
    if (err == JB_NOMEM || g->arena->overflowed)
        return JB_NOMEM;
    (void)jb_fault_set(g->fault, err, "%s \"%.*s\" is left out: %s", what, (int)version.len,
                       version.data != NULL ? version.data : "",
                       why->text[0] != '\0' ? why->text : jb_err_text(err));
    return JB_OK;
}

static enum jb_err keep(struct reading *g, const void *item)
{
    if (g->count == g->capacity) {
        size_t more = g->capacity == 0 ? 8 : g->capacity * 2;
        const void **grown = jb_arena_alloc(g->arena, more * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        if (g->count > 0)
            memcpy(grown, g->items, g->count * sizeof *grown);
        g->items = grown;
        g->capacity = more;
    }
    ((const void **)g->items)[g->count++] = item;
    return JB_OK;
}

static enum jb_err policy_take(struct reading *g, struct jb_text body, struct jb_text version)
{
    struct jb_fault why = {""};
    struct jb_policy *policy = NULL;
    enum jb_err err = jb_policy_parse(body, g->arena, &policy, &why);

    return err == JB_OK ? keep(g, policy) : leave_out(g, "policy", version, err, &why);
}

static enum jb_err calendar_take(struct reading *g, struct jb_text body, struct jb_text version)
{
    struct jb_fault why = {""};
    struct jb_calendar *calendar = jb_arena_alloc(g->arena, sizeof *calendar);

    if (calendar == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_calendar_parse(body, "calendar", g->arena, calendar, &why);
    return err == JB_OK ? keep(g, calendar) : leave_out(g, "calendar", version, err, &why);
}

static enum jb_err bodies_read(struct reading *g, enum jb_sql id,
                               enum jb_err (*take)(struct reading *g, struct jb_text body,
                                                   struct jb_text version))
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(g->l, id, JB_NO_ROW);

    while (jb_sql_next(g->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, g->arena);
        struct jb_text body = jb_get_text(&r);
        struct jb_text version = jb_get_text(&r);
        err = r.err == JB_OK ? take(g, body, version) : r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* ---- choosing ---- */

static bool is_national(struct jb_text region)
{
    return region.len == 0 || jb_text_equal(region, jb_text_of(NATIONAL));
}

/* Of the national versions effective by then the latest, the last installed of equal ones. */
static const struct jb_policy *policy_in_force(const struct reading *g, int64_t now_ms)
{
    const struct jb_policy *best = NULL;

    for (size_t i = 0; i < g->count; i++) {
        const struct jb_policy *p = ((const struct jb_policy **)g->items)[i];

        if (is_national(p->region) && p->effective_from_ms <= now_ms &&
            (best == NULL || p->effective_from_ms >= best->effective_from_ms))
            best = p;
    }
    return best;
}

/* The national calendar (the last one among `parsed`), and each region's laid over it. `fault`: see
 * leave_out. */
static enum jb_err calendars_lay(struct reading *g, struct jb_rulebook *book)
{
    const struct jb_calendar *const *parsed = g->items;
    struct jb_book_calendar *list = jb_arena_alloc(g->arena, (g->count + 1) * sizeof *list);
    struct jb_fault none = {""};

    if (list == NULL)
        return JB_NOMEM;
    book->calendar = NULL;
    book->calendar_count = 0;
    for (size_t i = 0; i < g->count; i++)
        if (is_national(jb_text_of(parsed[i]->region)))
            book->calendar = parsed[i];
    for (size_t i = 0; i < g->count; i++) {
        struct jb_calendar *laid = jb_arena_alloc(g->arena, sizeof *laid);
        enum jb_err err = JB_MISSING;

        if (laid == NULL)
            return JB_NOMEM;
        if (is_national(jb_text_of(parsed[i]->region)))
            continue;
        if (book->calendar != NULL)
            err = jb_calendar_overlay(book->calendar, parsed[i], g->arena, laid);
        if (err == JB_OK)
            list[book->calendar_count++] = (struct jb_book_calendar){parsed[i]->region, laid};
        else
            err = leave_out(g, "calendar", jb_text_of(parsed[i]->version), err, &none);
        if (err != JB_OK)
            return err;
    }
    book->calendars = list;
    return JB_OK;
}

static enum jb_err all_read(struct jb_ledger *l, struct jb_ledger_book *k, int64_t now_ms,
                            struct jb_fault *fault)
{
    struct reading policies = {.l = l, .arena = &k->arena, .fault = fault};
    struct reading calendars = {.l = l, .arena = &k->arena, .fault = fault};
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    if (err == JB_OK)
        err = bodies_read(&policies, JB_SQL_POLICIES, policy_take);
    if (err == JB_OK)
        err = bodies_read(&calendars, JB_SQL_CALENDARS, calendar_take);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    k->own = calendars.items;
    k->own_count = calendars.count;
    k->book.policies = policies.items;
    k->book.policy_count = policies.count;
    k->book.policy = policy_in_force(&policies, now_ms);
    return calendars_lay(&calendars, &k->book);
}

enum jb_err jb_ledger_book_load(struct jb_ledger_book *k, struct jb_ledger *l,
                                const struct jb_directory *d, int64_t now_ms,
                                struct jb_fault *fault)
{
    struct jb_ledger_book loaded;

    jb_ledger_book_init(&loaded);
    fault->text[0] = '\0';
    enum jb_err err = all_read(l, &loaded, now_ms, fault);
    if (err != JB_OK) {
        jb_ledger_book_fini(&loaded);
        return jb_fault_set(fault, err, "policies and calendars: %s",
                            err == JB_NOMEM ? jb_err_text(err) : jb_ledger_error(l));
    }
    loaded.book.directory = d;
    loaded.day = jb_date_of_instant(now_ms).days;
    jb_ledger_book_fini(k);
    *k = loaded;
    return JB_OK;
}

/* ---- as it would be ---- */

enum jb_err jb_ledger_book_with_calendar(const struct jb_ledger_book *k,
                                         const struct jb_calendar *more, struct jb_arena *arena,
                                         struct jb_rulebook *out, struct jb_fault *fault)
{
    struct reading g = {.arena = arena, .fault = fault};
    enum jb_err err = JB_OK;

    *out = k->book;
    for (size_t i = 0; i < k->own_count && err == JB_OK; i++)
        if (strcmp(k->own[i]->region, more->region) != 0)
            err = keep(&g, k->own[i]);
    if (err == JB_OK)
        err = keep(&g, more);
    return err == JB_OK ? calendars_lay(&g, out) : err;
}
