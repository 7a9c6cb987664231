/* The connection to the broker: when it is made, greeted on, kept alive and given up. What its
 * frames mean is decided in greet.c, apply.c and pump.c. */
#include "clients/agent/blob.h"
#include "clients/agent/former.h"
#include "clients/agent/pulse.h"

#include <stdio.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define FAR_ITEMS 1024 /* behind the broker: what comes is many days' work, not news */
#define FRAME_ARENA_BYTES (8 * JB_FRAME_LIMIT_BYTES)
#define RECONNECT_MS 5000 /* after a connection that was given up */
#define TRY_KEY_MS 3000   /* without a connection: then with another key of the broker */
#define GREET_MIN_MS 1000 /* between two greetings on one connection */

static const char *const state_names[JB_AGENT_STATE_COUNT] = {
    [JB_AGENT_OFFLINE] = "offline",         [JB_AGENT_GREETING] = "greeting",
    [JB_AGENT_CATCHING_UP] = "catching_up", [JB_AGENT_IN_SYNC] = "in_sync",
    [JB_AGENT_RESYNC] = "resync",           [JB_AGENT_REJECTED] = "rejected",
};

/* Never cuts a character in half: the text may hold what the broker said. */
static void keep_text(struct jb_agent_line *line, const char *text)
{
    size_t len = jb_text_cut(text, strlen(text), sizeof line->text - 1);
    memcpy(line->text, text, len);
    line->text[len] = '\0';
}

void jb_agent_line_set(struct jb_agent *a, enum jb_agent_state state, const char *text)
{
    struct jb_agent_line *line = &a->line;
    char escaped[2 * JB_FAULT_BYTES];
    if (line->state == state && strncmp(line->text, text, sizeof line->text - 1) == 0)
        return;
    bool trouble = state == JB_AGENT_RESYNC || state == JB_AGENT_REJECTED;
    line->state = state;
    keep_text(line, text);
    (void)jb_text_escape(line->text, strlen(line->text), escaped, sizeof escaped);
    jb_log(trouble ? JB_LOG_ERROR : JB_LOG_INFO, a->config->code, "line.state",
           "state=%s text=\"%s\"", state_names[state], escaped);
    jb_agent_house_status(a, escaped);
    jb_agent_watch_line(a);
}

/* ---- frames out ---- */

enum jb_err jb_agent_line_send(struct jb_agent *a, struct jb_frame *frame)
{
    struct jb_agent_line *line = &a->line;
    struct jb_bytes bytes;
    if (line->dealer == NULL || !line->up)
        return JB_CLOSED;
    jb_arena_reset(&line->out);
    frame->version = line->protocol;
    enum jb_err err = jb_frame_encode(frame, &line->out, &bytes);
    if (err == JB_OK)
        err = jb_zsock_send(line->dealer, (struct jb_bytes){NULL, 0}, bytes.data, bytes.len);
    if (err == JB_OK)
        line->sent_mono_ms = jb_clock_mono_ms();
    else
        jb_log(JB_LOG_DEBUG, a->config->code, "frame.unsent", "frame=%s error=%s",
               jb_frame_name(frame->kind), jb_err_name(err));
    return err;
}

void jb_agent_line_greet(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;
    struct jb_frame hello = {.kind = JB_FRAME_HELLO,
                             .suite = a->keys.suite,
                             .protocol_min = JB_PROTOCOL_MIN,
                             .protocol_max = (uint32_t)a->config->protocol_max,
                             .code = jb_text_of(a->config->code),
                             .software = jb_text_of(JB_AGENT_SOFTWARE),
                             .up = jb_outbox_made(a->ledger),
                             .settled = jb_outbox_settled(a->ledger),
                             .down = jb_replica_down(a->ledger),
                             .window_items = (uint32_t)a->config->window_items,
                             .window_bytes = (uint32_t)a->config->window_bytes,
                             .now_ms = jb_agent_now(a)};
    memcpy(hello.up.epoch, jb_ledger_epoch(a->ledger), sizeof hello.up.epoch);
    memcpy(hello.settled.epoch, jb_ledger_epoch(a->ledger), sizeof hello.settled.epoch);
    memcpy(hello.sign_key, a->keys.sign_public, sizeof hello.sign_key);
    line->welcomed = false;
    line->protocol = 0;
    line->held[0] = '\0';
    line->recovering = false;
    line->reported = false;
    line->beat_awaited = false;
    line->greeted_mono_ms = jb_clock_mono_ms();
    if (line->state != JB_AGENT_RESYNC && line->state != JB_AGENT_REJECTED)
        jb_agent_line_set(a, JB_AGENT_GREETING, "connected, greeting the broker");
    if (jb_agent_line_send(a, &hello) != JB_OK)
        jb_agent_line_break(a, JB_AGENT_OFFLINE, RECONNECT_MS, "the greeting could not be sent");
}

