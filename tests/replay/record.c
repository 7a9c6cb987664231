/* A broker's ledger without a broker: each act is decided by the rules, encoded, logged and applied
 * as the daemon does it, one after another; the deadline clock looks into the ledger's index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/ledger/brokerlog.h"
#include "proto/wire/codec.h"
#include "tests/replay/replay.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define BOOK_BYTES ((size_t)16 * 1024 * 1024)
#define BATCH 500
#define CASES_AT_ONCE 64
#define CLOCK_ACTS_MAX 32
#define FILE_MAX ((size_t)1024 * 1024)

static bool failed(const struct record *r, enum jb_err err, const char *what)
{
    fprintf(stderr, "replay: %s: %s (%s)\n", what, jb_err_text(err),
            r->l != NULL ? jb_ledger_error(r->l) : "");
    return false;
}

/* ---- entries ----------------------------------------------------------------------------------
 */

bool record_commit(struct record *r)
{
    enum jb_err err = jb_ledger_commit(r->l);

    r->in_batch = 0;
    return err == JB_OK || failed(r, err, "commit");
}

static bool batch_goes_on(struct record *r)
{
    enum jb_err err = JB_OK;

    if (r->in_batch >= BATCH && !record_commit(r))
        return false;
    if (r->in_batch++ == 0)
        err = jb_ledger_begin(r->l);
    return err == JB_OK || failed(r, err, "begin");
}

static bool entry_log(struct record *r, struct jb_entry *entry)
{
    struct jb_bytes bytes;
    enum jb_err err;

    if (!batch_goes_on(r))
        return false;
    entry->seq = jb_log_last_seq(r->l) + 1;
    entry->at_ms = entry->made_at_ms = r->now_ms;
    entry->user = jb_text_of("replay");
    err = jb_entry_encode(entry, &r->arena, &bytes);
    if (err == JB_OK)
        err = jb_log_append(r->l, entry, bytes);
    if (err == JB_OK)
        err = jb_ledger_apply(r->l, entry, &r->arena);
    r->acts++;
    return err == JB_OK || failed(r, err, jb_act_kind_name(entry->act.kind));
}

static void note_refusal(struct record *r, enum jb_act_kind kind)
{
    size_t at = 0;

    while (at < r->refusal_count &&
           (r->refusals[at].kind != kind || r->refusals[at].why != r->verdict.refusal))
        at++;
    if (at == REFUSALS_MAX)
        return;
    if (at == r->refusal_count)
        r->refusal_count++;
    r->refusals[at].kind = kind;
    r->refusals[at].why = r->verdict.refusal;
    if (r->refusals[at].count++ == 0)
        memcpy(r->refusals[at].detail, r->verdict.detail, sizeof r->verdict.detail);
}

bool record_act(struct record *r, uint32_t node, struct jb_act *act, enum jb_refusal *why)
{
    struct jb_case c;
    struct jb_question q = {
        .act = act, .node = node, .user = jb_text_of("replay"), .now_ms = r->now_ms};
    enum jb_err err;

    jb_arena_reset(&r->arena);
    err = jb_ledger_case_load(r->l, act->case_no, &r->arena, &c);
    if (err != JB_OK)
        return failed(r, err, "case");
    act->custody = c.custody;
    jb_decide(&r->book, &c, &q, &r->verdict);
    *why = r->verdict.refusal;
    if (*why != JB_REFUSE_NONE) {
        if (act->kind != JB_ACT_RECEIVED) /* the receipt of a clock that nothing moves */
            note_refusal(r, act->kind);
        return true;
    }
    struct jb_entry entry = {.node = node,
                             .act = *act,
                             .effects = r->verdict.effects.at,
                             .effect_count = r->verdict.effects.count};
    return entry_log(r, &entry);
}

bool record_case(struct record *r, int64_t case_no, struct jb_case *c)
{
    jb_arena_reset(&r->arena);
    enum jb_err err = jb_ledger_case_load(r->l, case_no, &r->arena, c);
    return err == JB_OK || failed(r, err, "case");
}

/* ---- the clock --------------------------------------------------------------------------------
 */

static bool clock_case(struct record *r, int64_t case_no)
{
    struct jb_act acts[CLOCK_ACTS_MAX];
    struct jb_case c;
    enum jb_refusal why;
    size_t count;

    if (!record_case(r, case_no, &c))
        return false;
    count = jb_clock_acts(&c, r->now_ms, acts, CLOCK_ACTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!record_act(r, JB_NODE_BROKER_NUMBER, &acts[i], &why))
            return false;
        r->clock_acts++;
    }
    return true;
}

/* Time stands still at every instant at which something falls. */
bool record_until(struct record *r, int64_t to_ms)
{
    struct jb_due due[CASES_AT_ONCE];
    int64_t next_ms, last_ms = -1;

    for (;;) {
        size_t count = 0;
        enum jb_err err = jb_ledger_due(r->l, r->now_ms, due, CASES_AT_ONCE, &count, &next_ms);

        if (err != JB_OK)
            return failed(r, err, "deadlines");
        if (count > 0 && r->now_ms == last_ms && count < CASES_AT_ONCE) {
            fprintf(stderr, "replay: the clock does not get past an instant of case %lld\n",
                    (long long)due[0].case_no);
            return false;
        }
        for (size_t i = 0; i < count; i++)
            if (!clock_case(r, due[i].case_no))
                return false;
        last_ms = r->now_ms;
        if (count == CASES_AT_ONCE)
            continue;
        if (next_ms > to_ms)
            break;
        r->now_ms = next_ms;
    }
    if (to_ms > r->now_ms)
        r->now_ms = to_ms;
    return true;
}

