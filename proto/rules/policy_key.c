/* One table: which keys a policy file may have, whether they must be given, how their values are
 * read and shown, and the rule behind each. Knows no sections' order and no rows. */
#include "proto/rules/policy_key.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HOPS_MAX 99
#define LIMIT_MAX 3650 /* of a number of days, hours or minutes */
#define PERCENT_MAX 100
#define PEOPLE_MAX 100000
#define REGION_MAX 12

struct word {
    const char *name;
    uint32_t value;
};

/* ---- reading -------------------------------------------------------------------------------- */

static enum jb_err read_text(const struct jb_policy_sink *sink, const char *value, void *field)
{
    struct jb_text text = {NULL, strlen(value)};

    if (text.len == 0)
        return jb_fault_set(sink->fault, JB_CONFIG, "the value is empty");
    text.data = jb_arena_strndup(sink->arena, value, text.len);
    if (text.data == NULL)
        return jb_fault_set(sink->fault, JB_NOMEM, "%s", jb_err_said(JB_NOMEM));
    *(struct jb_text *)field = text;
    return JB_OK;
}

static enum jb_err read_region(const struct jb_policy_sink *sink, const char *value, void *field)
{
    size_t len = strlen(value);

    if (len < 2 || len > REGION_MAX || strspn(value, "0123456789") != len)
        return jb_fault_set(sink->fault, JB_CONFIG, "\"%s\" is no division code of 2 to %d digits",
                            value, REGION_MAX);
    return read_text(sink, value, field);
}

static enum jb_err read_date(const struct jb_policy_sink *sink, const char *value, void *field)
{
    struct jb_date date;

    if (jb_date_parse(jb_text_of(value), &date) != JB_OK)
        return jb_fault_set(sink->fault, JB_CONFIG, "\"%s\" is not a date YYYY-MM-DD", value);
    *(int64_t *)field = jb_date_start_ms(date);
    return JB_OK;
}

static enum jb_err read_bool(const struct jb_policy_sink *sink, const char *value, void *field)
{
    bool yes = strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0)
        return jb_fault_set(sink->fault, JB_CONFIG, "\"%s\" is neither yes nor no", value);
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

struct range {
    uint32_t min, max;
};

static enum jb_err read_number(const struct jb_policy_sink *sink, const char *value,
                               struct range range, uint32_t *field)
{
    const char *end;
    uint32_t n;

    if (!parse_number(value, range.max, &n, &end) || *end != '\0' || n < range.min)
        return jb_fault_set(sink->fault, JB_CONFIG, "\"%s\" is not a number from %u to %u", value,
                            (unsigned)range.min, (unsigned)range.max);
    *field = n;
    return JB_OK;
}

static enum jb_err read_limit(const struct jb_policy_sink *sink, const char *value, void *field)
{
    return read_number(sink, value, (struct range){0, LIMIT_MAX}, field);
}

static enum jb_err read_hops(const struct jb_policy_sink *sink, const char *value, void *field)
{
    return read_number(sink, value, (struct range){0, HOPS_MAX}, field);
}

static enum jb_err read_percent(const struct jb_policy_sink *sink, const char *value, void *field)
{
    return read_number(sink, value, (struct range){0, PERCENT_MAX}, field);
}

static enum jb_err read_people(const struct jb_policy_sink *sink, const char *value, void *field)
{
    return read_number(sink, value, (struct range){1, PEOPLE_MAX}, field);
}

static const struct word *find_word(const struct word *words, size_t count, struct jb_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (jb_text_equal(jb_text_of(words[i].name), name))
            return &words[i];
    }
    return NULL;
}

static enum jb_err read_unit(const struct jb_policy_sink *sink, const char *value, void *field)
{
    static const struct word units[] = {
        {"calendar", JB_UNIT_CALENDAR_DAYS},
        {"working", JB_UNIT_WORKING_DAYS},
        {"hours", JB_UNIT_HOURS},
        {"minutes", JB_UNIT_MINUTES},
    };
    const struct word *unit = find_word(units, COUNT(units), jb_text_of(value));

    if (unit == NULL)
        return jb_fault_set(sink->fault, JB_CONFIG,
                            "\"%s\" is not calendar, working, hours or minutes", value);
    *(enum jb_unit *)field = (enum jb_unit)unit->value;
    return JB_OK;
}

static const char *skip_blanks(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* "5, 3, 1": descending, none of them 0. */
static enum jb_err read_warn_days(const struct jb_policy_sink *sink, const char *value, void *field)
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
    return jb_fault_set(sink->fault, JB_CONFIG,
                        "\"%s\" is not a list of at most %d descending numbers of days", value,
                        JB_WARN_MAX);
}

