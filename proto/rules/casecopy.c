/* A copy of a case that shares no memory with it. */
#include "proto/rules/case.h"

static void text_copy(struct jb_arena *arena, struct jb_text *text)
{
    if (text->len > 0)
        text->data = jb_arena_strndup(arena, text->data, text->len);
}

static void *list_copy(struct jb_arena *arena, const void *list, size_t bytes)
{
    return bytes > 0 ? jb_arena_memdup(arena, list, bytes) : NULL;
}

static void lists_copy(struct jb_arena *arena, struct jb_case *c)
{
    c->participants =
        list_copy(arena, c->participants, c->participant_count * sizeof *c->participants);
    c->deadlines = list_copy(arena, c->deadlines, c->deadline_count * sizeof *c->deadlines);
    c->marks = list_copy(arena, c->marks, c->mark_count * sizeof *c->marks);
    c->directives = list_copy(arena, c->directives, c->directive_count * sizeof *c->directives);
    c->targets = list_copy(arena, c->targets, c->target_count * sizeof *c->targets);
    c->dockets = list_copy(arena, c->dockets, c->docket_count * sizeof *c->dockets);
}

static void texts_copy(struct jb_arena *arena, struct jb_case *c)
{
    text_copy(arena, &c->title);
    text_copy(arena, &c->class_code);
    text_copy(arena, &c->place_code);
    text_copy(arena, &c->lead_official);
    text_copy(arena, &c->query_hash);
    for (size_t i = 0; i < c->deadline_count; i++) {
        text_copy(arena, &c->deadlines[i].acked_by);
        text_copy(arena, &c->deadlines[i].policy_version);
        text_copy(arena, &c->deadlines[i].calendar_version);
        text_copy(arena, &c->deadlines[i].article);
    }
    for (size_t i = 0; i < c->mark_count; i++)
        text_copy(arena, &c->marks[i].text);
    for (size_t i = 0; i < c->directive_count; i++) {
        text_copy(arena, &c->directives[i].official);
        text_copy(arena, &c->directives[i].countersigned_by);
        text_copy(arena, &c->directives[i].issued_by);
    }
    for (size_t i = 0; i < c->docket_count; i++)
        text_copy(arena, &c->dockets[i].docket_no);
}

enum jb_err jb_case_copy(const struct jb_case *from, struct jb_arena *arena, struct jb_case *to)
{
    *to = *from;
    lists_copy(arena, to);
    if (!arena->overflowed)
        texts_copy(arena, to);
    return arena->overflowed ? JB_NOMEM : JB_OK;
}
