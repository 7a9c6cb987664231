/* One word of a plan becomes one act of one office: a table of words says who acts, which act it is
 * and what stands in it. */
#ifndef DEMO_STEP_H
#define DEMO_STEP_H

#include "tests/demo/story.h"

enum step_result {
    STEP_DONE,
    STEP_NOT_YET, /* the office has not received what this follows on */
    STEP_FAILED   /* said on standard error */
};

/* Do the next word of a story's plan. online: wait for the verdict, which must be "accepted";
 * otherwise the submission is to stay in the outbox, and is added to the book's waiting ones. The
 * word must not be "|", "&" or the end. */
enum step_result step_do(struct book *book, struct story *story, struct cast *cast, bool online);

#endif
