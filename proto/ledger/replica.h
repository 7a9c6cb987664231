/* A node's replica: what its stream said, what it has submitted, what it has issued.
 * Threading and transactions as in ledger.h. */
#ifndef JB_LEDGER_REPLICA_H
#define JB_LEDGER_REPLICA_H

#include "proto/ledger/ledger.h"
#include "proto/rules/caseno.h"
#include "proto/wire/codec.h"
#include "proto/wire/frame.h"

/* The node's number is learnt at the first Welcome and never changes afterwards (JB_WRONG_NODE).
 * Sets the starting heads of both chains. Inside a transaction. 0: not known yet. */
enum jb_err jb_replica_node_set(struct jb_ledger *l, uint32_t node) JB_MUST;
uint32_t jb_replica_node(const struct jb_ledger *l);

/* ---- down: the stream ---- */

/* Last item on disk; epoch all zero before the first. */
struct jb_line_point jb_replica_down(const struct jb_ledger *l);
/* The broker's epoch and starting head, at the first Welcome. DIVERGED if another one is set. */
enum jb_err jb_replica_down_epoch(struct jb_ledger *l, const uint8_t epoch[JB_EPOCH_BYTES]) JB_MUST;

/* Verdicts in items up to `number` belong to submissions of an earlier file of this node and settle
 * nothing here. A new file calls it at the first Welcome with JB_SETTLES_NOTHING; jb_replica_take
 * then sets the limit itself at the NEW_EPOCH entry that names this file's epoch: what comes after
 * that is about this file's submissions, whatever was still under way of an earlier one. */
#define JB_SETTLES_NOTHING UINT64_MAX
enum jb_err jb_replica_settles_after(struct jb_ledger *l, uint64_t number) JB_MUST;

struct jb_applied { /* what an item did, for the caller's log, alarms and watchers; arena */
    struct jb_item item;
    struct jb_entry entry; /* when item.kind is ENTRY */
    int64_t case_no;
    bool key_unfit; /* the case key beside it was not kept: it does not fit */
};
/* Inside a transaction, before many items are taken: the cases they are about stay in memory and go
 * to the tables with the commit, or when they take much memory. Until then whatever reads the
 * tables of cases by other ways than jb_ledger_case_load does not see them. Ends with the
 * transaction; until then the arenas live that the items are taken with. */
void jb_replica_hold(struct jb_ledger *l);
/* Take the next item: number must be down.number + 1 (REPEAT below, GAP above), decode, apply to
 * the derived tables, store body, hash and head; settle the outbox entry that it settles; keep the
 * case key, unless it is not the one under which the entry is sealed (key_unfit); on LEFT purge the
 * case. Inside a transaction. DIVERGED: a verdict on a submission that is not the next to be
 * settled; NOT_FOUND: never greeted; CORRUPT: the effects do not fit the case. After any error the
 * caller rolls back. */
enum jb_err jb_replica_take(struct jb_ledger *l, const struct jb_frame_item *item,
                            struct jb_arena *arena, struct jb_applied *applied,
                            struct jb_fault *fault) JB_MUST;
/* Was a key of this case sent that does not fit, and none since that does? False as well where the
 * node has no right to one. */
enum jb_err jb_replica_key_unfit(struct jb_ledger *l, int64_t case_no, bool *unfit) JB_MUST;
/* Items after number `after`, in order, as jb_replica_take reported them: at most `max`, and no
 * more than fit well into one request. The texts of a case that was left are gone: kind 0, only the
 * number is set. Count 0: there are none. */
enum jb_err jb_replica_items(struct jb_ledger *l, uint64_t after, size_t max,
                             struct jb_arena *arena, struct jb_applied **items,
                             size_t *count) JB_MUST;
/* Keep a broker-signed head as evidence; the caller has verified the signature and that head equals
 * jb_replica_down. */
enum jb_err jb_replica_proof_add(struct jb_ledger *l, const struct jb_line_point *point,
                                 uint8_t suite, const uint8_t signature[JB_SIGN_BYTES],
                                 int64_t at_ms) JB_MUST;
/* Remember the own acknowledgement that was signed for this point (evidence at this end). */
enum jb_err jb_replica_ack_add(struct jb_ledger *l, const struct jb_line_point *point,
                               uint8_t suite, const uint8_t signature[JB_SIGN_BYTES],
                               int64_t at_ms) JB_MUST;
