/* Who at an agency may do what: the roles of people, the rights, and which role has which right.
 *
 * One table (JB_RIGHTS) for everything that can be asked of an agent: each kind of act has its
 * right here (jb_right_of_act), each kind of request has its own in clients/agent/local.c. Which
 * agency may do what with a case is another matter: proto/rules/decide.h. Who holds a role is said
 * in the agent's configuration. Pure; any thread. */
#ifndef JB_RULES_STAFF_H
#define JB_RULES_STAFF_H

#include "proto/base/bytes.h"
#include "proto/rules/act.h"

/* Name, word in the configuration and in messages. A gateway is no person: an account of a program
 * that names the person for whom it asks, and that asks petitioners' questions. */
#define JB_STAFF(X)                                                                                \
    X(CLERK, clerk)                                                                                \
    X(SUPERVISOR, supervisor)                                                                      \
    X(LEADER, leader)                                                                              \
    X(AUDITOR, auditor)                                                                            \
    X(ADMINISTRATOR, administrator)                                                                \
    X(GATEWAY, gateway)

enum jb_staff {
#define X(name, word) JB_STAFF_##name,
    JB_STAFF(X)
#undef X
    JB_STAFF_COUNT
};

/* Sets of roles. */
#define JB_STAFF_NONE 0U
#define JB_STAFF_ALL ((1U << JB_STAFF_COUNT) - 1U)
#define JB_STAFF_BIT(name) (1U << JB_STAFF_##name)

#define C_ JB_STAFF_BIT(CLERK)
#define S_ JB_STAFF_BIT(SUPERVISOR)
#define L_ JB_STAFF_BIT(LEADER)
#define A_ JB_STAFF_BIT(AUDITOR)
#define M_ JB_STAFF_BIT(ADMINISTRATOR)
#define G_ JB_STAFF_BIT(GATEWAY)

/* Name, word, roles that have it. Clerks and supervisors can do between them whatever cannot wait
 * for the morning; a leader's part is what needs a name, an administrator sees no case, an auditor
 * changes nothing. */
#define JB_RIGHTS(X)                                                                               \
    X(ANYONE, anyone, JB_STAFF_ALL)      /* also without a role: who am I, what may I do */        \
    X(ASK, ask, JB_STAFF_ALL)            /* state of the line, directory, rules in force */        \
    X(LOOK, look, C_ | S_ | L_)          /* cases, deadlines, directives, what happens */          \
    X(PERSONS, persons, C_ | S_ | L_)    /* sealed persons and attachments; logged */              \
    X(QUERY, query, C_ | S_ | G_)        /* a petitioner's question */                             \
    X(REGISTER, register, C_ | S_)       /* take a matter in */                                    \
    X(SEND, send, C_ | S_)               /* assign, forward, hand over, refer, report up */        \
    X(HANDLE, handle, C_ | S_)           /* sign for, accept, answer, close, review ... */         \
    X(OBJECT, object, C_ | S_ | L_)      /* raise objections, bring a dispute up */                \
    X(RULE, rule, S_ | L_)               /* rule on objections, designate, reopen, end */          \
    X(RECUSE, recuse, C_ | S_ | L_)      /* keep a person out of a case */                         \
    X(DIRECT, direct, S_ | L_)           /* directives, dockets, reminders */                      \
    X(COUNTERSIGN, countersign, L_)      /* another person's directive */                          \
    X(DELEGATE, delegate, L_)            /* name leaders who hold powers */                        \
    X(RATE, rate, C_ | S_ | G_)          /* take a petitioner's rating in */                       \
    X(APPRAISE, appraise, S_ | L_ | A_)  /* figures of the appraisal */                            \
    X(ALARMS, alarms, C_ | S_ | L_)      /* see and acknowledge alarms */                          \
    X(ATTACH, attach, C_ | S_)           /* add attachments */                                     \
    X(ERASE, erase, L_)                  /* erase a person's data for good */                      \
    X(EVIDENCE, evidence, S_ | L_)       /* evidence about a case, for others */                   \
    X(VERIFY, verify, S_ | L_ | A_ | M_) /* check the replica */                                   \
    X(RELOAD, reload, M_)                /* have the configuration read again */                   \
    X(AUDIT_CASE, audit_case, S_ | A_)   /* who read sealed data of a case held here */            \
    X(AUDIT, audit, A_)                  /* the whole access log */                                \
    X(ACT_FOR, act_for, G_)              /* name the person for whom it asks */                    \
    X(FEED, feed, G_)                    /* all that happens, with whom it is kept from */         \
    X(SYSTEM, system, JB_STAFF_NONE)     /* made by programs, or at the broker */

enum jb_right {
    JB_RIGHT_NONE, /* no row */
#define X(name, word, roles) JB_RIGHT_##name,
    JB_RIGHTS(X)
#undef X
    JB_RIGHT_COUNT
};

/* The words; "" for a number that is none. Static. */
const char *jb_staff_word(enum jb_staff role);
const char *jb_right_word(enum jb_right right);
/* The set of roles that have a right; empty for a number that is none. */
unsigned jb_right_roles(enum jb_right right);
/* The right that it takes to submit such an act at an agent; NONE: the kind has no row. */
enum jb_right jb_right_of_act(enum jb_act_kind kind);

/* Two roles of the set that no one may hold together: who audits does nothing else here, and a
 * program is not a person. false: there are none. */
bool jb_staff_clash(unsigned roles, enum jb_staff *one, enum jb_staff *other);

/* "clerk or supervisor" (joined by `link`), cut to the size; "nobody" for an empty set. */
void jb_staff_text(unsigned roles, const char *link, char *out, size_t size);

#ifndef JB_RULES_STAFF_C
#undef C_
#undef S_
#undef L_
#undef A_
#undef M_
#undef G_
#endif

#endif
