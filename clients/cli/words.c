/* The vocabulary of casework: numbers of the protocol, words of the command line, texts for
 * people. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        0, NULL, NULL                                                                              \
    }

const struct cli_word cli_matters[] = {{JIAOBAN_SUGGESTION, "suggestion", N_("suggestion")},
                                       {JIAOBAN_ACCUSATION, "accusation", N_("accusation")},
                                       {JIAOBAN_APPEAL, "appeal", N_("appeal")},
                                       END};
const struct cli_word cli_channels[] = {{JIAOBAN_LETTER, "letter", N_("letter")},
                                        {JIAOBAN_VISIT, "visit", N_("visit")},
                                        {JIAOBAN_ONLINE, "online", N_("online")},
                                        {JIAOBAN_PHONE, "phone", N_("phone")},
                                        END};
const struct cli_word cli_exits[] = {
    {JIAOBAN_EXIT_LITIGATION, "litigation", N_("litigation")},
    {JIAOBAN_EXIT_ARBITRATION, "arbitration", N_("arbitration")},
    {JIAOBAN_EXIT_PARTY_APPEAL, "party-appeal", N_("appeal within the party")},
    {JIAOBAN_EXIT_ADMIN_REVIEW, "admin-review", N_("administrative review")},
    {JIAOBAN_EXIT_PROTECTIVE_DUTY, "protective-duty", N_("performance of a protective duty")},
    {JIAOBAN_EXIT_RESIDUE, "petition", N_("petition procedure")},
    END};
const struct cli_word cli_authorities[] = {
    {JIAOBAN_BY_PEER, "peer", N_("hand-over between peers")},
    {JIAOBAN_BY_FORWARD, "forward", N_("forwarding")},
    {JIAOBAN_BY_ASSIGN, "assign", N_("assignment")},
    {JIAOBAN_BY_FIRST_ASSIGNMENT, "first-assignment", N_("first assignment authority")},
    {JIAOBAN_BY_JOINT_CONFERENCE, "joint-conference", N_("decision of the joint conference")},
    END};
const struct cli_word cli_opinions[] = {
    {JIAOBAN_SUPPORTED, "supported", N_("supported")},
    {JIAOBAN_EXPLAINED, "explained", N_("explained")},
    {JIAOBAN_NOT_SUPPORTED, "not-supported", N_("not supported")},
    END};
const struct cli_word cli_rulings[] = {
    {JIAOBAN_AGREED, "agree", N_("agreed")}, {JIAOBAN_NOT_AGREED, "refuse", N_("not agreed")}, END};
const struct cli_word cli_declines[] = {{JIAOBAN_NOT_ACCEPTED, "not-accepted", N_("not accepted")},
                                        {JIAOBAN_NO_LONGER, "no-longer", N_("no longer accepted")},
                                        END};
const struct cli_word cli_stages[] = {{JIAOBAN_STAGE_REGISTERED, "registered", N_("registered")},
                                      {JIAOBAN_STAGE_SENT, "sent", N_("to be signed for")},
                                      {JIAOBAN_STAGE_SIGNED, "signed", N_("signed for")},
                                      {JIAOBAN_STAGE_ACCEPTED, "accepted", N_("accepted")},
                                      {JIAOBAN_STAGE_DECLINED, "declined", N_("not accepted")},
                                      {JIAOBAN_STAGE_ANSWERED, "answered", N_("answered")},
                                      {JIAOBAN_STAGE_REFERRED, "referred", N_("referred")},
                                      {JIAOBAN_STAGE_CLOSED, "closed", N_("closed")},
                                      END};
const struct cli_word cli_roles[] = {{JIAOBAN_REGISTRAR, "registrar", N_("registrar")},
                                     {JIAOBAN_HOST, "host", N_("host")},
                                     {JIAOBAN_CO_HANDLER, "co-handler", N_("co-handler")},
                                     {JIAOBAN_ASSIGNER, "assigner", N_("assigner")},
                                     {JIAOBAN_INFORMED, "informed", N_("informed")},
                                     {JIAOBAN_LEFT, "left", N_("takes part no more")},
                                     END};
const struct cli_word cli_lights[] = {{JIAOBAN_GREEN, "green", N_("green")},
                                      {JIAOBAN_YELLOW, "yellow", N_("yellow")},
                                      {JIAOBAN_RED, "red", N_("red")},
                                      {JIAOBAN_DONE, "done", N_("done")},
                                      END};
const struct cli_word cli_lines[] = {
    {JIAOBAN_LINE_OFFLINE, "offline", N_("not connected")},
    {JIAOBAN_LINE_GREETING, "greeting", N_("greeting")},
    {JIAOBAN_LINE_CATCHING_UP, "catching_up", N_("catching up")},
    {JIAOBAN_LINE_IN_SYNC, "in_sync", N_("in sync")},
    {JIAOBAN_LINE_RESYNC, "resync", N_("histories differ, stopped")},
    {JIAOBAN_LINE_REJECTED, "rejected", N_("rejected by the broker")},
    END};
const struct cli_word cli_levels[] = {{JIAOBAN_CENTRAL, "central", N_("central")},
                                      {JIAOBAN_PROVINCE, "province", N_("province")},
                                      {JIAOBAN_CITY, "city", N_("city")},
                                      {JIAOBAN_COUNTY, "county", N_("county")},
                                      {JIAOBAN_TOWNSHIP, "township", N_("township")},
                                      {JIAOBAN_VILLAGE, "village", N_("village")},
                                      END};
const struct cli_word cli_node_kinds[] = {
    {JIAOBAN_OFFICE, "office", N_("petition office")},
    {JIAOBAN_CONFERENCE, "joint-conference", N_("joint conference")},
    {JIAOBAN_GOVERNMENT, "government", N_("government")},
    {JIAOBAN_DEPARTMENT, "department", N_("department")},
    {JIAOBAN_DISCIPLINE, "discipline", N_("discipline organ")},
    {JIAOBAN_POLITICAL_LEGAL, "political-legal", N_("political-legal organ")},
    {JIAOBAN_ENTERPRISE, "enterprise", N_("enterprise or institution")},
    {JIAOBAN_BROKER, "broker", N_("broker")},
    END};
const struct cli_word cli_flags[] = {
    {JIAOBAN_FLAG_REPEAT, "repeat", N_("repeated")},
    {JIAOBAN_FLAG_ANONYMOUS, "anonymous", N_("anonymous")},
    {JIAOBAN_FLAG_JOINT_SIGNATURE, "joint", N_("joint signature")},
    {JIAOBAN_FLAG_URGENT, "urgent", N_("major or urgent")},
    {JIAOBAN_FLAG_CROSS_BOUNDARY, "cross-boundary", N_("cross-boundary")},
    {JIAOBAN_FLAG_LITIGATION, "litigation", N_("litigation-related")},
    {JIAOBAN_FLAG_OLD_CASE, "old", N_("old case")},
    {JIAOBAN_FLAG_PUBLIC, "public", N_("may be published")},
    {JIAOBAN_FLAG_SECRET, "secret", N_("secret")},
    {JIAOBAN_FLAG_UNREACHABLE, "unreachable", N_("name or address unclear")},
    END};
const struct cli_word cli_ends[] = {{JIAOBAN_RUNNING, "open", N_("running")},
                                    {JIAOBAN_MET, "met", N_("kept")},
                                    {JIAOBAN_MET_LATE, "met_late", N_("done late")},
                                    {JIAOBAN_CANCELLED, "cancelled", N_("fell away")},
                                    {JIAOBAN_SUPERSEDED, "superseded", N_("superseded")},
                                    END};

/* What was done, as the timeline and an administrator's answer say it; and the rows of the policy.
 */
