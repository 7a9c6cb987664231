/* Effects in words, for people who look closely and for tests: name of the effect, then what it
 * says. English and stable; no client takes it apart. */
#include "clients/agent/views.h"

#include <stdio.h>

static const char *const fact_names[JB_FACT_COUNT] = {
    [JB_FACT_SIGNED] = "signed",
    [JB_FACT_ACCEPTED] = "accepted",
    [JB_FACT_DECLINED] = "declined",
    [JB_FACT_TOLD] = "told",
    [JB_FACT_ANSWERED] = "answered",
    [JB_FACT_ANSWER_TOLD] = "answer_told",
    [JB_FACT_EXECUTED] = "executed",
    [JB_FACT_CLOSED] = "closed",
    [JB_FACT_REFERRED] = "referred",
    [JB_FACT_SENT] = "sent",
    [JB_FACT_REVIEW_ASKED] = "review_asked",
    [JB_FACT_REVIEWED] = "reviewed",
    [JB_FACT_REVIEW_TOLD] = "review_told",
    [JB_FACT_RECHECK_ASKED] = "recheck_asked",
    [JB_FACT_RECHECKED] = "rechecked",
    [JB_FACT_RECHECK_TOLD] = "recheck_told",
    [JB_FACT_TERMINATED] = "terminated",
};
static const char *const mark_names[] = {"?", "link", "accused", "recused", "erased"};
static const char *const status_names[] = {"?", "waiting", "in_force", "ended"};
static const char *const rating_names[] = {"?", "waiting", "cast", "opened", "unrated"};
static const char *const end_names[] = {"open", "met", "met_late", "cancelled", "superseded"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct words {
    char text[192]; /* a diagnosis: over-long names are cut */
};

static const char *among(const char *const *names, size_t count, int64_t i)
{
    return i >= 0 && (size_t)i < count && names[i] != NULL ? names[i] : "?";
}

/* The last day on which a deadline can still be met. */
static void last_day(int64_t due_ms, char out[JB_DATE_TEXT])
{
    jb_date_format(jb_date_of_instant(due_ms - 1), out);
}

static const char *name_of(const struct jb_agent_views *v, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&v->agent->directory, node);
    return n != NULL ? n->code : "?";
}

typedef int (*word_fn)(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w);
#define SAY(w, ...) snprintf((w)->text, sizeof(w)->text, __VA_ARGS__)

static int say_stage(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%s", jb_stage_name((enum jb_stage)e->stage));
}
static int say_custody(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%u %s", e->custody, name_of(v, e->node));
}
static int say_joined(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%s %s", name_of(v, e->node), jb_role_name((enum jb_role)e->role));
}
static int say_fact(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    char at[JB_INSTANT_TEXT];
    (void)v;
    jb_instant_format(e->at_ms, at);
    return SAY(w, "%s %s", among(fact_names, COUNT(fact_names), e->fact), at);
}
static int say_deadline_set(const struct jb_agent_views *v, const struct jb_effect *e,
                            struct words *w)
{
    char day[JB_DATE_TEXT];
    last_day(e->due_ms, day);
    return SAY(w, "%u %.*s %s %s", e->deadline_id, (int)e->key.len, e->key.data, day,
               name_of(v, e->node));
}
static int say_deadline_ended(const struct jb_agent_views *v, const struct jb_effect *e,
                              struct words *w)
{
    (void)v;
    return SAY(w, "%u %s", e->deadline_id, among(end_names, COUNT(end_names), e->end));
}
static int say_deadline_moved(const struct jb_agent_views *v, const struct jb_effect *e,
                              struct words *w)
{
    char day[JB_DATE_TEXT];
    (void)v;
    last_day(e->due_ms, day);
    return SAY(w, "%u %s", e->deadline_id, day);
}
static int say_deadline_warned(const struct jb_agent_views *v, const struct jb_effect *e,
                               struct words *w)
{
    (void)v;
    return SAY(w, "%u %u", e->deadline_id, e->step_no);
}
static int say_deadline(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%u", e->deadline_id);
}
static int say_objection(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    const char *what = e->open ? "open" : e->ruling == JB_RULING_AGREED ? "agreed" : "refused";
    return SAY(w, "%s %s", name_of(v, e->node), what);
}
static int say_opinion(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "opinion=%u exit=%u matter=%u", e->opinion, e->exit, e->matter);
}
static int say_part(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    char at[JB_INSTANT_TEXT];
    jb_instant_format(e->at_ms, at);
    return SAY(w, "%s %s %s", name_of(v, e->node), among(fact_names, COUNT(fact_names), e->fact),
               at);
}
static int say_flags(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%u", e->flags);
}
static int say_class(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%.*s", (int)e->class_code.len, e->class_code.data);
}
static int say_mark(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    char number[JB_CASENO_TEXT] = "";
    const char *kind = among(mark_names, COUNT(mark_names), e->mark);
    const char *off = e->open ? "" : " off";
    if (e->mark != JB_MARK_LINK)
        return SAY(w, "%s %s %.*s%s", kind, name_of(v, e->node), (int)e->text.len, e->text.data,
                   off);
    if (jb_caseno_check(e->other_case_no) == JB_OK)
        jb_caseno_format(e->other_case_no, number);
    return SAY(w, "%s %u %s%s", kind, e->value, number, off);
}
static int say_directive(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%u power=%u %s %s", e->directive, e->power, name_of(v, e->node),
               among(status_names, COUNT(status_names), e->status));
}
static int say_directive_moved(const struct jb_agent_views *v, const struct jb_effect *e,
                               struct words *w)
{
    (void)v;
    return SAY(w, "%u %s", e->directive, among(status_names, COUNT(status_names), e->status));
}
static int say_target(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%u %s %s", e->directive, name_of(v, e->node),
               jb_target_state_name((enum jb_target_state)e->target));
}
static int say_docket(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%u %.*s step=%u %s %s", e->docket, (int)e->docket_no.len, e->docket_no.data,
               e->step, name_of(v, e->node), e->open ? "open" : "closed");
}
static int say_rating(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "party=%u %s %u", e->party, among(rating_names, COUNT(rating_names), e->rating),
               e->satisfaction);
}
static int say_lead(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%.*s", (int)e->official.len, e->official.data);
}
static int say_dispute(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "level=%u %s %s", e->dispute_level, name_of(v, e->node),
               e->open ? "open" : "settled");
}
static int say_track(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%s", e->simple ? "simple" : "ordinary");
}
static int say_review(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "round=%u %s opinion=%u", e->round, name_of(v, e->node), e->opinion);
}
#undef SAY

