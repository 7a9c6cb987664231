/* The requests of local clients: one handler for each kind. local.c finds the handler; a handler
 * contains nothing but its own subject. */
#ifndef JB_CLIENTS_AGENT_REQUESTS_H
#define JB_CLIENTS_AGENT_REQUESTS_H

#include "clients/agent/overlay.h"
#include "clients/agent/views.h"

#define JB_AGENT_ROWS_DEFAULT 100
#define JB_AGENT_ROWS_MAX 1000

/* Fill the reply's body, in the request's arena. An error is answered with r->fault, or the error's
 * own text. r->later: it is answered later (the reply stays unused). */
typedef enum jb_err (*jb_agent_handler)(struct jb_agent_request *r, Jb__Reply *reply);

/* One row for each kind of request: who answers it, and the right that it takes. */
struct jb_agent_request_row {
    jb_agent_handler handle; /* NULL: there is no such request */
    enum jb_right right;
};
/* By the number of the request's body. Static. */
struct jb_agent_request_row jb_agent_request_row(size_t body);

/* rights.c: who may do what here. Whose roles are asked for: `person` "" is the account itself,
 * else the person for whom it acts; DENIED: it may not act for others, or the roles exclude each
 * other.
 */
enum jb_err jb_agent_roles_find(struct jb_agent_request *r, const char *person) JB_MUST;
/* DENIED unless who asks has the right: the fault says what `what` takes, and who holds that here.
 */
enum jb_err jb_agent_rights_need(struct jb_agent_request *r, enum jb_right right,
                                 const char *what) JB_MUST;
/* Where roles are given: the act's countersignature is a leader's, and who records that of a
 * directive is another person than who issued it (`issued_by`; empty: not known here, or not about
 * one). DENIED. */
enum jb_err jb_agent_rights_countersign(struct jb_agent_request *r, const struct jb_act *act,
                                        struct jb_text issued_by) JB_MUST;
/* access.c: the access log. Something sealed of this case is going out with the reply: call it
 * before reading it into one. It is on disk, all of a request in one commit, before the reply
 * leaves; when it cannot be written the reply is an error instead. NOMEM. */
enum jb_err jb_agent_access_note(struct jb_agent_request *r, int64_t case_no,
                                 enum jb_audit_field field) JB_MUST;
