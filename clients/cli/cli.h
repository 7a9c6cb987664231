/* The command line client: one table of verbs, one of options, one struct for a run.
 *
 * Knows the agent and the broker only through jiaoban.h. Everything shown that somebody else wrote
 * goes through cli_safe, so that no control character reaches a terminal. Single-threaded. */
#ifndef JB_CLIENTS_CLI_CLI_H
#define JB_CLIENTS_CLI_CLI_H

#include <libintl.h>
#include <stdio.h>

#include "clients/lib/jiaoban.h"
#include "clients/report/words.h"

#define _(text) gettext(text)

#define CLI_USAGE 2 /* exit code */
#define CLI_WAIT_S 10

/* Every option and positional argument of any verb. */
enum cli_opt {
    OPT_NONE = 0,
    /* of every verb */
    OPT_SOCKET,
    OPT_ADMIN,
    OPT_JSON,
    OPT_LANG,
    OPT_NO_COLOR,
    OPT_WAIT,
    OPT_BEHALF,
    /* fields of acts */
    OPT_CASE,
    OPT_TITLE,
    OPT_CONTENT,
    OPT_CLASS,
    OPT_PLACE,
    OPT_CHANNEL,
    OPT_KIND,
    OPT_PEOPLE,
    OPT_FLAG,
    OPT_RECEIVED,
    OPT_FOREIGN,
    OPT_PERSON,
    OPT_TO,
    OPT_CO,
    OPT_AUTHORITY,
    OPT_DUE,
    OPT_BASIS,
    OPT_TEXT,
    OPT_REPORT_FORM,
    OPT_COUNTERSIGNED,
    OPT_REASON,
    OPT_ORGAN,
    OPT_EXIT,
    OPT_NOTICE,
    OPT_TOLD,
    OPT_HOW,
    OPT_NO_LONGER,
    OPT_RULING,
    OPT_DEADLINE,
    OPT_DAYS,
    OPT_APPROVED,
    OPT_OPINION,
    OPT_OPINION_NO,
    OPT_REPORT,
    OPT_DONE,
    OPT_CLOSE_NO,
    OPT_CUSTODY,
    OPT_ACCUSED,
    OPT_OTHER, /* the other case: positional */
    OPT_ABOUT, /* the case that a file of its own is about */
    OPT_PART,  /* titles of the parts of a split */
    OPT_LINK_KIND,
    OPT_GROUND,
    OPT_PERSON_NAME, /* a person recused */
    OPT_TAKEN_BY,
    OPT_AGENCY, /* an agency concerned, not a receiver */
    OPT_HOST,
    OPT_AUDIENCE,
    OPT_DIRECTIVE,
    OPT_POWER,
    OPT_DEMAND,
    OPT_RECOMMENDATION,
    OPT_OFFICIAL,
    OPT_LEADER, /* positional: who takes a case on, or is delegated to */
    OPT_ORDER_LEVEL,
    OPT_ADOPTED,
    OPT_FROM_DAY,
    OPT_UNTIL_DAY,
    OPT_DELEGATED_FROM,
    OPT_DELEGATED_UNTIL,
    OPT_DOCKET,
    OPT_STEP,
    OPT_PARTY,
    OPT_SATISFACTION,
    OPT_QUERY_CODE,
    /* of questions */
    OPT_STAGE,
    OPT_HOLDER,
    OPT_REGISTRAR,
    OPT_FIND,
    OPT_OPEN,
    OPT_ALL,
    OPT_LIGHT,
    OPT_MINE,
    OPT_FROM,
    OPT_UNTIL,
    OPT_AFTER,
    OPT_LIMIT,
    OPT_OBJECTIONS,
    OPT_MISSED,
    OPT_BEFORE,
    OPT_TIMELINE,
    OPT_NO_TIMELINE,
    OPT_PERSONS,
    OPT_FULL,
    OPT_OFFLINE,
    OPT_FOLDER,
    OPT_BROKER_KEY,
    OPT_NUMBER,
    OPT_ALARMS,
    OPT_COUNT_MAX,
    OPT_ISSUED,
    OPT_BY_POWER,
    OPT_AFTER_NO,
    OPT_OF_CASE, /* audit */
    OPT_USER,
    OPT_SINCE,
    OPT_SECTION,
    OPT_ASKER, /* a petitioner's name */
    OPT_ASKER_CODE,
    OPT_INDICATOR,
    OPT_COUNTS,
    OPT_CASES,
    OPT_FORMAT,
    OPT_OUTPUT,
    OPT_SHOWN_AS,
    OPT_REMARK,
    OPT_WHICH,
    OPT_PERIOD,
    OPT_MONTH,
    OPT_QUARTER,
    OPT_YEAR,
    OPT_DUE_FROM,
    OPT_DUE_UNTIL,
    OPT_OF_AGENCY,
    /* of administration */
    OPT_NODE,
    OPT_CODE,
    OPT_NAME,
    OPT_LEVEL,
    OPT_NODE_KIND,
    OPT_PARENT,
    OPT_REGION,
    OPT_CREDIT,
    OPT_VALID_FROM,
    OPT_VALID_TO,
    OPT_KEYS,
    OPT_SUCCESSOR,
    OPT_FILE,
    OPT_DRY_RUN,
    OPT_WHAT,
    OPT_MORE,
    OPT_TOTAL
};

