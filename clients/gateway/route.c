/* See route.h. */
#include "clients/gateway/route.h"

#include "clients/gateway/handlers.h"

#define CASE "/v1/cases/{number}"
#define RIGHT(name) JB_RIGHT_##name
#define DESK (JB_GW_OPEN | JB_GW_WINDOW | JB_GW_JSON)
#define SITE (JB_GW_OPEN | JB_GW_BOTH | JB_GW_FILE)

static const struct jb_gw_route routes[] = {
    /* who asks */
    {JB_GW_GET, "/v1/session", jb_gw_get_session, RIGHT(ANYONE), JB_GW_SELF, "", "Session"},
    {JB_GW_POST, "/v1/session", jb_gw_post_session, RIGHT(ANYONE), JB_GW_OPEN | JB_GW_JSON, "",
     "Session"},
    {JB_GW_DELETE, "/v1/session", jb_gw_delete_session, RIGHT(ANYONE), JB_GW_SELF, "", ""},
    {JB_GW_PUT, "/v1/session/password", jb_gw_put_password, RIGHT(ANYONE), JB_GW_SELF | JB_GW_JSON,
     "", ""},
    {JB_GW_GET, "/v1/accounts", jb_gw_get_accounts, RIGHT(RELOAD), JB_GW_LOCAL, "", "AccountList"},
    {JB_GW_GET, "/v1/accounts/{account}", jb_gw_get_account, RIGHT(RELOAD), JB_GW_LOCAL, "",
     "Account"},
    {JB_GW_PUT, "/v1/accounts/{account}", jb_gw_put_account, RIGHT(RELOAD),
     JB_GW_LOCAL | JB_GW_JSON, "", "Account"},
    {JB_GW_DELETE, "/v1/accounts/{account}", jb_gw_delete_account, RIGHT(RELOAD), JB_GW_LOCAL, "",
     ""},
    {JB_GW_GET, "/v1/tokens", jb_gw_get_tokens, RIGHT(RELOAD), JB_GW_LOCAL, "", "TokenList"},
    {JB_GW_PUT, "/v1/tokens/{token}", jb_gw_put_token, RIGHT(RELOAD), JB_GW_LOCAL | JB_GW_JSON, "",
     "Token"},
    {JB_GW_DELETE, "/v1/tokens/{token}", jb_gw_delete_token, RIGHT(RELOAD), JB_GW_LOCAL, "", ""},
    {JB_GW_GET, "/v1/logins", jb_gw_get_logins, RIGHT(AUDIT), JB_GW_LOCAL, "limit cursor",
     "LoginList"},
    /* papers without anybody's data, like the rules in force: also for who changes them */
    {JB_GW_GET, "/v1/templates", jb_gw_get_templates, RIGHT(ASK), JB_GW_LOCAL, "", "TemplateList"},
    {JB_GW_GET, "/v1/templates/{kind}", jb_gw_get_template, RIGHT(ASK), JB_GW_LOCAL, "",
     "Template"},
    {JB_GW_PUT, "/v1/templates/{kind}", jb_gw_put_template, RIGHT(RELOAD), JB_GW_LOCAL | JB_GW_JSON,
     "", "Template"},
    {JB_GW_DELETE, "/v1/templates/{kind}", jb_gw_delete_template, RIGHT(RELOAD), JB_GW_LOCAL, "",
     ""},
    /* cases */
    {JB_GW_GET, "/v1/cases", jb_gw_get_cases, RIGHT(LOOK), 0,
     "stage host registrar matter text class_code place_code flags light open mine objections "
     "from_ms to_ms limit cursor",
     "CaseList"},
    {JB_GW_POST, "/v1/cases", jb_gw_post_case, RIGHT(REGISTER), JB_GW_JSON | JB_GW_KEY, "dry_run",
     "SettledView"},
    {JB_GW_GET, CASE, jb_gw_get_case, RIGHT(LOOK), 0, "timeline persons", "CaseView"},
    {JB_GW_POST, CASE "/acts", jb_gw_post_act, RIGHT(NONE), JB_GW_JSON | JB_GW_KEY | JB_GW_BY_ACT,
     "dry_run", "SettledView"},
    {JB_GW_GET, CASE "/actions", jb_gw_get_actions, RIGHT(LOOK), 0, "", "ActionList"},
    {JB_GW_GET, CASE "/attachments", jb_gw_get_attachments, RIGHT(LOOK), 0, "persons",
     "AttachmentList"},
    {JB_GW_GET, CASE "/attachments/{attachment}", jb_gw_get_attachment, RIGHT(PERSONS), 0, "", ""},
    {JB_GW_PUT, CASE "/uploads/{upload}", jb_gw_put_upload, RIGHT(ATTACH), JB_GW_PIECES, "",
     "Upload"},
    {JB_GW_GET, CASE "/uploads/{upload}", jb_gw_get_upload, RIGHT(ATTACH), 0, "", "Upload"},
    {JB_GW_DELETE, CASE "/uploads/{upload}", jb_gw_delete_upload, RIGHT(ATTACH), 0, "", ""},
    {JB_GW_GET, CASE "/evidence", jb_gw_get_evidence, RIGHT(EVIDENCE), 0, "persons", ""},
    {JB_GW_GET, CASE "/explain", jb_gw_get_explain, RIGHT(LOOK), 0, "deadline", "ExplainList"},
    {JB_GW_GET, CASE "/receipts", jb_gw_get_receipts, RIGHT(LOOK), 0, "limit cursor",
     "ReceiptList"},
    {JB_GW_GET, CASE "/audit", jb_gw_get_audit, RIGHT(AUDIT_CASE), 0, "limit cursor", "AuditList"},
    {JB_GW_POST, "/v1/acts", jb_gw_post_free_act, RIGHT(NONE),
     JB_GW_JSON | JB_GW_KEY | JB_GW_BY_ACT, "dry_run", "SettledView"},
    {JB_GW_POST, "/v1/public-queries", jb_gw_post_public_query, RIGHT(QUERY), JB_GW_JSON, "",
     "PublicView"},
    {JB_GW_POST, "/v1/inboxes/{inbox}", jb_gw_post_inbox, RIGHT(REGISTER), JB_GW_LOCAL | JB_GW_JSON,
     "", ""},
    /* work */
    {JB_GW_GET, "/v1/today", jb_gw_get_today, RIGHT(LOOK), 0, "", "TodayView"},
    {JB_GW_GET, "/v1/deadlines", jb_gw_get_deadlines, RIGHT(LOOK), 0,
     "case node mine open missed due_before_ms limit cursor", "DeadlineList"},
    {JB_GW_GET, "/v1/directives", jb_gw_get_directives, RIGHT(LOOK), 0,
     "case mine issued open power demand limit cursor", "DirectiveList"},
    {JB_GW_GET, "/v1/dockets", jb_gw_get_dockets, RIGHT(LOOK), 0, "case open limit cursor",
     "DocketList"},
    {JB_GW_GET, "/v1/proposals", jb_gw_get_proposals, RIGHT(LOOK), 0, "case limit cursor",
     "ProposalList"},
    {JB_GW_GET, "/v1/delegations", jb_gw_get_delegations, RIGHT(LOOK), 0, "", "DelegationList"},
    {JB_GW_GET, "/v1/alarms", jb_gw_get_alarms, RIGHT(ALARMS), 0, "after limit", "AlarmList"},
    {JB_GW_GET, "/v1/pending", jb_gw_get_pending, RIGHT(LOOK), 0, "limit cursor", "PendingList"},
    {JB_GW_GET, "/v1/former", jb_gw_get_former, RIGHT(LOOK), 0, "all limit cursor", "PendingList"},
    {JB_GW_POST, "/v1/former/{former}/resubmissions", jb_gw_post_resubmission, RIGHT(NONE),
     JB_GW_KEY | JB_GW_BY_ACT, "", "SettledView"},
    {JB_GW_POST, "/v1/former/{former}/dismissals", jb_gw_post_dismissal, RIGHT(NONE),
     JB_GW_JSON | JB_GW_KEY | JB_GW_BY_ACT, "", "Done"},
    {JB_GW_GET, "/v1/submissions/{submission}", jb_gw_get_submission, RIGHT(LOOK), 0, "",
     "SettledView"},
    /* the agency */
    {JB_GW_GET, "/v1/state", jb_gw_get_state, RIGHT(ASK), 0, "", "StatusView"},
    {JB_GW_GET, "/v1/nodes", jb_gw_get_nodes, RIGHT(ASK), 0, "find", "NodeList"},
    {JB_GW_GET, "/v1/rulebook", jb_gw_get_rulebook, RIGHT(ASK), 0, "", "RuleList"},
    {JB_GW_GET, "/v1/rights", jb_gw_get_rights, RIGHT(ANYONE), 0, "", "RightsView"},
    {JB_GW_GET, "/v1/report", jb_gw_get_report, RIGHT(APPRAISE), 0,
     "from_ms to_ms node indicator counts cases", "ReportView"},
    {JB_GW_GET, "/v1/report.csv", jb_gw_get_report_csv, RIGHT(APPRAISE), 0,
     "from_ms to_ms node indicator counts cases lang encoding", ""},
    {JB_GW_GET, "/v1/report.xlsx", jb_gw_get_report_xlsx, RIGHT(APPRAISE), 0,
     "from_ms to_ms node indicator counts cases lang", ""},
    {JB_GW_POST, "/v1/verifications", jb_gw_post_verification, RIGHT(VERIFY), 0, "ask_broker",
     "VerifyView"},
    {JB_GW_GET, "/v1/audit", jb_gw_get_audit, RIGHT(AUDIT), 0, "user from_ms limit cursor",
     "AuditList"},
    /* the broker, where it is configured */
    {JB_GW_GET, "/v1/admin/nodes", jb_gw_get_admin_nodes, RIGHT(RELOAD), JB_GW_LOCAL, "",
     "NodeList"},
    {JB_GW_GET, "/v1/admin/state", jb_gw_get_admin_state, RIGHT(RELOAD), JB_GW_LOCAL, "",
     "StatusView"},
    {JB_GW_GET, "/v1/admin/backup", jb_gw_get_admin_backup, RIGHT(RELOAD), JB_GW_LOCAL, "",
     "BackupState"},
    {JB_GW_POST, "/v1/admin/installs", jb_gw_post_admin_install, RIGHT(RELOAD),
     JB_GW_LOCAL | JB_GW_JSON, "", "Done"},
    {JB_GW_GET, "/v1/webhooks", jb_gw_get_webhooks, RIGHT(RELOAD), JB_GW_LOCAL, "", "WebhookList"},
    {JB_GW_GET, "/v1/webhooks/{webhook}/deliveries", jb_gw_get_deliveries, RIGHT(RELOAD),
     JB_GW_LOCAL, "given_up limit cursor", "DeliveryList"},
    {JB_GW_POST, "/v1/webhooks/{webhook}/replays", jb_gw_post_replay, RIGHT(RELOAD),
     JB_GW_LOCAL | JB_GW_JSON, "", "Replay"},
    /* what happens */
    {JB_GW_GET, "/v1/events", jb_gw_get_events, RIGHT(LOOK), JB_GW_STREAM, "after alarms", ""},
    /* the public window */
    {JB_GW_POST, "/v1/public/query", jb_gw_post_window_query, RIGHT(ANYONE), DESK, "",
     "PublicView"},
    {JB_GW_POST, "/v1/public/ratings", jb_gw_post_window_rating, RIGHT(ANYONE), DESK | JB_GW_KEY,
     "", ""},
    /* the console's files */
    {JB_GW_GET, "/", jb_gw_get_front, RIGHT(ANYONE), SITE, "", ""},
    {JB_GW_GET, "/favicon.svg", jb_gw_get_icon, RIGHT(ANYONE), SITE, "", ""},
    {JB_GW_GET, "/assets/{file}", jb_gw_get_asset, RIGHT(ANYONE), SITE, "", ""},
    /* the gateway itself */
    {JB_GW_GET, "/v1/openapi.yaml", jb_gw_get_contract, RIGHT(ANYONE), JB_GW_OPEN, "", ""},
    {JB_GW_GET, "/v1/health", jb_gw_get_health, RIGHT(ANYONE), JB_GW_OPEN, "", "Health"},
};
#undef CASE
#undef RIGHT
#undef SITE
#undef DESK
#define ROUTES (sizeof routes / sizeof routes[0])

