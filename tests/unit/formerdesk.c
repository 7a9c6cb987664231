/* See formerdesk.h. */
#include "tests/unit/formerdesk.h"

#include <stdio.h>
#include <stdlib.h>

static const struct jb_act register_act = {.kind = JB_ACT_REGISTER,
                                           .matter = JB_MATTER_APPEAL,
                                           .channel = JB_CHANNEL_LETTER,
                                           .title = {"反映供暖问题", 18}};
static char replica[16] = "r.db";

int fd_setup(void **state)
{
    assert_int_equal(desk_setup(state), 0);
    struct desk *d = *state;
    (void)snprintf(replica, sizeof replica, "r.db");
    d->config.data = d->w->dir;
    d->config.access_rows = 1000;
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.retry), 0);
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.pulse), 0);
    assert_int_equal(jb_agent_degraded_start(&d->agent), JB_OK);
    return 0;
}

int fd_teardown(void **state)
{
    struct desk *d = *state;
    jb_agent_degraded_stop(&d->agent);
    uv_close((uv_handle_t *)&d->agent.line.retry, NULL);
    uv_close((uv_handle_t *)&d->agent.line.pulse, NULL);
    jb_agent_former_fini(&d->agent);
    return desk_teardown(state);
}

void fd_recover(struct desk *d)
{
    if (jb_agent_degraded(&d->agent))
        d->agent.probe_timer.timer_cb(&d->agent.probe_timer); /* its time has come */
    assert_false(jb_agent_degraded(&d->agent));
}

/* ---- a broker's verdicts ---- */

/* The bytes of a submission in the outbox, as an entry of `node` that settles `settles`. */
void fd_log_body(struct desk *d, struct jb_bytes body, uint32_t node, uint64_t settles)
{
    struct jb_submission s;
    struct jb_act act;
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_REGISTERED},
        {.kind = JB_EFFECT_CUSTODY_MOVED, .node = DESK_NODE, .custody = 1},
        {.kind = JB_EFFECT_JOINED, .node = DESK_NODE, .role = JB_ROLE_REGISTRAR}};
    assert_int_equal(jb_submission_decode(body, &d->w->arena, &s, &d->w->fault), JB_OK);
    assert_int_equal(jb_act_decode(s.act_bytes, &d->w->arena, &act, &d->w->fault), JB_OK);
    struct jb_entry e = desk_entry(d, act.kind, act.case_no);
    e.node = node;
    e.user = s.user;
    e.made_at_ms = s.made_at_ms;
    e.act = act;
    e.act_bytes = s.act_bytes;
    if (act.kind == JB_ACT_REGISTER)
        lw_effects(&e, &d->w->arena, effects, sizeof effects / sizeof effects[0]);
    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    (void)lw_log_to(d->w, d->broker, &e,
                    (struct jb_stream_add){.node = DESK_NODE, .settles = settles});
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
}

