/* Faults that a test injects: the n-th allocation of ours or of SQLite's, the n-th write or sync of
 * a database file fails. Once; then all is well again.
 *
 * For programs that are linked with FAULT_LINK (Makefile), which begin with faults_install. */
#ifndef JB_TESTS_FAULTS_H
#define JB_TESTS_FAULTS_H

#include <stdbool.h>

enum fault {
    FAULT_OUR_MEMORY,
    FAULT_SQLITE_MEMORY,
    FAULT_WRITE, /* I/O error */
    FAULT_FULL,  /* no room, in a write */
    FAULT_SYNC,
    FAULT_COUNT
};

extern const char *const fault_names[FAULT_COUNT];

/* Before anybody uses SQLite: its own files are these from then on (VFS "faults"). */
void faults_install(void);
/* From now on the n-th operation of this kind fails; n counts from 1. */
void fault_arm(enum fault kind, long n);
/* True: it did fail. */
bool fault_disarm(void);
/* Syncs of database files (not of WALs) since the program began. */
long faults_database_syncs(void);
/* Writes and syncs of WALs, likewise. */
long faults_wal_writes(void);
long faults_wal_syncs(void);

#endif