static const struct {
    unsigned verb;
    const char *name;
} methods[] = {
    {JB_GW_GET, "GET"}, {JB_GW_GET, "HEAD"},      {JB_GW_POST, "POST"},
    {JB_GW_PUT, "PUT"}, {JB_GW_DELETE, "DELETE"},
};

/* ---- matching ---- */

/* Does the path fit? Fills the numbers. */
static bool path_fits(struct jb_gw_request *r, const char *pattern)
{
    size_t variables = 0;
    size_t i = 0;
    for (const char *at = pattern + 1; *at != '\0'; i++) {
        size_t len = strcspn(at, "/");
        if (i == r->target.segment_count)
            return false;
        const char *segment = r->target.segments[i];
        if (at[0] == '{')
            r->numbers[variables++] = segment;
        else if (strlen(segment) != len || memcmp(segment, at, len) != 0)
            return false;
        at += len + (at[len] == '/');
    }
    return i == r->target.segment_count && r->target.folder == (i == 0);
}

static bool is_served(const struct jb_gw_route *route, bool window)
{
    unsigned side = route->flags & (JB_GW_BOTH | JB_GW_WINDOW);
    return side == JB_GW_BOTH || (side == JB_GW_WINDOW) == window;
}

static unsigned verb_of(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0)
            return methods[i].verb;
    return 0;
}

