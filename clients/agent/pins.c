#include "clients/agent/pins.h"

#include <stdio.h>
#include <string.h>

static enum jb_err add(struct jb_pins *pins, const char *key, const char *line,
                       struct jb_fault *fault)
{
    struct jb_fault why = {""};
    if (pins->count == JB_PINS_MAX)
        return jb_fault_set(fault, JB_CONFIG, "[agent] %s: at most %d lines of the broker", key,
                            JB_PINS_MAX);
    struct jb_public_keys *one = &pins->at[pins->count];
    if (jb_keys_public_parse(line, one, &why) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "[agent] %s: %s", key, why.text);
    if (one->suite != pins->at[0].suite)
        return jb_fault_set(fault, JB_CONFIG,
                            "[agent] %s: a network keeps its suite, this line is of another one",
                            key);
    memcpy(pins->signs[pins->count], one->sign, JB_KEY_BYTES);
    pins->count++;
    return JB_OK;
}

enum jb_err jb_pins_read(const char *first, const char *also, struct jb_pins *out,
                         struct jb_fault *fault)
{
    *out = (struct jb_pins){.count = 0};
    enum jb_err err = add(out, "broker_key", first, fault);
    for (const char *at = also != NULL ? also : ""; err == JB_OK && *at != '\0';) {
        char line[2 * JB_KEYS_PUBLIC_TEXT_BYTES];
        size_t len = strcspn(at, ",");
        if (len >= sizeof line)
            return jb_fault_set(fault, JB_CONFIG, "[agent] broker_key_also: not a public line");
        memcpy(line, at, len);
        line[len] = '\0';
        at += at[len] == ',' ? len + 1 : len;
        err = add(out, "broker_key_also", line, fault);
    }
    return err;
}
