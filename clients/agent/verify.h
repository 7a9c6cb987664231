/* Checks of a replica: its history and tables (verify.c) and the pages of its file (pages.c). Both
 * read in threads of their own, with connections of their own; everything here is called on the
 * loop's thread. */
#ifndef JB_AGENT_VERIFY_H
#define JB_AGENT_VERIFY_H

#include "clients/agent/agent.h"

/* verify.c */
enum jb_err jb_agent_verify_start(struct jb_agent_request *r, bool ask_broker) JB_MUST;
/* The broker said where its stream ends. */
void jb_agent_verify_beat(struct jb_agent *a, const struct jb_line_point *down);
void jb_agent_verify_forget(struct jb_agent *a, const struct jb_agent_client *client);
void jb_agent_verify_stop(struct jb_agent *a);
/* true: a check (of pages.c too) still runs in its thread; the process must not wait for it. */
bool jb_agent_verify_running(const struct jb_agent *a);
/* Check a replica's file: with the broker's signing key and, unless it is NULL, the node's own. */
enum jb_err jb_agent_verify_file(const char *path, const struct jb_check_keys *keys,
                                 struct jb_check *check, struct jb_fault *fault) JB_MUST;
/* What a check proved and what it did not, to standard output; the exit status. */
int jb_agent_verify_tell(enum jb_err err, const struct jb_check *check,
                         const struct jb_fault *fault);
/* Offline: print the result to standard output; the exit status. */
int jb_agent_verify_offline(struct jb_agent *a);

/* pages.c: is every page of the replica's file sound? */
/* The file is small, or not there yet: checked when it is opened. */
bool jb_agent_pages_at_once(const struct jb_agent *a);
/* Unless it was, check it in a thread, and stop the agent if it is damaged. */
enum jb_err jb_agent_pages_start(struct jb_agent *a) JB_MUST;

#endif