struct jb_bytes fd_outbox_body(struct desk *d, uint64_t number)
{
    struct jb_outbox_item *items = NULL;
    size_t count = 0;
    assert_int_equal(
        jb_outbox_read(d->agent.ledger, number, 1, SIZE_MAX, &d->w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(items[0].number, number);
    return items[0].body;
}

void fd_settle(struct desk *d, uint64_t number)
{
    fd_log_body(d, fd_outbox_body(d, number), DESK_NODE, number);
    desk_deliver(d);
}

void fd_turn_down(struct desk *d, uint64_t number)
{
    struct jb_item refused = {
        .kind = JB_ITEM_REFUSAL,
        .refusal = {.code = JB_REFUSE_UNKNOWN_CASE, .name = jb_text_of("UNKNOWN_CASE")}};
    struct jb_stream_add to = {
        .node = DESK_NODE, .at_ms = d->w->now_ms, .settles = number, .other = &refused};
    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    assert_int_equal(jb_stream_append(d->broker, &to, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
    desk_deliver(d);
}

uint64_t fd_made(struct desk *d)
{
    return jb_outbox_made(d->agent.ledger).number;
}

void fd_submit_note(struct desk *d, int64_t case_no, const char *text)
{
    struct jb_act act = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of(text)};
    d->w->now_ms += 1000; /* no two have the same bytes */
    assert_int_equal(desk_submit(d, "li", &act, NULL), JB_OK);
}

/* A registration, a note that is refused, a note; beside them what others did. Its case. */
int64_t fd_former_history(struct desk *d)
{
    int64_t other = desk_register(d, 0, "他人登记");
    desk_deliver(d);
    assert_int_equal(desk_submit(d, "li", &register_act, NULL), JB_OK);
    int64_t case_no = d->reply.settled->case_no;
    fd_settle(d, 1);
    fd_submit_note(d, case_no, "被拒");
    fd_turn_down(d, 2);
    fd_submit_note(d, case_no, "催过一次");
    fd_settle(d, 3);
    desk_left(d, other); /* the agent says that it purged it */
    desk_deliver(d);
    assert_int_equal(fd_made(d), 4);
    fd_settle(d, 4);
    return case_no;
}

/* ---- the record is restored without this node ---- */

static void memory_load(struct desk *d)
{
    struct jb_fault fault = {""};
    jb_agent_book_fini(&d->agent);
    assert_int_equal(jb_agent_book_start(&d->agent, &fault), JB_OK);
    assert_int_equal(jb_agent_former_load(&d->agent), JB_OK);
}

static void restart(struct desk *d)
{
    lw_close(&d->agent.ledger);
    d->agent.ledger = lw_open(d->w, replica, JB_LEDGER_REPLICA);
    memory_load(d);
}

void fd_lose(struct desk *d, uint64_t after, const char *broker, const char *name)
{
    struct jb_ledger *b = lw_open(d->w, broker, JB_LEDGER_BROKER);
    struct jb_ledger *to = lw_replica(d->w, name, b, DESK_NODE);
    assert_int_equal(jb_ledger_begin(to), JB_OK);
    assert_int_equal(jb_agent_former_carry(d->agent.ledger, to, after), JB_OK);
    assert_int_equal(jb_ledger_commit(to), JB_OK);
    lw_close(&d->agent.ledger);
    lw_close(&d->broker);
    d->agent.ledger = to;
    d->broker = b;
    (void)snprintf(replica, sizeof replica, "%s", name);
    jb_agent_pendings_fini(&d->agent.pending);
    memory_load(d);
}

int64_t fd_lost(struct desk *d)
{
    int64_t case_no = fd_former_history(d);
    fd_lose(d, 0, "b2.db", "n2.db");
    return case_no;
}

/* ---- questions ---- */

enum jb_err fd_ask_page(struct desk *d, const char *user, uint64_t after, uint32_t limit, bool all)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetPending q = JB__GET_PENDING__INIT;
    q.former = true;
    q.all = all;
    q.after = after;
    JB_PUT(&q, limit, limit);
    request.body_case = JB__REQUEST__BODY_PENDING;
    request.pending = &q;
    return desk_ask(d, user, &request, jb_agent_get_pending);
}

const Jb__PendingList *fd_page(struct desk *d, uint64_t after, uint32_t limit, bool all)
{
    assert_int_equal(fd_ask_page(d, "li", after, limit, all), JB_OK);
    return d->reply.pending;
}

const char *fd_state_of(struct desk *d, uint64_t number)
{
    const Jb__PendingList *list = fd_page(d, number - 1, 1, true);
    assert_int_equal(list->n_items, 1);
    assert_int_equal(list->items[0]->number, number);
    return list->items[0]->state;
}

void fd_states_are(struct desk *d, const char *const *words)
{
    for (int started = 0; started < 2; started++) {
        size_t i = 0;
        for (; words[i] != NULL; i++)
            assert_string_equal(fd_state_of(d, i + 1), words[i]);
        assert_int_equal(fd_page(d, i, 1, true)->n_items, 0);
        restart(d);
    }
}

enum jb_err fd_resubmit(struct desk *d, uint64_t number)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoResubmit q = JB__DO_RESUBMIT__INIT;
    JB_PUT(&q, number, number);
    request.body_case = JB__REQUEST__BODY_RESUBMIT;
    request.resubmit = &q;
    return desk_ask(d, "wang", &request, jb_agent_do_resubmit);
}

enum jb_err fd_dismiss_by(struct desk *d, uint64_t number, const char *reason,
                          jb_agent_handler handler)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoDismiss q = JB__DO_DISMISS__INIT;
    JB_PUT(&q, number, number);
    q.reason = (char *)(uintptr_t)reason;
    request.body_case = JB__REQUEST__BODY_DISMISS;
    request.dismiss = &q;
    return desk_ask(d, "wang", &request, handler);
}

enum jb_err fd_dismiss(struct desk *d, uint64_t number, const char *reason)
{
    return fd_dismiss_by(d, number, reason, jb_agent_do_dismiss);
}

/* `count` notes on a case, as rows that have been compared; of `bytes` each. */
void fd_fill(struct desk *d, size_t count, size_t bytes, int64_t case_no)
{
    uint8_t head[9] = {[6] = (uint8_t)(count >> 8), [7] = (uint8_t)count, [8] = 1};
    char *text = malloc(bytes + 1);
    assert_non_null(text);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    struct jb_act act = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of(text)};
    assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
    for (size_t i = 1; i <= count; i++) {
        struct jb_submission s = {.user = jb_text_of("li"), .made_at_ms = (int64_t)i};
        Jb__FormerItem item = JB__FORMER_ITEM__INIT;
        struct jb_bytes body;
        assert_int_equal(jb_act_encode(&act, &d->arena, &s.act_bytes), JB_OK);
        assert_int_equal(jb_submission_encode(&s, &d->arena, &body), JB_OK);
        JB_PUT(&item, case_no, case_no);
        JB_PUT(&item, kind, JB_ACT_NOTE);
        JB_PUT(&item, state, JB_AGENT_FORMER_LACKING);
        item.has_body = true;
        item.body = (ProtobufCBinaryData){body.len, (uint8_t *)(uintptr_t)body.data};
        assert_int_equal(jb_agent_former_put(d->agent.ledger, i, &item, &d->arena), JB_OK);
        jb_arena_reset(&d->arena);
    }
    assert_int_equal(
        jb_ledger_meta_set(d->agent.ledger, "former", (struct jb_bytes){head, sizeof head}), JB_OK);
    assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
    free(text);
    memory_load(d);
}
