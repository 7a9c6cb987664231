/* The report: figures as JSON, or as a file for a spreadsheet with the cells that the command line
 * client writes. */
#include "clients/gateway/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/gateway/disposition.h"
#include "clients/gateway/result.h"
#include "clients/report/figures.h"

#define WORD_BYTES 64
#define DAY_CHARACTERS 10
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* What a file is made with, until the figures are there; in the request's arena. */
struct filing {
    struct jiaoban_query q;
    bool xlsx, gb18030;
    struct jb_tongue tongue;
};

static bool query_read(struct jb_gw_request *r, struct jiaoban_query *q)
{
    *q = (struct jiaoban_query){.size = sizeof *q};
    return jb_gw_param_i64(r, "from_ms", &q->from_ms) && jb_gw_param_i64(r, "to_ms", &q->to_ms) &&
           jb_gw_param_u32(r, "node", &q->node) &&
           jb_gw_param_text(r, "indicator", WORD_BYTES, &q->indicator) &&
           jb_gw_param_text(r, "counts", WORD_BYTES, &q->counts) &&
           jb_gw_param_bool(r, "cases", &q->cases);
}

void jb_gw_get_report(struct jb_gw_request *r)
{
    struct jiaoban_query q;
    if (query_read(r, &q))
        jb_gw_ask(r, "report", &q, JB_GW_LONG_MS, jb_gw_then_show);
}

/* ---- files ---- */

/* report-2026-11-01-2026-11-30.csv: first and last day. */
static const char *file_name(struct filing *f, const struct jiaoban_result *result)
{
    const struct jiaoban_report *head = jiaoban_result_report(result);
    const char *ending = f->xlsx ? "xlsx" : "csv";
    char from[JIAOBAN_TEXT] = "", until[JIAOBAN_TEXT] = "";
    if (head == NULL)
        return jb_tongue_format(&f->tongue, "report.%s", ending);
    jiaoban_instant_text(head->from_ms, false, from);
    jiaoban_instant_text(head->to_ms, true, until);
    return jb_tongue_format(&f->tongue, "report-%.*s-%.*s.%s", DAY_CHARACTERS, from, DAY_CHARACTERS,
                            until, ending);
}

static void reply_csv(struct jb_gw_request *r, const struct filing *f, const struct jb_sheet *s)
{
    struct jb_unmapped unmapped;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool able = out != NULL && jb_sheet_write_csv(s, out, f->gb18030, &unmapped);
    bool whole = out != NULL && ferror(out) == 0;
    if (out != NULL && fclose(out) != 0)
        whole = false;
    if (!whole || !able)
        jb_gw_refuse_error(r, !whole ? JB_NOMEM : JB_UNSUPPORTED, "the report as CSV");
    else
        jb_gw_reply_bytes(r, 200,
                          f->gb18030 ? "text/csv; charset=GB18030" : "text/csv; charset=utf-8",
                          text, len);
    free(text);
}

/* In memory only: what it holds is nobody's to find in a folder. */
static void reply_xlsx(struct jb_gw_request *r, const struct jb_sheet *s)
{
    char path[32];
    struct stat st;
    struct MHD_Response *response = NULL;
    int fd = memfd_create("report.xlsx", MFD_CLOEXEC);
    const char *why = NULL;
    if (fd >= 0) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        why = jb_sheet_write_xlsx(s, path);
        if (why == NULL && fstat(fd, &st) == 0)
            response = MHD_create_response_from_fd((size_t)st.st_size, fd); /* takes fd over */
    }
    if (response != NULL) {
        jb_gw_header(r, "Content-Type", XLSX);
        jb_gw_reply_response(r, 200, response);
        return;
    }
    if (fd >= 0)
        (void)close(fd);
    jb_gw_refuse_error(r, why != NULL ? JB_IO : JB_NOMEM, "the report as a workbook");
}

static void then_file(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    struct filing *f = r->state;
    if (status != JIAOBAN_OK) {
        jb_gw_refuse_status(r, status);
        jiaoban_result_free(result);
        return;
    }
    struct jb_sheet s = jb_report_sheet(&f->tongue, &f->q, result);
    const char *disposition =
        jb_gw_disposition(file_name(f, result), f->xlsx ? "report.xlsx" : "report.csv", &r->arena);
    if (s.failed || disposition == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the report");
    } else {
        jb_gw_header(r, "Content-Disposition", disposition);
        if (f->xlsx)
            reply_xlsx(r, &s);
        else
            reply_csv(r, f, &s);
    }
    jb_sheet_free(&s);
    jb_tongue_free(&f->tongue);
    jiaoban_result_free(result);
}

/* One of two words; false: refused. */
static bool choice_read(struct jb_gw_request *r, const char *name, const char *preset,
                        const char *other, bool *is_other)
{
    char text[WORD_BYTES * 2];
    const char *value = jb_gw_param(&r->target, name);
    *is_other = value != NULL && strcmp(value, other) == 0;
    if (value == NULL || *is_other || strcmp(value, preset) == 0)
        return true;
    (void)snprintf(text, sizeof text, "must be %s or %s", preset, other);
    jb_gw_refuse_field(r, name, text);
    return false;
}

static void get_file(struct jb_gw_request *r, bool xlsx)
{
    struct filing *f = jb_arena_alloc(&r->arena, sizeof *f);
    if (f == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the report");
        return;
    }
    *f = (struct filing){.xlsx = xlsx};
    r->state = f;
    if (query_read(r, &f->q) && choice_read(r, "lang", "zh", "en", &f->tongue.english) &&
        (xlsx || choice_read(r, "encoding", "utf-8", "gb18030", &f->gb18030)))
        jb_gw_ask(r, "report", &f->q, JB_GW_LONG_MS, then_file);
}

void jb_gw_get_report_csv(struct jb_gw_request *r)
{
    get_file(r, false);
}

void jb_gw_get_report_xlsx(struct jb_gw_request *r)
{
    get_file(r, true);
}
