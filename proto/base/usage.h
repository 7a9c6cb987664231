/* The command line of a program, by argp, in the language of the person who starts it: what argp
 * and getopt say themselves is English unless the machine has a locale for it. Main thread. */
#ifndef JB_BASE_USAGE_H
#define JB_BASE_USAGE_H

#include <argp.h>

#define N_(text) text /* is in the catalogue, and looked up where it is shown */

struct jb_usage {
    const struct argp_option *options; /* a zero row ends them; each has a name; in its order */
    argp_parser_t parser;
    const char *args;    /* msgid: what follows the options; NULL: nothing */
    const char *what;    /* msgid: what the program is */
    const char *notes;   /* msgid: what stands at the end of the help */
    const char *version; /* with the program's name */
};

/* Begin the language (jb_lang_begin) and read the command line into `input`. --help and --version
 * end the process with status 0, a mistake with 2. */
void jb_usage_parse(const struct jb_usage *u, int argc, char **argv, void *input);
/* Say what is wrong with the command line on standard error, and where its help is; ends the
 * process with status 2. The format is translated. */
_Noreturn void jb_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum jb_usage_mistake {
    JB_USAGE_NONE,
    JB_USAGE_UNKNOWN,
    JB_USAGE_AMBIGUOUS, /* the beginning of several */
    JB_USAGE_NO_VALUE,
    JB_USAGE_VALUE /* of an option that takes none */
};
/* The first mistake in the options of argv[1] to argv[argc - 1], as getopt reads them; *word is the
 * argument in which it stands. Each table ends with a zero row, the list of them with NULL. */
enum jb_usage_mistake jb_usage_find(const struct argp_option *const *tables, int argc,
                                    char *const *argv, const char **word);

#endif
