/* Acts that come as JSON: for gateways and scripts. */
#include "clients/lib/client.h"

#include "proto/rules/caseno.h"
#include "proto/wire/jsonin.h"

#define JSON_ACT_FIRST_BYTES (offsetof(struct jiaoban_json_act, case_number) + sizeof(char *))

static enum jiaoban_status read_act(struct jiaoban *j, const struct jiaoban_json_act *act,
                                    struct jb_client_act *out)
{
    struct jb_fault fault = {""};
    struct jb_act_given given;
    int64_t case_no = 0;
    enum jb_err err = JB_OK;

    if (act->text == NULL)
        return jb_client_fail(j, JIAOBAN_MISSING, "the act is missing");
    if (act->case_number != NULL)
        err = jb_caseno_parse(jb_text_of(act->case_number), &case_no, &fault);
    if (err == JB_OK)
        err = jb_act_read_json((struct jb_text){act->text, act->bytes}, act->kind, case_no,
                               &j->scratch, &given, &fault);
    if (err == JB_OK && given.kind == JB_ACT_NONE)
        err = jb_fault_set(&fault, JB_UNKNOWN_KIND, "kind: there is no such act");
    if (err != JB_OK) {
        jb_arena_reset(&j->scratch);
        return jb_client_fail(j, (enum jiaoban_status)err, "%s",
                              fault.text[0] != '\0' ? fault.text : jb_err_text(err));
    }
    *out = (struct jb_client_act){given.act, given.persons, given.query_code, given.note};
    return JIAOBAN_OK;
}

enum jiaoban_status jiaoban_submit_json_async(struct jiaoban *j, const struct jiaoban_json_act *act,
                                              const struct jiaoban_options *options,
                                              jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    struct jiaoban_json_act ours;
    struct jiaoban_options opts;
    struct jb_client_act encoded;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = jb_client_args(j, act, &ours, sizeof ours, JSON_ACT_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = jb_client_options(j, options, &opts);
    if (status == JIAOBAN_OK)
        status = read_act(j, &ours, &encoded);
    return status == JIAOBAN_OK ? jb_client_submit_begin(j, &encoded, &opts, &call, id) : status;
}
