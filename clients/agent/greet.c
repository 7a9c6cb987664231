/* What the broker says about the line itself: Welcome, Beat, Resume, Reject.
 *
 * Compares both histories. A difference is a state that people see (RESYNC); nothing is submitted
 * then and nothing overwritten, and the greeting is tried again after a while. */
#include "clients/agent/blob.h"
#include "clients/agent/verify.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define RESYNC_MS 60000
#define REJECT_MIN_MS 5000
#define REJECT_MAX_MS 60000
#define REGREET_MS 1000
#define WINDOW_ITEMS 256 /* when the broker names none */
#define WINDOW_BYTES (512 * 1024)

/* The broker's numbers and texts in one sentence for status and log. */
static void resync(struct jb_agent *a, const char *format, uint64_t ours, uint64_t theirs)
    __attribute__((format(printf, 2, 0)));
static void resync(struct jb_agent *a, const char *format, uint64_t ours, uint64_t theirs)
{
    char text[sizeof a->line.text];
    (void)snprintf(text, sizeof text, format, (unsigned long long)ours, (unsigned long long)theirs);
    jb_agent_line_break(a, JB_AGENT_RESYNC, RESYNC_MS, text);
}

static int64_t next_pause(struct jb_agent_line *line)
{
    int64_t pause = line->pause_ms < REJECT_MIN_MS ? REJECT_MIN_MS : line->pause_ms * 2;
    line->pause_ms = pause > REJECT_MAX_MS ? REJECT_MAX_MS : pause;
    return line->pause_ms;
}

static bool same_head(const uint8_t a[JB_HASH_BYTES], const uint8_t b[JB_HASH_BYTES])
{
    return memcmp(a, b, JB_HASH_BYTES) == 0;
}

/* For people: what the broker's head is at a number of the stream, and what it is here. */
static void tell_difference(struct jb_agent *a, const struct jb_line_point *broker)
{
    static const uint8_t none[JB_HASH_BYTES];
    struct jb_differs *d = &a->line.differs;
    struct jb_line_point own = {.number = broker->number};
    char theirs[2 * JB_HASH_BYTES + 1];
    char ours[2 * JB_HASH_BYTES + 1];
    if (same_head(broker->head, none) || jb_replica_head(a->ledger, own.number, own.head) != JB_OK)
        return; /* it named none, or one beyond what is here */
    bool told = d->known && d->here.number == own.number && same_head(d->here.head, own.head) &&
                same_head(d->there.head, broker->head);
    *d = (struct jb_differs){.known = true, .here = own, .there = *broker};
    if (told)
        return;
    (void)sodium_bin2hex(theirs, sizeof theirs, broker->head, sizeof broker->head);
    (void)sodium_bin2hex(ours, sizeof ours, own.head, sizeof own.head);
    jb_log(JB_LOG_ERROR, a->config->code, "line.differs", "number=%llu broker_head=%s own_head=%s",
           (unsigned long long)own.number, theirs, ours);
}

/* ---- Welcome ---- */

/* The broker's record goes on in a new epoch from a point that this replica has not passed. */
static bool goes_on(const struct jb_agent *a, const struct jb_frame *w)
{
    struct jb_line_point own = jb_replica_down(a->ledger);
    return jb_replica_node(a->ledger) == w->node && own.number > 0 &&
           memcmp(w->former.epoch, own.epoch, sizeof own.epoch) == 0 &&
           (own.number < w->former.number ||
            (own.number == w->former.number && same_head(own.head, w->former.head)));
}

static enum jb_err learn_first(struct jb_agent *a, const struct jb_frame *w)
{
    static const uint8_t none[JB_EPOCH_BYTES];
    enum jb_err err = JB_OK;
    bool restored = memcmp(w->former.epoch, none, sizeof none) != 0 && w->former.number == 0;
    if (jb_replica_node(a->ledger) != w->node)
        err = jb_replica_node_set(a->ledger, w->node);
    if (err == JB_OK)
        err = jb_replica_down_epoch(a->ledger, restored ? w->former.epoch : w->down.epoch);
    if (err == JB_OK && restored) /* the chain starts with the record's first epoch */
        err = jb_replica_down_follow(a->ledger, w->down.epoch);
    if (err == JB_OK) /* verdicts in there are on submissions of an earlier file of this node */
        err = jb_replica_settles_after(a->ledger, JB_SETTLES_NOTHING);
    return err;
}

/* The node's number and the broker's epoch, once and for all, or until the broker is restored. */
static enum jb_err learn(struct jb_agent *a, const struct jb_frame *w)
{
    bool known = jb_replica_node(a->ledger) == w->node &&
                 memcmp(jb_replica_down(a->ledger).epoch, w->down.epoch, JB_EPOCH_BYTES) == 0;
    if (known)
        return JB_OK;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    if (goes_on(a, w))
        err = jb_replica_down_follow(a->ledger, w->down.epoch);
    else
        err = learn_first(a, w);
    if (err != JB_OK) {
        jb_ledger_rollback(a->ledger);
        return err;
    }
    return jb_ledger_commit(a->ledger);
}

