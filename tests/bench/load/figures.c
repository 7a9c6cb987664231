/* See figures.h. */
#include "tests/bench/load/figures.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/bench/load/base.h"

#define PROCESSES_MAX 65536

/* ---- series ---- */

void series_add(struct series *s, uint64_t ns)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 4096 : s->capacity * 2;
        s->at = realloc(s->at, s->capacity * sizeof *s->at);
        if (s->at == NULL)
            load_die("out of memory");
    }
    s->at[s->count++] = ns;
}

void series_join(struct series *into, const struct series *from)
{
    for (size_t i = 0; i < from->count; i++)
        series_add(into, from->at[i]);
}

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void series_sort(struct series *s)
{
    if (s->count > 0)
        qsort(s->at, s->count, sizeof *s->at, by_size);
}

double series_ms(const struct series *s, double share)
{
    if (s->count == 0)
        return -1;
    size_t i = (size_t)(share * (double)s->count);
    return (double)s->at[i < s->count ? i : s->count - 1] / 1e6;
}

/* ---- processes ---- */

struct process {
    long pid, parent;
    double cpu_s;
};

static bool process_read(long pid, struct process *p)
{
    char path[64];
    char line[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t len = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[len] = '\0';
    char *rest = strrchr(line, ')'); /* the name may hold anything */
    if (rest == NULL)
        return false;
    double ticks = 0;
    int field = 2; /* the name's; state is 3, parent 4, times 14 to 17 */
    for (char *word = strtok_r(rest + 1, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        field++;
        if (field == 4)
            p->parent = strtol(word, NULL, 10);
        else if (field >= 14 && field <= 17)
            ticks += strtod(word, NULL);
    }
    p->pid = pid;
    p->cpu_s = ticks / (double)sysconf(_SC_CLK_TCK);
    return true;
}

/* The number after `key` in a file of /proc/PID; 0: none. */
static uint64_t number_of(long pid, const char *name, const char *key)
{
    char path[64];
    char line[256];
    uint64_t value = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key), NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return value;
}

static size_t processes_read(struct process *all, size_t max)
{
    size_t count = 0;
    DIR *folder = opendir("/proc");
    const struct dirent *entry = NULL;
    while (folder != NULL && count < max && (entry = readdir(folder)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && process_read(pid, &all[count]))
            count++;
    }
    if (folder != NULL)
        (void)closedir(folder);
    return count;
}

static void usage_add(struct usage *u, const struct process *p)
{
    u->cpu_s += p->cpu_s;
    u->written_bytes += number_of(p->pid, "io", "write_bytes:");
    u->resident_kib += number_of(p->pid, "smaps_rollup", "Pss:");
    u->processes++;
}

struct usage usage_of_tree(long root)
{
    struct usage u = {0};
    struct process *all = root > 0 ? calloc(PROCESSES_MAX, sizeof *all) : NULL;
    bool *inside = load_zeroed(PROCESSES_MAX, sizeof *inside);
    if (all == NULL || inside == NULL) {
        free(all);
        free(inside);
        return u;
    }
    size_t count = processes_read(all, PROCESSES_MAX);
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < count; i++) {
            bool belongs = all[i].pid == root;
            for (size_t k = 0; k < count && !belongs && !inside[i]; k++)
                belongs = inside[k] && all[k].pid == all[i].parent;
            if (!belongs || inside[i])
                continue;
            inside[i] = grown = true;
            usage_add(&u, &all[i]);
        }
    }
    free(all);
    free(inside);
    return u;
}

/* ---- the disk ---- */

struct disk disk_of(const char *path)
{
    struct disk d = {0};
    struct stat st;
    char line[512];
    if (stat(path, &st) != 0)
        return d;
    FILE *file = fopen("/proc/diskstats", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        uint64_t field[20] = {0}; /* major, minor, then the counters */
        int i = 0;
        char *rest = NULL;
        for (char *word = strtok_r(line, " \n", &rest); word != NULL && i < 20;
             word = strtok_r(NULL, " \n", &rest), i++)
            field[i] = strtoull(word, NULL, 10);
        if (field[0] != major(st.st_dev) || field[1] != minor(st.st_dev))
            continue;
        d.written_bytes = field[9] * 512;
        d.flushes = field[18];
    }
    if (file != NULL)
        (void)fclose(file);
    return d;
}
