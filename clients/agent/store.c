/* The data folder: one process at a time, the key file, the replica. Decides nothing about what
 * the replica holds. */
#include "clients/agent/agent.h"
#include "clients/agent/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/base/self.h"

#define LEDGER_NAME "replica.db"
#define LOCK_NAME "lock"

static enum jb_err join(const char *folder, const char *name, char **out)
{
    return asprintf(out, "%s/%s", folder, name) < 0 ? JB_NOMEM : JB_OK;
}

static enum jb_err os_error(int code)
{
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
        return JB_DENIED;
    case ENOENT:
    case ENOTDIR:
        return JB_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return JB_FULL;
    case ENOMEM:
        return JB_NOMEM;
    default:
        return JB_IO;
    }
}

/* The last folder of the path is made; those above it must be there. */
static enum jb_err make_folder(const char *folder, struct jb_fault *fault)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return JB_OK;
    return jb_fault_set(fault, os_error(errno), "%s: %s", folder, jb_errno_said(errno));
}

/* Held until the process ends, however it ends. */
static enum jb_err lock_folder(struct jb_agent *a, struct jb_fault *fault)
{
    char *path = NULL;
    if (join(a->config->data, LOCK_NAME, &path) != JB_OK)
        return JB_NOMEM;
    enum jb_err err = JB_OK;
    a->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (a->lock_fd < 0)
        err = jb_fault_set(fault, os_error(errno), "%s: %s", path, jb_errno_said(errno));
    else if (flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0)
        err =
            jb_fault_set(fault, errno == EWOULDBLOCK ? JB_LOCKED : JB_IO,
                         "%s: another agent works in this folder; stop it first", a->config->data);
    free(path);
    return err;
}

/* A lost key file is never replaced in silence: who made it decides what is to be done. */
static enum jb_err load_keys(struct jb_agent *a, struct jb_fault *fault)
{
    enum jb_err err = jb_keys_load(a->config->key, &a->keys, fault);
    struct jb_fault why = *fault;

    if (err != JB_NOT_FOUND)
        return err;
    return jb_fault_set(fault, err,
                        "%s (agent.key). Put it back from a backup. If it is lost: jiaoban-agent "
                        "--keygen FILE makes a new one, and the broker's administrator enrols its "
                        "line with jiaoban node replace-keys; the replica stays",
                        why.text);
}

/* The keys that the replica knows of its own node: they sign its access log. */
static bool enrolled(const struct jb_agent *a, const struct jb_node *n)
{
    return memcmp(n->line_key, a->keys.line.public_key, JB_KEY_BYTES) == 0 &&
           memcmp(n->sign_key, a->keys.sign_public, JB_KEY_BYTES) == 0;
}

/* Keys that were just replaced are not in the replica yet, and neither are those of a stranger: the
 * broker tells them apart. */
static void doubt_key(struct jb_agent *a, const struct jb_node *n)
{
    if (n == NULL || !n->has_agent || enrolled(a, n))
        return;
    a->key_doubted = true;
    jb_log(JB_LOG_WARNING, a->config->code, "key.unknown",
           "file=%s text=\"not the key with which this agency is enrolled, as far as this replica "
           "knows: nothing sealed is opened until the broker has accepted it\"",
           a->config->key);
}

enum jb_err jb_agent_key_proven(const struct jb_agent *a, struct jb_fault *fault)
{
    if (!a->key_doubted)
        return JB_OK;
    return jb_fault_set(fault, JB_WRONG_NODE,
                        "key file %s (agent.key) is not the key with which this agency is "
                        "enrolled. Put the right file back. If it was replaced on purpose: have "
                        "its line enrolled with jiaoban node replace-keys; once the broker has "
                        "accepted it everything goes on",
                        a->config->key);
}

enum jb_err jb_agent_key_check(struct jb_agent *a, struct jb_fault *fault)
{
    uint32_t own = jb_replica_node(a->ledger);
    uint32_t owner = jb_directory_by_line_key(&a->directory, a->keys.line.public_key);

