/* Who may see what: the one place where recusal is kept from people at this agency. */
#include "clients/agent/requests.h"

#include <stdio.h>

#include "proto/base/utf8.h"

#define SCRATCH_BYTES ((size_t)16 * 1024 * 1024)

/* For whom a system account asks: with the question, or with its own field. */
static const char *person_of(const Jb__Request *request)
{
    const char *person = request->on_behalf_of;
    if (request->body_case == JB__REQUEST__BODY_SUBMIT && request->submit->on_behalf_of != NULL)
        person = request->submit->on_behalf_of;
    else if (request->body_case == JB__REQUEST__BODY_TRIAL && request->trial->on_behalf_of != NULL)
        person = request->trial->on_behalf_of;
    else if (request->body_case == JB__REQUEST__BODY_CASE_FILE &&
             request->case_file->on_behalf_of != NULL)
        person = request->case_file->on_behalf_of;
    return person != NULL ? person : "";
}

enum jb_err jb_agent_reader_name(struct jb_agent_request *r)
{
    const char *account = jb_local_peer_identity(r->client->peer)->user;
    const char *person = person_of(r->request);
    size_t size = strlen(account) + strlen(person) + 2;
    char *user = jb_arena_alloc(r->arena, size);
    if (user == NULL)
        return JB_NOMEM;
    (void)snprintf(user, size, person[0] != '\0' ? "%s/%s" : "%s%s", account, person);
    r->user = jb_text_of(user);
    if (r->user.len > JB_AGENT_USER_BYTES)
        return jb_fault_set(&r->fault, JB_TOO_LARGE, "on_behalf_of: over %d bytes with the account",
                            JB_AGENT_USER_BYTES);
    enum jb_err err = jb_text_check_line(user, r->user.len);
    if (err != JB_OK)
        return jb_fault_set(&r->fault, err, "on_behalf_of: not one line of text");
    return jb_agent_roles_find(r, person);
}

bool jb_agent_reader_barred(const struct jb_agent *a, struct jb_text user, const struct jb_case *c)
{
    return c->mark_count > 0 && jb_case_recused(c, jb_replica_node(a->ledger), user);
}

enum jb_err jb_agent_reader_hides(struct jb_agent *a, struct jb_text user, int64_t case_no,
                                  bool *hidden)
{
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    struct jb_arena scratch;
    *hidden = false;
    if (case_no == 0)
        return JB_OK;
    jb_arena_init(&scratch, SCRATCH_BYTES);
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, &scratch, &o);
    if (err == JB_OK)
        *hidden = jb_agent_reader_barred(a, user, &o.c);
    jb_arena_fini(&scratch);
    return err;
}
