/* Plays the plans of real letters through five agents, for the demo.
 *
 *   play SCENE FOLDER LETTERS PLANS STATE LABEL
 *     wait     until all five agents are in step with the broker
 *     before   do every plan up to its "|"
 *     away     the broker is gone: do what stands behind "|", which must stay in the outboxes
 *     after    it is back: take the verdicts, do the rest
 *     check    compare what the petition office and all agents see with what was planned
 *     live     go on at people's pace until ended by a signal, see live.h; no STATE
 * FOLDER holds the agents' folders. LABEL goes before the progress bar; an English one (an ASCII
 * letter first) makes the few texts English too. Exit status 0: everything held. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/demo/check.h"
#include "tests/demo/live.h"
#include "tests/demo/step.h"

enum {
    IN_STEP_MS = 60000,
    STUCK_MS = 60000,
    VERDICT_MS = 30000,
    ALARM_MS = 30000,
    BAR_CELLS = 32
};

struct scene {
    struct book book;
    struct cast cast;
    const char *label;
    bool english;
    size_t steps, total;
};

/* ---- progress -------------------------------------------------------------------------------- */

static void show_progress(const struct scene *scene, bool last)
{
    if (!last && !isatty(STDOUT_FILENO))
        return;
    size_t full = scene->total != 0 ? scene->steps * BAR_CELLS / scene->total : BAR_CELLS;
    printf("%s  %s ", isatty(STDOUT_FILENO) ? "\r" : "", scene->label);
    for (size_t i = 0; i < BAR_CELLS; i++)
        fputs(i < full ? "█" : "░", stdout);
    printf(" %zu/%zu%s", scene->steps, scene->total, last ? "\n" : "");
    fflush(stdout);
}

/* ---- scenes ---------------------------------------------------------------------------------- */

/* A plan pauses at "|" before the broker goes away and at "&" while it is away. */
static bool pauses(const char *word, const char *mark)
{
    return word[0] == '\0' || strcmp(word, mark) == 0;
}

/* How many words lie before the mark? */
static size_t count_steps(const struct book *book, const char *mark)
{
    size_t count = 0;
    for (size_t i = 0; i < book->count; i++) {
        struct story ahead = book->stories[i];
        char word[64];
        while (story_word(&ahead, word, sizeof word) && !pauses(word, mark)) {
            count++;
            story_advance(&ahead, word);
        }
    }
    return count;
}

/* Step over a mark that every plan with more to do stands at. */
static void pass_mark(struct book *book, const char *mark)
{
    for (size_t i = 0; i < book->count; i++) {
        char word[64];
        if (story_word(&book->stories[i], word, sizeof word) && strcmp(word, mark) == 0)
            story_advance(&book->stories[i], word);
    }
}

/* One step of each story that can go on. *moved: some did; *left: some have more to do. */
static bool one_round(struct scene *scene, const char *mark, bool online, bool *moved, bool *left)
{
    *moved = false;
    *left = false;
    for (size_t i = 0; i < scene->book.count; i++) {
        struct story *s = &scene->book.stories[i];
        char word[64];
        if (!story_word(s, word, sizeof word))
            return false;
        if (pauses(word, mark))
            continue;
        *left = true;
        enum step_result result = step_do(&scene->book, s, &scene->cast, online);
        if (result == STEP_FAILED)
            return false;
        if (result == STEP_DONE) {
            *moved = true;
            scene->steps++;
            show_progress(scene, false);
        }
    }
    return true;
}

static void name_stuck(const struct scene *scene, const char *mark)
{
    for (size_t i = 0; i < scene->book.count; i++) {
        const struct story *s = &scene->book.stories[i];
        char word[64];
        if (story_word(s, word, sizeof word) && !pauses(word, mark))
            fprintf(stderr, "letter %s, case %s: \"%s\" waits for log number %llu\n", s->letter,
                    s->number, word, (unsigned long long)s->seq);
    }
}

