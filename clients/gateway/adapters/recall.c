/* A step that was begun more than a day ago, with no answer on the disk: the agent has forgotten
 * its token, but not the case. See desk.h. */
#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/desk.h"

#define DAY_MS INT64_C(86400000)
#define PAGE 200

/* The act of this step by this account in the history of a case; NULL: there is none. */
static const struct jiaoban_event *find_act(const struct jb_ex_desk *d,
                                            const struct jiaoban_case *c,
                                            const struct jb_ex_key *key, int64_t since_ms)
{
    char suffix[JB_GW_NAME_BYTES + 2];
    (void)snprintf(suffix, sizeof suffix, "/%s", d->account);
    for (size_t i = 0; i < c->timeline_count; i++) {
        const struct jiaoban_event *e = c->timeline[i];
        size_t user = strlen(e->user), len = strlen(suffix);
        bool ours = user >= len && strcmp(e->user + user - len, suffix) == 0;
        if (!ours || strcmp(e->kind, key->step) != 0 || e->made_at_ms < since_ms || e->act == NULL)
            continue;
        bool registers = strcmp(key->step, "register") == 0;
        if (!registers || (strcmp(e->act->foreign_number, key->number) == 0 &&
                           strcmp(e->act->foreign_system, key->system) == 0))
            return e;
    }
    return NULL;
}

/* NOT_FOUND: it is not this case. */
static enum jb_err look_at(struct jb_ex_desk *d, const char *number, const struct jb_ex_key *key,
                           struct jb_ex_taken *t, struct jb_fault *fault)
{
    struct jiaoban_result *result = NULL;
    const struct jiaoban_query q = {
        .size = sizeof q, .case_number = number, .timeline = true, .on_behalf_of = d->account};
    enum jiaoban_status status = jiaoban_get_case(d->j, &q, &result);
    const struct jiaoban_case *c = jiaoban_result_case(result, 0);
    enum jb_err err = JB_NOT_FOUND;
    if (status != JIAOBAN_OK && status != JIAOBAN_NOT_FOUND)
        err = jb_ex_answered(d, status, fault);
    if (c != NULL && find_act(d, c, key, t->made_ms - DAY_MS) != NULL) {
        t->state = JB_EX_DONE;
        (void)snprintf(t->case_number, sizeof t->case_number, "%s", c->number);
        err = JB_OK;
    }
    jiaoban_result_free(result);
    return err;
}

/* Cases that were registered around the time when the token was made. */
static enum jb_err search(struct jb_ex_desk *d, const struct jb_ex_key *key, struct jb_ex_taken *t,
                          struct jb_fault *fault)
{
    struct jiaoban_query q = {.size = sizeof q,
                              .from_ms = t->made_ms - DAY_MS,
                              .to_ms = t->made_ms + 2 * DAY_MS,
                              .limit = PAGE,
                              .on_behalf_of = d->account};
    enum jb_err err = JB_NOT_FOUND;
    for (bool more = true; more && err == JB_NOT_FOUND;) {
        struct jiaoban_result *page = NULL;
        enum jiaoban_status status = jiaoban_get_cases(d->j, &q, &page);
        if (status != JIAOBAN_OK)
            return jb_ex_answered(d, status, fault);
        size_t count = jiaoban_result_count(page);
        for (size_t i = 0; i < count && err == JB_NOT_FOUND; i++) {
            const struct jiaoban_case *c = jiaoban_result_case(page, i);
            q.after_case_no = c->case_no;
            err = look_at(d, c->number, key, t, fault);
        }
        more = jiaoban_result_more(page) && count > 0;
        jiaoban_result_free(page);
    }
    return err;
}

enum jb_err jb_ex_recall(struct jb_ex_desk *d, const struct jb_ex_key *key, struct jb_ex_taken *t,
                         struct jb_fault *fault)
{
    const struct jb_ex_key registered = {key->system, key->number, "register"};
    struct jb_ex_taken first;
    if (strcmp(key->step, "register") == 0)
        return search(d, key, t, fault);
    enum jb_err err = jb_ex_taken_get(d->store, &registered, &first);
    return err == JB_OK ? look_at(d, first.case_number, key, t, fault) : err;
}
