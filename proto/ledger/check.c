/* Checking a whole record: chain, signatures, and tables against a replay.
 *
 * Everything found is noted and the check goes on; only the first finding is told in words. */
#include "proto/ledger/check.h"

#include <stdarg.h>
#include <stdio.h>

void jb_check_complain(struct jb_checking *k, bool *flag, const char *format, ...)
{
    va_list args;

    *flag = false;
    if (k->fault->text[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(k->fault->text, sizeof k->fault->text, jb_said(format), args);
    va_end(args);
}

void jb_check_chain(struct jb_checking *k, const char *what, uint64_t number,
                    const uint8_t hash[JB_HASH_BYTES], struct jb_bytes head)
{
    if (number != k->number + 1)
        jb_check_complain(k, &k->out->chain_intact, "%s %llu follows %llu", what,
                          (unsigned long long)number, (unsigned long long)k->number);
    k->number = number;
    jb_chain_next(k->l->suite, k->head, hash, k->head);
    if (head.len == JB_HASH_BYTES && memcmp(head.data, k->head, JB_HASH_BYTES) == 0)
        return;
    jb_check_complain(k, &k->out->chain_intact, "%s %llu: chain head does not fit", what,
                      (unsigned long long)number);
    if (head.len == JB_HASH_BYTES)
        memcpy(k->head, head.data, JB_HASH_BYTES); /* one break, one finding */
}

void jb_check_replay(struct jb_checking *k, uint64_t number, struct jb_bytes body)
{
    struct jb_fault why;

    if (k->replay.to == NULL)
        return;
    if (jb_replay_one(&k->replay, number, body, &why) == JB_OK)
        return;
    jb_check_complain(k, &k->out->tables_equal, "%s", why.text);
    jb_ledger_close(&k->replay.to);
}

/* One key: OK, and it is the one. BAD_SIGNATURE: another one made it. */
static enum jb_err key_try(const struct jb_check_signature *s, const uint8_t *with,
                           const uint8_t **key)
{
    enum jb_err err = jb_line_verify(s->suite, with, &s->claim, s->bytes);

    if (err == JB_OK)
        *key = with;
    return err;
}

enum jb_err jb_check_verify(const struct jb_check_signature *s, const uint8_t **key)
{
    enum jb_err err = JB_BAD_SIGNATURE;
    const struct jb_node *n = s->node;

    *key = NULL;
    if (s->key != NULL)
        err = key_try(s, s->key, key);
    if (err == JB_BAD_SIGNATURE && n != NULL && n->has_agent)
        err = key_try(s, n->sign_key, key);
    for (size_t i = n != NULL ? n->former_count : 0; i > 0 && err == JB_BAD_SIGNATURE; i--)
        err = key_try(s, n->former[i - 1].sign, key);
    for (size_t i = 0; i < s->also_count && err == JB_BAD_SIGNATURE; i++)
        err = key_try(s, s->also + i * JB_KEY_BYTES, key);
    return err;
}

bool jb_check_signed(struct jb_checking *k, const struct jb_check_signature *s)
{
    const uint8_t *key = NULL;

    k->out->receipts++;
    if (s->suite != k->l->suite) {
        jb_check_complain(k, &k->out->signatures_good, "%s of node %u at %llu: of suite %s, not %s",
                          s->what, s->claim.node, (unsigned long long)s->claim.number,
                          jb_suite_name(s->suite), jb_suite_name(k->l->suite));
        return false;
    }
    enum jb_err err = jb_check_verify(s, &key);
    if (err != JB_OK)
        jb_check_complain(k, &k->out->signatures_good, "%s of node %u at %llu: %s", s->what,
                          s->claim.node, (unsigned long long)s->claim.number, jb_err_said(err));
    return err == JB_OK;
}

/* The shadow holds what the record gives; the tables must be the same. */
static enum jb_err tables_compare(struct jb_checking *k)
{
    uint8_t shadow[JB_HASH_BYTES];
    enum jb_err err = jb_ledger_digest(k->l, k->out->digest);

    if (err != JB_OK || k->replay.to == NULL)
        return err;
    err = jb_ledger_digest(k->replay.to, shadow);
    if (err == JB_OK && memcmp(shadow, k->out->digest, sizeof shadow) != 0)
        jb_check_complain(k, &k->out->tables_equal,
                          "the derived tables differ from what the record gives");
    return err;
}

static enum jb_err everything_check(struct jb_checking *k)
{
    bool mine;
    enum jb_err err = jb_sql_snapshot(k->l, &mine);

    if (err != JB_OK)
        return err;
    err = k->l->role == JB_LEDGER_BROKER ? jb_check_broker(k) : jb_check_replica(k);
    if (err == JB_OK)
        err = jb_check_audit(k);
    if (err == JB_OK)
        err = tables_compare(k);
    jb_sql_snapshot_end(k->l, mine);
    return err;
}

enum jb_err jb_ledger_check(struct jb_ledger *l, const struct jb_check_keys *keys,
                            struct jb_check *out, struct jb_fault *fault)
{
    static const struct jb_check_keys no_keys;
    struct jb_checking k = {
        .l = l, .keys = keys != NULL ? keys : &no_keys, .out = out, .fault = fault};

    fault->text[0] = '\0';
    *out = (struct jb_check){
        .chain_intact = true, .signatures_good = true, .tables_equal = true, .audit_intact = true};
    enum jb_err err = jb_replay_shadow(l->role, &k.replay.to, fault);
    if (err != JB_OK)
        return err;
    jb_arena_init(&k.replay.arena, JB_REPLAY_ARENA_BYTES);
    err = everything_check(&k);
    jb_arena_fini(&k.replay.arena);
    jb_ledger_close(&k.replay.to);
    if (err != JB_OK)
        (void)jb_fault_set(fault, err, "check: %s",
                           l->error[0] != '\0' ? l->error : jb_err_said(err));
    return err;
}
