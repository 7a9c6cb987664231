/* The broker's admin socket: private to admin.c, adminwork.c and adminview.c. */
#ifndef JB_DAEMON_ADMIN_H
#define JB_DAEMON_ADMIN_H

#include "daemon/broker.h"
#include "daemon/duty.h"
#include "proto/wire/message.h"

struct jb_admin_waiter {        /* a request whose answer comes after a commit or a check */
    uint64_t id;                /* 0: free slot */
    struct jb_local_peer *peer; /* NULL: the client has gone */
    uint64_t request;           /* Request.id */
    uint8_t *frame;             /* AUDIT: the request, to be done once it is on record; owned */
    size_t frame_len;
    enum jb_err denied; /* AUDIT: it is not to be done ... */
    struct jb_fault why;
};

#define JB_ADMIN_WAITERS 64

struct jb_admin {
    struct jb_broker *b;
    struct jb_local_server *server;
    struct jb_arena arena; /* of the request being handled */
    struct jb_admin_waiter waiters[JB_ADMIN_WAITERS];
    uint64_t next_waiter;
    bool checking;            /* a verification is running on the worker pool */
    bool reporting;           /* likewise a report */
    bool forecasting;         /* and a dry run of a calendar */
    atomic_bool stopping;     /* ... and ends early */
    int64_t refused_since_ms; /* refusals of the minute that began then */
    unsigned refused;
};

typedef void (*jb_admin_handler)(struct jb_admin *, struct jb_local_peer *, const Jb__Request *);

/* One kind of request. NOBODY: it takes no duty. */
#define JB_DUTY_NOBODY 0U
struct jb_admin_row {
    Jb__Request__BodyCase body;
    jb_admin_handler handle;
    unsigned duties; /* one of these is enough */
    bool writes;     /* has to wait while nothing is taken in */
    bool recorded;   /* goes on the audit log before it is done; what is refused always does */
};
/* The rows by position; NULL: no more. And by kind; NULL: not served here. */
const struct jb_admin_row *jb_admin_row(size_t i);
const struct jb_admin_row *jb_admin_row_of(Jb__Request__BodyCase body);

/* adminrights.c: may this peer do that? DENIED. */
enum jb_err jb_admin_allowed(struct jb_admin *a, const struct jb_local_peer *peer,
                             const Jb__Request *r, const struct jb_admin_row *row,
                             struct jb_fault *fault) JB_MUST;
void jb_admin_rights(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);

/* Handlers get the request, answer with jb_admin_reply or _error now, or keep a waiter and answer
 * later. */
void jb_admin_reply(struct jb_local_peer *peer, Jb__Reply *reply, struct jb_arena *arena);
void jb_admin_error(struct jb_local_peer *peer, uint64_t request, enum jb_err err,
                    const char *text);
void jb_admin_done(struct jb_local_peer *peer, uint64_t request, const char *text, uint64_t seq,
                   uint32_t node);
/* NULL: too many are waiting (the client was told). */
struct jb_admin_waiter *jb_admin_wait(struct jb_admin *a, struct jb_local_peer *peer,
                                      uint64_t request);
/* The wait is over: frees the waiter with this id. true: `out` tells whom to answer; false: the
 * client has gone, nobody is to be answered. */
bool jb_admin_wait_over(struct jb_admin *a, uint64_t id, struct jb_admin_waiter *out);

/* adminview.c */
void jb_admin_status(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_nodes(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
/* adminwork.c */
void jb_admin_enrol(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_change(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_install(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_confirm_clock(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_reload(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
void jb_admin_verify(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
/* adminforecast.c: begin the dry run of a calendar, whose text was checked; answers `w`. */
enum jb_err jb_admin_forecast(struct jb_admin *a, const struct jb_admin_waiter *w,
                              struct jb_text text, bool *started, struct jb_fault *fault) JB_MUST;
/* adminaudit.c: put a request on record; it is done (`denied` OK) or answered afterwards. */
void jb_admin_record(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r,
                     struct jb_bytes frame, enum jb_err denied, const struct jb_fault *why);
void jb_admin_audit(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);
/* adminrights.c: kind and node of the act in a request; kind NONE: there is none to be read. */
void jb_admin_act_of(struct jb_admin *a, const Jb__Request *r, enum jb_act_kind *kind,
                     uint32_t *node);
/* report.c */
void jb_admin_report(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r);

#endif
