/* See facts.h. */
#include "clients/gateway/adapters/facts.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define FACTS_MEMORY (4 * 1024 * 1024)
#define CLOSED_SHARE 10 /* one closed case is looked at for so many open ones */
#define TOLD_TEXT 33

/* ---- what there is to tell ---- */

enum fact {
    FACT_NUMBER,
    FACT_CASE_NUMBER,
    FACT_STATUS,
    FACT_TITLE,
    FACT_HOST,
    FACT_REGISTERED_AT,
    FACT_SENT_AT,
    FACT_SIGNED_AT,
    FACT_ACCEPTED_AT,
    FACT_ANSWERED_AT,
    FACT_CLOSED_AT,
    FACT_DUE,
    FACT_OPINION,
    FACT_ANSWER,
    FACT_ANSWER_NO,
    FACT_REASON,
    FACT_FINISHED,
    FACT_VERSION,
    FACT_COUNT
};

static const char *const fact_words[FACT_COUNT] = {
    [FACT_NUMBER] = "number",
    [FACT_CASE_NUMBER] = "case_number",
    [FACT_STATUS] = "status",
    [FACT_TITLE] = "title",
    [FACT_HOST] = "host",
    [FACT_REGISTERED_AT] = "registered_at",
    [FACT_SENT_AT] = "sent_at",
    [FACT_SIGNED_AT] = "signed_at",
    [FACT_ACCEPTED_AT] = "accepted_at",
    [FACT_ANSWERED_AT] = "answered_at",
    [FACT_CLOSED_AT] = "closed_at",
    [FACT_DUE] = "due",
    [FACT_OPINION] = "opinion",
    [FACT_ANSWER] = "answer",
    [FACT_ANSWER_NO] = "answer_no",
    [FACT_REASON] = "reason",
    [FACT_FINISHED] = "finished",
    [FACT_VERSION] = "version",
};

static enum fact fact_parse(const char *word)
{
    enum fact fact = FACT_NUMBER;
    while (fact < FACT_COUNT && strcmp(fact_words[fact], word) != 0)
        fact++;
    return fact;
}

enum jb_err jb_ex_facts_check(const struct jb_ex_map *map, struct jb_fault *fault)
{
    for (size_t i = 0; i < map->result_count; i++)
        if (fact_parse(map->result_ours[i]) == FACT_COUNT)
            return jb_fault_set(fault, JB_CONFIG, "[result] %s = %s: there is no such fact",
                                map->result_theirs[i], map->result_ours[i]);
    return JB_OK;
}

/* ---- from the case ---- */

static const char *stage_word(const struct jiaoban_case *c)
{
    static const char *const words[] = {[JIAOBAN_STAGE_REGISTERED] = "registered",
                                        [JIAOBAN_STAGE_SENT] = "sent",
                                        [JIAOBAN_STAGE_SIGNED] = "signed",
                                        [JIAOBAN_STAGE_ACCEPTED] = "accepted",
                                        [JIAOBAN_STAGE_DECLINED] = "declined",
                                        [JIAOBAN_STAGE_ANSWERED] = "answered",
                                        [JIAOBAN_STAGE_REFERRED] = "referred",
                                        [JIAOBAN_STAGE_CLOSED] = "closed",
                                        [JIAOBAN_STAGE_MERGED] = "merged",
                                        [JIAOBAN_STAGE_REVIEW] = "review",
                                        [JIAOBAN_STAGE_REVIEWED] = "reviewed",
                                        [JIAOBAN_STAGE_RECHECK] = "recheck",
                                        [JIAOBAN_STAGE_RECHECKED] = "rechecked",
                                        [JIAOBAN_STAGE_TERMINATED] = "terminated",
                                        [JIAOBAN_STAGE_FILE] = "file"};
    size_t stage = (size_t)c->stage;
    return stage < sizeof words / sizeof words[0] && words[stage] != NULL ? words[stage] : "";
}

static const char *opinion_word(int opinion)
{
    switch (opinion) {
    case JIAOBAN_SUPPORTED:
        return "supported";
    case JIAOBAN_EXPLAINED:
        return "explained";
    case JIAOBAN_NOT_SUPPORTED:
        return "not_supported";
    default:
        return "";
    }
}

