/* Administration at the broker: the directory, policy and calendar files. */
#include "clients/cli/cli.h"

#include <string.h>

/* The broker names the kind of entry that it made, or says something in English. */
static const char *done_text(struct cli *c, const struct jiaoban_done *d)
{
    const char *text = d != NULL ? cli_act_text(cli_safe_body(c, d->text)) : "";
    if (d != NULL && d->node != 0)
        return cli_format(c, _("%s, agency number %u"), text, d->node);
    return text;
}

static int report(struct cli *c, enum jiaoban_status status, struct jiaoban_result *r)
{
    int code = 0;
    if (r == NULL)
        return cli_failed(c, status);
    if (c->json) {
        code = cli_json(c, r, 2);
        if (code == 0)
            code = jiaoban_status_exit(status);
    } else if (jiaoban_result_settled(r) != NULL) {
        code = cli_verdict(c, jiaoban_result_settled(r));
    } else {
        printf("%s%s%s\n", _("Done"), _(": "), done_text(c, jiaoban_result_done(r)));
    }
    jiaoban_result_free(r);
    return code;
}

static int read_args(struct cli *c, struct jiaoban_node_args *a)
{
    const char *keys = cli_opt(c, OPT_KEYS);
    a->code = cli_opt(c, OPT_CODE);
    a->name = cli_opt(c, OPT_NAME);
    a->region = cli_opt(c, OPT_REGION);
    a->credit_code = cli_opt(c, OPT_CREDIT);
    a->reason = cli_opt(c, OPT_REASON);
    int code = keys != NULL ? cli_read_text(c, keys, &a->public_keys) : 0;
    code = code != 0 ? code : cli_read_word(c, OPT_LEVEL, cli_levels, &a->level);
    code = code != 0 ? code : cli_read_word(c, OPT_NODE_KIND, cli_node_kinds, &a->kind);
    code = code != 0 ? code : cli_read_instant(c, OPT_VALID_FROM, false, &a->valid_from_ms);
    code = code != 0 ? code : cli_read_instant(c, OPT_VALID_TO, true, &a->valid_to_ms);
    code = code != 0 ? code : cli_read_node(c, OPT_PARENT, &a->parent);
    code = code != 0 ? code : cli_read_node(c, OPT_SUCCESSOR, &a->successor);
    return code != 0 ? code : cli_read_node(c, OPT_NODE, &a->node);
}

int cli_run_node(struct cli *c)
{
    static const struct {
        const char *act;
        enum jiaoban_status (*run)(struct jiaoban *j, const struct jiaoban_node_args *args,
                                   struct jiaoban_result **out);
    } rows[] = {{"enrol", jiaoban_node_enrol},
                {"change", jiaoban_node_change},
                {"replace", jiaoban_node_replace_keys},
                {"retire", jiaoban_node_retire}};
    struct jiaoban_node_args a = {.size = sizeof a};
    struct jiaoban_result *r = NULL;

    int code = read_args(c, &a);
    if (code != 0)
        return code;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].act, c->verb->act) == 0) {
            enum jiaoban_status status = rows[i].run(c->j, &a, &r);
            return report(c, status, r);
        }
    return CLI_USAGE;
}

int cli_run_install(struct cli *c)
{
    const char *kind = cli_opt(c, OPT_WHAT);
    struct jiaoban_result *r = NULL;
    char *body = NULL;
    size_t len = 0;

    if (strcmp(kind, "policy") != 0 && strcmp(kind, "calendar") != 0)
        return cli_usage(c, _("install what? policy or calendar"));
    int code = cli_read_file(c, cli_opt(c, OPT_FILE), &body, &len);
    if (code != 0)
        return code;
    enum jiaoban_status status =
        jiaoban_install(c->j, kind, body, len, cli_has(c, OPT_DRY_RUN), &r);
    return report(c, status, r);
}

int cli_run_reload(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_reload(c->j, &r);
    return report(c, status, r);
}

int cli_run_confirm_clock(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_confirm_clock(c->j, cli_opt(c, OPT_REASON), &r);
    return report(c, status, r);
}
