/* Life cycle of the broker: open, recover, bind, run, stop. */
#include "daemon/blob.h"
#include "daemon/recover.h"
#include "daemon/duty.h"
#include "daemon/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/base/self.h"
#include "proto/ledger/backup.h"

int64_t jb_broker_now(struct jb_broker *b)
{
    /* before the log is open nothing is known that the wall clock could be held against */
    return b->keeper.wall.now_ms != NULL ? jb_keeper_now(&b->keeper) : jb_clock_read(&b->clock);
}

struct jb_peer *jb_broker_peer(struct jb_broker *b, uint32_t node)
{
    if (node >= b->peer_capacity) {
        size_t wanted = ((size_t)node / 1024 + 1) * 1024;
        struct jb_peer **peers = reallocarray(b->peers, wanted, sizeof(struct jb_peer *));
        if (peers == NULL)
            return NULL;
        memset(peers + b->peer_capacity, 0, (wanted - b->peer_capacity) * sizeof(struct jb_peer *));
        b->peers = peers;
        b->peer_capacity = wanted;
    }
    struct jb_peer *p = b->peers[node];
    if (p != NULL && !p->stale)
        return p;
    /* nothing of it is under way, before its first greeting or since it got lost: the disk knows
     * where its line stands */
    struct jb_line_state line;
    if (jb_tail_line(b, node, &line) != JB_OK)
        return NULL;
    p = p != NULL ? p : calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->node = node;
    p->up_taken = line.up;
    p->up_decided = line.up;
    p->stale = false;
    b->peers[node] = p;
    return p;
}

/* ---- policy and calendar ---- */

enum jb_err jb_broker_book_load(struct jb_broker *b, struct jb_fault *fault)
{
    enum jb_err err =
        jb_ledger_book_load(&b->shelf, b->reader, &b->directory, jb_broker_now(b), fault);
    if (err != JB_OK)
        return err;
    b->book = b->shelf.book;
    if (fault->text[0] != '\0')
        jb_log(JB_LOG_ERROR, NULL, "book.damaged", "%s", fault->text);
    return JB_OK;
}

/* ---- time ---- */

/* Was the wall clock in doubt when the broker stopped? Starting it again makes no clock right. */
static enum jb_err stopped_in_doubt(struct jb_broker *b, bool *doubted)
{
    struct jb_arena arena;
    struct jb_bytes bytes;
    struct jb_entry entry;
    struct jb_fault why;
    *doubted = false;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    enum jb_err err = jb_log_last_clock_step(b->ledger, &arena, &bytes);
    if (err == JB_OK && (err = jb_entry_decode(bytes, &arena, &entry, &why)) == JB_OK)
        *doubted = jb_keeper_began_doubt(entry.at_ms, entry.act.before_ms, entry.act.after_ms);
    jb_arena_fini(&arena);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err start_keeper(struct jb_broker *b, struct jb_fault *fault)
{
    int64_t last_ms = 0;
    bool doubted = false;
    enum jb_err err = jb_log_last_at(b->ledger, &last_ms);
    if (err == JB_OK)
        err = stopped_in_doubt(b, &doubted);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "the last entry's instant: %s", jb_ledger_error(b->ledger));
    b->keeper.wall = b->clock;
    b->keeper.mono = b->mono;
    b->keeper.step_max_ms = b->config->clock_step_max_ms;
    jb_keeper_start(&b->keeper, last_ms,
                    doubted ? b->config->clock_step_max_ms : b->config->clock_gap_max_ms);
    if (doubted)
        jb_keeper_came_back(&b->keeper, last_ms);
    b->started_ms = jb_broker_now(b);
    if (b->keeper.doubt != JB_DOUBT_NONE)
        jb_log(JB_LOG_ERROR, NULL, "clock.doubt", "wall_ms=%lld last_entry_ms=%lld text=\"%s\"",
               (long long)b->keeper.wall_ms, (long long)last_ms, jb_keeper_trouble(&b->keeper));
    return JB_OK;
}

/* ---- opening ---- */

