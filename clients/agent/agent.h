/* jiaoban-agent: one agency's node. Its parts, and what they share.
 *
 *   line.c, greet.c    the connection to the broker and what it is good for just now
 *   apply.c            deliveries -> replica: gather, one transaction, then acknowledge
 *   news.c             what a committed delivery means for everybody here
 *   recover.c          what a restored broker lacks, from here
 *   follow.c           a replica that was left out of a restore, set aside for a new one
 *   pump.c             outbox -> broker
 *   submit.c, group.c  local clients' submissions -> outbox
 *   overlay.c          a case as it will look once the outbox is settled
 *   local.c, views.c   the local endpoint: requests, replies
 *   alarm.c, hook.c    this node's own clock
 *   degraded.c         what happens while the disk is full or fails
 *   pages.c            is the replica's file damaged?
 *
 * One thread, one libuv loop; transactions are short and committed on it. What is confirmed to
 * anybody (an acknowledgement, a client's "it is safe") lies on the disk before it is sent. */
#ifndef JB_CLIENTS_AGENT_AGENT_H
#define JB_CLIENTS_AGENT_AGENT_H

#include <uv.h>

#include "clients/agent/config.h"
#include "clients/agent/pending.h"
#include "clients/agent/pins.h"
#include "proto/base/testclock.h"
#include "proto/ledger/audit.h"
#include "proto/ledger/book.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replica.h"
#include "proto/ledger/reserve.h"
#include "proto/ledger/strain.h"
#include "proto/rules/decide.h"
#include "proto/wire/local.h"
#include "proto/wire/message.h"
#include "proto/wire/seal.h"
#include "proto/wire/sign.h"
#include "proto/wire/zsock.h"

#define JB_AGENT_SOFTWARE "jiaoban-agent " JB_VERSION_TEXT
#define JB_AGENT_REQUEST_BYTES ((size_t)48 * 1024 * 1024) /* memory that one request may take */

#define JB_AGENT_WRONG_MAX 5 /* petitioners' questions with a wrong code, in one minute */

struct jb_agent;

/* ---- the line to the broker ------------------------------------------------------------------ */

/* The numbers of LineState in local.proto. */
enum jb_agent_state {
    JB_AGENT_OFFLINE = 1, /* no connection */
    JB_AGENT_GREETING,    /* connected, no Welcome yet */
    JB_AGENT_CATCHING_UP, /* welcome; the broker has items that are not here yet */
    JB_AGENT_IN_SYNC,
    JB_AGENT_RESYNC,   /* both ends hold different histories: a person must look */
    JB_AGENT_REJECTED, /* the broker refuses the key, the greeting or a frame */
    JB_AGENT_STATE_COUNT
};

#define JB_AGENT_INFLIGHT_FRAMES 64

struct jb_agent_inflight { /* one Submit frame that is not settled yet */
    uint64_t last;         /* number of its last item */
    size_t bytes;          /* of its item bodies */
};

struct jb_agent_line {
    struct jb_zsock *dealer; /* NULL while waiting to connect again */
    enum jb_agent_state state;
    char text[JB_FAULT_BYTES]; /* why, for status and log */
    struct jb_differs differs; /* until the broker welcomes this replica again */
    char held[256];            /* why the broker takes no submissions now; "" it does */
    bool up;                   /* the connection is there */
    bool welcomed;             /* a Welcome was accepted on it */
    uint8_t protocol;          /* version that the broker chose; 0: not yet */
    bool recovering;           /* the broker collects what its backup lacks: see recover.c */
    bool reported;             /* on this connection it was told that there is no more */
    bool beat_awaited;         /* a Beat was sent and not answered */
    int64_t greeted_mono_ms;   /* last Hello; 0: none on this connection */
    int64_t sent_mono_ms, heard_mono_ms; /* last frame out, last frame in */
    int64_t beat_mono_ms;                /* last Beat out */
    int64_t pause_ms;                    /* the next pause after a rejection */
    int64_t in_sync_ms; /* wall clock when both ends were last known to be equal; 0: never */
    int64_t skew_ms;    /* broker's clock minus ours */
    uint64_t target;    /* end of our stream at the broker, as last told */
    uint64_t stall_down, stall_up; /* where the last Beat found us, for noticing a standstill */
    uv_timer_t retry;              /* connects or greets again */
    uv_timer_t pulse;              /* Beats */
    struct jb_arena in, out;       /* the frame being handled; the frame being sent */
    /* submissions under way */
    uint64_t sent; /* last number sent on this connection */
    struct jb_agent_inflight inflight[JB_AGENT_INFLIGHT_FRAMES]; /* ring */
    unsigned inflight_first, inflight_count;
    size_t inflight_bytes;
    uint32_t window_items, window_bytes; /* the broker's credit */
};

