#include "tests/demo/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Row of the letter with this number; 0: there is none. */
static size_t find_letter(const struct csv *letters, const char *number)
{
    for (size_t row = 1; row < letters->rows; row++) {
        const char *seq = csv_get(letters, row, "seq");
        if (seq != NULL && strcmp(seq, number) == 0)
            return row;
    }
    return 0;
}

static bool fill(struct book *book, struct story *s, size_t row)
{
    s->letter = csv_get(&book->plans, row, "letter");
    size_t at = s->letter != NULL ? find_letter(&book->letters, s->letter) : 0;
    if (at == 0) {
        fprintf(stderr, "plan %zu: no such letter\n", row);
        return false;
    }
    s->title = csv_get(&book->letters, at, "title");
    s->text = csv_get(&book->letters, at, "text");
    s->reply = csv_get(&book->letters, at, "reply");
    s->class_code = csv_get(&book->plans, row, "class");
    s->matter = csv_get(&book->plans, row, "matter");
    s->plan = csv_get(&book->plans, row, "plan");
    s->stage = csv_get(&book->plans, row, "stage");
    s->light = csv_get(&book->plans, row, "light");
    const char *flags = csv_get(&book->plans, row, "flags");
    s->flags = flags != NULL ? (uint32_t)strtoul(flags, NULL, 10) : 0;
    s->holder = CAST_OFFICE;
    if (s->title == NULL || s->text == NULL || s->reply == NULL || s->class_code == NULL ||
        s->matter == NULL || s->plan == NULL || s->stage == NULL || s->light == NULL) {
        fprintf(stderr, "plan %zu: a column is missing\n", row);
        return false;
    }
    return true;
}

bool book_read(struct book *book, const char *letters, const char *plans)
{
    *book = (struct book){0};
    if (!csv_read(&book->letters, letters) || !csv_read(&book->plans, plans))
        return false;
    book->stories = calloc(book->plans.rows, sizeof *book->stories);
    if (book->stories == NULL)
        return false;
    for (size_t row = 1; row < book->plans.rows; row++)
        if (!fill(book, &book->stories[book->count++], row))
            return false;
    return true;
}

void book_free(struct book *book)
{
    free(book->stories);
    csv_free(&book->letters);
    csv_free(&book->plans);
    *book = (struct book){0};
}

bool book_save(const struct book *book, const char *path)
{
    FILE *f = fopen(path, "we");
    if (f == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < book->count; i++) {
        const struct story *s = &book->stories[i];
        fprintf(f, "story %zu %zu %s %s %llu\n", i, s->done, s->number[0] != '\0' ? s->number : "-",
                s->holder, (unsigned long long)s->seq);
    }
    for (size_t i = 0; i < book->waiting_count; i++) {
        const struct waiting *w = &book->waiting[i];
        fprintf(f, "waiting %zu %s %llu %d\n", w->story, w->player->code,
                (unsigned long long)w->number, w->race ? 1 : 0);
    }
    bool good = !ferror(f);
    if (fclose(f) != 0 || !good) {
        fprintf(stderr, "%s: cannot be written\n", path);
        return false;
    }
    return true;
}

static bool load_story(struct book *book, struct cast *cast, const char *line)
{
    size_t index = 0;
    size_t done = 0;
    char number[JIAOBAN_TEXT];
    char holder[8];
    unsigned long long seq = 0;
    // NOLINTNEXTLINE(cert-err34-c): written by book_save a moment ago
    if (sscanf(line, "story %zu %zu %23s %7s %llu", &index, &done, number, holder, &seq) != 5 ||
        index >= book->count)
        return false;
    struct story *s = &book->stories[index];
    const struct player *p = cast_find(cast, holder);
    if (p == NULL || done > strlen(s->plan))
        return false;
    s->done = done;
    s->holder = p->code;
    s->seq = seq;
    if (strcmp(number, "-") != 0)
        memcpy(s->number, number, sizeof number);
    return true;
}

static bool load_waiting(struct book *book, struct cast *cast, const char *line)
{
    struct waiting w = {0};
    char code[8];
    unsigned long long number = 0;
    int race = 0;
    // NOLINTNEXTLINE(cert-err34-c): written by book_save a moment ago
    if (sscanf(line, "waiting %zu %7s %llu %d", &w.story, code, &number, &race) != 4 ||
        w.story >= book->count || book->waiting_count == WAITING_MAX)
        return false;
    w.player = cast_find(cast, code);
    w.number = number;
    w.race = race != 0;
    book->waiting[book->waiting_count++] = w;
    return w.player != NULL;
}

bool book_load(struct book *book, struct cast *cast, const char *path)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    bool good = true;
    char line[128];
    while (good && fgets(line, sizeof line, f) != NULL)
        good = strncmp(line, "story", 5) == 0 ? load_story(book, cast, line)
                                              : load_waiting(book, cast, line);
    fclose(f);
    if (!good)
        fprintf(stderr, "%s: not a state of these plans\n", path);
    return good;
}

bool story_word(const struct story *s, char *word, size_t size)
{
    const char *p = s->plan + s->done;
    p += strspn(p, " ");
    size_t length = strcspn(p, " ");
    if (length >= size)
        return false;
    memcpy(word, p, length);
    word[length] = '\0';
    return true;
}

void story_advance(struct story *s, const char *word)
{
    s->done += strspn(s->plan + s->done, " ");
    s->done += strlen(word);
}
