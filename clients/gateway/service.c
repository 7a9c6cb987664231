/* The gateway itself: its contract, its health; and petitioners' questions, whose name and code
 * must stand in no address line. */
#include "clients/gateway/handlers.h"

#include <jansson.h>
#include <stdlib.h>

#include "clients/gateway/body.h"
#include "clients/gateway/contract.h"
#include "clients/gateway/result.h"

#define NAME_BYTES 1024
#define CODE_BYTES 64

void jb_gw_get_contract(struct jb_gw_request *r)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        jb_gw_contract_bytes, (void *)(uintptr_t)jb_gw_contract, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the contract");
        return;
    }
    jb_gw_header(r, "Content-Type", "application/yaml; charset=utf-8");
    jb_gw_header(r, "Cache-Control", "no-cache");
    jb_gw_reply_response(r, 200, response);
}

void jb_gw_get_health(struct jb_gw_request *r)
{
    bool here = jb_gw_link_here(r->gw->link);
    json_t *object =
        json_pack("{s:s, s:s}", "status", here ? "ok" : "agent_away", "version", JB_VERSION_TEXT);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, here ? 200 : 503, text);
    free(text);
    json_decref(object);
}

void jb_gw_post_public_query(struct jb_gw_request *r)
{
    struct jiaoban_query q = {.size = sizeof q};
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "name query_code") &&
                jb_gw_member_text(r, body, "name", NAME_BYTES, true, &q.name) &&
                jb_gw_member_text(r, body, "query_code", CODE_BYTES, true, &q.query_code);
    json_decref(body);
    if (good)
        jb_gw_ask(r, "public", &q, JB_GW_ANSWER_MS, jb_gw_then_show);
}
