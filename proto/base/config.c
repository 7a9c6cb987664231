#include "proto/base/config.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/configrow.h"
#include "proto/base/initext.h"
#include "proto/base/utf8.h"

#define NAME_SHOWN_BYTES 256 /* of an unknown name in a message */

static const struct jb_text no_folder = {NULL, 0};

/* What one reading of a file knows beside the table. */
struct loading {
    const struct jb_config_table *table;
    void *values;
    struct jb_text folder; /* of the file, with the last slash; empty: the working directory */
    bool seen[JB_CONFIG_ROWS_MAX];
};

static const struct jb_config_row *find_row(const struct jb_config_table *table,
                                            struct jb_text section, struct jb_text key)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct jb_config_row *row = &table->rows[i];

        if (jb_text_equal(jb_text_of(row->section), section) &&
            (key.data == NULL || jb_text_equal(jb_text_of(row->key), key)))
            return row;
    }
    return NULL;
}

static enum jb_err refuse_name(struct jb_text section, const char *key, struct jb_fault *fault)
{
    char shown_section[NAME_SHOWN_BYTES];
    char shown_key[NAME_SHOWN_BYTES];

    (void)jb_text_escape(section.data, section.len, shown_section, sizeof shown_section);
    if (key == NULL)
        return jb_fault_set(fault, JB_CONFIG, "unknown section [%s]", shown_section);
    (void)jb_text_escape(key, strlen(key), shown_key, sizeof shown_key);
    return jb_fault_set(fault, JB_CONFIG, "unknown key %s in section [%s]", shown_key,
                        shown_section);
}

static enum jb_err take_row(void *ctx, const struct jb_initext_row *in, struct jb_fault *fault)
{
    struct loading *l = ctx;
    struct jb_text section = jb_text_of(in->section);
    const struct jb_config_row *row = find_row(l->table, section, jb_text_of(in->key));
    size_t index;

    if (row == NULL)
        return refuse_name(section, in->key, fault);
    if (in->key == NULL)
        return JB_OK;
    index = (size_t)(row - l->table->rows);
    if (l->seen[index])
        return jb_config_row_refuse(row, in->value, jb_said("this key stands here a second time"),
                                    fault);
    l->seen[index] = true;
    return jb_config_row_set(row, l->values, l->folder, in->value, fault);
}

static enum jb_err set_presets(const struct jb_config_table *table, void *values,
                               struct jb_fault *fault)
{
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < table->row_count; i++)
        jb_config_row_clear(&table->rows[i], values);
    for (size_t i = 0; i < table->row_count && err == JB_OK; i++) {
        const struct jb_config_row *row = &table->rows[i];
        const char *preset = row->preset != NULL ? row->preset : "";

        if (row->preset != NULL || jb_config_row_is_text(row))
            err = jb_config_row_set(row, values, no_folder, preset, fault);
    }
    return err;
}

/* The whole file in one piece. *out is the caller's to free. */
static enum jb_err read_file(const char *path, char **out, size_t *out_len, struct jb_fault *fault)
{
    FILE *file = fopen(path, "re");
    char *data = NULL;
    enum jb_err err = JB_OK;
    size_t len;

    if (file == NULL)
        return jb_fault_set(fault, errno == ENOENT ? JB_NOT_FOUND : JB_IO,
                            "the configuration %s cannot be read: %s", path, jb_errno_said(errno));
    data = malloc(JB_INITEXT_MAX_BYTES + 1);
    if (data == NULL) {
        err = jb_fault_set(fault, JB_NOMEM, "out of memory");
        goto done;
    }
    len = fread(data, 1, JB_INITEXT_MAX_BYTES + 1, file);
    if (ferror(file)) {
        err = jb_fault_set(fault, JB_IO, "the configuration %s cannot be read: %s", path,
                           jb_errno_said(errno));
        goto done;
    }
    *out = data;
    *out_len = len;
    data = NULL;
done:
    free(data);
    (void)fclose(file);
    return err;
}

static enum jb_err load_file(const struct jb_config_table *table, void *values, const char *path,
                             struct jb_fault *fault)
{
    const char *slash = strrchr(path, '/');
    struct loading l = {.table = table, .values = values};
    char *data = NULL;
    size_t len = 0;
    enum jb_err err = read_file(path, &data, &len, fault);