/* ---- deliveries gathered for one transaction ------------------------------------------------- */

struct jb_agent_delivery;

struct jb_agent_gather {
    struct jb_arena arena;
    struct jb_agent_delivery *first, **last; /* frames in order of arrival; arena */
    size_t count, bytes;
};

/* ---- submissions gathered for one transaction ------------------------------------------------ */

struct jb_agent_grouped;

struct jb_agent_group {
    struct jb_agent_grouped *first, **last; /* in order of arrival; owned */
    size_t count, bytes;
};

/* What one stream item did, in the order of the stream; arena of the transaction. */
struct jb_agent_news {
    struct jb_agent_news *next;
    struct jb_applied applied;
    struct jb_agent_pending settled; /* the submission that it settled; number 0: none */
    struct jb_agent_pending made;    /* a submission that it led to; number 0: none */
    struct jb_alarm *alarms;         /* that it gives; arena */
    size_t alarm_count;
};

/* ---- local clients --------------------------------------------------------------------------- */

#define JB_AGENT_USER_BYTES 256

#define JB_AGENT_READINGS 32

struct jb_agent_client { /* one connection */
    struct jb_agent_client *next, *prev;
    struct jb_local_peer *peer;
    uint64_t watch_id; /* request that began to watch */
    bool watching, watch_alarms;
    bool feeding; /* watches for others: is told everything, with whom it is kept from */
    /* the last attachments whose reading here is on record, each with who read it, hashed; ring */
    uint8_t readings[JB_AGENT_READINGS][JB_HASH_BYTES];
    size_t reading_next;
    bool behind;                           /* watches from an earlier item on: not there yet */
    uint64_t caught;                       /* while behind: the last item that was told */
    char watcher[JB_AGENT_USER_BYTES + 1]; /* who watches, as in requests */
};

/* A request being answered. Memory of one request is one arena, dropped at its end. */
struct jb_agent_request {
    struct jb_agent *agent;
    struct jb_agent_client *client;
    const Jb__Request *request;
    struct jb_arena *arena;
    int64_t now_ms;
    struct jb_audit_row *notes; /* of what is sealed and goes out with the reply; arena */
    size_t note_count, note_capacity;
    bool later;            /* a handler sets it: the answer follows some time after */
    bool beside;           /* likewise: what failed is a file beside the replica, which is sound */
    struct jb_text user;   /* who asks: "account", or "account/person" for a system account */
    unsigned roles;        /* that he holds here, a set as in proto/rules/staff.h */
    struct jb_fault fault; /* filled by a handler that fails */
};

/* Somebody waits for the verdict on a submission. */
struct jb_agent_waiter {
    struct jb_agent_waiter *next;
    struct jb_agent_client *client;
    uint64_t request_id, number;
    int64_t until_mono_ms;
    char query_code[JB_QUERY_CODE_TEXT]; /* to be told with the verdict; "" none */
};

struct jb_agent_hooks;
struct jb_agent_blobs;
struct jb_agent_verify;
struct jb_agent_pages;
struct jb_agent_report;
struct jb_agent_proposing;

/* ---- everything ------------------------------------------------------------------------------ */

struct jb_agent {
    uv_loop_t *loop; /* borrowed */
    struct jb_agent_config *config;
    struct jb_config_source source; /* where a reload reads again */
    struct jb_clock clock;
    struct jb_clock mono;          /* what the wall clock is compared with; knows no date */
    struct jb_testclock testclock; /* path NULL: the machine's clocks are in use */
    struct jb_node_keys keys;
    bool key_doubted;    /* the replica does not know it as this node's, the broker has not said */
    struct jb_pins pins; /* the broker's keys that are believed */
    struct jb_public_keys broker; /* the one of them that the line is made with */
    int lock_fd;
    char *ledger_path; /* owned */
    struct jb_ledger *ledger;
    struct jb_directory directory;
    struct jb_ledger_book book; /* every policy and calendar that is installed */
    struct jb_verdict verdict;  /* scratch of decisions */

