/* Traffic at people's pace, for those who look at the console: a few cases at a time, one act every
 * two seconds, the plans from the first to the last and then from the first again. */
#ifndef DEMO_LIVE_H
#define DEMO_LIVE_H

#include "tests/demo/story.h"

/* Play the book's plans without end. What people at a console did before us is no fault: a case
 * whose next step is refused, or does not become possible within a minute, is left to them. Only a
 * signal ends it. False: an agent does not answer any more, or nothing at all could be done; said
 * on standard error. */
bool live_play(struct book *book, struct cast *cast);

#endif
