/* One case: state, receipts for its deadlines, content, petitioners, history, and what waits. */
#include "clients/agent/requests.h"

#include <stdio.h>

#include "proto/base/log.h"
#include "proto/rules/caseno.h"
#include "proto/wire/seal.h"

struct case_file {
    struct jb_agent_request *r;
    struct jb_agent_views v;
    struct jb_agent_overlay o;
    struct jb_act registered; /* kind NONE: the registration is not here */
    Jb__CaseView *view;
};

/* When the owners' agents signed for the deadlines; directives and dockets with theirs. */
static enum jb_err put_receipts(struct case_file *f)
{
    struct jb_agent_receipts receipts;
    enum jb_err err = jb_agent_receipts_load(&f->v, f->o.c.case_no, &receipts);
    if (err != JB_OK)
        return err;
    for (size_t k = 0; k < f->view->n_deadlines; k++)
        JB_PUT(f->view->deadlines[k], stored_at_ms,
               jb_agent_receipt_of(&receipts, f->view->deadlines[k]->deadline_id));
    return jb_agent_view_orders(&f->v, &f->o.c, f->view);
}

static enum jb_err find_registered(struct case_file *f)
{
    struct jb_entry entry;
    if (f->o.registered != NULL) {
        f->registered = *f->o.registered;
        return JB_OK;
    }
    enum jb_err err = jb_query_register(f->r->agent->ledger, f->o.c.case_no, f->r->arena, &entry);
    if (err == JB_OK)
        f->registered = entry.act;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err put_persons(struct case_file *f, const struct jb_persons *persons)
{
    Jb__PersonView *all = jb_arena_alloc(f->r->arena, persons->count * sizeof *all);
    f->view->petitioners = jb_agent_view_array(f->r->arena, persons->count);
    if (all == NULL || f->view->petitioners == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < persons->count; i++) {
        const struct jb_person *p = &persons->at[i];
        jb__person_view__init(&all[i]);
        all[i].name = jb_agent_view_text(&f->v, p->name);
        all[i].id_number = jb_agent_view_text(&f->v, p->id_number);
        all[i].phone = jb_agent_view_text(&f->v, p->phone);
        all[i].address = jb_agent_view_text(&f->v, p->address);
        JB_PUT(&all[i], main_visitor, p->main_visitor);
        f->view->petitioners[i] = &all[i];
    }
    f->view->n_petitioners = persons->count;
    return JB_OK;
}

enum jb_err jb_agent_unseal_persons(struct jb_agent_request *r, int64_t case_no,
                                    struct jb_bytes box, struct jb_persons *persons)
{
    uint8_t key[JB_KEY_BYTES];
    char digits[24];
    if (box.len < JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES)
        return JB_MALFORMED;
    enum jb_err err = jb_ledger_case_key_get(r->agent->ledger, case_no, key);
    if (err != JB_OK)
        return err;
    box.data += JB_SEAL_KEY_ID_BYTES;
    box.len -= JB_SEAL_KEY_ID_BYTES;
    size_t len = box.len - JB_SEAL_EXTRA_BYTES;
    uint8_t *plain = jb_arena_alloc(r->arena, len);
    err =
        plain == NULL ? JB_NOMEM : jb_unseal(key, box, jb_agent_seal_place(case_no, digits), plain);
    explicit_bzero(key, sizeof key);
    if (err != JB_OK)
        return err;
    struct jb_fault fault = {""};
    return jb_persons_decode((struct jb_bytes){plain, len}, r->arena, persons, &fault);
}

/* The chain proves the bytes that are sealed, so it is the key beside them that was changed. */
static enum jb_err key_wrong(struct jb_agent_request *r, int64_t case_no)
{
    struct jb_agent *a = r->agent;
    char number[JB_CASENO_TEXT];

    jb_caseno_format(case_no, number);
    jb_log(JB_LOG_ERROR, a->config->code, "key.wrong", "case=%s file=%s", number, a->ledger_path);
    return jb_fault_set(&r->fault, JB_KEY_UNFIT,
                        "the petitioners of %s cannot be read: the key of this case in %s was "
                        "changed, or is that of another case. All else of it can. When nothing is "
                        "pending, stop the agent and move the file aside: it gets a new one, with "
                        "the key, from the broker",
                        number, a->ledger_path);
}

enum jb_err jb_agent_key_lacks(struct jb_agent_request *r, int64_t case_no, bool *lacks)
{
    char number[JB_CASENO_TEXT];
    bool unfit = false;
    enum jb_err err = jb_replica_key_unfit(r->agent->ledger, case_no, &unfit);

