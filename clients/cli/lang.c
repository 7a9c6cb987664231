/* Which language: Chinese, unless English is asked for. Works without any locale being installed.
 */
#include "clients/cli/cli.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool english;

static bool begins_english(const char *value)
{
    return strncmp(value, "en", 2) == 0 && (value[2] == '\0' || strchr("_.@:-", value[2]) != NULL);
}

/* LANGUAGE, then LC_ALL, LC_MESSAGES, LANG: the first that names a language decides. */
static bool wants_english(const char *lang)
{
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    if (lang != NULL)
        return begins_english(lang);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0')
            return begins_english(value);
    }
    return false;
}

static bool has_catalogue(const char *folder)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/zh_CN/LC_MESSAGES/jiaoban.mo", folder);
    return len > 0 && (size_t)len < sizeof path && access(path, R_OK) == 0;
}

/* $JIAOBAN_LOCALEDIR; `locale` beside the program (a build folder); where it was installed. */
static const char *catalogue_folder(char *buffer, size_t size)
{
    const char *folder = getenv("JIAOBAN_LOCALEDIR");
    if (folder != NULL && folder[0] != '\0')
        return folder;
    ssize_t len = readlink("/proc/self/exe", buffer, size - 1);
    if (len > 0) {
        buffer[len] = '\0';
        char *slash = strrchr(buffer, '/');
        if (slash != NULL && (size_t)(slash - buffer) + sizeof "/locale" <= size) {
            memcpy(slash, "/locale", sizeof "/locale");
            if (has_catalogue(buffer))
                return buffer;
        }
    }
    return JB_LOCALEDIR;
}

void cli_lang(const char *lang)
{
    char buffer[PATH_MAX];

    english = wants_english(lang);
    setlocale(LC_ALL, "");
    /* gettext translates nothing in the plain C locale, and libsmartcols needs UTF-8. */
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    setenv("LANGUAGE", english ? "en" : "zh_CN", 1);
    bindtextdomain("jiaoban", catalogue_folder(buffer, sizeof buffer));
    bind_textdomain_codeset("jiaoban", "UTF-8");
    textdomain("jiaoban");
}

bool cli_english(void)
{
    return english;
}
