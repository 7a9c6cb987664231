/* Numbers as people write them in configuration files and on the command line.
 *
 * Independent of the locale. The whole text must be the number: no blanks, no signs but one '-' for
 * an integer, no fractions. JB_MALFORMED: not of that form; JB_RANGE: does not fit an int64_t.
 * Pure. */
#ifndef JB_BASE_QUANTITY_H
#define JB_BASE_QUANTITY_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_QUANTITY_TEXT 24 /* bytes for any formatted value, with NUL */

/* "42", "-7". */
JB_MUST enum jb_err jb_int_parse(struct jb_text text, int64_t *out);
/* yes no true false on off 1 0 -> 1 or 0. */
JB_MUST enum jb_err jb_bool_parse(struct jb_text text, int64_t *out);
/* "500ms" "30s" "15m" "4h" "7d" -> milliseconds; a number without unit only if it is 0. */
JB_MUST enum jb_err jb_duration_parse(struct jb_text text, int64_t *out_ms);
/* "512" "64k" "1M" "2G" (either case, powers of 1024) -> bytes. */
JB_MUST enum jb_err jb_size_parse(struct jb_text text, int64_t *out_bytes);

/* The shortest exact form that the matching parser reads back. */
void jb_int_format(int64_t value, char out[JB_QUANTITY_TEXT]);
void jb_bool_format(int64_t value, char out[JB_QUANTITY_TEXT]);
void jb_duration_format(int64_t ms, char out[JB_QUANTITY_TEXT]);
void jb_size_format(int64_t bytes, char out[JB_QUANTITY_TEXT]);

#endif
