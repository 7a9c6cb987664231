/* Inside the rules: the delegations that a directory holds. */
#ifndef JB_RULES_DELEGATION_H
#define JB_RULES_DELEGATION_H

#include "proto/rules/directory.h"

/* DELEGATE and END_DELEGATION entries; others are ignored. JB_NOMEM: unchanged. */
enum jb_err jb_delegations_apply(struct jb_directory *d, const struct jb_entry *entry) JB_MUST;
void jb_delegations_fini(struct jb_directory *d);

#endif
