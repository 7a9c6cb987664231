/* Ballast: a file beside the ledger that keeps some of the disk taken. When the disk is full it is
 * given free, so that what is under way can still be written to its end; it is taken again once
 * there is room. And how much room there is. Knows nothing of ledgers. One thread at a time. */
#ifndef JB_LEDGER_RESERVE_H
#define JB_LEDGER_RESERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct jb_reserve {
    char *path;         /* owned; NULL: not begun */
    int64_t size_bytes; /* wanted; 0: none is kept */
    atomic_bool held;   /* the file has its size; may be read by any thread */
};

/* "<folder>/reserve"; nothing is touched yet. NOMEM. End with jb_reserve_fini. */
enum jb_err jb_reserve_init(struct jb_reserve *r, const char *folder, int64_t size_bytes) JB_MUST;
/* The file stays. */
void jb_reserve_fini(struct jb_reserve *r);
/* Take it, all or nothing. With size 0 the file goes. FULL: there is not so much room; IO, DENIED:
 * the file cannot be made. */
enum jb_err jb_reserve_fill(struct jb_reserve *r) JB_MUST;
/* Give it free. False: there was nothing to give. */
bool jb_reserve_free(struct jb_reserve *r);

/* What ordinary users may still write in the file system of `folder`; -1: not known. Any thread. */
int64_t jb_disk_free_bytes(const char *folder);

#endif
