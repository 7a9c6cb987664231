/* For programs that serve others, such as jiaoban-gateway: what they need beyond jiaoban.h, all of
 * it without blocking. Threads, errors and callbacks as there. */
#ifndef JIAOBAN_SERVE_H
#define JIAOBAN_SERVE_H

#include "jiaoban.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The act as JSON, in the form in which jiaoban_result_json shows acts: one object with its "kind",
 * "custody" if it is based on a known one, and the fields of that kind; 64-bit integers as digits
 * in strings or as numbers, enums as words, case numbers in any spelling. Beside them "persons" of
 * a registration, "query_code" of a rating, "note" of an attachment. A field that the kind does not
 * have is refused (RANGE, or UNKNOWN_KIND, MISSING of the kind itself); what a rule misses, the
 * rule refuses. */
struct jiaoban_json_act {
    size_t size;
    const char *text; /* need not end in NUL */
    size_t bytes;
    const char *kind;        /* NULL: as "kind" says */
    const char *case_number; /* NULL: as "case_no" says; else it must say the same, or nothing */
};
JIAOBAN_API enum jiaoban_status jiaoban_submit_json_async(struct jiaoban *j,
                                                          const struct jiaoban_json_act *act,
                                                          const struct jiaoban_options *options,
                                                          jiaoban_answer_fn fn, void *data,
                                                          uint64_t *id);

/* The next page of a listing behind the rows of r: counted, freed and shown as JSON with them; rows
 * stay where they are. `page` is r's then. False, and the caller's: rows of another type. */
JIAOBAN_API bool jiaoban_result_append(struct jiaoban_result *r, struct jiaoban_result *page);

struct jiaoban_install_args {
    size_t size;
    const char *kind; /* "policy" or "calendar" */
    const void *body;
    size_t bytes;
    bool dry_run; /* only say what would change */
};

/* ---- before anything is done ------------------------------------------------------------------
 */

struct jiaoban_trial { /* what would come of a submission, by the rules at the agent */
    bool accepted;
    bool unsure; /* not all that decides is known there: only the broker can tell */
    int code;    /* of the refusal; 0: accepted */
    const char *name, *article, *detail;
    uint32_t holder; /* present holder of the case, with STALE_CUSTODY */
    const char *holder_name;
    const char *kind, *case_number;
    const char *const *effects; /* what would follow, as in a timeline */
    size_t effect_count;
};
struct jiaoban_action { /* a kind of act: may the caller do it to this case now? */
    const char *kind;
    bool allowed;
    const char *right; /* that it takes */
    int code;          /* why not: number of the refusal or error; 0: allowed */
    const char *name, *article, *detail;
};
struct jiaoban_today {                /* each number cut at 1000 */
    uint32_t red, yellow, objections; /* open cases */
    uint32_t due_today, overdue_mine; /* deadlines that this agency owes */
    uint32_t not_signed;              /* cases sent to it that nobody has signed for */
    uint32_t undelivered;             /* its own hand-overs that have not arrived */
    uint32_t summons;                 /* to it, not answered */
    uint32_t pending, refused;        /* in the outbox; refused of late */
};

