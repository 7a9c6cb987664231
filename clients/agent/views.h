/* Rows of the ledger as the views of the local protocol. Everything lives in the arena; NULL, or
 * JB_NOMEM, when that is full. Zero means "not given" and is left out. Loop thread only. */
#ifndef JB_CLIENTS_AGENT_VIEWS_H
#define JB_CLIENTS_AGENT_VIEWS_H

#include "clients/agent/agent.h"

struct jb_agent_views {
    struct jb_agent *agent;
    struct jb_arena *arena;
    int64_t now_ms;
};

/* Sets an optional number of a generated message, and that it is given unless it is zero. */
#define JB_PUT(view, field, value)                                                                 \
    ((view)->field = (value), (view)->has_##field = (view)->field != 0)

/* Room for so many pointers, all NULL; NULL: out of memory. */
void *jb_agent_view_array(struct jb_arena *arena, size_t count);
/* NUL-terminated copies for a generated message; NULL when empty. */
char *jb_agent_view_text(const struct jb_agent_views *v, struct jb_text text);
char *jb_agent_view_number(const struct jb_agent_views *v, int64_t case_no);
char *jb_agent_view_node_name(const struct jb_agent_views *v, uint32_t node);
char *jb_agent_view_hex(const struct jb_agent_views *v, const uint8_t *bytes, size_t len);

/* view_case.c: the case with participants and deadlines, without history and personal data */
Jb__CaseView *jb_agent_view_case(const struct jb_agent_views *v, const struct jb_case *c,
                                 uint32_t pending);
/* `stored_ms`: the owner's receipt; 0: not on record here. */
Jb__DeadlineView *jb_agent_view_deadline(const struct jb_agent_views *v, const struct jb_case *c,
                                         const struct jb_deadline *d, int64_t stored_ms);

/* Receipts of a case's deadlines, as jb_query_deadlines gives them. */
struct jb_agent_receipts {
    const struct jb_deadline_row *rows;
    size_t count;
};
/* All of the case that are here. */
enum jb_err jb_agent_receipts_load(const struct jb_agent_views *v, int64_t case_no,
                                   struct jb_agent_receipts *out) JB_MUST;
/* When the deadline's owner signed for it; 0: not on record here. */
int64_t jb_agent_receipt_of(const struct jb_agent_receipts *r, uint32_t deadline_id);

/* view_order.c: what stands beside stage, custody and clocks. The case may be an overlay; receipts
 * come from the directive's stored row, NULL: none is stored. */
Jb__DirectiveView *jb_agent_view_directive(const struct jb_agent_views *v, const struct jb_case *c,
                                           const struct jb_directive *d,
                                           const struct jb_directive_row *stored);
Jb__DocketView *jb_agent_view_docket(const struct jb_agent_views *v, const struct jb_case *c,
                                     const struct jb_docket *d);
/* All directives and dockets of the case. */
enum jb_err jb_agent_view_orders(const struct jb_agent_views *v, const struct jb_case *c,
                                 Jb__CaseView *w) JB_MUST;
/* Levels, links, ratings, marks; false: out of memory. */
bool jb_agent_view_levels(const struct jb_agent_views *v, const struct jb_case *c, Jb__CaseView *w);

/* view_words.c: one effect; NULL: out of memory */
char *jb_agent_view_effect(const struct jb_agent_views *v, const struct jb_effect *e);

/* view_entry.c: history and verdicts */
Jb__TimelineItem *jb_agent_view_entry(const struct jb_agent_views *v, const struct jb_entry *e,
                                      uint64_t number);
/* Who has signed for it, as far as known here. */
void jb_agent_view_stored(const struct jb_agent_views *v, const struct jb_timeline_row *row,
                          Jb__TimelineItem *t);
/* One that waits in the outbox; NULL: out of memory or unreadable. */
Jb__TimelineItem *jb_agent_view_waiting(const struct jb_agent_views *v,
                                        const struct jb_outbox_item *item);
/* What became of a submission. NOT_FOUND: there is none with this number, or it is forgotten. */
enum jb_err jb_agent_view_settled(const struct jb_agent_views *v, uint64_t number,
                                  Jb__SettledView **out) JB_MUST;
/* Put a registration's query code in, unless it was refused; "": nothing. */
void jb_agent_view_query_code(const struct jb_agent_views *v, Jb__SettledView *settled,
                              const char *code);
/* The same from the verdict itself. `was`: what was submitted, if still known. */
Jb__SettledView *jb_agent_view_verdict(const struct jb_agent_views *v,
                                       const struct jb_applied *verdict,
                                       const struct jb_agent_pending *was);

/* view_status.c */
Jb__StatusView *jb_agent_view_status(const struct jb_agent_views *v);
Jb__AlarmView *jb_agent_view_alarm(const struct jb_agent_views *v, const struct jb_alarm *alarm);
Jb__NodeView *jb_agent_view_node(const struct jb_agent_views *v, const struct jb_node *n);

#endif
