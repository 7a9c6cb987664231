/* See range.h. */
#include "clients/gateway/range.h"

#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 18 /* so that no sum overflows */

/* Digits at *at, and moves on behind them; false: there are none, or too many. */
static bool number_take(const char **at, uint64_t *out)
{
    size_t len = strspn(*at, "0123456789");
    *out = 0;
    for (size_t i = 0; i < len && len <= DIGITS_MAX; i++)
        *out = 10 * *out + (uint64_t)((*at)[i] - '0');
    *at += len;
    return len > 0 && len <= DIGITS_MAX;
}

static bool word_take(const char **at, const char *word)
{
    size_t len = strlen(word);
    bool is = strncmp(*at, word, len) == 0;
    *at += is ? len : 0;
    return is;
}

/* "bytes=A-B", "bytes=A-", "bytes=-N"; false: something else. */
static bool asked_read(const char *at, uint64_t total, struct jb_gw_range *r)
{
    uint64_t n = 0;
    r->end = total;
    if (!word_take(&at, "bytes="))
        return false;
    if (word_take(&at, "-")) {
        if (!number_take(&at, &n) || *at != '\0')
            return false;
        r->begin = n == 0 ? total : n < total ? total - n : 0;
        return true;
    }
    if (!number_take(&at, &r->begin) || !word_take(&at, "-"))
        return false;
    if (*at == '\0')
        return true;
    if (!number_take(&at, &n) || *at != '\0' || n < r->begin)
        return false;
    r->end = n < total ? n + 1 : total;
    return true;
}

bool jb_gw_range_read(const char *header, uint64_t total, struct jb_gw_range *out)
{
    struct jb_gw_range asked = {.total = total, .given = true};
    *out = (struct jb_gw_range){.end = total, .total = total};
    if (header == NULL || !asked_read(header, total, &asked))
        return true;
    *out = asked;
    return asked.begin < total;
}

bool jb_gw_content_range_read(const char *header, uint64_t length, struct jb_gw_range *out)
{
    uint64_t last = 0;
    *out = (struct jb_gw_range){.end = length, .total = length};
    if (header == NULL)
        return true;
    out->given = true;
    if (!word_take(&header, "bytes ") || !number_take(&header, &out->begin) ||
        !word_take(&header, "-") || !number_take(&header, &last) || !word_take(&header, "/") ||
        !number_take(&header, &out->total) || *header != '\0')
        return false;
    out->end = last + 1;
    return last >= out->begin && out->end <= out->total && out->end - out->begin == length;
}