/* Write what was noted: for local.c, and for who answers later, before the work begins. */
enum jb_err jb_agent_access_write(struct jb_agent_request *r) JB_MUST;
enum jb_err jb_agent_get_audit(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;

/* Is any role given in the configuration? Else the ones that a single office needs are in force. */
bool jb_agent_roles_given(const struct jb_agent_config *c);
/* Say in the log who holds what, or that nobody was named. At start and after a reload. */
void jb_agent_roles_tell(const struct jb_agent *a);

enum jb_err jb_agent_do_submit(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_do_trial(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_actions(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_today(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_settled(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_cases(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_case(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_deadlines(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_nodes(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_pending(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
/* ask_former.c: what was accepted before a restore and the record lacks; `all`: what became of the
 * others as well. Into the list. */
enum jb_err jb_agent_former_list(struct jb_agent_request *r, const Jb__GetPending *q,
                                 Jb__PendingList *list) JB_MUST;
enum jb_err jb_agent_do_resubmit(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_do_dismiss(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_alarms(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_status(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_rights(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_do_verify(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_directives(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_dockets(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_proposals(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_delegations(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_explain(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_receipts(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_rules(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_public(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_evidence(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_report(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
/* ask_blob_get.c: the case of an attachment, as it will be once the outbox is settled: one may
 * attach to what was registered just now. NOT_FOUND also for who is kept out of it, DENIED when
 * what was sealed has been erased. */
enum jb_err jb_agent_blob_case(struct jb_agent_request *r, int64_t case_no,
                               struct jb_agent_overlay *o) JB_MUST;
/* attach.c: the attachment with this number in the case, opened where the key is here. NOT_FOUND.
 */
enum jb_err jb_agent_attachment_find(struct jb_agent_request *r, int64_t case_no, uint32_t number,
                                     Jb__AttachmentView **out) JB_MUST;
enum jb_err jb_agent_put_blob(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_blob(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_do_watch(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
enum jb_err jb_agent_get_news(struct jb_agent_request *r, Jb__Reply *reply) JB_MUST;
/* ask_news.c: the event as it is told to a gateway, into the arena. NULL: no memory. */
Jb__NewsList *jb_agent_news_of(struct jb_agent *a, const struct jb_agent_client *gateway,
                               Jb__WatchEvent *event, struct jb_arena *arena) JB_MUST;
/* watch.c: this client is told everything from now on, after the items that came after `after` (0:
 * none of those). */
void jb_agent_feed_begin(struct jb_agent_request *r, uint64_t after);
/* What this item tells; false: it is no news (history of a case joined, a case left). */
bool jb_agent_watch_event(const struct jb_agent_views *v, const struct jb_applied *applied,
                          Jb__WatchEvent *event) JB_MUST;
/* What this alarm tells; false: no memory. */
bool jb_agent_watch_alarm_event(const struct jb_agent_views *v, const struct jb_alarm *alarm,
                                Jb__WatchEvent *event) JB_MUST;
/* ask_alarms.c: the alarms after an id, in their order, of which some may be none for people. */
struct jb_agent_alarms {
    struct jb_alarm *alarms; /* arena; to be shown */
    size_t count;
    uint64_t last; /* looked at, shown or not */
    bool more;
};
enum jb_err jb_agent_alarm_page(struct jb_agent *a, uint64_t after, size_t max,
                                struct jb_arena *arena, struct jb_agent_alarms *out) JB_MUST;

/* submit.c: a submission, so that several may share a transaction. First: may any be taken now? */
enum jb_err jb_agent_submit_ready(struct jb_agent_request *r) JB_MUST;
struct jb_agent_submitting; /* in the arena of its request */
/* Inside a transaction: decide, and store it unless it is refused, wrong or a repeat; only storing
 * writes. *spoilt: storing failed, and what was written before must be rolled back as well. */
enum jb_err jb_agent_submit_take(struct jb_agent_request *r, struct jb_agent_submitting **out,
                                 bool *spoilt) JB_MUST;
/* Likewise, but this submission as it was made once: its own author, instant, case number. */
enum jb_err jb_agent_submit_again(struct jb_agent_request *r, const Jb__DoSubmit *asked,
                                  struct jb_bytes body, struct jb_agent_submitting **out,
                                  bool *spoilt) JB_MUST;
bool jb_agent_submit_stored(const struct jb_agent_submitting *s); /* NULL: no */
/* Commit, or roll back because of `err`; then memory knows nothing beyond `made`, the last
 * submission from before the transaction. */
enum jb_err jb_agent_submit_end(struct jb_agent *a, enum jb_err err, uint64_t made) JB_MUST;
/* After that, with what became of it: the reply. */
enum jb_err jb_agent_submit_answer(struct jb_agent_request *r, struct jb_agent_submitting *s,
                                   enum jb_err err, Jb__Reply *reply) JB_MUST;
/* It is tried again: the keys that were made for it go. NULL: nothing. */
void jb_agent_submit_forget(struct jb_agent_submitting *s);
/* local.c: who asks, and may he? Before the handler. */
enum jb_err jb_agent_request_check(struct jb_agent_request *r) JB_MUST;
/* Send the reply, or say what failed; then look after the disk if that was it. */
void jb_agent_request_answer(struct jb_agent_request *r, enum jb_err err, const Jb__Reply *reply);

/* For handlers: the views of this request, the maker of overlays, the number of rows wanted. */
struct jb_agent_views jb_agent_request_views(const struct jb_agent_request *r);
struct jb_agent_overlay_maker jb_agent_overlay_maker(struct jb_agent *a);
size_t jb_agent_rows_wanted(bool given, uint32_t limit);
/* No key of this case is here. *lacks: none was sent, as to everybody who has no right to what is
 * sealed in it; else KEY_UNFIT with its fault: one was, and it does not fit. */
enum jb_err jb_agent_key_lacks(struct jb_agent_request *r, int64_t case_no, bool *lacks) JB_MUST;
/* The persons sealed in a registration. NOT_FOUND, BAD_SIGNATURE, MALFORMED: this node may not or
 * cannot read them. */
enum jb_err jb_agent_unseal_persons(struct jb_agent_request *r, int64_t case_no,
                                    struct jb_bytes box, struct jb_persons *persons) JB_MUST;
/* attach.c: fill in an ATTACH: size, sealed label; *key becomes the case's. */
enum jb_err jb_agent_attach_complete(struct jb_agent_request *r, struct jb_act *act,
                                     const char *note, uint8_t key[JB_KEY_BYTES]) JB_MUST;
/* The attachments among these entries of the case; `opened`: with names and notes. */
enum jb_err jb_agent_view_attachments(const struct jb_agent_views *v,
                                      const struct jb_timeline_row *rows, size_t count, bool opened,
                                      Jb__CaseView *w) JB_MUST;
enum jb_err jb_agent_has_attachments(struct jb_agent *a, int64_t case_no, struct jb_arena *arena,
                                     bool *has) JB_MUST;
/* Associated data of a case's sealed fields: its 19 digits. */
struct jb_bytes jb_agent_seal_place(int64_t case_no, char digits[24]);

#endif