void jb_agent_line_beat(struct jb_agent *a)
{
    struct jb_frame beat = {.kind = JB_FRAME_BEAT,
                            .now_ms = jb_agent_now(a),
                            .up = jb_outbox_made(a->ledger),
                            .down = jb_replica_down(a->ledger)};
    if (!a->line.welcomed || jb_agent_line_send(a, &beat) != JB_OK)
        return;
    a->line.beat_awaited = true;
    a->line.beat_mono_ms = a->line.sent_mono_ms;
}

bool jb_agent_line_far(const struct jb_agent *a)
{
    uint64_t number = jb_replica_down(a->ledger).number;
    return a->line.welcomed && a->line.target > number && a->line.target - number > FAR_ITEMS;
}

void jb_agent_line_advance(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;
    uint64_t number = jb_replica_down(a->ledger).number;
    char text[96];
    if (!line->welcomed)
        return;
    if (number >= line->target) {
        line->target = number;
        line->in_sync_ms = jb_agent_now(a);
        line->pause_ms = 0;
        jb_agent_line_set(a, JB_AGENT_IN_SYNC,
                          line->held[0] != '\0' ? line->held : "in sync with the broker");
        jb_agent_former_synced(a);
    } else if (line->state != JB_AGENT_CATCHING_UP) {
        (void)snprintf(text, sizeof text, "catching up: item %llu of %llu",
                       (unsigned long long)number, (unsigned long long)line->target);
        jb_agent_line_set(a, JB_AGENT_CATCHING_UP, text);
    }
    if (a->alarm_later && !jb_agent_line_far(a))
        jb_agent_alarm_kick(a);
}

/* ---- frames in ---- */

static void on_bye(struct jb_agent *a, const struct jb_frame *frame)
{
    (void)frame;
    jb_agent_line_break(a, JB_AGENT_OFFLINE, RECONNECT_MS, "the broker said goodbye");
}

typedef void (*frame_fn)(struct jb_agent *, const struct jb_frame *);
static const frame_fn handlers[] = {
    [JB_FRAME_WELCOME] = jb_agent_welcome,
    [JB_FRAME_BEAT] = jb_agent_beat_taken,
    [JB_FRAME_RESUME] = jb_agent_resume,
    [JB_FRAME_REJECT] = jb_agent_rejected,
    [JB_FRAME_BYE] = on_bye,
    [JB_FRAME_BLOB_OFFER] = jb_agent_blob_frame,
    [JB_FRAME_BLOB_WANT] = jb_agent_blob_frame,
    [JB_FRAME_BLOB_CHUNK] = jb_agent_blob_frame,
    [JB_FRAME_BLOB_HAVE] = jb_agent_blob_frame,
    [JB_FRAME_BLOB_GONE] = jb_agent_blob_frame,
    [JB_FRAME_COPY_WANT] = jb_agent_copy_wanted,
};

static void refuse_frame(struct jb_agent *a, const struct jb_frame *frame, enum jb_err err,
                         const char *text)
{
    struct jb_frame reject = {.kind = JB_FRAME_REJECT,
                              .error = (uint32_t)err,
                              .text = jb_text_of(text),
                              .frame_kind = (uint32_t)frame->kind};
    jb_log(JB_LOG_WARNING, a->config->code, "frame.rejected", "frame=%s error=%s detail=\"%s\"",
           jb_frame_name(frame->kind), jb_err_name(err), text);
    if (jb_agent_line_send(a, &reject) != JB_OK)
        jb_log(JB_LOG_DEBUG, a->config->code, "answer.lost", NULL);
}