/* All stories, turn by turn, up to the mark: work goes on at five desks at once. */
static bool play(struct scene *scene, const char *mark, bool online)
{
    scene->total = count_steps(&scene->book, mark);
    int64_t moved_at_ms = cast_now_ms();
    for (bool left = true; left;) {
        bool moved = false;
        if (!one_round(scene, mark, online, &moved, &left)) {
            putchar('\n');
            return false;
        }
        if (moved) {
            moved_at_ms = cast_now_ms();
        } else if (left && cast_now_ms() - moved_at_ms > STUCK_MS) {
            putchar('\n');
            name_stuck(scene, mark);
            return false;
        } else if (left) {
            cast_breathe();
        }
    }
    show_progress(scene, true);
    return true;
}

/* One of two offices that acted on the same case was refused: say so, with the present holder. */
static void tell_refusal(const struct scene *scene, const struct waiting *w,
                         const struct jiaoban_settled *s)
{
    printf(scene->english ? "  case %s: two offices acted while cut off; %s was refused (%s), the "
                            "present holder is %s\n"
                          : "  %s:断网期间两个单位同时处理,%s被拒绝(%s),现承办单位为%s\n",
           scene->book.stories[w->story].number, w->player->name, s->name, s->holder_name);
}

/* Take the verdicts on what was done while the broker was away. Exactly one of the two acts of a
 * race must have been refused, and nothing else. */
static bool take_verdicts(struct scene *scene)
{
    bool good = true;
    size_t races = 0;
    size_t refused = 0;
    for (size_t i = 0; i < scene->book.waiting_count; i++) {
        const struct waiting *w = &scene->book.waiting[i];
        struct story *story = &scene->book.stories[w->story];
        struct jiaoban_query q = {.size = sizeof q, .number = w->number, .wait_ms = VERDICT_MS};
        struct jiaoban_result *r = NULL;
        enum jiaoban_status status = jiaoban_get_settled(w->player->handle, &q, &r);
        const struct jiaoban_settled *s = jiaoban_result_settled(r);
        races += w->race ? 1 : 0;
        bool known = (status == JIAOBAN_OK || status == JIAOBAN_REFUSED) && s != NULL;
        if (!known || s->pending || (!s->accepted && !w->race)) {
            good = false;
            fprintf(stderr, "letter %s, submission %llu of %s: %s\n", story->letter,
                    (unsigned long long)w->number, w->player->code,
                    s != NULL ? s->name : jiaoban_error_text(w->player->handle));
        } else if (!s->accepted) {
            refused++;
            tell_refusal(scene, w, s);
        } else if (s->seq > story->seq) {
            story->seq = s->seq;
        }
        jiaoban_result_free(r);
    }
    scene->book.waiting_count = 0;
    if (good && refused * 2 != races) {
        fprintf(stderr, "%zu submissions in races, %zu refused\n", races, refused);
        good = false;
    }
    return good;
}

/* Does this agent's own clock know that a day was missed in this case? */
static bool has_alarm(struct player *p, const char *number)
{
    struct jiaoban_result *r = NULL;
    bool found = false;
    if (jiaoban_get_alarms(p->handle, NULL, &r) != JIAOBAN_OK)
        return false;
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_alarm *a = jiaoban_result_alarm(r, i);
        found = found || (strcmp(a->kind, "overdue") == 0 && strcmp(a->number, number) == 0);
    }
    jiaoban_result_free(r);
    return found;
}

