/* The three kinds of adapters: each has one look at its source. Errors stop the look, not the
 * program: what was begun goes on at the next one. Fault: why, for the log. */
#ifndef JB_EX_ADAPTER_H
#define JB_EX_ADAPTER_H

#include <stdio.h>

#include "clients/gateway/adapters/desk.h"
#include "clients/gateway/adapters/facts.h"

struct jb_ex_counts { /* of one look */
    uint64_t files, rows, taken, known, queued, refused, bad, told;
};
void jb_ex_count(struct jb_ex_counts *counts, enum jb_ex_outcome outcome);

/* folder.c */
JB_MUST enum jb_err jb_ex_folder_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                                      struct jb_fault *fault);
/* file.c: take a file's rows; `f` says what came of the whole. */
struct jb_ex_input {
    int dir;          /* where it lies */
    const char *name; /* as it is called there */
};
JB_MUST enum jb_err jb_ex_file_take(struct jb_ex_desk *d, const struct jb_ex_input *in,
                                    struct jb_bytes bytes, struct jb_ex_file *f,
                                    struct jb_ex_counts *counts, struct jb_fault *fault);
/* report.c: one CSV, written as a whole or not at all. */
JB_MUST enum jb_err jb_ex_report_write(struct jb_ex_desk *d, int dir, const char *name,
                                       int64_t file, const char *verdict, struct jb_fault *fault);
/* A cell that no spreadsheet takes for a formula. */
void jb_ex_report_cell(FILE *out, const char *text, bool last);

/* dbtable.c */
JB_MUST enum jb_err jb_ex_dbtable_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                                       struct jb_fault *fault);
/* web.c */
JB_MUST enum jb_err jb_ex_web_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                                   struct jb_fault *fault);

#endif
