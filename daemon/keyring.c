/* See keyring.h. */
#include "daemon/keyring.h"

#include <stdio.h>
#include <unistd.h>

#include "daemon/offline.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

static bool has_former(const struct jb_broker_config *config)
{
    return config->key_former != NULL && config->key_former[0] != '\0';
}

/* Every agency has pinned these keys: a new file must never come about in silence. */
static enum jb_err load_own(struct jb_keyring *r, const struct jb_broker_config *config,
                            struct jb_fault *fault)
{
    enum jb_err err = jb_keys_load(config->key, &r->own, fault);
    struct jb_fault why = *fault;

    if (err != JB_NOT_FOUND)
        return err;
    return jb_fault_set(fault, err,
                        "%s (broker.key). Put it back from a backup: every agency has pinned these "
                        "keys. If it is lost: jiaoband --keygen FILE makes a new one, jiaoband "
                        "rekey puts it on record, and every agent needs its public line as "
                        "agent.broker_key",
                        why.text);
}

static enum jb_err load_former(struct jb_keyring *r, const struct jb_broker_config *config,
                               struct jb_fault *fault)
{
    enum jb_err err = jb_keys_load(config->key_former, &r->former, fault);
    struct jb_fault why = *fault;

    if (err != JB_NOT_FOUND)
        return err;
    return jb_fault_set(fault, err,
                        "%s (broker.key_former). Put it back from a backup: ratings that were "
                        "sealed to it open with no other key. If it is lost: leave "
                        "broker.key_former empty",
                        why.text);
}

enum jb_err jb_keyring_load(struct jb_keyring *r, const struct jb_broker_config *config,
                            struct jb_fault *fault)
{
    *r = (struct jb_keyring){.claim = {.has_former = has_former(config)}};
    enum jb_err err = load_own(r, config, fault);
    if (err == JB_OK && r->claim.has_former)
        err = load_former(r, config, fault);
    jb_keys_public(&r->own, &r->claim.own);
    jb_keys_public(&r->former, &r->claim.former);
    return err;
}

void jb_keyring_wipe(struct jb_keyring *r)
{
    jb_keys_wipe(&r->own);
    jb_keys_wipe(&r->former);
}

/* ---- against the record ---- */

static enum jb_err refuse(const struct jb_keyring *r, const struct jb_broker_config *config,
                          const char *path, const struct jb_owner_found *found,
                          struct jb_fault *fault)
{
    char line[JB_KEYS_PUBLIC_TEXT_BYTES] = "";

    if (found->named)
        jb_keys_public_text(&found->record, line);
    if (found->named && found->record.suite != r->claim.own.suite)
        return jb_fault_set(fault, JB_UNSUPPORTED,
                            "key file %s (broker.key) is of suite %s, the record %s of suite %s. "
                            "Nothing was changed. Use the keys that the record was made with, or "
                            "another data folder",
                            config->key, jb_suite_name(r->claim.own.suite), path,
                            jb_suite_name(found->record.suite));
    if (found->owner == JB_OWNER_FORMER)
        return jb_fault_set(fault, JB_WRONG_NODE,
                            "key file %s (broker.key) is a former key of the record %s; since then "
                            "other keys are in force, their public line is %s. Nothing was "
                            "changed. Name their file as broker.key, and this one as "
                            "broker.key_former",
                            config->key, path, line);
    if (!found->named)
        return jb_fault_set(fault, JB_WRONG_NODE,
                            "key file %s (broker.key) is not the key with which the record %s was "
                            "signed. Nothing was changed. Put the right file back. To replace the "
                            "broker's keys, name their file as broker.key_former. If it is lost: "
                            "jiaoband rekey, and every agent needs the new public line as "
                            "agent.broker_key",
                            config->key, path);
    return jb_fault_set(fault, JB_WRONG_NODE,
                        "key file %s (broker.key) is not the key of the record %s, whose public "
                        "line is %s. Nothing was changed. Put the right file back. To replace the "
                        "broker's keys, name their file as broker.key_former. If it is lost: "
                        "jiaoband rekey, and every agent needs the new public line as "
                        "agent.broker_key",
                        config->key, path, line);
}

