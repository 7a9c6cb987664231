#include "tests/demo/cast.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct player everybody[CAST_COUNT] = {
    {.code = CAST_OFFICE, .name = "信访局", .desk = "信访局办信科"},
    {.code = "zjj", .name = "住建局", .desk = "住建局信访办"},
    {.code = "rsj", .name = "人社局", .desk = "人社局劳动监察大队"},
    {.code = "zrj", .name = "自然资源局", .desk = "自然资源局办公室"},
    {.code = "qsz", .name = "青山镇", .desk = "青山镇综治办"},
};

int64_t cast_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void cast_breathe(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

bool cast_open(struct cast *cast, const char *folder)
{
    memcpy(cast->players, everybody, sizeof everybody);
    for (size_t i = 0; i < CAST_COUNT; i++) {
        struct player *p = &cast->players[i];
        char path[256];
        int length = snprintf(path, sizeof path, "%s/%s/agent.sock", folder, p->code);
        if (length < 0 || (size_t)length >= sizeof path) {
            fprintf(stderr, "%s: the folder's name is too long\n", folder);
            return false;
        }
        if (jiaoban_open(path, &p->handle) != JIAOBAN_OK) {
            fprintf(stderr, "%s: %s\n", p->code, jiaoban_error_text(p->handle));
            return false;
        }
    }
    return true;
}

void cast_close(struct cast *cast)
{
    for (size_t i = 0; i < CAST_COUNT; i++) {
        jiaoban_close(cast->players[i].handle);
        cast->players[i].handle = NULL;
    }
}

struct player *cast_find(struct cast *cast, const char *code)
{
    for (size_t i = 0; i < CAST_COUNT; i++)
        if (strcmp(cast->players[i].code, code) == 0)
            return &cast->players[i];
    return NULL;
}

/* Does this agent know all five offices, and have they the numbers that we know? */
static bool knows_everybody(struct cast *cast, struct player *who)
{
    for (size_t i = 0; i < CAST_COUNT; i++) {
        struct player *p = &cast->players[i];
        uint32_t node = 0;
        if (jiaoban_find_node(who->handle, p->code, &node) != JIAOBAN_OK)
            return false;
        if (p->node == 0)
            p->node = node;
        if (p->node != node)
            return false;
    }
    return true;
}

bool cast_know(struct cast *cast)
{
    for (size_t i = 0; i < CAST_COUNT; i++) {
        if (!knows_everybody(cast, &cast->players[i])) {
            fprintf(stderr, "%s: does not know all the others\n", cast->players[i].code);
            return false;
        }
    }
    return true;
}

static bool is_in_step(struct player *p)
{
    struct jiaoban_result *r = NULL;
    if (jiaoban_get_state(p->handle, NULL, &r) != JIAOBAN_OK)
        return false;
    const struct jiaoban_state *s = jiaoban_result_state(r);
    bool yes = s != NULL && s->line == JIAOBAN_LINE_IN_SYNC && s->up_made == s->up_settled;
    jiaoban_result_free(r);
    return yes;
}

static bool is_cut_off(struct player *p)
{
    struct jiaoban_result *r = NULL;
    if (jiaoban_get_state(p->handle, NULL, &r) != JIAOBAN_OK)
        return false;
    const struct jiaoban_state *s = jiaoban_result_state(r);
    bool yes = s != NULL && s->line != JIAOBAN_LINE_IN_SYNC;
    jiaoban_result_free(r);
    return yes;
}

bool cast_in_step(struct cast *cast, int limit_ms)
{
    int64_t until = cast_now_ms() + limit_ms;
    for (size_t i = 0; i < CAST_COUNT;) {
        struct player *p = &cast->players[i];
        if (is_in_step(p) && knows_everybody(cast, p)) {
            i++;
            continue;
        }
        if (cast_now_ms() > until) {
            fprintf(stderr, "%s: not in step with the broker after %d ms: %s\n", p->code, limit_ms,
                    jiaoban_error_text(p->handle));
            return false;
        }
        cast_breathe();
    }
    return true;
}

bool cast_cut_off(struct cast *cast, int limit_ms)
{
    int64_t until = cast_now_ms() + limit_ms;
    for (size_t i = 0; i < CAST_COUNT;) {
        struct player *p = &cast->players[i];
        if (is_cut_off(p)) {
            i++;
            continue;
        }
        if (cast_now_ms() > until) {
            fprintf(stderr, "%s: has not noticed in %d ms that the broker is gone\n", p->code,
                    limit_ms);
            return false;
        }
        cast_breathe();
    }
    return true;
}
