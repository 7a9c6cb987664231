/* Case numbers, issued by any node without asking anyone.
 *
 *     20261123-00007-00042-9
 *     date     node  seq   check digit
 *
 * 19 decimal digits that fit an int64_t and sort by day, node and order of issue. Local date of
 * issue; the node's number in the directory (1..99999); its count on that day (1..99999); a check
 * digit by ISO 7064 MOD 11,10, which finds every single wrong digit and nearly every swap of
 * neighbours, so that a number can be read over the phone. Says nothing about the petitioner or the
 * matter. Years end at 9222, the last one that fits. Keeping `seq` unique on its node is the
 * caller's duty. Pure, any thread. */
#ifndef JB_RULES_CASENO_H
#define JB_RULES_CASENO_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"
#include "proto/rules/civil.h"

#define JB_CASENO_TEXT 24 /* bytes for the shown form, with NUL */
#define JB_CASENO_NODE_MAX 99999
#define JB_CASENO_SEQ_MAX 99999

/* JB_RANGE: node or seq outside 1..99999, or the year after 9222. */
JB_MUST enum jb_err jb_caseno_make(struct jb_date date, uint32_t node, uint32_t seq, int64_t *out);

/* Is this a number that jb_caseno_make can give? JB_RANGE: size, date, node or seq is impossible;
 * JB_MALFORMED: the check digit does not fit. */
JB_MUST enum jb_err jb_caseno_check(int64_t no);

/* The parts of a number that passed jb_caseno_check. */
struct jb_date jb_caseno_date(int64_t no);
uint32_t jb_caseno_node(int64_t no);
uint32_t jb_caseno_seq(int64_t no);

/* "20261123-00007-00042-9". For a number that passed jb_caseno_check. */
void jb_caseno_format(int64_t no, char out[JB_CASENO_TEXT]);

/* Read what a person typed or pasted: with or without dashes and blanks anywhere, in ASCII or
 * full-width digits. JB_MALFORMED (a strange character, too few or too many digits, the check
 * digit) or JB_RANGE (no such date, node 0, number 0); `fault` says which, and for a wrong check
 * digit names the swap of two neighbours that would make it right, if there is just one or two. */
JB_MUST enum jb_err jb_caseno_parse(struct jb_text text, int64_t *out, struct jb_fault *fault);

#endif
