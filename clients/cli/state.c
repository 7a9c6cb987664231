/* State of the agent (or broker) and the result of a verification, in words. */
#include "clients/cli/cli.h"

#include <string.h>

static const char *number(struct cli *c, uint64_t value)
{
    return cli_format(c, "%llu", (unsigned long long)value);
}

/* Both heads: with them two people can tell on the telephone which history is which. */
static void difference(struct cli *c, const struct jiaoban_state *s)
{
    if (s->broker_head_hex[0] == '\0')
        return;
    bool same = strcmp(s->broker_head_hex, s->own_head_hex) == 0;
    cli_fact(c, _("broker's head"),
             cli_format(c, _("%s at number %llu"), cli_safe(c, s->broker_head_hex),
                        (unsigned long long)s->differs_at));
    cli_fact(c, _("this replica's head"),
             cli_format(c,
                        same ? _("%s at number %llu: the same; this replica goes on from there")
                             : _("%s at number %llu: ANOTHER history"),
                        cli_safe(c, s->own_head_hex), (unsigned long long)s->differs_at));
}

static void line_facts(struct cli *c, const struct jiaoban_state *s)
{
    const char *line = cli_word(c, cli_lines, (int)s->line);
    if (s->line_text[0] != '\0' && s->line != JIAOBAN_LINE_IN_SYNC)
        line = cli_format(c, "%s%s%s%s", line, _(" ("), cli_detail(c, s->line_text), _(")"));
    cli_fact(c, _("line"), line);
    difference(c, s);
    cli_fact(c, _("broker"), cli_safe(c, s->broker));
    cli_fact(c, _("last in sync"), cli_time(c, s->last_in_sync_ms));
    if (s->skew_ms > 2000 || s->skew_ms < -2000)
        cli_fact(c, _("clocks differ by"), cli_format(c, _("%.1f s"), (double)s->skew_ms / 1000.0));
    cli_fact(
        c, _("received"),
        cli_format(c, _("up to number %llu of the stream"), (unsigned long long)s->down_number));
    cli_fact(c, _("outbox"),
             cli_format(c, _("%llu made, %llu settled, %llu waiting"),
                        (unsigned long long)s->up_made, (unsigned long long)s->up_settled,
                        (unsigned long long)(s->up_made - s->up_settled)));
}

static void broker_facts(struct cli *c, const struct jiaoban_state *s)
{
    if (s->line == 0) {
        cli_fact(c, _("log"), number(c, s->log_seq));
        cli_fact(c, _("agencies"),
                 cli_format(c, _("%llu, %llu of them connected"), (unsigned long long)s->nodes,
                            (unsigned long long)s->nodes_connected));
    }
    if (s->backup_failed[0] != '\0')
        cli_fact(c, _("backup"),
                 cli_format(c, _("the last run failed, %s: %s"), cli_time(c, s->backup_at_ms),
                            strcmp(s->backup_failed, "interrupted") == 0
                                ? _("it was ended before it was done")
                                : cli_safe(c, s->backup_failed)));
    if (s->kept_nodes != 0)
        cli_fact(c, _("kept as evidence"),
                 cli_format(c,
                            _("%llu items of %llu agencies that came back after the record was "
                              "restored without them"),
                            (unsigned long long)s->kept_items, (unsigned long long)s->kept_nodes));
    cli_fact(c, _("policy"), cli_safe(c, s->policy_version));
    cli_fact(c, _("calendar"),
             s->calendar_until[0] != '\0'
                 ? cli_format(c, _("%s, until %s"), cli_safe(c, s->calendar_version),
                              cli_safe(c, s->calendar_until))
                 : cli_safe(c, s->calendar_version));
}

static void totals(struct cli *c, const struct jiaoban_state *s)
{
    cli_fact(c, _("cases"),
             cli_format(c, _("%llu, %llu open: %llu red, %llu yellow; %llu objections"),
                        (unsigned long long)s->cases, (unsigned long long)s->open_cases,
                        (unsigned long long)s->red, (unsigned long long)s->yellow,
                        (unsigned long long)s->objections));
    if (s->refused_recently > 0)
        cli_fact(c, _("refused recently"), number(c, s->refused_recently));
}