static const word_fn sayers[] = {
    [JB_EFFECT_STAGE_MOVED] = say_stage,
    [JB_EFFECT_CUSTODY_MOVED] = say_custody,
    [JB_EFFECT_JOINED] = say_joined,
    [JB_EFFECT_FACT_SET] = say_fact,
    [JB_EFFECT_DEADLINE_SET] = say_deadline_set,
    [JB_EFFECT_DEADLINE_ENDED] = say_deadline_ended,
    [JB_EFFECT_DEADLINE_MOVED] = say_deadline_moved,
    [JB_EFFECT_DEADLINE_WARNED] = say_deadline_warned,
    [JB_EFFECT_DEADLINE_MISSED] = say_deadline,
    [JB_EFFECT_DEADLINE_ACKNOWLEDGED] = say_deadline,
    [JB_EFFECT_OBJECTION_SET] = say_objection,
    [JB_EFFECT_OPINION_SET] = say_opinion,
    [JB_EFFECT_PARTICIPANT_FACT_SET] = say_part,
    [JB_EFFECT_FLAGS_SET] = say_flags,
    [JB_EFFECT_CLASS_SET] = say_class,
    [JB_EFFECT_MARKED] = say_mark,
    [JB_EFFECT_DIRECTIVE_SET] = say_directive,
    [JB_EFFECT_DIRECTIVE_MOVED] = say_directive_moved,
    [JB_EFFECT_TARGET_SET] = say_target,
    [JB_EFFECT_DOCKET_SET] = say_docket,
    [JB_EFFECT_RATING_SET] = say_rating,
    [JB_EFFECT_LEAD_SET] = say_lead,
    [JB_EFFECT_DISPUTE_SET] = say_dispute,
    [JB_EFFECT_TRACK_SET] = say_track,
    [JB_EFFECT_CLOCK_PAUSED] = say_deadline,
    [JB_EFFECT_CLOCK_RESUMED] = say_deadline_moved,
    [JB_EFFECT_REVIEW_SET] = say_review,
};

char *jb_agent_view_effect(const struct jb_agent_views *v, const struct jb_effect *e)
{
    struct words w = {""};
    if ((size_t)e->kind < COUNT(sayers) && sayers[e->kind] != NULL)
        (void)sayers[e->kind](v, e, &w);
    const char *name = jb_effect_name(e->kind);
    size_t size = strlen(name) + sizeof w.text + 2;
    char *text = jb_arena_alloc(v->arena, size);
    if (text != NULL)
        (void)snprintf(text, size, "%s %s", name, w.text);
    return text;
}
