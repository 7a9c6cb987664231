/* A dry run of a calendar: which dates would move. Asks the rules for the very decision that they
 * would make after the installation, with a book that holds the calendar already. Reads the ledger
 * alone, nothing of the broker: it runs on the worker pool. */
#include "daemon/install.h"

#include <stdlib.h>

#define PIECE 256
#define CASE_BYTES ((size_t)16 * 1024 * 1024)

struct forecasting {
    struct jb_ledger *l;
    int64_t now_ms;
    struct jb_directory directory;
    struct jb_ledger_book shelf;
    struct jb_rulebook book; /* as it would be */
    struct jb_text version;
    struct jb_verdict *verdict;
    struct jb_arena parsed; /* the calendar and what is laid over it */
    struct jb_arena arena;  /* of the case in hand */
    struct jb_case c;
    struct jb_forecast *out;
};

static void note(struct jb_forecast *out, const struct jb_case *c, const struct jb_deadline *d,
                 const struct jb_effect *e)
{
    if (e->kind != JB_EFFECT_DEADLINE_MOVED || e->due_ms == e->old_due_ms)
        return;
    if (out->moved < JB_FORECAST_ROWS) {
        out->rows[out->moved].case_no = c->case_no;
        memcpy(out->rows[out->moved].key, d->key, sizeof d->key);
        out->rows[out->moved].old_due_ms = e->old_due_ms;
        out->rows[out->moved].due_ms = e->due_ms;
    }
    out->moved++;
}

/* A case's deadlines come in a row: it is loaded once. */
static enum jb_err case_load(struct forecasting *f, int64_t case_no)
{
    if (f->c.case_no == case_no)
        return JB_OK;
    f->c = (struct jb_case){0};
    jb_arena_reset(&f->arena);
    return jb_ledger_case_load(f->l, case_no, &f->arena, &f->c);
}

static enum jb_err ask(struct forecasting *f, struct jb_deadline_id id)
{
    struct jb_verdict *v = f->verdict;
    struct jb_act act = {
        .kind = JB_ACT_RECOUNT, .case_no = id.case_no, .deadline_id = id.id, .version = f->version};
    struct jb_question q = {.act = &act, .node = JB_NODE_BROKER_NUMBER, .now_ms = f->now_ms};
    enum jb_err err = case_load(f, id.case_no);
    if (err != JB_OK)
        return err;
    f->out->looked++;
    jb_decide(&f->book, &f->c, &q, v);
    const struct jb_deadline *d = jb_case_deadline(&f->c, id.id);
    for (size_t i = 0; i < v->effects.count && d != NULL; i++)
        note(f->out, &f->c, d, &v->effects.at[i]);
    return JB_OK;
}

static enum jb_err ask_all(struct forecasting *f)
{
    struct jb_deadline_id found[PIECE];
    struct jb_deadline_id after = {0, 0};
    size_t count = PIECE;
    enum jb_err err = JB_OK;
    while (err == JB_OK && count == PIECE) {
        err = jb_ledger_provisional(f->l, after, found, PIECE, &count);
        for (size_t i = 0; i < count && err == JB_OK; i++)
            err = ask(f, found[i]);
        if (count > 0)
            after = found[count - 1];
    }
    return err;
}

/* The book with this calendar in it. */
static enum jb_err book_open(struct forecasting *f, struct jb_text text, struct jb_fault *fault)
{
    struct jb_calendar *more = jb_arena_alloc(&f->parsed, sizeof *more);
    f->verdict = calloc(1, sizeof *f->verdict);
    if (more == NULL || f->verdict == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_calendar_parse(text, "calendar", &f->parsed, more, fault);
    if (err == JB_OK)
        err = jb_ledger_directory_load(f->l, &f->directory);
    if (err == JB_OK)
        err = jb_ledger_book_load(&f->shelf, f->l, &f->directory, f->now_ms, fault);
    if (err == JB_OK)
        err = jb_ledger_book_with_calendar(&f->shelf, more, &f->parsed, &f->book, fault);
    if (err == JB_OK)
        f->version = jb_text_of(more->version);
    return err;
}

enum jb_err jb_forecast_calendar(struct jb_ledger *l, struct jb_text text, int64_t now_ms,
                                 struct jb_forecast *out, struct jb_fault *fault)
{
    struct forecasting f = {.l = l, .now_ms = now_ms, .out = out};
    *out = (struct jb_forecast){0};
    jb_arena_init(&f.parsed, 4 * CASE_BYTES);
    jb_arena_init(&f.arena, CASE_BYTES);
    jb_directory_init(&f.directory);
    jb_ledger_book_init(&f.shelf);
    enum jb_err err = book_open(&f, text, fault);
    if (err == JB_OK)
        err = ask_all(&f);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s: %s", jb_err_text(err), jb_ledger_error(l));
    jb_ledger_book_fini(&f.shelf);
    jb_directory_fini(&f.directory);
    jb_arena_fini(&f.arena);
    jb_arena_fini(&f.parsed);
    free(f.verdict);
    return err;
}
