/* Listings for people: cases, deadlines, timelines. Read only, always with a limit, paged by key
 * (never an open cursor between calls). Works on broker and replica. Rows live in the arena. */
#ifndef JB_LEDGER_QUERY_H
#define JB_LEDGER_QUERY_H

#include "proto/ledger/ledger.h"

enum jb_light {
    JB_LIGHT_GREEN = 1,
    JB_LIGHT_YELLOW,
    JB_LIGHT_RED,
    JB_LIGHT_DONE
};
/* RED: an open deadline is missed or due before now. YELLOW: a warn step of an open deadline has
 * been reached, or an objection waits. DONE: final stage. */
enum jb_light jb_case_light(const struct jb_case *c, int64_t now_ms);
enum jb_light jb_deadline_light(const struct jb_deadline *d, int64_t now_ms);

struct jb_case_filter {              /* zero fields do not filter */
    enum jb_stage stage;             /* files of their own (FILE) are listed only when asked for */
    uint32_t host, registrar, party; /* party: in the audience with any role */
    int matter;
    enum jb_light light;
    bool open_only, objections;
    struct jb_text text; /* part of title or number; a LIKE pattern's own characters are escaped */
    struct jb_text class_code, place_code; /* exact */
    uint32_t flags;                        /* all of these */
    int64_t registered_from_ms, registered_to_ms;
    int64_t after_case_no; /* page: cases after this number in listing order (newest first) */
    size_t limit;          /* 1..1000 */
};
/* Cases, newest number first, each with participants and deadlines. `more`: there is a next page.
 */
enum jb_err jb_query_cases(struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms,
                           struct jb_arena *arena, struct jb_case **cases, size_t *count,
                           bool *more) JB_MUST;

/* A replica from before there was an index of titles: put so many more into it; *done: nothing is
 * lacking. Until then texts are found all the same, slowly. One transaction. */
enum jb_err jb_ledger_titles_index(struct jb_ledger *l, size_t max, bool *done) JB_MUST;

/* A replica: bring the lights that lists are made of to this instant, so many at once; *done:
 * nothing is lacking. What is lacking costs a list time, never a row. One transaction, or none. */
enum jb_err jb_ledger_lights_turn(struct jb_ledger *l, int64_t now_ms, size_t max,
                                  bool *done) JB_MUST;

/* Open cases about which jb_proposals may have something to say at this instant: all about which it
 * has, and some others. Newest first, below `after_case_no` unless it is 0; at most `max`
 * (1..1000).
 */
enum jb_err jb_query_calling(struct jb_ledger *l, int64_t after_case_no, int64_t now_ms, size_t max,
                             int64_t *numbers, size_t *count) JB_MUST;

struct jb_deadline_filter {
    int64_t case_no;
    uint32_t node;
    bool open_only, missed_only;
    int64_t due_before_ms;
    int64_t after_due_ms, after_case_no; /* page key: rows after (due, case, id) */
    uint32_t after_id;
    size_t limit; /* 1..1000 */
};
struct jb_deadline_row {
    int64_t case_no;
    struct jb_text title;
    struct jb_deadline d;
    int64_t stored_ms; /* the owner's receipt for the entry that set it is on record; 0: not */
    uint64_t set_seq;  /* log number of that entry */
};
enum jb_err jb_query_deadlines(struct jb_ledger *l, const struct jb_deadline_filter *f,
                               struct jb_arena *arena, struct jb_deadline_row **rows, size_t *count,
                               bool *more) JB_MUST;

struct jb_timeline_row {
    struct jb_entry entry;      /* arena */
    uint64_t number;            /* replica: number in the own stream; broker: 0 */
    struct jb_list32 stored_by; /* nodes whose signed receipt covers it, as far as known here */
    struct jb_list64 stored_at; /* when, in the same order */
};
enum jb_err jb_query_timeline(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_timeline_row **rows, size_t *count) JB_MUST;
/* The decoded REGISTER entry of a case (content, sealed part); NOT_FOUND. */
enum jb_err jb_query_register(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_entry *entry) JB_MUST;

/* ---- directives and dockets ---- */

struct jb_directive_filter { /* zero fields do not filter */
    int64_t case_no;
    uint32_t receiver, issuer;
    uint32_t power;        /* JB_POWER_* */
    uint32_t demand;       /* JB_DEMAND_* */
    bool open_only;        /* not ended; with `receiver`: not ended for it either */
    int64_t after_case_no; /* page: rows after (case, id) in listing order */
    uint32_t after_id;
    size_t limit; /* 1..1000 */
};
struct jb_target_row { /* one receiver */
    struct jb_target t;
    int64_t stored_ms; /* its receipt for the directive is on record: delivered; 0: not */
    int64_t due_ms;    /* of the deadline that it owes under it; 0: none */
    int64_t missed_ms; /* 0: not missed */
};
struct jb_directive_row {
    int64_t case_no;
    struct jb_text title; /* of the case or file */
    struct jb_directive d;
    struct jb_target_row *targets; /* by node */
    size_t target_count;
};
/* Newest case first, in it the newest directive first. */
enum jb_err jb_query_directives(struct jb_ledger *l, const struct jb_directive_filter *f,
                                struct jb_arena *arena, struct jb_directive_row **rows,
                                size_t *count, bool *more) JB_MUST;

