/* What a petitioner may see, by name and query code: days and documents, nothing else. */
#include "clients/cli/cli.h"

#include <string.h>

static const struct {
    const char *name, *text; /* text: msgid */
} facts[] = {
    {"registered", N_("registered")},
    {"sent", N_("sent on")},
    {"transferred", N_("sent to the competent agency")},
    {"signed", N_("signed for")},
    {"accepted", N_("accepted")},
    {"declined", N_("not accepted")},
    {"told", N_("the petitioner was told")},
    {"delivered", N_("a document was delivered")},
    {"answered", N_("answered")},
    {"answer_told", N_("the answer was delivered")},
    {"extended", N_("the limit was extended")},
    {"review_asked", N_("a review was asked for")},
    {"reviewed", N_("reviewed")},
    {"recheck_asked", N_("a recheck was asked for")},
    {"rechecked", N_("rechecked")},
    {"terminated", N_("ended for good")},
    {"closed", N_("closed")},
};

static const char *fact_text(struct cli *c, const char *what)
{
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        if (strcmp(facts[i].name, what) == 0)
            return _(facts[i].text);
    return cli_safe(c, what);
}

static int print_public(struct cli *c, struct jiaoban_result *r)
{
    const struct jiaoban_public *p = jiaoban_result_public(r);
    if (p == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    cli_fact(c, _("case"), cli_safe(c, p->number));
    for (size_t i = 0; i < p->fact_count; i++) {
        const struct jiaoban_public_fact *f = p->facts[i];
        printf("  %s  %s  %s\n", cli_day(c, f->day_ms, false), fact_text(c, f->what),
               cli_safe(c, f->document));
    }
    return 0;
}

int cli_run_query(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.name = cli_opt(c, OPT_ASKER);
    q.query_code = cli_opt(c, OPT_ASKER_CODE);
    return cli_answer(c, jiaoban_get_public, &q, print_public);
}
