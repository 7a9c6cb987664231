/* Requests out, replies in: the one mechanism under the blocking and the asynchronous calls.
 *
 * A request gets an id and a slot; the reply with that id calls back. Nothing blocks here but
 * jb_client_turn. Nothing is ever sent twice: whether to repeat is for the caller to decide. */
#include "clients/lib/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/clock.h"

#define CALLS_FIRST 16
#define CALLS_MAX 4096
#define OUT_LIMIT ((size_t)64 * 1024 * 1024) /* unsent bytes of one handle */
#define FRAMES_A_TURN 64                     /* then others in the loop have a turn */

/* ---- slots ----------------------------------------------------------------------------------- */

static struct jb_client_call *call_slot(const struct jiaoban *j, uint64_t id)
{
    return &j->calls[id & (j->call_slots - 1)];
}

static struct jb_client_call *call_find(const struct jiaoban *j, uint64_t id)
{
    if (id == 0 || j->call_slots == 0)
        return NULL;
    struct jb_client_call *call = call_slot(j, id);
    return call->id == id ? call : NULL;
}

/* Twice the slots. Two ids that differ modulo n differ modulo 2n as well: nothing can collide. */
static enum jiaoban_status calls_grow(struct jiaoban *j)
{
    size_t slots = j->call_slots == 0 ? CALLS_FIRST : 2 * j->call_slots;
    struct jb_client_call *old = j->calls;
    size_t old_slots = j->call_slots;

    if (slots > CALLS_MAX)
        return jb_client_fail(j, JIAOBAN_BUSY, "%d requests are in flight already", CALLS_MAX);
    struct jb_client_call *calls = calloc(slots, sizeof *calls);
    if (calls == NULL)
        return jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    j->calls = calls;
    j->call_slots = slots;
    for (size_t i = 0; i < old_slots; i++)
        if (old[i].id != 0)
            *call_slot(j, old[i].id) = old[i];
    free(old);
    return JIAOBAN_OK;
}

/* The next id with a free slot; long-lived calls (watches) are stepped over. */
static enum jiaoban_status call_add(struct jiaoban *j, const struct jb_client_call *call,
                                    uint64_t *id)
{
    if (2 * j->calls_open >= j->call_slots) {
        enum jiaoban_status status = calls_grow(j);
        if (status != JIAOBAN_OK && j->calls_open + 1 >= j->call_slots)
            return status;
    }
    do
        j->last_id++;
    while (call_slot(j, j->last_id)->id != 0);
    *call_slot(j, j->last_id) = *call;
    call_slot(j, j->last_id)->id = j->last_id;
    j->calls_open++;
    *id = j->last_id;
    return JIAOBAN_OK;
}

static void call_drop(struct jiaoban *j, struct jb_client_call *call)
{
    call->id = 0;
    j->calls_open--;
}

void jiaoban_cancel(struct jiaoban *j, uint64_t id)
{
    struct jb_client_call *call = call_find(j, id);
    if (call != NULL)
        call_drop(j, call);
}

/* ---- sending --------------------------------------------------------------------------------- */

static enum jiaoban_status out_reserve(struct jiaoban *j, size_t more)
{
    if (j->out_sent > 0) {
        memmove(j->out, j->out + j->out_sent, j->out_len - j->out_sent);
        j->out_len -= j->out_sent;
        j->out_sent = 0;
    }
    if (j->out_len + more > OUT_LIMIT)
        return jb_client_fail(j, JIAOBAN_BUSY, "too many requests wait to be sent to %s", j->path);
    if (j->out_len + more <= j->out_capacity)
        return JIAOBAN_OK;
    size_t capacity = j->out_capacity == 0 ? 4096 : j->out_capacity;
    while (capacity < j->out_len + more)
        capacity *= 2;
    uint8_t *out = realloc(j->out, capacity);
    if (out == NULL)
        return jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    j->out = out;
    j->out_capacity = capacity;
    return JIAOBAN_OK;
}

