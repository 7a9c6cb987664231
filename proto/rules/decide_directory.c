/* Acts of the broker's administrators: who is in the directory, under which keys, and which policy
 * and calendar are in force. They draw no effects: jb_directory_apply reads the act itself. */
#include "proto/rules/moves.h"

#define CODE_BYTES 32

struct asking {
    const struct jb_directory *d;
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

static enum jb_refusal check_retire(const struct asking *a)
{
    const struct jb_act *act = a->act;
    const struct jb_node *n = jb_directory_find(a->d, act->node);

    if (n == NULL)
        return check_exists(a, act->node, "node");
    if (act->valid_to_ms < n->valid_from_ms)
        return jb_detail_set(a->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "valid_to_ms lies before valid_from_ms");
    if (act->successor == act->node)
        return jb_detail_set(a->detail, JB_REFUSE_SAME_NODE, "successor");
    return act->successor != 0 ? check_exists(a, act->successor, "successor") : JB_REFUSE_NONE;
}

/* That the body can be read is the caller's to check: the parsers need memory. */
static enum jb_refusal check_nothing(const struct asking *a)
{
    (void)a;
    return JB_REFUSE_NONE;
}

static const struct {
    enum jb_act_kind kind;
    enum jb_refusal (*check)(const struct asking *a);
} rows[] = {
    {JB_ACT_ENROL_NODE, check_enrol},          {JB_ACT_CHANGE_NODE, check_change},
    {JB_ACT_REPLACE_KEYS, check_replace_keys}, {JB_ACT_RETIRE_NODE, check_retire},
    {JB_ACT_INSTALL_POLICY, check_nothing},    {JB_ACT_INSTALL_CALENDAR, check_nothing},
};

static enum jb_refusal decide(const struct asking *a, bool administrator)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jb_refusal refusal;

        if (rows[i].kind != a->act->kind)
            continue;
        if (!administrator)
            return JB_REFUSE_ADMIN_ONLY;
        refusal = jb_act_check(a->act, a->detail);
        return refusal != JB_REFUSE_NONE ? refusal : rows[i].check(a);
    }
    return jb_detail_set(a->detail, JB_REFUSE_NOT_IN_FORCE, "%s", jb_act_kind_name(a->act->kind));
}

void jb_decide_directory(const struct jb_directory *d, const struct jb_question *q,
                         struct jb_verdict *verdict)
{
    struct asking a = {.d = d, .act = q->act, .detail = verdict->detail};

    verdict->detail[0] = '\0';
    verdict->effects.count = 0;
    verdict->warn_lists = 0;
    verdict->refusal = decide(&a, q->administrator);
}
