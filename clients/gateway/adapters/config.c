/* The table behind config.h, and the checks that a table cannot express. */
#include "clients/gateway/adapters/config.h"

#include <stddef.h>
#include <string.h>

#include "proto/base/log.h"

#define ROW_IN(sec, name, field, t, fl, lo, hi, def, text)                                         \
    {                                                                                              \
        .section = sec, .key = name, .type = JB_CONFIG_##t, .flags = fl, .min = lo, .max = hi,     \
        .preset = def, .help = text, .offset = offsetof(struct jb_ex_config, field)                \
    }
#define EXCHANGE(...) ROW_IN("exchange", __VA_ARGS__)
#define FOLDER(...) ROW_IN("folder", __VA_ARGS__)
#define TABLE(...) ROW_IN("table", __VA_ARGS__)
#define HTTP(...) ROW_IN("http", __VA_ARGS__)
#define DAY_MS INT64_C(86400000)
#define MIB INT64_C(1048576)

static const struct jb_config_row rows[] = {
    EXCHANGE(
        "kind", kind, STRING, JB_CONFIG_REQUIRED, 1, 16, "folder",
        "folder: files in a folder; table: a database table; http: another system's interface."),
    EXCHANGE(
        "data", data, PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/jiaoban-exchange/letters",
        "Folder of what must be remembered: which number was taken as which case. It belongs to\n"
        "the backup: without it everything would be taken again."),
    EXCHANGE(
        "agent", agent, PATH, JB_CONFIG_REQUIRED, 0, 0, "/run/jiaoban/agent.sock",
        "The agent's socket. This program's account has the role gateway there, and the account\n"
        "of its token a role that may do what is to be done: [roles] clerk = ACCOUNT/NAME."),
    EXCHANGE("gateway", gateway, PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/jiaoban-gateway",
             "Folder of the gateway's own file, where system accounts and tokens are kept."),
    EXCHANGE(
        "token", token, PATH, JB_CONFIG_REQUIRED, 0, 0, "/etc/jiaoban/exchange.token",
        "File with the API token of a system account: jiaoban-gateway --add-system, --add-token\n"
        "with the scopes register, look, and send where cases are handed on. Mode 0600."),
    EXCHANGE("map", map, PATH, JB_CONFIG_REQUIRED, 0, 0, "/etc/jiaoban/exchange.map",
             "The mapping file: their columns to our fields. See exchange-letters.map.example."),
    EXCHANGE("every", every_ms, DURATION_MS, 0, 100, DAY_MS, "10s", "How often it is looked."),
    EXCHANGE("batch", batch, INT, 0, 1, 10000, "200",
             "Records of one look, of tables and interfaces."),
    EXCHANGE("language", language, STRING, 0, 2, 2, "zh", "Of reports: zh or en."),
    EXCHANGE(
        "query_codes", query_codes, BOOL, 0, 0, 0, "no",
        "Write the petitioners' query codes into the reports of files. They are told only once:\n"
        "with `no` nobody has them."),
    EXCHANGE("log_level", log_level, STRING, 0, 0, 0, "info",
             "error, warning, notice, info or debug."),

    FOLDER(
        "path", folder, PATH, 0, 0, 0, "",
        "Files are put here: .csv, .xlsx or .json. They end in its subfolder `done`, or `refused`\n"
        "where nothing could be read, each with a report beside it."),
    FOLDER("settle", settle_ms, DURATION_MS, 0, 0, DAY_MS, "10s",
           "A file that was changed since then may still be being written: it waits."),
    FOLDER("encoding", encoding, STRING, 0, 0, 16, "auto",
           "Of CSV: auto, utf-8 or gb18030 (which holds GBK and GB 2312)."),
    FOLDER("sheet", sheet, STRING, 0, 0, 200, "", "Of XLSX: name of the sheet. Empty: the first."),
    FOLDER("file", file_bytes, BYTES, 0, 1024, 1024 * MIB, "64M", "Largest file."),
    FOLDER("unpacked", unpacked_bytes, BYTES, 0, 65536, 4096 * MIB, "512M",
           "So much of an XLSX file is unpacked at most; so much memory one file may take."),
    FOLDER("cell", cell_bytes, BYTES, 0, 1024, 16 * MIB, "256k", "Largest cell."),

    TABLE("driver", driver, STRING, 0, 0, 16, "sqlite", "sqlite or postgresql."),
    TABLE("database", database, STRING, 0, 0, 2048, "",
          "SQLite: path of the file. PostgreSQL: host=... dbname=... user=... passfile=...\n"
          "(passwords belong into a passfile)."),
    TABLE("table", table, STRING, 0, 1, 63, "INTERFACE_XFJ", "Its name."),
    TABLE("number", number_column, STRING, 0, 1, 63, "xfjbh", "Column with the number; unique."),
    TABLE("taken", taken_column, STRING, 0, 1, 63, "jb_taken",
          "Flag: 0 the other system has written this row; 1 taken; 2 not taken, see `error`.\n"
          "Rows are taken where it is 0 or empty. It is set to 0 again to have a row tried again."),
    TABLE("case", case_column, STRING, 0, 1, 63, "jb_case", "Column that gets the case number."),
    TABLE("error", error_column, STRING, 0, 1, 63, "jb_error", "Column that gets the reason."),
    TABLE(
        "told", told_column, STRING, 0, 1, 63, "jb_told",
        "Flag: set to 0 with each result ([result] of the mapping); the other system sets it to 1\n"
        "when it has read it."),
    TABLE("version", version_column, STRING, 0, 1, 63, "jb_version",
          "Column with the number of the result: a result is never written twice."),

    HTTP("url", url, STRING, 0, 0, 2048, "",
         "Where records are asked for (GET, JSON). {cursor} stands for where the last look ended."),
    HTTP("list", list, STRING, 0, 0, 256, "", "Path of the list in the answer: data.items."),
    HTTP("cursor", cursor, STRING, 0, 0, 256, "", "Path of the next cursor in the answer."),
    HTTP("result_url", result_url, STRING, 0, 0, 2048, "",
         "Where results go (POST, JSON as [result] of the mapping says). {number} stands for the\n"
         "record's number. Empty: they are not told."),
    HTTP("credentials", credentials, PATH, 0, 0, 0, "",
         "File with one header line, such as Authorization: Bearer ... Mode 0600. Empty: none."),
    HTTP("answer", answer_bytes, BYTES, 0, 1024, 256 * MIB, "16M", "Largest answer."),
    HTTP("timeout", timeout_ms, DURATION_MS, 0, 100, DAY_MS, "30s", "Of one request."),
};
#undef EXCHANGE
#undef FOLDER
#undef TABLE
#undef HTTP
#undef ROW_IN

