/* The language of reports: the catalogue of the command line client, Chinese first. */
#ifndef JB_EX_LANG_H
#define JB_EX_LANG_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* "zh" or "en". Main thread, before anything is said. */
void jb_ex_lang(const char *language);

#endif
