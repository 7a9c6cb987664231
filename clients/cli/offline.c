/* jiaoban verify --offline FOLDER: the check of a replica's folder is the agent program's, which
 * knows the ledger; this only finds it and hands over to it. */
#include "clients/cli/cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define AGENT "jiaoban-agent"

/* The agent of the same installation, before another one. */
static const char *agent_beside(struct cli *c)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return NULL;
    self[len] = '\0';
    const char *slash = strrchr(self, '/');
    return slash == NULL ? NULL : cli_format(c, "%.*s/" AGENT, (int)(slash - self), self);
}

/* Returns only when there is no such program. */
static int hand_over(struct cli *c, const char *folder, const char *key)
{
    const char *verify = cli_format(c, "--verify=%s", folder);
    const char *words[] = {AGENT, verify, "--broker-key", key, NULL};
    char *const *argv = (char *const *)(uintptr_t)words; /* exec changes none of them */
    const char *beside = agent_beside(c);
    if (beside != NULL)
        (void)execv(beside, argv);
    (void)execvp(AGENT, argv);
    (void)fprintf(stderr, "jiaoban: ");
    (void)fprintf(stderr,
                  _("%s cannot be run (%s): it checks the folder; install it on this machine, "
                    "beside jiaoban or on PATH"),
                  AGENT, strerror(errno));
    (void)fprintf(stderr, "\n");
    return jiaoban_status_exit(errno == ENOENT ? JIAOBAN_NOT_FOUND : JIAOBAN_IO);
}

int cli_run_verify_folder(struct cli *c)
{
    const char *folder = cli_opt(c, OPT_FOLDER);
    const char *key = cli_opt(c, OPT_BROKER_KEY);
    if (!cli_has(c, OPT_OFFLINE) || key == NULL)
        return cli_usage(c, _("a folder is checked with --offline and --broker-key LINE, the "
                              "broker's public line"));
    if (c->json)
        return cli_usage(c, _("the check of a folder is not given as JSON"));
    return hand_over(c, folder, key);
}
