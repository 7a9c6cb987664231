/* Who am I, who may do what, and who opened what was sealed. */
#include "clients/cli/cli.h"

#include <string.h>

struct named {
    const char *name, *text; /* text: msgid */
};

/* Roles at an agency, then duties at the broker. */
static const struct named roles[] = {
    {"clerk", N_("clerk")},
    {"supervisor", N_("supervisor")},
    {"leader", N_("leader")},
    {"auditor", N_("auditor")},
    {"administrator", N_("administrator")},
    {"gateway", N_("gateway (a program)")},
    {"system", N_("system administrator")},
    {"security", N_("security administrator")},
    {"audit", N_("audit administrator")},
};

static const struct named rights[] = {
    {"anyone", N_("ask who one is and what one may do")},
    {"ask", N_("see the state of the line, the directory, the rules in force")},
    {"look", N_("look at cases, deadlines, directives")},
    {"persons", N_("open sealed persons and attachments (recorded)")},
    {"query", N_("answer a petitioner's question")},
    {"register", N_("register matters")},
    {"send", N_("assign, forward, hand over, refer, report up")},
    {"handle", N_("sign for, accept, answer, close, review")},
    {"object", N_("object, bring a dispute up")},
    {"rule", N_("rule on objections, designate, reopen, end")},
    {"recuse", N_("recuse a person or an agency")},
    {"direct", N_("issue directives, keep dockets, remind")},
    {"countersign", N_("countersign another person's directive")},
    {"delegate", N_("name leaders who hold powers")},
    {"rate", N_("take a petitioner's rating in")},
    {"appraise", N_("see the appraisal's figures")},
    {"alarms", N_("see and acknowledge alarms")},
    {"attach", N_("add attachments")},
    {"erase", N_("erase a person's data")},
    {"verify", N_("verify the replica")},
    {"reload", N_("have the configuration read again")},
    {"audit_case", N_("see who opened the sealed data of a case held here")},
    {"audit", N_("read the whole access log")},
    {"act_for", N_("act for another person")},
    {"feed", N_("follow everything that happens, for others")},
    {"system", N_("nobody here: the system or the broker does it")},
};

static const struct named duties[] = {
    {"system", N_("nodes, policy and calendar, clock, backup")},
    {"security", N_("keys of the agencies")},
    {"audit", N_("the audit log and verification; changes nothing")},
};

static const struct named requests[] = {
    {"case_file", N_("case")},
    {"public_query", N_("petitioner's question")},
    {"get_blob", N_("attachment")},
    {"evidence", N_("evidence")},
    {"enrol", N_("enrol an agency")},
    {"admin", N_("change an agency")},
    {"install", N_("install a file")},
    {"reload", N_("read the configuration again")},
    {"confirm_clock", N_("confirm the clock")},
    {"verify", N_("verify")},
    {"report", N_("appraisal")},
    {"audit", N_("read the audit log")},
};

static const struct named fields[] = {
    {"evidence", N_("evidence")},
    {"persons", N_("petitioners' data")},
    {"name", N_("name, compared only")},
    {"attachment", N_("attachment")},
    {"single_admin", N_("started with one account for all duties")},
    {"keys_changed", N_("the broker's keys were changed")},
    {"keys_lost", N_("the broker's keys were changed, the former ones lost")},
};

static const char *text_of(struct cli *c, const struct named *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return _(table[i].text);
    return cli_safe(c, name);
}
#define TEXT_OF(c, table, name) text_of(c, table, sizeof(table) / sizeof(table)[0], name)

/* At the broker the roles are duties. */
static bool of_broker(const struct jiaoban_rights *head)
{
    return head->role_count > 0 && strcmp(head->roles[0]->role, "system") == 0;
}

static const char *right_text(struct cli *c, const struct jiaoban_rights *head,
                              const struct jiaoban_right *r)
{
    return of_broker(head) ? TEXT_OF(c, duties, r->right) : TEXT_OF(c, rights, r->right);
}

/* ---- whoami ---- */