static enum jiaoban_status out_put(struct jiaoban *j, struct jb_bytes body)
{
    enum jiaoban_status status = out_reserve(j, JB_LOCAL_HEADER_BYTES + body.len);
    if (status != JIAOBAN_OK)
        return status;
    jb_local_header(body.len, j->out + j->out_len);
    memcpy(j->out + j->out_len + JB_LOCAL_HEADER_BYTES, body.data, body.len);
    j->out_len += JB_LOCAL_HEADER_BYTES + body.len;
    return JIAOBAN_OK;
}

enum jiaoban_status jb_client_begin(struct jiaoban *j, Jb__Request *request,
                                    const struct jb_client_call *call, uint64_t *id)
{
    struct jb_bytes body = {NULL, 0};
    uint64_t own = 0;
    enum jiaoban_status status = jb_client_dial(j, 0);

    if (status == JIAOBAN_OK)
        status = call_add(j, call, &own);
    if (status != JIAOBAN_OK)
        return status;
    request->has_id = true;
    request->id = own;
    request->has_protocol = true;
    request->protocol = JB_CLIENT_PROTOCOL;
    if (jb_message_encode(&request->base, &j->scratch, &body) != JB_OK)
        status = jb_client_fail(j, JIAOBAN_NOMEM, "out of memory for the request");
    else if (body.len > JB_LOCAL_REQUEST_LIMIT)
        status = jb_client_fail(j, JIAOBAN_TOO_LARGE, "the request has %zu bytes, %zu are allowed",
                                body.len, JB_LOCAL_REQUEST_LIMIT);
    else
        status = out_put(j, body);
    jb_arena_reset(&j->scratch);
    if (status != JIAOBAN_OK) {
        jiaoban_cancel(j, own);
        return status;
    }
    if (id != NULL)
        *id = own;
    jb_client_interest(j);
    return JIAOBAN_OK;
}

static enum jb_err flush(struct jiaoban *j)
{
    while (j->out_sent < j->out_len) {
        struct jb_bytes rest = {j->out + j->out_sent, j->out_len - j->out_sent};
        size_t sent = 0;
        enum jb_err err = jb_local_write(j->fd, rest, (struct jb_bytes){NULL, 0}, &sent);
        if (err != JB_OK)
            return err == JB_BUSY ? JB_OK : err;
        j->out_sent += sent;
    }
    j->out_len = 0;
    j->out_sent = 0;
    return JB_OK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

void jb_client_hang_up(struct jiaoban *j, enum jiaoban_status status)
{
    struct jb_client_call *calls = j->calls;
    size_t slots = j->call_slots;
    int fd = j->fd;

    j->calls = NULL;
    j->call_slots = 0;
    j->calls_open = 0;
    j->out_len = 0;
    j->out_sent = 0;
    jb_local_frame_fini(&j->in);
    j->fd = -1;
    jb_client_interest(j);
    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < slots; i++)
        if (calls[i].id != 0)
            calls[i].fn(j, calls[i].id, status, NULL, calls[i].data);
    free(calls);
}

/* One reply. A reply to a request that was cancelled is dropped. */
static enum jiaoban_status deliver(struct jiaoban *j, struct jb_bytes frame)
{
    enum jiaoban_status status = JIAOBAN_OK;
    struct jiaoban_result *result = jb_client_result_new(j, frame, &status);
    if (result == NULL)
        return status;
    if (result->reply->id == 0 && result->reply->body_case == JB__REPLY__BODY_ERROR) {
        status = jb_client_result_status(j, result); /* it could not even read a request */
        jiaoban_result_free(result);
        return status;
    }
    struct jb_client_call *slot = call_find(j, result->reply->id);
    bool event = result->type == JB_ROWS_NEWS || result->type == JB_ROWS_FEED;
    if (slot == NULL || (slot->many && result->type == JB_ROWS_DONE)) {
        jiaoban_result_free(result);
        return JIAOBAN_OK;
    }
    struct jb_client_call call = *slot;
    if (!call.many || !event)
        call_drop(j, slot);
    status = jb_client_result_status(j, result);
    if (status != JIAOBAN_OK && result->type != JB_ROWS_SETTLED) {
        jiaoban_result_free(result);
        result = NULL;
    }
    call.fn(j, call.id, status, result, call.data);
    return JIAOBAN_OK;
}

