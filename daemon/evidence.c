/* jiaoband --evidence: see offline.h. */
#include <stdio.h>
#include <unistd.h>

#include "daemon/keyring.h"
#include "daemon/offline.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ledger/evidence.h"
#include "proto/rules/caseno.h"

static enum jb_err node_find(struct jb_ledger *l, const char *code, uint32_t *node,
                             struct jb_fault *fault)
{
    struct jb_directory d;
    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(l, &d);
    *node = 0;
    for (size_t i = 0; i < d.count && err == JB_OK; i++)
        if (strcmp(d.nodes[i].code, code) == 0)
            *node = d.nodes[i].node;
    jb_directory_fini(&d);
    if (err == JB_OK && *node == 0)
        err = jb_fault_set(fault, JB_NOT_FOUND, "--node %s: no such code in the directory", code);
    return err;
}

/* The ledger is only read: a running broker goes on beside it. */
static enum jb_err export_case(const struct jb_broker_config *config,
                               const struct jb_evidence_wish *wish, const struct jb_keyring *ring,
                               struct jb_evidence_order *order, struct jb_evidence_done *done,
                               struct jb_fault *fault)
{
    char path[4096];
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .suite = order->by->suite, .read_only = true};
    int n = snprintf(path, sizeof path, "%s/broker.db", config->data);
    if (n < 0 || (size_t)n >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "broker.data: path is too long");
    enum jb_err err = jb_keyring_fits(ring, config, path, NULL, fault);
    if (err == JB_OK)
        err = jb_ledger_open(path, &options, &l, fault);
    if (err == JB_OK)
        err = node_find(l, wish->node, &order->node, fault);
    if (err == JB_OK)
        err = jb_evidence_file(l, order, wish->output, done, fault);
    jb_ledger_close(&l);
    return err;
}

enum jb_err jb_offline_evidence(const struct jb_broker_config *config,
                                const struct jb_evidence_wish *wish, struct jb_fault *fault)
{
    struct jb_keyring ring = {0};
    struct jb_clock clock = jb_clock_wall();
    struct jb_evidence_done done = {0};
    struct jb_evidence_order order = {.with_key = wish->with_persons,
                                      .now_ms = jb_clock_read(&clock),
                                      .by = &ring.own,
                                      .broker_sign = ring.own.sign_public};
    if (wish->node == NULL || wish->output == NULL)
        return jb_fault_set(fault, JB_CONFIG, "--evidence needs --node CODE and --output FILE");
    enum jb_err err = jb_caseno_parse(jb_text_of(wish->case_no), &order.case_no, fault);
    if (err != JB_OK)
        return err;
    err = jb_keyring_load(&ring, config, fault);
    if (err == JB_OK)
        err = export_case(config, wish, &ring, &order, &done, fault);
    jb_keyring_wipe(&ring);
    if (err != JB_OK)
        return err;
    /* with the key whoever has the file can read who petitions */
    jb_log(JB_LOG_NOTICE, wish->node, done.with_key ? "evidence.persons" : "evidence.written",
           "case=%lld uid=%u file=%s", (long long)order.case_no, (unsigned)getuid(), wish->output);
    printf(jb_said("%s: %llu items, %llu erased, %llu heads signed by the broker, %llu receipts "
                   "signed by %s, %llu statements of submitters"),
           wish->output, (unsigned long long)done.items, (unsigned long long)done.erased,
           (unsigned long long)done.heads, (unsigned long long)done.receipts, wish->node,
           (unsigned long long)done.statements);
    puts(done.with_key ? jb_said(", with the key of the persons") : "");
    return JB_OK;
}
