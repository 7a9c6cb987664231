/* The broker's keys that an agent believes: the line of agent.broker_key, and while the broker
 * changes its keys also the next and the former one (agent.broker_key_also). An operator puts them
 * there; nothing that comes over the network adds one. */
#ifndef JB_CLIENTS_AGENT_PINS_H
#define JB_CLIENTS_AGENT_PINS_H

#include "proto/wire/keys.h"

#define JB_PINS_MAX 4

struct jb_pins {
    struct jb_public_keys at[JB_PINS_MAX]; /* broker_key first */
    uint8_t signs[JB_PINS_MAX][JB_KEY_BYTES];
    size_t count;   /* 1 or more */
    size_t present; /* the one that connections are tried with, or made with */
};

/* Read both keys of the configuration; `also` may be empty, NULL or a list with commas. All lines
 * must be of one suite. JB_CONFIG: the fault names the key and what is wrong. */
JB_MUST enum jb_err jb_pins_read(const char *first, const char *also, struct jb_pins *out,
                                 struct jb_fault *fault);

#endif