static enum jiaoban_status receive(struct jiaoban *j)
{
    for (int n = 0; n < FRAMES_A_TURN && j->fd >= 0; n++) {
        enum jb_err err = jb_local_frame_read(j->fd, JB_LOCAL_REPLY_LIMIT, &j->in);
        if (err == JB_BUSY)
            return JIAOBAN_OK;
        if (err != JB_OK)
            return jb_client_fail(j, (enum jiaoban_status)err, "the connection to %s ended: %s",
                                  j->path, jb_err_text(err));
        enum jiaoban_status status = deliver(j, (struct jb_bytes){j->in.data, j->in.len});
        if (status != JIAOBAN_OK)
            return status;
        jb_local_frame_reset(&j->in);
    }
    return JIAOBAN_OK;
}

enum jiaoban_status jiaoban_process(struct jiaoban *j)
{
    if (j->processing)
        return jb_client_fail(j, JIAOBAN_BUSY, "called from inside a callback of the same handle");
    if (j->fd < 0)
        return jb_client_fail(j, JIAOBAN_CLOSED, "not connected to %s", j->path);
    j->processing = true;
    enum jb_err err = flush(j);
    /* Even when sending failed: what the other end said before it closed is worth reading. */
    enum jiaoban_status status = receive(j);
    if (status == JIAOBAN_OK && err != JB_OK)
        status = jb_client_fail(j, (enum jiaoban_status)err, "the connection to %s ended: %s",
                                j->path, jb_err_text(err));
    if (status != JIAOBAN_OK)
        jb_client_hang_up(j, status);
    j->processing = false;
    jb_client_interest(j);
    return status;
}

/* ---- blocking -------------------------------------------------------------------------------- */

enum jiaoban_status jb_client_turn(struct jiaoban *j, int64_t deadline_ms)
{
    unsigned wants = jiaoban_wants(j);
    struct pollfd p = {.fd = j->fd,
                       .events = (short)((wants & JIAOBAN_READ ? POLLIN : 0) |
                                         (wants & JIAOBAN_WRITE ? POLLOUT : 0))};
    int wait_ms = -1;

    if (deadline_ms != INT64_MAX) {
        int64_t left_ms = deadline_ms - jb_clock_mono_ms();
        wait_ms = left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
    }
    int rc = poll(&p, 1, wait_ms);
    if (rc < 0 && errno == EINTR)
        return JIAOBAN_OK;
    if (rc < 0)
        return jb_client_fail(j, JIAOBAN_IO, "cannot wait for %s: %s", j->path, strerror(errno));
    if (rc == 0)
        return JIAOBAN_BUSY;
    return jiaoban_process(j);
}

struct outcome {
    bool done;
    enum jiaoban_status status;
    struct jiaoban_result *result;
};

static void note_outcome(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                         struct jiaoban_result *result, void *data)
{
    struct outcome *o = data;
    (void)j;
    (void)id;
    o->done = true;
    o->status = status;
    o->result = result;
}

enum jiaoban_status jb_client_call(struct jiaoban *j, Jb__Request *request, uint32_t timeout_ms,
                                   struct jiaoban_result **out)
{
    struct outcome outcome = {.done = false};
    struct jb_client_call call = {.fn = note_outcome, .data = &outcome};
    uint64_t id = 0;

    if (j->processing)
        return jb_client_fail(j, JIAOBAN_BUSY, "a blocking call inside a callback");
    enum jiaoban_status status = jb_client_dial(j, JB_CLIENT_DIAL_MS);
    if (status == JIAOBAN_OK)
        status = jb_client_begin(j, request, &call, &id);
    if (status != JIAOBAN_OK)
        return status;
    int64_t deadline_ms = jb_clock_mono_ms() + timeout_ms;
    while (!outcome.done) {
        status = jb_client_turn(j, deadline_ms);
        if (!outcome.done && status != JIAOBAN_OK) {
            jiaoban_cancel(j, id);
            if (status == JIAOBAN_BUSY)
                jb_client_fail(j, status, "no answer from %s within %u ms", j->path, timeout_ms);
            return status;
        }
    }
    if (out != NULL)
        *out = outcome.result;
    else
        jiaoban_result_free(outcome.result);
    return outcome.status;
}
