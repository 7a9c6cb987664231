/* Asking the agent and printing the answer: what all questions have in common. */
#include "clients/cli/cli.h"
#include "clients/lib/jiaoban_serve.h"

#include <string.h>

struct jiaoban_query cli_query(const struct cli *c)
{
    return (struct jiaoban_query){.size = sizeof(struct jiaoban_query),
                                  .on_behalf_of = cli_opt(c, OPT_BEHALF)};
}

/* Where the next page begins: after the last row of these. */
static void set_after(struct jiaoban_query *q, const struct jiaoban_result *r)
{
    size_t last = jiaoban_result_count(r) - 1;
    const struct jiaoban_case *k = jiaoban_result_case(r, last);
    const struct jiaoban_deadline *d = jiaoban_result_deadline(r, last);
    const struct jiaoban_directive *order = jiaoban_result_directive(r, last);
    const struct jiaoban_docket *docket = jiaoban_result_docket(r, last);
    const struct jiaoban_proposal *step = jiaoban_result_proposal(r, last);
    const struct jiaoban_pending *p = jiaoban_result_pending(r, last);
    const struct jiaoban_entry_receipts *e = jiaoban_result_entry_receipts(r, last);
    const struct jiaoban_audit *a = jiaoban_result_audit(r, last);
    if (k != NULL) {
        q->after_case_no = k->case_no;
    } else if (d != NULL) {
        q->after_due_ms = d->due_ms;
        q->after_case_no = d->case_no;
    } else if (order != NULL) {
        q->after_case_no = order->case_no;
        q->after_directive_no = order->directive_no;
    } else if (docket != NULL) {
        q->after_case_no = docket->case_no;
        q->after_docket_no = docket->docket_no;
    } else if (step != NULL) {
        q->after_case_no = step->case_no;
    } else if (p != NULL) {
        q->number = p->number;
    } else if (e != NULL) {
        q->number = e->number;
    } else if (a != NULL) {
        q->number = a->number;
    }
}

/* Does the listing go on there, and is more of it wanted? Who answers the same page again and again
 * is not asked for ever. */
static bool next_page(struct jiaoban_query *next, const struct jiaoban_query *q,
                      const struct jiaoban_result *r)
{
    const struct jiaoban_query before = *next;
    size_t count = jiaoban_result_count(r);
    if (!jiaoban_result_more(r) || count == 0 || (q->limit != 0 && count >= q->limit))
        return false;
    set_after(next, r);
    next->limit = q->limit != 0 ? q->limit - (uint32_t)count : 0;
    return next->number != before.number || next->after_case_no != before.after_case_no ||
           next->after_due_ms != before.after_due_ms ||
           next->after_directive_no != before.after_directive_no ||
           (next->after_docket_no != NULL &&
            (before.after_docket_no == NULL ||
             strcmp(next->after_docket_no, before.after_docket_no) != 0));
}

int cli_ask(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
            struct jiaoban_result **r)
{
    struct jiaoban_query next = *q;
    enum jiaoban_status status = question(c->j, q, r);
    while (status == JIAOBAN_OK && next_page(&next, q, *r)) {
        struct jiaoban_result *page = NULL;
        status = question(c->j, &next, &page);
        if (status == JIAOBAN_OK && !jiaoban_result_append(*r, page)) {
            jiaoban_result_free(page);
            break;
        }
    }
    if (status == JIAOBAN_OK)
        return 0;
    jiaoban_result_free(*r);
    *r = NULL;
    return cli_failed(c, status);
}

int cli_answer(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
               int (*print)(struct cli *c, struct jiaoban_result *r))
{
    struct jiaoban_result *r = NULL;
    int code = cli_ask(c, question, q, &r);
    if (code != 0)
        return code;
    code = c->json ? cli_json(c, r, 2) : print(c, r);
    if (!c->json && jiaoban_result_more(r))
        puts(_("There is more: narrow it down, or raise --limit."));
    jiaoban_result_free(r);
    return code;
}
