/* See lang.h. The locale is set for the calling thread only. */
#include "proto/base/lang.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/err.h"

#define DOMAIN "jiaoban"

static locale_t spoken; /* 0: English */

static bool wants_chinese(void)
{
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0')
            return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

const char *jb_lang_folder(char *path, size_t size)
{
    char file[PATH_MAX + 64];
    const char *folder = getenv("JIAOBAN_LOCALEDIR");
    if (folder != NULL && folder[0] != '\0')
        return folder;
    ssize_t len = readlink("/proc/self/exe", path, size - sizeof "/locale");
    if (len <= 0)
        return JB_LOCALEDIR;
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return JB_LOCALEDIR;
    memcpy(slash, "/locale", sizeof "/locale");
    (void)snprintf(file, sizeof file, "%s/zh_CN/LC_MESSAGES/" DOMAIN ".mo", path);
    return access(file, R_OK) == 0 ? path : JB_LOCALEDIR;
}

__attribute__((format_arg(1))) static const char *translate(const char *format)
{
    return dgettext(DOMAIN, format);
}

void jb_lang_begin(void)
{
    char path[PATH_MAX];
    if (spoken != (locale_t)0 || !wants_chinese())
        return;
    /* gettext translates nothing in the plain C locale */
    spoken = newlocale(LC_MESSAGES_MASK | LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (spoken == (locale_t)0)
        return;
    (void)setenv("LANGUAGE", "zh_CN", 1);
    (void)bindtextdomain(DOMAIN, jb_lang_folder(path, sizeof path));
    (void)bind_textdomain_codeset(DOMAIN, "UTF-8");
    (void)uselocale(spoken);
    jb_fault_language(translate);
}

void jb_lang_end(void)
{
    jb_fault_language(NULL);
    if (spoken == (locale_t)0)
        return;
    (void)uselocale(LC_GLOBAL_LOCALE);
    freelocale(spoken);
    spoken = (locale_t)0;
}
