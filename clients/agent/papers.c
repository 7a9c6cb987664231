/* See papers.h. */
#include "clients/agent/papers.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "clients/agent/pins.h"
#include "clients/agent/verify.h"
#include "proto/base/log.h"
#include "proto/ledger/audit.h"
#include "proto/ledger/evidence.h"
#include "proto/rules/caseno.h"

static int complain(enum jb_err err, const struct jb_fault *fault)
{
    (void)fprintf(stderr, "jiaoban-agent: %s\n",
                  fault->text[0] != '\0' ? fault->text : jb_err_said(err));
    return jb_err_exit(err);
}

/* One line, or several with commas when the broker's keys have been changed. */
static enum jb_err read_pins(const char *lines, struct jb_pins *pins, struct jb_fault *fault)
{
    char first[JB_KEYS_PUBLIC_TEXT_BYTES + 1];
    size_t len = strcspn(lines, ",");
    const char *others = lines[len] == ',' ? lines + len + 1 : "";
    if (len >= sizeof first)
        return jb_fault_set(fault, JB_CONFIG, "--broker-key: not a public line (jbk1: or jbk2:)");
    memcpy(first, lines, len);
    first[len] = '\0';
    return jb_pins_read(first, others, pins, fault);
}

int jb_agent_verify_folder(const struct jb_agent_papers *papers)
{
    struct jb_pins pins = {.count = 1};
    struct jb_check check = {0};
    struct jb_fault fault = {""};
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/replica.db", papers->folder);
    enum jb_err err = JB_OK;
    if (len < 0 || (size_t)len >= sizeof path)
        err = jb_fault_set(&fault, JB_CONFIG, "--verify: the path is too long");
    else if (papers->broker_key == NULL)
        err = jb_fault_set(&fault, JB_CONFIG,
                           "--verify=%s needs --broker-key with the broker's public line",
                           papers->folder);
    else
        err = read_pins(papers->broker_key, &pins, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    struct jb_check_keys keys = {.suite = pins.at[0].suite,
                                 .broker_sign = pins.signs[0],
                                 .broker_also = pins.signs[1],
                                 .broker_also_count = pins.count - 1};
    err = jb_agent_verify_file(path, &keys, &check, &fault);
    return jb_agent_verify_tell(err, &check, &fault);
}

/* Who can read this folder needs nobody's leave: that it was done goes into the access log all the
 * same, where the folder can be written. */
static void note_export(const struct jb_agent *a, int64_t case_no, bool with_key, int64_t now_ms)
{
    char name[256];
    char user[300];
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[4096];
    struct jb_fault fault = {""};
    struct jb_audit_row row = {.at_ms = now_ms,
                               .request = JB__REQUEST__BODY_EVIDENCE,
                               .case_no = case_no,
                               .field = with_key ? JB_AUDIT_PERSONS : JB_AUDIT_EVIDENCE};

    (void)snprintf(name, sizeof name, "uid:%u", (unsigned)getuid());
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        (void)snprintf(name, sizeof name, "%s", entry.pw_name);
    (void)snprintf(user, sizeof user, "%s (jiaoban-agent --evidence)", name);
    row.user = jb_text_of(user);
    if (jb_audit_note(a->ledger_path, JB_LEDGER_REPLICA, &row, &a->keys, &fault) != JB_OK)
        jb_log(JB_LOG_WARNING, a->config->code, "evidence.unrecorded",
               "text=\"the access log of this folder cannot be written: %s\"", fault.text);
}

/* What is exported, and that it was, is signed with the key that is configured. */
static enum jb_err key_check(struct jb_agent *a, struct jb_fault *fault)
{
    jb_directory_init(&a->directory);
    enum jb_err err = jb_ledger_directory_load(a->ledger, &a->directory);
    if (err == JB_OK)
        err = jb_agent_key_check(a, fault);
    if (err == JB_OK)
        err = jb_agent_key_proven(a, fault);
    jb_directory_fini(&a->directory);
    return err;
}

static enum jb_err export_case(struct jb_agent *a, const struct jb_agent_papers *papers,
                               struct jb_evidence_done *done, struct jb_fault *fault)
{
    struct jb_evidence_order order = {.with_key = papers->with_persons,
                                      .now_ms = jb_clock_read(&a->clock),
                                      .by = &a->keys,
                                      .broker_sign = a->broker.sign};
    if (papers->output == NULL)
        return jb_fault_set(fault, JB_CONFIG, "--evidence needs --output FILE");
    enum jb_err err = jb_caseno_parse(jb_text_of(papers->case_no), &order.case_no, fault);
    if (err == JB_OK)
        err = jb_agent_store_open(a, true, fault);
    if (err == JB_OK)
        err = key_check(a, fault);
    if (err == JB_OK)
        err = jb_evidence_file(a->ledger, &order, papers->output, done, fault);
    if (err == JB_OK) /* with the key whoever has the file can read who petitions */
        jb_log(JB_LOG_NOTICE, a->config->code,
               done->with_key ? "evidence.persons" : "evidence.written", "case=%lld uid=%u file=%s",
               (long long)order.case_no, (unsigned)getuid(), papers->output);
    jb_ledger_close(&a->ledger);
    if (err == JB_OK)
        note_export(a, order.case_no, done->with_key, order.now_ms);
    jb_agent_store_close(a);
    return err;
}

int jb_agent_evidence(struct jb_agent *a, const struct jb_agent_papers *papers)
{
    struct jb_evidence_done done = {0};
    struct jb_fault fault = {""};
    enum jb_err err = export_case(a, papers, &done, &fault);
    if (err != JB_OK)
        return complain(err, &fault);
    (void)printf(jb_said("%s: %llu items, %llu erased, %llu heads signed by the broker, %llu "
                         "receipts signed by this node, %llu statements of submitters%s\n"),
                 papers->output, (unsigned long long)done.items, (unsigned long long)done.erased,
                 (unsigned long long)done.heads, (unsigned long long)done.receipts,
                 (unsigned long long)done.statements,
                 done.with_key ? jb_said(", with the key of the persons") : "");
    return 0;
}
