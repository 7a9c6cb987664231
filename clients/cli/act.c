/* All acts in one function: each option that was given goes into its field, then it is submitted.
 */
#include "clients/cli/act.h"

#include <stdlib.h>
#include <string.h>

static int put_text(struct cli_draft *d, size_t offset, const char *value)
{
    memcpy((char *)&d->act + offset, &value, sizeof value);
    return 0;
}

/* Nothing but blanks, of either width. */
static bool is_blank(const char *text)
{
    while (*text == ' ' || *text == '\t' || strncmp(text, "\xE3\x80\x80", 3) == 0)
        text += *text == ' ' || *text == '\t' ? 1 : 3;
    return *text == '\0';
}

static int put_line(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    (void)c;
    return put_text(d, cli_options[g->opt].offset, is_blank(g->value) ? "" : g->value);
}

static int put_body(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    const char *text = NULL;
    int code = cli_read_text(c, g->value, &text);
    return code != 0 ? code : put_text(d, cli_options[g->opt].offset, text);
}

static int put_instant(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    const struct cli_option *o = &cli_options[g->opt];
    int64_t at_ms = 0;
    int code = cli_read_instant(c, g->opt, o->type == TYPE_DUE, &at_ms);
    memcpy((char *)&d->act + o->offset, &at_ms, sizeof at_ms);
    return code;
}

static int put_u32(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    uint32_t number = 0;
    int code = cli_read_u32(c, g->opt, &number);
    memcpy((char *)&d->act + cli_options[g->opt].offset, &number, sizeof number);
    return code;
}

static int put_u64(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    uint64_t number = 0;
    int code = cli_read_u64(c, g->opt, &number);
    memcpy((char *)&d->act + cli_options[g->opt].offset, &number, sizeof number);
    return code;
}

static int put_switch(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    const bool yes = true;
    (void)c;
    memcpy((char *)&d->act + cli_options[g->opt].offset, &yes, sizeof yes);
    return 0;
}

static int put_word(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    int value = 0;
    int code = cli_read_word(c, g->opt, cli_options[g->opt].words, &value);
    memcpy((char *)&d->act + cli_options[g->opt].offset, &value, sizeof value);
    return code;
}

static int put_node(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    return cli_find_node(c, g->value, &d->act.node);
}

/* Each word of a list "a,b,c"; also of the Chinese commas. Owned by c. */
static char *next_word(char **rest)
{
    static const char *const commas[] = {",", "，", "、"};
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

/* The lists of agencies that an act has, by the option that fills them. */
static struct list {
    uint32_t *at;
    size_t *count;
    const uint32_t **field;
} list_of(struct cli_draft *d, enum cli_opt opt)
{
    if (opt == OPT_AUDIENCE)
        return (struct list){d->audience, &d->act.audience_count, &d->act.audience};
    if (opt == OPT_ACCUSED)
        return (struct list){d->accused, &d->act.accused_count, &d->act.accused};
    return (struct list){d->co_handlers, &d->act.co_handler_count, &d->act.co_handlers};
}

static int put_nodes(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    struct list list = list_of(d, g->opt);
    char *rest = cli_own(c, strdup(g->value));
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        if (*list.count == CLI_AGENCIES_MAX)
            return cli_usage(c, _("more than %d agencies"), CLI_AGENCIES_MAX);
        int code = cli_find_node(c, word, &list.at[*list.count]);
        if (code != 0)
            return code;
        ++*list.count;
    }
    *list.field = list.at;
    return 0;
}

static int put_flags(struct cli *c, struct cli_draft *d, const struct cli_given *g)
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

static int put_person(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    if (d->act.person_count == CLI_PERSONS_MAX)
        return cli_usage(c, _("more than %d petitioners"), CLI_PERSONS_MAX);
    d->act.persons = d->persons;
    return cli_read_person(c, g->value, &d->persons[d->act.person_count++]);
}

static int put_foreign(struct cli *c, struct cli_draft *d, const struct cli_given *g)
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

static int put_no_longer(struct cli *c, struct cli_draft *d, const struct cli_given *g)
{
    (void)c;
    (void)g;
    d->act.decline_kind = JIAOBAN_NO_LONGER;
    return 0;
}

static int (*const put[])(struct cli *c, struct cli_draft *d, const struct cli_given *g) = {
    [TYPE_LINE] = put_line,       [TYPE_BODY] = put_body,
    [TYPE_DAY] = put_instant,     [TYPE_DUE] = put_instant,
    [TYPE_NODE] = put_node,       [TYPE_NODES] = put_nodes,
    [TYPE_U32] = put_u32,         [TYPE_U64] = put_u64,
    [TYPE_SWITCH] = put_switch,   [TYPE_WORD] = put_word,
    [TYPE_FLAGS] = put_flags,     [TYPE_PERSON] = put_person,
    [TYPE_FOREIGN] = put_foreign, [TYPE_NO_LONGER] = put_no_longer,
};

