/* What this node's own decisions rest on: directory, policy and calendar as its stream brought
 * them. Decides which of them is in force; changes none. */
#include "clients/agent/agent.h"

#include "proto/base/log.h"

#define BOOK_BYTES ((size_t)8 * 1024 * 1024)
#define NATIONAL "CN"

static enum jb_err load_policy(struct jb_agent *a)
{
    struct jb_text text;
    struct jb_fault fault = {""};
    enum jb_err err = jb_ledger_policy_at(a->ledger, jb_agent_now(a), &a->book_arena, &text);
    if (err == JB_OK)
        err = jb_policy_parse(text, &a->book_arena, &a->policy, &fault);
    if (err == JB_OK)
        a->book.policy = a->policy;
    else if (err != JB_NOT_FOUND)
        jb_log(JB_LOG_ERROR, NULL, "policy.unreadable", "error=%s %s", jb_err_name(err),
               fault.text);
    return err == JB_NOMEM || err == JB_IO ? err : JB_OK;
}

static enum jb_err load_calendar(struct jb_agent *a)
{
    struct jb_text text;
    struct jb_fault fault = {""};
    enum jb_err err =
        jb_ledger_calendar_last(a->ledger, jb_text_of(NATIONAL), &a->book_arena, &text);
    if (err == JB_OK)
        err = jb_calendar_parse(text, "calendar", &a->book_arena, &a->calendar, &fault);
    if (err == JB_OK)
        a->book.calendar = &a->calendar;
    else if (err != JB_NOT_FOUND)
        jb_log(JB_LOG_ERROR, NULL, "calendar.unreadable", "error=%s %s", jb_err_name(err),
               fault.text);
    return err == JB_NOMEM || err == JB_IO ? err : JB_OK;
}

enum jb_err jb_agent_book_load(struct jb_agent *a)
{
    jb_arena_reset(&a->book_arena);
    a->policy = NULL;
    a->book = (struct jb_rulebook){.directory = &a->directory};
    a->book_date = jb_date_of_instant(jb_agent_now(a));
    enum jb_err err = load_policy(a);
    return err == JB_OK ? load_calendar(a) : err;
}

enum jb_err jb_agent_book_start(struct jb_agent *a, struct jb_fault *fault)
{
    jb_arena_init(&a->book_arena, BOOK_BYTES);
    jb_directory_init(&a->directory);
    enum jb_err err = jb_ledger_directory_load(a->ledger, &a->directory);
    if (err == JB_OK)
        err = jb_agent_book_load(a);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", a->ledger_path, jb_ledger_error(a->ledger));
    return JB_OK;
}

void jb_agent_book_fini(struct jb_agent *a)
{
    jb_directory_fini(&a->directory);
    jb_arena_fini(&a->book_arena);
}

/* A policy comes into force at midnight: chosen again on the first use of a day. */
const struct jb_rulebook *jb_agent_book(struct jb_agent *a)
{
    struct jb_date today = jb_date_of_instant(jb_agent_now(a));
    if (jb_date_compare(today, a->book_date) != 0) {
        enum jb_err err = jb_agent_book_load(a);
        if (err != JB_OK)
            jb_log(JB_LOG_ERROR, NULL, "book.unreadable", "error=%s", jb_err_name(err));
    }
    return &a->book;
}

const char *jb_agent_node_name(const struct jb_agent *a, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&a->directory, node);
    return n != NULL ? n->name : "";
}