static const struct {
    const char *name, *text;
} acts[] =
    {
        {"register", N_("registered the matter")},
        {"assign", N_("assigned the case")},
        {"forward", N_("forwarded the case")},
        {"handover", N_("handed the case over")},
        {"refer", N_("referred the case")},
        {"sign_for", N_("signed for the case")},
        {"accept", N_("accepted the case")},
        {"decline", N_("did not accept the case")},
        {"notify", N_("told the petitioner")},
        {"object", N_("objected")},
        {"rule_on_objection", N_("ruled on the objection")},
        {"escalate_dispute", N_("took the dispute to the superior")},
        {"designate", N_("designated the handler")},
        {"extend", N_("extended the limit")},
        {"note", N_("noted")},
        {"answer", N_("answered")},
        {"execute", N_("carried the opinion out")},
        {"close", N_("closed the case")},
        {"classify", N_("classified the matter anew")},
        {"reopen", N_("reopened the case")},
        {"link", N_("linked the case")},
        {"merge", N_("merged the case")},
        {"urge", N_("urged")},
        {"opened", N_("opened the case file")},
        {"acknowledge", N_("acknowledged a deadline")},
        {"stored", N_("the agent's receipt arrived")},
        {"received", N_("received on a later day: limits count from then")},
        {"warn", N_("a deadline comes near")},
        {"miss", N_("a deadline has passed")},
        {"undelivered", N_("still not delivered")},
        {"unsigned_step", N_("still not signed for")},
        {"enrol_node", N_("enrolled an agency")},
        {"change_node", N_("changed an agency")},
        {"replace_keys", N_("replaced keys")},
        {"retire_node", N_("retired an agency")},
        {"install_policy", N_("installed a policy")},
        {"install_calendar", N_("installed a calendar")},
        {"purged", N_("purged the case")},
        {"the file is good", N_("the file is good")},
        {"installed already", N_("installed already")},
        {"configuration read again", N_("configuration read again")},
},
  keys[] = {
      {"sort", N_("sorting")},
      {"resort", N_("sorting anew")},
      {"notify", N_("notice of acceptance")},
      {"object", N_("right to object")},
      {"rule", N_("ruling on the objection")},
      {"rule-on-objection", N_("ruling on the objection")},
      {"handle", N_("handling")},
      {"assigned", N_("assigned work")},
      {"review", N_("review")},
      {"recheck", N_("recheck")},
      {"urgent", N_("urgent report")},
      {"recommend", N_("reply to a recommendation")},
      {"ask-review", N_("request for a review")},
      {"ask-recheck", N_("request for a recheck")},
      {"simple-accept", N_("simple handling: acceptance")},
      {"simple-answer", N_("simple handling: answer")},
      {"rate", N_("rating")},
};

const char *cli_word(struct cli *c, const struct cli_word *words, int value)
{
    for (; words->code != NULL; words++)
        if (words->value == value)
            return _(words->text);
    return value != 0 ? cli_format(c, "%d", value) : "";
}

bool cli_word_read(const struct cli_word *words, const char *text, int *value)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    bool is_number = end != text && *end == '\0';
    for (; words->code != NULL; words++) {
        if (strcmp(words->code, text) == 0 || strcmp(_(words->text), text) == 0 ||
            (is_number && number == words->value)) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

const char *cli_act_text(const char *kind)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(acts[i].name, kind) == 0)
            return _(acts[i].text);
    return kind;
}

const char *cli_key_text(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].name, key) == 0)
            return _(keys[i].text);
    return key;
}
