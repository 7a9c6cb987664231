/* The rows behind proto/rules/staff.h. */
#define JB_RULES_STAFF_C
#include "proto/rules/staff.h"

#include <stdio.h>

static const struct {
    const char *word;
    unsigned roles;
} rights[JB_RIGHT_COUNT] = {[JB_RIGHT_NONE] = {"", JB_STAFF_NONE},
#define X(name, word, roles) [JB_RIGHT_##name] = {#word, roles},
                            JB_RIGHTS(X)
#undef X
};

/* One row for each kind of act. */
static const uint8_t acts[] = {
    [JB_ACT_REGISTER] = JB_RIGHT_REGISTER,
    [JB_ACT_ASSIGN] = JB_RIGHT_SEND,
    [JB_ACT_FORWARD] = JB_RIGHT_SEND,
    [JB_ACT_HANDOVER] = JB_RIGHT_SEND,
    [JB_ACT_REFER] = JB_RIGHT_SEND,
    [JB_ACT_SIGN_FOR] = JB_RIGHT_HANDLE,
    [JB_ACT_ACCEPT] = JB_RIGHT_HANDLE,
    [JB_ACT_DECLINE] = JB_RIGHT_HANDLE,
    [JB_ACT_NOTIFY] = JB_RIGHT_HANDLE,
    [JB_ACT_OBJECT] = JB_RIGHT_OBJECT,
    [JB_ACT_RULE_ON_OBJECTION] = JB_RIGHT_RULE,
    [JB_ACT_ESCALATE_DISPUTE] = JB_RIGHT_OBJECT,
    [JB_ACT_DESIGNATE] = JB_RIGHT_RULE,
    [JB_ACT_EXTEND] = JB_RIGHT_HANDLE,
    [JB_ACT_NOTE] = JB_RIGHT_HANDLE,
    [JB_ACT_ANSWER] = JB_RIGHT_HANDLE,
    [JB_ACT_EXECUTE] = JB_RIGHT_HANDLE,
    [JB_ACT_CLOSE] = JB_RIGHT_HANDLE,
    [JB_ACT_CLASSIFY] = JB_RIGHT_HANDLE,
    [JB_ACT_START_SIMPLE] = JB_RIGHT_HANDLE,
    [JB_ACT_TURN_ORDINARY] = JB_RIGHT_HANDLE,
    [JB_ACT_LINK] = JB_RIGHT_HANDLE,
    [JB_ACT_MERGE] = JB_RIGHT_HANDLE,
    [JB_ACT_SPLIT] = JB_RIGHT_HANDLE,
    [JB_ACT_REOPEN] = JB_RIGHT_RULE,
    [JB_ACT_RECUSE] = JB_RIGHT_RECUSE,
    [JB_ACT_RECORD_DELIVERY] = JB_RIGHT_HANDLE,
    [JB_ACT_REPORT_UP] = JB_RIGHT_SEND,
    [JB_ACT_REQUEST_REVIEW] = JB_RIGHT_HANDLE,
    [JB_ACT_GIVE_REVIEW] = JB_RIGHT_HANDLE,
    [JB_ACT_REQUEST_RECHECK] = JB_RIGHT_HANDLE,
    [JB_ACT_GIVE_RECHECK] = JB_RIGHT_HANDLE,
    [JB_ACT_START_HEARING] = JB_RIGHT_HANDLE,
    [JB_ACT_END_HEARING] = JB_RIGHT_HANDLE,
    [JB_ACT_TERMINATE] = JB_RIGHT_RULE,
    [JB_ACT_ISSUE_DIRECTIVE] = JB_RIGHT_DIRECT,
    [JB_ACT_COUNTERSIGN_DIRECTIVE] = JB_RIGHT_COUNTERSIGN,
    [JB_ACT_SIGN_DIRECTIVE] = JB_RIGHT_HANDLE,
    [JB_ACT_ANSWER_DIRECTIVE] = JB_RIGHT_HANDLE,
    [JB_ACT_CLEAR_DIRECTIVE] = JB_RIGHT_DIRECT,
    [JB_ACT_OBJECT_DIRECTIVE] = JB_RIGHT_OBJECT,
    [JB_ACT_WITHDRAW_DIRECTIVE] = JB_RIGHT_DIRECT,
    [JB_ACT_DELEGATE] = JB_RIGHT_DELEGATE,
    [JB_ACT_END_DELEGATION] = JB_RIGHT_DELEGATE,
    [JB_ACT_OPEN_DOCKET] = JB_RIGHT_DIRECT,
    [JB_ACT_STEP_DOCKET] = JB_RIGHT_DIRECT,
    [JB_ACT_CLOSE_DOCKET] = JB_RIGHT_DIRECT,
    [JB_ACT_URGE] = JB_RIGHT_DIRECT,
    [JB_ACT_RATE] = JB_RIGHT_RATE,
    [JB_ACT_SET_PLAN] = JB_RIGHT_HANDLE,
    [JB_ACT_ATTACH] = JB_RIGHT_ATTACH,
    [JB_ACT_FULFIL] = JB_RIGHT_HANDLE,
    [JB_ACT_OPEN_RATING] = JB_RIGHT_SYSTEM,
    [JB_ACT_OPENED] = JB_RIGHT_LOOK,
    [JB_ACT_ACKNOWLEDGE] = JB_RIGHT_ALARMS,
    [JB_ACT_STORED] = JB_RIGHT_SYSTEM,
    [JB_ACT_RECEIVED] = JB_RIGHT_SYSTEM,
    [JB_ACT_WARN] = JB_RIGHT_SYSTEM,
    [JB_ACT_MISS] = JB_RIGHT_SYSTEM,
    [JB_ACT_UNDELIVERED] = JB_RIGHT_SYSTEM,
    [JB_ACT_UNSIGNED] = JB_RIGHT_SYSTEM,
    [JB_ACT_CLOCK_STEP] = JB_RIGHT_SYSTEM,
    [JB_ACT_RECOUNT] = JB_RIGHT_SYSTEM,
    [JB_ACT_SUCCEED] = JB_RIGHT_SYSTEM,
    [JB_ACT_ENROL_NODE] = JB_RIGHT_SYSTEM,
    [JB_ACT_CHANGE_NODE] = JB_RIGHT_SYSTEM,
    [JB_ACT_REPLACE_KEYS] = JB_RIGHT_SYSTEM,
    [JB_ACT_RETIRE_NODE] = JB_RIGHT_SYSTEM,
    [JB_ACT_INSTALL_POLICY] = JB_RIGHT_SYSTEM,
    [JB_ACT_INSTALL_CALENDAR] = JB_RIGHT_SYSTEM,
    [JB_ACT_NEW_EPOCH] = JB_RIGHT_SYSTEM,
    [JB_ACT_PURGED] = JB_RIGHT_SYSTEM,
    [JB_ACT_QUARANTINE] = JB_RIGHT_SYSTEM,
    [JB_ACT_REPLAY] = JB_RIGHT_SYSTEM,
    [JB_ACT_ERASE_KEY] = JB_RIGHT_ERASE,
    [JB_ACT_LOST] = JB_RIGHT_SYSTEM,
};

