#include "proto/rules/book.h"

#define DIGITS 6 /* of a division code that name province, city, county */

/* Does a division code `wide` hold `narrow`? Pairs of trailing zeros stand for "all of it"; "" and
 * "CN" hold everything. Returns how specific it is, 0 when it does not hold it. */
static unsigned holds(const char *wide, const char *narrow)
{
    size_t len = strlen(wide);

    if (len == 0 || strcmp(wide, "CN") == 0)
        return 1;
    if (len > DIGITS)
        len = DIGITS;
    while (len >= 2 && wide[len - 1] == '0' && wide[len - 2] == '0')
        len -= 2;
    return len > 0 && strncmp(wide, narrow, len) == 0 ? (unsigned)len + 1 : 0;
}

static const char *region_of(const struct jb_rulebook *b, uint32_t node)
{
    const struct jb_node *n = b->directory != NULL ? jb_directory_find(b->directory, node) : NULL;

    return n != NULL && n->region != NULL ? n->region : "";
}

static unsigned policy_holds(const struct jb_policy *p, const char *region)
{
    char wide[16] = "";

    if (p->region.len >= sizeof wide)
        return 0;
    if (p->region.len > 0)
        memcpy(wide, p->region.data, p->region.len);
    return holds(wide, region);
}

const struct jb_policy *jb_book_policy_at(const struct jb_rulebook *b, uint32_t node, int64_t at_ms)
{
    const char *region = region_of(b, node);
    const struct jb_policy *best = NULL;
    unsigned best_fit = 0;

    if (b->policy_count == 0)
        return b->policy;
    for (size_t i = 0; i < b->policy_count; i++) {
        const struct jb_policy *p = b->policies[i];
        unsigned fit = policy_holds(p, region);

        if (fit == 0 || p->effective_from_ms > at_ms)
            continue;
        if (best == NULL || fit > best_fit ||
            (fit == best_fit && p->effective_from_ms >= best->effective_from_ms)) {
            best = p;
            best_fit = fit;
        }
    }
    return best != NULL ? best : b->policy;
}

const struct jb_policy *jb_book_policy_version(const struct jb_rulebook *b, struct jb_text version)
{
    for (size_t i = b->policy_count; i > 0; i--) {
        if (jb_text_equal(b->policies[i - 1]->version, version))
            return b->policies[i - 1];
    }
    if (b->policy != NULL && jb_text_equal(b->policy->version, version))
        return b->policy;
    return NULL;
}

const struct jb_calendar *jb_book_calendar_of(const struct jb_rulebook *b, uint32_t node)
{
    const char *region = region_of(b, node);
    const struct jb_calendar *best = b->calendar;
    unsigned best_fit = 0;

    for (size_t i = 0; i < b->calendar_count; i++) {
        unsigned fit = holds(b->calendars[i].region, region);

        if (fit > best_fit) {
            best = b->calendars[i].calendar;
            best_fit = fit;
        }
    }
    return best;
}

const struct jb_policy_row *jb_book_row_of(const struct jb_rulebook *b, const struct jb_deadline *d)
{
    const struct jb_policy *p = jb_book_policy_version(b, d->policy_version);

    if (p == NULL)
        p = b->policy;
    return p != NULL ? jb_policy_row(p, d->key) : NULL;
}
