/* All acts in one function: each option that was given goes into its field, then it is submitted.
 */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define PERSONS_MAX 64
#define CO_MAX 64

/* An act being filled in, with the lists that it points to. */
struct draft {
    struct jiaoban_act act;
    struct jiaoban_person persons[PERSONS_MAX];
    uint32_t co_handlers[CO_MAX];
};

static int put_text(struct draft *d, size_t offset, const char *value)
{
    memcpy((char *)&d->act + offset, &value, sizeof value);
    return 0;
}

static int put_line(struct cli *c, struct draft *d, const struct cli_given *g)
{
    (void)c;
    return put_text(d, cli_options[g->opt].offset, g->value);
}

static int put_body(struct cli *c, struct draft *d, const struct cli_given *g)
{
    const char *text = NULL;
    int code = cli_read_text(c, g->value, &text);
    return code != 0 ? code : put_text(d, cli_options[g->opt].offset, text);
}

static int put_instant(struct cli *c, struct draft *d, const struct cli_given *g)
{
    const struct cli_option *o = &cli_options[g->opt];
    int64_t at_ms = 0;
    int code = cli_read_instant(c, g->opt, o->type == TYPE_DUE, &at_ms);
    memcpy((char *)&d->act + o->offset, &at_ms, sizeof at_ms);
    return code;
}

static int put_u32(struct cli *c, struct draft *d, const struct cli_given *g)
{
    uint32_t number = 0;
    int code = cli_read_u32(c, g->opt, &number);
    memcpy((char *)&d->act + cli_options[g->opt].offset, &number, sizeof number);
    return code;
}

static int put_word(struct cli *c, struct draft *d, const struct cli_given *g)
{
    int value = 0;
    int code = cli_read_word(c, g->opt, cli_options[g->opt].words, &value);
    memcpy((char *)&d->act + cli_options[g->opt].offset, &value, sizeof value);
    return code;
}

static int put_node(struct cli *c, struct draft *d, const struct cli_given *g)
{
    return cli_find_node(c, g->value, &d->act.node);
}

/* Each word of a list "a,b,c"; also of the Chinese commas. Owned by c. */
static char *next_word(char **rest)
{
    static const char *const commas[] = {",", ",", "、"};
    char *word = *rest;
    if (word == NULL)
        return NULL;
    char *end = NULL;
    size_t len = 0;
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++) {
        char *at = strstr(word, commas[i]);
        if (at != NULL && (end == NULL || at < end)) {
            end = at;
            len = strlen(commas[i]);
        }
    }
    *rest = end != NULL ? end + len : NULL;
    if (end != NULL)
        *end = '\0';
    return word;
}

static int put_nodes(struct cli *c, struct draft *d, const struct cli_given *g)
{
    char *rest = cli_own(c, strdup(g->value));
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        if (d->act.co_handler_count == CO_MAX)
            return cli_usage(c, _("more than %d co-handlers"), CO_MAX);
        int code = cli_find_node(c, word, &d->co_handlers[d->act.co_handler_count]);
        if (code != 0)
            return code;
        d->act.co_handler_count++;
    }
    d->act.co_handlers = d->co_handlers;
    return 0;
}

static int put_flags(struct cli *c, struct draft *d, const struct cli_given *g)
{
    char *rest = cli_own(c, strdup(g->value));
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        int flag = 0;
        if (!cli_word_read(cli_flags, word, &flag))
            return cli_malformed(c, _("--flag: \"%s\" is none of %s"), cli_safe(c, word),
                                 _(cli_options[OPT_FLAG].doc));
        d->act.flags |= (uint32_t)flag;
    }
    return 0;
}

static int put_person(struct cli *c, struct draft *d, const struct cli_given *g)
{
    if (d->act.person_count == PERSONS_MAX)
        return cli_usage(c, _("more than %d petitioners"), PERSONS_MAX);
    d->act.persons = d->persons;
    return cli_read_person(c, g->value, &d->persons[d->act.person_count++]);
}

static int put_foreign(struct cli *c, struct draft *d, const struct cli_given *g)
{
    char *system = cli_own(c, strdup(g->value));
    char *colon = system != NULL ? strchr(system, ':') : NULL;
    if (colon == NULL || colon == system || colon[1] == '\0')
        return cli_malformed(c, _("--foreign: expected SYSTEM:NUMBER"));
    *colon = '\0';
    d->act.foreign_system = system;
    d->act.foreign_number = colon + 1;
    return 0;
}

static int put_no_longer(struct cli *c, struct draft *d, const struct cli_given *g)
{
    (void)c;
    (void)g;
    d->act.decline_kind = JIAOBAN_NO_LONGER;
    return 0;
}

static int (*const put[])(struct cli *c, struct draft *d, const struct cli_given *g) = {
    [TYPE_LINE] = put_line,     [TYPE_BODY] = put_body,       [TYPE_DAY] = put_instant,
    [TYPE_DUE] = put_instant,   [TYPE_NODE] = put_node,       [TYPE_NODES] = put_nodes,
    [TYPE_U32] = put_u32,       [TYPE_WORD] = put_word,       [TYPE_FLAGS] = put_flags,
    [TYPE_PERSON] = put_person, [TYPE_FOREIGN] = put_foreign, [TYPE_NO_LONGER] = put_no_longer,
};

static int fill(struct cli *c, struct draft *d)
{
    for (size_t i = 0; i < c->given_count; i++) {
        const struct cli_given *g = &c->given[i];
        if (cli_options[g->opt].type == TYPE_OTHER)
            continue;
        int code = put[cli_options[g->opt].type](c, d, g);
        if (code != 0)
            return code;
    }
    /* Telling the petitioner is recorded when it is done. */
    if (strcmp(c->verb->act, "notify") == 0 && d->act.told_at_ms == 0)
        d->act.told_at_ms = c->now_ms;
    return 0;
}

int cli_run_act(struct cli *c)
{
    struct draft d = {.act = {.size = sizeof d.act}};
    struct jiaoban_options options = {.size = sizeof options,
                                      .on_behalf_of = cli_opt(c, OPT_BEHALF)};
    struct jiaoban_result *r = NULL;
    uint32_t wait_s = CLI_WAIT_S;

    int code = cli_read_u32(c, OPT_WAIT, &wait_s);
    if (code == 0)
        code = fill(c, &d);
    if (code != 0)
        return code;
    options.wait_ms = wait_s > 86400 ? 86400000 : wait_s * 1000;
    enum jiaoban_status status = jiaoban_submit(c->j, c->verb->act, &d.act, &options, &r);
    if (r == NULL) {
        code = cli_failed(c, status);
        if (!c->json && (status == JIAOBAN_CLOSED || status == JIAOBAN_BUSY))
            fprintf(stderr, "%s\n",
                    _("It may have been stored all the same: before doing it again, look at "
                      "jiaoban pending and jiaoban list."));
        return code;
    }
    if (c->json) {
        code = cli_json(c, r, 2);
        if (code == 0)
            code = jiaoban_status_exit(status);
    } else {
        code = cli_verdict(c, jiaoban_result_settled(r));
    }
    jiaoban_result_free(r);
    return code;
}
