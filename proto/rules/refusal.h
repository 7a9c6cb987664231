/* Why a rule refused an act: number on the wire, name, article, English text.
 * The numbers start at 100 (below are the technical errors of base/err.h); never reuse one. The
 * Chinese text lives with the command line client's translations, keyed by name. */
#ifndef JB_RULES_REFUSAL_H
#define JB_RULES_REFUSAL_H

#define JB_REFUSALS(X)                                                                             \
    X(NONE, 0, "", "accepted")                                                                     \
    X(UNKNOWN_CASE, 100, "", "no case with this number is known")                                  \
    X(DUPLICATE_CASE, 101, "", "a case with this number is registered already")                    \
    X(BAD_CASE_NUMBER, 102, "", "the case number is malformed or was not issued by this node")     \
    X(NOT_IN_AUDIENCE, 103, "", "your agency takes no part in this case")                          \
    X(WRONG_STAGE, 104, "", "the case is not in a state that allows this")                         \
    X(WRONG_PARTY, 105, "", "this is for another party of the case to do")                         \
    X(STALE_CUSTODY, 106, "", "the case has been handed on since; see its present holder")         \
    X(UNKNOWN_NODE, 107, "", "no such agency in the directory")                                    \
    X(NODE_NOT_VALID, 108, "", "the agency is not in force on this day")                           \
    X(NO_AUTHORITY, 109, "SPEECH", "the first assignment authority does not reach this agency")    \
    X(NOT_A_HOLDER, 110, "SPEECH", "only a holder of the first assignment authority may do this")  \
    X(SAME_NODE, 111, "", "sender and receiver are the same agency")                               \
    X(OUTRANKED, 112, "P4.1", "a hand-over of higher rank is in force")                            \
    X(ALREADY_DONE, 113, "", "this has been done already")                                         \
    X(OBJECTION_TOO_LATE, 114, "23(3)", "the five working days for an objection are over")         \
    X(OBJECTION_OPEN, 115, "23(3)", "an objection is waiting for its ruling")                      \
    X(NO_OBJECTION, 116, "23(3)", "there is no objection to rule on")                              \
    X(NO_RETURN, 117, "P4.3", "after designation there is no return")                              \
    X(REASON_REQUIRED, 118, "", "reasons must be given")                                           \
    X(FIELD_REQUIRED, 119, "", "a required field is missing")                                      \
    X(VALUE_OUT_OF_RANGE, 120, "", "a value is outside its allowed range")                         \
    X(EXTENDED_ALREADY, 121, "34", "the limit has been extended once already")                     \
    X(EXTENSION_TOO_LONG, 122, "34", "an extension may not exceed the allowed days")               \
    X(EXTENSION_TOO_LATE, 123, "34", "the limit is over and can no longer be extended")            \
    X(NOT_EXTENDABLE, 124, "34", "this limit cannot be extended")                                  \
    X(APPROVAL_REQUIRED, 125, "34", "approval by the head of the agency must be named")            \
    X(EXECUTION_OUTSTANDING, 126, "32", "a supported claim must be carried out before closing")    \
    X(NO_SUCH_DEADLINE, 127, "", "the case has no open deadline with this number")                 \
    X(DEADLINE_OF_ANOTHER, 128, "", "this deadline is owed by another agency")                     \
    X(LENGTHENS_STATUTORY, 129, "P4.4", "a designated day may not lie after the statutory limit")  \
    X(DUE_IN_THE_PAST, 130, "", "the designated day is in the past")                               \
    X(NOT_IN_FORCE, 131, "", "this kind of act is not in force in this installation")              \
    X(BROKER_ONLY, 132, "", "only the broker itself makes such entries")                           \
    X(ADMIN_ONLY, 133, "", "only an administrator at the broker may do this")                      \
    X(CODE_TAKEN, 134, "", "the directory code is in use")                                         \
    X(KEY_TAKEN, 135, "", "the key belongs to another node")                                       \
    X(PARENT_LOOP, 136, "", "an agency cannot stand below itself")                                 \
    X(TOO_MANY_CO_HANDLERS, 137, "", "too many co-handlers")                                       \
    X(HOST_IS_CO_HANDLER, 138, "", "the host cannot be a co-handler as well")                      \
    X(MALFORMED_ACT, 139, "", "the submission could not be read")                                  \
    X(REPORT_REQUIRED, 140, "22(3)", "an assignment owes a closing report")                        \
    X(NOT_TOLD, 141, "23", "the petitioner has not been told")                                     \
    X(TOO_MANY_HOPS, 142, "P", "too many hand-overs: this goes to the common superior")            \
    X(POLICY_MISSING, 143, "", "no policy is in force")                                            \
    X(TEXT_INVALID, 144, "", "a text is not valid UTF-8 or contains a NUL character")              \
    X(CONTENT_TOO_LARGE, 145, "", "a text is longer than the limit")                               \
    X(CLOCK_IMPLAUSIBLE, 146, "", "a date lies in the future or is implausible")                   \
    X(ACCUSATION_CONFINED, 147, "30", "an accusation goes to discipline organs only: refer it")    \
    X(COUNTERSIGN_REQUIRED, 148, "P4.6", "a named leader has to countersign")                      \
    X(NOT_DELEGATED, 149, "P4.6", "this leader holds no delegation for this power on this day")    \
    X(NO_SUCH_DIRECTIVE, 150, "", "there is no directive with this number")                        \
    X(NOT_A_RECEIVER, 151, "", "the directive is not addressed to your agency")                    \
    X(DIRECTIVE_OVER, 152, "", "the directive is not in a state that allows this")                 \
    X(BELOW_THRESHOLD, 153, "P5", "too few visitors for a summons at this level")                  \
    X(OWN_FILE_NEEDED, 154, "P4", "a circular is issued in a file of its own, never in a case")    \
    X(NO_SUCH_DOCKET, 155, "39", "there is no open supervision docket with this number")           \
    X(LADDER_ORDER, 156, "39", "the supervision ladder is climbed, never descended")               \
    X(CONFERENCE_ONLY, 157, "39", "from the talk on, steps are the joint conference's acts")       \
    X(CO_ANSWERS_OUTSTANDING, 158, "22", "co-handlers have not answered yet")                      \
    X(CONFERENCE_LEADS, 159, "31", "a cross-boundary case is led by the joint conference")         \
    X(NO_DISPUTE, 160, "P4.5", "there is no dispute to settle")                                    \
    X(RECUSED, 161, "28(3)", "this person or agency is recused from the case")                     \
    X(SECOND_PERSON_REQUIRED, 162, "P8.5",                                                         \
      "a second person has to confirm this: an erasure, or a change to or from accusation")        \
    X(SIMPLE_EXCLUDED, 163, "simple", "this matter is excluded from simple handling")              \
    X(NOT_SIMPLE, 164, "simple", "the case is not on the short track")                             \
    X(REVIEW_LAPSED, 165, "35", "the thirty days for asking are over")                             \
    X(WRONG_REVIEWER, 166, "35", "the organ is not the next higher one")                           \
    X(TERMINATED, 167, "36", "the same facts are closed after the recheck")                        \
    X(NEW_FACTS_REQUIRED, 168, "36", "reopening needs new facts")                                  \
    X(OTHER_CASE_UNKNOWN, 169, "", "the other case is not known to your agency")                   \
    X(NOT_LINKABLE, 170, "", "these two cases cannot be joined in this way")                       \
    X(IN_HAND_ELSEWHERE, 171, "19(3)", "the same matter is in hand in another case")               \
    X(RATING_CLOSED, 172, "G11", "the case cannot be rated now")                                   \
    X(QUERY_CODE_WRONG, 173, "G11", "the query code does not belong to this case")                 \
    X(RATING_NOT_SET_UP, 174, "G11", "the policy sets no window for ratings")                      \
    X(SUCCESSOR_REQUIRED, 175, "P", "the agency still has duties: name its successor")             \
    X(HEARING_STATE, 176, "36", "no hearing can be started or ended now")                          \
    X(BEYOND_POWERS, 177, "P4.7", "the first assignment authority does not extend to this")        \
    X(DOCKET_NUMBER_TAKEN, 178, "", "the docket number is in use in this file")                    \
    X(EXIT_TAKEN, 179, "31", "the matter has gone to another statutory route")                     \
    X(TIME_IN_DOUBT, 180, "", "the broker's clock is in doubt and has to be confirmed first")      \
    X(KEY_ERASED, 181, "", "what was sealed in this case has been erased")                         \
    X(KEY_DIFFERS, 182, "", "it is sealed under another key than that of the case")                \
    X(ATTACHED_TOO_MUCH, 183, "", "the agency has attached as much as it may")

enum jb_refusal {
#define X(name, number, article, text) JB_REFUSE_##name = (number),
    JB_REFUSALS(X)
#undef X
};

/* Static storage, any thread; an unknown number gives "UNKNOWN", "" and a generic text. */
const char *jb_refusal_name(enum jb_refusal r);
const char *jb_refusal_article(enum jb_refusal r);
const char *jb_refusal_text(enum jb_refusal r);

#endif
