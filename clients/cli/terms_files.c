/* What can be wrong with a policy or calendar file that an administrator installs, as the broker
 * says it: the formats of proto/rules/policy.c, policy_key.c, calendar.c and proto/base/initext.c,
 * daemon/install.c. */
#include "clients/cli/cli.h"

static const char *const formats[] = {
    /* initext.c */
    N_("expected [section], key = value or # comment"),
    N_("a section stands alone on its line: [name]"),
    N_("a section's name has 1 to 49 bytes"),
    N_("a key has at most 49 bytes"),
    N_("a key must not contain a colon"),
    N_("the line is longer than 4000 bytes"),
    N_("the line contains a control character"),
    N_("the line is too long for the installed inih"),
    N_("unknown section [%s]"),
    /* policy.c, policy_key.c, calendar.c */
    N_("\"%s\" is given twice"),
    N_("unknown key \"%s\" in [%s]"),
    N_("[deadline %s]: warn_days need a limit in days"),
    N_("[deadline %s]: hearings are taken out of calendar days"),
    N_("[deadline %s] lacks \"%s\""),
    N_("[%s] lacks \"%s\""),
    N_("\"%s\" is no key of a deadline (a-z and -)"),
    N_("deadline \"%s\" is there twice"),
    N_("more than %d deadlines"),
    N_("section [%s] is there twice"),
    N_("section [%s] is missing"),
    N_("deadline \"%s\" is missing"),
    N_("deadline \"%s\" is missing its limit"),
    N_("policy: out of memory"),
    N_("policy: %s"),
    N_("the value is empty"),
    N_("\"%s\" is no division code of 2 to %d digits"),
    N_("\"%s\" is not a date YYYY-MM-DD"),
    N_("\"%s\" is neither yes nor no"),
    N_("\"%s\" is not a number from %u to %u"),
    N_("\"%s\" is not calendar, working, hours or minutes"),
    N_("\"%s\" is not a list of at most %d descending numbers of days"),
    N_("\"%s\" is neither nothing nor dispute"),
    N_("%s stands here a second time"),
    N_("%s must not be empty"),
    N_("%s: %s is not a date like 2026-12-31"),
    N_("unknown key %s in section [calendar]"),
    N_("section [calendar] with covers_from and covers_to comes first"),
    N_("%s is not a date like 2026-01-01"),
    N_("%s is not between covers_from and covers_to"),
    N_("%s: the occasion is missing"),
    N_("%s: [calendar] needs version, covers_from and covers_to"),
    N_("%s: covers_from is after covers_to"),
    N_("%s: %s is listed twice"),
    N_("%s: larger than 1 MiB"),
};

/* Apart: in a table as long as the one above, a text in pieces looks like a missing comma. */
static const char *const long_formats[] = {
    N_("\"%s\" is not a list of flags: repeat, anonymous, joint, urgent, cross-boundary, "
       "litigation, old, public, secret, unreachable"),
    N_("policy version \"%.*s\" is installed with other contents: give the changed file a new "
       "version"),
    N_("calendar version \"%.*s\" is installed with other contents: give the changed file a new "
       "version"),
};

const char *cli_file_format(size_t i)
{
    const size_t count = sizeof formats / sizeof formats[0];
    if (i < count)
        return formats[i];
    i -= count;
    return i < sizeof long_formats / sizeof long_formats[0] ? long_formats[i] : NULL;
}
