/* Everything that is written in INI: the configuration of both programs, policies, calendars. The
 * first byte chooses which; the rest is the file. */
#include "clients/agent/agent.h"
#include "daemon/config.h"
#include "daemon/duty.h"
#include "daemon/quota.h"
#include "proto/rules/policy.h"
#include "proto/wire/endpoint.h"
#include "proto/wire/people.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* What was read is printed, and what was printed reads as the same. */
static void configuration(const struct jb_config_table *table, struct jb_bytes file, void *values,
                          void *again)
{
    struct jb_fault fault = {""};
    struct jb_config_source source = {.path = fuzz_file(file)};
    char *text = NULL;
    char *copy = NULL;
    size_t len = 0;

    if (jb_config_read(table, &source, values, &fault) != JB_OK) {
        FUZZ_MUST(fault.text[0] != '\0');
        return;
    }
    FILE *out = open_memstream(&text, &len);
    FUZZ_MUST(out != NULL);
    FUZZ_MUST(jb_config_print(table, values, out) == JB_OK && fclose(out) == 0);
    FUZZ_MUST(jb_config_reload(table, &source, values, NULL, NULL, &fault) == JB_OK);
    FUZZ_MUST(jb_config_read(table, &source, again, &fault) == JB_OK);
    out = open_memstream(&copy, &len);
    FUZZ_MUST(out != NULL);
    FUZZ_MUST(jb_config_print(table, again, out) == JB_OK && fclose(out) == 0);
    FUZZ_MUST(strcmp(text, copy) == 0);
    jb_config_free(table, again);
    free(text);
    free(copy);
}

/* ---- who may do what ---- */

static const struct jb_local_identity people[] = {
    {.uid = 0, .gid = 0, .user = "root"},
    {.uid = 1001, .gid = 100, .user = "li"},
    {.uid = 1002, .gid = 101, .user = "gate"},
    {.uid = 1009, .gid = 109, .user = "1009"}, /* who has no account any more */
};
#define PEOPLE (sizeof people / sizeof people[0])

/* A configuration that is good gives nobody two duties, unless it says so itself. */
static void duties(const struct jb_broker_config *c)
{
    struct jb_fault fault = {""};
    bool good = jb_duty_config_check(c, &fault) == JB_OK;

    FUZZ_MUST(good == (fault.text[0] == '\0'));
    for (size_t i = 0; i < PEOPLE; i++) {
        unsigned held = 0;
        enum jb_err err = jb_duty_held(c, &people[i], &held, &fault);
        FUZZ_MUST(err == JB_OK || held == 0);
        FUZZ_MUST((held & ~JB_DUTY_ALL) == 0);
        FUZZ_MUST(jb_duty_single(c) || !good || (held & (held - 1)) == 0);
        struct jb_duty_need need = jb_duty_of_act(JB_ACT_REPLACE_KEYS);
        (void)!jb_duty_check(c, held, need, "replace keys", &fault);
    }
    if (good)
        jb_duty_tell(c);
}

/* Whom a list that is good names, it names alone and with others. */
static void list_of_people(const char *list)
{
    struct jb_fault fault = {""};
    char name[JB_PEOPLE_NAME_BYTES];
    bool good = jb_people_check(list, &fault) == JB_OK;

    FUZZ_MUST(good == (fault.text[0] == '\0'));
    for (size_t i = 0; i < PEOPLE; i++) {
        struct jb_account account;
        jb_account_of(&people[i], &account);
        (void)jb_people_names(list, &account);
        (void)jb_people_names_person(list, people[i].user, "张三");
    }
    if (jb_people_shared(list, "root, li, gate/张三, @jiaoban", name))
        FUZZ_MUST(name[0] != '\0' && memchr(name, '\0', sizeof name) != NULL);
}

/* ---- the programs' configurations ---- */

static void broker(struct jb_bytes file)
{
    struct jb_broker_config c = {0};
    struct jb_broker_config again = {0};
    struct jb_fault fault = {""};

    configuration(&jb_broker_config_table, file, &c, &again);
    if (c.listen != NULL) {
        (void)!jb_endpoint_check(c.listen, true, &fault);
        (void)!jb_quota_check(c.quota_nodes, &fault);
        duties(&c);
        for (size_t i = 0; i < JB_DUTY_COUNT; i++)
            list_of_people(c.admins[i]);
    }
    jb_config_free(&jb_broker_config_table, &c);
}

static void agent(struct jb_bytes file)
{
    struct jb_agent_config c = {0};
    struct jb_agent_config again = {0};
    struct jb_public_keys keys;
    struct jb_agent_hours hours;
    struct jb_fault fault = {""};

    configuration(&jb_agent_config_table, file, &c, &again);
    if (c.broker != NULL) {
        (void)!jb_agent_config_check(&c, &keys, &fault);
        (void)!jb_agent_hours_parse(c.office_hours, &hours);
        (void)!jb_agent_config_check_roles(&c, &fault);
        for (size_t i = 0; i < JB_STAFF_COUNT; i++)
            list_of_people(c.roles[i]);
    }
    jb_config_free(&jb_agent_config_table, &c);
}

static void policy(struct jb_bytes file)
{
    struct jb_arena arena;
    struct jb_policy *p = NULL;
    struct jb_policy_setting setting;
    struct jb_fault fault = {""};
    char value[JB_SETTING_VALUE];
    struct jb_deadline d;

    jb_arena_init(&arena, ARENA_BYTES);
    struct jb_text text = {(const char *)file.data, file.len};
    if (jb_policy_parse(text, &arena, &p, &fault) == JB_OK) {
        for (size_t i = 0; jb_policy_setting_at(p, i, &setting, value); i++)
            FUZZ_MUST(value[0] != '\0' && memchr(value, '\0', sizeof value) != NULL);
        for (size_t i = 0; i < p->row_count; i++) {
            enum jb_err err =
                jb_deadline_compute(p, NULL, p->rows[i].key, INT64_C(1795399200000), 0, &d);
            FUZZ_MUST(err != JB_OK || d.due_ms > INT64_C(1795399200000));
        }
    } else {
        FUZZ_MUST(fault.text[0] != '\0');
    }
    jb_arena_fini(&arena);
}

static void calendar(struct jb_bytes file)
{
    struct jb_arena arena;
    struct jb_calendar cal;
    struct jb_fault fault = {""};
    struct jb_date end;
    bool provisional;

    jb_arena_init(&arena, ARENA_BYTES);
    struct jb_text text = {(const char *)file.data, file.len};
    if (jb_calendar_parse(text, "fuzz", &arena, &cal, &fault) == JB_OK) {
        for (int32_t n = 1; n < 2000; n = n * 3) {
            if (jb_calendar_add_workdays(&cal, cal.covers_from, n, &end, &provisional) == JB_OK)
                FUZZ_MUST(jb_calendar_count_workdays(&cal, cal.covers_from, end) == n);
        }
    } else {
        FUZZ_MUST(fault.text[0] != '\0');
    }
    jb_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct jb_bytes) = {broker, agent, policy, calendar};
    struct fuzz_in in = {data, size};
    uint8_t kind = fuzz_byte(&in);
    struct jb_bytes rest = fuzz_take(&in, size);
    uint8_t *exact = fuzz_exact(rest);

    kinds[kind % 4]((struct jb_bytes){exact, rest.len});
    free(exact);
    return 0;
}
