/* A reader of JSON (RFC 8259) that knows nothing of our writer: strict, without recursion. */
#ifndef JB_TESTS_JSONCHECK_H
#define JB_TESTS_JSONCHECK_H

#include "proto/base/bytes.h"

/* Exactly one value: UTF-8, no control characters, nothing behind it. */
bool json_valid(const char *text, size_t len);
/* Equal but for white space between the tokens. Both are valid. */
bool json_same(struct jb_text a, struct jb_text b);

#endif