    a->key_doubted = false;
    if (own == 0 || owner == 0 || owner == own) {
        doubt_key(a, jb_directory_find(&a->directory, own));
        return JB_OK;
    }
    return jb_fault_set(
        fault, JB_WRONG_NODE,
        "key file %s is that of node %u (%s); this replica belongs to node %u (%s): "
        "see agent.key and agent.data",
        a->config->key, owner, jb_agent_node_name(a, owner), own, jb_agent_node_name(a, own));
}

/* The broker gives all of it again but what had not reached it: that must not go unnoticed. */
static bool replica_is_lost(const struct jb_agent *a)
{
    struct jb_fault why = {""};
    if (jb_ledger_look(a->ledger_path, &why) != JB_CORRUPT)
        return false;
    jb_log(JB_LOG_ERROR, a->config->code, "replica.lost",
           "file=%s text=\"it is empty, or missing where there was one: fetched anew from the "
           "broker; submissions that had not been handed over are lost\"",
           a->ledger_path);
    return true;
}

enum jb_err jb_agent_store_open(struct jb_agent *a, bool read_only, struct jb_fault *fault)
{
    enum jb_err err = jb_agent_config_check(a->config, &a->broker, fault);
    if (err == JB_OK)
        err = jb_pins_read(a->config->broker_key, a->config->broker_key_also, &a->pins, fault);
    if (err == JB_OK && !read_only)
        err = make_folder(a->config->data, fault);
    if (err == JB_OK && !read_only)
        err = lock_folder(a, fault);
    jb_self_pin(&a->keys, sizeof a->keys);
    if (err == JB_OK)
        err = load_keys(a, fault);
    if (err == JB_OK && a->keys.suite != a->broker.suite)
        err =
            jb_fault_set(fault, JB_CONFIG,
                         "%s: keys of suite %s, agent.broker_key is of suite %s: make the node's "
                         "keys with jiaoban-agent --keygen FILE --suite %s and have them enrolled",
                         a->config->key, jb_suite_name(a->keys.suite),
                         jb_suite_name(a->broker.suite), jb_suite_name(a->broker.suite));
    if (err == JB_OK)
        err = join(a->config->data, LEDGER_NAME, &a->ledger_path);
    if (err != JB_OK)
        return err;
    bool lost = !read_only && replica_is_lost(a); /* before this start puts something beside it */
    struct jb_ledger_options options = {.role = JB_LEDGER_REPLICA,
                                        .suite = a->keys.suite,
                                        .make = JB_LEDGER_ANEW,
                                        .read_only = read_only,
                                        .check = !read_only &&
                                                 (a->loop == NULL || jb_agent_pages_at_once(a)),
                                        .cache_bytes = a->config->cache_bytes};
    err = jb_reserve_init(&a->reserve, a->config->data, a->config->reserve_bytes);
    if (err != JB_OK)
        return err;
    err = jb_ledger_open(a->ledger_path, &options, &a->ledger, fault);
    if (err == JB_FULL && !read_only && jb_reserve_free(&a->reserve))
        err = jb_ledger_open(a->ledger_path, &options, &a->ledger, fault);
    if (err != JB_OK || read_only)
        return err;
    fault->text[0] = '\0';
    err = lost ? jb_agent_alarm_lost(a, jb_agent_now(a)) : JB_OK;
    if (err == JB_OK)
        err = jb_ledger_erase_again(a->ledger); /* a copy of the file may have brought keys back */
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", a->ledger_path, jb_ledger_error(a->ledger));
    a->forget = !jb_ledger_forget(a->ledger);
    return JB_OK;
}

void jb_agent_store_close(struct jb_agent *a)
{
    jb_ledger_close(&a->ledger);
    jb_reserve_fini(&a->reserve);
    jb_keys_wipe(&a->keys);
    free(a->ledger_path);
    a->ledger_path = NULL;
    if (a->lock_fd >= 0)
        (void)close(a->lock_fd);
    a->lock_fd = -1;
}
