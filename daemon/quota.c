/* The arithmetic of quotas; who is told and cut off is in gatekeeper.c. */
#include "daemon/quota.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

#define WAIT_MAX_MS 2000 /* something is always read: heartbeats must get through */
#define FACTOR_MAX 1000000

static const char *const names[JB_QUOTA_KINDS] = {"submissions", "bytes", "frames"};

const char *jb_quota_name(enum jb_quota_kind kind)
{
    return names[kind];
}

/* ---- configuration ---- */

/* One "CODE=FACTOR" of a list, and where the next one begins. false: it is none. */
static bool read_pair(const char **at, const char **code, size_t *code_len, long *factor)
{
    const char *p = *at + strspn(*at, " ,\t");
    size_t len = strcspn(p, "=, \t");
    char *end = NULL;
    *code = p;
    *code_len = len;
    if (len == 0 || p[len] != '=' || p[len + 1] < '0' || p[len + 1] > '9')
        return false;
    *factor = strtol(p + len + 1, &end, 10);
    *at = end + strspn(end, " \t");
    return *factor <= FACTOR_MAX && (**at == ',' || **at == '\0');
}

static bool at_end(const char *at)
{
    return at[strspn(at, " ,\t")] == '\0';
}

enum jb_err jb_quota_check(const char *list, struct jb_fault *fault)
{
    const char *code = NULL;
    size_t len = 0;
    long factor = 0;
    for (const char *at = list; !at_end(at);)
        if (!read_pair(&at, &code, &len, &factor))
            return jb_fault_set(fault, JB_CONFIG,
                                "line.quota_nodes: \"%s\" is not CODE=FACTOR with a factor of "
                                "0 (no limit) to %d",
                                code, FACTOR_MAX);
    return JB_OK;
}

int64_t jb_quota_factor(const char *list, const char *node_code)
{
    const char *code = NULL;
    size_t len = 0;
    long factor = 0;
    for (const char *at = list; at != NULL && !at_end(at);) {
        if (!read_pair(&at, &code, &len, &factor))
            break;
        if (len == strlen(node_code) && memcmp(code, node_code, len) == 0)
            return factor;
    }
    return 1;
}

int64_t jb_quota_times(int64_t limit, int64_t factor)
{
    return limit > INT64_MAX / FACTOR_MAX ? limit : limit * factor;
}

void jb_quota_limits(const struct jb_broker_config *config, const char *code,
                     struct jb_quota_limits *out)
{
    int64_t factor = jb_quota_factor(config->quota_nodes, code);
    const int64_t per_minute[JB_QUOTA_KINDS] = {config->quota_submissions, config->quota_bytes,
                                                config->quota_frames};
    for (int i = 0; i < JB_QUOTA_KINDS; i++) {
        int64_t rate = jb_quota_times(per_minute[i], factor);
        out->rates[i] = (struct jb_rate){rate, rate};
    }
    out->patience_ms = config->quota_patience_ms;
    out->penalty_ms = config->quota_penalty_ms;
}

/* ---- counting ---- */

void jb_quota_take(struct jb_quota *q, const struct jb_quota_limits *limits, int64_t now_ms,
                   enum jb_quota_kind kind, int64_t amount)
{
    jb_bucket_take(&q->used[kind], &limits->rates[kind], now_ms, amount);
}

int64_t jb_quota_wait(struct jb_quota *q, const struct jb_quota_limits *limits, int64_t now_ms,
                      enum jb_quota_change *change)
{
    int64_t longest = 0;
    for (int i = 0; i < JB_QUOTA_KINDS; i++) {
        int64_t wait = jb_bucket_wait(&q->used[i], &limits->rates[i], now_ms, 1);
        if (wait > longest) {
            longest = wait;
            q->worst = (enum jb_quota_kind)i;
        }
    }
    *change = JB_QUOTA_SAME;
    if (longest == 0 && q->over_since_ms != 0) {
        q->over_since_ms = 0;
        *change = JB_QUOTA_KEPT;
    } else if (longest > 0 && q->over_since_ms == 0) {
        q->over_since_ms = now_ms;
        *change = JB_QUOTA_EXCEEDED;
    } else if (longest > 0 && now_ms - q->over_since_ms >= limits->patience_ms) {
        q->over_since_ms = now_ms;
        q->turned_away_ms = now_ms + limits->penalty_ms;
        *change = JB_QUOTA_TURNED_AWAY;
    }
    return longest < WAIT_MAX_MS ? longest : WAIT_MAX_MS;
}

bool jb_quota_turned_away(const struct jb_quota *q, int64_t now_ms)
{
    return now_ms < q->turned_away_ms;
}
