/* See duty.h. */
#include "daemon/duty.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/wire/people.h"

static const struct {
    enum jb_act_kind kind;
    unsigned duty;
} acts[] = {
    {JB_ACT_ENROL_NODE, JB_DUTY_BIT(SYSTEM)},     {JB_ACT_CHANGE_NODE, JB_DUTY_BIT(SYSTEM)},
    {JB_ACT_REPLACE_KEYS, JB_DUTY_BIT(SECURITY)}, {JB_ACT_RETIRE_NODE, JB_DUTY_BIT(SYSTEM)},
    {JB_ACT_INSTALL_POLICY, JB_DUTY_BIT(SYSTEM)}, {JB_ACT_INSTALL_CALENDAR, JB_DUTY_BIT(SYSTEM)},
};

const char *jb_duty_word(enum jb_admin_duty duty)
{
    static const char *const words[JB_DUTY_COUNT] = {"system", "security", "audit"};
    return (unsigned)duty < JB_DUTY_COUNT ? words[duty] : "";
}

struct jb_duty_need jb_duty_of_act(enum jb_act_kind kind)
{
    struct jb_duty_need need = {0, 0};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (acts[i].kind == kind)
            need.any = acts[i].duty;
    return need;
}

/* ---- who ---- */

bool jb_duty_given(const struct jb_broker_config *c)
{
    for (unsigned i = 0; i < JB_DUTY_COUNT; i++)
        if (c->admins[i][0] != '\0')
            return true;
    return false;
}

bool jb_duty_single(const struct jb_broker_config *c)
{
    return c->single_admin || !jb_duty_given(c);
}

/* More than one bit. */
static bool several(unsigned duties)
{
    return (duties & (duties - 1)) != 0;
}

enum jb_err jb_duty_held(const struct jb_broker_config *c, const struct jb_local_identity *id,
                         unsigned *duties, struct jb_fault *fault)
{
    struct jb_account account;
    *duties = 0;
    if (!jb_duty_given(c)) {
        *duties = id->uid == geteuid() || id->uid == 0 ? JB_DUTY_ALL : 0;
        return JB_OK;
    }
    jb_account_of(id, &account);
    for (unsigned i = 0; i < JB_DUTY_COUNT; i++)
        if (jb_people_names(c->admins[i], &account))
            *duties |= 1U << i;
    if (!several(*duties) || c->single_admin)
        return JB_OK;
    *duties = 0;
    return jb_fault_set(fault, JB_DENIED,
                        "%s has two duties of administration: [admins] or a group has to change",
                        id->user);
}

/* "system (root), security (wang)" */
static void holders_text(const struct jb_broker_config *c, unsigned duties, const char *link,
                         char *out, size_t size)
{
    size_t used = 0;
    (void)snprintf(out, size, "nobody");
    for (unsigned i = 0; i < JB_DUTY_COUNT && used < size; i++) {
        if ((duties & 1U << i) == 0)
            continue;
        const char *held = c->admins[i][0] != '\0' ? c->admins[i] : "nobody is named";
        int n = snprintf(out + used, size - used, "%s%s (%s)", used > 0 ? link : "",
                         jb_duty_word((enum jb_admin_duty)i), held);
        used += n > 0 ? (size_t)n : 0;
    }
}

enum jb_err jb_duty_check(const struct jb_broker_config *c, unsigned held, struct jb_duty_need need,
                          const char *what, struct jb_fault *fault)
{
    char wanted[160];
    if ((held & need.any) != 0 && (held & need.all) == need.all)
        return JB_OK;
    if (need.any == 0)
        return jb_fault_set(fault, JB_DENIED, "%s: an administrator does not make this here", what);
    bool both = (held & need.any) != 0;
    holders_text(c, both ? need.all : need.any, both ? " and " : " or ", wanted, sizeof wanted);
    if (!jb_duty_given(c))
        (void)snprintf(wanted, sizeof wanted,
                       "one of the broker's own account until people are named in [admins]");
    return jb_fault_set(fault, JB_DENIED, "%s is a duty of administration: %s", what, wanted);
}

/* ---- the configuration ---- */

static enum jb_err check_shared(const struct jb_broker_config *c, unsigned one, unsigned other,
                                struct jb_fault *fault)
{
    char name[JB_PEOPLE_NAME_BYTES];
    if (c->single_admin || !jb_people_shared(c->admins[one], c->admins[other], name))
        return JB_OK;
    return jb_fault_set(fault, JB_CONFIG,
                        "[admins] %s, %s: %s cannot hold both (single_admin = yes allows it to "
                        "a tiny installation)",
                        jb_duty_word((enum jb_admin_duty)one),
                        jb_duty_word((enum jb_admin_duty)other), name);
}

enum jb_err jb_duty_config_check(const struct jb_broker_config *c, struct jb_fault *fault)
{
    for (unsigned i = 0; i < JB_DUTY_COUNT; i++) {
        struct jb_fault why = {""};
        if (jb_people_check(c->admins[i], &why) != JB_OK)
            return jb_fault_set(fault, JB_CONFIG, "[admins] %s: %s",
                                jb_duty_word((enum jb_admin_duty)i), why.text);
        if (jb_duty_given(c) && c->admins[i][0] == '\0')
            return jb_fault_set(fault, JB_CONFIG,
                                "[admins] %s is not set: name somebody for each of system, "
                                "security and audit, or nobody for any",
                                jb_duty_word((enum jb_admin_duty)i));
    }
    enum jb_err err = JB_OK;
    for (unsigned i = 0; i < JB_DUTY_COUNT; i++)
        for (unsigned k = 0; k < i && err == JB_OK; k++)
            err = check_shared(c, k, i, fault);
    return err;
}

void jb_duty_tell(const struct jb_broker_config *c)
{
    if (jb_duty_single(c))
        jb_log(JB_LOG_WARNING, NULL, "admins.single",
               "text=\"%s: one account may hold all duties of administration\"",
               c->single_admin ? "single_admin = yes" : "nobody is named in [admins]");
    for (unsigned i = 0; i < JB_DUTY_COUNT && jb_duty_given(c); i++)
        jb_log(JB_LOG_NOTICE, NULL, "admins", "duty=%s people=\"%s\"",
               jb_duty_word((enum jb_admin_duty)i), c->admins[i]);
}
