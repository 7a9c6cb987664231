/* Reads a policy file into rows: one table says which keys each section has, whether they must be
 * given, and how their values are read. Decides nothing about cases. */
#include "proto/rules/policy.h"

#include "proto/base/initext.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HOPS_MAX 99
#define LIMIT_MAX 3650 /* of a number of days or hours */
#define SECTION_DEADLINE "deadline "

enum section {
    SECTION_NONE,
    SECTION_POLICY,
    SECTION_SWITCH,
    SECTION_ROW,
};

struct reader {
    struct jb_policy *policy;
    struct jb_arena *arena;
    struct jb_fault *fault;
    enum section section;
    struct jb_policy_row *row; /* of the section that is open */
    uint32_t seen;             /* bits of the keys of the open section */
    uint32_t sections;         /* bits of the sections opened so far */
};

struct key {
    enum section section;
    const char *name;
    bool required;
    size_t offset; /* of the field in jb_policy, or in jb_policy_row */
    enum jb_err (*read)(struct reader *r, const char *value, void *field);
};

/* ---- values --------------------------------------------------------------------------------- */

static enum jb_err read_text(struct reader *r, const char *value, void *field)
{
    struct jb_text text = {NULL, strlen(value)};

    if (text.len == 0)
        return jb_fault_set(r->fault, JB_CONFIG, "the value is empty");
    text.data = jb_arena_strndup(r->arena, value, text.len);
    if (text.data == NULL)
        return jb_fault_set(r->fault, JB_NOMEM, "out of memory");
    *(struct jb_text *)field = text;
    return JB_OK;
}

static enum jb_err read_date(struct reader *r, const char *value, void *field)
{
    struct jb_date date;

    if (jb_date_parse(jb_text_of(value), &date) != JB_OK)
        return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is not a date YYYY-MM-DD", value);
    *(int64_t *)field = jb_date_start_ms(date);
    return JB_OK;
}

static enum jb_err read_bool(struct reader *r, const char *value, void *field)
{
    bool yes = strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0)
        return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is neither yes nor no", value);
    *(bool *)field = yes;
    return JB_OK;
}

/* Digits only, at least one, up to `max`; *end behind them. */
static bool parse_number(const char *s, uint32_t max, uint32_t *out, const char **end)
{
    uint32_t n = 0;
    const char *at = s;

    for (; *at >= '0' && *at <= '9'; at++) {
        n = n * 10 + (uint32_t)(*at - '0');
        if (n > max)
            return false;
    }
    *out = n;
    *end = at;
    return at != s;
}

static enum jb_err read_number(struct reader *r, const char *value, uint32_t max, uint32_t *field)
{
    const char *end;

    if (!parse_number(value, max, field, &end) || *end != '\0')
        return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is not a number from 0 to %u", value, max);
    return JB_OK;
}

static enum jb_err read_limit(struct reader *r, const char *value, void *field)
{
    return read_number(r, value, LIMIT_MAX, field);
}

static enum jb_err read_hops(struct reader *r, const char *value, void *field)
{
    return read_number(r, value, HOPS_MAX, field);
}

static enum jb_err read_unit(struct reader *r, const char *value, void *field)
{
    static const struct {
        const char *name;
        enum jb_unit unit;
    } units[] = {
        {"calendar", JB_UNIT_CALENDAR_DAYS},
        {"working", JB_UNIT_WORKING_DAYS},
        {"hours", JB_UNIT_HOURS},
    };

    for (size_t i = 0; i < COUNT(units); i++) {
        if (strcmp(value, units[i].name) == 0) {
            *(enum jb_unit *)field = units[i].unit;
            return JB_OK;
        }
    }
    return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is not calendar, working or hours", value);
}

static const char *skip_blanks(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* "5, 3, 1": descending, none of them 0. */
static enum jb_err read_warn_days(struct reader *r, const char *value, void *field)
{
    uint32_t *days = field;
    const char *at = value;

    for (size_t i = 0; i < JB_WARN_MAX; i++) {
        if (!parse_number(skip_blanks(at), LIMIT_MAX, &days[i], &at) || days[i] == 0 ||
            (i > 0 && days[i] >= days[i - 1]))
            break;
        at = skip_blanks(at);
        if (*at == '\0')
            return JB_OK;
        if (*at++ != ',')
            break;
    }
    return jb_fault_set(r->fault, JB_CONFIG,
                        "\"%s\" is not a list of at most %d descending numbers of days", value,
                        JB_WARN_MAX);
}

/* ---- keys and sections ---------------------------------------------------------------------- */

#define IN_POLICY(field) offsetof(struct jb_policy, field)
#define IN_ROW(field) offsetof(struct jb_policy_row, field)

static const struct key keys[] = {
    {SECTION_POLICY, "version", true, IN_POLICY(version), read_text},
    {SECTION_POLICY, "effective_from", true, IN_POLICY(effective_from_ms), read_date},
    {SECTION_POLICY, "source", false, IN_POLICY(source), read_text},
    {SECTION_SWITCH, "first_assignment_outranks", true, IN_POLICY(first_assignment_outranks),
     read_bool},
    {SECTION_SWITCH, "level_outranks", true, IN_POLICY(level_outranks), read_bool},
    {SECTION_SWITCH, "no_return_after_designation", true, IN_POLICY(no_return_after_designation),
     read_bool},
    {SECTION_SWITCH, "never_lengthen", true, IN_POLICY(never_lengthen), read_bool},
    {SECTION_SWITCH, "object_before_acceptance_only", true,
     IN_POLICY(object_before_acceptance_only), read_bool},
    {SECTION_SWITCH, "hops_max", true, IN_POLICY(hops_max), read_hops},
    {SECTION_ROW, "name", true, IN_ROW(name), read_text},
    {SECTION_ROW, "limit", true, IN_ROW(limit), read_limit},
    {SECTION_ROW, "unit", true, IN_ROW(unit), read_unit},
    {SECTION_ROW, "extension_days", false, IN_ROW(extension_days), read_limit},
    {SECTION_ROW, "warn_days", false, IN_ROW(warn_days), read_warn_days},
    {SECTION_ROW, "article", true, IN_ROW(article), read_text},
    {SECTION_ROW, "proposal", false, IN_ROW(proposal), read_bool},
    {SECTION_ROW, "right", false, IN_ROW(right), read_bool},
};

/* The rules set these clocks themselves: a policy without one of them could not be used. */
static const char *const required_rows[] = {"sort",   "notify", "object",  "rule",
                                            "resort", "handle", "assigned"};

static enum jb_err read_key(struct reader *r, const struct jb_initext_row *line)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        char *base = keys[i].section == SECTION_ROW ? (char *)r->row : (char *)r->policy;

        if (keys[i].section != r->section || strcmp(keys[i].name, line->key) != 0)
            continue;
        if (r->seen & 1U << i)
            return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is given twice", line->key);
        r->seen |= 1U << i;
        return keys[i].read(r, line->value, base + keys[i].offset);
    }
    return jb_fault_set(r->fault, JB_CONFIG, "unknown key \"%s\" in [%s]", line->key,
                        line->section);
}

