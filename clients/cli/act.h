/* An act being filled in from the command line. Used by act.c and split.c. */
#ifndef JB_CLIENTS_CLI_ACT_H
#define JB_CLIENTS_CLI_ACT_H

#include "clients/cli/cli.h"
#include "clients/lib/jiaoban_serve.h"

#define CLI_PERSONS_MAX 64
#define CLI_AGENCIES_MAX 256 /* of one list */

struct cli_draft { /* with the lists that the act points to */
    struct jiaoban_act act;
    struct jiaoban_person persons[CLI_PERSONS_MAX];
    uint32_t co_handlers[CLI_AGENCIES_MAX], audience[CLI_AGENCIES_MAX], accused[CLI_AGENCIES_MAX];
};

/* Put everything that was given into its field, and what the verb stands for. Zeroed before, but
 * for act.size. Returns the exit code; what is wrong has been said. */
int cli_draft_fill(struct cli *c, struct cli_draft *d);
/* Submit and wait as --wait says. With *r the exit code is that of the verdict; without, it has
 * been said what failed. */
int cli_submit(struct cli *c, const char *kind, const struct jiaoban_act *act,
               struct jiaoban_result **r);
/* trial.c: say what would come of the act; the exit code that it would have. */
int cli_tried(struct cli *c, const struct jiaoban_trial *t);

#endif
