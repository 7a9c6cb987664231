/* See people.h. */
#include "proto/wire/people.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/utf8.h"

void jb_account_of(const struct jb_local_identity *id, struct jb_account *out)
{
    const struct passwd *p = getpwuid(id->uid);

    out->name = id->user;
    out->uid = id->uid;
    out->groups[0] = id->gid;
    out->group_count = p != NULL ? JB_PEOPLE_GROUPS : 1;
    if (p != NULL && getgrouplist(p->pw_name, p->pw_gid, out->groups, &out->group_count) < 0)
        out->group_count = 0;
}

/* ---- going through a list ---- */

/* The next name of the list into `name`, without blanks around it. false: no more. A name that is
 * too long is cut: jb_people_check has refused it. */
static bool next_name(const char **list, char name[JB_PEOPLE_NAME_BYTES])
{
    const char *at = *list + strspn(*list, " \t,");
    size_t len = strcspn(at, ",");

    *list = at + len;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    (void)snprintf(name, JB_PEOPLE_NAME_BYTES, "%.*s", (int)len, at);
    return len > 0;
}

/* "uid:1005" */
static bool uid_of(const char *name, uid_t *uid)
{
    char *end = NULL;

    if (strncmp(name, "uid:", 4) != 0 || name[4] < '0' || name[4] > '9')
        return false;
    unsigned long number = strtoul(name + 4, &end, 10);
    *uid = (uid_t)number;
    return *end == '\0' && number < UINT32_MAX; /* the largest one is nobody's */
}

static bool in_group(const struct jb_account *account, const char *group)
{
    const struct group *g = getgrnam(group);

    for (int i = 0; g != NULL && i < account->group_count; i++)
        if (account->groups[i] == g->gr_gid)
            return true;
    return false;
}

bool jb_people_names(const char *list, const struct jb_account *account)
{
    char name[JB_PEOPLE_NAME_BYTES];
    uid_t uid;

    while (next_name(&list, name)) {
        if (name[0] == '@' ? in_group(account, name + 1) : strcmp(name, account->name) == 0)
            return true;
        if (uid_of(name, &uid) && uid == account->uid)
            return true;
    }
    return false;
}

bool jb_people_names_person(const char *list, const char *account, const char *person)
{
    char name[JB_PEOPLE_NAME_BYTES];
    size_t len = strlen(account);

    while (next_name(&list, name)) {
        bool with_account = strncmp(name, account, len) == 0 && name[len] == '/';

        if (strcmp(with_account ? name + len + 1 : name, person) == 0)
            return true;
    }
    return false;
}

/* ---- checks ---- */

static enum jb_err check_name(const char *at, size_t len, struct jb_fault *fault)
{
    char shown[2 * JB_PEOPLE_NAME_BYTES];
    uid_t uid;
    char name[JB_PEOPLE_NAME_BYTES];

    (void)jb_text_escape(at, len < JB_PEOPLE_NAME_BYTES ? len : JB_PEOPLE_NAME_BYTES - 1, shown,
                         sizeof shown);
    if (len >= JB_PEOPLE_NAME_BYTES)
        return jb_fault_set(fault, JB_CONFIG, "\"%s...\" is longer than %d bytes", shown,
                            JB_PEOPLE_NAME_BYTES - 1);
    (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
    if (jb_text_check_line(name, len) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "\"%s\" is not a name", shown);
    if (name[0] == '@' && getgrnam(name + 1) == NULL)
        return jb_fault_set(fault, JB_CONFIG, "there is no group \"%s\" on this machine",
                            shown + 1);
    if (strncmp(name, "uid:", 4) == 0 && !uid_of(name, &uid))
        return jb_fault_set(fault, JB_CONFIG, "\"%s\": uid: and a number", shown);
    return JB_OK;
}

enum jb_err jb_people_check(const char *list, struct jb_fault *fault)
{
    if (strlen(list) > JB_PEOPLE_BYTES)
        return jb_fault_set(fault, JB_CONFIG, "longer than %d bytes: use a group", JB_PEOPLE_BYTES);
    for (const char *at = list + strspn(list, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
        size_t len = strcspn(at, ",");
        size_t trimmed = len;

        while (trimmed > 0 && (at[trimmed - 1] == ' ' || at[trimmed - 1] == '\t'))
            trimmed--;
        enum jb_err err = check_name(at, trimmed, fault);
        if (err != JB_OK)
            return err;
        at += len;
    }
    return JB_OK;
}

/* The person, whichever account speaks for him. */
static const char *person_of(const char *name)
{
    const char *slash = strchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

static bool names_same_person(const char *list, const char *person)
{
    char name[JB_PEOPLE_NAME_BYTES];

    while (next_name(&list, name))
        if (strcmp(person_of(name), person_of(person)) == 0)
            return true;
    return false;
}

/* Does the list name the account of this login name? */
static bool names_login(const char *list, const char *login)
{
    const struct passwd *p = getpwnam(login);
    struct jb_local_identity id = {.uid = (uid_t)-1};
    struct jb_account account;

    if (p == NULL)
        return names_same_person(list, login);
    id.uid = p->pw_uid;
    id.gid = p->pw_gid;
    (void)snprintf(id.user, sizeof id.user, "%s", login);
    jb_account_of(&id, &account);
    return jb_people_names(list, &account);
}

static bool member_named(const char *group, const char *list, char *name)
{
    const struct group *g = getgrnam(group);

    for (size_t i = 0; g != NULL && g->gr_mem[i] != NULL; i++) {
        char login[JB_PEOPLE_NAME_BYTES];

        (void)snprintf(login, sizeof login, "%s", g->gr_mem[i]); /* the next call overwrites it */
        if (names_login(list, login)) {
            (void)snprintf(name, JB_PEOPLE_NAME_BYTES, "%s", login);
            return true;
        }
        g = getgrnam(group);
    }
    return false;
}

/* A login name of a list that the other one names too. */
static bool shared_one_way(const char *list, const char *other, char *name)
{
    char entry[JB_PEOPLE_NAME_BYTES];
    uid_t uid;

    while (next_name(&list, entry)) {
        const struct passwd *p = uid_of(entry, &uid) ? getpwuid(uid) : NULL;

        if (p != NULL)
            (void)snprintf(entry, sizeof entry, "%s", p->pw_name);
        if (entry[0] == '@' && names_same_person(other, entry)) { /* the very same group */
            (void)snprintf(name, JB_PEOPLE_NAME_BYTES, "%s", entry);
            return true;
        }
        if (entry[0] == '@' ? member_named(entry + 1, other, name) : names_login(other, entry)) {
            if (entry[0] != '@')
                (void)snprintf(name, JB_PEOPLE_NAME_BYTES, "%s", entry);
            return true;
        }
    }
    return false;
}

bool jb_people_shared(const char *one, const char *other, char *name)
{
    const char *const lists[] = {one, other};

    for (size_t i = 0; i < 2; i++)
        if (shared_one_way(lists[i], lists[1 - i], name))
            return true;
    return false;
}
