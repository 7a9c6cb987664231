/* jiaoband: the state of the broker, and the phases of its tick.
 *
 *   intake (intake.c)  frames -> submissions, acknowledgements, collected in `fill`
 *   load, decide (decide.c)  submissions -> entries or refusals, effects applied to cases in memory
 *   commit (commit.c)  one transaction on the worker thread: the log and one packed row
 *   deliver (deliver.c)  stream items to nodes with credit, out of the tail in memory (tail.h)
 *   follow (follow.c)  the tables, many batches at once, on the worker thread
 *
 * Everything but commit and follow runs on the loop thread. While one batch is being synced the
 * next one gathers, and while the tables follow it is decided: decide reads through the tail and
 * the reader, and what of it needs the writing ledger waits for the worker (jb_follow_wait), so
 * that this one is used by one thread at a time. Nothing is confirmed before the commit returned.
 * After a failed one memory is set back to what the disk holds, and nothing is taken in until the
 * disk is good again (degraded.c); damaged data ends the process. */
#ifndef JB_DAEMON_BROKER_H
#define JB_DAEMON_BROKER_H

#include <uv.h>

#include "daemon/attached.h"
#include "daemon/config.h"
#include "daemon/degraded.h"
#include "daemon/due.h"
#include "daemon/follow.h"
#include "daemon/keeper.h"
#include "daemon/peer.h"
#include "daemon/tail.h"
#include "proto/ledger/book.h"
#include "proto/ledger/brokerlog.h"
#include "proto/ledger/query.h"
#include "proto/ledger/reserve.h"
#include "proto/ledger/strain.h"
#include "proto/rules/decide.h"
#include "proto/wire/codec.h"
#include "proto/ledger/audit.h"
#include "proto/wire/local.h"
#include "proto/wire/sign.h"
#include "proto/wire/zap.h"
#include "proto/wire/zsock.h"

struct jb_broker;

#define JB_WAL_TRIM_BYTES (INT64_C(64) * 1024 * 1024)

/* ---- counters, exported as metrics
 * ------------------------------------------------------------------ */

#define JB_BROKER_COUNTERS(X)                                                                      \
    X(submissions, "Submissions decided")                                                          \
    X(refusals, "Submissions refused by a rule")                                                   \
    X(malformed, "Submissions that could not be read")                                             \
    X(repeats, "Submissions received again and recognised by number")                              \
    X(gaps, "Submit frames that skipped a number")                                                 \
    X(entries, "Entries appended to the log")                                                      \
    X(stream_items, "Items appended to streams")                                                   \
    X(delivered, "Items sent to nodes")                                                            \
    X(acks, "Signed acknowledgements stored")                                                      \
    X(bad_frames, "Frames that were rejected")                                                     \
    X(bad_signatures, "Signatures that did not verify")                                            \
    X(commits, "Transactions committed")                                                           \
    X(commits_failed, "Batches that could not be decided or committed")                            \
    X(degraded, "Times that the broker stopped taking anything in")                                \
    X(greetings, "Greetings accepted")                                                             \
    X(displaced, "Connections replaced by a newer one of the same node")                           \
    X(diverged, "Greetings refused because both ends hold different histories")                    \
    X(warned, "Warn-before steps that fell")                                                       \
    X(missed, "Deadlines missed")                                                                  \
    X(undelivered, "Hand-overs whose sender was alarmed because they were not delivered")          \
    X(recounted, "Provisional dates counted again with a newer calendar")                          \
    X(succeeded, "Cases that went to the successor of a retired agency")                           \
    X(ratings_opened, "Ratings whose window is over")                                              \
    X(clock_steps, "Jumps of the wall clock noticed")                                              \
    X(quota_exceeded, "Times that a node began to send more than its quota")                       \
    X(quota_turned_away, "Times that a node was turned away because it went on")                   \
    X(overtaken, "Items dropped because their key was replaced before they were decided")

struct jb_counters {
#define X(name, help) uint64_t name;
    JB_BROKER_COUNTERS(X)
#undef X
};

