/* The rules in force here, for looking up: every row and switch of the running policy, and the
 * fixed vocabulary behind them with its articles. Names of fixed rows are English; clients have
 * their own words for the keys. */
#include "clients/agent/requests.h"

#include <stdio.h>

#include "proto/rules/appraisal.h"

struct fixed {
    const char *section, *key, *name, *article;
    bool proposal;
};

static const struct fixed fixed_rows[] = {
    {"power", "assign", "hand a case to an organ or lower government, with deadline and report",
     "22(3)", false},
    {"power", "investigate", "open a docketed investigation of how a case was handled", "P4", true},
    {"power", "coordinate", "call agencies together, name host and co-handlers", "P4", true},
    {"power", "supervise", "demand explanation, progress, on-site check, correction by a date",
     "39", false},
    {"power", "circulate", "send a circular to a set audience, with read receipts", "P4", true},
    {"power", "recommend", "improve work, improve policy, hold to account; reply tracked", "40",
     false},
    {"precedence", "1", "outranks an ordinary forward or a hand-over between peers", "P4.1", true},
    {"precedence", "2",
     "higher level first; joint conference, first assignment, assign, forward, peer", "P4.2", true},
    {"precedence", "3", "receive first, object after; no return after designation", "P4.3", true},
    {"precedence", "4", "may shorten a limit, never lengthen a statutory one", "P4.4", true},
    {"precedence", "5", "one host at any instant; dispute: superior, then joint conference", "P4.5",
     true},
    {"precedence", "6", "a named leader countersigns; sub-assignment only downward", "P4.6", true},
    {"precedence", "7", "changes no opinion, orders no discipline organ, overrides no recusal",
     "P4.7", true},
    {"ladder", "urge", "urge", "39", false},
    {"ladder", "supervise", "supervise", "39", false},
    {"ladder", "talk", "talk; the joint conference's act from here on", "39", false},
    {"ladder", "circular", "circular", "39", false},
    {"ladder", "listed", "listed supervision", "39", false},
    {"ladder", "rectify", "rectify by a date", "39", false},
    {"ladder", "hold_to_account", "recommendation to hold to account", "40", false},
};

static const char *unit_text(enum jb_unit unit)
{
    static const char *const texts[] = {[JB_UNIT_CALENDAR_DAYS] = "d",
                                        [JB_UNIT_WORKING_DAYS] = "wd",
                                        [JB_UNIT_HOURS] = "h",
                                        [JB_UNIT_DESIGNATED] = "designated",
                                        [JB_UNIT_MINUTES] = "min"};
    return (size_t)unit < sizeof texts / sizeof texts[0] ? texts[unit] : NULL;
}

static Jb__RuleView *rule_new(const struct jb_agent_views *v, Jb__RuleList *list)
{
    Jb__RuleView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__rule_view__init(w);
    list->rules[list->n_rules++] = w;
    return w;
}

/* A limit of 0 is none: the clock runs to a day that is named, or not at all. */
static bool put_row(const struct jb_agent_views *v, const struct jb_policy_row *row,
                    Jb__RuleList *list)
{
    char limit[16] = "";
    Jb__RuleView *w = rule_new(v, list);
    if (w == NULL)
        return false;
    if (row->limit != 0)
        (void)snprintf(limit, sizeof limit, "%u", row->limit);
    w->section = jb_agent_view_text(v, jb_text_of("deadline"));
    w->key = jb_agent_view_text(v, jb_text_of(row->key));
    w->name = jb_agent_view_text(v, row->name);
    w->value = jb_agent_view_text(v, jb_text_of(limit));
    w->unit = row->limit != 0 ? jb_agent_view_text(v, jb_text_of(unit_text(row->unit))) : NULL;
    w->article = jb_agent_view_text(v, row->article);
    JB_PUT(w, extension_days, row->extension_days);
    JB_PUT(w, proposal, row->proposal);
    JB_PUT(w, right, row->right);
    w->warn_days = jb_arena_alloc(v->arena, sizeof row->warn_days);
    for (size_t i = 0; w->warn_days != NULL && i < JB_WARN_MAX && row->warn_days[i] != 0; i++)
        w->warn_days[w->n_warn_days++] = row->warn_days[i];
    return w->warn_days != NULL;
}

