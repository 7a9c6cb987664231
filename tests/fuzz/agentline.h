/* A connection of the desk's agent, and what the broker sends over it. */
#ifndef JB_TESTS_AGENTLINE_H
#define JB_TESTS_AGENTLINE_H

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzdesk.h"

enum {
    AGENT_LINE_WELCOMED = 1,   /* a good Welcome comes first */
    AGENT_LINE_RECOVERING = 2, /* of a broker whose record is being completed */
    AGENT_LINE_LEFT_OUT = 4,   /* of one that was completed without this node */
    AGENT_LINE_MENDED = 8      /* signatures, heads and numbers are made right */
};

/* Connect, then one frame for each part of the input. First byte: the bits above. */
void agent_line(struct desk *d, struct fuzz_in *in);

#endif
