/* The vocabulary of casework: numbers of the protocol, words of the command line, texts for
 * people. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define TWO_CHARACTERS 6 /* bytes of two Chinese characters */
#define END                                                                                        \
    {                                                                                              \
        0, NULL, NULL                                                                              \
    }

const struct jb_word cli_exits[] = {
    {JIAOBAN_EXIT_LITIGATION, "litigation", N_("litigation")},
    {JIAOBAN_EXIT_ARBITRATION, "arbitration", N_("arbitration")},
    {JIAOBAN_EXIT_PARTY_APPEAL, "party-appeal", N_("appeal within the party")},
    {JIAOBAN_EXIT_ADMIN_REVIEW, "admin-review", N_("administrative review")},
    {JIAOBAN_EXIT_PROTECTIVE_DUTY, "protective-duty", N_("performance of a protective duty")},
    {JIAOBAN_EXIT_RESIDUE, "petition", N_("petition procedure")},
    END};
const struct jb_word cli_authorities[] = {
    {JIAOBAN_BY_PEER, "peer", N_("hand-over between peers")},
    {JIAOBAN_BY_FORWARD, "forward", N_("forwarding")},
    {JIAOBAN_BY_ASSIGN, "assign", N_("assignment")},
    {JIAOBAN_BY_FIRST_ASSIGNMENT, "first-assignment", N_("first assignment authority")},
    {JIAOBAN_BY_JOINT_CONFERENCE, "joint-conference", N_("decision of the joint conference")},
    END};
const struct jb_word cli_opinions[] = {
    {JIAOBAN_SUPPORTED, "supported", N_("supported")},
    {JIAOBAN_EXPLAINED, "explained", N_("explained")},
    {JIAOBAN_NOT_SUPPORTED, "not-supported", N_("not supported")},
    END};
const struct jb_word cli_rulings[] = {
    {JIAOBAN_AGREED, "agree", N_("agreed")}, {JIAOBAN_NOT_AGREED, "refuse", N_("not agreed")}, END};
const struct jb_word cli_declines[] = {{JIAOBAN_NOT_ACCEPTED, "not-accepted", N_("not accepted")},
                                       {JIAOBAN_NO_LONGER, "no-longer", N_("no longer accepted")},
                                       END};
const struct jb_word cli_stages[] = {{JIAOBAN_STAGE_REGISTERED, "registered", N_("registered")},
                                     {JIAOBAN_STAGE_SENT, "sent", N_("to be signed for")},
                                     {JIAOBAN_STAGE_SIGNED, "signed", N_("signed for")},
                                     {JIAOBAN_STAGE_ACCEPTED, "accepted", N_("accepted")},
                                     {JIAOBAN_STAGE_DECLINED, "declined", N_("not accepted")},
                                     {JIAOBAN_STAGE_ANSWERED, "answered", N_("answered")},
                                     {JIAOBAN_STAGE_REFERRED, "referred", N_("referred")},
                                     {JIAOBAN_STAGE_CLOSED, "closed", N_("closed")},
                                     {JIAOBAN_STAGE_MERGED, "merged", N_("merged into another")},
                                     {JIAOBAN_STAGE_REVIEW, "review", N_("under review")},
                                     {JIAOBAN_STAGE_REVIEWED, "reviewed", N_("reviewed")},
                                     {JIAOBAN_STAGE_RECHECK, "recheck", N_("under recheck")},
                                     {JIAOBAN_STAGE_RECHECKED, "rechecked", N_("rechecked")},
                                     {JIAOBAN_STAGE_TERMINATED, "terminated", N_("ended for good")},
                                     {JIAOBAN_STAGE_FILE, "file", N_("file of its own")},
                                     END};
const struct jb_word cli_roles[] = {{JIAOBAN_REGISTRAR, "registrar", N_("registrar")},
                                    {JIAOBAN_HOST, "host", N_("host")},
                                    {JIAOBAN_CO_HANDLER, "co-handler", N_("co-handler")},
                                    {JIAOBAN_ASSIGNER, "assigner", N_("assigner")},
                                    {JIAOBAN_INFORMED, "informed", N_("informed")},
                                    {JIAOBAN_LEFT, "left", N_("takes part no more")},
                                    {JIAOBAN_REVIEWER, "reviewer", N_("reviewer")},
                                    {JIAOBAN_ARBITER, "arbiter", N_("arbiter")},
                                    {JIAOBAN_ORDERED, "ordered", N_("receiver of an order")},
                                    END};
