/* Who may know of an accusation, Art 30: its content, its existence and its count stay with the
 * registrar and with discipline organs that stand outside the accused unit. The one place that
 * every route, list, counter, export and error text asks. Pure; any thread. */
#ifndef JB_RULES_CONFINE_H
#define JB_RULES_CONFINE_H

#include "proto/rules/directory.h"

/* Is the case an accusation, and so confined? */
bool jb_confined(const struct jb_case *c);
/* May `node` know that there is such a case? Always, when it is not confined: whether it takes part
 * is another question (jb_case_has). */
bool jb_confine_may_know(const struct jb_case *c, const struct jb_directory *d, uint32_t node);
/* Is `node` accused in this case, or does it stand below one that is? */
bool jb_confine_accused(const struct jb_case *c, const struct jb_directory *d, uint32_t node);

#endif