struct jb_docket_filter { /* zero fields do not filter */
    int64_t case_no;
    uint32_t node, opener;
    bool open_only;
    int64_t after_case_no; /* page: rows after (case, id) in listing order */
    uint32_t after_id;
    size_t limit; /* 1..1000 */
};
struct jb_docket_row {
    int64_t case_no;
    struct jb_text title;
    struct jb_docket d;
    int64_t due_ms, missed_ms; /* of its period; 0: none, not missed */
};
/* Newest case first, in it the newest docket first. */
enum jb_err jb_query_dockets(struct jb_ledger *l, const struct jb_docket_filter *f,
                             struct jb_arena *arena, struct jb_docket_row **rows, size_t *count,
                             bool *more) JB_MUST;

/* The case with this hash of its query code (jb_query_code_hash); NOT_FOUND. By index. */
enum jb_err jb_query_by_code(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                             int64_t *case_no) JB_MUST;
/* Cases linked with this one, whichever of the two holds the link; ascending, at most `max`. A
 * number need not be known here. */
enum jb_err jb_query_linked(struct jb_ledger *l, int64_t case_no, int64_t *out, size_t max,
                            size_t *count) JB_MUST;

struct jb_totals {
    uint64_t cases, open_cases, red, yellow, objections; /* files of their own are no cases */
    uint64_t disputes;                                   /* over who handles, open */
    uint64_t directives;                                 /* not ended */
    uint64_t dockets;                                    /* open */
    uint64_t undelivered; /* hand-overs whose sender was alarmed and that are still not delivered */
    uint64_t provisional; /* open deadlines past the last day that the calendar knows */
};
/* The first line of it. A replica that is written keeps these numbers along with its cases: to ask
 * costs what changed its light since the last time. `out`: the rest is left alone. */
enum jb_err jb_query_lights(struct jb_ledger *l, int64_t now_ms, struct jb_totals *out) JB_MUST;
/* By index, without reading all cases. */
enum jb_err jb_query_totals(struct jb_ledger *l, int64_t now_ms, struct jb_totals *out) JB_MUST;

#define JB_TODAY_MOST 1000
struct jb_today_question {
    uint32_t node;       /* whose day */
    struct jb_text user; /* who looks: cases that this person keeps out of are not counted */
    int64_t now_ms;
};
struct jb_today {                     /* each number cut at JB_TODAY_MOST */
    uint32_t red, yellow, objections; /* open cases */
    uint32_t due_today, overdue;      /* open deadlines of the node */
    uint32_t unsigned_cases;          /* that were sent to it */
    uint32_t undelivered;             /* hand-overs of its own */
    uint32_t summons;                 /* to it, not answered yet */
};
/* What there is to do, of a replica, by index. As stored: without what waits in the outbox. */
enum jb_err jb_query_today(struct jb_ledger *l, const struct jb_today_question *q,
                           struct jb_arena *arena, struct jb_today *out) JB_MUST;

/* ---- checking ---- */

/* One digest over all derived tables in a fixed order: equal tables, equal digest. */
enum jb_err jb_ledger_digest(struct jb_ledger *l, uint8_t out[JB_HASH_BYTES]) JB_MUST;
/* Drop the derived tables and replay the record in one transaction. */
enum jb_err jb_ledger_rebuild(struct jb_ledger *l, struct jb_fault *fault) JB_MUST;

struct jb_check {
    uint64_t items;             /* entries (broker) or stream items (replica) checked */
    uint64_t receipts;          /* stored signatures checked */
    uint64_t erased;            /* bodies that were purged: only their hash is there */
    uint64_t broker_signatures; /* replica: heads signed by the broker that verify */
    uint64_t signed_to;   /* replica: the last item that one of them covers; the rest is unproven */
    uint64_t received_to; /* one line: the last item that a receipt that verifies covers */
    int64_t received_ms;  /* when the broker had that receipt */
    bool chain_intact;
    bool signatures_good;
    uint64_t audited;  /* rows of the access or audit log */
    bool audit_intact; /* its chain and the signature of its end hold */
    bool tables_equal; /* a replay into an empty ledger beside this one gives the same digest */
    uint8_t head[JB_HASH_BYTES];
    uint8_t digest[JB_HASH_BYTES];
};
/* Check the whole record. OK: the check was carried out and the flags of `out` hold its outcome;
 * other errors: the record could not be read. `fault` is empty when nothing is wrong. Works on a
 * read-only ledger. `keys`: broker's signing key (replica: for proofs; and the own one for
 * acknowledgements), or, at the broker, the directory is used for the nodes' keys. The replay goes
 * to a temporary in-memory ledger. Fault: the first thing that is wrong, with its number. `keys` or
 * one of its keys may be NULL: then those signatures are not verified (the heads that they cover
 * still are). */
struct jb_check_keys {
    const uint8_t *broker_sign; /* 32 bytes */
    const uint8_t *own_sign;    /* 32 bytes; replica */
    uint8_t suite;              /* of the keys; for whoever opens the ledger */
    /* the broker's next and former ones, whose signatures count as well: one behind the other */
    const uint8_t *broker_also;
    size_t broker_also_count;
};
enum jb_err jb_ledger_check(struct jb_ledger *l, const struct jb_check_keys *keys,
                            struct jb_check *out, struct jb_fault *fault) JB_MUST;
/* Broker: for one node, do its stream rows chain, does every entry of its audience stand in it, do
 * its stored receipts verify? */
enum jb_err jb_ledger_check_line(struct jb_ledger *l, uint32_t node, struct jb_check *out,
                                 struct jb_fault *fault) JB_MUST;

#endif