/* What is recorded when it is done happens now, unless a day is given. */
static void fill_now(const struct cli *c, struct cli_draft *d)
{
    static const struct {
        const char *act;
        size_t offset;
    } rows[] = {
        {"notify", offsetof(struct jiaoban_act, told_at_ms)},
        {"record_delivery", offsetof(struct jiaoban_act, told_at_ms)},
        {"start_hearing", offsetof(struct jiaoban_act, from_ms)},
        {"end_hearing", offsetof(struct jiaoban_act, until_ms)},
        {"request_review", offsetof(struct jiaoban_act, received_at_ms)},
        {"request_recheck", offsetof(struct jiaoban_act, received_at_ms)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *field = (char *)&d->act + rows[i].offset;
        int64_t at_ms = 0;
        memcpy(&at_ms, field, sizeof at_ms);
        if (strcmp(c->verb->act, rows[i].act) == 0 && at_ms == 0)
            memcpy(field, &c->now_ms, sizeof c->now_ms);
    }
}

/* What may open a file of its own is about a case, or has a title. */
/* "refer CASE 县纪委": an organ that is called exactly like one of the directory is meant to
 * receive it. */
static void find_organ(struct cli *c, struct cli_draft *d)
{
    if (strcmp(c->verb->act, "refer") == 0 && d->act.node == 0 && d->act.organ != NULL)
        d->act.node = cli_organ_called(c, d->act.organ);
}

static int check_file(struct cli *c)
{
    bool may_open =
        strcmp(c->verb->act, "issue_directive") == 0 || strcmp(c->verb->act, "open_docket") == 0;
    if (may_open && !cli_has(c, OPT_CASE) && !cli_has(c, OPT_TITLE))
        return cli_usage(c,
                         _("neither a case nor, with --title, a file of its own; usage: jiaoban "
                           "%s %s"),
                         c->verb->name, _(c->verb->args));
    return 0;
}

int cli_draft_fill(struct cli *c, struct cli_draft *d)
{
    int code = check_file(c);
    for (size_t i = 0; i < c->given_count && code == 0; i++) {
        const struct cli_given *g = &c->given[i];
        if (cli_options[g->opt].type != TYPE_OTHER)
            code = put[cli_options[g->opt].type](c, d, g);
    }
    if (code != 0)
        return code;
    if (c->verb->power != 0)
        d->act.power = c->verb->power;
    if (d->act.demand == 0)
        d->act.demand = c->verb->demand;
    fill_now(c, d);
    find_organ(c, d);
    return 0;
}

int cli_submit(struct cli *c, const char *kind, const struct jiaoban_act *act,
               struct jiaoban_result **r)
{
    struct jiaoban_options options = {.size = sizeof options,
                                      .on_behalf_of = cli_opt(c, OPT_BEHALF),
                                      .dry_run = cli_has(c, OPT_DRY_RUN)};
    uint32_t wait_s = CLI_WAIT_S;
    enum jiaoban_status status;

    int code = cli_read_u32(c, OPT_WAIT, &wait_s);
    if (code != 0)
        return code;
    options.wait_ms = wait_s > 86400 ? 86400000 : wait_s * 1000;
    status = jiaoban_submit(c->j, kind, act, &options, r);
    if (*r != NULL)
        return jiaoban_status_exit(status);
    code = cli_failed(c, status);
    if (!c->json && !options.dry_run && (status == JIAOBAN_CLOSED || status == JIAOBAN_BUSY))
        fprintf(stderr, "%s\n",
                _("It may have been stored all the same: before doing it again, look at "
                  "jiaoban pending and jiaoban list."));
    return code;
}

/* In words, or as a document; the exit code is that of the act itself. */
static int tell_trial(struct cli *c, struct jiaoban_result *r)
{
    const struct jiaoban_trial *t = jiaoban_result_trial(r);
    if (!c->json || t == NULL)
        return cli_tried(c, t);
    int printed = cli_json(c, r, 2);
    return printed != 0 || t->accepted ? printed : jiaoban_status_exit(JIAOBAN_REFUSED);
}

int cli_run_act(struct cli *c)
{
    struct cli_draft d = {.act = {.size = sizeof d.act}};
    struct jiaoban_result *r = NULL;

    int code = cli_draft_fill(c, &d);
    if (code == 0)
        code = cli_submit(c, c->verb->act, &d.act, &r);
    if (r == NULL)
        return code;
    if (cli_has(c, OPT_DRY_RUN)) {
        code = tell_trial(c, r);
    } else if (!c->json) {
        code = cli_verdict(c, jiaoban_result_settled(r));
    } else {
        int printed = cli_json(c, r, 2);
        code = printed != 0 ? printed : code;
    }
    jiaoban_result_free(r);
    return code;
}