/* ---- a batch
 * -------------------------------------------------------------------------------------- */

enum jb_source {
    JB_FROM_LINE,  /* a node's submission */
    JB_FROM_EPOCH, /* a node begins a new incarnation of its up sequence */
    JB_FROM_ACK,   /* a node's signed acknowledgement */
    JB_FROM_CLOCK, /* the deadline clock: look at this case; those in a row are one look */
    JB_FROM_SWEEP, /* the broker looked for something to do: no word when there is nothing */
    JB_FROM_BLOB,  /* a node's signed receipt for an attachment; its hash stands as the head */
    JB_FROM_LATE,  /* a piece of what a node holds that returned too late: see late.c */
    JB_FROM_ADMIN, /* the admin socket or the broker itself */
    JB_FROM_AUDIT, /* what an administrator asks for, to be recorded before it is done */
};

struct jb_audit_order { /* one row of the audit log */
    struct jb_audit_row row;
    const uint8_t *secret; /* signs the log's end; borrowed */
    int64_t before_ms;     /* older rows may go; 0: none */
};

struct jb_intake_item {
    enum jb_source source;
    uint32_t node;
    uint64_t number;                    /* LINE */
    uint64_t key_tag;                   /* LINE, ACK, EPOCH: of the connection it came over */
    struct jb_bytes raw;                /* LINE: Submission; arena */
    struct jb_bytes case_key;           /* LINE: 32 bytes or empty; arena */
    uint8_t head[JB_HASH_BYTES];        /* LINE: up chain after it */
    const struct jb_receipt *signature; /* LINE: with the last item of its frame; ACK; else NULL */
    int64_t case_no;                    /* CLOCK */
    int64_t horizon_ms;                 /* CLOCK: nothing that fell after this; 0: no limit */
    struct jb_act *act;                 /* ADMIN, SWEEP; arena */
    struct jb_text user;                /* ADMIN, SWEEP; arena */
    uint64_t waiter;               /* ADMIN: id of the admin request to answer; 0: nobody waits */
    uint8_t epoch[JB_EPOCH_BYTES]; /* EPOCH */
    const struct jb_audit_order *audit; /* AUDIT; arena */
    const struct jb_late *late;         /* LATE; arena */
};

struct jb_audience { /* one node that gets something because of an operation */
    uint32_t node;
    bool joins;  /* gets the history of the case first */
    bool reads;  /* may read what is sealed from now on: gets the registration again, with the key
                  */
    bool leaves; /* gets a LEFT item in place of the entry */
    bool duty;
};

enum jb_op_kind {
    JB_OP_ENTRY,
    JB_OP_REFUSAL,
    JB_OP_EPOCH,
    JB_OP_RECEIPT,
    JB_OP_BLOB_RECEIPT,
    JB_OP_KNOWN, /* an entry that is in the log already settles the item */
    JB_OP_AUDIT,
    JB_OP_LATE
};

struct jb_op { /* what the commit has to write, in order */
    enum jb_op_kind kind;
    const struct jb_intake_item *item;  /* NULL: made by the broker (no number to settle) */
    const struct jb_entry *entry;       /* ENTRY; arena */
    struct jb_bytes bytes;              /* ENTRY: encoded */
    const struct jb_audience *audience; /* ENTRY; arena */
    size_t audience_count;
    struct jb_refused refusal; /* REFUSAL */
    int64_t at_ms;
};

struct jb_batch {
    struct jb_arena arena;
    struct jb_intake_item *items; /* grows; owned */
    size_t item_count, item_capacity;
    struct jb_op *ops; /* grows; owned */
    size_t op_count, op_capacity;
    struct jb_case **cases; /* open addressing by case number; owned array, arena cases */
    size_t case_count, case_capacity;
    uint32_t *touched; /* nodes whose stream grew; owned */
    size_t touched_count, touched_capacity;
    int64_t now_ms;     /* the instant of all its decisions */
    uint64_t first_seq; /* log number of its first entry */
    uint64_t next_seq;  /* log number of its next entry */
    enum jb_err result; /* of the commit */
    struct jb_fault fault;
    struct jb_counters counted;  /* what deciding it added to the counters */
    struct jb_tail_block *block; /* what it comes to in memory; NULL: all is in the tables */
    bool tells_clock;            /* it holds steps of the clock for the record ... */
    struct jb_keeper keeper;     /* ... and so stood the keeper before they were taken from it */
};

