/* What jiaoban-exchange reads from outside: the first byte chooses a CSV file, a JSON document, an
 * XLSX file, or one part of it (the rest of the archive is made here, so that the XML is reached).
 * The mapping of letters is laid over what was read. */
#include <string.h>
#include <zip.h>

#include "clients/gateway/adapters/map.h"
#include "tests/fuzz/fuzz.h"

#define CELL_BYTES 4096
#define MEMORY ((size_t)16 * 1024 * 1024)
#define UNPACKED ((size_t)4 * 1024 * 1024)

static const char letters[] = "[map]\nsystem = s\nnumber = a\nsend = forward\n[fields]\ntitle = b\n"
                              "content = c\nreceived_at = d\npeople = e\nchannel = f\nrepeat = g\n"
                              "person_name = h\nsend_to = i\ndue = j\n[channel]\nonline = x | *\n";
static const char book[] = "<workbook><sheets><sheet name='s' id='r'/></sheets></workbook>";
static const char rels[] = "<R><Relationship Id='r' Target='s.xml'/></R>";

static void member(zip_t *zip, const char *name, const void *data, size_t len)
{
    zip_source_t *source = zip_source_buffer(zip, data, len, 0);
    FUZZ_MUST(source != NULL);
    zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_OVERWRITE);
    FUZZ_MUST(at >= 0);
    FUZZ_MUST(zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) == 0);
}

/* The input as one part of a good archive. */
static enum jb_err read_part(struct jb_ex_table *t, const char *name, struct jb_bytes bytes,
                             struct jb_fault *fault)
{
    static const char strings[] = "<sst><si><t>a</t></si><si><t>b</t></si></sst>";
    static const char sheet[] =
        "<s><row r='1'><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row></s>";
    const struct jb_ex_xlsx options = {NULL, UNPACKED};
    zip_error_t error;
    zip_stat_t stat;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    FUZZ_MUST(target != NULL);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    FUZZ_MUST(zip != NULL);
    member(zip, "xl/workbook.xml", book, sizeof book - 1);
    member(zip, "xl/_rels/workbook.xml.rels", rels, sizeof rels - 1);
    member(zip, "xl/sharedStrings.xml", strings, sizeof strings - 1);
    member(zip, "xl/s.xml", sheet, sizeof sheet - 1);
    member(zip, name, bytes.data, bytes.len);
    FUZZ_MUST(zip_close(zip) == 0 && zip_source_open(target) == 0);
    FUZZ_MUST(zip_source_stat(target, &stat) == 0);
    uint8_t *data = malloc(stat.size);
    FUZZ_MUST(data != NULL);
    FUZZ_MUST(zip_source_read(target, data, stat.size) == (zip_int64_t)stat.size);
    (void)zip_source_close(target);
    zip_source_free(target);
    zip_error_fini(&error);
    enum jb_err err = jb_ex_xlsx_read(t, (struct jb_bytes){data, stat.size}, &options, fault);
    free(data);
    return err;
}

static enum jb_err read_table(struct jb_ex_table *t, uint8_t what, struct jb_bytes bytes,
                              struct jb_fault *fault)
{
    static const char *const parts[] = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels",
                                        "xl/sharedStrings.xml", "xl/s.xml"};
    static const char *const encodings[] = {"auto", "utf-8", "gb18030"};
    const struct jb_text text = {(const char *)bytes.data, bytes.len};
    const struct jb_ex_xlsx xlsx = {NULL, UNPACKED};
    if (what < 3) {
        const struct jb_ex_csv csv = {encodings[what], 0};
        return jb_ex_csv_read(t, text, &csv, fault);
    }
    if (what == 3)
        return jb_ex_json_read(t, text, "", fault);
    return what == 4 ? jb_ex_xlsx_read(t, bytes, &xlsx, fault)
                     : read_part(t, parts[what % 4], bytes, fault);
}

/* Every row is an act that is within its limits, or says what is wrong with it. */
static void rows_drafted(const struct jb_ex_table *t, const struct jb_ex_map *map)
{
    for (size_t i = 0; i < t->row_count; i++) {
        const struct jb_ex_row *row = &t->rows[i];
        const struct jb_ex_record record = {t->headers, row->cells,
                                            row->count < t->columns ? row->count : t->columns};
        struct jb_ex_draft draft;
        struct jb_arena arena;
        struct jb_fault fault = {""};
        jb_arena_init(&arena, MEMORY);
        enum jb_err err = jb_ex_draft_read(map, &record, &arena, &draft, &fault);
        if (err == JB_OK) {
            FUZZ_MUST(draft.number[0] != '\0' && strlen(draft.number) <= JB_EX_NUMBER_BYTES);
            FUZZ_MUST(draft.act.title != NULL && draft.act.title[0] != '\0');
            FUZZ_MUST(strpbrk(draft.act.title, "\r\n\t") == NULL);
        } else {
            FUZZ_MUST(fault.text[0] != '\0' || err == JB_NOMEM);
        }
        jb_arena_fini(&arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jb_ex_table table;
    struct jb_ex_map map;
    struct jb_fault fault = {""};
    if (size == 0)
        return 0;
    const struct jb_bytes rest = {data + 1, size - 1};
    uint8_t what = data[0] % 10;
    if (what == 9) {
        const struct jb_text text = {(const char *)rest.data, rest.len};
        enum jb_err err = jb_ex_map_read(&map, text, "fuzz", &fault);
        FUZZ_MUST(err == JB_OK || fault.text[0] != '\0');
        jb_ex_map_fini(&map);
        return 0;
    }
    const struct jb_text text = {letters, sizeof letters - 1};
    FUZZ_MUST(jb_ex_map_read(&map, text, "letters", &fault) == JB_OK);
    jb_ex_table_init(&table, CELL_BYTES, MEMORY);
    enum jb_err err = read_table(&table, what, rest, &fault);
    FUZZ_MUST(err == JB_OK || fault.text[0] != '\0');
    if (err == JB_OK)
        rows_drafted(&table, &map);
    jb_ex_table_fini(&table);
    jb_ex_map_fini(&map);
    return 0;
}