static enum jb_err judge(const struct jb_keyring *r, const struct jb_broker_config *config,
                         const char *path, const struct jb_owner_found *found,
                         struct jb_fault *fault)
{
    if (found->owner >= JB_OWNER_FORMER)
        return refuse(r, config, path, found, fault);
    if (!found->former_foreign)
        return JB_OK;
    return jb_fault_set(fault, JB_WRONG_NODE,
                        "key file %s (broker.key_former) is none that the record %s ever had. "
                        "Nothing was changed. Name the file that was in force before, or leave "
                        "broker.key_former empty",
                        config->key_former, path);
}

enum jb_err jb_keyring_fits(const struct jb_keyring *r, const struct jb_broker_config *config,
                            const char *path, struct jb_owner_found *found, struct jb_fault *fault)
{
    struct jb_owner_found own;

    if (found == NULL)
        found = &own;
    jb_owner_look(path, &r->claim, found);
    return judge(r, config, path, found, fault);
}

static enum jb_err take(const struct jb_keyring *r, struct jb_ledger *l, bool lost, int64_t now_ms,
                        struct jb_owner_found *found, struct jb_fault *fault)
{
    enum jb_err err = jb_owner_take(l, &r->claim, &r->own, lost, now_ms, found);

    if (err == JB_OK || err == JB_WRONG_NODE)
        return err;
    return jb_fault_set(fault, err, "the broker's keys cannot be put on record: %s",
                        jb_ledger_error(l));
}

enum jb_err jb_keyring_record(const struct jb_keyring *r, const struct jb_broker_config *config,
                              struct jb_ledger *l, int64_t now_ms, struct jb_fault *fault)
{
    struct jb_owner_found found;
    enum jb_err err = take(r, l, false, now_ms, &found, fault);

    if (err == JB_WRONG_NODE)
        return refuse(r, config, config->data, &found, fault);
    if (err == JB_OK && found.owner == JB_OWNER_SUCCESSOR)
        jb_log(JB_LOG_NOTICE, NULL, "keys.changed", "file=%s former=%s", config->key,
               config->key_former);
    return err;
}

/* ---- jiaoband rekey ---- */

static void tell_rekeyed(const struct jb_keyring *r, const struct jb_owner_found *found)
{
    char line[JB_KEYS_PUBLIC_TEXT_BYTES];

    if (found->owner < JB_OWNER_FORMER) {
        puts(jb_said("these keys are the record's: nothing had to be changed"));
        return;
    }
    if (found->named) {
        jb_keys_public_text(&found->record, line);
        printf(jb_said("former keys: %s\n"), line);
    }
    jb_keys_public_text(&r->claim.own, line);
    printf(jb_said("the record's keys are now: %s\n"
                   "Every agent needs this line as agent.broker_key, and the former one as "
                   "agent.broker_key_also. Ratings that are still sealed to the former keys stay "
                   "closed. The change is in the audit log.\n"),
           line);
}

enum jb_err jb_offline_rekey(const struct jb_broker_config *config, struct jb_fault *fault)
{
    struct jb_keyring r;
    struct jb_owner_found found;
    struct jb_ledger *l = NULL;
    struct jb_clock clock = jb_clock_wall();
    int lock_fd = -1;

    enum jb_err err = jb_keyring_load(&r, config, fault);
    if (err == JB_OK)
        err = jb_offline_open(config, false, &lock_fd, &l, fault);
    if (err == JB_OK && jb_ledger_suite(l) != r.own.suite)
        err = jb_fault_set(fault, JB_UNSUPPORTED,
                           "key file %s is of suite %s, the record %s of suite %s: make the new "
                           "keys with jiaoband --keygen FILE --suite %s",
                           config->key, jb_suite_name(r.own.suite), config->data,
                           jb_suite_name(jb_ledger_suite(l)), jb_suite_name(jb_ledger_suite(l)));
    if (err == JB_OK)
        err = take(&r, l, true, jb_clock_read(&clock), &found, fault);
    if (err == JB_OK)
        tell_rekeyed(&r, &found);
    jb_ledger_close(&l);
    jb_keyring_wipe(&r);
    if (lock_fd >= 0)
        (void)close(lock_fd);
    return err;
}
