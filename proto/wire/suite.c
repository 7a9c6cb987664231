/* See suite.h. */
#include "proto/wire/suite.h"

#include <string.h>

#include "proto/wire/sm.h"

static const char *const names[] = {
    [JB_SUITE_ED25519] = "ed25519",
    [JB_SUITE_SM2_SM3] = "sm2",
};
#define NAMES (sizeof names / sizeof names[0])

bool jb_suite_known(uint8_t suite)
{
    return suite < NAMES && names[suite] != NULL;
}

const char *jb_suite_name(uint8_t suite)
{
    return jb_suite_known(suite) ? names[suite] : "unknown";
}

uint8_t jb_suite_parse(const char *name)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i] != NULL && strcmp(names[i], name) == 0)
            return (uint8_t)i;
    return 0;
}

enum jb_err jb_suite_start(uint8_t suite, struct jb_fault *fault)
{
    if (!jb_suite_known(suite))
        return jb_fault_set(fault, JB_UNSUPPORTED, "suite %u is not known to this version", suite);
    if (suite == JB_SUITE_SM2_SM3)
        return jb_sm_start(fault);
    return JB_OK;
}
