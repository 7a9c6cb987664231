/* See lang.h. Works without any locale being installed. */
#include "clients/gateway/adapters/lang.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* $JIAOBAN_LOCALEDIR; `locale` beside the program (a build folder); where it was installed. */
static const char *catalogue_folder(char *path, size_t size)
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
    (void)snprintf(file, sizeof file, "%s/zh_CN/LC_MESSAGES/jiaoban.mo", path);
    return access(file, R_OK) == 0 ? path : JB_LOCALEDIR;
}

void jb_ex_lang(const char *language)
{
    char path[PATH_MAX];
    (void)setlocale(LC_ALL, "C.UTF-8");
    (void)setlocale(LC_NUMERIC, "C");
    (void)setenv("LANGUAGE", strcmp(language, "en") == 0 ? "en" : "zh_CN", 1);
    (void)bindtextdomain("jiaoban", catalogue_folder(path, sizeof path));
    (void)bind_textdomain_codeset("jiaoban", "UTF-8");
    (void)textdomain("jiaoban");
}