static enum jb_err lock_data(struct jb_broker *b, struct jb_fault *fault)
{
    char path[4096];
    if (mkdir(b->config->data, 0700) != 0 && errno != EEXIST)
        return jb_fault_set(fault, JB_IO, "%s: %s", b->config->data, jb_errno_said(errno));
    int n = snprintf(path, sizeof path, "%s/lock", b->config->data);
    if (n < 0 || (size_t)n >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    b->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (b->lock_fd < 0)
        return jb_fault_set(fault, JB_IO, "%s: %s", path, jb_errno_said(errno));
    if (flock(b->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return jb_fault_set(fault, JB_LOCKED,
                            "%s: another jiaoband uses this data folder; stop it first", path);
    return JB_OK;
}

/* An older file is made anew from its record: the service manager must not take that for a start
 * that hangs. */
static void tell_progress(uint64_t done)
{
    (void)sd_notifyf(0,
                     "EXTEND_TIMEOUT_USEC=60000000\n"
                     "STATUS=bringing the record up to date: %llu entries",
                     (unsigned long long)done);
}

static enum jb_err open_ledgers(struct jb_broker *b, enum jb_ledger_make make,
                                struct jb_fault *fault)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/broker.db", b->config->data);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER,
                                        .suite = b->keys.suite,
                                        .make = make,
                                        .cache_bytes = b->config->cache_bytes,
                                        .on_progress = tell_progress};
    enum jb_err err = jb_ledger_open(path, &options, &b->ledger, fault);
    if (err == JB_FULL && jb_reserve_free(&b->reserve)) /* as much as was kept for the end */
        err = jb_ledger_open(path, &options, &b->ledger, fault);
    if (err != JB_OK)
        return err;
    struct jb_backup_report backup;
    if (jb_backup_mark(b->ledger, &backup) == JB_OK)
        return jb_fault_set(fault, JB_CONFIG,
                            "%s: is a backup, not a record to go on with: jiaoband restore makes "
                            "one of it",
                            path);
    fault->text[0] = '\0';
    b->committed_seq = jb_log_last_seq(b->ledger);
    err = jb_ledger_erase_again(b->ledger); /* a copy of the file may have brought keys back */
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", path, jb_ledger_error(b->ledger));
    b->forget = !jb_ledger_forget(b->ledger);
    jb_ledger_wal_lay_out(b->ledger, JB_WAL_BYTES + JB_WAL_BYTES / 2);
    options.read_only = true;
    err = jb_ledger_open(path, &options, &b->reader, fault);
    if (err == JB_OK)
        err = jb_ledger_directory_load(b->ledger, &b->directory);
    if (err == JB_OK)
        err = start_keeper(b, fault);
    if (err == JB_OK)
        err = jb_broker_book_load(b, fault);
    return err;
}

static void peers_free(struct jb_broker *b)
{
    for (size_t i = 0; i < b->peer_capacity; i++)
        if (b->peers[i] != NULL) {
            free(b->peers[i]->software);
            free(b->peers[i]);
        }
    free(b->peers);
    b->peers = NULL;
    b->peer_capacity = 0;
}

enum jb_err jb_broker_read_again(struct jb_broker *b, struct jb_fault *fault)
{
    peers_free(b);
    jb_tail_clear(&b->tail);
    jb_directory_fini(&b->directory);
    jb_directory_init(&b->directory);
    jb_ledger_close(&b->reader);
    jb_ledger_close(&b->ledger);
    return open_ledgers(b, JB_LEDGER_KEEP, fault);
}

static uint32_t lookup_key(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address)
{
    struct jb_broker *b = ctx;
    uint32_t node = jb_directory_by_line_key(&b->directory, key);
    const struct jb_node *n = jb_directory_find(&b->directory, node);
    if (n != NULL && jb_node_valid(n, jb_broker_now(b)))
        return node;
    jb_log(JB_LOG_INFO, address, "login.denied", "key_tag=%016llx",
           (unsigned long long)jb_keys_tag(key));
    return 0;
}

static enum jb_err open_line(struct jb_broker *b, struct jb_fault *fault)
{
    enum jb_err err = jb_zctx_new(&b->zctx);
    if (err == JB_OK)
        err = jb_zap_start(b->zctx, b->loop, lookup_key, b, &b->zap);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "the authentication service could not be started");
    struct jb_zsock_options options;
    jb_zsock_options_default(&options);
    options.max_frame_bytes = JB_FRAME_LIMIT_BYTES;
    struct jb_gate_options gate;
    jb_gatekeeper_options(b, &gate);
    struct jb_zsock_setup setup = {
        .zctx = b->zctx,
        .loop = b->loop,
        .endpoint = b->config->listen,
        .own = &b->keys.line,
        .options = &options,
        .gate = &gate,
        .hooks = {.on_message = jb_intake_message, .on_surplus = jb_intake_surplus, .ctx = b}};
    return jb_router_bind(&setup, &b->router, fault);
}

