/* `receipts`: who had what when. For each entry of a case: when the broker put it into this
 * agency's stream, and when each agency that was to get it had it on its disk, with what the agent
 * found when it checked the signature again. */
#include "clients/cli/cli.h"

struct tally { /* of all receipts shown */
    unsigned proven, broken, open;
};

/* To the second: this is what a dispute is about. */
static const char *instant(struct cli *c, int64_t at_ms)
{
    return at_ms == 0 ? "" : cli_format(c, "%s:%02d", cli_time(c, at_ms), (int)(at_ms / 1000 % 60));
}

static const char *state_text(const struct jiaoban_receipt *r)
{
    switch (r->state) {
    case JIAOBAN_PROVEN:
        return _("on its disk, signature verified");
    case JIAOBAN_BROKEN:
        return _("there is a receipt, but its signature or the chain to it DOES NOT HOLD");
    case JIAOBAN_UNPROVEN:
        return _("on its disk by the record, no signature that can be checked here");
    case JIAOBAN_NOT_RECEIVED:
        return _("no receipt yet");
    case JIAOBAN_UNTOLD:
        return _("its receipt is not told to this agency");
    default:
        return "?";
    }
}

static const char *sent_text(const struct jiaoban_receipt *r)
{
    switch (r->state) {
    case JIAOBAN_PROVEN:
        return _("put into this agency's stream by the broker, signature verified");
    case JIAOBAN_BROKEN:
        return _("in this agency's stream, but the broker's signature or the chain DOES NOT HOLD");
    default:
        return _("in this agency's stream, not signed by the broker yet");
    }
}

static void count(struct tally *t, const struct jiaoban_receipt *r)
{
    t->proven += r->state == JIAOBAN_PROVEN;
    t->broken += r->state == JIAOBAN_BROKEN;
    t->open += r->state == JIAOBAN_NOT_RECEIVED;
}

/* What others need to check it: --full. */
static void signature(struct cli *c, const struct jiaoban_receipt *r)
{
    if (!cli_has(c, OPT_FULL) || r->number == 0)
        return;
    cli_fact(c, _("      covers its stream up to"), cli_number(c, r->number));
    cli_fact(c, _("      epoch"), cli_safe(c, r->epoch_hex));
    cli_fact(c, _("      head"), cli_safe(c, r->head_hex));
    cli_fact(c, _("      signature"), cli_safe(c, r->signature_hex));
    cli_fact(c, _("      key"), r->key_hex[0] != '\0' ? cli_safe(c, r->key_hex) : _("none fits"));
}

static void receipt_line(struct cli *c, const char *who, int64_t at_ms, const char *text)
{
    printf("  %s  %s%s%s\n", who, instant(c, at_ms), at_ms != 0 ? "  " : "", text);
}

static void entry_lines(struct cli *c, const struct jiaoban_entry_receipts *e)
{
    printf("%llu  %s  %s  %s", (unsigned long long)e->seq, instant(c, e->at_ms),
           cli_act_text(cli_safe(c, e->kind)), cli_safe(c, e->node_name));
    if (e->directive_no != 0)
        printf("%s%s", _(", "),
               cli_format(c, _("directive %llu"), (unsigned long long)e->directive_no));
    putchar('\n');
    if (e->sent != NULL) {
        receipt_line(c, _("broker"), e->put_at_ms, sent_text(e->sent));
        signature(c, e->sent);
    }
    for (size_t i = 0; i < e->receipt_count; i++) {
        const struct jiaoban_receipt *r = e->receipts[i];
        receipt_line(c, cli_safe(c, r->node_name), r->at_ms, state_text(r));
        signature(c, r);
    }
}

static void sum(struct cli *c, const struct tally *t)
{
    printf("%s\n", cli_format(c, _("%u signatures verified, %u receipts still to come"), t->proven,
                              t->open));
    if (t->broken > 0)
        printf("%s\n", cli_format(c, _("ATTENTION: %u receipts do not hold"), t->broken));
}

static void count_all(struct tally *t, const struct jiaoban_result *r)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_entry_receipts *e = jiaoban_result_entry_receipts(r, i);
        if (e->sent != NULL)
            count(t, e->sent);
        for (size_t k = 0; k < e->receipt_count; k++)
            count(t, e->receipts[k]);
    }
}

static void print_all(struct cli *c, const struct jiaoban_result *r, const struct tally *t)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        entry_lines(c, jiaoban_result_entry_receipts(r, i));
    if (jiaoban_result_more(r))
        puts(_("There is more: narrow it down, or raise --limit."));
    if (jiaoban_result_count(r) == 0)
        puts(_("No entries."));
    else
        sum(c, t);
}

int cli_run_receipts(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    struct tally t = {0};
    q.case_number = cli_opt(c, OPT_CASE);
    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    code = code != 0 ? code : cli_read_u64(c, OPT_NUMBER, &q.number);
    code = code != 0 ? code : cli_ask(c, jiaoban_get_receipts, &q, &r);
    if (code != 0)
        return code;
    count_all(&t, r);
    if (c->json)
        code = cli_json(c, r, 2);
    else
        print_all(c, r, &t);
    jiaoban_result_free(r);
    return code == 0 && t.broken > 0 ? jiaoban_status_exit(JIAOBAN_CORRUPT) : code;
}