/* ---- words: flags of a case, the last step of silence --------------------------------------- */

static const struct word flag_words[] = {
    {"repeat", JB_FLAG_REPEAT},         {"anonymous", JB_FLAG_ANONYMOUS},
    {"joint", JB_FLAG_JOINT_SIGNATURE}, {"urgent", JB_FLAG_URGENT},
    {"litigation", JB_FLAG_LITIGATION}, {"cross-boundary", JB_FLAG_CROSS_BOUNDARY},
    {"old", JB_FLAG_OLD_CASE},          {"public", JB_FLAG_PUBLIC},
    {"secret", JB_FLAG_SECRET},         {"unreachable", JB_FLAG_UNREACHABLE},
};

static const struct word silence_words[] = {
    {"nothing", JB_SILENCE_NOTHING},
    {"dispute", JB_SILENCE_DISPUTE},
};

/* "repeat, old", or "none". */
static enum jb_err read_flags(const struct jb_policy_sink *sink, const char *value, void *field)
{
    const char *at = value;
    uint32_t flags = 0;

    while (strcmp(value, "none") != 0) {
        const char *name = skip_blanks(at);
        struct jb_text text = {name, strcspn(name, ", \t")};
        const struct word *flag = find_word(flag_words, COUNT(flag_words), text);

        at = skip_blanks(name + text.len);
        if (flag == NULL || (*at != ',' && *at != '\0'))
            return jb_fault_set(sink->fault, JB_CONFIG,
                                "\"%s\" is not a list of flags: repeat, anonymous, joint, urgent, "
                                "cross-boundary, litigation, old, public, secret, unreachable",
                                value);
        flags |= flag->value;
        if (*at++ == '\0')
            break;
    }
    *(uint32_t *)field = flags;
    return JB_OK;
}

static enum jb_err read_silence(const struct jb_policy_sink *sink, const char *value, void *field)
{
    const struct word *word = find_word(silence_words, COUNT(silence_words), jb_text_of(value));

    if (word == NULL)
        return jb_fault_set(sink->fault, JB_CONFIG, "\"%s\" is neither nothing nor dispute", value);
    *(enum jb_silence *)field = (enum jb_silence)word->value;
    return JB_OK;
}

/* ---- showing -------------------------------------------------------------------------------- */

static void show_bool(const void *field, char value[JB_SETTING_VALUE])
{
    (void)snprintf(value, JB_SETTING_VALUE, "%s", *(const bool *)field ? "yes" : "no");
}

static void show_number(const void *field, char value[JB_SETTING_VALUE])
{
    (void)snprintf(value, JB_SETTING_VALUE, "%u", (unsigned)*(const uint32_t *)field);
}

static void show_flags(const void *field, char value[JB_SETTING_VALUE])
{
    uint32_t flags = *(const uint32_t *)field;
    int len = 0;

    (void)snprintf(value, JB_SETTING_VALUE, "none");
    for (size_t i = 0; i < COUNT(flag_words); i++) {
        if (flags & flag_words[i].value)
            len += snprintf(value + len, (size_t)(JB_SETTING_VALUE - len), "%s%s",
                            len > 0 ? "," : "", flag_words[i].name);
    }
}

static void show_silence(const void *field, char value[JB_SETTING_VALUE])
{
    enum jb_silence silence = *(const enum jb_silence *)field;

    (void)snprintf(value, JB_SETTING_VALUE, "%s", silence_words[silence].name);
}

/* ---- the table ------------------------------------------------------------------------------ */

#define POLICY(name, required, field, read)                                                        \
    {                                                                                              \
        JB_POLICY_SECTION_POLICY, name, required, offsetof(struct jb_policy, field), read, NULL,   \
            NULL, NULL, NULL                                                                       \
    }
#define ROW(field, required, read)                                                                 \
    {                                                                                              \
        JB_POLICY_SECTION_ROW, #field, required, offsetof(struct jb_policy_row, field), read,      \
            NULL, NULL, NULL, NULL                                                                 \
    }
/* One that must be given has no other value. */
#define SETTING(section, name, field, kind, otherwise, article, text)                              \
    {                                                                                              \
        JB_POLICY_SECTION_##section, name, (otherwise) == NULL, offsetof(struct jb_policy, field), \
            read_##kind, show_##kind, otherwise, article, text                                     \
    }