/* true: these are our submissions, as far as the broker has taken them. */
static bool up_fits(struct jb_agent *a, const struct jb_line_point *up)
{
    uint64_t made = jb_outbox_made(a->ledger).number;
    uint64_t settled = jb_outbox_settled(a->ledger).number;
    uint8_t head[JB_HASH_BYTES];
    if (memcmp(up->epoch, jb_ledger_epoch(a->ledger), JB_EPOCH_BYTES) != 0)
        resync(a, "the broker counts submissions of another incarnation (here %llu, there %llu)",
               made, up->number);
    else if (up->number > made)
        resync(a,
               "only %llu submissions were made here, the broker holds %llu: this replica is an "
               "older copy",
               made, up->number);
    else if (up->number < settled)
        resync(a,
               "%llu submissions are settled here, the broker knows of %llu: its record is an "
               "older copy",
               settled, up->number);
    else if (jb_outbox_head(a->ledger, up->number, head) != JB_OK || !same_head(head, up->head))
        resync(a, "submissions differ (%llu made here, %llu at the broker)", made, up->number);
    else
        return true;
    return false;
}

static bool down_fits(struct jb_agent *a, const struct jb_line_point *down)
{
    struct jb_line_point own = jb_replica_down(a->ledger);
    if (down->number < own.number)
        resync(a,
               "this replica holds %llu items, the broker's stream ends at %llu: its record is an "
               "older copy",
               own.number, down->number);
    else if (down->number == own.number && !same_head(down->head, own.head))
        resync(a, "the histories differ (%llu items here, %llu at the broker)", own.number,
               down->number);
    else
        return true;
    tell_difference(a, down);
    return false;
}

static bool identity_fits(struct jb_agent *a, const struct jb_frame *w)
{
    uint32_t node = jb_replica_node(a->ledger);
    if (w->protocol < JB_PROTOCOL_MIN || w->protocol > a->config->protocol_max) {
        jb_agent_line_break(a, JB_AGENT_REJECTED, next_pause(&a->line),
                            "the broker chose a protocol version that this agent does not speak");
        return false;
    }
    if ((w->suite != 0 ? w->suite : JB_SUITE_ED25519) != a->broker.suite) {
        jb_agent_line_break(a, JB_AGENT_REJECTED, RESYNC_MS,
                            "the broker signs with another suite than the key in agent.broker_key");
        return false;
    }
    if (memcmp(w->sign_key, a->broker.sign, JB_KEY_BYTES) != 0) {
        jb_agent_line_break(a, JB_AGENT_REJECTED, RESYNC_MS,
                            "the broker signs with another key than the one in agent.broker_key");
        return false;
    }
    if (w->node == 0 || w->node > JB_NODE_MAX || (node != 0 && node != w->node)) {
        resync(a, "this replica belongs to node %llu, the broker says %llu", node, w->node);
        return false;
    }
    return true;
}

static void enter(struct jb_agent *a, const struct jb_frame *w)
{
    struct jb_agent_line *line = &a->line;
    line->welcomed = true;
    line->differs.known = false;
    a->key_doubted = false; /* the broker knows it: it is enrolled, or was just replaced */
    line->protocol = (uint8_t)w->protocol;
    line->target = w->down.number;
    line->skew_ms = w->now_ms - jb_agent_now(a);
    line->window_items = w->window_items > 0 ? w->window_items : WINDOW_ITEMS;
    line->window_bytes = w->window_bytes > 0 ? w->window_bytes : WINDOW_BYTES;
    line->stall_down = UINT64_MAX;
    line->stall_up = UINT64_MAX;
    jb_agent_pump_rewind(a, w->up.number);
    jb_agent_acknowledge(a);
    jb_agent_line_advance(a);
    a->pump_wanted = true;
    jb_agent_blobs_welcomed(a);
}

void jb_agent_welcome(struct jb_agent *a, const struct jb_frame *w)
{
    if (a->line.welcomed)
        return; /* the answer to an earlier greeting; the later one's follows */
    if (!identity_fits(a, w))
        return;
    if (w->recovering) {
        jb_agent_recovering(a, w);
        return;
    }
    enum jb_err err = learn(a, w);
    if (err == JB_DIVERGED || err == JB_WRONG_NODE) {
        resync(a,
               "the broker's record is another incarnation than the one this replica follows "
               "(%llu items here, %llu there)",
               jb_replica_down(a->ledger).number, w->down.number);
        tell_difference(a, &w->down);
        return;
    }
    if (err != JB_OK) {
        jb_agent_fail(a, err, "storing the node's number");
        return;
    }
    if (up_fits(a, &w->up) && down_fits(a, &w->down))
        enter(a, w);
}

/* ---- Beat ---- */

static bool beat_signed(const struct jb_agent *a, const struct jb_frame *beat)
{
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, jb_replica_node(a->ledger), beat->down.epoch,
                         beat->down.number, beat->down.head);
    return beat->suite == a->broker.suite &&
           jb_line_verify(beat->suite, a->broker.sign, &claim, beat->signature) == JB_OK;
}

