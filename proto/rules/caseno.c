#include "proto/rules/caseno.h"

#include <inttypes.h>
#include <stdio.h>

#define DIGITS 19
#define YEAR_MAX 9222 /* 9223-12-31 would not fit an int64_t */
#define HINTS_MAX 2   /* with more candidates a hint says nothing */

/* Nineteen decimal digits, most significant first. */
struct digits {
    uint8_t at[DIGITS];
};

static struct digits split(int64_t no)
{
    struct digits d;

    for (int i = DIGITS - 1; i >= 0; i--) {
        d.at[i] = (uint8_t)(no % 10);
        no /= 10;
    }
    return d;
}

/* False: more than an int64_t holds. */
static bool join(const struct digits *d, int64_t *out)
{
    int64_t no = 0;

    for (int i = 0; i < DIGITS; i++) {
        if (__builtin_mul_overflow(no, 10, &no) || __builtin_add_overflow(no, d->at[i], &no))
            return false;
    }
    *out = no;
    return true;
}

/* ISO 7064 MOD 11,10 over all digits but the last. */
static uint8_t check_digit(const struct digits *d)
{
    int product = 10;

    for (int i = 0; i < DIGITS - 1; i++) {
        int sum = (product + d->at[i]) % 10;

        product = (sum != 0 ? sum : 10) * 2 % 11;
    }
    return (uint8_t)((11 - product) % 10);
}

static int part(int64_t no, int64_t divisor, int64_t modulus)
{
    return (int)(no / divisor % modulus);
}

static enum jb_err date_of(int64_t no, struct jb_date *out)
{
    struct jb_ymd ymd = {.year = part(no, INT64_C(1000000000000000), 10000),
                         .month = part(no, INT64_C(10000000000000), 100),
                         .day = part(no, INT64_C(100000000000), 100)};

    return ymd.year > YEAR_MAX ? JB_RANGE : jb_date_make(ymd, out);
}

struct jb_date jb_caseno_date(int64_t no)
{
    struct jb_date date = {0};

    (void)!date_of(no, &date);
    return date;
}

uint32_t jb_caseno_node(int64_t no)
{
    return (uint32_t)part(no, 1000000, 100000);
}

uint32_t jb_caseno_seq(int64_t no)
{
    return (uint32_t)part(no, 10, 100000);
}

enum jb_err jb_caseno_make(struct jb_date date, uint32_t node, uint32_t seq, int64_t *out)
{
    struct jb_ymd ymd = jb_date_split(date);
    struct digits d;
    int64_t no;

    if (node < 1 || node > JB_CASENO_NODE_MAX || seq < 1 || seq > JB_CASENO_SEQ_MAX ||
        ymd.year > YEAR_MAX)
        return JB_RANGE;
    no = (ymd.year * INT64_C(10000) + ymd.month * 100 + ymd.day) * 100000 + node;
    no = (no * 100000 + seq) * 10;
    d = split(no);
    *out = no + check_digit(&d);
    return JB_OK;
}

/* Everything but the check digit. */
static enum jb_err check_parts(int64_t no)
{
    struct jb_date date;

    if (no < 0 || date_of(no, &date) != JB_OK || jb_caseno_node(no) == 0 || jb_caseno_seq(no) == 0)
        return JB_RANGE;
    return JB_OK;
}

enum jb_err jb_caseno_check(int64_t no)
{
    struct digits d;

    if (check_parts(no) != JB_OK)
        return JB_RANGE;
    d = split(no);
    return check_digit(&d) == d.at[DIGITS - 1] ? JB_OK : JB_MALFORMED;
}

void jb_caseno_format(int64_t no, char out[JB_CASENO_TEXT])
{
    struct digits d = split(no);
    size_t at = 0;

    for (int i = 0; i < DIGITS; i++) {
        if (i == 8 || i == 13 || i == 18)
            out[at++] = '-';
        out[at++] = (char)('0' + d.at[i]);
    }
    out[at] = '\0';
}

/* What people put between the groups: ASCII and typographic dashes, the full-width minus, blanks.
 */
static size_t separator_bytes(struct jb_text text)
{
    static const char *const separators[] = {
        "-", " ", "\t", "‐", "‑", "‒", "–", "—", "―", "−", "－", "\u00a0", "\u3000",
    };

    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        size_t len = strlen(separators[i]);

        if (text.len >= len && memcmp(text.data, separators[i], len) == 0)
            return len;
    }
    return 0;
}

