/* See hookevent.h. */
#include "clients/gateway/hookevent.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECRET_LEAST 24
#define PREFIX "whsec_"

bool jb_gw_hook_secret_read(const char *text, struct jb_gw_hook_secret *out)
{
    const char *end = NULL;
    *out = (struct jb_gw_hook_secret){.len = 0};
    text += strspn(text, " \t\r\n");
    if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0)
        return false;
    text += sizeof PREFIX - 1;
    size_t len = strcspn(text, " \t\r\n");
    return text[len + strspn(text + len, " \t\r\n")] == '\0' &&
           sodium_base642bin(out->bytes, sizeof out->bytes, text, len, NULL, &out->len, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text + len && out->len >= SECRET_LEAST;
}

/* ---- the envelope ---- */

static void time_text(int64_t at_ms, char out[40])
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm tm = {0};
    char whole[32];
    (void)gmtime_r(&at, &tm);
    (void)strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, 40, "%s.%03dZ", whole, (int)(at_ms % 1000));
}

static const char *kind_of(const json_t *event, const char *part)
{
    return json_string_value(json_object_get(json_object_get(event, part), "kind"));
}

/* "jiaoban.item.assign" of an entry, "jiaoban.alarm.overdue" of an alarm, "jiaoban.settled" of a
 * verdict, "jiaoban.reset" of none. */
static void type_text(const json_t *event, char *out, size_t size)
{
    const char *kind = kind_of(event, "item");
    const char *alarm = kind_of(event, "alarm");
    if (kind != NULL)
        (void)snprintf(out, size, "jiaoban.item.%s", kind);
    else if (alarm != NULL)
        (void)snprintf(out, size, "jiaoban.alarm.%s", alarm);
    else
        (void)snprintf(out, size, "%s",
                       json_object_get(event, "settled") != NULL ? "jiaoban.settled"
                                                                 : "jiaoban.reset");
}

static int64_t instant_of(const json_t *event, int64_t preset_ms)
{
    static const char *const parts[] = {"item", "settled", "alarm"};
    const json_t *of = NULL;
    for (size_t i = 0; of == NULL && i < sizeof parts / sizeof parts[0]; i++)
        of = json_object_get(event, parts[i]);
    const char *at = json_string_value(json_object_get(of, "at_ms"));
    return at != NULL ? strtoll(at, NULL, 10) : preset_ms;
}

static json_t *envelope(const char *agency, const struct jb_gw_delivery *d, json_t *event)
{
    char source[96], type[96], at[40], sequence[24];
    const char *number = json_string_value(json_object_get(event, "number"));
    (void)snprintf(source, sizeof source, "urn:jiaoban:agency:%s", agency);
    (void)snprintf(sequence, sizeof sequence, "%020" PRIu64, d->number);
    type_text(event, type, sizeof type);
    time_text(instant_of(event, d->made_ms), at);
    json_t *whole = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s}", "specversion", "1.0", "id",
                              d->event_id, "source", source, "type", type, "time", at, "sequence",
                              d->alarm == 0 ? sequence : NULL, /* of the stream: alarms are none */
                              "datacontenttype", "application/json");
    if (whole != NULL && number != NULL && number[0] != '\0' &&
        json_object_set_new(whole, "subject", json_string(number)) != 0) {
        json_decref(whole);
        whole = NULL;
    }
    if (whole != NULL && json_object_set(whole, "data", event) != 0) {
        json_decref(whole);
        whole = NULL;
    }
    return whole;
}

char *jb_gw_hook_body(const char *agency, const struct jb_gw_delivery *d, const char *event_json)
{
    bool reset = d->number == 0 && d->alarm == 0;
    json_t *event = reset ? json_object() : json_loads(event_json, 0, NULL);
    json_t *whole = json_is_object(event) ? envelope(agency, d, event) : NULL;
    char *text = whole != NULL ? json_dumps(whole, JSON_COMPACT) : NULL;
    json_decref(whole);
    json_decref(event);
    return text;
}

/* ---- the signature ---- */

void jb_gw_hook_sign(const struct jb_gw_hook_secret *secret, const char *id, int64_t at_s,
                     const char *body, char out[JB_GW_SIGNATURE])
{
    uint8_t hash[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    char head[JB_GW_EVENT_ID + 32];
    (void)snprintf(head, sizeof head, "%s.%" PRId64 ".", id, at_s);
    (void)crypto_auth_hmacsha256_init(&state, secret->bytes, secret->len);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, strlen(head));
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, strlen(body));
    (void)crypto_auth_hmacsha256_final(&state, hash);
    memcpy(out, "v1,", 3);
    (void)sodium_bin2base64(out + 3, JB_GW_SIGNATURE - 3, hash, sizeof hash,
                            sodium_base64_VARIANT_ORIGINAL);
}

/* ---- when again ---- */

int64_t jb_gw_hook_backoff_ms(int64_t attempts, int64_t first_ms, int64_t longest_ms,
                              unsigned chance)
{
    int64_t ms = first_ms;
    for (int64_t i = 1; i < attempts && ms < longest_ms; i++)
        ms *= 3;
    if (ms > longest_ms)
        ms = longest_ms;
    return ms - ms / 4 + ms / 2 * (int64_t)(chance & 0xffff) / 0xffff;
}
