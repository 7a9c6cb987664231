/* What the bare broker writes, a group of messages at a time. */
#ifndef JB_BENCH_STORE_H
#define JB_BENCH_STORE_H

#include <stddef.h>
#include <stdint.h>

struct store;

/* `kind`: "rows": four rows a message in SQLite and one for its acknowledgement; "log": one record
 * appended to a preallocated file; "none": nothing; "lazy": rows that do not wait for the disk, to
 * see that this is found out. Ends the program on failure. */
struct store *store_open(const char *kind, const char *path);
void store_begin(struct store *s);
/* Returns the event's number. */
uint64_t store_message(struct store *s, uint64_t number, uint32_t node, const void *body,
                       size_t len);
void store_acknowledged(struct store *s, uint64_t event);
/* One row, or one record. */
void store_receipt(struct store *s, const void *proof, size_t len);
/* On disk when it returns. */
void store_commit(struct store *s);

#endif
