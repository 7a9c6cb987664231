/* What surrounds a target, its connections and threads: the linker puts these functions in the
 * place of the real ones (FUZZ_WRAP in the makefile). A socket is a word that is compared with NULL
 * and handed to outside.c; work for the thread pool waits until fuzz_work_run. */
#include <uv.h>

#include "daemon/broker.h"
#include "proto/wire/gate.h"
#include "proto/wire/zap.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzline.h"

#define WORKS 16

bool fuzz_admin_socket;

static int a_socket;
static struct jb_zsock_hooks dealer_hooks;

static struct {
    uv_work_t *work;
    uv_work_cb run;
    uv_after_work_cb after;
} works[WORKS];
static size_t work_count;

int outside_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run,
                       uv_after_work_cb after) __asm__("__wrap_uv_queue_work");
enum jb_err outside_router(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                           struct jb_fault *fault) __asm__("__wrap_jb_router_bind");
enum jb_err outside_dealer(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                           struct jb_fault *fault) __asm__("__wrap_jb_dealer_connect");
void outside_close(struct jb_zsock **z) __asm__("__wrap_jb_zsock_close");
void outside_pause(struct jb_zsock *z) __asm__("__wrap_jb_zsock_pause");
void outside_resume(struct jb_zsock *z) __asm__("__wrap_jb_zsock_resume");
void outside_cut(struct jb_zsock *z, uint32_t node) __asm__("__wrap_jb_zsock_cut_node");
void outside_gate_counts(const struct jb_zsock *z,
                         struct jb_gate_counts *out) __asm__("__wrap_jb_zsock_gate_counts");
enum jb_err outside_zctx(struct jb_zctx **out) __asm__("__wrap_jb_zctx_new");
enum jb_err outside_zap(struct jb_zctx *zctx, uv_loop_t *loop, jb_zap_lookup lookup, void *ctx,
                        struct jb_zap **out) __asm__("__wrap_jb_zap_start");
enum jb_err real_admin(struct jb_broker *b,
                       struct jb_fault *fault) __asm__("__real_jb_admin_start");
enum jb_err outside_admin(struct jb_broker *b,
                          struct jb_fault *fault) __asm__("__wrap_jb_admin_start");
enum jb_err outside_metrics(struct jb_broker *b,
                            struct jb_fault *fault) __asm__("__wrap_jb_metrics_start");

struct jb_zsock *fuzz_socket(void)
{
    return (struct jb_zsock *)(void *)&a_socket;
}

const struct jb_zsock_hooks *fuzz_dealer_hooks(void)
{
    return &dealer_hooks;
}

/* ---- the thread pool ---- */

int outside_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after)
{
    (void)loop;
    FUZZ_MUST(work_count < WORKS);
    works[work_count].work = work;
    works[work_count].run = run;
    works[work_count++].after = after;
    return 0;
}

bool fuzz_work_run(void)
{
    bool any = work_count > 0;

    while (work_count > 0) { /* what comes after one may queue the next */
        uv_work_t *work = works[0].work;
        uv_work_cb run = works[0].run;
        uv_after_work_cb after = works[0].after;
        memmove(&works[0], &works[1], --work_count * sizeof works[0]);
        run(work);
        after(work, 0);
    }
    return any;
}

/* ---- sockets ---- */

enum jb_err outside_router(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                           struct jb_fault *fault)
{
    (void)setup;
    (void)fault;
    *out = fuzz_socket();
    return JB_OK;
}

enum jb_err outside_dealer(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                           struct jb_fault *fault)
{
    (void)fault;
    dealer_hooks = setup->hooks;
    *out = fuzz_socket();
    return JB_OK;
}

void outside_close(struct jb_zsock **z)
{
    *z = NULL;
}

void outside_pause(struct jb_zsock *z)
{
    FUZZ_MUST(z != NULL);
}

void outside_resume(struct jb_zsock *z)
{
    FUZZ_MUST(z != NULL);
}

void outside_cut(struct jb_zsock *z, uint32_t node)
{
    (void)node;
    FUZZ_MUST(z != NULL);
}

void outside_gate_counts(const struct jb_zsock *z, struct jb_gate_counts *out)
{
    (void)z;
    *out = (struct jb_gate_counts){.open = 0};
}

/* ---- what a broker starts beside its line ---- */

enum jb_err outside_zctx(struct jb_zctx **out)
{
    *out = NULL;
    return JB_OK;
}

enum jb_err outside_zap(struct jb_zctx *zctx, uv_loop_t *loop, jb_zap_lookup lookup, void *ctx,
                        struct jb_zap **out)
{
    (void)zctx;
    (void)loop;
    (void)lookup;
    (void)ctx;
    *out = NULL;
    return JB_OK;
}

enum jb_err outside_admin(struct jb_broker *b, struct jb_fault *fault)
{
    return fuzz_admin_socket ? real_admin(b, fault) : JB_OK;
}

enum jb_err outside_metrics(struct jb_broker *b, struct jb_fault *fault)
{
    (void)b;
    (void)fault;
    return JB_OK;
}
