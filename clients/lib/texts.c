/* Statuses, case numbers and dates as texts: thin, the tables are those that both ends share. Holds
 * the public numbers against the internal ones. */
#include "clients/lib/client.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/rules/caseno.h"
#include "proto/rules/civil.h"
#include "proto/wire/seal.h"

_Static_assert(JIAOBAN_TEXT >= JB_CASENO_TEXT, "room for case numbers");
_Static_assert(JIAOBAN_TEXT >= JB_INSTANT_TEXT, "room for instants");

/* The public statuses are the numbers of the error table. */
#define X(name, wire, exit_code, text)                                                             \
    _Static_assert((int)JIAOBAN_##name == (int)JB_##name, "status " #name);
JB_ERRORS(X)
#undef X

const char *jiaoban_status_name(enum jiaoban_status status)
{
    return jb_err_name((enum jb_err)status);
}

const char *jiaoban_status_text(enum jiaoban_status status)
{
    return jb_err_text((enum jb_err)status);
}

int jiaoban_status_exit(enum jiaoban_status status)
{
    return jb_err_exit((enum jb_err)status);
}

const char *jiaoban_version(void)
{
    return JB_VERSION_TEXT;
}

enum jiaoban_status jiaoban_case_number(const char *text, int64_t *case_no,
                                        char shown[JIAOBAN_TEXT])
{
    struct jb_fault fault = {""};
    int64_t no = 0;
    enum jb_err err = jb_caseno_parse(jb_text_of(text), &no, &fault);
    if (err != JB_OK)
        return (enum jiaoban_status)err;
    if (case_no != NULL)
        *case_no = no;
    if (shown != NULL)
        jb_caseno_format(no, shown);
    return JIAOBAN_OK;
}

enum jiaoban_status jiaoban_instant(const char *text, bool end_of_day, int64_t *instant_ms)
{
    struct jb_date date;
    enum jb_err err = jb_date_parse(jb_text_of(text), &date);
    if (err == JB_OK) {
        *instant_ms = end_of_day ? jb_date_end_ms(date) : jb_date_start_ms(date);
        return JIAOBAN_OK;
    }
    if (err == JB_MALFORMED)
        err = jb_instant_parse(jb_text_of(text), instant_ms);
    return (enum jiaoban_status)err;
}

void jiaoban_instant_text(int64_t instant_ms, bool due, char text[JIAOBAN_TEXT])
{
    if (due)
        jb_instant_format_due(instant_ms, text);
    else
        jb_instant_format(instant_ms, text);
}

enum jiaoban_status jiaoban_query_code_key(const char *code, char key[JIAOBAN_CODE_KEY])
{
    uint8_t hash[JB_HASH_BYTES];
    key[0] = '\0';
    enum jb_err err = jb_query_code_hash(jb_text_of(code), hash);
    if (err == JB_OK)
        (void)sodium_bin2hex(key, JIAOBAN_CODE_KEY, hash, sizeof hash);
    return (enum jiaoban_status)err;
}
