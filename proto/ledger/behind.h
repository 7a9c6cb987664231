/* Private to the ledger: the tables follow the record.
 *
 * A batch is confirmed when its entries and its tick are on disk (jb_ledger_begin_tick). What the
 * ticks hold comes into its tables later, many batches in one transaction: a page that fifty
 * batches touch is written once. That transaction need not be synced by itself: the next one that
 * is confirmed is behind it in the WAL, and a power cut before takes both or only its end. Ticks go
 * from the file in the transaction that applies them, so at every moment record and ticks together
 * give the tables; opening the file applies what is left.
 *
 * Nothing else writes the tables of a broker from ticks. They follow in pieces: the oldest ticks
 * first, and the tables are then as after the last of these. Every transaction begun with
 * jb_ledger_begin applies all of them first, in itself. */
#ifndef JB_LEDGER_BEHIND_H
#define JB_LEDGER_BEHIND_H

#include "proto/ledger/db.h"

/* Inside a transaction: all ticks that wait into the tables. They are let go of by
 * jb_behind_applied when it was committed. */
enum jb_err jb_behind_apply(struct jb_ledger *l) JB_MUST;
void jb_behind_applied(struct jb_ledger *l);
/* In every other transaction than a tick's, before its commit: how far the tables then reach, so
 * that ticks which are missing are noticed when the file is opened. `marked`: it was committed. */
enum jb_err jb_behind_mark(struct jb_ledger *l) JB_MUST;
void jb_behind_marked(struct jb_ledger *l);

/* The tick that is being made goes to disk; `committed`: it is there, and waits; dropped: it never
 * was. */
enum jb_err jb_behind_write(struct jb_ledger *l) JB_MUST;
void jb_behind_committed(struct jb_ledger *l);
void jb_behind_dropped(struct jb_ledger *l);

/* When the file is opened for writing: apply what a crash or a copy left. The fault says which row
 * is damaged. */
enum jb_err jb_behind_recover(struct jb_ledger *l, struct jb_fault *fault) JB_MUST;
void jb_behind_free(struct jb_ledger *l);

/* ---- reading through what waits ---- */

/* The newest state of the case in a tick; NULL: the tables have it. */
const struct jb_case *jb_behind_case(const struct jb_ledger *l, int64_t case_no);
/* Entries of the case up to `before` (exclusive) that case_entry lacks, in their order. */
typedef enum jb_err (*jb_entry_each)(void *ctx, const struct jb_tick_entry *e);
enum jb_err jb_behind_each(struct jb_ledger *l, int64_t case_no, uint64_t before,
                           jb_entry_each each, void *ctx) JB_MUST;

/* ---- ticks of another connection's file ---- */

/* Each tick row in order, in one view held by the caller. */
typedef enum jb_err (*jb_tick_each)(void *ctx, struct jb_tick *t); /* may hold it */
enum jb_err jb_behind_rows(struct jb_ledger *l, jb_tick_each each, void *ctx,
                           struct jb_fault *fault) JB_MUST;
/* The last entry that the tables have: what stands in ticks follows later. UINT64_MAX: no tick
 * waits. CORRUPT: the fault says which row cannot be read. */
enum jb_err jb_behind_upto(struct jb_ledger *l, uint64_t *upto, struct jb_fault *fault) JB_MUST;
/* Its part of the record, as it would stand in the tables: for a backup, which has no ticks. */
enum jb_err jb_behind_record(struct jb_ledger *to, const struct jb_tick *t) JB_MUST;

#endif
