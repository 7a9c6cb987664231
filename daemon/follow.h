/* The tables follow the record: when they do (follow.c). Loop thread. */
#ifndef JB_DAEMON_FOLLOW_H
#define JB_DAEMON_FOLLOW_H

#include <stdbool.h>

#include "proto/base/err.h"

struct jb_broker;

/* Begin the next slice if enough waits or it has waited long; true: begun. */
bool jb_follow_begin(struct jb_broker *b);
/* Somebody waits for tables that are up to date: all of it, now or as soon as the worker is free.
 * True: begun. */
bool jb_follow_all(struct jb_broker *b);
/* Something waits now: not for long. */
void jb_follow_later(struct jb_broker *b);
/* Waits for the worker and brings the tables up to date on the loop: for rare questions. False:
 * they are as they were, the disk does not answer or is full. */
bool jb_follow_now(struct jb_broker *b);
enum jb_err jb_follow_start(struct jb_broker *b) JB_MUST;

#endif