/* A designated day runs out while the broker is away: the holder's agent must notice by itself. */
static bool wait_for_alarms(struct scene *scene)
{
    int64_t until_ms = cast_now_ms() + ALARM_MS;
    for (size_t i = 0; i < scene->book.count; i++) {
        const struct story *s = &scene->book.stories[i];
        if (strcmp(s->light, "red") != 0)
            continue;
        struct player *p = cast_find(&scene->cast, s->holder);
        while (!has_alarm(p, s->number)) {
            if (cast_now_ms() > until_ms) {
                fprintf(stderr, "case %s: its day is over and %s raised no alarm\n", s->number,
                        p->code);
                return false;
            }
            cast_breathe();
        }
        printf(scene->english ? "  case %s: its day ran out; the agent of %s noticed by itself\n"
                              : "  %s:指定期限已过,%s由本单位代理自行告警\n",
               s->number, p->name);
    }
    return true;
}

/* Every office must have something in its outbox. */
static bool show_outboxes(struct scene *scene)
{
    bool all = true;
    printf(scene->english ? "  waiting in the outboxes:" : "  各单位待发:");
    for (size_t i = 0; i < CAST_COUNT; i++) {
        struct player *p = &scene->cast.players[i];
        struct jiaoban_result *r = NULL;
        size_t count = 0;
        if (jiaoban_get_pending(p->handle, NULL, &r) == JIAOBAN_OK)
            count = jiaoban_result_count(r);
        jiaoban_result_free(r);
        printf(" %s %zu", p->name, count);
        all = all && count != 0;
    }
    putchar('\n');
    if (!all)
        fputs("an outbox is empty although the broker is away\n", stderr);
    return all;
}

static bool scene_wait(struct scene *scene)
{
    (void)scene;
    return true;
}

static bool scene_before(struct scene *scene)
{
    return play(scene, "|", true);
}

static bool scene_away(struct scene *scene)
{
    pass_mark(&scene->book, "|");
    return play(scene, "&", false) && show_outboxes(scene) && wait_for_alarms(scene);
}

static bool scene_after(struct scene *scene)
{
    if (!take_verdicts(scene))
        return false;
    pass_mark(&scene->book, "&");
    return play(scene, "", true);
}

static bool scene_check(struct scene *scene)
{
    return check_everything(&scene->book, &scene->cast, scene->english);
}

static bool scene_live(struct scene *scene)
{
    return live_play(&scene->book, &scene->cast);
}

static const struct {
    const char *name;
    bool online; /* all agents must be in step first; otherwise all must be cut off */
    bool begins; /* no state is read */
    bool ends;   /* none is written */
    bool (*run)(struct scene *scene);
} scenes[] = {
    {"wait", true, true, true, scene_wait},    {"before", true, true, false, scene_before},
    {"away", false, false, false, scene_away}, {"after", true, false, false, scene_after},
    {"check", true, false, true, scene_check}, {"live", true, true, true, scene_live},
};

int main(int argc, char **argv)
{
    size_t which = 0;
    size_t count = sizeof scenes / sizeof scenes[0];
    while (argc == 7 && which < count && strcmp(scenes[which].name, argv[1]) != 0)
        which++;
    if (argc != 7 || which == count) {
        fputs("usage: play wait|before|away|after|check|live FOLDER LETTERS PLANS STATE LABEL\n",
              stderr);
        return 2;
    }
    struct scene scene = {.label = argv[6]};
    scene.english = argv[6][0] > 0 && argv[6][0] < 127;
    bool good = book_read(&scene.book, argv[3], argv[4]) && cast_open(&scene.cast, argv[2]);
    if (good)
        good = scenes[which].online ? cast_in_step(&scene.cast, IN_STEP_MS)
                                    : cast_cut_off(&scene.cast, IN_STEP_MS);
    /* Numbers of the directory are asked for also while cut off: they stand in the replica. */
    if (good && !scenes[which].online)
        good = cast_know(&scene.cast);
    if (good && !scenes[which].begins)
        good = book_load(&scene.book, &scene.cast, argv[5]);
    good = good && scenes[which].run(&scene);
    if (good && !scenes[which].ends)
        good = book_save(&scene.book, argv[5]);
    cast_close(&scene.cast);
    book_free(&scene.book);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
