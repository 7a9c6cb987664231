/* What a committed delivery means here: directory, rulebook, verdicts, watchers, alarms. Runs only
 * after the commit: nobody is told what is not on the disk. */
#include "clients/agent/blob.h"

#include "proto/base/log.h"

static bool is_entry_of(const struct jb_agent_news *n, enum jb_act_kind from, enum jb_act_kind to)
{
    return n->applied.item.kind == JB_ITEM_ENTRY && n->applied.entry.act.kind >= from &&
           n->applied.entry.act.kind <= to;
}

/* Names and rules first, so that what is said afterwards uses them. *names: some changed. */
static enum jb_err update_book(struct jb_agent *a, const struct jb_agent_news *news, bool *names)
{
    bool changed = false;
    enum jb_err err = JB_OK;
    for (const struct jb_agent_news *n = news; n != NULL && err == JB_OK; n = n->next) {
        if (is_entry_of(n, JB_ACT_ENROL_NODE, JB_ACT_RETIRE_NODE) ||
            is_entry_of(n, JB_ACT_DELEGATE, JB_ACT_END_DELEGATION)) {
            err = jb_directory_apply(&a->directory, &n->applied.entry);
            *names = true;
        } else if (is_entry_of(n, JB_ACT_INSTALL_POLICY, JB_ACT_INSTALL_CALENDAR))
            changed = true;
    }
    *names = *names || changed;
    return err == JB_OK && changed ? jb_agent_book_load(a) : err;
}

static void tell_refusal(struct jb_agent *a, const struct jb_agent_news *n)
{
    const struct jb_refused *r = &n->applied.item.refusal;
    if (n->applied.item.settles == 0 || n->applied.item.kind != JB_ITEM_REFUSAL)
        return;
    a->refused++;
    jb_log(JB_LOG_WARNING, a->config->code, "submission.refused",
           "number=%llu kind=%s code=%u name=%.*s", (unsigned long long)n->applied.item.settles,
           jb_act_kind_name(n->settled.kind), r->code, (int)(r->name.len < 64 ? r->name.len : 64),
           r->name.len > 0 ? r->name.data : "");
}

/* All that were settled, at once: those who wait are answered in their order. */
static void settle(struct jb_agent *a, const struct jb_agent_news *news)
{
    uint64_t last = 0;
    for (const struct jb_agent_news *n = news; n != NULL; n = n->next) {
        tell_refusal(a, n);
        if (n->applied.item.settles != 0)
            last = n->applied.item.settles;
    }
    if (last == 0)
        return;
    jb_agent_wait_settled(a, last); /* the answer still says what was submitted */
    jb_agent_pendings_settle(&a->pending, last);
}

/* Only deadlines of cases that the delivery is about can have changed; whose they are and what they
 * are for depends on names and rules. While much is to come, what comes may end them: they are
 * looked at all together, at the end of it and now and then. */
static void look_for_alarms(struct jb_agent *a, const struct jb_agent_news *news, bool all)
{
    if (jb_agent_line_far(a)) {
        jb_agent_alarm_later(a);
        return;
    }
    if (all) {
        jb_agent_alarm_kick(a);
        return;
    }
    int64_t looked_at = 0;
    for (const struct jb_agent_news *n = news; n != NULL && !a->stopping; n = n->next) {
        int64_t case_no = n->applied.item.kind == JB_ITEM_ENTRY ? n->applied.entry.act.case_no
                                                                : n->settled.case_no;
        if (case_no != looked_at)
            jb_agent_alarm_case(a, case_no);
        looked_at = case_no;
    }
}

void jb_agent_news_spread(struct jb_agent *a, const struct jb_agent_news *news)
{
    bool names = false;
    enum jb_err err = update_book(a, news, &names);
    if (err != JB_OK) /* read again when that is over; what is on the disk is told all the same */
        jb_agent_fail(a, err, "the directory or the rulebook");
    settle(a, news);
    for (const struct jb_agent_news *n = news; n != NULL && !a->stopping; n = n->next) {
        if (n->applied.item.kind == JB_ITEM_LEFT ||
            is_entry_of(n, JB_ACT_ERASE_KEY, JB_ACT_ERASE_KEY))
            a->forget = true;
        jb_agent_watch_item(a, n);
        for (size_t i = 0; i < n->alarm_count; i++)
            jb_agent_alarm_tell(a, &n->alarms[i]);
    }
    jb_agent_blobs_news(a, news);
    if (a->forget) /* else the next look of the house-keeper */
        a->forget = !jb_ledger_forget(a->ledger);
    jb_agent_pump_settled(a);
    look_for_alarms(a, news, names);
}
