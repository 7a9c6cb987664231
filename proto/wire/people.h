/* Lists of people in a configuration: "@jiaoban, li, uid:1005, gateway/张三", and whom they name.
 *
 * Separated by commas. "@group" names whoever is a member of the group when he asks; "uid:1005" an
 * account by number; "account/person" the person for whom a system account acts; anything else an
 * account's login name, or a person of that name for whom a system account acts. The lists stay
 * texts: what they mean is looked up when somebody asks, so that a group may change meanwhile.
 * Looking up groups reads the system's files. One thread at a time. */
#ifndef JB_WIRE_PEOPLE_H
#define JB_WIRE_PEOPLE_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"
#include "proto/wire/localio.h"

#define JB_PEOPLE_BYTES 4000    /* of one list */
#define JB_PEOPLE_NAME_BYTES 96 /* of one name in it */
#define JB_PEOPLE_GROUPS 256    /* of one account; one with more counts as being in none */

struct jb_account {
    const char *name; /* borrowed */
    uid_t uid;
    gid_t groups[JB_PEOPLE_GROUPS];
    int group_count;
};

/* Who is at the other end, with his groups. `id` must outlive `out`. */
void jb_account_of(const struct jb_local_identity *id, struct jb_account *out);

/* Is it such a list? "" is one that names nobody. JB_CONFIG: the fault says which name is wrong, or
 * which group the system does not know. */
JB_MUST enum jb_err jb_people_check(const char *list, struct jb_fault *fault);
/* Does the list name this account, itself or by a group? */
bool jb_people_names(const char *list, const struct jb_account *account);
/* Does it name the person for whom the account acts, with or without the account's name? */
bool jb_people_names_person(const char *list, const char *account, const char *person);

/* A name that both lists give to one account, as far as the system knows today (members of groups
 * included), into `name` of JB_PEOPLE_NAME_BYTES. false: none. */
bool jb_people_shared(const char *one, const char *other, char *name);

#endif
