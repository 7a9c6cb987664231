/* See scan.h. */
#include "clients/gateway/scan.h"

#include <stdio.h>
#include <strings.h>

#include "clients/gateway/config.h"

#define METHOD_BYTES 16
#define NAME_BYTES 256

static struct jb_gw_verdict refuse(unsigned status, const char *detail)
{
    return (struct jb_gw_verdict){.status = status, .detail = detail, .complete = true};
}

static const struct jb_gw_verdict good = {0, NULL, true};
static const struct jb_gw_verdict wait_for_more = {0, NULL, false};

static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_span(const char *at, size_t len)
{
    size_t n = 0;
    while (n < len && token_char(at[n]))
        n++;
    return n;
}

/* ---- request line ---- */

static struct jb_gw_verdict check_target(const char *at, size_t len)
{
    if (len > JB_GW_TARGET_BYTES)
        return refuse(414, "the path with its query is too long");
    if (len == 0 || at[0] != '/')
        return refuse(400, "the target of a request begins with a slash");
    for (size_t i = 0; i < len; i++)
        if (at[i] <= ' ' || at[i] > '~' || at[i] == '#' || at[i] == '\\')
            return refuse(400, "the path or query holds a character that has to be encoded");
    return good;
}

static struct jb_gw_verdict check_line(const char *line, size_t len)
{
    size_t method = token_span(line, len);
    const char *end = line + len;
    if (method == 0 || method == len || line[method] != ' ')
        return refuse(400, "this is no request of HTTP/1");
    if (method > METHOD_BYTES)
        return refuse(501, "no such method is known");
    const char *target = line + method + 1;
    const char *space = memchr(target, ' ', (size_t)(end - target));
    if (space == NULL)
        return refuse(400, "the request line names no version of HTTP");
    struct jb_gw_verdict verdict = check_target(target, (size_t)(space - target));
    if (verdict.status != 0)
        return verdict;
    if (end - space != 9 || memcmp(space, " HTTP/", 6) != 0)
        return refuse(400, "the request line names no version of HTTP");
    if (memcmp(space + 6, "1.1", 3) != 0 && memcmp(space + 6, "1.0", 3) != 0)
        return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return good;
}

/* ---- header lines ---- */

/* Headers whose second occurrence could be read differently by somebody else. */
static const char *const once[] = {
    "Host",   "Content-Length", "Content-Type",    "Authorization", "Cookie",
    "Origin", "X-CSRF-Token",   "Idempotency-Key", "If-Match",      "If-None-Match",
    "Range",  "X-Proxy-Secret", "Last-Event-ID",   "Expect",
};
#define ONCE (sizeof once / sizeof once[0])
#define HOST 0
#define LENGTH 1

struct head {
    const char *hosts;
    size_t count;
    bool seen[ONCE];
};

static bool name_is(const char *at, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(at, name, len) == 0;
}

static bool host_known(const char *value, size_t len, const char *hosts)
{
    char name[NAME_BYTES];
    size_t port = len;
    while (port > 0 && value[port - 1] >= '0' && value[port - 1] <= '9')
        port--;
    if (port > 0 && port < len && value[port - 1] == ':')
        len = port - 1;
    while (jb_gw_list_next(&hosts, name, sizeof name))
        if (name_is(value, len, name))
            return true;
    return false;
}

static struct jb_gw_verdict check_value(struct head *h, size_t which, const char *value, size_t len)
{
    if (h->seen[which])
        return refuse(400, "a header that may come once came twice");
    h->seen[which] = true;
    if (which == HOST && !host_known(value, len, h->hosts))
        return refuse(421, "this site is not called by that name ([http] hosts)");
    if (which == LENGTH) {
        size_t digits = 0;
        while (digits < len && value[digits] >= '0' && value[digits] <= '9')
            digits++;
        if (digits != len || len == 0 || len > 12)
            return refuse(400, "Content-Length is no number");
    }
    return good;
}

static struct jb_gw_verdict check_header(struct head *h, const char *line, size_t len)
{
    size_t name = token_span(line, len);
    if (name == 0 || name == len || line[name] != ':')
        return refuse(400, "a header line is not a name, a colon and a value");
    if (++h->count > JB_GW_HEADERS)
        return refuse(431, "too many headers");
    const char *value = line + name + 1;
    size_t left = len - name - 1;
    while (left > 0 && (value[0] == ' ' || value[0] == '\t')) {
        value++;
        left--;
    }
    while (left > 0 && (value[left - 1] == ' ' || value[left - 1] == '\t'))
        left--;
    for (size_t i = 0; i < left; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
            return refuse(400, "a header holds a control character");
    if (name_is(line, name, "Transfer-Encoding"))
        return refuse(411, "bodies come with Content-Length here, not in chunks");
    for (size_t i = 0; i < ONCE; i++)
        if (name_is(line, name, once[i]))
            return check_value(h, i, value, left);
    return good;
}

/* ---- the whole ---- */

/* Bytes of the line at `at` without its end; *next: where the following one begins. SIZE_MAX: it is
 * not complete. */
static size_t line_span(const char *at, size_t len, size_t *next)
{
    const char *feed = memchr(at, '\n', len);
    if (feed == NULL)
        return SIZE_MAX;
    *next = (size_t)(feed - at) + 1;
    return (size_t)(feed - at);
}

/* One line ends in CR LF, and holds no other CR. */
static bool line_sound(const char *at, size_t len)
{
    return len > 0 && memchr(at, '\r', len) == at + len - 1;
}

struct jb_gw_verdict jb_gw_scan(const char *data, size_t len, const char *hosts)
{
    struct head h = {.hosts = hosts};
    size_t at = 0;
    size_t next = 0;
    for (size_t row = 0;; row++) {
        size_t span = line_span(data + at, len - at, &next);
        if (span == SIZE_MAX)
            break;
        if (!line_sound(data + at, span))
            return refuse(400, "lines end in CR LF");
        span--;
        if (row > 0 && span == 0)
            return h.seen[HOST] ? good : refuse(400, "the header Host is missing");
        struct jb_gw_verdict verdict =
            row == 0 ? check_line(data + at, span) : check_header(&h, data + at, span);
        if (verdict.status != 0)
            return verdict;
        at += next;
    }
    if (len < JB_GW_HEAD_BYTES)
        return wait_for_more;
    return at == 0 ? refuse(414, "the path with its query is too long")
                   : refuse(431, "the headers are too long");
}
