/* Values as they are typed -> values of the library. Each function says what is wrong. */
#include "clients/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)2 * 1024 * 1024)
#define DAY_MS INT64_C(86400000)

static int bad(struct cli *c, enum cli_opt opt, const char *value)
{
    const struct cli_option *o = &cli_options[opt];
    return cli_malformed(c, _("%s%s: \"%s\" is not understood; expected %s"),
                         o->name != NULL ? "--" : "", o->name != NULL ? o->name : _(o->arg),
                         cli_short(c, cli_safe(c, value), 60),
                         o->doc != NULL ? _(o->doc) : _(o->arg));
}

/* Full-width digits and signs ("２０２６－０３－０１") as the plain ones. */
static const char *half_width(struct cli *c, const char *text)
{
    char *half = cli_own(c, strdup(text));
    char *to = half;
    if (half == NULL)
        return text;
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        bool full = s[0] == 0xEF && s[1] == 0xBC && s[2] >= 0x81 && s[2] <= 0xBF;
        *to++ = full ? (char)(s[2] - 0x60) : (char)*s;
        s += full ? 3 : 1;
    }
    *to = '\0';
    return half;
}

int cli_read_u64(struct cli *c, enum cli_opt opt, uint64_t *out)
{
    const char *value = cli_opt(c, opt) != NULL ? half_width(c, cli_opt(c, opt)) : NULL;
    char *end = NULL;
    if (value == NULL)
        return 0;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return bad(c, opt, value);
    *out = number;
    return 0;
}

int cli_read_u32(struct cli *c, enum cli_opt opt, uint32_t *out)
{
    uint64_t number = *out;
    int code = cli_read_u64(c, opt, &number);
    if (code == 0 && number > UINT32_MAX)
        return bad(c, opt, cli_opt(c, opt));
    *out = (uint32_t)number;
    return code;
}

/* Days are mostly of this year, and are often counted from today. */
static const struct {
    const char *english, *chinese;
    int days;
} near_days[] = {{"yesterday", "昨天", -1}, {"today", "今天", 0}, {"tomorrow", "明天", 1}};

static bool near_day(struct cli *c, const char *text, const char **day)
{
    for (size_t i = 0; i < sizeof near_days / sizeof near_days[0]; i++)
        if (strcmp(near_days[i].english, text) == 0 || strcmp(near_days[i].chinese, text) == 0) {
            char *instant = cli_own(c, malloc(JIAOBAN_TEXT));
            if (instant == NULL)
                return false;
            jiaoban_instant_text(c->now_ms + near_days[i].days * DAY_MS, false, instant);
            instant[strcspn(instant, " ")] = '\0';
            *day = instant;
            return true;
        }
    return false;
}

/* Up to `most` digits, then the mark; NULL: something else stands there. */
static const char *date_part(const char *at, int most, const char *mark, int *number)
{
    int digits = 0;
    for (*number = 0; digits < most && *at >= '0' && *at <= '9'; digits++, at++)
        *number = *number * 10 + (*at - '0');
    size_t len = strlen(mark);
    return digits > 0 && strncmp(at, mark, len) == 0 ? at + len : NULL;
}

/* Year, month and day with these marks behind them, and nothing after that. */
static bool date_like(const char *text, const char *const marks[3], int parts[3])
{
    static const int most[3] = {4, 2, 2};
    for (int i = 0; i < 3 && text != NULL; i++)
        if (marks[i] != NULL)
            text = date_part(text, most[i], marks[i], &parts[i]);
    return text != NULL && text[0] == '\0';
}

/* "2026/3/1", "2026.3.1", "2026年3月1日" and "20260301" with dashes; "3月1日" with this year. */
static const char *usual_date(struct cli *c, const char *text)
{
    static const char *const shapes[][3] = {
        {"/", "/", ""}, {".", ".", ""}, {"年", "月", "日"}, {NULL, "月", "日"}};
    static const char *const digits[3] = {"", "", ""};
    int parts[3] = {0, 0, 0};
    if (strlen(text) == 8 && strspn(text, "0123456789") == 8 && date_like(text, digits, parts))
        return cli_format(c, "%04d-%02d-%02d", parts[0], parts[1], parts[2]);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (!date_like(text, shapes[i], parts))
            continue;
        if (shapes[i][0] != NULL)
            return cli_format(c, "%04d-%02d-%02d", parts[0], parts[1], parts[2]);
        char today[JIAOBAN_TEXT];
        jiaoban_instant_text(c->now_ms, false, today);
        return cli_format(c, "%.4s-%02d-%02d", today, parts[1], parts[2]);
    }
    return text;
}

int cli_read_instant(struct cli *c, enum cli_opt opt, bool end_of_day, int64_t *out_ms)
{
    const char *value = cli_opt(c, opt);
    if (value == NULL)
        return 0;
    if (strcmp(value, "now") == 0 || strcmp(value, _("now")) == 0) {
        *out_ms = c->now_ms;
        return 0;
    }
    const char *day = half_width(c, value);
    if (!near_day(c, day, &day))
        day = usual_date(c, day);
    if (jiaoban_instant(day, end_of_day, out_ms) != JIAOBAN_OK) {
        return cli_malformed(c, _("--%s: \"%s\" is no date; write it as %s"), cli_options[opt].name,
                             cli_short(c, cli_safe(c, value), 60), "2026-11-30 / 2026年11月30日");
    }
    return 0;
}

