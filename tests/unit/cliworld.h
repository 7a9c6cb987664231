/* For the tests of the command line client: a run of the program in this process, against a
 * stand-in for the agent, with what it printed. */
#ifndef JB_TESTS_CLIWORLD_H
#define JB_TESTS_CLIWORLD_H

#include "tests/unit/clientworld.h"

#include <string.h>

#include "clients/cli/cli.h"

#define CLI_OUTPUT_BYTES 131072
#define NUMBER "20261123-00007-00042-9" /* a valid case number */

extern char cli_output[CLI_OUTPUT_BYTES]; /* of the last run: standard output */
extern char cli_errors[CLI_OUTPUT_BYTES]; /* standard error */

/* Run "jiaoban --socket PATH ..." on 2026-11-24; the words end with NULL. Returns the exit code. */
int cli_world_run(struct world *w, const char *const *words);
#define RUN(w, ...) cli_world_run(w, (const char *const[]){__VA_ARGS__, NULL})

/* Fail unless the text has this part. */
void cli_says(const char *text, const char *part);

/* Fixture: a world whose stand-in answers by `answer`, in an environment without a language. */
int cli_world_set_up(void **state, fake_answer_fn answer);
/* Group fixture: the catalogues of the build folder that this program lies in. */
int cli_world_catalogues(void **state);

/* Set an optional field of a view. */
#define PUT(view, field, value) ((view)->has_##field = true, (view)->field = (value))
/* A text as the generated code wants it; it is not written to. */
char *cli_mutable(const char *text);
/* Send a reply whose body has been set. */
void cli_reply(struct fake_peer *peer, uint64_t id, Jb__Reply *reply);

#endif
