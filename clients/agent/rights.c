/* Who may do what at this agency: roles from the configuration, rights from proto/rules/staff.h.
 *
 * With no role given, this agent's own account and root hold every role (they could read the
 * replica anyway), and whoever else the socket's permissions let in is clerk and supervisor: one
 * office, no administrator at night. As soon as one is given, what is not given is not allowed. */
#include <stdio.h>
#include <unistd.h>

#include "clients/agent/requests.h"
#include "proto/base/log.h"
#include "proto/wire/people.h"

#define ROLES_UNNAMED (JB_STAFF_BIT(CLERK) | JB_STAFF_BIT(SUPERVISOR))

bool jb_agent_roles_given(const struct jb_agent_config *c)
{
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        if (c->roles[i][0] != '\0')
            return true;
    return false;
}

/* ---- who holds what ---- */

static unsigned roles_of_account(const struct jb_agent_config *c,
                                 const struct jb_local_identity *id)
{
    struct jb_account account;
    unsigned roles = JB_STAFF_NONE;
    if (!jb_agent_roles_given(c))
        return id->uid == geteuid() || id->uid == 0 ? JB_STAFF_ALL : ROLES_UNNAMED;
    jb_account_of(id, &account);
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        if (jb_people_names(c->roles[i], &account))
            roles |= 1U << i;
    return roles;
}

static unsigned roles_of_person(const struct jb_agent_config *c, const char *account,
                                const char *person)
{
    unsigned roles = JB_STAFF_NONE;
    if (!jb_agent_roles_given(c))
        return JB_STAFF_ALL;
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        if (i != JB_STAFF_GATEWAY && jb_people_names_person(c->roles[i], account, person))
            roles |= 1U << i;
    return roles;
}

/* Groups may have changed since the configuration was read. */
static enum jb_err check_clash(struct jb_agent_request *r)
{
    enum jb_staff one, other;
    if (!jb_agent_roles_given(r->agent->config) || !jb_staff_clash(r->roles, &one, &other))
        return JB_OK;
    r->roles = JB_STAFF_NONE;
    return jb_fault_set(&r->fault, JB_DENIED,
                        "%s is %s and %s, which exclude each other: the administrator has to "
                        "change [roles] or a group",
                        r->user.data, jb_staff_word(one), jb_staff_word(other));
}

enum jb_err jb_agent_roles_find(struct jb_agent_request *r, const char *person)
{
    const struct jb_agent_config *c = r->agent->config;
    const struct jb_local_identity *id = jb_local_peer_identity(r->client->peer);
    r->roles = roles_of_account(c, id);
    if (person[0] != '\0') {
        enum jb_err err = jb_agent_rights_need(r, JB_RIGHT_ACT_FOR, "to act for another person");
        if (err != JB_OK)
            return err;
        r->roles = roles_of_person(c, id->user, person);
    }
    return check_clash(r);
}

/* ---- refusals ---- */

/* "clerk: @jiaoban, li; supervisor: nobody" */
static void holders_text(const struct jb_agent_config *c, unsigned roles, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < JB_STAFF_COUNT && used < size; i++) {
        if ((roles & 1U << i) == 0)
            continue;
        const char *held = c->roles[i][0] != '\0' ? c->roles[i] : "nobody";
        int n = snprintf(out + used, size - used, "%s%s: %s", used > 0 ? "; " : "",
                         jb_staff_word((enum jb_staff)i), held);
        used += n > 0 ? (size_t)n : 0;
    }
}

static enum jb_err deny(struct jb_agent_request *r, unsigned roles, const char *what)
{
    char needed[64], held[64], holders[128];
    if (roles == JB_STAFF_NONE)
        return jb_fault_set(&r->fault, JB_DENIED,
                            "%s: no person does this at an agency, the system or the broker does",
                            what);
    jb_staff_text(roles, " or ", needed, sizeof needed);
    jb_staff_text(r->roles, ", ", held, sizeof held);
    if (jb_agent_roles_given(r->agent->config))
        holders_text(r->agent->config, roles, holders, sizeof holders);
    else
        (void)snprintf(holders, sizeof holders,
                       "nobody is named in [roles]: the agent's own "
                       "account");
    return jb_fault_set(&r->fault, JB_DENIED, "%s needs the role %s, %s has: %s. Here %s", what,
                        needed, r->user.data, held, holders);
}

enum jb_err jb_agent_rights_need(struct jb_agent_request *r, enum jb_right right, const char *what)
{
    unsigned roles = jb_right_roles(right);
    if (right == JB_RIGHT_ANYONE || (r->roles & roles) != 0)
        return JB_OK;
    return deny(r, roles, what);
}

/* ---- acts ---- */

/* Does an act of this kind carry a leader's countersignature, when it carries one at all? */
static bool leader_countersigns(enum jb_act_kind kind)
{
    return kind == JB_ACT_ASSIGN || kind == JB_ACT_ISSUE_DIRECTIVE ||
           kind == JB_ACT_COUNTERSIGN_DIRECTIVE;
}

/* Where roles are given, who countersigns is a leader by that list, and the person who records it
 * is another one than who issued the directive. That the two differ from each other is a rule. */
enum jb_err jb_agent_rights_countersign(struct jb_agent_request *r, const struct jb_act *act,
                                        struct jb_text issued_by)
{
    const char *leaders = r->agent->config->roles[JB_STAFF_LEADER];
    if (!jb_agent_roles_given(r->agent->config) || !leader_countersigns(act->kind))
        return JB_OK;
    if (act->kind == JB_ACT_COUNTERSIGN_DIRECTIVE && jb_text_equal(issued_by, r->user))
        return jb_fault_set(&r->fault, JB_DENIED,
                            "%s issued this directive: another leader countersigns it (%s)",
                            r->user.data, leaders);
    char *name = jb_arena_strndup(r->arena, act->countersigned_by.data, act->countersigned_by.len);
    if (name == NULL)
        return JB_NOMEM;
    if (name[0] == '\0' ||
        jb_people_names_person(leaders, jb_local_peer_identity(r->client->peer)->user, name))
        return JB_OK;
    return jb_fault_set(&r->fault, JB_DENIED,
                        "countersigned_by: %s is not named as a leader here (%s)", name,
                        leaders[0] != '\0' ? leaders : "nobody is");
}

/* ---- for the log ---- */

void jb_agent_roles_tell(const struct jb_agent *a)
{
    const struct jb_agent_config *c = a->config;
    if (!jb_agent_roles_given(c)) {
        jb_log(JB_LOG_NOTICE, c->code, "roles.none_given",
               "text=\"this agent's account may do everything, others who may open the socket are "
               "clerks and supervisors; name people in [roles]\"");
        return;
    }
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        jb_log(JB_LOG_NOTICE, c->code, "role", "role=%s people=\"%s\"",
               jb_staff_word((enum jb_staff)i), c->roles[i]);
    if (c->roles[JB_STAFF_CLERK][0] == '\0' && c->roles[JB_STAFF_SUPERVISOR][0] == '\0')
        jb_log(JB_LOG_WARNING, c->code, "roles.nobody_registers",
               "text=\"[roles] names neither a clerk nor a supervisor\"");
}
