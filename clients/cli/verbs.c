/* Finding verbs in their tables. */
#include "clients/cli/cli.h"

#include <string.h>

/* In the order in which they are shown. */
static const struct cli_verb *const tables[] = {cli_case_verbs, cli_order_verbs, cli_look_verbs,
                                                cli_admin_verbs};

const struct cli_verb *cli_verb_at(size_t i)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct cli_verb *verb = tables[t]; verb->name != NULL; verb++)
            if (i-- == 0)
                return verb;
    return NULL;
}

/* "node add" stands for two words. */
static int words_matched(const char *name, int argc, char **argv)
{
    const char *blank = strchr(name, ' ');
    if (argc < 1)
        return 0;
    if (blank == NULL)
        return strcmp(name, argv[0]) == 0 ? 1 : 0;
    size_t len = (size_t)(blank - name);
    bool same = argc > 1 && strlen(argv[0]) == len && strncmp(name, argv[0], len) == 0 &&
                strcmp(blank + 1, argv[1]) == 0;
    return same ? 2 : 0;
}

const struct cli_verb *cli_verb_find(int argc, char **argv, int *words)
{
    for (size_t i = 0; cli_verb_at(i) != NULL; i++) {
        *words = words_matched(cli_verb_at(i)->name, argc, argv);
        if (*words > 0)
            return cli_verb_at(i);
    }
    return NULL;
}

bool cli_verb_prefix(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        if (strncmp(cli_verb_at(i)->name, word, len) == 0 && cli_verb_at(i)->name[len] == ' ')
            return true;
    return false;
}
