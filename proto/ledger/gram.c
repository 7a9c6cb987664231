/* See gram.h. A pair is one number: the first character above, the second below. */
#include "proto/ledger/gram.h"

#include <assert.h>

#include "proto/base/utf8.h"
#include "proto/ledger/query.h"

#define CHARACTER_BITS 21
#define SECOND_MAX ((INT64_C(1) << CHARACTER_BITS) - 1)
#define MARK INT64_C(-1) /* no pair: its row says how far an older file still lacks them */
/* A text that is rarer is found from its pairs; one character that is more frequent stands in so
 * many titles that the newest of them come soon. */
#define RARE 20000
#define COMMON 4000 /* pairs in so many titles count as equally frequent at first */
#define COMMON_STEP 8
#define COMMON_MOST 32000
#define FEW 200 /* so many cases are looked at one by one */
#define PAIRS_MAX 24

/* The next character of valid UTF-8 from *at on; 0 at the end. */
static int64_t character(struct jb_text t, size_t *at)
{
    if (*at >= t.len)
        return 0;
    const uint8_t *p = (const uint8_t *)t.data + *at;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    int64_t value = len == 1 ? p[0] : p[0] & (0x7f >> len);

    if (*at + len > t.len)
        len = t.len - *at;
    for (size_t i = 1; i < len; i++)
        value = value << 6 | (p[i] & 0x3f);
    *at += len;
    return value >= 'A' && value <= 'Z' ? value + ('a' - 'A') : value;
}

/* Over all pairs. */
struct pairs {
    struct jb_text text;
    size_t at;
    int64_t first;
};

static struct pairs pairs_of(struct jb_text text)
{
    struct pairs p = {.text = text};

    p.first = character(text, &p.at);
    return p;
}

static bool pair_next(struct pairs *p, int64_t *gram)
{
    if (p->first == 0)
        return false;
    int64_t second = character(p->text, &p->at);
    *gram = p->first << CHARACTER_BITS | second;
    p->first = second;
    return true;
}

/* Not what is made in memory to be compared: it would take as much again. */
static bool has_pairs(const struct jb_ledger *l)
{
    return l->role == JB_LEDGER_REPLICA && !l->memory;
}

static enum jb_err each(struct jb_ledger *l, enum jb_sql id, int64_t case_no, struct jb_text title)
{
    struct pairs p = pairs_of(title);
    int64_t gram = 0;
    enum jb_err err = JB_OK;

    assert(l->writing);
    if (!has_pairs(l))
        return JB_OK;
    while (err == JB_OK && pair_next(&p, &gram))
        err = jb_sql_run(l, id, JB_ROW(jb_int(gram), jb_int(case_no)));
    return err;
}

enum jb_err jb_gram_put(struct jb_ledger *l, int64_t case_no, struct jb_text title)
{
    return each(l, JB_SQL_GRAM_ADD, case_no, title);
}

enum jb_err jb_gram_drop(struct jb_ledger *l, int64_t case_no, struct jb_text title)
{
    return each(l, JB_SQL_GRAM_DROP, case_no, title);
}

enum jb_err jb_gram_drop_case(struct jb_ledger *l, int64_t case_no)
{
    enum jb_err err;

    if (!has_pairs(l))
        return JB_OK;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_CASE_TITLE, JB_ROW(jb_int(case_no)));
    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_bytes title = jb_peek_blob(&r);
        err = jb_gram_drop(l, case_no, (struct jb_text){(const char *)title.data, title.len});
    }
    jb_sql_done(s);
    return err;
}

/* ---- files from before there was an index ---- */

enum jb_err jb_gram_load(struct jb_ledger *l)
{
    enum jb_err err = jb_sql_number(l, JB_SQL_GRAM_MARK, JB_ROW(jb_int(MARK)), &l->grams_left);

    if (err == JB_NOT_FOUND)
        l->grams_left = 0;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

/* The next cases downwards; *left: the last of them, 0 when there are no more. */
static enum jb_err some_put(struct jb_ledger *l, size_t max, int64_t *left)
{
    enum jb_err err;
    size_t found = 0;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_CASE_TITLES, JB_ROW(jb_int(*left), jb_u64(max)));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        *left = jb_get_i64(&r);
        struct jb_bytes title = jb_peek_blob(&r);
        err = jb_gram_put(l, *left, (struct jb_text){(const char *)title.data, title.len});
        if (err != JB_OK)
            break;
        found++;
    }
    jb_sql_done(s);
    if (err == JB_OK && found < max)
        *left = 0;
    return err;
}

