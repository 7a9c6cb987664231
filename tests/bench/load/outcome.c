/* See outcome.h. */
#include "tests/bench/load/outcome.h"

#include <stdio.h>
#include <sys/resource.h>

#include "tests/bench/load/load.h"

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

struct spent spent_now(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (struct spent){.broker = usage_of_tree(load.broker_pid),
                          .disk = disk_of(load.folder),
                          .own_cpu_s = seconds_of(u.ru_utime) + seconds_of(u.ru_stime)};
}

static void print_latency(const char *name, struct series *s)
{
    series_sort(s);
    printf("\"%s_p50\":%.3f,\"%s_p99\":%.3f,\"%s_p999\":%.3f,", name, series_ms(s, .5), name,
           series_ms(s, .99), name, series_ms(s, .999));
}

static void print_spent(const struct outcome *o)
{
    const struct spent *a = &o->before;
    const struct spent *b = &o->after;
    double each = o->stored > 0 ? (double)o->stored : 1;
    double cpu_s = b->broker.cpu_s - a->broker.cpu_s;
    printf("\"broker_cpu_s_per_10000\":%.3f,\"broker_cpu_share\":%.2f,\"load_cpu_share\":%.2f,",
           cpu_s / each * 1e4, cpu_s / o->all_s, (b->own_cpu_s - a->own_cpu_s) / o->all_s);
    printf("\"broker_rss_mib\":%.1f,\"broker_written_per\":%.0f,\"disk_written_per\":%.0f,"
           "\"disk_flushes_per\":%.3f,",
           (double)b->broker.resident_kib / 1024,
           (double)(b->broker.written_bytes - a->broker.written_bytes) / each,
           (double)(b->disk.written_bytes - a->disk.written_bytes) / each,
           (double)(b->disk.flushes - a->disk.flushes) / each);
    printf("\"commits\":%llu,\"own_syncs\":%llu,\"broker_syncs\":%llu,\"outran\":%ld}\n",
           (unsigned long long)(b->commits - a->commits),
           (unsigned long long)(b->own_syncs - a->own_syncs),
           (unsigned long long)(b->broker_syncs - a->broker_syncs), o->outran);
}

void outcome_print(struct outcome *o)
{
    printf("{\"label\":\"%s\",\"nodes\":%d,\"senders\":%d,\"window\":%d,\"rate\":%.0f,"
           "\"receivers_sync\":%s,",
           load.label, load.nodes, load.senders, load.window, load.rate,
           load.receivers_sync ? "true" : "false");
    printf("\"sent\":%ld,\"confirmed\":%ld,\"durable\":%ld,\"acknowledged\":%ld,\"repeats\":%ld,",
           o->sent, o->confirmed, o->durable, o->stored, o->repeats);
    printf("\"seconds\":%.3f,\"send_seconds\":%.3f,\"acknowledged_per_s\":%.0f,", o->all_s,
           o->send_s, (double)o->stored / o->all_s);
    print_latency("confirmed_ms", &o->confirm_ns);
    print_latency("durable_ms", &o->durable_ns);
    print_spent(o);
    (void)fflush(stdout);
}

void outcome_judge(const struct outcome *o)
{
    uint64_t commits = o->after.commits - o->before.commits;
    uint64_t syncs = o->after.own_syncs - o->before.own_syncs;
    if (o->outran > 0 && !load.may_outrun)
        load_die("REFUSED: %ld of %ld confirmations came without a sync of the broker that began "
                 "after sending: not durable",
                 o->outran, o->sent);
    if (load.own_syncs != NULL && load.receivers_sync && syncs < commits)
        load_die("REFUSED: receivers made %llu commits and only %llu syncs",
                 (unsigned long long)commits, (unsigned long long)syncs);
    if (o->confirmed < o->sent || o->stored < o->sent || o->durable < o->sent)
        load_die("REFUSED: of %ld sent %ld are confirmed, %ld durable and %ld acknowledged",
                 o->sent, o->confirmed, o->durable, o->stored);
}