/* What the broker looks for by itself, in bounded pieces: see sweep.c. */
struct jb_sweep {
    bool recount;                        /* provisional deadlines are being looked through */
    struct jb_deadline_id recount_after; /* the last one looked at */
    bool succeed;                        /* cases of retired agencies */
    uint32_t succeed_node;               /* agency in hand; 0: from the first */
    int64_t succeed_after;               /* its last case looked at */
    int64_t looked_ms;                   /* agencies retired by then have been looked at */
};

/* Nodes that have to catch up, in the order in which they get their next frame. */
struct jb_behind {
    struct jb_peer *first, *last;
    uv_idle_t idle; /* runs while somebody waits */
};

struct jb_admin;
struct jb_metrics;
struct jb_blob_service;

struct jb_broker {
    uv_loop_t *loop; /* borrowed */
    struct jb_broker_config *config;
    struct jb_config_source source; /* where a reload reads again */
    struct jb_clock clock;          /* the wall clock */
    struct jb_clock mono;           /* what it is held against; now_ms NULL: nothing */
    struct jb_keeper keeper;        /* the time that counts */
    uint64_t look_ms;               /* look at the time so often; 0: as late as possible */
    struct jb_node_keys keys;
    struct jb_node_keys former; /* those before; all zero: none */
    int lock_fd;

    struct jb_ledger *ledger; /* writes: loop thread, or the worker while `working` */
    struct jb_ledger *reader; /* reads for deliveries, listings, metrics: loop thread */
    uint64_t committed_seq;   /* last log number on disk */
    struct jb_directory directory;
    struct jb_ledger_book shelf; /* policies and calendars that are installed */
    struct jb_rulebook book;     /* what they come to now */
    struct jb_verdict verdict;   /* scratch of decide */

    struct jb_zctx *zctx;
    struct jb_zap *zap;
    struct jb_zsock *router;
    bool paused;                 /* intake is full */
    struct jb_arena frame_arena; /* of the frame being handled or sent */

    struct jb_peer **peers; /* by node number; NULL: never seen */
    size_t peer_capacity;

    struct jb_batch batches[2];
    struct jb_batch *fill, *busy;
    bool committing;
    bool ready;          /* busy is decided, and goes to the worker when the tables are done with */
    atomic_bool working; /* the worker has the ledger: `committing`, but told by itself */
    int64_t commit_started_mono_ms;
    uv_work_t work;
    struct jb_tail tail;
    struct jb_follow follow;
    struct jb_behind behind;
    struct { /* connections of nobody that the gate ended */
        uint64_t cut;
        int64_t told_ms; /* in the log, by the monotonic clock; 0: never */
    } strangers;
    uv_prepare_t tick; /* begins the next tick when there is something to decide */
    uv_timer_t hold;   /* acknowledgements wait for company until it fires */
    bool held;         /* it has: they wait no longer */

    uv_timer_t clock_timer; /* deadline clock */
    int64_t falls_ms;       /* nothing falls due before; 0: not known */
    uv_timer_t house_timer; /* liveness of sessions, checkpoints, watchdog */
    uint64_t commits_seen;  /* when housekeeping looked last */
    uint64_t work_seen;     /* commits and connections, likewise */
    uint64_t work_rested;   /* the same when memory went back last */
    unsigned quiet_ticks;   /* of housekeeping, without any of them */
    bool forget;            /* a key was erased: its traces beside the file must still go */
    bool clock_pending;     /* the clock has submissions in a batch that is not committed yet */
    struct jb_due_list due; /* of the last look, what was not decided yet */
    struct jb_put_off put_off[JB_PUT_OFF_MAX];
    struct jb_sweep sweep;
    struct jb_strain strain;   /* why nothing is taken in; why JB_OK: all is well */
    struct jb_reserve reserve; /* room for the end of what is under way */
    uv_timer_t probe_timer;    /* runs while there is a strain */
    enum jb_err probed;        /* what the worker found */
    uint64_t watchdog_ms;
    uint64_t turned_away; /* connections for which no descriptor was left, when last looked */
    bool crowded;         /* there were more in the last second */
    const char *told;     /* to systemd; static text */
    int64_t started_ms;

