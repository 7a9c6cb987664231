/* Administration at the broker: the directory of agencies, policy and calendar files. */
#include "clients/lib/client.h"

#include "proto/rules/act.h"
#include "proto/wire/codec.h"

#define NODE_FIRST_BYTES (offsetof(struct jiaoban_node_args, successor) + sizeof(uint32_t))

static enum jiaoban_status node_check(struct jiaoban *j, const struct jiaoban_node_args *args)
{
    const struct {
        const char *what, *text;
    } texts[] = {{"code", args->code},
                 {"name", args->name},
                 {"region", args->region},
                 {"credit_code", args->credit_code},
                 {"public_keys", args->public_keys},
                 {"reason", args->reason}};
    enum jiaoban_status status = JIAOBAN_OK;
    for (size_t i = 0; status == JIAOBAN_OK && i < sizeof texts / sizeof texts[0]; i++)
        status = jb_client_text_check(j, texts[i].what, texts[i].text, JB_LIMIT_LINE);
    return status;
}

static struct jb_act node_act(enum jb_act_kind kind, const struct jiaoban_node_args *args)
{
    return (struct jb_act){
        .kind = kind,
        .node = args->node,
        .code = jb_text_of(args->code),
        .name = jb_text_of(args->name),
        .level = args->level,
        .node_kind = args->kind,
        .parent = args->parent,
        .region = jb_text_of(args->region),
        .credit_code = jb_text_of(args->credit_code),
        .valid_from_ms = args->valid_from_ms,
        .valid_to_ms = args->valid_to_ms,
        .reason = jb_text_of(args->reason),
        .successor = args->successor,
    };
}

static enum jiaoban_status node_call(struct jiaoban *j, enum jb_act_kind kind,
                                     const struct jiaoban_node_args *args,
                                     struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoEnrol enrol = JB__DO_ENROL__INIT;
    Jb__DoAdmin admin = JB__DO_ADMIN__INIT;
    struct jiaoban_node_args ours;
    struct jb_bytes bytes = {NULL, 0};

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, NODE_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = node_check(j, &ours);
    if (status == JIAOBAN_OK && kind != JB_ACT_ENROL_NODE && ours.node == 0)
        status = jb_client_fail(j, JIAOBAN_MISSING, "which agency?");
    if (status != JIAOBAN_OK)
        return status;
    struct jb_act act = node_act(kind, &ours);
    enum jb_err err = jb_act_encode(&act, &j->scratch, &bytes);
    if (err != JB_OK) {
        jb_arena_reset(&j->scratch);
        return jb_client_fail(j, (enum jiaoban_status)err, "cannot encode the act: %s",
                              jb_err_text(err));
    }
    ProtobufCBinaryData data = {.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.data};
    char *keys = (char *)(uintptr_t)ours.public_keys;
    if (kind == JB_ACT_ENROL_NODE) {
        enrol.has_act = true;
        enrol.act = data;
        enrol.public_keys = keys;
        request.body_case = JB__REQUEST__BODY_ENROL;
        request.enrol = &enrol;
    } else {
        admin.has_act = true;
        admin.act = data;
        admin.public_keys = keys;
        request.body_case = JB__REQUEST__BODY_ADMIN;
        request.admin = &admin;
    }
    return jb_client_call(j, &request, JB_CLIENT_TIMEOUT_MS, out);
}

enum jiaoban_status jiaoban_node_enrol(JIAOBAN_NODE_CHANGE)
{
    return node_call(j, JB_ACT_ENROL_NODE, args, out);
}

enum jiaoban_status jiaoban_node_change(JIAOBAN_NODE_CHANGE)
{
    return node_call(j, JB_ACT_CHANGE_NODE, args, out);
}

enum jiaoban_status jiaoban_node_replace_keys(JIAOBAN_NODE_CHANGE)
{
    return node_call(j, JB_ACT_REPLACE_KEYS, args, out);
}

enum jiaoban_status jiaoban_node_retire(JIAOBAN_NODE_CHANGE)
{
    return node_call(j, JB_ACT_RETIRE_NODE, args, out);
}

#define INSTALL_FIRST_BYTES (offsetof(struct jiaoban_install_args, dry_run) + sizeof(bool))

/* Check what is to be installed; texts stay the caller's. */
static enum jiaoban_status install_read(struct jiaoban *j, const struct jiaoban_install_args *args,
                                        Jb__DoInstall *install, Jb__Request *request)
{
    if (args->bytes > JB_LIMIT_BLOB)
        return jb_client_fail(j, JIAOBAN_TOO_LARGE, "the file has %zu bytes, %d are allowed",
                              args->bytes, JB_LIMIT_BLOB);
    enum jiaoban_status status = jb_client_text_check(j, "kind", args->kind, JB_LIMIT_LINE);
    install->kind = (char *)(uintptr_t)args->kind;
    install->has_body = true;
    install->body =
        (ProtobufCBinaryData){.len = args->bytes, .data = (uint8_t *)(uintptr_t)args->body};
    install->has_dry_run = true;
    install->dry_run = args->dry_run;
    request->body_case = JB__REQUEST__BODY_INSTALL;
    request->install = install;
    return status;
}

enum jiaoban_status jiaoban_install(struct jiaoban *j, const char *kind, const void *body,
                                    size_t body_bytes, bool dry_run, struct jiaoban_result **out)
{
    const struct jiaoban_install_args args = {
        .kind = kind, .body = body, .bytes = body_bytes, .dry_run = dry_run};
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoInstall install = JB__DO_INSTALL__INIT;

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = install_read(j, &args, &install, &request);
    return status == JIAOBAN_OK ? jb_client_call(j, &request, JB_CLIENT_LONG_MS, out) : status;
}

enum jiaoban_status jiaoban_install_async(struct jiaoban *j,
                                          const struct jiaoban_install_args *args,
                                          jiaoban_answer_fn fn, void *data, uint64_t *id)
{
    struct jiaoban_install_args ours;
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoInstall install = JB__DO_INSTALL__INIT;
    struct jb_client_call call = {.fn = fn, .data = data};

    enum jiaoban_status status = jb_client_args(j, args, &ours, sizeof ours, INSTALL_FIRST_BYTES);
    if (status == JIAOBAN_OK)
        status = install_read(j, &ours, &install, &request);
    return status == JIAOBAN_OK ? jb_client_begin(j, &request, &call, id) : status;
}

enum jiaoban_status jiaoban_reload(struct jiaoban *j, struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoReload reload = JB__DO_RELOAD__INIT;

    if (out != NULL)
        *out = NULL;
    request.body_case = JB__REQUEST__BODY_RELOAD;
    request.reload = &reload;
    return jb_client_call(j, &request, JB_CLIENT_TIMEOUT_MS, out);
}

enum jiaoban_status jiaoban_confirm_clock(struct jiaoban *j, const char *reason,
                                          struct jiaoban_result **out)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__DoConfirmClock confirm = JB__DO_CONFIRM_CLOCK__INIT;

    if (out != NULL)
        *out = NULL;
    enum jiaoban_status status = jb_client_text_check(j, "reason", reason, JB_LIMIT_LINE);
    if (status != JIAOBAN_OK)
        return status;
    confirm.reason = (char *)(uintptr_t)reason;
    request.body_case = JB__REQUEST__BODY_CONFIRM_CLOCK;
    request.confirm_clock = &confirm;
    return jb_client_call(j, &request, JB_CLIENT_TIMEOUT_MS, out);
}
