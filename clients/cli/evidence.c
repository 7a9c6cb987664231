/* `evidence`: what the agent has written about one case, into a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/cli.h"

/* Never over another file, and nobody else may read it: it tells what stands in the case. */
static int write_file(const char *path, const struct jiaoban_evidence *e)
{
    const uint8_t *at = e->body;
    size_t left = e->body_len;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cli_write_failed(path, strerror(errno));
    while (left > 0) {
        ssize_t n = write(fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        at += n;
        left -= (size_t)n;
    }
    bool good = left == 0 && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    if (good)
        return 0;
    int code = cli_write_failed(path, strerror(errno));
    (void)unlink(path);
    return code;
}

static void print_evidence(struct cli *c, const struct jiaoban_evidence *e)
{
    printf(_("written to %s\n"), cli_safe(c, cli_opt(c, OPT_OUTPUT)));
    cli_fact(c, _("items of the case"), cli_format(c, "%llu", (unsigned long long)e->items));
    if (e->erased != 0)
        cli_fact(c, _("erased"), cli_format(c, "%llu", (unsigned long long)e->erased));
    cli_fact(c, _("signatures of the broker"), cli_format(c, "%llu", (unsigned long long)e->heads));
    cli_fact(c, _("receipts of this agency"),
             cli_format(c, "%llu", (unsigned long long)e->receipts));
    cli_fact(c, _("submitters' statements"),
             cli_format(c, "%llu", (unsigned long long)e->statements));
    if (e->unstated != 0)
        cli_fact(c, _("acts of others without one"),
                 cli_format(c, _("%llu; the broker's evidence has them"),
                            (unsigned long long)e->unstated));
    cli_fact(c, _("persons"),
             e->with_key ? _("can be read by whoever has the file") : _("stay sealed"));
}

int cli_run_evidence(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    q.case_number = cli_opt(c, OPT_CASE);
    q.persons = cli_has(c, OPT_PERSONS);
    if (!cli_has(c, OPT_OUTPUT))
        return cli_usage(c, _("--output FILE is missing: where the evidence goes"));
    int code = cli_ask(c, jiaoban_get_evidence, &q, &r);
    if (code != 0)
        return code;
    const struct jiaoban_evidence *e = jiaoban_result_evidence(r);
    code = e == NULL ? cli_failed(c, JIAOBAN_MALFORMED) : write_file(cli_opt(c, OPT_OUTPUT), e);
    if (code == 0 && e != NULL)
        print_evidence(c, e);
    jiaoban_result_free(r);
    return code;
}
