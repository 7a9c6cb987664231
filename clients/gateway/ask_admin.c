/* Administrators of the agency, about the broker: its lines, its files, its backup. */
#include "clients/gateway/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clients/gateway/body.h"
#include "clients/gateway/broker.h"
#include "proto/base/log.h"

#define FILE_BYTES ((size_t)1024 * 1024)

void jb_gw_get_admin_nodes(struct jb_gw_request *r)
{
    jb_gw_broker_ask(r, "nodes");
}

void jb_gw_get_admin_state(struct jb_gw_request *r)
{
    jb_gw_broker_ask(r, "state");
}

static bool kind_good(struct jb_gw_request *r, const char *kind)
{
    if (strcmp(kind, "policy") == 0 || strcmp(kind, "calendar") == 0)
        return true;
    jb_gw_refuse_field(r, "kind", "must be policy or calendar");
    return false;
}

void jb_gw_post_admin_install(struct jb_gw_request *r)
{
    struct jiaoban_install_args args = {.size = sizeof args};
    const char *text = NULL;
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "kind body dry_run") &&
                jb_gw_member_text(r, body, "kind", 16, true, &args.kind) &&
                jb_gw_member_text(r, body, "body", FILE_BYTES, true, &text) &&
                jb_gw_member_bool(r, body, "dry_run", &args.dry_run) && kind_good(r, args.kind);
    json_decref(body);
    if (!good)
        return;
    if (r->gw->broker != NULL && !args.dry_run && !r->gw->config->admin_installs) {
        jb_gw_refuse(
            r, JB_GW_FORBIDDEN,
            "files are installed at the broker; here dry_run = true tells what would change");
        return;
    }
    args.body = text;
    args.bytes = strlen(text);
    if (r->gw->broker != NULL && !args.dry_run)
        jb_log(JB_LOG_NOTICE, "gateway", "broker.install", "kind=%s by=\"%s\"", args.kind,
               r->caller.user);
    jb_gw_broker_install(r, &args);
}

/* ---- the backup ---- */

static json_t *backup_json(const struct stat *st)
{
    char at[32];
    int64_t at_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    (void)snprintf(at, sizeof at, "%" PRId64, at_ms);
    return json_pack("{s:b, s:s, s:I}", "present", 1, "written_at_ms", at, "bytes",
                     (json_int_t)st->st_size);
}

void jb_gw_get_admin_backup(struct jb_gw_request *r)
{
    struct stat st;
    const char *path = r->gw->config->admin_backup;
    if (path[0] == '\0') {
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "this gateway knows of no backup: see [admin]");
        return;
    }
    bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT) {
        jb_gw_refuse(r, JB_GW_INTERNAL, "the backup's folder cannot be looked at");
        return;
    }
    json_t *object = there ? backup_json(&st) : json_pack("{s:b}", "present", 0);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, 200, text);
    free(text);
    json_decref(object);
}