    *lacks = err == JB_OK && !unfit;
    if (err != JB_OK || !unfit)
        return err;
    jb_caseno_format(case_no, number);
    return jb_fault_set(&r->fault, JB_KEY_UNFIT,
                        "this agency may read what is sealed in %s, but the key of the case that "
                        "it was sent does not open it. Tell the office: once the broker's record "
                        "has the right key again, it hands the case over anew, and the key comes "
                        "with it",
                        number);
}

/* Reading personal data is itself recorded; what was read is not. */
static enum jb_err put_petitioners(struct case_file *f)
{
    struct jb_persons persons = {NULL, 0};
    if (f->registered.sealed.len == 0 || f->view->erased_at_ms != 0)
        return JB_OK;
    JB_PUT(f->view, sealed, true);
    if (!f->r->request->case_file->with_persons)
        return JB_OK;
    enum jb_err err = jb_agent_rights_need(f->r, JB_RIGHT_PERSONS, "with_persons");
    if (err != JB_OK)
        return err;
    err = jb_agent_unseal_persons(f->r, f->o.c.case_no, f->registered.sealed, &persons);
    if (err == JB_NOMEM || err == JB_IO)
        return err;
    if (err == JB_BAD_SIGNATURE || err == JB_MALFORMED)
        return key_wrong(f->r, f->o.c.case_no);
    if (err != JB_OK) {
        bool lacks = true;
        if (err == JB_NOT_FOUND)
            err = jb_agent_key_lacks(f->r, f->o.c.case_no, &lacks);
        JB_PUT(f->view, sealed_unreadable, true);
        return lacks ? JB_OK : err;
    }
    err = jb_agent_access_note(f->r, f->o.c.case_no, JB_AUDIT_PERSONS);
    return err == JB_OK ? put_persons(f, &persons) : err;
}

/* Why what was sealed is gone: said in the entry that erased it. */
static void put_erased_reason(struct case_file *f, const struct jb_timeline_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].entry.act.kind == JB_ACT_ERASE_KEY)
            f->view->erased_reason = jb_agent_view_text(&f->v, rows[i].entry.act.reason);
}

static bool attaches(const struct jb_timeline_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].entry.act.kind == JB_ACT_ATTACH)
            return true;
    return false;
}

static enum jb_err put_timeline(struct case_file *f, bool shown)
{
    struct jb_timeline_row *rows = NULL;
    size_t count = 0;
    enum jb_err err =
        jb_query_timeline(f->r->agent->ledger, f->o.c.case_no, f->r->arena, &rows, &count);
    if (err != JB_OK)
        return err;
    put_erased_reason(f, rows, count);
    bool opened = f->r->request->case_file->with_persons && attaches(rows, count);
    if (opened)
        err = jb_agent_rights_need(f->r, JB_RIGHT_PERSONS, "with_persons");
    if (err == JB_OK && opened)
        err = jb_agent_access_note(f->r, f->o.c.case_no, JB_AUDIT_PERSONS);
    if (err == JB_OK)
        err = jb_agent_view_attachments(&f->v, rows, count, opened, f->view);
    if (err != JB_OK || !shown)
        return err;
    Jb__CaseView *w = f->view;
    w->timeline = jb_agent_view_array(f->r->arena, (count + f->o.pending));
    if (w->timeline == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        Jb__TimelineItem *t = jb_agent_view_entry(&f->v, &rows[i].entry, rows[i].number);
        if (t == NULL)
            return JB_NOMEM;
        jb_agent_view_stored(&f->v, &rows[i], t);
        w->timeline[w->n_timeline++] = t;
    }
    for (uint32_t i = 0; i < f->o.pending; i++) {
        Jb__TimelineItem *t = jb_agent_view_waiting(&f->v, &f->o.items[i]);
        if (t == NULL)
            return JB_NOMEM;
        w->timeline[w->n_timeline++] = t;
    }
    return JB_OK;
}

static enum jb_err fill(struct case_file *f)
{
    enum jb_err err = put_receipts(f);
    if (err == JB_OK)
        err = find_registered(f);
    if (err == JB_OK && f->registered.kind != JB_ACT_NONE) { /* a file has a text */
        bool file = f->registered.kind != JB_ACT_REGISTER;
        f->view->content =
            jb_agent_view_text(&f->v, file ? f->registered.text : f->registered.content);
        err = put_petitioners(f);
    }
    bool wanted = f->r->request->case_file->with_timeline;
    bool attached = false;
    if (err == JB_OK)
        err = jb_agent_has_attachments(f->r->agent, f->o.c.case_no, f->r->arena, &attached);
    if (err == JB_OK && (wanted || attached || f->view->erased_at_ms != 0))
        err = put_timeline(f, wanted);
    return err;
}

enum jb_err jb_agent_get_case(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct case_file f = {.r = r, .v = jb_agent_request_views(r)};
    struct jb_agent *a = r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    int64_t case_no = r->request->case_file->case_no;
    uint32_t waiting = jb_agent_pendings_of_case(&a->pending, case_no);
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waiting > 0, r->arena, &f.o);
    if (err != JB_OK)
        return err;
    if (f.o.c.stage == JB_STAGE_NONE || jb_agent_reader_barred(a, r->user, &f.o.c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    f.view = jb_agent_view_case(&f.v, &f.o.c, f.o.pending);
    if (f.view == NULL)
        return JB_NOMEM;
    err = fill(&f);
    reply->body_case = JB__REPLY__BODY_CASE_FILE;
    reply->case_file = f.view;
    return err;
}