/* An ASCII or full-width (U+FF10..FF19 = EF BC 90..99) digit; its length in bytes, or 0. */
static size_t digit_bytes(struct jb_text text, uint8_t *out)
{
    const uint8_t *p = (const uint8_t *)text.data;

    if (p[0] >= '0' && p[0] <= '9') {
        *out = (uint8_t)(p[0] - '0');
        return 1;
    }
    if (text.len >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
        *out = (uint8_t)(p[2] - 0x90);
        return 3;
    }
    return 0;
}

static enum jb_err read_digits(struct jb_text text, struct digits *out, struct jb_fault *fault)
{
    size_t count = 0;
    size_t position = 0; /* of the character, for the message */

    while (text.len > 0) {
        uint8_t digit = 0;
        size_t n = digit_bytes(text, &digit);

        position++;
        if (n > 0 && count < DIGITS)
            out->at[count] = digit;
        if (n > 0)
            count++;
        else
            n = separator_bytes(text);
        if (n == 0)
            return jb_fault_set(fault, JB_MALFORMED,
                                "case number: character %zu is neither a digit nor a dash",
                                position);
        text.data += n;
        text.len -= n;
    }
    if (count != DIGITS)
        return jb_fault_set(fault, JB_MALFORMED, "case number: %zu digits instead of %d", count,
                            DIGITS);
    return JB_OK;
}

/* Numbers that differ by one swap of neighbours and would be right. Returns how many, at most
 * HINTS_MAX + 1; the first HINTS_MAX are put into `hints`. */
static int find_swaps(const struct digits *d, int64_t hints[HINTS_MAX])
{
    int found = 0;

    for (int i = 0; i + 1 < DIGITS && found <= HINTS_MAX; i++) {
        struct digits swapped = *d;
        int64_t no;

        swapped.at[i] = d->at[i + 1];
        swapped.at[i + 1] = d->at[i];
        if (!join(&swapped, &no) || jb_caseno_check(no) != JB_OK)
            continue;
        if (found < HINTS_MAX)
            hints[found] = no;
        found++;
    }
    return found;
}

static enum jb_err refuse_check_digit(const struct digits *d, struct jb_fault *fault)
{
    int64_t hints[HINTS_MAX];
    int found = find_swaps(d, hints);
    char first[JB_CASENO_TEXT];
    char second[JB_CASENO_TEXT];

    if (found < 1 || found > HINTS_MAX)
        return jb_fault_set(fault, JB_MALFORMED,
                            "case number: the check digit does not fit; a digit is wrong");
    jb_caseno_format(hints[0], first);
    if (found == 1)
        return jb_fault_set(fault, JB_MALFORMED,
                            "case number: the check digit does not fit; perhaps two neighbours are "
                            "swapped: %s",
                            first);
    jb_caseno_format(hints[1], second);
    return jb_fault_set(fault, JB_MALFORMED,
                        "case number: the check digit does not fit; perhaps two neighbours are "
                        "swapped: %s or %s",
                        first, second);
}

static enum jb_err refuse_part(int64_t no, struct jb_fault *fault)
{
    struct jb_date date;

    if (date_of(no, &date) != JB_OK)
        return jb_fault_set(fault, JB_RANGE, "case number: there is no day %08lld",
                            (long long)(no / INT64_C(100000000000)));
    return jb_fault_set(fault, JB_RANGE, "case number: %s starts at 00001",
                        jb_caseno_node(no) == 0 ? jb_said("the node (digits 9 to 13)")
                                                : jb_said("the count (digits 14 to 18)"));
}

enum jb_err jb_caseno_parse(struct jb_text text, int64_t *out, struct jb_fault *fault)
{
    struct digits d = {{0}};
    int64_t no;
    enum jb_err err = read_digits(text, &d, fault);

    if (err != JB_OK)
        return err;
    if (!join(&d, &no))
        return jb_fault_set(fault, JB_RANGE, "case number: the year is after %d", YEAR_MAX);
    if (check_parts(no) != JB_OK)
        return refuse_part(no, fault);
    if (jb_caseno_check(no) != JB_OK)
        return refuse_check_digit(&d, fault);
    *out = no;
    return JB_OK;
}
