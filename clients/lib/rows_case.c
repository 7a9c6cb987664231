/* Cases and their history -> public rows. */
#include "clients/lib/client.h"

#include "proto/wire/blob.h"

static const struct jiaoban_participant *participant_row(struct jb_arena *a,
                                                         const Jb__ParticipantView *v)
{
    struct jiaoban_participant *p = jb_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct jiaoban_participant){.node = v->node,
                                      .node_name = jb_client_text(v->node_name),
                                      .role = (enum jiaoban_role)v->role,
                                      .signed_at_ms = v->signed_at_ms,
                                      .answered_at_ms = v->answered_at_ms};
    return p;
}

static const struct jiaoban_person *person_row(struct jb_arena *a, const Jb__PersonView *v)
{
    struct jiaoban_person *p = jb_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct jiaoban_person){.name = jb_client_text(v->name),
                                 .id_number = jb_client_text(v->id_number),
                                 .phone = jb_client_text(v->phone),
                                 .address = jb_client_text(v->address),
                                 .main_visitor = v->main_visitor};
    return p;
}

const struct jiaoban_event *jb_client_event(struct jb_arena *a, const Jb__TimelineItem *v)
{
    struct jiaoban_event *e = jb_arena_alloc(a, sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct jiaoban_event){
        .seq = v->seq,
        .number = v->number,
        .at_ms = v->at_ms,
        .made_at_ms = v->made_at_ms,
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .user = jb_client_text(v->user),
        .kind = jb_client_text(v->kind),
        .pending = v->pending,
        .stored_by_all = v->stored_by_all,
        .effects = (const char *const *)v->effects,
        .effect_count = v->n_effects,
        .stored_by = (const char *const *)v->stored_by,
        .stored_by_count = v->n_stored_by,
        .act = jb_client_act_row(a, (struct jb_bytes){v->act.data, v->act.len}),
    };
    return e;
}

static const struct jiaoban_link *link_row(struct jb_arena *a, const Jb__LinkView *v)
{
    struct jiaoban_link *l = jb_arena_alloc(a, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct jiaoban_link){.case_no = v->case_no,
                               .number = jb_client_text(v->number),
                               .kind = (enum jiaoban_link_kind)v->kind};
    return l;
}

static const struct jiaoban_rating *rating_row(struct jb_arena *a, const Jb__RatingView *v)
{
    struct jiaoban_rating *r = jb_arena_alloc(a, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct jiaoban_rating){.party = (enum jiaoban_rated_party)v->party,
                                 .state = (enum jiaoban_rating_state)v->state,
                                 .satisfaction = (int)v->satisfaction,
                                 .at_ms = v->at_ms};
    return r;
}

/* Lists of rows: a pointer array in the arena, never NULL when there is memory. */
void *jb_client_pointers(struct jb_arena *a, size_t count)
{
    return jb_arena_alloc(a, (count + 1) * sizeof(void *));
}

/* Each answers false when out of memory. */
static bool participants(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_participant **rows = jb_client_pointers(a, v->n_participants);
    for (size_t i = 0; rows != NULL && i < v->n_participants; i++)
        if ((rows[i] = participant_row(a, v->participants[i])) == NULL)
            return false;
    c->participants = rows;
    c->participant_count = v->n_participants;
    return rows != NULL;
}

static bool deadlines(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_deadline **rows = jb_client_pointers(a, v->n_deadlines);
    for (size_t i = 0; rows != NULL && i < v->n_deadlines; i++)
        if ((rows[i] = jb_client_deadline(a, v->deadlines[i])) == NULL)
            return false;
    c->deadlines = rows;
    c->deadline_count = v->n_deadlines;
    return rows != NULL;
}

static bool petitioners(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_person **rows = jb_client_pointers(a, v->n_petitioners);
    for (size_t i = 0; rows != NULL && i < v->n_petitioners; i++)
        if ((rows[i] = person_row(a, v->petitioners[i])) == NULL)
            return false;
    c->petitioners = rows;
    c->petitioner_count = v->n_petitioners;
    return rows != NULL;
}

static bool timeline(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_event **rows = jb_client_pointers(a, v->n_timeline);
    for (size_t i = 0; rows != NULL && i < v->n_timeline; i++)
        if ((rows[i] = jb_client_event(a, v->timeline[i])) == NULL)
            return false;
    c->timeline = rows;
    c->timeline_count = v->n_timeline;
    return rows != NULL;
}

static bool links(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_link **rows = jb_client_pointers(a, v->n_links);
    for (size_t i = 0; rows != NULL && i < v->n_links; i++)
        if ((rows[i] = link_row(a, v->links[i])) == NULL)
            return false;
    c->links = rows;
    c->link_count = v->n_links;
    return rows != NULL;
}

static bool ratings(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_rating **rows = jb_client_pointers(a, v->n_ratings);
    for (size_t i = 0; rows != NULL && i < v->n_ratings; i++)
        if ((rows[i] = rating_row(a, v->ratings[i])) == NULL)
            return false;
    c->ratings = rows;
    c->rating_count = v->n_ratings;
    return rows != NULL;
}

