/* The ledger: an append-only record and the tables derived from it, in one SQLite file.
 *
 * The same code serves the broker (its record is the log of entries) and every node's replica (its
 * record is the node's stream). Derived tables change only by applying entries; replaying the
 * record into empty tables gives byte for byte the same tables. One ledger object belongs to one
 * thread at a time (the broker hands it to its commit worker and back). WAL, synchronous=FULL: what
 * a returned commit covers is on disk. Only this folder includes <sqlite3.h>. */
#ifndef JB_LEDGER_LEDGER_H
#define JB_LEDGER_LEDGER_H

#include <stdatomic.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/rules/case.h"
#include "proto/rules/directory.h"
#include "proto/wire/chain.h"

struct jb_ledger;

enum jb_ledger_role {
    JB_LEDGER_BROKER = 1,
    JB_LEDGER_REPLICA = 2
};

/* May a new record begin? ":memory:" is always a new one. */
enum jb_ledger_make {
    JB_LEDGER_KEEP = 0, /* never: the file must be there */
    JB_LEDGER_FIRST,    /* where nothing of a former one lies (see jb_ledger_look) */
    JB_LEDGER_ANEW      /* wherever the file is missing or empty: what is lost can be had again */
};

struct jb_ledger_options {
    enum jb_ledger_role role;
    uint8_t suite; /* of the keys it is used with; 0: takes what the file has, a new one 1 */
    enum jb_ledger_make make;
    bool read_only; /* a second connection for listings and deliveries: no migration, no writes */
    bool check;     /* PRAGMA quick_check before use */
    int64_t cache_bytes; /* page cache; 0: 8 MiB broker, 1 MiB replica */
    uint64_t max_pages;  /* quota for tests of a full disk; 0: none */
    const char *called;  /* what faults call the file, where people know another; NULL: its path */
    /* NULL, or set by another thread to end what runs here: it fails with JB_CLOSED. Borrowed. */
    const atomic_bool *cancel;
    /* NULL, or called now and then with the entries done while the derived tables are made anew
     * from the record, as when an older file is migrated: that may take minutes. */
    void (*on_progress)(uint64_t done);
};

/* Is there a record's file? Looks at the name and what lies beside it, and opens nothing. OK: there
 * is one, whatever is in it. NOT_FOUND: there is none, and nothing shows that there ever was one.
 * CORRUPT: it is empty, or missing beside its WAL, attachments, reserve, or files of its name: it
 * was lost. IO, DENIED: the folder cannot be read. Other than OK: the fault says what to do. */
enum jb_err jb_ledger_look(const char *path, struct jb_fault *fault) JB_MUST;

/* Open `path`, or begin it as options->make allows. A new one gets the schema, a random epoch and
 * application_id under another name (PATH.begin) and is renamed when it is on the disk: whenever
 * the process is killed there is none or a whole one. An older one is migrated step by step, each
 * step one transaction (a copy `path.vN` is made before the first; a replica's goes with the next
 * open); a newer one is refused (JB_VERSION). NOT_FOUND, CORRUPT as jb_ledger_look. JB_CORRUPT
 * also: not our file, wrong role, failed check; JB_UNSUPPORTED: its chains are of another suite
 * than options->suite, or of one whose library is missing; JB_LOCKED: another process writes, or
 * reads what was left by a crash and could not be synced yet; JB_IO, JB_FULL, JB_NOMEM. The fault
 * names file and reason. Refuses unless WAL and FULL are really in force. */
enum jb_err jb_ledger_open(const char *path, const struct jb_ledger_options *options,
                           struct jb_ledger **out, struct jb_fault *fault) JB_MUST;
/* Before anybody else opens a file with SQLite: afterwards its notes do not come into our log. */
void jb_ledger_library(void);
/* Close; checkpoints the WAL when nothing else has the file open. NULL is allowed. */
void jb_ledger_close(struct jb_ledger **ledger);

/* Transactions that write the tables at once; nesting is a bug (asserted). After any failure of a
 * call inside one, the caller rolls back. Commit returns after fsync. FULL, IO: nothing of the
 * transaction is there, and the ledger's memory (heads, counters) has been set back to the last
 * commit as by rollback. begin: BUSY, another process writes; DENIED, read-only. */
enum jb_err jb_ledger_begin(struct jb_ledger *l) JB_MUST;
enum jb_err jb_ledger_commit(struct jb_ledger *l) JB_MUST;
void jb_ledger_rollback(struct jb_ledger *l);

