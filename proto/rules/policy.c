/* Reads a policy file into rows: sections in any order, each once, complete. What keys they may
 * have is policy_key.c's table. Decides nothing about cases. */
#include "proto/rules/policy.h"

#include "proto/base/initext.h"
#include "proto/rules/policy_key.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SECTION_DEADLINE "deadline "

struct reader {
    struct jb_policy *policy;
    struct jb_policy_sink sink;
    enum jb_policy_section section;
    struct jb_policy_row *row; /* of the section that is open */
    uint64_t seen;             /* bits of the keys of the open section */
    uint32_t sections;         /* bits of the sections opened so far */
};

/* The rules set these clocks themselves: a policy without one of them could not be used. */
static const char *const required_rows[] = {"sort",   "notify", "object",  "rule",
                                            "resort", "handle", "assigned"};

static void *field_of(const struct reader *r, const struct jb_policy_key *key)
{
    char *base = key->section == JB_POLICY_SECTION_ROW ? (char *)r->row : (char *)r->policy;

    return base + key->offset;
}

static enum jb_err read_key(struct reader *r, const struct jb_initext_row *line)
{
    const struct jb_policy_key *key;

    for (size_t i = 0; (key = jb_policy_key_at(i)) != NULL; i++) {
        if (key->section != r->section || strcmp(key->name, line->key) != 0)
            continue;
        if (r->seen & UINT64_C(1) << i)
            return jb_fault_set(r->sink.fault, JB_CONFIG, "\"%s\" is given twice", line->key);
        r->seen |= UINT64_C(1) << i;
        return key->read(&r->sink, line->value, field_of(r, key));
    }
    return jb_fault_set(r->sink.fault, JB_CONFIG, "unknown key \"%s\" in [%s]", line->key,
                        line->section);
}

static enum jb_err read_otherwise(struct reader *r)
{
    const struct jb_policy_key *key;
    enum jb_err err = JB_OK;

    for (size_t i = 0; err == JB_OK && (key = jb_policy_key_at(i)) != NULL; i++) {
        if (key->otherwise != NULL)
            err = key->read(&r->sink, key->otherwise, field_of(r, key));
    }
    return err;
}

static enum jb_err check_row(const struct reader *r)
{
    const struct jb_policy_row *row = r->row;
    bool by_the_clock = row->unit == JB_UNIT_HOURS || row->unit == JB_UNIT_MINUTES;

    if (by_the_clock && row->warn_days[0] != 0)
        return jb_fault_set(r->sink.fault, JB_CONFIG,
                            "[deadline %s]: warn_days need a limit in days", row->key);
    /* Pauses are known in calendar days only: a count of working days could not be repeated. */
    if (strcmp(row->key, "recheck") == 0 && row->unit == JB_UNIT_WORKING_DAYS)
        return jb_fault_set(r->sink.fault, JB_CONFIG,
                            "[deadline %s]: hearings are taken out of calendar days", row->key);
    return JB_OK;
}

/* Was everything given that the section needs? */
static enum jb_err close_section(struct reader *r)
{
    const struct jb_policy_key *key;

    for (size_t i = 0; (key = jb_policy_key_at(i)) != NULL; i++) {
        if (key->section != r->section || !key->required || r->seen & UINT64_C(1) << i)
            continue;
        if (r->row != NULL)
            return jb_fault_set(r->sink.fault, JB_CONFIG, "[deadline %s] lacks \"%s\"", r->row->key,
                                key->name);
        return jb_fault_set(r->sink.fault, JB_CONFIG, "[%s] lacks \"%s\"",
                            jb_policy_section_name(r->section), key->name);
    }
    return r->row != NULL ? check_row(r) : JB_OK;
}

static enum jb_err open_row(struct reader *r, const char *key)
{
    struct jb_policy *p = r->policy;
    size_t len = strlen(key);