enum jb_err jb_ledger_titles_index(struct jb_ledger *l, size_t max, bool *done)
{
    int64_t left = l->grams_left;

    *done = left == 0;
    if (*done)
        return JB_OK;
    enum jb_err err = jb_ledger_begin(l);
    if (err != JB_OK)
        return err;
    err = some_put(l, max, &left);
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_GRAM_DROP, JB_ROW(jb_int(MARK), jb_int(l->grams_left)));
    if (err == JB_OK && left != 0)
        err = jb_sql_run(l, JB_SQL_GRAM_ADD, JB_ROW(jb_int(MARK), jb_int(left)));
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    else
        jb_ledger_rollback(l);
    if (err == JB_OK)
        l->grams_left = left;
    *done = err == JB_OK && left == 0;
    return err;
}

/* ---- looking for a text ---- */

static enum jb_err count_up_to(struct jb_ledger *l, int64_t low, int64_t high, int64_t most,
                               int64_t *count)
{
    return jb_sql_number(l, JB_SQL_GRAM_COUNT, JB_ROW(jb_int(low), jb_int(high), jb_int(most)),
                         count);
}

/* One character: all pairs that begin with it. */
static enum jb_err single_pick(struct jb_ledger *l, int64_t gram, struct jb_gram_pick *out)
{
    int64_t count = 0;

    out->low = gram;
    out->high = gram | SECOND_MAX;
    enum jb_err err = count_up_to(l, out->low, out->high, RARE, &count);
    out->found = err == JB_OK && count < RARE;
    return err;
}

/* The pairs of a text that stand before something, each once. */
struct choice {
    int64_t grams[PAIRS_MAX];
    size_t count;
    int64_t last; /* one character and nothing behind it */
};

static void choice_read(struct jb_text text, struct choice *k)
{
    struct pairs p = pairs_of(text);

    *k = (struct choice){.count = 0};
    while (pair_next(&p, &k->last) && (k->last & SECOND_MAX) != 0) {
        size_t i = 0;
        while (i < k->count && k->grams[i] != k->last)
            i++;
        if (i == k->count && k->count < PAIRS_MAX)
            k->grams[k->count++] = k->last;
    }
}

/* The rarest one. Counting takes its time: only when all are frequent it is worth more of it. */
static enum jb_err rarest(struct jb_ledger *l, const struct choice *k, size_t *best, int64_t *least)
{
    enum jb_err err = JB_OK;

    *best = 0;
    for (int64_t most = COMMON; most <= COMMON_MOST && err == JB_OK; most *= COMMON_STEP) {
        *least = most;
        for (size_t i = 0; i < k->count && err == JB_OK && *least > 0; i++) {
            int64_t count = 0;
            err = count_up_to(l, k->grams[i], k->grams[i], *least, &count);
            if (err != JB_OK || count >= *least)
                continue;
            *best = i;
            *least = count;
        }
        if (*least < most)
            break;
    }
    return err;
}

enum jb_err jb_gram_pick(struct jb_ledger *l, struct jb_text text, struct jb_gram_pick *out)
{
    struct choice k;
    size_t best = 0;
    int64_t least = 0;

    *out = (struct jb_gram_pick){.found = false};
    if (!has_pairs(l) || l->grams_left != 0 || jb_text_check(text.data, text.len) != JB_OK)
        return JB_OK;
    choice_read(text, &k);
    if (k.count == 0)
        return k.last != 0 ? single_pick(l, k.last, out) : JB_OK;
    enum jb_err err = rarest(l, &k, &best, &least);
    *out = (struct jb_gram_pick){true, k.grams[best], k.grams[best], {0}, 0};
    for (size_t i = 0; i < k.count && least > FEW && out->also_count < JB_GRAM_ALSO; i++)
        if (i != best)
            out->also[out->also_count++] = k.grams[i];
    return err;
}
