/* `--dry-run`: what an act would do, or why it would be refused, as the rules at the agent have it.
 * Nothing is done. */
#include "clients/cli/act.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS 4

/* The words of an effect, as the protocol's timeline has them. */
struct effect {
    char *word[FIELDS]; /* NULL: there are no more */
};

static struct effect split(char *text)
{
    struct effect e = {{NULL}};
    for (size_t i = 0; i < FIELDS; i++) {
        e.word[i] = text;
        text = text != NULL ? strchr(text, ' ') : NULL;
        if (text == NULL)
            break;
        if (i + 1 < FIELDS)
            *text++ = '\0'; /* the last one keeps its blanks: a name */
    }
    return e;
}

static const char *stage_text(struct cli *c, const char *code)
{
    for (const struct jb_word *w = cli_stages; w->code != NULL; w++)
        if (strcmp(w->code, code) == 0)
            return _(w->text);
    return cli_safe(c, code);
}

/* "stage accepted", "custody_moved 2 zjj", "deadline_set 3 handle 2026-11-30 zjj": what people ask
 * for. The rest follows from these, or stands in --json. */
static void say_effect(struct cli *c, const char *text)
{
    char *copy = cli_own(c, strdup(text));
    struct effect e = split(copy);
    if (e.word[0] == NULL || e.word[1] == NULL)
        return;
    if (strcmp(e.word[0], "stage") == 0)
        printf("  %s%s\n", _("stage then: "), stage_text(c, e.word[1]));
    else if (strcmp(e.word[0], "custody_moved") == 0 && e.word[2] != NULL)
        printf("  %s%s\n", _("holder then: "), cli_safe(c, e.word[2]));
    else if (strcmp(e.word[0], "deadline_set") == 0 && e.word[3] != NULL)
        printf(_("  a deadline begins: %s, until %.10s\n"), cli_key_text(e.word[2]), e.word[3]);
}

static int would_be_refused(struct cli *c, const struct jiaoban_trial *t)
{
    const struct jiaoban_settled s = {.case_number = t->case_number,
                                      .kind = t->kind,
                                      .name = t->name,
                                      .article = t->article,
                                      .detail = t->detail,
                                      .holder = t->holder,
                                      .holder_name = t->holder_name,
                                      .query_code = ""};
    return cli_verdict(c, &s);
}

int cli_tried(struct cli *c, const struct jiaoban_trial *t)
{
    if (t == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    if (!t->accepted)
        return would_be_refused(c, t);
    printf("%s%s%s\n", _("It would be accepted; nothing was done"), _(": "),
           cli_act_text(cli_safe(c, t->kind)));
    for (size_t i = 0; i < t->effect_count; i++)
        say_effect(c, t->effects[i]);
    if (t->unsure)
        printf("  %s\n", _("not all that decides is known here: the broker has the last word"));
    return 0;
}