/* How the value of an option that is a field of an act is read. */
enum cli_type {
    TYPE_OTHER = 0, /* not a field of an act */
    TYPE_LINE,
    TYPE_BODY, /* also @FILE, or - for standard input */
    TYPE_DAY,  /* the first instant of a day, or "now" */
    TYPE_DUE,  /* the end of a day */
    TYPE_NODE,
    TYPE_NODES,
    TYPE_U32,
    TYPE_U64,
    TYPE_SWITCH,
    TYPE_WORD,
    TYPE_FLAGS,
    TYPE_PERSON,
    TYPE_FOREIGN,
    TYPE_NO_LONGER
};

struct cli_option {
    const char *name; /* NULL: a positional argument only */
    int letter;       /* one-letter form; 0: none */
    const char *arg;  /* msgid; NULL: a switch */
    const char *doc;  /* msgid */
    enum cli_type type;
    size_t offset; /* of the field in struct jiaoban_act */
    const struct jb_word *words;
};

struct cli;

enum cli_group {
    GROUP_CASE,
    GROUP_ORDER,
    GROUP_SUPERVISION,
    GROUP_REVIEW,
    GROUP_LOOK,
    GROUP_ADMIN,
    GROUP_OTHER,
    GROUP_HIDDEN
};

struct cli_verb {
    const char *name; /* "assign", "node add" */
    enum cli_group group;
    const char *args; /* msgid: positional arguments as in the usage line; NULL: none */
    const char *doc;  /* msgid */
    int (*run)(struct cli *c);
    const char *act;   /* kind of act, for run_act */
    int power, demand; /* of the directive that the verb stands for; 0: as given */
    enum cli_opt positional[4];
    int required;             /* how many of them must be given */
    bool repeats;             /* the last of them may be given again and again */
    bool admin;               /* talks to the broker's admin socket */
    bool alone;               /* talks to nobody */
    enum cli_opt alone_with;  /* likewise when this is given */
    enum cli_opt options[24]; /* OPT_NONE ends the list */
};

struct cli_given {
    enum cli_opt opt;
    const char *value;
};

struct cli {
    const struct cli_verb *verb;
    struct cli_given given[256]; /* options and positional arguments as given, in order */
    size_t given_count;
    bool json, color;
    bool said;  /* what is wrong with the command line */
    bool admin; /* connected to the broker, not to an agent */
    struct jiaoban *j;
    int64_t now_ms;
    struct jiaoban_result *nodes; /* the directory, once it was needed */
    uint32_t own_node;            /* of the agent's agency, once it was needed; 0: not yet */
    struct jb_tongue tongue;      /* what is freed at the end */
};

/* ---- run.c ---- */

/* The whole program; returns the exit code. */
int cli_run(int argc, char **argv);
/* The same at this instant: what "now" and "5 days left" count from. */
int cli_run_at(int argc, char **argv, int64_t at_ms);