static enum jb_ex_last last_of(const struct jiaoban_case *c)
{
    switch (c->stage) {
    case JIAOBAN_STAGE_REFERRED:
    case JIAOBAN_STAGE_MERGED:
    case JIAOBAN_STAGE_TERMINATED:
        return JB_EX_OVER;
    case JIAOBAN_STAGE_CLOSED:
        return JB_EX_CLOSED;
    default:
        return JB_EX_OPEN;
    }
}

struct looking {
    const struct jb_ex_map *map;
    const struct jiaoban_case *c;
    const char *number;
    struct jb_arena *arena;
};

static const char *kept(const struct looking *l, const char *text)
{
    return jb_arena_strndup(l->arena, text, strlen(text));
}

/* The last act of these kinds that was decided; NULL: there is none. */
static const struct jiaoban_event *last_act(const struct looking *l, const char *a, const char *b)
{
    const struct jiaoban_event *found = NULL;
    for (size_t i = 0; i < l->c->timeline_count; i++) {
        const struct jiaoban_event *e = l->c->timeline[i];
        if (!e->pending && (strcmp(e->kind, a) == 0 || strcmp(e->kind, b) == 0))
            found = e;
    }
    return found;
}

/* "2026/11/23 09:05:00" of China, as the exchange tables have it. */
static const char *instant(const struct looking *l, int64_t at_ms, bool due)
{
    char text[JIAOBAN_TEXT], out[2 * JIAOBAN_TEXT];
    if (at_ms == 0)
        return "";
    jiaoban_instant_text(at_ms, due, text);
    (void)snprintf(out, sizeof out, "%s:00", text);
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '-' ? '/' : *at;
    return kept(l, out);
}

static const char *when(const struct looking *l, const char *a, const char *b)
{
    const struct jiaoban_event *e = last_act(l, a, b);
    return e != NULL ? instant(l, e->at_ms, false) : "";
}

static const char *answer_text(const struct looking *l, enum fact fact)
{
    const struct jiaoban_event *e = last_act(l, "answer", "answer");
    const struct jiaoban_event *no = last_act(l, "decline", "decline");
    if (fact == FACT_REASON)
        return no != NULL && no->act != NULL ? kept(l, no->act->reason) : "";
    if (e == NULL || e->act == NULL)
        return "";
    return kept(l, fact == FACT_ANSWER ? e->act->text : e->act->opinion_no);
}

static const char *version_text(const struct looking *l)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, l->c->last_seq);
    return kept(l, text);
}

static const char *fact_text(const struct looking *l, enum fact fact)
{
    const struct jiaoban_case *c = l->c;
    switch (fact) {
    case FACT_NUMBER:
        return l->number;
    case FACT_CASE_NUMBER:
        return kept(l, c->number);
    case FACT_STATUS:
        return jb_ex_map_theirs(l->map, "status", stage_word(c));
    case FACT_TITLE:
        return kept(l, c->title);
    case FACT_HOST:
        return kept(l, c->host_name);
    case FACT_REGISTERED_AT:
        return instant(l, c->registered_at_ms, false);
    case FACT_SENT_AT:
        return when(l, "forward", "assign");
    case FACT_SIGNED_AT:
        return when(l, "sign_for", "sign_for");
    case FACT_ACCEPTED_AT:
        return when(l, "accept", "accept");
    case FACT_ANSWERED_AT:
        return when(l, "answer", "answer");
    case FACT_CLOSED_AT:
        return when(l, "close", "terminate");
    case FACT_DUE:
        return instant(l, c->next_due_ms, true);
    case FACT_OPINION:
        return c->opinion != 0 ? jb_ex_map_theirs(l->map, "opinion", opinion_word(c->opinion)) : "";
    case FACT_ANSWER:
    case FACT_ANSWER_NO:
    case FACT_REASON:
        return answer_text(l, fact);
    case FACT_FINISHED:
        return last_of(c) == JB_EX_OPEN ? "0" : "1";
    case FACT_VERSION:
        return version_text(l);
    case FACT_COUNT:
        break;
    }
    return "";
}

/* What was told, in short; the version is no news by itself. */
static void digest(const struct looking *l, const struct jb_ex_facts *f, char out[TOLD_TEXT])
{
    crypto_generichash_state state;
    uint8_t hash[16];
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(l->map->result_ours[i], "version") == 0)
            continue;
        (void)crypto_generichash_update(&state, (const uint8_t *)f->values[i],
                                        strlen(f->values[i]) + 1);
    }
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    (void)sodium_bin2hex(out, TOLD_TEXT, hash, sizeof hash);
}

