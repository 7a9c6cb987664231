/* The table of verbs: everything that the program can do. */
#include "clients/cli/cli.h"

#include <string.h>

#define NOTICE OPT_NOTICE, OPT_TOLD, OPT_HOW
#define ACT .group = GROUP_CASE, .run = cli_run_act

static const struct cli_verb verbs[] = {
    {ACT, .name = "register", .act = "register", .args = N_("TITLE"),
     .doc = N_("register a matter; prints its case number"), .positional = {OPT_TITLE},
     .options = {OPT_TITLE, OPT_CONTENT, OPT_CLASS, OPT_PLACE, OPT_CHANNEL, OPT_KIND, OPT_PEOPLE,
                 OPT_FLAG, OPT_RECEIVED, OPT_FOREIGN, OPT_PERSON}},
    {ACT, .name = "assign", .act = "assign", .args = N_("CASE AGENCY"),
     .doc = N_("assign a case under the first assignment authority"),
     .positional = {OPT_CASE, OPT_TO}, .required = 1,
     .options = {OPT_TO, OPT_CO, OPT_DUE, OPT_TEXT, OPT_BASIS, OPT_AUTHORITY, OPT_REPORT_FORM,
                 OPT_COUNTERSIGNED, OPT_CUSTODY}},
    {ACT, .name = "forward", .act = "forward", .args = N_("CASE AGENCY"),
     .doc = N_("forward a case to the competent agency"), .positional = {OPT_CASE, OPT_TO},
     .required = 1, .options = {OPT_TO, OPT_CO, OPT_TEXT, OPT_CUSTODY}},
    {ACT, .name = "handover", .act = "handover", .args = N_("CASE AGENCY"),
     .doc = N_("hand a case over to a peer"), .positional = {OPT_CASE, OPT_TO}, .required = 1,
     .options = {OPT_TO, OPT_REASON, OPT_CUSTODY}},
    {ACT, .name = "refer", .act = "refer", .args = N_("CASE ORGAN"),
     .doc = N_("refer a case to an organ outside the petition procedure"),
     .positional = {OPT_CASE, OPT_ORGAN}, .required = 1,
     .options = {OPT_ORGAN, OPT_TO, OPT_REASON, OPT_CUSTODY}},
    {ACT, .name = "sign", .act = "sign_for", .args = N_("CASE"),
     .doc = N_("sign for a case that was sent to this agency"), .positional = {OPT_CASE},
     .required = 1, .options = {OPT_TEXT, OPT_CUSTODY}},
    {ACT, .name = "accept", .act = "accept", .args = N_("CASE"), .doc = N_("accept a case"),
     .positional = {OPT_CASE}, .required = 1, .options = {OPT_EXIT, NOTICE, OPT_CUSTODY}},
    {ACT, .name = "decline", .act = "decline", .args = N_("CASE REASON"),
     .doc = N_("do not accept a case, with reasons"), .positional = {OPT_CASE, OPT_REASON},
     .required = 1, .options = {OPT_REASON, OPT_NO_LONGER, NOTICE, OPT_CUSTODY}},
    {ACT, .name = "notify", .act = "notify", .args = N_("CASE"),
     .doc = N_("record that the petitioner was told (now, unless --told says when)"),
     .positional = {OPT_CASE}, .required = 1, .options = {NOTICE, OPT_CUSTODY}},
    {ACT, .name = "object", .act = "object", .args = N_("CASE REASON"),
     .doc = N_("object that a case is not within this agency's powers"),
     .positional = {OPT_CASE, OPT_REASON}, .required = 1, .options = {OPT_REASON, OPT_CUSTODY}},
    {ACT, .name = "rule", .act = "rule_on_objection", .args = N_("CASE agree|refuse"),
     .doc = N_("rule on an objection"), .positional = {OPT_CASE, OPT_RULING}, .required = 1,
     .options = {OPT_RULING, OPT_REASON, OPT_CUSTODY}},
    {ACT, .name = "designate", .act = "designate", .args = N_("CASE AGENCY"),
     .doc = N_("designate the handler of a disputed case"), .positional = {OPT_CASE, OPT_TO},
     .required = 1, .options = {OPT_TO, OPT_CO, OPT_DUE, OPT_BASIS, OPT_CUSTODY}},
    {ACT, .name = "extend", .act = "extend", .args = N_("CASE DAYS"),
     .doc = N_("extend a limit, once"), .positional = {OPT_CASE, OPT_DAYS}, .required = 1,
     .options = {OPT_DAYS, OPT_REASON, OPT_APPROVED, OPT_DEADLINE, OPT_TOLD, OPT_CUSTODY}},
    {ACT, .name = "note", .act = "note", .args = N_("CASE TEXT"), .doc = N_("add a note"),
     .positional = {OPT_CASE, OPT_TEXT}, .required = 1, .options = {OPT_TEXT, OPT_CUSTODY}},
    {ACT, .name = "answer", .act = "answer", .args = N_("CASE TEXT"),
     .doc = N_("give the written opinion, and the closing report if one is owed"),
     .positional = {OPT_CASE, OPT_TEXT}, .required = 1,
     .options = {OPT_TEXT, OPT_OPINION, OPT_OPINION_NO, OPT_REPORT, OPT_TOLD, OPT_HOW,
                 OPT_CUSTODY}},
    {ACT, .name = "execute", .act = "execute", .args = N_("CASE TEXT"),
     .doc = N_("record that a supported claim was carried out"), .positional = {OPT_CASE, OPT_TEXT},
     .required = 1, .options = {OPT_TEXT, OPT_DONE, OPT_CUSTODY}},
    {ACT, .name = "close", .act = "close", .args = N_("CASE"), .doc = N_("close a case"),
     .positional = {OPT_CASE, OPT_CLOSE_NO}, .required = 1,
     .options = {OPT_CLOSE_NO, OPT_TEXT, OPT_CUSTODY}},
    {ACT, .name = "acknowledge", .act = "acknowledge", .args = N_("CASE NUMBER"),
     .doc = N_("acknowledge a deadline of this agency"), .positional = {OPT_CASE, OPT_DEADLINE},
     .required = 1, .options = {OPT_DEADLINE, OPT_TEXT}},

    {.name = "list",
     .group = GROUP_LOOK,
     .run = cli_run_list,
     .args = N_("[TEXT]"),
     .doc = N_("list cases with their lights"),
     .positional = {OPT_FIND},
     .options = {OPT_OPEN, OPT_MINE, OPT_LIGHT, OPT_STAGE, OPT_HOLDER, OPT_REGISTRAR, OPT_FIND,
                 OPT_CLASS, OPT_KIND, OPT_FROM, OPT_UNTIL, OPT_OBJECTIONS, OPT_AFTER, OPT_LIMIT}},
    {.name = "show",
     .group = GROUP_LOOK,
     .run = cli_run_show,
     .args = N_("CASE"),
     .doc = N_("show one case: facts, participants, deadlines, timeline"),
     .positional = {OPT_CASE},
     .required = 1,
     .options = {OPT_TIMELINE, OPT_NO_TIMELINE, OPT_FULL}},
    {.name = "deadlines",
     .group = GROUP_LOOK,
     .run = cli_run_deadlines,
     .args = N_("[CASE]"),
     .doc = N_("list deadlines: who owes what by when, received and acknowledged by whom"),
     .positional = {OPT_CASE},
     .options = {OPT_MINE, OPT_MISSED, OPT_BEFORE, OPT_HOLDER, OPT_ALL, OPT_LIMIT}},
    {.name = "pending",
     .group = GROUP_LOOK,
     .run = cli_run_pending,
     .doc = N_("what waits in the outbox"),
     .options = {OPT_LIMIT}},
    {.name = "settled",
     .group = GROUP_LOOK,
     .run = cli_run_settled,
     .args = N_("NUMBER"),
     .doc = N_("what became of a submission from the outbox"),
     .positional = {OPT_NUMBER},
     .required = 1},
    {.name = "alarms",
     .group = GROUP_LOOK,
     .run = cli_run_alarms,
     .doc = N_("recent alarms of this agency"),
     .options = {OPT_LIMIT}},
    {.name = "watch",
     .group = GROUP_LOOK,
     .run = cli_run_watch,
     .doc = N_("show what happens, as it happens"),
     .options = {OPT_NUMBER, OPT_ALARMS, OPT_COUNT_MAX, OPT_FULL}},
    {.name = "nodes",
     .group = GROUP_LOOK,
     .run = cli_run_nodes,
     .args = N_("[AGENCY]"),
     .doc = N_("the directory of agencies"),
     .positional = {OPT_FIND}},
    {.name = "status",
     .group = GROUP_LOOK,
     .run = cli_run_status,
     .doc = N_("state of the agent and of the line to the broker")},
    {.name = "verify",
     .group = GROUP_LOOK,
     .run = cli_run_verify,
     .doc = N_("check the replica: chain, signatures, tables, agreement with the broker"),
     .options = {OPT_OFFLINE}},

#define NODE .group = GROUP_ADMIN, .run = cli_run_node, .admin = true
    {.name = "node list",
     .group = GROUP_ADMIN,
     .run = cli_run_nodes,
     .admin = true,
     .args = N_("[AGENCY]"),
     .doc = N_("the directory as the broker has it, with the state of the lines"),
     .positional = {OPT_FIND}},
    {NODE, .name = "node add", .act = "enrol", .args = N_("CODE NAME"),
     .doc = N_("enrol an agency"), .positional = {OPT_CODE, OPT_NAME}, .required = 2,
     .options = {OPT_NODE_KIND, OPT_LEVEL, OPT_PARENT, OPT_REGION, OPT_CREDIT, OPT_KEYS,
                 OPT_VALID_FROM, OPT_VALID_TO}},
    {NODE, .name = "node change", .act = "change", .args = N_("AGENCY"),
     .doc = N_("change what the directory says about an agency"), .positional = {OPT_NODE},
     .required = 1,
     .options = {OPT_NAME, OPT_NODE_KIND, OPT_LEVEL, OPT_PARENT, OPT_REGION, OPT_CREDIT}},
    {NODE, .name = "node replace-keys", .act = "replace", .args = N_("AGENCY"),
     .doc = N_("replace the keys of an agency's agent"), .positional = {OPT_NODE}, .required = 1,
     .options = {OPT_KEYS, OPT_REASON}},
    {NODE, .name = "node retire", .act = "retire", .args = N_("AGENCY"),
     .doc = N_("end an agency's validity"), .positional = {OPT_NODE}, .required = 1,
     .options = {OPT_VALID_TO, OPT_SUCCESSOR, OPT_REASON}},
    {.name = "install",
     .group = GROUP_ADMIN,
     .run = cli_run_install,
     .admin = true,
     .args = N_("policy|calendar FILE"),
     .doc = N_("install a policy or calendar file at the broker"),
     .positional = {OPT_WHAT, OPT_FILE},
     .required = 2,
     .options = {OPT_DRY_RUN}},
    {.name = "reload",
     .group = GROUP_ADMIN,
     .run = cli_run_reload,
     .admin = true,
     .doc = N_("have the broker read its configuration again")},

    {.name = "help",
     .group = GROUP_OTHER,
     .run = cli_run_help,
     .alone = true,
     .args = N_("[VERB]"),
     .doc = N_("what a verb does and takes"),
     .positional = {OPT_WHAT, OPT_MORE}},
    {.name = "version",
     .group = GROUP_OTHER,
     .run = cli_run_version,
     .alone = true,
     .doc = N_("print the version")},
    {.name = "complete",
     .group = GROUP_HIDDEN,
     .run = cli_run_complete,
     .alone = true,
     .args = N_("verbs|options|agencies|cases [VERB]"),
     .doc = N_("words for the shell's completion"),
     .positional = {OPT_WHAT, OPT_MORE},
     .required = 1},
};
#undef NODE
#undef ACT
#undef NOTICE

const struct cli_verb *cli_verb_at(size_t i)
{
    return i < sizeof verbs / sizeof verbs[0] ? &verbs[i] : NULL;
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
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        *words = words_matched(verbs[i].name, argc, argv);
        if (*words > 0)
            return &verbs[i];
    }
    return NULL;
}
