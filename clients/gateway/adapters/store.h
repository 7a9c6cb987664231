/* What an adapter must remember (SQLite): which foreign records were taken as which cases, how far
 * each file has come, what the other system has been told. No texts of cases, no persons.
 *
 * A record is (system, number, step): "register" is the registration, "forward" or "assign" its
 * hand-over. Before an act goes to the agent, its row with a token is on the disk; the agent makes
 * no act twice under one token. What a write function has answered with OK is on the disk. One
 * thread.
 *
 * To change a table: a step at the end of `migrations` in store.c. */
#ifndef JB_EX_STORE_H
#define JB_EX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/lib/jiaoban.h"
#include "proto/base/arena.h"
#include "proto/base/err.h"

#define JB_EX_TOKEN_TEXT 40
#define JB_EX_DIGEST 32
#define JB_EX_DETAIL_BYTES JB_FAULT_BYTES

struct jb_ex_store;

/* Open FOLDER/exchange.db, making it if need be, and hold the folder's lock. JB_LOCKED: another
 * process has it. JB_VERSION, JB_CORRUPT, JB_DENIED, JB_IO, JB_NOMEM; the fault names it. */
JB_MUST enum jb_err jb_ex_store_open(const char *folder, struct jb_ex_store **out,
                                     struct jb_fault *fault);
void jb_ex_store_close(struct jb_ex_store **store);
const char *jb_ex_store_error(const struct jb_ex_store *store);

/* ---- records ---- */

enum jb_ex_state {
    JB_EX_NEW,    /* not known */
    JB_EX_INTENT, /* on its way to the agent, or there already */
    JB_EX_QUEUED, /* in the agent's outbox, not decided */
    JB_EX_DONE,   /* accepted */
    JB_EX_REFUSED /* by a rule; may be tried again */
};
struct jb_ex_key {
    const char *system, *number, *step;
};
struct jb_ex_taken { /* one row */
    enum jb_ex_state state;
    char token[JB_EX_TOKEN_TEXT];
    int64_t made_ms; /* when the token was made */
    int64_t file;    /* from which it came; 0: no file */
    int64_t row;
    uint64_t submission; /* QUEUED */
    char case_number[JIAOBAN_TEXT];
    char query_code[JIAOBAN_TEXT]; /* only where the configuration wants it */
    char detail[JB_EX_DETAIL_BYTES];
};
/* NOT_FOUND: *out is NEW. */
JB_MUST enum jb_err jb_ex_taken_get(struct jb_ex_store *s, const struct jb_ex_key *key,
                                    struct jb_ex_taken *out);
JB_MUST enum jb_err jb_ex_taken_put(struct jb_ex_store *s, const struct jb_ex_key *key,
                                    const struct jb_ex_taken *t);
JB_MUST enum jb_err jb_ex_taken_drop(struct jb_ex_store *s, const struct jb_ex_key *key);
struct jb_ex_listed { /* texts in the arena */
    const char *number, *step, *case_number;
    const char *told; /* digest of what the other system was told; "" nothing yet */
    uint64_t submission, version;
};
/* The next queued record after "NUMBER<tab>STEP" ("": the first). NOT_FOUND: none. */
JB_MUST enum jb_err jb_ex_queued_next(struct jb_ex_store *s, const char *system, const char *after,
                                      struct jb_arena *arena, struct jb_ex_listed *out);
enum jb_ex_last {
    JB_EX_OPEN,   /* may change any day */
    JB_EX_CLOSED, /* may be reopened, seldom */
    JB_EX_OVER    /* will not change any more */
};
/* The next registration after a number, of these. NOT_FOUND: none. */
JB_MUST enum jb_err jb_ex_untold_next(struct jb_ex_store *s, const char *system,
                                      enum jb_ex_last last, const char *after,
                                      struct jb_arena *arena, struct jb_ex_listed *out);
/* The other system was told this version (`told`: a digest of what). */
JB_MUST enum jb_err jb_ex_told_put(struct jb_ex_store *s, const struct jb_ex_key *key,
                                   uint64_t version, const char *told, enum jb_ex_last last);

/* ---- files ---- */

struct jb_ex_file {
    int64_t id;
    bool decided;                     /* report and move are what is left */
    char verdict[JB_EX_DETAIL_BYTES]; /* why the whole file was refused; "" it was not */
};
/* The unfinished file with this digest, or a new one. */
JB_MUST enum jb_err jb_ex_file_begin(struct jb_ex_store *s, const uint8_t digest[JB_EX_DIGEST],
                                     const char *name, int64_t now_ms, struct jb_ex_file *out);
JB_MUST enum jb_err jb_ex_file_decide(struct jb_ex_store *s, const struct jb_ex_file *f);
JB_MUST enum jb_err jb_ex_file_finish(struct jb_ex_store *s, int64_t id, int64_t now_ms);
/* The next file after a number that is decided but not finished, and its name. NOT_FOUND. */
JB_MUST enum jb_err jb_ex_file_decided(struct jb_ex_store *s, int64_t after, struct jb_ex_file *out,
                                       char *name, size_t size);

enum jb_ex_outcome {
    JB_EX_ROW_TAKEN = 1,
    JB_EX_ROW_KNOWN,   /* its number was taken before */
    JB_EX_ROW_QUEUED,  /* taken, in the agent's outbox */
    JB_EX_ROW_REFUSED, /* by a rule */
    JB_EX_ROW_BAD      /* cannot be read */
};
struct jb_ex_line { /* of a report; texts borrowed */
    int64_t row;
    enum jb_ex_outcome outcome;
    const char *number, *case_number, *column, *detail, *query_code;
};
JB_MUST enum jb_err jb_ex_line_put(struct jb_ex_store *s, int64_t file,
                                   const struct jb_ex_line *line);
/* Rows up to this one have their line; 0: none. */
JB_MUST enum jb_err jb_ex_line_last(struct jb_ex_store *s, int64_t file, int64_t *row);
/* The next line after a row; texts in the arena. NOT_FOUND. */
JB_MUST enum jb_err jb_ex_line_next(struct jb_ex_store *s, int64_t file, int64_t after,
                                    struct jb_arena *arena, struct jb_ex_line *out);
/* What became of a queued record, for the line of its file; the file's report is to be written
 * anew: it is decided, no more finished. */
JB_MUST enum jb_err jb_ex_line_settle(struct jb_ex_store *s, const struct jb_ex_taken *t);

/* ---- how far a source was read ---- */
JB_MUST enum jb_err jb_ex_cursor_get(struct jb_ex_store *s, const char *name,
                                     struct jb_arena *arena, const char **value);
JB_MUST enum jb_err jb_ex_cursor_put(struct jb_ex_store *s, const char *name, const char *value);

#endif