#define SWITCH(field, otherwise, article, text)                                                    \
    SETTING(SWITCH, #field, field, bool, otherwise, article, text)
#define show_hops show_number
#define show_percent show_number
#define show_people show_number

static const struct jb_policy_key keys[] = {
    POLICY("version", true, version, read_text),
    POLICY("effective_from", true, effective_from_ms, read_date),
    POLICY("region", false, region, read_region),
    POLICY("source", false, source, read_text),
    SWITCH(first_assignment_outranks, NULL, "P4.1",
           "the first assignment authority goes before a forward or a hand-over between peers"),
    SWITCH(level_outranks, NULL, "P4.2", "a higher level goes before a lower one"),
    SWITCH(receive_first, "yes", "P4.3",
           "receive first, object after: an objection stops no clock and releases nobody"),
    SWITCH(no_return_after_designation, NULL, "P4.3",
           "after designation by the joint conference or a superior there is no return"),
    SWITCH(object_before_acceptance_only, NULL, "23(3)",
           "an accepted case can no longer be objected to"),
    SWITCH(never_lengthen, NULL, "P4.4",
           "a designated day may shorten a statutory limit, never lengthen it"),
    SWITCH(dispute_to_superior, "yes", "P4.5",
           "a dispute goes to the common superior before the joint conference"),
    SETTING(SWITCH, "hops_max", hops_max, hops, NULL, "P4.5",
            "after so many hand-overs a case goes to the common superior"),
    SWITCH(countersign_skip, "yes", "P4.6", "a leader countersigns what skips levels"),
    SWITCH(countersign_mass, "yes", "P4.6", "a leader countersigns what concerns a mass matter"),
    SWITCH(sub_assign_within_tree, "yes", "P4.6",
           "under a first assignment a handler passes a case on only down its own tree"),
    SWITCH(limits_of_authority, "yes", "P4.7",
           "it changes no opinion and orders no discipline or political-legal organ on the merits"),
    SWITCH(host_collects, "yes", "22", "the host answers after its co-handlers, or their time"),
    SWITCH(conference_leads_cross, "yes", "31", "the joint conference places cross-boundary cases"),
    SETTING(SWITCH, "deliver_percent", deliver_percent, percent, "50", "P8.8",
            "percent of its limit after which an undelivered hand-over raises an alarm"),
    SETTING(SWITCH, "simple_flags_excluded", simple_flags_excluded, flags, "repeat", "simple",
            "flags that keep a matter off the short track"),
    SETTING(MASS, "county", mass_county, people, "50", "P5",
            "visitors at the county from which the heads are summoned"),
    SETTING(MASS, "city", mass_city, people, "30", "P5",
            "visitors at the city from which the heads are summoned"),
    SETTING(MASS, "province", mass_province, people, "10", "P5",
            "visitors at the province from which the heads are summoned"),
    SETTING(SILENCE, "last", silence, silence, "dispute", "P",
            "what happens when nobody has signed for a case by the last step"),
    ROW(name, true, read_text),
    ROW(limit, true, read_limit),
    ROW(unit, true, read_unit),
    ROW(extension_days, false, read_limit),
    ROW(warn_days, false, read_warn_days),
    ROW(article, true, read_text),
    ROW(proposal, false, read_bool),
    ROW(right, false, read_bool),
};

#undef POLICY
#undef ROW
#undef SETTING
#undef SWITCH
#undef show_hops
#undef show_percent
#undef show_people

_Static_assert(COUNT(keys) <= 64, "the keys seen are bits of one uint64_t");

const struct jb_policy_key *jb_policy_key_at(size_t i)
{
    return i < COUNT(keys) ? &keys[i] : NULL;
}

const char *jb_policy_section_name(enum jb_policy_section section)
{
    static const char *const names[JB_POLICY_SECTION_COUNT] = {
        [JB_POLICY_SECTION_POLICY] = "policy",
        [JB_POLICY_SECTION_SWITCH] = "switch",
        [JB_POLICY_SECTION_MASS] = "mass-visit",
        [JB_POLICY_SECTION_SILENCE] = "silence",
    };

    return names[section];
}

bool jb_policy_setting_at(const struct jb_policy *p, size_t i, struct jb_policy_setting *out,
                          char value[JB_SETTING_VALUE])
{
    for (size_t k = 0; k < COUNT(keys); k++) {
        const struct jb_policy_key *key = &keys[k];

        if (key->show == NULL || i-- > 0)
            continue;
        *out = (struct jb_policy_setting){jb_policy_section_name(key->section), key->name,
                                          key->article, key->text};
        key->show((const char *)p + key->offset, value);
        return true;
    }
    return false;
}