/* ---- options.c, verbs.c, verbs_*.c ---- */

/* The rows of one file; a row without a name ends them. */
extern const struct cli_verb cli_case_verbs[], cli_order_verbs[], cli_look_verbs[],
    cli_admin_verbs[];

extern const struct cli_option cli_options[OPT_TOTAL];
extern const enum cli_opt cli_global_options[];
/* Those that every act has, whatever its verb; OPT_NONE ends them. None for other verbs. */
const enum cli_opt *cli_act_options(const struct cli_verb *verb);
const struct cli_verb *cli_verb_at(size_t i); /* NULL: past the last */
/* The verb that begins with these words; *words gets how many it has. NULL: none. */
const struct cli_verb *cli_verb_find(int argc, char **argv, int *words);
/* Is it the first word of verbs of two words ("node", "docket")? */
bool cli_verb_prefix(const char *word);

/* ---- parse.c, help.c ---- */

/* Read argv[0..argc) into c. Answers false when there is nothing left to do, with the exit code. */
bool cli_parse(struct cli *c, int argc, char **argv, int *exit_code);
void cli_help(const struct cli_verb *verb);
void cli_help_all(void);
/* The verbs that begin with this word. */
void cli_help_prefix(const char *word);
/* The value of an option given last; NULL: not given. */
const char *cli_opt(const struct cli *c, enum cli_opt opt);
bool cli_has(const struct cli *c, enum cli_opt opt);

/* ---- read.c: values; each prints what is wrong and returns an exit code, 0: fine ---- */

int cli_read_u32(struct cli *c, enum cli_opt opt, uint32_t *out);
int cli_read_u64(struct cli *c, enum cli_opt opt, uint64_t *out);
int cli_read_instant(struct cli *c, enum cli_opt opt, bool end_of_day, int64_t *out_ms);
int cli_read_word(struct cli *c, enum cli_opt opt, const struct jb_word *words, int *out);
int cli_read_node(struct cli *c, enum cli_opt opt, uint32_t *out);
/* Also @FILE and "-". */
int cli_read_text(struct cli *c, const char *value, const char **out);
int cli_read_file(struct cli *c, const char *path, char **out, size_t *out_bytes);
int cli_find_node(struct cli *c, const char *what, uint32_t *out);
int cli_read_person(struct cli *c, const char *value, struct jiaoban_person *out);

/* ---- words.c ---- */

extern const struct jb_word cli_exits[], cli_authorities[], cli_opinions[], cli_rulings[],
    cli_stages[], cli_roles[], cli_lights[], cli_lines[], cli_levels[], cli_node_kinds[],
    cli_flags[], cli_ends[], cli_declines[], cli_demands[], cli_recommendations[], cli_steps[],
    cli_directive_statuses[], cli_target_states[], cli_link_kinds[], cli_grounds[], cli_parties[],
    cli_satisfactions[], cli_rating_states[], cli_units[];
/* The text for people in their language; the number for a value that is not in the list. */
const char *cli_word(struct cli *c, const struct jb_word *words, int value);
/* By word, by text in either language, by number. */
bool cli_word_read(const struct jb_word *words, const char *text, int *value);
/* "assign" -> what was done, in words. */
const char *cli_act_text(const char *kind);
/* Names of the policy's rows: "handle"; the key itself if there is none. */
const char *cli_key_text(const char *key);

/* ---- refusals.c ---- */

/* A refusal in three parts. */
struct cli_refusal {
    const char *name;
    const char *text; /* msgid: what happened */
    const char *rule; /* msgid: the rule; NULL: the article that comes with it says it */
    const char *next; /* msgid: what to do, naming the command; "CASE" stands for the case */
};
const struct cli_refusal *cli_refusal_find(const char *name); /* NULL: of a newer broker */

/* ---- detail.c, terms.c, terms_files.c ---- */

/* The English particulars of a refusal in the reader's language; in brackets as they are, when
 * there is no translation. */
const char *cli_detail(struct cli *c, const char *detail);
/* The formats that are translated, by number; those about files of rules. NULL: past the last. */
const char *cli_detail_format(size_t i);
const char *cli_file_format(size_t i);
/* A word of the rules ("told_at_ms", "signed") in the reader's language; NULL: none. */
const char *cli_term(const char *word);