    struct jb_blob_service *blobs; /* see blob.h */
    struct jb_attached attached;   /* how much of them each node has brought */
    struct jb_admin *admin;
    struct jb_metrics *metrics;
    struct jb_counters count;
    bool recovering;        /* the record is being completed after a restore: see recover.c */
    size_t recover_awaited; /* agencies that have not reported yet */
    uint64_t kept_nodes, kept_items; /* evidence of late returners: late.c */
    uint64_t recover_learnt;         /* last entry of the directory that was learnt from a copy */
    bool stopping;
    int exit_status;
    struct jb_fault trouble; /* why it is stopping, or "" */
};

/* broker.c: life cycle */
enum jb_err jb_broker_start(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
/* Stop accepting, finish the commit under way, close everything; the loop then ends by itself. */
void jb_broker_stop(struct jb_broker *b, int exit_status);
void jb_broker_fini(struct jb_broker *b);
/* Load what is installed and choose what is in force now. Loop thread, no commit under way. */
enum jb_err jb_broker_book_load(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
/* Queue INSTALL_POLICY / INSTALL_CALENDAR for configured files whose version is not installed yet.
 */
enum jb_err jb_broker_install_files(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
enum jb_err jb_broker_reload(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
int64_t jb_broker_now(struct jb_broker *b); /* the time to decide with: see keeper.h */
struct jb_peer *jb_broker_peer(struct jb_broker *b,
                               uint32_t node); /* made when new; NULL: no memory */

/* batch.c */
void jb_batch_init(struct jb_batch *t);
void jb_batch_fini(struct jb_batch *t);
void jb_batch_reset(struct jb_batch *t);
/* Forget what was decided; the items stay, to be decided again. */
void jb_batch_undecide(struct jb_batch *t);
struct jb_intake_item *jb_batch_item(struct jb_batch *t); /* a new zeroed item; NULL: no memory */
struct jb_op *jb_batch_op(struct jb_batch *t);
/* An entry of the broker's own node, but for its act; NULL: no memory. */
struct jb_entry *jb_batch_own_entry(struct jb_batch *t, struct jb_text user);
enum jb_err jb_batch_touch(struct jb_batch *t, uint32_t node) JB_MUST;
/* The case as this batch sees it: loaded once, then as changed. NULL: *err says why. */
struct jb_case *jb_batch_case(struct jb_broker *b, struct jb_batch *t, int64_t case_no,
                              enum jb_err *err);

/* Open the ledgers anew and forget who had greeted: the record was put together beneath them. */
enum jb_err jb_broker_read_again(struct jb_broker *b, struct jb_fault *fault) JB_MUST;

/* intake.c: a message from the ROUTER (hook of zsock) */
void jb_intake_message(void *broker, const struct jb_zmsg *msg);
void jb_intake_surplus(void *broker, uint32_t node);
/* gatekeeper.c: limits of connections and quotas of nodes */
void jb_gatekeeper_options(struct jb_broker *b, struct jb_gate_options *out);
/* A node has made so many submissions. */
void jb_gatekeeper_submissions(struct jb_broker *b, struct jb_peer *p, size_t count);
/* It went on sending more than its quota, and is not listened to for a while. */
bool jb_gatekeeper_turns_away(const struct jb_peer *p);
/* How many nodes are over their quota or turned away now; text for people, "" if none. */
size_t jb_gatekeeper_trouble(const struct jb_broker *b, char *text, size_t size);
/* greet.c */
void jb_greet(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *hello);
/* The credit that a Hello or Ack names, never more than ours; 0: ours. */
void jb_peer_window(const struct jb_broker *b, struct jb_peer *p, const struct jb_frame *f);
/* Its replica is of another history: on the log, in the administrators' list and in the Reject. */
void jb_peer_differs(struct jb_peer *p, struct jb_differs differs);
/* Send a frame to whoever sent `msg`; failure only counts. */
void jb_answer(struct jb_broker *b, struct jb_bytes routing_id, const struct jb_frame *frame);
void jb_reject(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *frame,
               enum jb_err err, bool closing, const char *text);

/* decide.c: turn the items of `fill` into operations. JB_OK or the reason to stop the process. */
enum jb_err jb_decide_batch(struct jb_broker *b, struct jb_batch *t) JB_MUST;
/* Decide one act, `item` or NULL being what it answers; the others on which it touches and what
 * follows from it included. A refusal becomes one for the submitter, or, of the broker's own act, a
 * note in the process's log. *accepted (may be NULL): it became an entry. */
enum jb_err jb_decide_entry(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *item, struct jb_entry *entry,
                            bool *accepted) JB_MUST;
/* The same for an act of the broker's own node. */
enum jb_err jb_decide_own(struct jb_broker *b, struct jb_batch *t,
                          const struct jb_intake_item *item, const struct jb_act *act,
                          struct jb_text user, bool *accepted) JB_MUST;
/* known.c: does the record go on after a restore? */
bool jb_record_restored(const struct jb_broker *b);
/* Was it decided before that? Then *known, and the operation is there. */
enum jb_err jb_decide_known(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *item, const struct jb_entry *submitted,
                            bool *known) JB_MUST;
/* audience.c: may the node read what is sealed in the case? As the ledger's STREAM_KEY says it. */
bool jb_audience_reads(const struct jb_case *c, uint32_t node);
/* whom an accepted entry goes to; changes the case, the directory. *out is in the
 * batch's memory. */
struct jb_accepted;
enum jb_err jb_audience_find(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a,
                             struct jb_audience **out, size_t *count) JB_MUST;
/* decideclock.c: what fell due in the cases of these items (JB_FROM_CLOCK, one look), in the order
 * of its instants. */
enum jb_err jb_decide_clock(struct jb_broker *b, struct jb_batch *t,
                            const struct jb_intake_item *items, size_t count) JB_MUST;
/* ratings.c: is the sealed rating of this act one? For refusing nonsense; its value goes nowhere.
 */
bool jb_rating_is_good(const struct jb_broker *b, const struct jb_act *act);
/* The last rating that was cast for this party, opened; 0: none, or it cannot be opened. */
enum jb_err jb_rating_last(struct jb_broker *b, const struct jb_batch *t, int64_t case_no,
                           int party, int *satisfaction) JB_MUST;
/* receipts.c: an acknowledgement's operations */
enum jb_err jb_decide_receipt(struct jb_broker *b, struct jb_batch *t,
                              const struct jb_intake_item *item) JB_MUST;
/* Append an accepted act as an entry operation: numbers, applies, encodes, finds the audience. */
struct jb_accepted {
    const struct jb_intake_item *item; /* NULL: nobody's submission is settled */
    struct jb_entry *entry;            /* arena; seq is filled in here */
    struct jb_case *c;                 /* NULL: not about a case */
    uint32_t only;                     /* audience is this node alone; 0: by the rules */
    bool nobody, offices;              /* for the log alone; besides `only`, every office */
};
enum jb_err jb_decide_accept(struct jb_broker *b, struct jb_batch *t,
                             struct jb_accepted *a) JB_MUST;

/* commit.c: worker thread; fills t->result. Trims the write-ahead log when it has grown large:
 * under load no tick finds the ledger idle. */
void jb_commit_batch(struct jb_ledger *l, struct jb_batch *t);

/* deliver.c */
enum jb_err jb_deliver_start(struct jb_broker *b) JB_MUST;
/* What is new, at once; with more to come than one frame: the rest in turn with others. */
void jb_deliver(struct jb_broker *b, struct jb_peer *p);
/* In turn with others: it has just greeted, and may have much to catch up. */
void jb_deliver_later(struct jb_broker *b, struct jb_peer *p);
void jb_deliver_acked(struct jb_peer *p, uint64_t number); /* credit comes back */
void jb_peer_drop(struct jb_broker *b, struct jb_peer *p, const char *why);

/* clockwork.c */
enum jb_err jb_clockwork_start(struct jb_broker *b) JB_MUST;
/* Queue what fell due, set the timer for the next instant. */
void jb_clockwork_look(struct jb_broker *b);
/* Queue the cases in which something fell due by now_ms, at most `max`: what is left of the last
 * look, or of a new one, for which the tables must be up to date. *next_ms: when to ask again. For
 * the next batch. */
enum jb_err jb_clockwork_queue(struct jb_broker *b, int64_t now_ms, size_t max, size_t *count,
                               int64_t *next_ms) JB_MUST;
/* A case was committed that is not in the tables yet: it may have to be looked at earlier. */
void jb_clockwork_changed(struct jb_broker *b, const struct jb_case *c);
/* The rules refused what the clock had to say of this case: not again for some minutes. */
void jb_clockwork_put_off(struct jb_broker *b, int64_t case_no, int64_t now_ms);
/* Queue what the clock's keeper noticed, for the record. False: there was nothing. */
struct jb_clock_witness {
    struct jb_text user;
    struct jb_text reason; /* why it was confirmed; borrowed until the batch is committed */
    uint64_t waiter;       /* admin request to answer with the last of it; 0: none */
    const struct jb_keeper *before; /* the keeper before it was confirmed; NULL: as it stands */
};
bool jb_clockwork_record(struct jb_broker *b, const struct jb_clock_witness *by);

/* sweep.c */
void jb_sweep_recount(struct jb_broker *b); /* begin: a calendar or policy was installed */
void jb_sweep_succeed(struct jb_broker *b); /* begin: an agency retired */
/* Queue the next piece; how many items. 0: nothing left to look at. */
size_t jb_sweep_queue(struct jb_broker *b, int64_t now_ms);
bool jb_sweep_running(const struct jb_broker *b);
/* Is there something to look for, or was there since the last look? */
bool jb_sweep_wanted(const struct jb_broker *b, int64_t now_ms);

/* tick.c: begin, finish */
/* The worker is done: intake and clock go on, and what gathered is the next batch. */
void jb_tick_take_on(struct jb_broker *b);
enum jb_err jb_tick_start(struct jb_broker *b) JB_MUST;
/* Decide b->busy and commit it. No commit under way. */
void jb_tick_commit(struct jb_broker *b);
void jb_tick_kick(struct jb_broker *b); /* there is something to decide */

/* admin.c */
enum jb_err jb_admin_start(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
void jb_admin_stop(
    struct jb_broker *b); /* no more requests; memory with jb_admin_fini after the loop */
void jb_admin_fini(struct jb_broker *b);
/* adminaudit.c: a request is on record: do it, or answer that it is refused. */
void jb_admin_recorded(struct jb_broker *b, uint64_t waiter);
/* Put on record that one account may hold all duties, if that is so. */
void jb_admin_record_single(struct jb_broker *b);
/* A decision that an admin request waits for is on disk (or was refused). */
void jb_admin_settled(struct jb_broker *b, uint64_t waiter, const struct jb_op *op);
/* It got lost: nothing of it is on disk. */
void jb_admin_lost(struct jb_broker *b, uint64_t waiter, enum jb_err err, const char *text);

/* metrics.c */
enum jb_err jb_metrics_start(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
void jb_metrics_stop(struct jb_broker *b);
void jb_metrics_fini(struct jb_broker *b);

/* house.c: timers, sd_notify */
enum jb_err jb_house_start(struct jb_broker *b) JB_MUST;
void jb_house_ready(struct jb_broker *b);
void jb_house_status(struct jb_broker *b, const char *status);
/* What a person should see to although submissions are taken; "" nothing. Static text. */
const char *jb_house_trouble(const struct jb_broker *b);

#endif
