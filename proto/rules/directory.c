#include "proto/rules/directory.h"

#include "proto/rules/delegation.h"

#include <stdlib.h>

#define DEPTH_MAX 32 /* steps upward before a loop is assumed */
#define FIRST_CAPACITY 16

/* ---- memory --------------------------------------------------------------------------------- */

void jb_directory_init(struct jb_directory *d)
{
    *d = (struct jb_directory){0};
}

static void node_fini(struct jb_node *n)
{
    free(n->code);
    free(n->name);
    free(n->region);
    free(n->credit_code);
    free(n->former);
}

void jb_directory_fini(struct jb_directory *d)
{
    for (size_t i = 0; i < d->count; i++)
        node_fini(&d->nodes[i]);
    free(d->nodes);
    jb_delegations_fini(d);
    jb_directory_init(d);
}

static char *copy_of(struct jb_text text)
{
    char *copy = malloc(text.len + 1);

    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* ---- applying entries ----------------------------------------------------------------------- */

/* Place of a node, or where it would be inserted. */
static size_t place_of(const struct jb_directory *d, uint32_t node)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->nodes[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct jb_node *find(const struct jb_directory *d, uint32_t node)
{
    size_t at = place_of(d, node);

    return at < d->count && d->nodes[at].node == node ? &d->nodes[at] : NULL;
}

static bool has_keys(const struct jb_act *act)
{
    return act->line_key.len == JB_KEY_BYTES && act->sign_key.len == JB_KEY_BYTES;
}

/* The keys in force join the former ones. */
static enum jb_err keep_former(struct jb_node *n)
{
    struct jb_former_keys *more;

    if (!n->has_agent)
        return JB_OK;
    more = reallocarray(n->former, n->former_count + 1, sizeof *more);
    if (more == NULL)
        return JB_NOMEM;
    n->former = more;
    more += n->former_count++;
    memcpy(more->line, n->line_key, JB_KEY_BYTES);
    memcpy(more->sign, n->sign_key, JB_KEY_BYTES);
    return JB_OK;
}

static enum jb_err set_keys(struct jb_node *n, const struct jb_act *act)
{
    if (!has_keys(act))
        return JB_OK;
    if (keep_former(n) != JB_OK)
        return JB_NOMEM;
    memcpy(n->line_key, act->line_key.data, JB_KEY_BYTES);
    memcpy(n->sign_key, act->sign_key.data, JB_KEY_BYTES);
    n->has_agent = true;
    return JB_OK;
}

static enum jb_err make_room(struct jb_directory *d)
{
    size_t capacity = d->capacity == 0 ? FIRST_CAPACITY : d->capacity * 2;
    struct jb_node *nodes;

    if (d->count < d->capacity)
        return JB_OK;
    nodes = realloc(d->nodes, capacity * sizeof *nodes);
    if (nodes == NULL)
        return JB_NOMEM;
    d->nodes = nodes;
    d->capacity = capacity;
    return JB_OK;
}

static enum jb_err enrol(struct jb_directory *d, const struct jb_act *act)
{
    size_t at = place_of(d, act->node);
    struct jb_node n = {
        .node = act->node,
        .level = act->level,
        .kind = act->node_kind,
        .parent = act->parent,
        .valid_from_ms = act->valid_from_ms,
        .valid_to_ms = act->valid_to_ms,
    };

    if (act->node == 0 || find(d, act->node) != NULL)
        return JB_CORRUPT;
    if (make_room(d) != JB_OK)
        return JB_NOMEM;
    n.code = copy_of(act->code);
    n.name = copy_of(act->name);
    n.region = copy_of(act->region);
    n.credit_code = copy_of(act->credit_code);
    if (n.code == NULL || n.name == NULL || n.region == NULL || n.credit_code == NULL) {
        node_fini(&n);
        return JB_NOMEM;
    }
    (void)set_keys(&n, act); /* the first keys: nothing to keep, nothing to fail */
    memmove(&d->nodes[at + 1], &d->nodes[at], (d->count - at) * sizeof d->nodes[0]);
    d->nodes[at] = n;
    d->count++;
    return JB_OK;
}

static void replace_text(char **text, char *copy)
{
    if (copy == NULL)
        return;
    free(*text);
    *text = copy;
}

static enum jb_err change(struct jb_directory *d, const struct jb_act *act)
{
    struct jb_node *n = find(d, act->node);
    char *name = act->name.len > 0 ? copy_of(act->name) : NULL;
    char *region = act->region.len > 0 ? copy_of(act->region) : NULL;
    char *credit_code = act->credit_code.len > 0 ? copy_of(act->credit_code) : NULL;
    bool copied = (name != NULL || act->name.len == 0) &&
                  (region != NULL || act->region.len == 0) &&
                  (credit_code != NULL || act->credit_code.len == 0);

    if (n == NULL || !copied) {
        free(name);
        free(region);
        free(credit_code);
        return n == NULL ? JB_CORRUPT : JB_NOMEM;
    }
    replace_text(&n->name, name);
    replace_text(&n->region, region);
    replace_text(&n->credit_code, credit_code);
    if (act->level != 0)
        n->level = act->level;
    if (act->parent != 0)
        n->parent = act->parent;
    if (act->node_kind != 0)
        n->kind = act->node_kind;
    return JB_OK;
}

static enum jb_err replace_keys(struct jb_directory *d, const struct jb_act *act)
{
    struct jb_node *n = find(d, act->node);

    if (n == NULL)
        return JB_CORRUPT;
    return set_keys(n, act);
}

static enum jb_err retire(struct jb_directory *d, const struct jb_act *act)
{
    struct jb_node *n = find(d, act->node);

    if (n == NULL)
        return JB_CORRUPT;
    n->valid_to_ms = act->valid_to_ms;
    n->successor = act->successor;
    return JB_OK;
}

enum jb_err jb_directory_apply(struct jb_directory *d, const struct jb_entry *entry)
{
    static const struct {
        enum jb_act_kind kind;
        enum jb_err (*apply)(struct jb_directory *d, const struct jb_act *act);
    } rows[] = {
        {JB_ACT_ENROL_NODE, enrol},
        {JB_ACT_CHANGE_NODE, change},
        {JB_ACT_REPLACE_KEYS, replace_keys},
        {JB_ACT_RETIRE_NODE, retire},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == entry->act.kind)
            return rows[i].apply(d, &entry->act);
    }
    return jb_delegations_apply(d, entry);
}

bool jb_act_is_common(enum jb_act_kind kind)
{
    return (kind >= JB_ACT_ENROL_NODE && kind <= JB_ACT_INSTALL_CALENDAR) ||
           kind == JB_ACT_DELEGATE || kind == JB_ACT_END_DELEGATION;
}

/* ---- finding -------------------------------------------------------------------------------- */

const struct jb_node *jb_directory_find(const struct jb_directory *d, uint32_t node)
{
    return find(d, node);
}

static bool text_is(struct jb_text text, const char *z)
{
    return jb_text_equal(text, jb_text_of(z));
}

const struct jb_node *jb_directory_by_code(const struct jb_directory *d, struct jb_text code)
{
    for (size_t i = 0; i < d->count; i++) {
        if (text_is(code, d->nodes[i].code))
            return &d->nodes[i];
    }
    return NULL;
}

/* 0: not a number of at most nine digits. */
static uint32_t number_of(struct jb_text text)
{
    uint32_t n = 0;

    if (text.len > 9)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        n = n * 10 + (uint32_t)(text.data[i] - '0');
    }
    return n;
}

