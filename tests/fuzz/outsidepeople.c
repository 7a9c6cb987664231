/* Accounts and groups of a machine that is the same everywhere: see outsideline.c. */
#include <grp.h>
#include <pwd.h>

#include "tests/fuzz/fuzz.h"

struct passwd *outside_getpwuid(uid_t uid) __asm__("__wrap_getpwuid");
struct passwd *outside_getpwnam(const char *name) __asm__("__wrap_getpwnam");
struct group *outside_getgrnam(const char *name) __asm__("__wrap_getgrnam");
int outside_getgrouplist(const char *user, gid_t group, gid_t *groups,
                         int *count) __asm__("__wrap_getgrouplist");

static char root[] = "root", li[] = "li", wang[] = "王", gate[] = "gate", office[] = "jiaoban",
            nobody[] = "empty";

static struct passwd accounts[] = {
    {.pw_name = root, .pw_uid = 0, .pw_gid = 0},
    {.pw_name = li, .pw_uid = 1001, .pw_gid = 100},
    {.pw_name = gate, .pw_uid = 1002, .pw_gid = 101},
    {.pw_name = wang, .pw_uid = 1003, .pw_gid = 100},
};
#define ACCOUNTS (sizeof accounts / sizeof accounts[0])

static char *office_members[] = {li, wang, NULL};
static char *gate_members[] = {gate, li, NULL};
static char *no_members[] = {NULL};
static struct group groups_known[] = {
    {.gr_name = office, .gr_gid = 100, .gr_mem = office_members},
    {.gr_name = gate, .gr_gid = 101, .gr_mem = gate_members},
    {.gr_name = nobody, .gr_gid = 102, .gr_mem = no_members},
};
#define GROUPS (sizeof groups_known / sizeof groups_known[0])

struct passwd *outside_getpwuid(uid_t uid)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (accounts[i].pw_uid == uid)
            return &accounts[i];
    return NULL;
}

struct passwd *outside_getpwnam(const char *name)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (strcmp(accounts[i].pw_name, name) == 0)
            return &accounts[i];
    return NULL;
}

struct group *outside_getgrnam(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++)
        if (strcmp(groups_known[i].gr_name, name) == 0)
            return &groups_known[i];
    return NULL;
}

int outside_getgrouplist(const char *user, gid_t group, gid_t *groups, int *count)
{
    int room = *count;

    *count = 0;
    if (room > 0)
        groups[(*count)++] = group;
    for (size_t i = 0; i < GROUPS; i++)
        for (char **at = groups_known[i].gr_mem; *at != NULL; at++)
            if (strcmp(*at, user) == 0 && *count < room)
                groups[(*count)++] = groups_known[i].gr_gid;
    return *count;
}
