/* For the tests of the agent: an office's agent with a real replica, a clock that stands still, and
 * a broker whose signed deliveries it takes. No sockets: handlers are asked directly. */
#ifndef JB_TESTS_AGENTDESK_H
#define JB_TESTS_AGENTDESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/agent/requests.h"
#include "tests/unit/ledger_world.h"

#define DESK_NODE LW_OFFICE

struct desk {
    struct lw *w;
    uv_loop_t loop;
    struct jb_agent agent;
    struct jb_agent_config config;
    struct jb_agent_client client;
    struct jb_node_keys broker_keys;
    struct jb_ledger *broker;
    struct jb_arena arena; /* of the last request */
    struct jb_agent_request r;
    Jb__Reply reply; /* to the last request */
};

/* cmocka fixtures: *state is a struct desk. */
int desk_setup(void **state);
int desk_teardown(void **state);

/* Register a case at the broker; its number. */
int64_t desk_register(struct desk *d, int64_t index, const char *title);
/* An entry of the broker about it, by the office, with these effects. */
struct jb_entry desk_entry(struct desk *d, enum jb_act_kind kind, int64_t case_no);
/* Into the log and the office's stream. */
void desk_log(struct desk *d, struct jb_entry *entry, const struct jb_effect *effects,
              size_t count);
/* The same as history of a case that the office has just joined. */
void desk_log_history(struct desk *d, struct jb_entry *entry, const struct jb_effect *effects,
                      size_t count);
void desk_left(struct desk *d, int64_t case_no);
/* What is new in the stream, as one signed frame; in w->arena. */
struct jb_bytes desk_frame(struct desk *d);
/* Everything in the stream, as one signed frame, through the agent's own way of taking it. */
void desk_deliver(struct desk *d);

/* Ask a handler as `user`. The reply is in d->reply, in d->arena, until the next question. */
enum jb_err desk_ask(struct desk *d, const char *user, const Jb__Request *request,
                     jb_agent_handler handler);
enum jb_err desk_get_case(struct desk *d, const char *user, int64_t case_no);
/* Submit an act; `more` (may be NULL) gives the other fields of the request. */
enum jb_err desk_submit(struct desk *d, const char *user, const struct jb_act *act,
                        const Jb__DoSubmit *more);
/* The act of the last submission in the outbox; in w->arena. */
struct jb_act desk_outbox_act(struct desk *d);

#endif
