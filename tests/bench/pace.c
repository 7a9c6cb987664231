/* Registers cases through one agent at an even pace, whatever the answers take, and reports what an
 * act has to wait: what somebody notices while something else goes on.
 *
 *   pace SOCKET RATE
 *
 * RATE registrations a second until standard input ends; each is timed from the instant at which it
 * was due, so that one that is held up by another counts what it really waited. An answer counts
 * when the verdict is on the agent's disk, which is after the broker's fsync. One line of JSON on
 * standard output: registrations, and milliseconds until the verdict (50th, 99th percentile,
 * longest). */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clients/lib/jiaoban.h"

#define WAIT_MS 60000
#define ACTS_MAX ((size_t)4 * 1024 * 1024)

struct run {
    struct jiaoban *j;
    double *took_ms; /* by number of the act */
    size_t sent, answered, failed;
};

struct call {
    struct run *run;
    size_t index;
    double due_ms;
};

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const struct run *r, const char *what)
{
    (void)fprintf(stderr, "pace: %s: %s\n", what, jiaoban_error_text(r->j));
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
    r->took_ms[call->index] = now_ms() - call->due_ms;
    if (status != JIAOBAN_OK || s == NULL || s->pending)
        r->failed++;
    r->answered++;
    jiaoban_result_free(result);
    free(call);
}

static void one(struct run *r, double due_ms)
{
    const struct jiaoban_options options = {.size = sizeof options, .wait_ms = WAIT_MS};
    struct jiaoban_act act = {.size = sizeof act,
                              .title = "反映小区外墙渗水,请求协调维修",
                              .content = "三号楼外墙自去年雨季以来持续渗水,多户室内墙面发霉。",
                              .matter = 3,
                              .channel = 3};
    struct call *call = malloc(sizeof *call);
    if (call == NULL)
        die(r, "out of memory");
    *call = (struct call){r, r->sent, due_ms};
    if (jiaoban_submit_async(r->j, "register", &act, &options, on_answer, call, NULL) != JIAOBAN_OK)
        die(r, "register");
    r->sent++;
}

/* Read and write for at most so long. False: standard input has ended. */
static bool turn(struct run *r, double ms)
{
    const struct timespec most = {.tv_nsec = ms < 0 ? 0 : ms > 900 ? 900000000 : (long)(ms * 1e6)};
    unsigned wants = jiaoban_wants(r->j);
    struct pollfd p[2] = {{.fd = jiaoban_fd(r->j)}, {.fd = STDIN_FILENO, .events = POLLIN}};
    p[0].events =
        (short)(((wants & JIAOBAN_READ) ? POLLIN : 0) | ((wants & JIAOBAN_WRITE) ? POLLOUT : 0));
    if (ppoll(p, 2, &most, NULL) < 0 || (p[0].revents != 0 && jiaoban_process(r->j) != JIAOBAN_OK))
        die(r, "the agent stopped answering");
    return p[1].revents == 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run(struct run *r, double rate)
{
    double began = now_ms();
    bool going = true;
    while (going && r->sent < ACTS_MAX) {
        double due = began + (double)r->sent * 1e3 / rate;
        if (now_ms() >= due)
            one(r, due);
        going = turn(r, began + (double)r->sent * 1e3 / rate - now_ms());
    }
    double end = now_ms() + WAIT_MS;
    while (r->answered < r->sent && now_ms() < end)
        (void)turn(r, 10);
    if (r->answered < r->sent || r->answered == 0)
        die(r, "acts without a verdict");
}

int main(int argc, char **argv)
{
    static struct run r;
    double rate = argc == 3 ? strtod(argv[2], NULL) : 0;
    if (rate <= 0) {
        (void)fprintf(stderr, "usage: pace SOCKET RATE\n");
        return 2;
    }
    r.took_ms = calloc(ACTS_MAX, sizeof(double));
    if (r.took_ms == NULL)
        return 2;
    if (jiaoban_open(argv[1], &r.j) != JIAOBAN_OK)
        die(&r, "open");
    run(&r, rate);
    qsort(r.took_ms, r.answered, sizeof(double), by_value);
    printf("{\"acts\":%zu,\"failed\":%zu,\"ms_p50\":%.2f,\"ms_p99\":%.2f,\"ms_max\":%.2f}\n",
           r.answered, r.failed, r.took_ms[r.answered / 2], r.took_ms[r.answered * 99 / 100],
           r.took_ms[r.answered - 1]);
    jiaoban_close(r.j);
    free(r.took_ms);
    return r.failed == 0 ? 0 : 1;
}
