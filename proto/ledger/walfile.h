/* Private to the ledger: the WAL as a file that is written in large pieces.
 *
 * SQLite writes every page of a transaction with two system calls. Here they gather and go out
 * together: when the transaction is synced, when somebody reads them, or when the room is full. It
 * is a VFS of SQLite's: all but the writes to a WAL goes straight to the system's own.
 *
 * Only for connections with synchronous=FULL, where SQLite syncs the WAL before it tells anybody of
 * a transaction (sqlite3WalFrames): in that call everything that has gathered is written, and if
 * that fails the transaction fails. */
#ifndef JB_LEDGER_WALFILE_H
#define JB_LEDGER_WALFILE_H

#include <sqlite3.h>
#include <stdbool.h>

#define JB_WAL_VFS "jiaoban-wal"

/* Makes it known to SQLite; once, before the first connection that names it. SQLITE_OK, or why not.
 */
int jb_walfile_register(void);

/* Of the connection's database: from now on a sync of its WAL writes what has gathered and does not
 * wait for the disk, until it is told otherwise. A new beginning of the WAL is synced all the same:
 * an older transaction must never be found behind it. Set back before a checkpoint. Nothing happens
 * where there is no such WAL (in memory, not opened yet, another VFS). */
void jb_walfile_lazy(sqlite3 *db, bool lazy);

#endif
