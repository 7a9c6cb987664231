/* The language in which a program speaks to the person who starts it.
 *
 * A daemon's log and what it says over the line are English, for programs and for whoever gets a
 * copy. What ends its start is read by the person in front of it: Chinese where the environment
 * asks for that (LANGUAGE, LC_ALL, LC_MESSAGES, LANG: the first that is set decides, "zh..."), else
 * English. The texts are those of the command line client's catalogue; no locale has to be
 * installed. */
#ifndef JB_BASE_LANG_H
#define JB_BASE_LANG_H

#include <stddef.h>

/* From now on faults are in that language (see jb_fault_set). Main thread, before there is another
 * one; the language of others does not change. */
void jb_lang_begin(void);
/* It is served from now on: English again. Main thread. */
void jb_lang_end(void);

/* Where the catalogue lies: $JIAOBAN_LOCALEDIR; `locale` beside the program (a build folder); where
 * it was installed. Into `path` of `size` bytes (PATH_MAX); returns it or a static text. */
const char *jb_lang_folder(char *path, size_t size);

#endif
