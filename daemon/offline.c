/* See offline.h. */
#include "daemon/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "daemon/keyring.h"
#include "proto/ledger/brokerlog.h"
#include "proto/ledger/query.h"
#include "proto/wire/keys.h"

enum jb_err jb_offline_keys(const char *path, uint8_t make, struct jb_fault *fault)
{
    struct jb_node_keys keys;
    struct jb_public_keys public_keys;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    enum jb_err err =
        make != 0 ? jb_keys_generate(make, &keys, fault) : jb_keys_load(path, &keys, fault);
    if (err == JB_OK && make != 0)
        err = jb_keys_save(&keys, path, fault);
    if (err == JB_OK) {
        jb_keys_public(&keys, &public_keys);
        jb_keys_public_text(&public_keys, text);
        if (puts(text) < 0)
            err = jb_fault_set(fault, JB_IO, "standard output: %s", jb_errno_said(errno));
    }
    jb_keys_wipe(&keys);
    return err;
}

enum jb_err jb_offline_open(const struct jb_broker_config *config, bool read_only, int *lock_fd,
                            struct jb_ledger **l, struct jb_fault *fault)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/lock", config->data);
    if (n < 0 || (size_t)n >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    *lock_fd = open(path, O_RDWR | O_CLOEXEC);
    if (*lock_fd < 0)
        return jb_fault_set(fault, JB_NOT_FOUND, "%s: %s; no broker has run here", path,
                            jb_errno_said(errno));
    if (flock(*lock_fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(*lock_fd);
        *lock_fd = -1;
        return jb_fault_set(
            fault, JB_LOCKED,
            "%s: the broker is running; ask it instead (jiaoban --admin verify) or stop it", path);
    }
    (void)snprintf(path, sizeof path, "%s/broker.db", config->data);
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .check = true, .read_only = read_only};
    enum jb_err err = jb_ledger_open(path, &options, l, fault);
    if (err != JB_OK) {
        (void)close(*lock_fd);
        *lock_fd = -1;
    }
    return err;
}

/* Behind what was checked: what is wrong with it, if anything is. */
static void tell_finding(const struct jb_fault *fault)
{
    if (fault->text[0] != '\0')
        printf(jb_said(": %s"), fault->text);
    puts("");
}

/* What the node has confirmed with its signature, and what it has not. */
static void tell_received(const struct jb_check *check)
{
    char at[32];
    time_t seconds = (time_t)(check->received_ms / 1000);
    struct tm tm;
    if (check->received_ms > 0 && gmtime_r(&seconds, &tm) != NULL &&
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        printf(jb_said("  sent 1 to %llu, received 1 to %llu by its signed receipt of %s"),
               (unsigned long long)check->items, (unsigned long long)check->received_to, at);
    else
        printf(jb_said("  sent 1 to %llu, no signed receipt yet"),
               (unsigned long long)check->items);
    if (check->received_to < check->items)
        printf(jb_said("; no receipt for %llu to %llu"), (unsigned long long)check->received_to + 1,
               (unsigned long long)check->items);
    puts("");
}

static enum jb_err verify_lines(struct jb_ledger *l, bool *good, struct jb_fault *fault)
{
    struct jb_directory d;
    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(l, &d);
    for (size_t i = 0; i < d.count && (err == JB_OK || err == JB_CORRUPT); i++) {
        struct jb_check check = {0};
        if (d.nodes[i].node == JB_NODE_BROKER_NUMBER)
            continue;
        err = jb_ledger_check_line(l, d.nodes[i].node, &check, fault);
        bool ok = err == JB_OK && check.chain_intact && check.signatures_good && check.tables_equal;
        *good = *good && ok;
        printf(jb_said("node %u %s: %llu items, %llu receipts, %s"), d.nodes[i].node,
               d.nodes[i].code, (unsigned long long)check.items, (unsigned long long)check.receipts,
               ok ? jb_said("good") : jb_said("WRONG"));
        tell_finding(fault);
        if (ok && d.nodes[i].has_agent)
            tell_received(&check);
    }
    jb_directory_fini(&d);
    return err == JB_CORRUPT ? JB_OK : err;
}

enum jb_err jb_offline_verify(const struct jb_broker_config *config, struct jb_fault *fault)
{
    struct jb_ledger *l = NULL;
    struct jb_keyring ring;
    struct jb_owner_found found;
    struct jb_check check = {0};
    char path[4096];
    int lock_fd = -1;
    enum jb_err err = jb_keyring_load(&ring, config, fault);
    jb_keyring_wipe(&ring); /* the public halves do */
    if (err == JB_OK)
        err = jb_offline_open(config, true, &lock_fd, &l, fault);
    if (err != JB_OK)
        return err;
    (void)snprintf(path, sizeof path, "%s/broker.db", config->data); /* it fitted just now */
    err = jb_keyring_fits(&ring, config, path, &found, fault);
    if (err != JB_OK) {
        jb_ledger_close(&l);
        (void)close(lock_fd);
        return err;
    }
    struct jb_check_keys check_keys = {.broker_sign =
                                           found.named ? found.record.sign : ring.claim.own.sign};
    err = jb_ledger_check(l, &check_keys, &check, fault);
    bool good = err == JB_OK && check.chain_intact && check.signatures_good && check.tables_equal &&
                check.audit_intact;
    printf(jb_said("log: %llu entries, chain %s, tables %s, audit log %s"),
           (unsigned long long)check.items,
           check.chain_intact ? jb_said("intact") : jb_said("BROKEN"),
           check.tables_equal ? jb_said("equal") : jb_said("DIFFERENT"),
           check.audit_intact ? jb_said("intact") : jb_said("CHANGED"));
    tell_finding(fault);
    if (err == JB_OK || err == JB_CORRUPT)
        err = verify_lines(l, &good, fault);
    jb_ledger_close(&l);
    (void)close(lock_fd);
    if (err == JB_OK && !good)
        err = fault->text[0] != '\0'
                  ? JB_CORRUPT
                  : jb_fault_set(fault, JB_CORRUPT, "the record is damaged, see above");
    return err;
}

enum jb_err jb_offline_rebuild(const struct jb_broker_config *config, struct jb_fault *fault)
{
    struct jb_ledger *l = NULL;
    int lock_fd = -1;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    enum jb_err err = jb_offline_open(config, false, &lock_fd, &l, fault);
    if (err != JB_OK)
        return err;
    err = jb_ledger_digest(l, before);
    if (err == JB_OK)
        err = jb_ledger_rebuild(l, fault);
    if (err == JB_OK)
        err = jb_ledger_digest(l, after);
    if (err == JB_OK)
        printf(memcmp(before, after, sizeof before) == 0
                   ? jb_said("rebuilt from %llu entries: nothing changed\n")
                   : jb_said("rebuilt from %llu entries: tables were different\n"),
               (unsigned long long)jb_log_last_seq(l));
    else if (fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "rebuild: %s", jb_ledger_error(l));
    jb_ledger_close(&l);
    (void)close(lock_fd);
    return err;
}