/* The last acknowledgement made; NOT_FOUND. A repeat is answered with exactly this one. */
enum jb_err jb_replica_ack_last(struct jb_ledger *l, struct jb_line_point *point, uint8_t *suite,
                                uint8_t signature[JB_SIGN_BYTES]) JB_MUST;

/* When the own receipt for a log entry was signed: the first own acknowledgement that covers the
 * item in which the entry came. NOT_FOUND: none does. */
enum jb_err jb_replica_stored_at(struct jb_ledger *l, uint64_t entry_seq, int64_t *at_ms) JB_MUST;

/* The record that is followed goes on in a new epoch: the stream continues with its next number,
 * and from here on items are signed under the new one. The caller has made sure that the former
 * epoch ended at or after what is here. Inside a transaction. */
enum jb_err jb_replica_down_follow(struct jb_ledger *l,
                                   const uint8_t epoch[JB_EPOCH_BYTES]) JB_MUST;
/* Chain head after an item; 0: the start. NOT_FOUND. */
enum jb_err jb_replica_head(struct jb_ledger *l, uint64_t number,
                            uint8_t head[JB_HASH_BYTES]) JB_MUST;
struct jb_replica_piece { /* of the stream as it is here */
    struct jb_frame_item *items;
    size_t count;
    struct jb_line_point end; /* its last item, and the epoch under which that was signed */
    uint8_t suite;
    uint8_t signature[JB_SIGN_BYTES]; /* the broker's, over the end */
};
/* Items from `first` on with the keys of sealed cases, up to the last one within about `max_bytes`
 * whose head the broker signed. Of items that had to be erased: hash and what else is known. Into
 * the arena. NOT_FOUND: no more. */
enum jb_err jb_replica_copies(struct jb_ledger *l, uint64_t first, size_t max_bytes,
                              struct jb_arena *arena, struct jb_replica_piece *out) JB_MUST;

/* ---- up: the outbox ---- */

struct jb_outbox_item {
    uint64_t number;
    int64_t made_at_ms;
    enum jb_act_kind kind;
    int64_t case_no;
    struct jb_text user;
    struct jb_bytes body;        /* Submission */
    struct jb_bytes case_key;    /* 32 bytes or empty */
    uint8_t head[JB_HASH_BYTES]; /* up chain after this one */
};
/* Add a submission: numbers it and moves the up chain (fills number and head). Inside a
 * transaction. NOT_FOUND: the node's number is not known yet (never greeted). */
enum jb_err jb_outbox_add(struct jb_ledger *l, struct jb_outbox_item *item) JB_MUST;
/* Unsettled items from `number` on, into the arena. */
enum jb_err jb_outbox_read(struct jb_ledger *l, uint64_t from, size_t max_items, size_t max_bytes,
                           struct jb_arena *arena, struct jb_outbox_item **items,
                           size_t *count) JB_MUST;
