/* See told.h. */
#include "clients/agent/told.h"

#include <string.h>

void jb_told_sent(struct jb_told *t, const uint8_t hash[JB_HASH_BYTES], int64_t now_mono_ms)
{
    struct jb_told_one *one = &t->at[t->next];

    *one = (struct jb_told_one){.at_mono_ms = now_mono_ms, .sent = true};
    memcpy(one->hash, hash, sizeof one->hash);
    t->next = (t->next + 1) % JB_TOLD_MAX;
}

void jb_told_tick(struct jb_told *t, int64_t now_mono_ms, bool well)
{
    for (size_t i = 0; i < JB_TOLD_MAX; i++) {
        struct jb_told_one *one = &t->at[i];
        if (!well)
            one->at_mono_ms = now_mono_ms;
        else if (!one->again && now_mono_ms - one->at_mono_ms >= JB_TOLD_KEEP_MS)
            one->sent = false;
    }
}

void jb_told_doubt(struct jb_told *t)
{
    for (size_t i = 0; i < JB_TOLD_MAX; i++)
        t->at[i].again = t->at[i].sent;
}

bool jb_told_again(struct jb_told *t, int64_t now_mono_ms,
                   enum jb_err (*say)(void *ctx, const uint8_t hash[JB_HASH_BYTES]), void *ctx)
{
    size_t said = 0;
    bool left = false;

    for (size_t i = 0; i < JB_TOLD_MAX; i++) {
        struct jb_told_one *one = &t->at[i];
        if (one->again && said < JB_TOLD_ONCE) {
            enum jb_err err = say(ctx, one->hash);
            said++;
            one->again = err != JB_OK && err != JB_NOT_FOUND;
            one->sent = err != JB_NOT_FOUND;
            one->at_mono_ms = now_mono_ms;
        }
        left = left || one->again;
    }
    return left;
}
