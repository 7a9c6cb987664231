/* What would be: trials, possible acts, what is to be done -> public rows. */
#include "clients/lib/client.h"

const struct jiaoban_trial *jb_client_trial(struct jb_arena *a, const Jb__TrialView *v)
{
    struct jiaoban_trial *t = jb_arena_alloc(a, sizeof *t);
    const char **effects = jb_client_pointers(a, v->n_effects);
    if (t == NULL || effects == NULL)
        return NULL;
    for (size_t i = 0; i < v->n_effects; i++)
        effects[i] = jb_client_text(v->effects[i]);
    *t = (struct jiaoban_trial){.accepted = v->accepted,
                                .unsure = v->unsure,
                                .code = (int)v->code,
                                .name = jb_client_text(v->name),
                                .article = jb_client_text(v->article),
                                .detail = jb_client_text(v->detail),
                                .holder = v->holder,
                                .holder_name = jb_client_text(v->holder_name),
                                .kind = jb_client_text(v->kind),
                                .case_number = jb_client_text(v->case_number),
                                .effects = effects,
                                .effect_count = v->n_effects};
    return t;
}

const struct jiaoban_action *jb_client_action(struct jb_arena *a, const Jb__ActionView *v)
{
    struct jiaoban_action *r = jb_arena_alloc(a, sizeof *r);
    if (r != NULL)
        *r = (struct jiaoban_action){.kind = jb_client_text(v->kind),
                                     .allowed = v->allowed,
                                     .right = jb_client_text(v->right),
                                     .code = (int)v->code,
                                     .name = jb_client_text(v->name),
                                     .article = jb_client_text(v->article),
                                     .detail = jb_client_text(v->detail)};
    return r;
}

const struct jiaoban_today *jb_client_today(struct jb_arena *a, const Jb__TodayView *v)
{
    struct jiaoban_today *t = jb_arena_alloc(a, sizeof *t);
    if (t != NULL)
        *t = (struct jiaoban_today){.red = v->red,
                                    .yellow = v->yellow,
                                    .objections = v->objections,
                                    .due_today = v->due_today,
                                    .overdue_mine = v->overdue_mine,
                                    .not_signed = v->unsigned_,
                                    .undelivered = v->undelivered,
                                    .summons = v->summons,
                                    .pending = v->pending,
                                    .refused = v->refused};
    return t;
}