/* Unsettled items about one case, in order. */
enum jb_err jb_outbox_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_outbox_item **items, size_t *count) JB_MUST;
/* Last number made, and last one whose verdict is on disk (verdicts come in order). */
struct jb_line_point jb_outbox_made(const struct jb_ledger *l);
struct jb_line_point jb_outbox_settled(const struct jb_ledger *l);
/* Chain head after submission `number` (0: the start), at most made.number. NOT_FOUND. */
enum jb_err jb_outbox_head(struct jb_ledger *l, uint64_t number,
                           uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* What became of a submission: the stream item that settled it. NOT_FOUND: not settled (yet). When
 * its case has been left since, item.number, at_ms, kind, settles and case_no are all that is still
 * known. */
enum jb_err jb_outbox_verdict(struct jb_ledger *l, uint64_t number, struct jb_arena *arena,
                              struct jb_applied *verdict) JB_MUST;

/* Next sequence number of the day for a case number. It lies above
 * every number of this node that the stream has brought back, and the first one of a file starts at
 * the second of the day: so a re-created file does not issue a number twice, not even one that an
 * earlier file issued and never sent (as long as that issued less than one a second).
 * RANGE: 99,999 used up. */
enum jb_err jb_replica_case_seq(struct jb_ledger *l, struct jb_date date, int64_t now_ms,
                                uint32_t *seq) JB_MUST;
/* That number is issued. Inside a transaction, the one in which it was asked for. */
enum jb_err jb_replica_case_seq_issue(struct jb_ledger *l, struct jb_date date,
                                      uint32_t seq) JB_MUST;

/* Into a new replica `to`, which has never greeted: this node's number, its unsettled submissions
 * in their order (as the first of the new file: number n becomes n - settled) with the keys of
 * their cases, and the case numbers that were issued. Inside a transaction of `to`. */
enum jb_err jb_replica_carry(struct jb_ledger *from, struct jb_ledger *to) JB_MUST;

/* ---- alarms of the agent's own clock ---- */

struct jb_alarm {
    uint64_t id;   /* ascending, never used twice in this file; 0: not recorded yet */
    int64_t at_ms; /* when it was raised */
    int64_t case_no;
    uint32_t deadline_id;
    uint32_t step;  /* warn step 1.., 0: due and missed */
    int64_t due_ms; /* of the deadline when it was raised */
    char key[JB_KEY_MAX];
};
/* Record an alarm once per (case, deadline, step, due), and give it its id: EXISTS when it was
 * raised before. */
enum jb_err jb_alarm_add(struct jb_ledger *l, struct jb_alarm *alarm) JB_MUST;
/* Those of a case go with it; their numbers do not come again. Inside a transaction. */
enum jb_err jb_alarm_purge(struct jb_ledger *l, int64_t case_no) JB_MUST;
/* The last id that was given; 0: none yet. */
enum jb_err jb_alarm_last(struct jb_ledger *l, uint64_t *id) JB_MUST;
enum jb_err jb_alarm_list(struct jb_ledger *l, size_t max, struct jb_arena *arena,
                          struct jb_alarm **alarms, size_t *count) JB_MUST; /* newest first */
/* Those with a higher id, in their order. */
enum jb_err jb_alarm_after(struct jb_ledger *l, uint64_t after, size_t max, struct jb_arena *arena,
                           struct jb_alarm **alarms, size_t *count) JB_MUST;
/* Deadlines have something to say at up to five instants: when they are due, and at their warn
 * steps. Each of these orders is looked through from where the last look ended. */
#define JB_ALARM_ORDERS (1 + JB_WARN_MAX) /* due, then the steps */
struct jb_alarm_place {
    int64_t at_ms; /* one of the instants of this deadline */
    int64_t case_no;
    uint32_t id;
};
struct jb_alarm_seen { /* the last ones that were looked at; zero: none yet */
    struct jb_alarm_place at[JB_ALARM_ORDERS];
};
struct jb_alarm_look {
    uint32_t node; /* whose deadlines; 0: anybody's */
    int64_t now_ms;
    bool due_only; /* no warn steps */
    size_t max;    /* so many deadlines are looked at */
};
/* Open deadlines of which an instant has come by now_ms and was not raised; of each the highest
 * step. Those behind `seen`, which is moved; *more: there are others behind. What is behind is to
 * be looked at again when a case has changed: see jb_alarm_of_case. Unlike the broker's clock this
 * does not change the case. The time that it takes grows with what came due since. */
enum jb_err jb_alarm_due(struct jb_ledger *l, const struct jb_alarm_look *look,
                         struct jb_alarm_seen *seen, struct jb_arena *arena,
                         struct jb_alarm **alarms, size_t *count, bool *more) JB_MUST;
/* The clock was set back, or a case changes at this instant: what is later comes again. */
void jb_alarm_seen_limit(struct jb_alarm_seen *seen, int64_t now_ms);
/* As jb_alarm_due, of one case, all at once, with its warn steps. */
enum jb_err jb_alarm_of_case(struct jb_ledger *l, const struct jb_alarm_look *look, int64_t case_no,
                             struct jb_arena *arena, struct jb_alarm **alarms,
                             size_t *count) JB_MUST;
/* The first instant after now_ms at which anybody's open deadline has something to say (of this
 * case, unless it is 0; with due_only at which one is due); INT64_MAX: none. */
enum jb_err jb_alarm_next(struct jb_ledger *l, const struct jb_alarm_look *look, int64_t case_no,
                          int64_t *next_ms) JB_MUST;

#endif