/* The broker has more for us, or we for it, and nothing moved since the last Beat: greet again,
 * then both directions resume by number. */
static void look_for_standstill(struct jb_agent *a, const struct jb_frame *beat)
{
    struct jb_agent_line *line = &a->line;
    uint64_t down = jb_replica_down(a->ledger).number;
    uint64_t settled = jb_outbox_settled(a->ledger).number;
    bool behind = down < beat->down.number && line->stall_down == down;
    bool stuck = settled < line->sent && line->stall_up == settled;
    line->stall_down = down;
    line->stall_up = settled;
    if (behind || stuck) {
        jb_log(JB_LOG_INFO, a->config->code, "line.standstill", "down=%llu settled=%llu",
               (unsigned long long)down, (unsigned long long)settled);
        jb_agent_line_greet(a);
    } else {
        a->pump_wanted = true;
    }
}

void jb_agent_beat_taken(struct jb_agent *a, const struct jb_frame *beat)
{
    struct jb_agent_line *line = &a->line;
    if (!line->welcomed)
        return;
    line->beat_awaited = false;
    line->skew_ms = beat->now_ms - jb_agent_now(a);
    if (memcmp(beat->down.epoch, jb_replica_down(a->ledger).epoch, JB_EPOCH_BYTES) != 0) {
        resync(a,
               "the broker's record has become another incarnation (%llu items here, %llu there)",
               jb_replica_down(a->ledger).number, beat->down.number);
        tell_difference(a, &beat->down);
        return;
    }
    if (!beat_signed(a, beat)) {
        jb_agent_line_break(a, JB_AGENT_RESYNC, RESYNC_MS,
                            "the broker's signature over its stream does not verify");
        return;
    }
    if (!down_fits(a, &beat->down))
        return;
    line->target = beat->down.number;
    jb_agent_line_advance(a);
    jb_agent_verify_beat(a, &beat->down);
    look_for_standstill(a, beat);
}

/* ---- Resume, Reject ---- */

/* Who looks at this node must see why nothing leaves the outbox. */
static void hold(struct jb_agent *a, const struct jb_frame *frame)
{
    struct jb_agent_line *line = &a->line;
    bool waits = frame->error == JB_BUSY;
    size_t len = waits ? jb_text_cut(frame->text.data, frame->text.len, 180) : 0;
    (void)snprintf(line->held, sizeof line->held, "%s%.*s",
                   waits ? "the broker takes no submissions now: " : "", (int)len,
                   len > 0 ? frame->text.data : "");
    if (line->state == JB_AGENT_IN_SYNC)
        jb_agent_line_advance(a);
}

void jb_agent_resume(struct jb_agent *a, const struct jb_frame *frame)
{
    if (!a->line.welcomed || !up_fits(a, &frame->up))
        return;
    jb_log(JB_LOG_INFO, a->config->code, "line.resume", "up=%llu error=%s",
           (unsigned long long)frame->up.number, jb_err_name((enum jb_err)frame->error));
    jb_agent_pump_rewind(a, frame->up.number);
    hold(a, frame);
    if (frame->error != JB_BUSY) /* else with the next Beat */
        a->pump_wanted = true;
}

void jb_agent_rejected(struct jb_agent *a, const struct jb_frame *frame)
{
    char text[sizeof a->line.text];
    enum jb_err err = (enum jb_err)frame->error;
    size_t shown = frame->text.len < 160 ? frame->text.len : 160;
    (void)snprintf(text, sizeof text, "%s: %.*s", jb_err_name(err), (int)shown,
                   frame->text.len > 0 ? frame->text.data : "");
    if (!frame->closing) {
        jb_log(JB_LOG_WARNING, a->config->code, "line.rejected", "frame=%u error=%s",
               frame->frame_kind, jb_err_name(err));
        if (err == JB_BUSY && frame->frame_kind >= JB_FRAME_BLOB_OFFER &&
            frame->frame_kind <= JB_FRAME_BLOB_GONE)
            jb_agent_blob_put_off(a);
        return;
    }
    /* The broker has forgotten this connection, for example after a long silence. */
    if (err == JB_CLOSED && (a->line.recovering || /* it is complete */
                             jb_clock_mono_ms() - a->line.greeted_mono_ms >= REGREET_MS)) {
        jb_agent_line_greet(a);
        return;
    }
    bool kept = err == JB_DIVERGED && frame->frame_kind == JB_FRAME_COPY_DONE && a->line.reported;
    if (kept)
        jb_agent_follow_begin(a);
    if (a->stopping)
        return;
    bool diverged = err == JB_DIVERGED || err == JB_OLD;
    if (err == JB_DIVERGED)
        tell_difference(a, &frame->down);
    jb_agent_line_break(a, diverged ? JB_AGENT_RESYNC : JB_AGENT_REJECTED,
                        diverged ? RESYNC_MS : next_pause(&a->line), text);
}