    struct jb_zctx *zctx;
    struct jb_agent_line line;
    struct jb_agent_gather gather;
    struct jb_agent_pendings pending; /* the outbox in short */
    uv_prepare_t tick;                /* before the loop sleeps: apply what gathered, pump */
    bool pump_wanted;

    struct jb_agent_group group;    /* submissions of this turn */
    struct jb_agent_former *former; /* see former.h; NULL: nothing of the kind */

    struct jb_local_server *server;
    struct jb_agent_client *clients;
    size_t client_count;
    struct jb_agent_waiter *waiters; /* oldest last */
    size_t waiter_count;
    uv_timer_t wait_timer;
    int64_t wait_first_ms;  /* monotonic; what it is set for */
    uv_timer_t watch_timer; /* runs while somebody who watches is behind */

    uv_timer_t alarm_timer;
    int64_t alarm_next_ms;              /* nothing falls before; INT64_MAX: nothing runs, 0: look */
    bool alarm_later;                   /* what was looked at may have changed since */
    struct jb_alarm_seen alarm_seen;    /* what the clock has looked at */
    int64_t last_wall_ms, last_mono_ms; /* for noticing steps of the wall clock */
    struct jb_agent_hooks *hooks;
    struct jb_agent_blobs *blobs;           /* see blob.h */
    struct jb_agent_verify *verify;         /* NULL: no check under way */
    struct jb_agent_pages *pages;           /* NULL: the file's pages are not being checked */
    struct jb_agent_report *reports;        /* being made */
    struct jb_agent_proposing *proposing;   /* going on; who has waited longest first */
    uv_timer_t propose_timer;               /* runs while there are some */
    struct jb_agent_evidence_job *evidence; /* being written; NULL: none */

    bool forget; /* a key was erased or a case left: its traces beside the file must still go */
    struct jb_strain strain;   /* why nothing is taken in; why JB_OK: all is well */
    struct jb_reserve reserve; /* room for the end of what is under way */
    uv_timer_t probe_timer;    /* runs while there is a strain */
    uv_timer_t house_timer;    /* watchdog */
    uv_timer_t index_timer;    /* what lists need: titles of an older replica, lights */
    uv_timer_t rest_timer;     /* runs while there is work, and two seconds longer */
    uint64_t busy_ms;          /* of the loop: when there was work last */
    uint64_t watchdog_ms;
    uv_signal_t sigterm, sigint, sighup;
    int64_t started_ms;
    int64_t wrong_codes_ms[JB_AGENT_WRONG_MAX]; /* of petitioners' questions, the last ones; ring */
    size_t wrong_next;
    uint64_t refused; /* submissions settled as refused since the start */
    bool stopping;
    bool following;         /* it stops only to begin a new replica: see follow.c */
    int64_t follow_mono_ms; /* not before: it failed a while ago */
    int exit_status;
    struct jb_fault trouble; /* why it is stopping, or "" */
};

