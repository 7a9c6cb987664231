/* The report of a file: what was taken, as which case, and why not. See adapter.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "clients/gateway/adapters/adapter.h"
#include "clients/gateway/adapters/lang.h"

#define PART ".report.part"

/* Spreadsheets run what begins like this, also in CSV. */
static bool like_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@\t\r|", text[0]) != NULL;
}

void jb_ex_report_cell(FILE *out, const char *text, bool last)
{
    (void)fputc('"', out);
    if (like_formula(text))
        (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        (void)fputc(*text, out);
        if (*text == '"')
            (void)fputc('"', out);
    }
    (void)fputs(last ? "\"\r\n" : "\",", out);
}

static const char *outcome_text(enum jb_ex_outcome outcome)
{
    static const char *const texts[] = {
        [JB_EX_ROW_TAKEN] = N_("taken"),
        [JB_EX_ROW_KNOWN] = N_("was taken before"),
        [JB_EX_ROW_QUEUED] = N_("taken, waits for the line"),
        [JB_EX_ROW_REFUSED] = N_("not taken: refused"),
        [JB_EX_ROW_BAD] = N_("not taken: cannot be read"),
    };
    return _(texts[outcome]);
}

static void line_write(FILE *out, const struct jb_ex_line *line, bool codes)
{
    char row[24];
    (void)snprintf(row, sizeof row, "%" PRId64, line->row);
    jb_ex_report_cell(out, row, false);
    jb_ex_report_cell(out, line->number, false);
    jb_ex_report_cell(out, outcome_text(line->outcome), false);
    jb_ex_report_cell(out, line->case_number, false);
    jb_ex_report_cell(out, line->column, false);
    jb_ex_report_cell(out, line->detail, !codes);
    if (codes)
        jb_ex_report_cell(out, line->query_code, true);
}

static enum jb_err lines_write(struct jb_ex_desk *d, FILE *out, int64_t file)
{
    struct jb_ex_line line;
    int64_t after = 0;
    enum jb_err err = JB_OK;
    while (err == JB_OK) {
        struct jb_arena arena;
        jb_arena_init(&arena, 65536);
        err = jb_ex_line_next(d->store, file, after, &arena, &line);
        if (err == JB_OK) {
            after = line.row;
            line_write(out, &line, d->config->query_codes);
        }
        jb_arena_fini(&arena);
    }
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err write_all(struct jb_ex_desk *d, FILE *out, int64_t file, const char *verdict)
{
    const char *headers[] = {_("row"),         _("number"), _("result"),
                             _("case number"), _("column"), _("reason")};
    const struct jb_ex_line whole = {.row = 0,
                                     .outcome = JB_EX_ROW_BAD,
                                     .number = "",
                                     .case_number = "",
                                     .column = "",
                                     .detail = verdict,
                                     .query_code = ""};
    bool codes = d->config->query_codes;
    (void)fputs("\xef\xbb\xbf", out); /* spreadsheets take it for another encoding otherwise */
    for (size_t i = 0; i < 6; i++)
        jb_ex_report_cell(out, headers[i], i == 5 && !codes);
    if (codes)
        jb_ex_report_cell(out, _("query code"), true);
    if (verdict[0] != '\0')
        line_write(out, &whole, codes);
    return file != 0 ? lines_write(d, out, file) : JB_OK;
}

enum jb_err jb_ex_report_write(struct jb_ex_desk *d, int dir, const char *name, int64_t file,
                               const char *verdict, struct jb_fault *fault)
{
    (void)unlinkat(dir, PART, 0); /* of a crash */
    int fd = openat(dir, PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        enum jb_err err = jb_fault_set(fault, JB_IO, "%s: %s", name, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    enum jb_err err = write_all(d, out, file, verdict);
    bool good = fflush(out) == 0 && ferror(out) == 0 && fsync(fd) == 0;
    good = fclose(out) == 0 && good;
    jb_ex_point(d);
    if (err == JB_OK && (!good || renameat(dir, PART, dir, name) != 0 || fsync(dir) != 0))
        err =
            jb_fault_set(fault, errno == ENOSPC ? JB_FULL : JB_IO, "%s: %s", name, strerror(errno));
    jb_ex_point(d);
    return err;
}
