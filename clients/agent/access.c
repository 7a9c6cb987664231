/* The access log: who read what is sealed, and when. On the disk before it is handed out, in one
 * commit for a whole reply. Knows the number of a case and nothing of what is in it. */
#include <inttypes.h>

#include "clients/agent/requests.h"
#include "proto/base/log.h"

enum jb_err jb_agent_access_note(struct jb_agent_request *r, int64_t case_no,
                                 enum jb_audit_field field)
{
    if (r->note_count == r->note_capacity) {
        size_t wanted = r->note_capacity == 0 ? 4 : 4 * r->note_capacity;
        struct jb_audit_row *more = jb_arena_alloc(r->arena, wanted * sizeof *more);
        if (more == NULL)
            return JB_NOMEM;
        if (r->note_count > 0)
            memcpy(more, r->notes, r->note_count * sizeof *more);
        r->notes = more;
        r->note_capacity = wanted;
    }
    r->notes[r->note_count++] =
        (struct jb_audit_row){.at_ms = r->now_ms,
                              .user = r->user,
                              .request = r->request != NULL ? (uint32_t)r->request->body_case : 0,
                              .case_no = case_no,
                              .field = (uint32_t)field};
    return JB_OK;
}

/* ---- writing ---- */

static enum jb_err write_rows(struct jb_agent_request *r)
{
    struct jb_agent *a = r->agent;
    const uint8_t *secret = a->keys.sign_secret;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    if (a->config->access_keep_ms > 0)
        err = jb_audit_trim(a->ledger, r->now_ms - a->config->access_keep_ms,
                            JB_AUDIT_TRIM_ROWS + r->note_count, secret);
    if (err == JB_OK)
        err = jb_audit_append(a->ledger, r->notes, r->note_count, (uint64_t)a->config->access_rows,
                              secret);
    if (err != JB_OK) {
        jb_ledger_rollback(a->ledger);
        return err;
    }
    return jb_ledger_commit(a->ledger);
}

/* Full by its own limit, or the disk is: nothing sealed goes out either way. */
static enum jb_err refuse(struct jb_agent_request *r, enum jb_err err)
{
    struct jb_agent *a = r->agent;
    if (err != JB_FULL || jb_agent_try_disk(a, "writing the access log") != JB_OK)
        return jb_fault_set(&r->fault, err, "nothing was opened: the access log cannot be written");
    jb_log(JB_LOG_ERROR, a->config->code, "access.full", "rows=%" PRId64, a->config->access_rows);
    return jb_fault_set(&r->fault, err,
                        "nothing was opened: the access log has its %" PRId64
                        " rows (access_rows, access_keep)",
                        a->config->access_rows);
}

enum jb_err jb_agent_access_write(struct jb_agent_request *r)
{
    struct jb_agent *a = r->agent;
    if (r->note_count == 0)
        return JB_OK;
    if (jb_agent_degraded(a))
        return jb_fault_set(&r->fault, a->strain.why,
                            "nothing was opened: the access log cannot be written: %s",
                            a->strain.text);
    enum jb_err err = jb_agent_key_proven(a, &r->fault); /* its end would be signed with it */
    if (err != JB_OK)
        return err;
    err = write_rows(r);
    if (err != JB_OK)
        return refuse(r, err);
    const struct jb_audit_row *last = &r->notes[r->note_count - 1];
    jb_log(JB_LOG_NOTICE, a->config->code, "access.read", "user=%s rows=%zu number=%" PRIu64,
           r->user.data, r->note_count, last->number);
    return JB_OK;
}

/* ---- reading the log ---- */

static const char *field_word(uint32_t field)
{
    static const char *const words[] = {"",           "persons",      "name",
                                        "attachment", "single_admin", "evidence"};
    return field < sizeof words / sizeof words[0] ? words[field] : "?";
}

static Jb__AuditRow *row_view(struct jb_agent_views *v, const struct jb_audit_row *row)
{
    const ProtobufCFieldDescriptor *request =
        protobuf_c_message_descriptor_get_field(&jb__request__descriptor, row->request);
    Jb__AuditRow *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__audit_row__init(w);
    JB_PUT(w, number, row->number);
    JB_PUT(w, at_ms, row->at_ms);
    JB_PUT(w, case_no, row->case_no);
    JB_PUT(w, outcome, row->outcome);
    w->user = jb_agent_view_text(v, row->user);
    w->request = jb_agent_view_text(v, jb_text_of(request != NULL ? request->name : "?"));
    w->field = jb_agent_view_text(v, jb_text_of(field_word(row->field)));
    if (row->case_no != 0)
        w->case_number = jb_agent_view_number(v, row->case_no);
    return w;
}

/* All of it is the auditor's; a supervisor sees who looked into a case that is handled here. */
static enum jb_err check_scope(struct jb_agent_request *r)
{
    struct jb_case c;
    int64_t case_no = r->request->audit->case_no;
    if ((r->roles & jb_right_roles(JB_RIGHT_AUDIT)) != 0)
        return JB_OK;
    if (case_no == 0)
        return jb_agent_rights_need(r, JB_RIGHT_AUDIT, "the log of all cases (name one: --case)");
    enum jb_err err = jb_ledger_case_load(r->agent->ledger, case_no, r->arena, &c);
    if (err != JB_OK)
        return err;
    if (c.stage == JB_STAGE_NONE || jb_agent_reader_barred(r->agent, r->user, &c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    if (c.host == jb_replica_node(r->agent->ledger))
        return JB_OK;
    return jb_agent_rights_need(r, JB_RIGHT_AUDIT, "the log of a case held by another agency");
}

enum jb_err jb_agent_get_audit(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetAudit *q = r->request->audit;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_audit_filter filter = {.case_no = q->case_no,
                                     .user = jb_text_of(q->user != NULL ? q->user : ""),
                                     .since_ms = q->since_ms,
                                     .after = q->after_number,
                                     .max = jb_agent_rows_wanted(q->has_limit, q->limit)};
    struct jb_audit_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    Jb__AuditList *list = jb_arena_alloc(r->arena, sizeof *list);
    enum jb_err err = list == NULL ? JB_NOMEM : check_scope(r);
    if (err == JB_OK)
        err = jb_audit_list(r->agent->ledger, &filter, r->arena, &rows, &count, &more);
    if (err != JB_OK)
        return err;
    jb__audit_list__init(list);
    list->rows = jb_agent_view_array(r->arena, count);
    JB_PUT(list, more, more);
    for (size_t i = 0; list->rows != NULL && i < count; i++)
        if ((list->rows[list->n_rows++] = row_view(&v, &rows[i])) == NULL)
            return JB_NOMEM;
    reply->body_case = JB__REPLY__BODY_AUDIT;
    reply->audit = list;
    return list->rows != NULL ? JB_OK : JB_NOMEM;
}