/* ---- verdict.c ---- */

/* Print what became of a submission; returns the exit code. */
int cli_verdict(struct cli *c, const struct jiaoban_settled *s);
/* The translated parts for this refusal; never NULL. */
struct cli_refusal cli_refusal_text(const struct jiaoban_settled *s);
/* A translated hint with the number of the case in place of the word for it; "": as it is. */
const char *cli_hint(struct cli *c, const char *hint, const char *case_number);
/* Print why a call on c->j failed; returns the exit code. */
int cli_failed(struct cli *c, enum jiaoban_status status);
/* Print a mistake in the command line (with --json as a document); returns CLI_USAGE. */
int cli_usage(struct cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a value or a file that cannot be used; returns the exit code for bad input. */
int cli_malformed(struct cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print that a file cannot be written, and why; `path` NULL: standard output. Returns the exit
 * code. */
int cli_write_failed(const char *path, const char *why);

/* ---- alarms.c ---- */

/* What an alarm says, in two lines: what happened with its article, what to do. `d`: the deadline
 * behind it; NULL: none is known. */
struct cli_alarm {
    const char *text, *rule, *next;
};
struct cli_alarm cli_alarm_text(struct cli *c, const struct jiaoban_alarm *a,
                                const struct jiaoban_deadline *d);
/* The same for an alarm alone: the deadline is asked for over c->j. */
struct cli_alarm cli_alarm_asked(struct cli *c, const struct jiaoban_alarm *a);

/* ---- print.c ---- */

/* As jb_article, in the language of the run. */
const char *cli_article(struct cli *c, const char *article);
/* Printable copies; owned by c. cli_safe: one line; cli_safe_body: line breaks stay. */
const char *cli_safe(struct cli *c, const char *text);
const char *cli_safe_body(struct cli *c, const char *text);
/* At most so many characters, then "…". */
const char *cli_short(struct cli *c, const char *text, size_t characters);
const char *cli_format(struct cli *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Take over memory from malloc; freed at the end. Returns it. */
char *cli_own(struct cli *c, char *memory);
void cli_free_owned(struct cli *c);
/* "11月30日", with the year when it is another one. `due`: the day that ends then. "" for 0. */
const char *cli_day(struct cli *c, int64_t instant_ms, bool due);
/* Of an event: with the hour, unless only its day is known. */
const char *cli_day_or_time(struct cli *c, int64_t instant_ms);
/* The same with the time of day. */
const char *cli_time(struct cli *c, int64_t instant_ms);
/* "5 days left", "due today", "2 days overdue". */
const char *cli_left(struct cli *c, int64_t due_ms);
const char *cli_light_color(const struct cli *c, int light); /* NULL: none */
const char *cli_light(struct cli *c, int light);             /* "● red" */
/* Print a line of facts, "name: value", unless value is empty. */
void cli_fact(struct cli *c, const char *name, const char *value);
/* What a deadline is called: in Chinese as the policy calls it. */
const char *cli_deadline_name(struct cli *c, const struct jiaoban_deadline *d);
/* A number in decimal; "" for 0. */
const char *cli_number(struct cli *c, uint64_t number);
/* A case number as shown, from the plain one; "" for 0. */
const char *cli_case_text(struct cli *c, int64_t case_no);
/* "15 days", "5 working days". */
const char *cli_quantity(struct cli *c, uint32_t amount, int unit);
/* Print the result as JSON; returns the exit code. */
int cli_json(struct cli *c, struct jiaoban_result *r, int indent);
const char *cli_node_name(struct cli *c, uint32_t node);
/* Its code, as commands take it; the number when the directory cannot be asked. */
const char *cli_node_code(struct cli *c, uint32_t node);
/* The discipline or political-legal organ with exactly this name; 0: none, or the directory cannot
 * be asked. */
uint32_t cli_organ_called(struct cli *c, const char *name);

/* ---- ask.c: questions ---- */

/* An empty question, asked for the person of --on-behalf-of. */
struct jiaoban_query cli_query(const struct cli *c);
typedef enum jiaoban_status (*cli_question_fn)(struct jiaoban *j, const struct jiaoban_query *q,
                                               struct jiaoban_result **out);
/* Ask, page after page, until there are q->limit rows (0: all there are); on failure it is said
 * why. Returns the exit code; *r is the caller's when it is 0. */
int cli_ask(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
            struct jiaoban_result **r);
/* Ask, then print the answer as JSON or by `print`; returns the exit code. Says so when there is
 * more than was answered. */
int cli_answer(struct cli *c, cli_question_fn question, const struct jiaoban_query *q,
               int (*print)(struct cli *c, struct jiaoban_result *r));
#define CLI_LIMIT 200 /* rows, unless --limit says otherwise */

/* ---- grid.c: a table ---- */

struct cli_grid;
/* Columns by name (translated already); '*' before a name lets the column shrink, '>' aligns it to
 * the right. */
struct cli_grid *cli_grid_new(struct cli *c, const char *const *names, size_t count);
void cli_grid_row(struct cli_grid *g);
/* The next cell of the last row; color NULL: none. */
void cli_grid_cell(struct cli_grid *g, const char *text, const char *color);
/* Print and free; returns the exit code. `none` is said when there is no row. */
int cli_grid_end(struct cli_grid *g, const char *none);

/* ---- lang.c ---- */

/* Choose the language ("zh", "en", or NULL: by the environment) and open the catalogue. */
void cli_lang(const char *lang);
bool cli_english(void);

/* ---- the verbs ---- */

int cli_run_attach(struct cli *c);
int cli_run_fetch(struct cli *c);
void cli_show_attachments(struct cli *c, const struct jiaoban_case *k);
int cli_run_act(struct cli *c);
int cli_run_split(struct cli *c);
int cli_run_list(struct cli *c);
int cli_run_show(struct cli *c);
int cli_run_deadlines(struct cli *c);
int cli_run_directives(struct cli *c);
int cli_run_dockets(struct cli *c);
int cli_run_proposals(struct cli *c);
int cli_run_delegations(struct cli *c);
int cli_run_explain(struct cli *c);
int cli_run_receipts(struct cli *c);
int cli_run_rules(struct cli *c);
int cli_run_query(struct cli *c);
int cli_run_whoami(struct cli *c);
int cli_run_rights(struct cli *c);
int cli_run_audit(struct cli *c);
int cli_run_pending(struct cli *c);
int cli_run_resubmit(struct cli *c);
int cli_run_dismiss(struct cli *c);
int cli_run_settled(struct cli *c);
int cli_run_alarms(struct cli *c);
int cli_run_nodes(struct cli *c);
int cli_run_status(struct cli *c);
int cli_run_verify(struct cli *c);
/* Of a folder, without agent and broker: becomes the agent program, returns only on failure. */
int cli_run_verify_folder(struct cli *c);
int cli_run_evidence(struct cli *c);
int cli_run_report(struct cli *c);
int cli_run_watch(struct cli *c);
int cli_run_node(struct cli *c);
int cli_run_install(struct cli *c);
int cli_run_reload(struct cli *c);
int cli_run_confirm_clock(struct cli *c);
int cli_run_help(struct cli *c);
int cli_run_version(struct cli *c);
int cli_run_complete(struct cli *c);

/* One line of a case's history. `k`: for the articles of deadlines; may be NULL. */
void cli_event(struct cli *c, const struct jiaoban_event *e, const struct jiaoban_case *k,
               bool full);
/* The parts of a case beside its facts: dispute, reviews, links, ratings, directives, dockets. */
void cli_show_more(struct cli *c, const struct jiaoban_case *k);
/* Tables of directives (a line for each receiver) and dockets; within a case without its number. */
struct cli_grid *cli_directive_grid(struct cli *c, bool with_case);
void cli_directive_rows(struct cli *c, struct cli_grid *g, const struct jiaoban_directive *d,
                        bool with_case);
struct cli_grid *cli_docket_grid(struct cli *c, bool with_case);
void cli_docket_row(struct cli *c, struct cli_grid *g, const struct jiaoban_docket *d,
                    bool with_case);

#endif
