/* See words.h. */
#include "clients/report/words.h"

#include <string.h>

#include "clients/lib/jiaoban.h"

#define END                                                                                        \
    {                                                                                              \
        0, NULL, NULL                                                                              \
    }

const struct jb_word jb_matters[] = {{JIAOBAN_SUGGESTION, "suggestion", N_("suggestion")},
                                     {JIAOBAN_ACCUSATION, "accusation", N_("accusation")},
                                     {JIAOBAN_APPEAL, "appeal", N_("appeal")},
                                     END};
const struct jb_word jb_channels[] = {{JIAOBAN_LETTER, "letter", N_("letter")},
                                      {JIAOBAN_VISIT, "visit", N_("visit")},
                                      {JIAOBAN_ONLINE, "online", N_("online")},
                                      {JIAOBAN_PHONE, "phone", N_("phone")},
                                      END};
const struct jb_word jb_powers[] = {
    {JIAOBAN_POWER_ASSIGN, "assign", N_("power to assign and forward")},
    {JIAOBAN_POWER_INVESTIGATE, "investigate", N_("power to investigate")},
    {JIAOBAN_POWER_COORDINATE, "coordinate", N_("power to coordinate")},
    {JIAOBAN_POWER_SUPERVISE, "supervise", N_("power to supervise and urge")},
    {JIAOBAN_POWER_CIRCULATE, "circulate", N_("power to circulate")},
    {JIAOBAN_POWER_RECOMMEND, "recommend", N_("power to recommend")},
    END};
const struct jb_word jb_indicators[] = {{1, "office-accept", N_("sent on in time")},
                                        {2, "handler-accept", N_("accepted in time")},
                                        {3, "on-time-answer", N_("answered in time")},
                                        {4, "participation", N_("participation in rating")},
                                        {5, "satisfaction", N_("satisfied among those who rated")},
                                        {6, "repeat", N_("repeat petitions")},
                                        END};
const struct jb_word jb_counts[] = {{1, "matter", N_("kind of matter")},
                                    {2, "class", N_("content class")},
                                    {3, "place", N_("place")},
                                    {4, "channel", N_("channel")},
                                    END};

const char *jb_word_of_value(const struct jb_tongue *t, const struct jb_word *words, int value)
{
    for (; words->code != NULL; words++)
        if (words->value == value)
            return jb_tongue_say(t, words->text);
    return NULL;
}

const char *jb_word_of_code(const struct jb_tongue *t, const struct jb_word *words,
                            const char *code)
{
    for (; words->code != NULL; words++)
        if (strcmp(words->code, code) == 0)
            return jb_tongue_say(t, words->text);
    return NULL;
}
