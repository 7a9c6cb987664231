/* Listening sockets: TCP on loopback (or elsewhere when the configuration says so) and Unix
 * sockets.
 *
 * Opens and closes them; what connects is the gate's affair. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_LISTENER_H
#define JB_CLIENTS_GATEWAY_LISTENER_H

#include <sys/socket.h>

#include "clients/gateway/config.h"

#define JB_GW_LISTENERS 8

struct jb_gw_listener {
    int fd;         /* -1: closed */
    char path[108]; /* of a Unix socket, removed at the end; "" TCP */
    char text[160]; /* for people: "127.0.0.1:8480", with the port that was chosen for 0 */
};

struct jb_gw_listen { /* one list of addresses, as configured */
    const char *key;  /* for faults: "[http] listen" */
    const char *list;
    bool beyond_loopback; /* other addresses are allowed */
    int64_t socket_mode;  /* octal digits */
};
struct jb_gw_listen jb_gw_listen_inside(const struct jb_gw_config *c);
struct jb_gw_listen jb_gw_listen_window(const struct jb_gw_config *c); /* its list may be empty */

/* Are they addresses that may be listened at? JB_CONFIG. */
JB_MUST enum jb_err jb_gw_listen_check(const struct jb_gw_listen *l, struct jb_fault *fault);

/* Open all of a list: non-blocking, close-on-exec. A Unix socket's file that nobody
 * answers at is replaced. JB_CONFIG, JB_LOCKED (in use), JB_DENIED, JB_IO; what was opened is
 * closed again then. */
JB_MUST enum jb_err jb_gw_listen(const struct jb_gw_listen *l, struct jb_gw_listener *out,
                                 size_t *count, struct jb_fault *fault);
void jb_gw_listen_close(struct jb_gw_listener *l);

#endif
