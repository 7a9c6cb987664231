/* Submits hand-overs through one agent as fast as its window allows, and reports what came of it.
 *
 *   handoffs SOCKET COUNT WINDOW TARGET...
 *
 * Registers COUNT cases at the agent of SOCKET (an office) and assigns them to the targets
 * (directory codes) in turn; at most WINDOW submissions are unanswered. An answer counts when the
 * verdict is on the agent's disk, which is after the broker's fsync. One line of JSON on standard
 * output: registrations and assignments a second, and milliseconds from submission to verdict of
 * both (50th, 99th percentile, longest). */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients/lib/jiaoban.h"

#define TARGETS_MAX 1024
#define WAIT_MS 60000

struct run {
    struct jiaoban *j;
    size_t count, window;
    uint32_t targets[TARGETS_MAX];
    size_t target_count;
    char (*cases)[JIAOBAN_TEXT]; /* case numbers as registered */
    double *began_ms, *took_ms;  /* by index */
    size_t sent, answered, failed;
};

struct call {
    struct run *run;
    size_t index;
};

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const struct run *r, const char *what)
{
    (void)fprintf(stderr, "handoffs: %s: %s\n", what, jiaoban_error_text(r->j));
    exit(1);
}

static void on_answer(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct call *call = data;
    struct run *r = call->run;
    const struct jiaoban_settled *s = result != NULL ? jiaoban_result_settled(result) : NULL;
    (void)j;
    (void)id;
    r->took_ms[call->index] = now_ms() - r->began_ms[call->index];
    if (status != JIAOBAN_OK || s == NULL || s->pending)
        r->failed++;
    else if (r->cases[call->index][0] == '\0')
        (void)snprintf(r->cases[call->index], JIAOBAN_TEXT, "%s", s->case_number);
    r->answered++;
    jiaoban_result_free(result);
    free(call);
}

/* Read and write once, waiting for something to happen. */
static void turn(struct run *r)
{
    struct pollfd p = {.fd = jiaoban_fd(r->j)};
    unsigned wants = jiaoban_wants(r->j);
    p.events =
        (short)(((wants & JIAOBAN_READ) ? POLLIN : 0) | ((wants & JIAOBAN_WRITE) ? POLLOUT : 0));
    if (poll(&p, 1, WAIT_MS) <= 0 || jiaoban_process(r->j) != JIAOBAN_OK)
        die(r, "the agent stopped answering");
}

static void submit(struct run *r, const char *kind, size_t i, const struct jiaoban_act *act)
{
    const struct jiaoban_options options = {.size = sizeof options, .wait_ms = WAIT_MS};
    struct call *call = malloc(sizeof *call);
    if (call == NULL)
        die(r, "out of memory");
    *call = (struct call){r, i};
    r->began_ms[i] = now_ms();
    if (jiaoban_submit_async(r->j, kind, act, &options, on_answer, call, NULL) != JIAOBAN_OK)
        die(r, kind);
    r->sent++;
}

static void one(struct run *r, const char *kind, size_t i)
{
    struct jiaoban_act act = {.size = sizeof act};
    if (strcmp(kind, "register") == 0) {
        act.title = "反映小区外墙渗水,物业多次推诿,请求协调维修";
        act.content =
            "我们小区三号楼外墙自去年雨季以来持续渗水,多户室内墙面发霉。业主多次向物业反映,"
            "物业以维修资金未到位为由一再拖延。请求有关部门督促尽快维修,并书面答复处理结果。";
        act.class_code = "城乡建设";
        act.matter = 3;
        act.channel = 3;
    } else {
        act.case_number = r->cases[i];
        act.node = r->targets[i % r->target_count];
        act.text = "请依法按期办理,书面答复信访人,并报送办结报告。";
    }
    submit(r, kind, i, &act);
}

/* All COUNT acts of one kind with the window kept full; returns seconds. */
static double phase(struct run *r, const char *kind)
{
    double began = now_ms();
    r->sent = r->answered = 0;
    while (r->answered < r->count) {
        while (r->sent < r->count && r->sent - r->answered < r->window)
            one(r, kind, r->sent);
        turn(r);
    }
    return (now_ms() - began) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One phase and its figures, as further members of the line. */
static void measure(struct run *r, const char *kind, const char *rate, const char *latency)
{
    double seconds = phase(r, kind);
    qsort(r->took_ms, r->count, sizeof(double), by_value);
    printf(",\"%s_per_s\":%.0f,\"%s_ms_p50\":%.2f,\"%s_ms_p99\":%.2f,\"%s_ms_max\":%.2f", rate,
           (double)r->count / seconds, latency, r->took_ms[r->count / 2], latency,
           r->took_ms[r->count * 99 / 100], latency, r->took_ms[r->count - 1]);
}

int main(int argc, char **argv)
{
    static struct run r; /* with what it points to, for the whole run */
    if (argc < 5 || argc - 4 > TARGETS_MAX) {
        (void)fprintf(stderr, "usage: handoffs SOCKET COUNT WINDOW TARGET...\n");
        return 2;
    }
    r.count = strtoul(argv[2], NULL, 10);
    r.window = strtoul(argv[3], NULL, 10);
    r.cases = calloc(r.count, sizeof *r.cases);
    r.began_ms = calloc(r.count, sizeof(double));
    r.took_ms = calloc(r.count, sizeof(double));
    if (r.count == 0 || r.window == 0 || r.cases == NULL || r.began_ms == NULL || r.took_ms == NULL)
        return 2;
    if (jiaoban_open(argv[1], &r.j) != JIAOBAN_OK)
        die(&r, "open");
    for (int i = 4; i < argc; i++)
        if (jiaoban_find_node(r.j, argv[i], &r.targets[r.target_count++]) != JIAOBAN_OK)
            die(&r, argv[i]);
    printf("{\"count\":%zu,\"window\":%zu,\"nodes\":%zu", r.count, r.window, r.target_count);
    measure(&r, "register", "registered", "registered");
    measure(&r, "assign", "assigned", "verdict");
    printf(",\"failed\":%zu}\n", r.failed);
    jiaoban_close(r.j);
    free(r.cases);
    free(r.began_ms);
    free(r.took_ms);
    return r.failed == 0 ? 0 : 1;
}
