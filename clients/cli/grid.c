/* Tables, by libsmartcols: aligned also with Chinese text, shortened only on a terminal. */
#include "clients/cli/cli.h"

#include <libsmartcols.h>
#include <stdlib.h>

#define SHRUNK_SHARE 0.15 /* of the width, for a column that may shrink */

struct cli_grid {
    struct cli *c;
    struct libscols_table *table;
    struct libscols_line *line; /* the last row */
    size_t cell;                /* the next one in it */
    bool failed;                /* out of memory on the way */
};

static void add_column(struct cli_grid *g, const char *name)
{
    int flags = 0;
    double hint = 0; /* share of the terminal's width */
    for (; *name == '*' || *name == '>'; name++)
        flags |= *name == '*' ? SCOLS_FL_TRUNC : SCOLS_FL_RIGHT;
    if ((flags & SCOLS_FL_TRUNC) != 0)
        hint = SHRUNK_SHARE;
    if (scols_table_new_column(g->table, name, hint, flags) == NULL)
        g->failed = true;
}

struct cli_grid *cli_grid_new(struct cli *c, const char *const *names, size_t count)
{
    struct cli_grid *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->c = c;
    g->table = scols_new_table();
    if (g->table == NULL) {
        free(g);
        return NULL;
    }
    scols_table_enable_colors(g->table, c->color);
    scols_table_set_column_separator(g->table, "  ");
    for (size_t i = 0; i < count; i++)
        add_column(g, names[i]);
    return g;
}

void cli_grid_row(struct cli_grid *g)
{
    if (g == NULL)
        return;
    g->line = scols_table_new_line(g->table, NULL);
    g->cell = 0;
    if (g->line == NULL)
        g->failed = true;
}

void cli_grid_cell(struct cli_grid *g, const char *text, const char *color)
{
    if (g == NULL || g->line == NULL)
        return;
    if (scols_line_set_data(g->line, g->cell, text) != 0)
        g->failed = true;
    struct libscols_cell *cell = scols_line_get_cell(g->line, g->cell);
    if (cell != NULL && color != NULL && scols_cell_set_color(cell, color) != 0)
        g->failed = true;
    g->cell++;
}

int cli_grid_end(struct cli_grid *g, const char *none)
{
    if (g == NULL)
        return jiaoban_status_exit(JIAOBAN_NOMEM);
    bool failed = g->failed;
    if (!failed && scols_table_get_nlines(g->table) == 0)
        puts(none);
    else if (!failed)
        failed = scols_print_table(g->table) != 0;
    scols_unref_table(g->table);
    if (failed)
        fprintf(stderr, "jiaoban: %s\n", _("out of memory"));
    free(g);
    return failed ? jiaoban_status_exit(JIAOBAN_NOMEM) : 0;
}
