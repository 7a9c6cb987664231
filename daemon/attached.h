/* How much each node has attached, and whether it may attach more: so many bytes a day (local time)
 * and in all, as the configuration says (line.attachments_per_day, line.attachments_in_all).
 * Counted from what the entries say before anything is transferred; contents of another size are
 * not taken (blobline.h). What was erased takes no room any more. Loop thread. */
#ifndef JB_DAEMON_ATTACHED_H
#define JB_DAEMON_ATTACHED_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/rules/decide.h"

struct jb_broker;
struct jb_batch;
struct jb_entry;

struct jb_attached_node {
    uint64_t all;   /* bytes, of cases that were not erased */
    uint64_t today; /* on the day that began at day_ms, erased or not */
    int64_t day_ms;
};
struct jb_attached {             /* all zero: nothing */
    struct jb_attached_node *at; /* by node number; owned */
    size_t capacity;
};

/* Count anew from the record. */
enum jb_err jb_attached_load(struct jb_broker *b) JB_MUST;
/* An entry is on disk: one that attaches, or one that erases. */
void jb_attached_committed(struct jb_broker *b, const struct jb_entry *entry);
/* The verdict on one that would attach, in the light of what this batch has accepted already:
 * leaves `v` as it is, or refuses with the limit and what is used of it. */
void jb_attached_judge(struct jb_broker *b, const struct jb_batch *t, const struct jb_entry *entry,
                       struct jb_verdict *v);
void jb_attached_fini(struct jb_attached *a);

#endif
