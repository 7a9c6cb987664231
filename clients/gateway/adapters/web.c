/* Another system's interface: records are asked for (GET) and results are sent (POST), both JSON by
 * the mapping. Work orders of a 12345 hotline are exchanged like this.
 *
 * A page is put into the drop folder as a file before its cursor is kept, and goes on like every
 * other file, with a report: a crash asks for the page again, and what was taken is known by its
 * number. A result carries its version and an Idempotency-Key of
 * number and version: one whose answer was lost is sent again under the same key. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/gateway/adapters/adapter.h"

#define URL_BYTES 4096
#define HEADER_BYTES 1024
#define PAGES_MAX 100 /* of one look */

struct web {
    struct jb_ex_desk *desk;
    CURL *curl;
    char *body; /* of the answer; owned */
    size_t len;
    bool too_large;
    char credentials[HEADER_BYTES];
};

/* ---- one request ---- */

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct web *w = user;
    size_t more = size * count;
    w->too_large = w->too_large || w->len + more > (size_t)w->desk->config->answer_bytes;
    char *grown = w->too_large ? NULL : realloc(w->body, w->len + more + 1);
    if (grown == NULL)
        return 0; /* curl ends the transfer */
    memcpy(grown + w->len, data, more);
    w->len += more;
    grown[w->len] = '\0';
    w->body = grown;
    return more;
}

/* "{cursor}" in an address becomes the value, escaped. false: it does not fit. */
static bool address(const struct web *w, const char *pattern, const char *name, const char *value,
                    char out[URL_BYTES])
{
    const char *at = strstr(pattern, name);
    if (at == NULL)
        return snprintf(out, URL_BYTES, "%s", pattern) < URL_BYTES;
    char *escaped = curl_easy_escape(w->curl, value, (int)strlen(value));
    int n = escaped != NULL ? snprintf(out, URL_BYTES, "%.*s%s%s", (int)(at - pattern), pattern,
                                       escaped, at + strlen(name))
                            : URL_BYTES;
    curl_free(escaped);
    return n < URL_BYTES;
}

/* POST if there is something to send. */
struct asking {
    const char *url, *sent; /* sent NULL: GET */
    const char *key;        /* Idempotency-Key, with the header's name */
};

static bool header(struct curl_slist **list, const char *text)
{
    struct curl_slist *more = text[0] != '\0' ? curl_slist_append(*list, text) : *list;
    if (more == NULL && text[0] != '\0')
        return false;
    *list = more;
    return true;
}

static void options(struct web *w, const struct asking *a, struct curl_slist *headers, char *error)
{
    CURL *curl = w->curl;
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, a->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* credentials go nowhere else */
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)w->desk->config->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, w);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "jiaoban-exchange/" JB_VERSION_TEXT);
    if (a->sent != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(a->sent));
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, a->sent);
    }
}

/* The address without its query, which may hold secrets. */
static enum jb_err said(const struct asking *a, enum jb_err err, const char *what,
                        struct jb_fault *fault)
{
    return jb_fault_set(fault, err, "%.*s: %s", (int)strcspn(a->url, "?"), a->url, what);
}

static enum jb_err ask(struct web *w, const struct asking *a, struct jb_fault *fault)
{
    char error[CURL_ERROR_SIZE] = "";
    char status_text[64];
    long status = 0;
    struct curl_slist *headers = NULL;
    w->len = 0;
    w->too_large = false;
    bool good = header(&headers, "Accept: application/json") &&
                header(&headers, a->sent != NULL ? "Content-Type: application/json" : "") &&
                header(&headers, a->key != NULL ? a->key : "") && header(&headers, w->credentials);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (good) {
        options(w, a, headers, error);
        code = curl_easy_perform(w->curl);
        (void)curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_setopt(w->curl, CURLOPT_ERRORBUFFER, NULL);
    }
    curl_slist_free_all(headers);
    if (w->too_large)
        return said(a, JB_TOO_LARGE, "the answer is larger than [http] answer", fault);
    if (code != CURLE_OK)
        return said(a, JB_OFFLINE, error[0] != '\0' ? error : curl_easy_strerror(code), fault);
    (void)snprintf(status_text, sizeof status_text, "answered with status %ld", status);
    if (status < 200 || status > 299)
        return said(a, status == 401 || status == 403 ? JB_DENIED : JB_BUSY, status_text, fault);
    return JB_OK;
}

/* ---- in: a page becomes a file in the drop folder ---- */

