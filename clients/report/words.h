/* Vocabulary with texts for people, and how a rule's place is spelled out: what reports and the
 * command line client share. */
#ifndef JB_CLIENTS_REPORT_WORDS_H
#define JB_CLIENTS_REPORT_WORDS_H

#include "clients/report/tongue.h"

/* A value of the vocabulary: number, word on the command line, text for people. */
struct jb_word {
    int value;
    const char *code; /* NULL ends a list */
    const char *text; /* msgid */
};

extern const struct jb_word jb_matters[], jb_channels[], jb_powers[];
/* Of reports, in the order of the protocol. */
#define JB_INDICATORS 6
extern const struct jb_word jb_indicators[], jb_counts[];

/* The text for people; NULL: no such value, no such code. */
const char *jb_word_of_value(const struct jb_tongue *t, const struct jb_word *words, int value);
const char *jb_word_of_code(const struct jb_tongue *t, const struct jb_word *words,
                            const char *code);

/* "23(3)" -> "Regulations, Art. 23, paragraph 3" in the reader's language; "" for "". Also turns a
 * citation in Chinese into English. Kept by `t`, or static. */
const char *jb_article(struct jb_tongue *t, const char *article);

#endif
