/* See map.h: the file, its sections, words. */
#include "clients/gateway/adapters/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"
#include "proto/base/initext.h"

#define MAP_MEMORY (8 * 1024 * 1024)

/* ---- fields ---- */

static const struct {
    const char *word;
    enum jb_ex_type type;
} fields[JB_EX_FIELD_COUNT] = {
#define X(name, word, type) [JB_EX_##name] = {word, JB_EX_TYPE_##type},
    JB_EX_FIELDS(X)
#undef X
};

const char *jb_ex_field_word(enum jb_ex_field field)
{
    return fields[field].word;
}

enum jb_ex_type jb_ex_field_type(enum jb_ex_field field)
{
    return fields[field].type;
}

enum jb_ex_field jb_ex_field_parse(const char *word)
{
    enum jb_ex_field field = JB_EX_NUMBER;
    while (field < JB_EX_FIELD_COUNT && strcmp(fields[field].word, word) != 0)
        field++;
    return field;
}

int jb_ex_word_parse(enum jb_ex_field field, const char *word)
{
    static const char *const channels[] = {"letter", "visit", "online", "phone", NULL};
    static const char *const matters[] = {"suggestion", "accusation", "appeal", NULL};
    const char *const *words = field == JB_EX_CHANNEL ? channels : matters;
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return i + 1;
    return 0;
}

/* ---- lines of the file ---- */

static const char *kept(struct jb_ex_map *map, const char *s, size_t len)
{
    while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
        len--;
    return jb_arena_strndup(&map->arena, s, len);
}

/* The next name of "a | b | c". NULL at the end. */
static const char *next_name(struct jb_ex_map *map, const char **list)
{
    const char *at = *list + strspn(*list, " \t|");
    size_t len = strcspn(at, "|");
    *list = at + len;
    return len > 0 ? kept(map, at, len) : NULL;
}

static enum jb_err names_read(struct jb_ex_map *map, struct jb_ex_names *names, const char *list,
                              struct jb_fault *fault)
{
    if (names->count > 0)
        return jb_fault_set(fault, JB_CONFIG, "given twice");
    for (const char *name; (name = next_name(map, &list)) != NULL;) {
        if (names->count == JB_EX_NAMES)
            return jb_fault_set(fault, JB_CONFIG, "over %d columns", JB_EX_NAMES);
        names->at[names->count++] = name;
    }
    return names->count > 0 ? JB_OK : jb_fault_set(fault, JB_CONFIG, "names no column");
}

static enum jb_err on_map(struct jb_ex_map *map, const struct jb_initext_row *row,
                          struct jb_fault *fault)
{
    if (strcmp(row->key, "system") == 0) {
        size_t len = strlen(row->value);
        map->system = kept(map, row->value, len);
        return len > 0 && len <= JB_EX_SYSTEM_BYTES
                   ? JB_OK
                   : jb_fault_set(fault, JB_CONFIG, "must be 1 to %d bytes", JB_EX_SYSTEM_BYTES);
    }
    if (strcmp(row->key, "number") == 0) {
        map->number_by_row = strcmp(row->value, "@row") == 0;
        return map->number_by_row ? JB_OK
                                  : names_read(map, &map->fields[JB_EX_NUMBER], row->value, fault);
    }
    if (strcmp(row->key, "send") == 0) {
        map->assign = strcmp(row->value, "assign") == 0;
        return map->assign || strcmp(row->value, "forward") == 0
                   ? JB_OK
                   : jb_fault_set(fault, JB_CONFIG, "must be forward or assign");
    }
    return jb_fault_set(fault, JB_CONFIG, "unknown key %s", row->key);
}

static enum jb_err on_field(struct jb_ex_map *map, const struct jb_initext_row *row,
                            struct jb_fault *fault)
{
    enum jb_ex_field field = jb_ex_field_parse(row->key);
    if (field == JB_EX_FIELD_COUNT || field == JB_EX_NUMBER)
        return jb_fault_set(fault, JB_CONFIG, "unknown field %s", row->key);
    return names_read(map, &map->fields[field], row->value, fault);
}

