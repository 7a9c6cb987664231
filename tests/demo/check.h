/* At the end of the demo: is everything where it was planned to be? */
#ifndef DEMO_CHECK_H
#define DEMO_CHECK_H

#include "tests/demo/story.h"

/* Looks again until everything holds or half a minute is over: stage, light and holder of every
 * case as the petition office sees it, receipts for every running deadline, empty outboxes, alarms
 * where a day was missed. Prints how many cases stand where, and on standard error what is wrong.
 */
bool check_everything(struct book *book, struct cast *cast, bool english);

#endif
