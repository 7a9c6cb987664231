/* A table in a database, as few operations as the adapter needs. Two of them: SQLite, PostgreSQL.
 * Every operation is one statement with parameters, and commits by itself; a lost connection is an
 * error of that look, and the next one connects again. */
#ifndef JB_EX_DBTABLE_H
#define JB_EX_DBTABLE_H

#include "clients/gateway/adapters/config.h"
#include "clients/gateway/adapters/facts.h"
#include "clients/gateway/adapters/table.h"

struct jb_ex_database {
    const struct jb_ex_config *config;
    void *connection;
};
struct jb_ex_page { /* which of the rows that nobody has taken */
    size_t skip;    /* so many first ones are passed over */
    bool places;    /* with the column JB_EX_PLACE, if the table has places */
};
/* Where a row lies (SQLite's rowid, PostgreSQL's ctid), while it is not changed: to mark one whose
 * number cannot be read. Views and tables without a rowid have none. */
#define JB_EX_PLACE "jb_place"

struct jb_ex_verdict { /* what a row is told */
    const char *number;
    const char *place; /* in place of the number; NULL: by number */
    bool taken;
    const char *case_number, *error;
};

struct jb_ex_driver {
    enum jb_err (*open)(struct jb_ex_database *db, struct jb_fault *fault);
    void (*close)(struct jb_ex_database *db);
    /* Rows that nobody has taken, config->batch of them, by number. CONFIG: also when places are
     * asked for and there are none. */
    enum jb_err (*untaken)(struct jb_ex_database *db, const struct jb_ex_page *page,
                           struct jb_ex_table *t, struct jb_fault *fault);
    /* Mark one: only if it is still untaken. */
    enum jb_err (*mark)(struct jb_ex_database *db, const struct jb_ex_verdict *v,
                        struct jb_fault *fault);
    /* Write facts, unless these or later ones stand there. */
    enum jb_err (*tell)(struct jb_ex_database *db, const char *number,
                        const struct jb_ex_facts *facts, struct jb_fault *fault);
};
/* The name of a column in small letters, as mappings have it: databases fold them differently.
 * NULL: no memory. */
char *jb_ex_column_name(struct jb_arena *arena, const char *name);
extern const struct jb_ex_driver jb_ex_sqlite, jb_ex_postgresql;

/* The statements, the same for both but for the sign of a parameter ('?' or '$'); all of the
 * parameters are texts. In the arena; NULL: no memory. Names were checked with the configuration.
 */
char *jb_ex_sql_untaken(const struct jb_ex_config *c, char sign, const struct jb_ex_page *page,
                        struct jb_arena *arena);
char *jb_ex_sql_mark(const struct jb_ex_config *c, char sign, bool by_place,
                     struct jb_arena *arena);
char *jb_ex_sql_tell(const struct jb_ex_config *c, char sign, const struct jb_ex_facts *facts,
                     struct jb_arena *arena);

#endif