static enum jb_err on_default(struct jb_ex_map *map, const struct jb_initext_row *row,
                              struct jb_fault *fault)
{
    enum jb_ex_field field = jb_ex_field_parse(row->key);
    if (field == JB_EX_FIELD_COUNT || field == JB_EX_NUMBER)
        return jb_fault_set(fault, JB_CONFIG, "unknown field %s", row->key);
    if (jb_ex_field_type(field) == JB_EX_TYPE_WORD && jb_ex_word_parse(field, row->value) == 0)
        return jb_fault_set(fault, JB_CONFIG, "%s is no %s", row->value, row->key);
    map->defaults[field] = kept(map, row->value, strlen(row->value));
    return JB_OK;
}

static enum jb_err on_result(struct jb_ex_map *map, const struct jb_initext_row *row,
                             struct jb_fault *fault)
{
    if (map->result_count == JB_EX_RESULTS)
        return jb_fault_set(fault, JB_CONFIG, "over %d facts", JB_EX_RESULTS);
    map->result_theirs[map->result_count] = kept(map, row->key, strlen(row->key));
    map->result_ours[map->result_count++] = kept(map, row->value, strlen(row->value));
    return JB_OK;
}

static enum jb_err on_word(struct jb_ex_map *map, const struct jb_initext_row *row,
                           struct jb_fault *fault)
{
    enum jb_ex_field field = jb_ex_field_parse(row->section);
    if (field != JB_EX_FIELD_COUNT && jb_ex_field_type(field) == JB_EX_TYPE_WORD &&
        jb_ex_word_parse(field, row->key) == 0)
        return jb_fault_set(fault, JB_CONFIG, "%s is no %s", row->key, row->section);
    const char *list = row->value;
    for (const char *theirs; (theirs = next_name(map, &list)) != NULL;) {
        struct jb_ex_translation *t = jb_arena_alloc(&map->arena, sizeof *t);
        if (t == NULL)
            return JB_NOMEM;
        *t = (struct jb_ex_translation){kept(map, row->section, strlen(row->section)),
                                        kept(map, row->key, strlen(row->key)), theirs, NULL};
        if (map->last != NULL)
            map->last->next = t;
        else
            map->words = t;
        map->last = t;
    }
    return JB_OK;
}

static bool words_allowed(const char *section)
{
    enum jb_ex_field field = jb_ex_field_parse(section);
    if (strcmp(section, "status") == 0 || strcmp(section, "opinion") == 0 ||
        strcmp(section, "flag") == 0)
        return true;
    return field == JB_EX_CHANNEL || field == JB_EX_MATTER || field == JB_EX_CLASS_CODE ||
           field == JB_EX_PLACE_CODE || field == JB_EX_SEND_TO;
}

static enum jb_err on_row(void *ctx, const struct jb_initext_row *row, struct jb_fault *fault)
{
    static const struct {
        const char *section;
        enum jb_err (*read)(struct jb_ex_map *map, const struct jb_initext_row *row,
                            struct jb_fault *fault);
    } sections[] = {
        {"map", on_map}, {"fields", on_field}, {"defaults", on_default}, {"result", on_result}};
    struct jb_ex_map *map = ctx;
    enum jb_err err = JB_CONFIG;
    size_t i = 0;
    while (i < sizeof sections / sizeof sections[0] &&
           strcmp(sections[i].section, row->section) != 0)
        i++;
    bool known = i < sizeof sections / sizeof sections[0];
    if (!known && !words_allowed(row->section))
        return jb_fault_set(fault, JB_CONFIG, "unknown section [%s]", row->section);
    if (row->key == NULL)
        return JB_OK;
    err = known ? sections[i].read(map, row, fault) : on_word(map, row, fault);
    return err == JB_OK && map->arena.overflowed ? JB_NOMEM : err;
}

