/* Texts that people look for: as a pattern of titles, as a case number, as a piece of one. Pieces
 * by arithmetic: nobody has to read all numbers to find a few digits. */
#include "proto/ledger/querycases.h"

#include "proto/base/quantity.h"
#include "proto/rules/caseno.h"

#define DIGITS 19 /* of an int64_t, and of every case number */

/* "%text%" with the pattern's own characters escaped by a backslash. */
enum jb_err jb_cases_pattern(struct jb_text text, struct jb_arena *arena, struct jb_text *out)
{
    char *p = jb_arena_alloc(arena, text.len * 2 + 2);
    size_t len = 0;

    if (p == NULL)
        return JB_NOMEM;
    p[len++] = '%';
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("%_\\", text.data[i]) != NULL && text.data[i] != '\0')
            p[len++] = '\\';
        p[len++] = text.data[i];
    }
    p[len++] = '%';
    *out = (struct jb_text){p, len};
    return JB_OK;
}

/* The digits of a piece of a case number as people write it ("00007-00042"); empty if the text is
 * not such a piece. */
enum jb_err jb_cases_digits(struct jb_text text, struct jb_arena *arena, struct jb_text *out)
{
    char *p = jb_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (p == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        char ch = text.data[i];
        if (ch >= '0' && ch <= '9')
            p[len++] = ch;
        else if (ch != '-' && ch != ' ')
            return JB_OK;
    }
    *out = (struct jb_text){p, len};
    return JB_OK;
}

/* A whole case number is that case. */
bool jb_cases_whole_number(struct jb_text digits, int64_t *case_no)
{
    int64_t number = 0;
    bool whole = digits.len >= 18 && jb_int_parse(digits, &number) == JB_OK &&
                 jb_caseno_check(number) == JB_OK;
    if (whole)
        *case_no = number;
    return whole;
}

/* ---- pieces of numbers ---- */

static uint64_t power(size_t exponent)
{
    uint64_t value = 1;

    while (exponent-- > 0)
        value *= 10;
    return value;
}

/* The largest number up to `most` that has `piece`, of `len` digits, with `behind` digits after it;
 * -1: none. It may have zeros before it only where the number does not begin with them. */
static int64_t with_piece_at(uint64_t most, uint64_t piece, size_t len, size_t behind)
{
    uint64_t unit = power(behind);
    uint64_t width = power(len);
    uint64_t above = most / unit / width; /* what stands before the piece in `most` */
    uint64_t there = most / unit % width;
    uint64_t rest = there == piece ? most % unit : unit - 1;

    if (there < piece) {
        if (above == 0)
            return -1;
        above--;
    }
    if (above == 0 && piece < width / 10) /* a number does not begin with 0 */
        return -1;
    return (int64_t)((above * width + piece) * unit + rest);
}

int64_t jb_cases_number_below(int64_t below, struct jb_text digits)
{
    uint64_t piece = 0;
    int64_t best = -1;

    if (below <= 0 || digits.len > DIGITS)
        return -1;
    for (size_t i = 0; i < digits.len; i++)
        piece = piece * 10 + (uint64_t)(digits.data[i] - '0');
    for (size_t behind = 0; behind + digits.len <= DIGITS; behind++) {
        int64_t found = with_piece_at((uint64_t)below - 1, piece, digits.len, behind);
        best = found > best ? found : best;
    }
    return best;
}