const struct jb_gw_route *jb_gw_route_find(struct jb_gw_request *r, const char *method,
                                           unsigned *allowed)
{
    unsigned verb = verb_of(method);
    *allowed = 0;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!is_served(&routes[i], r->window) || !path_fits(r, routes[i].path))
            continue;
        if (routes[i].verb == verb)
            return &routes[i];
        *allowed |= routes[i].verb;
    }
    return NULL;
}

void jb_gw_route_allow(unsigned verbs, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof methods / sizeof methods[0] && used < size; i++) {
        if ((verbs & methods[i].verb) == 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", methods[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

bool jb_gw_route_takes(const struct jb_gw_route *route, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = route->params; *at != '\0';) {
        size_t span = strcspn(at, " ");
        if (span == len && memcmp(at, name, len) == 0)
            return true;
        at += span + (at[span] == ' ');
    }
    return false;
}

void jb_gw_route_print(FILE *out)
{
    for (size_t i = 0; i < ROUTES; i++) {
        const struct jb_gw_route *row = &routes[i];
        const char *right = (row->flags & JB_GW_OPEN) != 0     ? "-"
                            : (row->flags & JB_GW_BY_ACT) != 0 ? "act"
                                                               : jb_right_word(row->right);
        char method[64];
        jb_gw_route_allow(row->verb, method, sizeof method);
        (void)fprintf(out, "%s %s right=%s key=%s schema=%s params=%s\n",
                      row->verb == JB_GW_GET ? "GET" : method, row->path, right,
                      (row->flags & JB_GW_KEY) != 0 ? "yes" : "no",
                      row->schema[0] != '\0' ? row->schema : "-",
                      row->params[0] != '\0' ? row->params : "-");
    }
}
