/* Posting to receivers of webhooks: libcurl in the gateway's loop. Only the addresses that the
 * caller gives, no redirects, no proxies, answers are thrown away. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_HOOKSEND_H
#define JB_CLIENTS_GATEWAY_HOOKSEND_H

#include <uv.h>

#include "proto/base/err.h"

struct jb_gw_sender;

struct jb_gw_post { /* embedded in who sends; texts are borrowed until it is done or cancelled */
    const char *url, *id, *signature, *body;
    int64_t at_s;
    /* status 0: no answer, `error` says why. `wait_ms`: the receiver asks for so long; 0: not said.
     */
    void (*done)(void *data, long status, const char *error, int64_t wait_ms);
    void *data;
    void *easy, *headers; /* NULL: nothing is under way */
};

/* `ca`: file with the certificates that receivers' are signed with; "" the system's. */
JB_MUST enum jb_err jb_gw_sender_open(uv_loop_t *loop, const char *ca, int64_t timeout_ms,
                                      struct jb_gw_sender **out);
/* Memory is freed in later turns of the loop; what is under way must be cancelled first. */
void jb_gw_sender_close(struct jb_gw_sender **sender);

/* `done` comes once, later, unless this fails or it is cancelled. */
JB_MUST enum jb_err jb_gw_post_begin(struct jb_gw_sender *sender, struct jb_gw_post *post);
void jb_gw_post_cancel(struct jb_gw_sender *sender, struct jb_gw_post *post);

#endif
