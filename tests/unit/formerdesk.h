/* An agent's desk whose broker loses its record: submissions that were accepted, and the new
 * replica with the list of them. */
#ifndef JB_TESTS_FORMERDESK_H
#define JB_TESTS_FORMERDESK_H

#include "clients/agent/former.h"
#include "tests/unit/agentdesk.h"

/* cmocka fixtures: *state is a struct desk. */
int fd_setup(void **state);
int fd_teardown(void **state);
/* The disk is well again. */
void fd_recover(struct desk *d);

/* Submission `number` of the outbox is accepted, or refused, and the replica is told. */
void fd_settle(struct desk *d, uint64_t number);
void fd_turn_down(struct desk *d, uint64_t number);
/* Its bytes; in w->arena. */
struct jb_bytes fd_outbox_body(struct desk *d, uint64_t number);
/* The same submission as an entry of `node` in the broker's log and the office's stream. */
void fd_log_body(struct desk *d, struct jb_bytes body, uint32_t node, uint64_t settles);
/* How many were made. */
uint64_t fd_made(struct desk *d);
void fd_submit_note(struct desk *d, int64_t case_no, const char *text);

/* A registration, a note that is refused, a note; beside them what others did. Its case. */
int64_t fd_former_history(struct desk *d);
/* The record is restored without this node: broker and replica, files of these names, begin anew;
 * what the old replica has behind item `after` is carried over. */
void fd_lose(struct desk *d, uint64_t after, const char *broker, const char *name);
/* Both. */
int64_t fd_lost(struct desk *d);
/* Instead: `count` notes of `bytes` each, compared and lacking. */
void fd_fill(struct desk *d, size_t count, size_t bytes, int64_t case_no);

enum jb_err fd_ask_page(struct desk *d, const char *user, uint64_t after, uint32_t limit, bool all);
const Jb__PendingList *fd_page(struct desk *d, uint64_t after, uint32_t limit, bool all);
const char *fd_state_of(struct desk *d, uint64_t number);
/* Of 1, 2 ... and there are no more; the same after a start. */
#define STATES(d, ...) fd_states_are(d, (const char *const[]){__VA_ARGS__, NULL})
void fd_states_are(struct desk *d, const char *const *words);
enum jb_err fd_resubmit(struct desk *d, uint64_t number);
enum jb_err fd_dismiss(struct desk *d, uint64_t number, const char *reason);
enum jb_err fd_dismiss_by(struct desk *d, uint64_t number, const char *reason,
                          jb_agent_handler handler);

#endif