/* Was everything given that the section needs? */
static enum jb_err close_section(struct reader *r)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i].section != r->section || !keys[i].required || r->seen & 1U << i)
            continue;
        return jb_fault_set(r->fault, JB_CONFIG, "the section before this line%s%s lacks \"%s\"",
                            r->row != NULL ? ", " SECTION_DEADLINE : "",
                            r->row != NULL ? r->row->key : "", keys[i].name);
    }
    return JB_OK;
}

static enum jb_err open_row(struct reader *r, const char *key)
{
    struct jb_policy *p = r->policy;
    size_t len = strlen(key);

    if (len == 0 || len >= JB_KEY_MAX || strspn(key, "abcdefghijklmnopqrstuvwxyz-") != len)
        return jb_fault_set(r->fault, JB_CONFIG, "\"%s\" is no key of a deadline (a-z and -)", key);
    if (jb_policy_row(p, key) != NULL)
        return jb_fault_set(r->fault, JB_CONFIG, "deadline \"%s\" is there twice", key);
    if (p->row_count == JB_POLICY_ROWS_MAX)
        return jb_fault_set(r->fault, JB_CONFIG, "more than %d deadlines", JB_POLICY_ROWS_MAX);
    r->row = &p->rows[p->row_count++];
    memcpy(r->row->key, key, len + 1);
    r->section = SECTION_ROW;
    return JB_OK;
}

static enum jb_err open_section(struct reader *r, const char *name)
{
    enum jb_err err = close_section(r);
    size_t prefix = strlen(SECTION_DEADLINE);

    if (err != JB_OK)
        return err;
    r->seen = 0;
    r->row = NULL;
    r->section = SECTION_NONE;
    if (strncmp(name, SECTION_DEADLINE, prefix) == 0)
        return open_row(r, name + prefix);
    if (strcmp(name, "policy") == 0)
        r->section = SECTION_POLICY;
    else if (strcmp(name, "switch") == 0)
        r->section = SECTION_SWITCH;
    else
        return jb_fault_set(r->fault, JB_CONFIG, "unknown section [%s]", name);
    if (r->sections & 1U << r->section)
        return jb_fault_set(r->fault, JB_CONFIG, "section [%s] is there twice", name);
    r->sections |= 1U << r->section;
    return JB_OK;
}

static enum jb_err on_row(void *ctx, const struct jb_initext_row *line, struct jb_fault *fault)
{
    struct reader *r = ctx;

    r->fault = fault;
    return line->key == NULL ? open_section(r, line->section) : read_key(r, line);
}

static enum jb_err check_whole(struct reader *r)
{
    enum jb_err err = close_section(r);

    if (err != JB_OK)
        return err;
    if (r->sections != (1U << SECTION_POLICY | 1U << SECTION_SWITCH))
        return jb_fault_set(r->fault, JB_CONFIG, "policy: section [%s] is missing",
                            r->sections & 1U << SECTION_POLICY ? "switch" : "policy");
    for (size_t i = 0; i < COUNT(required_rows); i++) {
        const struct jb_policy_row *row = jb_policy_row(r->policy, required_rows[i]);

        if (row == NULL || row->limit == 0)
            return jb_fault_set(r->fault, JB_CONFIG, "policy: deadline \"%s\" is missing%s",
                                required_rows[i], row == NULL ? "" : " its limit");
    }
    return JB_OK;
}

enum jb_err jb_policy_parse(struct jb_text text, struct jb_arena *arena, struct jb_policy **out,
                            struct jb_fault *fault)
{
    struct reader r = {.arena = arena, .fault = fault};
    enum jb_err err;

    r.policy = jb_arena_alloc(arena, sizeof *r.policy);
    if (r.policy == NULL)
        return jb_fault_set(fault, JB_NOMEM, "policy: out of memory");
    err = jb_initext_read(text, "policy", on_row, &r, fault);
    if (err != JB_OK)
        return err;
    r.fault = fault;
    err = check_whole(&r);
    if (err == JB_OK)
        *out = r.policy;
    return err;
}

const struct jb_policy_row *jb_policy_row(const struct jb_policy *p, const char *key)
{
    for (size_t i = 0; i < p->row_count; i++) {
        if (strcmp(p->rows[i].key, key) == 0)
            return &p->rows[i];
    }
    return NULL;
}
