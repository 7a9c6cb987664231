/* See figures.h. */
#include "clients/report/figures.h"

#include <string.h>

#define SAY(text) jb_tongue_say(t, text)

const char *jb_figure_agency(struct jb_tongue *t, const struct jiaoban_figure *f)
{
    return f->node == 0 ? SAY(N_("all agencies")) : jb_tongue_safe(t, f->node_name, false);
}

/* The word for a code of ours; a code of a newer agent stays as it is. */
static const char *word(struct jb_tongue *t, const struct jb_word *words, const char *code)
{
    const char *text = jb_word_of_code(t, words, code);
    return text != NULL ? text : jb_tongue_safe(t, code, false);
}

const char *jb_figure_value(struct jb_tongue *t, const struct jiaoban_query *q,
                            const struct jiaoban_figure *f)
{
    if (f->key[0] == '\0')
        return SAY(N_("not known"));
    if (strcmp(q->counts, "matter") == 0)
        return word(t, jb_matters, f->key);
    if (strcmp(q->counts, "channel") == 0)
        return word(t, jb_channels, f->key);
    return jb_tongue_safe(t, f->key, false);
}

const char *jb_figure_name(struct jb_tongue *t, const struct jiaoban_query *q,
                           const struct jiaoban_figure *f)
{
    return q->counts != NULL ? jb_figure_value(t, q, f) : word(t, jb_indicators, f->indicator);
}

/* ---- rows ------------------------------------------------------------------------------------ */

typedef void (*put_fn)(struct jb_tongue *t, struct jb_sheet *s, const struct jiaoban_query *q,
                       const struct jiaoban_figure *f);

static void put_figure(struct jb_tongue *t, struct jb_sheet *s, const struct jiaoban_query *q,
                       const struct jiaoban_figure *f)
{
    jb_sheet_text(s, jb_figure_name(t, q, f));
    jb_sheet_number(s, f->node);
    jb_sheet_text(s, jb_figure_agency(t, f));
    jb_sheet_number(s, f->numerator);
    jb_sheet_number(s, f->denominator);
    jb_sheet_rate(s, f->numerator, f->denominator, SAY(N_("no data")));
    jb_sheet_text(s, jb_article(t, f->article));
}

static void put_count(struct jb_tongue *t, struct jb_sheet *s, const struct jiaoban_query *q,
                      const struct jiaoban_figure *f)
{
    jb_sheet_text(s, jb_figure_value(t, q, f));
    jb_sheet_number(s, f->numerator);
    jb_sheet_rate(s, f->numerator, f->denominator, SAY(N_("no data")));
    jb_sheet_number(s, f->people);
}

/* One row for each case behind each figure; one more when others are left out. */
static void put_cases(struct jb_tongue *t, struct jb_sheet *s, const struct jiaoban_query *q,
                      const struct jiaoban_figure *f)
{
    const char *name = jb_figure_name(t, q, f);
    const char *agency = jb_figure_agency(t, f);
    for (size_t k = 0; k < f->case_count + (f->more ? 1 : 0); k++) {
        bool other = k == f->case_count;
        jb_sheet_text(s, name);
        jb_sheet_text(s, agency);
        jb_sheet_text(s, other ? SAY(N_("and others")) : f->numbers[k]);
        jb_sheet_text(s, other ? "" : f->counted[k] ? SAY(N_("yes")) : SAY(N_("no")));
    }
}

/* ---- sheets ---------------------------------------------------------------------------------- */

static const struct form {
    const char *names[8]; /* msgids */
    size_t columns;
    put_fn put;
} figures = {{N_("indicator"), N_("agency number"), N_("agency"), N_("reached"), N_("all"),
              N_("rate"), N_("rule")},
             7,
             put_figure},
  counts = {{N_("value"), N_("cases"), N_("share"), N_("people")}, 4, put_count},
  cases = {{N_("figure"), N_("agency"), N_("case"), N_("counted")}, 4, put_cases};

struct jb_sheet jb_report_sheet(struct jb_tongue *t, const struct jiaoban_query *q,
                                const struct jiaoban_result *r)
{
    const struct form *form = q->cases ? &cases : q->counts != NULL ? &counts : &figures;
    struct jb_sheet s = {.title = "report", .columns = form->columns};

    for (size_t i = 0; i < s.columns; i++)
        s.names[i] = SAY(form->names[i]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        form->put(t, &s, q, jiaoban_result_figure(r, i));
    return s;
}
