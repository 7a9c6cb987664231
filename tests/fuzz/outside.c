/* What surrounds a target: the linker puts these functions in the place of the real ones (FUZZ_WRAP
 * in the makefile). */
#include <stdarg.h>

#include "proto/base/log.h"
#include "proto/ledger/behind.h"
#include "proto/wire/zsock.h"
#include "tests/fuzz/fuzz.h"

size_t fuzz_sent;
bool fuzz_undo;
void (*fuzz_before_undo)(struct jb_ledger *l);

#define RANDOM_START UINT64_C(20261123)
static uint64_t random_state = RANDOM_START;

void outside_log(enum jb_log_level level, const char *subject, const char *event,
                 const char *format, ...) __asm__("__wrap_jb_log")
    __attribute__((format(printf, 4, 5)));
enum jb_err outside_send(struct jb_zsock *z, struct jb_bytes routing_id, const uint8_t *body,
                         size_t len) __asm__("__wrap_jb_zsock_send");
void outside_random(void *out, size_t len) __asm__("__wrap_randombytes_buf");
enum jb_err real_commit(struct jb_ledger *l) __asm__("__real_jb_ledger_commit");
enum jb_err outside_commit(struct jb_ledger *l) __asm__("__wrap_jb_ledger_commit");

/* The line is made, since making it can go wrong, and goes nowhere. */
void outside_log(enum jb_log_level level, const char *subject, const char *event,
                 const char *format, ...)
{
    char line[2048];
    va_list args;

    (void)level;
    (void)snprintf(line, sizeof line, "%s %s", event, subject != NULL ? subject : "-");
    if (format == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
}

/* Epochs, nonces and keys that the project asks for: the same ones in every run. */
void outside_random(void *out, size_t len)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < len; i++) {
        random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(random_state >> 56);
    }
}

void fuzz_random_again(uint64_t salt)
{
    random_state = RANDOM_START + salt;
}

enum jb_err outside_send(struct jb_zsock *z, struct jb_bytes routing_id, const uint8_t *body,
                         size_t len)
{
    (void)z;
    (void)routing_id;
    FUZZ_MUST(body != NULL && len > 0);
    fuzz_sent++;
    return JB_OK;
}

enum jb_err outside_commit(struct jb_ledger *l)
{
    if (!fuzz_undo)
        return real_commit(l);
    enum jb_err err = l->behind.fresh != NULL ? jb_behind_write(l) : jb_lines_flush(l);
    if (err == JB_OK)
        err = jb_held_write(l);
    if (err == JB_OK && fuzz_before_undo != NULL)
        fuzz_before_undo(l);
    jb_ledger_rollback(l);
    return err;
}