/* Is there a record in it that was not taken yet? */
static enum jb_err has_news(struct web *w, const struct jb_ex_table *t, bool *news)
{
    const struct jb_ex_names *names = &w->desk->map.fields[JB_EX_NUMBER];
    enum jb_err err = JB_OK;
    *news = false;
    for (size_t i = 0; err == JB_OK && !*news && i < t->row_count; i++) {
        const struct jb_ex_record record = {t->headers, t->rows[i].cells, t->rows[i].count};
        struct jb_ex_taken taken = {.state = JB_EX_NEW};
        const char *number = NULL;
        for (size_t n = 0; n < names->count && number == NULL; n++)
            number = jb_ex_record_get(&record, names->at[n]);
        const struct jb_ex_key key = {w->desk->map.system, number, "register"};
        if (number != NULL)
            err = jb_ex_taken_get(w->desk->store, &key, &taken);
        err = err == JB_NOT_FOUND ? JB_OK : err;
        *news = taken.state != JB_EX_DONE && taken.state != JB_EX_QUEUED;
    }
    return err;
}

static enum jb_err spool(struct web *w, struct jb_fault *fault)
{
    char name[64];
    const char *path = w->desk->config->folder;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return jb_fault_set(fault, JB_CONFIG, "%s: %s", path, strerror(errno));
    (void)snprintf(name, sizeof name, "pull-%" PRId64 ".json", jb_ex_desk_now(w->desk));
    (void)unlinkat(dir, ".pull.part", 0); /* of a crash */
    int fd = openat(dir, ".pull.part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < w->len;) {
        ssize_t n = write(fd, w->body + done, w->len - done);
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0;
    jb_ex_point(w->desk);
    good =
        good && renameat2(dir, ".pull.part", dir, name, RENAME_NOREPLACE) == 0 && fsync(dir) == 0;
    enum jb_err err = JB_OK;
    if (!good)
        err =
            jb_fault_set(fault, errno == ENOSPC ? JB_FULL : JB_IO, "%s: %s", name, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    (void)close(dir);
    jb_ex_point(w->desk);
    return err;
}

/* The same page again, with nothing in it that could be taken, is put away once only. */
static enum jb_err page_keep(struct web *w, const struct jb_ex_table *t, struct jb_fault *fault)
{
    char shown[2 * JB_EX_DIGEST + 1];
    uint8_t digest[JB_EX_DIGEST];
    const char *before = "";
    struct jb_arena arena;
    bool news = false;
    (void)crypto_generichash(digest, sizeof digest, (const uint8_t *)w->body, w->len, NULL, 0);
    (void)sodium_bin2hex(shown, sizeof shown, digest, sizeof digest);
    jb_arena_init(&arena, 4096);
    enum jb_err err = jb_ex_cursor_get(w->desk->store, "page", &arena, &before);
    if (err == JB_OK)
        err = has_news(w, t, &news);
    if (err == JB_OK && news && strcmp(before, shown) != 0) {
        err = spool(w, fault);
        if (err == JB_OK)
            err = jb_ex_cursor_put(w->desk->store, "page", shown);
    }
    jb_arena_fini(&arena);
    return err;
}

/* "data.next" in the answer, as a text. Empty: there is none. */
static char *cursor_in(const struct web *w)
{
    char name[256];
    const char *path = w->desk->config->cursor;
    json_t *root = json_loadb(w->body, w->len, 0, NULL);
    const json_t *at = path[0] != '\0' ? root : NULL;
    while (at != NULL && path[0] != '\0') {
        size_t len = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
        at = json_object_get(at, name);
        path += len + (path[len] == '.');
    }
    char *text = NULL;
    if (json_is_string(at))
        text = strdup(json_string_value(at));
    else if (json_is_integer(at) &&
             asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(at)) < 0)
        text = NULL;
    else if (!json_is_integer(at))
        text = strdup("");
    json_decref(root);
    return text;
}

/* One page. *more: there is another one behind it. */
static enum jb_err pull(struct web *w, bool *more, struct jb_fault *fault)
{
    const struct jb_ex_config *c = w->desk->config;
    char url[URL_BYTES];
    const char *cursor = "";
    struct jb_arena arena;
    struct jb_ex_table t;
    *more = false;
    jb_arena_init(&arena, 65536);
    jb_ex_table_init(&t, (size_t)c->cell_bytes, (size_t)c->unpacked_bytes);
    enum jb_err err = jb_ex_cursor_get(w->desk->store, "cursor", &arena, &cursor);
    if (err == JB_OK && !address(w, c->url, "{cursor}", cursor, url))
        err = jb_fault_set(fault, JB_TOO_LARGE, "[http] url: too long with the cursor");
    const struct asking a = {url, NULL, NULL};
    if (err == JB_OK)
        err = ask(w, &a, fault);
    const struct jb_text body = {w->body != NULL ? w->body : "", w->len};
    if (err == JB_OK)
        err = jb_ex_json_read(&t, body, c->list, fault);
    if (err == JB_OK)
        err = page_keep(w, &t, fault);
    char *next = err == JB_OK ? cursor_in(w) : NULL;
    if (err == JB_OK && next == NULL)
        err = JB_NOMEM;
    if (err == JB_OK && next[0] != '\0' && strcmp(next, cursor) != 0) {
        err = jb_ex_cursor_put(w->desk->store, "cursor", next);
        *more = t.row_count > 0;
    }
    free(next);
    jb_ex_table_fini(&t);
    jb_arena_fini(&arena);
    return err;
}

/* ---- out ---- */

/* "order.status" becomes a member of a member. */
static bool put(json_t *object, const char *path, const char *value)
{
    char name[256];
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        json_t *inner = json_object_get(object, name);
        if (inner == NULL) {
            inner = json_object();
            if (inner == NULL || json_object_set_new(object, name, inner) != 0)
                return false;
        }
        object = inner;
    }
    return json_object_set_new(object, path, json_string(value)) == 0;
}

