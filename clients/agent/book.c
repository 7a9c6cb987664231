/* What this node's own decisions rest on: directory, policies and calendars as its stream brought
 * them. Decides nothing about which of them counts: that is the rulebook's; changes none. */
#include "clients/agent/agent.h"

#include "proto/base/log.h"

enum jb_err jb_agent_book_load(struct jb_agent *a)
{
    struct jb_fault fault = {""};
    enum jb_err err =
        jb_ledger_book_load(&a->book, a->ledger, &a->directory, jb_agent_now(a), &fault);
    if (fault.text[0] != '\0')
        jb_log(JB_LOG_ERROR, NULL, "book.unreadable", "error=%s %s", jb_err_name(err), fault.text);
    return err;
}

enum jb_err jb_agent_book_start(struct jb_agent *a, struct jb_fault *fault)
{
    jb_ledger_book_init(&a->book);
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
    jb_ledger_book_fini(&a->book);
    jb_directory_fini(&a->directory);
}

/* A policy comes into force at midnight: chosen again on the first use of a day. */
const struct jb_rulebook *jb_agent_book(struct jb_agent *a)
{
    if (jb_ledger_book_stale(&a->book, jb_agent_now(a))) {
        enum jb_err err = jb_agent_book_load(a);
        if (err != JB_OK)
            jb_log(JB_LOG_ERROR, NULL, "book.stale", "error=%s", jb_err_name(err));
    }
    return &a->book.book;
}

const char *jb_agent_node_name(const struct jb_agent *a, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&a->directory, node);
    return n != NULL ? n->name : "";
}