static const char *reason(const char *word)
{
    static const struct {
        const char *word, *text;
    } rows[] = {
        {"disk_full", N_("the disk is full: make room, then it goes on by itself")},
        {"io_error", N_("the disk fails: it is tried again every few seconds")},
        {"no_memory", N_("out of memory: it goes on by itself")},
        {"locked", N_("another program holds the database")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(word, rows[i].word) == 0)
            return _(rows[i].text);
    return word;
}

/* Does it take submissions? The first thing to know when something is wrong. */
static void health(struct cli *c, const struct jiaoban_state *s)
{
    const double mb = 1024.0 * 1024.0;
    if (!s->accepting)
        cli_fact(c, _("takes submissions"),
                 cli_format(c, _("NO, since %s: %s"), cli_time(c, s->degraded_since_ms),
                            cli_safe(c, reason(s->degraded))));
    if (s->lacking != 0)
        cli_fact(c, _("lacking since the restore"),
                 cli_format(c, _("%llu submissions that had been accepted: jiaoban pending"),
                            (unsigned long long)s->lacking));
    if (s->held[0] != '\0')
        cli_fact(c, _("submissions wait"), cli_safe(c, s->held));
    if (s->disk_free_bytes != 0 || !s->accepting)
        cli_fact(c, _("disk"),
                 cli_format(c, _("%.1f MB free, %.1f MB kept in reserve"),
                            (double)s->disk_free_bytes / mb, (double)s->reserve_bytes / mb));
    if (s->files_max != 0)
        cli_fact(c, _("descriptors"),
                 cli_format(c, _("%llu of %llu in use"), (unsigned long long)s->files_open,
                            (unsigned long long)s->files_max));
}

int cli_run_status(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_get_state(c->j, NULL, &r);
    if (status != JIAOBAN_OK)
        return cli_failed(c, status);
    const struct jiaoban_state *s = jiaoban_result_state(r);
    int code = 0;
    if (s == NULL) {
        code = cli_failed(c, JIAOBAN_MALFORMED);
    } else if (c->json) {
        code = cli_json(c, r, 2);
    } else {
        if (s->name[0] != '\0')
            cli_fact(c, _("agency"),
                     cli_format(c, _("%s (%s, number %u)"), cli_safe(c, s->name),
                                cli_safe(c, s->code), s->node));
        if (s->line != 0)
            line_facts(c, s);
        broker_facts(c, s);
        totals(c, s);
        cli_fact(c, _("software"), cli_safe(c, s->software));
        cli_fact(c, _("running since"), cli_time(c, s->started_at_ms));
        if (s->rss_bytes != 0)
            cli_fact(c, _("memory"),
                     cli_format(c, "%.1f MB", (double)s->rss_bytes / (1024.0 * 1024.0)));
        health(c, s);
        if (s->single_admin)
            cli_fact(c, _("administrators"), _("one account may hold all duties"));
        cli_fact(c, _("trouble"), cli_safe(c, s->trouble));
    }
    jiaoban_result_free(r);
    return code;
}

static const char *verdict(const struct jiaoban_check *v)
{
    if (!v->chain_intact)
        return _("the chain is BROKEN");
    if (!v->signatures_good)
        return _("a signature is BAD");
    if (!v->tables_equal)
        return _("the tables DIFFER from the record");
    if (!v->audit_intact)
        return _("the access log was CHANGED");
    if (v->broker_asked && !v->equals_broker)
        return _("the replica DIFFERS from the broker");
    if (!v->ok)
        return _("the check FAILED");
    return v->broker_asked ? _("replica = broker, chain intact")
                           : _("chain intact (the broker was not asked)");
}

static void print_check(struct cli *c, const struct jiaoban_check *v)
{
    const char *receipts = cli_format(c, ngettext("%llu receipt", "%llu receipts", v->receipts),
                                      (unsigned long long)v->receipts);
    printf("%s%s%s\n", verdict(v), _(", "), receipts);
    cli_fact(c, _("entries checked"), number(c, v->items));
    if (v->erased != 0)
        cli_fact(c, _("of which purged"), number(c, v->erased));
    if (v->nodes != 0)
        cli_fact(c, _("lines checked"), number(c, v->nodes));
    cli_fact(c, _("signatures"), v->signatures_good ? _("good") : _("BAD"));
    cli_fact(c, _("access log"),
             cli_format(c, _("%s, %llu rows"), v->audit_intact ? _("intact") : _("CHANGED"),
                        (unsigned long long)v->audited));
    cli_fact(c, _("tables"), v->tables_equal ? _("equal to a replay of the record") : _("DIFFER"));
    if (v->number != 0)
        cli_fact(c, _("stream"),
                 cli_format(c, _("number %llu, head %s"), (unsigned long long)v->number,
                            cli_short(c, cli_safe(c, v->head_hex), 16)));
    if (!v->ok)
        cli_fact(c, _("detail"), cli_safe(c, v->text));
}

int cli_run_verify(struct cli *c)
{
    if (cli_has(c, OPT_FOLDER))
        return cli_run_verify_folder(c);
    if (cli_has(c, OPT_BROKER_KEY))
        return cli_usage(c, _("--broker-key belongs to the check of a folder"));
    struct jiaoban_query q = {.size = sizeof q, .ask_broker = !cli_has(c, OPT_OFFLINE)};
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_verify(c->j, &q, &r);
    if (status != JIAOBAN_OK)
        return cli_failed(c, status);
    const struct jiaoban_check *v = jiaoban_result_check(r);
    int code = 0;
    if (v == NULL)
        code = cli_failed(c, JIAOBAN_MALFORMED);
    else if (c->json)
        code = cli_json(c, r, 2);
    else
        print_check(c, v);
    if (code == 0 && v != NULL && !v->ok)
        code = jiaoban_status_exit(JIAOBAN_CORRUPT);
    jiaoban_result_free(r);
    return code;
}