static bool put_setting(const struct jb_agent_views *v, const struct jb_policy_setting *s,
                        const char *value, Jb__RuleList *list)
{
    Jb__RuleView *w = rule_new(v, list);
    if (w == NULL)
        return false;
    w->section = jb_agent_view_text(v, jb_text_of(s->section));
    w->key = jb_agent_view_text(v, jb_text_of(s->key));
    w->name = jb_agent_view_text(v, jb_text_of(s->text));
    w->value = jb_agent_view_text(v, jb_text_of(value));
    w->article = jb_agent_view_text(v, jb_text_of(s->article));
    JB_PUT(w, proposal, s->article[0] == 'P');
    return w->key != NULL;
}

static bool put_fixed(const struct jb_agent_views *v, const struct fixed *f, Jb__RuleList *list)
{
    Jb__RuleView *w = rule_new(v, list);
    if (w == NULL)
        return false;
    w->section = jb_agent_view_text(v, jb_text_of(f->section));
    w->key = jb_agent_view_text(v, jb_text_of(f->key));
    w->name = jb_agent_view_text(v, jb_text_of(f->name));
    w->article = jb_agent_view_text(v, jb_text_of(f->article));
    JB_PUT(w, proposal, f->proposal);
    return w->key != NULL;
}

static bool put_indicator(const struct jb_agent_views *v, enum jb_indicator i, Jb__RuleList *list)
{
    const struct fixed row = {.section = "indicator",
                              .key = jb_indicator_name(i),
                              .name = jb_indicator_name(i),
                              .article = jb_indicator_article(i),
                              .proposal = jb_indicator_article(i)[0] == '\0'};
    return put_fixed(v, &row, list);
}

static size_t setting_count(const struct jb_policy *p)
{
    struct jb_policy_setting setting;
    char value[JB_SETTING_VALUE];
    size_t count = 0;
    while (jb_policy_setting_at(p, count, &setting, value))
        count++;
    return count;
}

static bool put_policy(const struct jb_agent_views *v, const struct jb_policy *p,
                       Jb__RuleList *list)
{
    struct jb_policy_setting setting;
    char value[JB_SETTING_VALUE];
    bool fine = true;
    for (size_t i = 0; i < p->row_count && fine; i++)
        fine = put_row(v, &p->rows[i], list);
    for (size_t i = 0; fine && jb_policy_setting_at(p, i, &setting, value); i++)
        fine = put_setting(v, &setting, value, list);
    for (size_t i = 0; fine && i < sizeof fixed_rows / sizeof fixed_rows[0]; i++)
        fine = put_fixed(v, &fixed_rows[i], list);
    for (int i = JB_INDICATOR_NONE + 1; fine && i < JB_INDICATOR_END; i++)
        fine = put_indicator(v, (enum jb_indicator)i, list);
    list->version = jb_agent_view_text(v, p->version);
    list->source = jb_agent_view_text(v, p->source);
    JB_PUT(list, effective_from_ms, p->effective_from_ms);
    return fine;
}

/* The policy that counts for this agency: its region's, or the one for everywhere. */
enum jb_err jb_agent_get_rules(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    struct jb_agent_views v = jb_agent_request_views(r);
    const struct jb_rulebook *book = jb_agent_book(a);
    uint32_t own = jb_replica_node(a->ledger);
    const struct jb_policy *policy = jb_book_policy_at(book, own, r->now_ms);
    const struct jb_calendar *calendar = jb_book_calendar_of(book, own);
    Jb__RuleList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (policy == NULL)
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no policy is installed here yet");
    if (list == NULL)
        return JB_NOMEM;
    jb__rule_list__init(list);
    size_t room = policy->row_count + setting_count(policy) +
                  sizeof fixed_rows / sizeof fixed_rows[0] + JB_INDICATOR_END;
    list->rules = jb_agent_view_array(r->arena, room);
    if (list->rules == NULL || !put_policy(&v, policy, list))
        return JB_NOMEM;
    if (calendar != NULL)
        list->calendar_version = jb_agent_view_text(&v, jb_text_of(calendar->version));
    reply->body_case = JB__REPLY__BODY_RULES;
    reply->rules = list;
    return JB_OK;
}
