/* Acts of the broker's administrators: who is in the directory, under which keys, and which policy
 * and calendar are in force; and the delegations that a holder gives to its named leaders. They
 * draw no effects: jb_directory_apply reads the act itself. */
#include "proto/rules/moves.h"

#define CODE_BYTES 32
#define DELEGATIONS_MAX 64 /* in force or still to come, of one agency */

struct asking {
    const struct jb_directory *d;
    const struct jb_question *q;
    const struct jb_act *act;
    char *detail;
};

static bool is_code(struct jb_text code)
{
    for (size_t i = 0; i < code.len; i++) {
        char ch = code.data[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');

        if (!plain && (i == 0 || (ch != '.' && ch != '-')))
            return false;
    }
    return code.len > 0 && code.len <= CODE_BYTES;
}

static enum jb_refusal check_exists(const struct asking *a, uint32_t node, const char *what)
{
    if (jb_directory_find(a->d, node) != NULL)
        return JB_REFUSE_NONE;
    return jb_detail_set(a->detail, JB_REFUSE_UNKNOWN_NODE, "%s %u", what, (unsigned)node);
}

static enum jb_refusal check_parent(const struct asking *a)
{
    if (a->act->parent == 0)
        return JB_REFUSE_NONE;
    if (a->act->parent == a->act->node || jb_directory_below(a->d, a->act->parent, a->act->node))
        return JB_REFUSE_PARENT_LOOP;
    return check_exists(a, a->act->parent, "parent");
}

static bool key_is(struct jb_bytes key, const uint8_t other[JB_KEY_BYTES])
{
    return memcmp(key.data, other, JB_KEY_BYTES) == 0;
}

static bool was_key_of(const struct jb_node *n, const struct jb_act *act)
{
    for (size_t i = 0; i < n->former_count; i++)
        if (key_is(act->line_key, n->former[i].line) || key_is(act->sign_key, n->former[i].sign))
            return true;
    return false;
}

/* Lengths have been checked. A key that a node once had stays its own. */
static enum jb_refusal check_keys(const struct asking *a)
{
    const struct jb_act *act = a->act;

    if ((act->line_key.len == 0) != (act->sign_key.len == 0))
        return jb_detail_set(a->detail, JB_REFUSE_FIELD_REQUIRED, "%s: both keys or none",
                             act->line_key.len == 0 ? "line_key" : "sign_key");
    for (size_t i = 0; i < a->d->count && act->line_key.len > 0; i++) {
        const struct jb_node *n = &a->d->nodes[i];

        if (n->node == act->node || !n->has_agent)
            continue;
        if (key_is(act->line_key, n->line_key) || key_is(act->sign_key, n->sign_key) ||
            was_key_of(n, act))
            return jb_detail_set(a->detail, JB_REFUSE_KEY_TAKEN, "node %u", (unsigned)n->node);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_kind(const struct asking *a)
{
    if (a->act->node_kind == JB_NODE_BROKER)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "node_kind: the broker is not enrolled");
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_identity(const struct asking *a)
{
    const struct jb_act *act = a->act;

    if (act->node <= JB_NODE_BROKER_NUMBER)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "node: must be 2 to %d",
                             JB_NODE_MAX);
    if (jb_directory_find(a->d, act->node) != NULL)
        return jb_detail_set(a->detail, JB_REFUSE_CODE_TAKEN, "node %u exists already",
                             (unsigned)act->node);
    if (!is_code(act->code))
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "code: a-z 0-9 . - only, a letter or digit first, at most %d",
                             CODE_BYTES);
    if (jb_directory_by_code(a->d, act->code) != NULL)
        return JB_REFUSE_CODE_TAKEN;
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_enrol(const struct asking *a)
{
    enum jb_refusal refusal = check_identity(a);

    if (refusal == JB_REFUSE_NONE)
        refusal = check_kind(a);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_parent(a);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_keys(a);
    if (refusal == JB_REFUSE_NONE && a->act->valid_to_ms != 0 &&
        a->act->valid_to_ms < a->act->valid_from_ms)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "valid_to_ms lies before valid_from_ms");
    return refusal;
}

static enum jb_refusal check_change(const struct asking *a)
{
    enum jb_refusal refusal = check_exists(a, a->act->node, "node");

    if (refusal == JB_REFUSE_NONE)
        refusal = check_kind(a);
    return refusal != JB_REFUSE_NONE ? refusal : check_parent(a);
}

static enum jb_refusal check_replace_keys(const struct asking *a)
{
    enum jb_refusal refusal = check_exists(a, a->act->node, "node");

    return refusal != JB_REFUSE_NONE ? refusal : check_keys(a);
}

static bool is_handler(const struct jb_node *n)
{
    return n->kind == JB_NODE_GOVERNMENT || n->kind == JB_NODE_DEPARTMENT ||
           n->kind == JB_NODE_ENTERPRISE;
}

/* Duties go to somebody who can carry them: there when they pass on, and of the same sort. */
static enum jb_refusal check_successor(const struct asking *a, const struct jb_node *n)
{
    const struct jb_act *act = a->act;
    const struct jb_node *to = jb_directory_find(a->d, act->successor);
    int64_t from_ms = act->valid_to_ms > a->q->now_ms ? act->valid_to_ms : a->q->now_ms;

    if (act->successor == act->node)
        return jb_detail_set(a->detail, JB_REFUSE_SAME_NODE, "successor");
    if (to == NULL)
        return check_exists(a, act->successor, "successor");
    if (!jb_node_valid(to, a->q->now_ms) || !jb_node_valid(to, from_ms))
        return jb_detail_set(a->detail, JB_REFUSE_NODE_NOT_VALID, "successor");
    if (is_handler(n) ? !is_handler(to) : jb_node_is_office(n) && !jb_node_is_office(to))
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "successor: must be %s",
                             is_handler(n) ? "a handler" : "an office or joint conference");
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_retire(const struct asking *a)
{
    const struct jb_act *act = a->act;
    const struct jb_node *n = jb_directory_find(a->d, act->node);

    if (n == NULL)
        return check_exists(a, act->node, "node");
    if (act->valid_to_ms < n->valid_from_ms)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "valid_to_ms lies before valid_from_ms");
    if (act->successor != 0)
        return check_successor(a, n);
    if (a->q->open_duties > 0)
        return jb_detail_set(a->detail, JB_REFUSE_SUCCESSOR_REQUIRED, "%llu open duties",
                             (unsigned long long)a->q->open_duties);
    return JB_REFUSE_NONE;
}

