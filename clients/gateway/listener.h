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

/* Are they addresses that may be listened at? JB_CONFIG. */
JB_MUST enum jb_err jb_gw_listen_check(const struct jb_gw_config *c, struct jb_fault *fault);

/* Open all of the configuration: non-blocking, close-on-exec. A Unix socket's file that nobody
 * answers at is replaced. JB_CONFIG, JB_LOCKED (in use), JB_DENIED, JB_IO; what was opened is
 * closed again then. */
JB_MUST enum jb_err jb_gw_listen(const struct jb_gw_config *c, struct jb_gw_listener *out,
                                 size_t *count, struct jb_fault *fault);
void jb_gw_listen_close(struct jb_gw_listener *l);

#endif
