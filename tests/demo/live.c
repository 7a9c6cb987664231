#include "tests/demo/live.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/demo/step.h"

enum {
    PACE_MS = 2000,
    PATIENCE_MS = 60000, /* for the step before it to arrive */
    AT_ONCE = 6          /* cases under way */
};

struct turn {
    struct book *book;
    struct cast *cast;
    size_t next; /* story that begins when one ends */
    struct desk {
        struct story *story; /* NULL: none */
        int64_t since_ms;    /* it waits for its next step */
    } desks[AT_ONCE];
};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* The next plan, as if it had never been played. */
static struct story *begin(struct turn *turn)
{
    struct story *s = &turn->book->stories[turn->next];
    turn->next = (turn->next + 1) % turn->book->count;
    s->done = 0;
    s->number[0] = '\0';
    s->seq = 0;
    s->holder = CAST_OFFICE;
    return s;
}

static bool at_its_end(const struct story *s)
{
    char word[64];
    return !story_word(s, word, sizeof word) || word[0] == '\0';
}

/* One step at this desk. True: something was done. */
static bool work(struct turn *turn, struct desk *desk)
{
    if (desk->story == NULL || at_its_end(desk->story)) {
        desk->story = begin(turn);
        desk->since_ms = cast_now_ms();
    }
    enum step_result result = step_do(turn->book, desk->story, turn->cast, true);
    if (result == STEP_DONE) {
        desk->since_ms = cast_now_ms();
        return true;
    }
    if (result == STEP_FAILED || cast_now_ms() - desk->since_ms > PATIENCE_MS)
        desk->story = NULL; /* somebody else has it */
    return false;
}

/* Does every agent answer? */
static bool all_there(struct cast *cast)
{
    for (size_t i = 0; i < CAST_COUNT; i++) {
        struct jiaoban_result *r = NULL;
        enum jiaoban_status status = jiaoban_get_state(cast->players[i].handle, NULL, &r);
        jiaoban_result_free(r);
        if (status != JIAOBAN_OK) {
            fprintf(stderr, "%s: %s\n", cast->players[i].code,
                    jiaoban_error_text(cast->players[i].handle));
            return false;
        }
    }
    return true;
}

bool live_play(struct book *book, struct cast *cast)
{
    struct turn turn = {.book = book, .cast = cast};
    size_t at = 0;
    if (book->count < AT_ONCE) {
        fputs("too few plans\n", stderr);
        return false;
    }
    while (all_there(cast)) {
        bool done = false;
        for (size_t i = 0; i < AT_ONCE && !done; i++)
            done = work(&turn, &turn.desks[at++ % AT_ONCE]);
        pause_ms(PACE_MS);
    }
    return false;
}
