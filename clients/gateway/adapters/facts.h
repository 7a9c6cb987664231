/* What the other system is told about its records: facts of the case as this agency's copy shows
 * them, under the names that the mapping's [result] gives. Nothing of what is sealed. */
#ifndef JB_EX_FACTS_H
#define JB_EX_FACTS_H

#include "clients/gateway/adapters/desk.h"

struct jb_ex_facts { /* texts in the arena */
    const char *names[JB_EX_RESULTS], *values[JB_EX_RESULTS];
    size_t count;
    uint64_t version; /* rises with each change */
};
/* Does the mapping name only facts that there are? JB_CONFIG. */
JB_MUST enum jb_err jb_ex_facts_check(const struct jb_ex_map *map, struct jb_fault *fault);

/* Tell one record's facts; JB_OK: the other system has them (for good). Called again with the same
 * version after a crash. */
typedef enum jb_err (*jb_ex_tell_fn)(void *ctx, const char *number, const struct jb_ex_facts *facts,
                                     struct jb_fault *fault);
/* Look through the records taken and tell what has changed, at most config->batch open ones. */
struct jb_ex_teller {
    jb_ex_tell_fn tell;
    void *ctx;
    uint64_t told; /* counted */
};
JB_MUST enum jb_err jb_ex_facts_tell(struct jb_ex_desk *d, struct jb_ex_teller *teller,
                                     struct jb_fault *fault);

#endif
