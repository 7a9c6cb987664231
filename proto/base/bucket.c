#include "proto/base/bucket.h"

#include <stdbool.h>

#define UNIT INT64_C(60000) /* per_minute units come back in this many milliseconds */
#define AMOUNT_MAX (INT64_MAX / UNIT / 4)

static int64_t bounded(int64_t amount)
{
    return amount < 0 ? 0 : amount > AMOUNT_MAX ? AMOUNT_MAX : amount;
}

/* What came back since the last look. */
static void refill(struct jb_bucket *b, const struct jb_rate *rate, int64_t now_ms)
{
    int64_t passed = now_ms - b->at_ms;
    if (passed > 0 && b->used > 0) {
        bool all = passed > b->used / rate->per_minute;
        b->used -= all ? b->used : passed * rate->per_minute;
    }
    b->at_ms = now_ms;
}

int64_t jb_bucket_wait(struct jb_bucket *b, const struct jb_rate *rate, int64_t now_ms,
                       int64_t amount)
{
    if (rate->per_minute <= 0)
        return 0;
    refill(b, rate, now_ms);
    int64_t most = bounded(rate->burst);
    int64_t wanted = bounded(amount) < most ? bounded(amount) : most;
    int64_t over = b->used - (most - wanted) * UNIT;
    return over <= 0 ? 0 : (over - 1) / rate->per_minute + 1;
}

void jb_bucket_take(struct jb_bucket *b, const struct jb_rate *rate, int64_t now_ms, int64_t amount)
{
    if (rate->per_minute <= 0)
        return;
    refill(b, rate, now_ms);
    int64_t room = AMOUNT_MAX * UNIT - b->used;
    int64_t more = bounded(amount) * UNIT;
    b->used += more < room ? more : room;
}