static bool directives(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_directive **rows = jb_client_pointers(a, v->n_directives);
    for (size_t i = 0; rows != NULL && i < v->n_directives; i++)
        if ((rows[i] = jb_client_directive(a, v->directives[i])) == NULL)
            return false;
    c->directives = rows;
    c->directive_count = v->n_directives;
    return rows != NULL;
}

static bool dockets(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_docket **rows = jb_client_pointers(a, v->n_dockets);
    for (size_t i = 0; rows != NULL && i < v->n_dockets; i++)
        if ((rows[i] = jb_client_docket(a, v->dockets[i])) == NULL)
            return false;
    c->dockets = rows;
    c->docket_count = v->n_dockets;
    return rows != NULL;
}

const char *jb_client_hash_text(struct jb_arena *a, ProtobufCBinaryData hash)
{
    char text[JB_BLOB_HASH_TEXT] = "";
    if (hash.len == JB_HASH_BYTES)
        jb_blob_hash_text(hash.data, text);
    return jb_arena_strndup(a, text, strlen(text));
}

static const struct jiaoban_attachment *attachment_row(struct jb_arena *a,
                                                       const Jb__AttachmentView *v)
{
    struct jiaoban_attachment *row = jb_arena_alloc(a, sizeof *row);
    if (row == NULL)
        return NULL;
    *row = (struct jiaoban_attachment){.number = v->number,
                                       .hash = jb_client_hash_text(a, v->blob_hash),
                                       .name = jb_client_text(v->name),
                                       .note = jb_client_text(v->note),
                                       .media_type = jb_client_text(v->media_type),
                                       .size_bytes = v->size_bytes,
                                       .at_ms = v->at_ms,
                                       .node = v->node,
                                       .node_name = jb_client_text(v->node_name),
                                       .user = jb_client_text(v->user),
                                       .chunks_here = v->chunks_here,
                                       .chunks_total = v->chunks_total,
                                       .sealed_unreadable = v->sealed_unreadable};
    return row->hash != NULL ? row : NULL;
}

static bool attachments(struct jb_arena *a, const Jb__CaseView *v, struct jiaoban_case *c)
{
    const struct jiaoban_attachment **rows = jb_client_pointers(a, v->n_attachments);
    for (size_t i = 0; rows != NULL && i < v->n_attachments; i++)
        if ((rows[i] = attachment_row(a, v->attachments[i])) == NULL)
            return false;
    c->attachments = rows;
    c->attachment_count = v->n_attachments;
    return rows != NULL;
}

static void levels(const Jb__CaseView *v, struct jiaoban_case *c)
{
    c->exit = (int)v->exit;
    c->simple = v->simple;
    c->lead_official = jb_client_text(v->lead_official);
    c->dispute_level = (int)v->dispute_level;
    c->arbiter = v->arbiter;
    c->reviewer = v->reviewer;
    c->rechecker = v->rechecker;
    c->arbiter_name = jb_client_text(v->arbiter_name);
    c->reviewer_name = jb_client_text(v->reviewer_name);
    c->rechecker_name = jb_client_text(v->rechecker_name);
    c->review_opinion = (int)v->review_opinion;
    c->recheck_opinion = (int)v->recheck_opinion;
    c->accused = v->accused;
    c->accused_count = v->n_accused;
    c->recused = (const char *const *)v->recused;
    c->recused_count = v->n_recused;
}

static void facts(const Jb__CaseView *v, struct jiaoban_case *c)
{
    *c = (struct jiaoban_case){
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .title = jb_client_text(v->title),
        .stage = (enum jiaoban_stage)v->stage,
        .matter = (int)v->matter,
        .channel = (int)v->channel,
        .flags = v->flags,
        .people = v->people,
        .class_code = jb_client_text(v->class_code),
        .place_code = jb_client_text(v->place_code),
        .registrar = v->registrar,
        .host = v->host,
        .registrar_name = jb_client_text(v->registrar_name),
        .host_name = jb_client_text(v->host_name),
        .custody = v->custody,
        .authority = (int)v->authority,
        .hops = v->hops,
        .objection_open = v->objection_open,
        .opinion = (int)v->opinion,
        .light = v->has_light ? (enum jiaoban_light)v->light : (enum jiaoban_light)0,
        .next_due_ms = v->next_due_ms,
        .next_key = jb_client_text(v->next_key),
        .registered_at_ms = v->registered_at_ms,
        .updated_at_ms = v->updated_at_ms,
        .last_seq = v->last_seq,
        .pending = v->pending,
        .left = v->left,
        .content = jb_client_text(v->content),
        .sealed_unreadable = v->sealed_unreadable,
        .erased_at_ms = v->erased_at_ms,
        .erased_by = jb_client_text(v->erased_by),
        .erased_reason = jb_client_text(v->erased_reason),
        .sealed = v->sealed,
    };
}

const struct jiaoban_case *jb_client_case(struct jb_arena *a, const Jb__CaseView *v)
{
    struct jiaoban_case *c = jb_arena_alloc(a, sizeof *c);
    if (c == NULL)
        return NULL;
    facts(v, c);
    levels(v, c);
    bool fine =
        participants(a, v, c) && deadlines(a, v, c) && petitioners(a, v, c) && timeline(a, v, c);
    fine = fine && links(a, v, c) && ratings(a, v, c) && directives(a, v, c) && dockets(a, v, c) &&
           attachments(a, v, c);
    return fine ? c : NULL;
}
