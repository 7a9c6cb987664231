/* Three duties of administration that no account holds together (三员分立): the system
 * administrator sees to nodes, rules and the broker itself, the security administrator to keys, the
 * audit administrator looks at what the others did and changes nothing.
 *
 * Which request takes which duty stands with its handler in admin.c; here are the acts that come in
 * an `admin` request, and who holds what. With nobody named in [admins], the broker's own account
 * (and root) holds all three: it could write the record anyway, the socket lets nobody else in by
 * default, and somebody has to enrol the first node. Status and log say so until people are named.
 */
#ifndef JB_DAEMON_DUTY_H
#define JB_DAEMON_DUTY_H

#include "daemon/config.h"
#include "proto/rules/act.h"
#include "proto/wire/local.h"

/* Sets of duties. */
#define JB_DUTY_BIT(name) (1U << JB_DUTY_##name)
#define JB_DUTY_ALL ((1U << JB_DUTY_COUNT) - 1U)

struct jb_duty_need {
    unsigned any; /* one of these */
    unsigned all; /* and each of these */
};

/* "system", "security", "audit"; "" for a number that is none. Static. */
const char *jb_duty_word(enum jb_admin_duty duty);
/* What it takes to make an act of this kind through the admin socket; {0, 0}: nobody may. */
struct jb_duty_need jb_duty_of_act(enum jb_act_kind kind);

/* Are administrators named in the configuration? */
bool jb_duty_given(const struct jb_broker_config *c);
/* May one account hold several duties, because nobody is named or because the configuration says
 * so? */
bool jb_duty_single(const struct jb_broker_config *c);
/* Duties of an account. JB_DENIED: it has two that exclude each other (a group has changed since
 * the configuration was read); the fault says which. */
enum jb_err jb_duty_held(const struct jb_broker_config *c, const struct jb_local_identity *id,
                         unsigned *duties, struct jb_fault *fault) JB_MUST;
/* JB_DENIED unless the duties are enough: the fault says what `what` takes and who has that. */
enum jb_err jb_duty_check(const struct jb_broker_config *c, unsigned held, struct jb_duty_need need,
                          const char *what, struct jb_fault *fault) JB_MUST;

/* Before a configuration comes into force: JB_CONFIG when a list is none, when only some duties are
 * given, or when an account would have two (unless single_admin). */
enum jb_err jb_duty_config_check(const struct jb_broker_config *c, struct jb_fault *fault) JB_MUST;
/* Say in the log who holds what. At start and after a reload. */
void jb_duty_tell(const struct jb_broker_config *c);

#endif