const struct jb_word cli_lights[] = {{JIAOBAN_GREEN, "green", N_("green")},
                                     {JIAOBAN_YELLOW, "yellow", N_("yellow")},
                                     {JIAOBAN_RED, "red", N_("red")},
                                     {JIAOBAN_DONE, "done", N_("done")},
                                     END};
const struct jb_word cli_lines[] = {
    {JIAOBAN_LINE_OFFLINE, "offline", N_("not connected")},
    {JIAOBAN_LINE_GREETING, "greeting", N_("greeting")},
    {JIAOBAN_LINE_CATCHING_UP, "catching_up", N_("catching up")},
    {JIAOBAN_LINE_IN_SYNC, "in_sync", N_("in sync")},
    {JIAOBAN_LINE_RESYNC, "resync", N_("histories differ, stopped")},
    {JIAOBAN_LINE_REJECTED, "rejected", N_("rejected by the broker")},
    END};
const struct jb_word cli_levels[] = {{JIAOBAN_CENTRAL, "central", N_("central")},
                                     {JIAOBAN_PROVINCE, "province", N_("province")},
                                     {JIAOBAN_CITY, "city", N_("city")},
                                     {JIAOBAN_COUNTY, "county", N_("county")},
                                     {JIAOBAN_TOWNSHIP, "township", N_("township")},
                                     {JIAOBAN_VILLAGE, "village", N_("village")},
                                     END};
const struct jb_word cli_node_kinds[] = {
    {JIAOBAN_OFFICE, "office", N_("petition office")},
    {JIAOBAN_CONFERENCE, "joint-conference", N_("joint conference")},
    {JIAOBAN_GOVERNMENT, "government", N_("government")},
    {JIAOBAN_DEPARTMENT, "department", N_("department")},
    {JIAOBAN_DISCIPLINE, "discipline", N_("discipline organ")},
    {JIAOBAN_POLITICAL_LEGAL, "political-legal", N_("political-legal organ")},
    {JIAOBAN_ENTERPRISE, "enterprise", N_("enterprise or institution")},
    {JIAOBAN_BROKER, "broker", N_("broker")},
    END};
