/* Attachments: put one in a case, take one out, show what there is. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Only for eyes that watch. */
static void progress(void *data, uint64_t done, uint64_t total)
{
    (void)data;
    if (total > 0 && isatty(STDERR_FILENO) != 0)
        fprintf(stderr, "\r%3u %%%s", (unsigned)(done * 100 / total), done == total ? "\n" : "");
}

int cli_run_attach(struct cli *c)
{
    struct jiaoban_attach_args args = {.size = sizeof args,
                                       .case_number = cli_opt(c, OPT_CASE),
                                       .path = cli_opt(c, OPT_FILE),
                                       .name = cli_opt(c, OPT_SHOWN_AS),
                                       .note = cli_opt(c, OPT_REMARK),
                                       .progress = progress};
    uint32_t wait_s = CLI_WAIT_S;
    struct jiaoban_options options = {.size = sizeof options,
                                      .on_behalf_of = cli_opt(c, OPT_BEHALF)};
    struct jiaoban_result *r = NULL;

    int code = cli_read_u32(c, OPT_WAIT, &wait_s);
    if (code != 0)
        return code;
    options.wait_ms = wait_s > 86400 ? 86400000 : wait_s * 1000;
    enum jiaoban_status status = jiaoban_attach(c->j, &args, &options, &r);
    if (r == NULL)
        return cli_failed(c, status);
    if (c->json) {
        code = cli_json(c, r, 2);
        code = code != 0 ? code : jiaoban_status_exit(status);
    } else {
        code = cli_verdict(c, jiaoban_result_settled(r));
    }
    jiaoban_result_free(r);
    return code;
}

static const char *state(struct cli *c, const struct jiaoban_attachment *a, bool erased)
{
    if (erased)
        return _("erased");
    if (a->sealed_unreadable)
        return _("not for this agency");
    if (a->chunks_total == 0)
        return _("nothing here yet");
    if (a->chunks_here == a->chunks_total)
        return _("here");
    return cli_format(c, _("%u of %u pieces here"), a->chunks_here, a->chunks_total);
}

static const char *size(struct cli *c, uint64_t bytes)
{
    if (bytes < 10240)
        return cli_format(c, "%llu B", (unsigned long long)bytes);
    if (bytes < UINT64_C(10) * 1024 * 1024)
        return cli_format(c, "%llu KiB", (unsigned long long)(bytes / 1024));
    return cli_format(c, "%llu MiB", (unsigned long long)(bytes / 1024 / 1024));
}

void cli_show_attachments(struct cli *c, const struct jiaoban_case *k)
{
    const char *const names[] = {_(">NO."), _("NAME"), _(">SIZE"), _("STATE"),
                                 _("FROM"), _("DATE"), _("HASH"),  _("NOTE")};
    if (k->attachment_count == 0)
        return;
    printf("\n%s\n", _("Attachments"));
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < k->attachment_count; i++) {
        const struct jiaoban_attachment *a = k->attachments[i];
        cli_grid_row(g);
        cli_grid_cell(g, cli_format(c, "%u", a->number), NULL);
        cli_grid_cell(g, a->name[0] == '\0' ? _("(sealed)") : cli_safe(c, a->name), NULL);
        cli_grid_cell(g, size(c, a->size_bytes), NULL);
        cli_grid_cell(g, state(c, a, k->erased_at_ms != 0), NULL);
        cli_grid_cell(g, cli_safe(c, a->node_name), NULL);
        cli_grid_cell(g, cli_time(c, a->at_ms), NULL);
        cli_grid_cell(g, cli_short(c, a->hash, 12), NULL);
        cli_grid_cell(g, cli_safe(c, a->note), NULL);
    }
    (void)cli_grid_end(g, "");
}

/* By its number in the case, or by the beginning of its hash; nothing: the only one. */
static const struct jiaoban_attachment *find(const struct jiaoban_case *k, const char *which)
{
    const struct jiaoban_attachment *found = NULL;
    if (which == NULL)
        return k->attachment_count == 1 ? k->attachments[0] : NULL;
    for (size_t i = 0; i < k->attachment_count; i++) {
        const struct jiaoban_attachment *a = k->attachments[i];
        char number[16];
        (void)snprintf(number, sizeof number, "%u", a->number);
        if (strcmp(number, which) == 0)
            return a;
        if (strlen(which) >= 8 && strncmp(a->hash, which, strlen(which)) == 0)
            found = a;
    }
    return found;
}

/* The file's own name, without anything that would lead elsewhere. */
static const char *own_name(struct cli *c, const struct jiaoban_attachment *a)
{
    const char *slash = strrchr(a->name, '/');
    const char *name = slash != NULL ? slash + 1 : a->name;
    if (name[0] == '\0' || name[0] == '.')
        return cli_format(c, "%.16s", a->hash);
    return name;
}

int cli_run_fetch(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;

    q.case_number = cli_opt(c, OPT_CASE);
    q.persons = cli_opt(c, OPT_OUTPUT) == NULL; /* only for the file's own name */
    int code = cli_ask(c, jiaoban_get_case, &q, &r);
    if (code != 0)
        return code;
    const struct jiaoban_case *k = jiaoban_result_case(r, 0);
    const struct jiaoban_attachment *a = k != NULL ? find(k, cli_opt(c, OPT_WHICH)) : NULL;
    if (a == NULL) {
        fprintf(stderr, "%s\n",
                _("Which attachment? Their numbers: jiaoban show CASE --no-timeline"));
        code = jiaoban_status_exit(JIAOBAN_NOT_FOUND);
    } else {
        const char *path = cli_opt(c, OPT_OUTPUT);
        struct jiaoban_fetch_args args = {.size = sizeof args,
                                          .case_number = cli_opt(c, OPT_CASE),
                                          .hash = a->hash,
                                          .path = path != NULL ? path : own_name(c, a),
                                          .progress = progress};
        enum jiaoban_status status = jiaoban_fetch(c->j, &args);
        if (status != JIAOBAN_OK)
            code = cli_failed(c, status);
        else
            printf("%s%s%s\n", _("Written"), _(": "), cli_safe(c, args.path));
    }
    jiaoban_result_free(r);
    return code;
}
