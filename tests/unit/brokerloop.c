/* See brokerloop.h. */
#include "tests/unit/brokerloop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int looped_setup(void **state)
{
    static struct looped l;
    void *part = NULL;
    assert_int_equal(world_setup(&part), 0);
    l.w = part;
    struct jb_broker *b = &l.w->b;
    assert_int_equal(uv_loop_init(&l.loop), 0);
    b->loop = &l.loop;
    l.w->config.data = l.w->folder;
    jb_batch_init(&b->batches[1]);
    b->busy = &b->batches[1];
    jb_arena_init(&b->frame_arena, 8 * JB_FRAME_LIMIT_BYTES);
    assert_int_equal(uv_timer_init(b->loop, &b->clock_timer), 0);
    assert_int_equal(jb_deliver_start(b), JB_OK);
    assert_int_equal(jb_degraded_start(b), JB_OK);
    assert_false(jb_degraded(b));
    *state = &l;
    return 0;
}

int looped_teardown(void **state)
{
    struct looped *l = *state;
    void *part = l->w;
    struct jb_broker *b = &l->w->b;
    jb_degraded_stop(b);
    uv_close((uv_handle_t *)&b->clock_timer, NULL);
    uv_close((uv_handle_t *)&b->behind.idle, NULL);
    assert_int_equal(uv_run(&l->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&l->loop), 0);
    jb_batch_fini(&b->batches[1]);
    jb_arena_fini(&b->frame_arena);
    return world_teardown(&part); /* the first batch with it */
}

static void wait_for_disk(struct jb_broker *b)
{
    while (b->committing)
        (void)uv_run(b->loop, UV_RUN_ONCE);
}

void looped_tick(struct jb_broker *b)
{
    struct jb_batch *t = b->fill;
    b->fill = b->busy;
    b->busy = t;
    jb_tick_commit(b);
    wait_for_disk(b);
    (void)jb_follow_now(b);
}

void looped_forget(struct jb_broker *b)
{
    jb_batch_reset(b->fill);
    b->clock_pending = false;
}

void looped_recover(struct jb_broker *b)
{
    b->probe_timer.timer_cb(&b->probe_timer);
    wait_for_disk(b);
    assert_false(jb_degraded(b));
    assert_string_equal(b->strain.text, "");
    looped_forget(b);
}