static void on_message(void *ctx, const struct jb_zmsg *msg)
{
    struct jb_agent *a = ctx;
    struct jb_frame frame = {0};
    struct jb_fault fault = {""};
    a->line.heard_mono_ms = jb_clock_mono_ms();
    if (msg->body.len >= JB_FRAME_HEADER_BYTES && msg->body.data[3] == JB_FRAME_DELIVER) {
        jb_agent_gather(a, msg->body);
        return;
    }
    jb_agent_apply(a); /* whatever this frame says refers to what came before it */
    if (a->line.dealer == NULL)
        return;
    jb_arena_reset(&a->line.in);
    enum jb_err err = jb_frame_decode(msg->body, &a->line.in, &frame, &fault);
    size_t kinds = sizeof handlers / sizeof handlers[0];
    frame_fn handle = err == JB_OK && (size_t)frame.kind < kinds ? handlers[frame.kind] : NULL;
    if (err != JB_OK)
        refuse_frame(a, &frame, err, fault.text);
    else if (handle == NULL)
        refuse_frame(a, &frame, JB_UNKNOWN_KIND, "a broker does not send this kind of frame");
    else
        handle(a, &frame);
}

static void on_surplus(void *ctx, uint32_t node)
{
    struct jb_agent *a = ctx;
    (void)node;
    jb_log(JB_LOG_WARNING, a->config->code, "frame.dropped",
           "reason=\"not exactly one body frame, or too large\"");
}

/* ---- the connection ---- */

static void on_pulse(uv_timer_t *timer);

static struct jb_pulse pulse_of(const struct jb_agent_line *line)
{
    return (struct jb_pulse){.recovering = line->recovering,
                             .welcomed = line->welcomed,
                             .beat_awaited = line->beat_awaited,
                             .greeted_ms = line->greeted_mono_ms,
                             .heard_ms = line->heard_mono_ms,
                             .sent_ms = line->sent_mono_ms,
                             .beat_ms = line->beat_mono_ms};
}

static void pulse_again(struct jb_agent *a)
{
    struct jb_pulse pulse = pulse_of(&a->line);
    int64_t wait_ms = jb_pulse_wait_ms(&pulse, jb_clock_mono_ms());
    (void)uv_timer_start(&a->line.pulse, on_pulse, (uint64_t)wait_ms, 0);
}

static void on_pulse(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    struct jb_pulse pulse = pulse_of(&a->line);
    if (!a->line.up)
        return;
    switch (jb_pulse_act(&pulse, jb_clock_mono_ms())) {
    case JB_PULSE_UNANSWERED:
        jb_agent_line_break(a, JB_AGENT_OFFLINE, RECONNECT_MS, "the greeting was not answered");
        return;
    case JB_PULSE_SILENT:
        jb_agent_line_break(a, JB_AGENT_OFFLINE, RECONNECT_MS, "the broker is silent");
        return;
    case JB_PULSE_GREET:
        jb_agent_line_greet(a);
        break;
    case JB_PULSE_BEAT:
        jb_agent_line_beat(a);
        break;
    case JB_PULSE_NOTHING:
        break;
    }
    pulse_again(a);
}

static void link_up(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;
    line->up = true;
    (void)uv_timer_stop(&line->retry);
    line->heard_mono_ms = jb_clock_mono_ms();
    jb_agent_line_greet(a);
    pulse_again(a);
}

static void on_retry(uv_timer_t *timer);

/* While the broker changes its keys an agent has more than one of them. */
static void try_other_keys(struct jb_agent *a)
{
    if (a->pins.count > 1 && !a->stopping && !uv_is_active((uv_handle_t *)&a->line.retry))
        (void)uv_timer_start(&a->line.retry, on_retry, TRY_KEY_MS, 0);
}

static void link_down(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;
    line->up = false;
    line->welcomed = false;
    (void)uv_timer_stop(&line->pulse);
    try_other_keys(a);
    if (line->state != JB_AGENT_RESYNC && line->state != JB_AGENT_REJECTED)
        jb_agent_line_set(a, JB_AGENT_OFFLINE, "no connection to the broker");
}

static void link_denied(struct jb_agent *a)
{
    struct jb_fault why = {""};
    link_down(a);
    (void)jb_fault_set(&why, JB_DENIED,
                       "the broker does not know the key of this node: not enrolled yet, replaced, "
                       "or no longer in force%s%s",
                       a->key_doubted ? ", or another's: see agent.key, " : "",
                       a->key_doubted ? a->config->key : "");
    jb_agent_line_set(a, JB_AGENT_REJECTED, why.text);
}

