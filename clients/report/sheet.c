/* See sheet.h. */
#include "clients/report/sheet.h"

#include <stdlib.h>

#define FIRST_CELLS 256

static struct jb_cell *next_cell(struct jb_sheet *s, struct jb_cell *spare)
{
    if (s->used == s->capacity) {
        size_t capacity = s->capacity == 0 ? FIRST_CELLS : 2 * s->capacity;
        struct jb_cell *more = reallocarray(s->cells, capacity, sizeof *more);
        if (more == NULL) {
            s->failed = true;
            return spare;
        }
        s->cells = more;
        s->capacity = capacity;
    }
    return &s->cells[s->used++];
}

static void put(struct jb_sheet *s, struct jb_cell cell)
{
    struct jb_cell spare;
    *next_cell(s, &spare) = cell;
}

void jb_sheet_text(struct jb_sheet *s, const char *text)
{
    put(s, (struct jb_cell){.kind = JB_CELL_TEXT, .text = text});
}

void jb_sheet_number(struct jb_sheet *s, uint64_t number)
{
    put(s, (struct jb_cell){.kind = JB_CELL_NUMBER, .number = (double)number});
}

void jb_sheet_rate(struct jb_sheet *s, uint64_t numerator, uint64_t denominator,
                   const char *no_data)
{
    if (denominator == 0)
        jb_sheet_text(s, no_data);
    else
        put(s, (struct jb_cell){.kind = JB_CELL_RATE,
                                .number = (double)numerator / (double)denominator});
}

void jb_sheet_free(struct jb_sheet *s)
{
    free(s->cells);
    s->cells = NULL;
    s->used = s->capacity = 0;
}
