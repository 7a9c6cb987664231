/* Splitting a case: every part is registered as a case of its own that names the whole, then the
 * split joins them to it. A part that is refused ends it; the parts before stay registered and are
 * named, so that nothing is lost. */
#include "clients/cli/act.h"

#include <string.h>

#define PARTS_MAX 32

struct split {
    struct cli_draft part; /* what all parts have in common */
    const char *numbers[PARTS_MAX];
    const char *codes[PARTS_MAX];
    size_t count;
};

static int register_part(struct cli *c, struct split *s, const char *title)
{
    struct jiaoban_act act = s->part.act;
    struct jiaoban_result *r = NULL;

    if (s->count == PARTS_MAX)
        return cli_usage(c, _("more than %d parts"), PARTS_MAX);
    act.other_case_number = act.case_number;
    act.case_number = NULL;
    act.title = title;
    act.reason = NULL;
    int code = cli_submit(c, "register", &act, &r);
    const struct jiaoban_settled *settled = jiaoban_result_settled(r);
    if (code == 0 && settled != NULL) {
        s->codes[s->count] = cli_format(c, "%s", settled->query_code);
        s->numbers[s->count++] = cli_format(c, "%s", settled->case_number);
    } else if (settled != NULL) {
        code = c->json ? cli_json(c, r, 2) : cli_verdict(c, settled);
        code = c->json && code == 0 ? jiaoban_status_exit(JIAOBAN_REFUSED) : code;
    }
    jiaoban_result_free(r);
    return code;
}

static int register_parts(struct cli *c, struct split *s)
{
    for (size_t i = 0; i < c->given_count; i++) {
        int code = c->given[i].opt == OPT_PART ? register_part(c, s, c->given[i].value) : 0;
        if (code != 0)
            return code;
    }
    return 0;
}

static void say_parts(struct cli *c, const struct split *s, FILE *out)
{
    for (size_t i = 0; i < s->count; i++)
        fprintf(out, "%s %s%s%s\n", _("part"), cli_safe(c, s->numbers[i]),
                s->codes[i][0] != '\0' ? _(", query code ") : "", cli_safe(c, s->codes[i]));
}

/* One document: the numbers of the parts beside what became of the split. */
static int json_parts(struct cli *c, const struct split *s, struct jiaoban_result *r)
{
    printf("{\"parts\":[");
    for (size_t i = 0; i < s->count; i++)
        printf("%s{\"number\":\"%s\",\"query_code\":\"%s\"}", i > 0 ? "," : "",
               cli_safe(c, s->numbers[i]), cli_safe(c, s->codes[i]));
    printf("],\"split\":");
    int code = cli_json(c, r, 0);
    printf("}\n");
    return code;
}

int cli_run_split(struct cli *c)
{
    struct split s = {.part = {.act = {.size = sizeof s.part.act}}};
    struct jiaoban_act act = {.size = sizeof act};
    struct jiaoban_result *r = NULL;

    int code = cli_draft_fill(c, &s.part);
    if (code == 0)
        code = register_parts(c, &s);
    if (code != 0) {
        say_parts(c, &s, stderr);
        return code;
    }
    act.case_number = cli_opt(c, OPT_CASE);
    act.other_case_numbers = s.numbers;
    act.other_case_count = s.count;
    act.reason = s.part.act.reason;
    code = cli_submit(c, "split", &act, &r);
    if (!c->json)
        say_parts(c, &s, code == 0 ? stdout : stderr);
    if (r == NULL)
        return code;
    int said = c->json ? json_parts(c, &s, r) : cli_verdict(c, jiaoban_result_settled(r));
    jiaoban_result_free(r);
    return code != 0 ? code : said;
}
