/* Every handler of the route table. Each answers its request exactly once, at once or later. */
#ifndef JB_CLIENTS_GATEWAY_HANDLERS_H
#define JB_CLIENTS_GATEWAY_HANDLERS_H

#include "clients/gateway/request.h"

/* look.c: questions */
void jb_gw_get_cases(struct jb_gw_request *r);
void jb_gw_get_case(struct jb_gw_request *r);
void jb_gw_get_explain(struct jb_gw_request *r);
void jb_gw_get_receipts(struct jb_gw_request *r);
void jb_gw_get_evidence(struct jb_gw_request *r);
void jb_gw_get_actions(struct jb_gw_request *r);
void jb_gw_get_today(struct jb_gw_request *r);
void jb_gw_get_deadlines(struct jb_gw_request *r);
void jb_gw_get_directives(struct jb_gw_request *r);
void jb_gw_get_dockets(struct jb_gw_request *r);
void jb_gw_get_proposals(struct jb_gw_request *r);
void jb_gw_get_delegations(struct jb_gw_request *r);
void jb_gw_get_alarms(struct jb_gw_request *r);
void jb_gw_get_pending(struct jb_gw_request *r);
void jb_gw_get_former(struct jb_gw_request *r);
void jb_gw_get_submission(struct jb_gw_request *r);
void jb_gw_get_state(struct jb_gw_request *r);
void jb_gw_get_nodes(struct jb_gw_request *r);
void jb_gw_get_rulebook(struct jb_gw_request *r);
void jb_gw_get_rights(struct jb_gw_request *r);
void jb_gw_post_verification(struct jb_gw_request *r);
void jb_gw_get_audit(struct jb_gw_request *r);

/* ask_report.c: figures, and files of them */
void jb_gw_get_report(struct jb_gw_request *r);
void jb_gw_get_report_csv(struct jb_gw_request *r);
void jb_gw_get_report_xlsx(struct jb_gw_request *r);

/* act.c: submissions */
void jb_gw_post_case(struct jb_gw_request *r);
void jb_gw_post_act(struct jb_gw_request *r);          /* about a case */
void jb_gw_post_free_act(struct jb_gw_request *r);     /* about none that exists */
void jb_gw_post_resubmission(struct jb_gw_request *r); /* of what a restored record lacks */
void jb_gw_post_dismissal(struct jb_gw_request *r);

/* ask_attachment.c: attachments out; ask_upload.c: files on their way in */
void jb_gw_get_attachments(struct jb_gw_request *r);
void jb_gw_get_attachment(struct jb_gw_request *r);
void jb_gw_put_upload(struct jb_gw_request *r);
void jb_gw_get_upload(struct jb_gw_request *r);
void jb_gw_delete_upload(struct jb_gw_request *r);

/* ask_session.c: signing in and out */
void jb_gw_get_session(struct jb_gw_request *r);
void jb_gw_post_session(struct jb_gw_request *r);
void jb_gw_delete_session(struct jb_gw_request *r);
void jb_gw_put_password(struct jb_gw_request *r);

/* ask_account.c: accounts, tokens, the record of log-ins */
void jb_gw_get_accounts(struct jb_gw_request *r);
void jb_gw_get_account(struct jb_gw_request *r);
void jb_gw_put_account(struct jb_gw_request *r);
void jb_gw_delete_account(struct jb_gw_request *r);
void jb_gw_get_tokens(struct jb_gw_request *r);
void jb_gw_put_token(struct jb_gw_request *r);
void jb_gw_delete_token(struct jb_gw_request *r);
void jb_gw_get_logins(struct jb_gw_request *r);

/* ask_template.c: an agency's own templates of documents */
void jb_gw_get_templates(struct jb_gw_request *r);
void jb_gw_get_template(struct jb_gw_request *r);
void jb_gw_put_template(struct jb_gw_request *r);
void jb_gw_delete_template(struct jb_gw_request *r);

/* sse.c: what happens, as it happens */
void jb_gw_get_events(struct jb_gw_request *r);

/* ask_admin.c: the broker, for administrators */
void jb_gw_get_admin_nodes(struct jb_gw_request *r);
void jb_gw_get_admin_state(struct jb_gw_request *r);
void jb_gw_post_admin_install(struct jb_gw_request *r);
void jb_gw_get_admin_backup(struct jb_gw_request *r);

/* ask_inbox.c: records of other systems, in their own words */
void jb_gw_post_inbox(struct jb_gw_request *r);

/* ask_hook.c: webhooks, for administrators */
void jb_gw_get_webhooks(struct jb_gw_request *r);
void jb_gw_get_deliveries(struct jb_gw_request *r);
void jb_gw_post_replay(struct jb_gw_request *r);

/* ask_site.c: the console's files */
void jb_gw_get_front(struct jb_gw_request *r);
void jb_gw_get_icon(struct jb_gw_request *r);
void jb_gw_get_asset(struct jb_gw_request *r);

/* ask_window.c: petitioners at the public window */
void jb_gw_post_window_query(struct jb_gw_request *r);
void jb_gw_post_window_rating(struct jb_gw_request *r);

/* service.c: the gateway itself */
void jb_gw_get_contract(struct jb_gw_request *r);
void jb_gw_get_health(struct jb_gw_request *r);
void jb_gw_post_public_query(struct jb_gw_request *r);

#endif
