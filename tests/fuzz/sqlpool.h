/* Opening a ledger costs SQLite some ten thousand allocations, nearly all of them for reading the
 * same SQL again. Here connections stay open behind sqlite3_close and statements stay prepared
 * behind sqlite3_finalize, so that what the project does runs as it is and SQLite's parser does
 * not. Only for files whose tables are as the statements know them: what changes the schema of a
 * kept file must be opened under another name.
 *
 * sqlpool.c stands in for SQLite's functions (FUZZ_WRAP in the makefile). One thread. */
#ifndef JB_TESTS_SQLPOOL_H
#define JB_TESTS_SQLPOOL_H

#include "tests/fuzz/fuzz.h"

/* From now on connections to this file are kept, and those to the ledger in memory with which
 * records are compared. The file is replaced by fuzz_pool_file alone. */
void fuzz_pool_keep(const char *path);
/* The kept file's contents, whole pages and always as many, in place of whatever was written to it.
 * No connection to it is open. */
void fuzz_pool_file(const char *path, struct jb_bytes image);
/* Close what waits, forget the files. At the end of the program. */
void fuzz_pool_fini(void);

#endif