    if (err != JB_OK)
        return err;
    if (slash != NULL)
        l.folder = (struct jb_text){path, (size_t)(slash - path) + 1};
    err = jb_initext_read((struct jb_text){data, len}, path, take_row, &l, fault);
    free(data);
    return err;
}

static enum jb_err check_required(const struct jb_config_table *table,
                                  const struct jb_config_source *source, const void *values,
                                  struct jb_fault *fault)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct jb_config_row *row = &table->rows[i];

        if ((row->flags & JB_CONFIG_REQUIRED) && jb_config_row_text(row, values)[0] == '\0')
            return jb_fault_set(fault, JB_CONFIG, "%s: [%s] %s is required and not set",
                                source->path != NULL ? source->path
                                                     : jb_said("no configuration file"),
                                row->section, row->key);
    }
    return JB_OK;
}

enum jb_err jb_config_read(const struct jb_config_table *table,
                           const struct jb_config_source *source, void *values,
                           struct jb_fault *fault)
{
    enum jb_err err;

    if (table->row_count > JB_CONFIG_ROWS_MAX)
        return jb_fault_set(fault, JB_OVERFLOW, "the configuration table has too many rows");
    err = set_presets(table, values, fault);
    if (err == JB_OK && source->path != NULL)
        err = load_file(table, values, source->path, fault);
    for (size_t i = 0; i < source->option_count && err == JB_OK; i++)
        err = jb_config_set(table, values, source->options[i], fault);
    if (err == JB_OK)
        err = check_required(table, source, values, fault);
    if (err != JB_OK)
        jb_config_free(table, values);
    return err;
}

enum jb_err jb_config_set(const struct jb_config_table *table, void *values, const char *option,
                          struct jb_fault *fault)
{
    const char *dot = strchr(option, '.');
    const char *equals = strchr(option, '=');
    const struct jb_config_row *row;
    struct jb_text section;
    struct jb_text key;

    if (equals == NULL || dot == NULL || dot > equals)
        return jb_fault_set(fault, JB_CONFIG, "\"%s\": an option reads section.key=value", option);
    section = (struct jb_text){option, (size_t)(dot - option)};
    key = (struct jb_text){dot + 1, (size_t)(equals - dot) - 1};
    row = find_row(table, section, key);
    if (row == NULL) {
        char shown[NAME_SHOWN_BYTES];

        (void)jb_text_escape(option, (size_t)(equals - option), shown, sizeof shown);
        return jb_fault_set(fault, JB_CONFIG, "unknown key %s", shown);
    }
    return jb_config_row_set(row, values, no_folder, equals + 1, fault);
}

/* Exchange what may change, so that the old text is freed together with the scratch struct. */
static void take_over(const struct jb_config_table *table, void *values, void *scratch,
                      bool *applied)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct jb_config_row *row = &table->rows[i];

        applied[i] =
            (row->flags & JB_CONFIG_RELOADABLE) != 0 && !jb_config_row_equal(row, values, scratch);
        if (applied[i])
            jb_config_row_swap(row, values, scratch);
    }
}

enum jb_err jb_config_reload(const struct jb_config_table *table,
                             const struct jb_config_source *source, void *values,
                             jb_config_change_fn on_change, void *ctx, struct jb_fault *fault)
{
    bool applied[JB_CONFIG_ROWS_MAX] = {false};
    void *scratch = calloc(1, table->values_bytes);
    enum jb_err err;

    if (scratch == NULL)
        return jb_fault_set(fault, JB_NOMEM, "out of memory");
    err = jb_config_read(table, source, scratch, fault);
    if (err != JB_OK)
        goto done;
    take_over(table, values, scratch, applied);
    for (size_t i = 0; i < table->row_count; i++) {
        if (!jb_config_row_equal(&table->rows[i], values, scratch))
            on_change(ctx, &table->rows[i], applied[i]);
    }
    jb_config_free(table, scratch);
done:
    free(scratch);
    return err;
}

void jb_config_free(const struct jb_config_table *table, void *values)
{
    for (size_t i = 0; i < table->row_count; i++)
        jb_config_row_free(&table->rows[i], values);
}
