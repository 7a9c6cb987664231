/* The fixture of the gate's tests: a broker's socket behind a gate that counts what it is told, and
 * clients that the project's own sockets would never be. */
#ifndef JB_TESTS_UNIT_GATEWORLD_H
#define JB_TESTS_UNIT_GATEWORLD_H

#include "proto/wire/gateint.h"
#include "tests/unit/zworld.h"

struct gateworld_told {
    uint64_t cuts[JB_GATE_CUT_COUNT];
    uint32_t node; /* of the last cut */
    uint64_t gone, reads;
    int64_t wait_ms; /* answered to on_read */
};

/* Of the gate that was made with the last options. */
extern struct gateworld_told gateworld_told;

/* The defaults, with hooks that count; the counts begin anew. */
struct jb_gate_options gateworld_options(void);

/* The broker's socket behind a gate. */
void gateworld_bind(struct zworld *w, const struct jb_gate_options *gate);
void gateworld_bind_at(struct zworld *w, const struct jb_gate_options *gate, const char *endpoint);
void gateworld_bind_with(struct zworld *w, const struct jb_gate_options *gate, const char *endpoint,
                         int linger_ms);

/* A bare TCP connection to this endpoint on loopback; the caller closes it. */
int gateworld_connect(const char *endpoint);
/* A client of the library as it is, with the node's key; not connected. routing_id: NULL for none.
 * The caller closes it. */
void *gateworld_dealer(struct zworld *w, void *context, const char *routing_id);

#endif