const char *jb_staff_word(enum jb_staff role)
{
    static const char *const words[] = {
#define X(name, word) #word,
        JB_STAFF(X)
#undef X
    };
    return (unsigned)role < JB_STAFF_COUNT ? words[role] : "";
}

const char *jb_right_word(enum jb_right right)
{
    return (unsigned)right < JB_RIGHT_COUNT ? rights[right].word : "";
}

unsigned jb_right_roles(enum jb_right right)
{
    return (unsigned)right < JB_RIGHT_COUNT ? rights[right].roles : JB_STAFF_NONE;
}

enum jb_right jb_right_of_act(enum jb_act_kind kind)
{
    size_t row = (size_t)kind;

    return row < sizeof acts / sizeof acts[0] ? (enum jb_right)acts[row] : JB_RIGHT_NONE;
}

bool jb_staff_clash(unsigned roles, enum jb_staff *one, enum jb_staff *other)
{
    static const enum jb_staff alone[] = {JB_STAFF_AUDITOR, JB_STAFF_GATEWAY};

    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        unsigned rest = roles & ~(1U << alone[i]);

        if (rest == roles || rest == 0)
            continue;
        *one = alone[i];
        *other = JB_STAFF_CLERK;
        while ((rest & 1U << *other) == 0)
            *other = (enum jb_staff)(*other + 1);
        return true;
    }
    return false;
}

void jb_staff_text(unsigned roles, const char *link, char *out, size_t size)
{
    size_t used = 0;

    (void)snprintf(out, size, "%s", (roles & JB_STAFF_ALL) == 0 ? "nobody" : "");
    for (unsigned role = 0; role < JB_STAFF_COUNT; role++) {
        if ((roles & 1U << role) == 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used > 0 ? link : "",
                         jb_staff_word((enum jb_staff)role));
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}
