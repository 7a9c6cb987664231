/* Configuration of jiaoban-exchange (deploy/config/jiaoban-exchange.conf.example is printed from
 * the same table). One process, one configuration, one other system. */
#ifndef JB_EX_CONFIG_H
#define JB_EX_CONFIG_H

#include "proto/base/config.h"

struct jb_ex_config {
    char *data, *agent, *gateway, *token, *map, *kind, *language, *log_level;
    int64_t every_ms, batch;
    bool query_codes;
    /* folder */
    char *folder, *encoding, *sheet;
    int64_t settle_ms, file_bytes, unpacked_bytes, cell_bytes;
    /* table */
    char *driver, *database, *table, *number_column, *taken_column, *case_column, *error_column;
    char *told_column, *version_column;
    /* http */
    char *url, *list, *cursor, *result_url, *credentials;
    int64_t answer_bytes, timeout_ms;
};

extern const struct jb_config_table jb_ex_config_table;

/* What the table cannot check. JB_CONFIG; the fault names the key. */
JB_MUST enum jb_err jb_ex_config_check(const struct jb_ex_config *c, struct jb_fault *fault);

#endif
