/* Asking the agent and printing the answer: what all questions have in common. */
#include "clients/cli/cli.h"

struct jiaoban_query cli_query(const struct cli *c)
{
    return (struct jiaoban_query){.size = sizeof(struct jiaoban_query),
                                  .on_behalf_of = cli_opt(c, OPT_BEHALF)};
}

int cli_ask(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
            struct jiaoban_result **r)
{
    enum jiaoban_status status = question(c->j, q, r);
    return status == JIAOBAN_OK ? 0 : cli_failed(c, status);
}

int cli_answer(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
               int (*print)(struct cli *c, struct jiaoban_result *r))
{
    struct jiaoban_result *r = NULL;
    int code = cli_ask(c, question, q, &r);
    if (code != 0)
        return code;
    code = c->json ? cli_json(c, r, 2) : print(c, r);
    if (!c->json && jiaoban_result_more(r))
        puts(_("There is more: narrow it down, or raise --limit."));
    jiaoban_result_free(r);
    return code;
}