int cli_read_word(struct cli *c, enum cli_opt opt, const struct jb_word *words, int *out)
{
    const char *value = cli_opt(c, opt);
    if (value == NULL || cli_word_read(words, value, out))
        return 0;
    return bad(c, opt, value);
}

int cli_find_node(struct cli *c, const char *what, uint32_t *out)
{
    enum jiaoban_status status = jiaoban_find_node(c->j, what, out);
    return status == JIAOBAN_OK ? 0 : cli_failed(c, status);
}

int cli_read_node(struct cli *c, enum cli_opt opt, uint32_t *out)
{
    const char *value = cli_opt(c, opt);
    return value == NULL ? 0 : cli_find_node(c, value, out);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int file_failed(struct cli *c, const char *path, const char *why)
{
    return cli_malformed(c, "%s: %s", cli_safe(c, path), why);
}

static int read_stream(struct cli *c, FILE *in, const char *path, char **out, size_t *out_bytes)
{
    size_t len = 0;
    size_t capacity = 65536;
    char *text = malloc(capacity + 1);

    while (text != NULL && !feof(in) && !ferror(in) && len <= FILE_LIMIT) {
        if (len == capacity) {
            char *more = realloc(text, 2 * capacity + 1);
            if (more == NULL)
                break;
            text = more;
            capacity *= 2;
        }
        len += fread(text + len, 1, capacity - len, in);
    }
    if (text == NULL || ferror(in) || !feof(in)) {
        free(text);
        return file_failed(c, path, len > FILE_LIMIT ? _("too large") : _("cannot be read"));
    }
    text[len] = '\0';
    *out = cli_own(c, text);
    *out_bytes = len;
    return *out != NULL ? 0 : jiaoban_status_exit(JIAOBAN_NOMEM);
}

int cli_read_file(struct cli *c, const char *path, char **out, size_t *out_bytes)
{
    if (strcmp(path, "-") == 0)
        return read_stream(c, stdin, path, out, out_bytes);
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return file_failed(c, path, strerror(errno));
    int code = read_stream(c, in, path, out, out_bytes);
    fclose(in);
    return code;
}

int cli_read_text(struct cli *c, const char *value, const char **out)
{
    char *text = NULL;
    size_t len = 0;

    if (strncmp(value, "@@", 2) == 0) {
        *out = value + 1;
        return 0;
    }
    if (value[0] != '@' && strcmp(value, "-") != 0) {
        *out = value;
        return 0;
    }
    const char *path = value[0] == '@' ? value + 1 : value;
    int code = cli_read_file(c, path, &text, &len);
    if (code != 0 || text == NULL)
        return code;
    if (memchr(text, '\0', len) != NULL)
        return file_failed(c, path, _("a text contains a NUL character"));
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    *out = text;
    return 0;
}

/* ---- persons --------------------------------------------------------------------------------- */

static bool person_field(struct jiaoban_person *p, const char *name, const char *value)
{
    static const struct {
        const char *names[3];
        size_t offset;
    } rows[] = {
        {{"name", "姓名", NULL}, offsetof(struct jiaoban_person, name)},
        {{"id", "身份证", "证件"}, offsetof(struct jiaoban_person, id_number)},
        {{"phone", "电话", "手机"}, offsetof(struct jiaoban_person, phone)},
        {{"address", "地址", "住址"}, offsetof(struct jiaoban_person, address)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t n = 0; n < 3 && rows[i].names[n] != NULL; n++)
            if (strcmp(rows[i].names[n], name) == 0) {
                memcpy((char *)p + rows[i].offset, &value, sizeof value);
                return true;
            }
    return false;
}

/* "name=...,phone=...,main"; a comma within a value is written "\,". */
int cli_read_person(struct cli *c, const char *value, struct jiaoban_person *out)
{
    char *text = cli_own(c, strdup(value));
    char *to = text;
    char *field = text;

    *out = (struct jiaoban_person){0};
    if (text == NULL)
        return jiaoban_status_exit(JIAOBAN_NOMEM);
    for (const char *s = value;; s++) {
        if (*s == '\\' && s[1] == ',') {
            *to++ = *++s;
            continue;
        }
        if (*s != ',' && *s != '\0') {
            *to++ = *s;
            continue;
        }
        *to++ = '\0';
        char *equals = strchr(field, '=');
        if (equals != NULL)
            *equals = '\0';
        if (equals == NULL ? strcmp(field, "main") != 0 : !person_field(out, field, equals + 1))
            return bad(c, OPT_PERSON, value);
        if (equals == NULL)
            out->main_visitor = true;
        if (*s == '\0')
            return 0;
        field = to;
    }
}