static void on_link(void *ctx, enum jb_link link)
{
    static void (*const changes[])(struct jb_agent *) = {
        [JB_LINK_DOWN] = link_down, [JB_LINK_UP] = link_up, [JB_LINK_DENIED] = link_denied};
    changes[link](ctx);
}

static enum jb_err connect_line(struct jb_agent *a, struct jb_fault *fault)
{
    struct jb_zsock_options options;
    jb_zsock_options_default(&options);
    options.max_frame_bytes = JB_FRAME_LIMIT_BYTES;
    struct jb_zsock_setup setup = {
        .zctx = a->zctx,
        .loop = a->loop,
        .endpoint = a->config->broker,
        .own = &a->keys.line,
        .server_public = a->broker.line,
        .options = &options,
        .hooks = {
            .on_message = on_message, .on_surplus = on_surplus, .on_link = on_link, .ctx = a}};
    try_other_keys(a);
    return jb_dealer_connect(&setup, &a->line.dealer, fault);
}

/* A broker with other keys cannot be told from one that does not answer: so each key has its time.
 */
static void next_key(struct jb_agent *a)
{
    jb_zsock_close(&a->line.dealer);
    a->pins.present = (a->pins.present + 1) % a->pins.count;
    a->broker = a->pins.at[a->pins.present];
    jb_log(JB_LOG_INFO, a->config->code, "line.key", "number=%zu of=%zu", a->pins.present + 1,
           a->pins.count);
}

static void on_retry(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    struct jb_fault fault = {""};
    if (jb_agent_degraded(a))
        return; /* nothing could be taken: again when it is over */
    if (a->line.dealer != NULL) {
        if (a->line.up)
            jb_agent_line_greet(a);
        if (a->line.up || a->pins.count < 2)
            return;
        next_key(a);
    }
    if (connect_line(a, &fault) == JB_OK)
        return;
    jb_log(JB_LOG_WARNING, a->config->code, "line.unconnected", "%s", fault.text);
    (void)uv_timer_start(&a->line.retry, on_retry, RECONNECT_MS, 0);
}

void jb_agent_line_break(struct jb_agent *a, enum jb_agent_state state, int64_t pause_ms,
                         const char *text)
{
    struct jb_agent_line *line = &a->line;
    jb_agent_gather_drop(a);
    jb_zsock_close(&line->dealer);
    line->up = false;
    line->welcomed = false;
    line->beat_awaited = false;
    (void)uv_timer_stop(&line->pulse);
    jb_agent_line_set(a, state, text);
    if (!a->stopping)
        (void)uv_timer_start(&line->retry, on_retry, (uint64_t)pause_ms, 0);
}

void jb_agent_line_again(struct jb_agent *a)
{
    (void)uv_timer_start(&a->line.retry, on_retry, 0, 0);
}

enum jb_err jb_agent_line_start(struct jb_agent *a, struct jb_fault *fault)
{
    struct jb_agent_line *line = &a->line;
    jb_arena_init(&line->in, FRAME_ARENA_BYTES);
    jb_arena_init(&line->out, FRAME_ARENA_BYTES);
    jb_agent_gather_drop(a);
    line->state = JB_AGENT_OFFLINE;
    keep_text(line, jb_agent_degraded(a) ? a->strain.text : "no connection to the broker");
    line->retry.data = a;
    line->pulse.data = a;
    if (uv_timer_init(a->loop, &line->retry) != 0 || uv_timer_init(a->loop, &line->pulse) != 0)
        return JB_IO;
    return jb_agent_degraded(a) ? JB_OK : connect_line(a, fault);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

void jb_agent_line_bye(struct jb_agent *a, const char *text)
{
    struct jb_frame bye = {.kind = JB_FRAME_BYE, .text = jb_text_of(text)};
    if (a->line.welcomed && jb_agent_line_send(a, &bye) != JB_OK)
        jb_log(JB_LOG_DEBUG, a->config->code, "answer.lost", NULL);
}

void jb_agent_line_stop(struct jb_agent *a)
{
    jb_agent_line_bye(a, "stopping");
    jb_zsock_close(&a->line.dealer);
    jb_agent_gather_drop(a);
    a->line.up = false;
    a->line.welcomed = false;
    close_handle((uv_handle_t *)&a->line.retry);
    close_handle((uv_handle_t *)&a->line.pulse);
}