enum jb_err jb_ex_map_read(struct jb_ex_map *map, struct jb_text text, const char *name,
                           struct jb_fault *fault)
{
    *map = (struct jb_ex_map){.system = NULL};
    jb_arena_init(&map->arena, MAP_MEMORY);
    enum jb_err err = jb_initext_read(text, name, on_row, map, fault);
    if (err == JB_OK && map->system == NULL)
        err = jb_fault_set(fault, JB_CONFIG, "%s: [map] system is missing", name);
    if (err == JB_OK && !map->number_by_row && map->fields[JB_EX_NUMBER].count == 0)
        err = jb_fault_set(fault, JB_CONFIG, "%s: [map] number is missing", name);
    if (err == JB_OK && map->fields[JB_EX_TITLE].count == 0 &&
        map->fields[JB_EX_CONTENT].count == 0)
        err = jb_fault_set(fault, JB_CONFIG, "%s: [fields] title or content is missing", name);
    return err;
}

enum jb_err jb_ex_map_open(struct jb_ex_map *map, const char *path, struct jb_fault *fault)
{
    static char buffer[JB_INITEXT_MAX_BYTES + 1];
    *map = (struct jb_ex_map){.system = NULL};
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return jb_fault_set(fault, JB_CONFIG, "%s: %s", path, strerror(errno));
    size_t len = fread(buffer, 1, sizeof buffer, f);
    bool failed = ferror(f) != 0;
    (void)fclose(f);
    if (failed)
        return jb_fault_set(fault, JB_IO, "%s: cannot be read", path);
    return jb_ex_map_read(map, (struct jb_text){buffer, len}, path, fault);
}

void jb_ex_map_fini(struct jb_ex_map *map)
{
    jb_arena_fini(&map->arena);
    *map = (struct jb_ex_map){.system = NULL};
}

/* ---- words ---- */

const char *jb_ex_map_ours(const struct jb_ex_map *map, const char *section, const char *theirs)
{
    const char *other = NULL;
    for (const struct jb_ex_translation *t = map->words; t != NULL; t = t->next) {
        if (strcmp(t->section, section) != 0)
            continue;
        if (strcmp(t->theirs, theirs) == 0)
            return t->ours;
        if (strcmp(t->theirs, "*") == 0)
            other = t->ours;
    }
    return other;
}

const char *jb_ex_map_theirs(const struct jb_ex_map *map, const char *section, const char *ours)
{
    for (const struct jb_ex_translation *t = map->words; t != NULL; t = t->next)
        if (strcmp(t->section, section) == 0 && strcmp(t->ours, ours) == 0)
            return t->theirs;
    return ours;
}

/* ---- does it fit? ---- */

static bool has_column(const struct jb_ex_table *t, const struct jb_ex_names *names)
{
    for (size_t n = 0; n < names->count; n++)
        for (size_t i = 0; i < t->columns; i++)
            if (strcmp(t->headers[i], names->at[n]) == 0)
                return true;
    return false;
}

enum jb_err jb_ex_map_fits(const struct jb_ex_map *map, const struct jb_ex_table *t,
                           struct jb_fault *fault)
{
    const struct jb_ex_names *number = &map->fields[JB_EX_NUMBER];
    const struct jb_ex_names *title = &map->fields[JB_EX_TITLE];
    const struct jb_ex_names *content = &map->fields[JB_EX_CONTENT];
    if (!map->number_by_row && !has_column(t, number))
        return jb_fault_set(fault, JB_MALFORMED,
                            _("no column \"%s\" with the number: is this the right file?"),
                            number->at[0]);
    if (!has_column(t, title) && !has_column(t, content))
        return jb_fault_set(fault, JB_MALFORMED,
                            _("no column \"%s\" with the matter: is this the right file?"),
                            title->count > 0 ? title->at[0] : content->at[0]);
    return JB_OK;
}
