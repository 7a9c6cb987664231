/* A request comes in, and its answer goes out: the phases of request.h in their order. */
#include "clients/gateway/http.h"

#include <stdlib.h>
#include <string.h>

#define DRAIN_BYTES ((uint64_t)4 * 1024 * 1024)   /* a body of so much is read although refused */
#define ANSWER_BYTES ((uint64_t)50 * 1024 * 1024) /* the largest: an attachment */
#define BYTES_A_SECOND 65536                      /* at least, of bodies and answers */

static int64_t time_for(int64_t ms, uint64_t bytes)
{
    return ms + (int64_t)(bytes / BYTES_A_SECOND) * 1000;
}

static enum MHD_Result send_answer(struct jb_gw_request *r)
{
    const struct jb_gw_config *c = r->gw->config;
    r->phase = JB_GW_SENDING;
    r->until_ms = jb_clock_mono_ms() + time_for(c->answer_timeout_ms, ANSWER_BYTES);
    unsigned digit = r->status / 100;
    r->gw->counts.answered[digit < 6 ? digit : 0]++;
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, r->response);
    MHD_destroy_response(r->response);
    r->response = NULL;
    return result;
}

static void body_grow(struct jb_gw_request *r, size_t more)
{
    size_t room = r->body_room == 0 ? 4096 : r->body_room;
    while (room < r->body_len + more + 1)
        room *= 2;
    if (room == r->body_room)
        return;
    char *body = malloc(room);
    if (body == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the body");
        return;
    }
    if (r->body_len > 0)
        memcpy(body, r->body, r->body_len);
    if (r->body != NULL)
        explicit_bzero(r->body, r->body_room);
    free(r->body);
    r->body = body;
    r->body_room = room;
}

static void take_piece(struct jb_gw_request *r, const char *data, size_t len)
{
    if (r->response != NULL)
        r->phase = JB_GW_DRAINING;
    if (r->phase == JB_GW_DRAINING)
        return;
    if (r->on_piece != NULL) {
        r->on_piece(r, data, len);
        return;
    }
    body_grow(r, len);
    if (r->response != NULL)
        return;
    memcpy(r->body + r->body_len, data, len);
    r->body_len += len;
    r->body[r->body_len] = '\0';
}

static enum MHD_Result begin(struct jb_gw_request *r, const char *method)
{
    if (r->raw_target == NULL)
        return MHD_NO;
    jb_gw_dispatch_begin(r, method);
    r->until_ms = jb_clock_mono_ms() + time_for(r->gw->config->body_timeout_ms, r->length);
    if (r->response == NULL) {
        r->phase = JB_GW_BODY;
        return MHD_YES;
    }
    if (r->length > DRAIN_BYTES)
        return send_answer(r);
    r->phase = JB_GW_DRAINING;
    return MHD_YES;
}

enum MHD_Result jb_gw_receive(struct jb_gw_request *r, const char *method, const char *data,
                              size_t *size)
{
    if (r->phase == JB_GW_NEW)
        return begin(r, method);
    if (*size > 0) {
        take_piece(r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (r->phase == JB_GW_BODY && r->response == NULL) {
        r->phase = JB_GW_HANDLING;
        jb_gw_dispatch_end(r);
    }
    if (r->response != NULL)
        return send_answer(r);
    return MHD_YES; /* it waits */
}
