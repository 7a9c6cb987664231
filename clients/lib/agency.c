/* Finding one agency by what people call it. */
#include "clients/lib/client.h"

#include <stdlib.h>

#define NAMES_SHOWN 4 /* of the agencies that an ambiguous name could mean */

/* An exact code, number or name wins over a part of a name. */
static bool names_exactly(const struct jiaoban_node *n, const char *what)
{
    char *end = NULL;
    unsigned long number = strtoul(what, &end, 10);
    return strcmp(n->code, what) == 0 || strcmp(n->name, what) == 0 ||
           (end != what && *end == '\0' && number == n->node);
}

static enum jiaoban_status ambiguous(struct jiaoban *j, const struct jiaoban_result *r,
                                     const char *what)
{
    char names[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < jiaoban_result_count(r) && i < NAMES_SHOWN; i++) {
        const struct jiaoban_node *n = jiaoban_result_node(r, i);
        size_t len = strlen(n->name) + 2;
        if (used + len + 1 > sizeof names)
            break;
        memcpy(names + used, i > 0 ? ", " : "", i > 0 ? 2 : 0);
        used += i > 0 ? 2 : 0;
        memcpy(names + used, n->name, len - 1);
        used += len - 2;
    }
    return jb_client_fail(j, JIAOBAN_RANGE, "\"%s\" may be any of %zu agencies: %s%s", what,
                          jiaoban_result_count(r), names,
                          jiaoban_result_count(r) > NAMES_SHOWN ? " ..." : "");
}

enum jiaoban_status jiaoban_find_node(struct jiaoban *j, const char *what, uint32_t *node)
{
    struct jiaoban_query q = {.size = sizeof q, .text = what};
    struct jiaoban_result *r = NULL;

    if (what == NULL || what[0] == '\0')
        return jb_client_fail(j, JIAOBAN_MISSING, "which agency?");
    enum jiaoban_status status = jiaoban_get_nodes(j, &q, &r);
    if (status != JIAOBAN_OK && status != JIAOBAN_NOT_FOUND)
        return status;
    const struct jiaoban_node *found =
        jiaoban_result_count(r) == 1 ? jiaoban_result_node(r, 0) : NULL;
    for (size_t i = 0; found == NULL && i < jiaoban_result_count(r); i++)
        if (jiaoban_result_node(r, i) != NULL && names_exactly(jiaoban_result_node(r, i), what))
            found = jiaoban_result_node(r, i);
    if (found != NULL)
        *node = found->node;
    else if (jiaoban_result_count(r) > 1)
        status = ambiguous(j, r, what);
    else
        status = jb_client_fail(j, JIAOBAN_NOT_FOUND, "no agency is called \"%s\"", what);
    jiaoban_result_free(r);
    return status;
}
