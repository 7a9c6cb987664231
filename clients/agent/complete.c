/* What the agent fills into a client's act: case number, custody, seal, query code. Nothing is
 * written here, so that a submission can be judged without being made. */
#include "clients/agent/submitting.h"

#include <inttypes.h>
#include <stdio.h>

struct jb_bytes jb_agent_seal_place(int64_t case_no, char digits[24])
{
    int len = snprintf(digits, 24, "%" PRId64, case_no);
    return (struct jb_bytes){(const uint8_t *)digits, (size_t)len};
}

/* ---- what the agent fills in ---- */

static enum jb_err number_case(struct jb_agent_submitting *s)
{
    struct jb_agent *a = s->r->agent;
    s->today = jb_date_of_instant(s->r->now_ms);
    enum jb_err err = jb_replica_case_seq(a->ledger, s->today, s->r->now_ms, &s->case_seq);
    if (err == JB_OK)
        err = jb_caseno_make(s->today, jb_replica_node(a->ledger), s->case_seq, &s->act.case_no);
    if (err == JB_RANGE)
        return jb_fault_set(&s->r->fault, err, "all case numbers of this day are used up");
    return err;
}

/* key id || nonce || ciphertext || tag, tied to the case number. */
static enum jb_err seal_persons(struct jb_agent_submitting *s)
{
    struct jb_bytes plain = {s->asked->petitioners.data, s->asked->petitioners.len};
    struct jb_persons persons;
    char digits[24];
    if (!s->asked->has_petitioners || plain.len == 0)
        return JB_OK;
    if (s->act.sealed.len > 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "petitioners: already sealed in the act");
    enum jb_err err = jb_persons_decode(plain, s->r->arena, &persons, &s->r->fault);
    if (err != JB_OK)
        return err;
    size_t len = JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES + plain.len;
    uint8_t *box = jb_arena_alloc(s->r->arena, len);
    if (box == NULL)
        return JB_NOMEM;
    jb_seal_key_new(s->case_key);
    jb_seal_key_id(s->case_key, box);
    jb_seal(s->case_key, plain, jb_agent_seal_place(s->act.case_no, digits),
            box + JB_SEAL_KEY_ID_BYTES);
    s->act.sealed = (struct jb_bytes){box, len};
    s->sealed = true;
    return JB_OK;
}

/* The petitioner's code for questions and ratings: told once, only its hash leaves this function's
 * caller. */
static enum jb_err make_query_code(struct jb_agent_submitting *s)
{
    if (s->act.query_code_hash.len > 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "register: the agent makes the query code");
    jb_query_code_new(s->query_code);
    enum jb_err err = jb_query_code_hash(jb_text_of(s->query_code), s->query_hash);
    s->act.query_code_hash = (struct jb_bytes){s->query_hash, sizeof s->query_hash};
    return err;
}

/* The code in the petitioner's hand becomes its hash, and the rating is sealed to the broker: who
 * is rated cannot read it here. */
static enum jb_err seal_rating(struct jb_agent_submitting *s)
{
    const char *code = s->asked->query_code;
    if (code == NULL || code[0] == '\0')
        return jb_fault_set(&s->r->fault, JB_MISSING, "rate: the query code is missing");
    if (s->act.sealed.len > 0 || s->act.query_code_hash.len > 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "rate: the agent seals the rating");
    enum jb_err err = jb_query_code_hash(jb_text_of(code), s->query_hash);
    if (err != JB_OK)
        return jb_fault_set(&s->r->fault, err, "query_code: twelve letters and digits");
    s->act.query_code_hash = (struct jb_bytes){s->query_hash, sizeof s->query_hash};
    err = jb_rating_seal(s->r->agent->broker.line, s->act.case_no, s->act.rated_party,
                         s->act.satisfaction, s->r->arena, &s->act.sealed);
    if (err == JB_RANGE)
        return jb_fault_set(&s->r->fault, err, "rate: no such party or satisfaction");
    s->act.satisfaction = 0;
    return err;
}

static enum jb_err complete_register(struct jb_agent_submitting *s)
{
    if (s->act.case_no != 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED,
                            "register: the agent issues the case number");
    s->opens = true;
    enum jb_err err = number_case(s);
    if (err == JB_OK)
        err = make_query_code(s);
    return err == JB_OK ? seal_persons(s) : err;
}

/* A directive or a docket that opens a file of its own: it has a title in place of a case. */
static enum jb_err complete_opening(struct jb_agent_submitting *s)
{
    if (s->act.case_no != 0)
        return JB_OK;
    if (s->act.title.len == 0)
        return jb_fault_set(&s->r->fault, JB_MISSING,
                            "%s: a case number, or a title for a file of its own",
                            jb_act_kind_name(s->act.kind));
    s->opens = true;
    return number_case(s);
}

/* The key goes with it: the broker may not have one of this case yet. */
static enum jb_err complete_attach(struct jb_agent_submitting *s)
{
    enum jb_err err = jb_agent_attach_complete(s->r, &s->act, s->asked->note, s->case_key);
    s->sealed = err == JB_OK;
    return err;
}

static enum jb_err check_extras(struct jb_agent_submitting *s)
{
    bool rates = s->act.kind == JB_ACT_RATE;
    bool registers = s->act.kind == JB_ACT_REGISTER;
    if (!registers && s->asked->has_petitioners && s->asked->petitioners.len > 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "petitioners: only with a registration");
    if (!rates && s->asked->query_code != NULL && s->asked->query_code[0] != '\0')
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "query_code: only with a rating");
    return JB_OK;
}

enum jb_err jb_agent_submit_overlay(struct jb_agent_submitting *s)
{
    struct jb_agent *a = s->r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    bool waits = jb_agent_pendings_of_case(&a->pending, s->act.case_no) > 0;
    if (s->act.case_no == 0)
        return JB_OK;
    enum jb_err err = jb_agent_overlay_load(&m, s->act.case_no, waits, s->r->arena, &s->overlay);
    if (err == JB_OK)
        err = jb_agent_others_load(&m, &s->act, &s->overlay.c, s->r->arena, &s->others);
    if (err == JB_OK && s->act.custody == 0 && !s->opens)
        s->act.custody = s->overlay.c.custody;
    return err;
}

enum jb_err jb_agent_submit_complete(struct jb_agent_submitting *s)
{
    enum jb_err err = check_extras(s);
    if (err != JB_OK)
        return err;
    if (s->act.kind == JB_ACT_REGISTER)
        err = complete_register(s);
    else if (s->act.kind == JB_ACT_RATE)
        err = seal_rating(s);
    else if (s->act.kind == JB_ACT_ATTACH)
        err = complete_attach(s);
    else if (jb_act_may_open(s->act.kind))
        err = complete_opening(s);
    return err == JB_OK ? jb_agent_submit_overlay(s) : err;
}
