/* Inside libjiaoban: the handle, one request, one result. Nothing of this is public. */
#ifndef JB_CLIENTS_LIB_CLIENT_H
#define JB_CLIENTS_LIB_CLIENT_H

#include "clients/lib/jiaoban_serve.h"
#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/wire/localio.h"
#include "proto/wire/message.h"

#define JB_CLIENT_PROTOCOL 1
#define JB_CLIENT_DIAL_MS 3000
#define JB_CLIENT_TIMEOUT_MS 30000
#define JB_CLIENT_LONG_MS 600000 /* for a verification or an installation */

/* One request in flight. */
struct jb_client_call {
    uint64_t id;          /* 0: the slot is free */
    jiaoban_answer_fn fn; /* receives the result */
    void *data;
    bool many; /* a watch: answers until the connection ends */
};

struct jb_client_news { /* an event that jiaoban_watch_next has not taken yet */
    struct jb_client_news *next;
    struct jiaoban_result *result;
};

struct jiaoban {
    char *path; /* owned */
    bool admin;
    int fd; /* -1: not connected */
    struct jb_local_frame in;
    uint8_t *out; /* bytes to send, owned; out_sent of out_len have left */
    size_t out_len, out_sent, out_capacity;
    struct jb_client_call *calls; /* a power of two of slots, at id modulo their number; owned */
    size_t call_slots, calls_open;
    uint64_t last_id;
    bool processing;         /* callbacks may be running */
    struct jb_arena scratch; /* of the request being made */
    jiaoban_interest_fn interest;
    void *interest_data;
    int seen_fd; /* what the interest hook was told last */
    unsigned seen_wants;
    struct jb_client_news *news_first, **news_last;
    size_t news_count;
    uint64_t watch_id; /* 0: jiaoban_watch has not been called, or has ended */
    enum jiaoban_status watch_status;
    char error[1024];
};

enum jb_client_rows { /* the type of a result's rows */
    JB_ROWS_NONE,
    JB_ROWS_SETTLED,
    JB_ROWS_CASE,
    JB_ROWS_DEADLINE,
    JB_ROWS_NODE,
    JB_ROWS_PENDING,
    JB_ROWS_ALARM,
    JB_ROWS_STATE,
    JB_ROWS_CHECK,
    JB_ROWS_EVIDENCE,
    JB_ROWS_NEWS,
    JB_ROWS_DONE,
    JB_ROWS_DIRECTIVE,
    JB_ROWS_DOCKET,
    JB_ROWS_PROPOSAL,
    JB_ROWS_DELEGATION,
    JB_ROWS_EXPLAIN,
    JB_ROWS_RECEIPTS,
    JB_ROWS_RULE,
    JB_ROWS_RIGHT,
    JB_ROWS_AUDIT,
    JB_ROWS_PUBLIC,
    JB_ROWS_FIGURE,
    JB_ROWS_FEED,
    JB_ROWS_TRIAL,
    JB_ROWS_ACTION,
    JB_ROWS_TODAY,
    JB_ROWS_PART
};

struct jiaoban_result {
    struct jb_arena arena;        /* holds the reply and the rows */
    struct jb_arena json_arena;   /* holds the last text of jiaoban_result_json */
    const Jb__Reply *reply;       /* arena */
    const ProtobufCMessage *body; /* the part of it that JSON shows */
    enum jb_client_rows type;
    const void **rows; /* arena */
    const void *head;  /* what rows of a table belong to; NULL: nothing. Arena */
    size_t count;      /* with those of the pages that follow */
    bool more;
    size_t own_count;
    struct jiaoban_result *next; /* the next page, owned; NULL: none */
};

/* ---- handle.c ---- */

