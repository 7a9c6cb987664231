/* One row of a configuration table applied to one struct: read a value from text, show it, compare
 * it.
 *
 * For config.c and config_print.c only; everybody else uses config.h. Keeps no state. */
#ifndef JB_BASE_CONFIGROW_H
#define JB_BASE_CONFIGROW_H

#include "proto/base/config.h"

/* STRING or PATH: the field is a char *. */
bool jb_config_row_is_text(const struct jb_config_row *row);
/* Has it limits (min, max) of its own? */
bool jb_config_row_is_limited(const struct jb_config_row *row);

/* The value of a text row, "" for NULL. Borrowed. */
const char *jb_config_row_text(const struct jb_config_row *row, const void *values);
/* The value of a row that is not text. */
int64_t jb_config_row_number(const struct jb_config_row *row, const void *values);
/* A number as it is written in a file. `out`: JB_QUANTITY_TEXT bytes. Text rows: as for an integer.
 */
void jb_config_row_format(const struct jb_config_row *row, int64_t number, char *out);

/* Zero the field without freeing anything: for a struct that was never filled. */
void jb_config_row_clear(const struct jb_config_row *row, void *values);
/* Free the text of a text row. */
void jb_config_row_free(const struct jb_config_row *row, void *values);
bool jb_config_row_equal(const struct jb_config_row *row, const void *a, const void *b);
void jb_config_row_swap(const struct jb_config_row *row, void *a, void *b);

/* Read a value. A relative path is put behind `folder` (empty, or ending in a slash). An empty text
 * is always taken: it means "not set". JB_CONFIG, JB_NOMEM: `fault` says why, the field is
 * unchanged. */
JB_MUST enum jb_err jb_config_row_set(const struct jb_config_row *row, void *values,
                                      struct jb_text folder, const char *value,
                                      struct jb_fault *fault);
/* Fill `fault` with "[section] key = value: why". Returns JB_CONFIG. */
enum jb_err jb_config_row_refuse(const struct jb_config_row *row, const char *value,
                                 const char *why, struct jb_fault *fault);

#endif
