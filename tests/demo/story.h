/* What is to happen to each letter, and how far it has come.
 *
 * A plan is a line of words, done from left to right:
 *   register  report  assign:zjj+qsz@30d  order:...  decide:...  forward:zjj  handover:zjj
 *   refer:organ  sign  ack  accept  decline  object  rule:agreed  rule:refused  note  note:qsz
 *   extend:DAYS  answer:supported|explained|not  part:qsz  execute  close
 *   |  what follows is done while the broker is away      &  what follows, after it is back
 * `order` is an assignment under the first assignment authority, `decide` one by decision of the
 * joint conference; `part` is a co-handler's own answer. @30d is the last moment of the day
 * thirty days on; @12s is in twelve seconds, @1d6s in a day and six seconds. `race:` before a
 * word: two offices act on the same case while cut off, so one of them is going to be refused. */
#ifndef DEMO_STORY_H
#define DEMO_STORY_H

#include <stdio.h>

#include "tests/demo/cast.h"
#include "tests/demo/csv.h"

struct story {
    /* from the two files; they belong to the book's csvs */
    const char *letter; /* number of the letter at its source */
    const char *title, *text, *reply, *class_code, *matter, *plan;
    uint32_t flags;
    const char *stage, *light; /* what the office must see at the end */
    /* how far it has come */
    size_t done;               /* bytes of the plan */
    char number[JIAOBAN_TEXT]; /* of the case; "" before it is registered */
    const char *holder;        /* code of the office that holds it */
    uint64_t seq;              /* log number of the last accepted act */
};

/* A submission that was made while the broker was away. */
struct waiting {
    size_t story; /* index */
    struct player *player;
    uint64_t number; /* in that agency's outbox */
    bool race;
};

#define WAITING_MAX 64

struct book {
    struct csv letters, plans;
    struct story *stories; /* owned */
    size_t count;
    struct waiting waiting[WAITING_MAX];
    size_t waiting_count;
};

/* Read letters and plans and join them. False: said on standard error; free in any case. */
bool book_read(struct book *book, const char *letters, const char *plans);
void book_free(struct book *book);

/* Between two runs of the program the state lives in a file. */
bool book_save(const struct book *book, const char *path);
bool book_load(struct book *book, struct cast *cast, const char *path);

/* Copy the next word of the plan, "" at its end. False: longer than any word is. */
bool story_word(const struct story *s, char *word, size_t size);
/* Go on behind that word. */
void story_advance(struct story *s, const char *word);

#endif
