/* What this agency had been told was accepted, in a history that the record did not keep: it was
 * restored without this node's replica. Each of those submissions is kept in the new replica until
 * the record has it or a person strikes it off; nothing leaves the list otherwise.
 *
 * Kept here and not at the broker: the agency's people know what to do about it, and the rows come
 * into being in the very transaction that makes the new replica. Whether the record has one, its
 * stream says: an entry of this node with the same bytes. Loop thread only. */
#ifndef JB_CLIENTS_AGENT_FORMER_H
#define JB_CLIENTS_AGENT_FORMER_H

#include "clients/agent/agent.h"

enum jb_agent_former_state { /* kept on disk: never reuse a number */
    JB_AGENT_FORMER_LACKING = 1,
    JB_AGENT_FORMER_HELD = 2,      /* the record has it */
    JB_AGENT_FORMER_AGAIN = 3,     /* submitted again */
    JB_AGENT_FORMER_DISMISSED = 4, /* struck off by a person */
};

struct jb_agent_former_row { /* in short */
    uint8_t hash[JB_HASH_BYTES];
    enum jb_agent_former_state state;
    uint64_t again; /* number of the submission that repeats it; 0: none */
    bool seen;      /* by the transaction under way, in the stream */
};

struct jb_agent_former {
    struct jb_agent_former_row *rows; /* number n is rows[n - 1]; owned */
    size_t count;
    bool compared; /* the new replica has been in sync: what is lacking is lacking */
    bool seen;     /* one of the rows was */
};

/* Into the new replica `to`: what `from` still lists, and what it holds as accepted behind item
 * `after`, with the keys of the cases that these opened. Inside a transaction of `to`. */
enum jb_err jb_agent_former_carry(struct jb_ledger *from, struct jb_ledger *to,
                                  uint64_t after) JB_MUST;
/* At the start. */
enum jb_err jb_agent_former_load(struct jb_agent *a) JB_MUST;
void jb_agent_former_fini(struct jb_agent *a);
/* An entry has come: is it one of those? Inside the transaction that applies it. */
enum jb_err jb_agent_former_seen(struct jb_agent *a, const struct jb_entry *entry) JB_MUST;
/* That transaction was kept, or nothing of it: memory follows. */
void jb_agent_former_seen_end(struct jb_agent *a, bool kept);
/* This node is in sync. */
void jb_agent_former_synced(struct jb_agent *a);
/* Is it neither in the record nor on its way there, nor struck off? */
bool jb_agent_former_open(const struct jb_agent *a, uint64_t number);
/* How many of them; 0 until they were compared. */
uint64_t jb_agent_former_lacking(const struct jb_agent *a);
/* The whole row, into the arena. NOT_FOUND. */
enum jb_err jb_agent_former_get(struct jb_ledger *l, uint64_t number, struct jb_arena *arena,
                                Jb__FormerItem **out) JB_MUST;
/* Inside a transaction. */
enum jb_err jb_agent_former_put(struct jb_ledger *l, uint64_t number, const Jb__FormerItem *item,
                                struct jb_arena *arena) JB_MUST;
/* After its commit: memory follows. */
void jb_agent_former_keep(struct jb_agent *a, uint64_t number, const Jb__FormerItem *item);

#endif
