/* One run: read the command line, connect, do it, clean up. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int connect_to(struct cli *c)
{
    /* --admin with status or verify asks the broker in place of the agent */
    c->admin = c->verb->admin || cli_has(c, OPT_ADMIN);
    enum jiaoban_status status = c->admin ? jiaoban_open_admin(cli_opt(c, OPT_ADMIN), &c->j)
                                          : jiaoban_open(cli_opt(c, OPT_SOCKET), &c->j);
    return status == JIAOBAN_OK ? 0 : cli_failed(c, status);
}

static int run(struct cli *c, int argc, char **argv)
{
    int code = 0;
    if (!cli_parse(c, argc, argv, &code))
        return code;
    c->json = cli_has(c, OPT_JSON);
    c->tongue.english = cli_english();
    const char *no_color = getenv("NO_COLOR");
    c->color = !cli_has(c, OPT_NO_COLOR) && (no_color == NULL || no_color[0] == '\0') &&
               isatty(STDOUT_FILENO) == 1;
    bool alone =
        c->verb->alone || (c->verb->alone_with != OPT_NONE && cli_has(c, c->verb->alone_with));
    if (!alone)
        code = connect_to(c);
    if (code == 0)
        code = c->verb->run(c);
    return code;
}

int cli_run(int argc, char **argv)
{
    return cli_run_at(argc, argv, now_ms());
}

int cli_run_at(int argc, char **argv, int64_t at_ms)
{
    struct cli c = {.now_ms = at_ms};
    int code = run(&c, argc, argv);
    jiaoban_result_free(c.nodes);
    jiaoban_close(c.j);
    cli_free_owned(&c);
    /* Output that could not be written must not look like success. */
    if (fflush(stdout) != 0 && code == 0)
        code = jiaoban_status_exit(JIAOBAN_IO);
    return code;
}

int cli_run_help(struct cli *c)
{
    const char *what = cli_opt(c, OPT_WHAT);
    const char *more = cli_opt(c, OPT_MORE);
    char *words[2] = {(char *)(uintptr_t)what, (char *)(uintptr_t)more};
    int used = 0;

    if (what == NULL) {
        cli_help_all();
        return 0;
    }
    const struct cli_verb *verb = cli_verb_find(more != NULL ? 2 : 1, words, &used);
    if (verb == NULL && more == NULL && cli_verb_prefix(what)) {
        cli_help_prefix(what);
        return 0;
    }
    if (verb == NULL)
        return cli_usage(c, _("no such verb: %s; see jiaoban help"), cli_safe(c, what));
    cli_help(verb);
    return 0;
}

int cli_run_version(struct cli *c)
{
    if (c->json)
        printf("{\"version\":\"%s\"}\n", jiaoban_version());
    else
        printf("jiaoban %s\n", jiaoban_version());
    return 0;
}