static enum jb_err tell(void *ctx, const char *number, const struct jb_ex_facts *facts,
                        struct jb_fault *fault)
{
    struct web *w = ctx;
    char url[URL_BYTES], key[2 * JB_EX_NUMBER_BYTES + 64];
    json_t *object = json_object();
    bool good = object != NULL && address(w, w->desk->config->result_url, "{number}", number, url);
    for (size_t i = 0; good && i < facts->count; i++)
        good = put(object, facts->names[i], facts->values[i]);
    char *sent = good ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(object);
    if (sent == NULL)
        return jb_fault_set(fault, JB_NOMEM, "the result cannot be written");
    char *escaped = curl_easy_escape(w->curl, number, (int)strlen(number));
    (void)snprintf(key, sizeof key, "Idempotency-Key: %.*s-%" PRIu64, 2 * JB_EX_NUMBER_BYTES,
                   escaped != NULL ? escaped : "", facts->version);
    curl_free(escaped);
    const struct asking a = {url, sent, key};
    enum jb_err err = ask(w, &a, fault);
    free(sent);
    return err;
}

/* ---- a look ---- */

static enum jb_err credentials_read(struct web *w, struct jb_fault *fault)
{
    const char *path = w->desk->config->credentials;
    struct stat st;
    if (path[0] == '\0')
        return JB_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return jb_fault_set(fault, JB_CONFIG, "%s: %s", path, strerror(errno));
    bool private_file = fstat(fd, &st) == 0 && (st.st_mode & 077) == 0;
    ssize_t n = read(fd, w->credentials, sizeof w->credentials - 1);
    (void)close(fd);
    w->credentials[n > 0 ? n : 0] = '\0';
    w->credentials[strcspn(w->credentials, "\r\n")] = '\0';
    if (!private_file)
        return jb_fault_set(fault, JB_DENIED, "%s: others can read it: chmod 600", path);
    return strchr(w->credentials, ':') != NULL
               ? JB_OK
               : jb_fault_set(fault, JB_CONFIG, "%s: not a header line", path);
}

enum jb_err jb_ex_web_look(struct jb_ex_desk *d, struct jb_ex_counts *counts,
                           struct jb_fault *fault)
{
    struct web w = {.desk = d, .curl = curl_easy_init(), .credentials = ""};
    struct jb_ex_teller teller = {tell, &w, 0};
    struct jb_fault later = {""};
    if (w.curl == NULL)
        return JB_NOMEM;
    enum jb_err err = credentials_read(&w, fault);
    bool more = true;
    for (int i = 0; err == JB_OK && more && i < PAGES_MAX && !*d->stop; i++)
        err = pull(&w, &more, fault);
    /* What is here already goes on, also when the other end is not there. */
    enum jb_err took = jb_ex_folder_look(d, counts, &later);
    if (took == JB_OK && d->config->result_url[0] != '\0' && err != JB_CONFIG)
        took = jb_ex_facts_tell(d, &teller, &later);
    counts->told += teller.told;
    sodium_memzero(w.credentials, sizeof w.credentials);
    curl_easy_cleanup(w.curl);
    free(w.body);
    if (err != JB_OK)
        return err;
    *fault = later;
    return took;
}
