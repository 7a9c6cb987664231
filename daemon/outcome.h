/* How the last backup went: the task leaves it in the data folder, where the broker finds it, since
 * the backup's own folder may be what failed. One small file, held with a lock while a run is under
 * way, so that one that was killed is told from one that works. */
#ifndef JB_DAEMON_OUTCOME_H
#define JB_DAEMON_OUTCOME_H

#include "daemon/config.h"

#define JB_OUTCOME_TEXT 1024
#define JB_OUTCOME_CUT "interrupted" /* it was killed, or the machine went off */

struct jb_outcome {
    int64_t at_ms; /* when it ended; of one that was killed: when it began. 0: none is known */
    char failed[JB_OUTCOME_TEXT]; /* why, one line, for people, or JB_OUTCOME_CUT; "" it did not */
};

struct jb_outcome_run { /* one that is under way */
    int fd;             /* < 0: nothing can be noted, or another one is under way */
};

/* A run begins; ends with jb_outcome_end. That nothing can be noted is no reason not to run: in a
 * folder without a record nothing is. */
void jb_outcome_begin(struct jb_outcome_run *run, const char *data, int64_t now_ms);
/* It went well (failed "" or NULL) or not. */
void jb_outcome_end(struct jb_outcome_run *run, int64_t now_ms, const char *failed);

/* Of the last run that ended or was killed, while one is under way of the one before. */
void jb_outcome_read(const char *data, struct jb_outcome *out);

#endif