    if (len == 0 || len >= JB_KEY_MAX || strspn(key, "abcdefghijklmnopqrstuvwxyz-") != len)
        return jb_fault_set(r->sink.fault, JB_CONFIG, "\"%s\" is no key of a deadline (a-z and -)",
                            key);
    if (jb_policy_row(p, key) != NULL)
        return jb_fault_set(r->sink.fault, JB_CONFIG, "deadline \"%s\" is there twice", key);
    if (p->row_count == JB_POLICY_ROWS_MAX)
        return jb_fault_set(r->sink.fault, JB_CONFIG, "more than %d deadlines", JB_POLICY_ROWS_MAX);
    r->row = &p->rows[p->row_count++];
    memcpy(r->row->key, key, len + 1);
    r->section = JB_POLICY_SECTION_ROW;
    return JB_OK;
}

static enum jb_policy_section section_of(const char *name)
{
    for (enum jb_policy_section i = 0; i < JB_POLICY_SECTION_COUNT; i++) {
        const char *known = jb_policy_section_name(i);

        if (known != NULL && strcmp(known, name) == 0)
            return i;
    }
    return JB_POLICY_SECTION_NONE;
}

static enum jb_err open_section(struct reader *r, const char *name)
{
    enum jb_err err = close_section(r);
    size_t prefix = strlen(SECTION_DEADLINE);

    if (err != JB_OK)
        return err;
    r->seen = 0;
    r->row = NULL;
    r->section = JB_POLICY_SECTION_NONE;
    if (strncmp(name, SECTION_DEADLINE, prefix) == 0)
        return open_row(r, name + prefix);
    r->section = section_of(name);
    if (r->section == JB_POLICY_SECTION_NONE)
        return jb_fault_set(r->sink.fault, JB_CONFIG, "unknown section [%s]", name);
    if (r->sections & 1U << r->section)
        return jb_fault_set(r->sink.fault, JB_CONFIG, "section [%s] is there twice", name);
    r->sections |= 1U << r->section;
    return JB_OK;
}

static enum jb_err on_row(void *ctx, const struct jb_initext_row *line, struct jb_fault *fault)
{
    struct reader *r = ctx;

    r->sink.fault = fault;
    return line->key == NULL ? open_section(r, line->section) : read_key(r, line);
}

static enum jb_err check_whole(struct reader *r)
{
    static const enum jb_policy_section needed[] = {JB_POLICY_SECTION_POLICY,
                                                    JB_POLICY_SECTION_SWITCH};
    enum jb_err err = close_section(r);

    if (err != JB_OK)
        return err;
    for (size_t i = 0; i < COUNT(needed); i++) {
        if (!(r->sections & 1U << needed[i]))
            return jb_fault_set(r->sink.fault, JB_CONFIG, "section [%s] is missing",
                                jb_policy_section_name(needed[i]));
    }
    for (size_t i = 0; i < COUNT(required_rows); i++) {
        const struct jb_policy_row *row = jb_policy_row(r->policy, required_rows[i]);

        if (row == NULL)
            return jb_fault_set(r->sink.fault, JB_CONFIG, "deadline \"%s\" is missing",
                                required_rows[i]);
        if (row->limit == 0)
            return jb_fault_set(r->sink.fault, JB_CONFIG, "deadline \"%s\" is missing its limit",
                                required_rows[i]);
    }
    return JB_OK;
}

enum jb_err jb_policy_parse(struct jb_text text, struct jb_arena *arena, struct jb_policy **out,
                            struct jb_fault *fault)
{
    struct jb_fault why = {""};
    struct reader r = {.sink = {arena, fault}};
    enum jb_err err;

    r.policy = jb_arena_alloc(arena, sizeof *r.policy);
    if (r.policy == NULL)
        return jb_fault_set(fault, JB_NOMEM, "policy: out of memory");
    err = read_otherwise(&r);
    if (err == JB_OK)
        err = jb_initext_read(text, "policy", on_row, &r, fault);
    if (err != JB_OK)
        return err;
    r.sink.fault = &why;
    err = check_whole(&r);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "policy: %s", why.text);
    *out = r.policy;
    return JB_OK;
}

const struct jb_policy_row *jb_policy_row(const struct jb_policy *p, const char *key)
{
    for (size_t i = 0; i < p->row_count; i++) {
        if (strcmp(p->rows[i].key, key) == 0)
            return &p->rows[i];
    }
    return NULL;
}