static int print_whoami(struct cli *c, struct jiaoban_result *r)
{
    const struct jiaoban_rights *head = jiaoban_result_rights(r);
    const char *held = "";
    if (head == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    for (size_t i = 0; i < head->role_count; i++)
        if (head->roles[i]->mine)
            held = cli_format(c, "%s%s%s", held, held[0] != '\0' ? _(", ") : "",
                              TEXT_OF(c, roles, head->roles[i]->role));
    cli_fact(c, _("account"), cli_safe(c, head->user));
    cli_fact(c, _("roles"), held[0] != '\0' ? held : _("none"));
    if (!head->given)
        puts(_("No roles are given in the configuration: a single office works without."));
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_right *right = jiaoban_result_right(r, i);
        if (right != NULL && right->mine)
            cli_fact(c, _("may"), right_text(c, head, right));
    }
    return 0;
}

int cli_run_whoami(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    return cli_answer(c, jiaoban_get_rights, &q, print_whoami);
}

/* ---- rights ---- */

static const char *listed(struct cli *c, const char *const *names, size_t count, bool translate)
{
    const char *s = "";
    for (size_t i = 0; i < count; i++)
        s = cli_format(c, "%s%s%s", s, i > 0 ? _(", ") : "",
                       translate ? TEXT_OF(c, roles, names[i]) : cli_safe(c, names[i]));
    return s;
}

static int print_rights(struct cli *c, struct jiaoban_result *r)
{
    const char *const columns[] = {_("RIGHT"), _("ROLES"), _("ACTS AND REQUESTS")};
    const char *const holders[] = {_("ROLE"), _("HELD BY")};
    const struct jiaoban_rights *head = jiaoban_result_rights(r);
    struct cli_grid *g = NULL;
    if (head == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    g = cli_grid_new(c, holders, sizeof holders / sizeof holders[0]);
    for (size_t i = 0; i < head->role_count; i++) {
        const struct jiaoban_staff *role = head->roles[i];
        cli_grid_row(g);
        cli_grid_cell(g, TEXT_OF(c, roles, role->role), NULL);
        cli_grid_cell(g, role->people[0] != '\0' ? cli_detail(c, role->people) : _("nobody"), NULL);
    }
    int code = cli_grid_end(g, "");
    putchar('\n');
    g = cli_grid_new(c, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_right *right = jiaoban_result_right(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, right_text(c, head, right), NULL);
        cli_grid_cell(g, listed(c, right->roles, right->role_count, true), NULL);
        cli_grid_cell(g, listed(c, right->what, right->what_count, false), NULL);
    }
    if (head->single_admin)
        puts(_("One account may hold all duties of administration."));
    return code != 0 ? code : cli_grid_end(g, "");
}

int cli_run_rights(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    return cli_answer(c, jiaoban_get_rights, &q, print_rights);
}

/* ---- audit ---- */

static const char *subject(struct cli *c, const struct jiaoban_audit *a)
{
    const char *what = a->field[0] != '\0' ? TEXT_OF(c, fields, a->field) : "";
    if (a->act[0] != '\0')
        what = cli_act_text(cli_safe(c, a->act));
    if (a->node != 0)
        what = cli_format(c, _("%s, agency number %u"), what, a->node);
    return what;
}

static int print_audit(struct cli *c, struct jiaoban_result *r)
{
    const char *const columns[] = {_("NUMBER"),  _("TIME"), _("USER"),   _("CASE"),
                                   _("REQUEST"), _("WHAT"), _("OUTCOME")};
    struct cli_grid *g = cli_grid_new(c, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_audit *a = jiaoban_result_audit(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, cli_format(c, "%llu", (unsigned long long)a->number), NULL);
        cli_grid_cell(g, cli_time(c, a->at_ms), NULL);
        cli_grid_cell(g, cli_safe(c, a->user), NULL);
        cli_grid_cell(g, cli_safe(c, a->case_number), NULL);
        cli_grid_cell(g, TEXT_OF(c, requests, a->request), NULL);
        cli_grid_cell(g, subject(c, a), NULL);
        cli_grid_cell(g, a->outcome == 0 ? _("allowed") : _("refused"), NULL);
    }
    return cli_grid_end(g, _("Nothing was opened."));
}

int cli_run_audit(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.case_number = cli_opt(c, OPT_OF_CASE);
    q.text = cli_opt(c, OPT_USER);
    q.limit = CLI_LIMIT;
    int code = cli_read_instant(c, OPT_SINCE, false, &q.from_ms);
    code = code != 0 ? code : cli_read_u32(c, OPT_LIMIT, &q.limit);
    code = code != 0 ? code : cli_read_u64(c, OPT_AFTER_NO, &q.number);
    return code != 0 ? code : cli_answer(c, jiaoban_get_audit, &q, print_audit);
}
