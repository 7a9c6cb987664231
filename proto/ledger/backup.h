/* Backups of the broker's record: a ledger file of the same format that holds the record only, and
 * a mark that says up to where it is whole. What is derived is made again when it is restored.
 *
 * The source may be in use: it is read through a connection of its own, in short transactions. The
 * first run copies everything, later ones what is new; the last whole state of a backup survives
 * every interruption. One thread; blocks. */
#ifndef JB_LEDGER_BACKUP_H
#define JB_LEDGER_BACKUP_H

#include "proto/ledger/ledger.h"

struct jb_blobs_report { /* attachments */
    uint64_t held;       /* in the backup afterwards */
    uint64_t copied;     /* in this run */
    uint64_t bytes;      /* of those that were copied, or checked */
    uint64_t removed;    /* files that went from the backup: erased, or no case names them */
    uint64_t damaged;    /* not what their hash says where they were read, or missing: left out */
    uint8_t first_damaged[JB_HASH_BYTES];
};

struct jb_backup_report {
    bool first;                  /* everything was copied */
    uint64_t seq;                /* the backup is whole up to this entry of the log */
    uint8_t head[JB_HASH_BYTES]; /* of the log there */
    int64_t at_ms;               /* when that was so */
    uint64_t entries, items;     /* checked: entries of the log, items of streams */
    uint64_t rows;               /* copied in this run, all tables */
    uint64_t keys_erased; /* keys of cases that went from the backup because they were erased */
    uint64_t bytes;       /* size of the backup afterwards, without attachments */
    struct jb_blobs_report blobs;
};

struct jb_backup_order {
    const char *source, *dest; /* paths */
    int64_t now_ms;
    /* Rest between its small steps, in percent of the time that they took: whoever works with the
     * record meanwhile must not wait behind them for the disk. 0: without a rest. */
    unsigned rest_percent;
};

/* Bring the backup `dest` up to the state of the broker's record `source`. A new one is written as
 * `dest.part` and renamed when it is whole; an interrupted one is continued. Before it counts, the
 * chains of what was copied are hashed again from what was written and compared with the source's.
 * The attachments beside the source are copied to the folder `dest`.blobs, each held against its
 * hashes; damaged ones are left out and counted, the record is backed up all the same.
 * DIVERGED: `dest` is a backup of another history; CORRUPT: not a backup, or damaged; LOCKED: a
 * backup to it is under way; VERSION, NOT_FOUND, IO, FULL, NOMEM. */
enum jb_err jb_backup_run(const struct jb_backup_order *order, struct jb_backup_report *out,
                          struct jb_fault *fault) JB_MUST;

/* Read a whole backup again: pages, chain of the log, chain of every stream, attachments. CORRUPT:
 * the fault says what is wrong; NOT_FOUND: it is none, or an unfinished one. */
enum jb_err jb_backup_check(const char *path, struct jb_backup_report *out,
                            struct jb_fault *fault) JB_MUST;

/* CORRUPT: it is no file, or one that has no bytes, or no tables. Whatever else is wrong with it,
 * opening says. */
enum jb_err jb_backup_look(const char *path, struct jb_fault *fault) JB_MUST;

/* The mark of a backup in an open ledger; NOT_FOUND: it is none. Fills seq, head and at_ms. */
enum jb_err jb_backup_mark(struct jb_ledger *l, struct jb_backup_report *out) JB_MUST;

/* A new record from a backup or from a copy of a broker's file: `path` must not exist; it appears
 * when it is whole. The source is checked as a whole (chains, signatures of the nodes), what is
 * derived is made, and the record begins a new epoch: never mistaken for the one that was lost. It
 * is marked as one that the nodes have yet to complete. Attachments go to the folder blobs beside
 * `path`; missing or damaged ones are counted, and asked for again when agents greet.
 * `broker_sign`: the broker's public key.
 * EXISTS, CORRUPT, VERSION, IO, FULL, NOMEM. */
enum jb_err jb_backup_restore(const char *source, const char *path,
                              const uint8_t broker_sign[JB_KEY_BYTES], int64_t now_ms,
                              struct jb_backup_report *out, struct jb_fault *fault) JB_MUST;

#endif