/* ---- the book and the directory ---------------------------------------------------------------
 */

static bool file_read(struct jb_arena *arena, const char *path, struct jb_text *out)
{
    FILE *f = fopen(path, "rbe");
    char *text = jb_arena_alloc(arena, FILE_MAX);

    if (f == NULL || text == NULL) {
        if (f != NULL)
            fclose(f);
        perror(path);
        return false;
    }
    *out = (struct jb_text){text, fread(text, 1, FILE_MAX, f)};
    fclose(f);
    return out->len > 0 && out->len < FILE_MAX;
}

/* The rules of 2022 for all years: there is no other text to go by. */
static bool book_open(struct record *r)
{
    struct jb_fault fault = {""};
    struct jb_text policy, calendar;
    struct jb_entry install = {.node = JB_NODE_BROKER_NUMBER};

    if (!file_read(&r->book_arena, "deploy/policy/cn-2022.ini", &policy) ||
        !file_read(&r->book_arena, "deploy/calendar/cn.ini", &calendar))
        return false;
    enum jb_err err = jb_policy_parse(policy, &r->book_arena, &r->policy, &fault);
    if (err == JB_OK)
        err = jb_calendar_parse(calendar, "cn.ini", &r->book_arena, &r->calendar, &fault);
    if (err != JB_OK)
        return failed(r, err, fault.text);
    r->book = (struct jb_rulebook){
        .directory = &r->directory, .policy = r->policy, .calendar = &r->calendar};
    install.act = (struct jb_act){.kind = JB_ACT_INSTALL_POLICY,
                                  .version = r->policy->version,
                                  .effective_from_ms = r->policy->effective_from_ms,
                                  .body = {(const uint8_t *)policy.data, policy.len}};
    if (!entry_log(r, &install))
        return false;
    install.act = (struct jb_act){.kind = JB_ACT_INSTALL_CALENDAR,
                                  .version = jb_text_of(r->calendar.version),
                                  .region = jb_text_of(r->calendar.region),
                                  .body = {(const uint8_t *)calendar.data, calendar.len}};
    return entry_log(r, &install);
}

static bool enrol(struct record *r, const struct jb_act *act)
{
    struct jb_entry entry = {.node = JB_NODE_BROKER_NUMBER, .act = *act};
    struct jb_question q = {
        .act = act, .node = JB_NODE_BROKER_NUMBER, .administrator = true, .now_ms = r->now_ms};

    jb_decide_directory(&r->directory, &q, &r->verdict);
    if (r->verdict.refusal != JB_REFUSE_NONE) {
        fprintf(stderr, "replay: node %u: %s\n", act->node, r->verdict.detail);
        return false;
    }
    jb_arena_reset(&r->arena);
    enum jb_err err = jb_directory_apply(&r->directory, &entry);
    if (err != JB_OK)
        return failed(r, err, "directory");
    return entry_log(r, &entry);
}

/* The office beside the agencies, all below one government. */
static bool directory_open(struct record *r, const struct stories *s)
{
    for (uint32_t node = GOVERNMENT; node < FIRST_AGENCY + s->agency_count; node++) {
        char code[16];
        struct jb_act act = {
            .kind = JB_ACT_ENROL_NODE,
            .node = node,
            .name = jb_text_of(agency_name(s, node)),
            .level = node <= OFFICE ? JB_LEVEL_CITY : JB_LEVEL_COUNTY,
            .node_kind = node == GOVERNMENT ? JB_NODE_GOVERNMENT
                         : node == OFFICE   ? JB_NODE_OFFICE
                                            : JB_NODE_DEPARTMENT,
            .parent = node == GOVERNMENT ? 0 : GOVERNMENT,
            .valid_from_ms = r->now_ms,
        };

        snprintf(code, sizeof code, "n%u", node);
        act.code = jb_text_of(code);
        if (!enrol(r, &act))
            return false;
    }
    return true;
}

/* ---- open and close ---------------------------------------------------------------------------
 */

bool record_open(struct record *r, const struct stories *s, int64_t now_ms)
{
    const char *tmp = getenv("TMPDIR");
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .make = JB_LEDGER_ANEW};
    struct jb_fault fault = {""};

    memset(r, 0, sizeof *r);
    r->now_ms = now_ms;
    jb_arena_init(&r->arena, ARENA_BYTES);
    jb_arena_init(&r->book_arena, BOOK_BYTES);
    jb_directory_init(&r->directory);
    snprintf(r->dir, sizeof r->dir, "%.40s/replay.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(r->dir) == NULL) {
        perror(r->dir);
        r->dir[0] = '\0';
        return false;
    }
    snprintf(r->path, sizeof r->path, "%s/broker.db", r->dir);
    enum jb_err err = jb_ledger_open(r->path, &options, &r->l, &fault);
    if (err != JB_OK)
        return failed(r, err, fault.text);
    return book_open(r) && directory_open(r, s);
}

void record_close(struct record *r)
{
    static const char *const files[] = {"", "-wal", "-shm"};
    char path[96];

    jb_ledger_close(&r->l);
    for (size_t i = 0; r->dir[0] != '\0' && i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s%s", r->path, files[i]);
        (void)unlink(path);
    }
    if (r->dir[0] != '\0')
        (void)rmdir(r->dir);
    jb_directory_fini(&r->directory);
    jb_arena_fini(&r->arena);
    jb_arena_fini(&r->book_arena);
}