/* The keys, and that they are those of the record: before anything of it is touched. */
static enum jb_err load_keys(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_keyring ring;
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/broker.db", b->config->data);
    if (len < 0 || (size_t)len >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    jb_self_pin(&b->keys, sizeof b->keys);
    jb_self_pin(&b->former, sizeof b->former);
    enum jb_err err = jb_keyring_load(&ring, b->config, fault);
    if (err == JB_OK)
        err = jb_keyring_fits(&ring, b->config, path, NULL, fault);
    b->keys = ring.own;
    b->former = ring.former;
    jb_keyring_wipe(&ring);
    return err;
}

/* Put on record whose it is, where it does not say so yet or the keys were changed. */
static enum jb_err record_keys(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_keyring ring = {.own = b->keys, .former = b->former};
    ring.claim.has_former = b->config->key_former != NULL && b->config->key_former[0] != '\0';
    jb_keys_public(&b->keys, &ring.claim.own);
    jb_keys_public(&b->former, &ring.claim.former);
    enum jb_err err = jb_keyring_record(&ring, b->config, b->ledger, jb_broker_now(b), fault);
    jb_keyring_wipe(&ring);
    return err;
}

enum jb_err jb_broker_start(struct jb_broker *b, struct jb_fault *fault)
{
    b->lock_fd = -1;
    jb_arena_init(&b->frame_arena, 8 * JB_FRAME_LIMIT_BYTES);
    jb_ledger_book_init(&b->shelf);
    jb_directory_init(&b->directory);
    jb_batch_init(&b->batches[0]);
    jb_batch_init(&b->batches[1]);
    b->fill = &b->batches[0];
    b->busy = &b->batches[1];
    enum jb_err err = jb_quota_check(b->config->quota_nodes, fault);
    if (err == JB_OK)
        err = jb_duty_config_check(b->config, fault);
    if (err == JB_OK)
        err = lock_data(b, fault);
    if (err == JB_OK)
        err = load_keys(b, fault);
    if (err == JB_OK)
        err = jb_reserve_init(&b->reserve, b->config->data, b->config->reserve_bytes);
    if (err == JB_OK)
        err = open_ledgers(b, JB_LEDGER_FIRST, fault);
    if (err == JB_OK)
        err = record_keys(b, fault);
    if (err == JB_OK)
        err = jb_recover_start(b, fault);
    if (err == JB_OK)
        err = jb_blob_start(b, fault);
    if (err == JB_OK)
        err = jb_broker_install_files(b, fault);
    if (err == JB_OK)
        err = jb_tick_start(b);
    if (err == JB_OK)
        err = jb_follow_start(b);
    if (err == JB_OK)
        err = jb_deliver_start(b);
    if (err == JB_OK)
        err = jb_clockwork_start(b);
    if (err == JB_OK)
        err = jb_house_start(b);
    if (err == JB_OK)
        err = jb_degraded_start(b);
    if (err == JB_OK)
        err = jb_admin_start(b, fault);
    if (err == JB_OK)
        err = jb_metrics_start(b, fault);
    if (err == JB_OK)
        err = open_line(b, fault);
    if (err == JB_OK) {
        jb_duty_tell(b->config);
        jb_admin_record_single(b);
    }
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s%s%s", jb_err_said(err), b->ledger != NULL ? ": " : "",
                           b->ledger != NULL ? jb_ledger_error(b->ledger) : "");
    return err;
}

/* ---- stopping ---- */

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void say_bye(struct jb_broker *b)
{
    struct jb_frame bye = {.kind = JB_FRAME_BYE, .text = jb_text_of("the broker stops")};
    for (size_t i = 0; i < b->peer_capacity && b->router != NULL; i++)
        if (b->peers[i] != NULL && b->peers[i]->greeted) {
            jb_arena_reset(&b->frame_arena);
            bye.version = b->peers[i]->protocol;
            jb_answer(b, (struct jb_bytes){b->peers[i]->routing_id, b->peers[i]->routing_len},
                      &bye);
        }
}

void jb_broker_stop(struct jb_broker *b, int exit_status)
{
    if (!b->stopping) {
        b->stopping = true;
        b->exit_status = exit_status;
        (void)sd_notify(0, "STOPPING=1");
        say_bye(b);
        jb_zsock_close(&b->router);
        jb_zap_stop(&b->zap);
    }
    if (b->exit_status == EXIT_SUCCESS)
        b->exit_status = exit_status; /* the commit under way failed after all */
    if (b->committing)
        return; /* what was taken is finished: called again when the commit returns */
    jb_admin_stop(b);
    jb_metrics_stop(b);
    jb_blob_stop(b);
    close_handle((uv_handle_t *)&b->tick);
    close_handle((uv_handle_t *)&b->hold);
    close_handle((uv_handle_t *)&b->behind.idle);
    close_handle((uv_handle_t *)&b->follow.timer);
    close_handle((uv_handle_t *)&b->clock_timer);
    close_handle((uv_handle_t *)&b->house_timer);
    jb_degraded_stop(b);
}

void jb_broker_fini(struct jb_broker *b)
{
    jb_zctx_free(&b->zctx);
    jb_admin_fini(b);
    jb_blob_fini(b);
    jb_metrics_fini(b);
    jb_batch_fini(&b->batches[0]);
    jb_batch_fini(&b->batches[1]);
    peers_free(b);
    jb_tail_fini(&b->tail);
    jb_due_clear(&b->due);
    jb_directory_fini(&b->directory);
    jb_ledger_book_fini(&b->shelf);
    jb_arena_fini(&b->frame_arena);
    jb_ledger_close(&b->reader);
    jb_ledger_close(&b->ledger);
    jb_reserve_fini(&b->reserve);
    jb_keys_wipe(&b->keys);
    jb_keys_wipe(&b->former);
    if (b->lock_fd >= 0)
        (void)close(b->lock_fd);
}
