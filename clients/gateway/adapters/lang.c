/* See lang.h. Works without any locale being installed. */
#include "clients/gateway/adapters/lang.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/lang.h"

void jb_ex_lang(const char *language)
{
    char path[PATH_MAX];
    (void)setlocale(LC_ALL, "C.UTF-8");
    (void)setlocale(LC_NUMERIC, "C");
    (void)setenv("LANGUAGE", strcmp(language, "en") == 0 ? "en" : "zh_CN", 1);
    (void)bindtextdomain("jiaoban", jb_lang_folder(path, sizeof path));
    (void)bind_textdomain_codeset("jiaoban", "UTF-8");
    (void)textdomain("jiaoban");
}
