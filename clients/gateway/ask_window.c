/* Petitioners at the public window: what became of their case, and how it was done. Asked for by
 * the gateway's own account, which at the agency may do just these two. */
#include "clients/gateway/handlers.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/body.h"
#include "clients/gateway/result.h"
#include "clients/gateway/window.h"
#include "proto/rules/refusal.h"

#define NAME_BYTES 1024
#define CODE_BYTES 64
#define WORD_BYTES 32
#define KEY_BYTES 64
#define WAIT_MS 5000
#define TOKEN_BYTES 44

struct coming { /* one petitioner's request */
    const char *name, *query_code;
    const char *party, *satisfaction; /* of a rating; NULL: a question */
    struct jb_gw_asked asked;
    char token[TOKEN_BYTES]; /* "" none */
    const char *number;
    const char *act; /* the rating as JSON; arena */
};

/* ---- reading ---- */

static bool one_of(struct jb_gw_request *r, const char *field, const char *word,
                   const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    jb_gw_refuse_field(r, field, "is no word of the vocabulary");
    return false;
}

static bool read_rating(struct jb_gw_request *r, const json_t *body, struct coming *c)
{
    static const char *const parties[] = {"office", "handler", NULL};
    static const char *const degrees[] = {"satisfied", "basically_satisfied", "not_satisfied",
                                          NULL};
    return jb_gw_member_text(r, body, "party", WORD_BYTES, true, &c->party) &&
           jb_gw_member_text(r, body, "satisfaction", WORD_BYTES, true, &c->satisfaction) &&
           one_of(r, "party", c->party, parties) &&
           one_of(r, "satisfaction", c->satisfaction, degrees);
}

static struct coming *read_body(struct jb_gw_request *r, bool rating)
{
    struct coming *c = jb_arena_alloc(&r->arena, sizeof *c);
    json_t *body = c != NULL ? jb_gw_body(r) : NULL;
    bool good = body != NULL &&
                jb_gw_members_known(
                    r, body, rating ? "name query_code party satisfaction" : "name query_code") &&
                jb_gw_member_text(r, body, "name", NAME_BYTES, true, &c->name) &&
                jb_gw_member_text(r, body, "query_code", CODE_BYTES, true, &c->query_code) &&
                (!rating || read_rating(r, body, c));
    json_decref(body);
    if (c == NULL)
        jb_gw_refuse_error(r, JB_NOMEM, "the question");
    return good ? c : NULL;
}

/* ---- the question ---- */

/* Whatever is wrong is one and the same: a name, a code, what is no code at all. */
static bool is_wrong(enum jiaoban_status status)
{
    return status == JIAOBAN_NOT_FOUND || status == JIAOBAN_MALFORMED ||
           status == JIAOBAN_MISSING || status == JIAOBAN_RANGE;
}

static void ask(struct jb_gw_request *r, struct coming *c, jb_gw_answer_fn then)
{
    struct jiaoban_query q = {.size = sizeof q, .name = c->name, .query_code = c->query_code};
    r->state = c;
    if (!jb_gw_window_admit(r, c->query_code, &c->asked))
        return;
    if (c->name[0] == '\0' || c->query_code[0] == '\0')
        jb_gw_window_wrong(r, &c->asked);
    else
        jb_gw_ask(r, "public", &q, JB_GW_ANSWER_MS, then);
}

/* false: it was answered. */
static bool fits(struct jb_gw_request *r, enum jiaoban_status status)
{
    const struct coming *c = r->state;
    if (status == JIAOBAN_OK)
        jb_gw_window_right(r, &c->asked);
    else if (is_wrong(status))
        jb_gw_window_wrong(r, &c->asked);
    else
        jb_gw_refuse(r, jb_gw_problem_of(status) == JB_GW_BUSY ? JB_GW_BUSY : JB_GW_AWAY,
                     "the agency's system cannot be reached: try again later");
    return status == JIAOBAN_OK;
}

static void then_told(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    if (fits(r, status))
        jb_gw_reply_result(r, 200, result);
    else
        jiaoban_result_free(result);
}

void jb_gw_post_window_query(struct jb_gw_request *r)
{
    struct coming *c = read_body(r, false);
    if (c != NULL)
        ask(r, c, then_told);
}

/* ---- a rating ---- */

/* The rule's own words, and nothing of the verdict beside them. */
static void refuse_rating(struct jb_gw_request *r, const struct jiaoban_settled *s)
{
    const char *text = s != NULL ? jb_refusal_text((enum jb_refusal)s->code) : "";
    jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_REFUSED,
                                                   .detail = text,
                                                   .code = s != NULL ? s->name : NULL});
}

static void then_rated(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    const struct jiaoban_settled *s = jiaoban_result_settled(result);
    if (status == JIAOBAN_REFUSED)
        refuse_rating(r, s);
    else if (status == JIAOBAN_OK && s != NULL && s->pending)
        jb_gw_reply_json(r, 202, "{\"pending\":true}");
    else if (status == JIAOBAN_OK)
        jb_gw_reply_empty(r, 204);
    else
        jb_gw_refuse(r, JB_GW_AWAY, "the agency's system cannot be reached: try again later");
    jiaoban_result_free(result);
}

static const char *act_of(struct jb_gw_request *r, const struct coming *c)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "kind", "rate", "rated_party", c->party,
                               "satisfaction", c->satisfaction, "query_code", c->query_code);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    const char *copy = text != NULL ? jb_arena_strndup(&r->arena, text, strlen(text)) : NULL;
    free(text);
    json_decref(object);
    return copy;
}

/* A repeat with the same key is made once. The key is bound to what it was sent with. */
static void token_of(const struct jb_gw_request *r, struct coming *c)
{
    const char *key = jb_gw_request_header(r, "Idempotency-Key");
    uint8_t hash[32];
    crypto_generichash_state state;
    const char *const parts[] = {"jiaoban window rating", key, c->asked.code, c->party,
                                 c->satisfaction};
    if (key == NULL || key[0] == '\0' || strlen(key) > KEY_BYTES)
        return;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        (void)crypto_generichash_update(&state, (const uint8_t *)parts[i], strlen(parts[i]) + 1);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    (void)sodium_bin2base64(c->token, sizeof c->token, hash, sizeof hash,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void then_found(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    struct coming *c = r->state;
    const struct jiaoban_public *p = jiaoban_result_public(result);
    struct jiaoban_json_act act = {.size = sizeof act};
    struct jiaoban_options options = {.size = sizeof options, .wait_ms = WAIT_MS};
    if (status == JIAOBAN_OK && p == NULL)
        status = JIAOBAN_UNSUPPORTED;
    if (p != NULL)
        c->number = jb_arena_strndup(&r->arena, p->number, strlen(p->number));
    jiaoban_result_free(result);
    if (!fits(r, status))
        return;
    token_of(r, c);
    c->act = act_of(r, c);
    if (c->act == NULL || c->number == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the rating");
        return;
    }
    act.text = c->act;
    act.bytes = strlen(c->act);
    act.case_number = c->number;
    options.token = c->token[0] != '\0' ? c->token : NULL;
    jb_gw_submit(r, &act, &options, then_rated);
}

void jb_gw_post_window_rating(struct jb_gw_request *r)
{
    struct coming *c = read_body(r, true);
    if (c != NULL)
        ask(r, c, then_found);
}