/* ---- telling ---- */

static enum jb_err tell_case(struct jb_ex_desk *d, struct jb_ex_teller *teller,
                             const struct jb_ex_listed *listed, const struct looking *l,
                             struct jb_fault *fault)
{
    const struct jb_ex_key key = {d->map.system, listed->number, "register"};
    struct jb_ex_facts facts = {.count = d->map.result_count, .version = l->c->last_seq};
    char told[TOLD_TEXT];
    for (size_t i = 0; i < facts.count; i++) {
        facts.names[i] = d->map.result_theirs[i];
        facts.values[i] = fact_text(l, fact_parse(d->map.result_ours[i]));
        if (facts.values[i] == NULL)
            return JB_NOMEM;
    }
    digest(l, &facts, told);
    enum jb_ex_last last = last_of(l->c);
    if (l->c->last_seq == 0 || l->c->last_seq == listed->version)
        return JB_OK;
    enum jb_err err = JB_OK;
    if (strcmp(told, listed->told) != 0) {
        err = teller->tell(teller->ctx, listed->number, &facts, fault);
        teller->told += err == JB_OK;
        jb_ex_point(d);
    }
    if (err == JB_OK)
        err = jb_ex_told_put(d->store, &key, facts.version, told, last);
    jb_ex_point(d);
    return err;
}

static enum jb_err tell_record(struct jb_ex_desk *d, struct jb_ex_teller *teller,
                               const struct jb_ex_listed *listed, struct jb_fault *fault)
{
    struct jiaoban_result *result = NULL;
    struct jb_arena arena;
    const struct jiaoban_query q = {.size = sizeof q,
                                    .case_number = listed->case_number,
                                    .timeline = true,
                                    .on_behalf_of = d->account};
    enum jiaoban_status status = jiaoban_get_case(d->j, &q, &result);
    const struct looking l = {&d->map, jiaoban_result_case(result, 0), listed->number, &arena};
    jb_arena_init(&arena, FACTS_MEMORY);
    enum jb_err err = JB_OK;
    if (l.c != NULL)
        err = tell_case(d, teller, listed, &l, fault);
    else if (status != JIAOBAN_NOT_FOUND)
        err = jb_ex_answered(d, status, fault);
    jb_arena_fini(&arena);
    jiaoban_result_free(result);
    return err;
}

/* The next `most` records of a kind, behind where the last look ended; at the end from the start.
 */
static enum jb_err tell_some(struct jb_ex_desk *d, struct jb_ex_teller *teller,
                             enum jb_ex_last last, struct jb_fault *fault)
{
    char *after = d->told_after[last];
    int64_t most = last == JB_EX_OPEN ? d->config->batch : d->config->batch / CLOSED_SHARE + 1;
    enum jb_err err = JB_OK;
    for (int64_t i = 0; i < most && err == JB_OK && !*d->stop; i++) {
        struct jb_ex_listed listed;
        struct jb_arena arena;
        jb_arena_init(&arena, 16384);
        err = jb_ex_untold_next(d->store, d->map.system, last, after, &arena, &listed);
        if (err == JB_OK) {
            (void)snprintf(after, JB_EX_NUMBER_BYTES + 1, "%s", listed.number);
            err = tell_record(d, teller, &listed, fault);
        }
        jb_arena_fini(&arena);
    }
    if (err != JB_NOT_FOUND)
        return err;
    after[0] = '\0';
    return JB_OK;
}

enum jb_err jb_ex_facts_tell(struct jb_ex_desk *d, struct jb_ex_teller *teller,
                             struct jb_fault *fault)
{
    if (d->map.result_count == 0)
        return JB_OK;
    if ((d->scopes & jb_gw_scope(JB_RIGHT_LOOK)) == 0)
        return jb_fault_set(fault, JB_DENIED, "%s: the token has not the scope look",
                            d->config->token);
    enum jb_err err = tell_some(d, teller, JB_EX_OPEN, fault);
    if (err == JB_OK)
        err = tell_some(d, teller, JB_EX_CLOSED, fault);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", jb_err_text(err));
    return err;
}
