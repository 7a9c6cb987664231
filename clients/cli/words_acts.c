/* What was done, as the timeline and an administrator's answer say it; what the clocks of the
 * policy are called. Texts for people, by the names of the protocol. */
#include "clients/cli/cli.h"

#include <string.h>

struct named {
    const char *name, *text; /* text: msgid */
};

static const struct named acts[] = {
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
    {"answer", N_("answered the case")},
    {"execute", N_("carried the opinion out")},
    {"close", N_("closed the case")},
    {"classify", N_("classified the matter anew")},
    {"start_simple", N_("took the short track")},
    {"turn_ordinary", N_("turned it into an ordinary case")},
    {"link", N_("linked the case")},
    {"merge", N_("merged the case")},
    {"split", N_("split the case")},
    {"reopen", N_("reopened the case")},
    {"recuse", N_("recused from the case")},
    {"record_delivery", N_("recorded a delivery")},
    {"report_up", N_("reported the matter up")},
    {"request_review", N_("took in the request for a review")},
    {"give_review", N_("gave the opinion of the review")},
    {"request_recheck", N_("took in the request for a recheck")},
    {"give_recheck", N_("gave the opinion of the recheck")},
    {"start_hearing", N_("began a hearing")},
    {"end_hearing", N_("ended the hearing")},
    {"terminate", N_("ended the case for good")},
    {"issue_directive", N_("issued a directive")},
    {"countersign_directive", N_("had a directive countersigned")},
    {"sign_directive", N_("signed for a directive")},
    {"answer_directive", N_("answered a directive")},
    {"clear_directive", N_("cleared a directive")},
    {"object_directive", N_("objected to a directive")},
    {"withdraw_directive", N_("withdrew a directive")},
    {"delegate", N_("delegated a power")},
    {"end_delegation", N_("ended a delegation")},
    {"open_docket", N_("opened a supervision docket")},
    {"step_docket", N_("took the next step of supervision")},
    {"close_docket", N_("closed a supervision docket")},
    {"urge", N_("urged")},
    {"rate", N_("took in a rating")},
    {"set_plan", N_("set the plan")},
    {"attach", N_("attached a document")},
    {"fulfil", N_("kept a commitment")},
    {"open_rating", N_("the window for rating is over")},
    {"opened", N_("opened the case file")},
    {"acknowledge", N_("acknowledged a deadline")},
    {"stored", N_("the agent's receipt arrived")},
    {"received", N_("received on a later day: limits count from then")},
    {"warn", N_("a deadline comes near")},
    {"miss", N_("a deadline has passed")},
    {"undelivered", N_("still not delivered")},
    {"unsigned_step", N_("still not signed for")},
    {"clock_step", N_("the broker's clock was set")},
    {"recount", N_("a date was counted again with the new calendar")},
    {"succeed", N_("duties went to the successor")},
    {"enrol_node", N_("enrolled an agency")},
    {"change_node", N_("changed an agency")},
    {"replace_keys", N_("replaced keys")},
    {"retire_node", N_("retired an agency")},
    {"install_policy", N_("installed a policy")},
    {"install_calendar", N_("installed a calendar")},
    {"new_epoch", N_("began a new file")},
    {"purged", N_("purged the case")},
    {"quarantine", N_("set aside what could not be processed")},
    {"replay", N_("processed again what had been set aside")},
    {"lost", N_("an entry that was lost with the broker's disk")},
    {"erase_key", N_("erased petitioners' data")},
    {"the file is good", N_("the file is good")},
    {"installed already", N_("installed already")},
    {"configuration read again", N_("configuration read again")},
};

static const struct named keys[] = {
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
    {"sign", N_("signing for it")},
    {"silence", N_("silence of the receiver")},
    {"deliver", N_("delivery")},
    {"co-answer", N_("answer of a co-handler")},
    {"settle", N_("settling the dispute")},
    {"execute", N_("carrying out")},
    {"investigate", N_("investigation")},
    {"coordinate", N_("coordination")},
    {"supervise", N_("reply under supervision")},
    {"circulate", N_("read receipt of a circular")},
    {"summon", N_("coming to receive the visitors")},
    {"docket", N_("supervision docket")},
    {"plan", N_("commitment of the plan")},
};

static const char *text_of(const struct named *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return _(rows[i].text);
    return name;
}

const char *cli_act_text(const char *kind)
{
    return text_of(acts, sizeof acts / sizeof acts[0], kind);
}

const char *cli_key_text(const char *key)
{
    return text_of(keys, sizeof keys / sizeof keys[0], key);
}
