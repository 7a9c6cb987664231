/* The reader of CSV: of the cases that the demo and the replay play. */
#include "tests/demo/csv.h"
#include "tests/fuzz/fuzz.h"

/* Written as RFC 4180 has it, every field in quotes. */
static void write_all(const struct csv *csv, FILE *out)
{
    for (size_t i = 0; i < csv->rows * csv->columns; i++) {
        fputc('"', out);
        for (const char *c = csv->fields[i]; *c != '\0'; c++) {
            fputc(*c, out);
            if (*c == '"')
                fputc('"', out);
        }
        fputs((i + 1) % csv->columns == 0 ? "\"\r\n" : "\",", out);
    }
}

/* Nothing is lost, nothing moves to another column. */
static void same(const struct csv *a, const struct csv *b)
{
    FUZZ_MUST(a->rows == b->rows && a->columns == b->columns);
    for (size_t i = 0; i < a->rows * a->columns; i++)
        FUZZ_MUST(strcmp(a->fields[i], b->fields[i]) == 0);
}

/* What is wrong with the file goes to standard error, which is wanted for findings. */
static bool read_quietly(struct csv *csv, struct jb_bytes bytes)
{
    static FILE *nowhere;
    FILE *kept = stderr;

    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "we");
    char *text = malloc(bytes.len + 1);
    FUZZ_MUST(nowhere != NULL && text != NULL);
    if (bytes.len > 0)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    stderr = nowhere;
    bool good = csv_parse(csv, text, bytes.len, "fuzz");
    stderr = kept;
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv csv;
    struct csv again;
    char *text = NULL;
    size_t len = 0;

    if (!read_quietly(&csv, (struct jb_bytes){data, size}))
        return 0;
    FUZZ_MUST(csv.rows > 0 && csv.columns > 0);
    FUZZ_MUST(csv_get(&csv, csv.rows, csv.fields[0]) == NULL);
    FUZZ_MUST(csv_get(&csv, csv.rows - 1, csv.fields[0]) != NULL);
    FILE *out = open_memstream(&text, &len);
    FUZZ_MUST(out != NULL);
    write_all(&csv, out);
    FUZZ_MUST(fclose(out) == 0);
    FUZZ_MUST(read_quietly(&again, (struct jb_bytes){(const uint8_t *)text, len}));
    same(&csv, &again);
    csv_free(&again);
    csv_free(&csv);
    free(text);
    return 0;
}