/* Of a submission with options.dry_run. */
JIAOBAN_API const struct jiaoban_trial *jiaoban_result_trial(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_action *jiaoban_result_action(const struct jiaoban_result *r,
                                                               size_t i);
JIAOBAN_API const struct jiaoban_today *jiaoban_result_today(const struct jiaoban_result *r);
/* Every kind of act about a case: may the caller do it now, and if not, why? By his rights and by
 * the rules, as far as they do not depend on what the act will say: case_number* */
JIAOBAN_API enum jiaoban_status jiaoban_get_actions(JIAOBAN_QUESTION);
/* what is to be done at this agency, as numbers; no fields */
JIAOBAN_API enum jiaoban_status jiaoban_get_today(JIAOBAN_QUESTION);

/* jiaoban_install without waiting, on a handle of jiaoban_open_admin. What body points to is
 * copied.
 */
JIAOBAN_API enum jiaoban_status jiaoban_install_async(struct jiaoban *j,
                                                      const struct jiaoban_install_args *args,
                                                      jiaoban_answer_fn fn, void *data,
                                                      uint64_t *id);

/* Any spelling of a query code, as the digits of its hash: to count questions by code without
 * keeping it. MALFORMED: no code. */
#define JIAOBAN_CODE_KEY 65
JIAOBAN_API enum jiaoban_status jiaoban_query_code_key(const char *code,
                                                       char key[JIAOBAN_CODE_KEY]);

/* ---- contents of attachments, piece by piece --------------------------------------------------
 *
 * jiaoban_attach and jiaoban_fetch without blocking and without a file: the caller sends the next
 * piece when the one before is answered, and holds no more than one. */

struct jiaoban_put_args {
    size_t size;
    const char *case_number; /* required */
    uint64_t handle;         /* 0: a new upload; then as the first answer says */
    uint64_t offset;         /* bytes put so far: must be what the agent holds (RANGE) */
    const void *body;        /* the next ones, at most 1 MiB; copied */
    size_t bytes;
    bool last; /* the answer names the contents: `content_hash` of an act "attach" */
    bool drop; /* forget the upload; one that is not there is no error */
    const char *on_behalf_of;
};
struct jiaoban_get_args {
    size_t size;
    const char *case_number; /* required */
    uint32_t number;         /* in the case; 0: by hash */
    const char *hash;        /* 64 hexadecimal digits */
    uint64_t offset;
    const char *on_behalf_of;
};
struct jiaoban_part {
    uint64_t handle;     /* put */
    uint64_t offset;     /* put: what the agent holds; get: where body begins */
    uint64_t size_bytes; /* put: likewise; get: of all contents */
    const void *body;    /* get: what follows; empty at the end */
    size_t bytes;
    const char *hash; /* of what was put, with the last piece; get by number: of the contents */
    const char *name; /* get by number: of the file; else "" */
};
/* An upload ends with its connection, or when nothing came for ten minutes; what was put and is not
 * attached is kept for an hour. Errors as of jiaoban_attach; NOT_FOUND: no such upload (any more).
 */
JIAOBAN_API enum jiaoban_status jiaoban_put_async(struct jiaoban *j,
                                                  const struct jiaoban_put_args *args,
                                                  jiaoban_answer_fn fn, void *data, uint64_t *id);
/* Errors as of jiaoban_fetch. The reading is recorded. */
JIAOBAN_API enum jiaoban_status jiaoban_get_async(struct jiaoban *j,
                                                  const struct jiaoban_get_args *args,
                                                  jiaoban_answer_fn fn, void *data, uint64_t *id);
JIAOBAN_API const struct jiaoban_part *jiaoban_result_part(const struct jiaoban_result *r);

/* ---- what happens, for who tells others: takes the right `feed` ------------------------------ */

/* jiaoban_request_async "feed" (number): the first answer is the present state, then come the
 * events after item `number` (0: none of those) and what happens, alarms too, until the connection
 * ends. "news" (number, limit): one page of the events after an item; with `alarms` of the alarms
 * after an id. */
struct jiaoban_feed {
    const struct jiaoban_news *news;
    const char *const *hidden_from; /* persons for whom the caller acts and who must not be told */
    size_t hidden_count;
    bool hidden_from_all;
};
/* Row i; NULL: no such row, or rows of another type. */
JIAOBAN_API const struct jiaoban_feed *jiaoban_result_feed(const struct jiaoban_result *r,
                                                           size_t i);
/* The last item (or alarm) that was looked at, told or not: the next page begins after it. */
JIAOBAN_API uint64_t jiaoban_result_feed_number(const struct jiaoban_result *r);
/* Of the first answer of "feed": the last id of an alarm that there is. */
JIAOBAN_API uint64_t jiaoban_result_feed_alarm(const struct jiaoban_result *r);
/* The event of row i alone, as jiaoban_result_json; nothing of whom it is kept from. */
JIAOBAN_API const char *jiaoban_result_feed_json(struct jiaoban_result *r, size_t i);

/* ---- what was accepted before a restore, and the record lacks ---------------------------------
 */

/* One of what jiaoban_get_pending lists with `former` again, as it was made, judged anew: answers
 * like a submission. NOT_FOUND, EXISTS (nothing is to be done about it), BUSY (not compared yet).
 * Or strike it off: reason*, is kept. */
JIAOBAN_API enum jiaoban_status jiaoban_resubmit(struct jiaoban *j, uint64_t number,
                                                 const struct jiaoban_options *options,
                                                 struct jiaoban_result **out);
JIAOBAN_API enum jiaoban_status jiaoban_dismiss(struct jiaoban *j, uint64_t number,
                                                const char *reason, struct jiaoban_result **out);
/* The same without waiting: as jiaoban_submit_async. */
JIAOBAN_API enum jiaoban_status jiaoban_resubmit_async(struct jiaoban *j, uint64_t number,
                                                       const struct jiaoban_options *options,
                                                       jiaoban_answer_fn fn, void *data,
                                                       uint64_t *id);
JIAOBAN_API enum jiaoban_status jiaoban_dismiss_async(struct jiaoban *j, uint64_t number,
                                                      const char *reason,
                                                      const struct jiaoban_options *options,
                                                      jiaoban_answer_fn fn, void *data,
                                                      uint64_t *id);

#ifdef __cplusplus
}
#endif

#endif
