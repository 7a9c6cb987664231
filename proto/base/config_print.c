#include "proto/base/configrow.h"

#include "proto/base/quantity.h"

/* Help may have several lines; each becomes a comment of its own. */
static void print_comment(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        (void)fprintf(out, "# %.*s\n", (int)len, text);
        text += len;
        if (*text == '\n')
            text++;
    }
}

static void print_limits(FILE *out, const struct jb_config_row *row)
{
    const char *how = row->flags & JB_CONFIG_RELOADABLE ? "reload" : "restart";
    char min[JB_QUANTITY_TEXT];
    char max[JB_QUANTITY_TEXT];

    (void)fprintf(out, "# (");
    if (jb_config_row_is_limited(row)) {
        jb_config_row_format(row, row->min, min);
        jb_config_row_format(row, row->max, max);
        (void)fprintf(out, "%s to %s%s; ", min, max, jb_config_row_is_text(row) ? " bytes" : "");
    } else if (row->type == JB_CONFIG_BOOL) {
        (void)fprintf(out, "yes or no; ");
    }
    if (row->flags & JB_CONFIG_REQUIRED)
        (void)fprintf(out, "required; ");
    (void)fprintf(out, "takes effect on %s)\n", how);
}

/* A required key without preset stands uncommented, so that a forgotten one is noticed at the
 * start. */
static void print_preset(FILE *out, const struct jb_config_row *row)
{
    bool fill_in = (row->flags & JB_CONFIG_REQUIRED) != 0 && row->preset == NULL;
    const char *preset = row->preset;

    if (preset == NULL && row->type == JB_CONFIG_BOOL)
        preset = "no";
    else if (preset == NULL)
        preset = jb_config_row_is_text(row) ? "" : "0";
    (void)fprintf(out, "%s%s =%s%s\n", fill_in ? "" : "#", row->key, preset[0] != '\0' ? " " : "",
                  preset);
}

static enum jb_err finish(FILE *out)
{
    return fflush(out) != 0 || ferror(out) ? JB_IO : JB_OK;
}

enum jb_err jb_config_print_example(const struct jb_config_table *table, FILE *out)
{
    const char *section = "";

    print_comment(out, table->title);
    print_comment(out, "A key with # in front has the value shown, its default.");
    for (size_t i = 0; i < table->row_count; i++) {
        const struct jb_config_row *row = &table->rows[i];

        if (strcmp(section, row->section) != 0)
            (void)fprintf(out, "\n[%s]\n", row->section);
        section = row->section;
        (void)fprintf(out, "\n");
        print_comment(out, row->help);
        print_limits(out, row);
        print_preset(out, row);
    }
    return finish(out);
}

enum jb_err jb_config_print(const struct jb_config_table *table, const void *values, FILE *out)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct jb_config_row *row = &table->rows[i];
        char number[JB_QUANTITY_TEXT];
        const char *value = number;

        if (jb_config_row_is_text(row))
            value = jb_config_row_text(row, values);
        else
            jb_config_row_format(row, jb_config_row_number(row, values), number);
        (void)fprintf(out, "%s.%s=%s\n", row->section, row->key, value);
    }
    return finish(out);
}