/* agent.c: life cycle. After a failed start, stop and run the loop, then fini. */
enum jb_err jb_agent_start(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
/* Stop serving and close every handle; the loop then ends by itself. Idempotent. */
void jb_agent_stop(struct jb_agent *a, int exit_status);
void jb_agent_fini(struct jb_agent *a);
/* Read the configuration again and take over what may be changed. Nothing of a wrong one is: the
 * fault says what is wrong. */
enum jb_err jb_agent_reload(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
int64_t jb_agent_now(const struct jb_agent *a);

/* The unsettled part of the outbox, from disk; on an error it stays as it is. */
enum jb_err jb_agent_pending_load(struct jb_agent *a) JB_MUST;

/* degraded.c: nothing is taken in, reading goes on */
bool jb_agent_degraded(const struct jb_agent *a);
/* The disk or the memory failed while doing `what`, nothing of which is on disk: degrade, or stop
 * when the cause does not pass by itself. */
void jb_agent_fail(struct jb_agent *a, enum jb_err err, const char *what);
/* The replica's file is damaged: stop. */
void jb_agent_damaged(struct jb_agent *a, const char *detail);
/* Did a failure mean more than this one request? Tries the disk, and degrades if it fails. */
enum jb_err jb_agent_try_disk(struct jb_agent *a, const char *what) JB_MUST;
/* Take the reserve, and begin degraded if there is no room for it. */
enum jb_err jb_agent_degraded_start(struct jb_agent *a) JB_MUST;
void jb_agent_degraded_stop(struct jb_agent *a);

/* store.c: data folder, lock, keys, replica. For the offline commands too. */
enum jb_err jb_agent_store_open(struct jb_agent *a, bool read_only, struct jb_fault *fault) JB_MUST;
void jb_agent_store_close(struct jb_agent *a);
/* WRONG_NODE: the directory here knows the key in use as that of another node. */
enum jb_err jb_agent_key_check(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
/* May something be signed with it that is kept here? WRONG_NODE: not before the broker has accepted
 * it; the fault says what to do. */
enum jb_err jb_agent_key_proven(const struct jb_agent *a, struct jb_fault *fault) JB_MUST;

/* book.c: directory, policy and calendar from the replica */
enum jb_err jb_agent_book_start(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
void jb_agent_book_fini(struct jb_agent *a);
/* Choose policy and calendar again. What cannot be read is logged, and then none is in force. */
enum jb_err jb_agent_book_load(struct jb_agent *a) JB_MUST;
/* The rulebook for today. */
const struct jb_rulebook *jb_agent_book(struct jb_agent *a);
/* Name of a node from the directory, "" if it is not there. Valid until the directory changes. */
const char *jb_agent_node_name(const struct jb_agent *a, uint32_t node);

/* house.c: sd_notify, watchdog, signals */
enum jb_err jb_agent_house_start(struct jb_agent *a) JB_MUST;
void jb_agent_house_ready(struct jb_agent *a);
void jb_agent_house_status(struct jb_agent *a, const char *status);
/* There is work: once there is none any more, what it took in memory is given back. */
void jb_agent_house_busy(struct jb_agent *a);
void jb_agent_house_stop(struct jb_agent *a);

/* line.c */
enum jb_err jb_agent_line_start(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
void jb_agent_line_stop(struct jb_agent *a);
void jb_agent_line_set(struct jb_agent *a, enum jb_agent_state state, const char *text);
/* Give up this connection and begin a new one after the pause. */
void jb_agent_line_break(struct jb_agent *a, enum jb_agent_state state, int64_t pause_ms,
                         const char *text);
/* Encode, in the version agreed on, and queue a frame. JB_BUSY, JB_CLOSED: nothing was sent;
 * resumed later by number. */
enum jb_err jb_agent_line_send(struct jb_agent *a, struct jb_frame *frame) JB_MUST;
/* Greet (again) on this connection: both directions then resume by number. */
void jb_agent_line_greet(struct jb_agent *a);
void jb_agent_line_beat(struct jb_agent *a);
/* Tell the broker that this node goes away for a while. */
void jb_agent_line_bye(struct jb_agent *a, const char *text);
/* Connect (again) now. */
void jb_agent_line_again(struct jb_agent *a);
/* So far behind the broker that what comes is no news. */
bool jb_agent_line_far(const struct jb_agent *a);
/* One item number further: in sync now? */
void jb_agent_line_advance(struct jb_agent *a);

/* greet.c: frames from the broker other than Deliver */
void jb_agent_welcome(struct jb_agent *a, const struct jb_frame *w);
void jb_agent_beat_taken(struct jb_agent *a, const struct jb_frame *beat);
void jb_agent_resume(struct jb_agent *a, const struct jb_frame *frame);
void jb_agent_rejected(struct jb_agent *a, const struct jb_frame *frame);

/* recover.c */
/* A Welcome said that the broker's record is being completed, or was without this node. */
void jb_agent_recovering(struct jb_agent *a, const struct jb_frame *w);
void jb_agent_copy_wanted(struct jb_agent *a, const struct jb_frame *want);

/* follow.c: a replica that was left out of a restore */
/* Keep that the record goes on after this item of the former epoch. Inside a transaction. */
enum jb_err jb_agent_left_out_set(struct jb_ledger *l, const struct jb_line_point *former) JB_MUST;
/* The broker says that this replica's copy is kept: make the new one beside it and stop the loop
 * (a->following). When that cannot be done now, say so; the next greeting tries again. */
void jb_agent_follow_begin(struct jb_agent *a);
/* After the loop: put it in the place of the old one, which is kept under another name. Closes the
 * replica. On an error the old one is still there. */
enum jb_err jb_agent_follow_end(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
/* --follow-new-history: the same by hand. Prints what was done, and what was accepted only in the
 * former history. Exit status. */
int jb_agent_follow(struct jb_agent *a);

/* pump.c */
/* Send again from `number` + 1. */
void jb_agent_pump_rewind(struct jb_agent *a, uint64_t number);
void jb_agent_pump(struct jb_agent *a);
void jb_agent_pump_settled(struct jb_agent *a);

/* group.c */
/* Keep a client's submission for the end of this turn; true: request and arena are taken over. */
bool jb_agent_group_add(struct jb_agent_request *r, size_t bytes);
/* Store all of them in one transaction, and answer. */
void jb_agent_group_take(struct jb_agent *a);
/* Forget them: nothing is stored, nobody is answered. */
void jb_agent_group_drop(struct jb_agent *a);

/* apply.c */
/* Copy one Deliver frame (still encoded) to what is gathered. */
void jb_agent_gather(struct jb_agent *a, struct jb_bytes frame);
/* Apply what has gathered, in one transaction, and acknowledge it. */
void jb_agent_apply(struct jb_agent *a);
void jb_agent_gather_drop(struct jb_agent *a);
/* Send the last acknowledgement again. */
void jb_agent_acknowledge(struct jb_agent *a);

/* news.c: after the commit */
void jb_agent_news_spread(struct jb_agent *a, const struct jb_agent_news *news);

/* What an alarm says beside warn steps and due instants of the own clock; kept as its `step`. */
enum jb_agent_alarm_kind {
    JB_AGENT_ALARM_FIRST = 100,
    JB_AGENT_ALARM_MISSED = JB_AGENT_ALARM_FIRST, /* another agency missed what it owes */
    JB_AGENT_ALARM_SILENT,                        /* nobody there has signed for it */
    JB_AGENT_ALARM_UNDELIVERED,                   /* nor has it even arrived */
    JB_AGENT_ALARM_DIRECTIVE_MISSED,              /* our directive was not followed in time */
    JB_AGENT_ALARM_DIRECTIVE,                     /* one was received */
    JB_AGENT_ALARM_SUMMONS,                       /* likewise: come at once */
    JB_AGENT_ALARM_DISPUTE,                       /* one is to be settled here */
    JB_AGENT_ALARM_REFUSED,                       /* a submission that had waited in the outbox */
    JB_AGENT_ALARM_RETURNED, /* an agency came back that the record was restored without */
    JB_AGENT_ALARM_LOST,     /* the replica was gone, and what had not been handed over with it */
    JB_AGENT_ALARM_END
};

/* concern.c: what a delivered entry means to this agency beside its own deadlines */
/* There was a replica here, and its file is empty or missing: the people are told, once, what that
 * means. In a transaction of its own. Errors of the ledger. */
enum jb_err jb_agent_alarm_lost(struct jb_agent *a, int64_t now_ms) JB_MUST;
/* Its word: "warn", "overdue", "missed" ... */
const char *jb_agent_alarm_word(const struct jb_alarm *alarm);
/* The deadline that it is about; 0: none. */
uint32_t jb_agent_alarm_deadline(const struct jb_alarm *alarm);
/* Is it for people to see? What only keeps the clock from telling twice is not. */
enum jb_err jb_agent_alarm_shown(struct jb_agent *a, const struct jb_alarm *alarm,
                                 bool *shown) JB_MUST;
/* Of the directive or submission that an alarm of those kinds is about. */
uint32_t jb_agent_alarm_number(const struct jb_alarm *alarm);
/* Record the alarms that a taken item gives, into n->alarms. Inside the transaction that applies
 * it. Memory from `arena`. */
enum jb_err jb_agent_concern(struct jb_agent *a, struct jb_agent_news *n, int64_t now_ms,
                             struct jb_arena *arena) JB_MUST;
/* Into log, hook and watchers, after the commit. */
void jb_agent_alarm_tell(struct jb_agent *a, const struct jb_alarm *alarm);

/* hours.c: when people are at their desks */
struct jb_agent_hours {
    int from_minute, to_minute; /* of the day; both 0: always */
};
/* "08:30-18:00", or "" for always. JB_MALFORMED. */
enum jb_err jb_agent_hours_parse(const char *text, struct jb_agent_hours *out) JB_MUST;
/* A working day by this calendar (NULL: every day is one), within the hours. */
bool jb_agent_hours_open(const struct jb_agent_hours *h, const struct jb_calendar *cal,
                         int64_t now_ms);

/* alarm.c, hook.c */
enum jb_err jb_agent_alarm_start(struct jb_agent *a) JB_MUST;
void jb_agent_alarm_stop(struct jb_agent *a);
/* Anything may have changed: look at all deadlines again, from now (this loop turn) on. */
void jb_agent_alarm_kick(struct jb_agent *a);
/* The same, but at the next look, which comes within agent.alarm_check. */
void jb_agent_alarm_later(struct jb_agent *a);
/* Deadlines of this case may have changed: look at them alone, at once. 0: nothing to do. */
void jb_agent_alarm_case(struct jb_agent *a, int64_t case_no);
/* Until the next look: the next instant, but no longer than `check_ms`; -1: nothing runs. */
int64_t jb_agent_alarm_wait(int64_t now_ms, int64_t next_ms, int64_t check_ms);
enum jb_err jb_agent_hook_start(struct jb_agent *a) JB_MUST;
void jb_agent_hook_run(struct jb_agent *a, const struct jb_alarm *alarm);
void jb_agent_hook_stop(struct jb_agent *a);

/* local.c */
enum jb_err jb_agent_local_start(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
void jb_agent_local_stop(struct jb_agent *a);
/* Send one reply; a client that cannot take it is cut. */
void jb_agent_reply(struct jb_agent_client *client, const Jb__Reply *reply, struct jb_arena *arena);
void jb_agent_reply_error(struct jb_agent_client *client, uint64_t id, enum jb_err err,
                          const char *text);

/* reader.c: who may see what. Recusal, Art 28(3): a person who is recused from a case sees nothing
 * of it; every answer about a case goes through here. */
/* The user of a request, into its arena, from the connection and on_behalf_of. */
enum jb_err jb_agent_reader_name(struct jb_agent_request *r) JB_MUST;
bool jb_agent_reader_barred(const struct jb_agent *a, struct jb_text user, const struct jb_case *c);
/* The same by number, with what waits in the outbox; 0 and an unknown case hide nothing. */
enum jb_err jb_agent_reader_hides(struct jb_agent *a, struct jb_text user, int64_t case_no,
                                  bool *hidden) JB_MUST;

/* token.c: a submission is made once, however often it is asked for. Durable with the transaction
 * that stores the submission. */
#define JB_AGENT_TOKEN_BYTES 64
/* The submission that this user made with this token within 24 hours; NOT_FOUND. */
enum jb_err jb_agent_token_find(struct jb_agent *a, struct jb_text user, struct jb_text token,
                                int64_t now_ms, uint64_t *number) JB_MUST;
/* Inside the transaction. FULL: too many tokens within 24 hours. */
enum jb_err jb_agent_token_add(struct jb_agent *a, struct jb_text user, struct jb_text token,
                               int64_t now_ms, uint64_t number) JB_MUST;
/* The tokens of unsettled submissions, into a replica that they were carried over to: number n
 * becomes n - settled. Inside a transaction of `to`. */
enum jb_err jb_agent_tokens_carry(struct jb_ledger *from, struct jb_ledger *to,
                                  uint64_t settled) JB_MUST;

/* waiters.c */
/* Does a client wait for the verdict on this submission? */
bool jb_agent_waited_for(const struct jb_agent *a, uint64_t number);
/* `query_code`: told with the verdict when it is not a refusal; "" none. */
enum jb_err jb_agent_wait(struct jb_agent_request *r, uint64_t number, uint32_t wait_ms,
                          const char *query_code) JB_MUST;
/* A verdict is on disk: answer those who wait for it. */
void jb_agent_wait_settled(struct jb_agent *a, uint64_t number);
void jb_agent_wait_forget(struct jb_agent *a, const struct jb_agent_client *client);
void jb_agent_wait_stop(struct jb_agent *a);

/* watch.c */
void jb_agent_watch_item(struct jb_agent *a, const struct jb_agent_news *news);
void jb_agent_watch_alarm(struct jb_agent *a, const struct jb_alarm *alarm);
void jb_agent_watch_line(struct jb_agent *a);
enum jb_err jb_agent_watch_start(struct jb_agent *a) JB_MUST;
void jb_agent_watch_stop(struct jb_agent *a);

/* ask_report.c */
void jb_agent_report_forget(struct jb_agent *a, const struct jb_agent_client *client);
void jb_agent_report_stop(struct jb_agent *a);

/* ask_proposals.c */
void jb_agent_proposals_forget(struct jb_agent *a, const struct jb_agent_client *client);
enum jb_err jb_agent_proposals_start(struct jb_agent *a) JB_MUST;
void jb_agent_proposals_stop(struct jb_agent *a);

/* ask_evidence.c: this client (NULL: any) waits for it no more. */
void jb_agent_evidence_forget(struct jb_agent *a, const struct jb_agent_client *client);

#endif
