/* replay DATA [--json PREFIX]: every real case of the data sets in the folder travels on its real
 * dates. DATA holds shangluo_mayor/ and sichuan_wenzheng/, or is one of them, or the excerpt in
 * tests/data/shangluo. Exit status 1 when a figure differs from what the dates say.
 *
 * Exercised for real: the rules (decide, clock), the codec, the log and its tables, the appraisal,
 * the rebuild. Not exercised: the line, the agents, streams and receipts between machines: those
 * are the demo's and the end-to-end tests'. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/ledger/query.h"
#include "tests/replay/replay.h"

/* The tables and figures must follow from the log alone. */
static bool rebuild(struct record *r)
{
    uint8_t before[JB_HASH_BYTES] = {0}, after[JB_HASH_BYTES] = {0};
    struct jb_fault fault = {""};
    enum jb_err err = jb_ledger_digest(r->l, before);

    if (err == JB_OK)
        err = jb_ledger_rebuild(r->l, &fault);
    if (err == JB_OK)
        err = jb_ledger_digest(r->l, after);
    if (err != JB_OK || memcmp(before, after, sizeof before) != 0) {
        printf("DIFFERS  tables rebuilt from the log: %s\n",
               err != JB_OK ? fault.text : "not the same");
        return false;
    }
    return true;
}

static void compare_days(struct stories *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct story *t = &s->all[i];

        if (t->travels && t->answered_ms != 0 && t->source_days >= 0 &&
            jb_date_of_instant(t->answered_ms).days - jb_date_of_instant(t->received_ms).days !=
                t->source_days)
            odd(s, ODD_DELAY_DIFFERS, t->id);
    }
}

static bool judge(struct record *r, struct stories *s, int64_t end_ms, const char *json)
{
    struct result got = {0}, expected = {0}, again = {0};
    bool good = result_of_record(&got, r, s, end_ms) && result_of_stories(&expected, s, r->policy);

    if (good) {
        compare_days(s);
        table_print(&got, s);
        clocks_print(r, s);
        odd_print(s, r);
        size_t differences = result_compare(&got, &expected, s);
        printf("\n%zu entries in the log, %zu of them by the clock. ", r->acts, r->clock_acts);
        printf("Results and figures %s what the dates of the source say (%zu differences).\n",
               differences == 0 ? "are" : "ARE NOT", differences);
        good = rebuild(r) && result_of_record(&again, r, s, end_ms) &&
               result_compare(&again, &got, s) == 0 && differences == 0;
        if (good)
            printf("Rebuilt from the log, tables and figures are the same.\n\n");
    }
    if (good && json != NULL)
        good = json_write(json, &got, s);
    result_free(&got);
    result_free(&expected);
    result_free(&again);
    return good;
}

static bool replay(struct stories *s, const char *json)
{
    struct record r = {0};
    int64_t end_ms = 0;
    bool good =
        record_open(&r, s, play_begins(s)) && play(&r, s, &end_ms) && judge(&r, s, end_ms, json);

    record_close(&r);
    return good;
}

static const struct {
    const char *folder; /* below DATA; "": itself */
    const char *beside; /* the file that tells this set */
    const char *name;
    bool (*read)(struct stories *s, const char *dir);
} sets[] = {
    {"", "events.csv", "shangluo", stories_shangluo},
    {"shangluo_mayor", "events.csv", "shangluo", stories_shangluo},
    {"shangluo", "events.csv", "shangluo", stories_shangluo},
    {"", "organizations.csv", "sichuan", stories_sichuan},
    {"sichuan_wenzheng", "organizations.csv", "sichuan", stories_sichuan},
};

static bool replay_set(size_t i, const char *data, const char *prefix, size_t *found)
{
    struct stories s = {0};
    char dir[2048], file[4096], json[4096];

    snprintf(dir, sizeof dir, "%.1000s%s%s", data, sets[i].folder[0] != '\0' ? "/" : "",
             sets[i].folder);
    snprintf(file, sizeof file, "%s/%s", dir, sets[i].beside);
    if (access(file, R_OK) != 0)
        return true;
    (*found)++;
    snprintf(json, sizeof json, "%.1000s%s.json", prefix != NULL ? prefix : "", sets[i].name);
    bool good = sets[i].read(&s, dir) && replay(&s, prefix != NULL ? json : NULL);
    stories_free(&s);
    return good;
}

int main(int argc, char **argv)
{
    const char *data = argc > 1 ? argv[1] : "tests/data/shangluo";
    const char *prefix = argc == 4 && strcmp(argv[2], "--json") == 0 ? argv[3] : NULL;
    size_t found = 0;
    bool good = true;

    if (argc > 4 || (argc > 2 && prefix == NULL)) {
        fprintf(stderr, "usage: replay [DATA [--json PREFIX]]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        good = replay_set(i, data, prefix, &found) && good;
    if (found == 0)
        fprintf(stderr, "%s: no data set here\n", data);
    return good && found > 0 ? 0 : 1;
}