/* A division code (GB/T 2260) as in the directory, "CN", or nothing: everywhere. */
static bool is_region(struct jb_text region)
{
    if (region.len == 0 || jb_text_equal(region, jb_text_of("CN")))
        return true;
    for (size_t i = 0; i < region.len; i++) {
        if (region.data[i] < '0' || region.data[i] > '9')
            return false;
    }
    return region.len == 6 || region.len == 12;
}

/* That the body can be read is the caller's to check: the parsers need memory. */
static enum jb_refusal check_install(const struct asking *a)
{
    if (is_region(a->act->region))
        return JB_REFUSE_NONE;
    return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                         "region: a division code of 6 or 12 digits, or CN");
}

/* ---- delegations ---------------------------------------------------------------------------- */

/* A holder in force, for itself. */
static enum jb_refusal check_holder(const struct asking *a)
{
    const struct jb_node *n = jb_directory_find(a->d, a->q->node);

    if (n == NULL)
        return check_exists(a, a->q->node, "node");
    if (!jb_node_is_office(n))
        return JB_REFUSE_NOT_A_HOLDER;
    return jb_node_valid(n, a->q->now_ms) ? JB_REFUSE_NONE : JB_REFUSE_NODE_NOT_VALID;
}

static bool is_over(const struct jb_delegation *g, int64_t now_ms)
{
    return g->valid_to_ms != 0 && g->valid_to_ms <= now_ms;
}

/* Delegations of the agency that are not over, to this leader (NULL: to anybody). */
static size_t count_delegations(const struct asking *a, const struct jb_text *official)
{
    size_t count = 0;

    for (size_t i = 0; i < a->d->delegation_count; i++) {
        const struct jb_delegation *g = &a->d->delegations[i];

        if (g->node == a->q->node && !is_over(g, a->q->now_ms) &&
            (official == NULL || jb_text_equal(jb_text_of(g->official), *official)))
            count++;
    }
    return count;
}

/* From today on, not for the past; up to an instant that is still to come. */
static enum jb_refusal check_delegate(const struct asking *a)
{
    const struct jb_act *act = a->act;
    int64_t today_ms = jb_date_start_ms(jb_date_of_instant(a->q->now_ms));
    enum jb_refusal refusal = check_holder(a);

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (act->valid_from_ms != 0 && act->valid_from_ms < today_ms)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "valid_from_ms lies in the past");
    if (act->valid_to_ms != 0 &&
        (act->valid_to_ms <= a->q->now_ms || act->valid_to_ms <= act->valid_from_ms))
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "valid_to_ms does not lie after now and valid_from_ms");
    if (count_delegations(a, NULL) >= DELEGATIONS_MAX)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "more than %d delegations at a time", DELEGATIONS_MAX);
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_end_delegation(const struct asking *a)
{
    enum jb_refusal refusal = check_holder(a);

    if (refusal == JB_REFUSE_NONE && count_delegations(a, &a->act->official) == 0)
        return jb_detail_set(a->detail, JB_REFUSE_NOT_DELEGATED, "official");
    return refusal;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct {
    enum jb_act_kind kind;
    bool administrators_only;
    enum jb_refusal (*check)(const struct asking *a);
} rows[] = {
    {JB_ACT_ENROL_NODE, true, check_enrol},
    {JB_ACT_CHANGE_NODE, true, check_change},
    {JB_ACT_REPLACE_KEYS, true, check_replace_keys},
    {JB_ACT_RETIRE_NODE, true, check_retire},
    {JB_ACT_INSTALL_POLICY, true, check_install},
    {JB_ACT_INSTALL_CALENDAR, true, check_install},
    {JB_ACT_DELEGATE, false, check_delegate},
    {JB_ACT_END_DELEGATION, false, check_end_delegation},
};

static enum jb_refusal decide(const struct asking *a)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jb_refusal refusal;

        if (rows[i].kind != a->act->kind)
            continue;
        if (rows[i].administrators_only && !a->q->administrator)
            return JB_REFUSE_ADMIN_ONLY;
        refusal = jb_act_check(a->act, a->detail);
        return refusal != JB_REFUSE_NONE ? refusal : rows[i].check(a);
    }
    return jb_detail_set(a->detail, JB_REFUSE_NOT_IN_FORCE, "%s", jb_act_kind_name(a->act->kind));
}

void jb_decide_directory(const struct jb_directory *d, const struct jb_question *q,
                         struct jb_verdict *verdict)
{
    struct asking a = {.d = d, .q = q, .act = q->act, .detail = verdict->detail};

    verdict->detail[0] = '\0';
    verdict->effects.count = 0;
    verdict->warn_lists = 0;
    verdict->follow_count = 0;
    verdict->refusal = decide(&a);
}