const struct jb_word cli_flags[] = {
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
const struct jb_word cli_ends[] = {{JIAOBAN_RUNNING, "open", N_("running")},
                                   {JIAOBAN_MET, "met", N_("kept")},
                                   {JIAOBAN_MET_LATE, "met_late", N_("done late")},
                                   {JIAOBAN_CANCELLED, "cancelled", N_("fell away")},
                                   {JIAOBAN_SUPERSEDED, "superseded", N_("superseded")},
                                   END};
const struct jb_word cli_demands[] = {
    {JIAOBAN_DEMAND_EXPLANATION, "explanation", N_("explanation")},
    {JIAOBAN_DEMAND_PROGRESS, "progress", N_("report on progress")},
    {JIAOBAN_DEMAND_ON_SITE, "on-site", N_("check on the spot")},
    {JIAOBAN_DEMAND_CORRECTION, "correction", N_("correction by a day")},
    {JIAOBAN_DEMAND_SUMMONS, "summons", N_("come and receive the visitors")},
    END};
const struct jb_word cli_recommendations[] = {
    {JIAOBAN_RECOMMEND_WORK, "work", N_("improve work")},
    {JIAOBAN_RECOMMEND_POLICY, "policy", N_("improve policy")},
    {JIAOBAN_RECOMMEND_ACCOUNT, "account", N_("hold to account")},
    END};
const struct jb_word cli_steps[] = {
    {JIAOBAN_STEP_URGE, "urge", N_("urge")},
    {JIAOBAN_STEP_SUPERVISE, "supervise", N_("supervise")},
    {JIAOBAN_STEP_TALK, "talk", N_("summon to a talk")},
    {JIAOBAN_STEP_CIRCULAR, "circular", N_("circular")},
    {JIAOBAN_STEP_LISTED, "listed", N_("listed supervision")},
    {JIAOBAN_STEP_RECTIFY, "rectify", N_("rectify by a day")},
    {JIAOBAN_STEP_HOLD_TO_ACCOUNT, "hold-to-account", N_("recommend to hold to account")},
    END};
const struct jb_word cli_directive_statuses[] = {
    {JIAOBAN_DIRECTIVE_WAITING, "waiting", N_("waits for its countersignature")},
    {JIAOBAN_DIRECTIVE_IN_FORCE, "in-force", N_("in force")},
    {JIAOBAN_DIRECTIVE_ENDED, "ended", N_("ended")},
    END};
const struct jb_word cli_target_states[] = {
    {JIAOBAN_TARGET_ISSUED, "issued", N_("issued")},
    {JIAOBAN_TARGET_SIGNED, "signed", N_("signed for")},
    {JIAOBAN_TARGET_ANSWERED, "answered", N_("replied")},
    {JIAOBAN_TARGET_CLEARED, "cleared", N_("cleared")},
    {JIAOBAN_TARGET_OBJECTED, "objected", N_("objection raised")},
    {JIAOBAN_TARGET_WITHDRAWN, "withdrawn", N_("withdrawn")},
    {JIAOBAN_TARGET_SUPERSEDED, "superseded", N_("superseded")},
    END};
const struct jb_word cli_link_kinds[] = {
    {JIAOBAN_LINK_REPEAT, "repeat", N_("repeats")},
    {JIAOBAN_LINK_RELATED, "related", N_("is related to")},
    {JIAOBAN_LINK_REVIEW_OF, "review-of", N_("is the review of")},
    {JIAOBAN_LINK_CROSS_BOUNDARY, "cross-boundary", N_("crosses boundaries with")},
    {JIAOBAN_LINK_MERGED_INTO, "merged-into", N_("was merged into")},
    {JIAOBAN_LINK_MERGED_FROM, "merged-from", N_("took up")},
    {JIAOBAN_LINK_SPLIT_OF, "split-of", N_("was split from")},
    {JIAOBAN_LINK_SPLIT_INTO, "split-into", N_("was split into")},
    END};
const struct jb_word cli_grounds[] = {{JIAOBAN_GROUND_NEW_FACTS, "new-facts", N_("new facts")},
                                      {JIAOBAN_GROUND_ORDERED, "ordered", N_("ordered")},
                                      END};
const struct jb_word cli_parties[] = {{JIAOBAN_RATED_OFFICE, "office", N_("petition office")},
                                      {JIAOBAN_RATED_HANDLER, "handler", N_("handling agency")},
                                      END};
const struct jb_word cli_satisfactions[] = {
    {JIAOBAN_SATISFIED, "satisfied", N_("satisfied")},
    {JIAOBAN_BASICALLY_SATISFIED, "basically", N_("basically satisfied")},
    {JIAOBAN_NOT_SATISFIED, "not", N_("not satisfied")},
    END};
const struct jb_word cli_rating_states[] = {
    {JIAOBAN_RATING_WAITING, "waiting", N_("waits to be cast")},
    {JIAOBAN_RATING_CAST, "cast", N_("cast, sealed until the window is over")},
    {JIAOBAN_RATING_OPENED, "opened", N_("rated")},
    {JIAOBAN_RATING_UNRATED, "unrated", N_("not rated in time")},
    END};
const struct jb_word cli_units[] = {{JIAOBAN_CALENDAR_DAYS, "d", N_("calendar days")},
                                    {JIAOBAN_WORKING_DAYS, "wd", N_("working days")},
                                    {JIAOBAN_HOURS, "h", N_("hours")},
                                    {JIAOBAN_DESIGNATED, "day", N_("designated day")},
                                    {JIAOBAN_MINUTES, "min", N_("minutes")},
                                    END};

const char *cli_word(struct cli *c, const struct jb_word *words, int value)
{
    for (; words->code != NULL; words++)
        if (words->value == value)
            return _(words->text);
    return value != 0 ? cli_format(c, "%d", value) : "";
}

/* Part of exactly one Chinese text ("督查" of "督查督促权"); English words are written in full. */
static bool part_of_one(const struct jb_word *words, const char *text, int *value)
{
    size_t found = 0;
    if (strlen(text) < TWO_CHARACTERS || (unsigned char)text[0] < 0x80)
        return false;
    for (; words->code != NULL; words++)
        if (strstr(_(words->text), text) != NULL) {
            *value = words->value;
            found++;
        }
    return found == 1;
}

static bool whole_word(const struct jb_word *words, const char *text, int *value)
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

bool cli_word_read(const struct jb_word *words, const char *text, int *value)
{
    int read = 0;
    if (!whole_word(words, text, &read) && !part_of_one(words, text, &read))
        return false;
    *value = read;
    return true;
}