static bool name_is(const struct jb_node *n, struct jb_text what)
{
    return text_is(what, n->name);
}

static bool name_contains(const struct jb_node *n, struct jb_text what)
{
    size_t len = strlen(n->name);

    for (size_t at = 0; at + what.len <= len; at++) {
        if (memcmp(n->name + at, what.data, what.len) == 0)
            return true;
    }
    return false;
}

/* The only node that fits; NULL and *many false: none; NULL and *many true: several. */
static const struct jb_node *only_one(const struct jb_directory *d, struct jb_text what,
                                      bool (*fits)(const struct jb_node *n, struct jb_text what),
                                      bool *many)
{
    const struct jb_node *found = NULL;

    for (size_t i = 0; i < d->count; i++) {
        if (!fits(&d->nodes[i], what))
            continue;
        if (found != NULL) {
            *many = true;
            return NULL;
        }
        found = &d->nodes[i];
    }
    return found;
}

const struct jb_node *jb_directory_lookup(const struct jb_directory *d, struct jb_text what,
                                          bool *many)
{
    const struct jb_node *n;

    *many = false;
    if (what.len == 0)
        return NULL;
    n = jb_directory_by_code(d, what);
    if (n == NULL)
        n = find(d, number_of(what));
    if (n == NULL)
        n = only_one(d, what, name_is, many);
    if (n == NULL && !*many)
        n = only_one(d, what, name_contains, many);
    return n;
}

uint32_t jb_directory_by_line_key(const struct jb_directory *d, const uint8_t key[JB_KEY_BYTES])
{
    for (size_t i = 0; i < d->count; i++) {
        const struct jb_node *n = &d->nodes[i];

        if (n->has_agent && memcmp(n->line_key, key, JB_KEY_BYTES) == 0)
            return n->node;
    }
    return 0;
}

bool jb_node_valid(const struct jb_node *n, int64_t now_ms)
{
    return now_ms >= n->valid_from_ms && (n->valid_to_ms == 0 || now_ms < n->valid_to_ms);
}

/* ---- the tree ------------------------------------------------------------------------------- */

static uint32_t parent_of(const struct jb_directory *d, uint32_t node)
{
    const struct jb_node *n = find(d, node);

    return n != NULL ? n->parent : 0;
}

bool jb_directory_below(const struct jb_directory *d, uint32_t node, uint32_t ancestor)
{
    uint32_t at = parent_of(d, node);

    for (int step = 0; step < DEPTH_MAX && at != 0; step++) {
        if (at == ancestor)
            return true;
        at = parent_of(d, at);
    }
    return false;
}

uint32_t jb_directory_common_superior(const struct jb_directory *d, uint32_t a, uint32_t b)
{
    uint32_t at = parent_of(d, a);

    for (int step = 0; step < DEPTH_MAX && at != 0; step++) {
        if (jb_directory_below(d, b, at))
            return at;
        at = parent_of(d, at);
    }
    return 0;
}
