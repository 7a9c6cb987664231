/* When the disk takes nothing more: memory is as on disk, reading goes on (degraded.c). Loop
 * thread.
 */
#ifndef JB_DAEMON_DEGRADED_H
#define JB_DAEMON_DEGRADED_H

#include <stdbool.h>

#include "proto/base/err.h"

struct jb_batch;
struct jb_broker;
struct jb_peer;

bool jb_degraded(const struct jb_broker *b);
/* Take the reserve, and begin degraded if there is no room for it. */
enum jb_err jb_degraded_start(struct jb_broker *b) JB_MUST;
void jb_degraded_stop(struct jb_broker *b);
/* The batch failed with t->result and t->fault, nothing of it is on disk: degrade, or stop when the
 * cause does not pass by itself. No commit under way. */
void jb_degraded_failed(struct jb_broker *b, struct jb_batch *t);
/* Something else than a batch failed whose outcome memory must show. */
void jb_degraded_enter(struct jb_broker *b, enum jb_err err, const char *detail);
/* What gathered although nothing is taken in: those who wait are told. */
void jb_degraded_drop(struct jb_broker *b);
/* The batch that was decided again with the reserve given free is on disk. */
void jb_degraded_saved(struct jb_broker *b);
/* Tell a node that its submissions have to wait, and why. */
void jb_degraded_tell(struct jb_broker *b, const struct jb_peer *p);

#endif