const struct jb_config_table jb_ex_config_table = {
    .title = "jiaoban-exchange: records of one other system in, results out, beside an agent",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
    .values_bytes = sizeof(struct jb_ex_config),
};

/* ---- checks ---- */

static bool one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* Names of tables and columns go into SQL: letters, digits and _ only. */
static enum jb_err check_name(const char *key, const char *name, struct jb_fault *fault)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool digit = name[0] >= '0' && name[0] <= '9';
    if (name[0] == '\0' || digit || name[strspn(name, good)] != '\0')
        return jb_fault_set(fault, JB_CONFIG,
                            "[table] %s = %s: must be letters, digits and _, not beginning with a "
                            "digit",
                            key, name);
    return JB_OK;
}

static enum jb_err check_table(const struct jb_ex_config *c, struct jb_fault *fault)
{
    const struct {
        const char *key, *value;
    } names[] = {{"table", c->table},           {"number", c->number_column},
                 {"taken", c->taken_column},    {"case", c->case_column},
                 {"error", c->error_column},    {"told", c->told_column},
                 {"version", c->version_column}};
    enum jb_err err = JB_OK;
    if (!one_of(c->driver, "sqlite", "postgresql", "postgresql"))
        return jb_fault_set(fault, JB_CONFIG, "[table] driver = %s: must be sqlite or postgresql",
                            c->driver);
    if (c->database[0] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "[table] database is missing");
    for (size_t i = 0; err == JB_OK && i < sizeof names / sizeof names[0]; i++)
        err = check_name(names[i].key, names[i].value, fault);
    return err;
}

static bool is_http(const char *url)
{
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static enum jb_err check_http(const struct jb_ex_config *c, struct jb_fault *fault)
{
    if (!is_http(c->url))
        return jb_fault_set(fault, JB_CONFIG, "[http] url: must begin with https:// or http://");
    if (c->result_url[0] != '\0' && !is_http(c->result_url))
        return jb_fault_set(fault, JB_CONFIG,
                            "[http] result_url: must begin with https:// or http://");
    if (c->folder[0] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "[folder] path is missing: pages become files there");
    return JB_OK;
}

enum jb_err jb_ex_config_check(const struct jb_ex_config *c, struct jb_fault *fault)
{
    enum jb_log_level level;
    if (!jb_log_level_parse(c->log_level, &level))
        return jb_fault_set(fault, JB_CONFIG,
                            "[exchange] log_level = %s: must be error, warning, notice, info or "
                            "debug",
                            c->log_level);
    if (!one_of(c->language, "zh", "en", "en"))
        return jb_fault_set(fault, JB_CONFIG, "[exchange] language = %s: must be zh or en",
                            c->language);
    if (!one_of(c->kind, "folder", "table", "http"))
        return jb_fault_set(fault, JB_CONFIG, "[exchange] kind = %s: must be folder, table or http",
                            c->kind);
    if (!one_of(c->encoding, "auto", "utf-8", "gb18030"))
        return jb_fault_set(fault, JB_CONFIG,
                            "[folder] encoding = %s: must be auto, utf-8 or gb18030", c->encoding);
    if (strcmp(c->kind, "table") == 0)
        return check_table(c, fault);
    if (strcmp(c->kind, "http") == 0)
        return check_http(c, fault);
    if (c->folder[0] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "[folder] path is missing");
    return JB_OK;
}