/* ---- the record first, the tables behind it (broker) ----
 *
 * begin_tick begins a transaction in which a batch is confirmed: its entries go to the log, all the
 * rest into one packed row. Allowed in it: jb_log_append and jb_ledger_apply_rest of acts that may
 * wait, jb_ledger_case_save and case_key_put, jb_stream_append and jb_stream_backfill, and of the
 * lines what decides, signs or acknowledges. Cases, entries of a case and states of lines are read
 * as after it; every other question (listings, what fell due, streams, receipts) is answered from
 * the tables: catch up first. NOMEM, and errors as begin. */
enum jb_err jb_ledger_begin_tick(struct jb_ledger *l) JB_MUST;
/* What such an act changes beside its case and directory may follow later. */
bool jb_ledger_may_wait(enum jb_act_kind kind);
/* How much waits: entries and batches. 0: the tables are as the record. */
size_t jb_ledger_behind(const struct jb_ledger *l);
/* All that waits into the tables, in one transaction that is on disk no later than the next one
 * that is confirmed. When it fails everything waits on. jb_ledger_begin does the same in its own
 * transaction, jb_ledger_close tries to. FULL, IO, NOMEM, BUSY. */
enum jb_err jb_ledger_catch_up(struct jb_ledger *l) JB_MUST;
/* The same for the oldest batches only: about `most` entries and batches, whole batches, at least
 * one. */
enum jb_err jb_ledger_catch_up_some(struct jb_ledger *l, size_t most) JB_MUST;
/* The tick that the running transaction makes; NULL: none. Borrowed; hold it: see tick.h. */
struct jb_tick;
struct jb_tick *jb_ledger_tick_in_hand(const struct jb_ledger *l);

/* Is the disk good again? Commits a transaction that changes nothing, and moves the WAL into the
 * file; both are synced. JB_OK, or what begin and commit answer. Not inside a transaction. */
enum jb_err jb_ledger_probe(struct jb_ledger *l) JB_MUST;

/* PASSIVE checkpoint between batches (idle: TRUNCATE when `all`). Never fails the caller. */
void jb_ledger_checkpoint(struct jb_ledger *l, bool all);
/* Give back the memory that makes work fast (cached pages, arenas): nothing happens for a while.
 * Not inside a transaction. */
void jb_ledger_rest(struct jb_ledger *l);
int64_t jb_ledger_wal_bytes(const struct jb_ledger *l);
/* The same by a connection of its own to the file at `path`, while others write: what was in the
 * WAL when it began is in the file when it returns, and a checkpoint between two batches has little
 * left to do. Any thread. False: it did not work, or a reader held a part of it up. */
bool jb_wal_move(const char *path);
/* Give the WAL so much room beforehand: to sync what overwrites a file costs a fraction of what it
 * costs while the file grows. Where the disk has little room or does not want to: nothing. */
void jb_ledger_wal_lay_out(struct jb_ledger *l, int64_t bytes);

/* Text of the last SQLite error, for faults and logs. */
const char *jb_ledger_error(const struct jb_ledger *l);
/* Whose hash the chains of this file are made with: JB_SUITE_*. */
uint8_t jb_ledger_suite(const struct jb_ledger *l);
/* Random 16 bytes that name this incarnation of the record. */
const uint8_t *jb_ledger_epoch(const struct jb_ledger *l);
/* Of a broker's record: its first epoch, with which its chains start. Another one than
 * jb_ledger_epoch after a restore. */
const uint8_t *jb_ledger_origin(const struct jb_ledger *l);

/* Small facts that are not derived (pinned broker key, node number ...): set inside a transaction.
 * get: NOT_FOUND; the value is copied to the arena. */
enum jb_err jb_ledger_meta_set(struct jb_ledger *l, const char *key, struct jb_bytes value) JB_MUST;
enum jb_err jb_ledger_meta_get(struct jb_ledger *l, const char *key, struct jb_arena *arena,
                               struct jb_bytes *value) JB_MUST;

/* ---- derived tables ----------------------------------------------------------------------------
 */

/* The case, with everything that hangs on it, into the arena; stage NONE (and only case_no set)
 * when it is not there. */
enum jb_err jb_ledger_case_load(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                                struct jb_case *c) JB_MUST;
/* Write a case after jb_case_apply: its row and whatever else is dirty; clears the marks. Inside a
 * transaction. */
enum jb_err jb_ledger_case_save(struct jb_ledger *l, struct jb_case *c) JB_MUST;
/* The tables have all of it: the marks go. */
void jb_case_clean(struct jb_case *c);
/* Apply one entry to the derived tables: load, jb_case_apply, save; or directory, policy, calendar;
 * or the `stored` marks of a STORED. Inside a transaction. Memory from `arena`. */
enum jb_err jb_ledger_apply(struct jb_ledger *l, const struct jb_entry *entry,
                            struct jb_arena *arena) JB_MUST;
