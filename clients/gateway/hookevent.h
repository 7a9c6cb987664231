/* One event as receivers of webhooks get it: CloudEvents 1.0 (structured JSON), signed as Standard
 * Webhooks has it. Pure but for the memory that it makes; any thread. */
#ifndef JB_CLIENTS_GATEWAY_HOOKEVENT_H
#define JB_CLIENTS_GATEWAY_HOOKEVENT_H

#include "clients/gateway/hookstore.h"

#define JB_GW_HOOK_SECRET 64 /* bytes of a secret, at most */
#define JB_GW_SIGNATURE 64   /* "v1,BASE64" with NUL */

struct jb_gw_hook_secret {
    uint8_t bytes[JB_GW_HOOK_SECRET];
    size_t len;
};

/* "whsec_" and base64 of 24 to 64 bytes; blanks and line ends around it do not matter. */
JB_MUST bool jb_gw_hook_secret_read(const char *text, struct jb_gw_hook_secret *out);

/* The event's JSON (a WatchEvent; "" when numbers begin anew) in its envelope; malloc. NULL: out of
 * memory, or it is no event. `agency`: its code. */
char *jb_gw_hook_body(const char *agency, const struct jb_gw_delivery *d, const char *event_json);

/* HMAC-SHA256 over "ID.TIMESTAMP.BODY". */
void jb_gw_hook_sign(const struct jb_gw_hook_secret *secret, const char *id, int64_t at_s,
                     const char *body, char out[JB_GW_SIGNATURE]);

/* How long to wait after so many failed attempts (1: the first): three times as long each time,
 * with a quarter of it by chance in either direction. `chance`: 0 to 65535. */
int64_t jb_gw_hook_backoff_ms(int64_t attempts, int64_t first_ms, int64_t longest_ms,
                              unsigned chance);

#endif
