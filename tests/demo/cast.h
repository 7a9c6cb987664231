/* The five offices of the demo: where their agents listen, what they are called in the directory,
 * and which desk acts there. Speaks to them through the public library alone. */
#ifndef DEMO_CAST_H
#define DEMO_CAST_H

#include <stdbool.h>

#include "clients/lib/jiaoban.h"

#define CAST_COUNT 5
#define CAST_OFFICE "xfj" /* the petition office's code */

struct player {
    const char *code;       /* in the directory; also the name of its folder */
    const char *name;       /* as people say it */
    const char *desk;       /* who acts there */
    struct jiaoban *handle; /* owned */
    uint32_t node;          /* directory number, once known */
};

struct cast {
    struct player players[CAST_COUNT];
};

int64_t cast_now_ms(void);
/* Leave the processor to others for two milliseconds: between two looks at a state that changes. */
void cast_breathe(void);

/* Connect to FOLDER/CODE/agent.sock of all five. False: the reason went to standard error; close
 * in any case. */
bool cast_open(struct cast *cast, const char *folder);
void cast_close(struct cast *cast);
/* NULL: nobody has that code. */
struct player *cast_find(struct cast *cast, const char *code);
/* Wait until every agent knows every other by its directory number and is in step with the broker,
 * its outbox empty. False: not within limit_ms, said on standard error. */
bool cast_in_step(struct cast *cast, int limit_ms);
/* Learn the directory numbers, which also an agent that is cut off knows. */
bool cast_know(struct cast *cast);
/* Wait until every agent has noticed that the broker is gone. */
bool cast_cut_off(struct cast *cast, int limit_ms);

#endif