/* Apply the parts of an entry that are not about its case (directory, policy, calendar, stored
 * marks): for the broker, which saves cases itself once per batch. */
enum jb_err jb_ledger_apply_rest(struct jb_ledger *l, const struct jb_entry *entry) JB_MUST;
/* Drop a case that this node has left: derived rows, bodies of its items and its key; the chain
 * stays verifiable because item hashes remain. Inside a transaction (replica). */
enum jb_err jb_ledger_case_purge(struct jb_ledger *l, int64_t case_no) JB_MUST;

/* Whole directory into memory at start. */
enum jb_err jb_ledger_directory_load(struct jb_ledger *l, struct jb_directory *d) JB_MUST;
/* Text of the national policy in force at `at_ms` (highest effective_from not after it, last
 * installed of equal ones) and of the last calendar of `region`; NOT_FOUND. Into the arena. */
enum jb_err jb_ledger_policy_at(struct jb_ledger *l, int64_t at_ms, struct jb_arena *arena,
                                struct jb_text *text) JB_MUST;
enum jb_err jb_ledger_calendar_last(struct jb_ledger *l, struct jb_text region,
                                    struct jb_arena *arena, struct jb_text *text) JB_MUST;

/* Text of one installed version; NOT_FOUND. */
enum jb_err jb_ledger_policy_version(struct jb_ledger *l, struct jb_text version,
                                     struct jb_arena *arena, struct jb_text *text) JB_MUST;
enum jb_err jb_ledger_calendar_version(struct jb_ledger *l, struct jb_text version,
                                       struct jb_arena *arena, struct jb_text *text) JB_MUST;

/* The broker: cases for which the clock has something to say by now_ms, at most `max`, each once,
 * in the order of the first instant that it would name: due, or the highest warn step that has
 * fallen. By index. *next_ms: when the first of the other cases will say something, INT64_MAX if
 * none: what these cases say later is known when they were listened to. */
struct jb_due {
    int64_t case_no;
    int64_t fell_ms;
};
enum jb_err jb_ledger_due(struct jb_ledger *l, int64_t now_ms, struct jb_due *due, size_t max,
                          size_t *count, int64_t *next_ms) JB_MUST;

/* Open provisional deadlines after (case, id) in that order, at most `max`. */
struct jb_deadline_id {
    int64_t case_no;
    uint32_t id;
};
enum jb_err jb_ledger_provisional(struct jb_ledger *l, struct jb_deadline_id after,
                                  struct jb_deadline_id *out, size_t max, size_t *count) JB_MUST;
/* Cases after `after` in which the node has a part while they are open, or owes anything; at most
 * `max`, ascending. */
enum jb_err jb_ledger_node_cases(struct jb_ledger *l, uint32_t node, int64_t after, int64_t *out,
                                 size_t max, size_t *count) JB_MUST;
/* When this node's receipt for this entry of the case went on record; NOT_FOUND. */
enum jb_err jb_ledger_stored_at(struct jb_ledger *l, int64_t case_no, uint64_t log_seq,
                                uint32_t node, int64_t *at_ms) JB_MUST;
/* What the node still answers for: open cases that it holds, open deadlines, directives that wait
 * for it, dockets over it. */
enum jb_err jb_ledger_node_duties(struct jb_ledger *l, uint32_t node, uint64_t *count) JB_MUST;

/* Keys of sealed cases: beside the record, so that erasing one breaks no chain. */
enum jb_err jb_ledger_case_key_put(struct jb_ledger *l, int64_t case_no,
                                   const uint8_t key[JB_KEY_BYTES]) JB_MUST;
enum jb_err jb_ledger_case_key_get(struct jb_ledger *l, int64_t case_no,
                                   uint8_t key[JB_KEY_BYTES]) JB_MUST; /* NOT_FOUND */

/* Cases after `after` whose key was erased, ascending, at most `max`: for whoever keeps copies of
 * keys elsewhere. Read from the record's own tables, so a rebuilt ledger knows them as well. */
enum jb_err jb_ledger_erased_cases(struct jb_ledger *l, int64_t after, int64_t *out, size_t max,
                                   size_t *count) JB_MUST;
/* Drop every key of a case whose erasure is on record, as after keys came back from a copy. One
 * transaction of its own. */
enum jb_err jb_ledger_erase_again(struct jb_ledger *l) JB_MUST;
/* After a commit that erased a key or purged a case: nothing of it stays beside the file either.
 * Empties the write-ahead log and removes the copies that migrations made. False: another
 * connection reads just now (waits a moment for it); try again later. */
bool jb_ledger_forget(struct jb_ledger *l) JB_MUST;

#endif