/* Set the error text; returns `status`. Text from others is made printable. */
enum jiaoban_status jb_client_fail(struct jiaoban *j, enum jiaoban_status status,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Connect if there is no connection, waiting at most wait_ms for a busy listener. */
JB_MUST enum jiaoban_status jb_client_dial(struct jiaoban *j, int wait_ms);
/* Tell the interest hook if fd or wants have changed. */
void jb_client_interest(struct jiaoban *j);
/* Copy a caller's struct of `theirs` bytes into the zeroed `ours`. RANGE: size was not set;
 * UNSUPPORTED: fields that this version does not know are set. */
JB_MUST enum jiaoban_status jb_client_args(struct jiaoban *j, const void *args, void *ours,
                                           size_t our_size, size_t first_size);

/* ---- exchange.c ---- */

/* Queue a request; fn gets the answer. Fills in id and protocol. */
JB_MUST enum jiaoban_status jb_client_begin(struct jiaoban *j, Jb__Request *request,
                                            const struct jb_client_call *call, uint64_t *id);
/* Make a request and wait for its answer. *out may be NULL. */
JB_MUST enum jiaoban_status jb_client_call(struct jiaoban *j, Jb__Request *request,
                                           uint32_t timeout_ms, struct jiaoban_result **out);
/* Poll for what the handle wants and process; BUSY: nothing happened before the deadline (by
 * jb_clock_mono_ms; INT64_MAX: never). */
JB_MUST enum jiaoban_status jb_client_turn(struct jiaoban *j, int64_t deadline_ms);
/* The connection is of no use: close it and answer every request with `status`. */
void jb_client_hang_up(struct jiaoban *j, enum jiaoban_status status);

/* ---- result.c ---- */

/* Decode a reply and make its rows. NULL: not a valid reply, or out of memory (*status says). */
struct jiaoban_result *jb_client_result_new(struct jiaoban *j, struct jb_bytes frame,
                                            enum jiaoban_status *status);
/* What the caller of the request is told: OK, REFUSED, or the error that the other end names. Sets
 * the error text. */
enum jiaoban_status jb_client_result_status(struct jiaoban *j, const struct jiaoban_result *r);

/* ---- page.c ---- */

/* Row i of the type, counted through all pages; NULL: there is none. */
const void *jb_client_row(const struct jiaoban_result *r, enum jb_client_rows type, size_t i);
/* What JSON shows: the body with the rows of all pages, in json_arena. NULL: out of memory. */
const ProtobufCMessage *jb_client_whole(struct jiaoban_result *r);

/* ---- rows.c, rows_case.c, rows_order.c, rows_right.c, rows_trial.c: views of the protocol ->
 * public rows in the result's arena; NULL: out of memory ---- */

const char *jb_client_text(const char *text); /* NULL -> "" */
const struct jiaoban_settled *jb_client_settled(struct jb_arena *a, const Jb__SettledView *v);
const struct jiaoban_deadline *jb_client_deadline(struct jb_arena *a, const Jb__DeadlineView *v);
const struct jiaoban_node *jb_client_node(struct jb_arena *a, const Jb__NodeView *v);
const struct jiaoban_pending *jb_client_pending(struct jb_arena *a, const Jb__PendingView *v);
const struct jiaoban_alarm *jb_client_alarm(struct jb_arena *a, const Jb__AlarmView *v);
const struct jiaoban_state *jb_client_state(struct jb_arena *a, const Jb__StatusView *v);
const struct jiaoban_check *jb_client_check(struct jb_arena *a, const Jb__VerifyView *v);
const struct jiaoban_news *jb_client_news_row(struct jb_arena *a, const Jb__WatchEvent *v);
const struct jiaoban_feed *jb_client_feed(struct jb_arena *a, const Jb__NewsView *v);
const struct jiaoban_done *jb_client_done(struct jb_arena *a, const Jb__Done *v);
const struct jiaoban_case *jb_client_case(struct jb_arena *a, const Jb__CaseView *v);
const struct jiaoban_event *jb_client_event(struct jb_arena *a, const Jb__TimelineItem *v);
const struct jiaoban_directive *jb_client_directive(struct jb_arena *a, const Jb__DirectiveView *v);
const struct jiaoban_docket *jb_client_docket(struct jb_arena *a, const Jb__DocketView *v);
const struct jiaoban_proposal *jb_client_proposal(struct jb_arena *a, const Jb__ProposalView *v);
const struct jiaoban_delegation *jb_client_delegation(struct jb_arena *a,
                                                      const Jb__DelegationView *v);
const struct jiaoban_entry_receipts *jb_client_entry_receipts(struct jb_arena *a,
                                                              const Jb__EntryReceiptsView *v);
const struct jiaoban_explain *jb_client_explain(struct jb_arena *a, const Jb__ExplainView *v);
const struct jiaoban_rule *jb_client_rule(struct jb_arena *a, const Jb__RuleView *v);
const struct jiaoban_rulebook *jb_client_rulebook(struct jb_arena *a, const Jb__RuleList *v);
const struct jiaoban_right *jb_client_right(struct jb_arena *a, const Jb__RightView *v);
const struct jiaoban_rights *jb_client_rights(struct jb_arena *a, const Jb__RightsView *v);
const struct jiaoban_audit *jb_client_audit(struct jb_arena *a, const Jb__AuditRow *v);
const struct jiaoban_trial *jb_client_trial(struct jb_arena *a, const Jb__TrialView *v);
const struct jiaoban_action *jb_client_action(struct jb_arena *a, const Jb__ActionView *v);
const struct jiaoban_today *jb_client_today(struct jb_arena *a, const Jb__TodayView *v);
const struct jiaoban_part *jb_client_part(struct jb_arena *a, const Jb__BlobPart *v);
const struct jiaoban_public *jb_client_public(struct jb_arena *a, const Jb__PublicView *v);
const struct jiaoban_figure *jb_client_figure(struct jb_arena *a, const Jb__FigureView *v);
const struct jiaoban_evidence *jb_client_evidence(struct jb_arena *a, const Jb__EvidenceView *v);
const struct jiaoban_report *jb_client_report(struct jb_arena *a, const Jb__ReportView *v);
/* The hash of a blob in hexadecimal; "" if it is none. */
const char *jb_client_hash_text(struct jb_arena *a, ProtobufCBinaryData hash);
/* A pointer array with room for one more than `count`; NULL: out of memory. */
void *jb_client_pointers(struct jb_arena *a, size_t count);

/* ---- blob.c ---- */

/* A case's number, which must be there; a blob's hash as 64 hexadecimal digits. */
JB_MUST enum jiaoban_status jb_client_case_read(struct jiaoban *j, const char *text,
                                                int64_t *case_no);
JB_MUST enum jiaoban_status jb_client_hash_read(struct jiaoban *j, const char *text,
                                                uint8_t hash[JB_HASH_BYTES]);

/* ---- submit.c ---- */

/* Copy and check the caller's options; NULL: the usual ones. */
JB_MUST enum jiaoban_status jb_client_options(struct jiaoban *j,
                                              const struct jiaoban_options *options,
                                              struct jiaoban_options *ours);
struct jb_client_act { /* an encoded act with what goes beside it; borrowed */
    struct jb_bytes act, persons;
    const char *query_code, *note; /* NULL: none */
};
/* Queue a submission. */
JB_MUST enum jiaoban_status jb_client_submit_begin(struct jiaoban *j,
                                                   const struct jb_client_act *act,
                                                   const struct jiaoban_options *options,
                                                   const struct jb_client_call *call, uint64_t *id);

/* ---- acts.c ---- */

/* Check the caller's act against what its kind has, convert and encode it; persons too. Bytes live
 * in j->scratch. */
JB_MUST enum jiaoban_status jb_client_act_encode(struct jiaoban *j, const char *kind,
                                                 const struct jiaoban_act *act,
                                                 struct jb_bytes *bytes, struct jb_bytes *persons);
/* The other way, for rows. NULL: unreadable, of an unknown kind, or out of memory. */
const struct jiaoban_act *jb_client_act_row(struct jb_arena *a, struct jb_bytes bytes);
/* One line or many, UTF-8, at most `limit` bytes; the error names `what`. NULL is fine. */
JB_MUST enum jiaoban_status jb_client_text_check(struct jiaoban *j, const char *what,
                                                 const char *text, size_t limit);

#endif
