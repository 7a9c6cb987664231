/* The rows of one file, in order; each has its line in the store before the next one begins, so
 * that a restart goes on behind the last one. See adapter.h. */
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "clients/gateway/adapters/adapter.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define DIGEST_SHOWN 10 /* bytes of the digest in a number that is made here */

struct taking {
    struct jb_ex_desk *desk;
    const struct jb_ex_table *table;
    const struct jb_ex_file *file;
    struct jb_ex_counts *counts;
    char digest[2 * DIGEST_SHOWN + 1];
    struct jb_fault *fault;
};

void jb_ex_count(struct jb_ex_counts *counts, enum jb_ex_outcome outcome)
{
    counts->rows++;
    counts->taken += outcome == JB_EX_ROW_TAKEN;
    counts->known += outcome == JB_EX_ROW_KNOWN;
    counts->queued += outcome == JB_EX_ROW_QUEUED;
    counts->refused += outcome == JB_EX_ROW_REFUSED;
    counts->bad += outcome == JB_EX_ROW_BAD;
}

/* ---- reading ---- */

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);
    return len > tail && strcasecmp(name + len - tail, suffix) == 0;
}

static enum jb_err table_read(struct jb_ex_desk *d, const char *name, struct jb_bytes bytes,
                              struct jb_ex_table *t, struct jb_fault *fault)
{
    const struct jb_ex_config *c = d->config;
    const struct jb_text text = {(const char *)bytes.data, bytes.len};
    const struct jb_ex_csv csv = {c->encoding, 0};
    const struct jb_ex_xlsx xlsx = {c->sheet[0] != '\0' ? c->sheet : NULL,
                                    (size_t)c->unpacked_bytes};
    enum jb_err err;
    if (ends_with(name, ".xlsx"))
        err = jb_ex_xlsx_read(t, bytes, &xlsx, fault);
    else if (ends_with(name, ".json"))
        err = jb_ex_json_read(t, text, c->list, fault);
    else
        err = jb_ex_csv_read(t, text, &csv, fault);
    return err == JB_OK ? jb_ex_map_fits(&d->map, t, fault) : err;
}

/* ---- one row ---- */

/* More cells than headers, or fewer: nobody can tell which is which. Empty ones at the end are
 * what spreadsheets add. */
static bool ragged(const struct jb_ex_table *t, const struct jb_ex_row *row)
{
    if (row->count < t->columns)
        return true;
    for (size_t i = t->columns; i < row->count; i++)
        if (row->cells[i][0] != '\0' || jb_ex_flaw_of(row->cells[i]) != JB_EX_FLAW_NONE)
            return true;
    return false;
}

static enum jb_err row_take(struct taking *k, const struct jb_ex_row *row,
                            const struct jb_ex_record *record, char number[JB_EX_NUMBER_BYTES + 1],
                            struct jb_ex_result *result)
{
    const struct jb_ex_origin origin = {k->file->id, (int64_t)row->number};
    const bool by_row = k->desk->map.number_by_row;
    if (by_row)
        (void)snprintf(number, JB_EX_NUMBER_BYTES + 1, "%s-%zu", k->digest, row->number);
    if (!ragged(k->table, row))
        return jb_ex_take(k->desk, record, by_row ? number : NULL, &origin, result, k->fault);
    *result = (struct jb_ex_result){.outcome = JB_EX_ROW_BAD};
    (void)snprintf(result->taken.detail, sizeof result->taken.detail,
                   _("%zu cells, but %zu headers: a separator inside of a text needs quotes"),
                   row->count, k->table->columns);
    return JB_OK;
}

/* Their number, as far as it can be shown. */
static void number_show(const struct taking *k, const struct jb_ex_record *record,
                        char number[JB_EX_NUMBER_BYTES + 1])
{
    const struct jb_ex_names *names = &k->desk->map.fields[JB_EX_NUMBER];
    for (size_t i = 0; i < names->count && number[0] == '\0'; i++) {
        const char *value = jb_ex_record_get(record, names->at[i]);
        if (value == NULL || jb_ex_flaw_of(value) != JB_EX_FLAW_NONE)
            continue;
        size_t len = jb_text_cut(value, strlen(value), JB_EX_NUMBER_BYTES);
        memcpy(number, value, len);
        number[len] = '\0';
    }
}

static enum jb_err row_do(struct taking *k, const struct jb_ex_row *row)
{
    const struct jb_ex_record record = {k->table->headers, row->cells,
                                        row->count < k->table->columns ? row->count
                                                                       : k->table->columns};
    char number[JB_EX_NUMBER_BYTES + 1] = "";
    struct jb_ex_result result;
    enum jb_err err = row_take(k, row, &record, number, &result);
    if (err != JB_OK)
        return err;
    number_show(k, &record, number);
    const struct jb_ex_line line = {.row = (int64_t)row->number,
                                    .outcome = result.outcome,
                                    .number = number,
                                    .case_number = result.taken.case_number,
                                    .column = result.column,
                                    .detail = result.taken.detail,
                                    .query_code = result.taken.query_code};
    err = jb_ex_line_put(k->desk->store, k->file->id, &line);
    if (err != JB_OK)
        return jb_fault_set(k->fault, err, "%s", jb_ex_store_error(k->desk->store));
    jb_ex_count(k->counts, result.outcome);
    jb_ex_point(k->desk);
    return JB_OK;
}

static enum jb_err rows_do(struct taking *k)
{
    int64_t last = 0;
    enum jb_err err = jb_ex_line_last(k->desk->store, k->file->id, &last);
    for (size_t i = 0; err == JB_OK && i < k->table->row_count; i++) {
        if (*k->desk->stop)
            return jb_fault_set(k->fault, JB_CLOSED, "stopped; the file goes on at the next start");
        if ((int64_t)k->table->rows[i].number > last)
            err = row_do(k, &k->table->rows[i]);
    }
    return err;
}

/* ---- the file ---- */

enum jb_err jb_ex_file_take(struct jb_ex_desk *d, const struct jb_ex_input *in,
                            struct jb_bytes bytes, struct jb_ex_file *f,
                            struct jb_ex_counts *counts, struct jb_fault *fault)
{
    struct jb_ex_table table;
    uint8_t digest[JB_EX_DIGEST];
    struct taking k = {.desk = d, .table = &table, .file = f, .counts = counts, .fault = fault};
    struct jb_fault why = {""};
    (void)crypto_generichash(digest, sizeof digest, bytes.data, bytes.len, NULL, 0);
    (void)sodium_bin2hex(k.digest, sizeof k.digest, digest, DIGEST_SHOWN);
    enum jb_err err = jb_ex_file_begin(d->store, digest, in->name, jb_ex_desk_now(d), f);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s", jb_ex_store_error(d->store));
    jb_ex_point(d);
    if (f->decided)
        return JB_OK;
    jb_ex_table_init(&table, (size_t)d->config->cell_bytes, (size_t)d->config->unpacked_bytes);
    err = table_read(d, in->name, bytes, &table, &why);
    if (err == JB_OK) {
        err = rows_do(&k);
    } else {
        (void)snprintf(f->verdict, sizeof f->verdict, "%s",
                       why.text[0] != '\0' ? why.text : jb_err_text(err));
        err = JB_OK;
    }
    jb_ex_table_fini(&table);
    if (err == JB_OK) {
        err = jb_ex_file_decide(d->store, f);
        jb_ex_point(d);
    }
    return err;
}
